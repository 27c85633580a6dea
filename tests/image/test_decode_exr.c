/* OpenEXR pictures made by OpenEXRCore: every compression, tiles, grey, alpha; bad ones to a sentence. */
#include "decode_check.h"

#ifdef CALO_HAVE_EXR

#include <math.h>
#include <openexr.h>

enum { WIDTH = 37, HEIGHT = 41, TILE = 16 };

typedef struct exr_recipe {
    const char *channels; /* a letter each, in alphabetical order */
    exr_pixel_type_t type;
    exr_compression_t compression;
    bool is_tiled;
    int32_t sampling;
    int32_t origin; /* of the data window, both ways */
} exr_recipe;

static int64_t write_memory(exr_const_context_t context, void *user, const void *buffer, uint64_t count,
                            uint64_t offset, exr_stream_error_func_ptr_t error)
{
    (void)context;
    (void)error;
    sample_file *file = user;
    if (offset + count > file->size) {
        file->bytes = realloc(file->bytes, offset + count);
        file->size = offset + count;
    }
    memcpy(file->bytes + offset, buffer, count);
    return (int64_t)count;
}

/* A quarter, a half, ..: exact in every type that is not uint; below 1 for alpha. */
static float value_at(char channel, int x, int y)
{
    if (channel == 'A')
        return (float)(1 + (x + y) % 4) / 4;
    return (float)((x * 3 + y * 5 + channel) % 64);
}

static void check(exr_result_t code)
{
    if (code != EXR_ERR_SUCCESS)
        fail_msg("OpenEXR: %s", exr_get_default_error_message(code));
}

static void write_chunk(exr_context_t context, const exr_recipe *recipe, const exr_chunk_info_t *chunk, int left,
                        int top)
{
    static float values[8][WIDTH * HEIGHT];
    exr_encode_pipeline_t pipeline = EXR_ENCODE_PIPELINE_INITIALIZER;
    check(exr_encoding_initialize(context, 0, chunk, &pipeline));
    for (int c = 0; c < pipeline.channel_count; c++) {
        exr_coding_channel_info_t *channel = &pipeline.channels[c];
        for (int y = 0; y < chunk->height; y++)
            for (int x = 0; x < chunk->width; x++) {
                float value = value_at(channel->channel_name[0], left + x, top + y);
                uint32_t number = (uint32_t)value;
                memcpy(&values[c][y * chunk->width + x],
                       recipe->type == EXR_PIXEL_UINT ? (const void *)&number : &value, 4);
            }
        channel->encode_from_ptr = (const uint8_t *)values[c];
        channel->user_pixel_stride = 4;
        channel->user_line_stride = 4 * chunk->width;
        channel->user_bytes_per_element = 4;
        channel->user_data_type = recipe->type == EXR_PIXEL_UINT ? EXR_PIXEL_UINT : EXR_PIXEL_FLOAT;
    }
    check(exr_encoding_choose_default_routines(context, 0, &pipeline));
    check(exr_encoding_run(context, 0, &pipeline));
    check(exr_encoding_destroy(context, &pipeline));
}

static sample_file make_exr(const exr_recipe *recipe)
{
    sample_file file = {0};
    exr_context_initializer_t initializer = EXR_DEFAULT_CONTEXT_INITIALIZER;
    exr_context_t context = NULL;
    exr_chunk_info_t chunk;
    int part, o = recipe->origin;
    initializer.user_data = &file;
    initializer.write_fn = write_memory;
    check(exr_start_write(&context, "sample.exr", EXR_WRITE_FILE_DIRECTLY, &initializer));
    check(exr_add_part(context, "sample", recipe->is_tiled ? EXR_STORAGE_TILED : EXR_STORAGE_SCANLINE, &part));
    exr_attr_box2i_t window = {.min = {.x = o, .y = o}, .max = {.x = o + WIDTH - 1, .y = o + HEIGHT - 1}};
    exr_attr_v2f_t center = {.x = 0, .y = 0};
    check(exr_initialize_required_attr(context, part, &window, &window, 1, &center, 1, EXR_LINEORDER_INCREASING_Y,
                                       recipe->compression));
    if (recipe->is_tiled)
        check(exr_set_tile_descriptor(context, part, TILE, TILE, EXR_TILE_ONE_LEVEL, EXR_TILE_ROUND_DOWN));
    for (const char *c = recipe->channels; *c; c++)
        check(exr_add_channel(context, part, (char[]){*c, 0}, recipe->type, EXR_PERCEPTUALLY_LINEAR,
                              recipe->sampling, recipe->sampling));
    check(exr_write_header(context));
    int32_t step = HEIGHT;
    if (recipe->sampling == 1 && !recipe->is_tiled)
        check(exr_get_scanlines_per_chunk(context, 0, &step));
    for (int y = 0; recipe->sampling == 1 && y < HEIGHT; y += recipe->is_tiled ? TILE : step)
        for (int x = 0; x < (recipe->is_tiled ? WIDTH : 1); x += TILE) {
            check(recipe->is_tiled ? exr_write_tile_chunk_info(context, 0, x / TILE, y / TILE, 0, 0, &chunk)
                                   : exr_write_scanline_chunk_info(context, 0, o + y, &chunk));
            write_chunk(context, recipe, &chunk, x, y);
        }
    exr_finish(&context);
    return file;
}

static void assert_picture(const exr_recipe *recipe, const calo_image *image, float tolerance)
{
    bool is_grey = !strchr(recipe->channels, 'R'), has_alpha = recipe->channels[0] == 'A';
    assert_int_equal(image->format, CALO_PIXEL_RGBA32F);
    assert_int_equal(image->width, WIDTH);
    assert_int_equal(image->height, HEIGHT);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const float *got = (const float *)image->data + 4 * (y * WIDTH + x);
            float alpha = has_alpha ? value_at('A', x, y) : 1;
            if (got[3] != alpha)
                fail_msg("pixel %d %d of \"%s\", type %d, compression %d: alpha %g, not %g", x, y, recipe->channels,
                         recipe->type, recipe->compression, (double)got[3], (double)alpha);
            for (int c = 0; c < 3; c++) {
                float expected = value_at(is_grey ? 'Y' : "RGB"[c], x, y) / alpha;
                if (!(fabsf(got[c] - expected) <= tolerance))
                    fail_msg("pixel %d %d, component %d: %g, not %g", x, y, c, (double)got[c], (double)expected);
            }
        }
}

static void lossless_pictures_are_read(void **state)
{
    (void)state;
    static const exr_compression_t compressions[] = {EXR_COMPRESSION_NONE, EXR_COMPRESSION_RLE, EXR_COMPRESSION_ZIPS,
                                                     EXR_COMPRESSION_ZIP, EXR_COMPRESSION_PIZ, EXR_COMPRESSION_PXR24};
    static const exr_recipe recipes[] = {
        {"BGR", EXR_PIXEL_HALF, 0, false, 1, 0}, {"ABGR", EXR_PIXEL_FLOAT, 0, false, 1, -7},
        {"BGR", EXR_PIXEL_UINT, 0, false, 1, 3}, {"Y", EXR_PIXEL_HALF, 0, false, 1, 100},
        {"ABGR", EXR_PIXEL_HALF, 0, true, 1, 0}, {"BGRYZ", EXR_PIXEL_FLOAT, 0, true, 1, -5},
        {"BGRZ", EXR_PIXEL_HALF, 0, false, 1, 0}, {"UVYZ", EXR_PIXEL_HALF, 0, false, 1, 0},
        {"UYZ", EXR_PIXEL_HALF, 0, true, 1, 0},
    };
    for (size_t i = 0; i < sizeof compressions / sizeof compressions[0]; i++)
        for (size_t k = 0; k < sizeof recipes / sizeof recipes[0]; k++) {
            exr_recipe recipe = recipes[k];
            recipe.compression = compressions[i];
            sample_file file = make_exr(&recipe);
            calo_image image = decode_ok(file.bytes, file.size);
            assert_picture(&recipe, &image, 0);
            calo_image_finish(&image);
            free(file.bytes);
        }
}

static void lossy_pictures_are_read(void **state)
{
    (void)state;
    exr_recipe recipe = {"BGR", EXR_PIXEL_HALF, EXR_COMPRESSION_B44, false, 1, 0};
    sample_file file = make_exr(&recipe);
    calo_image image = decode_ok(file.bytes, file.size);
    assert_picture(&recipe, &image, 4);
    calo_image_finish(&image);
    free(file.bytes);
}

static void cut_and_damaged_files_fail(void **state)
{
    (void)state;
    static const exr_recipe recipes[] = {
        {"BGR", EXR_PIXEL_HALF, EXR_COMPRESSION_ZIP, false, 1, 0},
        {"Y", EXR_PIXEL_HALF, EXR_COMPRESSION_PIZ, true, 1, 0},
    };
    for (size_t i = 0; i < 2; i++) {
        sample_file file = make_exr(&recipes[i]);
        assert_survives_truncation(file.bytes, file.size, false, true);
        assert_survives_damage(file.bytes, file.size);
        free(file.bytes);
    }
}

static void other_kinds_are_refused(void **state)
{
    (void)state;
    sample_file file = make_exr(&(exr_recipe){"Z", EXR_PIXEL_FLOAT, EXR_COMPRESSION_ZIP, false, 1, 0});
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_UNSUPPORTED, "R, G, B or Y");
    free(file.bytes);
    file = make_exr(&(exr_recipe){"BGR", EXR_PIXEL_HALF, EXR_COMPRESSION_ZIP, false, 1, 0});
    uint8_t *compression = memmem(file.bytes, file.size, "compression\0compression\0", 24);
    assert_non_null(compression);
    compression[24 + 4] = EXR_COMPRESSION_DWAA;
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_UNSUPPORTED, "ZIP or PIZ");
    free(file.bytes);
    /* A channel that nobody wants, with every second row only. */
    file = make_exr(&(exr_recipe){"BGRZ", EXR_PIXEL_HALF, EXR_COMPRESSION_ZIP, false, 1, 0});
    uint8_t *channel = memmem(file.bytes, file.size, "Z\0\1\0\0\0", 6);
    assert_non_null(channel);
    channel[14] = 2;
    uint8_t *window = memmem(file.bytes, file.size, "dataWindow\0box2i\0", 17);
    window[17 + 4 + 12] = HEIGHT - 2; /* an even number of rows */
    assert_decode_fails(file.bytes, file.size, NULL, CALO_ERROR_UNSUPPORTED, "channel Z is subsampled");
    free(file.bytes);
}

/* The window's corner, patched in the header: min x, min y, max x, max y. */
static void claims_are_checked(void **state)
{
    (void)state;
    static const struct {
        int32_t max_x, max_y;
        calo_status status;
        const char *word;
    } cases[] = {
        {29999, 19999, CALO_ERROR_LIMIT, "memory limit"},
        {9999, 9999, CALO_ERROR_FORMAT, "10000 x 10000"},
        {99999, 40, CALO_ERROR_LIMIT, "65535 a side"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sample_file file = make_exr(&(exr_recipe){"BGR", EXR_PIXEL_HALF, EXR_COMPRESSION_ZIP, false, 1, 0});
        uint8_t *window = memmem(file.bytes, file.size, "dataWindow\0box2i\0", 17);
        assert_non_null(window);
        memcpy(window + 17 + 4 + 8, &cases[i].max_x, 4);
        memcpy(window + 17 + 4 + 12, &cases[i].max_y, 4);
        assert_decode_fails(file.bytes, file.size, NULL, cases[i].status, cases[i].word);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_pictures_are_read),
        cmocka_unit_test(lossy_pictures_are_read),
        cmocka_unit_test(cut_and_damaged_files_fail),
        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(claims_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void exr_is_refused_in_a_sentence(void **state)
{
    (void)state;
    assert_decode_fails("\x76\x2f\x31\x01....", 8, NULL, CALO_ERROR_UNSUPPORTED, "built without OpenEXR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exr_is_refused_in_a_sentence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
