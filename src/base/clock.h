/* Time for measuring: it never goes back. */
#ifndef CALO_BASE_CLOCK_H
#define CALO_BASE_CLOCK_H

#include <time.h>

static inline double calo_clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
