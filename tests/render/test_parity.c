/* The cpu renderer's pictures beside those of every GL backend that is here. Scenes are made here; those of
 * CALOTYPE_ASSETS join where they are found. */
#include <calotype/import.h>

#include "every_path.h"
#include "parity.h"

enum { SIDE = 256 };

/* Without antialiasing: what the project promises. */
static const parity_rule promise = {
    .ids_equal = 0.999,
    .depth = 1e-4, .depth_within = 0.999,
    .degrees = 0.5, .normals_within = 0.999,
    .color_mean = 1, .color_99 = 4,
    .values = 0.02, .values_within = 0.999,
};

static const parity_rule soft = {
    .ids_equal = 0.999,
    .depth = 1e-4, .depth_within = 0.999,
    .degrees = 0.5, .normals_within = 0.999,
    .color_mean = 1, .color_99 = 5,
    .values = 0.02, .values_within = 0.999,
};

/* Normal maps of noise, where a look-up that falls a hair's breadth beside shows. */
static const parity_rule noise = {
    .ids_equal = 0.999,
    .depth = 1e-4, .depth_within = 0.999,
    .degrees = 0.5, .normals_within = 0.995,
    .color_mean = 1, .color_99 = 4,
    .values = 0.02, .values_within = 0.999,
};

/* OpenGL's mip levels jump where UVs do: at seams, normal maps are looked up in another one. */
static const parity_rule seams = {
    .ids_equal = 0.999,
    .depth = 1e-4, .depth_within = 0.999,
    .degrees = 0.5, .normals_within = 0.995,
    .color_mean = 1, .color_99 = 5,
    .values = 0.02, .values_within = 0.999,
};

/* Both together. */
static const parity_rule noise_with_seams = {
    .ids_equal = 0.999,
    .depth = 1e-4, .depth_within = 0.999,
    .degrees = 0.5, .normals_within = 0.985,
    .color_mean = 1, .color_99 = 4,
    .values = 0.02, .values_within = 0.999,
};

/* ---- one picture by each backend ---- */

typedef struct picture_job {
    const calo_scene *scene;
    calo_lighting lighting;
    calo_prepare_options prepare;
    calo_render_options options;
    const calo_view *view;
} picture_job;

static calo_frame draw(const picture_job *job, const char *backend)
{
    calo_prepare_options prepare = job->prepare;
    calo_render_options options = job->options;
    prepare.lighting = &job->lighting;
    options.channels = PARITY_CHANNELS;
    return test_render_by(backend, job->scene, &prepare, &options, job->view);
}

/* The backends beside cpu that can draw here. */
static size_t find_others(const char *names[8])
{
    calo_backend_info infos[8];
    size_t count = calo_backend_list(infos, 8), found = 0;
    for (size_t i = 0; i < count && i < 8; i++)
        if (infos[i].available && strcmp(infos[i].name, "cpu") != 0)
            names[found++] = infos[i].name;
    return found;
}

static void compare(const char *name, const picture_job *job, const parity_rule *rule)
{
    const char *others[8];
    size_t count = find_others(others);
    picture_job plain = *job;
    if (!plain.options.samples)
        plain.options.samples = 1;
    calo_frame reference = draw(&plain, "cpu");
    for (size_t i = 0; i < count; i++) {
        char title[128];
        calo_frame other = draw(&plain, others[i]);
        snprintf(title, sizeof title, "%s-%s", name, others[i]);
        assert_parity(title, &reference, &other, rule);
        calo_frame_finish(&other);
    }
    calo_frame_finish(&reference);
}

/* ---- scenes ---- */

static calo_view view_of(double x, double y, double z)
{
    return test_view(SIDE, 40, (double[3]){x, y, z}, (double[3]){0, 0, 0});
}

/* Soft waves in all four components; alpha between 0.2 and 1. */
static int32_t wave_texture(test_scene *s, double frequency, calo_texture sampler)
{
    enum { TEXELS = 128 };
    static uint8_t texels[TEXELS * TEXELS * 4];
    for (int i = 0; i < TEXELS * TEXELS; i++) {
        double u = i % TEXELS * 2 * M_PI / TEXELS, v = i / TEXELS * 2 * M_PI / TEXELS; /* NOLINT: rows */
        texels[4 * i] = (uint8_t)(140 + 90 * sin(frequency * u));
        texels[4 * i + 1] = (uint8_t)(140 + 90 * cos(frequency * v));
        texels[4 * i + 2] = (uint8_t)(180 + 60 * sin(u + v));
        texels[4 * i + 3] = (uint8_t)(153 + 100 * sin(frequency * (u - v)));
    }
    return test_texture(s, TEXELS, TEXELS, texels, sampler);
}

/* Bumps: a normal map of unit vectors. */
static int32_t bump_texture(test_scene *s)
{
    enum { TEXELS = 128 };
    static uint8_t texels[TEXELS * TEXELS * 4];
    for (int i = 0; i < TEXELS * TEXELS; i++) {
        double u = i % TEXELS * 2 * M_PI / TEXELS, v = i / TEXELS * 2 * M_PI / TEXELS; /* NOLINT: rows */
        double n[3] = {0.4 * sin(2 * u), 0.4 * cos(2 * v), 1};
        calo_normalize3(n);
        for (int c = 0; c < 3; c++)
            texels[4 * i + c] = (uint8_t)lround(127.5 + 127.5 * n[c]);
        texels[4 * i + 3] = 255;
    }
    return test_texture(s, TEXELS, TEXELS, texels, (calo_texture){0});
}

/* Sixteen spheres: every slot, both workflows, vertex colours, double-sided, unlit, mask; mirrored and scaled. */
static calo_scene *make_materials(void)
{
    test_scene s = test_scene_start();
    for (int i = 0; i < 16; i++) {
        calo_material material = calo_material_default();
        int32_t waves = wave_texture(&s, 1 + i % 3, (calo_texture){.wrap_u = (calo_wrap)(i % 3)});
        material.metallic = (float)(i % 4) / 3;
        material.roughness = (float)i / 15;
        material.base_color[0] = 0.9f;
        material.base_color[1] = 0.5f + 0.03f * (float)i;
        if (i & 1)
            test_use_texture(&material, CALO_SLOT_BASE_COLOR, waves);
        if (i & 2)
            test_use_texture(&material, CALO_SLOT_NORMAL, bump_texture(&s));
        if (i & 4)
            test_use_texture(&material, i & 8 ? CALO_SLOT_SPECULAR_GLOSSINESS : CALO_SLOT_METALLIC_ROUGHNESS, waves);
        if (i & 4)
            test_use_texture(&material, CALO_SLOT_OCCLUSION, waves);
        material.specular_glossiness = (i & 12) == 12;
        if (i == 8 || i == 9) {
            test_use_texture(&material, CALO_SLOT_SPECULAR, waves);
            test_use_texture(&material, CALO_SLOT_SPECULAR_COLOR, waves);
        }
        if (i == 10)
            test_use_texture(&material, CALO_SLOT_EMISSIVE, waves);
        material.emissive[i % 3] = i == 10 ? 0.7f : 0;
        material.unlit = i == 11;
        material.alpha_mode = i == 3 || i == 13 ? CALO_ALPHA_MASK : CALO_ALPHA_OPAQUE;
        material.double_sided = i == 3;
        material.slots[CALO_SLOT_BASE_COLOR].transform[0] = 2;
        calo_primitive sphere = test_sphere(&s, 24, test_material(&s, &material));
        if (i % 5 == 0) {
            float *colors = test_copy(&s, sphere.positions, 12ull * sphere.vertex_count);
            float *rgba = CALO_ARENA_TAKE(calo_scene_arena(s.scene), float, 4ull * sphere.vertex_count, "test", &s.err);
            for (uint32_t v = 0; v < sphere.vertex_count; v++)
                for (int c = 0; c < 4; c++)
                    rgba[4 * v + c] = c < 3 ? 0.5f + 0.5f * colors[3 * v + c] : 1;
            sphere.colors = rgba;
        }
        if (i == 6)
            sphere.normals = NULL;
        calo_mat4 place = moved(i % 4 - 1.5, i / 4 - 1.5, 0.1 * (i % 3), 0.45); /* NOLINT: a grid */
        if (i == 7)
            place.m[1][1] = -place.m[1][1];
        if (i == 14)
            place.m[2][2] *= 0.4;
        test_node(&s, &sphere, &place);
    }
    test_seal(&s);
    return s.scene;
}

/* 60 copies of one sphere by one node, and as many nodes that share a mesh. */
static calo_scene *make_copies(void)
{
    enum { COPIES = 60 };
    test_scene s = test_scene_start();
    calo_mat4 places[COPIES];
    for (int i = 0; i < COPIES; i++)
        places[i] = moved(0.35 * (i % 10) - 1.6, 0.35 * (i / 10) - 1, 0.05 * (i % 7), 0.1 + 0.01 * (i % 5)); /* NOLINT */
    calo_primitive sphere = test_sphere(&s, 10, -1);
    int32_t node = test_node(&s, &sphere, NULL);
    s.scene->nodes[node].instances = test_copy(&s, places, sizeof places);
    s.scene->nodes[node].instance_count = COPIES;
    for (int i = 0; i < COPIES; i++) {
        places[i].m[2][3] += 0.5;
        calo_node other = calo_node_default();
        other.mesh = s.scene->nodes[node].mesh;
        other.has_matrix = true;
        other.matrix = places[i];
        assert_true(calo_scene_add_node(s.scene, &other, &s.err) >= 0);
    }
    test_seal(&s);
    return s.scene;
}

/* Panes behind one another over a sphere; two of them at one place. */
static calo_scene *make_panes(void)
{
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 16, -1);
    test_node(&s, &sphere, NULL);
    for (int i = 0; i < 6; i++) {
        calo_material glass = calo_material_default();
        float z = i == 5 ? 1.1f : 1.1f + 0.1f * (float)i, x = 0.2f * (float)i;
        float corners[12] = {-1 + x, -1, z, 0.6f + x, -1, z, 0.6f + x, 1, z + 0.2f, -1 + x, 1, z + 0.2f};
        glass.alpha_mode = CALO_ALPHA_BLEND;
        glass.double_sided = true;
        glass.base_color[i % 3] = 0.3f;
        glass.base_color[3] = 0.2f + 0.12f * (float)i;
        calo_primitive pane = test_quad(&s, corners, test_material(&s, &glass));
        test_node(&s, &pane, NULL);
    }
    test_seal(&s);
    return s.scene;
}

/* ---- tests ---- */

static void materials_under_a_white_sky_and_lamps(void **state)
{
    (void)state;
    calo_scene *scene = make_materials();
    calo_view view = view_of(1, -2, 6);
    picture_job job = {.scene = scene, .view = &view};
    compare("materials-white", &job, &promise);
    job.options.energy_compensation = CALO_ON;
    job.options.occlusion_maps = CALO_OFF;
    job.options.world_space_normals = true;
    job.options.ray_depth = true;
    job.lighting = test_every_light();
    compare("materials-lamps", &job, &promise);
    job.lighting.no_environment = true;
    job.options.cull = CALO_CULL_OFF;
    job.options.background = CALO_BACKGROUND_COLOR;
    job.options.background_color[1] = 0.3f;
    job.options.background_depth = 9;
    compare("materials-lamps-only", &job, &promise);
    calo_scene_destroy(scene);
}

static void many_lamps(void **state)
{
    (void)state;
    enum { LAMPS = 40 };
    calo_scene_light lamps[LAMPS];
    for (int i = 0; i < LAMPS; i++) {
        double angle = 0.6 * i;
        lamps[i] = (calo_scene_light){
            .light = {.kind = (calo_light_kind)(i % 3), .color = {i % 2, 0.5f, 1 - i % 2}, .intensity = 0.4f,
                      .range_metres = i % 4 ? 0 : 5, .inner_cone_radians = 0.1f, .outer_cone_radians = 0.5f},
            .position = {3 * cos(angle), 3 * sin(angle), 3},
            .direction = {-0.6 * cos(angle), -0.6 * sin(angle), -0.8},
        };
    }
    calo_scene *scene = make_materials();
    calo_view view = view_of(-1, -1, 6);
    picture_job job = {.scene = scene, .view = &view, .lighting = {.lights = lamps, .light_count = LAMPS}};
    job.lighting.no_environment = true;
    compare("many-lamps", &job, &promise);
    calo_scene_destroy(scene);
}

/* Balls that are whole, have holes or are half transparent, over a floor. */
static calo_scene *make_casters(void)
{
    test_scene s = test_scene_start();
    calo_primitive floor = test_quad(&s, (float[12]){-4, -4, -1, 4, -4, -1, 4, 4, -1, -4, 4, -1}, -1);
    test_node(&s, &floor, NULL);
    for (int i = 0; i < 9; i++) {
        calo_material material = calo_material_default();
        material.roughness = 0.6f;
        material.metallic = 0;
        material.alpha_mode = (calo_alpha_mode)(i % 3);
        material.alpha_cutoff = 0.6f;
        if (i % 3)
            test_use_texture(&material, CALO_SLOT_BASE_COLOR, wave_texture(&s, 2, (calo_texture){0}));
        calo_primitive ball = test_sphere(&s, 24, test_material(&s, &material));
        calo_mat4 place = moved(1.2 * (i % 3) - 1.2, 1.2 * (i / 3) - 1.2, 0.2 * i - 0.5, 0.4); /* NOLINT: a grid */
        test_node(&s, &ball, &place);
    }
    test_seal(&s);
    return s.scene;
}

static void shadows(void **state)
{
    (void)state;
    /* Inside the scene, so that it has a cube of maps; a wide spot, too. */
    const calo_scene_light inside[] = {
        {.light = {.kind = CALO_LIGHT_POINT, .color = {1, 1, 0.8f}, .intensity = 8}, .position = {0.1, 0.2, 1.1}},
        {.light = {.kind = CALO_LIGHT_SPOT, .color = {0.4f, 0.5f, 1}, .intensity = 9, .outer_cone_radians = 1.4f},
         .position = {-0.6, -0.6, 1.5}, .direction = {0, 0.6, -0.8}},
    };
    calo_scene *scene = make_casters();
    calo_view view = view_of(1, -5, 4);
    picture_job job = {.scene = scene, .view = &view, .lighting = test_every_shadow()};
    compare("shadows", &job, &promise);
    job.lighting.no_environment = true;
    compare("shadows-only-lamps", &job, &promise);
    job.lighting.lights = inside;
    job.lighting.light_count = 2;
    compare("shadows-inside", &job, &promise);
    job.lighting.shadows = CALO_SHADOWS_POINT;
    job.options.energy_compensation = CALO_ON;
    compare("shadows-of-points", &job, &promise);
    job.lighting.shadow_map_size = 64;
    view = view_of(-4, 1, 5);
    view.orthographic = true;
    view.focal_x = view.focal_y = 30;
    compare("shadows-coarse", &job, &promise);
    calo_scene_destroy(scene);
}

static void materials_under_a_picture(void **state)
{
    (void)state;
    calo_image sky = test_sky();
    calo_scene *scene = make_materials();
    calo_view view = view_of(0, -5, 3);
    picture_job job = {.scene = scene, .view = &view,
                       .lighting = {.environment = &sky, .environment_rotation_degrees = 30}};
    compare("sky", &job, &promise);
    job.options.background = CALO_BACKGROUND_ENVIRONMENT;
    job.options.energy_compensation = CALO_ON;
    compare("sky-seen", &job, &promise);
    calo_scene_destroy(scene);
    calo_image_finish(&sky);
}

static void orthographic_cameras(void **state)
{
    (void)state;
    calo_scene *scene = make_materials();
    calo_view view = view_of(2, -3, 5);
    view.orthographic = true;
    view.focal_x = view.focal_y = 50;
    view.center_x += 10.25;
    picture_job job = {.scene = scene, .view = &view, .lighting = test_every_light()};
    compare("orthographic", &job, &promise);
    calo_scene_destroy(scene);
}

static void copies_and_instances(void **state)
{
    (void)state;
    calo_scene *scene = make_copies();
    calo_view view = view_of(0, -3, 4);
    picture_job job = {.scene = scene, .view = &view};
    compare("copies", &job, &promise);
    job.prepare.flat = true;
    compare("copies-flat", &job, &promise);
    calo_scene_destroy(scene);
}

/* Without BLEND, whose layers no two backends sort alike where edges cross. */
static calo_scene *make_wide(void)
{
    static const float line_positions[6] = {-1.5f, -1, 0.9f, 1.5f, 0.8f, 1.1f}; /* and their ends as points */
    static const float behind[12] = {-30, -60, -0.9f, 40, -60, -1, 3, 90, -1.2f, -4, 1, 0.2f}; /* the camera, too */
    test_scene s = test_scene_start();
    for (int i = 0; i < 9; i++) {
        calo_material material = calo_material_default();
        material.metallic = 0.3f;
        material.alpha_mode = i == 4 ? CALO_ALPHA_MASK : CALO_ALPHA_OPAQUE;
        material.double_sided = i % 2;
        material.wireframe = i == 8;
        test_use_texture(&material, CALO_SLOT_BASE_COLOR, wave_texture(&s, 2, (calo_texture){0}));
        if (i % 3 == 0)
            test_use_texture(&material, CALO_SLOT_NORMAL, bump_texture(&s));
        calo_primitive sphere = test_sphere(&s, 4 + 3 * (uint32_t)i, test_material(&s, &material));
        calo_mat4 place = moved(i % 3 - 1.0, i / 3 - 1.0, 0.1 * i - 0.4, 0.45); /* NOLINT: a grid */
        if (i == 5)
            place.m[0][0] = -place.m[0][0];
        if (i == 7)
            place.m[1][1] *= 0.3;
        test_node(&s, &sphere, &place);
    }
    calo_primitive quad = test_quad(&s, behind, -1);
    test_node(&s, &quad, NULL);
    test_line_and_points(&s, line_positions);
    test_seal(&s);
    return s.scene;
}

/* Boxes end at pixels' centres now and then, also where something is seen between them in that pixel alone. */
static const parity_rule wide_promise = {
    .ids_equal = 0.999, .stray = 1,
    .depth = 1e-4, .depth_within = 0.995,
    .degrees = 0.5, .normals_within = 0.99,
    .color_mean = 1, .color_99 = 4,
    .values = 0.02, .values_within = 0.99,
};

static void edges_lines_points_and_normals(void **state)
{
    (void)state;
    calo_scene *scene = make_wide();
    for (int i = 0; i < 12; i++) {
        char title[64];
        calo_view view = view_of(0.4 + 0.1 * i, -3, 2.5 - 0.2 * i);
        picture_job job = {.scene = scene, .view = &view, .lighting = test_every_light()};
        view.orthographic = i % 4 == 3;
        view.focal_x = view.focal_y = view.orthographic ? 60 : view.focal_x;
        job.options.line_width_pixels = (float[3]){1, 2.5f, 4}[i % 3];
        job.options.point_size_pixels = (float[3]){3, 1, 11}[i % 3];
        job.options.cull = i / 3 % 2 ? CALO_CULL_OFF : CALO_CULL_AUTO; /* NOLINT: every other three */
        job.prepare.fill = i / 6 ? CALO_FILL_FLIPPED : CALO_FILL_MATERIAL;
        job.prepare.flat = i == 11;
        job.prepare.normal_lines = i % 2 ? CALO_NORMAL_LINES_VERTEX | CALO_NORMAL_LINES_FACE : 0;
        snprintf(title, sizeof title, "wide-%d", i);
        compare(title, &job, &wide_promise);
    }
    calo_scene_destroy(scene);
}

enum { VIEWS = 7 };

static void draw_views(const calo_scene *scene, const char *backend, const calo_view *views, calo_frame *frames)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_prepare_options prepare = {.fill = CALO_FILL_WIREFRAME, .normal_lines = CALO_NORMAL_LINES_VERTEX};
    calo_render_options options = {.channels = PARITY_CHANNELS, .samples = 1, .line_width_pixels = 9,
                                   .point_size_pixels = 40};
    for (int i = 0; i < VIEWS; i++)
        assert_int_equal(calo_frame_init(&frames[i], SIDE, SIDE, PARITY_CHANNELS, CALO_PIXEL_RGBA8, &err), CALO_OK);
    if (calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = 1}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, &prepare, &prepared, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, &options, views, VIEWS, frames, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s: %s", backend, err.message);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
}

/* Many views of one call; what is just outside of one must not reach into the next, and must reach into its own. */
static void boxes_stay_in_their_views(void **state)
{
    (void)state;
    static const float line[6] = {-1.7f, -1, 0.2f, 1.7f, 1, 0.4f};
    const char *others[8];
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 7, -1);
    test_node(&s, &sphere, NULL);
    test_line_and_points(&s, line);
    test_seal(&s);
    calo_view views[VIEWS];
    calo_frame expected[VIEWS], got[VIEWS];
    for (int i = 0; i < VIEWS; i++)
        views[i] = test_view(SIDE, 28, (double[3]){1.5 - 0.5 * i, -4, 1}, (double[3]){0.3 * (i % 3) - 0.3, 0, 0.2 * (i % 2)});
    draw_views(s.scene, "cpu", views, expected);
    for (size_t b = 0, count = find_others(others); b < count; b++) {
        draw_views(s.scene, others[b], views, got);
        for (int i = 0; i < VIEWS; i++) {
            char title[64];
            snprintf(title, sizeof title, "wide-view-%d-%s", i, others[b]);
            assert_parity(title, &expected[i], &got[i], &wide_promise);
            calo_frame_finish(&got[i]);
        }
    }
    for (int i = 0; i < VIEWS; i++)
        calo_frame_finish(&expected[i]);
    calo_scene_destroy(s.scene);
}

static void far_from_the_origin(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 40, -1);
    calo_mat4 place = moved(1e5, -2e5, 3e4, 1);
    test_node(&s, &sphere, &place);
    test_seal(&s);
    calo_view view = test_view(SIDE, 40, (double[3]){1e5 + 3, -2e5, 3e4 + 1}, (double[3]){1e5, -2e5, 3e4});
    picture_job job = {.scene = s.scene, .view = &view};
    compare("far-away", &job, &promise);
    calo_scene_destroy(s.scene);
}

static void every_path_of_the_renderer(void **state)
{
    (void)state;
    calo_scene *scene = test_every_path();
    calo_view view = view_of(0.5, -4, 2.5);
    picture_job job = {.scene = scene, .view = &view, .lighting = test_every_light()};
    compare("every-path", &job, &noise);
    view = view_of(0, -1.2, 0.4); /* amid the spheres: cut by the near plane */
    view.near_metres = 0.3;
    compare("every-path-near", &job, &noise);
    calo_scene_destroy(scene);
}

static void blended_layers(void **state)
{
    (void)state;
    calo_scene *scene = make_panes();
    calo_view view = view_of(0.4, -1, 5);
    picture_job job = {.scene = scene, .view = &view};
    compare("panes", &job, &promise);
    calo_scene_destroy(scene);
}

/* Colour at the borders depends on where the samples lie; labels do not know of samples. */
static void antialiasing(void **state)
{
    (void)state;
    calo_scene *scenes[2] = {make_materials(), make_panes()};
    static const char *const names[2][2] = {{"materials-4", "materials-16"}, {"panes-4", "panes-16"}};
    calo_view view = view_of(1, -2, 6);
    for (int i = 0; i < 2; i++) {
        picture_job job = {.scene = scenes[i], .view = &view, .lighting = test_every_light()};
        for (int k = 0; k < 2; k++) {
            job.options.samples = k ? 16 : 4;
            compare(names[i][k], &job, &soft);
        }
        calo_scene_destroy(scenes[i]);
    }
}

/* Triangles of a few pixels, and texels much smaller than a pixel: places must lie on the triangles. */
static void antialiased_shadows(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    for (int i = 0; i < 6; i++) {
        calo_primitive ball = test_sphere(&s, 48, -1);
        calo_mat4 place = moved(1.1 * (i % 3) - 1.1, 1.1 * (i / 3) - 0.5, 0, 0.5); /* NOLINT: a grid */
        test_node(&s, &ball, &place);
    }
    test_seal(&s);
    calo_view view = test_view(SIDE, 60, (double[3]){1, -2, 4}, (double[3]){0, 0, 0});
    picture_job job = {.scene = s.scene, .view = &view, .lighting = test_every_shadow(), .options.samples = 4};
    job.lighting.shadow_map_size = 4096;
    compare("shadows-4", &job, &soft);
    calo_scene_destroy(s.scene);
}

/* ---- pyrender's shading, far planes, transparent colours ---- */

static picture_job pyrender_job(const calo_scene *scene, const calo_view *view)
{
    picture_job job = {.scene = scene, .view = view, .lighting = test_every_light(),
                       .prepare.shading = CALO_SHADING_PYRENDER, .options.background = CALO_BACKGROUND_COLOR};
    memcpy(job.lighting.ambient_color, (float[3]){0.2f, 0.15f, 0.1f}, sizeof job.lighting.ambient_color);
    memcpy(job.options.background_color, (float[3]){0.3f, 0.4f, 0.6f}, sizeof job.options.background_color);
    job.options.background_transparency = 0.7f;
    return job;
}

static void pyrenders_shading(void **state)
{
    (void)state;
    calo_scene *materials = make_materials(), *panes = make_panes(), *wide = make_wide();
    calo_view view = view_of(1, -2, 6), aside = view_of(0.4, -1, 5);
    picture_job job = pyrender_job(materials, &view);
    compare("pyrender-materials", &job, &seams);
    job.lighting.shadows = CALO_SHADOWS_ALL;
    job.options.occlusion_maps = CALO_OFF;
    job.options.samples = 4;
    compare("pyrender-materials-4", &job, &seams);
    job.prepare.flat = true;
    job.options.samples = 1;
    compare("pyrender-flat", &job, &seams);
    job = pyrender_job(panes, &aside);
    compare("pyrender-panes", &job, &promise);
    job.options.samples = 4;
    compare("pyrender-panes-4", &job, &soft);
    job.prepare.shading = CALO_SHADING_GLTF;
    memset(job.lighting.ambient_color, 0, sizeof job.lighting.ambient_color);
    compare("transparent-color-4", &job, &soft);
    job = pyrender_job(wide, &aside);
    job.prepare.normal_lines = CALO_NORMAL_LINES_VERTEX;
    job.options.line_width_pixels = 3;
    compare("pyrender-wide", &job, &wide_promise);
    aside.orthographic = true;
    aside.focal_x = aside.focal_y = 60;
    job = pyrender_job(materials, &aside);
    compare("pyrender-orthographic", &job, &seams);
    calo_scene_destroy(materials);
    calo_scene_destroy(panes);
    calo_scene_destroy(wide);
}

/* ---- MuJoCo's shading ---- */

static void mujocos_shading(void **state)
{
    (void)state;
    calo_scene *every = test_every_path(), *panes = make_panes(), *casters = make_casters();
    calo_image sky = test_sky();
    calo_view view = view_of(1, -3, 2), aside = view_of(0.4, -1, 5), above = view_of(1, -5, 4);
    parity_rule thresholds = promise;
    thresholds.stray = 2; /* alpha is a hair off where it decides */
    picture_job job = pyrender_job(every, &view);
    job.prepare.shading = CALO_SHADING_MUJOCO;
    compare("mujoco-every-path", &job, &noise_with_seams);
    job.lighting.environment = &sky;
    job.options.background = CALO_BACKGROUND_ENVIRONMENT;
    job.options.background_transparency = 0;
    job.lighting.shadows = CALO_SHADOWS_ALL;
    job.scene = casters;
    job.view = &above;
    compare("mujoco-shadows", &job, &thresholds);
    job.view = &aside;
    aside.orthographic = true;
    aside.focal_x = aside.focal_y = 60;
    aside.headlight[0] = 1;
    compare("mujoco-orthographic", &job, &thresholds);
    job.prepare.flat = true;
    compare("mujoco-flat", &job, &thresholds);
    aside = view_of(0.4, -1, 5);
    job.prepare.flat = false;
    job.lighting.shadows = 0; /* drivers look them up at each sample where alpha decides */
    job.options.samples = 4;
    job.scene = panes;
    compare("mujoco-panes-4", &job, &soft);
    calo_image_finish(&sky);
    calo_scene_destroy(every);
    calo_scene_destroy(panes);
    calo_scene_destroy(casters);
}

static void far_planes(void **state)
{
    (void)state;
    calo_scene *scenes[4] = {make_materials(), make_panes(), make_wide(), test_every_path()};
    static const char *const names[4] = {"materials", "panes", "wide", "every-path"};
    static const parity_rule *const rules[4] = {&promise, &promise, &wide_promise, &noise};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            char title[64];
            calo_view view = view_of(1, -3, 4);
            view.far_metres = k == 3 ? 4.9 : 5.2;
            view.orthographic = k == 1;
            view.focal_x = view.focal_y = view.orthographic ? 60 : view.focal_x;
            picture_job job = {.scene = scenes[i], .view = &view, .lighting = test_every_light(),
                               .options.samples = k == 2 && i < 3 ? 4 : 1, .options.ray_depth = k == 3};
            snprintf(title, sizeof title, "far-%s-%d", names[i], k);
            compare(title, &job, k == 2 && i < 2 ? &soft : rules[i]);
        }
        calo_scene_destroy(scenes[i]);
    }
}

/* ---- real files ---- */

static char *asset_path(const char *name, char *path, size_t bytes)
{
    const char *folder = getenv("CALOTYPE_ASSETS"), *root = getenv("CALOTYPE_SOURCE_ROOT");
    if (folder)
        snprintf(path, bytes, "%s/%s", folder, name);
    else
        snprintf(path, bytes, "%s/../shared/assets/%s", root ? root : ".", name);
    return path;
}

static void compare_asset(const char *name, const char *title, const parity_rule *rule)
{
    char path[1024];
    calo_error err = {0};
    calo_scene *scene = NULL;
    calo_pose *pose = NULL;
    double low[3], high[3], center[3], from[3], diagonal[3];
    FILE *file = fopen(asset_path(name, path, sizeof path), "rb");
    if (!file) {
        print_message("no %s: set CALOTYPE_ASSETS\n", path);
        skip();
    }
    fclose(file);
    if (calo_scene_load(path, NULL, &scene, &err) != CALO_OK || calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_pose_bounds(pose, low, high, &err) != CALO_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < 3; i++) {
        center[i] = 0.5 * (low[i] + high[i]);
        diagonal[i] = high[i] - low[i];
    }
    double radius = calo_length3(diagonal);
    static const double directions[2][3] = {{0.5, -1.1, 0.4}, {-1, 0.5, -0.3}};
    for (int k = 0; k < 2; k++) {
        char label[128];
        for (int i = 0; i < 3; i++)
            from[i] = center[i] + radius * directions[k][i];
        calo_view view = test_view(SIDE, 50, from, center);
        picture_job job = {.scene = scene, .view = &view, .lighting = test_every_light()};
        snprintf(label, sizeof label, "%s-%d", title, k);
        compare(label, &job, rule);
    }
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void real_files(void **state)
{
    (void)state;
    compare_asset("glb/duck_4k.glb", "duck", &promise);
    compare_asset("glb/statue_16k.glb", "statue", &promise);
    compare_asset("glb/flighthelmet_95k.glb", "helmet", &promise);
    compare_asset("trimesh/CesiumMilkTruck.glb", "truck", &promise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(materials_under_a_white_sky_and_lamps),
        cmocka_unit_test(many_lamps),
        cmocka_unit_test(shadows),
        cmocka_unit_test(materials_under_a_picture),
        cmocka_unit_test(orthographic_cameras),
        cmocka_unit_test(copies_and_instances),
        cmocka_unit_test(edges_lines_points_and_normals),
        cmocka_unit_test(boxes_stay_in_their_views),
        cmocka_unit_test(far_from_the_origin),
        cmocka_unit_test(every_path_of_the_renderer),
        cmocka_unit_test(blended_layers),
        cmocka_unit_test(antialiasing),
        cmocka_unit_test(antialiased_shadows),
        cmocka_unit_test(pyrenders_shading),
        cmocka_unit_test(mujocos_shading),
        cmocka_unit_test(far_planes),
        cmocka_unit_test(real_files),
    };
    enum { SKIPPED = 77 };
    const char *others[8];
    if (find_others(others) == 0) {
        print_message("skipped: no GL backend is available here, `calotype backends` says why\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
