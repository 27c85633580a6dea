/* PNG of every kind to RGBA8. */
#include <spng.h>

#include "base/error.h"
#include "image/decode.h"

enum {
    DEFLATE_MAX_RATIO = 1032,
    MAX_CHUNK_BYTES = 64 << 20, /* of text, profiles and the like; picture data is not bound by it */
};

static calo_status fail_png(const calo_image_source *source, int code, calo_error *err)
{
    if (code == SPNG_EMEM)
        return calo_fail_memory(err, source->name, 0);
    return calo_fail(err, CALO_ERROR_FORMAT, "%s is a damaged PNG (%s): save it again from its source", source->name,
                     spng_strerror(code));
}

/* The fewest bytes that deflate could pack the picture's rows into. */
static uint64_t least_bytes(const struct spng_ihdr *header)
{
    static const uint8_t samples[8] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};
    uint64_t pixel_bits = (uint64_t)samples[header->color_type & 7] * header->bit_depth;
    return ((uint64_t)header->width * pixel_bits + 7) / 8 * header->height / DEFLATE_MAX_RATIO;
}

static calo_status decode(spng_ctx *context, const calo_image_source *source, calo_image *image, calo_error *err)
{
    struct spng_ihdr header;
    int code = spng_set_image_limits(context, INT32_MAX, INT32_MAX); /* checked below, with a better sentence */
    if (code == 0)
        code = spng_set_chunk_limits(context, MAX_CHUNK_BYTES, MAX_CHUNK_BYTES);
    if (code == 0)
        code = spng_set_crc_action(context, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    if (code == 0)
        code = spng_set_png_buffer(context, source->bytes, source->size);
    if (code == 0)
        code = spng_get_ihdr(context, &header);
    if (code != 0)
        return fail_png(source, code, err);
    calo_status status = calo_image_init_claimed(source, header.width, header.height, CALO_PIXEL_RGBA8,
                                                 least_bytes(&header), image, err);
    if (status != CALO_OK || calo_decode_png_fast(source, image))
        return status;
    code = spng_decode_image(context, image->data, image->row_bytes * image->height, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
    return code == 0 ? CALO_OK : fail_png(source, code, err);
}

calo_status calo_decode_png(const calo_image_source *source, calo_image *image, calo_error *err)
{
    spng_ctx *context = spng_ctx_new(0);
    if (!context)
        return calo_fail_memory(err, source->name, 0);
    calo_status status = decode(context, source, image, err);
    spng_ctx_free(context);
    if (status != CALO_OK)
        calo_image_finish(image);
    return status;
}
