/* Nodes, scenes, cameras, lights, instances, skins and animations of a glTF file. */
#include "gltf_sample.h"

#include <math.h>
#include <string.h>

#define MESH "'meshes':[{'primitives':[{'attributes':{'POSITION':0}}]}]"

static gltf_sample make_sample(void)
{
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    return sample;
}

static int32_t find_node(const calo_scene *scene, const char *name)
{
    for (uint32_t i = 0; i < scene->node_count; i++)
        if (strcmp(scene->nodes[i].name, name) == 0)
            return (int32_t)i;
    fail_msg("there is no node \"%s\"", name);
    return -1;
}

static void test_parents_stand_first(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(&sample, MESH ",'nodes':[{'name':'leaf','mesh':0},{'name':'middle','children':[0]},"
                                             "{'name':'other'},{'name':'root','children':[1,2]}]");
    assert_loaded(scene, &sample);
    int32_t root = find_node(scene, "root"), middle = find_node(scene, "middle"), leaf = find_node(scene, "leaf");
    assert_int_equal(scene->node_count, 4);
    assert_int_equal(scene->nodes[root].parent, -1);
    assert_int_equal(scene->nodes[middle].parent, root);
    assert_int_equal(scene->nodes[leaf].parent, middle);
    assert_int_equal(scene->nodes[find_node(scene, "other")].parent, root);
    assert_true(root < middle && middle < leaf);
    assert_int_equal(scene->nodes[leaf].mesh, 0);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_broken_trees(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0},{'children':[2]},{'children':[1]}]"), &sample,
                   CALO_ERROR_FORMAT, "nodes[1]: the node is among its own ancestors");
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0,'children':[0]}]"), &sample, CALO_ERROR_FORMAT,
                   "nodes[0]: the node is among its own ancestors");
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0},{'children':[0]},{'children':[0]}]"), &sample,
                   CALO_ERROR_FORMAT, "nodes[2]: its child, node 0, already is a child of nodes[1]");
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0,'children':[9]}]"), &sample, CALO_ERROR_FORMAT,
                   "nodes[0]: \"children\" is 9, but the file has 1 of them");
    sample_finish(&sample);
}

static void test_deep_tree(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    sample.limits.max_nesting = 3;
    const char *const tree = MESH ",'nodes':[{'children':[1]},{'children':[2]},{'mesh':0%s}%s]";
    calo_scene *scene = sample_load(&sample, tree, "", "");
    assert_loaded(scene, &sample);
    calo_scene_destroy(scene);
    assert_refused(sample_load(&sample, tree, ",'children':[3]", ",{}"), &sample, CALO_ERROR_LIMIT,
                   "nodes[3]: it stands more than 3 nodes deep");
    sample_finish(&sample);
}

/* Two nodes; which are visible with these JSON members for scenes? */
static void check_visible(const char *scenes, bool first, bool second)
{
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(&sample, MESH ",'nodes':[{'name':'a','children':[2]},{'name':'b','children':[3]},"
                                             "{'name':'a1','mesh':0},{'name':'b1','mesh':0}]%s", scenes);
    assert_loaded(scene, &sample);
    assert_int_equal(scene->nodes[find_node(scene, "a")].visible, first);
    assert_int_equal(scene->nodes[find_node(scene, "a1")].visible, first);
    assert_int_equal(scene->nodes[find_node(scene, "b")].visible, second);
    assert_int_equal(scene->nodes[find_node(scene, "b1")].visible, second);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_active_scene(void **state)
{
    (void)state;
    check_visible("", true, true);
    check_visible(",'scenes':[{'nodes':[0]},{'nodes':[1]}]", true, false);
    check_visible(",'scenes':[{'nodes':[0]},{'nodes':[1]}],'scene':1", false, true);
    check_visible(",'scenes':[{'nodes':[0,1]}],'scene':0", true, true);
}

static void test_transforms(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(&sample, MESH ",'nodes':[{'name':'trs','mesh':0,'translation':[1,2,3],"
                                             "'rotation':[0,0,3,4],'scale':[2,-1,0.5]},"
                                             "{'name':'matrix','matrix':[1,2,3,0,4,5,6,0,7,8,9,0,10,11,12,1]},"
                                             "{'name':'zero','rotation':[0,0,0,0]}]");
    assert_loaded(scene, &sample);
    const calo_node *trs = &scene->nodes[find_node(scene, "trs")];
    assert_false(trs->has_matrix);
    assert_memory_equal(trs->translation, ((double[]){1, 2, 3}), sizeof trs->translation);
    assert_memory_equal(trs->rotation, ((double[]){0, 0, 3 / 5.0, 4 / 5.0}), sizeof trs->rotation);
    assert_memory_equal(trs->scale, ((double[]){2, -1, 0.5}), sizeof trs->scale);
    const calo_node *matrix = &scene->nodes[find_node(scene, "matrix")];
    const double expected[4][4] = {{1, 4, 7, 10}, {2, 5, 8, 11}, {3, 6, 9, 12}, {0, 0, 0, 1}};
    assert_true(matrix->has_matrix);
    assert_memory_equal(matrix->matrix.m, expected, sizeof expected);
    const double no_turn[4] = {0, 0, 0, 1};
    assert_memory_equal(scene->nodes[find_node(scene, "zero")].rotation, no_turn, sizeof no_turn);
    assert_int_equal(has_warning(scene, "bad-rotation"), 1);
    /* y up becomes z up. */
    const double z_up[4][4] = {{1, 0, 0, 0}, {0, 0, -1, 0}, {0, 1, 0, 0}, {0, 0, 0, 1}};
    assert_memory_equal(scene->source_to_world.m, z_up, sizeof z_up);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_cameras_and_lights(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(
        &sample, MESH ",'nodes':[{'mesh':0,'camera':1,'extensions':{'KHR_lights_punctual':{'light':2}}}],"
                 "'cameras':[{'type':'perspective','name':'eye','perspective':{'yfov':0.5,'aspectRatio':1.5,"
                 "'znear':0.1,'zfar':100}},"
                 "{'type':'orthographic','orthographic':{'xmag':2,'ymag':3,'znear':0.5,'zfar':9}}],"
                 "'extensions':{'KHR_lights_punctual':{'lights':[{'type':'directional','color':[1,0.5,0.25],"
                 "'intensity':3},{'type':'point','range':7,'name':'bulb'},{'type':'spot','spot':{'innerConeAngle':0.25,"
                 "'outerConeAngle':0.5}}]}}");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->camera_count, 2);
    assert_false(scene->cameras[0].orthographic);
    assert_string_equal(scene->cameras[0].name, "eye");
    assert_true(scene->cameras[0].fov_y_radians == 0.5 && scene->cameras[0].aspect_ratio == 1.5);
    assert_true(scene->cameras[0].near_metres == 0.1 && scene->cameras[0].far_metres == 100);
    assert_true(scene->cameras[1].orthographic);
    assert_true(scene->cameras[1].x_magnitude == 2 && scene->cameras[1].y_magnitude == 3);
    assert_int_equal(scene->light_count, 3);
    assert_int_equal(scene->lights[0].kind, CALO_LIGHT_DIRECTIONAL);
    assert_memory_equal(scene->lights[0].color, ((float[]){1, 0.5f, 0.25f}), 3 * sizeof(float));
    assert_true(scene->lights[0].intensity == 3);
    assert_int_equal(scene->lights[1].kind, CALO_LIGHT_POINT);
    assert_true(scene->lights[1].intensity == 1 && scene->lights[1].range_metres == 7);
    assert_int_equal(scene->lights[2].kind, CALO_LIGHT_SPOT);
    assert_true(scene->lights[2].inner_cone_radians == 0.25f && scene->lights[2].outer_cone_radians == 0.5f);
    assert_int_equal(scene->nodes[0].camera, 1);
    assert_int_equal(scene->nodes[0].light, 2);
    calo_scene_destroy(scene);
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0,'extensions':{'KHR_lights_punctual':{'light':0}}}]"),
                   &sample, CALO_ERROR_FORMAT, "\"light\" is 0, but the file has 0 of them");
    sample_finish(&sample);
}

static void test_instances(void **state)
{
    (void)state;
    static const float translations[6] = {1, 2, 3, 4, 5, 6};
    static const int8_t rotations[8] = {0, 0, 0, 127, 127, 0, 0, 0};
    gltf_sample sample = make_sample();
    sample_floats(&sample, 3, 2, translations);
    sample_data(&sample, rotations, sizeof rotations, "'componentType':5120,'normalized':true,'type':'VEC4','count':2");
    calo_scene *scene = sample_load(&sample, MESH ",'nodes':[{'mesh':0,'extensions':{'EXT_mesh_gpu_instancing':"
                                             "{'attributes':{'TRANSLATION':1,'ROTATION':2,'_ID':1}}}}]");
    assert_loaded(scene, &sample);
    const calo_node *node = &scene->nodes[0];
    /* The second is turned by half a turn about x. */
    const double expected[2][4][4] = {{{1, 0, 0, 1}, {0, 1, 0, 2}, {0, 0, 1, 3}, {0, 0, 0, 1}},
                                      {{1, 0, 0, 4}, {0, -1, 0, 5}, {0, 0, -1, 6}, {0, 0, 0, 1}}};
    assert_int_equal(node->instance_count, 2);
    for (int i = 0; i < 2; i++)
        for (int r = 0; r < 4; r++)
            for (int c = 0; c < 4; c++)
                assert_true(node->instances[i].m[r][c] == expected[i][r][c]);
    calo_scene_destroy(scene);
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0,'extensions':{'EXT_mesh_gpu_instancing':"
                                        "{'attributes':{'TRANSLATION':1,'SCALE':0}}}}]"),
                   &sample, CALO_ERROR_FORMAT, "SCALE has 3 instances, but another attribute has 2");
    sample_finish(&sample);
}

static void test_skins(void **state)
{
    (void)state;
    float matrices[32];
    for (int i = 0; i < 32; i++)
        matrices[i] = i % 16 == 15 ? 1 : i % 4 == 3 ? 0 : (float)i;
    gltf_sample sample = make_sample();
    sample_floats(&sample, 16, 2, matrices);
    calo_scene *scene = sample_load(&sample, MESH ",'nodes':[{'mesh':0},{'name':'a'},{'name':'b','children':[1]}],"
                                             "'skins':[{'joints':[1,2],'inverseBindMatrices':1},{'joints':[2]}]");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->skin_count, 2);
    const calo_skin *skin = &scene->skins[0];
    assert_int_equal(skin->joint_count, 2);
    assert_int_equal(skin->joints[0], find_node(scene, "a"));
    assert_int_equal(skin->joints[1], find_node(scene, "b"));
    for (int j = 0; j < 2; j++)
        for (int r = 0; r < 4; r++)
            for (int c = 0; c < 4; c++)
                assert_true(skin->inverse_bind[j].m[r][c] == (double)matrices[16 * j + 4 * c + r]);
    assert_true(scene->skins[1].inverse_bind[0].m[2][2] == 1 && scene->skins[1].inverse_bind[0].m[0][1] == 0);
    calo_scene_destroy(scene);
    assert_refused(sample_load(&sample, MESH ",'nodes':[{'mesh':0},{},{}],'skins':[{'joints':[0,1,2],"
                                        "'inverseBindMatrices':1}]"), &sample, CALO_ERROR_FORMAT,
                   "skins[0]: 3 joints need as many inverseBindMatrices, but there are 2");
    sample_finish(&sample);
}

static const calo_animation_channel *channel_of(const calo_scene *scene, uint32_t index)
{
    assert_int_equal(scene->animation_count, 1);
    assert_true(index < scene->animations[0].channel_count);
    return &scene->animations[0].channels[index];
}

static void test_animations(void **state)
{
    (void)state;
    static const float times[2] = {0.5f, 2}, moves[6] = {1, 2, 3, 4, 5, 6}, cubic[18] = {[7] = 1, [17] = 2};
    static const int16_t turns[8] = {0, 0, 0, 32767, -32767, 0, 0, 0};
    gltf_sample sample = make_sample();
    sample_floats(&sample, 1, 2, times);
    sample_floats(&sample, 3, 2, moves);
    sample_data(&sample, turns, sizeof turns, "'componentType':5122,'normalized':true,'type':'VEC4','count':2");
    sample_floats(&sample, 3, 6, cubic);
    sample_floats(&sample, 1, 2, times);
    calo_scene *scene = sample_load(
        &sample, "'meshes':[{'primitives':[{'attributes':{'POSITION':0},'targets':[{'POSITION':0}]}]}],"
                 "'nodes':[{'name':'a','mesh':0},{'name':'b','children':[0]}],'animations':[{'name':'walk','samplers':["
                 "{'input':1,'output':2},{'input':1,'output':3,'interpolation':'STEP'},"
                 "{'input':1,'output':4,'interpolation':'CUBICSPLINE'},{'input':1,'output':5}],'channels':["
                 "{'sampler':0,'target':{'node':0,'path':'translation'}},"
                 "{'sampler':1,'target':{'node':1,'path':'rotation'}},"
                 "{'sampler':2,'target':{'node':0,'path':'scale'}},"
                 "{'sampler':0,'target':{'path':'translation'}},"
                 "{'sampler':3,'target':{'node':0,'path':'weights'}}]}]");
    assert_loaded(scene, &sample);
    assert_string_equal(scene->animations[0].name, "walk");
    assert_true(scene->animations[0].duration_seconds == 2);
    assert_int_equal(scene->animations[0].channel_count, 4);
    const calo_animation_channel *move = channel_of(scene, 0), *turn = channel_of(scene, 1);
    assert_int_equal(move->node, find_node(scene, "a"));
    assert_int_equal(move->path, CALO_PATH_TRANSLATION);
    assert_int_equal(move->interpolation, CALO_INTERPOLATION_LINEAR);
    assert_int_equal(move->key_count, 2);
    assert_memory_equal(move->times_seconds, times, sizeof times);
    assert_memory_equal(move->values, moves, sizeof moves);
    assert_int_equal(turn->interpolation, CALO_INTERPOLATION_STEP);
    assert_int_equal(turn->components, 4);
    assert_true(turn->values[3] == 1 && turn->values[4] == -1);
    assert_int_equal(channel_of(scene, 2)->interpolation, CALO_INTERPOLATION_CUBIC);
    assert_memory_equal(channel_of(scene, 2)->values, cubic, sizeof cubic);
    assert_int_equal(channel_of(scene, 3)->path, CALO_PATH_WEIGHTS);
    assert_int_equal(channel_of(scene, 3)->components, 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* What cannot move anything is left out; the rest pose is still good. */
static void test_bad_animations(void **state)
{
    (void)state;
    static const float times[2] = {2, 1}, moves[6] = {1, 2, 3, 4, 5, NAN}, good[2] = {0, 1};
    gltf_sample sample = make_sample();
    sample_floats(&sample, 1, 2, times);
    sample_floats(&sample, 3, 2, moves);
    sample_floats(&sample, 1, 2, good);
    calo_scene *scene = sample_load(
        &sample, MESH ",'nodes':[{'mesh':0},{'matrix':[1,0,0,0,0,1,0,0,0,0,1,0,5,0,0,1]}],"
                 "'animations':[{'samplers':[{'input':1,'output':0},{'input':3,'output':2},"
                 "{'input':3,'output':0},{'input':3,'output':0,'interpolation':'CUBICSPLINE'},"
                 "{'input':3,'output':0,'interpolation':'MAGIC'}],'channels':["
                 "{'sampler':0,'target':{'node':0,'path':'scale'}},{'sampler':1,'target':{'node':0,'path':'scale'}},"
                 "{'sampler':2,'target':{'node':0,'path':'weights'}},{'sampler':2,'target':{'node':0,'path':'color'}},"
                 "{'sampler':3,'target':{'node':0,'path':'scale'}},{'sampler':4,'target':{'node':0,'path':'scale'}},"
                 "{'sampler':2,'target':{'node':0,'path':'rotation'}},"
                 "{'sampler':2,'target':{'node':1,'path':'scale'}}]}]");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->animations[0].channel_count, 0);
    assert_int_equal(has_warning(scene, "bad-animation"), 8);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents_stand_first),
        cmocka_unit_test(test_broken_trees),
        cmocka_unit_test(test_deep_tree),
        cmocka_unit_test(test_active_scene),
        cmocka_unit_test(test_transforms),
        cmocka_unit_test(test_cameras_and_lights),
        cmocka_unit_test(test_instances),
        cmocka_unit_test(test_skins),
        cmocka_unit_test(test_animations),
        cmocka_unit_test(test_bad_animations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
