/* Edges of triangles, normals as lines, and channels one by one: against closed form. */
#include "every_path.h"

enum { SIZE = 96, ALL_CHANNELS = (1u << CALO_CHANNEL_COUNT) - 1 };

static const uint32_t three[] = {0, 1, 2};

static calo_primitive triangle(test_scene *s, const float corners[9], int32_t material)
{
    static const float uvs[] = {0, 0, 1, 0, 0, 1};
    return (calo_primitive){.vertex_count = 3, .index_count = 3, .indices = three, .material = material,
                            .positions = test_copy(s, corners, 9 * sizeof *corners), .uvs = {test_copy(s, uvs, sizeof uvs)}};
}

/* The edges of a mesh's triangles as lines of their own. */
static calo_primitive lines_of(test_scene *s, const calo_primitive *mesh)
{
    calo_primitive lines = *mesh;
    uint32_t *indices = CALO_ARENA_TAKE(calo_scene_arena(s->scene), uint32_t, 2ull * mesh->index_count, "test", &s->err);
    for (uint32_t i = 0; i < mesh->index_count; i++) {
        indices[2 * i] = mesh->indices[i];
        indices[2 * i + 1] = mesh->indices[i % 3 == 2 ? i - 2 : i + 1];
    }
    lines.topology = CALO_LINES;
    lines.index_count = 2 * mesh->index_count;
    lines.indices = indices;
    lines.normals = NULL;
    return lines;
}

static calo_scene *scene_of(test_scene *s, const calo_primitive *primitive)
{
    test_node(s, primitive, NULL);
    test_seal(s);
    return s->scene;
}

static calo_frame draw(const calo_scene *scene, calo_fill fill, const calo_render_options *options, const calo_view *view)
{
    calo_render_options all = *options;
    all.channels = all.channels ? all.channels : ALL_CHANNELS;
    return test_render_prepared(scene, &(calo_prepare_options){.fill = fill}, &all, view);
}

static uint32_t id_at(const calo_frame *frame, calo_channel channel, uint32_t x, uint32_t y)
{
    uint32_t id;
    memcpy(&id, test_floats(frame, channel, x, y), sizeof id);
    return id;
}

static void same_plane(const calo_frame *a, const calo_frame *b, calo_channel channel)
{
    size_t bytes = a->width * (size_t)calo_pixel_bytes(a->planes[channel].format);
    for (uint32_t y = 0; y < a->height; y++)
        if (memcmp((char *)a->planes[channel].data + y * a->planes[channel].row_bytes,
                   (char *)b->planes[channel].data + y * b->planes[channel].row_bytes, bytes) != 0)
            fail_msg("row %u of %s differs", y, calo_channel_name(channel));
}

static uint32_t covered(const calo_frame *frame)
{
    uint32_t count = 0;
    for (uint32_t y = 0; y < frame->height; y++)
        for (uint32_t x = 0; x < frame->width; x++)
            count += test_mask(frame, x, y);
    return count;
}

/* ---- edges ---- */

/* A corner on the screen: pixels, and depth. */
typedef struct seen_corner {
    double x, y, depth;
} seen_corner;

static seen_corner see(const calo_view *view, const float world[3])
{
    calo_mat4 inverse;
    double p[3];
    assert_true(calo_mat4_invert_affine(&view->camera_to_world, &inverse));
    calo_mat4_point(&inverse, (double[3]){world[0], world[1], world[2]}, p);
    return (seen_corner){view->focal_x * p[0] / -p[2] + view->center_x, view->center_y - view->focal_y * p[1] / -p[2], -p[2]};
}

/* How far inside the flat box around an edge a point lies, in pixels; negative outside. Also its depth there. */
static double inside_edge(const seen_corner *a, const seen_corner *b, double half, double x, double y, double *second)
{
    double dx = b->x - a->x, dy = b->y - a->y, length = hypot(dx, dy);
    double along = ((x - a->x) * dx + (y - a->y) * dy) / length, beside = ((x - a->x) * dy - (y - a->y) * dx) / length;
    double s = along / length, w0 = (1 - s) / a->depth, w1 = s / b->depth;
    *second = w1 / (w0 + w1);
    return fmin(half - fabs(beside), fmin(along, length - along));
}

/* Edges of the width asked for, with depths and UVs of theirs, and nothing between them. */
static void edges_are_where_they_must_be(void **state)
{
    (void)state;
    static const float corners[9] = {-1, -0.7f, 0.4f, 1.1f, -0.5f, -0.6f, 0.1f, 1, 0.2f};
    test_scene s = test_scene_start();
    calo_primitive primitive = triangle(&s, corners, -1);
    calo_scene *scene = scene_of(&s, &primitive);
    calo_view view = test_view(SIZE, 50, (double[3]){0.3, -0.5, 3}, (double[3]){0, 0, 0});
    seen_corner at[3] = {see(&view, corners), see(&view, corners + 3), see(&view, corners + 6)};
    for (int width = 1; width <= 9; width += 4) {
        calo_render_options options = {.line_width_pixels = (float)width};
        calo_frame frame = draw(scene, CALO_FILL_WIREFRAME, &options, &view);
        uint32_t checked = 0;
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                double best = -INFINITY, second = 0, here;
                int edge = 0, near_edges = 0;
                for (int k = 0; k < 3; k++) {
                    double inside = inside_edge(&at[k], &at[(k + 1) % 3], 0.5 * width, x + 0.5, y + 0.5, &here);
                    near_edges += inside > -width;
                    if (inside > best) {
                        best = inside;
                        second = here;
                        edge = k;
                    }
                }
                /* Corners of boxes are snapped to 1/256 pixel. */
                if (fabs(best) < 1.0 / 64)
                    continue;
                assert_int_equal(test_mask(&frame, x, y), best > 0);
                assert_int_equal(id_at(&frame, CALO_CHANNEL_INSTANCE_ID, x, y), best > 0);
                if (best <= 0 || near_edges > 1)
                    continue;
                const float *uv = test_floats(&frame, CALO_CHANNEL_UV, x, y);
                double depth = at[edge].depth + second * (at[(edge + 1) % 3].depth - at[edge].depth);
                assert_true(fabs(*test_floats(&frame, CALO_CHANNEL_DEPTH, x, y) - depth) < 1e-4 * depth);
                assert_true(fabs(uv[0] - (edge == 0 ? second : edge == 1 ? 1 - second : 0)) < 1e-4);
                assert_true(fabs(uv[1] - (edge == 1 ? second : edge == 2 ? 1 - second : 0)) < 1e-4);
                checked++;
            }
        assert_true(checked > 60u * (uint32_t)width);
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(scene);
}

/* Back faces have no edges unless faces are seen from both sides; nor has what a mirror turns round. */
static void edges_are_culled_as_surfaces_are(void **state)
{
    (void)state;
    static const float front[9] = {-1, -1, 0, 1, -1, 0, 0, 1, 0}, back[9] = {-1, -1, 0, 0, 1, 0, 1, -1, 0};
    for (int mirrored = 0; mirrored < 2; mirrored++)
        for (int is_back = 0; is_back < 2; is_back++)
            for (int both = 0; both < 3; both++) {
                test_scene s = test_scene_start();
                calo_material material = calo_material_default();
                material.double_sided = both == 1;
                calo_primitive primitive = triangle(&s, is_back ? back : front, test_material(&s, &material));
                calo_mat4 place = calo_mat4_identity();
                place.m[0][0] = mirrored ? -1 : 1;
                test_node(&s, &primitive, &place);
                test_seal(&s);
                calo_view view = test_view(SIZE, 50, (double[3]){0, 0, 4}, (double[3]){0, 0, 0});
                calo_render_options options = {.cull = both == 2 ? CALO_CULL_OFF : CALO_CULL_AUTO};
                calo_frame edges = draw(s.scene, CALO_FILL_WIREFRAME, &options, &view);
                calo_frame solid = draw(s.scene, CALO_FILL_SOLID, &options, &view);
                /* A mirrored front is a front. */
                assert_int_equal(covered(&edges) > 100, !is_back || both > 0);
                assert_int_equal(covered(&solid) > 1000, !is_back || both > 0);
                calo_frame_finish(&edges);
                calo_frame_finish(&solid);
                calo_scene_destroy(s.scene);
            }
}

/* Where they are cut by the near plane and the picture's sides, edges are what lines are. */
static void check_as_lines(const calo_primitive *(*make)(test_scene *s), const calo_view *view, float width)
{
    test_scene a = test_scene_start(), b = test_scene_start();
    calo_primitive lines = lines_of(&b, make(&b));
    calo_scene *edge_scene = scene_of(&a, make(&a)), *line_scene = scene_of(&b, &lines);
    calo_render_options options = {.cull = CALO_CULL_OFF, .line_width_pixels = width};
    calo_frame edges = draw(edge_scene, CALO_FILL_WIREFRAME, &options, view);
    calo_frame expected = draw(line_scene, CALO_FILL_MATERIAL, &options, view);
    same_plane(&edges, &expected, CALO_CHANNEL_MASK);
    assert_true(covered(&edges) > 80);
    uint32_t count = 0, off = 0;
    for (uint32_t y = 0; y < view->height; y++)
        for (uint32_t x = 0; x < view->width; x++) {
            float depth = *test_floats(&edges, CALO_CHANNEL_DEPTH, x, y);
            float line = *test_floats(&expected, CALO_CHANNEL_DEPTH, x, y);
            count += test_mask(&edges, x, y);
            off += fabsf(depth - line) > 1e-3f * line;
        }
    /* Where two edges meet, a pixel may be nearer to the other one. */
    if (off > count / 100)
        fail_msg("%u of %u pixels have another depth", off, count);
    calo_frame_finish(&edges);
    calo_frame_finish(&expected);
    calo_scene_destroy(edge_scene);
    calo_scene_destroy(line_scene);
}

static const calo_primitive *floor_behind(test_scene *s)
{
    static const float corners[9] = {-30, -60, -1, 40, -60, -1, 3, 90, -1.5f};
    static calo_primitive primitive;
    primitive = triangle(s, corners, -1);
    return &primitive;
}

static const calo_primitive *ball(test_scene *s)
{
    static calo_primitive primitive;
    primitive = test_sphere(s, 8, -1);
    return &primitive;
}

static void clipped_edges_are_what_lines_are(void **state)
{
    (void)state;
    calo_view view = test_view(SIZE, 80, (double[3]){0.5, -3, 0.4}, (double[3]){0.2, 1, 0});
    check_as_lines(floor_behind, &view, 1);
    check_as_lines(floor_behind, &view, 6);
    view = test_view(SIZE, 60, (double[3]){0, -1.05, 0}, (double[3]){0.2, 1, 0.1}); /* just outside */
    view.near_metres = 0.2;
    check_as_lines(ball, &view, 1);
    check_as_lines(ball, &view, 3);
}

/* Many clusters, some of them partly out of sight, and levels of detail, which edges do not have. */
static void large_meshes_show_all_of_their_edges(void **state)
{
    (void)state;
    test_scene a = test_scene_start(), b = test_scene_start();
    calo_primitive mesh = test_sphere(&a, 120, -1), other = test_sphere(&b, 120, -1), lines = lines_of(&b, &other);
    calo_scene *edge_scene = scene_of(&a, &mesh), *line_scene = scene_of(&b, &lines);
    calo_view view = test_view(301, 40, (double[3]){0.8, -2.2, 0.9}, (double[3]){0.5, 0, 0});
    calo_render_options options = {.cull = CALO_CULL_OFF};
    calo_frame edges = draw(edge_scene, CALO_FILL_WIREFRAME, &options, &view);
    calo_frame expected = draw(line_scene, CALO_FILL_MATERIAL, &options, &view);
    same_plane(&edges, &expected, CALO_CHANNEL_MASK);
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame lod = {0};
    options.channels = ALL_CHANNELS;
    if (calo_pose_create(edge_scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 2, .lod_pixels = 4}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, &(calo_prepare_options){.fill = CALO_FILL_WIREFRAME}, &prepared, &err) != CALO_OK ||
        calo_frame_init(&lod, 301, 301, ALL_CHANNELS, CALO_PIXEL_RGBA8, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, &options, &view, 1, &lod, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s", err.message);
    assert_true(test_hash_frame(&lod) == test_hash_frame(&edges));
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_frame_finish(&lod);
    calo_frame_finish(&edges);
    calo_frame_finish(&expected);
    calo_scene_destroy(edge_scene);
    calo_scene_destroy(line_scene);
}

/* Two squares side by side, the right one's material says wireframe. */
static void fills_say_who_shows_edges(void **state)
{
    (void)state;
    static const bool expected[4][2] = {
        [CALO_FILL_MATERIAL] = {false, true},
        [CALO_FILL_FLIPPED] = {true, false},
        [CALO_FILL_WIREFRAME] = {true, true},
        [CALO_FILL_SOLID] = {false, false},
    };
    test_scene s = test_scene_start();
    for (int i = 0; i < 2; i++) {
        float x = i ? 1.1f : -1.1f;
        const float corners[12] = {x - 1, -1, 0, x + 1, -1, 0, x + 1, 1, 0, x - 1, 1, 0};
        calo_material material = calo_material_default();
        material.wireframe = i;
        material.alpha_mode = i ? CALO_ALPHA_BLEND : CALO_ALPHA_OPAQUE;
        calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
        test_node(&s, &quad, NULL);
    }
    test_seal(&s);
    calo_view view = test_view(SIZE, 60, (double[3]){0, 0, 4}, (double[3]){0, 0, 0});
    for (int fill = 0; fill < 4; fill++) {
        calo_frame frame = draw(s.scene, (calo_fill)fill, &(calo_render_options){0}, &view);
        for (int i = 0; i < 2; i++) {
            const float world[3] = {(i ? 1.1f : -1.1f) + 0.5f, -0.2f, 0};
            seen_corner inside = see(&view, world);
            const float edge_point[3] = {(i ? 1.1f : -1.1f) - 1, 0.3f, 0};
            seen_corner edge = see(&view, edge_point);
            assert_int_equal(test_mask(&frame, (uint32_t)inside.x, (uint32_t)inside.y), !expected[fill][i]);
            /* Half of a line one pixel wide lies inside. */
            assert_true(test_mask(&frame, (uint32_t)edge.x, (uint32_t)edge.y) ||
                        test_mask(&frame, (uint32_t)edge.x + 1, (uint32_t)edge.y));
        }
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

/* Alpha is the edge's own: the texture's left half is a hole. */
static void masked_edges_have_holes(void **state)
{
    (void)state;
    static const uint8_t texels[8] = {255, 0, 0, 0, 0, 255, 0, 255};
    static const float corners[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.alpha_mode = CALO_ALPHA_MASK;
    material.unlit = true;
    test_use_texture(&material, CALO_SLOT_BASE_COLOR,
                     test_texture(&s, 2, 1, texels, (calo_texture){.magnify = CALO_FILTER_NEAREST, .minify = CALO_FILTER_NEAREST}));
    calo_primitive quad = test_quad(&s, corners, test_material(&s, &material));
    calo_scene *scene = scene_of(&s, &quad);
    calo_view view = test_view(SIZE, 60, (double[3]){0, 0, 4}, (double[3]){0, 0, 0});
    calo_frame frame = draw(scene, CALO_FILL_WIREFRAME, &(calo_render_options){.line_width_pixels = 2}, &view);
    uint32_t left = 0, right = 0;
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            left += x < SIZE / 2 - 1 && test_mask(&frame, x, y);
            right += x >= SIZE / 2 && test_mask(&frame, x, y);
        }
    assert_int_equal(left, 0);
    assert_true(right > 100);
    calo_frame_finish(&frame);
    calo_scene_destroy(scene);
}

/* Seen exactly edge-on, in points and far away: no edges need be there, but no harm is done. */
static void edges_of_next_to_nothing_do_no_harm(void **state)
{
    (void)state;
    static const float scales[] = {3e38f, 1e20f, 1e6f, 1e-6f, 1e-30f, 1e-45f};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        test_scene s = test_scene_start();
        float corners[9] = {-1, -1, 0, 1, -1, 0.3f, 0.5f, 1, -0.2f};
        for (int c = 0; c < 9; c++)
            corners[c] *= scales[i];
        calo_primitive primitive = triangle(&s, corners, -1);
        calo_scene *scene = scene_of(&s, &primitive);
        calo_view view = test_view(SIZE, 60, (double[3]){0, -3, 0.1}, (double[3]){0, 0, 0});
        calo_prepare_options preparing = {.fill = CALO_FILL_WIREFRAME, .normal_lines = 3};
        calo_render_options options = {.channels = ALL_CHANNELS, .line_width_pixels = 1000, .cull = CALO_CULL_OFF};
        calo_frame frame = test_render_prepared(scene, &preparing, &options, &view);
        calo_frame_finish(&frame);
        calo_scene_destroy(scene);
    }
}

/* ---- normals ---- */

static calo_mat4 squeezed(double x, double turn)
{
    double c = cos(turn), d = sin(turn);
    calo_mat4 rotation = {{{c, -d, 0, x}, {d, c, 0, 0.1}, {0, 0, 1, -0.2}, {0, 0, 0, 1}}};
    calo_mat4 scale = {{{-1.4, 0, 0, 0}, {0, 0.8, 0, 0}, {0, 0, 0.4, 0}, {0, 0, 0, 1}}};
    return calo_mat4_multiply(&rotation, &scale);
}

static const float slope[12] = {-0.7f, -0.4f, -0.5f, 0.7f, -0.4f, 0.4f, 0.7f, 0.4f, 0.4f, -0.7f, 0.4f, -0.5f};
static const float object_normals[12] = {-0.6f, 0, 0.8f, -0.6f, 0, 0.8f, 0, 0.6f, 0.8f, 0, 0, 1};

/* The line from `from` along a normal that the transform's inverse transpose turns, 20 to 80 % of the way. */
static void check_line(const calo_frame *frame, const calo_view *view, const calo_mat4 *to_world, const double from[3],
                       const double normal[3], double length, uint32_t instance, uint32_t material)
{
    calo_mat4 inverse;
    double direction[3], base[3];
    assert_true(calo_mat4_invert_affine(to_world, &inverse));
    for (int c = 0; c < 3; c++)
        direction[c] = inverse.m[0][c] * normal[0] + inverse.m[1][c] * normal[1] + inverse.m[2][c] * normal[2];
    calo_normalize3(direction);
    calo_mat4_point(to_world, from, base);
    for (double t = 0.2; t < 0.81; t += 0.1) {
        float world[3];
        for (int c = 0; c < 3; c++)
            world[c] = (float)(base[c] + t * length * direction[c]);
        seen_corner at = see(view, world);
        assert_true(at.x > 0 && at.y > 0 && at.x < frame->width && at.y < frame->height);
        uint32_t x = (uint32_t)at.x, y = (uint32_t)at.y;
        assert_int_equal(id_at(frame, CALO_CHANNEL_INSTANCE_ID, x, y), instance);
        assert_int_equal(id_at(frame, CALO_CHANNEL_MATERIAL_ID, x, y), material);
        const float *position = test_floats(frame, CALO_CHANNEL_POSITION, x, y);
        double from_base[3], along, beside = 0;
        for (int c = 0; c < 3; c++)
            from_base[c] = position[c] - base[c];
        along = calo_dot3(from_base, direction);
        for (int c = 0; c < 3; c++)
            beside += (from_base[c] - along * direction[c]) * (from_base[c] - along * direction[c]);
        if (sqrt(beside) > 1e-5 || fabs(along - t * length) > 0.06)
            fail_msg("%g of the way: %g metres beside it, %g metres along it", t, sqrt(beside), along);
    }
}

static void check_quads_normals(const calo_frame *frame, const calo_view *view, const calo_mat4 *to_world, double length,
                                uint32_t instance)
{
    for (int v = 0; v < 4; v++) {
        const float *p = slope + 3 * v, *n = object_normals + 3 * v;
        check_line(frame, view, to_world, (double[3]){p[0], p[1], p[2]}, (double[3]){n[0], n[1], n[2]}, length, instance, 2);
    }
    for (int t = 0; t < 2; t++) {
        double middle[3], ab[3], ac[3], normal[3];
        const float *a = slope, *b = slope + 3 * (t + 1), *c = slope + 3 * (t + 2);
        for (int i = 0; i < 3; i++) {
            middle[i] = ((double)a[i] + b[i] + c[i]) / 3;
            ab[i] = (double)b[i] - a[i];
            ac[i] = (double)c[i] - a[i];
        }
        calo_cross3(ab, ac, normal);
        check_line(frame, view, to_world, middle, normal, length, instance, 3);
    }
}

/* Copies that are turned, squeezed unevenly and mirrored. */
static void normals_stand_on_the_surface(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive quad = test_quad(&s, slope, -1);
    calo_mat4 copies[3] = {squeezed(-2, 0.3), squeezed(0, 1), squeezed(2, -0.5)};
    quad.normals = object_normals;
    int32_t node = test_node(&s, &quad, NULL);
    s.scene->nodes[node].instance_count = 3;
    s.scene->nodes[node].instances = copies;
    test_seal(&s);
    calo_view view = test_view(1500, 60, (double[3]){0.4, -2, 6.5}, (double[3]){0, 0, 0});
    double extent[3] = {1.4, 0.8, 0.9}, mean = sqrt((1.4 * 1.4 + 0.8 * 0.8 + 0.4 * 0.4) / 3);
    for (int given = 0; given < 2; given++) {
        float length = given ? 0.5f : 0;
        calo_prepare_options preparing = {.normal_lines = CALO_NORMAL_LINES_VERTEX | CALO_NORMAL_LINES_FACE,
                                          .normal_length = length};
        calo_render_options options = {.channels = ALL_CHANNELS, .line_width_pixels = 3, .cull = CALO_CULL_OFF};
        calo_frame frame = test_render_prepared(s.scene, &preparing, &options, &view);
        for (int i = 0; i < 3; i++)
            check_quads_normals(&frame, &view, &copies[i], given ? 0.5 : 0.05 * calo_length3(extent) * mean, 1 + (uint32_t)i);
        calo_frame_finish(&frame);
    }
    calo_scene_destroy(s.scene);
}

static uint32_t pixels_of(const calo_frame *frame, uint32_t material)
{
    uint32_t count = 0;
    for (uint32_t y = 0; y < frame->height; y++)
        for (uint32_t x = 0; x < frame->width; x++)
            count += id_at(frame, CALO_CHANNEL_MATERIAL_ID, x, y) == material;
    return count;
}

/* Each kind for itself, in its colour; no vertex normals where the file has none. */
static void normals_are_drawn_as_asked_for(void **state)
{
    (void)state;
    for (uint32_t lines = 0; lines < 4; lines++)
        for (int has_normals = 0; has_normals < 2; has_normals++) {
            test_scene s = test_scene_start();
            calo_primitive quad = test_quad(&s, slope, -1);
            quad.normals = has_normals ? object_normals : NULL;
            calo_scene *scene = scene_of(&s, &quad);
            calo_view view = test_view(SIZE, 60, (double[3]){0.4, -2, 2.5}, (double[3]){0, 0, 0});
            calo_prepare_options preparing = {.normal_lines = lines, .normal_length = 0.5f};
            calo_render_options options = {.channels = ALL_CHANNELS, .samples = 1};
            calo_frame frame = test_render_prepared(scene, &preparing, &options, &view);
            assert_int_equal(pixels_of(&frame, 2) > 10, has_normals && lines & CALO_NORMAL_LINES_VERTEX);
            assert_int_equal(pixels_of(&frame, 3) > 10, (lines & CALO_NORMAL_LINES_FACE) != 0);
            for (uint32_t y = 0; y < SIZE; y++)
                for (uint32_t x = 0; x < SIZE; x++) {
                    static const uint8_t colors[2][4] = {{26, 26, 255, 255}, {255, 26, 26, 255}};
                    uint32_t material = id_at(&frame, CALO_CHANNEL_MATERIAL_ID, x, y);
                    const calo_image *plane = &frame.planes[CALO_CHANNEL_COLOR];
                    if (material > 1)
                        assert_memory_equal((char *)plane->data + y * plane->row_bytes + 4ul * x, colors[material - 2], 4);
                }
            calo_frame_finish(&frame);
            calo_scene_destroy(scene);
        }
}

/* ---- options ---- */

static calo_status prepare_with(const calo_prepare_options *options, calo_error *err)
{
    static const float corners[9] = {-1, -1, 0, 1, -1, 0, 0, 1, 0};
    test_scene s = test_scene_start();
    calo_primitive primitive = triangle(&s, corners, -1);
    calo_scene *scene = scene_of(&s, &primitive);
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1}, &renderer, NULL), CALO_OK);
    calo_status status = calo_renderer_prepare(renderer, pose, options, &prepared, err);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
    return status;
}

static void odd_options_are_refused(void **state)
{
    (void)state;
    const calo_prepare_options odd[] = {
        {.fill = (calo_fill)4}, {.normal_lines = 4}, {.normal_length = -1}, {.normal_length = NAN}, {.normal_length = INFINITY},
        {.lighting = &(calo_lighting){.light_count = 2}},
    };
    static const char *const words[] = {"fill 4", "normals 0x4", "-1 metres", "nan metres", "inf metres", "2 lights"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        calo_error err = {0};
        assert_int_equal(prepare_with(&odd[i], &err), CALO_ERROR_ARGUMENT);
        if (!strstr(err.message, words[i]))
            fail_msg("%s", err.message);
    }
}

/* What is not found for want of a channel that shows it makes no difference to those that are there. */
static void every_channel_alone_is_the_same(void **state)
{
    (void)state;
    calo_scene *scene = test_every_path();
    calo_lighting lighting = test_every_light();
    calo_view view = test_view(SIZE, 60, (double[3]){1.1, -3, 0.9}, (double[3]){0, 0, 0});
    for (int prepare = 0; prepare < TEST_PREPARES; prepare++) {
        calo_prepare_options preparing = test_prepare(prepare, &lighting);
        calo_render_options options = {.channels = ALL_CHANNELS};
        calo_frame all = test_render_prepared(scene, &preparing, &options, &view);
        for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
            options.channels = CALO_CHANNEL_BIT(c);
            calo_frame one = test_render_prepared(scene, &preparing, &options, &view);
            same_plane(&one, &all, (calo_channel)c);
            calo_frame_finish(&one);
        }
        calo_frame_finish(&all);
    }
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_are_where_they_must_be),
        cmocka_unit_test(edges_are_culled_as_surfaces_are),
        cmocka_unit_test(clipped_edges_are_what_lines_are),
        cmocka_unit_test(large_meshes_show_all_of_their_edges),
        cmocka_unit_test(fills_say_who_shows_edges),
        cmocka_unit_test(masked_edges_have_holes),
        cmocka_unit_test(edges_of_next_to_nothing_do_no_harm),
        cmocka_unit_test(normals_stand_on_the_surface),
        cmocka_unit_test(normals_are_drawn_as_asked_for),
        cmocka_unit_test(odd_options_are_refused),
        cmocka_unit_test(every_channel_alone_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
