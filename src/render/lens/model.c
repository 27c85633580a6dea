#include "render/lens/model.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "base/linear.h"
#include "render/lens/polynomial.h"

/* The tangent of the largest angle from the axis of a ray of CALO_LENS_OPENCV: 89.94 degrees. */
static const double OPENCV_RADIUS_MAX = 1000;
/* And of CALO_LENS_FISHEYE: 160 degrees. Pixels behind the camera see less and less to the side. */
static const double FISHEYE_ANGLE_MAX = 160 * (CALO_PI / 180);
enum { STEPS_MAX = 60 };
/* What a solution may be off by, in focal lengths and in parts of the distance from the centre. */
static const double TOLERANCE = 1e-12;

/* ---- radial terms ---- */

/* How far from the centre a ray of this radius (tangent or angle) falls, and the derivative. */
typedef struct curve_point {
    double value, slope;
} curve_point;

static curve_point fisheye_curve(const calo_lens *lens, double angle)
{
    const double *k = lens->k;
    double s = angle * angle;
    return (curve_point){angle * (1 + s * (k[0] + s * (k[1] + s * (k[2] + s * k[3])))),
                         1 + s * (3 * k[0] + s * (5 * k[1] + s * (7 * k[2] + s * (9 * k[3]))))};
}

/* The numerator, or the denominator, of the radial factor and its derivative in r^2. */
static curve_point radial_part(double a, double b, double c, double s)
{
    return (curve_point){1 + s * (a + s * (b + s * c)), a + s * (2 * b + s * (3 * c))};
}

/* The factor itself and its derivative in r^2. */
static curve_point radial_factor(const calo_lens *lens, double s)
{
    const double *k = lens->k;
    curve_point over = radial_part(k[0], k[1], k[4], s), under = radial_part(k[5], k[6], k[7], s);
    double value = over.value / under.value;
    return (curve_point){value, (over.slope - value * under.slope) / under.value};
}

static curve_point radial_curve(const calo_lens *lens, double radius)
{
    if (lens->kind == CALO_LENS_FISHEYE)
        return fisheye_curve(lens, radius);
    double s = radius * radius;
    curve_point factor = radial_factor(lens, s);
    return (curve_point){radius * factor.value, factor.value + 2 * s * factor.slope};
}

/* The radius that falls at `distorted`, by Newton's method between bounds; the curve rises between 0 and the limit.
 * `guess`: where to begin, 0 anywhere. */
static bool invert_radial(const calo_lens *lens, double distorted, double guess, double *radius)
{
    double low = 0, high = lens->radius_limit, at = guess > 0 ? guess : distorted < high ? distorted : high / 2;
    if (!(distorted < lens->distorted_limit))
        return false;
    for (int step = 0; step < STEPS_MAX; step++) {
        curve_point point = radial_curve(lens, at);
        double error = point.value - distorted;
        if (error > 0)
            high = at;
        else
            low = at;
        double next = at - error / point.slope;
        /* So small a step is the last one: the one after it would be its square. */
        bool last = fabs(next - at) <= 1e-9 * at;
        at = last || (next > low && next < high) ? next : low + (high - low) / 2;
        if (last)
            break;
    }
    *radius = at;
    return true;
}

/* ---- turning points ---- */

/* d/dr of r N(r^2) / D(r^2) is positive where N D + 2 s (N' D - N D') is, s being r^2. */
static double opencv_turning_point(const calo_lens *lens)
{
    const double *k = lens->k;
    const double over[4] = {1, k[0], k[1], k[4]}, under[4] = {1, k[5], k[6], k[7]};
    double slope[7] = {0};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            slope[i + j] += over[i] * under[j] * (1 + 2 * (i - j));
    double limit = OPENCV_RADIUS_MAX * OPENCV_RADIUS_MAX;
    double pole = calo_polynomial_first_root(under, 3, limit);
    return sqrt(calo_polynomial_first_root(slope, 6, pole));
}

static double fisheye_turning_point(const calo_lens *lens)
{
    const double slope[5] = {1, 3 * lens->k[0], 5 * lens->k[1], 7 * lens->k[2], 9 * lens->k[3]};
    return sqrt(calo_polynomial_first_root(slope, 4, FISHEYE_ANGLE_MAX * FISHEYE_ANGLE_MAX));
}

void calo_lens_init(calo_lens *lens, const calo_view *view)
{
    *lens = (calo_lens){.kind = view->lens, .focal = {view->focal_x, view->focal_y},
                        .center = {view->center_x, view->center_y}};
    memcpy(lens->k, view->lens_coefficients, sizeof lens->k);
    bool fisheye = lens->kind == CALO_LENS_FISHEYE;
    static const int decentering[] = {2, 3, 8, 9, 10, 11};
    for (int i = 0; i < 6 && !fisheye; i++)
        lens->decentered |= lens->k[decentering[i]] != 0;
    lens->radius_limit = fisheye ? fisheye_turning_point(lens) : opencv_turning_point(lens);
    /* At a pole the value may be anything: just before it, it is large. */
    lens->distorted_limit = radial_curve(lens, lens->radius_limit * (1 - 1e-9)).value;
}

/* ---- tangential and thin prism terms ---- */

/* A point in front of an OpenCV lens, where it falls, and the derivatives of that. */
typedef struct lens_point {
    double at[2], value[2], slope[2][2];
} lens_point;

static void evaluate(const calo_lens *lens, lens_point *point)
{
    const double *k = lens->k, x = point->at[0], y = point->at[1], s = x * x + y * y;
    const double p1 = k[2], p2 = k[3];
    curve_point factor = radial_factor(lens, s);
    double prism_x = k[8] + 2 * s * k[9], prism_y = k[10] + 2 * s * k[11]; /* derivatives in s */
    point->value[0] = x * factor.value + 2 * p1 * x * y + p2 * (s + 2 * x * x) + s * (k[8] + s * k[9]);
    point->value[1] = y * factor.value + p1 * (s + 2 * y * y) + 2 * p2 * x * y + s * (k[10] + s * k[11]);
    point->slope[0][0] = factor.value + 2 * x * x * factor.slope + 2 * p1 * y + 6 * p2 * x + 2 * x * prism_x;
    point->slope[0][1] = 2 * x * y * factor.slope + 2 * p1 * x + 2 * p2 * y + 2 * y * prism_x;
    point->slope[1][0] = 2 * x * y * factor.slope + 2 * p1 * x + 2 * p2 * y + 2 * x * prism_y;
    point->slope[1][1] = factor.value + 2 * y * y * factor.slope + 6 * p1 * y + 2 * p2 * x + 2 * y * prism_y;
}

static double determinant(const lens_point *point)
{
    return point->slope[0][0] * point->slope[1][1] - point->slope[0][1] * point->slope[1][0];
}

static double distance(const lens_point *point, const double target[2])
{
    double x = point->value[0] - target[0], y = point->value[1] - target[1];
    return sqrt(x * x + y * y);
}

static bool is_inside(const calo_lens *lens, const lens_point *point)
{
    double limit = lens->radius_limit;
    return point->at[0] * point->at[0] + point->at[1] * point->at[1] < limit * limit && determinant(point) > 0;
}

/* Newton's method; a step that hardly helps, or leads over a turning point, is halved. Starts inside, stays inside. */
static bool invert_decentered(const calo_lens *lens, const double target[2], lens_point *point)
{
    double tolerance = TOLERANCE * (1 + fabs(target[0]) + fabs(target[1]));
    for (int step = 0; step < STEPS_MAX; step++) {
        double error = distance(point, target), inverse = 1 / determinant(point);
        double x = point->value[0] - target[0], y = point->value[1] - target[1];
        double along[2] = {(point->slope[1][1] * x - point->slope[0][1] * y) * inverse,
                           (point->slope[0][0] * y - point->slope[1][0] * x) * inverse};
        lens_point next;
        bool better = false;
        if (error <= tolerance)
            return true;
        for (double part = 1; !better && part > 0.01; part /= 2) {
            next.at[0] = point->at[0] - part * along[0];
            next.at[1] = point->at[1] - part * along[1];
            evaluate(lens, &next);
            better = is_inside(lens, &next) && distance(&next, target) < (1 - part / 4) * error;
        }
        if (!better)
            return false;
        *point = next;
    }
    return distance(point, target) <= tolerance;
}

static bool find_from(const calo_lens *lens, const double target[2], double x, double y, double found[2])
{
    lens_point point = {.at = {x, y}};
    evaluate(lens, &point);
    if (!is_inside(lens, &point) || !invert_decentered(lens, target, &point))
        return false;
    memcpy(found, point.at, sizeof point.at);
    return true;
}

/* From where the pixel before was found, else from the radial solution, else from the axis. */
static bool find_decentered(const calo_lens *lens, const double target[2], double distorted, calo_lens_guess *guess)
{
    double radius, *found = guess->point;
    if ((found[0] != 0 || found[1] != 0) && find_from(lens, target, found[0], found[1], found))
        return true;
    if (distorted > 0 && invert_radial(lens, distorted, 0, &radius) &&
        find_from(lens, target, target[0] * radius / distorted, target[1] * radius / distorted, found))
        return true;
    return find_from(lens, target, 0, 0, found);
}

/* ---- rays ---- */

bool calo_lens_ray(const calo_lens *lens, double x, double y, calo_lens_guess *guess, double direction[3])
{
    /* In focal lengths from the centre, y down. */
    const double target[2] = {(x - lens->center[0]) / lens->focal[0], (y - lens->center[1]) / lens->focal[1]};
    double distorted = sqrt(target[0] * target[0] + target[1] * target[1]), scale = distorted > 0 ? 1 / distorted : 0;
    double sine, cosine;
    if (lens->decentered) {
        if (!find_decentered(lens, target, distorted, guess))
            return false;
        direction[0] = guess->point[0];
        direction[1] = -guess->point[1];
        direction[2] = -1;
        calo_normalize3(direction);
        return true;
    }
    if (!invert_radial(lens, distorted, guess->radius, &guess->radius))
        return false;
    if (lens->kind == CALO_LENS_FISHEYE) {
        calo_sincos(guess->radius, &sine, &cosine);
    } else {
        cosine = 1 / sqrt(1 + guess->radius * guess->radius);
        sine = guess->radius * cosine;
    }
    direction[0] = target[0] * scale * sine;
    direction[1] = -target[1] * scale * sine;
    direction[2] = -cosine;
    return true;
}
