/* The renderer's front: chooses the backend and checks everything once; the crew draws. */
#include <calotype/render.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "render/crew.h"
#include "render/lens/run.h"
#include "render/node_colors.h"
#include "render/stages.h"
#include "scene/light.h"

/* The first is chosen when none is asked for. */
static const calo_backend *const backends[] = {&calo_backend_cpu, &calo_backend_egl, &calo_backend_osmesa,
                                               &calo_backend_glfw};
enum { BACKEND_COUNT = sizeof backends / sizeof backends[0] };

struct calo_renderer {
    calo_crew crew;
    calo_cache *cache;
    float lod_pixels;
};

size_t calo_backend_list(calo_backend_info *infos, size_t capacity)
{
    for (size_t i = 0; i < BACKEND_COUNT && i < capacity; i++) {
        infos[i] = (calo_backend_info){.name = backends[i]->name};
        backends[i]->probe(&infos[i]);
    }
    return BACKEND_COUNT;
}

/* By name when asked for by name, else the first; never another one instead. `source` says who asked. */
static calo_status choose_backend(const char *wanted, const calo_backend **backend, const char **source,
                                  calo_error *err)
{
    *source = "asked for";
    if (!wanted || strcmp(wanted, "auto") == 0) {
        wanted = getenv("CALOTYPE_BACKEND");
        *source = "asked for by CALOTYPE_BACKEND";
    }
    *backend = backends[0];
    if (!wanted || !wanted[0] || strcmp(wanted, "auto") == 0) {
        *source = "the automatic choice";
        return CALO_OK;
    }
    for (size_t i = 0; i < BACKEND_COUNT; i++) {
        *backend = backends[i];
        if (strcmp(wanted, backends[i]->name) == 0)
            return CALO_OK;
    }
    return calo_fail(err, CALO_ERROR_BACKEND, "there is no backend \"%s\" (%s): `calotype backends` lists them",
                     wanted, *source);
}

calo_status calo_renderer_create(const calo_renderer_options *options, calo_renderer **out, calo_error *err)
{
    *out = NULL;
    const calo_backend *backend = NULL;
    const char *source;
    if (options && !(options->lod_pixels >= 0 && options->lod_pixels <= CALO_LOD_PIXELS_MAX))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a level of detail of %g pixels: it must be from 0 (off) to %d",
                         options->lod_pixels, CALO_LOD_PIXELS_MAX);
    if (options && options->threads > CALO_RENDERER_THREADS_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u threads: a renderer has up to %d", options->threads,
                         CALO_RENDERER_THREADS_MAX);
    calo_status status = choose_backend(options ? options->backend : NULL, &backend, &source, err);
    if (status != CALO_OK)
        return status;
    if (options && options->lod_pixels > 0 && !backend->simplifies)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "the backend \"%s\" (%s) draws no levels of detail: leave them out "
                         "or use the backend cpu", backend->name, source);
    calo_renderer *renderer = calloc(1, sizeof *renderer);
    if (!renderer)
        return calo_fail_memory(err, "a renderer", sizeof *renderer);
    renderer->cache = options ? options->cache : NULL;
    renderer->lod_pixels = options ? options->lod_pixels : 0;
    status = calo_crew_init(&renderer->crew, backend, options ? options->threads : 0, err);
    if (status == CALO_ERROR_BACKEND)
        calo_fail_within(err, status, "the backend \"%s\" (%s) is not available here", backend->name, source);
    if (status != CALO_OK) {
        free(renderer);
        return status;
    }
    *out = renderer;
    return CALO_OK;
}

void calo_renderer_destroy(calo_renderer *renderer)
{
    if (!renderer)
        return;
    calo_lens_memory_destroy(renderer->crew.lenses);
    calo_crew_finish(&renderer->crew);
    free(renderer);
}

const char *calo_renderer_backend(const calo_renderer *renderer) { return renderer->crew.backend->name; }
uint32_t calo_renderer_threads(const calo_renderer *renderer) { return renderer->crew.threads; }
float calo_renderer_lod_pixels(const calo_renderer *renderer) { return renderer->lod_pixels; }

void calo_renderer_stop_after(calo_renderer *renderer, int stage)
{
    for (uint32_t i = 0; renderer->crew.backend->stop_after && i < renderer->crew.threads; i++)
        renderer->crew.backend->stop_after(renderer->crew.members[i].worker, stage);
}

static bool finite_floats(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* Texels are told apart by 32 bits. */
enum { MAX_ENVIRONMENT_SIDE = 65535 };

static calo_status check_lighting(const calo_lighting *lighting, calo_error *err)
{
    const calo_image *image = lighting->environment;
    if (!finite_floats(lighting->environment_color, 3) || !isfinite(lighting->environment_strength) ||
        !isfinite(lighting->environment_rotation_degrees))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the environment's color, strength or rotation is not finite");
    if (image && (image->format != CALO_PIXEL_RGBA32F || !image->data || !image->width || !image->height ||
                  image->row_bytes / calo_pixel_bytes(image->format) < image->width))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the environment must be an RGBA32F picture (an HDR or EXR file gives one)");
    if (image && (image->height > MAX_ENVIRONMENT_SIDE || image->row_bytes % 16 != 0 ||
                  image->row_bytes / 16 > MAX_ENVIRONMENT_SIDE))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the environment's picture has %u rows that lie %zu bytes apart: it may have up to %d texels a "
                         "side, and rows are whole texels, of 16 bytes, apart",
                         image->height, image->row_bytes, MAX_ENVIRONMENT_SIDE);
    if (lighting->light_count && !lighting->lights)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u lights are said to be there, but lights is NULL",
                         lighting->light_count);
    if (!finite_floats(lighting->ambient_color, 3))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the ambient light's color is not finite");
    if (lighting->shadows & ~(uint32_t)CALO_SHADOWS_ALL)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the set of shadows 0x%x holds an unknown kind of light",
                         lighting->shadows);
    if (lighting->shadow_map_size < CALO_SHADOW_MAP_SIZE_MIN || lighting->shadow_map_size > CALO_SHADOW_MAP_SIZE_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "shadow maps of %u texels: a side must have %d to %d",
                         lighting->shadow_map_size, CALO_SHADOW_MAP_SIZE_MIN, CALO_SHADOW_MAP_SIZE_MAX);
    for (uint32_t i = 0; i < lighting->light_count; i++) {
        const calo_scene_light *light = &lighting->lights[i];
        double length = calo_length3(light->direction);
        const char *fault = calo_light_fault(&light->light);
        if ((unsigned)light->light.kind > CALO_LIGHT_SPOT)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "light %u is of no kind: %d", i, (int)light->light.kind);
        if (fault)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "light %u %s", i, fault);
        if (!isfinite(length) || !isfinite(calo_length3(light->position)))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "light %u has a value that is not finite", i);
        if (light->light.kind != CALO_LIGHT_POINT && fabs(length - 1) > 1e-3)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "light %u has a direction of length %g: give a unit vector",
                             i, length);
    }
    return CALO_OK;
}

/* Zeros that mean defaults are filled in. */
static calo_lighting resolve_lighting(const calo_lighting *lighting)
{
    calo_lighting resolved = lighting ? *lighting : (calo_lighting){0};
    const float *color = resolved.environment_color;
    if (color[0] == 0 && color[1] == 0 && color[2] == 0)
        for (int i = 0; i < 3; i++)
            resolved.environment_color[i] = 1;
    if (resolved.environment_strength == 0)
        resolved.environment_strength = 1;
    if (resolved.shadow_map_size == 0)
        resolved.shadow_map_size = CALO_SHADOW_MAP_SIZE_DEFAULT;
    return resolved;
}

/* What one shading reads and the other does not. */
static calo_status check_shading(const calo_prepare_options *options, calo_error *err)
{
    const calo_lighting *lighting = options->lighting;
    const float *ambient = lighting->ambient_color;
    bool pyrender = options->shading == CALO_SHADING_PYRENDER, gltf = options->shading == CALO_SHADING_GLTF;
    if ((unsigned)options->shading > CALO_SHADING_MUJOCO)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no shading %d", (int)options->shading);
    if (gltf && (ambient[0] != 0 || ambient[1] != 0 || ambient[2] != 0))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "an ambient light of (%g, %g, %g) is for pyrender's and MuJoCo's shading alone: choose one of "
                         "them, or light by an environment of this color", (double)ambient[0], (double)ambient[1], (double)ambient[2]);
    if (pyrender && lighting->environment)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "pyrender's shading has no environment: leave its picture out, or "
                         "choose glTF's shading");
    return CALO_OK;
}

static calo_status check_prepare(const calo_prepare_options *options, calo_error *err)
{
    if ((unsigned)options->fill > CALO_FILL_SOLID)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no fill %d", (int)options->fill);
    if (options->normal_lines & ~(uint32_t)(CALO_NORMAL_LINES_VERTEX | CALO_NORMAL_LINES_FACE))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there are no normals 0x%x to be drawn as lines",
                         options->normal_lines);
    if (!(options->normal_length >= 0) || !isfinite(options->normal_length))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "lines for normals of %g metres: give a length above 0, or 0 for 5 %% of each primitive",
                         options->normal_length);
    calo_status status = check_shading(options, err);
    return status == CALO_OK ? check_lighting(options->lighting, err) : status;
}

static calo_status check_backend(const calo_renderer *renderer, const calo_prepared *prepared, calo_error *err)
{
    if (prepared->backend != renderer->crew.backend)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the scene was prepared for the backend %s, the renderer is %s",
                         prepared->backend->name, renderer->crew.backend->name);
    return CALO_OK;
}

calo_status calo_renderer_prepare(calo_renderer *renderer, const calo_pose *pose, const calo_prepare_options *options,
                                  calo_prepared **out, calo_error *err)
{
    *out = NULL;
    calo_prepare_options resolved = options ? *options : (calo_prepare_options){0};
    calo_lighting lighting = resolve_lighting(resolved.lighting);
    calo_limits limits = calo_limits_resolve(resolved.limits);
    resolved.lighting = &lighting;
    resolved.limits = &limits;
    calo_status status = check_prepare(&resolved, err);
    if (status == CALO_OK && resolved.reuse)
        status = check_backend(renderer, resolved.reuse, err);
    if (status != CALO_OK)
        return status;
    calo_prepared *prepared = calloc(1, sizeof *prepared);
    if (!prepared)
        return calo_fail_memory(err, "a prepared scene", sizeof *prepared);
    prepared->backend = renderer->crew.backend;
    prepared->shading = resolved.shading;
    calo_backend_options own = {.threads = renderer->crew.threads, .cache = renderer->cache,
                                .lod_pixels = renderer->lod_pixels};
    status = calo_node_ids_make(pose->scene, &prepared->ids, err);
    if (status == CALO_OK)
        status = prepared->backend->prepare(pose, &resolved, &own, resolved.reuse ? resolved.reuse->scene : NULL,
                                            &prepared->scene, err);
    if (status != CALO_OK) {
        calo_node_ids_finish(&prepared->ids);
        free(prepared);
        return status;
    }
    *out = prepared;
    return CALO_OK;
}

void calo_prepared_destroy(calo_prepared *prepared)
{
    if (!prepared)
        return;
    prepared->backend->release(prepared->scene);
    calo_node_ids_finish(&prepared->ids);
    free(prepared);
}

static calo_status check_scene(const calo_renderer *renderer, const calo_prepared *prepared,
                               const calo_render_options *options, calo_error *err)
{
    calo_status status = check_backend(renderer, prepared, err);
    if (status == CALO_OK && prepared->shading == CALO_SHADING_PYRENDER && options->background == CALO_BACKGROUND_ENVIRONMENT)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "pyrender's shading has no environment to be the background: give a "
                         "color");
    return status;
}

static calo_status check_view(const calo_view *view, size_t index, calo_error *err)
{
    if (view->width < 1 || view->height < 1 || view->width > CALO_FRAME_MAX_SIDE || view->height > CALO_FRAME_MAX_SIDE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu is %u x %u pixels: a side must be 1 to %u", index,
                         view->width, view->height, CALO_FRAME_MAX_SIDE);
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
            if (!isfinite(view->camera_to_world.m[r][c]))
                return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu has a camera_to_world that is not finite", index);
    calo_mat4 inverse;
    if (!calo_mat4_invert_affine(&view->camera_to_world, &inverse))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu has a camera_to_world without an inverse", index);
    if (!(view->focal_x > 0) || !(view->focal_y > 0) || !isfinite(view->focal_x) || !isfinite(view->focal_y) ||
        !isfinite(view->center_x) || !isfinite(view->center_y) || !(view->near_metres >= 0) ||
        !isfinite(view->near_metres))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "view %zu has unusable intrinsics: focal lengths (%g, %g) must be positive, principal point "
                         "(%g, %g) finite, near (%g) not negative",
                         index, view->focal_x, view->focal_y, view->center_x, view->center_y, view->near_metres);
    if (!isfinite(calo_length3(view->headlight)))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu has a headlight whose direction is not finite", index);
    double nearest = view->near_metres > 0 ? view->near_metres : CALO_DEFAULT_NEAR_METRES;
    if (view->far_metres != 0 && !(view->far_metres > nearest))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "view %zu ends %g metres from the camera, but what is nearer than %g is cut, too: far_metres must "
                         "be more than near_metres, or 0 for no end", index, view->far_metres, nearest);
    return CALO_OK;
}

static calo_status check_lens(const calo_view *view, size_t index, calo_error *err)
{
    if ((unsigned)view->lens > CALO_LENS_FISHEYE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu has the lens %d, which there is not", index,
                         (int)view->lens);
    if (view->lens == CALO_LENS_PINHOLE)
        return CALO_OK;
    if (view->orthographic)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "view %zu is orthographic and has a lens: distortion is for perspective cameras only", index);
    for (int i = 0; i < 12; i++)
        if (!isfinite(view->lens_coefficients[i]))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu has a lens whose coefficient %d is not finite", index,
                             i);
    return CALO_OK;
}

calo_render_options calo_render_options_resolve(const calo_render_options *options)
{
    calo_render_options resolved = options ? *options : (calo_render_options){0};
    if (!resolved.channels)
        resolved.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
                            CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL) | CALO_CHANNEL_BIT(CALO_CHANNEL_MASK);
    if (!resolved.color_format)
        resolved.color_format = CALO_PIXEL_RGBA8;
    if (!resolved.samples)
        resolved.samples = 4;
    if (!resolved.energy_compensation)
        resolved.energy_compensation = CALO_OFF;
    if (!resolved.occlusion_maps)
        resolved.occlusion_maps = CALO_ON;
    if (resolved.point_size_pixels == 0)
        resolved.point_size_pixels = 3;
    if (resolved.line_width_pixels == 0)
        resolved.line_width_pixels = 1;
    return resolved;
}

static calo_status check_options(const calo_render_options *options, calo_error *err)
{
    if (options->channels >> CALO_CHANNEL_COUNT)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the channel set 0x%x holds an unknown channel", options->channels);
    if (options->color_format != CALO_PIXEL_RGBA8 && options->color_format != CALO_PIXEL_RGB8 &&
        options->color_format != CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "colour can be RGBA8, RGB8 or RGBA32F, not format %d",
                         (int)options->color_format);
    if (options->color_format == CALO_PIXEL_RGB8 && options->background == CALO_BACKGROUND_TRANSPARENT &&
        !options->node_colors)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "RGB8 has no alpha: give a background");
    if (options->samples != 1 && options->samples != 4 && options->samples != 16)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u samples a pixel: only 1, 4 and 16 are possible",
                         options->samples);
    if (!(options->point_size_pixels > 0 && options->point_size_pixels <= 1024) ||
        !(options->line_width_pixels > 0 && options->line_width_pixels <= 1024))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a point size of %g and a line width of %g: both must be in (0, 1024]",
                         options->point_size_pixels, options->line_width_pixels);
    if ((unsigned)options->background > CALO_BACKGROUND_ENVIRONMENT || (unsigned)options->cull > CALO_CULL_OFF ||
        (unsigned)options->energy_compensation > CALO_OFF || (unsigned)options->occlusion_maps > CALO_OFF)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "background %d, cull %d, energy_compensation %d, occlusion_maps %d: one of them is no value of its "
                         "enum", (int)options->background, (int)options->cull, (int)options->energy_compensation,
                         (int)options->occlusion_maps);
    if (options->node_color_count > 0 && !options->node_colors)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u node colours are said to be there, but node_colors is NULL",
                         options->node_color_count);
    if (!(options->background_transparency >= 0 && options->background_transparency <= 1) ||
        (options->background_transparency > 0 && options->background != CALO_BACKGROUND_COLOR))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a background transparency of %g: it must be from 0 to 1, and 0 with "
                         "backgrounds that are not a color", (double)options->background_transparency);
    if (!finite_floats(options->background_color, 3) || !isfinite(options->background_depth))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the background's color or depth is not finite");
    return CALO_OK;
}

static calo_status check_batch(const calo_renderer *renderer, const calo_batch *batch, calo_error *err)
{
    if (!batch->frames && !batch->on_frame)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "neither frames nor a frame callback: the pictures would be lost");
    calo_status status = check_options(&batch->options, err);
    for (size_t i = 0; status == CALO_OK && i < (batch->one_scene ? 1 : batch->view_count); i++)
        status = check_scene(renderer, batch->prepared[i], &batch->options, err);
    for (size_t i = 0; status == CALO_OK && i < batch->view_count; i++)
        status = check_view(&batch->views[i], i, err);
    for (size_t i = 0; status == CALO_OK && i < batch->view_count; i++)
        status = check_lens(&batch->views[i], i, err);
    return status;
}

static calo_status render(calo_renderer *renderer, calo_batch *batch, calo_error *err)
{
    calo_watch watch;
    calo_status status = check_batch(renderer, batch, err);
    if (status != CALO_OK)
        return status;
    calo_watch_begin(&watch, &batch->options);
    batch->watch = &watch;
    if (batch->options.node_colors && (batch->options.channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR)))
        status = calo_node_colors_run(&renderer->crew, batch, err);
    else
        status = calo_lens_run(&renderer->crew, batch, err);
    return status == CALO_OK ? calo_watch_status(&watch, err) : status;
}

calo_status calo_renderer_render(calo_renderer *renderer, const calo_prepared *prepared,
                                 const calo_render_options *options, const calo_view *views, size_t view_count,
                                 calo_frame *frames, calo_frame_callback on_frame, void *user, calo_error *err)
{
    calo_batch batch = {.prepared = &prepared, .one_scene = true, .options = calo_render_options_resolve(options),
                        .views = views, .view_count = view_count, .frames = frames, .on_frame = on_frame, .user = user};
    return render(renderer, &batch, err);
}

calo_status calo_renderer_render_scenes(calo_renderer *renderer, const calo_prepared *const *prepared,
                                        const calo_render_options *options, const calo_view *views, size_t view_count,
                                        calo_frame *frames, calo_frame_callback on_frame, void *user, calo_error *err)
{
    calo_batch batch = {.prepared = prepared, .options = calo_render_options_resolve(options), .views = views,
                        .view_count = view_count, .frames = frames, .on_frame = on_frame, .user = user};
    return render(renderer, &batch, err);
}
