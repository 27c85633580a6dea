/* Memory for large arrays, in huge pages where the system has them: the first touch of a small page costs more than
 * what is mostly done with it. For free(); NULL when it cannot be had. */
#ifndef CALO_BASE_LARGE_H
#define CALO_BASE_LARGE_H

#include <stddef.h>

/* Aligned to 64 bytes. */
void *calo_large_alloc(size_t bytes);

/* Zeros. */
void *calo_large_calloc(size_t bytes);

#endif
