/* LightRandomizer: shares a drawn intensity between the rigs' lights, and draws their cones and colours. */
#include <stdlib.h>

#include "base/error.h"
#include "randomize/orrb_components.h"

typedef struct parameters {
    float min_scene_intensity, max_scene_intensity, min_light_intensity, max_light_intensity;
    float min_spotlight_angle, max_spotlight_angle;
    bool randomize_hue;
} parameters;

static const calo_parameter table[] = {
    CALO_NUMBER(min_scene_intensity, 0, 1e6, 1),
    CALO_NUMBER(max_scene_intensity, 0, 1e6, 15),
    CALO_NUMBER(min_light_intensity, 0, 1e6, 1),
    CALO_NUMBER(max_light_intensity, 0, 1e6, 3),
    CALO_NUMBER(min_spotlight_angle, 1, 179, 27),
    CALO_NUMBER(max_spotlight_angle, 1, 179, 33),
    CALO_FLAG(randomize_hue, 0),
};

static const calo_lighting_rig_lights *rig_of(const calo_randomizer *randomizer, uint32_t component)
{
    return randomizer->components[component].bound;
}

static bool is_below(const calo_randomizer *randomizer, const calo_component *component, const calo_component *rig)
{
    if (rig->type != &calo_orrb_lighting_rig)
        return false;
    return component->node < 0 ||
           (rig->node >= 0 && calo_subject_contains(&randomizer->subject, component->node, (uint32_t)rig->node));
}

/* Rigs (components) in the order in which they were built. */
static calo_status list_rigs(const calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    calo_index_list *list = malloc(sizeof *list + randomizer->component_count * sizeof *list->at);
    if (!list)
        return calo_fail_memory(err, "lights", randomizer->component_count * sizeof *list->at);
    list->count = 0;
    for (uint32_t i = 0; i < randomizer->component_count; i++) {
        if (!is_below(randomizer, component, &randomizer->components[i]))
            continue;
        uint32_t at = list->count++;
        for (; at > 0 && rig_of(randomizer, list->at[at - 1])->built > rig_of(randomizer, i)->built; at--)
            list->at[at] = list->at[at - 1];
        list->at[at] = i;
    }
    free(component->bound);
    component->bound = list;
    return CALO_OK;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const calo_randomizer *randomizer = calo_link_owner(linker);
    calo_status status = list_rigs(randomizer, component, err);
    status = status ? status
                    : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "scene_intensity");
    const calo_index_list *rigs = component->bound;
    for (uint32_t i = 0; status == CALO_OK && i < rigs->count; i++)
        for (uint32_t l = 0; l < rig_of(randomizer, rigs->at[i])->count && status == CALO_OK; l++)
            status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, 5, err, "%.100s/light_%u",
                                      randomizer->components[rigs->at[i]].name, l);
    return status;
}

static calo_rig_light *lights_of(calo_draw *draw, uint32_t rig, uint32_t *count)
{
    const calo_lighting_rig_lights *lights = rig_of(draw->randomizer, rig);
    *count = lights->count;
    return draw->look->internal->rig_lights + lights->first;
}

/* Colour, cone and weight of each; returns the weights' sum. */
static float draw_lights(calo_draw *draw, const parameters *p, const calo_index_list *rigs)
{
    static const float hues[2] = {0, 1}, saturations[2] = {0, 0.3f}, values[2] = {0.9f, 1};
    uint32_t count;
    float sum = 0;
    for (uint32_t i = 0; i < rigs->count; i++) {
        calo_rig_light *lights = lights_of(draw, rigs->at[i], &count);
        for (uint32_t l = 0; l < count; l++) {
            for (int k = 0; k < 3; k++)
                lights[l].color[k] = 1;
            if (p->randomize_hue)
                calo_unity_random_color(&draw->unity, hues, saturations, values, lights[l].color);
            lights[l].spot_angle_degrees =
                calo_unity_random_range(&draw->unity, p->min_spotlight_angle, p->max_spotlight_angle);
            lights[l].intensity = calo_unity_random_range(&draw->unity, p->min_light_intensity, p->max_light_intensity);
            sum += lights[l].intensity;
        }
    }
    return sum;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_index_list *rigs = component->bound;
    uint32_t count;
    float scene_intensity = calo_unity_random_range(&draw->unity, p->min_scene_intensity, p->max_scene_intensity);
    calo_draw_value(draw, scene_intensity);
    float sum = draw_lights(draw, p, rigs);
    for (uint32_t i = 0; i < rigs->count; i++) {
        calo_rig_light *lights = lights_of(draw, rigs->at[i], &count);
        for (uint32_t l = 0; l < count; l++) {
            lights[l].intensity = sum > 0 ? lights[l].intensity * scene_intensity / sum : 0;
            for (int k = 0; k < 3; k++)
                calo_draw_value(draw, lights[l].color[k]);
            calo_draw_value(draw, lights[l].spot_angle_degrees);
            calo_draw_value(draw, lights[l].intensity);
        }
    }
}

const calo_component_type calo_orrb_light_randomizer = {
    .name = "LightRandomizer",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .link = link,
    .draw = draw,
    .release = calo_orrb_release,
};
