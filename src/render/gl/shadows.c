/* Shadow maps: depths drawn once a scene, into the layers of one texture. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "render/gl/worker.h"

/* Both sides of a surface stop light. */
static const calo_render_options shadow_options = {
    .channels = CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH), .samples = 1, .cull = CALO_CULL_OFF};

static calo_status check_size(const calo_glr_device *device, const calo_shadows *shadows, calo_error *err)
{
    const calo_glr_limits *limits = &device->limits;
    if (shadows->size > (uint32_t)limits->texture_size)
        return calo_fail(err, CALO_ERROR_LIMIT, "shadow maps of %u texels: %s takes sides of up to %d; make them "
                         "smaller or use --backend cpu", shadows->size, device->info->renderer, limits->texture_size);
    if (shadows->map_count > (uint32_t)limits->texture_layers)
        return calo_fail(err, CALO_ERROR_LIMIT, "the lights need %u shadow maps: %s takes up to %d; let fewer kinds of "
                         "lights cast shadows or use --backend cpu", shadows->map_count, device->info->renderer,
                         limits->texture_layers);
    return CALO_OK;
}

static void make_texture(calo_glr_scene *scene, const calo_shadows *shadows)
{
    const calo_glr_functions *gl = &scene->device->gl;
    gl->ActiveTexture(GL_TEXTURE0);
    gl->GenTextures(1, &scene->shadow_maps);
    gl->BindTexture(GL_TEXTURE_2D_ARRAY, scene->shadow_maps);
    gl->TexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MAX_LEVEL, 0);
    gl->TexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    gl->TexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    gl->TexImage3D(GL_TEXTURE_2D_ARRAY, 0, GL_R32F, (GLsizei)shadows->size, (GLsizei)shadows->size,
                   (GLsizei)shadows->map_count, 0, GL_RED, GL_FLOAT, NULL);
}

/* A framebuffer without its layer. */
static void make_targets(const calo_glr_device *device, uint32_t size, calo_glr_targets *targets)
{
    const calo_glr_functions *gl = &device->gl;
    calo_glr_targets_choose(&shadow_options, targets);
    targets->width = targets->height = size;
    gl->GenFramebuffers(1, &targets->framebuffer);
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->framebuffer);
    gl->GenRenderbuffers(1, &targets->depth);
    gl->BindRenderbuffer(GL_RENDERBUFFER, targets->depth);
    gl->RenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT32F, (GLsizei)size, (GLsizei)size);
    gl->FramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, targets->depth);
}

static calo_status draw_map(calo_glr_worker *worker, calo_glr_scene *scene, const calo_shadows *shadows, uint32_t map,
                            calo_error *err)
{
    static const float empty[4] = {INFINITY}, farthest[4] = {0};
    const calo_glr_device *device = scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_batch batch = {.options = shadow_options, .views = shadows->maps, .view_count = shadows->map_count};
    const calo_glr_sheet sheet = {.scene = scene, .first_view = map, .view_count = 1, .columns = 1, .rows = 1,
                                  .tile_width = shadows->size, .tile_height = shadows->size};
    gl->FramebufferTextureLayer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, scene->shadow_maps, 0, (GLint)map);
    calo_status status = calo_glr_framebuffer_check(device, shadows->size, shadows->size, err);
    if (status != CALO_OK)
        return status;
    gl->ClearBufferfv(GL_COLOR, 0, empty);
    gl->ClearBufferfv(GL_DEPTH, 0, farthest);
    return calo_glr_casters_draw(worker, &batch, &sheet, err);
}

calo_status calo_glr_shadows_upload(const calo_glr_upload *upload, calo_error *err)
{
    calo_glr_scene *scene = upload->scene;
    const calo_shadows *shadows = upload->shadows;
    calo_glr_worker worker = {.device = scene->device};
    if (shadows->map_count == 0)
        return CALO_OK;
    uint64_t bytes = (uint64_t)shadows->map_count * shadows->size * shadows->size * sizeof(float);
    calo_status status = check_size(scene->device, shadows, err);
    if (status == CALO_OK)
        status = calo_arena_reserve(&scene->arena, bytes, "shadow maps", err);
    if (status != CALO_OK)
        return status;
    make_texture(scene, shadows);
    make_targets(scene->device, shadows->size, &worker.targets);
    status = calo_glr_worker_make(scene->device, &worker, err);
    for (uint32_t map = 0; status == CALO_OK && map < shadows->map_count; map++)
        status = draw_map(&worker, scene, shadows, map, err);
    calo_glr_worker_drop(scene->device, &worker, err);
    return status;
}
