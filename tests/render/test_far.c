/* The far plane: what lies behind it is cut, sample by sample, in every kind of view. */
#include "scenes.h"

#include "render/sample_offsets.h"

enum { SIZE = 48 };

static const double eye[3] = {0.3, -4, 1.7}, target[3] = {0.1, 0, 0};

/* A floor that the camera looks along, so that each sample has a depth of its own. */
static calo_scene *floor_scene(calo_alpha_mode mode)
{
    static const float corners[12] = {-30, -30, 0, 30, -30, 0, 30, 30, 0, -30, 30, 0};
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.unlit = true;
    material.alpha_mode = mode;
    material.base_color[3] = mode == CALO_ALPHA_OPAQUE ? 1 : 0.75f;
    calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    return s.scene;
}

static calo_view floor_view(bool orthographic, double far_metres)
{
    calo_view view = test_view(SIZE, 60, eye, target);
    view.orthographic = orthographic;
    view.focal_x = view.focal_y = orthographic ? SIZE / 8.0 : view.focal_x;
    view.far_metres = far_metres;
    return view;
}

/* The floor's depth at a place of the picture; infinite beside it. */
static double floor_depth(const calo_view *view, double x, double y)
{
    const calo_mat4 *m = &view->camera_to_world;
    double right = (x - view->center_x) / view->focal_x, up = -(y - view->center_y) / view->focal_y;
    double from = m->m[2][3], along = -m->m[2][2];
    if (view->orthographic)
        from += right * m->m[2][0] + up * m->m[2][1];
    else
        along += right * m->m[2][0] + up * m->m[2][1];
    double depth = -from / along;
    return depth > 0 ? depth : INFINITY;
}

/* Samples of a pixel that show the floor; -1 where one lies too near the limit to be told. */
static int seen_samples(const calo_view *view, uint32_t x, uint32_t y, uint32_t samples)
{
    const int32_t (*offsets)[2] = calo_sample_offsets(samples);
    int count = 0;
    for (uint32_t s = 0; s < samples; s++) {
        double depth = floor_depth(view, x + 0.5 + offsets[s][0] / 256.0, y + 0.5 + offsets[s][1] / 256.0);
        if (fabs(depth - view->far_metres) < 1e-4 * view->far_metres)
            return -1;
        count += depth <= view->far_metres;
    }
    return count;
}

static void check_floor(const calo_scene *scene, const calo_view *view, uint32_t samples, float alpha)
{
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(DEPTH) | TEST_BIT(MASK), .samples = samples,
                                   .color_format = CALO_PIXEL_RGBA32F};
    calo_frame frame = test_render(scene, NULL, &options, view);
    int cut = 0, partly = 0;
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            int seen = seen_samples(view, x, y, samples), center = seen_samples(view, x, y, 1);
            float found = test_floats(&frame, CALO_CHANNEL_COLOR, x, y)[3];
            float depth = *test_floats(&frame, CALO_CHANNEL_DEPTH, x, y);
            if (center >= 0)
                assert_int_equal(test_mask(&frame, x, y), center);
            assert_true(depth <= (float)view->far_metres);
            if (seen >= 0)
                assert_true(fabsf(found - alpha * (float)seen / (float)samples) < 1e-6f);
            cut += seen == 0;
            partly += seen > 0 && seen < (int)samples;
        }
    assert_true(cut > SIZE);
    assert_true(samples == 1 || partly > SIZE / 4);
    calo_frame_finish(&frame);
}

static void surfaces_end_at_the_far_plane(void **state)
{
    (void)state;
    for (int mode = CALO_ALPHA_OPAQUE; mode <= CALO_ALPHA_BLEND; mode++)
        for (int orthographic = 0; orthographic < 2; orthographic++)
            for (uint32_t samples = 1; samples <= 16; samples *= 4) {
                calo_scene *scene = floor_scene((calo_alpha_mode)mode);
                calo_view view = floor_view(orthographic, 5.3);
                check_floor(scene, &view, samples, mode == CALO_ALPHA_BLEND ? 0.75f : 1);
                calo_scene_destroy(scene);
            }
}

/* Many small clusters, most of them beyond the plane. */
static void models_end_at_the_far_plane(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 64, -1);
    for (int i = 0; i < 24; i++) {
        calo_mat4 place = calo_mat4_identity();
        place.m[0][3] = i % 3 * 2 - 2.0;
        place.m[1][3] = i / 3 * 1.5;
        test_node(&s, &sphere, &place);
    }
    test_seal(&s);
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(INSTANCE_ID)};
    for (int orthographic = 0; orthographic < 2; orthographic++) {
        calo_view whole = floor_view(orthographic, 0), near = floor_view(orthographic, 6);
        calo_frame a = test_render(s.scene, NULL, &options, &whole), b = test_render(s.scene, NULL, &options, &near);
        int cut = 0;
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                float depth = *test_floats(&a, CALO_CHANNEL_DEPTH, x, y);
                float found = *test_floats(&b, CALO_CHANNEL_DEPTH, x, y);
                cut += depth > 6;
                if (fabsf(depth - 6) > 1e-4f)
                    assert_true(found == (depth < 6 ? depth : 0));
            }
        assert_true(cut > SIZE);
        calo_frame_finish(&a);
        calo_frame_finish(&b);
    }
    calo_scene_destroy(s.scene);
}

/* One renderer, views of different ends: each as if it was alone. */
static void views_do_not_leave_their_end_behind(void **state)
{
    (void)state;
    calo_scene *scene = floor_scene(CALO_ALPHA_OPAQUE);
    const double ends[4] = {5.3, 0, 4, 5.3};
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(DEPTH)};
    calo_view views[4];
    calo_frame frames[4] = {0};
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.threads = 1}, &renderer, &err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, NULL, &prepared, &err), CALO_OK);
    for (int i = 0; i < 4; i++) {
        views[i] = floor_view(i == 2, ends[i]);
        assert_int_equal(calo_frame_init(&frames[i], SIZE, SIZE, options.channels, CALO_PIXEL_RGBA8, &err), CALO_OK);
    }
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, views, 4, frames, NULL, NULL, &err), CALO_OK);
    for (int i = 0; i < 4; i++) {
        calo_frame alone = test_render(scene, NULL, &options, &views[i]);
        for (int c = 0; c < 2; c++)
            assert_memory_equal(alone.planes[c].data, frames[i].planes[c].data, alone.planes[c].row_bytes * SIZE);
        calo_frame_finish(&alone);
        calo_frame_finish(&frames[i]);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void lines_and_points_end_at_the_far_plane(void **state)
{
    (void)state;
    static const float positions[6] = {0, -1, 0, 0.5f, 12, 0.5f};
    test_scene s = test_scene_start();
    test_line_and_points(&s, positions);
    test_seal(&s);
    calo_view view = floor_view(false, 6);
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(MASK), .line_width_pixels = 2};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    float farthest = 0;
    for (uint32_t i = 0; i < SIZE * SIZE; i++)
        farthest = fmaxf(farthest, *test_floats(&frame, CALO_CHANNEL_DEPTH, i % SIZE, i / SIZE));
    assert_true(farthest > 5 && farthest <= 6);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void ends_before_the_beginning_are_refused(void **state)
{
    (void)state;
    calo_scene *scene = floor_scene(CALO_ALPHA_OPAQUE);
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    assert_int_equal(calo_pose_create(scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.threads = 1}, &renderer, &err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, NULL, &prepared, &err), CALO_OK);
    assert_int_equal(calo_frame_init(&frame, SIZE, SIZE, TEST_BIT(DEPTH), CALO_PIXEL_RGBA8, &err), CALO_OK);
    const double ends[][2] = {{2, 1}, {2, 2}, {0, -3}, {0, 1e-4}, {0, NAN}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        calo_view view = floor_view(false, ends[i][1]);
        view.near_metres = ends[i][0];
        calo_render_options options = {.channels = TEST_BIT(DEPTH)};
        assert_int_equal(calo_renderer_render(renderer, prepared, &options, &view, 1, &frame, NULL, NULL, &err),
                         CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, "far_metres"));
    }
    calo_frame_finish(&frame);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(surfaces_end_at_the_far_plane),
        cmocka_unit_test(models_end_at_the_far_plane),
        cmocka_unit_test(views_do_not_leave_their_end_behind),
        cmocka_unit_test(lines_and_points_end_at_the_far_plane),
        cmocka_unit_test(ends_before_the_beginning_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
