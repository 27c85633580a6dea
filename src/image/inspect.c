#include "image/inspect.h"

#include <string.h>

#include "image/color.h"

static const uint8_t *row_of(const calo_image *image, uint32_t y)
{
    return (const uint8_t *)image->data + y * image->row_bytes;
}

static uint32_t count_row(const uint8_t *row, uint32_t width)
{
    uint32_t count = 0;
    for (uint32_t x = 0; x < width; x++)
        count += row[x];
    return count;
}

calo_mask_counts calo_mask_count(const calo_image *mask)
{
    uint32_t width = mask->width, height = mask->height;
    uint64_t outline = 2ull * width + 2ull * height - 4;
    calo_mask_counts counts = {.border = width == 1 || height == 1 ? (uint64_t)width * height : outline};
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = row_of(mask, y);
        uint32_t covered = count_row(row, width);
        counts.covered += covered;
        if (y == 0 || y == height - 1)
            counts.border_covered += covered;
        else
            counts.border_covered += width == 1 ? row[0] : (uint64_t)row[0] + row[width - 1];
    }
    return counts;
}

/* ---- colours ---- */

/* The limits in what the picture counts in. */
typedef struct color_limits {
    uint8_t low, high;
    float low_float, high_float;
} color_limits;

typedef struct row_extremes {
    uint32_t black, white;
} row_extremes;

static row_extremes count_rgba8(const uint8_t *colors, const uint8_t *mask, uint32_t width, color_limits limits)
{
    row_extremes found = {0, 0};
    uint32_t low = limits.low, high = limits.high;
    for (uint32_t x = 0; x < width; x++) {
        uint32_t pixel, covered = mask[x];
        memcpy(&pixel, colors + 4 * (size_t)x, sizeof pixel);
        uint32_t r = pixel & 0xff, g = pixel >> 8 & 0xff, b = pixel >> 16 & 0xff;
        found.black += covered & (r <= low) & (g <= low) & (b <= low);
        found.white += covered & (r >= high) & (g >= high) & (b >= high);
    }
    return found;
}

static row_extremes count_rgb8(const uint8_t *colors, const uint8_t *mask, uint32_t width, color_limits limits)
{
    row_extremes found = {0, 0};
    for (uint32_t x = 0; x < width; x++, colors += 3) {
        uint32_t covered = mask[x];
        found.black += covered & (colors[0] <= limits.low) & (colors[1] <= limits.low) & (colors[2] <= limits.low);
        found.white += covered & (colors[0] >= limits.high) & (colors[1] >= limits.high) & (colors[2] >= limits.high);
    }
    return found;
}

static row_extremes count_floats(const float *colors, const uint8_t *mask, uint32_t width, color_limits limits)
{
    row_extremes found = {0, 0};
    float low = limits.low_float, high = limits.high_float;
    for (uint32_t x = 0; x < width; x++, colors += 4) {
        uint32_t covered = mask[x];
        found.black += covered & (colors[0] <= low) & (colors[1] <= low) & (colors[2] <= low);
        found.white += covered & (colors[0] >= high) & (colors[1] >= high) & (colors[2] >= high);
    }
    return found;
}

calo_extremes calo_color_extremes(const calo_image *color, const calo_image *mask, bool linear, uint8_t low,
                                  uint8_t high)
{
    const float *meaning = linear ? calo_srgb_to_linear_table : calo_unorm8_to_float_table;
    color_limits limits = {low, high, meaning[low], meaning[high]};
    calo_extremes all = {0, 0};
    for (uint32_t y = 0; y < color->height; y++) {
        const uint8_t *colors = row_of(color, y), *covered = row_of(mask, y);
        row_extremes found = {0, 0};
        if (color->format == CALO_PIXEL_RGBA8)
            found = count_rgba8(colors, covered, color->width, limits);
        else if (color->format == CALO_PIXEL_RGB8)
            found = count_rgb8(colors, covered, color->width, limits);
        else if (color->format == CALO_PIXEL_RGBA32F)
            found = count_floats((const float *)(const void *)colors, covered, color->width, limits);
        all.black += found.black;
        all.white += found.white;
    }
    return all;
}

/* ---- numbers ---- */

bool calo_image_is_finite(const calo_image *image)
{
    static const uint32_t exponent = 0x7f800000;
    bool floats = image->format >= CALO_PIXEL_R32F && image->format <= CALO_PIXEL_RGBA32F;
    size_t count = floats ? (size_t)image->width * calo_pixel_components(image->format) : 0;
    uint32_t found = 0;
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = row_of(image, y);
        for (size_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, row + 4 * i, sizeof bits);
            found |= (bits & exponent) == exponent;
        }
    }
    return !found;
}
