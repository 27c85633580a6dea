#include "job/arrange.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/linear.h"
#include "base/random.h"

/* The generator's stream, away from those of cameras and looks of the same seed. */
#define STREAM UINT64_C(0x6172616e67656d65)

/* Places are looked for where the squares, or cubes, around all objects as they turn would just have room. Cubes' own boxes
 * then fill half of the ground, or a fifth of the air, which is about as full as it gets at random. */
static const double gap_share = 0.02, growth = 1.15, ground_margin = 1.1;
enum { TRIES = 64, GROWTHS = 64 };

calo_status calo_placement_resolve(const calo_placement *placement, calo_placement *resolved, calo_error *err)
{
    *resolved = *placement;
    if (resolved->arrangement == CALO_ARRANGEMENT_DEFAULT)
        resolved->arrangement = CALO_ARRANGEMENT_GROUND;
    if (resolved->size_min == 0 && resolved->size_max == 0) {
        resolved->size_min = 0.5;
        resolved->size_max = 1;
    }
    if (resolved->spread == 0)
        resolved->spread = 1;
    if ((unsigned)resolved->arrangement > CALO_ARRANGEMENT_AIR)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no arrangement %d of objects", (int)resolved->arrangement);
    if (!(resolved->size_min >= 1e-3 && resolved->size_min <= resolved->size_max && resolved->size_max <= 1e3))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "objects of %g to %g metres: give sizes from 0.001 to 1000, the smaller one first",
                         resolved->size_min, resolved->size_max);
    if (!(resolved->spread >= 0.01 && resolved->spread <= 1000))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a spread of %g: give one from 0.01 to 1000", resolved->spread);
    if (resolved->show_ground && resolved->arrangement == CALO_ARRANGEMENT_AIR)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no ground to be shown under objects in the air");
    return CALO_OK;
}

/* ---- boxes ---- */

/* An object's box where it stands, wider by half the gap on each side. */
typedef struct turned_box {
    double middle[3], half[3];
    double axes[3][3]; /* of unit length */
    double radius;
} turned_box;

static double reach(const turned_box *box, const double axis[3])
{
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += box->half[i] * fabs(calo_dot3(box->axes[i], axis));
    return sum;
}

static bool are_apart_along(const turned_box *a, const turned_box *b, const double between[3], const double axis[3])
{
    return fabs(calo_dot3(between, axis)) > reach(a, axis) + reach(b, axis);
}

/* By the separating axes of two boxes (Gottschalk, Lin, Manocha 1996). */
static bool are_apart(const turned_box *a, const turned_box *b)
{
    double between[3], radii = a->radius + b->radius;
    for (int i = 0; i < 3; i++)
        between[i] = b->middle[i] - a->middle[i];
    if (calo_dot3(between, between) > radii * radii)
        return true;
    for (int i = 0; i < 3; i++)
        if (are_apart_along(a, b, between, a->axes[i]) || are_apart_along(a, b, between, b->axes[i]))
            return true;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            double axis[3];
            calo_cross3(a->axes[i], b->axes[k], axis);
            /* Of parallel edges rounding alone is left, and the axes above say all. */
            if (calo_dot3(axis, axis) > 1e-12 && are_apart_along(a, b, between, axis))
                return true;
        }
    return false;
}

static bool is_free(const turned_box *boxes, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!are_apart(&boxes[i], &boxes[index]))
            return false;
    return true;
}

/* ---- drawing ---- */

typedef struct arrangement {
    const calo_placement *placement;
    calo_random random;
    bool on_ground;
    double gap, half_side;
    turned_box *boxes;
} arrangement;

/* A point, or what is too small for a number to enlarge, keeps its size. */
static double draw_scale(arrangement *a, const calo_arranged *object)
{
    double size = calo_random_range(&a->random, a->placement->size_min, a->placement->size_max), longest = 0;
    for (int i = 0; i < 3; i++)
        longest = fmax(longest, object->high[i] - object->low[i]);
    return longest > 0 && isfinite(size / longest) ? size / longest : 1;
}

/* Size and turn; `place` brings the box's middle to the origin. */
static void draw_turn(arrangement *a, calo_arranged *object, turned_box *box)
{
    const double origin[3] = {0, 0, 0};
    double q[4], scale = draw_scale(a, object), scales[3] = {scale, scale, scale}, middle[3], half[3];
    calo_random_turn(&a->random, a->on_ground, q);
    calo_mat4 turn = calo_mat4_from_trs(origin, q, (double[3]){1, 1, 1});
    object->place = calo_mat4_from_trs(origin, q, scales);
    for (int i = 0; i < 3; i++) {
        middle[i] = object->low[i] / 2 + object->high[i] / 2;
        half[i] = (object->high[i] / 2 - object->low[i] / 2) * scale;
        box->half[i] = half[i] + a->gap / 2;
        for (int k = 0; k < 3; k++)
            box->axes[i][k] = turn.m[k][i];
    }
    calo_mat4_direction(&object->place, middle, middle);
    for (int i = 0; i < 3; i++)
        object->place.m[i][3] = -middle[i];
    box->middle[2] = a->on_ground ? half[2] : 0;
    box->radius = calo_length3(box->half);
}

/* Half the side of the square, or cube, that has room for all. */
static double find_half_side(const arrangement *a, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double *half = a->boxes[i].half, radius = a->on_ground ? sqrt(half[0] * half[0] + half[1] * half[1])
                                                                     : a->boxes[i].radius;
        sum += 4 * radius * radius * (a->on_ground ? 1 : 2 * radius);
    }
    double side = a->on_ground ? sqrt(sum) : (double)calo_powf((float)sum, 1 / 3.0f);
    return a->placement->spread * side / 2;
}

static void draw_middle(arrangement *a, turned_box *box)
{
    for (int i = 0; i < (a->on_ground ? 2 : 3); i++)
        box->middle[i] = calo_random_range(&a->random, -a->half_side, a->half_side);
}

/* Beyond all others: there is always room. */
static void put_beside(const arrangement *a, size_t index)
{
    turned_box *box = &a->boxes[index];
    double end = 0;
    for (size_t i = 0; i < index; i++)
        end = fmax(end, a->boxes[i].middle[0] + a->boxes[i].radius);
    box->middle[0] = (end + box->radius) * (1 + 1e-9);
    box->middle[1] = 0;
    if (!a->on_ground)
        box->middle[2] = 0;
}

/* The side grows where places are hard to find, and stays so. */
static void find_place(arrangement *a, size_t index)
{
    for (int grown = 0; grown < GROWTHS; grown++) {
        for (int i = 0; i < TRIES; i++) {
            draw_middle(a, &a->boxes[index]);
            if (is_free(a->boxes, index))
                return;
        }
        a->half_side *= growth;
    }
    put_beside(a, index);
}

calo_status calo_arrange(const calo_placement *placement, uint64_t seed, calo_arranged *objects, size_t count,
                         calo_error *err)
{
    arrangement a = {.placement = placement, .random = {seed ^ STREAM}, .gap = gap_share * placement->size_max,
                     .on_ground = placement->arrangement == CALO_ARRANGEMENT_GROUND,
                     .boxes = calloc(count + 1, sizeof *a.boxes)};
    if (!a.boxes)
        return calo_fail_memory(err, "the objects' boxes", count * sizeof *a.boxes);
    for (size_t i = 0; i < count; i++)
        draw_turn(&a, &objects[i], &a.boxes[i]);
    a.half_side = find_half_side(&a, count);
    for (size_t i = 0; i < count; i++) {
        find_place(&a, i);
        for (int k = 0; k < 3; k++)
            objects[i].place.m[k][3] += a.boxes[i].middle[k];
    }
    free(a.boxes);
    return CALO_OK;
}

void calo_arranged_ground(const calo_arranged *objects, size_t count, double middle[2], double *half_side)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++)
        for (int corner = 0; corner < 4; corner++) {
            const calo_arranged *object = &objects[i];
            double p[3] = {corner & 1 ? object->high[0] : object->low[0], corner & 2 ? object->high[1] : object->low[1],
                           object->low[2]};
            calo_mat4_point(&object->place, p, p);
            for (int k = 0; k < 2; k++) {
                low[k] = fmin(low[k], p[k]);
                high[k] = fmax(high[k], p[k]);
            }
        }
    *half_side = 0;
    for (int k = 0; k < 2; k++) {
        middle[k] = (low[k] + high[k]) / 2;
        *half_side = fmax(*half_side, (high[k] - low[k]) / 2 * ground_margin);
    }
}
