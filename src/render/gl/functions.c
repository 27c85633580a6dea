#include "render/gl/functions.h"

#include <string.h>

#include "base/error.h"

static const char *const names[] = {
#define NAME(TYPE, name) "gl" #name,
    CALO_GLR_FUNCTIONS(NAME)
};
enum { FUNCTION_COUNT = sizeof names / sizeof *names };

static bool has_extension(const calo_glr_functions *gl, const char *name)
{
    GLint count = 0;
    gl->GetIntegerv(GL_NUM_EXTENSIONS, &count);
    for (GLint i = 0; i < count; i++) {
        const char *here = (const char *)gl->GetStringi(GL_EXTENSIONS, (GLuint)i);
        if (here && strcmp(here, name) == 0)
            return true;
    }
    return false;
}

calo_status calo_glr_functions_load(calo_gl_context *context, calo_glr_functions *gl, calo_error *err)
{
    const calo_gl_info *info = calo_gl_context_info(context);
    *gl = (calo_glr_functions){0};
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        /* The table begins with the functions in the order of their names; all pointers have one size. */
        void *address = calo_gl_context_proc(context, names[i]);
        if (!address)
            return calo_fail(err, CALO_ERROR_BACKEND, "%s (%s) has no %s, though it should by its version: update the "
                             "driver or use --backend cpu", info->renderer, info->version, names[i]);
        memcpy((char *)gl + i * sizeof address, &address, sizeof address);
    }
    bool clip_control = info->major_version > 4 || (info->major_version == 4 && info->minor_version >= 5) ||
                        has_extension(gl, "GL_ARB_clip_control");
    void *address = clip_control ? calo_gl_context_proc(context, "glClipControl") : NULL;
    memcpy(&gl->ClipControl, &address, sizeof address);
    return CALO_OK;
}
