/* Vectors and matrices in double precision: node chains and cameras need it, and every function
 * here is plain arithmetic, so that all machines agree to the last bit. Row-major, column vectors. */
#ifndef CALO_BASE_LINEAR_H
#define CALO_BASE_LINEAR_H

#include <calotype/matrix.h>
#include <math.h>
#include <stdbool.h>

static inline double calo_dot3(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline void calo_cross3(const double a[3], const double b[3], double out[3])
{
    double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
    out[0] = x;
    out[1] = y;
    out[2] = z;
}

static inline double calo_length3(const double a[3])
{
    return sqrt(calo_dot3(a, a));
}

/* Returns the length; a zero vector is left as it is. */
static inline double calo_normalize3(double a[3])
{
    double length = calo_length3(a);
    if (length > 0)
        for (int i = 0; i < 3; i++)
            a[i] /= length;
    return length;
}

static inline calo_mat4 calo_mat4_identity(void)
{
    return (calo_mat4){{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};
}

static inline calo_mat4 calo_mat4_multiply(const calo_mat4 *a, const calo_mat4 *b)
{
    calo_mat4 out;
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
            out.m[r][c] = a->m[r][0] * b->m[0][c] + a->m[r][1] * b->m[1][c] + a->m[r][2] * b->m[2][c] +
                          a->m[r][3] * b->m[3][c];
    return out;
}

static inline void calo_mat4_point(const calo_mat4 *a, const double p[3], double out[3])
{
    double x = p[0], y = p[1], z = p[2];
    for (int r = 0; r < 3; r++)
        out[r] = a->m[r][0] * x + a->m[r][1] * y + a->m[r][2] * z + a->m[r][3];
}

static inline void calo_mat4_direction(const calo_mat4 *a, const double d[3], double out[3])
{
    double x = d[0], y = d[1], z = d[2];
    for (int r = 0; r < 3; r++)
        out[r] = a->m[r][0] * x + a->m[r][1] * y + a->m[r][2] * z;
}

static inline double calo_mat4_determinant3(const calo_mat4 *a)
{
    return a->m[0][0] * (a->m[1][1] * a->m[2][2] - a->m[1][2] * a->m[2][1]) -
           a->m[0][1] * (a->m[1][0] * a->m[2][2] - a->m[1][2] * a->m[2][0]) +
           a->m[0][2] * (a->m[1][0] * a->m[2][1] - a->m[1][1] * a->m[2][0]);
}

/* The cofactors of the upper 3x3: normals go with it (it is the inverse transpose times the
 * determinant, defined for singular matrices too). */
static inline void calo_mat4_cofactors(const calo_mat4 *a, double out[3][3])
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            int r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
            out[r][c] = a->m[r1][c1] * a->m[r2][c2] - a->m[r1][c2] * a->m[r2][c1];
        }
}

/* The largest factor that the upper 3x3 stretches any direction by, or a little more (Gershgorin's bound). */
static inline double calo_mat4_stretch(const calo_mat4 *a)
{
    double largest = 0;
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int j = 0; j < 3; j++)
            sum += fabs(a->m[0][i] * a->m[0][j] + a->m[1][i] * a->m[1][j] + a->m[2][i] * a->m[2][j]);
        largest = fmax(largest, sum);
    }
    return sqrt(largest);
}

/* The inverse of an affine matrix (last row 0 0 0 1); false, and the identity, when it is singular. */
static inline bool calo_mat4_invert_affine(const calo_mat4 *a, calo_mat4 *out)
{
    double cofactors[3][3], determinant = calo_mat4_determinant3(a);
    *out = calo_mat4_identity();
    if (!(determinant != 0) || !isfinite(1 / determinant))
        return false;
    calo_mat4_cofactors(a, cofactors);
    calo_mat4 inverse = calo_mat4_identity();
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            inverse.m[r][c] = cofactors[c][r] / determinant;
    double t[3] = {a->m[0][3], a->m[1][3], a->m[2][3]}, moved[3];
    calo_mat4_direction(&inverse, t, moved);
    for (int r = 0; r < 3; r++)
        inverse.m[r][3] = -moved[r];
    *out = inverse;
    return true;
}

/* A camera's pose (OpenGL axes) the other way round, with y and z turned to OpenCV's. */
static inline calo_mat4 calo_mat4_world_to_camera_opencv(const calo_mat4 *camera_to_world)
{
    calo_mat4 out = calo_mat4_identity();
    calo_mat4_invert_affine(camera_to_world, &out);
    for (int r = 1; r < 3; r++)
        for (int c = 0; c < 4; c++)
            out.m[r][c] = 0 - out.m[r][c];
    return out;
}

/* Translation * rotation (unit quaternion xyzw) * scale. */
static inline calo_mat4 calo_mat4_from_trs(const double t[3], const double q[4], const double s[3])
{
    double x = q[0], y = q[1], z = q[2], w = q[3];
    return (calo_mat4){{
        {(1 - 2 * (y * y + z * z)) * s[0], 2 * (x * y - z * w) * s[1], 2 * (x * z + y * w) * s[2], t[0]},
        {2 * (x * y + z * w) * s[0], (1 - 2 * (x * x + z * z)) * s[1], 2 * (y * z - x * w) * s[2], t[1]},
        {2 * (x * z - y * w) * s[0], 2 * (y * z + x * w) * s[1], (1 - 2 * (x * x + y * y)) * s[2], t[2]},
        {0, 0, 0, 1},
    }};
}

/* y up to z up: (x, y, z) -> (x, -z, y). */
static inline calo_mat4 calo_mat4_y_up_to_z_up(void)
{
    return (calo_mat4){{{1, 0, 0, 0}, {0, 0, -1, 0}, {0, 1, 0, 0}, {0, 0, 0, 1}}};
}

#endif
