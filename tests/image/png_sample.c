#include "png_sample.h"

#include <spng.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image/decode.h"

typedef struct png_writer {
    uint8_t *bytes;
    size_t size;
} png_writer;

static void put_bytes(png_writer *writer, const void *bytes, size_t size)
{
    if (size)
        memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
}

static void put_u32(png_writer *writer, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    put_bytes(writer, bytes, sizeof bytes);
}

static void put_chunk(png_writer *writer, const char *type, const void *bytes, size_t size)
{
    put_u32(writer, (uint32_t)size);
    size_t start = writer->size;
    put_bytes(writer, type, 4);
    put_bytes(writer, bytes, size);
    put_u32(writer, (uint32_t)crc32(0, writer->bytes + start, (uInt)(size + 4)));
}

size_t png_sample_row_bytes(const png_sample *sample)
{
    static const uint8_t samples[8] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};
    return ((size_t)sample->width * samples[sample->color_type & 7] * sample->bit_depth + 7) / 8;
}

static void put_header(png_writer *writer, const png_sample *sample)
{
    uint8_t fields[13];
    png_writer header = {fields, 0};
    put_u32(&header, sample->width);
    put_u32(&header, sample->height);
    put_bytes(&header, (uint8_t[]){sample->bit_depth, sample->color_type, 0, 0, sample->interlaced}, 5);
    put_bytes(writer, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(writer, "IHDR", fields, sizeof fields);
}

static void put_stream(png_writer *writer, const png_sample *sample, const uint8_t *stream, size_t size)
{
    size_t chunks = sample->stream_chunks ? sample->stream_chunks : 1;
    for (size_t i = 0, at = 0; i < chunks; i++) {
        size_t end = i + 1 < chunks ? size * (i + 1) / chunks : size;
        put_chunk(writer, "IDAT", stream + at, end - at);
        at = end;
    }
}

uint8_t *png_sample_write(const png_sample *sample, size_t *size)
{
    uLongf stream_size = compressBound((uLong)sample->rows_size);
    size_t most = 1024 + stream_size + 12 * ((size_t)sample->stream_chunks + 1) + 3 * (size_t)sample->palette_count +
                  sample->alpha_bytes + sample->comment_bytes;
    uint8_t *stream = malloc(stream_size), *comment = calloc(1, sample->comment_bytes + 1);
    png_writer writer = {malloc(most), 0};
    if (stream && comment && writer.bytes &&
        compress2(stream, &stream_size, sample->rows, (uLong)sample->rows_size, 1) == Z_OK) {
        put_header(&writer, sample);
        if (sample->palette_count)
            put_chunk(&writer, "PLTE", sample->palette, 3 * (size_t)sample->palette_count);
        if (sample->alpha_bytes)
            put_chunk(&writer, "tRNS", sample->alphas, sample->alpha_bytes);
        if (sample->comment_bytes)
            put_chunk(&writer, "teSt", comment, sample->comment_bytes);
        put_stream(&writer, sample, stream, stream_size);
        put_chunk(&writer, "IEND", NULL, 0);
    }
    free(stream);
    free(comment);
    *size = writer.size;
    return writer.bytes;
}

void png_sample_repair(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        png_writer checksum = {bytes, 0};
        size_t length =
            (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length > size - 12 - at)
            return;
        checksum.size = at + 8 + length;
        put_u32(&checksum, (uint32_t)crc32(0, bytes + at + 4, (uInt)(length + 4)));
        at += 12 + length;
    }
}

static bool decode_libspng(spng_ctx *context, const uint8_t *bytes, size_t size, png_decoded *decoded)
{
    struct spng_ihdr header;
    enum { MOST_PIXELS = 1 << 24 };
    if (spng_set_crc_action(context, SPNG_CRC_ERROR, SPNG_CRC_ERROR) || spng_set_png_buffer(context, bytes, size) ||
        spng_get_ihdr(context, &header) || (uint64_t)header.width * header.height > MOST_PIXELS)
        return false;
    size_t image_bytes = 4 * (size_t)header.width * header.height;
    decoded->width = header.width;
    decoded->height = header.height;
    decoded->libspng = malloc(image_bytes);
    return decoded->libspng &&
           spng_decode_image(context, decoded->libspng, image_bytes, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS) == 0;
}

png_decoded png_sample_decode(const uint8_t *bytes, size_t size, const calo_limits *limits)
{
    png_decoded decoded = {0};
    spng_ctx *context = spng_ctx_new(0);
    if (!decode_libspng(context, bytes, size, &decoded)) {
        free(decoded.libspng);
        decoded.libspng = NULL;
    }
    spng_ctx_free(context);
    calo_image image;
    if (!decoded.width || calo_image_init(&image, decoded.width, decoded.height, CALO_PIXEL_RGBA8, NULL) != CALO_OK)
        return decoded;
    calo_image_source source = {.bytes = bytes, .size = size, .name = "sample", .limits = calo_limits_resolve(limits)};
    if (calo_decode_png_fast(&source, &image))
        decoded.fast = image.data;
    else
        calo_image_finish(&image);
    return decoded;
}
