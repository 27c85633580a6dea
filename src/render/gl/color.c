/* Colours by themselves: with several samples a pixel, and with blended surfaces, whose layers are peeled off one after
 * the other, the nearest first. Scenes of opaque surfaces are drawn with the driver's multisampling, four samples at a
 * time; where alpha decides, each sample is a picture of its own, so that it decides for each of them. */
#include <string.h>

#include "base/error.h"
#include "render/gl/pass.h"
#include "render/sample_offsets.h"

/* Of one pass with multisampling: more would cost memory, and lie elsewhere on every driver. */
enum { MULTISAMPLES = 4 };

/* Every layer draws all blended surfaces again: a small file of many sheets one behind the other would never end. */
enum { LAYERS_MAX = 1024 };

static const uint32_t color_output = 1u << CALO_GLR_OUT_COLOR;

bool calo_glr_color_is_apart(const calo_glr_pass *pass)
{
    return pass->options->samples > 1 || pass->scene->has_blend;
}

/* ---- targets ---- */

static calo_status check(const calo_glr_device *device, const calo_glr_color_targets *targets, calo_error *err)
{
    return calo_glr_framebuffer_check(device, targets->width, targets->height, err);
}

static GLuint make_texture(const calo_glr_device *device, const calo_glr_color_targets *targets, GLenum internal_format,
                           GLenum format, GLenum type)
{
    return calo_glr_make_texture(device, internal_format, targets->width, targets->height, format, type, NULL);
}

static GLuint make_renderbuffer(const calo_glr_device *device, const calo_glr_color_targets *targets, GLenum format)
{
    GLuint name;
    device->gl.GenRenderbuffers(1, &name);
    device->gl.BindRenderbuffer(GL_RENDERBUFFER, name);
    device->gl.RenderbufferStorageMultisample(GL_RENDERBUFFER, targets->samples > 1 ? (GLsizei)targets->samples : 0,
                                              format, (GLsizei)targets->width, (GLsizei)targets->height);
    return name;
}

static void attach(const calo_glr_device *device, GLenum attachment, GLuint texture)
{
    device->gl.FramebufferTexture2D(GL_FRAMEBUFFER, attachment, GL_TEXTURE_2D, texture, 0);
}

static void bind_new_framebuffer(const calo_glr_device *device, GLuint *name)
{
    device->gl.GenFramebuffers(1, name);
    device->gl.BindFramebuffer(GL_FRAMEBUFFER, *name);
}

/* Solid surfaces with samples, and what they come down to. */
static calo_status make_sampled(const calo_glr_device *device, calo_glr_color_targets *targets, calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    bind_new_framebuffer(device, &targets->framebuffer);
    targets->colors = make_renderbuffer(device, targets, targets->format);
    targets->depths = make_renderbuffer(device, targets, GL_DEPTH_COMPONENT32F);
    gl->FramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, targets->colors);
    gl->FramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, targets->depths);
    calo_status status = check(device, targets, err);
    bind_new_framebuffer(device, &targets->resolved_framebuffer);
    targets->resolved = make_texture(device, targets, targets->format, GL_RGBA, GL_FLOAT);
    attach(device, GL_COLOR_ATTACHMENT0, targets->resolved);
    return status == CALO_OK ? check(device, targets, err) : status;
}

static calo_status make_plain(const calo_glr_device *device, calo_glr_color_targets *targets, calo_error *err)
{
    bind_new_framebuffer(device, &targets->framebuffer);
    targets->colors = make_texture(device, targets, targets->format, GL_RGBA, GL_FLOAT);
    targets->depths = make_texture(device, targets, GL_DEPTH_COMPONENT32F, GL_DEPTH_COMPONENT, GL_FLOAT);
    attach(device, GL_COLOR_ATTACHMENT0, targets->colors);
    attach(device, GL_DEPTH_ATTACHMENT, targets->depths);
    return check(device, targets, err);
}

static calo_status make_layers(const calo_glr_device *device, calo_glr_color_targets *targets, calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    calo_status status = CALO_OK;
    targets->layer = make_texture(device, targets, targets->format, GL_RGBA, GL_FLOAT);
    targets->layer_depths = make_renderbuffer(device, targets, GL_DEPTH_COMPONENT32F);
    for (int i = 0; status == CALO_OK && i < 2; i++) {
        bind_new_framebuffer(device, &targets->layer_framebuffers[i]);
        targets->keys[i] = make_texture(device, targets, GL_RG32UI, GL_RG_INTEGER, GL_UNSIGNED_INT);
        attach(device, GL_COLOR_ATTACHMENT0, targets->layer);
        attach(device, GL_COLOR_ATTACHMENT1, targets->keys[i]);
        gl->FramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, targets->layer_depths);
        gl->DrawBuffers(2, (GLenum[]){GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1});
        status = check(device, targets, err);
    }
    bind_new_framebuffer(device, &targets->over_framebuffer);
    targets->over = make_texture(device, targets, targets->format, GL_RGBA, GL_FLOAT);
    attach(device, GL_COLOR_ATTACHMENT0, targets->over);
    gl->GenQueries(1, &targets->query);
    return status == CALO_OK ? check(device, targets, err) : status;
}

void calo_glr_color_targets_finish(const calo_glr_device *device, calo_glr_color_targets *targets)
{
    const calo_glr_functions *gl = &device->gl;
    gl->DeleteFramebuffers(5, (GLuint[]){targets->framebuffer, targets->resolved_framebuffer,
                                         targets->layer_framebuffers[0], targets->layer_framebuffers[1],
                                         targets->over_framebuffer});
    if (targets->samples > 1)
        gl->DeleteRenderbuffers(2, (GLuint[]){targets->colors, targets->depths});
    else
        gl->DeleteTextures(2, (GLuint[]){targets->colors, targets->depths});
    gl->DeleteTextures(5, (GLuint[]){targets->resolved, targets->layer, targets->keys[0], targets->keys[1],
                                     targets->over});
    gl->DeleteRenderbuffers(1, &targets->layer_depths);
    gl->DeleteQueries(1, &targets->query);
    *targets = (calo_glr_color_targets){0};
}

static calo_status make_targets(const calo_glr_device *device, const calo_glr_color_targets *wanted,
                                calo_glr_color_targets *targets, calo_error *err)
{
    if (targets->width == wanted->width && targets->height == wanted->height && targets->samples == wanted->samples &&
        targets->layered == wanted->layered && targets->format == wanted->format)
        return CALO_OK;
    calo_glr_color_targets_finish(device, targets);
    *targets = *wanted;
    device->gl.ActiveTexture(GL_TEXTURE0);
    calo_status status = wanted->samples > 1 ? make_sampled(device, targets, err) : make_plain(device, targets, err);
    if (status == CALO_OK && wanted->layered)
        status = make_layers(device, targets, err);
    if (status != CALO_OK)
        calo_glr_color_targets_finish(device, targets);
    return status;
}

/* ---- passes ---- */

/* How often everything is drawn, and with how many samples each time. */
typedef struct color_plan {
    uint32_t passes;
    calo_glr_color_targets targets;
} color_plan;

static color_plan make_plan(const calo_glr_pass *pass)
{
    const calo_glr_scene *scene = pass->scene;
    const calo_glr_targets *targets = &pass->worker->targets;
    bool float_color = targets->pixels[CALO_GLR_OUT_COLOR].type == GL_FLOAT;
    bool together = !scene->has_blend && !scene->has_mask && pass->options->samples >= MULTISAMPLES &&
                    scene->device->limits.samples >= MULTISAMPLES;
    uint32_t samples = together ? MULTISAMPLES : 1;
    return (color_plan){
        .passes = pass->options->samples / samples,
        .targets = {.width = targets->width, .height = targets->height, .samples = samples,
                    .layered = scene->has_blend, .format = float_color ? GL_RGBA32F : GL_RGBA16F},
    };
}

/* Where the pass's samples lie, or with multisampling the middle of them, from the pixel's centre. */
static void find_offset(const color_plan *plan, uint32_t index, float pixels[2])
{
    static const uint32_t rows[MULTISAMPLES] = {1, 3, 0, 2}; /* each in a row and a column of its own */
    const int32_t (*offsets)[2] = calo_sample_offsets(plan->passes);
    for (int i = 0; i < 2; i++)
        pixels[i] = (float)offsets[index][i] / CALO_SAMPLE_OFFSET_ONE;
    if (plan->targets.samples == 1 || plan->passes == 1)
        return;
    pixels[0] = ((float)index + 0.5f) / (float)(plan->passes * MULTISAMPLES) - 0.5f / MULTISAMPLES;
    pixels[1] = ((float)rows[index] + 0.5f) / (float)(plan->passes * MULTISAMPLES) - 0.5f / MULTISAMPLES;
}

static calo_status draw_solid(calo_glr_pass *pass, calo_error *err)
{
    static const float nothing[4] = {0};
    const calo_glr_functions *gl = &pass->scene->device->gl;
    float behind[4];
    calo_glr_pass_behind(pass, behind);
    gl->BindFramebuffer(GL_FRAMEBUFFER, pass->worker->color.framebuffer);
    gl->ClearBufferfv(GL_COLOR, 0, behind);
    gl->ClearBufferfv(GL_DEPTH, 0, nothing);
    calo_status status = calo_glr_pass_background(pass, err);
    if (status == CALO_OK)
        status = calo_glr_pass_groups(pass, CALO_GLR_SOLID, color_output, err);
    return status;
}

static calo_status use_mix(const calo_glr_pass *pass, uint32_t features, GLuint colors, float weight, calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_program *program;
    calo_glr_key key = {.stage = CALO_GLR_MIX, .features = features};
    calo_status status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    device->gl.Uniform1f(program->weight, weight);
    calo_glr_bind_texture(&device->gl, CALO_GLR_UNIT_COLORS, GL_TEXTURE_2D, colors, 0);
    return CALO_OK;
}

/* ---- layers ---- */

/* Draws the nearest layer behind the last one; `found`: there is one. */
static calo_status draw_layer(const calo_glr_pass *pass, int index, bool *found, calo_error *err)
{
    static const float nothing[4] = {0};
    static const GLuint no_key[4] = {0};
    const calo_glr_functions *gl = &pass->scene->device->gl;
    const calo_glr_color_targets *color = &pass->worker->color;
    GLuint any = 0;
    gl->BindFramebuffer(GL_FRAMEBUFFER, color->layer_framebuffers[index]);
    gl->ClearBufferfv(GL_COLOR, 0, nothing);
    gl->ClearBufferuiv(GL_COLOR, 1, no_key);
    gl->ClearBufferfv(GL_DEPTH, 0, nothing);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_SOLID_DEPTH, GL_TEXTURE_2D, color->depths, 0);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_LAST_KEY, GL_TEXTURE_2D, color->keys[!index], 0);
    /* Of equal depths the one that is drawn last lies on top. */
    gl->DepthFunc(GL_GEQUAL);
    gl->BeginQuery(GL_ANY_SAMPLES_PASSED, color->query);
    calo_status status = calo_glr_pass_groups(pass, CALO_GLR_BLENDED, color_output | 1u << CALO_GLR_OUT_KEY, err);
    gl->EndQuery(GL_ANY_SAMPLES_PASSED);
    gl->DepthFunc(GL_GREATER);
    gl->GetQueryObjectuiv(color->query, GL_QUERY_RESULT, &any);
    *found = any != 0;
    return status;
}

/* Puts the layer behind those that came before it. */
static calo_status put_layer(const calo_glr_pass *pass, calo_error *err)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    const calo_glr_color_targets *color = &pass->worker->color;
    calo_status status = use_mix(pass, 0, color->layer, 1, err);
    if (status != CALO_OK)
        return status;
    gl->BindFramebuffer(GL_FRAMEBUFFER, color->over_framebuffer);
    gl->Enable(GL_BLEND);
    gl->BlendFunc(GL_ONE_MINUS_DST_ALPHA, GL_ONE);
    calo_glr_pass_fill(pass);
    gl->Disable(GL_BLEND);
    return CALO_OK;
}

static calo_status draw_layers(const calo_glr_pass *pass, calo_error *err)
{
    static const float nothing[4] = {0};
    static const GLuint before_all[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    const calo_glr_functions *gl = &pass->scene->device->gl;
    const calo_glr_color_targets *color = &pass->worker->color;
    bool found = true;
    gl->BindFramebuffer(GL_FRAMEBUFFER, color->over_framebuffer);
    gl->ClearBufferfv(GL_COLOR, 0, nothing);
    gl->BindFramebuffer(GL_FRAMEBUFFER, color->layer_framebuffers[1]);
    gl->ClearBufferuiv(GL_COLOR, 1, before_all);
    for (int layer = 0; found; layer++) {
        calo_status status = draw_layer(pass, layer % 2, &found, err);
        if (status == CALO_OK && found && layer == LAYERS_MAX)
            status = calo_fail(err, CALO_ERROR_LIMIT, "more than %d transparent surfaces lie one behind the other: "
                               "make the materials opaque or use --backend cpu", LAYERS_MAX);
        if (status == CALO_OK && found)
            status = put_layer(pass, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* ---- all of it ---- */

/* Adds what was drawn to the targets' colours. */
static calo_status add_up(const calo_glr_pass *pass, const color_plan *plan, calo_error *err)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    const calo_glr_color_targets *color = &pass->worker->color;
    GLint width = (GLint)color->width, height = (GLint)color->height;
    GLuint colors = color->samples > 1 ? color->resolved : color->colors;
    if (color->samples > 1) {
        gl->BindFramebuffer(GL_READ_FRAMEBUFFER, color->framebuffer);
        gl->BindFramebuffer(GL_DRAW_FRAMEBUFFER, color->resolved_framebuffer);
        gl->BlitFramebuffer(0, 0, width, height, 0, 0, width, height, GL_COLOR_BUFFER_BIT, GL_NEAREST);
    }
    calo_status status = use_mix(pass, color->layered ? CALO_GLR_BIT(HAS_LAYERS) : 0, colors,
                                 1 / (float)plan->passes, err);
    if (status != CALO_OK)
        return status;
    if (color->layered)
        calo_glr_bind_texture(gl, CALO_GLR_UNIT_LAYERS, GL_TEXTURE_2D, color->over, 0);
    gl->BindFramebuffer(GL_FRAMEBUFFER, pass->worker->targets.framebuffer);
    calo_glr_targets_outputs(pass->scene->device, &pass->worker->targets, color_output);
    gl->Enable(GL_BLEND);
    gl->BlendFunc(GL_ONE, GL_ONE);
    calo_glr_pass_fill(pass);
    gl->Disable(GL_BLEND);
    return CALO_OK;
}

calo_status calo_glr_color_draw(calo_glr_pass *pass, calo_error *err)
{
    static const float nothing[4] = {0};
    const calo_glr_functions *gl = &pass->scene->device->gl;
    const calo_glr_targets *targets = &pass->worker->targets;
    const color_plan plan = make_plan(pass);
    calo_status status = make_targets(pass->scene->device, &plan.targets, &pass->worker->color, err);
    if (status != CALO_OK)
        return status;
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->framebuffer);
    calo_glr_targets_outputs(pass->scene->device, targets, color_output);
    gl->ClearBufferfv(GL_COLOR, 0, nothing); /* colours come first among the attachments */
    pass->multisampled = plan.targets.samples > 1;
    for (uint32_t i = 0; status == CALO_OK && i < plan.passes; i++) {
        float offset[2];
        find_offset(&plan, i, offset);
        status = calo_glr_pass_shift(pass, (float[2]){-offset[0], -offset[1]}, err);
        if (status == CALO_OK)
            status = draw_solid(pass, err);
        if (status == CALO_OK && plan.targets.layered)
            status = draw_layers(pass, err);
        if (status == CALO_OK)
            status = add_up(pass, &plan, err);
    }
    return status;
}
