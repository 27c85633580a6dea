#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "server/call.h"

enum {
    ACCEPTING = 64,   /* calls that wait for a client */
    CALLS_MAX = 4096, /* at once, of all connections */
};
#define HOUSE_SECONDS 0.1
/* A reply is given this long, and a second more for so many bytes. */
#define SEND_SECONDS 30.0
#define SEND_BYTES_A_SECOND 4194304.0

const char *calo_rpc_code_name(calo_rpc_code code)
{
    switch (code) {
    case CALO_RPC_OK: return "OK";
    case CALO_RPC_CANCELLED: return "CANCELLED";
    case CALO_RPC_INVALID_ARGUMENT: return "INVALID_ARGUMENT";
    case CALO_RPC_DEADLINE_EXCEEDED: return "DEADLINE_EXCEEDED";
    case CALO_RPC_NOT_FOUND: return "NOT_FOUND";
    case CALO_RPC_RESOURCE_EXHAUSTED: return "RESOURCE_EXHAUSTED";
    case CALO_RPC_UNIMPLEMENTED: return "UNIMPLEMENTED";
    case CALO_RPC_INTERNAL: return "INTERNAL";
    case CALO_RPC_UNAVAILABLE: return "UNAVAILABLE";
    case CALO_RPC_UNAUTHENTICATED: return "UNAUTHENTICATED";
    }
    return "UNKNOWN";
}

/* ---- a call's life ---- */

static void on_accepted(calo_call *call, bool success);
static void on_received(calo_call *call, bool success);
static void on_sent(calo_call *call, bool success);
static void on_finished(calo_call *call, bool success);
static void on_closed(calo_call *call, bool success);

static calo_call *call_create(calo_rpc *rpc)
{
    calo_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->rpc = rpc;
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    call->accepted = (calo_tag){call, on_accepted};
    call->received = (calo_tag){call, on_received};
    call->sent = (calo_tag){call, on_sent};
    call->finished = (calo_tag){call, on_finished};
    call->closed = (calo_tag){call, on_closed};
    return call;
}

static void call_destroy(calo_call *call)
{
    calo_rpc *rpc = call->rpc;
    if (call->id) {
        pthread_mutex_lock(&rpc->lock);
        if (call->previous)
            call->previous->following = call->following;
        else
            rpc->calls = call->following;
        if (call->following)
            call->following->previous = call->previous;
        rpc->call_count--;
        pthread_mutex_unlock(&rpc->lock);
    }
    if (call->incoming)
        grpc_byte_buffer_destroy(call->incoming);
    if (call->outgoing)
        grpc_byte_buffer_destroy(call->outgoing);
    if (call->call)
        grpc_call_unref(call->call);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_details_destroy(&call->details);
    gpr_free(call->method_name);
    gpr_free(call->peer);
    free(call);
}

void calo_call_hold(calo_call *call) { atomic_fetch_add(&call->references, 1); }

void calo_call_release(calo_call *call)
{
    if (atomic_fetch_sub(&call->references, 1) == 1)
        call_destroy(call);
}

void *calo_call_user(const calo_call *call) { return call->rpc->options.user; }
uint64_t calo_call_id(const calo_call *call) { return call->id; }
const char *calo_call_method(const calo_call *call) { return call->method_name; }
const char *calo_call_peer(const calo_call *call) { return call->peer; }

bool calo_call_late(const calo_call *call)
{
    return gpr_time_cmp(gpr_now(call->details.deadline.clock_type), call->details.deadline) >= 0;
}

bool calo_call_over(const calo_call *call) { return atomic_load(&call->over) || calo_call_late(call); }

/* The operation holds the call until its tag comes back. Once the queue is closed nothing is begun any more: gRPC would
 * end the process. */
static void start(calo_call *call, const grpc_op *operations, size_t count, calo_tag *tag)
{
    calo_rpc *rpc = call->rpc;
    calo_call_hold(call);
    pthread_rwlock_rdlock(&rpc->queue_lock);
    bool begun =
        !rpc->queue_closed && grpc_call_start_batch(call->call, operations, count, tag, NULL) == GRPC_CALL_OK;
    pthread_rwlock_unlock(&rpc->queue_lock);
    if (!begun)
        atomic_fetch_sub(&call->references, 1); /* never the last one: the caller holds it, too */
}

static void accept_next(calo_rpc *rpc)
{
    calo_call *call = atomic_load(&rpc->stopping) ? NULL : call_create(rpc);
    if (!call)
        return;
    calo_call_hold(call);
    if (grpc_server_request_call(rpc->server, &call->call, &call->details, &call->metadata, rpc->queue, rpc->queue,
                                 &call->accepted) != GRPC_CALL_OK)
        calo_call_release(call);
}

static void receive(calo_call *call)
{
    const grpc_op operation = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->incoming};
    pthread_mutex_lock(&call->rpc->lock);
    call->receive_by = calo_clock_seconds() + call->rpc->options.receive_seconds;
    pthread_mutex_unlock(&call->rpc->lock);
    start(call, &operation, 1, &call->received);
}

/* ---- who may call ---- */

/* Takes as long whatever the token is, so that nobody can guess it byte by byte. */
static bool is_token(const char *token, const uint8_t *bytes, size_t size)
{
    size_t length = strlen(token);
    unsigned different = size != length;
    for (size_t i = 0; i < size; i++)
        different |= bytes[i] ^ (unsigned char)token[i % (length ? length : 1)];
    return different == 0;
}

static bool is_allowed(const calo_call *call)
{
    static const char prefix[] = "Bearer ";
    const char *token = call->rpc->options.token;
    if (!token || call->method->open)
        return true;
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];
        const uint8_t *bytes = GRPC_SLICE_START_PTR(entry->value);
        size_t size = GRPC_SLICE_LENGTH(entry->value);
        if (grpc_slice_str_cmp(entry->key, "authorization") == 0 && size >= sizeof prefix - 1 &&
            memcmp(bytes, prefix, sizeof prefix - 1) == 0)
            return is_token(token, bytes + sizeof prefix - 1, size - (sizeof prefix - 1));
    }
    return false;
}

static const calo_method *find_method(const calo_call *call)
{
    const calo_method *const *methods = call->rpc->options.methods;
    while (*methods && strcmp((*methods)->path, call->method_name) != 0)
        methods++;
    return *methods;
}

static void begin(calo_call *call, bool crowded)
{
    if (!call->method)
        calo_call_fail(call, CALO_RPC_UNIMPLEMENTED,
                       "there is no such method here: the services are orrb.RenderService, grpc.health.v1.Health and "
                       "grpc.reflection.v1alpha.ServerReflection");
    else if (crowded)
        calo_call_fail(call, CALO_RPC_RESOURCE_EXHAUSTED, "too many calls are open: try again later");
    else if (!is_allowed(call))
        calo_call_fail(call, CALO_RPC_UNAUTHENTICATED,
                       "this server needs its token: send the metadata authorization: Bearer TOKEN");
    else
        receive(call);
}

/* ---- what completion queues give back ---- */

static void on_accepted(calo_call *call, bool success)
{
    calo_rpc *rpc = call->rpc;
    if (!success)
        return;
    accept_next(rpc);
    call->method_name = grpc_slice_to_c_string(call->details.method);
    call->peer = grpc_call_get_peer(call->call);
    call->method = find_method(call); /* before `closed`, which another thread may get at once */
    pthread_mutex_lock(&rpc->lock);
    call->id = ++rpc->next_id;
    call->following = rpc->calls;
    if (rpc->calls)
        rpc->calls->previous = call;
    rpc->calls = call;
    bool crowded = ++rpc->call_count > CALLS_MAX;
    pthread_mutex_unlock(&rpc->lock);
    const grpc_op operation = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                               .data.recv_close_on_server.cancelled = &call->was_cancelled};
    start(call, &operation, 1, &call->closed);
    begin(call, crowded);
}

static void hand_over(calo_call *call)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, call->incoming)) {
        calo_call_fail(call, CALO_RPC_INVALID_ARGUMENT, "the message cannot be read");
        return;
    }
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(call->incoming);
    call->incoming = NULL;
    call->method->received(call, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes));
    grpc_slice_unref(bytes);
}

static void on_received(calo_call *call, bool success)
{
    (void)success;
    pthread_mutex_lock(&call->rpc->lock);
    call->receive_by = 0;
    pthread_mutex_unlock(&call->rpc->lock);
    if (atomic_load(&call->over))
        return;
    if (call->incoming)
        hand_over(call);
    else if (call->method->stream)
        call->method->received(call, NULL, 0);
    else
        calo_call_fail(call, CALO_RPC_INVALID_ARGUMENT, "the call has no message");
}

/* The message that was under way is. */
static void sending_done(calo_call *call)
{
    pthread_mutex_lock(&call->rpc->lock);
    grpc_byte_buffer *message = call->outgoing;
    call->outgoing = NULL;
    call->sent_since = 0;
    call->send_by = 0;
    pthread_mutex_unlock(&call->rpc->lock);
    if (message)
        grpc_byte_buffer_destroy(message);
}

static void on_sent(calo_call *call, bool success)
{
    sending_done(call);
    if (!success || atomic_load(&call->over))
        return;
    if (call->on_sent)
        call->on_sent(call);
    if (call->next)
        receive(call);
}

static void on_finished(calo_call *call, bool success)
{
    (void)success;
    sending_done(call);
}

static void on_closed(calo_call *call, bool success)
{
    (void)success;
    atomic_store(&call->over, true);
    if (call->was_cancelled && call->method && call->method->cancelled)
        call->method->cancelled(call);
}

/* ---- sending ---- */

static void add_begin(calo_call *call, grpc_op *operations, size_t *count)
{
    if (!call->began)
        operations[(*count)++] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    call->began = true;
}

static void add_message(calo_call *call, grpc_op *operations, size_t *count)
{
    double now = calo_clock_seconds();
    operations[(*count)++] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = call->outgoing};
    call->sent_since = now;
    call->send_by = now + SEND_SECONDS + (double)grpc_byte_buffer_length(call->outgoing) / SEND_BYTES_A_SECOND;
}

/* Sends the status, after `message` where it is not NULL; takes that over. */
static void finish(calo_call *call, grpc_byte_buffer *message, calo_rpc_code code, const char *sentence)
{
    grpc_op operations[3];
    size_t count = 0;
    grpc_slice details = grpc_slice_from_copied_string(sentence);
    pthread_mutex_lock(&call->rpc->lock);
    bool first = !call->ended;
    call->ended = true;
    /* While a message of a stream is under way, its buffer is not ours to replace. */
    if (first && !call->outgoing) {
        call->outgoing = message;
        message = NULL;
    }
    if (first) {
        add_begin(call, operations, &count);
        if (call->outgoing && call->sent_since == 0)
            add_message(call, operations, &count);
        operations[count++] =
            (grpc_op){.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
                      .data.send_status_from_server = {.status = (grpc_status_code)code, .status_details = &details}};
    }
    pthread_mutex_unlock(&call->rpc->lock);
    if (first) {
        start(call, operations, count, &call->finished);
        if (code != CALO_RPC_OK)
            atomic_store(&call->over, true);
    }
    if (message)
        grpc_byte_buffer_destroy(message);
    grpc_slice_unref(details);
}

void calo_call_fail(calo_call *call, calo_rpc_code code, const char *sentence)
{
    calo_log_line line;
    calo_log_begin(&line, call->rpc->options.log, CALO_LOG_WARNING, "refused");
    calo_log_count(&line, "id", call->id);
    calo_log_text(&line, "method", call->method_name);
    calo_log_text(&line, "peer", call->peer);
    calo_log_text(&line, "code", calo_rpc_code_name(code));
    calo_log_text(&line, "message", sentence);
    calo_log_end(&line);
    finish(call, NULL, code, sentence);
}

void calo_call_finish(calo_call *call) { finish(call, NULL, CALO_RPC_OK, ""); }

static void free_headers(void *bytes) { free(bytes); }
static void release_block(void *block) { calo_block_release(block); }

/* Slices that refer to the reply's memory, which they own from then on. */
static grpc_byte_buffer *reply_buffer(calo_reply *reply)
{
    grpc_slice headers = grpc_empty_slice(), pictures = grpc_empty_slice();
    grpc_slice *slices = malloc((reply->part_count ? reply->part_count : 1) * sizeof *slices);
    if (!slices)
        return NULL;
    if (reply->headers.size)
        headers = grpc_slice_new_with_user_data(reply->headers.bytes, reply->headers.size, free_headers,
                                                reply->headers.bytes);
    else
        free(reply->headers.bytes);
    if (reply->block)
        pictures = grpc_slice_new_with_user_data(reply->block->bytes, reply->block->size, release_block, reply->block);
    for (size_t i = 0; i < reply->part_count; i++) {
        const calo_reply_part *part = &reply->parts[i];
        slices[i] = grpc_slice_sub(part->of_block ? pictures : headers, part->offset, part->offset + part->size);
    }
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, reply->part_count);
    for (size_t i = 0; i < reply->part_count; i++)
        grpc_slice_unref(slices[i]);
    grpc_slice_unref(headers);
    grpc_slice_unref(pictures);
    free(slices);
    free(reply->parts);
    *reply = (calo_reply){0};
    return buffer;
}

void calo_call_answer(calo_call *call, calo_reply *reply)
{
    grpc_byte_buffer *buffer = reply_buffer(reply);
    calo_reply_finish(reply);
    if (buffer)
        finish(call, buffer, CALO_RPC_OK, "");
    else
        calo_call_fail(call, CALO_RPC_RESOURCE_EXHAUSTED, "there is no memory for the reply: ask for fewer pictures");
}

void calo_call_send(calo_call *call, const uint8_t *bytes, size_t size, void (*sent)(calo_call *call), bool next)
{
    grpc_op operations[2];
    size_t count = 0;
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)bytes, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    pthread_mutex_lock(&call->rpc->lock);
    bool free_to_send = !call->ended && !call->outgoing;
    if (free_to_send) {
        call->outgoing = buffer;
        call->on_sent = sent;
        call->next = next;
        add_begin(call, operations, &count);
        add_message(call, operations, &count);
    }
    pthread_mutex_unlock(&call->rpc->lock);
    if (free_to_send)
        start(call, operations, count, &call->sent);
    else
        grpc_byte_buffer_destroy(buffer);
}

/* ---- what happens by itself ---- */

/* The calls whose time is over, held; up to `count`. */
static size_t find_slow(calo_rpc *rpc, calo_call **slow, size_t count)
{
    size_t found = 0;
    double now = calo_clock_seconds();
    pthread_mutex_lock(&rpc->lock);
    for (calo_call *call = rpc->calls; call && found < count; call = call->following)
        if ((call->receive_by > 0 && now > call->receive_by && !call->ended) ||
            (call->send_by > 0 && now > call->send_by)) {
            calo_call_hold(call);
            slow[found++] = call;
        }
    pthread_mutex_unlock(&rpc->lock);
    return found;
}

static void end_slow_calls(calo_rpc *rpc)
{
    enum { AT_ONCE = 64 };
    calo_call *slow[AT_ONCE];
    size_t count = find_slow(rpc, slow, AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&rpc->lock);
        bool is_reader = slow[i]->send_by > 0;
        pthread_mutex_unlock(&rpc->lock);
        if (is_reader) {
            calo_log_message(rpc->options.log, CALO_LOG_WARNING, "slow-reader", slow[i]->peer);
            grpc_call_cancel(slow[i]->call, NULL);
        } else {
            calo_call_fail(slow[i], CALO_RPC_DEADLINE_EXCEEDED, "the request's message did not arrive in time");
        }
        calo_call_release(slow[i]);
    }
}

size_t calo_rpc_sending(calo_rpc *rpc)
{
    size_t count = 0;
    pthread_mutex_lock(&rpc->lock);
    for (calo_call *call = rpc->calls; call; call = call->following)
        count += call->sent_since > 0;
    pthread_mutex_unlock(&rpc->lock);
    return count;
}

bool calo_rpc_drop_slowest(calo_rpc *rpc, double seconds)
{
    calo_call *slowest = NULL;
    double since = calo_clock_seconds() - seconds;
    pthread_mutex_lock(&rpc->lock);
    for (calo_call *call = rpc->calls; call; call = call->following)
        if (call->sent_since > 0 && call->sent_since < since) {
            slowest = call;
            since = call->sent_since;
        }
    if (slowest)
        calo_call_hold(slowest);
    pthread_mutex_unlock(&rpc->lock);
    if (!slowest)
        return false;
    calo_log_message(rpc->options.log, CALO_LOG_WARNING, "slow-reader", slowest->peer);
    grpc_call_cancel(slowest->call, NULL);
    calo_call_release(slowest);
    return true;
}

static void keep_house(calo_rpc *rpc)
{
    if (pthread_mutex_trylock(&rpc->house_lock) != 0)
        return;
    double now = calo_clock_seconds();
    if (now - rpc->house_seconds >= HOUSE_SECONDS) {
        rpc->house_seconds = now;
        end_slow_calls(rpc);
        if (rpc->options.keep_house)
            rpc->options.keep_house(rpc->options.user);
    }
    pthread_mutex_unlock(&rpc->house_lock);
}

static void *serve(void *user)
{
    calo_rpc *rpc = user;
    for (;;) {
        gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                          gpr_time_from_millis((int64_t)(1e3 * HOUSE_SECONDS), GPR_TIMESPAN));
        grpc_event event = grpc_completion_queue_next(rpc->queue, until, NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.type == GRPC_OP_COMPLETE) {
            calo_tag *tag = event.tag;
            tag->done(tag->call, event.success != 0);
            if (tag->call)
                calo_call_release(tag->call);
        }
        keep_house(rpc);
    }
}

/* ---- the server ---- */

/* The server has stopped: what is left in the queue comes out, and then nothing more. */
static void on_stopped(calo_call *call, bool success)
{
    (void)call;
    (void)success;
}

uint16_t calo_rpc_port(const calo_rpc *rpc) { return rpc->port; }

calo_status calo_rpc_create(const calo_rpc_options *options, calo_rpc **result, calo_error *err)
{
    calo_rpc *rpc = calloc(1, sizeof *rpc);
    *result = NULL;
    if (!rpc)
        return calo_fail_memory(err, "a server", sizeof *rpc);
    grpc_init();
    rpc->options = *options;
    rpc->stopped = (calo_tag){NULL, on_stopped};
    pthread_mutex_init(&rpc->lock, NULL);
    pthread_mutex_init(&rpc->house_lock, NULL);
    pthread_rwlock_init(&rpc->queue_lock, NULL);
    calo_status status = calo_rpc_listen(rpc, err);
    for (int i = 0; status == CALO_OK && i < ACCEPTING; i++)
        accept_next(rpc);
    *result = rpc; /* for the first call, which may come before all threads run */
    for (int i = 0; status == CALO_OK && i < CALO_RPC_THREADS; i++)
        if (pthread_create(&rpc->threads[i], NULL, serve, rpc) == 0)
            rpc->thread_count++;
        else
            status = calo_fail(err, CALO_ERROR_MEMORY, "the system starts no thread for the server");
    if (status != CALO_OK) {
        *result = NULL;
        calo_rpc_destroy(rpc);
    }
    return status;
}

/* Waits for the threads; without any, takes what is in the queue out by itself. */
static void drain_queue(calo_rpc *rpc)
{
    pthread_rwlock_wrlock(&rpc->queue_lock);
    rpc->queue_closed = true;
    grpc_completion_queue_shutdown(rpc->queue);
    pthread_rwlock_unlock(&rpc->queue_lock);
    if (rpc->thread_count == 0)
        serve(rpc);
    for (uint32_t i = 0; i < rpc->thread_count; i++)
        pthread_join(rpc->threads[i], NULL);
}

void calo_rpc_destroy(calo_rpc *rpc)
{
    if (!rpc)
        return;
    atomic_store(&rpc->stopping, true);
    if (rpc->server) {
        grpc_server_shutdown_and_notify(rpc->server, rpc->queue, &rpc->stopped);
        grpc_server_cancel_all_calls(rpc->server);
        drain_queue(rpc);
        grpc_server_destroy(rpc->server);
    }
    if (rpc->queue)
        grpc_completion_queue_destroy(rpc->queue);
    pthread_mutex_destroy(&rpc->lock);
    pthread_mutex_destroy(&rpc->house_lock);
    pthread_rwlock_destroy(&rpc->queue_lock);
    free(rpc);
    grpc_shutdown_blocking();
}
