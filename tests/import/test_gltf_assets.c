/* Real files: their counts, and that every one loads or says why not. Skipped without the files. */
#include "gltf_sample.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "scene/build.h"

static char assets[4096];

static int find_assets(void **state)
{
    (void)state;
    const char *named = getenv("CALOTYPE_ASSETS"), *root = getenv("CALOTYPE_SOURCE_ROOT");
    if (named)
        snprintf(assets, sizeof assets, "%s", named);
    else
        snprintf(assets, sizeof assets, "%s/../shared/assets", root ? root : ".");
    DIR *folder = opendir(assets);
    if (folder)
        closedir(folder);
    else
        assets[0] = '\0';
    return 0;
}

static calo_scene *load_asset(const char *folder, const char *name, calo_error *err)
{
    char path[5000];
    calo_file file;
    calo_scene *scene = NULL;
    snprintf(path, sizeof path, "%s/%s/%s", assets, folder, name);
    assert_int_equal(calo_file_read(path, UINT64_MAX, &file, err), CALO_OK);
    calo_import_source source = {path, true, file.bytes, file.size, calo_limits_resolve(NULL), 0, NULL};
    const calo_importer *importer = calo_importer_glb.probe(file.bytes, file.size) == 2 ? &calo_importer_glb
                                                                                        : &calo_importer_gltf;
    assert_int_equal(importer->probe(file.bytes, file.size), 2);
    calo_status status = importer->load(&source, &scene, err);
    assert_int_equal(status == CALO_OK, scene != NULL);
    if (status != CALO_OK)
        assert_int_equal(strncmp(err->message, path, strlen(path)), 0);
    calo_file_finish(&file);
    return scene;
}

static void check_counts(const char *name, uint32_t triangles, uint32_t vertices, uint32_t materials, uint32_t images)
{
    calo_error err = {0};
    calo_scene *scene = load_asset("glb", name, &err);
    if (!scene)
        fail_msg("%s", err.message);
    uint32_t triangle_count = 0, vertex_count = 0;
    for (uint32_t m = 0; m < scene->mesh_count; m++)
        for (uint32_t p = 0; p < scene->meshes[m].primitive_count; p++) {
            triangle_count += scene->meshes[m].primitives[p].polygon_count;
            vertex_count += scene->meshes[m].primitives[p].source_vertex_count;
        }
    assert_int_equal(triangle_count, triangles);
    assert_int_equal(vertex_count, vertices);
    assert_int_equal(scene->material_count, materials);
    assert_int_equal(scene->image_count, images);
    assert_int_equal(scene->warning_count, 0);
    for (uint32_t i = 0; i < scene->image_count; i++)
        assert_false(scene->images[i].missing);
    calo_scene_destroy(scene);
}

static void test_counts(void **state)
{
    (void)state;
    if (!assets[0])
        skip();
    check_counts("example_1k.glb", 984, 2032, 1, 0);
    check_counts("duck_4k.glb", 4212, 2399, 1, 1);
    check_counts("statue_16k.glb", 16259, 9746, 1, 2);
    check_counts("flighthelmet_95k.glb", 94722, 55392, 6, 15);
}

static void test_folder(const char *folder)
{
    char path[5000];
    snprintf(path, sizeof path, "%s/%s", assets, folder);
    DIR *listing = opendir(path);
    if (!listing)
        return;
    for (struct dirent *entry; (entry = readdir(listing));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || (strcmp(dot, ".glb") != 0 && strcmp(dot, ".gltf") != 0))
            continue;
        calo_error err = {0};
        calo_scene *scene = load_asset(folder, entry->d_name, &err);
        if (scene && calo_scene_check_drawable(scene, &err) != CALO_OK) {
            calo_scene_destroy(scene);
            scene = NULL;
        }
        if (!scene)
            print_message("%s\n", err.message);
        /* The one file of these that holds nothing to draw. */
        assert_int_equal(scene == NULL, strcmp(entry->d_name, "empty_nodes.glb") == 0);
        assert_int_equal(err.status, scene ? CALO_OK : CALO_ERROR_EMPTY);
        calo_scene_destroy(scene);
    }
    closedir(listing);
}

static void test_all_files(void **state)
{
    (void)state;
    if (!assets[0])
        skip();
    test_folder("trimesh");
    test_folder("objaverse-test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_all_files),
    };
    return cmocka_run_group_tests(tests, find_assets, NULL);
}
