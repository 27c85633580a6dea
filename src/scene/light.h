/* What a light must be, of a scene or beside it. */
#ifndef CALO_SCENE_LIGHT_H
#define CALO_SCENE_LIGHT_H

#include <calotype/scene.h>

/* The light's fault as the end of a sentence that begins with the light, or NULL. */
const char *calo_light_fault(const calo_light *light);

#endif
