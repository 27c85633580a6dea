/* Normals for faces that the file gives none: one a vertex and smoothing group. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "import/obj_table.h"

static void position_at(const calo_obj *obj, calo_obj_corner corner, double p[3])
{
    const float *position = (const float *)obj->positions.items + (size_t)corner.position * 3;
    for (int i = 0; i < 3; i++)
        p[i] = position[i];
}

/* Newell's sum of cross products, relative to the first corner. */
void calo_obj_face_normal(const calo_obj *obj, const calo_obj_corner *corners, uint32_t count, double normal[3])
{
    double origin[3], a[3], b[3];
    position_at(obj, corners[0], origin);
    normal[0] = normal[1] = normal[2] = 0;
    for (uint32_t i = 1; i + 1 < count; i++) {
        double cross[3];
        position_at(obj, corners[i], a);
        position_at(obj, corners[i + 1], b);
        for (int k = 0; k < 3; k++) {
            a[k] -= origin[k];
            b[k] -= origin[k];
        }
        calo_cross3(a, b, cross);
        for (int k = 0; k < 3; k++)
            normal[k] += cross[k];
    }
    double length = calo_normalize3(normal);
    if (!(length > 0) || !isfinite(length))
        normal[0] = normal[1] = normal[2] = 0;
}

/* The angle between the edges to the corners before and after. */
static double corner_angle(const calo_obj *obj, calo_obj_corner before, calo_obj_corner at, calo_obj_corner after)
{
    double p[3], a[3], b[3], cross[3];
    position_at(obj, at, p);
    position_at(obj, before, a);
    position_at(obj, after, b);
    for (int k = 0; k < 3; k++) {
        a[k] -= p[k];
        b[k] -= p[k];
    }
    calo_cross3(a, b, cross);
    double angle = calo_atan2(calo_length3(cross), calo_dot3(a, b));
    return isfinite(angle) ? angle : 0;
}

/* What a smoothing group makes of a vertex: the corners of its faces count by their angles. */
static calo_obj_corner smooth_key(const calo_obj_run *run, calo_obj_corner corner)
{
    return (calo_obj_corner){corner.position, (int32_t)run->smoothing, 0};
}

static void add_face(const calo_obj *obj, const calo_obj_run *run, const calo_obj_corner *corners, uint32_t count,
                     calo_obj_table *table, double *sums)
{
    double normal[3];
    calo_obj_face_normal(obj, corners, count, normal);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t vertex = calo_obj_table_number(table, smooth_key(run, corners[i]));
        uint32_t before = i ? i - 1 : count - 1, after = i + 1 < count ? i + 1 : 0;
        double angle = corner_angle(obj, corners[before], corners[i], corners[after]);
        for (int k = 0; k < 3; k++)
            sums[3 * (size_t)vertex + k] += angle * normal[k];
    }
}

static bool is_smooth(const calo_obj_run *run) { return run->topology == CALO_TRIANGLES && run->smoothing != 0; }

/* How many corners smooth runs have; 0 when all of them have normals already. */
static size_t count_smooth_corners(const calo_obj *obj, size_t first_run, size_t end_run)
{
    const calo_obj_run *runs = obj->runs.items;
    const calo_obj_corner *corners = obj->corners.items;
    const uint32_t *elements = obj->elements.items;
    size_t count = 0;
    bool wanted = false;
    for (size_t r = first_run; r < end_run; r++) {
        if (!is_smooth(&runs[r]))
            continue;
        uint32_t first = elements[runs[r].first_element];
        uint32_t end = calo_obj_element_end(obj, calo_obj_run_end(obj, r) - 1);
        count += end - first;
        for (uint32_t c = first; c < end && !wanted; c++)
            wanted = corners[c].normal < 0;
    }
    return wanted ? count : 0;
}

int32_t calo_obj_add_normal(calo_obj *obj, const double normal[3])
{
    if (obj->normals.count >= INT32_MAX) {
        calo_fail(obj->err, CALO_ERROR_LIMIT, "%s: more normals than %d: split the file", obj->source->path, INT32_MAX);
        return -1;
    }
    float *kept = calo_obj_push(obj, &obj->normals, 3 * sizeof *kept);
    for (int k = 0; kept && k < 3; k++)
        kept[k] = (float)normal[k];
    return kept ? (int32_t)obj->normals.count - 1 : -1;
}

/* The normals of the table's vertices behind the file's own. */
static calo_status add_normals(calo_obj *obj, const calo_obj_table *table, double *sums)
{
    for (uint32_t v = 0; v < table->count; v++) {
        calo_normalize3(sums + 3 * (size_t)v);
        if (calo_obj_add_normal(obj, sums + 3 * (size_t)v) < 0)
            return CALO_ERROR_LIMIT;
    }
    return CALO_OK;
}

/* Of corners [first, end): those without a normal get their group's. */
static void name_normals(calo_obj *obj, const calo_obj_run *run, uint32_t first, uint32_t end, calo_obj_table *table,
                         size_t first_normal)
{
    calo_obj_corner *corners = obj->corners.items;
    for (uint32_t c = first; c < end; c++)
        if (corners[c].normal < 0)
            corners[c].normal = (int32_t)(first_normal + calo_obj_table_number(table, smooth_key(run, corners[c])));
}

static calo_status smooth(calo_obj *obj, size_t first_run, size_t end_run, calo_obj_table *table, double *sums)
{
    const calo_obj_run *runs = obj->runs.items;
    const uint32_t *elements = obj->elements.items;
    const calo_obj_corner *corners = obj->corners.items;
    size_t first_normal = obj->normals.count;
    for (size_t r = first_run; r < end_run; r++)
        for (size_t e = runs[r].first_element; is_smooth(&runs[r]) && e < calo_obj_run_end(obj, r); e++)
            add_face(obj, &runs[r], corners + elements[e], calo_obj_element_end(obj, e) - elements[e], table, sums);
    calo_status status = add_normals(obj, table, sums);
    for (size_t r = first_run; r < end_run && status == CALO_OK; r++)
        if (is_smooth(&runs[r]))
            name_normals(obj, &runs[r], elements[runs[r].first_element],
                         calo_obj_element_end(obj, calo_obj_run_end(obj, r) - 1), table, first_normal);
    return status;
}

calo_status calo_obj_smooth_normals(calo_obj *obj, size_t first_run, size_t end_run)
{
    size_t corner_count = count_smooth_corners(obj, first_run, end_run);
    if (corner_count == 0)
        return CALO_OK;
    calo_obj_table table = {0};
    double *sums = calloc(corner_count, 3 * sizeof *sums);
    calo_status status = sums ? calo_obj_table_reset(&table, corner_count, obj->err)
                              : calo_fail_memory(obj->err, "normals", corner_count * 3 * sizeof *sums);
    if (status == CALO_OK)
        status = smooth(obj, first_run, end_run, &table, sums);
    calo_obj_table_finish(&table);
    free(sums);
    return status;
}
