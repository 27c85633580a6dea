/* What the draw calls of a sheet share. Between draw.c and color.c only. */
#ifndef CALO_RENDER_GL_PASS_H
#define CALO_RENDER_GL_PASS_H

#include "render/gl/worker.h"

/* A group's copies in a view, among those that were listed; there may be none. */
typedef struct calo_glr_run {
    uint32_t first, count;
} calo_glr_run;

typedef struct calo_glr_pass {
    calo_glr_worker *worker;
    calo_glr_scene *scene;
    const calo_render_options *options;
    const calo_glr_sheet *sheet;
    calo_glr_camera cameras[CALO_GLR_VIEWS_MAX];
    calo_glr_view_block blocks[CALO_GLR_VIEWS_MAX];
    size_t block_stride; /* of the views' blocks on the device */
    calo_glr_run *runs;  /* by group and view */
    bool multisampled;   /* what is drawn now */
    bool has_far;        /* some view has a far plane */
    bool casters;        /* only what casts shadows is drawn */
    const calo_watch *watch; /* stops it between groups; NULL: nothing does */
} calo_glr_pass;

/* Which groups. */
typedef enum calo_glr_surfaces {
    CALO_GLR_SOLID,   /* opaque and masked */
    CALO_GLR_BLENDED, /* with CALO_GLR_OUT_KEY: the nearest layer; else where they are rather opaque */
} calo_glr_surfaces;

/* Everything moves by so many pixels. */
calo_status calo_glr_pass_shift(calo_glr_pass *pass, const float pixels[2], calo_error *err);
/* What is behind everything, but for the environment's picture. */
void calo_glr_pass_behind(const calo_glr_pass *pass, float color[4]);
/* The environment's picture, where it is wanted, into the framebuffer at hand, which has nothing but colours. */
calo_status calo_glr_pass_background(const calo_glr_pass *pass, calo_error *err);
/* Groups into the framebuffer at hand, whose attachments are `outputs`, with depth test. */
calo_status calo_glr_pass_groups(const calo_glr_pass *pass, calo_glr_surfaces surfaces, uint32_t outputs,
                                 calo_error *err);
/* A triangle over the framebuffer at hand, by the program at hand. */
void calo_glr_pass_fill(const calo_glr_pass *pass);

/* color.c: colours where they are not drawn with the other outputs: with several samples a pixel, and where surfaces
 * blend. Into the targets' colours. */
bool calo_glr_color_is_apart(const calo_glr_pass *pass);
calo_status calo_glr_color_draw(calo_glr_pass *pass, calo_error *err);

void calo_glr_bind_texture(const calo_glr_functions *gl, GLuint unit, GLenum target, GLuint texture, GLuint sampler);

#endif
