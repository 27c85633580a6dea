/* Small scenes and cameras made in memory, and one call that renders them. For tests only. */
#ifndef TESTS_RENDER_SCENES_H
#define TESTS_RENDER_SCENES_H

#include <calotype/calotype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/linear.h"
#include "base/random.h"
#include "scene/build.h"

/* A scene under construction; world = file coordinates (z up). */
typedef struct test_scene {
    calo_scene *scene;
    calo_error err;
} test_scene;

static inline test_scene test_scene_start(void)
{
    test_scene out = {0};
    assert_int_equal(calo_scene_create("test", "test", NULL, &out.scene, &out.err), CALO_OK);
    return out;
}

static inline void *test_copy(test_scene *s, const void *data, size_t bytes)
{
    void *copy = calo_arena_take(calo_scene_arena(s->scene), bytes, 1, "test", &s->err);
    assert_non_null(copy);
    memcpy(copy, data, bytes);
    return copy;
}

static inline int32_t test_material(test_scene *s, const calo_material *material)
{
    int32_t index = calo_scene_add_material(s->scene, material, &s->err);
    assert_true(index >= 0);
    return index;
}

/* A texture with the given RGBA8 texels, repeat and linear unless changed by the caller. */
static inline int32_t test_texture(test_scene *s, uint32_t width, uint32_t height, const uint8_t *rgba,
                                   calo_texture sampler)
{
    calo_scene_image image = {.name = "test", .width = width, .height = height};
    image.pixels = test_copy(s, rgba, 4ul * width * height);
    sampler.image = calo_scene_add_image(s->scene, &image, &s->err);
    int32_t index = calo_scene_add_texture(s->scene, &sampler, &s->err);
    assert_true(index >= 0);
    return index;
}

static inline void test_use_texture(calo_material *material, calo_material_slot slot, int32_t texture)
{
    material->slots[slot] = (calo_texture_use){.texture = texture, .transform = {1, 0, 0, 0, 1, 0}};
}

/* Adds a node with one mesh of one primitive, whose arrays must already be in the arena. */
static inline int32_t test_node(test_scene *s, const calo_primitive *primitive, const calo_mat4 *matrix)
{
    calo_mesh mesh = {.name = "test", .primitive_count = 1};
    mesh.primitives = test_copy(s, primitive, sizeof *primitive);
    calo_node node = calo_node_default();
    node.mesh = calo_scene_add_mesh(s->scene, &mesh, &s->err);
    if (matrix) {
        node.has_matrix = true;
        node.matrix = *matrix;
    }
    int32_t index = calo_scene_add_node(s->scene, &node, &s->err);
    assert_true(index >= 0);
    return index;
}

/* Two triangles a, b, c and a, c, d; UVs (0,0) (1,0) (1,1) (0,1). */
static inline calo_primitive test_quad(test_scene *s, const float corners[12], int32_t material)
{
    static const uint32_t indices[] = {0, 1, 2, 0, 2, 3};
    static const float uvs[] = {0, 0, 1, 0, 1, 1, 0, 1};
    return (calo_primitive){
        .vertex_count = 4,
        .index_count = 6,
        .indices = indices,
        .positions = test_copy(s, corners, 12 * sizeof *corners),
        .uvs = {test_copy(s, uvs, sizeof uvs), NULL},
        .material = material,
        .polygon_count = 1,
        .source_vertex_count = 4,
    };
}

/* A unit sphere of rings x 2 rings quads with exact vertex normals. */
static inline calo_primitive test_sphere(test_scene *s, uint32_t rings, int32_t material)
{
    uint32_t columns = 2 * rings, count = (rings + 1) * (columns + 1);
    float *positions = CALO_ARENA_TAKE(calo_scene_arena(s->scene), float, 3ull * count, "test", &s->err);
    float *uvs = CALO_ARENA_TAKE(calo_scene_arena(s->scene), float, 2ull * count, "test", &s->err);
    uint32_t *indices = CALO_ARENA_TAKE(calo_scene_arena(s->scene), uint32_t, 6ull * rings * columns, "test", &s->err);
    for (uint32_t r = 0, v = 0; r <= rings; r++)
        for (uint32_t c = 0; c <= columns; c++, v++) {
            double polar = M_PI * r / rings, around = 2 * M_PI * c / columns;
            positions[3 * v] = (float)(sin(polar) * cos(around));
            positions[3 * v + 1] = (float)(sin(polar) * sin(around));
            positions[3 * v + 2] = (float)cos(polar);
            uvs[2 * v] = (float)c / (float)columns;
            uvs[2 * v + 1] = (float)r / (float)rings;
        }
    uint32_t n = 0;
    for (uint32_t r = 0; r < rings; r++)
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t a = r * (columns + 1) + c, b = a + columns + 1;
            uint32_t quad[6] = {a, b, b + 1, a, b + 1, a + 1};
            memcpy(indices + n, quad, sizeof quad);
            n += 6;
        }
    return (calo_primitive){.vertex_count = count, .index_count = n, .indices = indices, .positions = positions,
                            .normals = positions, .uvs = {uvs, NULL}, .material = material,
                            .polygon_count = n / 6, .source_vertex_count = count};
}

static inline void test_seal(test_scene *s)
{
    if (calo_scene_seal(s->scene, &s->err) != CALO_OK)
        fail_msg("%s", s->err.message);
}

/* A camera at `position` that looks at `target`. */
static inline calo_view test_view(uint32_t size, double fov_degrees, const double position[3], const double target[3])
{
    calo_view view = {.width = size, .height = size, .center_x = size / 2.0, .center_y = size / 2.0};
    view.focal_x = view.focal_y = size / 2.0 / tan(fov_degrees * M_PI / 360);
    view.camera_to_world = calo_look_at(position, target);
    return view;
}

/* A picture of the surroundings with a small sun. The caller finishes it. */
static inline calo_image test_sky(void)
{
    enum { WIDTH = 128, HEIGHT = 64 };
    calo_image sky = {0};
    calo_error err = {0};
    assert_int_equal(calo_image_init(&sky, WIDTH, HEIGHT, CALO_PIXEL_RGBA32F, &err), CALO_OK);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        float x = (float)(i % WIDTH) / WIDTH, y = (float)(i / WIDTH) / HEIGHT; /* NOLINT: rows */
        float sun = x > 0.4f && x < 0.45f && y > 0.2f && y < 0.27f ? 40.0f : 0;
        float rgba[4] = {0.3f + 0.6f * x + sun, 0.5f + sun, 1 - 0.7f * y + sun, 1};
        memcpy((float *)sky.data + 4 * i, rgba, sizeof rgba);
    }
    return sky;
}

/* Renders one view; the caller finishes the frame. */
static inline calo_frame test_render_by(const char *backend, const calo_scene *scene,
                                        const calo_prepare_options *preparing, const calo_render_options *options,
                                        const calo_view *view)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    calo_pixel_format format = options->color_format ? options->color_format : CALO_PIXEL_RGBA8;
    if (calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&(calo_renderer_options){.backend = backend, .threads = 1}, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, preparing, &prepared, &err) != CALO_OK ||
        calo_frame_init(&frame, view->width, view->height, options->channels, format, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, options, view, 1, &frame, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s: %s", backend, err.message);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    return frame;
}

static inline calo_frame test_render_prepared(const calo_scene *scene, const calo_prepare_options *preparing,
                                              const calo_render_options *options, const calo_view *view)
{
    return test_render_by("cpu", scene, preparing, options, view);
}

static inline calo_frame test_render(const calo_scene *scene, const calo_lighting *lighting,
                                     const calo_render_options *options, const calo_view *view)
{
    return test_render_prepared(scene, &(calo_prepare_options){.lighting = lighting}, options, view);
}

static inline const float *test_floats(const calo_frame *frame, calo_channel channel, uint32_t x, uint32_t y)
{
    const calo_image *plane = &frame->planes[channel];
    return (const float *)((const char *)plane->data + y * plane->row_bytes) +
           x * calo_pixel_components(plane->format);
}

/* A pixel's colour as floats, and what it must be. */
static inline const float *test_color(const calo_frame *frame, uint32_t x, uint32_t y)
{
    return test_floats(frame, CALO_CHANNEL_COLOR, x, y);
}

static inline void test_assert_color(const float *found, const double expected[3], double tolerance, const char *what)
{
    for (int c = 0; c < 3; c++)
        if (!(fabs((double)found[c] - expected[c]) <= tolerance))
            fail_msg("%s: component %d is %g, not %g", what, c, (double)found[c], expected[c]);
}

static inline uint8_t test_mask(const calo_frame *frame, uint32_t x, uint32_t y)
{
    const calo_image *plane = &frame->planes[CALO_CHANNEL_MASK];
    return ((const uint8_t *)plane->data)[y * plane->row_bytes + x];
}

/* Calls `check` with each backend that is here. */
static inline void test_on_every_backend(void (*check)(const char *backend))
{
    calo_backend_info infos[8];
    size_t count = calo_backend_list(infos, 8);
    for (size_t i = 0; i < count && i < 8; i++)
        if (infos[i].available)
            check(infos[i].name);
}

#define TEST_BIT(name) CALO_CHANNEL_BIT(CALO_CHANNEL_##name)

/* A line over the whole scene and its ends as points. */
static inline void test_line_and_points(test_scene *s, const float positions[6])
{
    static const uint32_t indices[2] = {0, 1};
    calo_primitive line = {.topology = CALO_LINES, .vertex_count = 2, .index_count = 2, .indices = indices,
                           .positions = test_copy(s, positions, 6 * sizeof *positions), .material = -1};
    test_node(s, &line, NULL);
    line.topology = CALO_POINTS;
    test_node(s, &line, NULL);
}

#endif
