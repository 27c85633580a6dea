/* Bloom: what is brighter than a threshold, halved again and again, and added up on the way back through tents. The
 * levels, their number and the tents' width follow Unity's post-processing stack 2; filters are separable here. */
#include <math.h>

#include "base/exact_math.h"
#include "image/post/steps.h"

enum { MAX_LEVELS = 16, TAPS = 5, EDGE = CALO_POST_BLOCK };

/* A plane of floats; a row has `width` of them. */
typedef struct plane {
    float *values;
    uint32_t width, height;
    size_t stride;
} plane;

/* How half as fine a picture is read: weights of five neighbours for even and odd pixels. */
typedef struct tent {
    float weights[2][TAPS];
} tent;

typedef struct pyramid {
    uint32_t levels;
    uint32_t widths[MAX_LEVELS], heights[MAX_LEVELS];
    size_t offsets[MAX_LEVELS + 1];
    tent tent;
} pyramid;

static uint32_t half_of(uint32_t size) { return (size + 1) / 2; }

/* Two neighbours apart by `scale`, and the pixel twice, all read linearly. */
static tent make_tent(float scale)
{
    tent made = {0};
    for (int phase = 0; phase < 2; phase++)
        for (int tap = -1; tap <= 1; tap++) {
            float at = (phase ? 0.25f : -0.25f) + (float)tap * scale, weight = tap ? 0.25f : 0.5f;
            int32_t whole = calo_floor_to_int(at);
            float part = at - (float)whole;
            made.weights[phase][whole + 2] += weight * (1 - part);
            if (part > 0)
                made.weights[phase][whole + 3] += weight * part;
        }
    return made;
}

static pyramid make_pyramid(const calo_post_canvas *canvas, float diffusion)
{
    pyramid made = {0};
    uint32_t width = half_of(canvas->width), height = half_of(canvas->height);
    float depth = calo_log2f((float)(width > height ? width : height)) + diffusion - 10;
    float whole = floorf(depth);
    made.levels = (uint32_t)calo_post_clamp(whole, 1, MAX_LEVELS);
    made.tent = make_tent(0.5f + depth - whole);
    for (uint32_t i = 0; i < made.levels; i++) {
        made.widths[i] = width;
        made.heights[i] = height;
        made.offsets[i + 1] = made.offsets[i] + calo_post_stride(width) * height;
        width = half_of(width);
        height = half_of(height);
    }
    return made;
}

static plane level_of(const pyramid *levels, float *values, uint32_t level)
{
    return (plane){values + levels->offsets[level], levels->widths[level], levels->heights[level],
                   calo_post_stride(levels->widths[level])};
}

static const float *row_of(const plane *from, int64_t y)
{
    int64_t last = (int64_t)from->height - 1;
    return from->values + (size_t)(y < 0 ? 0 : y > last ? last : y) * from->stride;
}

/* Repeats the first and the last value beyond the row's ends. */
static void pad_row(float *row, uint32_t width)
{
    for (int i = 1; i <= 3; i++) {
        row[-i] = row[0];
        row[width - 1 + i] = row[width - 1];
    }
}

static void blend_four(const float *restrict a, const float *restrict b, const float *restrict c,
                       const float *restrict d, uint32_t width, float *restrict to)
{
    for (uint32_t x = 0; x < width; x++)
        to[x] = 0.125f * (a[x] + d[x]) + 0.375f * (b[x] + c[x]);
}

static void halve_row(const float *restrict from, uint32_t width, float *restrict to)
{
    for (ptrdiff_t x = 0; x < (ptrdiff_t)width; x++)
        to[x] = 0.125f * (from[2 * x - 1] + from[2 * x + 2]) + 0.375f * (from[2 * x] + from[2 * x + 1]);
}

/* Half as many pixels each way by the filter 1 3 3 1. `row` is scratch for a row of `from` between its edges. */
static void halve(const plane *from, const plane *to, float *row)
{
    for (uint32_t y = 0; y < to->height; y++) {
        int64_t at = 2 * (int64_t)y;
        blend_four(row_of(from, at - 1), row_of(from, at), row_of(from, at + 1), row_of(from, at + 2), from->width,
                   row);
        pad_row(row, from->width);
        halve_row(row, to->width, to->values + y * to->stride);
    }
}

/* Colours that count for as much as they cover. */
static void weigh(const float *restrict color, const float *restrict alpha, size_t count, float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = color[i] * alpha[i];
}

/* Keeps what is above the threshold, with a quadratic knee of half its size. Returns the brightest that is left. */
static float keep_bright(float threshold, float *const values[3], size_t count)
{
    float knee = threshold * 0.5f + 1e-5f, begin = threshold - knee, bend = 0.25f / knee, brightest = 0;
    float *restrict red = values[0], *restrict green = values[1], *restrict blue = values[2];
    for (size_t i = 0; i < count; i++) {
        float light = calo_maxf(red[i], calo_maxf(green[i], blue[i]));
        float soft = calo_post_clamp(light - begin, 0, 2 * knee);
        float kept = calo_maxf(bend * soft * soft, light - threshold), scale = kept / calo_maxf(light, 1e-5f);
        red[i] *= scale;
        green[i] *= scale;
        blue[i] *= scale;
    }
    for (size_t i = 0; i < count; i++)
        brightest = calo_maxf(brightest, calo_maxf(red[i], calo_maxf(green[i], blue[i])));
    return brightest;
}

static void sum_rows(const float *const from[TAPS], const float weights[TAPS], uint32_t width, float *restrict to)
{
    const float *restrict a = from[0], *restrict b = from[1], *restrict c = from[2], *restrict d = from[3];
    const float *restrict e = from[4];
    for (uint32_t x = 0; x < width; x++)
        to[x] = weights[0] * a[x] + weights[1] * b[x] + weights[2] * c[x] + weights[3] * d[x] + weights[4] * e[x];
}

static inline float sum_taps(const float *from, const float weights[TAPS])
{
    return weights[0] * from[-2] + weights[1] * from[-1] + weights[2] * from[0] + weights[3] * from[1] +
           weights[4] * from[2];
}

static void add_row(const float *restrict from, const tent *use, float gain, uint32_t width, float *restrict to)
{
    for (uint32_t x = 0; x < width / 2; x++) {
        to[2 * (size_t)x] += gain * sum_taps(from + x, use->weights[0]);
        to[2 * (size_t)x + 1] += gain * sum_taps(from + x, use->weights[1]);
    }
    if (width & 1)
        to[width - 1] += gain * sum_taps(from + width / 2, use->weights[0]);
}

/* Adds a picture of half the size, through tents. `row` is scratch for a row of `from` between its edges. */
static void add_doubled(const plane *from, const tent *use, float gain, const plane *to, float *row)
{
    for (uint32_t y = 0; y < to->height; y++) {
        const float *rows[TAPS];
        for (int i = 0; i < TAPS; i++)
            rows[i] = row_of(from, (int64_t)(y / 2) + i - 2);
        sum_rows(rows, use->weights[y & 1], from->width, row);
        pad_row(row, from->width);
        add_row(row, use, gain, to->width, to->values + y * to->stride);
    }
}

/* The inverse of sRGB's curve, also above 1. */
static float linear_threshold(float displayed)
{
    return displayed <= 0.04045f ? displayed / 12.92f : calo_powf((displayed + 0.055f) / 1.055f, 2.4f);
}

static plane channel_of(const calo_post_canvas *canvas, float *values)
{
    return (plane){values, canvas->width, canvas->height, canvas->stride};
}

calo_status calo_post_add_bloom(calo_post_processor *processor, const calo_post_source *source,
                                const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err)
{
    (void)source;
    pyramid levels = make_pyramid(canvas, post->bloom_diffusion > 0 ? post->bloom_diffusion : 7);
    size_t size = canvas->stride * canvas->height;
    float *scratch =
        calo_post_take(processor, CALO_POST_SLOT_ROWS, canvas->stride + 2 * EDGE + (canvas->opaque ? 0 : size), err);
    float *bright[3], *row = scratch + EDGE, *weighed = row + canvas->stride + EDGE;
    if (!scratch)
        return CALO_ERROR_MEMORY;
    for (int c = 0; c < 3; c++) {
        if (!(bright[c] = calo_post_take(processor, CALO_POST_SLOT_BLOOM + c, levels.offsets[levels.levels], err)))
            return CALO_ERROR_MEMORY;
        plane from = channel_of(canvas, canvas->opaque ? canvas->color[c] : weighed),
              to = level_of(&levels, bright[c], 0);
        if (!canvas->opaque)
            weigh(canvas->color[c], canvas->alpha, size, weighed);
        halve(&from, &to, row);
    }
    float threshold = linear_threshold(post->bloom_threshold > 0 ? post->bloom_threshold : 1);
    if (!(keep_bright(threshold, bright, levels.offsets[1]) > 0))
        return CALO_OK;
    float gain = calo_exp2f(post->bloom_intensity / 10) - 1;
    for (int c = 0; c < 3; c++) {
        plane to = channel_of(canvas, canvas->color[c]), level = level_of(&levels, bright[c], 0);
        for (uint32_t i = 0; i + 1 < levels.levels; i++) {
            plane fine = level_of(&levels, bright[c], i), coarse = level_of(&levels, bright[c], i + 1);
            halve(&fine, &coarse, row);
        }
        for (uint32_t i = levels.levels - 1; i > 0; i--) {
            plane fine = level_of(&levels, bright[c], i - 1), coarse = level_of(&levels, bright[c], i);
            add_doubled(&coarse, &levels.tent, 1, &fine, row);
        }
        add_doubled(&level, &levels.tent, gain, &to, row);
    }
    return CALO_OK;
}
