/* Trilinear texture look-up: addresses and weights for all lanes at once, then each lane's texels
 * with one load a row. */
#include "render/cpu/surface.h"

/* Where the texels of one level lie and what they weigh, a lane each. */
typedef struct footprint {
    int32_t texel[LANES], below[LANES]; /* of the upper left one; how far to the row below */
    int32_t upper[LANES], lower[LANES]; /* weights: left in the low half, right in the high one */
} __attribute__((aligned(64))) footprint;

/* calo_log2f for lanes. */
LANES_INLINE lanes_f log2_lanes(lanes_f x)
{
    lanes_i bits = (lanes_i)x, exponent = ((bits + 0x004afb0d) >> 23) - 127;
    lanes_f m = (lanes_f)(bits - (exponent << 23)), t = (m - 1.0f) / (m + 1.0f), t2 = t * t;
    lanes_f sum = 1.0f + t2 * (1.0f / 3 + t2 * (1.0f / 5 + t2 * (1.0f / 7)));
    return lanes_from_int(exponent) + 2.88539008178f * t * sum;
}

/* log2 of the mean side of the pixel's footprint in texels (the geometric mean of both sides, the
 * shorter one not below 1/16 of the longer). OpenGL's rule, the longer side alone, blurs slanted
 * surfaces and is farther from Blender's pictures: up to 1 dB, and 1 degree in mapped normals. */
LANES_INLINE lanes_f footprint_level(const calo_cpu_texture *texture, const calo_cpu_lookup *lookup)
{
    float w = (float)texture->width[0], h = (float)texture->height[0];
    const lanes_f *dx = lookup->dx, *dy = lookup->dy;
    lanes_f x2 = dx[0] * dx[0] * (w * w) + dx[1] * dx[1] * (h * h);
    lanes_f y2 = dy[0] * dy[0] * (w * w) + dy[1] * dy[1] * (h * h);
    lanes_f longer2 = lanes_max(x2, y2), shorter2 = lanes_max(lanes_min(x2, y2), longer2 * (1.0f / 256));
    lanes_f level = 0.25f * log2_lanes(lanes_max(longer2 * shorter2, lanes_float(1e-36f)));
    level = lanes_pick(lanes_less(lanes_float(1e-15f), longer2), level, lanes_float(-50));
    return lanes_pick(lanes_less(longer2, lanes_float(1e15f)), level, lanes_float(50));
}

/* A coordinate brought to where it means the same, in texels: repeated ones into [0, size), others
 * to the edge. NaN becomes 0. */
LANES_INLINE lanes_f wrap(lanes_f t, calo_wrap mode)
{
    if (mode == CALO_WRAP_CLAMP)
        return lanes_clamp(t, -1, 2);
    /* Beyond, single precision knows no fractions. */
    t = lanes_pick(lanes_less(lanes_abs(t), lanes_float(0x1p22f)), t, lanes_float(0));
    if (mode == CALO_WRAP_REPEAT)
        return t - lanes_from_int(lanes_floor(t));
    t = t - 2.0f * lanes_from_int(lanes_floor(t * 0.5f));
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
    lanes_i left = lanes_floor(x);
    *fraction = (x - lanes_from_int(left)) * (half * 2.0f);
    left = lanes_pick_int(lanes_less_int(left, lanes_int(0)), last, left);
    return lanes_min_int(left, last);
}

/* `share`: of CALO_CPU_TEXEL_ONE, how much this level weighs. */
LANES_INLINE void place_footprint(const calo_cpu_texture *texture, const lanes_f wrapped[2], lanes_i level,
                                  lanes_i share, lanes_f half, footprint *out)
{
    lanes_i width = lanes_max_int(lanes_int(texture->width[0]) >> level, lanes_int(1));
    lanes_i height = lanes_max_int(lanes_int(texture->height[0]) >> level, lanes_int(1));
    lanes_f fx, fy, total = lanes_from_int(share);
    lanes_i x = find_texel(wrapped[0], width, texture->wrap_u, half, &fx);
    lanes_i y = find_texel(wrapped[1], height, texture->wrap_v, half, &fy);
    lanes_i b = lanes_truncate(total * (fx * (1.0f - fy)) + 0.5f), c = lanes_truncate(total * ((1.0f - fx) * fy) + 0.5f);
    lanes_i d = lanes_truncate(total * (fx * fy) + 0.5f), a = share - b - c - d;
    lanes_store_int(out->texel, lanes_gather_int(texture->offset, level) + y * (width + 1) + x);
    lanes_store_int(out->below, width + 1);
    lanes_store_int(out->upper, (a & 0xffff) | b << 16);
    lanes_store_int(out->lower, (c & 0xffff) | d << 16);
}

/* The weighted sum of one lane's four texels. */
LANES_INLINE lanes_quad blend(const calo_cpu_texture *texture, const footprint *at, int lane, bool linear15)
{
    size_t upper = (size_t)at->texel[lane] * 4, lower = upper + (size_t)at->below[lane] * 4;
    if (linear15) {
        const uint16_t *texels = texture->texels;
        return lanes_blend_words(texels + upper, texels + lower, at->upper[lane], at->lower[lane]);
    }
    const uint8_t *texels = texture->texels;
    return lanes_blend_bytes(texels + upper, texels + lower, at->upper[lane], at->lower[lane]);
}

/* The texels of one or both levels, a lane after the other. `sums` are in the slots of lanes_collect4. */
LANES_INLINE void add_texels(const calo_cpu_texture *texture, const footprint *low, const footprint *high, bool linear15,
                             lanes_quad sums[LANES])
{
LANES_UNROLL
    for (int i = 0; i < LANES; i++) {
        lanes_quad sum = blend(texture, low, i, linear15);
        if (high)
            sum += blend(texture, high, i, linear15);
        sums[lanes_quad_slot(i)] = sum;
    }
}

static void add_levels(const calo_cpu_texture *texture, const footprint *low, const footprint *high,
                       lanes_quad sums[LANES])
{
    if (texture->linear15 && high)
        add_texels(texture, low, high, true, sums);
    else if (texture->linear15)
        add_texels(texture, low, NULL, true, sums);
    else
        add_texels(texture, low, high, false, sums);
}

/* 0.5, or 0 in lanes that take the nearest texel. */
LANES_INLINE lanes_f filter_half(const calo_cpu_texture *texture, lanes_m minified)
{
    lanes_f small = lanes_float(texture->minify == CALO_FILTER_NEAREST ? 0 : 0.5f);
    return lanes_pick(minified, small, lanes_float(texture->magnify == CALO_FILTER_NEAREST ? 0 : 0.5f));
}

/* Both levels' footprints; false when the lower one alone does. */
LANES_INLINE bool place_footprints(const calo_cpu_texture *texture, const calo_cpu_lookup *lookup, footprint at[2])
{
    lanes_f wrapped[2] = {wrap(lookup->uv[0], texture->wrap_u), wrap(lookup->uv[1], texture->wrap_v)};
    lanes_i zero = lanes_int(0), low = zero, high_share = zero;
    lanes_m minified = lanes_from_bits(0);
    if (texture->level_count > 1 || texture->magnify != texture->minify) {
        lanes_f level = footprint_level(texture, lookup), last = lanes_float((float)(texture->level_count - 1));
        minified = lanes_less(lanes_float(0), level);
        level = lanes_max(lanes_min(level, last), lanes_float(0));
        low = lanes_truncate(level);
        high_share = lanes_truncate((level - lanes_from_int(low)) * (float)CALO_CPU_TEXEL_ONE + 0.5f);
    }
    lanes_f half = filter_half(texture, minified);
    bool two_levels = lanes_any(lanes_less_int(zero, high_share));
    place_footprint(texture, wrapped, low, CALO_CPU_TEXEL_ONE - high_share, half, &at[0]);
    if (two_levels)
        place_footprint(texture, wrapped, lanes_min_int(low + 1, lanes_int(texture->level_count - 1)), high_share, half,
                        &at[1]);
    return two_levels;
}

void calo_cpu_texture_sample(const calo_cpu_texture *texture, const calo_cpu_lookup *lookups, int count,
                             lanes_f (*rgba)[4])
{
    lanes_quad sums[CALO_CPU_GROUP][LANES] __attribute__((aligned(64)));
    footprint at[CALO_CPU_GROUP][2];
    bool two_levels[CALO_CPU_GROUP];
    for (int i = 0; i < count; i++)
        two_levels[i] = place_footprints(texture, &lookups[i], at[i]);
    for (int i = 0; i < count; i++)
        add_levels(texture, &at[i][0], two_levels[i] ? &at[i][1] : NULL, sums[i]);
    float texel_one = texture->linear15 ? CALO_CPU_TEXEL_ONE : 255, scale = 1.0f / (texel_one * CALO_CPU_TEXEL_ONE);
    for (int i = 0; i < count; i++) {
        lanes_f whole[4];
        lanes_collect4(sums[i], whole);
        for (int c = 0; c < 4; c++)
            rgba[i][c] = lanes_from_int((lanes_i)whole[c]) * scale;
    }
}
