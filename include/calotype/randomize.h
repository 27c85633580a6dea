/* Domain randomization: how a scene looks, drawn by seed.
 *
 * A randomizer is a list of components that is read from JSON: ORRB's renderer_config, or calotype's own (see
 * docs/randomize.md). For each state it draws a look: materials, light, cameras, what is seen at all, and what is done
 * to the picture. Same seed, same look, on every machine. */
#ifndef CALOTYPE_RANDOMIZE_H
#define CALOTYPE_RANDOMIZE_H

#include <calotype/lighting.h>
#include <calotype/post.h>
#include <calotype/scene.h>
#include <calotype/view.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_joint_kind { CALO_JOINT_FREE = 0, CALO_JOINT_BALL, CALO_JOINT_SLIDE, CALO_JOINT_HINGE } calo_joint_kind;

/* A joint of a simulated scene. */
typedef struct calo_joint {
    const char *name;
    calo_joint_kind kind;
    uint32_t qpos_address; /* of its first value: 7 of a free joint (xyz, wxyz), 4 of a ball (wxyz), 1 of the others */
    bool limited;
    double range[2];       /* metres or radians; of a ball [0, largest angle] */
    int32_t node;          /* the body that it moves */
} calo_joint;

/* What a node is to a simulator. */
typedef enum calo_subject_kind {
    CALO_SUBJECT_BODY = 0, /* and everything else that only carries other nodes */
    CALO_SUBJECT_GEOM,
    CALO_SUBJECT_SITE,
    CALO_SUBJECT_OTHER, /* cameras, lights, tendons, skins */
} calo_subject_kind;

typedef struct calo_subject_node {
    calo_subject_kind kind;
    const char *alias;   /* what ORRB calls it where that is not the node's name: a mesh geom has its mesh's; or NULL */
    uint32_t part_count; /* things that ORRB draws it with, each with a material of its own (a capsule: 3); 0: one */
} calo_subject_node;

/* What is randomized. Everything is borrowed and outlives the randomizer. */
typedef struct calo_randomize_subject {
    const calo_scene *scene;
    const calo_subject_node *nodes; /* the scene's node_count; NULL: nodes with a mesh are geoms, others are bodies */
    const calo_joint *joints; /* of a simulated scene; NULL of others */
    uint32_t joint_count;
    uint32_t qpos_count;      /* values a state; 0 of others */
    /* NULL, or `scene` itself, while nobody uses it yet: calotype's own components texture and distractors add their
     * pictures and hidden shapes to it when the randomizer is made, behind everything that it has. */
    calo_scene *additions;
} calo_randomize_subject;

/* All zero is the default. Append only. */
typedef struct calo_randomize_options {
    bool lenient;             /* unknown components and parameters are warnings */
    const char *folder;       /* where relative paths of pictures begin; NULL: the working directory */
    const calo_limits *limits; /* of pictures and of the JSON; NULL: the defaults */
} calo_randomize_options;

typedef enum calo_stream_kind { CALO_STREAM_FLOAT = 0, CALO_STREAM_INT, CALO_STREAM_BOOL } calo_stream_kind;

/* Numbers that are known of every state: `count` of them, in calo_look.values from `first` on. */
typedef struct calo_stream {
    const char *name;
    calo_stream_kind kind; /* what the doubles stand for; ints are int32 */
    uint32_t count, first;
    bool drawn; /* a value that was drawn; false: output that is always wanted, such as ORRB's trackers */
} calo_stream;

/* A camera of the scene whose lens a look changes; where it stands is among the overrides. */
typedef struct calo_look_camera {
    uint32_t node;
    double fov_y_radians;       /* 0: the camera's own */
    double color_fov_y_radians; /* of the colour picture alone (ORRB's jitter); 0: as the others */
    double near_metres, far_metres; /* 0: the camera's own */
} calo_look_camera;

/* One draw. What it points to belongs to it and is valid until the next draw into it. */
typedef struct calo_look {
    calo_material *materials;  /* the scene's material_count, or NULL: as they are */
    calo_lighting lighting;    /* its lights, and what of the scene's shines */
    calo_node_override *overrides; /* of cameras, bodies, visibility: for calo_pose_options */
    uint32_t override_count;
    calo_look_camera *cameras;
    uint32_t camera_count;
    bool has_post;
    calo_post_processing post;
    double *values;            /* of the streams */
    uint32_t value_count;
    struct calo_look_private *internal;
} calo_look;

/* Immutable once made, but for calo_randomizer_update; threads may draw from it at the same time, each into a look of
 * its own. */
typedef struct calo_randomizer calo_randomizer;

/* `json`: `size` bytes of text; `name` stands for it in messages. ORRB's components and calotype's own are told apart by
 * their form. The subject's struct may be dropped after the call. */
CALO_API calo_status calo_randomizer_create(const calo_randomize_subject *subject, const char *json, size_t size,
                                            const char *name, const calo_randomize_options *options,
                                            calo_randomizer **randomizer, calo_error *err);
/* Reads the file; relative paths in it begin in its folder unless the options name one. */
CALO_API calo_status calo_randomizer_load(const calo_randomize_subject *subject, const char *path,
                                          const calo_randomize_options *options, calo_randomizer **randomizer,
                                          calo_error *err);
CALO_API void calo_randomizer_destroy(calo_randomizer *randomizer);

/* What `lenient` let pass, and what is odd but usable. */
CALO_API const calo_warning *calo_randomizer_warnings(const calo_randomizer *randomizer, size_t *count);

/* The same for every draw; calo_randomizer_update may change them, and ends what was returned before. */
CALO_API const calo_stream *calo_randomizer_streams(const calo_randomizer *randomizer, size_t *count);

/* A property as ORRB's protocol has it. Missing numbers of vectors are 0. */
typedef enum calo_property_kind {
    CALO_PROPERTY_INT = 1, CALO_PROPERTY_FLOAT, CALO_PROPERTY_STRING, CALO_PROPERTY_BOOL, CALO_PROPERTY_QUATERNION,
    CALO_PROPERTY_VECTOR3, CALO_PROPERTY_VECTOR2, CALO_PROPERTY_ENUM, CALO_PROPERTY_COLOR,
} calo_property_kind;

typedef struct calo_property {
    const char *name;
    calo_property_kind kind;
    double numbers[4];  /* int, float, bool, xyzw, xyz, xy, rgba */
    const char *text;   /* string, enum */
} calo_property;

typedef struct calo_component_update {
    const char *name; /* of the component, as the JSON names it */
    const calo_property *properties;
    uint32_t property_count;
} calo_component_update;

/* Changes components' parameters: all of them, or none and an error. Those that name files (`pictures`) it refuses. No
 * thread may be drawing. */
CALO_API calo_status calo_randomizer_update(calo_randomizer *randomizer, const calo_component_update *updates,
                                            size_t count, calo_error *err);

CALO_API calo_status calo_look_create(const calo_randomizer *randomizer, calo_look **look, calo_error *err);
CALO_API void calo_look_destroy(calo_look *look);

/* Draws state by `seed`. `qpos` (the subject's qpos_count) is where the joints are, and is changed by components that draw
 * joints; ORRB's form keeps joints within their ranges. NULL: nothing moves them, what is drawn else is the same. */
CALO_API calo_status calo_randomizer_draw(const calo_randomizer *randomizer, uint32_t seed, double *qpos, calo_look *look,
                                          calo_error *err);

/* Changes a view that is not of the scene's cameras as calotype's own component "camera" says: the `index`-th view of the
 * state's. `middle`: what cameras turn about, in the view's world; `unit`: how long 1 is there, half the diagonal of what is
 * seen. ORRB's components change nothing. */
CALO_API void calo_randomizer_change_view(const calo_randomizer *randomizer, uint32_t seed, uint32_t index,
                                          const double middle[3], double unit, calo_view *view);

/* After the pose is known: fills the values that need it (Tracker). `views`: one for each of the scene's camera nodes,
 * in the nodes' order, as the colour pictures see. */
CALO_API calo_status calo_randomizer_track(const calo_randomizer *randomizer, const calo_pose *pose,
                                           const calo_view *views, size_t view_count, calo_look *look, calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
