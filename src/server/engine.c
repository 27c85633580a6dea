/* calo_states behind the service's interface. */
#include <stdlib.h>

#include "base/error.h"
#include "server/service.h"

static calo_status check(void *user, const calo_states_request *request, calo_error *err)
{
    const calo_server_subject *subject = user;
    return calo_states_check(subject->states, request, err);
}

static calo_status render(void *user, const calo_states_request *request, calo_error *err)
{
    const calo_server_subject *subject = user;
    return calo_states_render(subject->states, request, err);
}

static calo_status update(void *user, const calo_component_update *updates, size_t count, calo_error *err)
{
    const calo_server_subject *subject = user;
    if (subject->randomizer)
        return calo_randomizer_update(subject->randomizer, updates, count, err);
    if (count == 0)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_NOT_FOUND,
                     "there is no component \"%.64s\": the server was started without a configuration (--randomize)",
                     updates[0].name);
}

static const calo_stream *streams(void *user, size_t *count)
{
    const calo_server_subject *subject = user;
    *count = 0;
    return subject->randomizer ? calo_randomizer_streams(subject->randomizer, count) : NULL;
}

static void release(void *user) { free(user); }

calo_status calo_server_start(const calo_server_subject *subject, const calo_server_options *options,
                              calo_server **server, calo_error *err)
{
    calo_server_subject *own = malloc(sizeof *own);
    *server = NULL;
    if (!own)
        return calo_fail_memory(err, "a server", sizeof *own);
    *own = *subject;
    const calo_service service = {
        .user = own,
        .check = check,
        .render = render,
        .update = update,
        .streams = streams,
        .release = release,
        .mapping = subject->mapping,
        .qpos_count = calo_states_qpos_count(subject->states),
    };
    return calo_server_create(&service, options, server, err);
}
