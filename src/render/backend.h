/* The table behind calo_renderer: one entry a backend. render.c validates; backends draw. */
#ifndef CALO_RENDER_BACKEND_H
#define CALO_RENDER_BACKEND_H

#include <calotype/render.h>

/* Rows of a picture: `top` is a multiple of CALO_ROWS_UNIT, so is `bottom` or it is the height. */
typedef struct calo_rows {
    uint32_t top, bottom;
} calo_rows;
enum { CALO_ROWS_UNIT = 4 };

/* What the renderer was made with. */
typedef struct calo_backend_options {
    uint32_t threads;
    calo_cache *cache; /* NULL: none */
    float lod_pixels;
} calo_backend_options;

typedef struct calo_backend {
    const char *name;
    bool whole_views; /* a view is not to be shared by several workers */
    /* True when it can draw here; `detail` says what it is, or why not. */
    bool (*probe)(char *detail, size_t detail_bytes);
    /* A posed and lit scene in the backend's own form, immutable afterwards. */
    calo_status (*prepare)(const calo_pose *pose, const calo_lighting *lighting, const calo_limits *limits,
                           const calo_backend_options *options, void **scene, calo_error *err);
    void (*release)(void *scene);
    /* A worker is one thread's scratch memory. */
    calo_status (*open_worker)(void **worker, calo_error *err);
    void (*close_worker)(void *worker);
    void (*stop_after)(void *worker, int stage); /* see stages.h */
    /* `options` are resolved (no zeros that mean defaults), `view` and `frame` are checked. Several workers may draw
     * rows of one view at once; the picture has the same bits however its rows are shared out. */
    calo_status (*draw)(void *worker, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_rows rows, calo_frame *frame, calo_error *err);
} calo_backend;

extern const calo_backend calo_backend_cpu;

#endif
