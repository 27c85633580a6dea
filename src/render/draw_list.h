/* A posed and lit scene as every backend draws it: primitives and where they stand, their vertices, materials, ids
 * and lamps. Backends make of it what suits them. */
#ifndef CALO_RENDER_DRAW_LIST_H
#define CALO_RENDER_DRAW_LIST_H

#include <calotype/render.h>

#include "base/arena.h"
#include "render/phong.h"
#include "render/shared.h"

/* What follows from a primitive's own vertices, wherever it stands. */
typedef struct calo_shape {
    calo_shared shared;
    double center[3], radius; /* bounding sphere */
    const float *tangents;    /* made where a normal map needs them, else NULL */
    bool opaque;              /* every vertex colour's alpha is 1 */
} calo_shape;

/* One node's use of one primitive. */
typedef struct calo_draw {
    const calo_primitive *primitive; /* indices, UVs, colours */
    const float *positions, *normals, *tangents; /* object space, deformed */
    calo_mat4 object_to_world;
    float normal_to_world[9]; /* cofactors, so that mirrored and singular transforms work */
    bool mirrored;            /* the transform turns front faces into back faces */
    bool unlit;               /* by material, by option, or because points and lines have no normals */
    bool flat;                /* unlit, and pyrender's: colours are shown as they are written */
    bool wireframe;           /* triangles show their edges */
    uint32_t element_count;
    uint32_t instance_id, material_id; /* from 1, as written to pictures */
    uint32_t material;                 /* of the list's materials */
    calo_alpha_mode alpha_mode;        /* the material's; OPAQUE instead of BLEND where every alpha is 1 */
    uint32_t model;          /* the draw that this one is a copy of: they differ in place and ids only; or its own */
    double center[3], radius; /* bounding sphere, object space */
    const calo_shape *shape; /* NULL: the vertices are deformed, or made for this scene */
} calo_draw;

/* For what a backend makes of the draw's vertices and elements, to be told apart by parameters from
 * CALO_DRAW_PARAMETERS on. */
calo_shared_key calo_draw_key(const calo_draw *draw, calo_shared_kind kind);
enum { CALO_DRAW_PARAMETERS = 4 };

/* A light in world space. */
typedef struct calo_lamp {
    calo_light_kind kind;
    float position[3], direction[3]; /* direction: the way it shines */
    float radiant[3];                /* colour times intensity */
    float range, cone_scale, cone_offset; /* spot: clamp(cos * scale + offset)^2 */
    int32_t shadow; /* which one stops it (see shadow.h), or -1 */
    bool headlight, no_shadow;
    calo_phong_light phong; /* MuJoCo's shading */
} calo_lamp;

/* Materials that the file does not have, behind its own. */
enum {
    CALO_OWN_PLAIN,         /* calo_material_plain without vertex colours */
    CALO_OWN_PLAIN_COLORED, /* and with them: one id for both */
    CALO_OWN_VERTEX_NORMALS,
    CALO_OWN_FACE_NORMALS,
    CALO_OWN_MATERIALS,
};

/* Immutable once made; memory in the arena it was made in. Borrows the calo_scene. */
typedef struct calo_draw_list {
    uint32_t draw_count, material_count, lamp_count;
    calo_draw *draws;         /* in the file's order; copies follow their model, a node's normals as lines the node */
    calo_material *materials; /* the file's, then CALO_OWN_MATERIALS of ours */
    calo_phong_surface *phongs; /* MuJoCo's shading: by material; else NULL */
    calo_lamp *lamps;
    calo_shading shading;
    float ambient[3];         /* display-referred shadings */
    bool has_blend;           /* some draw is CALO_ALPHA_BLEND */
} calo_draw_list;

/* Materials and lamps. `options` are resolved: no pointer is NULL. */
calo_status calo_draw_list_init(calo_draw_list *list, const calo_pose *pose, const calo_prepare_options *options,
                                calo_arena *arena, calo_error *err);
/* The draws, which takes long where vertices are deformed or tangents made. */
calo_status calo_draw_list_add_draws(calo_draw_list *list, const calo_pose *pose, const calo_prepare_options *options,
                                     calo_arena *arena, calo_sharing *sharing, calo_error *err);

/* The slots whose textures hold sRGB colours; the others hold data. */
bool calo_slot_is_srgb(calo_material_slot slot);

/* Averaged tangents where a normal map needs them and the file has none: xyzw a vertex. */
calo_status calo_make_tangents(const calo_primitive *primitive, const float *positions, const float *normals,
                               const float *uvs, calo_arena *arena, const float **tangents, calo_error *err);

#endif
