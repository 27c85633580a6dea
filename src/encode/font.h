/* A 5x7 bitmap font for labels. */
#ifndef CALO_ENCODE_FONT_H
#define CALO_ENCODE_FONT_H

#include <calotype/image.h>

enum { CALO_FONT_ADVANCE = 6, CALO_FONT_HEIGHT = 7 };

/* Draws text into an RGB8 picture, cut off at its edges; `scale` pixels a dot. Letters have one
 * case; bytes without a glyph are drawn as a small box. */
void calo_font_draw(calo_image *image, int32_t left, int32_t top, uint32_t scale, const uint8_t rgb[3],
                    const char *text);

#endif
