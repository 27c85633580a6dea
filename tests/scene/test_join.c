/* Scenes in one: indices, places and skins of the copies; instance ids that are given. */
#include "scene/join.h"
#include "scene/instances.h"
#include "scene_sample.h"

static const calo_mat4 moved_by_ten = {{{1, 0, 0, 10}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};

/* Two nodes, a textured material, a camera; y up. */
static calo_scene *make_source(void)
{
    static const uint8_t texel[4] = {1, 2, 3, 255};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    calo_material material = calo_material_default();
    scene->source_to_world = calo_mat4_y_up_to_z_up();
    calo_scene_image image = {.width = 1, .height = 1, .pixels = texel};
    calo_texture texture = {.image = calo_scene_add_image(scene, &image, NULL)};
    material.slots[CALO_SLOT_BASE_COLOR].texture = calo_scene_add_texture(scene, &texture, NULL);
    triangle.material = calo_scene_add_material(scene, &material, NULL);
    int32_t mesh = sample_mesh(scene, "mesh", &triangle);
    int32_t parent = sample_node(scene, -1, mesh);
    sample_node(scene, parent, mesh);
    scene->nodes[parent].translation[1] = 5;
    calo_camera camera = {.fov_y_radians = 1};
    scene->nodes[parent].camera = calo_scene_add_camera(scene, &camera, NULL);
    assert_int_equal(calo_scene_seal(scene, NULL), CALO_OK);
    return scene;
}

static void copies_stand_where_they_are_put(void **state)
{
    (void)state;
    calo_scene *source = make_source(), *other = make_source(), *target = sample_scene(NULL);
    calo_join join, second;
    const calo_mat4 identity = calo_mat4_identity();
    assert_int_equal(calo_scene_join_parts(target, source, &join, NULL), CALO_OK);
    assert_int_equal(calo_scene_join_parts(target, other, &second, NULL), CALO_OK);
    assert_int_equal(calo_scene_join_nodes(target, &join, &identity, 1, NULL), CALO_OK);
    assert_int_equal(calo_scene_join_nodes(target, &second, &moved_by_ten, 2, NULL), CALO_OK);
    assert_int_equal(calo_scene_join_nodes(target, &join, &moved_by_ten, 3, NULL), CALO_OK);
    assert_int_equal(calo_scene_seal(target, NULL), CALO_OK);
    assert_int_equal(target->mesh_count, 2);
    assert_int_equal(target->material_count, 2);
    assert_int_equal(target->node_count, 6);
    assert_int_equal(target->nodes[3].parent, 2);
    assert_int_equal(target->nodes[3].mesh, 1);
    assert_int_equal(target->nodes[5].mesh, 0);
    assert_int_equal(target->nodes[4].camera, -1);
    assert_int_equal(target->camera_count, 0);
    assert_int_equal(target->meshes[1].primitives[0].material, 1);
    assert_int_equal(target->materials[1].slots[CALO_SLOT_BASE_COLOR].texture, 1);
    assert_int_equal(target->materials[1].slots[CALO_SLOT_NORMAL].texture, -1);
    assert_int_equal(target->textures[1].image, 1);
    calo_pose *pose = NULL;
    assert_int_equal(calo_pose_create(target, NULL, &pose, NULL), CALO_OK);
    double corner[3] = {1, 2, 3};
    calo_mat4_point(&pose->node_to_world[3], corner, corner);
    assert_point(corner, 11, -3, 7); /* (1, 2 + 5, 3) turned to z up: (1, -3, 7) */
    calo_pose_destroy(pose);
    calo_scene_destroy(target);
    calo_scene_destroy(source);
    calo_scene_destroy(other);
}

static void skins_follow_their_own_joints(void **state)
{
    (void)state;
    static const uint16_t joints[12] = {0};
    static const float weights[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    static const int32_t joint = 1;
    const calo_mat4 identity = calo_mat4_identity();
    calo_scene *source = sample_scene(NULL), *target = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    triangle.influences = 4;
    triangle.joints = joints;
    triangle.weights = weights;
    sample_node(source, -1, sample_mesh(source, "skinned", &triangle));
    sample_node(source, -1, -1);
    calo_skin skin = {.joint_count = 1, .joints = &joint, .inverse_bind = &identity};
    source->nodes[0].skin = calo_scene_add_skin(source, &skin, NULL);
    assert_int_equal(calo_scene_seal(source, NULL), CALO_OK);
    calo_join join;
    assert_int_equal(calo_scene_join_parts(target, source, &join, NULL), CALO_OK);
    assert_int_equal(calo_scene_join_nodes(target, &join, &identity, 0, NULL), CALO_OK);
    assert_int_equal(calo_scene_join_nodes(target, &join, &moved_by_ten, 0, NULL), CALO_OK);
    assert_int_equal(calo_scene_seal(target, NULL), CALO_OK);
    assert_int_equal(target->skins[1].joints[0], 3);
    calo_pose *pose = NULL;
    double low[3], high[3];
    assert_int_equal(calo_pose_create(target, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_pose_bounds(pose, low, high, NULL), CALO_OK);
    assert_point(low, 0, 0, 0);
    assert_point(high, 11, 2, 0);
    calo_pose_destroy(pose);
    calo_scene_destroy(target);
    calo_scene_destroy(source);
}

static void ids_that_are_given_come_first(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_primitive triangle = sample_triangle();
    int32_t mesh = sample_mesh(scene, "mesh", &triangle);
    const calo_mat4 copies[3] = {calo_mat4_identity(), calo_mat4_identity(), calo_mat4_identity()};
    static const uint32_t given[6] = {0, 2, 2, 0, 0, 2};
    static const uint64_t expected[6] = {3, 2, 2, 7, 4, 2};
    static const uint32_t counts[6] = {1, 1, 1, 1, 3, 1};
    for (int i = 0; i < 6; i++) {
        sample_node(scene, -1, mesh);
        scene->nodes[i].instance_id = given[i];
    }
    scene->nodes[2].instances = scene->nodes[4].instances = copies;
    scene->nodes[2].instance_count = scene->nodes[4].instance_count = 3;
    scene->nodes[3].visible = scene->nodes[5].visible = false;
    assert_int_equal(calo_scene_seal(scene, NULL), CALO_OK);
    calo_instance_ids ids = calo_instance_ids_start(scene);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(calo_instance_ids_take(&ids, &scene->nodes[i]), expected[i]);
        assert_int_equal(calo_node_id_count(&scene->nodes[i]), counts[i]);
    }
    assert_int_equal(calo_instance_ids_end(scene), 8);
    calo_scene_destroy(scene);
    scene = sample_scene(NULL);
    sample_node(scene, -1, -1);
    scene->nodes[0].instance_id = CALO_INSTANCE_ID_GIVEN_MAX + 1;
    assert_int_equal(calo_scene_seal(scene, NULL), CALO_ERROR_LIMIT);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_stand_where_they_are_put),
        cmocka_unit_test(skins_follow_their_own_joints),
        cmocka_unit_test(ids_that_are_given_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
