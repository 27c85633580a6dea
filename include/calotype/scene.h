/* The scene: what every importer makes and every renderer reads.
 *
 * A loaded scene is immutable and may be shared by any number of threads. All arrays belong
 * to the scene and live until calo_scene_destroy. Indices into other arrays are int32_t with
 * -1 for none, and are valid: importers check them. Matrices are 4x4 row-major and multiply
 * column vectors. Coordinates are the file's own; source_to_world brings them to calotype's
 * world: metres, right-handed, z up. */
#ifndef CALOTYPE_SCENE_H
#define CALOTYPE_SCENE_H

#include <calotype/matrix.h>
#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_switch { CALO_DEFAULT = 0, CALO_ON, CALO_OFF } calo_switch;
typedef enum calo_wrap { CALO_WRAP_REPEAT = 0, CALO_WRAP_CLAMP, CALO_WRAP_MIRROR } calo_wrap;
typedef enum calo_filter { CALO_FILTER_LINEAR = 0, CALO_FILTER_NEAREST } calo_filter;

/* Decoded texels: RGBA8, row 0 on top, width * 4 bytes a row. */
typedef struct calo_scene_image {
    const char *name; /* file name, URI or glTF name; never NULL */
    uint32_t width, height;
    const uint8_t *pixels;
    bool missing; /* the file was not there or not readable: this is a placeholder */
    const uint8_t *content_key; /* 32 bytes that tell the texels from all others, for caches; NULL: not known */
    uint64_t identity; /* not 0: images of this number in this process have the same texels, in any scene */
    /* Every alpha is 255. Who builds a scene may say so; else calo_scene_seal finds it, where blending would ask. */
    bool opaque;
} calo_scene_image;

typedef struct calo_texture {
    int32_t image;
    calo_wrap wrap_u, wrap_v;
    calo_filter magnify;  /* NEAREST: texels stay square when magnified */
    calo_filter minify;   /* NEAREST: no filtering within a mip level */
    bool no_mipmaps;      /* sample level 0 only */
} calo_texture;

/* How a material reads a texture. (u, v) of set uv_set become
 * (t[0]*u + t[1]*v + t[2], t[3]*u + t[4]*v + t[5]); v grows downwards (glTF). */
typedef struct calo_texture_use {
    int32_t texture;
    uint32_t uv_set; /* 0 or 1 */
    float transform[6];
} calo_texture_use;

typedef enum calo_alpha_mode { CALO_ALPHA_OPAQUE = 0, CALO_ALPHA_MASK, CALO_ALPHA_BLEND } calo_alpha_mode;

typedef enum calo_material_slot {
    CALO_SLOT_BASE_COLOR = 0,     /* sRGB + alpha; multiplies base_color (spec-gloss: diffuse) */
    CALO_SLOT_METALLIC_ROUGHNESS, /* linear: G roughness, B metallic */
    CALO_SLOT_SPECULAR_GLOSSINESS, /* sRGB f0 in RGB, linear glossiness in A */
    CALO_SLOT_NORMAL,             /* linear tangent space, +y up (OpenGL) */
    CALO_SLOT_OCCLUSION,          /* linear R */
    CALO_SLOT_EMISSIVE,           /* sRGB; multiplies emissive */
    CALO_SLOT_SPECULAR,           /* linear A; multiplies specular */
    CALO_SLOT_SPECULAR_COLOR,     /* sRGB; multiplies specular_color */
    CALO_SLOT_COUNT
} calo_material_slot;

/* What OpenGL's fixed-function lighting takes from a material, by MuJoCo's names. CALO_SHADING_MUJOCO alone reads it,
 * with base_color: the sRGB code of that is what MuJoCo calls rgba. Not negative. */
typedef struct calo_material_phong {
    bool given;        /* false: nothing below is read; specular and shininess are then 0.5, the others 0 */
    float specular;    /* times a light's specular */
    float shininess;   /* 0 to 1: the exponent of the highlight is 128 times this */
    float emission;    /* times the colour: shines without light */
    float reflectance; /* of a flat mirror, 0 to 1: kept, not drawn */
} calo_material_phong;

/* glTF 2.0's metallic-roughness material. Colours are linear. Make one with
 * calo_material_default, never with all zeros. */
typedef struct calo_material {
    const char *name; /* never NULL */
    float base_color[4];
    float metallic, roughness;
    float emissive[3]; /* strength multiplied in */
    float ior;         /* 1.5: f0 = 0.04 */
    float specular, specular_color[3]; /* KHR_materials_specular */
    bool specular_glossiness; /* then base_color is diffuse, specular_color is f0, roughness = 1 - glossiness */
    float normal_scale, occlusion_strength;
    calo_alpha_mode alpha_mode;
    float alpha_cutoff;
    bool double_sided, unlit;
    bool wireframe; /* triangles show their edges only, as lines */
    calo_texture_use slots[CALO_SLOT_COUNT];
    calo_material_phong phong;
} calo_material;

CALO_API calo_material calo_material_default(void);

/* What is drawn where a file gives no material: Blender's grey (0.8, not metallic, roughness 0.5), or white
 * under vertex colours. glTF's own default, a rough white metal, would vanish in a white environment. */
CALO_API calo_material calo_material_plain(bool has_colors);

typedef enum calo_topology { CALO_TRIANGLES = 0, CALO_LINES, CALO_POINTS } calo_topology;

/* Dense deltas, three floats a vertex; NULL where the target leaves an attribute alone. */
typedef struct calo_morph_target {
    const float *positions, *normals, *tangents;
} calo_morph_target;

/* One drawable run of elements with one material. Strips, fans, loops and n-gons are already
 * lists. Positions are finite; indices are below vertex_count. */
typedef struct calo_primitive {
    calo_topology topology;
    uint32_t vertex_count;
    uint32_t index_count;    /* 3, 2 or 1 an element */
    const uint32_t *indices; /* never NULL */
    const float *positions;  /* xyz */
    const float *normals;    /* xyz unit, or NULL: flat shading by face (points, lines: unlit) */
    const float *tangents;   /* xyz unit + w handedness, or NULL: made from UVs where a normal map needs them */
    const float *uvs[2];     /* uv, or NULL */
    const float *colors;     /* linear RGBA, or NULL */
    uint32_t influences;     /* joints a vertex: 0, 4, 8, ... */
    const uint16_t *joints;  /* indices into the skin's joints, influences a vertex */
    const float *weights;    /* sum 1 */
    uint32_t morph_target_count;
    const calo_morph_target *morph_targets;
    int32_t material; /* -1: calo_material_plain */
    /* What the file held before triangulation and splitting, for statistics only. */
    uint32_t polygon_count; /* 0: as many as triangles */
    uint32_t source_vertex_count; /* 0: vertex_count */
    const uint32_t *source_vertices; /* vertex -> the file's vertex, or NULL: the same */
    const uint8_t *edge_flags; /* a triangle: bit i set = edge (i, i+1) is a polygon's; NULL: all are */
    /* Not 0: primitives of this number in this process have the same elements and vertices, in any scene. */
    uint64_t identity;
} calo_primitive;

typedef struct calo_mesh {
    const char *name; /* never NULL */
    uint32_t primitive_count;
    const calo_primitive *primitives;
    uint32_t weight_count;
    const float *weights; /* default morph weights */
    /* Not 0: the source_vertices of all its primitives number the same vertices, this many. */
    uint32_t source_vertex_count;
} calo_mesh;

/* A node's parent stands before it in the array. */
typedef struct calo_node {
    const char *name; /* never NULL */
    int32_t parent;
    bool visible;     /* part of the file's active scene */
    bool has_matrix;  /* then `matrix` is the local transform, else translation * rotation * scale */
    double translation[3], rotation[4] /* xyzw unit */, scale[3];
    calo_mat4 matrix;
    int32_t mesh, skin, camera, light;
    uint32_t weight_count;
    const float *weights; /* morph weights, or NULL: the mesh's */
    uint32_t instance_count;        /* EXT_mesh_gpu_instancing: 0 = not instanced */
    const calo_mat4 *instances;     /* applied after (to the right of) the node's own transform */
    /* Not 0: the instance id of everything that the node draws, up to CALO_INSTANCE_ID_GIVEN_MAX; any number of nodes may
     * have the same. 0: an id of its own, or one a GPU instance, from 1 in the file's order, above all that are given. */
    uint32_t instance_id;
} calo_node;

#define CALO_INSTANCE_ID_GIVEN_MAX 1000000

typedef struct calo_skin {
    const char *name;
    uint32_t joint_count;
    const int32_t *joints; /* nodes */
    const calo_mat4 *inverse_bind;
} calo_skin;

typedef enum calo_animation_path {
    CALO_PATH_TRANSLATION = 0, CALO_PATH_ROTATION, CALO_PATH_SCALE, CALO_PATH_WEIGHTS
} calo_animation_path;
typedef enum calo_interpolation {
    CALO_INTERPOLATION_LINEAR = 0, CALO_INTERPOLATION_STEP, CALO_INTERPOLATION_CUBIC
} calo_interpolation;

typedef struct calo_animation_channel {
    int32_t node;
    calo_animation_path path;
    calo_interpolation interpolation;
    uint32_t key_count;
    uint32_t components; /* 3, 4, or the number of morph weights */
    const float *times_seconds; /* ascending */
    const float *values; /* key_count * components; CUBIC: in-tangent, value, out-tangent a key */
} calo_animation_channel;

typedef struct calo_animation {
    const char *name;
    float duration_seconds;
    uint32_t channel_count;
    const calo_animation_channel *channels;
} calo_animation;

typedef struct calo_camera {
    const char *name;
    bool orthographic;
    double fov_y_radians, aspect_ratio /* 0: the picture's */;
    double x_magnitude, y_magnitude; /* orthographic half extents, metres */
    double near_metres, far_metres /* 0: infinite */;
} calo_camera;

typedef enum calo_light_kind { CALO_LIGHT_DIRECTIONAL = 0, CALO_LIGHT_POINT, CALO_LIGHT_SPOT } calo_light_kind;

/* What OpenGL's fixed-function lighting takes from a light, in place of its colour, intensity, range and inner cone.
 * CALO_SHADING_MUJOCO alone reads it. Colours are display-referred: 1 makes white of white. */
typedef struct calo_light_phong {
    bool given; /* false: nothing below is read; see "MuJoCo's shading" in docs/conventions.md */
    float ambient[3], diffuse[3], specular[3];
    float attenuation[3]; /* point and spot: divided by a[0] + a[1] d + a[2] d^2 at d metres, not negative; 0, 0, 0: no */
    float exponent;       /* spot: times the cosine from its axis to this power; not negative */
} calo_light_phong;

/* Shines along its node's -z (glTF). */
typedef struct calo_light {
    const char *name;
    calo_light_kind kind;
    float color[3]; /* linear */
    float intensity; /* directional: W/m2; point and spot: W/sr (photometric values are taken as radiometric) */
    float range_metres; /* 0: infinite */
    float inner_cone_radians, outer_cone_radians;
    bool headlight; /* directional only: shines along each camera's view, wherever its node stands; casts no shadow */
    bool no_shadow; /* casts none, whatever calo_lighting.shadows asks for */
    calo_light_phong phong;
} calo_light;

/* Odd but usable input. `id` is one of the stable words in docs/warnings.md. */
typedef struct calo_warning {
    const char *id;
    const char *message;
} calo_warning;

typedef struct calo_scene {
    const char *path;   /* the file it came from */
    const char *format; /* "glb", "gltf", "obj", "stl", "ply", ... */
    uint64_t file_bytes; /* of the main file */
    calo_mat4 source_to_world;
    uint32_t mesh_count, material_count, texture_count, image_count, node_count, skin_count;
    uint32_t animation_count, camera_count, light_count, warning_count, linked_file_count;
    calo_mesh *meshes;
    calo_material *materials;
    calo_texture *textures;
    calo_scene_image *images;
    calo_node *nodes;
    calo_skin *skins;
    calo_animation *animations;
    calo_camera *cameras;
    calo_light *lights;
    calo_warning *warnings;
    const char **linked_files; /* other files that were read, relative to the main one */
    struct calo_scene_private *internal;
} calo_scene;

/* NULL is allowed. No thread may still be using the scene. */
CALO_API void calo_scene_destroy(calo_scene *scene);

/* Counts as Objaverse-XL's scripts define them, over instances, before normalization. */
typedef struct calo_scene_statistics {
    uint64_t polygon_count, vertex_count, edge_count, triangle_count;
    uint32_t mesh_count, light_count, object_count, material_count, animation_count;
    uint32_t armature_count, shape_key_count, camera_count, texture_count, missing_texture_count;
    double bounds_min[3], bounds_max[3]; /* world space */
} calo_scene_statistics;

CALO_API calo_status calo_scene_count(const calo_scene *scene, calo_scene_statistics *statistics, calo_error *err);

/* Where the nodes of a scene stand at one moment. Separate from the scene, so that a batch of
 * states shares one scene. Immutable once made; may be shared by threads. */
typedef struct calo_pose {
    const calo_scene *scene;
    calo_mat4 *node_to_world;  /* node_count; source_to_world and `root` multiplied in */
    float **morph_weights;     /* node_count; NULL or the node's mesh's morph target count */
    struct calo_pose_private *internal;
    bool *node_visible;        /* node_count: as the scene says, but for overrides */
} calo_pose;

/* A node's own transform, in place of the scene's and the animation's. */
typedef struct calo_node_override {
    uint32_t node;
    calo_mat4 local;
    const float *weights; /* morph weights, as many as its mesh has targets, or NULL: left alone */
    bool keeps_place;     /* `local` is not read: the scene's or the animation's transform stays */
    /* Whether the node itself (not its children) is drawn or shines; DEFAULT: as the scene says. A hidden node keeps its
     * instance id; those that the scene hides get theirs after all others when they are shown. */
    calo_switch visibility;
} calo_node_override;

typedef struct calo_pose_options {
    int32_t animation;     /* index + 1; 0: the rest pose */
    double time_seconds;   /* clamped to the animation's keys */
    const calo_mat4 *root; /* applied after source_to_world, e.g. a normalization; NULL: none */
    const calo_node_override *overrides; /* of a node listed twice the last one counts; dropped after the call */
    uint32_t override_count;
} calo_pose_options;

/* `options` may be NULL for the rest pose. The scene must outlive the pose. */
CALO_API calo_status calo_pose_create(const calo_scene *scene, const calo_pose_options *options,
                                      calo_pose **pose, calo_error *err);
CALO_API void calo_pose_destroy(calo_pose *pose);

/* The box around every vertex that visible primitives use, deformed and in world space. */
CALO_API calo_status calo_pose_bounds(const calo_pose *pose, double bounds_min[3], double bounds_max[3],
                                      calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
