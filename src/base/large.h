/* Memory for large arrays, in huge pages where the system has them: the first touch of a small page costs more than
 * what is mostly done with it. For free(); NULL when it cannot be had. */
#ifndef CALO_BASE_LARGE_H
#define CALO_BASE_LARGE_H

#include <stddef.h>
#include <stdint.h>

/* Aligned to 64 bytes. */
void *calo_large_alloc(size_t bytes);

/* Zeros. */
void *calo_large_calloc(size_t bytes);

/* For programs, not for the library, whose processes belong to others. Those that render object after object keep what is
 * freed for the next one: else the system takes every large array back, and zeroes its pages again a moment later. To be
 * called once, before anything large is there. */
void calo_large_keep(void);

/* Between objects: gives what is free back to the system if it is more than this, or more than 512 MiB. */
void calo_large_settle(uint64_t most_bytes);

#endif
