#include "scene_sample.h"

#include "scene/deform.h"

static calo_pose *rest(const calo_scene *scene)
{
    calo_pose *pose = NULL;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    return pose;
}

static void assert_floats(const float *found, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_near((double)found[i], (double)expected[i], 1e-6);
}

static void test_rest_needs_no_deforming(void **state)
{
    (void)state;
    const float delta[9] = {0};
    const calo_morph_target target = {.positions = delta};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.morph_target_count = 1;
    triangle.morph_targets = &target;
    sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    calo_pose *pose = rest(scene);
    assert_false(calo_deform_needed(pose, 0, scene->meshes[0].primitives)); /* all weights are 0 */
    assert_false(calo_deform_is_skinned(pose, 0, scene->meshes[0].primitives));
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void test_morph_adds_weighted_deltas(void **state)
{
    (void)state;
    const float normals[9] = {0, 0, 1, 0, 0, 1, 0, 0, 1}, weights[2] = {0.5f, 2};
    const float move[9] = {2, 0, 0, 0, 4, 0, 0, 0, 6}, lift[9] = {0, 0, 1, 0, 0, 1, 0, 0, 1};
    const float tilt[9] = {2, 0, 0, 0, 0, 0, 0, 0, -2};
    const calo_morph_target targets[2] = {{.positions = move, .normals = tilt}, {.positions = lift}};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.normals = normals;
    triangle.morph_target_count = 2;
    triangle.morph_targets = targets;
    int32_t node = sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    scene->nodes[node].weights = weights;
    scene->nodes[node].weight_count = 2;
    scene->nodes[node].translation[0] = 100; /* stays out of it */
    calo_pose *pose = rest(scene);
    assert_true(calo_deform_needed(pose, node, scene->meshes[0].primitives));
    float positions[9], turned[9], slope = sqrtf(0.5f);
    assert_int_equal(
        calo_deform_primitive(pose, node, scene->meshes[0].primitives, positions, turned, NULL, NULL), CALO_OK);
    assert_floats(positions, (const float[9]){1, 0, 2, 1, 2, 2, 0, 2, 5}, 9);
    /* (0,0,1) + 0.5 * (2,0,0) at 45 degrees; unchanged; (0,0,1) - (0,0,1) has no direction and stays 0. */
    assert_floats(turned, (const float[9]){slope, 0, slope, 0, 0, 1, 0, 0, 0}, 9);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

/* Two joints: one at rest, one turned a quarter about z and moved up by 5; the vertices follow
 * the first, the second, and half of each. */
static void test_skin_blends_joint_matrices(void **state)
{
    (void)state;
    const uint16_t joints[12] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0};
    const float weights[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0.5f, 0.5f, 0, 0};
    const float normals[9] = {1, 0, 0, 1, 0, 0, 0, 0, 1}, tangents[12] = {0, 1, 0, 1, 0, 1, 0, -1, 1, 0, 0, 1};
    const int32_t skin_joints[2] = {1, 2};
    calo_mat4 inverse_bind[2] = {calo_mat4_identity(), calo_mat4_identity()};
    inverse_bind[1].m[0][3] = -1; /* the joint is bound at (1, 0, 0) */
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.normals = normals;
    triangle.tangents = tangents;
    triangle.influences = 4;
    triangle.joints = joints;
    triangle.weights = weights;
    int32_t node = sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    sample_node(scene, -1, -1);
    sample_node(scene, -1, -1);
    scene->nodes[node].translation[1] = 1000; /* a skinned mesh ignores its own node */
    memcpy(scene->nodes[2].rotation, (double[4]){0, 0, sqrt(0.5), sqrt(0.5)}, sizeof(double[4]));
    scene->nodes[2].translation[2] = 5;
    calo_skin skin = {.joint_count = 2, .joints = skin_joints, .inverse_bind = inverse_bind};
    scene->nodes[node].skin = calo_scene_add_skin(scene, &skin, NULL);
    assert_sealed(scene);
    calo_pose *pose = rest(scene);
    const calo_primitive *primitive = scene->meshes[0].primitives;
    assert_true(calo_deform_is_skinned(pose, node, primitive));
    float positions[9], turned[9], along[12];
    assert_int_equal(calo_deform_primitive(pose, node, primitive, positions, turned, along, NULL), CALO_OK);
    /* The second: (1,0,0) - (1,0,0) = 0, so the joint's place (0,0,5). The third: (0,2,0) stays, and
     * (-1,2,0) turned is (-2,-1,0), up 5; the mean is (-1, 0.5, 2.5). */
    assert_floats(positions, (const float[9]){0, 0, 0, 0, 0, 5, -1, 0.5f, 2.5f}, 9);
    assert_floats(turned, (const float[9]){1, 0, 0, 0, 1, 0, 0, 0, 1}, 9);
    float slope = sqrtf(0.5f);
    assert_floats(along, (const float[12]){0, 1, 0, 1, -1, 0, 0, -1, slope, slope, 0, 1}, 12);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

/* Through a mirror the outside stays outside. */
static void test_mirrored_normals_point_outwards(void **state)
{
    (void)state;
    const uint16_t joints[12] = {0};
    const float weights[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, normals[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const int32_t skin_joints[1] = {1};
    const calo_mat4 identity = calo_mat4_identity();
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.normals = normals;
    triangle.influences = 4;
    triangle.joints = joints;
    triangle.weights = weights;
    sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    sample_node(scene, -1, -1);
    scene->nodes[1].scale[0] = -2;
    calo_skin skin = {.joint_count = 1, .joints = skin_joints, .inverse_bind = &identity};
    scene->nodes[0].skin = calo_scene_add_skin(scene, &skin, NULL);
    calo_pose *pose = rest(scene);
    float positions[9], turned[9];
    assert_int_equal(
        calo_deform_primitive(pose, 0, scene->meshes[0].primitives, positions, turned, NULL, NULL), CALO_OK);
    assert_floats(turned, (const float[9]){-1, 0, 0, 0, 1, 0, 0, 0, 1}, 9);
    double low[3], high[3];
    assert_int_equal(calo_pose_bounds(pose, low, high, NULL), CALO_OK);
    assert_point(low, -2, 0, 0);
    assert_point(high, 0, 2, 0);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_needs_no_deforming),
        cmocka_unit_test(test_morph_adds_weighted_deltas),
        cmocka_unit_test(test_skin_blends_joint_matrices),
        cmocka_unit_test(test_mirrored_normals_point_outwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
