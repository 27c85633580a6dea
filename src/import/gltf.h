/* The inside of the glTF importer: what its files share while one asset is loaded. */
#ifndef CALO_IMPORT_GLTF_H
#define CALO_IMPORT_GLTF_H

#include <jansson.h>

#include "base/arena.h"
#include "base/blob.h"
#include "base/file.h"
#include "import/importer.h"
#include "import/textures.h"

/* The root's arrays. */
typedef enum calo_gltf_kind {
    CALO_GLTF_ACCESSORS,
    CALO_GLTF_ANIMATIONS,
    CALO_GLTF_BUFFERS,
    CALO_GLTF_BUFFER_VIEWS,
    CALO_GLTF_CAMERAS,
    CALO_GLTF_IMAGES,
    CALO_GLTF_MATERIALS,
    CALO_GLTF_MESHES,
    CALO_GLTF_NODES,
    CALO_GLTF_SAMPLERS,
    CALO_GLTF_SCENES,
    CALO_GLTF_SKINS,
    CALO_GLTF_TEXTURES,
    CALO_GLTF_KIND_COUNT
} calo_gltf_kind;

typedef struct calo_gltf_buffer {
    bool loaded;
    const uint8_t *bytes;
    size_t size;
    calo_file file; /* when it is a file of its own */
} calo_gltf_buffer;

/* A buffer view's bytes, decompressed where they were compressed. */
typedef struct calo_gltf_view {
    bool loaded;
    const uint8_t *bytes;
    size_t size, stride; /* stride 0: elements stand one after the other */
} calo_gltf_view;

/* What an accessor's floats are made into. */
typedef enum calo_gltf_use {
    CALO_GLTF_PLAIN,    /* as they are */
    CALO_GLTF_FINITE,   /* NaN and infinity become 0 */
    CALO_GLTF_NORMALS,  /* unit length; what has none becomes 0 */
    CALO_GLTF_TANGENTS, /* unit length and w of 1 or -1 */
    CALO_GLTF_COLORS,   /* RGBA; what is not finite becomes 1 */
    CALO_GLTF_USE_COUNT
} calo_gltf_use;

typedef struct calo_gltf_floats {
    const float *values;
    uint32_t count, bad_count; /* elements; those that had to be changed */
} calo_gltf_floats;

typedef struct calo_gltf_indices {
    const uint32_t *values;
    uint32_t count;
    uint32_t largest;
} calo_gltf_indices;

typedef struct calo_gltf_cached {
    calo_gltf_floats floats[CALO_GLTF_USE_COUNT];
    calo_gltf_indices indices;
} calo_gltf_cached;

/* Base64 digits in the file's text. */
typedef struct calo_gltf_payload {
    const char *digits;
    size_t length;
} calo_gltf_payload;

typedef struct calo_gltf {
    const calo_import_source *source;
    calo_error *err;    /* never NULL */
    calo_status status; /* the first failure; it ends the load */
    calo_scene *scene;
    calo_arena scratch; /* lives during the load */
    calo_blob payloads; /* calo_gltf_payload: cut out of the JSON */
    json_t *root;
    json_t *arrays[CALO_GLTF_KIND_COUNT]; /* NULL: empty */
    size_t counts[CALO_GLTF_KIND_COUNT];
    bool is_glb;
    const uint8_t *binary; /* the GLB's BIN chunk */
    size_t binary_size;
    uint64_t present_bytes; /* read from files so far */
    uint64_t claimed_bytes; /* made of them so far */
    uint64_t zero_elements; /* of accessors without a buffer view */
    calo_gltf_buffer *buffers;
    calo_gltf_view *views;
    calo_gltf_cached *cached; /* an accessor each */
    calo_gltf_indices ascending; /* 0, 1, 2, ... */
    calo_texture_loader *textures;
    int32_t *texture_indices; /* glTF texture -> scene texture, -1: not yet */
    int32_t *image_indices;   /* glTF image -> scene image, -1: not yet */
    bool *material_used;
    int32_t *node_indices;    /* glTF node -> scene node */
    uint32_t *vertex_marks;   /* scratch for counting used vertices: the last primitive that used it */
    uint32_t *vertex_numbers;
    uint32_t vertex_mark_count, vertex_mark;
    json_t *last_attributes, *last_targets; /* of the primitive made last */
    calo_primitive last_primitive;
} calo_gltf;

/* ---- gltf_json.c: JSON objects with a place to name in messages ---- */

/* An object of the file, or an absent one (object NULL), which reads as all defaults. Lives on the
 * stack, below its parent. */
typedef struct calo_gltf_record {
    calo_gltf *gltf;
    const struct calo_gltf_record *parent; /* NULL: the root */
    const char *key;
    int64_t index; /* in the array `key`; -1: not in one */
    json_t *object;
} calo_gltf_record;

/* Fills gltf->err with "FILE: PLACE: sentence" unless an earlier failure is there. */
#define calo_gltf_fail(record, status, ...) \
    calo_gltf_fail_at((record), (status), __FILE__, __LINE__, __VA_ARGS__)
calo_status calo_gltf_fail_at(const calo_gltf_record *record, calo_status status, const char *source_file,
                              int source_line, const char *format, ...) CALO_PRINTF(5, 6);

/* Takes over a failure that some callee has put into gltf->err. */
calo_status calo_gltf_broken(calo_gltf *gltf);

/* "meshes[3].primitives[0]". */
void calo_gltf_place(const calo_gltf_record *record, char *text, size_t size);
#define CALO_GLTF_PLACE_BYTES 256

/* Memory of the scene, counted against what the file's size can pay for; NULL after a failure. */
void *calo_gltf_take(const calo_gltf_record *record, uint64_t count, size_t item_bytes, const char *what);
calo_status calo_gltf_charge(const calo_gltf_record *record, uint64_t count, size_t item_bytes, const char *what);

calo_gltf_record calo_gltf_item(calo_gltf *gltf, calo_gltf_kind kind, size_t index);
calo_gltf_record calo_gltf_enter(const calo_gltf_record *parent, const char *key);
calo_gltf_record calo_gltf_extension(const calo_gltf_record *parent, const char *name);

/* The array at `key` (NULL when absent) and an object in it. */
json_t *calo_gltf_list(const calo_gltf_record *record, const char *key, size_t *count);
calo_gltf_record calo_gltf_list_item(const calo_gltf_record *record, const char *key, json_t *list, size_t index);

/* Values; absent gives the default, a wrong type fails gltf->status. */
double calo_gltf_number(const calo_gltf_record *record, const char *key, double standard);
float calo_gltf_float(const calo_gltf_record *record, const char *key, double standard);
uint64_t calo_gltf_unsigned(const calo_gltf_record *record, const char *key, uint64_t standard);
bool calo_gltf_boolean(const calo_gltf_record *record, const char *key);
const char *calo_gltf_string(const calo_gltf_record *record, const char *key);
/* -1 when absent; checked to be below the number of `kind`. */
int32_t calo_gltf_index(const calo_gltf_record *record, const char *key, calo_gltf_kind kind);
int32_t calo_gltf_index_of(const calo_gltf_record *record, const char *what, const json_t *value, size_t limit);
/* True when the array is there; it must have `count` numbers. */
bool calo_gltf_numbers(const calo_gltf_record *record, const char *key, size_t count, double *values);
bool calo_gltf_float_list(const calo_gltf_record *record, const char *key, size_t count, float *values);
/* The "name" in the arena, "" when there is none; NULL after a failure. */
const char *calo_gltf_name(const calo_gltf_record *record);
float calo_gltf_to_float(double value);

/* ---- gltf_data_uri.c ---- */

bool calo_gltf_is_data_uri(const char *uri);
/* Copies the JSON to `rest` without the digits of long data URIs, which are most of an embedded file and slow for a
 * JSON parser: "@N" stands for gltf->payloads[N]. The text must stay. */
calo_status calo_gltf_cut_payloads(calo_gltf *gltf, const char *text, size_t size, calo_blob *rest);
/* The bytes of a data URI, in the scratch arena. */
calo_status calo_gltf_data_uri(const calo_gltf_record *record, const char *uri, const uint8_t **bytes, size_t *size);

/* ---- gltf_buffers.c, gltf_meshopt.c ---- */

calo_status calo_gltf_buffer_open(calo_gltf *gltf, size_t index, const calo_gltf_buffer **buffer);
calo_status calo_gltf_view_open(calo_gltf *gltf, size_t index, const calo_gltf_view **view);
void calo_gltf_buffers_finish(calo_gltf *gltf);
/* The part of a buffer that a record with buffer, byteOffset and byteLength names. */
calo_status calo_gltf_buffer_part(const calo_gltf_record *record, const uint8_t **bytes, size_t *size);
calo_status calo_gltf_meshopt_decode(const calo_gltf_record *extension, calo_gltf_view *view);

/* ---- gltf_accessor.c ---- */

/* An accessor that was found to lie within its bytes. */
typedef struct calo_gltf_accessor {
    int32_t index; /* -1: not from the file's accessors (Draco) */
    uint32_t count, components, component_type;
    bool normalized;
    const uint8_t *bytes; /* NULL: zeros */
    size_t stride;
    uint32_t sparse_count, sparse_index_type;
    const uint8_t *sparse_indices, *sparse_values;
} calo_gltf_accessor;

enum {
    CALO_GLTF_BYTE = 5120,
    CALO_GLTF_UNSIGNED_BYTE = 5121,
    CALO_GLTF_SHORT = 5122,
    CALO_GLTF_UNSIGNED_SHORT = 5123,
    CALO_GLTF_UNSIGNED_INT = 5125,
    CALO_GLTF_FLOAT = 5126,
};

/* The type and count only, or with the bytes. */
calo_status calo_gltf_accessor_describe(calo_gltf *gltf, int32_t index, calo_gltf_accessor *accessor);
calo_status calo_gltf_accessor_open(calo_gltf *gltf, int32_t index, calo_gltf_accessor *accessor);
size_t calo_gltf_component_bytes(uint32_t component_type); /* 0: no such type */

/* "accessors[7]" or "the Draco data". */
void calo_gltf_accessor_name(const calo_gltf_accessor *accessor, char *text, size_t size);

/* Arrays in the scene's arena, the same one for the same accessor and use. `user` names who reads it. */
calo_status calo_gltf_read_floats(const calo_gltf_record *user, const calo_gltf_accessor *accessor,
                                  calo_gltf_use use, calo_gltf_floats *floats);
calo_status calo_gltf_read_indices(const calo_gltf_record *user, const calo_gltf_accessor *accessor,
                                   calo_gltf_indices *indices);
/* `components` floats an element into memory of the caller, `stride` floats apart. */
void calo_gltf_copy_floats(const calo_gltf_accessor *accessor, float *values, size_t stride);
void calo_gltf_copy_u16(const calo_gltf_accessor *accessor, uint16_t *values, size_t stride);
/* Opens accessor `index` and reads it as plain floats of `components`; fails if it has others. */
calo_status calo_gltf_floats_of(const calo_gltf_record *user, int32_t index, uint32_t components,
                                calo_gltf_floats *floats);

/* ---- gltf_draco.c ---- */

typedef struct calo_gltf_draco {
    struct calo_draco_mesh *mesh; /* NULL: the primitive is not compressed */
    json_t *attributes;           /* name -> Draco's attribute id */
} calo_gltf_draco;

calo_status calo_gltf_draco_open(const calo_gltf_record *primitive, calo_gltf_draco *draco);
void calo_gltf_draco_finish(calo_gltf_draco *draco);
bool calo_gltf_draco_has(const calo_gltf_draco *draco, const char *name);
/* `accessor` comes with what the file says and leaves with the decoded bytes. */
calo_status calo_gltf_draco_attribute(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      const char *name, calo_gltf_accessor *accessor);
calo_status calo_gltf_draco_indices(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                    calo_gltf_indices *indices);

/* ---- the scene's parts, in the order in which they are made ---- */

calo_status calo_gltf_load_meshes(calo_gltf *gltf);    /* gltf_mesh.c */
/* "weights" of a mesh or node, as many as there are morph targets. */
calo_status calo_gltf_load_weights(const calo_gltf_record *record, uint32_t target_count, const float **weights);
calo_status calo_gltf_load_materials(calo_gltf *gltf); /* gltf_material.c */
calo_status calo_gltf_load_cameras(calo_gltf *gltf);   /* gltf_nodes.c */
calo_status calo_gltf_load_lights(calo_gltf *gltf);
calo_status calo_gltf_load_nodes(calo_gltf *gltf);
calo_status calo_gltf_load_skins(calo_gltf *gltf);     /* gltf_animation.c */
calo_status calo_gltf_load_animations(calo_gltf *gltf);

/* gltf_attributes.c: a primitive's vertices; vertex_count stays 0 when it has no positions. */
calo_status calo_gltf_load_attributes(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      calo_primitive *out);
/* Normals without a direction are made from the triangles around. */
calo_status calo_gltf_repair_normals(const calo_gltf_record *primitive, calo_primitive *out);

/* gltf_weights.c: skinning and morphing. `target_count` is the mesh's. */
calo_status calo_gltf_load_influences(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                      calo_primitive *out);
calo_status calo_gltf_load_morph_targets(const calo_gltf_record *primitive, uint32_t target_count,
                                         calo_primitive *out);
/* Opens the accessor that attributes[name] gives; *found false when there is none. Fails unless it has
 * `components` or `more_components` and the primitive's vertex_count (0: any). */
calo_status calo_gltf_attribute(const calo_gltf_record *primitive, const calo_gltf_record *attributes,
                                const calo_gltf_draco *draco, const char *name, uint32_t vertex_count,
                                uint32_t components, uint32_t more_components, calo_gltf_accessor *accessor,
                                bool *found);

/* gltf_topology.c: all seven modes to lists. */
calo_status calo_gltf_load_topology(const calo_gltf_record *primitive, const calo_gltf_draco *draco,
                                    calo_primitive *out);
/* Counts the vertices in use; when they are few, keeps only them. */
calo_status calo_gltf_drop_unused_vertices(const calo_gltf_record *primitive, calo_primitive *out);

/* gltf_textures.c: the scene's texture for a glTF texture, made when first asked for. */
int32_t calo_gltf_texture(const calo_gltf_record *user, int32_t index);

/* gltf_extensions.c */
calo_status calo_gltf_check_extensions(calo_gltf *gltf, const calo_gltf_record *root);

#endif
