/* Trilinear texture look-up: addresses and weights for all lanes at once, then the texels, two at a
 * time, of four lanes in each vector. */
#include "render/cpu/curves.h"
#include "render/cpu/surface.h"

enum { ROWS = CALO_CPU_TEXEL_ROWS };

/* log2 of the mean side of the pixel's footprint in texels (the geometric mean of both sides, the
 * shorter one not below 1/16 of the longer). OpenGL's rule, the longer side alone, blurs slanted
 * surfaces and is farther from Blender's pictures: up to 1 dB, and 1 degree in mapped normals.
 * It is pyrender's. */
LANES_INLINE lanes_f footprint_level(const calo_mip_chain *texture, const calo_cpu_lookup *lookup,
                                     calo_cpu_footprint_rule rule)
{
    float w2 = (float)texture->width[0] * (float)texture->width[0];
    float h2 = (float)texture->height[0] * (float)texture->height[0];
    const lanes_f *dx = lookup->dx, *dy = lookup->dy;
    lanes_f x2 = dx[0] * dx[0] * w2 + dx[1] * dx[1] * h2;
    lanes_f y2 = dy[0] * dy[0] * w2 + dy[1] * dy[1] * h2;
    /* Beyond these bounds every level is the first or the last. */
    lanes_f longer2 = lanes_clamp(lanes_max(x2, y2), 1e-16f, 1e16f);
    if (rule == CALO_CPU_LONGER_SIDE)
        return 0.5f * log2_lanes(longer2);
    lanes_f shorter2 = lanes_max(lanes_min(x2, y2), longer2 * (1.0f / 256));
    return 0.25f * log2_lanes(longer2 * lanes_min(shorter2, longer2));
}

/* A coordinate brought to where it means the same, in texels: repeated ones into [0, 1], others
 * to the edge. NaN becomes 0. */
LANES_INLINE lanes_f wrap(lanes_f t, calo_wrap mode)
{
    if (mode == CALO_WRAP_CLAMP)
        return lanes_clamp(t, -1, 2);
    /* Beyond, single precision knows no fractions. */
    t = lanes_pick(lanes_less(lanes_abs(t), lanes_float(0x1p22f)), t, lanes_float(0));
    if (mode == CALO_WRAP_REPEAT)
        return t - lanes_floor(t);
    t = t - 2.0f * lanes_floor(t * 0.5f);
    return lanes_pick(lanes_less(lanes_float(1), t), 2.0f - t, t);
}

/* The texel at or left of the position, and how far right of its centre that is. `half` is 0.5, or 0
 * in lanes that take the nearest texel. */
LANES_INLINE lanes_i find_texel(lanes_f t, lanes_i size, calo_wrap mode, lanes_f half, lanes_f *fraction)
{
    lanes_i last = size - 1;
    lanes_f x = t * lanes_from_int(size) - half;
    if (mode != CALO_WRAP_REPEAT)
        x = lanes_min(lanes_max(x, lanes_float(0)), lanes_from_int(last));
    lanes_f left = lanes_floor(x);
    *fraction = (x - left) * (half * 2.0f);
    /* -1 means the last one, too. */
    return lanes_min_unsigned(lanes_truncate(left), last);
}

/* The two rows of one level. `share`: of CALO_TEXEL_ONE, how much this level weighs. */
LANES_INLINE void place_rows(const calo_mip_chain *texture, const lanes_f wrapped[2], lanes_i level, lanes_i share,
                             lanes_f half, calo_cpu_footprint *out, int first)
{
    lanes_i width = lanes_max_int(lanes_int(texture->width[0]) >> level, lanes_int(1));
    lanes_i height = lanes_max_int(lanes_int(texture->height[0]) >> level, lanes_int(1));
    lanes_f fx, fy;
    lanes_i x = find_texel(wrapped[0], width, texture->wrap_u, half, &fx);
    lanes_i y = find_texel(wrapped[1], height, texture->wrap_v, half, &fy);
    lanes_f to_right = lanes_from_int(share) * fx;
    lanes_i right = lanes_round(to_right), below = lanes_round(lanes_from_int(share) * fy);
    lanes_i below_right = lanes_round(to_right * fy), above_right = right - below_right;
    lanes_i below_left = below - below_right, above_left = share - below - above_right;
    lanes_i texel = lanes_lookup32(texture->offset, level) + y * (width + 1) + x;
    lanes_store_int(out->at[first], texel);
    lanes_store_int(out->at[first + 1], texel + width + 1);
    out->weights[first] = (above_left & 0xffff) | above_right << 16;
    out->weights[first + 1] = (below_left & 0xffff) | below_right << 16;
}

/* 0.5, or 0 in lanes that take the nearest texel. */
LANES_INLINE lanes_f filter_half(const calo_mip_chain *texture, lanes_m minified)
{
    lanes_f small = lanes_float(texture->minify == CALO_FILTER_NEAREST ? 0 : 0.5f);
    return lanes_pick(minified, small, lanes_float(texture->magnify == CALO_FILTER_NEAREST ? 0 : 0.5f));
}

LANES_INLINE void place_footprint(const calo_mip_chain *texture, const calo_cpu_lookup *lookup,
                                  calo_cpu_footprint_rule rule, calo_cpu_footprint *out)
{
    lanes_f wrapped[2] = {wrap(lookup->uv[0], texture->wrap_u), wrap(lookup->uv[1], texture->wrap_v)};
    lanes_i zero = lanes_int(0), low = zero, high_share = zero;
    lanes_m minified = lanes_from_bits(0);
    lanes_i last = lanes_int(texture->level_count - 1);
    if (texture->level_count > 1 || texture->magnify != texture->minify) {
        lanes_f level = footprint_level(texture, lookup, rule);
        minified = lanes_less(lanes_float(0), level);
        level = lanes_max(lanes_min(level, lanes_from_int(last)), lanes_float(0));
        low = lanes_truncate(level);
        high_share = lanes_round((level - lanes_from_int(low)) * (float)CALO_TEXEL_ONE);
    }
    lanes_f half = filter_half(texture, minified);
    place_rows(texture, wrapped, low, CALO_TEXEL_ONE - high_share, half, out, 0);
    out->rows = lanes_any(lanes_less_int(zero, high_share)) ? ROWS : ROWS / 2;
    if (out->rows == ROWS)
        place_rows(texture, wrapped, lanes_min_int(low + 1, last), high_share, half, out, ROWS / 2);
}

/* Each alone: together, compilers share their addresses and run out of registers. */
#define BLEND(name, kind, rows) \
    static __attribute__((noinline)) void name(const void *texels, const calo_cpu_footprint *at, lanes_i sums[4]) \
    { \
        lanes_blend_pairs(texels, kind, rows, at->at, at->weights, sums); \
    }
BLEND(blend_words, LANES_WORDS, ROWS)
BLEND(blend_words_of_level, LANES_WORDS, ROWS / 2)
BLEND(blend_bytes, LANES_BYTES, ROWS)
BLEND(blend_bytes_of_level, LANES_BYTES, ROWS / 2)

void calo_cpu_texture_place(const calo_mip_chain *texture, const calo_cpu_lookup *lookups, int count,
                            calo_cpu_footprint_rule rule, calo_cpu_footprint *footprints)
{
    for (int i = 0; i < count; i++)
        place_footprint(texture, &lookups[i], rule, &footprints[i]);
}

/* The outer columns of the pixels' texels will do. */
void calo_cpu_texture_prefetch(const calo_mip_chain *texture, const calo_cpu_footprint *footprints, int count)
{
    const char *texels = texture->texels;
    int shift = texture->linear15 ? 3 : 2;
    for (int k = 0; k < count; k++)
        for (int row = 0; row < footprints[k].rows; row += ROWS / 2)
            for (int i = 0; i < LANES; i += i % 4 == 0 ? 3 : 1)
                __builtin_prefetch(texels + ((size_t)footprints[k].at[row][i] << shift));
}

void calo_cpu_texture_sample(const calo_mip_chain *texture, const calo_cpu_footprint *footprints, int count,
                             lanes_f (*rgba)[4])
{
    float texel_one = texture->linear15 ? CALO_TEXEL_ONE : 255, scale = 1.0f / (texel_one * CALO_TEXEL_ONE);
    for (int i = 0; i < count; i++) {
        bool both = footprints[i].rows == ROWS;
        lanes_i sums[4];
        if (texture->linear15)
            (both ? blend_words : blend_words_of_level)(texture->texels, &footprints[i], sums);
        else
            (both ? blend_bytes : blend_bytes_of_level)(texture->texels, &footprints[i], sums);
        for (int c = 0; c < 4; c++)
            rgba[i][c] = lanes_from_int(sums[c]) * scale;
    }
}
