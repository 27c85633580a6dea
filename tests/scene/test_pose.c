#include "scene_sample.h"

#include "base/exact_math.h"

static calo_pose *pose_of(const calo_scene *scene, const calo_pose_options *options)
{
    calo_pose *pose = NULL;
    calo_error err = {0};
    if (calo_pose_create(scene, options, &pose, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return pose;
}

static void assert_moves(const calo_pose *pose, int32_t node, const double from[3], double x, double y, double z)
{
    double to[3];
    calo_mat4_point(&pose->node_to_world[node], from, to);
    assert_point(to, x, y, z);
}

static void test_chain_with_matrix_world_and_root(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    scene->source_to_world = calo_mat4_y_up_to_z_up();
    int32_t parent = sample_node(scene, -1, -1), child = sample_node(scene, parent, -1);
    scene->nodes[parent].has_matrix = true;
    scene->nodes[parent].matrix = (calo_mat4){{{1, 0, 0, 10}, {0, 1, 0, 20}, {0, 0, 1, 30}, {0, 0, 0, 1}}};
    memcpy(scene->nodes[child].scale, (double[3]){2, 3, 4}, sizeof(double[3]));
    /* A quarter turn about z: x goes to y. */
    memcpy(scene->nodes[child].rotation, (double[4]){0, 0, sqrt(0.5), sqrt(0.5)}, sizeof(double[4]));
    memcpy(scene->nodes[child].translation, (double[3]){1, 0, 0}, sizeof(double[3]));
    calo_pose *pose = pose_of(scene, NULL);
    /* (1, 1, 1) * scale = (2, 3, 4), turned (-3, 2, 4), moved (8, 22, 34), y up to z up (8, -34, 22). */
    assert_moves(pose, child, (double[3]){1, 1, 1}, 8, -34, 22);
    calo_pose_destroy(pose);
    const calo_mat4 half = {{{0.5, 0, 0, 1}, {0, 0.5, 0, 0}, {0, 0, 0.5, 0}, {0, 0, 0, 1}}};
    pose = pose_of(scene, &(calo_pose_options){.root = &half});
    assert_moves(pose, child, (double[3]){1, 1, 1}, 5, -17, 11);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

/* A scene with one node, moved by one channel. */
static calo_scene *animated(const calo_animation_channel *channel)
{
    const calo_animation animation = {.name = "move", .channel_count = 1, .channels = channel};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    calo_scene_add_animation(scene, &animation, NULL);
    assert_sealed(scene);
    return scene;
}

static void assert_at_time(const calo_scene *scene, double time, const double from[3], double x, double y, double z)
{
    calo_pose *pose = pose_of(scene, &(calo_pose_options){.animation = 1, .time_seconds = time});
    assert_moves(pose, 0, from, x, y, z);
    calo_pose_destroy(pose);
}

static const double origin[3] = {0, 0, 0}, unit_x[3] = {1, 0, 0};
static const float three_times[3] = {1, 2, 4};
static const float three_places[9] = {0, 0, 0, 2, 4, 6, 10, 4, -2};
static const calo_animation_channel through_three_places = {
    .path = CALO_PATH_TRANSLATION,
    .interpolation = CALO_INTERPOLATION_LINEAR,
    .key_count = 3,
    .components = 3,
    .times_seconds = three_times,
    .values = three_places,
};

static void test_linear_translation_is_clamped(void **state)
{
    (void)state;
    calo_scene *scene = animated(&through_three_places);
    assert_at_time(scene, -5, origin, 0, 0, 0);
    assert_at_time(scene, 1, origin, 0, 0, 0);
    assert_at_time(scene, 1.25, origin, 0.5, 1, 1.5);
    assert_at_time(scene, 2, origin, 2, 4, 6);
    assert_at_time(scene, 3, origin, 6, 4, 2);
    assert_at_time(scene, 99, origin, 10, 4, -2);
    calo_scene_destroy(scene);
}

static void test_steps_hold_until_the_next_key(void **state)
{
    (void)state;
    const calo_animation_channel channel = {.path = CALO_PATH_SCALE,
                                            .interpolation = CALO_INTERPOLATION_STEP,
                                            .key_count = 3,
                                            .components = 3,
                                            .times_seconds = three_times,
                                            .values = three_places};
    calo_scene *scene = animated(&channel);
    assert_at_time(scene, 1.999, unit_x, 0, 0, 0);
    assert_at_time(scene, 2, unit_x, 2, 0, 0);
    assert_at_time(scene, 3.999, unit_x, 2, 0, 0);
    assert_at_time(scene, 4, unit_x, 10, 0, 0);
    calo_scene_destroy(scene);
}

static void test_rotation_goes_the_short_way_at_even_speed(void **state)
{
    (void)state;
    const float times[2] = {0, 3}, half = sqrtf(0.5f);
    /* A quarter turn about z, given with the sign that is the long way round. */
    const float values[8] = {0, 0, 0, 1, 0, 0, -half, -half};
    const calo_animation_channel channel = {.path = CALO_PATH_ROTATION,
                                            .interpolation = CALO_INTERPOLATION_LINEAR,
                                            .key_count = 2,
                                            .components = 4,
                                            .times_seconds = times,
                                            .values = values};
    calo_scene *scene = animated(&channel);
    for (int degrees = 0; degrees <= 90; degrees += 15) {
        double sine, cosine;
        calo_sincos(calo_radians(degrees), &sine, &cosine);
        assert_at_time(scene, degrees / 30.0, unit_x, cosine, sine, 0);
    }
    calo_scene_destroy(scene);
}

static void test_cubic_spline_is_hermite(void **state)
{
    (void)state;
    const float times[2] = {0, 2};
    /* In-tangent, value, out-tangent of each key: x(t) = t^3 has x(0) = 0, x'(0) = 0, x(2) = 8, x'(2) = 12;
     * y(t) = t^2 has y'(2) = 4; z(t) = t has slope 1 at both ends. */
    const float values[18] = {9, 9, 9, 0, 0, 0, 0, 0, 1, 12, 4, 1, 8, 4, 2, 9, 9, 9};
    const calo_animation_channel channel = {.path = CALO_PATH_TRANSLATION,
                                            .interpolation = CALO_INTERPOLATION_CUBIC,
                                            .key_count = 2,
                                            .components = 3,
                                            .times_seconds = times,
                                            .values = values};
    calo_scene *scene = animated(&channel);
    for (double t = 0; t <= 2; t += 0.25)
        assert_at_time(scene, t, origin, t * t * t, t * t, t);
    assert_at_time(scene, 3, origin, 8, 4, 2);
    calo_scene_destroy(scene);
}

static void test_morph_weights_come_from_animation_node_or_mesh(void **state)
{
    (void)state;
    const float times[2] = {0, 1}, values[4] = {0, 1, 1, 0}, own[2] = {0.25f, 0.75f}, mesh_weights[1] = {0.5f};
    const calo_morph_target targets[2] = {{0}};
    const calo_animation_channel channel = {.path = CALO_PATH_WEIGHTS,
                                            .key_count = 2,
                                            .components = 2,
                                            .times_seconds = times,
                                            .values = values};
    calo_scene *scene = animated(&channel);
    calo_primitive triangle = sample_triangle();
    triangle.morph_target_count = 2;
    triangle.morph_targets = targets;
    int32_t mesh = sample_mesh(scene, "face", &triangle);
    scene->meshes[mesh].weights = mesh_weights;
    scene->meshes[mesh].weight_count = 1;
    scene->nodes[0].mesh = mesh;
    int32_t with_own = sample_node(scene, -1, mesh), bare = sample_node(scene, -1, -1);
    scene->nodes[with_own].weights = own;
    scene->nodes[with_own].weight_count = 2;
    calo_pose *pose = pose_of(scene, NULL);
    assert_true(pose->morph_weights[0][0] == 0.5f && pose->morph_weights[0][1] == 0);
    assert_true(pose->morph_weights[with_own][0] == 0.25f && pose->morph_weights[with_own][1] == 0.75f);
    assert_null(pose->morph_weights[bare]);
    calo_pose_destroy(pose);
    pose = pose_of(scene, &(calo_pose_options){.animation = 1, .time_seconds = 0.25});
    assert_true(pose->morph_weights[0][0] == 0.25f && pose->morph_weights[0][1] == 0.75f);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void test_bad_options_are_refused(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_pose *pose = NULL;
    calo_error err = {0};
    assert_int_equal(calo_pose_create(scene, &(calo_pose_options){.animation = 1}, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "sample.xyz has 0 animations: there is no animation 1");
    assert_null(pose);
    assert_int_equal(calo_pose_create(scene, &(calo_pose_options){.time_seconds = NAN}, &pose, NULL),
                     CALO_ERROR_ARGUMENT);
    int32_t parent = sample_node(scene, -1, -1), child = sample_node(scene, parent, -1);
    scene->nodes[parent].scale[0] = scene->nodes[child].scale[0] = 1e200;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, &err), CALO_ERROR_FORMAT);
    calo_pose_destroy(NULL);
    calo_scene_destroy(scene);
}

static void test_overrides_replace_local_transforms(void **state)
{
    (void)state;
    calo_scene *scene = animated(&through_three_places);
    int32_t child = sample_node(scene, 0, -1);
    scene->nodes[child].translation[2] = 7;
    calo_node_override moves[2] = {
        {.node = 0, .local = {{{1, 0, 0, 99}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}}},
        {.node = 0, .local = {{{2, 0, 0, 5}, {0, 2, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 1}}}},
    };
    calo_pose_options options = {.animation = 1, .time_seconds = 2, .overrides = moves, .override_count = 2};
    calo_pose *pose = pose_of(scene, &options);
    memset(moves, 0, sizeof moves); /* dropped after the call */
    assert_moves(pose, 0, unit_x, 7, 0, 0);
    assert_moves(pose, child, unit_x, 7, 0, 14);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void test_overrides_give_morph_weights(void **state)
{
    (void)state;
    const float up[9] = {0, 0, 1, 0, 0, 1, 0, 0, 1};
    const calo_morph_target targets[2] = {{.positions = up}, {.positions = up}};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.morph_target_count = 2;
    triangle.morph_targets = targets;
    int32_t mesh = sample_mesh(scene, "thing", &triangle), first = sample_node(scene, -1, mesh);
    int32_t second = sample_node(scene, -1, mesh);
    assert_sealed(scene);
    float weights[2] = {0.25f, 0.5f};
    calo_node_override move = {.node = (uint32_t)second, .local = calo_mat4_identity(), .weights = weights};
    calo_pose_options options = {.overrides = &move, .override_count = 1};
    calo_pose *pose = pose_of(scene, &options);
    assert_near(pose->morph_weights[second][0], 0.25, 0);
    assert_near(pose->morph_weights[second][1], 0.5, 0);
    assert_near(pose->morph_weights[first][1], 0, 0);
    calo_pose_destroy(pose);
    scene->nodes[second].translation[0] = 9;
    move.keeps_place = true;
    pose = pose_of(scene, &options);
    assert_moves(pose, second, origin, 9, 0, 0);
    assert_near(pose->morph_weights[second][1], 0.5, 0);
    calo_pose_destroy(pose);
    weights[1] = NAN;
    calo_error err = {0};
    assert_int_equal(calo_pose_create(scene, &options, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "morph weight 1 that is given for node 1 of sample.xyz is not finite");
    calo_scene_destroy(scene);
}

static void test_bad_overrides_are_refused(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    sample_node(scene, -1, -1);
    calo_node_override move = {.node = 1, .local = calo_mat4_identity()};
    calo_pose_options options = {.overrides = &move, .override_count = 1};
    calo_pose *pose = NULL;
    calo_error err = {0};
    assert_int_equal(calo_pose_create(scene, &options, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "sample.xyz has 1 nodes: there is no node 1 to be moved");
    move.node = 0;
    move.local.m[2][3] = INFINITY;
    assert_int_equal(calo_pose_create(scene, &options, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "the transform that is given for node 0 of sample.xyz is not finite");
    options.overrides = NULL;
    assert_int_equal(calo_pose_create(scene, &options, &pose, &err), CALO_ERROR_ARGUMENT);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_with_matrix_world_and_root),
        cmocka_unit_test(test_linear_translation_is_clamped),
        cmocka_unit_test(test_steps_hold_until_the_next_key),
        cmocka_unit_test(test_rotation_goes_the_short_way_at_even_speed),
        cmocka_unit_test(test_cubic_spline_is_hermite),
        cmocka_unit_test(test_morph_weights_come_from_animation_node_or_mesh),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_overrides_replace_local_transforms),
        cmocka_unit_test(test_overrides_give_morph_weights),
        cmocka_unit_test(test_bad_overrides_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
