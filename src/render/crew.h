/* The renderer's threads, with what each of them keeps, and how views are shared out to them. */
#ifndef CALO_RENDER_CREW_H
#define CALO_RENDER_CREW_H

#include "render/backend.h"

/* One thread's own. */
typedef struct calo_crew_member {
    void *worker;
    calo_frame frame; /* when the caller gives none */
} __attribute__((aligned(64))) calo_crew_member;

typedef struct calo_lens_memory calo_lens_memory;

typedef struct calo_crew {
    const calo_backend *backend;
    uint32_t threads;
    calo_thread_pool *pool;
    calo_crew_member *members;      /* one a thread */
    struct calo_shared_view *shared; /* as many: the last views of a batch are drawn by several threads */
    calo_lens_memory *lenses; /* see lens/run.h; NULL until a view has one */
} calo_crew;

/* `threads`: 0 is one a core. */
calo_status calo_crew_init(calo_crew *crew, const calo_backend *backend, uint32_t threads, calo_error *err);
void calo_crew_finish(calo_crew *crew);
calo_status calo_crew_run(calo_crew *crew, const calo_batch *batch, calo_error *err);

#endif
