/* The Embree peer's shading: sixteen hits at a time in plain loops that compilers turn into vectors.
 * Built once for each instruction set, with EMBREE_SHADE as its name. */
#ifndef BENCH_EMBREE_PACKET_H
#define BENCH_EMBREE_PACKET_H

#include <stdint.h>

enum { LANES = 16, MIP_MAX = 16 };
#define NOTHING UINT32_MAX

/* A mip chain in one array; texels RGBA8, v downwards. */
typedef struct embree_texture {
    const uint32_t *texels; /* NULL: there is none */
    uint32_t level_count;
    int32_t offset[MIP_MAX], width[MIP_MAX], height[MIP_MAX];
} embree_texture;

/* One geometry and its material. */
typedef struct embree_mesh {
    const uint32_t *indices;
    const float *normals, *uvs, *tangents; /* tangents NULL: no normal map */
    const float *uv_gradients; /* a triangle: how u, then v, change along world x, y, z */
    uint32_t instance_id;
    float base_color[3], metallic, roughness, occlusion_strength, normal_scale, emissive[3];
    embree_texture base_color_map, metallic_roughness_map, normal_map, occlusion_map, emissive_map;
} embree_mesh;

typedef struct embree_camera {
    float right[3], up[3], back[3];
    float step_x[3], step_y[3]; /* a ray's direction changes so from pixel to pixel, at depth 1 */
    float to_sun[3], sun, environment;
} embree_camera;

/* Directions have depth 1, so that `depth` is the hit's distance along them. */
typedef struct embree_packet {
    float direction[3][LANES], depth[LANES], u[LANES], v[LANES], geometric_normal[3][LANES];
    uint32_t triangle[LANES], geometry[LANES]; /* NOTHING where the ray left */
} embree_packet;

typedef struct embree_surface {
    float color[3][LANES];  /* linear */
    float normal[3][LANES]; /* camera space */
} embree_surface;

/* Shades the lanes whose geometry is `geometry`; leaves the others alone. */
typedef void embree_shade(const embree_mesh *mesh, uint32_t geometry, const embree_camera *camera,
                          const embree_packet *packet, embree_surface *surface);
/* Linear light to RGBA8: rgb of weight `coverage` to straight sRGB with alpha. */
typedef void embree_encode(const float color[3][LANES], const float coverage[LANES], uint32_t rgba[LANES]);

#endif
