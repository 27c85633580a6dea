#include <stdlib.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/deform.h"

typedef struct bounds {
    double min[3], max[3];
} bounds;

static void include_point(bounds *box, const double p[3])
{
    for (int i = 0; i < 3; i++) {
        box->min[i] = p[i] < box->min[i] ? p[i] : box->min[i];
        box->max[i] = p[i] > box->max[i] ? p[i] : box->max[i];
    }
}

static void include_vertices(bounds *box, const calo_mat4 *to_world, const calo_primitive *primitive,
                             const float *positions)
{
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < primitive->index_count; i++) {
        uint32_t index = primitive->indices[i];
        if (index == last)
            continue;
        last = index;
        const float *p = positions + (size_t)index * 3;
        double point[3] = {p[0], p[1], p[2]};
        calo_mat4_point(to_world, point, point);
        include_point(box, point);
    }
}

static void include_copies(bounds *box, const calo_pose *pose, uint32_t n, const calo_primitive *primitive,
                           const float *positions)
{
    const calo_node *node = &pose->scene->nodes[n];
    const calo_mat4 *to_world = &pose->node_to_world[n];
    if (node->instance_count == 0)
        include_vertices(box, to_world, primitive, positions);
    for (uint32_t i = 0; i < node->instance_count; i++) {
        calo_mat4 copy = calo_mat4_multiply(to_world, &node->instances[i]);
        include_vertices(box, &copy, primitive, positions);
    }
}

static calo_status include_primitive(bounds *box, const calo_pose *pose, uint32_t n, const calo_primitive *primitive,
                                     calo_error *err)
{
    if (primitive->index_count == 0)
        return CALO_OK;
    if (!calo_deform_needed(pose, (int32_t)n, primitive)) {
        include_copies(box, pose, n, primitive, primitive->positions);
        return CALO_OK;
    }
    size_t bytes = (size_t)primitive->vertex_count * 3 * sizeof(float);
    float *positions = malloc(bytes);
    if (!positions)
        return calo_fail_memory(err, "deformed vertices", bytes);
    calo_status status = calo_deform_primitive(pose, (int32_t)n, primitive, positions, NULL, NULL, err);
    calo_mat4 identity = calo_mat4_identity();
    if (status == CALO_OK && calo_deform_is_skinned(pose, (int32_t)n, primitive))
        include_vertices(box, &identity, primitive, positions);
    else if (status == CALO_OK)
        include_copies(box, pose, n, primitive, positions);
    free(positions);
    return status;
}

calo_status calo_pose_bounds(const calo_pose *pose, double bounds_min[3], double bounds_max[3], calo_error *err)
{
    bounds box = {{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
    const calo_scene *scene = pose->scene;
    for (uint32_t n = 0; n < scene->node_count; n++) {
        if (!scene->nodes[n].visible || scene->nodes[n].mesh < 0)
            continue;
        const calo_mesh *mesh = &scene->meshes[scene->nodes[n].mesh];
        for (uint32_t p = 0; p < mesh->primitive_count; p++) {
            calo_status status = include_primitive(&box, pose, n, &mesh->primitives[p], err);
            if (status != CALO_OK)
                return status;
        }
    }
    for (int i = 0; i < 3; i++) {
        if (!isfinite(box.max[i] - box.min[i]))
            return calo_fail(err, CALO_ERROR_FORMAT,
                             "%s: its box reaches from %g to %g on axis %d: nothing finite to draw", scene->path,
                             box.min[i], box.max[i], i);
        bounds_min[i] = box.min[i];
        bounds_max[i] = box.max[i];
    }
    return CALO_OK;
}
