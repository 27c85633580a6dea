#include "randomize/colors.h"

#include <math.h>

#include "base/exact_math.h"

void calo_rgb_from_hsv(const float hsv[3], float rgb[3])
{
    float sector = hsv[0] * 6, value = hsv[2];
    int index = (int)floorf(sector);
    float within = sector - (float)index;
    float low = value * (1 - hsv[1]), falling = value * (1 - hsv[1] * within);
    float rising = value * (1 - hsv[1] * (1 - within));
    const float sectors[6][3] = {{value, rising, low}, {falling, value, low}, {low, value, rising},
                                 {low, falling, value}, {rising, low, value}, {value, low, falling}};
    for (int i = 0; i < 3; i++)
        rgb[i] = sectors[(index % 6 + 6) % 6][i];
}

void calo_hsv_from_rgb(const float rgb[3], float hsv[3])
{
    int most = rgb[1] > rgb[0] ? 1 : 0;
    most = rgb[2] > rgb[most] ? 2 : most;
    float highest = rgb[most], lowest = fminf(rgb[0], fminf(rgb[1], rgb[2])), span = highest - lowest;
    hsv[0] = hsv[1] = 0;
    hsv[2] = highest;
    if (!(span > 0))
        return;
    hsv[1] = span / highest;
    hsv[0] = ((float)(2 * most) + (rgb[(most + 1) % 3] - rgb[(most + 2) % 3]) / span) / 6;
    if (hsv[0] < 0)
        hsv[0] += 1;
}

float calo_linear_from_display(float display)
{
    if (display <= 0.04045f)
        return display / 12.92f;
    return display < 1 ? calo_powf((display + 0.055f) / 1.055f, 2.4f) : calo_powf(display, 2.2f);
}

float calo_display_from_linear(float linear)
{
    if (linear <= 0.0031308f)
        return linear * 12.92f;
    return linear < 1 ? 1.055f * calo_powf(linear, 1 / 2.4f) - 0.055f : calo_powf(linear, 1 / 2.2f);
}
