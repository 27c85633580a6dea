/* A hidden window of GLFW 3. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "gl/library.h"
#include "gl/platform.h"
#include "gl/process.h"

/* Of GLFW/glfw3.h, which is not needed to build. */
enum {
    GLFW_FALSE = 0,
    GLFW_NOT_INITIALIZED = 0x00010001,
    GLFW_VISIBLE = 0x00020004,
    GLFW_RED_BITS = 0x00021001,
    GLFW_GREEN_BITS = 0x00021002,
    GLFW_BLUE_BITS = 0x00021003,
    GLFW_ALPHA_BITS = 0x00021004,
    GLFW_DEPTH_BITS = 0x00021005,
    GLFW_STENCIL_BITS = 0x00021006,
    GLFW_CONTEXT_VERSION_MAJOR = 0x00022002,
    GLFW_CONTEXT_VERSION_MINOR = 0x00022003,
    GLFW_CONTEXT_ROBUSTNESS = 0x00022005,
    GLFW_OPENGL_PROFILE = 0x00022008,
    GLFW_OPENGL_CORE_PROFILE = 0x00032001,
    GLFW_LOSE_CONTEXT_ON_RESET = 0x00031002,
};
typedef struct GLFWwindow GLFWwindow;

typedef struct calo_glfw {
    int (*init)(void);
    void (*terminate)(void);
    int (*get_error)(const char **description);
    double (*get_time)(void);
    void (*default_hints)(void);
    void (*hint)(int hint, int value);
    GLFWwindow *(*create)(int width, int height, const char *title, void *monitor, GLFWwindow *share);
    void (*destroy)(GLFWwindow *window);
    void (*set_size)(GLFWwindow *window, int width, int height);
    void (*make_current)(GLFWwindow *window);
    GLFWwindow *(*current)(void);
    void *(*proc)(const char *name);
    uint32_t users;  /* our windows */
    bool foreign;    /* other code had initialized GLFW: it is theirs to terminate */
    pid_t process;   /* where it was initialized */
} calo_glfw;

struct calo_gl_surface {
    calo_glfw *library;
    GLFWwindow *window;
};

#define SYMBOL(name, member) {name, offsetof(calo_glfw, member), false}
static const calo_library_symbol symbols[] = {
    SYMBOL("glfwInit", init),
    SYMBOL("glfwTerminate", terminate),
    SYMBOL("glfwGetError", get_error),
    SYMBOL("glfwGetTime", get_time),
    SYMBOL("glfwDefaultWindowHints", default_hints),
    SYMBOL("glfwWindowHint", hint),
    SYMBOL("glfwCreateWindow", create),
    SYMBOL("glfwDestroyWindow", destroy),
    SYMBOL("glfwSetWindowSize", set_size),
    SYMBOL("glfwMakeContextCurrent", make_current),
    SYMBOL("glfwGetCurrentContext", current),
    SYMBOL("glfwGetProcAddress", proc),
};
static const char *const names[] = {"libglfw.so.3", NULL};

static calo_glfw *load(calo_error *err)
{
    char reason[384];
    calo_glfw *library = calloc(1, sizeof *library);
    if (!library) {
        calo_fail_memory(err, "GLFW", sizeof *library);
        return NULL;
    }
    if (calo_library_load(names, symbols, sizeof symbols / sizeof *symbols, library, reason, sizeof reason))
        return library;
    calo_fail(err, CALO_ERROR_BACKEND, "glfw is not available: libglfw.so.3 (3.3 or later) cannot be loaded (%s): "
              "install Debian's libglfw3", reason);
    free(library);
    return NULL;
}

/* GLFW's last error of this thread, in its words. */
static const char *last_error(const calo_glfw *library)
{
    const char *description = NULL;
    return library->get_error(&description) && description ? description : "GLFW gives no reason";
}

static calo_status fail_window(const calo_glfw *library, calo_error *err)
{
    const char *reason = last_error(library);
    const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    bool has_display = (display && *display) || (wayland && *wayland);
    return calo_fail(err, CALO_ERROR_BACKEND, "glfw makes no window (%s): %s", reason, has_display
                     ? "see that the display of DISPLAY or WAYLAND_DISPLAY answers and has OpenGL 3.3, or use egl"
                     : "there is no display (DISPLAY and WAYLAND_DISPLAY are unset): run under xvfb-run, or use egl or "
                       "osmesa");
}

/* Under the process's lock. */
static calo_status initialize(calo_glfw *library, calo_error *err)
{
    if (library->users > 0)
        return library->process == getpid() ? CALO_OK :
            calo_fail(err, CALO_ERROR_BACKEND, "this process was forked from one that had glfw open: destroy all "
                      "contexts before the fork, or start the process anew (spawn)");
    /* A GLFW that nobody has initialized does not tell the time. */
    library->get_error(NULL);
    library->get_time();
    library->foreign = library->get_error(NULL) != GLFW_NOT_INITIALIZED;
    library->process = getpid();
    return library->init() ? CALO_OK : fail_window(library, err);
}

static void terminate_unused(calo_glfw *library)
{
    if (library->users == 0 && !library->foreign)
        library->terminate();
}

/* A window of one pixel, which gets its size when the driver's limit is known. */
static GLFWwindow *make_window(const calo_glfw *library, calo_gl_profile profile)
{
    static const int hints[][2] = {
        {GLFW_VISIBLE, GLFW_FALSE}, {GLFW_RED_BITS, 8}, {GLFW_GREEN_BITS, 8}, {GLFW_BLUE_BITS, 8}, {GLFW_ALPHA_BITS, 8},
        {GLFW_DEPTH_BITS, 24}, {GLFW_STENCIL_BITS, 8}, {GLFW_CONTEXT_ROBUSTNESS, GLFW_LOSE_CONTEXT_ON_RESET},
    };
    library->default_hints();
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        library->hint(hints[i][0], hints[i][1]);
    if (profile == CALO_GL_CORE) {
        library->hint(GLFW_CONTEXT_VERSION_MAJOR, 3);
        library->hint(GLFW_CONTEXT_VERSION_MINOR, 3);
        library->hint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    }
    GLFWwindow *window = library->create(1, 1, "calotype", NULL, NULL);
    calo_library_keep_drivers();
    library->default_hints();
    return window;
}

static calo_status create(const calo_gl_options *options, calo_gl_info *info, calo_gl_surface **out, calo_error *err)
{
    (void)info;
    calo_gl_surface *surface = calloc(1, sizeof *surface);
    if (!surface)
        return calo_fail_memory(err, "a glfw context", sizeof *surface);
    calo_gl_process *process = calo_gl_process_lock();
    if (!process->glfw)
        process->glfw = load(err);
    calo_glfw *library = process->glfw;
    calo_status status = library ? initialize(library, err) : calo_failed(err);
    if (status == CALO_OK) {
        surface->library = library;
        surface->window = make_window(library, options->profile);
        if (surface->window)
            library->users++;
        else {
            status = fail_window(library, err);
            terminate_unused(library);
        }
    }
    calo_gl_process_unlock(process);
    if (status == CALO_OK)
        *out = surface;
    else
        free(surface);
    return status;
}

static void destroy(calo_gl_surface *surface, bool inherited)
{
    if (!inherited) {
        calo_gl_process *process = calo_gl_process_lock();
        surface->library->destroy(surface->window);
        surface->library->users--;
        terminate_unused(surface->library);
        calo_gl_process_unlock(process);
    }
    free(surface);
}

static calo_status make_current(const calo_glfw *library, GLFWwindow *window, calo_error *err)
{
    if (library->current() == window)
        return CALO_OK;
    library->get_error(NULL);
    library->make_current(window);
    const char *description = NULL;
    if (!library->get_error(&description))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_BACKEND, "glfw does not make the context current (%s): it may be current on "
                     "another thread, or another window system's context on this one: release that first",
                     description ? description : "no reason given");
}

static calo_status bind_surface(calo_gl_surface *surface, bool *lost, calo_error *err)
{
    (void)lost; /* GLFW does not say; glGetGraphicsResetStatus does */
    return make_current(surface->library, surface->window, err);
}

static calo_status unbind(calo_gl_surface *surface, calo_error *err)
{
    return surface->library->current() == surface->window ? make_current(surface->library, NULL, err) : CALO_OK;
}

static calo_status resize(calo_gl_surface *surface, uint32_t width, uint32_t height, calo_error *err)
{
    const calo_glfw *library = surface->library;
    const char *description = NULL;
    calo_gl_process *process = calo_gl_process_lock();
    library->get_error(NULL);
    library->set_size(surface->window, (int)width, (int)height);
    int failed = library->get_error(&description);
    calo_gl_process_unlock(process);
    if (!failed)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_BACKEND, "glfw makes no window of %u x %u pixels (%s): ask for a smaller one, or "
                     "for none and draw into framebuffer objects", width, height,
                     description ? description : "no reason given");
}

static bool save(calo_gl_surface *surface, calo_gl_binding *binding)
{
    *binding = (calo_gl_binding){.handles = {surface->library->current()}};
    return binding->handles[0] && binding->handles[0] != surface->window;
}

static calo_status restore(calo_gl_surface *surface, const calo_gl_binding *binding, calo_error *err)
{
    return make_current(surface->library, binding->handles[0], err);
}

static void *proc(calo_gl_surface *surface, const char *name)
{
    return surface->library->current() ? surface->library->proc(name) : NULL;
}

const calo_gl_platform calo_gl_platform_glfw = {
    CALO_GL_GLFW, false, create, resize, destroy, bind_surface, unbind, save, restore, proc, NULL,
};
