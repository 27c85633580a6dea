#include "scene_sample.h"

/* A scene of one visible node that draws the primitive. */
static calo_scene *scene_of(const calo_primitive *primitive, const calo_limits *limits)
{
    calo_scene *scene = sample_scene(limits);
    sample_node(scene, -1, sample_mesh(scene, "thing", primitive));
    return scene;
}

static void test_a_triangle_is_fine(void **state)
{
    (void)state;
    calo_primitive triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, NULL);
    scene->nodes[0].scale[1] = 0; /* flat, but finite */
    assert_sealed(scene);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
}

static void test_positions_that_are_used_must_be_finite(void **state)
{
    (void)state;
    const float positions[9] = {0, 0, 0, 1, INFINITY, 0, 0, 2, 0};
    calo_primitive triangle = sample_triangle();
    triangle.positions = positions;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: vertex 1 is at (1, inf, 0), which is not finite: repair "
                   "the file");
}

static void test_positions_that_nothing_uses_become_zero(void **state)
{
    (void)state;
    const float positions[12] = {0, 0, 0, 1, 0, 0, 0, 2, 0, NAN, 7, 7};
    calo_primitive triangle = sample_triangle();
    triangle.positions = positions;
    triangle.vertex_count = 4;
    calo_scene *scene = scene_of(&triangle, NULL);
    assert_sealed(scene);
    const float *kept = scene->meshes[0].primitives[0].positions;
    assert_true(kept[9] == 0 && kept[10] == 0 && kept[7] == 2);
    assert_int_equal(scene->warning_count, 1);
    assert_string_equal(scene->warnings[0].id, "unused-vertices");
    calo_scene_destroy(scene);
}

static void test_indices_stay_below_the_vertices(void **state)
{
    (void)state;
    const uint32_t indices[3] = {0, 1, 3};
    calo_primitive triangle = sample_triangle();
    triangle.indices = indices;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: index 3 is not below the 3 vertices");
    triangle = sample_triangle();
    triangle.index_count = 2;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: 2 indices are not whole elements of 3");
    triangle = sample_triangle();
    triangle.material = 0;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: material 0 does not exist (there are 0)");
}

static void test_sources_stay_below_the_files_vertices(void **state)
{
    (void)state;
    const uint32_t sources[3] = {0, 5, 1};
    calo_primitive triangle = sample_triangle();
    triangle.source_vertices = sources;
    triangle.source_vertex_count = 5;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: vertex 1 comes from vertex 5 of only 5");
    /* A numbering of the whole mesh counts for primitives without one of their own, too. */
    triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, NULL);
    scene->meshes[0].source_vertex_count = 2;
    assert_refused(scene, CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: vertex 2 comes from vertex 2 of only 2");
}

/* May be sealed, but a file must not be so. */
static void assert_empty(calo_scene *scene)
{
    calo_error err = {0};
    assert_sealed(scene);
    assert_int_equal(calo_scene_check_drawable(scene, &err), CALO_ERROR_EMPTY);
    assert_string_equal(err.message, "sample.xyz: no triangles, lines or points to draw");
    calo_scene_destroy(scene);
}

static void test_nothing_visible_is_empty(void **state)
{
    (void)state;
    calo_primitive triangle = sample_triangle();
    assert_empty(sample_scene(NULL));
    calo_scene *scene = scene_of(&triangle, NULL);
    assert_int_equal(calo_scene_check_drawable(scene, NULL), CALO_OK);
    scene->nodes[0].visible = false;
    assert_empty(scene);
    triangle.index_count = 0;
    assert_empty(scene_of(&triangle, NULL));
}

static void test_the_triangle_limit_counts_instances(void **state)
{
    (void)state;
    const calo_mat4 copies[3] = {calo_mat4_identity(), calo_mat4_identity(), calo_mat4_identity()};
    const calo_limits limits = {.max_triangles = 4};
    calo_primitive triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, &limits);
    scene->nodes[0].instance_count = 3;
    scene->nodes[0].instances = copies;
    sample_node(scene, -1, 0);
    assert_sealed(scene);
    sample_node(scene, -1, 0);
    assert_refused(scene, CALO_ERROR_LIMIT,
                   "sample.xyz has more than 4 triangles, lines and points, instances counted: raise the limit with "
                   "--max-triangles");
}

static void test_nodes_nest_up_to_the_limit(void **state)
{
    (void)state;
    const calo_limits limits = {.max_nesting = 3};
    calo_primitive triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, &limits);
    sample_node(scene, 0, -1);
    sample_node(scene, 1, -1);
    assert_sealed(scene);
    sample_node(scene, 2, -1);
    assert_refused(scene, CALO_ERROR_LIMIT,
                   "sample.xyz: node 3 (\"\") is nested 4 deep, more than the limit of 3");
    scene = scene_of(&triangle, NULL);
    scene->nodes[0].parent = 0;
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: node 0 (\"\") stands before its parent 0");
}

static void test_transforms_must_be_finite(void **state)
{
    (void)state;
    calo_primitive triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, NULL);
    scene->nodes[0].translation[2] = NAN;
    assert_refused(scene, CALO_ERROR_FORMAT,
                   "sample.xyz: the transform of node 0 (\"\") is not finite: repair the file");
}

static void test_joints_stay_below_the_skins(void **state)
{
    (void)state;
    const uint16_t joints[12] = {0, 0, 0, 0, 1};
    const float weights[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const int32_t skin_joints[1] = {0};
    const calo_mat4 identity = calo_mat4_identity();
    calo_primitive triangle = sample_triangle();
    triangle.influences = 4;
    triangle.joints = joints;
    triangle.weights = weights;
    calo_scene *scene = scene_of(&triangle, NULL);
    assert_sealed(scene); /* without a skin the joints mean nothing */
    calo_skin skin = {.name = "bones", .joint_count = 1, .joints = skin_joints, .inverse_bind = &identity};
    scene->nodes[0].skin = calo_scene_add_skin(scene, &skin, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\" uses joint 1 of skin \"bones\", which has only 1");
}

static void test_animation_times_ascend(void **state)
{
    (void)state;
    const float times[2] = {1, 0.5f}, values[6] = {0};
    const calo_animation_channel channel = {
        .node = 0, .key_count = 2, .components = 3, .times_seconds = times, .values = values};
    const calo_animation animation = {.name = "walk", .channel_count = 1, .channels = &channel};
    calo_primitive triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, NULL);
    calo_scene_add_animation(scene, &animation, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT,
                   "sample.xyz: animation 0 (\"walk\"), channel 0 has times that do not ascend: repair the file");
}

/* The whole of what a sentence must be when one field is wrong. */
static void test_materials_are_finite_and_known(void **state)
{
    (void)state;
    calo_material material = calo_material_default();
    material.name = "paint";
    material.emissive[1] = INFINITY;
    calo_scene *scene = sample_scene(NULL);
    calo_scene_add_material(scene, &material, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: material \"paint\" has a value that is not finite");
    material.emissive[1] = 0;
    material.alpha_mode = (calo_alpha_mode)3;
    scene = sample_scene(NULL);
    calo_scene_add_material(scene, &material, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: material \"paint\" has no known alpha mode: 3");
}

static calo_scene *scene_of_texture(const calo_scene_image *image, const calo_texture *texture, float moved)
{
    const calo_limits limits = {.max_texture_pixels = 4};
    calo_scene *scene = sample_scene(&limits);
    calo_material material = calo_material_default();
    material.name = "paint";
    material.slots[CALO_SLOT_NORMAL].texture = 0;
    material.slots[CALO_SLOT_NORMAL].transform[2] = moved;
    calo_scene_add_image(scene, image, NULL);
    calo_scene_add_texture(scene, texture, NULL);
    calo_scene_add_material(scene, &material, NULL);
    return scene;
}

static void test_textures_have_pixels(void **state)
{
    (void)state;
    static const uint8_t pixels[4 * 5] = {0};
    calo_scene_image image = {.name = "a.png", .width = 4, .height = 1, .pixels = pixels};
    calo_texture texture = {.image = 0, .wrap_v = CALO_WRAP_MIRROR, .minify = CALO_FILTER_NEAREST};
    calo_scene *scene = scene_of_texture(&image, &texture, 0.5f);
    assert_sealed(scene);
    calo_scene_destroy(scene);
    assert_refused(scene_of_texture(&image, &texture, NAN), CALO_ERROR_FORMAT,
                   "sample.xyz: material \"paint\" moves texture 0 by a value that is not finite");
    texture.wrap_v = (calo_wrap)3;
    assert_refused(scene_of_texture(&image, &texture, 0), CALO_ERROR_FORMAT,
                   "sample.xyz: texture 0 wraps (0, 3) or filters (0, 1) in no known way");
    image.width = 5;
    assert_refused(scene_of_texture(&image, &texture, 0), CALO_ERROR_LIMIT,
                   "sample.xyz: image 0 (\"a.png\") has 5 x 1 pixels, a side more than the limit of 4: make it smaller");
    image.pixels = NULL;
    assert_refused(scene_of_texture(&image, &texture, 0), CALO_ERROR_FORMAT,
                   "sample.xyz: image 0 (\"a.png\") of 5 x 1 pixels has none");
}

static void test_lights_are_of_a_known_kind(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_light light = {.name = "sun", .kind = (calo_light_kind)7, .color = {1, 1, 1}, .intensity = 1};
    calo_scene_add_light(scene, &light, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: light 0 (\"sun\") is of no known kind: 7");
}

static calo_scene *scene_with_light(const calo_light *light)
{
    calo_scene *scene = sample_scene(NULL);
    calo_scene_add_light(scene, light, NULL);
    return scene;
}

static void test_fixed_function_lights_can_be_computed(void **state)
{
    (void)state;
    calo_light light = {.name = "sun", .kind = CALO_LIGHT_SPOT, .phong.exponent = NAN};
    calo_scene *scene = scene_with_light(&light);
    calo_primitive triangle = sample_triangle();
    calo_scene_add_mesh(scene, &(calo_mesh){.name = "", .primitive_count = 1, .primitives = &triangle}, NULL);
    assert_sealed(scene); /* not given: not read */
    calo_scene_destroy(scene);
    light.phong.given = true;
    assert_refused(scene_with_light(&light), CALO_ERROR_FORMAT,
                   "sample.xyz: light 0 (\"sun\") has an attenuation or exponent that is not finite");
    light.phong.exponent = -1;
    assert_refused(scene_with_light(&light), CALO_ERROR_FORMAT,
                   "sample.xyz: light 0 (\"sun\") has a negative attenuation or exponent");
    light.phong.diffuse[1] = INFINITY;
    assert_refused(scene_with_light(&light), CALO_ERROR_FORMAT,
                   "sample.xyz: light 0 (\"sun\") has an ambient, diffuse or specular color that is not finite");
    light = (calo_light){.name = "head", .kind = CALO_LIGHT_SPOT, .headlight = true};
    assert_refused(scene_with_light(&light), CALO_ERROR_FORMAT,
                   "sample.xyz: light 0 (\"head\") is a headlight, but not directional");
}

static void test_fixed_function_materials_are_not_negative(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_material material = calo_material_default();
    material.name = "paint";
    material.phong = (calo_material_phong){.given = true, .specular = 0.5f, .shininess = -1, .reflectance = 0.25f};
    calo_scene_add_material(scene, &material, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT,
                   "sample.xyz: material \"paint\" has specular 0.5, shininess -1, emission 0 and reflectance 0.25: give "
                   "numbers that are finite and not negative");
}

static void test_arrays_that_are_counted_are_there(void **state)
{
    (void)state;
    calo_primitive triangle = sample_triangle();
    triangle.morph_target_count = 2;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: 2 morph targets are missing");
    triangle = sample_triangle();
    triangle.influences = 3;
    assert_refused(scene_of(&triangle, NULL), CALO_ERROR_FORMAT,
                   "sample.xyz: mesh \"thing\", primitive 0: 3 joints a vertex: it must be a multiple of 4");
    triangle = sample_triangle();
    calo_scene *scene = scene_of(&triangle, NULL);
    scene->meshes[0].weight_count = 1;
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: mesh \"thing\": morph weights are missing");
    scene = scene_of(&triangle, NULL);
    scene->nodes[0].instance_count = 1;
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: node 0 (\"\"): instances are missing");
    scene = scene_of(&triangle, NULL);
    calo_scene_add_skin(scene, &(calo_skin){.name = "bones", .joint_count = 1}, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT, "sample.xyz: skin 0 (\"bones\"): joints are missing");
    scene = scene_of(&triangle, NULL);
    calo_scene_add_animation(scene, &(calo_animation){.name = "walk", .channel_count = 1}, NULL);
    assert_refused(scene, CALO_ERROR_FORMAT,
                   "sample.xyz: animation 0 (\"walk\") has no channels or no finite duration");
}

/* A program's own constants are never written to. */
static void test_the_callers_primitives_stay_as_they_are(void **state)
{
    (void)state;
    static const float positions[12] = {0, 0, 0, 1, 0, 0, 0, 2, 0, NAN, 7, 7};
    const calo_primitive pair[2] = {
        {.vertex_count = 4, .index_count = 3, .indices = sample_indices, .positions = positions, .material = -1},
        {.vertex_count = 4, .index_count = 3, .indices = sample_indices, .positions = positions, .material = -1}};
    calo_scene *scene = sample_scene(NULL);
    calo_scene_add_mesh(scene, &(calo_mesh){.name = "pair", .primitive_count = 2, .primitives = pair}, NULL);
    assert_sealed(scene);
    for (int p = 0; p < 2; p++) {
        assert_ptr_equal(pair[p].positions, positions);
        assert_true(scene->meshes[0].primitives[p].positions[9] == 0);
        assert_true(scene->meshes[0].primitives[p].positions[7] == 2);
    }
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_triangle_is_fine),
        cmocka_unit_test(test_positions_that_are_used_must_be_finite),
        cmocka_unit_test(test_positions_that_nothing_uses_become_zero),
        cmocka_unit_test(test_indices_stay_below_the_vertices),
        cmocka_unit_test(test_sources_stay_below_the_files_vertices),
        cmocka_unit_test(test_nothing_visible_is_empty),
        cmocka_unit_test(test_the_triangle_limit_counts_instances),
        cmocka_unit_test(test_nodes_nest_up_to_the_limit),
        cmocka_unit_test(test_transforms_must_be_finite),
        cmocka_unit_test(test_joints_stay_below_the_skins),
        cmocka_unit_test(test_animation_times_ascend),
        cmocka_unit_test(test_materials_are_finite_and_known),
        cmocka_unit_test(test_textures_have_pixels),
        cmocka_unit_test(test_lights_are_of_a_known_kind),
        cmocka_unit_test(test_fixed_function_lights_can_be_computed),
        cmocka_unit_test(test_fixed_function_materials_are_not_negative),
        cmocka_unit_test(test_arrays_that_are_counted_are_there),
        cmocka_unit_test(test_the_callers_primitives_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
