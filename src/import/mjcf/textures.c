/* MuJoCo's textures as the scene's: 2d ones as they are, of cube textures one picture a face that is like no other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/color.h"
#include "import/mjcf/looks.h"
#include "import/textures.h"
#include "scene/build.h"

/* mjTEXROLE_RGB, the one that MuJoCo's renderer reads; models of before 3.2 have one column only. */
enum { ROLE_RGB = 1 };

static const uint8_t white_texel[4] = {255, 255, 255, 255};

/* A picture within a texture's bytes. */
typedef struct source {
    uint32_t width, height, channels;
    const uint8_t *bytes;
    bool decoded; /* MuJoCo shows linear values of these sRGB codes, without encoding them again */
} source;

static int32_t texture_of_material(const calo_mujoco_arrays *a, int32_t material)
{
    if (material < 0)
        return -1;
    int64_t roles = a->ntexrole;
    return a->mat_texid[(int64_t)material * roles + (roles > ROLE_RGB ? ROLE_RGB : 0)];
}

const calo_mjcf_texture *calo_mjcf_texture_of(const calo_mjcf_builder *builder, int32_t material)
{
    static const calo_mjcf_texture none = {.kind = CALO_MJCF_UNTEXTURED};
    int32_t texture = texture_of_material(builder->arrays, material);
    return texture < 0 ? &none : &builder->looks->textures[texture];
}

/* ---- pictures ---- */

static void copy_texels(const source *from, uint8_t *to)
{
    uint8_t shown[256];
    for (int code = 0; code < 256; code++)
        shown[code] = from->decoded ? (uint8_t)(calo_linear_from_srgb((uint8_t)code) * 255 + 0.5f) : (uint8_t)code;
    size_t count = (size_t)from->width * from->height;
    for (size_t i = 0; i < count; i++, to += 4) {
        const uint8_t *texel = from->bytes + i * from->channels;
        for (int c = 0; c < 3; c++)
            to[c] = shown[texel[c]];
        to[3] = from->channels == 4 ? texel[3] : 255;
    }
}

/* Until it is within the limit. */
static void shrink(calo_mjcf_builder *builder, calo_scene_image *image, uint8_t *pixels)
{
    uint32_t longest = calo_scene_limits(builder->scene)->max_texture_pixels;
    calo_image picture = {image->width, image->height, CALO_PIXEL_RGBA8, (size_t)image->width * 4, pixels};
    if (image->width <= longest && image->height <= longest)
        return;
    while (picture.width > longest || picture.height > longest)
        calo_texture_halve(&picture);
    calo_scene_warn(builder->scene, "large-texture",
                    "the texture %s of %u x %u texels is over the limit of %u a side: %u x %u are used", image->name,
                    image->width, image->height, longest, picture.width, picture.height);
    image->width = picture.width;
    image->height = picture.height;
}

static int32_t add_image(calo_mjcf_builder *builder, const char *name, const source *from, calo_error *err)
{
    calo_scene_image image = {.name = name, .width = 1, .height = 1, .pixels = white_texel, .missing = !from};
    if (from) {
        uint64_t texels = (uint64_t)from->width * from->height;
        uint8_t *pixels = CALO_ARENA_TAKE(calo_scene_arena(builder->scene), uint8_t, texels * 4, "textures", err);
        if (!pixels)
            return -1;
        copy_texels(from, pixels);
        image.width = from->width;
        image.height = from->height;
        image.pixels = pixels;
        shrink(builder, &image, pixels);
    }
    return calo_scene_add_image(builder->scene, &image, err);
}

/* A texture of its own image. */
static int32_t add_texture(calo_mjcf_builder *builder, const char *name, const source *from, calo_wrap wrap,
                           calo_error *err)
{
    const char *kept = calo_scene_text(builder->scene, name, err);
    int32_t image = kept ? add_image(builder, kept, from, err) : -1;
    calo_texture texture = {.image = image, .wrap_u = wrap, .wrap_v = wrap};
    return image < 0 ? -1 : calo_scene_add_texture(builder->scene, &texture, err);
}

/* ---- cube textures ---- */

static bool is_one_color(const source *face)
{
    size_t texels = (size_t)face->width * face->height;
    for (size_t i = 1; i < texels; i++)
        if (memcmp(face->bytes, face->bytes + i * face->channels, face->channels) != 0)
            return false;
    return true;
}

static void tint(const source *face, float color[3])
{
    uint8_t texel[4];
    source one = *face;
    one.width = one.height = 1;
    copy_texels(&one, texel);
    for (int c = 0; c < 3; c++)
        color[c] = (float)texel[c] / 255;
}

static source face_of(const source *whole, int face)
{
    source out = *whole;
    out.height = whole->width;
    if (whole->height > whole->width) /* else one picture for all faces */
        out.bytes += (size_t)face * whole->width * whole->width * whole->channels;
    return out;
}

static calo_status add_cube(calo_mjcf_builder *builder, const char *name, const source *whole, calo_mjcf_texture *out,
                            calo_error *err)
{
    static const char *const face_names[] = {"+x", "-x", "+y", "-y", "+z", "-z"};
    bool textured = false;
    for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++) {
        source face = face_of(whole, f);
        int like = 0;
        for (source other = face_of(whole, 0); like < f; other = face_of(whole, ++like))
            if (memcmp(other.bytes, face.bytes, (size_t)face.width * face.width * face.channels) == 0)
                break;
        out->alike[f] = (uint8_t)like;
        if (like < f)
            continue;
        if (is_one_color(&face)) {
            tint(&face, out->tints[f]);
            continue;
        }
        char face_name[256];
        snprintf(face_name, sizeof face_name, "%s %s", name, face_names[f]);
        out->textures[f] = add_texture(builder, face_name, &face, CALO_WRAP_CLAMP, err);
        if (out->textures[f] < 0)
            return calo_failed(err);
        textured = true;
    }
    for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++)
        textured = textured || out->alike[f] != 0;
    out->kind = textured ? CALO_MJCF_CUBED : CALO_MJCF_TINTED;
    return CALO_OK;
}

/* ---- all of a model ---- */

static calo_status add_flat(calo_mjcf_builder *builder, const char *name, const source *from, calo_mjcf_texture *out,
                            calo_error *err)
{
    out->kind = CALO_MJCF_FLAT;
    out->textures[0] = add_texture(builder, name, from, CALO_WRAP_REPEAT, err);
    return out->textures[0] < 0 ? calo_failed(err) : CALO_OK;
}

/* White stands in: the materials are drawn without a texture. The scene keeps the placeholder's image, which says so. */
static calo_status add_missing(calo_mjcf_builder *builder, const char *name, calo_error *err)
{
    const char *kept = calo_scene_text(builder->scene, name, err);
    return kept && add_image(builder, kept, NULL, err) >= 0 ? CALO_OK : calo_failed(err);
}

static calo_status add_one(calo_mjcf_builder *builder, uint32_t texture, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    calo_mjcf_texture *out = &builder->looks->textures[texture];
    const char *name = calo_mjcf_name(builder, a->name_texadr, texture);
    bool cube = a->tex_type[texture] != CALO_MJCF_TEXTURE_2D;
    source from = {(uint32_t)a->tex_width[texture], (uint32_t)a->tex_height[texture],
                   (uint32_t)a->tex_nchannel[texture], a->tex_data + a->tex_adr[texture], false};
    if (builder->missing_textures && builder->missing_textures[texture])
        return add_missing(builder, name, err);
    if (from.width == 0 || from.height == 0)
        return CALO_OK;
    if (from.channels < 3) { /* files of other encodings for other renderers, or something that MuJoCo does not draw */
        calo_scene_warn(builder->scene, "texture-channels",
                        "the texture \"%s\" has %u bytes a texel, which MuJoCo's renderer does not draw: it is left "
                        "out",
                        name, from.channels);
        return CALO_OK;
    }
    enum { COLORSPACE_SRGB = 2 };
    from.decoded = !cube && a->tex_colorspace && a->tex_colorspace[texture] == COLORSPACE_SRGB;
    return cube ? add_cube(builder, name, &from, out, err) : add_flat(builder, name, &from, out, err);
}

calo_status calo_mjcf_add_textures(calo_mjcf_builder *builder, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    calo_status status = CALO_OK;
    bool *used = calloc((size_t)a->ntex + 1, sizeof *used);
    if (!used)
        return calo_fail_memory(err, "the textures", (size_t)a->ntex);
    for (int32_t m = 0; m < a->nmat; m++) {
        int32_t texture = texture_of_material(a, m);
        if (texture >= 0)
            used[texture] = true;
    }
    for (uint32_t t = 0; t < a->ntex && status == CALO_OK; t++)
        if (used[t])
            status = add_one(builder, t, err);
    free(used);
    return status;
}
