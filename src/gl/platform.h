/* What EGL, OSMesa and GLFW have in common: one table a platform. Which context is current where, and who may use it,
 * is the front's business (context.c). */
#ifndef CALO_GL_PLATFORM_H
#define CALO_GL_PLATFORM_H

#include <calotype/gl.h>

/* A platform's own context and its default framebuffer. */
typedef struct calo_gl_surface calo_gl_surface;

/* What other code has current on a thread, in the platform's own handles. */
typedef struct calo_gl_binding {
    void *handles[4];
} calo_gl_binding;

typedef struct calo_gl_platform {
    calo_gl_kind kind;
    bool own_thread; /* the default executor */

    /* Makes a context that is current nowhere, with the smallest framebuffer if `resize` is there, else the full one.
     * Fills what the platform knows of `info` (device, surfaceless, note, software). */
    calo_status (*create)(const calo_gl_options *options, calo_gl_info *info, calo_gl_surface **surface,
                          calo_error *err);
    /* Current here: gives the default framebuffer its size, which is within the driver's limit. May be NULL. */
    calo_status (*resize)(calo_gl_surface *surface, uint32_t width, uint32_t height, calo_error *err);
    /* Current nowhere. `inherited`: in a forked child, where the memory alone is given back. */
    void (*destroy)(calo_gl_surface *surface, bool inherited);

    /* Makes it current on this thread; does nothing when it is. `lost` is set when the driver says so. */
    calo_status (*bind)(calo_gl_surface *surface, bool *lost, calo_error *err);
    /* After it nothing is current on this thread, if this one was. */
    calo_status (*unbind)(calo_gl_surface *surface, calo_error *err);
    /* Whether a context of the platform other than this one is current on this thread, and which. And back to it.
     * NULL where the platform does not tell; then `bind` refuses. */
    bool (*save)(calo_gl_surface *surface, calo_gl_binding *binding);
    calo_status (*restore)(calo_gl_surface *surface, const calo_gl_binding *binding, calo_error *err);

    void *(*proc)(calo_gl_surface *surface, const char *name);
    const float *(*buffer)(const calo_gl_surface *surface); /* may be NULL */
} calo_gl_platform;

extern const calo_gl_platform calo_gl_platform_glfw, calo_gl_platform_egl, calo_gl_platform_osmesa;

#endif
