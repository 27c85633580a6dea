#include <math.h>

#include "base/linear.h"
#include "render/cpu/worker.h"

/* What a metre at depth 1 covers at most: as if it lay across the ray to the farthest corner. */
static float find_reach(const calo_view *view)
{
    double focal = fmax(view->focal_x, view->focal_y);
    double x = fmax(fabs(view->center_x), fabs(view->width - view->center_x)) / view->focal_x;
    double y = fmax(fabs(view->center_y), fabs(view->height - view->center_y)) / view->focal_y;
    return (float)(view->orthographic ? focal : focal * sqrt(1 + x * x + y * y));
}

void calo_cpu_camera_init(calo_cpu_camera *camera, const calo_view *view)
{
    const calo_mat4 *pose = &view->camera_to_world;
    calo_mat4 to_camera;
    calo_mat4_invert_affine(pose, &to_camera); /* checked by the renderer's front */
    *camera = (calo_cpu_camera){.orthographic = view->orthographic};
    camera->near_metres = view->near_metres > 0 ? (float)view->near_metres : (float)CALO_DEFAULT_NEAR_METRES;
    camera->far_metres = view->far_metres > 0 ? (float)view->far_metres : INFINITY;
    camera->reach_pixels = find_reach(view);
    double headlight[3];
    calo_view_headlight(view, headlight);
    const double *right = to_camera.m[0], *up = to_camera.m[1], *back = to_camera.m[2];
    for (int c = 0; c < 4; c++) {
        double depth = -back[c], w = view->orthographic ? (c == 3) : depth;
        camera->projection.m[0][c] = view->focal_x * right[c] + view->center_x * w;
        camera->projection.m[1][c] = -view->focal_y * up[c] + view->center_y * w;
        camera->projection.m[2][c] = w;
        camera->projection.m[3][c] = depth;
    }
    for (int i = 0; i < 3; i++) {
        camera->position[i] = (float)pose->m[i][3];
        camera->back[i] = (float)pose->m[i][2];
        camera->headlight[i] = (float)-headlight[i];
        for (int c = 0; c < 3; c++)
            camera->to_camera[3 * i + c] = (float)to_camera.m[i][c];
        /* Ray of pixel (x, y): ((x - cx) / fx, -(y - cy) / fy, -1) in camera axes. */
        camera->ray[i][0] = view->orthographic ? 0 : pose->m[i][0] / view->focal_x;
        camera->ray[i][1] = view->orthographic ? 0 : -pose->m[i][1] / view->focal_y;
        camera->ray[i][2] = -pose->m[i][2];
        if (!view->orthographic)
            camera->ray[i][2] += -pose->m[i][0] * view->center_x / view->focal_x +
                                 pose->m[i][1] * view->center_y / view->focal_y;
    }
}

void calo_cpu_object_projection(const calo_cpu_camera *camera, const calo_mat4 *object_to_world,
                                calo_mat4 *object_to_screen)
{
    *object_to_screen = calo_mat4_multiply(&camera->projection, object_to_world);
}
