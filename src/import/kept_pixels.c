#include "import/kept_pixels.h"

#include <string.h>

enum {
    MAX_SIDE = 65535,
    LEAST_KEPT_BYTES = 64 << 10, /* smaller pictures are as soon decoded as found */
};

/* Before the texels. Their number follows from it and from the limits. */
typedef struct pixels_header {
    uint32_t file_width, file_height;
} pixels_header;

calo_sha256 calo_kept_pixels_key(const void *bytes, size_t size, const calo_limits *limits)
{
    /* A picture that this build or these limits refuse must be refused again. */
#ifdef CALO_HAVE_WEBP
    static const char kind[] = "pixels 1 webp";
#else
    static const char kind[] = "pixels 1";
#endif
    uint64_t options[2] = {limits->max_texture_pixels, limits->max_memory_bytes};
    calo_cache_part parts[2] = {{bytes, size}, {options, sizeof options}};
    return calo_cache_key(kind, parts, 2);
}

static bool read_entry(const calo_limits *limits, calo_kept_pixels *kept)
{
    pixels_header header;
    if (kept->entry.size < CALO_CACHE_ALIGNMENT)
        return false;
    memcpy(&header, kept->entry.bytes, sizeof header);
    if (header.file_width < 1 || header.file_width > MAX_SIDE || header.file_height < 1 ||
        header.file_height > MAX_SIDE)
        return false;
    kept->file_width = kept->width = header.file_width;
    kept->file_height = kept->height = header.file_height;
    for (; kept->width > limits->max_texture_pixels || kept->height > limits->max_texture_pixels; kept->halvings++) {
        kept->width = kept->width > 1 ? kept->width / 2 : 1;
        kept->height = kept->height > 1 ? kept->height / 2 : 1;
    }
    kept->pixels = (const uint8_t *)kept->entry.bytes + CALO_CACHE_ALIGNMENT;
    return kept->entry.size == CALO_CACHE_ALIGNMENT + calo_cache_padded((uint64_t)kept->width * kept->height * 4);
}

bool calo_kept_pixels_find(calo_cache *cache, const calo_sha256 *key, const calo_limits *limits,
                           calo_kept_pixels *kept)
{
    *kept = (calo_kept_pixels){0};
    if (!calo_cache_find(cache, key, &kept->entry))
        return false;
    if (read_entry(limits, kept))
        return true;
    calo_cache_entry_finish(&kept->entry);
    return false;
}

void calo_kept_pixels_put(calo_cache *cache, const calo_sha256 *key, uint32_t file_width, uint32_t file_height,
                          const calo_image *image)
{
    pixels_header header = {file_width, file_height};
    size_t bytes = (size_t)image->width * image->height * 4;
    calo_cache_part parts[2] = {{&header, sizeof header}, {image->data, bytes}};
    if (bytes >= LEAST_KEPT_BYTES)
        calo_cache_put(cache, key, parts, 2);
}
