#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"

uint32_t calo_thread_cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (uint32_t)count : 1;
}

typedef struct shared_work {
    calo_thread_task task;
    void *user;
    size_t count;
    atomic_size_t next;
    atomic_bool stop;
    pthread_mutex_t failure_lock;
    size_t failed_index;
    calo_status failed_status;
    calo_error failure;
} shared_work;

typedef struct worker_arguments {
    shared_work *work;
    uint32_t worker;
} worker_arguments;

static void note_failure(shared_work *work, size_t index, calo_status status, const calo_error *err)
{
    atomic_store(&work->stop, true);
    pthread_mutex_lock(&work->failure_lock);
    if (work->failed_status == CALO_OK || index < work->failed_index) {
        work->failed_index = index;
        work->failed_status = status;
        work->failure = *err;
    }
    pthread_mutex_unlock(&work->failure_lock);
}

static void *run_worker(void *argument)
{
    worker_arguments *arguments = argument;
    shared_work *work = arguments->work;
    while (!atomic_load(&work->stop)) {
        size_t index = atomic_fetch_add(&work->next, 1);
        if (index >= work->count)
            break;
        calo_error err = {0};
        calo_status status = work->task(work->user, arguments->worker, index, &err);
        if (status != CALO_OK)
            note_failure(work, index, status, &err);
    }
    return NULL;
}

calo_status calo_thread_for(uint32_t threads, size_t count, calo_thread_task task, void *user, calo_error *err)
{
    if (threads == 0)
        threads = calo_thread_cores();
    if (threads > count)
        threads = count > 0 ? (uint32_t)count : 1;
    shared_work work = {.task = task, .user = user, .count = count};
    pthread_t *handles = calloc(threads, sizeof *handles);
    worker_arguments *arguments = calloc(threads, sizeof *arguments);
    if (!handles || !arguments) {
        free(handles);
        free(arguments);
        return calo_fail_memory(err, "threads", threads * sizeof *handles);
    }
    pthread_mutex_init(&work.failure_lock, NULL);
    uint32_t started = 1;
    for (uint32_t i = 0; i < threads; i++)
        arguments[i] = (worker_arguments){.work = &work, .worker = i};
    /* Fewer threads than asked for only take longer. */
    while (started < threads && pthread_create(&handles[started], NULL, run_worker, &arguments[started]) == 0)
        started++;
    run_worker(&arguments[0]);
    for (uint32_t i = 1; i < started; i++)
        pthread_join(handles[i], NULL);
    pthread_mutex_destroy(&work.failure_lock);
    if (work.failed_status != CALO_OK && err)
        *err = work.failure;
    free(handles);
    free(arguments);
    return work.failed_status;
}
