/* Where surfaces are seen, against closed form. */
#include "scenes.h"

static const double origin[3] = {0, 0, 0};

static void sphere_depth_and_normals_are_exact(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 512, -1);
    test_node(&s, &sphere, NULL);
    test_seal(&s);
    const double position[3] = {1.6, -2.1, 1.3};
    calo_view view = test_view(128, 50, position, origin);
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(NORMAL) | TEST_BIT(MASK)};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    const calo_mat4 *pose = &view.camera_to_world;
    double center[3], to_center[3] = {-position[0], -position[1], -position[2]};
    for (int i = 0; i < 3; i++)
        center[i] = to_center[0] * pose->m[0][i] + to_center[1] * pose->m[1][i] + to_center[2] * pose->m[2][i];
    int hits = 0;
    for (uint32_t y = 0; y < 128; y++)
        for (uint32_t x = 0; x < 128; x++) {
            double ray[3] = {(x + 0.5 - 64) / view.focal_x, -(y + 0.5 - 64) / view.focal_y, -1};
            double a = calo_dot3(ray, ray), b = calo_dot3(ray, center), c = calo_dot3(center, center) - 1;
            double root = b * b - a * c;
            float depth = *test_floats(&frame, CALO_CHANNEL_DEPTH, x, y);
            const float *normal = test_floats(&frame, CALO_CHANNEL_NORMAL, x, y);
            /* The outline itself depends on the last bit; a thousandth of a pixel beside it does not. */
            if (fabs(root) < 2e-4)
                continue;
            assert_int_equal(test_mask(&frame, x, y), root > 0);
            if (root <= 0) {
                assert_true(depth == 0 && normal[0] == 0 && normal[1] == 0 && normal[2] == 0);
                continue;
            }
            double t = (b - sqrt(root)) / a, n[3];
            for (int i = 0; i < 3; i++)
                n[i] = t * ray[i] - center[i];
            double cosine = -calo_dot3(n, ray) / sqrt(a);
            hits++;
            if (cosine < 0.1)
                continue;
            if (fabs(depth - t) > 1e-4 * t)
                fail_msg("pixel %u %u: depth %.7g, truth %.7g, cosine %g", x, y, depth, t, cosine);
            for (int i = 0; i < 3; i++)
                assert_true(fabs(normal[i] - n[i]) <= 1e-3);
        }
    assert_true(hits > 3000);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* Twice the signed distance-like area of p beside the line from a to b; in pixels once divided. */
static double beside(const double a[2], const double b[2], double x, double y)
{
    double length = hypot(b[0] - a[0], b[1] - a[1]);
    return ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / length;
}

static void to_pixels(const calo_view *view, const double world[3], double out[2])
{
    calo_mat4 inverse;
    double p[3];
    assert_true(calo_mat4_invert_affine(&view->camera_to_world, &inverse));
    calo_mat4_point(&inverse, world, p);
    out[0] = view->focal_x * p[0] / -p[2] + view->center_x;
    out[1] = -view->focal_y * p[1] / -p[2] + view->center_y;
}

/* Least distance to the sides of a projected quad, positive inside; the quad may have either winding. */
static double inside_quad(const double q[4][2], double x, double y)
{
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < 4; i++) {
        double d = beside(q[i], q[(i + 1) % 4], x, y);
        low = fmin(low, d);
        high = fmax(high, d);
    }
    return fmax(low, -high);
}

static void cube_silhouette_and_depth_are_exact(void **state)
{
    (void)state;
    static const int faces[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    test_scene s = test_scene_start();
    for (int f = 0; f < 6; f++) {
        float corners[12];
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < 3; c++)
                corners[3 * i + c] = faces[f][i] >> c & 1 ? 1.0f : -1.0f;
        calo_primitive quad = test_quad(&s, corners, -1);
        test_node(&s, &quad, NULL);
    }
    test_seal(&s);
    calo_view view = test_view(200, 55, (double[3]){2.7, 2.2, 1.9}, origin);
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(MASK) | TEST_BIT(POSITION)};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    int checked = 0;
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 200; x++) {
            double best = -INFINITY;
            for (int f = 0; f < 6; f++) {
                double q[4][2], world[3];
                for (int i = 0; i < 4; i++) {
                    for (int c = 0; c < 3; c++)
                        world[c] = faces[f][i] >> c & 1 ? 1 : -1;
                    to_pixels(&view, world, q[i]);
                }
                best = fmax(best, inside_quad(q, x + 0.5, y + 0.5));
            }
            /* Corners are snapped to 1/256 pixel. */
            if (fabs(best) < 1.0 / 128)
                continue;
            assert_int_equal(test_mask(&frame, x, y), best > 0);
            if (best <= 0)
                continue;
            const float *p = test_floats(&frame, CALO_CHANNEL_POSITION, x, y);
            double largest = fmax(fabs(p[0]), fmax(fabs(p[1]), fabs(p[2])));
            assert_true(fabs(largest - 1) < 1e-5);
            double ray[3] = {(x + 0.5 - 100) / view.focal_x, -(y + 0.5 - 100) / view.focal_y, -1}, world_ray[3];
            calo_mat4_direction(&view.camera_to_world, ray, world_ray);
            double nearest = INFINITY;
            for (int axis = 0; axis < 3; axis++) {
                double t = (1 - view.camera_to_world.m[axis][3]) / world_ray[axis], inside = 1;
                for (int other = 0; other < 3; other++)
                    if (fabs(view.camera_to_world.m[other][3] + t * world_ray[other]) > 1 + 1e-9)
                        inside = 0;
                if (inside && t > 0)
                    nearest = fmin(nearest, t);
            }
            assert_true(fabs(*test_floats(&frame, CALO_CHANNEL_DEPTH, x, y) - nearest) <= 1e-4 * nearest);
            checked++;
        }
    assert_true(checked > 5000);
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void shared_edges_leave_no_gap_and_no_double_hit(void **state)
{
    (void)state;
    enum { CAMERAS = 10000, SIZE = 24 };
    test_scene s = test_scene_start();
    calo_material glass = calo_material_default();
    glass.alpha_mode = CALO_ALPHA_BLEND;
    glass.base_color[3] = 0.5f;
    glass.double_sided = true;
    const float corners[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};
    calo_primitive quad = test_quad(&s, corners, test_material(&s, &glass));
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view *views = calloc(CAMERAS, sizeof *views);
    calo_frame *frames = calloc(CAMERAS, sizeof *frames);
    calo_random random = {7};
    calo_error err = {0};
    for (int i = 0; i < CAMERAS; i++) {
        double p[3], t[3];
        for (int c = 0; c < 3; c++) {
            p[c] = calo_random_range(&random, -3, 3);
            t[c] = calo_random_range(&random, -0.5, 0.5);
        }
        p[2] += p[2] < 0 ? -0.3 : 0.3;
        views[i] = test_view(SIZE, calo_random_range(&random, 10, 100), p, t);
        assert_int_equal(calo_frame_init(&frames[i], SIZE, SIZE, 1, CALO_PIXEL_RGBA8, &err), CALO_OK);
    }
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_render_options options = {.channels = TEST_BIT(COLOR), .samples = 1};
    assert_int_equal(calo_pose_create(s.scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_renderer_create(NULL, &renderer, &err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, NULL, &prepared, &err), CALO_OK);
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, views, CAMERAS, frames, NULL, NULL, &err), CALO_OK);
    long covered = 0;
    for (int i = 0; i < CAMERAS; i++) {
        double q[4][2];
        bool in_front = true;
        calo_mat4 inverse;
        assert_true(calo_mat4_invert_affine(&views[i].camera_to_world, &inverse));
        for (int c = 0; c < 4; c++) {
            double world[3] = {corners[3 * c], corners[3 * c + 1], corners[3 * c + 2]}, p[3];
            calo_mat4_point(&inverse, world, p);
            in_front = in_front && p[2] < -0.01;
            to_pixels(&views[i], world, q[c]);
        }
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                const calo_image *plane = &frames[i].planes[CALO_CHANNEL_COLOR];
                int alpha = ((const uint8_t *)plane->data)[y * plane->row_bytes + 4 * x + 3];
                if (alpha != 0 && alpha != 128)
                    fail_msg("camera %d, pixel %u %u: alpha %d, hit twice", i, x, y, alpha);
                double inside = in_front ? inside_quad(q, x + 0.5, y + 0.5) : 0;
                if (inside > 1.0 / 64 && alpha == 0)
                    fail_msg("camera %d, pixel %u %u: a gap", i, x, y);
                if (inside < -1.0 / 64 && alpha != 0)
                    fail_msg("camera %d, pixel %u %u: covered outside", i, x, y);
                covered += alpha != 0;
            }
        calo_frame_finish(&frames[i]);
    }
    assert_true(covered > 500000);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    free(views);
    free(frames);
    calo_scene_destroy(s.scene);
}

/* A floor that reaches behind the camera and far aside: near plane and guard band at once. */
static void clipped_floor_keeps_its_depth(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    const float size = 5e4f;
    const float corners[12] = {-size, -size, 0, size, -size, 0, size, size, 0, -size, size, 0};
    calo_primitive quad = test_quad(&s, corners, -1);
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(100, 90, (double[3]){3, 2, 1}, (double[3]){4, 3, 0.8});
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(MASK)};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    for (uint32_t y = 0; y < 100; y++)
        for (uint32_t x = 0; x < 100; x++) {
            double ray[3] = {(x + 0.5 - 50) / view.focal_x, -(y + 0.5 - 50) / view.focal_y, -1}, world[3];
            calo_mat4_direction(&view.camera_to_world, ray, world);
            double t = -1 / world[2];
            if (fabs(world[2]) < 1e-3)
                continue;
            assert_int_equal(test_mask(&frame, x, y), t > 0);
            float depth = *test_floats(&frame, CALO_CHANNEL_DEPTH, x, y);
            if (t > 0 && fabs(depth - t) > 1e-4 * t)
                fail_msg("pixel %u %u: depth %.7g, truth %.7g", x, y, depth, t);
        }
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

static void orthographic_and_ray_depth(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    const float corners[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};
    calo_primitive quad = test_quad(&s, corners, -1);
    test_node(&s, &quad, NULL);
    test_seal(&s);
    calo_view view = test_view(64, 60, (double[3]){0, 0, 4}, origin);
    calo_render_options options = {.channels = TEST_BIT(DEPTH) | TEST_BIT(MASK), .ray_depth = true,
                                   .background_depth = -1};
    calo_frame frame = test_render(s.scene, NULL, &options, &view);
    double dx = (40.5 - 32) / view.focal_x, dy = (25.5 - 32) / view.focal_y;
    assert_true(fabs(*test_floats(&frame, CALO_CHANNEL_DEPTH, 40, 25) - 4 * sqrt(1 + dx * dx + dy * dy)) < 1e-5);
    assert_true(*test_floats(&frame, CALO_CHANNEL_DEPTH, 0, 0) == -1);
    calo_frame_finish(&frame);
    view.orthographic = true;
    view.focal_x = view.focal_y = 16; /* 16 pixels a metre: the quad covers 32 x 32 pixels exactly */
    frame = test_render(s.scene, NULL, &options, &view);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++) {
            bool inside = x >= 16 && x < 48 && y >= 16 && y < 48;
            assert_int_equal(test_mask(&frame, x, y), inside);
            assert_true(*test_floats(&frame, CALO_CHANNEL_DEPTH, x, y) == (inside ? 4.0f : -1.0f));
        }
    calo_frame_finish(&frame);
    calo_scene_destroy(s.scene);
}

/* Coordinates near the ends of single precision: nothing to see, but nothing to fall over either. */
static void extreme_coordinates_do_no_harm(void **state)
{
    (void)state;
    const float scales[] = {3e38f, 1e30f, 1e20f, 1e-20f, 1e-38f, 1e-45f};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        test_scene s = test_scene_start();
        float corners[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0.5f, -1, 1, 0};
        for (int c = 0; c < 12; c++)
            corners[c] *= scales[i];
        calo_primitive quad = test_quad(&s, corners, -1);
        test_node(&s, &quad, NULL);
        test_seal(&s);
        calo_view view = test_view(32, 60, (double[3]){0, -3, 2}, (double[3]){0, 0, 0});
        calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = 4};
        calo_frame frame = test_render(s.scene, NULL, &options, &view);
        calo_frame_finish(&frame);
        calo_scene_destroy(s.scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sphere_depth_and_normals_are_exact),
        cmocka_unit_test(cube_silhouette_and_depth_are_exact),
        cmocka_unit_test(shared_edges_leave_no_gap_and_no_double_hit),
        cmocka_unit_test(clipped_floor_keeps_its_depth),
        cmocka_unit_test(orthographic_and_ray_depth),
        cmocka_unit_test(extreme_coordinates_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
