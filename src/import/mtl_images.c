/* Scene images made of channels of others: material libraries keep in files of their own what the
 * scene's materials keep in one image. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "import/mtl.h"
#include "scene/build.h"

typedef struct image_facts {
    int32_t textures[2]; /* repeating and clamped, -1: not made yet */
    bool scanned, has_alpha, is_gray;
} image_facts;

typedef struct composed_image {
    calo_mtl_pick picks[4];
    int32_t image;
} composed_image;

void calo_mtl_images_finish(calo_mtl_images *images)
{
    free(images->facts.items);
    free(images->composed.items);
}

static image_facts *facts_of(calo_mtl_images *images, int32_t image)
{
    while (images->facts.count <= (size_t)image) {
        image_facts *facts = calo_obj_push(images->obj, &images->facts, sizeof *facts);
        if (!facts)
            return NULL;
        *facts = (image_facts){.textures = {-1, -1}};
    }
    return (image_facts *)images->facts.items + image;
}

int32_t calo_mtl_images_texture(calo_mtl_images *images, int32_t image, bool clamp)
{
    image_facts *facts = facts_of(images, image);
    if (!facts)
        return -1;
    calo_wrap wrap = clamp ? CALO_WRAP_CLAMP : CALO_WRAP_REPEAT;
    calo_texture texture = {.image = image, .wrap_u = wrap, .wrap_v = wrap};
    if (facts->textures[clamp] < 0)
        facts->textures[clamp] = calo_scene_add_texture(images->obj->scene, &texture, images->obj->err);
    return facts->textures[clamp];
}

static image_facts scanned(calo_mtl_images *images, int32_t image)
{
    image_facts *facts = facts_of(images, image);
    if (!facts || facts->scanned)
        return facts ? *facts : (image_facts){.textures = {-1, -1}};
    const calo_scene_image *source = &images->obj->scene->images[image];
    size_t texel_count = (size_t)source->width * source->height;
    bool opaque = true, gray = true;
    for (size_t i = 0; i < texel_count && (opaque || gray); i++) {
        const uint8_t *texel = source->pixels + 4 * i;
        opaque &= texel[3] == 255;
        gray &= texel[0] == texel[1] && texel[1] == texel[2];
    }
    facts->scanned = true;
    facts->has_alpha = !opaque;
    facts->is_gray = gray;
    return *facts;
}

bool calo_mtl_images_has_alpha(calo_mtl_images *images, int32_t image) { return scanned(images, image).has_alpha; }
bool calo_mtl_images_is_gray(calo_mtl_images *images, int32_t image) { return scanned(images, image).is_gray; }

static uint8_t channel_of(const uint8_t *texel, char channel)
{
    switch (channel) {
    case 'r': return texel[0];
    case 'g': return texel[1];
    case 'b': return texel[2];
    case 'a': return texel[3];
    default: return (uint8_t)((54 * texel[0] + 183 * texel[1] + 19 * texel[2] + 128) / 256); /* Rec. 709 weights */
    }
}

/* Writes one channel of an image of width * height texels; the nearest texel where sizes differ. */
static void write_channel(const calo_scene_image *source, char channel, uint8_t *target, uint32_t width,
                          uint32_t height)
{
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = source->pixels + 4 * (size_t)source->width * ((uint64_t)y * source->height / height);
        for (uint32_t x = 0; x < width; x++, target += 4)
            *target = channel_of(row + 4 * ((uint64_t)x * source->width / width), channel);
    }
}

static int32_t make_image(calo_mtl_images *images, const calo_mtl_pick picks[4], const char *name)
{
    calo_scene *scene = images->obj->scene;
    calo_scene_image image = {.name = calo_scene_text(scene, name, images->obj->err), .width = 1, .height = 1};
    for (int c = 0; c < 4; c++) {
        const calo_scene_image *source = picks[c].image < 0 ? &image : &scene->images[picks[c].image];
        image.width = source->width > image.width ? source->width : image.width;
        image.height = source->height > image.height ? source->height : image.height;
    }
    uint8_t *pixels = calo_arena_take(calo_scene_arena(scene), (uint64_t)image.width * image.height, 4, "a texture",
                                      images->obj->err);
    if (!pixels || !image.name)
        return -1;
    memset(pixels, 255, 4 * (size_t)image.width * image.height);
    for (int c = 0; c < 4; c++)
        if (picks[c].image >= 0)
            write_channel(&scene->images[picks[c].image], picks[c].channel, pixels + c, image.width, image.height);
    image.pixels = pixels;
    return calo_scene_add_image(scene, &image, images->obj->err);
}

static bool same_picks(const calo_mtl_pick a[4], const calo_mtl_pick b[4])
{
    for (int c = 0; c < 4; c++)
        if (a[c].image != b[c].image || (a[c].image >= 0 && a[c].channel != b[c].channel))
            return false;
    return true;
}

int32_t calo_mtl_images_compose(calo_mtl_images *images, const calo_mtl_pick picks[4], const char *name)
{
    const composed_image *known = images->composed.items;
    for (size_t i = 0; i < images->composed.count; i++)
        if (same_picks(known[i].picks, picks))
            return known[i].image;
    composed_image *composed = calo_obj_push(images->obj, &images->composed, sizeof *composed);
    if (!composed)
        return -1;
    memcpy(composed->picks, picks, sizeof composed->picks);
    composed->image = make_image(images, picks, name);
    return composed->image;
}
