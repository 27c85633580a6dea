#include "render/draw_list.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "base/scalar.h"
#include "image/color.h"
#include "render/normal_lines.h"
#include "scene/deform.h"
#include "scene/build.h"
#include "scene/instances.h"

bool calo_slot_is_srgb(calo_material_slot slot)
{
    return slot == CALO_SLOT_BASE_COLOR || slot == CALO_SLOT_SPECULAR_GLOSSINESS || slot == CALO_SLOT_EMISSIVE ||
           slot == CALO_SLOT_SPECULAR_COLOR;
}

/* ---- materials ---- */

static calo_material unlit_material(const char *name, uint8_t red, uint8_t green, uint8_t blue)
{
    calo_material material = calo_material_plain(false);
    const uint8_t codes[3] = {red, green, blue};
    material.name = name;
    material.unlit = true;
    for (int i = 0; i < 3; i++)
        material.base_color[i] = calo_linear_from_srgb(codes[i]);
    return material;
}

static calo_status add_materials(calo_draw_list *list, const calo_scene *source, const calo_material *given,
                                 calo_arena *arena, calo_error *err)
{
    list->material_count = source->material_count + CALO_OWN_MATERIALS;
    list->materials = CALO_ARENA_TAKE(arena, calo_material, list->material_count, "materials", err);
    if (!list->materials)
        return calo_failed(err);
    for (uint32_t m = 0; m < source->material_count; m++) {
        list->materials[m] = given ? given[m] : source->materials[m];
        if (given && calo_scene_check_material(source, &given[m], err) != CALO_OK)
            return calo_failed(err);
    }
    calo_material *own = list->materials + source->material_count;
    own[CALO_OWN_PLAIN] = calo_material_plain(false);
    own[CALO_OWN_PLAIN_COLORED] = calo_material_plain(true);
    own[CALO_OWN_VERTEX_NORMALS] = unlit_material("vertex normals", 26, 26, 255);
    own[CALO_OWN_FACE_NORMALS] = unlit_material("face normals", 255, 26, 26);
    return CALO_OK;
}

static calo_status add_phongs(calo_draw_list *list, calo_arena *arena, calo_error *err)
{
    list->phongs = CALO_ARENA_TAKE(arena, calo_phong_surface, list->material_count, "materials", err);
    for (uint32_t m = 0; list->phongs && m < list->material_count; m++)
        list->phongs[m] = calo_phong_surface_of(&list->materials[m]);
    return list->phongs ? CALO_OK : calo_failed(err);
}

/* ---- lamps ---- */

static calo_lamp make_lamp(const calo_light *light, const double position[3], const double direction[3],
                           calo_shading shading)
{
    calo_lamp out = {.kind = light->kind, .range = light->range_metres, .shadow = -1, .headlight = light->headlight,
                     .no_shadow = light->no_shadow || light->headlight};
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
    if (shading == CALO_SHADING_MUJOCO) {
        out.phong = calo_phong_light_of(light);
        out.range = 0;
    }
    return out;
}

static calo_status add_lamps(calo_draw_list *list, const calo_pose *pose, const calo_lighting *lighting, calo_arena *arena,
                             calo_error *err)
{
    const calo_scene *source = pose->scene;
    uint64_t capacity = lighting->light_count + (lighting->use_scene_lights ? source->node_count : 0);
    list->lamps = CALO_ARENA_TAKE(arena, calo_lamp, capacity, "lights", err);
    if (!list->lamps)
        return calo_failed(err);
    for (uint32_t i = 0; i < lighting->light_count; i++) {
        const calo_scene_light *light = &lighting->lights[i];
        double direction[3] = {light->direction[0], light->direction[1], light->direction[2]};
        calo_normalize3(direction);
        list->lamps[list->lamp_count++] = make_lamp(&light->light, light->position, direction, list->shading);
    }
    for (uint32_t n = 0; lighting->use_scene_lights && n < source->node_count; n++) {
        const calo_node *node = &source->nodes[n];
        if (!pose->node_visible[n] || node->light < 0)
            continue;
        const calo_mat4 *m = &pose->node_to_world[n];
        double position[3] = {m->m[0][3], m->m[1][3], m->m[2][3]}, direction[3] = {-m->m[0][2], -m->m[1][2], -m->m[2][2]};
        calo_normalize3(direction);
        list->lamps[list->lamp_count++] = make_lamp(&source->lights[node->light], position, direction, list->shading);
    }
    return CALO_OK;
}

/* ---- draws ---- */

typedef struct list_build {
    calo_draw_list *list;
    const calo_pose *pose;
    const calo_prepare_options *options;
    calo_arena *arena;
    calo_sharing *sharing;
} list_build;

/* What a node brings to each of its draws. */
typedef struct node_use {
    int32_t node_index;
    calo_mat4 to_world;
    uint32_t instance_id;
} node_use;

static void bounding_sphere(const calo_primitive *primitive, const float *positions, double center[3], double *radius)
{
    float low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (uint32_t i = 0; i < primitive->index_count; i++) {
        const float *p = positions + 3 * (size_t)primitive->indices[i];
        for (int c = 0; c < 3; c++) {
            low[c] = calo_minf(p[c], low[c]);
            high[c] = calo_maxf(p[c], high[c]);
        }
    }
    double half[3];
    for (int c = 0; c < 3; c++) {
        center[c] = 0.5 * ((double)low[c] + high[c]);
        half[c] = 0.5 * ((double)high[c] - low[c]);
    }
    *radius = calo_length3(half);
}

/* The UVs that the draw's tangents are to be made of; NULL: none are needed. */
static const float *tangent_uvs(const calo_material *material, const calo_draw *draw)
{
    const calo_texture_use *use = &material->slots[CALO_SLOT_NORMAL];
    bool needed = draw->primitive->topology == CALO_TRIANGLES && use->texture >= 0 && !draw->unlit && draw->normals &&
                  !draw->tangents;
    return needed ? draw->primitive->uvs[use->uv_set] : NULL;
}

static calo_status deform(const list_build *build, const node_use *use, calo_draw *draw, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    uint64_t count = primitive->vertex_count;
    float *normals = NULL, *tangents = NULL;
    float *positions = CALO_ARENA_TAKE(build->arena, float, 3 * count, "deformed vertices", err);
    if (primitive->normals)
        normals = CALO_ARENA_TAKE(build->arena, float, 3 * count, "deformed vertices", err);
    if (primitive->tangents)
        tangents = CALO_ARENA_TAKE(build->arena, float, 4 * count, "deformed vertices", err);
    if (!positions || (primitive->normals && !normals) || (primitive->tangents && !tangents))
        return calo_failed(err);
    draw->positions = positions;
    draw->normals = normals;
    draw->tangents = tangents;
    return calo_deform_primitive(build->pose, use->node_index, primitive, positions, normals, tangents, err);
}

static calo_status take_deformed(const list_build *build, const node_use *use, calo_draw *draw, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    calo_status status = deform(build, use, draw, err);
    if (status != CALO_OK)
        return status;
    bounding_sphere(primitive, draw->positions, draw->center, &draw->radius);
    const float *uvs = tangent_uvs(&build->list->materials[draw->material], draw);
    return uvs ? calo_make_tangents(primitive, draw->positions, draw->normals, uvs, build->arena, &draw->tangents, err)
               : CALO_OK;
}

/* Sizes and arrays are in the key, so that a wrong identity may show, but reads nothing that is not there. */
static calo_shared_key shape_key(const calo_scene *scene, const calo_primitive *primitive, const float *uvs)
{
    uint32_t arrays = (primitive->normals != NULL) | (primitive->tangents != NULL) << 1 | (primitive->uvs[0] != NULL) << 2 |
                      (primitive->uvs[1] != NULL) << 3 | (primitive->colors != NULL) << 4;
    calo_shared_key key = {.identity = primitive->identity, .kind = CALO_SHARED_SHAPE,
                           .parameters = {primitive->vertex_count, primitive->index_count,
                                          arrays | (uint32_t)primitive->topology << 8,
                                          !uvs ? 0 : uvs == primitive->uvs[0] ? 1 : 2}};
    key.owner = primitive->identity ? NULL : scene;
    key.source = primitive->identity ? NULL : primitive;
    return key;
}

static bool colors_are_opaque(const calo_primitive *primitive)
{
    bool opaque = true;
    for (uint32_t i = 0; opaque && primitive->colors && i < primitive->vertex_count; i++)
        opaque = primitive->colors[4 * (size_t)i + 3] >= 1;
    return opaque;
}

static calo_status take_shape(const list_build *build, calo_draw *draw, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    const float *uvs = tangent_uvs(&build->list->materials[draw->material], draw);
    calo_shared_key key = shape_key(build->pose->scene, primitive, uvs);
    bool made;
    calo_shape *shape = calo_sharing_take(build->sharing, &key, sizeof *shape, &made, err);
    if (!shape)
        return calo_failed(err);
    calo_status status = CALO_OK;
    if (made) {
        bounding_sphere(primitive, primitive->positions, shape->center, &shape->radius);
        shape->opaque = colors_are_opaque(primitive);
        if (uvs)
            status = calo_make_tangents(primitive, primitive->positions, primitive->normals, uvs, &shape->shared.arena,
                                        &shape->tangents, err);
        if (status == CALO_OK)
            status = calo_sharing_count(build->sharing, &shape->shared, err);
    }
    memcpy(draw->center, shape->center, sizeof draw->center);
    draw->radius = shape->radius;
    draw->tangents = uvs ? shape->tangents : primitive->tangents;
    draw->shape = shape;
    return status;
}

/* The vertices as the pose wants them: the scene's own arrays, or deformed copies. */
static calo_status take_vertices(const list_build *build, const node_use *use, calo_draw *draw, calo_error *err)
{
    const calo_primitive *primitive = draw->primitive;
    draw->positions = primitive->positions;
    draw->normals = primitive->normals;
    draw->tangents = primitive->tangents;
    return calo_deform_needed(build->pose, use->node_index, primitive) ? take_deformed(build, use, draw, err)
                                                                      : take_shape(build, draw, err);
}

calo_shared_key calo_draw_key(const calo_draw *draw, calo_shared_kind kind)
{
    calo_shared_key key = draw->shape ? draw->shape->shared.key : (calo_shared_key){.own = 1};
    key.kind = kind;
    return key;
}

static void place(calo_draw *draw, const calo_mat4 *to_world)
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

static bool is_wireframe(const calo_material *material, calo_fill fill)
{
    switch (fill) {
    case CALO_FILL_WIREFRAME: return true;
    case CALO_FILL_SOLID: return false;
    case CALO_FILL_FLIPPED: return !material->wireframe;
    case CALO_FILL_MATERIAL: break;
    }
    return material->wireframe;
}

static bool image_is_opaque(const calo_scene *scene, const calo_texture_use *use)
{
    return use->texture < 0 || scene->images[scene->textures[use->texture].image].opaque;
}

/* Blending that never shows costs nothing: what is opaque all over is drawn so. */
static calo_alpha_mode find_alpha_mode(const calo_scene *scene, const calo_material *material, const calo_draw *draw)
{
    bool opaque = material->alpha_mode == CALO_ALPHA_BLEND && material->base_color[3] >= 1 &&
                  image_is_opaque(scene, &material->slots[CALO_SLOT_BASE_COLOR]) &&
                  (draw->shape ? draw->shape->opaque : colors_are_opaque(draw->primitive));
    return opaque ? CALO_ALPHA_OPAQUE : material->alpha_mode;
}

static calo_status add_draw(const list_build *build, const node_use *use, const calo_primitive *primitive,
                            calo_error *err)
{
    calo_draw_list *list = build->list;
    calo_draw *draw = &list->draws[list->draw_count];
    *draw = (calo_draw){.primitive = primitive, .instance_id = use->instance_id, .model = list->draw_count++};
    uint32_t own = build->pose->scene->material_count;
    uint32_t plain = own + (primitive->colors ? CALO_OWN_PLAIN_COLORED : CALO_OWN_PLAIN);
    draw->material = primitive->material >= 0 ? (uint32_t)primitive->material : plain;
    draw->material_id = (primitive->material >= 0 ? draw->material : own) + 1;
    const calo_material *material = &list->materials[draw->material];
    bool triangles = primitive->topology == CALO_TRIANGLES;
    bool pyrender = list->shading == CALO_SHADING_PYRENDER;
    draw->flat = build->options->flat && pyrender;
    /* pyrender lights what has no normals as if it faced the viewer. */
    draw->unlit = build->options->flat || material->unlit || (!triangles && !primitive->normals && !pyrender);
    draw->wireframe = triangles && is_wireframe(material, build->options->fill);
    draw->element_count = primitive->index_count / (triangles ? 3 : primitive->topology == CALO_LINES ? 2 : 1);
    /* Skinned vertices already stand in the world. */
    calo_mat4 identity = calo_mat4_identity();
    place(draw, calo_deform_is_skinned(build->pose, use->node_index, primitive) ? &identity : &use->to_world);
    calo_status status = take_vertices(build, use, draw, err);
    draw->alpha_mode = find_alpha_mode(build->pose->scene, material, draw);
    list->has_blend |= draw->alpha_mode == CALO_ALPHA_BLEND;
    return status;
}

/* A copy shares its model's vertices and differs in place and ids only. */
static void add_copy(const list_build *build, const node_use *use, const calo_draw *model)
{
    calo_draw *draw = &build->list->draws[build->list->draw_count++];
    *draw = *model;
    draw->instance_id = use->instance_id;
    if (!calo_deform_is_skinned(build->pose, use->node_index, draw->primitive))
        place(draw, &use->to_world);
}

/* A draw's normals as lines, where there are any. */
static calo_status add_normal_lines(const list_build *build, const calo_draw *draw, calo_normal_lines kind,
                                    calo_error *err)
{
    calo_draw_list *list = build->list;
    calo_draw *lines = &list->draws[list->draw_count];
    uint32_t own = build->pose->scene->material_count, vertex = kind == CALO_NORMAL_LINES_VERTEX;
    *lines = (calo_draw){.instance_id = draw->instance_id, .unlit = true, .model = list->draw_count,
                         .material = own + (vertex ? CALO_OWN_VERTEX_NORMALS : CALO_OWN_FACE_NORMALS),
                         .material_id = own + (vertex ? 2 : 3)};
    calo_status status = calo_normal_lines_make(draw, kind, build->options->normal_length, build->arena, lines, err);
    if (status != CALO_OK || lines->element_count == 0)
        return status;
    calo_mat4 to_world = lines->object_to_world;
    place(lines, &to_world);
    bounding_sphere(lines->primitive, lines->positions, lines->center, &lines->radius);
    list->draw_count++;
    return CALO_OK;
}

/* Of the draws [first, end). */
static calo_status add_all_normal_lines(const list_build *build, uint32_t first, uint32_t end, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t d = first; d < end; d++) {
        const calo_draw *draw = &build->list->draws[d];
        uint32_t kinds = draw->primitive->topology == CALO_TRIANGLES ? build->options->normal_lines : 0;
        for (uint32_t kind = CALO_NORMAL_LINES_VERTEX; status == CALO_OK && kind <= CALO_NORMAL_LINES_FACE; kind *= 2)
            if (kinds & kind)
                status = add_normal_lines(build, draw, (calo_normal_lines)kind, err);
    }
    return status;
}

/* Mostly one instance id a copy: see scene/instances.h. */
static calo_status add_node_draws(const list_build *build, uint32_t index, uint32_t first_id, calo_error *err)
{
    const calo_pose *pose = build->pose;
    const calo_node *node = &pose->scene->nodes[index];
    uint32_t copies = calo_node_copy_count(node), first = build->list->draw_count;
    for (uint32_t copy = 0; copy < copies; copy++) {
        const calo_mesh *mesh = &pose->scene->meshes[node->mesh];
        uint32_t own_first = build->list->draw_count;
        node_use use = {(int32_t)index, pose->node_to_world[index], first_id + copy * calo_node_id_step(node)};
        if (node->instance_count)
            use.to_world = calo_mat4_multiply(&pose->node_to_world[index], &node->instances[copy]);
        for (uint32_t p = 0; p < mesh->primitive_count; p++) {
            calo_status status = CALO_OK;
            if (copy == 0)
                status = add_draw(build, &use, &mesh->primitives[p], err);
            else
                add_copy(build, &use, &build->list->draws[first + p]);
            if (status != CALO_OK)
                return status;
        }
        calo_status status = add_all_normal_lines(build, own_first, build->list->draw_count, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* At most: not every primitive has normals to be shown. */
static uint64_t count_draws(const calo_pose *pose, uint32_t normal_lines)
{
    const calo_scene *source = pose->scene;
    uint64_t count = 0, each = 1 + (uint64_t)__builtin_popcount(normal_lines);
    for (uint32_t n = 0; n < source->node_count; n++) {
        uint32_t copies = calo_node_copy_count(&source->nodes[n]);
        if (copies && pose->node_visible[n])
            count += each * source->meshes[source->nodes[n].mesh].primitive_count * copies;
    }
    return count;
}

/* ---- all of it ---- */

calo_status calo_draw_list_init(calo_draw_list *list, const calo_pose *pose, const calo_prepare_options *options,
                                calo_arena *arena, calo_error *err)
{
    *list = (calo_draw_list){.shading = options->shading};
    memcpy(list->ambient, options->lighting->ambient_color, sizeof list->ambient);
    calo_status status = add_materials(list, pose->scene, options->materials, arena, err);
    if (status == CALO_OK)
        status = add_lamps(list, pose, options->lighting, arena, err);
    if (status != CALO_OK || list->shading != CALO_SHADING_MUJOCO)
        return status;
    const float *ambient = list->ambient;
    bool dark = list->lamp_count == 0 && ambient[0] == 0 && ambient[1] == 0 && ambient[2] == 0;
    for (int i = 0; dark && i < 3; i++)
        list->ambient[i] = 0.3f;
    return add_phongs(list, arena, err);
}

calo_status calo_draw_list_add_draws(calo_draw_list *list, const calo_pose *pose, const calo_prepare_options *options,
                                     calo_arena *arena, calo_sharing *sharing, calo_error *err)
{
    const list_build build = {list, pose, options, arena, sharing};
    calo_instance_ids ids = calo_instance_ids_start(pose->scene);
    uint64_t capacity = count_draws(pose, options->normal_lines);
    list->draws = CALO_ARENA_TAKE(arena, calo_draw, capacity, "the list of draws", err);
    if (!list->draws)
        return calo_failed(err);
    calo_status status = CALO_OK;
    for (uint32_t n = 0; status == CALO_OK && n < pose->scene->node_count; n++) {
        uint32_t first_id = (uint32_t)calo_instance_ids_take(&ids, &pose->scene->nodes[n]);
        if (pose->node_visible[n])
            status = add_node_draws(&build, n, first_id, err);
    }
    return status;
}
