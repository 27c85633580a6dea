/* Where ambient occlusion takes its samples. */
#include <math.h>

#include "base/exact_math.h"
#include "base/scalar.h"
#include "image/post/steps.h"

/* Points in a sphere: at even steps of height and golden angles around, farther out from one to the next; each pixel of
 * four by four turns them by another part of a step (the order of a Bayer matrix). */
void calo_post_pattern_make(calo_post_pattern *pattern)
{
    static const uint8_t order[16] = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};
    for (int pixel = 0; pixel < 16; pixel++)
        for (int i = 0; i < CALO_POST_DIRECTIONS; i++) {
            double turn = (order[pixel] + 0.5) / 16, place = i * 0.7548776662466927 + turn;
            double height = 2 * (place - floor(place)) - 1, sine, cosine;
            calo_sincos(2 * CALO_PI * (i * 0.5698402909980532 + turn), &sine, &cosine);
            double length = sqrt((i + 1.0) / CALO_POST_DIRECTIONS), flat = sqrt(1 - height * height);
            double point[3] = {flat * cosine * length, flat * sine * length, height * length};
            for (int k = 0; k < CALO_POST_BLOCK / 4; k++)
                for (int axis = 0; axis < 3; axis++)
                    pattern->directions[pixel / 4][i][axis][4 * k + pixel % 4] = (float)point[axis];
        }
    for (int i = 0; i < CALO_POST_CURVE_STEPS + 2; i++)
        pattern->curve[i] = calo_minf(calo_powf((float)i / CALO_POST_CURVE_STEPS, 1.2f), 1);
}
