#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "render/cpu/scene.h"

/* ---- materials and textures ---- */

typedef struct prepare_job {
    const calo_pose *pose;
    const calo_prepare_options *prepare;
    const calo_backend_options *options;
    calo_cpu_scene *scene;
    int32_t *used; /* two an entry of the source's textures: its index as linear and as sRGB, or -1 */
} prepare_job;

/* A texture that is used both as colour and as data gets two mip chains. pyrender filters colours as data, too, and
 * decodes them then. */
static calo_status prepare_materials(prepare_job *job, calo_error *err)
{
    const calo_scene *source = job->pose->scene;
    calo_cpu_scene *scene = job->scene;
    const calo_draw_list *list = &scene->list;
    scene->materials = CALO_ARENA_TAKE(&scene->arena, calo_cpu_material, list->material_count, "materials", err);
    int32_t *used = CALO_ARENA_TAKE(&scene->arena, int32_t, 2ull * source->texture_count, "textures", err);
    if (!scene->materials || !used)
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
                *index = (int32_t)scene->texture_count++;
            material->textures[slot] = *index;
            material->shaded_uv[use->uv_set] = true;
        }
    }
    job->used = used;
    return CALO_OK;
}

static calo_status prepare_texture(const prepare_job *job, size_t index, calo_error *err)
{
    const calo_scene *source = job->pose->scene;
    const calo_texture *sampler = &source->textures[index / 2];
    int32_t target = job->used[index];
    if (target < 0)
        return CALO_OK;
    calo_arena *arena = &job->scene->texture_arenas[target];
    calo_arena_init(arena, job->prepare->limits->max_memory_bytes);
    return calo_mip_chain_make(&source->images[sampler->image], sampler, index % 2, job->options->cache, arena,
                                 &job->scene->textures[target], err);
}

/* ---- geometry ---- */

/* Blended layers of equal depth lie over one another in the file's order, which sorting and simplifying would lose.
 * Edges are the mesh's own: simplified ones would not show it. */
static calo_status make_geometry(calo_cpu_scene *scene, calo_cpu_draw *draw, const calo_backend_options *options,
                                 calo_error *err)
{
    const calo_cpu_material *material = &scene->materials[draw->shared.material];
    bool blended = draw->shared.alpha_mode == CALO_ALPHA_BLEND;
    calo_cpu_geometry_input input = {.draw = draw, .keep_order = blended, .threads = options->threads,
                                     .cache = options->cache,
                                     .level_of_detail = scene->lod_pixels > 0 && !blended && !draw->shared.wireframe};
    memcpy(input.compares_uv, material->shaded_uv, sizeof input.compares_uv);
    calo_status status = calo_cpu_geometry_make(&input, &scene->arena, &draw->geometry, err);
    if (status != CALO_OK)
        return status;
    const calo_cpu_geometry *geometry = draw->geometry;
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
static calo_status add_draw(calo_cpu_scene *scene, const calo_draw *shared, const calo_scene *source,
                            const calo_backend_options *options, uint64_t *next_id, calo_error *err)
{
    calo_cpu_draw *draw = &scene->draws[scene->draw_count];
    const calo_cpu_draw *model = &scene->draws[shared->model];
    bool is_copy = shared->model != scene->draw_count++;
    *draw = (calo_cpu_draw){.shared = *shared, .element_count = shared->element_count};
    calo_status status = CALO_OK;
    if (is_copy) {
        draw->geometry = model->geometry;
        draw->element_count = model->element_count;
    } else {
        status = make_geometry(scene, draw, options, err);
    }
    return status == CALO_OK ? take_ids(source, draw, next_id, err) : status;
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

static calo_status prepare_draws(const prepare_job *job, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    uint64_t next_id = CALO_CPU_ID_BLOCK; /* block 0 means nothing */
    calo_status status = calo_draw_list_add_draws(&scene->list, job->pose, job->prepare, &scene->arena, err);
    if (status != CALO_OK)
        return status;
    scene->draws = CALO_ARENA_TAKE(&scene->arena, calo_cpu_draw, scene->list.draw_count, "the list of draws", err);
    if (!scene->draws)
        return calo_failed(err);
    for (uint32_t d = 0; status == CALO_OK && d < scene->list.draw_count; d++)
        status = add_draw(scene, &scene->list.draws[d], job->pose->scene, job->options, &next_id, err);
    if (status != CALO_OK)
        return status;
    scene->draw_of_block = CALO_ARENA_TAKE(&scene->arena, uint32_t, next_id / CALO_CPU_ID_BLOCK, "element ids", err);
    if (!scene->draw_of_block)
        return calo_failed(err);
    for (uint32_t d = 0; d < scene->draw_count; d++) {
        const calo_cpu_draw *draw = &scene->draws[d];
        for (uint32_t e = 0; e < draw->element_count; e += CALO_CPU_ID_BLOCK)
            scene->draw_of_block[(draw->first_id + e) / CALO_CPU_ID_BLOCK] = d;
    }
    scene->in_depth = has_depth(scene);
    return CALO_OK;
}

/* ---- all of it ---- */

/* The draws, which take longest, and beside them each texture. Levels of detail share their own work out. */
static calo_status prepare_part(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    const prepare_job *job = user;
    return index == 0 ? prepare_draws(job, err) : prepare_texture(job, index - 1, err);
}

static calo_status prepare_parts(prepare_job *job, calo_error *err)
{
    calo_cpu_scene *scene = job->scene;
    scene->textures = CALO_ARENA_TAKE(&scene->arena, calo_mip_chain, scene->texture_count, "textures", err);
    scene->texture_arenas = CALO_ARENA_TAKE(&scene->arena, calo_arena, scene->texture_count, "textures", err);
    if (!scene->textures || !scene->texture_arenas)
        return calo_failed(err);
    return calo_thread_for(job->options->threads, 1 + 2ull * job->pose->scene->texture_count, prepare_part, job, err);
}

calo_status calo_cpu_scene_prepare(const calo_pose *pose, const calo_prepare_options *prepare,
                                   const calo_backend_options *options, void **out, calo_error *err)
{
    *out = NULL;
    calo_cpu_scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return calo_fail_memory(err, "a prepared scene", sizeof *scene);
    prepare_job job = {.pose = pose, .prepare = prepare, .options = options, .scene = scene};
    calo_arena_init(&scene->arena, prepare->limits->max_memory_bytes);
    scene->lod_pixels = options->lod_pixels;
    calo_srgb_make_table(scene->srgb_table);
    calo_status status = calo_draw_list_init(&scene->list, pose, prepare, &scene->arena, err);
    if (status == CALO_OK)
        status = prepare_materials(&job, err);
    if (status == CALO_OK)
        status = prepare_parts(&job, err);
    if (status == CALO_OK)
        status = calo_environment_make(prepare->lighting, &scene->arena, options->threads, &scene->environment, err);
    if (status == CALO_OK)
        status = calo_cpu_shadows_make(scene, prepare->lighting, options->threads, err);
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
    for (uint32_t i = 0; scene->texture_arenas && i < scene->texture_count; i++)
        calo_arena_finish(&scene->texture_arenas[i]);
    calo_arena_finish(&scene->arena);
    free(scene);
}
