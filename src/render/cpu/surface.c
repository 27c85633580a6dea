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
    return state;
}

/* ---- corners ---- */

static void load_corners(const calo_cpu_packet *packet, corner_lanes *corners)
{
    const calo_cpu_geometry *geometry = packet->draw->geometry;
    calo_topology topology = packet->draw->primitive->topology;
    uint32_t count = topology == CALO_TRIANGLES ? 3 : topology == CALO_LINES ? 2 : 1;
    uint32_t elements[LANES];
    lanes_store_int(elements, packet->ids - (int32_t)packet->draw->first_id);
    for (uint32_t k = 0; k < 3; k++) {
        const float *low[LANES], *high[LANES];
        uint32_t use = k < count ? k : 0;
        for (int i = 0; i < LANES; i++) {
            uint32_t index = geometry->indices[(size_t)elements[i] * count + use];
            corners->index[k][i] = index;
            low[i] = geometry->vertices[index].position;
            high[i] = low[i] + 4;
        }
        lanes_f a[4], b[4];
        lanes_load4(low, a);
        lanes_load4(high, b);
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

/* Corner weights from edge functions. */
LANES_INLINE void weigh(const edge_lanes *edges, bool mirrored, weight_lanes *weights)
{
    lanes_f sum = edges->at[0] + edges->at[1] + edges->at[2];
    lanes_f sum_x = edges->step_x[0] + edges->step_x[1] + edges->step_x[2];
    lanes_f sum_y = edges->step_y[0] + edges->step_y[1] + edges->step_y[2];
    lanes_f scale = 1.0f / sum, total = lanes_float(0);
    /* Seen exactly edge-on, any point of the triangle will do. */
    lanes_m sound = lanes_less(lanes_abs(scale), lanes_float(__builtin_inff()));
    weights->front = mirrored ? lanes_less(lanes_float(0), sum) : lanes_less(sum, lanes_float(0));
    for (int k = 0; k < 3; k++) {
        lanes_f raw = edges->at[k] * scale;
        weights->dx[k] = lanes_pick(sound, (edges->step_x[k] - raw * sum_x) * scale, lanes_float(0));
        weights->dy[k] = lanes_pick(sound, (edges->step_y[k] - raw * sum_y) * scale, lanes_float(0));
        raw = lanes_clamp(raw, -CALO_CPU_WEIGHT_SLACK, 1 + CALO_CPU_WEIGHT_SLACK);
        weights->at[k] = lanes_pick(sound, raw, lanes_float(k == 0));
        total += weights->at[k];
    }
    /* They summed to 1 before; cut, to 0.75 at least. */
    lanes_f inverse = 1.0f / total;
    for (int k = 0; k < 3; k++)
        weights->at[k] *= inverse;
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

static void find_weights(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_draw_state *state,
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

static void find_uvs(const calo_cpu_packet *packet, const calo_cpu_material *material, const corner_lanes *corners,
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
static bool sample_slot(const calo_cpu_scene *scene, const calo_cpu_material *material, calo_material_slot slot,
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

static void find_base_color(const calo_cpu_scene *scene, const calo_cpu_packet *packet,
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

static void to_world(const float matrix[9], const lanes_f object[3], lanes_f world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = object[0] * matrix[3 * i] + object[1] * matrix[3 * i + 1] + object[2] * matrix[3 * i + 2];
}

static void direction_to_world(const calo_mat4 *m, const lanes_f object[3], lanes_f world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = object[0] * (float)m->m[i][0] + object[1] * (float)m->m[i][1] + object[2] * (float)m->m[i][2];
}

static void cross_lanes(const lanes_f a[3], const lanes_f b[3], lanes_f out[3])
{
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        out[i] = a[j] * b[k] - a[k] * b[j];
    }
}

/* The triangles' own normals towards the viewer; of lines, points and degenerate ones the way to him. */
static void find_geometric_normal(const calo_cpu_packet *packet, const calo_cpu_draw_state *state,
                                  const corner_lanes *corners, const weight_lanes *weights, calo_cpu_surface *surface)
{
    lanes_f a[3], b[3], object[3], *world = surface->geometric_normal;
    for (int i = 0; i < 3; i++) {
        a[i] = (corners->position[1][i] - corners->position[0][i]) * state->edge_scale;
        b[i] = (corners->position[2][i] - corners->position[0][i]) * state->edge_scale;
    }
    cross_lanes(a, b, object);
    to_world(packet->draw->normal_to_world, object, world);
    lanes_m sound = normalize_lanes(world);
    for (int i = 0; i < 3; i++) {
        lanes_f towards = lanes_pick(weights->front, world[i], -world[i]);
        world[i] = lanes_pick(sound, towards, surface->to_viewer[i]);
    }
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

static void apply_normal_map(const calo_cpu_scene *scene, const calo_cpu_packet *packet,
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
static void find_normal(const calo_cpu_scene *scene, const calo_cpu_packet *packet, const calo_cpu_material *material,
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

static void metallic_roughness(const calo_cpu_scene *scene, const calo_cpu_material *material, const uv_lanes *sets,
                               calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    lanes_f texel[4], tint[4], specular = lanes_float(source->specular);
    surface->metallic = lanes_float(source->metallic);
    surface->roughness = lanes_float(source->roughness);
    if (sample_slot(scene, material, CALO_SLOT_METALLIC_ROUGHNESS, sets, texel)) {
        surface->roughness *= texel[1];
        surface->metallic *= texel[2];
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

static void find_material(const calo_cpu_scene *scene, const calo_cpu_material *material, const uv_lanes *sets,
                          calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    (source->specular_glossiness ? specular_glossiness : metallic_roughness)(scene, material, sets, surface);
    surface->roughness = lanes_clamp(surface->roughness, 0, 1);
    surface->metallic = lanes_clamp(surface->metallic, 0, 1);
    lanes_f texel[4];
    for (int i = 0; i < 4; i++)
        texel[i] = lanes_float(1);
    sample_slot(scene, material, CALO_SLOT_EMISSIVE, sets, texel);
    for (int i = 0; i < 3; i++)
        surface->emissive[i] = source->emissive[i] * texel[i];
    surface->occlusion = lanes_float(1);
    if (sample_slot(scene, material, CALO_SLOT_OCCLUSION, sets, texel))
        surface->occlusion = 1.0f + source->occlusion_strength * (texel[0] - 1.0f);
}

/* ---- all of it ---- */

static void find_place(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const corner_lanes *corners,
                       const weight_lanes *weights, calo_cpu_surface *surface)
{
    const calo_cpu_camera *camera = &worker->camera;
    const calo_mat4 *m = &packet->draw->object_to_world;
    lanes_f object[3];
    for (int i = 0; i < 3; i++)
        object[i] = mix(weights->at, corners->position[0][i], corners->position[1][i], corners->position[2][i]);
    direction_to_world(m, object, surface->position);
    for (int i = 0; i < 3; i++) {
        surface->position[i] += (float)m->m[i][3];
        surface->to_viewer[i] =
            camera->orthographic ? lanes_float(camera->back[i]) : camera->position[i] - surface->position[i];
    }
    lanes_m sound = normalize_lanes(surface->to_viewer);
    for (int i = 0; i < 3; i++)
        surface->to_viewer[i] = lanes_pick(sound, surface->to_viewer[i], lanes_float(camera->back[i]));
}

void calo_cpu_surface_find(calo_cpu_worker *worker, const calo_cpu_packet *packet, calo_cpu_surface *surface)
{
    const calo_cpu_scene *scene = worker->scene;
    const calo_cpu_material *material = &scene->materials[packet->draw->material];
    const calo_cpu_draw_state *state = calo_cpu_draw_state_of(worker, packet->draw);
    corner_lanes corners;
    weight_lanes weights;
    uv_lanes sets;
    load_corners(packet, &corners);
    find_weights(worker, packet, state, &corners, &weights, &surface->depth);
    find_uvs(packet, material, &corners, &weights, &sets);
    find_place(worker, packet, &corners, &weights, surface);
    find_geometric_normal(packet, state, &corners, &weights, surface);
    find_normal(scene, packet, material, &corners, &weights, &sets, surface);
    for (int i = 0; i < 2; i++)
        surface->uv[i] = sets.at[0][i];
    find_base_color(scene, packet, material, &corners, &weights, &sets, surface->base_color);
    find_material(scene, material, &sets, surface);
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
