/* One call and its server, between rpc.c, which moves calls, and listen.c, which opens the port. */
#ifndef CALO_SERVER_CALL_H
#define CALO_SERVER_CALL_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/rpc.h"

/* What a completion queue gives back: which call's turn it is, and what has been done. */
typedef struct calo_tag {
    calo_call *call;
    void (*done)(calo_call *call, bool success);
} calo_tag;

struct calo_call {
    calo_rpc *rpc;
    grpc_call *call; /* NULL: waits for a client */
    grpc_call_details details;
    grpc_metadata_array metadata;
    const calo_method *method;
    char *method_name, *peer;
    uint64_t id;
    atomic_uint references; /* operations under way, and who holds it */
    atomic_bool over;       /* gone or finished */
    calo_tag accepted, received, sent, finished, closed;
    grpc_byte_buffer *incoming, *outgoing;
    int was_cancelled;
    void (*on_sent)(calo_call *call);
    bool next; /* receives again when what is under way was sent */
    /* Under the server's lock. */
    bool began, ended;                      /* initial metadata, the status were sent */
    double receive_by, sent_since, send_by; /* on CLOCK_MONOTONIC; 0: nothing under way */
    calo_call *previous, *following;
};

enum { CALO_RPC_THREADS = 2 };

struct calo_rpc {
    calo_rpc_options options;
    uint16_t port;
    grpc_server *server;
    grpc_completion_queue *queue;
    calo_tag stopped;
    pthread_t threads[CALO_RPC_THREADS];
    uint32_t thread_count;
    atomic_bool stopping;
    pthread_rwlock_t queue_lock; /* read: operations begin; written: the queue closes */
    bool queue_closed;
    pthread_mutex_t house_lock; /* one thread keeps the house */
    double house_seconds;       /* when it was last kept */
    pthread_mutex_t lock;       /* of the list and of the calls' states; no service is called inside */
    calo_call *calls;
    size_t call_count;
    uint64_t next_id;
};

/* Opens the port and starts gRPC's server. */
calo_status calo_rpc_listen(calo_rpc *rpc, calo_error *err);

#endif
