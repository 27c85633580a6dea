/* material: colour, metallic, roughness and glow of materials, by their names. */
#include <stdlib.h>

#include "base/error.h"
#include "base/scalar.h"
#include "randomize/colors.h"
#include "randomize/own_common.h"
#include "randomize/own_extend.h"

typedef struct parameters {
    char *names, *except;
    float probability;
    float hue[2], saturation[2], value[2], hue_shift[2], saturation_scale[2], value_scale[2];
    float metallic[2], roughness[2], emission[2];
    bool drop_textures;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(names, ""),
    CALO_STRING(except, ""),
    CALO_NUMBER(probability, 0, 1, 1),
    CALO_OWN_GIVEN(hue, 2),
    CALO_OWN_GIVEN(saturation, 1),
    CALO_OWN_GIVEN(value, 1),
    CALO_OWN_RANGE(hue_shift, -1, 1, 0, 0),
    CALO_OWN_RANGE(saturation_scale, 0, 100, 1, 1),
    CALO_OWN_RANGE(value_scale, 0, 100, 1, 1),
    CALO_OWN_GIVEN(metallic, 1),
    CALO_OWN_GIVEN(roughness, 1),
    CALO_OWN_GIVEN(emission, 1e6),
    CALO_FLAG(drop_textures, 0),
};

/* The scene's materials that are wanted. */
typedef struct materials {
    uint32_t count;
    uint32_t at[];
} materials;

static void release(calo_component *component)
{
    free(component->bound);
    component->bound = NULL;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    calo_randomizer *randomizer = calo_link_owner(linker);
    const calo_scene *scene = randomizer->scene;
    release(component);
    materials *bound = calloc(1, sizeof *bound + scene->material_count * sizeof *bound->at);
    if (!bound)
        return calo_fail_memory(err, "materials", scene->material_count * sizeof *bound->at);
    component->bound = bound;
    calo_status status = calo_link_materials(linker, err);
    for (uint32_t i = 0; i < scene->material_count && status == CALO_OK; i++) {
        const char *name = scene->materials[i].name;
        if (calo_own_is_added(name) || !calo_own_wanted(name, p->names, p->except))
            continue;
        bound->at[bound->count++] = i;
        status = calo_link_stream(linker, component, CALO_STREAM_BOOL, 1, err, "%u:%.200s/changed", i, name);
        status = status ? status
                        : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err, "%u:%.200s/color", i, name);
        status = status ? status
                        : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err,
                                           "%u:%.200s/metallic_roughness_emission", i, name);
    }
    if (status == CALO_OK && bound->count == 0 && p->names[0])
        return calo_own_fail(randomizer, component, CALO_ERROR_NOT_FOUND, err,
                             "no material of the scene fits \"names\"; `calotype info` lists them");
    return status;
}

/* The number of a range that is given, else what is there; always one draw. */
static float take(calo_draw *draw, const float range[2], float there)
{
    static const float none[2] = {0, 0};
    float drawn = (float)calo_own_number(draw, calo_own_given(range) ? range : none);
    return calo_own_given(range) ? drawn : there;
}

static void paint(calo_draw *draw, const parameters *p, calo_material *material)
{
    float rgb[3], hsv[3];
    for (int c = 0; c < 3; c++)
        rgb[c] = calo_display_from_linear(material->base_color[c]);
    calo_hsv_from_rgb(rgb, hsv);
    hsv[0] = take(draw, p->hue, hsv[0]) + (float)calo_own_number(draw, p->hue_shift);
    hsv[0] -= (float)calo_floor_to_int(hsv[0]);
    hsv[1] = calo_clampf(take(draw, p->saturation, hsv[1]) * (float)calo_own_number(draw, p->saturation_scale), 0, 1);
    hsv[2] = calo_clampf(take(draw, p->value, hsv[2]) * (float)calo_own_number(draw, p->value_scale), 0, 1);
    calo_rgb_from_hsv(hsv, rgb);
    for (int c = 0; c < 3; c++)
        material->base_color[c] = calo_linear_from_display(rgb[c]);
}

static void finish(calo_draw *draw, const parameters *p, calo_material *material)
{
    material->metallic = take(draw, p->metallic, material->metallic);
    material->roughness = take(draw, p->roughness, material->roughness);
    /* MuJoCo's shading has a highlight in place of roughness. */
    if (calo_own_given(p->roughness))
        material->phong.shininess = 1 - material->roughness;
    float emission = take(draw, p->emission, 0);
    if (calo_own_given(p->emission)) {
        for (int c = 0; c < 3; c++)
            material->emissive[c] = material->base_color[c] * emission;
        material->phong.emission = emission;
    }
    for (int slot = 0; slot < CALO_SLOT_COUNT && p->drop_textures; slot++)
        material->slots[slot].texture = -1;
    /* Kept: the drawn strength, not what the file had. */
    calo_draw_value(draw, (double)material->metallic);
    calo_draw_value(draw, (double)material->roughness);
    calo_draw_value(draw, (double)emission);
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const materials *bound = component->bound;
    for (uint32_t i = 0; i < bound->count; i++) {
        calo_material *material = &draw->look->materials[bound->at[i]], before = *material;
        bool changed = calo_own_chance(draw, p->probability);
        paint(draw, p, material);
        for (int c = 0; c < 3; c++)
            calo_draw_value(draw, (double)(changed ? material : &before)->base_color[c]);
        finish(draw, p, material);
        if (!changed)
            *material = before;
    }
}

const calo_component_type calo_own_material = {
    .name = "material", CALO_OWN_TABLE(table), .link = link, .draw = draw, .release = release};
