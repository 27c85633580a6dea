/* Surfaces whose alpha decides: MASK is tested where it is drawn, BLEND is collected as fragments,
 * sorted and laid over the opaque picture. */
#include "render/cpu/blend.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Data channels show a BLEND surface where it is at least this opaque, as Blender's passes do. */
static const float data_alpha = 0.5f;

static float alpha_at(const calo_cpu_worker *worker, const calo_cpu_element *element, double x, double y)
{
    calo_cpu_weights weights;
    float rgba[4];
    calo_cpu_element_weights(element, x, y, &weights);
    calo_cpu_element_base_color(worker->scene, element, &weights, rgba);
    return rgba[3];
}

static void visit_masked(calo_cpu_worker *worker, const calo_cpu_element *element, uint32_t x, uint32_t y, bool center,
                         float z, uint32_t samples, const float *sample_z)
{
    size_t pixel = calo_cpu_pixel_index(worker, x, y);
    float cutoff = element->material->source.alpha_cutoff;
    if (center && alpha_at(worker, element, x + 0.5, y + 0.5) >= cutoff) {
        worker->z[pixel] = z;
        worker->ids[pixel] = element->id;
    }
    for (uint32_t s = 0; s < worker->sample_count; s++) {
        const int32_t *offset = worker->sample_offsets[s];
        if (!(samples >> s & 1) || alpha_at(worker, element, x + 0.5 + offset[0] / (double)CALO_CPU_SUBPIXEL,
                                            y + 0.5 + offset[1] / (double)CALO_CPU_SUBPIXEL) < cutoff)
            continue;
        worker->sample_z[pixel * worker->sample_count + s] = sample_z[s];
        worker->sample_ids[pixel * worker->sample_count + s] = element->id;
    }
}

static void visit_center(calo_cpu_worker *worker, const calo_cpu_element *element, uint32_t x, uint32_t y, float z)
{
    size_t pixel = calo_cpu_pixel_index(worker, x, y);
    if (alpha_at(worker, element, x + 0.5, y + 0.5) < data_alpha)
        return;
    worker->z[pixel] = z;
    worker->ids[pixel] = element->id;
}

static void keep_fragment(calo_cpu_worker *worker, const calo_cpu_fragment *fragment)
{
    if (worker->fragment_count == worker->fragment_capacity)
        worker->fragments_overflow = true;
    else
        worker->fragments[worker->fragment_count++] = *fragment;
}

void calo_cpu_visit_transparent(calo_cpu_worker *worker, calo_cpu_pass pass, uint32_t id, uint32_t x, uint32_t y,
                                bool center, float z, uint32_t samples, const float *sample_z)
{
    if (pass == CALO_CPU_PASS_FRAGMENTS) {
        uint32_t pixel = (uint32_t)calo_cpu_pixel_index(worker, x, y);
        if (samples)
            keep_fragment(worker, &(calo_cpu_fragment){pixel, id, z, samples});
        return;
    }
    if (worker->element->id != id)
        calo_cpu_element_init(worker->element, worker, id);
    if (pass == CALO_CPU_PASS_MASK)
        visit_masked(worker, worker->element, x, y, center, z, samples, sample_z);
    else if (center)
        visit_center(worker, worker->element, x, y, z);
}

/* Pixel by pixel, the farthest first; equal ones in file order, so that the order is total. */
static int compare_fragments(const void *left, const void *right)
{
    const calo_cpu_fragment *a = left, *b = right;
    if (a->pixel != b->pixel)
        return a->pixel < b->pixel ? -1 : 1;
    if (a->z != b->z)
        return a->z < b->z ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static calo_status collect(calo_cpu_worker *worker, uint32_t top, uint32_t bottom, calo_error *err)
{
    worker->band_top = top;
    worker->band_bottom = bottom;
    worker->fragment_count = 0;
    worker->fragments_overflow = false;
    for (uint32_t d = 0; d < worker->scene->draw_count; d++) {
        const calo_cpu_draw *draw = &worker->scene->draws[d];
        if (worker->scene->materials[draw->material].source.alpha_mode != CALO_ALPHA_BLEND)
            continue;
        calo_status status = calo_cpu_draw_geometry(worker, draw, CALO_CPU_PASS_FRAGMENTS, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* Room for a sensible number of layers a pixel; grown only when a single row has more. */
static calo_status reserve(calo_cpu_worker *worker, size_t capacity, calo_error *err)
{
    if (worker->fragment_capacity >= capacity)
        return CALO_OK;
    free(worker->fragments);
    worker->fragment_capacity = 0;
    worker->fragments = malloc(capacity * sizeof *worker->fragments);
    if (!worker->fragments)
        return calo_fail_memory(err, "transparent surfaces", capacity * sizeof *worker->fragments);
    worker->fragment_capacity = capacity;
    return CALO_OK;
}

calo_status calo_cpu_collect_fragments(calo_cpu_worker *worker, uint32_t top, uint32_t *bottom, calo_error *err)
{
    size_t pixels = (size_t)worker->width * (worker->buffer_bottom - worker->buffer_top);
    calo_status status = reserve(worker, pixels * 4 < CALO_CPU_FRAGMENT_MAX ? pixels * 4 : CALO_CPU_FRAGMENT_MAX, err);
    while (status == CALO_OK) {
        status = collect(worker, top, *bottom, err);
        if (status != CALO_OK || !worker->fragments_overflow)
            break;
        if (*bottom > top + 1) {
            *bottom = top + (*bottom - top) / 2;
        } else {
            if (worker->fragment_capacity > (size_t)CALO_CPU_FRAGMENT_MAX * 16)
                return calo_fail(err, CALO_ERROR_LIMIT,
                                 "one row of the picture has more than %zu layers of transparent surfaces: render it "
                                 "smaller or make its materials opaque", worker->fragment_capacity);
            status = reserve(worker, worker->fragment_capacity * 2, err);
        }
    }
    worker->band_top = worker->buffer_top;
    worker->band_bottom = worker->buffer_bottom;
    if (status == CALO_OK)
        qsort(worker->fragments, worker->fragment_count, sizeof *worker->fragments, compare_fragments);
    return status;
}
