/* Alpha: what the rasterizer calls for surfaces that are not opaque, and the sorted fragments. */
#ifndef CALO_RENDER_CPU_BLEND_H
#define CALO_RENDER_CPU_BLEND_H

#include "render/cpu/surface.h"

/* A pixel (its centre, a set of its colour samples) that a surface covers and nothing before it hides. */
void calo_cpu_visit_transparent(calo_cpu_worker *worker, calo_cpu_pass pass, uint32_t id, uint32_t x, uint32_t y,
                                bool center, float z, uint32_t samples, const float *sample_z);

/* Fills worker->fragments with the rows [top, *bottom), sorted by pixel and then back to front.
 * Lowers *bottom when there are more layers than memory is set aside for: call again from there. */
calo_status calo_cpu_collect_fragments(calo_cpu_worker *worker, uint32_t top, uint32_t *bottom, calo_error *err);

#endif
