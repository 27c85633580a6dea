/* What MuJoCo's shading, OpenGL's fixed-function lighting, reads of materials and lights. */
#ifndef CALO_RENDER_PHONG_H
#define CALO_RENDER_PHONG_H

#include <calotype/scene.h>

/* Exponents go as far as OpenGL's. */
#define CALO_PHONG_EXPONENT_MAX 128

/* A surface. Where vertices have colours they take part before the curve: `rgb` is then not read. */
typedef struct calo_phong_surface {
    float rgb[3]; /* the base colour as displayed */
    float specular, exponent, emission;
} calo_phong_surface;

calo_phong_surface calo_phong_surface_of(const calo_material *material);

/* A light, without its place. */
typedef struct calo_phong_light {
    float ambient[3], diffuse[3], specular[3];
    float attenuation[3];
    float exponent, least_cosine; /* spots: none outside the cone; -1: everywhere */
} calo_phong_light;

calo_phong_light calo_phong_light_of(const calo_light *light);

#endif
