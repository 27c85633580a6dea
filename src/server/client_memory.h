/* The shared memory in which a server on this machine hands over pictures. */
#ifndef CALO_SERVER_CLIENT_MEMORY_H
#define CALO_SERVER_CLIENT_MEMORY_H

#include <calotype/status.h>

/* All-zero: none. */
typedef struct calo_client_mapping {
    char *bytes;
    uint64_t size;
} calo_client_mapping;

/* Maps `size` bytes of the segment, and unlinks its name. Only segments of a render server of the same user are touched;
 * CALO_ERROR_NOT_FOUND where this machine has none of that name, or does not let us. */
calo_status calo_client_mapping_open(const char *name, uint64_t size, calo_client_mapping *mapping, calo_error *err);
/* Gives the whole pages of a range back to the system. */
void calo_client_mapping_release(const calo_client_mapping *mapping, const void *data, uint64_t bytes);
void calo_client_mapping_close(calo_client_mapping *mapping);

#endif
