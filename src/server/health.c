#include <health.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

struct calo_watcher {
    calo_watcher *next;
    calo_call *call; /* held */
    bool known;      /* the service that is watched is one of ours */
    bool sending;
    serving_status sent;
};

static bool is_known(const char *service) { return !*service || strcmp(service, "orrb.RenderService") == 0; }

static serving_status status_of(const calo_health *health, bool known)
{
    if (!known)
        return GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
    return health->serving ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                           : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
}

/* field 1, a varint below 128; 0 is never sent */
static size_t pack_status(serving_status status, uint8_t bytes[2])
{
    bytes[0] = 1 << 3;
    bytes[1] = (uint8_t)status;
    return 2;
}

/* Which service is asked for; false: the call has been refused. */
static bool read_request(calo_call *call, const uint8_t *bytes, size_t size, bool *known)
{
    enum { REQUEST_MAX = 4096 };
    Grpc__Health__V1__HealthCheckRequest *request =
        size <= REQUEST_MAX ? grpc__health__v1__health_check_request__unpack(NULL, size, bytes) : NULL;
    if (!request) {
        calo_call_fail(call, CALO_RPC_INVALID_ARGUMENT, "the message is not a grpc.health.v1.HealthCheckRequest");
        return false;
    }
    *known = is_known(request->service);
    grpc__health__v1__health_check_request__free_unpacked(request, NULL);
    return true;
}

static void check_received(calo_call *call, const uint8_t *bytes, size_t size)
{
    calo_server *server = calo_call_user(call);
    calo_reply reply = {0};
    uint8_t packed[2];
    bool known;
    if (!read_request(call, bytes, size, &known))
        return;
    if (!known) {
        calo_call_fail(call, CALO_RPC_NOT_FOUND, "the health of \"\" and of orrb.RenderService is known here");
        return;
    }
    pthread_mutex_lock(&server->health.lock);
    size_t length = pack_status(status_of(&server->health, true), packed);
    pthread_mutex_unlock(&server->health.lock);
    if (calo_reply_write(&reply, packed, length, NULL) == CALO_OK)
        calo_call_answer(call, &reply);
    else
        calo_call_fail(call, CALO_RPC_RESOURCE_EXHAUSTED, "there is no memory for the reply");
}

/* ---- watching ---- */

static void watch_sent(calo_call *call);

/* Under the lock. */
static void tell(const calo_health *health, calo_watcher *watcher)
{
    uint8_t packed[2];
    serving_status status = status_of(health, watcher->known);
    if (watcher->sending || watcher->sent == status)
        return;
    watcher->sending = true;
    watcher->sent = status;
    size_t length = pack_status(status, packed);
    calo_call_send(watcher->call, packed, length, watch_sent, false);
}

static void watch_sent(calo_call *call)
{
    calo_server *server = calo_call_user(call);
    pthread_mutex_lock(&server->health.lock);
    for (calo_watcher *watcher = server->health.watchers; watcher; watcher = watcher->next)
        if (watcher->call == call) {
            watcher->sending = false;
            tell(&server->health, watcher);
        }
    pthread_mutex_unlock(&server->health.lock);
}

static void watch_cancelled(calo_call *call)
{
    calo_server *server = calo_call_user(call);
    calo_watcher *found = NULL;
    pthread_mutex_lock(&server->health.lock);
    for (calo_watcher **at = &server->health.watchers; *at && !found; at = found ? at : &(*at)->next)
        if ((*at)->call == call) {
            found = *at;
            *at = found->next;
        }
    pthread_mutex_unlock(&server->health.lock);
    if (found) {
        calo_call_release(found->call);
        free(found);
    }
}

static void watch_received(calo_call *call, const uint8_t *bytes, size_t size)
{
    calo_server *server = calo_call_user(call);
    bool known;
    if (!bytes)
        calo_call_fail(call, CALO_RPC_INVALID_ARGUMENT, "the call has no message");
    if (!bytes || !read_request(call, bytes, size, &known))
        return;
    calo_watcher *watcher = calloc(1, sizeof *watcher);
    if (!watcher) {
        calo_call_fail(call, CALO_RPC_RESOURCE_EXHAUSTED, "there is no memory for the call");
        return;
    }
    calo_call_hold(call);
    watcher->call = call;
    watcher->known = known;
    pthread_mutex_lock(&server->health.lock);
    watcher->next = server->health.watchers;
    server->health.watchers = watcher;
    tell(&server->health, watcher);
    pthread_mutex_unlock(&server->health.lock);
    /* Gone before it was there to be cancelled. */
    if (calo_call_over(call))
        watch_cancelled(call);
}

/* ---- the server's side ---- */

void calo_health_start(calo_health *health)
{
    pthread_mutex_init(&health->lock, NULL);
    health->serving = true;
}

void calo_health_set(calo_server *server, bool serving)
{
    pthread_mutex_lock(&server->health.lock);
    server->health.serving = serving;
    for (calo_watcher *watcher = server->health.watchers; watcher; watcher = watcher->next)
        tell(&server->health, watcher);
    pthread_mutex_unlock(&server->health.lock);
}

void calo_health_stop(calo_server *server)
{
    pthread_mutex_lock(&server->health.lock);
    calo_watcher *watcher = server->health.watchers;
    server->health.watchers = NULL;
    pthread_mutex_unlock(&server->health.lock);
    for (calo_watcher *next; watcher; watcher = next) {
        next = watcher->next;
        calo_call_fail(watcher->call, CALO_RPC_UNAVAILABLE, "the server is stopping: ask another one");
        calo_call_release(watcher->call);
        free(watcher);
    }
}

const calo_method calo_health_check_method = {
    .path = "/grpc.health.v1.Health/Check",
    .open = true,
    .received = check_received,
};
const calo_method calo_health_watch_method = {
    .path = "/grpc.health.v1.Health/Watch",
    .open = true,
    .stream = true,
    .received = watch_received,
    .cancelled = watch_cancelled,
};
