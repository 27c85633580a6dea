/* Shadows where geometry says, none where nothing stands in the way, and what callers may ask for. */
#include "every_path.h"

static const double origin[3] = {0, 0, 0};

enum { SIZE = 160 };
static const double metres = 4; /* that floor_view shows */

static calo_material matte(void)
{
    calo_material material = calo_material_default();
    material.specular = 0;
    material.metallic = 0;
    return material;
}

static calo_primitive quad_at(test_scene *s, double x, double y, double z, double half, int32_t material)
{
    float l = (float)(x - half), r = (float)(x + half), b = (float)(y - half), t = (float)(y + half), h = (float)z;
    return test_quad(s, (float[12]){l, b, h, r, b, h, r, t, h, l, t, h}, material);
}

/* A floor of 8 x 8 metres at z = 0, and a card of 1 x 1 metre above its middle. */
static calo_scene *floor_and_card(const calo_material *card, const uint8_t *two_texels)
{
    test_scene s = test_scene_start();
    calo_material plain = matte(), used = card ? *card : plain;
    if (two_texels)
        test_use_texture(&used, CALO_SLOT_BASE_COLOR,
                         test_texture(&s, 2, 1, two_texels, (calo_texture){.magnify = CALO_FILTER_NEAREST,
                                                                           .minify = CALO_FILTER_NEAREST}));
    calo_primitive floor = quad_at(&s, 0, 0, 0, 4, test_material(&s, &plain));
    calo_primitive square = quad_at(&s, 0, 0, 1, 0.5, test_material(&s, &used));
    test_node(&s, &floor, NULL);
    test_node(&s, &square, NULL);
    test_seal(&s);
    return s.scene;
}

/* Straight down on the floor, from under the card. */
static calo_view floor_view(void)
{
    calo_view view = test_view(SIZE, 60, (double[3]){0, 0, 0.9}, origin);
    view.orthographic = true;
    view.focal_x = view.focal_y = SIZE / metres;
    return view;
}

static void floor_point(uint32_t x, uint32_t y, double point[3])
{
    point[0] = (x + 0.5 - SIZE / 2.0) * metres / SIZE;
    point[1] = -(y + 0.5 - SIZE / 2.0) * metres / SIZE;
    point[2] = 0;
}

/* What the lamps give at each pixel: linear light, no environment, one sample. */
static calo_frame lit(const calo_scene *scene, const calo_scene_light *lights, uint32_t count, uint32_t shadows,
                      uint32_t map_size, const calo_view *view)
{
    calo_lighting lighting = {.no_environment = true, .lights = lights, .light_count = count, .shadows = shadows,
                              .shadow_map_size = map_size};
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MASK) | TEST_BIT(NORMAL) | TEST_BIT(POSITION),
                                   .samples = 1, .color_format = CALO_PIXEL_RGBA32F, .cull = CALO_CULL_OFF,
                                   .world_space_normals = true};
    return test_render(scene, &lighting, &options, view);
}

/* The share of the light that shadows leave, for each pixel; -1 where there is none to be left. */
typedef struct shares {
    float at[SIZE][SIZE];
    calo_frame plain; /* without shadows; the caller finishes it */
} shares;

static void find_shares(const calo_scene *scene, const calo_scene_light *light, uint32_t map_size,
                        const calo_view *view, shares *out)
{
    calo_frame shadowed = lit(scene, light, 1, CALO_SHADOWS_ALL, map_size, view);
    out->plain = lit(scene, light, 1, 0, 0, view);
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            float all = test_floats(&out->plain, CALO_CHANNEL_COLOR, x, y)[0];
            float left = test_floats(&shadowed, CALO_CHANNEL_COLOR, x, y)[0];
            assert_true(left >= 0 && left <= all * (1 + 1e-6f));
            out->at[y][x] = all > 0 ? left / all : -1;
        }
    calo_frame_finish(&shadowed);
}

static calo_scene_light lamp(calo_light_kind kind, double x, double y, double z)
{
    calo_scene_light out = {.light = {.kind = kind, .color = {1, 1, 1}, .intensity = 20}, .position = {x, y, z}};
    double length = sqrt(x * x + y * y + z * z);
    for (int i = 0; i < 3; i++)
        out.direction[i] = -out.position[i] / length;
    out.light.outer_cone_radians = 1;
    return out;
}

/* ---- where shadows are ---- */

/* How far the point on the floor lies in the card's shadow (positive) or outside, metres at the card's height. */
static double depth_in_shadow(const calo_scene_light *light, const double floor[3])
{
    double through[2];
    for (int i = 0; i < 2; i++) {
        double slope = light->light.kind == CALO_LIGHT_DIRECTIONAL
                           ? light->direction[i] / light->direction[2]
                           : (light->position[i] - floor[i]) / light->position[2];
        through[i] = floor[i] + slope;
    }
    return 0.5 - fmax(fabs(through[0]), fabs(through[1]));
}

static void borders_lie_where_geometry_says(void **state)
{
    (void)state;
    const calo_scene_light lamps[] = {lamp(CALO_LIGHT_DIRECTIONAL, 2, 1, 5), lamp(CALO_LIGHT_SPOT, 0.7, -0.4, 3),
                                      lamp(CALO_LIGHT_POINT, 0.7, -0.4, 3), lamp(CALO_LIGHT_POINT, 8, -4, 40)};
    calo_scene *scene = floor_and_card(NULL, NULL);
    calo_view view = floor_view();
    for (size_t i = 0; i < sizeof lamps / sizeof *lamps; i++) {
        static shares share;
        /* Metres a texel at the card: maps hold the scene's sphere, the spot's cone, a cube's face. */
        const double reach[] = {4 * sqrt(2.01), 2 * tan(1), 2, 40 * 0.15};
        enum { MAP = 1024 };
        double texel = 2 * reach[i] / MAP, area = 0, expected = 0, pixel = metres / SIZE;
        find_shares(scene, &lamps[i], MAP, &view, &share);
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                double floor[3];
                floor_point(x, y, floor);
                double depth = depth_in_shadow(&lamps[i], floor);
                if (share.at[y][x] < 0)
                    continue; /* outside of the spot */
                if (depth > 4 * texel && share.at[y][x] != 0)
                    fail_msg("lamp %zu: light in the shadow at %g, %g", i, floor[0], floor[1]);
                if (depth < -4 * texel && share.at[y][x] != 1)
                    fail_msg("lamp %zu: shadow in the light at %g, %g", i, floor[0], floor[1]);
                area += (1 - share.at[y][x]) * pixel * pixel;
                expected += (depth > 0) * pixel * pixel;
            }
        /* As if the border stood less than a texel and a half off all around, with what pixels leave open. */
        assert_true(expected > 0.9);
        assert_true(fabs(area - expected) < 4 * sqrt(expected) * (1.5 * texel + 0.1 * pixel));
        calo_frame_finish(&share.plain);
    }
    calo_scene_destroy(scene);
}

/* Coarse maps: the filter's weights make the border a ramp without steps. */
static void borders_are_smooth(void **state)
{
    (void)state;
    calo_scene *scene = floor_and_card(NULL, NULL);
    calo_scene_light sun = lamp(CALO_LIGHT_DIRECTIONAL, 2, 1, 5);
    calo_view view = floor_view();
    static shares share;
    find_shares(scene, &sun, 64, &view, &share);
    double texel = 2 * 4 * sqrt(2.01) / (64 - 16), pixel = metres / SIZE;
    uint32_t between = 0;
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 1; x < SIZE; x++) {
            between += share.at[y][x] > 0 && share.at[y][x] < 1;
            /* A texel's whole column or row has a third of the weight; a pixel may cross parts of two. */
            assert_true(fabs(share.at[y][x] - share.at[y][x - 1]) < 1.5 * pixel / texel);
        }
    assert_true(between > 500);
    calo_frame_finish(&share.plain);
    calo_scene_destroy(scene);
}

static void walls_stop_light_from_behind(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    int32_t material = test_material(&s, &plain);
    calo_primitive floor = quad_at(&s, 0, 0, 0, 4, material);
    /* Its back is turned to the lamps: single-sided walls stop light from both sides. */
    calo_primitive wall = test_quad(&s, (float[12]){1, -4, 0, 1, 4, 0, 1, 4, 8, 1, -4, 8}, material);
    test_node(&s, &floor, NULL);
    test_node(&s, &wall, NULL);
    test_seal(&s);
    const calo_scene_light lamps[] = {lamp(CALO_LIGHT_DIRECTIONAL, 2, 0, 1), lamp(CALO_LIGHT_SPOT, 3, 0, 2),
                                      lamp(CALO_LIGHT_POINT, 3, 0, 2)};
    calo_view view = floor_view();
    for (size_t i = 0; i < 3; i++) {
        static shares share;
        find_shares(s.scene, &lamps[i], 0, &view, &share);
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                double point[3];
                floor_point(x, y, point);
                if (share.at[y][x] < 0 || fabs(point[0] - 1) < 0.02)
                    continue;
                assert_true(share.at[y][x] == (point[0] > 1));
            }
        calo_frame_finish(&share.plain);
    }
    calo_scene_destroy(s.scene);
}

/* A lamp between six cards, in the middle of a ball: every face of the cube shows its card's shadow at the right
 * place, and the ball is lit everywhere else, over the faces' seams, too. */
static void point_lights_cast_all_around(void **state)
{
    (void)state;
    const calo_scene_light bulb = {.light = {.kind = CALO_LIGHT_POINT, .color = {1, 1, 1}, .intensity = 5}};
    static const double card_half = 0.1, card_distance = 0.5, ball = 2;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    int32_t material = test_material(&s, &plain);
    calo_primitive sphere = test_sphere(&s, 100, material), card = quad_at(&s, 0, 0, 0, card_half, material);
    calo_mat4 grown = moved(0, 0, 0, ball);
    test_node(&s, &sphere, &grown);
    for (int axis = 0; axis < 3; axis++)
        for (int sign = -1; sign <= 1; sign += 2) {
            calo_mat4 place = {{{0}}};
            place.m[(axis + 1) % 3][0] = place.m[(axis + 2) % 3][1] = place.m[axis][2] = place.m[3][3] = 1;
            place.m[axis][3] = sign * card_distance;
            test_node(&s, &card, &place);
        }
    test_seal(&s);
    for (int axis = 0; axis < 3; axis++)
        for (int sign = -1; sign <= 1; sign += 2) {
            static shares share;
            double eye[3] = {0, 0, 0}, target[3] = {0, 0, 0};
            eye[axis] = 0.6 * sign; /* before the card */
            target[axis] = sign;
            eye[(axis + 1) % 3] = target[(axis + 1) % 3] = 1e-3;
            calo_view view = test_view(SIZE, 120, eye, target);
            uint32_t dark = 0;
            find_shares(s.scene, &bulb, 512, &view, &share);
            for (uint32_t y = 0; y < SIZE; y++)
                for (uint32_t x = 0; x < SIZE; x++) {
                    const float *p = test_floats(&share.plain, CALO_CHANNEL_POSITION, x, y);
                    double along = p[axis] * sign, sides = fmax(fabsf(p[(axis + 1) % 3]), fabsf(p[(axis + 2) % 3]));
                    double inside = card_half / card_distance - sides / along;
                    if (along < 1.2 || fabs(inside) < 4 * 2.0 / 512)
                        continue; /* not over this card, or on the border */
                    dark += inside > 0;
                    assert_true(share.at[y][x] == (inside < 0));
                }
            assert_true(dark > 100);
            calo_frame_finish(&share.plain);
        }
    calo_scene_destroy(s.scene);
}

static void lamps_cast_when_their_kind_is_asked_for(void **state)
{
    (void)state;
    const calo_scene_light lamps[] = {lamp(CALO_LIGHT_DIRECTIONAL, 2, 1, 5), lamp(CALO_LIGHT_POINT, 0.7, -0.4, 3),
                                      lamp(CALO_LIGHT_SPOT, -1, 0.5, 3)};
    const uint32_t bits[] = {CALO_SHADOWS_DIRECTIONAL, CALO_SHADOWS_POINT, CALO_SHADOWS_SPOT};
    calo_scene *scene = floor_and_card(NULL, NULL);
    calo_view view = floor_view();
    for (uint32_t set = 0; set <= CALO_SHADOWS_ALL; set++) {
        calo_frame together = lit(scene, lamps, 3, set, 256, &view), alone[3];
        uint32_t differ = 0;
        for (int i = 0; i < 3; i++)
            alone[i] = lit(scene, &lamps[i], 1, set & bits[i] ? CALO_SHADOWS_ALL : 0, 256, &view);
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                float sum = 0;
                for (int i = 0; i < 3; i++)
                    sum += test_floats(&alone[i], CALO_CHANNEL_COLOR, x, y)[0];
                differ += fabsf(sum - test_floats(&together, CALO_CHANNEL_COLOR, x, y)[0]) > 1e-5f * sum;
            }
        assert_int_equal(differ, 0);
        calo_frame_finish(&together);
        for (int i = 0; i < 3; i++)
            calo_frame_finish(&alone[i]);
    }
    calo_scene_destroy(scene);
}

/* ---- what casts ---- */

/* The light left in the middle of the shadows of the card's left and right halves. */
static void light_under_halves(const calo_material *card, const uint8_t *two_texels, float left_right[2])
{
    static shares share;
    calo_scene *scene = floor_and_card(card, two_texels);
    calo_scene_light sun = lamp(CALO_LIGHT_DIRECTIONAL, 0, 0, 5);
    calo_view view = floor_view();
    find_shares(scene, &sun, 0, &view, &share);
    for (int side = 0; side < 2; side++)
        left_right[side] = share.at[SIZE / 2][(uint32_t)(SIZE / 2 + (side ? 0.25 : -0.25) * SIZE / metres)];
    calo_frame_finish(&share.plain);
    calo_scene_destroy(scene);
}

static void alpha_decides_what_casts(void **state)
{
    (void)state;
    static const uint8_t halves[8] = {255, 255, 255, 110, 255, 255, 255, 140}; /* 0.43 and 0.55 */
    float light[2];
    calo_material card = matte();
    light_under_halves(&card, halves, light);
    assert_true(light[0] == 0 && light[1] == 0); /* OPAQUE has no alpha */
    card.alpha_mode = CALO_ALPHA_MASK;
    card.alpha_cutoff = 0.5f;
    light_under_halves(&card, halves, light);
    assert_true(light[0] == 1 && light[1] == 0);
    card.alpha_cutoff = 0.4f;
    light_under_halves(&card, halves, light);
    assert_true(light[0] == 0 && light[1] == 0);
    card.alpha_mode = CALO_ALPHA_BLEND; /* as in the data channels: from 0.5 on */
    light_under_halves(&card, halves, light);
    assert_true(light[0] == 1 && light[1] == 0);
    card = matte();
    card.unlit = true;
    light_under_halves(&card, NULL, light);
    assert_true(light[0] == 0 && light[1] == 0);
}

static void lines_and_points_cast_nothing(void **state)
{
    (void)state;
    static shares share;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    calo_primitive floor = quad_at(&s, 0, 0, 0, 4, test_material(&s, &plain));
    test_node(&s, &floor, NULL);
    test_line_and_points(&s, (float[6]){-1, 0, 1, 1, 0, 1});
    test_seal(&s);
    calo_scene_light sun = lamp(CALO_LIGHT_DIRECTIONAL, 0, 0, 5);
    calo_view view = floor_view();
    find_shares(s.scene, &sun, 0, &view, &share);
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++)
            assert_true(share.at[y][x] == 1);
    calo_frame_finish(&share.plain);
    calo_scene_destroy(s.scene);
}

/* ---- surfaces do not shadow themselves ---- */

/* Of the pixels that the light meets at no less than `cosine`, every one has all of it; returns how many. */
static uint32_t expect_no_shadow(const calo_scene *scene, const calo_scene_light *light, const calo_view *view,
                             uint32_t map_size, double cosine)
{
    static shares share;
    uint32_t seen = 0;
    find_shares(scene, light, map_size, view, &share);
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            const float *p = test_floats(&share.plain, CALO_CHANNEL_POSITION, x, y);
            const float *n = test_floats(&share.plain, CALO_CHANNEL_NORMAL, x, y);
            double to[3], along = 0;
            for (int i = 0; i < 3; i++)
                to[i] = light->light.kind == CALO_LIGHT_DIRECTIONAL ? -light->direction[i] : light->position[i] - p[i];
            calo_normalize3(to);
            for (int i = 0; i < 3; i++)
                along += to[i] * n[i];
            if (share.at[y][x] < 0 || along < cosine)
                continue;
            seen++;
            if (share.at[y][x] != 1)
                fail_msg("map of %u: at %g, %g, %g (cosine %g) %g of the light is left", map_size, (double)p[0],
                         (double)p[1], (double)p[2], along, (double)share.at[y][x]);
        }
    calo_frame_finish(&share.plain);
    return seen;
}

static void flat_surfaces_do_not_shadow_themselves(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    calo_primitive floor = quad_at(&s, 0, 0, 0, 4, test_material(&s, &plain));
    calo_mat4 tilted = {{{0.8, 0, -0.6, 0}, {0, 1, 0, 0}, {0.6, 0, 0.8, 0}, {0, 0, 0, 1}}};
    test_node(&s, &floor, &tilted);
    test_seal(&s);
    calo_view view = test_view(SIZE, 60, (double[3]){-2, -3, 4}, origin);
    const uint32_t sizes[] = {64, 333, 2048};
    uint32_t seen = 0;
    for (double height = 0.05; height < 10; height *= 1.7)
        for (size_t i = 0; i < 3; i++) {
            /* From nearly along the plane to nearly straight down on it. */
            calo_scene_light lamps[3];
            for (int kind = 0; kind < 3; kind++)
                lamps[kind] = lamp((calo_light_kind)kind, -0.6 * height + 2.4, 0.5, 0.8 * height + 1.8);
            /* Points may not be moved up to the height of the lamp: so many texels of one metre at a metre's depth. */
            for (int kind = 0; kind < 3; kind++)
                seen += expect_no_shadow(s.scene, &lamps[kind], &view, sizes[i], kind ? 6 / (0.5 * sizes[i] - 8) : 0);
        }
    assert_true(seen > 500000);
    calo_scene_destroy(s.scene);
}

static void curved_surfaces_do_not_shadow_themselves(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    calo_primitive ball = test_sphere(&s, 120, test_material(&s, &plain));
    test_node(&s, &ball, NULL);
    test_seal(&s);
    calo_view view = test_view(SIZE, 40, (double[3]){0.3, -3, 1.5}, origin);
    const uint32_t sizes[] = {128, 1000, 2048};
    for (size_t i = 0; i < 3; i++)
        for (int kind = 0; kind < 3; kind++) {
            calo_scene_light light = lamp((calo_light_kind)kind, 2, -2, 2.5);
            assert_true(expect_no_shadow(s.scene, &light, &view, sizes[i], 0.1) > 3000);
        }
    calo_scene_destroy(s.scene);
}

/* Where single precision tells places apart by centimetres only. */
static void far_surfaces_do_not_shadow_themselves(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    calo_primitive ball = test_sphere(&s, 120, test_material(&s, &plain));
    calo_mat4 place = moved(1e5, -2e5, 3e4, 1);
    test_node(&s, &ball, &place);
    test_seal(&s);
    calo_view view = test_view(SIZE, 40, (double[3]){1e5 + 0.3, -2e5 - 3, 3e4 + 1.5}, (double[3]){1e5, -2e5, 3e4});
    for (int kind = 0; kind < 3; kind++) {
        calo_scene_light light = lamp((calo_light_kind)kind, 2, -2, 2.5);
        for (int i = 0; i < 3; i++)
            light.position[i] += place.m[i][3];
        assert_true(expect_no_shadow(s.scene, &light, &view, 2048, 0.2) > 3000);
    }
    calo_scene_destroy(s.scene);
}

/* From the picture and from the lamp a simplified ball is not the same one. */
static void simplified_surfaces_do_not_shadow_themselves(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material plain = matte();
    calo_primitive ball = test_sphere(&s, 200, test_material(&s, &plain));
    test_node(&s, &ball, NULL);
    test_seal(&s);
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_frame frames[2] = {0};
    calo_scene_light light = lamp(CALO_LIGHT_POINT, 2, -2, 2.5);
    calo_lighting lighting = {.no_environment = true, .lights = &light, .light_count = 1};
    calo_render_options options = {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F, .samples = 1};
    calo_view view = test_view(SIZE, 40, (double[3]){0.3, -3, 1.5}, origin);
    assert_int_equal(calo_pose_create(s.scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1, .lod_pixels = 1},
                                          &renderer, &err), CALO_OK);
    for (uint32_t i = 0; i < 2; i++) {
        calo_prepared *prepared = NULL;
        lighting.shadows = i ? CALO_SHADOWS_ALL : 0;
        calo_prepare_options preparing = {.lighting = &lighting};
        if (calo_renderer_prepare(renderer, pose, &preparing, &prepared, &err) != CALO_OK ||
            calo_frame_init(&frames[i], SIZE, SIZE, options.channels, options.color_format, &err) != CALO_OK ||
            calo_renderer_render(renderer, prepared, &options, &view, 1, &frames[i], NULL, NULL, &err) != CALO_OK)
            fail_msg("%s", err.message);
        calo_prepared_destroy(prepared);
    }
    uint32_t bright = 0, darkened = 0;
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            float plain_light = test_floats(&frames[0], CALO_CHANNEL_COLOR, x, y)[0];
            float left = test_floats(&frames[1], CALO_CHANNEL_COLOR, x, y)[0];
            bright += plain_light > 0.2f;
            darkened += plain_light > 0.2f && left != plain_light;
        }
    assert_true(bright > 3000);
    assert_int_equal(darkened, 0);
    for (int i = 0; i < 2; i++)
        calo_frame_finish(&frames[i]);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(s.scene);
}

/* ---- what callers may ask for ---- */

static calo_status prepare_with(uint32_t shadows, uint32_t map_size, uint64_t max_memory_bytes, calo_error *err)
{
    calo_scene *scene = floor_and_card(NULL, NULL);
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_scene_light sun = lamp(CALO_LIGHT_DIRECTIONAL, 2, 1, 5);
    calo_lighting lighting = {.lights = &sun, .light_count = 1, .shadows = shadows, .shadow_map_size = map_size};
    calo_limits limits = {.max_memory_bytes = max_memory_bytes};
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.threads = 1}, &renderer, NULL), CALO_OK);
    calo_status status = calo_renderer_prepare(renderer, pose,
                                               &(calo_prepare_options){.lighting = &lighting, .limits = &limits},
                                               &prepared, err);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
    return status;
}

static void wrong_wishes_are_refused(void **state)
{
    (void)state;
    calo_error err = {0};
    assert_int_equal(prepare_with(CALO_SHADOWS_ALL, 64, 0, &err), CALO_OK);
    assert_int_equal(prepare_with(8, 0, 0, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "0x8"));
    assert_int_equal(prepare_with(CALO_SHADOWS_ALL, 63, 0, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "63"));
    assert_int_equal(prepare_with(0, 8193, 0, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "8192"));
    assert_int_equal(prepare_with(CALO_SHADOWS_DIRECTIONAL, 4096, 60 << 20, &err), CALO_ERROR_LIMIT);
    assert_non_null(strstr(err.message, "shadow maps"));
    assert_int_equal(prepare_with(CALO_SHADOWS_SPOT, 4096, 60 << 20, &err), CALO_OK); /* no lamp of the kind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders_lie_where_geometry_says),
        cmocka_unit_test(borders_are_smooth),
        cmocka_unit_test(walls_stop_light_from_behind),
        cmocka_unit_test(point_lights_cast_all_around),
        cmocka_unit_test(lamps_cast_when_their_kind_is_asked_for),
        cmocka_unit_test(alpha_decides_what_casts),
        cmocka_unit_test(lines_and_points_cast_nothing),
        cmocka_unit_test(flat_surfaces_do_not_shadow_themselves),
        cmocka_unit_test(curved_surfaces_do_not_shadow_themselves),
        cmocka_unit_test(far_surfaces_do_not_shadow_themselves),
        cmocka_unit_test(simplified_surfaces_do_not_shadow_themselves),
        cmocka_unit_test(wrong_wishes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
