/* The main job: one 3D file in, one labelled multi-view object on disk. */
#ifndef CALOTYPE_JOB_H
#define CALOTYPE_JOB_H

#include <calotype/import.h>
#include <calotype/package.h>
#include <calotype/quality.h>
#include <calotype/render.h>
#include <calotype/view.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_naming {
    CALO_NAME_DEFAULT = 0, /* files: the stem; all else: the uid */
    CALO_NAME_STEM,        /* "duck" for models/duck.glb */
    CALO_NAME_UID,         /* uuid5 of the path as given (or `identifier`), in the DNS name space */
} calo_naming;

typedef enum calo_image_format {
    CALO_IMAGE_PNG = 0, /* pictures as PNG, everything else as npy */
    CALO_IMAGE_EXR,     /* one multi-channel OpenEXR a view */
} calo_image_format;

typedef enum calo_id_format { CALO_IDS_PNG = 0 /* 16-bit */, CALO_IDS_NPY /* uint32 */ } calo_id_format;

/* How several objects stand in one scene. */
typedef enum calo_arrangement {
    CALO_ARRANGEMENT_DEFAULT = 0, /* ground */
    CALO_ARRANGEMENT_GROUND,      /* upright on z = 0, each turned about the vertical, in a square */
    CALO_ARRANGEMENT_AIR,         /* turned any way, in a cube */
} calo_arrangement;

/* All zero is the default everywhere. Append only. */
typedef struct calo_placement {
    calo_arrangement arrangement;
    double size_min, size_max; /* the longest side of an object's box before it is turned, metres; 0, 0: 0.5 to 1 */
    double spread;             /* the square's or cube's side, as a multiple of one that is rather full; 0: 1 */
    bool show_ground;          /* a square under the objects that stand on the ground, with an instance id behind theirs */
} calo_placement;

/* Called when a view is done, one call at a time, from any thread. Anything but CALO_OK stops the
 * job, which then leaves nothing behind. */
typedef calo_status (*calo_progress_callback)(void *user, size_t done, size_t total, calo_error *err);

/* All zero but output_folder: the objaverse-xl protocol, colour only. Append only. */
typedef struct calo_item_options {
    const char *output_folder; /* made when it is not there */
    calo_package package;
    calo_naming naming;
    calo_image_format image_format;
    calo_id_format id_format;
    calo_import_options import;
    const char *animation; /* a name or an index from 0; NULL: the rest pose */
    double time_seconds;
    calo_view_options views;
    bool has_seed;            /* views.seed counts; else the seed comes from the file's SHA-256 */
    const char *camera_file;  /* instead of a preset: see calo_view_set_load */
    const char *scene_camera; /* instead of a preset: a camera of the file by name, by index, or "all" */
    calo_lighting lighting;
    calo_prepare_options prepare; /* its `lighting` and `limits` are not read: the ones here count */
    const char *environment_name; /* for metadata.json; NULL: nobody chose, "white", "none" or "skybox" */
    calo_render_options render;   /* channels 0: colour only */
    const char *sheet_path;       /* a contact sheet as PNG; NULL: none */
    calo_progress_callback on_progress;
    void *progress_user;
    /* Of MJCF files: a file of joint positions, one state a row (docs/mujoco.md), each of which is rendered from all
     * views, state after state; and ORRB's mapping file from its columns to joints (NULL: MuJoCo's own order). */
    const char *state_file, *mapping_file;
    /* DEFAULT: MJCF files without a randomizer are drawn as MuJoCo draws them, by their own lights; ON, OFF: all files are, or none. */
    calo_switch mujoco_look;
    /* A randomizer (docs/randomize.md): every view of every state is rendered `variants` times (0: 1), in another look
     * each; looks are numbered on from the seed. `lenient`: what the file has and is not known is a warning. */
    const char *randomizer_file;
    uint32_t variants;
    bool lenient;
    /* Of files that were fetched from elsewhere: what the object is called in place of its path, in file_identifier,
     * save_uid and naming; NULL: the path. With a path that is relative to the file's own folder nothing of this machine
     * is in the output. */
    const char *identifier;
    const char *thumbnail_path;  /* the colour of the first views side by side, small, as PNG; NULL: none */
    const char *object_name;     /* the name in the output folder, without ending; NULL: by `naming` */
    const char *randomizer_name; /* for metadata.json; NULL: randomizer_file */
    /* Of packages whose parts hold many objects: leave the object as it is joined to them (store/package.h), which of a
     * torch package is a file of another kind. */
    bool staged;
    /* Flags that make an object a failure (CALO_ERROR_REJECTED, which leaves nothing), with commas between; NULL: none.
     * Those of views count when any view has them, or, as in "clipped:0.5", more than that share of the views does;
     * "flipped_normals:0.3" is a share of the surface. */
    const char *reject;
    calo_placement placement;    /* of calo_item_run_placed */
} calo_item_options;

/* How far a file came. */
typedef enum calo_item_step {
    CALO_ITEM_LOAD = 0, /* reading it, and what it names */
    CALO_ITEM_VIEWS,    /* applying to it what the options say of animations, cameras, states and looks */
    CALO_ITEM_RENDER,   /* pictures, and writing them: CALO_ERROR_IO is the output folder's here */
} calo_item_step;

/* A file that becomes part of a scene. */
typedef struct calo_placed_object {
    const char *path;            /* NULL: left out, for a reason that the caller knows; then with an identifier */
    const char *file_identifier; /* for metadata.json; NULL: the path */
} calo_placed_object;

/* What became of it. */
typedef struct calo_placed_result {
    calo_error err;       /* status CALO_OK: it is in the scene; else why it was left out */
    char save_uid[37], sha256[65]; /* of its identifier and its file; "" where it was left out */
    uint32_t instance_id; /* from 1, in the order of the objects that are in the scene; 0: left out */
    calo_mat4 object_to_world; /* from the file's own metres with z up to the world of the cameras */
    double bounds_min[3], bounds_max[3]; /* of its vertices in that world */
    calo_scene_statistics statistics;    /* of its file */
} calo_placed_result;

/* What was done. The caller finishes it, also after a failure. */
typedef struct calo_item_result {
    char save_uid[37], sha256[65];
    char *path; /* the folder or zip */
    uint64_t seed;
    size_t view_count;
    calo_scene_statistics statistics;
    calo_warning *warnings;
    size_t warning_count;
    double load_seconds, render_seconds; /* render: with encoding and writing */
    calo_object_quality quality; /* also of what was rejected */
    calo_item_step step; /* the last that began: of a failure, the one that failed */
    calo_placed_result *objects;         /* of calo_item_run_placed, in the caller's order, also after most failures; else NULL */
    size_t object_count;
} calo_item_result;

/* Renders one file. The object appears under its name when it is whole, or not at all. The renderer
 * is used during the call only; one call a renderer at a time. */
CALO_API calo_status calo_item_run(calo_renderer *renderer, const char *path, const calo_item_options *options,
                                   calo_item_result *result, calo_error *err);
CALO_API void calo_item_result_finish(calo_item_result *result);

#define CALO_PLACED_OBJECTS_MAX 256

/* Renders several files as one scene: each is scaled, turned and placed by the seed, so that none is in another one, and
 * shown at rest without its own cameras and lights (docs/dataset-scenes.md). Without `has_seed` the seed comes from the
 * files' SHA-256. A file that cannot be used is left out (see result->objects); the call fails when none is left, with
 * the status of the first that has a path. Limits hold for all together. Everything of an object has its instance id. The scene's sha256 is
 * the hash of the placed files' 32-byte hashes in order. */
CALO_API calo_status calo_item_run_placed(calo_renderer *renderer, const calo_placed_object *objects, size_t count,
                                          const calo_item_options *options, calo_item_result *result, calo_error *err);
/* The name that it will get, malloc'ed: "duck-and-2-more", or the uuid5 of the scene's identifier: those of the objects
 * with ", " between. */
CALO_API calo_status calo_item_placed_name(const calo_placed_object *objects, size_t count,
                                           const calo_item_options *options, char **name, calo_error *err);

/* The name (without folder and ending) that the file's object will get, malloc'ed. */
CALO_API calo_status calo_item_name(const char *path, const calo_item_options *options, char **name, calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
