/* What the files of the Redis queue share. */
#ifndef CALO_DATASET_QUEUE_REDIS_H
#define CALO_DATASET_QUEUE_REDIS_H

#include "dataset/queue_connection.h"
#include "dataset/queue_kind.h"

enum {
    CALO_QUEUE_MAX_HELD = 512,      /* parts that one machine has at a time */
    CALO_QUEUE_MAX_ARGUMENTS = 600, /* of a script */
};

typedef char calo_entry_name[48]; /* a stream entry's: "1700000000000-0" */

typedef struct calo_held_part {
    uint64_t part;
    calo_entry_name entry;
} calo_held_part;

/* A result that Redis has not confirmed, or not for long. */
typedef struct calo_told_result {
    uint64_t part;
    calo_entry_name entry; /* "": it was not taken in this life */
    char *json;
    double told_at;        /* 0: not yet */
    bool first;
} calo_told_result;

typedef struct calo_redis_queue {
    calo_queue base;
    calo_redis redis;
    const calo_plan *plan;
    char *options_hash;
    char consumer[192], keys[3][96], list[65];
    double claim_seconds;
    uint64_t backlog;
    bool joined, joined_before;
    uint64_t generation;                   /* of the connection by which it joined */
    uint64_t parts, filled, waiting, done; /* as Redis had them last */
    double ask_after, next_claim, next_keep, next_look, next_join; /* calo_clock_seconds */
    calo_held_part held[CALO_QUEUE_MAX_HELD];
    size_t held_count;
    calo_told_result *told;
    size_t told_count, told_room;
    char note[512], persistence[256];
} calo_redis_queue;

/* Makes this machine one of the run's, if it is not yet. CALO_OK and not `joined`: Redis is away, or nobody with a list has
 * come yet. */
calo_status calo_queue_join(calo_redis_queue *queue, calo_error *err);
/* Runs a script (queue_scripts.h) with these arguments after the first two. CALO_OK and NULL: not now. */
calo_status calo_queue_run(calo_redis_queue *queue, const char *script, const calo_redis_word *arguments, size_t count,
                           redisReply **reply, calo_error *err);
/* Lets anybody take what Redis thinks that this machine has, but for what it holds. `forgive`: as if it was never taken. */
calo_status calo_queue_release_unknown(calo_redis_queue *queue, bool forgive, calo_error *err);

bool calo_reply_is_text(const redisReply *reply);
bool calo_reply_is_count(const redisReply *reply);
/* The answer's first word. */
bool calo_reply_says(const redisReply *reply, const char *word);
/* For answers that no script of ours gives. */
calo_status calo_queue_fail_strange(const calo_redis_queue *queue, calo_error *err);

#endif
