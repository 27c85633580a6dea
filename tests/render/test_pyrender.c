/* pyrender's shading against its formulas, one number at a time; display-referred pictures, backgrounds, and blending
 * that never shows. */
#include "scenes.h"

enum { SIZE = 9 };

static const double above[3] = {0, 0, 4}, origin[3] = {0, 0, 0};
static const float unit_quad[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};

/* An eighth of an 8-bit step would show in no picture; this is a twenty-fifth. */
static const double tolerance = 1.0 / 255 / 25;

/* ---- the formulas ---- */

/* A surface in the plane z = 0. */
typedef struct expected_surface {
    double normal[3], base[3], vertex[3], emissive[3]; /* emissive: all of it, linear */
    double metallic, roughness, occlusion;
    const double *diffuse, *f0; /* specular-glossiness; NULL: by metallic */
} expected_surface;

static expected_surface plain_surface(const calo_material *material)
{
    expected_surface s = {.normal = {0, 0, 1}, .vertex = {1, 1, 1}, .metallic = (double)material->metallic,
                          .roughness = (double)material->roughness, .occlusion = 1};
    for (int c = 0; c < 3; c++) {
        s.base[c] = (double)material->base_color[c];
        s.emissive[c] = (double)material->emissive[c] * (double)material->emissive[c];
    }
    return s;
}

static double clamp(double x, double low, double high) { return fmin(fmax(x, low), high); }

static double decode(double code) { return code <= 0.04045 ? code / 12.92 : pow((code + 0.055) / 1.055, 2.4); }

/* How strongly the lamp shines on a plane that faces it, and from where. */
static double lamp_strength(const calo_scene_light *lamp, const double place[3], double l[3])
{
    double strength = (double)lamp->light.intensity, distance;
    for (int i = 0; i < 3; i++)
        l[i] = lamp->light.kind == CALO_LIGHT_DIRECTIONAL ? -lamp->direction[i] : lamp->position[i] - place[i];
    distance = calo_normalize3(l);
    if (lamp->light.kind == CALO_LIGHT_DIRECTIONAL)
        return strength;
    if (lamp->light.kind == CALO_LIGHT_SPOT) {
        double outer = cos((double)lamp->light.outer_cone_radians), inner = cos((double)lamp->light.inner_cone_radians);
        double scale = 1 / fmax(0.001, inner - outer), cosine = clamp(-calo_dot3(l, lamp->direction), 0, 1);
        double cone = clamp(cosine * scale - outer * scale, 0, 1);
        strength *= cone * cone;
    }
    return strength / (distance * distance);
}

static void add_lamp(const expected_surface *s, const calo_scene_light *lamp, const double place[3], const double v[3],
                     double rgb[3])
{
    double l[3], h[3], strength = lamp_strength(lamp, place, l), roughness = clamp(s->roughness, 0.04, 1);
    for (int i = 0; i < 3; i++)
        h[i] = l[i] + v[i];
    calo_normalize3(h);
    double nl = clamp(calo_dot3(s->normal, l), 0.001, 1), nv = clamp(fabs(calo_dot3(s->normal, v)), 0.001, 1);
    double nh = clamp(calo_dot3(s->normal, h), 0, 1), vh = clamp(calo_dot3(v, h), 0, 1);
    double k = (roughness + 1) * (roughness + 1) / 8, a2 = pow(roughness, 4);
    double mask = nl / (nl * (1 - k) + k) * nv / (nv * (1 - k) + k);
    double spread = a2 / (M_PI * pow(nh * nh * (a2 - 1) + 1, 2));
    for (int c = 0; c < 3; c++) {
        double f0 = s->f0 ? s->f0[c] : 0.04 + s->metallic * (s->base[c] - 0.04);
        double diffuse = s->diffuse ? s->diffuse[c] : s->base[c] * 0.96 * (1 - s->metallic);
        double fresnel = f0 + (1 - f0) * pow(clamp(1 - vh, 0, 1), 5);
        double brdf = (1 - fresnel) * diffuse / M_PI + fresnel * mask * spread / (4 * nl * nv + 0.001);
        rgb[c] += nl * strength * (double)lamp->light.color[c] * brdf;
    }
}

static void expect_color(const expected_surface *s, const calo_lighting *lighting, const double place[3],
                         const double viewer[3], double rgb[3])
{
    double v[3];
    for (int i = 0; i < 3; i++) {
        v[i] = viewer[i] - place[i];
        rgb[i] = s->base[i] * (double)lighting->ambient_color[i];
    }
    calo_normalize3(v);
    for (uint32_t i = 0; i < lighting->light_count; i++)
        add_lamp(s, &lighting->lights[i], place, v, rgb);
    for (int c = 0; c < 3; c++)
        rgb[c] = clamp(pow((rgb[c] * s->occlusion + s->emissive[c]) * s->vertex[c], 1 / 2.2), 0, 1);
}

/* ---- scenes of one quad ---- */

static const calo_scene_light sun = {
    .light = {.kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 0.9f, 0.7f}, .intensity = 2.5f}, .direction = {0.6, 0, -0.8}};
static const calo_scene_light bulb = {
    .light = {.kind = CALO_LIGHT_POINT, .color = {0.5f, 0.7f, 1}, .intensity = 4}, .position = {0.4, -0.3, 1.1}};
static const calo_scene_light torch = {
    .light = {.kind = CALO_LIGHT_SPOT, .color = {1, 0.6f, 0.4f}, .intensity = 9, .inner_cone_radians = 0.2f,
              .outer_cone_radians = 0.5f}, .position = {-0.5, 0.2, 2}, .direction = {0, 0, -1}};
/* Light from behind counts as grazing. */
static const calo_scene_light behind = {
    .light = {.kind = CALO_LIGHT_POINT, .color = {1, 1, 1}, .intensity = 20}, .position = {0.2, 0.1, -0.5}};

static calo_view view_from(const double position[3])
{
    return test_view(SIZE, 2 * atan(0.25) * 180 / M_PI, position, origin);
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
    calo_prepare_options preparing = {.lighting = lighting, .shading = CALO_SHADING_PYRENDER};
    options.channels = options.channels ? options.channels : TEST_BIT(COLOR);
    options.color_format = options.color_format ? options.color_format : CALO_PIXEL_RGBA32F;
    return test_render_prepared(scene, &preparing, &options, view);
}

/* The whole picture, seen from above (or from below). */
static void check_quad(const calo_material *material, const expected_surface *surface, const calo_lighting *lighting,
                       const float *colors, const double viewer[3], const char *what)
{
    test_scene s = test_scene_start();
    calo_view view = view_from(viewer);
    calo_frame frame = render_shaded(quad_scene(&s, material, colors), lighting, (calo_render_options){.samples = 1}, &view);
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            double right = (x + 0.5) / SIZE * 2 - 1, up = 1 - (y + 0.5) / SIZE * 2, rgb[3];
            const calo_mat4 *m = &view.camera_to_world;
            double place[3] = {right * m->m[0][0] + up * m->m[0][1], right * m->m[1][0] + up * m->m[1][1], 0};
            expect_color(surface, lighting, place, viewer, rgb);
            test_assert_color(test_color(&frame, x, y), rgb, tolerance, what);
        }
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void lamps_follow_the_formulas(void **state)
{
    (void)state;
    const calo_scene_light *lamps[] = {&sun, &bulb, &torch, &behind};
    const char *names[] = {"sun", "bulb", "torch", "behind"};
    for (int lamp = 0; lamp < 4; lamp++)
        for (int metal = 0; metal <= 2; metal++)
            for (int rough = 0; rough <= 5; rough++) {
                calo_material material = calo_material_default();
                memcpy(material.base_color, (float[4]){0.8f, 0.5f, 0.1f, 1}, sizeof material.base_color);
                material.metallic = 0.5f * (float)metal;
                material.roughness = 0.2f * (float)rough;
                material.double_sided = true;
                expected_surface surface = plain_surface(&material);
                calo_lighting lighting = {.lights = lamps[lamp], .light_count = 1};
                check_quad(&material, &surface, &lighting, NULL, above, names[lamp]);
                /* From below the normal faces the viewer, too. */
                surface.normal[2] = -1;
                check_quad(&material, &surface, &lighting, NULL, (double[3]){0, 0, -4}, names[lamp]);
            }
}

static void lamps_add_up_with_ambient_light_and_what_glows(void **state)
{
    (void)state;
    calo_scene_light lamps[] = {sun, bulb, torch, sun, sun, sun};
    for (int i = 3; i < 6; i++)
        lamps[i].light.intensity = 0.1f;
    calo_lighting lighting = {.lights = lamps, .light_count = 6, .ambient_color = {0.2f, 0.1f, 0.3f}};
    calo_material material = calo_material_default();
    material.metallic = 0.3f;
    material.roughness = 0.6f;
    memcpy(material.base_color, (float[4]){0.4f, 0.5f, 0.3f, 1}, sizeof material.base_color);
    memcpy(material.emissive, (float[3]){0.3f, 0.2f, 0.5f}, sizeof material.emissive);
    material.ior = 2.2f; /* not pyrender's: dielectrics reflect 4 % */
    material.specular = 0.1f;
    expected_surface surface = plain_surface(&material);
    check_quad(&material, &surface, &lighting, NULL, above, "all lamps");
    /* Vertex colours multiply everything, what glows, too. */
    float colors[16];
    for (int i = 0; i < 4; i++)
        memcpy(colors + 4 * i, (float[4]){0.5f, 0.9f, 0.25f, 1}, 4 * sizeof *colors);
    memcpy(surface.vertex, (double[3]){0.5, 0.9f, 0.25}, sizeof surface.vertex);
    check_quad(&material, &surface, &lighting, colors, above, "vertex colours");
}

/* Of one texel each. */
static void add_texture(test_scene *s, calo_material *material, calo_material_slot slot, const uint8_t rgba[4])
{
    test_use_texture(material, slot, test_texture(s, 1, 1, rgba, (calo_texture){0}));
}

static void check_textured(const calo_material *material, test_scene *s, const expected_surface *surface)
{
    calo_lighting lighting = {.lights = &sun, .light_count = 1, .ambient_color = {0.2f, 0.2f, 0.2f}};
    calo_view view = view_from(above);
    double rgb[3];
    calo_frame frame = render_shaded(quad_scene(s, material, NULL), &lighting, (calo_render_options){.samples = 1}, &view);
    expect_color(surface, &lighting, origin, above, rgb);
    test_assert_color(test_color(&frame, SIZE / 2, SIZE / 2), rgb, tolerance, "textures");
    calo_frame_finish(&frame);
    calo_scene_destroy(s->scene);
}

static void textures_are_decoded_as_pyrender_does(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    add_texture(&s, &material, CALO_SLOT_BASE_COLOR, (uint8_t[4]){200, 9, 96, 255});
    add_texture(&s, &material, CALO_SLOT_METALLIC_ROUGHNESS, (uint8_t[4]){77, 180, 60, 255});
    add_texture(&s, &material, CALO_SLOT_OCCLUSION, (uint8_t[4]){140, 1, 2, 255});
    add_texture(&s, &material, CALO_SLOT_EMISSIVE, (uint8_t[4]){90, 200, 3, 255});
    add_texture(&s, &material, CALO_SLOT_NORMAL, (uint8_t[4]){180, 160, 220, 255});
    memcpy(material.emissive, (float[3]){0.5f, 0.25f, 1}, sizeof material.emissive);
    memcpy(material.base_color, (float[4]){0.9f, 1, 0.7f, 1}, sizeof material.base_color);
    expected_surface surface = plain_surface(&material);
    const double base[3] = {200, 9, 96}, glow[3] = {90, 200, 3};
    for (int c = 0; c < 3; c++) {
        surface.base[c] *= decode(base[c] / 255);
        surface.emissive[c] *= decode(glow[c] / 255);
    }
    surface.roughness *= 180 / 255.0;
    surface.metallic *= 60 / 255.0;
    surface.occlusion = 140 / 255.0;
    /* v grows downwards: the map's green points to -y here. */
    memcpy(surface.normal, (double[3]){2 * 180 / 255.0 - 1, -(2 * 160 / 255.0 - 1), 2 * 220 / 255.0 - 1},
           sizeof surface.normal);
    calo_normalize3(surface.normal);
    check_textured(&material, &s, &surface);
}

static void specular_glossiness_gets_the_same_light(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.specular_glossiness = true;
    material.roughness = 0.4f;
    memcpy(material.base_color, (float[4]){0.7f, 0.4f, 0.2f, 1}, sizeof material.base_color);
    memcpy(material.specular_color, (float[3]){0.6f, 0.5f, 0.3f}, sizeof material.specular_color);
    add_texture(&s, &material, CALO_SLOT_SPECULAR_GLOSSINESS, (uint8_t[4]){188, 120, 255, 200});
    expected_surface surface = plain_surface(&material);
    const double codes[3] = {188, 120, 255};
    double f0[3], diffuse[3], strongest = 0;
    for (int c = 0; c < 3; c++) {
        f0[c] = (double)material.specular_color[c] * decode(codes[c] / 255);
        strongest = fmax(strongest, f0[c]);
    }
    for (int c = 0; c < 3; c++)
        diffuse[c] = surface.base[c] * (1 - strongest);
    surface.roughness = 1 - (1 - (double)material.roughness) * 200 / 255;
    surface.f0 = f0;
    surface.diffuse = diffuse;
    check_textured(&material, &s, &surface);
}

/* Half way between two texels is half way between their codes, not between their light. */
static void textures_are_filtered_as_codes(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    calo_lighting lighting = {.ambient_color = {1, 1, 1}};
    calo_view view = view_from(above);
    test_use_texture(&material, CALO_SLOT_BASE_COLOR,
                     test_texture(&s, 2, 1, (uint8_t[8]){20, 60, 0, 255, 220, 100, 255, 255},
                                  (calo_texture){.wrap_u = CALO_WRAP_CLAMP, .wrap_v = CALO_WRAP_CLAMP}));
    calo_frame frame = render_shaded(quad_scene(&s, &material, NULL), &lighting, (calo_render_options){.samples = 1}, &view);
    for (uint32_t x = 0; x < SIZE; x++) {
        double share = clamp((x + 0.5) / SIZE * 2 - 0.5, 0, 1), rgb[3];
        const double codes[2][3] = {{20, 60, 0}, {220, 100, 255}};
        for (int c = 0; c < 3; c++)
            rgb[c] = pow(decode((codes[0][c] + share * (codes[1][c] - codes[0][c])) / 255), 1 / 2.2);
        test_assert_color(test_color(&frame, x, 4), rgb, tolerance, "filtered");
    }
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void orthographic_views_are_lit_for_the_place_of_the_camera(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.metallic = 0.8f;
    material.roughness = 0.3f;
    calo_lighting lighting = {.lights = &sun, .light_count = 1};
    calo_view view = view_from(above);
    view.orthographic = true;
    view.focal_x = view.focal_y = SIZE / 2.0;
    calo_frame frame = render_shaded(quad_scene(&s, &material, NULL), &lighting, (calo_render_options){.samples = 1}, &view);
    expected_surface surface = plain_surface(&material);
    for (uint32_t x = 0; x < SIZE; x++) {
        double place[3] = {(x + 0.5) / SIZE * 2 - 1, 0, 0}, rgb[3];
        expect_color(&surface, &lighting, place, above, rgb);
        test_assert_color(test_color(&frame, x, SIZE / 2), rgb, tolerance, "orthographic");
    }
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* ---- flat and unlit ---- */

static void flat_surfaces_show_codes(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    float colors[16];
    for (int i = 0; i < 16; i++)
        colors[i] = i % 4 == 3 ? 1 : 0.5f;
    add_texture(&s, &material, CALO_SLOT_BASE_COLOR, (uint8_t[4]){200, 100, 31, 255});
    memcpy(material.base_color, (float[4]){1, 0.5f, 1, 1}, sizeof material.base_color);
    const calo_scene *scene = quad_scene(&s, &material, colors);
    calo_view view = view_from(above);
    calo_prepare_options preparing = {.shading = CALO_SHADING_PYRENDER, .flat = true};
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(ALBEDO), .color_format = CALO_PIXEL_RGBA32F};
    calo_frame frame = test_render_prepared(scene, &preparing, &options, &view);
    test_assert_color(test_color(&frame, 4, 4), (double[3]){100 / 255.0, 25 / 255.0, 15.5 / 255}, tolerance, "flat");
    const float *albedo = test_floats(&frame, CALO_CHANNEL_ALBEDO, 4, 4);
    const double linear[3] = {0.5 * decode(200 / 255.0), 0.25 * decode(100 / 255.0), 0.5 * decode(31 / 255.0)};
    test_assert_color(albedo, linear, tolerance, "albedo stays linear");
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* Lines of normals, and materials that are unlit by themselves: the codes that they have in other shadings. */
static void unlit_surfaces_show_their_own_color(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.unlit = true;
    add_texture(&s, &material, CALO_SLOT_BASE_COLOR, (uint8_t[4]){200, 100, 5, 255});
    const calo_scene *scene = quad_scene(&s, &material, NULL);
    calo_view view = view_from((double[3]){0.3, -2, 3.4});
    for (int flat = 0; flat < 2; flat++) {
        calo_prepare_options preparing = {.shading = CALO_SHADING_PYRENDER, .flat = flat,
                                          .normal_lines = CALO_NORMAL_LINES_FACE, .normal_length = 0.3f};
        calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(MATERIAL_ID), .samples = 1,
                                       .line_width_pixels = 1.5f, .color_format = CALO_PIXEL_RGBA8};
        calo_frame frame = test_render_prepared(scene, &preparing, &options, &view);
        int lines = 0;
        for (uint32_t i = 0; i < SIZE * SIZE; i++) {
            const uint8_t *rgba = (const uint8_t *)frame.planes[CALO_CHANNEL_COLOR].data + 4 * i;
            uint32_t id = *((const uint32_t *)frame.planes[CALO_CHANNEL_MATERIAL_ID].data + i);
            if (id)
                assert_memory_equal(rgba, id > 1 ? "\xff\x1a\x1a\xff" : "\xc8\x64\x05\xff", 4);
            lines += id > 1;
        }
        assert_true(lines > 0 && lines < SIZE * SIZE);
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

/* Points and lines without normals are lit as if they faced the viewer. */
static void points_without_normals_face_the_viewer(void **state)
{
    (void)state;
    static const float place[3] = {0, 0, 0};
    static const uint32_t index[1] = {0};
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.metallic = 0.2f;
    material.roughness = 0.8f;
    calo_primitive point = {.topology = CALO_POINTS, .vertex_count = 1, .index_count = 1, .indices = index,
                            .positions = place, .material = test_material(&s, &material)};
    test_node(&s, &point, NULL);
    test_seal(&s);
    calo_lighting lighting = {.lights = &sun, .light_count = 1};
    calo_view view = view_from(above);
    calo_frame frame = render_shaded(s.scene, &lighting, (calo_render_options){.samples = 1}, &view);
    expected_surface surface = plain_surface(&material);
    double rgb[3];
    expect_color(&surface, &lighting, origin, above, rgb);
    test_assert_color(test_color(&frame, 4, 4), rgb, tolerance, "point");
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* ---- pictures ---- */

/* A surface of ambient light only, whose displayed value is `value`. */
static calo_material glowing(float value)
{
    calo_material material = calo_material_default();
    for (int c = 0; c < 3; c++)
        material.base_color[c] = (float)pow((double)value, 2.2);
    return material;
}

static const calo_lighting ambient_only = {.ambient_color = {1, 1, 1}};

static void bytes_are_the_nearest(void **state)
{
    (void)state;
    calo_view view = view_from(above);
    for (int step = 0; step <= 255; step++)
        for (int part = -1; part <= 1; part++) {
            test_scene s = test_scene_start();
            float value = ((float)step + 0.45f * (float)part) / 255;
            calo_material material = glowing(value > 0 ? value : 0);
            const calo_scene *scene = quad_scene(&s, &material, NULL);
            calo_frame frame = render_shaded(scene, &ambient_only, (calo_render_options){.color_format = CALO_PIXEL_RGBA8},
                                             &view);
            const uint8_t *rgba = frame.planes[CALO_CHANNEL_COLOR].data;
            assert_int_equal(rgba[0], step);
            assert_int_equal(rgba[3], 255);
            calo_frame_finish(&frame);
            calo_scene_destroy(s.scene);
        }
}

/* Half a pixel of 0.2, half of a background of 0.6: 0.4, whatever light these stand for. */
static void samples_are_averaged_as_displayed(void **state)
{
    (void)state;
    static const float half[12] = {-1, -1, 0, 0, -1, 0, 0, 1, 0, -1, 1, 0};
    test_scene s = test_scene_start();
    calo_material material = glowing(0.2f);
    calo_primitive quad = test_quad(&s, half, test_material(&s, &material));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = view_from(above);
    for (uint32_t samples = 4; samples <= 16; samples *= 4) {
        calo_render_options options = {.samples = samples, .background = CALO_BACKGROUND_COLOR,
                                       .background_color = {0.6f, 0.6f, 0.6f}, .background_transparency = 0.75f};
        calo_frame frame = render_shaded(s.scene, &ambient_only, options, &view);
        const float *left = test_color(&frame, 2, 4), *edge = test_color(&frame, 4, 4), *right = test_color(&frame, 7, 4);
        test_assert_color(left, (double[3]){0.2, 0.2, 0.2}, tolerance, "surface");
        test_assert_color(edge, (double[3]){0.4, 0.4, 0.4}, tolerance, "edge");
        test_assert_color(right, (double[3]){0.6f, 0.6f, 0.6f}, tolerance, "background");
        assert_true(left[3] == 1 && edge[3] == 0.625f && right[3] == 0.25f);
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

static void layers_are_blended_as_displayed(void **state)
{
    (void)state;
    static const float lower[12] = {-1, -1, -1, 1, -1, -1, 1, 1, -1, -1, 1, -1};
    for (int solid = 0; solid < 2; solid++) {
        test_scene s = test_scene_start();
        calo_material glass = glowing(0.8f), wall = glowing(0.3f);
        glass.alpha_mode = CALO_ALPHA_BLEND;
        glass.base_color[3] = 0.25f;
        calo_primitive front = test_quad(&s, unit_quad, test_material(&s, &glass));
        calo_primitive back = test_quad(&s, lower, test_material(&s, &wall));
        test_node(&s, &front, NULL);
        if (solid)
            test_node(&s, &back, NULL);
        test_seal(&s);
        calo_view view = view_from(above);
        calo_render_options options = {.background = CALO_BACKGROUND_COLOR, .background_color = {0.5f, 0.5f, 0.5f},
                                       .background_transparency = 1};
        calo_frame frame = render_shaded(s.scene, &ambient_only, options, &view);
        double value = 0.25 * 0.8 + 0.75 * (solid ? 0.3 : 0.5);
        test_assert_color(test_color(&frame, 4, 4), (double[3]){value, value, value}, tolerance, "blended");
        assert_true(test_color(&frame, 4, 4)[3] == (solid ? 1 : 0.25f));
        calo_frame_finish(&frame);
        calo_scene_destroy(s.scene);
    }
}

/* ---- blending that never shows ---- */

static uint8_t opaque_texels[4 * 16 * 16];

/* `hole`: one texel is not quite opaque. */
static calo_frame render_blend(calo_alpha_mode mode, bool colored, bool hole, calo_shading shading)
{
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    calo_lighting lighting = {.lights = &torch, .light_count = 1};
    float colors[16];
    for (int i = 0; i < 16; i++)
        colors[i] = i % 4 == 3 ? 1 : 0.1f * (float)(i % 7);
    for (size_t i = 0; i < sizeof opaque_texels; i++)
        opaque_texels[i] = i % 4 == 3 ? 255 : (uint8_t)(i * 37);
    opaque_texels[4 * 136 + 3] = hole ? 253 : 255;
    test_use_texture(&material, CALO_SLOT_BASE_COLOR, test_texture(&s, 16, 16, opaque_texels, (calo_texture){0}));
    material.alpha_mode = mode;
    material.roughness = 0.5f;
    const calo_scene *scene = quad_scene(&s, &material, colored ? colors : NULL);
    calo_view view = test_view(64, 60, (double[3]){1, -2, 2}, origin);
    calo_prepare_options preparing = {.lighting = &lighting, .shading = shading};
    calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = 1};
    calo_frame frame = test_render_prepared(scene, &preparing, &options, &view);
    calo_scene_destroy(s.scene);
    return frame;
}

static bool same_frames(const calo_frame *a, const calo_frame *b)
{
    bool same = true;
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        same &= memcmp(a->planes[c].data, b->planes[c].data, a->planes[c].row_bytes * a->height) == 0;
    return same;
}

static void blending_that_never_shows_changes_nothing(void **state)
{
    (void)state;
    for (int shading = CALO_SHADING_GLTF; shading <= CALO_SHADING_PYRENDER; shading++)
        for (int colored = 0; colored < 2; colored++) {
            calo_frame solid = render_blend(CALO_ALPHA_OPAQUE, colored, false, (calo_shading)shading);
            calo_frame blended = render_blend(CALO_ALPHA_BLEND, colored, false, (calo_shading)shading);
            calo_frame holed = render_blend(CALO_ALPHA_BLEND, colored, true, (calo_shading)shading);
            assert_true(same_frames(&solid, &blended));
            assert_false(same_frames(&solid, &holed));
            calo_frame_finish(&solid);
            calo_frame_finish(&blended);
            calo_frame_finish(&holed);
        }
}

static void images_are_found_opaque_where_blending_asks(void **state)
{
    (void)state;
    const uint8_t texels[4][8] = {{1, 2, 3, 255, 4, 5, 6, 255}, {1, 2, 3, 255, 4, 5, 6, 254},
                                  {1, 2, 3, 255, 4, 5, 6, 255}, {1, 2, 3, 255, 4, 5, 6, 255}};
    const calo_alpha_mode modes[4] = {CALO_ALPHA_BLEND, CALO_ALPHA_BLEND, CALO_ALPHA_OPAQUE, CALO_ALPHA_BLEND};
    test_scene s = test_scene_start();
    for (int i = 0; i < 4; i++) {
        calo_material material = calo_material_default();
        material.alpha_mode = modes[i];
        material.base_color[3] = i == 3 ? 0.5f : 1;
        test_use_texture(&material, CALO_SLOT_BASE_COLOR, test_texture(&s, 2, 1, texels[i], (calo_texture){0}));
        test_material(&s, &material);
    }
    test_seal(&s);
    assert_true(s.scene->images[0].opaque);
    for (int i = 1; i < 4; i++)
        assert_false(s.scene->images[i].opaque);
    calo_scene_destroy(s.scene);
}

/* ---- what is refused ---- */

static void assert_prepare_fails(const calo_prepare_options *preparing, const char *word)
{
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    assert_int_equal(calo_pose_create(quad_scene(&s, &material, NULL), NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(NULL, &renderer, &err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, preparing, &prepared, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, word));
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(s.scene);
}

static void what_a_shading_does_not_read_is_refused(void **state)
{
    (void)state;
    float texel[4] = {1, 1, 1, 1};
    calo_image picture = {.format = CALO_PIXEL_RGBA32F, .width = 1, .height = 1, .row_bytes = 16, .data = texel};
    calo_lighting ambient = {.ambient_color = {0, 0.5f, 0}}, around = {.environment = &picture};
    calo_lighting endless = {.ambient_color = {0, INFINITY, 0}};
    assert_prepare_fails(&(calo_prepare_options){.lighting = &ambient}, "ambient");
    assert_prepare_fails(&(calo_prepare_options){.lighting = &around, .shading = CALO_SHADING_PYRENDER}, "environment");
    assert_prepare_fails(&(calo_prepare_options){.lighting = &endless, .shading = CALO_SHADING_PYRENDER}, "ambient");
    assert_prepare_fails(&(calo_prepare_options){.shading = (calo_shading)7}, "7");
}

static void assert_render_fails(calo_shading shading, const calo_render_options *options, const char *word)
{
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    calo_view view = view_from(above);
    calo_prepare_options preparing = {.shading = shading};
    assert_int_equal(calo_pose_create(quad_scene(&s, &material, NULL), NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(NULL, &renderer, &err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, &preparing, &prepared, &err), CALO_OK);
    assert_int_equal(calo_frame_init(&frame, SIZE, SIZE, TEST_BIT(COLOR), CALO_PIXEL_RGBA8, &err), CALO_OK);
    assert_int_equal(calo_renderer_render(renderer, prepared, options, &view, 1, &frame, NULL, NULL, &err),
                     CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, word));
    calo_frame_finish(&frame);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(s.scene);
}

static void backgrounds_that_cannot_be_are_refused(void **state)
{
    (void)state;
    calo_render_options around = {.channels = TEST_BIT(COLOR), .background = CALO_BACKGROUND_ENVIRONMENT};
    calo_render_options clear = {.channels = TEST_BIT(COLOR), .background_transparency = 0.5f};
    calo_render_options much = {.channels = TEST_BIT(COLOR), .background = CALO_BACKGROUND_COLOR,
                                .background_transparency = 1.5f};
    assert_render_fails(CALO_SHADING_PYRENDER, &around, "environment");
    assert_render_fails(CALO_SHADING_GLTF, &clear, "0.5");
    assert_render_fails(CALO_SHADING_GLTF, &much, "1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lamps_follow_the_formulas),
        cmocka_unit_test(lamps_add_up_with_ambient_light_and_what_glows),
        cmocka_unit_test(textures_are_decoded_as_pyrender_does),
        cmocka_unit_test(specular_glossiness_gets_the_same_light),
        cmocka_unit_test(textures_are_filtered_as_codes),
        cmocka_unit_test(orthographic_views_are_lit_for_the_place_of_the_camera),
        cmocka_unit_test(flat_surfaces_show_codes),
        cmocka_unit_test(unlit_surfaces_show_their_own_color),
        cmocka_unit_test(points_without_normals_face_the_viewer),
        cmocka_unit_test(bytes_are_the_nearest),
        cmocka_unit_test(samples_are_averaged_as_displayed),
        cmocka_unit_test(layers_are_blended_as_displayed),
        cmocka_unit_test(blending_that_never_shows_changes_nothing),
        cmocka_unit_test(images_are_found_opaque_where_blending_asks),
        cmocka_unit_test(what_a_shading_does_not_read_is_refused),
        cmocka_unit_test(backgrounds_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
