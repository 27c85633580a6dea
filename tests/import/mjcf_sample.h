/* A builder over arrays that a test fills, for the tests of MuJoCo models' geometry. */
#ifndef TESTS_IMPORT_MJCF_SAMPLE_H
#define TESTS_IMPORT_MJCF_SAMPLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/linear.h"
#include "import/mjcf/looks.h"
#include "scene/build.h"

typedef struct sample {
    calo_mujoco_arrays arrays;
    calo_mjcf_builder builder;
} sample;

/* After the arrays are filled. */
static inline void begin_sample_within(sample *s, const calo_limits *limits)
{
    calo_error err = {0};
    s->builder.arrays = &s->arrays;
    s->builder.name = "sample.xml";
    assert_int_equal(calo_scene_create("sample.xml", "mjcf", limits, &s->builder.scene, &err), CALO_OK);
    assert_int_equal(calo_mjcf_looks_create(&s->builder, &err), CALO_OK);
    assert_int_equal(calo_mjcf_add_textures(&s->builder, &err), CALO_OK);
    assert_int_equal(calo_mjcf_add_materials(&s->builder, &err), CALO_OK);
}

static inline void begin_sample(sample *s) { begin_sample_within(s, NULL); }

static inline void end_sample(sample *s)
{
    calo_error err = {0};
    assert_int_equal(calo_scene_seal(s->builder.scene, &err), CALO_OK);
    calo_mjcf_looks_destroy(s->builder.looks);
    calo_scene_destroy(s->builder.scene);
}

/* Twice a triangle's area as a vector; `apex` times it is six times the volume under it. */
static inline void triangle_cross(const float *a, const float *b, const float *c, double cross[3])
{
    double edges[2][3];
    for (int k = 0; k < 3; k++) {
        edges[0][k] = (double)b[k] - (double)a[k];
        edges[1][k] = (double)c[k] - (double)a[k];
    }
    calo_cross3(edges[0], edges[1], cross);
}

static inline void measure(const calo_mjcf_shape *shape, double *area, double *volume)
{
    *area = *volume = 0;
    for (uint32_t i = 0; i < shape->index_count; i += 3) {
        const float *p[3];
        double cross[3];
        for (int k = 0; k < 3; k++)
            p[k] = shape->vertices[shape->indices[i + (uint32_t)k]].position;
        triangle_cross(p[0], p[1], p[2], cross);
        *area += calo_length3(cross) / 2;
        *volume += (cross[0] * (double)p[0][0] + cross[1] * (double)p[0][1] + cross[2] * (double)p[0][2]) / 6;
    }
}

static inline int compare_edges(const void *a, const void *b) { return memcmp(a, b, 6 * sizeof(float)); }

/* Every edge has a neighbour that runs the other way, to the last bit. */
static inline bool is_closed(const calo_mjcf_shape *shape)
{
    size_t count = shape->index_count;
    float(*edges)[6] = calloc(count * 2, sizeof *edges), (*turned)[6] = edges + count;
    for (size_t i = 0; i < count; i++) {
        const float *a = shape->vertices[shape->indices[i]].position;
        const float *b = shape->vertices[shape->indices[i % 3 == 2 ? i - 2 : i + 1]].position;
        for (int k = 0; k < 3; k++) {
            edges[i][k] = turned[i][k + 3] = a[k] + 0.0f; /* no negative zeros */
            edges[i][k + 3] = turned[i][k] = b[k] + 0.0f;
        }
    }
    qsort(edges, count, sizeof *edges, compare_edges);
    qsort(turned, count, sizeof *turned, compare_edges);
    bool closed = memcmp(edges, turned, count * sizeof *edges) == 0;
    free(edges);
    return closed;
}

#endif
