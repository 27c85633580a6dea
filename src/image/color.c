#include "image/color.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "image/color_tables.h"

float calo_srgb_value(float linear)
{
    if (!(linear > 0.0031308f))
        return linear > 0 ? 12.92f * linear : 0;
    return 1.055f * calo_powf(linear, 1 / 2.4f) - 0.055f;
}

uint8_t calo_srgb_from_linear(float linear)
{
    enum { FIRST_BIN = (127 - 13) << 6 }; /* the leading 6 mantissa bits of 2^-13 */
    if (!(linear >= 0x1p-13f))
        return 0;
    if (linear >= 1)
        return 255;
    uint32_t bits;
    memcpy(&bits, &linear, sizeof bits);
    uint8_t code = bin_begins[(bits >> 17) - FIRST_BIN];
    while (linear >= code_begins[code + 1])
        code++;
    return code;
}

void calo_srgb_make_table(uint32_t table[CALO_SRGB_TABLE_SIZE])
{
    for (uint32_t i = 0; i < CALO_SRGB_TABLE_SIZE; i++) {
        uint32_t first_bits = (i + CALO_SRGB_TABLE_BASE) << 16, begin_bits;
        float first, begin;
        memcpy(&first, &first_bits, sizeof first);
        uint8_t code = calo_srgb_from_linear(first);
        /* Codes are wider than the table's bins, so that at most one begins in each. */
        begin = code < 255 ? code_begins[code + 1] : 2;
        memcpy(&begin_bits, &begin, sizeof begin_bits);
        uint32_t threshold = begin_bits >> 16 == first_bits >> 16 ? begin_bits & 0xffff : 0x10000;
        table[i] = (uint32_t)code << 17 | threshold;
    }
}
