/* Fetching from inside: the fetcher, what a thread of it has, and the kinds of sources. */
#ifndef CALO_DATASET_FETCH_INSIDE_H
#define CALO_DATASET_FETCH_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "dataset/fetch.h"
#include "dataset/repository.h"

/* What a fetched object holds until it is released. */
typedef struct calo_fetch_hold {
    char *folder;             /* to be deleted, or NULL */
    calo_repository_use *use; /* of an object in a git repository; else NULL */
} calo_fetch_hold;

typedef struct calo_fetch_result {
    struct calo_fetch_result *next;
    calo_fetched fetched;
} calo_fetch_result;

typedef struct calo_fetch_job {
    struct calo_fetch_job *next;
    calo_object object;
    calo_fetch_result *result; /* to be filled; its ticket and its hold are there from the start */
} calo_fetch_job;

/* A thread: one object at a time. */
typedef struct calo_fetch_worker {
    calo_fetcher *fetcher;
    pthread_t thread;
    calo_transfer *transfer;
    double deadline;
    calo_fetched *fetched; /* of the object under way */
    const calo_object *object;
} calo_fetch_worker;

struct calo_fetcher {
    calo_fetch_options options; /* resolved */
    char *objaverse_cache;      /* or NULL */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    calo_fetch_job *first_job, **last_job;
    calo_fetch_job *parked; /* whose repositories are being fetched for others */
    calo_repositories *repositories;
    calo_fetch_result *first_result, **last_result;
    const char **busy; /* kept paths that are being downloaded, one a worker; NULL: none */
    int event;
    _Atomic bool stopping;
    _Atomic uint64_t folders; /* made in the scratch folder so far */
    calo_fetch_worker *workers;
    uint32_t worker_count; /* whose threads run */
};

/* Whether the worker must end: the fetcher stops, or the object's time is over. */
bool calo_fetch_is_over(void *worker);

/* Says why the object under way is not there. */
void calo_fetch_fail(calo_fetch_worker *worker, calo_reason reason, const char *format, ...) CALO_PRINTF(3, 4);
/* The same for what is over by calo_fetch_is_over. */
void calo_fetch_fail_over(calo_fetch_worker *worker);

/* fetch_file.c: takes a file that is there: its size, hash and verdict. `path` is copied. */
void calo_fetch_file(calo_fetch_worker *worker, const char *path);

/* fetch_url.c */
void calo_fetch_url(calo_fetch_worker *worker, const char *url);

/* fetch.c: a folder of its own in the scratch folder, which release deletes; malloc'ed, NULL after a failure. */
char *calo_fetch_make_folder(calo_fetch_worker *worker);

#endif
