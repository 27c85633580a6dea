/* JPEG (by libjpeg-turbo's encoder) and WebP (by libwebp's) to RGBA8; damaged and lying ones to a sentence. */
#include <turbojpeg.h>
#ifdef CALO_HAVE_WEBP
#include <webp/encode.h>
#endif

#include "decode_check.h"

enum { WIDTH = 50, HEIGHT = 34 };

/* Smooth enough for JPEG to keep. */
static void pixel_at(int x, int y, uint8_t rgba[4])
{
    rgba[0] = (uint8_t)(40 + 4 * x);
    rgba[1] = (uint8_t)(20 + 6 * y);
    rgba[2] = (uint8_t)(128 + x - y);
    rgba[3] = (uint8_t)(255 - x);
}

static void fill(uint8_t *pixels)
{
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        pixel_at(i % WIDTH, i / WIDTH, pixels + 4 * i);
}

static sample_file make_jpeg(int pixel_format, int subsampling, int flags)
{
    uint8_t pixels[WIDTH * HEIGHT * 4], *bytes = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    fill(pixels);
    assert_int_equal(tjCompress2(handle, pixels, WIDTH, 0, HEIGHT, pixel_format, &bytes, &size, subsampling, 97,
                                 flags), 0);
    tjDestroy(handle);
    sample_file file = copy_file(bytes, size);
    tjFree(bytes);
    return file;
}

static void assert_near(const calo_image *image, void (*expected)(const uint8_t rgba[4], uint8_t out[3]), int tolerance)
{
    assert_int_equal(image->format, CALO_PIXEL_RGBA8);
    assert_int_equal(image->width, WIDTH);
    assert_int_equal(image->height, HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        uint8_t made[4], wanted[3];
        const uint8_t *got = (const uint8_t *)image->data + 4 * i;
        pixel_at(i % WIDTH, i / WIDTH, made);
        expected(made, wanted);
        for (int c = 0; c < 3; c++)
            if (abs(got[c] - wanted[c]) > tolerance)
                fail_msg("pixel %d, component %d: %u, not %u", i, c, got[c], wanted[c]);
        assert_int_equal(got[3], 255);
    }
}

static void as_color(const uint8_t rgba[4], uint8_t out[3])
{
    memcpy(out, rgba, 3);
}

static void as_grey(const uint8_t rgba[4], uint8_t out[3])
{
    memset(out, (int)(0.299 * rgba[0] + 0.587 * rgba[1] + 0.114 * rgba[2] + 0.5), 3);
}

/* The four numbers taken as inverted ink: what ink leaves over times what black leaves over. */
static void as_ink(const uint8_t rgba[4], uint8_t out[3])
{
    for (int c = 0; c < 3; c++)
        out[c] = (uint8_t)((double)rgba[c] * rgba[3] / 255 + 0.5);
}

static void every_kind_of_jpeg_is_read(void **state)
{
    (void)state;
    static const struct {
        int pixel_format, subsampling, flags;
        void (*expected)(const uint8_t rgba[4], uint8_t out[3]);
        int tolerance;
    } cases[] = {
        {TJPF_RGBA, TJSAMP_444, 0, as_color, 4},
        {TJPF_RGBA, TJSAMP_420, 0, as_color, 8},
        {TJPF_RGBA, TJSAMP_422, TJFLAG_PROGRESSIVE, as_color, 8},
        {TJPF_RGBA, TJSAMP_GRAY, 0, as_grey, 4},
        {TJPF_CMYK, TJSAMP_444, 0, as_ink, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sample_file file = make_jpeg(cases[i].pixel_format, cases[i].subsampling, cases[i].flags);
        calo_image image = decode_ok(file.bytes, file.size);
        assert_near(&image, cases[i].expected, cases[i].tolerance);
        calo_image_finish(&image);
        free(file.bytes);
    }
}

/* As viewers do, what is there of a cut JPEG is shown. */
static void cut_jpegs_never_crash(void **state)
{
    (void)state;
    sample_file file = make_jpeg(TJPF_RGBA, TJSAMP_420, 0);
    assert_survives_truncation(file.bytes, file.size, true, false);
    assert_survives_damage(file.bytes, file.size);
    assert_decode_fails(file.bytes, 100, NULL, CALO_ERROR_FORMAT, "damaged JPEG");
    free(file.bytes);
    file = make_jpeg(TJPF_CMYK, TJSAMP_444, TJFLAG_PROGRESSIVE);
    assert_survives_truncation(file.bytes, file.size, true, false);
    free(file.bytes);
}

static void jpeg_claims_are_checked(void **state)
{
    (void)state;
    sample_file file = make_jpeg(TJPF_RGBA, TJSAMP_444, 0);
    uint8_t *frame = memmem(file.bytes, file.size, "\xff\xc0", 2);
    assert_non_null(frame);
    frame[5] = frame[7] = 0x40; /* height and width, big endian: about 16400 */
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_FORMAT, "cannot hold");
    assert_decode_fails(file.bytes, file.size, &(calo_limits){.max_texture_pixels = 512}, CALO_ERROR_LIMIT,
                        "2048 a side");
    free(file.bytes);
}

#ifdef CALO_HAVE_WEBP

static sample_file make_webp(bool lossless)
{
    uint8_t pixels[WIDTH * HEIGHT * 4], *bytes = NULL;
    fill(pixels);
    size_t size = lossless ? WebPEncodeLosslessRGBA(pixels, WIDTH, HEIGHT, WIDTH * 4, &bytes)
                           : WebPEncodeRGBA(pixels, WIDTH, HEIGHT, WIDTH * 4, 95, &bytes);
    assert_true(size > 0);
    sample_file file = copy_file(bytes, size);
    WebPFree(bytes);
    return file;
}

static void webp_is_read(void **state)
{
    (void)state;
    uint8_t pixels[WIDTH * HEIGHT * 4];
    fill(pixels);
    sample_file file = make_webp(true);
    calo_image image = decode_ok(file.bytes, file.size);
    assert_int_equal(image.format, CALO_PIXEL_RGBA8);
    assert_int_equal(image.row_bytes * image.height, sizeof pixels);
    assert_memory_equal(image.data, pixels, sizeof pixels);
    calo_image_finish(&image);
    free(file.bytes);
    file = make_webp(false);
    image = decode_ok(file.bytes, file.size);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const uint8_t *got = (const uint8_t *)image.data + 4 * i;
        assert_true(abs(got[0] - pixels[4 * i]) <= 12 && abs(got[1] - pixels[4 * i + 1]) <= 12);
        assert_int_equal(got[3], pixels[4 * i + 3]); /* alpha is kept exactly */
    }
    calo_image_finish(&image);
    free(file.bytes);
}

static void cut_webps_fail(void **state)
{
    (void)state;
    for (int lossless = 0; lossless < 2; lossless++) {
        sample_file file = make_webp(lossless != 0);
        assert_survives_truncation(file.bytes, file.size, false, true);
        assert_survives_damage(file.bytes, file.size);
        free(file.bytes);
    }
}

static void webp_claims_are_checked(void **state)
{
    (void)state;
    /* A lossless header of 16383 x 16383 pixels and nothing behind it. */
    static const uint8_t liar[] = "RIFF\x20\0\0\0WEBPVP8L\x14\0\0\0\x2f\xfe\xbf\xff\x0f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert_decode_fails(liar, sizeof liar - 1, NULL, CALO_ERROR_FORMAT, "16383 x 16383");
    assert_decode_fails(liar, sizeof liar - 1, &(calo_limits){.max_memory_bytes = 1 << 20}, CALO_ERROR_LIMIT,
                        "memory limit");
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_jpeg_is_read),
        cmocka_unit_test(cut_jpegs_never_crash),
        cmocka_unit_test(jpeg_claims_are_checked),
#ifdef CALO_HAVE_WEBP
        cmocka_unit_test(webp_is_read),
        cmocka_unit_test(cut_webps_fail),
        cmocka_unit_test(webp_claims_are_checked),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
