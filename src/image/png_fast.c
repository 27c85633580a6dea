/* The usual PNG (8 or 16 bits a sample, not interlaced) to RGBA8, several times as fast as libspng: libdeflate
 * inflates the whole stream at once, and the filters of eight rows are undone side by side. Whatever is rare, odd or
 * damaged is left to libspng, which reads every kind and says what is wrong. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "image/decode.h"

enum {
    SIGNATURE_BYTES = 8,
    /* Text and profiles that even bombs of deflate cannot blow up to libspng's limit. */
    MAX_ANCILLARY_BYTES = 48 << 10,
    ROWS = 8, /* undone side by side */
    QUADS = ROWS / 4,
    SLACK_BYTES = 8, /* a pixel may be read with what follows it */
};

typedef struct png_parts {
    uint32_t width, height;
    uint8_t bit_depth, color_type;
    const uint8_t *stream; /* of zlib; in `joined` when it is cut into several chunks */
    size_t stream_size;
    uint8_t *joined;
    uint32_t palette_count; /* 0: none */
    uint8_t palette[256][4];
} png_parts;

/* ---- chunks ---- */

typedef struct png_chunk {
    const uint8_t *type, *bytes;
    uint32_t size;
} png_chunk;

static bool is_type(const png_chunk *chunk, const char *type) { return memcmp(chunk->type, type, 4) == 0; }

/* Four letters, the first of them small. */
static bool is_ancillary(const png_chunk *chunk)
{
    for (int i = 0; i < 4; i++)
        if ((chunk->type[i] | 0x20) < 'a' || (chunk->type[i] | 0x20) > 'z')
            return false;
    return (chunk->type[0] & 0x20) != 0;
}

/* False at the file's end and at damage. */
static bool take_chunk(calo_reader *reader, png_chunk *chunk)
{
    chunk->size = calo_reader_u32(reader);
    chunk->type = calo_reader_take(reader, 4);
    chunk->bytes = calo_reader_take(reader, chunk->size);
    uint32_t checksum = calo_reader_u32(reader);
    return !reader->failed && libdeflate_crc32(0, chunk->type, 4 + (size_t)chunk->size) == checksum;
}

static bool take_header(calo_reader *reader, png_parts *parts)
{
    png_chunk chunk;
    if (!take_chunk(reader, &chunk) || !is_type(&chunk, "IHDR") || chunk.size != 13)
        return false;
    calo_reader fields = calo_reader_make(chunk.bytes, chunk.size);
    fields.big_endian = true;
    parts->width = calo_reader_u32(&fields);
    parts->height = calo_reader_u32(&fields);
    parts->bit_depth = calo_reader_u8(&fields);
    parts->color_type = calo_reader_u8(&fields);
    bool is_plain = chunk.bytes[10] == 0 && chunk.bytes[11] == 0 && chunk.bytes[12] == 0;
    return is_plain && (parts->bit_depth == 8 || (parts->bit_depth == 16 && parts->color_type != 3));
}

static bool take_palette(const png_chunk *chunk, png_parts *parts)
{
    if (parts->palette_count || chunk->size == 0 || chunk->size % 3 || chunk->size > 3 * 256)
        return false;
    parts->palette_count = chunk->size / 3;
    for (uint32_t i = 0; i < 256; i++) {
        if (i < parts->palette_count)
            memcpy(parts->palette[i], chunk->bytes + 3 * (size_t)i, 3);
        parts->palette[i][3] = 255;
    }
    return true;
}

/* Alphas of palette entries; a transparent colour is rare. */
static bool take_alphas(const png_chunk *chunk, png_parts *parts)
{
    if (parts->color_type != 3 || chunk->size == 0 || chunk->size > parts->palette_count)
        return false;
    for (uint32_t i = 0; i < chunk->size; i++)
        parts->palette[i][3] = chunk->bytes[i];
    return true;
}

/* Up to the first IDAT, which is handed out. */
static bool take_before_stream(calo_reader *reader, png_parts *parts, png_chunk *chunk)
{
    size_t ancillary_bytes = 0;
    bool has_alphas = false;
    while (take_chunk(reader, chunk)) {
        if (is_type(chunk, "IDAT"))
            return parts->color_type != 3 || parts->palette_count;
        bool good = is_ancillary(chunk);
        if (is_type(chunk, "PLTE"))
            good = take_palette(chunk, parts);
        if (is_type(chunk, "tRNS")) {
            good = !has_alphas && take_alphas(chunk, parts);
            has_alphas = true;
        }
        ancillary_bytes += chunk->size;
        if (!good || ancillary_bytes > MAX_ANCILLARY_BYTES)
            return false;
    }
    return false;
}

/* The stream goes on in all IDATs that follow the first one. */
static bool join_stream(calo_reader *reader, const png_chunk *first, png_parts *parts)
{
    parts->stream = first->bytes;
    parts->stream_size = first->size;
    while (calo_reader_left(reader) >= 8 && memcmp(reader->bytes + reader->position + 4, "IDAT", 4) == 0) {
        png_chunk chunk;
        size_t most = parts->stream_size + calo_reader_left(reader);
        if (!take_chunk(reader, &chunk))
            return false;
        if (!parts->joined) {
            parts->joined = malloc(most);
            if (!parts->joined)
                return false;
            memcpy(parts->joined, parts->stream, parts->stream_size);
            parts->stream = parts->joined;
        }
        memcpy(parts->joined + parts->stream_size, chunk.bytes, chunk.size);
        parts->stream_size += chunk.size;
    }
    return true;
}

static bool find_parts(const calo_image_source *source, png_parts *parts)
{
    calo_reader reader = calo_reader_make(source->bytes, source->size);
    reader.big_endian = true;
    png_chunk first;
    return calo_reader_take(&reader, SIGNATURE_BYTES) && take_header(&reader, parts) &&
           take_before_stream(&reader, parts, &first) && join_stream(&reader, &first, parts);
}

/* ---- rows ---- */

#define OPAQUE 0xff000000u

/* Each layout gets loops of its own. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* A pixel of each of four rows, a quad: as numbers, and as bytes R, G, B, A. */
typedef uint32_t pixels __attribute__((vector_size(16)));
typedef uint8_t lanes __attribute__((vector_size(16)));

/* Where the samples of a pixel, or their high bytes, lie. */
typedef struct pixel_layout {
    uint32_t bytes, red, green, blue, alpha;
    bool has_alpha;
} pixel_layout;

typedef struct row_group {
    uint32_t width;
    const uint8_t *from[ROWS]; /* behind the filter bytes */
    const uint8_t *above;      /* the finished row above the first */
    uint8_t *to[ROWS];
    pixels left[QUADS], up[QUADS], corner[QUADS], mean[QUADS]; /* what each row's filter looks at: all ones */
    bool filtered;                                             /* any of them */
} row_group;

static ALWAYS_INLINE uint32_t load_word(const uint8_t *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* Filters work on each byte by itself, so that a pixel can be spread to RGBA, and lose the low bytes of 16 bits,
 * before they are undone. */
static ALWAYS_INLINE uint32_t load_pixel(const uint8_t *from, pixel_layout layout)
{
    if (layout.blue == 2)
        return load_word(from);
    uint32_t pixel = from[layout.red] | (uint32_t)from[layout.green] << 8 | (uint32_t)from[layout.blue] << 16;
    return layout.has_alpha ? pixel | (uint32_t)from[layout.alpha] << 24 : pixel;
}

static ALWAYS_INLINE void copy_rows(const row_group *group, pixel_layout layout)
{
    for (uint32_t row = 0; row < ROWS; row++)
        for (size_t x = 0; x < group->width; x++) {
            uint32_t pixel = load_pixel(group->from[row] + x * layout.bytes, layout);
            pixel |= layout.has_alpha ? 0 : OPAQUE;
            memcpy(group->to[row] + 4 * x, &pixel, sizeof pixel);
        }
}

static ALWAYS_INLINE lanes choose(lanes mask, lanes yes, lanes no) { return (mask & yes) | (~mask & no); }

/* |a - b|; `at_least`: where a >= b. */
static ALWAYS_INLINE lanes distance(lanes a, lanes b, lanes *at_least)
{
    *at_least = (lanes)(a >= b);
    return ((b - a) ^ *at_least) - *at_least;
}

/* Paeth's choice of a (left), b (up) and c (corner): the nearest to a + b - c, without leaving 8 bits. Where c lies
 * between a and b its distance is the difference of theirs; elsewhere it is the sum, and c cannot win. */
static ALWAYS_INLINE lanes predict(lanes a, lanes b, lanes c)
{
    lanes b_at_least, a_at_least, a_farther;
    lanes from_a = distance(b, c, &b_at_least), from_b = distance(a, c, &a_at_least);
    lanes a_nearer = (lanes)(from_a <= from_b);
    lanes least = choose(a_nearer, from_a, from_b), from_c = distance(from_a, from_b, &a_farther);
    lanes c_nearest = (a_at_least ^ b_at_least) & ~(lanes)(from_c >= least);
    return choose(c_nearest, c, choose(a_nearer, a, b));
}

static ALWAYS_INLINE lanes mean_of(lanes a, lanes b) { return (a & b) + ((a ^ b) >> 1); }

/* What lies above the pixels that a step undoes: those that the step before has done, one row further down. */
static ALWAYS_INLINE void move_down(const pixels done[QUADS], pixels up[QUADS])
{
    up[0] = __builtin_shufflevector(done[0], done[0], 0, 0, 1, 2);
    for (int quad = 1; quad < QUADS; quad++)
        up[quad] = __builtin_shufflevector(done[quad - 1], done[quad], 3, 4, 5, 6);
}

/* The filtered pixels of four rows, each one to the left of the one above it; zeros outside the picture. */
static ALWAYS_INLINE pixels load_quad(const row_group *group, pixel_layout layout, uint32_t quad, uint32_t step,
                                      bool whole)
{
    uint32_t loaded[4];
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t row = 4 * quad + i, x = step - row;
        bool inside = whole || x < group->width;
        loaded[i] = inside ? load_pixel(group->from[row] + (size_t)x * layout.bytes, layout) : 0;
    }
    return (pixels){loaded[0], loaded[1], loaded[2], loaded[3]};
}

static ALWAYS_INLINE pixels inside_quad(const row_group *group, uint32_t quad, uint32_t step)
{
    uint32_t inside[4];
    for (uint32_t i = 0; i < 4; i++)
        inside[i] = step - 4 * quad - i < group->width ? UINT32_MAX : 0;
    return (pixels){inside[0], inside[1], inside[2], inside[3]};
}

static ALWAYS_INLINE void store_quad(const row_group *group, pixel_layout layout, uint32_t quad, uint32_t step,
                                     bool whole, pixels done)
{
    done |= layout.has_alpha ? 0 : OPAQUE;
    const uint32_t stored[4] = {done[0], done[1], done[2], done[3]};
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t row = 4 * quad + i, x = step - row;
        if (whole || x < group->width)
            memcpy(group->to[row] + 4 * (size_t)x, &stored[i], 4);
    }
}

/* One step of the rows below: the pixel at `step` of the first row, the one before it of the second, and so on.
 * `whole`: all of them lie inside the picture. */
static ALWAYS_INLINE void undo_step(const row_group *group, pixel_layout layout, uint32_t step, bool whole,
                                    pixels done[QUADS], pixels corner[QUADS])
{
    pixels up[QUADS];
    move_down(done, up);
    if (whole || step < group->width)
        up[0][0] = load_word(group->above + 4 * (size_t)step);
    for (uint32_t quad = 0; quad < QUADS; quad++) {
        lanes a = (lanes)(done[quad] & group->left[quad]), b = (lanes)(up[quad] & group->up[quad]);
        lanes c = (lanes)(corner[quad] & group->corner[quad]);
        lanes predicted = choose((lanes)group->mean[quad], mean_of(a, b), predict(a, b, c));
        done[quad] = (pixels)((lanes)load_quad(group, layout, quad, step, whole) + predicted);
        if (!whole)
            done[quad] &= inside_quad(group, quad, step);
        corner[quad] = up[quad];
        store_quad(group, layout, quad, step, whole, done[quad]);
    }
}

/* Undoes the filters of all rows at once, each row one pixel behind the one above it: what a step finishes is
 * what the next one finds to the left, and above. All filters are Paeth's with some neighbours taken as 0, but
 * for the mean. */
static ALWAYS_INLINE void undo_rows(const row_group *group, pixel_layout layout)
{
    pixels done[QUADS] = {{0}}, corner[QUADS] = {{0}};
    if (!group->filtered) {
        copy_rows(group, layout);
        return;
    }
    for (uint32_t step = 0; step < group->width + ROWS - 1; step++)
        if (step >= ROWS - 1 && step < group->width)
            undo_step(group, layout, step, true, done, corner);
        else
            undo_step(group, layout, step, false, done, corner);
}

/* The loops once for each layout, whose numbers the compiler then knows. */
static bool undo_group(const row_group *group, const png_parts *parts)
{
    switch (parts->color_type << 8 | parts->bit_depth) {
    case 0x008:
    case 0x308: undo_rows(group, (pixel_layout){1, 0, 0, 0, 0, false}); return true;
    case 0x010: undo_rows(group, (pixel_layout){2, 0, 0, 0, 0, false}); return true;
    case 0x208: undo_rows(group, (pixel_layout){3, 0, 1, 2, 0, false}); return true;
    case 0x210: undo_rows(group, (pixel_layout){6, 0, 2, 4, 0, false}); return true;
    case 0x408: undo_rows(group, (pixel_layout){2, 0, 0, 0, 1, true}); return true;
    case 0x410: undo_rows(group, (pixel_layout){4, 0, 0, 0, 2, true}); return true;
    case 0x608: undo_rows(group, (pixel_layout){4, 0, 1, 2, 3, true}); return true;
    case 0x610: undo_rows(group, (pixel_layout){8, 0, 2, 4, 6, true}); return true;
    default: return false;
    }
}

/* False: there is no such filter. */
static bool set_filter(row_group *group, uint32_t row, uint8_t filter)
{
    enum { NONE, SUB, UP, AVERAGE, PAETH };
    uint32_t quad = row / 4, lane = row % 4;
    group->left[quad][lane] = filter == SUB || filter >= AVERAGE ? UINT32_MAX : 0;
    group->up[quad][lane] = filter >= UP ? UINT32_MAX : 0;
    group->corner[quad][lane] = filter == PAETH ? UINT32_MAX : 0;
    group->mean[quad][lane] = filter == AVERAGE ? UINT32_MAX : 0;
    group->filtered |= filter != NONE;
    return filter <= PAETH;
}

/* `nowhere` is a row of zeros: what stands above the first row, and later takes the rows that the last group lacks. */
static bool undo_filters(const png_parts *parts, const uint8_t *rows, size_t row_bytes, uint8_t *nowhere,
                         calo_image *image)
{
    row_group group = {.width = parts->width, .above = nowhere};
    for (uint32_t y = 0; y < parts->height; y += ROWS) {
        group.filtered = false;
        for (uint32_t row = 0; row < ROWS; row++) {
            bool is_there = y + row < parts->height;
            const uint8_t *from = rows + (row_bytes + 1) * (is_there ? y + row : parts->height - 1);
            group.from[row] = from + 1;
            group.to[row] = is_there ? (uint8_t *)image->data + (y + row) * image->row_bytes : nowhere;
            if (!set_filter(&group, row, *from))
                return false;
        }
        if (!undo_group(&group, parts))
            return false;
        group.above = group.to[ROWS - 1];
    }
    return true;
}

static void apply_palette(const png_parts *parts, calo_image *image)
{
    uint8_t *pixel = image->data;
    for (size_t left = (size_t)image->width * image->height; left > 0; left--, pixel += 4)
        memcpy(pixel, parts->palette[*pixel], 4);
}

/* ---- the whole ---- */

static size_t row_bytes_of(const png_parts *parts)
{
    static const uint8_t samples[8] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};
    return (size_t)parts->width * samples[parts->color_type & 7] * (parts->bit_depth / 8);
}

static bool inflate_rows(const png_parts *parts, uint8_t *rows, size_t size)
{
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    if (!decompressor)
        return false;
    bool good = libdeflate_zlib_decompress(decompressor, parts->stream, parts->stream_size, rows, size, NULL) ==
                LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(decompressor);
    return good;
}

static bool decode_parts(const png_parts *parts, const calo_limits *limits, calo_image *image)
{
    if (parts->width != image->width || parts->height != image->height)
        return false;
    size_t row_bytes = row_bytes_of(parts), size = (row_bytes + 1) * parts->height;
    if (size > limits->max_memory_bytes || image->row_bytes * image->height > limits->max_memory_bytes - size)
        return false;
    uint8_t *rows = malloc(size + SLACK_BYTES), *nowhere = calloc(parts->width, 4);
    bool good =
        rows && nowhere && inflate_rows(parts, rows, size) && undo_filters(parts, rows, row_bytes, nowhere, image);
    if (good && parts->color_type == 3)
        apply_palette(parts, image);
    free(nowhere);
    free(rows);
    return good;
}

bool calo_decode_png_fast(const calo_image_source *source, calo_image *image)
{
    png_parts parts = {0};
    bool good = find_parts(source, &parts) && decode_parts(&parts, &source->limits, image);
    free(parts.joined);
    return good;
}
