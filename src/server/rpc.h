/* gRPC's calls, as the services see them: messages are bytes, failures are a code and a sentence. Everything of gRPC's
 * C core is in rpc.c and listen.c. */
#ifndef CALO_SERVER_RPC_H
#define CALO_SERVER_RPC_H

#include "server/log.h"
#include "server/reply.h"

typedef struct calo_rpc calo_rpc;
typedef struct calo_call calo_call;

/* gRPC's status codes, with its numbers. */
typedef enum calo_rpc_code {
    CALO_RPC_OK = 0,
    CALO_RPC_CANCELLED = 1,
    CALO_RPC_INVALID_ARGUMENT = 3,
    CALO_RPC_DEADLINE_EXCEEDED = 4,
    CALO_RPC_NOT_FOUND = 5,
    CALO_RPC_RESOURCE_EXHAUSTED = 8,
    CALO_RPC_UNIMPLEMENTED = 12,
    CALO_RPC_INTERNAL = 13,
    CALO_RPC_UNAVAILABLE = 14,
    CALO_RPC_UNAUTHENTICATED = 16,
} calo_rpc_code;
const char *calo_rpc_code_name(calo_rpc_code code);

typedef struct calo_method {
    const char *path; /* "/package.Service/Method" */
    bool open;        /* needs no token */
    bool stream;      /* may send several messages, and get several */
    /* A message has come; `bytes` is NULL when the client of a stream has sent all. Any thread of the transport. */
    void (*received)(calo_call *call, const uint8_t *bytes, size_t size);
    /* The client has gone, or its deadline has passed, before the call was finished; may be NULL. */
    void (*cancelled)(calo_call *call);
} calo_method;

typedef struct calo_rpc_options {
    const char *host;
    uint16_t port;
    const char *token;             /* NULL: none */
    const char *certificate, *key; /* PEM text; NULL: no TLS */
    uint64_t max_message_bytes;
    uint32_t streams;                     /* calls at once of one connection */
    double receive_seconds, idle_seconds; /* a message must be here, a connection without calls is closed after */
    const calo_log *log;
    const calo_method *const *methods; /* ends with NULL */
    void *user;
    void (*keep_house)(void *user); /* a few times a second, by one thread at a time; may be NULL */
} calo_rpc_options;

/* Listens. What the options point to must outlive it. */
calo_status calo_rpc_create(const calo_rpc_options *options, calo_rpc **rpc, calo_error *err);
uint16_t calo_rpc_port(const calo_rpc *rpc);
/* Ends every call, and waits until nothing of gRPC runs any more. */
void calo_rpc_destroy(calo_rpc *rpc);
/* Replies that are still on their way. */
size_t calo_rpc_sending(calo_rpc *rpc);
/* Gives up the reply that has been on its way longest, if that is longer than `seconds`; false: there is none. */
bool calo_rpc_drop_slowest(calo_rpc *rpc, double seconds);

/* ---- one call ---- */

void *calo_call_user(const calo_call *call); /* calo_rpc_options.user */
uint64_t calo_call_id(const calo_call *call);
const char *calo_call_method(const calo_call *call);
/* "ipv4:127.0.0.1:40000", for logs. */
const char *calo_call_peer(const calo_call *call);

/* A call stays valid as long as it is held, and during its method's functions. */
void calo_call_hold(calo_call *call);
void calo_call_release(calo_call *call);

/* Nobody waits for an answer: gone, cancelled, or too late. Any thread. */
bool calo_call_over(const calo_call *call);
/* The deadline has passed. */
bool calo_call_late(const calo_call *call);

/* The end of a call. The first of these counts, what comes later does nothing. `reply` is taken over and emptied. */
void calo_call_answer(calo_call *call, calo_reply *reply);
void calo_call_fail(calo_call *call, calo_rpc_code code, const char *sentence);
void calo_call_finish(calo_call *call);
/* One message of a stream; the next may follow when it was `sent`. The bytes are copied. `next`: then receives again.
 */
void calo_call_send(calo_call *call, const uint8_t *bytes, size_t size, void (*sent)(calo_call *call), bool next);

#endif
