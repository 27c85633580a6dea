#include "import/draco.h"

#include <cstring>
#include <exception>
#include <memory>
#include <new>

#include <draco/compression/decode.h>
#include <draco/core/varint_decoding.h>
#include <draco/mesh/mesh.h>
#include <draco/metadata/metadata_decoder.h>

extern "C" {
#include "base/error.h"
}

struct calo_draco_mesh {
    std::unique_ptr<draco::Mesh> mesh;
};

namespace {

/* Draco's bitstream as glTF allows it: version 2.2, a mesh. */
struct Header {
    char magic[5];
    uint8_t major, minor, type, method;
    uint8_t flags[2];
};
static_assert(sizeof(Header) == 11, "Draco's header has no padding");

const uint8_t METHOD_EDGEBREAKER = 1;
const uint8_t FLAG_METADATA = 0x80; /* of the second byte */

enum { BYTE = 5120, UNSIGNED_BYTE, SHORT, UNSIGNED_SHORT, UNSIGNED_INT = 5125, FLOAT };

/* glTF's number; what it has no number for is converted to float. */
uint32_t component_type_of(const draco::PointAttribute &attribute)
{
    switch (attribute.data_type()) {
    case draco::DT_INT8: return BYTE;
    case draco::DT_UINT8: return UNSIGNED_BYTE;
    case draco::DT_INT16: return SHORT;
    case draco::DT_UINT16: return UNSIGNED_SHORT;
    case draco::DT_UINT32: return UNSIGNED_INT;
    default: return FLOAT;
    }
}

bool peek(const void *bytes, size_t size, uint32_t *vertex_count, uint32_t *triangle_count)
{
    draco::DecoderBuffer buffer;
    buffer.Init(static_cast<const char *>(bytes), size);
    Header header;
    if (!buffer.Decode(&header, sizeof header) || memcmp(header.magic, "DRACO", 5) != 0 || header.major != 2 ||
        header.minor != 2 || header.type != draco::TRIANGULAR_MESH)
        return false;
    buffer.set_bitstream_version(DRACO_BITSTREAM_VERSION(header.major, header.minor));
    if (header.flags[1] & FLAG_METADATA) {
        draco::GeometryMetadata metadata;
        if (!draco::MetadataDecoder().DecodeGeometryMetadata(&buffer, &metadata))
            return false;
    }
    uint8_t traversal;
    if (header.method == METHOD_EDGEBREAKER)
        return buffer.Decode(&traversal) && draco::DecodeVarint(vertex_count, &buffer) &&
               draco::DecodeVarint(triangle_count, &buffer);
    return draco::DecodeVarint(triangle_count, &buffer) && draco::DecodeVarint(vertex_count, &buffer);
}

} // namespace

/* No exception may cross into C. */
calo_status calo_draco_peek(const void *bytes, size_t size, uint32_t *vertex_count, uint32_t *triangle_count,
                            calo_error *err)
try {
    if (!peek(bytes, size, vertex_count, triangle_count))
        return calo_fail(err, CALO_ERROR_FORMAT, "the Draco data has no valid header of version 2.2");
    return CALO_OK;
} catch (const std::exception &) {
    return calo_fail(err, CALO_ERROR_FORMAT, "the Draco data's header is broken");
}

calo_status calo_draco_decode(const void *bytes, size_t size, calo_draco_mesh **mesh, calo_error *err)
try {
    *mesh = nullptr;
    draco::DecoderBuffer buffer;
    buffer.Init(static_cast<const char *>(bytes), size);
    draco::Decoder decoder;
    auto decoded = decoder.DecodeMeshFromBuffer(&buffer);
    if (!decoded.ok())
        return calo_fail(err, CALO_ERROR_FORMAT, "the Draco data is broken (%s)", decoded.status().error_msg());
    *mesh = new calo_draco_mesh{std::move(decoded).value()};
    return CALO_OK;
} catch (const std::bad_alloc &) {
    return calo_fail_memory(err, "Draco data", size);
} catch (const std::exception &exception) {
    return calo_fail(err, CALO_ERROR_FORMAT, "the Draco data is broken (%s)", exception.what());
}

void calo_draco_destroy(calo_draco_mesh *mesh)
{
    delete mesh;
}

uint32_t calo_draco_vertex_count(const calo_draco_mesh *mesh)
{
    return mesh->mesh->num_points();
}

uint32_t calo_draco_triangle_count(const calo_draco_mesh *mesh)
{
    return mesh->mesh->num_faces();
}

void calo_draco_copy_indices(const calo_draco_mesh *mesh, uint32_t *indices)
{
    const uint32_t count = mesh->mesh->num_faces();
    for (uint32_t f = 0; f < count; f++)
        for (int corner = 0; corner < 3; corner++)
            *indices++ = mesh->mesh->face(draco::FaceIndex(f))[corner].value();
}

bool calo_draco_find_attribute(const calo_draco_mesh *mesh, uint32_t id, uint32_t *component_type,
                               uint32_t *components)
{
    const draco::PointAttribute *attribute = mesh->mesh->GetAttributeByUniqueId(id);
    if (!attribute || attribute->num_components() < 1 || attribute->num_components() > 4)
        return false;
    *component_type = component_type_of(*attribute);
    *components = static_cast<uint32_t>(attribute->num_components());
    return true;
}

void calo_draco_copy_attribute(const calo_draco_mesh *mesh, uint32_t id, void *values)
{
    const draco::PointAttribute *attribute = mesh->mesh->GetAttributeByUniqueId(id);
    const uint32_t count = mesh->mesh->num_points();
    const bool convert = component_type_of(*attribute) == FLOAT && attribute->data_type() != draco::DT_FLOAT32;
    const auto components = static_cast<int8_t>(attribute->num_components());
    const size_t component_bytes = convert ? sizeof(float) : draco::DataTypeLength(attribute->data_type());
    const size_t element_bytes = components * component_bytes;
    char *to = static_cast<char *>(values);
    for (uint32_t i = 0; i < count; i++, to += element_bytes) {
        const draco::AttributeValueIndex index = attribute->mapped_index(draco::PointIndex(i));
        if (index.value() >= attribute->size())
            memset(to, 0, element_bytes);
        else if (convert)
            attribute->ConvertValue(index, components, reinterpret_cast<float *>(to));
        else
            memcpy(to, attribute->GetAddress(index), element_bytes);
    }
}
