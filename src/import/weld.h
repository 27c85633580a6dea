/* Gives each position a number, the same one to equal positions. */
#ifndef CALO_IMPORT_WELD_H
#define CALO_IMPORT_WELD_H

#include <calotype/status.h>

/* All-zero is empty. One thread at a time. */
typedef struct calo_weld {
    float *positions; /* xyz, `count` of them */
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing: a number + 1, 0 = free */
} calo_weld;

calo_status calo_weld_add(calo_weld *weld, const float position[3], uint32_t *number, calo_error *err);
void calo_weld_finish(calo_weld *weld);

#endif
