/* The reflection model: GGX with height-correlated Smith masking over a Lambert base (glTF 2.0,
 * appendix B), under an environment by the split sum (Karis 2013) and under punctual lights.
 * With energy compensation, light lost between microfacets comes back (Fdez-Aguera 2019) and the
 * base gets what the top layer leaves. Without (the default), layers are added as Blender's EEVEE
 * 3.4 does: nearer to its pictures on every object compared (docs/blender.md). */
#include <math.h>

#include "render/cpu/lamps.h"
#include "render/ggx_table.h"

static const float pi = 3.14159265f;

/* albedo = scale * f0 + bias * f90, from the table of the draw's one roughness. */
LANES_INLINE void uniform_albedo(const calo_cpu_draw_state *state, lanes_f cosine, lanes_f *scale, lanes_f *bias)
{
    lanes_f x = cosine * (float)(CALO_GGX_TABLE_SIZE - 1);
    lanes_i x0 = lanes_truncate(lanes_min(x, lanes_float(CALO_GGX_TABLE_SIZE - 2)));
    lanes_f fx = x - lanes_from_int(x0), values[4];
    for (int i = 0; i < 4; i++)
        values[i] = (lanes_f)lanes_lookup64((const int32_t *)(const void *)state->lobe[i], x0);
    *scale = values[0] + fx * values[1];
    *bias = values[2] + fx * values[3];
}

/* The same where roughness differs from pixel to pixel: the table's bilinear value. */
static void varying_albedo(lanes_f roughness, lanes_f cosine, lanes_f *scale, lanes_f *bias)
{
    lanes_f x = cosine * (float)(CALO_GGX_TABLE_SIZE - 1), y = roughness * (float)(CALO_GGX_TABLE_SIZE - 1);
    lanes_i x0 = lanes_truncate(lanes_min(x, lanes_float(CALO_GGX_TABLE_SIZE - 2)));
    lanes_i y0 = lanes_truncate(lanes_min(y, lanes_float(CALO_GGX_TABLE_SIZE - 2)));
    lanes_f fx = x - lanes_from_int(x0), fy = y - lanes_from_int(y0), low[4], high[4];
    uint32_t index[LANES];
    lanes_store_int(index, y0 * CALO_GGX_TABLE_SIZE + x0);
    lanes_load4(&calo_ggx_table[0][0][0], 2, index, low);
    lanes_load4(&calo_ggx_table[1][0][0], 2, index, high);
    for (int i = 0; i < 4; i++)
        low[i] = low[i] + fy * (high[i] - low[i]);
    *scale = low[0] + fx * (low[2] - low[0]);
    *bias = low[1] + fx * (low[3] - low[1]);
}

/* What the view direction alone decides. */
typedef struct reflection {
    lanes_f cosine;      /* between normal and viewer; negative where a mapped normal points away */
    lanes_f n_dot_v, alpha;
    lanes_f f0[3], f90[3];
    lanes_f single[3];   /* directional albedo of the first bounce */
    lanes_f multiple[3]; /* and of the further ones */
    lanes_f base[3];     /* diffuse colour times what the top layer lets through */
} reflection;

/* What is decided once a draw, so that the usual case is compiled for itself. */
typedef struct shading_case {
    bool compensated;
    bool gray; /* the reflection is the same all over and for all three components */
} shading_case;

/* How strongly a Fresnel edge is kept: EEVEE dims that of weak reflectors, f90 = mix(f0, 1, sqrt(specular)). */
static lanes_f edge_strength(const calo_cpu_surface *surface)
{
    return lanes_sqrt(lanes_min(0.5f * surface->f90 + 0.5f * surface->metallic, lanes_float(1)));
}

/* Energy compensation: what the single bounce loses. */
static void compensate(const calo_cpu_surface *surface, lanes_f lost, reflection *out)
{
    lanes_f strongest = lanes_float(0);
    for (int i = 0; i < 3; i++) {
        lanes_f f0 = out->f0[i], mean = f0 + (out->f90[i] - f0) * (1.0f / 21);
        out->multiple[i] = lost * out->single[i] * mean / (1.0f - mean * lost);
        strongest = lanes_max(strongest, out->single[i] + out->multiple[i]);
    }
    for (int i = 0; i < 3; i++)
        out->base[i] = surface->diffuse[i] * (1.0f - lanes_min(strongest, lanes_float(1)));
}

LANES_INLINE void find_lobe(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                            shading_case is, reflection *out)
{
    const calo_cpu_draw_state *state = calo_cpu_draw_state_of(worker, packet->draw);
    const calo_cpu_material *material = &worker->scene->materials[packet->draw->shared.material];
    bool varying = material->textures[CALO_SLOT_METALLIC_ROUGHNESS] >= 0 ||
                   material->textures[CALO_SLOT_SPECULAR_GLOSSINESS] >= 0;
    lanes_f scale, bias, edge = lanes_float(0);
    out->cosine = dot_lanes(surface->normal, surface->to_viewer);
    out->n_dot_v = lanes_clamp(out->cosine, 1e-4f, 1);
    out->alpha = lanes_max(surface->roughness * surface->roughness, lanes_float(1e-3f));
    if (varying && !is.gray)
        varying_albedo(surface->roughness, out->n_dot_v, &scale, &bias);
    else
        uniform_albedo(state, out->n_dot_v, &scale, &bias);
    if (!is.compensated)
        edge = state->uniform ? lanes_float(sqrtf(fminf(0.5f * state->f90, 1))) : edge_strength(surface);
    for (int i = 0; i < 3; i++) {
        lanes_f f0 = is.gray ? lanes_float(state->f0[0]) : surface->f0[i];
        out->f0[i] = f0;
        out->f90[i] = is.compensated ? surface->f90 : f0 + (1.0f - f0) * edge;
        out->single[i] = scale * f0 + bias * out->f90[i];
        out->base[i] = surface->diffuse[i];
    }
    if (is.compensated)
        compensate(surface, 1.0f - (scale + bias), out);
}

/* Light from a picture all around, a lane after the other. */
static void picture_light(const calo_environment *environment, const calo_cpu_surface *surface, lanes_m active,
                          const lanes_f mirrored[3], lanes_f irradiance[3], lanes_f reflected[3])
{
    for (int i = 0; i < 3; i++)
        irradiance[i] = reflected[i] = lanes_float(0);
    for (uint32_t todo = lanes_bits(active); todo; todo &= todo - 1) {
        int lane = __builtin_ctz(todo);
        float normal[3], mirror[3], rgb[3];
        for (int i = 0; i < 3; i++) {
            normal[i] = surface->normal[i][lane];
            mirror[i] = mirrored[i][lane];
        }
        calo_environment_irradiance(environment, normal, rgb);
        for (int i = 0; i < 3; i++)
            irradiance[i][lane] = rgb[i];
        calo_environment_reflection(environment, mirror, surface->roughness[lane], rgb);
        for (int i = 0; i < 3; i++)
            reflected[i][lane] = rgb[i];
    }
}

LANES_INLINE void add_environment(const calo_cpu_worker *worker, const calo_cpu_packet *packet,
                                  const calo_cpu_surface *surface, const reflection *lobe, shading_case is,
                                  lanes_f rgb[3])
{
    const calo_environment *environment = &worker->scene->environment;
    lanes_f irradiance[3], reflected[3], mirrored[3];
    if (!environment->present)
        return;
    lanes_f occlusion = worker->options->occlusion_maps == CALO_OFF ? lanes_float(1) : surface->occlusion;
    if (environment->image) {
        lanes_f along = 2.0f * lobe->cosine;
        for (int i = 0; i < 3; i++)
            mirrored[i] = along * surface->normal[i] - surface->to_viewer[i];
        picture_light(environment, surface, packet->active, mirrored, irradiance, reflected);
    } else {
        for (int i = 0; i < 3; i++)
            irradiance[i] = reflected[i] = lanes_float(environment->uniform[i]);
    }
    for (int i = 0; i < 3; i++) {
        lanes_f diffuse = is.compensated ? lobe->multiple[i] + lobe->base[i] : lobe->base[i];
        rgb[i] += occlusion * (lobe->single[i] * reflected[i] + diffuse * irradiance[i]);
    }
}

LANES_INLINE void add_light(const calo_cpu_worker *worker, const calo_cpu_surface *surface, const reflection *lobe,
                            const calo_lamp *light, shading_case is, lanes_f rgb[3])
{
    lanes_f l[3], strength;
    lanes_m lit = light_at(&worker->camera, light, surface->position, l, &strength);
    lanes_f n_dot_l = dot_lanes(surface->normal, l);
    lit &= lanes_less(lanes_float(0), n_dot_l);
    if (!lanes_any(lit))
        return;
    if (light->shadow >= 0)
        strength *= calo_cpu_visibility(worker, surface, light);
    /* Half way h = (l + v) / |l + v|, where |l + v|^2 = 2 + 2 l.v. */
    lanes_f length2 = lanes_max(2.0f + 2.0f * dot_lanes(l, surface->to_viewer), lanes_float(1e-12f));
    lanes_f inverse = lanes_inverse_sqrt(length2);
    lanes_f n_dot_h = lanes_clamp((n_dot_l + lobe->cosine) * inverse, 0, 1);
    lanes_f v_dot_h = lanes_min(0.5f * length2 * inverse, lanes_float(1));
    lanes_f a2 = lobe->alpha * lobe->alpha, n_dot_v = lobe->n_dot_v, d_root = n_dot_h * n_dot_h * (a2 - 1.0f) + 1.0f;
    lanes_f v2 = n_dot_v * n_dot_v * (1.0f - a2) + a2, l2 = n_dot_l * n_dot_l * (1.0f - a2) + a2;
    lanes_f smith = n_dot_l * (v2 * lanes_inverse_sqrt(v2)) + n_dot_v * (l2 * lanes_inverse_sqrt(l2));
    /* Distribution times visibility, with one division. */
    lanes_f mirrored = lanes_pick(lit, 0.5f * a2 / (pi * d_root * d_root * smith), lanes_float(0));
    lanes_f grazing = 1.0f - v_dot_h, grazing2 = grazing * grazing, grazing5 = grazing2 * grazing2 * grazing;
    strength = lanes_pick(lit, strength * n_dot_l, lanes_float(0));
    for (int i = 0; i < 3; i++) {
        lanes_f fresnel = lobe->f0[i] + (lobe->f90[i] - lobe->f0[i]) * grazing5;
        if (is.compensated) {
            /* The further bounces keep the lobe's shape: scaled by what they add to the first. */
            lanes_m some = lanes_less(lanes_float(0), lobe->single[i]);
            fresnel *= lanes_pick(some, 1.0f + lobe->multiple[i] / lobe->single[i], lanes_float(1));
        }
        rgb[i] += light->radiant[i] * strength * (lobe->base[i] * (1 / pi) + mirrored * fresnel);
    }
}

LANES_INLINE void shade(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                        shading_case is, lanes_f rgb[3])
{
    reflection lobe;
    find_lobe(worker, packet, surface, is, &lobe);
    for (int i = 0; i < 3; i++)
        rgb[i] = surface->emissive[i];
    add_environment(worker, packet, surface, &lobe, is, rgb);
    for (uint32_t i = 0; i < worker->scene->list.lamp_count; i++)
        add_light(worker, surface, &lobe, &worker->scene->list.lamps[i], is, rgb);
}

void calo_cpu_shade(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                    lanes_f rgb[3])
{
    const calo_cpu_draw_state *state = calo_cpu_draw_state_of(worker, packet->draw);
    if (worker->scene->list.shading == CALO_SHADING_PYRENDER)
        calo_cpu_shade_pyrender(worker, packet, surface, rgb);
    else if (worker->scene->list.shading == CALO_SHADING_MUJOCO)
        calo_cpu_shade_mujoco(worker, packet, surface, rgb);
    else if (packet->draw->shared.unlit)
        memcpy(rgb, surface->base_color, 3 * sizeof *rgb);
    else if (worker->options->energy_compensation == CALO_ON)
        shade(worker, packet, surface, (shading_case){.compensated = true}, rgb);
    else if (state->uniform && state->f0[0] == state->f0[1] && state->f0[0] == state->f0[2])
        shade(worker, packet, surface, (shading_case){.gray = true}, rgb);
    else
        shade(worker, packet, surface, (shading_case){0}, rgb);
}
