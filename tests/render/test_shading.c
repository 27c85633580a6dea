/* Materials, light, alpha, textures, sampling and what stays equal. */
#include "scenes.h"

#include "base/hash.h"

static const double origin[3] = {0, 0, 0};
static const float unit_quad[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};

static const float *color_at(const calo_frame *frame, uint32_t x, uint32_t y)
{
    return test_floats(frame, CALO_CHANNEL_COLOR, x, y);
}

/* A quad in the plane z = 0 seen from straight above, filling the picture. */
static calo_frame render_quad(const calo_material *material, const calo_lighting *lighting,
                              calo_render_options options, uint32_t size)
{
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, material));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(size, 2 * atan(0.25) * 180 / M_PI, (double[3]){0, 0, 4}, origin);
    if (!options.channels)
        options.channels = TEST_BIT(COLOR);
    options.color_format = CALO_PIXEL_RGBA32F;
    calo_frame frame = test_render(s.scene, lighting, &options, &view);
    calo_scene_destroy(s.scene);
    return frame;
}

static void white_surfaces_stay_white_in_a_white_furnace(void **state)
{
    (void)state;
    for (int metal = 0; metal <= 1; metal++)
        for (int step = 0; step <= 10; step++) {
            test_scene s = test_scene_start();
            calo_material white = calo_material_default();
            white.metallic = (float)metal;
            white.roughness = (float)step / 10;
            calo_primitive sphere = test_sphere(&s, 64, test_material(&s, &white));
            test_node(&s, &sphere, NULL);
            test_seal(&s);
            calo_view view = test_view(48, 40, (double[3]){0, -3.5, 0.5}, origin);
            calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MASK), .samples = 1,
                                           .color_format = CALO_PIXEL_RGBA32F, .energy_compensation = CALO_ON};
            calo_frame frame = test_render(s.scene, NULL, &options, &view);
            for (uint32_t y = 0; y < 48; y++)
                for (uint32_t x = 0; x < 48; x++)
                    for (int c = 0; c < 3 && test_mask(&frame, x, y); c++)
                        assert_true(fabsf(color_at(&frame, x, y)[c] - 1) < 0.01f);
            calo_frame_finish(&frame);
            calo_scene_destroy(s.scene);
        }
}

/* A Lambert surface (no specular) of albedo a that faces a light of irradiance pi has radiance a. */
static void lamps_follow_closed_form(void **state)
{
    (void)state;
    calo_material matte = calo_material_default();
    matte.specular = 0;
    matte.metallic = 0;
    matte.roughness = 1;
    matte.base_color[0] = 0.8f;
    matte.base_color[1] = 0.4f;
    matte.base_color[2] = 0.2f;
    calo_scene_light sun = {.light = {.kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 1, 1}, .intensity = (float)M_PI},
                            .direction = {0, sqrt(0.75), -0.5}};
    calo_lighting lighting = {.no_environment = true, .lights = &sun, .light_count = 1};
    calo_frame frame = render_quad(&matte, &lighting, (calo_render_options){0}, 8);
    for (int c = 0; c < 3; c++)
        assert_true(fabsf(color_at(&frame, 4, 4)[c] - 0.5f * matte.base_color[c]) < 1e-4f);
    calo_frame_finish(&frame);
    /* A point light of 5 W/sr two metres above the middle. */
    calo_scene_light lamp = {.light = {.kind = CALO_LIGHT_POINT, .color = {1, 1, 1}, .intensity = 5},
                             .position = {0, 0, 2}};
    lighting.lights = &lamp;
    frame = render_quad(&matte, &lighting, (calo_render_options){.samples = 1}, 9);
    assert_true(fabsf(color_at(&frame, 4, 4)[0] - 0.8f / (float)M_PI * 5 / 4) < 1e-4f);
    calo_frame_finish(&frame);
    /* The same as a spot: full inside its inner cone, dark beyond the outer one. */
    lamp.light.kind = CALO_LIGHT_SPOT;
    lamp.light.inner_cone_radians = 0.05f;
    lamp.light.outer_cone_radians = 0.1f;
    lamp.direction[2] = -1;
    frame = render_quad(&matte, &lighting, (calo_render_options){.samples = 1}, 9);
    assert_true(fabsf(color_at(&frame, 4, 4)[0] - 0.8f / (float)M_PI * 5 / 4) < 1e-4f);
    assert_true(color_at(&frame, 0, 0)[0] == 0);
    calo_frame_finish(&frame);
}

static void uniform_pictures_light_like_uniform_environments(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_image picture = {0};
    assert_int_equal(calo_image_init(&picture, 64, 32, CALO_PIXEL_RGBA32F, &err), CALO_OK);
    for (uint32_t i = 0; i < 64 * 32; i++)
        memcpy((float *)picture.data + 4 * i, (float[4]){0.5f, 0.25f, 0.125f, 1}, 16);
    calo_lighting lighting = {.environment = &picture, .environment_strength = 2};
    calo_material grey = calo_material_default();
    grey.metallic = 0.5f;
    grey.roughness = 0.37f;
    calo_lighting uniform = {.environment_color = {1, 0.5f, 0.25f}};
    calo_frame a = render_quad(&grey, &lighting, (calo_render_options){0}, 8);
    calo_frame b = render_quad(&grey, &uniform, (calo_render_options){0}, 8);
    for (int c = 0; c < 3; c++)
        assert_true(fabsf(color_at(&a, 3, 3)[c] - color_at(&b, 3, 3)[c]) < 1e-4f);
    calo_frame_finish(&a);
    calo_frame_finish(&b);
    calo_image_finish(&picture);
}

/* A picture that is bright on one side: where +x is, and that the rotation turns it counter-clockwise. */
static void environment_pictures_are_the_right_way_round(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_image picture = {0};
    assert_int_equal(calo_image_init(&picture, 64, 32, CALO_PIXEL_RGBA32F, &err), CALO_OK);
    for (uint32_t i = 0; i < 64 * 32; i++) {
        uint32_t x = i % 64, y = i / 64;
        /* red around +x (the middle column), green around +z (the first rows), blue around +y */
        float rgb[4] = {x > 28 && x < 36 && y > 12 && y < 20, y < 6, x > 12 && x < 20 && y > 12 && y < 20, 1};
        memcpy((float *)picture.data + 4 * i, rgb, 16);
    }
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, unit_quad, -1);
    test_node(&s, &quad, NULL);
    test_seal(&s);
    static const double targets[3][3] = {{1, 0, 0}, {0, 0, 1}, {0, 1, 0}};
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < 3; i++) {
            calo_lighting lighting = {.environment = &picture, .environment_rotation_degrees = turn ? 90 : 0};
            calo_view view = test_view(9, 10, (double[3]){0, 0, 5}, (double[3]){targets[i][0], targets[i][1], 5 + targets[i][2]});
            calo_render_options options = {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F,
                                           .background = CALO_BACKGROUND_ENVIRONMENT};
            calo_frame frame = test_render(s.scene, &lighting, &options, &view);
            /* Turned by 90 degrees, what was seen at +x is at +y. */
            int expected = turn == 0 ? i : i == 1 ? 1 : i == 2 ? 0 : -1;
            static const int channel_of[3] = {0, 1, 2};
            for (int c = 0; c < 3; c++)
                assert_true(color_at(&frame, 4, 4)[c] == (expected >= 0 && channel_of[expected] == c ? 1.0f : 0.0f));
            calo_frame_finish(&frame);
        }
    calo_scene_destroy(s.scene);
    calo_image_finish(&picture);
}

static void reflections_come_from_the_mirrored_side(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_image picture = {0};
    assert_int_equal(calo_image_init(&picture, 128, 64, CALO_PIXEL_RGBA32F, &err), CALO_OK);
    for (uint32_t i = 0; i < 128 * 64; i++) {
        /* red for x > 0, green for x < 0 */
        uint32_t x = i % 128;
        memcpy((float *)picture.data + 4 * i, (float[4]){x >= 32 && x < 96, x < 32 || x >= 96, 0, 1}, 16);
    }
    calo_material mirror = calo_material_default();
    mirror.roughness = 0;
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, &mirror));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_lighting lighting = {.environment = &picture};
    calo_view view = test_view(9, 10, (double[3]){-3, 0, 3}, origin);
    calo_render_options options = {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F};
    calo_frame frame = test_render(s.scene, &lighting, &options, &view);
    assert_true(color_at(&frame, 4, 4)[0] > 0.97f && color_at(&frame, 4, 4)[1] < 0.03f);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
    calo_image_finish(&picture);
}

static void blended_layers_are_sorted(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    static const float colors[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const float heights[3] = {1, 0, 0.5f}; /* file order is not depth order */
    for (int i = 0; i < 3; i++) {
        calo_material m = calo_material_default();
        m.alpha_mode = CALO_ALPHA_BLEND;
        m.unlit = true;
        memcpy(m.base_color, colors[i], sizeof colors[i]);
        m.base_color[3] = 0.4f;
        float corners[12];
        memcpy(corners, unit_quad, sizeof corners);
        for (int v = 0; v < 4; v++)
            corners[3 * v + 2] = heights[i];
        calo_primitive quad = test_quad(&s, corners, test_material(&s, &m));
        test_node(&s, &quad, NULL);
    }
    test_seal(&s);
    calo_view view = test_view(8, 10, (double[3]){0, 0, 4}, origin);
    for (uint32_t samples = 1; samples <= 16; samples *= 4) {
        calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MASK), .samples = samples,
                                       .color_format = CALO_PIXEL_RGBA32F};
        calo_frame frame = test_render(s.scene, NULL, &options, &view);
        const float *rgba = color_at(&frame, 4, 4);
        float alpha = 1 - 0.6f * 0.6f * 0.6f;
        assert_true(fabsf(rgba[3] - alpha) < 1e-5f);
        assert_true(fabsf(rgba[0] * alpha - 0.4f) < 1e-5f);         /* nearest */
        assert_true(fabsf(rgba[2] * alpha - 0.24f) < 1e-5f);        /* middle */
        assert_true(fabsf(rgba[1] * alpha - 0.4f * 0.36f) < 1e-5f); /* farthest */
        assert_int_equal(test_mask(&frame, 4, 4), 0); /* no layer is half opaque */
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

static void masked_texels_cut_color_and_data_alike(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    static const uint8_t texels[] = {255, 0, 0, 255, 0, 255, 0, 100, 0, 0, 255, 140, 9, 9, 9, 0};
    calo_material m = calo_material_default();
    m.alpha_mode = CALO_ALPHA_MASK;
    m.alpha_cutoff = 0.5f;
    m.unlit = true;
    test_use_texture(&m, CALO_SLOT_BASE_COLOR,
                     test_texture(&s, 2, 2, texels, (calo_texture){.magnify = CALO_FILTER_NEAREST}));
    calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, &m));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(16, 2 * atan(0.25) * 180 / M_PI, (double[3]){0, 0, 4}, origin);
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MASK), .samples = 4,
                                   .color_format = CALO_PIXEL_RGBA32F};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    /* Row 0 of the texture is at v = 0, the quad's lower edge (y = -1). */
    assert_int_equal(test_mask(&frame, 4, 12), 1);
    assert_int_equal(test_mask(&frame, 12, 12), 0);
    assert_int_equal(test_mask(&frame, 4, 4), 1);
    assert_int_equal(test_mask(&frame, 12, 4), 0);
    assert_true(color_at(&frame, 4, 12)[0] == 1 && color_at(&frame, 4, 12)[3] == 1);
    assert_true(color_at(&frame, 12, 12)[3] == 0);
    assert_true(color_at(&frame, 4, 4)[2] == 1 && color_at(&frame, 4, 4)[3] == 1);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void texture_wrap_modes(void **state)
{
    (void)state;
    static const uint8_t texels[] = {255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255};
    static const calo_wrap wraps[3] = {CALO_WRAP_REPEAT, CALO_WRAP_CLAMP, CALO_WRAP_MIRROR};
    /* The texel seen at u = -0.9 .. 2.1 (u = 3 * x - 1 over the quad), 12 quarter-texel columns. */
    static const char *const expected[3] = {"rgbwrgbwrgbw", "rrrrrgbwwwww", "wbgrrgbwwbgr"};
    for (int w = 0; w < 3; w++) {
        test_scene s = test_scene_start();
        calo_material m = calo_material_default();
        m.unlit = true;
        calo_texture sampler = {.wrap_u = wraps[w], .wrap_v = wraps[w], .magnify = CALO_FILTER_NEAREST};
        test_use_texture(&m, CALO_SLOT_BASE_COLOR, test_texture(&s, 4, 1, texels, sampler));
        m.slots[CALO_SLOT_BASE_COLOR].transform[0] = 3;
        m.slots[CALO_SLOT_BASE_COLOR].transform[2] = -1;
        calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, &m));
        test_node(&s, &quad, NULL);
        test_seal(&s);
        calo_view view = test_view(120, 2 * atan(0.25) * 180 / M_PI, (double[3]){0, 0, 4}, origin);
        calo_render_options options = {.channels = TEST_BIT(COLOR), .samples = 1, .color_format = CALO_PIXEL_RGBA32F};
        calo_frame frame = test_render(s.scene, NULL, &options, &view);
        for (uint32_t i = 0; i < 12; i++) {
            const float *c = color_at(&frame, 10 * i + 5, 60);
            char seen = c[0] == 1 && c[1] == 1 ? 'w' : c[0] == 1 ? 'r' : c[1] == 1 ? 'g' : 'b';
            if (seen != expected[w][i])
                fail_msg("wrap %d, column %u: saw %c, expected %c", w, i, seen, expected[w][i]);
        }
        calo_frame_finish(&frame);
        calo_scene_destroy(s.scene);
    }
}

/* A checkerboard finer than the pixels averages to grey in linear light. */
static void minified_textures_are_filtered_in_linear_light(void **state)
{
    (void)state;
    enum { SIDE = 256 };
    uint8_t *texels = malloc(4ul * SIDE * SIDE);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) {
        uint8_t v = (i % SIDE + i / SIDE) % 2 ? 255 : 0;
        memcpy(texels + 4 * i, (uint8_t[4]){v, v, v, 255}, 4);
    }
    test_scene s = test_scene_start();
    calo_material m = calo_material_default();
    m.unlit = true;
    test_use_texture(&m, CALO_SLOT_BASE_COLOR, test_texture(&s, SIDE, SIDE, texels, (calo_texture){0}));
    calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, &m));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(16, 2 * atan(0.25) * 180 / M_PI, (double[3]){0, 0, 4}, origin);
    calo_render_options options = {.channels = TEST_BIT(COLOR), .samples = 1, .color_format = CALO_PIXEL_RGBA32F};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    assert_true(fabsf(color_at(&frame, 8, 8)[0] - 0.5f) < 0.01f);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
    free(texels);
}

/* A normal map that leans towards +u must turn the normal towards the quad's +x, and +y up in the
 * map (green) must turn it against growing v. */
static void normals_without_a_direction_give_way_to_the_triangles(void **state)
{
    (void)state;
    static const float zeros[12] = {0};
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, unit_quad, -1);
    quad.normals = zeros;
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(8, 20, (double[3]){1, 0, 4}, origin);
    calo_render_options options = {.channels = TEST_BIT(NORMAL) | TEST_BIT(MASK), .world_space_normals = true};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    const float *normal = test_floats(&frame, CALO_CHANNEL_NORMAL, 4, 4);
    assert_true(test_mask(&frame, 4, 4));
    assert_true(normal[0] == 0 && normal[1] == 0 && normal[2] == 1);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void normal_maps_lean_the_right_way(void **state)
{
    (void)state;
    static const uint8_t leaning[2][4] = {{218, 128, 218, 255}, {128, 218, 218, 255}};
    for (int i = 0; i < 2; i++)
        for (int with_normals = 0; with_normals < 2; with_normals++) {
            test_scene s = test_scene_start();
            calo_material m = calo_material_default();
            test_use_texture(&m, CALO_SLOT_NORMAL, test_texture(&s, 1, 1, leaning[i], (calo_texture){0}));
            calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, &m));
            static const float normals[12] = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1};
            quad.normals = with_normals ? normals : NULL;
            test_node(&s, &quad, NULL);
            test_seal(&s);
            calo_view view = test_view(8, 20, (double[3]){0, 0, 4}, origin);
            calo_render_options options = {.channels = TEST_BIT(NORMAL) | TEST_BIT(GEOMETRIC_NORMAL),
                                           .world_space_normals = true};
            calo_frame frame = test_render(s.scene, NULL, &options, &view);
            const float *n = test_floats(&frame, CALO_CHANNEL_NORMAL, 4, 4);
            const float *g = test_floats(&frame, CALO_CHANNEL_GEOMETRIC_NORMAL, 4, 4);
            /* UV (0,0) is at (-1,-1): u grows with x, v with y, so map-up is -y here. */
            float lean = (float)sqrt(0.5);
            assert_true(fabsf(n[0] - (i == 0 ? lean : 0)) < 0.01f);
            assert_true(fabsf(n[1] - (i == 1 ? -lean : 0)) < 0.01f);
            assert_true(fabsf(n[2] - lean) < 0.01f);
            assert_true(g[0] == 0 && g[1] == 0 && g[2] == 1);
            calo_frame_finish(&frame);
            calo_scene_destroy(s.scene);
        }
}

static void back_faces_follow_the_material_and_the_option(void **state)
{
    (void)state;
    for (int double_sided = 0; double_sided < 2; double_sided++)
        for (int cull = 0; cull < 2; cull++) {
            test_scene s = test_scene_start();
            calo_material m = calo_material_default();
            m.double_sided = double_sided;
            calo_primitive quad = test_quad(&s, unit_quad, test_material(&s, &m));
            test_node(&s, &quad, NULL);
            test_seal(&s);
            calo_view view = test_view(8, 20, (double[3]){0, 0, -4}, origin);
            calo_render_options options = {.channels = TEST_BIT(MASK) | TEST_BIT(NORMAL),
                                           .cull = cull ? CALO_CULL_OFF : CALO_CULL_AUTO};
            calo_frame frame = test_render(s.scene, NULL, &options, &view);
            assert_int_equal(test_mask(&frame, 4, 4), double_sided || cull);
            if (double_sided || cull)
                assert_true(test_floats(&frame, CALO_CHANNEL_NORMAL, 4, 4)[2] > 0.999f); /* faces the viewer */
            calo_frame_finish(&frame);
            calo_scene_destroy(s.scene);
        }
}

/* Mirroring a closed sphere by a negative scale must not turn it inside out. */
static void mirrored_nodes_keep_their_outside(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 32, -1);
    calo_mat4 mirror = {{{-1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 1}}};
    test_node(&s, &sphere, &mirror);
    test_seal(&s);
    calo_view view = test_view(64, 60, (double[3]){4, 0, 0}, origin);
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(NORMAL), .world_space_normals = true};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    assert_true(fabsf(*test_floats(&frame, CALO_CHANNEL_DEPTH, 32, 32) - 3) < 0.01f);
    assert_true(test_floats(&frame, CALO_CHANNEL_NORMAL, 32, 32)[0] > 0.99f);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void points_and_lines_are_drawn_at_their_depth(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    static const uint32_t indices[] = {0, 1};
    static const float points[] = {0.5f, 0.5f, 1, -0.5f, 0.5f, 0}, line[] = {-0.8f, -0.5f, 0, 0.8f, -0.5f, 1};
    static const float colors[] = {1, 0, 0, 1, 0, 1, 0, 1};
    calo_primitive dots = {.topology = CALO_POINTS, .vertex_count = 2, .index_count = 2, .indices = indices,
                           .positions = points, .colors = colors, .material = -1, .source_vertex_count = 2};
    calo_primitive stroke = {.topology = CALO_LINES, .vertex_count = 2, .index_count = 2, .indices = indices,
                             .positions = line, .material = -1, .source_vertex_count = 2};
    test_node(&s, &dots, NULL);
    test_node(&s, &stroke, NULL);
    test_seal(&s);
    calo_view view = test_view(101, 40, (double[3]){0, 0, 4}, origin);
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(DEPTH) | TEST_BIT(INSTANCE_ID),
                                   .samples = 1, .color_format = CALO_PIXEL_RGBA32F, .line_width_pixels = 3};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    uint32_t x = (uint32_t)(50.5 + view.focal_x * 0.5 / 3), y = (uint32_t)(50.5 - view.focal_x * 0.5 / 3);
    assert_true(color_at(&frame, x, y)[0] == 1 && color_at(&frame, x, y)[1] == 0);
    assert_true(fabsf(*test_floats(&frame, CALO_CHANNEL_DEPTH, x, y) - 3) < 1e-5f);
    /* The line's point at x = 0 is half-way in space, not on the screen: depth 3.5. */
    x = 50, y = (uint32_t)(50.5 + view.focal_x * 0.5 / 3.5);
    assert_true(fabsf(*test_floats(&frame, CALO_CHANNEL_DEPTH, x, y) - 3.5f) < 0.02f);
    const calo_image *ids = &frame.planes[CALO_CHANNEL_INSTANCE_ID];
    assert_int_equal(((const uint32_t *)((const char *)ids->data + y * ids->row_bytes))[x], 2);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* Coverage of a half plane through the pixels: with n samples a multiple of 1/n near the truth. */
static void antialiasing_measures_coverage(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material m = calo_material_default();
    m.unlit = true;
    const float corners[12] = {-1, -1, 0, 0.1f, -1, 0, 0.37f, 1, 0, -1, 1, 0};
    calo_primitive quad = test_quad(&s, corners, test_material(&s, &m));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(32, 2 * atan(0.25) * 180 / M_PI, (double[3]){0, 0, 4}, origin);
    for (uint32_t samples = 4; samples <= 16; samples *= 4) {
        calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MASK), .samples = samples,
                                       .color_format = CALO_PIXEL_RGBA32F};
        calo_frame frame = test_render(s.scene, NULL, &options, &view);
        for (uint32_t y = 0; y < 32; y++) {
            double top = -1 + (32 - y) / 16.0, bottom = top - 1 / 16.0, covered = 0;
            for (int k = 0; k < 100; k++) {
                double at = bottom + (top - bottom) * (k + 0.5) / 100;
                covered += (0.1 + (at + 1) / 2 * 0.27 + 1) * 16 / 100;
            }
            double sum = 0;
            for (uint32_t x = 0; x < 32; x++) {
                float alpha = color_at(&frame, x, y)[3];
                assert_true(fabsf(alpha * (float)samples - roundf(alpha * (float)samples)) < 1e-4f);
                sum += alpha;
            }
            assert_true(fabs(sum - covered) <= 1.5 / samples);
        }
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

/* Very large pictures are drawn in bands of rows; nothing may tell. A wide one is compared with its
 * own lower half, drawn as a picture of its own. */
static void bands_of_rows_join_without_a_seam(void **state)
{
    (void)state;
    enum { WIDTH = 16384, HEIGHT = 200, CUT = 90 };
    test_scene s = test_scene_start();
    calo_material glass = calo_material_default();
    glass.alpha_mode = CALO_ALPHA_BLEND;
    glass.base_color[3] = 0.6f;
    calo_primitive sphere = test_sphere(&s, 12, -1), pane = test_quad(&s, unit_quad, test_material(&s, &glass));
    test_node(&s, &sphere, NULL);
    test_node(&s, &pane, NULL);
    test_seal(&s);
    calo_view whole = test_view(HEIGHT, 10, (double[3]){1, -2, 3}, origin), lower;
    whole.width = WIDTH;
    whole.center_x = WIDTH / 2.0;
    whole.focal_x *= 60; /* fill the width */
    lower = whole;
    lower.height = HEIGHT - CUT;
    lower.center_y -= CUT;
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(INSTANCE_ID), .samples = 16};
    calo_frame a = test_render(s.scene, NULL, &options, &whole), b = test_render(s.scene, NULL, &options, &lower);
    long covered = 0;
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        for (uint32_t y = 0; a.planes[c].data && y < lower.height; y++) {
            const calo_image *left = &a.planes[c], *right = &b.planes[c];
            const uint8_t *row = (const uint8_t *)left->data + (y + CUT) * left->row_bytes;
            assert_memory_equal(row, (const uint8_t *)right->data + y * right->row_bytes, left->row_bytes);
            covered += row[WIDTH * 2 + 3] != 0;
        }
    assert_true(covered > 50);
    calo_frame_finish(&a);
    calo_frame_finish(&b);
    calo_scene_destroy(s.scene);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    enum { VIEWS = 7 };
    test_scene s = test_scene_start();
    calo_material glass = calo_material_default();
    glass.alpha_mode = CALO_ALPHA_BLEND;
    glass.base_color[3] = 0.6f;
    calo_primitive sphere = test_sphere(&s, 24, -1), pane = test_quad(&s, unit_quad, test_material(&s, &glass));
    test_node(&s, &sphere, NULL);
    test_node(&s, &pane, NULL);
    test_seal(&s);
    calo_view views[VIEWS];
    for (int i = 0; i < VIEWS; i++)
        views[i] = test_view(40, 50, (double[3]){3 * cos(i), 3 * sin(i), i - 3}, origin);
    char first[65] = "", hash[65];
    for (uint32_t threads = 1; threads <= 5; threads += 2) {
        calo_error err = {0};
        calo_pose *pose = NULL;
        calo_renderer *renderer = NULL;
        calo_prepared *prepared = NULL;
        calo_frame frames[VIEWS];
        assert_int_equal(calo_pose_create(s.scene, NULL, &pose, &err), CALO_OK);
        assert_int_equal(calo_renderer_create(&(calo_renderer_options){.threads = threads}, &renderer, &err), CALO_OK);
        assert_int_equal(calo_renderer_prepare(renderer, pose, NULL, &prepared, &err), CALO_OK);
        calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = 16};
        for (int i = 0; i < VIEWS; i++)
            assert_int_equal(calo_frame_init(&frames[i], 40, 40, options.channels, CALO_PIXEL_RGBA8, &err), CALO_OK);
        assert_int_equal(calo_renderer_render(renderer, prepared, &options, views, VIEWS, frames, NULL, NULL, &err), CALO_OK);
        uint8_t digests[VIEWS * CALO_CHANNEL_COUNT * 32];
        for (int i = 0; i < VIEWS * CALO_CHANNEL_COUNT; i++) {
            const calo_image *plane = &frames[i / CALO_CHANNEL_COUNT].planes[i % CALO_CHANNEL_COUNT];
            calo_sha256 digest = calo_sha256_of(plane->data, plane->row_bytes * plane->height);
            memcpy(digests + 32 * i, digest.bytes, 32);
        }
        calo_sha256 all = calo_sha256_of(digests, sizeof digests);
        calo_sha256_text(&all, hash);
        if (threads == 1)
            memcpy(first, hash, sizeof hash);
        assert_string_equal(first, hash);
        for (int i = 0; i < VIEWS; i++)
            calo_frame_finish(&frames[i]);
        calo_prepared_destroy(prepared);
        calo_renderer_destroy(renderer);
        calo_pose_destroy(pose);
    }
    calo_scene_destroy(s.scene);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, unit_quad, -1);
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.backend = "vulkan"}, &renderer, &err),
                     CALO_ERROR_BACKEND);
    assert_non_null(strstr(err.message, "vulkan"));
    assert_int_equal(calo_pose_create(s.scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(NULL, &renderer, &err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, NULL, &prepared, &err), CALO_OK);
    assert_int_equal(calo_frame_init(&frame, 8, 8, 1, CALO_PIXEL_RGBA8, &err), CALO_OK);
    calo_view good = test_view(8, 20, (double[3]){0, 0, 4}, origin), bad[6] = {good, good, good, good, good, good};
    bad[0].width = 0;
    bad[1].height = 100000;
    bad[2].camera_to_world.m[1][2] = NAN;
    bad[3].focal_x = -1;
    memset(&bad[4].camera_to_world, 0, sizeof bad[4].camera_to_world);
    bad[5].width = 9; /* the frame has 8 */
    calo_render_options options = {.channels = 1};
    for (int i = 0; i < 6; i++)
        assert_int_equal(calo_renderer_render(renderer, prepared, &options, &bad[i], 1, &frame, NULL, NULL, &err),
                         CALO_ERROR_ARGUMENT);
    options.samples = 3;
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, &good, 1, &frame, NULL, NULL, &err),
                     CALO_ERROR_ARGUMENT);
    calo_frame_finish(&frame);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(s.scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_surfaces_stay_white_in_a_white_furnace),
        cmocka_unit_test(lamps_follow_closed_form),
        cmocka_unit_test(uniform_pictures_light_like_uniform_environments),
        cmocka_unit_test(environment_pictures_are_the_right_way_round),
        cmocka_unit_test(reflections_come_from_the_mirrored_side),
        cmocka_unit_test(blended_layers_are_sorted),
        cmocka_unit_test(masked_texels_cut_color_and_data_alike),
        cmocka_unit_test(texture_wrap_modes),
        cmocka_unit_test(minified_textures_are_filtered_in_linear_light),
        cmocka_unit_test(normals_without_a_direction_give_way_to_the_triangles),
        cmocka_unit_test(normal_maps_lean_the_right_way),
        cmocka_unit_test(back_faces_follow_the_material_and_the_option),
        cmocka_unit_test(mirrored_nodes_keep_their_outside),
        cmocka_unit_test(points_and_lines_are_drawn_at_their_depth),
        cmocka_unit_test(antialiasing_measures_coverage),
        cmocka_unit_test(bands_of_rows_join_without_a_seam),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
