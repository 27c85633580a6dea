/* Vertices side by side, and triangles in clusters of neighbours with their bounds. */
#include "render/cpu/clusters.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/scalar.h"

typedef struct cluster_build {
    const calo_cpu_draw *draw;
    calo_arena *arena;
    struct meshopt_Meshlet *meshlets;
    uint32_t *meshlet_vertices;
    uint8_t *meshlet_triangles;
    const calo_cpu_run *runs; /* where the clusters' triangles are, if not one behind the other */
    calo_cpu_geometry *geometry;
    float *bounds[8]; /* center, radius, cone axis, cone cutoff */
} cluster_build;

static calo_status gather_vertices(const calo_cpu_draw *draw, calo_arena *arena, calo_cpu_geometry *geometry,
                                   calo_error *err)
{
    const calo_primitive *primitive = draw->shared.primitive;
    calo_cpu_vertex *vertices = CALO_ARENA_TAKE(arena, calo_cpu_vertex, primitive->vertex_count, "vertices", err);
    if (!vertices)
        return calo_failed(err);
    for (size_t i = 0; i < primitive->vertex_count; i++) {
        for (int c = 0; c < 3; c++) {
            vertices[i].position[c] = draw->shared.positions[3 * i + c];
            vertices[i].normal[c] = draw->shared.normals ? draw->shared.normals[3 * i + c] : 0;
        }
        for (int c = 0; c < 2; c++)
            vertices[i].uv[c] = primitive->uvs[0] ? primitive->uvs[0][2 * i + c] : 0;
    }
    geometry->vertices = vertices;
    return CALO_OK;
}

/* Runs of triangles in the geometry's order. */
static void scan(cluster_build *build)
{
    const calo_primitive *primitive = build->draw->shared.primitive;
    build->geometry->cluster_count = (uint32_t)meshopt_buildMeshletsScan(
        build->meshlets, build->meshlet_vertices, build->meshlet_triangles, build->geometry->indices,
        primitive->index_count, primitive->vertex_count, CALO_CPU_CLUSTER_VERTICES, CALO_CPU_CLUSTER_TRIANGLES);
}

static calo_status reserve(cluster_build *build, size_t count, calo_error *err)
{
    build->meshlets = malloc(count * sizeof *build->meshlets);
    build->meshlet_vertices = malloc(count * CALO_CPU_CLUSTER_VERTICES * sizeof *build->meshlet_vertices);
    build->meshlet_triangles = malloc(count * CALO_CPU_CLUSTER_TRIANGLES * 3);
    if (!build->meshlets || !build->meshlet_vertices || !build->meshlet_triangles)
        return calo_fail_memory(err, "clusters of triangles",
                                count * (CALO_CPU_CLUSTER_VERTICES * 4 + CALO_CPU_CLUSTER_TRIANGLES * 3));
    return CALO_OK;
}

static void release(cluster_build *build)
{
    free(build->meshlets);
    free(build->meshlet_vertices);
    free(build->meshlet_triangles);
    build->meshlets = NULL;
    build->meshlet_vertices = NULL;
    build->meshlet_triangles = NULL;
}

/* The file's own order will mostly do: exporters write neighbours together. */
static calo_status split(cluster_build *build, const calo_cpu_geometry_input *input, bool sorts, calo_error *err)
{
    size_t bound = meshopt_buildMeshletsBound(input->draw->shared.primitive->index_count, CALO_CPU_CLUSTER_VERTICES,
                                              CALO_CPU_CLUSTER_TRIANGLES);
    calo_status status = reserve(build, bound, err);
    if (status != CALO_OK)
        return status;
    if (!sorts) {
        scan(build);
        sorts = !input->keep_order && calo_cpu_order_is_poor(build->draw, build->meshlets, build->meshlet_vertices,
                                                             build->geometry->cluster_count);
        if (!sorts)
            return CALO_OK;
    }
    status = calo_cpu_sort_triangles(build->draw, build->arena, &build->geometry->indices, err);
    if (status == CALO_OK)
        scan(build);
    return status;
}

/* ---- levels of detail ---- */

/* Lists the run's vertices, and which of them its corners are; returns how many there are, at most one more than a
 * cluster may have. */
static uint32_t list_vertices(const uint32_t *indices, const calo_cpu_run *run, uint32_t *vertices, uint8_t *corners)
{
    enum { SLOTS = 256 };
    const uint32_t *from = indices + 3 * (size_t)run->first_triangle;
    uint8_t table[SLOTS] = {0}; /* vertices, counted from 1 */
    uint32_t count = 0;
    for (uint32_t i = 0; i < 3 * run->triangle_count; i++) {
        uint32_t slot = from[i] * 2654435761u >> 24;
        while (table[slot] && vertices[table[slot] - 1] != from[i])
            slot = (slot + 1) % SLOTS;
        if (!table[slot]) {
            if (count == CALO_CPU_CLUSTER_VERTICES)
                return count + 1;
            vertices[count] = from[i];
            table[slot] = (uint8_t)++count;
        }
        corners[i] = (uint8_t)(table[slot] - 1);
    }
    return count;
}

uint32_t calo_cpu_count_vertices(const uint32_t *indices, const calo_cpu_run *run)
{
    uint32_t vertices[CALO_CPU_CLUSTER_VERTICES];
    uint8_t corners[3 * CALO_CPU_CLUSTER_TRIANGLES];
    return list_vertices(indices, run, vertices, corners);
}

/* Smaller ones are cheap anyway; sizes beyond any picture would overflow. */
static bool can_simplify(const calo_cpu_geometry_input *input)
{
    const calo_cpu_draw *draw = input->draw;
    return input->level_of_detail && draw->element_count >= CALO_CPU_SIMPLIFIED_FROM && draw->shared.radius > 1e-12 &&
           draw->shared.radius < 1e12;
}

/* The finest clusters, in the order of the curve, and coarser ones of them. */
static calo_status simplify(cluster_build *build, const calo_cpu_geometry_input *input, calo_cpu_hierarchy *hierarchy,
                            calo_error *err)
{
    calo_status status = split(build, input, true, err);
    uint32_t count = build->geometry->cluster_count, first = 0;
    calo_cpu_run *runs = malloc((count + 1ull) * sizeof *runs);
    if (status == CALO_OK && !runs)
        status = calo_fail_memory(err, "clusters of triangles", count * sizeof *runs);
    for (uint32_t i = 0; status == CALO_OK && i < count; i++) {
        runs[i] = (calo_cpu_run){first, build->meshlets[i].triangle_count};
        first += runs[i].triangle_count;
    }
    release(build);
    if (status == CALO_OK)
        status = calo_cpu_hierarchy_make(input, build->geometry->indices, runs, count, build->arena, hierarchy, err);
    free(runs);
    return status;
}

/* The groups side by side. */
static calo_status fill_groups(cluster_build *build, const calo_cpu_hierarchy *hierarchy, calo_error *err)
{
    float *values[5];
    uint32_t padded = calo_cpu_padded(hierarchy->group_count);
    for (int i = 0; i < 5; i++) {
        values[i] = CALO_ARENA_TAKE(build->arena, float, padded, "levels of detail", err);
        if (!values[i])
            return calo_failed(err);
    }
    for (uint32_t g = 0; g < hierarchy->group_count; g++) {
        for (int c = 0; c < 3; c++)
            values[c][g] = hierarchy->groups[g].center[c];
        values[3][g] = hierarchy->groups[g].radius;
        values[4][g] = hierarchy->groups[g].error;
    }
    build->geometry->groups = (calo_cpu_groups){.count = hierarchy->group_count,
                                                .center = {values[0], values[1], values[2]},
                                                .radius = values[3],
                                                .error = values[4],
                                                .first_cluster = hierarchy->first_runs};
    return CALO_OK;
}

static calo_status use_levels(cluster_build *build, const calo_cpu_hierarchy *hierarchy, calo_error *err)
{
    calo_cpu_geometry *geometry = build->geometry;
    geometry->indices = hierarchy->indices;
    geometry->simplified_count = hierarchy->triangle_count - build->draw->element_count;
    geometry->cluster_count = hierarchy->run_count;
    geometry->own_group = hierarchy->own_groups;
    build->runs = hierarchy->runs;
    calo_status status = fill_groups(build, hierarchy, err);
    if (status == CALO_OK)
        status = reserve(build, hierarchy->run_count, err);
    for (uint32_t i = 0; status == CALO_OK && i < hierarchy->run_count; i++) {
        struct meshopt_Meshlet *meshlet = &build->meshlets[i];
        *meshlet = (struct meshopt_Meshlet){.vertex_offset = i * CALO_CPU_CLUSTER_VERTICES,
                                            .triangle_offset = i * CALO_CPU_CLUSTER_TRIANGLES * 3,
                                            .triangle_count = hierarchy->runs[i].triangle_count};
        meshlet->vertex_count = list_vertices(hierarchy->indices, &hierarchy->runs[i],
                                              build->meshlet_vertices + meshlet->vertex_offset,
                                              build->meshlet_triangles + meshlet->triangle_offset);
    }
    return status;
}

static calo_status make_levels(cluster_build *build, const calo_cpu_geometry_input *input, calo_error *err)
{
    calo_cpu_hierarchy hierarchy = {0};
    calo_sha256 key;
    bool found;
    calo_status status = calo_cpu_levels_find(input, build->arena, &key, &hierarchy, &found, err);
    if (status == CALO_OK && !found) {
        status = simplify(build, input, &hierarchy, err);
        if (status == CALO_OK)
            calo_cpu_levels_put(input, &key, &hierarchy);
    }
    return status == CALO_OK ? use_levels(build, &hierarchy, err) : status;
}

/* ---- clusters in the kernels' form ---- */

static void fill_positions(const cluster_build *build, const struct meshopt_Meshlet *meshlet, float *to)
{
    size_t count = calo_cpu_padded(meshlet->vertex_count);
    const uint32_t *vertices = build->meshlet_vertices + meshlet->vertex_offset;
    for (size_t i = 0; i < count; i++) {
        size_t vertex = vertices[i < meshlet->vertex_count ? i : meshlet->vertex_count - 1];
        for (int c = 0; c < 3; c++)
            to[(size_t)c * count + i] = build->draw->shared.positions[3 * vertex + (size_t)c];
    }
}

static void fill_corners(const cluster_build *build, const struct meshopt_Meshlet *meshlet, uint32_t *to)
{
    const uint8_t *from = build->meshlet_triangles + meshlet->triangle_offset;
    for (uint32_t t = 0; t < meshlet->triangle_count; t++, from += 3)
        to[t] = from[0] | (uint32_t)from[1] << 6 | (uint32_t)from[2] << 12 | t << 18;
}

void calo_cpu_sphere_around(const float *positions, const uint32_t *vertices, uint32_t count, float center[3],
                            float *radius)
{
    float low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY}, farthest = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *p = positions + 3 * (size_t)vertices[i];
        for (int c = 0; c < 3; c++) {
            low[c] = calo_minf(p[c], low[c]);
            high[c] = calo_maxf(p[c], high[c]);
        }
    }
    for (int c = 0; c < 3; c++)
        center[c] = 0.5f * low[c] + 0.5f * high[c];
    for (uint32_t i = 0; i < count; i++) {
        const float *p = positions + 3 * (size_t)vertices[i];
        float x = p[0] - center[0], y = p[1] - center[1], z = p[2] - center[2], length2 = x * x + y * y + z * z;
        farthest = calo_maxf(length2, farthest);
    }
    *radius = sqrtf(farthest) * 1.000001f;
}

/* A triangle's unit normal; false where it has none. `scale` keeps products of tiny edges from vanishing. */
static bool face_normal(const cluster_build *build, const struct meshopt_Meshlet *meshlet, uint32_t triangle,
                        float scale, float normal[3])
{
    const uint8_t *corner = build->meshlet_triangles + meshlet->triangle_offset + 3 * (size_t)triangle;
    const uint32_t *vertices = build->meshlet_vertices + meshlet->vertex_offset;
    const float *p[3];
    float a[3], b[3];
    for (int k = 0; k < 3; k++)
        p[k] = build->draw->shared.positions + 3 * (size_t)vertices[corner[k]];
    for (int c = 0; c < 3; c++) {
        a[c] = (p[1][c] - p[0][c]) * scale;
        b[c] = (p[2][c] - p[0][c]) * scale;
    }
    for (int c = 0; c < 3; c++)
        normal[c] = a[(c + 1) % 3] * b[(c + 2) % 3] - a[(c + 2) % 3] * b[(c + 1) % 3];
    float length = sqrtf(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    if (!(length > 0) || !isfinite(length))
        return false;
    for (int c = 0; c < 3; c++)
        normal[c] /= length;
    return true;
}

/* The mean normal and the sine of the angle that the others stay within; 1 where they do not keep
 * together, which hides nothing (as meshoptimizer's cones, whose own function aborts on extreme input). */
static void find_cone(const cluster_build *build, const struct meshopt_Meshlet *meshlet, float radius, float axis[3],
                      float *cutoff)
{
    float normals[CALO_CPU_CLUSTER_TRIANGLES][3], scale = 1 / radius, narrowest = 1;
    uint32_t count = 0;
    *cutoff = 1;
    axis[0] = axis[1] = axis[2] = 0;
    for (uint32_t t = 0; t < meshlet->triangle_count; t++)
        if (face_normal(build, meshlet, t, scale, normals[count])) {
            for (int c = 0; c < 3; c++)
                axis[c] += normals[count][c];
            count++;
        }
    float length = sqrtf(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
    if (!(length > 0) || !isfinite(length))
        return;
    for (int c = 0; c < 3; c++)
        axis[c] /= length;
    for (uint32_t t = 0; t < count; t++)
        narrowest = calo_minf(axis[0] * normals[t][0] + axis[1] * normals[t][1] + axis[2] * normals[t][2], narrowest);
    /* A wide cone hides the cluster so seldom that the test is not worth its rounding. */
    if (narrowest > 0.1f)
        *cutoff = sqrtf(1 - narrowest * narrowest) + 1e-5f;
}

static void find_bounds(const cluster_build *build, const struct meshopt_Meshlet *meshlet, uint32_t cluster)
{
    float center[3], axis[3], radius, cutoff;
    /* A radius that overflows is infinite and hides nothing. */
    calo_cpu_sphere_around(build->draw->shared.positions, build->meshlet_vertices + meshlet->vertex_offset,
                           meshlet->vertex_count, center, &radius);
    find_cone(build, meshlet, radius, axis, &cutoff);
    for (int c = 0; c < 3; c++) {
        build->bounds[c][cluster] = center[c];
        build->bounds[4 + c][cluster] = axis[c];
    }
    build->bounds[3][cluster] = radius;
    build->bounds[7][cluster] = cutoff;
}

/* Room for what the clusters need. */
static calo_status take_arrays(cluster_build *build, float **positions, uint32_t **corners, calo_cpu_cluster **clusters,
                               calo_error *err)
{
    calo_cpu_geometry *geometry = build->geometry;
    size_t position_count = 0, corner_count = 0;
    for (uint32_t i = 0; i < geometry->cluster_count; i++) {
        position_count += 3 * (size_t)calo_cpu_padded(build->meshlets[i].vertex_count);
        corner_count += calo_cpu_padded(build->meshlets[i].triangle_count);
    }
    *positions = CALO_ARENA_TAKE(build->arena, float, position_count, "clusters", err);
    *corners = CALO_ARENA_TAKE(build->arena, uint32_t, corner_count, "clusters", err);
    *clusters = CALO_ARENA_TAKE(build->arena, calo_cpu_cluster, geometry->cluster_count, "clusters", err);
    bool whole = *positions && *corners && *clusters;
    for (int i = 0; whole && i < 8; i++) {
        /* A vector may be loaded from any cluster on. */
        build->bounds[i] = CALO_ARENA_TAKE(build->arena, float, (uint64_t)geometry->cluster_count + CALO_CPU_PADDING,
                                           "clusters", err);
        whole = build->bounds[i] != NULL;
    }
    return whole ? CALO_OK : calo_failed(err);
}

static calo_status fill_clusters(cluster_build *build, calo_error *err)
{
    calo_cpu_geometry *geometry = build->geometry;
    float *positions;
    uint32_t *corners, triangle = 0, position = 0, corner = 0;
    calo_cpu_cluster *clusters;
    calo_status status = take_arrays(build, &positions, &corners, &clusters, err);
    if (status != CALO_OK)
        return status;
    for (uint32_t i = 0; i < geometry->cluster_count; i++) {
        const struct meshopt_Meshlet *meshlet = &build->meshlets[i];
        clusters[i] = (calo_cpu_cluster){
            .first_triangle = build->runs ? build->runs[i].first_triangle : triangle,
            .first_corner = corner,
            .first_position = position,
            .triangle_count = (uint16_t)meshlet->triangle_count,
            .vertex_count = (uint16_t)meshlet->vertex_count,
        };
        fill_positions(build, meshlet, positions + position);
        fill_corners(build, meshlet, corners + corner);
        find_bounds(build, meshlet, i);
        triangle += meshlet->triangle_count;
        position += 3 * calo_cpu_padded(meshlet->vertex_count);
        corner += calo_cpu_padded(meshlet->triangle_count);
    }
    geometry->clusters = clusters;
    geometry->positions = positions;
    geometry->corners = corners;
    for (int c = 0; c < 3; c++) {
        geometry->center[c] = build->bounds[c];
        geometry->cone_axis[c] = build->bounds[4 + c];
    }
    geometry->radius = build->bounds[3];
    geometry->cone_cutoff = build->bounds[7];
    return CALO_OK;
}

static calo_status make_clusters(cluster_build *build, const calo_cpu_geometry_input *input, calo_error *err)
{
    calo_status status = can_simplify(input) ? make_levels(build, input, err) : split(build, input, false, err);
    if (status == CALO_OK)
        status = fill_clusters(build, err);
    release(build);
    return status;
}

calo_status calo_cpu_geometry_make(const calo_cpu_geometry_input *input, calo_arena *arena, calo_cpu_geometry *geometry,
                                   calo_error *err)
{
    const calo_cpu_draw *draw = input->draw;
    geometry->indices = draw->shared.primitive->indices;
    calo_status status = gather_vertices(draw, arena, geometry, err);
    if (status == CALO_OK && draw->shared.primitive->topology == CALO_TRIANGLES && draw->element_count > 0) {
        cluster_build build = {.draw = draw, .arena = arena, .geometry = geometry};
        status = make_clusters(&build, input, err);
    }
    if (geometry->indices == draw->shared.primitive->indices)
        geometry->indices = NULL;
    return status;
}
