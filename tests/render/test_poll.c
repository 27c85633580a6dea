/* calo_render_options.poll: who is called, when, and that it stops a call soon. */
#include "every_path.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SIZE = 128, VIEWS = 20000, CHANNELS = TEST_BIT(COLOR) | TEST_BIT(DEPTH) };

typedef struct caller {
    pthread_t thread;
    uint32_t calls, stop_at; /* 0: never */
    atomic_uint frames;
} caller;

static calo_status count_poll(void *user, calo_error *err)
{
    caller *c = user;
    assert_true(pthread_equal(c->thread, pthread_self()));
    if (++c->calls != c->stop_at)
        return CALO_OK;
    if (err)
        snprintf(err->message, sizeof err->message, "enough");
    return CALO_ERROR_CANCELLED;
}

static calo_status stop_silently(void *user, calo_error *err)
{
    (void)err;
    ++*(uint32_t *)user;
    return CALO_ERROR_CANCELLED;
}

static calo_status count_frame(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)index, (void)frame, (void)err;
    caller *c = user;
    atomic_fetch_add(&c->frames, 1);
    return CALO_OK;
}

typedef struct stage {
    calo_scene *scene;
    calo_pose *pose;
    calo_renderer *renderer;
    calo_prepared *prepared;
    calo_view *views;
    caller caller;
    calo_render_options options;
} stage;

static void open_stage(stage *s, const char *backend, uint32_t threads)
{
    calo_error err = {0};
    *s = (stage){.scene = test_every_path(), .caller = {.thread = pthread_self()}};
    s->options = (calo_render_options){.channels = CHANNELS, .poll = count_poll, .poll_user = &s->caller};
    s->views = calloc(VIEWS, sizeof *s->views);
    assert_non_null(s->views);
    for (int i = 0; i < VIEWS; i++)
        s->views[i] = test_view(SIZE, 60, (double[3]){1.1, -3 + 1e-4 * i, 1.4}, (double[3]){0, 0, 0});
    if (calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = threads}, &s->renderer, &err) ||
        calo_pose_create(s->scene, NULL, &s->pose, &err) ||
        calo_renderer_prepare(s->renderer, s->pose, NULL, &s->prepared, &err))
        fail_msg("%s", err.message);
}

static void close_stage(stage *s)
{
    calo_prepared_destroy(s->prepared);
    calo_renderer_destroy(s->renderer);
    calo_pose_destroy(s->pose);
    calo_scene_destroy(s->scene);
    free(s->views);
}

/* A batch that would take minutes ends at the third poll; the renderer is as good as new. */
static void check_batch(const char *backend)
{
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        stage s;
        calo_error err = {0};
        open_stage(&s, backend, threads);
        s.caller.stop_at = 3;
        assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &s.options, s.views, VIEWS, NULL, count_frame,
                                              &s.caller, &err), CALO_ERROR_CANCELLED);
        assert_string_equal(err.message, "enough");
        assert_int_equal(err.status, CALO_ERROR_CANCELLED);
        assert_int_equal(s.caller.calls, 3);
        assert_true(s.caller.frames < VIEWS);
        s.caller.stop_at = 0;
        atomic_store(&s.caller.frames, 0);
        assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &s.options, s.views, 5, NULL, count_frame, &s.caller,
                                              &err), CALO_OK);
        assert_int_equal(s.caller.frames, 5);
        close_stage(&s);
    }
}

static void a_batch_is_stopped(void **state)
{
    (void)state;
    test_on_every_backend(check_batch);
}

static void a_poll_without_a_sentence_gets_one(void **state)
{
    (void)state;
    static const calo_node_color colors[] = {{.node = 1, .rgb = {9, 99, 199}}};
    stage s;
    uint32_t calls = 0;
    calo_error err = {0};
    open_stage(&s, "cpu", 2);
    s.options.poll = stop_silently;
    s.options.poll_user = &calls;
    s.options.node_colors = colors; /* another way through the front */
    s.options.node_color_count = 1;
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &s.options, s.views, VIEWS, NULL, count_frame, &s.caller,
                                          &err), CALO_ERROR_CANCELLED);
    assert_int_equal(calls, 1);
    assert_non_null(strstr(err.message, "poll"));
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &s.options, s.views, VIEWS, NULL, count_frame, &s.caller,
                                          NULL), CALO_ERROR_CANCELLED);
    close_stage(&s);
}

/* ---- what a poll may do itself ---- */

typedef struct busy_caller {
    stage *other;
    calo_prepared *spare; /* dropped at the first poll */
    uint64_t hash;
} busy_caller;

static uint64_t draw_small(stage *s)
{
    calo_frame frame;
    calo_render_options options = {.channels = CHANNELS};
    assert_int_equal(calo_frame_init(&frame, SIZE, SIZE, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    assert_int_equal(calo_renderer_render(s->renderer, s->prepared, &options, s->views, 1, &frame, NULL, NULL, NULL),
                     CALO_OK);
    uint64_t hash = test_hash_frame(&frame);
    calo_frame_finish(&frame);
    return hash;
}

static calo_status use_others(void *user, calo_error *err)
{
    (void)err;
    busy_caller *c = user;
    calo_prepared_destroy(c->spare);
    c->spare = NULL;
    assert_true(draw_small(c->other) == c->hash);
    return CALO_ERROR_CANCELLED;
}

/* Other renderers of the backend, and their scenes, may be used and dropped. */
static void check_busy_poll(const char *backend)
{
    stage s, other;
    open_stage(&s, backend, 2);
    open_stage(&other, backend, 1);
    busy_caller c = {.other = &other, .hash = draw_small(&other)};
    calo_status status = CALO_OK;
    assert_int_equal(calo_renderer_prepare(s.renderer, s.pose, NULL, &c.spare, NULL), CALO_OK);
    s.options.poll = use_others;
    s.options.poll_user = &c;
    /* Few views at first: a poll on a driver's thread waits for what that draws. */
    for (size_t count = 16; status == CALO_OK && count <= VIEWS; count *= 2)
        status = calo_renderer_render(s.renderer, s.prepared, &s.options, s.views, count, NULL, count_frame, &s.caller,
                                      NULL);
    assert_int_equal(status, CALO_ERROR_CANCELLED);
    assert_null(c.spare);
    close_stage(&other);
    close_stage(&s);
}

static void a_poll_may_use_other_renderers(void **state)
{
    (void)state;
    test_on_every_backend(check_busy_poll);
}

/* The rest of the library's fastest calls never get as far as a poll. */
static void short_calls_are_left_alone(void **state)
{
    (void)state;
    stage s;
    uint32_t calls = 0;
    open_stage(&s, "cpu", 2);
    s.options.poll = stop_silently;
    s.options.poll_user = &calls;
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &s.options, s.views, 0, NULL, count_frame, &s.caller,
                                          NULL), CALO_OK);
    assert_int_equal(calls, 0);
    close_stage(&s);
}

/* ---- one large view ---- */

enum { LARGE_WIDTH = 6144, LARGE_HEIGHT = 3001 };

static void open_large(stage *s, uint32_t threads)
{
    open_stage(s, "cpu", threads);
    s->views[0] = test_view(LARGE_WIDTH, 60, (double[3]){1.1, -3, 1.4}, (double[3]){0, 0, 0});
    s->views[0].height = LARGE_HEIGHT;
    s->views[0].center_y = LARGE_HEIGHT / 2.0;
    s->options.channels = TEST_BIT(COLOR);
}

static uint64_t draw_large(stage *s, calo_status expected)
{
    calo_frame frame;
    assert_int_equal(calo_frame_init(&frame, LARGE_WIDTH, LARGE_HEIGHT, s->options.channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    assert_int_equal(calo_renderer_render(s->renderer, s->prepared, &s->options, s->views, 1, &frame, NULL, NULL, NULL),
                     expected);
    uint64_t hash = expected == CALO_OK ? test_hash_frame(&frame) : 0;
    calo_frame_finish(&frame);
    return hash;
}

/* Drawn in pieces for the poll's sake, it has the same bits; the poll comes often, and stops it. */
static void a_large_view_is_stopped(void **state)
{
    (void)state;
    stage s;
    open_large(&s, 3);
    s.options.poll = NULL;
    uint64_t whole = draw_large(&s, CALO_OK);
    close_stage(&s);
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        open_large(&s, threads);
        assert_true(draw_large(&s, CALO_OK) == whole);
        assert_true(s.caller.calls >= 1);
        s.caller.stop_at = s.caller.calls + 1;
        draw_large(&s, CALO_ERROR_CANCELLED);
        close_stage(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_stopped),
        cmocka_unit_test(a_poll_without_a_sentence_gets_one),
        cmocka_unit_test(short_calls_are_left_alone),
        cmocka_unit_test(a_poll_may_use_other_renderers),
        cmocka_unit_test(a_large_view_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
