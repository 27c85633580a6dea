#include <stdlib.h>
#include <turbojpeg.h>

#include "base/error.h"
#include "image/decode.h"

/* Four inverted inks (Adobe's way) to RGBA, in place. */
static void convert_cmyk(calo_image *image)
{
    uint8_t *p = image->data;
    for (size_t i = 0, count = (size_t)image->width * image->height; i < count; i++, p += 4) {
        for (int c = 0; c < 3; c++)
            p[c] = (uint8_t)((p[c] * p[3] + 127) / 255);
        p[3] = 255;
    }
}

calo_status calo_decode_jpeg(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    int width, height, subsampling, colorspace;
    tjhandle decoder = tjInitDecompress();
    if (!decoder)
        return calo_fail_memory(err, "a JPEG decoder", 0);
    calo_status status = CALO_OK;
    if (tjDecompressHeader3(decoder, source->bytes, source->size, &width, &height, &subsampling, &colorspace) != 0) {
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s: the JPEG picture is broken: %s", source->name,
                           tjGetErrorStr2(decoder));
        goto done;
    }
    /* A progressive scan can leave whole runs of blocks empty: about 64 * 32767 pixels in 4 bytes at worst. */
    status = calo_decode_check(source, "JPEG", (uint64_t)width, (uint64_t)height, 4, 64.0 * 1024, err);
    if (status == CALO_OK)
        status = calo_image_init(image, (uint32_t)width, (uint32_t)height, CALO_PIXEL_RGBA8, err);
    if (status != CALO_OK)
        goto done;
    bool inks = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK;
    /* Warnings (a cut-off end, odd padding) leave a usable picture, as everywhere. */
    if (tjDecompress2(decoder, source->bytes, source->size, image->data, width, (int)image->row_bytes, height,
                      inks ? TJPF_CMYK : TJPF_RGBA, 0) != 0 &&
        tjGetErrorCode(decoder) == TJERR_FATAL)
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s: the JPEG picture is broken: %s", source->name,
                           tjGetErrorStr2(decoder));
    else if (inks)
        convert_cmyk(image);
done:
    tjDestroy(decoder);
    return status;
}
