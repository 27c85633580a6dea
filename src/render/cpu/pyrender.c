/* pyrender's reflection model (0.1.45): GGX with Schlick's Smith term, k = (roughness + 1)^2 / 8, over a Lambert base
 * that gets what Fresnel leaves, under punctual lights and ambient light alone. Its small constants show where light
 * grazes, so they are the same here; see docs/conventions.md. */
#include "render/cpu/curves.h"
#include "render/cpu/lamps.h"

static const float pi = 3.14159265f;

/* What the view direction alone decides. */
typedef struct pyrender_lobe {
    lanes_f to_viewer[3];
    lanes_f cosine; /* between normal and viewer */
    lanes_f n_dot_v, a2, k;
    lanes_f view_part; /* n_dot_v's share of the masking: its own over its denominator */
} pyrender_lobe;

LANES_INLINE void find_lobe(const calo_cpu_camera *camera, const calo_cpu_surface *surface, pyrender_lobe *lobe)
{
    find_viewer(camera, surface, lobe->to_viewer);
    lanes_f roughness = lanes_max(surface->roughness, lanes_float(0.04f)), alpha = roughness * roughness;
    lanes_f k_root = roughness + 1.0f;
    lobe->cosine = dot_lanes(surface->normal, lobe->to_viewer);
    lobe->n_dot_v = lanes_clamp(lanes_abs(lobe->cosine), 0.001f, 1);
    lobe->a2 = alpha * alpha;
    lobe->k = k_root * k_root * 0.125f;
    lobe->view_part = lobe->n_dot_v * (1.0f - lobe->k) + lobe->k;
}

/* Light from behind the surface counts as if it grazed it. */
LANES_INLINE void add_lamp(const calo_cpu_worker *worker, const calo_cpu_surface *surface, const pyrender_lobe *lobe,
                           const calo_lamp *lamp, lanes_f rgb[3])
{
    lanes_f l[3], strength;
    lanes_m lit = light_at(&worker->camera, lamp, surface->position, l, &strength);
    if (!lanes_any(lit))
        return;
    if (lamp->shadow >= 0)
        strength *= calo_cpu_visibility(worker, surface, lamp);
    /* Half way h = (l + v) / |l + v|, where |l + v|^2 = 2 + 2 l.v. */
    lanes_f length2 = lanes_max(2.0f + 2.0f * dot_lanes(l, lobe->to_viewer), lanes_float(1e-12f));
    lanes_f inverse = lanes_inverse_sqrt(length2), cosine = dot_lanes(surface->normal, l);
    lanes_f n_dot_h = lanes_clamp((cosine + lobe->cosine) * inverse, 0, 1), n_dot_l = lanes_clamp(cosine, 0.001f, 1);
    lanes_f v_dot_h = lanes_min(0.5f * length2 * inverse, lanes_float(1)), n_dot_v = lobe->n_dot_v;
    lanes_f d_root = n_dot_h * n_dot_h * (lobe->a2 - 1.0f) + 1.0f;
    lanes_f light_part = n_dot_l * (1.0f - lobe->k) + lobe->k, both = n_dot_l * n_dot_v;
    /* Distribution times masking over what the microfacets' density divides by, with one division. */
    lanes_f below = pi * d_root * d_root * (lobe->view_part * light_part) * (4.0f * both + 0.001f);
    lanes_f mirrored = lobe->a2 * both / below;
    lanes_f grazing = 1.0f - v_dot_h, grazing2 = grazing * grazing, grazing5 = grazing2 * grazing2 * grazing;
    strength = lanes_pick(lit, strength * n_dot_l, lanes_float(0));
    for (int i = 0; i < 3; i++) {
        lanes_f fresnel = surface->f0[i] + (1.0f - surface->f0[i]) * grazing5;
        rgb[i] += lamp->radiant[i] * strength *
                  ((1.0f - fresnel) * surface->diffuse[i] * (1 / pi) + mirrored * fresnel);
    }
}

LANES_INLINE void shade(const calo_cpu_worker *worker, const calo_cpu_surface *surface, lanes_f rgb[3])
{
    const calo_draw_list *list = &worker->scene->list;
    bool occluded = worker->options->occlusion_maps != CALO_OFF;
    pyrender_lobe lobe;
    find_lobe(&worker->camera, surface, &lobe);
    for (int i = 0; i < 3; i++)
        rgb[i] = surface->bare_color[i] * list->ambient[i];
    for (uint32_t i = 0; i < list->lamp_count; i++)
        add_lamp(worker, surface, &lobe, &list->lamps[i], rgb);
    for (int i = 0; i < 3; i++) {
        lanes_f light = occluded ? rgb[i] * surface->occlusion : rgb[i];
        light = (light + surface->emissive[i]) * surface->tint[i];
        rgb[i] = encode_power(lanes_clamp(light, 0, 1), 1 / 2.2f);
    }
}

void calo_cpu_shade_pyrender(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                             lanes_f rgb[3])
{
    const calo_draw *draw = &packet->draw->shared;
    if (!draw->unlit)
        shade(worker, surface, rgb);
    for (int i = 0; draw->unlit && i < 3; i++)
        rgb[i] = draw->flat ? lanes_clamp(surface->shown[i], 0, 1) : encode_srgb_curve(surface->base_color[i]);
}
