/* The reflection model: GGX with height-correlated Smith masking over a Lambert base (glTF 2.0,
 * appendix B), under an environment by the split sum (Karis 2013) and under punctual lights.
 * With energy compensation, light lost between microfacets comes back (Fdez-Aguera 2019) and the
 * base gets what the top layer leaves. Without (the default), layers are added as Blender's EEVEE
 * 3.4 does: nearer to its pictures on every object compared (docs/blender.md). */
#include <math.h>

#include "base/scalar.h"
#include "render/cpu/surface.h"
#include "render/ggx_table.h"

static const float pi = 3.14159265f;

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* The table's bilinear value: albedo = scale * f0 + bias * f90. */
static void ggx_albedo(float roughness, float cosine, float *scale, float *bias)
{
    float x = cosine * (CALO_GGX_TABLE_SIZE - 1), y = roughness * (CALO_GGX_TABLE_SIZE - 1);
    int x0 = (int)calo_minf(x, CALO_GGX_TABLE_SIZE - 2), y0 = (int)calo_minf(y, CALO_GGX_TABLE_SIZE - 2);
    float fx = x - (float)x0, fy = y - (float)y0, out[2];
    for (int i = 0; i < 2; i++) {
        float low = calo_ggx_table[y0][x0][i] * (1 - fx) + calo_ggx_table[y0][x0 + 1][i] * fx;
        float high = calo_ggx_table[y0 + 1][x0][i] * (1 - fx) + calo_ggx_table[y0 + 1][x0 + 1][i] * fx;
        out[i] = low * (1 - fy) + high * fy;
    }
    *scale = out[0];
    *bias = out[1];
}

/* What the view direction alone decides. */
typedef struct reflection {
    float n_dot_v, alpha;
    float f90[3];
    float single[3];   /* directional albedo of the first bounce */
    float multiple[3]; /* and of the further ones */
    float base[3];     /* diffuse colour times what the top layer lets through */
} reflection;

static void find_lobe(const calo_render_options *options, const calo_cpu_surface *surface, reflection *out)
{
    bool compensate = options->energy_compensation == CALO_ON;
    float scale, bias, strongest = 0;
    out->n_dot_v = calo_clampf(dot(surface->normal, surface->to_viewer), 1e-4f, 1);
    out->alpha = calo_maxf(surface->roughness * surface->roughness, 1e-3f);
    ggx_albedo(surface->roughness, out->n_dot_v, &scale, &bias);
    float lost = 1 - (scale + bias);
    for (int i = 0; i < 3; i++) {
        float f0 = surface->f0[i];
        /* EEVEE dims the grazing edge of weak reflectors: f90 = mix(f0, 1, sqrt(specular)). */
        out->f90[i] = compensate ? surface->f90 : f0 + (1 - f0) * sqrtf(calo_minf(1, 0.5f * surface->f90 +
                                                                             0.5f * surface->metallic));
        out->single[i] = scale * f0 + bias * out->f90[i];
        float mean = f0 + (out->f90[i] - f0) * (1.0f / 21);
        out->multiple[i] = compensate ? lost * out->single[i] * mean / (1 - mean * lost) : 0;
        strongest = calo_maxf(strongest, out->single[i] + out->multiple[i]);
    }
    for (int i = 0; i < 3; i++)
        out->base[i] = surface->diffuse[i] * (compensate ? 1 - calo_minf(1, strongest) : 1);
}

static void add_environment(const calo_cpu_worker *worker, const calo_cpu_surface *surface, const reflection *lobe,
                            float rgb[3])
{
    const calo_environment *environment = &worker->scene->environment;
    float irradiance[3], reflected[3], mirrored[3];
    if (!environment->present)
        return;
    float occlusion = worker->options->occlusion_maps == CALO_OFF ? 1 : surface->occlusion;
    float along = 2 * dot(surface->normal, surface->to_viewer);
    for (int i = 0; i < 3; i++)
        mirrored[i] = along * surface->normal[i] - surface->to_viewer[i];
    calo_environment_irradiance(environment, surface->normal, irradiance);
    calo_environment_reflection(environment, mirrored, surface->roughness, reflected);
    for (int i = 0; i < 3; i++)
        rgb[i] += occlusion * (lobe->single[i] * reflected[i] + (lobe->multiple[i] + lobe->base[i]) * irradiance[i]);
}

/* Irradiance of a light on a plane that faces it, and the direction to it; false: none arrives. */
static bool light_at(const calo_cpu_light *light, const float position[3], float to_light[3], float irradiance[3])
{
    float strength = 1;
    if (light->kind == CALO_LIGHT_DIRECTIONAL) {
        for (int i = 0; i < 3; i++)
            to_light[i] = -light->direction[i];
    } else {
        for (int i = 0; i < 3; i++)
            to_light[i] = light->position[i] - position[i];
        float distance2 = dot(to_light, to_light), distance = sqrtf(distance2);
        if (!(distance > 0))
            return false;
        for (int i = 0; i < 3; i++)
            to_light[i] /= distance;
        strength = 1 / distance2;
        if (light->range > 0) {
            /* KHR_lights_punctual's window. */
            float ratio = distance / light->range, ratio4 = ratio * ratio * ratio * ratio;
            strength *= calo_clampf(1 - ratio4, 0, 1);
        }
        if (light->kind == CALO_LIGHT_SPOT) {
            float cone = calo_clampf(light->cone_offset - dot(to_light, light->direction) * light->cone_scale, 0, 1);
            strength *= cone * cone;
        }
    }
    for (int i = 0; i < 3; i++)
        irradiance[i] = light->radiant[i] * strength;
    return strength > 0;
}

static void add_light(const calo_cpu_surface *surface, const reflection *lobe, const calo_cpu_light *light, float rgb[3])
{
    float l[3], irradiance[3], h[3];
    if (!light_at(light, surface->position, l, irradiance))
        return;
    float n_dot_l = dot(surface->normal, l);
    if (n_dot_l <= 0)
        return;
    for (int i = 0; i < 3; i++)
        h[i] = l[i] + surface->to_viewer[i];
    float length = sqrtf(dot(h, h));
    if (!(length > 0))
        return;
    for (int i = 0; i < 3; i++)
        h[i] /= length;
    float n_dot_h = calo_clampf(dot(surface->normal, h), 0, 1), v_dot_h = calo_clampf(dot(surface->to_viewer, h), 0, 1);
    float a2 = lobe->alpha * lobe->alpha, n_dot_v = lobe->n_dot_v;
    float d_root = n_dot_h * n_dot_h * (a2 - 1) + 1, distribution = a2 / (pi * d_root * d_root);
    float visibility = 0.5f / (n_dot_l * sqrtf(n_dot_v * n_dot_v * (1 - a2) + a2) +
                               n_dot_v * sqrtf(n_dot_l * n_dot_l * (1 - a2) + a2));
    float grazing = 1 - v_dot_h, grazing5 = grazing * grazing * grazing * grazing * grazing;
    for (int i = 0; i < 3; i++) {
        float fresnel = surface->f0[i] + (lobe->f90[i] - surface->f0[i]) * grazing5;
        /* The further bounces keep the lobe's shape: scaled by what they add to the first. */
        float gain = lobe->single[i] > 0 ? 1 + lobe->multiple[i] / lobe->single[i] : 1;
        rgb[i] += irradiance[i] * n_dot_l * (lobe->base[i] / pi + distribution * visibility * fresnel * gain);
    }
}

void calo_cpu_shade(const calo_cpu_worker *worker, const calo_cpu_element *element, const calo_cpu_surface *surface,
                    float rgb[3])
{
    if (element->draw->unlit) {
        for (int i = 0; i < 3; i++)
            rgb[i] = surface->base_color[i];
        return;
    }
    reflection lobe;
    find_lobe(worker->options, surface, &lobe);
    for (int i = 0; i < 3; i++)
        rgb[i] = surface->emissive[i];
    add_environment(worker, surface, &lobe, rgb);
    for (uint32_t i = 0; i < worker->scene->light_count; i++)
        add_light(surface, &lobe, &worker->scene->lights[i], rgb);
}
