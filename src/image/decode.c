#include "image/decode.h"

#include <string.h>

#include "base/error.h"

typedef struct decoder {
    const char *magic;
    size_t length, offset;
    calo_status (*decode)(const calo_decode_source *source, calo_image *image, calo_error *err);
    const char *name;
} decoder;

/* Formats without a decoder are here for the sentence that names them. */
static const decoder decoders[] = {
    {"\x89PNG\r\n\x1a\n", 8, 0, calo_decode_png, "PNG"},
    {"\xff\xd8\xff", 3, 0, calo_decode_jpeg, "JPEG"},
    {"WEBP", 4, 8, calo_decode_webp, "WebP"},
    {"#?RADIANCE", 10, 0, calo_decode_hdr, "Radiance HDR"},
    {"#?RGBE", 6, 0, calo_decode_hdr, "Radiance HDR"},
    {"\x76\x2f\x31\x01", 4, 0, calo_decode_exr, "OpenEXR"},
    {"BM", 2, 0, NULL, "BMP"},
    {"GIF8", 4, 0, NULL, "GIF"},
    {"II*\0", 4, 0, NULL, "TIFF"},
    {"MM\0*", 4, 0, NULL, "TIFF"},
    {"DDS ", 4, 0, NULL, "DDS"},
    {"\xabKTX 20", 7, 0, NULL, "KTX2 (Basis Universal)"},
    {"\xabKTX", 4, 0, NULL, "KTX"},
    {"8BPS", 4, 0, NULL, "Photoshop"},
};

calo_status calo_decode_check(const calo_decode_source *source, const char *format, uint64_t width, uint64_t height,
                              uint32_t bytes_per_pixel, double pixels_per_byte, calo_error *err)
{
    uint64_t longest = width > height ? width : height, most = 4ull * source->limits.max_texture_pixels;
    if (width == 0 || height == 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the %s picture has no pixels (%llu x %llu)", source->name, format,
                         (unsigned long long)width, (unsigned long long)height);
    if (longest > 65535 || longest > most)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: the %s picture is %llu x %llu pixels; a side may have %llu",
                         source->name, format, (unsigned long long)width, (unsigned long long)height,
                         (unsigned long long)(most < 65535 ? most : 65535));
    if (width * height * bytes_per_pixel > source->limits.max_memory_bytes)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: the %s picture of %llu x %llu pixels passes the memory limit",
                         source->name, format, (unsigned long long)width, (unsigned long long)height);
    if ((double)width * (double)height > pixels_per_byte * (double)source->size)
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: the %s picture claims %llu x %llu pixels, more than its %zu bytes can hold", source->name,
                         format, (unsigned long long)width, (unsigned long long)height, source->size);
    return CALO_OK;
}

calo_status calo_image_decode(const void *bytes, size_t size, const char *name, const calo_limits *limits,
                              calo_image *image, calo_error *err)
{
    calo_decode_source source = {bytes, size, name ? name : "picture", calo_limits_resolve(limits)};
    *image = (calo_image){0};
    if (size == 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the picture is empty", source.name);
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
        const decoder *d = &decoders[i];
        if (size < d->offset + d->length || memcmp(source.bytes + d->offset, d->magic, d->length) != 0)
            continue;
        if (!d->decode)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                             "%s: %s pictures are not read: convert it to PNG, JPEG, WebP, HDR or EXR", source.name,
                             d->name);
        calo_status status = d->decode(&source, image, err);
        if (status != CALO_OK)
            calo_image_finish(image);
        return status;
    }
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "%s: the first bytes are not those of a PNG, JPEG, WebP, HDR or EXR picture", source.name);
}
