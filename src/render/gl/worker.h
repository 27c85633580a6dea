/* What one renderer keeps on the device, and the steps of a batch. */
#ifndef CALO_RENDER_GL_WORKER_H
#define CALO_RENDER_GL_WORKER_H

#include "render/gl/sheet.h"
#include "render/gl/targets.h"

/* One sheet is drawn, one is on its way back, one is handed out. */
enum { CALO_GLR_RING = 3 };

/* A sheet's pixels on their way back. */
typedef struct calo_glr_readback {
    calo_glr_sheet sheet;
    calo_glr_targets targets; /* what it was drawn into, for its layout only */
    GLuint buffer;
    size_t capacity, bytes;
    size_t offsets[CALO_GLR_OUTPUT_COUNT]; /* of each output's pixels, row by row */
    GLsync fence;       /* not NULL: drawn, not yet here */
    const char *pixels; /* not NULL: here */
} calo_glr_readback;

/* What colours are drawn into by themselves (color.c): as large as the targets. */
typedef struct calo_glr_color_targets {
    uint32_t width, height, samples; /* samples: of each of the passes */
    bool layered;
    GLenum format;
    GLuint framebuffer, colors, depths;  /* what is solid; with samples renderbuffers, else textures */
    GLuint resolved_framebuffer, resolved;
    GLuint layer_framebuffers[2], layer, keys[2], layer_depths; /* a layer of blended surfaces; keys by turns */
    GLuint over_framebuffer, over;       /* all layers so far */
    GLuint query;
} calo_glr_color_targets;

typedef struct calo_glr_worker {
    calo_glr_device *device;
    calo_glr_targets targets;
    calo_glr_color_targets color;
    calo_glr_readback ring[CALO_GLR_RING];
    GLuint view_buffer, copy_buffer, copy_texture;
    calo_glr_seen_copy *copies;
    size_t copy_capacity;
    calo_frame *own_frames; /* one a thread, when the caller gives none */
    uint32_t own_frame_count;
} calo_glr_worker;

calo_status calo_glr_worker_open(calo_gl_kind kind, void **worker, calo_error *err);
void calo_glr_worker_close(void *worker);
calo_status calo_glr_draw_batch(void *worker, const calo_batch *batch, calo_thread_pool *pool, calo_error *err);

/* On the device's thread, of a calo_glr_worker: what it draws with, and all that it has on the device. */
calo_status calo_glr_worker_make(calo_glr_device *device, void *worker, calo_error *err);
calo_status calo_glr_worker_drop(calo_glr_device *device, void *worker, calo_error *err);

/* draw.c, on the device's thread: draws the depths of what casts shadows into the framebuffer at hand, which has
 * nothing else. */
calo_status calo_glr_casters_draw(calo_glr_worker *worker, const calo_batch *batch, const calo_glr_sheet *sheet,
                                  calo_error *err);
/* The same: draws a sheet into the targets. */
calo_status calo_glr_sheet_draw(calo_glr_worker *worker, const calo_batch *batch, const calo_glr_sheet *sheet,
                                calo_error *err);

/* color.c */
void calo_glr_color_targets_finish(const calo_glr_device *device, calo_glr_color_targets *targets);

/* readback.c, on the device's thread: asks for the targets' pixels; waits for them; lets them go. */
calo_status calo_glr_readback_start(calo_glr_worker *worker, calo_glr_readback *readback, calo_error *err);
calo_status calo_glr_readback_wait(const calo_glr_device *device, const calo_watch *watch, calo_glr_readback *readback,
                                   calo_error *err);
void calo_glr_readback_end(const calo_glr_device *device, calo_glr_readback *readback);
/* On any thread: a view's pixels into its frame. */
void calo_glr_readback_unpack(const calo_glr_readback *readback, uint32_t index, const calo_render_options *options,
                              calo_frame *frame);

#endif
