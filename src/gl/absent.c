/* The context layer of a build without OpenGL: every kind is refused, so that no context ever is. */
#include <calotype/gl.h>

#include <stdio.h>

#include "gl/kinds.h"

calo_status calo_gl_context_create(const calo_gl_options *options, calo_gl_context **context, calo_error *err)
{
    calo_gl_choice choice;
    *context = NULL;
    return calo_gl_choose(options ? options->kind : CALO_GL_AUTO, &choice, err);
}

static calo_status refuse(calo_error *err)
{
    calo_gl_choice choice;
    return calo_gl_choose(CALO_GL_EGL, &choice, err);
}

bool calo_gl_probe(calo_gl_kind kind, calo_gl_info *info, char *detail, size_t size)
{
    calo_gl_choice choice;
    calo_error err = {0};
    (void)info;
    calo_gl_choose(kind, &choice, &err);
    if (detail && size > 0)
        snprintf(detail, size, "%s", err.message);
    return false;
}

size_t calo_gl_device_list(calo_gl_device *devices, size_t capacity)
{
    (void)devices;
    (void)capacity;
    return 0;
}

void calo_gl_context_retain(calo_gl_context *context)
{
    (void)context;
}

void calo_gl_context_destroy(calo_gl_context *context)
{
    (void)context;
}

calo_status calo_gl_context_make_current(calo_gl_context *context, calo_error *err)
{
    (void)context;
    return refuse(err);
}

calo_status calo_gl_context_release(calo_gl_context *context, calo_error *err)
{
    (void)context;
    return refuse(err);
}

calo_status calo_gl_context_call(calo_gl_context *context, calo_gl_function function, void *user, calo_error *err)
{
    (void)context;
    (void)function;
    (void)user;
    return refuse(err);
}

void *calo_gl_context_proc(calo_gl_context *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

const calo_gl_info *calo_gl_context_info(const calo_gl_context *context)
{
    (void)context;
    return NULL;
}

const float *calo_gl_context_buffer(const calo_gl_context *context)
{
    (void)context;
    return NULL;
}
