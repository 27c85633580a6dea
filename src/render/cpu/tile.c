#include "render/cpu/tile.h"

#include "image/color.h"

static bool wants(const calo_render_options *options, calo_channel channel)
{
    return options->channels & CALO_CHANNEL_BIT(channel);
}

/* Channels of floats, and how many of them a pixel. */
static const struct {
    calo_channel channel;
    int components;
} float_channels[] = {
    {CALO_CHANNEL_DEPTH, 1},  {CALO_CHANNEL_NORMAL, 3}, {CALO_CHANNEL_GEOMETRIC_NORMAL, 3}, {CALO_CHANNEL_POSITION, 3},
    {CALO_CHANNEL_UV, 2},     {CALO_CHANNEL_ALBEDO, 3}, {CALO_CHANNEL_METAL_ROUGHNESS, 2},
};
enum { FLOAT_CHANNEL_COUNT = sizeof float_channels / sizeof float_channels[0] };

void calo_cpu_tile_clear(const calo_render_options *options, calo_cpu_tile *tile)
{
    for (int i = 0; i < FLOAT_CHANNEL_COUNT; i++) {
        calo_channel channel = float_channels[i].channel;
        if (wants(options, channel))
            memset(tile->planes[channel], 0, sizeof tile->planes[channel]);
    }
    for (int i = 0; i < CALO_CPU_SLOTS && options->background_depth != 0; i++)
        tile->planes[CALO_CHANNEL_DEPTH][0][i] = options->background_depth;
    memset(tile->instance_ids, 0, sizeof tile->instance_ids);
    memset(tile->material_ids, 0, sizeof tile->material_ids);
    memset(tile->mask, 0, sizeof tile->mask);
}

/* ---- from surfaces ---- */

LANES_INLINE void put(float *to, lanes_m active, lanes_f value)
{
    lanes_store(to, lanes_pick(active, value, lanes_load(to)));
}

LANES_INLINE void put_vector(calo_cpu_tile *tile, calo_channel channel, int first, lanes_m active, const lanes_f *values,
                             int components)
{
    for (int i = 0; i < components; i++)
        put(tile->planes[channel][i] + first, active, values[i]);
}

LANES_INLINE void put_id(uint32_t *to, lanes_m active, uint32_t id)
{
    lanes_store_int(to, lanes_pick_int(active, lanes_int((int32_t)id), lanes_load_int(to)));
}

static void put_normal(const calo_cpu_worker *worker, calo_cpu_tile *tile, calo_channel channel, int first,
                       lanes_m active, const lanes_f world[3])
{
    const float *m = worker->camera.to_camera;
    lanes_f camera[3];
    for (int i = 0; i < 3; i++)
        camera[i] = m[3 * i] * world[0] + m[3 * i + 1] * world[1] + m[3 * i + 2] * world[2];
    put_vector(tile, channel, first, active, worker->options->world_space_normals ? world : camera, 3);
}

/* Distance along the ray instead of along the view axis. */
static lanes_f distance_along_ray(const calo_cpu_worker *worker, const calo_cpu_surface *surface)
{
    if (worker->camera.orthographic)
        return surface->depth;
    lanes_f to[3];
    for (int i = 0; i < 3; i++)
        to[i] = worker->camera.position[i] - surface->position[i];
    return lanes_sqrt(dot_lanes(to, to));
}

void calo_cpu_tile_put(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                       int first, calo_cpu_tile *tile)
{
    const calo_render_options *options = worker->options;
    lanes_m active = packet->active;
    for (uint32_t bits = lanes_bits(active); bits; bits &= bits - 1)
        tile->mask[first + __builtin_ctz(bits)] = 1;
    put_id(tile->instance_ids + first, active, packet->draw->instance_id);
    put_id(tile->material_ids + first, active, packet->draw->material_id);
    if (wants(options, CALO_CHANNEL_DEPTH))
        put(tile->planes[CALO_CHANNEL_DEPTH][0] + first, active,
            options->ray_depth ? distance_along_ray(worker, surface) : surface->depth);
    if (wants(options, CALO_CHANNEL_NORMAL))
        put_normal(worker, tile, CALO_CHANNEL_NORMAL, first, active, surface->normal);
    if (wants(options, CALO_CHANNEL_GEOMETRIC_NORMAL))
        put_normal(worker, tile, CALO_CHANNEL_GEOMETRIC_NORMAL, first, active, surface->geometric_normal);
    if (wants(options, CALO_CHANNEL_POSITION))
        put_vector(tile, CALO_CHANNEL_POSITION, first, active, surface->position, 3);
    if (wants(options, CALO_CHANNEL_UV))
        put_vector(tile, CALO_CHANNEL_UV, first, active, surface->uv, 2);
    if (wants(options, CALO_CHANNEL_ALBEDO))
        put_vector(tile, CALO_CHANNEL_ALBEDO, first, active, surface->base_color, 3);
    if (wants(options, CALO_CHANNEL_METAL_ROUGHNESS))
        put_vector(tile, CALO_CHANNEL_METAL_ROUGHNESS, first, active, (lanes_f[2]){surface->metallic, surface->roughness},
                   2);
}

/* ---- into the frame ---- */

/* The part of a block that lies in the picture. */
typedef struct pixel_area {
    uint32_t x, y, columns, rows;
} pixel_area;

static pixel_area area_of(const calo_cpu_worker *worker, uint32_t from_block, uint32_t to_block, uint32_t block_y)
{
    pixel_area area = {from_block * CALO_CPU_BLOCK, block_y * CALO_CPU_BLOCK, (to_block - from_block) * CALO_CPU_BLOCK,
                       CALO_CPU_BLOCK};
    if (area.x + area.columns > worker->width)
        area.columns = worker->width - area.x;
    if (area.y + area.rows > worker->buffer_bottom)
        area.rows = worker->buffer_bottom - area.y;
    return area;
}

static char *pixel_at(const calo_image *plane, uint32_t x, uint32_t y, size_t pixel_bytes)
{
    return (char *)plane->data + (size_t)y * plane->row_bytes + x * pixel_bytes;
}

/* 4 x 4 pixels side by side to their rows. */
LANES_INLINE void write_rows(const calo_image *plane, const pixel_area *area, const void *pixels, size_t pixel_bytes)
{
    const char *from = pixels;
    for (uint32_t row = 0; row < area->rows; row++, from += CALO_CPU_BLOCK * pixel_bytes) {
        char *to = pixel_at(plane, area->x, area->y + row, pixel_bytes);
        /* Whole rows by one or a few moves. */
        if (area->columns == CALO_CPU_BLOCK)
            memcpy(to, from, CALO_CPU_BLOCK * pixel_bytes);
        else
            memcpy(to, from, area->columns * pixel_bytes);
    }
}

static void write_floats3(const calo_image *plane, const pixel_area *area, const float planes[3][CALO_CPU_SLOTS])
{
    float four[4 * CALO_CPU_SLOTS], three[3 * CALO_CPU_SLOTS + 1];
    for (int i = 0; i < CALO_CPU_SLOTS; i += LANES)
        lanes_store4(four + 4 * i, lanes_load(planes[0] + i), lanes_load(planes[1] + i), lanes_load(planes[2] + i),
                     lanes_float(0));
    /* Each pixel's fourth number is overwritten by the next pixel. */
    for (int i = 0; i < CALO_CPU_SLOTS; i++)
        memcpy(three + 3 * i, four + 4 * i, 16);
    write_rows(plane, area, three, 3 * sizeof *three);
}

static void write_floats2(const calo_image *plane, const pixel_area *area, const float planes[2][CALO_CPU_SLOTS])
{
    float two[2 * CALO_CPU_SLOTS];
    for (int i = 0; i < CALO_CPU_SLOTS; i++) {
        two[2 * i] = planes[0][i];
        two[2 * i + 1] = planes[1][i];
    }
    write_rows(plane, area, two, 2 * sizeof *two);
}

void calo_cpu_tile_write(const calo_cpu_worker *worker, const calo_cpu_tile *tile, uint32_t block_x, uint32_t block_y,
                         const calo_frame *frame)
{
    const calo_render_options *options = worker->options;
    pixel_area area = area_of(worker, block_x, block_x + 1, block_y);
    for (int i = 0; i < FLOAT_CHANNEL_COUNT; i++) {
        calo_channel channel = float_channels[i].channel;
        const calo_image *plane = &frame->planes[channel];
        if (!wants(options, channel))
            continue;
        if (float_channels[i].components == 1)
            write_rows(plane, &area, tile->planes[channel], sizeof(float));
        else if (float_channels[i].components == 2)
            write_floats2(plane, &area, tile->planes[channel]);
        else
            write_floats3(plane, &area, tile->planes[channel]);
    }
    if (wants(options, CALO_CHANNEL_MASK))
        write_rows(&frame->planes[CALO_CHANNEL_MASK], &area, tile->mask, 1);
    if (wants(options, CALO_CHANNEL_INSTANCE_ID))
        write_rows(&frame->planes[CALO_CHANNEL_INSTANCE_ID], &area, tile->instance_ids, 4);
    if (wants(options, CALO_CHANNEL_MATERIAL_ID))
        write_rows(&frame->planes[CALO_CHANNEL_MATERIAL_ID], &area, tile->material_ids, 4);
}

/* The nearest 8-bit sRGB codes, as calo_srgb_from_linear. */
LANES_INLINE lanes_i encode_srgb(const uint32_t *table, lanes_f linear)
{
    lanes_m dark = lanes_not(lanes_at_most(lanes_float(CALO_SRGB_TABLE_FIRST), linear));
    lanes_f inside = lanes_clamp(linear, CALO_SRGB_TABLE_FIRST, CALO_SRGB_TABLE_LAST);
    lanes_i bits = (lanes_i)inside, entry = lanes_gather_int(table, (bits >> 16) - CALO_SRGB_TABLE_BASE);
    lanes_m next = lanes_not(lanes_less_int(bits & 0xffff, entry & 0x1ffff));
    lanes_i code = (entry >> 17) + lanes_pick_int(next, lanes_int(1), lanes_int(0));
    return lanes_pick_int(dark, lanes_int(0), code);
}

void calo_cpu_tile_write_color(const calo_cpu_worker *worker, const float premultiplied[4][CALO_CPU_SLOTS],
                               uint32_t block_x, uint32_t block_y, const calo_frame *frame)
{
    const calo_image *plane = &frame->planes[CALO_CHANNEL_COLOR];
    pixel_area area = area_of(worker, block_x, block_x + 1, block_y);
    float straight[4 * CALO_CPU_SLOTS];
    uint32_t codes[CALO_CPU_SLOTS];
    for (int i = 0; i < CALO_CPU_SLOTS; i += LANES) {
        lanes_f alpha = lanes_load(premultiplied[3] + i), rgb[3];
        lanes_m there = lanes_less(lanes_float(0), alpha);
        lanes_f scale = 1.0f / lanes_pick(there, alpha, lanes_float(1));
        for (int c = 0; c < 3; c++)
            rgb[c] = lanes_pick(there, lanes_load(premultiplied[c] + i) * scale, lanes_float(0));
        if (plane->format == CALO_PIXEL_RGBA32F) {
            lanes_store4(straight + 4 * i, rgb[0], rgb[1], rgb[2], alpha);
            continue;
        }
        const uint32_t *table = worker->scene->srgb_table;
        lanes_i a = lanes_truncate(lanes_clamp(alpha, 0, 1) * 255.0f + 0.5f);
        lanes_store_int(codes + i, encode_srgb(table, rgb[0]) | encode_srgb(table, rgb[1]) << 8 |
                                       encode_srgb(table, rgb[2]) << 16 | a << 24);
    }
    if (plane->format == CALO_PIXEL_RGBA32F) {
        write_rows(plane, &area, straight, 4 * sizeof *straight);
    } else if (plane->format == CALO_PIXEL_RGBA8) {
        write_rows(plane, &area, codes, 4);
    } else {
        uint8_t three[3 * CALO_CPU_SLOTS];
        for (int i = 0; i < CALO_CPU_SLOTS; i++)
            memcpy(three + 3 * i, &codes[i], 3);
        write_rows(plane, &area, three, 3);
    }
}

void calo_cpu_tile_write_empty(const calo_cpu_worker *worker, uint32_t from, uint32_t to, uint32_t block_y,
                               const calo_frame *frame)
{
    pixel_area area = area_of(worker, from, to, block_y);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        if (!wants(worker->options, (calo_channel)c))
            continue;
        size_t bytes = calo_pixel_bytes(plane->format);
        for (uint32_t row = 0; row < area.rows; row++) {
            char *to_row = pixel_at(plane, area.x, area.y + row, bytes);
            memset(to_row, 0, area.columns * bytes);
            for (uint32_t x = 0; c == CALO_CHANNEL_DEPTH && worker->options->background_depth != 0 && x < area.columns; x++)
                memcpy(to_row + x * bytes, &worker->options->background_depth, bytes);
        }
    }
}
