#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <calotype/image.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "view/sampling.h"

/* A published camera protocol. Sources: docs/cameras.md. */
typedef struct protocol {
    calo_direction_sampler direction;
    double radius_min, radius_max; /* 0: so far that the fitted box's sphere touches the picture's edges */
    double elevation_min_degrees, elevation_max_degrees;
    double height_min, height_max; /* instead of elevations where they differ */
    double fov_min_degrees, fov_max_degrees;
    bool fov_by_distance; /* sin^2(fov / 2) is uniform, not fov */
    uint32_t max_count;   /* 0: any number */
} protocol;

static const calo_view_preset presets[] = {
    {"objaverse-xl", "random cameras of the Objaverse-XL / GS-LRM scripts, radius 1.5-2.8, fov 35-70", 32, 256,
     CALO_FIT_UNIT_CUBE},
    {"orbit", "once around at 20 degrees above the horizon, the whole object in the picture", 36, 512,
     CALO_FIT_UNIT_CUBE},
    {"fibonacci", "evenly spread over the sphere along a golden-angle spiral", 32, 512, CALO_FIT_UNIT_CUBE},
    {"hammersley", "evenly spread over the sphere, low discrepancy", 32, 512, CALO_FIT_UNIT_CUBE},
    {"gobjaverse", "G-Objaverse: 25 views around, top, bottom, 13 views around lower down", 40, 512,
     CALO_FIT_HALF_CUBE},
    {"zero123", "Zero-1-to-3: the whole sphere, radius 1.5-2.2, fov 49.1", 12, 512, CALO_FIT_HALF_CUBE},
    {"openlrm", "OpenLRM: radius 1.9-2.6, heights -0.75 to 1.6, fov 67.4", 32, 1024, CALO_FIT_UNIT_CUBE},
    {"gs-lrm", "GS-LRM: the whole sphere, radius 1.5-2.8, fov 50", 32, 512, CALO_FIT_UNIT_CUBE},
    {"instantmesh", "InstantMesh: radius 1-1.75, heights -0.375 to 0.8, fov 50", 32, 512, CALO_FIT_HALF_CUBE},
    {"trellis", "TRELLIS features: 150 Hammersley views, radius 2, fov 40", 150, 512, CALO_FIT_HALF_CUBE},
    {"trellis-cond", "TRELLIS conditions: fov 10-70, distance to match", 24, 1024, CALO_FIT_HALF_CUBE},
    {"shap-e", "Shap-E / Point-E: random directions, radius 2, fov 39.6", 60, 512, CALO_FIT_HALF_CUBE},
    {"lrm", "the same as openlrm", 32, 1024, CALO_FIT_UNIT_CUBE},
};

static const protocol protocols[] = {
    {calo_sample_band, 1.5, 2.8, -45, 45, 0, 0, 35, 70, false, 0},
    {calo_sample_ring, 0, 0, 20, 20, 0, 0, 40, 40, false, 0},
    {calo_sample_fibonacci, 0, 0, -90, 90, 0, 0, 40, 40, false, 0},
    {calo_sample_hammersley, 0, 0, -90, 90, 0, 0, 40, 40, false, 0},
    {calo_sample_gobjaverse, 1.6, 2.0, 5, 30, 0, 0, 39.6, 39.6, false, 40},
    /* Blender's camera of a 35 mm lens on a 32 mm sensor: 2 atan(16 / 35). */
    {calo_sample_band, 1.5, 2.2, -90, 90, 0, 0, 49.134342641202636, 49.134342641202636, false, 0},
    /* f / W = 0.75: 2 atan(2 / 3). */
    {calo_sample_heights, 1.9, 2.6, -90, 90, -0.75, 1.6, 67.38013505195957, 67.38013505195957, false, 0},
    {calo_sample_band, 1.5, 2.8, -90, 90, 0, 0, 50, 50, false, 0},
    {calo_sample_heights, 1.0, 1.75, -90, 90, -0.375, 0.8, 50, 50, false, 0},
    {calo_sample_trellis, 2, 2, -90, 90, 0, 0, 40, 40, false, 0},
    {calo_sample_band, 0, 0, -90, 90, 0, 0, 10, 70, true, 0},
    /* Blender's default camera, 50 mm on 36 mm: 2 atan(18 / 50). */
    {calo_sample_band, 2, 2, -90, 90, 0, 0, 39.59775270904986, 39.59775270904986, false, 0},
    {calo_sample_heights, 1.9, 2.6, -90, 90, -0.75, 1.6, 67.38013505195957, 67.38013505195957, false, 0},
};
enum { PRESET_COUNT = sizeof presets / sizeof presets[0] };
_Static_assert(sizeof protocols / sizeof protocols[0] == PRESET_COUNT, "a protocol for each preset");

enum { MAX_VIEWS = 100000 };

const calo_view_preset *calo_view_presets(size_t *count)
{
    *count = PRESET_COUNT;
    return presets;
}

static calo_status find_preset(const char *name, size_t *index, calo_error *err)
{
    if (!name)
        name = presets[0].name;
    char known[512] = "";
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        *index = i;
        if (strcmp(presets[i].name, name) == 0)
            return CALO_OK;
        strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, presets[i].name, sizeof known - strlen(known) - 1);
    }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no preset \"%s\": choose one of %s", name, known);
}

/* What to draw from: the protocol with the options laid over it. */
typedef struct view_plan {
    protocol protocol;
    calo_sampling sampling;
    uint32_t width, height;
    double box_radius; /* of the sphere around the fitted box */
    bool only_northern_hemisphere;
} view_plan;

static calo_status check_range(const char *what, double low, double high, double least, double most, calo_error *err)
{
    if (low >= least && low <= high && high <= most)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT, "%s from %g to %g: give two ascending numbers between %g and %g", what,
                     low, high, least, most);
}

static calo_status apply_overrides(const calo_view_options *options, protocol *p, calo_error *err)
{
    calo_status status = CALO_OK;
    if (options->override_radius) {
        status = check_range("a radius", options->radius_min, options->radius_max, 1e-3, 1e6, err);
        p->radius_min = options->radius_min;
        p->radius_max = options->radius_max;
    }
    if (status == CALO_OK && options->override_elevation) {
        status = check_range("an elevation in degrees", options->elevation_min_degrees, options->elevation_max_degrees,
                             -90, 90, err);
        p->elevation_min_degrees = options->elevation_min_degrees;
        p->elevation_max_degrees = options->elevation_max_degrees;
        p->height_min = p->height_max = 0;
    }
    if (status == CALO_OK && options->override_fov) {
        status = check_range("a field of view in degrees", options->fov_min_degrees, options->fov_max_degrees, 0.01,
                             175, err);
        p->fov_min_degrees = options->fov_min_degrees;
        p->fov_max_degrees = options->fov_max_degrees;
    }
    if (status != CALO_OK || !options->only_northern_hemisphere)
        return status;
    if (p->elevation_max_degrees < 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "only the northern hemisphere is asked for, but the elevations end at %g degrees: raise them",
                         p->elevation_max_degrees);
    p->elevation_min_degrees = fmax(0, p->elevation_min_degrees);
    p->height_min = fmax(0, p->height_min);
    return CALO_OK;
}

static calo_status make_plan(const calo_view_options *options, size_t preset, view_plan *out, calo_view_set *set,
                             calo_error *err)
{
    const calo_view_preset *shown = &presets[preset];
    *out = (view_plan){.protocol = protocols[preset], .only_northern_hemisphere = options->only_northern_hemisphere};
    calo_status status = apply_overrides(options, &out->protocol, err);
    if (status != CALO_OK)
        return status;
    const protocol *p = &out->protocol;
    size_t count = options->count ? options->count : shown->count;
    size_t most = p->max_count ? p->max_count : MAX_VIEWS;
    if (count > most)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%zu views: the preset %s has at most %zu", count, shown->name,
                         most);
    out->width = options->width ? options->width : options->height ? options->height : shown->size;
    out->height = options->height ? options->height : out->width;
    if (out->width > CALO_FRAME_MAX_SIDE || out->height > CALO_FRAME_MAX_SIDE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a picture of %u x %u pixels: a side may have 1 to %u", out->width,
                         out->height, CALO_FRAME_MAX_SIDE);
    calo_fit fit = options->fit ? options->fit : shown->fit;
    if (fit == CALO_FIT_NONE && p->radius_min == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the preset %s places its cameras by the fitted box, and the fit is none: give a radius",
                         shown->name);
    out->box_radius = sqrt(3) * (fit == CALO_FIT_HALF_CUBE ? 0.5 : 1);
    out->sampling = (calo_sampling){options->seed, count,        p->elevation_min_degrees, p->elevation_max_degrees,
                                    p->height_min, p->height_max};
    *set = (calo_view_set){.protocol = shown->name, .fit = fit, .seed = options->seed, .count = count};
    return CALO_OK;
}

static double sample_fov(const protocol *p, calo_random *random)
{
    if (p->fov_min_degrees == p->fov_max_degrees || !p->fov_by_distance)
        return calo_random_range(random, p->fov_min_degrees, p->fov_max_degrees);
    double low, high, cosine;
    calo_sincos(calo_radians(p->fov_min_degrees / 2), &low, &cosine);
    calo_sincos(calo_radians(p->fov_max_degrees / 2), &high, &cosine);
    return 2 * calo_degrees(calo_asin(sqrt(calo_random_range(random, low * low, high * high))));
}

/* The distance at which the sphere around the box just fits the picture's shorter side. */
static double fitting_radius(const view_plan *plan, double fov_degrees)
{
    double longer = fmax(plan->width, plan->height), shorter = fmin(plan->width, plan->height);
    double tangent = calo_tan(calo_radians(fov_degrees / 2)) * shorter / longer;
    return plan->box_radius * sqrt(1 + tangent * tangent) / tangent;
}

static double sample_radius(const view_plan *plan, calo_random *random, double fov_degrees)
{
    const protocol *p = &plan->protocol;
    if (p->radius_min == 0)
        return fitting_radius(plan, fov_degrees);
    return calo_random_range(random, p->radius_min, p->radius_max);
}

static void make_view(const view_plan *plan, size_t index, calo_view *view)
{
    calo_random random = calo_view_random(plan->sampling.seed, index);
    double azimuth, elevation, sine_a, cosine_a, sine_e, cosine_e;
    double fov = sample_fov(&plan->protocol, &random), radius = sample_radius(plan, &random, fov);
    plan->protocol.direction(&plan->sampling, &random, index, radius, &azimuth, &elevation);
    if (plan->only_northern_hemisphere && elevation < 0)
        elevation = -elevation;
    calo_sincos(calo_radians(azimuth), &sine_a, &cosine_a);
    calo_sincos(calo_radians(elevation), &sine_e, &cosine_e);
    double position[3] = {radius * cosine_e * cosine_a, radius * cosine_e * sine_a, radius * sine_e};
    double focal = fmax(plan->width, plan->height) / 2 / calo_tan(calo_radians(fov) / 2);
    *view = (calo_view){
        .camera_to_world = calo_look_at(position, (double[3]){0, 0, 0}),
        .focal_x = focal,
        .focal_y = focal,
        .center_x = plan->width / 2.0,
        .center_y = plan->height / 2.0,
        .width = plan->width,
        .height = plan->height,
        .azimuth_degrees = azimuth,
        .elevation_degrees = elevation,
        .radius = radius,
        .fov_degrees = fov,
    };
    snprintf(view->name, sizeof view->name, "%03zu", index);
}

/* The ranges of the protocol, for metadata. */
static void note_ranges(const view_plan *plan, calo_view_set *set)
{
    const protocol *p = &plan->protocol;
    bool fitted = p->radius_min == 0;
    if (p->height_min != p->height_max) {
        set->elevation_min_degrees = calo_degrees(calo_asin(p->height_min / p->radius_min));
        set->elevation_max_degrees = calo_degrees(calo_asin(p->height_max / p->radius_min));
    } else {
        set->elevation_min_degrees = p->elevation_min_degrees;
        set->elevation_max_degrees = p->elevation_max_degrees;
    }
    set->fov_min_degrees = p->fov_min_degrees;
    set->fov_max_degrees = p->fov_max_degrees;
    set->radius_min = fitted ? fitting_radius(plan, p->fov_max_degrees) : p->radius_min;
    set->radius_max = fitted ? fitting_radius(plan, p->fov_min_degrees) : p->radius_max;
}

calo_status calo_view_set_make(const calo_view_options *options, calo_view_set *set, calo_error *err)
{
    static const calo_view_options standard = {0};
    view_plan plan;
    size_t preset;
    *set = (calo_view_set){0};
    if (!options)
        options = &standard;
    calo_status status = find_preset(options->preset, &preset, err);
    if (status == CALO_OK)
        status = make_plan(options, preset, &plan, set, err);
    if (status != CALO_OK)
        return status;
    set->views = calloc(set->count, sizeof *set->views);
    if (!set->views)
        return calo_fail_memory(err, "views", set->count * sizeof *set->views);
    for (size_t i = 0; i < set->count; i++)
        make_view(&plan, i, &set->views[i]);
    note_ranges(&plan, set);
    return CALO_OK;
}

void calo_view_set_finish(calo_view_set *set)
{
    free(set->views);
    *set = (calo_view_set){0};
}
