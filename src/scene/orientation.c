/* Nothing is welded or sorted: sums over a surface tell whether it is closed. By the divergence theorem, of every closed
 * surface the area vectors add up to zero, and the tensor of positions times area vectors is the enclosed volume
 * times the identity. Sheets, tubes and shells with large holes fail that. */
#include "scene/orientation.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/linear.h"

enum { TRIANGLES_LOOKED_AT = 1 << 18 };

/* How far the tensor may be from the identity, as a share of the volume: small holes, rounding, triangles left out. */
static const double closed_tolerance = 0.1;
/* What rounding leaves of nothing, such as of the volume of a sheet with two sides: a share of area times reach. */
static const double rounding = 1e-6;

/* Sums over triangles; areas are doubled, and `tensor`, of the positions, six times too large. */
typedef struct surface_sums {
    double area, opposed; /* opposed: of triangles whose normals point backwards */
    double vector[3];
    double tensor[3][3];
    double reach_squared; /* from the origin that positions are measured from */
} surface_sums;

typedef struct mesh_areas {
    double all, flipped;
} mesh_areas;

static void corner(const calo_primitive *primitive, uint32_t vertex, const double origin[3], double out[3])
{
    const float *p = primitive->positions + 3 * (size_t)vertex;
    for (int i = 0; i < 3; i++)
        out[i] = p[i] - origin[i];
}

/* Whether the three vertex normals together point to the back of a triangle with this area vector. */
static bool is_opposed(const float *normals, const uint32_t corners[3], const double vector[3])
{
    double sum = 0;
    for (int c = 0; c < 3; c++) {
        const float *n = normals + 3 * (size_t)corners[c];
        sum += n[0] * vector[0] + n[1] * vector[1] + n[2] * vector[2];
    }
    return sum < 0;
}

static void add_triangle(surface_sums *sums, const calo_primitive *primitive, const uint32_t corners[3],
                         const double origin[3])
{
    double a[3], b[3], c[3], ab[3], ac[3], vector[3];
    corner(primitive, corners[0], origin, a);
    corner(primitive, corners[1], origin, b);
    corner(primitive, corners[2], origin, c);
    for (int i = 0; i < 3; i++) {
        ab[i] = b[i] - a[i];
        ac[i] = c[i] - a[i];
    }
    calo_cross3(ab, ac, vector);
    double area = calo_length3(vector), reach = calo_dot3(a, a);
    sums->area += area;
    if (primitive->normals && is_opposed(primitive->normals, corners, vector))
        sums->opposed += area;
    for (int i = 0; i < 3; i++) {
        sums->vector[i] += vector[i];
        for (int k = 0; k < 3; k++)
            sums->tensor[i][k] += (a[i] + b[i] + c[i]) * vector[k];
    }
    if (reach > sums->reach_squared)
        sums->reach_squared = reach;
}

static surface_sums add_up(const calo_primitive *primitive, const double origin[3], uint64_t step)
{
    surface_sums sums = {0};
    for (uint64_t at = 0; at + 2 < primitive->index_count; at += 3 * step)
        add_triangle(&sums, primitive, primitive->indices + at, origin);
    return sums;
}

static void join(surface_sums *all, const surface_sums *part)
{
    all->area += part->area;
    all->opposed += part->opposed;
    all->reach_squared = fmax(all->reach_squared, part->reach_squared);
    for (int i = 0; i < 3; i++) {
        all->vector[i] += part->vector[i];
        for (int k = 0; k < 3; k++)
            all->tensor[i][k] += part->tensor[i][k];
    }
}

/* 1: closed, the right way round. -1: closed and inside out. 0: not closed. */
static int orientation(const surface_sums *sums)
{
    double volume = (sums->tensor[0][0] + sums->tensor[1][1] + sums->tensor[2][2]) / 3, reach = sqrt(sums->reach_squared);
    double off = 3 * calo_length3(sums->vector) * reach + rounding * sums->area * reach;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            off += fabs(sums->tensor[i][k] - (i == k ? volume : 0));
    if (!(off <= closed_tolerance * fabs(volume)))
        return 0;
    return volume > 0 ? 1 : volume < 0 ? -1 : 0;
}

static void judge(const surface_sums *sums, mesh_areas *areas)
{
    areas->all += sums->area;
    areas->flipped += orientation(sums) < 0 ? sums->area : sums->opposed;
}

/* Primitives that are closed are judged each for itself, and the others together, as parts of one surface. */
static mesh_areas measure_mesh(const calo_mesh *mesh, uint64_t step)
{
    mesh_areas areas = {0, 0};
    surface_sums open = {0};
    double origin[3] = {0, 0, 0};
    bool has_origin = false;
    for (uint32_t p = 0; p < mesh->primitive_count; p++) {
        const calo_primitive *primitive = &mesh->primitives[p];
        if (primitive->topology != CALO_TRIANGLES || primitive->index_count < 3)
            continue;
        for (int i = 0; i < 3 && !has_origin; i++)
            origin[i] = primitive->positions[3 * (size_t)primitive->indices[0] + (size_t)i];
        has_origin = true;
        surface_sums sums = add_up(primitive, origin, step);
        if (orientation(&sums))
            judge(&sums, &areas);
        else
            join(&open, &sums);
    }
    judge(&open, &areas);
    return areas;
}

/* By how much areas grow on their way into the world: exact where all axes are scaled alike. */
static double area_scale(const calo_mat4 *to_world)
{
    double sum = 0;
    for (int r = 0; r < 3; r++)
        sum += calo_dot3(to_world->m[r], to_world->m[r]);
    return sum / 3;
}

static double copies_scale(const calo_pose *pose, uint32_t n)
{
    const calo_node *node = &pose->scene->nodes[n];
    double scale = node->instance_count ? 0 : area_scale(&pose->node_to_world[n]);
    for (uint32_t i = 0; i < node->instance_count; i++) {
        calo_mat4 copy = calo_mat4_multiply(&pose->node_to_world[n], &node->instances[i]);
        scale += area_scale(&copy);
    }
    return scale;
}

static uint64_t choose_step(const calo_scene *scene)
{
    uint64_t triangles = 0;
    for (uint32_t m = 0; m < scene->mesh_count; m++)
        for (uint32_t p = 0; p < scene->meshes[m].primitive_count; p++)
            if (scene->meshes[m].primitives[p].topology == CALO_TRIANGLES)
                triangles += scene->meshes[m].primitives[p].index_count / 3;
    return 1 + triangles / (TRIANGLES_LOOKED_AT + 1);
}

calo_status calo_scene_flipped_share(const calo_scene *scene, double *share, calo_error *err)
{
    calo_pose *pose = NULL;
    mesh_areas *meshes = calloc((size_t)scene->mesh_count + 1, sizeof *meshes), all = {0, 0};
    *share = 0;
    if (!meshes)
        return calo_fail_memory(err, "areas of meshes", scene->mesh_count * sizeof *meshes);
    calo_status status = calo_pose_create(scene, NULL, &pose, err);
    uint64_t step = choose_step(scene);
    for (uint32_t m = 0; status == CALO_OK && m < scene->mesh_count; m++)
        meshes[m] = measure_mesh(&scene->meshes[m], step);
    for (uint32_t n = 0; status == CALO_OK && n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        if (!node->visible || node->mesh < 0)
            continue;
        double scale = copies_scale(pose, n);
        all.all += scale * meshes[node->mesh].all;
        all.flipped += scale * meshes[node->mesh].flipped;
    }
    if (all.all > 0 && isfinite(all.all))
        *share = all.flipped / all.all;
    calo_pose_destroy(pose);
    free(meshes);
    return status;
}
