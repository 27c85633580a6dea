/* PNG's row filters: all are tried, the one that should compress best is kept. */
#ifndef CALO_ENCODE_PNG_FILTER_H
#define CALO_ENCODE_PNG_FILTER_H

#include <stddef.h>
#include <stdint.h>

enum {
    CALO_PNG_LANES = 16,         /* bytes that are filtered at once */
    CALO_PNG_ROW_PAD = 16,       /* zeros before and behind a row */
    CALO_PNG_CANDIDATES = 4,     /* buffers of a padded row each */
};

/* Bytes of a buffer for a row of `count` bytes, the pads included. */
size_t calo_png_row_buffer_bytes(size_t count);

/* Writes the filter's number and the `count` filtered bytes to `out`. `row` and `above` stand in buffers of
 * calo_png_row_buffer_bytes with zeros outside the row; `pixel` (1 to 4) is the bytes of one. `candidates`
 * is CALO_PNG_CANDIDATES such buffers, their contents of no matter. */
void calo_png_filter_row(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel, uint8_t *candidates,
                         uint8_t *out);

#endif
