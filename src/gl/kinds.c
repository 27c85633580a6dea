#include "gl/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const char *const kind_names[CALO_GL_KIND_COUNT] = {"auto", "glfw", "egl", "osmesa"};

const char *calo_gl_kind_name(calo_gl_kind kind)
{
    return (unsigned)kind < CALO_GL_KIND_COUNT ? kind_names[kind] : "unknown";
}

calo_status calo_gl_kind_from_name(const char *name, calo_gl_kind *kind, calo_error *err)
{
    for (int i = 0; name && i < CALO_GL_KIND_COUNT; i++) {
        if (strcmp(name, kind_names[i]) == 0) {
            *kind = (calo_gl_kind)i;
            return CALO_OK;
        }
    }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no OpenGL context kind \"%s\": use auto, glfw, egl or osmesa",
                     name ? name : "");
}

/* The kind that CALOTYPE_GL forces; AUTO when it is unset. */
static calo_status kind_of_environment(calo_gl_kind *kind, calo_error *err)
{
    const char *value = getenv("CALOTYPE_GL");
    *kind = CALO_GL_AUTO;
    if (!value || !*value)
        return CALO_OK;
    if (strcmp(value, "off") == 0)
        return calo_fail(err, CALO_ERROR_BACKEND, "OpenGL is switched off by CALOTYPE_GL=off: unset it, or set it to "
                         "glfw, egl or osmesa");
    if (calo_gl_kind_from_name(value, kind, NULL) != CALO_OK)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "CALOTYPE_GL is \"%s\": set it to auto, glfw, egl, osmesa or off",
                         value);
    return CALO_OK;
}

calo_status calo_gl_choose(calo_gl_kind kind, calo_gl_choice *choice, calo_error *err)
{
    *choice = (calo_gl_choice){0};
    if ((unsigned)kind >= CALO_GL_KIND_COUNT)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no OpenGL context kind %d: use CALO_GL_AUTO, _GLFW, _EGL "
                         "or _OSMESA", (int)kind);
    calo_status status = kind == CALO_GL_AUTO ? kind_of_environment(&kind, err) : CALO_OK;
    if (status != CALO_OK)
        return status;
#ifdef CALO_HAVE_GL
    static const calo_gl_platform *const in_order[] = {
        &calo_gl_platform_glfw, &calo_gl_platform_egl, &calo_gl_platform_osmesa,
    };
    for (size_t i = 0; i < sizeof in_order / sizeof *in_order; i++)
        if (kind == CALO_GL_AUTO || kind == in_order[i]->kind)
            choice->platforms[choice->count++] = in_order[i];
    return CALO_OK;
#else
    return calo_fail(err, CALO_ERROR_UNSUPPORTED, "this calotype was built without OpenGL: install Debian's "
                     "libegl-dev and build it again with -Dgl=enabled");
#endif
}
