/* What shadow maps are drawn with and kept in, handed on from scene to scene that share things: to touch memory for the
 * first time would take longer than to draw. */
#ifndef CALO_RENDER_CPU_SHADOW_MEMORY_H
#define CALO_RENDER_CPU_SHADOW_MEMORY_H

#include "render/cpu/kernels.h"

/* Texels that one scene has. */
typedef struct calo_cpu_shadow_texels {
    size_t count;
    float *values;
} calo_cpu_shadow_texels;

/* A thing that scenes share. Any thread may take from it and give back. */
typedef struct calo_cpu_shadow_memory calo_cpu_shadow_memory;

calo_status calo_cpu_shadow_memory_share(calo_sharing *sharing, calo_cpu_shadow_memory **memory, calo_error *err);
/* Before the thing itself is freed. */
void calo_cpu_shadow_memory_finish(calo_cpu_shadow_memory *memory);

/* At least `count` texels, of any values. */
calo_status calo_cpu_shadow_texels_take(calo_cpu_shadow_memory *memory, size_t count, calo_cpu_shadow_texels **texels,
                                        calo_error *err);
void calo_cpu_shadow_texels_give_back(calo_cpu_shadow_memory *memory, calo_cpu_shadow_texels *texels);

/* A worker of these kernels. */
calo_status calo_cpu_shadow_worker_take(calo_cpu_shadow_memory *memory, const calo_cpu_kernels *kernels, void **worker,
                                        calo_error *err);
void calo_cpu_shadow_worker_give_back(calo_cpu_shadow_memory *memory, const calo_cpu_kernels *kernels, void *worker);

#endif
