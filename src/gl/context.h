/* What the renderer needs of a context beside its public functions. */
#ifndef CALO_GL_CONTEXT_H
#define CALO_GL_CONTEXT_H

#include <calotype/gl.h>

#include "base/thread.h"

/* calo_gl_context_call with something to do while this thread waits for the context's own. */
calo_status calo_gl_context_call_idly(calo_gl_context *context, calo_gl_function function, void *user, calo_idle idle,
                                      calo_error *err);

#endif
