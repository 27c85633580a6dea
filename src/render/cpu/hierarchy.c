/* Coarser and coarser clusters (after Karis, Stubbe and Wihlidal, "Nanite", 2021): neighbouring clusters are taken
 * together as a group, simplified with the group's border held, and split into clusters anew; other groups next time,
 * so that every border melts. A group's error and sphere are never smaller than those it was made of: a view draws
 * the clusters whose own group is fine enough and whose parent group is not, and two neighbours always agree. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "render/cpu/clusters.h"

enum {
    LEVELS_MAX = 32,
    NO_PATCH = 0xffffffffu,
    SHARED = 0xfffffffeu,
};

/* A level that leaves more than this part of its triangles is the last. */
static const double progress = 0.95;

typedef struct lod_cluster {
    calo_cpu_run run;
    float center[3], radius;
    uint32_t own_group, parent_group;
} lod_cluster;

typedef struct hierarchy_build {
    const calo_cpu_geometry_input *input;
    uint32_t *indices;
    size_t index_count, index_capacity;
    lod_cluster *clusters;
    size_t cluster_count, cluster_capacity;
    calo_cpu_group *groups;
    size_t group_count, group_capacity;
    uint32_t *pending; /* clusters without a parent yet */
    uint32_t pending_count;
    uint32_t *places;  /* by vertex: the first one at the same place */
    uint32_t *owners;  /* by place: the patch that has a vertex there, or SHARED */
    bool *fixed;       /* by vertex */
    uint32_t *patch_ends; /* in `pending` */
    calo_cpu_patch *patches;
    uint32_t patch_count;
} hierarchy_build;

/* ---- growing arrays ---- */

static calo_status reserve(void *array, size_t *capacity, size_t count, size_t item_bytes, calo_error *err)
{
    void **memory = array;
    if (*capacity >= count)
        return CALO_OK;
    size_t wanted = count + count / 2;
    void *larger = realloc(*memory, wanted * item_bytes);
    if (!larger)
        return calo_fail_memory(err, "levels of detail", wanted * item_bytes);
    *memory = larger;
    *capacity = wanted;
    return CALO_OK;
}

static calo_status add_cluster(hierarchy_build *build, calo_cpu_run run, uint32_t own_group, calo_error *err)
{
    calo_status status = reserve(&build->clusters, &build->cluster_capacity, build->cluster_count + 1,
                                 sizeof *build->clusters, err);
    if (status != CALO_OK)
        return status;
    lod_cluster *cluster = &build->clusters[build->cluster_count++];
    *cluster = (lod_cluster){.run = run, .own_group = own_group};
    calo_cpu_sphere_around(build->input->draw->shared.positions, build->indices + 3 * (size_t)run.first_triangle,
                           3 * run.triangle_count, cluster->center, &cluster->radius);
    return CALO_OK;
}

static calo_status add_group(hierarchy_build *build, const calo_cpu_group *group, calo_error *err)
{
    calo_status status = reserve(&build->groups, &build->group_capacity, build->group_count + 1, sizeof *build->groups,
                                 err);
    if (status == CALO_OK)
        build->groups[build->group_count++] = *group;
    return status;
}

/* ---- which clusters go together ---- */

/* The axis along which the clusters' centers lie farthest apart. */
static int longest_axis(const hierarchy_build *build, const uint32_t *members, uint32_t count)
{
    float low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (uint32_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            low[c] = fminf(low[c], build->clusters[members[i]].center[c]);
            high[c] = fmaxf(high[c], build->clusters[members[i]].center[c]);
        }
    int axis = high[1] - low[1] > high[0] - low[0] ? 1 : 0;
    return high[2] - low[2] > high[axis] - low[axis] ? 2 : axis;
}

/* A total order, so that the outcome does not depend on how members lie. */
static bool lies_before(const hierarchy_build *build, int axis, uint32_t a, uint32_t b)
{
    float x = build->clusters[a].center[axis], y = build->clusters[b].center[axis];
    return x < y || (x == y && a < b);
}

/* Puts the `first` lowest members in front (Hoare's selection). */
static void select_lowest(const hierarchy_build *build, int axis, uint32_t *members, uint32_t count, uint32_t first)
{
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        uint32_t pivot = members[low + (high - low) / 2], i = low, j = high;
        for (;; i++, j--) {
            while (lies_before(build, axis, members[i], pivot))
                i++;
            while (lies_before(build, axis, pivot, members[j]))
                j--;
            if (i >= j)
                break;
            uint32_t held = members[i];
            members[i] = members[j];
            members[j] = held;
        }
        if (first <= j)
            high = j;
        else
            low = j + 1;
    }
}

/* Cuts the members in two until each part is a patch. Where it cuts changes from level to level, so that the borders
 * of one are inside the next. Each part gets a third at least, so that the recursion is never deep. */
static void cut(hierarchy_build *build, uint32_t *members, uint32_t count, uint32_t level, uint32_t depth)
{
    if (count <= CALO_CPU_PATCH_CLUSTERS) {
        build->patch_ends[build->patch_count++] = (uint32_t)(members + count - build->pending);
        return;
    }
    double phase = 0.618 * (level + 1) + 0.377 * depth, share = 0.35 + 0.3 * (phase - floor(phase));
    uint32_t first = (uint32_t)(share * count);
    select_lowest(build, longest_axis(build, members, count), members, count, first);
    cut(build, members, first, level, depth + 1);
    cut(build, members + first, count - first, level, depth + 1);
}

static calo_status make_patches(hierarchy_build *build, uint32_t level, calo_error *err)
{
    build->patch_ends = malloc(build->pending_count * sizeof *build->patch_ends);
    if (!build->patch_ends)
        return calo_fail_memory(err, "levels of detail", build->pending_count * sizeof *build->patch_ends);
    cut(build, build->pending, build->pending_count, level, 0);
    build->patches = calloc(build->patch_count, sizeof *build->patches);
    if (!build->patches)
        return calo_fail_memory(err, "levels of detail", build->patch_count * sizeof *build->patches);
    for (uint32_t p = 0, i = 0; p < build->patch_count; p++) {
        calo_cpu_patch *patch = &build->patches[p];
        *patch = (calo_cpu_patch){.draw = build->input->draw, .indices = build->indices, .fixed = build->fixed};
        memcpy(patch->compares_uv, build->input->compares_uv, sizeof patch->compares_uv);
        for (; i < build->patch_ends[p]; i++)
            patch->runs[patch->run_count++] = &build->clusters[build->pending[i]].run;
    }
    return CALO_OK;
}

/* Vertices whose place belongs to several patches. */
static void find_fixed(hierarchy_build *build)
{
    uint32_t vertex_count = build->input->draw->shared.primitive->vertex_count;
    memset(build->owners, 0xff, vertex_count * sizeof *build->owners);
    for (uint32_t p = 0; p < build->patch_count; p++)
        for (uint32_t r = 0; r < build->patches[p].run_count; r++) {
            const calo_cpu_run *run = build->patches[p].runs[r];
            for (uint32_t i = 0; i < 3 * run->triangle_count; i++) {
                uint32_t *owner = &build->owners[build->places[build->indices[3 * (size_t)run->first_triangle + i]]];
                *owner = *owner == NO_PATCH || *owner == p ? p : SHARED;
            }
        }
    for (uint32_t v = 0; v < vertex_count; v++)
        build->fixed[v] = build->owners[build->places[v]] == SHARED;
}

/* ---- a level ---- */

static calo_status simplify_one(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    hierarchy_build *build = user;
    return calo_cpu_simplify_patch(&build->patches[index], err);
}

/* The sphere that holds the clusters and what they were made of; margins cover rounding. */
static calo_cpu_group enclose(const hierarchy_build *build, const uint32_t *members, uint32_t count)
{
    calo_cpu_group group = {0};
    for (uint32_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            group.center[c] += build->clusters[members[i]].center[c] / (float)count;
    for (uint32_t i = 0; i < count; i++) {
        const lod_cluster *cluster = &build->clusters[members[i]];
        const calo_cpu_group *own = &build->groups[cluster->own_group];
        float d[3], to_own[3];
        for (int c = 0; c < 3; c++) {
            d[c] = cluster->center[c] - group.center[c];
            to_own[c] = own->center[c] - group.center[c];
        }
        float reach = sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) + cluster->radius;
        float own_reach = sqrtf(to_own[0] * to_own[0] + to_own[1] * to_own[1] + to_own[2] * to_own[2]) + own->radius;
        group.radius = fmaxf(group.radius, reach);
        if (cluster->own_group > 0)
            group.radius = fmaxf(group.radius, own_reach);
        group.error = fmaxf(group.error, own->error);
    }
    group.radius *= 1.0001f;
    return group;
}

/* What was made of a patch becomes a group's clusters; what was not waits for other neighbours. */
static calo_status keep_patch(hierarchy_build *build, calo_cpu_patch *patch, const uint32_t *members,
                              uint32_t *next_pending, uint32_t *next_count, calo_error *err)
{
    if (patch->simple_count == 0) {
        for (uint32_t i = 0; i < patch->run_count; i++)
            next_pending[(*next_count)++] = members[i];
        return CALO_OK;
    }
    calo_cpu_group group = enclose(build, members, patch->run_count);
    group.error += patch->error;
    uint32_t index = (uint32_t)build->group_count;
    for (uint32_t i = 0; i < patch->run_count; i++)
        build->clusters[members[i]].parent_group = index;
    calo_status status = add_group(build, &group, err);
    if (status == CALO_OK)
        status = reserve(&build->indices, &build->index_capacity, build->index_count + patch->simple_count,
                         sizeof *build->indices, err);
    if (status != CALO_OK)
        return status;
    memcpy(build->indices + build->index_count, patch->simple, patch->simple_count * sizeof *patch->simple);
    calo_cpu_run run = {.first_triangle = (uint32_t)(build->index_count / 3)};
    build->index_count += patch->simple_count;
    for (uint32_t r = 0; r < patch->simple_run_count && status == CALO_OK; r++) {
        run.triangle_count = patch->simple_run_lengths[r];
        next_pending[(*next_count)++] = (uint32_t)build->cluster_count;
        status = add_cluster(build, run, index, err);
        run.first_triangle += run.triangle_count;
    }
    return status;
}

static uint64_t count_pending_triangles(const hierarchy_build *build)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < build->pending_count; i++)
        sum += build->clusters[build->pending[i]].run.triangle_count;
    return sum;
}

static calo_status keep_patches(hierarchy_build *build, calo_error *err)
{
    calo_status status = CALO_OK;
    uint32_t bound = 0, first = 0, next_count = 0;
    for (uint32_t p = 0; p < build->patch_count; p++) {
        const calo_cpu_patch *patch = &build->patches[p];
        bound += patch->simple_count ? patch->simple_run_count : patch->run_count;
    }
    uint32_t *next_pending = malloc((bound + 1) * sizeof *next_pending);
    if (!next_pending)
        return calo_fail_memory(err, "levels of detail", bound * sizeof *next_pending);
    for (uint32_t p = 0; p < build->patch_count && status == CALO_OK; p++) {
        status = keep_patch(build, &build->patches[p], build->pending + first, next_pending, &next_count, err);
        first += build->patches[p].run_count;
    }
    free(build->pending);
    build->pending = next_pending;
    build->pending_count = next_count;
    return status;
}

static void drop_patches(hierarchy_build *build)
{
    for (uint32_t p = 0; build->patches && p < build->patch_count; p++)
        free(build->patches[p].simple);
    free(build->patches);
    free(build->patch_ends);
    build->patches = NULL;
    build->patch_ends = NULL;
    build->patch_count = 0;
}

static calo_status make_level(hierarchy_build *build, uint32_t level, calo_error *err)
{
    calo_status status = make_patches(build, level, err);
    if (status == CALO_OK) {
        find_fixed(build);
        status = calo_thread_for(build->input->threads, build->patch_count, simplify_one, build, err);
    }
    if (status == CALO_OK)
        status = keep_patches(build, err);
    drop_patches(build);
    return status;
}

/* ---- all of it ---- */

static calo_status begin(hierarchy_build *build, const uint32_t *indices, const calo_cpu_run *runs, uint32_t run_count,
                         calo_error *err)
{
    const calo_primitive *primitive = build->input->draw->shared.primitive;
    size_t vertex_count = primitive->vertex_count;
    build->places = malloc(vertex_count * sizeof *build->places);
    build->owners = malloc(vertex_count * sizeof *build->owners);
    build->fixed = malloc(vertex_count);
    build->pending = malloc(run_count * sizeof *build->pending);
    if (!build->places || !build->owners || !build->fixed || !build->pending)
        return calo_fail_memory(err, "levels of detail", vertex_count * 9);
    /* The table gives places new numbers below vertex_count, which is as good. */
    meshopt_generateVertexRemap(build->places, NULL, vertex_count, build->input->draw->shared.positions, vertex_count, 12);
    calo_status status = reserve(&build->indices, &build->index_capacity, 2 * (size_t)primitive->index_count,
                                 sizeof *build->indices, err);
    if (status != CALO_OK)
        return status;
    memcpy(build->indices, indices, primitive->index_count * sizeof *indices);
    build->index_count = primitive->index_count;
    status = add_group(build, &(calo_cpu_group){.error = 0}, err); /* of the finest clusters: always fine enough */
    for (uint32_t r = 0; r < run_count && status == CALO_OK; r++) {
        build->pending[build->pending_count++] = r;
        status = add_cluster(build, runs[r], 0, err);
    }
    return status;
}

static calo_status make_levels(hierarchy_build *build, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t level = 0; status == CALO_OK && level < LEVELS_MAX && build->pending_count > 1; level++) {
        uint64_t before = count_pending_triangles(build);
        status = make_level(build, level, err);
        if ((double)count_pending_triangles(build) > progress * (double)before)
            break;
    }
    if (status != CALO_OK)
        return status;
    /* Never fine enough: what is left without a parent is as coarse as it gets. */
    calo_cpu_group root = enclose(build, build->pending, build->pending_count);
    root.error = INFINITY;
    for (uint32_t i = 0; i < build->pending_count; i++)
        build->clusters[build->pending[i]].parent_group = (uint32_t)build->group_count;
    return add_group(build, &root, err);
}

calo_status calo_cpu_hierarchy_take(calo_arena *arena, calo_cpu_hierarchy *hierarchy, calo_error *err)
{
    uint64_t runs = hierarchy->run_count, groups = hierarchy->group_count;
    hierarchy->runs = CALO_ARENA_TAKE(arena, calo_cpu_run, runs, "levels of detail", err);
    hierarchy->own_groups = CALO_ARENA_TAKE(arena, uint32_t, runs, "levels of detail", err);
    hierarchy->first_runs = CALO_ARENA_TAKE(arena, uint32_t, groups + 2, "levels of detail", err);
    hierarchy->groups = CALO_ARENA_TAKE(arena, calo_cpu_group, groups, "levels of detail", err);
    return hierarchy->runs && hierarchy->own_groups && hierarchy->first_runs && hierarchy->groups ? CALO_OK
                                                                                                  : calo_failed(err);
}

/* The runs one parent group after the other. Counted two places on and summed up one place on, each group finds where
 * its runs begin at its next one's place, which writing moves to where they end: where the next one's begin. */
static void sort_runs(const hierarchy_build *build, calo_cpu_hierarchy *hierarchy)
{
    uint32_t *first = hierarchy->first_runs;
    for (size_t i = 0; i < build->cluster_count; i++)
        first[build->clusters[i].parent_group + 2]++;
    for (size_t g = 0; g < build->group_count; g++)
        first[g + 1] += first[g];
    for (size_t i = 0; i < build->cluster_count; i++) {
        const lod_cluster *cluster = &build->clusters[i];
        uint32_t at = first[cluster->parent_group + 1]++;
        hierarchy->runs[at] = cluster->run;
        hierarchy->own_groups[at] = cluster->own_group;
    }
}

static calo_status finish(hierarchy_build *build, calo_arena *arena, calo_cpu_hierarchy *hierarchy, calo_error *err)
{
    *hierarchy = (calo_cpu_hierarchy){.triangle_count = (uint32_t)(build->index_count / 3), .indices = build->indices,
                                      .run_count = (uint32_t)build->cluster_count,
                                      .group_count = (uint32_t)build->group_count};
    calo_status status = calo_cpu_hierarchy_take(arena, hierarchy, err);
    if (status == CALO_OK)
        status = calo_arena_reserve(arena, build->index_count * sizeof *build->indices, "levels of detail", err);
    if (status == CALO_OK)
        status = calo_arena_adopt(arena, build->indices, err);
    if (status != CALO_OK)
        return status;
    build->indices = NULL;
    memcpy(hierarchy->groups, build->groups, build->group_count * sizeof *build->groups);
    sort_runs(build, hierarchy);
    return CALO_OK;
}

calo_status calo_cpu_hierarchy_make(const calo_cpu_geometry_input *input, const uint32_t *indices,
                                    const calo_cpu_run *runs, uint32_t run_count, calo_arena *arena,
                                    calo_cpu_hierarchy *hierarchy, calo_error *err)
{
    hierarchy_build build = {.input = input};
    /* What the building takes for a while: twice the indices, clusters, and 9 bytes a vertex. */
    const calo_primitive *primitive = input->draw->shared.primitive;
    uint64_t scratch = (uint64_t)primitive->index_count * 12 + (uint64_t)run_count * 2 * sizeof(lod_cluster) +
                       (uint64_t)primitive->vertex_count * 9;
    calo_status status = calo_arena_reserve(arena, scratch, "levels of detail", err);
    if (status != CALO_OK)
        return status;
    status = begin(&build, indices, runs, run_count, err);
    if (status == CALO_OK)
        status = make_levels(&build, err);
    calo_arena_release(arena, scratch);
    if (status == CALO_OK)
        status = finish(&build, arena, hierarchy, err);
    drop_patches(&build);
    free(build.indices);
    free(build.clusters);
    free(build.groups);
    free(build.pending);
    free(build.places);
    free(build.owners);
    free(build.fixed);
    return status;
}
