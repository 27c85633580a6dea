/* The kinds by name, and the order in which they are tried. */
#ifndef CALO_GL_KINDS_H
#define CALO_GL_KINDS_H

#include "gl/platform.h"

/* What to try, in order: one platform when a kind is asked for (by `kind`, or AUTO and CALOTYPE_GL), else all. An
 * unknown kind, a bad or "off" CALOTYPE_GL, and a build without OpenGL are errors. */
typedef struct calo_gl_choice {
    const calo_gl_platform *platforms[CALO_GL_KIND_COUNT];
    int count;
} calo_gl_choice;

calo_status calo_gl_choose(calo_gl_kind kind, calo_gl_choice *choice, calo_error *err);

#endif
