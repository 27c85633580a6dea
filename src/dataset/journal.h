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
    double unix_seconds;       /* 0: now. Set it where the event also goes into the CSV files, so that both agree */
    uint64_t part, sample;     /* numbers */
    const char *name;          /* the sample's, or the part's */
    const char *file_identifier, *sha256; /* of OBJECT, STAGED and FAILED; of several objects: of the one it is about, or the first */
    const char *verdict;       /* of OBJECT; of STAGED and FAILED where the sample is one object */
    calo_reason reason;
    const char *message;
    const char *path;          /* STAGED: relative to the run's folder; PART: relative to the destination */
    uint64_t bytes;
    const char *part_sha256;   /* PART: of the file; of a folder: of its files' names and hashes */
    double seconds;            /* STAGED, FAILED: in the worker; PART: of joining and writing */
    double fetch_seconds;      /* of OBJECT, STAGED and FAILED; 0: nothing was fetched */
    const char *facts;         /* JSON, see pool.h; NULL: none */
} calo_event;

typedef struct calo_journal calo_journal; /* one thread at a time; locked against other processes */

/* Opens RUN/journal.jsonl for appending (the folder is made), and cuts off what a crash left half-written at its end: half a
 * line, zeros, what was never synced. Another supervisor on the same run is an error that names its process; a line that is
 * damaged though it was on the disk is CALO_ERROR_FORMAT and names the line. */
calo_status calo_journal_open(const char *run_folder, calo_journal **journal, calo_error *err);
void calo_journal_close(calo_journal *journal);
/* How many bytes were cut off at opening, for the START event's message and the user. */
uint64_t calo_journal_cut_bytes(const calo_journal *journal);
/* Writes a line; it is on the disk after the next sync. It outlives the process at once, not the machine. After a failure
 * (a full disk) nothing of it is there; after one that could not be undone every later call fails. */
calo_status calo_journal_add(calo_journal *journal, const calo_event *event, calo_error *err);
/* The line that was added last, with its newline; until the next one. */
const char *calo_journal_last(const calo_journal *journal, size_t *size);
/* Does nothing where nothing was added. */
calo_status calo_journal_sync(calo_journal *journal, calo_error *err);

/* Seconds since 1970, of which events are. */
double calo_unix_seconds(void);

/* An event with texts of its own. */
typedef struct calo_event_copy {
    calo_event event;
    char *memory;
} calo_event_copy;
void calo_event_copy_finish(calo_event_copy *copy);

#endif
