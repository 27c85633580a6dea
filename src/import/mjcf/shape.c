/* Shapes while they are made, and how they get into the scene. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "import/mjcf/looks.h"
#include "scene/build.h"

void calo_mjcf_shape_finish(calo_mjcf_shape *shape)
{
    free(shape->vertices);
    free(shape->indices);
    *shape = (calo_mjcf_shape){0};
}

/* Room for `count` more; at least doubles, so that adding one by one takes linear time. */
static calo_status grow(void **items, uint64_t *capacity, uint64_t used, uint64_t count, size_t item_bytes,
                        calo_error *err)
{
    uint64_t needed = used + count;
    if (needed <= *capacity)
        return CALO_OK;
    if (count > UINT32_MAX || needed > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "a shape of %llu vertices is more than calotype draws as one",
                         (unsigned long long)needed);
    uint64_t grown = needed > *capacity * 2 ? needed : *capacity * 2;
    void *moved = realloc(*items, grown * item_bytes);
    if (!moved)
        return calo_fail_memory(err, "a shape", grown * item_bytes);
    *items = moved;
    *capacity = grown;
    return CALO_OK;
}

calo_status calo_mjcf_shape_reserve(calo_mjcf_shape *shape, uint64_t vertices, uint64_t triangles, calo_error *err)
{
    void *items = shape->vertices, *indices = shape->indices;
    uint64_t corners;
    if (__builtin_mul_overflow(triangles, (uint64_t)3, &corners))
        corners = UINT64_MAX / 2;
    calo_status status =
        grow(&items, &shape->vertex_capacity, shape->vertex_count, vertices, sizeof *shape->vertices, err);
    shape->vertices = items;
    if (status == CALO_OK)
        status = grow(&indices, &shape->index_capacity, shape->index_count, corners, sizeof *shape->indices, err);
    shape->indices = indices;
    return status;
}

uint32_t calo_mjcf_shape_vertex(calo_mjcf_shape *shape, const calo_mjcf_vertex *vertex)
{
    shape->vertices[shape->vertex_count] = *vertex;
    return shape->vertex_count++;
}

void calo_mjcf_shape_triangle(calo_mjcf_shape *shape, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t *corners = shape->indices + shape->index_count;
    corners[0] = a;
    corners[1] = b;
    corners[2] = c;
    shape->index_count += 3;
}

/* One block holds all arrays, each aligned to 64 bytes; the identity is taken from its content. */
calo_status calo_mjcf_keep_shape(calo_mjcf_builder *builder, const calo_mjcf_shape *shape, calo_primitive *primitive,
                                 calo_error *err)
{
    enum { ALIGNMENT = 16 /* floats */ };
    uint64_t floats[4] = {(uint64_t)shape->vertex_count * 3, shape->faceted ? 0 : (uint64_t)shape->vertex_count * 3,
                          (uint64_t)shape->vertex_count * 2, shape->index_count};
    uint64_t begins[4], total = 0;
    for (int i = 0; i < 4; i++) {
        begins[i] = total;
        total += (floats[i] + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    float *block = CALO_ARENA_TAKE(calo_scene_arena(builder->scene), float, total, "shapes", err);
    if (!block)
        return calo_failed(err);
    float *positions = block + begins[0], *uvs = block + begins[2];
    float *normals = shape->faceted ? NULL : block + begins[1];
    for (size_t v = 0; v < shape->vertex_count; v++) {
        memcpy(positions + 3 * v, shape->vertices[v].position, 3 * sizeof *positions);
        memcpy(uvs + 2 * v, shape->vertices[v].uv, 2 * sizeof *uvs);
        if (normals)
            memcpy(normals + 3 * v, shape->vertices[v].normal, 3 * sizeof *normals);
    }
    uint32_t *indices = (uint32_t *)(block + begins[3]);
    memcpy(indices, shape->indices, shape->index_count * sizeof *indices);
    calo_sha256 hash = calo_sha256_of(block, total * sizeof *block);
    *primitive = (calo_primitive){.topology = CALO_TRIANGLES,
                                  .vertex_count = shape->vertex_count,
                                  .index_count = shape->index_count,
                                  .indices = indices,
                                  .positions = positions,
                                  .normals = normals,
                                  .uvs = {uvs},
                                  .material = -1};
    memcpy(&primitive->identity, hash.bytes, sizeof primitive->identity);
    primitive->identity |= 1ull << 63; /* away from those that count from 1 */
    return CALO_OK;
}

const char *calo_mjcf_name(const calo_mjcf_builder *builder, const int32_t *addresses, uint32_t index)
{
    return addresses && builder->arrays->nnames > 0 ? builder->arrays->names + addresses[index] : "";
}
