/* The inside of the PLY importer: header (ply_header.c), elements (ply.c), scene (ply_mesh.c). */
#ifndef CALO_IMPORT_PLY_H
#define CALO_IMPORT_PLY_H

#include "base/arena.h"
#include "base/blob.h"
#include "import/importer.h"

enum { CALO_PLY_MAX_ELEMENTS = 64, CALO_PLY_MAX_PROPERTIES = 1024, CALO_PLY_NAME_BYTES = 64 };

typedef enum calo_ply_type {
    CALO_PLY_INT8, CALO_PLY_UINT8, CALO_PLY_INT16, CALO_PLY_UINT16, CALO_PLY_INT32, CALO_PLY_UINT32,
    CALO_PLY_FLOAT32, CALO_PLY_FLOAT64, CALO_PLY_TYPE_COUNT
} calo_ply_type;

/* What a property is to us; the colours, normals and so on stand in order. */
typedef enum calo_ply_role {
    CALO_PLY_X, CALO_PLY_Y, CALO_PLY_Z,
    CALO_PLY_NORMAL_X, CALO_PLY_NORMAL_Y, CALO_PLY_NORMAL_Z,
    CALO_PLY_RED, CALO_PLY_GREEN, CALO_PLY_BLUE, CALO_PLY_ALPHA,
    CALO_PLY_U, CALO_PLY_V,
    CALO_PLY_VERTEX1, CALO_PLY_VERTEX2,
    CALO_PLY_SCALAR_ROLES,
    CALO_PLY_INDICES = CALO_PLY_SCALAR_ROLES, CALO_PLY_TEXCOORDS,
    CALO_PLY_NO_ROLE
} calo_ply_role;

typedef struct calo_ply_property {
    char name[CALO_PLY_NAME_BYTES];
    calo_ply_type type, count_type;
    bool is_list;
    calo_ply_role role;
    uint32_t offset; /* in a binary record without lists */
} calo_ply_property;

typedef struct calo_ply_element {
    char name[CALO_PLY_NAME_BYTES];
    uint64_t count;
    const calo_ply_property *properties;
    uint32_t property_count;
    uint32_t roles; /* bit set */
    bool has_lists;
    uint32_t record_bytes; /* of a binary record without lists */
} calo_ply_element;

typedef struct calo_ply_header {
    bool ascii, big_endian;
    calo_ply_element elements[CALO_PLY_MAX_ELEMENTS];
    uint32_t element_count;
    calo_ply_property properties[CALO_PLY_MAX_PROPERTIES];
    uint32_t property_count;
    char texture[1024]; /* the first TextureFile, "" when there is none */
    uint32_t texture_count;
    size_t body; /* where the elements begin */
} calo_ply_header;

#define CALO_PLY_HAS(element, role) (((element)->roles >> (role) & 1) != 0)

size_t calo_ply_type_bytes(calo_ply_type type);
calo_status calo_ply_read_header(const calo_import_source *source, calo_ply_header *header, calo_error *err);

/* The elements as the file has them. Arrays live in `arena`; NULL where the file has none. */
typedef struct calo_ply {
    const calo_import_source *source;
    calo_scene *scene;
    calo_arena arena; /* lives during the load */
    calo_ply_header header;
    uint32_t vertex_count;
    float *positions, *normals, *colors, *uvs;
    /* Faces: corner numbers one face after the other. */
    uint32_t face_count;
    uint32_t *face_sizes;
    float *face_colors; /* RGBA a face */
    calo_blob corners;  /* uint32_t */
    calo_blob texcoords; /* two floats a corner; used when there are as many as corners */
    calo_blob strips;   /* int32_t, -1 between strips */
    uint32_t edge_count;
    uint32_t *edges; /* pairs */
} calo_ply;

/* Adds what was read to the scene. */
calo_status calo_ply_make_scene(calo_ply *ply, calo_error *err);

#endif
