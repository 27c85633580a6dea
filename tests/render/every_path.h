/* A scene and lights that take every path of a renderer, and a picture's hash. For tests only. */
#ifndef TESTS_RENDER_EVERY_PATH_H
#define TESTS_RENDER_EVERY_PATH_H

#include "scenes.h"

/* A bumpy texture whose texels are all different, with holes in its alpha. */
static inline int32_t noise_texture(test_scene *s, calo_texture sampler)
{
    enum { SIDE = 61 };
    static uint8_t texels[SIDE * SIDE * 4];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof texels; i++) {
        seed = seed * 1664525 + 1013904223;
        texels[i] = (uint8_t)(seed >> 24);
    }
    return test_texture(s, SIDE, SIDE, texels, sampler);
}

static inline calo_mat4 moved(double x, double y, double z, double scale)
{
    return (calo_mat4){{{scale, 0, 0, x}, {0, scale, 0, y}, {0, 0, scale, z}, {0, 0, 0, 1}}};
}

/* Textures of every wrap mode and filter, normal maps, vertex colours, mirrored, mask, blend, lines and
 * points, a floor that reaches behind the camera, and spheres from tiny triangles to large ones. */
static inline calo_scene *test_every_path(void)
{
    static const float floor_corners[12] = {-60, -60, -1, 60, -60, -1, 60, 60, -1, -60, 60, -1};
    static const float line_positions[6] = {-2, 0, 1.2f, 2, 0.3f, 1.4f};
    test_scene s = test_scene_start();
    for (int i = 0; i < 9; i++) {
        calo_material material = calo_material_default();
        calo_texture sampler = {.wrap_u = (calo_wrap)(i % 3), .wrap_v = (calo_wrap)((i + 1) % 3),
                                .magnify = i == 4 ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR,
                                .minify = i == 5 ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR, .no_mipmaps = i == 6};
        material.metallic = i % 2 ? 0.5f : 0;
        material.roughness = 0.1f * (float)i;
        material.alpha_mode = i == 2 ? CALO_ALPHA_MASK : i == 3 ? CALO_ALPHA_BLEND : CALO_ALPHA_OPAQUE;
        material.alpha_cutoff = 0.3f;
        material.double_sided = i % 2;
        material.unlit = i == 7;
        material.phong = (calo_material_phong){i % 2, 0.2f * (float)i, 0.1f * (float)i, 0.02f * (float)i, 0};
        material.wireframe = i == 6;
        test_use_texture(&material, CALO_SLOT_BASE_COLOR, noise_texture(&s, sampler));
        material.slots[CALO_SLOT_BASE_COLOR].transform[0] = 3;
        if (i % 3 == 1)
            test_use_texture(&material, CALO_SLOT_NORMAL, noise_texture(&s, sampler));
        if (i % 4 == 1) {
            test_use_texture(&material, CALO_SLOT_METALLIC_ROUGHNESS, noise_texture(&s, sampler));
            test_use_texture(&material, CALO_SLOT_OCCLUSION, material.slots[CALO_SLOT_METALLIC_ROUGHNESS].texture);
        }
        calo_primitive sphere = test_sphere(&s, i == 8 ? 120 : 4 + 6 * (uint32_t)i, test_material(&s, &material));
        calo_mat4 place = moved(i % 3 - 1.0, i / 3 - 1.0, 0.2 * i - 0.7, 0.55);
        if (i == 5)
            place.m[0][0] = -place.m[0][0];
        test_node(&s, &sphere, &place);
    }
    calo_primitive quad = test_quad(&s, floor_corners, -1);
    test_node(&s, &quad, NULL);
    test_line_and_points(&s, line_positions);
    test_seal(&s);
    return s.scene;
}

/* FNV-1a over everything that was rendered. */
static inline uint64_t test_hash_frame(const calo_frame *frame)
{
    uint64_t hash = 14695981039346656037u;
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        for (uint32_t y = 0; plane->data && y < plane->height; y++)
            for (size_t i = 0; i < plane->width * (size_t)calo_pixel_bytes(plane->format); i++)
                hash = (hash ^ ((const uint8_t *)plane->data)[y * plane->row_bytes + i]) * 1099511628211u;
    }
    return hash;
}

/* How every scene is prepared for these tests: as it is, with edges and normals, as pyrender does it, lit and flat, and
 * as MuJoCo does it. */
enum { TEST_PREPARES = 5 };
static inline calo_prepare_options test_prepare(int index, const calo_lighting *lighting)
{
    return (calo_prepare_options){.lighting = lighting, .fill = index == 1 ? CALO_FILL_FLIPPED : CALO_FILL_MATERIAL,
                                  .normal_lines = index == 1 ? CALO_NORMAL_LINES_VERTEX | CALO_NORMAL_LINES_FACE : 0,
                                  .flat = index == 3,
                                  .shading = index == 4   ? CALO_SHADING_MUJOCO
                                             : index >= 2 ? CALO_SHADING_PYRENDER
                                                          : CALO_SHADING_GLTF};
}

/* A sun, lamps that need positions, and one at the camera. */
static inline calo_lighting test_every_light(void)
{
    static const calo_scene_light lights[] = {
        {.light = {.kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 0.9f, 0.8f}, .intensity = 2}, .direction = {0, 0.6, -0.8}},
        {.light = {.kind = CALO_LIGHT_POINT, .color = {0.3f, 0.6f, 1}, .intensity = 9, .range_metres = 9},
         .position = {1, -2, 3}},
        {.light = {.kind = CALO_LIGHT_SPOT, .color = {1, 0.4f, 0.3f}, .intensity = 9, .inner_cone_radians = 0.3f,
                   .outer_cone_radians = 0.6f,
                   .phong = {true, {0, 0.1f, 0}, {0.9f, 0.5f, 0.4f}, {0.4f, 0.4f, 0.3f}, {0.5f, 0.1f, 0.02f}, 7}},
         .position = {-2, -1, 3}, .direction = {0.6, 0, -0.8}},
        {.light = {.kind = CALO_LIGHT_DIRECTIONAL, .color = {0.2f, 0.3f, 0.1f}, .intensity = 1, .headlight = true,
                   .phong = {true, {0.1f, 0.1f, 0.1f}, {0.4f, 0.4f, 0.4f}, {0.5f, 0.5f, 0.5f}, {0}, 0}},
         .direction = {1, 0, 0}},
    };
    return (calo_lighting){.lights = lights, .light_count = 4};
}

/* The same lamps, each with its form of shadow map. */
static inline calo_lighting test_every_shadow(void)
{
    calo_lighting lighting = test_every_light();
    lighting.shadows = CALO_SHADOWS_ALL;
    lighting.shadow_map_size = 500;
    return lighting;
}

#endif
