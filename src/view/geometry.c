#include <calotype/view.h>

#include "base/linear.h"

calo_mat4 calo_look_at(const double position[3], const double target[3])
{
    double back[3], right[3], up[3];
    for (int i = 0; i < 3; i++)
        back[i] = position[i] - target[i];
    if (calo_normalize3(back) == 0)
        back[0] = 1;
    /* Straight up or down world z says nothing about the picture's up: +y is taken. */
    bool at_pole = back[0] * back[0] + back[1] * back[1] < 1e-18;
    const double world_up[3] = {0, at_pole, !at_pole};
    calo_cross3(world_up, back, right);
    calo_normalize3(right);
    calo_cross3(back, right, up);
    calo_normalize3(up);
    calo_mat4 out = calo_mat4_identity();
    for (int i = 0; i < 3; i++) {
        out.m[i][0] = right[i];
        out.m[i][1] = up[i];
        out.m[i][2] = back[i];
        out.m[i][3] = position[i];
    }
    return out;
}

void calo_fit_normalization(calo_fit fit, const double bounds_min[3], const double bounds_max[3], double *scale,
                            double translation[3])
{
    double longest = 0;
    *scale = 1;
    for (int i = 0; i < 3; i++) {
        translation[i] = 0;
        longest = fmax(longest, bounds_max[i] - bounds_min[i]);
    }
    if (fit == CALO_FIT_NONE)
        return;
    /* A single point keeps its size and is only centred. */
    if (longest > 0 && isfinite(1 / longest))
        *scale = (fit == CALO_FIT_HALF_CUBE ? 1 : 2) / longest;
    for (int i = 0; i < 3; i++)
        translation[i] = -*scale * (bounds_min[i] / 2 + bounds_max[i] / 2);
}
