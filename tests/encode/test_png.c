/* PNG files as other readers see them: zlib, libspng and, where it is there, libpng. */
#include <calotype/image.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#ifdef TEST_LIBPNG
#include <png.h>
#endif
#include <spng.h>
#include <zlib.h>

#include "base/random.h"
#include "encode/encode.h"

/* ---- pictures ---- */

typedef enum content { ZEROS, EQUAL, NOISE, RAMP, SHADED, SPARSE, FENCE, ROWS_AGAIN, FEW_VALUES, CONTENTS } content;

static const calo_pixel_format formats[] = {CALO_PIXEL_R8, CALO_PIXEL_RGB8, CALO_PIXEL_RGBA8, CALO_PIXEL_R32U};
enum { FORMATS = sizeof formats / sizeof formats[0], ROW_PAD = 12 };

/* A ball on nothing, with a bit of grain. */
static uint32_t shade(const calo_image *image, uint32_t x, uint32_t y, uint32_t component, uint32_t random)
{
    int64_t width = image->width, height = image->height, radius = (width < height ? width : height) * 2 / 5;
    int64_t dx = (int64_t)x - width / 2, dy = (int64_t)y - height / 2, far = dx * dx + dy * dy;
    if (far > radius * radius)
        return 0;
    return component == 3 ? 255 : (uint32_t)(200 - 120 * far / (radius * radius + 1) - 20 * component + random % 3);
}

static uint32_t value_at(const calo_image *image, content kind, uint32_t x, uint32_t y, uint32_t c, uint32_t random)
{
    static const uint8_t few[8] = {0, 0, 0, 0, 0, 1, 255, 7};
    switch (kind) {
    case EQUAL: return 201;
    case NOISE: return random;
    case RAMP: return x * 3 + y + c * 50;
    case SHADED: return shade(image, x, y, c, random);
    case SPARSE: return (x * 7919 + y * 104729) % 97 == 0 ? random : 0;
    case FENCE: return x % 4 == 0 ? 17 + y % 7 : 0;
    case ROWS_AGAIN: return (x * 2654435761u + y % 5 * 40503u + c * 97u) >> 7;
    case FEW_VALUES: return few[random % 8];
    default: return 0;
    }
}

/* Rows have bytes between them that belong to no picture. */
static calo_image make_picture(uint32_t width, uint32_t height, calo_pixel_format format, content kind)
{
    uint32_t pixel = calo_pixel_bytes(format), components = calo_pixel_components(format);
    size_t row_bytes = (size_t)width * pixel + ROW_PAD;
    calo_image image = {.width = width, .height = height, .format = format, .row_bytes = row_bytes};
    calo_random random = {(uint64_t)kind + width};
    image.data = malloc(row_bytes * height);
    assert_non_null(image.data);
    memset(image.data, 0xee, row_bytes * height);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t i = 0; i < width * components; i++) {
            uint8_t *row = (uint8_t *)image.data + y * row_bytes;
            uint32_t value = value_at(&image, kind, i / components, y, i % components,
                                      (uint32_t)(calo_random_next(&random) >> 40));
            if (format == CALO_PIXEL_R32U)
                ((uint32_t *)(void *)row)[i] = value & 0xffff;
            else
                row[i] = (uint8_t)value;
        }
    return image;
}

/* The bytes that a reader of the file must give: packed, ids as 16 bits with the high ones first. */
static uint8_t *expected_bytes(const calo_image *image, size_t *size)
{
    bool is_ids = image->format == CALO_PIXEL_R32U;
    size_t row = (size_t)image->width * (is_ids ? 2 : calo_pixel_bytes(image->format));
    *size = row * image->height;
    uint8_t *bytes = malloc(*size);
    assert_non_null(bytes);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *from = (const uint8_t *)image->data + y * image->row_bytes;
        if (!is_ids)
            memcpy(bytes + y * row, from, row);
        for (uint32_t x = 0; is_ids && x < image->width; x++) {
            bytes[y * row + 2 * x] = from[4 * x + 1];
            bytes[y * row + 2 * x + 1] = from[4 * x];
        }
    }
    return bytes;
}

static size_t pixel_bytes(const calo_image *image)
{
    return image->format == CALO_PIXEL_R32U ? 2 : calo_pixel_bytes(image->format);
}

/* ---- readers ---- */

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The content of the one IDAT. Every chunk's CRC is checked, and that nothing follows IEND. */
static const uint8_t *find_data(const calo_blob *png, size_t *size)
{
    const uint8_t *data = NULL, *at = png->bytes + 8;
    assert_memory_equal(png->bytes, "\x89PNG\r\n\x1a\n", 8);
    for (bool is_end = false; !is_end;) {
        uint32_t length = read_u32(at);
        assert_true(length + 12 <= (size_t)(png->bytes + png->size - at));
        assert_int_equal(crc32(crc32(0, NULL, 0), at + 4, length + 4), read_u32(at + 8 + length));
        if (memcmp(at + 4, "IDAT", 4) == 0) {
            assert_null(data);
            data = at + 8;
            *size = length;
        }
        is_end = memcmp(at + 4, "IEND", 4) == 0;
        at += length + 12;
    }
    assert_ptr_equal(at, png->bytes + png->size);
    assert_non_null(data);
    return data;
}

static int predict(int filter, int a, int b, int c)
{
    int to_a = abs(b - c), to_b = abs(a - c), to_c = abs(a + b - 2 * c);
    switch (filter) {
    case 0: return 0;
    case 1: return a;
    case 2: return b;
    case 3: return (a + b) / 2;
    case 4: return to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c;
    default: fail_msg("filter %d", filter); return 0;
    }
}

static void read_by_zlib(const calo_blob *png, const calo_image *image, const uint8_t *expected)
{
    size_t pixel = pixel_bytes(image), row = image->width * pixel, size = (row + 1) * image->height, packed = 0;
    const uint8_t *data = find_data(png, &packed);
    uint8_t *rows = malloc(size + 1);
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)data, .avail_in = (uInt)packed, .next_out = rows,
                       .avail_out = (uInt)size + 1};
    assert_int_equal(inflateInit(&stream), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END); /* its checksum is right, too */
    assert_int_equal(stream.total_in, packed);
    assert_int_equal(stream.total_out, size);
    inflateEnd(&stream);
    for (uint32_t y = 0; y < image->height; y++) {
        uint8_t *now = rows + y * (row + 1) + 1;
        const uint8_t *above = y > 0 ? now - row - 1 : NULL;
        for (size_t i = 0; i < row; i++) {
            int a = i >= pixel ? now[i - pixel] : 0, b = above ? above[i] : 0;
            int c = i >= pixel && above ? above[i - pixel] : 0;
            now[i] = (uint8_t)(now[i] + predict(now[-1], a, b, c));
        }
        assert_memory_equal(now, expected + y * row, row);
    }
    free(rows);
}

static void read_by_spng(const calo_blob *png, const calo_image *image, const uint8_t *expected, size_t size)
{
    spng_ctx *context = spng_ctx_new(0);
    struct spng_ihdr header;
    size_t bytes = 0;
    spng_set_crc_action(context, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    assert_int_equal(spng_set_png_buffer(context, png->bytes, png->size), 0);
    assert_int_equal(spng_get_ihdr(context, &header), 0);
    assert_int_equal(header.width, image->width);
    assert_int_equal(header.height, image->height);
    assert_int_equal(header.bit_depth, image->format == CALO_PIXEL_R32U ? 16 : 8);
    assert_int_equal(spng_decoded_image_size(context, SPNG_FMT_RAW, &bytes), 0);
    assert_int_equal(bytes, size);
    uint8_t *raw = malloc(bytes);
    assert_int_equal(spng_decode_image(context, raw, bytes, SPNG_FMT_RAW, 0), 0);
    assert_memory_equal(raw, expected, size);
    free(raw);
    spng_ctx_free(context);
}

#ifdef TEST_LIBPNG
typedef struct input {
    const uint8_t *at, *end;
} input;

static void feed(png_structp png, png_bytep to, png_size_t count)
{
    input *from = png_get_io_ptr(png);
    if ((size_t)(from->end - from->at) < count)
        png_error(png, "cut off");
    memcpy(to, from->at, count);
    from->at += count;
}

static void no_warning(png_structp png, png_const_charp text)
{
    (void)png;
    fail_msg("libpng: %s", text);
}

static void read_by_libpng(const calo_blob *file, const calo_image *image, const uint8_t *expected)
{
    input from = {file->bytes, file->bytes + file->size};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, no_warning, no_warning);
    png_infop info = png_create_info_struct(png);
    size_t row_bytes = image->width * pixel_bytes(image);
    uint8_t *row = malloc(row_bytes);
    png_set_read_fn(png, &from, feed);
    png_read_info(png, info);
    assert_int_equal(png_get_rowbytes(png, info), row_bytes);
    for (uint32_t y = 0; y < image->height; y++) {
        png_read_row(png, row, NULL);
        assert_memory_equal(row, expected + y * row_bytes, row_bytes);
    }
    png_read_end(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    free(row);
}
#endif

/* Returns the file's size. */
static size_t check_picture(uint32_t width, uint32_t height, calo_pixel_format format, content kind)
{
    calo_image image = make_picture(width, height, format, kind);
    calo_blob png = {0};
    calo_error err = {0};
    size_t size;
    uint8_t *expected = expected_bytes(&image, &size);
    if (calo_encode_png(&image, &png, &err) != CALO_OK)
        fail_msg("%s", err.message);
    read_by_zlib(&png, &image, expected);
    read_by_spng(&png, &image, expected, size);
#ifdef TEST_LIBPNG
    read_by_libpng(&png, &image, expected);
#endif
    free(expected);
    size = png.size;
    calo_blob_finish(&png);
    calo_image_finish(&image);
    return size;
}

/* ---- tests ---- */

static void readers_agree(void **state)
{
    (void)state;
    /* The last ones are of several bands; a row of 100000 pixels is longer than a band. */
    static const uint32_t sizes[][2] = {{1, 1},  {1, 300},  {300, 1},   {2, 2},     {3, 5},        {4, 4},
                                        {15, 9}, {16, 16},  {17, 31},   {33, 2},    {64, 64},      {255, 257},
                                        {1, 9000}, {9000, 1}, {640, 480}, {1023, 200}, {100000, 3}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int f = 0; f < FORMATS; f++)
            for (int kind = 0; kind < CONTENTS; kind++)
                check_picture(sizes[s][0], sizes[s][1], formats[f], (content)kind);
}

static void random_sizes_come_back(void **state)
{
    (void)state;
    calo_random random = {7};
    for (int i = 0; i < 400; i++) {
        uint64_t bits = calo_random_next(&random);
        check_picture(1 + bits % 70, 1 + (bits >> 8) % 40, formats[bits >> 16 & 3], (content)((bits >> 20) % CONTENTS));
    }
}

static void noise_is_stored(void **state)
{
    (void)state;
    /* Signature, head, sRGB, frames of IDAT and IEND, zlib's head and checksum; a filter's number a row; a band
     * of two blocks of deflate, which take five bytes for each 65535 and one. */
    size_t frame = 8 + 25 + 13 + 12 + 12 + 6, rows = 256 * (4 * 256 + 1);
    size_t noise = check_picture(256, 256, CALO_PIXEL_RGBA8, NOISE);
    assert_in_range(noise, rows, rows + frame + 2 * 6 + 5 * 5);
    assert_in_range(check_picture(1, 1, CALO_PIXEL_RGBA8, NOISE), 1, 5 + frame + 6);
    assert_in_range(check_picture(100000, 3, CALO_PIXEL_RGBA8, NOISE), 1200003, 1200003 + frame + 3 * (7 * 5 + 6));
}

static void blank_pictures_are_tiny(void **state)
{
    (void)state;
    assert_in_range(check_picture(256, 256, CALO_PIXEL_RGBA8, ZEROS), 1, 400);
    assert_in_range(check_picture(256, 256, CALO_PIXEL_RGBA8, EQUAL), 1, 800);
    assert_in_range(check_picture(1024, 1024, CALO_PIXEL_R32U, ZEROS), 1, 2400);
    assert_in_range(check_picture(1, 1, CALO_PIXEL_R8, ZEROS), 1, 8 + 25 + 12 + 12 + 6 + 5);
}

/* Memory is not cleared before it is used; what was in it must not be seen. */
static void same_picture_same_bytes(void **state)
{
    (void)state;
    calo_image image = make_picture(500, 400, CALO_PIXEL_RGBA8, SHADED);
    calo_blob first = {0}, second = {0};
    assert_int_equal(calo_encode_png(&image, &first, NULL), CALO_OK);
    for (int fill = 1; fill < 256; fill += 127) {
        for (size_t size = 1 << 16; size <= 1 << 20; size *= 2) {
            void *dirt = malloc(size);
            memset(dirt, fill, size);
            free(dirt);
        }
        second.size = 0;
        assert_int_equal(calo_encode_png(&image, &second, NULL), CALO_OK);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.bytes, second.bytes, first.size);
    }
    calo_blob_finish(&first);
    calo_blob_finish(&second);
    calo_image_finish(&image);
}

static void a_failure_leaves_the_blob(void **state)
{
    (void)state;
    calo_image image = make_picture(300, 700, CALO_PIXEL_R32U, NOISE);
    calo_blob blob = {0};
    calo_error err = {0};
    assert_int_equal(calo_blob_append(&blob, "before", 6, NULL), CALO_OK);
    ((uint32_t *)(void *)((uint8_t *)image.data + 699 * image.row_bytes))[299] = 65536; /* the last of several bands */
    assert_int_equal(calo_encode_png(&image, &blob, &err), CALO_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "65536 at pixel (299, 699)"));
    assert_int_equal(blob.size, 6);
    assert_memory_equal(blob.bytes, "before", 6);
    /* And what is appended stands behind. */
    ((uint32_t *)(void *)((uint8_t *)image.data + 699 * image.row_bytes))[299] = 65535;
    assert_int_equal(calo_encode_png(&image, &blob, &err), CALO_OK);
    assert_memory_equal(blob.bytes, "before\x89PNG", 10);
    calo_blob_finish(&blob);
    calo_image_finish(&image);
}

static void too_large_pictures_are_refused_unread(void **state)
{
    (void)state;
    calo_image image = {.width = 1u << 31, .height = 1u << 31, .format = CALO_PIXEL_RGBA8, .row_bytes = 1u << 31};
    calo_blob blob = {0};
    calo_error err = {0};
    assert_int_equal(calo_encode_png(&image, &blob, &err), CALO_ERROR_LIMIT);
    image.width = image.height = 23200;
    assert_int_equal(calo_encode_png(&image, &blob, &err), CALO_ERROR_LIMIT);
    assert_non_null(strstr(err.message, "23200 x 23200"));
    assert_null(blob.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_agree),
        cmocka_unit_test(random_sizes_come_back),
        cmocka_unit_test(noise_is_stored),
        cmocka_unit_test(blank_pictures_are_tiny),
        cmocka_unit_test(same_picture_same_bytes),
        cmocka_unit_test(a_failure_leaves_the_blob),
        cmocka_unit_test(too_large_pictures_are_refused_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
