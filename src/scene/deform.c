#include "scene/deform.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/pose.h"

static bool is_morphed(const calo_pose *pose, int32_t node, const calo_primitive *primitive)
{
    const float *weights = pose->morph_weights[node];
    for (uint32_t t = 0; weights && t < primitive->morph_target_count; t++)
        if (weights[t] != 0)
            return true;
    return false;
}

bool calo_deform_is_skinned(const calo_pose *pose, int32_t node, const calo_primitive *primitive)
{
    return primitive->influences && pose->scene->nodes[node].skin >= 0;
}

bool calo_deform_needed(const calo_pose *pose, int32_t node, const calo_primitive *primitive)
{
    return calo_deform_is_skinned(pose, node, primitive) || is_morphed(pose, node, primitive);
}

static void add_scaled(float *values, size_t stride, const float *deltas, float weight, size_t count)
{
    for (size_t v = 0; deltas && v < count; v++)
        for (size_t i = 0; i < 3; i++)
            values[stride * v + i] += weight * deltas[3 * v + i];
}

/* Makes the first three of `stride` floats a unit vector; a zero vector stays. */
static void normalize_all(float *values, size_t stride, size_t count)
{
    for (size_t v = 0; v < count; v++) {
        float *at = values + stride * v;
        double direction[3] = {at[0], at[1], at[2]};
        calo_normalize3(direction);
        for (int i = 0; i < 3; i++)
            at[i] = (float)direction[i];
    }
}

static void morph(const calo_pose *pose, int32_t node, const calo_primitive *primitive, float *positions,
                  float *normals, float *tangents)
{
    const float *weights = pose->morph_weights[node];
    for (uint32_t t = 0; t < primitive->morph_target_count; t++) {
        const calo_morph_target *target = &primitive->morph_targets[t];
        if (weights[t] == 0)
            continue;
        add_scaled(positions, 3, target->positions, weights[t], primitive->vertex_count);
        if (normals)
            add_scaled(normals, 3, target->normals, weights[t], primitive->vertex_count);
        if (tangents)
            add_scaled(tangents, 4, target->tangents, weights[t], primitive->vertex_count);
    }
    if (normals)
        normalize_all(normals, 3, primitive->vertex_count);
    if (tangents)
        normalize_all(tangents, 4, primitive->vertex_count);
}

/* The weighted sum of a vertex's joint matrices. */
static calo_mat4 blend(const calo_mat4 *matrices, const calo_primitive *primitive, size_t vertex)
{
    const uint16_t *joints = primitive->joints + vertex * primitive->influences;
    const float *weights = primitive->weights + vertex * primitive->influences;
    calo_mat4 sum = {{{0}, {0}, {0}, {0, 0, 0, 1}}};
    for (uint32_t i = 0; i < primitive->influences; i++) {
        if (weights[i] == 0)
            continue;
        const calo_mat4 *matrix = &matrices[joints[i]];
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++)
                sum.m[r][c] += (double)weights[i] * matrix->m[r][c];
    }
    return sum;
}

/* The inverse transpose, up to length: mirroring turns the cofactors round. */
static void turn_normal(const calo_mat4 *matrix, float normal[3])
{
    double cofactors[3][3], turned[3], sign = calo_mat4_determinant3(matrix) < 0 ? -1 : 1;
    calo_mat4_cofactors(matrix, cofactors);
    for (int r = 0; r < 3; r++)
        turned[r] = sign * (cofactors[r][0] * normal[0] + cofactors[r][1] * normal[1] + cofactors[r][2] * normal[2]);
    calo_normalize3(turned);
    for (int i = 0; i < 3; i++)
        normal[i] = (float)turned[i];
}

static void turn_tangent(const calo_mat4 *matrix, float tangent[3])
{
    double direction[3] = {tangent[0], tangent[1], tangent[2]};
    calo_mat4_direction(matrix, direction, direction);
    calo_normalize3(direction);
    for (int i = 0; i < 3; i++)
        tangent[i] = (float)direction[i];
}

static void skin(const calo_pose *pose, int32_t node, const calo_primitive *primitive, float *positions,
                 float *normals, float *tangents)
{
    const calo_mat4 *matrices = pose->internal->joint_matrices[pose->scene->nodes[node].skin];
    for (size_t v = 0; v < primitive->vertex_count; v++) {
        calo_mat4 matrix = blend(matrices, primitive, v);
        float *p = positions + 3 * v;
        double point[3] = {p[0], p[1], p[2]};
        calo_mat4_point(&matrix, point, point);
        for (int i = 0; i < 3; i++)
            p[i] = (float)point[i];
        if (normals)
            turn_normal(&matrix, normals + 3 * v);
        if (tangents)
            turn_tangent(&matrix, tangents + 4 * v);
    }
}

static calo_status check_finite(const calo_pose *pose, int32_t node, const calo_primitive *primitive,
                                const float *positions, calo_error *err)
{
    for (uint32_t i = 0; i < primitive->index_count; i++) {
        const float *p = positions + (size_t)primitive->indices[i] * 3;
        if (!isfinite(p[0]) || !isfinite(p[1]) || !isfinite(p[2]))
            return calo_fail(err, CALO_ERROR_FORMAT,
                             "%s: node %d (\"%s\"): morph targets or the skin move vertex %u to (%g, %g, %g), which is "
                             "not finite: repair the file",
                             pose->scene->path, node, pose->scene->nodes[node].name, primitive->indices[i],
                             (double)p[0], (double)p[1], (double)p[2]);
    }
    return CALO_OK;
}

calo_status calo_deform_primitive(const calo_pose *pose, int32_t node, const calo_primitive *primitive,
                                  float *positions, float *normals, float *tangents, calo_error *err)
{
    size_t count = primitive->vertex_count;
    memcpy(positions, primitive->positions, count * 3 * sizeof *positions);
    if (normals)
        memcpy(normals, primitive->normals, count * 3 * sizeof *normals);
    if (tangents)
        memcpy(tangents, primitive->tangents, count * 4 * sizeof *tangents);
    if (is_morphed(pose, node, primitive))
        morph(pose, node, primitive, positions, normals, tangents);
    if (calo_deform_is_skinned(pose, node, primitive))
        skin(pose, node, primitive, positions, normals, tangents);
    return check_finite(pose, node, primitive, positions, err);
}
