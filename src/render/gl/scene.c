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
    calo_sharing sharing;
    calo_draw_list list;
    calo_environment environment;
    calo_glr_shared_maps *maps;
    bool maps_made;
    calo_shadows shadows;
    /* By texture of the scene: */
    calo_glr_shared_texture **textures;
    const calo_texture **samplers;
    calo_mip_chain *chains;   /* of those that are not on the device yet */
    calo_arena *chain_arenas; /* they are filtered side by side */
    bool *textures_made;
    uint32_t *model_draws;
} scene_build;

/* ---- materials and textures ---- */

/* Display-referred shadings filter colours' codes. */
static calo_glr_texels texels_of_slot(calo_material_slot slot, calo_shading shading)
{
    if (calo_slot_is_srgb(slot))
        return shading != CALO_SHADING_GLTF ? CALO_GLR_TEXELS_FINE : CALO_GLR_TEXELS_COLOR;
    return slot == CALO_SLOT_NORMAL ? CALO_GLR_TEXELS_FINE : CALO_GLR_TEXELS_DATA;
}

static calo_status take_texture_lists(scene_build *build, uint64_t most, calo_error *err)
{
    calo_arena *arena = &build->arena;
    build->textures = CALO_ARENA_TAKE(arena, calo_glr_shared_texture *, most, "textures", err);
    build->samplers = CALO_ARENA_TAKE(arena, const calo_texture *, most, "textures", err);
    build->textures_made = CALO_ARENA_TAKE(arena, bool, most, "textures", err);
    return build->textures && build->samplers && build->textures_made ? CALO_OK : calo_failed(err);
}

static calo_status take_texture(scene_build *build, int32_t texture, calo_glr_texels texels, int32_t *index,
                                calo_error *err)
{
    const calo_scene *source = build->pose->scene;
    calo_shared_key key = calo_texture_key(source, &source->textures[texture], texels);
    uint32_t own = build->scene->texture_count;
    build->textures[own] = calo_sharing_take(&build->sharing, &key, sizeof *build->textures[own],
                                             &build->textures_made[own], err);
    if (!build->textures[own])
        return calo_failed(err);
    build->samplers[own] = &source->textures[texture];
    *index = (int32_t)build->scene->texture_count++;
    return CALO_OK;
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
    calo_status status = take_texture_lists(build, uses, err);
    if (!scene->materials || !used || status != CALO_OK)
        return calo_failed(err);
    memset(used, -1, uses * sizeof *used);
    for (uint32_t m = 0; m < scene->material_count; m++) {
        calo_glr_material *material = &scene->materials[m];
        material->source = build->list.materials[m];
        for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
            int32_t texture = material->source.slots[slot].texture;
            calo_glr_texels texels = texels_of_slot((calo_material_slot)slot, scene->shading);
            material->textures[slot] = -1;
            if (texture < 0)
                continue;
            int32_t *index = &used[texture * CALO_GLR_TEXELS_COUNT + (int32_t)texels];
            if (*index < 0)
                status = take_texture(build, texture, texels, index, err);
            if (status != CALO_OK)
                return status;
            material->textures[slot] = *index;
        }
    }
    return CALO_OK;
}

static calo_status make_chain(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    scene_build *build = user;
    const calo_texture *sampler = build->samplers[index];
    bool srgb = build->textures[index]->shared.key.parameters[CALO_TEXTURE_USE] == CALO_GLR_TEXELS_COLOR;
    if (!build->textures_made[index])
        return CALO_OK;
    calo_arena_init(&build->chain_arenas[index], build->prepare->limits->max_memory_bytes);
    return calo_mip_chain_make(&build->pose->scene->images[sampler->image], sampler, srgb, build->options->cache,
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
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->texture_count; i++)
        count = build->textures_made[i] ? i + 1 : count;
    return calo_thread_for(build->options->threads, count, make_chain, build, err);
}

/* The maps are filtered only if they are to be uploaded. */
static calo_status find_environment(scene_build *build, calo_error *err)
{
    build->environment = calo_environment_of(build->prepare->lighting);
    if (!build->environment.image)
        return CALO_OK;
    calo_shared_key key = calo_environment_key(&build->environment);
    bool filtered = build->prepare->shading == CALO_SHADING_GLTF; /* as mere background it needs no maps */
    key.parameters[CALO_ENVIRONMENT_PARAMETERS] = filtered;
    build->maps = calo_sharing_take(&build->sharing, &key, sizeof *build->maps, &build->maps_made, err);
    if (!build->maps)
        return calo_failed(err);
    if (!build->maps_made || !filtered)
        return CALO_OK;
    return calo_environment_filter(&build->environment, &build->arena, build->options->threads, &build->environment.maps,
                                   err);
}

/* ---- copies and groups ---- */

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
            if (!all[g].copy_count || all[g].alpha_mode != (calo_alpha_mode)mode)
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
                                  .mirrored = g % 2, .unlit = draw->unlit, .flat = draw->flat,
                                  .alpha_mode = draw->alpha_mode, .casts = calo_draw_casts(draw)};
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
        status = calo_draw_list_add_draws(&build->list, build->pose, build->prepare, &build->arena, &build->sharing, err);
    if (status == CALO_OK)
        status = list_copies(build, err);
    if (status == CALO_OK)
        status = find_environment(build, err);
    if (status == CALO_OK)
        status = calo_shadows_find(&build->list, build->prepare->lighting, &build->arena, &build->shadows, err);
    if (status != CALO_OK)
        return status;
    find_bounds(scene);
    calo_glr_upload upload = {
        .scene = scene, .source = build->pose->scene, .list = &build->list, .sharing = &build->sharing,
        .model_draws = build->model_draws, .environment = &build->environment, .shadows = &build->shadows,
        .textures = build->textures, .chains = build->chains, .maps = build->maps, .maps_made = build->maps_made,
    };
    return calo_glr_device_call(scene->device, "bringing a scene to the device", upload_scene, &upload, err);
}

calo_status calo_glr_scene_prepare(calo_gl_kind kind, const calo_pose *pose, const calo_prepare_options *prepare,
                                   const calo_backend_options *options, const void *reused, void **out,
                                   calo_error *err)
{
    *out = NULL;
    const calo_glr_scene *before = reused;
    calo_glr_scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return calo_fail_memory(err, "a prepared scene", sizeof *scene);
    scene->shading = prepare->shading;
    scene_build build = {.pose = pose, .prepare = prepare, .options = options, .scene = scene};
    calo_arena_init(&scene->arena, prepare->limits->max_memory_bytes);
    calo_arena_init(&build.arena, prepare->limits->max_memory_bytes);
    calo_status status = calo_glr_device_acquire(kind, &scene->device, err);
    /* Another device's things are of no use: that one was lost. */
    bool reuses = before && before->device == scene->device;
    if (status == CALO_OK)
        status = calo_sharing_begin(&build.sharing, reuses ? &before->shared : NULL, &scene->shared, &scene->arena, err);
    if (status == CALO_OK)
        status = build_scene(&build, err);
    calo_sharing_finish(&build.sharing);
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

/* ---- its end ---- */

static void drop_model(const calo_glr_functions *gl, const calo_glr_model *model)
{
    gl->DeleteVertexArrays(1, &model->array);
    gl->DeleteBuffers(3, (GLuint[]){model->vertices, model->indices, model->face_buffer});
    gl->DeleteTextures(1, &model->faces);
}

static void drop_thing(const calo_glr_functions *gl, const calo_shared *thing)
{
    switch ((calo_shared_kind)thing->key.kind) {
    case CALO_SHARED_GEOMETRY: {
        drop_model(gl, &((const calo_glr_shared_model *)thing)->model);
        return;
    }
    case CALO_SHARED_TEXTURE: {
        const calo_glr_texture *texture = &((const calo_glr_shared_texture *)thing)->texture;
        gl->DeleteTextures(1, &texture->name);
        gl->DeleteSamplers(1, &texture->sampler);
        return;
    }
    case CALO_SHARED_LIGHT: {
        const calo_glr_maps *maps = &((const calo_glr_shared_maps *)thing)->maps;
        gl->DeleteTextures(2, (GLuint[]){maps->texture, maps->picture});
        return;
    }
    case CALO_SHARED_SHAPE:
    case CALO_SHARED_BLOCKS:
    case CALO_SHARED_CODES:
    case CALO_SHARED_SHADOW_MEMORY: return;
    }
}

/* What nobody holds any more is all that the list has. */
static calo_status drop_scene(calo_glr_device *device, void *user, calo_error *err)
{
    (void)err;
    const calo_glr_functions *gl = &device->gl;
    calo_glr_scene *scene = user;
    for (uint32_t i = 0; i < scene->shared.count; i++)
        drop_thing(gl, scene->shared.things[i]);
    gl->DeleteBuffers(3, (GLuint[]){scene->material_buffer, scene->light_buffer, scene->lamp_buffer});
    gl->DeleteTextures(2, (GLuint[]){scene->lamp_texture, scene->shadow_maps});
    return CALO_OK;
}

void calo_glr_scene_release(void *pointer)
{
    calo_glr_scene *scene = pointer;
    uint32_t last = calo_shared_list_let_go(&scene->shared);
    /* A device that is lost has no objects any more. */
    if (scene->device)
        calo_glr_device_call(scene->device, "dropping a scene", drop_scene, scene, NULL);
    calo_glr_device_release(scene->device);
    calo_shared_list_free(&scene->shared, last);
    calo_arena_finish(&scene->arena);
    free(scene);
}
