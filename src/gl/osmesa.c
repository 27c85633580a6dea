/* Mesa's off-screen interface: llvmpipe draws into memory of ours. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <GL/glcorearb.h>

#include "base/error.h"
#include "gl/library.h"
#include "gl/platform.h"
#include "gl/process.h"

/* Of GL/osmesa.h, which is not needed to build: it comes with a library that new distributions have not. */
enum {
    OSMESA_FORMAT = 0x22,
    OSMESA_DEPTH_BITS = 0x30,
    OSMESA_STENCIL_BITS = 0x31,
    OSMESA_ACCUM_BITS = 0x32,
    OSMESA_PROFILE = 0x33,
    OSMESA_CORE_PROFILE = 0x34,
    OSMESA_CONTEXT_MAJOR_VERSION = 0x36,
    OSMESA_CONTEXT_MINOR_VERSION = 0x37,
    OSMESA_RGBA = GL_RGBA,
};
enum { DEPTH_BITS = 24, STENCIL_BITS = 8, ACCUMULATION_BITS = 0, COMPONENTS = 4 };

typedef struct osmesa_context *OSMesaContext;

typedef struct calo_osmesa {
    OSMesaContext (*create)(GLenum format, GLint depth_bits, GLint stencil_bits, GLint accumulation_bits,
                            OSMesaContext share);
    OSMesaContext (*create_attributes)(const int *attributes, OSMesaContext share);
    void (*destroy)(OSMesaContext context);
    GLboolean (*make_current)(OSMesaContext context, void *buffer, GLenum type, GLsizei width, GLsizei height);
    OSMesaContext (*current)(void);
    void *(*proc)(const char *name);
    /* Mesa keeps one screen for all contexts of a process, with threads that a forked child does not have. */
    pid_t process;
} calo_osmesa;

struct calo_gl_surface {
    const calo_osmesa *library;
    OSMesaContext context;
    float *buffer;
    uint32_t width, height;
};

#define SYMBOL(name, member) {name, offsetof(calo_osmesa, member), false}
static const calo_library_symbol symbols[] = {
    SYMBOL("OSMesaCreateContextExt", create),
    {"OSMesaCreateContextAttribs", offsetof(calo_osmesa, create_attributes), true},
    SYMBOL("OSMesaDestroyContext", destroy),
    SYMBOL("OSMesaMakeCurrent", make_current),
    SYMBOL("OSMesaGetCurrentContext", current),
    SYMBOL("OSMesaGetProcAddress", proc),
};
static const char *const names[] = {"libOSMesa.so.8", "libOSMesa.so.6", NULL};

static calo_osmesa *load(calo_error *err)
{
    char reason[384];
    calo_osmesa *library = calloc(1, sizeof *library);
    if (!library) {
        calo_fail_memory(err, "OSMesa", sizeof *library);
        return NULL;
    }
    if (calo_library_load(names, symbols, sizeof symbols / sizeof *symbols, library, reason, sizeof reason))
        return library;
    calo_fail(err, CALO_ERROR_BACKEND, "osmesa is not available: libOSMesa.so.8 cannot be loaded (%s): install "
              "Debian's libosmesa6, or use egl where Mesa is 25.1 or later, which has no OSMesa any more", reason);
    free(library);
    return NULL;
}

/* The library, loaded; NULL and an error if it is not there or this process must not use it. */
static calo_osmesa *use_library(calo_gl_process *process, calo_error *err)
{
    if (!process->osmesa)
        process->osmesa = load(err);
    calo_osmesa *library = process->osmesa;
    if (!library)
        return NULL;
    if (library->process && library->process != getpid()) {
        calo_fail(err, CALO_ERROR_BACKEND, "this process was forked from one that had used osmesa, and Mesa's threads "
                  "stayed there: make the first osmesa context after the fork, or start the process anew (spawn)");
        return NULL;
    }
    library->process = getpid();
    return library;
}

static OSMesaContext make_context(const calo_osmesa *library, calo_gl_profile profile)
{
    if (profile == CALO_GL_COMPATIBILITY)
        return library->create(OSMESA_RGBA, DEPTH_BITS, STENCIL_BITS, ACCUMULATION_BITS, NULL);
    /* Mesa gives the newest version that has what was asked for. */
    const int attributes[] = {
        OSMESA_FORMAT, OSMESA_RGBA, OSMESA_DEPTH_BITS, DEPTH_BITS, OSMESA_STENCIL_BITS, STENCIL_BITS,
        OSMESA_ACCUM_BITS, ACCUMULATION_BITS, OSMESA_PROFILE, OSMESA_CORE_PROFILE,
        OSMESA_CONTEXT_MAJOR_VERSION, 3, OSMESA_CONTEXT_MINOR_VERSION, 3, 0,
    };
    return library->create_attributes ? library->create_attributes(attributes, NULL) : NULL;
}

static void destroy(calo_gl_surface *surface, bool inherited)
{
    if (surface->context && !inherited)
        surface->library->destroy(surface->context);
    free(surface->buffer);
    free(surface);
}

static calo_status create(const calo_gl_options *options, calo_gl_info *info, calo_gl_surface **out, calo_error *err)
{
    calo_gl_surface *surface = calloc(1, sizeof *surface);
    float *buffer = calloc(COMPONENTS, sizeof *buffer);
    if (!surface || !buffer) {
        free(surface);
        free(buffer);
        return calo_fail_memory(err, "an osmesa context", sizeof *surface);
    }
    *surface = (calo_gl_surface){.buffer = buffer, .width = 1, .height = 1};
    calo_gl_process *process = calo_gl_process_lock();
    surface->library = use_library(process, err);
    if (surface->library)
        surface->context = make_context(surface->library, options->profile);
    calo_gl_process_unlock(process);
    info->software = true;
    if (surface->context) {
        *out = surface;
        return CALO_OK;
    }
    calo_status status = !surface->library ? calo_failed(err) :
        calo_fail(err, CALO_ERROR_BACKEND, "osmesa made no context with %s: install a newer libosmesa6 or use egl",
                  options->profile == CALO_GL_CORE ? "OpenGL 3.3 core" : "the compatibility profile");
    destroy(surface, false);
    return status;
}

static calo_status bind_to(calo_gl_surface *surface, calo_error *err)
{
    if (surface->library->make_current(surface->context, surface->buffer, GL_FLOAT, (GLsizei)surface->width,
                                       (GLsizei)surface->height))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_BACKEND, "osmesa did not take a float framebuffer of %u x %u pixels: ask for a "
                     "smaller one", surface->width, surface->height);
}

static calo_status bind_surface(calo_gl_surface *surface, bool *lost, calo_error *err)
{
    (void)lost; /* the CPU is not reset */
    /* Mesa names the current one of all its contexts, those of EGL included. */
    OSMesaContext current = surface->library->current();
    if (current == surface->context)
        return CALO_OK;
    if (current)
        return calo_fail(err, CALO_ERROR_BACKEND, "osmesa does not make the context current: other code has one of "
                         "Mesa's contexts current on this thread: release it first, or leave osmesa its own thread "
                         "(CALO_GL_EXECUTOR_DEFAULT)");
    return bind_to(surface, err);
}

static calo_status unbind(calo_gl_surface *surface, calo_error *err)
{
    if (surface->library->current() != surface->context || surface->library->make_current(NULL, NULL, GL_FLOAT, 0, 0))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_BACKEND, "osmesa did not release its context: another window system may have made "
                     "one current on this thread");
}

static calo_status resize(calo_gl_surface *surface, uint32_t width, uint32_t height, calo_error *err)
{
    size_t bytes;
    float *buffer = NULL;
    if (__builtin_mul_overflow((size_t)width * COMPONENTS * sizeof *buffer, (size_t)height, &bytes))
        return calo_fail_memory(err, "an osmesa framebuffer", SIZE_MAX);
    buffer = calloc(1, bytes);
    if (!buffer)
        return calo_fail_memory(err, "an osmesa framebuffer", bytes);
    float *before = surface->buffer;
    surface->buffer = buffer;
    surface->width = width;
    surface->height = height;
    calo_status status = bind_to(surface, err);
    free(before);
    return status;
}

static void *proc(calo_gl_surface *surface, const char *name)
{
    return surface->library->proc(name);
}

static const float *buffer_of(const calo_gl_surface *surface)
{
    return surface->buffer;
}

const calo_gl_platform calo_gl_platform_osmesa = {
    CALO_GL_OSMESA, true, create, resize, destroy, bind_surface, unbind, NULL, NULL, proc, buffer_of,
};
