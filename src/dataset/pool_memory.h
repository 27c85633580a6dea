/* How much memory there is for workers, and whether the machine had too little. */
#ifndef CALO_DATASET_POOL_MEMORY_H
#define CALO_DATASET_POOL_MEMORY_H

#include <stdint.h>

/* That this process and what it starts may use: the machine's, or its control group's limit. */
uint64_t calo_machine_memory_bytes(void);
/* How many processes the kernel has killed for lack of memory since the machine started. */
uint64_t calo_machine_memory_kills(void);

#endif
