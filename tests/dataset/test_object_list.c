/* Lists of objects: every kind of input, what is odd in them, and the files that are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "list_sample.h"

#define SHA "879bc9d2d85e4f3866f0cfef41f5236f9fff5f973380461af9f69cdbed53a0da"
#define UPPER_SHA "879BC9D2D85E4F3866F0CFEF41F5236F9FFF5F973380461AF9F69CDBED53A0DA"

static int enter(void **state)
{
    *state = malloc(SAMPLE_PATH_BYTES);
    sample_enter(*state);
    return setenv("HOME", *state, 1);
}

static int leave(void **state)
{
    sample_leave(*state);
    free(*state);
    return 0;
}

/* The identifiers that a list, or an input, gives. */
static void assert_names(const char *input, bool as_list, const char *expected)
{
    char text[4000];
    const char *const inputs[] = {input};
    calo_list_options options = {.inputs = inputs, .input_count = !as_list, .lists = inputs, .list_count = as_list};
    calo_object_list *list = sample_list(&options, NULL, 0);
    sample_identifiers(list, text, sizeof text);
    assert_string_equal(text, expected);
    calo_object_list_close(list);
}

static void assert_fails(const calo_list_options *options, const char *words)
{
    calo_error err = {0};
    assert_int_equal(calo_folder_create("failed", NULL), CALO_OK);
    if (calo_object_list_write(options, "failed", NULL, NULL, &err) == CALO_OK)
        fail_msg("no failure with \"%s\"", words);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" lacks \"%s\"", err.message, words);
    assert_int_equal(rmdir("failed"), 0); /* nothing is left */
}

static void assert_list_fails(const char *name, const char *text, const char *words)
{
    const char *const lists[] = {name};
    if (text)
        sample_text(name, text);
    assert_fails(&(calo_list_options){.lists = lists, .list_count = 1}, words);
}

static void text_lists_are_read(void **state)
{
    (void)state;
    static const char expected[] = "a.glb b c.glb https://h/x#y.glb";
    sample_text("plain.txt", "a.glb\n# a comment\n\nb c.glb\n  https://h/x#y.glb\t\n");
    assert_names("plain.txt", true, expected);
    assert_names("plain.txt", false, expected); /* by its name it is a list, also among the inputs */
    sample_text("windows.txt", "\xef\xbb\xbf" "a.glb\r\n\r\n  # x\r\nb c.glb\r\nhttps://h/x#y.glb");
    assert_names("windows.txt", true, expected);
    sample_gzip("packed.txt.gz", "a.glb\nb c.glb\nhttps://h/x#y.glb\n");
    assert_names("packed.txt.gz", true, expected);
    sample_text("uids", "a.glb\n");
    assert_names("uids", true, "a.glb");
}

static void columns_are_found(void **state)
{
    (void)state;
    sample_text("xl.csv", "fileIdentifier,source,license,fileType,sha256,metadata\r\n"
                          "https://github.com/o/r/blob/abc/a.glb,github,,glb," UPPER_SHA ",\"{\"\"a\"\": \"\"b,\nc\"\"}\"\r\n"
                          "\"with, \"\"comma\"\".stl\",thingiverse,,stl,,\n\n"
                          "last.obj");
    char text[4000];
    const char *const lists[] = {"xl.csv"};
    calo_object_list *list = sample_list(&(calo_list_options){.lists = lists, .list_count = 1}, NULL, 0);
    sample_identifiers(list, text, sizeof text);
    assert_string_equal(text, "https://github.com/o/r/blob/abc/a.glb with, \"comma\".stl last.obj");
    calo_object object;
    assert_int_equal(calo_object_list_get(list, 0, &object, NULL), CALO_OK);
    assert_string_equal(object.sha256, SHA);
    assert_null(object.location);
    calo_object_finish(&object);
    assert_int_equal(calo_object_list_get(list, 1, &object, NULL), CALO_OK);
    assert_null(object.sha256);
    calo_object_finish(&object);
    calo_object_list_close(list);
    sample_text("own.csv", "unixtime,file_identifier,sha256,reason\n1.5,x.glb," SHA ",missing\n");
    assert_names("own.csv", true, "x.glb");
    sample_text("piped", "sha256,file_identifier\n" SHA ",y.glb\n");
    assert_names("piped", true, "y.glb");
}

static void json_lines_are_read(void **state)
{
    char path[SAMPLE_PATH_BYTES + 32];
    sample_text("a.jsonl", "{\"fileIdentifier\": \"a.glb\", \"sha256\": \"" UPPER_SHA "\", \"metadata\": {\"x\": 1}}\n\n"
                           "{\"file_identifier\": \"b\", \"location\": \"down/b.glb\", \"sha256\": null}\r\n"
                           "{\"file_identifier\": \"c\", \"location\": \"https://h/c\", \"sha256\": \"\"}");
    const char *const lists[] = {"a.jsonl"};
    calo_object_list *list = sample_list(&(calo_list_options){.lists = lists, .list_count = 1}, NULL, 0);
    static const char *const locations[] = {"a.glb", "down/b.glb", NULL};
    assert_int_equal(calo_object_list_count(list), 3);
    for (uint64_t i = 0; i < 3; i++) {
        calo_object object;
        assert_int_equal(calo_object_list_get(list, i, &object, NULL), CALO_OK);
        snprintf(path, sizeof path, "%s/%s", (const char *)*state, locations[i] ? locations[i] : "");
        assert_string_equal(object.location, locations[i] ? path : "https://h/c");
        if (i == 0)
            assert_string_equal(object.sha256, SHA);
        else
            assert_null(object.sha256);
        calo_object_finish(&object);
    }
    calo_object_list_close(list);
    /* What a run keeps is a list again. */
    assert_int_equal(rename("run/objects.jsonl", "again.ndjson"), 0);
    assert_names("again.ndjson", true, "a.glb b c");
}

static void locations_are_absolute(void **state)
{
    char expected[SAMPLE_PATH_BYTES + 32];
    static const struct {
        const char *input, *location; /* NULL: none; "": below the current folder */
    } cases[] = {{"./././a.glb", "a.glb"}, {"../b.glb", "../b.glb"}, {"/m/c.glb", NULL}, {"s3://b/k.glb", NULL},
                 {"file:///m/d.glb", NULL}, {"https://h/[x]*.glb", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const inputs[] = {cases[i].input};
        calo_object object;
        calo_object_list *list = sample_list(&(calo_list_options){.inputs = inputs, .input_count = 1}, NULL, 0);
        assert_int_equal(calo_object_list_get(list, 0, &object, NULL), CALO_OK);
        assert_string_equal(object.file_identifier, cases[i].input);
        snprintf(expected, sizeof expected, "%s/%s", (const char *)*state, cases[i].location ? cases[i].location : "");
        if (cases[i].location)
            assert_string_equal(object.location, expected);
        else
            assert_null(object.location);
        calo_object_finish(&object);
        calo_object_list_close(list);
    }
}

static void folders_are_walked(void **state)
{
    (void)state;
    static const char *const files[] = {
        "m/b.glb", "m/a.OBJ", "m/a.mtl", "m/a.bin", "m/.hidden.glb", "m/.git/x.glb", "m/sub/deep/c.fbx", "m/sub.glb",
        "m/z.txt", "m/B.usdz", "n/none.png", "m/[x].stl",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        sample_text(files[i], "x");
    assert_int_equal(symlink("..", "m/sub/up"), 0);     /* round in circles */
    assert_int_equal(symlink("b.glb", "m/link.glb"), 0); /* a file all the same */
    assert_int_equal(symlink("nowhere", "m/broken.glb"), 0);
    static const char all[] = "m/B.usdz m/[x].stl m/a.OBJ m/b.glb m/broken.glb m/link.glb m/sub/deep/c.fbx m/sub.glb";
    assert_names("m", false, all);
    assert_names("m/", false, all);
    assert_names("m/*.glb", false, "m/b.glb m/broken.glb m/link.glb m/sub.glb");
    assert_names("m/**/*.[fg][bl][bx]", false, "m/b.glb m/broken.glb m/link.glb m/sub/deep/c.fbx m/sub.glb");
    assert_names("**/c.*", false, "m/sub/deep/c.fbx");
    assert_names("m/sub/**", false, "m/sub/deep/c.fbx");
    assert_names("m/**/**/deep/?.fbx", false, "m/sub/deep/c.fbx");
    assert_names("m/.*/*.glb", false, "m/.git/x.glb");
    assert_names("m/sub/*/b.glb", false, "m/sub/up/b.glb"); /* one link is followed where the pattern has one folder */
    assert_names("m/[x].stl", false, "m/[x].stl");          /* a file that is there is no pattern */
    assert_names("missing.glb", false, "missing.glb");
    assert_fails(&(calo_list_options){.inputs = (const char *const[]){"m/*.gltf"}, .input_count = 1},
                 "m/*.gltf: no file matches");
    assert_fails(&(calo_list_options){.inputs = (const char *const[]){"none/*"}, .input_count = 1}, "no file matches");
    assert_fails(&(calo_list_options){.inputs = (const char *const[]){"n"}, .input_count = 1},
                 "n: no file in this folder has the ending of a 3D format");
}

static void what_comes_twice_is_left_out(void **state)
{
    (void)state;
    char text[4000], warnings[2000];
    sample_text("a.txt", "a.glb\nb.glb\na.glb\n");
    sample_text("b.txt", "c.glb\nb.glb\nbad\x01name\n\xff\n");
    const char *const lists[] = {"a.txt", "b.txt"};
    calo_object_list *list = sample_list(&(calo_list_options){.lists = lists, .list_count = 2}, warnings, sizeof warnings);
    sample_identifiers(list, text, sizeof text);
    assert_string_equal(text, "a.glb b.glb c.glb");
    assert_string_equal(warnings,
                        "2 objects named again were left out; the first is \"a.glb\" (a.txt, line 3)\n"
                        "2 objects with unusable names were left out; the first is \"holds a control character\" "
                        "(b.txt, line 3)\n");
    calo_object_list_close(list);
    /* Numbers count what is left. */
    list = sample_list(&(calo_list_options){.lists = lists, .list_count = 2, .skip = 1, .limit = 1}, NULL, 0);
    sample_identifiers(list, text, sizeof text);
    assert_string_equal(text, "b.glb");
    calo_object_list_close(list);
}

#define UID_A "0123456789abcdef0123456789abcdef"
#define UID_B "ffffffffffffffffffffffffffffffff"
#define UID_C "00000000000000000000000000000000"

static void assert_uid_locations(const calo_list_options *options, const char *of_a, const char *of_b)
{
    char warnings[1000];
    const char *const expected[] = {of_a, of_b, NULL};
    calo_object_list *list = sample_list(options, warnings, sizeof warnings);
    for (uint64_t i = 0; i < 3; i++) {
        calo_object object;
        assert_int_equal(calo_object_list_get(list, i, &object, NULL), CALO_OK);
        if (expected[i])
            assert_string_equal(object.location, expected[i]);
        else
            assert_null(object.location);
        calo_object_finish(&object);
    }
    assert_string_equal(warnings, "1 object by uids that Objaverse's list of paths lacks will be missing; the first is "
                                  "\"" UID_C "\" (uids.txt, line 3)\n");
    calo_object_list_close(list);
}

static void uids_are_looked_up(void **state)
{
    char expected[2][SAMPLE_PATH_BYTES + 64];
    static const char map[] = "{\n \"" UID_B "\": \"glbs/000-001/b.glb\",\"" UID_A "\" :\"glbs/000-000/a.glb\"}\n";
    sample_text("uids.txt", UID_A "\n" UID_B "\n" UID_C "\n");
    calo_list_options options = {.lists = (const char *const[]){"uids.txt"}, .list_count = 1};
    assert_fails(&options, "is an Objaverse uid (uids.txt, line 1), and ");
    assert_fails(&options, "--uid-paths");
    sample_gzip(".objaverse/hf-objaverse-v1/object-paths.json.gz", map);
    assert_uid_locations(&options, "https://huggingface.co/datasets/allenai/objaverse/resolve/main/glbs/000-000/a.glb",
                         "https://huggingface.co/datasets/allenai/objaverse/resolve/main/glbs/000-001/b.glb");
    sample_text("map.json", map);
    options.uid_paths = "map.json";
    options.uid_base = "s3://bucket/objaverse";
    assert_uid_locations(&options, "s3://bucket/objaverse/glbs/000-000/a.glb", "s3://bucket/objaverse/glbs/000-001/b.glb");
    options.uid_base = "mirror/";
    snprintf(expected[0], sizeof expected[0], "%s/mirror/glbs/000-000/a.glb", (const char *)*state);
    snprintf(expected[1], sizeof expected[1], "%s/mirror/glbs/000-001/b.glb", (const char *)*state);
    assert_uid_locations(&options, expected[0], expected[1]);
    static const char *const broken[] = {
        "", "[]", "{\"" UID_A "\": 7}", "{\"" UID_A "\": \"a\"", "{\"" UID_A "\": \"a\"} x", "{\"short\": \"a\"}",
        "{\"" UID_A "\": \"/etc/passwd\"}", "{\"" UID_A "\": \"../x\"}", "{\"" UID_A "\": \"a\\u0000\"}",
        "{\"" UID_A "\": \"http://x\"}", "{\"" UID_A "\": \"a\",}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        sample_text("map.json", broken[i]);
        assert_fails(&options, "map.json is not Objaverse's object-paths.json");
    }
    sample_text("map.json", "{}");
    calo_object_list_close(sample_list(&options, NULL, 0));
}

static void faults_have_their_place(void **state)
{
    (void)state;
    assert_list_fails("x.csv", "name,sha256\na.glb,\n", "x.csv, line 1: the first line names no column file_identifier");
    assert_list_fails("x.csv", "file_identifier,sha256\na.glb,12\n", "x.csv, line 2: the SHA-256 \"12\" is not 64");
    assert_list_fails("x.csv", "file_identifier\n\"a\n\nb", "x.csv, line 2: a quote is not closed");
    assert_list_fails("x.csv", "a,file_identifier\nx,\n", "x.csv, line 2: the column file_identifier is empty");
    assert_list_fails("x.jsonl", "{\"file_identifier\": \"a\"}\n{\"file_identifier\": 7}\n", "x.jsonl, line 2: \"file_identifier\" is not a text");
    assert_list_fails("x.jsonl", "\n{\"a\": }\n", "x.jsonl, line 2: it is not JSON");
    assert_list_fails("x.jsonl", "{\"name\": \"a\"}\n", "x.jsonl, line 1: \"file_identifier\" is missing");
    assert_list_fails("x.parquet", "PAR1", "Parquet is not read: convert it");
    assert_list_fails("x.txt", "\xff\xfe" "a", "x.txt is UTF-16 text");
    assert_list_fails("x.txt", "# nothing\n", "no object is named");
    assert_list_fails("nowhere.txt", NULL, "nowhere.txt: cannot open the list");
    assert_list_fails(".", NULL, ". is a folder, not a list");
    sample_write("nul.txt", "a\nb\0c\n", 6);
    assert_list_fails("nul.txt", NULL, "nul.txt: line 2 holds a NUL byte");
    size_t size = (1 << 20) + 10;
    char *long_line = malloc(size + 1);
    memset(long_line, 'a', size);
    long_line[size] = '\0';
    assert_list_fails("long.txt", long_line, "long.txt: line 1 has more than 1048576 bytes");
    free(long_line);
    sample_gzip("cut.txt.gz", "aaaaaaaa\nbbbbbbbbbbbbbbbbbbbbbbb\n");
    assert_int_equal(truncate("cut.txt.gz", 20), 0);
    assert_list_fails("cut.txt.gz", NULL, "cut.txt.gz: it cannot be read on");
}

static void lists_are_kept_whole(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_object object;
    calo_object_list *list = NULL;
    char hash_text[65];
    calo_file file;
    sample_text("a.txt", "a.glb\nb.glb\n");
    list = sample_list(&(calo_list_options){.lists = (const char *const[]){"a.txt"}, .list_count = 1}, NULL, 0);
    assert_int_equal(calo_file_read("run/objects.jsonl", 1 << 20, &file, &err), CALO_OK);
    calo_sha256 hash = calo_sha256_of(file.bytes, file.size);
    calo_sha256_text(&hash, hash_text);
    assert_string_equal(calo_object_list_sha256(list), hash_text);
    assert_int_equal(calo_object_list_get(list, 2, &object, &err), CALO_ERROR_ARGUMENT);
    calo_object_list_close(list);
    file.bytes[0] = ' '; /* the same size, but a line is none any more */
    sample_write("run/objects.jsonl", file.bytes, file.size);
    assert_int_equal(calo_object_list_open("run", &list, &err), CALO_OK);
    assert_int_equal(calo_object_list_get(list, 0, &object, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "was changed or is cut off"));
    assert_int_equal(calo_object_list_get(list, 1, &object, &err), CALO_OK);
    assert_string_equal(object.file_identifier, "b.glb");
    calo_object_finish(&object);
    calo_object_list_close(list);
    sample_write("run/objects.jsonl", file.bytes, file.size - 1);
    assert_int_equal(calo_object_list_open("run", &list, &err), CALO_ERROR_FORMAT);
    assert_null(list);
    assert_int_equal(truncate("run/objects.index", 20), 0);
    assert_int_equal(calo_object_list_open("run", &list, &err), CALO_ERROR_FORMAT);
    assert_int_equal(calo_object_list_open("nowhere", &list, &err), CALO_ERROR_NOT_FOUND);
    calo_file_finish(&file);
}

static void long_lists_are_read(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    calo_error err = {0};
    calo_object object;
    FILE *file = fopen("long.txt", "w");
    assert_non_null(file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "models/%03d/object-%d.glb\nmodels/000/object-0.glb\n", i / 1000, i);
    assert_int_equal(fclose(file), 0);
    char warnings[1000];
    calo_object_list *list = sample_list(&(calo_list_options){.lists = (const char *const[]){"long.txt"}, .list_count = 1},
                                         warnings, sizeof warnings);
    assert_int_equal(calo_object_list_count(list), COUNT);
    assert_non_null(strstr(warnings, "100000 objects named again"));
    assert_int_equal(calo_object_list_get(list, 54321, &object, &err), CALO_OK);
    assert_string_equal(object.file_identifier, "models/054/object-54321.glb");
    calo_object_finish(&object);
    calo_object_list_close(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_lists_are_read, enter, leave),
        cmocka_unit_test_setup_teardown(columns_are_found, enter, leave),
        cmocka_unit_test_setup_teardown(json_lines_are_read, enter, leave),
        cmocka_unit_test_setup_teardown(locations_are_absolute, enter, leave),
        cmocka_unit_test_setup_teardown(folders_are_walked, enter, leave),
        cmocka_unit_test_setup_teardown(what_comes_twice_is_left_out, enter, leave),
        cmocka_unit_test_setup_teardown(uids_are_looked_up, enter, leave),
        cmocka_unit_test_setup_teardown(faults_have_their_place, enter, leave),
        cmocka_unit_test_setup_teardown(lists_are_kept_whole, enter, leave),
        cmocka_unit_test_setup_teardown(long_lists_are_read, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
