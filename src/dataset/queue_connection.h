/* A connection to Redis that comes back by itself. */
#ifndef CALO_DATASET_QUEUE_CONNECTION_H
#define CALO_DATASET_QUEUE_CONNECTION_H

#include <calotype/status.h>
#include <hiredis.h>

/* Where and as whom: redis://[[user]:password@]host[:port][/database][?name=run], percent-encoded. */
typedef struct calo_redis_address {
    char host[256], port[8];
    char user[128], password[512]; /* "" where there is none */
    int database;
    char name[65];                 /* of the run: letters, digits, ".", "_", "-"; "default" */
    char label[320];               /* host:port, for sentences: no password in it */
} calo_redis_address;

calo_status calo_redis_address_parse(const char *url, calo_redis_address *address, calo_error *err);

typedef struct calo_redis {
    calo_redis_address address;
    double patience_seconds;
    redisContext *context;     /* NULL: away */
    uint64_t generation;       /* how many connections there have been */
    double away_since, next_try, pause; /* seconds of calo_clock_seconds; 0: none */
    char trouble[640];         /* why it is away; "" */
} calo_redis;

/* A word of a command; it may hold NULs. */
typedef struct calo_redis_word {
    const char *text;
    size_t size;
} calo_redis_word;

calo_redis_word calo_redis_text(const char *text);

/* Says a command and takes the answer, which the caller frees (freeReplyObject). CALO_OK and NULL: Redis is away for now, or
 * says that it is busy, and `trouble` tells why; it is tried again, with pauses, by the calls that follow. Failures are what
 * waiting does not change: a wrong password, a wrong command, or patience that has ended. */
calo_status calo_redis_ask(calo_redis *redis, const calo_redis_word *words, size_t count, redisReply **reply, calo_error *err);
/* What a caller does with an answer that says that Redis is not ready: as if the connection was lost. */
calo_status calo_redis_away(calo_redis *redis, const char *why, calo_error *err);
void calo_redis_close(calo_redis *redis);

#endif
