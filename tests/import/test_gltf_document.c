/* The container, the JSON, the buffers and the extensions of a glTF file. */
#include "gltf_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define TRIANGLE_MESH "'meshes':[{'primitives':[{'attributes':{'POSITION':0}}]}],'nodes':[{'mesh':0}]"

static calo_scene *load_json(gltf_sample *sample, const char *json, const char *path)
{
    char text[32768];
    size_t size = strlen(json);
    assert_true(size < sizeof text);
    for (size_t i = 0; i <= size; i++)
        text[i] = json[i] == '\'' ? '"' : json[i];
    return sample_load_bytes(sample, text, size, path);
}

static void write_triangle(calo_blob *glb)
{
    gltf_sample sample = {0};
    static const uint16_t indices[3] = {0, 1, 2};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_data(&sample, indices, sizeof indices, "'componentType':5123,'type':'SCALAR','count':3");
    sample_write(&sample, "'meshes':[{'primitives':[{'attributes':{'POSITION':0},'indices':1}]}],'nodes':[{'mesh':0}]",
                 glb);
    sample_finish(&sample);
}

static void test_probe(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        int gltf, glb;
    } cases[] = {
        {"glTF\2\0\0\0", 0, 2},
        {" \n{\"asset\":{}}", 2, 0},
        {"\xef\xbb\xbf{ \"asset\" :", 2, 0},
        {"{\"frames\":[]}", 1, 0},
        {"solid cube", 0, 0},
        {"", 0, 0},
        {"   ", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        assert_int_equal(calo_importer_gltf.probe(bytes, strlen(cases[i].bytes)), cases[i].gltf);
        assert_int_equal(calo_importer_glb.probe(bytes, strlen(cases[i].bytes)), cases[i].glb);
    }
}

/* Cut anywhere, a file is refused with a sentence that names it. */
static void test_truncated_at_every_byte(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    calo_blob glb = {0};
    write_triangle(&glb);
    calo_scene *whole = sample_load_bytes(&sample, glb.bytes, glb.size, "whole.glb");
    assert_loaded(whole, &sample);
    assert_int_equal(whole->warning_count, 0);
    assert_int_equal(whole->file_bytes, glb.size);
    assert_string_equal(whole->format, "glb");
    calo_scene_destroy(whole);
    for (size_t size = 0; size < glb.size; size++) {
        calo_scene *scene = sample_load_bytes(&sample, glb.bytes, size, "cut.glb");
        assert_null(scene);
        assert_int_equal(strncmp(sample.error.message, "cut.glb: ", 9), 0);
        assert_int_equal(sample.error.status, CALO_ERROR_FORMAT);
    }
    calo_blob_finish(&glb);
}

/* Also with a header that agrees with the cut. */
static void test_truncated_chunks(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    calo_blob glb = {0};
    write_triangle(&glb);
    size_t json_end = 20 + (size_t)(glb.bytes[12] | glb.bytes[13] << 8);
    for (size_t size = 12; size < glb.size; size++) {
        glb.bytes[8] = (uint8_t)size;
        glb.bytes[9] = (uint8_t)(size >> 8);
        calo_scene *scene = sample_load_bytes(&sample, glb.bytes, size, "cut.glb");
        assert_refused(scene, &sample, CALO_ERROR_FORMAT,
                       size < 20                                     ? "has no JSON chunk"
                       : size < json_end || size - json_end >= 8     ? "the GLB chunk at byte"
                                                                     : "the file has none");
    }
    calo_blob_finish(&glb);
}

static void test_trailing_data(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    calo_blob glb = {0};
    write_triangle(&glb);
    calo_blob_append(&glb, "more", 4, NULL);
    calo_scene *scene = sample_load_bytes(&sample, glb.bytes, glb.size, "long.glb");
    assert_loaded(scene, &sample);
    assert_int_equal(has_warning(scene, "trailing-data"), 1);
    calo_scene_destroy(scene);
    calo_blob_finish(&glb);
}

/* One byte at a time is changed: any outcome is fine but a crash (run this with sanitizers). */
static void test_changed_bytes(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    calo_blob glb = {0};
    write_triangle(&glb);
    for (size_t i = 0; i < glb.size; i++) {
        const uint8_t kept = glb.bytes[i], values[5] = {0, 255, '"', (uint8_t)(kept ^ 1), (uint8_t)(kept + 1)};
        for (size_t v = 0; v < sizeof values; v++) {
            glb.bytes[i] = values[v];
            calo_scene_destroy(sample_load_bytes(&sample, glb.bytes, glb.size, "changed.glb"));
        }
        glb.bytes[i] = kept;
    }
    calo_blob_finish(&glb);
}

static void test_versions(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    static const char header[12] = {'g', 'l', 'T', 'F', 1, 0, 0, 0, 12, 0, 0, 0};
    assert_refused(sample_load_bytes(&sample, header, 12, "a.glb"), &sample, CALO_ERROR_UNSUPPORTED,
                   "a.glb: the GLB container has version 1; only 2 can be read");
    assert_refused(load_json(&sample, "{'asset':{'version':'1.0'}}", "a.gltf"), &sample, CALO_ERROR_UNSUPPORTED,
                   "a.gltf: asset.version is \"1.0\"; only 2.x can be read");
    assert_refused(load_json(&sample, "{'asset':{'version':'2.0','minVersion':'2.1'}}", "a.gltf"), &sample,
                   CALO_ERROR_UNSUPPORTED, "asset.minVersion is \"2.1\"");
    assert_refused(load_json(&sample, "{'scene':'house'}", "a.gltf"), &sample, CALO_ERROR_FORMAT,
                   "asset.version is missing");
}

static void test_broken_json(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    assert_refused(load_json(&sample, "{'asset':\n{'version' '2.0'}}", "a.gltf"), &sample, CALO_ERROR_FORMAT,
                   "a.gltf: the JSON is not valid at line 2, column");
    assert_refused(load_json(&sample, "[1,2]", "a.gltf"), &sample, CALO_ERROR_FORMAT, "the JSON must be an object");
    assert_refused(load_json(&sample, "{'asset':{'version':'2.0'},'meshes':{}}", "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "\"meshes\" must be an array");
    assert_refused(load_json(&sample, "{'asset':{'version':'2.0'},'nodes':[7]}", "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "nodes[0]: must be a JSON object");
    assert_refused(load_json(&sample, "{'asset':{'version':'2.0'},'nodes':[{'mesh':0.5}]}", "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "nodes[0]: \"mesh\" must be a whole number");
    assert_refused(load_json(&sample, "{'asset':{'version':'2.0'},'nodes':[{'mesh':0}]}", "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "nodes[0]: \"mesh\" is 0, but the file has 0 of them");
}

/* The JSON library nests at most 2048 deep, and says so. */
static void test_nested_json(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    char *text = malloc(100000);
    assert_non_null(text);
    memset(text, '[', 100000);
    memcpy(text, "{\"a\":", 5);
    assert_refused(sample_load_bytes(&sample, text, 100000, "deep.gltf"), &sample, CALO_ERROR_FORMAT,
                   "maximum parsing depth");
    free(text);
}

static void test_duplicate_keys_and_nuls(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    calo_scene *scene = sample_load(&sample, TRIANGLE_MESH ",'nodes':[{'mesh':0,'name':'a\\u0000b'}]");
    assert_loaded(scene, &sample);
    assert_int_equal(has_warning(scene, "duplicate-key"), 1);
    assert_string_equal(scene->nodes[0].name, "a");
    calo_scene_destroy(scene);
    sample_finish(&sample);
    assert_refused(load_json(&sample, "{'asset':{'version':'2.0\\u0000x'}}", "a.gltf"), &sample, CALO_ERROR_FORMAT,
                   "must be a text without NUL characters");
}

static void test_byte_order_mark_and_padding(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    static const char json[] = "\xef\xbb\xbf{\"asset\":{\"version\":\"2.0\"},\"nodes\":{}}\0\0";
    assert_refused(sample_load_bytes(&sample, json, sizeof json - 1, "a.gltf"), &sample, CALO_ERROR_FORMAT,
                   "\"nodes\" must be an array");
}

static void test_extensions(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    assert_refused(sample_load(&sample, TRIANGLE_MESH ",'extensionsRequired':['ACME_teapot']"), &sample,
                   CALO_ERROR_UNSUPPORTED, "requires the extension ACME_teapot, which calotype does not know");
    assert_refused(sample_load(&sample, TRIANGLE_MESH ",'extensionsRequired':['KHR_texture_basisu']"), &sample,
                   CALO_ERROR_UNSUPPORTED, "requires the extension KHR_texture_basisu, and calotype cannot read KTX2");
    calo_scene *scene = sample_load(&sample, TRIANGLE_MESH ",'extensionsRequired':['KHR_mesh_quantization'],"
                                             "'extensionsUsed':['ACME_teapot','KHR_materials_clearcoat',"
                                             "'KHR_materials_ior','KHR_xmp']");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->warning_count, 2);
    assert_int_equal(has_warning(scene, "unknown-extension"), 1);
    assert_int_equal(has_warning(scene, "unsupported-extension"), 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

#define ONE_TRIANGLE(buffer) \
    "{'asset':{'version':'2.0'},'buffers':[" buffer "],'bufferViews':[{'buffer':0,'byteLength':36}]," \
    "'accessors':[{'bufferView':0,'componentType':5126,'type':'VEC3','count':3}]," TRIANGLE_MESH "}"
#define TRIANGLE_BASE64 "AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"

static void check_triangle(gltf_sample *sample, calo_scene *scene)
{
    assert_loaded(scene, sample);
    assert_memory_equal(scene->meshes[0].primitives[0].positions, sample_triangle, sizeof sample_triangle);
    calo_scene_destroy(scene);
}

static void test_data_uris(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    check_triangle(&sample, load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'data:application/octet-stream;"
                                                            "base64," TRIANGLE_BASE64 "'}"), "a.gltf"));
    check_triangle(&sample, load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'DATA:;Base64,AAAA AAAA\\n"
                                                            "AAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA=='}"), "a.gltf"));
    check_triangle(&sample, load_json(&sample, ONE_TRIANGLE(
        "{'byteLength':36,'uri':'data:,%00%00%00%00%00%00%00%00%00%00%00%00%00%00%80%3f%00%00%00%00%00%00%00%00%00%00"
        "%00%00%00%00%80?%00%00%00%00'}"), "a.gltf"));
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'data:;base64,AA*A'}"), "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "buffers[0]: the data URI holds a character that is not base64");
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'data:text'}"), "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "no comma");
}

/* The digits of long data URIs go past the JSON parser. */
static void test_long_data_uris(void **state)
{
    (void)state;
    enum { FILL = 6000 };
    static char fill[FILL + 1], json[4 * FILL];
    gltf_sample sample = {0};
    memset(fill, 'A', FILL);
    /* A string before it ends with escapes, one behind it looks like it. */
    static const char format[] =
        "{'asset':{'version':'2.0','generator':'\\\"data:;base64,\\\\'},"
        "'buffers':[{'byteLength':36,'uri':'data:text/plain;base64," TRIANGLE_BASE64 "%s%s'}],"
        "'bufferViews':[{'buffer':0,'byteLength':36}],'accessors':[{'bufferView':0,"
        "'componentType':5126,'type':'VEC3','count':3}]," TRIANGLE_MESH ",'materials':[{'name':'data:;base64,%s'}]%s";
#define LONG_FILE(odd, tail)                                                                                           \
    (snprintf(json, sizeof json, format, fill, odd, fill, tail), load_json(&sample, json, "a.gltf"))
    check_triangle(&sample, LONG_FILE("", "}"));
    check_triangle(&sample, LONG_FILE("==", "}"));
    check_triangle(&sample, LONG_FILE("\\/\\/AA\\nAA", "}")); /* escapes are the parser's */
    assert_refused(LONG_FILE("*", "}"), &sample, CALO_ERROR_FORMAT,
                   "buffers[0]: the data URI holds a character that is not base64");
    assert_refused(LONG_FILE("\n", "}"), &sample, CALO_ERROR_FORMAT, "unexpected newline");
    assert_refused(LONG_FILE("\xff", "}"), &sample, CALO_ERROR_FORMAT, "unable to decode byte 0xff");
    char place[32];
    calo_scene *scene = LONG_FILE("", ",}");
    snprintf(place, sizeof place, "(byte %zu)", strlen(json));
    assert_refused(scene, &sample, CALO_ERROR_FORMAT, place);
    assert_refused(LONG_FILE("", ",'asset':{'version':'1.0'}}"), &sample, CALO_ERROR_UNSUPPORTED, "asset.version");
#undef LONG_FILE
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'data:;base64,@0'}"), "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "buffers[0]: the data URI holds a character that is not base64");
}

static void test_short_buffer(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    calo_scene *scene = load_json(&sample, ONE_TRIANGLE("{'byteLength':99,'uri':'data:;base64," TRIANGLE_BASE64 "'}"),
                                  "a.gltf");
    assert_loaded(scene, &sample);
    assert_int_equal(has_warning(scene, "short-buffer"), 1);
    calo_scene_destroy(scene);
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'data:;base64,AAAA'}"), "a.gltf"), &sample,
                   CALO_ERROR_FORMAT, "bufferViews[0]: bytes 0 to 36 are outside buffers[0], which has 3");
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36}"), "a.gltf"), &sample, CALO_ERROR_FORMAT,
                   "buffers[0]: it has no \"uri\"");
}

typedef struct test_folder {
    char path[64], file[96];
} test_folder;

static test_folder make_folder(void)
{
    test_folder made;
    snprintf(made.path, sizeof made.path, "%s", "/tmp/calotype-test-XXXXXX");
    assert_non_null(mkdtemp(made.path));
    snprintf(made.file, sizeof made.file, "%s/a.gltf", made.path);
    return made;
}

static void test_linked_files(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    test_folder folder = make_folder();
    char data[128];
    snprintf(data, sizeof data, "%s/a b.bin", folder.path);
    assert_int_equal(calo_file_write(data, sample_triangle, sizeof sample_triangle, NULL), CALO_OK);
    calo_scene *scene = load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'a%20b.bin'}"), folder.file);
    assert_loaded(scene, &sample);
    assert_int_equal(scene->linked_file_count, 1);
    assert_string_equal(scene->linked_files[0], "a%20b.bin");
    check_triangle(&sample, scene);
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'none.bin'}"), folder.file), &sample,
                   CALO_ERROR_NOT_FOUND, "buffers[0]: its data file cannot be had: \"none.bin\" is not there");
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'../x.bin'}"), folder.file), &sample,
                   CALO_ERROR_UNSUPPORTED, "the asset's folder");
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'/etc/passwd'}"), folder.file), &sample,
                   CALO_ERROR_UNSUPPORTED, "is absolute");
    assert_refused(load_json(&sample, ONE_TRIANGLE("{'byteLength':36,'uri':'a%20b.bin'}"), "a.gltf"), &sample,
                   CALO_ERROR_UNSUPPORTED, "came from memory without a path");
    calo_folder_remove(folder.path);
}

/* A caller may pass no error object. */
static void test_no_error_object(void **state)
{
    (void)state;
    calo_import_source source = {"a.glb", false, (const uint8_t *)"glTF", 4, calo_limits_resolve(NULL), 0, NULL};
    calo_scene *scene = NULL;
    assert_int_equal(calo_importer_glb.load(&source, &scene, NULL), CALO_ERROR_FORMAT);
    assert_null(scene);
}

static void test_memory_limit(void **state)
{
    (void)state;
    static float points[300000];
    gltf_sample sample = {.limits = {.max_memory_bytes = 1 << 20}};
    sample_floats(&sample, 3, 100000, points);
    assert_refused(sample_load(&sample, TRIANGLE_MESH), &sample, CALO_ERROR_LIMIT, "--max-memory");
    sample_finish(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_truncated_at_every_byte),
        cmocka_unit_test(test_truncated_chunks),
        cmocka_unit_test(test_trailing_data),
        cmocka_unit_test(test_changed_bytes),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_broken_json),
        cmocka_unit_test(test_nested_json),
        cmocka_unit_test(test_duplicate_keys_and_nuls),
        cmocka_unit_test(test_byte_order_mark_and_padding),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_data_uris),
        cmocka_unit_test(test_long_data_uris),
        cmocka_unit_test(test_short_buffer),
        cmocka_unit_test(test_linked_files),
        cmocka_unit_test(test_no_error_object),
        cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
