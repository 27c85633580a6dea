#include "image/post/steps.h"

const calo_post_kernels calo_post_kernel_table = {
    .load = calo_post_load,
    .store = calo_post_store,
    .copy = calo_post_copy,
    .occlude = calo_post_occlude,
    .fill_background = calo_post_fill_background,
    .add_bloom = calo_post_add_bloom,
    .add_grain = calo_post_add_grain,
    .map_tones = calo_post_map_tones,
    .grade = calo_post_grade,
};
