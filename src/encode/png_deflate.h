/* Deflate (RFC 1951) for filtered rows of pixels. Several times faster than compressors that know nothing of
 * their input: matches are looked for only where pixels begin and as long as that is of use. */
#ifndef CALO_ENCODE_PNG_DEFLATE_H
#define CALO_ENCODE_PNG_DEFLATE_H

#include "base/blob.h"
#include "encode/deflate_codes.h"

enum {
    CALO_DEFLATE_WINDOW = 32768,    /* copies reach this far back */
    CALO_DEFLATE_HASH_BITS = 12,
    CALO_DEFLATE_SEQUENCES = 16384, /* in a block */
    CALO_DEFLATE_LITERALS = 286,    /* literals, the end of a block, lengths */
};

/* Literals, then a copy of `length` bytes from `distance` bytes before. */
typedef struct calo_deflate_sequence {
    uint32_t literals;
    uint16_t length, distance;
} calo_deflate_sequence;

/* A block's symbols: how often they occur, how they are written. */
typedef struct calo_deflate_alphabet {
    uint32_t literal_counts[CALO_DEFLATE_LITERALS], distance_counts[CALO_DEFLATE_DISTANCES];
    calo_deflate_code literals[CALO_DEFLATE_MAX_SYMBOLS], distances[CALO_DEFLATE_DISTANCES];
} calo_deflate_alphabet;

/* A stream being written. Large: belongs on the heap. */
typedef struct calo_deflate {
    size_t row_bytes, pixel; /* of a row with its filter's number; of a pixel (1 to 4) */
    uint64_t bits;           /* not yet written, lowest first; fewer than 8 between blocks */
    unsigned bit_count;
    uint32_t position;       /* in the stream, of the band's first byte */
    /* Where four and eight bytes that hash to an entry were seen last. */
    uint32_t last_four[1 << CALO_DEFLATE_HASH_BITS], last_eight[1 << CALO_DEFLATE_HASH_BITS];
    /* What literals and copies should cost, in sixteenths of a bit: a guess, until the codes are made. */
    uint8_t literal_costs[256];
    uint32_t copy_cost, literal_count, copy_count;
    calo_deflate_alphabet alphabet;
    size_t sequence_count;
    calo_deflate_sequence sequences[CALO_DEFLATE_SEQUENCES];
} calo_deflate;

void calo_deflate_begin(calo_deflate *deflate, size_t row_bytes, size_t pixel);

/* Appends a band: rows of `count` bytes altogether, each with the number of its filter first. Before the band
 * stand the CALO_DEFLATE_WINDOW bytes that came before it, or as many as there were. `is_last` ends the stream. */
calo_status calo_deflate_band(calo_deflate *deflate, const uint8_t *band, size_t count, bool is_last, calo_blob *blob,
                              calo_error *err);

#endif
