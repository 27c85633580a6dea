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

LANES_INLINE void find_uvs(const calo_cpu_packet *packet, const calo_cpu_material *material, const corner_lanes *corners,
                     const weight_lanes *weights, uv_lanes *sets)
{
    const lanes_f (*uv)[2] = corners->uv;
    for (int i = 0; i < 2; i++) {
        sets->at[0][i] = mix(weights->at, uv[0][i], uv[1][i], uv[2][i]);
        sets->dx[0][i] = mix(weights->dx, uv[0][i], uv[1][i], uv[2][i]);
        sets->dy[0][i] = mix(weights->dy, uv[0][i], uv[1][i], uv[2][i]);
        sets->at[1][i] = sets->dx[1][i] = sets->dy[1][i] = lanes_float(0);
    }
    const float *second = packet->draw->primitive->uvs[1];
    if (!second || !material->shaded_uv[1])
        return;
    mix_array(corners, weights->at, second, 2, sets->at[1]);
    mix_array(corners, weights->dx, second, 2, sets->dx[1]);
    mix_array(corners, weights->dy, second, 2, sets->dy[1]);
}

/* False when the slot is empty; `rgba` is then left alone. */
LANES_INLINE bool sample_slot(const calo_cpu_scene *scene, const calo_cpu_material *material, calo_material_slot slot,
                        const uv_lanes *sets, lanes_f rgba[4])
{
    if (material->textures[slot] < 0)
        return false;
    const calo_texture_use *use = &material->source.slots[slot];
    const float *t = use->transform;
    const lanes_f *uv = sets->at[use->uv_set], *dx = sets->dx[use->uv_set], *dy = sets->dy[use->uv_set];
    lanes_f at[2], at_dx[2], at_dy[2];
    for (int i = 0; i < 2; i++) {
        at[i] = t[3 * i] * uv[0] + t[3 * i + 1] * uv[1] + t[3 * i + 2];
        at_dx[i] = t[3 * i] * dx[0] + t[3 * i + 1] * dx[1];
        at_dy[i] = t[3 * i] * dy[0] + t[3 * i + 1] * dy[1];
    }
    calo_cpu_texture_sample(&scene->textures[material->textures[slot]], at, at_dx, at_dy, rgba);
    return true;
}

LANES_INLINE void find_base_color(const calo_cpu_scene *scene, const calo_cpu_packet *packet,
                            const calo_cpu_material *material, const corner_lanes *corners,
                            const weight_lanes *weights, const uv_lanes *sets, lanes_f rgba[4])
{
    lanes_f texel[4], vertex[4];
    for (int i = 0; i < 4; i++)
        rgba[i] = lanes_float(material->source.base_color[i]);
    if (sample_slot(scene, material, CALO_SLOT_BASE_COLOR, sets, texel))
        for (int i = 0; i < 4; i++)
            rgba[i] *= texel[i];
    if (packet->draw->primitive->colors) {
        mix_array(corners, weights->at, packet->draw->primitive->colors, 4, vertex);
        for (int i = 0; i < 4; i++)
            rgba[i] *= lanes_max(vertex[i], lanes_float(0));
    }
    /* MASK was tested before; what is left of it is opaque. */
    if (material->source.alpha_mode == CALO_ALPHA_OPAQUE)
        rgba[3] = lanes_float(1);
    rgba[3] = lanes_clamp(rgba[3], 0, 1);
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
LANES_INLINE void find_geometric_normal(const calo_cpu_packet *packet, const calo_cpu_draw_state *state,
                                        const corner_lanes *corners, const weight_lanes *weights, bool unit,
                                        calo_cpu_surface *surface)
{
    lanes_f a[3], b[3], object[3], *world = surface->geometric_normal;
    /* The edges' common scale keeps the product of tiny ones from vanishing. */
    lanes_f turn = lanes_pick(weights->front, lanes_float(state->edge_scale), lanes_float(-state->edge_scale));
    for (int i = 0; i < 3; i++) {
        a[i] = (corners->position[1][i] - corners->position[0][i]) * turn;
        b[i] = (corners->position[2][i] - corners->position[0][i]) * state->edge_scale;
    }
    cross_lanes(a, b, object);
    to_world(packet->draw->normal_to_world, object, world);
    if (!unit)
        return;
    /* By root and division: what faces an axis does so exactly. */
    lanes_f length = lanes_sqrt(dot_lanes(world, world));
    lanes_m sound = lanes_less(lanes_float(0), length) & lanes_less(length, lanes_float(__builtin_inff()));
    for (int i = 0; i < 3; i++)
        world[i] = lanes_pick(sound, world[i] / length, surface->to_viewer[i]);
}

/* The frame that a normal map's x and y stand in: from vertex tangents, else from the triangle. */
static lanes_m tangent_frame(const calo_cpu_packet *packet, const corner_lanes *corners, const weight_lanes *weights,
                             const lanes_f normal[3], uint32_t uv_set, lanes_f tangent[3], lanes_f bitangent[3])
{
    const calo_cpu_draw *draw = packet->draw;
    lanes_f object[4], sign;
    if (draw->tangents) {
        mix_array(corners, weights->at, draw->tangents, 4, object);
        sign = lanes_pick(lanes_less(object[3], lanes_float(0)), lanes_float(-1), lanes_float(1));
    } else {
        const float *uvs = draw->primitive->uvs[uv_set];
        if (!uvs || draw->primitive->topology != CALO_TRIANGLES)
            return lanes_from_bits(0);
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

LANES_INLINE void apply_normal_map(const calo_cpu_scene *scene, const calo_cpu_packet *packet,
                             const calo_cpu_material *material, const corner_lanes *corners,
                             const weight_lanes *weights, const uv_lanes *sets, lanes_f normal[3])
{
    lanes_f texel[4], tangent[3], bitangent[3], mapped[3];
    if (!sample_slot(scene, material, CALO_SLOT_NORMAL, sets, texel))
        return;
    lanes_m sound = tangent_frame(packet, corners, weights, normal, material->source.slots[CALO_SLOT_NORMAL].uv_set,
                                  tangent, bitangent);
    float scale = material->source.normal_scale;
    lanes_f x = (2.0f * texel[0] - 1.0f) * scale, y = (2.0f * texel[1] - 1.0f) * scale, z = 2.0f * texel[2] - 1.0f;
    for (int i = 0; i < 3; i++)
        mapped[i] = x * tangent[i] + y * bitangent[i] + z * normal[i];
    sound &= normalize_lanes(mapped);
    for (int i = 0; i < 3; i++)
        normal[i] = lanes_pick(sound, mapped[i], normal[i]);
}

/* Interpolated, mapped, and then turned to the side that is seen. */
LANES_INLINE void find_normal(const calo_cpu_scene *scene, const calo_cpu_packet *packet, const calo_cpu_material *material,
                        const corner_lanes *corners, const weight_lanes *weights, const uv_lanes *sets,
                        calo_cpu_surface *surface)
{
    const calo_cpu_draw *draw = packet->draw;
    lanes_f *normal = surface->normal;
    for (int i = 0; i < 3; i++)
        normal[i] = surface->geometric_normal[i];
    if (draw->normals) {
        lanes_f object[3], world[3];
        for (int i = 0; i < 3; i++)
            object[i] = mix(weights->at, corners->normal[0][i], corners->normal[1][i], corners->normal[2][i]);
        to_world(draw->normal_to_world, object, world);
        lanes_m sound = normalize_lanes(world);
        for (int i = 0; i < 3; i++)
            normal[i] = lanes_pick(sound, world[i], normal[i]);
    }
    lanes_m turned = lanes_less(dot_lanes(normal, surface->geometric_normal), lanes_float(0));
    if (!draw->unlit)
        apply_normal_map(scene, packet, material, corners, weights, sets, normal);
    for (int i = 0; i < 3; i++)
        normal[i] = lanes_pick(turned, -normal[i], normal[i]);
}

/* ---- the material ---- */

static void metallic_roughness(const calo_cpu_scene *scene, const calo_cpu_material *material,
                               const calo_cpu_draw_state *state, const uv_lanes *sets, calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    lanes_f texel[4], tint[4], specular = lanes_float(source->specular);
    surface->metallic = lanes_float(source->metallic);
    surface->roughness = lanes_float(source->roughness);
    if (sample_slot(scene, material, CALO_SLOT_METALLIC_ROUGHNESS, sets, texel)) {
        surface->roughness *= texel[1];
        surface->metallic *= texel[2];
        if (state->shares_occlusion)
            surface->occlusion = texel[0];
    }
    if (sample_slot(scene, material, CALO_SLOT_SPECULAR, sets, texel))
        specular *= texel[3];
    for (int i = 0; i < 4; i++)
        tint[i] = lanes_float(1);
    sample_slot(scene, material, CALO_SLOT_SPECULAR_COLOR, sets, tint);
    float ratio = (source->ior - 1) / (source->ior + 1);
    lanes_f metallic = surface->metallic;
    for (int i = 0; i < 3; i++) {
        /* KHR_materials_specular: the dielectric's reflectance, tinted and weighted. */
        lanes_f dielectric = lanes_min(tint[i] * (ratio * ratio * source->specular_color[i]), lanes_float(1)) * specular;
        surface->f0[i] = dielectric + metallic * (surface->base_color[i] - dielectric);
        surface->diffuse[i] = surface->base_color[i] * (1.0f - metallic);
    }
    surface->f90 = specular + metallic * (1.0f - specular);
}

static void specular_glossiness(const calo_cpu_scene *scene, const calo_cpu_material *material, const uv_lanes *sets,
                                calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    lanes_f texel[4], strongest = lanes_float(0);
    for (int i = 0; i < 4; i++)
        texel[i] = lanes_float(1);
    sample_slot(scene, material, CALO_SLOT_SPECULAR_GLOSSINESS, sets, texel);
    surface->roughness = 1.0f - (1 - source->roughness) * texel[3];
    for (int i = 0; i < 3; i++) {
        surface->f0[i] = source->specular_color[i] * texel[i];
        strongest = lanes_max(strongest, surface->f0[i]);
    }
    surface->f90 = lanes_float(1);
    surface->metallic = lanes_float(0);
    for (int i = 0; i < 3; i++)
        surface->diffuse[i] = surface->base_color[i] * (1.0f - strongest);
}

/* Without textures that change it from pixel to pixel. */
static void uniform_material(const calo_cpu_material *material, const calo_cpu_draw_state *state,
                             calo_cpu_surface *surface)
{
    surface->metallic = lanes_float(0);
    surface->roughness = lanes_float(fminf(fmaxf(material->source.roughness, 0), 1));
    surface->f90 = lanes_float(state->f90);
    for (int i = 0; i < 3; i++) {
        surface->f0[i] = lanes_float(state->f0[i]);
        surface->diffuse[i] = surface->base_color[i];
    }
}

static void find_material(const calo_cpu_scene *scene, const calo_cpu_material *material,
                          const calo_cpu_draw_state *state, const uv_lanes *sets, calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    lanes_f texel[4];
    surface->occlusion = lanes_float(1);
    for (int i = 0; i < 3; i++)
        surface->emissive[i] = lanes_float(source->emissive[i]);
    if (state->uniform)
        uniform_material(material, state, surface);
    else if (source->specular_glossiness)
        specular_glossiness(scene, material, sets, surface);
    else
        metallic_roughness(scene, material, state, sets, surface);
    surface->roughness = lanes_clamp(surface->roughness, 0, 1);
    surface->metallic = lanes_clamp(surface->metallic, 0, 1);
    if (sample_slot(scene, material, CALO_SLOT_EMISSIVE, sets, texel))
        for (int i = 0; i < 3; i++)
            surface->emissive[i] *= texel[i];
    if (!state->shares_occlusion && sample_slot(scene, material, CALO_SLOT_OCCLUSION, sets, texel))
        surface->occlusion = texel[0];
    surface->occlusion = 1.0f + source->occlusion_strength * (surface->occlusion - 1.0f);
}

/* ---- all of it ---- */

/* The viewer's direction, and where the packet's points are if anyone asks. */
LANES_INLINE void find_place(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const corner_lanes *corners,
                             const weight_lanes *weights, calo_cpu_surface *surface)
{
    const calo_cpu_camera *camera = &worker->camera;
    const calo_mat4 *m = &packet->draw->object_to_world;
    for (int i = 0; i < 3; i++)
        surface->to_viewer[i] = -(packet->x * (float)camera->ray[i][0] + packet->y * (float)camera->ray[i][1] +
                                  (float)camera->ray[i][2]);
    normalize_lanes(surface->to_viewer);
    if (!worker->needs_position)
        return;
    lanes_f object[3];
    for (int i = 0; i < 3; i++)
        object[i] = mix(weights->at, corners->position[0][i], corners->position[1][i], corners->position[2][i]);
    direction_to_world(m, object, surface->position);
    for (int i = 0; i < 3; i++)
        surface->position[i] += (float)m->m[i][3];
}

void calo_cpu_surface_find(calo_cpu_worker *worker, const calo_cpu_packet *packet, calo_cpu_surface *surface)
{
    const calo_cpu_scene *scene = worker->scene;
    const calo_cpu_material *material = &scene->materials[packet->draw->material];
    const calo_cpu_draw_state *state = calo_cpu_draw_state_of(worker, packet->draw);
    bool shown = worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL);
    corner_lanes corners;
    weight_lanes weights;
    uv_lanes sets;
    load_corners(packet, &corners);
    find_weights(worker, packet, state, &corners, &weights, &surface->depth);
    find_uvs(packet, material, &corners, &weights, &sets);
    find_place(worker, packet, &corners, &weights, surface);
    find_geometric_normal(packet, state, &corners, &weights, shown || !packet->draw->normals, surface);
    find_normal(scene, packet, material, &corners, &weights, &sets, surface);
    for (int i = 0; i < 2; i++)
        surface->uv[i] = sets.at[0][i];
    find_base_color(scene, packet, material, &corners, &weights, &sets, surface->base_color);
    find_material(scene, material, state, &sets, surface);
}

void calo_cpu_surface_alpha(calo_cpu_worker *worker, const calo_cpu_packet *packet, lanes_f *alpha)
{
    const calo_cpu_material *material = &worker->scene->materials[packet->draw->material];
    corner_lanes corners;
    weight_lanes weights;
    uv_lanes sets;
    lanes_f depth, rgba[4];
    load_corners(packet, &corners);
    find_weights(worker, packet, calo_cpu_draw_state_of(worker, packet->draw), &corners, &weights, &depth);
    find_uvs(packet, material, &corners, &weights, &sets);
    find_base_color(worker->scene, packet, material, &corners, &weights, &sets, rgba);
    *alpha = rgba[3];
}
