/* States of a scene to pictures: one scene, many poses and looks, drawn in one call. What `calotype serve`, the command
 * line and Python's Model.render stand on. */
#ifndef CALOTYPE_STATES_H
#define CALOTYPE_STATES_H

#include <calotype/mujoco.h>
#include <calotype/randomize.h>
#include <calotype/render.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is shown. Borrowed; outlives the engine. */
typedef struct calo_states_subject {
    calo_mujoco_model *model;         /* or NULL, then `scene` */
    const calo_scene *scene;          /* without a model */
    calo_randomizer *randomizer; /* or NULL: the scene's own look */
} calo_states_subject;

/* All zero is the default. Append only. */
typedef struct calo_states_options {
    calo_renderer_options renderer;
    calo_prepare_options prepare; /* `reuse` and `materials` are not read; lighting: what looks leave alone */
    calo_render_options render;   /* `channels`, `color_format` and `poll` are not read; with a randomizer the background is
                                     what its look says */
    uint32_t look_samples;        /* 0: as render.samples */
} calo_states_options;

/* One kind of picture that is wanted. */
typedef enum calo_output_kind {
    /* calotype's channels, in calotype's conventions: the numbers of calo_channel. Colour is RGBA8 with the scene's
     * background. */
    CALO_OUTPUT_CHANNEL = 0,
    CALO_OUTPUT_RGB = 64,         /* uint8 x 3 */
    CALO_OUTPUT_SEMANTIC,         /* uint32: categories of names (before the first ':'), sorted, from 1; 0: none */
    CALO_OUTPUT_ORRB_DEPTH,       /* float32: z * (1 - near / far) + near of near 0.1, far 20; background 0 */
    CALO_OUTPUT_ORRB_NORMALS,     /* float32 x 3: n * 0.5 + 0.5; background (0, 0, 1) */
    CALO_OUTPUT_ORRB_SEGMENTATION, /* uint8: the semantic id */
    CALO_OUTPUT_MUJOCO_SEGMENTATION, /* int32 x 2: MuJoCo's object id and type; background (-1, -1) */
} calo_output_kind;

/* The picture of state s and camera c begins at data + s * state_stride + c * camera_stride (bytes), its rows follow one
 * another without gaps. */
typedef struct calo_output {
    uint32_t kind; /* calo_channel, or calo_output_kind from 64 on */
    void *data;
    size_t state_stride, camera_stride;
} calo_output;

/* Bytes a pixel of an output's kind; 0: no such kind. */
CALO_API uint32_t calo_output_pixel_bytes(uint32_t kind);

typedef struct calo_states_request {
    size_t state_count;
    /* Where the joints are: state_count rows of qpos_count values. NULL: the rest pose, for scenes without joints, too.
     * With a mapping a row may be longer than what it reads. */
    const double *qpos;
    size_t qpos_count;
    const calo_mujoco_mapping *mapping; /* turns the rows into joint positions; NULL: they are joint positions */
    const calo_mujoco_state *mujoco_states; /* instead of qpos: one a state */
    const uint32_t *seeds;                  /* one a state; NULL: first_seed + s */
    uint32_t first_seed;
    const char *const *cameras; /* names of the scene's cameras, or of nodes that carry one */
    size_t camera_count;
    const calo_view *views;     /* instead of cameras: view_count views, the same for every state */
    size_t view_count;
    uint32_t width, height;     /* of cameras; views have their own, all the same */
    bool orrb_cameras;          /* see from 0.1 to 20 metres, as ORRB's do, unless the look says otherwise */
    bool rows_bottom_up;
    const calo_output *outputs;
    size_t output_count;
    double *values; /* NULL, or state_count rows of the randomizer's values: see calo_states_value_count */
    calo_poll poll;
    void *poll_user;
} calo_states_request;

/* The engine: renderer, prepared geometry, looks. One thread at a time may use it. */
typedef struct calo_states calo_states;

CALO_API calo_status calo_states_create(const calo_states_subject *subject, const calo_states_options *options,
                                        calo_states **states, calo_error *err);
CALO_API void calo_states_destroy(calo_states *states);

/* Everything that calo_states_render would refuse, without rendering: unknown cameras, wrong lengths, values that are not
 * finite, sizes. Any thread, at any time. */
CALO_API calo_status calo_states_check(const calo_states *states, const calo_states_request *request, calo_error *err);

/* Renders all of it, or fails and leaves anything in the outputs. Same request, same bits, for any batch and number of
 * threads: a state's pictures depend on its own row and seed alone. */
CALO_API calo_status calo_states_render(calo_states *states, const calo_states_request *request, calo_error *err);

/* The cameras of the scene by name, in the file's order. */
CALO_API size_t calo_states_camera_count(const calo_states *states);
CALO_API const char *calo_states_camera_name(const calo_states *states, size_t index);

/* Columns of qpos without a mapping; 0 of scenes without joints. */
CALO_API size_t calo_states_qpos_count(const calo_states *states);
/* Values a state of the randomizer's streams (calo_randomizer_streams); 0 without. */
CALO_API size_t calo_states_value_count(const calo_states *states);
/* Names of the categories of CALO_OUTPUT_SEMANTIC: id 1 is the first. */
CALO_API const char *const *calo_states_categories(const calo_states *states, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
