#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "server/server.h"

static void *work(void *user);

void calo_queue_init(calo_queue *queue)
{
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
}

void calo_queue_finish(calo_queue *queue)
{
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->changed);
}

calo_status calo_queue_start(calo_server *server, calo_error *err)
{
    calo_queue *queue = &server->queue;
    queue->most = server->options.queue;
    queue->has_thread = pthread_create(&queue->thread, NULL, work, server) == 0;
    if (queue->has_thread)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_MEMORY, "the system starts no thread for the server");
}

bool calo_queue_put(calo_server *server, calo_job *job, calo_rpc_code *code, calo_error *err)
{
    calo_queue *queue = &server->queue;
    bool taken = false;
    job->queued_seconds = calo_clock_seconds();
    pthread_mutex_lock(&queue->lock);
    if (queue->draining || queue->stopping) {
        *code = CALO_RPC_UNAVAILABLE;
        calo_fail(err, CALO_ERROR_CANCELLED, "the server is stopping: ask another one");
    } else if (queue->waiting >= queue->most) {
        *code = CALO_RPC_RESOURCE_EXHAUSTED;
        calo_fail(err, CALO_ERROR_LIMIT, "%u requests wait already: try again later, or ask another server",
                  queue->waiting);
    } else {
        if (queue->last)
            queue->last->next = job;
        else
            queue->first = job;
        queue->last = job;
        queue->waiting++;
        taken = true;
        pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void calo_queue_drain(calo_server *server)
{
    pthread_mutex_lock(&server->queue.lock);
    server->queue.draining = true;
    pthread_mutex_unlock(&server->queue.lock);
}

bool calo_queue_is_idle(calo_server *server)
{
    pthread_mutex_lock(&server->queue.lock);
    bool idle = !server->queue.first && !server->queue.working;
    pthread_mutex_unlock(&server->queue.lock);
    return idle;
}

void calo_queue_cancel(calo_server *server, calo_call *call)
{
    calo_queue *queue = &server->queue;
    calo_job *found = NULL;
    pthread_mutex_lock(&queue->lock);
    for (calo_job **at = &queue->first, *before = NULL; *at && !found; before = *at, at = &(*at)->next)
        if ((*at)->call == call) {
            found = *at;
            *at = found->next;
            if (queue->last == found)
                queue->last = before;
            queue->waiting--;
            break;
        }
    pthread_mutex_unlock(&queue->lock);
    if (found)
        calo_job_destroy(found);
}

/* The next job, or NULL when the server stops. */
static calo_job *next_job(calo_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->working = false;
    while (!queue->first && !queue->stopping)
        pthread_cond_wait(&queue->changed, &queue->lock);
    calo_job *job = queue->stopping ? NULL : queue->first;
    if (job) {
        queue->first = job->next;
        if (!queue->first)
            queue->last = NULL;
        job->next = NULL;
        queue->waiting--;
        queue->working = true;
    }
    pthread_mutex_unlock(&queue->lock);
    return job;
}

static void *work(void *user)
{
    calo_server *server = user;
    for (calo_job *job; (job = next_job(&server->queue));) {
        calo_job_run(server, job);
        calo_job_destroy(job);
    }
    return NULL;
}

void calo_queue_stop(calo_server *server)
{
    calo_queue *queue = &server->queue;
    if (!queue->has_thread)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->thread, NULL);
    queue->has_thread = false;
    pthread_mutex_lock(&queue->lock);
    calo_job *job = queue->first;
    queue->first = queue->last = NULL;
    queue->waiting = 0;
    pthread_mutex_unlock(&queue->lock);
    for (calo_job *next; job; job = next) {
        next = job->next;
        calo_call_fail(job->call, CALO_RPC_UNAVAILABLE, "the server is stopping: ask another one");
        calo_job_destroy(job);
    }
}
