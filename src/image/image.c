#include <calotype/image.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"

static const struct {
    uint8_t components, bytes;
} formats[] = {
    [CALO_PIXEL_NONE] = {0, 0},     [CALO_PIXEL_R8] = {1, 1},    [CALO_PIXEL_RGB8] = {3, 3},
    [CALO_PIXEL_RGBA8] = {4, 4},    [CALO_PIXEL_R32U] = {1, 4},  [CALO_PIXEL_R32F] = {1, 4},
    [CALO_PIXEL_RG32F] = {2, 8},    [CALO_PIXEL_RGB32F] = {3, 12}, [CALO_PIXEL_RGBA32F] = {4, 16},
};

uint32_t calo_pixel_components(calo_pixel_format format)
{
    return (unsigned)format < sizeof formats / sizeof formats[0] ? formats[format].components : 0;
}

uint32_t calo_pixel_bytes(calo_pixel_format format)
{
    return (unsigned)format < sizeof formats / sizeof formats[0] ? formats[format].bytes : 0;
}

calo_status calo_image_init(calo_image *image, uint32_t width, uint32_t height, calo_pixel_format format,
                            calo_error *err)
{
    *image = (calo_image){0};
    size_t pixel_bytes = calo_pixel_bytes(format), row_bytes, bytes;
    if (width == 0 || height == 0 || pixel_bytes == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a picture of %u x %u pixels in format %d is not possible", width,
                         height, (int)format);
    if (__builtin_mul_overflow((size_t)width, pixel_bytes, &row_bytes) ||
        __builtin_mul_overflow(row_bytes, (size_t)height, &bytes))
        return calo_fail(err, CALO_ERROR_LIMIT, "a picture of %u x %u pixels is more than a machine can hold", width,
                         height);
    void *data = calo_large_calloc(bytes);
    if (!data)
        return calo_fail_memory(err, "a picture", bytes);
    *image = (calo_image){.width = width, .height = height, .format = format, .row_bytes = row_bytes, .data = data};
    return CALO_OK;
}

void calo_image_finish(calo_image *image)
{
    free(image->data);
    *image = (calo_image){0};
}
