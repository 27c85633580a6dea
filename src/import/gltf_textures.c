#include "import/gltf.h"

#include <stdio.h>

#include "base/error.h"
#include "scene/build.h"

static int32_t fail(calo_gltf *gltf)
{
    calo_gltf_broken(gltf);
    return -1;
}

static int32_t add_bytes(calo_gltf *gltf, const calo_gltf_record *record, const uint8_t *bytes, size_t size)
{
    char place[CALO_GLTF_PLACE_BYTES];
    const char *name = calo_gltf_string(record, "name");
    calo_gltf_place(record, place, sizeof place);
    int32_t index = calo_texture_loader_add_bytes(gltf->textures, name && name[0] ? name : place, bytes, size,
                                                  gltf->err);
    return index < 0 ? fail(gltf) : index;
}

/* A picture that is nowhere: decoding no bytes leaves the loader's placeholder. */
static int32_t add_missing(calo_gltf *gltf, const calo_gltf_record *record, const char *why)
{
    char place[CALO_GLTF_PLACE_BYTES];
    calo_gltf_place(record, place, sizeof place);
    calo_scene_warn(gltf->scene, "missing-texture", "%s %s: white stands in for it", place, why);
    return add_bytes(gltf, record, NULL, 0);
}

static int32_t load_image(calo_gltf *gltf, size_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_IMAGES, index);
    const char *uri = calo_gltf_string(&record, "uri");
    int32_t view_index = calo_gltf_index(&record, "bufferView", CALO_GLTF_BUFFER_VIEWS);
    const uint8_t *bytes;
    size_t size;
    if (gltf->status != CALO_OK)
        return -1;
    if (view_index >= 0) {
        const calo_gltf_view *view;
        return calo_gltf_view_open(gltf, (size_t)view_index, &view) == CALO_OK
                   ? add_bytes(gltf, &record, view->bytes, view->size) : -1;
    }
    if (!uri)
        return add_missing(gltf, &record, "has neither \"uri\" nor \"bufferView\"");
    if (calo_gltf_is_data_uri(uri))
        return calo_gltf_data_uri(&record, uri, &bytes, &size) == CALO_OK ? add_bytes(gltf, &record, bytes, size) : -1;
    int32_t image = calo_texture_loader_add_file(gltf->textures, uri, true, gltf->err);
    return image < 0 ? fail(gltf) : image;
}

/* The image, WebP before the fallback where it can be read. */
static int32_t find_image(calo_gltf *gltf, const calo_gltf_record *texture)
{
    int32_t source = calo_gltf_index(texture, "source", CALO_GLTF_IMAGES);
    calo_gltf_record webp = calo_gltf_extension(texture, "EXT_texture_webp");
    int32_t webp_source = calo_gltf_index(&webp, "source", CALO_GLTF_IMAGES);
#ifdef CALO_HAVE_WEBP
    if (webp_source >= 0)
        source = webp_source;
#else
    if (source < 0)
        source = webp_source;
#endif
    if (gltf->status != CALO_OK)
        return -1;
    if (source < 0)
        return add_missing(gltf, texture, "has no image that calotype can read");
    if (gltf->image_indices[source] < 0)
        gltf->image_indices[source] = load_image(gltf, (size_t)source);
    return gltf->image_indices[source];
}

/* OpenGL's numbers, as glTF has them. */
enum {
    NEAREST = 9728,
    LINEAR = 9729,
    NEAREST_MIPMAP_NEAREST = 9984,
    NEAREST_MIPMAP_LINEAR = 9986,
    CLAMP_TO_EDGE = 33071,
    MIRRORED_REPEAT = 33648,
    REPEAT = 10497,
};

static calo_wrap read_wrap(const calo_gltf_record *sampler, const char *key)
{
    uint64_t value = calo_gltf_unsigned(sampler, key, REPEAT);
    if (value != CLAMP_TO_EDGE && value != MIRRORED_REPEAT && value != REPEAT)
        calo_scene_warn(sampler->gltf->scene, "bad-sampler", "samplers[%lld]: %s %llu is not known: REPEAT is used",
                        (long long)sampler->index, key, (unsigned long long)value);
    return value == CLAMP_TO_EDGE ? CALO_WRAP_CLAMP : value == MIRRORED_REPEAT ? CALO_WRAP_MIRROR : CALO_WRAP_REPEAT;
}

static void read_sampler(calo_gltf *gltf, int32_t index, calo_texture *texture)
{
    if (index < 0)
        return;
    calo_gltf_record sampler = calo_gltf_item(gltf, CALO_GLTF_SAMPLERS, (size_t)index);
    uint64_t magnify = calo_gltf_unsigned(&sampler, "magFilter", LINEAR);
    uint64_t minify = calo_gltf_unsigned(&sampler, "minFilter", 0);
    texture->wrap_u = read_wrap(&sampler, "wrapS");
    texture->wrap_v = read_wrap(&sampler, "wrapT");
    texture->magnify = magnify == NEAREST ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR;
    texture->minify = minify == NEAREST || minify == NEAREST_MIPMAP_NEAREST || minify == NEAREST_MIPMAP_LINEAR
                          ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR;
    texture->no_mipmaps = minify == NEAREST || minify == LINEAR;
}

int32_t calo_gltf_texture(const calo_gltf_record *user, int32_t index)
{
    calo_gltf *gltf = user->gltf;
    if (gltf->texture_indices[index] >= 0)
        return gltf->texture_indices[index];
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_TEXTURES, (size_t)index);
    int32_t sampler = calo_gltf_index(&record, "sampler", CALO_GLTF_SAMPLERS);
    calo_texture texture = {.image = find_image(gltf, &record)};
    read_sampler(gltf, sampler, &texture);
    if (gltf->status != CALO_OK)
        return -1;
    int32_t added = calo_scene_add_texture(gltf->scene, &texture, gltf->err);
    if (added < 0)
        return fail(gltf);
    gltf->texture_indices[index] = added;
    return added;
}
