/* Shader programs, made for what a material has and what is wanted, and kept with the device. */
#ifndef CALO_RENDER_GL_PROGRAMS_H
#define CALO_RENDER_GL_PROGRAMS_H

#include <calotype/scene.h>

#include "render/gl/device.h"

enum {
    CALO_GLR_NO_SHADOW = -1, /* beside calo_shadow_form, for lamps in shaders */
    CALO_GLR_LAMP_TEXELS = 11,
};

typedef enum calo_glr_stage {
    CALO_GLR_SURFACE = 0,
    CALO_GLR_BACKGROUND,
    CALO_GLR_MIX,
    CALO_GLR_DEVELOP,
} calo_glr_stage;

/* Outputs of a surface, as surface.frag names them. */
typedef enum calo_glr_output {
    CALO_GLR_OUT_COLOR = 0,
    CALO_GLR_OUT_PLACE,
    CALO_GLR_OUT_IDS,
    CALO_GLR_OUT_GEOMETRIC_NORMAL,
    CALO_GLR_OUT_POSITION,
    CALO_GLR_OUT_ALBEDO,
    CALO_GLR_OUT_MATERIAL,
    CALO_GLR_OUT_KEY, /* of a layer of blended surfaces */
    CALO_GLR_OUTPUT_COUNT
} calo_glr_output;

/* What is compiled into a program: a bit is a #define of programs.c. */
typedef enum calo_glr_feature {
    CALO_GLR_IS_TRIANGLES = 0,
    CALO_GLR_IS_POINTS,
    CALO_GLR_IS_WIDE, /* points, lines and edges: boxes on the screen, by a geometry stage */
    CALO_GLR_USES_FACES,     /* triangles' normals, by number */
    CALO_GLR_HAS_ODD_FACES,  /* and those of a few triangles, by vertex */
    CALO_GLR_HAS_NORMALS,
    CALO_GLR_USES_TANGENTS,
    CALO_GLR_USES_UV_0,
    CALO_GLR_USES_UV_1,
    CALO_GLR_HAS_COLORS,
    CALO_GLR_HAS_NORMAL_MAP,
    CALO_GLR_NORMAL_MAP_UV_1,
    CALO_GLR_IS_OPAQUE,
    CALO_GLR_HAS_CUTOFF,
    CALO_GLR_IS_MULTISAMPLED,
    CALO_GLR_HAS_LAYERS,
    CALO_GLR_IS_UNLIT,
    CALO_GLR_IS_SPECULAR_GLOSSINESS,
    CALO_GLR_IS_COMPENSATED,
    CALO_GLR_USES_OCCLUSION,
    CALO_GLR_HAS_ENVIRONMENT,
    CALO_GLR_HAS_ENVIRONMENT_PICTURE,
    CALO_GLR_WANTS_NORMAL,
    CALO_GLR_WORLD_SPACE_NORMALS,
    CALO_GLR_RAY_DEPTH,
    CALO_GLR_WANTS_CODES,
    CALO_GLR_HAS_SHADOWS,
    CALO_GLR_IS_PYRENDER,    /* its shading; colours are as displayed */
    CALO_GLR_IS_MUJOCO,      /* its shading; colours are as displayed */
    CALO_GLR_IS_FLAT,        /* and shown as they are written */
    CALO_GLR_HAS_FAR,        /* a far plane */
    CALO_GLR_KEEPS_COLORS,   /* alpha does not divide them */
    CALO_GLR_FEATURE_COUNT
} calo_glr_feature;
#define CALO_GLR_BIT(name) (1u << (CALO_GLR_##name))

/* Compared as bytes: make it from all zeros. */
typedef struct calo_glr_key {
    uint32_t stage;
    uint32_t features; /* CALO_GLR_BITs */
    uint32_t outputs;  /* bits of calo_glr_output; their locations count the bits below */
    /* By material slot: the slot whose texel serves, + 1 (0: no texture), and the one whose footprint serves. */
    uint8_t texel_of[CALO_SLOT_COUNT], footprint_of[CALO_SLOT_COUNT];
} calo_glr_key;

/* Where programs find what; textures of a material come first. */
enum {
    CALO_GLR_UNIT_MATERIAL = 0,
    CALO_GLR_UNIT_COPIES = CALO_SLOT_COUNT,
    CALO_GLR_UNIT_FACES,
    CALO_GLR_UNIT_LIGHT_MAPS,
    CALO_GLR_UNIT_LOBE_ALBEDO,
    CALO_GLR_UNIT_LAMPS,
    CALO_GLR_UNIT_PICTURE,
    CALO_GLR_UNIT_COLORS,
    CALO_GLR_UNIT_LAYERS = CALO_GLR_UNIT_PICTURE,
    CALO_GLR_UNIT_SHADOW_MAPS = CALO_GLR_UNIT_PICTURE,
    CALO_GLR_UNIT_SOLID_DEPTH = CALO_GLR_UNIT_COLORS,
    CALO_GLR_UNIT_LAST_KEY = CALO_GLR_UNIT_COLORS + 1, /* no fragment shader has more than 16 of them */
    CALO_GLR_UNIT_SRGB_CODES = CALO_GLR_UNIT_PICTURE, /* of other stages: 16 units are sure */
    CALO_GLR_BLOCK_VIEW = 0,
    CALO_GLR_BLOCK_LIGHT,
    CALO_GLR_BLOCK_MATERIAL,
};

struct calo_glr_program {
    calo_glr_key key;
    GLuint name;
    /* Uniforms; -1: not there. */
    GLint first_copy, material_id, first_order, element_count, weight, half_pixels, front_side, only_front;
};

/* On the device's thread: makes the program current; compiles it when it is new. Valid until the next call. */
calo_status calo_glr_program_use(calo_glr_device *device, const calo_glr_key *key, const calo_glr_program **program,
                                 calo_error *err);
/* Between batches: forgets programs when there are very many. */
void calo_glr_programs_trim(calo_glr_device *device);

#endif
