/* A square of two triangles, compressed with Draco, for the tests. */
#ifndef CALO_TESTS_DRACO_SAMPLE_H
#define CALO_TESTS_DRACO_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DRACO_SAMPLE_POSITION = 3, DRACO_SAMPLE_COLOR = 7 };

/* Writes the compressed bytes and returns how many there are (0 when `capacity` is too small).
 * Corner (x, y) is at (x, y, 0) with the colour (255 x, 255 y, 51, 255). */
size_t draco_sample_write(int edgebreaker, uint8_t *bytes, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
