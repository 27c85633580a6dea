/* Where the colour samples of a pixel lie, from its centre, in 1/256 pixels: one in each row and column of a 4x4 and a
 * 16x16 grid. The four are those of most GPUs. */
#ifndef CALO_RENDER_SAMPLE_OFFSETS_H
#define CALO_RENDER_SAMPLE_OFFSETS_H

#include <stdint.h>

enum { CALO_SAMPLE_OFFSET_ONE = 256 };

static const int32_t calo_one_sample[][2] = {{0, 0}};
static const int32_t calo_four_samples[][2] = {{-32, -96}, {96, -32}, {-96, 32}, {32, 96}};
static const int32_t calo_sixteen_samples[][2] = {
    {-120, -8}, {-104, 72},  {-88, -72}, {-72, 24}, {-56, 104}, {-40, -104}, {-24, -40}, {-8, 56},
    {8, -120},  {24, 120},   {40, 8},    {56, -56}, {72, 88},   {88, -88},   {104, -24}, {120, 40},
};

/* `samples`: 1, 4 or 16. */
static inline const int32_t (*calo_sample_offsets(uint32_t samples))[2]
{
    return samples == 16 ? calo_sixteen_samples : samples == 4 ? calo_four_samples : calo_one_sample;
}

#endif
