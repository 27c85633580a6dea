/* Attributes and material at a point of an element. */
#include <math.h>
#include <string.h>

#include "base/scalar.h"
#include "render/cpu/surface.h"

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const float a[3], const float b[3], float out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static bool normalize(float v[3])
{
    float length = sqrtf(dot(v, v));
    if (!(length > 0) || !isfinite(length))
        return false;
    for (int i = 0; i < 3; i++)
        v[i] /= length;
    return true;
}

/* The mix of the corners' values of an attribute of `components` floats a vertex. */
static inline void interpolate(const calo_cpu_element *element, const float w[3], const float *values, int components,
                               float *out)
{
    const float *a = values + (size_t)element->index[0] * (size_t)components;
    const float *b = values + (size_t)element->index[1] * (size_t)components;
    const float *c = values + (size_t)element->index[2] * (size_t)components;
    for (int i = 0; i < components; i++)
        out[i] = w[0] * a[i] + w[1] * b[i] + w[2] * c[i];
}

/* ---- textures ---- */

/* UV coordinates of both sets and their steps a pixel. */
typedef struct uv_sets {
    float uv[2][2], dx[2][2], dy[2][2];
} uv_sets;

static void find_uvs(const calo_cpu_element *element, const calo_cpu_weights *weights, uv_sets *sets)
{
    memset(sets, 0, sizeof *sets);
    for (int set = 0; set < 2; set++) {
        const float *values = element->draw->primitive->uvs[set];
        if (!values || !element->material->shaded_uv[set])
            continue;
        interpolate(element, weights->at, values, 2, sets->uv[set]);
        interpolate(element, weights->dx, values, 2, sets->dx[set]);
        interpolate(element, weights->dy, values, 2, sets->dy[set]);
    }
}

/* False when the slot is empty; `rgba` is then left alone. */
static bool sample_slot(const calo_cpu_scene *scene, const calo_cpu_material *material, calo_material_slot slot,
                        const uv_sets *sets, float rgba[4])
{
    if (material->textures[slot] < 0)
        return false;
    const calo_texture_use *use = &material->source.slots[slot];
    const float *t = use->transform, *uv = sets->uv[use->uv_set], *dx = sets->dx[use->uv_set],
                *dy = sets->dy[use->uv_set];
    float at[2] = {t[0] * uv[0] + t[1] * uv[1] + t[2], t[3] * uv[0] + t[4] * uv[1] + t[5]};
    float at_dx[2] = {t[0] * dx[0] + t[1] * dx[1], t[3] * dx[0] + t[4] * dx[1]};
    float at_dy[2] = {t[0] * dy[0] + t[1] * dy[1], t[3] * dy[0] + t[4] * dy[1]};
    calo_cpu_texture_sample(&scene->textures[material->textures[slot]], at, at_dx, at_dy, rgba);
    return true;
}

static void find_base_color(const calo_cpu_scene *scene, const calo_cpu_element *element,
                            const calo_cpu_weights *weights, const uv_sets *sets, float rgba[4])
{
    const calo_cpu_material *material = element->material;
    float texel[4], vertex[4];
    memcpy(rgba, material->source.base_color, 4 * sizeof *rgba);
    if (sample_slot(scene, material, CALO_SLOT_BASE_COLOR, sets, texel))
        for (int i = 0; i < 4; i++)
            rgba[i] *= texel[i];
    if (element->draw->primitive->colors) {
        interpolate(element, weights->at, element->draw->primitive->colors, 4, vertex);
        for (int i = 0; i < 4; i++)
            rgba[i] *= calo_maxf(0, vertex[i]);
    }
    /* MASK was tested before; what is left of it is opaque. */
    if (material->source.alpha_mode == CALO_ALPHA_OPAQUE)
        rgba[3] = 1;
    rgba[3] = calo_clampf(rgba[3], 0, 1);
}

void calo_cpu_element_base_color(const calo_cpu_scene *scene, const calo_cpu_element *element,
                                 const calo_cpu_weights *weights, float rgba[4])
{
    uv_sets sets;
    find_uvs(element, weights, &sets);
    find_base_color(scene, element, weights, &sets, rgba);
}

/* ---- normals ---- */

static bool world_direction(const calo_mat4 *m, const float object[3], float world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = (float)(m->m[i][0] * object[0] + m->m[i][1] * object[1] + m->m[i][2] * object[2]);
    return normalize(world);
}

/* The frame that a normal map's x and y stand in: from vertex tangents, else from the triangle. */
static bool tangent_frame(const calo_cpu_element *element, const calo_cpu_weights *weights, const float normal[3],
                          uint32_t uv_set, float tangent[3], float bitangent[3])
{
    const calo_cpu_draw *draw = element->draw;
    float object[4], sign;
    if (draw->tangents) {
        interpolate(element, weights->at, draw->tangents, 4, object);
        sign = object[3] < 0 ? -1.0f : 1.0f;
    } else {
        const float *uvs = draw->primitive->uvs[uv_set];
        if (!uvs || element->corners != 3)
            return false;
        const float *p[3], *t[3];
        for (int k = 0; k < 3; k++) {
            p[k] = draw->positions + 3 * (size_t)element->index[k];
            t[k] = uvs + 2 * (size_t)element->index[k];
        }
        float du1 = t[1][0] - t[0][0], dv1 = t[1][1] - t[0][1], du2 = t[2][0] - t[0][0], dv2 = t[2][1] - t[0][1];
        float area = du1 * dv2 - du2 * dv1;
        for (int i = 0; i < 3; i++)
            object[i] = ((p[1][i] - p[0][i]) * dv2 - (p[2][i] - p[0][i]) * dv1) * (area < 0 ? -1.0f : 1.0f);
        sign = area > 0 ? -1.0f : 1.0f;
    }
    if (!world_direction(&draw->object_to_world, object, tangent))
        return false;
    float along = dot(tangent, normal);
    for (int i = 0; i < 3; i++)
        tangent[i] -= along * normal[i];
    if (!normalize(tangent))
        return false;
    cross(normal, tangent, bitangent);
    if (draw->mirrored)
        sign = -sign;
    for (int i = 0; i < 3; i++)
        bitangent[i] *= sign;
    return true;
}

static void apply_normal_map(const calo_cpu_scene *scene, const calo_cpu_element *element,
                             const calo_cpu_weights *weights, const uv_sets *sets, float normal[3])
{
    const calo_cpu_material *material = element->material;
    float texel[4], tangent[3], bitangent[3], mapped[3];
    if (!sample_slot(scene, material, CALO_SLOT_NORMAL, sets, texel))
        return;
    if (!tangent_frame(element, weights, normal, material->source.slots[CALO_SLOT_NORMAL].uv_set, tangent, bitangent))
        return;
    float x = (2 * texel[0] - 1) * material->source.normal_scale, y = (2 * texel[1] - 1) * material->source.normal_scale;
    float z = 2 * texel[2] - 1;
    for (int i = 0; i < 3; i++)
        mapped[i] = x * tangent[i] + y * bitangent[i] + z * normal[i];
    if (normalize(mapped))
        memcpy(normal, mapped, sizeof mapped);
}

/* Interpolated, mapped, and then turned to the side that is seen. */
static void find_normal(const calo_cpu_scene *scene, const calo_cpu_element *element, const calo_cpu_weights *weights,
                        const uv_sets *sets, float normal[3])
{
    const calo_cpu_draw *draw = element->draw;
    memcpy(normal, element->geometric_normal, 3 * sizeof *normal);
    if (draw->normals) {
        float object[3], world[3];
        interpolate(element, weights->at, draw->normals, 3, object);
        for (int i = 0; i < 3; i++)
            world[i] = draw->normal_to_world[3 * i] * object[0] + draw->normal_to_world[3 * i + 1] * object[1] +
                       draw->normal_to_world[3 * i + 2] * object[2];
        if (normalize(world))
            memcpy(normal, world, sizeof world);
    }
    bool turned = dot(normal, element->geometric_normal) < 0;
    if (!draw->unlit)
        apply_normal_map(scene, element, weights, sets, normal);
    for (int i = 0; turned && i < 3; i++)
        normal[i] = -normal[i];
}

/* ---- the material ---- */

static void metallic_roughness(const calo_cpu_scene *scene, const calo_cpu_material *material, const uv_sets *sets,
                               calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    float texel[4], specular = source->specular;
    surface->metallic = source->metallic;
    surface->roughness = source->roughness;
    if (sample_slot(scene, material, CALO_SLOT_METALLIC_ROUGHNESS, sets, texel)) {
        surface->roughness *= texel[1];
        surface->metallic *= texel[2];
    }
    if (sample_slot(scene, material, CALO_SLOT_SPECULAR, sets, texel))
        specular *= texel[3];
    float tint[4] = {1, 1, 1, 1};
    sample_slot(scene, material, CALO_SLOT_SPECULAR_COLOR, sets, tint);
    float ratio = (source->ior - 1) / (source->ior + 1), metallic = surface->metallic;
    for (int i = 0; i < 3; i++) {
        /* KHR_materials_specular: the dielectric's reflectance, tinted and weighted. */
        float dielectric = calo_minf(ratio * ratio * source->specular_color[i] * tint[i], 1) * specular;
        surface->f0[i] = dielectric + metallic * (surface->base_color[i] - dielectric);
        surface->diffuse[i] = surface->base_color[i] * (1 - metallic);
    }
    surface->f90 = specular + metallic * (1 - specular);
}

static void specular_glossiness(const calo_cpu_scene *scene, const calo_cpu_material *material, const uv_sets *sets,
                                calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    float texel[4] = {1, 1, 1, 1};
    sample_slot(scene, material, CALO_SLOT_SPECULAR_GLOSSINESS, sets, texel);
    surface->roughness = 1 - (1 - source->roughness) * texel[3];
    float strongest = 0;
    for (int i = 0; i < 3; i++) {
        surface->f0[i] = source->specular_color[i] * texel[i];
        strongest = calo_maxf(strongest, surface->f0[i]);
    }
    surface->f90 = 1;
    surface->metallic = 0;
    for (int i = 0; i < 3; i++)
        surface->diffuse[i] = surface->base_color[i] * (1 - strongest);
}

static void find_material(const calo_cpu_scene *scene, const calo_cpu_material *material, const uv_sets *sets,
                          calo_cpu_surface *surface)
{
    const calo_material *source = &material->source;
    (source->specular_glossiness ? specular_glossiness : metallic_roughness)(scene, material, sets, surface);
    surface->roughness = calo_clampf(surface->roughness, 0, 1);
    surface->metallic = calo_clampf(surface->metallic, 0, 1);
    float texel[4] = {1, 1, 1, 1};
    sample_slot(scene, material, CALO_SLOT_EMISSIVE, sets, texel);
    for (int i = 0; i < 3; i++)
        surface->emissive[i] = source->emissive[i] * texel[i];
    surface->occlusion = 1;
    if (sample_slot(scene, material, CALO_SLOT_OCCLUSION, sets, texel))
        surface->occlusion = 1 + source->occlusion_strength * (texel[0] - 1);
}

static void find_place(const calo_cpu_worker *worker, const calo_cpu_element *element, const calo_cpu_weights *weights,
                       calo_cpu_surface *surface)
{
    const calo_cpu_camera *camera = &worker->camera;
    const calo_mat4 *m = &element->draw->object_to_world;
    float object[3];
    interpolate(element, weights->at, element->draw->positions, 3, object);
    for (int i = 0; i < 3; i++) {
        surface->position[i] =
            (float)(m->m[i][0] * object[0] + m->m[i][1] * object[1] + m->m[i][2] * object[2] + m->m[i][3]);
        surface->to_viewer[i] = camera->orthographic ? camera->back[i] : camera->position[i] - surface->position[i];
    }
    if (!normalize(surface->to_viewer))
        memcpy(surface->to_viewer, camera->back, sizeof surface->to_viewer);
}

void calo_cpu_element_surface(const calo_cpu_worker *worker, const calo_cpu_element *element, double x, double y,
                              calo_cpu_surface *surface)
{
    const calo_cpu_scene *scene = worker->scene;
    calo_cpu_weights weights;
    uv_sets sets;
    calo_cpu_element_weights(element, x, y, &weights);
    find_uvs(element, &weights, &sets);
    find_place(worker, element, &weights, surface);
    surface->depth = calo_cpu_element_depth(element, &weights, x, y);
    memcpy(surface->geometric_normal, element->geometric_normal, sizeof surface->geometric_normal);
    find_normal(scene, element, &weights, &sets, surface->normal);
    surface->uv[0] = surface->uv[1] = 0;
    if (element->draw->primitive->uvs[0])
        interpolate(element, weights.at, element->draw->primitive->uvs[0], 2, surface->uv);
    find_base_color(scene, element, &weights, &sets, surface->base_color);
    find_material(scene, element->material, &sets, surface);
}
