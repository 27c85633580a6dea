#include <string.h>

#include "job/states.h"

calo_lighting calo_look_lighting(const calo_lighting *own, const calo_look *look)
{
    const calo_lighting *from = &look->lighting;
    calo_lighting to = own ? *own : (calo_lighting){0};
    if (from->environment || from->environment_strength > 0 || from->no_environment) {
        to.no_environment = from->no_environment;
        to.environment = from->environment;
        to.environment_strength = from->environment_strength;
        to.environment_rotation_degrees = from->environment_rotation_degrees;
        memcpy(to.environment_color, from->environment_color, sizeof to.environment_color);
    }
    if (!from->lights)
        return to;
    to.lights = from->lights;
    to.light_count = from->light_count;
    to.use_scene_lights &= from->use_scene_lights;
    to.shadows |= from->shadows;
    to.shadow_map_size = from->shadow_map_size ? from->shadow_map_size : to.shadow_map_size;
    return to;
}
