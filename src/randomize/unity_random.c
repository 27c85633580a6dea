#include "randomize/unity_random.h"

#include <math.h>

#include "base/exact_math.h"
#include "randomize/colors.h"

/* By Hopf's fibration, two angles and a share between them. */
void calo_unity_random_rotation(calo_unity_random *random, double rotation[4])
{
    double share = calo_unity_random_value(random);
    double first = calo_unity_random_range(random, 0, CALO_TWO_PI_FLOAT);
    double second = calo_unity_random_range(random, 0, CALO_TWO_PI_FLOAT);
    double sine, cosine, wide = sqrt(share), narrow = sqrt(1 - share);
    calo_sincos(first, &sine, &cosine);
    rotation[0] = wide * sine;
    rotation[1] = wide * cosine;
    calo_sincos(second, &sine, &cosine);
    rotation[2] = narrow * sine;
    rotation[3] = narrow * cosine;
}

static float between(const float ends[2], float share)
{
    return ends[0] + (ends[1] - ends[0]) * share;
}

void calo_unity_random_color(calo_unity_random *random, const float hue[2], const float saturation[2],
                             const float value[2], float rgb[3])
{
    float hsv[3];
    hsv[0] = between(hue, calo_unity_random_value(random));
    hsv[1] = between(saturation, calo_unity_random_value(random));
    hsv[2] = between(value, calo_unity_random_value(random));
    calo_unity_random_next(random); /* alpha, which components keep as it is */
    calo_rgb_from_hsv(hsv, rgb);
}
