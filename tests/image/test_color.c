/* sRGB by table against the formula of IEC 61966-2-1 in double precision. */
#include <calotype/image.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/color.h"

static double linear_of(double srgb)
{
    return srgb <= 0.04045 ? srgb / 12.92 : pow((srgb + 0.055) / 1.055, 2.4);
}

static double srgb_of(double linear)
{
    return linear <= 0.0031308 ? linear * 12.92 : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

static void codes_to_light(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        assert_true(calo_linear_from_srgb((uint8_t)code) == (float)linear_of(code / 255.0));
        assert_true(calo_unorm8_to_float_table[code] == (float)(code / 255.0));
        assert_int_equal(calo_srgb_from_linear(calo_linear_from_srgb((uint8_t)code)), code);
    }
}

/* Between two codes, the next float on either side of the threshold decides. */
static void every_threshold_is_exact(void **state)
{
    (void)state;
    for (int code = 0; code < 255; code++) {
        double threshold = linear_of((code + 0.5) / 255);
        float below = (float)threshold, above = below;
        while ((double)below >= threshold)
            below = nextafterf(below, 0);
        while ((double)above < threshold)
            above = nextafterf(above, 1);
        assert_int_equal(calo_srgb_from_linear(below), code);
        assert_int_equal(calo_srgb_from_linear(above), code + 1);
    }
}

static void all_magnitudes_round_to_nearest(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x3f800000u; bits += 4099) {
        float linear;
        memcpy(&linear, &bits, sizeof linear);
        assert_int_equal(calo_srgb_from_linear(linear), (int)(srgb_of((double)linear) * 255 + 0.5));
    }
}

static void outside_is_clamped(void **state)
{
    (void)state;
    assert_int_equal(calo_srgb_from_linear(-1), 0);
    assert_int_equal(calo_srgb_from_linear(-INFINITY), 0);
    assert_int_equal(calo_srgb_from_linear(NAN), 0);
    assert_int_equal(calo_srgb_from_linear(1), 255);
    assert_int_equal(calo_srgb_from_linear(1e30f), 255);
    assert_int_equal(calo_srgb_from_linear(INFINITY), 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_to_light),
        cmocka_unit_test(every_threshold_is_exact),
        cmocka_unit_test(all_magnitudes_round_to_nearest),
        cmocka_unit_test(outside_is_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
