/* The inside of the OBJ importer: what its files share while one asset is loaded. */
#ifndef CALO_IMPORT_OBJ_H
#define CALO_IMPORT_OBJ_H

#include "base/arena.h"
#include "import/importer.h"
#include "import/obj_names.h"

/* A growing array under the importer's memory limit. */
typedef struct calo_obj_array {
    void *items;
    size_t count, capacity; /* in items */
} calo_obj_array;

/* Numbers of a face's corner in the file's lists, from 0; -1: none. */
typedef struct calo_obj_corner {
    int32_t position, uv, normal;
} calo_obj_corner;

/* Elements that stand one after the other and share everything but their corners. */
typedef struct calo_obj_run {
    uint32_t first_element;
    uint32_t object;
    int32_t material;   /* in `materials`, -1: none */
    uint32_t smoothing; /* group, 0: off */
    calo_topology topology;
    uint32_t next; /* run of the same primitive, UINT32_MAX: none (obj_mesh.c) */
} calo_obj_run;

/* The highest number used of a list, checked when the list is whole: a face may stand before its vertices. */
typedef struct calo_obj_highest {
    int64_t index; /* from 0; -1: none */
    uint64_t line;
} calo_obj_highest;

typedef struct calo_obj {
    const calo_import_source *source;
    calo_scene *scene;
    calo_error *err;             /* never NULL */
    uint64_t scratch_bytes;      /* in the arrays */
    calo_arena scratch;          /* names */
    calo_obj_array positions;    /* float[3] */
    calo_obj_array colors;       /* float[3] as written (sRGB), a position each or empty; NaN: none given */
    calo_obj_array uvs;          /* float[2], v downwards */
    calo_obj_array normals;      /* float[3] */
    calo_obj_array corners;      /* calo_obj_corner */
    calo_obj_array elements;     /* uint32_t: the first corner of each face, line strip or point set */
    calo_obj_array runs;         /* calo_obj_run */
    calo_obj_array objects;      /* const char *: names */
    calo_obj_highest highest[3]; /* position, uv, normal */
    calo_obj_names materials;    /* named by usemtl */
    calo_obj_names libraries;    /* the rest of each mtllib line */
    int32_t *scene_materials;    /* the scene's material for each of `materials`, made by mtl_material.c */
} calo_obj;

/* The memory of one more item, not yet counted; NULL with obj->err filled. */
void *calo_obj_room(calo_obj *obj, calo_obj_array *array, size_t item_bytes);

static inline void *calo_obj_push(calo_obj *obj, calo_obj_array *array, size_t item_bytes)
{
    if (array->count == array->capacity && !calo_obj_room(obj, array, item_bytes))
        return NULL;
    return (char *)array->items + array->count++ * item_bytes;
}

/* The end of an element's corners. */
static inline uint32_t calo_obj_element_end(const calo_obj *obj, size_t element)
{
    const uint32_t *elements = obj->elements.items;
    return element + 1 < obj->elements.count ? elements[element + 1] : (uint32_t)obj->corners.count;
}

static inline uint32_t calo_obj_run_end(const calo_obj *obj, size_t run)
{
    const calo_obj_run *runs = obj->runs.items;
    return run + 1 < obj->runs.count ? runs[run + 1].first_element : (uint32_t)obj->elements.count;
}

/* obj_parse.c: the bytes into the arrays; checks every number of a corner. */
calo_status calo_obj_parse(calo_obj *obj);

/* mtl_material.c: reads the libraries and makes the materials that elements wear. */
calo_status calo_obj_load_materials(calo_obj *obj);

/* obj_normals.c: gives corners without a normal the one that their smoothing group makes, within
 * the object whose runs are [first_run, end_run). */
calo_status calo_obj_smooth_normals(calo_obj *obj, size_t first_run, size_t end_run);

/* Adds a normal to the file's own; its number, or -1. */
int32_t calo_obj_add_normal(calo_obj *obj, const double normal[3]);

/* The unit normal of a face, 0 when it has no area. */
void calo_obj_face_normal(const calo_obj *obj, const calo_obj_corner *corners, uint32_t count, double normal[3]);

/* obj_mesh.c: a mesh and a node for each object. */
calo_status calo_obj_build_meshes(calo_obj *obj);

#endif
