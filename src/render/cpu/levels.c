/* The cpu backend: a software rasterizer with a visibility buffer; a thread draws rows of a view. Its kernels are
 * built for several instruction sets; the best that the machine has is chosen once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/backend.h"
#include "render/cpu/kernels.h"

extern const calo_cpu_kernels calo_cpu_kernel_table_baseline;
#ifdef CALO_CPU_X86
extern const calo_cpu_kernels calo_cpu_kernel_table_avx2, calo_cpu_kernel_table_avx512;
#endif

static bool has_baseline(void) { return true; }
#ifdef CALO_CPU_X86
static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

/* From the best to the one that every machine has. */
static const struct {
    const calo_cpu_kernels *kernels;
    bool (*available)(void);
} levels[] = {
#ifdef CALO_CPU_X86
    {&calo_cpu_kernel_table_avx512, has_avx512},
    {&calo_cpu_kernel_table_avx2, has_avx2},
#endif
    {&calo_cpu_kernel_table_baseline, has_baseline},
};
enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

/* CALOTYPE_CPU forces a level by name; one that is not there is an error, never another one instead. */
calo_status calo_cpu_kernels_choose(const calo_cpu_kernels **kernels, calo_error *err)
{
    const char *wanted = getenv("CALOTYPE_CPU");
    bool automatic = !wanted || !wanted[0];
    for (int i = 0; i < LEVEL_COUNT; i++) {
        if (!automatic && strcmp(wanted, levels[i].kernels->name) != 0)
            continue;
        *kernels = levels[i].kernels;
        if (levels[i].available())
            return CALO_OK;
        if (!automatic)
            return calo_fail(err, CALO_ERROR_BACKEND,
                             "CALOTYPE_CPU asks for %s, which this machine does not have: unset it", wanted);
    }
    return calo_fail(err, CALO_ERROR_BACKEND, "CALOTYPE_CPU is \"%s\": it can be baseline, avx2 or avx512 on x86-64, "
                     "baseline elsewhere", wanted);
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
