/* The pool's own: its workers' places, and what happens to them. */
#ifndef CALO_DATASET_POOL_SLOT_H
#define CALO_DATASET_POOL_SLOT_H

#include <poll.h>

#include "dataset/pool_worker.h"

/* A worker's place, and the task that it has. */
typedef struct calo_pool_slot {
    calo_pool_worker worker;
    double deadline; /* of the task, or of starting */
    bool has_task, sent;
    uint64_t ticket, number;
    bool thumbnail;
    calo_blob task; /* as it is sent */
    char *about;    /* the object, for sentences */
    unsigned tries;
    double start;
    uint64_t memory_kills; /* the machine's, before it began */
    calo_reason guilt;     /* why it was killed; NONE: it was not */
} calo_pool_slot;

struct calo_pool {
    calo_pool_options options; /* resolved */
    char *scratch_folder;
    char **words;
    calo_pool_slot *slots;
    uint32_t count;
    calo_task_result *results; /* room for one a slot */
    size_t result_count;
    struct pollfd *polled;
    size_t polled_capacity;
    uint64_t starts;
    unsigned failed_starts; /* in a row, weighed */
    char sandbox[512];
    double look_time;      /* when the workers' memory was looked at, and */
    uint64_t memory_kills; /* the machine's then */
    calo_error broken; /* why no worker can be started */
};

/* A worker in a place without one. The task that the place may have is sent when the worker is ready. */
calo_status calo_pool_slot_start(calo_pool *pool, calo_pool_slot *slot, calo_error *err);
/* Sends the task, if there is one and its time has come. */
void calo_pool_slot_send(calo_pool *pool, calo_pool_slot *slot);
/* Ends the worker because of `guilt`; the task is lost when it is gone. */
void calo_pool_slot_kill(calo_pool_slot *slot, calo_reason guilt);
/* Takes what the worker says, which may be a result. */
void calo_pool_slot_hear(calo_pool *pool, calo_pool_slot *slot);
/* The worker has ended: its task fails, or waits for another. */
void calo_pool_slot_end(calo_pool *pool, calo_pool_slot *slot);
void calo_pool_slot_free_task(calo_pool_slot *slot);
/* What others have written, made fit for a terminal, a line and a page: what is not printable becomes a question mark. */
void calo_pool_make_plain(char *text);

#endif
