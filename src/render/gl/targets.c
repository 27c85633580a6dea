#include "render/gl/targets.h"

#include <string.h>

#include "base/error.h"

static const calo_glr_pixels four_floats = {GL_RGBA32F, GL_RGBA, GL_FLOAT, 16};
static const calo_glr_pixels one_float = {GL_R32F, GL_RED, GL_FLOAT, 4};
static const calo_glr_pixels two_ids = {GL_RG32UI, GL_RG_INTEGER, GL_UNSIGNED_INT, 8};
static const calo_glr_pixels four_codes = {GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4};

static void want(calo_glr_targets *targets, bool wanted, calo_glr_output output, calo_glr_pixels pixels)
{
    if (!wanted)
        return;
    targets->outputs |= 1u << output;
    targets->pixels[output] = pixels;
}

void calo_glr_targets_choose(const calo_render_options *options, calo_glr_targets *wanted)
{
    uint32_t channels = options->channels;
    bool depth = channels & CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH);
    bool normal = channels & CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL);
    /* A depth says that something is there, too. */
    bool mask = !depth && (channels & CALO_CHANNEL_BIT(CALO_CHANNEL_MASK));
    bool ids = channels & (CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID) | CALO_CHANNEL_BIT(CALO_CHANNEL_MATERIAL_ID));
    bool material = channels & (CALO_CHANNEL_BIT(CALO_CHANNEL_UV) | CALO_CHANNEL_BIT(CALO_CHANNEL_METAL_ROUGHNESS));
    *wanted = (calo_glr_targets){0};
    want(wanted, channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR), CALO_GLR_OUT_COLOR,
         options->color_format == CALO_PIXEL_RGBA32F ? four_floats : four_codes);
    want(wanted, depth || normal, CALO_GLR_OUT_PLACE, normal ? four_floats : one_float);
    want(wanted, ids || mask, CALO_GLR_OUT_IDS, two_ids);
    want(wanted, channels & CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL), CALO_GLR_OUT_GEOMETRIC_NORMAL,
         four_floats);
    want(wanted, channels & CALO_CHANNEL_BIT(CALO_CHANNEL_POSITION), CALO_GLR_OUT_POSITION, four_floats);
    want(wanted, channels & CALO_CHANNEL_BIT(CALO_CHANNEL_ALBEDO), CALO_GLR_OUT_ALBEDO, four_floats);
    want(wanted, material, CALO_GLR_OUT_MATERIAL, four_floats);
}

uint32_t calo_glr_targets_pixel_bytes(const calo_glr_targets *targets)
{
    uint32_t bytes = 0;
    for (int i = 0; i < CALO_GLR_OUTPUT_COUNT; i++)
        bytes += targets->outputs >> i & 1 ? targets->pixels[i].bytes : 0;
    return bytes;
}

/* Colours are added up in linear light, in half precision where 8 bits are wanted in the end. */
static GLenum drawn_format(const calo_glr_targets *targets, int output)
{
    if (output == CALO_GLR_OUT_COLOR && targets->pixels[output].type == GL_UNSIGNED_BYTE)
        return GL_RGBA16F;
    return targets->pixels[output].internal_format;
}

calo_status calo_glr_framebuffer_check(const calo_glr_device *device, uint32_t width, uint32_t height, calo_error *err)
{
    GLenum state = device->gl.CheckFramebufferStatus(GL_FRAMEBUFFER);
    if (state == GL_FRAMEBUFFER_COMPLETE)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_BACKEND, "%s gives no framebuffer of %u x %u pixels (state 0x%x): make it smaller, "
                     "ask for fewer channels or for one sample, or use --backend cpu", device->info->renderer, width,
                     height, state);
}

void calo_glr_targets_outputs(const calo_glr_device *device, const calo_glr_targets *targets, uint32_t outputs)
{
    GLenum drawn[CALO_GLR_OUTPUT_COUNT], attachment = GL_COLOR_ATTACHMENT0;
    GLsizei count = 0;
    for (int i = 0; i < CALO_GLR_OUTPUT_COUNT; i++) {
        if (outputs >> i & 1)
            drawn[count++] = attachment;
        attachment += targets->outputs >> i & 1;
    }
    device->gl.DrawBuffers(count, drawn);
}

static calo_status make_surfaces(const calo_glr_device *device, calo_glr_targets *targets, calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    GLenum attachment = GL_COLOR_ATTACHMENT0;
    gl->GenFramebuffers(1, &targets->framebuffer);
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->framebuffer);
    for (int i = 0; i < CALO_GLR_OUTPUT_COUNT; i++) {
        if (!(targets->outputs >> i & 1))
            continue;
        const calo_glr_pixels *pixels = &targets->pixels[i];
        targets->textures[i] = calo_glr_make_texture(device, drawn_format(targets, i), targets->width, targets->height,
                                                     pixels->format, pixels->type, NULL);
        gl->FramebufferTexture2D(GL_FRAMEBUFFER, attachment++, GL_TEXTURE_2D, targets->textures[i], 0);
    }
    calo_glr_targets_outputs(device, targets, targets->outputs);
    gl->GenRenderbuffers(1, &targets->depth);
    gl->BindRenderbuffer(GL_RENDERBUFFER, targets->depth);
    gl->RenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT32F, (GLsizei)targets->width, (GLsizei)targets->height);
    gl->FramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, targets->depth);
    return calo_glr_framebuffer_check(device, targets->width, targets->height, err);
}

static calo_status make_developed(const calo_glr_device *device, calo_glr_targets *targets, calo_error *err)
{
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_pixels *pixels = &targets->pixels[CALO_GLR_OUT_COLOR];
    gl->GenFramebuffers(1, &targets->developed_framebuffer);
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->developed_framebuffer);
    targets->developed = calo_glr_make_texture(device, pixels->internal_format, targets->width, targets->height,
                                               pixels->format, pixels->type, NULL);
    gl->FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, targets->developed, 0);
    return calo_glr_framebuffer_check(device, targets->width, targets->height, err);
}

calo_status calo_glr_targets_make(const calo_glr_device *device, const calo_glr_targets *wanted,
                                  calo_glr_targets *targets, calo_error *err)
{
    if (targets->width == wanted->width && targets->height == wanted->height && targets->outputs == wanted->outputs &&
        memcmp(targets->pixels, wanted->pixels, sizeof wanted->pixels) == 0)
        return CALO_OK;
    calo_glr_targets_finish(device, targets);
    calo_glr_targets made = *wanted;
    device->gl.ActiveTexture(GL_TEXTURE0);
    calo_status status = make_surfaces(device, &made, err);
    if (status == CALO_OK && (made.outputs & 1u << CALO_GLR_OUT_COLOR))
        status = make_developed(device, &made, err);
    if (status != CALO_OK)
        calo_glr_targets_finish(device, &made);
    *targets = made;
    return status;
}

void calo_glr_targets_finish(const calo_glr_device *device, calo_glr_targets *targets)
{
    const calo_glr_functions *gl = &device->gl;
    gl->DeleteFramebuffers(2, (GLuint[]){targets->framebuffer, targets->developed_framebuffer});
    gl->DeleteTextures(CALO_GLR_OUTPUT_COUNT, targets->textures);
    gl->DeleteTextures(1, &targets->developed);
    gl->DeleteRenderbuffers(1, &targets->depth);
    *targets = (calo_glr_targets){0};
}

void calo_glr_targets_begin(const calo_glr_device *device, const calo_glr_targets *targets, const float color[4])
{
    static const float zeros[4] = {0};
    static const GLuint no_ids[4] = {0};
    const calo_glr_functions *gl = &device->gl;
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->framebuffer);
    calo_glr_targets_outputs(device, targets, targets->outputs);
    for (int i = 0, attachment = 0; i < CALO_GLR_OUTPUT_COUNT; i++) {
        if (!(targets->outputs >> i & 1))
            continue;
        if (i == CALO_GLR_OUT_IDS)
            gl->ClearBufferuiv(GL_COLOR, attachment++, no_ids);
        else
            gl->ClearBufferfv(GL_COLOR, attachment++, i == CALO_GLR_OUT_COLOR ? color : zeros);
    }
    gl->ClearBufferfv(GL_DEPTH, 0, zeros);
}
