/* MuJoCo's look: OpenGL's fixed-function lighting (Blinn's highlight over Lambert, a local viewer, one side), for each
 * pixel instead of each vertex; see docs/conventions.md. */
#include "render/cpu/curves.h"
#include "render/cpu/lamps.h"

/* What the lights find. */
typedef struct phong_point {
    const calo_cpu_surface *surface;
    const calo_phong_surface *phong;
    lanes_f to_viewer[3], cosine; /* between normal and viewer */
} phong_point;

/* x^exponent for x in [0, 1] and exponents from 0 to 128. */
LANES_INLINE lanes_f power(lanes_f x, float exponent)
{
    lanes_f logarithm = log2_lanes(lanes_max(x, lanes_float(0x1p-40f)));
    return exp2_lanes(lanes_max(logarithm * exponent, lanes_float(-126)));
}

/* Direction to a lamp and what is left of its light there. */
LANES_INLINE void look_at_lamp(const calo_cpu_worker *worker, const calo_lamp *lamp, const calo_cpu_surface *surface,
                               lanes_f to_lamp[3], lanes_f *strength)
{
    const calo_phong_light *light = &lamp->phong;
    *strength = lanes_float(1);
    if (lamp->kind == CALO_LIGHT_DIRECTIONAL) {
        parallel_light(&worker->camera, lamp, to_lamp);
        return;
    }
    for (int i = 0; i < 3; i++)
        to_lamp[i] = lamp->position[i] - surface->position[i];
    lanes_f distance2 = dot_lanes(to_lamp, to_lamp), distance = lanes_sqrt(distance2), nearest = lanes_float(1e-18f);
    for (int i = 0; i < 3; i++)
        to_lamp[i] /= lanes_max(distance, nearest);
    lanes_f below = light->attenuation[0] + light->attenuation[1] * distance + light->attenuation[2] * distance2;
    *strength = 1.0f / lanes_max(below, nearest);
    if (lamp->kind == CALO_LIGHT_SPOT && light->least_cosine >= 0) {
        lanes_f cosine = -(to_lamp[0] * lamp->direction[0] + to_lamp[1] * lamp->direction[1] +
                           to_lamp[2] * lamp->direction[2]);
        lanes_m inside = lanes_at_most(lanes_float(light->least_cosine), cosine);
        lanes_f fall = light->exponent > 0 ? power(lanes_clamp(cosine, 0, 1), light->exponent) : lanes_float(1);
        *strength = lanes_pick(inside, *strength * fall, lanes_float(0));
    }
}

LANES_INLINE void add_lamp(const calo_cpu_worker *worker, const phong_point *point, const calo_lamp *lamp,
                           lanes_f rgb[3])
{
    const calo_cpu_surface *surface = point->surface;
    const calo_phong_light *light = &lamp->phong;
    lanes_f l[3], strength, zero = lanes_float(0), shine = zero;
    look_at_lamp(worker, lamp, surface, l, &strength);
    lanes_f n_dot_l = dot_lanes(surface->normal, l);
    if (point->phong->specular > 0) {
        /* Half way h = (l + v) / |l + v|, where |l + v|^2 = 2 + 2 l.v. No highlight where the light is behind. */
        lanes_f length2 = lanes_max(2.0f + 2.0f * dot_lanes(l, point->to_viewer), lanes_float(1e-12f));
        lanes_f n_dot_h = lanes_clamp((n_dot_l + point->cosine) * lanes_inverse_sqrt(length2), 0, 1);
        shine = point->phong->specular * power(n_dot_h, point->phong->exponent);
        shine = lanes_pick(lanes_less(zero, n_dot_l), shine, zero);
    }
    n_dot_l = lanes_max(n_dot_l, zero);
    for (int i = 0; i < 3; i++)
        rgb[i] += strength * (surface->bare_color[i] * (light->ambient[i] + light->diffuse[i] * n_dot_l) +
                              light->specular[i] * shine);
}

/* All the light that no shadow stops, with what the surface sends out by itself. Surfaces that are seen through have no
 * shadows. */
LANES_INLINE void find_free_light(const calo_cpu_worker *worker, const phong_point *point, bool shadows, lanes_f rgb[3])
{
    const calo_draw_list *list = &worker->scene->list;
    for (int i = 0; i < 3; i++)
        rgb[i] = point->surface->bare_color[i] * (point->phong->emission + list->ambient[i]);
    for (uint32_t i = 0; i < list->lamp_count; i++)
        if (list->lamps[i].shadow < 0 || !shadows)
            add_lamp(worker, point, &list->lamps[i], rgb);
    for (int i = 0; i < 3; i++)
        rgb[i] = lanes_clamp(rgb[i], 0, 1);
}

/* MuJoCo adds a picture for each of these lights, of which each is clamped by itself. In the shadow its ambient light is
 * missing, too. */
LANES_INLINE void add_shadowed_light(const calo_cpu_worker *worker, const phong_point *point, lanes_f rgb[3])
{
    const calo_draw_list *list = &worker->scene->list;
    for (uint32_t i = 0; i < list->lamp_count; i++) {
        const calo_lamp *lamp = &list->lamps[i];
        lanes_f own[3] = {lanes_float(0), lanes_float(0), lanes_float(0)};
        if (lamp->shadow < 0)
            continue;
        add_lamp(worker, point, lamp, own);
        lanes_f visible = calo_cpu_visibility(worker, point->surface, lamp);
        for (int c = 0; c < 3; c++)
            rgb[c] += visible * lanes_clamp(own[c], 0, 1);
    }
}

LANES_INLINE void shade(const calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                        lanes_f rgb[3])
{
    const calo_draw *draw = &packet->draw->shared;
    phong_point point = {.surface = surface, .phong = &worker->scene->list.phongs[draw->material]};
    bool shadows = worker->scene->shadows.count > 0 && draw->alpha_mode != CALO_ALPHA_BLEND;
    find_viewer(&worker->camera, surface, point.to_viewer);
    point.cosine = dot_lanes(surface->normal, point.to_viewer);
    find_free_light(worker, &point, shadows, rgb);
    if (shadows)
        add_shadowed_light(worker, &point, rgb);
}

void calo_cpu_shade_mujoco(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                           lanes_f rgb[3])
{
    if (packet->draw->shared.unlit)
        memcpy(rgb, surface->bare_color, 3 * sizeof *rgb);
    else
        shade(worker, packet, surface, rgb);
    for (int i = 0; i < 3; i++)
        rgb[i] = lanes_clamp(rgb[i] * surface->tint[i], 0, 1);
}
