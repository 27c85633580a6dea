/* A patch of neighbouring clusters with half its triangles, and how much that changes what is seen. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/scalar.h"
#include "render/cpu/clusters.h"

enum {
    PATCH_VERTICES = CALO_CPU_PATCH_CLUSTERS * CALO_CPU_CLUSTER_VERTICES,
    TABLE_SIZE = 4 * PATCH_VERTICES,
    EMPTY = 0xffffffffu,
};

/* With more than this part of its triangles left, a patch is not worth keeping. */
static const double worth_keeping = 0.8;

/* A triangle of the simple patch, ready for being measured from. Lengths are in radii of the patch. */
typedef struct near_triangle {
    float center[3], radius; /* of a sphere around it */
    const float *corner[3];
    uint32_t vertex[3];    /* the draw's */
    float length;          /* of its sides, about */
    float uv_length[2];    /* a UV unit on it */
} near_triangle;

typedef struct patch_work {
    const calo_cpu_patch *patch;
    uint32_t table[TABLE_SIZE];          /* local vertices, by the draw's */
    uint32_t vertices[PATCH_VERTICES];   /* the draw's, by local ones */
    uint32_t vertex_count, index_count, simple_count;
    float center[3], radius;
    float positions[PATCH_VERTICES][3];  /* from the center, in radii */
    bool kept[PATCH_VERTICES];
    uint32_t indices[3 * CALO_CPU_PATCH_TRIANGLES], simple[3 * CALO_CPU_PATCH_TRIANGLES];
    near_triangle triangles[CALO_CPU_PATCH_TRIANGLES]; /* in the order of their centers' x */
    float largest_radius;
    struct meshopt_Meshlet meshlets[CALO_CPU_PATCH_RUNS];
    uint32_t meshlet_vertices[CALO_CPU_PATCH_RUNS * CALO_CPU_CLUSTER_VERTICES];
    uint8_t meshlet_triangles[CALO_CPU_PATCH_RUNS * CALO_CPU_CLUSTER_TRIANGLES * 3];
} patch_work;

/* ---- the patch by itself ---- */

static uint32_t local_vertex(patch_work *work, uint32_t vertex)
{
    uint32_t slot = vertex * 2654435761u % TABLE_SIZE;
    for (; work->table[slot] != EMPTY; slot = (slot + 1) % TABLE_SIZE)
        if (work->vertices[work->table[slot]] == vertex)
            return work->table[slot];
    work->vertices[work->vertex_count] = vertex;
    return work->table[slot] = work->vertex_count++;
}

static void gather(patch_work *work)
{
    const calo_cpu_patch *patch = work->patch;
    memset(work->table, 0xff, sizeof work->table);
    for (uint32_t r = 0; r < patch->run_count; r++) {
        const uint32_t *from = patch->indices + 3 * (size_t)patch->runs[r]->first_triangle;
        for (uint32_t i = 0; i < 3 * patch->runs[r]->triangle_count; i++)
            work->indices[work->index_count++] = local_vertex(work, from[i]);
    }
    calo_cpu_sphere_around(patch->draw->shared.positions, work->vertices, work->vertex_count, work->center, &work->radius);
    float scale = work->radius > 0 ? 1 / work->radius : 0;
    for (uint32_t v = 0; v < work->vertex_count; v++)
        for (int c = 0; c < 3; c++)
            work->positions[v][c] =
                (patch->draw->shared.positions[3 * (size_t)work->vertices[v] + (size_t)c] - work->center[c]) * scale;
}

/* Other patches end where this one does: each of those places must still be there. */
static bool keeps_border(const patch_work *work)
{
    for (uint32_t v = 0; v < work->vertex_count; v++)
        if (!work->kept[v] && work->patch->fixed[work->vertices[v]])
            return false;
    return true;
}

/* False when it does not become much simpler. The library's simplifier moves vertices onto others only, does not
 * tear seams of attributes, and leaves borders alone. */
static bool simplify(patch_work *work)
{
    work->simple_count = (uint32_t)meshopt_simplify(
        work->simple, work->indices, work->index_count, work->positions[0], work->vertex_count, sizeof *work->positions,
        work->index_count / 6 * 3, FLT_MAX, meshopt_SimplifyLockBorder, NULL);
    if (work->simple_count == 0 || work->simple_count > worth_keeping * work->index_count)
        return false;
    memset(work->kept, 0, sizeof work->kept);
    for (uint32_t i = 0; i < work->simple_count; i++)
        work->kept[work->simple[i]] = true;
    return keeps_border(work);
}

/* ---- what it changes ---- */

static float distance3(const float a[3], const float b[3])
{
    float x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrtf(x * x + y * y + z * z);
}

static float length_of_cross(const float a[3], const float b[3], const float c[3])
{
    float n[3];
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        n[i] = (b[j] - a[j]) * (c[k] - a[k]) - (b[k] - a[k]) * (c[j] - a[j]);
    }
    return sqrtf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
}

static void prepare_triangle(patch_work *work, uint32_t t)
{
    near_triangle *triangle = &work->triangles[t];
    *triangle = (near_triangle){.radius = 0};
    for (int k = 0; k < 3; k++) {
        uint32_t vertex = work->simple[3 * (size_t)t + (size_t)k];
        triangle->corner[k] = work->positions[vertex];
        triangle->vertex[k] = work->vertices[vertex];
        for (int c = 0; c < 3; c++)
            triangle->center[c] += triangle->corner[k][c] * (1.0f / 3);
    }
    for (int k = 0; k < 3; k++)
        triangle->radius = calo_maxf(distance3(triangle->center, triangle->corner[k]), triangle->radius);
    work->largest_radius = calo_maxf(triangle->radius, work->largest_radius);
    float doubled_area = length_of_cross(triangle->corner[0], triangle->corner[1], triangle->corner[2]);
    triangle->length = sqrtf(doubled_area);
    for (int set = 0; set < 2; set++) {
        const float *uvs = work->patch->draw->shared.primitive->uvs[set];
        if (!work->patch->compares_uv[set] || !uvs)
            continue;
        const float *a = uvs + 2 * (size_t)triangle->vertex[0], *b = uvs + 2 * (size_t)triangle->vertex[1];
        const float *c = uvs + 2 * (size_t)triangle->vertex[2];
        float uv_area = fabsf((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
        float length = sqrtf(doubled_area / uv_area);
        triangle->uv_length[set] = isfinite(length) ? length : 0;
    }
}

static float dot3(const float a[3], const float b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/* Weights of the corners at the point of the triangle nearest to p (Ericson, Real-Time Collision Detection, 5.1.5). */
static void nearest_point(const near_triangle *triangle, const float p[3], float weights[3])
{
    const float *a = triangle->corner[0], *b = triangle->corner[1], *c = triangle->corner[2];
    float ab[3], ac[3], ap[3], bp[3], cp[3];
    for (int i = 0; i < 3; i++) {
        ab[i] = b[i] - a[i];
        ac[i] = c[i] - a[i];
        ap[i] = p[i] - a[i];
        bp[i] = p[i] - b[i];
        cp[i] = p[i] - c[i];
    }
    float d1 = dot3(ab, ap), d2 = dot3(ac, ap), d3 = dot3(ab, bp);
    float d4 = dot3(ac, bp), d5 = dot3(ab, cp), d6 = dot3(ac, cp);
    float wa = d3 * d6 - d5 * d4, wb = d5 * d2 - d1 * d6, wc = d1 * d4 - d3 * d2, v = 0, w = 0;
    if (d1 <= 0 && d2 <= 0) {
        v = w = 0;
    } else if (d3 >= 0 && d4 <= d3) {
        v = 1;
    } else if (wc <= 0 && d1 >= 0 && d3 <= 0) {
        v = d1 / (d1 - d3);
    } else if (d6 >= 0 && d5 <= d6) {
        w = 1;
    } else if (wb <= 0 && d2 >= 0 && d6 <= 0) {
        w = d2 / (d2 - d6);
    } else if (wa <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        v = 1 - w;
    } else {
        float sum = wa + wb + wc;
        v = sum > 0 ? wb / sum : 0;
        w = sum > 0 ? wc / sum : 0;
    }
    weights[0] = 1 - v - w;
    weights[1] = v;
    weights[2] = w;
}

/* How far an attribute of a vertex is from its mix on the triangle. */
static float attribute_distance(const near_triangle *triangle, const float weights[3], const float *values,
                                uint32_t components, uint32_t vertex)
{
    float sum = 0;
    for (uint32_t c = 0; c < components; c++) {
        float d = values[(size_t)vertex * components + c];
        for (int k = 0; k < 3; k++)
            d -= weights[k] * values[(size_t)triangle->vertex[k] * components + c];
        sum += d * d;
    }
    return sqrtf(sum);
}

/* As a length: the vertex from the triangle; how far a texture slides; a bump as high as a normal's change over half
 * the triangle makes; a colour's change, as if so much of the triangle had another colour. */
static float triangle_error(const patch_work *work, const near_triangle *triangle, uint32_t local)
{
    const calo_cpu_draw *draw = work->patch->draw;
    uint32_t vertex = work->vertices[local];
    float weights[3], at[3], error;
    nearest_point(triangle, work->positions[local], weights);
    for (int c = 0; c < 3; c++)
        at[c] = weights[0] * triangle->corner[0][c] + weights[1] * triangle->corner[1][c] +
                weights[2] * triangle->corner[2][c];
    error = distance3(at, work->positions[local]);
    for (int set = 0; set < 2; set++)
        if (work->patch->compares_uv[set] && draw->shared.primitive->uvs[set])
            error = calo_maxf(attribute_distance(triangle, weights, draw->shared.primitive->uvs[set], 2, vertex) *
                              triangle->uv_length[set], error);
    if (draw->shared.normals)
        error = calo_maxf(attribute_distance(triangle, weights, draw->shared.normals, 3, vertex) * triangle->length * 0.5f,
                          error);
    if (draw->shared.primitive->colors)
        error = calo_maxf(attribute_distance(triangle, weights, draw->shared.primitive->colors, 4, vertex) * triangle->length,
                          error);
    return error;
}

static int compare_triangles(const void *a, const void *b)
{
    const near_triangle *left = a, *right = b;
    if (left->center[0] != right->center[0])
        return left->center[0] < right->center[0] ? -1 : 1;
    return memcmp(left->vertex, right->vertex, sizeof left->vertex);
}

/* The first triangle whose center's x is not below. */
static uint32_t first_at(const patch_work *work, float x)
{
    uint32_t low = 0, high = work->simple_count / 3;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (work->triangles[middle].center[0] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Lowers `least` if this triangle can; false when it, and so all beyond it, lie too far away along x. */
static bool visit_triangle(const patch_work *work, const near_triangle *triangle, uint32_t local, float *least)
{
    const float *p = work->positions[local];
    if (fabsf(triangle->center[0] - p[0]) > *least + work->largest_radius)
        return false;
    if (distance3(triangle->center, p) < *least + triangle->radius)
        *least = calo_minf(triangle_error(work, triangle, local), *least);
    return true;
}

/* The least error of any triangle: at a seam the nearest one may be on the other side. */
static float vertex_error(const patch_work *work, uint32_t local)
{
    uint32_t count = work->simple_count / 3, up = first_at(work, work->positions[local][0]), down = up;
    float least = INFINITY;
    bool goes_up = true, goes_down = true;
    while (goes_up || goes_down) {
        goes_up = goes_up && up < count && visit_triangle(work, &work->triangles[up++], local, &least);
        goes_down = goes_down && down > 0 && visit_triangle(work, &work->triangles[--down], local, &least);
    }
    return least;
}

static float find_error(patch_work *work)
{
    float error = 0;
    for (uint32_t t = 0; t < work->simple_count / 3; t++)
        prepare_triangle(work, t);
    qsort(work->triangles, work->simple_count / 3, sizeof *work->triangles, compare_triangles);
    for (uint32_t v = 0; v < work->vertex_count; v++)
        if (!work->kept[v])
            error = calo_maxf(vertex_error(work, v), error);
    return error * work->radius;
}

/* ---- clusters of it ---- */

static calo_status split(patch_work *work, calo_cpu_patch *patch, calo_error *err)
{
    size_t count = meshopt_buildMeshlets(
        work->meshlets, work->meshlet_vertices, work->meshlet_triangles, work->simple, work->simple_count,
        work->positions[0], work->vertex_count, sizeof *work->positions, CALO_CPU_CLUSTER_VERTICES,
        CALO_CPU_CLUSTER_TRIANGLES, 0);
    patch->simple = malloc(work->simple_count * sizeof *patch->simple);
    if (!patch->simple)
        return calo_fail_memory(err, "simplified triangles", work->simple_count * sizeof *patch->simple);
    for (size_t m = 0; m < count; m++) {
        const struct meshopt_Meshlet *meshlet = &work->meshlets[m];
        for (uint32_t i = 0; i < 3 * meshlet->triangle_count; i++) {
            uint8_t corner = work->meshlet_triangles[meshlet->triangle_offset + i];
            uint32_t local = work->meshlet_vertices[meshlet->vertex_offset + corner];
            patch->simple[patch->simple_count++] = work->vertices[local];
        }
        patch->simple_run_lengths[patch->simple_run_count++] = meshlet->triangle_count;
    }
    return CALO_OK;
}

calo_status calo_cpu_simplify_patch(calo_cpu_patch *patch, calo_error *err)
{
    patch_work *work = malloc(sizeof *work);
    calo_status status = CALO_OK;
    if (!work)
        return calo_fail_memory(err, "simplified triangles", sizeof *work);
    work->patch = patch;
    work->vertex_count = work->index_count = 0;
    work->largest_radius = 0;
    gather(work);
    if (simplify(work)) {
        patch->error = find_error(work);
        status = split(work, patch, err);
    }
    free(work);
    return status;
}
