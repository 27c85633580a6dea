/* The journal, event after event, also while a supervisor adds to it. */
#ifndef CALO_DATASET_JOURNAL_READ_H
#define CALO_DATASET_JOURNAL_READ_H

#include "dataset/journal_line.h"

typedef struct calo_journal_reader calo_journal_reader; /* one thread at a time; memory: the longest line */

/* RUN/journal.jsonl; NULL when there is no memory. */
char *calo_journal_path(const char *run_folder);

calo_status calo_journal_reader_open(const char *path, calo_journal_reader **reader, calo_error *err);
void calo_journal_reader_close(calo_journal_reader *reader);

/* The next event; its slices hold until the next call. `found` is false at the end of what is whole, and again true when
 * more has been added since. What follows that end (half a line, zeros after a power cut, lines that were never synced) is
 * the tail; a damaged line before what was synced is an error that names it. */
calo_status calo_journal_reader_next(calo_journal_reader *reader, calo_line *line, bool *found, calo_error *err);

/* The next event is the one that begins at `offset`, and one alone is read: not a block of them. */
void calo_journal_reader_seek(calo_journal_reader *reader, uint64_t offset);

/* From the beginning again, in blocks. */
void calo_journal_reader_rewind(calo_journal_reader *reader);

/* Where the event that was found last begins in the file, and where it ends (the next begins). */
uint64_t calo_journal_reader_offset(const calo_journal_reader *reader);
uint64_t calo_journal_reader_end(const calo_journal_reader *reader);
/* How many bytes the tail has; counts after the end was found. */
uint64_t calo_journal_reader_tail(const calo_journal_reader *reader);

#endif
