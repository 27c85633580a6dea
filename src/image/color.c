#include "image/color.h"

#include <math.h>
#include <string.h>

#include "image/color_tables.h"

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
