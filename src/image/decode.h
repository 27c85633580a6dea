/* The picture formats behind calo_image_decode. */
#ifndef CALO_IMAGE_DECODE_H
#define CALO_IMAGE_DECODE_H

#include <calotype/image.h>

/* A file's bytes, its name in messages, and resolved limits. */
typedef struct calo_image_source {
    const uint8_t *bytes;
    size_t size;
    const char *name;
    calo_limits limits;
    /* Asked before memory is taken for the pixels; NULL: only the limits count. */
    calo_status (*reserve)(void *user, uint64_t bytes, calo_error *err);
    void *user;
} calo_image_source;

/* calo_image_decode of a source. */
calo_status calo_image_decode_source(const calo_image_source *source, calo_image *image, calo_error *err);

/* Each sets `image` on success only. */
typedef calo_status (*calo_image_decoder)(const calo_image_source *source, calo_image *image, calo_error *err);

calo_status calo_decode_png(const calo_image_source *source, calo_image *image, calo_error *err);
/* png_fast.c: fills `image`, which has the size that the file claims, with the same pixels as libspng; false when
 * the file is not of the usual kind or has the slightest fault, and leaves anything in `image` then. */
bool calo_decode_png_fast(const calo_image_source *source, calo_image *image);
calo_status calo_decode_jpeg(const calo_image_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_webp(const calo_image_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_hdr(const calo_image_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_exr(const calo_image_source *source, calo_image *image, calo_error *err);

/* Allocates `image` after checking the size that the header claims: against the limits, and against
 * `least_bytes`, the smallest file that could hold such a picture in its format. */
calo_status calo_image_init_claimed(const calo_image_source *source, uint64_t width, uint64_t height,
                                    calo_pixel_format format, uint64_t least_bytes, calo_image *image,
                                    calo_error *err);

#endif
