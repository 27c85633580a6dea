/* Elementary functions that give the same bits on every x86 level. The C library picks code by
 * CPU (with and without fused multiply-add), so its results may differ in the last bit. */
#ifndef CALO_BASE_EXACT_MATH_H
#define CALO_BASE_EXACT_MATH_H

#define CALO_PI 3.14159265358979323846

/* Absolute error below 1e-15 for |x| < 1e5 radians. */
void calo_sincos(double radians, double *sine, double *cosine);

/* Like the C library's; errors below 1e-15. */
double calo_atan2(double y, double x);
double calo_asin(double x); /* clamped to [-1, 1] */
double calo_tan(double radians);

/* 2^x and log2(x) in single precision, relative and absolute error below 1e-6. */
float calo_exp2f(float x);
float calo_log2f(float x); /* x > 0, normal */
float calo_powf(float x, float y); /* x >= 0; 0 for x = 0 */

static inline double calo_radians(double degrees) { return degrees * (CALO_PI / 180); }
static inline double calo_degrees(double radians) { return radians * (180 / CALO_PI); }

#endif
