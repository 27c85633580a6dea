/* Several files in one scene: ids, labels, seeds, what is left out, limits. */
#include <calotype/job.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/linear.h"

enum { SIDE = 96, MOST = 64 };

typedef struct fixture {
    char folder[64], output[80], files[8][96];
    calo_renderer *renderer;
    calo_item_options options;
    calo_item_result result;
    calo_error err;
    calo_placed_object objects[MOST];
} fixture;

/* A box in OBJ's metres (y up), of which the corner at the origin is `at`. */
static void write_box(const char *path, const double at[3], const double size[3])
{
    static const int faces[6][4] = {{1, 2, 4, 3}, {5, 7, 8, 6}, {1, 5, 6, 2}, {3, 4, 8, 7}, {1, 3, 7, 5}, {2, 6, 8, 4}};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        fprintf(file, "v %.17g %.17g %.17g\n", at[0] + (i >> 2 & 1) * size[0], at[1] + (i >> 1 & 1) * size[1],
                at[2] + (i & 1) * size[2]);
    for (int i = 0; i < 6; i++)
        fprintf(file, "f %d %d %d %d\n", faces[i][0], faces[i][1], faces[i][2], faces[i][3]);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(calo_file_write(path, text, strlen(text), NULL), CALO_OK);
}

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.folder = "/tmp/calotype-place-XXXXXX"};
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.output, sizeof f.output, "%s/out", f.folder);
    static const char *const names[8] = {"cube", "tower", "plate", "far", "tiny", "huge", "point", "broken"};
    static const double boxes[7][2][3] = {
        {{0, 0, 0}, {1, 1, 1}},         {{5, 5, 5}, {1, 4, 1}},           {{-1, 0, -1}, {2, 0, 1}},
        {{1e4, -1e4, 1e4}, {2, 1, 1}},  {{0, 0, 0}, {1e-9, 2e-9, 1e-9}},  {{0, 0, 0}, {1e12, 1e12, 2e12}},
        {{3, 3, 3}, {0, 0, 0}},
    };
    for (int i = 0; i < 8; i++) {
        snprintf(f.files[i], sizeof f.files[i], "%s/%s.obj", f.folder, names[i]);
        if (i < 7)
            write_box(f.files[i], boxes[i][0], boxes[i][1]);
    }
    write_text(f.files[6], "v 3 3 3\np 1\n");
    write_text(f.files[7], "v 0 0 0\nf 1 2 3\n");
    f.options = (calo_item_options){.output_folder = f.output, .id_format = CALO_IDS_NPY,
                                    .views = {.count = 6, .width = SIDE, .height = SIDE},
                                    .render = {.samples = 1, .channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) |
                                                                         CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID)}};
    *state = &f;
    return calo_renderer_create(&(calo_renderer_options){.threads = 2}, &f.renderer, &f.err) == CALO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    calo_item_result_finish(&f->result);
    calo_renderer_destroy(f->renderer);
    calo_folder_remove(f->folder);
    return 0;
}

/* Of files by their numbers. */
static calo_status run(fixture *f, const int *files, size_t count)
{
    calo_item_result_finish(&f->result);
    for (size_t i = 0; i < count; i++)
        f->objects[i] = (calo_placed_object){.path = f->files[files[i]]};
    f->err = (calo_error){0};
    return calo_item_run_placed(f->renderer, f->objects, count, &f->options, &f->result, &f->err);
}

static calo_file read_output(const fixture *f, const char *name)
{
    calo_file file;
    char *path = calo_text_format("%s/%s", f->result.path, name);
    assert_int_equal(calo_file_read(path, 1 << 26, &file, NULL), CALO_OK);
    free(path);
    return file;
}

/* How many pixels of all views have each id below `count`; more than that is a failure. */
static void count_ids(const fixture *f, size_t *pixels, size_t count)
{
    memset(pixels, 0, count * sizeof *pixels);
    for (size_t v = 0; v < f->result.view_count; v++) {
        char name[64];
        snprintf(name, sizeof name, "%03zu_instance.npy", v);
        calo_file file = read_output(f, name);
        size_t bytes = sizeof(uint32_t) * SIDE * SIDE;
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            uint32_t id;
            memcpy(&id, file.bytes + file.size - bytes + 4 * i, sizeof id);
            assert_true(id < count);
            pixels[id]++;
        }
        calo_file_finish(&file);
    }
}

static void assert_seen(const fixture *f, size_t last_id)
{
    size_t pixels[MOST + 2];
    count_ids(f, pixels, last_id + 1);
    for (size_t id = 1; id <= last_id; id++)
        if (pixels[id] == 0)
            fail_msg("nothing of object %zu is seen", id);
}

static void every_object_has_one_id_and_is_seen(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 1, 2, 3};
    for (int kind = CALO_ARRANGEMENT_GROUND; kind <= CALO_ARRANGEMENT_AIR; kind++) {
        f->options.placement.arrangement = (calo_arrangement)kind;
        assert_int_equal(run(f, files, 4), CALO_OK);
        assert_int_equal(f->result.object_count, 4);
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(f->result.objects[i].err.status, CALO_OK);
            assert_int_equal(f->result.objects[i].instance_id, i + 1);
        }
        assert_seen(f, 4);
        assert_non_null(strstr(f->result.path, "/out/cube-and-3-more"));
        assert_int_equal(f->result.statistics.triangle_count, 48);
        assert_int_equal(f->result.objects[2].statistics.vertex_count, 8);
    }
}

/* The scene fills the cube of the protocol, objects stand in it where their matrices say, on one height. */
static void places_are_told(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 1, 2, 3};
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY}, longest = 0;
    assert_int_equal(run(f, files, 4), CALO_OK);
    for (int i = 0; i < 4; i++) {
        const calo_placed_result *object = &f->result.objects[i];
        for (int k = 0; k < 3; k++) {
            low[k] = fmin(low[k], object->bounds_min[k]);
            high[k] = fmax(high[k], object->bounds_max[k]);
        }
        assert_true(fabs(object->bounds_min[2] - f->result.objects[0].bounds_min[2]) < 1e-6);
        /* A corner of the file, z up: (x, -z, y). */
        const double *file_low = object->statistics.bounds_min;
        double corner[3];
        calo_mat4_point(&object->object_to_world, file_low, corner);
        for (int k = 0; k < 3; k++)
            assert_true(corner[k] > object->bounds_min[k] - 1e-6 && corner[k] < object->bounds_max[k] + 1e-6);
    }
    for (int k = 0; k < 3; k++) {
        longest = fmax(longest, high[k] - low[k]);
        assert_true(fabs(high[k] + low[k]) < 1e-6);
    }
    assert_true(fabs(longest - 2) < 1e-6);
}

static void seeds_decide(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 1, 2}, turned[] = {2, 1, 0};
    assert_int_equal(run(f, files, 3), CALO_OK);
    calo_file first = read_output(f, "metadata.json"), picture = read_output(f, "003.png");
    uint64_t seed = f->result.seed;
    calo_sha256 hashes[3], all;
    for (int i = 0; i < 3; i++) {
        calo_file file;
        assert_int_equal(calo_file_read(f->files[i], 1 << 20, &file, NULL), CALO_OK);
        hashes[i] = calo_sha256_of(file.bytes, file.size);
        calo_file_finish(&file);
    }
    char text[65];
    all = calo_sha256_of(hashes, sizeof hashes);
    calo_sha256_text(&all, text);
    assert_string_equal(f->result.sha256, text);
    assert_int_equal(run(f, files, 3), CALO_OK);
    calo_file again = read_output(f, "metadata.json"), same = read_output(f, "003.png");
    assert_int_equal(first.size, again.size);
    assert_memory_equal(first.bytes, again.bytes, first.size);
    assert_int_equal(picture.size, same.size);
    assert_memory_equal(picture.bytes, same.bytes, picture.size);
    calo_file_finish(&first);
    calo_file_finish(&again);
    calo_file_finish(&picture);
    calo_file_finish(&same);
    calo_mat4 place = f->result.objects[1].object_to_world;
    assert_int_equal(run(f, turned, 3), CALO_OK);
    assert_true(f->result.seed != seed);
    assert_int_equal(f->result.objects[2].instance_id, 3);
    assert_seen(f, 3);
    f->options.has_seed = true;
    f->options.views.seed = 77;
    assert_int_equal(run(f, files, 3), CALO_OK);
    assert_int_equal(f->result.seed, 77);
    assert_memory_not_equal(&f->result.objects[1].object_to_world, &place, sizeof place);
}

static void broken_files_are_left_out_and_told(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 7, 1, 2, 3};
    assert_int_equal(run(f, files, 5), CALO_OK);
    assert_int_equal(f->result.objects[1].err.status, CALO_ERROR_FORMAT);
    assert_non_null(strstr(f->result.objects[1].err.message, "broken.obj"));
    assert_int_equal(f->result.objects[1].instance_id, 0);
    assert_int_equal(f->result.objects[2].instance_id, 2);
    assert_int_equal(f->result.objects[4].instance_id, 4);
    assert_seen(f, 4);
    calo_file metadata = read_output(f, "metadata.json");
    assert_non_null(strstr((char *)metadata.bytes, "\"left_out\": \"format\""));
    calo_file_finish(&metadata);

    static const int none[] = {7, 7};
    assert_int_equal(run(f, none, 2), CALO_ERROR_FORMAT);
    assert_non_null(strstr(f->err.message, "none of the 2 objects can be used"));
    assert_int_equal(f->result.object_count, 2);
    assert_int_equal(f->result.objects[1].err.status, CALO_ERROR_FORMAT);
    assert_null(f->result.path);

    f->objects[0] = (calo_placed_object){.file_identifier = "s3://shop/chair.glb"};
    f->objects[1] = (calo_placed_object){.path = f->files[0], .file_identifier = "s3://shop/cube.glb"};
    calo_item_result_finish(&f->result);
    assert_int_equal(calo_item_run_placed(f->renderer, f->objects, 2, &f->options, &f->result, &f->err), CALO_OK);
    assert_int_equal(f->result.objects[0].err.status, CALO_ERROR_NOT_FOUND);
    assert_int_equal(f->result.objects[1].instance_id, 1);
    metadata = read_output(f, "metadata.json");
    assert_non_null(strstr((char *)metadata.bytes, "\"file_identifier\": \"s3://shop/chair.glb, s3://shop/cube.glb\""));
    assert_null(strstr((char *)metadata.bytes, f->folder));
    calo_file_finish(&metadata);
}

static void a_file_may_be_there_twice(void **state)
{
    fixture *f = *state;
    static const int files[] = {1, 1, 0};
    assert_int_equal(run(f, files, 3), CALO_OK);
    assert_seen(f, 3);
    assert_string_equal(f->result.objects[0].sha256, f->result.objects[1].sha256);
    assert_memory_not_equal(&f->result.objects[0].object_to_world, &f->result.objects[1].object_to_world, sizeof(calo_mat4));
    assert_int_equal(f->result.statistics.triangle_count, 36);
    assert_int_equal(f->result.objects[1].statistics.triangle_count, 12);
}

static void odd_sizes_are_evened_out(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 2, 3, 4, 5, 6};
    for (int kind = CALO_ARRANGEMENT_GROUND; kind <= CALO_ARRANGEMENT_AIR; kind++) {
        f->options.placement.arrangement = (calo_arrangement)kind;
        assert_int_equal(run(f, files, 6), CALO_OK);
        for (int i = 0; i < 6; i++)
            assert_int_equal(f->result.objects[i].err.status, CALO_OK);
        assert_seen(f, 6);
    }
    /* Too far away for its size. */
    write_text(f->files[7], "v 1e30 0 0\nv 1e30 1 0\nv 1e30 0 1\nf 1 2 3\n");
    static const int far[] = {0, 7};
    assert_int_equal(run(f, far, 2), CALO_OK);
    assert_int_equal(f->result.objects[1].err.status, CALO_ERROR_UNSUPPORTED);
}

static void one_and_many(void **state)
{
    fixture *f = *state;
    int files[MOST];
    for (int i = 0; i < MOST; i++)
        files[i] = i % 4;
    assert_int_equal(run(f, files, 1), CALO_OK);
    assert_seen(f, 1);
    f->options.views.count = 24;
    assert_int_equal(run(f, files, MOST), CALO_OK);
    assert_seen(f, MOST);
    assert_int_equal(run(f, files, 0), CALO_ERROR_ARGUMENT);
    calo_placed_object many[CALO_PLACED_OBJECTS_MAX + 1];
    for (int i = 0; i <= CALO_PLACED_OBJECTS_MAX; i++)
        many[i] = (calo_placed_object){.path = f->files[0]};
    assert_int_equal(calo_item_run_placed(f->renderer, many, CALO_PLACED_OBJECTS_MAX + 1, &f->options, &f->result, &f->err),
                     CALO_ERROR_ARGUMENT);
}

static void the_ground_comes_behind_the_objects(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 1, 2};
    f->options.placement.show_ground = true;
    f->options.views.only_northern_hemisphere = true;
    assert_int_equal(run(f, files, 3), CALO_OK);
    assert_seen(f, 4);
    assert_int_equal(f->result.statistics.triangle_count, 36);
    calo_file metadata = read_output(f, "metadata.json");
    assert_non_null(strstr((char *)metadata.bytes, "\"ground_instance_id\": 4"));
    calo_file_finish(&metadata);
}

static void limits_are_for_all_together(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 1, 2};
    f->options.import.limits.max_triangles = 30;
    assert_int_equal(run(f, files, 3), CALO_OK);
    assert_int_equal(f->result.objects[1].err.status, CALO_OK);
    assert_int_equal(f->result.objects[2].err.status, CALO_ERROR_LIMIT);
    f->options.import.limits.max_triangles = 24;
    assert_int_equal(run(f, files, 3), CALO_OK);
    assert_int_equal(f->result.objects[2].err.status, CALO_ERROR_LIMIT);
    f->options.import.limits.max_triangles = 11;
    assert_int_equal(run(f, files, 3), CALO_ERROR_LIMIT);
    f->options.import.limits.max_triangles = 0;
    f->options.import.limits.max_memory_bytes = 1000;
    assert_int_equal(run(f, files, 3), CALO_ERROR_LIMIT);
}

static void options_of_one_file_are_refused(void **state)
{
    fixture *f = *state;
    static const int files[] = {0, 1};
    const calo_item_options kept = f->options;
    f->options.animation = "walk";
    assert_int_equal(run(f, files, 2), CALO_ERROR_ARGUMENT);
    f->options = kept;
    f->options.scene_camera = "all";
    assert_int_equal(run(f, files, 2), CALO_ERROR_ARGUMENT);
    f->options = kept;
    f->options.placement.spread = -1;
    assert_int_equal(run(f, files, 2), CALO_ERROR_ARGUMENT);
    f->options = kept;
    assert_int_equal(run(f, files, 2), CALO_OK);
}

static void names_follow_the_rule(void **state)
{
    (void)state;
    const calo_placed_object objects[2] = {{.path = "a/duck.glb"}, {.path = "b.obj", .file_identifier = "x/egg.obj"}};
    calo_item_options options = {0};
    char *name, uid[37];
    assert_int_equal(calo_item_placed_name(objects, 2, &options, &name, NULL), CALO_OK);
    assert_string_equal(name, "duck-and-1-more");
    free(name);
    assert_int_equal(calo_item_placed_name(objects, 1, &options, &name, NULL), CALO_OK);
    assert_string_equal(name, "duck");
    free(name);
    options.naming = CALO_NAME_UID;
    calo_uuid5_dns("a/duck.glb, x/egg.obj", uid);
    assert_int_equal(calo_item_placed_name(objects, 2, &options, &name, NULL), CALO_OK);
    assert_string_equal(name, uid);
    free(name);
    options.object_name = "scene-000012";
    assert_int_equal(calo_item_placed_name(objects, 2, &options, &name, NULL), CALO_OK);
    assert_string_equal(name, "scene-000012");
    free(name);
    const calo_placed_object nameless = {0};
    assert_int_equal(calo_item_placed_name(&nameless, 1, &options, &name, NULL), CALO_ERROR_ARGUMENT);
    assert_null(name);
}

#define PLACED(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(every_object_has_one_id_and_is_seen),
        PLACED(places_are_told),
        PLACED(seeds_decide),
        PLACED(broken_files_are_left_out_and_told),
        PLACED(a_file_may_be_there_twice),
        PLACED(odd_sizes_are_evened_out),
        PLACED(one_and_many),
        PLACED(the_ground_comes_behind_the_objects),
        PLACED(limits_are_for_all_together),
        PLACED(options_of_one_file_are_refused),
        cmocka_unit_test(names_follow_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
