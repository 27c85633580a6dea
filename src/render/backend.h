/* The table behind calo_renderer: one entry a backend. render.c validates; backends draw. */
#ifndef CALO_RENDER_BACKEND_H
#define CALO_RENDER_BACKEND_H

#include <calotype/render.h>

#include "base/linear.h"
#include "base/thread.h"
#include "render/watch.h"

/* A view's near plane where it says 0. */
#define CALO_DEFAULT_NEAR_METRES 1e-3
/* Data channels show a BLEND surface where it is at least this opaque, as Blender's passes do. */
#define CALO_DATA_ALPHA 0.5f

/* The way headlights shine in a view, of unit length. */
static inline void calo_view_headlight(const calo_view *view, double direction[3])
{
    bool given = view->headlight[0] != 0 || view->headlight[1] != 0 || view->headlight[2] != 0;
    for (int i = 0; i < 3; i++)
        direction[i] = given ? view->headlight[i] : -view->camera_to_world.m[i][2];
    calo_normalize3(direction);
}

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

typedef struct calo_id_range {
    uint32_t first, end;
} calo_id_range;

/* The instance ids of each node; all are below `end`. `shared`: nodes may have the same. */
typedef struct calo_node_ids {
    calo_id_range *ranges;
    uint32_t node_count, end;
    bool shared;
} calo_node_ids;

struct calo_prepared {
    const struct calo_backend *backend;
    void *scene; /* the backend's */
    calo_shading shading;
    calo_node_ids ids;
};

/* What is to be drawn; all of it is checked. */
typedef struct calo_batch {
    const calo_prepared *const *prepared; /* one a view, or just one for all of them */
    bool one_scene;
    calo_render_options options;
    const calo_view *views;
    size_t view_count;
    calo_frame *frames;
    calo_frame_callback on_frame;
    void *user;
    calo_watch *watch;
} calo_batch;

static inline const calo_prepared *calo_batch_prepared(const calo_batch *batch, size_t view)
{
    return batch->prepared[batch->one_scene ? 0 : view];
}

typedef struct calo_backend {
    const char *name;
    bool simplifies; /* draws levels of detail */
    /* Fills all of `info`, but for the name. */
    void (*probe)(calo_backend_info *info);
    /* A posed and lit scene in the backend's own form, immutable afterwards. `prepare` is resolved: nothing in it is
     * NULL but `reuse`, and no zero means a default. `reused`: a scene of this backend, whose things are shared; or
     * NULL. */
    calo_status (*prepare)(const calo_pose *pose, const calo_prepare_options *prepare,
                           const calo_backend_options *options, const void *reused, void **scene, calo_error *err);
    void (*release)(void *scene);
    /* A worker is one thread's scratch memory; of a backend with draw_batch there is one. */
    calo_status (*open_worker)(void **worker, calo_error *err);
    void (*close_worker)(void *worker);
    void (*stop_after)(void *worker, int stage); /* see stages.h */
    /* `options` are resolved (no zeros that mean defaults), `view` and `frame` are checked. Several workers may draw
     * rows of one view at once; the picture has the same bits however its rows are shared out. */
    calo_status (*draw)(void *worker, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_rows rows, calo_frame *frame, calo_error *err);
    /* Instead of `draw`: all views of a batch, where the backend itself decides what runs side by side. The pool is for
     * what can be done beside drawing, like handing frames out. NULL: there is `draw`. */
    calo_status (*draw_batch)(void *worker, const calo_batch *batch, calo_thread_pool *pool, calo_error *err);
} calo_backend;

/* Where a view's pictures go: the caller's frame, checked, or else `own`, made to fit. */
calo_status calo_batch_find_frame(const calo_batch *batch, size_t index, calo_frame *own, calo_frame **frame,
                                  calo_error *err);
/* Gives a finished frame to the caller's function, if there is one. */
calo_status calo_batch_hand_out(const calo_batch *batch, size_t index, calo_frame *frame, calo_error *err);

extern const calo_backend calo_backend_cpu, calo_backend_egl, calo_backend_osmesa, calo_backend_glfw;

#endif
