/* What the GL that is current says of itself. */
#ifndef CALO_GL_INSPECT_H
#define CALO_GL_INSPECT_H

#include "gl/platform.h"

/* Fills the strings, the version, the limit, and `software` where the renderer's name gives it away. A core profile
 * below 3.3 is an error. */
calo_status calo_gl_inspect(const calo_gl_platform *platform, calo_gl_surface *surface, calo_gl_info *info,
                            calo_error *err);

/* glGetGraphicsResetStatus, or NULL where the driver has none. */
typedef unsigned (*calo_gl_reset_status)(void);
calo_gl_reset_status calo_gl_find_reset_status(const calo_gl_platform *platform, calo_gl_surface *surface,
                                               const calo_gl_info *info);

#endif
