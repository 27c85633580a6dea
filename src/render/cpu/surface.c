/* Attributes and material at points of elements. */
#include "render/cpu/curves.h"
#include "render/cpu/triangles.h"

#include <math.h>
#include <string.h>

#include "render/ggx_table.h"

/* ---- what a draw's pixels share ---- */

/* The albedo of the GGX lobe by cosine, for one roughness (see lighting.c). */
static void make_lobe(float roughness, float lobe[4][64])
{
    float y = roughness * (CALO_GGX_TABLE_SIZE - 1);
    int y0 = y < CALO_GGX_TABLE_SIZE - 2 ? (int)y : CALO_GGX_TABLE_SIZE - 2;
    float fy = y - (float)y0, values[2][CALO_GGX_TABLE_SIZE];
    for (int x = 0; x < CALO_GGX_TABLE_SIZE; x++)
        for (int i = 0; i < 2; i++)
            values[i][x] = calo_ggx_table[y0][x][i] * (1 - fy) + calo_ggx_table[y0 + 1][x][i] * fy;
    for (int x = 0; x + 1 < CALO_GGX_TABLE_SIZE; x++)
        for (int i = 0; i < 2; i++) {
            lobe[2 * i][x] = values[i][x];
            lobe[2 * i + 1][x] = values[i][x + 1] - values[i][x];
        }
}

static bool same_use(const calo_cpu_material *material, calo_material_slot a, calo_material_slot b)
{
    const calo_texture_use *use_a = &material->source.slots[a], *use_b = &material->source.slots[b];
    return material->textures[a] >= 0 && material->textures[a] == material->textures[b] &&
           use_a->uv_set == use_b->uv_set &&
           memcmp(use_a->transform, use_b->transform, sizeof use_a->transform) == 0;
}

/* What of the material is the same at every pixel. */
static void find_uniform(const calo_cpu_material *material, calo_cpu_draw_state *state)
{
    static const calo_material_slot varying[] = {CALO_SLOT_METALLIC_ROUGHNESS, CALO_SLOT_SPECULAR_GLOSSINESS,
                                                 CALO_SLOT_SPECULAR, CALO_SLOT_SPECULAR_COLOR};
    const calo_material *source = &material->source;
    float ratio = (source->ior - 1) / (source->ior + 1);
    state->uniform = !source->specular_glossiness && !(source->metallic > 0);
    for (size_t i = 0; i < sizeof varying / sizeof varying[0]; i++)
        state->uniform &= material->textures[varying[i]] < 0;
    for (int i = 0; i < 3; i++)
        state->f0[i] = fminf(ratio * ratio * source->specular_color[i], 1) * source->specular;
    state->f90 = source->specular;
    state->shares_occlusion = !source->specular_glossiness &&
                              same_use(material, CALO_SLOT_OCCLUSION, CALO_SLOT_METALLIC_ROUGHNESS);
}

void calo_cpu_draw_state_make(calo_cpu_worker *worker, const calo_cpu_draw *draw)
{
    calo_cpu_draw_state *state = &worker->draw_state;
    calo_mat4 rows;
    calo_cpu_object_projection(&worker->camera, &draw->shared.object_to_world, &rows);
    for (int i = 0; i < 16; i++)
        state->rows[i / 4][i % 4] = (float)rows.m[i / 4][i % 4];
    state->draw = draw;
    state->edge_scale = draw->shared.radius > 0 ? (float)(1 / draw->shared.radius) : 1;
    const calo_material *material = &worker->scene->materials[draw->shared.material].source;
    if (worker->scene->list.shading == CALO_SHADING_GLTF)
        make_lobe(fminf(fmaxf(material->roughness, 0), 1), state->lobe);
    find_uniform(&worker->scene->materials[draw->shared.material], state);
}

/* ---- corners ---- */

/* The mix of an attribute of `components` floats a vertex that lies in an array of its own. */
static void mix_array(const calo_cpu_mix *mix, const float *values, uint32_t components, lanes_f *out)
{
    lanes_f weights[3] = {1.0f - mix->at[0] - mix->at[1], mix->at[0], mix->at[1]};
    for (uint32_t c = 0; c < components; c++)
        out[c] = lanes_float(0);
    for (int k = 0; k < 3; k++) {
        lanes_i index = lanes_spread_int(lanes_load_int(mix->triangles->index[k]), mix->slot) * (int32_t)components;
        for (uint32_t c = 0; c < components; c++)
            out[c] += weights[k] * lanes_gather(values, index + (int32_t)c);
    }
}

/* A UV set's values at the corners, looked up for each pixel. */
static void gather_corners(const calo_cpu_mix *mix, const float *uvs, lanes_f corner[3][2])
{
    for (int k = 0; k < 3; k++) {
        lanes_i index = lanes_spread_int(lanes_load_int(mix->triangles->index[k]), mix->slot) * 2;
        for (int i = 0; i < 2; i++)
            corner[k][i] = lanes_gather(uvs, index + i);
    }
}

/* ---- textures ---- */

/* UV coordinates of both sets and their steps a pixel. */
typedef struct uv_lanes {
    lanes_f at[2][2], dx[2][2], dy[2][2];
} uv_lanes;

/* Packets of one draw, taken through each stage together. */
typedef struct packet_group {
    calo_cpu_worker *worker;
    const calo_cpu_draw *draw;
    const calo_cpu_material *material;
    const calo_cpu_draw_state *state;
    int count;
    calo_cpu_triangles triangles[CALO_CPU_GROUP];
    calo_cpu_mix mixes[CALO_CPU_GROUP];
    uv_lanes uvs[CALO_CPU_GROUP];
    /* The footprints in the texture that was looked up last. */
    const calo_mip_chain *placed;
    const calo_texture_use *placed_use;
    calo_cpu_footprint footprints[CALO_CPU_GROUP];
} packet_group;

static void find_second_uv(const calo_cpu_mix *mix, const float *uvs, uv_lanes *out)
{
    lanes_f corner[3][2];
    gather_corners(mix, uvs, corner);
    for (int i = 0; i < 2; i++) {
        lanes_f a = corner[1][i] - corner[0][i], b = corner[2][i] - corner[0][i];
        out->at[1][i] = corner[0][i] + mix->at[0] * a + mix->at[1] * b;
        out->dx[1][i] = mix->dx[0] * a + mix->dx[1] * b;
        out->dy[1][i] = mix->dy[0] * a + mix->dy[1] * b;
    }
}

LANES_INLINE void find_uvs(const packet_group *group, const calo_cpu_mix *mix, uv_lanes *uvs)
{
    for (int i = 0; i < 2; i++) {
        const lanes_f *corner = mix->triangles->uv[i];
        lanes_f base = spread(mix, corner[0]), a = spread(mix, corner[1]), b = spread(mix, corner[2]);
        uvs->at[0][i] = base + mix->at[0] * a + mix->at[1] * b;
        uvs->dx[0][i] = mix->dx[0] * a + mix->dx[1] * b;
        uvs->dy[0][i] = mix->dy[0] * a + mix->dy[1] * b;
        uvs->at[1][i] = uvs->dx[1][i] = uvs->dy[1][i] = lanes_float(0);
    }
    const float *second = group->draw->shared.primitive->uvs[1];
    if (second && group->material->shaded_uv[1])
        find_second_uv(mix, second, uvs);
}

static void place(packet_group *group, const calo_mip_chain *texture, const calo_texture_use *use)
{
    static const float identity[6] = {1, 0, 0, 0, 1, 0};
    const float *t = use->transform;
    bool moved = memcmp(t, identity, sizeof identity) != 0;
    bool as_opengl = group->worker->scene->list.shading != CALO_SHADING_GLTF;
    calo_cpu_lookup lookups[CALO_CPU_GROUP];
    for (int k = 0; k < group->count; k++) {
        const uv_lanes *sets = &group->uvs[k];
        const lanes_f *uv = sets->at[use->uv_set], *dx = sets->dx[use->uv_set], *dy = sets->dy[use->uv_set];
        for (int i = 0; !moved && i < 2; i++) {
            lookups[k].uv[i] = uv[i];
            lookups[k].dx[i] = dx[i];
            lookups[k].dy[i] = dy[i];
        }
        for (int i = 0; moved && i < 2; i++) {
            lookups[k].uv[i] = t[3 * i] * uv[0] + t[3 * i + 1] * uv[1] + t[3 * i + 2];
            lookups[k].dx[i] = t[3 * i] * dx[0] + t[3 * i + 1] * dx[1];
            lookups[k].dy[i] = t[3 * i] * dy[0] + t[3 * i + 1] * dy[1];
        }
    }
    calo_cpu_texture_place(texture, lookups, group->count, as_opengl ? CALO_CPU_LONGER_SIDE : CALO_CPU_MEAN_SIDE,
                           group->footprints);
    group->placed = texture;
    group->placed_use = use;
}

static const calo_mip_chain *slot_texture(const packet_group *group, int slot)
{
    int32_t texture = group->material->textures[slot];
    return texture < 0 ? NULL : &group->worker->scene->textures[texture];
}

/* The footprints at hand are right for the slot, too: a material's textures mostly lie alike. */
static bool is_placed(const packet_group *group, int slot)
{
    const calo_texture_use *use = &group->material->source.slots[slot];
    return group->placed && calo_mip_chain_same_layout(group->placed, slot_texture(group, slot)) &&
           group->placed_use->uv_set == use->uv_set &&
           memcmp(group->placed_use->transform, use->transform, sizeof use->transform) == 0;
}

/* Asks for the texels of the first texture and of those that lie like it, long before they are sampled. */
static void prefetch_textures(packet_group *group)
{
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
        const calo_mip_chain *texture = slot_texture(group, slot);
        if (texture && !group->placed)
            place(group, texture, &group->material->source.slots[slot]);
        if (texture && is_placed(group, slot))
            calo_cpu_texture_prefetch(texture, group->footprints, group->count);
    }
}

/* False when the slot is empty; `rgba` is then left alone. */
static bool sample_slot(packet_group *group, calo_material_slot slot, lanes_f (*rgba)[4])
{
    const calo_mip_chain *texture = slot_texture(group, (int)slot);
    if (!texture)
        return false;
    if (!is_placed(group, (int)slot)) {
        place(group, texture, &group->material->source.slots[slot]);
        calo_cpu_texture_prefetch(texture, group->footprints, group->count);
    }
    calo_cpu_texture_sample(texture, group->footprints, group->count, rgba);
    return true;
}

/* Base colour with everything that multiplies it; alpha included. */
static void find_base_color(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    const float *vertex_colors = group->draw->shared.primitive->colors;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool textured = sample_slot(group, CALO_SLOT_BASE_COLOR, texels);
    for (int k = 0; k < group->count; k++) {
        lanes_f *rgba = surfaces[k].base_color, vertex[4];
        for (int i = 0; i < 4; i++)
            rgba[i] = textured ? source->base_color[i] * texels[k][i] : lanes_float(source->base_color[i]);
        if (vertex_colors) {
            mix_array(&group->mixes[k], vertex_colors, 4, vertex);
            for (int i = 0; i < 4; i++)
                rgba[i] *= lanes_max(vertex[i], lanes_float(0));
        }
        /* MASK was tested before; what is left of it is opaque. */
        if (group->draw->shared.alpha_mode == CALO_ALPHA_OPAQUE)
            rgba[3] = lanes_float(1);
        rgba[3] = lanes_clamp(rgba[3], 0, 1);
    }
}

/* pyrender filters the codes and decodes what comes of it; vertex colours multiply what is lit. */
static void find_pyrender_color(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    const float *vertex_colors = group->draw->shared.primitive->colors;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool textured = sample_slot(group, CALO_SLOT_BASE_COLOR, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        lanes_f one = lanes_float(1), vertex[4] = {one, one, one, one};
        if (vertex_colors)
            mix_array(&group->mixes[k], vertex_colors, 4, vertex);
        for (int i = 0; i < 4; i++) {
            lanes_f code = textured ? texels[k][i] : one;
            vertex[i] = lanes_max(vertex[i], lanes_float(0));
            surface->shown[i] = source->base_color[i] * code * vertex[i];
        }
        for (int i = 0; i < 3; i++) {
            lanes_f linear = textured ? decode_srgb(texels[k][i]) : one;
            surface->tint[i] = vertex[i];
            surface->bare_color[i] = source->base_color[i] * linear;
            surface->base_color[i] = surface->bare_color[i] * vertex[i];
        }
        bool opaque = group->draw->shared.alpha_mode == CALO_ALPHA_OPAQUE;
        surface->base_color[3] = opaque ? one : lanes_clamp(surface->shown[3], 0, 1);
    }
}

/* MuJoCo's texels, too, are codes, which multiply what is lit. */
static void find_mujoco_color(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    const calo_draw *draw = &group->draw->shared;
    const calo_phong_surface *phong = &group->worker->scene->list.phongs[draw->material];
    const float *vertex_colors = draw->primitive->colors;
    lanes_f texels[CALO_CPU_GROUP][4], one = lanes_float(1);
    bool textured = sample_slot(group, CALO_SLOT_BASE_COLOR, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        lanes_f vertex[4] = {one, one, one, one}, alpha = textured ? texels[k][3] : one;
        if (vertex_colors)
            mix_array(&group->mixes[k], vertex_colors, 4, vertex);
        for (int i = 0; i < 3; i++) {
            lanes_f linear = source->base_color[i] * lanes_max(vertex[i], lanes_float(0));
            surface->bare_color[i] = vertex_colors ? encode_srgb_curve(linear) : lanes_float(phong->rgb[i]);
            surface->tint[i] = textured ? texels[k][i] : one;
            surface->base_color[i] = textured ? linear * decode_srgb(texels[k][i]) : linear;
        }
        alpha *= source->base_color[3] * lanes_max(vertex[3], lanes_float(0));
        surface->base_color[3] = draw->alpha_mode == CALO_ALPHA_OPAQUE ? one : lanes_clamp(alpha, 0, 1);
    }
}

/* ---- normals ---- */

LANES_INLINE void direction_to_world(const calo_mat4 *m, const lanes_f object[3], lanes_f world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = object[0] * (float)m->m[i][0] + object[1] * (float)m->m[i][1] + object[2] * (float)m->m[i][2];
}

/* Of unit length; of lines, points and degenerate triangles the way to the viewer. */
LANES_INLINE void unit_geometric_normal(calo_cpu_surface *surface)
{
    /* By root and division: what faces an axis does so exactly. */
    lanes_f *world = surface->geometric_normal, length = lanes_sqrt(dot_lanes(world, world));
    lanes_m sound = lanes_less(lanes_float(0), length) & lanes_less(length, lanes_float(__builtin_inff()));
    for (int i = 0; i < 3; i++)
        world[i] = lanes_pick(sound, world[i] / length, surface->to_viewer[i]);
}

/* From the triangle's UVs, where the file has no tangents and none could be made. */
static lanes_f triangle_tangent(const calo_cpu_mix *mix, const float *uvs, lanes_f object[3])
{
    const calo_cpu_triangles *t = mix->triangles;
    lanes_f corner[3][2], d1[2], d2[2];
    gather_corners(mix, uvs, corner);
    for (int i = 0; i < 2; i++) {
        d1[i] = corner[1][i] - corner[0][i];
        d2[i] = corner[2][i] - corner[0][i];
    }
    lanes_f area = d1[0] * d2[1] - d2[0] * d1[1];
    lanes_f turn = lanes_pick(lanes_less(area, lanes_float(0)), lanes_float(-1), lanes_float(1));
    for (int i = 0; i < 3; i++)
        object[i] = (spread(mix, t->position[i][1]) * d2[1] - spread(mix, t->position[i][2]) * d1[1]) * turn;
    return lanes_pick(lanes_less(lanes_float(0), area), lanes_float(-1), lanes_float(1));
}

/* The frame that a normal map's x and y stand in: from vertex tangents, else from the triangle. */
static lanes_m tangent_frame(const calo_cpu_draw *draw, const calo_cpu_mix *mix, const lanes_f normal[3],
                             uint32_t uv_set, lanes_f tangent[3], lanes_f bitangent[3])
{
    const float *uvs = draw->shared.primitive->uvs[uv_set];
    lanes_f object[4], sign;
    if (draw->shared.tangents) {
        mix_array(mix, draw->shared.tangents, 4, object);
        sign = lanes_pick(lanes_less(object[3], lanes_float(0)), lanes_float(-1), lanes_float(1));
    } else if (uvs && draw->shared.primitive->topology == CALO_TRIANGLES) {
        sign = triangle_tangent(mix, uvs, object);
    } else {
        for (int i = 0; i < 3; i++)
            tangent[i] = bitangent[i] = lanes_float(0);
        return lanes_from_bits(0);
    }
    direction_to_world(&draw->shared.object_to_world, object, tangent);
    lanes_m sound = normalize_lanes(tangent);
    lanes_f along = dot_lanes(tangent, normal);
    for (int i = 0; i < 3; i++)
        tangent[i] -= along * normal[i];
    sound &= normalize_lanes(tangent);
    cross_lanes(normal, tangent, bitangent);
    for (int i = 0; i < 3; i++)
        bitangent[i] *= draw->shared.mirrored ? -sign : sign;
    return sound;
}

static void apply_normal_map(const packet_group *group, const calo_cpu_mix *mix, const lanes_f texel[4],
                             lanes_f normal[3])
{
    const calo_material *source = &group->material->source;
    lanes_f tangent[3], bitangent[3], mapped[3];
    lanes_m sound = tangent_frame(group->draw, mix, normal, source->slots[CALO_SLOT_NORMAL].uv_set, tangent, bitangent);
    float scale = source->normal_scale;
    lanes_f x = (2.0f * texel[0] - 1.0f) * scale, y = (2.0f * texel[1] - 1.0f) * scale, z = 2.0f * texel[2] - 1.0f;
    for (int i = 0; i < 3; i++)
        mapped[i] = x * tangent[i] + y * bitangent[i] + z * normal[i];
    sound &= normalize_lanes(mapped);
    for (int i = 0; i < 3; i++)
        normal[i] = lanes_pick(sound, mapped[i], normal[i]);
}

/* The vertex normals' mix; where there is none, or it has no direction, the triangle's own. */
LANES_INLINE void mix_normal(const packet_group *group, const calo_cpu_mix *mix, calo_cpu_surface *surface)
{
    lanes_f *normal = surface->normal, object[3], world[3];
    lanes_m sound = lanes_from_bits(0);
    if (group->draw->shared.normals) {
        for (int i = 0; i < 3; i++)
            object[i] = mix_corners(mix, mix->triangles->normal[i]);
        normal_to_world(group->draw->shared.normal_to_world, object, world);
        sound = normalize_lanes(world);
    } else {
        memset(world, 0, sizeof world);
    }
    /* Once only: it is of unit length already where it is needed anyway. */
    if (!group->worker->needs_geometric_normal && !lanes_all(sound))
        unit_geometric_normal(surface);
    for (int i = 0; i < 3; i++)
        normal[i] = lanes_pick(sound, world[i], surface->geometric_normal[i]);
}

/* Interpolated, mapped, and then turned to the side that is seen. */
static void find_normals(packet_group *group, calo_cpu_surface *surfaces)
{
    bool shown = group->worker->needs_geometric_normal;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool mapped = !group->draw->shared.unlit && sample_slot(group, CALO_SLOT_NORMAL, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        const calo_cpu_mix *mix = &group->mixes[k];
        for (int i = 0; i < 3; i++)
            surface->geometric_normal[i] = spread(mix, mix->triangles->geometric_normal[i]);
        if (shown)
            unit_geometric_normal(surface);
        mix_normal(group, mix, surface);
        lanes_m turned = lanes_less(dot_lanes(surface->normal, surface->geometric_normal), lanes_float(0));
        if (mapped)
            apply_normal_map(group, mix, texels[k], surface->normal);
        for (int i = 0; i < 3; i++)
            surface->normal[i] = lanes_pick(turned, -surface->normal[i], surface->normal[i]);
    }
}

/* ---- the material ---- */

static void metallic_roughness(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    lanes_f texels[CALO_CPU_GROUP][4], speculars[CALO_CPU_GROUP][4], tints[CALO_CPU_GROUP][4];
    bool varies = sample_slot(group, CALO_SLOT_METALLIC_ROUGHNESS, texels);
    bool specular_varies = sample_slot(group, CALO_SLOT_SPECULAR, speculars);
    bool tinted = sample_slot(group, CALO_SLOT_SPECULAR_COLOR, tints);
    float ratio = (source->ior - 1) / (source->ior + 1);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        lanes_f specular = lanes_float(source->specular);
        surface->metallic = lanes_float(source->metallic);
        surface->roughness = lanes_float(source->roughness);
        if (varies) {
            surface->roughness *= texels[k][1];
            surface->metallic *= texels[k][2];
            if (group->state->shares_occlusion)
                surface->occlusion = texels[k][0];
        }
        if (specular_varies)
            specular *= speculars[k][3];
        surface->metallic = lanes_clamp(surface->metallic, 0, 1);
        for (int i = 0; i < 3; i++) {
            /* KHR_materials_specular: the dielectric's reflectance, tinted and weighted. */
            float f0 = ratio * ratio * source->specular_color[i];
            lanes_f tint = tinted ? tints[k][i] : lanes_float(1), metallic = surface->metallic;
            lanes_f dielectric = lanes_min(tint * f0, lanes_float(1)) * specular;
            surface->f0[i] = dielectric + metallic * (surface->base_color[i] - dielectric);
            surface->diffuse[i] = surface->base_color[i] * (1.0f - metallic);
        }
        surface->f90 = specular + surface->metallic * (1.0f - specular);
    }
}

static void specular_glossiness(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool varies = sample_slot(group, CALO_SLOT_SPECULAR_GLOSSINESS, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        lanes_f strongest = lanes_float(0);
        surface->roughness = 1.0f - (1 - source->roughness) * (varies ? texels[k][3] : lanes_float(1));
        for (int i = 0; i < 3; i++) {
            surface->f0[i] = source->specular_color[i] * (varies ? texels[k][i] : lanes_float(1));
            strongest = lanes_max(strongest, surface->f0[i]);
        }
        surface->f90 = lanes_float(1);
        surface->metallic = lanes_float(0);
        for (int i = 0; i < 3; i++)
            surface->diffuse[i] = surface->base_color[i] * (1.0f - strongest);
    }
}

/* Without textures that change it from pixel to pixel. */
static void uniform_material(const packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_cpu_draw_state *state = group->state;
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        surface->metallic = lanes_float(0);
        surface->roughness = lanes_float(group->material->source.roughness);
        surface->f90 = lanes_float(state->f90);
        for (int i = 0; i < 3; i++) {
            surface->f0[i] = lanes_float(state->f0[i]);
            surface->diffuse[i] = surface->base_color[i];
        }
    }
}

/* Metals, and dielectrics of f0 0.04 whatever the file says. */
static void pyrender_metallic(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    const float dielectric = 0.04f;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool varies = sample_slot(group, CALO_SLOT_METALLIC_ROUGHNESS, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        surface->metallic = lanes_float(source->metallic);
        surface->roughness = lanes_float(source->roughness);
        if (varies) {
            surface->roughness *= texels[k][1];
            surface->metallic *= texels[k][2];
            if (group->state->shares_occlusion)
                surface->occlusion = texels[k][0];
        }
        surface->metallic = lanes_clamp(surface->metallic, 0, 1);
        lanes_f share = (1 - dielectric) * (1.0f - surface->metallic);
        for (int i = 0; i < 3; i++) {
            surface->f0[i] = dielectric + surface->metallic * (surface->bare_color[i] - dielectric);
            surface->diffuse[i] = surface->bare_color[i] * share;
        }
    }
}

/* pyrender has the class, but no shader for it: the same light on the colours that the file gives. */
static void pyrender_glossy(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool varies = sample_slot(group, CALO_SLOT_SPECULAR_GLOSSINESS, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        lanes_f strongest = lanes_float(0), gloss = varies ? texels[k][3] : lanes_float(1);
        surface->metallic = lanes_float(0);
        surface->roughness = 1.0f - (1 - source->roughness) * gloss;
        for (int i = 0; i < 3; i++) {
            surface->f0[i] = source->specular_color[i] * (varies ? decode_srgb(texels[k][i]) : lanes_float(1));
            strongest = lanes_max(strongest, surface->f0[i]);
        }
        for (int i = 0; i < 3; i++)
            surface->diffuse[i] = surface->bare_color[i] * (1.0f - lanes_min(strongest, lanes_float(1)));
    }
}

/* As there, the factor counts twice. */
static void pyrender_emission(const calo_material *source, const lanes_f *texel, lanes_f emissive[3])
{
    for (int i = 0; i < 3; i++)
        emissive[i] = source->emissive[i] * source->emissive[i] * (texel ? decode_srgb(texel[i]) : lanes_float(1));
}

static void find_materials(packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    lanes_f emissive[CALO_CPU_GROUP][4], occlusion[CALO_CPU_GROUP][4];
    bool pyrender = group->worker->scene->list.shading == CALO_SHADING_PYRENDER;
    bool glows = sample_slot(group, CALO_SLOT_EMISSIVE, emissive);
    bool occluded = !group->state->shares_occlusion && sample_slot(group, CALO_SLOT_OCCLUSION, occlusion);
    for (int k = 0; k < group->count; k++)
        surfaces[k].occlusion = occluded ? occlusion[k][0] : lanes_float(1);
    if (pyrender)
        (source->specular_glossiness ? pyrender_glossy : pyrender_metallic)(group, surfaces);
    else if (group->state->uniform)
        uniform_material(group, surfaces);
    else if (source->specular_glossiness)
        specular_glossiness(group, surfaces);
    else
        metallic_roughness(group, surfaces);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        surface->roughness = lanes_clamp(surface->roughness, 0, 1);
        surface->occlusion = 1.0f + source->occlusion_strength * (surface->occlusion - 1.0f);
        if (pyrender)
            pyrender_emission(source, glows ? emissive[k] : NULL, surface->emissive);
        for (int i = 0; !pyrender && i < 3; i++)
            surface->emissive[i] = glows ? source->emissive[i] * emissive[k][i] : lanes_float(source->emissive[i]);
    }
}

/* ---- all of it ---- */

/* The viewer's direction, and where the packet's points are if anyone asks. */
LANES_INLINE void find_place(const packet_group *group, const calo_cpu_packet *packet, const calo_cpu_mix *mix,
                             calo_cpu_surface *surface)
{
    const calo_cpu_worker *worker = group->worker;
    const calo_cpu_camera *camera = &worker->camera;
    const calo_mat4 *m = &group->draw->shared.object_to_world;
    for (int i = 0; i < 3; i++)
        surface->to_viewer[i] = -(packet->x * (float)camera->ray[i][0] + packet->y * (float)camera->ray[i][1] +
                                  (float)camera->ray[i][2]);
    normalize_lanes(surface->to_viewer);
    if (!worker->needs_position)
        return;
    lanes_f object[3];
    for (int i = 0; i < 3; i++)
        object[i] = mix_corners(mix, mix->triangles->position[i]);
    direction_to_world(m, object, surface->position);
    for (int i = 0; i < 3; i++)
        surface->position[i] += (float)m->m[i][3];
}

/* The triangles, the pixels' mixes of them, and UVs. */
static void begin_group(packet_group *group, calo_cpu_worker *worker, const calo_cpu_packet *packets, int count,
                        calo_cpu_surface *surfaces)
{
    group->worker = worker;
    group->draw = packets[0].draw;
    group->material = &worker->scene->materials[group->draw->shared.material];
    group->state = calo_cpu_draw_state_of(worker, group->draw);
    group->count = count;
    group->placed = NULL;
    calo_cpu_mixes_find(worker, packets, count, group->triangles, group->mixes, surfaces);
    for (int k = 0; k < count; k++)
        find_uvs(group, &group->mixes[k], &group->uvs[k]);
}

/* What the channels ask for beyond place, depth and ids. */
typedef struct surface_needs {
    bool normals, base_color, material, textures;
} surface_needs;

static surface_needs find_needs(uint32_t channels, calo_shading shading)
{
    const uint32_t color = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR), albedo = CALO_CHANNEL_BIT(CALO_CHANNEL_ALBEDO);
    const uint32_t normal = CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL);
    const uint32_t geometric = CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL);
    const uint32_t metal_roughness = CALO_CHANNEL_BIT(CALO_CHANNEL_METAL_ROUGHNESS);
    return (surface_needs){
        .normals = channels & (color | normal | geometric),
        .base_color = channels & (color | albedo | metal_roughness), /* metals reflect it */
        .material = channels & (shading == CALO_SHADING_MUJOCO ? metal_roughness : color | metal_roughness),
        .textures = channels & (color | albedo | metal_roughness | normal),
    };
}

void calo_cpu_surface_find(calo_cpu_worker *worker, const calo_cpu_packet *packets, int count,
                           calo_cpu_surface *surfaces)
{
    packet_group group;
    calo_shading shading = worker->scene->list.shading;
    surface_needs needs = find_needs(worker->options->channels, shading);
    begin_group(&group, worker, packets, count, surfaces);
    if (needs.textures)
        prefetch_textures(&group);
    for (int k = 0; k < count; k++) {
        find_place(&group, &packets[k], &group.mixes[k], &surfaces[k]);
        memcpy(surfaces[k].uv, group.uvs[k].at[0], sizeof surfaces[k].uv);
    }
    if (needs.normals)
        find_normals(&group, surfaces);
    if (needs.base_color && shading == CALO_SHADING_PYRENDER)
        find_pyrender_color(&group, surfaces);
    else if (needs.base_color && shading == CALO_SHADING_MUJOCO)
        find_mujoco_color(&group, surfaces);
    else if (needs.base_color)
        find_base_color(&group, surfaces);
    if (needs.material)
        find_materials(&group, surfaces);
}

void calo_cpu_surface_alpha(calo_cpu_worker *worker, const calo_cpu_packet *packet, lanes_f *alpha)
{
    packet_group group;
    calo_cpu_surface surface;
    begin_group(&group, worker, packet, 1, &surface);
    find_base_color(&group, &surface);
    *alpha = surface.base_color[3];
}
