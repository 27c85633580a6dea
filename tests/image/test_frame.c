/* Pixel formats, pictures and frames in memory. */
#include <calotype/image.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void formats_have_sizes(void **state)
{
    (void)state;
    static const struct {
        calo_pixel_format format;
        uint32_t components, bytes;
    } expected[] = {
        {CALO_PIXEL_NONE, 0, 0},  {CALO_PIXEL_R8, 1, 1},     {CALO_PIXEL_RGB8, 3, 3},
        {CALO_PIXEL_RGBA8, 4, 4}, {CALO_PIXEL_R32U, 1, 4},   {CALO_PIXEL_R32F, 1, 4},
        {CALO_PIXEL_RG32F, 2, 8}, {CALO_PIXEL_RGB32F, 3, 12}, {CALO_PIXEL_RGBA32F, 4, 16},
        {(calo_pixel_format)99, 0, 0},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(calo_pixel_components(expected[i].format), expected[i].components);
        assert_int_equal(calo_pixel_bytes(expected[i].format), expected[i].bytes);
    }
}

static void pictures_are_checked(void **state)
{
    (void)state;
    calo_image image;
    calo_error err = {0};
    assert_int_equal(calo_image_init(&image, 5, 3, CALO_PIXEL_RGB32F, &err), CALO_OK);
    assert_int_equal(image.row_bytes, 60);
    for (size_t i = 0; i < 180; i++)
        assert_int_equal(((uint8_t *)image.data)[i], 0);
    calo_image_finish(&image);
    assert_null(image.data);
    calo_image_finish(&image);
    assert_int_equal(calo_image_init(&image, 0, 3, CALO_PIXEL_R8, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_image_init(&image, 3, 3, CALO_PIXEL_NONE, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_image_init(&image, UINT32_MAX, UINT32_MAX, CALO_PIXEL_RGBA32F, &err), CALO_ERROR_LIMIT);
    assert_null(image.data);
}

static void frames_have_their_channels(void **state)
{
    (void)state;
    static const char *const names[CALO_CHANNEL_COUNT] = {
        "color", "depth", "normal", "geometric_normal", "mask", "instance_id",
        "material_id", "position", "uv", "albedo", "metal_roughness",
    };
    static const calo_pixel_format formats[CALO_CHANNEL_COUNT] = {
        CALO_PIXEL_RGB8, CALO_PIXEL_R32F, CALO_PIXEL_RGB32F, CALO_PIXEL_RGB32F, CALO_PIXEL_R8, CALO_PIXEL_R32U,
        CALO_PIXEL_R32U, CALO_PIXEL_RGB32F, CALO_PIXEL_RG32F, CALO_PIXEL_RGB32F, CALO_PIXEL_RG32F,
    };
    calo_frame frame;
    assert_int_equal(calo_frame_init(&frame, 4, 2, (1u << CALO_CHANNEL_COUNT) - 1, CALO_PIXEL_RGB8, NULL), CALO_OK);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        assert_string_equal(calo_channel_name((calo_channel)c), names[c]);
        assert_int_equal(frame.planes[c].format, formats[c]);
        assert_int_equal(frame.planes[c].width, 4);
        assert_int_equal(frame.planes[c].height, 2);
    }
    calo_frame_finish(&frame);
    assert_int_equal(calo_frame_init(&frame, 4, 2, CALO_CHANNEL_BIT(CALO_CHANNEL_MASK), CALO_PIXEL_RGB8, NULL),
                     CALO_OK);
    assert_null(frame.planes[CALO_CHANNEL_COLOR].data);
    assert_non_null(frame.planes[CALO_CHANNEL_MASK].data);
    calo_frame_finish(&frame);
}

static void frames_are_bounded(void **state)
{
    (void)state;
    calo_frame frame;
    calo_error err = {0};
    assert_int_equal(calo_frame_init(&frame, 0, 8, 1, CALO_PIXEL_RGBA8, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_frame_init(&frame, 100000, 8, 1, CALO_PIXEL_RGBA8, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "100000"));
    assert_int_equal(calo_frame_init(&frame, CALO_FRAME_MAX_SIDE, 1, 1, CALO_PIXEL_RGBA8, &err), CALO_OK);
    calo_frame_finish(&frame);
    assert_int_equal(calo_frame_init(&frame, 8, 8, 1, CALO_PIXEL_NONE, &err), CALO_ERROR_ARGUMENT);
    assert_null(frame.planes[0].data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_have_sizes),
        cmocka_unit_test(pictures_are_checked),
        cmocka_unit_test(frames_have_their_channels),
        cmocka_unit_test(frames_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
