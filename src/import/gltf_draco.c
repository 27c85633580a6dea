/* KHR_draco_mesh_compression. */
#include "import/gltf.h"

#include "base/error.h"
#include "import/draco.h"

bool calo_gltf_draco_has(const calo_gltf_draco *draco, const char *name)
{
    return draco->mesh && json_object_get(draco->attributes, name);
}

#ifdef CALO_HAVE_DRACO

/* Draco's own working memory for a triangle and a vertex, about. */
enum { TRIANGLE_BYTES = 64, VERTEX_BYTES = 64 };

static calo_status fail_decode(const calo_gltf_record *extension, calo_status status, const calo_error *why)
{
    return calo_gltf_fail(extension, status, "%s", why->message);
}

calo_status calo_gltf_draco_open(const calo_gltf_record *primitive, calo_gltf_draco *draco)
{
    calo_gltf *gltf = primitive->gltf;
    calo_gltf_record extension = calo_gltf_extension(primitive, "KHR_draco_mesh_compression");
    *draco = (calo_gltf_draco){0};
    if (!extension.object)
        return gltf->status;
    int32_t view_index = calo_gltf_index(&extension, "bufferView", CALO_GLTF_BUFFER_VIEWS);
    const calo_gltf_view *view;
    if (view_index < 0)
        return calo_gltf_fail(&extension, CALO_ERROR_FORMAT, "\"bufferView\" is missing");
    if (calo_gltf_view_open(gltf, (size_t)view_index, &view) != CALO_OK)
        return gltf->status;
    uint32_t vertex_count, triangle_count;
    calo_error why = {0};
    calo_status status = calo_draco_peek(view->bytes, view->size, &vertex_count, &triangle_count, &why);
    if (status != CALO_OK)
        return fail_decode(&extension, status, &why);
    if (calo_gltf_charge(&extension, triangle_count, TRIANGLE_BYTES, "triangles") != CALO_OK ||
        calo_gltf_charge(&extension, vertex_count, VERTEX_BYTES, "vertices") != CALO_OK)
        return gltf->status;
    status = calo_draco_decode(view->bytes, view->size, &draco->mesh, &why);
    if (status != CALO_OK)
        return fail_decode(&extension, status, &why);
    draco->attributes = json_object_get(extension.object, "attributes");
    return CALO_OK;
}

void calo_gltf_draco_finish(calo_gltf_draco *draco)
{
    calo_draco_destroy(draco->mesh);
    *draco = (calo_gltf_draco){0};
}

calo_status calo_gltf_draco_attribute(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      const char *name, calo_gltf_accessor *accessor)
{
    calo_gltf *gltf = primitive->gltf;
    calo_gltf_record extension = calo_gltf_extension(primitive, "KHR_draco_mesh_compression");
    int32_t id = calo_gltf_index_of(&extension, name, json_object_get(draco->attributes, name), INT32_MAX);
    if (id < 0)
        return gltf->status;
    if (!calo_draco_find_attribute(draco->mesh, (uint32_t)id, &accessor->component_type, &accessor->components))
        return calo_gltf_fail(&extension, CALO_ERROR_FORMAT,
                              "the Draco data has no attribute %d of 1 to 4 components for %s", id, name);
    accessor->index = -1;
    accessor->count = calo_draco_vertex_count(draco->mesh);
    accessor->stride = calo_gltf_component_bytes(accessor->component_type) * accessor->components;
    if (calo_gltf_charge(&extension, accessor->count, accessor->stride, name) != CALO_OK)
        return gltf->status;
    uint8_t *bytes = calo_arena_take(&gltf->scratch, accessor->count, accessor->stride, name, gltf->err);
    if (!bytes)
        return calo_gltf_broken(gltf);
    calo_draco_copy_attribute(draco->mesh, (uint32_t)id, bytes);
    accessor->bytes = bytes;
    return CALO_OK;
}

calo_status calo_gltf_draco_indices(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                    calo_gltf_indices *indices)
{
    uint32_t count, largest = 0;
    if (__builtin_mul_overflow(calo_draco_triangle_count(draco->mesh), 3u, &count))
        return calo_gltf_fail(primitive, CALO_ERROR_LIMIT, "%u triangles are more than calotype can draw",
                              calo_draco_triangle_count(draco->mesh));
    uint32_t *values = calo_gltf_take(primitive, count, sizeof *values, "indices");
    if (!values)
        return primitive->gltf->status;
    calo_draco_copy_indices(draco->mesh, values);
    for (uint32_t i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    *indices = (calo_gltf_indices){values, count, largest};
    return CALO_OK;
}

#else

/* Without Draco the uncompressed data is used where the file has it too. */
calo_status calo_gltf_draco_open(const calo_gltf_record *primitive, calo_gltf_draco *draco)
{
    calo_gltf *gltf = primitive->gltf;
    calo_gltf_record extension = calo_gltf_extension(primitive, "KHR_draco_mesh_compression");
    calo_gltf_record attributes = calo_gltf_enter(primitive, "attributes");
    *draco = (calo_gltf_draco){0};
    int32_t index = extension.object ? calo_gltf_index(&attributes, "POSITION", CALO_GLTF_ACCESSORS) : -1;
    if (index >= 0 && !json_object_get(json_array_get(gltf->arrays[CALO_GLTF_ACCESSORS], (size_t)index), "bufferView"))
        return calo_gltf_fail(primitive, CALO_ERROR_UNSUPPORTED,
                              "it is compressed with Draco, and this calotype was built without: install libdraco-dev "
                              "and build again, or export without compression");
    return gltf->status;
}

void calo_gltf_draco_finish(calo_gltf_draco *draco)
{
    *draco = (calo_gltf_draco){0};
}

/* Never asked for when nothing is compressed. */
calo_status calo_gltf_draco_attribute(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      const char *name, calo_gltf_accessor *accessor)
{
    (void)draco;
    (void)accessor;
    return calo_gltf_fail(primitive, CALO_ERROR_UNSUPPORTED, "%s is compressed with Draco", name);
}

calo_status calo_gltf_draco_indices(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                    calo_gltf_indices *indices)
{
    (void)draco;
    (void)indices;
    return calo_gltf_fail(primitive, CALO_ERROR_UNSUPPORTED, "the indices are compressed with Draco");
}

#endif
