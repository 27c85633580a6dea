/* One call whose views show different prepared scenes gives what a call a scene gives. */
#include "every_path.h"

enum { SIZE = 60, SCENES = 3, VIEWS = 12, CHANNELS = TEST_BIT(COLOR) | TEST_BIT(DEPTH) | TEST_BIT(INSTANCE_ID) };

/* Two poses of a scene of every path, and another scene of two squares. */
typedef struct stage {
    calo_scene *scenes[2];
    calo_pose *poses[SCENES];
    calo_renderer *renderer;
    calo_prepared *prepared[SCENES];
    calo_view views[VIEWS];
    const calo_prepared *shown[VIEWS]; /* by the views: all three by turns, and some twice in a row */
} stage;

static calo_scene *two_squares(void)
{
    static const float corners[12] = {-0.5f, -0.5f, 0, 0.5f, -0.5f, 0, 0.5f, 0.5f, 0, -0.5f, 0.5f, 0};
    test_scene s = test_scene_start();
    calo_mat4 places[2] = {moved(-0.6, 0, 0, 1), moved(0.6, 0, 0.2, 1)};
    for (int i = 0; i < 2; i++) {
        calo_primitive quad = test_quad(&s, corners, -1);
        test_node(&s, &quad, &places[i]);
    }
    test_seal(&s);
    return s.scene;
}

static stage open_stage(const char *backend, uint32_t threads)
{
    stage s = {.scenes = {test_every_path(), two_squares()}};
    calo_error err = {0};
    calo_mat4 turned = {{{0, -1, 0, 0.3}, {1, 0, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};
    calo_pose_options options = {.root = &turned};
    if (calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = threads}, &s.renderer, &err) ||
        calo_pose_create(s.scenes[0], NULL, &s.poses[0], &err) || calo_pose_create(s.scenes[0], &options, &s.poses[1], &err) ||
        calo_pose_create(s.scenes[1], NULL, &s.poses[2], &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < SCENES; i++)
        if (calo_renderer_prepare(s.renderer, s.poses[i], NULL, &s.prepared[i], &err))
            fail_msg("%s", err.message);
    for (int i = 0; i < VIEWS; i++) {
        s.views[i] = test_view(i == 7 ? SIZE / 2 : SIZE, 60, (double[3]){1.1, -3 + 0.2 * i, 1.4}, (double[3]){0, 0, 0});
        s.shown[i] = s.prepared[i < 6 ? i % SCENES : i / 2 % SCENES];
    }
    return s;
}

static void close_stage(stage *s)
{
    for (int i = 0; i < SCENES; i++) {
        calo_prepared_destroy(s->prepared[i]);
        calo_pose_destroy(s->poses[i]);
    }
    calo_renderer_destroy(s->renderer);
    calo_scene_destroy(s->scenes[0]);
    calo_scene_destroy(s->scenes[1]);
}

static calo_frame make_frame(const calo_view *view)
{
    calo_frame frame;
    assert_int_equal(calo_frame_init(&frame, view->width, view->height, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    return frame;
}

static calo_status keep_hash(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)err;
    uint64_t *hashes = user;
    hashes[index] = test_hash_frame(frame);
    return CALO_OK;
}

/* Share of the pixels whose ids or colours differ. */
static double difference(const calo_frame *a, const calo_frame *b)
{
    size_t count = (size_t)a->width * a->height, different = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t x = (uint32_t)(i % a->width), y = (uint32_t)(i / a->width);
        different += memcmp(test_floats(a, CALO_CHANNEL_INSTANCE_ID, x, y), test_floats(b, CALO_CHANNEL_INSTANCE_ID, x, y), 4) ||
                     memcmp((const char *)a->planes[0].data + 4 * i, (const char *)b->planes[0].data + 4 * i, 4);
    }
    return (double)different / (double)count;
}

/* Each view by a call of its own. */
static void draw_apart(const stage *s, const calo_render_options *options, calo_frame frames[VIEWS])
{
    calo_error err = {0};
    for (int i = 0; i < VIEWS; i++) {
        frames[i] = make_frame(&s->views[i]);
        if (calo_renderer_render(s->renderer, s->shown[i], options, &s->views[i], 1, &frames[i], NULL, NULL, &err))
            fail_msg("%s", err.message);
    }
    for (int i = 0; i < 2; i++)
        assert_true(difference(&frames[i], &frames[i + 1]) > 0.05);
}

/* OpenGL draws views side by side, and where a view stands there moves what is on a pixel's border. */
static void check_views(const stage *s, const calo_render_options *options, double most)
{
    calo_error err = {0};
    calo_frame frames[VIEWS], apart[VIEWS];
    uint64_t given[VIEWS] = {0}, lent[VIEWS] = {0};
    draw_apart(s, options, apart);
    for (int i = 0; i < VIEWS; i++)
        frames[i] = make_frame(&s->views[i]);
    if (calo_renderer_render_scenes(s->renderer, s->shown, options, s->views, VIEWS, frames, keep_hash, given, &err) ||
        calo_renderer_render_scenes(s->renderer, s->shown, options, s->views, VIEWS, NULL, keep_hash, lent, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < VIEWS; i++) {
        if (difference(&frames[i], &apart[i]) > most || (most == 0 && given[i] != test_hash_frame(&apart[i])))
            fail_msg("%s: view %d differs by %g", calo_renderer_backend(s->renderer), i, difference(&frames[i], &apart[i]));
        assert_true(given[i] == lent[i] && given[i] == test_hash_frame(&frames[i]));
        calo_frame_finish(&frames[i]);
        calo_frame_finish(&apart[i]);
    }
}

static void check_backend(const char *backend)
{
    static const calo_node_color colors[] = {{.node = 1, .rgb = {9, 99, 199}}, {.node = 0, .rgb = {250, 50, 5}}};
    const calo_render_options plain = {.channels = CHANNELS}, colored = {.channels = CHANNELS, .node_colors = colors,
                                                                         .node_color_count = 2};
    double most = strcmp(backend, "cpu") == 0 ? 0 : 0.005;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        stage s = open_stage(backend, threads);
        check_views(&s, &plain, most);
        check_views(&s, &colored, most);
        close_stage(&s);
    }
}

static void views_show_their_own_scenes(void **state)
{
    (void)state;
    test_on_every_backend(check_backend);
}

static void colors_are_for_nodes_of_every_scene(void **state)
{
    (void)state;
    static const calo_node_color third[] = {{.node = 2, .rgb = {1, 1, 1}}};
    const calo_render_options options = {.channels = TEST_BIT(COLOR), .node_colors = third, .node_color_count = 1};
    uint64_t hashes[VIEWS];
    calo_error err = {0};
    stage s = open_stage("cpu", 1);
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared[0], &options, s.views, 2, NULL, keep_hash, hashes, &err),
                     CALO_OK);
    assert_int_equal(calo_renderer_render_scenes(s.renderer, s.shown, &options, s.views, VIEWS, NULL, keep_hash, hashes,
                                                 &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "node 2"));
    assert_non_null(strstr(err.message, "(view 2)"));
    assert_int_equal(calo_renderer_render_scenes(s.renderer, s.shown, &options, s.views, 0, NULL, keep_hash, hashes, &err),
                     CALO_OK);
    close_stage(&s);
}

/* Every scene of the list is looked at. */
static void check_foreign(const char *backend)
{
    uint64_t hashes[VIEWS];
    calo_error err = {0};
    if (strcmp(backend, "cpu") == 0)
        return;
    stage s = open_stage("cpu", 1), other = open_stage(backend, 1);
    s.shown[VIEWS - 1] = other.prepared[0];
    assert_int_equal(calo_renderer_render_scenes(s.renderer, s.shown, NULL, s.views, VIEWS, NULL, keep_hash, hashes, &err),
                     CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, backend));
    close_stage(&s);
    close_stage(&other);
}

static void scenes_of_another_backend_are_refused(void **state)
{
    (void)state;
    test_on_every_backend(check_foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_show_their_own_scenes),
        cmocka_unit_test(colors_are_for_nodes_of_every_scene),
        cmocka_unit_test(scenes_of_another_backend_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
