/* Where a supervisor's parts come from: its own plan, a shard of it, or a queue that many machines share. */
#ifndef CALO_DATASET_QUEUE_H
#define CALO_DATASET_QUEUE_H

#include "dataset/part.h"
#include "dataset/plan.h"

/* Which of n machines this is. */
typedef struct calo_shard { uint32_t index, count; } calo_shard; /* 0 of 1: all */
/* "i/n" from 0, or "auto": of Slurm, MPI, Kubernetes' indexed jobs or torchrun, by their environment variables. `found`: by
 * whose; owned by nobody. */
calo_status calo_shard_parse(const char *text, calo_shard *shard, const char **found, calo_error *err);

typedef struct calo_queue calo_queue; /* one thread at a time */

/* A finished part's line in the results, see calo_queue_done. */
typedef struct calo_queue_result {
    uint64_t part;
    const char *json; /* what other machines need for indexes and reports; see commit.h */
} calo_queue_result;

/* All parts of the plan whose number is `shard.index` modulo `shard.count`, in order. END when the last one has been taken.
 * The plan must outlive the queue, here and below. */
calo_status calo_queue_open_plan(const calo_plan *plan, calo_shard shard, calo_queue **queue, calo_error *err);

typedef struct calo_redis_options {
    const char *url;          /* redis://[[user]:password@]host[:port][/database][?name=run] */
    const char *consumer;     /* NULL: host-process-random; never the same for two at a time */
    const char *options_hash; /* of all options that change the data set: who differs is refused */
    double claim_seconds;     /* 0: 60; a part whose machine was silent for so long is another's */
    double patience_seconds;  /* 0: 600; a Redis that is away for so long is an error, until then all is tried again */
    uint64_t backlog;         /* 0: 100000; as many parts wait in Redis at most, the rest follows as they are done */
} calo_redis_options;
/* `plan` NULL: this machine has no list and takes what others have filled in. END when all parts are done, by all machines.
 * Waits for Redis up to 30 seconds. All calls below wait for 2 seconds at most, in the worst case: when it does not answer. */
calo_status calo_queue_open_redis(const calo_redis_options *options, const calo_plan *plan, calo_queue **queue, calo_error *err);
void calo_queue_close(calo_queue *queue);

typedef enum calo_queue_state {
    CALO_QUEUE_PART = 0,
    CALO_QUEUE_LATER, /* nothing now, ask again */
    CALO_QUEUE_END,
    /* A part, but not to be made: five machines that took it fell silent. Its objects are to be recorded as failed
     * (CALO_REASON_CRASH), and calo_queue_done called, so that the run ends. */
    CALO_QUEUE_SPOILED,
} calo_queue_state;
/* The next part. After Redis has lost data, or this machine its connection for long, that can be one which was taken or
 * finished before: to make it again is right, if slow. */
calo_status calo_queue_take(calo_queue *queue, calo_part *part, calo_queue_state *state, calo_error *err);
/* The part is in the destination, or all of it has failed. `first` is false when it was done before, by whomever: then that
 * result counts. To be called for all parts of the journal on --resume. While Redis is away the result is kept and told
 * later, `first` is true. */
calo_status calo_queue_done(calo_queue *queue, const calo_queue_result *result, bool *first, calo_error *err);
/* Gives back a part that was taken and will not be made (SIGTERM). */
calo_status calo_queue_give_back(calo_queue *queue, uint64_t part, calo_error *err);
/* To be called every few seconds: keeps what was taken ours, claims what others lost. Never blocks for long. */
calo_status calo_queue_keep(calo_queue *queue, calo_error *err);
/* How many parts there are and how many are done, by all machines, as far as is known. */
void calo_queue_counts(const calo_queue *queue, uint64_t *parts, uint64_t *done);
/* What the user should see of the queue now, a sentence: why nothing can be taken, or that Redis keeps nothing on its disk.
 * NULL: nothing. Valid until the next call. */
const char *calo_queue_trouble(const calo_queue *queue);
/* Calls `visit` for the result of each part in their order (redis); a plan's queue has none. */
calo_status calo_queue_results(calo_queue *queue, void (*visit)(void *user, const calo_queue_result *result), void *user,
                               calo_error *err);

#endif
