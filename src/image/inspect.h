/* Pictures in numbers: what of them the object covers, what is white or black, whether all is finite. */
#ifndef CALO_IMAGE_INSPECT_H
#define CALO_IMAGE_INSPECT_H

#include <calotype/image.h>

/* How many pixels of a mask (R8, 0 or 1) are 1, and how many of its outermost ones. */
typedef struct calo_mask_counts {
    uint64_t covered, border_covered, border;
} calo_mask_counts;
calo_mask_counts calo_mask_count(const calo_image *mask);

/* Of the pixels that the mask has, those whose three colours are all at most `low`, or all at least `high`: codes of
 * RGB8 and RGBA8; of RGBA32F, `linear` says whether numbers are linear light, which is compared with what such codes
 * stand for, or display-referred ones from 0 to 1. Other formats are not colours. */
typedef struct calo_extremes {
    uint64_t black, white;
} calo_extremes;
calo_extremes calo_color_extremes(const calo_image *color, const calo_image *mask, bool linear, uint8_t low,
                                  uint8_t high);

/* No NaN and no infinity; true of formats without floats. */
bool calo_image_is_finite(const calo_image *image);

#endif
