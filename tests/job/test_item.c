/* One file through the whole job: names, progress, stopping, and refusals before the rendering. */
#include <calotype/job.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

typedef struct fixture {
    char folder[64], output[80], model[80];
    calo_renderer *renderer;
    calo_error err;
    calo_item_result result;
} fixture;

/* A triangle drawn by `node_count` nodes. */
static void write_model(const char *path, uint32_t node_count)
{
    static const char head[] =
        "{\"asset\":{\"version\":\"2.0\"},\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0}}]}],"
        "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}],"
        "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36}],"
        "\"buffers\":[{\"byteLength\":36,\"uri\":\"data:;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA\"}],";
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\"nodes\":[{\"mesh\":0}", head);
    for (uint32_t i = 1; i < node_count; i++)
        fputs(",{\"mesh\":0}", file);
    fputs("],\"scenes\":[{\"nodes\":[0", file);
    for (uint32_t i = 1; i < node_count; i++)
        fprintf(file, ",%u", i);
    fputs("]}]}", file);
    assert_int_equal(fclose(file), 0);
}

static size_t count_entries(const char *folder)
{
    size_t count = 0;
    DIR *stream = opendir(folder);
    if (!stream)
        return 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return count;
}

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.folder = "/tmp/calotype-job-XXXXXX"};
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.output, sizeof f.output, "%s/out", f.folder);
    snprintf(f.model, sizeof f.model, "%s/leaf.v2.gltf", f.folder);
    write_model(f.model, 1);
    *state = &f;
    return calo_renderer_create(&(calo_renderer_options){.threads = 3}, &f.renderer, &f.err) == CALO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    calo_renderer_destroy(f->renderer);
    calo_folder_remove(f->folder);
    return 0;
}

static calo_item_options options_for(const fixture *f, uint32_t views)
{
    return (calo_item_options){.output_folder = f->output, .views = {.count = views, .width = 8, .height = 8}};
}

static calo_status run(fixture *f, const calo_item_options *options)
{
    f->err = (calo_error){0};
    return calo_item_run(f->renderer, f->model, options, &f->result, &f->err);
}

static void names_follow_the_rule(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        calo_item_options options;
        const char *name;
    } cases[] = {
        {"models/duck.glb", {0}, "duck"},
        {"models/duck.v2.glb", {0}, "duck.v2"},
        {".glb", {0}, ".glb"},
        {"plain", {0}, "plain"},
        {"python.org", {.naming = CALO_NAME_UID}, "886313e1-3b8a-5372-9b90-0c9aee199e5d"}, /* of Python's manual */
        {"python.org", {.package = CALO_PACKAGE_ZIP}, "886313e1-3b8a-5372-9b90-0c9aee199e5d"},
        {"a/duck.glb", {.package = CALO_PACKAGE_ZIP, .naming = CALO_NAME_STEM}, "duck"},
        {"a/7.glb", {.identifier = "https://host/models/duck.glb"}, "duck"},
        {"a/7.glb", {.identifier = "python.org", .naming = CALO_NAME_UID}, "886313e1-3b8a-5372-9b90-0c9aee199e5d"},
        {"a/7.glb", {.identifier = "python.org", .object_name = "scene-000012"}, "scene-000012"},
    };
    char *name;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(calo_item_name(cases[i].path, &cases[i].options, &name, NULL), CALO_OK);
        assert_string_equal(name, cases[i].name);
        free(name);
    }
    assert_int_equal(calo_item_name("models/..", &cases[0].options, &name, NULL), CALO_ERROR_ARGUMENT);
    assert_null(name);
}

typedef struct progress_log {
    size_t last, wrong;
} progress_log;

/* Called from worker threads, where cmocka must not fail. */
static calo_status count_progress(void *user, size_t done, size_t total, calo_error *err)
{
    progress_log *log = user;
    (void)err;
    log->wrong += total != 20 || done != log->last + 1;
    log->last = done;
    return CALO_OK;
}

static void progress_counts_each_view_once(void **state)
{
    fixture *f = *state;
    progress_log log = {0};
    calo_item_options options = options_for(f, 20);
    options.on_progress = count_progress;
    options.progress_user = &log;
    assert_int_equal(run(f, &options), CALO_OK);
    assert_int_equal(log.last, 20);
    assert_int_equal(log.wrong, 0);
    assert_int_equal(f->result.view_count, 20);
    assert_non_null(strstr(f->result.path, "/out/leaf.v2"));
    assert_int_equal(count_entries(f->result.path), 21); /* pictures and metadata.json */
    calo_item_result_finish(&f->result);
}

static calo_file read_metadata(const char *object)
{
    calo_file file;
    char path[256];
    snprintf(path, sizeof path, "%s/metadata.json", object);
    assert_int_equal(calo_file_read(path, 1 << 20, &file, NULL), CALO_OK);
    return file;
}

/* The same file in two places, of which one has a long name, with a texture that is not there and one that cannot be read:
 * the sentences in metadata.json, too, are the same. */
static void fetched_files_leave_nothing_of_their_place(void **state)
{
    fixture *f = *state;
    static const char model[] =
        "{\"asset\":{\"version\":\"2.0\"},\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"material\":0}]}],"
        "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}],"
        "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36}],\"buffers\":[{\"byteLength\":36,\"uri\":"
        "\"data:;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA\"}],\"images\":[{\"uri\":\"a.png\"},{\"uri\":"
        "\"b.png\"}],\"textures\":[{\"source\":0},{\"source\":1}],\"materials\":[{\"pbrMetallicRoughness\":"
        "{\"baseColorTexture\":{\"index\":0}},\"emissiveTexture\":{\"index\":1}}],\"nodes\":[{\"mesh\":0}],"
        "\"scenes\":[{\"nodes\":[0]}]}";
    static const char *const places[] = {"p", "place-with-a-longer-name"};
    char *here = getcwd(NULL, 0), path[256];
    calo_file metadata[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s/b.png", f->folder, places[i]);
        assert_int_equal(calo_folder_create(path, NULL), CALO_OK);
        *strrchr(path, '/') = '\0';
        assert_int_equal(chdir(path), 0);
        assert_int_equal(calo_file_write("7.gltf", model, strlen(model), NULL), CALO_OK);
        calo_item_options options = options_for(f, 1);
        options.identifier = "https://host/duck.glb?version=2";
        options.object_name = "scene-000012";
        assert_int_equal(calo_item_run(f->renderer, "7.gltf", &options, &f->result, &f->err), CALO_OK);
        assert_int_equal(f->result.warning_count, 2);
        assert_string_equal(f->result.save_uid, "c31cc0dd-60f5-5b93-b1b6-9c1d055273b1"); /* Python's uuid5 of the identifier */
        assert_non_null(strstr(f->result.path, "/out/scene-000012"));
        metadata[i] = read_metadata(f->result.path);
        calo_item_result_finish(&f->result);
        assert_int_equal(chdir(here), 0);
    }
    assert_int_equal(metadata[0].size, metadata[1].size);
    assert_memory_equal(metadata[0].bytes, metadata[1].bytes, metadata[0].size);
    assert_null(strstr((char *)metadata[0].bytes, f->folder));
    assert_non_null(strstr((char *)metadata[0].bytes, "\"file_identifier\": \"https://host/duck.glb?version=2\""));
    calo_file_finish(&metadata[0]);
    calo_file_finish(&metadata[1]);
    free(here);
}

static calo_status stop_at_five(void *user, size_t done, size_t total, calo_error *err)
{
    (void)user, (void)total, (void)err;
    return done < 5 ? CALO_OK : CALO_ERROR_CANCELLED;
}

static void stopping_leaves_nothing(void **state)
{
    fixture *f = *state;
    calo_item_options options = options_for(f, 200);
    options.on_progress = stop_at_five;
    for (int package = CALO_PACKAGE_FILES; package <= CALO_PACKAGE_ZIP; package++) {
        options.package = (calo_package)package;
        options.output_folder = f->folder;
        size_t before = count_entries(f->folder);
        assert_int_equal(run(f, &options), CALO_ERROR_CANCELLED);
        assert_int_equal(count_entries(f->folder), before);
        calo_item_result_finish(&f->result);
    }
}

/* 65536 instances do not fit 16 bits; 65535 do. */
static void ids_that_do_not_fit_are_told_before_rendering(void **state)
{
    fixture *f = *state;
    calo_item_options options = options_for(f, 1);
    options.render.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID);
    write_model(f->model, 65536);
    assert_int_equal(run(f, &options), CALO_ERROR_UNSUPPORTED);
    assert_non_null(strstr(f->err.message, "--ids=npy"));
    assert_non_null(strstr(f->err.message, f->model));
    calo_item_result_finish(&f->result);
    options.id_format = CALO_IDS_NPY;
    assert_int_equal(run(f, &options), CALO_OK);
    calo_item_result_finish(&f->result);
    options.id_format = CALO_IDS_PNG;
    write_model(f->model, 65535);
    assert_int_equal(run(f, &options), CALO_OK);
    calo_item_result_finish(&f->result);
}

static void choices_that_exclude_each_other_are_told(void **state)
{
    fixture *f = *state;
    calo_item_options options = options_for(f, 0);
    options.camera_file = "cameras.json";
    options.scene_camera = "0";
    assert_int_equal(run(f, &options), CALO_ERROR_ARGUMENT);
    calo_item_result_finish(&f->result);
    options.scene_camera = NULL;
    options.views.preset = "orbit";
    assert_int_equal(run(f, &options), CALO_ERROR_ARGUMENT);
    calo_item_result_finish(&f->result);
    options = options_for(f, 1);
    options.animation = "walk";
    assert_int_equal(run(f, &options), CALO_ERROR_NOT_FOUND);
    assert_non_null(strstr(f->err.message, "walk"));
    calo_item_result_finish(&f->result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_follow_the_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(progress_counts_each_view_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fetched_files_leave_nothing_of_their_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_that_do_not_fit_are_told_before_rendering, set_up, tear_down),
        cmocka_unit_test_setup_teardown(choices_that_exclude_each_other_are_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
