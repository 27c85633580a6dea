#include "fake_egl.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/glcorearb.h>

extern fake_egl_state fake_egl;
fake_egl_state fake_egl = {.max_pbuffer = 4096, .version = "4.5 (Core Profile) Fake", .max_size = 16384};

static _Thread_local EGLint last_error = EGL_SUCCESS;
static _Thread_local EGLenum current_api = EGL_OPENGL_ES_API;
static _Thread_local EGLDisplay current_display;
static _Thread_local EGLSurface current_surfaces[2];
static _Thread_local EGLContext current_context;

static EGLBoolean set_error(EGLint error)
{
    last_error = error;
    return EGL_FALSE;
}

/* A device and its display are the same address. */
static fake_device *device_of(const void *handle)
{
    for (int i = 0; i < fake_egl.device_count; i++)
        if (handle == &fake_egl.devices[i])
            return &fake_egl.devices[i];
    return NULL;
}

EGLint eglGetError(void)
{
    EGLint error = last_error;
    last_error = EGL_SUCCESS;
    return error;
}

const char *eglQueryString(EGLDisplay display, EGLint name)
{
    const fake_device *device = device_of(display);
    if (display == EGL_NO_DISPLAY && name == EGL_EXTENSIONS)
        return "EGL_EXT_device_base EGL_EXT_device_enumeration EGL_EXT_device_query EGL_EXT_platform_device";
    if (!device || !device->initialized) {
        set_error(EGL_NOT_INITIALIZED);
        return NULL;
    }
    return name == EGL_EXTENSIONS ? "EGL_KHR_no_config_context EGL_KHR_surfaceless_context" : "1.5 fake";
}

EGLBoolean eglInitialize(EGLDisplay display, EGLint *major, EGLint *minor)
{
    fake_device *device = device_of(display);
    if (fake_egl.crashes)
        raise(SIGSEGV);
    while (fake_egl.hangs)
        pause();
    if (!device || device->fails)
        return set_error(EGL_NOT_INITIALIZED);
    device->initialized++;
    *major = 1;
    *minor = 5;
    return EGL_TRUE;
}

EGLBoolean eglTerminate(EGLDisplay display)
{
    fake_device *device = device_of(display);
    device->initialized = 0;
    device->terminations++;
    return EGL_TRUE;
}

EGLBoolean eglBindAPI(EGLenum api)
{
    current_api = api;
    return EGL_TRUE;
}

EGLenum eglQueryAPI(void)
{
    return current_api;
}

EGLBoolean eglChooseConfig(EGLDisplay display, const EGLint *attributes, EGLConfig *configs, EGLint size, EGLint *count)
{
    (void)display;
    (void)attributes;
    (void)size;
    *count = fake_egl.no_config ? 0 : 1;
    *configs = fake_egl.no_config ? NULL : &fake_egl;
    return EGL_TRUE;
}

EGLBoolean eglGetConfigAttrib(EGLDisplay display, EGLConfig config, EGLint attribute, EGLint *value)
{
    (void)display;
    (void)config;
    if (attribute == EGL_MAX_PBUFFER_WIDTH || attribute == EGL_MAX_PBUFFER_HEIGHT)
        *value = fake_egl.max_pbuffer;
    return EGL_TRUE;
}

EGLContext eglCreateContext(EGLDisplay display, EGLConfig config, EGLContext share, const EGLint *attributes)
{
    (void)display;
    (void)config;
    (void)share;
    for (; *attributes != EGL_NONE; attributes += 2) {
        if (*attributes == EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY && fake_egl.no_reset_notification) {
            set_error(EGL_BAD_ATTRIBUTE);
            return EGL_NO_CONTEXT;
        }
    }
    fake_egl.contexts++;
    return malloc(1);
}

EGLBoolean eglDestroyContext(EGLDisplay display, EGLContext context)
{
    (void)display;
    fake_egl.contexts--;
    free(context);
    return EGL_TRUE;
}

EGLSurface eglCreatePbufferSurface(EGLDisplay display, EGLConfig config, const EGLint *attributes)
{
    (void)display;
    (void)config;
    (void)attributes;
    fake_egl.surfaces++;
    return malloc(1);
}

EGLBoolean eglDestroySurface(EGLDisplay display, EGLSurface surface)
{
    (void)display;
    fake_egl.surfaces--;
    free(surface);
    return EGL_TRUE;
}

EGLBoolean eglMakeCurrent(EGLDisplay display, EGLSurface draw, EGLSurface read, EGLContext context)
{
    if (context && fake_egl.make_current_error)
        return set_error(fake_egl.make_current_error);
    current_display = context ? display : EGL_NO_DISPLAY;
    current_surfaces[0] = draw;
    current_surfaces[1] = read;
    current_context = context;
    return EGL_TRUE;
}

EGLContext eglGetCurrentContext(void)
{
    return current_context;
}

EGLSurface eglGetCurrentSurface(EGLint which)
{
    return current_surfaces[which == EGL_READ];
}

EGLDisplay eglGetCurrentDisplay(void)
{
    return current_display;
}

/* ---- devices ---- */

static EGLBoolean query_devices(EGLint capacity, EGLDeviceEXT *devices, EGLint *count)
{
    for (*count = 0; *count < fake_egl.device_count && *count < capacity; ++*count)
        devices[*count] = &fake_egl.devices[*count];
    return EGL_TRUE;
}

static const char *query_device_string(EGLDeviceEXT device, EGLint name)
{
    if (name != EGL_EXTENSIONS)
        return NULL;
    return ((fake_device *)device)->software ? "EGL_MESA_device_software" : "EGL_NV_device_cuda EGL_EXT_device_drm";
}

static EGLBoolean query_device_attribute(EGLDeviceEXT device, EGLint attribute, EGLAttrib *value)
{
    int ordinal = ((fake_device *)device)->cuda_device;
    if (attribute != EGL_CUDA_DEVICE_NV || ordinal < 0)
        return set_error(EGL_BAD_ATTRIBUTE);
    *value = ordinal;
    return EGL_TRUE;
}

static EGLDisplay get_platform_display(EGLenum platform, void *native, const EGLint *attributes)
{
    (void)attributes;
    return platform == EGL_PLATFORM_DEVICE_EXT ? native : EGL_NO_DISPLAY;
}

/* ---- OpenGL ---- */

static const GLubyte *get_string(GLenum name)
{
    const char *text = name == GL_VENDOR ? "Fakes" : name == GL_RENDERER ? "Fake GPU" : fake_egl.version;
    return (const GLubyte *)text;
}

static void get_integer(GLenum name, GLint *values)
{
    values[0] = fake_egl.max_size;
    if (name == GL_MAX_VIEWPORT_DIMS)
        values[1] = fake_egl.max_size;
}

static GLenum get_reset_status(void)
{
    return fake_egl.reset_status;
}

typedef void (*function)(void);

function eglGetProcAddress(const char *name)
{
    static const struct {
        const char *name;
        function address;
    } functions[] = {
        {"eglQueryDevicesEXT", (function)query_devices},
        {"eglQueryDeviceStringEXT", (function)query_device_string},
        {"eglQueryDeviceAttribEXT", (function)query_device_attribute},
        {"eglGetPlatformDisplayEXT", (function)get_platform_display},
        {"glGetString", (function)get_string},
        {"glGetIntegerv", (function)get_integer},
        {"glGetGraphicsResetStatus", (function)get_reset_status},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(name, functions[i].name) == 0)
            return functions[i].address;
    return NULL;
}
