#include "gltf_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

const float sample_triangle[9] = {0, 0, 0, 1, 0, 0, 0, 1, 0};

static void append(calo_blob *blob, const void *bytes, size_t size)
{
    assert_int_equal(calo_blob_append(blob, bytes, size, NULL), CALO_OK);
}

static void append_text(calo_blob *blob, const char *text)
{
    append(blob, text, strlen(text));
}

static void pad(calo_blob *blob, char with)
{
    while (blob->size % 4 != 0)
        append(blob, &with, 1);
}

int sample_view(gltf_sample *sample, const void *bytes, size_t size, const char *fields)
{
    pad(&sample->binary, 0);
    size_t offset = sample->binary.size;
    append(&sample->binary, bytes, size);
    assert_int_equal(calo_blob_print(&sample->views, NULL, "%s{'buffer':%d,'byteOffset':%zu,'byteLength':%zu%s}",
                                     sample->view_count ? "," : "", sample->fallback, offset, size, fields), CALO_OK);
    return sample->view_count++;
}

int sample_accessor(gltf_sample *sample, const char *fields, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, fields);
    vsnprintf(text, sizeof text, fields, arguments);
    va_end(arguments);
    append_text(&sample->accessors, sample->accessor_count ? ",{" : "{");
    append_text(&sample->accessors, text);
    append_text(&sample->accessors, "}");
    return sample->accessor_count++;
}

int sample_data(gltf_sample *sample, const void *bytes, size_t size, const char *fields)
{
    int view = sample_view(sample, bytes, size, "");
    return sample_accessor(sample, "'bufferView':%d,%s", view, fields);
}

int sample_floats(gltf_sample *sample, int components, size_t count, const float *values)
{
    static const char *const types[17] = {[1] = "SCALAR", "VEC2", "VEC3", "VEC4", [16] = "MAT4"};
    int view = sample_view(sample, values, count * (size_t)components * sizeof *values, "");
    return sample_accessor(sample, "'bufferView':%d,'componentType':5126,'type':'%s','count':%zu", view,
                           types[components], count);
}

static void put_u32(calo_blob *blob, size_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    append(blob, bytes, 4);
}

static void put_chunk(calo_blob *glb, const calo_blob *chunk, const char *type)
{
    put_u32(glb, chunk->size);
    append(glb, type, 4);
    append(glb, chunk->bytes, chunk->size);
}

void sample_write(const gltf_sample *sample, const char *rest, calo_blob *glb)
{
    calo_blob json = {0}, binary = {0};
    append(&binary, sample->binary.bytes, sample->binary.size);
    pad(&binary, 0);
    append_text(&json, "{'asset':{'version':'2.0'}");
    if (binary.size > 0)
        assert_int_equal(calo_blob_print(&json, NULL, ",'buffers':[{'byteLength':%zu},{'byteLength':999}],"
                                         "'bufferViews':[%.*s]", sample->binary.size, (int)sample->views.size,
                                         (char *)sample->views.bytes), CALO_OK);
    if (sample->accessor_count > 0)
        assert_int_equal(calo_blob_print(&json, NULL, ",'accessors':[%.*s]", (int)sample->accessors.size,
                                         (char *)sample->accessors.bytes), CALO_OK);
    append_text(&json, rest[0] ? "," : "");
    append_text(&json, rest);
    append_text(&json, "}");
    for (size_t i = 0; i < json.size; i++)
        if (json.bytes[i] == '\'')
            json.bytes[i] = '"';
    pad(&json, ' ');
    append_text(glb, "glTF");
    put_u32(glb, 2);
    put_u32(glb, 12 + 8 + json.size + (binary.size ? 8 + binary.size : 0));
    put_chunk(glb, &json, "JSON");
    if (binary.size > 0)
        put_chunk(glb, &binary, "BIN\0");
    calo_blob_finish(&json);
    calo_blob_finish(&binary);
}

calo_scene *sample_load_bytes(gltf_sample *sample, const void *bytes, size_t size, const char *path)
{
    /* A block of just this size, so that a sanitizer sees the first byte read behind it. */
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    calo_import_source source = {path, path[0] == '/', copy, size, calo_limits_resolve(&sample->limits), 0, NULL};
    calo_scene *scene = NULL;
    sample->error = (calo_error){0};
    calo_status status = calo_importer_glb.load(&source, &scene, &sample->error);
    assert_int_equal(status, sample->error.status);
    assert_int_equal(status == CALO_OK, scene != NULL);
    free(copy);
    return scene;
}

static calo_scene *load_text(gltf_sample *sample, const char *rest)
{
    calo_blob glb = {0};
    sample_write(sample, rest, &glb);
    calo_scene *scene = sample_load_bytes(sample, glb.bytes, glb.size, "sample.glb");
    calo_blob_finish(&glb);
    return scene;
}

calo_scene *sample_load(gltf_sample *sample, const char *rest, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, rest);
    vsnprintf(text, sizeof text, rest, arguments);
    va_end(arguments);
    return load_text(sample, text);
}

calo_scene *sample_load_primitive(gltf_sample *sample, const char *primitive, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, primitive);
    vsnprintf(text, sizeof text, primitive, arguments);
    va_end(arguments);
    return sample_load(sample, "'meshes':[{'primitives':[{%s}]}],'nodes':[{'mesh':0}]", text);
}

void assert_loaded(const calo_scene *scene, const gltf_sample *sample)
{
    if (!scene)
        fail_msg("%s", sample->error.message);
}

void assert_refused(const calo_scene *scene, const gltf_sample *sample, calo_status status, const char *words)
{
    assert_null(scene);
    if (sample->error.status != status || !strstr(sample->error.message, words))
        fail_msg("expected \"%s\" (%s), but got \"%s\" (%s)", words, calo_status_name(status), sample->error.message,
                 calo_status_name(sample->error.status));
}

int has_warning(const calo_scene *scene, const char *id)
{
    int count = 0;
    for (uint32_t i = 0; i < scene->warning_count; i++)
        count += strcmp(scene->warnings[i].id, id) == 0;
    return count;
}

void sample_finish(gltf_sample *sample)
{
    calo_blob_finish(&sample->binary);
    calo_blob_finish(&sample->views);
    calo_blob_finish(&sample->accessors);
    *sample = (gltf_sample){0};
}
