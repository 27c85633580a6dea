#include "base/blob.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

uint8_t *calo_blob_reserve(calo_blob *blob, size_t count, calo_error *err)
{
    if (blob->capacity - blob->size >= count && blob->bytes)
        return blob->bytes + blob->size;
    size_t needed, capacity;
    if (__builtin_add_overflow(blob->size, count, &needed) || __builtin_mul_overflow(needed, 2, &capacity)) {
        calo_fail(err, CALO_ERROR_LIMIT, "an output of more bytes than a machine can hold");
        return NULL;
    }
    /* The first reservation is taken as it is: encoders know their bound. */
    if (!blob->bytes)
        capacity = needed > 0 ? needed : 1;
    uint8_t *bytes = realloc(blob->bytes, capacity);
    if (!bytes) {
        calo_fail_memory(err, "an output", capacity);
        return NULL;
    }
    blob->bytes = bytes;
    blob->capacity = capacity;
    return bytes + blob->size;
}

calo_status calo_blob_append(calo_blob *blob, const void *bytes, size_t count, calo_error *err)
{
    uint8_t *to = calo_blob_reserve(blob, count, err);
    if (!to)
        return calo_failed(err);
    if (count > 0)
        memcpy(to, bytes, count);
    blob->size += count;
    return CALO_OK;
}

calo_status calo_blob_print(calo_blob *blob, calo_error *err, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return calo_fail_memory(err, "an output", 0);
    calo_status status = calo_blob_append(blob, text, (size_t)length, err);
    free(text);
    return status;
}

void calo_blob_finish(calo_blob *blob)
{
    free(blob->bytes);
    *blob = (calo_blob){0};
}
