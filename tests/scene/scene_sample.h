/* Small scenes for the tests of src/scene. */
#ifndef TESTS_SCENE_SCENE_SAMPLE_H
#define TESTS_SCENE_SCENE_SAMPLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <calotype/scene.h>

#include "base/linear.h"
#include "scene/build.h"

static const float sample_positions[9] = {0, 0, 0, 1, 0, 0, 0, 2, 0};
static const uint32_t sample_indices[3] = {0, 1, 2};

static inline calo_scene *sample_scene(const calo_limits *limits)
{
    calo_scene *scene = NULL;
    assert_int_equal(calo_scene_create("sample.xyz", "sample", limits, &scene, NULL), CALO_OK);
    return scene;
}

static inline calo_primitive sample_triangle(void)
{
    return (calo_primitive){
        .vertex_count = 3, .index_count = 3, .indices = sample_indices, .positions = sample_positions, .material = -1};
}

/* A mesh of a copy of the primitive; returns its index. */
static inline int32_t sample_mesh(calo_scene *scene, const char *name, const calo_primitive *primitive)
{
    calo_primitive *kept = CALO_ARENA_TAKE(calo_scene_arena(scene), calo_primitive, 1, "a test", NULL);
    assert_non_null(kept);
    *kept = *primitive;
    calo_mesh mesh = {.name = name, .primitive_count = 1, .primitives = kept};
    return calo_scene_add_mesh(scene, &mesh, NULL);
}

static inline int32_t sample_node(calo_scene *scene, int32_t parent, int32_t mesh)
{
    calo_node node = calo_node_default();
    node.parent = parent;
    node.mesh = mesh;
    return calo_scene_add_node(scene, &node, NULL);
}

static inline void assert_near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%.17g is not within %g of %.17g", found, tolerance, expected);
}

static inline void assert_point(const double found[3], double x, double y, double z)
{
    assert_near(found[0], x, 1e-12);
    assert_near(found[1], y, 1e-12);
    assert_near(found[2], z, 1e-12);
}

static inline void assert_sealed(calo_scene *scene)
{
    calo_error err = {0};
    if (calo_scene_seal(scene, &err) != CALO_OK)
        fail_msg("%s", err.message);
}

static inline void assert_refused(calo_scene *scene, calo_status status, const char *message)
{
    calo_error err = {0};
    assert_int_equal(calo_scene_seal(scene, &err), status);
    assert_string_equal(err.message, message);
    calo_scene_destroy(scene);
}

#endif
