#include "server/reply.h"

#include <stdlib.h>

#include "base/error.h"

/* Makes the last part longer, or adds one. */
static calo_status add_part(calo_reply *reply, bool of_block, size_t offset, size_t size, calo_error *err)
{
    calo_reply_part *last = reply->part_count ? &reply->parts[reply->part_count - 1] : NULL;
    if (size == 0)
        return CALO_OK;
    reply->size += size;
    if (last && last->of_block == of_block && last->offset + last->size == offset) {
        last->size += size;
        return CALO_OK;
    }
    if (reply->part_count == reply->part_capacity) {
        size_t capacity = reply->part_capacity ? 2 * reply->part_capacity : 64;
        calo_reply_part *parts = realloc(reply->parts, capacity * sizeof *parts);
        if (!parts)
            return calo_fail_memory(err, "a reply", capacity * sizeof *parts);
        reply->parts = parts;
        reply->part_capacity = capacity;
    }
    reply->parts[reply->part_count++] = (calo_reply_part){of_block, offset, size};
    return CALO_OK;
}

calo_status calo_reply_write(calo_reply *reply, const void *bytes, size_t size, calo_error *err)
{
    size_t offset = reply->headers.size;
    calo_status status = calo_blob_append(&reply->headers, bytes, size, err);
    return status == CALO_OK ? add_part(reply, false, offset, size, err) : status;
}

calo_status calo_reply_refer(calo_reply *reply, size_t offset, size_t size, calo_error *err)
{
    return add_part(reply, true, offset, size, err);
}

void calo_reply_finish(calo_reply *reply)
{
    calo_blob_finish(&reply->headers);
    calo_block_release(reply->block);
    free(reply->parts);
    *reply = (calo_reply){0};
}

/* ---- protobuf's wire format ---- */

size_t calo_wire_varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

size_t calo_wire_field_size(uint32_t field, size_t size)
{
    return calo_wire_varint_size((uint64_t)field << 3) + calo_wire_varint_size(size) + size;
}

size_t calo_wire_number_size(uint32_t field, uint64_t value)
{
    return value ? calo_wire_varint_size((uint64_t)field << 3) + calo_wire_varint_size(value) : 0;
}

static size_t put_varint(uint8_t *bytes, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (uint8_t)(value | 0x80);
    bytes[size++] = (uint8_t)value;
    return size;
}

calo_status calo_reply_write_header(calo_reply *reply, uint32_t field, size_t size, calo_error *err)
{
    uint8_t bytes[20];
    size_t length = put_varint(bytes, (uint64_t)field << 3 | CALO_WIRE_BYTES);
    length += put_varint(bytes + length, size);
    return calo_reply_write(reply, bytes, length, err);
}

calo_status calo_reply_write_number(calo_reply *reply, uint32_t field, uint64_t value, calo_error *err)
{
    uint8_t bytes[20];
    if (!value)
        return CALO_OK;
    size_t length = put_varint(bytes, (uint64_t)field << 3 | CALO_WIRE_VARINT);
    length += put_varint(bytes + length, value);
    return calo_reply_write(reply, bytes, length, err);
}
