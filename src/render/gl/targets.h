/* What a batch is drawn into: a texture an output, a depth buffer, and the developed colours. */
#ifndef CALO_RENDER_GL_TARGETS_H
#define CALO_RENDER_GL_TARGETS_H

#include <calotype/render.h>

#include "render/gl/programs.h"

/* How an output's pixels are kept and read. */
typedef struct calo_glr_pixels {
    GLenum internal_format, format, type;
    uint32_t bytes;
} calo_glr_pixels;

typedef struct calo_glr_targets {
    uint32_t width, height;
    uint32_t outputs; /* bits of calo_glr_output; attachments count the bits below */
    calo_glr_pixels pixels[CALO_GLR_OUTPUT_COUNT]; /* as they are read: of colours, the developed ones */
    GLuint textures[CALO_GLR_OUTPUT_COUNT], depth, framebuffer;
    GLuint developed, developed_framebuffer;
} calo_glr_targets;

/* The outputs that the options' channels are read from, and how. */
void calo_glr_targets_choose(const calo_render_options *options, calo_glr_targets *wanted);
/* The bytes of a pixel that are read back. */
uint32_t calo_glr_targets_pixel_bytes(const calo_glr_targets *targets);

/* On the device's thread: makes `targets` like `wanted` (outputs, pixels, size), unless it is already. */
calo_status calo_glr_targets_make(const calo_glr_device *device, const calo_glr_targets *wanted,
                                  calo_glr_targets *targets, calo_error *err);
void calo_glr_targets_finish(const calo_glr_device *device, calo_glr_targets *targets);

/* Of the framebuffer at hand: whether it can be drawn into. */
calo_status calo_glr_framebuffer_check(const calo_glr_device *device, uint32_t width, uint32_t height, calo_error *err);

/* Of the framebuffer at hand only these outputs (bits) are drawn into; locations count them. */
void calo_glr_targets_outputs(const calo_glr_device *device, const calo_glr_targets *targets, uint32_t outputs);

/* Makes the surfaces' framebuffer current and empty; `color` is what is behind everything. */
void calo_glr_targets_begin(const calo_glr_device *device, const calo_glr_targets *targets, const float color[4]);

#endif
