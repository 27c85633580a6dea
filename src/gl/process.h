/* What OpenGL forces to be one a process: drivers are loaded once, an EGL display is shared by all who ask for it. This
 * is the library's only mutable state outside objects; everything in it is touched under its lock. */
#ifndef CALO_GL_PROCESS_H
#define CALO_GL_PROCESS_H

#include <calotype/gl.h>

#include <pthread.h>
#include <sys/types.h>

typedef struct calo_gl_process {
    pthread_mutex_t lock;
    _Atomic pid_t process;       /* whose lock it is: a forked child takes a fresh one */
    calo_gl_context *contexts;   /* all that live, linked */
    uint32_t made;               /* bit `kind`: a context of it has worked in this process */
    /* What each platform keeps once its library is loaded, never freed: drivers do not bear being unloaded. */
    struct calo_egl *egl;
    struct calo_osmesa *osmesa;
    struct calo_glfw *glfw;
} calo_gl_process;

calo_gl_process *calo_gl_process_lock(void);
void calo_gl_process_unlock(calo_gl_process *process);

#endif
