/* A primitive's vertices as a pose wants them: morphed and skinned. */
#ifndef CALO_SCENE_DEFORM_H
#define CALO_SCENE_DEFORM_H

#include <calotype/scene.h>

/* True when the node's primitive moves by morph targets or a skin; then its vertices must be
 * taken from calo_deform_primitive. A skinned primitive stands in world space (its node's own
 * transform does not apply, as glTF says); a morphed one in its node's space. */
bool calo_deform_needed(const calo_pose *pose, int32_t node, const calo_primitive *primitive);
bool calo_deform_is_skinned(const calo_pose *pose, int32_t node, const calo_primitive *primitive);

/* Writes 3, 3 and 4 floats a vertex. `normals` and `tangents` may be NULL, and must be where the
 * primitive has none. Unit length where the primitive's are. */
calo_status calo_deform_primitive(const calo_pose *pose, int32_t node, const calo_primitive *primitive,
                                  float *positions, float *normals, float *tangents, calo_error *err);

#endif
