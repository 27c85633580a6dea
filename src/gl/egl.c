#include "gl/egl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "gl/library.h"
#include "gl/process.h"
#include "gl/words.h"

#define SYMBOL(name, member) {name, offsetof(calo_egl, member), false}
static const calo_library_symbol symbols[] = {
    SYMBOL("eglGetError", get_error),
    SYMBOL("eglQueryString", query_string),
    SYMBOL("eglGetProcAddress", proc),
    SYMBOL("eglInitialize", initialize),
    SYMBOL("eglTerminate", terminate),
    SYMBOL("eglBindAPI", bind_api),
    SYMBOL("eglQueryAPI", query_api),
    SYMBOL("eglChooseConfig", choose_config),
    SYMBOL("eglGetConfigAttrib", config_attribute),
    SYMBOL("eglCreateContext", create_context),
    SYMBOL("eglDestroyContext", destroy_context),
    SYMBOL("eglCreatePbufferSurface", create_pbuffer),
    SYMBOL("eglDestroySurface", destroy_surface),
    SYMBOL("eglMakeCurrent", make_current),
    SYMBOL("eglGetCurrentContext", current_context),
    SYMBOL("eglGetCurrentSurface", current_surface),
    SYMBOL("eglGetCurrentDisplay", current_display),
};
static const char *const names[] = {"libEGL.so.1", NULL};

const char *calo_egl_error_name(const calo_egl *egl, EGLint *code)
{
    static const char *const error_names[] = {
        "EGL_SUCCESS", "EGL_NOT_INITIALIZED", "EGL_BAD_ACCESS", "EGL_BAD_ALLOC", "EGL_BAD_ATTRIBUTE", "EGL_BAD_CONFIG",
        "EGL_BAD_CONTEXT", "EGL_BAD_CURRENT_SURFACE", "EGL_BAD_DISPLAY", "EGL_BAD_MATCH", "EGL_BAD_NATIVE_PIXMAP",
        "EGL_BAD_NATIVE_WINDOW", "EGL_BAD_PARAMETER", "EGL_BAD_SURFACE", "EGL_CONTEXT_LOST",
    };
    EGLint error = egl->get_error();
    if (code)
        *code = error;
    if (error < EGL_SUCCESS || error > EGL_CONTEXT_LOST)
        return "an unknown EGL error";
    return error_names[error - EGL_SUCCESS];
}

const char *calo_egl_display_name(const calo_egl_display *display, char name[32])
{
    if (display->device)
        snprintf(name, 32, "device %d", display->about.index);
    else
        snprintf(name, 32, "surfaceless");
    return name;
}

/* ---- devices ---- */

static void describe_device(const calo_egl *egl, calo_egl_display *display)
{
    const char *extensions = egl->device_string ? egl->device_string(display->device, EGL_EXTENSIONS) : NULL;
    display->about.software = calo_word_in_list(extensions, "EGL_MESA_device_software");
    EGLAttrib ordinal = -1;
    if (egl->device_attribute && calo_word_in_list(extensions, "EGL_NV_device_cuda") &&
        egl->device_attribute(display->device, EGL_CUDA_DEVICE_NV, &ordinal))
        display->about.cuda_device = (int)ordinal;
    const char *node = NULL;
    if (calo_word_in_list(extensions, "EGL_EXT_device_drm_render_node"))
        node = egl->device_string(display->device, EGL_DRM_RENDER_NODE_FILE_EXT);
    if (!node && calo_word_in_list(extensions, "EGL_EXT_device_drm"))
        node = egl->device_string(display->device, EGL_DRM_DEVICE_FILE_EXT);
    snprintf(display->about.node, sizeof display->about.node, "%s", node ? node : "");
    egl->get_error();
}

static void list_devices(calo_egl *egl, const char *client_extensions)
{
    EGLDeviceEXT devices[CALO_EGL_DEVICES_MAX];
    EGLint count = 0;
    bool enumerates = calo_word_in_list(client_extensions, "EGL_EXT_device_enumeration") ||
                      calo_word_in_list(client_extensions, "EGL_EXT_device_base");
    if (!enumerates || !calo_word_in_list(client_extensions, "EGL_EXT_platform_device") || !egl->query_devices ||
        !egl->platform_display || !egl->query_devices(CALO_EGL_DEVICES_MAX, devices, &count))
        return;
    for (EGLint i = 0; i < count && i < CALO_EGL_DEVICES_MAX; i++) {
        egl->displays[i].device = devices[i];
        egl->displays[i].about = (calo_gl_device){.index = i, .cuda_device = -1};
        describe_device(egl, &egl->displays[i]);
        egl->device_count = i + 1;
    }
}

static void find_extensions(calo_egl *egl)
{
    const char *extensions = egl->query_string(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    egl->platform_display = (PFNEGLGETPLATFORMDISPLAYEXTPROC)egl->proc("eglGetPlatformDisplayEXT");
    egl->query_devices = (PFNEGLQUERYDEVICESEXTPROC)egl->proc("eglQueryDevicesEXT");
    egl->device_string = (PFNEGLQUERYDEVICESTRINGEXTPROC)egl->proc("eglQueryDeviceStringEXT");
    egl->device_attribute = (PFNEGLQUERYDEVICEATTRIBEXTPROC)egl->proc("eglQueryDeviceAttribEXT");
    list_devices(egl, extensions);
    egl->has_surfaceless = egl->platform_display && calo_word_in_list(extensions, "EGL_MESA_platform_surfaceless");
    egl->displays[egl->device_count].about = (calo_gl_device){.index = -1, .cuda_device = -1};
    egl->get_error();
}

static calo_egl *load(calo_error *err)
{
    char reason[384];
    calo_egl *egl = calloc(1, sizeof *egl);
    if (!egl) {
        calo_fail_memory(err, "EGL", sizeof *egl);
        return NULL;
    }
    if (calo_library_load(names, symbols, sizeof symbols / sizeof *symbols, egl, reason, sizeof reason)) {
        find_extensions(egl);
        return egl;
    }
    calo_fail(err, CALO_ERROR_BACKEND, "egl is not available: libEGL.so.1 cannot be loaded (%s): install Debian's "
              "libegl1 and a driver (libegl-mesa0, or that of the GPU's maker)", reason);
    free(egl);
    return NULL;
}

calo_egl *calo_egl_load(calo_error *err)
{
    calo_gl_process *process = calo_gl_process_lock();
    if (!process->egl)
        process->egl = load(err);
    calo_egl *egl = process->egl;
    calo_gl_process_unlock(process);
    return egl;
}

/* ---- displays ---- */

static calo_status initialize(const calo_egl *egl, calo_egl_display *display, calo_error *err)
{
    char name[32];
    calo_egl_display_name(display, name);
    display->handle = display->device
        ? egl->platform_display(EGL_PLATFORM_DEVICE_EXT, display->device, NULL)
        : egl->platform_display(EGL_PLATFORM_SURFACELESS_MESA, (void *)EGL_DEFAULT_DISPLAY, NULL);
    if (display->handle == EGL_NO_DISPLAY)
        return calo_fail(err, CALO_ERROR_BACKEND, "egl %s has no display (%s)", name, calo_egl_error_name(egl, NULL));
    /* A display that nobody has initialized answers nothing. */
    display->foreign = egl->query_string(display->handle, EGL_VERSION) != NULL;
    egl->get_error();
    if (!egl->initialize(display->handle, &display->major, &display->minor))
        return calo_fail(err, CALO_ERROR_BACKEND, "egl %s cannot be opened (%s)", name, calo_egl_error_name(egl, NULL));
    calo_library_keep_drivers();
    const char *extensions = egl->query_string(display->handle, EGL_EXTENSIONS);
    display->no_config = calo_word_in_list(extensions, "EGL_KHR_no_config_context") ||
                         calo_word_in_list(extensions, "EGL_MESA_configless_context");
    display->surfaceless = calo_word_in_list(extensions, "EGL_KHR_surfaceless_context");
    return CALO_OK;
}

calo_status calo_egl_display_open(calo_egl *egl, calo_egl_display *display, calo_error *err)
{
    char name[32];
    calo_status status = CALO_OK;
    calo_gl_process *process = calo_gl_process_lock();
    if (display->users == 0) {
        status = initialize(egl, display, err);
        display->process = getpid();
    }
    else if (display->process != getpid())
        status = calo_fail(err, CALO_ERROR_BACKEND, "this process was forked from one that had egl %s open, and the "
                           "driver's threads stayed there: destroy all contexts before the fork, or start the process "
                           "anew (spawn)",
                           calo_egl_display_name(display, name));
    display->users += status == CALO_OK;
    calo_gl_process_unlock(process);
    return status;
}

void calo_egl_display_close(calo_egl *egl, calo_egl_display *display)
{
    calo_gl_process *process = calo_gl_process_lock();
    if (--display->users == 0 && !display->foreign)
        egl->terminate(display->handle);
    calo_gl_process_unlock(process);
}

size_t calo_gl_device_list(calo_gl_device *devices, size_t capacity)
{
    calo_egl *egl = calo_egl_load(NULL);
    size_t count = egl ? (size_t)egl->device_count : 0;
    for (size_t i = 0; i < count && i < capacity; i++)
        devices[i] = egl->displays[i].about;
    return count;
}
