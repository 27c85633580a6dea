#include "render/cpu/shadow_memory.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"

/* More are not kept. */
enum { SPARES = 16 };

typedef struct spare_worker {
    const calo_cpu_kernels *kernels;
    void *worker;
} spare_worker;

struct calo_cpu_shadow_memory {
    calo_shared shared;
    _Atomic(void *) texels[SPARES], workers[SPARES]; /* calo_cpu_shadow_texels, spare_worker; NULL: none */
};

/* ---- places for one pointer each ---- */

static void *take_spare(_Atomic(void *) *places)
{
    void *spare = NULL;
    for (int i = 0; !spare && i < SPARES; i++)
        spare = atomic_exchange(&places[i], NULL);
    return spare;
}

/* False where all places are taken. */
static bool keep_spare(_Atomic(void *) *places, void *spare)
{
    for (int i = 0; i < SPARES; i++) {
        void *none = NULL;
        if (atomic_compare_exchange_strong(&places[i], &none, spare))
            return true;
    }
    return false;
}

static void free_texels(calo_cpu_shadow_texels *texels)
{
    if (texels)
        free(texels->values);
    free(texels);
}

static void free_worker(spare_worker *spare)
{
    if (spare)
        spare->kernels->close_worker(spare->worker);
    free(spare);
}

/* ---- the thing ---- */

calo_status calo_cpu_shadow_memory_share(calo_sharing *sharing, calo_cpu_shadow_memory **memory, calo_error *err)
{
    const calo_shared_key key = {.kind = CALO_SHARED_SHADOW_MEMORY};
    bool made;
    *memory = calo_sharing_take(sharing, &key, sizeof **memory, &made, err);
    if (!*memory)
        return calo_failed(err);
    return made ? calo_sharing_count(sharing, &(*memory)->shared, err) : CALO_OK;
}

void calo_cpu_shadow_memory_finish(calo_cpu_shadow_memory *memory)
{
    for (int i = 0; i < SPARES; i++) {
        free_texels(atomic_load(&memory->texels[i]));
        free_worker(atomic_load(&memory->workers[i]));
    }
}

/* ---- texels ---- */

calo_status calo_cpu_shadow_texels_take(calo_cpu_shadow_memory *memory, size_t count, calo_cpu_shadow_texels **out,
                                        calo_error *err)
{
    calo_cpu_shadow_texels *texels = take_spare(memory->texels);
    if (!texels || texels->count != count) {
        free_texels(texels);
        texels = calloc(1, sizeof *texels);
        if (texels)
            *texels = (calo_cpu_shadow_texels){count, calo_large_alloc(count * sizeof *texels->values)};
    }
    if (!texels || !texels->values) {
        free(texels);
        return calo_fail_memory(err, "shadow maps", count * sizeof(float));
    }
    *out = texels;
    return CALO_OK;
}

void calo_cpu_shadow_texels_give_back(calo_cpu_shadow_memory *memory, calo_cpu_shadow_texels *texels)
{
    if (!keep_spare(memory->texels, texels))
        free_texels(texels);
}

/* ---- workers ---- */

calo_status calo_cpu_shadow_worker_take(calo_cpu_shadow_memory *memory, const calo_cpu_kernels *kernels, void **worker,
                                        calo_error *err)
{
    spare_worker *spare = take_spare(memory->workers);
    if (!spare || spare->kernels != kernels) {
        free_worker(spare);
        return kernels->open_worker(worker, err);
    }
    *worker = spare->worker;
    free(spare);
    return CALO_OK;
}

void calo_cpu_shadow_worker_give_back(calo_cpu_shadow_memory *memory, const calo_cpu_kernels *kernels, void *worker)
{
    spare_worker *spare = malloc(sizeof *spare);
    if (spare)
        *spare = (spare_worker){kernels, worker};
    if (!spare || !keep_spare(memory->workers, spare)) {
        free(spare);
        kernels->close_worker(worker);
    }
}
