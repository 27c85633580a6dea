/* A picture in levels. */
#ifndef CALO_IMAGE_POST_PICTURE_H
#define CALO_IMAGE_POST_PICTURE_H

#include <calotype/post.h>

enum { CALO_PICTURE_LEVELS = 32 };

typedef struct calo_picture_level {
    uint32_t width, height;
    /* From the lowest bit: 11 of red, 11 of green, 10 of blue, each the square root of linear light: fine enough to
     * give every sRGB byte back, and light by one multiplication. */
    uint32_t *texels;
} calo_picture_level;

struct calo_post_picture {
    uint32_t level_count;
    calo_picture_level levels[CALO_PICTURE_LEVELS];
};

#endif
