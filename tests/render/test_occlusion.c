/* Scenes of many objects: drawing from front to back and leaving out what is hidden never shows. */
#include "every_path.h"

#include "render/backend.h"
#include "render/cpu/scene.h"

enum { ALL_CHANNELS = (1u << CALO_CHANNEL_COUNT) - 1, SIDE = 5 };

/* Walls, coarse balls that show a little in front of them, and two in one plane: the one that stands first in the
 * file is seen, though the other reaches nearer and is drawn first. */
static void add_walls(test_scene *s, const int32_t materials[4])
{
    static const float wall[12] = {-1, 0, -1, 1, 0, -1, 1, 0, 1, -1, 0, 1};
    for (int i = 0; i < 6; i++) {
        calo_primitive quad = test_quad(s, wall, materials[i % 2 * 3]);
        double x = 0.9 * (i % 3) - 1.2, y = 0.53 * i - 1.5, z = 0.3 - 0.2 * i;
        calo_mat4 small = moved(x, y, z, 0.2), large = moved(x, y, z, 1.1);
        test_node(s, &quad, &small);
        test_node(s, &quad, &large);
        for (int k = 0; k < 9; k++) {
            calo_primitive ball = test_sphere(s, 6, materials[0]);
            calo_mat4 place = moved(x + 0.6 * (k % 3 - 1), y + 0.13 + 0.01 * k, z + 0.6 * (k / 3 - 1), 0.2);
            test_node(s, &ball, &place);
        }
    }
}

/* Rows of balls behind one another, the far ones first; opaque ones, masked, blended, mirrored and flattened ones;
 * some balls twice in the same place, where only the order tells which is seen. */
static calo_scene *make_crowd(void)
{
    static const float line_positions[6] = {-2, -3, 1.2f, 2, 3, 1.4f};
    test_scene s = test_scene_start();
    int32_t materials[4];
    for (int i = 0; i < 4; i++) {
        calo_material material = calo_material_default();
        material.alpha_mode = i == 1 ? CALO_ALPHA_MASK : i == 2 ? CALO_ALPHA_BLEND : CALO_ALPHA_OPAQUE;
        material.alpha_cutoff = 0.4f;
        material.base_color[i % 3] = 0.3f;
        material.double_sided = i == 1;
        material.wireframe = i == 3;
        test_use_texture(&material, CALO_SLOT_BASE_COLOR, noise_texture(&s, (calo_texture){0}));
        materials[i] = test_material(&s, &material);
    }
    for (int i = 0; i < SIDE * SIDE * SIDE; i++) {
        double x = i % SIDE - 2, y = SIDE - 1 - i / SIDE / SIDE - 2.0, z = i / SIDE % SIDE - 2;
        int kind = i % 11 == 5 ? 1 : i % 13 == 7 ? 2 : i % 2 * 3;
        calo_primitive ball = test_sphere(&s, i % 3 ? 24 : 9, materials[kind]);
        calo_mat4 place = moved(x + 0.1 * y, y, z - 0.05 * y, 0.47);
        if (i % 7 == 3)
            place.m[0][0] = -place.m[0][0];
        if (i % 17 == 4)
            place.m[2][2] = 0;
        test_node(&s, &ball, &place);
        if (i % 5 == 0) {
            ball.material = materials[3 - kind];
            test_node(&s, &ball, &place);
        }
    }
    add_walls(&s, materials);
    test_line_and_points(&s, line_positions);
    test_seal(&s);
    return s.scene;
}

typedef struct stage {
    calo_scene *source;
    calo_pose *pose;
    calo_cpu_scene *scene;
    void *worker;
} stage;

static stage open_stage(calo_scene *source, calo_fill fill)
{
    stage s = {.source = source};
    calo_error err = {0};
    void *scene = NULL;
    calo_limits limits = calo_limits_resolve(NULL);
    calo_lighting lighting = test_every_light();
    lighting.environment_color[0] = lighting.environment_color[1] = lighting.environment_color[2] = 1;
    lighting.environment_strength = 1;
    calo_prepare_options prepare = {.lighting = &lighting, .limits = &limits, .fill = fill};
    calo_backend_options one_thread = {.threads = 1};
    if (calo_pose_create(source, NULL, &s.pose, &err) != CALO_OK ||
        calo_backend_cpu.prepare(s.pose, &prepare, &one_thread, NULL, &scene, &err) != CALO_OK ||
        calo_backend_cpu.open_worker(&s.worker, &err) != CALO_OK)
        fail_msg("%s", err.message);
    s.scene = scene;
    return s;
}

static void close_stage(stage *s)
{
    calo_backend_cpu.close_worker(s->worker);
    calo_backend_cpu.release(s->scene);
    calo_pose_destroy(s->pose);
    calo_scene_destroy(s->source);
}

static uint64_t hash_of(stage *s, bool in_depth, uint32_t samples, const calo_view *view, uint32_t rows_at_once)
{
    calo_error err = {0};
    calo_frame frame;
    calo_render_options options =
        calo_render_options_resolve(&(calo_render_options){.channels = ALL_CHANNELS, .samples = samples});
    s->scene->in_depth = in_depth;
    assert_int_equal(calo_frame_init(&frame, view->width, view->height, ALL_CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    for (uint32_t top = 0; top < view->height; top += rows_at_once) {
        calo_rows rows = {top, view->height - top > rows_at_once ? top + rows_at_once : view->height};
        if (calo_backend_cpu.draw(s->worker, s->scene, &options, view, rows, &frame, &err) != CALO_OK)
            fail_msg("%s", err.message);
    }
    uint64_t hash = test_hash_frame(&frame);
    calo_frame_finish(&frame);
    return hash;
}

static void check_crowd(calo_fill fill)
{
    static const double from[][3] = {{0.3, -9, 0}, {8, 5, 4}, {0.5, 0.5, 0.5}, {0.02, -0.03, 0.01}, {-30, 2, 70}};
    stage s = open_stage(make_crowd(), fill);
    assert_true(s.scene->in_depth);
    for (uint32_t samples = 1; samples <= 16; samples *= 4)
        for (size_t i = 0; i < 2 * (sizeof from / sizeof from[0]); i++) {
            uint32_t size = i % 2 ? 251 : 96;
            /* The first one looks straight at the walls. */
            calo_view view = test_view(size, 50, from[i / 2], (double[3]){i / 2 == 0 ? 0.3 : 0.1, 0.2, 0});
            view.height -= 9 * (i % 3 == 0);
            view.orthographic = i == 1 || i == 3;
            view.focal_x = view.focal_y = view.orthographic ? size / 7.0 : view.focal_x;
            uint64_t expected = hash_of(&s, false, samples, &view, CALO_FRAME_MAX_SIDE);
            if (hash_of(&s, true, samples, &view, CALO_FRAME_MAX_SIDE) != expected ||
                hash_of(&s, true, samples, &view, 36) != expected)
                fail_msg("view %zu with %u samples differs", i, samples);
        }
    close_stage(&s);
}

static void what_is_left_out_never_shows(void **state)
{
    (void)state;
    check_crowd(CALO_FILL_SOLID);
}

/* Edges hide little, and reach beside what they belong to. */
static void edges_among_surfaces_change_nothing(void **state)
{
    (void)state;
    check_crowd(CALO_FILL_MATERIAL);
}

/* Objects at the ends of what numbers hold must not be lost, nor upset the others. */
static void extreme_places_change_nothing(void **state)
{
    (void)state;
    static const double scales[] = {1e-30, 1e-12, 1, 1e6, 1e15, 1e30};
    test_scene t = test_scene_start();
    calo_primitive ball = test_sphere(&t, 24, -1);
    for (size_t i = 0; i < 36; i++) {
        double far = scales[i % 6] * 3;
        calo_mat4 place = moved(i % 5 * 0.3 - 0.6, i % 4 == 3 ? far : i * 0.1, i % 7 * 0.2 - 0.6, scales[i / 6] * 0.2);
        test_node(&t, &ball, &place);
    }
    test_seal(&t);
    stage s = open_stage(t.scene, CALO_FILL_SOLID);
    assert_true(s.scene->in_depth);
    for (int i = 0; i < 4; i++) {
        calo_view view = test_view(128, 60, (double[3]){0, i < 2 ? -3.0 : -1e5, 0.4}, (double[3]){0, 0, 0});
        view.focal_x = view.focal_y = i % 2 ? 3e4 : 100;
        assert_int_equal(hash_of(&s, true, 4, &view, CALO_FRAME_MAX_SIDE), hash_of(&s, false, 4, &view, CALO_FRAME_MAX_SIDE));
    }
    close_stage(&s);
}

static void few_objects_are_drawn_as_they_come(void **state)
{
    (void)state;
    stage s = open_stage(test_every_path(), CALO_FILL_SOLID);
    assert_false(s.scene->in_depth);
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_never_shows),
        cmocka_unit_test(edges_among_surfaces_change_nothing),
        cmocka_unit_test(extreme_places_change_nothing),
        cmocka_unit_test(few_objects_are_drawn_as_they_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
