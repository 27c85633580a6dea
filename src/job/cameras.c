#include <stdio.h>
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

calo_status calo_item_find_joints(const calo_item *item, size_t state, double **qpos, uint32_t *count, calo_error *err)
{
    const calo_state_rows *rows = &item->states;
    const double *row = rows->count ? rows->values + state * rows->columns : NULL;
    *qpos = NULL;
    *count = 0;
    if (!item->model)
        return CALO_OK;
    const double *rest = calo_mujoco_rest(item->model, count);
    if (row && !item->mapping) {
        rest = row;
        *count = (uint32_t)rows->columns;
    }
    *qpos = malloc((*count + (size_t)1) * sizeof **qpos);
    if (!*qpos)
        return calo_fail_memory(err, "joint positions", *count * sizeof **qpos);
    if (row && item->mapping)
        return calo_mujoco_mapping_apply(item->mapping, row, rows->columns, *qpos, err);
    memcpy(*qpos, rest, *count * sizeof **qpos);
    return CALO_OK;
}

/* `look`: as the variant's look has it. */
static calo_status make_pose(const calo_item *item, size_t variant, bool look, const calo_mat4 *root, calo_pose **pose,
                             calo_error *err)
{
    calo_pose_options options = {
        .animation = item->animation + 1, .time_seconds = item->options->time_seconds, .root = root};
    const calo_item_variant *drawn = look && item->variants ? &item->variants[variant] : NULL;
    if (drawn) {
        options.overrides = drawn->look->overrides;
        options.override_count = drawn->look->override_count;
    }
    if (!item->model || (!drawn && !item->states.count))
        return calo_pose_create(item->scene, &options, pose, err);
    double *qpos = NULL;
    uint32_t count;
    size_t state = calo_item_state(item, variant);
    calo_status status = drawn ? CALO_OK : calo_item_find_joints(item, state, &qpos, &count, err);
    if (status == CALO_OK)
        status = calo_mujoco_pose(item->model, drawn ? drawn->qpos : qpos, drawn ? drawn->qpos_count : count, &options,
                                  pose, err);
    free(qpos);
    if (status == CALO_OK || !item->states.count)
        return status;
    return calo_fail_within(err, status, "state %zu of %s", state, item->options->state_file);
}

calo_status calo_item_make_pose(const calo_item *item, size_t variant, calo_pose **pose, calo_error *err)
{
    return make_pose(item, variant, true, &item->root, pose, err);
}

/* Fits the first pose into the box; all variants keep its scale and place. */
static calo_status find_normalization(calo_item *item, calo_fit fit, calo_error *err)
{
    calo_pose *measured = NULL;
    double *low = item->low, *high = item->high;
    calo_status status = make_pose(item, 0, false, NULL, &measured, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(measured, low, high, err);
    calo_pose_destroy(measured);
    if (status != CALO_OK)
        return status;
    calo_fit_normalization(fit, low, high, &item->scale, item->translation);
    double half[3];
    for (int i = 0; i < 3; i++) {
        item->middle[i] = (low[i] + high[i]) / 2;
        half[i] = (high[i] - low[i]) / 2;
    }
    item->radius = calo_length3(half);
    item->root = calo_mat4_identity();
    for (int i = 0; i < 3; i++) {
        item->root.m[i][i] = item->scale;
        item->root.m[i][3] = item->translation[i];
    }
    return CALO_OK;
}

/* 53 bits of the content's hash: the same file gives the same views anywhere, and the number
 * survives readers of JSON that keep doubles only. */
uint64_t calo_item_seed(const calo_item *item)
{
    uint64_t seed = 0;
    if (item->options->has_seed)
        return item->options->views.seed;
    for (int i = 0; i < 8; i++)
        seed = seed << 8 | item->hash.bytes[i];
    return seed >> 11;
}

calo_status calo_item_check_choices(const calo_item_options *options, calo_error *err)
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

static calo_status add_views(calo_item *item, const calo_view *views, size_t count, calo_error *err)
{
    calo_view_set *set = &item->views;
    calo_view *all = realloc(set->views, (set->count + count) * sizeof *all);
    if (!all)
        return calo_fail_memory(err, "views", (set->count + count) * sizeof *all);
    set->views = all;
    for (size_t i = 0; i < count; i++, set->count++) {
        all[set->count] = views[i];
        snprintf(all[set->count].name, sizeof all->name, "%03zu", set->count);
    }
    return CALO_OK;
}

/* The scene's own cameras, which move with it. */
static calo_status add_scene_views(calo_item *item, calo_error *err)
{
    const calo_view_options *options = &item->options->views;
    calo_status status = CALO_OK;
    for (size_t v = 0; status == CALO_OK && v < item->variant_count; v++) {
        calo_pose *pose = NULL;
        calo_view_set own = {0};
        status = calo_item_make_pose(item, v, &pose, err);
        if (status == CALO_OK)
            status = calo_view_set_of_scene(pose, item->options->scene_camera, item->scale, options->width,
                                            options->height, &own, err);
        for (size_t i = 0; status == CALO_OK && i < own.count; i++)
            calo_item_change_lens(item, v, pose, &own.views[i]);
        calo_pose_destroy(pose);
        if (status == CALO_OK && v == 0) {
            item->views = own;
            continue;
        }
        if (status == CALO_OK)
            status = add_views(item, own.views, own.count, err);
        calo_view_set_finish(&own);
    }
    return status;
}

/* The same views for every variant. */
static calo_status repeat_views(calo_item *item, calo_error *err)
{
    size_t count = item->views.count;
    calo_status status = CALO_OK;
    for (size_t v = 1; status == CALO_OK && v < item->variant_count; v++) {
        calo_view *first = malloc(count * sizeof *first);
        if (!first)
            return calo_fail_memory(err, "views", count * sizeof *first);
        memcpy(first, item->views.views, count * sizeof *first);
        status = add_views(item, first, count, err);
        free(first);
    }
    return status;
}

calo_status calo_item_make_views(calo_item *item, calo_error *err)
{
    const calo_item_options *options = item->options;
    calo_view_options views = options->views;
    views.seed = item->result->seed = calo_item_seed(item);
    calo_status status = calo_item_check_choices(options, err);
    if (status == CALO_OK)
        status = find_animation(item, err);
    if (status != CALO_OK)
        return status;
    if (options->camera_file || options->scene_camera)
        status = load_given_views(item, err);
    else
        status = calo_view_set_make(&views, &item->views, err);
    if (status == CALO_OK)
        status = find_normalization(item, item->views.fit, err);
    calo_fit fit = item->views.fit;
    if (status == CALO_OK)
        status = calo_item_draw_looks(item, err);
    if (status == CALO_OK)
        status = options->scene_camera ? add_scene_views(item, err) : repeat_views(item, err);
    if (status == CALO_OK && !options->scene_camera)
        calo_item_change_views(item);
    item->views.fit = fit;
    item->views.seed = views.seed;
    item->result->view_count = item->views.count;
    return status == CALO_OK ? check_memory(item, err) : status;
}
