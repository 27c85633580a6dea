/* What is seen where no surface is: one colour, or the environment's picture, looked up LANES pixels at once. */
#include <math.h>

#include "image/color.h"
#include "render/cpu/curves.h"
#include "render/cpu/samples.h"

/* ---- the same everywhere ---- */

/* As colours are averaged: linear light, or display-referred. */
static float find_even_light(const calo_cpu_scene *scene, int component)
{
    float light = scene->environment.present ? scene->environment.uniform[component] : 0;
    return scene->list.shading == CALO_SHADING_GLTF ? light : fminf(calo_srgb_value(light), 1);
}

void calo_cpu_background_begin(calo_cpu_worker *worker, const calo_frame *frame)
{
    const calo_render_options *options = worker->options;
    bool has_color = options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    bool around = options->background == CALO_BACKGROUND_ENVIRONMENT;
    worker->even_background = !around || !has_color || !worker->scene->environment.image;
    memset(worker->background, 0, sizeof worker->background);
    if (options->background == CALO_BACKGROUND_COLOR) {
        memcpy(worker->background, options->background_color, sizeof options->background_color);
        worker->background[3] = 1 - options->background_transparency;
    } else if (around && worker->even_background) {
        for (int c = 0; c < 3; c++)
            worker->background[c] = find_even_light(worker->scene, c);
        worker->background[3] = 1;
    }
    if (worker->even_background && has_color)
        calo_cpu_tile_find_empty(worker, frame->planes[CALO_CHANNEL_COLOR].format);
}

/* ---- the environment's picture ---- */

/* Ways from the camera through the pixels of a block, in the picture's axes, of any length. */
typedef struct block_ways {
    float first[3], right[3], down[3]; /* the first pixel's, and a pixel on */
} block_ways;

/* World to the picture's own axes: undoes the rotation about z. */
static void rotate_into_picture(const calo_environment *environment, const double in[3], double scale, float out[3])
{
    double s = environment->rotation_sine, c = environment->rotation_cosine;
    out[0] = (float)(scale * (c * in[0] + s * in[1]));
    out[1] = (float)(scale * (c * in[1] - s * in[0]));
    out[2] = (float)(scale * in[2]);
}

/* In double precision, so that pixels far from the picture's middle are as exact as others. */
static void find_ways(const calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, block_ways *ways)
{
    double x = block_x * (double)CALO_CPU_BLOCK + 0.5, y = block_y * (double)CALO_CPU_BLOCK + 0.5, size = 0;
    double first[3], right[3], down[3];
    for (int i = 0; i < 3; i++) {
        const double *ray = worker->camera.ray[i];
        right[i] = ray[0];
        down[i] = ray[1];
        first[i] = ray[0] * x + ray[1] * y + ray[2];
        size += fabs(first[i]) + fabs(right[i]) + fabs(down[i]);
    }
    rotate_into_picture(&worker->scene->environment, first, 1 / size, ways->first);
    rotate_into_picture(&worker->scene->environment, right, 1 / size, ways->right);
    rotate_into_picture(&worker->scene->environment, down, 1 / size, ways->down);
}

/* Two texels along an axis and how far the look-up lies from the first one's middle to the second one's. */
typedef struct texel_pair {
    lanes_i first, second;
    lanes_f weight;
} texel_pair;

/* `share`: of the picture's side, from 0 to 1 but for rounding. Columns go around, rows end. */
LANES_INLINE texel_pair find_pair(lanes_f share, int32_t side, bool around)
{
    lanes_f place = lanes_clamp(share, 0, 1) * (float)side - 0.5f, floor = lanes_floor(place);
    lanes_i first = lanes_truncate(floor), last = lanes_int(side - 1), start = lanes_int(0);
    lanes_i second = lanes_pick_int(lanes_less_int(first, last), first + 1, around ? start : last);
    first = lanes_pick_int(lanes_less_int(first, start), around ? last : start, lanes_min_int(first, last));
    return (texel_pair){first, second, place - floor};
}

/* Radiance as stored. */
LANES_INLINE void look_up(const calo_image *image, const lanes_f way[3], lanes_f rgb[3])
{
    lanes_f horizontal = lanes_sqrt(way[0] * way[0] + way[1] * way[1]), one = lanes_float(1);
    texel_pair x = find_pair(0.5f - turns_lanes(way[1], way[0]), (int32_t)image->width, true);
    texel_pair y = find_pair(0.5f - 2.0f * turns_lanes(way[2], horizontal), (int32_t)image->height, false);
    for (int c = 0; c < 3; c++)
        rgb[c] = lanes_float(0);
    for (int tap = 0; tap < 4; tap++) {
        lanes_i column = tap & 1 ? x.second : x.first, row = tap & 2 ? y.second : y.first;
        lanes_f weight = (tap & 1 ? x.weight : one - x.weight) * (tap & 2 ? y.weight : one - y.weight), texel[4];
        uint32_t index[LANES];
        lanes_store_int(index, row * (int32_t)(image->row_bytes / 16) + column);
        lanes_load4(image->data, 4, index, texel);
        for (int c = 0; c < 3; c++)
            rgb[c] += weight * texel[c];
    }
}

/* Of all pixels of a block. */
static void find_picture(const calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, calo_cpu_row *row)
{
    const calo_environment *environment = &worker->scene->environment;
    bool displayed = worker->scene->list.shading != CALO_SHADING_GLTF;
    lanes_f zero = lanes_float(0);
    block_ways ways;
    find_ways(worker, block_x, block_y, &ways);
    for (int first = 0; first < CALO_CPU_SLOTS; first += LANES) {
        lanes_i slot = lanes_count() + first;
        lanes_f x = lanes_from_int(slot & (CALO_CPU_BLOCK - 1)), y = lanes_from_int(slot / CALO_CPU_BLOCK);
        lanes_f way[3], rgb[3];
        for (int i = 0; i < 3; i++)
            way[i] = ways.first[i] + (ways.right[i] * x + ways.down[i] * y);
        look_up(environment->image, way, rgb);
        for (int c = 0; c < 3; c++) {
            lanes_m sound = lanes_less(zero, rgb[c]) & lanes_at_most(rgb[c], lanes_float(FLT_MAX));
            lanes_f light = lanes_pick(sound, rgb[c] * environment->scale[c], zero);
            lanes_store(row->background[c] + first, displayed ? encode_srgb_curve(light) : light);
        }
        lanes_store(row->background[3] + first, lanes_float(1));
    }
}

/* ---- of a block ---- */

/* Whether the slots of `count` groups all hold something. */
static bool are_full(const calo_cpu_slots *slots, size_t count)
{
    for (size_t g = 0; g < count; g++)
        for (int part = 0; part < CALO_CPU_SLOTS; part += LANES)
            if (lanes_any(lanes_equal_int(lanes_load_int(slots[g].ids + part), lanes_int(0))))
                return false;
    return true;
}

static bool is_seen(const calo_cpu_worker *worker, size_t block)
{
    return !worker->touched[block] || !are_full(&worker->centers[block], 1) ||
           !are_full(calo_cpu_block_samples(worker, block), worker->sample_count);
}

void calo_cpu_background_find(const calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, calo_cpu_row *row)
{
    if (!worker->even_background &&
        is_seen(worker, calo_cpu_block_index(worker, (int32_t)block_x, (int32_t)block_y))) {
        find_picture(worker, block_x, block_y, row);
        return;
    }
    for (int c = 0; worker->sample_count && c < 4; c++)
        for (int first = 0; first < CALO_CPU_SLOTS; first += LANES)
            lanes_store(row->background[c] + first, lanes_float(worker->background[c]));
}
