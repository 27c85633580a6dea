#include "dataset/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "dataset/destination.h"
#include "store/package.h"

enum { DEFAULT_THREADS = 2, TOGETHER_MAX = 64 };

typedef struct work {
    calo_commit_kind kind;
    const char *staged_path;
    const calo_part *part;
    const calo_commit_sample *samples;
    calo_committed result;
    struct work *next;
} work;

typedef struct work_list {
    work *first, **end;
} work_list;

struct calo_committer {
    calo_package package;
    char *destination, *scratch_folder;
    calo_transfer_options transfer;
    int scratch, event;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    work_list staging, parts, done; /* parts come before staging: they end what was begun */
    size_t load, together; /* parts that a thread takes at once, as they share a sync */
    bool syncing, closing;
    uint32_t thread_count;
    pthread_t *threads;
};

void calo_committed_finish(calo_committed *committed)
{
    free(committed->path);
    *committed = (calo_committed){0};
}

/* ---- lists ---- */

static void list_init(work_list *list) { *list = (work_list){.end = &list->first}; }

static void list_add(work_list *list, work *item)
{
    item->next = NULL;
    *list->end = item;
    list->end = &item->next;
}

static work *list_take(work_list *list)
{
    work *item = list->first;
    if (item && !(list->first = item->next))
        list->end = &list->first;
    if (item)
        item->next = NULL;
    return item;
}

static work *list_take_some(work_list *list, size_t most)
{
    work_list taken;
    list_init(&taken);
    for (size_t i = 0; i < most && list->first; i++)
        list_add(&taken, list_take(list));
    return taken.first;
}

static work *list_take_all(work_list *list)
{
    work *first = list->first;
    list_init(list);
    return first;
}

/* ---- samples: on the disk ---- */

/* One sync of the file system for all that wait: by the file, a folder of hundreds would take as many. */
static void stage_samples(calo_committer *committer, work *first)
{
    int failed = syncfs(committer->scratch) != 0 ? errno : 0;
    for (work *item = first; item; item = item->next) {
        calo_committed *result = &item->result;
        double start = calo_clock_seconds();
        if (failed)
            result->status = calo_fail(&result->err, CALO_ERROR_IO, "%s: cannot write to the disk: %s", item->staged_path,
                                       strerror(failed));
        else
            result->status = calo_path_sha256(item->staged_path, &result->bytes, result->sha256, &result->err);
        if (result->status == CALO_OK)
            result->status = calo_package_check_staged(committer->package, item->staged_path, &result->err);
        result->seconds = calo_clock_seconds() - start;
    }
}

/* ---- parts ---- */

static calo_status put_single(const work *item, calo_destination *destination, calo_committed *result)
{
    const calo_commit_sample *sample = &item->samples[0];
    result->bytes = sample->bytes;
    memcpy(result->sha256, sample->sha256, sizeof result->sha256);
    calo_status status = calo_destination_has(destination, result->path, sample->bytes, sample->sha256, &result->was_there,
                                              &result->err);
    if (status != CALO_OK || result->was_there)
        return status;
    return calo_destination_move(destination, sample->staged_path, result->path, sample->sha256, &result->err);
}

static calo_status put_joined(const calo_committer *committer, const work *item, calo_destination *destination,
                              const calo_staged_sample *staged, size_t count)
{
    calo_committed *result = (calo_committed *)&item->result;
    char *path = calo_text_format("%s/part-%llu%s", committer->scratch_folder, (unsigned long long)item->part->number,
                                  calo_package_ending(committer->package));
    if (!path)
        return calo_fail_memory(&result->err, "a path", 0);
    unlink(path); /* of a run that was killed */
    calo_status status = calo_package_join(committer->package, staged, count, path, &result->bytes, result->sha256, &result->err);
    if (status == CALO_OK)
        status = calo_destination_has(destination, result->path, result->bytes, result->sha256, &result->was_there, &result->err);
    if (status == CALO_OK && !result->was_there)
        status = calo_destination_put(destination, path, result->path, result->sha256, &result->err);
    unlink(path);
    free(path);
    return status;
}

static calo_status put_part(const calo_committer *committer, work *item, calo_destination *destination)
{
    calo_committed *result = &item->result;
    const calo_part *part = item->part;
    calo_staged_sample *staged = calloc(part->sample_count, sizeof *staged);
    size_t count = 0;
    if (!staged)
        return calo_fail_memory(&result->err, "a part", part->sample_count * sizeof *staged);
    for (size_t i = 0; i < part->sample_count; i++)
        if (item->samples[i].staged_path)
            staged[count++] = (calo_staged_sample){part->samples[i].name, item->samples[i].staged_path};
    calo_status status = CALO_OK;
    if (count > 0 && !(result->path = calo_text_format("%s%s", part->name, calo_package_ending(committer->package))))
        status = calo_fail_memory(&result->err, "a path", strlen(part->name));
    if (status == CALO_OK && count > 0)
        status = calo_package_joins(committer->package) ? put_joined(committer, item, destination, staged, count)
                                                        : put_single(item, destination, result);
    free(staged);
    return status;
}

static void commit_part(const calo_committer *committer, work *item, calo_destination **destination)
{
    calo_committed *result = &item->result;
    double start = calo_clock_seconds();
    if (!*destination)
        result->status = calo_destination_open(committer->destination, &committer->transfer, destination, &result->err);
    if (result->status == CALO_OK)
        result->status = put_part(committer, item, *destination);
    result->seconds = calo_clock_seconds() - start;
}

static void commit_parts(const calo_committer *committer, work *first, calo_destination **destination)
{
    calo_error err = {0};
    for (work *item = first; item; item = item->next)
        commit_part(committer, item, destination);
    if (!*destination || calo_destination_sync(*destination, &err) == CALO_OK)
        return;
    for (work *item = first; item; item = item->next)
        if (item->result.status == CALO_OK) {
            item->result.status = err.status;
            item->result.err = err;
        }
}

/* ---- threads ---- */

static void hand_out(calo_committer *committer, work *first)
{
    uint64_t one = 1;
    for (work *next; first; first = next) {
        next = first->next;
        list_add(&committer->done, first);
    }
    if (write(committer->event, &one, sizeof one) < 0)
        return; /* full: then it is readable already */
}

static void *run_thread(void *user)
{
    calo_committer *committer = user;
    calo_destination *destination = NULL;
    pthread_mutex_lock(&committer->lock);
    for (;;) {
        work *parts = list_take_some(&committer->parts, committer->together);
        /* While one thread syncs, samples gather for the next one. */
        work *samples = parts || committer->syncing ? NULL : list_take_all(&committer->staging);
        if (!parts && !samples) {
            if (committer->closing && !committer->staging.first)
                break;
            pthread_cond_wait(&committer->changed, &committer->lock);
            continue;
        }
        committer->syncing |= samples != NULL;
        pthread_mutex_unlock(&committer->lock);
        if (parts)
            commit_parts(committer, parts, &destination);
        else
            stage_samples(committer, samples);
        pthread_mutex_lock(&committer->lock);
        if (samples) {
            committer->syncing = false;
            pthread_cond_broadcast(&committer->changed);
        }
        hand_out(committer, parts ? parts : samples);
    }
    pthread_mutex_unlock(&committer->lock);
    calo_destination_close(destination);
    return NULL;
}

static calo_status start(calo_committer *committer, const work *wanted, calo_error *err)
{
    work *item = malloc(sizeof *item);
    if (!item)
        return calo_fail_memory(err, "a part", sizeof *item);
    *item = *wanted;
    item->result.kind = item->kind;
    pthread_mutex_lock(&committer->lock);
    list_add(item->kind == CALO_COMMIT_STAGE ? &committer->staging : &committer->parts, item);
    committer->load++;
    pthread_cond_signal(&committer->changed);
    pthread_mutex_unlock(&committer->lock);
    return CALO_OK;
}

calo_status calo_commit_stage(calo_committer *committer, uint64_t ticket, const char *staged_path, calo_error *err)
{
    work item = {.kind = CALO_COMMIT_STAGE, .staged_path = staged_path, .result.ticket = ticket};
    return start(committer, &item, err);
}

calo_status calo_commit_part(calo_committer *committer, const calo_part *part, const calo_commit_sample *samples, calo_error *err)
{
    work item = {.kind = CALO_COMMIT_PART, .part = part, .samples = samples, .result.ticket = part->number};
    return start(committer, &item, err);
}

bool calo_committer_take(calo_committer *committer, calo_committed *committed)
{
    pthread_mutex_lock(&committer->lock);
    work *item = list_take(&committer->done);
    uint64_t count;
    if (item)
        committer->load--;
    if (!committer->done.first && read(committer->event, &count, sizeof count) < 0)
        count = 0; /* nothing was there */
    pthread_mutex_unlock(&committer->lock);
    if (!item)
        return false;
    *committed = item->result;
    free(item);
    return true;
}

size_t calo_committer_load(const calo_committer *committer) { return committer->load; }

int calo_committer_event(const calo_committer *committer) { return committer->event; }

static calo_status start_threads(calo_committer *committer, uint32_t count, calo_error *err)
{
    committer->threads = calloc(count, sizeof *committer->threads);
    if (!committer->threads)
        return calo_fail_memory(err, "threads", count * sizeof *committer->threads);
    for (uint32_t i = 0; i < count; i++) {
        int failed = pthread_create(&committer->threads[i], NULL, run_thread, committer);
        if (failed)
            return calo_fail(err, CALO_ERROR_MEMORY, "cannot start a thread: %s", strerror(failed));
        committer->thread_count++;
    }
    return CALO_OK;
}

calo_status calo_committer_create(const calo_commit_options *options, calo_committer **committer, calo_error *err)
{
    calo_committer *made = calloc(1, sizeof *made);
    *committer = NULL;
    if (!made)
        return calo_fail_memory(err, "a committer", sizeof *made);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    list_init(&made->staging);
    list_init(&made->parts);
    list_init(&made->done);
    made->package = options->package;
    made->transfer = options->transfer;
    made->together = calo_package_joins(options->package) || strstr(options->destination, "://") ? 1 : TOGETHER_MAX;
    made->destination = strdup(options->destination);
    made->scratch_folder = strdup(options->scratch_folder);
    made->scratch = open(options->scratch_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    made->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    calo_status status = CALO_OK;
    if (!made->destination || !made->scratch_folder)
        status = calo_fail_memory(err, "paths", 0);
    else if (made->scratch < 0 || made->event < 0)
        status = calo_fail(err, CALO_ERROR_IO, "%s: cannot be opened: %s", options->scratch_folder, strerror(errno));
    else
        status = start_threads(made, options->threads ? options->threads : DEFAULT_THREADS, err);
    if (status == CALO_OK)
        *committer = made;
    else
        calo_committer_destroy(made);
    return status;
}

void calo_committer_destroy(calo_committer *committer)
{
    calo_committed left;
    if (!committer)
        return;
    pthread_mutex_lock(&committer->lock);
    committer->closing = true;
    pthread_cond_broadcast(&committer->changed);
    pthread_mutex_unlock(&committer->lock);
    for (uint32_t i = 0; i < committer->thread_count; i++)
        pthread_join(committer->threads[i], NULL);
    while (calo_committer_take(committer, &left))
        calo_committed_finish(&left);
    free(committer->threads);
    if (committer->scratch >= 0)
        close(committer->scratch);
    if (committer->event >= 0)
        close(committer->event);
    pthread_cond_destroy(&committer->changed);
    pthread_mutex_destroy(&committer->lock);
    free(committer->destination);
    free(committer->scratch_folder);
    free(committer);
}
