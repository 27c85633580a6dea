/* Light from all around, filtered once so that shading reads it in constant time. */
#ifndef CALO_RENDER_ENVIRONMENT_H
#define CALO_RENDER_ENVIRONMENT_H

#include <calotype/render.h>

#include "base/arena.h"
#include "render/shared.h"

/* Reflections are filtered for roughness 0, 1/7, ... 1. */
enum { CALO_ENVIRONMENT_LEVELS = 8 };

/* An octahedral map: rgb floats, size x size. */
typedef struct calo_octahedral_map {
    uint32_t size;
    const float *texels;
} calo_octahedral_map;

/* A picture, filtered, before it is scaled. Empty without one. */
typedef struct calo_environment_maps {
    calo_octahedral_map irradiance; /* divided by pi: a white Lambert surface's radiance */
    calo_octahedral_map reflection[CALO_ENVIRONMENT_LEVELS];
} calo_environment_maps;

/* Immutable. Pictures are equirectangular: row 0 is +z, the middle column is +x, columns go clockwise seen from above
 * (Blender's); backends look up by themselves what is seen behind everything. `present` false: darkness.
 * Without `image` the radiance is `uniform` from everywhere. */
typedef struct calo_environment {
    bool present;
    float uniform[3];
    const calo_image *image; /* for the visible background; borrowed; NULL in darkness */
    float rotation_sine, rotation_cosine;
    float scale[3];
    calo_environment_maps maps;
} calo_environment;

/* Everything but the maps. The picture of `lighting` must outlive the environment. */
calo_environment calo_environment_of(const calo_lighting *lighting);
/* Only with an image: filters it, which takes long. */
calo_status calo_environment_filter(const calo_environment *environment, calo_arena *arena, uint32_t threads,
                                    calo_environment_maps *maps, calo_error *err);
/* What the maps depend on, to be told apart by parameters from CALO_ENVIRONMENT_PARAMETERS on. */
calo_shared_key calo_environment_key(const calo_environment *environment);
enum { CALO_ENVIRONMENT_PARAMETERS = 4 };

/* Radiance of a white Lambert surface with this world normal. */
void calo_environment_irradiance(const calo_environment *environment, const float normal[3], float rgb[3]);
/* Radiance reflected by a GGX lobe of perceptual roughness around `direction`, weighted by its cosine. */
void calo_environment_reflection(const calo_environment *environment, const float direction[3], float roughness,
                                 float rgb[3]);

#endif
