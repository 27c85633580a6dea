/* Where objects are put: never in one another, by the seed alone, and always somewhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/linear.h"
#include "base/random.h"
#include "job/arrange.h"

enum { MOST = CALO_PLACED_OBJECTS_MAX };

static calo_arranged first[MOST], second[MOST];

static calo_placement resolved(const calo_placement *placement)
{
    calo_placement out;
    assert_int_equal(calo_placement_resolve(placement, &out, NULL), CALO_OK);
    return out;
}

/* Boxes of all shapes, sizes and places: long ones, flat ones, a point. */
static void make_boxes(calo_arranged *boxes, size_t count)
{
    calo_random random = {7};
    for (size_t i = 0; i < count; i++) {
        double size = i % 5 == 0 ? 1e-6 : i % 5 == 1 ? 1e6 : 1;
        for (int k = 0; k < 3; k++) {
            double side = calo_random_unit(&random), middle = calo_random_range(&random, -1, 1);
            side *= i % 7 == 3 && k == 1 ? 0 : i % 7 == 4 && k > 0 ? 0.05 : i % 16 == 15 ? 0 : 1;
            boxes[i].low[k] = size * (middle - side / 2);
            boxes[i].high[k] = size * (middle + side / 2);
        }
    }
}

/* The point of a placed box that is nearest to `p`, found in the box's own world: places turn and scale evenly. */
static void nearest(const calo_arranged *box, const double p[3], double out[3])
{
    calo_mat4 back;
    double own[3];
    assert_true(calo_mat4_invert_affine(&box->place, &back));
    calo_mat4_point(&back, p, own);
    for (int k = 0; k < 3; k++)
        own[k] = fmin(fmax(own[k], box->low[k]), box->high[k]);
    calo_mat4_point(&box->place, own, out);
}

static void middle_of(const calo_arranged *box, double out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = (box->low[k] + box->high[k]) / 2;
    calo_mat4_point(&box->place, out, out);
}

/* By projecting onto one and the other in turn (von Neumann), which knows nothing of separating axes. */
static double distance(const calo_arranged *a, const calo_arranged *b)
{
    double p[3], q[3], between[3];
    middle_of(a, p);
    for (int step = 0; step < 300; step++) {
        nearest(b, p, q);
        nearest(a, q, p);
    }
    for (int k = 0; k < 3; k++)
        between[k] = p[k] - q[k];
    return calo_length3(between);
}

static void assert_apart(const calo_arranged *boxes, size_t count, double gap)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            double a[3], b[3], between[3];
            middle_of(&boxes[i], a);
            middle_of(&boxes[k], b);
            for (int c = 0; c < 3; c++)
                between[c] = a[c] - b[c];
            if (calo_length3(between) < 2 && !(distance(&boxes[i], &boxes[k]) > gap * 0.999))
                fail_msg("objects %zu and %zu are %g apart", i, k, distance(&boxes[i], &boxes[k]));
        }
}

static void no_box_is_in_another(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 64, MOST};
    for (int kind = CALO_ARRANGEMENT_GROUND; kind <= CALO_ARRANGEMENT_AIR; kind++)
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            calo_placement placement = resolved(&(calo_placement){.arrangement = (calo_arrangement)kind});
            make_boxes(first, counts[i]);
            assert_int_equal(calo_arrange(&placement, 42 + i, first, counts[i], NULL), CALO_OK);
            assert_apart(first, counts[i], 0.02);
        }
}

static void objects_on_the_ground_stand_on_it_upright(void **state)
{
    (void)state;
    calo_placement placement = resolved(&(calo_placement){.size_min = 2, .size_max = 3});
    make_boxes(first, 64);
    assert_int_equal(calo_arrange(&placement, 5, first, 64, NULL), CALO_OK);
    for (size_t i = 0; i < 64; i++) {
        const calo_mat4 *m = &first[i].place;
        double low[3] = {0, 0, first[i].low[2]}, longest = 0, scale = m->m[2][2];
        for (int k = 0; k < 3; k++)
            longest = fmax(longest, first[i].high[k] - first[i].low[k]);
        calo_mat4_point(m, low, low);
        assert_true(fabs(low[2]) < 1e-9);
        assert_true(m->m[0][2] == 0 && m->m[1][2] == 0 && m->m[2][0] == 0 && m->m[2][1] == 0 && scale > 0);
        if (longest > 0)
            assert_true(longest * scale >= 2 - 1e-9 && longest * scale <= 3 + 1e-9);
    }
}

static void objects_in_the_air_are_turned_every_way(void **state)
{
    (void)state;
    calo_placement placement = resolved(&(calo_placement){.arrangement = CALO_ARRANGEMENT_AIR});
    size_t up = 0, down = 0, sideways = 0;
    make_boxes(first, MOST);
    assert_int_equal(calo_arrange(&placement, 5, first, MOST, NULL), CALO_OK);
    for (size_t i = 0; i < MOST; i++) {
        double axis[3] = {0, 0, 1};
        calo_mat4_direction(&first[i].place, axis, axis);
        calo_normalize3(axis);
        assert_true(calo_mat4_determinant3(&first[i].place) > 0);
        up += axis[2] > 0.5;
        down += axis[2] < -0.5;
        sideways += fabs(axis[2]) <= 0.5;
    }
    /* A quarter, a quarter and a half of the sphere: 64, 64 and 128 of 256, give or take four deviations. */
    assert_in_range(up, 36, 92);
    assert_in_range(down, 36, 92);
    assert_in_range(sideways, 96, 160);
}

static void the_seed_decides_alone(void **state)
{
    (void)state;
    calo_placement placement = resolved(&(calo_placement){0});
    make_boxes(first, 20);
    make_boxes(second, 20);
    calo_arrange(&placement, 1, first, 20, NULL);
    calo_arrange(&placement, 1, second, 20, NULL);
    assert_memory_equal(first, second, 20 * sizeof *first);
    calo_arrange(&placement, 2, second, 20, NULL);
    for (int i = 0; i < 20; i++)
        assert_memory_not_equal(&first[i].place, &second[i].place, sizeof first[i].place);
}

/* Half the longest side of the square around all middles. */
static double extent(const calo_arranged *boxes, size_t count)
{
    double largest = 0, middle[3];
    for (size_t i = 0; i < count; i++) {
        middle_of(&boxes[i], middle);
        largest = fmax(largest, fmax(fabs(middle[0]), fabs(middle[1])));
    }
    return largest;
}

static void more_spread_is_more_room_and_none_is_enough(void **state)
{
    (void)state;
    calo_placement tight = resolved(&(calo_placement){.spread = 0.01}), normal = resolved(&(calo_placement){0});
    calo_placement wide = resolved(&(calo_placement){.spread = 10});
    double extents[3];
    make_boxes(first, 100);
    calo_arrange(&tight, 3, first, 100, NULL);
    assert_apart(first, 100, 0.02);
    extents[0] = extent(first, 100);
    calo_arrange(&normal, 3, first, 100, NULL);
    extents[1] = extent(first, 100);
    calo_arrange(&wide, 3, first, 100, NULL);
    extents[2] = extent(first, 100);
    assert_true(extents[0] < extents[1] * 1.15 && extents[1] * 5 < extents[2]);
}

static void ground_lies_under_all(void **state)
{
    (void)state;
    calo_placement placement = resolved(&(calo_placement){.show_ground = true});
    double middle[2], half_side, corner[3];
    make_boxes(first, 30);
    calo_arrange(&placement, 9, first, 30, NULL);
    calo_arranged_ground(first, 30, middle, &half_side);
    for (size_t i = 0; i < 30; i++)
        for (int c = 0; c < 8; c++) {
            for (int k = 0; k < 3; k++)
                corner[k] = c >> k & 1 ? first[i].high[k] : first[i].low[k];
            calo_mat4_point(&first[i].place, corner, corner);
            for (int k = 0; k < 2; k++)
                assert_true(fabs(corner[k] - middle[k]) <= half_side);
        }
}

static void senseless_values_are_refused(void **state)
{
    (void)state;
    static const calo_placement bad[] = {
        {.size_min = 1},           {.size_min = 2, .size_max = 1},        {.size_min = -1, .size_max = 1},
        {.size_max = 1},           {.size_min = 1, .size_max = INFINITY}, {.size_min = NAN, .size_max = 1},
        {.spread = -1},            {.spread = NAN},                       {.spread = 1e6},
        {.arrangement = 3},        {.arrangement = CALO_ARRANGEMENT_AIR, .show_ground = true},
    };
    calo_placement out;
    calo_error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(calo_placement_resolve(&bad[i], &out, &err), CALO_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_box_is_in_another),
        cmocka_unit_test(objects_on_the_ground_stand_on_it_upright),
        cmocka_unit_test(objects_in_the_air_are_turned_every_way),
        cmocka_unit_test(the_seed_decides_alone),
        cmocka_unit_test(more_spread_is_more_room_and_none_is_enough),
        cmocka_unit_test(ground_lies_under_all),
        cmocka_unit_test(senseless_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
