/* Radiance RGBE (Ward 1991): a text header, a line with the size, run-length coded scanlines. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/reader.h"
#include "base/text.h"
#include "image/decode.h"

/* "-Y height +X width" is the only orientation in use. */
static bool parse_size(const calo_text *line, int64_t *width, int64_t *height)
{
    calo_text rest = *line;
    const char *word;
    if (calo_text_word(&rest, &word) != 2 || memcmp(word, "-Y", 2) != 0 || !calo_text_integer(&rest, height))
        return false;
    return calo_text_word(&rest, &word) == 2 && memcmp(word, "+X", 2) == 0 && calo_text_integer(&rest, width);
}

static bool find_size(calo_text *text, int64_t *width, int64_t *height)
{
    calo_text line;
    while (calo_text_line(text, &line))
        if (line.at == line.end)
            return calo_text_line(text, &line) && parse_size(&line, width, height);
    return false;
}

/* New run-length coding: each of the four components of a row on its own. */
static void read_components(calo_reader *reader, uint8_t *row, uint32_t width)
{
    for (uint32_t component = 0; component < 4; component++)
        for (uint32_t x = 0; x < width && !reader->failed;) {
            uint32_t count = calo_reader_u8(reader);
            bool run = count > 128;
            count = run ? count - 128 : count;
            if (count == 0 || count > width - x) {
                reader->failed = true;
                return;
            }
            uint8_t value = run ? calo_reader_u8(reader) : 0;
            for (; count > 0; count--, x++)
                row[4 * x + component] = run ? value : calo_reader_u8(reader);
        }
}

/* Old coding: pixels, where 1 1 1 n repeats the last one, with counts in base 256. */
static void read_pixels(calo_reader *reader, uint8_t *row, uint32_t width)
{
    int shift = 0;
    for (uint32_t x = 0; x < width && !reader->failed;) {
        const uint8_t *p = calo_reader_take(reader, 4);
        if (!p)
            return;
        if (p[0] == 1 && p[1] == 1 && p[2] == 1) {
            uint64_t count = (uint64_t)p[3] << shift;
            shift = shift < 24 ? shift + 8 : shift;
            if (x == 0 || count > width - x) {
                reader->failed = true;
                return;
            }
            for (; count > 0; count--, x++)
                memcpy(row + 4 * x, row + 4 * (x - 1), 4);
        } else {
            memcpy(row + 4 * x++, p, 4);
            shift = 0;
        }
    }
}

static void read_row(calo_reader *reader, uint8_t *row, uint32_t width)
{
    const uint8_t *head = reader->bytes + reader->position;
    bool components = calo_reader_left(reader) >= 4 && head[0] == 2 && head[1] == 2 && head[2] < 128 &&
                      ((uint32_t)head[2] << 8 | head[3]) == width;
    if (!components) {
        read_pixels(reader, row, width);
        return;
    }
    calo_reader_take(reader, 4);
    read_components(reader, row, width);
}

/* Mantissas with one shared exponent. The row's bytes lie in the last quarter of its floats. */
static void convert_row(float *row, const uint8_t *rgbe, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        uint8_t p[4];
        memcpy(p, rgbe + 4 * x, sizeof p);
        /* value * 2^(exponent - 136) in two exact steps, so that neither leaves the range. */
        int exponent = (int)p[3] - 136, half = exponent / 2;
        uint32_t bits[2] = {(uint32_t)(half + 127) << 23, (uint32_t)(exponent - half + 127) << 23};
        float scale[2];
        memcpy(scale, bits, sizeof scale);
        for (int c = 0; c < 3; c++)
            row[4 * x + (uint32_t)c] = p[3] ? (float)p[c] * scale[0] * scale[1] : 0;
        row[4 * x + 3] = 1;
    }
}

calo_status calo_decode_hdr(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    calo_text text = {(const char *)source->bytes, (const char *)source->bytes + source->size};
    int64_t width = 0, height = 0;
    if (!find_size(&text, &width, &height) || width <= 0 || height <= 0)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: the HDR picture's header does not end with a size of the form \"-Y height +X width\"",
                         source->name);
    /* A run of 127 bytes takes two, in each of the four components. */
    calo_status status = calo_decode_check(source, "HDR", (uint64_t)width, (uint64_t)height, 16, 64, err);
    if (status == CALO_OK)
        status = calo_image_init(image, (uint32_t)width, (uint32_t)height, CALO_PIXEL_RGBA32F, err);
    if (status != CALO_OK)
        return status;
    calo_reader reader = calo_reader_make(source->bytes, source->size);
    calo_reader_take(&reader, (size_t)(text.at - (const char *)source->bytes));
    for (uint32_t y = 0; y < image->height; y++) {
        float *row = (float *)((char *)image->data + y * image->row_bytes);
        uint8_t *packed = (uint8_t *)row + 12 * (size_t)image->width;
        read_row(&reader, packed, image->width);
        if (reader.failed)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: the HDR picture is broken or cut off in row %u of %u",
                             source->name, y + 1, image->height);
        convert_row(row, packed, image->width);
    }
    return CALO_OK;
}
