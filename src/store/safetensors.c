#include "store/safetensors.h"

#include <string.h>

#include "base/error.h"
#include "encode/json_writer.h"

enum { LENGTH_BYTES = 8, ALIGNMENT = 8 };

static const char *const type_names[] = {
    [CALO_TENSOR_F32] = "F32", [CALO_TENSOR_I32] = "I32", [CALO_TENSOR_U8] = "U8",
};

calo_status calo_safetensors_begin(calo_blob *header, calo_error *err)
{
    calo_status status = calo_blob_append(header, "\0\0\0\0\0\0\0\0", LENGTH_BYTES, err);
    return status == CALO_OK ? calo_blob_print(header, err, "{\"__metadata__\":{\"generator\":\"calotype\"}") : status;
}

static calo_status add_key(calo_blob *header, const char *key, const char *name, calo_error *err)
{
    calo_json_writer json = calo_json_start(header, err);
    calo_json_text(&json, NULL, key);
    if (json.status != CALO_OK)
        return json.status;
    header->size--; /* the closing quote, which stands behind the name */
    return calo_blob_print(header, err, "/%s\":", name);
}

calo_status calo_safetensors_add(calo_blob *header, const char *key, const calo_tensor *tensor, uint64_t begin,
                                 calo_error *err)
{
    calo_status status = calo_blob_print(header, err, ",\n");
    if (status == CALO_OK)
        status = add_key(header, key, tensor->name, err);
    if (status == CALO_OK)
        status = calo_blob_print(header, err, "{\"dtype\":\"%s\",\"shape\":[", type_names[tensor->type]);
    for (uint32_t i = 0; status == CALO_OK && i < tensor->rank; i++)
        status = calo_blob_print(header, err, "%s%llu", i ? "," : "", (unsigned long long)tensor->shape[i]);
    if (status != CALO_OK)
        return status;
    return calo_blob_print(header, err, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)begin,
                           (unsigned long long)(begin + tensor->bytes));
}

calo_status calo_safetensors_end(calo_blob *header, size_t least_size, calo_error *err)
{
    calo_status status = calo_blob_print(header, err, "}");
    size_t size = (header->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size = size < least_size ? least_size : size;
    uint8_t *blanks = status == CALO_OK ? calo_blob_reserve(header, size - header->size, err) : NULL;
    if (!blanks)
        return calo_failed(err);
    memset(blanks, ' ', size - header->size);
    header->size = size;
    if (size - LENGTH_BYTES > CALO_SAFETENSORS_HEADER_BYTES)
        return calo_fail(err, CALO_ERROR_LIMIT, "a safetensors file with a header of %zu bytes is more than its readers "
                         "take (%d): put fewer samples into a part", size - LENGTH_BYTES, CALO_SAFETENSORS_HEADER_BYTES);
    for (int i = 0; i < LENGTH_BYTES; i++)
        header->bytes[i] = (uint8_t)((size - LENGTH_BYTES) >> 8 * i);
    return CALO_OK;
}
