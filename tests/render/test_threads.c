/* The same bits however a view's rows are shared out, and what callers see of several threads. */
#include "every_path.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/backend.h"
#include "render/cpu/scene.h"

enum { ALL_CHANNELS = (1u << CALO_CHANNEL_COUNT) - 1, VIEWS = 5 };

typedef struct stage {
    calo_scene *scene;
    calo_pose *pose;
    calo_view views[VIEWS];
} stage;

static calo_lighting lighting;

/* Odd sizes, one view smaller than a piece, an orthographic one. */
static stage make_stage(void)
{
    static const uint32_t sizes[VIEWS][2] = {{203, 203}, {150, 211}, {256, 64}, {61, 33}, {190, 250}};
    stage s = {.scene = test_every_path()};
    lighting = test_every_shadow();
    assert_int_equal(calo_pose_create(s.scene, NULL, &s.pose, NULL), CALO_OK);
    for (int i = 0; i < VIEWS; i++) {
        s.views[i] = test_view(sizes[i][0], 60, (double[3]){1.1 + 0.2 * i, -3 + 0.3 * i, 0.9}, (double[3]){0, 0, 0});
        s.views[i].height = sizes[i][1];
        s.views[i].center_y = sizes[i][1] / 2.0;
    }
    s.views[2].orthographic = true;
    s.views[2].focal_x = s.views[2].focal_y = 50;
    return s;
}

static void drop_stage(stage *s)
{
    calo_pose_destroy(s->pose);
    calo_scene_destroy(s->scene);
}

static calo_renderer *open_renderer(uint32_t threads)
{
    calo_renderer *renderer = NULL;
    calo_error err = {0};
    if (calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = threads}, &renderer, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return renderer;
}

static calo_prepared *prepare_stage(calo_renderer *renderer, const stage *s)
{
    calo_prepared *prepared = NULL;
    calo_error err = {0};
    calo_prepare_options options = {.lighting = &lighting};
    if (calo_renderer_prepare(renderer, s->pose, &options, &prepared, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return prepared;
}

/* ---- rows ---- */

/* A view drawn `step` units of rows at a time, the last ones first. */
static uint64_t hash_in_steps(void *worker, const void *scene, const calo_render_options *options,
                              const calo_view *view, uint32_t step)
{
    calo_error err = {0};
    calo_frame frame;
    assert_int_equal(calo_frame_init(&frame, view->width, view->height, options->channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    uint32_t units = (view->height + CALO_ROWS_UNIT - 1) / CALO_ROWS_UNIT;
    for (uint32_t first = (units - 1) / step * step + step; first > 0; first -= step) {
        calo_rows rows = {(first - step) * CALO_ROWS_UNIT, first < units ? first * CALO_ROWS_UNIT : view->height};
        if (calo_backend_cpu.draw(worker, scene, options, view, rows, &frame, &err) != CALO_OK)
            fail_msg("%s", err.message);
    }
    uint64_t hash = test_hash_frame(&frame);
    calo_frame_finish(&frame);
    return hash;
}

static void check_rows(void *worker, const void *scene, const stage *s, uint32_t samples, int view)
{
    calo_render_options options = calo_render_options_resolve(
        &(calo_render_options){.channels = ALL_CHANNELS, .samples = samples,
                               .background = view == 1 ? CALO_BACKGROUND_ENVIRONMENT : CALO_BACKGROUND_TRANSPARENT});
    uint64_t whole = hash_in_steps(worker, scene, &options, &s->views[view], CALO_FRAME_MAX_SIDE);
    for (uint32_t step = 1; step <= 16; step = 2 * step + step / 2)
        if (hash_in_steps(worker, scene, &options, &s->views[view], step) != whole)
            fail_msg("view %d with %u samples differs in steps of %u", view, samples, step * CALO_ROWS_UNIT);
}

static void any_rows_give_the_same_bits(void **state)
{
    (void)state;
    stage s = make_stage();
    calo_limits limits = calo_limits_resolve(NULL);
    calo_image sky = test_sky();
    void *worker = NULL, *scene = NULL;
    lighting.environment_color[0] = lighting.environment_color[1] = lighting.environment_color[2] = 1;
    lighting.environment_strength = 1;
    assert_int_equal(calo_backend_cpu.open_worker(&worker, NULL), CALO_OK);
    for (int prepare = 0; prepare < TEST_PREPARES; prepare++) {
        calo_prepare_options preparing = test_prepare(prepare, &lighting);
        calo_backend_options one_thread = {.threads = 1};
        preparing.limits = &limits;
        lighting.environment = preparing.shading == CALO_SHADING_PYRENDER ? NULL : &sky;
        assert_int_equal(calo_backend_cpu.prepare(s.pose, &preparing, &one_thread, NULL, &scene, NULL), CALO_OK);
        for (uint32_t samples = 1; samples <= 16; samples *= 4)
            for (int i = 0; i < 3; i++)
                check_rows(worker, scene, &s, samples, i);
        calo_backend_cpu.release(scene);
    }
    calo_backend_cpu.close_worker(worker);
    calo_image_finish(&sky);
    drop_stage(&s);
}

/* ---- threads ---- */

typedef struct seen {
    atomic_uint calls[VIEWS];
    uint64_t hashes[VIEWS];
} seen;

static calo_status note_frame(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    seen *seen_frames = user;
    (void)err;
    atomic_fetch_add(&seen_frames->calls[index], 1);
    seen_frames->hashes[index] = test_hash_frame(frame);
    return CALO_OK;
}

/* The last `count` views. */
static void render_noting(calo_renderer *renderer, const calo_prepared *prepared, const stage *s, size_t count,
                          uint32_t samples, calo_frame *frames, seen *out)
{
    calo_error err = {0};
    calo_render_options options = {.channels = ALL_CHANNELS, .samples = samples};
    memset(out, 0, sizeof *out);
    if (calo_renderer_render(renderer, prepared, &options, s->views + VIEWS - count, count, frames, note_frame, out, &err) != CALO_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(out->calls[i], 1);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    stage s = make_stage();
    calo_renderer *one = open_renderer(1);
    calo_prepared *prepared = prepare_stage(one, &s);
    for (uint32_t threads = 2; threads <= 7; threads++) {
        calo_renderer *many = open_renderer(threads);
        for (size_t count = 1; count <= VIEWS; count++)
            for (uint32_t samples = 1; samples <= 16; samples *= 4) {
                seen expected, got;
                render_noting(one, prepared, &s, count, samples, NULL, &expected);
                render_noting(many, prepared, &s, count, samples, NULL, &got);
                assert_memory_equal(got.hashes, expected.hashes, sizeof got.hashes);
            }
        calo_renderer_destroy(many);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(one);
    drop_stage(&s);
}

static void the_callers_frames_are_filled_by_several_threads(void **state)
{
    (void)state;
    stage s = make_stage();
    calo_renderer *one = open_renderer(1), *three = open_renderer(3);
    calo_prepared *prepared = prepare_stage(three, &s);
    calo_frame frames[VIEWS];
    seen expected, got;
    for (int i = 0; i < VIEWS; i++)
        assert_int_equal(calo_frame_init(&frames[i], s.views[i].width, s.views[i].height, ALL_CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    render_noting(one, prepared, &s, VIEWS, 4, NULL, &expected);
    render_noting(three, prepared, &s, VIEWS, 4, frames, &got);
    for (int i = 0; i < VIEWS; i++) {
        assert_int_equal(test_hash_frame(&frames[i]), expected.hashes[i]);
        calo_frame_finish(&frames[i]);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(three);
    calo_renderer_destroy(one);
    drop_stage(&s);
}

/* ---- failures ---- */

typedef struct stopper {
    size_t at;
    atomic_uint calls;
} stopper;

static calo_status stop_at(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    stopper *stop = user;
    (void)frame;
    atomic_fetch_add(&stop->calls, 1);
    if (index != stop->at)
        return CALO_OK;
    snprintf(err->message, sizeof err->message, "stopped at %zu", index);
    return err->status = CALO_ERROR_CANCELLED;
}

static void a_callback_stops_the_batch_and_the_renderer_goes_on(void **state)
{
    (void)state;
    stage s = make_stage();
    calo_renderer *one = open_renderer(1), *three = open_renderer(3);
    calo_prepared *prepared = prepare_stage(three, &s);
    seen expected, got;
    render_noting(one, prepared, &s, VIEWS, 4, NULL, &expected);
    for (size_t at = 0; at < VIEWS; at++) {
        stopper stop = {.at = at};
        calo_error err = {0};
        assert_int_equal(calo_renderer_render(three, prepared, NULL, s.views, VIEWS, NULL, stop_at, &stop, &err),
                         CALO_ERROR_CANCELLED);
        assert_non_null(strstr(err.message, "stopped at"));
        assert_in_range(stop.calls, 1, VIEWS);
        render_noting(three, prepared, &s, VIEWS, 4, NULL, &got);
        assert_memory_equal(got.hashes, expected.hashes, sizeof got.hashes);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(three);
    calo_renderer_destroy(one);
    drop_stage(&s);
}

static void a_frame_that_does_not_fit_fails_the_batch(void **state)
{
    (void)state;
    stage s = make_stage();
    calo_renderer *renderer = open_renderer(3);
    calo_prepared *prepared = prepare_stage(renderer, &s);
    for (int bad = 0; bad < VIEWS; bad++) {
        calo_frame frames[VIEWS];
        calo_error err = {0};
        char expected[16];
        for (int i = 0; i < VIEWS; i++)
            assert_int_equal(calo_frame_init(&frames[i], s.views[i].width + (i == bad), s.views[i].height, ALL_CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
        assert_int_equal(calo_renderer_render(renderer, prepared, NULL, s.views, VIEWS, frames, NULL, NULL, &err), CALO_ERROR_ARGUMENT);
        snprintf(expected, sizeof expected, "frame %d ", bad);
        assert_non_null(strstr(err.message, expected));
        for (int i = 0; i < VIEWS; i++)
            calo_frame_finish(&frames[i]);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

/* ---- processes ---- */

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_THREADS_AFTER_FORK /* the sanitizer's own limit */
#endif
#endif

/* The child of a process whose renderer has threads can use that renderer and drop it. */
static void a_forked_child_draws_with_threads_of_its_own(void **state)
{
    (void)state;
#ifdef NO_THREADS_AFTER_FORK
    skip();
#endif
    stage s = make_stage();
    calo_renderer *renderer = open_renderer(2);
    calo_prepared *prepared = prepare_stage(renderer, &s);
    seen expected, got;
    int ended = 0;
    render_noting(renderer, prepared, &s, VIEWS, 4, NULL, &expected);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        render_noting(renderer, prepared, &s, VIEWS, 4, NULL, &got);
        calo_renderer_destroy(renderer);
        _exit(memcmp(got.hashes, expected.hashes, sizeof got.hashes) != 0);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    render_noting(renderer, prepared, &s, VIEWS, 4, NULL, &got);
    assert_memory_equal(got.hashes, expected.hashes, sizeof got.hashes);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_rows_give_the_same_bits),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(the_callers_frames_are_filled_by_several_threads),
        cmocka_unit_test(a_callback_stops_the_batch_and_the_renderer_goes_on),
        cmocka_unit_test(a_frame_that_does_not_fit_fails_the_batch),
        cmocka_unit_test(a_forked_child_draws_with_threads_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
