/* Prefix codes of deflate (RFC 1951): from how often each symbol occurs to the bits it is written as. */
#ifndef CALO_ENCODE_DEFLATE_CODES_H
#define CALO_ENCODE_DEFLATE_CODES_H

#include <stddef.h>
#include <stdint.h>

enum { CALO_DEFLATE_MAX_SYMBOLS = 288, CALO_DEFLATE_DISTANCES = 30, CALO_DEFLATE_FIXED_DISTANCE_BITS = 5 };

/* A symbol's code, as written: first bit lowest. No bits: the symbol does not occur. */
typedef struct calo_deflate_code {
    uint16_t code;
    uint8_t bits;
} calo_deflate_code;

/* The shortest codes of at most `max_bits` (the shortest, but for the few symbols that are over the limit).
 * At least two symbols have codes, as some readers want a complete code. `symbols` is 2 to CALO_DEFLATE_MAX_SYMBOLS,
 * and at most 2 to the power of max_bits. */
void calo_deflate_make_codes(const uint32_t *counts, size_t symbols, unsigned max_bits, calo_deflate_code *codes);

/* The codes that every reader knows (3.2.6): the bits of a literal's or a length's, and all of them. */
static inline unsigned calo_deflate_fixed_bits(unsigned symbol)
{
    return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

void calo_deflate_fixed_codes(calo_deflate_code literals[CALO_DEFLATE_MAX_SYMBOLS],
                              calo_deflate_code distances[CALO_DEFLATE_DISTANCES]);

/* Gives codes to symbols whose numbers of bits are set: RFC 1951, 3.2.2. */
void calo_deflate_number_codes(calo_deflate_code *codes, size_t symbols);

#endif
