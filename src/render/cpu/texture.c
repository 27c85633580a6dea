#include "render/cpu/texture.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/scalar.h"
#include "image/color.h"

/* Mean of up to 2x2 texels; odd sides take the last column or row with the one before it. */
static void halve(const calo_cpu_mip *from, uint8_t *to, uint32_t width, uint32_t height, bool srgb)
{
    for (uint32_t y = 0; y < height; y++) {
        uint32_t y1 = 2 * y + 1 < from->height ? 2 * y + 1 : 2 * y;
        const uint8_t *rows[2] = {from->texels + (size_t)2 * y * from->width * 4,
                                  from->texels + (size_t)y1 * from->width * 4};
        for (uint32_t x = 0; x < width; x++, to += 4) {
            uint32_t x0 = 2 * x * 4, x1 = 2 * x + 1 < from->width ? x0 + 4 : x0;
            const uint8_t *t[4] = {rows[0] + x0, rows[0] + x1, rows[1] + x0, rows[1] + x1};
            for (int c = 0; c < 4; c++) {
                if (srgb && c < 3)
                    to[c] = calo_srgb_from_linear((calo_linear_from_srgb(t[0][c]) + calo_linear_from_srgb(t[1][c]) +
                                                   calo_linear_from_srgb(t[2][c]) + calo_linear_from_srgb(t[3][c])) *
                                                  0.25f);
                else
                    to[c] = (uint8_t)((t[0][c] + t[1][c] + t[2][c] + t[3][c] + 2) / 4);
            }
        }
    }
}

calo_status calo_cpu_texture_make(const calo_scene_image *image, const calo_texture *sampler, bool srgb,
                                  calo_arena *arena, calo_cpu_texture *texture, calo_error *err)
{
    *texture = (calo_cpu_texture){
        .level_count = 1,
        .wrap_u = sampler->wrap_u,
        .wrap_v = sampler->wrap_v,
        .magnify = sampler->magnify,
        .minify = sampler->minify,
        .decode = srgb ? calo_srgb_to_linear_table : calo_unorm8_to_float_table,
    };
    texture->levels[0] = (calo_cpu_mip){image->width, image->height, image->pixels};
    uint32_t width = image->width, height = image->height;
    while (!sampler->no_mipmaps && (width > 1 || height > 1) && texture->level_count < CALO_CPU_MIP_MAX) {
        const calo_cpu_mip *from = &texture->levels[texture->level_count - 1];
        width = width > 1 ? width / 2 : 1;
        height = height > 1 ? height / 2 : 1;
        uint8_t *texels = calo_arena_take(arena, (uint64_t)width * height, 4, "a texture's smaller levels", err);
        if (!texels)
            return calo_failed(err);
        halve(from, texels, width, height, srgb);
        texture->levels[texture->level_count++] = (calo_cpu_mip){width, height, texels};
    }
    return CALO_OK;
}

/* A texel index brought into [0, size). */
static inline uint32_t wrap_index(int32_t index, uint32_t size, calo_wrap wrap)
{
    int32_t n = (int32_t)size;
    if ((uint32_t)index < size)
        return (uint32_t)index;
    if (wrap == CALO_WRAP_CLAMP)
        return index < 0 ? 0 : size - 1;
    if (wrap == CALO_WRAP_REPEAT) {
        index %= n;
        return (uint32_t)(index < 0 ? index + n : index);
    }
    index %= 2 * n;
    if (index < 0)
        index += 2 * n;
    return (uint32_t)(index < n ? index : 2 * n - 1 - index);
}

/* Coordinates far outside come back to where they mean the same; NaN becomes 0. */
static inline float near_origin(float t, calo_wrap wrap)
{
    if (fabsf(t) < 4096.0f)
        return t;
    if (wrap == CALO_WRAP_CLAMP)
        return t > 0 ? 2.0f : t < 0 ? -1.0f : 0.0f;
    return isfinite(t) ? t - 2 * floorf(t * 0.5f) : 0;
}

static void sample_nearest(const calo_cpu_texture *texture, const calo_cpu_mip *mip, const float uv[2], float rgba[4])
{
    uint32_t x = wrap_index(calo_floor_to_int(uv[0] * (float)mip->width), mip->width, texture->wrap_u);
    uint32_t y = wrap_index(calo_floor_to_int(uv[1] * (float)mip->height), mip->height, texture->wrap_v);
    const uint8_t *t = mip->texels + ((size_t)y * mip->width + x) * 4;
    for (int c = 0; c < 3; c++)
        rgba[c] = texture->decode[t[c]];
    rgba[3] = (float)t[3] * (1.0f / 255);
}

static void sample_linear(const calo_cpu_texture *texture, const calo_cpu_mip *mip, const float uv[2], float rgba[4])
{
    float x = uv[0] * (float)mip->width - 0.5f, y = uv[1] * (float)mip->height - 0.5f;
    int32_t left = calo_floor_to_int(x), top = calo_floor_to_int(y);
    float fx = x - (float)left, fy = y - (float)top;
    uint32_t x0 = wrap_index(left, mip->width, texture->wrap_u);
    uint32_t x1 = wrap_index(left + 1, mip->width, texture->wrap_u);
    uint32_t y0 = wrap_index(top, mip->height, texture->wrap_v);
    uint32_t y1 = wrap_index(top + 1, mip->height, texture->wrap_v);
    const uint8_t *row0 = mip->texels + (size_t)y0 * mip->width * 4, *row1 = mip->texels + (size_t)y1 * mip->width * 4;
    const uint8_t *a = row0 + x0 * 4, *b = row0 + x1 * 4, *c = row1 + x0 * 4, *d = row1 + x1 * 4;
    float wa = (1 - fx) * (1 - fy), wb = fx * (1 - fy), wc = (1 - fx) * fy, wd = fx * fy;
    const float *decode = texture->decode;
    for (int i = 0; i < 3; i++)
        rgba[i] = decode[a[i]] * wa + decode[b[i]] * wb + decode[c[i]] * wc + decode[d[i]] * wd;
    rgba[3] = ((float)a[3] * wa + (float)b[3] * wb + (float)c[3] * wc + (float)d[3] * wd) * (1.0f / 255);
}

/* log2 of the mean side of the pixel's footprint in texels (the geometric mean of both sides, the
 * shorter one not below 1/16 of the longer). OpenGL's rule, the longer side alone, blurs slanted
 * surfaces and is farther from Blender's pictures: up to 1 dB, and 1 degree in mapped normals. */
static float footprint_level(const calo_cpu_texture *texture, const float uv_dx[2], const float uv_dy[2])
{
    float w = (float)texture->levels[0].width, h = (float)texture->levels[0].height;
    float x2 = uv_dx[0] * uv_dx[0] * w * w + uv_dx[1] * uv_dx[1] * h * h;
    float y2 = uv_dy[0] * uv_dy[0] * w * w + uv_dy[1] * uv_dy[1] * h * h;
    float longer2 = calo_maxf(x2, y2), shorter2 = calo_maxf(calo_minf(x2, y2), longer2 * (1.0f / 256));
    if (!(longer2 > 1e-15f))
        return -50;
    return longer2 < 1e15f ? 0.25f * calo_log2f(longer2 * shorter2) : 50;
}

void calo_cpu_texture_sample(const calo_cpu_texture *texture, const float uv_in[2], const float uv_dx[2],
                             const float uv_dy[2], float rgba[4])
{
    float uv[2] = {near_origin(uv_in[0], texture->wrap_u), near_origin(uv_in[1], texture->wrap_v)};
    float level = texture->level_count > 1 || texture->magnify != texture->minify
        ? footprint_level(texture, uv_dx, uv_dy) : 0;
    if (level <= 0 || texture->level_count == 1) {
        bool nearest = (level <= 0 ? texture->magnify : texture->minify) == CALO_FILTER_NEAREST;
        (nearest ? sample_nearest : sample_linear)(texture, &texture->levels[0], uv, rgba);
        return;
    }
    void (*sample)(const calo_cpu_texture *, const calo_cpu_mip *, const float *, float *) =
        texture->minify == CALO_FILTER_NEAREST ? sample_nearest : sample_linear;
    uint32_t last = texture->level_count - 1, low = level < (float)last ? (uint32_t)level : last;
    sample(texture, &texture->levels[low], uv, rgba);
    float weight = level - (float)low;
    if (low == last || weight <= 0)
        return;
    float coarse[4];
    sample(texture, &texture->levels[low + 1], uv, coarse);
    for (int c = 0; c < 4; c++)
        rgba[c] += weight * (coarse[c] - rgba[c]);
}
