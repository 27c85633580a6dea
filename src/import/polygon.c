#include "import/polygon.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

/* Ear clipping tests at most about 2 * count^2 points a polygon. */
enum { MAX_EAR_CORNERS = 8192 };
static const uint64_t max_work = 4000000000u;

typedef struct calo_polygon_corner {
    double x, y;
    uint32_t previous, next;
    bool is_ear, is_reflex;
} corner;

void calo_polygons_finish(calo_polygons *polygons)
{
    free(polygons->corners);
    *polygons = (calo_polygons){0};
}

static calo_status make_room(calo_polygons *polygons, uint32_t count, calo_error *err)
{
    if (count <= polygons->capacity)
        return CALO_OK;
    uint32_t capacity = count < UINT32_MAX / 2 ? count * 2 : count;
    corner *grown = realloc(polygons->corners, capacity * sizeof *grown);
    if (!grown)
        return calo_fail_memory(err, "a polygon's corners", capacity * sizeof *grown);
    polygons->corners = grown;
    polygons->capacity = capacity;
    return CALO_OK;
}

static void newell_normal(const float *positions, const uint32_t *vertices, uint32_t count, double normal[3])
{
    /* Relative to the first corner, so that far away polygons keep their digits. */
    const float *origin = positions + (size_t)vertices[0] * 3;
    normal[0] = normal[1] = normal[2] = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *p = positions + (size_t)vertices[i] * 3;
        const float *q = positions + (size_t)vertices[i + 1 < count ? i + 1 : 0] * 3;
        double a[3], b[3];
        for (int k = 0; k < 3; k++) {
            a[k] = (double)p[k] - origin[k];
            b[k] = (double)q[k] - origin[k];
        }
        normal[0] += (a[1] - b[1]) * (a[2] + b[2]);
        normal[1] += (a[2] - b[2]) * (a[0] + b[0]);
        normal[2] += (a[0] - b[0]) * (a[1] + b[1]);
    }
}

/* Drops the axis that the normal is nearest to; counter-clockwise afterwards. */
static void project(corner *corners, const float *positions, const uint32_t *vertices, uint32_t count)
{
    double normal[3];
    newell_normal(positions, vertices, count, normal);
    int axis = 0;
    for (int k = 1; k < 3; k++)
        axis = fabs(normal[k]) > fabs(normal[axis]) ? k : axis;
    int u = (axis + 1) % 3, v = (axis + 2) % 3;
    if (normal[axis] < 0) {
        int swap = u;
        u = v;
        v = swap;
    }
    for (uint32_t i = 0; i < count; i++) {
        const float *p = positions + (size_t)vertices[i] * 3;
        corners[i] = (corner){p[u], p[v], i ? i - 1 : count - 1, i + 1 < count ? i + 1 : 0, false, false};
    }
}

/* Twice the signed area. */
static double area(const corner *a, const corner *b, const corner *c)
{
    return (b->x - a->x) * (c->y - a->y) - (c->x - a->x) * (b->y - a->y);
}

static bool same_place(const corner *a, const corner *b) { return a->x == b->x && a->y == b->y; }

static bool inside(const corner *p, const corner *a, const corner *b, const corner *c)
{
    return !same_place(p, a) && !same_place(p, b) && !same_place(p, c) && area(a, b, p) >= 0 && area(b, c, p) >= 0 &&
           area(c, a, p) >= 0;
}

static bool fan_covers(const corner *corners, uint32_t count)
{
    for (uint32_t i = 1; i + 1 < count; i++)
        if (area(&corners[0], &corners[i], &corners[i + 1]) < 0)
            return false;
    return true;
}

/* Whether the triangle at corner `i` may be cut off: convex, and no reflex corner lies in it. */
static void judge(calo_polygons *polygons, uint32_t i)
{
    corner *corners = polygons->corners, *at = &corners[i];
    const corner *before = &corners[at->previous], *after = &corners[at->next];
    double turn = area(before, at, after);
    at->is_reflex = turn <= 0;
    at->is_ear = turn > 0;
    for (uint32_t j = after->next; at->is_ear && j != at->previous; j = corners[j].next) {
        polygons->work++;
        if (corners[j].is_reflex && inside(&corners[j], before, at, after))
            at->is_ear = false;
    }
}

static void write_triangle(uint32_t *triangles, uint8_t *edge_flags, uint32_t triangle, uint32_t count,
                           const uint32_t corners[3])
{
    uint8_t flags = 0;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t from = corners[i], to = corners[(i + 1) % 3];
        triangles[3 * (size_t)triangle + i] = from;
        flags |= (uint8_t)((to == (from + 1 < count ? from + 1 : 0)) << i);
    }
    if (edge_flags)
        edge_flags[triangle] = flags;
}

static void write_fan(uint32_t count, uint32_t *triangles, uint8_t *edge_flags)
{
    for (uint32_t i = 1; i + 1 < count; i++)
        write_triangle(triangles, edge_flags, i - 1, count, (const uint32_t[3]){0, i, i + 1});
}

/* Cuts ears; where a crossed or degenerate polygon has none, the corner at hand goes. Each cut
 * changes its two neighbours only, so that the whole takes quadratic time. */
static void cut_ears(calo_polygons *polygons, uint32_t count, uint32_t *triangles, uint8_t *edge_flags)
{
    corner *corners = polygons->corners;
    for (uint32_t i = 0; i < count; i++)
        corners[i].is_reflex = area(&corners[corners[i].previous], &corners[i], &corners[corners[i].next]) <= 0;
    for (uint32_t i = 0; i < count; i++)
        judge(polygons, i);
    uint32_t at = 0;
    for (uint32_t left = count; left > 2; left--) {
        for (uint32_t step = 0; step < left && !corners[at].is_ear; step++)
            at = corners[at].next;
        uint32_t before = corners[at].previous, after = corners[at].next;
        write_triangle(triangles, edge_flags, count - left, count, (const uint32_t[3]){before, at, after});
        corners[before].next = after;
        corners[after].previous = before;
        judge(polygons, before);
        judge(polygons, after);
        /* Every other corner next makes rounder triangles than always the same one. */
        at = corners[after].next;
    }
}

calo_status calo_polygon_triangulate(calo_polygons *polygons, const float *positions, const uint32_t *vertices,
                                     uint32_t count, uint32_t *triangles, uint8_t *edge_flags, calo_error *err)
{
    if (count == 3) {
        write_fan(count, triangles, edge_flags);
        return CALO_OK;
    }
    calo_status status = make_room(polygons, count, err);
    if (status != CALO_OK)
        return status;
    project(polygons->corners, positions, vertices, count);
    bool covers = fan_covers(polygons->corners, count);
    bool too_long = count > MAX_EAR_CORNERS || polygons->work > max_work;
    polygons->fan_count += !covers && too_long;
    if (covers || too_long)
        write_fan(count, triangles, edge_flags);
    else
        cut_ears(polygons, count, triangles, edge_flags);
    return CALO_OK;
}
