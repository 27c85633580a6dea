#include <calotype/post.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/large.h"
#include "image/post/steps.h"

extern const calo_post_kernels calo_post_kernel_table_baseline;
#ifdef CALO_CPU_X86
extern const calo_post_kernels calo_post_kernel_table_avx2, calo_post_kernel_table_avx512;
#endif

static const calo_post_kernels *const levels[CALO_CPU_LEVEL_COUNT] = {
    [CALO_CPU_BASELINE] = &calo_post_kernel_table_baseline,
#ifdef CALO_CPU_X86
    [CALO_CPU_AVX2] = &calo_post_kernel_table_avx2,
    [CALO_CPU_AVX512] = &calo_post_kernel_table_avx512,
#endif
};

static bool occludes(const calo_post_processing *post)
{
    return post->ambient_occlusion && post->occlusion_intensity > 0;
}

static bool blooms(const calo_post_processing *post) { return post->bloom && post->bloom_intensity > 0; }

static bool has_grain(const calo_post_processing *post) { return post->grain && post->grain_intensity > 0; }

static bool grades(const calo_post_processing *post)
{
    return post->color_grading && (post->hue_shift_degrees != 0 || post->saturation != 0 || post->contrast != 0 ||
                                   post->brightness != 0 || post->temperature != 0 || post->tint != 0);
}

bool calo_post_is_off(const calo_post_processing *post)
{
    return post->exposure_stops == 0 && post->tone_mapping == CALO_TONE_NONE && !occludes(post) && !blooms(post) &&
           !has_grain(post) && !grades(post) && post->background.kind == CALO_POST_BACKGROUND_KEEP;
}

static calo_status check_background(const calo_post_background *background, calo_error *err)
{
    if ((unsigned)background->kind > CALO_POST_BACKGROUND_PICTURE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no post-processing background of kind %d",
                         (int)background->kind);
    if (background->kind == CALO_POST_BACKGROUND_PICTURE && !background->picture)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "a post-processing background that is a picture needs one: set background.picture");
    if (background->octaves > 8)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "background.octaves of post-processing is %u; at most 8",
                         background->octaves);
    for (int i = 0; i < 6; i++)
        if (!(background->colors[i / 3][i % 3] >= 0 && background->colors[i / 3][i % 3] <= CALO_POST_BRIGHTEST))
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "background.colors[%d][%d] of post-processing is %g; it must be from 0 to %g", i / 3,
                             i % 3, (double)background->colors[i / 3][i % 3], (double)CALO_POST_BRIGHTEST);
    return CALO_OK;
}

calo_status calo_post_check(const calo_post_processing *post, calo_error *err)
{
    /* 0 is the default everywhere, also where it lies outside the range. */
    const struct {
        const char *name;
        float value, low, high;
    } ranges[] = {
        {"exposure_stops", post->exposure_stops, -20, 20},
        {"occlusion_intensity", post->occlusion_intensity, 0, 10},
        {"occlusion_radius_metres", post->occlusion_radius_metres, 1e-4f, 1e6f},
        {"background.angle_degrees", post->background.angle_degrees, -3600, 3600},
        {"background.cells", post->background.cells, 1, 4096},
        {"background.zoom", post->background.zoom, 1, 100},
        {"background.shift[0]", post->background.shift[0], -1, 1},
        {"background.shift[1]", post->background.shift[1], -1, 1},
        {"bloom_intensity", post->bloom_intensity, 0, 100},
        {"bloom_threshold", post->bloom_threshold, 0, 100},
        {"bloom_diffusion", post->bloom_diffusion, 1, 10},
        {"grain_intensity", post->grain_intensity, 0, 1},
        {"grain_size", post->grain_size, 0.3f, 10},
        {"hue_shift_degrees", post->hue_shift_degrees, -180, 180},
        {"saturation", post->saturation, -100, 100},
        {"contrast", post->contrast, -100, 100},
        {"brightness", post->brightness, -100, 100},
        {"temperature", post->temperature, -100, 100},
        {"tint", post->tint, -100, 100},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (!((ranges[i].value >= ranges[i].low && ranges[i].value <= ranges[i].high) || ranges[i].value == 0))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "%s of post-processing is %g; it must be from %g to %g",
                             ranges[i].name, (double)ranges[i].value, (double)ranges[i].low, (double)ranges[i].high);
    if ((unsigned)post->tone_mapping > CALO_TONE_ACES)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no tone mapping of number %d", (int)post->tone_mapping);
    return check_background(&post->background, err);
}

calo_status calo_post_processor_create(calo_post_processor **processor, calo_error *err)
{
    calo_cpu_level level;
    *processor = NULL;
    calo_status status = calo_cpu_level_choose(&level, err);
    if (status != CALO_OK)
        return status;
    *processor = calloc(1, sizeof **processor);
    if (!*processor)
        return calo_fail_memory(err, "a post processor", sizeof **processor);
    (*processor)->kernels = levels[level];
    calo_srgb_make_table((*processor)->srgb_codes);
    calo_post_pattern_make(&(*processor)->pattern);
    return CALO_OK;
}

void calo_post_processor_destroy(calo_post_processor *processor)
{
    if (!processor)
        return;
    for (int i = 0; i < CALO_POST_SLOT_COUNT; i++)
        free(processor->slots[i]);
    free(processor);
}

float *calo_post_take(calo_post_processor *processor, int slot, size_t floats, calo_error *err)
{
    if (processor->slot_floats[slot] < floats) {
        free(processor->slots[slot]);
        processor->slot_floats[slot] = 0;
        processor->slots[slot] = calo_large_calloc(floats * sizeof(float));
        if (!processor->slots[slot]) {
            calo_fail_memory(err, "post-processing a picture", floats * sizeof(float));
            return NULL;
        }
        processor->slot_floats[slot] = floats;
    }
    return processor->slots[slot];
}

static calo_status check_planes(const calo_post_source *source, const calo_post_processing *post, const calo_image *out,
                                calo_error *err)
{
    const calo_frame *frame = source->frame;
    const calo_image *depth = &frame->planes[CALO_CHANNEL_DEPTH], *normal = &frame->planes[CALO_CHANNEL_NORMAL];
    if (frame->planes[CALO_CHANNEL_COLOR].format != CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "post-processing needs a frame with colour in RGBA32F: render with that color_format");
    if (out->format != CALO_PIXEL_RGBA8 && out->format != CALO_PIXEL_RGB8 && out->format != CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "post-processing writes pictures in RGBA8, RGB8 or RGBA32F, not in format %d",
                         (int)out->format);
    if (out->width != frame->width || out->height != frame->height)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a frame of %u x %u pixels cannot be post-processed to %u x %u",
                         frame->width, frame->height, out->width, out->height);
    if (!occludes(post))
        return CALO_OK;
    if (depth->format != CALO_PIXEL_R32F || normal->format != CALO_PIXEL_RGB32F)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "ambient occlusion is found from depths and normals: render these channels, too");
    if (!(source->focal_x > 0 && source->focal_y > 0 && isfinite(source->focal_x) && isfinite(source->focal_y) &&
          isfinite(source->center_x) && isfinite(source->center_y)))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "ambient occlusion needs the camera's focal lengths above 0, not %g "
                         "and %g",
                         source->focal_x, source->focal_y);
    return CALO_OK;
}

static calo_status take_canvas(calo_post_processor *processor, const calo_frame *frame, calo_post_canvas *canvas,
                               calo_error *err)
{
    *canvas = (calo_post_canvas){frame->width, frame->height, calo_post_stride(frame->width), .opaque = false};
    size_t floats = canvas->stride * canvas->height;
    for (int c = 0; c < 3; c++)
        if (!(canvas->color[c] = calo_post_take(processor, CALO_POST_SLOT_COLOR + c, floats, err)))
            return CALO_ERROR_MEMORY;
    canvas->alpha = calo_post_take(processor, CALO_POST_SLOT_ALPHA, floats, err);
    return canvas->alpha ? CALO_OK : CALO_ERROR_MEMORY;
}

calo_status calo_post_process(calo_post_processor *processor, const calo_post_source *source,
                              const calo_post_processing *post, calo_image *out, calo_error *err)
{
    calo_post_canvas canvas;
    calo_status status = calo_post_check(post, err);
    if (status == CALO_OK)
        status = check_planes(source, post, out, err);
    if (status != CALO_OK)
        return status;
    if (calo_post_is_off(post)) {
        processor->kernels->copy(processor, source, out);
        return CALO_OK;
    }
    status = take_canvas(processor, source->frame, &canvas, err);
    if (status != CALO_OK)
        return status;
    const calo_post_kernels *kernels = processor->kernels;
    const struct {
        bool wanted;
        calo_post_step *step;
    } steps[] = {
        {occludes(post), kernels->occlude},
        {post->background.kind != CALO_POST_BACKGROUND_KEEP, kernels->fill_background},
        {blooms(post), kernels->add_bloom},
        {has_grain(post), kernels->add_grain},
        {post->tone_mapping != CALO_TONE_NONE, kernels->map_tones},
        {grades(post), kernels->grade},
    };
    kernels->load(source, calo_exp2f(post->exposure_stops), &canvas);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == CALO_OK; i++)
        if (steps[i].wanted)
            status = steps[i].step(processor, source, post, &canvas, err);
    if (status == CALO_OK)
        kernels->store(processor, &canvas, source->display_referred, out);
    return status;
}
