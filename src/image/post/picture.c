/* Pictures behind frames: levels of texels, each half as fine as the one before. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/scalar.h"
#include "image/color.h"
#include "image/post/picture.h"

static uint32_t half_of(uint32_t size) { return (size + 1) / 2; }

static uint32_t pack(const float light[3])
{
    uint32_t packed = 0;
    for (int c = 0; c < 3; c++) {
        float root = sqrtf(calo_clampf(light[c], 0, 1));
        packed |= (uint32_t)(root * (c == 2 ? 1023.0f : 2047.0f) + 0.5f) << (11 * c);
    }
    return packed;
}

static void unpack(uint32_t packed, float light[3])
{
    float root[3] = {(float)(packed & 2047) / 2047, (float)(packed >> 11 & 2047) / 2047, (float)(packed >> 22) / 1023};
    for (int c = 0; c < 3; c++)
        light[c] = root[c] * root[c];
}

static void copy_texels(const calo_image *image, const calo_picture_level *to)
{
    uint32_t components = calo_pixel_components(image->format);
    for (uint32_t y = 0; y < image->height; y++) {
        const char *from = (const char *)image->data + y * image->row_bytes;
        for (uint32_t x = 0; x < image->width; x++) {
            float light[3];
            for (int c = 0; c < 3; c++)
                if (image->format == CALO_PIXEL_RGBA32F)
                    light[c] = ((const float *)(const void *)from)[4 * x + c];
                else
                    light[c] = calo_linear_from_srgb(((const uint8_t *)from)[components * x + c]);
            to->texels[(size_t)y * to->width + x] = pack(light);
        }
    }
}

/* Means of two by two texels, in linear light. */
static void halve_level(const calo_picture_level *from, const calo_picture_level *to)
{
    for (uint32_t y = 0; y < to->height; y++)
        for (uint32_t x = 0; x < to->width; x++) {
            float mean[3] = {0};
            for (int corner = 0; corner < 4; corner++) {
                uint32_t column = 2 * x + (corner & 1), row = 2 * y + (uint32_t)corner / 2;
                column = column < from->width ? column : from->width - 1;
                row = row < from->height ? row : from->height - 1;
                float light[3];
                unpack(from->texels[(size_t)row * from->width + column], light);
                for (int c = 0; c < 3; c++)
                    mean[c] += light[c] / 4;
            }
            to->texels[(size_t)y * to->width + x] = pack(mean);
        }
}

calo_status calo_post_picture_create(const calo_image *image, calo_post_picture **picture, calo_error *err)
{
    *picture = NULL;
    if (image->format != CALO_PIXEL_RGBA8 && image->format != CALO_PIXEL_RGB8 && image->format != CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "a picture behind frames must be RGBA8, RGB8 or RGBA32F, not of format %d",
                         (int)image->format);
    size_t texels = 0;
    uint32_t width = image->width, height = image->height, count = 0;
    calo_picture_level levels[CALO_PICTURE_LEVELS];
    for (bool last = false; !last; count++) {
        last = width == 1 && height == 1;
        levels[count] = (calo_picture_level){width, height, NULL};
        texels += (size_t)width * height;
        width = half_of(width);
        height = half_of(height);
    }
    calo_post_picture *made = malloc(sizeof *made + 4 * texels);
    if (!made)
        return calo_fail_memory(err, "a picture behind frames", 4 * texels);
    made->level_count = count;
    uint32_t *next = (uint32_t *)(void *)(made + 1);
    for (uint32_t i = 0; i < count; i++) {
        made->levels[i] = (calo_picture_level){levels[i].width, levels[i].height, next};
        next += (size_t)levels[i].width * levels[i].height;
        if (i == 0)
            copy_texels(image, &made->levels[0]);
        else
            halve_level(&made->levels[i - 1], &made->levels[i]);
    }
    *picture = made;
    return CALO_OK;
}

void calo_post_picture_destroy(calo_post_picture *picture) { free(picture); }
