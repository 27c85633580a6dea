#include "draco_sample.h"

#include <cstring>

#include <draco/compression/expert_encode.h>
#include <draco/mesh/triangle_soup_mesh_builder.h>

namespace {

void add_corner(const float *corner, float *position, uint8_t *color)
{
    position[0] = corner[0];
    position[1] = corner[1];
    position[2] = 0;
    color[0] = static_cast<uint8_t>(corner[0] * 255);
    color[1] = static_cast<uint8_t>(corner[1] * 255);
    color[2] = 51;
    color[3] = 255;
}

} // namespace

size_t draco_sample_write(int edgebreaker, uint8_t *bytes, size_t capacity)
{
    const float corners[6][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 0}, {1, 1}, {0, 1}};
    draco::TriangleSoupMeshBuilder builder;
    builder.Start(2);
    const int position_id = builder.AddAttribute(draco::GeometryAttribute::POSITION, 3, draco::DT_FLOAT32);
    const int color_id = builder.AddAttribute(draco::GeometryAttribute::COLOR, 4, draco::DT_UINT8);
    for (int face = 0; face < 2; face++) {
        float positions[3][3];
        uint8_t colors[3][4];
        for (int k = 0; k < 3; k++)
            add_corner(corners[3 * face + k], positions[k], colors[k]);
        builder.SetAttributeValuesForFace(position_id, draco::FaceIndex(face), positions[0], positions[1],
                                          positions[2]);
        builder.SetAttributeValuesForFace(color_id, draco::FaceIndex(face), colors[0], colors[1], colors[2]);
    }
    std::unique_ptr<draco::Mesh> mesh = builder.Finalize();
    mesh->attribute(position_id)->set_unique_id(DRACO_SAMPLE_POSITION);
    mesh->attribute(color_id)->set_unique_id(DRACO_SAMPLE_COLOR);
    draco::ExpertEncoder encoder(*mesh);
    encoder.SetEncodingMethod(edgebreaker ? draco::MESH_EDGEBREAKER_ENCODING : draco::MESH_SEQUENTIAL_ENCODING);
    draco::EncoderBuffer buffer;
    if (!encoder.EncodeToBuffer(&buffer).ok() || buffer.size() > capacity)
        return 0;
    memcpy(bytes, buffer.data(), buffer.size());
    return buffer.size();
}
