/* WebP, lossy and lossless, to RGBA8. */
#include <webp/decode.h>

#include "base/error.h"
#include "image/decode.h"

/* A lossless picture of one colour takes no bits at all, so the format knows no least size. This rule
 * keeps small files from claiming gigabytes. */
enum { FREE_PIXELS = 1 << 24, MAX_PIXELS_A_BYTE = 4096 };

static uint64_t least_bytes(uint64_t width, uint64_t height)
{
    uint64_t pixels = width * height;
    return pixels > FREE_PIXELS ? (pixels - FREE_PIXELS) / MAX_PIXELS_A_BYTE : 0;
}

calo_status calo_decode_webp(const calo_image_source *source, calo_image *image, calo_error *err)
{
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(source->bytes, source->size, &features) != VP8_STATUS_OK)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is a damaged or truncated WebP: save it again from its source",
                         source->name);
    if (features.has_animation)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is an animated WebP: save one picture of it", source->name);
    uint64_t width = (uint64_t)features.width, height = (uint64_t)features.height;
    calo_status status = calo_image_init_claimed(source, width, height, CALO_PIXEL_RGBA8, least_bytes(width, height),
                                                 image, err);
    if (status != CALO_OK)
        return status;
    if (WebPDecodeRGBAInto(source->bytes, source->size, image->data, image->row_bytes * image->height,
                           (int)image->row_bytes))
        return CALO_OK;
    calo_image_finish(image);
    return calo_fail(err, CALO_ERROR_FORMAT, "%s is a damaged or truncated WebP: save it again from its source",
                     source->name);
}
