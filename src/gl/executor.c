#include "gl/executor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"

struct calo_gl_thread {
    pthread_t handle;
    pid_t process;
    pthread_mutex_t turn; /* held by the poster whose function runs */
    pthread_mutex_t lock; /* guards what follows */
    bool has_poster;      /* somebody has the turn: */
    pthread_t poster;
    pthread_cond_t posted, finished;
    calo_gl_function function; /* NULL: nothing to do */
    void *user;
    calo_error *err;
    calo_status status;
    bool quit;
};

static void *run_thread(void *argument)
{
    calo_gl_thread *thread = argument;
    pthread_mutex_lock(&thread->lock);
    for (;;) {
        while (!thread->function && !thread->quit)
            pthread_cond_wait(&thread->posted, &thread->lock);
        if (thread->quit)
            break;
        calo_gl_function function = thread->function;
        pthread_mutex_unlock(&thread->lock);
        calo_status status = function(thread->user, thread->err);
        pthread_mutex_lock(&thread->lock);
        thread->status = status;
        thread->function = NULL;
        pthread_cond_signal(&thread->finished);
    }
    pthread_mutex_unlock(&thread->lock);
    return NULL;
}

static void free_thread(calo_gl_thread *thread)
{
    pthread_cond_destroy(&thread->posted);
    pthread_cond_destroy(&thread->finished);
    pthread_mutex_destroy(&thread->lock);
    pthread_mutex_destroy(&thread->turn);
    free(thread);
}

calo_status calo_gl_thread_start(calo_gl_thread **out, calo_error *err)
{
    *out = NULL;
    calo_gl_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return calo_fail_memory(err, "an OpenGL thread", sizeof *thread);
    thread->process = getpid();
    pthread_mutex_init(&thread->turn, NULL);
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->posted, NULL);
    pthread_cond_init(&thread->finished, NULL);
    /* Signals are the application's; its handlers do not expect a thread inside a driver. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&thread->handle, NULL, run_thread, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free_thread(thread);
        return calo_fail(err, CALO_ERROR_MEMORY, "the system gave no thread for OpenGL (%s): raise the limit on "
                         "processes (ulimit -u) or end some", strerror(failed));
    }
    *out = thread;
    return CALO_OK;
}

bool calo_gl_thread_is_here(const calo_gl_thread *thread)
{
    return thread->process == getpid() && pthread_equal(thread->handle, pthread_self());
}

static void wait_for_turn(calo_gl_thread *thread, calo_idle idle)
{
    if (!idle.function) {
        pthread_mutex_lock(&thread->turn);
        return;
    }
    for (;;) {
        struct timespec until = calo_idle_deadline();
        if (pthread_mutex_clocklock(&thread->turn, CLOCK_MONOTONIC, &until) == 0)
            return;
        idle.function(idle.user);
    }
}

/* Within the lock, which `idle` runs without. */
static void wait_for_end(calo_gl_thread *thread, calo_idle idle)
{
    while (thread->function) {
        if (!idle.function) {
            pthread_cond_wait(&thread->finished, &thread->lock);
            continue;
        }
        struct timespec until = calo_idle_deadline();
        if (pthread_cond_clockwait(&thread->finished, &thread->lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&thread->lock);
        idle.function(idle.user);
        pthread_mutex_lock(&thread->lock);
    }
}

/* Posts the function and waits for its end. */
static calo_status post(calo_gl_thread *thread, calo_gl_function function, void *user, calo_idle idle, calo_error *err)
{
    thread->user = user;
    thread->err = err;
    thread->function = function;
    pthread_cond_signal(&thread->posted);
    wait_for_end(thread, idle);
    return thread->status;
}

static bool has_turn(calo_gl_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    bool here = thread->has_poster && pthread_equal(thread->poster, pthread_self());
    pthread_mutex_unlock(&thread->lock);
    return here;
}

static void set_poster(calo_gl_thread *thread, bool has_poster)
{
    thread->has_poster = has_poster;
    thread->poster = pthread_self();
}

/* From `idle` of a function that this thread waits for, whose turn it still is: after that function, whose status its own
 * caller has yet to see. */
static calo_status run_within(calo_gl_thread *thread, calo_gl_function function, void *user, calo_idle idle,
                              calo_error *err)
{
    pthread_mutex_lock(&thread->lock);
    wait_for_end(thread, idle);
    calo_status before = thread->status, status = post(thread, function, user, idle, err);
    thread->status = before;
    pthread_mutex_unlock(&thread->lock);
    return status;
}

calo_status calo_gl_thread_run(calo_gl_thread *thread, calo_gl_function function, void *user, calo_idle idle,
                               calo_error *err)
{
    if (calo_gl_thread_is_here(thread))
        return function(user, err);
    if (has_turn(thread))
        return run_within(thread, function, user, idle, err);
    wait_for_turn(thread, idle);
    pthread_mutex_lock(&thread->lock);
    set_poster(thread, true);
    calo_status status = post(thread, function, user, idle, err);
    set_poster(thread, false);
    pthread_mutex_unlock(&thread->lock);
    pthread_mutex_unlock(&thread->turn);
    return status;
}

void calo_gl_thread_stop(calo_gl_thread *thread)
{
    if (!thread)
        return;
    if (thread->process != getpid()) {
        /* Locks of the parent's threads may be in any state: the memory alone is given back. */
        free(thread);
        return;
    }
    pthread_mutex_lock(&thread->lock);
    thread->quit = true;
    pthread_cond_signal(&thread->posted);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->handle, NULL);
    free_thread(thread);
}
