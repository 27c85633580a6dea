/* libEGL, its devices and their displays: one display a device for the whole process. */
#ifndef CALO_GL_EGL_H
#define CALO_GL_EGL_H

#include <calotype/gl.h>

#define EGL_NO_X11 1
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <sys/types.h>

enum { CALO_EGL_DEVICES_MAX = 32 };

typedef struct calo_egl_display {
    EGLDeviceEXT device;     /* NULL: Mesa's surfaceless platform */
    calo_gl_device about;    /* index -1 for surfaceless */
    EGLDisplay handle;       /* while users > 0 */
    bool foreign;            /* other code had initialized it: it is theirs to terminate */
    bool no_config, surfaceless; /* contexts without a config, and without a surface */
    EGLint major, minor;
    uint32_t users;          /* our contexts on it */
    pid_t process;           /* where it was opened */
} calo_egl_display;

typedef struct calo_egl {
    PFNEGLGETERRORPROC get_error;
    PFNEGLQUERYSTRINGPROC query_string;
    PFNEGLGETPROCADDRESSPROC proc;
    PFNEGLINITIALIZEPROC initialize;
    PFNEGLTERMINATEPROC terminate;
    PFNEGLBINDAPIPROC bind_api;
    PFNEGLQUERYAPIPROC query_api;
    PFNEGLCHOOSECONFIGPROC choose_config;
    PFNEGLGETCONFIGATTRIBPROC config_attribute;
    PFNEGLCREATECONTEXTPROC create_context;
    PFNEGLDESTROYCONTEXTPROC destroy_context;
    PFNEGLCREATEPBUFFERSURFACEPROC create_pbuffer;
    PFNEGLDESTROYSURFACEPROC destroy_surface;
    PFNEGLMAKECURRENTPROC make_current;
    PFNEGLGETCURRENTCONTEXTPROC current_context;
    PFNEGLGETCURRENTSURFACEPROC current_surface;
    PFNEGLGETCURRENTDISPLAYPROC current_display;
    /* Extensions; NULL where the library has none. */
    PFNEGLQUERYDEVICESEXTPROC query_devices;
    PFNEGLQUERYDEVICESTRINGEXTPROC device_string;
    PFNEGLQUERYDEVICEATTRIBEXTPROC device_attribute;
    PFNEGLGETPLATFORMDISPLAYEXTPROC platform_display;
    bool has_surfaceless; /* Mesa's platform */
    int device_count;
    calo_egl_display displays[CALO_EGL_DEVICES_MAX + 1]; /* of the devices, then of surfaceless */
} calo_egl;

/* The library, loaded once and kept in the process; NULL and an error if it is not there. */
calo_egl *calo_egl_load(calo_error *err);

/* Opens a display or joins those who use it; each open needs a close. The last close terminates it, unless other code
 * had initialized it. */
calo_status calo_egl_display_open(calo_egl *egl, calo_egl_display *display, calo_error *err);
void calo_egl_display_close(calo_egl *egl, calo_egl_display *display);

/* "device 1" or "surfaceless", for messages; into `name`. */
const char *calo_egl_display_name(const calo_egl_display *display, char name[32]);

/* Takes EGL's last error of this thread and names it. */
const char *calo_egl_error_name(const calo_egl *egl, EGLint *code);

#endif
