/* Film grain: white noise through a high-pass and a low-pass filter of 3 x 3, as in Unity's post-processing stack 2
 * (after T. Lottes), in a tile that repeats; the seed says where the tile begins. */
#include <math.h>

#include "base/lanes.h"
#include "base/random.h"
#include "image/post/steps.h"

enum { TILE = 256, TEXELS = TILE * TILE };

/* How much a bright pixel's grain is weakened. */
static const float luminance_contribution = 0.8f;

/* A filter with the weights 1 b 1, b c b, 1 b 1 over the tile, whose sides meet. */
static void filter_tile(const float *from, float b, float c, float scale, float *to)
{
    for (int y = 0; y < TILE; y++) {
        const float *above = from + ((y - 1) & (TILE - 1)) * TILE, *below = from + ((y + 1) & (TILE - 1)) * TILE;
        const float *here = from + y * TILE;
        for (int x = 0; x < TILE; x++) {
            int left = (x - 1) & (TILE - 1), right = (x + 1) & (TILE - 1);
            float corners = above[left] + above[right] + below[left] + below[right];
            float sides = above[x] + below[x] + here[left] + here[right];
            to[y * TILE + x] = (corners + b * sides + c * here[x]) * scale;
        }
    }
}

static const float *take_tile(calo_post_processor *processor, calo_error *err)
{
    float *tile = calo_post_take(processor, CALO_POST_SLOT_GRAIN_TILE, TEXELS, err);
    if (!tile || processor->has_grain_tile)
        return tile;
    float *work = calo_post_take(processor, CALO_POST_SLOT_GRAIN_WORK, TEXELS, err);
    if (!work)
        return NULL;
    calo_random random = {0};
    for (int i = 0; i < TEXELS; i++)
        tile[i] = (float)calo_random_unit(&random);
    filter_tile(tile, 2, -12, 1.0f / 24, work);
    filter_tile(work, 2, 4, 1.0f / 16, tile);
    processor->has_grain_tile = true;
    return tile;
}

/* Where a channel's grain begins in the tile. */
typedef struct origin {
    float x, y;
} origin;

/* A row of grain: two rows of the tile are blended, then read at steps of 1 / size. */
static void read_row(const float *tile, origin from, float step, uint32_t y, uint32_t width, float *restrict blended,
                     float *to)
{
    float at = from.y + (float)y * step;
    int32_t whole = calo_floor_to_int(at);
    float part = at - (float)whole;
    const float *above = tile + (whole & (TILE - 1)) * TILE, *below = tile + ((whole + 1) & (TILE - 1)) * TILE;
    for (int x = 0; x < TILE; x++)
        blended[x] = above[x] + (below[x] - above[x]) * part;
    blended[TILE] = blended[0];
    for (uint32_t x = 0; x < width; x += LANES) {
        lanes_f across = lanes_from_int(lanes_count() + (int32_t)x) * step + from.x; /* not below 0 */
        lanes_i column = lanes_truncate(across), texel = column & (TILE - 1);
        lanes_f left = lanes_gather(blended, texel), right = lanes_gather(blended + 1, texel);
        lanes_store(to + x, left + (right - left) * (across - lanes_from_int(column)));
    }
}

static void add_row(const float *restrict const grain[3], float strength, uint32_t width, float *restrict red,
                    float *restrict green, float *restrict blue)
{
    const float *restrict r = grain[0], *restrict g = grain[1], *restrict b = grain[2];
    for (uint32_t x = 0; x < width; x++) {
        float luminance = 0.2126729f * calo_post_clamp(red[x], 0, 1) + 0.7151522f * calo_post_clamp(green[x], 0, 1) +
                          0.0721750f * calo_post_clamp(blue[x], 0, 1);
        float response = strength * (1 - luminance_contribution * sqrtf(luminance));
        red[x] = calo_maxf(red[x] + red[x] * r[x] * response, 0);
        green[x] = calo_maxf(green[x] + green[x] * g[x] * response, 0);
        blue[x] = calo_maxf(blue[x] + blue[x] * b[x] * response, 0);
    }
}

calo_status calo_post_add_grain(calo_post_processor *processor, const calo_post_source *source,
                                const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err)
{
    (void)source;
    const float *tile = take_tile(processor, err);
    float *rows = tile ? calo_post_take(processor, CALO_POST_SLOT_ROWS, 3 * canvas->stride + TILE + 1, err) : NULL;
    if (!rows)
        return CALO_ERROR_MEMORY;
    calo_random random = {post->grain_seed};
    float step = 1 / (post->grain_size > 0 ? post->grain_size : 1), *blended = rows + 3 * canvas->stride;
    origin origins[3];
    for (int c = 0; c < 3; c++) {
        origins[c].x = (float)calo_random_range(&random, 0, TILE);
        origins[c].y = (float)calo_random_range(&random, 0, TILE);
    }
    int channels = post->grain_colored ? 3 : 1;
    for (uint32_t y = 0; y < canvas->height; y++) {
        const float *restrict noise[3];
        size_t at = y * canvas->stride;
        for (int c = 0; c < 3; c++) {
            float *row = rows + (c < channels ? c : 0) * canvas->stride;
            if (c < channels)
                read_row(tile, origins[c], step, y, canvas->width, blended, row);
            noise[c] = row;
        }
        add_row(noise, post->grain_intensity * 20, canvas->width, canvas->color[0] + at, canvas->color[1] + at,
                canvas->color[2] + at);
    }
    return CALO_OK;
}
