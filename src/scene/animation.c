#include "scene/animation.h"

#include <math.h>

#include "base/exact_math.h"

/* The key at or before `time`; 0 when there is none. */
static uint32_t find_key(const calo_animation_channel *channel, double time)
{
    uint32_t low = 0, high = channel->key_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (channel->times_seconds[middle] <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A key's value; CUBIC keys hold in-tangent (-1), value (0) and out-tangent (1). */
static const float *key_values(const calo_animation_channel *channel, uint32_t key, int part)
{
    if (channel->interpolation != CALO_INTERPOLATION_CUBIC)
        return channel->values + (size_t)key * channel->components;
    return channel->values + ((size_t)key * 3 + (size_t)(part + 1)) * channel->components;
}

static void normalize_quaternion(double q[4])
{
    double length = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (!(length > 0)) {
        q[0] = q[1] = q[2] = 0;
        q[3] = length = 1;
    }
    for (int i = 0; i < 4; i++)
        q[i] /= length;
}

/* The short way round at even speed. */
static void slerp(const float *from, const float *to, double f, double out[4])
{
    double a[4], b[4], dot = 0;
    for (int i = 0; i < 4; i++) {
        a[i] = from[i];
        b[i] = to[i];
    }
    normalize_quaternion(a);
    normalize_quaternion(b);
    for (int i = 0; i < 4; i++)
        dot += a[i] * b[i];
    double sign = dot < 0 ? -1 : 1, cosine = fabs(dot), weight_a = 1 - f, weight_b = f;
    double angle = calo_atan2(sqrt(fmax(0, 1 - cosine * cosine)), cosine);
    if (angle > 1e-6) { /* below that the straight line is the arc */
        double sine, sine_a, sine_b, unused;
        calo_sincos(angle, &sine, &unused);
        calo_sincos((1 - f) * angle, &sine_a, &unused);
        calo_sincos(f * angle, &sine_b, &unused);
        weight_a = sine_a / sine;
        weight_b = sine_b / sine;
    }
    for (int i = 0; i < 4; i++)
        out[i] = weight_a * a[i] + sign * weight_b * b[i];
    normalize_quaternion(out);
}

/* Hermite spline; the tangents are per second (glTF 2.0, appendix C.5). */
static void cubic(const calo_animation_channel *channel, uint32_t key, double span, double f, double *out)
{
    const float *v0 = key_values(channel, key, 0), *out0 = key_values(channel, key, 1);
    const float *v1 = key_values(channel, key + 1, 0), *in1 = key_values(channel, key + 1, -1);
    double f2 = f * f, f3 = f2 * f;
    for (uint32_t i = 0; i < channel->components; i++)
        out[i] = (2 * f3 - 3 * f2 + 1) * v0[i] + span * (f3 - 2 * f2 + f) * out0[i] + (3 * f2 - 2 * f3) * v1[i] +
                 span * (f3 - f2) * in1[i];
}

static void hold(const calo_animation_channel *channel, uint32_t key, double *out)
{
    const float *values = key_values(channel, key, 0);
    for (uint32_t i = 0; i < channel->components; i++)
        out[i] = values[i];
}

static void linear(const calo_animation_channel *channel, uint32_t key, double f, double *out)
{
    const float *v0 = key_values(channel, key, 0), *v1 = key_values(channel, key + 1, 0);
    if (channel->path == CALO_PATH_ROTATION)
        slerp(v0, v1, f, out);
    else
        for (uint32_t i = 0; i < channel->components; i++)
            out[i] = (1 - f) * v0[i] + f * v1[i];
}

void calo_animation_sample(const calo_animation_channel *channel, double time_seconds, double *values)
{
    uint32_t key = find_key(channel, time_seconds);
    double start = channel->times_seconds[key];
    double span = key + 1 < channel->key_count ? channel->times_seconds[key + 1] - start : 0;
    if (!(span > 0) || !(time_seconds > start) || channel->interpolation == CALO_INTERPOLATION_STEP)
        hold(channel, key, values);
    else if (channel->interpolation == CALO_INTERPOLATION_CUBIC)
        cubic(channel, key, span, (time_seconds - start) / span, values);
    else
        linear(channel, key, (time_seconds - start) / span, values);
    if (channel->path == CALO_PATH_ROTATION)
        normalize_quaternion(values);
}
