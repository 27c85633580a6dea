/* Growing bytes in memory: what encoders write and stores keep. */
#ifndef CALO_BASE_BLOB_H
#define CALO_BASE_BLOB_H

#include <calotype/status.h>

/* All-zero is empty. One thread at a time. */
typedef struct calo_blob {
    uint8_t *bytes;
    size_t size, capacity;
} calo_blob;

/* Room for `count` more bytes; returns where they start, or NULL with `err` filled. The size is
 * not changed: add what was really written to blob->size. */
uint8_t *calo_blob_reserve(calo_blob *blob, size_t count, calo_error *err);
calo_status calo_blob_append(calo_blob *blob, const void *bytes, size_t count, calo_error *err);
calo_status calo_blob_print(calo_blob *blob, calo_error *err, const char *format, ...) CALO_PRINTF(3, 4);
void calo_blob_finish(calo_blob *blob);

#endif
