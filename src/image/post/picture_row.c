/* Rows of pictures behind frames. */
#include "base/lanes.h"
#include "image/post/picture.h"
#include "image/post/steps.h"

/* Where a place between two texels lies: the one before, the one after, and how far it is to that. */
typedef struct between {
    uint32_t first, second;
    float part;
} between;

static between find_texels(float place, uint32_t size)
{
    float inside = calo_post_clamp(place, 0, (float)(size - 1));
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

/* A channel of texels in linear light. */
LANES_INLINE lanes_f channel_of(lanes_i texels, int channel)
{
    lanes_i code = channel == 2 ? (lanes_i)((lanes_u)texels >> 22) : texels >> (11 * channel) & 2047;
    lanes_f root = lanes_from_int(code) * (channel == 2 ? 1.0f / 1023 : 1.0f / 2047);
    return root * root;
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
    const calo_picture_level *level = &picture->levels[index];
    mapping across = map_side(width, level->width, canvas->width, step, (double)background->shift[0]);
    mapping down = map_side(height, level->height, canvas->height, step, -(double)background->shift[1]);
    between rows = find_texels(down.first + (float)y * down.step, level->height);
    const uint32_t *top = level->texels + (size_t)rows.first * level->width;
    const uint32_t *bottom = level->texels + (size_t)rows.second * level->width;
    int32_t last = (int32_t)level->width - 1, mirror = background->mirrored ? (int32_t)canvas->width - 1 : 0;
    for (uint32_t x = from; x < to; x += LANES) {
        lanes_i column = lanes_count() + (int32_t)x;
        lanes_f place = lanes_from_int(mirror ? mirror - column : column) * across.step + across.first;
        place = lanes_clamp(place, 0, (float)last);
        lanes_i first = lanes_truncate(place), second = lanes_min_int(first + 1, lanes_int(last));
        lanes_f part = place - lanes_from_int(first);
        lanes_i corners[4] = {lanes_gather_int(top, first), lanes_gather_int(top, second),
                              lanes_gather_int(bottom, first), lanes_gather_int(bottom, second)};
        for (int c = 0; c < 3; c++) {
            lanes_f a = channel_of(corners[0], c), b = channel_of(corners[2], c);
            a += (channel_of(corners[1], c) - a) * part;
            b += (channel_of(corners[3], c) - b) * part;
            lanes_store(row[c] + x, a + (b - a) * rows.part);
        }
    }
}
