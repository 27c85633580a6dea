#include <calotype/client.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/file.h"
#include "server/client_arrays.h"
#include "server/client_reply.h"
#include "server/client_request.h"

#define RENDER_BATCH "/orrb.RenderService/RenderBatch"
#define UPDATE "/orrb.RenderService/Update"
#define HEALTH_CHECK "/grpc.health.v1.Health/Check"
enum { DEFAULT_DEADLINE_MS = 60000, DEFAULT_MAX_REPLY_BYTES = 256 << 20, POLL_MS = 50 };

struct calo_client {
    grpc_channel *channel;
    char *address;
    char *authorization; /* NULL: none */
    bool on_this_machine;
    atomic_bool memory_apart; /* the server's shared memory is not to be had here */
};

/* ---- waiting ---- */

static gpr_timespec after_ms(uint32_t milliseconds)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(milliseconds, GPR_TIMESPAN));
}

static gpr_timespec deadline_of(const calo_client_call *call)
{
    return after_ms(call && call->deadline_ms ? call->deadline_ms : DEFAULT_DEADLINE_MS);
}

static calo_status ask(const calo_client_call *call, calo_error *err)
{
    calo_error none = {0};
    if (!call || !call->poll)
        return CALO_OK;
    return call->poll(call->poll_user, err ? err : &none);
}

/* The next event of the queue, with the caller's poll asked in between: once that has failed, `stop` is called, and the
 * event is waited for without. */
static grpc_event wait_for(grpc_completion_queue *queue, const calo_client_call *call, void (*stop)(void *user),
                           void *user, calo_status *polled, calo_error *err)
{
    *polled = CALO_OK;
    for (;;) {
        bool polls = call && call->poll && *polled == CALO_OK;
        grpc_event event = grpc_completion_queue_next(
            queue, polls ? after_ms(POLL_MS) : gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type != GRPC_QUEUE_TIMEOUT)
            return event;
        *polled = ask(call, err);
        if (*polled != CALO_OK)
            stop(user);
    }
}

static void finish_queue(grpc_completion_queue *queue)
{
    grpc_completion_queue_shutdown(queue);
    while (grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type != GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(queue);
}

/* ---- connecting ---- */

static grpc_arg integer_argument(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

static grpc_channel *open_channel(const calo_client_options *options, grpc_channel_credentials *credentials)
{
    uint64_t max_reply = options->max_reply_bytes ? options->max_reply_bytes : DEFAULT_MAX_REPLY_BYTES;
    grpc_arg arguments[9] = {
        integer_argument(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, max_reply > INT32_MAX ? INT32_MAX : (int)max_reply),
        integer_argument(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
        /* A server that was started anew is found at once, whatever other clients in this process have seen. */
        integer_argument(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
        integer_argument(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100),
        integer_argument(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100),
        integer_argument(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000),
        integer_argument(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        /* Compressed messages are refused: a small one could stand for any amount of memory. */
        integer_argument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
    };
    grpc_channel_args list = {8, arguments};
    if (options->tls && options->tls_server_name)
        arguments[list.num_args++] = (grpc_arg){.type = GRPC_ARG_STRING,
                                                .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
                                                .value.string = (char *)options->tls_server_name};
    return grpc_channel_create(options->address, credentials, &list);
}

static bool is_on_this_machine(const char *address)
{
    static const char *const starts[] = {"unix:", "localhost:", "127.", "[::1]:", "ipv4:127.", "ipv6:[::1]:"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (strncmp(address, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static calo_status create(const calo_client_options *options, calo_client **out, calo_error *err)
{
    calo_client *client = calloc(1, sizeof *client);
    *out = client;
    if (!client)
        return calo_fail_memory(err, "a client", sizeof *client);
    grpc_init();
    client->address = calo_text_format("%s", options->address);
    client->authorization = options->token ? calo_text_format("Bearer %s", options->token) : NULL;
    if (!client->address || (options->token && !client->authorization))
        return calo_fail_memory(err, "a client", strlen(options->address));
    client->on_this_machine = is_on_this_machine(options->address);
    grpc_channel_credentials *credentials =
        options->tls ? grpc_ssl_credentials_create_ex(options->tls_roots, NULL, NULL, NULL)
                     : grpc_insecure_credentials_create();
    if (credentials) {
        client->channel = open_channel(options, credentials);
        grpc_channel_credentials_release(credentials);
    }
    if (!client->channel)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: gRPC makes no connection of these options: check the address%s",
                         client->address, options->tls ? " and the certificates" : "");
    return CALO_OK;
}

static calo_status no_connection(const calo_client *client, calo_client_call *call, calo_error *err)
{
    if (call)
        call->grpc_status = GRPC_STATUS_UNAVAILABLE;
    return calo_fail(err, CALO_ERROR_IO,
                     "no render server answers at %s: is one running there (calotype serve)%s?", client->address,
                     client->authorization ? ", and does it want a token over an unencrypted connection" : "");
}

static void ignore(void *user) { (void)user; }

/* Waits until the channel has a connection. */
static calo_status await_connection(calo_client *client, calo_client_call *call, calo_error *err)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_next(NULL);
    gpr_timespec deadline = deadline_of(call);
    calo_status status = CALO_OK;
    for (;;) {
        grpc_connectivity_state state = grpc_channel_check_connectivity_state(client->channel, 1);
        if (state == GRPC_CHANNEL_READY)
            break;
        if (gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), deadline) >= 0) {
            status = no_connection(client, call, err);
            break;
        }
        status = ask(call, err);
        if (status != CALO_OK)
            break;
        calo_status unused;
        grpc_channel_watch_connectivity_state(client->channel, state, gpr_time_min(deadline, after_ms(POLL_MS)), queue,
                                              client);
        wait_for(queue, NULL, ignore, NULL, &unused, NULL);
    }
    finish_queue(queue);
    return status;
}

calo_status calo_client_connect(const calo_client_options *options, calo_client_call *call, calo_client **client,
                                calo_error *err)
{
    *client = NULL;
    if (!options->address || !options->address[0])
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a client needs the address of a server, as host:port");
    if (options->token && strspn(options->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") !=
                              strlen(options->token))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "a token has letters, digits and - . _ ~ + / = only: this one has something else");
    calo_client *made;
    if (call)
        call->grpc_status = 0;
    calo_status status = create(options, &made, err);
    if (status == CALO_OK)
        status = await_connection(made, call, err);
    if (status != CALO_OK)
        calo_client_destroy(made);
    else
        *client = made;
    return status;
}

void calo_client_destroy(calo_client *client)
{
    if (!client)
        return;
    if (client->channel)
        grpc_channel_destroy(client->channel);
    free(client->address);
    free(client->authorization);
    free(client);
    grpc_shutdown();
}

/* ---- one call ---- */

/* What an answer consists of. */
typedef struct answer {
    grpc_byte_buffer *message;
    grpc_status_code code;
    grpc_slice details;
    grpc_metadata_array initial, trailing;
    calo_wire_chunk *chunks; /* of the message */
    size_t chunk_count;
} answer;

static void finish_answer(answer *a)
{
    if (a->message)
        grpc_byte_buffer_destroy(a->message);
    grpc_slice_unref(a->details);
    grpc_metadata_array_destroy(&a->initial);
    grpc_metadata_array_destroy(&a->trailing);
    free(a->chunks);
}

static calo_status status_of(grpc_status_code code)
{
    switch (code) {
    case GRPC_STATUS_CANCELLED: return CALO_ERROR_CANCELLED;
    case GRPC_STATUS_INVALID_ARGUMENT:
    case GRPC_STATUS_FAILED_PRECONDITION:
    case GRPC_STATUS_OUT_OF_RANGE:
    case GRPC_STATUS_UNAUTHENTICATED:
    case GRPC_STATUS_PERMISSION_DENIED: return CALO_ERROR_ARGUMENT;
    case GRPC_STATUS_NOT_FOUND: return CALO_ERROR_NOT_FOUND;
    case GRPC_STATUS_RESOURCE_EXHAUSTED: return CALO_ERROR_LIMIT;
    case GRPC_STATUS_UNIMPLEMENTED: return CALO_ERROR_UNSUPPORTED;
    default: return CALO_ERROR_IO;
    }
}

static calo_status tell(const calo_client *client, const answer *a, calo_client_call *call, calo_error *err)
{
    if (call)
        call->grpc_status = (int32_t)a->code;
    if (a->code == GRPC_STATUS_OK)
        return CALO_OK;
    int length = (int)(GRPC_SLICE_LENGTH(a->details) < 800 ? GRPC_SLICE_LENGTH(a->details) : 800);
    const char *details = (const char *)GRPC_SLICE_START_PTR(a->details);
    if (a->code == GRPC_STATUS_DEADLINE_EXCEEDED)
        return calo_fail(err, CALO_ERROR_IO, "%s: the render server did not answer in time: allow more, or ask for less",
                         client->address);
    if (a->code == GRPC_STATUS_UNAVAILABLE)
        return calo_fail(err, CALO_ERROR_IO, "%s: the render server is not there, or went away (%.*s)", client->address,
                         length, details);
    return calo_fail(err, status_of(a->code), "%s: the render server answers: %.*s", client->address,
                     length ? length : 12, length ? details : "(no reason)");
}

static void cancel(void *grpc_call_object) { grpc_call_cancel(grpc_call_object, NULL); }

/* Sends `request` and collects the answer. */
static calo_status exchange(calo_client *client, grpc_call *on, grpc_completion_queue *queue, grpc_byte_buffer *request,
                            calo_client_call *call, answer *a, calo_error *err)
{
    grpc_metadata metadata = {0};
    size_t metadata_count = client->authorization ? 1 : 0;
    if (metadata_count) {
        metadata.key = grpc_slice_from_static_string("authorization");
        metadata.value = grpc_slice_from_copied_string(client->authorization);
    }
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA, .data.send_initial_metadata = {.count = metadata_count,
                                                                             .metadata = &metadata}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &a->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &a->message},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &a->trailing, .status = &a->code,
                                        .status_details = &a->details}},
    };
    calo_status status = CALO_OK;
    if (grpc_call_start_batch(on, ops, sizeof ops / sizeof ops[0], on, NULL) != GRPC_CALL_OK)
        status = calo_fail(err, CALO_ERROR_IO, "%s: gRPC does not begin the call", client->address);
    else
        wait_for(queue, call, cancel, on, &status, err);
    if (metadata_count)
        grpc_slice_unref(metadata.value);
    return status != CALO_OK ? status : tell(client, a, call, err);
}

/* The pieces of the message, where they were received. */
static calo_status cut(const calo_client *client, answer *a, calo_error *err)
{
    if (!a->message || a->message->type != GRPC_BB_RAW || a->message->data.raw.compression != GRPC_COMPRESS_NONE)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the render server sent no message, or a compressed one",
                         client->address);
    const grpc_slice_buffer *buffer = &a->message->data.raw.slice_buffer;
    a->chunk_count = buffer->count;
    a->chunks = calloc(buffer->count + 1, sizeof *a->chunks);
    if (!a->chunks)
        return calo_fail_memory(err, "a reply", buffer->count * sizeof *a->chunks);
    for (size_t i = 0; i < buffer->count; i++)
        a->chunks[i] = (calo_wire_chunk){GRPC_SLICE_START_PTR(buffer->slices[i]), GRPC_SLICE_LENGTH(buffer->slices[i])};
    return CALO_OK;
}

/* The caller finishes the answer, whatever is returned. */
static calo_status call_method(calo_client *client, const char *method, const void *request, size_t size,
                               calo_client_call *call, answer *a, calo_error *err)
{
    *a = (answer){.details = grpc_empty_slice()};
    grpc_metadata_array_init(&a->initial);
    grpc_metadata_array_init(&a->trailing);
    grpc_completion_queue *queue = grpc_completion_queue_create_for_next(NULL);
    grpc_call *on = grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue,
                                             grpc_slice_from_static_string(method), NULL, deadline_of(call), NULL);
    /* A copy: what is on its way may outlive a call that was cancelled. */
    grpc_slice slice = grpc_slice_from_copied_buffer(request, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    if (call)
        call->grpc_status = 0;
    calo_status status = exchange(client, on, queue, buffer, call, a, err);
    if (status == CALO_OK)
        status = cut(client, a, err);
    grpc_byte_buffer_destroy(buffer);
    grpc_call_unref(on);
    finish_queue(queue);
    return status;
}

/* ---- the methods ---- */

static calo_status send_batch(calo_client *client, const calo_batch_request *request, const calo_blob *message,
                              calo_client_call *call, calo_batch_reply **reply, calo_error *err)
{
    answer a;
    calo_status status = call_method(client, RENDER_BATCH, message->bytes, message->size, call, &a, err);
    if (status == CALO_OK) {
        status = calo_batch_reply_read(request, calo_wire_open(a.chunks, a.chunk_count), reply, err);
        if (status != CALO_OK)
            calo_fail_within(err, status, "%s", client->address);
    }
    finish_answer(&a);
    return status;
}

static calo_status render_once(calo_client *client, const calo_batch_request *request, bool shared,
                               calo_client_call *call, calo_batch_reply **reply, calo_error *err)
{
    calo_blob message = {0};
    calo_status status = calo_batch_request_pack(request, shared, &message, err);
    if (status == CALO_OK)
        status = send_batch(client, request, &message, call, reply, err);
    calo_blob_finish(&message);
    return status;
}

calo_status calo_client_render(calo_client *client, const calo_batch_request *request, calo_client_call *call,
                               calo_batch_reply **reply, calo_error *err)
{
    *reply = NULL;
    CALO_BATCH_TRY(calo_batch_request_check(request, err));
    bool automatic = request->memory == CALO_CLIENT_MEMORY_AUTO;
    bool shared = request->memory == CALO_CLIENT_MEMORY_SHARED ||
                  (automatic && !request->png && client->on_this_machine && !atomic_load(&client->memory_apart));
    calo_client_call none = {0};
    if (!call)
        call = &none;
    calo_status status = render_once(client, request, shared, call, reply, err);
    /* The server answered, but its shared memory is not ours: another container behind this address, or another user. */
    if (status == CALO_ERROR_NOT_FOUND && automatic && shared && call->grpc_status == GRPC_STATUS_OK) {
        atomic_store(&client->memory_apart, true);
        status = render_once(client, request, false, call, reply, err);
    }
    return status;
}

/* The errors that an UpdateResponse tells. */
static calo_status read_errors(const calo_client *client, calo_wire message, calo_error *err)
{
    char first[512] = "";
    uint64_t count = 0;
    calo_wire_field field;
    while (calo_wire_next(&message, &field)) {
        if (field.number != 1 || field.type != CALO_WIRE_BYTES)
            continue;
        if (count++)
            continue;
        if (field.bytes.remaining >= sizeof first)
            field.bytes.remaining = sizeof first - 1;
        calo_wire_copy(&field.bytes, first);
    }
    if (message.remaining)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the server's answer to an update is malformed", client->address);
    if (count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the render server does not take the update (%llu error%s): %s",
                         client->address, (unsigned long long)count, count == 1 ? "" : "s", first);
    return CALO_OK;
}

calo_status calo_client_update(calo_client *client, const void *message, size_t size, calo_client_call *call,
                               calo_error *err)
{
    answer a;
    calo_status status = call_method(client, UPDATE, message, size, call, &a, err);
    if (status == CALO_OK)
        status = read_errors(client, calo_wire_open(a.chunks, a.chunk_count), err);
    finish_answer(&a);
    return status;
}

calo_status calo_client_health(calo_client *client, calo_client_call *call, bool *serving, calo_error *err)
{
    enum { SERVING = 1 };
    answer a;
    calo_wire_field field;
    *serving = false;
    calo_status status = call_method(client, HEALTH_CHECK, "", 0, call, &a, err);
    if (status == CALO_OK) {
        calo_wire message = calo_wire_open(a.chunks, a.chunk_count);
        while (calo_wire_next(&message, &field))
            if (field.number == 1 && field.type == CALO_WIRE_VARINT)
                *serving = field.value == SERVING;
    } else if (a.code == GRPC_STATUS_UNIMPLEMENTED) {
        *serving = true;
        status = CALO_OK;
    }
    finish_answer(&a);
    return status;
}
