/* Mip chains and trilinear look-up. */
#ifndef CALO_RENDER_CPU_TEXTURE_H
#define CALO_RENDER_CPU_TEXTURE_H

#include <calotype/scene.h>

#include "base/arena.h"

enum { CALO_CPU_MIP_MAX = 17 }; /* 65536 down to 1 */

typedef struct calo_cpu_mip {
    uint32_t width, height;
    const uint8_t *texels; /* RGBA8 */
} calo_cpu_mip;

/* Immutable. RGB is decoded by `decode` (256 floats: sRGB to linear, or value / 255). */
typedef struct calo_cpu_texture {
    uint32_t level_count;
    calo_wrap wrap_u, wrap_v;
    calo_filter magnify, minify;
    const float *decode;
    calo_cpu_mip levels[CALO_CPU_MIP_MAX];
} calo_cpu_texture;

/* Level 0 borrows the image's texels; smaller ones are box-filtered (sRGB in linear light). */
calo_status calo_cpu_texture_make(const calo_scene_image *image, const calo_texture *sampler, bool srgb,
                                  calo_arena *arena, calo_cpu_texture *texture, calo_error *err);

/* Derivatives of (u, v) a pixel step right and down choose the level. */
void calo_cpu_texture_sample(const calo_cpu_texture *texture, const float uv[2], const float uv_dx[2],
                             const float uv_dy[2], float rgba[4]);

#endif
