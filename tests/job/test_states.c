/* States to pictures: layouts, encodings, labels, and that a picture depends on its own state alone. */
#include "../render/scenes.h"

enum { WIDTH = 24, HEIGHT = 16, STATES = 3, PIXELS = WIDTH * HEIGHT };

/* Two squares with names of two categories over one another in the picture, and two cameras above them. */
static calo_scene *make_scene(void)
{
    static const char *const names[] = {"robot:base", "cube:face", "floor"};
    test_scene s = test_scene_start();
    for (int i = 0; i < 3; i++) {
        const float y = i == 0 ? 0.5f : -0.5f, half = 0.45f;
        const float corners[12] = {-half, y - half, 0, half, y - half, 0, half, y + half, 0, -half, y + half, 0};
        calo_material material = calo_material_default();
        material.unlit = true;
        calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
        calo_mat4 place = calo_mat4_identity();
        place.m[0][3] = i == 2 ? 1.2 : 0;
        int32_t node = test_node(&s, &quad, &place);
        s.scene->nodes[node].name = names[i];
    }
    for (int i = 0; i < 2; i++) {
        calo_camera camera = {.name = i ? "far" : "near", .fov_y_radians = 1, .near_metres = 0.01};
        calo_node node = calo_node_default();
        node.name = camera.name;
        node.camera = calo_scene_add_camera(s.scene, &camera, &s.err);
        node.translation[2] = i ? 4 : 2;
        assert_true(calo_scene_add_node(s.scene, &node, &s.err) >= 0);
    }
    test_seal(&s);
    return s.scene;
}

typedef struct stage {
    calo_scene *scene;
    calo_states *states;
} stage;

static stage open_stage(uint32_t threads)
{
    stage s = {.scene = make_scene()};
    calo_error err = {0};
    calo_states_subject subject = {.scene = s.scene};
    calo_states_options options = {.renderer = {.threads = threads}, .render = {.samples = 1}};
    if (calo_states_create(&subject, &options, &s.states, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return s;
}

static void close_stage(stage *s)
{
    calo_states_destroy(s->states);
    calo_scene_destroy(s->scene);
}

static const char *const both[] = {"far", "near"};

static calo_states_request request_of(calo_output *outputs, size_t count)
{
    return (calo_states_request){.state_count = STATES, .cameras = both, .camera_count = 2, .width = WIDTH,
                                 .height = HEIGHT, .outputs = outputs, .output_count = count};
}

/* An output [camera][state][pixel] in new memory. */
static calo_output output_of(uint32_t kind)
{
    size_t picture = (size_t)calo_output_pixel_bytes(kind) * PIXELS;
    return (calo_output){kind, calloc(2 * STATES, picture), picture, picture * STATES};
}

static void must_render(const stage *s, const calo_states_request *request)
{
    calo_error err = {0};
    if (calo_states_render(s->states, request, &err) != CALO_OK)
        fail_msg("%s", err.message);
}

static const void *pixel(const calo_output *output, size_t state, size_t camera, size_t x, size_t y)
{
    return (const char *)output->data + state * output->state_stride + camera * output->camera_stride +
           (y * WIDTH + x) * calo_output_pixel_bytes(output->kind);
}

static void test_encodings(void **state)
{
    (void)state;
    stage s = open_stage(2);
    static const uint32_t kinds[] = {CALO_CHANNEL_DEPTH, CALO_OUTPUT_ORRB_DEPTH, CALO_OUTPUT_ORRB_NORMALS,
                                     CALO_OUTPUT_ORRB_SEGMENTATION, CALO_OUTPUT_SEMANTIC, CALO_OUTPUT_RGB};
    calo_output outputs[6];
    for (int i = 0; i < 6; i++)
        outputs[i] = output_of(kinds[i]);
    calo_states_request request = request_of(outputs, 6);
    request.orrb_cameras = true;
    must_render(&s, &request);
    for (size_t at = 0; at < STATES; at++) {
        /* The far camera is 4 metres above: 0.1 + 0.995 z. The upper square is the robot's. */
        size_t x = WIDTH / 2, upper = HEIGHT / 2 - 2, lower = HEIGHT / 2 + 2;
        assert_float_equal(*(const float *)pixel(&outputs[0], at, 0, x, upper), 4, 1e-6);
        assert_float_equal(*(const float *)pixel(&outputs[1], at, 0, x, upper), 4.08, 1e-6);
        const float *normal = pixel(&outputs[2], at, 0, x, upper);
        assert_float_equal(normal[0], 0.5, 1e-6);
        assert_float_equal(normal[2], 1, 1e-6);
        assert_int_equal(*(const uint8_t *)pixel(&outputs[3], at, 0, x, upper), 2);
        assert_int_equal(*(const uint32_t *)pixel(&outputs[4], at, 0, x, lower), 1);
        assert_int_equal(*(const uint8_t *)pixel(&outputs[5], at, 0, x, upper), 255);
        /* Nothing is in the corner. */
        const float *background = pixel(&outputs[2], at, 0, 0, 0);
        assert_float_equal(*(const float *)pixel(&outputs[1], at, 0, 0, 0), 0, 0);
        assert_true(background[0] == 0 && background[1] == 0 && background[2] == 1);
        assert_int_equal(*(const uint8_t *)pixel(&outputs[3], at, 0, 0, 0), 0);
        assert_int_equal(*(const uint8_t *)pixel(&outputs[5], at, 0, 0, 0), 0);
    }
    /* A name without ':' has no category. */
    size_t count;
    const char *const *names = calo_states_categories(s.states, &count);
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "cube");
    assert_string_equal(names[1], "robot");
    for (int i = 0; i < 6; i++)
        free(outputs[i].data);
    close_stage(&s);
}

static void test_rows_bottom_up(void **state)
{
    (void)state;
    stage s = open_stage(1);
    calo_output down = output_of(CALO_OUTPUT_SEMANTIC), up = output_of(CALO_OUTPUT_SEMANTIC);
    calo_states_request request = request_of(&down, 1);
    must_render(&s, &request);
    request.outputs = &up;
    request.rows_bottom_up = true;
    must_render(&s, &request);
    for (size_t y = 0; y < HEIGHT; y++)
        assert_memory_equal(pixel(&down, 1, 1, 0, y), pixel(&up, 1, 1, 0, HEIGHT - 1 - y), WIDTH * sizeof(uint32_t));
    free(down.data);
    free(up.data);
    close_stage(&s);
}

/* Every channel, 600 states in one call and one by one, with other numbers of threads: the same bytes. */
static void test_same_bits(void **state)
{
    (void)state;
    enum { MANY = 600 };
    stage s = open_stage(3), alone = open_stage(1);
    for (uint32_t channel = 0; channel < CALO_CHANNEL_COUNT; channel++) {
        size_t picture = (size_t)calo_output_pixel_bytes(channel) * PIXELS;
        calo_output many = {channel, calloc(2 * MANY, picture), 2 * picture, picture}, one = many;
        one.data = calloc(2, picture);
        calo_states_request request = request_of(&many, 1);
        request.state_count = MANY;
        must_render(&s, &request);
        request.outputs = &one;
        request.state_count = 1;
        must_render(&alone, &request);
        for (size_t at = 0; at < MANY; at++)
            assert_memory_equal((char *)many.data + at * many.state_stride, one.data, 2 * picture);
        free(many.data);
        free(one.data);
    }
    close_stage(&s);
    close_stage(&alone);
}

/* Looks turn views that are not the scene's by state and seed, whatever else is in the batch. */
static void test_looks_turn_views(void **state)
{
    (void)state;
    static const char json[] = "{\"calotype\": 1, \"components\": [{\"type\": \"camera\", \"azimuth_degrees\": [-40, 40]}]}";
    calo_scene *scene = make_scene();
    calo_randomizer *randomizer;
    stage s = {.scene = scene};
    const double position[3] = {1, 2, 3}, target[3] = {0, 0, 0};
    calo_view view = {.camera_to_world = calo_look_at(position, target), .focal_x = 8, .focal_y = 8, .center_x = WIDTH / 2.0,
                      .center_y = HEIGHT / 2.0, .width = WIDTH, .height = HEIGHT};
    assert_int_equal(calo_randomizer_create(&(calo_randomize_subject){.scene = scene}, json, sizeof json - 1, "test", NULL,
                                            &randomizer, NULL), CALO_OK);
    calo_states_subject subject = {.scene = scene, .randomizer = randomizer};
    assert_int_equal(calo_states_create(&subject, &(calo_states_options){.render = {.samples = 1}}, &s.states, NULL), CALO_OK);
    calo_output all = output_of(CALO_CHANNEL_POSITION), last = output_of(CALO_CHANNEL_POSITION);
    calo_states_request request = request_of(&all, 1);
    request.camera_count = 0;
    request.cameras = NULL;
    request.views = &view;
    request.view_count = 1;
    request.first_seed = 5;
    must_render(&s, &request);
    request.outputs = &last;
    request.state_count = 1;
    request.first_seed = 5 + STATES - 1;
    must_render(&s, &request);
    const char *pictures = all.data;
    assert_memory_equal(pictures + (STATES - 1) * all.state_stride, last.data, all.state_stride);
    assert_memory_not_equal(pictures, last.data, all.state_stride);
    free(all.data);
    free(last.data);
    calo_states_destroy(s.states);
    calo_randomizer_destroy(randomizer);
    calo_scene_destroy(scene);
}

static void expect_refusal(const stage *s, const calo_states_request *request, calo_status status, const char *word)
{
    calo_error err = {0};
    assert_int_equal(calo_states_check(s->states, request, &err), status);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" has no \"%s\"", err.message, word);
    assert_int_equal(calo_states_render(s->states, request, &err), status);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const unknown[] = {"fra"};
    const double qpos[] = {0};
    stage s = open_stage(1);
    calo_output output = output_of(CALO_OUTPUT_RGB), pair[2] = {output, output}, wrong = output;
    const calo_states_request good = request_of(&output, 1);
    calo_states_request bad = good;
    bad.cameras = unknown;
    bad.camera_count = 1;
    expect_refusal(&s, &bad, CALO_ERROR_NOT_FOUND, "its cameras are \"near\", \"far\"");
    bad = good, bad.camera_count = 0;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "no camera");
    bad = good, bad.width = 0;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "0 x 16");
    bad = good, bad.height = CALO_FRAME_MAX_SIDE + 1;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "16385");
    bad = good, bad.state_count = 0;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "0 states");
    bad = good, bad.output_count = 0;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "no output");
    bad = good, bad.qpos = qpos, bad.qpos_count = 1;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "no joints");
    bad = good, wrong.kind = 40, bad.outputs = &wrong;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "40");
    pair[1].kind = CALO_CHANNEL_COLOR;
    bad = good, bad.outputs = pair, bad.output_count = 2;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "one of them");
    wrong.kind = CALO_OUTPUT_MUJOCO_SEGMENTATION, bad = good, bad.outputs = &wrong;
    expect_refusal(&s, &bad, CALO_ERROR_ARGUMENT, "MuJoCo");
    free(output.data);
    close_stage(&s);
}

static calo_status refuse(void *user, calo_error *err)
{
    (void)user;
    err->status = CALO_ERROR_CANCELLED;
    return CALO_ERROR_CANCELLED;
}

static void test_poll_stops(void **state)
{
    (void)state;
    stage s = open_stage(1);
    calo_output output = output_of(CALO_OUTPUT_RGB);
    calo_states_request request = request_of(&output, 1);
    calo_error err = {0};
    request.poll = refuse;
    assert_int_equal(calo_states_render(s.states, &request, &err), CALO_ERROR_CANCELLED);
    request.poll = NULL;
    must_render(&s, &request);
    free(output.data);
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_rows_bottom_up), cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_looks_turn_views),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_poll_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
