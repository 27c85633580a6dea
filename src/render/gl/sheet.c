#include "render/gl/sheet.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"

/* An atlas of more pixels gains nothing, and several sheets overlap drawing and reading back. */
enum { SIDE_MAX = 4096, BYTES_MAX = 64 << 20, SHEETS_WANTED = 4 };
/* So many copies in views are listed at once, if one view has no more. */
enum { COPIES_MAX = 1 << 16, COPY_TEXELS = sizeof(calo_glr_seen_copy) / 16 };

/* ---- which views ---- */

static uint32_t count_alike(const calo_batch *batch, size_t first, uint32_t most)
{
    const calo_view *view = &batch->views[first];
    uint32_t count = 1;
    while (count < most && first + count < batch->view_count && batch->views[first + count].width == view->width &&
           batch->views[first + count].height == view->height &&
           calo_batch_prepared(batch, first + count) == calo_batch_prepared(batch, first))
        count++;
    return count;
}

static uint32_t least(uint64_t a, uint64_t b) { return (uint32_t)(a < b ? a : b); }

calo_status calo_glr_sheet_plan(const calo_batch *batch, size_t first, uint32_t pixel_bytes, calo_glr_sheet *sheet,
                                calo_error *err)
{
    calo_glr_scene *scene = calo_batch_prepared(batch, first)->scene;
    const calo_glr_limits *limits = &scene->device->limits;
    const calo_view *view = &batch->views[first];
    uint32_t width = view->width, height = view->height, side = least(SIDE_MAX, (uint64_t)limits->texture_size);
    uint64_t copies = (uint64_t)limits->buffer_texels / COPY_TEXELS;
    if (width > (uint32_t)limits->texture_size || height > (uint32_t)limits->texture_size)
        return calo_fail(err, CALO_ERROR_LIMIT, "view %zu is %u x %u pixels: %s draws sides of up to %d; make it "
                         "smaller or use --backend cpu", first, width, height, scene->device->info->renderer,
                         limits->texture_size);
    if (scene->copy_count > copies)
        return calo_fail(err, CALO_ERROR_LIMIT, "the scene has %u things to draw: %s draws up to %llu at once; use "
                         "--backend cpu", scene->copy_count, scene->device->info->renderer, (unsigned long long)copies);
    uint64_t most = BYTES_MAX / ((uint64_t)width * height * pixel_bytes);
    uint32_t columns = side / width ? side / width : 1, rows = side / height ? side / height : 1;
    most = least(most, (uint64_t)columns * rows);
    most = least(most, (batch->view_count + SHEETS_WANTED - 1) / SHEETS_WANTED);
    most = least(most, least(copies, COPIES_MAX) / (scene->copy_count ? scene->copy_count : 1));
    uint32_t count = count_alike(batch, first, least(most ? most : 1, CALO_GLR_VIEWS_MAX));
    columns = least(columns, count);
    *sheet = (calo_glr_sheet){.scene = scene, .first_view = first, .view_count = count, .columns = columns,
                              .rows = (count + columns - 1) / columns, .tile_width = width, .tile_height = height};
    return CALO_OK;
}

/* ---- cameras ---- */

/* Clip z = depth * scale + offset, such that what is nearer has more of it: by clip control from 1 at the near plane to
 * 0 at infinity, else from 1 to -1 around the scene. */
static void find_depth_scale(const calo_glr_scene *scene, const calo_glr_camera *camera, float out[4])
{
    const double *row = camera->rows[2], near_least = camera->near_metres;
    bool orthographic = camera->view->orthographic, zero_to_one = scene->device->gl.ClipControl != NULL;
    double center = calo_dot3(row, scene->center) + row[3], slack = 1e-3 * scene->radius + 1e-6 * fabs(center);
    double near_metres = fmax(near_least, center - scene->radius - slack);
    double far_metres = fmax(center + scene->radius + slack, near_metres * (1 + 1e-3));
    double range = far_metres - near_metres, scale, offset;
    if (orthographic) {
        scale = -(zero_to_one ? 1 : 2) / range;
        offset = 1 - scale * near_metres;
    } else if (zero_to_one) {
        scale = 0;
        offset = near_least;
    } else {
        scale = -(far_metres + near_metres) / range;
        offset = near_metres - scale * near_metres;
    }
    out[0] = (float)scale;
    out[1] = (float)offset;
    out[2] = camera->view->far_metres > 0 ? (float)camera->view->far_metres : FLT_MAX;
}

static void fill_block(const calo_glr_camera *camera, calo_glr_view_block *block)
{
    const calo_view *view = camera->view;
    const calo_mat4 *pose = &view->camera_to_world;
    double back[3] = {pose->m[0][2], pose->m[1][2], pose->m[2][2]}, headlight[3];
    *block = (calo_glr_view_block){.tile = {(float)camera->left, (float)camera->top, (float)view->width,
                                            (float)view->height}};
    block->position[3] = view->orthographic;
    block->back[3] = (float)camera->near_metres;
    calo_normalize3(back);
    calo_view_headlight(view, headlight);
    for (int i = 0; i < 3; i++) {
        block->position[i] = (float)pose->m[i][3];
        block->back[i] = (float)back[i];
        block->headlight[i] = (float)-headlight[i];
        for (int c = 0; c < 3; c++)
            block->to_camera[i][c] = (float)camera->to_camera.m[i][c];
        /* Of pixel (x, y): ((x - cx) / fx, -(y - cy) / fy, -1) in camera axes. */
        double x = view->orthographic ? 0 : pose->m[i][0] / view->focal_x;
        double y = view->orthographic ? 0 : -pose->m[i][1] / view->focal_y;
        block->ray[i][0] = (float)x;
        block->ray[i][1] = (float)y;
        block->ray[i][2] = (float)(-pose->m[i][2] - x * view->center_x - y * view->center_y);
    }
}

void calo_glr_camera_init(const calo_glr_scene *scene, const calo_glr_sheet *sheet, const calo_view *view,
                          uint32_t index, calo_glr_camera *camera, calo_glr_view_block *block)
{
    *camera = (calo_glr_camera){.view = view, .left = index % sheet->columns * sheet->tile_width,
                                .top = index / sheet->columns * sheet->tile_height};
    camera->near_metres = view->near_metres > 0 ? view->near_metres : CALO_DEFAULT_NEAR_METRES;
    calo_mat4_invert_affine(&view->camera_to_world, &camera->to_camera); /* checked by the renderer's front */
    for (int i = 0; i < 3; i++)
        camera->position[i] = view->camera_to_world.m[i][3];
    for (int c = 0; c < 4; c++) {
        double depth = -camera->to_camera.m[2][c], w = view->orthographic ? (c == 3) : depth;
        double x = view->focal_x * camera->to_camera.m[0][c] + view->center_x * w;
        double y = -view->focal_y * camera->to_camera.m[1][c] + view->center_y * w;
        camera->rows[0][c] = 2 * x / view->width - w;
        camera->rows[1][c] = 2 * y / view->height - w;
        camera->rows[2][c] = depth;
    }
    fill_block(camera, block);
    find_depth_scale(scene, camera, block->depth_scale);
}

/* ---- copies in views ---- */

/* Whether the sphere reaches into the picture, or so near to it. */
static bool may_see(const calo_glr_camera *camera, const calo_glr_copy *copy, double margin)
{
    const calo_view *view = camera->view;
    double at[3], radius = copy->radius * (1 + 1e-6);
    calo_mat4_point(&camera->to_camera, copy->center, at);
    double depth = -at[2], w = view->orthographic ? 1 : depth;
    if (depth + radius < camera->near_metres)
        return false;
    const double along[2] = {view->focal_x * at[0], -view->focal_y * at[1]}, focal[2] = {view->focal_x, view->focal_y};
    const double center[2] = {view->center_x + margin, view->center_y + margin};
    const double size[2] = {view->width + 2 * margin, view->height + 2 * margin};
    for (int i = 0; i < 2; i++) {
        /* Distances to the planes through both sides of the picture, times their normals' lengths. */
        double low = along[i] + center[i] * w, high = (size[i] - center[i]) * w - along[i];
        double low_length = view->orthographic ? focal[i] : sqrt(focal[i] * focal[i] + center[i] * center[i]);
        double rest = size[i] - center[i];
        double high_length = view->orthographic ? focal[i] : sqrt(focal[i] * focal[i] + rest * rest);
        if (low < -radius * low_length || high < -radius * high_length)
            return false;
    }
    return true;
}

static void see(const calo_glr_camera *camera, const calo_glr_copy *copy, calo_glr_seen_copy *seen)
{
    const double (*m)[4] = copy->object_to_world.m;
    for (int r = 0; r < 3; r++) {
        const double *row = camera->rows[r];
        for (int c = 0; c < 4; c++)
            seen->to_clip[r][c] = (float)(row[0] * m[0][c] + row[1] * m[1][c] + row[2] * m[2][c] + row[3] * m[3][c]);
        for (int c = 0; c < 3; c++) {
            seen->to_world[r][c] = (float)m[r][c];
            seen->normal_to_world[r][c] = copy->normal_to_world[3 * r + c];
        }
        seen->to_world[r][3] = (float)(m[r][3] - camera->position[r]);
    }
    seen->normal_to_world[0][3] = (float)(copy->instance_id & 0xffff);
    seen->normal_to_world[1][3] = (float)(copy->instance_id >> 16);
    seen->normal_to_world[2][3] = copy->mirrored ? -1 : 1;
}

uint32_t calo_glr_copies_see(const calo_glr_scene *scene, const calo_glr_group *group, const calo_glr_camera *camera,
                             float margin_pixels, calo_glr_seen_copy *seen)
{
    /* Samples lie beside the pixels' centres. */
    double margin = (double)margin_pixels + 1;
    uint32_t count = 0;
    for (uint32_t c = group->first_copy; c < group->first_copy + group->copy_count; c++)
        if (may_see(camera, &scene->copies[c], margin))
            see(camera, &scene->copies[c], &seen[count++]);
    return count;
}
