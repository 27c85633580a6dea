/* Names that were seen before: for finding a name that comes twice among millions. */
#ifndef CALO_DATASET_NAME_SET_H
#define CALO_DATASET_NAME_SET_H

#include <calotype/status.h>

/* All-zero is empty. Keeps 16 bytes of each name's SHA-256, in a table that is 3/8 to 3/4 full. */
typedef struct calo_name_set {
    struct calo_name_key {
        uint64_t low, high;
    } *keys; /* all-zero: free */
    size_t count, capacity;
} calo_name_set;

/* `known`: the name was in the set before. */
calo_status calo_name_set_add(calo_name_set *set, const char *name, size_t length, bool *known, calo_error *err);
void calo_name_set_finish(calo_name_set *set);

#endif
