/* Vertex tangents in the manner of MikkTSpace: angle-weighted means of the faces' tangents. */
#include <math.h>

#include "base/error.h"
#include "render/draw_list.h"

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static bool normalize(float v[3])
{
    float length = sqrtf(dot(v, v));
    if (!(length > 1e-20f) || !isfinite(length))
        return false;
    for (int i = 0; i < 3; i++)
        v[i] /= length;
    return true;
}

/* The direction in which u grows, and +1 or -1 for the handedness; false for a degenerate UV triangle. */
static bool face_tangent(const float *p[3], const float *uv[3], float tangent[3], float *handedness)
{
    float du1 = uv[1][0] - uv[0][0], dv1 = uv[1][1] - uv[0][1], du2 = uv[2][0] - uv[0][0], dv2 = uv[2][1] - uv[0][1];
    float area = du1 * dv2 - du2 * dv1;
    if (!(fabsf(area) > 1e-20f))
        return false;
    float sign = area > 0 ? 1.0f : -1.0f;
    for (int i = 0; i < 3; i++)
        tangent[i] = sign * ((p[1][i] - p[0][i]) * dv2 - (p[2][i] - p[0][i]) * dv1);
    /* v grows downwards in glTF, so a positive area is a mirrored layout in the y-up sense. */
    *handedness = -sign;
    return normalize(tangent);
}

/* The corner's angle, seen along the vertex normal; without trigonometry it would be biased. */
static float corner_angle(const float *corner, const float *next, const float *last)
{
    float a[3], b[3];
    for (int i = 0; i < 3; i++) {
        a[i] = next[i] - corner[i];
        b[i] = last[i] - corner[i];
    }
    if (!normalize(a) || !normalize(b))
        return 0;
    float cosine = fmaxf(-1, fminf(1, dot(a, b)));
    /* acos by a cubic (Lagarde 2014, error 0.01 rad): only a weight. */
    float x = fabsf(cosine), angle = (1.5707963f + x * (-0.20491203f + x * 0.04832927f)) * sqrtf(1 - x);
    return cosine >= 0 ? angle : 3.1415927f - angle;
}

calo_status calo_make_tangents(const calo_primitive *primitive, const float *positions, const float *normals,
                                   const float *uvs, calo_arena *arena, const float **out, calo_error *err)
{
    float *tangents = CALO_ARENA_TAKE(arena, float, 4ull * primitive->vertex_count, "tangents", err);
    if (!tangents)
        return calo_failed(err);
    for (uint32_t f = 0; f + 2 < primitive->index_count; f += 3) {
        const uint32_t *corner = primitive->indices + f;
        const float *p[3], *uv[3];
        for (int i = 0; i < 3; i++) {
            p[i] = positions + 3 * (size_t)corner[i];
            uv[i] = uvs + 2 * (size_t)corner[i];
        }
        float face[3], handedness;
        if (!face_tangent(p, uv, face, &handedness))
            continue;
        for (int i = 0; i < 3; i++) {
            const float *n = normals + 3 * (size_t)corner[i];
            float *sum = tangents + 4 * (size_t)corner[i], projected[3], along = dot(face, n);
            for (int c = 0; c < 3; c++)
                projected[c] = face[c] - along * n[c];
            if (!normalize(projected))
                continue;
            float weight = corner_angle(p[i], p[(i + 1) % 3], p[(i + 2) % 3]);
            for (int c = 0; c < 3; c++)
                sum[c] += weight * projected[c];
            sum[3] += weight * handedness;
        }
    }
    for (uint32_t v = 0; v < primitive->vertex_count; v++) {
        float *t = tangents + 4 * (size_t)v;
        t[3] = t[3] < 0 ? -1.0f : 1.0f;
        if (!normalize(t))
            t[0] = t[1] = t[2] = 0; /* no usable UVs here: the surface normal stays as it is */
    }
    *out = tangents;
    return CALO_OK;
}
