#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "base/scalar.h"
#include "base/thread.h"
#include "render/cpu/scene.h"
#include "scene/deform.h"

static const bool slot_is_srgb[CALO_SLOT_COUNT] = {
    [CALO_SLOT_BASE_COLOR] = true,
    [CALO_SLOT_SPECULAR_GLOSSINESS] = true,
    [CALO_SLOT_EMISSIVE] = true,
    [CALO_SLOT_SPECULAR_COLOR] = true,
};

/* ---- materials and textures ---- */

typedef struct texture_job {
    const calo_scene *source;
    calo_cpu_scene *scene;
    const int32_t *used; /* two an entry of source->textures: its index as linear and as sRGB, or -1 */
    calo_cache *cache;
    uint64_t max_bytes;
} texture_job;

/* A texture that is used both as colour and as data gets two mip chains. */
static calo_status prepare_materials(const calo_scene *source, calo_cpu_scene *scene, int32_t **used_out,
                                     calo_error *err)
{
    scene->material_count = source->material_count + 2;
    scene->materials = CALO_ARENA_TAKE(&scene->arena, calo_cpu_material, scene->material_count, "materials", err);
    int32_t *used = CALO_ARENA_TAKE(&scene->arena, int32_t, 2ull * source->texture_count, "textures", err);
    if (!scene->materials || !used)
        return calo_failed(err);
    memset(used, -1, 2 * sizeof *used * source->texture_count);
    for (uint32_t m = 0; m < scene->material_count; m++) {
        calo_cpu_material *material = &scene->materials[m];
        material->source = m < source->material_count ? source->materials[m]
                                                      : calo_material_plain(m > source->material_count);
        for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
            const calo_texture_use *use = &material->source.slots[slot];
            material->textures[slot] = -1;
            if (use->texture < 0)
                continue;
            int32_t *index = &used[2 * use->texture + slot_is_srgb[slot]];
            if (*index < 0)
                *index = (int32_t)scene->texture_count++;
            material->textures[slot] = *index;
            material->shaded_uv[use->uv_set] = true;
        }
    }
    *used_out = used;
    return CALO_OK;
}

static calo_status prepare_texture(const texture_job *job, size_t index, calo_error *err)
{
    const calo_texture *sampler = &job->source->textures[index / 2];
    int32_t target = job->used[index];
    if (target < 0)
        return CALO_OK;
    calo_arena_init(&job->scene->texture_arenas[target], job->max_bytes);
    return calo_cpu_texture_make(&job->source->images[sampler->image], sampler, index % 2, job->cache,
                                 &job->scene->texture_arenas[target], &job->scene->textures[target], err);
}

/* ---- geometry ---- */

/* What a node brings to each of its draws. */
typedef struct node_use {
    const calo_pose *pose;
    int32_t node_index;
    calo_mat4 to_world;
    uint32_t instance_id;
    const calo_backend_options *options;
} node_use;

static void bounding_sphere(calo_cpu_draw *draw)
{
    const calo_primitive *primitive = draw->primitive;
    float low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (uint32_t i = 0; i < primitive->index_count; i++) {
        const float *p = draw->positions + 3 * (size_t)primitive->indices[i];
        for (int c = 0; c < 3; c++) {
            low[c] = calo_minf(p[c], low[c]);
            high[c] = calo_maxf(p[c], high[c]);
        }
    }
    double half[3];
    for (int c = 0; c < 3; c++) {
        draw->center[c] = 0.5 * ((double)low[c] + high[c]);
        half[c] = 0.5 * ((double)high[c] - low[c]);
    }
    draw->radius = calo_length3(half);
}

static bool needs_tangents(const calo_cpu_scene *scene, const calo_cpu_draw *draw)
{
    const calo_cpu_material *material = &scene->materials[draw->material];
    return draw->primitive->topology == CALO_TRIANGLES && material->textures[CALO_SLOT_NORMAL] >= 0 &&
           !draw->unlit && draw->normals && !draw->tangents &&
           draw->primitive->uvs[material->source.slots[CALO_SLOT_NORMAL].uv_set];
}

/* Blended layers of equal depth lie over one another in the file's order, which sorting and simplifying would lose. */
static calo_status make_geometry(calo_cpu_scene *scene, calo_cpu_draw *draw, const calo_backend_options *options,
                                 calo_error *err)
{
    const calo_cpu_material *material = &scene->materials[draw->material];
    bool blended = material->source.alpha_mode == CALO_ALPHA_BLEND;
    calo_cpu_geometry_input input = {.draw = draw, .keep_order = blended, .threads = options->threads,
                                     .cache = options->cache,
                                     .level_of_detail = scene->lod_pixels > 0 && !blended};
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

/* The vertices as the pose wants them: the scene's own arrays, or deformed copies. */
static calo_status take_vertices(calo_cpu_scene *scene, const node_use *use, calo_cpu_draw *draw, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    draw->positions = primitive->positions;
    draw->normals = primitive->normals;
    draw->tangents = primitive->tangents;
    if (calo_deform_needed(use->pose, use->node_index, primitive)) {
        uint64_t count = primitive->vertex_count;
        float *positions = CALO_ARENA_TAKE(&scene->arena, float, 3 * count, "deformed vertices", err);
        float *normals = primitive->normals
            ? CALO_ARENA_TAKE(&scene->arena, float, 3 * count, "deformed vertices", err) : NULL;
        float *tangents = primitive->tangents
            ? CALO_ARENA_TAKE(&scene->arena, float, 4 * count, "deformed vertices", err) : NULL;
        if (!positions || (primitive->normals && !normals) || (primitive->tangents && !tangents))
            return calo_failed(err);
        calo_status deformed =
            calo_deform_primitive(use->pose, use->node_index, primitive, positions, normals, tangents, err);
        if (deformed != CALO_OK)
            return deformed;
        draw->positions = positions;
        draw->normals = normals;
        draw->tangents = tangents;
    }
    bounding_sphere(draw);
    calo_status status = make_geometry(scene, draw, use->options, err);
    if (status != CALO_OK || !needs_tangents(scene, draw))
        return status;
    const float *uvs = primitive->uvs[scene->materials[draw->material].source.slots[CALO_SLOT_NORMAL].uv_set];
    return calo_cpu_make_tangents(primitive, draw->positions, draw->normals, uvs, &scene->arena, &draw->tangents, err);
}

static void place(calo_cpu_draw *draw, const calo_mat4 *to_world)
{
    double cofactors[3][3];
    draw->object_to_world = *to_world;
    draw->mirrored = calo_mat4_determinant3(to_world) < 0;
    calo_mat4_cofactors(to_world, cofactors);
    /* Cofactors can be tiny for small scales: only their direction matters. */
    double largest = 0;
    for (int i = 0; i < 9; i++)
        largest = fmax(largest, fabs(cofactors[i / 3][i % 3]));
    double scale = largest > 0 ? (draw->mirrored ? -1 : 1) / largest : 0;
    for (int i = 0; i < 9; i++)
        draw->normal_to_world[i] = (float)(cofactors[i / 3][i % 3] * scale);
}

/* What the kernels' 32-bit numbers reach: three indices an element, half a cache line a vertex. */
enum { ELEMENTS_MAX = INT32_MAX / 3, VERTICES_MAX = INT32_MAX / (int32_t)sizeof(calo_cpu_vertex) * 4 };

static calo_status take_ids(const calo_scene *source, calo_cpu_draw *draw, uint64_t *next_id, calo_error *err)
{
    if (draw->element_count > ELEMENTS_MAX || draw->primitive->vertex_count > VERTICES_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT,
                         "%s has a mesh of %u elements and %u vertices: up to %d and %d can be drawn; split it",
                         source->path, draw->element_count, draw->primitive->vertex_count, (int)ELEMENTS_MAX,
                         (int)VERTICES_MAX);
    draw->first_id = (uint32_t)*next_id;
    *next_id += ((uint64_t)draw->element_count + CALO_CPU_ID_BLOCK - 1) / CALO_CPU_ID_BLOCK * CALO_CPU_ID_BLOCK;
    if (*next_id > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has more than 4 billion elements, instances counted", source->path);
    return CALO_OK;
}

static calo_status add_draw(calo_cpu_scene *scene, const node_use *use, const calo_primitive *primitive,
                            uint64_t *next_id, calo_error *err)
{
    calo_cpu_draw *draw = &scene->draws[scene->draw_count++];
    *draw = (calo_cpu_draw){.primitive = primitive, .instance_id = use->instance_id};
    /* The last two are the plain ones, without and with vertex colours: one id for both. */
    uint32_t plain = scene->material_count - 2;
    draw->material = primitive->material >= 0 ? (uint32_t)primitive->material : plain + (primitive->colors != NULL);
    draw->material_id = (draw->material < plain ? draw->material : plain) + 1;
    const calo_material *material = &scene->materials[draw->material].source;
    draw->unlit = material->unlit || (primitive->topology != CALO_TRIANGLES && !primitive->normals);
    scene->has_blend |= material->alpha_mode == CALO_ALPHA_BLEND;
    uint32_t corners = primitive->topology == CALO_TRIANGLES ? 3 : primitive->topology == CALO_LINES ? 2 : 1;
    draw->element_count = primitive->index_count / corners;
    /* Skinned vertices already stand in the world. */
    calo_mat4 identity = calo_mat4_identity();
    place(draw, calo_deform_is_skinned(use->pose, use->node_index, primitive) ? &identity : &use->to_world);
    calo_status status = take_vertices(scene, use, draw, err);
    return status == CALO_OK ? take_ids(use->pose->scene, draw, next_id, err) : status;
}

static uint64_t count_draws(const calo_scene *source)
{
    uint64_t count = 0;
    for (uint32_t n = 0; n < source->node_count; n++) {
        const calo_node *node = &source->nodes[n];
        if (node->visible && node->mesh >= 0)
            count += (uint64_t)source->meshes[node->mesh].primitive_count *
                     (node->instance_count ? node->instance_count : 1);
    }
    return count;
}

/* A copy shares its model's vertices and differs in place and ids only. */
static calo_status add_copy(calo_cpu_scene *scene, const node_use *use, const calo_cpu_draw *model, uint64_t *next_id,
                            calo_error *err)
{
    calo_cpu_draw *draw = &scene->draws[scene->draw_count++];
    *draw = *model;
    draw->instance_id = use->instance_id;
    if (!calo_deform_is_skinned(use->pose, use->node_index, draw->primitive))
        place(draw, &use->to_world);
    return take_ids(use->pose->scene, draw, next_id, err);
}

/* One instance id a node (or GPU instance) that draws something, in file order. */
static calo_status add_node_draws(calo_cpu_scene *scene, const calo_pose *pose, uint32_t index,
                                  const calo_backend_options *options, uint32_t *instance_id, uint64_t *next_id,
                                  calo_error *err)
{
    const calo_node *node = &pose->scene->nodes[index];
    if (!node->visible || node->mesh < 0)
        return CALO_OK;
    const calo_mesh *mesh = &pose->scene->meshes[node->mesh];
    uint32_t copies = node->instance_count ? node->instance_count : 1, first = scene->draw_count;
    for (uint32_t copy = 0; copy < copies; copy++) {
        node_use use = {pose, (int32_t)index, pose->node_to_world[index], ++*instance_id, options};
        if (node->instance_count)
            use.to_world = calo_mat4_multiply(&pose->node_to_world[index], &node->instances[copy]);
        for (uint32_t p = 0; p < mesh->primitive_count; p++) {
            calo_status status = copy == 0 ? add_draw(scene, &use, &mesh->primitives[p], next_id, err)
                                           : add_copy(scene, &use, &scene->draws[first + p], next_id, err);
            if (status != CALO_OK)
                return status;
        }
    }
    return CALO_OK;
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

static calo_status prepare_draws(const calo_pose *pose, calo_cpu_scene *scene, const calo_backend_options *options,
                                 calo_error *err)
{
    uint64_t next_id = CALO_CPU_ID_BLOCK; /* block 0 means nothing */
    uint32_t instance_id = 0;
    scene->draws = CALO_ARENA_TAKE(&scene->arena, calo_cpu_draw, count_draws(pose->scene), "the list of draws", err);
    if (!scene->draws)
        return calo_failed(err);
    for (uint32_t n = 0; n < pose->scene->node_count; n++) {
        calo_status status = add_node_draws(scene, pose, n, options, &instance_id, &next_id, err);
        if (status != CALO_OK)
            return status;
    }
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

/* ---- lights ---- */

static calo_cpu_light make_light(const calo_light *light, const double position[3], const double direction[3])
{
    calo_cpu_light out = {.kind = light->kind, .range = light->range_metres};
    double inner, outer, sine;
    for (int i = 0; i < 3; i++) {
        out.position[i] = (float)position[i];
        out.direction[i] = (float)direction[i];
        out.radiant[i] = light->color[i] * light->intensity;
    }
    /* KHR_lights_punctual's smooth cone edge. */
    calo_sincos(light->inner_cone_radians, &sine, &inner);
    calo_sincos(light->outer_cone_radians, &sine, &outer);
    out.cone_scale = (float)(1 / fmax(1e-3, inner - outer));
    out.cone_offset = (float)(-outer * out.cone_scale);
    return out;
}

static calo_status prepare_lights(const calo_pose *pose, const calo_lighting *lighting, calo_cpu_scene *scene,
                                  calo_error *err)
{
    const calo_scene *source = pose->scene;
    uint64_t capacity = lighting->light_count + (lighting->use_scene_lights ? source->node_count : 0);
    scene->lights = CALO_ARENA_TAKE(&scene->arena, calo_cpu_light, capacity, "lights", err);
    if (!scene->lights)
        return calo_failed(err);
    for (uint32_t i = 0; i < lighting->light_count; i++) {
        const calo_scene_light *light = &lighting->lights[i];
        double direction[3] = {light->direction[0], light->direction[1], light->direction[2]};
        calo_normalize3(direction);
        scene->lights[scene->light_count++] = make_light(&light->light, light->position, direction);
    }
    for (uint32_t n = 0; lighting->use_scene_lights && n < source->node_count; n++) {
        const calo_node *node = &source->nodes[n];
        if (!node->visible || node->light < 0)
            continue;
        const calo_mat4 *m = &pose->node_to_world[n];
        double position[3] = {m->m[0][3], m->m[1][3], m->m[2][3]}, direction[3] = {-m->m[0][2], -m->m[1][2], -m->m[2][2]};
        calo_normalize3(direction);
        scene->lights[scene->light_count++] = make_light(&source->lights[node->light], position, direction);
    }
    return CALO_OK;
}

/* ---- all of it ---- */

typedef struct prepare_job {
    const calo_pose *pose;
    const calo_backend_options *options;
    texture_job textures;
} prepare_job;

/* The draws, which take longest, and beside them each texture. Levels of detail share their own work out. */
static calo_status prepare_part(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    prepare_job *job = user;
    return index == 0 ? prepare_draws(job->pose, job->textures.scene, job->options, err)
                      : prepare_texture(&job->textures, index - 1, err);
}

static calo_status prepare_parts(const calo_pose *pose, calo_cpu_scene *scene, const int32_t *used, uint64_t max_bytes,
                                 const calo_backend_options *options, calo_error *err)
{
    scene->textures = CALO_ARENA_TAKE(&scene->arena, calo_cpu_texture, scene->texture_count, "textures", err);
    scene->texture_arenas = CALO_ARENA_TAKE(&scene->arena, calo_arena, scene->texture_count, "textures", err);
    if (!scene->textures || !scene->texture_arenas)
        return calo_failed(err);
    prepare_job job = {pose, options, {pose->scene, scene, used, options->cache, max_bytes}};
    return calo_thread_for(options->threads, 1 + 2ull * pose->scene->texture_count, prepare_part, &job, err);
}

calo_status calo_cpu_scene_prepare(const calo_pose *pose, const calo_lighting *lighting, const calo_limits *limits,
                                   const calo_backend_options *options, void **out, calo_error *err)
{
    *out = NULL;
    calo_cpu_scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return calo_fail_memory(err, "a prepared scene", sizeof *scene);
    calo_arena_init(&scene->arena, limits->max_memory_bytes);
    scene->lod_pixels = options->lod_pixels;
    calo_srgb_make_table(scene->srgb_table);
    int32_t *used = NULL;
    calo_status status = prepare_materials(pose->scene, scene, &used, err);
    if (status == CALO_OK)
        status = prepare_parts(pose, scene, used, limits->max_memory_bytes, options, err);
    if (status == CALO_OK)
        status = prepare_lights(pose, lighting, scene, err);
    if (status == CALO_OK)
        status = calo_environment_make(lighting, &scene->arena, options->threads, &scene->environment, err);
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
