/* An array by 64-bit index that takes memory only where it is used. */
#ifndef CALO_DATASET_PAGES_H
#define CALO_DATASET_PAGES_H

#include <calotype/status.h>

/* All-zero but item_bytes is empty. One thread at a time. */
typedef struct calo_pages {
    size_t item_bytes;
    void **pages;
    size_t page_count;
} calo_pages;

/* The item, or NULL where nothing has been put. */
void *calo_pages_find(const calo_pages *pages, uint64_t index);
/* The item, zeroed at first. Indices from 2^32 are refused: no run is so long, and a damaged one must not take all memory. */
calo_status calo_pages_take(calo_pages *pages, uint64_t index, void **item, calo_error *err);
void calo_pages_finish(calo_pages *pages);

#endif
