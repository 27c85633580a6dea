/* MuJoCo's built-in shapes: on the true surface, with its normals, closed, and of its area. */
#include "mjcf_sample.h"

#include "base/exact_math.h"

/* Inscribed polyhedra are smaller: by the cube of the 0.2 % at most for volumes. */
static void assert_size(const calo_mjcf_shape *shape, double area, double volume)
{
    double got_area, got_volume;
    measure(shape, &got_area, &got_volume);
    assert_true(got_area <= area * (1 + 1e-6) && got_area > area * 0.994);
    assert_true(got_volume <= volume * (1 + 1e-6) && got_volume > volume * 0.99);
    assert_true(is_closed(shape));
}

static void assert_normals(const calo_mjcf_shape *shape, void (*truth)(const float *position, double normal[3]))
{
    for (uint32_t v = 0; v < shape->vertex_count; v++) {
        double normal[3];
        truth(shape->vertices[v].position, normal);
        calo_normalize3(normal);
        for (int k = 0; k < 3; k++)
            assert_true(fabs(normal[k] - (double)shape->vertices[v].normal[k]) < 1e-5);
    }
}

/* How far the middles of edges lie inside a ball, in parts of its radius. */
static double worst_edge(const calo_mjcf_shape *shape, double radius)
{
    double worst = 0;
    for (uint32_t i = 0; i < shape->index_count; i++) {
        const float *a = shape->vertices[shape->indices[i]].position;
        const float *b = shape->vertices[shape->indices[i % 3 == 2 ? i - 2 : i + 1]].position;
        double middle[3];
        for (int k = 0; k < 3; k++)
            middle[k] = ((double)a[k] + (double)b[k]) / 2;
        worst = fmax(worst, 1 - calo_length3(middle) / radius);
    }
    return worst;
}

static void ball_normal(const float *position, double normal[3])
{
    for (int k = 0; k < 3; k++)
        normal[k] = position[k];
}

static void test_sphere(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0};
    const double size[3] = {0.3};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_SPHERE, size, 0, &shape, NULL), CALO_OK);
    assert_size(&shape, 4 * CALO_PI * 0.09, 4.0 / 3 * CALO_PI * 0.027);
    assert_normals(&shape, ball_normal);
    assert_true(worst_edge(&shape, 0.3) < 0.002);
    for (uint32_t v = 0; v < shape.vertex_count; v++) {
        const calo_mjcf_vertex *vertex = &shape.vertices[v];
        const double p[3] = {(double)vertex->position[0], (double)vertex->position[1], (double)vertex->position[2]};
        assert_true(fabs(calo_length3(p) - 0.3) < 1e-7);
        /* v from the top down, u round z from +x: MuJoCo's */
        double down = (0.5 - calo_asin(p[2] / 0.3) / CALO_PI);
        assert_true(fabs(down - (double)vertex->uv[1]) < 1e-3);
        double turn = calo_atan2(p[1], p[0]) / (2 * CALO_PI) - (double)vertex->uv[0];
        assert_true(fabs(p[2]) > 0.2999 || fabs(turn - floor(turn + 0.5)) < 1e-5);
        for (int k = 0; k < 3; k++)
            assert_true(fabsf(vertex->object[k] * 0.3f - vertex->position[k]) < 1e-6f);
    }
    calo_mjcf_shape_finish(&shape);
}

static const double ellipsoid_size[3] = {0.1, 0.25, 0.4};

static void ellipsoid_normal(const float *position, double normal[3])
{
    double length = 0;
    for (int k = 0; k < 3; k++) {
        normal[k] = (double)position[k] / (ellipsoid_size[k] * ellipsoid_size[k]);
        length += (double)position[k] * normal[k];
    }
    assert_true(fabs(length - 1) < 1e-5); /* on the surface */
}

static void test_ellipsoid(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_ELLIPSOID, ellipsoid_size, 0, &shape, NULL), CALO_OK);
    double area, volume;
    measure(&shape, &area, &volume);
    assert_true(fabs(volume / (4.0 / 3 * CALO_PI * 0.01) - 1) < 0.01);
    assert_true(is_closed(&shape));
    assert_normals(&shape, ellipsoid_normal);
    calo_mjcf_shape_finish(&shape);
}

/* Radius 0.2, half length 0.5. */
static void capsule_normal(const float *position, double normal[3])
{
    ball_normal(position, normal);
    normal[2] -= normal[2] > 0.5 ? 0.5 : normal[2] < -0.5 ? -0.5 : normal[2];
    assert_true(fabs(calo_length3(normal) - 0.2) < 1e-6);
}

static void test_capsule(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0};
    const double size[3] = {0.2, 0.5};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_CAPSULE, size, 0, &shape, NULL), CALO_OK);
    assert_size(&shape, 4 * CALO_PI * 0.04 + 2 * CALO_PI * 0.2, 4.0 / 3 * CALO_PI * 0.008 + CALO_PI * 0.04);
    assert_normals(&shape, capsule_normal);
    /* The unit shape's caps stand on z = 1 and -1, whatever the length. */
    float highest = 0;
    for (uint32_t v = 0; v < shape.vertex_count; v++)
        highest = fmaxf(highest, shape.vertices[v].object[2]);
    assert_true(highest == 2);
    calo_mjcf_shape_finish(&shape);
}

static void test_cylinder(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0};
    const double size[3] = {0.2, 0.5};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_CYLINDER, size, 0, &shape, NULL), CALO_OK);
    assert_size(&shape, 2 * CALO_PI * 0.04 + 2 * CALO_PI * 0.2, CALO_PI * 0.04);
    for (uint32_t v = 0; v < shape.vertex_count; v++) {
        const calo_mjcf_vertex *at = &shape.vertices[v];
        assert_true(fabsf(at->position[2]) == 0.5f);
        assert_true(fabsf(hypotf(at->position[0], at->position[1]) - 0.2f) < 1e-6f);
        bool end = at->normal[2] != 0;
        if (end)
            assert_true(at->normal[2] == at->object[2] && fabsf(at->uv[0] - 0.5f - 0.5f * at->object[0]) < 1e-6f);
        else
            assert_true(fabsf(at->normal[0] - at->object[0]) < 1e-6f && at->uv[1] == (at->position[2] > 0 ? 0 : 1));
    }
    calo_mjcf_shape_finish(&shape);
}

static void test_box(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0};
    const double size[3] = {0.1, 0.2, 0.3};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_BOX, size, 0, &shape, NULL), CALO_OK);
    double area, volume;
    measure(&shape, &area, &volume);
    assert_true(fabs(area - 8 * (0.02 + 0.03 + 0.06)) < 1e-6 && fabs(volume - 8 * 0.006) < 1e-7);
    assert_true(is_closed(&shape));
    assert_int_equal(shape.vertex_count, 24);
    for (uint32_t i = 0; i < shape.index_count; i += 3) {
        const calo_mjcf_vertex *a = &shape.vertices[shape.indices[i]];
        double cross[3];
        triangle_cross(a->position, shape.vertices[shape.indices[i + 1]].position,
                       shape.vertices[shape.indices[i + 2]].position, cross);
        calo_normalize3(cross);
        for (int k = 0; k < 3; k++)
            assert_true(fabs(cross[k] - (double)a->normal[k]) < 1e-6);
    }
    /* On every side u grows along the first of the other axes and v against the second. */
    for (uint32_t v = 0; v < shape.vertex_count; v++) {
        const calo_mjcf_vertex *at = &shape.vertices[v];
        int across = at->normal[0] != 0 ? 1 : 0, upwards = at->normal[2] != 0 ? 1 : 2;
        assert_true(at->uv[0] == 0.5f + 0.5f * at->object[across] && at->uv[1] == 0.5f - 0.5f * at->object[upwards]);
    }
    calo_mjcf_shape_finish(&shape);
}

static void test_plane(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0};
    double area, volume;
    assert_int_equal(calo_mjcf_make_plane((const double[2]){2, 3}, 100, &shape, NULL), CALO_OK);
    measure(&shape, &area, &volume);
    assert_true(fabs(area - 24) < 1e-5);
    assert_true(shape.vertices[0].uv[0] == 0 && shape.vertices[0].uv[1] == 1); /* at -x, -y */
    assert_true(shape.vertices[2].uv[0] == 1 && shape.vertices[2].uv[1] == 0);
    calo_mjcf_shape_finish(&shape);
    assert_int_equal(calo_mjcf_make_plane((const double[2]){2, 0}, 100, &shape, NULL), CALO_OK);
    measure(&shape, &area, &volume);
    assert_true(fabs(area - 4 * 200) < 1e-3);
    assert_true(shape.vertices[2].uv[1] == -50 && shape.vertices[2].uv[0] == 1);
    calo_mjcf_shape_finish(&shape);
}

static void test_tendon_parts(void **state)
{
    (void)state;
    calo_mjcf_shape rod = {0}, ball = {0};
    double area, volume;
    assert_int_equal(calo_mjcf_make_rod(&rod, NULL), CALO_OK);
    measure(&rod, &area, &volume);
    assert_true(area < 2 * CALO_PI && area > 2 * CALO_PI * 0.994);
    for (uint32_t v = 0; v < rod.vertex_count; v++)
        assert_true(fabsf(rod.vertices[v].position[2]) == 0.5f);
    assert_int_equal(calo_mjcf_make_ball(&ball, NULL), CALO_OK);
    assert_size(&ball, 4 * CALO_PI, 4.0 / 3 * CALO_PI);
    calo_mjcf_shape_finish(&rod);
    calo_mjcf_shape_finish(&ball);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sphere), cmocka_unit_test(test_ellipsoid), cmocka_unit_test(test_capsule),
        cmocka_unit_test(test_cylinder), cmocka_unit_test(test_box), cmocka_unit_test(test_plane),
        cmocka_unit_test(test_tendon_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
