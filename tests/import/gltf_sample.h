/* Builds small GLB files in memory for the tests. JSON is written with ' for ". */
#ifndef CALO_TESTS_GLTF_SAMPLE_H
#define CALO_TESTS_GLTF_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/blob.h"
#include "import/importer.h"

typedef struct gltf_sample {
    calo_blob binary, views, accessors;
    int view_count, accessor_count;
    int fallback; /* 1: views name a second buffer, which has no bytes */
    calo_limits limits;
    calo_error error;
} gltf_sample;

/* Bytes at the next multiple of 4 in the BIN chunk, as a buffer view with more `fields`; its index. */
int sample_view(gltf_sample *sample, const void *bytes, size_t size, const char *fields);

/* An accessor with the given fields, such as "'componentType':5126,'type':'VEC3','count':3". */
int sample_accessor(gltf_sample *sample, const char *fields, ...) CALO_PRINTF(2, 3);

/* Both: the bytes in a view of their own. */
int sample_data(gltf_sample *sample, const void *bytes, size_t size, const char *fields);

/* Floats as SCALAR (1), VEC2, VEC3, VEC4 or MAT4 (16). */
int sample_floats(gltf_sample *sample, int components, size_t count, const float *values);

/* A whole file of the views, accessors and the other JSON members given in `rest`. */
void sample_write(const gltf_sample *sample, const char *rest, calo_blob *glb);

/* Writes and loads; NULL with sample->error filled when it fails. */
calo_scene *sample_load(gltf_sample *sample, const char *rest, ...) CALO_PRINTF(2, 3);

/* One mesh of one primitive with these JSON members, in one node. */
calo_scene *sample_load_primitive(gltf_sample *sample, const char *primitive, ...) CALO_PRINTF(2, 3);

calo_scene *sample_load_bytes(gltf_sample *sample, const void *bytes, size_t size, const char *path);

/* Fails the test, with the error's sentence, when the scene is NULL. */
void assert_loaded(const calo_scene *scene, const gltf_sample *sample);

/* The load has failed with this status, and the sentence holds `words`. */
void assert_refused(const calo_scene *scene, const gltf_sample *sample, calo_status status, const char *words);
int has_warning(const calo_scene *scene, const char *id);
void sample_finish(gltf_sample *sample);

/* Three corners of a triangle, as accessor 0. */
extern const float sample_triangle[9];

#endif
