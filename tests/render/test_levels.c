/* Every instruction set that the machine has gives the same bits, on scenes that take every path. */
#include "scenes.h"

#include "image/color.h"

static const char *const levels[] = {"baseline", "avx2", "avx512"};

/* A bumpy texture whose texels are all different, with holes in its alpha. */
static int32_t noise_texture(test_scene *s, calo_texture sampler)
{
    enum { SIDE = 61 };
    static uint8_t texels[SIDE * SIDE * 4];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof texels; i++) {
        seed = seed * 1664525 + 1013904223;
        texels[i] = (uint8_t)(seed >> 24);
    }
    return test_texture(s, SIDE, SIDE, texels, sampler);
}

static calo_mat4 moved(double x, double y, double z, double scale)
{
    return (calo_mat4){{{scale, 0, 0, x}, {0, scale, 0, y}, {0, 0, scale, z}, {0, 0, 0, 1}}};
}

/* Textures of every wrap mode and filter, normal maps, vertex colours, mirrored, mask, blend, lines and
 * points, a floor that reaches behind the camera, and spheres from tiny triangles to large ones. */
static calo_scene *make_scene(void)
{
    static const float floor_corners[12] = {-60, -60, -1, 60, -60, -1, 60, 60, -1, -60, 60, -1};
    static const float line_positions[6] = {-2, 0, 1.2f, 2, 0.3f, 1.4f};
    static const uint32_t line_indices[2] = {0, 1};
    test_scene s = test_scene_start();
    for (int i = 0; i < 9; i++) {
        calo_material material = calo_material_default();
        calo_texture sampler = {.wrap_u = (calo_wrap)(i % 3), .wrap_v = (calo_wrap)((i + 1) % 3),
                                .magnify = i == 4 ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR,
                                .minify = i == 5 ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR, .no_mipmaps = i == 6};
        material.metallic = i % 2 ? 0.5f : 0;
        material.roughness = 0.1f * (float)i;
        material.alpha_mode = i == 2 ? CALO_ALPHA_MASK : i == 3 ? CALO_ALPHA_BLEND : CALO_ALPHA_OPAQUE;
        material.alpha_cutoff = 0.3f;
        material.double_sided = i % 2;
        material.unlit = i == 7;
        test_use_texture(&material, CALO_SLOT_BASE_COLOR, noise_texture(&s, sampler));
        material.slots[CALO_SLOT_BASE_COLOR].transform[0] = 3;
        if (i % 3 == 1)
            test_use_texture(&material, CALO_SLOT_NORMAL, noise_texture(&s, sampler));
        if (i % 4 == 1) {
            test_use_texture(&material, CALO_SLOT_METALLIC_ROUGHNESS, noise_texture(&s, sampler));
            test_use_texture(&material, CALO_SLOT_OCCLUSION, material.slots[CALO_SLOT_METALLIC_ROUGHNESS].texture);
        }
        calo_primitive sphere = test_sphere(&s, i == 8 ? 120 : 4 + 6 * (uint32_t)i, test_material(&s, &material));
        calo_mat4 place = moved(i % 3 - 1.0, i / 3 - 1.0, 0.2 * i - 0.7, 0.55);
        if (i == 5)
            place.m[0][0] = -place.m[0][0];
        test_node(&s, &sphere, &place);
    }
    calo_primitive quad = test_quad(&s, floor_corners, -1);
    test_node(&s, &quad, NULL);
    calo_primitive line = {.topology = CALO_LINES, .vertex_count = 2, .index_count = 2, .indices = line_indices,
                           .positions = test_copy(&s, line_positions, sizeof line_positions), .material = -1};
    test_node(&s, &line, NULL);
    line.topology = CALO_POINTS;
    test_node(&s, &line, NULL);
    test_seal(&s);
    return s.scene;
}

/* FNV-1a over everything that was rendered. */
static uint64_t hash_frame(const calo_frame *frame)
{
    uint64_t hash = 14695981039346656037u;
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        for (uint32_t y = 0; plane->data && y < plane->height; y++)
            for (size_t i = 0; i < plane->width * (size_t)calo_pixel_bytes(plane->format); i++)
                hash = (hash ^ ((const uint8_t *)plane->data)[y * plane->row_bytes + i]) * 1099511628211u;
    }
    return hash;
}

static uint64_t hash_of(const calo_scene *scene, uint32_t samples, const calo_view *view)
{
    static const calo_scene_light lights[] = {
        {.light = {.kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 0.9f, 0.8f}, .intensity = 2}, .direction = {0, 0.6, -0.8}},
        {.light = {.kind = CALO_LIGHT_POINT, .color = {0.3f, 0.6f, 1}, .intensity = 9, .range_metres = 9},
         .position = {1, -2, 3}},
    };
    calo_lighting lighting = {.lights = lights, .light_count = 2};
    calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = samples};
    calo_frame frame = test_render(scene, &lighting, &options, view);
    uint64_t hash = hash_frame(&frame);
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

static void every_level_gives_the_same_bits(void **state)
{
    (void)state;
    calo_scene *scene = make_scene();
    const uint32_t sizes[] = {64, 203};
    assert_true(has_level("baseline"));
    for (uint32_t samples = 1; samples <= 16; samples *= 4)
        for (size_t i = 0; i < 2; i++) {
            calo_view view = test_view(sizes[i], 60, (double[3]){1.1, -3, 0.9}, (double[3]){0, 0, 0});
            view.orthographic = i == 1 && samples == 4;
            view.focal_x = view.focal_y = view.orthographic ? sizes[i] / 4.0 : view.focal_x;
            setenv("CALOTYPE_CPU", levels[0], 1);
            uint64_t expected = hash_of(scene, samples, &view);
            for (size_t level = 1; level < sizeof levels / sizeof levels[0]; level++) {
                if (!has_level(levels[level])) {
                    print_message("%s: this machine does not have it\n", levels[level]);
                    continue;
                }
                assert_int_equal(hash_of(scene, samples, &view), expected);
            }
        }
    unsetenv("CALOTYPE_CPU");
    calo_scene_destroy(scene);
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
        cmocka_unit_test(unknown_levels_are_refused),
        cmocka_unit_test(srgb_table_is_the_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
