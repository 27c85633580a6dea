#include "glb_writer.h"

#include <math.h>
#include <string.h>

#include "base/blob.h"
#include "base/file.h"
#include "encode/encode.h"

enum { GLB_MAGIC = 0x46546c67, GLB_JSON = 0x4e4f534a, GLB_BINARY = 0x004e4942, FLOAT_COMPONENTS = 5126,
       UINT_COMPONENTS = 5125 };

/* A buffer view for each of these, in this order. */
typedef struct glb_layout {
    size_t indices, positions, normals, uvs, image;
} glb_layout;

static calo_status pad(calo_blob *blob, char fill, calo_error *err)
{
    char padding[3] = {fill, fill, fill};
    return calo_blob_append(blob, padding, (4 - blob->size % 4) % 4, err);
}

static calo_status print_accessor(calo_blob *json, int view, int component, uint32_t count, const char *type,
                                  calo_error *err)
{
    return calo_blob_print(json, err, "{\"bufferView\":%d,\"componentType\":%d,\"count\":%u,\"type\":\"%s\"}%s", view,
                           component, count, type, view < 3 ? "," : "");
}

/* POSITION must tell its box. */
static calo_status print_positions(calo_blob *json, const glb_mesh *mesh, calo_error *err)
{
    float low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (uint32_t i = 0; i < 3 * mesh->vertex_count; i++) {
        low[i % 3] = fminf(low[i % 3], mesh->positions[i]);
        high[i % 3] = fmaxf(high[i % 3], mesh->positions[i]);
    }
    return calo_blob_print(json, err,
                           "{\"bufferView\":1,\"componentType\":%d,\"count\":%u,\"type\":\"VEC3\","
                           "\"min\":[%.9g,%.9g,%.9g],\"max\":[%.9g,%.9g,%.9g]},",
                           FLOAT_COMPONENTS, mesh->vertex_count, (double)low[0], (double)low[1], (double)low[2],
                           (double)high[0], (double)high[1], (double)high[2]);
}

static calo_status print_nodes(calo_blob *json, const glb_mesh *mesh, calo_error *err)
{
    uint32_t count = mesh->copy_count ? mesh->copy_count : 1;
    calo_status status =
        calo_blob_print(json, err, "{\"asset\":{\"version\":\"2.0\"},\"scene\":0,\"scenes\":[{\"nodes\":[");
    for (uint32_t i = 0; status == CALO_OK && i < count; i++)
        status = calo_blob_print(json, err, "%s%u", i ? "," : "", i);
    if (status == CALO_OK)
        status = calo_blob_print(json, err, "]}],\"nodes\":[");
    for (uint32_t i = 0; status == CALO_OK && i < count; i++) {
        static const double origin[3] = {0};
        const double *at = mesh->copy_count ? mesh->copies[i] : origin;
        status = calo_blob_print(json, err, "%s{\"mesh\":0,\"translation\":[%.9g,%.9g,%.9g]}", i ? "," : "", at[0],
                                 at[1], at[2]);
    }
    return status;
}

static calo_status print_json(calo_blob *json, const glb_mesh *mesh, const glb_layout *bytes, float roughness,
                              calo_error *err)
{
    const size_t sizes[5] = {bytes->indices, bytes->positions, bytes->normals, bytes->uvs, bytes->image};
    size_t offset = 0;
    calo_status status = print_nodes(json, mesh, err);
    if (status == CALO_OK)
        status = calo_blob_print(
            json, err,
            "],\"meshes\":[{\"primitives\":[{\"indices\":0,\"material\":0,"
            "\"attributes\":{\"POSITION\":1,\"NORMAL\":2,\"TEXCOORD_0\":3}}]}],"
            "\"materials\":[{\"pbrMetallicRoughness\":{\"metallicFactor\":0,\"roughnessFactor\":%g,"
            "\"baseColorTexture\":{\"index\":0}}}],"
            "\"textures\":[{\"source\":0}],\"images\":[{\"bufferView\":4,\"mimeType\":\"image/png\"}],\"accessors\":[",
            (double)roughness);
    if (status == CALO_OK)
        status = print_accessor(json, 0, UINT_COMPONENTS, mesh->index_count, "SCALAR", err);
    if (status == CALO_OK)
        status = print_positions(json, mesh, err);
    if (status == CALO_OK)
        status = print_accessor(json, 2, FLOAT_COMPONENTS, mesh->vertex_count, "VEC3", err);
    if (status == CALO_OK)
        status = print_accessor(json, 3, FLOAT_COMPONENTS, mesh->vertex_count, "VEC2", err);
    for (int i = 0; status == CALO_OK && i < 5; offset += sizes[i++])
        status = calo_blob_print(json, err, "%s{\"buffer\":0,\"byteOffset\":%zu,\"byteLength\":%zu}",
                                 i == 0 ? "],\"bufferViews\":[" : ",", offset, sizes[i]);
    if (status == CALO_OK)
        status = calo_blob_print(json, err, "],\"buffers\":[{\"byteLength\":%zu}]}", offset);
    return status == CALO_OK ? pad(json, ' ', err) : status;
}

static calo_status append_data(calo_blob *data, const glb_mesh *mesh, const calo_image *texture, glb_layout *bytes,
                               calo_error *err)
{
    bytes->indices = sizeof(uint32_t) * mesh->index_count;
    bytes->positions = bytes->normals = 3 * sizeof(float) * mesh->vertex_count;
    bytes->uvs = 2 * sizeof(float) * mesh->vertex_count;
    calo_status status = calo_blob_append(data, mesh->indices, bytes->indices, err);
    if (status == CALO_OK)
        status = calo_blob_append(data, mesh->positions, bytes->positions, err);
    if (status == CALO_OK)
        status = calo_blob_append(data, mesh->normals, bytes->normals, err);
    if (status == CALO_OK)
        status = calo_blob_append(data, mesh->uvs, bytes->uvs, err);
    size_t start = data->size;
    if (status == CALO_OK)
        status = calo_encode_png(texture, data, err);
    if (status == CALO_OK)
        status = pad(data, 0, err);
    bytes->image = data->size - start;
    return status;
}

calo_status glb_write(const char *path, const glb_mesh *mesh, float roughness, const calo_image *texture,
                      calo_error *err)
{
    calo_blob json = {0}, data = {0}, file = {0};
    glb_layout bytes;
    calo_status status = append_data(&data, mesh, texture, &bytes, err);
    if (status == CALO_OK)
        status = print_json(&json, mesh, &bytes, roughness, err);
    const uint32_t header[5] = {GLB_MAGIC, 2, (uint32_t)(28 + json.size + data.size), (uint32_t)json.size, GLB_JSON};
    const uint32_t chunk[2] = {(uint32_t)data.size, GLB_BINARY};
    if (status == CALO_OK)
        status = calo_blob_append(&file, header, sizeof header, err);
    if (status == CALO_OK)
        status = calo_blob_append(&file, json.bytes, json.size, err);
    if (status == CALO_OK)
        status = calo_blob_append(&file, chunk, sizeof chunk, err);
    if (status == CALO_OK)
        status = calo_blob_append(&file, data.bytes, data.size, err);
    if (status == CALO_OK)
        status = calo_file_write(path, file.bytes, file.size, err);
    calo_blob_finish(&json);
    calo_blob_finish(&data);
    calo_blob_finish(&file);
    return status;
}
