#include "render/gl/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "base/thread.h"
#include "render/mip_chain.h"

/* What preparing needs, all of it gone when the scene is on the device. */
typedef struct scene_build {
    const calo_pose *pose;
    const calo_prepare_options *prepare;
    const calo_backend_options *options;
    calo_glr_scene *scene;
    calo_arena arena;
    calo_arena *chain_arenas; /* one a texture: they are filtered side by side */
    calo_draw_list list;
    calo_environment environment;
    calo_shadows shadows;
    uint32_t *texture_sources; /* of the file's textures */
    calo_mip_chain *chains;
    calo_glr_texels *chain_texels;
    uint32_t *model_draws;
} scene_build;

/* ---- materials and textures ---- */

static calo_glr_texels texels_of_slot(calo_material_slot slot)
{
    if (calo_slot_is_srgb(slot))
        return CALO_GLR_TEXELS_COLOR;
    return slot == CALO_SLOT_NORMAL ? CALO_GLR_TEXELS_NORMAL : CALO_GLR_TEXELS_DATA;
}

/* A texture that is used in several ways is uploaded several times. */
static calo_status list_materials(scene_build *build, calo_error *err)
{
    const calo_scene *source = build->pose->scene;
    calo_glr_scene *scene = build->scene;
    uint64_t uses = (uint64_t)source->texture_count * CALO_GLR_TEXELS_COUNT;
    scene->material_count = build->list.material_count;
    scene->materials = CALO_ARENA_TAKE(&scene->arena, calo_glr_material, scene->material_count, "materials", err);
    int32_t *used = CALO_ARENA_TAKE(&build->arena, int32_t, uses, "textures", err);
    build->texture_sources = CALO_ARENA_TAKE(&build->arena, uint32_t, uses, "textures", err);
    build->chain_texels = CALO_ARENA_TAKE(&build->arena, calo_glr_texels, uses, "textures", err);
    if (!scene->materials || !used || !build->texture_sources || !build->chain_texels)
        return calo_failed(err);
    memset(used, -1, uses * sizeof *used);
    for (uint32_t m = 0; m < scene->material_count; m++) {
        calo_glr_material *material = &scene->materials[m];
        material->source = build->list.materials[m];
        for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
            int32_t texture = material->source.slots[slot].texture;
            calo_glr_texels texels = texels_of_slot((calo_material_slot)slot);
            material->textures[slot] = -1;
            if (texture < 0)
                continue;
            int32_t *index = &used[texture * CALO_GLR_TEXELS_COUNT + (int32_t)texels];
            if (*index < 0) {
                *index = (int32_t)scene->texture_count++;
                build->texture_sources[*index] = (uint32_t)texture;
                build->chain_texels[*index] = texels;
            }
            material->textures[slot] = *index;
        }
    }
    return CALO_OK;
}

static calo_status make_chain(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    scene_build *build = user;
    const calo_scene *source = build->pose->scene;
    const calo_texture *sampler = &source->textures[build->texture_sources[index]];
    calo_arena_init(&build->chain_arenas[index], build->prepare->limits->max_memory_bytes);
    return calo_mip_chain_make(&source->images[sampler->image], sampler,
                               build->chain_texels[index] == CALO_GLR_TEXELS_COLOR, build->options->cache,
                               &build->chain_arenas[index], &build->chains[index], err);
}

static calo_status make_chains(scene_build *build, calo_error *err)
{
    calo_glr_scene *scene = build->scene;
    scene->textures = CALO_ARENA_TAKE(&scene->arena, calo_glr_texture, scene->texture_count, "textures", err);
    build->chains = CALO_ARENA_TAKE(&build->arena, calo_mip_chain, scene->texture_count, "textures", err);
    build->chain_arenas = CALO_ARENA_TAKE(&build->arena, calo_arena, scene->texture_count, "textures", err);
    if (!scene->textures || !build->chains || !build->chain_arenas)
        return calo_failed(err);
    return calo_thread_for(build->options->threads, scene->texture_count, make_chain, build, err);
}

/* ---- copies and groups ---- */

static calo_alpha_mode alpha_mode(const calo_glr_scene *scene, const calo_glr_group *group)
{
    return scene->materials[group->material].source.alpha_mode;
}

/* Where a draw's copies go: two groups a model, of plain and of mirrored ones. */
static uint32_t group_of(const scene_build *build, const uint32_t *model_of, uint32_t draw)
{
    return 2 * model_of[build->list.draws[draw].model] + build->list.draws[draw].mirrored;
}

static void place_copy(const calo_draw *draw, calo_glr_copy *copy)
{
    const calo_mat4 *m = &draw->object_to_world;
    double stretch = 0;
    copy->object_to_world = *m;
    memcpy(copy->normal_to_world, draw->normal_to_world, sizeof copy->normal_to_world);
    copy->instance_id = draw->instance_id;
    copy->mirrored = draw->mirrored;
    calo_mat4_point(m, draw->center, copy->center);
    /* The Frobenius norm bounds what the transform stretches any direction by. */
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            stretch += m->m[i][c] * m->m[i][c];
    copy->radius = sqrt(stretch) * draw->radius * (1 + 1e-6);
}

/* The groups that have copies, those of one alpha mode after the other. */
static void sort_groups(const scene_build *build, const calo_glr_group *all, uint32_t count)
{
    calo_glr_scene *scene = build->scene;
    uint32_t order = 0;
    for (int mode = CALO_ALPHA_OPAQUE; mode <= CALO_ALPHA_BLEND; mode++)
        for (uint32_t g = 0; g < count; g++) {
            if (!all[g].copy_count || alpha_mode(scene, &all[g]) != (calo_alpha_mode)mode)
                continue;
            calo_glr_group *group = &scene->groups[scene->group_count++];
            uint32_t elements = build->list.draws[build->model_draws[all[g].model]].element_count;
            *group = all[g];
            group->first_order = order;
            order += group->copy_count * elements;
            scene->has_mask |= mode == CALO_ALPHA_MASK;
            scene->has_blend |= mode == CALO_ALPHA_BLEND;
        }
}

static calo_status list_models(scene_build *build, uint32_t *model_of, calo_error *err)
{
    const calo_draw_list *list = &build->list;
    calo_glr_scene *scene = build->scene;
    build->model_draws = CALO_ARENA_TAKE(&build->arena, uint32_t, list->draw_count, "models", err);
    if (!build->model_draws)
        return calo_failed(err);
    for (uint32_t d = 0; d < list->draw_count; d++) {
        if (list->draws[d].model != d)
            continue;
        model_of[d] = scene->model_count;
        build->model_draws[scene->model_count++] = d;
    }
    scene->models = CALO_ARENA_TAKE(&scene->arena, calo_glr_model, scene->model_count, "models", err);
    return scene->models ? CALO_OK : calo_failed(err);
}

static calo_status list_copies(scene_build *build, calo_error *err)
{
    const calo_draw_list *list = &build->list;
    calo_glr_scene *scene = build->scene;
    uint32_t *model_of = CALO_ARENA_TAKE(&build->arena, uint32_t, list->draw_count, "models", err);
    calo_status status = model_of ? list_models(build, model_of, err) : calo_failed(err);
    if (status != CALO_OK)
        return status;
    uint32_t count = 2 * scene->model_count;
    calo_glr_group *all = CALO_ARENA_TAKE(&build->arena, calo_glr_group, count, "groups of copies", err);
    scene->groups = CALO_ARENA_TAKE(&scene->arena, calo_glr_group, count, "groups of copies", err);
    scene->copies = CALO_ARENA_TAKE(&scene->arena, calo_glr_copy, list->draw_count, "copies", err);
    if (!all || !scene->groups || !scene->copies)
        return calo_failed(err);
    for (uint32_t d = 0; d < list->draw_count; d++)
        if (list->draws[d].element_count)
            all[group_of(build, model_of, d)].copy_count++;
    for (uint32_t g = 0; g < count; g++) {
        const calo_draw *draw = &list->draws[build->model_draws[g / 2]];
        all[g] = (calo_glr_group){.model = g / 2, .material = draw->material, .material_id = draw->material_id,
                                  .first_copy = scene->copy_count, .copy_count = all[g].copy_count,
                                  .mirrored = g % 2, .unlit = draw->unlit, .casts = calo_draw_casts(draw)};
        scene->copy_count += all[g].copy_count;
        all[g].copy_count = 0;
    }
    for (uint32_t d = 0; d < list->draw_count; d++) {
        calo_glr_group *group = &all[group_of(build, model_of, d)];
        if (!list->draws[d].element_count)
            continue;
        place_copy(&list->draws[d], &scene->copies[group->first_copy + group->copy_count++]);
    }
    sort_groups(build, all, count);
    return CALO_OK;
}

/* The sphere around the box around all copies. */
static void find_bounds(calo_glr_scene *scene)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY}, half[3];
    for (uint32_t i = 0; i < scene->copy_count; i++)
        for (int c = 0; c < 3; c++) {
            low[c] = fmin(low[c], scene->copies[i].center[c] - scene->copies[i].radius);
            high[c] = fmax(high[c], scene->copies[i].center[c] + scene->copies[i].radius);
        }
    for (int c = 0; c < 3 && scene->copy_count; c++) {
        scene->center[c] = 0.5 * (low[c] + high[c]);
        half[c] = 0.5 * (high[c] - low[c]);
    }
    scene->radius = scene->copy_count ? calo_length3(half) : 0;
}

/* ---- all of it ---- */

static calo_status upload_scene(calo_glr_device *device, void *user, calo_error *err)
{
    (void)device;
    const calo_glr_upload *upload = user;
    calo_status status = calo_glr_models_upload(upload, err);
    if (status == CALO_OK)
        status = calo_glr_textures_upload(upload, err);
    if (status == CALO_OK)
        status = calo_glr_materials_upload(upload, err);
    if (status == CALO_OK)
        status = calo_glr_light_upload(upload, err);
    return status == CALO_OK ? calo_glr_shadows_upload(upload, err) : status;
}

static calo_status build_scene(scene_build *build, calo_error *err)
{
    calo_glr_scene *scene = build->scene;
    calo_status status = calo_draw_list_init(&build->list, build->pose, build->prepare, &build->arena, err);
    if (status == CALO_OK)
        status = list_materials(build, err);
    if (status == CALO_OK)
        status = make_chains(build, err);
    if (status == CALO_OK)
        status = calo_draw_list_add_draws(&build->list, build->pose, build->prepare, &build->arena, err);
    if (status == CALO_OK)
        status = list_copies(build, err);
    if (status == CALO_OK)
        status = calo_environment_make(build->prepare->lighting, &build->arena, build->options->threads,
                                       &build->environment, err);
    if (status == CALO_OK)
        status = calo_shadows_find(&build->list, build->prepare->lighting, &build->arena, &build->shadows, err);
    if (status != CALO_OK)
        return status;
    find_bounds(scene);
    calo_glr_upload upload = {
        .scene = scene, .source = build->pose->scene, .list = &build->list,
        .model_draws = build->model_draws, .environment = &build->environment, .shadows = &build->shadows,
        .chains = build->chains, .chain_texels = build->chain_texels,
    };
    return calo_glr_device_call(scene->device, "bringing a scene to the device", upload_scene, &upload, err);
}

calo_status calo_glr_scene_prepare(calo_gl_kind kind, const calo_pose *pose, const calo_prepare_options *prepare,
                                   const calo_backend_options *options, void **out, calo_error *err)
{
    *out = NULL;
    calo_glr_scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return calo_fail_memory(err, "a prepared scene", sizeof *scene);
    scene_build build = {.pose = pose, .prepare = prepare, .options = options, .scene = scene};
    calo_arena_init(&scene->arena, prepare->limits->max_memory_bytes);
    calo_arena_init(&build.arena, prepare->limits->max_memory_bytes);
    calo_status status = calo_glr_device_acquire(kind, &scene->device, err);
    if (status == CALO_OK)
        status = build_scene(&build, err);
    for (uint32_t i = 0; build.chain_arenas && i < scene->texture_count; i++)
        calo_arena_finish(&build.chain_arenas[i]);
    calo_arena_finish(&build.arena);
    if (status != CALO_OK) {
        calo_glr_scene_release(scene);
        return status;
    }
    *out = scene;
    return CALO_OK;
}

static calo_status drop_scene(calo_glr_device *device, void *user, calo_error *err)
{
    (void)err;
    const calo_glr_functions *gl = &device->gl;
    calo_glr_scene *scene = user;
    for (uint32_t i = 0; scene->models && i < scene->model_count; i++) {
        const calo_glr_model *model = &scene->models[i];
        gl->DeleteVertexArrays(1, &model->array);
        gl->DeleteBuffers(3, (GLuint[]){model->vertices, model->indices, model->face_buffer});
        gl->DeleteTextures(1, &model->faces);
    }
    for (uint32_t i = 0; scene->textures && i < scene->texture_count; i++) {
        gl->DeleteTextures(1, &scene->textures[i].name);
        gl->DeleteSamplers(1, &scene->textures[i].sampler);
    }
    gl->DeleteBuffers(3, (GLuint[]){scene->material_buffer, scene->light_buffer, scene->lamp_buffer});
    gl->DeleteTextures(4, (GLuint[]){scene->light_maps, scene->lamp_texture, scene->picture_texture,
                                     scene->shadow_maps});
    return CALO_OK;
}

void calo_glr_scene_release(void *pointer)
{
    calo_glr_scene *scene = pointer;
    /* A device that is lost has no objects any more. */
    if (scene->device)
        calo_glr_device_call(scene->device, "dropping a scene", drop_scene, scene, NULL);
    calo_glr_device_release(scene->device);
    calo_arena_finish(&scene->arena);
    free(scene);
}
