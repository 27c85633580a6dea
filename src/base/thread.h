/* Work shared by threads. */
#ifndef CALO_BASE_THREAD_H
#define CALO_BASE_THREAD_H

#include <calotype/status.h>
#include <time.h>

/* The cores that this process may run on (its affinity mask, at least 1). */
uint32_t calo_thread_cores(void);

/* Called for each index in [0, count); indices are handed out in order. `worker` is below the number
 * of threads and no two calls with the same worker run at once. Anything but CALO_OK stops the rest. */
typedef calo_status (*calo_thread_task)(void *user, uint32_t worker, size_t index, calo_error *err);

/* Something that a thread does while it waits for others, about so often, or more often. All-zero: nothing. */
typedef struct calo_idle {
    void (*function)(void *user);
    void *user;
} calo_idle;
#define CALO_IDLE_SECONDS 0.05
/* The time on CLOCK_MONOTONIC until which a wait may last before it is idle's turn again. */
struct timespec calo_idle_deadline(void);

/* Runs the task on up to `threads` threads (0: one a core), this one among them, and waits for
 * all. Returns the failure with the lowest index seen. */
calo_status calo_thread_for(uint32_t threads, size_t count, calo_thread_task task, void *user, calo_error *err);

/* Threads that are kept from one loop to the next, asleep in between; they start when they are first needed.
 * One thread at a time may use a pool. A forked child gets threads of its own. */
typedef struct calo_thread_pool calo_thread_pool;

calo_status calo_thread_pool_create(uint32_t threads, calo_thread_pool **pool, calo_error *err);
void calo_thread_pool_destroy(calo_thread_pool *pool);
/* How many threads a loop runs on at most: every `worker` is below it. */
uint32_t calo_thread_pool_threads(const calo_thread_pool *pool);

/* As calo_thread_for. Neither allocates nor locks once the threads run; only a failure takes a lock. `idle` is for when
 * this thread has nothing left to do and waits for the others. */
calo_status calo_thread_pool_for(calo_thread_pool *pool, size_t count, calo_thread_task task, void *user,
                                 calo_idle idle, calo_error *err);

#endif
