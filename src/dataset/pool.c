#include "dataset/pool.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "dataset/pool_memory.h"
#include "dataset/pool_slot.h"

enum {
    WORKERS_MAX = 1024,
    FILES_EACH = 3,          /* that are waited for: its end, its socket, its complaints */
    LOOK_MILLISECONDS = 100, /* between two looks at the workers' memory */
};
#define TIMEOUT_SECONDS_DEFAULT 300.0
#define STOPPED_SECONDS 1.0 /* between two looks: the supervisor itself was stopped */
#define MEMORY_SHARE 0.8 /* of the machine's, for all workers */

/* ---- limits ---- */

static void check_limits(calo_pool *pool, calo_pool_slot *s, double now, bool look)
{
    bool busy = s->has_task && s->sent;
    if (s->worker.pid == 0 || s->worker.killed)
        return;
    if (now >= s->deadline && (busy || !s->worker.ready))
        calo_pool_slot_kill(s, CALO_REASON_TIMEOUT);
    else if (look && busy && calo_pool_worker_bytes(&s->worker) > s->worker.start_bytes + pool->options.memory_bytes)
        calo_pool_slot_kill(s, CALO_REASON_OUT_OF_MEMORY);
}

/* Ctrl-Z stops the workers with the supervisor: it is no fault of their objects'. */
static void extend_deadlines(calo_pool *pool, double seconds)
{
    for (uint32_t i = 0; i < pool->count; i++)
        pool->slots[i].deadline += seconds;
}

/* Files of the kernel take long to read: not at every message. */
static bool is_time_to_look(calo_pool *pool, double now)
{
    double gap = now - pool->look_time;
    if (gap < LOOK_MILLISECONDS / 1000.0)
        return false;
    if (pool->look_time > 0 && gap > STOPPED_SECONDS)
        extend_deadlines(pool, gap);
    pool->look_time = now;
    return true;
}

/* ---- waiting ---- */

static bool add_polled(calo_pool *pool, size_t *count, int fd, short events)
{
    if (*count == pool->polled_capacity) {
        size_t capacity = *count ? 2 * *count : 64;
        struct pollfd *grown = realloc(pool->polled, capacity * sizeof *grown);
        if (!grown)
            return false;
        pool->polled = grown;
        pool->polled_capacity = capacity;
    }
    pool->polled[(*count)++] = (struct pollfd){fd, events, 0};
    return true;
}

/* FILES_EACH a slot (poll passes over -1), then the caller's. */
static calo_status collect(calo_pool *pool, const int *files, size_t file_count, size_t *count, calo_error *err)
{
    bool room = true;
    *count = 0;
    for (uint32_t i = 0; i < pool->count && room; i++) {
        const calo_pool_worker *worker = &pool->slots[i].worker;
        short events = (short)(worker->outbox.size ? POLLIN | POLLOUT : POLLIN);
        room = add_polled(pool, count, worker->process, POLLIN) &&
               add_polled(pool, count, worker->inbox.ended ? -1 : worker->socket, events) &&
               add_polled(pool, count, worker->complaints, POLLIN);
    }
    for (size_t i = 0; i < file_count && room; i++)
        room = add_polled(pool, count, files[i], POLLIN);
    return room ? CALO_OK : calo_fail_memory(err, "a list of files", *count * sizeof *pool->polled);
}

static void handle(calo_pool *pool, calo_pool_slot *s, const struct pollfd *polled)
{
    if (polled[2].revents)
        calo_pool_worker_listen(&s->worker);
    if (polled[1].revents & POLLOUT)
        calo_pool_worker_send(&s->worker);
    if (polled[1].revents & (POLLIN | POLLHUP | POLLERR))
        calo_pool_slot_hear(pool, s);
    if (polled[0].revents)
        calo_pool_slot_end(pool, s);
}

/* Tasks whose worker is gone get another. */
static calo_status start_missing(calo_pool *pool, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < pool->count && status == CALO_OK; i++)
        if (pool->slots[i].has_task && pool->slots[i].worker.pid == 0)
            status = calo_pool_slot_start(pool, &pool->slots[i], err);
    return status;
}

static bool is_any_at_work(const calo_pool *pool)
{
    for (uint32_t i = 0; i < pool->count; i++)
        if (pool->slots[i].has_task || (pool->slots[i].worker.pid && !pool->slots[i].worker.ready))
            return true;
    return false;
}

/* Waits for once; `happened`: somebody had something to say. */
static calo_status wait_once(calo_pool *pool, const int *files, size_t file_count, int timeout_ms, bool *happened,
                             calo_error *err)
{
    size_t count;
    calo_status status = start_missing(pool, err);
    if (status == CALO_OK)
        status = collect(pool, files, file_count, &count, err);
    if (status != CALO_OK)
        return status;
    int ready = poll(pool->polled, count, timeout_ms);
    if (ready < 0 && errno != EINTR)
        return calo_fail(err, CALO_ERROR_IO, "workers cannot be waited for: %s", strerror(errno));
    *happened = ready != 0; /* also of signals: their handler has something to say */
    double now = calo_clock_seconds();
    bool look = is_time_to_look(pool, now);
    for (uint32_t i = 0; i < pool->count; i++) {
        if (ready > 0)
            handle(pool, &pool->slots[i], &pool->polled[(size_t)i * FILES_EACH]);
        check_limits(pool, &pool->slots[i], now, look);
    }
    if (look)
        pool->memory_kills = calo_machine_memory_kills();
    if (pool->broken.status && err)
        *err = pool->broken;
    return pool->broken.status;
}

calo_status calo_pool_wait(calo_pool *pool, const int *files, size_t file_count, int timeout_ms, calo_error *err)
{
    bool happened = false;
    calo_status status = CALO_OK;
    double end = calo_clock_seconds() + timeout_ms / 1000.0;
    while (status == CALO_OK && !happened) {
        double left = timeout_ms < 0 ? 1 : end - calo_clock_seconds();
        int milliseconds = left <= 0 ? 0 : left < 1e6 ? (int)(left * 1000) + 1 : 1000000000;
        if (is_any_at_work(pool) && milliseconds > LOOK_MILLISECONDS)
            milliseconds = LOOK_MILLISECONDS;
        status = wait_once(pool, files, file_count, milliseconds, &happened, err);
        if (left <= 0)
            break;
    }
    return status;
}

/* ---- the pool ---- */

static char **copy_words(const char *const *words, size_t count)
{
    char **copies = calloc(count + 1, sizeof *copies);
    for (size_t i = 0; copies && i < count; i++)
        copies[i] = strdup(words[i]);
    return copies;
}

static calo_status resolve(calo_pool *pool, const calo_pool_options *options, calo_error *err)
{
    uint32_t cores = calo_thread_cores();
    calo_pool_options *own = &pool->options;
    *own = *options;
    pool->count = options->workers ? options->workers : cores;
    pool->count = pool->count < WORKERS_MAX ? pool->count : WORKERS_MAX;
    own->workers = pool->count;
    own->threads_each = options->threads_each ? options->threads_each : cores > pool->count ? cores / pool->count : 1;
    own->timeout_seconds = options->timeout_seconds > 0 ? options->timeout_seconds : TIMEOUT_SECONDS_DEFAULT;
    if (!own->memory_bytes)
        own->memory_bytes = (uint64_t)((double)calo_machine_memory_bytes() * MEMORY_SHARE / pool->count);
    if (options->scratch_folder[0] != '/' || !calo_text_is_utf8(options->scratch_folder))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a scratch folder needs an absolute path in UTF-8",
                         options->scratch_folder);
    pool->scratch_folder = strdup(options->scratch_folder);
    pool->words = copy_words(options->words, options->word_count);
    pool->slots = calloc(pool->count, sizeof *pool->slots);
    pool->results = calloc(pool->count, sizeof *pool->results);
    if (!pool->scratch_folder || !pool->words || !pool->slots || !pool->results)
        return calo_fail_memory(err, "workers", pool->count * sizeof *pool->slots);
    own->words = (const char *const *)pool->words;
    pool->memory_kills = calo_machine_memory_kills();
    own->scratch_folder = pool->scratch_folder;
    for (uint32_t i = 0; i < pool->count; i++)
        pool->slots[i].worker.process = pool->slots[i].worker.socket = pool->slots[i].worker.complaints = -1;
    return calo_folder_create(pool->scratch_folder, err);
}

static calo_status start_all(calo_pool *pool, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < pool->count && status == CALO_OK; i++)
        status = calo_pool_slot_start(pool, &pool->slots[i], err);
    while (status == CALO_OK) {
        for (uint32_t i = 0; i < pool->count; i++)
            if (pool->slots[i].worker.ready)
                return CALO_OK;
        bool happened;
        /* All may have been killed from outside. */
        if (!is_any_at_work(pool))
            status = calo_pool_slot_start(pool, &pool->slots[0], err);
        if (status == CALO_OK)
            status = wait_once(pool, NULL, 0, LOOK_MILLISECONDS, &happened, err);
    }
    return status;
}

calo_status calo_pool_create(const calo_pool_options *options, calo_pool **out, calo_error *err)
{
    calo_pool *pool = calloc(1, sizeof *pool);
    *out = NULL;
    if (!pool)
        return calo_fail_memory(err, "workers", sizeof *pool);
    calo_status status = resolve(pool, options, err);
    if (status == CALO_OK)
        status = start_all(pool, err);
    if (status == CALO_OK)
        *out = pool;
    else
        calo_pool_destroy(pool);
    return status;
}

void calo_pool_destroy(calo_pool *pool)
{
    if (!pool)
        return;
    for (uint32_t i = 0; pool->slots && i < pool->count; i++)
        calo_pool_worker_kill(&pool->slots[i].worker);
    for (uint32_t i = 0; pool->slots && i < pool->count; i++) {
        calo_pool_worker_end(&pool->slots[i].worker);
        calo_pool_slot_free_task(&pool->slots[i]);
    }
    for (size_t i = 0; i < pool->result_count; i++)
        calo_task_result_finish(&pool->results[i]);
    for (size_t i = 0; pool->words && i < pool->options.word_count; i++)
        free(pool->words[i]);
    free(pool->words);
    free(pool->slots);
    free(pool->results);
    free(pool->polled);
    free(pool->scratch_folder);
    free(pool);
}

/* ---- tasks ---- */

/* The best place for a task: a worker that waits, one that starts, none yet. NULL: all have one. */
static calo_pool_slot *find_slot(const calo_pool *pool)
{
    calo_pool_slot *best = NULL;
    int best_rank = 0;
    for (uint32_t i = 0; i < pool->count; i++) {
        calo_pool_slot *s = &pool->slots[i];
        int rank = s->has_task || s->worker.killed ? 0 : s->worker.ready ? 3 : s->worker.pid ? 2 : 1;
        if (rank > best_rank) {
            best_rank = rank;
            best = s;
        }
    }
    return best;
}

/* Results that nobody has taken stand for a place, too. */
size_t calo_pool_idle(const calo_pool *pool)
{
    size_t idle = 0;
    for (uint32_t i = 0; i < pool->count; i++)
        idle += !pool->slots[i].has_task && !pool->slots[i].worker.killed;
    return idle > pool->result_count ? idle - pool->result_count : 0;
}

static calo_status print_task(const calo_task *task, calo_blob *blob, calo_error *err)
{
    const calo_sample *sample = task->sample;
    calo_message_object *objects = calloc(sample->object_count ? sample->object_count : 1, sizeof *objects);
    if (!objects)
        return calo_fail_memory(err, "objects", sample->object_count * sizeof *objects);
    for (size_t i = 0; i < sample->object_count; i++)
        objects[i] = (calo_message_object){sample->objects[i].file_identifier, task->paths[i]};
    const calo_message message = {
        .kind = CALO_MESSAGE_TASK,
        .ticket = task->ticket,
        .number = sample->number,
        .name = sample->name,
        .thumbnail = task->thumbnail,
        .objects = objects,
        .object_count = sample->object_count,
    };
    calo_status status = calo_message_print(&message, blob, err);
    free(objects);
    return status;
}

calo_status calo_pool_give(calo_pool *pool, const calo_task *task, calo_error *err)
{
    calo_pool_slot *s = calo_pool_idle(pool) ? find_slot(pool) : NULL;
    if (!s)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "all workers have a task");
    calo_blob blob = {0};
    char *about = calo_text_format("%.200s", task->sample->objects[0].file_identifier);
    calo_status status = about ? print_task(task, &blob, err) : calo_fail_memory(err, "a task", 0);
    if (status == CALO_OK && s->worker.pid == 0)
        status = calo_pool_slot_start(pool, s, err);
    if (status != CALO_OK) {
        calo_blob_finish(&blob);
        free(about);
        return status;
    }
    calo_pool_make_plain(about);
    s->task = blob;
    s->about = about;
    s->has_task = true;
    s->ticket = task->ticket;
    s->number = task->sample->number;
    s->thumbnail = task->thumbnail;
    s->start = calo_clock_seconds();
    calo_pool_slot_send(pool, s);
    return CALO_OK;
}

bool calo_pool_take(calo_pool *pool, calo_task_result *result)
{
    if (pool->result_count == 0)
        return false;
    *result = pool->results[0];
    memmove(pool->results, pool->results + 1, --pool->result_count * sizeof *pool->results);
    return true;
}

uint64_t calo_pool_restarts(const calo_pool *pool)
{
    return pool->starts > pool->count ? pool->starts - pool->count : 0;
}

const char *calo_pool_sandbox(const calo_pool *pool) { return pool->sandbox; }
