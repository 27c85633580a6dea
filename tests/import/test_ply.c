#include "import_sample.h"

#define XYZ "property float x\nproperty float y\nproperty float z\n"
#define FACES "property list uchar int vertex_indices\n"

static const char square[] = "ply\nformat ascii 1.0\ncomment a square\nelement vertex 4\n" XYZ
                             "element face 1\n" FACES "end_header\n"
                             "0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n";

static void assert_floats(const float *found, const float *expected, size_t count)
{
    assert_non_null(found);
    for (size_t i = 0; i < count; i++)
        if (fabsf(found[i] - expected[i]) > 1e-6f)
            fail_msg("float %zu is %g, not %g", i, (double)found[i], (double)expected[i]);
}

static void test_ascii_square(void **state)
{
    (void)state;
    calo_scene *scene = load_text(square, "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    const uint32_t indices[6] = {0, 1, 2, 0, 2, 3};
    assert_string_equal(scene->format, "ply");
    assert_int_equal(primitive->topology, CALO_TRIANGLES);
    assert_int_equal(primitive->material, -1);
    assert_int_equal(primitive->index_count, 6);
    assert_memory_equal(primitive->indices, indices, sizeof indices);
    assert_null(primitive->normals);
    assert_null(primitive->colors);
    calo_scene_statistics counts = count_scene(scene);
    assert_int_equal(counts.polygon_count, 1);
    assert_int_equal(counts.edge_count, 4);
    assert_int_equal(counts.vertex_count, 4);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
}

/* The same numbers in both byte orders: odd types, lists before what matters, elements of strangers. */
static sample_file make_binary(bool big)
{
    sample_file file = {0};
    put_text(&file, "ply\r\nformat binary_");
    put_text(&file, big ? "big" : "little");
    put_text(&file, "_endian 1.0\r\nobj_info something\r\nelement stranger 2\r\nproperty list ushort double values\r\n"
                    "property short id\r\nelement vertex 3\r\nproperty uchar blue\r\nproperty double z\r\n"
                    "property list uchar uchar tags\r\nproperty int x\r\nproperty float y\r\nproperty uchar red\r\n"
                    "property uchar green\r\nelement face 1\r\nproperty char flag\r\n"
                    "property list uint ushort vertex_index\r\nend_header\r\n");
    for (int i = 0; i < 2; i++) {
        put_number(&file, (uint64_t)i, 2, big); /* a list of i doubles */
        for (int k = 0; k < i; k++)
            put_number(&file, 0x4000000000000000u, 8, big);
        put_number(&file, 7, 2, big);
    }
    for (int i = 0; i < 3; i++) {
        put_number(&file, 188, 1, big);
        put_number(&file, i == 2 ? 0x4008000000000000u : 0, 8, big); /* z: 3.0 for the last */
        put_number(&file, 1, 1, big);
        put_number(&file, 99, 1, big);
        put_number(&file, i == 1 ? 0xffffffffu : 0, 4, big); /* x: -1 for the second */
        put_float(&file, i == 0 ? 2.5f : 0, big);
        put_number(&file, 255, 1, big);
        put_number(&file, 0, 1, big);
    }
    put_number(&file, 1, 1, big);
    put_number(&file, 3, 4, big);
    for (uint64_t i = 0; i < 3; i++)
        put_number(&file, 2 - i, 2, big);
    return file;
}

static void test_binary_in_both_byte_orders(void **state)
{
    (void)state;
    const float positions[9] = {0, 2.5f, 0, -1, 0, 0, 0, 0, 3};
    const uint32_t indices[3] = {2, 1, 0};
    /* sRGB 188 is 0.502886 in linear light. */
    const float colors[4] = {1, 0, 0.502886474f, 1};
    for (int big = 0; big < 2; big++) {
        sample_file file = make_binary(big);
        calo_scene *scene = load_file(&file, "a.ply");
        const calo_primitive *primitive = only_primitive(scene);
        assert_floats(primitive->positions, positions, 9);
        assert_floats(primitive->colors + 4, colors, 4);
        assert_memory_equal(primitive->indices, indices, sizeof indices);
        assert_int_equal(scene->warning_count, 0);
        calo_scene_destroy(scene);
        assert_int_equal(load_truncations(file.bytes, file.size, "a.ply"), 0);
    }
}

/* Records without lists, of every type, and faces as most files have them: a triangle, a quad, a triangle. */
static sample_file make_plain(bool big, uint32_t last_number)
{
    static const uint32_t numbers[12] = {3, 0, 1, 2, 4, 0, 1, 2, 3, 3, 2, 3};
    sample_file file = {0};
    put_text(&file, "ply\nformat binary_");
    put_text(&file, big ? "big" : "little");
    put_text(&file, "_endian 1.0\nelement vertex 4\nproperty float x\nproperty char nx\nproperty double y\n"
                    "property short z\nproperty uchar ny\nproperty ushort red\nproperty ushort green\n"
                    "property int nz\nproperty ushort blue\nproperty uint stranger\n"
                    "element face 3\nproperty list uchar int vertex_indices\nend_header\n");
    for (uint64_t v = 0; v < 4; v++) {
        put_float(&file, v & 1 ? 1.5f : -0.25f, big);
        put_number(&file, v == 2 ? 0x80 : v, 1, big);               /* nx: -128 for the third */
        put_number(&file, v & 2 ? 0x4008000000000000u : 0, 8, big); /* y: 3 for the last two */
        put_number(&file, v == 3 ? 0xfffe : 0, 2, big);             /* z: -2 for the last */
        put_number(&file, 200, 1, big);
        put_number(&file, 65535 * (v & 1), 2, big);
        put_number(&file, 1000 * v, 2, big);
        put_number(&file, v == 1 ? 0xfffffff6u : 3, 4, big); /* nz: -10 for the second */
        put_number(&file, 32767, 2, big);
        put_number(&file, 0xdeadbeef, 4, big);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        put_number(&file, numbers[i], i == 0 || i == 4 || i == 9 ? 1 : 4, big);
    put_number(&file, last_number, 4, big);
    return file;
}

static void assert_same_floats(const float *found, const float *expected, size_t count)
{
    assert_non_null(found);
    assert_memory_equal(found, expected, count * sizeof *found);
}

/* The little-endian file takes shorter ways; big-endian ones go value by value. */
static void test_plain_records_are_read_alike(void **state)
{
    (void)state;
    sample_file files[2] = {make_plain(false, 1), make_plain(true, 1)};
    calo_scene *little = load_file(&files[0], "a.ply"), *big = load_file(&files[1], "a.ply");
    const calo_primitive *found = only_primitive(little), *expected = only_primitive(big);
    assert_int_equal(found->vertex_count, 4);
    assert_int_equal(found->index_count, 12);
    assert_floats(found->positions, (const float[12]){-0.25f, 0, 0, 1.5f, 0, 0, -0.25f, 3, 0, 1.5f, 3, -2}, 12);
    assert_same_floats(found->positions, expected->positions, 12);
    assert_same_floats(found->normals, expected->normals, 12);
    assert_same_floats(found->colors, expected->colors, 16);
    assert_memory_equal(found->indices, expected->indices, 12 * sizeof *found->indices);
    assert_memory_equal(found->indices, ((uint32_t[3]){0, 1, 2}), 12);
    assert_memory_equal(found->indices + 9, ((uint32_t[3]){2, 3, 1}), 12);
    calo_scene_destroy(little);
    calo_scene_destroy(big);
}

static void test_plain_records_fail_alike(void **state)
{
    (void)state;
    sample_file files[2] = {make_plain(false, 1), make_plain(true, 1)};
    size_t longer = strlen("little") - strlen("big");
    const uint8_t *header_end = memmem(files[1].bytes, files[1].size, "end_header\n", 11);
    assert_non_null(header_end);
    for (size_t cut = (size_t)(header_end - files[1].bytes) + 11; cut < files[1].size; cut++) {
        calo_scene *scene = NULL;
        calo_error errors[2] = {{0}};
        calo_status little = load_bytes(files[0].bytes, cut + longer, "a.ply", &scene, &errors[0]);
        calo_status big = load_bytes(files[1].bytes, cut, "a.ply", &scene, &errors[1]);
        assert_int_equal(little, big);
        assert_string_equal(errors[0].message, errors[1].message);
    }
    for (int big = 0; big < 2; big++) {
        sample_file file = make_plain(big, 0xffffffffu);
        assert_load_fails(file.bytes, file.size, "a.ply", CALO_ERROR_FORMAT,
                          "a.ply: element \"face\", record 2 of 3: -1 is not a vertex number");
        file = make_plain(big, 4);
        assert_load_fails(file.bytes, file.size, "a.ply", CALO_ERROR_FORMAT,
                          "a.ply: an element \"face\" uses vertex 4 of only 4");
    }
}

static void test_normals_uvs_and_float_colors(void **state)
{
    (void)state;
    calo_scene *scene = load_text(
        "ply\nformat ascii 1.0\nelement vertex 3\n" XYZ "property float nx\nproperty float ny\nproperty float nz\n"
        "property float s\nproperty float t\nproperty float red\nproperty float green\nproperty float blue\n"
        "property float alpha\nelement face 1\n" FACES "end_header\n"
        "0 0 0 0 0 2 0.25 0.25 1 0.5 0 0.5\n1 0 0 0 3 4 1 0 0 0 0 1\n0 1 0 0 0 0 0 1 0 0 0 1\n3 0 1 2\n",
        "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    /* t grows upwards, v downwards; 0.5 in sRGB is 0.214041. */
    assert_floats(primitive->normals, (const float[9]){0, 0, 1, 0, 0.6f, 0.8f, 0, 0, 0}, 9);
    assert_floats(primitive->uvs[0], (const float[6]){0.25f, 0.75f, 1, 1, 0, 0}, 6);
    assert_floats(primitive->colors, (const float[4]){1, 0.214041f, 0, 0.5f}, 4);
    assert_int_equal(primitive->material, -1);
    calo_scene_destroy(scene);
    /* Finite in the file, but not in single precision. */
    scene = load_text("ply\nformat ascii 1.0\nelement vertex 3\n" XYZ "property double s\nproperty double t\n"
                      "element face 1\n" FACES "end_header\n0 0 0 1e300 0.5\n1 0 0 1 -1e300\n0 1 0 nan 0\n3 0 1 2\n",
                      "a.ply");
    assert_floats(only_primitive(scene)->uvs[0], (const float[6]){0, 0.5f, 1, 0, 0, 1}, 6);
    calo_scene_destroy(scene);
}

static void test_face_colors_split_vertices(void **state)
{
    (void)state;
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 4\n" XYZ "element face 2\n" FACES
                                  "property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n"
                                  "0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2 255 0 0\n3 0 2 3 0 255 0\n",
                                  "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    const uint32_t sources[6] = {0, 1, 2, 0, 2, 3};
    assert_int_equal(primitive->vertex_count, 6);
    assert_memory_equal(primitive->source_vertices, sources, sizeof sources);
    for (uint32_t i = 0; i < 6; i++)
        assert_floats(primitive->colors + 4 * primitive->indices[i],
                      i < 3 ? (const float[4]){1, 0, 0, 1} : (const float[4]){0, 1, 0, 1}, 4);
    calo_scene_statistics counts = count_scene(scene);
    assert_int_equal(counts.vertex_count, 4);
    assert_int_equal(counts.edge_count, 5);
    calo_scene_destroy(scene);
}

/* The texture is not there (no folder): white with a warning, and the material asks for it. */
static void test_texcoords_of_faces_and_a_texture(void **state)
{
    (void)state;
    static const char text[] = "ply\nformat ascii 1.0\ncomment TextureFile  a picture.png \nelement vertex 3\n" XYZ
                               "element face 1\n" FACES "property list uchar float texcoord\nend_header\n"
                               "0 0 0\n1 0 0\n0 1 0\n3 2 0 1 6 0 0 1 0 0.5 1\n";
    calo_scene *scene = NULL;
    calo_error err = {0};
    assert_int_equal(calo_scene_load_memory(text, sizeof text - 1, NULL, NULL, &scene, &err), CALO_OK);
    const calo_primitive *primitive = only_primitive(scene);
    assert_floats(primitive->uvs[0], (const float[6]){0, 1, 1, 1, 0.5f, 0}, 6);
    assert_floats(primitive->positions, (const float[9]){0, 1, 0, 0, 0, 0, 1, 0, 0}, 9);
    assert_int_equal(scene->material_count, 1);
    assert_int_equal(primitive->material, 0);
    assert_int_equal(scene->materials[0].slots[CALO_SLOT_BASE_COLOR].texture, 0);
    assert_string_equal(scene->images[0].name, "a picture.png");
    assert_true(scene->images[0].missing);
    assert_only_warning(scene, "missing-texture");
    calo_scene_destroy(scene);
}

static void test_texcoords_that_do_not_fit(void **state)
{
    (void)state;
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 3\n" XYZ "element face 1\n" FACES
                                  "property list uchar float texcoord\nend_header\n"
                                  "0 0 0\n1 0 0\n0 1 0\n3 2 0 1 4 0 0 1 0\n",
                                  "a.ply");
    assert_null(only_primitive(scene)->uvs[0]);
    assert_only_warning(scene, "ply-texcoords");
    calo_scene_destroy(scene);
}

static void test_polygons_keep_their_shape(void **state)
{
    (void)state;
    /* An L whose fan from the first corner would cover its notch. */
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 6\n" XYZ "element face 2\n" FACES
                                  "end_header\n0 2 0\n0 0 0\n2 0 0\n2 1 0\n1 1 0\n1 2 0\n6 0 1 2 3 4 5\n2 0 1\n",
                                  "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    double area = 0;
    assert_int_equal(primitive->index_count, 12);
    for (uint32_t t = 0; t < 4; t++) {
        const float *a = primitive->positions + 3 * primitive->indices[3 * t];
        const float *b = primitive->positions + 3 * primitive->indices[3 * t + 1];
        const float *c = primitive->positions + 3 * primitive->indices[3 * t + 2];
        double own = (double)((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2;
        assert_true(own >= 0);
        area += own;
    }
    assert_true(area == 3);
    assert_int_equal(count_scene(scene).edge_count, 6);
    assert_int_equal(count_scene(scene).polygon_count, 1);
    assert_only_warning(scene, "degenerate-faces");
    calo_scene_destroy(scene);
}

static void test_triangle_strips(void **state)
{
    (void)state;
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 5\n" XYZ
                                  "element tristrips 1\nproperty list int int vertex_indices\nend_header\n"
                                  "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 2 0\n9 0 1 2 3 3 -1 2 3 4\n",
                                  "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    const uint32_t indices[9] = {0, 1, 2, 2, 1, 3, 2, 3, 4};
    assert_int_equal(primitive->index_count, 9);
    assert_memory_equal(primitive->indices, indices, sizeof indices);
    calo_scene_destroy(scene);
}

static void test_edges_are_lines(void **state)
{
    (void)state;
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 3\n" XYZ
                                  "element edge 2\nproperty int vertex1\nproperty int vertex2\nend_header\n"
                                  "0 0 0\n1 0 0\n0 1 0\n0 1\n2 1\n",
                                  "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    const uint32_t indices[4] = {0, 1, 2, 1};
    assert_int_equal(primitive->topology, CALO_LINES);
    assert_int_equal(primitive->index_count, 4);
    assert_memory_equal(primitive->indices, indices, sizeof indices);
    assert_int_equal(count_scene(scene).edge_count, 2);
    calo_scene_destroy(scene);
}

static void test_vertices_alone_are_points(void **state)
{
    (void)state;
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 2\n" XYZ "element face 0\n" FACES
                                  "end_header\n0 0 0\n1 2 3",
                                  "a.ply");
    const calo_primitive *primitive = only_primitive(scene);
    assert_int_equal(primitive->topology, CALO_POINTS);
    assert_int_equal(primitive->index_count, 2);
    assert_int_equal(primitive->indices[1], 1);
    assert_true(count_scene(scene).bounds_max[2] == 3);
    calo_scene_destroy(scene);
}

static void test_extra_values_in_a_line(void **state)
{
    (void)state;
    calo_scene *scene = load_text("ply\nformat ascii 1.0\nelement vertex 3\n" XYZ "element face 2\n" FACES
                                  "end_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 9 1 1 1 1\n3 2 1 0\n",
                                  "a.ply");
    assert_int_equal(only_primitive(scene)->index_count, 6);
    assert_only_warning(scene, "ply-extra-values");
    calo_scene_destroy(scene);
}

static void test_truncated_text(void **state)
{
    (void)state;
    /* Only the square without its last line end is still whole. */
    assert_int_equal(load_truncations(square, sizeof square - 1, "a.ply"), 1);
    assert_load_fails(square, sizeof square - 5, "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: element \"face\", record 0 of 1: a list of 4 values is not possible in the 5 bytes "
                      "that are left: the file is cut off or broken");
}

static void test_claims_must_be_borne_out(void **state)
{
    (void)state;
    assert_text_fails("ply\nformat binary_little_endian 1.0\nelement vertex 10000000\n" XYZ "end_header\n0123456789ab",
                      "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: the header claims 10000000 records of the element \"vertex\", which take at least 12 "
                      "bytes each, but only 12 bytes are left: the file is cut off or broken");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 9223372036854775807\n" XYZ "end_header\n0 0 0\n", "a.ply",
                      CALO_ERROR_FORMAT,
                      "a.ply: the header claims 9223372036854775807 records of the element \"vertex\", which take at "
                      "least 6 bytes each, but only 6 bytes are left: the file is cut off or broken");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 1\n" XYZ "element nothing 9223372036854775807\n"
                      "element face 1\n" FACES "end_header\n0 0 0\n2000000000 1\n",
                      "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: element \"face\", record 0 of 1: a list of 2e+09 values is not possible in the 3 "
                      "bytes that are left: the file is cut off or broken");
}

static void test_faults_are_told(void **state)
{
    (void)state;
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 1\n" XYZ "element face 1\n" FACES
                      "end_header\n0 0 0\n3 0 0 1\n",
                      "a.ply", CALO_ERROR_FORMAT, "a.ply: an element \"face\" uses vertex 1 of only 1");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 1\n" XYZ "element face 1\n" FACES
                      "end_header\n0 0 0\n3 0 0 -1\n",
                      "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: element \"face\", record 0 of 1: -1 is not a vertex number");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 2\n" XYZ "end_header\n0 0 0\n0 zero 0\n", "a.ply",
                      CALO_ERROR_FORMAT,
                      "a.ply: element \"vertex\", record 1 of 2: a number is expected before \"zero\"");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 1\n" XYZ "end_header\n0 nan 0\n", "a.ply",
                      CALO_ERROR_FORMAT,
                      "a.ply: mesh \"\", primitive 0: vertex 0 is at (0, nan, 0), which is not finite: repair the "
                      "file");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n0\n", "a.ply",
                      CALO_ERROR_FORMAT, "a.ply: the element \"vertex\" lacks one of the properties x, y, z");
    assert_text_fails("ply\nformat text 1.0\n", "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: header line 2: the format \"text\" is none of ascii, binary_little_endian, "
                      "binary_big_endian");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 1\nproperty half x\n", "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: header line 4: \"half\" is not a type of PLY");
    assert_text_fails("ply\nformat ascii 1.0\nproperty float x\n", "a.ply", CALO_ERROR_FORMAT,
                      "a.ply: header line 3: a property stands before the first element");
    assert_text_fails("ply\nformat ascii 1.0\nelement vertex 0\n" XYZ "end_header\n", "a.ply", CALO_ERROR_EMPTY,
                      "a.ply: no triangles, lines or points to draw");
    assert_text_fails("ply\nformat ascii 1.0\nend_header\n", "a.ply", CALO_ERROR_EMPTY,
                      "a.ply: no triangles, lines or points to draw");
    assert_text_fails("ply\nend_header\n", "a.ply", CALO_ERROR_FORMAT, "a.ply: the header has no \"format\" line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascii_square),
        cmocka_unit_test(test_binary_in_both_byte_orders),
        cmocka_unit_test(test_plain_records_are_read_alike),
        cmocka_unit_test(test_plain_records_fail_alike),
        cmocka_unit_test(test_normals_uvs_and_float_colors),
        cmocka_unit_test(test_face_colors_split_vertices),
        cmocka_unit_test(test_texcoords_of_faces_and_a_texture),
        cmocka_unit_test(test_texcoords_that_do_not_fit),
        cmocka_unit_test(test_polygons_keep_their_shape),
        cmocka_unit_test(test_triangle_strips),
        cmocka_unit_test(test_edges_are_lines),
        cmocka_unit_test(test_vertices_alone_are_points),
        cmocka_unit_test(test_extra_values_in_a_line),
        cmocka_unit_test(test_truncated_text),
        cmocka_unit_test(test_claims_must_be_borne_out),
        cmocka_unit_test(test_faults_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
