/* A posed scene on the device: uploaded once, immutable afterwards, shared by all renderers of its kind. Scenes of one
 * device share what they have in common. */
#ifndef CALO_RENDER_GL_SCENE_H
#define CALO_RENDER_GL_SCENE_H

#include "base/arena.h"
#include "render/backend.h"
#include "render/draw_list.h"
#include "render/environment.h"
#include "render/shadow.h"
#include "render/gl/device.h"
#include "render/gl/programs.h"

/* How texels are kept. */
typedef enum calo_glr_texels {
    CALO_GLR_TEXELS_DATA = 0, /* as in the file */
    CALO_GLR_TEXELS_COLOR,    /* linear light in 16 bits */
    CALO_GLR_TEXELS_FINE,     /* as in the file, in 16 bits, so that no driver filters in 8 */
    CALO_GLR_TEXELS_COUNT
} calo_glr_texels;

typedef struct calo_glr_texture {
    GLuint name, sampler;
    uint32_t width, height, last_level;
} calo_glr_texture;

typedef struct calo_glr_material {
    calo_material source;
    int32_t textures[CALO_SLOT_COUNT]; /* -1: none */
} calo_glr_material;

typedef struct calo_glr_shared_texture {
    calo_shared shared;
    calo_glr_texture texture;
} calo_glr_shared_texture;

/* A primitive's deformed vertices. */
typedef struct calo_glr_model {
    calo_topology topology;
    bool wide; /* points, lines, and triangles that show their edges: boxes on the screen */
    uint32_t index_count;
    bool has_normals, has_tangents, has_uvs[2], has_colors;
    GLuint array, vertices, indices;
    GLuint faces, face_buffer; /* triangles' normals */
    bool has_odd_faces;        /* see models.c */
} calo_glr_model;

typedef struct calo_glr_shared_model {
    calo_shared shared;
    calo_glr_model model;
} calo_glr_shared_model;

/* The maps of an environment's picture in one texture, and where each stands there: see light.c. */
enum { CALO_GLR_MAP_COUNT = 1 + CALO_ENVIRONMENT_LEVELS };
typedef struct calo_glr_maps {
    GLuint texture;
    float places[CALO_GLR_MAP_COUNT][4];
    GLuint picture; /* itself; made when a view first shows it; the device's thread only */
} calo_glr_maps;

typedef struct calo_glr_shared_maps {
    calo_shared shared;
    calo_glr_maps maps;
} calo_glr_shared_maps;

typedef struct calo_glr_copy {
    calo_mat4 object_to_world;
    float normal_to_world[9];
    uint32_t instance_id;
    bool mirrored;
    double center[3], radius; /* bounding sphere in the world */
} calo_glr_copy;

/* Copies of a model that one call draws. */
typedef struct calo_glr_group {
    uint32_t model, material, material_id;
    uint32_t first_copy, copy_count;
    calo_alpha_mode alpha_mode;
    bool mirrored, unlit, flat, casts;
    uint32_t first_order; /* of drawing: element e of the group's copy c comes at first_order + c * elements + e */
} calo_glr_group;

typedef struct calo_glr_scene {
    calo_glr_device *device;
    calo_arena arena;
    calo_shared_list shared; /* with other scenes */
    uint32_t model_count, copy_count, group_count, material_count, texture_count;
    calo_glr_model *models;
    calo_glr_copy *copies;
    calo_glr_group *groups; /* opaque, then masked, then blended ones; in the file's order */
    calo_glr_material *materials;
    calo_glr_texture *textures;
    double center[3], radius; /* of all copies in the world */
    calo_shading shading;
    GLuint material_buffer;
    GLint material_stride;
    GLuint light_buffer, lamp_buffer, lamp_texture;
    calo_glr_maps *maps;      /* NULL: the environment is uniform */
    GLuint shadow_maps;       /* an array of textures; 0: none */
    bool has_mask, has_blend; /* among its groups */
    bool has_environment;
    const calo_image *picture; /* of the environment; NULL: uniform */
    float background[3]; /* of a uniform environment */
} calo_glr_scene;

calo_status calo_glr_scene_prepare(calo_gl_kind kind, const calo_pose *pose, const calo_prepare_options *prepare,
                                   const calo_backend_options *options, const void *reused, void **scene,
                                   calo_error *err);
void calo_glr_scene_release(void *scene);

/* Scene parts on their way to the device. */
typedef struct calo_glr_upload {
    calo_glr_scene *scene;
    const calo_scene *source;
    const calo_draw_list *list;
    calo_sharing *sharing;
    const uint32_t *model_draws; /* of the list, by model */
    const calo_environment *environment;
    const calo_shadows *shadows;
    calo_glr_shared_texture *const *textures; /* by texture: */
    const struct calo_mip_chain *chains;      /* empty: it is on the device */
    calo_glr_shared_maps *maps; /* NULL: the environment is uniform */
    bool maps_made;             /* are to be uploaded: the environment has them */
} calo_glr_upload;

/* On the device's thread: everything of the scene (models.c, textures.c, light.c). */
calo_status calo_glr_models_upload(const calo_glr_upload *upload, calo_error *err);
calo_status calo_glr_textures_upload(const calo_glr_upload *upload, calo_error *err);
calo_status calo_glr_materials_upload(const calo_glr_upload *upload, calo_error *err);
calo_status calo_glr_light_upload(const calo_glr_upload *upload, calo_error *err);
/* shadows.c, when everything else is there: draws the maps. */
calo_status calo_glr_shadows_upload(const calo_glr_upload *upload, calo_error *err);
/* On the device's thread: the environment's picture for the background. */
calo_status calo_glr_picture_upload(calo_glr_scene *scene, calo_error *err);

#endif
