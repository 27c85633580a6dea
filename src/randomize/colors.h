/* Hue, saturation and value; sRGB numbers that are not bytes. */
#ifndef CALO_RANDOMIZE_COLORS_H
#define CALO_RANDOMIZE_COLORS_H

/* Hues are 0 to 1; saturation and value are 0 to 1 for colours within 0 to 1. */
void calo_rgb_from_hsv(const float hsv[3], float rgb[3]);
void calo_hsv_from_rgb(const float rgb[3], float hsv[3]);

/* sRGB's curve (IEC 61966-2-1) and back; above 1 the power 2.2, as Unity takes brighter colours. Not below 0. */
float calo_linear_from_display(float display);
float calo_display_from_linear(float linear);

#endif
