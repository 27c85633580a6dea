/* NumPy's array files, format 1.0. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "encode/encode.h"

enum { MAGIC_BYTES = 10, ALIGNMENT = 64, MAX_HEADER_BYTES = 3 * ALIGNMENT };

static const char *type_code(calo_pixel_format format)
{
    switch (format) {
    case CALO_PIXEL_R8:
    case CALO_PIXEL_RGB8:
    case CALO_PIXEL_RGBA8: return "|u1";
    case CALO_PIXEL_R32U: return "<u4";
    default: return "<f4";
    }
}

/* Magic, version, length and the dictionary, padded so that the numbers begin at a multiple of 64. */
static size_t write_header(const calo_image *image, char header[MAX_HEADER_BYTES])
{
    char shape[64];
    uint32_t components = calo_pixel_components(image->format);
    if (components == 1)
        snprintf(shape, sizeof shape, "%u, %u", image->height, image->width);
    else
        snprintf(shape, sizeof shape, "%u, %u, %u", image->height, image->width, components);
    int length = snprintf(header + MAGIC_BYTES, MAX_HEADER_BYTES - MAGIC_BYTES,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type_code(image->format), shape);
    size_t end = MAGIC_BYTES + (size_t)length;
    size_t size = (end + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(header + end, ' ', size - end - 1);
    header[size - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01", 8); /* the literal's NUL is the minor version */
    header[8] = (char)((size - MAGIC_BYTES) & 0xff);
    header[9] = (char)((size - MAGIC_BYTES) >> 8);
    return size;
}

calo_status calo_encode_npy(const calo_image *image, calo_blob *blob, calo_error *err)
{
    char header[MAX_HEADER_BYTES];
    size_t pixel_bytes = calo_pixel_bytes(image->format), row_bytes, content, total;
    if (pixel_bytes == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "an npy file of a channel that was not rendered");
    size_t header_bytes = write_header(image, header);
    if (__builtin_mul_overflow((size_t)image->width, pixel_bytes, &row_bytes) ||
        __builtin_mul_overflow(row_bytes, (size_t)image->height, &content) ||
        __builtin_add_overflow(content, header_bytes, &total))
        return calo_fail(err, CALO_ERROR_LIMIT, "an npy file of %u x %u pixels is more than a machine can hold",
                         image->width, image->height);
    uint8_t *at = calo_blob_reserve(blob, total, err);
    if (!at)
        return calo_failed(err);
    memcpy(at, header, header_bytes);
    at += header_bytes;
    for (uint32_t y = 0; y < image->height; y++)
        memcpy(at + y * row_bytes, (const uint8_t *)image->data + y * image->row_bytes, row_bytes);
    blob->size += total;
    return CALO_OK;
}
