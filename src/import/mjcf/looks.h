/* What the files of geometry share: shapes while they are made, and what is kept from one geom to the next. */
#ifndef CALO_IMPORT_MJCF_LOOKS_H
#define CALO_IMPORT_MJCF_LOOKS_H

#include "import/mjcf/mjcf.h"
#include "import/mjcf/table.h"

/* ---- shapes ---- */

/* `object` is where the vertex stands in what MuJoCo's renderer draws before it stretches it to the geom's size: unit
 * spheres, boxes and cylinders; of planes, meshes and height fields the same as `position`. Textures that are
 * projected, and cube textures, are looked up by it. */
typedef struct calo_mjcf_vertex {
    float position[3], normal[3];
    float uv[2]; /* MuJoCo's texture coordinates before texrepeat; v grows downwards */
    float object[3];
} calo_mjcf_vertex;

/* Triangles that are being made, counter-clockwise seen from outside. All-zero is empty. */
typedef struct calo_mjcf_shape {
    calo_mjcf_vertex *vertices;
    uint32_t *indices;
    uint32_t vertex_count, index_count;
    uint64_t vertex_capacity, index_capacity;
    uint32_t slices; /* of round shapes, around their axis */
    bool faceted; /* faces have normals of their own: those of the vertices are not read */
} calo_mjcf_shape;

void calo_mjcf_shape_finish(calo_mjcf_shape *shape);
/* Room for that many more, so that adding them cannot fail. */
calo_status calo_mjcf_shape_reserve(calo_mjcf_shape *shape, uint64_t vertices, uint64_t triangles, calo_error *err);
/* Only within what is reserved. The first returns the vertex's number. */
uint32_t calo_mjcf_shape_vertex(calo_mjcf_shape *shape, const calo_mjcf_vertex *vertex);
void calo_mjcf_shape_triangle(calo_mjcf_shape *shape, uint32_t a, uint32_t b, uint32_t c);

/* Sphere, capsule, ellipsoid, cylinder or box of a geom's size, in its frame. Silhouettes of curved ones are
 * within 0.2 % of their radius, or within the tolerance where that is more and they keep a dozen sides; normals are the
 * true surface's. */
calo_status calo_mjcf_make_solid(int type, const double size[3], double tolerance_metres, calo_mjcf_shape *shape,
                                 calo_error *err);

/* A ball of radius 1, or a rod of radius 1 along z from -1/2 to 1/2 without ends, as parts of tendons. */
calo_status calo_mjcf_make_ball(calo_mjcf_shape *shape, calo_error *err);
calo_status calo_mjcf_make_rod(calo_mjcf_shape *shape, calo_error *err);

/* A rectangle of these half sides that faces +z. One of 0 has no end in MuJoCo: here it reaches `reach` metres. */
calo_status calo_mjcf_make_plane(const double half_sides[2], double reach, calo_mjcf_shape *shape, calo_error *err);

calo_status calo_mjcf_make_mesh(const calo_mjcf_builder *builder, uint32_t mesh, calo_mjcf_shape *shape,
                                calo_error *err);
calo_status calo_mjcf_make_heightfield(const calo_mjcf_builder *builder, uint32_t heightfield, calo_mjcf_shape *shape,
                                       calo_error *err);

/* ---- textures ---- */

enum { CALO_MJCF_CUBE_FACES = 6 };

typedef enum calo_mjcf_texture_kind {
    CALO_MJCF_UNTEXTURED = 0,
    CALO_MJCF_TINTED, /* a cube texture of one colour: it goes into the material's */
    CALO_MJCF_FLAT,   /* 2d */
    CALO_MJCF_CUBED,
} calo_mjcf_texture_kind;

/* A model's texture in the scene. */
typedef struct calo_mjcf_texture {
    calo_mjcf_texture_kind kind;
    int32_t textures[CALO_MJCF_CUBE_FACES]; /* calo_texture; 2d: the first; -1: the face has one colour, */
    float tints[CALO_MJCF_CUBE_FACES][3];   /* this (display-referred); else white */
    uint8_t alike[CALO_MJCF_CUBE_FACES];    /* the first face that looks the same */
} calo_mjcf_texture;

/* The texture that colours MuJoCo's material; untextured where there is none, or for -1. */
const calo_mjcf_texture *calo_mjcf_texture_of(const calo_mjcf_builder *builder, int32_t material);

/* The face of a cube texture, in MuJoCo's order (+x -x +y -y +z -z in the texture's axes), that a direction meets, and
 * where on it, both coordinates from 0 to 1 with row 0 of the picture at v = 0. */
int calo_mjcf_cube_face(const float direction[3]);
void calo_mjcf_cube_uv(int face, const float direction[3], float uv[2]);

/* ---- how a texture lies on a shape ---- */

typedef enum calo_mjcf_mapping_kind {
    CALO_MJCF_MAPPED = 0,  /* by the shape's own texture coordinates */
    CALO_MJCF_PROJECTED,   /* by x and y of `object` */
    CALO_MJCF_MAPPED_CUBE, /* by the direction of `object` */
} calo_mjcf_mapping_kind;

typedef struct calo_mjcf_mapping {
    uint32_t kind;
    float scale[3], offset[2];
    uint8_t alike[CALO_MJCF_CUBE_FACES], unused[2]; /* of the cube's faces */
} calo_mjcf_mapping;

/* What the mapping depends on, beside the material. */
typedef struct calo_mjcf_wearer {
    int type;           /* CALO_MJCF_PLANE, ... */
    double size[3];     /* as MuJoCo's renderer has it: x, y, z */
    bool from_data;     /* a plane, mesh or height field that MuJoCo draws at its own size */
    bool has_texcoords; /* a mesh or skin with texture coordinates */
} calo_mjcf_wearer;

calo_mjcf_mapping calo_mjcf_mapping_of(const calo_mjcf_builder *builder, int32_t material,
                                       const calo_mjcf_wearer *wearer);

/* Whether a material's texture is drawn on a thing. MuJoCo has no use for the cube textures of what has texture
 * coordinates; then, with a warning, it has none here either. */
bool calo_mjcf_takes_texture(calo_mjcf_builder *builder, int32_t material, const calo_mjcf_wearer *wearer,
                             const char *kind, const char *name);

/* Turns the vertices' `uv` into where a 2d texture is read. */
void calo_mjcf_map(const calo_mjcf_mapping *mapping, calo_mjcf_shape *shape);

/* Cuts a shape along the edges of a cube texture, one part for each face that is like no other before it; `parts` of
 * the others stay empty. Texture coordinates are within 1/250 of a face of the true ones where the shape does not come
 * close to its own centre. */
calo_status calo_mjcf_cut_cube(const calo_mjcf_mapping *mapping, const calo_mjcf_shape *shape,
                               calo_mjcf_shape parts[CALO_MJCF_CUBE_FACES], calo_error *err);

/* ---- materials ---- */

/* The scene's material for MuJoCo's `material` (-1: none) in a colour, display-referred, on one of the faces of its
 * texture (2d: 0; -1: without the texture). The same for the same arguments; -1 with `err` filled. */
int32_t calo_mjcf_material(calo_mjcf_builder *builder, int32_t material, const float rgba[4], int face,
                           calo_error *err);

/* The colour that a thing is drawn in: its own, or its material's where its own is MuJoCo's default. */
void calo_mjcf_color(const calo_mjcf_builder *builder, int32_t material, const float own[4], float rgba[4]);

/* How long the keys of looks->materials are. */
size_t calo_mjcf_material_key_bytes(void);

/* Linear light of a display-referred (sRGB) value from 0 to 1. */
float calo_mjcf_linear(float display);

/* ---- what is kept ---- */

/* A shape's triangles in the scene's memory, without a material. */
typedef struct calo_mjcf_part {
    int face; /* of the cube texture, or 0 */
    calo_primitive primitive;
} calo_mjcf_part;

typedef struct calo_mjcf_kept_shape {
    uint32_t part_count;
    calo_mjcf_part parts[CALO_MJCF_CUBE_FACES];
} calo_mjcf_kept_shape;

struct calo_mjcf_looks {
    calo_mjcf_texture *textures; /* ntex */
    calo_mjcf_table materials;   /* key -> scene material */
    calo_mjcf_table shapes;      /* key -> kept_shapes */
    calo_mjcf_table meshes;      /* key -> scene mesh */
    calo_mjcf_kept_shape *kept_shapes;
    uint64_t shape_capacity;
};

/* Copies a shape into the scene's memory. Equal ones get the same identity. */
calo_status calo_mjcf_keep_shape(calo_mjcf_builder *builder, const calo_mjcf_shape *shape, calo_primitive *primitive,
                                 calo_error *err);

/* The name that starts at `address` of the model's names; "" for an address that is none. */
const char *calo_mjcf_name(const calo_mjcf_builder *builder, const int32_t *addresses, uint32_t index);

#endif
