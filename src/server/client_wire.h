/* Protocol buffers on the wire, read where they were received: in pieces, and from somebody who may lie. */
#ifndef CALO_SERVER_CLIENT_WIRE_H
#define CALO_SERVER_CLIENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct calo_wire_chunk {
    const uint8_t *bytes;
    size_t size;
} calo_wire_chunk;

/* What is left of a message, or of a run of bytes. All `remaining` bytes are there: in this chunk from `offset` on, and
 * in those that follow it. */
typedef struct calo_wire {
    const calo_wire_chunk *chunk;
    size_t offset;
    uint64_t remaining;
} calo_wire;

calo_wire calo_wire_open(const calo_wire_chunk *chunks, size_t count);

typedef enum calo_wire_type {
    CALO_WIRE_VARINT = 0,
    CALO_WIRE_FIXED64 = 1,
    CALO_WIRE_BYTES = 2,
    CALO_WIRE_FIXED32 = 5,
} calo_wire_type;

typedef struct calo_wire_field {
    uint32_t number;
    calo_wire_type type;
    uint64_t value;  /* of a number */
    calo_wire bytes; /* of CALO_WIRE_BYTES */
} calo_wire_field;

/* Takes the next field off a message. False at its end, and where it is malformed: `remaining` is not 0 then. */
bool calo_wire_next(calo_wire *message, calo_wire_field *field);

/* Takes one number off a packed field; false at its end, and where it is malformed. */
bool calo_wire_number(calo_wire *packed, calo_wire_type type, uint64_t *value);

/* Copies all that is left. */
void calo_wire_copy(const calo_wire *bytes, void *out);

#endif
