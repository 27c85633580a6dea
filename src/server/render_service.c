#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "server/server.h"

/* ---- who may have shared memory: who is on this machine ---- */

/* "ipv4:127.0.0.1:40000", "ipv6:%5B::1%5D:40000" or "ipv6:[::1]:40000" to an address. */
static bool peer_address(const char *peer, int *family, struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN + 16];
    bool six = strncmp(peer, "ipv6:", 5) == 0;
    const char *at = peer + 5, *end;
    if (!six && strncmp(peer, "ipv4:", 5) != 0)
        return false;
    if (six)
        at += strncmp(at, "%5B", 3) == 0 ? 3 : *at == '[';
    end = six ? strpbrk(at, "]%") : strrchr(at, ':');
    if (!end || (size_t)(end - at) >= sizeof text)
        return false;
    memcpy(text, at, (size_t)(end - at));
    text[end - at] = '\0';
    *family = six ? AF_INET6 : AF_INET;
    return inet_pton(*family, text, address) == 1;
}

static bool same_address(const struct sockaddr *own, int family, const struct in6_addr *address)
{
    const struct in6_addr *own6 = &((const struct sockaddr_in6 *)own)->sin6_addr;
    if (own->sa_family == AF_INET6)
        return family == AF_INET6 && memcmp(own6, address, sizeof *own6) == 0;
    if (own->sa_family != AF_INET)
        return false;
    const struct in_addr *own4 = &((const struct sockaddr_in *)own)->sin_addr;
    /* Sockets that take both kinds see IPv4 as ::ffff:a.b.c.d. */
    const uint8_t *bytes = (const uint8_t *)address;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(address))
        bytes += 12;
    else if (family != AF_INET)
        return false;
    return memcmp(own4, bytes, sizeof *own4) == 0;
}

static bool is_this_machine(const char *peer)
{
    int family;
    struct in6_addr address;
    struct ifaddrs *interfaces = NULL;
    bool found = false;
    if (strncmp(peer, "unix:", 5) == 0)
        return true;
    if (!peer_address(peer, &family, &address) || getifaddrs(&interfaces) != 0)
        return false;
    for (const struct ifaddrs *at = interfaces; at && !found; at = at->ifa_next)
        found = at->ifa_addr && same_address(at->ifa_addr, family, &address);
    freeifaddrs(interfaces);
    return found;
}

static calo_status check_shared(const calo_server *server, const calo_call *call, calo_error *err)
{
    if (server->options.no_shared_memory)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "this server gives no shared memory: ask without shared_memory");
    if (!is_this_machine(calo_call_peer(call)))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "shared memory is for clients on the server's machine: ask without "
                         "shared_memory");
    return CALO_OK;
}

/* ---- methods ---- */

static void put(calo_server *server, calo_job *job)
{
    calo_error err = {0};
    calo_rpc_code code = CALO_RPC_OK;
    calo_call *call = job->call;
    calo_call_hold(call);
    if (!calo_queue_put(server, job, &code, &err)) {
        calo_call_fail(call, code, err.message);
        calo_job_destroy(job);
    } else if (calo_call_over(call)) {
        /* Gone before the job was there to be cancelled. */
        calo_queue_cancel(server, call);
    }
    calo_call_release(call);
}

static calo_job *job_create(calo_call *call)
{
    calo_job *job = calloc(1, sizeof *job);
    if (!job) {
        calo_call_fail(call, CALO_RPC_RESOURCE_EXHAUSTED, "there is no memory for the request");
        return NULL;
    }
    calo_call_hold(call);
    job->call = call;
    return job;
}

static void batch_received(calo_call *call, const uint8_t *bytes, size_t size)
{
    calo_server *server = calo_call_user(call);
    const calo_batch_limits limits = {
        .max_message_bytes = server->options.max_message_bytes,
        .max_pixels = server->options.max_pixels,
        .max_shared_bytes = server->options.max_shared_bytes,
        .max_states = server->options.max_states,
    };
    calo_error err = {0};
    calo_job *job = job_create(call);
    if (!job)
        return;
    calo_status status = calo_batch_read(bytes, size, &limits, &job->batch, &err);
    if (status == CALO_OK && job->batch.shared_memory)
        status = check_shared(server, call, &err);
    if (status == CALO_OK)
        status = calo_batch_check(&job->batch, &server->service, &err);
    if (status == CALO_OK) {
        put(server, job);
        return;
    }
    calo_call_fail(call, calo_rpc_code_of(status), err.message);
    calo_job_destroy(job);
}

static void update_received(calo_call *call, const uint8_t *bytes, size_t size)
{
    calo_error err = {0};
    calo_job *job = job_create(call);
    if (!job)
        return;
    job->is_update = true;
    calo_status status = calo_update_read(bytes, size, &job->update, &err);
    if (status == CALO_OK) {
        put(calo_call_user(call), job);
        return;
    }
    calo_call_fail(call, calo_rpc_code_of(status), err.message);
    calo_job_destroy(job);
}

static void cancelled(calo_call *call) { calo_queue_cancel(calo_call_user(call), call); }

const calo_method calo_render_batch_method = {
    .path = "/orrb.RenderService/RenderBatch",
    .received = batch_received,
    .cancelled = cancelled,
};
const calo_method calo_update_method = {
    .path = "/orrb.RenderService/Update",
    .received = update_received,
    .cancelled = cancelled,
};
