/* A sheet's draw calls: the background, the groups of copies, and the development of colours. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/gl/worker.h"

/* What a sheet's draw calls share. */
typedef struct sheet_pass {
    calo_glr_worker *worker;
    calo_glr_scene *scene;
    const calo_render_options *options;
    const calo_glr_sheet *sheet;
    calo_glr_camera cameras[CALO_GLR_VIEWS_MAX];
} sheet_pass;

static bool wants(const calo_render_options *options, calo_channel channel)
{
    return options->channels & CALO_CHANNEL_BIT(channel);
}

/* ---- programs ---- */

/* The slots that what is wanted depends on. */
static uint32_t used_slots(const sheet_pass *pass, const calo_glr_group *group)
{
    const calo_render_options *options = pass->options;
    const calo_material *material = &pass->scene->materials[group->material].source;
    bool color = wants(options, CALO_CHANNEL_COLOR), lit = color && !group->unlit;
    bool normal = (lit || wants(options, CALO_CHANNEL_NORMAL)) && !group->unlit;
    bool surface = lit || wants(options, CALO_CHANNEL_METAL_ROUGHNESS), gloss = material->specular_glossiness;
    bool base = color || wants(options, CALO_CHANNEL_ALBEDO) || material->alpha_mode != CALO_ALPHA_OPAQUE;
    return (uint32_t)base << CALO_SLOT_BASE_COLOR | (uint32_t)(surface && !gloss) << CALO_SLOT_METALLIC_ROUGHNESS |
           (uint32_t)(surface && gloss) << CALO_SLOT_SPECULAR_GLOSSINESS | (uint32_t)normal << CALO_SLOT_NORMAL |
           (uint32_t)(lit && options->occlusion_maps != CALO_OFF) << CALO_SLOT_OCCLUSION |
           (uint32_t)lit << CALO_SLOT_EMISSIVE | (uint32_t)(lit && !gloss) << CALO_SLOT_SPECULAR |
           (uint32_t)(lit && !gloss) << CALO_SLOT_SPECULAR_COLOR;
}

static bool same_place(const calo_texture_use *a, const calo_texture_use *b)
{
    return a->uv_set == b->uv_set && memcmp(a->transform, b->transform, sizeof a->transform) == 0;
}

/* Which slots are looked up, and which of them share a texel or a footprint. Returns the UV sets that are read, as
 * features. */
static uint32_t find_slots(const sheet_pass *pass, const calo_glr_group *group, uint32_t used, calo_glr_key *key)
{
    const calo_glr_material *material = &pass->scene->materials[group->material];
    uint32_t uvs = 0;
    for (int i = 0; i < CALO_SLOT_COUNT; i++) {
        const calo_texture_use *use = &material->source.slots[i];
        if (!(used >> i & 1) || material->textures[i] < 0)
            continue;
        const calo_glr_texture *texture = &pass->scene->textures[material->textures[i]];
        key->texel_of[i] = (uint8_t)(i + 1);
        key->footprint_of[i] = (uint8_t)i;
        uvs |= use->uv_set ? CALO_GLR_BIT(USES_UV_1) : CALO_GLR_BIT(USES_UV_0);
        for (int k = i - 1; k >= 0; k--) {
            if (!key->texel_of[k] || !same_place(use, &material->source.slots[k]))
                continue;
            const calo_glr_texture *other = &pass->scene->textures[material->textures[k]];
            if (material->textures[k] == material->textures[i])
                key->texel_of[i] = key->texel_of[k];
            if (other->width == texture->width && other->height == texture->height &&
                other->last_level == texture->last_level)
                key->footprint_of[i] = key->footprint_of[k];
        }
    }
    return uvs;
}

static uint32_t model_features(const calo_glr_model *model, uint32_t uvs)
{
    uint32_t features = 0;
    features |= model->topology == CALO_TRIANGLES ? CALO_GLR_BIT(IS_TRIANGLES) : 0;
    features |= model->has_normals ? CALO_GLR_BIT(HAS_NORMALS) : 0;
    features |= model->has_colors ? CALO_GLR_BIT(HAS_COLORS) : 0;
    features |= model->has_uvs[0] ? uvs & CALO_GLR_BIT(USES_UV_0) : 0;
    return features | (model->has_uvs[1] ? uvs & CALO_GLR_BIT(USES_UV_1) : 0);
}

static uint32_t normal_map_features(const calo_glr_model *model, const calo_material *material, const calo_glr_key *key)
{
    uint32_t set = material->slots[CALO_SLOT_NORMAL].uv_set;
    if (!key->texel_of[CALO_SLOT_NORMAL] || !(model->has_tangents || model->has_uvs[set]))
        return 0;
    return CALO_GLR_BIT(HAS_NORMAL_MAP) | (model->has_tangents ? CALO_GLR_BIT(USES_TANGENTS) : 0) |
           (set ? CALO_GLR_BIT(NORMAL_MAP_UV_1) : 0);
}

static uint32_t option_features(const sheet_pass *pass)
{
    const calo_render_options *options = pass->options;
    const calo_glr_scene *scene = pass->scene;
    uint32_t features = pass->sheet->view_count > 1 ? CALO_GLR_BIT(TILED) : 0;
    features |= options->energy_compensation == CALO_ON ? CALO_GLR_BIT(IS_COMPENSATED) : 0;
    features |= options->occlusion_maps != CALO_OFF ? CALO_GLR_BIT(USES_OCCLUSION) : 0;
    features |= scene->has_environment ? CALO_GLR_BIT(HAS_ENVIRONMENT) : 0;
    features |= scene->picture ? CALO_GLR_BIT(HAS_ENVIRONMENT_PICTURE) : 0;
    features |= wants(options, CALO_CHANNEL_NORMAL) ? CALO_GLR_BIT(WANTS_NORMAL) : 0;
    features |= options->world_space_normals ? CALO_GLR_BIT(WORLD_SPACE_NORMALS) : 0;
    return features | (options->ray_depth ? CALO_GLR_BIT(RAY_DEPTH) : 0);
}

/* What a group is drawn for. */
typedef enum group_use {
    ALL_OUTPUTS,
    BLENDED_COLOR, /* over what lies behind */
    BLENDED_DATA,  /* the other outputs, where the surface is rather opaque */
} group_use;

static const uint32_t color_output = 1u << CALO_GLR_OUT_COLOR;

static uint32_t outputs_of(const sheet_pass *pass, group_use use)
{
    uint32_t outputs = pass->worker->targets.outputs;
    return use == BLENDED_COLOR ? outputs & color_output : use == BLENDED_DATA ? outputs & ~color_output : outputs;
}

static calo_glr_key surface_key(const sheet_pass *pass, const calo_glr_group *group, group_use use)
{
    const calo_glr_model *model = &pass->scene->models[group->model];
    const calo_material *material = &pass->scene->materials[group->material].source;
    calo_glr_key key = {.stage = CALO_GLR_SURFACE, .outputs = outputs_of(pass, use)};
    uint32_t uvs = find_slots(pass, group, used_slots(pass, group), &key);
    if (wants(pass->options, CALO_CHANNEL_UV))
        uvs |= CALO_GLR_BIT(USES_UV_0);
    key.features = option_features(pass) | model_features(model, uvs) | normal_map_features(model, material, &key);
    key.features |= material->alpha_mode == CALO_ALPHA_OPAQUE ? CALO_GLR_BIT(IS_OPAQUE) : 0;
    key.features |= use == BLENDED_COLOR ? CALO_GLR_BIT(IS_BLENDED) : 0;
    key.features |= material->alpha_mode != CALO_ALPHA_OPAQUE && use != BLENDED_COLOR ? CALO_GLR_BIT(HAS_CUTOFF) : 0;
    key.features |= group->unlit ? CALO_GLR_BIT(IS_UNLIT) : 0;
    key.features |= material->specular_glossiness ? CALO_GLR_BIT(IS_SPECULAR_GLOSSINESS) : 0;
    return key;
}

/* ---- groups ---- */

static void bind_texture(const calo_glr_functions *gl, GLuint unit, GLenum target, GLuint texture, GLuint sampler)
{
    gl->ActiveTexture(GL_TEXTURE0 + unit);
    gl->BindTexture(target, texture);
    gl->BindSampler(unit, sampler);
}

static void bind_material(const sheet_pass *pass, const calo_glr_group *group, const calo_glr_key *key)
{
    const calo_glr_scene *scene = pass->scene;
    const calo_glr_functions *gl = &scene->device->gl;
    const calo_glr_material *material = &scene->materials[group->material];
    gl->BindBufferRange(GL_UNIFORM_BUFFER, CALO_GLR_BLOCK_MATERIAL, scene->material_buffer,
                        (GLintptr)group->material * scene->material_stride, scene->material_stride);
    for (GLuint i = 0; i < CALO_SLOT_COUNT; i++) {
        if (key->texel_of[i] != i + 1)
            continue;
        const calo_glr_texture *texture = &scene->textures[material->textures[i]];
        bind_texture(gl, CALO_GLR_UNIT_MATERIAL + i, GL_TEXTURE_2D, texture->name, texture->sampler);
    }
}

/* A group's pairs; there may be none. */
typedef struct pair_run {
    uint32_t first, count;
} pair_run;

static calo_status draw_group(const sheet_pass *pass, const calo_glr_group *group, pair_run pairs, group_use use,
                              calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_model *model = &pass->scene->models[group->model];
    const calo_material *material = &pass->scene->materials[group->material].source;
    const calo_glr_program *program;
    calo_glr_key key = surface_key(pass, group, use);
    calo_status status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    bind_material(pass, group, &key);
    bind_texture(gl, CALO_GLR_UNIT_FACES, GL_TEXTURE_BUFFER, model->faces, 0);
    gl->Uniform1i(program->first_pair, (GLint)pairs.first);
    gl->Uniform1ui(program->material_id, group->material_id);
    (pass->options->cull == CALO_CULL_AUTO && !material->double_sided ? gl->Enable : gl->Disable)(GL_CULL_FACE);
    /* Rows go down: what is counter-clockwise with y up goes the other way round here. */
    gl->FrontFace(group->mirrored ? GL_CCW : GL_CW);
    gl->BindVertexArray(model->array);
    gl->DrawElementsInstanced(GL_TRIANGLES, (GLsizei)model->index_count, GL_UNSIGNED_INT, NULL, (GLsizei)pairs.count);
    return CALO_OK;
}

/* ---- a sheet ---- */

static calo_status reserve_pairs(calo_glr_worker *worker, size_t count, calo_error *err)
{
    if (worker->pair_capacity >= count)
        return CALO_OK;
    free(worker->pairs);
    worker->pair_capacity = 0;
    worker->pairs = malloc(count * sizeof *worker->pairs);
    if (!worker->pairs)
        return calo_fail_memory(err, "copies in views", count * sizeof *worker->pairs);
    worker->pair_capacity = count;
    return CALO_OK;
}

static void upload_views(sheet_pass *pass, const calo_batch *batch)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    calo_glr_view_block blocks[CALO_GLR_VIEWS_MAX] = {0};
    for (uint32_t i = 0; i < pass->sheet->view_count; i++)
        calo_glr_camera_init(pass->scene, pass->sheet, &batch->views[pass->sheet->first_view + i], i, &pass->cameras[i],
                             &blocks[i]);
    gl->BindBuffer(GL_UNIFORM_BUFFER, pass->worker->view_buffer);
    gl->BufferData(GL_UNIFORM_BUFFER, sizeof blocks, blocks, GL_STREAM_DRAW);
    gl->BindBufferBase(GL_UNIFORM_BUFFER, CALO_GLR_BLOCK_VIEWS, pass->worker->view_buffer);
    gl->BindBufferBase(GL_UNIFORM_BUFFER, CALO_GLR_BLOCK_LIGHT, pass->scene->light_buffer);
}

static calo_status draw_background(const sheet_pass *pass, calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_program *program;
    calo_glr_key key = {.stage = CALO_GLR_BACKGROUND};
    calo_status status = pass->scene->picture_texture ? CALO_OK : calo_glr_picture_upload(pass->scene, err);
    if (status == CALO_OK)
        status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    bind_texture(gl, CALO_GLR_UNIT_PICTURE, GL_TEXTURE_2D, pass->scene->picture_texture, 0);
    gl->Disable(GL_DEPTH_TEST);
    gl->Disable(GL_CULL_FACE);
    gl->BindVertexArray(device->empty_array);
    /* Colours come first among the attachments. */
    calo_glr_targets_outputs(device, &pass->worker->targets, 1u << CALO_GLR_OUT_COLOR);
    gl->DrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, (GLsizei)pass->sheet->view_count);
    calo_glr_targets_outputs(device, &pass->worker->targets, pass->worker->targets.outputs);
    return CALO_OK;
}

static calo_status begin(const sheet_pass *pass, calo_error *err)
{
    const calo_render_options *options = pass->options;
    const calo_glr_scene *scene = pass->scene;
    bool color = wants(options, CALO_CHANNEL_COLOR);
    bool environment = options->background == CALO_BACKGROUND_ENVIRONMENT;
    float behind[4] = {0};
    if (options->background != CALO_BACKGROUND_TRANSPARENT) {
        if (!environment)
            memcpy(behind, options->background_color, 3 * sizeof *behind);
        else if (scene->has_environment)
            memcpy(behind, scene->uniform_radiance, 3 * sizeof *behind);
        behind[3] = 1;
    }
    calo_glr_targets_begin(scene->device, &pass->worker->targets, behind);
    return color && environment && scene->picture ? draw_background(pass, err) : CALO_OK;
}

/* Lists and uploads which copies are in which views. `runs`: by group. */
static calo_status list_pairs(const sheet_pass *pass, pair_run *runs, calo_error *err)
{
    const calo_glr_scene *scene = pass->scene;
    calo_glr_worker *worker = pass->worker;
    const calo_glr_functions *gl = &scene->device->gl;
    uint32_t count = 0;
    calo_status status = reserve_pairs(worker, (size_t)scene->copy_count * pass->sheet->view_count, err);
    if (status != CALO_OK)
        return status;
    for (uint32_t g = 0; g < scene->group_count; g++) {
        runs[g].first = count;
        runs[g].count = calo_glr_pairs_list(scene, &scene->groups[g], pass->cameras, pass->sheet->view_count,
                                            worker->pairs + count);
        count += runs[g].count;
    }
    gl->BindBuffer(GL_TEXTURE_BUFFER, worker->pair_buffer);
    if (count)
        gl->BufferData(GL_TEXTURE_BUFFER, (GLsizeiptr)(count * sizeof *worker->pairs), worker->pairs, GL_STREAM_DRAW);
    return CALO_OK;
}

static void bind_scene(const sheet_pass *pass)
{
    const calo_glr_scene *scene = pass->scene;
    const calo_glr_functions *gl = &scene->device->gl;
    bind_texture(gl, CALO_GLR_UNIT_PAIRS, GL_TEXTURE_BUFFER, pass->worker->pair_texture, 0);
    bind_texture(gl, CALO_GLR_UNIT_COPIES, GL_TEXTURE_BUFFER, scene->copy_texture, 0);
    bind_texture(gl, CALO_GLR_UNIT_LAMPS, GL_TEXTURE_BUFFER, scene->lamp_texture, 0);
    bind_texture(gl, CALO_GLR_UNIT_LIGHT_MAPS, GL_TEXTURE_2D, scene->light_maps, 0);
    bind_texture(gl, CALO_GLR_UNIT_LOBE_ALBEDO, GL_TEXTURE_2D, scene->device->lobe_albedo, 0);
}

/* The groups whose materials blend, or all the others. */
static calo_status draw_groups(const sheet_pass *pass, const pair_run *runs, group_use use, calo_error *err)
{
    const calo_glr_scene *scene = pass->scene;
    calo_status status = CALO_OK;
    if (!outputs_of(pass, use))
        return CALO_OK;
    calo_glr_targets_outputs(scene->device, &pass->worker->targets, outputs_of(pass, use));
    for (uint32_t g = 0; status == CALO_OK && g < scene->group_count; g++) {
        const calo_glr_group *group = &scene->groups[g];
        bool blends = scene->materials[group->material].source.alpha_mode == CALO_ALPHA_BLEND;
        bool triangles = scene->models[group->model].topology == CALO_TRIANGLES;
        if (runs[g].count && triangles && blends == (use != ALL_OUTPUTS))
            status = draw_group(pass, group, runs[g], use, err);
    }
    return status;
}

/* Surfaces of all alpha modes. Blended colours hide nothing; blended surfaces' data do, but not the colours. */
static calo_status draw_surfaces(const sheet_pass *pass, calo_error *err)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    pair_run *runs = calloc(pass->scene->group_count + 1, sizeof *runs);
    if (!runs)
        return calo_fail_memory(err, "groups of copies", pass->scene->group_count * sizeof *runs);
    calo_status status = list_pairs(pass, runs, err);
    bind_scene(pass);
    gl->Enable(GL_DEPTH_TEST);
    if (status == CALO_OK)
        status = draw_groups(pass, runs, ALL_OUTPUTS, err);
    gl->Enable(GL_BLEND);
    gl->DepthMask(GL_FALSE);
    if (status == CALO_OK)
        status = draw_groups(pass, runs, BLENDED_COLOR, err);
    gl->Disable(GL_BLEND);
    gl->DepthMask(GL_TRUE);
    if (status == CALO_OK)
        status = draw_groups(pass, runs, BLENDED_DATA, err);
    free(runs);
    return status;
}

static void set_clipping(const sheet_pass *pass)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    for (GLenum i = 0; i < 4; i++)
        (pass->sheet->view_count > 1 ? gl->Enable : gl->Disable)(GL_CLIP_DISTANCE0 + i);
}

static calo_status develop(const sheet_pass *pass, calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_targets *targets = &pass->worker->targets;
    const calo_glr_program *program;
    calo_glr_key key = {.stage = CALO_GLR_DEVELOP};
    key.features = targets->pixels[CALO_GLR_OUT_COLOR].type == GL_UNSIGNED_BYTE ? CALO_GLR_BIT(WANTS_CODES) : 0;
    calo_status status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->developed_framebuffer);
    bind_texture(gl, CALO_GLR_UNIT_COLORS, GL_TEXTURE_2D, targets->textures[CALO_GLR_OUT_COLOR], 0);
    bind_texture(gl, CALO_GLR_UNIT_SRGB_CODES, GL_TEXTURE_BUFFER, device->srgb_codes, 0);
    for (GLenum i = 0; i < 4; i++)
        gl->Disable(GL_CLIP_DISTANCE0 + i);
    gl->Disable(GL_DEPTH_TEST);
    gl->Disable(GL_CULL_FACE);
    gl->BindVertexArray(device->empty_array);
    gl->DrawArraysInstanced(GL_TRIANGLES, 0, 3, 1);
    return CALO_OK;
}

calo_status calo_glr_sheet_draw(calo_glr_worker *worker, calo_glr_scene *scene, const calo_batch *batch,
                                const calo_glr_sheet *sheet, calo_error *err)
{
    sheet_pass pass = {.worker = worker, .scene = scene, .options = &batch->options, .sheet = sheet};
    upload_views(&pass, batch);
    calo_status status = begin(&pass, err);
    set_clipping(&pass);
    if (status == CALO_OK)
        status = draw_surfaces(&pass, err);
    if (status == CALO_OK && wants(&batch->options, CALO_CHANNEL_COLOR))
        status = develop(&pass, err);
    return status;
}
