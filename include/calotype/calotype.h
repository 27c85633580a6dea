/* Calotype: 3D assets and simulator states to labelled pictures. Everything public. */
#ifndef CALOTYPE_CALOTYPE_H
#define CALOTYPE_CALOTYPE_H

#include <calotype/build.h>
#include <calotype/cache.h>
#include <calotype/gl.h>
#include <calotype/image.h>
#include <calotype/import.h>
#include <calotype/job.h>
#include <calotype/lighting.h>
#include <calotype/matrix.h>
#include <calotype/mujoco.h>
#include <calotype/post.h>
#include <calotype/quality.h>
#include <calotype/randomize.h>
#include <calotype/render.h>
#include <calotype/scene.h>
#include <calotype/states.h>
#include <calotype/status.h>
#include <calotype/view.h>

#endif
