#include "input.h"

#include <math.h>
#include <string.h>

#include "base/linear.h"
#include "render/draw_list.h"
#include "scene/deform.h"

/* What a node brings to each of its primitives. */
typedef struct placement {
    int32_t node;
    calo_mat4 to_world;
    bool mirrored;
    uint32_t instance_id;
} placement;

static void transform_directions(const double matrix[3][3], float *values, uint32_t count, uint32_t stride)
{
    for (uint32_t v = 0; v < count; v++, values += stride) {
        double d[3] = {values[0], values[1], values[2]}, out[3];
        for (int i = 0; i < 3; i++)
            out[i] = calo_dot3(matrix[i], d);
        calo_normalize3(out);
        for (int i = 0; i < 3; i++)
            values[i] = (float)out[i];
    }
}

static void transform_points(const calo_mat4 *matrix, float *values, uint32_t count)
{
    for (uint32_t v = 0; v < count; v++, values += 3) {
        double out[3];
        calo_mat4_point(matrix, (double[]){values[0], values[1], values[2]}, out);
        for (int i = 0; i < 3; i++)
            values[i] = (float)out[i];
    }
}

/* Normals go with the cofactors, tangents with the matrix itself. */
static void to_world(const placement *place, float *positions, float *normals, float *tangents, uint32_t count)
{
    double cofactors[3][3], plain[3][3];
    calo_mat4_cofactors(&place->to_world, cofactors);
    for (int i = 0; i < 9; i++) {
        plain[i / 3][i % 3] = place->to_world.m[i / 3][i % 3];
        cofactors[i / 3][i % 3] *= place->mirrored ? -1 : 1;
    }
    transform_points(&place->to_world, positions, count);
    if (normals)
        transform_directions(cofactors, normals, count, 3);
    if (!tangents)
        return;
    transform_directions(plain, tangents, count, 4);
    for (uint32_t v = 0; place->mirrored && v < count; v++)
        tangents[4 * v + 3] = -tangents[4 * v + 3];
}

static float *copy_floats(bench_input *input, const float *from, uint64_t count, calo_error *err)
{
    float *copy = CALO_ARENA_TAKE(&input->arena, float, count, "a benchmark's vertices", err);
    if (copy && from)
        memcpy(copy, from, count * sizeof *copy);
    return copy;
}

/* The base colour's set and transform serve all slots: files that mix them shade differently in the peers. */
static void copy_uvs(const calo_primitive *primitive, const calo_material *material, float *uvs)
{
    const calo_texture_use *use = &material->slots[CALO_SLOT_BASE_COLOR];
    const float *from = primitive->uvs[use->texture >= 0 ? use->uv_set : 0], *t = use->transform;
    for (uint32_t v = 0; from && v < primitive->vertex_count; v++) {
        float u = from[2 * v], w = from[2 * v + 1];
        uvs[2 * v] = use->texture >= 0 ? t[0] * u + t[1] * w + t[2] : u;
        uvs[2 * v + 1] = use->texture >= 0 ? t[3] * u + t[4] * w + t[5] : w;
    }
}

/* Tangents: the file's, or made as the renderer makes them, where a normal map asks for them. */
static calo_status take_vertices(bench_input *input, const calo_primitive *primitive, const placement *place,
                                 bench_mesh *mesh, calo_error *err)
{
    uint64_t count = primitive->vertex_count;
    float *positions = copy_floats(input, primitive->positions, 3 * count, err), *normals = NULL, *tangents = NULL;
    float *uvs = copy_floats(input, NULL, 2 * count, err);
    if (!positions || !uvs)
        return err->status;
    if (primitive->normals && !(normals = copy_floats(input, primitive->normals, 3 * count, err)))
        return err->status;
    if (primitive->tangents && !(tangents = copy_floats(input, primitive->tangents, 4 * count, err)))
        return err->status;
    calo_status status = CALO_OK;
    if (calo_deform_needed(input->pose, place->node, primitive))
        status = calo_deform_primitive(input->pose, place->node, primitive, positions, normals, tangents, err);
    copy_uvs(primitive, &mesh->material, uvs);
    if (status == CALO_OK && !tangents && normals && mesh->material.slots[CALO_SLOT_NORMAL].texture >= 0) {
        const float *made = NULL;
        status = calo_make_tangents(primitive, positions, normals, uvs, &input->arena, &made, err);
        if (status == CALO_OK && made && !(tangents = copy_floats(input, made, 4 * count, err)))
            return err->status;
    }
    if (status != CALO_OK)
        return status;
    to_world(place, positions, normals, tangents, primitive->vertex_count);
    mesh->vertex_count = primitive->vertex_count;
    mesh->positions = positions;
    mesh->normals = normals;
    mesh->tangents = tangents;
    mesh->uvs = uvs;
    return CALO_OK;
}

static calo_status take_indices(bench_input *input, const calo_primitive *primitive, const placement *place,
                                bench_mesh *mesh, calo_error *err)
{
    uint32_t *indices = CALO_ARENA_TAKE(&input->arena, uint32_t, primitive->index_count, "triangles", err);
    if (!indices)
        return err->status;
    memcpy(indices, primitive->indices, sizeof *indices * primitive->index_count);
    for (uint32_t i = 0; place->mirrored && i < primitive->index_count; i += 3) {
        uint32_t swapped = indices[i + 1];
        indices[i + 1] = indices[i + 2];
        indices[i + 2] = swapped;
    }
    mesh->indices = indices;
    mesh->index_count = primitive->index_count;
    return CALO_OK;
}

/* Flat shading: each triangle gets vertices of its own, with its own normal. */
static calo_status split_flat(bench_input *input, bench_mesh *mesh, calo_error *err)
{
    uint64_t count = mesh->index_count;
    float *positions = copy_floats(input, NULL, 3 * count, err), *normals = copy_floats(input, NULL, 3 * count, err);
    float *uvs = copy_floats(input, NULL, 2 * count, err);
    uint32_t *indices = CALO_ARENA_TAKE(&input->arena, uint32_t, count, "triangles", err);
    if (!positions || !normals || !uvs || !indices)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(positions + 3 * i, mesh->positions + 3 * mesh->indices[i], 3 * sizeof *positions);
        memcpy(uvs + 2 * i, mesh->uvs + 2 * mesh->indices[i], 2 * sizeof *uvs);
        indices[i] = i;
    }
    for (uint32_t i = 0; i < count; i += 3) {
        const float *p = positions + 3 * i;
        double a[3], b[3], n[3];
        for (int c = 0; c < 3; c++) {
            a[c] = (double)p[3 + c] - (double)p[c];
            b[c] = (double)p[6 + c] - (double)p[c];
        }
        calo_cross3(a, b, n);
        calo_normalize3(n);
        for (int c = 0; c < 9; c++)
            normals[3 * i + c] = (float)n[c % 3];
    }
    mesh->vertex_count = mesh->index_count;
    mesh->positions = positions;
    mesh->normals = normals;
    mesh->uvs = uvs;
    mesh->indices = indices;
    return CALO_OK;
}

static calo_status add_primitive(bench_input *input, const calo_primitive *primitive, const placement *node_place,
                                 calo_error *err)
{
    if (primitive->topology != CALO_TRIANGLES)
        return CALO_OK;
    bench_mesh *mesh = &input->meshes[input->mesh_count++];
    placement place = *node_place;
    if (calo_deform_is_skinned(input->pose, place.node, primitive))
        place.to_world = calo_mat4_identity();
    place.mirrored = calo_mat4_determinant3(&place.to_world) < 0;
    mesh->instance_id = place.instance_id;
    mesh->material = primitive->material >= 0 ? input->scene->materials[primitive->material]
                                              : calo_material_plain(primitive->colors != NULL);
    calo_status status = take_vertices(input, primitive, &place, mesh, err);
    if (status == CALO_OK)
        status = take_indices(input, primitive, &place, mesh, err);
    if (status == CALO_OK && !mesh->normals)
        status = split_flat(input, mesh, err);
    input->triangle_count += mesh->index_count / 3;
    return status;
}

static calo_status add_node(bench_input *input, uint32_t index, uint32_t *instance_id, calo_error *err)
{
    const calo_node *node = &input->scene->nodes[index];
    if (!node->visible || node->mesh < 0)
        return CALO_OK;
    const calo_mesh *mesh = &input->scene->meshes[node->mesh];
    for (uint32_t copy = 0; copy < (node->instance_count ? node->instance_count : 1); copy++) {
        placement place = {.node = (int32_t)index, .to_world = input->pose->node_to_world[index],
                           .instance_id = ++*instance_id};
        if (node->instance_count)
            place.to_world = calo_mat4_multiply(&place.to_world, &node->instances[copy]);
        for (uint32_t p = 0; p < mesh->primitive_count; p++) {
            calo_status status = add_primitive(input, &mesh->primitives[p], &place, err);
            if (status != CALO_OK)
                return status;
        }
    }
    return CALO_OK;
}

static calo_status add_meshes(bench_input *input, calo_error *err)
{
    uint64_t capacity = 0;
    uint32_t instance_id = 0;
    for (uint32_t n = 0; n < input->scene->node_count; n++) {
        const calo_node *node = &input->scene->nodes[n];
        if (node->mesh >= 0)
            capacity += (uint64_t)input->scene->meshes[node->mesh].primitive_count *
                        (node->instance_count ? node->instance_count : 1);
    }
    input->meshes = CALO_ARENA_TAKE(&input->arena, bench_mesh, capacity, "meshes", err);
    if (!input->meshes)
        return err->status;
    for (uint32_t n = 0; n < input->scene->node_count; n++) {
        calo_status status = add_node(input, n, &instance_id, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* White light from all around, and a sun from above, behind the viewer's right shoulder for half of
 * the views; together just below white, so that clipping hides no difference. */
static void set_lighting(bench_input *input)
{
    double direction[3] = {-0.5, 0.6, -0.7};
    calo_normalize3(direction);
    input->sun = (calo_scene_light){
        .light = {.name = "sun", .kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 1, 1}, .intensity = 1.2f}};
    memcpy(input->sun.direction, direction, sizeof direction);
    input->lighting = (calo_lighting){.environment_strength = 0.6f, .lights = &input->sun, .light_count = 1};
}

calo_status bench_input_load(const char *path, bench_input *input, calo_error *err)
{
    double low[3], high[3], scale, translation[3];
    memset(input, 0, sizeof *input);
    calo_status status = calo_scene_load(path, NULL, &input->scene, err);
    if (status == CALO_OK)
        status = calo_pose_create(input->scene, NULL, &input->pose, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(input->pose, low, high, err);
    if (status != CALO_OK)
        return status;
    calo_fit_normalization(CALO_FIT_UNIT_CUBE, low, high, &scale, translation);
    calo_mat4 root = {{{scale, 0, 0, translation[0]}, {0, scale, 0, translation[1]}, {0, 0, scale, translation[2]},
                       {0, 0, 0, 1}}};
    calo_pose_destroy(input->pose);
    input->pose = NULL;
    status = calo_pose_create(input->scene, &(calo_pose_options){.root = &root}, &input->pose, err);
    set_lighting(input);
    return status == CALO_OK ? add_meshes(input, err) : status;
}

void bench_input_finish(bench_input *input)
{
    calo_arena_finish(&input->arena);
    calo_pose_destroy(input->pose);
    calo_scene_destroy(input->scene);
}

calo_status bench_views_make(uint32_t size, uint32_t count, calo_view_set *views, calo_error *err)
{
    calo_view_options options = {.preset = "objaverse-xl", .count = count, .width = size, .height = size, .seed = 1};
    return calo_view_set_make(&options, views, err);
}

const calo_scene_image *bench_material_image(const bench_input *input, const calo_material *material,
                                             calo_material_slot slot)
{
    int32_t texture = material->slots[slot].texture;
    return texture >= 0 ? &input->scene->images[input->scene->textures[texture].image] : NULL;
}

calo_status bench_drop_frame(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)user;
    (void)index;
    (void)frame;
    (void)err;
    return CALO_OK;
}
