/* For benchmarks: how far each view goes. The difference of two runs is what a stage costs, with no
 * clock read on the way. */
#ifndef CALO_RENDER_STAGES_H
#define CALO_RENDER_STAGES_H

#include <calotype/render.h>

enum {
    CALO_STAGE_CULL,      /* clearing, and which parts are in sight */
    CALO_STAGE_TRANSFORM, /* vertices to the screen */
    CALO_STAGE_SETUP,     /* triangles that can cover a pixel */
    CALO_STAGE_RASTER,    /* the visibility buffer */
    CALO_STAGE_SHADE,     /* everything: the pictures are whole */
    CALO_STAGE_COUNT
};

/* The last stage of the views to come; the pictures are only whole with CALO_STAGE_SHADE. */
void calo_renderer_stop_after(calo_renderer *renderer, int stage);

#endif
