/* Which objects become which samples and parts; permutations; names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataset/permutation.h"
#include "dataset/plan.h"
#include "list_sample.h"

static void every_index_is_met_once(void **state)
{
    (void)state;
    static const uint64_t counts[] = {1, 2, 3, 4, 5, 15, 16, 17, 1000, 4096, 70001};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            calo_permutation permutation = calo_permutation_make(counts[c], seed);
            uint8_t *met = calloc(counts[c], 1);
            assert_non_null(met);
            for (uint64_t i = 0; i < counts[c]; i++) {
                uint64_t at = calo_permutation_at(&permutation, i);
                assert_true(at < counts[c]);
                assert_int_equal(met[at], 0);
                met[at] = 1;
            }
            free(met);
        }
    }
    calo_permutation huge = calo_permutation_make(UINT64_MAX, 1);
    assert_true(calo_permutation_at(&huge, 0) != calo_permutation_at(&huge, 1));
}

/* The same on every machine and in every later version: runs are resumed by it. */
static void permutations_stay_what_they_are(void **state)
{
    (void)state;
    char text[128] = "";
    calo_permutation permutation = calo_permutation_make(10, 42);
    for (uint64_t i = 0; i < 10; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", (int)calo_permutation_at(&permutation, i));
    assert_string_equal(text, "1 8 2 7 4 5 6 3 0 9 ");
}

/* Each place of five takes each value about equally often: chi squared of 25 cells, 16 degrees of freedom, 0.1 % tail. */
static void permutations_are_fair(void **state)
{
    (void)state;
    int hits[5][5] = {{0}};
    double sum = 0;
    for (uint64_t seed = 0; seed < 5000; seed++) {
        calo_permutation permutation = calo_permutation_make(5, seed);
        for (uint64_t i = 0; i < 5; i++)
            hits[i][calo_permutation_at(&permutation, i)]++;
    }
    for (int i = 0; i < 25; i++)
        sum += (hits[i / 5][i % 5] - 1000.0) * (hits[i / 5][i % 5] - 1000.0) / 1000.0;
    assert_true(sum < 39.3);
}

static calo_object_list *numbered_list(int count)
{
    char text[4000] = "";
    for (int i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "/m/%02d.glb\n", i);
    sample_text("list.txt", text);
    return sample_list(&(calo_list_options){.lists = (const char *const[]){"list.txt"}, .list_count = 1}, NULL, 0);
}

/* "shard-000000: a b | c; ..." with the stems of the objects. */
static void print_plan(const calo_plan_options *options, const calo_object_list *list, char *text, size_t size)
{
    calo_error err = {0};
    calo_plan *plan = NULL;
    if (calo_plan_create(options, list, &plan, &err) != CALO_OK)
        fail_msg("%s", err.message);
    text[0] = '\0';
    for (uint64_t p = 0; p < calo_plan_part_count(plan); p++) {
        calo_part part;
        assert_int_equal(calo_plan_part(plan, p, &part, &err), CALO_OK);
        assert_int_equal(part.number, p);
        snprintf(text + strlen(text), size - strlen(text), "%s%s:", p ? "; " : "", part.name);
        for (size_t s = 0; s < part.sample_count; s++) {
            const calo_sample *sample = &part.samples[s];
            snprintf(text + strlen(text), size - strlen(text), "%s %s=", s ? "," : "", sample->name);
            for (size_t o = 0; o < sample->object_count; o++)
                snprintf(text + strlen(text), size - strlen(text), "%s%.2s", o ? "+" : "",
                         sample->objects[o].file_identifier + 3);
        }
        calo_part_finish(&part);
    }
    calo_part none;
    assert_int_equal(calo_plan_part(plan, calo_plan_part_count(plan), &none, &err), CALO_ERROR_ARGUMENT);
    calo_plan_destroy(plan);
}

static void parts_are_as_formats_want_them(void **state)
{
    (void)state;
    char folder[SAMPLE_PATH_BYTES], text[4000];
    sample_enter(folder);
    calo_object_list *list = numbered_list(5);
    calo_plan_options options = {.naming = CALO_NAME_STEM, .samples_per_part = 2, .train_share = 0.9, .seed = 3};
    print_plan(&options, list, text, sizeof text);
    assert_string_equal(text, "00: 00=00; 01: 01=01; 02: 02=02; 03: 03=03; 04: 04=04");
    options.package = CALO_PACKAGE_WEBDATASET;
    print_plan(&options, list, text, sizeof text);
    assert_string_equal(text, "shard-000000: 00=00, 01=01; shard-000001: 02=02, 03=03; shard-000002: 04=04");
    options.samples_per_part = 0;
    options.package = CALO_PACKAGE_SAFETENSORS;
    print_plan(&options, list, text, sizeof text);
    assert_string_equal(text, "shard-000000: 00=00, 01=01, 02=02, 03=03, 04=04");
    options.samples_per_part = 2;
    options.package = CALO_PACKAGE_TORCH;
    print_plan(&options, list, text, sizeof text);
    assert_string_equal(text, "train/000000: 03=03, 01=01; train/000001: 02=02, 04=04; test/000000: 00=00");
    options.train_share = 1;
    options.naming = CALO_NAME_DEFAULT;
    options.package = CALO_PACKAGE_ZIP;
    print_plan(&options, list, text, sizeof text);
    assert_non_null(strstr(text, "805a267f-5a78-5a3b-8e51-577720bfcf31: 805a267f-5a78-5a3b-8e51-577720bfcf31=00; "));
    calo_object_list_close(list);
    sample_leave(folder);
}

static void objects_share_scenes_by_seed(void **state)
{
    (void)state;
    char folder[SAMPLE_PATH_BYTES], first[4000], second[4000];
    sample_enter(folder);
    calo_object_list *list = numbered_list(7);
    calo_plan_options options = {.objects_per_sample = 3, .seed = 1};
    print_plan(&options, list, first, sizeof first);
    assert_string_equal(first, "scene-000000: scene-000000=06+05+01; scene-000001: scene-000001=04+02+03; scene-000002: scene-000002=00");
    print_plan(&options, list, second, sizeof second);
    assert_string_equal(first, second);
    options.seed = 2;
    print_plan(&options, list, second, sizeof second);
    assert_string_not_equal(first, second);
    calo_object_list_close(list);
    sample_leave(folder);
}

static void train_and_test_share_the_samples(void **state)
{
    (void)state;
    char folder[SAMPLE_PATH_BYTES];
    sample_enter(folder);
    calo_object_list *list = numbered_list(30);
    static const struct {
        double share;
        uint64_t train_parts, parts;
    } cases[] = {{0.9, 7, 8}, {0, 0, 8}, {1, 8, 8}, {0.5, 4, 8}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        calo_plan_options options = {.package = CALO_PACKAGE_TORCH, .samples_per_part = 4, .train_share = cases[c].share};
        calo_plan *plan = NULL;
        uint64_t train_parts = 0, samples = 0;
        assert_int_equal(calo_plan_create(&options, list, &plan, NULL), CALO_OK);
        assert_int_equal(calo_plan_part_count(plan), cases[c].parts);
        assert_int_equal(calo_plan_sample_count(plan), 30);
        for (uint64_t p = 0; p < cases[c].parts; p++) {
            calo_part part;
            assert_int_equal(calo_plan_part(plan, p, &part, NULL), CALO_OK);
            train_parts += strncmp(part.name, "train/", 6) == 0;
            samples += part.sample_count;
            calo_part_finish(&part);
        }
        assert_int_equal(train_parts, cases[c].train_parts);
        assert_int_equal(samples, 30);
        calo_plan_destroy(plan);
    }
    calo_object_list_close(list);
    sample_leave(folder);
}

static void fail_plan(const char *identifiers, const calo_plan_options *options, const char *words)
{
    calo_error err = {0};
    calo_plan *plan = NULL;
    sample_text("list.txt", identifiers);
    calo_object_list *list =
        sample_list(&(calo_list_options){.lists = (const char *const[]){"list.txt"}, .list_count = 1}, NULL, 0);
    assert_int_equal(calo_plan_create(options, list, &plan, &err), CALO_ERROR_ARGUMENT);
    assert_null(plan);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" lacks \"%s\"", err.message, words);
    calo_object_list_close(list);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    char folder[SAMPLE_PATH_BYTES];
    sample_enter(folder);
    calo_plan_options stem = {.naming = CALO_NAME_STEM};
    fail_plan("a/x.glb\nb/y.glb\nhttps://h/x.obj\n", &stem,
              "two objects would have the same name \"x\": a/x.glb and https://h/x.obj");
    fail_plan("a/.x.glb\n", &stem, "the stem of the object \"a/.x.glb\"");
    fail_plan("a/\n", &stem, "does not name a file");
    fail_plan("a\n", &(calo_plan_options){.objects_per_sample = 1001}, "1001 objects a scene");
    fail_plan("a\n", &(calo_plan_options){.samples_per_part = 100001}, "100001 samples a shard");
    fail_plan("a\n", &(calo_plan_options){.train_share = 1.5}, "1.5 is no share");
    fail_plan("a\n", &(calo_plan_options){.train_share = -1}, "-1 is no share");
    sample_leave(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_is_met_once),
        cmocka_unit_test(permutations_stay_what_they_are),
        cmocka_unit_test(permutations_are_fair),
        cmocka_unit_test(parts_are_as_formats_want_them),
        cmocka_unit_test(objects_share_scenes_by_seed),
        cmocka_unit_test(train_and_test_share_the_samples),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
