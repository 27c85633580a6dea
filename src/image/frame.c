#include <calotype/image.h>

#include "base/error.h"

static const struct {
    const char *name;
    calo_pixel_format format;
} channels[CALO_CHANNEL_COUNT] = {
    [CALO_CHANNEL_COLOR] = {"color", CALO_PIXEL_NONE}, /* as asked for */
    [CALO_CHANNEL_DEPTH] = {"depth", CALO_PIXEL_R32F},
    [CALO_CHANNEL_NORMAL] = {"normal", CALO_PIXEL_RGB32F},
    [CALO_CHANNEL_GEOMETRIC_NORMAL] = {"geometric_normal", CALO_PIXEL_RGB32F},
    [CALO_CHANNEL_MASK] = {"mask", CALO_PIXEL_R8},
    [CALO_CHANNEL_INSTANCE_ID] = {"instance_id", CALO_PIXEL_R32U},
    [CALO_CHANNEL_MATERIAL_ID] = {"material_id", CALO_PIXEL_R32U},
    [CALO_CHANNEL_POSITION] = {"position", CALO_PIXEL_RGB32F},
    [CALO_CHANNEL_UV] = {"uv", CALO_PIXEL_RG32F},
    [CALO_CHANNEL_ALBEDO] = {"albedo", CALO_PIXEL_RGB32F},
    [CALO_CHANNEL_METAL_ROUGHNESS] = {"metal_roughness", CALO_PIXEL_RG32F},
};

const char *calo_channel_name(calo_channel channel)
{
    return (unsigned)channel < CALO_CHANNEL_COUNT ? channels[channel].name : "unknown";
}

calo_pixel_format calo_channel_format(calo_channel channel, calo_pixel_format color_format)
{
    if ((unsigned)channel >= CALO_CHANNEL_COUNT)
        return CALO_PIXEL_NONE;
    return channel == CALO_CHANNEL_COLOR ? color_format : channels[channel].format;
}

calo_status calo_frame_init(calo_frame *frame, uint32_t width, uint32_t height, uint32_t channel_set,
                            calo_pixel_format color_format, calo_error *err)
{
    *frame = (calo_frame){.width = width, .height = height};
    if (width == 0 || height == 0 || width > CALO_FRAME_MAX_SIDE || height > CALO_FRAME_MAX_SIDE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a frame of %u x %u pixels: a side must be 1 to %u", width, height,
                         CALO_FRAME_MAX_SIDE);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        if (!(channel_set & CALO_CHANNEL_BIT(c)))
            continue;
        calo_pixel_format format = calo_channel_format((calo_channel)c, color_format);
        calo_status status = calo_image_init(&frame->planes[c], width, height, format, err);
        if (status != CALO_OK) {
            calo_frame_finish(frame);
            return status;
        }
    }
    return CALO_OK;
}

void calo_frame_finish(calo_frame *frame)
{
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        calo_image_finish(&frame->planes[c]);
    *frame = (calo_frame){0};
}
