/* One file on its way through the job: the steps of run_item.c and what they hand on. */
#ifndef CALO_JOB_ITEM_H
#define CALO_JOB_ITEM_H

#include <calotype/job.h>
#include <calotype/mujoco.h>

#include "base/hash.h"
#include "encode/file_names.h"
#include "job/quality.h"
#include "encode/metadata.h"
#include "job/state_rows.h"
#include "job/states.h"
#include "store/store.h"

enum { CALO_ITEM_VARIANTS_MAX = 1000000 };

/* A look, and what is rendered with it. */
typedef struct calo_item_variant {
    calo_look *look;
    double *qpos; /* of models: the state's, as the look has changed them; else NULL */
    uint32_t qpos_count;
    calo_scene_light *lamps; /* the look's, in the normalized scene */
    calo_lighting lighting;
} calo_item_variant;

/* place.c: the files that one scene is made of. */
typedef struct calo_item_group calo_item_group;

typedef struct calo_item {
    calo_renderer *renderer;
    const char *path;
    const calo_item_options *options;
    calo_item_result *result;
    calo_sha256 hash;
    const calo_scene *scene;
    calo_scene *own_scene;    /* the same, where no model owns it */
    calo_item_group *group;   /* of several files; or NULL */
    calo_mujoco_model *model; /* of an MJCF file */
    calo_mujoco_mapping *mapping;
    calo_state_rows states;
    size_t variant_count;     /* times that the views are rendered: looks of states; 1 without either */
    calo_randomizer *randomizer; /* or NULL */
    size_t looks_each;           /* looks a state; 0 without a randomizer */
    calo_item_variant *variants; /* NULL without a randomizer */
    calo_state_post *post;
    double low[3], high[3];      /* the box of what the first state draws, before the normalization */
    double middle[3], radius;    /* of that box */
    int32_t animation; /* index, or -1 */
    calo_view_set views; /* of all variants, one after another */
    double scale, translation[3];
    calo_mat4 root; /* the normalization */
    calo_render_options render; /* resolved */
    calo_prepare_options prepare; /* its `lighting` is the one below */
    calo_lighting lighting;
    calo_file_layout layout;
    calo_store_views stored_views; /* what the store knows of these */
    calo_reject reject;
    calo_view_quality *qualities; /* of the views */
    calo_store *store;
    bool sheet_uncommitted, thumbnail_uncommitted; /* written, and to be taken back if the rest fails */
} calo_item;

/* name.c: what the object is called in its metadata. */
const char *calo_item_identifier(const char *path, const calo_item_options *options);
/* load.c: a scene and the SHA-256 of its file, read once. */
calo_status calo_scene_load_hashed(const char *path, const calo_import_options *options, calo_scene **scene,
                                   calo_sha256 *hash, calo_error *err);
/* The item's scene and its hash; refuses what could not be written later. */
calo_status calo_item_load(calo_item *item, calo_error *err);
/* Of a scene of several files: what an object is called, and what all together are (malloc'ed), which also checks that there
 * are as many as may be. */
const char *calo_placed_object_identifier(const calo_placed_object *object);
calo_status calo_placed_identifier(const calo_placed_object *objects, size_t count, char **identifier, calo_error *err);
/* place.c: the objects of a scene as they were asked for, which outlive the group. To be destroyed after a failure, too. */
calo_status calo_item_group_create(const calo_placed_object *objects, size_t count, const calo_placement *placement,
                                   calo_item_group **group, calo_error *err);
void calo_item_group_destroy(calo_item_group *group);
const char *calo_item_group_name(const calo_item_group *group); /* for messages: "a.glb and 2 more" */
const char *calo_item_group_identifier(const calo_item_group *group);
/* Loads and places them, which fills the result's objects. */
calo_status calo_item_load_group(calo_item *item, calo_error *err);
/* What of them is known when the normalization is: their places, and their statistics with the sums; then their facts. */
calo_status calo_item_describe_group(calo_item *item, calo_error *err);
const calo_arrangement_facts *calo_item_group_facts(const calo_item_group *group);
/* cameras.c: of cameras, places and looks. */
uint64_t calo_item_seed(const calo_item *item);
/* variants.c: looks. The randomizer, once the scene is there; the looks, once the normalization is. */
calo_status calo_item_make_randomizer(calo_item *item, calo_error *err);
calo_status calo_item_draw_looks(calo_item *item, calo_error *err);
void calo_item_finish_looks(calo_item *item);
/* Which state a variant shows. */
size_t calo_item_state(const calo_item *item, size_t variant);
/* What looks do to cameras: to views from elsewhere, and to the lens of one of the scene's own. */
void calo_item_change_views(calo_item *item);
void calo_item_change_lens(const calo_item *item, size_t variant, const calo_pose *pose, calo_view *view);
/* cameras.c: where the joints of a state are, malloc'ed; NULL of scenes without. */
calo_status calo_item_find_joints(const calo_item *item, size_t state, double **qpos, uint32_t *count, calo_error *err);
/* cameras.c: choices of cameras that exclude each other, whatever the file. */
calo_status calo_item_check_choices(const calo_item_options *options, calo_error *err);
/* cameras.c: the poses' normalization and the views. */
calo_status calo_item_make_views(calo_item *item, calo_error *err);
/* A variant's pose, normalized. */
calo_status calo_item_make_pose(const calo_item *item, size_t variant, calo_pose **pose, calo_error *err);
/* outputs.c: opens the store; describes, renders, encodes and puts each view into it in order. */
calo_status calo_item_open_store(calo_item *item, calo_error *err);
calo_status calo_item_render(calo_item *item, calo_error *err);
/* describe.c: what is known before anything is rendered: the scene's statistics and flags. */
calo_status calo_item_describe(calo_item *item, calo_error *err);
/* The views' flags join the object's, and --reject looks at them. */
calo_status calo_item_judge(calo_item *item, calo_error *err);
/* metadata.json, into the store. */
calo_status calo_item_write_metadata(calo_item *item, calo_error *err);

#endif
