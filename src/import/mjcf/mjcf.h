/* Inside the MuJoCo importer. Two halves: this half reads models, makes nodes and poses; geometry makes textures,
 * materials and meshes out of the arrays. Nothing here sees libmujoco but mjcf_library.c and what it calls. */
#ifndef CALO_IMPORT_MJCF_MJCF_H
#define CALO_IMPORT_MJCF_MJCF_H

#include <calotype/mujoco.h>

/* What the scene is made from. The arrays are checked before geometry sees them: no needed array is NULL, sizes are
 * not negative and below 2^31, and every index that one array holds into another is in range (or -1 where MuJoCo
 * allows it): geom_type is 0 to 8 (8: SDF, drawn as its mesh), geom_dataid fits the type, *_matid, mat_texid,
 * mesh_*adr + num, mesh_face* (within the mesh's own vertices, normals, texcoords), skin_* likewise, hfield_adr +
 * nrow * ncol (both at least 2), tex_adr + height * width * nchannel (1 to 4); a cube texture's height is 6 times its
 * width, or equal to it (one picture for all faces). Optional arrays with a "NULL: ..." in mujoco.h are filled in (mesh_normaladr, mesh_normalnum,
 * mesh_texcoordnum, mesh_facenormal, mesh_facetexcoord, skin_group, tex_nchannel; nmeshnormal, ntexrole); those without
 * one may be NULL (site_dataid, cam_*, tex_colorspace, mat_metallic, mat_roughness, name_hfieldadr). Floats are NOT
 * checked: sizes, colours, vertices and normals may be negative, huge or not finite. */
typedef struct calo_mjcf_builder {
    const calo_mujoco_arrays *arrays; /* gone after the model is made: copy into the scene */
    calo_scene *scene;                /* where all is added; calo_scene_warn and calo_scene_arena work */
    const char *name;                 /* the file, for messages */
    /* ntex, or NULL: true where the file was not there or not readable, what the loader has warned about. White stands
     * in then; what the arrays hold is not read. */
    const bool *missing_textures;
    struct calo_mjcf_looks *looks;    /* geometry's own memory, of calo_mjcf_looks_create; NULL before */
    bool own_materials;               /* of the options */
} calo_mjcf_builder;

/* mjtTexture, mjtGeom (as geom_type and site_type hold them) and mjtLightType. */
enum { CALO_MJCF_TEXTURE_2D = 0, CALO_MJCF_TEXTURE_CUBE, CALO_MJCF_TEXTURE_SKYBOX };
enum {
    CALO_MJCF_PLANE = 0, CALO_MJCF_HFIELD, CALO_MJCF_SPHERE, CALO_MJCF_CAPSULE, CALO_MJCF_ELLIPSOID,
    CALO_MJCF_CYLINDER, CALO_MJCF_BOX, CALO_MJCF_MESH, CALO_MJCF_SDF,
};
enum { CALO_MJCF_SPOT = 0, CALO_MJCF_DIRECTIONAL, CALO_MJCF_POINT, CALO_MJCF_IMAGE };

/* ---- what geometry gives (mjcf_textures.c, mjcf_materials.c, mjcf_shapes.c, ...) ---- */

/* Makes builder->looks: whatever is kept between the calls below (shapes that several geoms share, materials a colour,
 * textures by id). Freed by calo_mjcf_looks_destroy, which also takes NULL. */
calo_status calo_mjcf_looks_create(calo_mjcf_builder *builder, calo_error *err);
void calo_mjcf_looks_destroy(struct calo_mjcf_looks *looks);

/* Adds MuJoCo's textures that materials use. */
calo_status calo_mjcf_add_textures(calo_mjcf_builder *builder, calo_error *err);

/* Adds every material of the model, in its order and before any other, so that scene material i is MuJoCo's i.
 * Materials for colours of geoms' own are added by the calls below, when they are met. */
calo_status calo_mjcf_add_materials(calo_mjcf_builder *builder, calo_error *err);

/* The scene's mesh for a geom, site or skin, in its own frame, whose node gets it; -1 when it has nothing that could
 * be drawn (alpha 0, no faces, a size that is not usable: with a warning where that is odd). Equal shapes with equal
 * looks share a mesh. The skin's mesh has joints (indices of the skin's bones, from 0) and weights; bones' rest
 * transforms and the calo_skin are made by the caller. */
calo_status calo_mjcf_geom_mesh(calo_mjcf_builder *builder, uint32_t geom, int32_t *mesh, calo_error *err);
calo_status calo_mjcf_site_mesh(calo_mjcf_builder *builder, uint32_t site, int32_t *mesh, calo_error *err);
calo_status calo_mjcf_skin_mesh(calo_mjcf_builder *builder, uint32_t skin, int32_t *mesh, calo_error *err);

/* The two unit parts that a tendon is drawn with, both with the tendon's material: a rod of radius 1 along z from -1/2
 * to 1/2 without ends, and a ball of radius 1. Each segment of a pose is a rod and two balls, moved and stretched into
 * a capsule. -1 for both when the tendon cannot be seen. */
calo_status calo_mjcf_tendon_mesh(calo_mjcf_builder *builder, uint32_t tendon, int32_t *rod, int32_t *ball,
                                  calo_error *err);

/* The model's skybox texture as RGBA32F, equirectangular, linear, in the axes of docs/conventions.md (z up): which way
 * MuJoCo's six faces look is geometry's to know. `image` is all-zero when there is none; the caller finishes it. */
calo_status calo_mjcf_sky(calo_mjcf_builder *builder, calo_image *image, calo_error *err);

#endif
