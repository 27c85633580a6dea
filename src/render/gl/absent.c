/* The GL backends where calotype was built without OpenGL: they say so. */
#include <calotype/gl.h>

#include "base/error.h"
#include "render/backend.h"

static calo_status refuse(calo_gl_kind kind, calo_error *err)
{
    char detail[256];
    calo_gl_probe(kind, NULL, detail, sizeof detail);
    return calo_fail(err, CALO_ERROR_BACKEND, "%s", detail);
}

#define DEFINE_BACKEND(word, KIND)                                                                                 \
    static void probe_##word(calo_backend_info *info)                                                              \
    {                                                                                                              \
        info->available = calo_gl_probe(KIND, NULL, info->detail, sizeof info->detail);                            \
    }                                                                                                              \
    static calo_status open_##word(void **worker, calo_error *err)                                                 \
    {                                                                                                              \
        *worker = NULL;                                                                                            \
        return refuse(KIND, err);                                                                                  \
    }                                                                                                              \
    const calo_backend calo_backend_##word = {.name = #word, .probe = probe_##word, .open_worker = open_##word}
DEFINE_BACKEND(egl, CALO_GL_EGL);
DEFINE_BACKEND(osmesa, CALO_GL_OSMESA);
DEFINE_BACKEND(glfw, CALO_GL_GLFW);
