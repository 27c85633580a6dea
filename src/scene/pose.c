#include "scene/pose.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/animation.h"
#include "scene/build.h"

typedef struct local_transform {
    double translation[3], rotation[4], scale[3];
    const calo_mat4 *override; /* counts alone, when it is there */
} local_transform;

typedef struct pose_block {
    calo_pose pose;
    struct calo_pose_private internal;
} pose_block;

uint32_t calo_mesh_morph_count(const calo_mesh *mesh)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < mesh->primitive_count; p++)
        if (mesh->primitives[p].morph_target_count > count)
            count = mesh->primitives[p].morph_target_count;
    return count;
}

/* `count` weights; what `weights` does not give is 0. NULL with `err` filled when memory ends. */
static float *copy_weights(calo_pose *pose, uint32_t count, const float *weights, uint32_t given, calo_error *err)
{
    float *copy = CALO_ARENA_TAKE(&pose->internal->arena, float, count, "morph weights", err);
    if (copy && weights && given)
        memcpy(copy, weights, (given < count ? given : count) * sizeof *copy);
    return copy;
}

/* Nodes without weights of their own share their mesh's. */
static calo_status rest_weights(calo_pose *pose, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    float **shared = CALO_ARENA_TAKE(&pose->internal->arena, float *, scene->mesh_count, "morph weights", err);
    if (!shared)
        return calo_failed(err);
    for (uint32_t n = 0; n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        if (node->mesh < 0)
            continue;
        const calo_mesh *mesh = &scene->meshes[node->mesh];
        uint32_t count = calo_mesh_morph_count(mesh);
        if (!count)
            continue;
        float *weights = node->weights ? NULL : shared[node->mesh];
        if (!weights)
            weights = node->weights ? copy_weights(pose, count, node->weights, node->weight_count, err)
                                    : copy_weights(pose, count, mesh->weights, mesh->weight_count, err);
        if (!weights)
            return calo_failed(err);
        if (!node->weights)
            shared[node->mesh] = weights;
        pose->morph_weights[n] = weights;
    }
    return CALO_OK;
}

static calo_status animate_weights(calo_pose *pose, const calo_animation_channel *channel, double time,
                                   calo_error *err)
{
    if (!pose->morph_weights[channel->node])
        return CALO_OK;
    uint32_t count = calo_mesh_morph_count(&pose->scene->meshes[pose->scene->nodes[channel->node].mesh]);
    float *weights = copy_weights(pose, count, NULL, 0, err);
    double *values = malloc(((size_t)channel->components + 1) * sizeof *values);
    if (!weights || !values) {
        free(values);
        return weights ? calo_fail_memory(err, "morph weights", channel->components * sizeof *values)
                       : calo_failed(err);
    }
    calo_animation_sample(channel, time, values);
    for (uint32_t i = 0; i < count && i < channel->components; i++)
        weights[i] = (float)values[i];
    free(values);
    pose->morph_weights[channel->node] = weights;
    return CALO_OK;
}

/* A node with a matrix is not animated (glTF 2.0, 3.11). */
static calo_status animate(calo_pose *pose, const calo_animation *animation, double time, local_transform *locals,
                           calo_error *err)
{
    for (uint32_t c = 0; c < animation->channel_count; c++) {
        const calo_animation_channel *channel = &animation->channels[c];
        local_transform *local = &locals[channel->node];
        calo_status status = CALO_OK;
        switch (channel->path) {
        case CALO_PATH_TRANSLATION: calo_animation_sample(channel, time, local->translation); break;
        case CALO_PATH_ROTATION: calo_animation_sample(channel, time, local->rotation); break;
        case CALO_PATH_SCALE: calo_animation_sample(channel, time, local->scale); break;
        case CALO_PATH_WEIGHTS: status = animate_weights(pose, channel, time, err); break;
        }
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

static local_transform *rest_transforms(calo_pose *pose, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    local_transform *locals =
        CALO_ARENA_TAKE(&pose->internal->arena, local_transform, scene->node_count, "node transforms", err);
    for (uint32_t n = 0; locals && n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        memcpy(locals[n].translation, node->translation, sizeof node->translation);
        memcpy(locals[n].rotation, node->rotation, sizeof node->rotation);
        memcpy(locals[n].scale, node->scale, sizeof node->scale);
        pose->node_visible[n] = node->visible;
    }
    return locals;
}

static bool finite_matrix(const calo_mat4 *matrix)
{
    for (int i = 0; i < 16; i++)
        if (!isfinite(matrix->m[i / 4][i % 4]))
            return false;
    return true;
}

/* The nodes whose transforms and weights the caller gives. */
static calo_status override_nodes(calo_pose *pose, const calo_pose_options *options, local_transform *locals,
                                  calo_error *err)
{
    const calo_scene *scene = pose->scene;
    for (uint32_t i = 0; i < options->override_count; i++) {
        const calo_node_override *override = &options->overrides[i];
        if (override->node >= scene->node_count)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "%s has %u nodes: there is no node %u to be moved", scene->path,
                             scene->node_count, override->node);
        if (!override->keeps_place && !finite_matrix(&override->local))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "the transform that is given for node %u of %s is not finite",
                             override->node, scene->path);
        if (!override->keeps_place)
            locals[override->node].override = &override->local;
        if (override->visibility != CALO_DEFAULT)
            pose->node_visible[override->node] = override->visibility == CALO_ON;
        if (!override->weights || !pose->morph_weights[override->node])
            continue;
        uint32_t count = calo_mesh_morph_count(&scene->meshes[scene->nodes[override->node].mesh]);
        float *weights = copy_weights(pose, count, override->weights, count, err);
        if (!weights)
            return calo_failed(err);
        for (uint32_t w = 0; w < count; w++)
            if (!isfinite(weights[w]))
                return calo_fail(err, CALO_ERROR_ARGUMENT, "morph weight %u that is given for node %u of %s is not finite",
                                 w, override->node, scene->path);
        pose->morph_weights[override->node] = weights;
    }
    return CALO_OK;
}

static calo_mat4 local_matrix(const calo_node *node, const local_transform *local)
{
    if (local->override)
        return *local->override;
    return node->has_matrix ? node->matrix : calo_mat4_from_trs(local->translation, local->rotation, local->scale);
}

static calo_status chain(calo_pose *pose, const local_transform *locals, const calo_mat4 *root, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    calo_mat4 base = root ? calo_mat4_multiply(root, &scene->source_to_world) : scene->source_to_world;
    for (uint32_t n = 0; n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        calo_mat4 own = local_matrix(node, &locals[n]);
        const calo_mat4 *parent = node->parent < 0 ? &base : &pose->node_to_world[node->parent];
        pose->node_to_world[n] = calo_mat4_multiply(parent, &own);
        if (!finite_matrix(&pose->node_to_world[n]))
            return calo_fail(err, CALO_ERROR_FORMAT,
                             "%s: the transform of node %u (\"%s\"), multiplied with its parents', is not finite",
                             scene->path, n, node->name);
    }
    return CALO_OK;
}

static calo_status move_joints(calo_pose *pose, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    calo_arena *arena = &pose->internal->arena;
    pose->internal->joint_matrices = CALO_ARENA_TAKE(arena, calo_mat4 *, scene->skin_count, "skins", err);
    if (!pose->internal->joint_matrices)
        return calo_failed(err);
    for (uint32_t s = 0; s < scene->skin_count; s++) {
        const calo_skin *skin = &scene->skins[s];
        calo_mat4 *matrices = CALO_ARENA_TAKE(arena, calo_mat4, skin->joint_count, "skins", err);
        if (!matrices)
            return calo_failed(err);
        for (uint32_t j = 0; j < skin->joint_count; j++)
            matrices[j] = calo_mat4_multiply(&pose->node_to_world[skin->joints[j]], &skin->inverse_bind[j]);
        pose->internal->joint_matrices[s] = matrices;
    }
    return CALO_OK;
}

static calo_status fill(calo_pose *pose, const calo_pose_options *options, calo_error *err)
{
    const calo_scene *scene = pose->scene;
    calo_arena *arena = &pose->internal->arena;
    pose->node_to_world = CALO_ARENA_TAKE(arena, calo_mat4, scene->node_count, "node transforms", err);
    pose->morph_weights = CALO_ARENA_TAKE(arena, float *, scene->node_count, "morph weights", err);
    pose->node_visible = CALO_ARENA_TAKE(arena, bool, scene->node_count, "visible nodes", err);
    if (!pose->node_to_world || !pose->morph_weights || !pose->node_visible)
        return calo_failed(err);
    local_transform *locals = rest_transforms(pose, err);
    if (!locals)
        return calo_failed(err);
    calo_status status = rest_weights(pose, err);
    if (status == CALO_OK && options->animation > 0)
        status = animate(pose, &scene->animations[options->animation - 1], options->time_seconds, locals, err);
    if (status == CALO_OK)
        status = override_nodes(pose, options, locals, err);
    if (status == CALO_OK)
        status = chain(pose, locals, options->root, err);
    return status == CALO_OK ? move_joints(pose, err) : status;
}

calo_status calo_pose_create(const calo_scene *scene, const calo_pose_options *options, calo_pose **pose,
                             calo_error *err)
{
    *pose = NULL;
    calo_pose_options rest = {0};
    options = options ? options : &rest;
    if (options->animation < 0 || options->animation > (int64_t)scene->animation_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s has %u animations: there is no animation %d", scene->path,
                         scene->animation_count, options->animation);
    if (!isfinite(options->time_seconds))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the time of a pose must be a finite number of seconds, not %g",
                         options->time_seconds);
    if (options->override_count && !options->overrides)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u node transforms are said to be there, but overrides is NULL",
                         options->override_count);
    if (options->root && !finite_matrix(options->root))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the root transform of a pose is not finite");
    pose_block *block = calloc(1, sizeof *block);
    if (!block)
        return calo_fail_memory(err, "a pose", sizeof *block);
    block->pose.scene = scene;
    block->pose.internal = &block->internal;
    calo_arena_init(&block->internal.arena, calo_scene_limits(scene)->max_memory_bytes);
    calo_error why = {0};
    calo_status status = fill(&block->pose, options, &why);
    if (status != CALO_OK) {
        calo_pose_destroy(&block->pose);
        if (err)
            *err = why;
        return why.status;
    }
    *pose = &block->pose;
    return CALO_OK;
}

void calo_pose_destroy(calo_pose *pose)
{
    if (!pose)
        return;
    calo_arena_finish(&pose->internal->arena);
    free(pose); /* the first member of its block */
}
