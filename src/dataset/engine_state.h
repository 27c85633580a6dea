/* The inside of a run, shared by the files engine*.c. All of it belongs to the one thread of calo_dataset_run. */
#ifndef CALO_DATASET_ENGINE_STATE_H
#define CALO_DATASET_ENGINE_STATE_H

#include "dataset/commit.h"
#include "dataset/csv_log.h"
#include "dataset/engine.h"
#include "dataset/history.h"
#include "dataset/live.h"
#include "dataset/journal.h"

typedef enum calo_engine_stage {
    CALO_STAGE_WAITING = 0, /* not begun */
    CALO_STAGE_FETCHING,
    CALO_STAGE_READY,       /* its files are here */
    CALO_STAGE_RENDERING,
    CALO_STAGE_SYNCING,     /* staged, not yet on the disk */
    CALO_STAGE_DONE,        /* staged and on the disk */
    CALO_STAGE_FAILED,
} calo_engine_stage;

/* Samples and parts that wait for the disk or are being uploaded: with more of them no sample is begun. So one slow sync does
 * not stop the workers, and a destination that is slower than they are does not fill the scratch disk. */
enum { CALO_ENGINE_WRITING_MAX = 256 };

typedef struct calo_engine_part calo_engine_part;

/* A sample on its way. */
typedef struct calo_engine_sample {
    calo_engine_part *part;
    const calo_sample *sample;
    calo_engine_stage stage;
    calo_fetched *fetched;     /* one an object, while the sample is under way */
    size_t fetches_left, slot;
    double given_time;         /* when a worker got it */
    calo_task_result result;   /* of its worker */
    char *staged_path;
    calo_commit_sample commit; /* refers to the fields here */
    char sha256[65];           /* of what is staged */
} calo_engine_sample;

/* A part on its way. */
struct calo_engine_part {
    calo_part part;
    calo_engine_sample *samples;
    calo_commit_sample *commit; /* for calo_commit_part: one a sample */
    size_t next, open;          /* the sample to begin next; how many are neither done nor failed */
    bool committing, committed;
    char *line; /* for indexes, once it is committed: see calo_engine_part_line */
    calo_engine_part *next_part;
};

typedef struct calo_engine {
    const calo_dataset_options *options;
    char *run_folder; /* absolute, as are the others */
    char *scratch_folder, *fetch_folder, *worker_folder, *stage_folder, *join_folder, *picture_folder;
    calo_object_list *list; /* NULL: other machines have one */
    calo_plan *plan;
    calo_shard shard;
    calo_queue *queue;
    calo_journal *journal;
    calo_history *history;
    calo_csv_log *log;
    calo_fetcher *fetcher;
    calo_pool *pool;
    calo_committer *committer;
    calo_live *live;
    calo_live_worker *live_workers; /* one a worker */
    size_t worker_count;
    calo_engine_part *parts, **last_part; /* in the order in which they were taken */
    calo_engine_sample **slots;           /* samples that are fetched, rendered or synced; NULL: free */
    size_t slot_count, slots_used;
    size_t ahead;                         /* at most so many are fetched or rendered at once */
    size_t syncing;                       /* slots of those that are rendered */
    size_t waiting;                       /* samples of taken parts that were not begun */
    calo_engine_sample **ready;           /* a ring of slot_count */
    size_t ready_first, ready_count, rendering;
    bool no_more_parts, stopping;
    volatile bool abandoned;              /* uploads and downloads under way are broken off */
    double stop_time, synced_time, kept_time;
    size_t unsynced;                      /* lines of the journal */
    uint64_t picture_stride, failed_before;
    calo_status failure;                  /* what ends the run early */
    calo_error failure_error;
    calo_dataset_summary *summary;
} calo_engine;

/* engine_setup.c: folders, list, plan, queue, journal, and the threads and processes; and all of it away. */
calo_status calo_engine_open(calo_engine *engine, calo_error *err);
void calo_engine_close(calo_engine *engine);

/* engine_samples.c: begins samples while there is room; gives what is ready to workers; and takes what has come. */
calo_status calo_engine_begin_samples(calo_engine *engine, calo_error *err);
calo_status calo_engine_give_work(calo_engine *engine, calo_error *err);
calo_status calo_engine_take_fetched(calo_engine *engine, calo_error *err);
calo_status calo_engine_take_rendered(calo_engine *engine, calo_error *err);
/* A sample is on the disk: frees its slot, and its part may be complete. */
calo_status calo_engine_sample_staged(calo_engine *engine, const calo_committed *committed, calo_error *err);
/* What its worker left is not what a worker leaves: the worker may have been taken over, and the sample fails. */
calo_status calo_engine_sample_spoiled(calo_engine *engine, const calo_committed *committed, calo_error *err);
void calo_engine_sample_finish(calo_engine *engine, calo_engine_sample *sample);

/* engine_parts.c: takes parts from the queue; commits those that are complete; ends those that are in the destination. */
calo_status calo_engine_take_parts(calo_engine *engine, calo_error *err);
calo_status calo_engine_part_progress(calo_engine *engine, calo_engine_part *part, calo_error *err);
calo_status calo_engine_take_committed(calo_engine *engine, calo_error *err);
/* Syncs the journal when it is time (`now`: at once), and lets go of the parts that it has. */
calo_status calo_engine_sync(calo_engine *engine, bool now, calo_error *err);
/* A part that an earlier run has ended, but of which the queue may not know: that run was killed, or Redis has lost it. */
calo_status calo_engine_tell_again(calo_engine *engine, uint64_t part, calo_error *err);
/* Where a STAGED event's sample lies; malloc'ed. NULL: memory ended, or no worker could have left it there. */
char *calo_engine_staged_path(const calo_engine *engine, const calo_event *event);
/* Gives back what will not be made. */
calo_status calo_engine_give_back(calo_engine *engine, calo_error *err);

/* engine_index.c: what stands beside the parts in the destination. A part's line is what an index needs, as JSON (malloc'ed):
 * path, bytes, sha256 and the names of its samples. */
char *calo_engine_part_line(const calo_engine_part *part, const calo_committed *committed);
calo_status calo_engine_write_index(calo_engine *engine, calo_error *err);

/* engine_live.c: shows how far everything is. */
void calo_engine_show(calo_engine *engine);

/* Adds a line to the journal. */
calo_status calo_engine_note(calo_engine *engine, const calo_event *event, calo_error *err);

#endif
