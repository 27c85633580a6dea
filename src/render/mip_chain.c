#include "render/mip_chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/cache.h"
#include "base/error.h"
#include "base/large.h"
#include "image/color.h"

/* Levels of a few texels are faster made than found. */
enum { LEAST_KEPT_BYTES = 64 << 10 };

/* Texels of a level with its padding. */
static uint64_t level_texels(uint32_t width, uint32_t height)
{
    return ((uint64_t)width + 1) * ((uint64_t)height + 1);
}

static uint16_t texel_from_unit(float value) { return (uint16_t)(value * CALO_TEXEL_ONE + 0.5f); }

/* Level 0 in 15-bit linear light. */
static void convert_srgb(const calo_scene_image *image, uint16_t *to)
{
    uint16_t color[256], alpha[256];
    for (int i = 0; i < 256; i++) {
        color[i] = texel_from_unit(calo_linear_from_srgb((uint8_t)i));
        alpha[i] = texel_from_unit(calo_unorm8_to_float_table[i]);
    }
    const uint8_t *from = image->pixels;
    for (uint32_t y = 0; y < image->height; y++, to += 4)
        for (uint32_t x = 0; x < image->width; x++, from += 4, to += 4) {
            to[0] = color[from[0]];
            to[1] = color[from[1]];
            to[2] = color[from[2]];
            to[3] = alpha[from[3]];
        }
}

static void copy_bytes(const calo_scene_image *image, uint8_t *to)
{
    size_t row = (size_t)image->width * 4;
    for (uint32_t y = 0; y < image->height; y++)
        memcpy(to + y * (row + 4), image->pixels + y * row, row);
}

/* Means of 2x2 texels; odd sides leave their last column or row out, sides of one repeat it. */
#define DEFINE_HALVE(name, type)                                                                                     \
    static void name(const type *from, uint32_t from_width, uint32_t from_height, type *to, uint32_t width,          \
                     uint32_t height)                                                                                \
    {                                                                                                                \
        size_t pitch = ((size_t)from_width + 1) * 4, below = from_height > 1 ? pitch : 0;                            \
        size_t right = from_width > 1 ? 4 : 0;                                                                       \
        for (uint32_t y = 0; y < height; y++, to += 4) {                                                             \
            const type *row = from + 2 * y * pitch;                                                                  \
            for (uint32_t x = 0; x < width; x++, row += 8, to += 4)                                                  \
                for (int c = 0; c < 4; c++)                                                                          \
                    to[c] = (type)((row[c] + row[c + right] + row[c + below] + row[c + below + right] + 2u) / 4);    \
        }                                                                                                            \
    }
DEFINE_HALVE(halve_bytes, uint8_t)
DEFINE_HALVE(halve_words, uint16_t)

/* The texels that follow the last column and row. */
static void pad_level(const calo_mip_chain *chain, int level, char *texels, size_t texel_bytes)
{
    size_t width = (size_t)chain->width[level], height = (size_t)chain->height[level];
    size_t pitch = (width + 1) * texel_bytes;
    size_t column = chain->wrap_u == CALO_WRAP_REPEAT ? 0 : (width - 1) * texel_bytes;
    size_t row = chain->wrap_v == CALO_WRAP_REPEAT ? 0 : (height - 1) * pitch;
    for (size_t y = 0; y < height; y++)
        memcpy(texels + y * pitch + width * texel_bytes, texels + y * pitch + column, texel_bytes);
    memcpy(texels + height * pitch, texels + row, pitch);
}

/* Sizes and places of all levels; returns how many texels they take. */
static uint64_t lay_out(calo_mip_chain *chain, uint32_t width, uint32_t height, bool mipmaps)
{
    uint64_t total = 0;
    for (;;) {
        int level = chain->level_count++;
        chain->width[level] = (int32_t)width;
        chain->height[level] = (int32_t)height;
        chain->offset[level] = (int32_t)total;
        total += level_texels(width, height);
        if (!mipmaps || (width == 1 && height == 1) || chain->level_count == CALO_MIP_MAX)
            return total + CALO_TEXELS_BEHIND;
        width = width > 1 ? width / 2 : 1;
        height = height > 1 ? height / 2 : 1;
    }
}

/* ---- all levels ---- */

static void fill_levels(const calo_mip_chain *chain, const calo_scene_image *image, char *texels)
{
    size_t texel_bytes = chain->linear15 ? 8 : 4;
    if (chain->linear15)
        convert_srgb(image, (uint16_t *)texels);
    else
        copy_bytes(image, (uint8_t *)texels);
    pad_level(chain, 0, texels, texel_bytes);
    for (int i = 1; i < chain->level_count; i++) {
        char *from = texels + (size_t)chain->offset[i - 1] * texel_bytes;
        char *to = texels + (size_t)chain->offset[i] * texel_bytes;
        uint32_t from_size[2] = {(uint32_t)chain->width[i - 1], (uint32_t)chain->height[i - 1]};
        uint32_t size[2] = {(uint32_t)chain->width[i], (uint32_t)chain->height[i]};
        if (chain->linear15)
            halve_words((uint16_t *)from, from_size[0], from_size[1], (uint16_t *)to, size[0], size[1]);
        else
            halve_bytes((uint8_t *)from, from_size[0], from_size[1], (uint8_t *)to, size[0], size[1]);
        pad_level(chain, i, to, texel_bytes);
    }
}

/* Everything that the levels depend on but the size, which the texels' key implies. */
static calo_sha256 levels_key(const calo_mip_chain *chain, const calo_scene_image *image)
{
    uint8_t options[4] = {chain->linear15, (uint8_t)chain->wrap_u, (uint8_t)chain->wrap_v,
                          chain->level_count > 1};
    calo_cache_part parts[2] = {{image->content_key, sizeof(calo_sha256)}, {options, sizeof options}};
    return calo_cache_key("mips 1", parts, 2);
}

/* Texels are numbers of which any will do, so that the size is all there is to check. */
static bool find_levels(calo_cache *cache, const calo_sha256 *key, size_t bytes, calo_cache_entry *entry)
{
    if (calo_cache_find(cache, key, entry) && entry->size == calo_cache_padded(bytes))
        return true;
    calo_cache_entry_finish(entry);
    return false;
}

static calo_status take_levels(const calo_scene_image *image, calo_cache *cache, size_t bytes, calo_arena *arena,
                               calo_mip_chain *chain, calo_error *err)
{
    calo_sha256 key = {{0}};
    calo_cache_entry entry = {0};
    if (cache && image->content_key) {
        key = levels_key(chain, image);
        if (find_levels(cache, &key, bytes, &entry)) {
            chain->texels = entry.bytes;
            calo_status status = calo_arena_adopt_mapping(arena, entry.mapping, entry.mapping_bytes, err);
            if (status != CALO_OK)
                calo_cache_entry_finish(&entry);
            return status;
        }
    }
    /* Not zeroed: every texel is written. */
    char *texels = calo_large_alloc(bytes);
    if (!texels)
        return calo_fail_memory(err, "a texture's levels", bytes);
    calo_status status = calo_arena_adopt(arena, texels, err);
    if (status != CALO_OK) {
        free(texels);
        return status;
    }
    fill_levels(chain, image, texels);
    chain->texels = texels;
    if (cache && image->content_key && bytes >= LEAST_KEPT_BYTES)
        calo_cache_put(cache, &key, &(calo_cache_part){texels, bytes}, 1);
    return CALO_OK;
}

calo_shared_key calo_texture_key(const calo_scene *scene, const calo_texture *texture, uint32_t use)
{
    const calo_scene_image *image = &scene->images[texture->image];
    calo_shared_key key = {.identity = image->identity, .kind = CALO_SHARED_TEXTURE,
                           .parameters = {image->width, image->height, texture->wrap_u, texture->wrap_v,
                                          texture->magnify, texture->minify, texture->no_mipmaps, use}};
    key.owner = image->identity ? NULL : scene;
    key.source = image->identity ? NULL : image;
    return key;
}

calo_status calo_mip_chain_make(const calo_scene_image *image, const calo_texture *sampler, bool srgb,
                                calo_cache *cache, calo_arena *arena, calo_mip_chain *chain, calo_error *err)
{
    *chain = (calo_mip_chain){
        .wrap_u = sampler->wrap_u,
        .wrap_v = sampler->wrap_v,
        .magnify = sampler->magnify,
        .minify = sampler->minify,
        .linear15 = srgb,
    };
    uint64_t count = lay_out(chain, image->width, image->height, !sampler->no_mipmaps), bytes = count * (srgb ? 8 : 4);
    if (count > INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "the texture %s of %u x %u texels is too large: %d texels are possible",
                         image->name, image->width, image->height, INT32_MAX / 2);
    calo_status status = calo_arena_reserve(arena, bytes, "a texture's levels", err);
    return status == CALO_OK ? take_levels(image, cache, (size_t)bytes, arena, chain, err) : status;
}
