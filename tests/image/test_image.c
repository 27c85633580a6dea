/* Colour, frames, and every decoder on good, cut off and lying files. */
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
#include <turbojpeg.h>

#include "image/color.h"

static void srgb_codes_are_the_nearest(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        assert_int_equal(calo_srgb_from_linear(calo_linear_from_srgb((uint8_t)code)), code);
        double s = code / 255.0, exact = s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
        assert_true(fabs(calo_linear_from_srgb((uint8_t)code) - exact) <= 1e-7);
        if (code == 0)
            continue;
        /* Just below and above the middle between two codes. */
        double half = (code - 0.5) / 255, middle = half <= 0.04045 ? half / 12.92 : pow((half + 0.055) / 1.055, 2.4);
        assert_int_equal(calo_srgb_from_linear((float)(middle * (1 - 1e-6))), code - 1);
        assert_int_equal(calo_srgb_from_linear((float)(middle * (1 + 1e-6))), code);
    }
    assert_int_equal(calo_srgb_from_linear(NAN), 0);
    assert_int_equal(calo_srgb_from_linear(-INFINITY), 0);
    assert_int_equal(calo_srgb_from_linear(INFINITY), 255);
}

static void frames_hold_what_was_asked_for(void **state)
{
    (void)state;
    calo_frame frame;
    calo_error err = {0};
    assert_int_equal(calo_frame_init(&frame, 3, 2, (1u << CALO_CHANNEL_COUNT) - 1, CALO_PIXEL_RGB8, &err), CALO_OK);
    static const uint32_t bytes[CALO_CHANNEL_COUNT] = {3, 4, 12, 12, 1, 4, 4, 12, 8, 12, 8};
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        assert_int_equal(calo_pixel_bytes(frame.planes[c].format), bytes[c]);
    calo_frame_finish(&frame);
    assert_int_equal(calo_frame_init(&frame, 0, 2, 1, CALO_PIXEL_RGB8, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_frame_init(&frame, 100000, 2, 1, CALO_PIXEL_RGB8, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(calo_channel_name(CALO_CHANNEL_METAL_ROUGHNESS), "metal_roughness");
}

/* A PNG of this kind whose samples are 0, 1, 2, ... */
static uint8_t *make_png(uint8_t color_type, uint8_t bit_depth, int interlace, size_t *size)
{
    enum { SIDE = 9 };
    static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
    spng_ctx *context = spng_ctx_new(SPNG_CTX_ENCODER);
    struct spng_ihdr header = {SIDE, SIDE, bit_depth, color_type, 0, 0, (uint8_t)interlace};
    spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
    spng_set_ihdr(context, &header);
    if (color_type == SPNG_COLOR_TYPE_INDEXED) {
        struct spng_plte palette = {.n_entries = 4};
        for (uint32_t i = 0; i < 4; i++)
            palette.entries[i] = (struct spng_plte_entry){(uint8_t)(10 * i), 20, 30, 0};
        spng_set_plte(context, &palette);
        spng_set_trns(context, &(struct spng_trns){.n_type3_entries = 1, .type3_alpha = {7}});
    }
    size_t row = ((size_t)SIDE * samples[color_type] * bit_depth + 7) / 8;
    uint8_t *pixels = malloc(row * SIDE);
    for (size_t i = 0; i < row * SIDE; i++)
        pixels[i] = color_type == SPNG_COLOR_TYPE_INDEXED ? (uint8_t)(i % 4) : (uint8_t)i;
    assert_int_equal(spng_encode_image(context, pixels, row * SIDE, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
    int error = 0;
    uint8_t *png = spng_get_png_buffer(context, size, &error);
    assert_int_equal(error, 0);
    spng_ctx_free(context);
    free(pixels);
    return png;
}

static void png_of_every_kind_decodes(void **state)
{
    (void)state;
    static const uint8_t kinds[][2] = {{0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}, {0, 1}, {0, 4}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t size;
        uint8_t *png = make_png(kinds[k][0], kinds[k][1], 0, &size);
        calo_image image;
        calo_error err = {0};
        if (calo_image_decode(png, size, "a.png", NULL, &image, &err) != CALO_OK)
            fail_msg("%s", err.message);
        assert_int_equal(image.width, 9);
        assert_int_equal(image.format, CALO_PIXEL_RGBA8);
        const uint8_t *p = image.data;
        if (kinds[k][0] == 6 && kinds[k][1] == 8)
            for (int i = 0; i < 9 * 9 * 4; i++)
                assert_int_equal(p[i], (uint8_t)i);
        if (kinds[k][0] == 3)
            assert_true(p[0] == 0 && p[3] == 7 && p[4] == 10 && p[5] == 20 && p[7] == 255);
        calo_image_finish(&image);
        free(png);
    }
}

/* Cut anywhere, a file is refused with a sentence that names it (JPEG may lose its last bytes). */
static void check_cuts(const uint8_t *bytes, size_t size, size_t may_lose)
{
    calo_image image;
    calo_error err;
    for (size_t length = 0; length < size; length++) {
        uint8_t *exact = malloc(length ? length : 1); /* so that sanitizers see every byte read too far */
        memcpy(exact, bytes, length);
        err = (calo_error){0};
        calo_status status = calo_image_decode(exact, length, "cut.bin", NULL, &image, &err);
        if (status == CALO_OK)
            assert_true(length + may_lose >= size);
        else
            assert_non_null(strstr(err.message, "cut.bin"));
        calo_image_finish(&image);
        free(exact);
    }
}

static void cut_off_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    uint8_t *png = make_png(6, 8, 0, &size);
    check_cuts(png, size, 16); /* the end marker says nothing that is needed */
    free(png);
    uint8_t pixels[16 * 16 * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 7);
    tjhandle encoder = tjInitCompress();
    unsigned char *jpeg = NULL;
    unsigned long jpeg_size = 0;
    assert_int_equal(tjCompress2(encoder, pixels, 16, 0, 16, TJPF_RGB, &jpeg, &jpeg_size, TJSAMP_444, 90, 0), 0);
    calo_image image;
    calo_error err = {0};
    assert_int_equal(calo_image_decode(jpeg, jpeg_size, "a.jpg", NULL, &image, &err), CALO_OK);
    for (int i = 0; i < 16 * 16; i++)
        assert_int_equal(((uint8_t *)image.data)[4 * i + 3], 255);
    calo_image_finish(&image);
    check_cuts(jpeg, jpeg_size, jpeg_size);
    tjFree(jpeg);
    tjDestroy(encoder);
}

static void radiance_pictures_decode(void **state)
{
    (void)state;
    /* One pixel of 1, 0.5, 2 (128, 64, 256 do not fit: 64, 32, 128 with exponent 130), one run of old coding. */
    static const uint8_t hdr[] = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 3\n\x40\x20\x80\x82\x01\x01\x01\x02";
    calo_image image;
    calo_error err = {0};
    if (calo_image_decode(hdr, sizeof hdr - 1, "a.hdr", NULL, &image, &err) != CALO_OK)
        fail_msg("%s", err.message);
    const float *p = image.data;
    for (int x = 0; x < 3; x++)
        assert_true(p[4 * x] == 1 && p[4 * x + 1] == 0.5f && p[4 * x + 2] == 2 && p[4 * x + 3] == 1);
    calo_image_finish(&image);
    check_cuts(hdr, sizeof hdr - 1, 0);
    /* Run-length coding by component: 8 pixels, all of them one run. */
    static const uint8_t runs[] = "#?RADIANCE\n\n-Y 1 +X 8\n\x02\x02\x00\x08\x88\x40\x88\x20\x88\x80\x88\x82";
    assert_int_equal(calo_image_decode(runs, sizeof runs - 1, "b.hdr", NULL, &image, &err), CALO_OK);
    assert_true(((float *)image.data)[4 * 7 + 2] == 2);
    calo_image_finish(&image);
    check_cuts(runs, sizeof runs - 1, 0);
}

static void lying_headers_are_refused_at_once(void **state)
{
    (void)state;
    size_t size;
    uint8_t *png = make_png(6, 8, 0, &size);
    calo_image image;
    calo_error err = {0};
    /* 60000 x 60000, with the right checksum of its header. */
    static const uint8_t header[] = {0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 6, 0, 0, 0};
    memcpy(png + 16, header, sizeof header);
    uint32_t crc = 0xffffffffu;
    for (size_t i = 12; i < 29; i++) {
        crc ^= png[i];
        for (int b = 0; b < 8; b++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    crc = ~crc;
    for (int i = 0; i < 4; i++)
        png[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    assert_int_not_equal(calo_image_decode(png, size, "huge.png", NULL, &image, &err), CALO_OK);
    assert_non_null(strstr(err.message, "60000"));
    free(png);
    static const uint8_t hdr[] = "#?RADIANCE\n\n-Y 60000 +X 60000\n";
    assert_int_not_equal(calo_image_decode(hdr, sizeof hdr - 1, "huge.hdr", NULL, &image, &err), CALO_OK);
    assert_non_null(strstr(err.message, "60000"));
    assert_int_equal(calo_image_decode("GIF89a......", 12, "a.gif", NULL, &image, &err), CALO_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "GIF"));
    assert_int_equal(calo_image_decode("hello world", 11, "a.txt", NULL, &image, &err), CALO_ERROR_FORMAT);
    assert_int_equal(calo_image_decode("", 0, "a.png", NULL, &image, &err), CALO_ERROR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(srgb_codes_are_the_nearest),
        cmocka_unit_test(frames_hold_what_was_asked_for),
        cmocka_unit_test(png_of_every_kind_decodes),
        cmocka_unit_test(cut_off_files_are_refused),
        cmocka_unit_test(radiance_pictures_decode),
        cmocka_unit_test(lying_headers_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
