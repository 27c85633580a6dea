/* The server's parts, for the services. */
#ifndef CALO_SERVER_SERVER_H
#define CALO_SERVER_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/batch.h"
#include "server/rpc.h"
#include "server/service.h"

/* Something to do for a call: a batch to render, or components to change. */
typedef struct calo_job {
    struct calo_job *next;
    calo_call *call; /* held */
    double queued_seconds;
    bool is_update;
    calo_batch batch;
    struct calo_update *update;
} calo_job;

/* Jobs in the order in which they came, and the thread that does them. */
typedef struct calo_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    calo_job *first, *last;
    uint32_t waiting, most;
    bool working, draining, stopping, has_thread;
    pthread_t thread;
} calo_queue;

typedef struct calo_watcher calo_watcher;

/* Who wants to be told when health changes. */
typedef struct calo_health {
    pthread_mutex_t lock;
    bool serving;
    calo_watcher *watchers;
} calo_health;

struct calo_server {
    calo_server_options options; /* with defaults; its text is owned */
    calo_service service;
    calo_log log;
    calo_blocks *blocks;
    calo_queue queue;
    calo_health health;
    calo_rpc *rpc;
};

/* ---- the queue ---- */

void calo_queue_init(calo_queue *queue);
void calo_queue_finish(calo_queue *queue);
calo_status calo_queue_start(calo_server *server, calo_error *err);
/* The job is taken over. False, with the code and the sentence for the client: it is not done, and still the caller's.
 */
bool calo_queue_put(calo_server *server, calo_job *job, calo_rpc_code *code, calo_error *err);
void calo_queue_drain(calo_server *server);
bool calo_queue_is_idle(calo_server *server);
/* A call has gone: its job is not waited for any longer. */
void calo_queue_cancel(calo_server *server, calo_call *call);
/* What waits is refused, what is rendered is stopped, the thread ends. */
void calo_queue_stop(calo_server *server);

void calo_job_destroy(calo_job *job);
/* Does one job and answers its call; on the queue's thread. */
void calo_job_run(calo_server *server, calo_job *job);
/* gRPC's code for a failure of the engine. */
calo_rpc_code calo_rpc_code_of(calo_status status);

/* ---- components that a client changes ---- */

typedef struct calo_update calo_update;
calo_status calo_update_read(const uint8_t *bytes, size_t size, calo_update **update, calo_error *err);
const calo_component_update *calo_update_components(const calo_update *update, size_t *count);
void calo_update_destroy(calo_update *update);

/* ---- services ---- */

extern const calo_method calo_render_batch_method, calo_update_method, calo_health_check_method,
    calo_health_watch_method, calo_reflection_method;

void calo_health_start(calo_health *health);
void calo_health_set(calo_server *server, bool serving);
/* Ends the calls that watch. */
void calo_health_stop(calo_server *server);

#endif
