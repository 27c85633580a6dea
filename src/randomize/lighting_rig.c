/* LightingRig: spots around a point, aimed at it. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "randomize/orrb_components.h"
#include "randomize/orrb_scene.h"

typedef struct parameters {
    int32_t light_head_count;
    float min_light_distance, max_light_distance, min_light_height, max_light_height;
    float target[3];
} parameters;

enum { MAX_HEADS = 64, MAX_LIGHTS = 256 };

static const calo_parameter table[] = {
    CALO_INTEGER(light_head_count, 0, MAX_HEADS, 6),
    CALO_NUMBER(min_light_distance, 0, 1e6, 1),
    CALO_NUMBER(max_light_distance, 0, 1e6, 1.5),
    CALO_NUMBER(min_light_height, -1e6, 1e6, 0.5),
    CALO_NUMBER(max_light_height, -1e6, 1e6, 1.5),
    CALO_VECTOR(target, CALO_PROPERTY_VECTOR3, 0, 0, 0),
};

/* Another number of lights is another rig: it comes after all others. */
static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    calo_lighting_rig_lights *lights = component->bound;
    if (!lights) {
        lights = component->bound = calloc(1, sizeof *lights);
        if (!lights)
            return calo_fail_memory(err, "lights", sizeof *lights);
        lights->count = UINT32_MAX;
    }
    if (lights->count != (uint32_t)p->light_head_count) {
        lights->count = (uint32_t)p->light_head_count;
        lights->built = randomizer->builds++;
    }
    return CALO_OK;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    calo_lighting_rig_lights *lights = component->bound;
    calo_status status = CALO_OK;
    lights->first = calo_link_lights(linker, lights->count);
    if (lights->first + lights->count > MAX_LIGHTS)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: component \"%s\": all rigs together have more than %d lights",
                         calo_link_owner(linker)->name, component->name, MAX_LIGHTS);
    for (uint32_t i = 0; i < lights->count && status == CALO_OK; i++)
        status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err, "light_%u/place", i);
    return status;
}

/* From the rig's space, Unity's without a path, that of the node at the path with one, to the world. */
static void to_world(const calo_draw *draw, const calo_component *component, const double point[3], double world[3])
{
    if (component->node >= 0)
        calo_mat4_point(&draw->randomizer->subject.rest->node_to_world[component->node], point, world);
    else
        calo_orrb_to_world(point, world);
}

/* Angle around the vertical in degrees, height, distance. */
static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_lighting_rig_lights *lights = component->bound;
    const double target[3] = {p->target[0], p->target[1], p->target[2]};
    double flat = p->max_light_distance * (double)p->max_light_distance, high = p->max_light_height;
    for (uint32_t i = 0; i < lights->count; i++) {
        calo_rig_light *light = &draw->look->internal->rig_lights[lights->first + i];
        double degrees = calo_unity_random_range(&draw->unity, 0, 360), sine, cosine;
        double height = calo_unity_random_range(&draw->unity, p->min_light_height, p->max_light_height);
        double distance = calo_unity_random_range(&draw->unity, p->min_light_distance, p->max_light_distance);
        calo_sincos(calo_radians(degrees), &sine, &cosine);
        const double place[3] = {target[0] - distance * sine, target[1] + height, target[2] - distance * cosine};
        to_world(draw, component, place, light->position);
        to_world(draw, component, target, light->target);
        /* ORRB's own range, which falls short of high rigs' lights: then as far as they are. */
        light->range_metres = (float)(sqrt(flat + fmax(2 * high, high * high)) + 1);
        calo_draw_value(draw, degrees);
        calo_draw_value(draw, height);
        calo_draw_value(draw, distance);
    }
}

const calo_component_type calo_orrb_lighting_rig = {
    .name = "LightingRig",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .link = link,
    .draw = draw,
    .release = calo_orrb_release,
};
