/* The cpu backend: a software rasterizer with a visibility buffer, one view a thread. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/backend.h"
#include "render/cpu/blend.h"
#include "render/stages.h"

/* 1/256 pixels from the centre: one in each row and column of a 4x4 and a 16x16 grid. */
static const int32_t one_sample[][2] = {{0, 0}};
static const int32_t four_samples[][2] = {{-32, -96}, {96, -32}, {-96, 32}, {32, 96}};
static const int32_t sixteen_samples[][2] = {
    {-120, -8}, {-104, 72},  {-88, -72}, {-72, 24}, {-56, 104}, {-40, -104}, {-24, -40}, {-8, 56},
    {8, -120},  {24, 120},   {40, 8},    {56, -56}, {72, 88},   {88, -88},   {104, -24}, {120, 40},
};

/* 17 samples of a 1024 x 1024 picture fit twice. */
enum { BUFFER_BYTES_MAX = 1 << 28 };

static bool probe(char *detail, size_t detail_bytes)
{
    snprintf(detail, detail_bytes, "software rasterizer, runs on every machine");
    return true;
}

static calo_status open_worker(void **out, calo_error *err)
{
    calo_cpu_worker *worker = calloc(1, sizeof *worker);
    calo_cpu_element *element = calloc(1, sizeof *element);
    if (!worker || !element) {
        free(worker);
        free(element);
        return calo_fail_memory(err, "a renderer's worker", sizeof *worker);
    }
    worker->element = element;
    worker->last_stage = CALO_STAGE_SHADE;
    *out = worker;
    return CALO_OK;
}

static void close_worker(void *pointer)
{
    calo_cpu_worker *worker = pointer;
    free(worker->z);
    free(worker->ids);
    free(worker->sample_z);
    free(worker->sample_ids);
    free(worker->vertices);
    free(worker->fragments);
    free(worker->element);
    free(worker);
}

static void stop_after(void *pointer, int stage)
{
    calo_cpu_worker *worker = pointer;
    worker->last_stage = stage;
}

static bool grow(void **memory, size_t bytes)
{
    free(*memory);
    *memory = malloc(bytes ? bytes : 1);
    return *memory != NULL;
}

/* Rows that the buffers hold at once: all, but for very large pictures. */
static uint32_t buffer_rows(const calo_cpu_worker *worker)
{
    size_t row_bytes = (size_t)worker->width * (1 + worker->sample_count) * 8;
    size_t rows = BUFFER_BYTES_MAX / row_bytes;
    return rows < worker->height ? (uint32_t)(rows > 0 ? rows : 1) : worker->height;
}

static calo_status size_buffers(calo_cpu_worker *worker, calo_error *err)
{
    size_t pixels = (size_t)worker->width * buffer_rows(worker), samples = pixels * worker->sample_count;
    if (worker->pixel_capacity < pixels) {
        worker->pixel_capacity = 0;
        if (!grow((void **)&worker->z, pixels * sizeof *worker->z) ||
            !grow((void **)&worker->ids, pixels * sizeof *worker->ids))
            return calo_fail_memory(err, "the depth buffer", pixels * 8);
        worker->pixel_capacity = pixels;
    }
    /* Data channels alone need no samples, but the rasterizer steps through the buffer all the same. */
    if (!worker->sample_z || worker->sample_capacity < samples) {
        worker->sample_capacity = 0;
        if (!grow((void **)&worker->sample_z, samples * sizeof *worker->sample_z) ||
            !grow((void **)&worker->sample_ids, samples * sizeof *worker->sample_ids))
            return calo_fail_memory(err, "the antialiasing samples", samples * 8);
        worker->sample_capacity = samples;
    }
    return CALO_OK;
}

static void clear(calo_cpu_worker *worker)
{
    size_t pixels = (size_t)worker->width * (worker->buffer_bottom - worker->buffer_top);
    size_t samples = pixels * worker->sample_count;
    for (size_t i = 0; i < pixels; i++)
        worker->z[i] = -INFINITY;
    memset(worker->ids, 0, pixels * sizeof *worker->ids);
    for (size_t i = 0; i < samples; i++)
        worker->sample_z[i] = -INFINITY;
    if (samples)
        memset(worker->sample_ids, 0, samples * sizeof *worker->sample_ids);
}

/* Colour without antialiasing and without blending is what the pixel centres show. */
static void choose_samples(calo_cpu_worker *worker)
{
    bool color = worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    uint32_t samples = worker->options->samples;
    worker->sample_count = color && (samples > 1 || worker->scene->has_blend) ? samples : 0;
    worker->sample_offsets = samples == 16 ? sixteen_samples : samples == 4 ? four_samples : one_sample;
}

static calo_status begin(calo_cpu_worker *worker, const calo_cpu_scene *scene, const calo_render_options *options,
                         const calo_view *view, calo_error *err)
{
    worker->scene = scene;
    worker->options = options;
    worker->width = view->width;
    worker->height = view->height;
    worker->element->id = 0;
    worker->element->draw = NULL;
    calo_cpu_camera_init(&worker->camera, view);
    choose_samples(worker);
    return size_buffers(worker, err);
}

/* Every draw of one alpha mode. */
static calo_status draw_all(calo_cpu_worker *worker, calo_alpha_mode mode, calo_cpu_pass pass, calo_error *err)
{
    for (uint32_t d = 0; d < worker->scene->draw_count; d++) {
        const calo_cpu_draw *draw = &worker->scene->draws[d];
        if (worker->scene->materials[draw->material].source.alpha_mode != mode)
            continue;
        calo_status status = calo_cpu_draw_geometry(worker, draw, pass, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* The rows [top, bottom): visibility first, then every visible surface once. */
static calo_status draw_rows(calo_cpu_worker *worker, uint32_t top, uint32_t bottom, calo_frame *frame, calo_error *err)
{
    worker->buffer_top = worker->band_top = top;
    worker->buffer_bottom = worker->band_bottom = bottom;
    clear(worker);
    calo_status status = draw_all(worker, CALO_ALPHA_OPAQUE, CALO_CPU_PASS_OPAQUE, err);
    if (status == CALO_OK)
        status = draw_all(worker, CALO_ALPHA_MASK, CALO_CPU_PASS_MASK, err);
    if (status == CALO_OK)
        status = draw_all(worker, CALO_ALPHA_BLEND, CALO_CPU_PASS_DATA, err);
    if (status == CALO_OK && worker->last_stage >= CALO_STAGE_SHADE)
        status = calo_cpu_resolve(worker, frame, err);
    return status;
}

static calo_status draw(void *pointer, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_frame *frame, calo_error *err)
{
    calo_cpu_worker *worker = pointer;
    calo_status status = begin(worker, scene, options, view, err);
    uint32_t rows = buffer_rows(worker);
    for (uint32_t top = 0; status == CALO_OK && top < view->height; top += rows)
        status = draw_rows(worker, top, top + rows < view->height ? top + rows : view->height, frame, err);
    return status;
}

const calo_backend calo_backend_cpu = {
    .name = "cpu",
    .probe = probe,
    .prepare = calo_cpu_scene_prepare,
    .release = calo_cpu_scene_release,
    .open_worker = open_worker,
    .close_worker = close_worker,
    .stop_after = stop_after,
    .draw = draw,
};
