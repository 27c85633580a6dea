/* A sheet's draw calls: the background, the groups of copies, and the development of colours. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/gl/pass.h"

static bool wants(const calo_render_options *options, calo_channel channel)
{
    return options->channels & CALO_CHANNEL_BIT(channel);
}

/* ---- programs ---- */

/* The slots that what is wanted depends on. */
static uint32_t used_slots(const calo_glr_pass *pass, const calo_glr_group *group, uint32_t outputs)
{
    const calo_render_options *options = pass->options;
    const calo_material *material = &pass->scene->materials[group->material].source;
    bool color = outputs & 1u << CALO_GLR_OUT_COLOR, lit = color && !group->unlit;
    bool place = outputs & 1u << CALO_GLR_OUT_PLACE, gloss = material->specular_glossiness;
    bool normal = (lit || (place && wants(options, CALO_CHANNEL_NORMAL))) && !group->unlit;
    bool surface = lit || outputs & 1u << CALO_GLR_OUT_MATERIAL;
    bool base = color || outputs & 1u << CALO_GLR_OUT_ALBEDO || group->alpha_mode != CALO_ALPHA_OPAQUE;
    bool specular = lit && !gloss && pass->scene->shading == CALO_SHADING_GLTF;
    return (uint32_t)base << CALO_SLOT_BASE_COLOR | (uint32_t)(surface && !gloss) << CALO_SLOT_METALLIC_ROUGHNESS |
           (uint32_t)(surface && gloss) << CALO_SLOT_SPECULAR_GLOSSINESS | (uint32_t)normal << CALO_SLOT_NORMAL |
           (uint32_t)(lit && options->occlusion_maps != CALO_OFF) << CALO_SLOT_OCCLUSION |
           (uint32_t)lit << CALO_SLOT_EMISSIVE | (uint32_t)specular << CALO_SLOT_SPECULAR |
           (uint32_t)specular << CALO_SLOT_SPECULAR_COLOR;
}

static bool same_place(const calo_texture_use *a, const calo_texture_use *b)
{
    return a->uv_set == b->uv_set && memcmp(a->transform, b->transform, sizeof a->transform) == 0;
}

/* Which slots are looked up, and which of them share a texel or a footprint. Returns the UV sets that are read, as
 * features. */
static uint32_t find_slots(const calo_glr_pass *pass, const calo_glr_group *group, uint32_t used, calo_glr_key *key)
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
    features |= model->topology == CALO_POINTS ? CALO_GLR_BIT(IS_POINTS) : 0;
    features |= model->wide ? CALO_GLR_BIT(IS_WIDE) : 0;
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

static uint32_t shading_features(const calo_glr_scene *scene)
{
    switch (scene->shading) {
    case CALO_SHADING_PYRENDER: return CALO_GLR_BIT(IS_PYRENDER);
    case CALO_SHADING_MUJOCO: return CALO_GLR_BIT(IS_MUJOCO);
    case CALO_SHADING_GLTF: break;
    }
    return 0;
}

static uint32_t option_features(const calo_glr_pass *pass)
{
    const calo_render_options *options = pass->options;
    const calo_glr_scene *scene = pass->scene;
    uint32_t features = options->energy_compensation == CALO_ON ? CALO_GLR_BIT(IS_COMPENSATED) : 0;
    features |= options->occlusion_maps != CALO_OFF ? CALO_GLR_BIT(USES_OCCLUSION) : 0;
    features |= scene->has_environment ? CALO_GLR_BIT(HAS_ENVIRONMENT) : 0;
    features |= scene->picture ? CALO_GLR_BIT(HAS_ENVIRONMENT_PICTURE) : 0;
    features |= shading_features(scene);
    features |= pass->has_far ? CALO_GLR_BIT(HAS_FAR) : 0;
    features |= pass->multisampled ? CALO_GLR_BIT(IS_MULTISAMPLED) : 0;
    features |= wants(options, CALO_CHANNEL_NORMAL) ? CALO_GLR_BIT(WANTS_NORMAL) : 0;
    features |= options->world_space_normals ? CALO_GLR_BIT(WORLD_SPACE_NORMALS) : 0;
    return features | (options->ray_depth ? CALO_GLR_BIT(RAY_DEPTH) : 0);
}

static calo_glr_key surface_key(const calo_glr_pass *pass, const calo_glr_group *group, uint32_t outputs)
{
    const calo_glr_model *model = &pass->scene->models[group->model];
    const calo_material *material = &pass->scene->materials[group->material].source;
    calo_glr_key key = {.stage = CALO_GLR_SURFACE, .outputs = outputs};
    bool layer = outputs & 1u << CALO_GLR_OUT_KEY;
    uint32_t uvs = find_slots(pass, group, used_slots(pass, group, outputs), &key);
    if (outputs & 1u << CALO_GLR_OUT_MATERIAL)
        uvs |= CALO_GLR_BIT(USES_UV_0);
    key.features = option_features(pass) | model_features(model, uvs) | normal_map_features(model, material, &key);
    key.features |= group->alpha_mode == CALO_ALPHA_OPAQUE ? CALO_GLR_BIT(IS_OPAQUE) : 0;
    key.features |= group->alpha_mode != CALO_ALPHA_OPAQUE && !layer ? CALO_GLR_BIT(HAS_CUTOFF) : 0;
    bool shadowed = pass->scene->shadow_maps && !group->unlit && outputs & 1u << CALO_GLR_OUT_COLOR;
    key.features |= shadowed ? CALO_GLR_BIT(HAS_SHADOWS) : 0;
    /* Flat boxes do not tell how the triangle lies. */
    bool shown = outputs & 1u << CALO_GLR_OUT_GEOMETRIC_NORMAL;
    if (model->faces && (shown || shadowed || !model->has_normals || model->wide))
        key.features |= CALO_GLR_BIT(USES_FACES);
    else if (model->has_odd_faces)
        key.features |= CALO_GLR_BIT(HAS_ODD_FACES);
    key.features |= group->unlit ? CALO_GLR_BIT(IS_UNLIT) : 0;
    key.features |= group->flat ? CALO_GLR_BIT(IS_FLAT) : 0;
    key.features |= material->specular_glossiness ? CALO_GLR_BIT(IS_SPECULAR_GLOSSINESS) : 0;
    return key;
}

/* ---- groups ---- */

void calo_glr_bind_texture(const calo_glr_functions *gl, GLuint unit, GLenum target, GLuint texture, GLuint sampler)
{
    gl->ActiveTexture(GL_TEXTURE0 + unit);
    gl->BindTexture(target, texture);
    gl->BindSampler(unit, sampler);
}

static void bind_material(const calo_glr_pass *pass, const calo_glr_group *group, const calo_glr_key *key)
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
        calo_glr_bind_texture(gl, CALO_GLR_UNIT_MATERIAL + i, GL_TEXTURE_2D, texture->name, texture->sampler);
    }
}

/* Half of what a group's boxes are wide; surfaces have none. */
static float half_pixels(const calo_glr_pass *pass, const calo_glr_group *group)
{
    const calo_glr_model *model = &pass->scene->models[group->model];
    const calo_render_options *options = pass->options;
    if (!model->wide)
        return 0;
    return 0.5f * (model->topology == CALO_POINTS ? options->point_size_pixels : options->line_width_pixels);
}

/* Which sides are drawn. Rows go down: what is counter-clockwise with y up goes the other way round here. Boxes face
 * the viewer whatever they stand for: the shader that makes them drops those of back faces. */
static void choose_sides(const calo_glr_pass *pass, const calo_glr_group *group, const calo_glr_program *program)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    bool only_front = pass->options->cull == CALO_CULL_AUTO &&
                      !pass->scene->materials[group->material].source.double_sided;
    bool wide = pass->scene->models[group->model].wide;
    (only_front && !wide ? gl->Enable : gl->Disable)(GL_CULL_FACE);
    gl->FrontFace(group->mirrored ? GL_CCW : GL_CW);
    if (!wide)
        return;
    gl->Uniform1f(program->half_pixels, half_pixels(pass, group));
    gl->Uniform1f(program->front_side, group->mirrored ? 1 : -1);
    gl->Uniform1i(program->only_front, only_front);
}

static GLenum elements_of(const calo_glr_model *model)
{
    return model->topology == CALO_TRIANGLES ? GL_TRIANGLES : model->topology == CALO_LINES ? GL_LINES : GL_POINTS;
}

static uint32_t count_elements(const calo_glr_model *model)
{
    return model->index_count / (model->topology == CALO_TRIANGLES ? 3 : model->topology == CALO_LINES ? 2 : 1);
}

static void use_view(const calo_glr_pass *pass, uint32_t index)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    const calo_glr_camera *camera = &pass->cameras[index];
    gl->BindBufferRange(GL_UNIFORM_BUFFER, CALO_GLR_BLOCK_VIEW, pass->worker->view_buffer,
                        (GLintptr)(index * pass->block_stride), sizeof(calo_glr_view_block));
    gl->Viewport((GLint)camera->left, (GLint)camera->top, (GLsizei)camera->view->width, (GLsizei)camera->view->height);
}

/* The attributes of instances, from copy `first` on; the copies' buffer is bound. */
static void point_to_copies(const calo_glr_functions *gl, uint32_t first)
{
    enum { FIRST_LOCATION = 6, ROWS = sizeof(calo_glr_seen_copy) / 16 };
    for (GLuint i = 0; i < ROWS; i++)
        gl->VertexAttribPointer(FIRST_LOCATION + i, 4, GL_FLOAT, GL_FALSE, sizeof(calo_glr_seen_copy),
                                (const void *)(first * sizeof(calo_glr_seen_copy) + 16 * i));
}

/* `runs`: by view. */
static calo_status draw_group(const calo_glr_pass *pass, const calo_glr_group *group, const calo_glr_run *runs,
                              uint32_t outputs, calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_model *model = &pass->scene->models[group->model];
    const calo_glr_program *program;
    uint32_t elements = count_elements(model);
    calo_glr_key key = surface_key(pass, group, outputs);
    calo_status status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    bind_material(pass, group, &key);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_FACES, GL_TEXTURE_BUFFER, model->faces, 0);
    gl->Uniform1ui(program->material_id, group->material_id);
    gl->Uniform1ui(program->element_count, elements);
    choose_sides(pass, group, program);
    gl->BindVertexArray(model->array);
    for (uint32_t v = 0; v < pass->sheet->view_count; v++) {
        if (!runs[v].count)
            continue;
        use_view(pass, v);
        gl->Uniform1i(program->first_copy, (GLint)runs[v].first);
        gl->Uniform1ui(program->first_order, group->first_order - runs[v].first * elements);
        point_to_copies(gl, runs[v].first);
        gl->DrawElementsInstanced(elements_of(model), (GLsizei)model->index_count, GL_UNSIGNED_INT, NULL,
                                  (GLsizei)runs[v].count);
    }
    return CALO_OK;
}

/* ---- a sheet ---- */

static calo_status reserve_copies(calo_glr_worker *worker, size_t count, calo_error *err)
{
    if (worker->copy_capacity >= count)
        return CALO_OK;
    free(worker->copies);
    worker->copy_capacity = 0;
    worker->copies = malloc(count * sizeof *worker->copies);
    if (!worker->copies)
        return calo_fail_memory(err, "copies in views", count * sizeof *worker->copies);
    worker->copy_capacity = count;
    return CALO_OK;
}

calo_status calo_glr_pass_shift(calo_glr_pass *pass, const float pixels[2], calo_error *err)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    size_t alignment = (size_t)pass->scene->device->limits.uniform_alignment, count = pass->sheet->view_count;
    pass->block_stride = (sizeof *pass->blocks + alignment - 1) / alignment * alignment;
    char *blocks = calloc(count, pass->block_stride);
    if (!blocks)
        return calo_fail_memory(err, "views", count * pass->block_stride);
    for (uint32_t i = 0; i < count; i++) {
        pass->blocks[i].shift[0] = 2 * pixels[0] / (float)pass->sheet->tile_width;
        pass->blocks[i].shift[1] = 2 * pixels[1] / (float)pass->sheet->tile_height;
        memcpy(blocks + i * pass->block_stride, &pass->blocks[i], sizeof *pass->blocks);
    }
    gl->BindBuffer(GL_UNIFORM_BUFFER, pass->worker->view_buffer);
    gl->BufferData(GL_UNIFORM_BUFFER, (GLsizeiptr)(count * pass->block_stride), blocks, GL_STREAM_DRAW);
    free(blocks);
    return CALO_OK;
}

void calo_glr_pass_behind(const calo_glr_pass *pass, float color[4])
{
    const calo_render_options *options = pass->options;
    memset(color, 0, 4 * sizeof *color);
    if (options->background == CALO_BACKGROUND_TRANSPARENT)
        return;
    if (options->background != CALO_BACKGROUND_ENVIRONMENT)
        memcpy(color, options->background_color, 3 * sizeof *color);
    else
        memcpy(color, pass->scene->background, 3 * sizeof *color);
    color[3] = 1 - options->background_transparency;
}

calo_status calo_glr_pass_background(const calo_glr_pass *pass, calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_program *program;
    calo_glr_key key = {.stage = CALO_GLR_BACKGROUND, .features = shading_features(pass->scene)};
    if (pass->options->background != CALO_BACKGROUND_ENVIRONMENT || !pass->scene->picture)
        return CALO_OK;
    calo_status status = pass->scene->maps->picture ? CALO_OK : calo_glr_picture_upload(pass->scene, err);
    if (status == CALO_OK)
        status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_PICTURE, GL_TEXTURE_2D, pass->scene->maps->picture, 0);
    gl->Disable(GL_DEPTH_TEST);
    gl->Disable(GL_CULL_FACE);
    gl->BindVertexArray(device->empty_array);
    for (uint32_t v = 0; v < pass->sheet->view_count; v++) {
        use_view(pass, v);
        gl->DrawArrays(GL_TRIANGLES, 0, 3);
    }
    return CALO_OK;
}

/* Lists and uploads which copies are in which views. */
static calo_status list_copies(const calo_glr_pass *pass, calo_error *err)
{
    const calo_glr_scene *scene = pass->scene;
    calo_glr_worker *worker = pass->worker;
    calo_glr_run *runs = pass->runs;
    const calo_glr_functions *gl = &scene->device->gl;
    uint32_t count = 0;
    calo_status status = reserve_copies(worker, (size_t)scene->copy_count * pass->sheet->view_count, err);
    if (status != CALO_OK)
        return status;
    for (uint32_t g = 0; g < scene->group_count; g++)
        for (uint32_t v = 0; v < pass->sheet->view_count; v++, runs++) {
            runs->first = count;
            runs->count = calo_glr_copies_see(scene, &scene->groups[g], &pass->cameras[v],
                                              half_pixels(pass, &scene->groups[g]), worker->copies + count);
            count += runs->count;
        }
    gl->BindBuffer(GL_ARRAY_BUFFER, worker->copy_buffer);
    if (count)
        gl->BufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(count * sizeof *worker->copies), worker->copies, GL_STREAM_DRAW);
    return CALO_OK;
}

static void bind_scene(const calo_glr_pass *pass)
{
    const calo_glr_scene *scene = pass->scene;
    const calo_glr_functions *gl = &scene->device->gl;
    gl->BindBufferBase(GL_UNIFORM_BUFFER, CALO_GLR_BLOCK_LIGHT, scene->light_buffer);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_COPIES, GL_TEXTURE_BUFFER, pass->worker->copy_texture, 0);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_LAMPS, GL_TEXTURE_BUFFER, scene->lamp_texture, 0);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_LIGHT_MAPS, GL_TEXTURE_2D,
                          scene->maps ? scene->maps->texture : 0, 0);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_LOBE_ALBEDO, GL_TEXTURE_2D, scene->device->lobe_albedo, 0);
    if (wants(pass->options, CALO_CHANNEL_COLOR))
        calo_glr_bind_texture(gl, CALO_GLR_UNIT_SHADOW_MAPS, GL_TEXTURE_2D_ARRAY, scene->shadow_maps, 0);
}

calo_status calo_glr_pass_groups(const calo_glr_pass *pass, calo_glr_surfaces surfaces, uint32_t outputs,
                                 calo_error *err)
{
    const calo_glr_scene *scene = pass->scene;
    calo_status status = CALO_OK;
    scene->device->gl.Enable(GL_DEPTH_TEST);
    if (pass->has_far)
        scene->device->gl.Enable(GL_CLIP_DISTANCE0);
    for (uint32_t g = 0; status == CALO_OK && g < scene->group_count; g++) {
        const calo_glr_group *group = &scene->groups[g];
        bool blended = group->alpha_mode == CALO_ALPHA_BLEND;
        status = calo_watch_status(pass->watch, err);
        if (status == CALO_OK && blended == (surfaces == CALO_GLR_BLENDED) && (group->casts || !pass->casters))
            status = draw_group(pass, group, pass->runs + (size_t)g * pass->sheet->view_count, outputs, err);
    }
    scene->device->gl.Disable(GL_CLIP_DISTANCE0);
    return status;
}

void calo_glr_pass_fill(const calo_glr_pass *pass)
{
    const calo_glr_functions *gl = &pass->scene->device->gl;
    gl->Viewport(0, 0, (GLsizei)pass->worker->targets.width, (GLsizei)pass->worker->targets.height);
    gl->Disable(GL_DEPTH_TEST);
    gl->Disable(GL_CULL_FACE);
    gl->BindVertexArray(pass->scene->device->empty_array);
    gl->DrawArrays(GL_TRIANGLES, 0, 3);
}

/* ---- a sheet ---- */

static calo_status begin(calo_glr_pass *pass, const calo_batch *batch, calo_error *err)
{
    const calo_glr_scene *scene = pass->scene;
    for (uint32_t i = 0; i < pass->sheet->view_count; i++) {
        const calo_view *view = &batch->views[pass->sheet->first_view + i];
        calo_glr_camera_init(scene, pass->sheet, view, i, &pass->cameras[i], &pass->blocks[i]);
        pass->has_far |= view->far_metres > 0;
    }
    size_t run_count = (size_t)scene->group_count * pass->sheet->view_count;
    pass->runs = calloc(run_count + 1, sizeof *pass->runs);
    if (!pass->runs)
        return calo_fail_memory(err, "groups of copies", run_count * sizeof *pass->runs);
    calo_status status = calo_glr_pass_shift(pass, (float[2]){0}, err);
    if (status == CALO_OK)
        status = list_copies(pass, err);
    bind_scene(pass);
    return status;
}

/* All outputs at once; colours only where one sample a pixel will do and nothing blends. */
static calo_status draw_outputs(const calo_glr_pass *pass, bool with_color, calo_error *err)
{
    const calo_glr_targets *targets = &pass->worker->targets;
    const calo_glr_device *device = pass->scene->device;
    const uint32_t color = 1u << CALO_GLR_OUT_COLOR;
    uint32_t data = targets->outputs & ~color, outputs = with_color ? targets->outputs : data;
    calo_status status = CALO_OK;
    float behind[4];
    if (!outputs)
        return CALO_OK;
    calo_glr_pass_behind(pass, behind);
    calo_glr_targets_begin(device, targets, behind);
    if (outputs & color) {
        calo_glr_targets_outputs(device, targets, color);
        status = calo_glr_pass_background(pass, err);
    }
    calo_glr_targets_outputs(device, targets, outputs);
    if (status == CALO_OK)
        status = calo_glr_pass_groups(pass, CALO_GLR_SOLID, outputs, err);
    calo_glr_targets_outputs(device, targets, data);
    if (status == CALO_OK && data)
        status = calo_glr_pass_groups(pass, CALO_GLR_BLENDED, data, err);
    return status;
}

static calo_status develop(const calo_glr_pass *pass, calo_error *err)
{
    calo_glr_device *device = pass->scene->device;
    const calo_glr_functions *gl = &device->gl;
    const calo_glr_targets *targets = &pass->worker->targets;
    const calo_glr_program *program;
    calo_glr_key key = {.stage = CALO_GLR_DEVELOP};
    key.features = targets->pixels[CALO_GLR_OUT_COLOR].type == GL_UNSIGNED_BYTE ? CALO_GLR_BIT(WANTS_CODES) : 0;
    key.features |= shading_features(pass->scene);
    key.features |= pass->options->background_transparency > 0 ? CALO_GLR_BIT(KEEPS_COLORS) : 0;
    calo_status status = calo_glr_program_use(device, &key, &program, err);
    if (status != CALO_OK)
        return status;
    gl->BindFramebuffer(GL_FRAMEBUFFER, targets->developed_framebuffer);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_COLORS, GL_TEXTURE_2D, targets->textures[CALO_GLR_OUT_COLOR], 0);
    calo_glr_bind_texture(gl, CALO_GLR_UNIT_SRGB_CODES, GL_TEXTURE_BUFFER, device->srgb_codes, 0);
    calo_glr_pass_fill(pass);
    return CALO_OK;
}

calo_status calo_glr_sheet_draw(calo_glr_worker *worker, const calo_batch *batch, const calo_glr_sheet *sheet,
                                calo_error *err)
{
    calo_glr_pass pass = {.worker = worker, .scene = sheet->scene, .options = &batch->options, .sheet = sheet,
                          .watch = batch->watch};
    bool color = wants(&batch->options, CALO_CHANNEL_COLOR), apart = color && calo_glr_color_is_apart(&pass);
    calo_status status = begin(&pass, batch, err);
    if (status == CALO_OK)
        status = draw_outputs(&pass, color && !apart, err);
    if (status == CALO_OK && apart)
        status = calo_glr_color_draw(&pass, err);
    if (status == CALO_OK && color)
        status = develop(&pass, err);
    free(pass.runs);
    return status;
}

calo_status calo_glr_casters_draw(calo_glr_worker *worker, const calo_batch *batch, const calo_glr_sheet *sheet,
                                  calo_error *err)
{
    const uint32_t depth = 1u << CALO_GLR_OUT_PLACE;
    calo_glr_pass pass = {.worker = worker, .scene = sheet->scene, .options = &batch->options, .sheet = sheet,
                          .casters = true};
    calo_status status = begin(&pass, batch, err);
    if (status == CALO_OK)
        status = calo_glr_pass_groups(&pass, CALO_GLR_SOLID, depth, err);
    if (status == CALO_OK)
        status = calo_glr_pass_groups(&pass, CALO_GLR_BLENDED, depth, err);
    free(pass.runs);
    return status;
}
