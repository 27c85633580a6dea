#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

uint32_t calo_thread_cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (uint32_t)count : 1;
}

/* A thread of the pool beside the one that uses it. */
typedef struct helper {
    calo_thread_pool *pool;
    uint32_t worker;
    pthread_t handle;
    sem_t wake;
} helper;

struct calo_thread_pool {
    uint32_t helper_count, started;
    helper *helpers;
    pid_t owner; /* the process that the threads run in */
    bool quit;
    sem_t done;  /* posted when the last helper is through */
    atomic_uint running;
    /* The loop at hand. */
    calo_thread_task task;
    void *user;
    size_t count;
    atomic_size_t next __attribute__((aligned(64)));
    atomic_bool stop;
    pthread_mutex_t failure_lock;
    size_t failed_index;
    calo_status failed_status;
    calo_error failure;
};

static void note_failure(calo_thread_pool *pool, size_t index, calo_status status, const calo_error *err)
{
    atomic_store(&pool->stop, true);
    pthread_mutex_lock(&pool->failure_lock);
    if (pool->failed_status == CALO_OK || index < pool->failed_index) {
        pool->failed_index = index;
        pool->failed_status = status;
        pool->failure = *err;
    }
    pthread_mutex_unlock(&pool->failure_lock);
}

static void work(calo_thread_pool *pool, uint32_t worker)
{
    while (!atomic_load(&pool->stop)) {
        size_t index = atomic_fetch_add(&pool->next, 1);
        if (index >= pool->count)
            break;
        calo_error err = {0};
        calo_status status = pool->task(pool->user, worker, index, &err);
        if (status != CALO_OK)
            note_failure(pool, index, status, &err);
    }
}

/* A signal may interrupt the wait. */
static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR)
        continue;
}

struct timespec calo_idle_deadline(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(CALO_IDLE_SECONDS * 1e9);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

static void wait_idly_for(sem_t *semaphore, calo_idle idle)
{
    for (;;) {
        struct timespec until = calo_idle_deadline();
        if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) == 0)
            return;
        /* After a signal, too: where they come often, the time is never up. */
        idle.function(idle.user);
    }
}

static void *run_helper(void *argument)
{
    helper *self = argument;
    calo_thread_pool *pool = self->pool;
    for (;;) {
        wait_for(&self->wake);
        if (pool->quit)
            return NULL;
        work(pool, self->worker);
        if (atomic_fetch_sub(&pool->running, 1) == 1)
            sem_post(&pool->done);
    }
}

/* Fewer threads than asked for only take longer. */
static void start_helpers(calo_thread_pool *pool, uint32_t wanted)
{
    pid_t process = getpid();
    if (pool->owner != process)
        pool->started = 0;
    pool->owner = process;
    while (pool->started < wanted) {
        helper *next = &pool->helpers[pool->started];
        *next = (helper){.pool = pool, .worker = pool->started + 1};
        sem_init(&next->wake, 0, 0);
        if (pthread_create(&next->handle, NULL, run_helper, next) != 0)
            break;
        pool->started++;
    }
}

calo_status calo_thread_pool_create(uint32_t threads, calo_thread_pool **out, calo_error *err)
{
    *out = NULL;
    if (threads == 0)
        threads = calo_thread_cores();
    calo_thread_pool *pool = aligned_alloc(64, sizeof *pool);
    helper *helpers = calloc(threads, sizeof *helpers);
    if (!pool || !helpers) {
        free(pool);
        free(helpers);
        return calo_fail_memory(err, "threads", sizeof *pool + threads * sizeof *helpers);
    }
    *pool = (calo_thread_pool){.helper_count = threads - 1, .helpers = helpers, .owner = getpid()};
    sem_init(&pool->done, 0, 0);
    pthread_mutex_init(&pool->failure_lock, NULL);
    *out = pool;
    return CALO_OK;
}

void calo_thread_pool_destroy(calo_thread_pool *pool)
{
    if (!pool)
        return;
    bool here = pool->owner == getpid();
    pool->quit = true;
    for (uint32_t i = 0; here && i < pool->started; i++)
        sem_post(&pool->helpers[i].wake);
    for (uint32_t i = 0; here && i < pool->started; i++) {
        pthread_join(pool->helpers[i].handle, NULL);
        sem_destroy(&pool->helpers[i].wake);
    }
    sem_destroy(&pool->done);
    pthread_mutex_destroy(&pool->failure_lock);
    free(pool->helpers);
    free(pool);
}

uint32_t calo_thread_pool_threads(const calo_thread_pool *pool)
{
    return pool->helper_count + 1;
}

/* Those who have not woken up yet need not any more. */
static void wait_for_helpers(calo_thread_pool *pool, uint32_t helpers, calo_idle idle)
{
    uint32_t asleep = 0;
    for (uint32_t i = 0; i < helpers; i++)
        asleep += sem_trywait(&pool->helpers[i].wake) == 0;
    /* Whoever takes the last one off `running` ends the loop; helpers tell it by `done`. */
    if (helpers == 0 || (asleep > 0 && atomic_fetch_sub(&pool->running, asleep) == asleep))
        return;
    if (idle.function)
        wait_idly_for(&pool->done, idle);
    else
        wait_for(&pool->done);
}

calo_status calo_thread_pool_for(calo_thread_pool *pool, size_t count, calo_thread_task task, void *user,
                                 calo_idle idle, calo_error *err)
{
    uint32_t helpers = count > pool->helper_count ? pool->helper_count : count > 0 ? (uint32_t)count - 1 : 0;
    start_helpers(pool, helpers);
    if (helpers > pool->started)
        helpers = pool->started;
    pool->task = task;
    pool->user = user;
    pool->count = count;
    pool->failed_status = CALO_OK;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->stop, false);
    atomic_store(&pool->running, helpers);
    for (uint32_t i = 0; i < helpers; i++)
        sem_post(&pool->helpers[i].wake);
    work(pool, 0);
    wait_for_helpers(pool, helpers, idle);
    if (pool->failed_status != CALO_OK && err)
        *err = pool->failure;
    return pool->failed_status;
}

calo_status calo_thread_for(uint32_t threads, size_t count, calo_thread_task task, void *user, calo_error *err)
{
    if (threads == 0)
        threads = calo_thread_cores();
    if (threads > count)
        threads = count > 0 ? (uint32_t)count : 1;
    calo_thread_pool *pool = NULL;
    calo_status status = calo_thread_pool_create(threads, &pool, err);
    if (status == CALO_OK)
        status = calo_thread_pool_for(pool, count, task, user, (calo_idle){0}, err);
    calo_thread_pool_destroy(pool);
    return status;
}
