/* What shows through: a colour, a gradient, clouds, or a picture. */
#include <math.h>

#include "base/exact_math.h"
#include "base/lanes.h"
#include "base/random.h"
#include "image/post/steps.h"

/* From one colour to another by a share that is in row[0]. */
static void mix_colors(const float colors[2][3], uint32_t from, uint32_t to, float *const row[3])
{
    for (uint32_t x = from; x < to; x++) {
        float share = row[0][x];
        for (int c = 2; c >= 0; c--)
            row[c][x] = colors[0][c] + (colors[1][c] - colors[0][c]) * share;
    }
}

static void fill_gradient_row(const calo_post_background *background, const calo_post_canvas *canvas, uint32_t y,
                              uint32_t from, uint32_t to, float *const row[3])
{
    double sine, cosine, width = canvas->width, height = canvas->height;
    calo_sincos(calo_radians((double)background->angle_degrees), &sine, &cosine);
    double extent = fabs(width * cosine) + fabs(height * sine);
    double begin = 0.5 + ((0.5 - width / 2) * cosine + (height / 2 - 0.5 - y) * sine) / extent;
    float first = (float)begin, step = (float)(cosine / extent);
    for (uint32_t x = from; x < to; x++)
        row[0][x] = calo_post_clamp(first + (float)x * step, 0, 1);
    mix_colors(background->colors, from, to, row);
}

/* A number from 0 to 1 for a corner of a cell (the finalizer of MurmurHash3). */
static float corner_value(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = seed ^ x * 0x9e3779b1u ^ y * 0x85ebca77u;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return (float)((h ^ h >> 16) >> 8) * 0x1p-24f;
}

static float smooth(float part) { return part * part * (3 - 2 * part); }

/* Adds an octave of value noise with `cells` cells a pixel; `corners` is scratch for width + 2 numbers. The
 * row is filled to a whole number of lanes. */
static void add_octave(float cells, float strength, uint32_t seed, uint32_t y, uint32_t from, uint32_t to,
                       float *corners, float *row)
{
    float down = ((float)y + 0.5f) * cells;
    uint32_t first = (uint32_t)(((float)from + 0.5f) * cells), last = (uint32_t)(((float)to - 0.5f) * cells) + 1;
    uint32_t above = (uint32_t)down;
    float part = smooth(down - (float)above);
    for (uint32_t i = first; i <= last; i++) {
        float top = corner_value(i, above, seed), bottom = corner_value(i, above + 1, seed);
        corners[i - first] = top + (bottom - top) * part;
    }
    for (uint32_t x = from; x < to; x += LANES) {
        lanes_f across = (lanes_from_int(lanes_count() + (int32_t)x) + 0.5f) * cells;
        lanes_i cell = lanes_truncate(across);
        lanes_f t = across - lanes_from_int(cell);
        lanes_i corner = lanes_min_int(cell, lanes_int((int32_t)last - 1)) - (int32_t)first;
        lanes_f left = lanes_gather(corners, corner), right = lanes_gather(corners + 1, corner);
        lanes_store(row + x, lanes_load(row + x) + (left + (right - left) * (t * t * (3.0f - 2.0f * t))) * strength);
    }
}

static void fill_noise_row(const calo_post_background *background, const calo_post_canvas *canvas, uint32_t y,
                           uint32_t from, uint32_t to, float *const row[3])
{
    uint32_t longer = canvas->width > canvas->height ? canvas->width : canvas->height;
    uint32_t octaves = background->octaves > 0 ? background->octaves : 1;
    float cells = (background->cells > 0 ? background->cells : 8) / (float)longer, strength = 1, sum = 0;
    calo_random random = {background->seed};
    for (uint32_t x = from; x < to; x++)
        row[0][x] = 0;
    for (uint32_t i = 0; i < octaves; i++, cells *= 2, strength /= 2) {
        /* Cells smaller than a pixel are white noise of cells as large as one. */
        add_octave(calo_minf(cells, 1), strength, (uint32_t)calo_random_next(&random), y, from, to, row[1], row[0]);
        sum += strength;
    }
    for (uint32_t x = from; x < to; x++)
        row[0][x] /= sum;
    mix_colors(background->colors, from, to, row);
}

static void fill_color_row(const calo_post_background *background, uint32_t from, uint32_t to, float *const row[3])
{
    for (int c = 0; c < 3; c++)
        for (uint32_t x = from; x < to; x++)
            row[c][x] = background->colors[0][c];
}

static void fill_row(const calo_post_background *background, const calo_post_canvas *canvas, uint32_t y, uint32_t from,
                     uint32_t to, float *const row[3])
{
    if (background->kind == CALO_POST_BACKGROUND_COLOR)
        fill_color_row(background, from, to, row);
    else if (background->kind == CALO_POST_BACKGROUND_GRADIENT)
        fill_gradient_row(background, canvas, y, from, to, row);
    else if (background->kind == CALO_POST_BACKGROUND_NOISE)
        fill_noise_row(background, canvas, y, from, to, row);
    else
        calo_post_picture_row(background, canvas, y, from, to, row);
}

static void lay_over(const float *restrict behind, const float *restrict alpha, uint32_t from, uint32_t to,
                     float *restrict color)
{
    for (uint32_t x = from; x < to; x++)
        color[x] = behind[x] + (color[x] - behind[x]) * alpha[x];
}

calo_status calo_post_fill_background(calo_post_processor *processor, const calo_post_source *source,
                                      const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err)
{
    (void)source;
    const calo_post_background *background = &post->background;
    size_t row_floats = canvas->stride + CALO_POST_BLOCK;
    float *rows = calo_post_take(processor, CALO_POST_SLOT_ROWS, 3 * row_floats, err);
    if (!rows)
        return CALO_ERROR_MEMORY;
    float *const row[3] = {rows, rows + row_floats, rows + 2 * row_floats};
    for (uint32_t y = 0; y < canvas->height; y++) {
        float *alpha = canvas->alpha + y * canvas->stride;
        uint32_t from = 0, to = canvas->width;
        while (from < to && alpha[from] >= 1)
            from++;
        while (to > from && alpha[to - 1] >= 1)
            to--;
        if (from == to)
            continue;
        fill_row(background, canvas, y, from, to, row);
        for (int c = 0; c < 3; c++)
            lay_over(row[c], alpha, from, to, canvas->color[c] + y * canvas->stride);
        for (uint32_t x = from; x < to; x++)
            alpha[x] = 1;
    }
    canvas->opaque = true;
    return CALO_OK;
}
