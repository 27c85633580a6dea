/* Pictures through lenses: rays against OpenCV's formulas forwards, surfaces against closed forms. */
#include "every_path.h"
#include "render/lens/model.h"

/* ---- the formulas of OpenCV's documentation, forwards ---- */

/* Camera axes here are OpenGL's: (x, -y) are OpenCV's, and -z its depth. */
static void project(const calo_view *view, const double p[3], double *x, double *y)
{
    const double *k = view->lens_coefficients;
    double a = p[0] / -p[2], b = -p[1] / -p[2], out_a = a, out_b = b, s = a * a + b * b;
    if (view->lens == CALO_LENS_FISHEYE) {
        double across = hypot(p[0], p[1]), t = atan2(across, -p[2]), t2 = t * t;
        double far = t * (1 + k[0] * t2 + k[1] * t2 * t2 + k[2] * pow(t2, 3) + k[3] * pow(t2, 4));
        out_a = across > 0 ? far * p[0] / across : 0;
        out_b = across > 0 ? far * -p[1] / across : 0;
    } else if (view->lens == CALO_LENS_OPENCV) {
        double factor = (1 + k[0] * s + k[1] * s * s + k[4] * pow(s, 3)) / (1 + k[5] * s + k[6] * s * s + k[7] * pow(s, 3));
        out_a = a * factor + 2 * k[2] * a * b + k[3] * (s + 2 * a * a) + k[8] * s + k[9] * s * s;
        out_b = b * factor + k[2] * (s + 2 * b * b) + 2 * k[3] * a * b + k[10] * s + k[11] * s * s;
    }
    *x = view->focal_x * out_a + view->center_x;
    *y = view->focal_y * out_b + view->center_y;
}

static bool find_ray(const calo_lens *lens, double x, double y, double ray[3])
{
    calo_lens_guess guess = {0};
    return calo_lens_ray(lens, x, y, &guess, ray);
}

enum { WIDTH = 96, HEIGHT = 72 };

typedef struct lens_case {
    const char *name;
    calo_lens_kind lens;
    double focal; /* of WIDTH */
    double k[12];
    double least; /* part of the pixels that have rays */
} lens_case;

static const lens_case cases[] = {
    {"nothing", CALO_LENS_OPENCV, 90, {0}, 1},
    {"barrel", CALO_LENS_OPENCV, 60, {-0.28, 0.07, 0.0002, 0.00002, 0.018}, 1},
    {"pincushion", CALO_LENS_OPENCV, 60, {0.3, 0.1}, 1},
    {"rational", CALO_LENS_OPENCV, 50, {0.5, -0.2, 0.001, -0.002, 0.01, 0.8, -0.1, 0.02}, 0.6},
    {"prism", CALO_LENS_OPENCV, 70, {-0.1, 0.02, 0.01, -0.015, 0, 0, 0, 0, 0.01, -0.003, -0.02, 0.004}, 1},
    {"fold-back", CALO_LENS_OPENCV, 60, {-0.5}, 0.3},
    {"equidistant", CALO_LENS_FISHEYE, 60, {0}, 1},
    {"fisheye", CALO_LENS_FISHEYE, 32, {0.02, -0.01, 0.003, -0.0005}, 1},
    {"behind", CALO_LENS_FISHEYE, 17, {0}, 0.8},
    {"fisheye fold-back", CALO_LENS_FISHEYE, 30, {-0.2}, 0.2},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static calo_view lens_view(const lens_case *lens, uint32_t scale, const double position[3], const double target[3])
{
    calo_view view = test_view(WIDTH, 60, position, target);
    view.width = WIDTH * scale;
    view.height = HEIGHT * scale;
    view.focal_x = lens->focal * scale;
    view.focal_y = 1.1 * lens->focal * scale;
    view.center_x = 50.25 * scale;
    view.center_y = 34.5 * scale;
    view.lens = lens->lens;
    memcpy(view.lens_coefficients, lens->k, sizeof lens->k);
    return view;
}

static calo_view plain_view(const lens_case *lens)
{
    return lens_view(lens, 1, (double[3]){0, -5, 0}, (double[3]){0, 0, 0});
}

static void rays_fall_on_their_pixels(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++) {
        calo_view view = plain_view(&cases[c]);
        calo_lens lens;
        uint32_t found = 0;
        calo_lens_init(&lens, &view);
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++) {
                double ray[3], at_x, at_y;
                if (!find_ray(&lens, x + 0.5, y + 0.5, ray))
                    continue;
                project(&view, ray, &at_x, &at_y);
                if (!(fabs(at_x - x - 0.5) < 1e-8 && fabs(at_y - y - 0.5) < 1e-8))
                    fail_msg("%s: the ray of pixel (%u, %u) falls at (%.9f, %.9f)", cases[c].name, x, y, at_x, at_y);
                assert_true(fabs(calo_length3(ray) - 1) < 1e-12);
                found++;
            }
        if (!(found >= cases[c].least * WIDTH * HEIGHT && (cases[c].least == 1 || found < WIDTH * HEIGHT)))
            fail_msg("%s: %u pixels have rays", cases[c].name, found);
    }
}

/* With k1 alone r (1 + k1 r^2) turns at r^2 = -1 / (3 k1); the fisheye's angle likewise. */
static void rays_end_at_the_turning_point(void **state)
{
    (void)state;
    for (int fisheye = 0; fisheye < 2; fisheye++) {
        const lens_case one = {.lens = fisheye ? CALO_LENS_FISHEYE : CALO_LENS_OPENCV, .focal = 100, .k = {-0.4}};
        calo_view view = plain_view(&one);
        calo_lens lens;
        double ray[3], turn = sqrt(1 / 1.2), end = turn * 2 / 3 * 100;
        calo_lens_init(&lens, &view);
        assert_true(fabs(lens.radius_limit - turn) < 1e-12);
        assert_true(find_ray(&lens, view.center_x + end - 0.001, view.center_y, ray));
        double radius = fisheye ? atan2(ray[0], -ray[2]) : ray[0] / -ray[2];
        assert_true(radius < turn && radius > 0.99 * turn);
        assert_false(find_ray(&lens, view.center_x + end + 0.001, view.center_y, ray));
    }
    /* The first of several: 1 - 3 s + 2 s^2, times (1 + s)^2, in s = angle^2 has 1/2 and 1. */
    calo_view view = {.focal_x = 1, .focal_y = 1, .lens = CALO_LENS_FISHEYE,
                      .lens_coefficients = {-1.0 / 3, -3.0 / 5, 1.0 / 7, 2.0 / 9}};
    calo_lens lens;
    calo_lens_init(&lens, &view);
    assert_true(fabs(lens.radius_limit - sqrt(0.5)) < 1e-12);
    /* A pole of the fraction, and no turning point at all. */
    view = (calo_view){.focal_x = 1, .focal_y = 1, .lens = CALO_LENS_OPENCV, .lens_coefficients = {0, 0, 0, 0, 0, -0.25}};
    calo_lens_init(&lens, &view);
    assert_true(fabs(lens.radius_limit - 2) < 1e-9);
    view.lens_coefficients[5] = 0.25;
    calo_lens_init(&lens, &view);
    assert_true(fabs(lens.radius_limit - 2) < 1e-9); /* r / (1 + r^2 / 4) turns at 2 */
    view.lens_coefficients[5] = 0;
    calo_lens_init(&lens, &view);
    assert_true(lens.radius_limit == 1000);
}

/* ---- scenes ---- */

/* Squares of 1 in the plane y = 0, from -SIDE to SIDE, a node each. */
enum { SIDE = 5 };
static calo_scene *make_board(void)
{
    test_scene s = test_scene_start();
    for (int j = -SIDE; j < SIDE; j++)
        for (int i = -SIDE; i < SIDE; i++) {
            calo_material material = calo_material_default();
            material.double_sided = true;
            material.unlit = true;
            for (int c = 0; c < 3; c++)
                material.base_color[c] = (i + j) & 1 ? 0.9f : 0.1f;
            const float x = (float)i, z = (float)j;
            const float corners[12] = {x, 0, z, x + 1, 0, z, x + 1, 0, z + 1, x, 0, z + 1};
            calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
            test_node(&s, &quad, NULL);
        }
    test_seal(&s);
    return s.scene;
}

static const void *pixel(const calo_frame *frame, calo_channel channel, uint32_t x, uint32_t y)
{
    const calo_image *plane = &frame->planes[channel];
    return (const char *)plane->data + y * plane->row_bytes + x * (size_t)calo_pixel_bytes(plane->format);
}

enum { DATA_CHANNELS = TEST_BIT(DEPTH) | TEST_BIT(NORMAL) | TEST_BIT(GEOMETRIC_NORMAL) | TEST_BIT(MASK) |
                       TEST_BIT(INSTANCE_ID) | TEST_BIT(MATERIAL_ID) | TEST_BIT(POSITION) | TEST_BIT(UV) | TEST_BIT(ALBEDO) };

/* What the pixel's ray meets in the plane y = 0. */
typedef struct board_hit {
    bool hit;
    double distance, world[3], edge; /* edge: how far the nearest edge of a square is, about */
    uint32_t id;
} board_hit;

static board_hit hit_board(const calo_view *view, const double ray[3])
{
    double direction[3];
    board_hit out = {0};
    calo_mat4_direction(&view->camera_to_world, ray, direction);
    double from_y = view->camera_to_world.m[1][3];
    out.distance = -from_y / direction[1];
    for (int i = 0; i < 3; i++)
        out.world[i] = view->camera_to_world.m[i][3] + out.distance * direction[i];
    double column = out.world[0] + SIDE, row = out.world[2] + SIDE;
    out.hit = out.distance > 0 && column >= 0 && row >= 0 && column < 2 * SIDE && row < 2 * SIDE;
    out.edge = out.hit            ? fmin(fabs(column - rint(column)), fabs(row - rint(row)))
               : out.distance > 0 ? fmax(fmax(-column, column - 2 * SIDE), fmax(-row, row - 2 * SIDE))
                                  : INFINITY;
    out.id = out.hit ? (uint32_t)(floor(row) * 2 * SIDE + floor(column)) + 1 : 0;
    return out;
}

/* Every pixel whose ray is farther from an edge than half a tile's pixel covers. Returns how many there are. */
static uint32_t check_board(const char *name, const calo_view *view, const calo_render_options *options,
                            const calo_frame *frame)
{
    calo_lens lens;
    uint32_t checked = 0;
    calo_lens_init(&lens, view);
    for (uint32_t y = 0; y < view->height; y++)
        for (uint32_t x = 0; x < view->width; x++) {
            double ray[3], near_ray[3];
            bool seen = find_ray(&lens, x + 0.5, y + 0.5, ray);
            board_hit hit = seen ? hit_board(view, ray) : (board_hit){.edge = 1};
            /* What 0.36 pixels to the side and down are on the board, with the slack of a tile's corner. */
            double slack = 0.01;
            for (int i = 0; seen && i < 4; i++)
                if (find_ray(&lens, x + 0.5 + 0.36 * (i % 2 * 2 - 1), y + 0.5 + 0.36 * (i / 2 * 2 - 1), near_ray)) {
                    board_hit beside = hit_board(view, near_ray);
                    for (int a = 0; a < 3; a++)
                        slack = fmax(slack, beside.distance > 0 ? fabs(beside.world[a] - hit.world[a]) : 1);
                }
            uint32_t id = *(const uint32_t *)pixel(frame, CALO_CHANNEL_INSTANCE_ID, x, y);
            if (hit.edge < slack)
                continue;
            if (id != hit.id)
                fail_msg("%s: pixel (%u, %u) shows %u, not %u", name, x, y, id, hit.id);
            const float *depth = pixel(frame, CALO_CHANNEL_DEPTH, x, y), *position = pixel(frame, CALO_CHANNEL_POSITION, x, y);
            const float *normal = pixel(frame, CALO_CHANNEL_NORMAL, x, y), *uv = pixel(frame, CALO_CHANNEL_UV, x, y);
            assert_int_equal(*(const uint8_t *)pixel(frame, CALO_CHANNEL_MASK, x, y), hit.hit);
            checked++;
            if (!hit.hit) {
                assert_true(*depth == options->background_depth && position[0] == 0 && normal[1] == 0 && uv[0] == 0);
                continue;
            }
            double expected = options->ray_depth ? hit.distance : hit.distance * -ray[2];
            if (fabs(*depth - expected) > 2e-5 * hit.distance)
                fail_msg("%s: pixel (%u, %u) has the depth %.7g, not %.7g", name, x, y, (double)*depth, expected);
            for (int i = 0; i < 3; i++) {
                double towards = options->world_space_normals ? -(i == 1) : -view->camera_to_world.m[1][i];
                if (fabs(position[i] - hit.world[i]) > 2e-5 * hit.distance || fabs(normal[i] - towards) > 1e-5)
                    fail_msg("%s: pixel (%u, %u), axis %d: position %.7g, not %.7g; normal %.7g, not %.7g", name, x, y, i,
                             (double)position[i], hit.world[i], (double)normal[i], towards);
            }
            assert_true(uv[0] > 0 && uv[0] < 1 && uv[1] > 0 && uv[1] < 1);
        }
    return checked;
}

static void check_boards(const char *backend)
{
    calo_scene *scene = make_board();
    for (int c = 0; c < CASES; c++)
        for (int kind = 0; kind < 2; kind++) {
            char name[64];
            calo_view view = lens_view(&cases[c], 1, (double[3]){0.7, -3, 0.4}, (double[3]){0.2, 0, -0.3});
            calo_render_options options = {.channels = DATA_CHANNELS, .ray_depth = kind, .world_space_normals = kind,
                                           .background_depth = kind ? -1 : 0};
            snprintf(name, sizeof name, "%s, %s", backend, cases[c].name);
            calo_frame frame = test_render_by(backend, scene, NULL, &options, &view);
            uint32_t checked = check_board(name, &view, &options, &frame);
            if (checked < WIDTH * HEIGHT / 2)
                fail_msg("%s: only %u pixels could be checked", name, checked);
            calo_frame_finish(&frame);
        }
    calo_scene_destroy(scene);
}

/* Calls `check` with each backend that is here. */
static void on_every_backend(void (*check)(const char *backend))
{
    calo_backend_info infos[8];
    size_t count = calo_backend_list(infos, 8);
    for (size_t i = 0; i < count && i < 8; i++)
        if (infos[i].available)
            check(infos[i].name);
}

static void a_plane_is_where_rays_meet_it(void **state)
{
    (void)state;
    on_every_backend(check_boards);
}

/* A sphere of 2 x 240 x 480 triangles lies within 1 - cos(pi / 240) of the unit sphere. */
static void a_sphere_is_where_rays_meet_it(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 240, -1);
    test_node(&s, &sphere, NULL);
    test_seal(&s);
    for (int c = 0; c < CASES; c++) {
        calo_view view = lens_view(&cases[c], 2, (double[3]){0.4, -1.9, 0.5}, (double[3]){0, 0, 0});
        calo_render_options options = {.channels = TEST_BIT(POSITION) | TEST_BIT(DEPTH)};
        calo_frame frame = test_render(s.scene, NULL, &options, &view);
        calo_lens lens;
        uint32_t hits = 0;
        calo_lens_init(&lens, &view);
        for (uint32_t y = 0; y < view.height; y++)
            for (uint32_t x = 0; x < view.width; x++) {
                double ray[3], direction[3], from[3] = {0.4, -1.9, 0.5};
                if (!find_ray(&lens, x + 0.5, y + 0.5, ray))
                    continue;
                calo_mat4_direction(&view.camera_to_world, ray, direction);
                double along = -calo_dot3(from, direction), across = calo_dot3(from, from) - along * along;
                const float *position = pixel(&frame, CALO_CHANNEL_POSITION, x, y);
                double depth = *(const float *)pixel(&frame, CALO_CHANNEL_DEPTH, x, y);
                /* Near the rim a facet is seen from the side. */
                if (across > 0.9 || along < 0)
                    continue;
                double distance = along - sqrt(1 - across);
                if (fabs(depth - distance * -ray[2]) > 1e-3)
                    fail_msg("%s: (%u, %u): depth %g, not %g", cases[c].name, x, y, depth, distance * -ray[2]);
                for (int i = 0; i < 3; i++)
                    assert_true(fabs(position[i] - from[i] - distance * direction[i]) < 1e-3);
                hits++;
            }
        assert_true(hits > 500);
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

/* A floor, and spheres of all sizes of triangles that stand in one another. */
static calo_scene *make_spheres(void)
{
    static const float floor_corners[12] = {-60, -60, -1, 60, -60, -1, 60, 60, -1, -60, 60, -1};
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, floor_corners, -1);
    test_node(&s, &quad, NULL);
    for (int i = 0; i < 9; i++) {
        calo_material material = calo_material_default();
        material.roughness = 0.1f * (float)i;
        material.base_color[i % 3] = 0.2f;
        calo_primitive sphere = test_sphere(&s, 4 + 8 * (uint32_t)i, test_material(&s, &material));
        calo_mat4 place = moved(i % 3 - 1.0, i / 3 - 1.0, 0.2 * i - 0.7, 0.55);
        test_node(&s, &sphere, &place);
    }
    test_seal(&s);
    return s.scene;
}

/* A lens that does nothing: data as of the pinhole, but for pixels where fixed-point corners fall otherwise. */
static void check_identity(const char *backend)
{
    calo_scene *scene = make_spheres();
    calo_lighting lighting = test_every_light();
    calo_prepare_options preparing = {.lighting = &lighting};
    calo_render_options options = {.channels = DATA_CHANNELS | TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F,
                                   .cull = CALO_CULL_OFF};
    calo_view view = test_view(160, 50, (double[3]){0.3, -4, 2}, (double[3]){0, 0, 0});
    calo_frame plain = test_render_by(backend, scene, &preparing, &options, &view);
    view.lens = CALO_LENS_OPENCV;
    calo_frame lens = test_render_by(backend, scene, &preparing, &options, &view);
    uint32_t same = 0, surfaces = 0, near = 0;
    double error = 0;
    for (uint32_t y = 0; y < 160; y++)
        for (uint32_t x = 0; x < 160; x++) {
            bool equal = *(const uint32_t *)pixel(&plain, CALO_CHANNEL_INSTANCE_ID, x, y) ==
                         *(const uint32_t *)pixel(&lens, CALO_CHANNEL_INSTANCE_ID, x, y);
            double depth = *(const float *)pixel(&plain, CALO_CHANNEL_DEPTH, x, y);
            double other = *(const float *)pixel(&lens, CALO_CHANNEL_DEPTH, x, y);
            const float *a = pixel(&plain, CALO_CHANNEL_COLOR, x, y), *b = pixel(&lens, CALO_CHANNEL_COLOR, x, y);
            same += equal;
            surfaces += equal && depth > 0;
            near += equal && depth > 0 && fabs(depth - other) <= 1e-5 * depth;
            for (int i = 0; i < 4; i++)
                error += fabs(fmin(a[i], 1) - fmin(b[i], 1)) / (160 * 160 * 4);
        }
    if (!(same >= 0.9995 * 160 * 160 && near >= 0.9995 * surfaces && surfaces > 10000 && error < 0.005))
        fail_msg("%s: %u ids of %d are the same, %u depths of %u, colours are off by %g", backend, same, 160 * 160, near,
                 surfaces, error);
    calo_frame_finish(&plain);
    calo_frame_finish(&lens);
    calo_scene_destroy(scene);
}

static void a_lens_that_does_nothing_changes_nothing(void **state)
{
    (void)state;
    on_every_backend(check_identity);
}

/* ---- colour ---- */

/* The mean over a large picture of a checkerboard is that of its squares' areas, whatever the lens. */
static void colour_is_averaged_over_the_pixel(void **state)
{
    (void)state;
    calo_scene *scene = make_board();
    for (int c = 0; c < CASES; c++)
        for (int background = 0; background < 2; background++) {
            calo_render_options options = {.channels = TEST_BIT(COLOR), .color_format = CALO_PIXEL_RGBA32F, .samples = 16,
                                           .background = background ? CALO_BACKGROUND_COLOR : CALO_BACKGROUND_TRANSPARENT,
                                           .background_color = {0.25f, 0.5f, 0.75f}};
            calo_view view = lens_view(&cases[c], 1, (double[3]){0, -7, 0}, (double[3]){0, 0, 0});
            calo_view fine = lens_view(&cases[c], 8, (double[3]){0, -7, 0}, (double[3]){0, 0, 0});
            calo_frame frame = test_render(scene, NULL, &options, &view);
            calo_lens lens;
            double error = 0;
            uint32_t pixels = 0;
            calo_lens_init(&lens, &fine);
            for (uint32_t y = 0; y < HEIGHT; y++)
                for (uint32_t x = 0; x < WIDTH; x++) {
                    double sum[2] = {0}, ray[3]; /* red times alpha, alpha */
                    bool whole = true;
                    for (int i = 0; i < 64 && whole; i++) {
                        whole = find_ray(&lens, 8 * x + i % 8 + 0.5, 8 * y + i / 8 + 0.5, ray);
                        board_hit hit = hit_board(&fine, ray);
                        uint32_t square = hit.id - 1;
                        double red = hit.hit ? ((square / (2 * SIDE) + square) & 1 ? 0.9f : 0.1f) : background ? 0.25 : 0;
                        sum[0] += red / 64;
                        sum[1] += (hit.hit || background) / 64.0;
                    }
                    const float *got = pixel(&frame, CALO_CHANNEL_COLOR, x, y);
                    if (!find_ray(&lens, 8 * x + 4, 8 * y + 4, ray)) {
                        assert_true(got[0] == (background ? 0.25f : 0) && got[3] == (float)background);
                        continue;
                    }
                    if (!whole)
                        continue;
                    error += fabs(got[0] * (background ? 1 : got[3]) - sum[0]) + fabs(got[3] - sum[1]);
                    pixels++;
                }
            if (!(error / pixels < 0.015))
                fail_msg("%s: colours are off by %g", cases[c].name, error / pixels);
            calo_frame_finish(&frame);
        }
    calo_scene_destroy(scene);
}

/* With pyrender's shading colours are numbers of the screen: not turned into sRGB once more. */
static void displayed_colours_stay_as_they_are(void **state)
{
    (void)state;
    calo_scene *scene = make_spheres();
    calo_lighting lighting = test_every_light();
    lighting.ambient_color[0] = lighting.ambient_color[1] = lighting.ambient_color[2] = 0.3f;
    calo_prepare_options preparing = {.lighting = &lighting, .shading = CALO_SHADING_PYRENDER};
    calo_render_options options = {.channels = TEST_BIT(COLOR), .background = CALO_BACKGROUND_COLOR,
                                   .background_color = {0.2f, 0.4f, 0.6f}, .background_transparency = 1};
    calo_view view = test_view(120, 50, (double[3]){0.3, -4, 2}, (double[3]){0, 0, 0});
    calo_frame plain = test_render_prepared(scene, &preparing, &options, &view);
    view.lens = CALO_LENS_OPENCV;
    calo_frame lens = test_render_prepared(scene, &preparing, &options, &view);
    const uint8_t *a = plain.planes[0].data, *b = lens.planes[0].data;
    double error = 0;
    for (size_t i = 0; i < 4 * 120 * 120; i++)
        error += abs(a[i] - b[i]) / (4.0 * 120 * 120);
    if (!(error < 1))
        fail_msg("codes are off by %g", error);
    calo_frame_finish(&plain);
    calo_frame_finish(&lens);
    /* Where no ray is: the colour, and the alpha that was asked for. */
    view.lens_coefficients[0] = -5;
    lens = test_render_prepared(scene, &preparing, &options, &view);
    assert_memory_equal(lens.planes[0].data, ((const uint8_t[4]){51, 102, 153, 0}), 4);
    calo_frame_finish(&lens);
    calo_scene_destroy(scene);
}

/* ---- batches ---- */

typedef struct hashes {
    uint64_t of[32];
} hashes;

static calo_status keep_hash(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)err;
    ((hashes *)user)->of[index] = test_hash_frame(frame);
    return CALO_OK;
}

/* Lenses among pinholes, some of them the same lens from elsewhere. */
static size_t mixed_views(calo_view views[32])
{
    size_t count = 0;
    for (int round = 0; round < 2; round++)
        for (int c = 0; c < CASES; c++) {
            views[count] = lens_view(&cases[c], 1, (double[3]){0.5, -3 - round, 1}, (double[3]){0, 0, 0});
            if (c % 4 == 3)
                views[count++].lens = CALO_LENS_PINHOLE;
            else
                count++;
        }
    return count;
}

static void render_mixed(uint32_t threads, const calo_render_options *options, const calo_scene *scene, hashes *out)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_view views[32];
    size_t count = mixed_views(views);
    if (calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = threads}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, NULL, &prepared, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, options, views, count, NULL, keep_hash, out, &err) != CALO_OK)
        fail_msg("%s", err.message);
    /* The same again, one by one, into a frame of ours. */
    for (size_t i = 0; i < count; i++) {
        calo_frame frame;
        assert_int_equal(calo_frame_init(&frame, WIDTH, HEIGHT, options->channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
        if (calo_renderer_render(renderer, prepared, options, &views[count - 1 - i], 1, &frame, NULL, NULL, &err) != CALO_OK)
            fail_msg("%s", err.message);
        assert_true(test_hash_frame(&frame) == out->of[count - 1 - i]);
        calo_frame_finish(&frame);
    }
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
}

static void threads_and_batches_give_the_same_bits(void **state)
{
    (void)state;
    calo_scene *scene = test_every_path();
    static const calo_node_color red[] = {{.node = 8, .rgb = {200, 10, 20}}};
    for (int by_node = 0; by_node < 2; by_node++) {
        calo_render_options options = {.channels = DATA_CHANNELS | TEST_BIT(COLOR), .node_colors = by_node ? red : NULL,
                                       .node_color_count = (uint32_t)by_node};
        hashes first = {0}, second = {0};
        render_mixed(1, &options, scene, &first);
        for (uint32_t threads = 2; threads <= 5; threads += 3) {
            render_mixed(threads, &options, scene, &second);
            assert_memory_equal(&first, &second, sizeof first);
        }
    }
    calo_scene_destroy(scene);
}

/* Each view its own scene: as if each was rendered by itself. */
static void views_may_show_scenes_of_their_own(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_scene *scenes[2] = {make_board(), make_spheres()};
    calo_pose *poses[2] = {0};
    calo_renderer *renderer = NULL;
    calo_prepared *prepared[2] = {0};
    calo_view views[32];
    calo_frame frames[32];
    const calo_prepared *of_view[32];
    size_t count = mixed_views(views);
    calo_render_options options = {.channels = DATA_CHANNELS | TEST_BIT(COLOR)};
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 3}, &renderer, &err), CALO_OK);
    for (int i = 0; i < 2; i++)
        if (calo_pose_create(scenes[i], NULL, &poses[i], &err) != CALO_OK ||
            calo_renderer_prepare(renderer, poses[i], NULL, &prepared[i], &err) != CALO_OK)
            fail_msg("%s", err.message);
    for (size_t i = 0; i < count; i++) {
        of_view[i] = prepared[i / 2 % 2];
        assert_int_equal(calo_frame_init(&frames[i], WIDTH, HEIGHT, options.channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    }
    if (calo_renderer_render_scenes(renderer, of_view, &options, views, count, frames, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < count; i++) {
        calo_frame alone = test_render(scenes[i / 2 % 2], NULL, &options, &views[i]);
        assert_true(test_hash_frame(&alone) == test_hash_frame(&frames[i]));
        calo_frame_finish(&alone);
        calo_frame_finish(&frames[i]);
    }
    for (int i = 0; i < 2; i++) {
        calo_prepared_destroy(prepared[i]);
        calo_pose_destroy(poses[i]);
        calo_scene_destroy(scenes[i]);
    }
    calo_renderer_destroy(renderer);
}

typedef struct stopper {
    uint32_t polls, frames;
} stopper;

static calo_status stop_at_third(void *user, calo_error *err)
{
    (void)err;
    return ++((stopper *)user)->polls == 3 ? CALO_ERROR_CANCELLED : CALO_OK;
}

static calo_status count_frame(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)index, (void)frame, (void)err;
    __atomic_fetch_add(&((stopper *)user)->frames, 1, __ATOMIC_RELAXED);
    return CALO_OK;
}

/* Every view has another lens, so that most of the time goes into rays. */
static void a_poll_stops_views_with_lenses(void **state)
{
    (void)state;
    enum { VIEWS = 2000 };
    calo_error err = {0};
    calo_scene *scene = make_board();
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_view *views = calloc(VIEWS, sizeof *views);
    stopper counts = {0};
    calo_render_options options = {.channels = TEST_BIT(DEPTH), .poll = stop_at_third, .poll_user = &counts};
    assert_non_null(views);
    for (int i = 0; i < VIEWS; i++) {
        views[i] = lens_view(&cases[4], 4, (double[3]){0.5, -3, 1}, (double[3]){0, 0, 0});
        views[i].lens_coefficients[0] -= 1e-5 * i;
    }
    if (calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 2}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, NULL, &prepared, &err) != CALO_OK)
        fail_msg("%s", err.message);
    assert_int_equal(calo_renderer_render(renderer, prepared, &options, views, VIEWS, NULL, count_frame, &counts, &err),
                     CALO_ERROR_CANCELLED);
    assert_int_equal(counts.polls, 3);
    assert_true(counts.frames < VIEWS);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
    free(views);
}

/* Not a colour of a node and of its neighbour mixed, also at the edges. */
static void node_colours_are_not_mixed(void **state)
{
    (void)state;
    calo_scene *scene = make_board();
    static const calo_node_color one[] = {{.node = 44, .rgb = {200, 10, 20}}};
    calo_view view = plain_view(&cases[1]);
    calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(INSTANCE_ID), .node_colors = one, .node_color_count = 1};
    calo_frame frame = test_render(scene, NULL, &options, &view);
    uint32_t shown = 0;
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++) {
            uint32_t id = *(const uint32_t *)pixel(&frame, CALO_CHANNEL_INSTANCE_ID, x, y);
            const uint8_t expected[4] = {id == 45 ? 200 : 0, id == 45 ? 10 : 0, id == 45 ? 20 : 0, id ? 255 : 0};
            assert_memory_equal(pixel(&frame, CALO_CHANNEL_COLOR, x, y), expected, 4);
            shown += id == 45;
        }
    assert_true(shown > 50);
    calo_frame_finish(&frame);
    calo_scene_destroy(scene);
}

/* ---- odd lenses ---- */

static calo_status try_view(const calo_scene *scene, const calo_view *view, calo_error *err)
{
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame;
    calo_render_options options = {.channels = DATA_CHANNELS | TEST_BIT(COLOR)};
    assert_int_equal(calo_pose_create(scene, NULL, &pose, err), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1}, &renderer, err), CALO_OK);
    assert_int_equal(calo_renderer_prepare(renderer, pose, NULL, &prepared, err), CALO_OK);
    assert_int_equal(calo_frame_init(&frame, view->width, view->height, options.channels, CALO_PIXEL_RGBA8, err), CALO_OK);
    calo_status status = calo_renderer_render(renderer, prepared, &options, view, 1, &frame, NULL, NULL, err);
    calo_frame_finish(&frame);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    return status;
}

static void odd_lenses_are_refused(void **state)
{
    (void)state;
    calo_scene *scene = make_board();
    calo_error err = {0};
    calo_view view = plain_view(&cases[1]);
    view.lens_coefficients[7] = NAN;
    assert_int_equal(try_view(scene, &view, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "coefficient 7 is not finite"));
    view = plain_view(&cases[1]);
    view.orthographic = true;
    assert_int_equal(try_view(scene, &view, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "orthographic"));
    view = plain_view(&cases[1]);
    view.lens = (calo_lens_kind)3;
    assert_int_equal(try_view(scene, &view, &err), CALO_ERROR_ARGUMENT);
    /* Without a lens the coefficients are nobody's. */
    view.lens = CALO_LENS_PINHOLE;
    view.lens_coefficients[0] = NAN;
    assert_int_equal(try_view(scene, &view, &err), CALO_OK);
    calo_scene_destroy(scene);
}

/* Any finite coefficients give a picture or a sentence, soon. */
static void extreme_lenses_do_no_harm(void **state)
{
    (void)state;
    calo_scene *scene = make_board();
    calo_random random = {5};
    uint32_t drawn = 0;
    for (int i = 0; i < 120; i++) {
        calo_error err = {0};
        calo_view view = plain_view(&cases[1]);
        view.width = view.height = 24;
        view.focal_x = view.focal_y = i % 5 ? 20 : 1e-3;
        view.center_x = view.center_y = i % 7 ? 12 : 1e6;
        view.lens = i % 2 ? CALO_LENS_OPENCV : CALO_LENS_FISHEYE;
        for (int k = 0; k < 12; k++) {
            double size = pow(10, calo_random_range(&random, -4, i % 3 ? 3 : 300));
            view.lens_coefficients[k] = calo_random_unit(&random) < 0.3 ? 0 : calo_random_unit(&random) < 0.5 ? size : -size;
        }
        calo_status status = try_view(scene, &view, &err);
        drawn += status == CALO_OK;
        if (status != CALO_OK && !(status == CALO_ERROR_LIMIT && strstr(err.message, "view 0 has a lens that is too uneven")))
            fail_msg("lens %d: %s", i, err.message);
    }
    assert_true(drawn > 60);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rays_fall_on_their_pixels),
        cmocka_unit_test(rays_end_at_the_turning_point),
        cmocka_unit_test(a_plane_is_where_rays_meet_it),
        cmocka_unit_test(a_sphere_is_where_rays_meet_it),
        cmocka_unit_test(a_lens_that_does_nothing_changes_nothing),
        cmocka_unit_test(colour_is_averaged_over_the_pixel),
        cmocka_unit_test(displayed_colours_stay_as_they_are),
        cmocka_unit_test(threads_and_batches_give_the_same_bits),
        cmocka_unit_test(views_may_show_scenes_of_their_own),
        cmocka_unit_test(a_poll_stops_views_with_lenses),
        cmocka_unit_test(node_colours_are_not_mixed),
        cmocka_unit_test(odd_lenses_are_refused),
        cmocka_unit_test(extreme_lenses_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
