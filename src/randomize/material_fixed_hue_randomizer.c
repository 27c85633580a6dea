/* MaterialFixedHueRandomizer: colours near those of the file, for materials of some prefixes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "randomize/colors.h"
#include "randomize/orrb_components.h"

typedef struct parameters {
    char *material_prefix, *material_blacklist_prefix;
    float hue_radius, saturation_radius, value_radius, emission_radius;
    float min_saturation, max_saturation, min_value, max_value, min_metallic, max_metallic;
    float min_glossiness, max_glossiness, min_emission, max_emission, emission_probability;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(material_prefix, "cube"),
    CALO_STRING(material_blacklist_prefix, ""),
    CALO_NUMBER(hue_radius, 0, 1e6, 0.02),
    CALO_NUMBER(saturation_radius, 0, 1e6, 0.15),
    CALO_NUMBER(value_radius, 0, 1e6, 0.15),
    CALO_NUMBER(emission_radius, 0, 1e6, 0),
    CALO_NUMBER(min_saturation, 0, 1, 0.5),
    CALO_NUMBER(max_saturation, 0, 1, 1),
    CALO_NUMBER(min_value, 0, 1, 0.5),
    CALO_NUMBER(max_value, 0, 1, 1),
    CALO_NUMBER(min_metallic, 0, 1, 0.05),
    CALO_NUMBER(max_metallic, 0, 1, 0.15),
    CALO_NUMBER(min_glossiness, 0, 1, 0.05),
    CALO_NUMBER(max_glossiness, 0, 1, 0.15),
    CALO_NUMBER(min_emission, 0, 1e6, 0),
    CALO_NUMBER(max_emission, 0, 1e6, 0),
    CALO_NUMBER(emission_probability, 0, 1, 0.25),
};

/* A part's colour in the file. */
typedef struct origin {
    float hsv[3], emission;
    bool emissive;
} origin;

/* Parts are listed when the component is made, or gets other prefixes: what a Hide after it hides is listed. */
typedef struct bound {
    calo_index_list *list;
    origin *origins; /* one a listed part */
    char *material_prefix, *material_blacklist_prefix;
} bound;

static uint32_t times(const calo_component *component, const char *material_name)
{
    const parameters *p = component->parameters;
    uint32_t count = 0;
    if (calo_has_prefix(material_name, p->material_blacklist_prefix))
        return 0;
    /* A material is listed once for each prefix that it has. */
    for (const char *at = p->material_prefix; *at; at += strcspn(at, ","), at += *at == ',') {
        size_t length = strcspn(at, ",");
        count += length && strncmp(material_name, at, length) == 0;
    }
    return count;
}

static void release(calo_component *component)
{
    bound *b = component->bound;
    if (!b)
        return;
    free(b->list);
    free(b->origins);
    free(b->material_prefix);
    free(b->material_blacklist_prefix);
    free(b);
    component->bound = NULL;
}

static origin origin_of(const calo_randomizer *randomizer, const calo_subject_part *part)
{
    static const float white[3] = {1, 1, 1};
    origin made = {0};
    const calo_material *material = calo_subject_material(part, randomizer->scene);
    if (!material) {
        calo_hsv_from_rgb(white, made.hsv);
        return made;
    }
    float display[3], brightest = fmaxf(material->emissive[0], fmaxf(material->emissive[1], material->emissive[2]));
    for (int i = 0; i < 3; i++)
        display[i] = calo_display_from_linear(fmaxf(material->base_color[i], 0));
    calo_hsv_from_rgb(display, made.hsv);
    made.emission = material->phong.given ? material->phong.emission * material->base_color[3] : brightest;
    made.emissive = made.emission > 0.001f;
    return made;
}

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    const bound *before = component->bound;
    if (before && strcmp(before->material_prefix, p->material_prefix) == 0 &&
        strcmp(before->material_blacklist_prefix, p->material_blacklist_prefix) == 0)
        return CALO_OK;
    release(component);
    bound *b = component->bound = calloc(1, sizeof *b);
    if (!b)
        return calo_fail_memory(err, "materials", sizeof *b);
    b->material_prefix = strdup(p->material_prefix);
    b->material_blacklist_prefix = strdup(p->material_blacklist_prefix);
    calo_status status = calo_orrb_list_parts(randomizer, component, times, &b->list, err);
    if (status)
        return status;
    b->origins = malloc(((size_t)b->list->count + 1) * sizeof *b->origins);
    if (!b->material_prefix || !b->material_blacklist_prefix || !b->origins)
        return calo_fail_memory(err, "materials", b->list->count * sizeof *b->origins);
    for (uint32_t i = 0; i < b->list->count; i++)
        b->origins[i] = origin_of(randomizer, &randomizer->subject.parts[b->list->at[2 * i]]);
    return CALO_OK;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const bound *b = component->bound;
    return calo_orrb_link_parts(linker, component, b->list, CALO_STREAM_FLOAT, 8, "material", err);
}

typedef struct paint {
    float rgb[3], metallic, glossiness, emission[3];
} paint;

static paint draw_paint(calo_draw *draw, const parameters *p, const origin *from)
{
    paint drawn = {0};
    float hue = calo_unity_random_range(&draw->unity, from->hsv[0] - p->hue_radius, from->hsv[0] + p->hue_radius);
    hue -= floorf(hue);
    const float hues[2] = {hue, hue};
    const float saturations[2] = {fmaxf(p->min_saturation, from->hsv[1] - p->saturation_radius),
                                  fminf(p->max_saturation, from->hsv[1] + p->saturation_radius)};
    const float values[2] = {fmaxf(p->min_value, from->hsv[2] - p->value_radius),
                             fminf(p->max_value, from->hsv[2] + p->value_radius)};
    calo_unity_random_color(&draw->unity, hues, saturations, values, drawn.rgb);
    drawn.metallic = calo_unity_random_range(&draw->unity, p->min_metallic, p->max_metallic);
    drawn.glossiness = calo_unity_random_range(&draw->unity, p->min_glossiness, p->max_glossiness);
    if (from->emissive && p->emission_probability > calo_unity_random_range(&draw->unity, 0, 1)) {
        calo_unity_random_color(&draw->unity, hues, saturations, values, drawn.emission);
        float strength =
            calo_unity_random_range(&draw->unity, fmaxf(p->min_emission, from->emission - p->emission_radius),
                                    fminf(p->max_emission, from->emission + p->emission_radius));
        for (int i = 0; i < 3; i++)
            drawn.emission[i] = fmaxf(drawn.emission[i] * strength, 0);
    }
    return drawn;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const bound *b = component->bound;
    for (uint32_t i = 0; i < b->list->count; i++) {
        paint drawn = {0};
        for (uint32_t t = 0; t < b->list->at[2 * i + 1]; t++)
            drawn = draw_paint(draw, component->parameters, &b->origins[i]);
        const calo_orrb_coat coat = {drawn.rgb, drawn.metallic, drawn.glossiness, drawn.emission, NULL};
        calo_orrb_paint_part(draw, b->list->at[2 * i], &coat);
        for (int k = 0; k < 3; k++)
            calo_draw_value(draw, drawn.rgb[k]);
        calo_draw_value(draw, drawn.metallic);
        calo_draw_value(draw, drawn.glossiness);
        for (int k = 0; k < 3; k++)
            calo_draw_value(draw, drawn.emission[k]);
    }
}

const calo_component_type calo_orrb_material_fixed_hue_randomizer = {
    .name = "MaterialFixedHueRandomizer",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .link = link,
    .draw = draw,
    .release = release,
};
