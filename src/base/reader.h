/* A bounded reader: the only way importers touch a file's bytes. Reading past the end gives
 * zeros and sets `failed`, which the caller checks once at the end of a record. */
#ifndef CALO_BASE_READER_H
#define CALO_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct calo_reader {
    const uint8_t *bytes;
    size_t size, position;
    bool big_endian;
    bool failed;
} calo_reader;

static inline calo_reader calo_reader_make(const void *bytes, size_t size)
{
    return (calo_reader){.bytes = bytes, .size = size};
}

static inline size_t calo_reader_left(const calo_reader *reader)
{
    return reader->size - reader->position;
}

/* The next `count` bytes, or NULL (and failed) if there are fewer. */
static inline const uint8_t *calo_reader_take(calo_reader *reader, size_t count)
{
    if (count > calo_reader_left(reader)) {
        reader->failed = true;
        reader->position = reader->size;
        return NULL;
    }
    const uint8_t *at = reader->bytes + reader->position;
    reader->position += count;
    return at;
}

static inline uint64_t calo_reader_unsigned(calo_reader *reader, size_t count)
{
    const uint8_t *at = calo_reader_take(reader, count);
    uint64_t value = 0;
    for (size_t i = 0; at && i < count; i++)
        value |= (uint64_t)at[i] << 8 * (reader->big_endian ? count - 1 - i : i);
    return value;
}

static inline uint8_t calo_reader_u8(calo_reader *reader) { return (uint8_t)calo_reader_unsigned(reader, 1); }
static inline uint16_t calo_reader_u16(calo_reader *reader) { return (uint16_t)calo_reader_unsigned(reader, 2); }
static inline uint32_t calo_reader_u32(calo_reader *reader) { return (uint32_t)calo_reader_unsigned(reader, 4); }

static inline float calo_reader_f32(calo_reader *reader)
{
    uint32_t bits = calo_reader_u32(reader);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double calo_reader_f64(calo_reader *reader)
{
    uint64_t bits = calo_reader_unsigned(reader, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
