/* What every camera protocol must hold: distances, lenses, axes, seeds, bands. */
#include <calotype/view.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/linear.h"

static const double pi = 3.14159265358979323846;

static void column(const calo_view *view, int index, double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = view->camera_to_world.m[i][index];
}

static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.17g is not %.17g within %g", a, b, tolerance);
}

/* |t| = radius, f = (W / 2) / tan(fov / 2), right x up = back, the camera looks at the origin. */
static void assert_identities(const calo_view *view)
{
    double right[3], up[3], back[3], position[3], cross[3];
    column(view, 0, right);
    column(view, 1, up);
    column(view, 2, back);
    column(view, 3, position);
    assert_near(calo_length3(position), view->radius, 1e-12 * view->radius);
    assert_near(view->focal_x * tan(view->fov_degrees * pi / 360) / (view->width / 2.0), 1, 1e-12);
    assert_true(view->focal_x == view->focal_y);
    assert_true(view->center_x == view->width / 2.0 && view->center_y == view->height / 2.0);
    calo_cross3(right, up, cross);
    for (int i = 0; i < 3; i++) {
        assert_near(cross[i], back[i], 1e-12);
        assert_near(position[i], view->radius * back[i], 1e-12 * view->radius);
    }
    assert_near(calo_length3(right), 1, 1e-12);
    assert_near(calo_length3(up), 1, 1e-12);
    assert_true(up[2] >= -1e-12);
    assert_near(right[2], 0, 1e-12);
    assert_near(position[2], view->radius * sin(view->elevation_degrees * pi / 180), 1e-12 * view->radius);
}

static void every_preset_holds_the_identities(void **state)
{
    (void)state;
    size_t count;
    const calo_view_preset *presets = calo_view_presets(&count);
    assert_true(count >= 12);
    for (size_t p = 0; p < count; p++) {
        calo_view_options options = {.preset = presets[p].name, .seed = 99};
        calo_view_set set;
        calo_error err = {0};
        assert_int_equal(calo_view_set_make(&options, &set, &err), CALO_OK);
        assert_int_equal(set.count, presets[p].count);
        assert_int_equal(set.fit, presets[p].fit);
        assert_string_equal(set.protocol, presets[p].name);
        for (size_t i = 0; i < set.count; i++) {
            const calo_view *view = &set.views[i];
            assert_identities(view);
            assert_int_equal(view->width, presets[p].size);
            assert_true(view->radius >= set.radius_min - 1e-12 && view->radius <= set.radius_max + 1e-12);
            assert_true(view->fov_degrees >= set.fov_min_degrees - 1e-12 &&
                        view->fov_degrees <= set.fov_max_degrees + 1e-12);
            assert_true(view->azimuth_degrees >= 0 && view->azimuth_degrees < 360);
        }
        calo_view_set_finish(&set);
    }
}

static void objaverse_follows_the_readme(void **state)
{
    (void)state;
    calo_view_options options = {.seed = 7, .count = 20000};
    calo_view_set set;
    assert_int_equal(calo_view_set_make(&options, &set, NULL), CALO_OK);
    assert_true(set.radius_min == 1.5 && set.radius_max == 2.8);
    assert_true(set.elevation_min_degrees == -45 && set.elevation_max_degrees == 45);
    assert_true(set.fov_min_degrees == 35 && set.fov_max_degrees == 70);
    assert_int_equal(set.fit, CALO_FIT_UNIT_CUBE);
    double radius = 0, sine = 0, sine_squared = 0, azimuth = 0, fov = 0;
    for (size_t i = 0; i < set.count; i++) {
        const calo_view *view = &set.views[i];
        double s = sin(view->elevation_degrees * pi / 180);
        assert_true(fabs(view->elevation_degrees) <= 45);
        radius += view->radius / 20000;
        azimuth += view->azimuth_degrees / 20000;
        fov += view->fov_degrees / 20000;
        sine += s / 20000;
        sine_squared += s * s / 20000;
    }
    /* Means of uniform distributions, four standard errors wide; uniform on the sphere means that
     * the sine of the elevation is uniform: its variance is 0.5 / 3. */
    assert_near(radius, 2.15, 0.011);
    assert_near(azimuth, 180, 3);
    assert_near(fov, 52.5, 0.29);
    assert_near(sine, 0, 0.012);
    assert_near(sine_squared, 0.5 / 3, 0.0043);
    calo_view_set_finish(&set);
}

static void seeds_decide(void **state)
{
    (void)state;
    calo_view_options options = {.seed = 1, .count = 8}, more = {.seed = 1, .count = 20}, other = {.seed = 2};
    calo_view_set a, b, c;
    assert_int_equal(calo_view_set_make(&options, &a, NULL), CALO_OK);
    assert_int_equal(calo_view_set_make(&more, &b, NULL), CALO_OK);
    assert_int_equal(calo_view_set_make(&other, &c, NULL), CALO_OK);
    assert_memory_equal(a.views, b.views, 8 * sizeof *a.views);
    assert_true(a.views[0].azimuth_degrees != c.views[0].azimuth_degrees);
    assert_true(a.views[0].azimuth_degrees != a.views[1].azimuth_degrees);
    calo_view_set_finish(&a);
    calo_view_set_finish(&b);
    calo_view_set_finish(&c);
}

static void northern_hemisphere_is_northern(void **state)
{
    (void)state;
    size_t count;
    const calo_view_preset *presets = calo_view_presets(&count);
    for (size_t p = 0; p < count; p++) {
        calo_view_options options = {.preset = presets[p].name, .only_northern_hemisphere = true};
        calo_view_set set;
        assert_int_equal(calo_view_set_make(&options, &set, NULL), CALO_OK);
        for (size_t i = 0; i < set.count; i++)
            assert_true(set.views[i].elevation_degrees >= 0 && set.views[i].camera_to_world.m[2][3] >= 0);
        calo_view_set_finish(&set);
    }
}

static void overrides_are_obeyed(void **state)
{
    (void)state;
    calo_view_options options = {
        .preset = "orbit",
        .count = 4,
        .width = 320,
        .height = 200,
        .override_radius = true,
        .radius_min = 3,
        .radius_max = 3,
        .override_elevation = true,
        .elevation_min_degrees = -10,
        .elevation_max_degrees = 20,
        .override_fov = true,
        .fov_min_degrees = 60,
        .fov_max_degrees = 60,
        .fit = CALO_FIT_HALF_CUBE,
    };
    calo_view_set set;
    assert_int_equal(calo_view_set_make(&options, &set, NULL), CALO_OK);
    assert_int_equal(set.fit, CALO_FIT_HALF_CUBE);
    for (size_t i = 0; i < 4; i++) {
        const calo_view *view = &set.views[i];
        assert_identities(view);
        assert_true(view->width == 320 && view->height == 200);
        assert_near(view->radius, 3, 1e-15);
        assert_near(view->elevation_degrees, -10 + 10.0 * (double)i, 1e-12);
        assert_near(view->azimuth_degrees, 90.0 * (double)i, 1e-12);
    }
    calo_view_set_finish(&set);
}

static void fitted_distances_keep_the_box_in_the_picture(void **state)
{
    (void)state;
    calo_view_options options = {.preset = "fibonacci", .count = 50, .width = 300, .height = 200};
    calo_view_set set;
    assert_int_equal(calo_view_set_make(&options, &set, NULL), CALO_OK);
    for (size_t i = 0; i < set.count; i++)
        for (int corner = 0; corner < 8; corner++) {
            const calo_view *view = &set.views[i];
            calo_mat4 inverse;
            double p[3] = {corner & 1 ? 1 : -1, corner & 2 ? 1 : -1, corner & 4 ? 1 : -1}, q[3];
            assert_true(calo_mat4_invert_affine(&view->camera_to_world, &inverse));
            calo_mat4_point(&inverse, p, q);
            assert_true(fabs(view->focal_x * q[0] / -q[2]) <= 150 && fabs(view->focal_y * q[1] / -q[2]) <= 100);
        }
    calo_view_set_finish(&set);
}

static void look_at_is_safe_at_the_poles(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        calo_mat4 m = calo_look_at((double[3]){0, 0, 2.0 * sign}, (double[3]){0, 0, 0});
        assert_true(m.m[1][1] == 1);    /* up is +y */
        assert_true(m.m[2][2] == sign); /* back points away from the target */
        assert_true(m.m[0][0] == sign); /* right-handed */
        assert_true(m.m[2][3] == 2.0 * sign);
    }
    calo_mat4 m = calo_look_at((double[3]){3, 0, 0}, (double[3]){0, 0, 0});
    assert_true(m.m[2][1] == 1 && m.m[0][2] == 1 && m.m[1][0] == 1);
}

static void fit_scales_then_centres(void **state)
{
    (void)state;
    double low[3] = {-5, -6, -1}, high[3] = {5, 6, 1.5}, scale, t[3];
    calo_fit_normalization(CALO_FIT_UNIT_CUBE, low, high, &scale, t);
    assert_near(scale, 2.0 / 12, 1e-15);
    assert_near(t[0], 0, 1e-15);
    assert_near(t[2], -0.25 / 6, 1e-15);
    calo_fit_normalization(CALO_FIT_HALF_CUBE, low, high, &scale, t);
    assert_near(scale, 1.0 / 12, 1e-15);
    calo_fit_normalization(CALO_FIT_NONE, low, high, &scale, t);
    assert_true(scale == 1 && t[2] == 0);
    calo_fit_normalization(CALO_FIT_UNIT_CUBE, high, high, &scale, t);
    assert_true(scale == 1 && t[0] == -5);
}

static void bad_options_are_told(void **state)
{
    (void)state;
    calo_view_set set;
    calo_error err;
    const calo_view_options bad[] = {
        {.preset = "nerfies"},
        {.width = 100000},
        {.count = 2000000},
        {.preset = "gobjaverse", .count = 41},
        {.override_radius = true, .radius_min = 2, .radius_max = 1},
        {.override_radius = true, .radius_min = 0, .radius_max = 1},
        {.override_radius = true, .radius_min = NAN, .radius_max = 1},
        {.override_elevation = true, .elevation_min_degrees = -91, .elevation_max_degrees = 0},
        {.override_fov = true, .fov_min_degrees = 10, .fov_max_degrees = 180},
        {.preset = "orbit", .fit = CALO_FIT_NONE},
        {.only_northern_hemisphere = true,
         .override_elevation = true,
         .elevation_min_degrees = -40,
         .elevation_max_degrees = -20},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err = (calo_error){0};
        assert_int_equal(calo_view_set_make(&bad[i], &set, &err), CALO_ERROR_ARGUMENT);
        assert_true(strlen(err.message) > 20);
        calo_view_set_finish(&set);
    }
    assert_int_equal(calo_view_set_make(&bad[0], &set, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "nerfies"));
    assert_non_null(strstr(err.message, "objaverse-xl"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_holds_the_identities),
        cmocka_unit_test(objaverse_follows_the_readme),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(northern_hemisphere_is_northern),
        cmocka_unit_test(overrides_are_obeyed),
        cmocka_unit_test(fitted_distances_keep_the_box_in_the_picture),
        cmocka_unit_test(look_at_is_safe_at_the_poles),
        cmocka_unit_test(fit_scales_then_centres),
        cmocka_unit_test(bad_options_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
