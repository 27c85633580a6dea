/* JPEG to RGBA8: baseline and progressive; colour, grey, CMYK and YCCK. */
#include <turbojpeg.h>

#include "base/error.h"
#include "image/decode.h"

/* A block of 8 x 8 pixels takes at least one bit. */
enum { MAX_PIXELS_A_BYTE = 512 };

static calo_status fail_jpeg(const calo_image_source *source, tjhandle handle, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_FORMAT, "%s is a damaged JPEG (%s): save it again from its source", source->name,
                     tjGetErrorStr2(handle));
}

/* Ink to light. JPEGs hold CMYK inverted (255 = no ink), as Photoshop began it. */
static void convert_cmyk(calo_image *image)
{
    uint8_t *pixel = image->data;
    for (size_t left = (size_t)image->width * image->height; left > 0; left--, pixel += 4) {
        for (int c = 0; c < 3; c++)
            pixel[c] = (uint8_t)((pixel[c] * pixel[3] + 127) / 255);
        pixel[3] = 255;
    }
}

static calo_status decode(tjhandle handle, const calo_image_source *source, calo_image *image, calo_error *err)
{
    int width = 0, height = 0, subsampling = 0, colorspace = 0; /* left alone where tables end the file */
    if (tjDecompressHeader3(handle, source->bytes, source->size, &width, &height, &subsampling, &colorspace) != 0)
        return fail_jpeg(source, handle, err);
    if (width <= 0 || height <= 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is a damaged JPEG (it ends before its picture): save it again "
                         "from its source", source->name);
    uint64_t pixels = (uint64_t)width * (uint64_t)height;
    calo_status status = calo_image_init_claimed(source, (uint64_t)width, (uint64_t)height, CALO_PIXEL_RGBA8,
                                                 pixels / MAX_PIXELS_A_BYTE, image, err);
    if (status != CALO_OK)
        return status;
    bool is_cmyk = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK;
    /* A warning is a truncated or slightly damaged file that viewers show, too: what is missing is grey. */
    if (tjDecompress2(handle, source->bytes, source->size, image->data, width, (int)image->row_bytes, height,
                      is_cmyk ? TJPF_CMYK : TJPF_RGBA, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 &&
        tjGetErrorCode(handle) != TJERR_WARNING)
        return fail_jpeg(source, handle, err);
    if (is_cmyk)
        convert_cmyk(image);
    return CALO_OK;
}

calo_status calo_decode_jpeg(const calo_image_source *source, calo_image *image, calo_error *err)
{
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return calo_fail_memory(err, source->name, 0);
    calo_status status = decode(handle, source, image, err);
    tjDestroy(handle);
    if (status != CALO_OK)
        calo_image_finish(image);
    return status;
}
