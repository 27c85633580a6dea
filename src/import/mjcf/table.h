/* Finds numbers by what they were made for. */
#ifndef CALO_IMPORT_MJCF_TABLE_H
#define CALO_IMPORT_MJCF_TABLE_H

#include <calotype/status.h>

/* Keys of `key_bytes` without padding, compared byte by byte. Zero but for that it is empty. One thread at a time. */
typedef struct calo_mjcf_table {
    size_t key_bytes;
    uint8_t *keys;
    int32_t *values;
    uint32_t *slots; /* open addressing: a key's number + 1, 0 = free */
    uint32_t count, capacity;
} calo_mjcf_table;

/* The value of a key, -1 at first, to be set by who finds it so before the next call. NULL when memory ends. */
int32_t *calo_mjcf_table_find(calo_mjcf_table *table, const void *key, calo_error *err);
void calo_mjcf_table_finish(calo_mjcf_table *table);

#endif
