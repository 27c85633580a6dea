#include "dataset/pool_slot.h"

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
#include "dataset/pool_memory.h"

enum {
    READS_MAX = 256, /* that take in the longest message */
    TRIES_MAX = 3,   /* of a task whose workers are killed from outside */
    /* In a row, where one that was killed from outside counts less. */
    FAILED_STARTS_MAX = 100,
    FAILED_START = 20,
};
#define START_SECONDS 300.0 /* drivers compile shaders */

/* ---- sentences ---- */

void calo_pool_make_plain(char *text)
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
    calo_pool_make_plain(words);
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

void calo_pool_slot_free_task(calo_pool_slot *s)
{
    calo_blob_finish(&s->task);
    free(s->about);
    s->about = NULL;
    s->has_task = s->sent = false;
    s->tries = 0;
}

/* Room for it there is: a slot has one task at a time, and its next comes when this result was taken. */
static calo_task_result *add_result(calo_pool *pool, calo_pool_slot *s)
{
    calo_task_result *result = &pool->results[pool->result_count++];
    *result = (calo_task_result){.ticket = s->ticket, .seconds = calo_clock_seconds() - s->start};
    calo_pool_slot_free_task(s);
    return result;
}

/* What a worker leaves that could not end by itself. */
static void remove_remains(const calo_pool *pool, const calo_pool_slot *s)
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

static void fail_task(calo_pool *pool, calo_pool_slot *s, calo_reason reason, const char *sentence)
{
    remove_remains(pool, s);
    calo_task_result *result = add_result(pool, s);
    result->reason = reason;
    snprintf(result->message, sizeof result->message, "%s", sentence);
}

/* ---- workers ---- */

calo_status calo_pool_slot_start(calo_pool *pool, calo_pool_slot *s, calo_error *err)
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

void calo_pool_slot_send(calo_pool *pool, calo_pool_slot *s)
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
    s->memory_kills = pool->memory_kills;
    calo_pool_worker_send(&s->worker);
}

void calo_pool_slot_kill(calo_pool_slot *s, calo_reason guilt)
{
    s->guilt = guilt;
    calo_pool_worker_kill(&s->worker);
}

/* ---- what workers say ---- */

/* The type of what lies there; 0: nothing. Links are not followed. */
static mode_t type_of(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 ? about.st_mode & S_IFMT : 0;
}

/* A plain name of a file or folder that is there, in a folder that is no link: a worker could name and leave anything. */
static char *find_staged(const calo_pool *pool, const calo_pool_slot *s, const char *name)
{
    if (!calo_name_is_single(name))
        return NULL;
    char *folder = calo_text_format("%s/staged/%06llu", pool->scratch_folder, (unsigned long long)s->number);
    char *path = folder && type_of(folder) == S_IFDIR ? calo_text_format("%s/%s", folder, name) : NULL;
    mode_t type = path ? type_of(path) : 0;
    free(folder);
    if (type == S_IFREG || type == S_IFDIR)
        return path;
    free(path);
    return NULL;
}

/* Without it the report lacks a picture, no more. */
static char *find_thumbnail(const calo_pool *pool, const calo_pool_slot *s)
{
    char *path = calo_text_format("%s/thumbnails/%06llu.png", pool->scratch_folder, (unsigned long long)s->number);
    if (path && type_of(path) == S_IFREG)
        return path;
    if (path)
        unlink(path);
    free(path);
    return NULL;
}

static void take_success(calo_pool *pool, calo_pool_slot *s, const calo_message *message)
{
    char *path = find_staged(pool, s, message->file), *facts = strdup(message->facts), *thumbnail = NULL;
    if (s->thumbnail && message->thumbnail)
        thumbnail = find_thumbnail(pool, s);
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

static void take_failure(calo_pool *pool, calo_pool_slot *s, const calo_message *message)
{
    bool known = message->reason > CALO_REASON_NONE && message->reason < CALO_REASON_COUNT;
    fail_task(pool, s, known ? (calo_reason)message->reason : CALO_REASON_CRASH, message->words);
    calo_task_result *result = &pool->results[pool->result_count - 1];
    calo_pool_make_plain(result->message);
    result->stop = message->stop;
    if (calo_message_is_json_line(message->facts))
        result->facts = strdup(message->facts);
}

static void be_ready(calo_pool *pool, calo_pool_slot *s, const calo_message *message)
{
    s->worker.ready = true;
    s->worker.start_bytes = calo_pool_worker_bytes(&s->worker);
    pool->failed_starts = 0;
    snprintf(pool->sandbox, sizeof pool->sandbox, "%s", message->words);
    calo_pool_make_plain(pool->sandbox);
    calo_pool_slot_send(pool, s);
}

static void take_message(calo_pool *pool, calo_pool_slot *s, const calo_message *message)
{
    if (message->kind == CALO_MESSAGE_READY && !s->worker.ready) {
        be_ready(pool, s, message);
    } else if (message->kind == CALO_MESSAGE_REFUSED && !s->worker.ready) {
        char words[900];
        snprintf(words, sizeof words, "%s", message->words);
        calo_pool_make_plain(words);
        bool known = message->status > CALO_OK && message->status <= CALO_ERROR_CANCELLED;
        calo_fail(&pool->broken, known ? (calo_status)message->status : CALO_ERROR_BACKEND, "%s", words);
    } else if (message->kind == CALO_MESSAGE_RESULT && s->has_task && s->sent && message->ticket == s->ticket &&
               !s->worker.killed) {
        if (message->reason == CALO_REASON_NONE)
            take_success(pool, s, message);
        else
            take_failure(pool, s, message);
        if (message->retire)
            calo_pool_slot_kill(s, CALO_REASON_NONE);
    } else if (!s->worker.killed) {
        calo_pool_slot_kill(s, CALO_REASON_CRASH);
    }
}

/* What is no message is the end of the worker: what else it says cannot be believed either. */
void calo_pool_slot_hear(calo_pool *pool, calo_pool_slot *s)
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
        calo_pool_slot_kill(s, CALO_REASON_CRASH);
}

/* ---- workers that end ---- */

static void print_death(const calo_pool *pool, const calo_pool_slot *s, const calo_pool_end *end, char *text, size_t size)
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
static void lose_task(calo_pool *pool, calo_pool_slot *s, const calo_pool_end *end)
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

static void fail_start(calo_pool *pool, const calo_pool_slot *s, const calo_pool_end *end)
{
    char how[128], words[512];
    pool->failed_starts += end->signal == SIGKILL && s->guilt == CALO_REASON_NONE ? 1 : FAILED_START;
    if (pool->failed_starts < FAILED_STARTS_MAX || pool->broken.status)
        return;
    calo_pool_end_print(end, how, sizeof how);
    print_last_words(&s->worker, words, sizeof words);
    calo_fail(&pool->broken, CALO_ERROR_BACKEND, "the workers end while they start; the last one %s%s", how, words);
}

void calo_pool_slot_end(calo_pool *pool, calo_pool_slot *s)
{
    bool was_ready = s->worker.ready;
    /* What it said before counts. Who else might hold its socket cannot make this endless. */
    for (int i = 0; i < READS_MAX && !s->worker.killed && !s->worker.inbox.ended; i++)
        calo_pool_slot_hear(pool, s);
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
