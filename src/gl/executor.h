/* A thread that runs what others post, one function at a time. */
#ifndef CALO_GL_EXECUTOR_H
#define CALO_GL_EXECUTOR_H

#include <calotype/gl.h>

#include "base/thread.h"

typedef struct calo_gl_thread calo_gl_thread;

/* Starts the thread; it takes no signals. */
calo_status calo_gl_thread_start(calo_gl_thread **thread, calo_error *err);

/* Runs the function there, waits, and returns what it returns. From the thread itself it is a plain call.
 * `idle` is called while this thread waits, and may come back here. */
calo_status calo_gl_thread_run(calo_gl_thread *thread, calo_gl_function function, void *user, calo_idle idle,
                               calo_error *err);

bool calo_gl_thread_is_here(const calo_gl_thread *thread);

/* Ends and joins the thread. Not from the thread itself. In a forked child, where there is no thread, it only frees. */
void calo_gl_thread_stop(calo_gl_thread *thread);

#endif
