/* metadata.json: what an object is, how it was rendered, and where each view's files are. */
#ifndef CALO_ENCODE_METADATA_H
#define CALO_ENCODE_METADATA_H

#include <calotype/quality.h>
#include <calotype/randomize.h>
#include <calotype/render.h>

#include "encode/file_names.h"
#include "encode/json_writer.h"

/* The file and what is in it. */
typedef struct calo_object_facts {
    const char *file_identifier; /* the path as it was given */
    const char *save_uid, *sha256;
    const calo_scene *scene;
    const calo_scene_statistics *statistics;
} calo_object_facts;

/* An object of several in one scene. */
typedef struct calo_placed_facts {
    calo_object_facts object;
    const char *left_out; /* why it is not in the scene, in a word; only its identifier is read then. Else NULL */
    uint32_t instance_id, first_material_id;
    calo_mat4 object_to_world;
    double bounds_min[3], bounds_max[3]; /* in the world */
} calo_placed_facts;

typedef struct calo_arrangement_facts {
    const char *name;
    double size_range[2], spread;
    uint32_t ground_id; /* 0: none */
    const calo_placed_facts *objects; /* as they were asked for */
    size_t object_count;
} calo_arrangement_facts;

/* How it was rendered. Options are resolved: no zeros that mean defaults. */
typedef struct calo_metadata {
    calo_object_facts object;
    double scale, translation[3];
    const calo_view_set *views;
    size_t variant_count; /* times that the views are there, for a state or look each; as many views each time */
    size_t looks_each;    /* variants a state that are looks; 0: no looks */
    const calo_stream *streams; /* of the looks, whose numbers `values` are: a look after the other */
    size_t stream_count;
    const double *const *values; /* variant_count; NULL without looks */
    const char *randomizer_name; /* the file, or NULL */
    const calo_render_options *render;
    const calo_prepare_options *prepare; /* its `lighting` and `limits` are not read */
    const calo_lighting *lighting;
    const char *environment_name; /* "white", "none" or a file */
    const char *animation_name;   /* NULL: the rest pose */
    double time_seconds;
    const char *backend;
    float lod_pixels; /* 0: every triangle was drawn */
    calo_file_layout layout;
    const calo_object_quality *quality;
    const calo_view_quality *qualities; /* of the views */
    const calo_arrangement_facts *arrangement; /* NULL: one object */
} calo_metadata;

/* The keys of the Objaverse-XL scripts that describe the object, into the open object of `json`. */
void calo_metadata_write_object(calo_json_writer *json, const calo_object_facts *object);
/* "arrangement" and "objects" of a scene of several. */
void calo_metadata_write_arrangement(calo_json_writer *json, const calo_arrangement_facts *arrangement);
void calo_metadata_write_matrix(calo_json_writer *json, const char *key, const calo_mat4 *matrix);
/* "warnings": [{"id", "message"}]. */
void calo_metadata_write_warnings(calo_json_writer *json, const calo_scene *scene);

calo_status calo_encode_metadata(const calo_metadata *metadata, calo_blob *blob, calo_error *err);

#endif
