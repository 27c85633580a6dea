/* Which clusters a view needs: in sight, not facing away as a whole, and of the level of detail that it asks for. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/linear.h"
#include "render/cpu/worker.h"

/* What clusters are tested by. */
typedef struct cull_tests {
    const calo_cpu_geometry_stage *stage;
    float planes[6][4], viewer[3];
    int plane_count;
    bool cones;
} cull_tests;

/* Planes whose inner side is positive, unit normals in object space: near, the band's sides, and far if there is an
 * end. Returns how many. */
static int find_planes(const calo_cpu_geometry_stage *stage, float planes[6][4])
{
    const calo_cpu_worker *worker = stage->worker;
    const double (*rows)[4] = stage->object_to_screen.m;
    double margin = stage->margin_pixels, far_metres = worker->camera.far_metres;
    int count = isinf(far_metres) ? 5 : 6;
    for (int c = 0; c < 4; c++) {
        double p[6] = {
            rows[3][c] - (c == 3 ? (double)worker->camera.near_metres : 0),
            rows[0][c] + margin * rows[2][c],
            (worker->width + margin) * rows[2][c] - rows[0][c],
            rows[1][c] - (worker->band_top - margin) * rows[2][c],
            (worker->band_bottom + margin) * rows[2][c] - rows[1][c],
            (c == 3 ? far_metres : 0) - rows[3][c],
        };
        for (int i = 0; i < count; i++)
            planes[i][c] = (float)p[i];
    }
    for (int i = 0; i < count; i++) {
        float *p = planes[i], length = sqrtf(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
        for (int c = 0; c < 4 && length > 0; c++)
            p[c] /= length;
    }
    return count;
}

/* The viewer in object space, or for orthographic cameras the direction of view; false where the
 * draw is flattened, so that facing away cannot be told. */
static bool find_viewer(const calo_cpu_geometry_stage *stage, float viewer[3])
{
    calo_mat4 to_object;
    if (!calo_mat4_invert_affine(&stage->draw->shared.object_to_world, &to_object))
        return false;
    const calo_cpu_camera *camera = &stage->worker->camera;
    double world[3], object[3];
    for (int i = 0; i < 3; i++)
        world[i] = camera->orthographic ? -camera->back[i] : camera->position[i];
    if (camera->orthographic) {
        calo_mat4_direction(&to_object, world, object);
        calo_normalize3(object);
    } else {
        calo_mat4_point(&to_object, world, object);
    }
    for (int i = 0; i < 3; i++)
        viewer[i] = (float)object[i];
    return isfinite(viewer[0]) && isfinite(viewer[1]) && isfinite(viewer[2]);
}

/* Clusters whose sphere lies wholly on the outer side of a plane. Margins cover rounding. */
static lanes_m outside_planes(const cull_tests *tests, const lanes_f center[3], lanes_f radius)
{
    lanes_m outside = lanes_from_bits(0);
    for (int i = 0; i < tests->plane_count; i++) {
        const float *p = tests->planes[i];
        lanes_f distance = center[0] * p[0] + center[1] * p[1] + center[2] * p[2] + p[3];
        outside |= lanes_less(distance, -(radius * 1.0001f + 1e-4f * fabsf(p[3])));
    }
    return outside;
}

/* Clusters that turn every triangle's back to the viewer (meshoptimizer's cone test). */
static lanes_m facing_away(const calo_cpu_geometry_stage *stage, const float viewer[3], size_t first,
                           const lanes_f center[3], lanes_f radius)
{
    const calo_cpu_geometry *geometry = stage->draw->geometry;
    lanes_f axis[3], cutoff = lanes_load(geometry->cone_cutoff + first);
    for (int c = 0; c < 3; c++)
        axis[c] = lanes_load(geometry->cone_axis[c] + first);
    if (stage->worker->camera.orthographic) {
        lanes_f along = axis[0] * viewer[0] + axis[1] * viewer[1] + axis[2] * viewer[2];
        return lanes_less(cutoff, along) & lanes_less(cutoff, lanes_float(1));
    }
    lanes_f to[3] = {center[0] - viewer[0], center[1] - viewer[1], center[2] - viewer[2]};
    lanes_f distance = lanes_sqrt(to[0] * to[0] + to[1] * to[1] + to[2] * to[2]);
    lanes_f along = to[0] * axis[0] + to[1] * axis[1] + to[2] * axis[2];
    return lanes_less(cutoff * distance + radius * 1.0001f, along) & lanes_less(cutoff, lanes_float(1));
}

/* Adds those of the clusters [first, end) that are in sight to the `kept` ones. */
static uint32_t cull_run(const cull_tests *tests, uint32_t first, uint32_t end, uint32_t *visible, uint32_t kept)
{
    const calo_cpu_geometry *geometry = tests->stage->draw->geometry;
    for (; first < end; first += LANES) {
        lanes_f center[3], radius = lanes_load(geometry->radius + first);
        for (int c = 0; c < 3; c++)
            center[c] = lanes_load(geometry->center[c] + first);
        lanes_m hidden = outside_planes(tests, center, radius);
        if (tests->cones)
            hidden |= facing_away(tests->stage, tests->viewer, first, center, radius);
        lanes_i index = lanes_count() + (int32_t)first;
        lanes_m there = lanes_less_int(index, lanes_int((int32_t)end));
        kept += lanes_compress((int32_t *)visible + kept, there & lanes_not(hidden), index);
    }
    return kept;
}

/* ---- levels of detail ---- */

/* Notes for each group whether its error is small enough. On the screen an error is largest where the group's sphere
 * is nearest; `reach` is what a metre at depth 1 takes there at most, however it lies and wherever in the picture. */
static void judge_groups(const calo_cpu_geometry_stage *stage, uint8_t *fine)
{
    const calo_cpu_groups *groups = &stage->draw->geometry->groups;
    const calo_cpu_camera *camera = &stage->worker->camera;
    const double *depth_row = stage->object_to_screen.m[3];
    float row[4], stretch = (float)calo_mat4_stretch(&stage->draw->shared.object_to_world);
    float reach = stretch * camera->reach_pixels / stage->worker->scene->lod_pixels;
    for (int c = 0; c < 4; c++)
        row[c] = (float)depth_row[c];
    for (uint32_t first = 0; first < groups->count; first += LANES) {
        lanes_f center[3], nearest = lanes_float(1);
        for (int c = 0; c < 3; c++)
            center[c] = lanes_load(groups->center[c] + first);
        lanes_f depth = center[0] * row[0] + center[1] * row[1] + center[2] * row[2] + row[3];
        if (!camera->orthographic)
            nearest = lanes_max(depth - lanes_load(groups->radius + first) * stretch, lanes_float(camera->near_metres));
        uint32_t bits = lanes_bits(lanes_at_most(lanes_load(groups->error + first) * reach, nearest));
        for (int i = 0; i < LANES; i++)
            fine[first + (uint32_t)i] = bits >> i & 1;
    }
    fine[0] = 1;
}

/* The children of groups that are not fine enough, as far as they are themselves. */
static uint32_t cull_levels(const cull_tests *tests, uint32_t *visible, const uint8_t *fine)
{
    const calo_cpu_geometry *geometry = tests->stage->draw->geometry;
    const calo_cpu_groups *groups = &geometry->groups;
    uint32_t kept = 0;
    for (uint32_t g = 1; g < groups->count; g++) {
        if (fine[g])
            continue;
        uint32_t first = groups->first_cluster[g], end = groups->first_cluster[g + 1];
        uint32_t before = kept, count = cull_run(tests, first, end, visible, kept);
        for (uint32_t i = before; i < count; i++) {
            visible[kept] = visible[i];
            kept += fine[geometry->own_group[visible[i]]];
        }
    }
    return kept;
}

/* ---- all of it ---- */

static calo_status reserve(calo_cpu_worker *worker, calo_error *err)
{
    size_t capacity = worker->scene->max_clusters + (size_t)LANES;
    size_t groups = worker->scene->max_groups + (size_t)LANES;
    if (worker->fine_capacity < groups) {
        free(worker->fine_groups);
        worker->fine_capacity = 0;
        worker->fine_groups = malloc(groups);
        if (!worker->fine_groups)
            return calo_fail_memory(err, "the list of levels of detail", groups);
        worker->fine_capacity = groups;
    }
    if (worker->visible_capacity >= capacity)
        return CALO_OK;
    free(worker->visible);
    worker->visible_capacity = 0;
    worker->visible = malloc(capacity * sizeof *worker->visible);
    if (!worker->visible)
        return calo_fail_memory(err, "the list of visible clusters", capacity * sizeof *worker->visible);
    worker->visible_capacity = capacity;
    return CALO_OK;
}

calo_status calo_cpu_find_clusters(const calo_cpu_geometry_stage *stage, uint32_t *count, calo_error *err)
{
    const calo_cpu_geometry *geometry = stage->draw->geometry;
    calo_cpu_worker *worker = stage->worker;
    cull_tests tests = {.stage = stage};
    calo_status status = reserve(worker, err);
    if (status != CALO_OK)
        return status;
    tests.plane_count = find_planes(stage, tests.planes);
    tests.cones = stage->cull_back && find_viewer(stage, tests.viewer);
    if (geometry->groups.count == 0) {
        *count = cull_run(&tests, 0, geometry->cluster_count, worker->visible, 0);
    } else {
        judge_groups(stage, worker->fine_groups);
        *count = cull_levels(&tests, worker->visible, worker->fine_groups);
    }
    return CALO_OK;
}
