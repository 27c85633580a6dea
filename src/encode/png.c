/* PNG, with own filters and own deflate, as libpng takes longer for a picture than rendering it. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "encode/encode.h"
#include "encode/png_deflate.h"
#include "encode/png_filter.h"

enum {
    HEAD_BYTES = 64,         /* at most: signature, IHDR, sRGB, the head of IDAT */
    CHUNK_OVERHEAD = 12,     /* length, type, CRC */
    BAND_BYTES = 288 * 1024, /* of rows compressed together: all of a small picture */
    MAX_ID = 65535,
    /* A chunk has fewer than 2^31 bytes. No block of deflate takes more than its rows and 5 bytes for each begun
     * 65535 and 1, and blocks are not short: they end with a band, of more than 144 KiB but for the last one, or
     * after 16384 copies of 4 bytes or more. So 1/1024 covers what is not rows. */
    MAX_FILTERED_BYTES = INT32_MAX - INT32_MAX / 1024,
};

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* How a pixel format is written. */
typedef struct png_layout {
    uint8_t bit_depth, color_type;
    size_t pixel_bytes;
    bool is_color;
} png_layout;

static bool find_layout(calo_pixel_format format, png_layout *layout)
{
    switch (format) {
    case CALO_PIXEL_R8: *layout = (png_layout){8, 0, 1, false}; return true;
    case CALO_PIXEL_RGB8: *layout = (png_layout){8, 2, 3, true}; return true;
    case CALO_PIXEL_RGBA8: *layout = (png_layout){8, 6, 4, true}; return true;
    case CALO_PIXEL_R32U: *layout = (png_layout){16, 0, 2, false}; return true;
    default: return false;
    }
}

/* ---- pixels ---- */

static calo_status load_ids(const uint32_t *ids, uint32_t width, uint32_t y, uint8_t *row, calo_error *err)
{
    uint16_t *to = (uint16_t *)(void *)row;
    uint32_t all = 0;
    for (uint32_t x = 0; x < width; x++) {
        all |= ids[x];
        to[x] = (uint16_t)((ids[x] & 0xff) << 8 | (ids[x] >> 8 & 0xff));
    }
    for (uint32_t x = 0; all > MAX_ID && x < width; x++)
        if (ids[x] > MAX_ID)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                             "the id %u at pixel (%u, %u) does not fit into a 16-bit PNG: write ids as npy", ids[x], x,
                             y);
    return CALO_OK;
}

static calo_status load_row(const calo_image *image, uint32_t y, uint8_t *row, calo_error *err)
{
    const uint8_t *from = (const uint8_t *)image->data + y * image->row_bytes;
    if (image->format == CALO_PIXEL_R32U)
        return load_ids((const uint32_t *)(const void *)from, image->width, y, row, err);
    memcpy(row, from, (size_t)image->width * calo_pixel_bytes(image->format));
    return CALO_OK;
}

/* ---- chunks ---- */

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Completes a chunk whose content stands at `at` + 8 already; returns where the next one begins. */
static uint8_t *close_chunk(uint8_t *at, const char type[4], size_t size)
{
    put_u32(at, (uint32_t)size);
    memcpy(at + 4, type, 4);
    put_u32(at + 8 + size, libdeflate_crc32(0, at + 4, size + 4));
    return at + size + CHUNK_OVERHEAD;
}

static uint8_t *write_head(uint8_t *at, const calo_image *image, const png_layout *layout)
{
    memcpy(at, signature, sizeof signature);
    at += sizeof signature;
    put_u32(at + 8, image->width);
    put_u32(at + 12, image->height);
    at[16] = layout->bit_depth;
    at[17] = layout->color_type;
    memset(at + 18, 0, 3); /* deflate, the five filters, not interlaced */
    at = close_chunk(at, "IHDR", 13);
    if (layout->is_color) {
        at[8] = 0; /* perceptual */
        at = close_chunk(at, "sRGB", 1);
    }
    return at;
}

/* ---- rows ---- */

/* Memory for a picture being written: one allocation. */
typedef struct png_scratch {
    calo_deflate *deflate;
    uint8_t *row, *above, *candidates; /* of the filters */
    uint8_t *window, *band;            /* what copies may reach, then the rows filtered together */
    size_t row_bytes;                  /* without the filter's number */
    uint32_t band_rows;
} png_scratch;

/* Bounded by the size of the picture, so that no sum overflows. */
static calo_status make_scratch(const calo_image *image, size_t row_bytes, png_scratch *scratch, calo_error *err)
{
    size_t padded = calo_png_row_buffer_bytes(row_bytes), rows = BAND_BYTES / (row_bytes + 1);
    rows = rows < 1 ? 1 : rows > image->height ? image->height : rows;
    size_t rows_bytes = rows * (row_bytes + 1), candidates_bytes = CALO_PNG_CANDIDATES * padded;
    size_t total = sizeof *scratch->deflate + 2 * padded + candidates_bytes + CALO_DEFLATE_WINDOW + rows_bytes;
    scratch->deflate = malloc(total);
    if (!scratch->deflate)
        return calo_fail_memory(err, "a PNG", total);
    uint8_t *at = (uint8_t *)(scratch->deflate + 1);
    memset(at, 0, 2 * padded);
    scratch->row = at + CALO_PNG_ROW_PAD;
    scratch->above = scratch->row + padded;
    scratch->candidates = at + 2 * padded;
    scratch->window = scratch->candidates + candidates_bytes;
    scratch->band = scratch->window + CALO_DEFLATE_WINDOW;
    scratch->row_bytes = row_bytes;
    scratch->band_rows = (uint32_t)rows;
    return CALO_OK;
}

/* The rows from `y` to `stop` into the band. */
static calo_status filter_band(const calo_image *image, size_t pixel, png_scratch *scratch, uint32_t y, uint32_t stop,
                               calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint8_t *out = scratch->band; y < stop && status == CALO_OK; y++, out += scratch->row_bytes + 1) {
        uint8_t *row = scratch->row;
        status = load_row(image, y, row, err);
        calo_png_filter_row(row, scratch->above, scratch->row_bytes, pixel, scratch->candidates, out);
        scratch->row = scratch->above;
        scratch->above = row;
    }
    return status;
}

/* A zlib stream (RFC 1950) of all rows. */
static calo_status write_rows(const calo_image *image, size_t pixel, png_scratch *scratch, calo_blob *blob,
                              calo_error *err)
{
    static const uint8_t head[2] = {0x78, 0x01}; /* deflate with a window of 32 KiB, fast */
    uint8_t checksum_bytes[4];
    uint32_t checksum = 1;
    calo_status status = calo_blob_append(blob, head, sizeof head, err);
    calo_deflate_begin(scratch->deflate, scratch->row_bytes + 1, pixel);
    for (uint32_t y = 0; y < image->height && status == CALO_OK;) {
        uint32_t rows = image->height - y < scratch->band_rows ? image->height - y : scratch->band_rows;
        size_t count = rows * (scratch->row_bytes + 1);
        status = filter_band(image, pixel, scratch, y, y + rows, err);
        y += rows;
        checksum = libdeflate_adler32(checksum, scratch->band, count);
        if (status == CALO_OK)
            status = calo_deflate_band(scratch->deflate, scratch->band, count, y == image->height, blob, err);
        if (y < image->height)
            memmove(scratch->window, scratch->window + count, CALO_DEFLATE_WINDOW);
    }
    put_u32(checksum_bytes, checksum);
    return status == CALO_OK ? calo_blob_append(blob, checksum_bytes, sizeof checksum_bytes, err) : status;
}

/* ---- the file ---- */

static calo_status write_file(const calo_image *image, const png_layout *layout, png_scratch *scratch, calo_blob *blob,
                              calo_error *err)
{
    uint8_t *start = calo_blob_reserve(blob, HEAD_BYTES, err);
    if (!start)
        return calo_failed(err);
    size_t chunk = (size_t)(write_head(start, image, layout) - blob->bytes);
    blob->size = chunk + 8; /* behind the length and the type, which are known at the end */
    calo_status status = write_rows(image, layout->pixel_bytes, scratch, blob, err);
    if (status == CALO_OK && !calo_blob_reserve(blob, 2 * CHUNK_OVERHEAD, err))
        status = calo_failed(err);
    if (status != CALO_OK)
        return status;
    uint8_t *at = close_chunk(blob->bytes + chunk, "IDAT", blob->size - chunk - 8);
    blob->size = (size_t)(close_chunk(at, "IEND", 0) - blob->bytes);
    return CALO_OK;
}

calo_status calo_encode_png(const calo_image *image, calo_blob *blob, calo_error *err)
{
    png_layout layout;
    png_scratch scratch = {0};
    size_t filtered_size, size_before = blob->size;
    if (!find_layout(image->format, &layout))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "PNG holds 8-bit pictures and ids, not floating point numbers: "
                         "write them as npy or EXR");
    size_t row_bytes = (size_t)image->width * layout.pixel_bytes;
    if (__builtin_mul_overflow(row_bytes + 1, (size_t)image->height, &filtered_size) ||
        filtered_size > MAX_FILTERED_BYTES)
        return calo_fail(err, CALO_ERROR_LIMIT, "a picture of %u x %u pixels is too large for one PNG chunk: "
                         "render smaller views", image->width, image->height);
    calo_status status = make_scratch(image, row_bytes, &scratch, err);
    if (status != CALO_OK)
        return status;
    status = write_file(image, &layout, &scratch, blob, err);
    free(scratch.deflate);
    if (status != CALO_OK)
        blob->size = size_before;
    return status;
}
