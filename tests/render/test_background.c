/* The environment's picture behind everything: where it lies, what of it is seen, and what it may be. */
#include "every_path.h"

#include "render/cpu/curves.h"

enum { WIDTH = 61, HEIGHT = 37 };

/* ---- the formula ---- */

static float turns_of(double y, double x) { return turns_lanes(lanes_float((float)y), lanes_float((float)x))[0]; }

static void angles_keep_their_bound(void **state)
{
    (void)state;
    enum { STEPS = 200000 };
    static const double lengths[] = {1, 1e-18, 3e17};
    for (int i = 0; i < 3 * STEPS; i++) {
        double length = lengths[i / STEPS], angle = (i % STEPS - STEPS / 2 + 0.5) * 2 * M_PI / STEPS; /* NOLINT: rows */
        float y = (float)(length * sin(angle)), x = (float)(length * cos(angle));
        double error = turns_of((double)y, (double)x) - atan2((double)y, (double)x) / (2 * M_PI);
        if (!(fabs(error) < 1e-7)) /* 6.3e-7 radians */
            fail_msg("(%g, %g): %g turns off", (double)x, (double)y, error);
    }
    assert_true(turns_of(0, 0) == 0 && turns_of(0, 2) == 0 && turns_of(3, 0) == 0.25f && turns_of(0, -1) == 0.5f &&
                turns_of(-1, 0) == -0.25f);
}

/* ---- where it lies ---- */

/* Noise with a texel each that is no light: negative, infinite, not a number. */
static calo_image make_noise(void)
{
    enum { COLUMNS = 48, ROWS = 24 };
    calo_image picture = {0};
    uint32_t seed = 5;
    assert_int_equal(calo_image_init(&picture, COLUMNS, ROWS, CALO_PIXEL_RGBA32F, NULL), CALO_OK);
    float *texels = picture.data;
    for (int i = 0; i < 4 * COLUMNS * ROWS; i++) {
        seed = seed * 1664525u + 1013904223u;
        texels[i] = (float)(seed >> 8) * 0x1p-24f;
    }
    texels[4 * (5 * COLUMNS + 7)] = -9;
    texels[4 * (12 * COLUMNS + 30)] = INFINITY;
    texels[4 * (17 * COLUMNS + 2)] = NAN;
    return picture;
}

static void find_direction(const calo_view *view, uint32_t x, uint32_t y, double direction[3])
{
    double camera[3] = {(x + 0.5 - view->center_x) / view->focal_x, (view->center_y - y - 0.5) / view->focal_y, -1};
    if (view->orthographic)
        camera[0] = camera[1] = 0;
    for (int i = 0; i < 3; i++)
        direction[i] = view->camera_to_world.m[i][0] * camera[0] + view->camera_to_world.m[i][1] * camera[1] +
                       view->camera_to_world.m[i][2] * camera[2];
    calo_normalize3(direction);
}

/* As docs/conventions.md has it, in double precision. */
static void expect_light(const calo_lighting *lighting, const double direction[3], double rgb[3])
{
    const calo_image *image = lighting->environment;
    int w = (int)image->width, h = (int)image->height;
    double angle = atan2(direction[1], direction[0]) - lighting->environment_rotation_degrees * M_PI / 180;
    double x = (0.5 - angle / (2 * M_PI)) * w - 0.5, y = (0.5 - asin(direction[2]) / M_PI) * h - 0.5;
    int column = (int)floor(x), row = (int)floor(y);
    double weights[2][2] = {{1 - (x - column), x - column}, {1 - (y - row), y - row}};
    for (int c = 0; c < 3; c++) {
        rgb[c] = 0;
        for (int tap = 0; tap < 4; tap++) {
            int u = (column + (tap & 1) + 2 * w) % w, v = row + (tap >> 1);
            v = v < 0 ? 0 : v >= h ? h - 1 : v;
            double texel = (double)((const float *)image->data)[4 * (v * w + u) + c];
            rgb[c] += weights[0][tap & 1] * weights[1][tap >> 1] * texel;
        }
        rgb[c] = rgb[c] > 0 && rgb[c] < INFINITY ? rgb[c] * (double)lighting->environment_strength : 0;
    }
}

/* sRGB's curve (IEC 61966-2-1). */
static double encode(double linear)
{
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(fmin(linear, 1), 1 / 2.4) - 0.055;
}

static calo_scene *make_nothing_in_sight(void)
{
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, (float[12]){0, 0, 900, 1, 0, 900, 1, 1, 900, 0, 1, 900}, -1);
    test_node(&s, &quad, NULL);
    test_seal(&s);
    return s.scene;
}

static calo_view view_toward(double x, double y, double z, double fov_degrees)
{
    calo_view view = test_view(WIDTH, fov_degrees, (double[3]){3, 2, 1}, (double[3]){3 + x, 2 + y, 1 + z});
    view.height = HEIGHT;
    view.center_y = HEIGHT / 2.0;
    view.far_metres = 100;
    return view;
}

static void check_view(const calo_scene *scene, const calo_lighting *lighting, calo_shading shading,
                       const calo_view *view)
{
    calo_prepare_options prepare = {.lighting = lighting, .shading = shading};
    calo_render_options options = {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F, .samples = 4,
                                   .background = CALO_BACKGROUND_ENVIRONMENT};
    calo_frame frame = test_render_prepared(scene, &prepare, &options, view);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
        double direction[3], expected[3];
        const float *rgba = test_floats(&frame, CALO_CHANNEL_COLOR, i % WIDTH, i / WIDTH);
        find_direction(view, i % WIDTH, i / WIDTH, direction);
        expect_light(lighting, direction, expected);
        for (int c = 0; c < 3; c++) {
            double value = shading == CALO_SHADING_GLTF ? expected[c] : encode(expected[c]);
            if (!(fabs(rgba[c] - value) < 1e-4))
                fail_msg("shading %d, pixel (%u, %u), %d: %.9g, not %.9g", (int)shading, i % WIDTH, i / WIDTH, c,
                         (double)rgba[c], value);
        }
        assert_true(rgba[3] == 1);
    }
    calo_frame_finish(&frame);
}

static void it_lies_where_it_should(void **state)
{
    (void)state;
    calo_image picture = make_noise();
    calo_scene *scene = make_nothing_in_sight();
    calo_lighting lighting = {.environment = &picture, .environment_strength = 0.75f,
                              .environment_rotation_degrees = 40};
    calo_view views[] = {
        view_toward(1, 0.1, 0.2, 60), view_toward(-1, -0.8, 0, 100), view_toward(0.01, 0, 1, 120),
        view_toward(0, 0.01, -1, 150), view_toward(-0.3, 1, -0.5, 3), view_toward(1, -1, 0.4, 70),
        view_toward(-1, 0.2, 0.3, 70),
    };
    views[5].orthographic = true;
    views[6].center_x += 5000; /* a small part of a large picture */
    views[6].focal_x = views[6].focal_y = 7000;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        check_view(scene, &lighting, CALO_SHADING_GLTF, &views[i]);
        check_view(scene, &lighting, CALO_SHADING_MUJOCO, &views[i]);
    }
    calo_scene_destroy(scene);
    calo_image_finish(&picture);
}

/* ---- what of it is seen ---- */

static calo_frame draw_before(const calo_scene *scene, const calo_lighting *lighting, uint32_t samples,
                              calo_background background, const calo_view *view)
{
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MASK), .color_format = CALO_PIXEL_RGBA32F,
                                   .samples = samples, .background = background};
    return test_render(scene, lighting, &options, view);
}

/* Edges, holes and layers that are seen through. */
static void surfaces_lie_before_it(void **state)
{
    (void)state;
    calo_image sky = test_sky();
    calo_scene *scene = test_every_path(), *nothing = make_nothing_in_sight();
    calo_lighting lighting = test_every_light();
    calo_view view = view_toward(-0.6, -0.9, -0.2, 80);
    lighting.environment = &sky;
    for (uint32_t samples = 1; samples <= 16; samples *= 4) {
        size_t whole = 0, part = 0, none = 0;
        calo_frame bare = draw_before(scene, &lighting, samples, CALO_BACKGROUND_TRANSPARENT, &view);
        calo_frame behind = draw_before(nothing, &lighting, samples, CALO_BACKGROUND_ENVIRONMENT, &view);
        calo_frame frame = draw_before(scene, &lighting, samples, CALO_BACKGROUND_ENVIRONMENT, &view);
        for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
            const float *over = test_floats(&bare, CALO_CHANNEL_COLOR, i % WIDTH, i / WIDTH);
            const float *under = test_floats(&behind, CALO_CHANNEL_COLOR, i % WIDTH, i / WIDTH);
            const float *got = test_floats(&frame, CALO_CHANNEL_COLOR, i % WIDTH, i / WIDTH);
            whole += over[3] == 1;
            part += over[3] > 0 && over[3] < 1;
            none += over[3] == 0;
            for (int c = 0; c < 3; c++) {
                float expected = over[c] * over[3] + under[c] * (1 - over[3]);
                if (!(fabsf(got[c] - expected) <= 1e-5f * (1 + expected)) || (over[3] == 1 && got[c] != over[c]))
                    fail_msg("%u samples, pixel (%u, %u): %.9g, not %.9g", samples, i % WIDTH, i / WIDTH,
                             (double)got[c], (double)expected);
            }
        }
        assert_true(whole > 100 && none > 100 && (part > 20 || samples == 1));
        calo_frame_finish(&bare);
        calo_frame_finish(&behind);
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(nothing);
    calo_scene_destroy(scene);
    calo_image_finish(&sky);
}

/* ---- what it may be ---- */

static void pictures_that_cannot_be_read_are_refused(void **state)
{
    (void)state;
    calo_scene *scene = make_nothing_in_sight();
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    static float texels[64];
    const calo_image pictures[] = {
        {1, 65536, CALO_PIXEL_RGBA32F, 16, texels},
        {1, 2, CALO_PIXEL_RGBA32F, 16 * 65536, texels},
        {1, 2, CALO_PIXEL_RGBA32F, 20, texels},
    };
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.backend = "cpu"}, &renderer, NULL), CALO_OK);
    for (size_t i = 0; i < 3; i++) {
        calo_error err = {0};
        calo_prepared *prepared = NULL;
        calo_lighting lighting = {.environment = &pictures[i]};
        calo_prepare_options prepare = {.lighting = &lighting};
        assert_int_equal(calo_renderer_prepare(renderer, pose, &prepare, &prepared, &err), CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, "65535 texels a side"));
    }
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(angles_keep_their_bound),
        cmocka_unit_test(it_lies_where_it_should),
        cmocka_unit_test(surfaces_lie_before_it),
        cmocka_unit_test(pictures_that_cannot_be_read_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
