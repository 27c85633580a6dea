/* Wavefront OBJ: geometry, objects, smoothing, and what is wrong with files. */
#include <dirent.h>
#include <stdio.h>

#include "import/importer.h"
#include "import_sample.h"

#define SQUARE "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"

static calo_scene *load_obj(const char *text) { return load_text(text, "sample.obj"); }

static void assert_floats(const float *values, size_t count, const float *expected)
{
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(values[i] - expected[i]) <= 1e-6f))
            fail_msg("float %zu is %.9g, not %.9g", i, (double)values[i], (double)expected[i]);
}

static void assert_indices(const calo_primitive *primitive, uint32_t count, const uint32_t *expected)
{
    assert_int_equal(primitive->index_count, count);
    assert_memory_equal(primitive->indices, expected, count * sizeof *expected);
}

static bool has_warning(const calo_scene *scene, const char *id)
{
    for (uint32_t i = 0; i < scene->warning_count; i++)
        if (strcmp(scene->warnings[i].id, id) == 0)
            return true;
    return false;
}

static void assert_warns(const char *text, const char *id)
{
    calo_scene *scene = load_obj(text);
    if (!has_warning(scene, id))
        fail_msg("no warning %s for:\n%s", id, text);
    calo_scene_destroy(scene);
}

/* ---- geometry ---- */

static void test_quad_with_all_attributes(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(SQUARE "vt 0 0\nvt 1 0\nvt 1 0.75\nvt 0 1\nvn 0 0 2\nf 1/1/1 2/2/1 3/3/1 4/4/1\n");
    const calo_primitive *primitive = only_primitive(scene);
    assert_string_equal(scene->format, "obj");
    assert_int_equal(primitive->topology, CALO_TRIANGLES);
    assert_int_equal(primitive->vertex_count, 4);
    assert_floats(primitive->positions, 12, (float[]){0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0});
    assert_floats(primitive->normals, 12, (float[]){0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1});
    assert_floats(primitive->uvs[0], 8, (float[]){0, 1, 1, 1, 1, 0.25f, 0, 0}); /* v grows downwards */
    assert_null(primitive->colors);
    assert_int_equal(primitive->material, -1);
    assert_indices(primitive, 6, (uint32_t[]){0, 1, 2, 0, 2, 3});
    assert_int_equal(primitive->polygon_count, 1);
    assert_int_equal(primitive->edge_flags[0], 3); /* 0-1 and 1-2, not the diagonal */
    assert_int_equal(primitive->edge_flags[1], 6);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
}

static void test_axes(void **state)
{
    (void)state;
    calo_scene *scene = load_obj("v 1 2 3\nv 2 2 3\nv 1 4 3\nf 1 2 3\n");
    calo_scene_statistics statistics = count_scene(scene);
    const double low[3] = {1, -3, 2}, high[3] = {2, -3, 4}; /* (x, y, z) -> (x, -z, y) */
    for (int i = 0; i < 3; i++) {
        assert_float_equal(statistics.bounds_min[i], low[i], 1e-9);
        assert_float_equal(statistics.bounds_max[i], high[i], 1e-9);
    }
    calo_scene_destroy(scene);
}

static void test_counts_are_the_files(void **state)
{
    (void)state;
    /* Two quads share an edge; UVs and two materials split vertices, but not in the counts. */
    calo_scene *scene = load_obj(SQUARE "v 2 0 0\nv 2 1 0\nvt 0 0\nvt 1 1\nusemtl a\nf 1/1 2/1 3/1 4/2\n"
                                        "usemtl b\nf 2/2 5/2 6/2 3/2\n");
    calo_scene_statistics statistics = count_scene(scene);
    assert_int_equal(scene->meshes[0].primitive_count, 2);
    assert_int_equal(statistics.polygon_count, 2);
    assert_int_equal(statistics.vertex_count, 6);
    assert_int_equal(statistics.edge_count, 7);
    assert_int_equal(statistics.triangle_count, 4);
    assert_int_equal(statistics.mesh_count, 1);
    calo_scene_destroy(scene);
}

static void test_negative_and_forward_numbers(void **state)
{
    (void)state;
    calo_scene *back = load_obj(SQUARE "vn 0 1 0\nvn 0 0 1\nf -4//-1 -3//-1 -2//2\nv 9 9 9\n");
    const calo_primitive *primitive = only_primitive(back);
    assert_floats(primitive->positions, 9, (float[]){0, 0, 0, 1, 0, 0, 1, 1, 0});
    assert_floats(primitive->normals, 9, (float[]){0, 0, 1, 0, 0, 1, 0, 0, 1});
    calo_scene_destroy(back);
    calo_scene *forward = load_obj("f 1 2 3\n" SQUARE);
    assert_floats(only_primitive(forward)->positions, 9, (float[]){0, 0, 0, 1, 0, 0, 1, 1, 0});
    calo_scene_destroy(forward);
}

static void test_concave_polygon_keeps_its_area(void **state)
{
    (void)state;
    /* An L of area 3, beginning at the corner opposite to the notch's. */
    calo_scene *scene = load_obj("v 2 0 0\nv 2 1 0\nv 1 1 0\nv 1 2 0\nv 0 2 0\nv 0 0 0\nf 1 2 3 4 5 6\n");
    const calo_primitive *primitive = only_primitive(scene);
    double area = 0;
    assert_int_equal(primitive->index_count, 12);
    for (uint32_t t = 0; t < 4; t++) {
        const float *p[3];
        for (int i = 0; i < 3; i++)
            p[i] = primitive->positions + 3 * (size_t)primitive->indices[3 * t + (uint32_t)i];
        double doubled = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
        assert_true(doubled >= 0);
        area += doubled / 2;
    }
    assert_float_equal(area, 3, 1e-9);
    calo_scene_destroy(scene);
}

static void test_lines_and_points(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(SQUARE "l 1 2 3\nl 4/1 1/1\np 2 4\n");
    assert_int_equal(scene->meshes[0].primitive_count, 2);
    const calo_primitive *lines = &scene->meshes[0].primitives[0], *points = &scene->meshes[0].primitives[1];
    assert_int_equal(lines->topology, CALO_LINES);
    assert_indices(lines, 6, (uint32_t[]){0, 1, 1, 2, 3, 0});
    assert_int_equal(points->topology, CALO_POINTS);
    assert_indices(points, 2, (uint32_t[]){0, 1});
    assert_floats(points->positions, 6, (float[]){1, 0, 0, 0, 1, 0});
    assert_int_equal(count_scene(scene).edge_count, 3);
    calo_scene_destroy(scene);
}

static void test_bare_vertices_are_points(void **state)
{
    (void)state;
    calo_scene *scene = load_obj("v 0 0 0 1 1 1\nv 1 0 0 0 0 0\n");
    const calo_primitive *points = only_primitive(scene);
    assert_int_equal(points->topology, CALO_POINTS);
    assert_indices(points, 2, (uint32_t[]){0, 1});
    assert_floats(points->colors, 8, (float[]){1, 1, 1, 1, 0, 0, 0, 1});
    assert_only_warning(scene, "points-only");
    calo_scene_destroy(scene);
}

static void test_vertex_colors(void **state)
{
    (void)state;
    /* sRGB 0.5 is 0.21404 linear; a fourth number alone is a weight, not a color. */
    calo_scene *scene = load_obj("v 0 0 0 2\nv 1 0 0 0.5 0 1\nv 0 1 0 nan 0 0\nf 1 2 3\n");
    const calo_primitive *primitive = only_primitive(scene);
    assert_floats(primitive->positions, 9, (float[]){0, 0, 0, 1, 0, 0, 0, 1, 0});
    assert_floats(primitive->colors, 12, (float[]){1, 1, 1, 1, 0.2140411f, 0, 1, 1, 1, 1, 1, 1});
    assert_only_warning(scene, "bad-colors");
    assert_string_equal(scene->warnings[0].message,
                        "vertex colors that are not finite: 1, the first in line 3 (v): white is used");
    calo_scene_destroy(scene);
    calo_scene *bytes = load_obj("v 0 0 0 255 0 0\nv 1 0 0 0 255 0\nv 0 1 0 0 0 255\nf 1 2 3\n");
    assert_floats(only_primitive(bytes)->colors, 12, (float[]){1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1});
    assert_only_warning(bytes, "color-range");
    calo_scene_destroy(bytes);
}

/* ---- objects and materials ---- */

static void test_objects_become_meshes(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(SQUARE "o first one \ng ignored\nusemtl red paint\nf 1 2 3\nusemtl blue\nf 1 3 4\n"
                                        "usemtl red paint\nf 2 3 4\no\tsecond\nusemtl blue\nf 1 2 4\no empty\n");
    assert_int_equal(scene->node_count, 2);
    assert_string_equal(scene->nodes[0].name, "first one");
    assert_string_equal(scene->nodes[1].name, "second");
    assert_int_equal(scene->nodes[1].mesh, 1);
    assert_int_equal(scene->material_count, 2);
    assert_string_equal(scene->materials[0].name, "red paint");
    assert_string_equal(scene->materials[1].name, "blue");
    assert_int_equal(scene->meshes[0].primitive_count, 2);
    const calo_primitive *red = &scene->meshes[0].primitives[0], *blue = &scene->meshes[0].primitives[1];
    assert_int_equal(red->material, 0);
    assert_indices(red, 6, (uint32_t[]){0, 1, 2, 1, 2, 3});
    assert_int_equal(blue->material, 1);
    assert_int_equal(blue->index_count, 3);
    assert_int_equal(scene->meshes[1].primitive_count, 1);
    assert_int_equal(scene->meshes[1].primitives[0].material, 1);
    calo_scene_destroy(scene);
}

static void test_name_after_use_of_the_unnamed_object(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(SQUARE "f 1 2 3\no later\nf 1 3 4\n");
    assert_int_equal(scene->node_count, 2);
    assert_string_equal(scene->nodes[0].name, "");
    assert_string_equal(scene->nodes[1].name, "later");
    calo_scene_destroy(scene);
}

/* ---- smoothing ---- */

/* A roof: two rectangles that meet at a right angle along the edge 3-4; their normals are
 * (1, 0, 1) / sqrt(2) and (-1, 0, 1) / sqrt(2). */
#define ROOF "v 1 0 0\nv 1 1 0\nv 0 1 1\nv 0 0 1\nv -1 1 0\nv -1 0 0\n"

static void test_smoothing_group(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(ROOF "s 1\nf 1 2 3 4\nf 4 3 5 6\n");
    const calo_primitive *primitive = only_primitive(scene);
    const float h = 0.70710678f;
    assert_int_equal(primitive->vertex_count, 6);
    assert_floats(primitive->normals, 18, (float[]){h, 0, h, h, 0, h, 0, 0, 1, 0, 0, 1, -h, 0, h, -h, 0, h});
    calo_scene_destroy(scene);
}

static void test_normals_are_weighted_by_angle(void **state)
{
    (void)state;
    /* One side of the ridge is cut into two triangles: the result must not change. */
    calo_scene *scene = load_obj(ROOF "s 1\nf 1 2 3\nf 1 3 4\nf 4 3 5 6\n");
    const calo_primitive *primitive = only_primitive(scene);
    for (uint32_t v = 0; v < primitive->vertex_count; v++)
        if (primitive->positions[3 * v + 2] == 1)
            assert_floats(primitive->normals + 3 * (size_t)v, 3, (float[]){0, 0, 1});
    calo_scene_destroy(scene);
}

static void test_groups_smooth_apart(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(ROOF "s 1\nf 1 2 3 4\ns 2\nf 4 3 5 6\n");
    const calo_primitive *primitive = only_primitive(scene);
    const float h = 0.70710678f;
    assert_int_equal(primitive->vertex_count, 8);
    assert_floats(primitive->normals, 12, (float[]){h, 0, h, h, 0, h, h, 0, h, h, 0, h});
    assert_floats(primitive->normals + 12, 12, (float[]){-h, 0, h, -h, 0, h, -h, 0, h, -h, 0, h});
    assert_int_equal(count_scene(scene).vertex_count, 6);
    calo_scene_destroy(scene);
}

static void test_flat_faces(void **state)
{
    (void)state;
    const char *const texts[] = {ROOF "f 1 2 3 4\n", ROOF "s 1\ns off\nf 1 2 3 4\n", ROOF "s 0\nf 1 2 3 4\n",
                                 ROOF "s 1\no ends\nf 1 2 3 4\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        calo_scene *scene = load_obj(texts[i]);
        assert_null(only_primitive(scene)->normals);
        calo_scene_destroy(scene);
    }
}

static void test_flat_beside_smooth(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(ROOF "f 1 2 3 4\ns 1\nf 4 3 5 6\n");
    const calo_primitive *primitive = only_primitive(scene);
    const float h = 0.70710678f;
    assert_int_equal(primitive->vertex_count, 8);
    assert_floats(primitive->normals, 12, (float[]){h, 0, h, h, 0, h, h, 0, h, h, 0, h});
    assert_floats(primitive->normals + 12, 12, (float[]){-h, 0, h, -h, 0, h, -h, 0, h, -h, 0, h});
    calo_scene_destroy(scene);
}

static void test_normals_of_the_file_win(void **state)
{
    (void)state;
    calo_scene *scene = load_obj(ROOF "vn 0 1 0\nvn 0 0 0\ns 1\nf 1//1 2//1 3//1 4//2\n");
    assert_floats(only_primitive(scene)->normals, 12, (float[]){0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0});
    calo_scene_destroy(scene);
}

/* ---- text ---- */

static void test_ways_to_write_lines(void **state)
{
    (void)state;
    const char *const texts[] = {
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3",
        "v 0 0 0\r\nv 1 0 0\r\nv 0 1 0\r\nf 1 2 3\r\n",
        "v 0 0 0\rv 1 0 0\rv 0 1 0\rf 1 2 3\r",
        "\xef\xbb\xbfv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "# C:\\models\\\n\n  v\t0 0 0 # origin\nv +1.0e0 0 .0\nv 0 1. 0\nf 1/ 2// 3\t# one\n",
        "v 0 \\\n0 0\nv 1 \\\r\n 0 0\nv 0 1 0\nf 1 2\\\n 3\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nfo 1 2 3\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        calo_scene *scene = load_obj(texts[i]);
        const calo_primitive *primitive = only_primitive(scene);
        assert_floats(primitive->positions, 9, (float[]){0, 0, 0, 1, 0, 0, 0, 1, 0});
        assert_indices(primitive, 3, (uint32_t[]){0, 1, 2});
        assert_int_equal(scene->warning_count, 0);
        calo_scene_destroy(scene);
    }
}

/* The usual corners are read by shorter code than the odd ones. */
static void test_ways_to_write_corners(void **state)
{
    (void)state;
    const char *const faces[] = {
        "f 2/1/2 3/2/1 1/3/2",          "f +2/+1/+2 +3/+2/+1 +1/+3/+2",
        "f -2/-3/-1 -1/-2/-2 -3/-1/-1", "f 02/01/02 000000003/2/1 0000000001/3/2",
        "f 2/1/-1 3/-2/1 -3/3/2",
    };
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 1\nvt 0.5 1\nvt 1 1\nvn 0 0 1\nvn 0 1 0\n%s",
                 faces[i]);
        calo_scene *scene = load_obj(text);
        const calo_primitive *primitive = only_primitive(scene);
        assert_indices(primitive, 3, (uint32_t[]){0, 1, 2});
        assert_floats(primitive->positions, 9, (float[]){1, 0, 0, 0, 1, 0, 0, 0, 0});
        assert_floats(primitive->uvs[0], 6, (float[]){0, 0, 0.5f, 0, 1, 0});
        assert_floats(primitive->normals, 9, (float[]){0, 1, 0, 0, 0, 1, 0, 1, 0});
        calo_scene_destroy(scene);
    }
}

static void test_warnings(void **state)
{
    (void)state;
    assert_warns(SQUARE "f 1 2\nf 1 2 3\n", "short-face");
    assert_warns(SQUARE "l 1\nf 1 2 3\n", "short-face");
    assert_warns(SQUARE "f 1/1 2/1 3/1\n", "missing-attribute");
    assert_warns(SQUARE "f 1//9 2//9 3//9\n", "missing-attribute");
    assert_warns(SQUARE "cstype bezier\nsurf 0 1 0 1 1 2 3 4\nf 1 2 3\n", "free-form");
    assert_warns(SQUARE "hello world\nf 1 2 3\n", "unknown-statement");
    assert_warns(SQUARE "usemtl a\nf 1 2 3\n", "missing-material");
    assert_warns("mtllib nowhere.mtl\n" SQUARE "f 1 2 3\n", "missing-material-library");
    assert_warns("mtllib ../nowhere.mtl\n" SQUARE "f 1 2 3\n", "outside-path");
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {SQUARE "f 1 2 5\n", "line 5: a corner names vertex 5, but the file has only 4"},
        {SQUARE "f 1 2 -5\n", "line 5: a corner names vertex -5, but only 4 stand before it"},
        {SQUARE "f 0 1 2\n", "line 5: a corner's vertex number is zero, too large or not a number"},
        {SQUARE "f 1 2 99999999999\n", "line 5: a corner's vertex number is zero, too large or not a number"},
        {SQUARE "f 1 2 x\n", "line 5: a corner's vertex number is zero, too large or not a number"},
        {SQUARE "f 1 2 3z\n", "line 5: a corner must read v, v/vt, v//vn or v/vt/vn"},
        {SQUARE "f 1/1/1/1 2 3\n", "line 5: a corner must read v, v/vt, v//vn or v/vt/vn"},
        {SQUARE "f 1/1/1/ 2 3\n", "line 5: a corner must read v, v/vt, v//vn or v/vt/vn"},
        {SQUARE "f 1///1 2 3\n", "line 5: a corner must read v, v/vt, v//vn or v/vt/vn"},
        {SQUARE "f 1 2 4294967298\n", "line 5: a corner's vertex number is zero, too large or not a number"},
        {SQUARE "f 1 2 1234567890\n", "line 5: a corner names vertex 1234567890, but the file has only 4"},
        {SQUARE "f 1 2 123456789\n", "line 5: a corner names vertex 123456789, but the file has only 4"},
        {SQUARE "f 1/0 2/1 3/1\n", "line 5: a corner's texture coordinate number is zero, too large or not a number"},
        {SQUARE "vt 0 0\nf 1/1 2/1 3/2\n", "line 6: a corner names texture coordinate 2, but the file has only 1"},
        {SQUARE "vn 0 0 1\n\nf 1//1 2//2 3//1\n", "line 7: a corner names normal 2, but the file has only 1"},
        {"v 0 0\n", "line 1: a vertex (v) needs 3 numbers, but number 3 is missing"},
        {"v 0 \\\n0\n", "line 2: a vertex (v) needs 3 numbers, but number 3 is missing"},
        {"v 0 0 z\n", "line 1: a vertex (v) needs 3 numbers, but number 3 is not readable"},
        {"v 0 0 0\nvt\n", "line 2: a texture coordinate (vt) needs 1 numbers, but number 1 is missing"},
        {"v 0 0 0\nvn 1 2\n", "line 2: a normal (vn) needs 3 numbers, but number 3 is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[256];
        snprintf(message, sizeof message, "sample.obj: %s", cases[i].sentence);
        assert_text_fails(cases[i].text, "sample.obj", CALO_ERROR_FORMAT, message);
    }
    assert_text_fails("# nothing\n", "sample.obj", CALO_ERROR_EMPTY,
                      "sample.obj: the file has no vertices and no faces");
    assert_text_fails("o a\nf 1 2\n", "sample.obj", CALO_ERROR_FORMAT,
                      "sample.obj: line 2: a corner names vertex 2, but the file has only 0");
    assert_text_fails("v 0 0 0\nv 1 0 0\nv inf 0 0\nf 1 2 3\n", "sample.obj", CALO_ERROR_FORMAT,
                      "sample.obj: mesh \"\", primitive 0: vertex 2 is at (inf, 0, 0), which is not finite: repair the "
                      "file");
}

static void test_truncations(void **state)
{
    (void)state;
    const char *text =
        "mtllib a.mtl\n" ROOF "vt 0 0\nvn 0 0 1\no a\nusemtl b\ns 1\nf 1/1/1 2/1/1 3/1/1 4/1/1\nl 1 2\np 3\n";
    assert_true(load_truncations(text, strlen(text), "sample.obj") > 0);
}

static void test_memory_limit(void **state)
{
    (void)state;
    const calo_import_options options = {.limits = {.max_memory_bytes = 4096}};
    char text[4096] = "";
    for (int i = 0; i < 200; i++)
        strcat(text, "v 0 0 0\n");
    calo_scene *scene = NULL;
    calo_error err = {0};
    assert_int_equal(calo_scene_load_memory(text, strlen(text), NULL, &options, &scene, &err), CALO_ERROR_LIMIT);
    assert_null(scene);
    assert_string_equal(err.message,
                        "(memory): reading it takes more than the memory limit of 4096 bytes: raise it with "
                        "--max-memory");
    assert_int_equal(calo_scene_load_memory(text, strlen(text), NULL, &options, &scene, NULL), CALO_ERROR_LIMIT);
}

static void test_recognition(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int sureness;
    } cases[] = {
        {"v 1 2 3\n", 2},
        {"# made by hand\n\nmtllib a.mtl\n", 2},
        {"o cube\ng group\nv 0 0 0\n", 2},
        {"# a comment alone\n", 1},
        {"o cube\n", 1},
        {"\n\n", 0},
        {"volume 1\n", 0},
        {"solid cube\nfacet normal 0 0 1\n", 0},
        {"ply\nformat ascii 1.0\n", 0},
        {"{\"asset\": {}}", 0},
        {"# comment\n<html>", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;
        assert_int_equal(calo_importer_obj.probe((const uint8_t *)text, strlen(text)), cases[i].sureness);
    }
    assert_int_equal(calo_importer_obj.probe((const uint8_t *)"v 0 0 0\n\0", 9), 0);
}

/* ---- real files ---- */

static void load_folder(const char *assets, const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", assets, folder);
    DIR *listing = opendir(path);
    size_t found = 0;
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, ".obj") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/%s", assets, folder, entry->d_name);
        calo_scene *scene = NULL;
        calo_error err = {0};
        calo_status status = calo_scene_load(path, NULL, &scene, &err);
        assert_int_equal(status == CALO_OK, err.message[0] == '\0');
        if (scene)
            assert_true(count_scene(scene).vertex_count > 0);
        calo_scene_destroy(scene);
        found++;
    }
    if (listing)
        closedir(listing);
    assert_true(found > 0);
}

static void test_real_files(void **state)
{
    (void)state;
    const char *named = getenv("CALOTYPE_ASSETS"), *root = getenv("CALOTYPE_SOURCE_ROOT");
    char assets[2048];
    snprintf(assets, sizeof assets, "%s%s", named ? named : root ? root : ".", named ? "" : "/../shared/assets");
    DIR *there = opendir(assets);
    if (!there)
        skip();
    closedir(there);
    load_folder(assets, "trimesh");
    load_folder(assets, "objaverse-test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quad_with_all_attributes),
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_counts_are_the_files),
        cmocka_unit_test(test_negative_and_forward_numbers),
        cmocka_unit_test(test_concave_polygon_keeps_its_area),
        cmocka_unit_test(test_lines_and_points),
        cmocka_unit_test(test_bare_vertices_are_points),
        cmocka_unit_test(test_vertex_colors),
        cmocka_unit_test(test_objects_become_meshes),
        cmocka_unit_test(test_name_after_use_of_the_unnamed_object),
        cmocka_unit_test(test_smoothing_group),
        cmocka_unit_test(test_normals_are_weighted_by_angle),
        cmocka_unit_test(test_groups_smooth_apart),
        cmocka_unit_test(test_flat_faces),
        cmocka_unit_test(test_flat_beside_smooth),
        cmocka_unit_test(test_normals_of_the_file_win),
        cmocka_unit_test(test_ways_to_write_lines),
        cmocka_unit_test(test_ways_to_write_corners),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_recognition),
        cmocka_unit_test(test_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
