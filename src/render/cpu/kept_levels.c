/* Levels of detail in a cache: they take far longer to make than to read. */
#include <math.h>
#include <string.h>

#include "base/cache.h"
#include "base/error.h"
#include "render/cpu/clusters.h"

enum { PARTS = 6 };

/* What the levels are made of. Where an array is missing its part is empty. */
static calo_sha256 find_key(const calo_cpu_geometry_input *input)
{
    const calo_cpu_draw *draw = input->draw;
    const calo_primitive *primitive = draw->shared.primitive;
    size_t count = primitive->vertex_count;
    const float *uvs[2] = {input->compares_uv[0] ? primitive->uvs[0] : NULL,
                           input->compares_uv[1] ? primitive->uvs[1] : NULL};
    const calo_cache_part parts[] = {
        {primitive->indices, primitive->index_count * sizeof *primitive->indices},
        {draw->shared.positions, count * 12},
        {draw->shared.normals, draw->shared.normals ? count * 12 : 0},
        {uvs[0], uvs[0] ? count * 8 : 0},
        {uvs[1], uvs[1] ? count * 8 : 0},
        {primitive->colors, primitive->colors ? count * 16 : 0},
    };
    return calo_cache_key("levels of detail 1", parts, sizeof parts / sizeof parts[0]);
}

/* The counts, then the arrays; `counts` are the hierarchy's. */
static void list_parts(const calo_cpu_hierarchy *hierarchy, const uint32_t counts[3], calo_cache_part parts[PARTS])
{
    parts[0] = (calo_cache_part){counts, 3 * sizeof *counts};
    parts[1] = (calo_cache_part){hierarchy->indices, 12ull * counts[0]};
    parts[2] = (calo_cache_part){hierarchy->runs, counts[1] * sizeof *hierarchy->runs};
    parts[3] = (calo_cache_part){hierarchy->own_groups, counts[1] * sizeof *hierarchy->own_groups};
    parts[4] = (calo_cache_part){hierarchy->first_runs, (counts[2] + 1ull) * sizeof *hierarchy->first_runs};
    parts[5] = (calo_cache_part){hierarchy->groups, counts[2] * sizeof *hierarchy->groups};
}

/* Anyone who may write into the cache's folder may have forged it. */
static bool is_sound(const calo_cpu_hierarchy *hierarchy, const calo_primitive *primitive)
{
    uint32_t clusters = hierarchy->run_count, groups = hierarchy->group_count;
    bool sound = groups >= 2 && clusters >= 1 && hierarchy->triangle_count >= primitive->index_count / 3 &&
                 hierarchy->first_runs[0] == 0 && hierarchy->first_runs[groups] == clusters;
    for (size_t i = 0; sound && i < 3 * (size_t)hierarchy->triangle_count; i++)
        sound = hierarchy->indices[i] < primitive->vertex_count;
    for (uint32_t r = 0; sound && r < clusters; r++) {
        const calo_cpu_run *run = &hierarchy->runs[r];
        sound = run->triangle_count >= 1 && run->triangle_count <= CALO_CPU_CLUSTER_TRIANGLES &&
                run->first_triangle <= hierarchy->triangle_count - run->triangle_count &&
                run->triangle_count <= hierarchy->triangle_count && hierarchy->own_groups[r] < groups &&
                calo_cpu_count_vertices(hierarchy->indices, run) <= CALO_CPU_CLUSTER_VERTICES;
    }
    for (uint32_t g = 0; sound && g < groups; g++)
        sound = hierarchy->first_runs[g] <= hierarchy->first_runs[g + 1];
    return sound;
}

static calo_status read_entry(const calo_cache_entry *entry, const calo_primitive *primitive, calo_arena *arena,
                              calo_cpu_hierarchy *hierarchy, bool *found, calo_error *err)
{
    calo_cache_part parts[PARTS];
    uint32_t counts[3];
    uint64_t size = 0;
    if (entry->size < sizeof counts)
        return CALO_OK;
    memcpy(counts, entry->bytes, sizeof counts);
    list_parts(hierarchy, counts, parts);
    for (int i = 0; i < PARTS; i++)
        size += calo_cache_padded(parts[i].size);
    if (size != entry->size)
        return CALO_OK;
    *hierarchy = (calo_cpu_hierarchy){.triangle_count = counts[0], .run_count = counts[1], .group_count = counts[2]};
    hierarchy->indices = CALO_ARENA_TAKE(arena, uint32_t, 3ull * counts[0], "levels of detail", err);
    calo_status status = hierarchy->indices ? calo_cpu_hierarchy_take(arena, hierarchy, err) : calo_failed(err);
    if (status != CALO_OK)
        return status;
    list_parts(hierarchy, counts, parts);
    const char *from = entry->bytes;
    for (int i = 0; i < PARTS; i++) {
        if (i > 0)
            memcpy((void *)parts[i].bytes, from, parts[i].size);
        from += calo_cache_padded(parts[i].size);
    }
    *found = is_sound(hierarchy, primitive);
    return CALO_OK;
}

calo_status calo_cpu_levels_find(const calo_cpu_geometry_input *input, calo_arena *arena, calo_sha256 *key,
                                 calo_cpu_hierarchy *hierarchy, bool *found, calo_error *err)
{
    calo_cache_entry entry = {0};
    *found = false;
    if (!input->cache)
        return CALO_OK;
    *key = find_key(input);
    calo_status status = CALO_OK;
    if (calo_cache_find(input->cache, key, &entry))
        status = read_entry(&entry, input->draw->shared.primitive, arena, hierarchy, found, err);
    calo_cache_entry_finish(&entry);
    return status;
}

void calo_cpu_levels_put(const calo_cpu_geometry_input *input, const calo_sha256 *key,
                         const calo_cpu_hierarchy *hierarchy)
{
    const uint32_t counts[3] = {hierarchy->triangle_count, hierarchy->run_count, hierarchy->group_count};
    calo_cache_part parts[PARTS];
    list_parts(hierarchy, counts, parts);
    if (input->cache)
        calo_cache_put(input->cache, key, parts, PARTS);
}
