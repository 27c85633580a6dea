/* Every instruction set that the machine has gives the same bits, on scenes that take every path. */
#include "every_path.h"

#include "image/color.h"

static const char *const levels[] = {"baseline", "avx2", "avx512"};

/* What is drawn, but for the view. */
typedef struct test_drawing {
    const calo_scene *scene;
    calo_prepare_options prepare;
    calo_render_options options;
} test_drawing;

static uint64_t hash_of(const test_drawing *drawing, const calo_view *view)
{
    calo_frame frame = test_render_prepared(drawing->scene, &drawing->prepare, &drawing->options, view);
    uint64_t hash = test_hash_frame(&frame);
    calo_frame_finish(&frame);
    return hash;
}

static bool has_level(const char *name)
{
    calo_renderer *renderer = NULL;
    setenv("CALOTYPE_CPU", name, 1);
    bool there = calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1}, &renderer, NULL) == CALO_OK;
    calo_renderer_destroy(renderer);
    return there;
}

static void check_levels(const test_drawing *drawing, const calo_view *view)
{
    setenv("CALOTYPE_CPU", levels[0], 1);
    uint64_t expected = hash_of(drawing, view);
    for (size_t level = 1; level < sizeof levels / sizeof levels[0]; level++) {
        if (has_level(levels[level]))
            assert_int_equal(hash_of(drawing, view), expected);
        else
            print_message("%s: this machine does not have it\n", levels[level]);
    }
    unsetenv("CALOTYPE_CPU");
}

static void every_level_gives_the_same_bits(void **state)
{
    (void)state;
    calo_lighting lighting = test_every_shadow();
    calo_scene *scene = test_every_path();
    const uint32_t sizes[] = {64, 203};
    assert_true(has_level("baseline"));
    for (uint32_t samples = 1; samples <= 16; samples *= 4)
        for (size_t i = 0; i < 2; i++) {
            calo_view view = test_view(sizes[i], 60, (double[3]){1.1, -3, 0.9}, (double[3]){0, 0, 0});
            view.orthographic = i == 1 && samples == 4;
            view.focal_x = view.focal_y = view.orthographic ? sizes[i] / 4.0 : view.focal_x;
            view.far_metres = samples == 16 ? 4 : 0;
            for (int prepare = 0; prepare < TEST_PREPARES; prepare++) {
                test_drawing drawing = {scene, test_prepare(prepare, &lighting),
                                   {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = samples}};
                check_levels(&drawing, &view);
            }
        }
    calo_scene_destroy(scene);
}

static void pictures_behind_are_the_same(void **state)
{
    (void)state;
    calo_image sky = test_sky();
    calo_lighting lighting = test_every_light();
    calo_scene *scene = test_every_path();
    calo_view view = test_view(203, 80, (double[3]){1.1, -3, 0.9}, (double[3]){0, 0, 0.6});
    lighting.environment = &sky;
    lighting.environment_rotation_degrees = 77;
    for (int displayed = 0; displayed < 2; displayed++)
        for (uint32_t samples = 1; samples <= 16; samples *= 4) {
            test_drawing drawing = {scene,
                               {.lighting = &lighting, .shading = displayed ? CALO_SHADING_MUJOCO : CALO_SHADING_GLTF},
                               {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F, .samples = samples,
                                .background = CALO_BACKGROUND_ENVIRONMENT}};
            check_levels(&drawing, &view);
        }
    calo_scene_destroy(scene);
    calo_image_finish(&sky);
}

static void unknown_levels_are_refused(void **state)
{
    (void)state;
    calo_renderer *renderer = NULL;
    calo_error err = {0};
    setenv("CALOTYPE_CPU", "sse9", 1);
    assert_int_equal(calo_renderer_create(NULL, &renderer, &err), CALO_ERROR_BACKEND);
    assert_non_null(strstr(err.message, "sse9"));
    unsetenv("CALOTYPE_CPU");
}

/* The table that kernels encode colours by, against the function: both ends of every bin. */
static void srgb_table_is_the_function(void **state)
{
    (void)state;
    static uint32_t table[CALO_SRGB_TABLE_SIZE];
    calo_srgb_make_table(table);
    for (uint32_t bits = CALO_SRGB_TABLE_BASE << 16; bits < (uint32_t)(CALO_SRGB_TABLE_BASE + CALO_SRGB_TABLE_SIZE) << 16;
         bits += 37) {
        uint32_t entry = table[(bits >> 16) - CALO_SRGB_TABLE_BASE];
        float linear;
        memcpy(&linear, &bits, sizeof linear);
        if (calo_srgb_from_linear(linear) != (entry >> 17) + ((bits & 0xffff) >= (entry & 0x1ffff)))
            fail_msg("%g: the table is wrong", (double)linear);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_same_bits),
        cmocka_unit_test(pictures_behind_are_the_same),
        cmocka_unit_test(unknown_levels_are_refused),
        cmocka_unit_test(srgb_table_is_the_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
