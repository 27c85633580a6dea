/* What a lamp sends to surfaces, the same in every shading. */
#ifndef CALO_RENDER_CPU_LAMPS_H
#define CALO_RENDER_CPU_LAMPS_H

#include "render/cpu/surface.h"

/* Direction to a light and its strength on a plane that faces it; lanes that none reaches are false. */
LANES_INLINE lanes_m light_at(const calo_lamp *light, const lanes_f position[3], lanes_f to_light[3],
                              lanes_f *strength)
{
    if (light->kind == CALO_LIGHT_DIRECTIONAL) {
        for (int i = 0; i < 3; i++)
            to_light[i] = lanes_float(-light->direction[i]);
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
