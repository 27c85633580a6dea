/* Decoded textures in the cache. */
#ifndef CALO_IMPORT_KEPT_PIXELS_H
#define CALO_IMPORT_KEPT_PIXELS_H

#include <calotype/image.h>

#include "base/cache.h"

/* RGBA8 texels as a scene holds them, halved `halvings` times from what the file has. */
typedef struct calo_kept_pixels {
    uint32_t file_width, file_height;
    uint32_t width, height, halvings;
    const uint8_t *pixels;
    calo_cache_entry entry; /* owns them */
} calo_kept_pixels;

/* The key of what a picture's bytes are decoded to under resolved limits. */
calo_sha256 calo_kept_pixels_key(const void *bytes, size_t size, const calo_limits *limits);

/* On true the caller finishes `kept->entry`, or gives it away. */
bool calo_kept_pixels_find(calo_cache *cache, const calo_sha256 *key, const calo_limits *limits,
                           calo_kept_pixels *kept);

/* `image` is RGBA8, halved already. */
void calo_kept_pixels_put(calo_cache *cache, const calo_sha256 *key, uint32_t file_width, uint32_t file_height,
                          const calo_image *image);

#endif
