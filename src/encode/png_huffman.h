/* Prefix codes of deflate (RFC 1951): from how often each symbol occurs to the bits it is written as. */
#ifndef CALO_ENCODE_PNG_HUFFMAN_H
#define CALO_ENCODE_PNG_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

enum { CALO_PNG_MAX_SYMBOLS = 288 };

/* A symbol's code, as written: first bit lowest. No bits: the symbol does not occur. */
typedef struct calo_png_code {
    uint16_t code;
    uint8_t bits;
} calo_png_code;

/* The shortest codes of at most `max_bits` (the shortest, but for the few symbols that are over the limit).
 * At least two symbols have codes, as some readers want a complete code. `symbols` is 2 to CALO_PNG_MAX_SYMBOLS,
 * and at most 2 to the power of max_bits. */
void calo_png_make_codes(const uint32_t *counts, size_t symbols, unsigned max_bits, calo_png_code *codes);

/* Gives codes to symbols whose numbers of bits are set: RFC 1951, 3.2.2. */
void calo_png_number_codes(calo_png_code *codes, size_t symbols);

#endif
