/* OpenGL contexts without a window on the screen: for the GL renderer, and lent to the caller's own GL code.
 * Every library (libEGL, libOSMesa, libglfw) is loaded when it is first asked for and stays loaded; nothing is linked.
 * A process that never calls these functions loads none. See docs/gl.md.
 *
 * Threads: all functions may be called from any thread. GL itself is used by one thread at a time: where the context is
 * current. Fork: a child must not use its parent's contexts (it gets an error, no crash); it may destroy its copies. */
#ifndef CALOTYPE_GL_H
#define CALOTYPE_GL_H

#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a context comes from. */
typedef enum calo_gl_kind {
    CALO_GL_AUTO = 0, /* what CALOTYPE_GL says (glfw, egl, osmesa; off is an error), else the first that works */
    CALO_GL_GLFW,     /* a hidden window; needs a display (X11, Wayland, Xvfb) */
    CALO_GL_EGL,      /* a GPU without a display, else Mesa's llvmpipe */
    CALO_GL_OSMESA,   /* Mesa's llvmpipe, drawing into memory; Mesa 25.1 and later have none */
} calo_gl_kind;
#define CALO_GL_KIND_COUNT 4

typedef enum calo_gl_profile {
    CALO_GL_CORE = 0,      /* the newest core profile that the driver has, at least 3.3 */
    CALO_GL_COMPATIBILITY, /* with the old fixed functions: MuJoCo's renderer and other old code */
} calo_gl_profile;

/* Which thread the context is current on during calo_gl_context_call. */
typedef enum calo_gl_executor {
    CALO_GL_EXECUTOR_DEFAULT = 0, /* egl, glfw: the calling thread; osmesa: a thread of its own */
    CALO_GL_EXECUTOR_CALLER,      /* the calling thread */
    CALO_GL_EXECUTOR_THREAD,      /* one thread of the context's own, where it is always current */
} calo_gl_executor;

/* All zero is the default everywhere. Append only. */
typedef struct calo_gl_options {
    calo_gl_kind kind;
    calo_gl_profile profile;
    calo_gl_executor executor;
    /* The default framebuffer in pixels: 8-bit RGBA, 24-bit depth, 8-bit stencil (osmesa: float RGBA). 0: 1. Code that
     * draws into framebuffer objects of its own needs none. What glfw's hidden window keeps is undefined: use an
     * object there. */
    uint32_t max_width, max_height;
    /* egl only: the EGL device's index + 1. 0: the one whose CUDA ordinal is cuda_device - 1, if that is set; else
     * CALOTYPE_EGL_DEVICE (an index); else the first GPU that works, else software. */
    int device;
    int cuda_device; /* egl only: a CUDA device's ordinal + 1. 0: any */
} calo_gl_options;

/* What a context is. Fixed once it is made. */
typedef struct calo_gl_info {
    calo_gl_kind kind;
    calo_gl_profile profile;
    int major_version, minor_version;
    char vendor[128], renderer[128], version[128]; /* GL_VENDOR, GL_RENDERER, GL_VERSION */
    bool software;                                 /* drawn by the CPU */
    bool surfaceless;                              /* there is no default framebuffer: draw into objects */
    uint32_t max_size;                             /* the longest side of a viewport or renderbuffer */
    int egl_device;                                /* index of the EGL device; -1: not egl, or not by device */
    int cuda_device;                               /* its CUDA ordinal; -1: none, or the driver does not say */
    char note[512];                                /* what was passed over before this one was taken, and why; or "" */
} calo_gl_info;

/* An EGL device. No display is opened to list it, so that its GL_RENDERER is not known here. */
typedef struct calo_gl_device {
    int index;
    bool software;
    int cuda_device;   /* -1: none, or the driver does not say */
    char node[64];     /* "/dev/dri/renderD128", or "" */
} calo_gl_device;

/* A reference-counted context. */
typedef struct calo_gl_context calo_gl_context;

/* Makes a context, with one reference, current nowhere (executor THREAD: on its own thread). `options` may be NULL.
 * glfw: from the main thread, as GLFW wants it; window hints are left at GLFW's defaults.
 * A kind that is asked for and missing is CALO_ERROR_BACKEND and says what to install; a size over the driver's limit
 * is CALO_ERROR_LIMIT. */
CALO_API calo_status calo_gl_context_create(const calo_gl_options *options, calo_gl_context **context, calo_error *err);

CALO_API void calo_gl_context_retain(calo_gl_context *context);
/* Drops a reference; the last one frees the context: at once, or, while it is current on another thread or inside a
 * call, as soon as it is not. Any use after that is an error, not a crash (until
 * a new context gets the same address). NULL is fine. */
CALO_API void calo_gl_context_destroy(calo_gl_context *context);

/* Makes the context current on the calling thread until calo_gl_context_release or until another one is made current.
 * Cheap when it is current already. Current on another thread: CALO_ERROR_ARGUMENT. Not for executor THREAD. */
CALO_API calo_status calo_gl_context_make_current(calo_gl_context *context, calo_error *err);
/* Makes the context current nowhere. Fine when it was not; an error from another thread than the one where it is. */
CALO_API calo_status calo_gl_context_release(calo_gl_context *context, calo_error *err);

typedef calo_status (*calo_gl_function)(void *user, calo_error *err);
/* Runs the function where the context is current, waits, and returns what it returns. Executor CALLER: the context is
 * made current for the call, and what was current before (of ours, or of the same platform) is put back. Calls are
 * serialized; one from inside a call runs directly. Two threads that nest calls on two contexts must take the contexts
 * in the same order. A context that the driver has lost (a reset GPU) is CALO_ERROR_BACKEND, now and in all later
 * calls. */
CALO_API calo_status calo_gl_context_call(calo_gl_context *context, calo_gl_function function, void *user,
                                          calo_error *err);

/* The address of a GL function, or NULL. Ask where the context is current. An address alone does not mean that the
 * driver has the function: look at the version and the extensions. */
CALO_API void *calo_gl_context_proc(calo_gl_context *context, const char *name);
/* Lives as long as the context. NULL after its end. */
CALO_API const calo_gl_info *calo_gl_context_info(const calo_gl_context *context);
/* osmesa: the default framebuffer, max_height x max_width x 4 floats, bottom row first, up to date after glFinish.
 * Others: NULL. */
CALO_API const float *calo_gl_context_buffer(const calo_gl_context *context);

/* Tries a kind as calo_gl_context_create would, and leaves nothing behind. True: `info` (may be NULL) says what it is.
 * False: `detail` (up to `size` bytes; may be NULL) says why not, and what to install. The trial runs in a forked
 * child, so that a driver that crashes or hangs (10 seconds) is an answer, not an accident; a kind that has worked in
 * this process is tried here. */
CALO_API bool calo_gl_probe(calo_gl_kind kind, calo_gl_info *info, char *detail, size_t size);

/* Fills up to `capacity` EGL devices and returns how many there are; 0 without EGL or without its device extension. */
CALO_API size_t calo_gl_device_list(calo_gl_device *devices, size_t capacity);

/* "auto", "glfw", "egl", "osmesa". */
CALO_API calo_status calo_gl_kind_from_name(const char *name, calo_gl_kind *kind, calo_error *err);
/* Never NULL; "unknown" for a number that is no kind. */
CALO_API const char *calo_gl_kind_name(calo_gl_kind kind);

#ifdef __cplusplus
}
#endif
#endif
