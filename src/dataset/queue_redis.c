/* Parts from a Redis stream that many machines share. */
#include "dataset/queue_redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "dataset/queue_scripts.h"

enum {
    MAX_TAKEN = 5,                          /* a part that fell silent with so many is spoiled */
    FILL_PARTS = 256, FILL_BYTES = 1 << 20, /* of one step */
    LIST_SAMPLES = 16,                      /* parts that tell whether two lists are the same */
    MAX_TOLD = 4096,
    RESULTS_AT_ONCE = 500,
};
static const double later_seconds = 0.1, look_seconds = 0.5, open_seconds = 30, first_fill_seconds = 10, close_seconds = 5;
/* Redis' appendfsync everysec may lose so much of what it has confirmed, with some room: that is told again. */
static const double told_again_seconds = 10;

static void sleep_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* ---- what this machine holds ---- */

static calo_held_part *find_held(calo_redis_queue *queue, uint64_t part)
{
    for (size_t i = 0; i < queue->held_count; i++)
        if (queue->held[i].part == part)
            return &queue->held[i];
    return NULL;
}

static void drop_held(calo_redis_queue *queue, calo_held_part *held)
{
    *held = queue->held[--queue->held_count];
}

/* ---- results ---- */

static calo_status tell(calo_redis_queue *queue, calo_told_result *result, calo_error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, result->part);
    const calo_redis_word arguments[3] = {calo_redis_text(number), calo_redis_text(result->json), calo_redis_text(result->entry)};
    redisReply *reply = NULL;
    calo_status status = calo_queue_run(queue, QUEUE_SCRIPT_DONE, arguments, 3, &reply, err);
    if (!reply)
        return status;
    result->first = calo_reply_says(reply, "first");
    result->told_at = calo_clock_seconds();
    freeReplyObject(reply);
    return CALO_OK;
}

/* What was told long ago needs not be remembered. */
static void forget_told(calo_redis_queue *queue)
{
    double before = calo_clock_seconds() - told_again_seconds;
    size_t old = 0;
    while (old < queue->told_count && queue->told[old].told_at &&
           (queue->told[old].told_at < before || queue->told_count - old > MAX_TOLD))
        free(queue->told[old++].json);
    if (!old)
        return;
    queue->told_count -= old;
    memmove(queue->told, queue->told + old, queue->told_count * sizeof *queue->told);
}

static bool all_told(const calo_redis_queue *queue)
{
    for (size_t i = queue->told_count; i-- > 0;)
        if (!queue->told[i].told_at)
            return false;
    return true;
}

static calo_status tell_all(calo_redis_queue *queue, calo_error *err)
{
    calo_status status = calo_queue_join(queue, err);
    for (size_t i = 0; !status && queue->joined && i < queue->told_count; i++)
        if (!queue->told[i].told_at)
            status = tell(queue, &queue->told[i], err);
    return status;
}

static calo_status redis_done(calo_queue *base, const calo_queue_result *result, bool *first, calo_error *err)
{
    calo_redis_queue *queue = (calo_redis_queue *)base;
    forget_told(queue);
    if (queue->told_count == queue->told_room) {
        size_t room = queue->told_room ? 2 * queue->told_room : 64;
        calo_told_result *larger = realloc(queue->told, room * sizeof *larger);
        if (!larger)
            return calo_fail_memory(err, "results for Redis", room * sizeof *larger);
        queue->told = larger;
        queue->told_room = room;
    }
    calo_told_result *told = &queue->told[queue->told_count];
    *told = (calo_told_result){.part = result->part, .json = strdup(result->json), .first = true};
    if (!told->json)
        return calo_fail_memory(err, "a result for Redis", strlen(result->json));
    queue->told_count++;
    calo_held_part *held = find_held(queue, result->part);
    if (held) {
        memcpy(told->entry, held->entry, sizeof told->entry);
        drop_held(queue, held);
    }
    calo_status status = tell_all(queue, err);
    *first = told->first;
    return status;
}

/* ---- filling in ---- */

/* The JSON of the parts from `filled` on, as many as one step takes. The caller frees the texts. */
static calo_status print_parts(calo_redis_queue *queue, char **texts, size_t *count, calo_error *err)
{
    calo_status status = CALO_OK;
    size_t bytes = 0;
    for (*count = 0; !status && *count < FILL_PARTS && bytes < FILL_BYTES && queue->filled + *count < queue->parts;) {
        calo_part part = {0};
        status = calo_plan_part(queue->plan, queue->filled + *count, &part, err);
        if (!status)
            status = calo_part_print(&part, &texts[*count], err);
        if (!status)
            bytes += strlen(texts[(*count)++]);
        calo_part_finish(&part);
    }
    return status;
}

static bool wants_filling(const calo_redis_queue *queue)
{
    return queue->plan && queue->joined && queue->filled < queue->parts && queue->waiting < queue->backlog;
}

/* One step. */
static calo_status fill(calo_redis_queue *queue, calo_error *err)
{
    if (!wants_filling(queue))
        return CALO_OK;
    char *texts[FILL_PARTS], from[24], backlog[24];
    size_t count;
    calo_status status = print_parts(queue, texts, &count, err);
    snprintf(from, sizeof from, "%" PRIu64, queue->filled);
    snprintf(backlog, sizeof backlog, "%" PRIu64, queue->backlog);
    calo_redis_word arguments[FILL_PARTS + 2] = {calo_redis_text(from), calo_redis_text(backlog)};
    for (size_t i = 0; i < count; i++)
        arguments[2 + i] = calo_redis_text(texts[i]);
    redisReply *reply = NULL;
    if (!status)
        status = calo_queue_run(queue, QUEUE_SCRIPT_FILL, arguments, 2 + count, &reply, err);
    freeReplyObject(reply);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    return status;
}

/* ---- taking ---- */

/* An answer's part, whose JSON anybody could have written. */
static calo_status read_part(calo_redis_queue *queue, const redisReply *reply, calo_part *part, calo_error *err)
{
    const redisReply *entry = reply->element[4], *number = reply->element[5], *json = reply->element[6];
    calo_error why = {0};
    int64_t value;
    if (!calo_reply_is_text(entry) || !calo_reply_is_text(number) || !calo_reply_is_text(json) ||
        !calo_reply_is_count(reply->element[7]) || entry->len >= sizeof(calo_entry_name))
        return calo_queue_fail_strange(queue, err);
    calo_status status = calo_part_parse(json->str, json->len, part, &why);
    if (!status && calo_parse_integer(number->str, &value) && value >= 0 && (uint64_t)value == part->number &&
        part->number < queue->parts)
        return CALO_OK;
    if (!status)
        calo_part_finish(part);
    *part = (calo_part){0};
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "Redis at %s, entry %s of calotype:{%s}:parts is no part of this run%s%.300s: delete the keys "
                     "calotype:{%s}:*, or give another ?name=, and start again",
                     queue->redis.address.label, entry->str, queue->redis.address.name, status ? ": " : "", why.message,
                     queue->redis.address.name);
}

static calo_status hold(calo_redis_queue *queue, const redisReply *reply, calo_part *part, calo_queue_state *state,
                        calo_error *err)
{
    if (reply->elements < 8)
        return calo_queue_fail_strange(queue, err);
    calo_status status = read_part(queue, reply, part, err);
    if (status)
        return status;
    /* This machine is making it: it stands in the stream twice after Redis had lost some. */
    if (find_held(queue, part->number)) {
        calo_part_finish(part);
        *part = (calo_part){0};
        return calo_queue_release_unknown(queue, true, err);
    }
    calo_held_part *held = &queue->held[queue->held_count++];
    held->part = part->number;
    strcpy(held->entry, reply->element[4]->str);
    *state = reply->element[7]->integer > MAX_TAKEN ? CALO_QUEUE_SPOILED : CALO_QUEUE_PART;
    return CALO_OK;
}

static bool is_end(const calo_redis_queue *queue)
{
    return queue->joined && queue->filled >= queue->parts && queue->done >= queue->parts && all_told(queue);
}

static calo_status keep_held(calo_redis_queue *queue, calo_error *err)
{
    calo_redis_word arguments[CALO_QUEUE_MAX_HELD];
    for (size_t i = 0; i < queue->held_count; i++)
        arguments[i] = calo_redis_text(queue->held[i].entry);
    redisReply *reply = NULL;
    calo_status status = calo_queue_run(queue, QUEUE_SCRIPT_KEEP, arguments, queue->held_count, &reply, err);
    double now = calo_clock_seconds();
    if (reply) {
        queue->next_keep = now + queue->claim_seconds / 4;
        queue->next_look = now + look_seconds;
    }
    freeReplyObject(reply);
    return status;
}

static calo_status take_now(calo_redis_queue *queue, calo_part *part, calo_queue_state *state, calo_error *err)
{
    double now = calo_clock_seconds();
    char silence[24] = "";
    if (now >= queue->next_claim)
        snprintf(silence, sizeof silence, "%.0f", 1000 * queue->claim_seconds);
    const calo_redis_word arguments[1] = {calo_redis_text(silence)};
    redisReply *reply = NULL;
    calo_status status = calo_queue_run(queue, QUEUE_SCRIPT_TAKE, arguments, 1, &reply, err);
    if (!reply)
        return status;
    if (calo_reply_says(reply, "part"))
        status = hold(queue, reply, part, state, err);
    else if (*silence)
        queue->next_claim = now + queue->claim_seconds / 4;
    freeReplyObject(reply);
    return status;
}

static calo_status redis_take(calo_queue *base, calo_part *part, calo_queue_state *state, calo_error *err)
{
    calo_redis_queue *queue = (calo_redis_queue *)base;
    *state = CALO_QUEUE_LATER;
    if (calo_clock_seconds() < queue->ask_after)
        return CALO_OK;
    calo_status status = tell_all(queue, err);
    if (!status)
        status = fill(queue, err);
    /* What it holds is not to be claimed from itself. */
    if (!status && queue->joined && queue->held_count && calo_clock_seconds() >= queue->next_keep)
        status = keep_held(queue, err);
    if (!status && queue->joined && !is_end(queue) && queue->held_count < CALO_QUEUE_MAX_HELD)
        status = take_now(queue, part, state, err);
    if (!status && *state == CALO_QUEUE_LATER && is_end(queue))
        *state = CALO_QUEUE_END;
    if (*state == CALO_QUEUE_LATER && !wants_filling(queue))
        queue->ask_after = calo_clock_seconds() + later_seconds;
    return status;
}

static calo_status redis_give_back(calo_queue *base, uint64_t part, calo_error *err)
{
    calo_redis_queue *queue = (calo_redis_queue *)base;
    calo_held_part *held = find_held(queue, part);
    if (!held)
        return CALO_OK;
    drop_held(queue, held);
    calo_status status = calo_queue_join(queue, err);
    return status || !queue->joined ? status : calo_queue_release_unknown(queue, true, err);
}

static calo_status redis_keep(calo_queue *base, calo_error *err)
{
    calo_redis_queue *queue = (calo_redis_queue *)base;
    forget_told(queue);
    calo_status status = tell_all(queue, err);
    if (!status)
        status = fill(queue, err);
    /* Others take what it fills in: it looks whether there is room again. */
    double due = queue->plan && queue->filled < queue->parts ? queue->next_look : queue->next_keep;
    if (!status && queue->joined && calo_clock_seconds() >= due)
        status = keep_held(queue, err);
    return status;
}

/* ---- questions ---- */

static void redis_counts(const calo_queue *base, uint64_t *parts, uint64_t *done)
{
    const calo_redis_queue *queue = (const calo_redis_queue *)base;
    *parts = queue->parts;
    *done = queue->done;
}

static const char *redis_trouble(const calo_queue *base)
{
    const calo_redis_queue *queue = (const calo_redis_queue *)base;
    const char *const sentences[3] = {queue->redis.trouble, queue->note, queue->persistence};
    for (int i = 0; i < 3; i++)
        if (*sentences[i])
            return sentences[i];
    return NULL;
}

/* The results of the parts from `first` on. CALO_OK and NULL: Redis is away. */
static calo_status ask_results(calo_redis_queue *queue, uint64_t first, size_t count, redisReply **reply, calo_error *err)
{
    char numbers[RESULTS_AT_ONCE][24];
    calo_redis_word words[2 + RESULTS_AT_ONCE] = {calo_redis_text("HMGET"), calo_redis_text(queue->keys[2])};
    for (size_t i = 0; i < count; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%" PRIu64, first + i);
        words[2 + i] = calo_redis_text(numbers[i]);
    }
    calo_status status = calo_redis_ask(&queue->redis, words, 2 + count, reply, err);
    if (status || !*reply || ((*reply)->type == REDIS_REPLY_ARRAY && (*reply)->elements == count))
        return status;
    freeReplyObject(*reply);
    *reply = NULL;
    return calo_queue_fail_strange(queue, err);
}

/* It was there when the end was seen. */
static calo_status fail_result(const calo_redis_queue *queue, uint64_t part, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_IO, "Redis at %s has lost the result of part %" PRIu64 " of the run \"%s\": --resume on "
                     "all machines tells it again, or makes it", queue->redis.address.label, part, queue->redis.address.name);
}

static calo_status redis_results(calo_queue *base, void (*visit)(void *user, const calo_queue_result *result), void *user,
                                 calo_error *err)
{
    calo_redis_queue *queue = (calo_redis_queue *)base;
    for (uint64_t first = 0; first < queue->parts;) {
        size_t count = queue->parts - first < RESULTS_AT_ONCE ? (size_t)(queue->parts - first) : RESULTS_AT_ONCE;
        redisReply *reply = NULL;
        calo_status status = ask_results(queue, first, count, &reply, err);
        if (status)
            return status;
        if (!reply) {
            sleep_a_little();
            continue;
        }
        for (size_t i = 0; !status && i < count; i++)
            if (calo_reply_is_text(reply->element[i]))
                visit(user, &(calo_queue_result){first + i, reply->element[i]->str});
            else
                status = fail_result(queue, first + i, err);
        freeReplyObject(reply);
        if (status)
            return status;
        first += count;
    }
    return CALO_OK;
}

/* ---- opening and closing ---- */

static void free_queue(calo_redis_queue *queue)
{
    calo_redis_close(&queue->redis);
    for (size_t i = 0; i < queue->told_count; i++)
        free(queue->told[i].json);
    free(queue->told);
    free(queue->options_hash);
    explicit_bzero(&queue->redis.address, sizeof queue->redis.address); /* its password */
    free(queue);
}

static void redis_close(calo_queue *base)
{
    calo_redis_queue *queue = (calo_redis_queue *)base;
    double until = calo_clock_seconds() + close_seconds;
    calo_status status = tell_all(queue, NULL);
    while (!status && !all_told(queue) && calo_clock_seconds() < until) {
        sleep_a_little();
        status = tell_all(queue, NULL);
    }
    queue->held_count = 0;
    if (!status && queue->joined)
        status = calo_queue_release_unknown(queue, true, NULL);
    redisReply *reply = NULL;
    if (!status && queue->joined)
        calo_queue_run(queue, QUEUE_SCRIPT_LEAVE, NULL, 0, &reply, NULL);
    freeReplyObject(reply);
    free_queue(queue);
}

static const calo_queue_kind redis_kind = {
    .close = redis_close,
    .take = redis_take,
    .done = redis_done,
    .give_back = redis_give_back,
    .keep = redis_keep,
    .counts = redis_counts,
    .trouble = redis_trouble,
    .results = redis_results,
};

static void add_text(calo_sha256_run *run, const char *text)
{
    if (text)
        calo_sha256_add(run, text, strlen(text));
    calo_sha256_add(run, "", 1);
}

/* Names and contents. Locations are left out: machines may see one list in different folders. */
static void add_part(calo_sha256_run *run, const calo_part *part)
{
    add_text(run, part->name);
    for (size_t i = 0; i < part->sample_count; i++) {
        add_text(run, part->samples[i].name);
        for (size_t k = 0; k < part->samples[i].object_count; k++) {
            add_text(run, part->samples[i].objects[k].file_identifier);
            add_text(run, part->samples[i].objects[k].sha256);
        }
    }
}

/* A hash of some of the plan's parts, evenly spread: two lists of the same length seldom agree in them. */
static calo_status hash_list(const calo_plan *plan, char text[65], calo_error *err)
{
    uint64_t parts = calo_plan_part_count(plan);
    uint64_t count = parts < LIST_SAMPLES ? parts : LIST_SAMPLES;
    calo_sha256_run run;
    calo_sha256_begin(&run);
    for (uint64_t i = 0; i < count; i++) {
        calo_part part = {0};
        calo_status status = calo_plan_part(plan, parts / count * i, &part, err);
        if (status)
            return status;
        add_part(&run, &part);
        calo_part_finish(&part);
    }
    calo_sha256 hash = calo_sha256_end(&run);
    calo_sha256_text(&hash, text);
    return CALO_OK;
}

static void name_consumer(calo_redis_queue *queue, const char *consumer)
{
    char host[65] = "";
    uint32_t random = 0;
    if (consumer) {
        snprintf(queue->consumer, sizeof queue->consumer, "%s", consumer);
        return;
    }
    gethostname(host, sizeof host - 1);
    if (getrandom(&random, sizeof random, 0) < 0)
        random = (uint32_t)(calo_clock_seconds() * 1e6);
    snprintf(queue->consumer, sizeof queue->consumer, "%s-%ld-%08x", host, (long)getpid(), random);
}

static calo_status set_up(calo_redis_queue *queue, const calo_redis_options *options, calo_error *err)
{
    static const char *const keys[3] = {"run", "parts", "results"};
    calo_status status = calo_redis_address_parse(options->url, &queue->redis.address, err);
    if (!status && queue->plan)
        status = hash_list(queue->plan, queue->list, err);
    if (status)
        return status;
    queue->redis.patience_seconds = options->patience_seconds > 0 ? options->patience_seconds : 600;
    queue->claim_seconds = options->claim_seconds > 0 ? options->claim_seconds : 60;
    queue->backlog = options->backlog ? options->backlog : 100000;
    queue->options_hash = strdup(options->options_hash);
    if (!queue->options_hash)
        return calo_fail_memory(err, "the queue", strlen(options->options_hash));
    name_consumer(queue, options->consumer);
    for (int i = 0; i < 3; i++)
        snprintf(queue->keys[i], sizeof queue->keys[i], "calotype:{%s}:%s", queue->redis.address.name, keys[i]);
    return CALO_OK;
}

/* Joins, and fills in all that may wait there. */
static calo_status start(calo_redis_queue *queue, calo_error *err)
{
    double began = calo_clock_seconds();
    double patience = queue->redis.patience_seconds < open_seconds ? queue->redis.patience_seconds : open_seconds;
    calo_status status = calo_queue_join(queue, err);
    while (!status && *queue->redis.trouble && calo_clock_seconds() - began < patience) {
        sleep_a_little();
        status = calo_queue_join(queue, err);
    }
    if (!status && *queue->redis.trouble)
        return calo_fail(err, CALO_ERROR_IO, "%s, for %.0f seconds now: start it, or check the address of --queue",
                         queue->redis.trouble, patience);
    while (!status && wants_filling(queue) && calo_clock_seconds() - began < patience + first_fill_seconds)
        status = fill(queue, err);
    return status;
}

calo_status calo_queue_open_redis(const calo_redis_options *options, const calo_plan *plan, calo_queue **opened, calo_error *err)
{
    calo_redis_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return calo_fail_memory(err, "the queue", sizeof *queue);
    queue->base.kind = &redis_kind;
    queue->plan = plan;
    calo_status status = set_up(queue, options, err);
    if (!status)
        status = start(queue, err);
    if (status) {
        free_queue(queue);
        return status;
    }
    *opened = &queue->base;
    return CALO_OK;
}
