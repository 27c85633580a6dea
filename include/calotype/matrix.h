/* The one matrix type. */
#ifndef CALOTYPE_MATRIX_H
#define CALOTYPE_MATRIX_H

/* Row-major, multiplies column vectors: a point moves by m[0..2][3]. */
typedef struct calo_mat4 {
    double m[4][4]; /* m[row][column] */
} calo_mat4;

#endif
