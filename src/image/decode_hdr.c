/* Radiance HDR (RGBE) to RGBA32F: Ward, "Real Pixels" (Graphics Gems II); both run-length encodings. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/reader.h"
#include "base/text.h"
#include "image/decode.h"

enum {
    MIN_NEW_WIDTH = 8, MAX_NEW_WIDTH = 32767, /* of scanlines whose components are packed one by one */
    LEAST_ROW_BYTES = 4,
};

typedef struct hdr_header {
    int64_t width, height;
    size_t pixels; /* where they begin */
} hdr_header;

static bool word_is(const char *word, size_t length, const char *expected)
{
    return length == strlen(expected) && memcmp(word, expected, length) == 0;
}

/* "-Y 512 +X 1024": rows from the top, pixels from the left. */
static calo_status read_resolution(const calo_image_source *source, calo_text line, hdr_header *header,
                                   calo_error *err)
{
    const char *y_word, *x_word, *start = line.at;
    int length = line.end - line.at > 64 ? 64 : (int)(line.end - line.at);
    size_t y_length = calo_text_word(&line, &y_word);
    calo_text_skip_blanks(&line);
    bool has_height = calo_text_integer(&line, &header->height);
    calo_text_skip_blanks(&line);
    size_t x_length = calo_text_word(&line, &x_word);
    calo_text_skip_blanks(&line);
    bool has_width = calo_text_integer(&line, &header->width);
    if (!has_height || !has_width || header->width <= 0 || header->height <= 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the size line \"%.*s\" of the Radiance HDR should read like "
                         "\"-Y 512 +X 1024\"", source->name, length, start);
    if (!word_is(y_word, y_length, "-Y") || !word_is(x_word, x_length, "+X"))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: a Radiance HDR with its pixels in the order \"%.*s\" "
                         "cannot be read: save it in the usual order, -Y +X", source->name, length, start);
    return CALO_OK;
}

static calo_status read_header(const calo_image_source *source, hdr_header *header, calo_error *err)
{
    static const char format_key[] = "FORMAT=";
    const char *begin = (const char *)source->bytes;
    calo_text text = {begin, begin + source->size}, line;
    bool ended = false;
    while (!ended && calo_text_line(&text, &line)) {
        size_t length = (size_t)(line.end - line.at);
        if (length >= sizeof format_key - 1 && memcmp(line.at, format_key, sizeof format_key - 1) == 0 &&
            !word_is(line.at + sizeof format_key - 1, length - (sizeof format_key - 1), "32-bit_rle_rgbe"))
            return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: a Radiance HDR of the format \"%.*s\" cannot be read: "
                             "save it as 32-bit_rle_rgbe", source->name, (int)(length > 64 ? 64 : length), line.at);
        ended = length == 0;
    }
    if (!ended || !calo_text_line(&text, &line))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is a Radiance HDR without a size line: it is truncated",
                         source->name);
    header->pixels = (size_t)(text.at - begin);
    return read_resolution(source, line, header, err);
}

/* One component after the other: a count over 128 repeats one byte, others copy. */
static bool read_new_row(calo_reader *reader, uint8_t *row, uint32_t width)
{
    for (uint32_t c = 0; c < 4; c++)
        for (uint32_t x = 0; x < width;) {
            uint32_t count = calo_reader_u8(reader);
            bool is_run = count > 128;
            count = is_run ? count - 128 : count;
            const uint8_t *from = calo_reader_take(reader, is_run ? 1 : count);
            if (count == 0 || count > width - x || !from)
                return false;
            for (uint32_t i = 0; i < count; i++)
                row[4 * (x + i) + c] = from[is_run ? 0 : i];
            x += count;
        }
    return true;
}

/* Whole pixels; (1, 1, 1, n) repeats the one before n times, n shifted up by 8 bits for each repeat
 * mark in a row. */
static bool read_old_row(calo_reader *reader, uint8_t *row, uint32_t width)
{
    uint32_t shift = 0;
    for (uint32_t x = 0; x < width;) {
        const uint8_t *pixel = calo_reader_take(reader, 4);
        if (!pixel)
            return false;
        if (pixel[0] != 1 || pixel[1] != 1 || pixel[2] != 1) {
            memcpy(row + 4 * x++, pixel, 4);
            shift = 0;
            continue;
        }
        uint64_t count = shift < 32 ? (uint64_t)pixel[3] << shift : UINT64_MAX;
        if (x == 0 || count > width - x)
            return false;
        for (; count > 0; count--, x++)
            memcpy(row + 4 * x, row + 4 * (x - 1), 4);
        shift += 8;
    }
    return true;
}

static bool read_row(calo_reader *reader, uint8_t *row, uint32_t width)
{
    const uint8_t *at = reader->bytes + reader->position;
    bool is_new = calo_reader_left(reader) >= 4 && at[0] == 2 && at[1] == 2 && at[2] < 128 &&
                  width >= MIN_NEW_WIDTH && width <= MAX_NEW_WIDTH;
    if (!is_new)
        return read_old_row(reader, row, width);
    calo_reader_take(reader, 4);
    return ((uint32_t)at[2] << 8 | at[3]) == width && read_new_row(reader, row, width);
}

/* 2^(exponent - 136) times the mantissas; exponent 0 is black. In place: a row of floats holds its RGBE bytes
 * in its last quarter, which the floats never overtake. */
static void convert_row(const uint8_t *rgbe, float *out, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        uint8_t pixel[4];
        memcpy(pixel, rgbe + 4 * x, 4);
        float scale = pixel[3] > 0 ? ldexpf(1, pixel[3] - 136) : 0;
        for (int c = 0; c < 3; c++)
            out[4 * x + c] = (float)pixel[c] * scale;
        out[4 * x + 3] = 1;
    }
}

calo_status calo_decode_hdr(const calo_image_source *source, calo_image *image, calo_error *err)
{
    hdr_header header;
    calo_status status = read_header(source, &header, err);
    if (status == CALO_OK)
        status = calo_image_init_claimed(source, (uint64_t)header.width, (uint64_t)header.height, CALO_PIXEL_RGBA32F,
                                         header.pixels + (uint64_t)header.height * LEAST_ROW_BYTES, image, err);
    if (status != CALO_OK)
        return status;
    calo_reader reader = calo_reader_make(source->bytes, source->size);
    reader.position = header.pixels;
    for (uint32_t y = 0; y < image->height; y++) {
        float *row = (float *)(void *)((uint8_t *)image->data + y * image->row_bytes);
        uint8_t *rgbe = (uint8_t *)(row + 3 * (size_t)image->width);
        if (!read_row(&reader, rgbe, image->width)) {
            calo_image_finish(image);
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: row %u of the Radiance HDR is %s: save it again from its "
                             "source", source->name, y, reader.failed ? "cut short" : "damaged");
        }
        convert_row(rgbe, row, image->width);
    }
    return CALO_OK;
}
