#include <math.h>

#include "embree_packet.h"

#ifndef EMBREE_LEVEL
#define EMBREE_LEVEL baseline
#endif
#define JOIN_NAMES(a, b) a##_##b
#define JOIN(a, b) JOIN_NAMES(a, b)

typedef float lanes[LANES];
typedef int32_t int_lanes[LANES];
#define EACH_LANE for (int i = 0; i < LANES; i++)

embree_shade JOIN(embree_shade, EMBREE_LEVEL);
embree_encode JOIN(embree_encode, EMBREE_LEVEL);

/* Corners' vertex numbers and the hit's place between them; lanes that are not asked for take triangle 0. */
typedef struct hit_lanes {
    int_lanes corner[3], triangle;
    lanes u, v;
} hit_lanes;

static void interpolate(const hit_lanes *hits, const float *values, int stride, int component, lanes out)
{
    EACH_LANE {
        float a = values[hits->corner[0][i] * stride + component], b = values[hits->corner[1][i] * stride + component],
              c = values[hits->corner[2][i] * stride + component];
        out[i] = a + hits->u[i] * (b - a) + hits->v[i] * (c - a);
    }
}

static void normalize(lanes v[3])
{
    EACH_LANE {
        float scale = 1 / sqrtf(v[0][i] * v[0][i] + v[1][i] * v[1][i] + v[2][i] * v[2][i]);
        v[0][i] *= scale;
        v[1][i] *= scale;
        v[2][i] *= scale;
    }
}

/* ---- textures ---- */

/* Where to look, and how large a pixel is there: uv, and uv's change a pixel right and down. */
typedef struct footprint {
    lanes u, v, u_x, v_x, u_y, v_y;
} footprint;

/* Of a plane seen along a ray: the hit moves by depth * (step - direction * (n.step / n.direction)). */
static void find_footprint(const embree_mesh *mesh, const embree_camera *camera, const embree_packet *packet,
                           const hit_lanes *hits, footprint *foot)
{
    interpolate(hits, mesh->uvs, 2, 0, foot->u);
    interpolate(hits, mesh->uvs, 2, 1, foot->v);
    EACH_LANE {
        const float *gradient = mesh->uv_gradients + 6 * hits->triangle[i];
        float n[3], d[3], toward = 0, x = 0, y = 0, moved_x[3], moved_y[3];
        for (int c = 0; c < 3; c++) {
            n[c] = packet->geometric_normal[c][i];
            d[c] = packet->direction[c][i];
            toward += n[c] * d[c];
            x += n[c] * camera->step_x[c];
            y += n[c] * camera->step_y[c];
        }
        for (int c = 0; c < 3; c++) {
            moved_x[c] = packet->depth[i] * (camera->step_x[c] - d[c] * (x / toward));
            moved_y[c] = packet->depth[i] * (camera->step_y[c] - d[c] * (y / toward));
        }
        foot->u_x[i] = gradient[0] * moved_x[0] + gradient[1] * moved_x[1] + gradient[2] * moved_x[2];
        foot->v_x[i] = gradient[3] * moved_x[0] + gradient[4] * moved_x[1] + gradient[5] * moved_x[2];
        foot->u_y[i] = gradient[0] * moved_y[0] + gradient[1] * moved_y[1] + gradient[2] * moved_y[2];
        foot->v_y[i] = gradient[3] * moved_y[0] + gradient[4] * moved_y[1] + gradient[5] * moved_y[2];
    }
}

/* log2 to about 0.01, from a float's bits. */
static inline float fast_log2(float x)
{
    union {
        float value;
        int32_t bits;
    } both = {x};
    float exponent = (float)((both.bits >> 23) - 127);
    both.bits = (both.bits & 0x7fffff) | 0x3f800000;
    float m = both.value;
    return exponent - 1.674903f + (2.02466f - 0.344845f * m) * m;
}

static inline float srgb_to_linear(float x)
{
    return x * (x * (x * 0.305306011f + 0.682171111f) + 0.012522878f);
}

/* Texels around (u, v) of each lane's level, mixed; added to `out` with a weight. */
static void add_level(const embree_texture *texture, const footprint *foot, const int_lanes level, const lanes weight,
                      int srgb, lanes out[4])
{
    EACH_LANE {
        int32_t width = texture->width[level[i]], height = texture->height[level[i]];
        int32_t offset = texture->offset[level[i]];
        float x = (foot->u[i] - floorf(foot->u[i])) * (float)width - 0.5f;
        float y = (foot->v[i] - floorf(foot->v[i])) * (float)height - 0.5f;
        int32_t x0 = (int32_t)floorf(x), y0 = (int32_t)floorf(y);
        float fx = x - (float)x0, fy = y - (float)y0;
        x0 = x0 < 0 || x0 >= width ? width - 1 : x0;
        y0 = y0 < 0 || y0 >= height ? height - 1 : y0;
        int32_t x1 = x0 + 1 == width ? 0 : x0 + 1, y1 = y0 + 1 == height ? 0 : y0 + 1;
        uint32_t a = texture->texels[offset + y0 * width + x0], b = texture->texels[offset + y0 * width + x1];
        uint32_t c = texture->texels[offset + y1 * width + x0], d = texture->texels[offset + y1 * width + x1];
        for (int component = 0; component < 3; component++) {
            int shift = 8 * component;
            float ta = (float)(int32_t)(a >> shift & 255) * (1.0f / 255);
            float tb = (float)(int32_t)(b >> shift & 255) * (1.0f / 255);
            float tc = (float)(int32_t)(c >> shift & 255) * (1.0f / 255);
            float td = (float)(int32_t)(d >> shift & 255) * (1.0f / 255);
            if (srgb) {
                ta = srgb_to_linear(ta);
                tb = srgb_to_linear(tb);
                tc = srgb_to_linear(tc);
                td = srgb_to_linear(td);
            }
            float top = ta + fx * (tb - ta), bottom = tc + fx * (td - tc);
            out[component][i] += weight[i] * (top + fy * (bottom - top));
        }
    }
}

static void sample(const embree_texture *texture, const footprint *foot, int srgb, lanes out[4])
{
    float width = (float)texture->width[0], height = (float)texture->height[0];
    int32_t last = (int32_t)texture->level_count - 1;
    int_lanes low, high;
    lanes low_weight, high_weight;
    EACH_LANE {
        float x2 = foot->u_x[i] * foot->u_x[i] * width * width + foot->v_x[i] * foot->v_x[i] * height * height;
        float y2 = foot->u_y[i] * foot->u_y[i] * width * width + foot->v_y[i] * foot->v_y[i] * height * height;
        float longer = fminf(fmaxf(fmaxf(x2, y2), 1e-12f), 1e12f);
        float shorter = fmaxf(fminf(x2, y2), longer * (1.0f / 256));
        float level = fminf(fmaxf(0.25f * fast_log2(longer * shorter), 0), (float)last);
        int32_t whole = (int32_t)level;
        low[i] = whole < 0 ? 0 : whole > last ? last : whole; /* lanes without a hit have any level */
        high[i] = low[i] < last ? low[i] + 1 : last;
        high_weight[i] = level - (float)low[i];
        low_weight[i] = 1 - high_weight[i];
    }
    for (int c = 0; c < 3; c++)
        EACH_LANE out[c][i] = 0;
    add_level(texture, foot, low, low_weight, srgb, out);
    add_level(texture, foot, high, high_weight, srgb, out);
}

/* ---- the surface ---- */

static void apply_normal_map(const embree_mesh *mesh, const hit_lanes *hits, const footprint *foot, lanes normal[3])
{
    lanes texel[4], tangent[3], sign;
    if (!mesh->tangents || !mesh->normal_map.texels)
        return;
    sample(&mesh->normal_map, foot, 0, texel);
    for (int c = 0; c < 3; c++)
        interpolate(hits, mesh->tangents, 4, c, tangent[c]);
    interpolate(hits, mesh->tangents, 4, 3, sign);
    EACH_LANE {
        float along = tangent[0][i] * normal[0][i] + tangent[1][i] * normal[1][i] + tangent[2][i] * normal[2][i];
        for (int c = 0; c < 3; c++)
            tangent[c][i] -= along * normal[c][i];
    }
    normalize(tangent);
    EACH_LANE {
        float x = (2 * texel[0][i] - 1) * mesh->normal_scale, z = 2 * texel[2][i] - 1;
        float y = (2 * texel[1][i] - 1) * mesh->normal_scale * (sign[i] < 0 ? -1.0f : 1.0f);
        float t[3] = {tangent[0][i], tangent[1][i], tangent[2][i]}, n[3] = {normal[0][i], normal[1][i], normal[2][i]};
        normal[0][i] = x * t[0] + y * (n[1] * t[2] - n[2] * t[1]) + z * n[0];
        normal[1][i] = x * t[1] + y * (n[2] * t[0] - n[0] * t[2]) + z * n[1];
        normal[2][i] = x * t[2] + y * (n[0] * t[1] - n[1] * t[0]) + z * n[2];
    }
    normalize(normal);
}

/* Interpolated, mapped, towards the viewer. */
static void find_normal(const embree_mesh *mesh, const embree_packet *packet, const hit_lanes *hits,
                        const footprint *foot, lanes normal[3])
{
    lanes turn;
    for (int c = 0; c < 3; c++)
        interpolate(hits, mesh->normals, 3, c, normal[c]);
    normalize(normal);
    EACH_LANE {
        float facing = 0, agree = 0;
        for (int c = 0; c < 3; c++) {
            facing += packet->geometric_normal[c][i] * packet->direction[c][i];
            agree += packet->geometric_normal[c][i] * normal[c][i];
        }
        turn[i] = (facing < 0) == (agree > 0) ? 1.0f : -1.0f;
    }
    apply_normal_map(mesh, hits, foot, normal);
    for (int c = 0; c < 3; c++)
        EACH_LANE normal[c][i] *= turn[i];
}

typedef struct material_lanes {
    lanes base[3], emissive[3], metallic, roughness, occlusion;
} material_lanes;

static void find_material(const embree_mesh *mesh, const footprint *foot, material_lanes *out)
{
    lanes texel[4];
    EACH_LANE {
        out->metallic[i] = mesh->metallic;
        out->roughness[i] = mesh->roughness;
        out->occlusion[i] = 1;
        for (int c = 0; c < 3; c++) {
            out->base[c][i] = mesh->base_color[c];
            out->emissive[c][i] = mesh->emissive[c];
        }
    }
    if (mesh->base_color_map.texels) {
        sample(&mesh->base_color_map, foot, 1, texel);
        for (int c = 0; c < 3; c++)
            EACH_LANE out->base[c][i] *= texel[c][i];
    }
    if (mesh->metallic_roughness_map.texels) {
        sample(&mesh->metallic_roughness_map, foot, 0, texel);
        EACH_LANE {
            out->roughness[i] *= texel[1][i];
            out->metallic[i] *= texel[2][i];
        }
    }
    if (mesh->occlusion_map.texels) {
        sample(&mesh->occlusion_map, foot, 0, texel);
        EACH_LANE out->occlusion[i] += mesh->occlusion_strength * (texel[0][i] - 1);
    }
    if (mesh->emissive_map.texels) {
        sample(&mesh->emissive_map, foot, 1, texel);
        for (int c = 0; c < 3; c++)
            EACH_LANE out->emissive[c][i] *= texel[c][i];
    }
}

/* ---- light ---- */

static inline float clamp(float x, float low, float high)
{
    return fminf(fmaxf(x, low), high);
}

/* The reflection model of the renderers beside it: see peer_osmesa_shader.h. */
static void light(const embree_camera *camera, const embree_packet *packet, const material_lanes *m, lanes normal[3],
                  lanes out[3])
{
    lanes viewer[3];
    for (int c = 0; c < 3; c++)
        EACH_LANE viewer[c][i] = -packet->direction[c][i];
    normalize(viewer);
    EACH_LANE {
        float n[3] = {normal[0][i], normal[1][i], normal[2][i]}, v[3] = {viewer[0][i], viewer[1][i], viewer[2][i]};
        float h[3];
        const float *l = camera->to_sun;
        float roughness = m->roughness[i], alpha = fmaxf(roughness * roughness, 1e-3f), a2 = alpha * alpha;
        float nv = clamp(n[0] * v[0] + n[1] * v[1] + n[2] * v[2], 1e-4f, 1);
        float nl = n[0] * l[0] + n[1] * l[1] + n[2] * l[2];
        float rx = 1 - roughness, ry = 0.0425f - 0.0275f * roughness, rz = 1.04f - 0.572f * roughness,
              rw = 0.022f * roughness - 0.04f;
        float k = fminf(rx * rx, exp2f(-9.28f * nv)) * rx + ry, scale = rz - 1.04f * k, bias = rw + 1.04f * k;
        for (int c = 0; c < 3; c++)
            h[c] = l[c] + v[c];
        float h_scale = 1 / sqrtf(h[0] * h[0] + h[1] * h[1] + h[2] * h[2]);
        float nh = clamp((n[0] * h[0] + n[1] * h[1] + n[2] * h[2]) * h_scale, 0, 1);
        float vh = clamp((v[0] * h[0] + v[1] * h[1] + v[2] * h[2]) * h_scale, 0, 1);
        float lit = fmaxf(nl, 1e-4f), d = nh * nh * (a2 - 1) + 1, g = 1 - vh, g5 = g * g * g * g * g;
        float visibility = 0.5f / (lit * sqrtf(nv * nv * (1 - a2) + a2) + nv * sqrtf(lit * lit * (1 - a2) + a2));
        float lobe = a2 / (3.14159265f * d * d) * visibility, sun = camera->sun * fmaxf(nl, 0);
        float edge = sqrtf(0.5f + 0.5f * m->metallic[i]), sky = camera->environment * m->occlusion[i];
        for (int c = 0; c < 3; c++) {
            float f0 = 0.04f + m->metallic[i] * (m->base[c][i] - 0.04f), f90 = f0 + (1 - f0) * edge;
            float diffuse = m->base[c][i] * (1 - m->metallic[i]);
            out[c][i] = m->emissive[c][i] + sky * (f0 * scale + f90 * bias + diffuse) +
                        sun * (diffuse * (1 / 3.14159265f) + lobe * (f0 + (f90 - f0) * g5));
        }
    }
}

void JOIN(embree_shade, EMBREE_LEVEL)(const embree_mesh *mesh, uint32_t geometry, const embree_camera *camera,
                                      const embree_packet *packet, embree_surface *surface)
{
    hit_lanes hits;
    footprint foot;
    material_lanes material;
    lanes normal[3], color[3];
    int_lanes wanted;
    EACH_LANE {
        wanted[i] = packet->geometry[i] == geometry;
        hits.triangle[i] = wanted[i] ? (int32_t)packet->triangle[i] : 0;
        hits.u[i] = wanted[i] ? packet->u[i] : 0;
        hits.v[i] = wanted[i] ? packet->v[i] : 0;
    }
    for (int c = 0; c < 3; c++)
        EACH_LANE hits.corner[c][i] = (int32_t)mesh->indices[3 * hits.triangle[i] + c];
    find_footprint(mesh, camera, packet, &hits, &foot);
    find_normal(mesh, packet, &hits, &foot, normal);
    find_material(mesh, &foot, &material);
    light(camera, packet, &material, normal, color);
    for (int c = 0; c < 3; c++) {
        const float *axis = c == 0 ? camera->right : c == 1 ? camera->up : camera->back;
        EACH_LANE {
            float turned = axis[0] * normal[0][i] + axis[1] * normal[1][i] + axis[2] * normal[2][i];
            surface->color[c][i] = wanted[i] ? color[c][i] : surface->color[c][i];
            surface->normal[c][i] = wanted[i] ? turned : surface->normal[c][i];
        }
    }
}

/* Three square roots come within 1/1000 of the sRGB curve. */
static inline uint32_t linear_to_srgb8(float x)
{
    x = clamp(x, 0, 1);
    float s1 = sqrtf(x), s2 = sqrtf(s1), s3 = sqrtf(s2);
    float curved = 0.662002687f * s1 + 0.684122060f * s2 - 0.323583601f * s3 - 0.0225411470f * x;
    return (uint32_t)(int32_t)((x <= 0.0031308f ? 12.92f * x : curved) * 255 + 0.5f);
}

void JOIN(embree_encode, EMBREE_LEVEL)(const float color[3][LANES], const float coverage[LANES], uint32_t rgba[LANES])
{
    EACH_LANE {
        float scale = coverage[i] > 0 ? 1 / coverage[i] : 0;
        rgba[i] = linear_to_srgb8(color[0][i] * scale) | linear_to_srgb8(color[1][i] * scale) << 8 |
                  linear_to_srgb8(color[2][i] * scale) << 16 | (uint32_t)(int32_t)(coverage[i] * 255 + 0.5f) << 24;
    }
}
