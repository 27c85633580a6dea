/* Radiance HDR: all three ways to store a row, every exponent; damaged and lying ones to a sentence. */
#include <math.h>
#include <stdio.h>

#include "decode_check.h"

/* Appends to a file being made. */
static void put(sample_file *file, const void *bytes, size_t size)
{
    file->bytes = realloc(file->bytes, file->size + size);
    assert_non_null(file->bytes);
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

static sample_file start_hdr(const char *magic, const char *size_line)
{
    sample_file file = {0};
    char header[256];
    int length = snprintf(header, sizeof header, "%s\n# made by a test\nFORMAT=32-bit_rle_rgbe\n\n%s\n", magic,
                          size_line);
    put(&file, header, (size_t)length);
    return file;
}

static void assert_pixel(const calo_image *image, uint32_t x, uint32_t y, float r, float g, float b)
{
    const float *pixel = (const float *)(const void *)((const uint8_t *)image->data + y * image->row_bytes) + 4 * x;
    assert_true(pixel[0] == r && pixel[1] == g && pixel[2] == b && pixel[3] == 1);
}

static void flat_pixels_are_read(void **state)
{
    (void)state;
    sample_file file = start_hdr("#?RGBE", "-Y 1 +X 4");
    put(&file, "\x80\x40\x00\x81" "\xff\x01\x02\xff" "\x10\x20\x30\x01" "\x10\x20\x30\x00", 16);
    calo_image image = decode_ok(file.bytes, file.size);
    assert_int_equal(image.format, CALO_PIXEL_RGBA32F);
    assert_int_equal(image.width, 4);
    assert_int_equal(image.height, 1);
    assert_pixel(&image, 0, 0, 1, 0.5f, 0); /* 128 * 2^(129 - 136) */
    assert_pixel(&image, 1, 0, 0x1.fep126f, 0x1p119f, 0x1p120f);
    assert_pixel(&image, 2, 0, 0x1p-131f, 0x1p-130f, 0x1.8p-130f);
    assert_pixel(&image, 3, 0, 0, 0, 0);
    calo_image_finish(&image);
    free(file.bytes);
}

/* Ten pixels a row: a run, a copy, and a mix of both. */
static sample_file make_packed(void)
{
    sample_file file = start_hdr("#?RADIANCE", "-Y 2 +X 10");
    for (int y = 0; y < 2; y++) {
        put(&file, "\x02\x02\x00\x0a", 4);
        put(&file, "\x8a\x80", 2);                                       /* red: 10 times 128 */
        put(&file, "\x0a\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09", 11);  /* green: 0 to 9 */
        put(&file, "\x03\x07\x08\x09\x85\xff\x02\x01\x02", 9);           /* blue: 7 8 9, 5 times 255, 1 2 */
        put(&file, "\x85\x88\x85\x87", 4);                               /* exponents 136 and 135 */
    }
    return file;
}

static void packed_rows_are_read(void **state)
{
    (void)state;
    static const float blue[10] = {7, 8, 9, 255, 255, 255, 255, 255, 1, 2};
    sample_file file = make_packed();
    calo_image image = decode_ok(file.bytes, file.size);
    for (uint32_t y = 0; y < 2; y++)
        for (uint32_t x = 0; x < 10; x++) {
            float scale = x < 5 ? 1 : 0.5f;
            assert_pixel(&image, x, y, 128 * scale, (float)x * scale, blue[x] * scale);
        }
    calo_image_finish(&image);
    assert_survives_truncation(file.bytes, file.size, false, true);
    assert_survives_damage(file.bytes, file.size);
    free(file.bytes);
}

/* The oldest way: (1, 1, 1, n) repeats the pixel before; a second mark in a row counts 256 times as much. */
static void repeated_pixels_are_read(void **state)
{
    (void)state;
    sample_file file = start_hdr("#?RADIANCE", "-Y 1 +X 600");
    put(&file, "\x05\x06\x07\x88" "\x01\x01\x01\x04" "\x01\x01\x01\x02" "\x09\x09\x09\x88", 16);
    put(&file, "\x01\x01\x01\x51", 4); /* 1 + 4 + 512 + 1 + 81 = 599 */
    put(&file, "\x02\x03\x04\x88", 4);
    calo_image image = decode_ok(file.bytes, file.size);
    for (uint32_t x = 0; x < 517; x++)
        assert_pixel(&image, x, 0, 5, 6, 7);
    for (uint32_t x = 517; x < 599; x++)
        assert_pixel(&image, x, 0, 9, 9, 9);
    assert_pixel(&image, 599, 0, 2, 3, 4);
    calo_image_finish(&image);
    assert_survives_truncation(file.bytes, file.size, false, true);
    assert_survives_damage(file.bytes, file.size);
    free(file.bytes);
}

static void assert_body_fails(const char *size_line, const void *body, size_t size, calo_status status,
                              const char *word)
{
    sample_file file = start_hdr("#?RADIANCE", size_line);
    put(&file, body, size);
    assert_decode_fails(file.bytes, file.size, NULL, status, word);
    free(file.bytes);
}

static void damage_is_told(void **state)
{
    (void)state;
    static const uint8_t zeros[64] = {0};
    assert_body_fails("-Y 1 +X 10", "\x02\x02\x00\x0a\x8b\x00\x00\x00\x00\x00\x00\x00", 12, CALO_ERROR_FORMAT,
                      "row 0 of the Radiance HDR is damaged"); /* a run past the row */
    assert_body_fails("-Y 1 +X 10", "\x02\x02\x00\x0b\x8a\x00\x8a\x00\x8a\x00\x8a\x00", 12, CALO_ERROR_FORMAT,
                      "damaged"); /* another width */
    assert_body_fails("-Y 1 +X 10", "\x02\x02\x00\x0a\x00\x00\x8a\x00\x8a\x00\x8a\x00", 12, CALO_ERROR_FORMAT,
                      "damaged"); /* a count of nothing */
    assert_body_fails("-Y 1 +X 2", "\x01\x01\x01\x02", 4, CALO_ERROR_FORMAT, "damaged"); /* nothing to repeat */
    assert_body_fails("-Y 4 +X 4", zeros, 60, CALO_ERROR_FORMAT, "row 3 of the Radiance HDR is cut short");
    assert_body_fails("-Y 60000 +X 8", zeros, 64, CALO_ERROR_FORMAT, "60000");
    assert_body_fails("-Y 1 +X 70000", zeros, 64, CALO_ERROR_LIMIT, "70000");
    assert_body_fails("-Y 0 +X 8", zeros, 64, CALO_ERROR_FORMAT, "size line");
    assert_body_fails("-Y -5 +X 8", zeros, 64, CALO_ERROR_FORMAT, "size line");
    assert_body_fails("eight by eight", zeros, 64, CALO_ERROR_FORMAT, "eight by eight");
    assert_body_fails("+Y 2 +X 8", zeros, 64, CALO_ERROR_UNSUPPORTED, "order");
    assert_body_fails("+X 2 -Y 8", zeros, 64, CALO_ERROR_UNSUPPORTED, "order");
    static const char xyz[] = "#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n\0\0\0\0";
    assert_decode_fails(xyz, sizeof xyz - 1, NULL, CALO_ERROR_UNSUPPORTED, "xyze");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_pixels_are_read),
        cmocka_unit_test(packed_rows_are_read),
        cmocka_unit_test(repeated_pixels_are_read),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
