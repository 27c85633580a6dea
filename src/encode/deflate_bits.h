/* Deflate (RFC 1951) as its writers share it: bits, and the symbols of copies. */
#ifndef CALO_ENCODE_DEFLATE_BITS_H
#define CALO_ENCODE_DEFLATE_BITS_H

#include <stdbool.h>
#include <string.h>

#include "encode/deflate_codes.h"

enum {
    CALO_DEFLATE_MAX_LENGTH = 258, /* of a copy */
    CALO_DEFLATE_END_OF_BLOCK = 256,
    CALO_DEFLATE_FIRST_LENGTH = 257,
    CALO_DEFLATE_MAX_STORED = 65535,  /* bytes of a stored block */
    CALO_DEFLATE_STORED_OVERHEAD = 5, /* kind, size and its complement */
    CALO_DEFLATE_STORED = 0, CALO_DEFLATE_FIXED = 1, CALO_DEFLATE_DYNAMIC = 2,
    CALO_BITS_SLACK = 8, /* bits are written in words of 8 bytes, which may reach beyond the end */
};

/* Fewer than 8 bits are waiting after a flush, so 57 may be put before the next. */
typedef struct calo_bit_writer {
    uint64_t bits; /* not yet written, lowest first */
    unsigned count;
    uint8_t *at;
} calo_bit_writer;

static inline void calo_bits_put(calo_bit_writer *writer, uint64_t value, unsigned count)
{
    writer->bits |= value << writer->count;
    writer->count += count;
}

static inline void calo_bits_put_code(calo_bit_writer *writer, calo_deflate_code code)
{
    calo_bits_put(writer, code.code, code.bits);
}

static inline void calo_bits_flush(calo_bit_writer *writer)
{
    memcpy(writer->at, &writer->bits, CALO_BITS_SLACK);
    writer->at += writer->count / 8;
    writer->bits >>= writer->count & ~7u;
    writer->count &= 7;
}

static inline void calo_bits_end_byte(calo_bit_writer *writer)
{
    writer->count = (writer->count + 7) / 8 * 8;
    calo_bits_flush(writer);
}

/* The most bytes that `count` take as stored blocks: the first one's kind may begin in a byte begun before. */
static inline size_t calo_deflate_stored_bytes(size_t count)
{
    size_t blocks = (count + CALO_DEFLATE_MAX_STORED - 1) / CALO_DEFLATE_MAX_STORED;
    return count + blocks * CALO_DEFLATE_STORED_OVERHEAD + 1;
}

/* Stored blocks of the bytes from `at` to `end`, the last of them the stream's if `is_last`. */
static inline void calo_deflate_write_stored(calo_bit_writer *writer, const uint8_t *at, const uint8_t *end,
                                             bool is_last)
{
    while (at < end) {
        size_t size = end - at > CALO_DEFLATE_MAX_STORED ? CALO_DEFLATE_MAX_STORED : (size_t)(end - at);
        calo_bits_put(writer, (is_last && at + size == end ? 1 : 0) | CALO_DEFLATE_STORED << 1, 3);
        calo_bits_end_byte(writer);
        calo_bits_put(writer, size | (~size & 0xffff) << 16, 32);
        calo_bits_flush(writer);
        memcpy(writer->at, at, size);
        writer->at += size;
        at += size;
    }
}

/* What the lengths and distances of copies are written as: a symbol and bits that follow its code. */
typedef struct calo_deflate_symbol {
    unsigned number, extra, extra_bits;
} calo_deflate_symbol;

static inline calo_deflate_symbol calo_deflate_length(unsigned length)
{
    unsigned value = length - 3, bits = value < 8 ? 0 : 29 - (unsigned)__builtin_clz(value);
    if (length == CALO_DEFLATE_MAX_LENGTH)
        return (calo_deflate_symbol){CALO_DEFLATE_FIRST_LENGTH + 28, 0, 0};
    return (calo_deflate_symbol){CALO_DEFLATE_FIRST_LENGTH + 4 * bits + (value >> bits), value & ((1u << bits) - 1),
                                 bits};
}

static inline calo_deflate_symbol calo_deflate_distance(unsigned distance)
{
    unsigned value = distance - 1, bits = value < 4 ? 0 : 30 - (unsigned)__builtin_clz(value);
    return (calo_deflate_symbol){2 * bits + (value >> bits), value & ((1u << bits) - 1), bits};
}

#endif
