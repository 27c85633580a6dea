/* PNG: own filters, libdeflate for the rest. Several times faster than libpng at its defaults. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "encode/encode.h"

enum {
    COMPRESSION_LEVEL = 2, /* on rendered objects, 4 makes files 2 % smaller and takes 20 % longer */
    LEFT_PAD = 4,          /* zeros before a row, so that the first pixel has a left neighbour */
    CHUNK_OVERHEAD = 12,   /* length, type, CRC */
    MAX_ID = 65535,
};

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

typedef enum png_filter { FILTER_NONE = 0, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH } png_filter;

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

/* ---- rows ---- */

static calo_status load_ids(const uint32_t *ids, uint32_t width, uint32_t y, uint8_t *row, calo_error *err)
{
    for (uint32_t x = 0; x < width; x++) {
        if (ids[x] > MAX_ID)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                             "the id %u at pixel (%u, %u) does not fit into a 16-bit PNG: write ids as npy", ids[x], x,
                             y);
        row[2 * x] = (uint8_t)(ids[x] >> 8);
        row[2 * x + 1] = (uint8_t)ids[x];
    }
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

/* ---- filters: `row` and `above` have LEFT_PAD zeros before them ---- */

static void filter_sub(const uint8_t *restrict row, uint8_t *restrict out, size_t count, size_t pixel)
{
    const uint8_t *left = row - pixel;
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(row[i] - left[i]);
}

static void filter_up(const uint8_t *restrict row, const uint8_t *restrict above, uint8_t *restrict out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(row[i] - above[i]);
}

static void filter_average(const uint8_t *restrict row, const uint8_t *restrict above, uint8_t *restrict out,
                           size_t count, size_t pixel)
{
    const uint8_t *left = row - pixel;
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(row[i] - ((left[i] + above[i]) >> 1));
}

static void filter_paeth(const uint8_t *restrict row, const uint8_t *restrict above, uint8_t *restrict out,
                         size_t count, size_t pixel)
{
    const uint8_t *left = row - pixel, *corner = above - pixel;
    for (size_t i = 0; i < count; i++) {
        int16_t a = left[i], b = above[i], c = corner[i];
        int16_t to_a = (int16_t)(b - c), to_b = (int16_t)(a - c), to_c = (int16_t)(to_a + to_b);
        int16_t pa = to_a < 0 ? (int16_t)-to_a : to_a, pb = to_b < 0 ? (int16_t)-to_b : to_b;
        int16_t pc = to_c < 0 ? (int16_t)-to_c : to_c;
        int16_t b_or_c = pb <= pc ? b : c, least = pb <= pc ? pb : pc;
        out[i] = (uint8_t)(row[i] - (pa <= least ? a : b_or_c));
    }
}

/* The sum of the bytes' distances from zero: what compresses well has a small one. */
static uint64_t cost_of(const uint8_t *bytes, size_t count)
{
    uint64_t cost = 0;
    for (size_t done = 0; done < count;) {
        size_t stop = count - done > 65536 ? done + 65536 : count;
        uint32_t part = 0;
        for (; done < stop; done++) {
            uint8_t byte = bytes[done], negative = (uint8_t)-byte;
            part += byte < negative ? byte : negative;
        }
        cost += part;
    }
    return cost;
}

/* One row being written: two candidates, the better one kept. */
typedef struct row_choice {
    uint8_t *best, *other;
    uint64_t best_cost;
    png_filter best_filter;
} row_choice;

static void consider(row_choice *choice, png_filter filter, size_t count)
{
    uint64_t cost = cost_of(choice->other, count);
    if (cost >= choice->best_cost)
        return;
    uint8_t *loser = choice->best;
    choice->best = choice->other;
    choice->other = loser;
    choice->best_cost = cost;
    choice->best_filter = filter;
}

/* Writes the filter's number and the filtered row. */
static void write_row(row_choice *choice, const uint8_t *row, const uint8_t *above, size_t count, size_t pixel,
                      uint8_t *out)
{
    choice->best_cost = UINT64_MAX;
    filter_up(row, above, choice->other, count);
    consider(choice, FILTER_UP, count);
    if (choice->best_cost > 0) { /* rows like the one above, mostly background, need no search */
        filter_sub(row, choice->other, count, pixel);
        consider(choice, FILTER_SUB, count);
        filter_average(row, above, choice->other, count, pixel);
        consider(choice, FILTER_AVERAGE, count);
        filter_paeth(row, above, choice->other, count, pixel);
        consider(choice, FILTER_PAETH, count);
    }
    out[0] = (uint8_t)choice->best_filter;
    memcpy(out + 1, choice->best, count);
}

/* Writes height * (1 + row_bytes) bytes to `out`. */
static calo_status filter_image(const calo_image *image, const png_layout *layout, size_t row_bytes, uint8_t *out,
                                calo_error *err)
{
    size_t padded = LEFT_PAD + row_bytes;
    uint8_t *scratch = calloc(2, padded + row_bytes);
    if (!scratch)
        return calo_fail_memory(err, "a PNG", 2 * (padded + row_bytes));
    uint8_t *row = scratch + LEFT_PAD, *above = row + padded;
    row_choice choice = {.best = scratch + 2 * padded, .other = scratch + 2 * padded + row_bytes};
    calo_status status = CALO_OK;
    for (uint32_t y = 0; y < image->height && status == CALO_OK; y++) {
        status = load_row(image, y, row, err);
        if (status == CALO_OK)
            write_row(&choice, row, above, row_bytes, layout->pixel_bytes, out + y * (row_bytes + 1));
        uint8_t *swap = row;
        row = above;
        above = swap;
    }
    free(scratch);
    return status;
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

static calo_status write_chunks(const calo_image *image, const png_layout *layout, const uint8_t *filtered,
                                size_t filtered_size, calo_blob *blob, calo_error *err)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(COMPRESSION_LEVEL);
    if (!compressor)
        return calo_fail_memory(err, "a PNG", 0);
    size_t bound = libdeflate_zlib_compress_bound(compressor, filtered_size);
    uint8_t *start = calo_blob_reserve(blob, bound + 128, err);
    calo_status status = CALO_OK;
    if (!start) {
        status = CALO_ERROR_MEMORY;
    } else {
        uint8_t *at = write_head(start, image, layout);
        size_t size = libdeflate_zlib_compress(compressor, filtered, filtered_size, at + 8, bound);
        at = close_chunk(at, "IDAT", size);
        at = close_chunk(at, "IEND", 0);
        blob->size += (size_t)(at - start);
    }
    libdeflate_free_compressor(compressor);
    return status;
}

calo_status calo_encode_png(const calo_image *image, calo_blob *blob, calo_error *err)
{
    png_layout layout;
    size_t row_bytes, filtered_size;
    if (!find_layout(image->format, &layout))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "PNG holds 8-bit pictures and ids, not floating point numbers: "
                         "write them as npy or EXR");
    row_bytes = (size_t)image->width * layout.pixel_bytes;
    if (__builtin_mul_overflow(row_bytes + 1, (size_t)image->height, &filtered_size) || filtered_size > INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "a picture of %u x %u pixels is too large for one PNG chunk: "
                         "render smaller views", image->width, image->height);
    uint8_t *filtered = malloc(filtered_size);
    if (!filtered)
        return calo_fail_memory(err, "a PNG", filtered_size);
    calo_status status = filter_image(image, &layout, row_bytes, filtered, err);
    if (status == CALO_OK)
        status = write_chunks(image, &layout, filtered, filtered_size, blob, err);
    free(filtered);
    return status;
}
