/* One decoder a format; calo_image_decode chooses by the first bytes. */
#ifndef CALO_IMAGE_DECODE_H
#define CALO_IMAGE_DECODE_H

#include <calotype/image.h>

/* The bytes of one picture, how it is called in messages, and resolved limits. */
typedef struct calo_decode_source {
    const uint8_t *bytes;
    size_t size;
    const char *name;
    calo_limits limits;
} calo_decode_source;

/* Before anything is allocated: sides that are possible, memory within the limit, and no more
 * pixels than `pixels_per_byte` (the format's best compression) lets the bytes hold. */
calo_status calo_decode_check(const calo_decode_source *source, const char *format, uint64_t width, uint64_t height,
                              uint32_t bytes_per_pixel, double pixels_per_byte, calo_error *err);

calo_status calo_decode_png(const calo_decode_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_jpeg(const calo_decode_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_webp(const calo_decode_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_hdr(const calo_decode_source *source, calo_image *image, calo_error *err);
calo_status calo_decode_exr(const calo_decode_source *source, calo_image *image, calo_error *err);

#endif
