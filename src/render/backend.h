/* The table behind calo_renderer: one entry a backend. render.c validates; backends draw. */
#ifndef CALO_RENDER_BACKEND_H
#define CALO_RENDER_BACKEND_H

#include <calotype/render.h>

typedef struct calo_backend {
    const char *name;
    /* True when it can draw here; `detail` says what it is, or why not. */
    bool (*probe)(char *detail, size_t detail_bytes);
    /* A posed and lit scene in the backend's own form, immutable afterwards. */
    calo_status (*prepare)(const calo_pose *pose, const calo_lighting *lighting, const calo_limits *limits,
                           uint32_t threads, calo_cache *cache, void **scene, calo_error *err);
    void (*release)(void *scene);
    /* A worker is one thread's scratch memory. */
    calo_status (*open_worker)(void **worker, calo_error *err);
    void (*close_worker)(void *worker);
    void (*stop_after)(void *worker, int stage); /* see stages.h */
    /* `options` are resolved (no zeros that mean defaults), `view` and `frame` are checked. */
    calo_status (*draw)(void *worker, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_frame *frame, calo_error *err);
} calo_backend;

extern const calo_backend calo_backend_cpu;

#endif
