#include "dataset/fetch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "dataset/fetch_inside.h"
#include "dataset/fetch_names.h"
#include "dataset/uid_paths.h"

enum { DEFAULT_THREADS = 8, THREADS_MAX = 256, DEFAULT_SECONDS = 300 };

const char *calo_verdict_name(calo_verdict verdict)
{
    static const char *const names[] = {"found", "modified", "missing", "new"};
    return verdict <= CALO_VERDICT_NEW ? names[verdict] : "";
}

bool calo_fetch_is_over(void *user)
{
    const calo_fetch_worker *worker = user;
    return atomic_load(&worker->fetcher->stopping) || calo_clock_seconds() > worker->deadline;
}

void calo_fetch_fail(calo_fetch_worker *worker, calo_reason reason, const char *format, ...)
{
    calo_fetched *fetched = worker->fetched;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fetched->message, sizeof fetched->message, format, arguments);
    va_end(arguments);
    fetched->reason = reason;
    fetched->verdict = CALO_VERDICT_MISSING;
}

void calo_fetch_fail_over(calo_fetch_worker *worker)
{
    calo_fetch_fail(worker, CALO_REASON_FETCH_TIMEOUT, "%.300s: it was not there after %g s (--fetch-timeout)",
                    worker->object->file_identifier, worker->fetcher->options.timeout_seconds);
}

static void fail_memory(calo_fetch_worker *worker)
{
    calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "there is no memory to fetch it");
    worker->fetched->stop = true;
}

char *calo_fetch_make_folder(calo_fetch_worker *worker)
{
    calo_fetcher *fetcher = worker->fetcher;
    calo_fetch_hold *hold = worker->fetched->hold;
    calo_error err = {0};
    hold->folder = calo_text_format("%s/fetch-%06llu", fetcher->options.scratch_folder,
                                    (unsigned long long)atomic_fetch_add(&fetcher->folders, 1));
    if (!hold->folder) {
        fail_memory(worker);
        return NULL;
    }
    calo_folder_remove(hold->folder); /* what a killed supervisor left */
    if (calo_folder_create(hold->folder, &err) == CALO_OK)
        return hold->folder;
    calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "%.400s", err.message);
    worker->fetched->stop = true;
    return NULL;
}

static void release(calo_fetched *fetched)
{
    calo_fetch_hold *hold = fetched->hold;
    if (hold && hold->folder)
        calo_folder_remove(hold->folder);
    if (hold) {
        calo_repository_use_end(hold->use);
        free(hold->folder);
    }
    free(hold);
    free(fetched->path);
    *fetched = (calo_fetched){0};
}

/* False: to be asked again when another thread has fetched the repository. */
static bool fetch_from_repository(calo_fetch_worker *worker, calo_repository_use *use)
{
    calo_repository_outcome outcome;
    if (!calo_repository_get(use, calo_fetch_is_over, worker, &outcome))
        return false;
    if (outcome.reason) {
        calo_fetch_fail(worker, outcome.reason, "%s", outcome.message);
        worker->fetched->stop = outcome.stop;
    } else {
        calo_fetch_file(worker, outcome.path);
    }
    free(outcome.path);
    return true;
}

static void fetch_uid(calo_fetch_worker *worker, const char *uid, const char *location)
{
    const char *folder = location ? strstr(location, "glbs/") : NULL;
    char *cached = folder && worker->fetcher->objaverse_cache
        ? calo_text_format("%s/%s", worker->fetcher->objaverse_cache, folder)
        : NULL;
    if (!location)
        calo_fetch_fail(worker, CALO_REASON_MISSING, "%s is not in Objaverse's list of paths (--uid-paths)", uid);
    else if (cached && access(cached, R_OK) == 0)
        calo_fetch_file(worker, cached);
    else if (calo_transfer_is_url(location))
        calo_fetch_url(worker, location);
    else
        calo_fetch_file(worker, location);
    free(cached);
}

static void fetch_file_url(calo_fetch_worker *worker, const char *url)
{
    char *path = calo_url_decode(url, strlen(url));
    if (path)
        calo_fetch_file(worker, path);
    else
        fail_memory(worker);
    free(path);
}

static const char *location_of(const calo_object *object)
{
    return object->location ? object->location : object->file_identifier;
}

/* False: to be asked again later. */
static bool fetch_object(calo_fetch_worker *worker)
{
    const calo_object *object = worker->object;
    const calo_fetch_hold *hold = worker->fetched->hold;
    const char *location = location_of(object);
    if (hold->use)
        return fetch_from_repository(worker, hold->use);
    if (calo_is_uid(object->file_identifier))
        fetch_uid(worker, object->file_identifier, object->location);
    else if (calo_transfer_is_url(location))
        calo_fetch_url(worker, location);
    else if (strncmp(location, "file:///", 8) == 0)
        fetch_file_url(worker, location + 7);
    else if (strstr(location, "://"))
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED,
                        "%.300s: objects can be files, https, http, s3 or file URLs, and git repositories' files only",
                        location);
    else
        calo_fetch_file(worker, location);
    return true;
}

static void free_job(calo_fetch_job *job)
{
    if (job->result)
        release(&job->result->fetched);
    free(job->result);
    calo_object_finish(&job->object);
    free(job);
}

static void push_result(calo_fetcher *fetcher, calo_fetch_result *result)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&fetcher->mutex);
    *fetcher->last_result = result;
    fetcher->last_result = &result->next;
    /* Cannot fail: the counter is reset long before it is full. */
    if (write(fetcher->event, &one, sizeof one) < 0)
        errno = 0;
    pthread_mutex_unlock(&fetcher->mutex);
}

static calo_fetch_job *wait_for_job(calo_fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    while (!fetcher->first_job && !atomic_load(&fetcher->stopping))
        pthread_cond_wait(&fetcher->changed, &fetcher->mutex);
    calo_fetch_job *job = atomic_load(&fetcher->stopping) ? NULL : fetcher->first_job;
    if (job) {
        fetcher->first_job = job->next;
        if (!fetcher->first_job)
            fetcher->last_job = &fetcher->first_job;
    }
    pthread_mutex_unlock(&fetcher->mutex);
    return job;
}

static void put_in_front(calo_fetcher *fetcher, calo_fetch_job *job)
{
    if (!fetcher->first_job)
        fetcher->last_job = &job->next;
    job->next = fetcher->first_job;
    fetcher->first_job = job;
}

/* Puts them all back in front; those whose repositories are still not there are put aside again. */
static void unpark(calo_fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    for (calo_fetch_job *job = fetcher->parked, *next; job; job = next) {
        next = job->next;
        put_in_front(fetcher, job);
    }
    fetcher->parked = NULL;
    pthread_cond_broadcast(&fetcher->changed);
    pthread_mutex_unlock(&fetcher->mutex);
}

/* Puts the job aside, until another thread has fetched its repository; that thread takes this lock afterwards. */
static void park(calo_fetcher *fetcher, calo_fetch_job *job)
{
    const calo_fetch_hold *hold = job->result->fetched.hold;
    pthread_mutex_lock(&fetcher->mutex);
    if (calo_repository_is_busy(hold->use)) {
        job->next = fetcher->parked;
        fetcher->parked = job;
    } else {
        put_in_front(fetcher, job);
    }
    pthread_mutex_unlock(&fetcher->mutex);
}

static void run_job(calo_fetch_worker *worker, calo_fetch_job *job)
{
    calo_fetch_result *result = job->result;
    const calo_fetch_hold *hold = result->fetched.hold;
    bool of_repository = hold->use != NULL;
    double start = calo_clock_seconds();
    worker->deadline = start + worker->fetcher->options.timeout_seconds;
    worker->object = &job->object;
    worker->fetched = &result->fetched;
    if (!fetch_object(worker)) {
        park(worker->fetcher, job);
        return;
    }
    result->fetched.seconds = calo_clock_seconds() - start;
    job->result = NULL;
    free_job(job);
    push_result(worker->fetcher, result);
    if (of_repository)
        unpark(worker->fetcher);
}

static void *run_worker(void *user)
{
    calo_fetch_worker *worker = user;
    for (calo_fetch_job *job; (job = wait_for_job(worker->fetcher));)
        run_job(worker, job);
    return NULL;
}

static calo_status start_worker(calo_fetcher *fetcher, calo_fetch_worker *worker, calo_error *err)
{
    calo_transfer_options transfer = fetcher->options.transfer;
    transfer.timeout_seconds = fetcher->options.timeout_seconds;
    transfer.max_bytes = fetcher->options.max_bytes;
    transfer.cancelled = calo_fetch_is_over;
    transfer.user = worker;
    worker->fetcher = fetcher;
    calo_status status = calo_transfer_create(&transfer, &worker->transfer, err);
    if (status != CALO_OK)
        return status;
    int failed = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (failed == 0)
        return CALO_OK;
    calo_transfer_destroy(worker->transfer);
    return calo_fail(err, CALO_ERROR_MEMORY, "the system gave no thread for fetching: %s", strerror(failed));
}

static void resolve_options(calo_fetcher *fetcher, const calo_fetch_options *options)
{
    calo_fetch_options *resolved = &fetcher->options;
    calo_limits limits = calo_limits_resolve(NULL);
    *resolved = *options;
    if (resolved->threads == 0)
        resolved->threads = DEFAULT_THREADS;
    if (resolved->threads > THREADS_MAX)
        resolved->threads = THREADS_MAX;
    if (resolved->timeout_seconds <= 0)
        resolved->timeout_seconds = DEFAULT_SECONDS;
    if (resolved->max_bytes == 0)
        resolved->max_bytes = limits.max_file_bytes;
}

static calo_status fill_fetcher(calo_fetcher *fetcher, calo_error *err)
{
    uint32_t threads = fetcher->options.threads;
    fetcher->workers = calloc(threads, sizeof *fetcher->workers);
    fetcher->busy = calloc(threads, sizeof *fetcher->busy);
    if (!fetcher->workers || !fetcher->busy)
        return calo_fail_memory(err, "threads that fetch", threads * sizeof *fetcher->workers);
    fetcher->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fetcher->event < 0)
        return calo_fail(err, CALO_ERROR_IO, "the system gave no event file for fetching: %s", strerror(errno));
    calo_status status = calo_repositories_create(&fetcher->options, &fetcher->repositories, err);
    if (status == CALO_OK)
        status = calo_folder_create(fetcher->options.scratch_folder, err);
    if (status == CALO_OK && fetcher->options.download_folder)
        status = calo_folder_create(fetcher->options.download_folder, err);
    for (; status == CALO_OK && fetcher->worker_count < threads; fetcher->worker_count++) {
        status = start_worker(fetcher, &fetcher->workers[fetcher->worker_count], err);
        if (status != CALO_OK)
            break;
    }
    return status;
}

calo_status calo_fetcher_create(const calo_fetch_options *options, calo_fetcher **fetcher, calo_error *err)
{
    *fetcher = NULL;
    calo_fetcher *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "fetching", sizeof *made);
    made->event = -1;
    made->last_job = &made->first_job;
    made->last_result = &made->first_result;
    made->objaverse_cache = calo_objaverse_cache();
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, NULL);
    resolve_options(made, options);
    calo_status status = fill_fetcher(made, err);
    if (status == CALO_OK)
        *fetcher = made;
    else
        calo_fetcher_destroy(made);
    return status;
}

static void stop_workers(calo_fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->mutex);
    atomic_store(&fetcher->stopping, true);
    pthread_cond_broadcast(&fetcher->changed);
    pthread_mutex_unlock(&fetcher->mutex);
    for (uint32_t i = 0; i < fetcher->worker_count; i++) {
        pthread_join(fetcher->workers[i].thread, NULL);
        calo_transfer_destroy(fetcher->workers[i].transfer);
    }
}

void calo_fetcher_destroy(calo_fetcher *fetcher)
{
    calo_fetched fetched;
    if (!fetcher)
        return;
    stop_workers(fetcher);
    unpark(fetcher);
    for (calo_fetch_job *job = fetcher->first_job, *next; job; job = next) {
        next = job->next;
        free_job(job);
    }
    while (calo_fetcher_take(fetcher, &fetched))
        release(&fetched);
    calo_repositories_destroy(fetcher->repositories);
    if (fetcher->event >= 0)
        close(fetcher->event);
    pthread_cond_destroy(&fetcher->changed);
    pthread_mutex_destroy(&fetcher->mutex);
    free(fetcher->objaverse_cache);
    free(fetcher->workers);
    free(fetcher->busy);
    free(fetcher);
}

int calo_fetcher_event(const calo_fetcher *fetcher) { return fetcher->event; }

static bool copy_text(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

/* All that a result needs is there from the start, so that a full memory loses none. */
static calo_status fill_job(calo_fetcher *fetcher, calo_fetch_job *job, uint64_t ticket, const calo_object *object,
                            calo_error *err)
{
    calo_fetch_hold *hold = NULL;
    job->result = calloc(1, sizeof *job->result);
    if (job->result)
        job->result->fetched.hold = hold = calloc(1, sizeof *hold);
    if (!hold || !copy_text(object->file_identifier, &job->object.file_identifier) ||
        !copy_text(object->location, &job->object.location) || !copy_text(object->sha256, &job->object.sha256))
        return calo_fail_memory(err, "an object to fetch", sizeof *job);
    job->result->fetched.ticket = ticket;
    return calo_repository_use_begin(fetcher->repositories, location_of(object), &hold->use, err);
}

calo_status calo_fetch(calo_fetcher *fetcher, uint64_t ticket, const calo_object *object, calo_error *err)
{
    calo_fetch_job *job = calloc(1, sizeof *job);
    if (!job)
        return calo_fail_memory(err, "an object to fetch", sizeof *job);
    calo_status status = fill_job(fetcher, job, ticket, object, err);
    if (status != CALO_OK) {
        free_job(job);
        return status;
    }
    pthread_mutex_lock(&fetcher->mutex);
    *fetcher->last_job = job;
    fetcher->last_job = &job->next;
    pthread_cond_broadcast(&fetcher->changed);
    pthread_mutex_unlock(&fetcher->mutex);
    return CALO_OK;
}

bool calo_fetcher_take(calo_fetcher *fetcher, calo_fetched *fetched)
{
    uint64_t count;
    pthread_mutex_lock(&fetcher->mutex);
    calo_fetch_result *result = fetcher->first_result;
    if (result) {
        fetcher->first_result = result->next;
        if (!fetcher->first_result)
            fetcher->last_result = &fetcher->first_result;
    }
    if (!fetcher->first_result && fetcher->event >= 0 && read(fetcher->event, &count, sizeof count) < 0)
        errno = 0; /* it was at rest already */
    pthread_mutex_unlock(&fetcher->mutex);
    if (!result)
        return false;
    *fetched = result->fetched;
    free(result);
    return true;
}

void calo_fetch_release(calo_fetcher *fetcher, calo_fetched *fetched)
{
    (void)fetcher;
    release(fetched);
}
