/* Views of one scene and one size side by side in an atlas, which are drawn and read back together. */
#ifndef CALO_RENDER_GL_SHEET_H
#define CALO_RENDER_GL_SHEET_H

#include "render/backend.h"
#include "render/gl/scene.h"

enum { CALO_GLR_VIEWS_MAX = 64 };

typedef struct calo_glr_sheet {
    calo_glr_scene *scene;
    size_t first_view;
    uint32_t view_count, columns, rows;
    uint32_t tile_width, tile_height;
} calo_glr_sheet;

static inline uint32_t calo_glr_sheet_width(const calo_glr_sheet *sheet) { return sheet->columns * sheet->tile_width; }
static inline uint32_t calo_glr_sheet_height(const calo_glr_sheet *sheet) { return sheet->rows * sheet->tile_height; }

/* The views from `first` on that are drawn together; an error when not even one can be. */
calo_status calo_glr_sheet_plan(const calo_batch *batch, size_t first, uint32_t pixel_bytes, calo_glr_sheet *sheet,
                                calo_error *err);

/* views.glsl's block, as std140 lays it out. */
typedef struct calo_glr_view_block {
    float position[4], back[4], depth_scale[4], tile[4], shift[4];
    float ray[3][4], to_camera[3][4], headlight[4];
} calo_glr_view_block;

/* A view of a sheet on the host. */
typedef struct calo_glr_camera {
    const calo_view *view;
    uint32_t left, top; /* of its tile in the atlas */
    double position[3], near_metres;
    calo_mat4 to_camera;
    double rows[3][4]; /* world to clip x, y (w included), and depth */
} calo_glr_camera;

void calo_glr_camera_init(const calo_glr_scene *scene, const calo_glr_sheet *sheet, const calo_view *view,
                          uint32_t index, calo_glr_camera *camera, calo_glr_view_block *block);

/* A copy as a view sees it: attributes of an instance, and texels as copies.glsl says. */
typedef struct calo_glr_seen_copy {
    float to_clip[3][4], to_world[3][4], normal_to_world[3][4];
} calo_glr_seen_copy;

/* Lists those of a group's copies that the view may see, which reach `margin_pixels` beyond the vertices; returns how
 * many. */
uint32_t calo_glr_copies_see(const calo_glr_scene *scene, const calo_glr_group *group, const calo_glr_camera *camera,
                             float margin_pixels, calo_glr_seen_copy *seen);

#endif
