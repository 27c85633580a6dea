/* Looks of an item: drawn before anything is rendered, a look a variant. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "job/item.h"
#include "view/camera_file.h"

/* The scene may still be added to: nothing looks at it yet. */
calo_status calo_item_make_randomizer(calo_item *item, calo_error *err)
{
    const calo_item_options *options = item->options;
    if (!options->randomizer_file)
        return options->variants
                   ? calo_fail(err, CALO_ERROR_ARGUMENT,
                               "%u variants of what? Name a file that says what is randomized", options->variants)
                   : CALO_OK;
    calo_randomize_subject subject = {.scene = item->scene};
    if (item->model)
        subject = calo_mujoco_subject(item->model);
    subject.additions = item->model ? calo_mujoco_additions(item->model) : item->own_scene;
    calo_randomize_options randomize = {.lenient = options->lenient, .limits = &options->import.limits};
    item->looks_each = options->variants ? options->variants : 1;
    if (item->looks_each > CALO_ITEM_VARIANTS_MAX / item->variant_count)
        return calo_fail(err, CALO_ERROR_LIMIT, "%zu looks of %zu states are more than %d", item->looks_each,
                         item->variant_count, CALO_ITEM_VARIANTS_MAX);
    item->variant_count *= item->looks_each;
    return calo_randomizer_load(&subject, options->randomizer_file, &randomize, &item->randomizer, err);
}

size_t calo_item_state(const calo_item *item, size_t variant)
{
    return item->looks_each ? variant / item->looks_each : variant;
}

/* Variant after variant from the item's seed on. */
static uint32_t seed_of(const calo_item *item, size_t variant)
{
    uint64_t seed = item->result->seed;
    return (uint32_t)(seed ^ seed >> 32) + (uint32_t)variant;
}

/* Lamps stand in the scene's own metres; the normalization brings them along, and they light as before. */
static calo_status place_lamps(const calo_item *item, calo_item_variant *variant, calo_error *err)
{
    const calo_lighting *from = &variant->look->lighting;
    variant->lamps = malloc(((size_t)from->light_count + 1) * sizeof *variant->lamps);
    if (!variant->lamps)
        return calo_fail_memory(err, "lamps", from->light_count * sizeof *variant->lamps);
    for (uint32_t i = 0; i < from->light_count; i++) {
        calo_scene_light *lamp = &variant->lamps[i];
        *lamp = from->lights[i];
        calo_mat4_point(&item->root, lamp->position, lamp->position);
        lamp->light.range_metres *= (float)item->scale;
        if (lamp->light.kind != CALO_LIGHT_DIRECTIONAL)
            lamp->light.intensity *= (float)(item->scale * item->scale);
    }
    return CALO_OK;
}

/* What post-processing cannot do with these options. */
static calo_status check_post(const calo_item *item, const calo_look *look, calo_error *err)
{
    const calo_render_options *render = &item->options->render;
    if (!look->has_post || calo_post_is_off(&look->post))
        return CALO_OK;
    if (item->render.color_format == CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%s: pictures that are processed have 8 bits: leave out the float colour "
                         "format and OpenEXR, or post-processing and backgrounds",
                         item->options->randomizer_file);
    if (look->post.ambient_occlusion && look->post.occlusion_intensity > 0 &&
        (render->ray_depth || render->world_space_normals))
        return calo_fail(
            err, CALO_ERROR_UNSUPPORTED,
            "%s: ambient occlusion is found from planar depths and camera-space normals: leave out the others",
            item->options->randomizer_file);
    return CALO_OK;
}

static calo_status draw_look(calo_item *item, size_t index, calo_error *err)
{
    calo_item_variant *variant = &item->variants[index];
    calo_status status = calo_look_create(item->randomizer, &variant->look, err);
    if (status == CALO_OK)
        status = calo_item_find_joints(item, calo_item_state(item, index), &variant->qpos, &variant->qpos_count, err);
    if (status == CALO_OK)
        status = calo_randomizer_draw(item->randomizer, seed_of(item, index), variant->qpos, variant->look, err);
    if (status == CALO_OK)
        status = check_post(item, variant->look, err);
    if (status == CALO_OK)
        status = place_lamps(item, variant, err);
    if (status != CALO_OK)
        return status;
    variant->lighting = calo_look_lighting(&item->lighting, variant->look);
    if (variant->look->lighting.lights)
        variant->lighting.lights = variant->lamps;
    return CALO_OK;
}

calo_status calo_item_draw_looks(calo_item *item, calo_error *err)
{
    if (!item->randomizer)
        return CALO_OK;
    item->variants = calloc(item->variant_count, sizeof *item->variants);
    if (!item->variants)
        return calo_fail_memory(err, "looks", item->variant_count * sizeof *item->variants);
    calo_status status = calo_state_post_create(&item->post, err);
    for (size_t v = 0; v < item->variant_count && status == CALO_OK; v++)
        status = draw_look(item, v, err);
    return status;
}

void calo_item_finish_looks(calo_item *item)
{
    for (size_t v = 0; item->variants && v < item->variant_count; v++) {
        calo_look_destroy(item->variants[v].look);
        free(item->variants[v].lamps);
        free(item->variants[v].qpos);
    }
    free(item->variants);
    calo_randomizer_destroy(item->randomizer);
    calo_state_post_destroy(item->post);
}

/* ---- views ---- */

void calo_item_change_views(calo_item *item)
{
    size_t each = item->views.count / item->variant_count;
    double middle[3];
    calo_mat4_point(&item->root, item->middle, middle);
    for (size_t v = 0; v < item->variant_count && item->randomizer; v++)
        for (size_t i = 0; i < each; i++) {
            calo_view *view = &item->views.views[v * each + i];
            calo_randomizer_change_view(item->randomizer, seed_of(item, v), (uint32_t)i, middle,
                                        item->radius * item->scale, view);
            calo_view_note_pose(view);
        }
}

/* A view of the scene's cameras is known by where it stands. */
void calo_item_change_lens(const calo_item *item, size_t variant, const calo_pose *pose, calo_view *view)
{
    const calo_look *look = item->variants ? item->variants[variant].look : NULL;
    for (uint32_t i = 0; look && i < look->camera_count; i++) {
        const calo_look_camera *camera = &look->cameras[i];
        calo_view there;
        if (calo_view_of_node(pose, camera->node, item->scale, view->width, view->height, &there, NULL) != CALO_OK ||
            memcmp(&there.camera_to_world, &view->camera_to_world, sizeof there.camera_to_world) != 0)
            continue;
        view->near_metres = camera->near_metres != 0 ? camera->near_metres * item->scale : view->near_metres;
        view->far_metres = camera->far_metres != 0 ? camera->far_metres * item->scale : view->far_metres;
        double fov = camera->color_fov_y_radians != 0 ? camera->color_fov_y_radians : camera->fov_y_radians;
        if (fov != 0 && !view->orthographic)
            calo_view_set_fov(view, fov);
    }
}
