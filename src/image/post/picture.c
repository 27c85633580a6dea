/* Pictures behind frames: sRGB bytes in levels, each half as fine as the one before. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/scalar.h"
#include "image/post/steps.h"

enum { MAX_LEVELS = 32 };

typedef struct picture_level {
    uint32_t width, height;
    uint8_t *texels; /* four bytes each */
} picture_level;

struct calo_post_picture {
    uint32_t level_count;
    picture_level levels[MAX_LEVELS];
};

static uint32_t half_of(uint32_t size)
{
    return (size + 1) / 2;
}

static void copy_texels(const calo_image *image, const picture_level *to)
{
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *from = (const uint8_t *)image->data + y * image->row_bytes;
        uint8_t *texel = to->texels + 4 * (size_t)y * to->width;
        for (uint32_t x = 0; x < image->width; x++, texel += 4)
            for (int c = 0; c < 3; c++)
                if (image->format == CALO_PIXEL_RGBA32F)
                    texel[c] = calo_srgb_from_linear(((const float *)(const void *)from)[4 * x + c]);
                else
                    texel[c] = from[calo_pixel_components(image->format) * x + c];
    }
}

/* Means of two by two texels, in linear light. */
static void halve_level(const picture_level *from, const picture_level *to)
{
    for (uint32_t y = 0; y < to->height; y++)
        for (uint32_t x = 0; x < to->width; x++) {
            uint32_t x1 = 2 * x + 1 < from->width ? 2 * x + 1 : 2 * x, y1 = 2 * y + 1 < from->height ? 2 * y + 1 : 2 * y;
            const uint8_t *top = from->texels + 8 * (size_t)y * from->width;
            const uint8_t *bottom = from->texels + 4 * (size_t)y1 * from->width;
            for (int c = 0; c < 3; c++) {
                float sum = calo_linear_from_srgb(top[8 * x + c]) + calo_linear_from_srgb(top[4 * x1 + c]) +
                            calo_linear_from_srgb(bottom[8 * x + c]) + calo_linear_from_srgb(bottom[4 * x1 + c]);
                to->texels[4 * ((size_t)y * to->width + x) + c] = calo_srgb_from_linear(sum / 4);
            }
        }
}

calo_status calo_post_picture_create(const calo_image *image, calo_post_picture **picture, calo_error *err)
{
    *picture = NULL;
    if (image->format != CALO_PIXEL_RGBA8 && image->format != CALO_PIXEL_RGB8 && image->format != CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "a picture behind frames must be RGBA8, RGB8 or RGBA32F, not of format %d", (int)image->format);
    size_t texels = 0;
    uint32_t width = image->width, height = image->height, count = 0;
    picture_level levels[MAX_LEVELS];
    for (bool last = false; !last; count++) {
        last = width == 1 && height == 1;
        levels[count] = (picture_level){width, height, NULL};
        texels += (size_t)width * height;
        width = half_of(width);
        height = half_of(height);
    }
    calo_post_picture *made = malloc(sizeof *made + 4 * texels);
    if (!made)
        return calo_fail_memory(err, "a picture behind frames", 4 * texels);
    made->level_count = count;
    uint8_t *next = (uint8_t *)(made + 1);
    for (uint32_t i = 0; i < count; i++) {
        made->levels[i] = (picture_level){levels[i].width, levels[i].height, next};
        next += 4 * (size_t)levels[i].width * levels[i].height;
        if (i == 0)
            copy_texels(image, &made->levels[0]);
        else
            halve_level(&made->levels[i - 1], &made->levels[i]);
    }
    *picture = made;
    return CALO_OK;
}

void calo_post_picture_destroy(calo_post_picture *picture)
{
    free(picture);
}

/* Where a place between two texels lies: the one before, the one after, and how far it is to that. */
typedef struct between {
    uint32_t first, second;
    float part;
} between;

static between find_texels(float place, uint32_t size)
{
    float inside = calo_clampf(place, 0, (float)(size - 1));
    uint32_t first = (uint32_t)inside;
    return (between){first, first + 1 < size ? first + 1 : first, inside - (float)first};
}

/* A picture's side on the canvas: texels a pixel, and the texel under the canvas's first pixel centre. */
typedef struct mapping {
    float step, first;
} mapping;

static mapping map_side(double side, double level_side, double canvas_side, double step, double shift)
{
    double room = (side - canvas_side * step) / 2, begin = room + room * shift, scale = level_side / side;
    return (mapping){(float)(step * scale), (float)((begin + 0.5 * step) * scale - 0.5)};
}

static inline float blend_texels(const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, float across,
                                 float down)
{
    float top = calo_srgb_to_linear_table[*a] + (calo_srgb_to_linear_table[*b] - calo_srgb_to_linear_table[*a]) * across;
    float bottom =
        calo_srgb_to_linear_table[*c] + (calo_srgb_to_linear_table[*d] - calo_srgb_to_linear_table[*c]) * across;
    return top + (bottom - top) * down;
}

void calo_post_picture_row(const calo_post_background *background, const calo_post_canvas *canvas, uint32_t y,
                           uint32_t from, uint32_t to, float *const row[3])
{
    const calo_post_picture *picture = background->picture;
    double width = picture->levels[0].width, height = picture->levels[0].height;
    double step_x = width / canvas->width, step_y = height / canvas->height;
    double step = (step_x < step_y ? step_x : step_y) / (background->zoom > 0 ? (double)background->zoom : 1);
    uint32_t index = 0;
    for (double rest = step; rest >= 2 && index + 1 < picture->level_count; rest /= 2)
        index++;
    const picture_level *level = &picture->levels[index];
    mapping across = map_side(width, level->width, canvas->width, step, (double)background->shift[0]);
    mapping down = map_side(height, level->height, canvas->height, step, -(double)background->shift[1]);
    between rows = find_texels(down.first + (float)y * down.step, level->height);
    const uint8_t *top = level->texels + 4 * (size_t)rows.first * level->width;
    const uint8_t *bottom = level->texels + 4 * (size_t)rows.second * level->width;
    for (uint32_t x = from; x < to; x++) {
        uint32_t column = background->mirrored ? canvas->width - 1 - x : x;
        between at = find_texels(across.first + (float)column * across.step, level->width);
        for (int c = 0; c < 3; c++)
            row[c][x] = blend_texels(top + 4 * at.first + c, top + 4 * at.second + c, bottom + 4 * at.first + c,
                                     bottom + 4 * at.second + c, at.part, rows.part);
    }
}
