/* Loading small files from memory, for the tests of the formats without a node tree. */
#ifndef TESTS_IMPORT_IMPORT_SAMPLE_H
#define TESTS_IMPORT_IMPORT_SAMPLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <calotype/import.h>

/* A file that is put together piece by piece. */
typedef struct sample_file {
    uint8_t bytes[4096];
    size_t size;
} sample_file;

static inline void put_bytes(sample_file *file, const void *bytes, size_t size)
{
    assert_true(file->size + size <= sizeof file->bytes);
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

static inline void put_text(sample_file *file, const char *text) { put_bytes(file, text, strlen(text)); }

static inline void put_number(sample_file *file, uint64_t value, size_t count, bool big_endian)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (big_endian ? count - 1 - i : i));
        put_bytes(file, &byte, 1);
    }
}

static inline void put_float(sample_file *file, float value, bool big_endian)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_number(file, bits, 4, big_endian);
}

static inline calo_status load_bytes(const void *bytes, size_t size, const char *name, calo_scene **scene,
                                     calo_error *err)
{
    /* On the heap without slack, so that a sanitizer sees a read past the end. */
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    uint8_t *exact = realloc(copy, size ? size : 1);
    calo_status status = calo_scene_load_memory(exact ? exact : copy, size, name, NULL, scene, err);
    free(exact ? exact : copy);
    return status;
}

static inline calo_scene *load_file(const sample_file *file, const char *name)
{
    calo_scene *scene = NULL;
    calo_error err = {0};
    if (load_bytes(file->bytes, file->size, name, &scene, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return scene;
}

static inline calo_scene *load_text(const char *text, const char *name)
{
    calo_scene *scene = NULL;
    calo_error err = {0};
    if (load_bytes(text, strlen(text), name, &scene, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return scene;
}

static inline void assert_load_fails(const void *bytes, size_t size, const char *name, calo_status status,
                                     const char *message)
{
    calo_scene *scene = NULL;
    calo_error err = {0};
    assert_int_equal(load_bytes(bytes, size, name, &scene, &err), status);
    assert_null(scene);
    assert_string_equal(err.message, message);
}

static inline void assert_text_fails(const char *text, const char *name, calo_status status, const char *message)
{
    assert_load_fails(text, strlen(text), name, status, message);
}

/* Every shorter version of the file fails with a sentence or loads; none crashes. Returns how many load. */
static inline size_t load_truncations(const void *bytes, size_t size, const char *name)
{
    size_t loaded = 0;
    for (size_t length = 0; length < size; length++) {
        calo_scene *scene = NULL;
        calo_error err = {0};
        calo_status status = load_bytes(bytes, length, name, &scene, &err);
        assert_int_equal(status, err.status);
        assert_int_equal(status == CALO_OK, err.message[0] == 0);
        loaded += status == CALO_OK;
        calo_scene_destroy(scene);
    }
    return loaded;
}

static inline calo_scene_statistics count_scene(const calo_scene *scene)
{
    calo_scene_statistics statistics;
    calo_error err = {0};
    if (calo_scene_count(scene, &statistics, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return statistics;
}

static inline const calo_primitive *only_primitive(const calo_scene *scene)
{
    assert_int_equal(scene->mesh_count, 1);
    assert_int_equal(scene->meshes[0].primitive_count, 1);
    return &scene->meshes[0].primitives[0];
}

static inline void assert_only_warning(const calo_scene *scene, const char *id)
{
    assert_int_equal(scene->warning_count, 1);
    assert_string_equal(scene->warnings[0].id, id);
}

#endif
