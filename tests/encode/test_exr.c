/* The multi-channel OpenEXR file, read back by OpenEXRCore: every channel under its name, in its type. */
#include <calotype/image.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/encode.h"

enum { WIDTH = 21, HEIGHT = 35, ALL_CHANNELS = (1 << CALO_CHANNEL_COUNT) - 1 };

/* Some value for each pixel and component, different everywhere. */
static float float_at(int channel, uint32_t x, uint32_t y, uint32_t component)
{
    return (float)(channel * 1000 + (int)(x * 40 + y)) + 0.25f * (float)component;
}

static uint32_t id_at(int channel, uint32_t x, uint32_t y)
{
    return (uint32_t)channel << 24 | x << 8 | y;
}

static calo_frame make_frame(uint32_t channels, calo_pixel_format color_format)
{
    calo_frame frame;
    assert_int_equal(calo_frame_init(&frame, WIDTH, HEIGHT, channels, color_format, NULL), CALO_OK);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        calo_image *plane = &frame.planes[c];
        for (uint32_t i = 0; plane->data && i < WIDTH * HEIGHT; i++) {
            uint32_t x = i % WIDTH, y = i / WIDTH, components = calo_pixel_components(plane->format);
            uint8_t *pixel = (uint8_t *)plane->data + (size_t)i * calo_pixel_bytes(plane->format);
            for (uint32_t k = 0; k < components; k++) {
                float value = c == 0 && k == 3 ? 0.5f : float_at(c, x, y, k);
                uint32_t id = id_at(c, x, y);
                if (calo_pixel_bytes(plane->format) == components)
                    pixel[k] = (uint8_t)(c == CALO_CHANNEL_MASK ? (x + y) % 2 : x * 9 + y * 2 + k * 50);
                else
                    memcpy(pixel + 4 * k, plane->format == CALO_PIXEL_R32U ? (const void *)&id : &value, 4);
            }
        }
    }
    return frame;
}

#ifdef CALO_HAVE_EXR

#include <openexr.h>

static int64_t read_memory(exr_const_context_t context, void *user, void *buffer, uint64_t count, uint64_t offset,
                           exr_stream_error_func_ptr_t error)
{
    (void)context;
    (void)error;
    const calo_blob *blob = user;
    if (offset >= blob->size)
        return 0;
    count = count < blob->size - offset ? count : blob->size - offset;
    memcpy(buffer, blob->bytes + offset, count);
    return (int64_t)count;
}

static exr_context_t open_exr(calo_blob *blob)
{
    exr_context_initializer_t initializer = EXR_DEFAULT_CONTEXT_INITIALIZER;
    exr_context_t context = NULL;
    initializer.user_data = blob;
    initializer.read_fn = read_memory;
    assert_int_equal(exr_start_read(&context, "view.exr", &initializer), EXR_ERR_SUCCESS);
    return context;
}

/* A channel's numbers as they stand in the file, widened to 32 bits; its type is checked. The others go
 * elsewhere: OpenEXRCore 3.1 cannot skip some of four half channels. */
static uint32_t *read_channel(exr_context_t context, const char *name, exr_pixel_type_t type)
{
    static uint32_t unwanted[WIDTH * HEIGHT];
    uint32_t *values = calloc(WIDTH * HEIGHT, sizeof *values);
    int32_t step = 0;
    bool found = false;
    assert_int_equal(exr_get_scanlines_per_chunk(context, 0, &step), EXR_ERR_SUCCESS);
    for (int y = 0; y < HEIGHT; y += step) {
        exr_decode_pipeline_t pipeline = EXR_DECODE_PIPELINE_INITIALIZER;
        exr_chunk_info_t chunk;
        assert_int_equal(exr_read_scanline_chunk_info(context, 0, y, &chunk), EXR_ERR_SUCCESS);
        assert_int_equal(exr_decoding_initialize(context, 0, &chunk, &pipeline), EXR_ERR_SUCCESS);
        for (int c = 0; c < pipeline.channel_count; c++) {
            exr_coding_channel_info_t *channel = &pipeline.channels[c];
            bool is_it = strcmp(channel->channel_name, name) == 0;
            found = found || is_it;
            if (is_it)
                assert_int_equal(channel->data_type, type);
            channel->decode_to_ptr = (uint8_t *)((is_it ? values : unwanted) + y * WIDTH);
            channel->user_bytes_per_element = 4;
            channel->user_data_type = channel->data_type == EXR_PIXEL_UINT ? EXR_PIXEL_UINT : EXR_PIXEL_FLOAT;
            channel->user_pixel_stride = 4;
            channel->user_line_stride = 4 * WIDTH;
        }
        assert_int_equal(exr_decoding_choose_default_routines(context, 0, &pipeline), EXR_ERR_SUCCESS);
        assert_int_equal(exr_decoding_run(context, 0, &pipeline), EXR_ERR_SUCCESS);
        exr_decoding_destroy(context, &pipeline);
    }
    if (!found)
        fail_msg("there is no channel %s", name);
    return values;
}

static void every_channel_has_its_name_and_values(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int channel;
        uint32_t component;
    } floats[] = {
        {"Z", CALO_CHANNEL_DEPTH, 0},           {"N.X", CALO_CHANNEL_NORMAL, 0},
        {"N.Y", CALO_CHANNEL_NORMAL, 1},        {"N.Z", CALO_CHANNEL_NORMAL, 2},
        {"NG.X", CALO_CHANNEL_GEOMETRIC_NORMAL, 0}, {"NG.Z", CALO_CHANNEL_GEOMETRIC_NORMAL, 2},
        {"P.X", CALO_CHANNEL_POSITION, 0},      {"P.Y", CALO_CHANNEL_POSITION, 1},
        {"UV.U", CALO_CHANNEL_UV, 0},           {"UV.V", CALO_CHANNEL_UV, 1},
        {"albedo.R", CALO_CHANNEL_ALBEDO, 0},   {"albedo.B", CALO_CHANNEL_ALBEDO, 2},
        {"metallic", CALO_CHANNEL_METAL_ROUGHNESS, 0}, {"roughness", CALO_CHANNEL_METAL_ROUGHNESS, 1},
    };
    calo_frame frame = make_frame(ALL_CHANNELS, CALO_PIXEL_RGBA8);
    calo_blob blob = {0};
    assert_int_equal(calo_encode_exr(&frame, &blob, NULL), CALO_OK);
    exr_context_t context = open_exr(&blob);
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        uint32_t *values = read_channel(context, floats[i].name, EXR_PIXEL_FLOAT);
        for (uint32_t p = 0; p < WIDTH * HEIGHT; p++) {
            float expected = float_at(floats[i].channel, p % WIDTH, p / WIDTH, floats[i].component);
            assert_memory_equal(&values[p], &expected, 4);
        }
        free(values);
    }
    uint32_t *mask = read_channel(context, "mask", EXR_PIXEL_UINT);
    uint32_t *instances = read_channel(context, "instance_id", EXR_PIXEL_UINT);
    uint32_t *materials = read_channel(context, "material_id", EXR_PIXEL_UINT);
    for (uint32_t p = 0; p < WIDTH * HEIGHT; p++) {
        assert_int_equal(mask[p], (p % WIDTH + p / WIDTH) % 2);
        assert_int_equal(instances[p], id_at(CALO_CHANNEL_INSTANCE_ID, p % WIDTH, p / WIDTH));
        assert_int_equal(materials[p], id_at(CALO_CHANNEL_MATERIAL_ID, p % WIDTH, p / WIDTH));
    }
    free(mask);
    free(instances);
    free(materials);
    exr_finish(&context);
    calo_blob_finish(&blob);
    calo_frame_finish(&frame);
}

/* Linear light times alpha, in half precision: 11 significant bits. */
static void color_is_linear_and_associated(void **state)
{
    (void)state;
    calo_frame frame = make_frame(CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR), CALO_PIXEL_RGBA8);
    calo_blob blob = {0};
    assert_int_equal(calo_encode_exr(&frame, &blob, NULL), CALO_OK);
    exr_context_t context = open_exr(&blob);
    static const char *const names[4] = {"R", "G", "B", "A"};
    for (int c = 0; c < 4; c++) {
        uint32_t *values = read_channel(context, names[c], EXR_PIXEL_HALF);
        for (uint32_t p = 0; p < WIDTH * HEIGHT; p++) {
            const uint8_t *pixel = (const uint8_t *)frame.planes[0].data + 4 * p;
            double s = pixel[c] / 255.0, alpha = pixel[3] / 255.0;
            double light = s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
            double expected = c == 3 ? alpha : light * alpha;
            float got;
            memcpy(&got, &values[p], 4);
            assert_true(fabs((double)got - expected) <= expected / 2048 + 1e-7);
        }
        free(values);
    }
    exr_finish(&context);
    calo_blob_finish(&blob);
    calo_frame_finish(&frame);
}

/* Appended behind what the blob holds; nothing is left of a failure. */
static void files_are_appended_and_the_same_each_time(void **state)
{
    (void)state;
    calo_frame frame = make_frame(ALL_CHANNELS, CALO_PIXEL_RGBA32F), empty = {.width = 4, .height = 4};
    calo_blob blob = {0};
    calo_error err = {0};
    assert_int_equal(calo_encode_exr(&frame, &blob, NULL), CALO_OK);
    size_t size = blob.size;
    assert_int_equal(calo_encode_exr(&frame, &blob, NULL), CALO_OK);
    assert_int_equal(blob.size, 2 * size);
    assert_memory_equal(blob.bytes, blob.bytes + size, size);
    assert_int_equal(calo_encode_exr(&empty, &blob, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(blob.size, 2 * size);
    calo_blob_finish(&blob);
    calo_frame_finish(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_channel_has_its_name_and_values),
        cmocka_unit_test(color_is_linear_and_associated),
        cmocka_unit_test(files_are_appended_and_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void exr_is_refused_in_a_sentence(void **state)
{
    (void)state;
    calo_frame frame = make_frame(ALL_CHANNELS, CALO_PIXEL_RGBA8);
    calo_blob blob = {0};
    calo_error err = {0};
    assert_int_equal(calo_encode_exr(&frame, &blob, &err), CALO_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "OpenEXR"));
    calo_frame_finish(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exr_is_refused_in_a_sentence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
