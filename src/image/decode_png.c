#include <spng.h>

#include "base/error.h"
#include "image/decode.h"

calo_status calo_decode_png(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    spng_ctx *context = spng_ctx_new(SPNG_CTX_IGNORE_ADLER32);
    struct spng_ihdr header;
    size_t bytes = 0;
    calo_status status = CALO_OK;
    if (!context)
        return calo_fail_memory(err, "a PNG decoder", 0);
    spng_set_chunk_limits(context, 1 << 20, 1 << 22);
    spng_set_image_limits(context, 65535, 65535);
    int result = spng_set_png_buffer(context, source->bytes, source->size);
    if (result == 0)
        result = spng_get_ihdr(context, &header);
    if (result != 0)
        goto done;
    /* DEFLATE shrinks at most 1032 times, and a pixel has at least one bit. */
    status = calo_decode_check(source, "PNG", header.width, header.height, 4, 1032.0 * 8, err);
    if (status == CALO_OK)
        status = calo_image_init(image, header.width, header.height, CALO_PIXEL_RGBA8, err);
    if (status != CALO_OK)
        goto done;
    result = spng_decoded_image_size(context, SPNG_FMT_RGBA8, &bytes);
    if (result == 0)
        result = spng_decode_image(context, image->data, bytes, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
done:
    if (status == CALO_OK && result != 0)
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s: the PNG picture is broken: %s", source->name,
                           spng_strerror(result));
    spng_ctx_free(context);
    return status;
}
