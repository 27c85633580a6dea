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

/* The vertices that a primitive's elements use, where they are; each is looked at once. */
typedef struct used_vertices {
    const float *positions;
    uint32_t count;
    uint8_t *used; /* [count]: 1 */
} used_vertices;

static void include_vertices(bounds *box, const calo_mat4 *to_world, const used_vertices *vertices)
{
    const float *p = vertices->positions;
    for (uint32_t v = 0; v < vertices->count; v++, p += 3) {
        if (!vertices->used[v])
            continue;
        double point[3] = {p[0], p[1], p[2]};
        calo_mat4_point(to_world, point, point);
        include_point(box, point);
    }
}

static void include_copies(bounds *box, const calo_pose *pose, uint32_t n, const used_vertices *vertices)
{
    const calo_node *node = &pose->scene->nodes[n];
    const calo_mat4 *to_world = &pose->node_to_world[n];
    if (node->instance_count == 0)
        include_vertices(box, to_world, vertices);
    for (uint32_t i = 0; i < node->instance_count; i++) {
        calo_mat4 copy = calo_mat4_multiply(to_world, &node->instances[i]);
        include_vertices(box, &copy, vertices);
    }
}

static calo_status include_deformed(bounds *box, const calo_pose *pose, uint32_t n, const calo_primitive *primitive,
                                    used_vertices *vertices, calo_error *err)
{
    size_t bytes = (size_t)primitive->vertex_count * 3 * sizeof(float);
    float *positions = malloc(bytes);
    if (!positions)
        return calo_fail_memory(err, "deformed vertices", bytes);
    vertices->positions = positions;
    calo_status status = calo_deform_primitive(pose, (int32_t)n, primitive, positions, NULL, NULL, err);
    calo_mat4 identity = calo_mat4_identity();
    if (status == CALO_OK && calo_deform_is_skinned(pose, (int32_t)n, primitive))
        include_vertices(box, &identity, vertices);
    else if (status == CALO_OK)
        include_copies(box, pose, n, vertices);
    free(positions);
    return status;
}

static calo_status include_primitive(bounds *box, const calo_pose *pose, uint32_t n, const calo_primitive *primitive,
                                     calo_error *err)
{
    used_vertices vertices = {primitive->positions, primitive->vertex_count, NULL};
    if (primitive->index_count == 0)
        return CALO_OK;
    vertices.used = calloc(vertices.count, 1);
    if (!vertices.used)
        return calo_fail_memory(err, "marks of vertices", vertices.count);
    for (uint32_t i = 0; i < primitive->index_count; i++)
        vertices.used[primitive->indices[i]] = 1;
    calo_status status = CALO_OK;
    if (calo_deform_needed(pose, (int32_t)n, primitive))
        status = include_deformed(box, pose, n, primitive, &vertices, err);
    else
        include_copies(box, pose, n, &vertices);
    free(vertices.used);
    return status;
}

calo_status calo_pose_bounds(const calo_pose *pose, double bounds_min[3], double bounds_max[3], calo_error *err)
{
    bounds box = {{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
    const calo_scene *scene = pose->scene;
    for (uint32_t n = 0; n < scene->node_count; n++) {
        if (!pose->node_visible[n] || scene->nodes[n].mesh < 0)
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
