/* The opcodes are pickletools' in Python's standard library; tensors are as torch/_utils.py rebuilds them. Nothing is kept
 * in the memo. */
#include "store/pickle.h"

#include <stdio.h>
#include <string.h>

static void put(calo_pickle *pickle, const void *bytes, size_t size)
{
    if (pickle->status == CALO_OK)
        pickle->status = calo_blob_append(&pickle->bytes, bytes, size, pickle->err);
}

static void put_codes(calo_pickle *pickle, const char *codes) { put(pickle, codes, strlen(codes)); }

/* An opcode with a little-endian number behind it. */
static void put_number(calo_pickle *pickle, char code, uint64_t value, int bytes)
{
    uint8_t record[16] = {(uint8_t)code};
    for (int i = 0; i < bytes; i++)
        record[1 + i] = (uint8_t)(value >> 8 * i);
    put(pickle, record, 1 + (size_t)bytes);
}

static void put_integer(calo_pickle *pickle, uint64_t value)
{
    if (value <= INT32_MAX) {
        put_number(pickle, value <= UINT8_MAX ? 'K' : 'J', value, value <= UINT8_MAX ? 1 : 4);
        return;
    }
    put_codes(pickle, "\x8a\x09"); /* LONG1 of nine bytes: positive */
    put_number(pickle, (char)value, value >> 8, 8);
}

calo_pickle calo_pickle_start(calo_error *err)
{
    calo_pickle pickle = {.err = err};
    put_codes(&pickle, "\x80\x02");
    return pickle;
}

void calo_pickle_begin(calo_pickle *pickle, bool is_dictionary) { put_codes(pickle, is_dictionary ? "}(" : "]("); }

void calo_pickle_end(calo_pickle *pickle, bool is_dictionary) { put_codes(pickle, is_dictionary ? "u" : "e"); }

void calo_pickle_text(calo_pickle *pickle, const char *text)
{
    put_number(pickle, 'X', strlen(text), 4);
    put_codes(pickle, text);
}

/* ("storage", torch.FloatStorage, "0", "cpu", count) as a persistent id. */
static void put_storage(calo_pickle *pickle, const calo_tensor *tensor)
{
    static const char *const classes[] = {
        [CALO_TENSOR_F32] = "ctorch\nFloatStorage\n",
        [CALO_TENSOR_I32] = "ctorch\nIntStorage\n",
        [CALO_TENSOR_U8] = "ctorch\nByteStorage\n",
    };
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)pickle->storage_count++);
    put_codes(pickle, "(");
    calo_pickle_text(pickle, "storage");
    put_codes(pickle, classes[tensor->type]);
    calo_pickle_text(pickle, number);
    calo_pickle_text(pickle, "cpu");
    put_integer(pickle, tensor->bytes / calo_tensor_item_bytes(tensor->type));
    put_codes(pickle, "tQ");
}

/* torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()) */
void calo_pickle_tensor(calo_pickle *pickle, const calo_tensor *tensor)
{
    put_codes(pickle, "ctorch._utils\n_rebuild_tensor_v2\n(");
    put_storage(pickle, tensor);
    put_integer(pickle, 0);
    put_codes(pickle, "(");
    for (uint32_t i = 0; i < tensor->rank; i++)
        put_integer(pickle, tensor->shape[i]);
    put_codes(pickle, "t(");
    for (uint32_t i = 0; i < tensor->rank; i++) {
        uint64_t stride = 1;
        for (uint32_t j = i + 1; j < tensor->rank; j++)
            stride *= tensor->shape[j];
        put_integer(pickle, stride);
    }
    put_codes(pickle, "t\x89" "ccollections\nOrderedDict\n)RtR");
}

void calo_pickle_stop(calo_pickle *pickle) { put_codes(pickle, "."); }
