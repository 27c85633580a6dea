#include "gl/inspect.h"

#include <stdio.h>
#include <string.h>

#include <GL/glcorearb.h>

#include "base/error.h"

/* A function's address as a pointer to a function. */
#define FIND(function, name) memcpy(&(function), &(void *){platform->proc(surface, name)}, sizeof(function))

static void copy_string(char *text, size_t size, const GLubyte *string)
{
    snprintf(text, size, "%s", string ? (const char *)string : "unknown");
}

static bool is_software(const char *renderer)
{
    static const char *const names[] = {"llvmpipe", "softpipe", "swrast", "SWR", "SwiftShader", "Software Rasterizer"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(renderer, names[i]))
            return true;
    return false;
}

static uint32_t least(const GLint *values, int count)
{
    GLint smallest = values[0];
    for (int i = 1; i < count; i++)
        smallest = values[i] < smallest ? values[i] : smallest;
    return smallest > 0 ? (uint32_t)smallest : 0;
}

calo_status calo_gl_inspect(const calo_gl_platform *platform, calo_gl_surface *surface, calo_gl_info *info,
                            calo_error *err)
{
    PFNGLGETSTRINGPROC get_string;
    PFNGLGETINTEGERVPROC get_integer;
    GLint limits[3] = {0}; /* viewport width and height, renderbuffer */
    FIND(get_string, "glGetString");
    FIND(get_integer, "glGetIntegerv");
    if (!get_string || !get_integer)
        return calo_fail(err, CALO_ERROR_BACKEND, "%s gives no address for glGetString: its driver is broken or too "
                         "old, install a newer one", calo_gl_kind_name(platform->kind));
    copy_string(info->vendor, sizeof info->vendor, get_string(GL_VENDOR));
    copy_string(info->renderer, sizeof info->renderer, get_string(GL_RENDERER));
    copy_string(info->version, sizeof info->version, get_string(GL_VERSION));
    info->software = info->software || is_software(info->renderer);
    get_integer(GL_MAX_VIEWPORT_DIMS, limits);
    get_integer(GL_MAX_RENDERBUFFER_SIZE, &limits[2]);
    info->max_size = least(limits, 3);
    if (sscanf(info->version, "%d.%d", &info->major_version, &info->minor_version) != 2)
        info->major_version = info->minor_version = 0;
    if (info->profile == CALO_GL_CORE && info->major_version * 10 + info->minor_version < 33)
        return calo_fail(err, CALO_ERROR_BACKEND, "%s gives OpenGL \"%s\" on \"%s\", and 3.3 core is needed: install "
                         "a newer driver", calo_gl_kind_name(platform->kind), info->version, info->renderer);
    return CALO_OK;
}

static bool has_robustness(const calo_gl_platform *platform, calo_gl_surface *surface, const calo_gl_info *info)
{
    PFNGLGETSTRINGIPROC get_string;
    PFNGLGETINTEGERVPROC get_integer;
    GLint count = 0;
    if (info->major_version * 10 + info->minor_version >= 45)
        return true;
    FIND(get_string, "glGetStringi");
    FIND(get_integer, "glGetIntegerv");
    if (info->major_version < 3 || !get_string)
        return false;
    get_integer(GL_NUM_EXTENSIONS, &count);
    for (GLint i = 0; i < count; i++) {
        const char *name = (const char *)get_string(GL_EXTENSIONS, (GLuint)i);
        if (name && strcmp(name, "GL_KHR_robustness") == 0)
            return true;
    }
    return false;
}

calo_gl_reset_status calo_gl_find_reset_status(const calo_gl_platform *platform, calo_gl_surface *surface,
                                               const calo_gl_info *info)
{
    calo_gl_reset_status function = NULL;
    if (has_robustness(platform, surface, info))
        FIND(function, "glGetGraphicsResetStatus");
    return function;
}
