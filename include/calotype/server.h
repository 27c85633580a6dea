/* The render server: states of a scene to pictures over gRPC, with ORRB's protocol and its additions
 * (src/server/orrb.proto, docs/serve.md). Beside it the server answers gRPC's health checks and reflection.
 *
 * In a library of its own, libcalotype_server, which has all of libcalotype in it: link the one or the other. */
#ifndef CALOTYPE_SERVER_H
#define CALOTYPE_SERVER_H

#include <calotype/states.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_server_log {
    CALO_SERVER_LOG_INFO = 0,
    CALO_SERVER_LOG_DEBUG,
    CALO_SERVER_LOG_WARNING,
    CALO_SERVER_LOG_ERROR,
} calo_server_log;

/* All zero is the default, in brackets. Text is copied. Append only. */
typedef struct calo_server_options {
    const char *host;           /* a name or an address ["127.0.0.1"] */
    uint16_t port;              /* [any that is free] */
    const char *token;          /* what clients send as `authorization: Bearer TOKEN`; health checks need none [none] */
    const char *certificate;    /* TLS: the certificate chain and the private key, as PEM text; both or none */
    const char *key;
    uint32_t queue;             /* requests that wait; more are refused with RESOURCE_EXHAUSTED [64] */
    uint32_t streams;           /* calls at once of one connection [64] */
    uint64_t max_message_bytes; /* of a request, and of a reply without shared memory [256 MiB] */
    uint64_t max_pixels;        /* of all pictures of a request, whatever their channels [256 Mi] */
    uint32_t max_states;        /* of a request [65536] */
    uint64_t max_reply_bytes;   /* of all replies that are made or under way [1 GiB] */
    uint64_t max_shared_bytes;  /* of shared memory that nobody has fetched [1 GiB] */
    double shared_seconds;      /* how long shared memory waits to be fetched [60] */
    bool no_shared_memory;      /* shared memory is refused */
    double receive_seconds;     /* how long a request may take to arrive [30] */
    double idle_seconds;        /* how long a connection may be without a call [600] */
    int log_fd;                 /* a line an event is written to it [nothing is logged] */
    bool log_json;
    calo_server_log log_level;
} calo_server_options;

/* What is served. Borrowed; nobody else uses the engine while the server lives. */
typedef struct calo_server_subject {
    calo_states *states;
    calo_randomizer *randomizer;        /* that of the states, or NULL; Update changes it */
    const calo_mujoco_mapping *mapping; /* how qpos of requests is read, or NULL: joint positions */
} calo_server_subject;

typedef struct calo_server calo_server;

/* Listens and serves, on threads of its own, until it is destroyed. Requests are rendered in the order in which they
 * came, one at a time, with all threads of the engine. */
CALO_API calo_status calo_server_start(const calo_server_subject *subject, const calo_server_options *options,
                                       calo_server **server, calo_error *err);
CALO_API uint16_t calo_server_port(const calo_server *server);

/* From now on new requests are refused with UNAVAILABLE and health is NOT_SERVING; what was accepted is still done. */
CALO_API void calo_server_drain(calo_server *server);
/* Nothing waits, is rendered or is being sent. */
CALO_API bool calo_server_is_idle(calo_server *server);

/* Ends every call at once. NULL is allowed. */
CALO_API void calo_server_destroy(calo_server *server);

#ifdef __cplusplus
}
#endif
#endif
