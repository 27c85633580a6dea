/* Worker processes and who watches over them. */
#ifndef CALO_DATASET_POOL_H
#define CALO_DATASET_POOL_H

#include "dataset/part.h"
#include "dataset/reason.h"

typedef struct calo_pool_options {
    const char *program;            /* "/proc/self/exe" */
    const char *const *words;       /* "worker", and the options of rendering */
    size_t word_count;
    uint32_t workers;               /* 0: the cores */
    uint32_t threads_each;          /* 0: cores / workers, at least 1 */
    double timeout_seconds;         /* of one sample; 0: 300 */
    uint64_t memory_bytes;          /* of one worker, beside what it needs to start; 0: a share of the machine's */
    const char *scratch_folder;     /* the workers' only place to write; absolute, made when it is not there */
    bool no_sandbox;
    bool require_sandbox;           /* a kernel that lacks a piece of it is an error */
} calo_pool_options;

typedef struct calo_task {
    uint64_t ticket;
    const calo_sample *sample;
    const char *const *paths;  /* of the sample's objects here; NULL: that one is left out (its reason is known) */
    bool thumbnail;            /* also a small picture for the report */
} calo_task;

typedef struct calo_task_result {
    uint64_t ticket;
    calo_reason reason;       /* NONE: done */
    bool stop;                /* not the object's fault: the run must stop, with `message`; `reason` says nothing then */
    char message[1024];
    char *staged_path;        /* what the worker made, now the supervisor's: SCRATCH/staged/NUMBER/NAME[.ending], a file or a
                               * folder, alone in its folder, which goes with it */
    char *thumbnail_path;     /* a small PNG, SCRATCH/thumbnails/NUMBER.png; or NULL */
    char *facts;              /* one line of JSON: sha256, views, seconds by stage, warnings, quality, objects left out; also of
                               * what was rejected; else NULL */
    double seconds;           /* by the wall */
} calo_task_result;
void calo_task_result_finish(calo_task_result *result);

typedef struct calo_pool calo_pool; /* used by the thread that made it: workers die with it */

/* Starts the workers, and waits for the first to be ready: what is wrong with the options of rendering, or with the machine,
 * is told here. */
calo_status calo_pool_create(const calo_pool_options *options, calo_pool **pool, calo_error *err);
/* Kills and reaps all workers. */
void calo_pool_destroy(calo_pool *pool);
/* How many more tasks it takes now. */
size_t calo_pool_idle(const calo_pool *pool);
/* The task is copied. Only while calo_pool_idle is not 0. */
calo_status calo_pool_give(calo_pool *pool, const calo_task *task, calo_error *err);
/* Waits for at most `timeout_ms` (less when a limit comes earlier) until a worker has something to say or one of the other
 * files is readable; kills what is over a limit and starts others in their place. */
/* A failure is the workers' that cannot be started. A worker that is killed from outside (SIGKILL) is no fault of its
 * object's: another one has the task then, up to three times. */
calo_status calo_pool_wait(calo_pool *pool, const int *files, size_t file_count, int timeout_ms, calo_error *err);
bool calo_pool_take(calo_pool *pool, calo_task_result *result);
uint64_t calo_pool_restarts(const calo_pool *pool);
/* How the workers are held, in words: "landlock 7, seccomp; no network, writes only to ..." or why not. */
const char *calo_pool_sandbox(const calo_pool *pool);

#endif
