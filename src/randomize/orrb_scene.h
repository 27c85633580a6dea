/* What ORRB's Unity scene looks like before components change it, in calotype's terms. */
#ifndef CALO_RANDOMIZE_ORRB_SCENE_H
#define CALO_RANDOMIZE_ORRB_SCENE_H

#include "randomize/component.h"

/* A material as ORRB's loader makes it: no textures, opaque, specular and shininess as metallic and glossiness. */
calo_material calo_orrb_material(const calo_material *material);

/* Unity's standard material, from colours as they are displayed. */
void calo_orrb_paint(calo_material *material, const float display_rgb[3], float metallic, float glossiness);

/* A look before the first component: no light but that of lights that nobody has set, a black background. */
void calo_orrb_start(calo_draw *draw);
/* After the last one: lights as calotype has them, and ambient light. */
void calo_orrb_finish(calo_draw *draw);

/* Unity's axes (left-handed, y up, the robot mirrored) to the world's. */
static inline void calo_orrb_to_world(const double unity[3], double world[3])
{
    double x = -unity[0], y = -unity[2], z = unity[1];
    world[0] = x;
    world[1] = y;
    world[2] = z;
}

#endif
