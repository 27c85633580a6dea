/* The material libraries (.mtl) that an OBJ file names. */
#ifndef CALO_IMPORT_MTL_H
#define CALO_IMPORT_MTL_H

#include "import/obj.h"

typedef enum calo_mtl_map_kind {
    CALO_MTL_DIFFUSE,   /* map_Kd */
    CALO_MTL_SPECULAR,  /* map_Ks */
    CALO_MTL_EXPONENT,  /* map_Ns */
    CALO_MTL_DISSOLVE,  /* map_d */
    CALO_MTL_EMISSIVE,  /* map_Ke */
    CALO_MTL_NORMAL,    /* map_Bump, bump, norm */
    CALO_MTL_ROUGHNESS, /* map_Pr */
    CALO_MTL_METALLIC,  /* map_Pm */
    CALO_MTL_MAP_COUNT
} calo_mtl_map_kind;

typedef struct calo_mtl_map {
    const char *name; /* NULL: no map */
    float scale[2], offset[2], bump;
    bool clamp;
    char channel; /* of -imfchan: r g b m l z, 0: not given */
} calo_mtl_map;

/* Values as written; negative: not given, as Blender keeps them. */
typedef struct calo_mtl_material {
    const char *library; /* the name of the file it stands in, for links */
    float diffuse[3], ambient[3], specular[3], emissive[3];
    float exponent, dissolve, transparency, roughness, metallic;
    int64_t illumination;
    calo_mtl_map maps[CALO_MTL_MAP_COUNT];
} calo_mtl_material;

/* All-zero is empty. */
typedef struct calo_mtl_library {
    calo_obj_names names;     /* of newmtl; the number is the index below */
    calo_obj_array materials; /* calo_mtl_material */
} calo_mtl_library;

/* mtl_parse.c: adds what the text of a library holds; a name that is known keeps its first material.
 * `link` is the library's name and must live as long as the materials. */
calo_status calo_mtl_parse(calo_obj *obj, calo_mtl_library *library, const char *link, const char *bytes, size_t size);

/* mtl_images.c: scene images made of the channels of others. */

/* Where a channel of the new image comes from. */
typedef struct calo_mtl_pick {
    int32_t image; /* -1: 255 everywhere */
    char channel;  /* r g b a, or l: luminance */
} calo_mtl_pick;

typedef struct calo_mtl_images {
    calo_obj *obj;
    calo_obj_array facts;    /* image_facts: what was found out about scene images, by number */
    calo_obj_array composed; /* composed_image */
} calo_mtl_images;

void calo_mtl_images_finish(calo_mtl_images *images);

/* The image whose four channels are the picks, as large as the largest of them; -1 with err filled. */
int32_t calo_mtl_images_compose(calo_mtl_images *images, const calo_mtl_pick picks[4], const char *name);

/* The scene's texture of an image, repeating or clamped; -1 with err filled. */
int32_t calo_mtl_images_texture(calo_mtl_images *images, int32_t image, bool clamp);

/* Facts about texels: some alpha is below 255; red, green and blue are the same everywhere. */
bool calo_mtl_images_has_alpha(calo_mtl_images *images, int32_t image);
bool calo_mtl_images_is_gray(calo_mtl_images *images, int32_t image);

#endif
