/* What has happened, in RUN/journal.jsonl: one line of JSON an event, only ever appended to. */
#ifndef CALO_DATASET_JOURNAL_H
#define CALO_DATASET_JOURNAL_H

#include "dataset/part.h"
#include "dataset/reason.h"

typedef enum calo_event_kind {
    CALO_EVENT_START = 0,  /* a supervisor begins: version, process, machine */
    CALO_EVENT_OBJECT,     /* of samples of several objects, before STAGED or FAILED, one each: verdict; reason: it was left out */
    CALO_EVENT_STAGED,     /* a sample was rendered and lies in the run's folder, whole and on the disk */
    CALO_EVENT_FAILED,     /* a sample failed for good, with its reason */
    CALO_EVENT_PART,       /* a part is in the destination */
    CALO_EVENT_STOP,
} calo_event_kind;

typedef struct calo_event {
    calo_event_kind kind;
    double unix_seconds;       /* 0: now */
    uint64_t part, sample;     /* numbers */
    const char *name;          /* the sample's, or the part's */
    const char *file_identifier, *sha256; /* of OBJECT, STAGED and FAILED; of several objects: of the one it is about, or the first */
    const char *verdict;       /* of OBJECT; of STAGED and FAILED where the sample is one object */
    calo_reason reason;
    const char *message;
    const char *path;          /* STAGED: relative to the run's folder; PART: relative to the destination */
    uint64_t bytes;
    const char *part_sha256;   /* PART: of the file; of a folder: of its files' names and hashes */
    double seconds;
    const char *facts;         /* JSON, see pool.h; NULL: none */
} calo_event;

typedef struct calo_journal calo_journal; /* one thread at a time; locked against other processes */

/* Opens RUN/journal.jsonl for appending, and cuts off what a crash left half-written at its end. Another supervisor on the
 * same run is an error that names its process. */
calo_status calo_journal_open(const char *run_folder, calo_journal **journal, calo_error *err);
void calo_journal_close(calo_journal *journal);
/* Writes a line; it is on the disk after the next sync. */
calo_status calo_journal_add(calo_journal *journal, const calo_event *event, calo_error *err);
calo_status calo_journal_sync(calo_journal *journal, calo_error *err);

/* What a run has done so far, from its journal: bits a sample and a part, no texts. Memory: some bytes a sample. */
typedef struct calo_history calo_history;
typedef enum calo_sample_state { CALO_SAMPLE_OPEN = 0, CALO_SAMPLE_STAGED, CALO_SAMPLE_FAILED, CALO_SAMPLE_DONE } calo_sample_state;

/* Reads the journal (a million lines in seconds), and writes the CSV files anew from it (see csv_log.h), so that every object
 * stands in them once. */
calo_status calo_history_read(const char *run_folder, uint64_t samples, uint64_t parts, calo_history **history, calo_error *err);
void calo_history_destroy(calo_history *history);
bool calo_history_part_done(const calo_history *history, uint64_t part);
calo_sample_state calo_history_sample(const calo_history *history, uint64_t sample);
/* Of a STAGED sample: the event's texts as they were (malloc'ed copies, freed with calo_event_copy_finish). */
typedef struct calo_event_copy { calo_event event; char *memory; } calo_event_copy;
calo_status calo_history_staged(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err);
calo_status calo_history_failed(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err);
void calo_event_copy_finish(calo_event_copy *copy);

#endif
