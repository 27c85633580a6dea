/* A client of render servers: of `calotype serve`, and of ORRB's own. In the library calotype_client, which needs gRPC and
 * protobuf-c; the messages are those of src/server/orrb.proto. */
#ifndef CALOTYPE_CLIENT_H
#define CALOTYPE_CLIENT_H

#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One connection, which mends itself where it breaks. Any number of threads may call with it at the same time; but
 * nobody may while it is destroyed. */
typedef struct calo_client calo_client;

/* How a server is reached. All-zero but for the address is an unencrypted connection. Nothing is kept of it. */
typedef struct calo_client_options {
    const char *address;         /* "host:port", "unix:/path", or another target of gRPC's */
    const char *token;           /* sent as `authorization: Bearer <token>` metadata; NULL: none */
    bool tls;
    const char *tls_roots;       /* certificates to trust, in PEM; NULL: the system's */
    const char *tls_server_name; /* the name that its certificate has, where it is not the address's; or NULL */
    uint64_t max_reply_bytes;    /* a larger reply is a failure; shared memory not counted [256 MiB] */
} calo_client_options;

/* What every call takes: how long it may last, and who may stop it. */
typedef struct calo_client_call {
    uint32_t deadline_ms; /* [60000] */
    /* Asked by the calling thread about 20 times a second; anything but CALO_OK ends the call, with that status and
     * the sentence that it leaves. May be NULL. */
    calo_status (*poll)(void *user, calo_error *err);
    void *poll_user;
    /* Set by the call: gRPC's status code of what the server, or gRPC, answered (14: nobody answers there). 0 also
     * where a failure was not theirs. */
    int32_t grpc_status;
} calo_client_call;

/* Returns when there is a connection. `call` may be NULL, here and below. */
CALO_API calo_status calo_client_connect(const calo_client_options *options, calo_client_call *call,
                                         calo_client **client, calo_error *err);
CALO_API void calo_client_destroy(calo_client *client);

/* Whether the server says that it takes requests (grpc.health.v1). One that has no such service, as ORRB's, and answers
 * does. */
CALO_API calo_status calo_client_health(calo_client *client, calo_client_call *call, bool *serving, calo_error *err);

typedef enum calo_client_memory {
    CALO_CLIENT_MEMORY_AUTO = 0, /* shared where the address is a loopback one or a Unix socket, and it works */
    CALO_CLIENT_MEMORY_SHARED,   /* a failure where it does not work */
    CALO_CLIENT_MEMORY_MESSAGE,  /* pictures come in the reply's message */
} calo_client_memory;

/* States to be rendered. All is borrowed for the call. */
typedef struct calo_batch_request {
    const float *qpos;   /* count rows of qpos_length numbers */
    uint32_t count, qpos_length;
    const int32_t *seeds; /* one a state; NULL: state i has the seed batch_seed + i */
    int32_t batch_seed;
    uint32_t width, height;
    const char *const *camera_names;
    uint32_t camera_count;
    bool render_alpha, render_depth, render_normals, render_segmentation; /* colour there is always */
    /* What ORRB's own servers do not know, and leave out: */
    const char *const *channels; /* names of calo_channel_name, each once */
    uint32_t channel_count;
    bool rows_top_down;
    bool drawn_values; /* all that was drawn, as auxiliary streams */
    bool png;          /* 8-bit pictures are packed for the way, which excludes shared memory */
    calo_client_memory memory;
} calo_batch_request;

/* One value for each state: C-contiguous, the states first. */
typedef struct calo_batch_array {
    const char *name; /* "CAMERA", "CAMERA_depth", "CAMERA_normals", "CAMERA_segmentation", "CAMERA_CHANNEL", a stream */
    const char *type; /* as numpy writes it: "|u1", "<u4", "<f4"; streams: "<f4", "<i4", "|b1" */
    /* Pictures: states, rows, columns, and components but where there is one. Streams: states, values; where the values
     * of a stream are not as many for each state, it has one dimension. */
    uint32_t dimensions;
    uint64_t shape[4];
    void *data;
    uint64_t bytes;
} calo_batch_array;

/* What a server answered: pictures camera by camera, then streams. */
typedef struct calo_batch_reply {
    const calo_batch_array *arrays;
    uint32_t array_count;
} calo_batch_reply;

/* Renders a batch. The reply has exactly what was asked for, or the call fails. A failure may be sent again: servers keep
 * nothing of a batch. The caller destroys the reply. */
CALO_API calo_status calo_client_render(calo_client *client, const calo_batch_request *request, calo_client_call *call,
                                        calo_batch_reply **reply, calo_error *err);
/* Gives back the memory of one array, whose data is gone then, while the others stay. */
CALO_API void calo_batch_reply_release(calo_batch_reply *reply, uint32_t array);
/* May be NULL. */
CALO_API void calo_batch_reply_destroy(calo_batch_reply *reply);

/* Sends new components of the renderer config: `message` is a serialized orrb.UpdateRequest. What the server does not like
 * of it it tells: the first of its errors, and how many there are, is then the failure. */
CALO_API calo_status calo_client_update(calo_client *client, const void *message, size_t size, calo_client_call *call,
                                        calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
