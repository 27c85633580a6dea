#include "import_sample.h"

/* The corners of a tetrahedron's four triangles. */
static const float corners[4][3][3] = {
    {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}},
    {{0, 0, 0}, {1, 0, 0}, {0, 0, 1}},
    {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}},
    {{1, 0, 0}, {0, 1, 0}, {-0.0f, 0, 1}},
};

static sample_file binary(const char *header, uint32_t claimed)
{
    sample_file file = {0};
    uint8_t title[80] = {0};
    memcpy(title, header, strlen(header));
    put_bytes(&file, title, sizeof title);
    put_number(&file, claimed, 4, false);
    for (int t = 0; t < 4; t++) {
        for (int i = 0; i < 3; i++)
            put_float(&file, 7, false); /* a wrong normal, which nothing uses */
        for (int i = 0; i < 9; i++)
            put_float(&file, corners[t][i / 3][i % 3], false);
        put_number(&file, 0, 2, false);
    }
    return file;
}

static void assert_tetrahedron(calo_scene *scene)
{
    calo_scene_statistics counts = count_scene(scene);
    assert_string_equal(scene->format, "stl");
    assert_int_equal(counts.polygon_count, 4);
    assert_int_equal(counts.vertex_count, 4);
    assert_int_equal(counts.edge_count, 6);
    assert_int_equal(counts.material_count, 0);
    const calo_primitive *primitive = only_primitive(scene);
    assert_null(primitive->normals);
    assert_int_equal(primitive->material, -1);
    for (int i = 0; i < 36; i++)
        assert_true(primitive->positions[3 * primitive->indices[i / 3] + i % 3] == corners[i / 9][i / 3 % 3][i % 3]);
    assert_true(counts.bounds_max[2] == 1 && counts.bounds_min[2] == 0);
}

static void test_binary(void **state)
{
    (void)state;
    sample_file file = binary("made by hand", 4);
    calo_scene *scene = load_file(&file, "part.stl");
    assert_tetrahedron(scene);
    assert_int_equal(scene->warning_count, 0);
    assert_int_equal(scene->file_bytes, 84 + 4 * 50);
    calo_scene_destroy(scene);
}

static void test_binary_that_begins_with_solid(void **state)
{
    (void)state;
    sample_file file = binary("solid of an exporter that knows no better, facet", 4);
    calo_scene *scene = load_file(&file, "part.stl");
    assert_tetrahedron(scene);
    calo_scene_destroy(scene);
    file = binary("solid with a tail", 4);
    put_text(&file, "tail");
    scene = load_file(&file, "part.stl");
    assert_tetrahedron(scene);
    assert_only_warning(scene, "trailing-data");
    calo_scene_destroy(scene);
}

static void test_binary_that_claims_too_much(void **state)
{
    (void)state;
    sample_file file = binary("", 5);
    assert_load_fails(file.bytes, file.size, "part.stl", CALO_ERROR_FORMAT,
                      "part.stl: the header claims 5 triangles, which take 334 bytes, but the file has 284: it is cut "
                      "off or not an STL file");
    file = binary("", 0xffffffffu);
    assert_load_fails(file.bytes, file.size, "part.stl", CALO_ERROR_FORMAT,
                      "part.stl: the header claims 4294967295 triangles, which take 214748364834 bytes, but the file "
                      "has 284: it is cut off or not an STL file");
    file = binary("", 0);
    assert_load_fails(file.bytes, 84, "part.stl", CALO_ERROR_EMPTY, "part.stl: no triangles, lines or points to draw");
    assert_int_equal(load_truncations(file.bytes, file.size, "part.stl"), 0);
}

static void test_binary_that_is_not_finite(void **state)
{
    (void)state;
    sample_file file = binary("", 4);
    const uint8_t infinity[4] = {0, 0, 0x80, 0x7f};
    memcpy(file.bytes + 84 + 2 * 50 + 12 + 12 + 4, infinity, 4);
    assert_load_fails(file.bytes, file.size, "part.stl", CALO_ERROR_FORMAT,
                      "part.stl: corner 1 of triangle 2 of 4 is at (0, inf, 1), which is not finite: repair the file");
}

static const char two_solids[] = "solid first one \n"
                                 " facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n   vertex 1 0 0\n"
                                 "   vertex 0 1 0\n  endloop\n endfacet\n"
                                 "endsolid first one\n"
                                 "SOLID Second\r\n FACET NORMAL 0 0 1 OUTER LOOP VERTEX 0 0 1e0 VERTEX 1. 0 1\r\n"
                                 " VERTEX 1 1 1 ENDLOOP ENDFACET\r\n FACET NORMAL nan nan nan OUTER LOOP\r\n"
                                 " VERTEX 0 0 1 VERTEX 1 1 1 VERTEX +0 1 1 ENDLOOP ENDFACET ENDSOLID Second\r\n"
                                 "solid nothing\nendsolid nothing\n";

static void test_ascii_solids_are_meshes(void **state)
{
    (void)state;
    calo_scene *scene = load_text(two_solids, "parts.stl");
    assert_int_equal(scene->mesh_count, 2);
    assert_int_equal(scene->node_count, 2);
    assert_string_equal(scene->meshes[0].name, "first one");
    assert_string_equal(scene->nodes[1].name, "Second");
    assert_int_equal(scene->meshes[0].primitives[0].index_count, 3);
    assert_int_equal(scene->meshes[1].primitives[0].index_count, 6);
    assert_int_equal(scene->meshes[1].primitives[0].vertex_count, 4);
    assert_true(scene->meshes[1].primitives[0].positions[11] == 1);
    assert_int_equal(count_scene(scene).edge_count, 8);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
}

static void test_ascii_faults_name_the_line(void **state)
{
    (void)state;
    assert_text_fails("solid\nfacet normal 0 0 1\nouter loop\nvertex 0 0\n", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: line 4: a vertex needs three numbers");
    assert_text_fails("solid\nvertex 0 0 0\nfacet\n", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: line 2 has a vertex outside of a facet");
    assert_text_fails("solid\nfacet\nvertex 0 0 0\nvertex 0 inf 0\n", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: line 4: the vertex (0, inf, 0) is not finite: repair the file");
    assert_text_fails("solid\nfacet\nvertex 0 0 0\nendfacet\nendsolid\n", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: line 4 ends a facet of 1 vertices, which needs three");
    assert_text_fails("solid\nfacet normal 0 0 1\nwhat 1\n", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: line 3: \"what\" does not belong into an STL file");
    assert_text_fails("solid\nendsolid\n", "a.stl", CALO_ERROR_EMPTY, "a.stl: no triangles, lines or points to draw");
    assert_text_fails("solid", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: not an STL file: 5 bytes are less than a binary header of 84, and there is no ASCII "
                      "\"solid\" with facets");
}

static void test_ascii_that_is_cut_off(void **state)
{
    (void)state;
    assert_text_fails("solid\nfacet\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendfacet\n", "a.stl", CALO_ERROR_FORMAT,
                      "a.stl: the file ends at line 6 without \"endsolid\": it is cut off");
    size_t whole = load_truncations(two_solids, sizeof two_solids - 1, "a.stl");
    assert_true(whole > 0 && whole < 80); /* the first solid alone, both, and cut-off names */
}

static void test_polygons_become_fans(void **state)
{
    (void)state;
    calo_scene *scene = load_text("solid\nfacet\nvertex 0 0 0\nvertex 1 0 0\nvertex 1 1 0\nvertex 0 1 0\n"
                                  "endfacet\nendsolid\n",
                                  "a.stl");
    const uint32_t fan[6] = {0, 1, 2, 0, 2, 3};
    assert_int_equal(only_primitive(scene)->index_count, 6);
    assert_memory_equal(only_primitive(scene)->indices, fan, sizeof fan);
    assert_only_warning(scene, "stl-polygon");
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_binary_that_begins_with_solid),
        cmocka_unit_test(test_binary_that_claims_too_much),
        cmocka_unit_test(test_binary_that_is_not_finite),
        cmocka_unit_test(test_ascii_solids_are_meshes),
        cmocka_unit_test(test_ascii_faults_name_the_line),
        cmocka_unit_test(test_ascii_that_is_cut_off),
        cmocka_unit_test(test_polygons_become_fans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
