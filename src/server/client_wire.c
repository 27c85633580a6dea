#include "server/client_wire.h"

#include <string.h>

calo_wire calo_wire_open(const calo_wire_chunk *chunks, size_t count)
{
    calo_wire wire = {chunks, 0, 0};
    for (size_t i = 0; i < count; i++)
        wire.remaining += chunks[i].size;
    return wire;
}

/* The length of the piece that comes next: not 0 while anything remains. */
static size_t piece(calo_wire *wire)
{
    while (wire->remaining && wire->offset == wire->chunk->size) {
        wire->chunk++;
        wire->offset = 0;
    }
    if (!wire->remaining)
        return 0;
    size_t there = wire->chunk->size - wire->offset;
    return there < wire->remaining ? there : (size_t)wire->remaining;
}

static void advance(calo_wire *wire, size_t length)
{
    wire->offset += length;
    wire->remaining -= length;
}

static void skip(calo_wire *wire, uint64_t length)
{
    while (length) {
        size_t there = piece(wire), step = there < length ? there : (size_t)length;
        advance(wire, step);
        length -= step;
    }
}

static bool take_byte(calo_wire *wire, uint8_t *byte)
{
    if (!piece(wire))
        return false;
    *byte = wire->chunk->bytes[wire->offset];
    advance(wire, 1);
    return true;
}

static bool take_varint(calo_wire *wire, uint64_t *value)
{
    uint8_t byte;
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (!take_byte(wire, &byte))
            return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool take_fixed(calo_wire *wire, unsigned bytes, uint64_t *value)
{
    uint8_t byte;
    *value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        if (!take_byte(wire, &byte))
            return false;
        *value |= (uint64_t)byte << (8 * i);
    }
    return true;
}

bool calo_wire_number(calo_wire *packed, calo_wire_type type, uint64_t *value)
{
    const calo_wire before = *packed;
    if (!packed->remaining)
        return false;
    bool taken = type == CALO_WIRE_VARINT ? take_varint(packed, value)
                                          : take_fixed(packed, type == CALO_WIRE_FIXED64 ? 8 : 4, value);
    if (!taken)
        *packed = before;
    return taken;
}

static bool take_field(calo_wire *message, calo_wire_field *field)
{
    uint64_t tag, length;
    if (!take_varint(message, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
        return false;
    *field = (calo_wire_field){.number = (uint32_t)(tag >> 3), .type = (calo_wire_type)(tag & 7)};
    switch (field->type) {
    case CALO_WIRE_VARINT: return take_varint(message, &field->value);
    case CALO_WIRE_FIXED64: return take_fixed(message, 8, &field->value);
    case CALO_WIRE_FIXED32: return take_fixed(message, 4, &field->value);
    case CALO_WIRE_BYTES: break;
    default: return false;
    }
    if (!take_varint(message, &length) || length > message->remaining)
        return false;
    field->bytes = (calo_wire){message->chunk, message->offset, length};
    skip(message, length);
    return true;
}

bool calo_wire_next(calo_wire *message, calo_wire_field *field)
{
    const calo_wire before = *message;
    if (!message->remaining)
        return false;
    bool taken = take_field(message, field);
    if (!taken)
        *message = before;
    return taken;
}

void calo_wire_copy(const calo_wire *bytes, void *out)
{
    calo_wire rest = *bytes;
    uint8_t *to = out;
    for (size_t length; (length = piece(&rest)) > 0; to += length) {
        memcpy(to, rest.chunk->bytes + rest.offset, length);
        advance(&rest, length);
    }
}
