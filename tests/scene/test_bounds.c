#include "scene_sample.h"

static void assert_box(const calo_scene *scene, const double low[3], const double high[3])
{
    calo_pose *pose = NULL;
    double found_low[3], found_high[3];
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_pose_bounds(pose, found_low, found_high, NULL), CALO_OK);
    assert_point(found_low, low[0], low[1], low[2]);
    assert_point(found_high, high[0], high[1], high[2]);
    calo_pose_destroy(pose);
}

static void test_only_used_vertices_of_visible_nodes_count(void **state)
{
    (void)state;
    const float positions[12] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 99, 99, 99};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.positions = positions;
    triangle.vertex_count = 4;
    int32_t mesh = sample_mesh(scene, "thing", &triangle);
    sample_node(scene, -1, mesh);
    int32_t hidden = sample_node(scene, -1, mesh);
    scene->nodes[hidden].visible = false;
    scene->nodes[hidden].translation[0] = 50;
    assert_box(scene, (double[3]){0, 0, 0}, (double[3]){1, 2, 0});
    scene->source_to_world = calo_mat4_y_up_to_z_up();
    assert_box(scene, (double[3]){0, 0, 0}, (double[3]){1, 0, 2});
    calo_scene_destroy(scene);
}

/* A turned triangle's box is that of its corners, not the turned box. */
static void test_the_box_is_tight(void **state)
{
    (void)state;
    const float positions[9] = {-1, -1, 0, 1, 1, 0, -1, -1, 0};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.positions = positions;
    sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    /* An eighth of a turn about z puts the diagonal on the y axis. */
    const double s = sqrt(0.5);
    scene->nodes[0].has_matrix = true;
    scene->nodes[0].matrix = (calo_mat4){{{s, -s, 0, 0}, {s, s, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};
    assert_box(scene, (double[3]){0, -sqrt(2), 0}, (double[3]){0, sqrt(2), 0});
    calo_scene_destroy(scene);
}

static void test_instances_and_morphs_count(void **state)
{
    (void)state;
    const float delta[9] = {0, 0, 0, 0, 0, 0, 0, 0, 8}, weights[1] = {0.5f};
    const calo_morph_target target = {.positions = delta};
    calo_mat4 copies[2] = {calo_mat4_identity(), calo_mat4_identity()};
    copies[0].m[0][3] = -10;
    copies[1].m[1][3] = 10;
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.morph_target_count = 1;
    triangle.morph_targets = &target;
    sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    scene->nodes[0].instance_count = 2;
    scene->nodes[0].instances = copies;
    scene->nodes[0].weights = weights;
    scene->nodes[0].weight_count = 1;
    scene->nodes[0].scale[0] = 2; /* applied after the instance: -10 becomes -20 */
    assert_box(scene, (double[3]){-20, 0, 0}, (double[3]){2, 12, 4});
    calo_scene_destroy(scene);
}

static void test_an_endless_box_is_refused(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    sample_node(scene, -1, sample_mesh(scene, "thing", &triangle));
    scene->nodes[0].scale[1] = 1.7e308;
    calo_pose *pose = NULL;
    calo_error err = {0};
    double low[3], high[3];
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_pose_bounds(pose, low, high, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "sample.xyz: its box reaches from 0 to inf on axis 1"));
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_used_vertices_of_visible_nodes_count),
        cmocka_unit_test(test_the_box_is_tight),
        cmocka_unit_test(test_instances_and_morphs_count),
        cmocka_unit_test(test_an_endless_box_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
