/* light: lamps around the subject. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "randomize/own_common.h"

enum { MAX_LIGHTS = 64 };

typedef struct parameters {
    float count[2];
    int32_t kind;
    float azimuth_degrees[2], elevation_degrees[2], distance[2], irradiance[2], hue[2], saturation[2], cone_degrees[2];
    float shadow;
    bool keep;
} parameters;

static const calo_parameter table[] = {
    CALO_OWN_RANGE(count, 0, MAX_LIGHTS, 1, 3),
    CALO_WORD(kind, "directional|point|spot"),
    CALO_OWN_RANGE(azimuth_degrees, -3600, 3600, 0, 360),
    CALO_OWN_RANGE(elevation_degrees, -90, 90, 15, 80),
    CALO_OWN_RANGE(distance, 0.01, 1e6, 2, 4),
    CALO_OWN_RANGE(irradiance, 0, 1e6, 0.5, 3),
    CALO_OWN_RANGE(hue, -1, 2, 0, 1),
    CALO_OWN_RANGE(saturation, 0, 1, 0, 0.2),
    CALO_OWN_RANGE(cone_degrees, 1, 170, 30, 60),
    CALO_NUMBER(shadow, 0, 1, 1),
    CALO_FLAG(keep, 0),
};

/* How many lamps there may be, and what they are aimed at. */
typedef struct lamps {
    uint32_t most;
    calo_own_box box;
} lamps;

static void release(calo_component *component)
{
    free(component->bound);
    component->bound = NULL;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    release(component);
    lamps *bound = calloc(1, sizeof *bound);
    if (!bound)
        return calo_fail_memory(err, "lamps", sizeof *bound);
    component->bound = bound;
    bound->most = (uint32_t)p->count[1];
    calo_link_lights(linker, bound->most);
    calo_own_find_box(calo_link_owner(linker), &bound->box);
    calo_status status = calo_link_stream(linker, component, CALO_STREAM_INT, 1, err, "count");
    for (uint32_t i = 0; i < bound->most && status == CALO_OK; i++) {
        static const char *const names[] = {"azimuth_degrees", "elevation_degrees", "distance", "irradiance",
                                            "cone_degrees"};
        for (size_t k = 0; k < sizeof names / sizeof *names && status == CALO_OK; k++)
            status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "%u/%s", i, names[k]);
        status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err, "%u/color", i);
        status = status ? status : calo_link_stream(linker, component, CALO_STREAM_BOOL, 1, err, "%u/shadow", i);
    }
    return status;
}

/* A white surface that faces the lamp at the subject's middle gets the irradiance, however far away the lamp is. */
static calo_scene_light draw_lamp(calo_draw *draw, const parameters *p, const calo_own_box *box)
{
    calo_scene_light made = {.light = {.name = "", .kind = (calo_light_kind)p->kind}};
    double away[3], azimuth = calo_own_value(draw, p->azimuth_degrees);
    calo_own_direction(azimuth, calo_own_value(draw, p->elevation_degrees), away);
    calo_normalize3(away);
    double distance = calo_own_value(draw, p->distance) * box->radius;
    double irradiance = calo_own_value(draw, p->irradiance), cone = calo_own_value(draw, p->cone_degrees);
    const float one[2] = {1, 1};
    calo_own_color(draw, p->hue, p->saturation, one, made.light.color);
    made.light.no_shadow = !calo_own_chance(draw, p->shadow);
    for (int i = 0; i < 3; i++) {
        made.position[i] = box->middle[i] + away[i] * distance;
        made.direction[i] = -away[i];
    }
    made.light.intensity = (float)(p->kind == CALO_LIGHT_DIRECTIONAL ? irradiance : irradiance * distance * distance);
    made.light.outer_cone_radians = (float)calo_radians(cone / 2);
    made.light.inner_cone_radians = (float)calo_radians(cone / 2 * 0.8);
    return made;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const lamps *bound = component->bound;
    calo_look *look = draw->look;
    uint32_t count = (uint32_t)calo_own_count(draw, p->count);
    /* All are drawn, so that the numbers of one lamp do not depend on how many there are. */
    for (uint32_t i = 0; i < bound->most; i++) {
        calo_scene_light lamp = draw_lamp(draw, p, &bound->box);
        if (i < count)
            look->internal->lights[look->lighting.light_count++] = lamp;
        if (i < count && !lamp.light.no_shadow)
            look->lighting.shadows |= 1u << p->kind;
    }
    look->lighting.lights = look->internal->lights;
    look->lighting.use_scene_lights &= p->keep;
}

const calo_component_type calo_own_light = {
    .name = "light", CALO_OWN_TABLE(table), .link = link, .draw = draw, .release = release};
