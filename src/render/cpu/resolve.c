/* From the visibility buffer to the frame: each visible surface is shaded once a pixel. */
#include <math.h>
#include <string.h>

#include "base/scalar.h"
#include "image/color.h"
#include "render/cpu/blend.h"

/* The colour of one pixel while it is put together: premultiplied, linear, a sample each. */
typedef struct pixel_color {
    float samples[CALO_CPU_SAMPLES_MAX][4];
} pixel_color;

static const calo_cpu_element *element_of(calo_cpu_worker *worker, uint32_t id)
{
    if (worker->element->id != id)
        calo_cpu_element_init(worker->element, worker, id);
    return worker->element;
}

static inline float *float_pixel(const calo_image *plane, uint32_t x, uint32_t y, uint32_t components)
{
    return (float *)((char *)plane->data + (size_t)y * plane->row_bytes) + (size_t)x * components;
}

/* ---- data channels ---- */

static inline void write_floats(const calo_frame *frame, uint32_t channels, calo_channel channel, uint32_t x,
                                uint32_t y, const float *values, uint32_t components)
{
    if (!(channels & CALO_CHANNEL_BIT(channel)))
        return;
    float *to = float_pixel(&frame->planes[channel], x, y, components);
    for (uint32_t i = 0; i < components; i++)
        to[i] = values[i];
}

static void write_normal(const calo_cpu_worker *worker, const calo_frame *frame, calo_channel channel, uint32_t x,
                         uint32_t y, const float world[3])
{
    const float *m = worker->camera.to_camera;
    float camera[3];
    for (int i = 0; i < 3; i++)
        camera[i] = m[3 * i] * world[0] + m[3 * i + 1] * world[1] + m[3 * i + 2] * world[2];
    write_floats(frame, worker->options->channels, channel, x, y,
                 worker->options->world_space_normals ? world : camera, 3);
}

static void write_id(const calo_frame *frame, uint32_t channels, calo_channel channel, uint32_t x, uint32_t y,
                     uint32_t id)
{
    const calo_image *plane = &frame->planes[channel];
    if (channels & CALO_CHANNEL_BIT(channel))
        ((uint32_t *)((char *)plane->data + (size_t)y * plane->row_bytes))[x] = id;
}

/* Distance along the ray instead of along the view axis. */
static float distance_along_ray(const calo_cpu_worker *worker, const calo_cpu_surface *surface)
{
    float sum = 0;
    if (worker->camera.orthographic)
        return surface->depth;
    for (int i = 0; i < 3; i++) {
        float d = worker->camera.position[i] - surface->position[i];
        sum += d * d;
    }
    return sqrtf(sum);
}

static void write_data(const calo_cpu_worker *worker, const calo_frame *frame, uint32_t x, uint32_t y,
                       const calo_cpu_draw *draw, const calo_cpu_surface *surface)
{
    uint32_t channels = worker->options->channels;
    const calo_image *mask = &frame->planes[CALO_CHANNEL_MASK];
    if (channels & CALO_CHANNEL_BIT(CALO_CHANNEL_MASK))
        ((uint8_t *)mask->data)[(size_t)y * mask->row_bytes + x] = 1;
    write_id(frame, channels, CALO_CHANNEL_INSTANCE_ID, x, y, draw->instance_id);
    write_id(frame, channels, CALO_CHANNEL_MATERIAL_ID, x, y, draw->material_id);
    float depth = worker->options->ray_depth ? distance_along_ray(worker, surface) : surface->depth;
    float metal_roughness[2] = {surface->metallic, surface->roughness};
    write_floats(frame, channels, CALO_CHANNEL_DEPTH, x, y, &depth, 1);
    write_floats(frame, channels, CALO_CHANNEL_POSITION, x, y, surface->position, 3);
    write_floats(frame, channels, CALO_CHANNEL_UV, x, y, surface->uv, 2);
    write_floats(frame, channels, CALO_CHANNEL_ALBEDO, x, y, surface->base_color, 3);
    write_floats(frame, channels, CALO_CHANNEL_METAL_ROUGHNESS, x, y, metal_roughness, 2);
    if (channels & CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL))
        write_normal(worker, frame, CALO_CHANNEL_NORMAL, x, y, surface->normal);
    if (channels & CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL))
        write_normal(worker, frame, CALO_CHANNEL_GEOMETRIC_NORMAL, x, y, surface->geometric_normal);
}

/* What every channel holds in the buffers' rows where nothing is. */
static void clear_frame(const calo_cpu_worker *worker, calo_frame *frame)
{
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        const calo_image *plane = &frame->planes[c];
        if (!(worker->options->channels & CALO_CHANNEL_BIT(c)))
            continue;
        for (uint32_t y = worker->buffer_top; y < worker->buffer_bottom; y++)
            memset((char *)plane->data + (size_t)y * plane->row_bytes, 0,
                   (size_t)worker->width * calo_pixel_bytes(plane->format));
    }
    float depth = worker->options->background_depth;
    if (depth == 0 || !(worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH)))
        return;
    for (uint32_t y = worker->buffer_top; y < worker->buffer_bottom; y++)
        for (uint32_t x = 0; x < worker->width; x++)
            *float_pixel(&frame->planes[CALO_CHANNEL_DEPTH], x, y, 1) = depth;
}

/* ---- colour ---- */

static void background(const calo_cpu_worker *worker, double x, double y, float rgba[4])
{
    const calo_render_options *options = worker->options;
    memset(rgba, 0, 4 * sizeof *rgba);
    if (options->background == CALO_BACKGROUND_TRANSPARENT)
        return;
    rgba[3] = 1;
    if (options->background == CALO_BACKGROUND_COLOR) {
        memcpy(rgba, options->background_color, 3 * sizeof *rgba);
        return;
    }
    float direction[3];
    calo_cpu_pixel_direction(&worker->camera, x, y, direction);
    calo_environment_radiance(&worker->scene->environment, direction, rgba);
}

/* Shades an element in the middle of the samples it covers; rgba is not premultiplied. */
static void shade_samples(calo_cpu_worker *worker, uint32_t id, uint32_t x, uint32_t y, uint32_t samples, float rgba[4])
{
    const calo_cpu_element *element = element_of(worker, id);
    calo_cpu_surface surface;
    int32_t sum_x = 0, sum_y = 0, count = 0;
    for (uint32_t s = 0; s < worker->sample_count; s++)
        if (samples >> s & 1) {
            sum_x += worker->sample_offsets[s][0];
            sum_y += worker->sample_offsets[s][1];
            count++;
        }
    double scale = 1.0 / (CALO_CPU_SUBPIXEL * (double)count);
    calo_cpu_element_surface(worker, element, x + 0.5 + sum_x * scale, y + 0.5 + sum_y * scale, &surface);
    calo_cpu_shade(worker, element, &surface, rgba);
    rgba[3] = element->material->source.alpha_mode == CALO_ALPHA_BLEND ? surface.base_color[3] : 1;
}

/* Each surface among the samples is shaded once; the one at the centre already is. */
static void shade_opaque(calo_cpu_worker *worker, uint32_t x, uint32_t y, uint32_t center_id, const float center[4],
                         pixel_color *color)
{
    uint32_t count = worker->sample_count, todo = (count < 32 ? 1u << count : 0) - 1;
    const uint32_t *ids = worker->sample_ids + calo_cpu_pixel_index(worker, x, y) * count;
    while (todo) {
        uint32_t id = ids[__builtin_ctz(todo)], same = 0;
        for (uint32_t s = 0; s < count; s++)
            same |= (uint32_t)(ids[s] == id) << s;
        same &= todo;
        todo &= ~same;
        float rgba[4];
        if (id == 0)
            background(worker, x + 0.5, y + 0.5, rgba);
        else if (id == center_id)
            memcpy(rgba, center, sizeof rgba);
        else
            shade_samples(worker, id, x, y, same, rgba);
        for (uint32_t s = 0; s < count; s++)
            if (same >> s & 1)
                memcpy(color->samples[s], rgba, sizeof rgba);
    }
}

/* The fragments of this pixel over what lies behind them. */
static void blend_fragments(calo_cpu_worker *worker, uint32_t x, uint32_t y, size_t *next, pixel_color *color)
{
    uint32_t pixel = (uint32_t)calo_cpu_pixel_index(worker, x, y);
    for (; *next < worker->fragment_count && worker->fragments[*next].pixel == pixel; ++*next) {
        const calo_cpu_fragment *fragment = &worker->fragments[*next];
        float rgba[4];
        shade_samples(worker, fragment->id, x, y, fragment->samples, rgba);
        for (uint32_t s = 0; s < worker->sample_count; s++) {
            float *to = color->samples[s];
            if (!(fragment->samples >> s & 1))
                continue;
            for (int i = 0; i < 3; i++)
                to[i] = rgba[i] * rgba[3] + to[i] * (1 - rgba[3]);
            to[3] = rgba[3] + to[3] * (1 - rgba[3]);
        }
    }
}

static void mean_of_samples(const calo_cpu_worker *worker, const pixel_color *color, float rgba[4])
{
    float scale = 1.0f / (float)worker->sample_count;
    for (int i = 0; i < 4; i++) {
        float sum = 0;
        for (uint32_t s = 0; s < worker->sample_count; s++)
            sum += color->samples[s][i];
        rgba[i] = sum * scale;
    }
}

/* Premultiplied linear light to the frame's colour format, straight alpha. */
static void write_color(const calo_frame *frame, uint32_t x, uint32_t y, const float premultiplied[4])
{
    const calo_image *plane = &frame->planes[CALO_CHANNEL_COLOR];
    float rgba[4] = {0, 0, 0, premultiplied[3]};
    if (rgba[3] > 0)
        for (int i = 0; i < 3; i++)
            rgba[i] = premultiplied[i] / rgba[3];
    if (plane->format == CALO_PIXEL_RGBA32F) {
        memcpy(float_pixel(plane, x, y, 4), rgba, sizeof rgba);
        return;
    }
    uint32_t bytes = plane->format == CALO_PIXEL_RGBA8 ? 4 : 3;
    uint8_t *to = (uint8_t *)plane->data + (size_t)y * plane->row_bytes + x * bytes;
    for (int i = 0; i < 3; i++)
        to[i] = calo_srgb_from_linear(rgba[i]);
    if (bytes == 4)
        to[3] = (uint8_t)(calo_clampf(rgba[3], 0, 1) * 255 + 0.5f);
}

/* ---- the picture ---- */

/* True when the pixel keeps what clear_frame put there. */
static bool is_empty(const calo_cpu_worker *worker, size_t pixel, size_t next_fragment)
{
    uint32_t any = worker->ids[pixel];
    for (uint32_t s = 0; s < worker->sample_count; s++)
        any |= worker->sample_ids[pixel * worker->sample_count + s];
    bool blended = next_fragment < worker->fragment_count && worker->fragments[next_fragment].pixel == pixel;
    return !any && !blended && worker->options->background == CALO_BACKGROUND_TRANSPARENT;
}

static void resolve_pixel(calo_cpu_worker *worker, const calo_frame *frame, uint32_t x, uint32_t y,
                          size_t *next_fragment)
{
    size_t pixel = calo_cpu_pixel_index(worker, x, y);
    uint32_t id = worker->ids[pixel];
    bool wants_color = worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    float rgba[4] = {0};
    if (is_empty(worker, pixel, *next_fragment))
        return;
    if (id) {
        calo_cpu_surface surface;
        const calo_cpu_element *element = element_of(worker, id);
        calo_cpu_element_surface(worker, element, x + 0.5, y + 0.5, &surface);
        write_data(worker, frame, x, y, element->draw, &surface);
        if (wants_color)
            calo_cpu_shade(worker, element, &surface, rgba);
        rgba[3] = 1;
    } else if (worker->sample_count == 0) {
        background(worker, x + 0.5, y + 0.5, rgba);
    }
    if (!wants_color)
        return;
    if (worker->sample_count > 0) {
        pixel_color color;
        shade_opaque(worker, x, y, id, rgba, &color);
        blend_fragments(worker, x, y, next_fragment, &color);
        mean_of_samples(worker, &color, rgba);
    }
    write_color(frame, x, y, rgba);
}

calo_status calo_cpu_resolve(calo_cpu_worker *worker, calo_frame *frame, calo_error *err)
{
    bool blends = worker->scene->has_blend && worker->sample_count > 0;
    uint32_t bottom = 0;
    worker->fragment_count = 0;
    clear_frame(worker, frame);
    for (uint32_t top = worker->buffer_top; top < worker->buffer_bottom; top = bottom) {
        size_t next_fragment = 0;
        bottom = worker->buffer_bottom;
        calo_status status = blends ? calo_cpu_collect_fragments(worker, top, &bottom, err) : CALO_OK;
        if (status != CALO_OK)
            return status;
        for (uint32_t y = top; y < bottom; y++)
            for (uint32_t x = 0; x < worker->width; x++)
                resolve_pixel(worker, frame, x, y, &next_fragment);
    }
    return CALO_OK;
}
