/* Quality flags: counted on pictures and meshes whose answer is known, and what --reject makes of them. */
#include <calotype/import.h>
#include <calotype/job.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "image/inspect.h"
#include "job/quality.h"
#include "scene/orientation.h"

#define BIT(flag) (1u << (flag))

/* ---- pictures ---- */

/* Rows that are longer than the picture, with what must not be looked at behind it. */
static calo_image padded(uint32_t width, uint32_t height, calo_pixel_format format, int filling)
{
    size_t row_bytes = (size_t)width * calo_pixel_bytes(format) + 16;
    calo_image image = {width, height, format, row_bytes, malloc(row_bytes * height)};
    assert_non_null(image.data);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = (uint8_t *)image.data + y * row_bytes;
        memset(row, filling, row_bytes - 16);
        memset(row + row_bytes - 16, 0xff, 16);
    }
    return image;
}

static void *pixel(const calo_image *image, uint32_t x, uint32_t y)
{
    return (uint8_t *)image->data + y * image->row_bytes + x * (size_t)calo_pixel_bytes(image->format);
}

static void set_mask(const calo_image *mask, uint32_t x, uint32_t y) { *(uint8_t *)pixel(mask, x, y) = 1; }

static void masks_are_counted(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height, border;
    } sizes[] = {{1, 1, 1}, {1, 7, 7}, {9, 1, 9}, {2, 2, 4}, {3, 3, 8}, {300, 5, 606}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        calo_image full = padded(sizes[i].width, sizes[i].height, CALO_PIXEL_R8, 1);
        calo_mask_counts counts = calo_mask_count(&full);
        assert_int_equal(counts.covered, sizes[i].width * sizes[i].height);
        assert_int_equal(counts.border, sizes[i].border);
        assert_int_equal(counts.border_covered, sizes[i].border);
        calo_image_finish(&full);
    }
    calo_image mask = padded(40, 30, CALO_PIXEL_R8, 0);
    set_mask(&mask, 20, 10);
    set_mask(&mask, 38, 28);
    calo_mask_counts counts = calo_mask_count(&mask);
    assert_int_equal(counts.covered, 2);
    assert_int_equal(counts.border_covered, 0);
    set_mask(&mask, 39, 28);
    set_mask(&mask, 0, 0);
    set_mask(&mask, 5, 29);
    counts = calo_mask_count(&mask);
    assert_int_equal(counts.covered, 5);
    assert_int_equal(counts.border_covered, 3);
    calo_image_finish(&mask);
}

static void set_color(const calo_image *color, uint32_t x, uint32_t y, const uint8_t rgb[3], bool linear)
{
    if (color->format != CALO_PIXEL_RGBA32F) {
        memcpy(pixel(color, x, y), rgb, 3);
        return;
    }
    for (int c = 0; c < 3; c++) {
        /* Of linear light: what 250 and 5 stand for, by the formula of IEC 61966-2-1, and a step beside them. */
        double value = rgb[c] / 255.0;
        if (linear)
            value = value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
        ((float *)pixel(color, x, y))[c] = (float)value;
    }
}

static void white_and_black_are_counted_where_the_object_is(void **state)
{
    (void)state;
    static const calo_pixel_format formats[] = {CALO_PIXEL_RGB8, CALO_PIXEL_RGBA8, CALO_PIXEL_RGBA32F,
                                                CALO_PIXEL_RGBA32F};
    for (size_t i = 0; i < 4; i++) {
        bool linear = i == 3;
        calo_image color = padded(33, 4, formats[i], 0), mask = padded(33, 4, CALO_PIXEL_R8, 0);
        set_color(&color, 32, 3, (uint8_t[]){251, 255, 252}, linear); /* white, of the object */
        set_color(&color, 31, 3, (uint8_t[]){251, 249, 252}, linear); /* nearly */
        set_color(&color, 30, 3, (uint8_t[]){255, 255, 255}, linear); /* white, of the background */
        set_color(&color, 1, 1, (uint8_t[]){4, 4, 6}, linear);
        for (uint32_t x = 0; x < 3; x++)
            set_mask(&mask, x, 1);
        set_mask(&mask, 31, 3);
        set_mask(&mask, 32, 3);
        calo_extremes found = calo_color_extremes(&color, &mask, linear, 5, 250);
        assert_int_equal(found.white, 1);
        assert_int_equal(found.black, 2);
        calo_image_finish(&color);
        calo_image_finish(&mask);
    }
}

static void numbers_that_are_not_finite_are_found_anywhere(void **state)
{
    (void)state;
    static const calo_pixel_format formats[] = {CALO_PIXEL_R32F, CALO_PIXEL_RG32F, CALO_PIXEL_RGB32F,
                                                CALO_PIXEL_RGBA32F};
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    for (size_t f = 0; f < 4; f++)
        for (size_t w = 0; w < 3; w++) {
            calo_image image = padded(19, 3, formats[f], 0);
            ((float *)pixel(&image, 3, 1))[0] = -3e38f;
            assert_true(calo_image_is_finite(&image));
            ((float *)pixel(&image, 18, 2))[calo_pixel_components(formats[f]) - 1] = wrong[w];
            assert_false(calo_image_is_finite(&image));
            calo_image_finish(&image);
        }
    calo_image ids = padded(4, 4, CALO_PIXEL_R32U, 0xff);
    assert_true(calo_image_is_finite(&ids));
    calo_image_finish(&ids);
}

static calo_view_quality measure_square(uint32_t side, const uint8_t rgb[3], uint32_t at, float depth, bool has_colors)
{
    calo_frame frame;
    uint32_t channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_MASK) |
                        CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH);
    assert_int_equal(calo_frame_init(&frame, 100, 100, channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    for (uint32_t y = at; y < at + side; y++)
        for (uint32_t x = at; x < at + side; x++) {
            set_mask(&frame.planes[CALO_CHANNEL_MASK], x, y);
            set_color(&frame.planes[CALO_CHANNEL_COLOR], x, y, rgb, false);
        }
    *(float *)pixel(&frame.planes[CALO_CHANNEL_DEPTH], 50, 50) = depth;
    calo_view_quality quality = calo_view_measure(&frame, channels, has_colors, true);
    calo_frame_finish(&frame);
    return quality;
}

static void views_get_their_flags(void **state)
{
    (void)state;
    static const uint8_t grey[] = {100, 6, 249}, white[] = {250, 255, 250}, black[] = {5, 0, 5};
    calo_view_quality q = measure_square(0, grey, 0, 0, true);
    assert_int_equal(q.flags, BIT(CALO_QUALITY_BLANK));
    assert_true(q.coverage == 0 && q.border == 0 && isnan(q.white) && isnan(q.black));
    q = measure_square(9, grey, 10, 0, true);
    assert_int_equal(q.flags, BIT(CALO_QUALITY_TINY));
    assert_true(q.coverage == 0.0081 && q.white == 0 && q.black == 0);
    assert_int_equal(measure_square(10, grey, 10, 0, true).flags, 0);
    q = measure_square(20, white, 0, 0, true);
    assert_int_equal(q.flags, BIT(CALO_QUALITY_CLIPPED) | BIT(CALO_QUALITY_ALL_WHITE));
    assert_true(q.border == 39.0 / 396 && q.white == 1);
    assert_int_equal(measure_square(20, black, 5, 0, true).flags, BIT(CALO_QUALITY_ALL_BLACK));
    q = measure_square(20, black, 5, INFINITY, false);
    assert_int_equal(q.flags, BIT(CALO_QUALITY_NAN));
    assert_true(isnan(q.white) && isnan(q.black));
}

/* ---- meshes ---- */

#define CUBE_CORNERS                                                                                                   \
    "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1 1 1\nv 0 1 1\n"
#define CUBE_OUTWARD "f 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n"
#define CUBE_INWARD "f 1 2 3 4\nf 8 7 6 5\nf 5 6 2 1\nf 6 7 3 2\nf 7 8 4 3\nf 8 5 1 4\n"
#define SQUARE "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvn 0 0 1\nvn 0 0 -1\n"

static calo_scene *load(const char *obj)
{
    calo_scene *scene = NULL;
    calo_error err = {0};
    assert_int_equal(calo_scene_load_memory(obj, strlen(obj), "shape.obj", NULL, &scene, &err), CALO_OK);
    return scene;
}

static double flipped(const calo_scene *scene)
{
    double share;
    assert_int_equal(calo_scene_flipped_share(scene, &share, NULL), CALO_OK);
    return share;
}

static void surfaces_that_face_the_wrong_way_are_measured(void **state)
{
    (void)state;
    static const struct {
        const char *obj;
        double share;
    } cases[] = {
        {CUBE_CORNERS CUBE_OUTWARD, 0},
        {CUBE_CORNERS CUBE_INWARD, 1},
        /* Far away from the origin, which must not matter. */
        {"v 1000 0 0\nv 1001 0 0\nv 1001 1 0\nv 1000 1 0\nv 1000 0 1\nv 1001 0 1\nv 1001 1 1\nv 1000 1 1\n" CUBE_INWARD, 1},
        /* Without its lid nobody can say what its inside is, and a tube may be the wall of a hole. */
        {CUBE_CORNERS "f 1 2 3 4\nf 5 6 2 1\nf 6 7 3 2\nf 7 8 4 3\nf 8 5 1 4\n", 0},
        {CUBE_CORNERS "f 5 6 2 1\nf 6 7 3 2\nf 7 8 4 3\nf 8 5 1 4\n", 0},
        /* A sheet, and one with two sides: no volume. */
        {SQUARE "f 1 2 3 4\n", 0},
        {SQUARE "f 1 2 3 4\nf 4 3 2 1\n", 0},
        /* Normals that agree with the winding, that do not, and half of each. */
        {SQUARE "f 1//1 2//1 3//1 4//1\n", 0},
        {SQUARE "f 1//2 2//2 3//2 4//2\n", 1},
        {SQUARE "f 1//1 2//1 3//1\nf 1//2 3//2 4//2\n", 0.5},
        /* One material is closed and right, the other one is closed and wrong. */
        {CUBE_CORNERS "usemtl a\n" CUBE_OUTWARD "usemtl b\n" CUBE_INWARD, 0.5},
        /* Two materials that are closed together only. */
        {CUBE_CORNERS "usemtl a\nf 1 2 3 4\nf 8 7 6 5\nf 5 6 2 1\nusemtl b\nf 6 7 3 2\nf 7 8 4 3\nf 8 5 1 4\n", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_scene *scene = load(cases[i].obj);
        assert_true(fabs(flipped(scene) - cases[i].share) < 1e-12);
        calo_scene_destroy(scene);
    }
}

static void mirroring_turns_nothing_round_and_size_weighs(void **state)
{
    (void)state;
    calo_scene *scene = load("o a\n" CUBE_CORNERS CUBE_OUTWARD "o b\n" CUBE_CORNERS
                             "f 9 10 11 12\nf 16 15 14 13\nf 13 14 10 9\nf 14 15 11 10\nf 15 16 12 11\nf 16 13 9 12\n");
    assert_int_equal(scene->mesh_count, 2);
    int32_t nodes[2] = {-1, -1};
    for (uint32_t n = 0; n < scene->node_count; n++)
        if (scene->nodes[n].mesh >= 0)
            nodes[scene->nodes[n].mesh] = (int32_t)n;
    assert_true(flipped(scene) == 0.5);
    scene->nodes[nodes[0]].scale[1] = -1;
    assert_true(flipped(scene) == 0.5);
    for (int i = 0; i < 3; i++)
        scene->nodes[nodes[1]].scale[i] = 3; /* nine times the area */
    assert_true(fabs(flipped(scene) - 0.9) < 1e-12);
    scene->nodes[nodes[1]].visible = false;
    assert_true(flipped(scene) == 0);
    calo_scene_destroy(scene);
}

static uint32_t box_flags(const calo_scene *scene, double x, double y, double z, double offset)
{
    calo_object_quality quality;
    calo_scene_statistics statistics = {.bounds_min = {offset, 0, 0}, .bounds_max = {offset + x, y, z}};
    assert_int_equal(calo_object_measure(scene, &statistics, &quality, NULL), CALO_OK);
    return quality.flags;
}

static void boxes_are_judged(void **state)
{
    (void)state;
    calo_scene *scene = load(CUBE_CORNERS CUBE_OUTWARD);
    assert_int_equal(box_flags(scene, 1, 2, 3, 0), 0);
    assert_int_equal(box_flags(scene, 0, 0, 0, 7), BIT(CALO_QUALITY_DEGENERATE_BOX));
    assert_int_equal(box_flags(scene, 0, 5, 0, 0), BIT(CALO_QUALITY_DEGENERATE_BOX));
    assert_int_equal(box_flags(scene, 4e-4, 5, 5e-4, 0), BIT(CALO_QUALITY_DEGENERATE_BOX));
    assert_int_equal(box_flags(scene, 4e-4, 5, 6e-4, 0), BIT(CALO_QUALITY_FLAT_BOX));
    assert_int_equal(box_flags(scene, 5, 5, 0, 0), BIT(CALO_QUALITY_FLAT_BOX));
    assert_int_equal(box_flags(scene, 1, 2e5, 1e3, 0), BIT(CALO_QUALITY_FLAT_BOX) | BIT(CALO_QUALITY_HUGE_BOX));
    assert_int_equal(box_flags(scene, 2, 1, 1, -19000), 0);
    assert_int_equal(box_flags(scene, 2, 1, 1, -20001), BIT(CALO_QUALITY_FAR_BOX));
    calo_scene_destroy(scene);
}

/* ---- rejecting ---- */

static void lists_of_flags_are_read(void **state)
{
    (void)state;
    calo_reject reject;
    calo_error err;
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"", "no flag \"\""},        {"blanc", "choose from blank, tiny"}, {"blank,", "no flag \"\""},
        {"blank:", "blank:0.5"},     {"blank:x", "blank:0.5"},             {"blank:1", "less than 1"},
        {"blank:-0.1", "from 0"},    {"blank:nan", "from 0"},              {"blank:0.5:2", "commas"},
        {"blank nan", "no flag"},    {"missing_texture:0.5", "no share"},  {"BLANK", "no flag"},
        {"blank:0.1 ", "commas"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(calo_reject_parse(wrong[i].text, &reject, &err), CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, wrong[i].words));
    }
    assert_int_equal(calo_reject_parse(NULL, &reject, &err), CALO_OK);
    assert_int_equal(reject.flags, 0);
    char all[512] = "";
    for (int f = 0; f < CALO_QUALITY_COUNT; f++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", f ? "," : "",
                 calo_quality_flag_name((calo_quality_flag)f));
    assert_int_equal(calo_reject_parse(all, &reject, &err), CALO_OK);
    assert_int_equal(reject.flags, BIT(CALO_QUALITY_COUNT) - 1);
    assert_int_equal(calo_reject_parse("flipped_normals:0.25,clipped:.5,nan", &reject, &err), CALO_OK);
    assert_int_equal(reject.flags,
                     BIT(CALO_QUALITY_FLIPPED_NORMALS) | BIT(CALO_QUALITY_CLIPPED) | BIT(CALO_QUALITY_NAN));
    assert_true(reject.shares[CALO_QUALITY_FLIPPED_NORMALS] == 0.25 && reject.shares[CALO_QUALITY_CLIPPED] == 0.5 &&
                reject.shares[CALO_QUALITY_NAN] == 0);
}

static void flags_reject_above_their_shares(void **state)
{
    (void)state;
    const calo_view_quality views[4] = {{.coverage = 0.5, .flags = BIT(CALO_QUALITY_CLIPPED)},
                                        {.coverage = 0.25},
                                        {.coverage = 0, .flags = BIT(CALO_QUALITY_BLANK)},
                                        {.coverage = 0.75, .flags = BIT(CALO_QUALITY_CLIPPED)}};
    calo_object_quality quality = {.flags = BIT(CALO_QUALITY_MISSING_TEXTURE), .missing_textures = 3,
                                   .flipped_normals = 0.3};
    calo_object_add_views(&quality, views, 4);
    assert_true(quality.coverage_least == 0 && quality.coverage_mean == 0.375 && quality.coverage_most == 0.75);
    assert_int_equal(quality.views_with[CALO_QUALITY_CLIPPED], 2);
    assert_int_equal(quality.flags,
                     BIT(CALO_QUALITY_MISSING_TEXTURE) | BIT(CALO_QUALITY_BLANK) | BIT(CALO_QUALITY_CLIPPED));
    static const struct {
        const char *list, *words; /* NULL: let through */
    } cases[] = {
        {"blank", "1 of 4 views show nothing"},  {"blank:0.25", NULL},
        {"clipped:0.49", "2 of 4"},              {"clipped:0.5", NULL},
        {"all_white,nan,tiny,huge_box", NULL},   {"nan,missing_texture", "3 of its textures"},
        {"flipped_normals", "0.3 of its surface"}, {"flipped_normals:0.3", NULL},
        {"flipped_normals:0.29", "0.29"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_reject reject;
        calo_error err = {0};
        assert_int_equal(calo_reject_parse(cases[i].list, &reject, NULL), CALO_OK);
        assert_int_equal(calo_reject_check(&reject, &quality, &err), cases[i].words ? CALO_ERROR_REJECTED : CALO_OK);
        if (cases[i].words)
            assert_non_null(strstr(err.message, cases[i].words));
    }
}

/* ---- whole objects ---- */

typedef struct fixture {
    char folder[64], output[80], model[80];
} fixture;

static int set_up(void **state)
{
    static fixture f;
    static const char half[] = CUBE_CORNERS "f 1 2 3 4\n";
    f = (fixture){.folder = "/tmp/calotype-quality-XXXXXX"};
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.output, sizeof f.output, "%s/out", f.folder);
    snprintf(f.model, sizeof f.model, "%s/sheet.obj", f.folder);
    *state = &f;
    return calo_file_write(f.model, half, sizeof half - 1, NULL) == CALO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    calo_folder_remove(((fixture *)*state)->folder);
    return 0;
}

static calo_status run(const fixture *f, uint32_t threads, const calo_item_options *options, calo_item_result *result,
                       calo_error *err)
{
    calo_renderer *renderer;
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.threads = threads, .backend = "cpu"}, &renderer, err),
                     CALO_OK);
    calo_status status = calo_item_run(renderer, f->model, options, result, err);
    calo_renderer_destroy(renderer);
    return status;
}

static void quality_is_the_same_whatever_is_written(void **state)
{
    fixture *f = *state;
    calo_item_options options = {.output_folder = f->output, .views = {.count = 24, .width = 40, .height = 32}};
    calo_item_result first, second;
    calo_error err = {0};
    options.render.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
                              CALO_CHANNEL_BIT(CALO_CHANNEL_MASK);
    assert_int_equal(run(f, 1, &options, &first, &err), CALO_OK);
    assert_int_equal(first.quality.view_count, 24);
    assert_int_equal(first.quality.flags & BIT(CALO_QUALITY_FLAT_BOX), BIT(CALO_QUALITY_FLAT_BOX));
    static const uint32_t others[] = {CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR),
                                      CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL),
                                      CALO_CHANNEL_BIT(CALO_CHANNEL_MASK)};
    for (size_t i = 0; i < 3; i++) {
        options.render.channels = others[i];
        assert_int_equal(run(f, 3, &options, &second, &err), CALO_OK);
        assert_memory_equal(&first.quality, &second.quality, sizeof first.quality);
        calo_item_result_finish(&second);
    }
    calo_item_result_finish(&first);
}

static void what_is_rejected_leaves_nothing(void **state)
{
    fixture *f = *state;
    calo_item_options options = {.output_folder = f->folder, .views = {.count = 3, .width = 16, .height = 16}};
    calo_item_result result;
    calo_error err = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/sheet", f->folder);
    options.reject = "blank:0.9,flat_box";
    for (int package = CALO_PACKAGE_FILES; package <= CALO_PACKAGE_ZIP; package++) {
        options.package = (calo_package)package;
        assert_int_equal(run(f, 2, &options, &result, &err), CALO_ERROR_REJECTED);
        assert_non_null(strstr(err.message, f->model));
        assert_non_null(strstr(err.message, "\"flat_box\""));
        assert_int_equal(result.quality.view_count, 3);
        assert_int_not_equal(access(result.path, F_OK), 0);
        calo_item_result_finish(&result);
    }
    options.package = CALO_PACKAGE_FILES;
    options.reject = "huge_box,missing_texture,nan";
    assert_int_equal(run(f, 2, &options, &result, &err), CALO_OK);
    assert_int_equal(access(path, F_OK), 0);
    calo_item_result_finish(&result);
    options.reject = "flat";
    assert_int_equal(run(f, 2, &options, &result, &err), CALO_ERROR_ARGUMENT);
    calo_item_result_finish(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_counted),
        cmocka_unit_test(white_and_black_are_counted_where_the_object_is),
        cmocka_unit_test(numbers_that_are_not_finite_are_found_anywhere),
        cmocka_unit_test(views_get_their_flags),
        cmocka_unit_test(surfaces_that_face_the_wrong_way_are_measured),
        cmocka_unit_test(mirroring_turns_nothing_round_and_size_weighs),
        cmocka_unit_test(boxes_are_judged),
        cmocka_unit_test(lists_of_flags_are_read),
        cmocka_unit_test(flags_reject_above_their_shares),
        cmocka_unit_test_setup_teardown(quality_is_the_same_whatever_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_rejected_leaves_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
