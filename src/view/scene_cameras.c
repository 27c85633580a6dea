#include <calotype/view.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "base/text.h"

enum { DEFAULT_HEIGHT = 512 };

/* `index` counts the nodes that carry a camera. */
static bool is_wanted(const calo_scene *scene, const calo_node *node, uint32_t index, const char *wanted)
{
    int64_t number;
    if (strcmp(wanted, "all") == 0 || strcmp(node->name, wanted) == 0 ||
        strcmp(scene->cameras[node->camera].name, wanted) == 0)
        return true;
    return calo_parse_integer(wanted, &number) && number == index;
}

/* A node's place as a rigid pose: the axes lose the scale that the normalization brought. */
static bool rigid_pose(const calo_mat4 *node_to_world, calo_mat4 *pose)
{
    *pose = *node_to_world;
    for (int c = 0; c < 3; c++) {
        double axis[3] = {pose->m[0][c], pose->m[1][c], pose->m[2][c]};
        if (!(calo_normalize3(axis) > 0))
            return false;
        for (int r = 0; r < 3; r++)
            pose->m[r][c] = axis[r];
    }
    return calo_mat4_determinant3(pose) > 0.999;
}

static void set_lens(const calo_camera *camera, double scale, calo_view *view)
{
    view->orthographic = camera->orthographic;
    if (camera->orthographic) {
        view->focal_x = view->width / 2.0 / (camera->x_magnitude * scale);
        view->focal_y = view->height / 2.0 / (camera->y_magnitude * scale);
    } else {
        view->focal_x = view->focal_y = view->height / 2.0 / calo_tan(camera->fov_y_radians / 2);
    }
    view->center_x = view->width / 2.0;
    view->center_y = view->height / 2.0;
    view->near_metres = camera->near_metres * scale;
    view->far_metres = camera->far_metres * scale;
}

/* No more than a number of pixels can be; what can be drawn is less. */
static uint32_t whole_pixels(double pixels)
{
    return (uint32_t)fmin(fmax(1, floor(pixels + 0.5)), UINT32_MAX);
}

static void set_size(const calo_camera *camera, uint32_t width, uint32_t height, calo_view *view)
{
    double aspect = camera->orthographic ? camera->x_magnitude / camera->y_magnitude : camera->aspect_ratio;
    if (!(aspect > 1e-3 && aspect < 1e3))
        aspect = 1;
    view->height = height ? height : width ? whole_pixels(width / aspect) : DEFAULT_HEIGHT;
    view->width = width ? width : whole_pixels(view->height * aspect);
}

/* How it was sampled: of a file's camera only the field of view is known. */
static void note_angles(calo_view *view)
{
    double longer = fmax(view->width, view->height);
    view->azimuth_degrees = view->elevation_degrees = view->radius = view->fov_degrees = NAN;
    if (!view->orthographic)
        view->fov_degrees = 2 * calo_degrees(calo_atan2(longer / 2, view->focal_x));
}

static void note_ranges(calo_view_set *set)
{
    set->radius_min = set->radius_max = set->elevation_min_degrees = set->elevation_max_degrees = NAN;
    set->fov_min_degrees = set->fov_max_degrees = NAN;
    for (size_t i = 0; i < set->count; i++) {
        set->fov_min_degrees = fmin(set->fov_min_degrees, set->views[i].fov_degrees);
        set->fov_max_degrees = fmax(set->fov_max_degrees, set->views[i].fov_degrees);
    }
}

calo_status calo_view_of_node(const calo_pose *pose, uint32_t index, double scale, uint32_t width, uint32_t height,
                              calo_view *view, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    *view = (calo_view){0};
    if (index >= scene->node_count || scene->nodes[index].camera < 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: node %u carries no camera", scene->path, index);
    const calo_camera *camera = &scene->cameras[scene->nodes[index].camera];
    if (!rigid_pose(&pose->node_to_world[index], &view->camera_to_world))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%s: the camera of the node \"%s\" is sheared, mirrored or flat: it cannot be rendered",
                         scene->path, scene->nodes[index].name);
    set_size(camera, width, height, view);
    set_lens(camera, scale, view);
    note_angles(view);
    return CALO_OK;
}

void calo_view_set_fov(calo_view *view, double fov_y_radians)
{
    view->focal_x = view->focal_y = view->height / 2.0 / calo_tan(fov_y_radians / 2);
    note_angles(view);
}

static calo_status add_views(const calo_pose *pose, const char *wanted, double scale, uint32_t width, uint32_t height,
                             calo_view_set *set, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    uint32_t seen = 0;
    set->views = calloc(scene->node_count ? scene->node_count : 1, sizeof *set->views);
    if (!set->views)
        return calo_fail_memory(err, "views", scene->node_count * sizeof *set->views);
    for (uint32_t i = 0; i < scene->node_count; i++) {
        const calo_node *node = &scene->nodes[i];
        if (node->camera < 0 || !node->visible || !is_wanted(scene, node, seen++, wanted))
            continue;
        calo_view *view = &set->views[set->count];
        calo_status status = calo_view_of_node(pose, i, scale, width, height, view, err);
        if (status != CALO_OK)
            return status;
        snprintf(view->name, sizeof view->name, "%03zu", set->count++);
    }
    if (set->count == 0)
        return calo_fail(err, CALO_ERROR_NOT_FOUND,
                         "%s: there is no camera \"%s\" among its %u: `calotype info` lists them", scene->path, wanted,
                         seen);
    note_ranges(set);
    return CALO_OK;
}

calo_status calo_view_set_of_scene(const calo_pose *pose, const char *wanted, double scale, uint32_t width,
                                   uint32_t height, calo_view_set *set, calo_error *err)
{
    *set = (calo_view_set){.protocol = "scene", .fit = CALO_FIT_NONE};
    calo_status status = add_views(pose, wanted, scale, width, height, set, err);
    if (status != CALO_OK)
        calo_view_set_finish(set);
    return status;
}
