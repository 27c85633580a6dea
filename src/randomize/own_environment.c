/* environment: the light from all around, from pictures or of one colour. */
#include <stdlib.h>

#include "base/error.h"
#include "randomize/own_common.h"

typedef struct parameters {
    char *pictures;
    float strength[2], rotation_degrees[2], hue[2], saturation[2], off;
} parameters;

static const calo_parameter table[] = {
    CALO_FILES(pictures),
    CALO_OWN_RANGE(strength, 0, 1e6, 1, 1),
    CALO_OWN_RANGE(rotation_degrees, -3600, 3600, 0, 360),
    CALO_OWN_RANGE(hue, -1, 2, 0, 1),
    CALO_OWN_RANGE(saturation, 0, 1, 0, 0),
    CALO_NUMBER(off, 0, 1, 0),
};

/* The pictures, read once: prepared scenes know them by where they lie. */
typedef struct environments {
    uint32_t count;
    calo_image images[];
} environments;

static void release(calo_component *component)
{
    environments *bound = component->bound;
    for (uint32_t i = 0; bound && i < bound->count; i++)
        calo_image_finish(&bound->images[i]);
    free(bound);
    component->bound = NULL;
}

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    uint32_t count = calo_own_line_count(p->pictures);
    if (component->bound) /* an update, which leaves them alone */
        return CALO_OK;
    environments *bound = calloc(1, sizeof *bound + count * sizeof *bound->images);
    if (!bound)
        return calo_fail_memory(err, "environments", count * sizeof *bound->images);
    component->bound = bound;
    for (; bound->count < count; bound->count++) {
        calo_image *image = &bound->images[bound->count];
        calo_status status = calo_own_read_picture(randomizer, component, p->pictures, bound->count, image, err);
        if (status != CALO_OK)
            return status;
        if (image->format == CALO_PIXEL_RGBA32F)
            continue;
        calo_image_finish(image);
        char name[256];
        calo_own_line(p->pictures, bound->count, name, sizeof name);
        return calo_own_fail(randomizer, component, CALO_ERROR_FORMAT, err,
                             "\"%s\" has not the full range of light: environments are Radiance HDR or OpenEXR files",
                             name);
    }
    return CALO_OK;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    calo_status status = calo_link_stream(linker, component, CALO_STREAM_INT, 1, err, "picture");
    status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "strength");
    status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "rotation_degrees");
    status = status ? status : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 3, err, "color");
    return status ? status : calo_link_stream(linker, component, CALO_STREAM_BOOL, 1, err, "off");
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const environments *bound = component->bound;
    calo_lighting *lighting = &draw->look->lighting;
    const float choices[2] = {0, bound->count ? (float)(bound->count - 1) : 0}, one[2] = {1, 1};
    int32_t picture = calo_own_count(draw, choices);
    lighting->environment = bound->count ? &bound->images[picture] : NULL;
    lighting->environment_strength = (float)calo_own_value(draw, p->strength);
    lighting->environment_rotation_degrees = (float)calo_own_value(draw, p->rotation_degrees);
    calo_own_color(draw, p->hue, p->saturation, one, lighting->environment_color);
    /* A strength of 0 would mean 1. */
    lighting->no_environment = calo_own_chance(draw, p->off) || lighting->environment_strength == 0;
}

const calo_component_type calo_own_environment = {
    .name = "environment", CALO_OWN_TABLE(table), .bind = bind, .link = link, .draw = draw, .release = release};
