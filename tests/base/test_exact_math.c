#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/exact_math.h"
#include "base/random.h"

static void angles_agree_with_the_c_library(void **state)
{
    (void)state;
    calo_random random = {1};
    for (int i = 0; i < 200000; i++) {
        double x = calo_random_range(&random, -100, 100), y = calo_random_range(&random, -100, 100), s, c;
        calo_sincos(x, &s, &c);
        assert_true(fabs(s - sin(x)) < 1e-14 && fabs(c - cos(x)) < 1e-14);
        assert_true(fabs(calo_atan2(y, x) - atan2(y, x)) < 1e-15 * 4);
        assert_true(fabs(calo_asin(x / 100) - asin(x / 100)) < 1e-14);
    }
    double s, c;
    calo_sincos(0, &s, &c);
    assert_true(s == 0 && c == 1);
    assert_true(calo_atan2(0, 0) == 0 && calo_atan2(0, -1) == CALO_PI && calo_asin(2) == calo_asin(1));
}

static void powers_agree_with_the_c_library(void **state)
{
    (void)state;
    calo_random random = {2};
    for (int i = 0; i < 200000; i++) {
        float x = (float)calo_random_range(&random, -30, 30), y = (float)calo_random_range(&random, 0.01, 3);
        float p = exp2f(x);
        assert_true(fabs(calo_exp2f(x) / exp2(x) - 1) < 1e-6);
        assert_true(fabs(calo_log2f(p) - log2(p)) < 1e-6 + 2e-7 * fabs(x));
        assert_true(fabs(calo_powf(p, y) / pow(p, y) - 1) < 2e-5);
    }
    assert_true(calo_powf(0, 2.2f) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(angles_agree_with_the_c_library),
        cmocka_unit_test(powers_agree_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
