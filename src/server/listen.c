#include <arpa/inet.h>
#include <errno.h>
#include <grpc/grpc_security.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "server/call.h"

enum {
    HANDSHAKE_MILLISECONDS = 10000,
    KEEPALIVE_MILLISECONDS = 30000, /* a ping to a client that is silent while it waits */
    KEEPALIVE_ANSWER_MILLISECONDS = 20000,
    PING_MILLISECONDS = 5000, /* clients may ping this often */
    CONNECTIONS_MAX = 8192,   /* where gRPC can count them */
    ARGUMENTS_MAX = 16,
};

static size_t fill_arguments(const calo_rpc_options *options, grpc_arg arguments[ARGUMENTS_MAX])
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (double)options->max_message_bytes},
        {GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1},
        {GRPC_ARG_MAX_CONCURRENT_STREAMS, options->streams},
        {GRPC_ARG_ALLOW_REUSEPORT, 0}, /* a second server on a port must fail, not share it */
        {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_MILLISECONDS},
        {GRPC_ARG_MAX_CONNECTION_IDLE_MS, 1e3 * options->idle_seconds},
        {GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MILLISECONDS},
        {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_ANSWER_MILLISECONDS},
        {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_MILLISECONDS},
        {"grpc.max_allowed_incoming_connections", CONNECTIONS_MAX},
        /* No compression: a small message that becomes a huge one is refused, not made. */
        {GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1},
    };
    size_t count = sizeof numbers / sizeof numbers[0];
    for (size_t i = 0; i < count; i++) {
        double value = numbers[i].value < INT32_MAX ? numbers[i].value : INT32_MAX;
        arguments[i] = (grpc_arg){GRPC_ARG_INTEGER, (char *)numbers[i].key, {.integer = (int)value}};
    }
    return count;
}

/* What the system says about the address; gRPC keeps it for itself. NULL: it can be had. */
static const char *address_trouble(const char *host, uint16_t port)
{
    char service[8];
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    snprintf(service, sizeof service, "%u", port);
    int trouble = getaddrinfo(host, service, &hints, &found);
    if (trouble != 0)
        return gai_strerror(trouble);
    const char *text = NULL;
    for (const struct addrinfo *at = found; at && !text; at = at->ai_next) {
        int yes = 1, fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, 1) != 0)
            text = strerror(errno);
        close(fd);
    }
    freeaddrinfo(found);
    return text;
}

static calo_status credentials_of(const calo_rpc_options *options, grpc_server_credentials **credentials,
                                  calo_error *err)
{
    grpc_ssl_pem_key_cert_pair pair = {options->key, options->certificate};
    *credentials = options->certificate ? grpc_ssl_server_credentials_create(NULL, &pair, 1, 0, NULL)
                                        : grpc_insecure_server_credentials_create();
    if (*credentials)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "the TLS certificate and key cannot be used: give PEM files that belong "
                     "together");
}

/* An IPv6 address wants brackets; "[::]" has them. */
static void write_address(const char *host, uint16_t port, char *address, size_t size)
{
    struct in6_addr ignored;
    bool bare = inet_pton(AF_INET6, host, &ignored) == 1;
    snprintf(address, size, bare ? "[%s]:%u" : "%s:%u", host, port);
}

static calo_status open_port(calo_rpc *rpc, calo_error *err)
{
    char address[300], bare[256];
    const char *host = rpc->options.host;
    grpc_server_credentials *credentials = NULL;
    calo_status status = credentials_of(&rpc->options, &credentials, err);
    if (status != CALO_OK)
        return status;
    write_address(host, rpc->options.port, address, sizeof address);
    int port = grpc_server_add_http2_port(rpc->server, address, credentials);
    grpc_server_credentials_release(credentials);
    rpc->port = (uint16_t)port;
    if (port > 0)
        return CALO_OK;
    size_t length = strlen(host);
    bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    snprintf(bare, sizeof bare, "%.*s", (int)(bracketed ? length - 2 : length), host + bracketed);
    const char *trouble = address_trouble(bare, rpc->options.port);
    if (!trouble && rpc->options.certificate)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "the TLS certificate and key cannot be used: give PEM files that belong together");
    return calo_fail(err, CALO_ERROR_IO,
                     "cannot listen on %s: %s: give another --port, or 0 for any that is free, or "
                     "another --host",
                     address, trouble ? trouble : "gRPC gives no reason");
}

calo_status calo_rpc_listen(calo_rpc *rpc, calo_error *err)
{
    grpc_arg arguments[ARGUMENTS_MAX];
    const grpc_channel_args channel = {fill_arguments(&rpc->options, arguments), arguments};
    rpc->queue = grpc_completion_queue_create_for_next(NULL);
    rpc->server = grpc_server_create(&channel, NULL);
    grpc_server_register_completion_queue(rpc->server, rpc->queue, NULL);
    calo_status status = open_port(rpc, err);
    /* Without a port, too: a server that was never started cannot be shut down. */
    grpc_server_start(rpc->server);
    return status;
}
