/* Contexts on EGL devices, and on Mesa's surfaceless platform. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "gl/egl.h"
#include "gl/platform.h"
#include "gl/words.h"

struct calo_gl_surface {
    calo_egl *egl;
    calo_egl_display *display;
    EGLContext context;
    EGLSurface pbuffer; /* EGL_NO_SURFACE: surfaceless */
};

/* ---- which device ---- */

static calo_status fail_device(const calo_egl *egl, const char *what, const char *value, calo_error *err)
{
    if (egl->device_count == 0)
        return calo_fail(err, CALO_ERROR_BACKEND, "%s asks for device %s, but this libEGL lists no devices: leave it "
                         "unset",
                         what, value);
    return calo_fail(err, CALO_ERROR_ARGUMENT, "%s asks for device %s, but EGL's devices are 0 to %d: leave it "
                     "unset for the best one, or use one of those", what, value, egl->device_count - 1);
}

static calo_status device_of_environment(const calo_egl *egl, int *index, calo_error *err)
{
    const char *value = getenv("CALOTYPE_EGL_DEVICE");
    int64_t number;
    *index = -1;
    if (!value || !*value)
        return CALO_OK;
    if (!calo_parse_integer(value, &number) || number < 0 || number >= egl->device_count)
        return fail_device(egl, "CALOTYPE_EGL_DEVICE", value, err);
    *index = (int)number;
    return CALO_OK;
}

static calo_status device_of_cuda(const calo_egl *egl, int64_t ordinal, int *index, calo_error *err)
{
    for (int i = 0; i < egl->device_count; i++) {
        if (egl->displays[i].about.cuda_device == ordinal) {
            *index = i;
            return CALO_OK;
        }
    }
    return calo_fail(err, CALO_ERROR_BACKEND, "no EGL device is CUDA device %lld (of %d EGL devices): in a container "
                     "give the graphics capability (NVIDIA_DRIVER_CAPABILITIES=all); a MIG slice has none",
                     (long long)ordinal, egl->device_count);
}

/* The index of the one device that is asked for, or -1: any. */
static calo_status find_device(const calo_egl *egl, const calo_gl_options *options, int *index, calo_error *err)
{
    char value[16];
    if (options->device == 0 && options->cuda_device == 0)
        return device_of_environment(egl, index, err);
    if (options->device == 0)
        return device_of_cuda(egl, (int64_t)options->cuda_device - 1, index, err);
    if (options->device > 0 && options->device <= egl->device_count) {
        *index = options->device - 1;
        return CALO_OK;
    }
    snprintf(value, sizeof value, "%lld", (long long)options->device - 1);
    return fail_device(egl, "the option `device`", value, err);
}

/* ---- one context ---- */

static calo_status fail_context(const calo_gl_surface *surface, const char *what, calo_error *err)
{
    char name[32];
    return calo_fail(err, CALO_ERROR_BACKEND, "egl %s made no %s (%s)",
                     calo_egl_display_name(surface->display, name), what, calo_egl_error_name(surface->egl, NULL));
}

/* RGBA8, depth 24, stencil 8 in a pbuffer; false where there is none. */
static bool find_config(const calo_gl_surface *surface, EGLConfig *config)
{
    const EGLint wanted[] = {
        EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8,
        EGL_BLUE_SIZE, 8, EGL_ALPHA_SIZE, 8, EGL_DEPTH_SIZE, 24, EGL_STENCIL_SIZE, 8, EGL_NONE,
    };
    EGLint count = 0;
    return surface->egl->choose_config(surface->display->handle, wanted, config, 1, &count) && count > 0;
}

static calo_status make_pbuffer(calo_gl_surface *surface, EGLConfig config, uint32_t width, uint32_t height,
                                calo_error *err)
{
    EGLint max_width = INT_MAX, max_height = INT_MAX;
    surface->egl->config_attribute(surface->display->handle, config, EGL_MAX_PBUFFER_WIDTH, &max_width);
    surface->egl->config_attribute(surface->display->handle, config, EGL_MAX_PBUFFER_HEIGHT, &max_height);
    if (width > (uint32_t)max_width || height > (uint32_t)max_height)
        return calo_fail(err, CALO_ERROR_LIMIT, "a default framebuffer of %u x %u pixels is over the egl driver's "
                         "limit of %d x %d: ask for a smaller one, or for none and draw into framebuffer objects",
                         width, height, max_width, max_height);
    const EGLint size[] = {EGL_WIDTH, (EGLint)width, EGL_HEIGHT, (EGLint)height, EGL_NONE};
    surface->pbuffer = surface->egl->create_pbuffer(surface->display->handle, config, size);
    if (surface->pbuffer == EGL_NO_SURFACE)
        return fail_context(surface, "default framebuffer", err);
    return CALO_OK;
}

/* A driver that may reset tells so where the context was made with that wish; not all know it. The newest version is
 * what drivers give who is asked for 3.3 core. */
static EGLContext create_context(const calo_gl_surface *surface, EGLConfig config, calo_gl_profile profile,
                                 bool tell_reset)
{
    EGLint attributes[9], count = 0;
    if (profile == CALO_GL_CORE) {
        attributes[count++] = EGL_CONTEXT_MAJOR_VERSION;
        attributes[count++] = 3;
        attributes[count++] = EGL_CONTEXT_MINOR_VERSION;
        attributes[count++] = 3;
        attributes[count++] = EGL_CONTEXT_OPENGL_PROFILE_MASK;
        attributes[count++] = EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT;
    }
    if (tell_reset) {
        attributes[count++] = EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY;
        attributes[count++] = EGL_LOSE_CONTEXT_ON_RESET;
    }
    attributes[count] = EGL_NONE;
    return surface->egl->create_context(surface->display->handle, config, EGL_NO_CONTEXT, attributes);
}

static calo_status make_context(calo_gl_surface *surface, const calo_gl_options *options, calo_error *err)
{
    EGLConfig config = NULL; /* EGL_NO_CONFIG_KHR */
    calo_status status = CALO_OK;
    EGLenum api_before = surface->egl->query_api();
    if (!surface->egl->bind_api(EGL_OPENGL_API))
        return fail_context(surface, "OpenGL context, as it has OpenGL ES only", err);
    bool has_config = find_config(surface, &config);
    if (has_config)
        status = make_pbuffer(surface, config, options->max_width, options->max_height, err);
    else if (!surface->display->no_config || !surface->display->surfaceless)
        status = fail_context(surface, "config with 8-bit RGBA, 24-bit depth and 8-bit stencil", err);
    if (status == CALO_OK) {
        surface->context = create_context(surface, config, options->profile, true);
        if (surface->context == EGL_NO_CONTEXT)
            surface->context = create_context(surface, config, options->profile, false);
        if (surface->context == EGL_NO_CONTEXT)
            status = fail_context(surface, options->profile == CALO_GL_CORE ? "OpenGL 3.3 core context"
                                  : "OpenGL compatibility context", err);
    }
    surface->egl->bind_api(api_before);
    return status;
}

static void destroy(calo_gl_surface *surface, bool inherited)
{
    calo_egl *egl = surface->egl;
    if (surface->display && !inherited) {
        if (surface->context != EGL_NO_CONTEXT)
            egl->destroy_context(surface->display->handle, surface->context);
        if (surface->pbuffer != EGL_NO_SURFACE)
            egl->destroy_surface(surface->display->handle, surface->pbuffer);
        calo_egl_display_close(egl, surface->display);
    }
    free(surface);
}

static calo_status create_on(calo_egl *egl, calo_egl_display *display, const calo_gl_options *options,
                             calo_gl_surface **out, calo_error *err)
{
    calo_gl_surface *surface = calloc(1, sizeof *surface);
    if (!surface)
        return calo_fail_memory(err, "an egl context", sizeof *surface);
    *surface = (calo_gl_surface){.egl = egl, .context = EGL_NO_CONTEXT, .pbuffer = EGL_NO_SURFACE};
    calo_status status = calo_egl_display_open(egl, display, err);
    if (status == CALO_OK) {
        surface->display = display;
        status = make_context(surface, options, err);
    }
    if (status == CALO_OK)
        *out = surface;
    else
        destroy(surface, false);
    return status;
}

/* ---- the first that works ---- */

/* GPUs before software, software before surfaceless. */
static calo_status create_on_any(calo_egl *egl, const calo_gl_options *options, calo_gl_info *info,
                                 calo_gl_surface **out, calo_error *err)
{
    enum { GPU, SOFTWARE, SURFACELESS, ROUNDS };
    for (int round = 0; round < ROUNDS; round++) {
        int count = egl->device_count + egl->has_surfaceless;
        for (int i = 0; i < count; i++) {
            calo_egl_display *display = &egl->displays[i];
            int display_round = i == egl->device_count ? SURFACELESS : display->about.software ? SOFTWARE : GPU;
            calo_error reason = {0};
            if (display_round != round)
                continue;
            calo_status status = create_on(egl, display, options, out, &reason);
            if (status == CALO_ERROR_LIMIT && err)
                *err = reason;
            if (status == CALO_OK || status == CALO_ERROR_LIMIT)
                return status;
            calo_append_sentence(info->note, sizeof info->note, reason.message);
        }
    }
    return calo_fail(err, CALO_ERROR_BACKEND, "egl is not available: no device gives an OpenGL context (%s): install "
                     "Debian's libegl-mesa0 and libgl1-mesa-dri for software, or the GPU's driver; in a container "
                     "give the graphics capability", info->note[0] ? info->note : "libEGL lists none, and has no "
                     "surfaceless platform");
}

/* Containers often have the device's files but not its EGL driver. */
static void note_hidden_gpu(calo_gl_info *info)
{
    if (info->software && access("/dev/nvidiactl", F_OK) == 0)
        calo_append_sentence(info->note, sizeof info->note,
                             "there is an NVIDIA GPU, but EGL does not show it: in a container give the graphics "
                             "capability (NVIDIA_DRIVER_CAPABILITIES=all); a MIG slice has none");
}

static calo_status create(const calo_gl_options *options, calo_gl_info *info, calo_gl_surface **out, calo_error *err)
{
    int index = -1;
    calo_egl *egl = calo_egl_load(err);
    if (!egl)
        return calo_failed(err);
    calo_status status = find_device(egl, options, &index, err);
    if (status == CALO_OK)
        status = index >= 0 ? create_on(egl, &egl->displays[index], options, out, err)
                            : create_on_any(egl, options, info, out, err);
    if (status != CALO_OK)
        return status;
    const calo_egl_display *display = (*out)->display;
    info->egl_device = display->about.index;
    info->cuda_device = display->about.cuda_device;
    info->software = display->about.software;
    info->surfaceless = (*out)->pbuffer == EGL_NO_SURFACE;
    note_hidden_gpu(info);
    return CALO_OK;
}

/* ---- current ---- */

static calo_status fail_current(const calo_gl_surface *surface, bool *lost, calo_error *err)
{
    EGLint code;
    char name[32];
    const char *error_name = calo_egl_error_name(surface->egl, &code);
    calo_egl_display_name(surface->display, name);
    if (code == EGL_CONTEXT_LOST) {
        *lost = true;
        return CALO_ERROR_BACKEND; /* told by the front */
    }
    if (code == EGL_BAD_ACCESS)
        return calo_fail(err, CALO_ERROR_BACKEND, "egl %s does not make the context current (EGL_BAD_ACCESS): it is "
                         "current on another thread, or another window system's context is current on this one: "
                         "release that first",
                         name);
    if (code == EGL_NOT_INITIALIZED)
        return calo_fail(err, CALO_ERROR_BACKEND, "egl %s does not make the context current (EGL_NOT_INITIALIZED): "
                         "other code in this process has terminated the display: destroy the context and make a new "
                         "one", name);
    return calo_fail(err, CALO_ERROR_BACKEND, "egl %s does not make the context current (%s): destroy it and make a "
                     "new one",
                     name, error_name);
}

/* The rendering API is a thread's state, too, and is left as it was. */
static calo_status switch_to(calo_gl_surface *surface, EGLSurface pbuffer, EGLContext context, bool *lost,
                             calo_error *err)
{
    const calo_egl *egl = surface->egl;
    EGLenum api_before = egl->query_api();
    egl->bind_api(EGL_OPENGL_API);
    bool is_here = egl->current_context() == surface->context && egl->current_surface(EGL_DRAW) == surface->pbuffer;
    bool is_done = is_here == (context != EGL_NO_CONTEXT);
    calo_status status = CALO_OK;
    if (!is_done && !egl->make_current(surface->display->handle, pbuffer, pbuffer, context))
        status = fail_current(surface, lost, err);
    egl->bind_api(api_before);
    return status;
}

static calo_status bind_surface(calo_gl_surface *surface, bool *lost, calo_error *err)
{
    return switch_to(surface, surface->pbuffer, surface->context, lost, err);
}

static calo_status unbind(calo_gl_surface *surface, calo_error *err)
{
    bool lost;
    return switch_to(surface, EGL_NO_SURFACE, EGL_NO_CONTEXT, &lost, err);
}

static bool save(calo_gl_surface *surface, calo_gl_binding *binding)
{
    const calo_egl *egl = surface->egl;
    *binding = (calo_gl_binding){
        .handles = {egl->current_display(), egl->current_surface(EGL_DRAW), egl->current_surface(EGL_READ),
                    egl->current_context()},
    };
    return binding->handles[3] != EGL_NO_CONTEXT && binding->handles[3] != surface->context;
}

static calo_status restore(calo_gl_surface *surface, const calo_gl_binding *binding, calo_error *err)
{
    const calo_egl *egl = surface->egl;
    if (egl->make_current(binding->handles[0], binding->handles[1], binding->handles[2], binding->handles[3]))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_BACKEND, "egl did not take back the context that was current before (%s): its "
                     "owner may have destroyed it meanwhile", calo_egl_error_name(egl, NULL));
}

static void *proc(calo_gl_surface *surface, const char *name)
{
    void (*address)(void) = surface->egl->proc(name);
    void *result;
    memcpy(&result, &address, sizeof result);
    return result;
}

const calo_gl_platform calo_gl_platform_egl = {
    CALO_GL_EGL, false, create, NULL, destroy, bind_surface, unbind, save, restore, proc, NULL,
};
