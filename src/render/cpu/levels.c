/* The cpu backend: a software rasterizer with a visibility buffer; a thread draws rows of a view. Its kernels are
 * built for several instruction sets; the best that the machine has is chosen once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu_level.h"
#include "base/error.h"
#include "render/backend.h"
#include "render/cpu/kernels.h"

extern const calo_cpu_kernels calo_cpu_kernel_table_baseline;
#ifdef CALO_CPU_X86
extern const calo_cpu_kernels calo_cpu_kernel_table_avx2, calo_cpu_kernel_table_avx512;
#endif

static const calo_cpu_kernels *const levels[CALO_CPU_LEVEL_COUNT] = {
    [CALO_CPU_BASELINE] = &calo_cpu_kernel_table_baseline,
#ifdef CALO_CPU_X86
    [CALO_CPU_AVX2] = &calo_cpu_kernel_table_avx2,
    [CALO_CPU_AVX512] = &calo_cpu_kernel_table_avx512,
#endif
};

calo_status calo_cpu_kernels_choose(const calo_cpu_kernels **kernels, calo_error *err)
{
    calo_cpu_level level;
    calo_status status = calo_cpu_level_choose(&level, err);
    if (status == CALO_OK)
        *kernels = levels[level];
    return status;
}

/* A worker with the kernels that it was opened by. */
typedef struct level_worker {
    const calo_cpu_kernels *kernels;
    void *worker;
} level_worker;

static void probe(calo_backend_info *info)
{
    const calo_cpu_kernels *kernels;
    calo_error err = {0};
    info->software = true;
    info->available = calo_cpu_kernels_choose(&kernels, &err) == CALO_OK;
    if (info->available)
        snprintf(info->detail, sizeof info->detail, "software rasterizer, runs on every machine (%s kernels)",
                 kernels->name);
    else
        snprintf(info->detail, sizeof info->detail, "%.255s", err.message);
}

static calo_status open_worker(void **out, calo_error *err)
{
    level_worker *level = calloc(1, sizeof *level);
    if (!level)
        return calo_fail_memory(err, "a renderer's worker", sizeof *level);
    calo_status status = calo_cpu_kernels_choose(&level->kernels, err);
    if (status == CALO_OK)
        status = level->kernels->open_worker(&level->worker, err);
    if (status != CALO_OK) {
        free(level);
        return status;
    }
    *out = level;
    return CALO_OK;
}

static void close_worker(void *pointer)
{
    level_worker *level = pointer;
    level->kernels->close_worker(level->worker);
    free(level);
}

static void stop_after(void *pointer, int stage)
{
    level_worker *level = pointer;
    level->kernels->stop_after(level->worker, stage);
}

static calo_status draw(void *pointer, const void *scene, const calo_render_options *options, const calo_view *view,
                        calo_rows rows, calo_frame *frame, calo_error *err)
{
    level_worker *level = pointer;
    return level->kernels->draw(level->worker, scene, options, view, rows, frame, err);
}

const calo_backend calo_backend_cpu = {
    .name = "cpu",
    .simplifies = true,
    .probe = probe,
    .prepare = calo_cpu_scene_prepare,
    .release = calo_cpu_scene_release,
    .open_worker = open_worker,
    .close_worker = close_worker,
    .stop_after = stop_after,
    .draw = draw,
};
