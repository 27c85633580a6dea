/* Cube textures: a shape is cut where its texture goes over from one face of the cube to the next, so that each part
 * reads one picture and nothing bleeds in from the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "import/mjcf/looks.h"

/* OpenGL's faces: the axis that a direction is longest along and its sign, and the axes (and signs) of u and v. */
static const struct {
    int major, sign, u, u_sign, v, v_sign;
} faces[CALO_MJCF_CUBE_FACES] = {
    {0, 1, 2, -1, 1, -1}, {0, -1, 2, 1, 1, -1}, {1, 1, 0, 1, 2, 1},
    {1, -1, 0, 1, 2, -1}, {2, 1, 0, 1, 1, -1},  {2, -1, 0, -1, 1, -1},
};

int calo_mjcf_cube_face(const float direction[3])
{
    float x = fabsf(direction[0]), y = fabsf(direction[1]), z = fabsf(direction[2]);
    int axis = x >= y && x >= z ? 0 : y >= z ? 1 : 2;
    return 2 * axis + (direction[axis] < 0);
}

void calo_mjcf_cube_uv(int face, const float direction[3], float uv[2])
{
    float length = fabsf(direction[faces[face].major]);
    bool none = !(length > 0);
    uv[0] = none ? 0.5f : 0.5f + 0.5f * (float)faces[face].u_sign * direction[faces[face].u] / length;
    uv[1] = none ? 0.5f : 0.5f + 0.5f * (float)faces[face].v_sign * direction[faces[face].v] / length;
}

/* A triangle cut by the four planes around a face has at most seven corners. */
enum { MAX_CORNERS = 8 };

typedef struct point {
    calo_mjcf_vertex vertex;
    float direction[3];
    uint32_t number; /* of the shape's vertex; NONE: it is new */
} point;

#define NONE UINT32_MAX

typedef struct polygon {
    point corners[MAX_CORNERS];
    int count;
} polygon;

typedef struct cutter {
    const calo_mjcf_mapping *mapping;
    calo_mjcf_shape *parts;
    uint32_t *numbers; /* a face and a vertex of the shape: its number in the part + 1 */
    uint32_t vertex_count;
    uint64_t triangles_left; /* how many more may come of halving edges */
    calo_error *err;
} cutter;

static void set_direction(const cutter *c, point *p)
{
    for (int k = 0; k < 3; k++)
        p->direction[k] = p->vertex.object[k] * c->mapping->scale[k];
}

/* Between two points; the same bits whichever comes first. */
static point between(const cutter *c, const point *a, const point *b, float weight_a, float weight_b)
{
    point out = {.number = NONE};
    float *to = (float *)&out.vertex, sum = weight_a + weight_b;
    const float *from_a = (const float *)&a->vertex, *from_b = (const float *)&b->vertex;
    for (size_t i = 0; i < sizeof out.vertex / sizeof *to; i++) /* it has floats only */
        to[i] = (from_a[i] * weight_a + from_b[i] * weight_b) / sum;
    float *n = out.vertex.normal, length = sqrtf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    for (int k = 0; k < 3 && length > 0; k++)
        n[k] /= length;
    set_direction(c, &out);
    return out;
}

/* How far a direction is inside the plane `edge` (0 to 3) around a face; 0 is on it. */
static float inside(int face, int edge, const float direction[3])
{
    int major = faces[face].major, other = (major + 1 + edge / 2) % 3;
    return (float)faces[face].sign * direction[major] + (edge % 2 ? direction[other] : -direction[other]);
}

static void clip(const cutter *c, int face, int edge, const polygon *in, polygon *out)
{
    out->count = 0;
    for (int i = 0; i < in->count; i++) {
        const point *a = &in->corners[i], *b = &in->corners[(i + 1) % in->count];
        float at_a = inside(face, edge, a->direction), at_b = inside(face, edge, b->direction);
        if (at_a >= 0 && out->count < MAX_CORNERS)
            out->corners[out->count++] = *a;
        if (((at_a > 0 && at_b < 0) || (at_a < 0 && at_b > 0)) && out->count < MAX_CORNERS)
            out->corners[out->count++] = between(c, a, b, fabsf(at_b), fabsf(at_a));
    }
}

/* ---- texture coordinates are not linear where the direction's length along the axis changes: edges are halved ---- */

/* True where an edge, interpolated, would be read too far from its true places. */
static bool is_crooked(int face, const point *a, const point *b)
{
    const float most = 0.002f;
    float uv_a[2], uv_b[2], uv[2], at[3];
    calo_mjcf_cube_uv(face, a->direction, uv_a);
    calo_mjcf_cube_uv(face, b->direction, uv_b);
    for (int quarter = 1; quarter < 4; quarter++) {
        float far = 0.25f * (float)quarter, near = 1 - far;
        for (int k = 0; k < 3; k++)
            at[k] = near * a->direction[k] + far * b->direction[k];
        calo_mjcf_cube_uv(face, at, uv);
        for (int k = 0; k < 2; k++)
            if (fabsf(near * uv_a[k] + far * uv_b[k] - uv[k]) > most)
                return true;
    }
    return false;
}

static uint32_t add_point(cutter *c, int face, const point *p)
{
    uint32_t *number = p->number == NONE ? NULL : &c->numbers[(size_t)face * c->vertex_count + p->number];
    if (number && *number)
        return *number - 1;
    calo_mjcf_vertex vertex = p->vertex;
    calo_mjcf_cube_uv(face, p->direction, vertex.uv);
    for (int k = 0; k < 2; k++)
        vertex.uv[k] = vertex.uv[k] > 0 ? fminf(vertex.uv[k], 1) : 0;
    uint32_t added = calo_mjcf_shape_vertex(&c->parts[c->mapping->alike[face]], &vertex);
    if (number)
        *number = added + 1;
    return added;
}

static bool same_place(const point *a, const point *b)
{
    return memcmp(a->vertex.position, b->vertex.position, sizeof a->vertex.position) == 0;
}

static calo_status add_triangle(cutter *c, int face, const point *corners)
{
    if (same_place(&corners[0], &corners[1]) || same_place(&corners[1], &corners[2]) ||
        same_place(&corners[2], &corners[0]))
        return CALO_OK;
    calo_mjcf_shape *part = &c->parts[c->mapping->alike[face]];
    calo_status status = calo_mjcf_shape_reserve(part, 3, 1, c->err);
    if (status != CALO_OK)
        return status;
    uint32_t numbers[3];
    for (int i = 0; i < 3; i++)
        numbers[i] = add_point(c, face, &corners[i]);
    calo_mjcf_shape_triangle(part, numbers[0], numbers[1], numbers[2]);
    return CALO_OK;
}

/* Neighbours see the same edge and halve it alike. */
static calo_status add_straight(cutter *c, int face, const point corners[3], int depth)
{
    enum { MAX_DEPTH = 8 };
    int crooked[3], count = 0;
    for (int i = 0; i < 3; i++)
        count += crooked[i] = depth < MAX_DEPTH && is_crooked(face, &corners[i], &corners[(i + 1) % 3]);
    if (count == 0 || c->triangles_left < 4)
        return add_triangle(c, face, corners);
    c->triangles_left -= (uint64_t)count;
    point ring[6];
    int length = 0;
    for (int i = 0; i < 3; i++) {
        ring[length++] = corners[i];
        if (crooked[i])
            ring[length++] = between(c, &corners[i], &corners[(i + 1) % 3], 1, 1);
    }
    /* All halved: the triangle in the middle, and three around it. Else a fan from a halved edge. */
    if (count == 3) {
        const point inner[4][3] = {{ring[0], ring[1], ring[5]},
                                   {ring[1], ring[2], ring[3]},
                                   {ring[5], ring[3], ring[4]},
                                   {ring[1], ring[3], ring[5]}};
        calo_status status = CALO_OK;
        for (int i = 0; i < 4 && status == CALO_OK; i++)
            status = add_straight(c, face, inner[i], depth + 1);
        return status;
    }
    int first = crooked[0] ? 1 : crooked[1] ? 2 : 3;
    calo_status status = CALO_OK;
    for (int i = 1; i + 1 < length && status == CALO_OK; i++) {
        const point fan[3] = {ring[first], ring[(first + i) % length], ring[(first + i + 1) % length]};
        status = add_straight(c, face, fan, depth + 1);
    }
    return status;
}

/* ---- cutting ---- */

/* What lies in the plane between two faces is inside both: it goes to one. */
static bool belongs_to(int face, const polygon *cut)
{
    float middle[3] = {0};
    for (int i = 0; i < cut->count; i++)
        for (int k = 0; k < 3; k++)
            middle[k] += cut->corners[i].direction[k];
    return cut->count >= 3 && calo_mjcf_cube_face(middle) == face;
}

static calo_status cut_at_face(cutter *c, int face, const polygon *triangle)
{
    polygon cut[2] = {*triangle};
    for (int edge = 0; edge < 4 && cut[0].count > 0; edge += 2) {
        clip(c, face, edge, &cut[0], &cut[1]);
        clip(c, face, edge + 1, &cut[1], &cut[0]);
    }
    if (!belongs_to(face, &cut[0]))
        return CALO_OK;
    calo_status status = CALO_OK;
    for (int i = 1; i + 1 < cut[0].count && status == CALO_OK; i++) {
        const point fan[3] = {cut[0].corners[0], cut[0].corners[i], cut[0].corners[i + 1]};
        status = add_straight(c, face, fan, 0);
    }
    return status;
}

static calo_status cut_triangle(cutter *c, const calo_mjcf_shape *shape, const uint32_t *indices)
{
    polygon triangle = {.count = 3};
    int met[3];
    for (int i = 0; i < 3; i++) {
        triangle.corners[i].vertex = shape->vertices[indices[i]];
        triangle.corners[i].number = indices[i];
        set_direction(c, &triangle.corners[i]);
        met[i] = calo_mjcf_cube_face(triangle.corners[i].direction);
    }
    if (met[0] == met[1] && met[1] == met[2])
        return add_straight(c, met[0], triangle.corners, 0);
    calo_status status = CALO_OK;
    for (int face = 0; face < CALO_MJCF_CUBE_FACES && status == CALO_OK; face++)
        status = cut_at_face(c, face, &triangle);
    return status;
}

calo_status calo_mjcf_cut_cube(const calo_mjcf_mapping *mapping, const calo_mjcf_shape *shape,
                               calo_mjcf_shape parts[CALO_MJCF_CUBE_FACES], calo_error *err)
{
    /* So that a mesh around its own centre costs in proportion to its size. */
    cutter c = {.mapping = mapping,
                .parts = parts,
                .vertex_count = shape->vertex_count,
                .triangles_left = (uint64_t)shape->index_count + 32768,
                .err = err};
    size_t pairs = (size_t)shape->vertex_count * CALO_MJCF_CUBE_FACES;
    c.numbers = calloc(pairs, sizeof *c.numbers);
    if (!c.numbers)
        return calo_fail_memory(err, "a shape", pairs * sizeof *c.numbers);
    calo_status status = CALO_OK;
    for (int face = 0; face < CALO_MJCF_CUBE_FACES; face++)
        parts[face].faceted = shape->faceted;
    for (uint32_t i = 0; i < shape->index_count && status == CALO_OK; i += 3)
        status = cut_triangle(&c, shape, shape->indices + i);
    free(c.numbers);
    return status;
}
