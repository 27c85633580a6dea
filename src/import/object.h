/* A mesh on a node of its own: all that the formats without a node tree have. */
#ifndef CALO_IMPORT_OBJECT_H
#define CALO_IMPORT_OBJECT_H

#include <calotype/scene.h>

/* Adds a copy of the primitive as a mesh and a visible node at the origin. */
calo_status calo_import_add_object(calo_scene *scene, const char *name, const calo_primitive *primitive,
                                   calo_error *err);

#endif
