#include "scene_sample.h"

static void test_adding_returns_ascending_indices(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    for (int32_t i = 0; i < 1000; i++) {
        calo_node node = calo_node_default();
        node.translation[0] = i;
        node.name = NULL;
        assert_int_equal(calo_scene_add_node(scene, &node, NULL), i);
    }
    assert_int_equal(scene->node_count, 1000);
    for (int32_t i = 0; i < 1000; i++) {
        assert_true(scene->nodes[i].translation[0] == i);
        assert_string_equal(scene->nodes[i].name, "");
    }
    calo_scene_destroy(scene);
}

static void test_warnings_of_one_kind_are_bounded(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    for (int i = 0; i < 100; i++)
        calo_scene_warn(scene, "one", "number %d", i);
    calo_scene_warn(scene, "two", "another");
    assert_int_equal(scene->warning_count, 34);
    assert_string_equal(scene->warnings[31].message, "number 31");
    assert_string_equal(scene->warnings[32].id, "one");
    assert_string_equal(scene->warnings[32].message, "more warnings of this kind (one) are left out");
    assert_string_equal(scene->warnings[33].id, "two");
    calo_scene_destroy(scene);
}

static void test_memory_limit_ends_the_adding(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(&(calo_limits){.max_memory_bytes = 100000});
    calo_node node = calo_node_default();
    calo_error err = {0};
    int32_t index = 0;
    for (int i = 0; i < 10000 && index >= 0; i++)
        index = calo_scene_add_node(scene, &node, &err);
    assert_int_equal(index, -1);
    assert_int_equal(err.status, CALO_ERROR_LIMIT);
    assert_true(scene->node_count < 400);
    calo_scene_destroy(scene);
}

static void test_linked_files_and_texts_are_copies(void **state)
{
    (void)state;
    char name[] = "a.png";
    calo_scene *scene = sample_scene(NULL);
    assert_int_equal(calo_scene_add_linked_file(scene, name, NULL), CALO_OK);
    name[0] = 'b';
    assert_int_equal(scene->linked_file_count, 1);
    assert_string_equal(scene->linked_files[0], "a.png");
    assert_string_equal(calo_scene_text(scene, NULL, NULL), "");
    assert_string_equal(scene->path, "sample.xyz");
    assert_string_equal(scene->format, "sample");
    calo_scene_destroy(scene);
    calo_scene_destroy(NULL);
}

static void test_default_material_has_no_textures(void **state)
{
    (void)state;
    calo_material material = calo_material_default();
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
        assert_int_equal(material.slots[slot].texture, -1);
        assert_true(material.slots[slot].transform[0] == 1 && material.slots[slot].transform[4] == 1);
    }
    assert_true(material.base_color[3] == 1 && material.ior == 1.5f && material.alpha_cutoff == 0.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding_returns_ascending_indices),
        cmocka_unit_test(test_warnings_of_one_kind_are_bounded),
        cmocka_unit_test(test_memory_limit_ends_the_adding),
        cmocka_unit_test(test_linked_files_and_texts_are_copies),
        cmocka_unit_test(test_default_material_has_no_textures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
