#include "base/exact_math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

void calo_sincos(double radians, double *sine, double *cosine)
{
    /* Cody-Waite: subtract the nearest multiple of pi/2, held in two parts. */
    double quarter = floor(radians * (2 / CALO_PI) + 0.5);
    double r = (radians - quarter * 0x1.921fb544p+0) - quarter * 0x1.0b4611a626331p-34;
    double r2 = r * r, s = 0, c = 0;
    /* Taylor series, |r| <= pi/4: the first term left out is below 1e-17. */
    for (int k = 17; k >= 3; k -= 2)
        s = (s + 1) * (-r2 / (double)(k * (k - 1)));
    s = r * (s + 1);
    for (int k = 18; k >= 2; k -= 2)
        c = (c + 1) * (-r2 / (double)(k * (k - 1)));
    c += 1;
    switch ((int64_t)quarter & 3) {
    case 0: *sine = s; *cosine = c; break;
    case 1: *sine = c; *cosine = -s; break;
    case 2: *sine = -s; *cosine = -c; break;
    default: *sine = -c; *cosine = s; break;
    }
}

double calo_tan(double radians)
{
    double s, c;
    calo_sincos(radians, &s, &c);
    return s / c;
}

/* atan for 0 <= x <= 1: two half-angle steps, then the series. */
static double arctangent_unit(double x)
{
    for (int i = 0; i < 2; i++)
        x = x / (1 + sqrt(1 + x * x));
    double x2 = x * x, sum = 0;
    for (int k = 27; k >= 1; k -= 2)
        sum = 1.0 / k - x2 * sum;
    return 4 * x * sum;
}

double calo_atan2(double y, double x)
{
    double ax = fabs(x), ay = fabs(y);
    if (ax == 0 && ay == 0)
        return 0;
    double angle = ay <= ax ? arctangent_unit(ay / ax) : CALO_PI / 2 - arctangent_unit(ax / ay);
    if (x < 0)
        angle = CALO_PI - angle;
    return y < 0 ? -angle : angle;
}

double calo_asin(double x)
{
    x = fmin(1, fmax(-1, x));
    return calo_atan2(x, sqrt((1 - x) * (1 + x)));
}

float calo_exp2f(float x)
{
    x = fminf(127, fmaxf(-126, x));
    float whole = floorf(x + 0.5f), f = (x - whole) * 0.69314718056f;
    /* Taylor, |f| < 0.347: the first term left out is below 1e-7. */
    float sum = f * (1 + f * (1.0f / 2 + f * (1.0f / 6 + f * (1.0f / 24 + f * (1.0f / 120 + f * (1.0f / 720))))));
    int32_t bits = ((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return (sum + 1) * scale;
}

float calo_log2f(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* Mantissa in [sqrt(1/2), sqrt(2)), so that the series converges fast. */
    int32_t exponent = (int32_t)((bits + 0x004afb0du) >> 23) - 127;
    uint32_t mantissa_bits = bits - ((uint32_t)exponent << 23);
    float m;
    memcpy(&m, &mantissa_bits, sizeof m);
    float t = (m - 1) / (m + 1), t2 = t * t;
    /* 2 / ln 2 * (t + t^3 / 3 + t^5 / 5 + ...); |t| < 0.172, so the first term left out is below 1e-7. */
    float sum = 1 + t2 * (1.0f / 3 + t2 * (1.0f / 5 + t2 * (1.0f / 7)));
    return (float)exponent + 2.88539008178f * t * sum;
}

float calo_powf(float x, float y)
{
    return x > 0 ? calo_exp2f(y * calo_log2f(x)) : 0;
}
