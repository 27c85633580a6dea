/* Where a polynomial first leaves what it is at 0: the turning points of lenses. */
#ifndef CALO_RENDER_LENS_POLYNOMIAL_H
#define CALO_RENDER_LENS_POLYNOMIAL_H

enum { CALO_POLYNOMIAL_DEGREE_MAX = 6 };

/* The value at x; coefficients[i] belongs to x^i. */
static inline double calo_polynomial(const double *coefficients, int degree, double x)
{
    double value = coefficients[degree];
    for (int i = degree - 1; i >= 0; i--)
        value = value * x + coefficients[i];
    return value;
}

/* The smallest x in (0, limit) where the polynomial, which is positive at 0, becomes 0 or less; `limit` where there is
 * none. Coefficients are finite. */
double calo_polynomial_first_root(const double *coefficients, int degree, double limit);

#endif
