#include "render/lens/polynomial.h"

#include <stdbool.h>

/* The place between two points of different sign, to the last bit. */
static double bisect(const double *coefficients, int degree, double low, double high)
{
    bool low_positive = calo_polynomial(coefficients, degree, low) > 0;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (!(middle > low && middle < high))
            return middle;
        if ((calo_polynomial(coefficients, degree, middle) > 0) == low_positive)
            low = middle;
        else
            high = middle;
    }
}

/* The roots in (0, limit) where the sign changes, in ascending order, given those of the derivative: between two of
 * them the polynomial is monotonic. */
static int roots_between(const double *coefficients, int degree, const double *extrema, int extremum_count,
                         double limit, double *roots)
{
    int count = 0;
    double low = 0;
    for (int i = 0; i <= extremum_count; i++) {
        double high = i < extremum_count ? extrema[i] : limit;
        bool changes = (calo_polynomial(coefficients, degree, low) > 0) !=
                       (calo_polynomial(coefficients, degree, high) > 0);
        if (changes)
            roots[count++] = bisect(coefficients, degree, low, high);
        low = high;
    }
    return count;
}

double calo_polynomial_first_root(const double *coefficients, int degree, double limit)
{
    double derivatives[CALO_POLYNOMIAL_DEGREE_MAX + 1][CALO_POLYNOMIAL_DEGREE_MAX + 1];
    double extrema[CALO_POLYNOMIAL_DEGREE_MAX + 1], roots[CALO_POLYNOMIAL_DEGREE_MAX + 1];
    int count = 0;
    for (int i = 0; i <= degree; i++)
        derivatives[0][i] = coefficients[i];
    for (int d = 1; d < degree; d++)
        for (int i = 0; i <= degree - d; i++)
            derivatives[d][i] = derivatives[d - 1][i + 1] * (i + 1);
    /* From the straight line up to the polynomial itself. */
    for (int d = degree - 1; d >= 0; d--) {
        for (int i = 0; i < count; i++)
            extrema[i] = roots[i];
        count = roots_between(derivatives[d], degree - d, extrema, count, limit, roots);
    }
    return count ? roots[0] : limit;
}
