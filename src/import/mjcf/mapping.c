/* Where on a shape MuJoCo's renderer reads a 2d texture. */
#include <math.h>
#include <string.h>

#include "import/mjcf/looks.h"
#include "scene/build.h"

/* From here on its built-in shapes have texture coordinates; before, 2d textures are projected onto them along z, and
 * those of meshes with texture coordinates are not repeated. */
enum { VERSION_WITH_TEXCOORDS = 3012000 };

static bool is_old(const calo_mjcf_builder *builder)
{
    return builder->arrays->version > 0 && builder->arrays->version < VERSION_WITH_TEXCOORDS;
}

static bool has_texcoords(const calo_mjcf_builder *builder, const calo_mjcf_wearer *wearer)
{
    bool solid = wearer->type >= CALO_MJCF_SPHERE && wearer->type <= CALO_MJCF_BOX;
    bool built_in = wearer->type == CALO_MJCF_PLANE || solid;
    return wearer->has_texcoords || (built_in && !is_old(builder));
}

static float usable(float value, float otherwise) { return isfinite(value) ? value : otherwise; }

/* texrepeat, divided and multiplied as the renderer does it. */
static void set_flat_scale(const calo_mjcf_builder *builder, int32_t material, const calo_mjcf_wearer *wearer,
                           calo_mjcf_mapping *mapping)
{
    const calo_mujoco_arrays *a = builder->arrays;
    bool uniform = material >= 0 && a->mat_texuniform[material];
    if (wearer->has_texcoords && is_old(builder)) /* texrepeat did nothing then */
        return;
    for (int k = 0; k < 2; k++) {
        float repeat = material < 0 ? 1 : a->mat_texrepeat[2 * (int64_t)material + k], size = (float)wearer->size[k];
        bool sized = size > 0;
        if (mapping->kind == CALO_MJCF_MAPPED && !(repeat > 0))
            repeat = 1;
        if (mapping->kind == CALO_MJCF_PROJECTED && wearer->from_data && sized)
            repeat /= size;
        if (uniform && sized)
            repeat *= size;
        mapping->scale[k] = usable(repeat, 1);
    }
}

calo_mjcf_mapping calo_mjcf_mapping_of(const calo_mjcf_builder *builder, int32_t material,
                                       const calo_mjcf_wearer *wearer)
{
    const calo_mjcf_texture *texture = calo_mjcf_texture_of(builder, material);
    calo_mjcf_mapping mapping = {.scale = {1, 1, 1}};
    if (texture->kind == CALO_MJCF_CUBED && !wearer->has_texcoords) {
        mapping.kind = CALO_MJCF_MAPPED_CUBE;
        memcpy(mapping.alike, texture->alike, sizeof mapping.alike);
        for (int k = 0; k < 3 && builder->arrays->mat_texuniform[material]; k++)
            mapping.scale[k] = usable((float)wearer->size[k], 1);
        return mapping;
    }
    mapping.kind = has_texcoords(builder, wearer) ? CALO_MJCF_MAPPED : CALO_MJCF_PROJECTED;
    set_flat_scale(builder, material, wearer, &mapping);
    bool endless = wearer->type == CALO_MJCF_PLANE && (!(wearer->size[0] > 0) || !(wearer->size[1] > 0));
    if (mapping.kind == CALO_MJCF_PROJECTED || endless)
        mapping.offset[0] = mapping.offset[1] = -0.5f;
    return mapping;
}

bool calo_mjcf_takes_texture(calo_mjcf_builder *builder, int32_t material, const calo_mjcf_wearer *wearer,
                             const char *kind, const char *name)
{
    calo_mjcf_texture_kind texture = calo_mjcf_texture_of(builder, material)->kind;
    bool unused = wearer->has_texcoords && (texture == CALO_MJCF_CUBED || texture == CALO_MJCF_TINTED);
    if (unused)
        calo_scene_warn(builder->scene, "unused-texture",
                        "the %s \"%s\" has texture coordinates and a cube texture, which MuJoCo does not draw "
                        "together: it is drawn without the texture",
                        kind, name);
    return texture != CALO_MJCF_UNTEXTURED && !unused;
}

void calo_mjcf_map(const calo_mjcf_mapping *mapping, calo_mjcf_shape *shape)
{
    for (uint32_t v = 0; v < shape->vertex_count; v++) {
        calo_mjcf_vertex *vertex = &shape->vertices[v];
        if (mapping->kind == CALO_MJCF_PROJECTED) {
            vertex->uv[0] = 0.5f * vertex->object[0];
            vertex->uv[1] = -0.5f * vertex->object[1];
        }
        for (int k = 0; k < 2; k++)
            vertex->uv[k] = usable(vertex->uv[k] * mapping->scale[k] + mapping->offset[k], 0);
    }
}
