/* Which decoder reads a picture, told by its first bytes. */
#include "image/decode.h"

#include <string.h>

#include "base/error.h"

enum { MAX_SIDE = 65535 };

/* `decode` NULL: known but not read; `advice` ends the sentence. */
typedef struct format_entry {
    const char *name;
    size_t offset, length;
    const char *magic;
    calo_image_decoder decode;
    const char *advice;
} format_entry;

static const char convert_advice[] =
    "calotype reads PNG, JPEG, WebP, Radiance HDR and OpenEXR: convert it to one of these";

static const format_entry formats[] = {
    {"PNG", 0, 8, "\x89PNG\r\n\x1a\n", calo_decode_png, NULL},
    {"JPEG", 0, 3, "\xff\xd8\xff", calo_decode_jpeg, NULL},
#ifdef CALO_HAVE_WEBP
    {"WebP", 8, 4, "WEBP", calo_decode_webp, NULL},
#else
    {"WebP", 8, 4, "WEBP", NULL, "this calotype was built without WebP: convert it to PNG"},
#endif
    {"Radiance HDR", 0, 10, "#?RADIANCE", calo_decode_hdr, NULL},
    {"Radiance HDR", 0, 6, "#?RGBE", calo_decode_hdr, NULL},
#ifdef CALO_HAVE_EXR
    {"OpenEXR", 0, 4, "\x76\x2f\x31\x01", calo_decode_exr, NULL},
#else
    {"OpenEXR", 0, 4, "\x76\x2f\x31\x01", NULL, "this calotype was built without OpenEXR: convert it to Radiance HDR"},
#endif
    {"GIF", 0, 4, "GIF8", NULL, convert_advice},
    {"TIFF", 0, 4, "II*\0", NULL, convert_advice},
    {"TIFF", 0, 4, "MM\0*", NULL, convert_advice},
    {"BMP", 0, 2, "BM", NULL, convert_advice},
    {"DDS", 0, 4, "DDS ", NULL, convert_advice},
    {"KTX", 1, 3, "KTX", NULL, convert_advice},
    {"Photoshop", 0, 4, "8BPS", NULL, convert_advice},
    {"JPEG 2000", 4, 8, "jP  \r\n\x87\n", NULL, convert_advice},
    {"AVIF or HEIF", 4, 4, "ftyp", NULL, convert_advice},
    {"Targa", 0, 4, "\0\0\2\0", NULL, convert_advice},
    {"Targa", 0, 4, "\0\0\n\0", NULL, convert_advice},
};

static const format_entry *find_format(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const format_entry *entry = &formats[i];
        if (size >= entry->offset + entry->length && memcmp(bytes + entry->offset, entry->magic, entry->length) == 0)
            return entry;
    }
    return NULL;
}

calo_status calo_image_decode_source(const calo_image_source *source, calo_image *image, calo_error *err)
{
    *image = (calo_image){0};
    if (source->size == 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is empty: it holds no picture", source->name);
    const format_entry *entry = find_format(source->bytes, source->size);
    if (!entry)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is not a picture that calotype knows by its first bytes: "
                         "PNG, JPEG, WebP, Radiance HDR and OpenEXR are read", source->name);
    if (!entry->decode)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is a %s picture, which cannot be read; %s", source->name,
                         entry->name, entry->advice);
    return entry->decode(source, image, err);
}

calo_status calo_image_decode(const void *bytes, size_t size, const char *name, const calo_limits *limits,
                              calo_image *image, calo_error *err)
{
    calo_image_source source = {.bytes = bytes, .size = size, .name = name, .limits = calo_limits_resolve(limits)};
    return calo_image_decode_source(&source, image, err);
}

calo_status calo_image_init_claimed(const calo_image_source *source, uint64_t width, uint64_t height,
                                    calo_pixel_format format, uint64_t least_bytes, calo_image *image, calo_error *err)
{
    unsigned long long claimed_width = width, claimed_height = height;
    /* Four times the limit: what is somewhat too large is halved later, not refused. */
    uint64_t max_side = (uint64_t)source->limits.max_texture_pixels * 4;
    if (max_side > MAX_SIDE)
        max_side = MAX_SIDE;
    if (width == 0 || height == 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s claims to have %llu x %llu pixels: it is damaged", source->name,
                         claimed_width, claimed_height);
    if (width > max_side || height > max_side)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has %llu x %llu pixels, over the limit of %llu a side: "
                         "scale it down or raise the texture limit", source->name, claimed_width, claimed_height,
                         (unsigned long long)max_side);
    if (width * height * calo_pixel_bytes(format) > source->limits.max_memory_bytes)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has %llu x %llu pixels, over the memory limit of %llu bytes: "
                         "scale it down or raise the memory limit", source->name, claimed_width, claimed_height,
                         (unsigned long long)source->limits.max_memory_bytes);
    if (source->size < least_bytes)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s claims to have %llu x %llu pixels, which its %zu bytes cannot "
                         "hold: it is truncated or damaged", source->name, claimed_width, claimed_height,
                         source->size);
    if (source->reserve) {
        calo_status status = source->reserve(source->user, width * height * calo_pixel_bytes(format), err);
        if (status != CALO_OK)
            return status;
    }
    return calo_image_init(image, (uint32_t)width, (uint32_t)height, format, err);
}
