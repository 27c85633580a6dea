/* Attributes and material at points of elements. */
#include "render/cpu/surface.h"

#include <math.h>
#include <string.h>

#include "render/ggx_table.h"

/* Corners farther from the pixel than this are met in double precision, see element.h. */
static const float far_pixels = 160;

/* Mixes of the corners: at the pixel, and their change a pixel step right and down. */
typedef struct weight_lanes {
    lanes_f at[3], dx[3], dy[3];
    lanes_m front; /* the side that is seen is the front in object space */
} weight_lanes;

/* The corners of LANES elements. */
typedef struct corner_lanes {
    uint32_t index[3][LANES];
    lanes_f position[3][3], normal[3][3], uv[3][2];
} corner_lanes;

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

const calo_cpu_draw_state *calo_cpu_draw_state_of(calo_cpu_worker *worker, const calo_cpu_draw *draw)
{
    calo_cpu_draw_state *state = &worker->draw_state;
    if (state->draw == draw)
        return state;
    calo_mat4 rows;
    calo_cpu_object_projection(&worker->camera, &draw->object_to_world, &rows);
    for (int i = 0; i < 16; i++)
        state->rows[i / 4][i % 4] = (float)rows.m[i / 4][i % 4];
    state->draw = draw;
    state->edge_scale = draw->radius > 0 ? (float)(1 / draw->radius) : 1;
    const calo_material *material = &worker->scene->materials[draw->material].source;
    make_lobe(fminf(fmaxf(material->roughness, 0), 1), state->lobe);
    find_uniform(&worker->scene->materials[draw->material], state);
    return state;
}

/* ---- corners ---- */

LANES_INLINE void load_corners(const calo_cpu_packet *packet, corner_lanes *corners)
{
    const calo_cpu_geometry *geometry = packet->draw->geometry;
    calo_topology topology = packet->draw->primitive->topology;
    size_t count = topology == CALO_TRIANGLES ? 3 : topology == CALO_LINES ? 2 : 1;
    uint32_t elements[LANES];
    lanes_store_int(elements, packet->ids - (int32_t)packet->draw->first_id);
    for (int i = 0; i < LANES; i++) {
        const uint32_t *index = geometry->indices + elements[i] * count;
        corners->index[0][i] = index[0];
        corners->index[1][i] = count > 1 ? index[1] : index[0];
        corners->index[2][i] = count > 2 ? index[2] : index[0];
    }
    for (int k = 0; k < 3; k++) {
        lanes_f a[4], b[4];
        const float *numbers = (const float *)(const void *)geometry->vertices;
        lanes_load4(numbers, sizeof *geometry->vertices / 4, corners->index[k], a);
        lanes_load4(numbers + 4, sizeof *geometry->vertices / 4, corners->index[k], b);
        for (int c = 0; c < 3; c++)
            corners->position[k][c] = a[c];
        corners->normal[k][0] = a[3];
        corners->normal[k][1] = b[0];
        corners->normal[k][2] = b[1];
        corners->uv[k][0] = b[2];
        corners->uv[k][1] = b[3];
    }
}

LANES_INLINE lanes_f mix(const lanes_f w[3], lanes_f a, lanes_f b, lanes_f c)
{
    return w[0] * a + w[1] * b + w[2] * c;
}

/* The mix of an attribute of `components` floats a vertex that lies in an array of its own. */
static void mix_array(const corner_lanes *corners, const lanes_f w[3], const float *values, uint32_t components,
                      lanes_f *out)
{
    lanes_f at[3];
    for (uint32_t c = 0; c < components; c++) {
        for (int k = 0; k < 3; k++) {
            lanes_i index = lanes_load_int(corners->index[k]) * (int32_t)components + (int32_t)c;
            at[k] = lanes_gather(values, index);
        }
        out[c] = mix(w, at[0], at[1], at[2]);
    }
}

/* ---- weights ---- */

/* Edge functions of the triangles at the pixels, and their steps. */
typedef struct edge_lanes {
    lanes_f at[3], step_x[3], step_y[3];
    lanes_f w[3], depth[3]; /* of the corners */
} edge_lanes;

/* From the corners, moved so that the pixel is the origin: small triangles lose nothing. Returns the
 * lanes where that will not do. */
LANES_INLINE lanes_m find_edges(const calo_cpu_worker *worker, const calo_cpu_draw_state *state,
                                const corner_lanes *corners, lanes_f pixel_x, lanes_f pixel_y, edge_lanes *edges)
{
    const float (*r)[4] = state->rows;
    lanes_m far = lanes_from_bits(0);
    lanes_f x[3], y[3];
    for (int k = 0; k < 3; k++) {
        const lanes_f *p = corners->position[k];
        lanes_f w = lanes_float(1);
        if (!worker->camera.orthographic)
            w = p[0] * r[2][0] + p[1] * r[2][1] + p[2] * r[2][2] + r[2][3];
        edges->w[k] = w;
        edges->depth[k] = worker->camera.orthographic ? p[0] * r[3][0] + p[1] * r[3][1] + p[2] * r[3][2] + r[3][3] : w;
        x[k] = p[0] * r[0][0] + p[1] * r[0][1] + p[2] * r[0][2] + r[0][3] - pixel_x * w;
        y[k] = p[0] * r[1][0] + p[1] * r[1][1] + p[2] * r[1][2] + r[1][3] - pixel_y * w;
        lanes_f reach = w * far_pixels;
        far |= lanes_less(edges->depth[k], lanes_float(worker->camera.near_metres)) |
               lanes_not(lanes_at_most(lanes_abs(x[k]), reach) & lanes_at_most(lanes_abs(y[k]), reach));
    }
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;
        edges->at[k] = x[a] * y[b] - x[b] * y[a];
        edges->step_x[k] = edges->w[b] * y[a] - edges->w[a] * y[b];
        edges->step_y[k] = edges->w[a] * x[b] - edges->w[b] * x[a];
    }
    return far;
}

/* Keeps slivers from reaching far; weights within the slack stay as they are. */
static void cut_weights(weight_lanes *weights)
{
    lanes_f total = lanes_float(0);
    lanes_m cut = lanes_from_bits(0);
    lanes_f kept[3];
    for (int k = 0; k < 3; k++) {
        kept[k] = lanes_clamp(weights->at[k], -CALO_CPU_WEIGHT_SLACK, 1 + CALO_CPU_WEIGHT_SLACK);
        cut |= lanes_not(lanes_equal(kept[k], weights->at[k]));
        total += kept[k];
    }
    /* They summed to 1 before; cut, to 0.75 at least. */
    for (int k = 0; k < 3; k++)
        weights->at[k] = lanes_pick(cut, kept[k] / total, weights->at[k]);
}

/* Corner weights from edge functions. */
LANES_INLINE void weigh(const edge_lanes *edges, bool mirrored, weight_lanes *weights)
{
    lanes_f sum = edges->at[0] + edges->at[1] + edges->at[2];
    lanes_f sum_x = edges->step_x[0] + edges->step_x[1] + edges->step_x[2];
    lanes_f sum_y = edges->step_y[0] + edges->step_y[1] + edges->step_y[2];
    lanes_f scale = 1.0f / sum;
    lanes_m cut = lanes_from_bits(0);
    /* Seen exactly edge-on, any point of the triangle will do. */
    lanes_m sound = lanes_less(lanes_abs(scale), lanes_float(__builtin_inff()));
    weights->front = mirrored ? lanes_less(lanes_float(0), sum) : lanes_less(sum, lanes_float(0));
    for (int k = 0; k < 3; k++) {
        lanes_f raw = edges->at[k] * scale;
        weights->dx[k] = lanes_pick(sound, (edges->step_x[k] - raw * sum_x) * scale, lanes_float(0));
        weights->dy[k] = lanes_pick(sound, (edges->step_y[k] - raw * sum_y) * scale, lanes_float(0));
        weights->at[k] = lanes_pick(sound, raw, lanes_float(k == 0));
        cut |= lanes_less(raw, lanes_float(-CALO_CPU_WEIGHT_SLACK)) |
               lanes_less(lanes_float(1 + CALO_CPU_WEIGHT_SLACK), raw);
    }
    if (lanes_any(cut))
        cut_weights(weights);
}

/* Puts the edge functions of the far lanes' triangles in place, and gives the depth there. */
static void find_far_edges(calo_cpu_worker *worker, const calo_cpu_packet *packet, lanes_m far, edge_lanes *edges,
                           lanes_f *depth)
{
    uint32_t ids[LANES];
    lanes_store_int(ids, packet->ids);
    for (uint32_t todo = lanes_bits(far); todo;) {
        uint32_t id = ids[__builtin_ctz(todo)];
        const calo_cpu_element *element = calo_cpu_element_of(worker, packet->draw, id);
        lanes_m same = lanes_equal_int(packet->ids, lanes_int((int32_t)id)) & lanes_from_bits(todo);
        todo &= ~lanes_bits(same);
        lanes_f x = packet->x - (float)element->origin_x, y = packet->y - (float)element->origin_y;
        for (int k = 0; k < 3; k++) {
            lanes_f at = x * element->step_x[k] + y * element->step_y[k] + element->constant[k];
            edges->at[k] = lanes_pick(same, at, edges->at[k]);
            edges->step_x[k] = lanes_pick(same, lanes_float(element->step_x[k]), edges->step_x[k]);
            edges->step_y[k] = lanes_pick(same, lanes_float(element->step_y[k]), edges->step_y[k]);
        }
        lanes_f plane = x * element->depth_plane[1] + y * element->depth_plane[2] + element->depth_plane[0];
        lanes_f value = element->orthographic ? plane : 1.0f / plane;
        /* Seen edge-on the plane has no value; the corners' range holds everywhere. */
        *depth = lanes_pick(same, lanes_clamp(value, element->depth_low, element->depth_high), *depth);
    }
}

/* Depth between the corners'; they are near one another, so that their mix is exact enough. */
LANES_INLINE lanes_f mix_depth(const calo_cpu_worker *worker, const edge_lanes *edges, const weight_lanes *weights)
{
    lanes_f mixed = mix(weights->at, edges->depth[0], edges->depth[1], edges->depth[2]);
    return lanes_max(mixed, lanes_float(worker->camera.near_metres));
}

/* Lines and points, a lane after the other. */
static void find_line_weights(calo_cpu_worker *worker, const calo_cpu_packet *packet, weight_lanes *weights,
                              lanes_f *depth)
{
    uint32_t ids[LANES];
    memset(weights, 0, sizeof *weights);
    *depth = lanes_float(0);
    lanes_store_int(ids, packet->ids);
    for (int i = 0; i < LANES; i++) {
        float at[3], here;
        const calo_cpu_element *element = calo_cpu_element_of(worker, packet->draw, ids[i]);
        calo_cpu_element_line_weights(element, packet->x[i], packet->y[i], at, &here);
        for (int k = 0; k < 3; k++)
            weights->at[k][i] = at[k];
        (*depth)[i] = here;
    }
}

LANES_INLINE void find_weights(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_draw_state *state,
                         const corner_lanes *corners, weight_lanes *weights, lanes_f *depth)
{
    if (packet->draw->primitive->topology != CALO_TRIANGLES) {
        find_line_weights(worker, packet, weights, depth);
        return;
    }
    edge_lanes edges;
    lanes_m far = find_edges(worker, state, corners, packet->x, packet->y, &edges) & packet->active;
    if (!lanes_any(far)) {
        weigh(&edges, packet->draw->mirrored, weights);
        *depth = mix_depth(worker, &edges, weights);
        return;
    }
    lanes_f far_depth = lanes_float(0);
    find_far_edges(worker, packet, far, &edges, &far_depth);
    weigh(&edges, packet->draw->mirrored, weights);
    *depth = lanes_pick(far, far_depth, mix_depth(worker, &edges, weights));
}

/* ---- textures ---- */

/* UV coordinates of both sets and their steps a pixel. */
typedef struct uv_lanes {
    lanes_f at[2][2], dx[2][2], dy[2][2];
} uv_lanes;

/* What is found of each packet on the way to its surfaces. */
typedef struct packet_work {
    corner_lanes corners;
    weight_lanes weights;
    uv_lanes sets;
} packet_work;

/* Packets of one draw, taken through each stage together. */
typedef struct packet_group {
    calo_cpu_worker *worker;
    const calo_cpu_draw *draw;
    const calo_cpu_material *material;
    const calo_cpu_draw_state *state;
    int count;
    packet_work work[CALO_CPU_GROUP];
} packet_group;

LANES_INLINE void find_uvs(const packet_group *group, packet_work *work)
{
    const lanes_f (*uv)[2] = work->corners.uv;
    const weight_lanes *weights = &work->weights;
    uv_lanes *sets = &work->sets;
    for (int i = 0; i < 2; i++) {
        sets->at[0][i] = mix(weights->at, uv[0][i], uv[1][i], uv[2][i]);
        sets->dx[0][i] = mix(weights->dx, uv[0][i], uv[1][i], uv[2][i]);
        sets->dy[0][i] = mix(weights->dy, uv[0][i], uv[1][i], uv[2][i]);
        sets->at[1][i] = sets->dx[1][i] = sets->dy[1][i] = lanes_float(0);
    }
    const float *second = group->draw->primitive->uvs[1];
    if (!second || !group->material->shaded_uv[1])
        return;
    mix_array(&work->corners, weights->at, second, 2, sets->at[1]);
    mix_array(&work->corners, weights->dx, second, 2, sets->dx[1]);
    mix_array(&work->corners, weights->dy, second, 2, sets->dy[1]);
}

/* False when the slot is empty; `rgba` is then left alone. */
static bool sample_slot(const packet_group *group, calo_material_slot slot, lanes_f (*rgba)[4])
{
    const calo_cpu_material *material = group->material;
    if (material->textures[slot] < 0)
        return false;
    const calo_texture_use *use = &material->source.slots[slot];
    const float *t = use->transform;
    calo_cpu_lookup lookups[CALO_CPU_GROUP];
    for (int k = 0; k < group->count; k++) {
        const uv_lanes *sets = &group->work[k].sets;
        const lanes_f *uv = sets->at[use->uv_set], *dx = sets->dx[use->uv_set], *dy = sets->dy[use->uv_set];
        for (int i = 0; i < 2; i++) {
            lookups[k].uv[i] = t[3 * i] * uv[0] + t[3 * i + 1] * uv[1] + t[3 * i + 2];
            lookups[k].dx[i] = t[3 * i] * dx[0] + t[3 * i + 1] * dx[1];
            lookups[k].dy[i] = t[3 * i] * dy[0] + t[3 * i + 1] * dy[1];
        }
    }
    calo_cpu_texture_sample(&group->worker->scene->textures[material->textures[slot]], lookups, group->count, rgba);
    return true;
}

/* Base colour with everything that multiplies it; alpha included. */
static void find_base_color(const packet_group *group, lanes_f (*colors)[4])
{
    const calo_material *source = &group->material->source;
    const float *vertex_colors = group->draw->primitive->colors;
    lanes_f texels[CALO_CPU_GROUP][4];
    bool textured = sample_slot(group, CALO_SLOT_BASE_COLOR, texels);
    for (int k = 0; k < group->count; k++) {
        lanes_f *rgba = colors[k], vertex[4];
        for (int i = 0; i < 4; i++)
            rgba[i] = textured ? source->base_color[i] * texels[k][i] : lanes_float(source->base_color[i]);
        if (vertex_colors) {
            mix_array(&group->work[k].corners, group->work[k].weights.at, vertex_colors, 4, vertex);
            for (int i = 0; i < 4; i++)
                rgba[i] *= lanes_max(vertex[i], lanes_float(0));
        }
        /* MASK was tested before; what is left of it is opaque. */
        if (source->alpha_mode == CALO_ALPHA_OPAQUE)
            rgba[3] = lanes_float(1);
        rgba[3] = lanes_clamp(rgba[3], 0, 1);
    }
}

/* ---- normals ---- */

LANES_INLINE void to_world(const float matrix[9], const lanes_f object[3], lanes_f world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = object[0] * matrix[3 * i] + object[1] * matrix[3 * i + 1] + object[2] * matrix[3 * i + 2];
}

LANES_INLINE void direction_to_world(const calo_mat4 *m, const lanes_f object[3], lanes_f world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = object[0] * (float)m->m[i][0] + object[1] * (float)m->m[i][1] + object[2] * (float)m->m[i][2];
}

LANES_INLINE void cross_lanes(const lanes_f a[3], const lanes_f b[3], lanes_f out[3])
{
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        out[i] = a[j] * b[k] - a[k] * b[j];
    }
}

/* The triangles' own normals towards the viewer; of lines, points and degenerate ones the way to him. */
LANES_INLINE void find_geometric_normal(const packet_group *group, const packet_work *work, bool unit,
                                        calo_cpu_surface *surface)
{
    const corner_lanes *corners = &work->corners;
    const weight_lanes *weights = &work->weights;
    const calo_cpu_draw_state *state = group->state;
    lanes_f a[3], b[3], object[3], *world = surface->geometric_normal;
    /* The edges' common scale keeps the product of tiny ones from vanishing. */
    lanes_f turn = lanes_pick(weights->front, lanes_float(state->edge_scale), lanes_float(-state->edge_scale));
    for (int i = 0; i < 3; i++) {
        a[i] = (corners->position[1][i] - corners->position[0][i]) * turn;
        b[i] = (corners->position[2][i] - corners->position[0][i]) * state->edge_scale;
    }
    cross_lanes(a, b, object);
    to_world(group->draw->normal_to_world, object, world);
    if (!unit)
        return;
    /* By root and division: what faces an axis does so exactly. */
    lanes_f length = lanes_sqrt(dot_lanes(world, world));
    lanes_m sound = lanes_less(lanes_float(0), length) & lanes_less(length, lanes_float(__builtin_inff()));
    for (int i = 0; i < 3; i++)
        world[i] = lanes_pick(sound, world[i] / length, surface->to_viewer[i]);
}

/* The frame that a normal map's x and y stand in: from vertex tangents, else from the triangle. */
static lanes_m tangent_frame(const calo_cpu_draw *draw, const packet_work *work, const lanes_f normal[3],
                             uint32_t uv_set, lanes_f tangent[3], lanes_f bitangent[3])
{
    const corner_lanes *corners = &work->corners;
    lanes_f object[4], sign;
    if (draw->tangents) {
        mix_array(corners, work->weights.at, draw->tangents, 4, object);
        sign = lanes_pick(lanes_less(object[3], lanes_float(0)), lanes_float(-1), lanes_float(1));
    } else {
        const float *uvs = draw->primitive->uvs[uv_set];
        if (!uvs || draw->primitive->topology != CALO_TRIANGLES) {
            for (int i = 0; i < 3; i++)
                tangent[i] = bitangent[i] = lanes_float(0);
            return lanes_from_bits(0);
        }
        lanes_f uv[3][2], d1[2], d2[2];
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < 2; i++)
                uv[k][i] = lanes_gather(uvs, lanes_load_int(corners->index[k]) * 2 + i);
        for (int i = 0; i < 2; i++) {
            d1[i] = uv[1][i] - uv[0][i];
            d2[i] = uv[2][i] - uv[0][i];
        }
        lanes_f area = d1[0] * d2[1] - d2[0] * d1[1];
        lanes_f turn = lanes_pick(lanes_less(area, lanes_float(0)), lanes_float(-1), lanes_float(1));
        for (int i = 0; i < 3; i++)
            object[i] = ((corners->position[1][i] - corners->position[0][i]) * d2[1] -
                         (corners->position[2][i] - corners->position[0][i]) * d1[1]) * turn;
        sign = lanes_pick(lanes_less(lanes_float(0), area), lanes_float(-1), lanes_float(1));
    }
    direction_to_world(&draw->object_to_world, object, tangent);
    lanes_m sound = normalize_lanes(tangent);
    lanes_f along = dot_lanes(tangent, normal);
    for (int i = 0; i < 3; i++)
        tangent[i] -= along * normal[i];
    sound &= normalize_lanes(tangent);
    cross_lanes(normal, tangent, bitangent);
    for (int i = 0; i < 3; i++)
        bitangent[i] *= draw->mirrored ? -sign : sign;
    return sound;
}

static void apply_normal_map(const packet_group *group, const packet_work *work, const lanes_f texel[4],
                             lanes_f normal[3])
{
    const calo_material *source = &group->material->source;
    lanes_f tangent[3], bitangent[3], mapped[3];
    lanes_m sound = tangent_frame(group->draw, work, normal, source->slots[CALO_SLOT_NORMAL].uv_set, tangent, bitangent);
    float scale = source->normal_scale;
    lanes_f x = (2.0f * texel[0] - 1.0f) * scale, y = (2.0f * texel[1] - 1.0f) * scale, z = 2.0f * texel[2] - 1.0f;
    for (int i = 0; i < 3; i++)
        mapped[i] = x * tangent[i] + y * bitangent[i] + z * normal[i];
    sound &= normalize_lanes(mapped);
    for (int i = 0; i < 3; i++)
        normal[i] = lanes_pick(sound, mapped[i], normal[i]);
}

/* The vertex normals' mix, or the triangle's own. */
LANES_INLINE void mix_normal(const packet_group *group, const packet_work *work, calo_cpu_surface *surface)
{
    lanes_f *normal = surface->normal;
    for (int i = 0; i < 3; i++)
        normal[i] = surface->geometric_normal[i];
    if (!group->draw->normals)
        return;
    const lanes_f (*corner)[3] = work->corners.normal;
    lanes_f object[3], world[3];
    for (int i = 0; i < 3; i++)
        object[i] = mix(work->weights.at, corner[0][i], corner[1][i], corner[2][i]);
    to_world(group->draw->normal_to_world, object, world);
    lanes_m sound = normalize_lanes(world);
    for (int i = 0; i < 3; i++)
        normal[i] = lanes_pick(sound, world[i], normal[i]);
}

/* Interpolated, mapped, and then turned to the side that is seen. */
static void find_normals(const packet_group *group, calo_cpu_surface *surfaces)
{
    bool shown = group->worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL);
    lanes_f texels[CALO_CPU_GROUP][4];
    bool mapped = !group->draw->unlit && sample_slot(group, CALO_SLOT_NORMAL, texels);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        const packet_work *work = &group->work[k];
        find_geometric_normal(group, work, shown || !group->draw->normals, surface);
        mix_normal(group, work, surface);
        lanes_m turned = lanes_less(dot_lanes(surface->normal, surface->geometric_normal), lanes_float(0));
        if (mapped)
            apply_normal_map(group, work, texels[k], surface->normal);
        for (int i = 0; i < 3; i++)
            surface->normal[i] = lanes_pick(turned, -surface->normal[i], surface->normal[i]);
    }
}

/* ---- the material ---- */

static void metallic_roughness(const packet_group *group, calo_cpu_surface *surfaces)
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

static void specular_glossiness(const packet_group *group, calo_cpu_surface *surfaces)
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

static void find_materials(const packet_group *group, calo_cpu_surface *surfaces)
{
    const calo_material *source = &group->material->source;
    lanes_f emissive[CALO_CPU_GROUP][4], occlusion[CALO_CPU_GROUP][4];
    bool glows = sample_slot(group, CALO_SLOT_EMISSIVE, emissive);
    bool occluded = !group->state->shares_occlusion && sample_slot(group, CALO_SLOT_OCCLUSION, occlusion);
    for (int k = 0; k < group->count; k++)
        surfaces[k].occlusion = occluded ? occlusion[k][0] : lanes_float(1);
    if (group->state->uniform)
        uniform_material(group, surfaces);
    else if (source->specular_glossiness)
        specular_glossiness(group, surfaces);
    else
        metallic_roughness(group, surfaces);
    for (int k = 0; k < group->count; k++) {
        calo_cpu_surface *surface = &surfaces[k];
        surface->roughness = lanes_clamp(surface->roughness, 0, 1);
        surface->occlusion = 1.0f + source->occlusion_strength * (surface->occlusion - 1.0f);
        for (int i = 0; i < 3; i++)
            surface->emissive[i] = glows ? source->emissive[i] * emissive[k][i] : lanes_float(source->emissive[i]);
    }
}

/* ---- all of it ---- */

/* The viewer's direction, and where the packet's points are if anyone asks. */
LANES_INLINE void find_place(const packet_group *group, const calo_cpu_packet *packet, const packet_work *work,
                             calo_cpu_surface *surface)
{
    const calo_cpu_worker *worker = group->worker;
    const calo_cpu_camera *camera = &worker->camera;
    const calo_mat4 *m = &group->draw->object_to_world;
    const lanes_f (*corner)[3] = work->corners.position;
    for (int i = 0; i < 3; i++)
        surface->to_viewer[i] = -(packet->x * (float)camera->ray[i][0] + packet->y * (float)camera->ray[i][1] +
                                  (float)camera->ray[i][2]);
    normalize_lanes(surface->to_viewer);
    if (!worker->needs_position)
        return;
    lanes_f object[3];
    for (int i = 0; i < 3; i++)
        object[i] = mix(work->weights.at, corner[0][i], corner[1][i], corner[2][i]);
    direction_to_world(m, object, surface->position);
    for (int i = 0; i < 3; i++)
        surface->position[i] += (float)m->m[i][3];
}

/* The work is left as it is: each stage fills its part. */
static void begin_group(packet_group *group, calo_cpu_worker *worker, const calo_cpu_packet *packets, int count)
{
    group->worker = worker;
    group->draw = packets[0].draw;
    group->material = &worker->scene->materials[group->draw->material];
    group->state = calo_cpu_draw_state_of(worker, group->draw);
    group->count = count;
}

void calo_cpu_surface_find(calo_cpu_worker *worker, const calo_cpu_packet *packets, int count,
                           calo_cpu_surface *surfaces)
{
    lanes_f colors[CALO_CPU_GROUP][4];
    packet_group group;
    begin_group(&group, worker, packets, count);
    for (int k = 0; k < count; k++)
        load_corners(&packets[k], &group.work[k].corners);
    for (int k = 0; k < count; k++) {
        packet_work *work = &group.work[k];
        find_weights(worker, &packets[k], group.state, &work->corners, &work->weights, &surfaces[k].depth);
        find_uvs(&group, work);
        find_place(&group, &packets[k], work, &surfaces[k]);
    }
    find_normals(&group, surfaces);
    find_base_color(&group, colors);
    for (int k = 0; k < count; k++) {
        memcpy(surfaces[k].base_color, colors[k], sizeof colors[k]);
        memcpy(surfaces[k].uv, group.work[k].sets.at[0], sizeof surfaces[k].uv);
    }
    find_materials(&group, surfaces);
}

void calo_cpu_surface_alpha(calo_cpu_worker *worker, const calo_cpu_packet *packet, lanes_f *alpha)
{
    packet_group group;
    packet_work *work = &group.work[0];
    lanes_f depth, rgba[1][4];
    begin_group(&group, worker, packet, 1);
    load_corners(packet, &work->corners);
    find_weights(worker, packet, group.state, &work->corners, &work->weights, &depth);
    find_uvs(&group, work);
    find_base_color(&group, rgba);
    *alpha = rgba[0][3];
}
