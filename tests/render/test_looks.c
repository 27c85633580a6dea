/* Other looks of one scene: nodes that a pose hides or shows, and materials in place of the scene's. */
#include "every_path.h"

enum { SIZE = 48 };

/* Four squares side by side, each with a material of its own; the scene hides the second. */
static calo_scene *make_scene(void)
{
    test_scene s = test_scene_start();
    for (int i = 0; i < 4; i++) {
        const float x = (float)i - 1.5f, half = 0.45f;
        const float corners[12] = {x - half, -half, 0, x + half, -half, 0, x + half, half, 0, x - half, half, 0};
        calo_material material = calo_material_default();
        material.unlit = true;
        material.base_color[0] = 0.2f * (float)i;
        calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
        int32_t node = test_node(&s, &quad, NULL);
        s.scene->nodes[node].visible = i != 1;
    }
    test_seal(&s);
    return s.scene;
}

static calo_frame render(const char *backend, const calo_scene *scene, const calo_pose_options *posing,
                         const calo_prepare_options *preparing)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    calo_view view = test_view(SIZE, 60, (double[3]){0, 0, 4}, (double[3]){0, 0, 0});
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(INSTANCE_ID), .samples = 1};
    if (calo_pose_create(scene, posing, &pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = 1}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, preparing, &prepared, &err) != CALO_OK ||
        calo_frame_init(&frame, SIZE, SIZE, options.channels, CALO_PIXEL_RGBA8, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, &options, &view, 1, &frame, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s: %s", backend, err.message);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    return frame;
}

/* The id and the red code in the middle of square `i`: squares are 4 / (2 * 4 * tan 30) of the picture apart. */
static void look_at_square(const calo_frame *frame, int i, uint32_t *id, uint8_t *red)
{
    uint32_t x = (uint32_t)(SIZE / 2.0 + (i - 1.5) * SIZE / (8 * tan(M_PI / 6))), y = SIZE / 2;
    const calo_image *ids = &frame->planes[CALO_CHANNEL_INSTANCE_ID], *color = &frame->planes[CALO_CHANNEL_COLOR];
    memcpy(id, (const char *)ids->data + y * ids->row_bytes + 4 * x, sizeof *id);
    *red = ((const uint8_t *)color->data)[y * color->row_bytes + 4 * x];
}

static void expect_ids(calo_frame *frame, const uint32_t expected[4])
{
    for (int i = 0; i < 4; i++) {
        uint32_t id;
        uint8_t red;
        look_at_square(frame, i, &id, &red);
        assert_int_equal(id, expected[i]);
    }
    calo_frame_finish(frame);
}

/* Ids do not change with what a pose hides; what only a pose shows has the last one. */
static void check_visibility(const char *backend)
{
    calo_scene *scene = make_scene();
    calo_frame frame = render(backend, scene, NULL, NULL);
    expect_ids(&frame, (uint32_t[4]){1, 0, 2, 3});
    calo_node_override changes[2] = {{.node = 0, .keeps_place = true, .visibility = CALO_OFF},
                                     {.node = 1, .keeps_place = true, .visibility = CALO_ON}};
    frame = render(backend, scene, &(calo_pose_options){.overrides = changes, .override_count = 2}, NULL);
    expect_ids(&frame, (uint32_t[4]){0, 4, 2, 3});
    calo_scene_destroy(scene);
}

static void test_visibility(void **state)
{
    (void)state;
    test_on_every_backend(check_visibility);
}

static void test_hidden_nodes_have_no_box(void **state)
{
    (void)state;
    calo_scene *scene = make_scene();
    calo_pose *pose = NULL;
    calo_node_override hidden = {.node = 0, .keeps_place = true, .visibility = CALO_OFF};
    double low[3], high[3];
    assert_int_equal(calo_pose_create(scene, &(calo_pose_options){.overrides = &hidden, .override_count = 1}, &pose, NULL),
                     CALO_OK);
    assert_int_equal(calo_pose_bounds(pose, low, high, NULL), CALO_OK);
    assert_float_equal(low[0], 0.05, 1e-6);
    assert_float_equal(high[0], 1.95, 1e-6);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void check_materials(const char *backend)
{
    calo_scene *scene = make_scene();
    calo_material materials[4];
    for (int i = 0; i < 4; i++) {
        materials[i] = scene->materials[i];
        materials[i].base_color[0] = i == 2 ? 1 : 0;
    }
    calo_frame frame = render(backend, scene, NULL, &(calo_prepare_options){.materials = materials});
    for (int i = 0; i < 4; i++) {
        uint32_t id;
        uint8_t red;
        look_at_square(&frame, i, &id, &red);
        assert_int_equal(red, i == 2 ? 255 : 0);
    }
    calo_frame_finish(&frame);
    calo_scene_destroy(scene);
}

static void test_materials(void **state)
{
    (void)state;
    test_on_every_backend(check_materials);
}

static void test_bad_materials(void **state)
{
    (void)state;
    calo_scene *scene = make_scene();
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_material materials[4];
    memcpy(materials, scene->materials, sizeof materials);
    materials[3].slots[CALO_SLOT_BASE_COLOR].texture = 0;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(NULL, &renderer, &err), CALO_OK);
    calo_prepare_options options = {.materials = materials};
    assert_int_equal(calo_renderer_prepare(renderer, pose, &options, &prepared, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "texture 0"));
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visibility),
        cmocka_unit_test(test_hidden_nodes_have_no_box),
        cmocka_unit_test(test_materials),
        cmocka_unit_test(test_bad_materials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
