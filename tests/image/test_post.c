/* Post-processing: what is off changes nothing, what is on follows its formula, on every instruction set. */
#include <calotype/post.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "image/color.h"

typedef struct bench {
    calo_post_processor *processor;
    calo_frame frame;
    calo_post_source source;
    calo_image out;
} bench;

enum {
    CHANNELS = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
               CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL)
};

static void set_up(bench *b, uint32_t width, uint32_t height, calo_pixel_format format)
{
    assert_int_equal(calo_post_processor_create(&b->processor, NULL), CALO_OK);
    assert_int_equal(calo_frame_init(&b->frame, width, height, CHANNELS, CALO_PIXEL_RGBA32F, NULL), CALO_OK);
    assert_int_equal(calo_image_init(&b->out, width, height, format, NULL), CALO_OK);
    b->source = (calo_post_source){
        .frame = &b->frame, .focal_x = width, .focal_y = width, .center_x = width / 2.0, .center_y = height / 2.0};
}

static void tear_down(bench *b)
{
    calo_post_processor_destroy(b->processor);
    calo_frame_finish(&b->frame);
    calo_image_finish(&b->out);
}

static float *color_at(bench *b, uint32_t x, uint32_t y)
{
    return (float *)b->frame.planes[CALO_CHANNEL_COLOR].data + 4 * ((size_t)y * b->frame.width + x);
}

static const uint8_t *byte_at(const bench *b, uint32_t x, uint32_t y)
{
    return (const uint8_t *)b->out.data + y * b->out.row_bytes + calo_pixel_bytes(b->out.format) * (size_t)x;
}

static const float *out_at(const bench *b, uint32_t x, uint32_t y)
{
    return (const float *)(const void *)byte_at(b, x, y);
}

static void fill(bench *b, float red, float green, float blue, float alpha)
{
    for (uint32_t y = 0; y < b->frame.height; y++)
        for (uint32_t x = 0; x < b->frame.width; x++)
            memcpy(color_at(b, x, y), (float[4]){red, green, blue, alpha}, 16);
}

/* Colours beyond both ends, some NaN, depths and normals of a bumpy surface with holes. */
static void fill_randomly(bench *b, uint64_t seed)
{
    calo_random random = {seed};
    float *depth = b->frame.planes[CALO_CHANNEL_DEPTH].data, *normal = b->frame.planes[CALO_CHANNEL_NORMAL].data;
    for (uint32_t i = 0; i < b->frame.width * b->frame.height; i++) {
        for (int c = 0; c < 4; c++)
            color_at(b, 0, 0)[4 * i + c] = (float)calo_random_range(&random, -0.2, c < 3 ? 2 : 1.2);
        if (i % 97 == 5)
            color_at(b, 0, 0)[4 * i + i % 3] = NAN;
        bool there = calo_random_unit(&random) < 0.8;
        depth[i] = there ? (float)calo_random_range(&random, 0.9, 1.1) : 0;
        normal[3 * i + 2] = there ? 1 : 0;
    }
}

static void run(bench *b, const calo_post_processing *post)
{
    calo_error err = {0};
    calo_status status = calo_post_process(b->processor, &b->source, post, &b->out, &err);
    if (status != CALO_OK)
        print_error("%s\n", err.message);
    assert_int_equal(status, CALO_OK);
}

static calo_post_processing everything(const calo_post_picture *picture)
{
    return (calo_post_processing){
        .exposure_stops = 0.25f,
        .tone_mapping = CALO_TONE_NEUTRAL,
        .ambient_occlusion = true,
        .occlusion_intensity = 2,
        .occlusion_radius_metres = 0.3f,
        .bloom = true,
        .bloom_intensity = 5,
        .bloom_threshold = 0.8f,
        .bloom_diffusion = 6.3f,
        .color_grading = true,
        .hue_shift_degrees = 40,
        .saturation = 20,
        .contrast = 15,
        .brightness = -10,
        .temperature = 30,
        .tint = -20,
        .grain = true,
        .grain_intensity = 0.5f,
        .grain_size = 1.7f,
        .grain_colored = true,
        .grain_seed = 77,
        .background = {.kind = picture ? CALO_POST_BACKGROUND_PICTURE : CALO_POST_BACKGROUND_NOISE,
                       .colors = {{0.9f, 0.5f, 0.1f}, {0, 0.2f, 0.9f}},
                       .octaves = 3,
                       .seed = 5,
                       .picture = picture,
                       .zoom = 1.3f,
                       .shift = {0.5f, -0.25f},
                       .mirrored = true},
    };
}

static void nothing_gives_the_bytes_of_srgb(void **state)
{
    (void)state;
    const calo_pixel_format formats[] = {CALO_PIXEL_RGBA8, CALO_PIXEL_RGB8};
    for (int f = 0; f < 2; f++) {
        bench b;
        set_up(&b, 37, 11, formats[f]);
        fill_randomly(&b, 1);
        run(&b, &(calo_post_processing){0});
        for (uint32_t y = 0; y < 11; y++)
            for (uint32_t x = 0; x < 37; x++) {
                const float *from = color_at(&b, x, y);
                for (int c = 0; c < 3; c++)
                    assert_int_equal(byte_at(&b, x, y)[c], calo_srgb_from_linear(from[c]));
                float alpha = from[3] > 0 ? (from[3] < 1 ? from[3] : 1) : 0;
                if (f == 0)
                    assert_int_equal(byte_at(&b, x, y)[3], (int)(alpha * 255.0f + 0.5f));
            }
        tear_down(&b);
    }
}

/* Strengths of 0, and switches that are off, change nothing either; nor does the long way without an effect. */
static void neutral_settings_change_no_byte(void **state)
{
    (void)state;
    bench b;
    set_up(&b, 40, 30, CALO_PIXEL_RGBA8);
    fill_randomly(&b, 2);
    run(&b, &(calo_post_processing){0});
    uint8_t expected[40 * 30 * 4];
    memcpy(expected, b.out.data, sizeof expected);
    calo_post_processing off = everything(NULL), faint = {.color_grading = true, .saturation = 1e-30f};
    off.exposure_stops = 0;
    off.tone_mapping = CALO_TONE_NONE;
    off.background.kind = CALO_POST_BACKGROUND_KEEP;
    off.ambient_occlusion = off.bloom = off.color_grading = off.grain = false;
    assert_true(calo_post_is_off(&off));
    run(&b, &off);
    assert_memory_equal(b.out.data, expected, sizeof expected);
    assert_false(calo_post_is_off(&faint));
    run(&b, &faint);
    assert_memory_equal(b.out.data, expected, sizeof expected);
    tear_down(&b);
}

static void displayed_colors_come_back(void **state)
{
    (void)state;
    bench b;
    set_up(&b, 256, 1, CALO_PIXEL_RGBA8);
    b.source.display_referred = true;
    for (uint32_t x = 0; x < 256; x++)
        memcpy(color_at(&b, x, 0), (float[4]){(float)x / 255, (float)x / 255, 1 - (float)x / 255, 1}, 16);
    run(&b, &(calo_post_processing){0});
    for (uint32_t x = 0; x < 256; x++)
        assert_int_equal(byte_at(&b, x, 0)[0], x);
    run(&b, &(calo_post_processing){.color_grading = true, .saturation = 1e-30f});
    for (uint32_t x = 0; x < 256; x++) {
        assert_int_equal(byte_at(&b, x, 0)[0], x);
        assert_int_equal(byte_at(&b, x, 0)[2], 255 - x);
    }
    tear_down(&b);
}

/* One pixel's linear light after grading. */
static void grade(const float from[3], const calo_post_processing *post, float to[3])
{
    bench b;
    set_up(&b, 1, 1, CALO_PIXEL_RGBA32F);
    fill(&b, from[0], from[1], from[2], 1);
    run(&b, post);
    memcpy(to, out_at(&b, 0, 0), 12);
    assert_true(out_at(&b, 0, 0)[3] == 1);
    tear_down(&b);
}

static void assert_color(const float color[3], double red, double green, double blue, double within)
{
    const double expected[3] = {red, green, blue};
    for (int c = 0; c < 3; c++)
        if (!(fabs((double)color[c] - expected[c]) <= within))
            fail_msg("channel %d is %.6f, not %.6f", c, (double)color[c], expected[c]);
}

static void grading_follows_its_formulas(void **state)
{
    (void)state;
    float c[3];
    grade((float[3]){0.6f, 0.1f, 0.1f}, &(calo_post_processing){.color_grading = true, .hue_shift_degrees = 120}, c);
    assert_color(c, 0.1, 0.6, 0.1, 1e-6);
    grade((float[3]){0.6f, 0.1f, 0.1f}, &(calo_post_processing){.color_grading = true, .hue_shift_degrees = -60}, c);
    assert_color(c, 0.6, 0.1, 0.6, 1e-6);
    grade((float[3]){0.4f, 0.4f, 0.4f}, &(calo_post_processing){.color_grading = true, .hue_shift_degrees = 77}, c);
    assert_color(c, 0.4, 0.4, 0.4, 1e-6);
    double grey = 0.2126729 * 0.6 + 0.7151522 * 0.3 + 0.072175 * 0.1;
    grade((float[3]){0.6f, 0.3f, 0.1f}, &(calo_post_processing){.color_grading = true, .saturation = -100}, c);
    assert_color(c, grey, grey, grey, 1e-6);
    grade((float[3]){0.6f, 0.3f, 0.1f}, &(calo_post_processing){.color_grading = true, .saturation = 50}, c);
    assert_color(c, grey + 1.5 * (0.6 - grey), grey + 1.5 * (0.3 - grey), fmax(0, grey + 1.5 * (0.1 - grey)), 1e-6);
    double middle = pow(0.5, 2.2);
    grade((float[3]){0.6f, 0.3f, 0.1f}, &(calo_post_processing){.color_grading = true, .contrast = 50}, c);
    assert_color(c, middle + 1.5 * (0.6 - middle), middle + 1.5 * (0.3 - middle), middle + 1.5 * (0.1 - middle), 1e-6);
    grade((float[3]){0.6f, 0.3f, 0.1f}, &(calo_post_processing){.color_grading = true, .contrast = -100}, c);
    assert_color(c, middle, middle, middle, 1e-6);
    grade((float[3]){0.6f, 0.3f, 0.1f}, &(calo_post_processing){.color_grading = true, .brightness = 100}, c);
    assert_color(c, 1, 0.6, 0.2, 1e-6);
}

static void white_balance_leans_as_it_says(void **state)
{
    (void)state;
    float warm[3], cold[3], magenta[3], green[3];
    const float grey[3] = {0.5f, 0.5f, 0.5f};
    grade(grey, &(calo_post_processing){.color_grading = true, .temperature = 50}, warm);
    grade(grey, &(calo_post_processing){.color_grading = true, .temperature = -50}, cold);
    grade(grey, &(calo_post_processing){.color_grading = true, .tint = 50}, magenta);
    grade(grey, &(calo_post_processing){.color_grading = true, .tint = -50}, green);
    assert_true(warm[0] > 0.52f && warm[2] < 0.45f);
    assert_true(cold[0] < 0.45f && cold[2] > 0.55f);
    assert_true(magenta[1] < magenta[0] - 0.05f && magenta[1] < magenta[2] - 0.05f);
    assert_true(green[1] > green[0] + 0.05f && green[1] > green[2] + 0.05f);
}

static void tones_and_exposure(void **state)
{
    (void)state;
    float c[3];
    grade((float[3]){0.1f, 0.2f, 0.3f}, &(calo_post_processing){.exposure_stops = 1}, c);
    assert_color(c, 0.2, 0.4, 0.6, 1e-6);
    grade((float[3]){0, 1, 100}, &(calo_post_processing){.tone_mapping = CALO_TONE_ACES}, c);
    assert_color(c, 0, 2.54 / 3.16, 100 * 251.03 / (100 * 243.59 + 0.14), 1e-5);
    /* Hable's curve at 5.3 is 0.76138...; its inverse is Unity's scale before and after. */
    double at_white =
        (5.3 * (0.2 * 5.3 + 0.24 * 0.29) + 0.272 * 0.02) / (5.3 * (0.2 * 5.3 + 0.29) + 0.272 * 0.3) - 0.02 / 0.3;
    grade((float[3]){0, (float)(5.3 * at_white), 0}, &(calo_post_processing){.tone_mapping = CALO_TONE_NEUTRAL}, c);
    assert_color(c, 0, 1, 0, 1e-5);
}

static double sum_of(const bench *b, int channel)
{
    double sum = 0;
    for (uint32_t y = 0; y < b->out.height; y++)
        for (uint32_t x = 0; x < b->out.width; x++)
            sum += (double)out_at(b, x, y)[channel];
    return sum;
}

/* The light of a bright spot spreads and adds up to what it was, times the gain, once for each level. */
static void bloom_spreads_what_is_bright(void **state)
{
    (void)state;
    bench b;
    set_up(&b, 128, 128, CALO_PIXEL_RGBA32F);
    fill(&b, 0, 0, 0, 1);
    for (uint32_t y = 60; y < 68; y++)
        for (uint32_t x = 60; x < 68; x++)
            color_at(&b, x, y)[0] = 50;
    /* log2(64) + 7 - 10: three levels, tents of half a pixel. */
    calo_post_processing post = {.bloom = true, .bloom_intensity = 10, .bloom_diffusion = 7};
    run(&b, &post);
    double before = 50 * 64, spilled = sum_of(&b, 0) - before;
    /* What a pixel of the half picture loses: the threshold, once it is well above it. */
    assert_true(spilled > 3 * 0.9 * before && spilled < 3 * before);
    assert_true(sum_of(&b, 1) == 0);
    assert_true(out_at(&b, 64, 57)[0] > out_at(&b, 64, 50)[0] && out_at(&b, 64, 50)[0] > 0);
    assert_true(out_at(&b, 64, 3)[0] == 0);
    for (uint32_t i = 0; i < 128; i++)
        assert_true(fabsf(out_at(&b, i, 64)[0] - out_at(&b, 64, i)[0]) <= 1e-4f);
    /* Below the threshold and its knee there is nothing to spread. */
    fill(&b, 0.49f, 0.3f, 0.2f, 1);
    run(&b, &post);
    assert_true(out_at(&b, 64, 64)[0] == 0.49f && out_at(&b, 0, 0)[1] == 0.3f);
    tear_down(&b);
}

/* A plane has nothing above it; the corner of two walls shades itself, the more the stronger, and only near. */
static void occlusion_is_in_corners(void **state)
{
    (void)state;
    bench b;
    set_up(&b, 160, 120, CALO_PIXEL_RGBA32F);
    b.source.orthographic = true; /* 100 pixels a metre */
    b.source.focal_x = b.source.focal_y = 100;
    fill(&b, 1, 1, 1, 1);
    float *depth = b.frame.planes[CALO_CHANNEL_DEPTH].data, *normal = b.frame.planes[CALO_CHANNEL_NORMAL].data;
    calo_post_processing post = {.ambient_occlusion = true, .occlusion_intensity = 1};
    /* One slanting plane. */
    for (uint32_t i = 0; i < 160 * 120; i++) {
        depth[i] = 3 + 0.005f * (float)(i % 160);
        normal[3 * i] = 0.4472136f;
        normal[3 * i + 2] = 0.8944272f;
    }
    run(&b, &post);
    for (uint32_t i = 0; i < 160 * 120; i++)
        assert_true(((const float *)b.out.data)[4 * i] > 0.999f);
    /* Two that meet in the middle, a ridge away from the viewer. */
    for (uint32_t i = 0; i < 160 * 120; i++) {
        float x = (float)(i % 160) - 79.5f;
        depth[i] = 3 - 0.01f * fabsf(x);
        normal[3 * i] = x < 0 ? 0.7071068f : -0.7071068f;
        normal[3 * i + 2] = 0.7071068f;
    }
    run(&b, &post);
    float corner = out_at(&b, 79, 60)[0], near = out_at(&b, 90, 60)[0], far = out_at(&b, 130, 60)[0];
    assert_true(corner < 0.8f && near > corner && far > 0.99f);
    post.occlusion_intensity = 2;
    run(&b, &post);
    assert_true(out_at(&b, 79, 60)[0] < corner - 0.05f);
    /* As perspective sees it, the same corner 1.6 m wide. */
    b.source.orthographic = false;
    b.source.focal_x = b.source.focal_y = 300;
    post.occlusion_intensity = 1;
    run(&b, &post);
    assert_true(out_at(&b, 79, 60)[0] < 0.8f);
    /* Where there is no surface nothing is shaded. */
    memset(normal, 0, 160 * 120 * 12);
    run(&b, &post);
    for (uint32_t i = 0; i < 160 * 120; i++)
        assert_true(((const float *)b.out.data)[4 * i] == 1);
    tear_down(&b);
}

static void grain_has_no_bias(void **state)
{
    (void)state;
    bench b;
    set_up(&b, 256, 256, CALO_PIXEL_RGBA32F);
    fill(&b, 0.5f, 0.5f, 0.5f, 1);
    calo_post_processing post = {.grain = true, .grain_intensity = 0.2f, .grain_seed = 9};
    run(&b, &post);
    double mean = sum_of(&b, 0) / 65536, square = 0, differ = 0;
    for (uint32_t i = 0; i < 65536; i++) {
        const float *pixel = (const float *)b.out.data + 4 * (size_t)i;
        square += pow((double)pixel[0] - mean, 2) / 65536;
        differ += (double)fabsf(pixel[0] - pixel[1]) + (double)fabsf(pixel[0] - pixel[2]);
    }
    assert_true(fabs(mean - 0.5) < 0.002 && sqrt(square) > 0.012 && sqrt(square) < 0.025);
    assert_true(differ < 1e-3); /* not coloured */
    float first = out_at(&b, 10, 10)[0];
    post.grain_seed = 10;
    post.grain_colored = true;
    run(&b, &post);
    assert_true(out_at(&b, 10, 10)[0] != first && out_at(&b, 10, 10)[0] != out_at(&b, 10, 10)[1]);
    tear_down(&b);
}

static void backgrounds_show_where_alpha_is_low(void **state)
{
    (void)state;
    bench b;
    set_up(&b, 64, 32, CALO_PIXEL_RGBA32F);
    fill(&b, 1, 0, 0, 0.25f);
    memcpy(color_at(&b, 5, 5), (float[4]){0, 0, 1, 1}, 16);
    calo_post_processing post = {
        .background = {.kind = CALO_POST_BACKGROUND_COLOR, .colors = {{0, 0.8f, 0}, {1, 1, 1}}}};
    run(&b, &post);
    assert_color(out_at(&b, 0, 0), 0.25, 0.6, 0, 1e-6);
    assert_true(out_at(&b, 0, 0)[3] == 1);
    assert_color(out_at(&b, 5, 5), 0, 0, 1, 0);
    fill(&b, 0, 0, 0, 0);
    post.background.kind = CALO_POST_BACKGROUND_GRADIENT;
    run(&b, &post);
    assert_color(out_at(&b, 0, 3), 0.5 / 64, 0.8 + 0.2 * 0.5 / 64, 0.5 / 64, 1e-6);
    assert_color(out_at(&b, 63, 3), 63.5 / 64, 0.8 + 0.2 * 63.5 / 64, 63.5 / 64, 1e-6);
    post.background.angle_degrees = 90;
    run(&b, &post);
    assert_color(out_at(&b, 9, 31), 0.5 / 32, 0.8 + 0.2 * 0.5 / 32, 0.5 / 32, 1e-6);
    assert_color(out_at(&b, 9, 0), 31.5 / 32, 0.8 + 0.2 * 31.5 / 32, 31.5 / 32, 1e-6);
    post.background.kind = CALO_POST_BACKGROUND_NOISE;
    post.background.octaves = 8;
    run(&b, &post);
    float low = 1, high = 0;
    for (uint32_t i = 0; i < 64 * 32; i++) {
        const float *pixel = (const float *)b.out.data + 4 * (size_t)i;
        low = fminf(low, pixel[0]);
        high = fmaxf(high, pixel[0]);
    }
    assert_true(low >= 0 && low < 0.35f && high > 0.65f && high <= 1);
    tear_down(&b);
}

static void pictures_cover_the_frame(void **state)
{
    (void)state;
    bench b;
    calo_image image;
    calo_post_picture *picture;
    set_up(&b, 8, 8, CALO_PIXEL_RGBA8);
    fill(&b, 0, 0, 0, 0);
    /* As wide again as high: of 16 columns the middle eight are seen. */
    assert_int_equal(calo_image_init(&image, 16, 8, CALO_PIXEL_RGB8, NULL), CALO_OK);
    for (uint32_t i = 0; i < 128; i++)
        memcpy((uint8_t *)image.data + 3 * i, (uint8_t[3]){(uint8_t)(i % 16 * 16 + 3), (uint8_t)(i / 16 * 30), 200}, 3);
    assert_int_equal(calo_post_picture_create(&image, &picture, NULL), CALO_OK);
    calo_post_processing post = {.background = {.kind = CALO_POST_BACKGROUND_PICTURE, .picture = picture}};
    const float shifts[] = {0, -1, 1};
    const uint32_t firsts[] = {4, 0, 8};
    for (int i = 0; i < 6; i++) {
        post.background.shift[0] = shifts[i % 3];
        post.background.mirrored = i >= 3;
        run(&b, &post);
        for (uint32_t y = 0; y < 8; y++)
            for (uint32_t x = 0; x < 8; x++) {
                uint32_t column = firsts[i % 3] + (i < 3 ? x : 7 - x);
                const uint8_t expected[4] = {(uint8_t)(column * 16 + 3), (uint8_t)(y * 30), 200, 255};
                assert_memory_equal(byte_at(&b, x, y), expected, 4);
            }
    }
    calo_post_picture_destroy(picture);
    /* Much finer than the frame: means, not single texels. */
    calo_image_finish(&image);
    assert_int_equal(calo_image_init(&image, 64, 64, CALO_PIXEL_RGBA32F, NULL), CALO_OK);
    for (uint32_t i = 0; i < 4096; i++)
        ((float *)image.data)[4 * i] = (i + i / 64) & 1 ? 1 : 0;
    assert_int_equal(calo_post_picture_create(&image, &picture, NULL), CALO_OK);
    post.background.picture = picture;
    run(&b, &post);
    for (uint32_t i = 0; i < 64; i++)
        assert_in_range(byte_at(&b, i % 8, i / 8)[0], 187, 188); /* linear 0.5 is the code 187.52 */
    calo_post_picture_destroy(picture);
    calo_image_finish(&image);
    tear_down(&b);
}

/* Odd sizes, too; a processor that has seen other sizes gives the same bytes as a new one. */
static void every_level_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const levels[] = {"baseline", "avx2", "avx512"};
    static const uint32_t sizes[][2] = {{1, 1}, {2, 3}, {15, 17}, {33, 7}, {200, 101}};
    calo_image image;
    calo_post_picture *picture;
    assert_int_equal(calo_image_init(&image, 300, 170, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    for (uint32_t i = 0; i < 4 * 300 * 170; i++)
        ((uint8_t *)image.data)[i] = (uint8_t)(i * 2654435761u >> 24);
    assert_int_equal(calo_post_picture_create(&image, &picture, NULL), CALO_OK);
    for (size_t s = 0; s < 5; s++)
        for (int with_picture = 0; with_picture < 2; with_picture++) {
            calo_post_processing post = everything(with_picture ? picture : NULL);
            uint8_t *expected = NULL;
            size_t bytes = (size_t)4 * sizes[s][0] * sizes[s][1];
            for (int level = 0; level < 3; level++) {
                bench b;
                calo_post_processor *probe;
                setenv("CALOTYPE_CPU", levels[level], 1);
                if (calo_post_processor_create(&probe, NULL) != CALO_OK)
                    continue;
                calo_post_processor_destroy(probe);
                set_up(&b, sizes[s][0], sizes[s][1], CALO_PIXEL_RGBA8);
                fill_randomly(&b, s);
                run(&b, &post);
                if (!expected)
                    expected = memcpy(test_malloc(bytes), b.out.data, bytes);
                assert_memory_equal(b.out.data, expected, bytes);
                run(&b, &post);
                assert_memory_equal(b.out.data, expected, bytes);
                tear_down(&b);
            }
            test_free(expected);
        }
    unsetenv("CALOTYPE_CPU");
    calo_post_picture_destroy(picture);
    calo_image_finish(&image);
}

static void assert_refused(const calo_post_processing *post, const char *word)
{
    calo_error err = {0};
    assert_int_equal(calo_post_check(post, &err), CALO_ERROR_ARGUMENT);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" does not name %s", err.message, word);
}

static void bad_values_have_a_sentence(void **state)
{
    (void)state;
    assert_refused(&(calo_post_processing){.saturation = 101},
                   "saturation of post-processing is 101; it must be from -100 to 100");
    assert_refused(&(calo_post_processing){.exposure_stops = NAN}, "exposure_stops");
    assert_refused(&(calo_post_processing){.bloom_diffusion = 0.5f}, "bloom_diffusion");
    assert_refused(&(calo_post_processing){.grain_size = -1}, "grain_size");
    assert_refused(&(calo_post_processing){.background = {.kind = CALO_POST_BACKGROUND_PICTURE}}, "picture");
    assert_refused(&(calo_post_processing){.background = {.colors = {{0, 0, 0}, {0, -1, 0}}}}, "colors[1][1]");
    bench b;
    calo_error err = {0};
    set_up(&b, 4, 4, CALO_PIXEL_RGBA8);
    calo_post_processing post = {.ambient_occlusion = true, .occlusion_intensity = 1};
    b.source.focal_x = 0;
    assert_int_equal(calo_post_process(b.processor, &b.source, &post, &b.out, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "focal"));
    calo_image_finish(&b.frame.planes[CALO_CHANNEL_DEPTH]);
    assert_int_equal(calo_post_process(b.processor, &b.source, &post, &b.out, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "depths and normals"));
    b.out.width = 3;
    assert_int_equal(calo_post_process(b.processor, &b.source, &post, &b.out, &err), CALO_ERROR_ARGUMENT);
    b.out.width = 4;
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gives_the_bytes_of_srgb),
        cmocka_unit_test(neutral_settings_change_no_byte),
        cmocka_unit_test(displayed_colors_come_back),
        cmocka_unit_test(grading_follows_its_formulas),
        cmocka_unit_test(white_balance_leans_as_it_says),
        cmocka_unit_test(tones_and_exposure),
        cmocka_unit_test(bloom_spreads_what_is_bright),
        cmocka_unit_test(occlusion_is_in_corners),
        cmocka_unit_test(grain_has_no_bias),
        cmocka_unit_test(backgrounds_show_where_alpha_is_low),
        cmocka_unit_test(pictures_cover_the_frame),
        cmocka_unit_test(every_level_gives_the_same_bytes),
        cmocka_unit_test(bad_values_have_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
