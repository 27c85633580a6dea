/* One OpenGL context a kind for the whole process, on a thread of its own, with what all renderers and scenes share. */
#ifndef CALO_RENDER_GL_DEVICE_H
#define CALO_RENDER_GL_DEVICE_H

#include "base/thread.h"
#include "render/gl/functions.h"

typedef struct calo_glr_program calo_glr_program;

typedef struct calo_glr_limits {
    GLint texture_size, texture_layers, buffer_texels, uniform_alignment, samples;
} calo_glr_limits;

typedef struct calo_glr_device {
    calo_gl_context *context;
    const calo_gl_info *info;
    calo_glr_functions gl;
    calo_glr_limits limits;
    /* Used on the device's thread only: */
    calo_glr_program *programs;
    size_t program_count, program_capacity;
    GLuint empty_array;  /* a vertex array without attributes */
    GLuint lobe_albedo;  /* texture: ggx_table.h */
    GLuint srgb_codes, srgb_buffer; /* buffer texture: color.h's table */
    struct calo_glr_slot *slot; /* device.c's own */
} calo_glr_device;

/* The device of a kind, made when it is first needed; each needs a release. */
calo_status calo_glr_device_acquire(calo_gl_kind kind, calo_glr_device **device, calo_error *err);
void calo_glr_device_release(calo_glr_device *device);

typedef calo_status (*calo_glr_function)(calo_glr_device *device, void *user, calo_error *err);
/* Runs the function on the device's thread and waits for it. GL's own errors become failures of `what`. */
calo_status calo_glr_device_call(calo_glr_device *device, const char *what, calo_glr_function function, void *user,
                                 calo_error *err);
/* The same, with something to do while this thread waits. */
calo_status calo_glr_device_call_idly(calo_glr_device *device, const char *what, calo_glr_function function, void *user,
                                      calo_idle idle, calo_error *err);

/* On the device's thread. A texture that a buffer's texels are read through; both are the caller's to delete. */
void calo_glr_make_buffer_texture(const calo_glr_device *device, GLenum format, const void *data, size_t bytes,
                                  GLuint *buffer, GLuint *texture);
/* A texture of one level without filtering, bound to the active unit. */
GLuint calo_glr_make_texture(const calo_glr_device *device, GLenum internal_format, uint32_t width, uint32_t height,
                             GLenum format, GLenum type, const void *texels);

#endif
