/* Colour pictures that show which node is where. */
#include "every_path.h"

enum { SIZE = 65 };

/* Three squares behind one another, each node a child of the one before, the nearest with two copies. */
static calo_scene *make_scene(void)
{
    test_scene s = test_scene_start();
    for (int i = 0; i < 3; i++) {
        const float half = 1.5f - 0.4f * (float)i;
        const float corners[12] = {-half, -half, 0, half, -half, 0, half, half, 0, -half, half, 0};
        calo_material material = calo_material_default();
        material.alpha_mode = i == 1 ? CALO_ALPHA_MASK : CALO_ALPHA_OPAQUE;
        calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
        calo_mat4 place = moved(0.1, 0, 0.5 * i, 1);
        int32_t node = test_node(&s, &quad, &place);
        if (i == 2) {
            calo_mat4 copies[2] = {moved(-0.9, 0, 0, 0.6), moved(0.9, 0.3, 0, 0.6)};
            s.scene->nodes[node].instance_count = 2;
            s.scene->nodes[node].instances = test_copy(&s, copies, sizeof copies);
        }
    }
    calo_node empty = calo_node_default();
    assert_int_equal(calo_scene_add_node(s.scene, &empty, &s.err), 3);
    test_seal(&s);
    return s.scene;
}

static const calo_node_color colors[] = {{.node = 2, .rgb = {1, 127, 254}}, {.node = 0, .rgb = {200, 3, 77}}, {.node = 3}};

typedef struct stage {
    calo_scene *scene;
    calo_pose *pose;
    calo_renderer *renderer;
    calo_prepared *prepared;
    calo_view views[4];
} stage;

static stage open_stage(const char *backend, uint32_t threads)
{
    stage s = {.scene = make_scene()};
    calo_error err = {0};
    if (calo_pose_create(s.scene, NULL, &s.pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = threads}, &s.renderer, &err) != CALO_OK ||
        calo_renderer_prepare(s.renderer, s.pose, NULL, &s.prepared, &err) != CALO_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < 4; i++)
        s.views[i] = test_view(SIZE, 55, (double[3]){0.5 * i - 0.7, -0.6, 3.7}, (double[3]){0, 0, 0});
    return s;
}

static void close_stage(stage *s)
{
    calo_prepared_destroy(s->prepared);
    calo_renderer_destroy(s->renderer);
    calo_pose_destroy(s->pose);
    calo_scene_destroy(s->scene);
}

/* What an id's pixel must be: ids 1 to 4 belong to the nodes 0, 1, 2 and 2. */
static void expected_code(uint32_t id, bool transparent, uint8_t code[4])
{
    memset(code, 0, 4);
    if (id == 1)
        memcpy(code, colors[1].rgb, 3);
    if (id >= 3)
        memcpy(code, colors[0].rgb, 3);
    code[3] = id == 0 && transparent ? 0 : 255;
}

static const void *pixel(const calo_image *plane, uint32_t x, uint32_t y)
{
    return (const char *)plane->data + y * plane->row_bytes + x * (size_t)calo_pixel_bytes(plane->format);
}

static void check_color(const calo_image *color, const calo_image *ids, bool transparent)
{
    uint32_t seen[5] = {0};
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            uint32_t id = *(const uint32_t *)pixel(ids, x, y);
            uint8_t expected[4];
            assert_in_range(id, 0, 4);
            seen[id]++;
            expected_code(id, transparent, expected);
            if (color->format == CALO_PIXEL_RGBA32F) {
                const float *got = pixel(color, x, y);
                assert_true(got[3] == (expected[3] ? 1.0f : 0.0f));
                for (int c = 0; c < 3; c++) {
                    double code = expected[c] / 255.0;
                    assert_true(fabs(got[c] - (code <= 0.04045 ? code / 12.92 : pow((code + 0.055) / 1.055, 2.4))) < 1e-6);
                }
            } else {
                assert_memory_equal(pixel(color, x, y), expected, calo_pixel_bytes(color->format));
            }
        }
    for (int id = 0; id < 5; id++)
        assert_true(seen[id] > 20);
}

static void check_formats(const char *backend)
{
    static const calo_pixel_format formats[] = {CALO_PIXEL_RGBA8, CALO_PIXEL_RGB8, CALO_PIXEL_RGBA32F};
    stage s = open_stage(backend, 1);
    calo_error err = {0};
    calo_frame ids;
    calo_render_options plain = {.channels = TEST_BIT(INSTANCE_ID)};
    assert_int_equal(calo_frame_init(&ids, SIZE, SIZE, plain.channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &plain, s.views, 1, &ids, NULL, NULL, &err), CALO_OK);
    for (int f = 0; f < 3; f++)
        for (int with_ids = 0; with_ids < 2; with_ids++)
            for (int background = 0; background < 3; background++) {
                calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(DEPTH), .color_format = formats[f],
                                               .background = (calo_background)background, .background_color = {1, 1, 1},
                                               .node_colors = colors, .node_color_count = 3};
                options.channels |= with_ids ? TEST_BIT(INSTANCE_ID) : 0;
                calo_frame frame;
                assert_int_equal(calo_frame_init(&frame, SIZE, SIZE, options.channels, formats[f], NULL), CALO_OK);
                if (calo_renderer_render(s.renderer, s.prepared, &options, s.views, 1, &frame, NULL, NULL, &err) != CALO_OK)
                    fail_msg("%s", err.message);
                check_color(&frame.planes[CALO_CHANNEL_COLOR], &ids.planes[CALO_CHANNEL_INSTANCE_ID], background == 0);
                if (with_ids)
                    assert_memory_equal(frame.planes[CALO_CHANNEL_INSTANCE_ID].data,
                                        ids.planes[CALO_CHANNEL_INSTANCE_ID].data, 4ul * SIZE * SIZE);
                assert_true(*test_floats(&frame, CALO_CHANNEL_DEPTH, SIZE / 2, SIZE / 2) > 2);
                calo_frame_finish(&frame);
            }
    calo_frame_finish(&ids);
    close_stage(&s);
}

static void colors_are_exact_in_every_format(void **state)
{
    (void)state;
    test_on_every_backend(check_formats);
}

/* Lent frames, on several threads: they hold what was asked for and nothing else. */
static calo_status check_lent(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)err, (void)index;
    bool with_ids = *(bool *)user;
    uint32_t painted = 0;
    const calo_image *color = &frame->planes[CALO_CHANNEL_COLOR];
    for (int c = 1; c < CALO_CHANNEL_COUNT; c++)
        assert_int_equal(frame->planes[c].data != NULL, with_ids && c == CALO_CHANNEL_INSTANCE_ID);
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++)
            painted += memcmp(pixel(color, x, y), colors[0].rgb, 3) == 0;
    assert_true(painted > 100);
    if (with_ids)
        check_color(color, &frame->planes[CALO_CHANNEL_INSTANCE_ID], true);
    return CALO_OK;
}

static void check_lending(const char *backend)
{
    for (uint32_t threads = 1; threads <= 3; threads++) {
        stage s = open_stage(backend, threads);
        for (int with_ids = 0; with_ids < 2; with_ids++) {
            bool asked = with_ids;
            calo_error err = {0};
            calo_render_options options = {.channels = TEST_BIT(COLOR) | (with_ids ? TEST_BIT(INSTANCE_ID) : 0),
                                           .node_colors = colors, .node_color_count = 3};
            if (calo_renderer_render(s.renderer, s.prepared, &options, s.views, 4, NULL, check_lent, &asked, &err) != CALO_OK)
                fail_msg("%s", err.message);
        }
        close_stage(&s);
    }
}

static void lent_frames_hold_what_was_asked_for(void **state)
{
    (void)state;
    test_on_every_backend(check_lending);
}

static calo_status fail_second(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)user, (void)frame, (void)err;
    return index == 1 ? CALO_ERROR_CANCELLED : CALO_OK;
}

static void odd_maps_are_refused(void **state)
{
    (void)state;
    static const calo_node_color unknown[] = {{.node = 4}}, twice[] = {{.node = 1}, {.node = 0}, {.node = 1}};
    static const struct {
        const calo_node_color *colors;
        uint32_t count;
        const char *words;
    } odd[] = {{unknown, 1, "node 4: the scene's nodes are 0 to 3"}, {twice, 3, "node 1 has two colours"}, {NULL, 2, "NULL"}};
    stage s = open_stage("cpu", 1);
    calo_frame frame;
    calo_error err = {0};
    calo_render_options options = {.channels = TEST_BIT(COLOR)};
    assert_int_equal(calo_frame_init(&frame, SIZE, SIZE, options.channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        options.node_colors = odd[i].colors;
        options.node_color_count = odd[i].count;
        assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &options, s.views, 1, &frame, NULL, NULL, &err),
                         CALO_ERROR_ARGUMENT);
        if (!strstr(err.message, odd[i].words))
            fail_msg("%s", err.message);
    }
    options.node_colors = colors;
    options.node_color_count = 0;
    options.color_format = CALO_PIXEL_RGBA32F;
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &options, s.views, 1, &frame, NULL, NULL, &err),
                     CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "frame 0 has no fitting plane for the channel color"));
    options.color_format = CALO_PIXEL_RGBA8;
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &options, s.views, 2, NULL, fail_second, NULL, &err),
                     CALO_ERROR_CANCELLED);
    /* An empty map is all black. */
    assert_int_equal(calo_renderer_render(s.renderer, s.prepared, &options, s.views, 1, &frame, NULL, NULL, &err), CALO_OK);
    for (uint32_t i = 0; i < SIZE * SIZE; i++)
        assert_int_equal(((const uint32_t *)frame.planes[0].data)[i] & 0xffffff, 0);
    calo_frame_finish(&frame);
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colors_are_exact_in_every_format),
        cmocka_unit_test(lent_frames_hold_what_was_asked_for),
        cmocka_unit_test(odd_maps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
