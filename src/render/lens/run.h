/* Views through lenses, whatever the backend: drawn as pinhole views, and looked up there. */
#ifndef CALO_RENDER_LENS_RUN_H
#define CALO_RENDER_LENS_RUN_H

#include "render/crew.h"

/* calo_crew_run for views of which any may have a lens. */
calo_status calo_lens_run(calo_crew *crew, const calo_batch *batch, calo_error *err);

/* What a crew keeps for that; NULL is fine. */
void calo_lens_memory_destroy(calo_lens_memory *memory);

#endif
