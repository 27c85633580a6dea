/* PNG files with any filter in any row, and what libspng makes of a PNG: for a test and a fuzz target. */
#ifndef CALO_TESTS_PNG_SAMPLE_H
#define CALO_TESTS_PNG_SAMPLE_H

#include <calotype/image.h>

typedef struct png_sample {
    uint32_t width, height;
    uint8_t bit_depth, color_type;
    bool interlaced;
    /* Filtered rows, each behind its filter byte. */
    const uint8_t *rows;
    size_t rows_size;
    uint32_t stream_chunks;              /* IDATs that the stream is cut into */
    const uint8_t *palette;              /* RGB */
    const uint8_t *alphas;               /* tRNS */
    uint32_t palette_count, alpha_bytes; /* 0: no such chunk */
    uint32_t comment_bytes;              /* 0: no such chunk */
} png_sample;

/* The bytes of a row without its filter byte. */
size_t png_sample_row_bytes(const png_sample *sample);

/* malloc'ed; NULL when memory ends. */
uint8_t *png_sample_write(const png_sample *sample, size_t *size);

/* Puts the right checksum behind every chunk that is whole. */
void png_sample_repair(uint8_t *bytes, size_t size);

/* What both ways make of a file, malloc'ed RGBA; NULL where one leaves or refuses it. */
typedef struct png_decoded {
    uint32_t width, height;
    uint8_t *fast, *libspng;
} png_decoded;

png_decoded png_sample_decode(const uint8_t *bytes, size_t size, const calo_limits *limits);

#endif
