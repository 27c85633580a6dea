#include "render/phong.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "image/color.h"

/* What MuJoCo gives what has no material. */
static const calo_material_phong plain = {.specular = 0.5f, .shininess = 0.5f};

calo_phong_surface calo_phong_surface_of(const calo_material *material)
{
    const calo_material_phong *phong = material->phong.given ? &material->phong : &plain;
    calo_phong_surface out = {.specular = phong->specular, .emission = phong->emission};
    out.exponent = fminf(phong->shininess * CALO_PHONG_EXPONENT_MAX, CALO_PHONG_EXPONENT_MAX);
    for (int i = 0; i < 3; i++)
        out.rgb[i] = calo_srgb_value(material->base_color[i]);
    return out;
}

/* A light that was made for other shadings: what it gives a white surface that faces it, fading as light does. */
static calo_light_phong translate(const calo_light *light)
{
    calo_light_phong phong = {.attenuation = {0, 0, 1}};
    for (int i = 0; i < 3; i++)
        phong.diffuse[i] = phong.specular[i] = light->color[i] * light->intensity / (float)CALO_PI;
    return phong;
}

/* OpenGL's cones are at most 90 degrees wide; wider ones are none. */
static float find_least_cosine(const calo_light *light)
{
    double sine, cosine;
    if (light->kind != CALO_LIGHT_SPOT || light->outer_cone_radians > (float)(CALO_PI / 2))
        return -1;
    calo_sincos(light->outer_cone_radians, &sine, &cosine);
    return (float)cosine;
}

calo_phong_light calo_phong_light_of(const calo_light *light)
{
    const calo_light_phong phong = light->phong.given ? light->phong : translate(light);
    const float *a = phong.attenuation;
    calo_phong_light out = {.attenuation = {1, 0, 0}, .least_cosine = find_least_cosine(light)};
    memcpy(out.ambient, phong.ambient, sizeof out.ambient);
    memcpy(out.diffuse, phong.diffuse, sizeof out.diffuse);
    memcpy(out.specular, phong.specular, sizeof out.specular);
    if (light->kind != CALO_LIGHT_DIRECTIONAL && (a[0] > 0 || a[1] > 0 || a[2] > 0))
        memcpy(out.attenuation, a, sizeof out.attenuation);
    out.exponent = light->kind == CALO_LIGHT_SPOT ? fminf(phong.exponent, CALO_PHONG_EXPONENT_MAX) : 0;
    return out;
}
