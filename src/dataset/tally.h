/* The numbers of a run, counted from its journal event by event: for `status`, which reads along, and for the report. */
#ifndef CALO_DATASET_TALLY_H
#define CALO_DATASET_TALLY_H

#include "dataset/journal_line.h"
#include "dataset/pages.h"

enum { CALO_TALLY_NAMES = 96, CALO_TALLY_BUCKETS = 200, CALO_TALLY_RECENT = 300, CALO_TALLY_MARKS = 64, CALO_TALLY_VERDICTS = 4 };
extern const char *const calo_tally_verdicts[CALO_TALLY_VERDICTS]; /* found, modified, missing, new */

/* What is counted by a name that the journal gives: flags, warnings, stages. All but the first names are left out. */
typedef struct calo_name_count {
    char name[48];
    uint64_t count;  /* samples */
    double sum;      /* of seconds */
    uint64_t last;   /* the sample that was counted last, so that each counts once */
} calo_name_count;
typedef struct calo_name_counts {
    calo_name_count names[CALO_TALLY_NAMES];
    size_t count;
} calo_name_counts;

/* How much was done in a stretch of the time in which the run was alive. */
typedef struct calo_bucket {
    uint64_t rendered, failed;
} calo_bucket;

typedef struct calo_tally {
    /* Samples, each in one of these: its last event counts, but what is in the destination is final. */
    uint64_t done, staged, failed, failed_by[CALO_REASON_COUNT];
    uint64_t left_out;               /* objects that their scenes do without */
    uint64_t parts, empty_parts;     /* done; and those of which nothing was left */
    uint64_t bytes;                  /* of parts in the destination */
    uint64_t views;
    uint64_t verdicts[CALO_TALLY_VERDICTS]; /* of objects */
    calo_name_counts stages, flags, warnings; /* of samples that were rendered */
    double fetch_seconds, render_seconds, write_seconds; /* by the wall: of fetching, of workers for samples, of writing parts */
    uint64_t restarts;               /* of workers, in sessions that ended in order */
    /* Sessions: from a START to a STOP, or to the last event before the next START. */
    uint64_t sessions;
    bool in_session;
    bool complete;                   /* the last session ended because there was nothing left to do */
    double first_time, session_start, last_time; /* unix seconds */
    double alive_before;             /* seconds of ended sessions */
    uint64_t settled;                /* samples that were rendered or failed, by all sessions; again where tried again */
    double bucket_seconds;
    calo_bucket buckets[CALO_TALLY_BUCKETS];
    double session_marks[CALO_TALLY_MARKS];        /* where sessions began, in seconds alive */
    struct {
        int64_t second;
        uint32_t count;
    } recent[CALO_TALLY_RECENT];     /* by second alive */
    char *start_facts;               /* of the last START; NULL: none */
    calo_pages samples, part_states;
} calo_tally;

void calo_tally_init(calo_tally *tally);
void calo_tally_finish(calo_tally *tally);
calo_status calo_tally_line(calo_tally *tally, const calo_line *line, calo_error *err);

/* `now`: of a run that is alive; 0: until its last event. */
double calo_tally_alive_seconds(const calo_tally *tally, double now);
/* Samples a second that were rendered or failed: in all the time alive, and in its last minute (or 5: at most
 * CALO_TALLY_RECENT seconds). */
double calo_tally_rate(const calo_tally *tally, double now);
double calo_tally_recent_rate(const calo_tally *tally, double now, double seconds);

#endif
