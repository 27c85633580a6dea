/* MuJoCo's built-in shapes, with the texture coordinates that MuJoCo gives them since 3.12. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "import/mjcf/looks.h"

/* Neighbouring rows of a ball are turned by half a slice against one another, so that with 52 slices all edges are at
 * most 6.9 degrees long: their middles lie 0.18 % of the radius inside, and so do those of a cylinder's rim. Those of
 * triangles lie 0.25 % inside, which silhouettes do not show. Poles and the middle are not turned. */
enum { MOST_SLICES = 52, LEAST_SLICES = 12, MOST_HALF_STACKS = 15, MOST_ROWS = 2 * MOST_HALF_STACKS + 1 };

/* An edge of the angle a lies 1 - cos(a / 2), nearly a^2 / 8, of the radius inside. */
static uint32_t slices_for(double radius, double tolerance_metres)
{
    double error = fmin(tolerance_metres / radius, 1);
    double slices = error > 0 ? ceil(2 * CALO_PI / sqrt(8 * error)) : MOST_SLICES;
    return (uint32_t)fmin(fmax(slices, LEAST_SLICES), MOST_SLICES);
}

/* Of as many slices: edges as long along as around. */
static int half_stacks(const calo_mjcf_shape *shape)
{
    return (int)(shape->slices * MOST_HALF_STACKS + MOST_SLICES - 1) / MOST_SLICES;
}

/* A circle around z, or a pole where its radius is 0. */
typedef struct row {
    double radius, z;               /* in metres */
    double object_radius, object_z; /* in the unit shape */
    double normal_radius, normal_z;
    double v;    /* texture coordinate */
    bool turned; /* by half a slice */
} row;

/* Stretches of x, y of an ellipsoid; 1 elsewhere. */
typedef struct band_axes {
    double x, y;
} band_axes;

/* In slices; poles are in the middle of theirs. */
static double turn_of(const row *r, uint32_t slice) { return r->radius == 0 || r->turned ? slice + 0.5 : slice; }

static void direction_of(const row *r, uint32_t slice, uint32_t slices, double *cosine, double *sine)
{
    /* The last point of a row has the first one's place, to the last bit. */
    calo_sincos(turn_of(r, slice % slices) * (2 * CALO_PI / slices), sine, cosine);
}

static uint32_t add_point(calo_mjcf_shape *shape, const row *r, band_axes axes, uint32_t slice)
{
    double cosine, sine;
    direction_of(r, slice, shape->slices, &cosine, &sine);
    double normal[3] = {r->normal_radius * cosine / axes.x, r->normal_radius * sine / axes.y, r->normal_z};
    double length = sqrt(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    calo_mjcf_vertex vertex = {
        .position = {(float)(r->radius * cosine * axes.x), (float)(r->radius * sine * axes.y), (float)r->z},
        .object = {(float)(r->object_radius * cosine), (float)(r->object_radius * sine), (float)r->object_z},
        .normal = {(float)(normal[0] / length), (float)(normal[1] / length), (float)(normal[2] / length)},
        .uv = {(float)(turn_of(r, slice) / shape->slices), (float)r->v},
    };
    return calo_mjcf_shape_vertex(shape, &vertex);
}

/* Joins rows, the highest first. */
static calo_status add_band(calo_mjcf_shape *shape, const row *rows, uint32_t row_count, band_axes axes,
                            calo_error *err)
{
    const uint32_t slices = shape->slices;
    calo_status status =
        calo_mjcf_shape_reserve(shape, (uint64_t)row_count * (slices + 1), (uint64_t)(row_count - 1) * slices * 2, err);
    if (status != CALO_OK)
        return status;
    uint32_t first = shape->vertex_count;
    for (uint32_t r = 0; r < row_count; r++)
        for (uint32_t s = 0; s <= slices; s++)
            add_point(shape, &rows[r], axes, s);
    for (uint32_t r = 0; r + 1 < row_count; r++)
        for (uint32_t s = 0; s < slices; s++) {
            uint32_t high = first + r * (slices + 1) + s, low = high + slices + 1;
            if (rows[r].turned) { /* the point below lies half a slice before */
                calo_mjcf_shape_triangle(shape, high, low, low + 1);
                calo_mjcf_shape_triangle(shape, high, low + 1, high + 1);
                continue;
            }
            bool top = rows[r].radius == 0, bottom = rows[r + 1].radius == 0;
            if (!top)
                calo_mjcf_shape_triangle(shape, high, low, high + 1);
            if (!bottom)
                calo_mjcf_shape_triangle(shape, top ? high : high + 1, low, low + 1);
        }
    return CALO_OK;
}

/* Rows of the surface of a ball of 2 `half` stacks, from `from` to `to` below its top, with v from 0 to 1 and the middle at
 * `middle`. `object_z` moves the unit ball. */
static uint32_t ball_rows(double radius_xy, double radius_z, double middle, double object_z, int half, int from, int to,
                          row rows[MOST_ROWS])
{
    for (int i = from; i <= to; i++) {
        double sine, cosine;
        calo_sincos((0.5 - (double)i / (2 * half)) * CALO_PI, &sine, &cosine);
        cosine = i == 0 || i == 2 * half ? 0 : cosine;
        rows[i - from] = (row){
            .radius = radius_xy * cosine,
            .z = middle + radius_z * sine,
            .object_radius = cosine,
            .object_z = object_z + sine,
            .normal_radius = cosine,
            .normal_z = sine,
            .v = (double)(i - from) / (to - from),
            .turned = (i - half) % 2 != 0,
        };
    }
    return (uint32_t)(to - from) + 1;
}

static calo_status make_ellipsoid(const double size[3], calo_mjcf_shape *shape, calo_error *err)
{
    row rows[MOST_ROWS];
    int half = half_stacks(shape);
    uint32_t count = ball_rows(1, size[2], 0, 0, half, 0, 2 * half, rows);
    for (uint32_t i = 0; i < count; i++)
        rows[i].normal_z /= size[2];
    return add_band(shape, rows, count, (band_axes){size[0], size[1]}, err);
}

/* The side of a cylinder of that radius from -half to half. */
static calo_status add_side(double radius, double half, calo_mjcf_shape *shape, calo_error *err)
{
    const row rows[2] = {
        {.radius = radius, .z = half, .object_radius = 1, .object_z = 1, .normal_radius = 1, .v = 0},
        {.radius = radius, .z = -half, .object_radius = 1, .object_z = -1, .normal_radius = 1, .v = 1},
    };
    return add_band(shape, rows, 2, (band_axes){1, 1}, err);
}

/* MuJoCo's caps have the whole texture once more, each. */
static calo_status make_capsule(double radius, double half, calo_mjcf_shape *shape, calo_error *err)
{
    row rows[MOST_ROWS];
    int stacks = half_stacks(shape);
    uint32_t count = ball_rows(radius, radius, half, 1, stacks, 0, stacks, rows);
    calo_status status = add_band(shape, rows, count, (band_axes){1, 1}, err);
    if (status == CALO_OK)
        status = add_side(radius, half, shape, err);
    count = ball_rows(radius, radius, -half, -1, stacks, stacks, 2 * stacks, rows);
    return status == CALO_OK ? add_band(shape, rows, count, (band_axes){1, 1}, err) : status;
}

/* The end of a cylinder at z, which looks along `up` (1 or -1). Seen along z its texture lies as x and y do. */
static calo_status add_disc(double radius, double z, int up, calo_mjcf_shape *shape, calo_error *err)
{
    const uint32_t slices = shape->slices;
    calo_status status = calo_mjcf_shape_reserve(shape, slices, slices - 2, err);
    if (status != CALO_OK)
        return status;
    uint32_t first = shape->vertex_count;
    const row rim = {.radius = 1};
    for (uint32_t s = 0; s < slices; s++) {
        double x, y;
        direction_of(&rim, s, slices, &x, &y);
        calo_mjcf_vertex vertex = {.position = {(float)(radius * x), (float)(radius * y), (float)z},
                                   .object = {(float)x, (float)y, (float)up},
                                   .normal = {0, 0, (float)up},
                                   .uv = {(float)(0.5 + 0.5 * x), (float)(0.5 + 0.5 * y)}};
        calo_mjcf_shape_vertex(shape, &vertex);
    }
    /* A zigzag across the disc, 0, 1, last, 2, last but one, ...: a fan's triangles would be slivers. */
    for (uint32_t k = 0; k + 2 < slices; k++) {
        uint32_t corners[3];
        for (uint32_t i = 0; i < 3; i++)
            corners[i] = first + ((k + i) % 2 ? (k + i + 1) / 2 : (slices - (k + i) / 2) % slices);
        bool outwards = (k % 2 == 0) == (up > 0);
        calo_mjcf_shape_triangle(shape, corners[0], corners[outwards ? 1 : 2], corners[outwards ? 2 : 1]);
    }
    return CALO_OK;
}

static calo_status make_cylinder(double radius, double half, calo_mjcf_shape *shape, calo_error *err)
{
    calo_status status = add_side(radius, half, shape, err);
    if (status == CALO_OK)
        status = add_disc(radius, half, 1, shape, err);
    return status == CALO_OK ? add_disc(radius, -half, -1, shape, err) : status;
}

/* The side of a box that looks along the axis `along`, in the direction `sign`. Its texture lies along the other two
 * axes, u along the first of them, v against the second. */
static void add_box_side(const double size[3], int along, int sign, calo_mjcf_shape *shape)
{
    int across = along == 0 ? 1 : 0, upwards = along == 2 ? 1 : 2;
    uint32_t corners[4];
    for (int i = 0; i < 4; i++) {
        int right = i == 1 || i == 2, up = i >= 2;
        calo_mjcf_vertex vertex = {.uv = {(float)right, (float)(1 - up)}};
        vertex.object[along] = (float)sign;
        vertex.object[across] = right ? 1 : -1;
        vertex.object[upwards] = up ? 1 : -1;
        vertex.normal[along] = (float)sign;
        for (int k = 0; k < 3; k++)
            vertex.position[k] = (float)(size[k] * (double)vertex.object[k]);
        corners[i] = calo_mjcf_shape_vertex(shape, &vertex);
    }
    /* x × y = z, y × z = x, but x × z = -y. */
    bool outwards = (sign > 0) != (along == 1);
    calo_mjcf_shape_triangle(shape, corners[0], corners[outwards ? 1 : 2], corners[outwards ? 2 : 1]);
    calo_mjcf_shape_triangle(shape, corners[0], corners[outwards ? 2 : 3], corners[outwards ? 3 : 2]);
}

static calo_status make_box(const double size[3], calo_mjcf_shape *shape, calo_error *err)
{
    calo_status status = calo_mjcf_shape_reserve(shape, 24, 12, err);
    for (int side = 0; side < 6 && status == CALO_OK; side++)
        add_box_side(size, side / 2, side % 2 ? -1 : 1, shape);
    return status;
}

calo_status calo_mjcf_make_solid(int type, const double size[3], double tolerance_metres, calo_mjcf_shape *shape,
                                 calo_error *err)
{
    const double ball[3] = {size[0], size[0], size[0]};
    double radius = type == CALO_MJCF_ELLIPSOID ? fmax(size[0], fmax(size[1], size[2])) : size[0];
    shape->slices = slices_for(radius, tolerance_metres);
    switch (type) {
    case CALO_MJCF_SPHERE: return make_ellipsoid(ball, shape, err);
    case CALO_MJCF_CAPSULE: return make_capsule(size[0], size[1], shape, err);
    case CALO_MJCF_ELLIPSOID: return make_ellipsoid(size, shape, err);
    case CALO_MJCF_CYLINDER: return make_cylinder(size[0], size[1], shape, err);
    case CALO_MJCF_BOX: return make_box(size, shape, err);
    }
    return calo_fail(err, CALO_ERROR_UNSUPPORTED, "there is no solid of MuJoCo's geom type %d", type);
}

calo_status calo_mjcf_make_ball(calo_mjcf_shape *shape, calo_error *err)
{
    shape->slices = MOST_SLICES;
    return make_ellipsoid((const double[3]){1, 1, 1}, shape, err);
}

calo_status calo_mjcf_make_rod(calo_mjcf_shape *shape, calo_error *err)
{
    shape->slices = MOST_SLICES;
    return add_side(1, 0.5, shape, err);
}

calo_status calo_mjcf_make_plane(const double half_sides[2], double reach, calo_mjcf_shape *shape, calo_error *err)
{
    calo_status status = calo_mjcf_shape_reserve(shape, 4, 2, err);
    if (status != CALO_OK)
        return status;
    for (int i = 0; i < 4; i++) {
        double signs[2] = {i == 1 || i == 2 ? 1 : -1, i >= 2 ? 1 : -1}, uv[2];
        calo_mjcf_vertex vertex = {.normal = {0, 0, 1}};
        for (int k = 0; k < 2; k++) {
            bool bounded = half_sides[k] > 0;
            double at = signs[k] * (bounded ? half_sides[k] : reach);
            vertex.position[k] = vertex.object[k] = (float)at;
            uv[k] = bounded ? 0.5 + 0.5 * signs[k] : 0.5 * at;
        }
        vertex.uv[0] = (float)uv[0];
        vertex.uv[1] = (float)(half_sides[1] > 0 ? 1 - uv[1] : -uv[1]);
        calo_mjcf_shape_vertex(shape, &vertex);
    }
    calo_mjcf_shape_triangle(shape, 0, 1, 2);
    calo_mjcf_shape_triangle(shape, 0, 2, 3);
    return CALO_OK;
}
