#include "render/normal_lines.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/linear.h"

/* Lines on their way into a primitive. */
typedef struct line_build {
    const calo_draw *draw;
    double length;
    float *positions; /* NULL while they are counted */
    uint64_t count;
} line_build;

/* Of the box's diagonal, as pyrender. */
static const double box_share = 0.05;

/* The mean of the factors by which the transform scales the three axes (root of the mean square). */
static double mean_scale(const calo_mat4 *matrix)
{
    double sum = 0;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            sum += matrix->m[r][c] * matrix->m[r][c];
    return sqrt(sum / 3);
}

/* From a point along a normal, both in object space; normals without a direction in the world have no line. */
static void add_line(line_build *build, const double point[3], const double normal[3])
{
    const float *m = build->draw->normal_to_world;
    double direction[3], from[3];
    for (int i = 0; i < 3; i++)
        direction[i] = normal[0] * m[3 * i] + normal[1] * m[3 * i + 1] + normal[2] * m[3 * i + 2];
    if (!(calo_normalize3(direction) > 0) || !isfinite(calo_length3(direction)))
        return;
    if (build->positions) {
        float *out = build->positions + 6 * build->count;
        calo_mat4_direction(&build->draw->object_to_world, point, from);
        for (int i = 0; i < 3; i++) {
            out[i] = (float)from[i];
            out[3 + i] = (float)(from[i] + direction[i] * build->length);
        }
    }
    build->count++;
}

static void load_vertex(const float *values, uint32_t index, double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = values[3 * (size_t)index + i];
}

/* `used`: by vertex, whether a triangle has it. */
static void add_vertices(line_build *build, const uint8_t *used)
{
    for (uint32_t v = 0; v < build->draw->primitive->vertex_count; v++) {
        double point[3], normal[3];
        if (!used[v])
            continue;
        load_vertex(build->draw->positions, v, point);
        load_vertex(build->draw->normals, v, normal);
        add_line(build, point, normal);
    }
}

static void add_faces(line_build *build)
{
    const calo_primitive *primitive = build->draw->primitive;
    for (uint32_t i = 0; i + 2 < primitive->index_count; i += 3) {
        double corner[3][3], ab[3], ac[3], middle[3], normal[3];
        for (int k = 0; k < 3; k++)
            load_vertex(build->draw->positions, primitive->indices[i + (uint32_t)k], corner[k]);
        for (int c = 0; c < 3; c++) {
            ab[c] = corner[1][c] - corner[0][c];
            ac[c] = corner[2][c] - corner[0][c];
            middle[c] = (corner[0][c] + corner[1][c] + corner[2][c]) / 3;
        }
        calo_cross3(ab, ac, normal);
        add_line(build, middle, normal);
    }
}

static void add_all(line_build *build, const uint8_t *used)
{
    build->count = 0;
    if (used)
        add_vertices(build, used);
    else
        add_faces(build);
}

/* The counted lines as a primitive, whose ends follow one another. */
static calo_status make_primitive(line_build *build, const uint8_t *used, calo_arena *arena, calo_draw *lines,
                                  calo_error *err)
{
    uint64_t ends = 2 * build->count;
    if (ends > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%llu normals are too many to be drawn as lines: leave them out",
                         (unsigned long long)build->count);
    calo_primitive *primitive = CALO_ARENA_TAKE(arena, calo_primitive, 1, "lines of normals", err);
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, ends, "lines of normals", err);
    build->positions = CALO_ARENA_TAKE(arena, float, 3 * ends, "lines of normals", err);
    if (!primitive || !indices || !build->positions)
        return calo_failed(err);
    add_all(build, used);
    for (uint32_t i = 0; i < ends; i++)
        indices[i] = i;
    *primitive = (calo_primitive){.topology = CALO_LINES, .vertex_count = (uint32_t)ends, .index_count = (uint32_t)ends,
                                  .indices = indices, .positions = build->positions, .material = -1};
    lines->primitive = primitive;
    lines->positions = build->positions;
    return CALO_OK;
}

calo_status calo_normal_lines_make(const calo_draw *draw, calo_normal_lines kind, float length, calo_arena *arena,
                                   calo_draw *lines, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    line_build build = {.draw = draw, .length = length};
    uint8_t *used = NULL;
    lines->element_count = 0;
    /* A surface without vertex normals is shaded by its faces. */
    if (kind == CALO_NORMAL_LINES_VERTEX && !draw->normals)
        return CALO_OK;
    if (length == 0)
        build.length = box_share * 2 * draw->radius * mean_scale(&draw->object_to_world);
    if (kind == CALO_NORMAL_LINES_VERTEX) {
        used = calloc((size_t)primitive->vertex_count + 1, 1);
        if (!used)
            return calo_fail_memory(err, "lines of normals", primitive->vertex_count);
        for (uint32_t i = 0; i < primitive->index_count; i++)
            used[primitive->indices[i]] = 1;
    }
    add_all(&build, used);
    calo_status status = build.count > 0 ? make_primitive(&build, used, arena, lines, err) : CALO_OK;
    free(used);
    lines->element_count = (uint32_t)build.count;
    /* The vertices are turned and scaled already: cofactors differ from copy to copy. */
    lines->object_to_world = calo_mat4_identity();
    for (int i = 0; i < 3; i++)
        lines->object_to_world.m[i][3] = draw->object_to_world.m[i][3];
    return status;
}
