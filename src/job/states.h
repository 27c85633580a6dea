/* The engine of states.h: what its files hand on to one another. */
#ifndef CALO_JOB_STATES_H
#define CALO_JOB_STATES_H

#include <calotype/states.h>

/* A camera of the scene. */
typedef struct calo_state_camera {
    const char *name;
    uint32_t node;
} calo_state_camera;

/* What pixels of an instance id stand for; row 0 is the background. */
typedef struct calo_state_labels {
    uint32_t id_count;
    uint32_t *categories;     /* from 1; 0: none */
    int32_t (*objects)[2];    /* MuJoCo's id and type, or -1; NULL without a model */
    const char **names;       /* of the categories, sorted; owned */
    size_t category_count;
} calo_state_labels;

typedef struct calo_state_post calo_state_post;

struct calo_states {
    calo_states_subject subject;
    const calo_scene *scene;
    calo_states_options options;
    calo_renderer *renderer;
    calo_prepared *base;       /* the rest pose in the scene's own look: what all states reuse */
    double middle[3], radius;  /* of what the rest pose draws: what looks turn the request's own views about */
    calo_state_camera *cameras; /* in the file's order */
    size_t camera_count;
    calo_state_labels labels;
    calo_look **looks; /* of a batch's states */
    size_t look_count;
    calo_state_post *post;
};

/* States that are drawn together, with a view for each camera of each state, state by state. */
typedef struct calo_state_batch {
    calo_states *states;
    const calo_states_request *request;
    size_t first, count;  /* of the request's states */
    size_t cameras;       /* views a state */
    uint32_t *camera_nodes; /* of the request's cameras; NULL when it brings views */
    calo_pose **poses;
    calo_prepared **prepared;              /* one a state */
    const calo_prepared **view_prepared;   /* one a view */
    calo_view *views, *color_views;        /* one a view; they differ where a look has a field of view for colour alone */
    bool color_apart;                      /* they do */
    double *qpos;                          /* one state's */
} calo_state_batch;

/* look_lighting.c: what the look leaves alone is as `own` says: its environment is set when it has a strength or none at
 * all, its lamps when there is a list of them. */
calo_lighting calo_look_lighting(const calo_lighting *own /* NULL: all-zero */, const calo_look *look);

/* states_labels.c */
calo_status calo_state_labels_init(calo_state_labels *labels, const calo_states_subject *subject, const calo_scene *scene,
                                   calo_error *err);
void calo_state_labels_finish(calo_state_labels *labels);

/* states_batch.c: poses, looks, prepared scenes and views of the request's states from `first` on. `batch` keeps its memory
 * from one call to the next; finish it once. */
calo_status calo_state_batch_init(calo_state_batch *batch, calo_states *states, const calo_states_request *request,
                                  size_t capacity, calo_error *err);
calo_status calo_state_batch_fill(calo_state_batch *batch, size_t first, size_t count, calo_error *err);
void calo_state_batch_finish(calo_state_batch *batch);

/* states_post.c: what post-processing needs, for any number of threads. */
calo_status calo_state_post_create(calo_state_post **post, calo_error *err);
void calo_state_post_destroy(calo_state_post *post);
/* Hands `use` the RGBA8 picture that becomes of the frame's RGBA32F colour; it is gone after the call. */
typedef void (*calo_state_post_use)(void *user, const calo_image *picture);
calo_status calo_state_post_run(calo_state_post *post, const calo_post_processing *processing, bool display_referred,
                                const calo_view *view, const calo_frame *frame, calo_state_post_use use, void *user,
                                calo_error *err);

/* states_outputs.c: renders a batch's views and writes the request's outputs. */
calo_status calo_state_batch_render(calo_state_batch *batch, calo_error *err);
/* The channels that the outputs are made of, as bits. */
uint32_t calo_state_channels(const calo_states_request *request);
/* Everything that can be said against the request's outputs. */
calo_status calo_state_outputs_check(const calo_states *states, const calo_states_request *request, calo_error *err);

#endif
