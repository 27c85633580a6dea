/* Mip chains of textures, in the layout that the cpu backend's kernels read. */
#ifndef CALO_RENDER_MIP_CHAIN_H
#define CALO_RENDER_MIP_CHAIN_H

#include <calotype/cache.h>
#include <calotype/scene.h>

#include "base/arena.h"
#include "render/shared.h"

enum {
    CALO_MIP_MAX = 17,         /* 65536 down to 1 */
    CALO_MIP_TABLE = 32,       /* for lanes_lookup32 */
    CALO_TEXEL_ONE = 32767,    /* 1.0 in 15 bits: products of two fit into signed 32 */
    CALO_TEXELS_BEHIND = 2,    /* read with the last ones, see lanes_blend_pairs */
};

/* Immutable. Levels lie one behind the other; each row ends with a copy of the texel that follows it
 * (the first one where u repeats, else the last), and so does each level with a row, so that a
 * bilinear footprint is two loads. */
typedef struct calo_mip_chain {
    int32_t level_count;
    calo_wrap wrap_u, wrap_v;
    calo_filter magnify, minify;
    bool linear15; /* four 16-bit components, linear light, CALO_TEXEL_ONE = 1; else four bytes as in the file */
    const void *texels;
    int32_t width[CALO_MIP_MAX], height[CALO_MIP_MAX];
    int32_t offset[CALO_MIP_TABLE]; /* of a level's first texel, in texels */
} calo_mip_chain;

/* The texels of both lie at the same places, and are looked up alike. */
static inline bool calo_mip_chain_same_layout(const calo_mip_chain *a, const calo_mip_chain *b)
{
    return a->width[0] == b->width[0] && a->height[0] == b->height[0] && a->level_count == b->level_count &&
           a->wrap_u == b->wrap_u && a->wrap_v == b->wrap_v && a->magnify == b->magnify && a->minify == b->minify;
}

/* What a backend's form of the texture depends on; `use`, which becomes the parameter CALO_TEXTURE_USE: how it is going
 * to be read. */
enum { CALO_TEXTURE_USE = 7 };
calo_shared_key calo_texture_key(const calo_scene *scene, const calo_texture *texture, uint32_t use);

/* sRGB images become linear light; levels are box-filtered, or taken from the cache (which may be NULL). */
calo_status calo_mip_chain_make(const calo_scene_image *image, const calo_texture *sampler, bool srgb,
                                calo_cache *cache, calo_arena *arena, calo_mip_chain *chain, calo_error *err);

#endif
