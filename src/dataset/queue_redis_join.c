/* How a machine joins a run in Redis, and runs its scripts. What is known here of the queue is never more than a copy: after
 * each loss of the connection it is read anew. */
#include "dataset/queue_redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "dataset/queue_scripts.h"

static const char format_version[] = "1";

/* ---- scripts ---- */

bool calo_reply_is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
}

bool calo_reply_is_count(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0;
}

static bool is_answer(const redisReply *reply, size_t elements)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < elements || elements < 4 || !calo_reply_is_text(reply->element[0]))
        return false;
    return calo_reply_is_count(reply->element[1]) && calo_reply_is_count(reply->element[2]) && calo_reply_is_count(reply->element[3]);
}

bool calo_reply_says(const redisReply *reply, const char *word)
{
    return strcmp(reply->element[0]->str, word) == 0;
}

calo_status calo_queue_fail_strange(const calo_redis_queue *queue, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "Redis at %s: the keys calotype:{%s}:* hold what calotype has not written: delete them, or give another "
                     "?name=, and start again",
                     queue->redis.address.label, queue->redis.address.name);
}

/* Runs a script with its first two arguments and these. CALO_OK and NULL: Redis is away. */
static calo_status ask_script(calo_redis_queue *queue, const char *script, const calo_redis_word *arguments, size_t count,
                              redisReply **reply, calo_error *err)
{
    calo_redis_word words[CALO_QUEUE_MAX_ARGUMENTS + 8] = {
        calo_redis_text("EVAL"),         calo_redis_text(script),         calo_redis_text("3"),
        calo_redis_text(queue->keys[0]), calo_redis_text(queue->keys[1]), calo_redis_text(queue->keys[2]),
        calo_redis_text(queue->options_hash), calo_redis_text(queue->consumer),
    };
    for (size_t i = 0; i < count; i++)
        words[8 + i] = arguments[i];
    calo_status status = calo_redis_ask(&queue->redis, words, 8 + count, reply, err);
    if (status || !*reply)
        return status;
    if (is_answer(*reply, 4)) {
        queue->joined = !calo_reply_says(*reply, "gone") && queue->joined;
        return CALO_OK;
    }
    freeReplyObject(*reply);
    *reply = NULL;
    return calo_queue_fail_strange(queue, err);
}

calo_status calo_queue_run(calo_redis_queue *queue, const char *script, const calo_redis_word *arguments, size_t count,
                              redisReply **reply, calo_error *err)
{
    calo_status status = ask_script(queue, script, arguments, count, reply, err);
    if (!*reply)
        return status;
    if (queue->joined) {
        queue->filled = (uint64_t)(*reply)->element[1]->integer;
        queue->waiting = (uint64_t)(*reply)->element[2]->integer;
        queue->done = (uint64_t)(*reply)->element[3]->integer;
        return CALO_OK;
    }
    freeReplyObject(*reply);
    *reply = NULL;
    return CALO_OK;
}

/* ---- joining ---- */

/* The value of a setting, or "" where Redis does not tell, as services often do not. */
static void setting(calo_redis_queue *queue, const char *name, char *value, size_t room)
{
    const calo_redis_word words[3] = {calo_redis_text("CONFIG"), calo_redis_text("GET"), calo_redis_text(name)};
    redisReply *reply = NULL;
    calo_error refused;
    *value = '\0';
    if (!calo_redis_ask(&queue->redis, words, 3, &reply, &refused) && reply && reply->type == REDIS_REPLY_ARRAY &&
        reply->elements == 2 && calo_reply_is_text(reply->element[1]))
        snprintf(value, room, "%s", reply->element[1]->str);
    freeReplyObject(reply);
}

static void check_persistence(calo_redis_queue *queue)
{
    char append[16], policy[32];
    const char *label = queue->redis.address.label;
    setting(queue, "appendonly", append, sizeof append);
    setting(queue, "maxmemory-policy", policy, sizeof policy);
    *queue->persistence = '\0';
    if (strncmp(policy, "allkeys", 7) == 0)
        snprintf(queue->persistence, sizeof queue->persistence,
                 "Redis at %.80s may forget keys when its memory is full (maxmemory-policy %s): use noeviction", label, policy);
    else if (strcmp(append, "no") == 0)
        snprintf(queue->persistence, sizeof queue->persistence,
                 "Redis at %.80s has appendonly off: what it loses in a restart is done again", label);
}

/* Such entries are answers that were lost, or an earlier life of the same --queue-consumer. */
calo_status calo_queue_release_unknown(calo_redis_queue *queue, bool forgive, calo_error *err)
{
    calo_redis_word arguments[CALO_QUEUE_MAX_ARGUMENTS] = {calo_redis_text(forgive ? "1" : "0")};
    for (size_t i = 0; i < queue->held_count; i++)
        arguments[1 + i] = calo_redis_text(queue->held[i].entry);
    redisReply *reply = NULL;
    calo_status status = calo_queue_run(queue, QUEUE_SCRIPT_RELEASE, arguments, 1 + queue->held_count, &reply, err);
    freeReplyObject(reply);
    return status;
}

/* What was known of the run against what Redis has now. */
static void note_loss(calo_redis_queue *queue, uint64_t filled, uint64_t done)
{
    if (filled >= queue->filled && done >= queue->done)
        return;
    snprintf(queue->note, sizeof queue->note,
             "Redis at %s has lost data (%" PRIu64 " parts done, it was %" PRIu64 "): what is missing is done again",
             queue->redis.address.label, done, queue->done);
}

static calo_status fail_join(const calo_redis_queue *queue, const redisReply *reply, calo_error *err)
{
    const char *label = queue->redis.address.label, *name = queue->redis.address.name;
    if (calo_reply_says(reply, "options"))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the run \"%s\" in Redis at %s was begun with other options that change the data set: give the same "
                         "ones on all machines, or another run's name (redis://...?name=other)",
                         name, label);
    if (calo_reply_says(reply, "list"))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the run \"%s\" in Redis at %s was begun with another list of objects (%lld parts there, %" PRIu64
                         " here): give the same list on all machines, or another run's name (redis://...?name=other)",
                         name, label, reply->element[4]->integer, calo_plan_part_count(queue->plan));
    if (calo_reply_says(reply, "version"))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "the run \"%s\" in Redis at %s is of another version of calotype: use the same on all machines", name,
                         label);
    return calo_queue_fail_strange(queue, err);
}

static calo_status joined(calo_redis_queue *queue, const redisReply *reply, calo_error *err)
{
    uint64_t filled = (uint64_t)reply->element[1]->integer, done = (uint64_t)reply->element[3]->integer;
    note_loss(queue, filled, done);
    queue->parts = (uint64_t)reply->element[4]->integer;
    queue->filled = filled;
    queue->waiting = (uint64_t)reply->element[2]->integer;
    queue->done = done;
    queue->joined = true;
    queue->generation = queue->redis.generation;
    for (size_t i = 0; i < queue->told_count; i++)
        queue->told[i].told_at = 0;
    bool again = queue->joined_before;
    queue->joined_before = true;
    check_persistence(queue);
    return calo_queue_release_unknown(queue, again, err);
}

static bool is_joined(calo_redis_queue *queue)
{
    queue->joined = queue->joined && queue->redis.context && queue->generation == queue->redis.generation;
    return queue->joined;
}

calo_status calo_queue_join(calo_redis_queue *queue, calo_error *err)
{
    if (is_joined(queue) || calo_clock_seconds() < queue->next_join)
        return CALO_OK;
    char parts[24];
    snprintf(parts, sizeof parts, "%" PRIu64, queue->plan ? calo_plan_part_count(queue->plan) : 0);
    const calo_redis_word arguments[3] = {calo_redis_text(format_version), calo_redis_text(queue->list), calo_redis_text(parts)};
    redisReply *reply = NULL;
    calo_status status = ask_script(queue, QUEUE_SCRIPT_JOIN, arguments, 3, &reply, err);
    if (!reply)
        return status;
    *queue->note = '\0';
    if (!is_answer(reply, 5) || !calo_reply_is_count(reply->element[4]))
        status = calo_queue_fail_strange(queue, err);
    else if (calo_reply_says(reply, "joined"))
        status = joined(queue, reply, err);
    else if (!calo_reply_says(reply, "empty"))
        status = fail_join(queue, reply, err);
    else
        queue->next_join = calo_clock_seconds() + 1;
    if (!status && calo_reply_says(reply, "empty"))
        snprintf(queue->note, sizeof queue->note,
                 "Redis at %s has no run \"%s\" yet: waiting for a machine that was given the list of objects",
                 queue->redis.address.label, queue->redis.address.name);
    freeReplyObject(reply);
    return status;
}
