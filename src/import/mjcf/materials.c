/* MuJoCo's materials: its own numbers for its own shading, and what they are like in glTF's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/scalar.h"
#include "import/mjcf/looks.h"
#include "scene/build.h"

/* Opaque from here on, as in MuJoCo's renderer. */
#define OPAQUE_ALPHA 0.995f

typedef struct material_key {
    int32_t material, face;
    float rgba[4];
} material_key;

size_t calo_mjcf_material_key_bytes(void) { return sizeof(material_key); }

float calo_mjcf_linear(float display)
{
    return display <= 0.04045f ? display / 12.92f : calo_powf((display + 0.055f) / 1.055f, 2.4f);
}

static bool is_default(const float rgba[4])
{
    return rgba[0] == 0.5f && rgba[1] == 0.5f && rgba[2] == 0.5f && rgba[3] == 1;
}

void calo_mjcf_color(const calo_mjcf_builder *builder, int32_t material, const float own[4], float rgba[4])
{
    const float *from = material >= 0 && is_default(own) ? builder->arrays->mat_rgba + 4 * (int64_t)material : own;
    for (int i = 0; i < 4; i++)
        rgba[i] = calo_clampf(from[i], 0, 1);
}

/* Not negative; `otherwise` where it is not finite. */
static float sane(float value, float otherwise) { return isfinite(value) ? calo_maxf(value, 0) : otherwise; }

static calo_material_phong phong_of(const calo_mujoco_arrays *a, int32_t material)
{
    if (material < 0)
        return (calo_material_phong){.given = true, .specular = 0.5f, .shininess = 0.5f};
    return (calo_material_phong){
        .given = true,
        .specular = sane(a->mat_specular[material], 0.5f),
        .shininess = calo_minf(sane(a->mat_shininess[material], 0.5f), 1),
        .emission = sane(a->mat_emission[material], 0),
        .reflectance = calo_minf(sane(a->mat_reflectance[material], 0), 1),
    };
}

/* Blinn's exponent n is about as sharp as GGX of alpha² = 2 / (n + 2), and roughness is the root of alpha. The default
 * specular, 0.5, is glTF's default reflection of 4 % head on. */
static void set_physical(const calo_mujoco_arrays *a, int32_t material, calo_material *out)
{
    float exponent = 128 * out->phong.shininess, specular = 2 * out->phong.specular;
    out->metallic = 0;
    out->roughness = sqrtf(sqrtf(2 / (exponent + 2)));
    out->specular = calo_minf(specular, 1);
    for (int i = 0; i < 3; i++)
        out->specular_color[i] = calo_maxf(specular, 1);
    if (material < 0 || !a->mat_metallic || !a->mat_roughness)
        return;
    /* Not given is -1 each, or before MuJoCo 3.4 a metallic of 0 and a roughness of 1. */
    float metallic = a->mat_metallic[material], roughness = a->mat_roughness[material];
    bool given = (metallic >= 0 || roughness >= 0) && !(metallic == 0 && roughness == 1);
    if (given && metallic >= 0)
        out->metallic = calo_minf(metallic, 1);
    if (given && roughness >= 0)
        out->roughness = calo_minf(roughness, 1);
}

static void set_color(const calo_mjcf_texture *texture, const float rgba[4], int face, calo_material *out)
{
    for (int i = 0; i < 3; i++) {
        float tint = face >= 0 && texture->textures[face] < 0 ? texture->tints[face][i] : 1;
        out->base_color[i] = calo_mjcf_linear(rgba[i] * tint);
        out->emissive[i] = calo_mjcf_linear(calo_minf(out->phong.emission * rgba[i] * tint, 1));
    }
    out->base_color[3] = rgba[3];
    out->alpha_mode = rgba[3] < OPAQUE_ALPHA ? CALO_ALPHA_BLEND : CALO_ALPHA_OPAQUE;
    if (face < 0 || texture->textures[face] < 0)
        return;
    out->slots[CALO_SLOT_BASE_COLOR].texture = texture->textures[face];
    if (out->phong.emission > 0)
        out->slots[CALO_SLOT_EMISSIVE].texture = texture->textures[face];
}

/* A colour without a material is called by its numbers. */
static const char *name_of(calo_mjcf_builder *builder, int32_t material, const float rgba[4], calo_error *err)
{
    char text[96];
    if (material >= 0)
        return calo_scene_text(builder->scene,
                               calo_mjcf_name(builder, builder->arrays->name_matadr, (uint32_t)material), err);
    snprintf(text, sizeof text, "rgba %g %g %g %g", (double)rgba[0], (double)rgba[1], (double)rgba[2], (double)rgba[3]);
    return calo_scene_text(builder->scene, text, err);
}

static int32_t add(calo_mjcf_builder *builder, const material_key *key, calo_error *err)
{
    calo_material out = calo_material_default();
    out.name = name_of(builder, key->material, key->rgba, err);
    if (!out.name)
        return -1;
    out.phong = phong_of(builder->arrays, key->material);
    set_physical(builder->arrays, key->material, &out);
    set_color(calo_mjcf_texture_of(builder, key->material), key->rgba, key->face, &out);
    return calo_scene_add_material(builder->scene, &out, err);
}

int32_t calo_mjcf_material(calo_mjcf_builder *builder, int32_t material, const float rgba[4], int face, calo_error *err)
{
    material_key key = {.material = material, .face = face};
    for (int i = 0; i < 4; i++)
        key.rgba[i] = rgba[i] + 0.0f; /* no negative zeros */
    int32_t *found = calo_mjcf_table_find(&builder->looks->materials, &key, err);
    if (found && *found < 0)
        *found = add(builder, &key, err);
    return found ? *found : -1;
}

calo_status calo_mjcf_add_materials(calo_mjcf_builder *builder, calo_error *err)
{
    for (int32_t m = 0; m < builder->arrays->nmat; m++) {
        material_key key = {.material = m};
        bool textured = calo_mjcf_texture_of(builder, m)->kind != CALO_MJCF_UNTEXTURED;
        key.face = textured ? 0 : -1;
        for (int i = 0; i < 4; i++)
            key.rgba[i] = calo_clampf(builder->arrays->mat_rgba[4 * (int64_t)m + i], 0, 1);
        if (calo_mjcf_material(builder, m, key.rgba, key.face, err) < 0)
            return calo_failed(err);
    }
    return CALO_OK;
}
