/* From the pictures of a plan's tiles to the picture through the lens. */
#ifndef CALO_RENDER_LENS_LOOK_UP_H
#define CALO_RENDER_LENS_LOOK_UP_H

#include "render/backend.h"
#include "render/lens/plan.h"

/* How tiles must be drawn so that they serve for `options`. */
calo_render_options calo_lens_tile_options(const calo_render_options *options);

/* One tile of one view. */
typedef struct calo_lens_look {
    const calo_lens_plan *plan;
    const calo_lens_tile *tile;
    const calo_render_options *options;
    calo_shading shading;
    const calo_view *view;
    const calo_frame *drawn; /* the tile's picture, drawn with calo_lens_tile_options; NULL where the tile is empty */
    const calo_frame *frame; /* the view's */
} calo_lens_look;

/* Fills some of the tile's rows in the view's frame. */
void calo_lens_look_up(const calo_lens_look *look, calo_rows rows);

#endif
