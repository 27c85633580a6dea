/* Messages made of small headers and large pictures, without copying the pictures. */
#ifndef CALO_SERVER_REPLY_H
#define CALO_SERVER_REPLY_H

#include "base/blob.h"
#include "server/block.h"

/* A run of bytes of the message: of the headers, or of the block. */
typedef struct calo_reply_part {
    bool of_block;
    size_t offset, size;
} calo_reply_part;

/* All-zero is an empty message. */
typedef struct calo_reply {
    calo_blob headers;
    calo_block *block; /* held; NULL: all bytes are headers */
    calo_reply_part *parts;
    size_t part_count, part_capacity, size;
} calo_reply;

/* Appends bytes that are copied, or that lie in the block. */
calo_status calo_reply_write(calo_reply *reply, const void *bytes, size_t size, calo_error *err);
calo_status calo_reply_refer(calo_reply *reply, size_t offset, size_t size, calo_error *err);
void calo_reply_finish(calo_reply *reply);

/* ---- protobuf's wire format ---- */

enum { CALO_WIRE_VARINT = 0, CALO_WIRE_BYTES = 2 };

/* Bytes of a number, and of a length-delimited field of that many bytes with its key. */
size_t calo_wire_varint_size(uint64_t value);
size_t calo_wire_field_size(uint32_t field, size_t size);
/* The key and length of a field whose `size` bytes follow. */
calo_status calo_reply_write_header(calo_reply *reply, uint32_t field, size_t size, calo_error *err);
/* A field of a number; 0 is left out, as proto3 has it. */
calo_status calo_reply_write_number(calo_reply *reply, uint32_t field, uint64_t value, calo_error *err);
size_t calo_wire_number_size(uint32_t field, uint64_t value);

#endif
