/* Ambient occlusion from depths and normals: the estimator of McGuire et al., "The Alchemy screen-space ambient
 * obscurance algorithm" (2011), with the constants of Unity's post-processing stack 2 (scalable ambient obscurance,
 * medium quality), at every second pixel of every second row; smoothed and brought to all pixels by likeness. */
#include <math.h>
#include <string.h>

#include "base/lanes.h"
#include "image/post/steps.h"

enum { EDGE = CALO_POST_BLOCK, EDGE_ROWS = 2, TAPS = 5 };

/* The depth where nothing is: too far to shade anything. */
#define NOTHING 1e8f

/* Every second pixel of every second row, with an edge of nothing around it. */
typedef struct half_frame {
    uint32_t width, height;
    size_t stride;
    float *depth, *normal[3], *occlusion[2]; /* at the first pixel, behind the edge */
    /* Half-frame columns and rows from pixels a unit of depth away, and back. */
    float to_column[2], to_row[2]; /* column = x / depth * to_column[0] + to_column[1] */
    float x_at[2], y_at[2];        /* x / depth = column * x_at[0] + x_at[1] */
    bool orthographic;
    float radius, strength;
} half_frame;

static calo_status take_half_frame(calo_post_processor *processor, const calo_post_source *source,
                                   const calo_post_processing *post, half_frame *half, calo_error *err)
{
    const calo_frame *frame = source->frame;
    *half = (half_frame){.width = (frame->width + 1) / 2, .height = (frame->height + 1) / 2};
    half->stride = calo_post_stride(half->width) + 2 * EDGE;
    half->orthographic = source->orthographic;
    half->radius = post->occlusion_radius_metres > 0 ? post->occlusion_radius_metres : 0.25f;
    half->strength = post->occlusion_intensity * half->radius / CALO_POST_DIRECTIONS;
    double focal[2] = {source->focal_x, -source->focal_y}, center[2] = {source->center_x, source->center_y};
    for (int axis = 0; axis < 2; axis++) {
        float *to = axis ? half->to_row : half->to_column, *at = axis ? half->y_at : half->x_at;
        /* The n-th has the pixel 2n, whose centre is at 2n + 0.5. */
        to[0] = (float)(focal[axis] / 2);
        to[1] = (float)((center[axis] - 0.5) / 2);
        at[0] = (float)(2 / focal[axis]);
        at[1] = (float)((0.5 - center[axis]) / focal[axis]);
    }
    size_t floats = half->stride * (half->height + 2 * EDGE_ROWS), first = half->stride * EDGE_ROWS + EDGE;
    float **planes[6] = {&half->depth,     &half->normal[0],    &half->normal[1],
                         &half->normal[2], &half->occlusion[0], &half->occlusion[1]};
    for (int i = 0; i < 6; i++) {
        float *plane = calo_post_take(processor, CALO_POST_SLOT_DEPTH + i, floats, err);
        if (!plane)
            return CALO_ERROR_MEMORY;
        memset(plane, 0, floats * sizeof(float));
        *planes[i] = plane + first;
    }
    for (size_t i = 0; i < floats; i++)
        half->depth[(ptrdiff_t)i - (ptrdiff_t)first] = NOTHING;
    return CALO_OK;
}

static const float *plane_row(const calo_frame *frame, calo_channel channel, uint32_t y)
{
    return (const float *)((const char *)frame->planes[channel].data + y * frame->planes[channel].row_bytes);
}

static void load_half_frame(const calo_frame *frame, const half_frame *half)
{
    for (uint32_t y = 0; y < half->height; y++) {
        const float *depth = plane_row(frame, CALO_CHANNEL_DEPTH, 2 * y);
        const float *normal = plane_row(frame, CALO_CHANNEL_NORMAL, 2 * y);
        for (uint32_t x = 0; x < half->width; x++, depth += 2, normal += 6) {
            size_t at = y * half->stride + x;
            float length = normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2];
            if (!(depth[0] > 1e-6f && depth[0] < NOTHING && length > 0.25f && length < 4))
                continue;
            half->depth[at] = depth[0];
            for (int axis = 0; axis < 3; axis++)
                half->normal[axis][at] = normal[axis];
        }
    }
}

/* Pixels side by side that are looked around. */
typedef struct surface {
    lanes_f x, y, depth, normal[3];
} surface;

static bool load_surface(const half_frame *half, uint32_t x, uint32_t y, surface *to)
{
    size_t at = y * half->stride + x;
    lanes_f depth = lanes_load(half->depth + at), scale = half->orthographic ? lanes_float(1) : depth;
    if (!lanes_any(lanes_less(depth, lanes_float(NOTHING))))
        return false;
    to->depth = depth;
    to->x = (lanes_from_int(lanes_count() + (int32_t)x) * half->x_at[0] + half->x_at[1]) * scale;
    to->y = ((float)y * half->y_at[0] + half->y_at[1]) * scale;
    for (int axis = 0; axis < 3; axis++)
        to->normal[axis] = lanes_load(half->normal[axis] + at);
    return true;
}

/* How much what is seen in the directions `towards`, on the normals' side, shades the surfaces. */
LANES_INLINE lanes_f obscure(const half_frame *half, const surface *from, const lanes_f towards[3])
{
    lanes_f one = lanes_float(1);
    lanes_f side = towards[0] * from->normal[0] + towards[1] * from->normal[1] + towards[2] * from->normal[2];
    lanes_f reach = lanes_pick(lanes_less(side, lanes_float(0)), lanes_float(-half->radius), lanes_float(half->radius));
    lanes_f depth = lanes_max(from->depth - towards[2] * reach, lanes_float(1e-6f));
    lanes_f scale = half->orthographic ? one : 1.0f / depth;
    lanes_f across = (from->x + towards[0] * reach) * scale * half->to_column[0] + half->to_column[1];
    lanes_f down = (from->y + towards[1] * reach) * scale * half->to_row[0] + half->to_row[1];
    /* The nearest; one more than it is, so that cutting off rounds down. */
    lanes_i column = lanes_truncate(lanes_clamp(across + 1.5f, 0, (float)half->width + 1)) - 1;
    lanes_i row = lanes_truncate(lanes_clamp(down + 1.5f, 0, (float)half->height + 1)) - 1;
    lanes_f found = lanes_gather(half->depth, row * (int32_t)half->stride + column);
    scale = half->orthographic ? one : found;
    lanes_f x = (lanes_from_int(column) * half->x_at[0] + half->x_at[1]) * scale - from->x;
    lanes_f y = (lanes_from_int(row) * half->y_at[0] + half->y_at[1]) * scale - from->y, z = from->depth - found;
    lanes_f above = x * from->normal[0] + y * from->normal[1] + z * from->normal[2];
    /* Less a part of the depth, by which surfaces do not shade themselves. */
    return lanes_max(above - 0.002f * from->depth, lanes_float(0)) / (x * x + y * y + z * z + 1e-4f);
}

static void estimate(const calo_post_pattern *pattern, const half_frame *half)
{
    for (uint32_t y = 0; y < half->height; y++)
        for (uint32_t x = 0; x < half->width; x += LANES) {
            surface from;
            if (!load_surface(half, x, y, &from))
                continue;
            lanes_f sum = lanes_float(0);
            for (int i = 0; i < CALO_POST_DIRECTIONS; i++) {
                lanes_f towards[3];
                for (int axis = 0; axis < 3; axis++)
                    towards[axis] = lanes_load(pattern->directions[y & 3][i][axis]);
                sum += obscure(half, &from, towards);
            }
            lanes_f step = lanes_sqrt(lanes_clamp(sum * half->strength, 0, 1)) * (float)CALO_POST_CURVE_STEPS;
            lanes_i whole = lanes_truncate(step);
            lanes_f low = lanes_gather(pattern->curve, whole), high = lanes_gather(pattern->curve + 1, whole);
            lanes_f value = low + (high - low) * (step - lanes_from_int(whole));
            lanes_m there = lanes_less(from.depth, lanes_float(NOTHING));
            lanes_store(half->occlusion[0] + y * half->stride + x, lanes_pick(there, value, lanes_float(0)));
        }
}

/* How much a neighbour counts: less with other depths and directions. */
static void add_neighbour(const half_frame *half, const float *restrict values, size_t at, ptrdiff_t offset,
                          float weight, float *restrict sums, float *restrict weights)
{
    const float *restrict depth = half->depth + at, *restrict x = half->normal[0] + at;
    const float *restrict y = half->normal[1] + at, *restrict z = half->normal[2] + at;
    float nearness = 1 / half->radius;
    for (uint32_t i = 0; i < half->width; i++) {
        const ptrdiff_t k = (ptrdiff_t)i + offset;
        float likeness = calo_post_clamp((x[i] * x[k] + y[i] * y[k] + z[i] * z[k] - 0.8f) * 5, 0, 1);
        float near = calo_post_clamp(1 - fabsf(depth[i] - depth[k]) * nearness, 0, 1);
        float share = weight * near * likeness * likeness * (3 - 2 * likeness);
        sums[i] += share * values[k];
        weights[i] += share;
    }
}

/* The weights 1 2 2 2 1 take out what repeats every four pixels, as the pattern does. */
static void smooth(const half_frame *half, int from, ptrdiff_t step, float *rows)
{
    static const float shares[TAPS] = {1, 2, 2, 2, 1};
    float *sums = rows, *weights = rows + half->stride;
    for (uint32_t y = 0; y < half->height; y++) {
        size_t at = y * half->stride;
        const float *values = half->occlusion[from] + at;
        for (uint32_t i = 0; i < half->width; i++) {
            sums[i] = 2 * values[i];
            weights[i] = 2;
        }
        for (int tap = 0; tap < TAPS; tap++)
            if (tap != TAPS / 2)
                add_neighbour(half, values, at, (tap - TAPS / 2) * step, shares[tap], sums, weights);
        float *to = half->occlusion[!from] + at;
        for (uint32_t i = 0; i < half->width; i++)
            to[i] = sums[i] / weights[i];
    }
}

/* The light that is left in every second pixel of a row, from `phase` on: means of the up to four nearest of the half
 * frame, by how like their depth is. */
static void spread_row(const half_frame *half, const float *restrict depth, uint32_t y, uint32_t phase, uint32_t width,
                       float *restrict light)
{
    float nearness = 1 / half->radius;
    uint32_t count = (width + 1 - phase) / 2;
    const size_t corners[4] = {0, phase, (y & 1) * half->stride, (y & 1) * half->stride + phase};
    size_t at = (y / 2) * half->stride;
    int taps = y & 1 ? 4 : 2;
    float *restrict sums = light, *restrict weights = light + half->stride;
    for (uint32_t i = 0; i < count; i++)
        sums[i] = weights[i] = 0;
    for (int tap = 0; tap < taps; tap++) {
        const float *restrict others = half->depth + at + corners[tap];
        const float *restrict values = half->occlusion[0] + at + corners[tap];
        for (uint32_t i = 0; i < count; i++) {
            float near = calo_maxf(1 - fabsf(depth[2 * (size_t)i + phase] - others[i]) * nearness, 0) + 1e-4f;
            sums[i] += near * values[i];
            weights[i] += near;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        light[i] = 1 - sums[i] / weights[i];
}

static void dim_row(const float *restrict even, const float *restrict odd, uint32_t width, float *restrict color)
{
    for (uint32_t i = 0; i < width / 2; i++) {
        color[2 * (size_t)i] *= even[i];
        color[2 * (size_t)i + 1] *= odd[i];
    }
    if (width & 1)
        color[width - 1] *= even[width / 2];
}

calo_status calo_post_occlude(calo_post_processor *processor, const calo_post_source *source,
                              const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err)
{
    half_frame half;
    calo_status status = take_half_frame(processor, source, post, &half, err);
    float *rows = status == CALO_OK ? calo_post_take(processor, CALO_POST_SLOT_ROWS, 4 * half.stride, err) : NULL;
    if (!rows)
        return CALO_ERROR_MEMORY;
    load_half_frame(source->frame, &half);
    estimate(&processor->pattern, &half);
    smooth(&half, 0, 1, rows);
    smooth(&half, 1, (ptrdiff_t)half.stride, rows);
    for (uint32_t y = 0; y < canvas->height; y++) {
        const float *depth = plane_row(source->frame, CALO_CHANNEL_DEPTH, y);
        float *even = rows, *odd = rows + 2 * half.stride;
        spread_row(&half, depth, y, 0, canvas->width, even);
        spread_row(&half, depth, y, 1, canvas->width, odd);
        for (int c = 0; c < 3; c++)
            dim_row(even, odd, canvas->width, canvas->color[c] + y * canvas->stride);
    }
    return CALO_OK;
}
