/* What colour needs beside the pixel centres: surfaces among the samples, and transparent ones. */
#ifndef CALO_RENDER_CPU_SAMPLES_H
#define CALO_RENDER_CPU_SAMPLES_H

#include "render/cpu/tile.h"

/* Surfaces of a row of blocks beside those at pixel centres, in the order of their pixels: opaque
 * ones of the samples, then the transparent fragments. */
typedef struct calo_cpu_extras {
    size_t count, capacity;
    uint32_t *pixels, *ids, *samples; /* pixel: in the buffers, as in calo_cpu_fragment */
    float *x, *y;                     /* where they are shaded, in the picture */
    float (*rgba)[4];                 /* linear, straight alpha */
} calo_cpu_extras;

/* The colour of a block's pixels while it is put together. */
typedef struct calo_cpu_row {
    float center[4][CALO_CPU_SLOTS];     /* premultiplied: what is at the pixel centre, or the background */
    float background[4][CALO_CPU_SLOTS];
    uint16_t center_samples[CALO_CPU_SLOTS], background_samples[CALO_CPU_SLOTS]; /* that show it */
    float center_share[CALO_CPU_SLOTS], background_share[CALO_CPU_SLOTS];
    uint32_t first_extra[CALO_CPU_SLOTS], extra_count[CALO_CPU_SLOTS];
    bool used; /* false: nothing but an even background */
    uint32_t mixed; /* a bit a pixel: it has samples that differ from its centre; the five above count for those alone */
} calo_cpu_row;

/* background.c. Of a view: whether all pixels have the same background, and which. */
void calo_cpu_background_begin(calo_cpu_worker *worker, const calo_frame *frame);
/* Of a block, as far as it is seen there; row->background is finite everywhere. */
void calo_cpu_background_find(const calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, calo_cpu_row *row);

/* Which samples of a block show what its centres show, which the background; the others become
 * extras, each once a pixel. */
calo_status calo_cpu_samples_sort(calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y,
                                  const calo_cpu_slots *centers, const calo_cpu_slots *samples, calo_error *err);
/* The transparent surfaces of a row of blocks, behind the opaque extras. */
calo_status calo_cpu_samples_add_fragments(calo_cpu_worker *worker, uint32_t block_y, size_t *next_fragment,
                                           calo_error *err);
/* The extras' colours. */
void calo_cpu_samples_shade(calo_cpu_worker *worker);
/* The colours of a row of blocks into the frame; `next`: the first transparent extra. */
void calo_cpu_samples_write(calo_cpu_worker *worker, uint32_t block_y, size_t next, const calo_frame *frame);
void calo_cpu_extras_destroy(calo_cpu_extras *extras);

#endif
