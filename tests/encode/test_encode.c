/* Pictures to bytes and back, by other readers where there are any. */
#include <calotype/image.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <spng.h>

#include "base/random.h"
#include "encode/encode.h"
#include "encode/sheet.h"

/* A picture whose bytes are noise, a ramp or one value, by `kind`. */
static calo_image make_picture(uint32_t width, uint32_t height, calo_pixel_format format, int kind)
{
    calo_image image;
    calo_random random = {(uint64_t)kind};
    assert_int_equal(calo_image_init(&image, width, height, format, NULL), CALO_OK);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = (uint8_t *)image.data + y * image.row_bytes;
        for (uint32_t i = 0; i < width * calo_pixel_bytes(format); i++)
            row[i] = (uint8_t)(kind == 0 ? calo_random_next(&random) : kind == 1 ? i + y : 200);
    }
    if (format == CALO_PIXEL_R32U)
        for (uint32_t i = 0; i < width * height; i++)
            ((uint32_t *)image.data)[i] = kind == 0 ? (uint32_t)calo_random_next(&random) % 65536 : i % 65536;
    return image;
}

static void png_comes_back_through_spng(void **state)
{
    (void)state;
    static const calo_pixel_format formats[] = {CALO_PIXEL_R8, CALO_PIXEL_RGB8, CALO_PIXEL_RGBA8, CALO_PIXEL_R32U};
    static const uint32_t sizes[][2] = {{1, 1}, {7, 3}, {64, 64}, {300, 2}};
    for (int f = 0; f < 4; f++)
        for (int s = 0; s < 4; s++)
            for (int kind = 0; kind < 3; kind++) {
                calo_image image = make_picture(sizes[s][0], sizes[s][1], formats[f], kind);
                calo_blob blob = {0};
                assert_int_equal(calo_encode_png(&image, &blob, NULL), CALO_OK);
                spng_ctx *context = spng_ctx_new(0);
                size_t bytes = 0;
                struct spng_ihdr header;
                spng_set_crc_action(context, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
                assert_int_equal(spng_set_png_buffer(context, blob.bytes, blob.size), 0);
                assert_int_equal(spng_get_ihdr(context, &header), 0);
                assert_int_equal(header.width, sizes[s][0]);
                assert_int_equal(spng_decoded_image_size(context, SPNG_FMT_RAW, &bytes), 0);
                uint8_t *raw = malloc(bytes);
                assert_int_equal(spng_decode_image(context, raw, bytes, SPNG_FMT_RAW, 0), 0);
                if (formats[f] != CALO_PIXEL_R32U) {
                    assert_int_equal(bytes, image.row_bytes * image.height);
                    assert_memory_equal(raw, image.data, bytes);
                } else {
                    for (uint32_t i = 0; i < image.width * image.height; i++)
                        assert_int_equal(raw[2 * i] << 8 | raw[2 * i + 1], ((uint32_t *)image.data)[i]);
                }
                free(raw);
                spng_ctx_free(context);
                calo_blob_finish(&blob);
                calo_image_finish(&image);
            }
}

static void ids_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    calo_image image = make_picture(4, 4, CALO_PIXEL_R32U, 1);
    calo_blob blob = {0};
    calo_error err = {0};
    ((uint32_t *)image.data)[7] = 65536;
    assert_int_equal(calo_encode_png(&image, &blob, &err), CALO_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "npy"));
    assert_int_equal(blob.size, 0);
    calo_blob_finish(&blob);
    calo_image_finish(&image);
}

static void npy_has_numpys_header(void **state)
{
    (void)state;
    static const struct {
        calo_pixel_format format;
        const char *dtype, *shape;
    } cases[] = {{CALO_PIXEL_R8, "'|u1'", "(5, 6)"},      {CALO_PIXEL_R32U, "'<u4'", "(5, 6)"},
                 {CALO_PIXEL_R32F, "'<f4'", "(5, 6)"},    {CALO_PIXEL_RGB32F, "'<f4'", "(5, 6, 3)"},
                 {CALO_PIXEL_RGBA8, "'|u1'", "(5, 6, 4)"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_image image = make_picture(6, 5, cases[i].format, 0);
        calo_blob blob = {0};
        assert_int_equal(calo_encode_npy(&image, &blob, NULL), CALO_OK);
        assert_memory_equal(blob.bytes, "\x93NUMPY\x01\x00", 8);
        size_t header = 10 + (size_t)blob.bytes[8] + 256 * (size_t)blob.bytes[9];
        assert_int_equal(header % 64, 0);
        assert_int_equal(blob.bytes[header - 1], '\n');
        char *text = strndup((const char *)blob.bytes + 10, header - 10);
        assert_non_null(strstr(text, cases[i].dtype));
        assert_non_null(strstr(text, cases[i].shape));
        assert_non_null(strstr(text, "'fortran_order': False"));
        free(text);
        assert_int_equal(blob.size - header, image.row_bytes * image.height);
        assert_memory_equal(blob.bytes + header, image.data, blob.size - header);
        calo_blob_finish(&blob);
        calo_image_finish(&image);
    }
}

static calo_frame make_frame(uint32_t size, calo_pixel_format color)
{
    calo_frame frame;
    assert_int_equal(calo_frame_init(&frame, size, size, (1u << CALO_CHANNEL_COUNT) - 1, color, NULL), CALO_OK);
    for (uint32_t y = size / 4; y < size * 3 / 4; y++)
        for (uint32_t x = size / 4; x < size * 3 / 4; x++) {
            size_t i = (size_t)y * size + x;
            float rgba[4] = {2.5f, 0.25f, (float)x / (float)size, 0.5f};
            if (color == CALO_PIXEL_RGBA32F)
                memcpy((float *)frame.planes[0].data + 4 * i, rgba, sizeof rgba);
            else
                memcpy((uint8_t *)frame.planes[0].data + 4 * i, (uint8_t[]){255, 128, 0, 255}, 4);
            ((float *)frame.planes[CALO_CHANNEL_DEPTH].data)[i] = 1 + (float)y / (float)size;
            ((uint8_t *)frame.planes[CALO_CHANNEL_MASK].data)[i] = 1;
            ((uint32_t *)frame.planes[CALO_CHANNEL_INSTANCE_ID].data)[i] = 70000;
        }
    return frame;
}

static void exr_comes_back_straight(void **state)
{
    (void)state;
    calo_frame frame = make_frame(40, CALO_PIXEL_RGBA32F);
    calo_blob blob = {0};
    calo_error err = {0};
    calo_image image;
    calo_status status = calo_encode_exr(&frame, &blob, &err);
    if (status == CALO_ERROR_UNSUPPORTED)
        skip();
    assert_int_equal(status, CALO_OK);
    if (calo_image_decode(blob.bytes, blob.size, "a.exr", NULL, &image, &err) != CALO_OK)
        fail_msg("%s", err.message);
    for (uint32_t i = 0; i < 40 * 40; i++) {
        const float *straight = (const float *)frame.planes[0].data + 4 * i, *read = (const float *)image.data + 4 * i;
        for (int c = 0; c < 3; c++)
            assert_true(fabsf(read[c] - straight[c]) <= 1e-6f * straight[c]);
        assert_true(read[3] == straight[3]);
    }
    calo_image_finish(&image);
    /* Every cut is refused, and reads nothing beyond the end. */
    for (size_t length = 0; length < blob.size; length += 1 + length / 50) {
        uint8_t *exact = malloc(length ? length : 1);
        memcpy(exact, blob.bytes, length);
        assert_int_not_equal(calo_image_decode(exact, length, "cut.exr", NULL, &image, &err), CALO_OK);
        free(exact);
    }
    calo_blob_finish(&blob);
    calo_frame_finish(&frame);
}

static void sheets_show_every_view(void **state)
{
    (void)state;
    calo_frame frame = make_frame(32, CALO_PIXEL_RGBA8);
    calo_sheet *sheet = NULL;
    calo_error err = {0};
    uint32_t channels = (1u << CALO_CHANNEL_COUNT) - 1;
    assert_int_equal(calo_sheet_create(5, 32, 32, channels, "five views of nothing", 0, &sheet, &err), CALO_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(calo_sheet_add(sheet, i, "000", &frame, &err), CALO_OK);
    assert_int_equal(calo_sheet_add(sheet, 5, "005", &frame, &err), CALO_ERROR_ARGUMENT);
    const calo_image *page = calo_sheet_picture(sheet);
    uint32_t orange = 0;
    for (uint32_t y = 0; y < page->height; y++)
        for (uint32_t x = 0; x < page->width; x++) {
            const uint8_t *p = (const uint8_t *)page->data + y * page->row_bytes + 3 * x;
            orange += p[0] == 255 && p[1] == 128 && p[2] == 0;
        }
    assert_int_equal(orange, 5 * 16 * 16); /* each view's colour, pixel for pixel */
    calo_sheet_destroy(sheet);
    assert_int_equal(calo_sheet_create(0, 32, 32, 1, "", 0, &sheet, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_sheet_create(10000000, 32, 32, 1, "", 0, &sheet, &err), CALO_ERROR_LIMIT);
    calo_frame_finish(&frame);
}

/* A fine checkerboard at half its size. */
static void thumbnails_are_means_of_light(void **state)
{
    (void)state;
    enum { SIDE = 48, CELL = 24 };
    calo_frame frame;
    calo_sheet *sheet = NULL;
    assert_int_equal(calo_frame_init(&frame, SIDE, SIDE, 1, CALO_PIXEL_RGB8, NULL), CALO_OK);
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        memset((uint8_t *)frame.planes[0].data + 3 * i, (i + i / SIDE) % 2 ? 255 : 0, 3);
    assert_int_equal(calo_sheet_create(1, SIDE, SIDE, 1, "", CELL, &sheet, NULL), CALO_OK);
    assert_int_equal(calo_sheet_add(sheet, 0, NULL, &frame, NULL), CALO_OK);
    const calo_image *page = calo_sheet_picture(sheet);
    uint32_t middle = 0;
    for (uint32_t i = 0; i < page->width * page->height; i++)
        middle += memcmp((const uint8_t *)page->data + 3 * i, (uint8_t[]){188, 188, 188}, 3) == 0;
    assert_int_equal(middle, CELL * CELL); /* half the light is code 188 */
    calo_sheet_destroy(sheet);
    calo_frame_finish(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_comes_back_through_spng),
        cmocka_unit_test(ids_that_do_not_fit_are_refused),
        cmocka_unit_test(npy_has_numpys_header),
        cmocka_unit_test(exr_comes_back_straight),
        cmocka_unit_test(sheets_show_every_view),
        cmocka_unit_test(thumbnails_are_means_of_light),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
