/* Rows of one view: the visibility buffer first, then every visible surface once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/cpu/element.h"
#include "render/sample_offsets.h"
#include "render/stages.h"

/* 17 samples of a 1024 x 1024 picture fit twice. */
enum { BUFFER_BYTES_MAX = 1 << 28 };

/* ---- a worker ---- */

static void make_places(calo_cpu_slot_places *places, uint32_t samples, const int32_t (*offsets)[2])
{
    for (uint32_t i = 0; i < samples * CALO_CPU_SLOTS; i++) {
        uint32_t pixel = i / samples, group = i / CALO_CPU_SLOTS, slot = i % CALO_CPU_SLOTS;
        int32_t x = (int32_t)(pixel % CALO_CPU_BLOCK) * CALO_CPU_SUBPIXEL + offsets[i % samples][0];
        int32_t y = (int32_t)(pixel / CALO_CPU_BLOCK) * CALO_CPU_SUBPIXEL + offsets[i % samples][1];
        places->packed[group][slot] = (x & 0xffff) | (int32_t)((uint32_t)y << 16);
        places->x[group][slot] = (float)x / CALO_CPU_SUBPIXEL;
        places->y[group][slot] = (float)y / CALO_CPU_SUBPIXEL;
    }
}

static void make_sums(calo_cpu_worker *worker)
{
    memset(worker->sample_sums, 0, sizeof worker->sample_sums);
    for (uint32_t s = 0; s < worker->sample_count; s++)
        for (uint32_t bits = 0; bits < 256; bits++)
            for (int c = 0; bits >> s % 8 & 1 && c < 2; c++)
                worker->sample_sums[s / 8][bits][c] += worker->sample_offsets[s][c];
}

static void close_worker(void *pointer)
{
    calo_cpu_worker *worker = pointer;
    calo_cpu_resolve_finish(worker);
    calo_cpu_occlusion_finish(worker);
    free(worker->centers);
    free(worker->touched);
    free(worker->samples);
    free(worker->visible);
    free(worker->fine_groups);
    free(worker->fragments);
    free(worker->fragment_scratch);
    free(worker->elements);
    free(worker);
}

static calo_status open_worker(void **out, calo_error *err)
{
    calo_cpu_worker *worker = aligned_alloc(64, sizeof *worker);
    if (!worker)
        return calo_fail_memory(err, "a renderer's worker", sizeof *worker);
    memset(worker, 0, sizeof *worker);
    worker->elements = calloc(CALO_CPU_ELEMENTS, sizeof *worker->elements);
    if (!worker->elements) {
        free(worker);
        return calo_fail_memory(err, "a renderer's worker", CALO_CPU_ELEMENTS * sizeof *worker->elements);
    }
    make_places(&worker->center_places, 1, calo_sample_offsets(1));
    worker->last_stage = CALO_STAGE_SHADE;
    *out = worker;
    return CALO_OK;
}

static void stop_after(void *pointer, int stage)
{
    calo_cpu_worker *worker = pointer;
    worker->last_stage = stage;
}

/* ---- buffers ---- */

/* Of `rows`, what the buffers hold at once: all, but for very large pictures. Whole blocks. */
static uint32_t buffer_rows(const calo_cpu_worker *worker, calo_rows rows)
{
    size_t block_bytes = (size_t)worker->blocks_across * (1 + worker->sample_count) * sizeof(calo_cpu_slots);
    size_t blocks = BUFFER_BYTES_MAX / block_bytes;
    size_t needed = (rows.bottom - rows.top + CALO_CPU_BLOCK - 1) / CALO_CPU_BLOCK;
    blocks = blocks < needed ? (blocks > 0 ? blocks : 1) : needed;
    return (uint32_t)blocks * CALO_CPU_BLOCK;
}

static calo_status grow(calo_cpu_slots **slots, size_t *capacity, size_t count, const char *what, calo_error *err)
{
    if (*capacity >= count)
        return CALO_OK;
    free(*slots);
    *capacity = 0;
    *slots = aligned_alloc(64, count * sizeof **slots);
    if (!*slots)
        return calo_fail_memory(err, what, count * sizeof **slots);
    *capacity = count;
    return CALO_OK;
}

/* Before the depth buffer, whose capacity counts for both. */
static calo_status grow_map(calo_cpu_worker *worker, size_t blocks, calo_error *err)
{
    if (worker->center_capacity >= blocks)
        return CALO_OK;
    free(worker->touched);
    worker->touched = malloc(blocks);
    return worker->touched ? CALO_OK : calo_fail_memory(err, "the map of blocks", blocks);
}

static calo_status size_buffers(calo_cpu_worker *worker, calo_rows rows, calo_error *err)
{
    size_t blocks = (size_t)worker->blocks_across * (buffer_rows(worker, rows) / CALO_CPU_BLOCK);
    size_t before = worker->center_capacity + worker->sample_capacity;
    calo_status status = grow_map(worker, blocks, err);
    if (status == CALO_OK)
        status = grow(&worker->centers, &worker->center_capacity, blocks, "the depth buffer", err);
    if (status == CALO_OK)
        status = grow(&worker->samples, &worker->sample_capacity, blocks * worker->sample_count,
                      "the antialiasing samples", err);
    if (status != CALO_OK || (worker->clean && before == worker->center_capacity + worker->sample_capacity))
        return status;
    memset(worker->touched, 0, worker->center_capacity);
    calo_cpu_clear_slots(worker, worker->centers, worker->center_capacity);
    calo_cpu_clear_slots(worker, worker->samples, worker->sample_capacity);
    return CALO_OK;
}

/* What is cleared to the far plane shows nothing that lies behind it, sample by sample. */
static void choose_empty(calo_cpu_worker *worker)
{
    const calo_cpu_camera *camera = &worker->camera;
    float far_z = camera->orthographic ? -camera->far_metres : 1 / camera->far_metres;
    float empty_z = isinf(camera->far_metres) ? -INFINITY : nextafterf(far_z, -INFINITY);
    worker->clean &= empty_z == worker->empty_z;
    worker->empty_z = empty_z;
}

/* Colour without antialiasing and without blending is what the pixel centres show. */
static void choose_samples(calo_cpu_worker *worker)
{
    bool color = worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    uint32_t samples = worker->options->samples;
    worker->sample_count = color && (samples > 1 || worker->scene->list.has_blend) ? samples : 0;
    worker->sample_offsets = calo_sample_offsets(samples);
    if (worker->sample_count && worker->places_count != worker->sample_count) {
        make_places(&worker->sample_places, worker->sample_count, worker->sample_offsets);
        make_sums(worker);
    }
    worker->places_count = worker->sample_count ? worker->sample_count : worker->places_count;
}

/* ---- a view ---- */

static bool needs_position(const calo_cpu_scene *scene, const calo_render_options *options, const calo_view *view)
{
    bool needed = options->ray_depth || (options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_POSITION)) ||
                  (view->orthographic && scene->list.shading != CALO_SHADING_GLTF);
    for (uint32_t i = 0; i < scene->list.lamp_count; i++)
        needed |= scene->list.lamps[i].kind != CALO_LIGHT_DIRECTIONAL;
    return needed || scene->shadows.count > 0;
}

static calo_status begin(calo_cpu_worker *worker, const calo_cpu_scene *scene, const calo_render_options *options,
                         const calo_view *view, calo_rows rows, calo_error *err)
{
    worker->scene = scene;
    worker->options = options;
    worker->width = view->width;
    worker->height = view->height;
    worker->blocks_across = (view->width + CALO_CPU_BLOCK - 1) / CALO_CPU_BLOCK;
    worker->draw_state.draw = NULL;
    memset(worker->elements, 0, CALO_CPU_ELEMENTS * sizeof *worker->elements);
    calo_cpu_camera_init(&worker->camera, view);
    choose_empty(worker);
    choose_samples(worker);
    worker->needs_position = needs_position(scene, options, view);
    worker->needs_geometric_normal = scene->shadows.count > 0 ||
                                     (options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL));
    worker->draws_shadow_map = false;
    calo_status status = size_buffers(worker, rows, err);
    if (status == CALO_OK && scene->in_depth)
        status = calo_cpu_reserve_occlusion(worker, buffer_rows(worker, rows), err);
    if (status == CALO_OK && scene->in_depth)
        calo_cpu_sort_draws(worker);
    return status;
}

/* Every draw of one alpha mode; opaque ones of scenes with many from front to back. */
static calo_status draw_all(calo_cpu_worker *worker, calo_alpha_mode mode, calo_cpu_pass pass, calo_error *err)
{
    bool in_depth = worker->scene->in_depth;
    for (uint32_t d = 0; d < worker->scene->draw_count; d++) {
        uint32_t index = pass == CALO_CPU_PASS_ANY_ORDER ? worker->draw_order[d] : d;
        const calo_cpu_draw *draw = &worker->scene->draws[index];
        if (draw->shared.alpha_mode != mode)
            continue;
        if (worker->draws_shadow_map && !calo_draw_casts(&draw->shared))
            continue;
        if (in_depth)
            calo_cpu_refresh_occlusion(worker, pass);
        calo_status status = calo_cpu_draw_geometry(worker, draw, pass, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* Blocks of the rows at hand. */
static size_t block_count(const calo_cpu_worker *worker)
{
    uint32_t rows = worker->buffer_bottom - worker->buffer_top;
    return (size_t)worker->blocks_across * ((rows + CALO_CPU_BLOCK - 1) / CALO_CPU_BLOCK);
}

static void copy_centers(calo_cpu_worker *worker)
{
    for (size_t block = 0, count = block_count(worker); block < count; block++)
        if (worker->touched[block])
            worker->samples[block] = worker->centers[block];
}

/* What is seen in the rows [top, bottom), into the buffers. */
static calo_status find_visible(calo_cpu_worker *worker, uint32_t top, uint32_t bottom, calo_error *err)
{
    worker->buffer_top = worker->band_top = top;
    worker->buffer_bottom = worker->band_bottom = bottom;
    worker->clean = false;
    calo_cpu_begin_occlusion(worker);
    calo_cpu_pass opaque = worker->scene->in_depth ? CALO_CPU_PASS_ANY_ORDER : CALO_CPU_PASS_OPAQUE;
    calo_status status = draw_all(worker, CALO_ALPHA_OPAQUE, opaque, err);
    /* One sample lies at the centre: what is opaque is drawn once, then copied. */
    if (worker->sample_count == 1)
        copy_centers(worker);
    if (status == CALO_OK)
        status = draw_all(worker, CALO_ALPHA_MASK, CALO_CPU_PASS_MASK, err);
    if (status == CALO_OK)
        status = draw_all(worker, CALO_ALPHA_BLEND, CALO_CPU_PASS_DATA, err);
    return status;
}

/* The rows [top, bottom). Resolving leaves the buffers empty for the next ones. */
static calo_status draw_rows(calo_cpu_worker *worker, uint32_t top, uint32_t bottom, calo_frame *frame, calo_error *err)
{
    calo_status status = find_visible(worker, top, bottom, err);
    if (status == CALO_OK && worker->last_stage >= CALO_STAGE_SHADE)
        status = calo_cpu_resolve(worker, frame, err);
    worker->clean = status == CALO_OK && worker->last_stage != CALO_STAGE_RASTER;
    return status;
}

static calo_status draw(void *pointer, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_rows rows, calo_frame *frame, calo_error *err)
{
    calo_cpu_worker *worker = pointer;
    calo_status status = begin(worker, scene, options, view, rows, err);
    uint32_t step = buffer_rows(worker, rows);
    for (uint32_t top = rows.top; status == CALO_OK && top < rows.bottom; top += step)
        status = draw_rows(worker, top, rows.bottom - top > step ? top + step : rows.bottom, frame, err);
    return status;
}

/* ---- shadow maps ---- */

/* Both sides of a surface stop light, and nothing of it is shaded. */
static const calo_render_options shadow_options = {
    .channels = CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH), .samples = 1, .cull = CALO_CULL_OFF};

/* The depths of a block's centres, infinite where nothing is, as far as the map reaches. */
static void write_block_depths(const calo_cpu_worker *worker, const calo_cpu_slots *centers, uint32_t left,
                               uint32_t top, float *texels)
{
    float depths[CALO_CPU_SLOTS];
    for (int part = 0; part < CALO_CPU_SLOTS; part += LANES) {
        lanes_f z = lanes_load(centers->z + part), infinite = lanes_float(INFINITY);
        lanes_m empty = lanes_equal_int(lanes_load_int(centers->ids + part), lanes_int(0));
        lanes_store(depths + part, lanes_pick(empty, infinite, worker->camera.orthographic ? -z : 1.0f / z));
    }
    uint32_t columns = worker->width - left < CALO_CPU_BLOCK ? worker->width - left : CALO_CPU_BLOCK;
    uint32_t rows = worker->buffer_bottom - top < CALO_CPU_BLOCK ? worker->buffer_bottom - top : CALO_CPU_BLOCK;
    for (uint32_t y = 0; y < rows; y++)
        memcpy(texels + (size_t)(top + y) * worker->width + left, depths + y * CALO_CPU_BLOCK,
               columns * sizeof *depths);
}

/* Leaves the buffers empty. */
static void write_depths(calo_cpu_worker *worker, float *texels)
{
    for (size_t block = 0, count = block_count(worker); block < count; block++) {
        uint32_t left = (uint32_t)(block % worker->blocks_across) * CALO_CPU_BLOCK;
        uint32_t top = worker->buffer_top + (uint32_t)(block / worker->blocks_across) * CALO_CPU_BLOCK;
        write_block_depths(worker, &worker->centers[block], left, top, texels);
        if (worker->touched[block])
            calo_cpu_clear_slots(worker, &worker->centers[block], 1);
        worker->touched[block] = 0;
    }
    worker->clean = true;
}

static calo_status draw_shadow_map(void *pointer, const void *scene, const calo_view *map, calo_rows rows,
                                   float *texels, calo_error *err)
{
    calo_cpu_worker *worker = pointer;
    calo_status status = begin(worker, scene, &shadow_options, map, rows, err);
    uint32_t step = buffer_rows(worker, rows);
    worker->draws_shadow_map = true;
    for (uint32_t top = rows.top; status == CALO_OK && top < rows.bottom; top += step) {
        status = find_visible(worker, top, rows.bottom - top > step ? top + step : rows.bottom, err);
        if (status == CALO_OK)
            write_depths(worker, texels);
    }
    return status;
}

#define CALO_CPU_TEXT2(x) #x
#define CALO_CPU_TEXT(x) CALO_CPU_TEXT2(x)

const calo_cpu_kernels calo_cpu_kernel_table = {
    .name = CALO_CPU_TEXT(CALO_CPU_LEVEL),
    .open_worker = open_worker,
    .close_worker = close_worker,
    .stop_after = stop_after,
    .draw = draw,
    .draw_shadow_map = draw_shadow_map,
};
