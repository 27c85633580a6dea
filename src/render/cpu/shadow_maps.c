/* Shadow maps are drawn once a scene, by the kernels that draw its pictures. */
#include <stdlib.h>

#include "base/error.h"
#include "base/thread.h"
#include "render/cpu/shadow_memory.h"

typedef struct maps_job {
    const calo_cpu_kernels *kernels;
    calo_cpu_scene *scene;
    void **workers; /* one a thread, taken by it */
    uint32_t piece_rows, pieces; /* of a map */
} maps_job;

static calo_status draw_piece(void *user, uint32_t thread, size_t index, calo_error *err)
{
    const maps_job *job = user;
    const calo_shadows *shadows = &job->scene->shadows;
    size_t map = index / job->pieces;
    uint32_t top = (uint32_t)(index % job->pieces) * job->piece_rows;
    calo_rows rows = {top, shadows->size - top > job->piece_rows ? top + job->piece_rows : shadows->size};
    float *texels = job->scene->shadow_texels + map * shadows->size * shadows->size;
    calo_status status = CALO_OK;
    if (!job->workers[thread])
        status = calo_cpu_shadow_worker_take(job->scene->shadow_memory, job->kernels, &job->workers[thread], err);
    if (status != CALO_OK)
        return status;
    return job->kernels->draw_shadow_map(job->workers[thread], job->scene, &shadows->maps[map], rows, texels, err);
}

/* Two pieces a thread at least, so that none waits for long; not so small that drawing their borders twice counts. */
static void share_rows(maps_job *job, uint32_t threads)
{
    enum { PIECE_ROWS_MIN = 128, PIECE_ROWS_MAX = 1024, PIECES_A_THREAD = 2 };
    const calo_shadows *shadows = &job->scene->shadows;
    uint32_t wanted = (PIECES_A_THREAD * threads + shadows->map_count - 1) / shadows->map_count;
    uint32_t rows = (shadows->size + wanted - 1) / wanted;
    rows = rows < PIECE_ROWS_MIN ? PIECE_ROWS_MIN : rows > PIECE_ROWS_MAX ? PIECE_ROWS_MAX : rows;
    job->piece_rows = (rows + CALO_ROWS_UNIT - 1) / CALO_ROWS_UNIT * CALO_ROWS_UNIT;
    job->pieces = (shadows->size + job->piece_rows - 1) / job->piece_rows;
}

static calo_status take_texels(calo_cpu_scene *scene, calo_sharing *sharing, calo_error *err)
{
    const calo_shadows *shadows = &scene->shadows;
    uint64_t count = (uint64_t)shadows->map_count * shadows->size * shadows->size;
    calo_status status = calo_arena_reserve(&scene->arena, count * sizeof(float), "shadow maps", err);
    if (status == CALO_OK)
        status = calo_cpu_shadow_memory_share(sharing, &scene->shadow_memory, err);
    if (status == CALO_OK)
        status = calo_cpu_shadow_texels_take(scene->shadow_memory, (size_t)count, &scene->shadow_block, err);
    if (status == CALO_OK)
        scene->shadow_texels = scene->shadow_block->values;
    return status;
}

calo_status calo_cpu_shadows_make(calo_cpu_scene *scene, const calo_lighting *lighting, uint32_t threads,
                                  calo_sharing *sharing, calo_error *err)
{
    maps_job job = {.scene = scene};
    const calo_shadows *shadows = &scene->shadows;
    calo_status status = calo_shadows_find(&scene->list, lighting, &scene->arena, &scene->shadows, err);
    if (status != CALO_OK || shadows->map_count == 0)
        return status;
    status = take_texels(scene, sharing, err);
    if (status == CALO_OK)
        status = calo_cpu_kernels_choose(&job.kernels, err);
    if (status != CALO_OK)
        return status;
    threads = threads ? threads : calo_thread_cores();
    job.workers = calloc(threads, sizeof *job.workers);
    if (!job.workers)
        return calo_fail_memory(err, "the threads of shadow maps", threads * sizeof *job.workers);
    share_rows(&job, threads);
    status = calo_thread_for(threads, (size_t)shadows->map_count * job.pieces, draw_piece, &job, err);
    for (uint32_t i = 0; i < threads; i++)
        if (job.workers[i])
            calo_cpu_shadow_worker_give_back(scene->shadow_memory, job.kernels, job.workers[i]);
    free(job.workers);
    return status;
}
