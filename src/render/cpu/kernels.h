/* What is built once for each instruction set, behind one table. */
#ifndef CALO_RENDER_CPU_KERNELS_H
#define CALO_RENDER_CPU_KERNELS_H

#include "render/backend.h"
#include "render/cpu/scene.h"

typedef struct calo_cpu_worker calo_cpu_worker;

typedef struct calo_cpu_kernels {
    const char *name; /* "baseline", "avx2", "avx512" */
    calo_status (*open_worker)(void **worker, calo_error *err);
    void (*close_worker)(void *worker);
    void (*stop_after)(void *worker, int stage);
    calo_status (*draw)(void *worker, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_rows rows, calo_frame *frame, calo_error *err);
    /* Rows of one of the scene's shadow maps, into the texels of the whole map. */
    calo_status (*draw_shadow_map)(void *worker, const void *scene, const calo_view *map, calo_rows rows, float *texels,
                                   calo_error *err);
} calo_cpu_kernels;

/* levels.c: the best that the machine has, or what CALOTYPE_CPU asks for. */
calo_status calo_cpu_kernels_choose(const calo_cpu_kernels **kernels, calo_error *err);

#endif
