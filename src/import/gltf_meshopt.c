/* EXT_meshopt_compression. The library trusts its caller (it asserts), so that everything it
 * expects of strides and counts is checked here. */
#include "import/gltf.h"

#include <meshoptimizer.h>
#include <string.h>

#include "base/error.h"

typedef enum meshopt_mode { MODE_ATTRIBUTES, MODE_TRIANGLES, MODE_INDICES } meshopt_mode;

typedef struct meshopt_data {
    meshopt_mode mode;
    const char *filter;
    uint64_t count, stride;
    const uint8_t *bytes;
    size_t size;
} meshopt_data;

static calo_status read_mode(const calo_gltf_record *extension, meshopt_data *data)
{
    const char *mode = calo_gltf_string(extension, "mode");
    if (mode && strcmp(mode, "ATTRIBUTES") == 0)
        data->mode = MODE_ATTRIBUTES;
    else if (mode && strcmp(mode, "TRIANGLES") == 0)
        data->mode = MODE_TRIANGLES;
    else if (mode && strcmp(mode, "INDICES") == 0)
        data->mode = MODE_INDICES;
    else
        return calo_gltf_fail(extension, CALO_ERROR_UNSUPPORTED, "mode \"%s\" is not ATTRIBUTES, TRIANGLES or INDICES",
                              mode ? mode : "");
    const char *filter = calo_gltf_string(extension, "filter");
    data->filter = filter && strcmp(filter, "NONE") != 0 ? filter : NULL;
    return extension->gltf->status;
}

static bool stride_fits(const meshopt_data *data)
{
    uint64_t stride = data->stride;
    if (data->mode != MODE_ATTRIBUTES)
        return (stride == 2 || stride == 4) && (data->mode == MODE_INDICES || data->count % 3 == 0);
    if (stride == 0 || stride > 256 || stride % 4 != 0)
        return false;
    if (data->filter && strcmp(data->filter, "OCTAHEDRAL") == 0)
        return stride == 4 || stride == 8;
    return !data->filter || strcmp(data->filter, "QUATERNION") != 0 || stride == 8;
}

/* The least that the codecs write: 4 bytes for 256 vertices' worth of one byte, a byte a triangle,
 * a byte an index. */
static bool count_fits(const meshopt_data *data)
{
    uint64_t most = data->mode == MODE_ATTRIBUTES ? (uint64_t)data->size * 64 / data->stride + 256
                    : data->mode == MODE_TRIANGLES ? (uint64_t)data->size * 3
                                                   : data->size;
    return data->count <= most;
}

static calo_status apply_filter(const calo_gltf_record *extension, const meshopt_data *data, uint8_t *decoded)
{
    size_t count = (size_t)data->count, stride = (size_t)data->stride;
    if (!data->filter)
        return CALO_OK;
    if (data->mode != MODE_ATTRIBUTES)
        return calo_gltf_fail(extension, CALO_ERROR_FORMAT, "filter \"%s\" is for mode ATTRIBUTES only", data->filter);
    if (strcmp(data->filter, "OCTAHEDRAL") == 0)
        meshopt_decodeFilterOct(decoded, count, stride);
    else if (strcmp(data->filter, "QUATERNION") == 0)
        meshopt_decodeFilterQuat(decoded, count, stride);
    else if (strcmp(data->filter, "EXPONENTIAL") == 0)
        meshopt_decodeFilterExp(decoded, count, stride);
    else
        return calo_gltf_fail(extension, CALO_ERROR_UNSUPPORTED, "filter \"%s\" is not known", data->filter);
    return CALO_OK;
}

calo_status calo_gltf_meshopt_decode(const calo_gltf_record *extension, calo_gltf_view *view)
{
    calo_gltf *gltf = extension->gltf;
    meshopt_data data = {
        .count = calo_gltf_unsigned(extension, "count", 0),
        .stride = calo_gltf_unsigned(extension, "byteStride", 0),
    };
    if (read_mode(extension, &data) != CALO_OK ||
        calo_gltf_buffer_part(extension, &data.bytes, &data.size) != CALO_OK)
        return gltf->status;
    if (!stride_fits(&data))
        return calo_gltf_fail(extension, CALO_ERROR_FORMAT, "byteStride %llu does not fit its mode, filter or count",
                              (unsigned long long)data.stride);
    if (!count_fits(&data))
        return calo_gltf_fail(extension, CALO_ERROR_FORMAT, "%llu elements cannot be in %zu compressed bytes",
                              (unsigned long long)data.count, data.size);
    size_t count = (size_t)data.count, stride = (size_t)data.stride;
    if (calo_gltf_charge(extension, count, stride, "compressed data") != CALO_OK)
        return gltf->status;
    uint8_t *decoded = calo_arena_take(&gltf->scratch, count, stride, "decompressed data", gltf->err);
    if (!decoded)
        return calo_gltf_broken(gltf);
    int failure = data.mode == MODE_ATTRIBUTES
                      ? meshopt_decodeVertexBuffer(decoded, count, stride, data.bytes, data.size)
                  : data.mode == MODE_TRIANGLES
                      ? meshopt_decodeIndexBuffer(decoded, count, stride, data.bytes, data.size)
                      : meshopt_decodeIndexSequence(decoded, count, stride, data.bytes, data.size);
    if (failure != 0)
        return calo_gltf_fail(extension, CALO_ERROR_FORMAT, "the compressed data is broken (meshoptimizer code %d)",
                              failure);
    *view = (calo_gltf_view){.bytes = decoded, .size = count * stride, .stride = stride};
    return apply_filter(extension, &data, decoded);
}
