/* PostProcessingRandomizer: colour grading, bloom, ambient occlusion and grain of the colour picture. */
#include <math.h>

#include "randomize/orrb_components.h"

typedef struct parameters {
    bool enable_color_grading, enable_bloom, enable_ambient_occlusion, enable_grain;
    float cg_min_hue_shift, cg_max_hue_shift, cg_min_saturation, cg_max_saturation, cg_min_contrast, cg_max_contrast;
    float cg_min_brightness, cg_max_brightness, cg_min_temperature, cg_max_temperature, cg_min_tint, cg_max_tint;
    float bloom_min_intensity, bloom_max_intensity, bloom_min_diffusion, bloom_max_diffusion;
    float ao_min_intensity, ao_max_intensity, grain_color_probability;
    float grain_min_intensity, grain_max_intensity, grain_min_size, grain_max_size;
} parameters;

static const calo_parameter table[] = {
    CALO_FLAG(enable_color_grading, 1),
    CALO_FLAG(enable_bloom, 1),
    CALO_FLAG(enable_ambient_occlusion, 1),
    CALO_FLAG(enable_grain, 0),
    CALO_NUMBER(cg_min_hue_shift, -180, 180, -10),
    CALO_NUMBER(cg_max_hue_shift, -180, 180, 10),
    CALO_NUMBER(cg_min_saturation, -100, 100, -20),
    CALO_NUMBER(cg_max_saturation, -100, 100, 20),
    CALO_NUMBER(cg_min_contrast, -100, 100, -20),
    CALO_NUMBER(cg_max_contrast, -100, 100, 20),
    CALO_NUMBER(cg_min_brightness, -100, 100, -20),
    CALO_NUMBER(cg_max_brightness, -100, 100, 20),
    CALO_NUMBER(cg_min_temperature, -100, 100, 0),
    CALO_NUMBER(cg_max_temperature, -100, 100, 0),
    CALO_NUMBER(cg_min_tint, -100, 100, 0),
    CALO_NUMBER(cg_max_tint, -100, 100, 0),
    CALO_NUMBER(bloom_min_intensity, 0, 100, 0.75),
    CALO_NUMBER(bloom_max_intensity, 0, 100, 1.25),
    CALO_NUMBER(bloom_min_diffusion, 1, 10, 2),
    CALO_NUMBER(bloom_max_diffusion, 1, 10, 2.5),
    CALO_NUMBER(ao_min_intensity, 0, 4, 1.75),
    CALO_NUMBER(ao_max_intensity, 0, 4, 2.25),
    CALO_NUMBER(grain_color_probability, 0, 1, 0.75),
    CALO_NUMBER(grain_min_intensity, 0, 1, 0),
    CALO_NUMBER(grain_max_intensity, 0, 1, 0),
    CALO_NUMBER(grain_min_size, -0.3, 3, 0),
    CALO_NUMBER(grain_max_size, -0.3, 3, 0),
};

/* What ORRB's profile has: light of any brightness spills over (0 would be the default here). */
static const float bloom_threshold = 1e-4f;
/* Unity's smallest grain; ORRB's sizes begin below it. */
static const float smallest_grain = 0.3f;

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    const struct {
        bool enabled;
        calo_stream_kind kind;
        uint32_t count;
        const char *name;
    } streams[] = {
        {p->enable_color_grading, CALO_STREAM_FLOAT, 6, "color_grading"},
        {p->enable_bloom, CALO_STREAM_FLOAT, 2, "bloom"},
        {p->enable_ambient_occlusion, CALO_STREAM_FLOAT, 1, "ambient_occlusion"},
        {p->enable_grain, CALO_STREAM_BOOL, 1, "grain_colored"},
        {p->enable_grain, CALO_STREAM_FLOAT, 2, "grain"},
    };
    calo_status status = CALO_OK;
    for (size_t i = 0; i < sizeof streams / sizeof *streams && status == CALO_OK; i++)
        if (streams[i].enabled)
            status = calo_link_stream(linker, component, streams[i].kind, streams[i].count, err, "%s", streams[i].name);
    return status;
}

/* A number of the component, drawn and kept. */
static float draw_number(calo_draw *draw, float low, float high)
{
    float number = calo_unity_random_range(&draw->unity, low, high);
    calo_draw_value(draw, number);
    return number;
}

static void grade(calo_draw *draw, const parameters *p, calo_post_processing *post)
{
    post->hue_shift_degrees = draw_number(draw, p->cg_min_hue_shift, p->cg_max_hue_shift);
    post->saturation = draw_number(draw, p->cg_min_saturation, p->cg_max_saturation);
    post->contrast = draw_number(draw, p->cg_min_contrast, p->cg_max_contrast);
    post->brightness = draw_number(draw, p->cg_min_brightness, p->cg_max_brightness);
    post->temperature = draw_number(draw, p->cg_min_temperature, p->cg_max_temperature);
    post->tint = draw_number(draw, p->cg_min_tint, p->cg_max_tint);
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    calo_post_processing *post = &draw->look->post;
    draw->look->has_post = true;
    post->color_grading = p->enable_color_grading;
    if (p->enable_color_grading)
        grade(draw, p, post);
    post->bloom = p->enable_bloom;
    if (p->enable_bloom) {
        post->bloom_threshold = bloom_threshold;
        post->bloom_intensity = draw_number(draw, p->bloom_min_intensity, p->bloom_max_intensity);
        post->bloom_diffusion = draw_number(draw, p->bloom_min_diffusion, p->bloom_max_diffusion);
    }
    post->ambient_occlusion = p->enable_ambient_occlusion;
    if (p->enable_ambient_occlusion) {
        post->occlusion_intensity = draw_number(draw, p->ao_min_intensity, p->ao_max_intensity);
    }
    post->grain = p->enable_grain;
    if (p->enable_grain) {
        post->grain_colored = calo_unity_random_range(&draw->unity, 0, 1) < p->grain_color_probability;
        calo_draw_value(draw, post->grain_colored);
        post->grain_intensity = draw_number(draw, p->grain_min_intensity, p->grain_max_intensity);
        post->grain_size = fmaxf(draw_number(draw, p->grain_min_size, p->grain_max_size), smallest_grain);
        post->grain_seed = draw->seed;
    }
}

const calo_component_type calo_orrb_post_processing_randomizer = {
    .name = "PostProcessingRandomizer",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .link = link,
    .draw = draw,
};
