/* Frames to planes of linear light, and back to pictures. */
#include <string.h>

#include "base/scalar.h"
#include "image/post/steps.h"

/* Inverts sRGB's curve, exactly where it is an 8-bit code and by straight lines between those. */
static float decode_displayed(float value)
{
    float scaled = calo_clampf(value, 0, 1) * 255;
    int32_t code = scaled < 255 ? (int32_t)scaled : 254;
    float low = calo_srgb_to_linear_table[code], high = calo_srgb_to_linear_table[code + 1];
    return low + (high - low) * (scaled - (float)code);
}

static const float *color_row(const calo_post_source *source, uint32_t y)
{
    const calo_image *plane = &source->frame->planes[CALO_CHANNEL_COLOR];
    return (const float *)((const char *)plane->data + y * plane->row_bytes);
}

static void load_row(const float *restrict from, uint32_t width, float gain, float *restrict red,
                     float *restrict green, float *restrict blue, float *restrict alpha)
{
    for (uint32_t x = 0; x < width; x++) {
        red[x] = calo_clampf(from[4 * x] * gain, 0, CALO_POST_BRIGHTEST);
        green[x] = calo_clampf(from[4 * x + 1] * gain, 0, CALO_POST_BRIGHTEST);
        blue[x] = calo_clampf(from[4 * x + 2] * gain, 0, CALO_POST_BRIGHTEST);
        alpha[x] = calo_clampf(from[4 * x + 3], 0, 1);
    }
}

static void load_displayed_row(const float *from, uint32_t width, float gain, float *const to[3], float *alpha)
{
    for (uint32_t x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++)
            to[c][x] = decode_displayed(from[4 * x + c]) * gain;
        alpha[x] = calo_clampf(from[4 * x + 3], 0, 1);
    }
}

void calo_post_load(const calo_post_source *source, float exposure, calo_post_canvas *canvas)
{
    for (uint32_t y = 0; y < canvas->height; y++) {
        size_t at = y * canvas->stride;
        float *to[3] = {canvas->color[0] + at, canvas->color[1] + at, canvas->color[2] + at};
        if (source->display_referred)
            load_displayed_row(color_row(source, y), canvas->width, exposure, to, canvas->alpha + at);
        else
            load_row(color_row(source, y), canvas->width, exposure, to[0], to[1], to[2], canvas->alpha + at);
    }
}

/* calo_srgb_from_linear, by the processor's table. */
static inline uint8_t encode(const uint32_t *codes, float linear)
{
    float inside = calo_clampf(linear, CALO_SRGB_TABLE_FIRST, CALO_SRGB_TABLE_LAST);
    uint32_t bits;
    memcpy(&bits, &inside, sizeof bits);
    uint32_t entry = codes[(bits >> 16) - CALO_SRGB_TABLE_BASE];
    uint32_t code = (entry >> 17) + ((bits & 0xffff) >= (entry & 0x1ffff));
    return linear >= CALO_SRGB_TABLE_FIRST ? (uint8_t)code : 0;
}

static inline uint8_t round_to_byte(float value)
{
    return (uint8_t)(calo_clampf(value, 0, 1) * 255.0f + 0.5f);
}

/* sRGB's curve, the inverse of decode_displayed. */
static float displayed_of(const uint32_t *codes, float linear)
{
    uint32_t code = encode(codes, linear);
    linear = calo_clampf(linear, 0, 1);
    if (calo_srgb_to_linear_table[code] > linear)
        code--;
    if (code == 255)
        return 1;
    float low = calo_srgb_to_linear_table[code], high = calo_srgb_to_linear_table[code + 1];
    return ((float)code + (linear - low) / (high - low)) / 255;
}

static void store_float_row(const uint32_t *codes, const float *const from[4], uint32_t width, bool displayed,
                            float *to)
{
    for (uint32_t x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++)
            to[4 * x + c] = displayed ? displayed_of(codes, from[c][x]) : from[c][x];
        to[4 * x + 3] = from[3][x];
    }
}

static void store_byte_row(const uint32_t *codes, const float *const from[4], uint32_t width, uint32_t pixel_bytes,
                           uint8_t *to)
{
    for (uint32_t x = 0; x < width; x++, to += pixel_bytes) {
        for (int c = 0; c < 3; c++)
            to[c] = encode(codes, from[c][x]);
        if (pixel_bytes == 4)
            to[3] = round_to_byte(from[3][x]);
    }
}

void calo_post_store(const calo_post_processor *processor, const calo_post_canvas *canvas, bool display_referred,
                     const calo_image *out)
{
    for (uint32_t y = 0; y < canvas->height; y++) {
        size_t at = y * canvas->stride;
        const float *const from[4] = {canvas->color[0] + at, canvas->color[1] + at, canvas->color[2] + at,
                                      canvas->alpha + at};
        void *row = (char *)out->data + y * out->row_bytes;
        if (out->format == CALO_PIXEL_RGBA32F)
            store_float_row(processor->srgb_codes, from, canvas->width, display_referred, row);
        else if (out->format == CALO_PIXEL_RGBA8)
            store_byte_row(processor->srgb_codes, from, canvas->width, 4, row);
        else
            store_byte_row(processor->srgb_codes, from, canvas->width, 3, row);
    }
}

void calo_post_copy(const calo_post_processor *processor, const calo_post_source *source, const calo_image *out)
{
    uint32_t pixel_bytes = calo_pixel_bytes(out->format);
    for (uint32_t y = 0; y < out->height; y++) {
        const float *from = color_row(source, y);
        uint8_t *to = (uint8_t *)out->data + y * out->row_bytes;
        if (out->format == CALO_PIXEL_RGBA32F) {
            memmove(to, from, (size_t)out->width * pixel_bytes);
            continue;
        }
        for (uint32_t x = 0; x < out->width; x++, from += 4, to += pixel_bytes) {
            for (int c = 0; c < 3; c++)
                to[c] = source->display_referred ? round_to_byte(from[c]) : encode(processor->srgb_codes, from[c]);
            if (pixel_bytes == 4)
                to[3] = round_to_byte(from[3]);
        }
    }
}
