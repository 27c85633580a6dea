#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "base/text.h"
#include "job/item.h"

static calo_status find_animation(calo_item *item, calo_error *err)
{
    const char *wanted = item->options->animation;
    const calo_scene *scene = item->scene;
    int64_t index;
    item->animation = -1;
    if (!wanted)
        return CALO_OK;
    for (uint32_t i = 0; i < scene->animation_count && item->animation < 0; i++)
        if (strcmp(scene->animations[i].name, wanted) == 0)
            item->animation = (int32_t)i;
    if (item->animation < 0 && calo_parse_integer(wanted, &index) && index >= 0 && index < scene->animation_count)
        item->animation = (int32_t)index;
    if (item->animation >= 0)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_NOT_FOUND,
                     "%s: there is no animation \"%s\" among its %u: `calotype info` lists them", item->path, wanted,
                     scene->animation_count);
}

static calo_status make_pose(const calo_item *item, const calo_mat4 *root, calo_pose **pose, calo_error *err)
{
    calo_pose_options options = {
        .animation = item->animation + 1, .time_seconds = item->options->time_seconds, .root = root};
    return calo_pose_create(item->scene, &options, pose, err);
}

/* The pose once as the file has it, to measure it, and once more fitted into the box. */
static calo_status make_fitted_pose(calo_item *item, calo_fit fit, calo_error *err)
{
    calo_pose *measured = NULL;
    double low[3], high[3];
    calo_status status = make_pose(item, NULL, &measured, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(measured, low, high, err);
    calo_pose_destroy(measured);
    if (status != CALO_OK)
        return status;
    calo_fit_normalization(fit, low, high, &item->scale, item->translation);
    calo_mat4 root = calo_mat4_identity();
    for (int i = 0; i < 3; i++) {
        root.m[i][i] = item->scale;
        root.m[i][3] = item->translation[i];
    }
    return make_pose(item, &root, &item->pose, err);
}

/* 53 bits of the content's hash: the same file gives the same views anywhere, and the number
 * survives readers of JSON that keep doubles only. */
static uint64_t seed_of(const calo_item *item)
{
    uint64_t seed = 0;
    if (item->options->has_seed)
        return item->options->views.seed;
    for (int i = 0; i < 8; i++)
        seed = seed << 8 | item->hash.bytes[i];
    return seed >> 11;
}

static calo_status check_choices(const calo_item_options *options, calo_error *err)
{
    const calo_view_options *views = &options->views;
    const char *source = options->camera_file ? "a camera file" : "the file's own cameras";
    if (!options->camera_file && !options->scene_camera)
        return CALO_OK;
    if (options->camera_file && options->scene_camera)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "cameras from a file and the scene's own camera: choose one");
    if (views->preset || views->count || views->override_radius || views->override_elevation || views->override_fov ||
        views->only_northern_hemisphere)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%s and a preset's options (number of views, radius, elevation, field of view, hemisphere) "
                         "do not go together: leave one out",
                         source);
    return CALO_OK;
}

/* Cameras that are given rather than made. */
static calo_status load_given_views(calo_item *item, calo_error *err)
{
    const calo_item_options *options = item->options;
    calo_status status = CALO_OK;
    if (options->camera_file)
        status =
            calo_view_set_load(options->camera_file, options->views.width, options->views.height, &item->views, err);
    else
        item->views = (calo_view_set){.fit = CALO_FIT_NONE};
    if (status == CALO_OK && options->views.fit)
        item->views.fit = options->views.fit;
    return status;
}

/* Each worker holds a frame and its encoded copy; together they keep to the memory limit. */
static calo_status check_memory(const calo_item *item, calo_error *err)
{
    calo_limits limits = calo_limits_resolve(&item->options->import.limits);
    uint64_t pixel_bytes = 0, pixels = 0, workers = calo_renderer_threads(item->renderer);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (item->render.channels & CALO_CHANNEL_BIT(c))
            pixel_bytes += calo_pixel_bytes(calo_channel_format((calo_channel)c, item->render.color_format));
    for (size_t i = 0; i < item->views.count; i++) {
        uint64_t view_pixels = (uint64_t)item->views.views[i].width * item->views.views[i].height;
        pixels = view_pixels > pixels ? view_pixels : pixels;
    }
    workers = workers < item->views.count ? workers : item->views.count;
    uint64_t bytes = 2 * pixels * pixel_bytes * workers;
    if (bytes <= limits.max_memory_bytes)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_LIMIT,
                     "views of %llu pixels on %llu threads need %llu bytes, over the memory limit of %llu: use a smaller "
                     "--size, fewer channels or --threads, or raise --max-memory",
                     (unsigned long long)pixels, (unsigned long long)workers, (unsigned long long)bytes,
                     (unsigned long long)limits.max_memory_bytes);
}

calo_status calo_item_make_views(calo_item *item, calo_error *err)
{
    const calo_item_options *options = item->options;
    calo_view_options views = options->views;
    views.seed = item->result->seed = seed_of(item);
    calo_status status = check_choices(options, err);
    if (status == CALO_OK)
        status = find_animation(item, err);
    if (status != CALO_OK)
        return status;
    if (options->camera_file || options->scene_camera)
        status = load_given_views(item, err);
    else
        status = calo_view_set_make(&views, &item->views, err);
    if (status == CALO_OK)
        status = make_fitted_pose(item, item->views.fit, err);
    calo_fit fit = item->views.fit;
    if (status == CALO_OK && options->scene_camera)
        status = calo_view_set_of_scene(item->pose, options->scene_camera, item->scale,
                                        options->views.width, options->views.height, &item->views, err);
    item->views.fit = fit;
    item->views.seed = views.seed;
    item->result->view_count = item->views.count;
    return status == CALO_OK ? check_memory(item, err) : status;
}
