/* A whole run: from a list of objects to a finished data set. */
#ifndef CALO_DATASET_ENGINE_H
#define CALO_DATASET_ENGINE_H

#include <signal.h>

#include "dataset/fetch.h"
#include "dataset/plan.h"
#include "dataset/pool.h"
#include "dataset/queue.h"

typedef struct calo_dataset_options {
    calo_list_options list;
    const char *destination; /* a folder, or s3://bucket/prefix */
    const char *run_folder;
    const char *name;        /* of the run, in the names of its CSV files */
    const char *const *words; /* the command line behind `dataset`, kept for --resume */
    size_t word_count;
    const char *options_hash; /* SHA-256 of all words that change the data set */
    bool resume;             /* go on, or begin where there is no run yet */
    bool retry_failed;       /* with resume: what failed is tried again */
    calo_plan_options plan;
    const char *shard;       /* see calo_shard_parse; NULL: all */
    const char *queue_url;   /* NULL: the plan */
    double claim_seconds;    /* of the queue */
    calo_fetch_options fetch; /* its folders but the download folder are the run's own */
    calo_pool_options pool;  /* so is its scratch folder */
    double grace_seconds;    /* for samples that are being rendered when the run is stopped; 0: 30 */
    uint32_t pictures;       /* of samples in the report, at most */
    int events;              /* a file that gets the journal's new lines as they come; -1: none */
    calo_list_warning warn;  /* for what the user should know at once; NULL: nobody */
    void *user;
    bool quiet;
    volatile sig_atomic_t *interrupted; /* becomes 1: stop in an orderly way */
} calo_dataset_options;

typedef struct calo_dataset_summary {
    uint64_t samples, done, failed; /* of this machine; 0 `samples`: not known, a queue hands them out */
    uint64_t done_before;           /* of `done`, by earlier runs */
    double seconds;
    bool interrupted;
} calo_dataset_summary;

/* Runs until everything is done or failed, the run is stopped, or the machine gives out (then with the failure of that). In
 * each case `summary` is filled, and a run with `resume` goes on. */
calo_status calo_dataset_run(const calo_dataset_options *options, calo_dataset_summary *summary, calo_error *err);

#endif
