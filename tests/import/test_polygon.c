#include "import_sample.h"

#include "import/polygon.h"

enum { MOST = 20000 };
static float positions[3 * MOST];
static uint32_t vertices[MOST], triangles[3 * MOST];
static uint8_t flags[MOST];

static void place(uint32_t count, const float (*corners)[2])
{
    for (uint32_t i = 0; i < count; i++) {
        vertices[i] = count - 1 - i; /* corners are not vertices */
        /* On the plane z = x + 5, so that it is really seen in space. */
        const float p[3] = {corners[i][0], corners[i][1], corners[i][0] + 5};
        memcpy(positions + 3 * vertices[i], p, sizeof p);
    }
}

static double area(uint32_t a, uint32_t b, uint32_t c)
{
    const float *p = positions + 3 * vertices[a], *q = positions + 3 * vertices[b], *r = positions + 3 * vertices[c];
    return 0.5 * ((double)(q[0] - p[0]) * (double)(r[1] - p[1]) - (double)(r[0] - p[0]) * (double)(q[1] - p[1]));
}

/* Cuts it and checks that all triangles turn the polygon's way, fill its area and have all its edges. */
static calo_polygons cut(uint32_t count, double expected_area)
{
    calo_polygons polygons = {0};
    assert_int_equal(calo_polygon_triangulate(&polygons, positions, vertices, count, triangles, flags, NULL), CALO_OK);
    double sum = 0;
    uint32_t edges = 0;
    for (uint32_t t = 0; t < count - 2; t++) {
        const uint32_t *corner = triangles + 3 * t;
        double own = area(corner[0], corner[1], corner[2]);
        assert_true(own * expected_area >= 0);
        sum += own;
        for (uint32_t i = 0; i < 3; i++) {
            bool is_edge = corner[(i + 1) % 3] == (corner[i] + 1) % count;
            assert_int_equal(flags[t] >> i & 1, is_edge);
            edges += is_edge;
        }
    }
    assert_true(fabs(sum - expected_area) <= 1e-5 * fabs(expected_area));
    assert_int_equal(edges, count);
    calo_polygons result = polygons;
    calo_polygons_finish(&polygons);
    return result;
}

static void test_convex_is_a_fan(void **state)
{
    (void)state;
    const float pentagon[5][2] = {{0, 0}, {2, 0}, {3, 1}, {1, 2}, {0, 1}};
    const uint32_t fan[9] = {0, 1, 2, 0, 2, 3, 0, 3, 4};
    place(5, pentagon);
    cut(5, 4);
    assert_memory_equal(triangles, fan, sizeof fan);
}

static void test_a_concave_quad_is_split_inside(void **state)
{
    (void)state;
    const float dart[4][2] = {{0, 0}, {4, -1}, {1, 0}, {4, 1}}; /* the fan from 0 would do */
    place(4, dart);
    cut(4, 1);
    const float turned[4][2] = {{4, -1}, {1, 0}, {4, 1}, {0, 0}}; /* here it would not */
    place(4, turned);
    cut(4, 1);
}

static void test_ears_fill_a_comb_in_both_directions(void **state)
{
    (void)state;
    enum { TEETH = 50, COUNT = 2 * TEETH + 3 };
    float comb[COUNT][2] = {{0, 0}};
    uint32_t n = 0;
    for (int i = 0; i <= 2 * TEETH; i++, n++) {
        comb[n][0] = (float)i;
        comb[n][1] = i % 2 ? 0.1f : 3;
    }
    comb[n][0] = 2 * TEETH;
    comb[n++][1] = 0;
    comb[n][0] = 0;
    comb[n++][1] = 0;
    double expected = 2 * TEETH * (3 + (double)0.1f) / 2;
    place(n, comb);
    cut(n, -expected);
    for (uint32_t i = 0; i < n / 2; i++) {
        uint32_t swap = vertices[i];
        vertices[i] = vertices[n - 1 - i];
        vertices[n - 1 - i] = swap;
    }
    cut(n, expected);
}

/* A square with a square hole, joined by a slit: two corners stand twice at the same place. */
static void test_a_hole_with_a_slit(void **state)
{
    (void)state;
    const float ring[10][2] = {{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}, {1, 1}, {1, 3}, {3, 3}, {3, 1}, {1, 1}};
    place(10, ring);
    cut(10, 12);
}

static void test_broken_polygons_still_give_triangles(void **state)
{
    (void)state;
    calo_polygons polygons = {0};
    const float shapes[3][6][2] = {
        {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},         /* one place */
        {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {1.5f, 0}, {0.5f, 0}},   /* one line */
        {{0, 0}, {4, 4}, {4, 0}, {0, 4}, {2, -3}, {-3, 2}},       /* crossing itself */
    };
    for (int s = 0; s < 3; s++) {
        place(6, shapes[s]);
        memset(triangles, 0xff, sizeof triangles);
        assert_int_equal(calo_polygon_triangulate(&polygons, positions, vertices, 6, triangles, NULL, NULL), CALO_OK);
        for (int i = 0; i < 12; i++)
            assert_true(triangles[i] < 6);
    }
    calo_polygons_finish(&polygons);
}

/* A long zigzag: within the bound it is cut right, past it it is a fan and says so. */
static void test_large_polygons_are_bounded(void **state)
{
    (void)state;
    static float zigzag[MOST][2];
    const uint32_t counts[2] = {4000, MOST};
    for (int c = 0; c < 2; c++) {
        uint32_t count = counts[c], half = count / 2;
        for (uint32_t i = 0; i < half; i++) {
            zigzag[i][0] = zigzag[count - 1 - i][0] = (float)i;
            zigzag[i][1] = i % 2 ? 8 : 0;
            zigzag[count - 1 - i][1] = zigzag[i][1] + 1;
        }
        place(count, zigzag);
        if (c == 0) {
            assert_int_equal(cut(count, half - 1).fan_count, 0);
            continue;
        }
        calo_polygons polygons = {0};
        assert_int_equal(calo_polygon_triangulate(&polygons, positions, vertices, count, triangles, flags, NULL),
                         CALO_OK);
        assert_int_equal(polygons.fan_count, 1);
        calo_polygons_finish(&polygons);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convex_is_a_fan),
        cmocka_unit_test(test_a_concave_quad_is_split_inside),
        cmocka_unit_test(test_ears_fill_a_comb_in_both_directions),
        cmocka_unit_test(test_a_hole_with_a_slit),
        cmocka_unit_test(test_broken_polygons_still_give_triangles),
        cmocka_unit_test(test_large_polygons_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
