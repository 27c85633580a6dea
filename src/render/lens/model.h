/* Lenses: from a point of the picture to the ray that it shows. The formulas are those of OpenCV's calib3d
 * (projectPoints, fisheye::projectPoints), backwards. */
#ifndef CALO_RENDER_LENS_MODEL_H
#define CALO_RENDER_LENS_MODEL_H

#include <calotype/view.h>

/* A view's lens, made ready. */
typedef struct calo_lens {
    calo_lens_kind kind;
    double focal[2], center[2]; /* pixels */
    double k[12];               /* OpenCV's order */
    bool decentered;            /* has tangential or thin prism terms */
    /* Where the distortion first turns back, and rays end: the tangent of the angle from the axis, of fisheyes the
     * angle; and how far from the centre that is, in focal lengths (radial terms only). */
    double radius_limit, distorted_limit;
} calo_lens;

/* Where the ray of a neighbouring pixel was found: there the search begins. All zero where there is none. */
typedef struct calo_lens_guess {
    double radius, point[2];
} calo_lens_guess;

void calo_lens_init(calo_lens *lens, const calo_view *view);

/* The direction (right, up, back; unit length) that is seen at a point of the picture, in pixels from its top left
 * corner. False where there is none: beyond the first turning point. `guess` is used and made better. */
bool calo_lens_ray(const calo_lens *lens, double x, double y, calo_lens_guess *guess, double direction[3]);

#endif
