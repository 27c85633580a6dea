#include "view/sampling.h"

#include <math.h>

#include "base/exact_math.h"

calo_random calo_view_random(uint64_t seed, uint64_t index)
{
    calo_random mixer = {seed ^ (index + 1) * 0xd1b54a32d192ed03u};
    return (calo_random){calo_random_next(&mixer)};
}

static double sine_of_degrees(double degrees)
{
    double sine, cosine;
    calo_sincos(calo_radians(degrees), &sine, &cosine);
    return sine;
}

/* The elevation whose sine stands at `part` (0 to 1) between the band's: equal parts, equal areas. */
static double elevation_at(const calo_sampling *sampling, double part)
{
    double low = sine_of_degrees(sampling->elevation_min_degrees);
    double high = sine_of_degrees(sampling->elevation_max_degrees);
    double elevation = calo_degrees(calo_asin(low + (high - low) * part));
    return fmin(sampling->elevation_max_degrees, fmax(sampling->elevation_min_degrees, elevation));
}

static double wrap_degrees(double degrees) { return degrees - 360 * floor(degrees / 360); }

void calo_sample_band(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                      double *azimuth_degrees, double *elevation_degrees)
{
    (void)index, (void)radius;
    *azimuth_degrees = calo_random_range(random, 0, 360);
    *elevation_degrees = elevation_at(sampling, calo_random_unit(random));
}

void calo_sample_heights(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                         double *azimuth_degrees, double *elevation_degrees)
{
    if (sampling->height_min == sampling->height_max) {
        calo_sample_band(sampling, random, index, radius, azimuth_degrees, elevation_degrees);
        return;
    }
    double low = fmax(-1, sampling->height_min / radius), high = fmin(1, sampling->height_max / radius);
    *azimuth_degrees = calo_random_range(random, 0, 360);
    *elevation_degrees = calo_degrees(calo_asin(calo_random_range(random, low, high)));
}

void calo_sample_ring(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                      double *azimuth_degrees, double *elevation_degrees)
{
    (void)random, (void)radius;
    double part = sampling->count > 1 ? (double)index / (double)(sampling->count - 1) : 0;
    *azimuth_degrees = 360 * (double)index / (double)sampling->count;
    *elevation_degrees =
        sampling->elevation_min_degrees + (sampling->elevation_max_degrees - sampling->elevation_min_degrees) * part;
}

void calo_sample_fibonacci(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                           double *azimuth_degrees, double *elevation_degrees)
{
    (void)random, (void)radius;
    double golden_angle_degrees = 180 * (3 - sqrt(5));
    *azimuth_degrees = wrap_degrees(golden_angle_degrees * (double)index);
    *elevation_degrees = elevation_at(sampling, ((double)index + 0.5) / (double)sampling->count);
}

/* The binary digits of `index` mirrored at the point. */
static double radical_inverse(uint32_t index)
{
    double value = 0, digit = 0.5;
    for (; index; index >>= 1, digit /= 2)
        value += digit * (index & 1);
    return value;
}

void calo_sample_hammersley(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                            double *azimuth_degrees, double *elevation_degrees)
{
    (void)random, (void)radius;
    *azimuth_degrees = 360 * radical_inverse((uint32_t)index);
    *elevation_degrees = elevation_at(sampling, ((double)index + 0.5) / (double)sampling->count);
}

void calo_sample_trellis(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                         double *azimuth_degrees, double *elevation_degrees)
{
    (void)random, (void)radius;
    calo_random shared = calo_view_random(sampling->seed, UINT64_MAX - 1);
    double offset_u = calo_random_unit(&shared), offset_v = calo_random_unit(&shared);
    double u = ((double)index + offset_u) / (double)sampling->count;
    /* The lower half of the sphere gets a quarter of the views. */
    u = u < 0.25 ? 2 * u : 2.0 / 3 * u + 1.0 / 3;
    *azimuth_degrees = wrap_degrees(360 * (radical_inverse((uint32_t)index) + offset_v));
    *elevation_degrees = elevation_at(sampling, u);
}

void calo_sample_gobjaverse(const calo_sampling *sampling, calo_random *random, size_t index, double radius,
                            double *azimuth_degrees, double *elevation_degrees)
{
    (void)random, (void)radius;
    calo_random shared = calo_view_random(sampling->seed, UINT64_MAX - 1);
    double upper = calo_random_range(&shared, sampling->elevation_min_degrees, sampling->elevation_max_degrees);
    double lower = calo_random_range(&shared, -5, 5);
    if (index < 25) {
        *azimuth_degrees = wrap_degrees(15 * (double)index);
        *elevation_degrees = upper;
    } else if (index < 27) {
        *azimuth_degrees = 0;
        *elevation_degrees = index == 25 ? 90 : -90;
    } else {
        *azimuth_degrees = wrap_degrees(30 * (double)(index - 27));
        *elevation_degrees = lower;
    }
}
