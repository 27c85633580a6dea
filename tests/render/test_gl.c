/* The GL backends as callers see them: test_gl KIND. Life and death, sharing, frames, failures. What the pictures show
 * is test_parity's business. */
#include "scenes.h"
#include "../resident.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *backend;

enum { SIZE = 48, VIEWS = 21, CHANNELS = TEST_BIT(COLOR) | TEST_BIT(DEPTH) | TEST_BIT(NORMAL) | TEST_BIT(MASK) };

/* ---- scenes and renderers ---- */

static const uint8_t checks[] = {255, 255, 255, 255, 200, 20, 20, 255, 20, 200, 20, 255, 20, 20, 200, 255};

/* A textured ball of `rings`, seen from all sides. */
typedef struct stage {
    calo_scene *scene;
    calo_pose *pose;
    calo_view views[VIEWS];
} stage;

static stage make_stage(uint32_t rings)
{
    test_scene s = test_scene_start();
    stage out = {0};
    calo_material material = calo_material_default();
    test_use_texture(&material, CALO_SLOT_BASE_COLOR, test_texture(&s, 2, 2, checks, (calo_texture){0}));
    calo_primitive ball = test_sphere(&s, rings, test_material(&s, &material));
    test_node(&s, &ball, NULL);
    test_seal(&s);
    out.scene = s.scene;
    assert_int_equal(calo_pose_create(s.scene, NULL, &out.pose, NULL), CALO_OK);
    for (int i = 0; i < VIEWS; i++)
        out.views[i] = test_view(SIZE, 50, (double[3]){3 * cos(i), 3 * sin(i), 0.1 * i}, (double[3]){0, 0, 0});
    return out;
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
    if (calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = threads}, &renderer, &err))
        fail_msg("%s", err.message);
    return renderer;
}

static calo_prepared *prepare(calo_renderer *renderer, const stage *s)
{
    calo_prepared *prepared = NULL;
    calo_error err = {0};
    if (calo_renderer_prepare(renderer, s->pose, NULL, &prepared, &err))
        fail_msg("%s", err.message);
    return prepared;
}

static const calo_render_options options = {.channels = CHANNELS, .samples = 1};

/* Frames of all views; the caller finishes them. */
static calo_frame *draw(calo_renderer *renderer, const calo_prepared *prepared, const stage *s)
{
    calo_frame *frames = calloc(VIEWS, sizeof *frames);
    calo_error err = {0};
    assert_non_null(frames);
    for (int i = 0; i < VIEWS; i++)
        assert_int_equal(calo_frame_init(&frames[i], SIZE, SIZE, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    if (calo_renderer_render(renderer, prepared, &options, s->views, VIEWS, frames, NULL, NULL, &err))
        fail_msg("%s", err.message);
    return frames;
}

static void drop_frames(calo_frame *frames)
{
    for (int i = 0; i < VIEWS; i++)
        calo_frame_finish(&frames[i]);
    free(frames);
}

static bool same_frame(const calo_frame *a, const calo_frame *b)
{
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (CHANNELS >> c & 1 && memcmp(a->planes[c].data, b->planes[c].data, a->planes[c].row_bytes * SIZE) != 0)
            return false;
    return true;
}

static void assert_same_frames(const calo_frame *a, const calo_frame *b)
{
    for (int i = 0; i < VIEWS; i++)
        assert_true(same_frame(&a[i], &b[i]));
}

/* Draws once with a renderer and a scene of their own. */
static calo_frame *draw_alone(const stage *s)
{
    calo_renderer *renderer = open_renderer(1);
    calo_prepared *prepared = prepare(renderer, s);
    calo_frame *frames = draw(renderer, prepared, s);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    return frames;
}

/* ---- life and death ---- */

/* Memory that the process has and the driver with it. */
static void thousand_lives_leave_nothing(void **state)
{
    (void)state;
    enum { WARM = 100, LIVES = 1000, MOST_GROWTH_KIB = 1024 };
    stage s = make_stage(8);
    calo_renderer *keeper = open_renderer(1); /* of the device: that it comes and goes is seen below */
    long warm = 0;
    for (int i = 0; i < LIVES; i++) {
        if (i == WARM)
            warm = test_resident_kib();
        calo_renderer *renderer = open_renderer(1);
        calo_prepared *prepared = prepare(renderer, &s);
        calo_frame frame = {0};
        assert_int_equal(calo_frame_init(&frame, SIZE, SIZE, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
        assert_int_equal(calo_renderer_render(renderer, prepared, &options, s.views, 1, &frame, NULL, NULL, NULL),
                         CALO_OK);
        assert_int_equal(test_mask(&frame, SIZE / 2, SIZE / 2), 1);
        calo_frame_finish(&frame);
        calo_prepared_destroy(prepared);
        calo_renderer_destroy(renderer);
    }
    long end = test_resident_kib();
    calo_renderer_destroy(keeper);
    drop_stage(&s);
    print_message("%d renderers and scenes: %ld KiB more than after %d\n", LIVES, end - warm, WARM);
    assert_true(TEST_SANITIZED || end <= warm + MOST_GROWTH_KIB);
}

static void the_device_goes_with_its_last_user(void **state)
{
    (void)state;
    enum { LIVES = 12, WARM = 4, MOST_GROWTH_KIB = 4096 };
    stage s = make_stage(8);
    calo_frame *first = draw_alone(&s);
    long warm = 0;
    for (int i = 0; i < LIVES; i++) {
        if (i == WARM)
            warm = test_resident_kib();
        calo_frame *frames = draw_alone(&s);
        assert_same_frames(first, frames);
        drop_frames(frames);
    }
    long end = test_resident_kib();
    print_message("devices that come and go: %ld KiB more\n", end - warm);
    assert_true(TEST_SANITIZED || end <= warm + MOST_GROWTH_KIB);
    drop_frames(first);
    drop_stage(&s);
}

/* A scene outlives the renderer that prepared it. */
static void several_live_at_once(void **state)
{
    (void)state;
    enum { COUNT = 4 };
    stage stages[2] = {make_stage(6), make_stage(16)};
    calo_frame *alone[2] = {draw_alone(&stages[0]), draw_alone(&stages[1])};
    assert_false(same_frame(&alone[0][0], &alone[1][0]));
    calo_renderer *renderers[COUNT], *preparer = open_renderer(1);
    calo_prepared *prepared[2] = {prepare(preparer, &stages[0]), prepare(preparer, &stages[1])};
    calo_renderer_destroy(preparer);
    for (uint32_t i = 0; i < COUNT; i++)
        renderers[i] = open_renderer(1 + i % 2);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < COUNT; i++) {
            int which = (round + i) % 2;
            calo_frame *frames = draw(renderers[i], prepared[which], &stages[which]);
            assert_same_frames(alone[which], frames);
            drop_frames(frames);
        }
    for (int i = 0; i < COUNT; i++)
        calo_renderer_destroy(renderers[i]);
    for (int i = 0; i < 2; i++) {
        calo_prepared_destroy(prepared[i]);
        drop_frames(alone[i]);
        drop_stage(&stages[i]);
    }
}

typedef struct side {
    const stage *stage;
    const calo_prepared *prepared;
    const calo_frame *expected;
} side;

static void *draw_beside(void *user)
{
    const side *here = user;
    calo_renderer *renderer = open_renderer(2);
    bool same = true;
    for (int round = 0; round < 5; round++) {
        calo_frame *frames = draw(renderer, here->prepared, here->stage);
        for (int i = 0; i < VIEWS; i++)
            same &= same_frame(&here->expected[i], &frames[i]);
        drop_frames(frames);
    }
    calo_renderer_destroy(renderer);
    return same ? user : NULL;
}

static void threads_share_a_scene(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    stage s = make_stage(10);
    calo_renderer *renderer = open_renderer(1);
    side here = {&s, prepare(renderer, &s), draw_alone(&s)};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, draw_beside, &here), 0);
    for (int i = 0; i < THREADS; i++) {
        void *same = NULL;
        pthread_join(threads[i], &same);
        assert_non_null(same);
    }
    calo_prepared_destroy((calo_prepared *)here.prepared);
    calo_renderer_destroy(renderer);
    drop_frames((calo_frame *)here.expected);
    drop_stage(&s);
}

/* ---- frames ---- */

/* What is beside the pixels in the caller's rows is left alone. */
static void padded_rows(void **state)
{
    (void)state;
    enum { ROW = SIZE * 16 + 52, FILL = 0x5a };
    stage s = make_stage(10);
    calo_frame *expected = draw_alone(&s), frame = {.width = SIZE, .height = SIZE};
    calo_renderer *renderer = open_renderer(1);
    calo_prepared *prepared = prepare(renderer, &s);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        if (!(CHANNELS >> c & 1))
            continue;
        calo_pixel_format format = calo_channel_format((calo_channel)c, CALO_PIXEL_RGBA8);
        frame.planes[c] = (calo_image){SIZE, SIZE, format, ROW, malloc(ROW * SIZE)};
        memset(frame.planes[c].data, FILL, ROW * SIZE);
    }
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, s.views, 1, &frame, NULL, NULL, NULL), CALO_OK);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const uint8_t *rows = frame.planes[c].data, *plain = expected[0].planes[c].data;
        size_t bytes = SIZE * calo_pixel_bytes(frame.planes[c].format);
        for (int y = 0; rows && y < SIZE; y++) {
            assert_memory_equal(rows + y * ROW, plain + (size_t)y * bytes, bytes);
            for (size_t x = bytes; x < ROW; x++)
                assert_int_equal(rows[(size_t)y * ROW + x], FILL);
        }
    }
    calo_frame_finish(&frame);
    drop_frames(expected);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

typedef struct collection {
    const calo_frame *expected;
    atomic_uint calls[VIEWS], wrong;
    size_t stop_at;
} collection;

static calo_status collect(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)err;
    collection *to = user;
    atomic_fetch_add(&to->calls[index], 1);
    if (!same_frame(&to->expected[index], frame))
        atomic_fetch_add(&to->wrong, 1);
    return index == to->stop_at ? CALO_ERROR_CANCELLED : CALO_OK;
}

/* Frames of the renderer's own, each handed out once; and a callback that stops, after which all goes on. */
static void frames_are_handed_out(void **state)
{
    (void)state;
    stage s = make_stage(10);
    calo_renderer *renderer = open_renderer(2);
    calo_prepared *prepared = prepare(renderer, &s);
    for (int round = 0; round < 3; round++) {
        collection to = {.expected = draw_alone(&s), .stop_at = round == 1 ? 2 : SIZE_MAX};
        calo_status status = calo_renderer_render(renderer, prepared, &options, s.views, VIEWS, NULL, collect, &to,
                                                  NULL);
        assert_int_equal(status, round == 1 ? CALO_ERROR_CANCELLED : CALO_OK);
        assert_int_equal(atomic_load(&to.wrong), 0);
        for (int i = 0; i < VIEWS; i++)
            assert_in_range(atomic_load(&to.calls[i]), round == 1 ? 0 : 1, 1);
        drop_frames((calo_frame *)to.expected);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

/* Views of other sizes between them: each picture is the one that it is alone. */
static void sizes_may_alternate(void **state)
{
    (void)state;
    enum { COUNT = 9 };
    stage s = make_stage(10);
    calo_renderer *renderer = open_renderer(2);
    calo_prepared *prepared = prepare(renderer, &s);
    calo_frame frames[COUNT] = {0};
    calo_view views[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        views[i] = s.views[i];
        views[i].width = SIZE + 7 * (i / 2 % 3);
        assert_int_equal(calo_frame_init(&frames[i], views[i].width, SIZE, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    }
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, views, COUNT, frames, NULL, NULL, NULL),
                     CALO_OK);
    for (int i = 0; i < COUNT; i++) {
        calo_frame alone = {0};
        assert_int_equal(calo_frame_init(&alone, views[i].width, SIZE, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
        assert_int_equal(calo_renderer_render(renderer, prepared, &options, &views[i], 1, &alone, NULL, NULL, NULL),
                         CALO_OK);
        /* Elsewhere in the atlas, rounding differs: ids must not. */
        size_t differ = 0;
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < views[i].width; x++)
                differ += test_mask(&frames[i], x, y) != test_mask(&alone, x, y);
        assert_in_range(differ, 0, 2);
        calo_frame_finish(&alone);
        calo_frame_finish(&frames[i]);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

/* ---- failures ---- */

static void frames_that_do_not_fit(void **state)
{
    (void)state;
    stage s = make_stage(6);
    calo_renderer *renderer = open_renderer(1);
    calo_prepared *prepared = prepare(renderer, &s);
    calo_frame frame = {0};
    calo_error err = {0};
    assert_int_equal(calo_frame_init(&frame, SIZE, SIZE - 1, CHANNELS, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, s.views, 1, &frame, NULL, NULL, &err),
                     CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "frame 0"));
    calo_frame_finish(&frame);
    drop_frames(draw(renderer, prepared, &s)); /* and on it goes */
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

static void scenes_over_the_limit(void **state)
{
    (void)state;
    stage s = make_stage(40);
    calo_renderer *renderer = open_renderer(1);
    calo_prepared *prepared = NULL;
    calo_limits limits = {.max_memory_bytes = 64 << 10};
    calo_prepare_options small = {.limits = &limits};
    calo_error err = {0};
    assert_int_equal(calo_renderer_prepare(renderer, s.pose, &small, &prepared, &err), CALO_ERROR_LIMIT);
    assert_null(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

/* Every layer costs a pass: sheets without end are refused, and on it goes. */
static void too_many_layers(void **state)
{
    (void)state;
    enum { SHEETS = 1030, SIDE = 4 };
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.alpha_mode = CALO_ALPHA_BLEND;
    material.base_color[3] = 0.01f;
    int32_t glass = test_material(&s, &material);
    float *positions = calloc(9 * SHEETS, sizeof *positions);
    uint32_t *indices = calloc(3 * SHEETS, sizeof *indices);
    assert_true(positions && indices);
    for (uint32_t i = 0; i < SHEETS; i++) {
        const float corners[9] = {-9, -9, 0, 9, -9, 0, 0, 9, 0};
        memcpy(positions + 9 * i, corners, sizeof corners);
        for (uint32_t k = 0; k < 3; k++) {
            positions[9 * i + 3 * k + 2] = 1e-3f * (float)i;
            indices[3 * i + k] = 3 * i + k;
        }
    }
    calo_primitive sheets = {.topology = CALO_TRIANGLES, .vertex_count = 3 * SHEETS, .index_count = 3 * SHEETS,
                             .positions = positions, .indices = indices, .material = glass};
    test_node(&s, &sheets, NULL);
    test_seal(&s);
    stage here = {.scene = s.scene};
    assert_int_equal(calo_pose_create(s.scene, NULL, &here.pose, NULL), CALO_OK);
    calo_renderer *renderer = open_renderer(1);
    calo_prepared *prepared = prepare(renderer, &here);
    calo_render_options colors = {.channels = TEST_BIT(COLOR), .samples = 1};
    calo_view view = test_view(SIDE, 30, (double[3]){0, 0, 6}, (double[3]){0, 0, 0});
    calo_frame frame = {0};
    calo_error err = {0};
    assert_int_equal(calo_frame_init(&frame, SIDE, SIDE, colors.channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    assert_int_equal(calo_renderer_render(renderer, prepared, &colors, &view, 1, &frame, NULL, NULL, &err),
                     CALO_ERROR_LIMIT);
    assert_non_null(strstr(err.message, "1024"));
    calo_frame_finish(&frame);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&here);
    free(positions);
    free(indices);
}

/* A forked child has no device: its parent's renderer is refused, and nothing hangs or crashes. */
static void a_forked_child_is_refused(void **state)
{
    (void)state;
    enum { REFUSED = 7, SECONDS_MAX = 60 };
    stage s = make_stage(6);
    calo_renderer *renderer = open_renderer(1);
    calo_prepared *prepared = prepare(renderer, &s);
    drop_frames(draw(renderer, prepared, &s));
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(SECONDS_MAX);
        calo_frame frame = {0};
        calo_error err = {0};
        calo_frame_init(&frame, SIZE, SIZE, CHANNELS, CALO_PIXEL_RGBA8, NULL);
        calo_status status = calo_renderer_render(renderer, prepared, &options, s.views, 1, &frame, NULL, NULL, &err);
        calo_prepared_destroy(prepared);
        calo_renderer_destroy(renderer);
        _exit(status == CALO_ERROR_BACKEND && strstr(err.message, "fork") ? REFUSED : 1);
    }
    int end = 0;
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFEXITED(end));
    assert_int_equal(WEXITSTATUS(end), REFUSED);
    drop_frames(draw(renderer, prepared, &s)); /* the parent's goes on */
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    drop_stage(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_live_at_once),       cmocka_unit_test(threads_share_a_scene),
        cmocka_unit_test(padded_rows),                cmocka_unit_test(frames_are_handed_out),
        cmocka_unit_test(sizes_may_alternate),        cmocka_unit_test(frames_that_do_not_fit),
        cmocka_unit_test(scenes_over_the_limit),      cmocka_unit_test(thousand_lives_leave_nothing),
        cmocka_unit_test(too_many_layers),
        cmocka_unit_test(the_device_goes_with_its_last_user), cmocka_unit_test(a_forked_child_is_refused),
    };
    enum { SKIPPED = 77 };
    calo_backend_info infos[8];
    size_t count = calo_backend_list(infos, 8);
    backend = argc > 1 ? argv[1] : "egl";
    for (size_t i = 0; i < count && i < 8; i++)
        if (strcmp(infos[i].name, backend) == 0 && !infos[i].available) {
            print_message("skipped: %s is not available here: %s\n", backend, infos[i].detail);
            return SKIPPED;
        }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
