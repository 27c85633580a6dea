#include "randomize/orrb_scene.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "base/linear.h"
#include "randomize/colors.h"

/* ORRB's ambient light, linear. Its sky gives 0.21 from above, 0.03 from the sides and nothing from below, and is not
 * reflected; here it comes from everywhere, as strong as suits its pictures, and is not reflected either. */
static const float ambient = 0.15f;

/* How much brighter ORRB's pictures are than what its lights make here: found by its golden pictures, one for all. */
static const float exposure_stops = 0.5f;

/* Shadow maps of the rig's lights: a spot's light is a metre wide where the hand is. */
enum { SHADOW_MAP_SIZE = 512 };

calo_material calo_orrb_material(const calo_material *material)
{
    calo_material made = *material;
    made.alpha_mode = CALO_ALPHA_OPAQUE;
    made.base_color[3] = 1;
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++)
        made.slots[slot].texture = -1;
    if (!material->phong.given)
        return made;
    float display[3];
    for (int i = 0; i < 3; i++)
        display[i] = calo_display_from_linear(material->base_color[i]);
    calo_orrb_paint(&made, display, material->phong.specular, material->phong.shininess);
    made.specular = 1;
    made.specular_color[0] = made.specular_color[1] = made.specular_color[2] = 1;
    for (int i = 0; i < 3; i++)
        made.emissive[i] = material->phong.emission * display[i];
    return made;
}

void calo_orrb_paint(calo_material *material, const float display_rgb[3], float metallic, float glossiness)
{
    for (int i = 0; i < 3; i++)
        material->base_color[i] = calo_linear_from_display(fminf(fmaxf(display_rgb[i], 0), 1));
    material->metallic = fminf(fmaxf(metallic, 0), 1);
    material->roughness = 1 - fminf(fmaxf(glossiness, 0), 1);
}

void calo_orrb_start(calo_draw *draw)
{
    calo_look *look = draw->look;
    look->lighting = (calo_lighting){
        .no_environment = true,
        .shadows = CALO_SHADOWS_SPOT,
        .shadow_map_size = SHADOW_MAP_SIZE,
    };
    look->has_post = true;
    look->post.tone_mapping = CALO_TONE_NEUTRAL;
    look->post.logarithmic_contrast = true;
    look->post.exposure_stops = exposure_stops;
    look->post.background.kind = CALO_POST_BACKGROUND_COLOR;
    for (uint32_t i = 0; i < draw->randomizer->light_count; i++)
        look->internal->rig_lights[i] = (calo_rig_light){
            .color = {1, 1, 1}, .intensity = 1, .spot_angle_degrees = 30, .range_metres = 10, .target = {0, 0, -1}};
}

/* The part of a light that arrives: Unity's falloff, which ends at the range. */
static double falloff(double distance, double range)
{
    double share = distance / range;
    return fmin(fmax((1 - share) * 5, 0), 1) / (1 + 25 * share * share);
}

/* Unity's falloff is followed where the light is aimed at, and is the inverse square around it. Unity leaves out the
 * division of a matt surface's answer by pi. */
static calo_scene_light light_of(const calo_rig_light *rig)
{
    calo_scene_light made = {.light = {.name = "", .kind = CALO_LIGHT_SPOT}};
    for (int i = 0; i < 3; i++) {
        made.position[i] = rig->position[i];
        made.direction[i] = rig->target[i] - rig->position[i];
    }
    double distance = calo_normalize3(made.direction);
    if (!(distance > 0)) {
        made.direction[2] = -1;
        distance = 1e-3;
    }
    /* Colour and intensity are multiplied as displayed. */
    double strength = CALO_PI * falloff(distance, rig->range_metres) * distance * distance;
    for (int i = 0; i < 3; i++)
        made.light.color[i] = calo_linear_from_display(fmaxf(rig->color[i] * rig->intensity, 0));
    made.light.intensity = (float)strength;
    made.light.outer_cone_radians = (float)calo_radians(fmin(fmax(rig->spot_angle_degrees, 1), 179) / 2);
    made.light.inner_cone_radians = 0.5f * made.light.outer_cone_radians;
    return made;
}

/* What ambient light makes of a material, as light of its own. */
static void add_ambient(calo_material *material)
{
    for (int i = 0; i < 3; i++)
        material->emissive[i] += ambient * material->base_color[i] * (1 - material->metallic);
}

void calo_orrb_finish(calo_draw *draw)
{
    calo_look *look = draw->look;
    for (uint32_t i = 0; look->materials && i < draw->randomizer->scene->material_count; i++)
        add_ambient(&look->materials[i]);
    for (uint32_t i = 0; i < draw->randomizer->light_count; i++)
        look->internal->lights[i] = light_of(&look->internal->rig_lights[i]);
    look->lighting.lights = look->internal->lights;
    look->lighting.light_count = draw->randomizer->light_count;
}
