/* Which way surfaces face. */
#ifndef CALO_SCENE_ORIENTATION_H
#define CALO_SCENE_ORIENTATION_H

#include <calotype/scene.h>

/* The share of the visible triangles' area that is turned the wrong way, 0 to 1: triangles whose vertex normals point to
 * where their winding says the back is, and all triangles of what is closed and inside out. In the rest pose, without
 * skins and morph targets. Of scenes of more than 262,144 triangles only every n-th one is looked at. */
calo_status calo_scene_flipped_share(const calo_scene *scene, double *share, calo_error *err);

#endif
