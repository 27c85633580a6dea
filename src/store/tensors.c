#include "store/tensors.h"

#include <stdio.h>
#include <string.h>

#include "base/linear.h"
#include "encode/file_names.h"

uint64_t calo_tensor_item_bytes(calo_tensor_type type) { return type == CALO_TENSOR_U8 ? 1 : 4; }

static const char *name_of(bool torch, calo_channel channel)
{
    static const char *const plurals[CALO_CHANNEL_COUNT] = {
        [CALO_CHANNEL_COLOR] = "images",
        [CALO_CHANNEL_DEPTH] = "depths",
        [CALO_CHANNEL_NORMAL] = "normals",
        [CALO_CHANNEL_MASK] = "masks",
    };
    return torch && plurals[channel] ? plurals[channel] : calo_channel_key(channel);
}

static calo_tensor_type type_of(bool torch, calo_channel channel, calo_pixel_format format)
{
    switch (format) {
    case CALO_PIXEL_R8: return torch && channel == CALO_CHANNEL_MASK ? CALO_TENSOR_F32 : CALO_TENSOR_U8;
    case CALO_PIXEL_RGB8:
    case CALO_PIXEL_RGBA8: return CALO_TENSOR_U8;
    case CALO_PIXEL_R32U: return CALO_TENSOR_I32;
    default: return CALO_TENSOR_F32;
    }
}

calo_tensor calo_tensor_of_channel(bool torch, calo_channel channel, calo_pixel_format format, uint64_t views,
                                   uint64_t height, uint64_t width)
{
    uint64_t components = calo_pixel_components(format);
    calo_tensor tensor = {.type = type_of(torch, channel, format), .rank = components == 1 ? 3 : 4,
                          .shape = {views, height, width, components == 1 ? 0 : components}};
    snprintf(tensor.name, sizeof tensor.name, "%s", name_of(torch, channel));
    tensor.bytes = views * height * width * components * calo_tensor_item_bytes(tensor.type);
    return tensor;
}

calo_tensor calo_tensor_of_cameras(uint64_t views)
{
    return (calo_tensor){.name = "cameras", .type = CALO_TENSOR_F32, .rank = 2, .shape = {views, CALO_CAMERA_NUMBERS},
                         .bytes = views * CALO_CAMERA_NUMBERS * sizeof(float)};
}

calo_tensor calo_tensor_of_picture(size_t view)
{
    calo_tensor tensor = {.type = CALO_TENSOR_U8, .rank = 1};
    snprintf(tensor.name, sizeof tensor.name, "images/%03zu", view);
    return tensor;
}

calo_tensor calo_tensor_of_metadata(void)
{
    return (calo_tensor){.name = "metadata", .type = CALO_TENSOR_U8, .rank = 1};
}

void calo_tensor_set_length(calo_tensor *tensor, uint64_t count)
{
    tensor->shape[0] = count;
    tensor->bytes = count * calo_tensor_item_bytes(tensor->type);
}

void calo_camera_numbers(const calo_view *view, float numbers[CALO_CAMERA_NUMBERS])
{
    calo_mat4 world_to_camera = calo_mat4_world_to_camera_opencv(&view->camera_to_world);
    const double lens[6] = {view->focal_x / view->width, view->focal_y / view->height, view->center_x / view->width,
                            view->center_y / view->height};
    for (int i = 0; i < 6; i++)
        numbers[i] = (float)lens[i];
    for (int i = 0; i < 12; i++)
        numbers[6 + i] = (float)world_to_camera.m[i / 4][i % 4];
}
