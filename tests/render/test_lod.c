/* Levels of detail: no cracks, no more error than allowed, and nothing at all where they are off or do not apply. */
#include "scenes.h"

#include "base/cache.h"
#include "base/file.h"
#include "render/cpu/clusters.h"

enum { COLUMNS = 240, ROWS = 120, SIZE = 160 };

static const uint32_t channels = TEST_BIT(COLOR) | TEST_BIT(DEPTH) | TEST_BIT(MASK) |
                                 TEST_BIT(GEOMETRIC_NORMAL);

/* A closed torus with waves, without seams: 57,600 triangles. */
static calo_primitive make_torus(test_scene *s, int32_t material)
{
    uint32_t count = COLUMNS * ROWS, n = 0;
    calo_arena *arena = calo_scene_arena(s->scene);
    float *positions = CALO_ARENA_TAKE(arena, float, 3ull * count, "test", &s->err);
    float *normals = CALO_ARENA_TAKE(arena, float, 3ull * count, "test", &s->err);
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, 6ull * count, "test", &s->err);
    for (uint32_t v = 0; v < count; v++) {
        double around = 2 * M_PI * (v % COLUMNS) / COLUMNS, across = 2 * M_PI * (v / COLUMNS) / ROWS;
        double tube = 0.4 + 0.02 * sin(9 * around) * sin(5 * across), ring = 1 + tube * cos(across);
        double normal[3] = {cos(around) * cos(across), sin(around) * cos(across), sin(across)};
        double position[3] = {ring * cos(around), ring * sin(around), tube * sin(across)};
        for (int c = 0; c < 3; c++) {
            positions[3 * v + c] = (float)position[c];
            normals[3 * v + c] = (float)normal[c];
        }
        uint32_t right = v % COLUMNS + 1 < COLUMNS ? v + 1 : v + 1 - COLUMNS;
        uint32_t up = (v + COLUMNS) % count, both = (right + COLUMNS) % count;
        uint32_t quad[6] = {v, right, both, v, both, up};
        memcpy(indices + n, quad, sizeof quad);
        n += 6;
    }
    return (calo_primitive){.vertex_count = count, .index_count = n, .indices = indices, .positions = positions,
                            .normals = normals, .material = material, .polygon_count = n / 6,
                            .source_vertex_count = count};
}

static calo_scene *make_torus_scene(calo_alpha_mode alpha_mode)
{
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.alpha_mode = alpha_mode;
    material.base_color[3] = 0.6f;
    calo_primitive torus = make_torus(&s, test_material(&s, &material));
    test_node(&s, &torus, NULL);
    test_seal(&s);
    return s.scene;
}

/* ---- drawing ---- */

static calo_frame render(const calo_scene *scene, float lod_pixels, uint32_t threads, uint32_t samples,
                         const calo_view *view)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    calo_renderer_options with = {.backend = "cpu", .threads = threads, .lod_pixels = lod_pixels};
    calo_render_options options = {.channels = channels, .samples = samples};
    if (calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&with, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, NULL, &prepared, &err) != CALO_OK ||
        calo_frame_init(&frame, view->width, view->height, channels, CALO_PIXEL_RGBA8, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, &options, view, 1, &frame, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s", err.message);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    return frame;
}

static bool same_frames(const calo_frame *a, const calo_frame *b)
{
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *left = &a->planes[c], *right = &b->planes[c];
        for (uint32_t y = 0; left->data && y < left->height; y++)
            if (memcmp((const char *)left->data + y * left->row_bytes, (const char *)right->data + y * right->row_bytes,
                       left->width * calo_pixel_bytes(left->format)) != 0)
                return false;
    }
    return true;
}

/* What is drawn with levels of detail is what is drawn without. */
static void assert_same(const calo_scene *scene, float lod_pixels, const calo_view *view)
{
    calo_frame plain = render(scene, 0, 1, 1, view), lod = render(scene, lod_pixels, 1, 1, view);
    assert_true(same_frames(&plain, &lod));
    calo_frame_finish(&plain);
    calo_frame_finish(&lod);
}

/* Whether a surface behind another begins within `reach`: there the other's outline moves. */
static bool near_an_edge(const calo_frame *frame, uint32_t x, uint32_t y, int reach)
{
    float depth = *test_floats(frame, CALO_CHANNEL_DEPTH, x, y);
    for (int64_t py = (int64_t)y - reach; py <= (int64_t)y + reach; py++)
        for (int64_t px = (int64_t)x - reach; px <= (int64_t)x + reach; px++)
            if (px >= 0 && py >= 0 && px < frame->width && py < frame->height &&
                fabsf(*test_floats(frame, CALO_CHANNEL_DEPTH, (uint32_t)px, (uint32_t)py) - depth) > 0.1f)
                return true;
    return false;
}

/* Whether all pixels within `reach` of (x, y) have this mask. */
static bool all_around(const calo_frame *frame, uint32_t x, uint32_t y, int reach, uint8_t mask)
{
    for (int dy = -reach; dy <= reach; dy++)
        for (int dx = -reach; dx <= reach; dx++) {
            int64_t px = (int64_t)x + dx, py = (int64_t)y + dy;
            if (px >= 0 && py >= 0 && px < frame->width && py < frame->height &&
                test_mask(frame, (uint32_t)px, (uint32_t)py) != mask)
                return false;
        }
    return true;
}

/* The outline moves by no more than the allowed pixels, nothing inside is torn, and surfaces that face the camera keep
 * their depth as well as that. */
static void assert_close(const calo_frame *plain, const calo_frame *lod, const calo_view *view, float lod_pixels)
{
    int reach = (int)ceilf(lod_pixels);
    uint32_t inside = 0;
    for (uint32_t y = 0; y < plain->height; y++)
        for (uint32_t x = 0; x < plain->width; x++) {
            uint8_t mask = test_mask(plain, x, y);
            if (!all_around(plain, x, y, reach, mask))
                continue;
            if (test_mask(lod, x, y) != mask)
                fail_msg("lod %g: pixel %u %u is %s", lod_pixels, x, y, mask ? "torn" : "covered");
            const float *normal = test_floats(plain, CALO_CHANNEL_GEOMETRIC_NORMAL, x, y);
            if (!mask || normal[2] < 0.7f || near_an_edge(plain, x, y, reach))
                continue;
            double depth = *test_floats(plain, CALO_CHANNEL_DEPTH, x, y);
            double moved = fabs(*test_floats(lod, CALO_CHANNEL_DEPTH, x, y) - depth) * view->focal_x / depth;
            inside++;
            if (moved > lod_pixels * 1.5)
                fail_msg("lod %g: pixel %u %u is %g pixels off", lod_pixels, x, y, moved);
        }
    assert_true(inside > 20);
}

static void check_close(const calo_scene *scene, float lod_pixels, const calo_view *view)
{
    calo_frame plain = render(scene, 0, 1, 1, view), lod = render(scene, lod_pixels, 2, 1, view);
    assert_close(&plain, &lod, view, lod_pixels);
    assert_false(same_frames(&plain, &lod));
    calo_frame_finish(&plain);
    calo_frame_finish(&lod);
}

/* ---- tests ---- */

static void no_cracks_and_no_more_error_than_allowed(void **state)
{
    (void)state;
    static const float allowed[] = {0.5f, 1, 3};
    calo_scene *scene = make_torus_scene(CALO_ALPHA_OPAQUE);
    calo_random random = {3};
    for (int v = 0; v < 18; v++) {
        double distance = 1.6 + v * v * 0.035, direction[3], position[3];
        for (int c = 0; c < 3; c++)
            direction[c] = calo_random_range(&random, -1, 1);
        calo_normalize3(direction);
        for (int c = 0; c < 3; c++)
            position[c] = direction[c] * distance;
        calo_view view = test_view(SIZE, 50, position, (double[3]){0, 0, 0});
        view.orthographic = v % 6 == 5;
        view.focal_x = view.focal_y = view.orthographic ? SIZE / (1.5 + 0.2 * v) : view.focal_x;
        calo_frame plain = render(scene, 0, 1, 1, &view), lod = render(scene, allowed[v % 3], 2, 1, &view);
        if (!view.orthographic)
            assert_close(&plain, &lod, &view, allowed[v % 3]);
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++)
                if (all_around(&plain, x, y, (int)ceilf(allowed[v % 3]), 1))
                    assert_int_equal(test_mask(&lod, x, y), 1);
        calo_frame_finish(&plain);
        calo_frame_finish(&lod);
    }
    calo_scene_destroy(scene);
}

/* A view from among the surfaces: near ones fine, far ones coarse, side by side. */
static void levels_join_without_gaps(void **state)
{
    (void)state;
    calo_scene *scene = make_torus_scene(CALO_ALPHA_OPAQUE);
    for (int v = 0; v < 6; v++) {
        const double position[3] = {0.5 * cos(v), 0.5 * sin(v), 0.06 * v};
        const double target[3] = {-cos(v + 0.8), -sin(v + 0.8), 0};
        calo_view view = test_view(SIZE, 80, position, target);
        check_close(scene, 2, &view);
    }
    calo_scene_destroy(scene);
}

static void same_bits_for_threads_and_instruction_sets(void **state)
{
    (void)state;
    static const char *const levels[] = {"baseline", "avx2", "avx512"};
    calo_scene *scene = make_torus_scene(CALO_ALPHA_MASK);
    calo_view view = test_view(SIZE, 50, (double[3]){2, -2.4, 1.7}, (double[3]){0, 0, 0});
    for (uint32_t samples = 1; samples <= 4; samples += 3) {
        setenv("CALOTYPE_CPU", levels[0], 1);
        calo_frame expected = render(scene, 1, 1, samples, &view);
        for (int i = 0; i < 3; i++) {
            setenv("CALOTYPE_CPU", levels[i], 1);
            calo_renderer *renderer = NULL;
            if (calo_renderer_create(NULL, &renderer, NULL) != CALO_OK)
                continue;
            calo_renderer_destroy(renderer);
            calo_frame frame = render(scene, 1, 5, samples, &view);
            assert_true(same_frames(&expected, &frame));
            calo_frame_finish(&frame);
        }
        unsetenv("CALOTYPE_CPU");
        calo_frame_finish(&expected);
    }
    calo_scene_destroy(scene);
}

/* The far side of the bargain: a distant torus is drawn with few triangles. */
static void hierarchy_ends_in_few_triangles(void **state)
{
    (void)state;
    calo_scene *scene = make_torus_scene(CALO_ALPHA_OPAQUE);
    calo_error err = {0};
    calo_pose *pose = NULL;
    void *pointer = NULL;
    calo_limits limits = calo_limits_resolve(NULL);
    calo_lighting lighting = {.environment_strength = 1, .environment_color = {1, 1, 1}};
    calo_prepare_options prepare = {.lighting = &lighting, .limits = &limits};
    calo_backend_options options = {.threads = 2, .lod_pixels = 1};
    assert_int_equal(calo_pose_create(scene, NULL, &pose, &err), CALO_OK);
    assert_int_equal(calo_cpu_scene_prepare(pose, &prepare, &options, NULL, &pointer, &err), CALO_OK);
    const calo_cpu_draw *draw = &((const calo_cpu_scene *)pointer)->draws[0];
    const calo_cpu_geometry *geometry = draw->geometry;
    const calo_cpu_groups *groups = &geometry->groups;
    uint32_t root = groups->count - 1, triangles = 0, seen = 0;
    for (uint32_t i = groups->first_cluster[root]; i < groups->first_cluster[root + 1]; i++)
        triangles += geometry->clusters[i].triangle_count;
    assert_true(triangles > 0 && triangles < 600);
    assert_int_equal(draw->element_count, COLUMNS * ROWS * 2 + geometry->simplified_count);
    /* Errors and spheres grow on the way up; every cluster has a place. */
    for (uint32_t g = 0; g < groups->count; g++)
        for (uint32_t i = groups->first_cluster[g]; i < groups->first_cluster[g + 1]; i++, seen++) {
            uint32_t own = geometry->own_group[i];
            double distance = 0;
            for (int c = 0; c < 3; c++)
                distance += pow(groups->center[c][g] - groups->center[c][own], 2);
            assert_true(own < g && groups->error[own] <= groups->error[g]);
            assert_true(own == 0 || sqrt(distance) + groups->radius[own] <= groups->radius[g] * 1.00001);
        }
    assert_int_equal(seen, geometry->cluster_count);
    calo_cpu_scene_release(pointer);
    calo_pose_destroy(pose);
    calo_scene_destroy(scene);
}

static void what_cannot_be_simplified_stays(void **state)
{
    (void)state;
    static const float line_positions[6] = {-2, 0, 1.2f, 2, 0.3f, 1.4f};
    static const uint32_t line_indices[2] = {0, 1};
    calo_view view = test_view(SIZE, 50, (double[3]){2, -12.4, 1.7}, (double[3]){0, 0, 0});
    calo_scene *layers = make_torus_scene(CALO_ALPHA_BLEND);
    assert_same(layers, 4, &view);
    calo_scene_destroy(layers);
    test_scene s = test_scene_start();
    calo_primitive sphere = test_sphere(&s, 10, -1);
    calo_primitive line = {.topology = CALO_LINES, .vertex_count = 2, .index_count = 2, .indices = line_indices,
                           .positions = test_copy(&s, line_positions, sizeof line_positions), .material = -1};
    test_node(&s, &sphere, NULL);
    test_node(&s, &line, NULL);
    line.topology = CALO_POINTS;
    test_node(&s, &line, NULL);
    test_seal(&s);
    assert_same(s.scene, 4, &view);
    calo_scene_destroy(s.scene);
}

/* A colour that changes from vertex to vertex is worth its triangles even on a plane. */
static void attributes_count(void **state)
{
    (void)state;
    enum { SIDE = 100 };
    test_scene s = test_scene_start();
    calo_arena *arena = calo_scene_arena(s.scene);
    float *positions = CALO_ARENA_TAKE(arena, float, 3 * SIDE * SIDE, "test", &s.err);
    float *colors = CALO_ARENA_TAKE(arena, float, 4 * SIDE * SIDE, "test", &s.err);
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, 6 * SIDE * SIDE, "test", &s.err), n = 0;
    for (uint32_t v = 0; v < SIDE * SIDE; v++) {
        uint32_t x = v % SIDE, y = v / SIDE, quad[6] = {v, v + 1, v + SIDE + 1, v, v + SIDE + 1, v + SIDE};
        positions[3 * v] = (float)x / SIDE - 0.5f;
        positions[3 * v + 1] = (float)y / SIDE - 0.5f;
        for (int c = 0; c < 4; c++)
            colors[4 * v + (uint32_t)c] = c == 3 || (x / 10 + y / 10) % 2 ? 1 : 0.1f;
        if (x + 1 < SIDE && y + 1 < SIDE) {
            memcpy(indices + n, quad, sizeof quad);
            n += 6;
        }
    }
    calo_material material = calo_material_default();
    material.unlit = true;
    calo_primitive plane = {.vertex_count = SIDE * SIDE, .index_count = n, .indices = indices, .positions = positions,
                            .colors = colors, .material = test_material(&s, &material)};
    test_node(&s, &plane, NULL);
    test_seal(&s);
    calo_view view = test_view(SIZE, 50, (double[3]){0, 0, 1.1}, (double[3]){0, 0, 0});
    calo_frame plain = render(s.scene, 0, 1, 1, &view), lod = render(s.scene, 1, 1, 1, &view);
    const calo_image *a = &plain.planes[CALO_CHANNEL_COLOR], *b = &lod.planes[CALO_CHANNEL_COLOR];
    uint32_t wrong = 0;
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++)
            wrong += abs(((const uint8_t *)a->data)[y * a->row_bytes + 4 * x] -
                         ((const uint8_t *)b->data)[y * b->row_bytes + 4 * x]) > 60;
    if (wrong > SIZE * SIZE / 50)
        fail_msg("%u pixels have another colour", wrong);
    calo_frame_finish(&plain);
    calo_frame_finish(&lod);
    calo_scene_destroy(s.scene);
}

/* Triangles that share vertices at random, points in one place, and coordinates without measure. */
static void odd_meshes_are_drawn(void **state)
{
    (void)state;
    enum { TRIANGLES = 12000 };
    for (int kind = 0; kind < 4; kind++) {
        test_scene s = test_scene_start();
        calo_random random = {(uint64_t)kind};
        float *positions = CALO_ARENA_TAKE(calo_scene_arena(s.scene), float, 3 * TRIANGLES, "test", &s.err);
        uint32_t *indices = CALO_ARENA_TAKE(calo_scene_arena(s.scene), uint32_t, 3 * TRIANGLES, "test", &s.err);
        double size = kind == 1 ? 0 : kind == 2 ? 3e38 : 1;
        for (uint32_t i = 0; i < 3 * TRIANGLES; i++) {
            positions[i] = (float)calo_random_range(&random, -size, size);
            indices[i] = kind == 3 ? i % 3 * (uint32_t)(calo_random_next(&random) % 50)
                                   : (uint32_t)(calo_random_next(&random) % TRIANGLES);
        }
        calo_primitive soup = {.vertex_count = TRIANGLES, .index_count = 3 * TRIANGLES, .indices = indices,
                               .positions = positions, .material = -1};
        test_node(&s, &soup, NULL);
        test_seal(&s);
        calo_view view = test_view(SIZE, 50, (double[3]){0.1, -4, 0.3}, (double[3]){0, 0, 0});
        calo_frame frame = render(s.scene, 2, 2, 1, &view);
        if (kind == 0)
            assert_int_equal(test_mask(&frame, SIZE / 2, SIZE / 2), 1);
        calo_frame_finish(&frame);
        calo_scene_destroy(s.scene);
    }
}

/* Three sheets that meet in one edge: whatever is simplified, they stay joined there. */
static void sheets_stay_joined(void **state)
{
    (void)state;
    enum { LENGTH = 120, WIDTH = 60, SHEET = LENGTH * WIDTH };
    test_scene s = test_scene_start();
    calo_arena *arena = calo_scene_arena(s.scene);
    float *positions = CALO_ARENA_TAKE(arena, float, 9 * SHEET, "test", &s.err);
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, 18 * SHEET, "test", &s.err), n = 0;
    for (uint32_t v = 0; v < 3 * SHEET; v++) {
        uint32_t sheet = v / SHEET, along = v % LENGTH, out = v % SHEET / LENGTH;
        double angle = 2 * M_PI * sheet / 3, bend = 0.3 * sin(along * 0.11), r = out / (double)WIDTH;
        positions[3 * v] = (float)(r * cos(angle));
        positions[3 * v + 1] = (float)(r * sin(angle));
        positions[3 * v + 2] = (float)(along / (double)LENGTH * 2 - 1);
        positions[3 * v] += (float)bend;
        uint32_t first = out == 0 ? along : v;
        uint32_t quad[6] = {first, first + 1, v + LENGTH + 1, first, v + LENGTH + 1, v + LENGTH};
        if (along + 1 == LENGTH || out + 1 == WIDTH)
            continue;
        memcpy(indices + n, quad, sizeof quad);
        n += 6;
    }
    calo_material material = calo_material_default();
    material.double_sided = true;
    calo_primitive sheets = {.vertex_count = 3 * SHEET, .index_count = n, .indices = indices, .positions = positions,
                             .material = test_material(&s, &material)};
    test_node(&s, &sheets, NULL);
    test_seal(&s);
    for (int v = 0; v < 4; v++) {
        calo_view view = test_view(SIZE, 30, (double[3]){6 * cos(v), 6 * sin(v), 1}, (double[3]){0, 0, 0});
        calo_frame plain = render(s.scene, 0, 1, 1, &view), lod = render(s.scene, 1, 1, 1, &view);
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++)
                if (all_around(&plain, x, y, 1, 1))
                    assert_int_equal(test_mask(&lod, x, y), 1);
        calo_frame_finish(&plain);
        calo_frame_finish(&lod);
    }
    calo_scene_destroy(s.scene);
}

/* Simplified as posed, not as modelled. */
static void morphed_meshes_are_simplified_as_posed(void **state)
{
    (void)state;
    test_scene s = test_scene_start();
    calo_primitive torus = make_torus(&s, -1);
    float *deltas = test_copy(&s, torus.positions, 12ul * torus.vertex_count);
    static const float weights[] = {1};
    for (uint32_t i = 0; i < 3 * torus.vertex_count; i++)
        deltas[i] = i % 3 == 2 ? deltas[i] : 0.3f * sinf(5 * deltas[i]);
    calo_morph_target target = {.positions = deltas};
    torus.morph_target_count = 1;
    torus.morph_targets = test_copy(&s, &target, sizeof target);
    calo_mesh mesh = {.name = "test", .primitive_count = 1, .weight_count = 1};
    mesh.weights = test_copy(&s, weights, sizeof weights);
    mesh.primitives = test_copy(&s, &torus, sizeof torus);
    calo_node node = calo_node_default();
    node.mesh = calo_scene_add_mesh(s.scene, &mesh, &s.err);
    assert_true(calo_scene_add_node(s.scene, &node, &s.err) >= 0);
    test_seal(&s);
    calo_view view = test_view(SIZE, 50, (double[3]){1, -4, 2.7}, (double[3]){0, 0, 0});
    check_close(s.scene, 2, &view);
    calo_scene_destroy(s.scene);
}

/* Breaks one thing in a kept hierarchy; false when there is no such thing. */
static bool forge(calo_cpu_hierarchy *hierarchy, int what)
{
    uint32_t run = hierarchy->run_count / 2, group = hierarchy->group_count / 2;
    switch (what) {
    case 0: hierarchy->indices[77] = COLUMNS * ROWS; return true;
    case 1: hierarchy->runs[run].first_triangle = hierarchy->triangle_count; return true;
    case 2: hierarchy->runs[run].triangle_count = CALO_CPU_CLUSTER_TRIANGLES + 1; return true;
    case 3: hierarchy->runs[run].triangle_count = 0; return true;
    case 4: hierarchy->own_groups[run] = hierarchy->group_count; return true;
    case 5: hierarchy->first_runs[group] = hierarchy->run_count + 1; return true;
    case 6: hierarchy->triangle_count -= hierarchy->triangle_count - 5; return true;
    case 7: hierarchy->runs[run] = (calo_cpu_run){0, 128}; return true; /* too many vertices: a strip of quads */
    default: return false;
    }
}

static void forged_levels_are_made_again(void **state)
{
    (void)state;
    char folder[] = "/tmp/calotype-levels-XXXXXX";
    calo_cache *cache = NULL;
    calo_error err = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(calo_cache_open(folder, 0, &cache, &err), CALO_OK);
    test_scene s = test_scene_start();
    calo_primitive torus = make_torus(&s, -1);
    calo_cpu_draw draw = {.shared = {.primitive = &torus, .positions = torus.positions, .normals = torus.normals,
                                     .radius = 1.5},
                          .element_count = torus.index_count / 3};
    calo_cpu_geometry_input input = {.draw = &draw, .level_of_detail = true, .threads = 1, .cache = cache};
    calo_arena arena = {0};
    calo_cpu_geometry made_geometry = {0}, kept_geometry = {0}, *made = &made_geometry, *kept = &kept_geometry;
    assert_int_equal(calo_cpu_geometry_make(&input, &arena, made, &err), CALO_OK);
    assert_int_equal(calo_cpu_geometry_make(&input, &arena, kept, &err), CALO_OK);
    assert_int_equal(kept->cluster_count, made->cluster_count);
    assert_memory_equal(kept->indices, made->indices, 12 * ((size_t)draw.element_count + made->simplified_count));
    assert_memory_equal(kept->own_group, made->own_group, made->cluster_count * sizeof *made->own_group);
    assert_memory_equal(kept->groups.error, made->groups.error, made->groups.count * sizeof *made->groups.error);
    for (int what = -1; what < 8; what++) {
        calo_cpu_hierarchy hierarchy;
        calo_sha256 key;
        bool found;
        assert_int_equal(calo_cpu_levels_find(&input, &arena, &key, &hierarchy, &found, &err), CALO_OK);
        assert_int_equal(found, true);
        calo_cpu_hierarchy sound = hierarchy;
        sound.indices = test_copy(&s, hierarchy.indices, 12ul * hierarchy.triangle_count);
        sound.runs = test_copy(&s, hierarchy.runs, hierarchy.run_count * sizeof *hierarchy.runs);
        sound.own_groups = test_copy(&s, hierarchy.own_groups, hierarchy.run_count * sizeof *hierarchy.own_groups);
        sound.first_runs = test_copy(&s, hierarchy.first_runs, (hierarchy.group_count + 1ul) * 4);
        bool forged = forge(&hierarchy, what);
        calo_cpu_levels_put(&input, &key, &hierarchy);
        assert_int_equal(calo_cpu_levels_find(&input, &arena, &key, &hierarchy, &found, &err), CALO_OK);
        if (found == forged)
            fail_msg("forgery %d: found %d", what, found);
        calo_cpu_levels_put(&input, &key, &sound);
    }
    calo_arena_finish(&arena);
    calo_scene_destroy(s.scene);
    calo_cache_close(cache);
    calo_folder_remove(folder);
}

static void only_sensible_pixels_are_taken(void **state)
{
    (void)state;
    static const float wrong[] = {-1, 65, NAN};
    calo_renderer *renderer = NULL;
    calo_error err = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(calo_renderer_create(&(calo_renderer_options){.lod_pixels = wrong[i]}, &renderer, &err),
                         CALO_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cracks_and_no_more_error_than_allowed),
        cmocka_unit_test(levels_join_without_gaps),
        cmocka_unit_test(same_bits_for_threads_and_instruction_sets),
        cmocka_unit_test(hierarchy_ends_in_few_triangles),
        cmocka_unit_test(what_cannot_be_simplified_stays),
        cmocka_unit_test(attributes_count),
        cmocka_unit_test(odd_meshes_are_drawn),
        cmocka_unit_test(sheets_stay_joined),
        cmocka_unit_test(morphed_meshes_are_simplified_as_posed),
        cmocka_unit_test(forged_levels_are_made_again),
        cmocka_unit_test(only_sensible_pixels_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
