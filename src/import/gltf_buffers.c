#include "import/gltf.h"

#include <stdlib.h>

#include "base/error.h"
#include "scene/build.h"

/* Linked files count as bytes that are there and pay for what is made of them. */
static calo_status read_linked_file(const calo_gltf_record *record, const char *uri, calo_gltf_buffer *buffer)
{
    calo_gltf *gltf = record->gltf;
    const calo_import_source *source = gltf->source;
    if (!source->has_folder)
        return calo_gltf_fail(record, CALO_ERROR_UNSUPPORTED,
                              "its data is in the file \"%s\", but the asset came from memory without a path: load it "
                              "from a file, or embed the data", uri);
    char *path = NULL;
    calo_error why = {0};
    calo_status status = calo_path_resolve(source->path, uri, true, source->limits.allow_outside_paths, &path, &why);
    if (status == CALO_OK)
        status = calo_file_read(path, source->limits.max_file_bytes, &buffer->file, &why);
    free(path);
    if (status != CALO_OK)
        return calo_gltf_fail(record, status, "its data file cannot be had: %s", why.message);
    buffer->bytes = buffer->file.bytes;
    buffer->size = buffer->file.size;
    gltf->present_bytes += buffer->size;
    if (calo_scene_add_linked_file(gltf->scene, uri, gltf->err) != CALO_OK)
        return calo_gltf_broken(gltf);
    return CALO_OK;
}

static calo_status find_bytes(const calo_gltf_record *record, calo_gltf_buffer *buffer)
{
    calo_gltf *gltf = record->gltf;
    const char *uri = calo_gltf_string(record, "uri");
    if (gltf->status != CALO_OK)
        return gltf->status;
    if (uri && calo_gltf_is_data_uri(uri))
        return calo_gltf_data_uri(record, uri, &buffer->bytes, &buffer->size);
    if (uri)
        return read_linked_file(record, uri, buffer);
    if (record->index == 0 && gltf->binary) {
        buffer->bytes = gltf->binary;
        buffer->size = gltf->binary_size;
        return CALO_OK;
    }
    if (gltf->is_glb && record->index == 0)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT,
                              "its data should be in the GLB's BIN chunk, but the file has none");
    return calo_gltf_fail(record, CALO_ERROR_FORMAT, "it has no \"uri\", so its data is nowhere");
}

calo_status calo_gltf_buffer_open(calo_gltf *gltf, size_t index, const calo_gltf_buffer **out)
{
    calo_gltf_buffer *buffer = &gltf->buffers[index];
    *out = buffer;
    if (buffer->loaded)
        return CALO_OK;
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_BUFFERS, index);
    uint64_t length = calo_gltf_unsigned(&record, "byteLength", UINT64_MAX);
    calo_status status = find_bytes(&record, buffer);
    if (status != CALO_OK)
        return status;
    if (length == UINT64_MAX)
        return calo_gltf_fail(&record, CALO_ERROR_FORMAT, "\"byteLength\" is missing");
    /* What is there is used; a view that needs more fails by itself. */
    if (length > buffer->size)
        calo_scene_warn(gltf->scene, "short-buffer", "buffers[%zu] should have %llu bytes, but only %zu are there",
                        index, (unsigned long long)length, buffer->size);
    else
        buffer->size = (size_t)length;
    buffer->loaded = true;
    return CALO_OK;
}

calo_status calo_gltf_buffer_part(const calo_gltf_record *record, const uint8_t **bytes, size_t *size)
{
    calo_gltf *gltf = record->gltf;
    int32_t index = calo_gltf_index(record, "buffer", CALO_GLTF_BUFFERS);
    uint64_t offset = calo_gltf_unsigned(record, "byteOffset", 0);
    uint64_t length = calo_gltf_unsigned(record, "byteLength", 0);
    if (index < 0)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"buffer\" is missing");
    const calo_gltf_buffer *buffer;
    if (calo_gltf_buffer_open(gltf, (size_t)index, &buffer) != CALO_OK)
        return gltf->status;
    if (offset > buffer->size || length > buffer->size - offset)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT,
                              "bytes %llu to %llu are outside buffers[%d], which has %zu: the file is broken or cut "
                              "short",
                              (unsigned long long)offset, (unsigned long long)(offset + length), index, buffer->size);
    *bytes = buffer->bytes + offset;
    *size = (size_t)length;
    return CALO_OK;
}

calo_status calo_gltf_view_open(calo_gltf *gltf, size_t index, const calo_gltf_view **out)
{
    calo_gltf_view *view = &gltf->views[index];
    *out = view;
    if (view->loaded)
        return CALO_OK;
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_BUFFER_VIEWS, index);
    calo_gltf_record compressed = calo_gltf_extension(&record, "EXT_meshopt_compression");
    calo_status status;
    if (compressed.object) {
        status = calo_gltf_meshopt_decode(&compressed, view);
    } else {
        view->stride = (size_t)calo_gltf_unsigned(&record, "byteStride", 0);
        status = calo_gltf_buffer_part(&record, &view->bytes, &view->size);
    }
    view->loaded = status == CALO_OK && gltf->status == CALO_OK;
    return gltf->status;
}

void calo_gltf_buffers_finish(calo_gltf *gltf)
{
    for (size_t i = 0; gltf->buffers && i < gltf->counts[CALO_GLTF_BUFFERS]; i++)
        calo_file_finish(&gltf->buffers[i].file);
}
