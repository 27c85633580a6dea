#include "render/cpu/tile.h"

#include "image/color_lanes.h"

static bool wants(const calo_render_options *options, calo_channel channel)
{
    return options->channels & CALO_CHANNEL_BIT(channel);
}

/* ---- from surfaces ---- */

LANES_INLINE void clear_floats(lanes_f *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = lanes_float(0);
}

void calo_cpu_tile_clear(const calo_render_options *options, calo_cpu_tile *tile)
{
    tile->depth = lanes_float(options->background_depth);
    tile->mask = tile->instance_ids = tile->material_ids = lanes_int(0);
    clear_floats(tile->normal, 3);
    if (options->channels >> CALO_CHANNEL_INSTANCE_ID == 0 && !wants(options, CALO_CHANNEL_GEOMETRIC_NORMAL))
        return;
    clear_floats(tile->geometric_normal, 3);
    clear_floats(tile->position, 3);
    clear_floats(tile->uv, 2);
    clear_floats(tile->albedo, 3);
    clear_floats(tile->metal_roughness, 2);
}

/* `whole`: every lane is active. */
LANES_INLINE void put(lanes_f *to, lanes_m active, bool whole, const lanes_f *values, int count)
{
    for (int i = 0; i < count; i++)
        to[i] = whole ? values[i] : lanes_pick(active, values[i], to[i]);
}

LANES_INLINE void put_int(lanes_i *to, lanes_m active, bool whole, uint32_t value)
{
    lanes_i values = lanes_int((int32_t)value);
    *to = whole ? values : lanes_pick_int(active, values, *to);
}

LANES_INLINE void put_normal(const calo_cpu_worker *worker, lanes_m active, bool whole, const lanes_f world[3],
                             lanes_f to[3])
{
    const float *m = worker->camera.to_camera;
    lanes_f camera[3];
    for (int i = 0; i < 3; i++)
        camera[i] = m[3 * i] * world[0] + m[3 * i + 1] * world[1] + m[3 * i + 2] * world[2];
    put(to, active, whole, worker->options->world_space_normals ? world : camera, 3);
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

LANES_INLINE void put_surface(const calo_cpu_worker *worker, const calo_cpu_packet *packet,
                              const calo_cpu_surface *surface, bool whole, calo_cpu_tile *tile)
{
    const calo_render_options *options = worker->options;
    lanes_m active = packet->active;
    lanes_f depth = options->ray_depth ? distance_along_ray(worker, surface) : surface->depth;
    put_int(&tile->mask, active, whole, 1);
    put_int(&tile->instance_ids, active, whole, packet->draw->shared.instance_id);
    put_int(&tile->material_ids, active, whole, packet->draw->shared.material_id);
    put(&tile->depth, active, whole, &depth, 1);
    if (wants(options, CALO_CHANNEL_NORMAL))
        put_normal(worker, active, whole, surface->normal, tile->normal);
    if (wants(options, CALO_CHANNEL_GEOMETRIC_NORMAL))
        put_normal(worker, active, whole, surface->geometric_normal, tile->geometric_normal);
    if (wants(options, CALO_CHANNEL_POSITION))
        put(tile->position, active, whole, surface->position, 3);
    if (wants(options, CALO_CHANNEL_UV))
        put(tile->uv, active, whole, surface->uv, 2);
    if (wants(options, CALO_CHANNEL_ALBEDO))
        put(tile->albedo, active, whole, surface->base_color, 3);
    if (wants(options, CALO_CHANNEL_METAL_ROUGHNESS))
        put(tile->metal_roughness, active, whole, (lanes_f[2]){surface->metallic, surface->roughness}, 2);
}

void calo_cpu_tile_put(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                       calo_cpu_tile *tile)
{
    if (lanes_all(packet->active))
        put_surface(worker, packet, surface, true, tile);
    else
        put_surface(worker, packet, surface, false, tile);
}

/* ---- into the frame ---- */

static calo_cpu_area area_of(const calo_cpu_worker *worker, uint32_t x, uint32_t y, uint32_t columns, uint32_t rows)
{
    calo_cpu_area area = {x, y, columns, rows};
    if (x + columns > worker->width)
        area.columns = worker->width - x;
    if (y + rows > worker->buffer_bottom)
        area.rows = y < worker->buffer_bottom ? worker->buffer_bottom - y : 0;
    return area;
}

calo_cpu_area calo_cpu_tile_area(const calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, int first_slot)
{
    return area_of(worker, block_x * CALO_CPU_BLOCK, block_y * CALO_CPU_BLOCK + (uint32_t)first_slot / CALO_CPU_BLOCK,
                   CALO_CPU_BLOCK, LANES / CALO_CPU_BLOCK);
}

static char *pixel_at(const calo_image *plane, uint32_t x, uint32_t y, size_t pixel_bytes)
{
    return (char *)plane->data + (size_t)y * plane->row_bytes + x * pixel_bytes;
}

/* All LANES pixels lie in the picture. */
LANES_INLINE bool is_whole(const calo_cpu_area *area)
{
    return area->columns == CALO_CPU_BLOCK && area->rows == LANES / CALO_CPU_BLOCK;
}

/* Pixels side by side to their rows. */
LANES_INLINE void write_rows(const calo_image *plane, const calo_cpu_area *area, const void *pixels, size_t pixel_bytes)
{
    const char *from = pixels;
    char *to = pixel_at(plane, area->x, area->y, pixel_bytes);
    /* Whole ones by a fixed number of moves. */
    if (is_whole(area)) {
        for (int row = 0; row < LANES / CALO_CPU_BLOCK; row++)
            memcpy(to + (size_t)row * plane->row_bytes, from + (size_t)row * CALO_CPU_BLOCK * pixel_bytes,
                   CALO_CPU_BLOCK * pixel_bytes);
        return;
    }
    for (uint32_t row = 0; row < area->rows; row++)
        memcpy(to + row * plane->row_bytes, from + row * CALO_CPU_BLOCK * pixel_bytes, area->columns * pixel_bytes);
}

/* The same of `count` vectors, each pixel's numbers being side by side in them. */
LANES_INLINE void write_vectors(const calo_frame *frame, calo_channel channel, const calo_cpu_area *area,
                                const lanes_f *vectors, int count)
{
    const calo_image *plane = &frame->planes[channel];
    size_t pixel_bytes = (size_t)count * sizeof(float);
    if (is_whole(area))
        lanes_store_rows(pixel_at(plane, area->x, area->y, pixel_bytes), plane->row_bytes, vectors, count);
    else
        write_rows(plane, area, vectors, pixel_bytes);
}

LANES_INLINE void write_floats2(const calo_frame *frame, calo_channel channel, const calo_cpu_area *area,
                                const lanes_f v[2])
{
    float pixels[2 * LANES];
    for (int i = 0; i < LANES; i++) {
        pixels[2 * i] = v[0][i];
        pixels[2 * i + 1] = v[1][i];
    }
    write_rows(&frame->planes[channel], area, pixels, 2 * sizeof *pixels);
}

LANES_INLINE void write_floats3(const calo_frame *frame, calo_channel channel, const calo_cpu_area *area,
                                const lanes_f v[3])
{
    lanes_f mixed[3];
    lanes_interleave3(v, mixed);
    write_vectors(frame, channel, area, mixed, 3);
}

LANES_INLINE void write_mask(const calo_frame *frame, const calo_cpu_area *area, lanes_i mask)
{
    uint8_t pixels[LANES];
    lanes_store_bytes(pixels, mask);
    write_rows(&frame->planes[CALO_CHANNEL_MASK], area, pixels, 1);
}

static void write_rare_channels(const calo_render_options *options, const calo_cpu_tile *tile,
                                const calo_cpu_area *area, const calo_frame *frame)
{
    if (wants(options, CALO_CHANNEL_GEOMETRIC_NORMAL))
        write_floats3(frame, CALO_CHANNEL_GEOMETRIC_NORMAL, area, tile->geometric_normal);
    if (wants(options, CALO_CHANNEL_POSITION))
        write_floats3(frame, CALO_CHANNEL_POSITION, area, tile->position);
    if (wants(options, CALO_CHANNEL_UV))
        write_floats2(frame, CALO_CHANNEL_UV, area, tile->uv);
    if (wants(options, CALO_CHANNEL_ALBEDO))
        write_floats3(frame, CALO_CHANNEL_ALBEDO, area, tile->albedo);
    if (wants(options, CALO_CHANNEL_METAL_ROUGHNESS))
        write_floats2(frame, CALO_CHANNEL_METAL_ROUGHNESS, area, tile->metal_roughness);
}

void calo_cpu_tile_write(const calo_render_options *options, const calo_cpu_tile *tile, const calo_cpu_area *area,
                         const calo_frame *frame)
{
    lanes_f instance_ids = (lanes_f)tile->instance_ids, material_ids = (lanes_f)tile->material_ids;
    if (wants(options, CALO_CHANNEL_DEPTH))
        write_vectors(frame, CALO_CHANNEL_DEPTH, area, &tile->depth, 1);
    if (wants(options, CALO_CHANNEL_NORMAL))
        write_floats3(frame, CALO_CHANNEL_NORMAL, area, tile->normal);
    if (wants(options, CALO_CHANNEL_MASK))
        write_mask(frame, area, tile->mask);
    if (wants(options, CALO_CHANNEL_INSTANCE_ID))
        write_vectors(frame, CALO_CHANNEL_INSTANCE_ID, area, &instance_ids, 1);
    if (wants(options, CALO_CHANNEL_MATERIAL_ID))
        write_vectors(frame, CALO_CHANNEL_MATERIAL_ID, area, &material_ids, 1);
    if (options->channels >> CALO_CHANNEL_POSITION || wants(options, CALO_CHANNEL_GEOMETRIC_NORMAL))
        write_rare_channels(options, tile, area, frame);
}

/* Four RGBA8 pixels to four RGB8 pixels. */
LANES_INLINE void drop_alpha(const uint32_t *four, uint32_t *three)
{
    three[0] = (four[0] & 0xffffff) | four[1] << 24;
    three[1] = (four[1] >> 8 & 0xffff) | four[2] << 16;
    three[2] = (four[2] >> 16 & 0xff) | four[3] << 8;
}

void calo_cpu_tile_write_color(const calo_cpu_worker *worker, const lanes_f premultiplied[4],
                               const calo_cpu_area *area, const calo_frame *frame)
{
    const calo_image *plane = &frame->planes[CALO_CHANNEL_COLOR];
    const uint32_t *table = worker->scene->srgb_table;
    lanes_f alpha = premultiplied[3], straight[4] = {premultiplied[0], premultiplied[1], premultiplied[2], alpha};
    lanes_m partly = lanes_not(lanes_equal(alpha, lanes_float(1)));
    /* Over a background that is only said to be transparent, colours are whole already. */
    if (lanes_any(partly) && !(worker->options->background_transparency > 0)) {
        lanes_m there = lanes_less(lanes_float(0), alpha);
        lanes_f scale = 1.0f / lanes_pick(there, alpha, lanes_float(1));
        for (int c = 0; c < 3; c++)
            straight[c] = lanes_pick(there, straight[c] * scale, lanes_float(0));
    }
    if (plane->format == CALO_PIXEL_RGBA32F) {
        float pixels[4 * LANES];
        lanes_store4(pixels, straight);
        write_rows(plane, area, pixels, 4 * sizeof *pixels);
        return;
    }
    bool displayed = worker->scene->list.shading != CALO_SHADING_GLTF;
    lanes_i codes = round_to_byte(alpha) << 24;
    for (int c = 0; c < 3; c++)
        codes |= (displayed ? round_to_byte(straight[c]) : encode_srgb(table, straight[c])) << (8 * c);
    if (plane->format == CALO_PIXEL_RGBA8) {
        lanes_f pixels = (lanes_f)codes;
        write_vectors(frame, CALO_CHANNEL_COLOR, area, &pixels, 1);
        return;
    }
    uint32_t three[3 * LANES / 4];
    for (int i = 0; i < LANES / 4; i++)
        drop_alpha((const uint32_t *)&codes + 4 * i, three + 3 * i);
    write_rows(plane, area, three, 3);
}

void calo_cpu_tile_find_empty(calo_cpu_worker *worker, calo_pixel_format format)
{
    lanes_f color[4];
    calo_frame frame = {.width = 1, .height = 1};
    calo_cpu_area area = {0, 0, 1, 1};
    frame.planes[CALO_CHANNEL_COLOR] = (calo_image){1, 1, format, sizeof worker->empty_color, worker->empty_color};
    for (int c = 0; c < 4; c++)
        color[c] = lanes_float(worker->background[c]);
    calo_cpu_tile_write_color(worker, color, &area, &frame);
}

/* The same pixel `count` times. */
static void fill_pixels(char *to, const void *pixel, size_t pixel_bytes, size_t count)
{
    size_t bytes = pixel_bytes * count;
    memcpy(to, pixel, pixel_bytes);
    for (size_t done = pixel_bytes; done < bytes; done *= 2)
        memcpy(to + done, to, done < bytes - done ? done : bytes - done);
}

void calo_cpu_tile_write_empty(const calo_cpu_worker *worker, uint32_t from, uint32_t to, uint32_t block_y,
                               const calo_frame *frame)
{
    calo_cpu_area area = area_of(worker, from * CALO_CPU_BLOCK, block_y * CALO_CPU_BLOCK, (to - from) * CALO_CPU_BLOCK,
                                 CALO_CPU_BLOCK);
    static const char zeros[4 * sizeof(float)];
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        if (!wants(worker->options, (calo_channel)c))
            continue;
        const void *pixel = c == CALO_CHANNEL_COLOR   ? (const void *)worker->empty_color
                            : c == CALO_CHANNEL_DEPTH ? &worker->options->background_depth
                                                      : (const void *)zeros;
        size_t bytes = calo_pixel_bytes(plane->format);
        char *first = pixel_at(plane, area.x, area.y, bytes);
        if (area.rows > 0)
            fill_pixels(first, pixel, bytes, area.columns);
        for (uint32_t row = 1; row < area.rows; row++)
            memcpy(first + row * plane->row_bytes, first, area.columns * bytes);
    }
}
