#include "import/gltf.h"

#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "scene/build.h"

/* KHR_texture_transform: offset * rotation * scale, counter-clockwise as seen in the picture, whose
 * v grows downwards. */
static void read_transform(const calo_gltf_record *extension, float transform[6])
{
    double offset[2] = {0, 0}, scale[2] = {1, 1}, sine, cosine;
    calo_gltf_numbers(extension, "offset", 2, offset);
    calo_gltf_numbers(extension, "scale", 2, scale);
    double rotation = calo_gltf_number(extension, "rotation", 0);
    calo_sincos(rotation > -1e5 && rotation < 1e5 ? rotation : 0, &sine, &cosine);
    const double values[6] = {cosine * scale[0], sine * scale[1], offset[0],
                              -sine * scale[0], cosine * scale[1], offset[1]};
    for (int i = 0; i < 6; i++)
        transform[i] = calo_gltf_to_float(values[i]);
}

/* A textureInfo at `key`. */
static void read_texture(const calo_gltf_record *parent, const char *key, calo_texture_use *use)
{
    calo_gltf *gltf = parent->gltf;
    calo_gltf_record info = calo_gltf_enter(parent, key);
    if (!info.object)
        return;
    int32_t index = calo_gltf_index(&info, "index", CALO_GLTF_TEXTURES);
    uint64_t uv_set = calo_gltf_unsigned(&info, "texCoord", 0);
    calo_gltf_record transform = calo_gltf_extension(&info, "KHR_texture_transform");
    if (transform.object) {
        uv_set = calo_gltf_unsigned(&transform, "texCoord", uv_set);
        read_transform(&transform, use->transform);
    }
    if (uv_set > 1) {
        char place[CALO_GLTF_PLACE_BYTES];
        calo_gltf_place(&info, place, sizeof place);
        calo_scene_warn(gltf->scene, "uv-set", "%s uses TEXCOORD_%llu; calotype keeps sets 0 and 1: 0 is used", place,
                        (unsigned long long)uv_set);
        uv_set = 0;
    }
    use->uv_set = (uint32_t)uv_set;
    if (index < 0)
        calo_gltf_fail(&info, CALO_ERROR_FORMAT, "\"index\" is missing");
    else if (gltf->status == CALO_OK)
        use->texture = calo_gltf_texture(&info, index);
}

/* A factor of the material, brought into [low, high]. */
static float clamp_factor(const calo_gltf_record *record, const char *key, float value, float low, float high)
{
    if (value >= low && value <= high)
        return value;
    char place[CALO_GLTF_PLACE_BYTES];
    float clamped = value < low ? low : high;
    calo_gltf_place(record, place, sizeof place);
    calo_scene_warn(record->gltf->scene, "out-of-range", "%s.%s is %g, outside %g to %g: %g is used", place, key,
                    (double)value, (double)low, (double)high, (double)clamped);
    return clamped;
}

static float read_factor(const calo_gltf_record *record, const char *key, float standard, float low, float high)
{
    return clamp_factor(record, key, calo_gltf_float(record, key, standard), low, high);
}

static void read_factors(const calo_gltf_record *record, const char *key, size_t count, float high, float *values)
{
    calo_gltf_float_list(record, key, count, values);
    for (size_t i = 0; i < count; i++)
        values[i] = clamp_factor(record, key, values[i], 0, high);
}

/* Larger than any light; keeps products of factors finite. */
static const float most_light = 1e9f;

static void read_metallic_roughness(const calo_gltf_record *material, calo_material *out)
{
    calo_gltf_record pbr = calo_gltf_enter(material, "pbrMetallicRoughness");
    read_factors(&pbr, "baseColorFactor", 4, most_light, out->base_color);
    out->metallic = read_factor(&pbr, "metallicFactor", 1, 0, 1);
    out->roughness = read_factor(&pbr, "roughnessFactor", 1, 0, 1);
    read_texture(&pbr, "baseColorTexture", &out->slots[CALO_SLOT_BASE_COLOR]);
    read_texture(&pbr, "metallicRoughnessTexture", &out->slots[CALO_SLOT_METALLIC_ROUGHNESS]);
}

static void read_specular_glossiness(const calo_gltf_record *extension, calo_material *out)
{
    out->specular_glossiness = true;
    read_factors(extension, "diffuseFactor", 4, most_light, out->base_color);
    for (int i = 0; i < 3; i++)
        out->specular_color[i] = 1;
    read_factors(extension, "specularFactor", 3, 1, out->specular_color);
    out->metallic = 0;
    out->roughness = 1 - read_factor(extension, "glossinessFactor", 1, 0, 1);
    read_texture(extension, "diffuseTexture", &out->slots[CALO_SLOT_BASE_COLOR]);
    read_texture(extension, "specularGlossinessTexture", &out->slots[CALO_SLOT_SPECULAR_GLOSSINESS]);
}

static void read_specular(const calo_gltf_record *material, calo_material *out)
{
    calo_gltf_record ior = calo_gltf_extension(material, "KHR_materials_ior");
    calo_gltf_record specular = calo_gltf_extension(material, "KHR_materials_specular");
    out->ior = calo_gltf_float(&ior, "ior", 1.5);
    /* 0 is special: all light is reflected at grazing and head on alike. */
    if (out->ior != 0)
        out->ior = clamp_factor(&ior, "ior", out->ior, 1, most_light);
    if (out->specular_glossiness || !specular.object)
        return;
    out->specular = read_factor(&specular, "specularFactor", 1, 0, 1);
    read_factors(&specular, "specularColorFactor", 3, most_light, out->specular_color);
    read_texture(&specular, "specularTexture", &out->slots[CALO_SLOT_SPECULAR]);
    read_texture(&specular, "specularColorTexture", &out->slots[CALO_SLOT_SPECULAR_COLOR]);
}

static void read_maps(const calo_gltf_record *material, calo_material *out)
{
    calo_gltf_record normal = calo_gltf_enter(material, "normalTexture");
    calo_gltf_record occlusion = calo_gltf_enter(material, "occlusionTexture");
    calo_gltf_record strength = calo_gltf_extension(material, "KHR_materials_emissive_strength");
    out->normal_scale = calo_gltf_float(&normal, "scale", 1);
    out->occlusion_strength = read_factor(&occlusion, "strength", 1, 0, 1);
    read_texture(material, "normalTexture", &out->slots[CALO_SLOT_NORMAL]);
    read_texture(material, "occlusionTexture", &out->slots[CALO_SLOT_OCCLUSION]);
    read_texture(material, "emissiveTexture", &out->slots[CALO_SLOT_EMISSIVE]);
    for (int i = 0; i < 3; i++)
        out->emissive[i] = 0;
    read_factors(material, "emissiveFactor", 3, most_light, out->emissive);
    float emissive_strength = read_factor(&strength, "emissiveStrength", 1, 0, most_light);
    for (int i = 0; i < 3; i++)
        out->emissive[i] *= emissive_strength;
}

static void read_alpha(const calo_gltf_record *material, calo_material *out)
{
    const char *mode = calo_gltf_string(material, "alphaMode");
    out->alpha_cutoff = calo_gltf_float(material, "alphaCutoff", 0.5);
    if (!mode || strcmp(mode, "OPAQUE") == 0)
        out->alpha_mode = CALO_ALPHA_OPAQUE;
    else if (strcmp(mode, "MASK") == 0)
        out->alpha_mode = CALO_ALPHA_MASK;
    else if (strcmp(mode, "BLEND") == 0)
        out->alpha_mode = CALO_ALPHA_BLEND;
    else
        calo_gltf_fail(material, CALO_ERROR_FORMAT, "alphaMode \"%s\" is not OPAQUE, MASK or BLEND", mode);
}

static calo_status load_material(calo_gltf *gltf, size_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_MATERIALS, index);
    calo_gltf_record glossiness = calo_gltf_extension(&record, "KHR_materials_pbrSpecularGlossiness");
    calo_gltf_record unlit = calo_gltf_extension(&record, "KHR_materials_unlit");
    calo_material material = calo_material_default();
    material.name = calo_gltf_name(&record);
    /* Textures of a material that nothing wears are not worth their time. */
    if (gltf->material_used[index]) {
        if (glossiness.object)
            read_specular_glossiness(&glossiness, &material);
        else
            read_metallic_roughness(&record, &material);
        read_specular(&record, &material);
        read_maps(&record, &material);
        read_alpha(&record, &material);
    }
    material.double_sided = calo_gltf_boolean(&record, "doubleSided");
    material.unlit = unlit.object != NULL;
    if (gltf->status != CALO_OK)
        return gltf->status;
    return calo_scene_add_material(gltf->scene, &material, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_materials(calo_gltf *gltf)
{
    for (size_t i = 0; i < gltf->counts[CALO_GLTF_MATERIALS]; i++)
        if (load_material(gltf, i) != CALO_OK)
            return gltf->status;
    return CALO_OK;
}
