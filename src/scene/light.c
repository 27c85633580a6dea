#include "scene/light.h"

#include <math.h>

static bool is_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static const char *phong_fault(const calo_light_phong *phong)
{
    if (!is_finite(phong->ambient, 3) || !is_finite(phong->diffuse, 3) || !is_finite(phong->specular, 3))
        return "has an ambient, diffuse or specular color that is not finite";
    if (!is_finite(phong->attenuation, 3) || !isfinite(phong->exponent))
        return "has an attenuation or exponent that is not finite";
    if (phong->attenuation[0] < 0 || phong->attenuation[1] < 0 || phong->attenuation[2] < 0 || phong->exponent < 0)
        return "has a negative attenuation or exponent";
    return NULL;
}

const char *calo_light_fault(const calo_light *light)
{
    const float values[] = {light->intensity, light->range_metres, light->inner_cone_radians,
                            light->outer_cone_radians};
    if (!is_finite(light->color, 3) || !is_finite(values, sizeof values / sizeof values[0]))
        return "has a value that is not finite";
    if (light->headlight && light->kind != CALO_LIGHT_DIRECTIONAL)
        return "is a headlight, but not directional";
    return light->phong.given ? phong_fault(&light->phong) : NULL;
}
