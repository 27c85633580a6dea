/* Mip chains, samplers and materials to the device. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/gl/scene.h"
#include "render/mip_chain.h"

/* ---- textures ---- */

static GLint wrap_mode(calo_wrap wrap)
{
    return wrap == CALO_WRAP_REPEAT ? GL_REPEAT : wrap == CALO_WRAP_CLAMP ? GL_CLAMP_TO_EDGE : GL_MIRRORED_REPEAT;
}

/* Shaders mix the levels themselves. */
static GLuint make_sampler(const calo_glr_functions *gl, const calo_mip_chain *chain)
{
    GLuint sampler;
    gl->GenSamplers(1, &sampler);
    gl->SamplerParameteri(sampler, GL_TEXTURE_WRAP_S, wrap_mode(chain->wrap_u));
    gl->SamplerParameteri(sampler, GL_TEXTURE_WRAP_T, wrap_mode(chain->wrap_v));
    gl->SamplerParameteri(sampler, GL_TEXTURE_MAG_FILTER,
                          chain->magnify == CALO_FILTER_NEAREST ? GL_NEAREST : GL_LINEAR);
    gl->SamplerParameteri(sampler, GL_TEXTURE_MIN_FILTER,
                          chain->minify == CALO_FILTER_NEAREST ? GL_NEAREST_MIPMAP_NEAREST : GL_LINEAR_MIPMAP_NEAREST);
    return sampler;
}

static void upload_levels(const calo_glr_functions *gl, const calo_mip_chain *chain, calo_glr_texels texels)
{
    static const GLint formats[CALO_GLR_TEXELS_COUNT] = {
        [CALO_GLR_TEXELS_DATA] = GL_RGBA8,
        [CALO_GLR_TEXELS_COLOR] = GL_RGBA16_SNORM, /* as the chain has them: 32767 is 1 */
        [CALO_GLR_TEXELS_FINE] = GL_RGBA16,
    };
    size_t texel_bytes = chain->linear15 ? 8 : 4;
    for (int i = 0; i < chain->level_count; i++) {
        /* Rows end with one more texel. */
        gl->PixelStorei(GL_UNPACK_ROW_LENGTH, chain->width[i] + 1);
        gl->TexImage2D(GL_TEXTURE_2D, i, formats[texels], chain->width[i], chain->height[i], 0, GL_RGBA,
                       chain->linear15 ? GL_SHORT : GL_UNSIGNED_BYTE,
                       (const char *)chain->texels + (size_t)chain->offset[i] * texel_bytes);
    }
    gl->PixelStorei(GL_UNPACK_ROW_LENGTH, 0);
}

static calo_status upload_texture(const calo_glr_upload *upload, const calo_mip_chain *chain,
                                  calo_glr_shared_texture *thing, calo_error *err)
{
    const calo_glr_device *device = upload->scene->device;
    const calo_glr_functions *gl = &device->gl;
    calo_glr_texels texels = (calo_glr_texels)thing->shared.key.parameters[CALO_TEXTURE_USE];
    calo_glr_texture *texture = &thing->texture;
    GLint most = device->limits.texture_size;
    uint64_t bytes = 0;
    if (chain->width[0] > most || chain->height[0] > most)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has a texture of %d x %d texels: %s takes sides of up to %d; "
                         "make it smaller or use --backend cpu", upload->source->path, chain->width[0],
                         chain->height[0], device->info->renderer, most);
    for (int level = 0; level < chain->level_count; level++)
        bytes += (uint64_t)chain->width[level] * (uint64_t)chain->height[level] * (texels == CALO_GLR_TEXELS_DATA ? 4 : 8);
    calo_status status = calo_arena_reserve(&thing->shared.arena, bytes, "textures on the device", err);
    if (status != CALO_OK)
        return status;
    *texture = (calo_glr_texture){.width = (uint32_t)chain->width[0], .height = (uint32_t)chain->height[0],
                                  .last_level = (uint32_t)chain->level_count - 1};
    gl->GenTextures(1, &texture->name);
    gl->BindTexture(GL_TEXTURE_2D, texture->name);
    gl->TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, chain->level_count - 1);
    upload_levels(gl, chain, texels);
    texture->sampler = make_sampler(gl, chain);
    return calo_sharing_count(upload->sharing, &thing->shared, err);
}

calo_status calo_glr_textures_upload(const calo_glr_upload *upload, calo_error *err)
{
    calo_glr_scene *scene = upload->scene;
    calo_status status = CALO_OK;
    scene->device->gl.ActiveTexture(GL_TEXTURE0);
    for (uint32_t i = 0; status == CALO_OK && i < scene->texture_count; i++) {
        if (upload->chains[i].level_count > 0)
            status = upload_texture(upload, &upload->chains[i], upload->textures[i], err);
        scene->textures[i] = upload->textures[i]->texture;
    }
    return status;
}

/* ---- materials ---- */

/* material.glsl's block, as std140 lays it out. */
typedef struct material_block {
    float base_color[4], emissive[4], specular_color[4];
    float metallic, roughness, reflectance, normal_scale;
    float occlusion_strength, padding[3];
    float phong_color[4], phong[4];
    struct {
        float u[4], v[4], size[4];
    } slots[CALO_SLOT_COUNT];
} material_block;

static void fill_phong(const calo_phong_surface *phong, material_block *block)
{
    memcpy(block->phong_color, phong->rgb, sizeof phong->rgb);
    block->phong_color[3] = phong->emission;
    block->phong[0] = phong->specular;
    block->phong[1] = phong->exponent;
}

static void fill_material(const calo_glr_scene *scene, const calo_glr_material *material, material_block *block)
{
    const calo_material *source = &material->source;
    float ratio = (source->ior - 1) / (source->ior + 1);
    *block = (material_block){
        .emissive = {source->emissive[0], source->emissive[1], source->emissive[2], source->alpha_cutoff},
        .specular_color = {source->specular_color[0], source->specular_color[1], source->specular_color[2],
                           source->specular},
        .metallic = source->metallic,
        .roughness = source->roughness,
        .reflectance = ratio * ratio,
        .normal_scale = source->normal_scale,
        .occlusion_strength = source->occlusion_strength,
    };
    memcpy(block->base_color, source->base_color, sizeof block->base_color);
    /* Data channels show a BLEND surface where it is at least this opaque, as Blender's passes do. */
    if (source->alpha_mode == CALO_ALPHA_BLEND)
        block->emissive[3] = CALO_DATA_ALPHA;
    for (int i = 0; i < CALO_SLOT_COUNT; i++) {
        const calo_texture_use *use = &source->slots[i];
        if (material->textures[i] < 0)
            continue;
        const calo_glr_texture *texture = &scene->textures[material->textures[i]];
        memcpy(block->slots[i].u, use->transform, 3 * sizeof(float));
        memcpy(block->slots[i].v, use->transform + 3, 3 * sizeof(float));
        block->slots[i].u[3] = (float)use->uv_set;
        block->slots[i].size[0] = (float)texture->width;
        block->slots[i].size[1] = (float)texture->height;
        block->slots[i].size[2] = (float)texture->last_level;
    }
}

calo_status calo_glr_materials_upload(const calo_glr_upload *upload, calo_error *err)
{
    calo_glr_scene *scene = upload->scene;
    const calo_glr_functions *gl = &scene->device->gl;
    size_t alignment = (size_t)scene->device->limits.uniform_alignment;
    size_t stride = (sizeof(material_block) + alignment - 1) / alignment * alignment;
    calo_status status = calo_arena_reserve(&scene->arena, scene->material_count * stride,
                                            "materials on the device", err);
    if (status != CALO_OK)
        return status;
    char *blocks = calloc(scene->material_count, stride);
    if (!blocks)
        return calo_fail_memory(err, "materials", scene->material_count * stride);
    for (uint32_t i = 0; i < scene->material_count; i++) {
        material_block block;
        fill_material(scene, &scene->materials[i], &block);
        if (upload->list->phongs)
            fill_phong(&upload->list->phongs[i], &block);
        memcpy(blocks + i * stride, &block, sizeof block);
    }
    scene->material_stride = (GLint)stride;
    gl->GenBuffers(1, &scene->material_buffer);
    gl->BindBuffer(GL_UNIFORM_BUFFER, scene->material_buffer);
    gl->BufferData(GL_UNIFORM_BUFFER, (GLsizeiptr)(scene->material_count * stride), blocks, GL_STATIC_DRAW);
    free(blocks);
    return CALO_OK;
}
