/* post_processing: what lens and film do to colour pictures. */
#include "randomize/own_common.h"

typedef struct parameters {
    float exposure_stops[2];
    int32_t tone_mapping;
    float occlusion_intensity[2], occlusion_radius[2];
    float bloom_intensity[2], bloom_threshold[2], bloom_diffusion[2];
    float hue_shift_degrees[2], saturation[2], contrast[2], brightness[2], temperature[2], tint[2];
    float grain_intensity[2], grain_size[2], grain_colored;
} parameters;

static const calo_parameter table[] = {
    CALO_OWN_RANGE(exposure_stops, -20, 20, 0, 0),
    CALO_WORD(tone_mapping, "none|neutral|aces"),
    CALO_OWN_RANGE(occlusion_intensity, 0, 10, 0, 0),
    CALO_OWN_RANGE(occlusion_radius, 0.0001, 1e6, 0.25, 0.25),
    CALO_OWN_RANGE(bloom_intensity, 0, 100, 0, 0),
    CALO_OWN_RANGE(bloom_threshold, 0.001, 100, 1, 1),
    CALO_OWN_RANGE(bloom_diffusion, 1, 10, 7, 7),
    CALO_OWN_RANGE(hue_shift_degrees, -180, 180, 0, 0),
    CALO_OWN_RANGE(saturation, -100, 100, 0, 0),
    CALO_OWN_RANGE(contrast, -100, 100, 0, 0),
    CALO_OWN_RANGE(brightness, -100, 100, 0, 0),
    CALO_OWN_RANGE(temperature, -100, 100, 0, 0),
    CALO_OWN_RANGE(tint, -100, 100, 0, 0),
    CALO_OWN_RANGE(grain_intensity, 0, 1, 0, 0),
    CALO_OWN_RANGE(grain_size, 0.3, 10, 1, 1),
    CALO_NUMBER(grain_colored, 0, 1, 0.5),
};

/* Numbers that are ranges of the component and fields of post-processing: one stream each. */
typedef struct pair {
    const char *name;
    size_t from, to;
} pair;

#define PAIR(parameter, field) {#parameter, offsetof(parameters, parameter), offsetof(calo_post_processing, field)}
static const pair pairs[] = {
    PAIR(exposure_stops, exposure_stops),
    PAIR(occlusion_intensity, occlusion_intensity),
    PAIR(occlusion_radius, occlusion_radius_metres),
    PAIR(bloom_intensity, bloom_intensity),
    PAIR(bloom_threshold, bloom_threshold),
    PAIR(bloom_diffusion, bloom_diffusion),
    PAIR(hue_shift_degrees, hue_shift_degrees),
    PAIR(saturation, saturation),
    PAIR(contrast, contrast),
    PAIR(brightness, brightness),
    PAIR(temperature, temperature),
    PAIR(tint, tint),
    PAIR(grain_intensity, grain_intensity),
    PAIR(grain_size, grain_size),
};
#undef PAIR
enum { PAIR_COUNT = sizeof pairs / sizeof *pairs };

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    calo_status status = CALO_OK;
    for (int i = 0; i < PAIR_COUNT && status == CALO_OK; i++)
        status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "%s", pairs[i].name);
    return status ? status : calo_link_stream(linker, component, CALO_STREAM_BOOL, 1, err, "grain_colored");
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    calo_post_processing *post = &draw->look->post;
    draw->look->has_post = true;
    for (int i = 0; i < PAIR_COUNT; i++)
        *(float *)((char *)post + pairs[i].to) =
            (float)calo_own_value(draw, (const float *)((const char *)p + pairs[i].from));
    post->grain_colored = calo_own_chance(draw, p->grain_colored);
    post->grain_seed = (uint32_t)(calo_random_next(&draw->own) >> 32);
    post->tone_mapping = (calo_tone_mapping)p->tone_mapping;
    post->ambient_occlusion = post->bloom = post->color_grading = post->grain = true;
}

const calo_component_type calo_own_post_processing = {
    .name = "post_processing", CALO_OWN_TABLE(table), .link = link, .draw = draw};
