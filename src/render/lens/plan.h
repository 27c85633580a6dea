/* How a picture through a lens is made of pictures without one: the picture is cut into tiles, each shown by a pinhole
 * camera of its own, and every pixel knows where in its tile's picture its ray falls. The same for every pose. */
#ifndef CALO_RENDER_LENS_PLAN_H
#define CALO_RENDER_LENS_PLAN_H

#include <calotype/view.h>

#include "render/watch.h"

/* A tile's picture has at least so many pixels a pixel of the lens's, along either axis, at the tightest place. */
enum { CALO_LENS_RATIO = 2 };
enum { CALO_LENS_TILE_PIXELS_MAX = 4 << 20, CALO_LENS_TILE_SIDE_MAX = 4096 };

/* Where a pixel's ray falls in its tile's picture: a pixel, and how far from its centre. While a plan is made: the
 * ray in stereographic projection, NAN where there is none. */
typedef union calo_lens_texel {
    struct {
        uint16_t column, row; /* column CALO_LENS_NO_RAY: the pixel shows nothing */
        float x, y;           /* -0.5 to 0.5 */
    };
    double ray[2];
} calo_lens_texel;
enum { CALO_LENS_NO_RAY = 0xffff };

typedef struct calo_lens_tile {
    uint32_t left, top, right, bottom; /* of the lens's picture; right and bottom exclusive */
    bool empty, turned;                /* no pixel has a ray; the camera's axes are not the lens's */
    double rotation[3][3];             /* columns: the camera's right, up and back in the lens's axes */
    double focal[2], center[2];
    uint32_t width, height;            /* of the tile's picture */
} calo_lens_tile;

typedef struct calo_lens_plan {
    calo_view view;          /* what it was made for, but for the pose */
    calo_lens_texel *texels; /* width x height */
    calo_lens_tile *tiles;
    uint32_t tile_count, tile_capacity;
    size_t texel_capacity;
    uint64_t pixels; /* of all tiles' pictures */
} calo_lens_plan;

/* Whether the plan serves a view. */
bool calo_lens_plan_fits(const calo_lens_plan *plan, const calo_view *view);
/* Makes the plan anew, in the memory that it has; `index` is the view's, for messages. After a failure it fits no
 * view. */
calo_status calo_lens_plan_make(calo_lens_plan *plan, const calo_view *view, size_t index, calo_thread_pool *pool,
                                calo_watch *watch, calo_error *err);
void calo_lens_plan_finish(calo_lens_plan *plan);

/* The pinhole camera of a tile that is not empty, for a view that the plan fits. */
calo_view calo_lens_tile_view(const calo_lens_tile *tile, const calo_view *view);

#endif
