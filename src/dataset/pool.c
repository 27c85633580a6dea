#include "dataset/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "dataset/pool_memory.h"
#include "dataset/pool_worker.h"

enum {
    WORKERS_MAX = 1024,
    FILES_EACH = 3,          /* that are waited for: its end, its socket, its complaints */
    TRIES_MAX = 3,           /* of a task whose workers are killed from outside */
    FAILED_STARTS_MAX = 5,   /* in a row */
    LOOK_MILLISECONDS = 100, /* between two looks at the workers' memory */
};
#define START_SECONDS 300.0 /* drivers compile shaders */
#define TIMEOUT_SECONDS_DEFAULT 300.0
#define MEMORY_SHARE 0.8 /* of the machine's, for all workers */

/* A worker's place, and the task that it has. */
typedef struct slot {
    calo_pool_worker worker;
    double deadline; /* of the task, or of starting */
    bool has_task, sent;
    uint64_t ticket, number;
    bool thumbnail;
    calo_blob task; /* as it is sent */
    char *about;    /* the object, for sentences */
    unsigned tries;
    double start;
    uint64_t memory_kills; /* the machine's, when it began */
    calo_reason guilt;     /* why it was killed; NONE: it was not */
} slot;

struct calo_pool {
    calo_pool_options options; /* resolved */
    char *scratch_folder;
    char **words;
    slot *slots;
    uint32_t count;
    calo_task_result *results; /* room for one a slot */
    size_t result_count;
    struct pollfd *polled;
    size_t polled_capacity;
    uint64_t starts;
    unsigned failed_starts; /* in a row */
    char sandbox[512];
    calo_error broken; /* why no worker can be started */
};

/* ---- sentences ---- */

/* What others have written, made fit for a terminal, a line and a page: what is not printable becomes a question mark. */
static void make_plain(char *text)
{
    for (char *at = text; *at;) {
        size_t length = calo_utf8_length(at);
        if (length == 0 || (length == 1 && ((unsigned char)*at < ' ' || *at == 127)))
            *at = *at == '\n' ? ' ' : '?';
        at += length ? length : 1;
    }
}

/* ": its last words: ..." or nothing. */
static void print_last_words(const calo_pool_worker *worker, char *text, size_t size)
{
    enum { SHOWN = 400 };
    char words[SHOWN + 1];
    size_t length = worker->last_words_size < SHOWN ? worker->last_words_size : SHOWN;
    const char *from = worker->last_words + worker->last_words_size - length;
    while (length > 0 && (from[length - 1] == '\n' || from[length - 1] == '\0'))
        length--;
    memcpy(words, from, length);
    words[length] = '\0';
    for (size_t i = 0; i < length; i++)
        words[i] = words[i] ? words[i] : '?';
    make_plain(words);
    snprintf(text, size, "%s%s", length ? "; its last words: " : "", words);
}

/* ---- results ---- */

void calo_task_result_finish(calo_task_result *result)
{
    free(result->staged_path);
    free(result->thumbnail_path);
    free(result->facts);
    *result = (calo_task_result){0};
}

static void free_task(slot *s)
{
    calo_blob_finish(&s->task);
    free(s->about);
    s->about = NULL;
    s->has_task = s->sent = false;
    s->tries = 0;
}

/* Room for it there is: a slot has one task at a time, and its next comes when this result was taken. */
static calo_task_result *add_result(calo_pool *pool, slot *s)
{
    calo_task_result *result = &pool->results[pool->result_count++];
    *result = (calo_task_result){.ticket = s->ticket, .seconds = calo_clock_seconds() - s->start};
    free_task(s);
    return result;
}

/* What a worker leaves that could not end by itself. */
static void remove_remains(const calo_pool *pool, const slot *s)
{
    char *folder = calo_text_format("%s/staged/%06llu", pool->scratch_folder, (unsigned long long)s->number);
    char *thumbnail = calo_text_format("%s/thumbnails/%06llu.png", pool->scratch_folder, (unsigned long long)s->number);
    if (folder)
        calo_folder_remove(folder);
    if (thumbnail)
        unlink(thumbnail);
    free(folder);
    free(thumbnail);
}

static void fail_task(calo_pool *pool, slot *s, calo_reason reason, const char *sentence)
{
    remove_remains(pool, s);
    calo_task_result *result = add_result(pool, s);
    result->reason = reason;
    snprintf(result->message, sizeof result->message, "%s", sentence);
}

/* ---- workers ---- */

static calo_status start_worker(calo_pool *pool, slot *s, calo_error *err)
{
    const calo_message setup = {
        .kind = CALO_MESSAGE_SETUP,
        .scratch_folder = pool->scratch_folder,
        .threads = pool->options.threads_each,
        .memory_bytes = pool->options.memory_bytes,
        .parent = (uint64_t)getpid(),
        .sandbox = !pool->options.no_sandbox,
        .require_sandbox = pool->options.require_sandbox,
    };
    calo_status status = calo_pool_worker_start(&s->worker, &pool->options, &setup, err);
    if (status != CALO_OK)
        return status;
    pool->starts++;
    s->guilt = CALO_REASON_NONE;
    s->deadline = calo_clock_seconds() + START_SECONDS;
    calo_pool_worker_send(&s->worker);
    return CALO_OK;
}

static void send_task(calo_pool *pool, slot *s)
{
    calo_error err;
    if (!s->worker.ready || s->worker.killed || !s->has_task || s->sent)
        return;
    if (calo_blob_append(&s->worker.outbox, s->task.bytes, s->task.size, &err) != CALO_OK) {
        fail_task(pool, s, CALO_REASON_OUT_OF_MEMORY, err.message);
        return;
    }
    s->sent = true;
    s->start = calo_clock_seconds();
    s->deadline = s->start + pool->options.timeout_seconds;
    s->memory_kills = calo_machine_memory_kills();
    calo_pool_worker_send(&s->worker);
}

static void kill_for(slot *s, calo_reason guilt)
{
    s->guilt = guilt;
    calo_pool_worker_kill(&s->worker);
}

/* ---- what workers say ---- */

/* A plain name of a file or folder that is there: a worker could name anything. */
static char *find_staged(const calo_pool *pool, const slot *s, const char *name)
{
    struct stat about;
    if (!name[0] || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return NULL;
    char *path =
        calo_text_format("%s/staged/%06llu/%s", pool->scratch_folder, (unsigned long long)s->number, name);
    if (path && lstat(path, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)))
        return path;
    free(path);
    return NULL;
}

static void take_success(calo_pool *pool, slot *s, const calo_message *message)
{
    char *path = find_staged(pool, s, message->file), *facts = strdup(message->facts), *thumbnail = NULL;
    if (s->thumbnail && message->thumbnail)
        thumbnail = calo_text_format("%s/thumbnails/%06llu.png", pool->scratch_folder, (unsigned long long)s->number);
    if (!path || !facts || !calo_message_is_json_line(facts)) {
        free(path);
        free(facts);
        free(thumbnail);
        fail_task(pool, s, CALO_REASON_CRASH, "the worker says that it is done, and has left nothing that can be used");
        return;
    }
    calo_task_result *result = add_result(pool, s);
    result->staged_path = path;
    result->thumbnail_path = thumbnail;
    result->facts = facts;
}

static void take_failure(calo_pool *pool, slot *s, const calo_message *message)
{
    bool known = message->reason > CALO_REASON_NONE && message->reason < CALO_REASON_COUNT;
    fail_task(pool, s, known ? (calo_reason)message->reason : CALO_REASON_CRASH, message->words);
    calo_task_result *result = &pool->results[pool->result_count - 1];
    make_plain(result->message);
    result->stop = message->stop;
}

static void be_ready(calo_pool *pool, slot *s, const calo_message *message)
{
    s->worker.ready = true;
    s->worker.start_bytes = calo_pool_worker_bytes(&s->worker);
    pool->failed_starts = 0;
    snprintf(pool->sandbox, sizeof pool->sandbox, "%s", message->words);
    make_plain(pool->sandbox);
    send_task(pool, s);
}

static void take_message(calo_pool *pool, slot *s, const calo_message *message)
{
    if (message->kind == CALO_MESSAGE_READY && !s->worker.ready) {
        be_ready(pool, s, message);
    } else if (message->kind == CALO_MESSAGE_REFUSED && !s->worker.ready) {
        char words[900];
        snprintf(words, sizeof words, "%s", message->words);
        make_plain(words);
        bool known = message->status > CALO_OK && message->status <= CALO_ERROR_CANCELLED;
        calo_fail(&pool->broken, known ? (calo_status)message->status : CALO_ERROR_BACKEND, "%s", words);
    } else if (message->kind == CALO_MESSAGE_RESULT && s->has_task && s->sent && message->ticket == s->ticket &&
               !s->worker.killed) {
        if (message->reason == CALO_REASON_NONE)
            take_success(pool, s, message);
        else
            take_failure(pool, s, message);
        if (message->retire)
            kill_for(s, CALO_REASON_NONE);
    } else if (!s->worker.killed) {
        kill_for(s, CALO_REASON_CRASH);
    }
}

/* What is no message is the end of the worker: what else it says cannot be believed either. */
static void hear(calo_pool *pool, slot *s)
{
    calo_error err = {0};
    calo_message message;
    bool there = true;
    calo_status status = calo_inbox_read(&s->worker.inbox, s->worker.socket, &err);
    while (status == CALO_OK && there && !s->worker.killed) {
        status = calo_inbox_take(&s->worker.inbox, &message, &there, &err);
        if (status != CALO_OK || !there)
            break;
        take_message(pool, s, &message);
        calo_message_finish(&message);
    }
    if (status != CALO_OK && !s->worker.killed)
        kill_for(s, CALO_REASON_CRASH);
}

/* ---- workers that end ---- */

static void print_death(const calo_pool *pool, const slot *s, const calo_pool_end *end, char *text, size_t size)
{
    char how[128], words[512];
    calo_pool_end_print(end, how, sizeof how);
    print_last_words(&s->worker, words, sizeof words);
    if (s->guilt == CALO_REASON_TIMEOUT)
        snprintf(text, size, "%s: not done in %g s, and so ended: give it more with --render-timeout%s", s->about,
                 pool->options.timeout_seconds, words);
    else if (s->guilt == CALO_REASON_OUT_OF_MEMORY)
        snprintf(text, size, "%s: its worker needs more than the %llu MiB of --memory-limit, and so was ended%s", s->about,
                 (unsigned long long)(pool->options.memory_bytes >> 20), words);
    else if (s->guilt == CALO_REASON_CRASH)
        snprintf(text, size, "%s: its worker sent nonsense, and so was ended%s", s->about, words);
    else
        snprintf(text, size, "%s: its worker %s%s", s->about, how, words);
}

/* A task whose worker is gone: failed for a reason, or to be tried again. */
static void lose_task(calo_pool *pool, slot *s, const calo_pool_end *end)
{
    char sentence[1024];
    bool from_outside = s->guilt == CALO_REASON_NONE && end->signal == SIGKILL;
    bool no_memory = from_outside && calo_machine_memory_kills() > s->memory_kills;
    remove_remains(pool, s);
    if (!s->sent || (from_outside && ++s->tries < TRIES_MAX)) {
        s->sent = false;
        return;
    }
    print_death(pool, s, end, sentence, sizeof sentence);
    if (no_memory)
        snprintf(sentence, sizeof sentence, "%s: the machine ran out of memory, and its kernel ended the worker: start "
                 "fewer (--workers)", s->about);
    fail_task(pool, s, s->guilt ? s->guilt : no_memory ? CALO_REASON_OUT_OF_MEMORY : CALO_REASON_CRASH, sentence);
}

static void fail_start(calo_pool *pool, const slot *s, const calo_pool_end *end)
{
    char how[128], words[512];
    if (++pool->failed_starts < FAILED_STARTS_MAX || pool->broken.status)
        return;
    calo_pool_end_print(end, how, sizeof how);
    print_last_words(&s->worker, words, sizeof words);
    calo_fail(&pool->broken, CALO_ERROR_BACKEND, "the workers end while they start; the last one %s%s", how, words);
}

static void end_worker(calo_pool *pool, slot *s)
{
    bool was_ready = s->worker.ready;
    /* What it said before counts. */
    if (!s->worker.killed)
        hear(pool, s);
    while (s->worker.complaints >= 0 && s->worker.last_words_size < sizeof s->worker.last_words) {
        size_t before = s->worker.last_words_size;
        calo_pool_worker_listen(&s->worker);
        if (s->worker.last_words_size == before)
            break;
    }
    calo_pool_end end = calo_pool_worker_end(&s->worker);
    if (s->has_task)
        lose_task(pool, s, &end);
    if (!was_ready && !s->worker.ready)
        fail_start(pool, s, &end);
}

/* ---- limits ---- */

static void check_limits(calo_pool *pool, slot *s, double now)
{
    bool busy = s->has_task && s->sent;
    if (s->worker.pid == 0 || s->worker.killed)
        return;
    if (now >= s->deadline && (busy || !s->worker.ready))
        kill_for(s, CALO_REASON_TIMEOUT);
    else if (busy && calo_pool_worker_bytes(&s->worker) > s->worker.start_bytes + pool->options.memory_bytes)
        kill_for(s, CALO_REASON_OUT_OF_MEMORY);
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

static void handle(calo_pool *pool, slot *s, const struct pollfd *polled)
{
    if (polled[2].revents)
        calo_pool_worker_listen(&s->worker);
    if (polled[1].revents & POLLOUT)
        calo_pool_worker_send(&s->worker);
    if (polled[1].revents & (POLLIN | POLLHUP | POLLERR))
        hear(pool, s);
    if (polled[0].revents)
        end_worker(pool, s);
}

/* Tasks whose worker is gone get another. */
static calo_status start_missing(calo_pool *pool, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < pool->count && status == CALO_OK; i++)
        if (pool->slots[i].has_task && pool->slots[i].worker.pid == 0)
            status = start_worker(pool, &pool->slots[i], err);
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
    for (uint32_t i = 0; i < pool->count; i++) {
        if (ready > 0)
            handle(pool, &pool->slots[i], &pool->polled[(size_t)i * FILES_EACH]);
        check_limits(pool, &pool->slots[i], now);
    }
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
    own->scratch_folder = pool->scratch_folder;
    for (uint32_t i = 0; i < pool->count; i++)
        pool->slots[i].worker.process = pool->slots[i].worker.socket = pool->slots[i].worker.complaints = -1;
    return calo_folder_create(pool->scratch_folder, err);
}

static calo_status start_all(calo_pool *pool, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < pool->count && status == CALO_OK; i++)
        status = start_worker(pool, &pool->slots[i], err);
    while (status == CALO_OK) {
        for (uint32_t i = 0; i < pool->count; i++)
            if (pool->slots[i].worker.ready)
                return CALO_OK;
        bool happened;
        /* All may have been killed from outside. */
        if (!is_any_at_work(pool))
            status = start_worker(pool, &pool->slots[0], err);
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
        free_task(&pool->slots[i]);
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
static slot *find_slot(const calo_pool *pool)
{
    slot *best = NULL;
    int best_rank = 0;
    for (uint32_t i = 0; i < pool->count; i++) {
        slot *s = &pool->slots[i];
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
    slot *s = calo_pool_idle(pool) ? find_slot(pool) : NULL;
    if (!s)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "all workers have a task");
    calo_blob blob = {0};
    char *about = calo_text_format("%.200s", task->sample->objects[0].file_identifier);
    calo_status status = about ? print_task(task, &blob, err) : calo_fail_memory(err, "a task", 0);
    if (status == CALO_OK && s->worker.pid == 0)
        status = start_worker(pool, s, err);
    if (status != CALO_OK) {
        calo_blob_finish(&blob);
        free(about);
        return status;
    }
    make_plain(about);
    s->task = blob;
    s->about = about;
    s->has_task = true;
    s->ticket = task->ticket;
    s->number = task->sample->number;
    s->thumbnail = task->thumbnail;
    s->start = calo_clock_seconds();
    send_task(pool, s);
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
