/* One channel of an animation at one moment. */
#ifndef CALO_SCENE_ANIMATION_H
#define CALO_SCENE_ANIMATION_H

#include <calotype/scene.h>

/* Writes `components` values: interpolated between two keys, held before the first and after the
 * last one. Rotations are unit quaternions. */
void calo_animation_sample(const calo_animation_channel *channel, double time_seconds, double *values);

#endif
