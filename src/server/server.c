#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "server/server.h"

static const calo_method *const methods[] = {
    &calo_render_batch_method, &calo_update_method,     &calo_health_check_method,
    &calo_health_watch_method, &calo_reflection_method, NULL,
};

#define MIB (1ull << 20)
/* So that sizes in bytes do not overflow, whatever is asked for. */
#define PIXELS_MAX (1ull << 40)

static uint64_t or_default(uint64_t value, uint64_t fallback) { return value ? value : fallback; }
static double or_seconds(double value, double fallback) { return value > 0 ? value : fallback; }

static calo_status copy_text(const char **text, calo_error *err)
{
    char *copy = *text ? strdup(*text) : NULL;
    if (*text && !copy)
        return calo_fail_memory(err, "a server", strlen(*text) + 1);
    *text = copy;
    return CALO_OK;
}

/* The options with their defaults; all text is copied, or set to NULL after a failure. */
static calo_status resolve(const calo_server_options *given, calo_server_options *options, calo_error *err)
{
    static const calo_server_options nothing;
    *options = given ? *given : nothing;
    options->host = options->host ? options->host : "127.0.0.1";
    options->queue = (uint32_t)or_default(options->queue, 64);
    options->streams = (uint32_t)or_default(options->streams, 64);
    options->max_message_bytes = or_default(options->max_message_bytes, 256 * MIB);
    options->max_pixels = or_default(options->max_pixels, 256 * MIB);
    options->max_pixels = options->max_pixels < PIXELS_MAX ? options->max_pixels : PIXELS_MAX;
    options->max_states = (uint32_t)or_default(options->max_states, 65536);
    options->max_reply_bytes = or_default(options->max_reply_bytes, 1024 * MIB);
    options->max_shared_bytes = or_default(options->max_shared_bytes, 1024 * MIB);
    options->shared_seconds = or_seconds(options->shared_seconds, 60);
    options->receive_seconds = or_seconds(options->receive_seconds, 30);
    options->idle_seconds = or_seconds(options->idle_seconds, 600);
    const char **texts[] = {&options->host, &options->token, &options->certificate, &options->key};
    calo_status status = CALO_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (status == CALO_OK)
            status = copy_text(texts[i], err);
        if (status != CALO_OK)
            *texts[i] = NULL;
    }
    return status;
}

static calo_status check(const calo_server_options *options, calo_error *err)
{
    if (!options->certificate != !options->key)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "TLS needs a certificate and its key: give both, or none");
    if (options->token && !*options->token)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the token is empty: give one, or none");
    if (!*options->host)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the host is empty: give a name or an address such as 127.0.0.1");
    if (options->max_message_bytes > INT32_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "messages of %llu bytes are more than gRPC has: give less than 2 GiB",
                         (unsigned long long)options->max_message_bytes);
    return CALO_OK;
}

static calo_log log_of(const calo_server_options *options)
{
    static const calo_log_level levels[] = {
        [CALO_SERVER_LOG_INFO] = CALO_LOG_INFO,
        [CALO_SERVER_LOG_DEBUG] = CALO_LOG_DEBUG,
        [CALO_SERVER_LOG_WARNING] = CALO_LOG_WARNING,
        [CALO_SERVER_LOG_ERROR] = CALO_LOG_ERROR,
    };
    return (calo_log){options->log_fd > 0 ? options->log_fd : -1, options->log_json, levels[options->log_level]};
}

static void keep_house(void *user)
{
    calo_server *server = user;
    calo_blocks_expire(server->blocks);
}

static calo_status listen_for(calo_server *server, calo_error *err)
{
    const calo_server_options *options = &server->options;
    const calo_rpc_options rpc = {
        .host = options->host,
        .port = options->port,
        .token = options->token,
        .certificate = options->certificate,
        .key = options->key,
        .max_message_bytes = options->max_message_bytes,
        .streams = options->streams,
        .receive_seconds = options->receive_seconds,
        .idle_seconds = options->idle_seconds,
        .log = &server->log,
        .methods = methods,
        .user = server,
        .keep_house = keep_house,
    };
    return calo_rpc_create(&rpc, &server->rpc, err);
}

calo_status calo_server_create(const calo_service *service, const calo_server_options *options, calo_server **result,
                               calo_error *err)
{
    calo_server *server = calloc(1, sizeof *server);
    *result = NULL;
    if (!server)
        return calo_fail_memory(err, "a server", sizeof *server);
    server->service = *service;
    calo_health_start(&server->health);
    calo_queue_init(&server->queue);
    calo_status status = resolve(options, &server->options, err);
    if (status == CALO_OK)
        status = check(&server->options, err);
    server->log = log_of(&server->options);
    if (status == CALO_OK)
        status =
            calo_blocks_create(server->options.max_reply_bytes, server->options.max_shared_bytes, &server->blocks, err);
    if (status == CALO_OK)
        status = calo_queue_start(server, err);
    if (status == CALO_OK)
        status = listen_for(server, err);
    if (status == CALO_OK)
        *result = server;
    else
        calo_server_destroy(server);
    return status;
}

uint16_t calo_server_port(const calo_server *server) { return calo_rpc_port(server->rpc); }

void calo_server_drain(calo_server *server)
{
    calo_queue_drain(server);
    calo_health_set(server, false);
}

bool calo_server_is_idle(calo_server *server)
{
    return calo_queue_is_idle(server) && calo_rpc_sending(server->rpc) == 0;
}

void calo_server_destroy(calo_server *server)
{
    if (!server)
        return;
    calo_queue_stop(server);
    calo_health_stop(server);
    calo_rpc_destroy(server->rpc);
    calo_blocks_destroy(server->blocks);
    calo_queue_finish(&server->queue);
    pthread_mutex_destroy(&server->health.lock);
    if (server->service.release)
        server->service.release(server->service.user);
    free((char *)server->options.host);
    free((char *)server->options.token);
    free((char *)server->options.certificate);
    free((char *)server->options.key);
    free(server);
}
