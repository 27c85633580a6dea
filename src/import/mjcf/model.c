/* Models: made from arrays, checked, sealed. */
#include "import/mjcf/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "import/mjcf/library.h"
#include "scene/build.h"

/* Textures and materials first: geometry's meshes name them. */
static calo_status fill_scene(calo_mujoco_model *model, calo_mjcf_builder *builder, const calo_mujoco_options *options,
                              calo_error *err)
{
    calo_status status = calo_mjcf_looks_create(builder, err);
    if (status == CALO_OK)
        status = calo_mjcf_add_textures(builder, err);
    if (status == CALO_OK)
        status = calo_mjcf_add_materials(builder, err);
    if (status == CALO_OK)
        status = calo_mjcf_add_nodes(model, builder, options, err);
    if (status == CALO_OK)
        status = calo_mjcf_sky(builder, &model->sky, err);
    calo_mjcf_looks_destroy(builder->looks);
    return status;
}

/* Where the state puts things is their place in the scene, too. */
static calo_status rest_at(calo_mujoco_model *model, const calo_mujoco_state *state, calo_error *err)
{
    uint32_t count = 0, capacity = calo_mjcf_override_capacity(model);
    calo_node_override *overrides = malloc(capacity * sizeof *overrides);
    if (!overrides)
        return calo_fail_memory(err, "a pose", capacity * sizeof *overrides);
    calo_status status = calo_mjcf_overrides(model, state, overrides, &count, err);
    for (uint32_t i = 0; status == CALO_OK && i < count; i++)
        if (overrides[i].node >= model->things[CALO_MUJOCO_BODY].count) /* bodies stand there by themselves */
            model->scene->nodes[overrides[i].node].matrix = overrides[i].local;
    free(overrides);
    return status;
}

static calo_status make(calo_mujoco_model *model, const calo_mujoco_arrays *arrays, const char *name,
                        const calo_mujoco_options *options, const calo_limits *limits, const calo_mjcf_extra *extra,
                        calo_error *err)
{
    const calo_mujoco_options defaults = {0};
    calo_limits resolved = calo_limits_resolve(limits);
    calo_arena scratch = {0};
    calo_mujoco_arrays checked;
    calo_arena_init(&model->arena, resolved.max_memory_bytes);
    calo_arena_init(&scratch, resolved.max_memory_bytes);
    calo_status status = calo_mjcf_check(arrays, name, &scratch, &checked, err);
    if (status == CALO_OK)
        status = calo_scene_create(name, "mjcf", &resolved, &model->scene, err);
    if (status != CALO_OK)
        goto done;
    if (extra && extra->warn)
        extra->warn(extra->user, model->scene);
    model->visual = checked.visual;
    calo_mjcf_builder builder = {.arrays = &checked, .scene = model->scene, .name = name};
    builder.own_materials = options && options->own_materials;
    builder.missing_textures = extra ? extra->missing_textures : NULL;
    status = calo_mjcf_keep_names(model, &checked, err);
    if (status == CALO_OK)
        status = fill_scene(model, &builder, options ? options : &defaults, err);
    if (status == CALO_OK)
        status = calo_mjcf_keep_subject(model, &checked, err);
    if (status == CALO_OK && extra && extra->state)
        status = rest_at(model, extra->state, err);
    if (status == CALO_OK)
        status = calo_scene_seal(model->scene, err);
done:
    calo_arena_finish(&scratch);
    return status;
}

calo_status calo_mjcf_make(const calo_mujoco_arrays *arrays, const char *name, const calo_mujoco_options *options,
                           const calo_limits *limits, const calo_mjcf_extra *extra, calo_mujoco_model **model,
                           calo_error *err)
{
    calo_error why = {0};
    *model = calloc(1, sizeof **model);
    if (!*model)
        return calo_fail_memory(err, "a model", sizeof **model);
    calo_status status = make(*model, arrays, name, options, limits, extra, &why);
    if (status == CALO_OK)
        return CALO_OK;
    calo_mujoco_destroy(*model);
    *model = NULL;
    if (err)
        *err = why;
    return status;
}

calo_status calo_mujoco_create(const calo_mujoco_arrays *arrays, const char *name, const calo_mujoco_options *options,
                               const calo_limits *limits, calo_mujoco_model **model, calo_error *err)
{
    return calo_mjcf_make(arrays, name ? name : "(model)", options, limits, NULL, model, err);
}

void calo_mujoco_destroy(calo_mujoco_model *model)
{
    if (!model)
        return;
    calo_mjcf_library_destroy(model->library);
    calo_scene_destroy(model->scene);
    calo_image_finish(&model->sky);
    calo_arena_finish(&model->arena);
    free(model);
}

calo_scene *calo_mjcf_take_scene(calo_mujoco_model *model)
{
    calo_scene *scene = model->scene;
    model->scene = NULL;
    return scene;
}

const calo_scene *calo_mujoco_scene(const calo_mujoco_model *model) { return model->scene; }

calo_scene *calo_mujoco_additions(calo_mujoco_model *model) { return model->scene; }

const calo_mujoco_visual *calo_mujoco_visual_of(const calo_mujoco_model *model) { return &model->visual; }

const calo_image *calo_mujoco_sky(const calo_mujoco_model *model) { return model->sky.data ? &model->sky : NULL; }
