/* Skins: triangles whose vertices follow bones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "import/mjcf/looks.h"
#include "scene/build.h"

/* More bones pull at a vertex than any real skin has: the weakest are left out. */
enum { MAX_INFLUENCES = 32, INFLUENCES_STEP = 4 };

typedef struct skin_source {
    calo_mjcf_builder *builder;
    uint32_t skin, vertex_count, face_count, bone_count;
    const float *positions, *texcoords;
    const int32_t *faces;
    size_t first_bone;
    const char *name;
    calo_error *err;
} skin_source;

static calo_status fail_memory(const skin_source *s) { return calo_fail_memory(s->err, "a skin", s->vertex_count); }

/* ---- vertices ---- */

/* The sum of the faces around each vertex, by area, of unit length. */
static calo_status make_normals(const skin_source *s, float *normals)
{
    double(*sums)[3] = calloc((size_t)s->vertex_count + 1, sizeof *sums);
    if (!sums)
        return fail_memory(s);
    for (uint32_t f = 0; f < s->face_count; f++) {
        const int32_t *corners = s->faces + 3 * (size_t)f;
        double edges[2][3], cross[3];
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < 3; k++)
                edges[i][k] = (double)s->positions[3 * (size_t)corners[i + 1] + (size_t)k] -
                              (double)s->positions[3 * (size_t)corners[0] + (size_t)k];
        calo_cross3(edges[0], edges[1], cross);
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++)
                sums[corners[i]][k] += cross[k];
    }
    for (uint32_t v = 0; v < s->vertex_count; v++) {
        bool usable = calo_normalize3(sums[v]) > 0 && isfinite(calo_length3(sums[v]));
        for (int k = 0; k < 3; k++)
            normals[3 * (size_t)v + (size_t)k] = usable ? (float)sums[v][k] : (float)(k == 2);
    }
    free(sums);
    return CALO_OK;
}

static calo_status fill_vertices(const skin_source *s, const calo_mjcf_mapping *mapping, calo_primitive *out)
{
    calo_arena *arena = calo_scene_arena(s->builder->scene);
    uint64_t count = s->vertex_count;
    float *positions = CALO_ARENA_TAKE(arena, float, count * 3, "skins", s->err);
    float *normals = CALO_ARENA_TAKE(arena, float, count * 3, "skins", s->err);
    float *uvs = s->texcoords ? CALO_ARENA_TAKE(arena, float, count * 2, "skins", s->err) : NULL;
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, (uint64_t)s->face_count * 3, "skins", s->err);
    if (!positions || !normals || !indices || (s->texcoords && !uvs))
        return calo_failed(s->err);
    calo_status status = make_normals(s, normals);
    float inflate = s->builder->arrays->skin_inflate[s->skin];
    for (size_t i = 0; i < count * 3; i++)
        positions[i] = s->positions[i] + (isfinite(inflate) ? inflate * normals[i] : 0);
    for (size_t i = 0; uvs && i < count * 2; i++) {
        float at = s->texcoords[i] * mapping->scale[i % 2] + mapping->offset[i % 2];
        uvs[i] = isfinite(at) ? at : 0;
    }
    for (size_t i = 0; i < (size_t)s->face_count * 3; i++)
        indices[i] = (uint32_t)s->faces[i];
    *out = (calo_primitive){.topology = CALO_TRIANGLES,
                            .vertex_count = s->vertex_count,
                            .index_count = s->face_count * 3,
                            .indices = indices,
                            .positions = positions,
                            .normals = normals,
                            .uvs = {uvs}};
    return status;
}

/* ---- bones ---- */

static void count_influences(const skin_source *s, uint32_t *counts)
{
    const calo_mujoco_arrays *a = s->builder->arrays;
    for (size_t b = s->first_bone; b < s->first_bone + s->bone_count; b++)
        for (int32_t i = 0; i < a->skin_bonevertnum[b]; i++)
            counts[a->skin_bonevertid[a->skin_bonevertadr[b] + i]]++;
}

/* Among the `used` influences of a vertex; where all places are taken the weakest one gives way to a stronger. */
static void add_influence(uint16_t *joints, float *weights, uint32_t *used, uint32_t places, uint16_t joint,
                          float weight)
{
    uint32_t at = *used;
    if (at == places) {
        at = 0;
        for (uint32_t i = 1; i < places; i++)
            at = weights[i] < weights[at] ? i : at;
        if (!(weight > weights[at]))
            return;
    } else {
        ++*used;
    }
    joints[at] = joint;
    weights[at] = weight;
}

static void fill_influences(const skin_source *s, uint32_t places, uint32_t *used, uint16_t *joints, float *weights)
{
    const calo_mujoco_arrays *a = s->builder->arrays;
    memset(used, 0, s->vertex_count * sizeof *used);
    for (uint32_t b = 0; b < s->bone_count; b++) {
        size_t bone = s->first_bone + b;
        for (int32_t i = 0; i < a->skin_bonevertnum[bone]; i++) {
            size_t at = (size_t)a->skin_bonevertadr[bone] + (size_t)i, vertex = (size_t)a->skin_bonevertid[at];
            add_influence(joints + vertex * places, weights + vertex * places, &used[vertex], places, (uint16_t)b,
                          a->skin_bonevertweight[at]);
        }
    }
}

static calo_status take_influences(const skin_source *s, uint32_t *counts, calo_primitive *out)
{
    calo_arena *arena = calo_scene_arena(s->builder->scene);
    uint32_t most = 1;
    count_influences(s, counts);
    for (uint32_t v = 0; v < s->vertex_count; v++)
        most = counts[v] > most ? counts[v] : most;
    if (most > MAX_INFLUENCES)
        calo_scene_warn(s->builder->scene, "skin-influences",
                        "a vertex of the skin \"%s\" follows %u bones: the %d strongest move it", s->name, most,
                        MAX_INFLUENCES);
    most = most > MAX_INFLUENCES ? MAX_INFLUENCES : most;
    out->influences = (most + INFLUENCES_STEP - 1) / INFLUENCES_STEP * INFLUENCES_STEP;
    uint64_t places = (uint64_t)s->vertex_count * out->influences;
    uint16_t *joints = CALO_ARENA_TAKE(arena, uint16_t, places, "skins", s->err);
    float *weights = CALO_ARENA_TAKE(arena, float, places, "skins", s->err);
    if (!joints || !weights)
        return calo_failed(s->err);
    fill_influences(s, out->influences, counts, joints, weights);
    out->joints = joints;
    out->weights = weights;
    return CALO_OK;
}

/* ---- the mesh ---- */

static skin_source source_of(calo_mjcf_builder *builder, uint32_t skin, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    bool textured = a->skin_texcoordadr[skin] >= 0;
    return (skin_source){
        .builder = builder,
        .skin = skin,
        .vertex_count = (uint32_t)a->skin_vertnum[skin],
        .face_count = (uint32_t)a->skin_facenum[skin],
        .bone_count = (uint32_t)a->skin_bonenum[skin],
        .positions = a->skin_vert + 3 * (size_t)a->skin_vertadr[skin],
        .texcoords = textured ? a->skin_texcoord + 2 * (size_t)a->skin_texcoordadr[skin] : NULL,
        .faces = a->skin_face + 3 * (size_t)a->skin_faceadr[skin],
        .first_bone = (size_t)a->skin_boneadr[skin],
        .name = calo_mjcf_name(builder, a->name_skinadr, skin),
        .err = err,
    };
}

/* Without texture coordinates MuJoCo looks textures up by places in the world, so that they swim as the skin moves. */
static bool takes_texture(const skin_source *s, int32_t material, const calo_mjcf_wearer *wearer)
{
    calo_mjcf_texture_kind kind = calo_mjcf_texture_of(s->builder, material)->kind;
    bool takes = calo_mjcf_takes_texture(s->builder, material, wearer, "skin", s->name);
    if (!takes || kind == CALO_MJCF_TINTED || s->texcoords)
        return takes;
    calo_scene_warn(s->builder->scene, "unused-texture",
                    "the skin \"%s\" has a texture and no texture coordinates: it is drawn without the texture",
                    s->name);
    return false;
}

static calo_status add_mesh(const skin_source *s, int32_t material, const float rgba[4], uint32_t *counts,
                            int32_t *mesh)
{
    /* MuJoCo gives skins this size, which matters for texuniform. */
    const calo_mjcf_wearer wearer = {
        .type = CALO_MJCF_MESH, .size = {0.1, 0.1, 0.1}, .has_texcoords = s->texcoords != NULL};
    calo_mjcf_mapping mapping = calo_mjcf_mapping_of(s->builder, material, &wearer);
    calo_scene *scene = s->builder->scene;
    calo_primitive *primitive = CALO_ARENA_TAKE(calo_scene_arena(scene), calo_primitive, 1, "skins", s->err);
    calo_mesh out = {.name = calo_scene_text(scene, s->name, s->err), .primitive_count = 1, .primitives = primitive};
    if (!primitive || !out.name)
        return calo_failed(s->err);
    calo_status status = fill_vertices(s, &mapping, primitive);
    if (status == CALO_OK)
        status = take_influences(s, counts, primitive);
    if (status != CALO_OK)
        return status;
    int face = takes_texture(s, material, &wearer) ? 0 : -1;
    primitive->material = calo_mjcf_material(s->builder, material, rgba, face, s->err);
    *mesh = primitive->material < 0 ? -1 : calo_scene_add_mesh(scene, &out, s->err);
    return *mesh < 0 ? calo_failed(s->err) : CALO_OK;
}

calo_status calo_mjcf_skin_mesh(calo_mjcf_builder *builder, uint32_t skin, int32_t *mesh, calo_error *err)
{
    const calo_mujoco_arrays *a = builder->arrays;
    skin_source s = source_of(builder, skin, err);
    int32_t material = a->skin_matid[skin];
    float rgba[4];
    *mesh = -1;
    calo_mjcf_color(builder, material, a->skin_rgba + 4 * (size_t)skin, rgba);
    if (rgba[3] <= 0 || s.vertex_count == 0 || s.face_count == 0 || s.bone_count == 0)
        return CALO_OK;
    if (s.bone_count > UINT16_MAX)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%s: the skin \"%s\" has %u bones, more than the %u that calotype poses: split it",
                         builder->name, s.name, s.bone_count, UINT16_MAX);
    uint32_t *counts = calloc(s.vertex_count, sizeof *counts);
    if (!counts)
        return fail_memory(&s);
    calo_status status = add_mesh(&s, material, rgba, counts, mesh);
    free(counts);
    return status;
}
