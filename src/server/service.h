/* What the server needs of an engine: calo_states in life, a fake one in tests. */
#ifndef CALO_SERVER_SERVICE_H
#define CALO_SERVER_SERVICE_H

#include <calotype/server.h>

typedef struct calo_service {
    void *user;
    /* As calo_states_check and calo_states_render: the one on any thread, the others on one. */
    calo_status (*check)(void *user, const calo_states_request *request, calo_error *err);
    calo_status (*render)(void *user, const calo_states_request *request, calo_error *err);
    calo_status (*update)(void *user, const calo_component_update *updates, size_t count, calo_error *err);
    void (*release)(void *user); /* when the server is gone, also after a failure; may be NULL */
    const calo_mujoco_mapping *mapping;
    size_t qpos_count; /* 0: the scene has no joints */
    /* As calo_randomizer_streams: updates may change them, and how many values a state has with them. On the thread that
     * renders; may be NULL. */
    const calo_stream *(*streams)(void *user, size_t *count);
} calo_service;

calo_status calo_server_create(const calo_service *service, const calo_server_options *options, calo_server **server,
                               calo_error *err);

#endif
