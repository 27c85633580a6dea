/* What a lamp sends to surfaces, the same in every shading. */
#ifndef CALO_RENDER_CPU_LAMPS_H
#define CALO_RENDER_CPU_LAMPS_H

#include "render/cpu/surface.h"

/* The viewer is where the camera stands, in orthographic views, too: as OpenGL's shadings have it. */
LANES_INLINE void find_viewer(const calo_cpu_camera *camera, const calo_cpu_surface *surface, lanes_f to_viewer[3])
{
    memcpy(to_viewer, surface->to_viewer, sizeof surface->to_viewer);
    for (int i = 0; camera->orthographic && i < 3; i++)
        to_viewer[i] = camera->position[i] - surface->position[i];
    if (camera->orthographic)
        normalize_lanes(to_viewer);
}

/* Direction to a directional light. */
LANES_INLINE void parallel_light(const calo_cpu_camera *camera, const calo_lamp *light, lanes_f to_light[3])
{
    for (int i = 0; i < 3; i++)
        to_light[i] = lanes_float(light->headlight ? camera->headlight[i] : -light->direction[i]);
}

/* Direction to a light and its strength on a plane that faces it; lanes that none reaches are false. */
LANES_INLINE lanes_m light_at(const calo_cpu_camera *camera, const calo_lamp *light, const lanes_f position[3],
                              lanes_f to_light[3], lanes_f *strength)
{
    if (light->kind == CALO_LIGHT_DIRECTIONAL) {
        parallel_light(camera, light, to_light);
        *strength = lanes_float(1);
        return lanes_not(lanes_from_bits(0));
    }
    for (int i = 0; i < 3; i++)
        to_light[i] = light->position[i] - position[i];
    lanes_f distance2 = dot_lanes(to_light, to_light), distance = lanes_sqrt(distance2);
    for (int i = 0; i < 3; i++)
        to_light[i] /= distance;
    *strength = 1.0f / distance2;
    if (light->range > 0) {
        /* KHR_lights_punctual's window. */
        lanes_f ratio = distance / light->range, ratio2 = ratio * ratio;
        *strength *= lanes_clamp(1.0f - ratio2 * ratio2, 0, 1);
    }
    if (light->kind == CALO_LIGHT_SPOT) {
        lanes_f cosine = to_light[0] * light->direction[0] + to_light[1] * light->direction[1] +
                         to_light[2] * light->direction[2];
        lanes_f cone = lanes_clamp(light->cone_offset - cosine * light->cone_scale, 0, 1);
        *strength *= cone * cone;
    }
    return lanes_less(lanes_float(0), distance) & lanes_less(lanes_float(0), *strength);
}

#endif
