#include "base/error.h"
#include "image/decode.h"

#ifdef CALO_HAVE_WEBP

#include <webp/decode.h>

calo_status calo_decode_webp(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    int width = 0, height = 0;
    if (!WebPGetInfo(source->bytes, source->size, &width, &height))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the WebP picture is broken: its header cannot be read",
                         source->name);
    /* A lossless picture of one colour needs a few bytes for any size up to WebP's own 16383. */
    calo_status status = calo_decode_check(source, "WebP", (uint64_t)width, (uint64_t)height, 4, 1024.0 * 1024, err);
    if (status == CALO_OK)
        status = calo_image_init(image, (uint32_t)width, (uint32_t)height, CALO_PIXEL_RGBA8, err);
    if (status != CALO_OK)
        return status;
    if (!WebPDecodeRGBAInto(source->bytes, source->size, image->data, image->row_bytes * image->height,
                            (int)image->row_bytes))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the WebP picture is broken or cut off", source->name);
    return CALO_OK;
}

#else

calo_status calo_decode_webp(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    (void)image;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: this build of calotype reads no WebP (option webp is off)",
                     source->name);
}

#endif
