/* Where the cameras of a protocol stand: the part of a preset that is more than numbers. */
#ifndef CALO_VIEW_SAMPLING_H
#define CALO_VIEW_SAMPLING_H

#include <calotype/view.h>

#include "base/random.h"

/* One protocol's parameters after the options were applied. */
typedef struct calo_sampling {
    uint64_t seed;
    size_t count;
    double elevation_min_degrees, elevation_max_degrees;
    double height_min, height_max; /* of the camera above the origin; equal: not limited */
} calo_sampling;

/* Writes the direction of view `index` in degrees. `random` is the view's own generator; `radius`
 * is its distance. */
typedef void (*calo_direction_sampler)(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                                       double *azimuth_degrees, double *elevation_degrees);

/* Uniform on the part of the sphere between the two elevations. */
void calo_sample_band(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                      double *azimuth_degrees, double *elevation_degrees);
/* The same, between two heights: uniform on the sphere of the view's own radius. */
void calo_sample_heights(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                         double *azimuth_degrees, double *elevation_degrees);
/* Once around in equal steps, rising from the lower to the upper elevation where they differ. */
void calo_sample_ring(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                      double *azimuth_degrees, double *elevation_degrees);
/* The golden-angle spiral. */
void calo_sample_fibonacci(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                           double *azimuth_degrees, double *elevation_degrees);
void calo_sample_hammersley(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                            double *azimuth_degrees, double *elevation_degrees);
/* TRELLIS: Hammersley points moved by an offset drawn from the seed, three quarters of them above
 * the horizon. */
void calo_sample_trellis(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                         double *azimuth_degrees, double *elevation_degrees);
/* G-Objaverse: 25 views in steps of 15 degrees, top and bottom, 13 views in steps of 30 degrees. */
void calo_sample_gobjaverse(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                            double *azimuth_degrees, double *elevation_degrees);

/* The generator of one view: depends on the seed and the index only, so that more views of the
 * same seed begin with the same ones. */
calo_random calo_view_random(uint64_t seed, uint64_t index);

#endif
