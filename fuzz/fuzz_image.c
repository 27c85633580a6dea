/* PNG, JPEG, WebP, Radiance HDR and OpenEXR: told apart by their first bytes, as in use. PNG goes through both of its
 * decoders, which must agree: as it is, with its checksums repaired, and as a file made of the bytes as rows. */
#include <stdlib.h>
#include <string.h>

#include "../tests/image/png_sample.h"
#include "fuzz.h"

static void decode(const uint8_t *data, size_t size, const calo_limits *limits)
{
    calo_error err = {0};
    calo_image image = {0};
    calo_status status = calo_image_decode(data, size, "fuzz", limits, &image, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    if (status == CALO_OK) {
        fuzz_check(image.width && image.height && image.data, "a success gives a picture");
        const uint8_t *last = (const uint8_t *)image.data + (image.height - 1) * image.row_bytes +
                              ((size_t)image.width * calo_pixel_bytes(image.format) - 1);
        fuzz_check(*last <= 255, "the last byte is there");
    }
    calo_image_finish(&image);
}

static void compare_png(const uint8_t *data, size_t size, const calo_limits *limits)
{
    png_decoded decoded = png_sample_decode(data, size, limits);
    if (decoded.fast && decoded.libspng)
        fuzz_check(memcmp(decoded.fast, decoded.libspng, 4 * (size_t)decoded.width * decoded.height) == 0,
                   "both PNG decoders give the same pixels");
    free(decoded.fast);
    free(decoded.libspng);
}

static void compare_repaired(const uint8_t *data, size_t size, const calo_limits *limits)
{
    uint8_t *copy = malloc(size);
    if (!copy)
        return;
    memcpy(copy, data, size);
    png_sample_repair(copy, size);
    compare_png(copy, size, limits);
    free(copy);
}

/* Most rows get a filter that there is. */
static uint8_t *copy_rows(const uint8_t *rows, size_t row_bytes, size_t height)
{
    uint8_t *copy = malloc(row_bytes * height);
    if (!copy)
        return NULL;
    memcpy(copy, rows, row_bytes * height);
    for (size_t y = 0; y < height; y++)
        if (copy[y * row_bytes] < 0xff)
            copy[y * row_bytes] %= 5;
    return copy;
}

/* Three bytes tell the kind, the rest is rows. */
static void compare_made(const uint8_t *data, size_t size, const calo_limits *limits)
{
    static const uint8_t color_types[] = {0, 2, 3, 4, 6};
    uint8_t palette[3 * 256];
    if (size < 4)
        return;
    png_sample sample = {
        .width = 1u + data[0] % 40,
        .color_type = color_types[data[1] % 5],
        .bit_depth = data[1] & 0x80 && data[1] % 5 != 2 ? 16 : 8,
        .stream_chunks = 1u + data[2] % 5,
        .palette = palette,
        .alphas = palette,
    };
    size_t row_bytes = png_sample_row_bytes(&sample) + 1, file_size;
    sample.height = (uint32_t)((size - 3) / row_bytes);
    sample.rows_size = row_bytes * sample.height;
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)(i * 37);
    sample.palette_count = sample.color_type == 3 ? 1u + data[2] : 0;
    sample.alpha_bytes = sample.color_type == 3 ? data[2] / 2 : 0;
    uint8_t *rows = sample.height ? copy_rows(data + 3, row_bytes, sample.height) : NULL;
    sample.rows = rows;
    uint8_t *file = rows ? png_sample_write(&sample, &file_size) : NULL;
    if (file)
        compare_png(file, file_size, limits);
    free(file);
    free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const calo_limits limits = fuzz_limits();
    decode(data, size, &limits);
    if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0) {
        compare_png(data, size, &limits);
        compare_repaired(data, size, &limits);
    } else {
        compare_made(data, size, &limits);
    }
    return 0;
}
