/* Ambient occlusion from depths and normals: the estimator of McGuire et al., "The Alchemy screen-space ambient
 * obscurance algorithm" (2011), with the constants of Unity's post-processing stack 2 (scalable ambient obscurance, medium
 * quality), at every second pixel of every second row; smoothed and brought to all pixels by likeness. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/scalar.h"
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

/* Points in a sphere: at even steps of height and golden angles around, farther out from one to the next; each pixel of
 * four by four turns them by another part of a step (the order of a Bayer matrix). */
void calo_post_pattern_make(calo_post_pattern *pattern)
{
    static const uint8_t order[16] = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};
    for (int pixel = 0; pixel < 16; pixel++)
        for (int i = 0; i < CALO_POST_DIRECTIONS; i++) {
            double turn = (order[pixel] + 0.5) / 16, place = i * 0.7548776662466927 + turn;
            double height = 2 * (place - floor(place)) - 1, sine, cosine;
            calo_sincos(2 * CALO_PI * (i * 0.5698402909980532 + turn), &sine, &cosine);
            double length = sqrt((i + 1.0) / CALO_POST_DIRECTIONS), flat = sqrt(1 - height * height);
            double point[3] = {flat * cosine * length, flat * sine * length, height * length};
            for (int k = 0; k < CALO_POST_BLOCK / 4; k++)
                for (int axis = 0; axis < 3; axis++)
                    pattern->directions[pixel / 4][i][axis][4 * k + pixel % 4] = (float)point[axis];
        }
    for (int i = 0; i < CALO_POST_CURVE_STEPS + 2; i++)
        pattern->curve[i] = calo_minf(calo_powf((float)i / CALO_POST_CURVE_STEPS, 1.2f), 1);
}

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

/* What the samples of a block are found from. */
typedef struct block {
    float x[CALO_POST_BLOCK], y[CALO_POST_BLOCK], depth[CALO_POST_BLOCK];
    float normal[3][CALO_POST_BLOCK], sum[CALO_POST_BLOCK];
    int32_t column[CALO_POST_BLOCK], row[CALO_POST_BLOCK]; /* of a sample, one more than it is */
    float found[CALO_POST_BLOCK];                          /* the depth there */
} block;

static bool load_block(const half_frame *half, uint32_t x, uint32_t y, block *to)
{
    size_t at = y * half->stride + x;
    bool any = false;
    for (int i = 0; i < CALO_POST_BLOCK; i++)
        any |= half->depth[at + (size_t)i] < NOTHING;
    if (!any)
        return false;
    for (int i = 0; i < CALO_POST_BLOCK; i++) {
        float depth = half->depth[at + (size_t)i], scale = half->orthographic ? 1 : depth;
        to->depth[i] = depth;
        to->x[i] = ((float)(x + (uint32_t)i) * half->x_at[0] + half->x_at[1]) * scale;
        to->y[i] = ((float)y * half->y_at[0] + half->y_at[1]) * scale;
        to->sum[i] = 0;
    }
    for (int axis = 0; axis < 3; axis++)
        memcpy(to->normal[axis], half->normal[axis] + at, sizeof to->normal[axis]);
    return true;
}

/* Where in the half frame the points lie that are `directions` away, on the normals' side. */
static void project_samples(const half_frame *half, float directions[3][CALO_POST_BLOCK], block *use)
{
    float radius = half->radius, last_column = (float)half->width + 1, last_row = (float)half->height + 1;
    bool orthographic = half->orthographic;
    for (int i = 0; i < CALO_POST_BLOCK; i++) {
        float side = directions[0][i] * use->normal[0][i] + directions[1][i] * use->normal[1][i] +
                     directions[2][i] * use->normal[2][i];
        float reach = side < 0 ? -radius : radius;
        float depth = calo_maxf(use->depth[i] - directions[2][i] * reach, 1e-6f);
        float scale = orthographic ? 1.0f : 1 / depth;
        float column = (use->x[i] + directions[0][i] * reach) * scale * half->to_column[0] + half->to_column[1];
        float row = (use->y[i] + directions[1][i] * reach) * scale * half->to_row[0] + half->to_row[1];
        /* The nearest; one more than it is, so that cutting off rounds down. */
        use->column[i] = (int32_t)calo_clampf(column + 1.5f, 0, last_column);
        use->row[i] = (int32_t)calo_clampf(row + 1.5f, 0, last_row);
    }
}

static void add_samples(const half_frame *half, block *use)
{
    bool orthographic = half->orthographic;
    for (int i = 0; i < CALO_POST_BLOCK; i++)
        use->found[i] = half->depth[(ptrdiff_t)(use->row[i] - 1) * (ptrdiff_t)half->stride + use->column[i] - 1];
    for (int i = 0; i < CALO_POST_BLOCK; i++) {
        float found = use->found[i], scale = orthographic ? 1.0f : found;
        float x = ((float)(use->column[i] - 1) * half->x_at[0] + half->x_at[1]) * scale - use->x[i];
        float y = ((float)(use->row[i] - 1) * half->y_at[0] + half->y_at[1]) * scale - use->y[i];
        float z = use->depth[i] - found;
        float above = x * use->normal[0][i] + y * use->normal[1][i] + z * use->normal[2][i];
        /* Less a part of the depth, by which surfaces do not shade themselves. */
        use->sum[i] += calo_maxf(above - 0.002f * use->depth[i], 0) / (x * x + y * y + z * z + 1e-4f);
    }
}

static void estimate(const calo_post_pattern *pattern, const half_frame *half)
{
    for (uint32_t y = 0; y < half->height; y++)
        for (uint32_t x = 0; x < half->width; x += CALO_POST_BLOCK) {
            block use;
            if (!load_block(half, x, y, &use))
                continue;
            for (int i = 0; i < CALO_POST_DIRECTIONS; i++) {
                float directions[3][CALO_POST_BLOCK];
                memcpy(directions, pattern->directions[y & 3][i], sizeof directions);
                project_samples(half, directions, &use);
                add_samples(half, &use);
            }
            float *to = half->occlusion[0] + y * half->stride + x;
            for (int i = 0; i < CALO_POST_BLOCK; i++) {
                float step = sqrtf(calo_clampf(use.sum[i] * half->strength, 0, 1)) * CALO_POST_CURVE_STEPS;
                const float *curve = pattern->curve + (int32_t)step;
                float value = curve[0] + (curve[1] - curve[0]) * (step - (float)(int32_t)step);
                to[i] = use.depth[i] < NOTHING ? value : 0;
            }
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
        float likeness = calo_clampf((x[i] * x[k] + y[i] * y[k] + z[i] * z[k] - 0.8f) * 5, 0, 1);
        float near = calo_clampf(1 - fabsf(depth[i] - depth[k]) * nearness, 0, 1);
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
