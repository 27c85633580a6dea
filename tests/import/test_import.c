#include "import_sample.h"

#include <stdio.h>
#include <unistd.h>

#include <calotype/mujoco.h>

static const char ply[] = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
                          "property float z\nend_header\n1 2 3\n";
static const char stl[] = "solid\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\n"
                          "endfacet\nendsolid\n";
static const char obj[] = "# a triangle\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
static const char gltf[] =
    "{\"asset\":{\"version\":\"2.0\"},\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"mesh\":0}],"
    "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"mode\":0}]}],"
    "\"accessors\":[{\"componentType\":5126,\"count\":1,\"type\":\"VEC3\"}]}";

static void assert_format(const char *text, const char *name, const char *format)
{
    calo_scene *scene = load_text(text, name);
    assert_string_equal(scene->format, format);
    assert_string_equal(scene->path, name);
    calo_scene_destroy(scene);
}

static void test_bytes_tell_more_than_the_name(void **state)
{
    (void)state;
    static const char *const names[] = {"a.ply", "a.stl", "a.obj", "a.glb", "a.gltf", "a.PLY", "a", "a.dat"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_format(ply, names[i], "ply");
        assert_format(stl, names[i], "stl");
        assert_format(gltf, names[i], "gltf");
    }
    assert_format(obj, "a.obj", "obj");
    assert_format(obj, "a.OBJ", "obj");
}

static void test_the_name_tells_what_is_wrong(void **state)
{
    (void)state;
    assert_text_fails("abc", "a.ply", CALO_ERROR_FORMAT, "a.ply: not a PLY file: it does not begin with \"ply\"");
    assert_text_fails("abc", "folder.ply/a", CALO_ERROR_UNSUPPORTED,
                      "folder.ply/a: neither its first bytes nor its extension \"\" tell a format that calotype reads "
                      "(glTF, GLB, OBJ, STL, PLY, MJCF)");
    assert_text_fails("", "a.glb", CALO_ERROR_EMPTY, "a.glb: the file is empty (0 bytes)");
}

static void test_foreign_formats_are_named(void **state)
{
    (void)state;
    assert_text_fails("Kaydara FBX Binary  ", "a.fbx", CALO_ERROR_UNSUPPORTED,
                      "a.fbx: this is an FBX file; calotype reads glTF, GLB, OBJ, STL, PLY and MJCF: convert it first");
    assert_text_fails("version https://git-lfs.github.com/spec/v1\n", "a.obj", CALO_ERROR_UNSUPPORTED,
                      "a.obj: this is a Git LFS pointer, not the file itself; calotype reads glTF, GLB, OBJ, STL, PLY "
                      "and MJCF: convert it first");
}

static void test_limits_and_missing_files(void **state)
{
    (void)state;
    calo_import_options options = {.limits = {.max_file_bytes = 10}};
    calo_scene *scene = NULL;
    calo_error err = {0};
    assert_int_equal(calo_scene_load_memory(ply, sizeof ply - 1, "a.ply", &options, &scene, &err), CALO_ERROR_LIMIT);
    assert_non_null(strstr(err.message, "a.ply has "));
    assert_int_equal(calo_scene_load("there/is/no.ply", NULL, &scene, &err), CALO_ERROR_NOT_FOUND);
    assert_non_null(strstr(err.message, "there/is/no.ply"));
    assert_null(scene);
    options = (calo_import_options){.limits = {.max_memory_bytes = 1000}};
    assert_int_equal(calo_scene_load_memory(ply, sizeof ply - 1, "a.ply", &options, &scene, &err), CALO_ERROR_LIMIT);
}

static void test_a_file_on_disk(void **state)
{
    (void)state;
    char path[] = "/tmp/calotype-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, stl, sizeof stl - 1), sizeof stl - 1);
    close(file);
    calo_scene *scene = NULL;
    assert_int_equal(calo_scene_load(path, NULL, &scene, NULL), CALO_OK);
    unlink(path);
    assert_string_equal(scene->format, "stl");
    assert_int_equal(scene->file_bytes, sizeof stl - 1);
    assert_string_equal(scene->path, path);
    calo_scene_destroy(scene);
}

static void test_formats_are_listed(void **state)
{
    (void)state;
    const char *const *formats = calo_import_formats();
    const char *const expected[] = {"gltf", "glb", "obj", "stl", "ply", "mjcf"};
    size_t count = calo_mujoco_available() ? 6 : 5;
    for (size_t i = 0; i < count; i++)
        assert_string_equal(formats[i], expected[i]);
    assert_null(formats[count]);
}

/* Real files, where they are: name, and the sentence for those that cannot be drawn. */
static void test_real_files_load_or_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *path, *failure;
        uint32_t polygons, vertices, edges;
    } files[] = {
        {"trimesh/unit_cube.STL", NULL, 12, 8, 18},
        {"trimesh/two_objects_mixed_case_names.stl", NULL, 24, 16, 36},
        {"trimesh/multibody.stl", NULL, 32, 20, 48},
        {"trimesh/torus.STL", NULL, 8700, 4350, 13050},
        {"trimesh/empty.stl", "no triangles, lines or points to draw", 0, 0, 0},
        {"trimesh/empty.ply", "no triangles, lines or points to draw", 0, 0, 0},
        {"trimesh/cube_blender_uv.ply", NULL, 6, 24, 24},
        {"trimesh/fuze.ply", NULL, 1000, 502, 1500},
        {"trimesh/fuze_ascii.ply", NULL, 1000, 502, 1500},
        {"trimesh/points_ascii_with_lists.ply", NULL, 0, 5, 0},
        {"trimesh/points_bin.ply", NULL, 0, 5, 0},
        {"trimesh/cycloidal.ply", NULL, 43368, 21384, 64810},
        {"objaverse-test/example.ply", NULL, 984, 568, 1543},
        {"objaverse-test/example.stl", NULL, 984, 498, 1476},
    };
    const char *folder = getenv("CALOTYPE_ASSETS"), *root = getenv("CALOTYPE_SOURCE_ROOT");
    char standard[1024], path[2048];
    snprintf(standard, sizeof standard, "%s/../shared/assets", root ? root : ".");
    folder = folder ? folder : standard;
    if (access(folder, R_OK) != 0) {
        print_message("no assets in %s: set CALOTYPE_ASSETS\n", folder);
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        calo_scene *scene = NULL;
        calo_error err = {0};
        snprintf(path, sizeof path, "%s/%s", folder, files[i].path);
        calo_status status = calo_scene_load(path, NULL, &scene, &err);
        if (files[i].failure) {
            assert_int_equal(status, CALO_ERROR_EMPTY);
            assert_non_null(strstr(err.message, files[i].failure));
            continue;
        }
        if (status != CALO_OK)
            fail_msg("%s", err.message);
        calo_scene_statistics counts = count_scene(scene);
        assert_int_equal(counts.polygon_count, files[i].polygons);
        assert_int_equal(counts.vertex_count, files[i].vertices);
        assert_int_equal(counts.edge_count, files[i].edges);
        calo_scene_destroy(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_tell_more_than_the_name), cmocka_unit_test(test_the_name_tells_what_is_wrong),
        cmocka_unit_test(test_foreign_formats_are_named),     cmocka_unit_test(test_limits_and_missing_files),
        cmocka_unit_test(test_a_file_on_disk),                cmocka_unit_test(test_formats_are_listed),
        cmocka_unit_test(test_real_files_load_or_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
