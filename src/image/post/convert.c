/* Frames to planes of linear light, and back to pictures. */
#include <string.h>

#include "image/color_lanes.h"
#include "image/post/steps.h"

/* Inverts sRGB's curve, exactly where it is an 8-bit code and by straight lines between those. */
static float decode_displayed(float value)
{
    float scaled = calo_post_clamp(value, 0, 1) * 255;
    int32_t code = scaled < 255 ? (int32_t)scaled : 254;
    float low = calo_srgb_to_linear_table[code], high = calo_srgb_to_linear_table[code + 1];
    return low + (high - low) * (scaled - (float)code);
}

static const float *color_row(const calo_post_source *source, uint32_t y)
{
    const calo_image *plane = &source->frame->planes[CALO_CHANNEL_COLOR];
    return (const float *)((const char *)plane->data + y * plane->row_bytes);
}

static void load_row(const float *from, uint32_t width, float gain, float *const to[3], float *alpha)
{
    uint32_t index[LANES], x = 0;
    for (uint32_t i = 0; i < LANES; i++)
        index[i] = i;
    for (; x + LANES <= width; x += LANES) {
        lanes_f pixels[4];
        lanes_load4(from + 4 * (size_t)x, 4, index, pixels);
        for (int c = 0; c < 3; c++)
            lanes_store(to[c] + x, lanes_clamp(pixels[c] * gain, 0, CALO_POST_BRIGHTEST));
        lanes_store(alpha + x, lanes_clamp(pixels[3], 0, 1));
    }
    for (; x < width; x++) {
        for (int c = 0; c < 3; c++)
            to[c][x] = calo_post_clamp(from[4 * x + c] * gain, 0, CALO_POST_BRIGHTEST);
        alpha[x] = calo_post_clamp(from[4 * x + 3], 0, 1);
    }
}

static void load_displayed_row(const float *from, uint32_t width, float gain, float *const to[3], float *alpha)
{
    for (uint32_t x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++)
            to[c][x] = decode_displayed(from[4 * x + c]) * gain;
        alpha[x] = calo_post_clamp(from[4 * x + 3], 0, 1);
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
            load_row(color_row(source, y), canvas->width, exposure, to, canvas->alpha + at);
    }
}

/* sRGB's curve, the inverse of decode_displayed. */
static float displayed_of(float linear)
{
    linear = calo_post_clamp(linear, 0, 1);
    uint32_t code = calo_srgb_from_linear(linear);
    if (calo_srgb_to_linear_table[code] > linear)
        code--;
    if (code == 255)
        return 1;
    float low = calo_srgb_to_linear_table[code], high = calo_srgb_to_linear_table[code + 1];
    return ((float)code + (linear - low) / (high - low)) / 255;
}

static void store_float_row(const float *const from[4], uint32_t width, bool displayed, float *to)
{
    for (uint32_t x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++)
            to[4 * x + c] = displayed ? displayed_of(from[c][x]) : from[c][x];
        to[4 * x + 3] = from[3][x];
    }
}

/* A block of RGBA8 pixels, the first byte lowest. What is displayed is only rounded. */
LANES_INLINE void encode_block(const uint32_t *codes, const float *const from[4], bool displayed,
                               uint32_t pixels[CALO_POST_BLOCK])
{
    for (int i = 0; i < CALO_POST_BLOCK; i += LANES) {
        lanes_i all = round_to_byte(lanes_load(from[3] + i)) << 24;
        for (int c = 0; c < 3; c++) {
            lanes_f value = lanes_load(from[c] + i);
            all |= (displayed ? round_to_byte(value) : encode_srgb(codes, value)) << (8 * c);
        }
        lanes_store_int(pixels + i, all);
    }
}

static void write_block(const uint32_t pixels[CALO_POST_BLOCK], uint32_t count, uint32_t pixel_bytes, uint8_t *to)
{
    if (pixel_bytes == 4)
        memcpy(to, pixels, 4 * (size_t)count);
    else
        for (uint32_t i = 0; i < count; i++, to += 3)
            for (int c = 0; c < 3; c++)
                to[c] = (uint8_t)(pixels[i] >> (8 * c));
}

static void store_byte_row(const uint32_t *codes, const float *const from[4], uint32_t width, uint32_t pixel_bytes,
                           uint8_t *to)
{
    for (uint32_t x = 0; x < width; x += CALO_POST_BLOCK) {
        uint32_t pixels[CALO_POST_BLOCK], count = width - x < CALO_POST_BLOCK ? width - x : CALO_POST_BLOCK;
        const float *const at[4] = {from[0] + x, from[1] + x, from[2] + x, from[3] + x};
        encode_block(codes, at, false, pixels);
        write_block(pixels, count, pixel_bytes, to + (size_t)x * pixel_bytes);
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
            store_float_row(from, canvas->width, display_referred, row);
        else
            store_byte_row(processor->srgb_codes, from, canvas->width, calo_pixel_bytes(out->format), row);
    }
}

static void copy_byte_row(const uint32_t *codes, const float *from, uint32_t width, bool displayed,
                          uint32_t pixel_bytes, uint8_t *to)
{
    for (uint32_t x = 0; x < width; x += CALO_POST_BLOCK) {
        float planes[4][CALO_POST_BLOCK] = {0};
        uint32_t pixels[CALO_POST_BLOCK], count = width - x < CALO_POST_BLOCK ? width - x : CALO_POST_BLOCK;
        for (uint32_t i = 0; i < count; i++, from += 4)
            for (int c = 0; c < 4; c++)
                planes[c][i] = from[c];
        const float *const at[4] = {planes[0], planes[1], planes[2], planes[3]};
        encode_block(codes, at, displayed, pixels);
        write_block(pixels, count, pixel_bytes, to + (size_t)x * pixel_bytes);
    }
}

void calo_post_copy(const calo_post_processor *processor, const calo_post_source *source, const calo_image *out)
{
    uint32_t pixel_bytes = calo_pixel_bytes(out->format);
    for (uint32_t y = 0; y < out->height; y++) {
        const float *from = color_row(source, y);
        void *to = (char *)out->data + y * out->row_bytes;
        if (out->format == CALO_PIXEL_RGBA32F)
            memmove(to, from, (size_t)out->width * pixel_bytes);
        else
            copy_byte_row(processor->srgb_codes, from, out->width, source->display_referred, pixel_bytes, to);
    }
}
