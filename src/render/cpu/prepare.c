#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "render/cpu/shadow_memory.h"

/* ---- materials and textures ---- */

typedef struct prepare_job {
    const calo_pose *pose;
    const calo_prepare_options *prepare;
    const calo_backend_options *options;
    calo_cpu_scene *scene;
    calo_sharing sharing;
    /* By texture of the scene: */
    calo_cpu_shared_texture **textures;
    const calo_texture **samplers;
    bool *textures_made; /* are to be filtered: nobody had them */
} prepare_job;

/* Room for two chains a texture of the file: one that is used both as colour and as data gets two. */
static calo_status take_texture_lists(prepare_job *job, calo_error *err)
{
    calo_arena *arena = &job->scene->arena;
    uint64_t most = 2ull * job->pose->scene->texture_count;
    job->textures = CALO_ARENA_TAKE(arena, calo_cpu_shared_texture *, most, "textures", err);
    job->samplers = CALO_ARENA_TAKE(arena, const calo_texture *, most, "textures", err);
    job->textures_made = CALO_ARENA_TAKE(arena, bool, most, "textures", err);
    return job->textures && job->samplers && job->textures_made ? CALO_OK : calo_failed(err);
}

static calo_status take_texture(prepare_job *job, uint32_t texture, bool srgb, int32_t *index, calo_error *err)
{
    const calo_scene *source = job->pose->scene;
    calo_cpu_scene *scene = job->scene;
    calo_shared_key key = calo_texture_key(source, &source->textures[texture], srgb);
    uint32_t own = scene->texture_count;
    job->textures[own] = calo_sharing_take(&job->sharing, &key, sizeof *job->textures[own], &job->textures_made[own], err);
    if (!job->textures[own])
        return calo_failed(err);
    job->samplers[own] = &source->textures[texture];
    *index = (int32_t)scene->texture_count++;
    return CALO_OK;
}

/* Display-referred shadings filter colours as data, too. */
static calo_status prepare_materials(prepare_job *job, calo_error *err)
{
    const calo_scene *source = job->pose->scene;
    calo_cpu_scene *scene = job->scene;
    const calo_draw_list *list = &scene->list;
    scene->materials = CALO_ARENA_TAKE(&scene->arena, calo_cpu_material, list->material_count, "materials", err);
    int32_t *used = CALO_ARENA_TAKE(&scene->arena, int32_t, 2ull * source->texture_count, "textures", err);
    calo_status status = take_texture_lists(job, err);
    if (!scene->materials || !used || status != CALO_OK)
        return calo_failed(err);
    memset(used, -1, 2 * sizeof *used * source->texture_count);
    for (uint32_t m = 0; m < list->material_count; m++) {
        calo_cpu_material *material = &scene->materials[m];
        material->source = list->materials[m];
        for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
            const calo_texture_use *use = &material->source.slots[slot];
            material->textures[slot] = -1;
            if (use->texture < 0)
                continue;
            bool srgb = calo_slot_is_srgb((calo_material_slot)slot) && list->shading == CALO_SHADING_GLTF;
            int32_t *index = &used[2 * use->texture + srgb];
            if (*index < 0)
                status = take_texture(job, (uint32_t)use->texture, srgb, index, err);
            if (status != CALO_OK)
                return status;
            material->textures[slot] = *index;
            material->shaded_uv[use->uv_set] = true;
        }
    }
    return CALO_OK;
}

static calo_status make_texture(const prepare_job *job, size_t index, calo_error *err)
{
    const calo_texture *sampler = job->samplers[index];
    calo_cpu_shared_texture *texture = job->textures[index];
    bool srgb = texture->shared.key.parameters[CALO_TEXTURE_USE];
    return calo_mip_chain_make(&job->pose->scene->images[sampler->image], sampler, srgb, job->options->cache,
                               &texture->shared.arena, &texture->chain, err);
}

/* ---- geometry ---- */

/* Blended layers of equal depth lie over one another in the file's order, which sorting and simplifying would lose.
 * Edges are the mesh's own: simplified ones would not show it. */
static calo_cpu_geometry_input geometry_input(const prepare_job *job, const calo_cpu_draw *draw)
{
    const calo_cpu_material *material = &job->scene->materials[draw->shared.material];
    bool blended = draw->shared.alpha_mode == CALO_ALPHA_BLEND;
    calo_cpu_geometry_input input = {
        .draw = draw, .keep_order = blended, .threads = job->options->threads, .cache = job->options->cache,
        .level_of_detail = job->scene->lod_pixels > 0 && !blended && !draw->shared.wireframe,
    };
    memcpy(input.compares_uv, material->shaded_uv, sizeof input.compares_uv);
    return input;
}

static calo_shared_key geometry_key(const calo_cpu_geometry_input *input)
{
    calo_shared_key key = calo_draw_key(&input->draw->shared, CALO_SHARED_GEOMETRY);
    uint32_t *parameters = key.parameters + CALO_DRAW_PARAMETERS;
    parameters[0] = input->keep_order;
    parameters[1] = input->level_of_detail;
    parameters[2] = input->level_of_detail ? input->compares_uv[0] | (uint32_t)input->compares_uv[1] << 1 : 0;
    return key;
}

/* The scene has its own list of what the geometry has, for its own indices. */
static calo_status take_geometry(prepare_job *job, calo_cpu_draw *draw, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    calo_cpu_geometry_input input = geometry_input(job, draw);
    calo_shared_key key = geometry_key(&input);
    bool made;
    calo_cpu_shared_geometry *thing = calo_sharing_take(&job->sharing, &key, sizeof *thing, &made, err);
    calo_cpu_geometry *geometry = CALO_ARENA_TAKE(&scene->arena, calo_cpu_geometry, 1, "geometry", err);
    if (!thing || !geometry)
        return calo_failed(err);
    calo_status status = CALO_OK;
    if (made)
        status = calo_cpu_geometry_make(&input, &thing->shared.arena, &thing->geometry, err);
    if (made && status == CALO_OK)
        status = calo_sharing_count(&job->sharing, &thing->shared, err);
    if (status != CALO_OK)
        return status;
    *geometry = thing->geometry;
    if (!geometry->indices)
        geometry->indices = draw->shared.primitive->indices;
    draw->geometry = geometry;
    draw->element_count += geometry->simplified_count;
    if (geometry->cluster_count > scene->max_clusters)
        scene->max_clusters = geometry->cluster_count;
    if (geometry->groups.count > scene->max_groups)
        scene->max_groups = geometry->groups.count;
    return CALO_OK;
}

/* What the kernels' 32-bit numbers reach: three indices an element, half a cache line a vertex. */
enum { ELEMENTS_MAX = INT32_MAX / 3, VERTICES_MAX = INT32_MAX / (int32_t)sizeof(calo_cpu_vertex) * 4 };

static calo_status take_ids(const calo_scene *source, calo_cpu_draw *draw, uint64_t *next_id, calo_error *err)
{
    if (draw->element_count > ELEMENTS_MAX || draw->shared.primitive->vertex_count > VERTICES_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT,
                         "%s has a mesh of %u elements and %u vertices: up to %d and %d can be drawn; split it",
                         source->path, draw->element_count, draw->shared.primitive->vertex_count, (int)ELEMENTS_MAX,
                         (int)VERTICES_MAX);
    draw->first_id = (uint32_t)*next_id;
    *next_id += ((uint64_t)draw->element_count + CALO_CPU_ID_BLOCK - 1) / CALO_CPU_ID_BLOCK * CALO_CPU_ID_BLOCK;
    if (*next_id > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has more than 4 billion elements, instances counted", source->path);
    return CALO_OK;
}

/* A copy shares its model's geometry. */
static calo_status add_draw(prepare_job *job, const calo_draw *shared, uint64_t *next_id, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    calo_cpu_draw *draw = &scene->draws[scene->draw_count];
    const calo_cpu_draw *model = &scene->draws[shared->model];
    bool is_copy = shared->model != scene->draw_count++;
    *draw = (calo_cpu_draw){.shared = *shared, .element_count = shared->element_count};
    calo_status status = CALO_OK;
    if (is_copy) {
        draw->geometry = model->geometry;
        draw->element_count = model->element_count;
    } else {
        status = take_geometry(job, draw, err);
    }
    return status == CALO_OK ? take_ids(job->pose->scene, draw, next_id, err) : status;
}

/* Where leaving out what is hidden can pay for looking for it. */
static bool has_depth(const calo_cpu_scene *scene)
{
    enum { DRAWS_MIN = 16, CLUSTERS_MIN = 1024 };
    uint64_t clusters = 0;
    for (uint32_t d = 0; d < scene->draw_count; d++)
        clusters += scene->draws[d].geometry->cluster_count;
    return scene->draw_count >= DRAWS_MIN && clusters >= CLUSTERS_MIN;
}

static bool has_first_ids(const calo_cpu_scene *scene, const uint32_t *first_ids)
{
    for (uint32_t d = 0; d < scene->draw_count; d++)
        if (scene->draws[d].first_id != first_ids[d])
            return false;
    return true;
}

static calo_status fill_blocks(const calo_cpu_scene *scene, uint32_t block_count, calo_cpu_shared_blocks *blocks,
                               calo_error *err)
{
    calo_arena *arena = &blocks->shared.arena;
    uint32_t *first_ids = CALO_ARENA_TAKE(arena, uint32_t, scene->draw_count, "element ids", err);
    uint32_t *draw_of_block = CALO_ARENA_TAKE(arena, uint32_t, block_count, "element ids", err);
    if (!first_ids || !draw_of_block)
        return calo_failed(err);
    for (uint32_t d = 0; d < scene->draw_count; d++) {
        const calo_cpu_draw *draw = &scene->draws[d];
        first_ids[d] = draw->first_id;
        for (uint32_t e = 0; e < draw->element_count; e += CALO_CPU_ID_BLOCK)
            draw_of_block[(draw->first_id + e) / CALO_CPU_ID_BLOCK] = d;
    }
    blocks->first_ids = first_ids;
    blocks->draw_of_block = draw_of_block;
    return CALO_OK;
}

/* Where the first ids are the same, so are the blocks. */
static calo_status take_blocks(prepare_job *job, uint32_t block_count, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    calo_shared_key key = {.kind = CALO_SHARED_BLOCKS, .parameters = {scene->draw_count, block_count}};
    bool made;
    calo_cpu_shared_blocks *blocks = calo_sharing_take(&job->sharing, &key, sizeof *blocks, &made, err);
    if (blocks && !made && !has_first_ids(scene, blocks->first_ids)) {
        key.own = 1;
        blocks = calo_sharing_take(&job->sharing, &key, sizeof *blocks, &made, err);
    }
    if (!blocks)
        return calo_failed(err);
    calo_status status = made ? fill_blocks(scene, block_count, blocks, err) : CALO_OK;
    if (made && status == CALO_OK)
        status = calo_sharing_count(&job->sharing, &blocks->shared, err);
    scene->draw_of_block = blocks->draw_of_block;
    return status;
}

static calo_status prepare_draws(prepare_job *job, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    uint64_t next_id = CALO_CPU_ID_BLOCK; /* block 0 means nothing */
    calo_status status = calo_draw_list_add_draws(&scene->list, job->pose, job->prepare, &scene->arena,
                                                  &job->sharing, err);
    if (status != CALO_OK)
        return status;
    scene->draws = CALO_ARENA_TAKE(&scene->arena, calo_cpu_draw, scene->list.draw_count, "the list of draws", err);
    if (!scene->draws)
        return calo_failed(err);
    for (uint32_t d = 0; status == CALO_OK && d < scene->list.draw_count; d++)
        status = add_draw(job, &scene->list.draws[d], &next_id, err);
    if (status == CALO_OK)
        status = take_blocks(job, (uint32_t)(next_id / CALO_CPU_ID_BLOCK), err);
    if (status == CALO_OK)
        scene->in_depth = has_depth(scene);
    return status;
}

/* ---- all of it ---- */

/* The draws, which take longest, and beside them each texture that is to be made. Levels of detail share their own work
 * out. */
static calo_status prepare_part(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    prepare_job *job = user;
    if (index == 0)
        return prepare_draws(job, err);
    return job->textures_made[index - 1] ? make_texture(job, index - 1, err) : CALO_OK;
}

static calo_status prepare_parts(prepare_job *job, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    uint32_t parts = 1;
    scene->textures = CALO_ARENA_TAKE(&scene->arena, calo_mip_chain, scene->texture_count, "textures", err);
    if (!scene->textures)
        return calo_failed(err);
    for (uint32_t i = 0; i < scene->texture_count; i++)
        parts = job->textures_made[i] ? i + 2 : parts;
    calo_status status = calo_thread_for(job->options->threads, parts, prepare_part, job, err);
    for (uint32_t i = 0; status == CALO_OK && i < scene->texture_count; i++) {
        scene->textures[i] = job->textures[i]->chain;
        if (job->textures_made[i])
            status = calo_sharing_count(&job->sharing, &job->textures[i]->shared, err);
    }
    return status;
}

static calo_status prepare_environment(prepare_job *job, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    scene->environment = calo_environment_of(job->prepare->lighting);
    /* As mere background it needs no maps. */
    if (!scene->environment.image || scene->list.shading == CALO_SHADING_MUJOCO)
        return CALO_OK;
    calo_shared_key key = calo_environment_key(&scene->environment);
    bool made;
    calo_cpu_shared_maps *thing = calo_sharing_take(&job->sharing, &key, sizeof *thing, &made, err);
    if (!thing)
        return calo_failed(err);
    calo_status status = CALO_OK;
    if (made)
        status = calo_environment_filter(&scene->environment, &thing->shared.arena, job->options->threads, &thing->maps,
                                         err);
    if (made && status == CALO_OK)
        status = calo_sharing_count(&job->sharing, &thing->shared, err);
    scene->environment.maps = thing->maps;
    return status;
}

static calo_status prepare_codes(prepare_job *job, calo_error *err)
{
    const calo_shared_key key = {.kind = CALO_SHARED_CODES};
    bool made;
    calo_cpu_shared_codes *codes = calo_sharing_take(&job->sharing, &key, sizeof *codes, &made, err);
    if (!codes)
        return calo_failed(err);
    if (made)
        calo_srgb_make_table(codes->srgb);
    job->scene->srgb_table = codes->srgb;
    return made ? calo_sharing_count(&job->sharing, &codes->shared, err) : CALO_OK;
}

static calo_status fill_scene(prepare_job *job, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    calo_status status = calo_draw_list_init(&scene->list, job->pose, job->prepare, &scene->arena, err);
    if (status == CALO_OK)
        status = prepare_codes(job, err);
    if (status == CALO_OK)
        status = prepare_materials(job, err);
    if (status == CALO_OK)
        status = prepare_parts(job, err);
    if (status == CALO_OK)
        status = prepare_environment(job, err);
    if (status == CALO_OK)
        status = calo_cpu_shadows_make(scene, job->prepare->lighting, job->options->threads, &job->sharing, err);
    return status;
}

calo_status calo_cpu_scene_prepare(const calo_pose *pose, const calo_prepare_options *prepare,
                                   const calo_backend_options *options, const void *reused, void **out, calo_error *err)
{
    *out = NULL;
    calo_cpu_scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return calo_fail_memory(err, "a prepared scene", sizeof *scene);
    prepare_job job = {.pose = pose, .prepare = prepare, .options = options, .scene = scene};
    const calo_cpu_scene *before = reused;
    calo_arena_init(&scene->arena, prepare->limits->max_memory_bytes);
    scene->lod_pixels = options->lod_pixels;
    calo_status status = calo_sharing_begin(&job.sharing, before ? &before->shared : NULL, &scene->shared, &scene->arena,
                                            err);
    if (status == CALO_OK)
        status = fill_scene(&job, err);
    calo_sharing_finish(&job.sharing);
    if (status != CALO_OK) {
        calo_cpu_scene_release(scene);
        return status;
    }
    *out = scene;
    return CALO_OK;
}

void calo_cpu_scene_release(void *pointer)
{
    calo_cpu_scene *scene = pointer;
    if (scene->shadow_block)
        calo_cpu_shadow_texels_give_back(scene->shadow_memory, scene->shadow_block);
    uint32_t count = calo_shared_list_let_go(&scene->shared);
    for (uint32_t i = 0; i < count; i++)
        if (scene->shared.things[i]->key.kind == CALO_SHARED_SHADOW_MEMORY)
            calo_cpu_shadow_memory_finish((calo_cpu_shadow_memory *)scene->shared.things[i]);
    calo_shared_list_free(&scene->shared, count);
    calo_arena_finish(&scene->arena);
    free(scene);
}
