/* A mesh on a node of its own: all that the formats without a node tree have. */
#ifndef CALO_IMPORT_OBJECT_H
#define CALO_IMPORT_OBJECT_H

#include <calotype/scene.h>

/* Adds a copy of the primitive as a mesh and a visible node at the origin. */
calo_status calo_import_add_object(calo_scene *scene, const char *name, const calo_primitive *primitive,
                                   calo_error *err);

/* A dielectric in place of the material that the format cannot hold: light grey like Blender's, or
 * white where colours come from vertices or a texture. Returns its index or -1. */
int32_t calo_import_add_plain_material(calo_scene *scene, bool colored, int32_t texture, calo_error *err);

#endif
