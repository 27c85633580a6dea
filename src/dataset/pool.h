/* Worker processes and who watches over them. */
#ifndef CALO_DATASET_POOL_H
#define CALO_DATASET_POOL_H

#include "dataset/part.h"
#include "dataset/reason.h"

typedef struct calo_pool_options {
    const char *program;            /* and its words: `calotype-dataset worker ...`, with the options of rendering */
    const char *const *words;
    size_t word_count;
    uint32_t workers;               /* 0: the cores */
    uint32_t threads_each;          /* 0: cores / workers, at least 1 */
    double timeout_seconds;         /* of one sample; 0: 300 */
    uint64_t memory_bytes;          /* of one worker; 0: a share of the machine's */
    const char *scratch_folder;     /* the workers' only place to write */
    bool no_sandbox;
} calo_pool_options;

typedef struct calo_task {
    uint64_t ticket;
    const calo_sample *sample;
    const char *const *paths;  /* of the sample's objects here; NULL: that one is left out (its reason is known) */
    bool thumbnail;            /* also a small picture for the report: STAGED.jpg or .png, see calo_task_result */
} calo_task;

typedef struct calo_task_result {
    uint64_t ticket;
    calo_reason reason;       /* NONE: done */
    bool stop;                /* not the object's fault: the run must stop, with `message` */
    char message[1024];
    char *staged_path;        /* what the worker made: scratch_folder/..., a folder or file; now the supervisor's */
    char *thumbnail_path;     /* a small PNG, or NULL */
    char *facts;              /* one line of JSON: sha256, views, seconds by stage, warnings, quality, objects left out */
    double seconds;           /* by the wall */
} calo_task_result;
void calo_task_result_finish(calo_task_result *result);

typedef struct calo_pool calo_pool; /* used by the thread that made it: workers die with it */

calo_status calo_pool_create(const calo_pool_options *options, calo_pool **pool, calo_error *err);
/* Kills and reaps all workers. */
void calo_pool_destroy(calo_pool *pool);
/* How many more tasks it takes now. */
size_t calo_pool_idle(const calo_pool *pool);
calo_status calo_pool_give(calo_pool *pool, const calo_task *task, calo_error *err);
/* Waits for at most `timeout_ms` (less when a limit comes earlier) until a worker has something to say or one of the other
 * files is readable; kills what is over a limit and starts others in their place. */
calo_status calo_pool_wait(calo_pool *pool, const int *files, size_t file_count, int timeout_ms, calo_error *err);
bool calo_pool_take(calo_pool *pool, calo_task_result *result);
uint64_t calo_pool_restarts(const calo_pool *pool);
/* How the workers are held, in words: "landlock 7, seccomp; no network, writes only to ..." or why not. */
const char *calo_pool_sandbox(const calo_pool *pool);

#endif
