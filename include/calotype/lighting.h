/* What shines on a scene. */
#ifndef CALOTYPE_LIGHTING_H
#define CALOTYPE_LIGHTING_H

#include <calotype/image.h>
#include <calotype/scene.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A light beside the file's own, in world space. */
typedef struct calo_scene_light {
    calo_light light;
    double position[3];
    double direction[3]; /* the way it shines, unit */
} calo_scene_light;

/* The kinds of lamps whose light is stopped by what stands in its way. */
enum {
    CALO_SHADOWS_DIRECTIONAL = 1,
    CALO_SHADOWS_POINT = 2,
    CALO_SHADOWS_SPOT = 4,
    CALO_SHADOWS_ALL = 7,
};

/* Texels a side of a shadow map. */
enum {
    CALO_SHADOW_MAP_SIZE_MIN = 64,
    CALO_SHADOW_MAP_SIZE_DEFAULT = 2048,
    CALO_SHADOW_MAP_SIZE_MAX = 8192,
};

/* What shines on the scene. All zero: a uniform white environment of radiance 1 and no lamp. */
typedef struct calo_lighting {
    bool no_environment;
    float environment_color[3];      /* multiplies; {0,0,0} means white (1,1,1) */
    float environment_strength;      /* 0 means 1; use no_environment for darkness */
    float environment_rotation_degrees; /* about world z, counter-clockwise seen from above */
    const calo_image *environment;   /* RGBA32F equirectangular (see docs/conventions.md), NULL: uniform. Up to 65535
                                      * texels a side, rows whole texels apart. */
    bool use_scene_lights;           /* KHR_lights_punctual and the like */
    const calo_scene_light *lights;  /* more lights */
    uint32_t light_count;
    uint32_t shadows;                /* CALO_SHADOWS_...; the environment's light casts none */
    uint32_t shadow_map_size;        /* 0: the default. A lamp has one map or six, 4 bytes a texel */
    /* Times the base colour, from everywhere; an error with CALO_SHADING_GLTF. CALO_SHADING_PYRENDER: linear.
     * CALO_SHADING_MUJOCO: display-referred; 0 means 0.3 where there is no lamp at all, as in MuJoCo. */
    float ambient_color[3];
} calo_lighting;

#ifdef __cplusplus
}
#endif
#endif
