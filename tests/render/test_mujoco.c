/* MuJoCo's shading against OpenGL's equations, one number at a time; shadows, headlights and backgrounds. */
#include "scenes.h"

enum { SIZE = 9 };

static const double above[3] = {0, 0, 4}, origin[3] = {0, 0, 0};
static const float unit_quad[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};

/* A twenty-fifth of an 8-bit step. */
static const double tolerance = 1.0 / 255 / 25;

static double clamp(double x) { return fmin(fmax(x, 0), 1); }
static double encode(double x) { return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055; }

/* ---- the formulas ---- */

/* A surface in the plane z = 0. */
typedef struct expected_surface {
    double color[3], normal[3]; /* as displayed */
    double specular, exponent, emission;
} expected_surface;

static expected_surface surface_of(const calo_material *material)
{
    expected_surface s = {.normal = {0, 0, 1}, .specular = 0.5, .exponent = 64};
    if (material->phong.given)
        s = (expected_surface){.normal = {0, 0, 1}, .specular = (double)material->phong.specular,
                               .exponent = 128 * (double)material->phong.shininess,
                               .emission = (double)material->phong.emission};
    for (int c = 0; c < 3; c++)
        s.color[c] = encode((double)material->base_color[c]);
    return s;
}

/* How strongly the lamp shines, and from where. */
static double lamp_strength(const calo_scene_light *lamp, const double place[3], double l[3])
{
    const calo_light_phong *phong = &lamp->light.phong;
    for (int i = 0; i < 3; i++)
        l[i] = lamp->light.kind == CALO_LIGHT_DIRECTIONAL ? -lamp->direction[i] : lamp->position[i] - place[i];
    double distance = calo_normalize3(l);
    if (lamp->light.kind == CALO_LIGHT_DIRECTIONAL)
        return 1;
    double a[3] = {(double)phong->attenuation[0], (double)phong->attenuation[1], (double)phong->attenuation[2]};
    double strength = a[0] + a[1] + a[2] > 0 ? 1 / (a[0] + a[1] * distance + a[2] * distance * distance) : 1;
    double cosine = -calo_dot3(l, lamp->direction);
    if (lamp->light.kind == CALO_LIGHT_SPOT && (double)lamp->light.outer_cone_radians <= M_PI / 2)
        strength *= cosine < cos((double)lamp->light.outer_cone_radians) ? 0 : pow(cosine, (double)phong->exponent);
    return strength;
}

static void add_lamp(const expected_surface *s, const calo_scene_light *lamp, const double place[3], const double v[3],
                     double rgb[3])
{
    const calo_light_phong *phong = &lamp->light.phong;
    double l[3], h[3], strength = lamp_strength(lamp, place, l), nl = calo_dot3(s->normal, l);
    for (int i = 0; i < 3; i++)
        h[i] = l[i] + v[i];
    calo_normalize3(h);
    double shine = nl > 0 ? s->specular * pow(fmax(calo_dot3(s->normal, h), 0), s->exponent) : 0;
    for (int c = 0; c < 3; c++) {
        double diffuse = (double)phong->ambient[c] + (double)phong->diffuse[c] * fmax(nl, 0);
        rgb[c] += strength * (s->color[c] * diffuse + (double)phong->specular[c] * shine);
    }
}

static void expect_color(const expected_surface *s, const calo_lighting *lighting, const double place[3],
                         const double viewer[3], double rgb[3])
{
    double v[3];
    for (int i = 0; i < 3; i++) {
        v[i] = viewer[i] - place[i];
        rgb[i] = s->color[i] * ((double)lighting->ambient_color[i] + s->emission);
    }
    calo_normalize3(v);
    for (uint32_t i = 0; i < lighting->light_count; i++)
        add_lamp(s, &lighting->lights[i], place, v, rgb);
    for (int c = 0; c < 3; c++)
        rgb[c] = clamp(rgb[c]);
}

/* ---- scenes of one quad ---- */

static const calo_scene_light sun = {
    .light = {.kind = CALO_LIGHT_DIRECTIONAL, .intensity = 1,
              .phong = {true, {0.1f, 0.05f, 0}, {0.5f, 0.4f, 0.3f}, {0.3f, 0.5f, 0.9f}, {1, 2, 3}, 9}},
    .direction = {0.1, 0, -0.99498743710662}};
static const calo_scene_light bulb = {
    .light = {.kind = CALO_LIGHT_POINT, .phong = {true, {0, 0.1f, 0}, {0.9f, 1, 0.8f}, {0.5f, 0.5f, 0.5f},
                                                  {0.5f, 0.25f, 0.125f}, 7}},
    .position = {0.4, -0.3, 1.1}};
static const calo_scene_light even_bulb = {
    .light = {.kind = CALO_LIGHT_POINT, .phong = {.given = true, .diffuse = {0.5f, 0.25f, 1}}}, .position = {0.4, 0.3, 3}};
static const calo_scene_light torch = {
    .light = {.kind = CALO_LIGHT_SPOT, .outer_cone_radians = 0.4f,
              .phong = {true, {0.1f, 0.1f, 0.1f}, {0.9f, 0.4f, 0.3f}, {0.3f, 0.3f, 0.3f}, {1, 0, 0}, 10}},
    .position = {-0.5, 0.2, 2}, .direction = {0, 0, -1}};
static const calo_scene_light wide_torch = {
    .light = {.kind = CALO_LIGHT_SPOT, .outer_cone_radians = 3, .phong = {true, {0}, {0.3f, 1, 0.3f}, {0}, {1, 0, 0}, 10}},
    .position = {-0.5, 0.2, 2}, .direction = {0, 0, -1}};
static const calo_scene_light behind = {
    .light = {.kind = CALO_LIGHT_POINT, .phong = {true, {0.2f, 0.1f, 0}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}, 0}},
    .position = {0.2, 0.1, -0.5}};

static calo_view view_from(const double position[3])
{
    return test_view(SIZE, 2 * atan(0.25) * 180 / M_PI, position, origin);
}

static calo_material paint(float specular, float shininess, float emission)
{
    calo_material material = calo_material_default();
    memcpy(material.base_color, (float[4]){0.5f, 0.2f, 0.001f, 1}, sizeof material.base_color);
    material.phong = (calo_material_phong){true, specular, shininess, emission, 0.5f};
    memcpy(material.emissive, (float[3]){1, 1, 1}, sizeof material.emissive); /* not read */
    return material;
}

/* A quad of one colour a corner; NULL: none. */
static calo_scene *quad_scene(test_scene *s, const calo_material *material, const float *colors)
{
    calo_primitive quad = test_quad(s, unit_quad, test_material(s, material));
    quad.colors = colors ? test_copy(s, colors, 16 * sizeof *colors) : NULL;
    test_node(s, &quad, NULL);
    test_seal(s);
    return s->scene;
}

static calo_frame render_shaded(const calo_scene *scene, const calo_lighting *lighting, calo_render_options options,
                                const calo_view *view)
{
    calo_prepare_options preparing = {.lighting = lighting, .shading = CALO_SHADING_MUJOCO};
    options.channels = options.channels ? options.channels : TEST_BIT(COLOR);
    options.color_format = options.color_format ? options.color_format : CALO_PIXEL_RGBA32F;
    options.samples = options.samples ? options.samples : 1;
    return test_render_prepared(scene, &preparing, &options, view);
}

/* The whole picture, seen from above (or from below). `texel`: all that the texture has, or NULL. */
static void check_frame(const calo_frame *frame, const expected_surface *surface, const calo_lighting *lighting,
                        const calo_view *view, const double texel[3], const char *what)
{
    const calo_mat4 *m = &view->camera_to_world;
    double viewer[3] = {m->m[0][3], m->m[1][3], m->m[2][3]};
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            double right = (x + 0.5) / SIZE * 2 - 1, up = 1 - (y + 0.5) / SIZE * 2, rgb[3];
            double place[3] = {right * m->m[0][0] + up * m->m[0][1], right * m->m[1][0] + up * m->m[1][1], 0};
            expect_color(surface, lighting, place, viewer, rgb);
            for (int c = 0; c < 3; c++)
                rgb[c] *= texel ? texel[c] : 1;
            test_assert_color(test_color(frame, x, y), rgb, tolerance, what);
        }
}

static void check_quad(const calo_material *material, const expected_surface *surface, const calo_lighting *lighting,
                       const double viewer[3], const char *what)
{
    test_scene s = test_scene_start();
    calo_view view = view_from(viewer);
    calo_frame frame = render_shaded(quad_scene(&s, material, NULL), lighting, (calo_render_options){0}, &view);
    check_frame(&frame, surface, lighting, &view, NULL, what);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void lights_follow_the_equations(void **state)
{
    (void)state;
    const calo_scene_light *lamps[] = {&sun, &bulb, &even_bulb, &torch, &wide_torch, &behind};
    const char *names[] = {"sun", "bulb", "even bulb", "torch", "wide torch", "behind"};
    for (int lamp = 0; lamp < 6; lamp++)
        for (int i = 0; i < 8; i++) {
            /* Shininess beyond OpenGL's limit is that limit. */
            calo_material material = paint(0.4f * (float)(i % 3), (float[]){0, 0.1f, 0.5f, 1, 1.5f}[i % 5], i == 7);
            material.double_sided = true;
            expected_surface surface = surface_of(&material);
            surface.exponent = fmin(surface.exponent, 128);
            calo_lighting lighting = {.lights = lamps[lamp], .light_count = 1};
            check_quad(&material, &surface, &lighting, above, names[lamp]);
            /* From below the normal faces the viewer, too. */
            surface.normal[2] = -1;
            check_quad(&material, &surface, &lighting, (double[3]){0, 0, -4}, names[lamp]);
        }
}

static void lights_add_up(void **state)
{
    (void)state;
    const calo_scene_light lamps[] = {sun, bulb, torch};
    calo_lighting lighting = {.lights = lamps, .light_count = 3, .ambient_color = {0.05f, 0.1f, 0}};
    calo_material material = paint(0.5f, 0.25f, 0.1f);
    expected_surface surface = surface_of(&material);
    check_quad(&material, &surface, &lighting, above, "all lamps");
    /* Without any, MuJoCo's own ambient light. */
    lighting = (calo_lighting){.light_count = 0};
    material.phong.emission = 0;
    for (int c = 0; c < 3; c++)
        surface.color[c] *= 0.3;
    surface.emission = 1;
    check_quad(&material, &surface, &lighting, above, "no lamp");
}

/* What was made for other shadings. */
static void other_materials_and_lights_are_translated(void **state)
{
    (void)state;
    calo_material material = paint(0, 0, 0);
    material.phong = (calo_material_phong){.specular = 9};
    expected_surface surface = surface_of(&material);
    const float pi = 3.14159265f;
    calo_scene_light lamp = {.light = {.kind = CALO_LIGHT_POINT, .color = {0.5f, 0.4f, 0.3f}, .intensity = 4 * pi},
                             .position = {0, 0, 2}};
    calo_scene_light same = {.light = {.kind = CALO_LIGHT_POINT, .phong = {.given = true, .diffuse = {2, 1.6f, 1.2f},
                             .specular = {2, 1.6f, 1.2f}, .attenuation = {0, 0, 1}}}, .position = {0, 0, 2}};
    calo_lighting lighting = {.lights = &lamp, .light_count = 1}, expected = {.lights = &same, .light_count = 1};
    test_scene s = test_scene_start();
    calo_view view = view_from(above);
    calo_frame frame = render_shaded(quad_scene(&s, &material, NULL), &lighting, (calo_render_options){0}, &view);
    check_frame(&frame, &surface, &expected, &view, NULL, "translated");
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void textures_multiply_highlights_too(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = paint(0.8f, 0.25f, 0.2f);
    calo_lighting lighting = {.lights = &sun, .light_count = 1};
    calo_view view = view_from(above);
    test_use_texture(&material, CALO_SLOT_BASE_COLOR,
                     test_texture(&s, 1, 1, (uint8_t[4]){200, 100, 31, 255}, (calo_texture){0}));
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(ALBEDO)};
    calo_frame frame = render_shaded(quad_scene(&s, &material, NULL), &lighting, options, &view);
    expected_surface surface = surface_of(&material);
    check_frame(&frame, &surface, &lighting, &view, (double[3]){200 / 255.0, 100 / 255.0, 31 / 255.0}, "textured");
    /* The data channel stays linear. */
    const float *albedo = test_floats(&frame, CALO_CHANNEL_ALBEDO, 4, 4);
    assert_true(fabs((double)albedo[0] - 0.5 * pow((200 / 255.0 + 0.055) / 1.055, 2.4)) < 1e-4);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void vertex_colors_take_part_before_the_curve(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = paint(0, 0, 0);
    calo_lighting lighting = {.lights = &sun, .light_count = 1};
    calo_view view = view_from(above);
    float colors[16];
    for (int i = 0; i < 4; i++)
        memcpy(colors + 4 * i, (float[4]){0.5f, 0.9f, 0.25f, 1}, 4 * sizeof *colors);
    calo_frame frame = render_shaded(quad_scene(&s, &material, colors), &lighting, (calo_render_options){0}, &view);
    expected_surface surface = surface_of(&material);
    for (int c = 0; c < 3; c++)
        surface.color[c] = encode((double)(material.base_color[c] * colors[c]));
    check_frame(&frame, &surface, &lighting, &view, NULL, "vertex colours");
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void flat_and_unlit_surfaces_show_their_color(void **state)
{
    (void)state;
    calo_material material = paint(1, 0.1f, 2);
    for (int flat = 0; flat < 2; flat++) {
        test_scene s = test_scene_start();
        calo_view view = view_from(above);
        material.unlit = !flat;
        calo_prepare_options preparing = {.shading = CALO_SHADING_MUJOCO, .flat = flat};
        calo_render_options options = {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F};
        calo_frame frame = test_render_prepared(quad_scene(&s, &material, NULL), &preparing, &options, &view);
        test_assert_color(test_color(&frame, 4, 4), surface_of(&material).color, tolerance, "unlit");
        calo_frame_finish(&frame);
        calo_scene_destroy(s.scene);
    }
}

static void orthographic_views_are_lit_for_the_place_of_the_camera(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = paint(1, 0.2f, 0);
    calo_lighting lighting = {.lights = &sun, .light_count = 1};
    calo_view view = view_from(above);
    view.orthographic = true;
    view.focal_x = view.focal_y = SIZE / 2.0;
    calo_frame frame = render_shaded(quad_scene(&s, &material, NULL), &lighting, (calo_render_options){0}, &view);
    expected_surface surface = surface_of(&material);
    check_frame(&frame, &surface, &lighting, &view, NULL, "orthographic");
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* ---- headlights ---- */

static const calo_scene_light headlight = {
    .light = {.kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 1, 1}, .intensity = 3, .headlight = true,
              .phong = {true, {0.1f, 0.1f, 0.1f}, {0.4f, 0.4f, 0.4f}, {0.5f, 0.5f, 0.5f}, {0}, 0}},
    .direction = {1, 0, 0}};

/* The same light, standing where the view looks along. */
static calo_scene_light fixed_headlight(const double direction[3])
{
    calo_scene_light fixed = headlight;
    fixed.light.headlight = false;
    memcpy(fixed.direction, direction, sizeof fixed.direction);
    calo_normalize3(fixed.direction);
    return fixed;
}

static calo_frame render_by(calo_shading shading, const calo_scene_light *light, const calo_view *view)
{
    test_scene s = test_scene_start();
    calo_material material = paint(0.5f, 0.5f, 0);
    calo_lighting lighting = {.no_environment = true, .lights = light, .light_count = 1};
    calo_prepare_options preparing = {.lighting = &lighting, .shading = shading};
    calo_render_options options = {.channels = TEST_BIT(COLOR), .samples = 1};
    calo_frame frame = test_render_prepared(quad_scene(&s, &material, NULL), &preparing, &options, view);
    calo_scene_destroy(s.scene);
    return frame;
}

static void assert_same_light(calo_shading shading, const calo_view *view, const double direction[3])
{
    calo_scene_light fixed = fixed_headlight(direction);
    calo_frame found = render_by(shading, &headlight, view), expected = render_by(shading, &fixed, view);
    const uint8_t *a = found.planes[0].data, *b = expected.planes[0].data;
    for (size_t i = 0; i < found.planes[0].row_bytes * found.height; i++)
        assert_in_range(a[i] - b[i] + 1, 0, 2);
    assert_true(a[4 * (SIZE / 2 * SIZE + SIZE / 2)] > 20);
    calo_frame_finish(&found);
    calo_frame_finish(&expected);
}

static void headlights_shine_along_the_view(void **state)
{
    (void)state;
    const double aside[3] = {1, -2, 3}, down[3] = {-1, 2, -3}, other[3] = {0.5, 0, -1};
    for (int shading = CALO_SHADING_GLTF; shading <= CALO_SHADING_MUJOCO; shading++) {
        calo_view view = view_from(aside);
        assert_same_light((calo_shading)shading, &view, down);
        memcpy(view.headlight, other, sizeof other);
        assert_same_light((calo_shading)shading, &view, other);
        /* A lens's picture is put together of several, which all have the light of the whole. */
        view = view_from(aside);
        view.lens = CALO_LENS_FISHEYE;
        view.focal_x = view.focal_y = 6;
        assert_same_light((calo_shading)shading, &view, down);
    }
}

/* ---- shadows ---- */

/* A lamp high above, and a blade that hides it from one half of the floor. */
static calo_frame render_shadow(const calo_scene_light *lamps, uint32_t count, calo_alpha_mode floor_mode,
                                const uint8_t texel[4])
{
    test_scene s = test_scene_start();
    calo_material material = paint(0, 0, 0), blade_material = paint(0, 0, 0);
    memcpy(material.base_color, (float[4]){1, 1, 1, 1}, sizeof material.base_color);
    material.alpha_mode = floor_mode;
    if (floor_mode == CALO_ALPHA_BLEND)
        material.base_color[3] = 0.875f;
    test_use_texture(&material, CALO_SLOT_BASE_COLOR, test_texture(&s, 1, 1, texel, (calo_texture){0}));
    calo_primitive floor = test_quad(&s, unit_quad, test_material(&s, &material));
    calo_primitive blade = test_quad(&s, (float[12]){0, -9, 5, 9, -9, 5, 9, 9, 5, 0, 9, 5}, test_material(&s, &blade_material));
    test_node(&s, &floor, NULL);
    test_node(&s, &blade, NULL);
    test_seal(&s);
    calo_view view = view_from(above);
    calo_lighting lighting = {.lights = lamps, .light_count = count, .shadows = CALO_SHADOWS_ALL,
                              .shadow_map_size = 1024};
    calo_frame frame = render_shaded(s.scene, &lighting, (calo_render_options){0}, &view);
    calo_scene_destroy(s.scene);
    return frame;
}

static void shadows_take_ambient_light_too(void **state)
{
    (void)state;
    calo_scene_light lamps[2] = {sun, sun};
    const uint8_t white[4] = {255, 255, 255, 255};
    for (int i = 0; i < 2; i++)
        memcpy(lamps[i].direction, (double[3]){0, 0, -1}, sizeof lamps[i].direction);
    lamps[1].light.no_shadow = true;
    calo_frame frame = render_shadow(lamps, 2, CALO_ALPHA_OPAQUE, white);
    test_assert_color(test_color(&frame, 1, 4), (double[3]){1, 0.9, 0.6}, tolerance, "lit"); /* 2 * (ambient + diffuse), clamped */
    test_assert_color(test_color(&frame, 7, 4), (double[3]){0.6, 0.45, 0.3}, tolerance, "in the shadow");
    calo_frame_finish(&frame);
    /* Headlights have none, wherever they stand. */
    lamps[0] = headlight;
    memcpy(lamps[0].direction, (double[3]){0, 0, -1}, sizeof lamps[0].direction);
    frame = render_shadow(lamps, 1, CALO_ALPHA_OPAQUE, white);
    test_assert_color(test_color(&frame, 7, 4), (double[3]){0.5, 0.5, 0.5}, tolerance, "headlight");
    calo_frame_finish(&frame);
    /* What is seen through receives none: 0.6 over black, of which 7 / 8 are there. */
    frame = render_shadow(lamps + 1, 1, CALO_ALPHA_BLEND, white);
    test_assert_color(test_color(&frame, 7, 4), (double[3]){0.6, 0.45, 0.3}, tolerance, "seen through");
    assert_true(fabsf(test_color(&frame, 7, 4)[3] - 0.875f) < 1e-5f);
    calo_frame_finish(&frame);
    lamps[1].light.no_shadow = false;
    frame = render_shadow(lamps + 1, 1, CALO_ALPHA_BLEND, white);
    test_assert_color(test_color(&frame, 7, 4), (double[3]){0.6, 0.45, 0.3}, tolerance, "seen through, behind a blade");
    calo_frame_finish(&frame);
}

/* Each light that may cast a shadow is clamped by itself and then multiplied by the texture; all others together. */
static void lights_are_clamped_picture_by_picture(void **state)
{
    (void)state;
    calo_scene_light lamps[3] = {sun, sun, sun};
    for (int i = 0; i < 3; i++) {
        memcpy(lamps[i].direction, (double[3]){0, 0, -1}, sizeof lamps[i].direction);
        lamps[i].light.phong = (calo_light_phong){.given = true, .diffuse = {0.75f, 1.5f, 0.25f}};
        lamps[i].light.no_shadow = i > 0;
    }
    const uint8_t gray[4] = {51, 51, 102, 255}; /* 0.2, 0.2, 0.4 */
    calo_frame frame = render_shadow(lamps, 3, CALO_ALPHA_OPAQUE, gray);
    test_assert_color(test_color(&frame, 1, 4), (double[3]){0.35, 0.4, 0.3}, tolerance, "lit"); /* (1 + 0.75, 1 + 1, 0.5 + 0.25) * texel */
    test_assert_color(test_color(&frame, 7, 4), (double[3]){0.2, 0.2, 0.2}, tolerance, "in the shadow");
    calo_frame_finish(&frame);
}

/* ---- backgrounds ---- */

static void the_environment_is_mere_background(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = paint(1, 1, 0);
    const float texels[4] = {0.2f, 0.5f, 3, 1};
    calo_image picture = {.format = CALO_PIXEL_RGBA32F, .width = 1, .height = 1, .row_bytes = 16, .data = (void *)texels};
    calo_lighting lighting = {.environment = &picture, .ambient_color = {0.5f, 0.5f, 0.5f}}, even = lighting;
    calo_view view = test_view(SIZE, 60, above, origin);
    const calo_scene *scene = quad_scene(&s, &material, NULL);
    calo_render_options options = {.background = CALO_BACKGROUND_ENVIRONMENT};
    calo_frame frame = render_shaded(scene, &lighting, options, &view);
    test_assert_color(test_color(&frame, 0, 0), (double[3]){encode((double)0.2f), encode(0.5), 1}, tolerance, "picture");
    expected_surface surface = surface_of(&material);
    for (int c = 0; c < 3; c++)
        surface.color[c] *= 0.5;
    test_assert_color(test_color(&frame, 4, 4), surface.color, tolerance, "lit by the ambient light alone");
    calo_frame_finish(&frame);
    even.environment = NULL;
    memcpy(even.environment_color, texels, sizeof even.environment_color);
    frame = render_shaded(scene, &even, options, &view);
    test_assert_color(test_color(&frame, 0, 0), (double[3]){encode((double)0.2f), encode(0.5), 1}, tolerance, "color");
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void bytes_are_the_nearest(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = paint(0, 0, 0);
    calo_lighting lighting = {.ambient_color = {1, 1, 1}};
    calo_view view = view_from(above);
    calo_render_options options = {.color_format = CALO_PIXEL_RGBA8, .samples = 4};
    calo_frame frame = render_shaded(quad_scene(&s, &material, NULL), &lighting, options, &view);
    const uint8_t *pixel = (const uint8_t *)frame.planes[0].data + 4 * (4 * SIZE + 4);
    for (int c = 0; c < 3; c++)
        assert_int_equal(pixel[c], lround(255 * encode((double)material.base_color[c])));
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lights_follow_the_equations),
        cmocka_unit_test(lights_add_up),
        cmocka_unit_test(other_materials_and_lights_are_translated),
        cmocka_unit_test(textures_multiply_highlights_too),
        cmocka_unit_test(vertex_colors_take_part_before_the_curve),
        cmocka_unit_test(flat_and_unlit_surfaces_show_their_color),
        cmocka_unit_test(orthographic_views_are_lit_for_the_place_of_the_camera),
        cmocka_unit_test(headlights_shine_along_the_view),
        cmocka_unit_test(shadows_take_ambient_light_too),
        cmocka_unit_test(lights_are_clamped_picture_by_picture),
        cmocka_unit_test(the_environment_is_mere_background),
        cmocka_unit_test(bytes_are_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
