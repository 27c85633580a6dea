#include <orrb.pb-c.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "server/server.h"

/* A reply that is on its way this long makes room when there is none. */
#define SLOW_SECONDS 10.0

void calo_job_destroy(calo_job *job)
{
    if (!job)
        return;
    calo_batch_finish(&job->batch);
    calo_update_destroy(job->update);
    if (job->call)
        calo_call_release(job->call);
    free(job);
}

calo_rpc_code calo_rpc_code_of(calo_status status)
{
    switch (status) {
    case CALO_OK: return CALO_RPC_OK;
    case CALO_ERROR_ARGUMENT:
    case CALO_ERROR_NOT_FOUND:
    case CALO_ERROR_FORMAT:
    case CALO_ERROR_EMPTY:
    case CALO_ERROR_REJECTED: return CALO_RPC_INVALID_ARGUMENT;
    case CALO_ERROR_LIMIT:
    case CALO_ERROR_MEMORY: return CALO_RPC_RESOURCE_EXHAUSTED;
    case CALO_ERROR_UNSUPPORTED: return CALO_RPC_UNIMPLEMENTED;
    case CALO_ERROR_CANCELLED: return CALO_RPC_CANCELLED;
    case CALO_ERROR_IO:
    case CALO_ERROR_BACKEND: break;
    }
    return CALO_RPC_INTERNAL;
}

/* ---- when to stop ---- */

typedef struct watch {
    calo_server *server;
    calo_call *call;
} watch;

static bool is_stopping(calo_server *server)
{
    pthread_mutex_lock(&server->queue.lock);
    bool stopping = server->queue.stopping;
    pthread_mutex_unlock(&server->queue.lock);
    return stopping;
}

static calo_status poll_call(void *user, calo_error *err)
{
    const watch *w = user;
    if (calo_call_late(w->call))
        return calo_fail(err, CALO_ERROR_CANCELLED, "the request's deadline has passed");
    if (calo_call_over(w->call))
        return calo_fail(err, CALO_ERROR_CANCELLED, "the client has cancelled the request");
    if (is_stopping(w->server))
        return calo_fail(err, CALO_ERROR_CANCELLED, "the server is stopping: ask another one");
    return CALO_OK;
}

/* Waits until replies that are on their way leave room for this one. */
static calo_status wait_for_room(const watch *w, const calo_batch *batch, calo_error *err)
{
    calo_server *server = w->server;
    const struct timespec pause = {0, 5000000};
    calo_status status = CALO_OK;
    size_t size = batch->block_bytes;
    if (!batch->shared_memory && size > server->options.max_reply_bytes)
        return calo_fail(err, CALO_ERROR_LIMIT,
                         "the pictures take %zu bytes, more than replies may have together: ask for fewer", size);
    while (status == CALO_OK && !calo_blocks_have_room(server->blocks, size, batch->shared_memory)) {
        status = poll_call((void *)w, err);
        if (status == CALO_OK && batch->shared_memory)
            return calo_fail(err, CALO_ERROR_LIMIT, "too much shared memory waits to be fetched: try again later");
        if (status == CALO_OK && !calo_rpc_drop_slowest(server->rpc, SLOW_SECONDS))
            nanosleep(&pause, NULL);
    }
    return status;
}

/* ---- a batch ---- */

static void log_done(calo_server *server, const calo_job *job, double started, size_t bytes, const calo_error *err)
{
    calo_log_line line;
    const calo_states_request *request = &job->batch.request;
    calo_log_begin(&line, &server->log, err ? CALO_LOG_WARNING : CALO_LOG_INFO, err ? "failed" : "rendered");
    calo_log_count(&line, "id", calo_call_id(job->call));
    calo_log_text(&line, "peer", calo_call_peer(job->call));
    calo_log_count(&line, "states", request->state_count);
    calo_log_count(&line, "cameras", request->camera_count);
    calo_log_count(&line, "width", request->width);
    calo_log_count(&line, "height", request->height);
    calo_log_count(&line, "outputs", job->batch.picture_count);
    calo_log_count(&line, "bytes", bytes);
    calo_log_milliseconds(&line, "waited_ms", started - job->queued_seconds);
    calo_log_milliseconds(&line, "render_ms", calo_clock_seconds() - started);
    if (err)
        calo_log_text(&line, "message", err->message);
    calo_log_end(&line);
}

static calo_status take_block(calo_server *server, const calo_batch *batch, calo_block **block, char name[64],
                              calo_error *err)
{
    if (batch->shared_memory)
        return calo_block_take_shared(server->blocks, batch->block_bytes, server->options.shared_seconds, block, name,
                                      err);
    return calo_block_take(server->blocks, batch->block_bytes, block, err);
}

static calo_status make_reply(const watch *w, calo_batch *batch, calo_reply *reply, calo_error *err)
{
    const calo_service *service = &w->server->service;
    calo_block *block = NULL;
    size_t *sizes = NULL;
    char name[64] = "";
    calo_status status = calo_batch_reserve_values(batch, service, w->server->options.max_message_bytes, err);
    if (status == CALO_OK)
        status = take_block(w->server, batch, &block, name, err);
    if (status != CALO_OK)
        return status;
    calo_batch_place(batch, block->bytes);
    batch->request.poll = poll_call;
    batch->request.poll_user = (void *)w;
    status = service->render(service->user, &batch->request, err);
    if (status == CALO_OK && batch->png)
        status = calo_batch_encode(batch, block->bytes, &sizes, err);
    if (status == CALO_OK)
        status = calo_batch_reply(batch, service, block, batch->shared_memory ? name : NULL, sizes, reply, err);
    else
        calo_block_release(block);
    if (status != CALO_OK && batch->shared_memory)
        calo_block_forget(w->server->blocks, name);
    free(sizes);
    return status;
}

/* A deadline that has passed has a code of its own, and so has a server that stops. */
static calo_rpc_code code_of(const watch *w, calo_status status)
{
    if (status != CALO_ERROR_CANCELLED)
        return calo_rpc_code_of(status);
    if (calo_call_late(w->call))
        return CALO_RPC_DEADLINE_EXCEEDED;
    return is_stopping(w->server) ? CALO_RPC_UNAVAILABLE : CALO_RPC_CANCELLED;
}

static void run_batch(calo_server *server, calo_job *job)
{
    watch w = {server, job->call};
    calo_error err = {0};
    calo_reply reply = {0};
    double started = calo_clock_seconds();
    calo_status status = poll_call(&w, &err);
    if (status == CALO_OK)
        status = wait_for_room(&w, &job->batch, &err);
    if (status == CALO_OK)
        status = make_reply(&w, &job->batch, &reply, &err);
    log_done(server, job, started, reply.size, status == CALO_OK ? NULL : &err);
    if (status == CALO_OK)
        calo_call_answer(job->call, &reply);
    else
        calo_call_fail(job->call, code_of(&w, status), err.message);
}

/* ---- an update ---- */

/* What ORRB has a field for is told there, not as gRPC's error: its client knows no other. */
static void run_update(calo_server *server, calo_job *job)
{
    size_t count;
    calo_error err = {0};
    calo_reply reply = {0};
    Orrb__UpdateResponse response = ORRB__UPDATE_RESPONSE__INIT;
    char *sentence = err.message;
    const calo_component_update *components = calo_update_components(job->update, &count);
    calo_status status = server->service.update(server->service.user, components, count, &err);
    calo_log_line line;
    calo_log_begin(&line, &server->log, status == CALO_OK ? CALO_LOG_INFO : CALO_LOG_WARNING, "updated");
    calo_log_count(&line, "id", calo_call_id(job->call));
    calo_log_count(&line, "components", count);
    calo_log_text(&line, "message", status == CALO_OK ? NULL : err.message);
    calo_log_end(&line);
    if (status != CALO_OK) {
        response.n_errors = 1;
        response.errors = &sentence;
    }
    size_t size = orrb__update_response__get_packed_size(&response);
    uint8_t *bytes = calo_blob_reserve(&reply.headers, size + 1, NULL);
    if (!bytes) {
        calo_call_fail(job->call, CALO_RPC_RESOURCE_EXHAUSTED, "there is no memory for the reply");
        return;
    }
    orrb__update_response__pack(&response, bytes);
    calo_blob packed = reply.headers;
    reply.headers = (calo_blob){0};
    status = calo_reply_write(&reply, packed.bytes, size, &err);
    calo_blob_finish(&packed);
    if (status == CALO_OK)
        calo_call_answer(job->call, &reply);
    else
        calo_call_fail(job->call, CALO_RPC_RESOURCE_EXHAUSTED, err.message);
}

void calo_job_run(calo_server *server, calo_job *job)
{
    if (job->is_update)
        run_update(server, job);
    else
        run_batch(server, job);
}
