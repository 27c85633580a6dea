/* The seven primitive modes of glTF, all brought to lists of points, lines or triangles. */
#include "import/gltf.h"

#include <string.h>

#include "base/error.h"
#include "scene/build.h"

enum {
    MODE_POINTS = 0,
    MODE_LINES = 1,
    MODE_LINE_LOOP = 2,
    MODE_LINE_STRIP = 3,
    MODE_TRIANGLES = 4,
    MODE_TRIANGLE_STRIP = 5,
    MODE_TRIANGLE_FAN = 6,
};

static calo_topology topology_of(uint64_t mode)
{
    return mode == MODE_POINTS ? CALO_POINTS : mode <= MODE_LINE_STRIP ? CALO_LINES : CALO_TRIANGLES;
}

/* How many list indices `count` indices of a mode make. */
static uint64_t list_count(uint64_t mode, uint64_t count)
{
    switch (mode) {
    case MODE_POINTS: return count;
    case MODE_LINES: return count / 2 * 2;
    case MODE_LINE_LOOP: return count >= 2 ? count * 2 : 0;
    case MODE_LINE_STRIP: return count >= 2 ? (count - 1) * 2 : 0;
    case MODE_TRIANGLES: return count / 3 * 3;
    default: return count >= 3 ? (count - 2) * 3 : 0;
    }
}

static void expand_lines(uint64_t mode, const uint32_t *from, uint32_t count, uint32_t *to)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        *to++ = from[i];
        *to++ = from[i + 1];
    }
    if (mode == MODE_LINE_LOOP) {
        *to++ = from[count - 1];
        *to++ = from[0];
    }
}

/* Triangles with two equal corners only join strips; they are left out. Returns the indices written. */
static uint32_t expand_triangles(uint64_t mode, const uint32_t *from, uint32_t count, uint32_t *to)
{
    uint32_t written = 0;
    for (uint32_t i = 0; i + 2 < count; i++) {
        uint32_t a = mode == MODE_TRIANGLE_FAN ? from[i + 1] : from[i];
        uint32_t b = mode == MODE_TRIANGLE_FAN ? from[i + 2] : from[i + 1 + i % 2];
        uint32_t c = mode == MODE_TRIANGLE_FAN ? from[0] : from[i + 2 - i % 2];
        if (a == b || b == c || c == a)
            continue;
        to[written] = a;
        to[written + 1] = b;
        to[written + 2] = c;
        written += 3;
    }
    return written;
}

static calo_status expand(const calo_gltf_record *primitive, uint64_t mode, const calo_gltf_indices *indices,
                          calo_primitive *out)
{
    uint64_t count = list_count(mode, indices->count);
    if (count > UINT32_MAX)
        return calo_gltf_fail(primitive, CALO_ERROR_LIMIT, "%llu indices are more than calotype can draw",
                              (unsigned long long)count);
    out->index_count = (uint32_t)count;
    if (mode == MODE_POINTS || mode == MODE_LINES || mode == MODE_TRIANGLES) {
        out->indices = indices->values;
        if (count != indices->count)
            calo_scene_warn(primitive->gltf->scene, "incomplete-primitive",
                            "%u indices do not make whole %s: the last ones are left out", indices->count,
                            mode == MODE_LINES ? "lines" : "triangles");
        return CALO_OK;
    }
    uint32_t *list = calo_gltf_take(primitive, count, sizeof *list, "indices");
    if (!list)
        return primitive->gltf->status;
    if (count > 0 && topology_of(mode) == CALO_LINES)
        expand_lines(mode, indices->values, indices->count, list);
    else if (count > 0)
        out->index_count = expand_triangles(mode, indices->values, indices->count, list);
    out->indices = list;
    return CALO_OK;
}

/* 0, 1, 2, ...: one array for all primitives, as long as it is long enough. */
static calo_status count_up(const calo_gltf_record *primitive, uint32_t count, calo_gltf_indices *indices)
{
    calo_gltf_indices *kept = &primitive->gltf->ascending;
    if (!kept->values || kept->count < count) {
        uint32_t *values = calo_gltf_take(primitive, count, sizeof *values, "indices");
        if (!values)
            return primitive->gltf->status;
        for (uint32_t i = 0; i < count; i++)
            values[i] = i;
        *kept = (calo_gltf_indices){values, count, 0};
    }
    *indices = (calo_gltf_indices){kept->values, count, count ? count - 1 : 0};
    return CALO_OK;
}

static calo_status find_indices(const calo_gltf_record *primitive, const calo_gltf_draco *draco, uint32_t vertex_count,
                                calo_gltf_indices *indices)
{
    calo_gltf *gltf = primitive->gltf;
    if (draco->mesh)
        return calo_gltf_draco_indices(primitive, draco, indices);
    int32_t index = calo_gltf_index(primitive, "indices", CALO_GLTF_ACCESSORS);
    if (gltf->status != CALO_OK)
        return gltf->status;
    if (index < 0)
        return count_up(primitive, vertex_count, indices);
    calo_gltf_accessor accessor;
    if (calo_gltf_accessor_open(gltf, index, &accessor) != CALO_OK)
        return gltf->status;
    return calo_gltf_read_indices(primitive, &accessor, indices);
}

calo_status calo_gltf_load_topology(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                    calo_primitive *out)
{
    uint64_t mode = calo_gltf_unsigned(primitive, "mode", MODE_TRIANGLES);
    if (mode > MODE_TRIANGLE_FAN)
        return calo_gltf_fail(primitive, CALO_ERROR_FORMAT, "mode %llu is not one of 0 to 6",
                              (unsigned long long)mode);
    /* Draco data is triangles; TRIANGLE_STRIP only said how the uncompressed form would stand. */
    if (draco->mesh)
        mode = MODE_TRIANGLES;
    calo_gltf_indices indices;
    if (find_indices(primitive, draco, out->vertex_count, &indices) != CALO_OK)
        return primitive->gltf->status;
    if (indices.count > 0 && indices.largest >= out->vertex_count)
        return calo_gltf_fail(primitive, CALO_ERROR_FORMAT, "its indices reach %u, but it has %u vertices",
                              indices.largest, out->vertex_count);
    out->topology = topology_of(mode);
    if (expand(primitive, mode, &indices, out) != CALO_OK)
        return primitive->gltf->status;
    out->polygon_count = out->topology == CALO_TRIANGLES ? out->index_count / 3 : 0;
    return CALO_OK;
}

/* ---- vertices that no index names ---- */

static bool make_marks(calo_gltf *gltf, uint32_t count)
{
    if (count > gltf->vertex_mark_count) {
        /* Doubling: primitives that grow one by one must not fill the memory with old arrays. */
        uint32_t doubled = gltf->vertex_mark_count > UINT32_MAX / 2 ? UINT32_MAX : gltf->vertex_mark_count * 2;
        count = count > doubled ? count : doubled;
        gltf->vertex_marks = calo_arena_take(&gltf->scratch, count, sizeof(uint32_t), "vertex marks", gltf->err);
        gltf->vertex_numbers = calo_arena_take(&gltf->scratch, count, sizeof(uint32_t), "vertex marks", gltf->err);
        if (!gltf->vertex_marks || !gltf->vertex_numbers)
            return false;
        gltf->vertex_mark_count = count;
        gltf->vertex_mark = 0;
    }
    gltf->vertex_mark++;
    return true;
}

/* Numbers the used vertices in the order of their use; returns how many there are. */
static uint32_t number_vertices(calo_gltf *gltf, const calo_primitive *primitive)
{
    uint32_t *marks = gltf->vertex_marks, *numbers = gltf->vertex_numbers, used = 0;
    for (uint32_t i = 0; i < primitive->index_count; i++) {
        uint32_t vertex = primitive->indices[i];
        if (marks[vertex] != gltf->vertex_mark) {
            marks[vertex] = gltf->vertex_mark;
            numbers[vertex] = used++;
        }
    }
    return used;
}

/* The elements of the used vertices, item_bytes each; NULL stays NULL. */
static const void *gather(const calo_gltf_record *record, const calo_primitive *primitive, uint32_t used,
                          const void *items, size_t item_bytes)
{
    if (!items || item_bytes == 0)
        return NULL;
    uint8_t *kept = calo_gltf_take(record, used, item_bytes, "vertices");
    for (uint32_t i = 0; kept && i < primitive->index_count; i++) {
        uint32_t vertex = primitive->indices[i];
        memcpy(kept + record->gltf->vertex_numbers[vertex] * item_bytes,
               (const uint8_t *)items + vertex * item_bytes, item_bytes);
    }
    return kept;
}

static const uint32_t *gather_indices(const calo_gltf_record *record, const calo_primitive *primitive)
{
    uint32_t *indices = calo_gltf_take(record, primitive->index_count, sizeof *indices, "indices");
    for (uint32_t i = 0; indices && i < primitive->index_count; i++)
        indices[i] = record->gltf->vertex_numbers[primitive->indices[i]];
    return indices;
}

static const calo_morph_target *gather_targets(const calo_gltf_record *record, const calo_primitive *primitive,
                                               uint32_t used)
{
    calo_morph_target *targets =
        calo_gltf_take(record, primitive->morph_target_count, sizeof *targets, "morph targets");
    for (uint32_t i = 0; targets && i < primitive->morph_target_count; i++) {
        const calo_morph_target *from = &primitive->morph_targets[i];
        targets[i].positions = gather(record, primitive, used, from->positions, 3 * sizeof(float));
        targets[i].normals = gather(record, primitive, used, from->normals, 3 * sizeof(float));
        targets[i].tangents = gather(record, primitive, used, from->tangents, 3 * sizeof(float));
    }
    return targets;
}

calo_status calo_gltf_drop_unused_vertices(const calo_gltf_record *record, calo_primitive *out)
{
    calo_gltf *gltf = record->gltf;
    const calo_primitive from = *out;
    if (!make_marks(gltf, from.vertex_count))
        return calo_gltf_broken(gltf);
    uint32_t used = number_vertices(gltf, &from);
    out->source_vertex_count = used;
    /* A large array that many primitives share must not be gone through for each of them. */
    if (used >= from.vertex_count / 2)
        return CALO_OK;
    out->positions = gather(record, &from, used, from.positions, 3 * sizeof(float));
    out->normals = gather(record, &from, used, from.normals, 3 * sizeof(float));
    out->tangents = gather(record, &from, used, from.tangents, 4 * sizeof(float));
    out->colors = gather(record, &from, used, from.colors, 4 * sizeof(float));
    for (int set = 0; set < 2; set++)
        out->uvs[set] = gather(record, &from, used, from.uvs[set], 2 * sizeof(float));
    out->joints = gather(record, &from, used, from.joints, from.influences * sizeof(uint16_t));
    out->weights = gather(record, &from, used, from.weights, from.influences * sizeof(float));
    if (from.morph_target_count > 0)
        out->morph_targets = gather_targets(record, &from, used);
    out->indices = gather_indices(record, &from);
    out->vertex_count = used;
    return gltf->status;
}
