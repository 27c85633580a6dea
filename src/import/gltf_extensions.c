#include "import/gltf.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "scene/build.h"

typedef struct extension_note {
    const char *name;
    const char *ignored; /* NULL: read; "": means nothing for pictures; else what is lost */
} extension_note;

static const extension_note known_extensions[] = {
    {"EXT_mesh_gpu_instancing", NULL},
    {"EXT_meshopt_compression", NULL},
    {"EXT_texture_webp", NULL},
#ifdef CALO_HAVE_DRACO
    {"KHR_draco_mesh_compression", NULL},
#else
    {"KHR_draco_mesh_compression", "compressed meshes (this calotype was built without Draco)"},
#endif
    {"KHR_lights_punctual", NULL},
    {"KHR_materials_emissive_strength", NULL},
    {"KHR_materials_ior", NULL},
    {"KHR_materials_pbrSpecularGlossiness", NULL},
    {"KHR_materials_specular", NULL},
    {"KHR_materials_unlit", NULL},
    {"KHR_mesh_quantization", NULL},
    {"KHR_texture_transform", NULL},
    {"EXT_lights_image_based", "the file's own environment"},
    {"EXT_lights_ies", "light profiles"},
    {"EXT_texture_avif", "AVIF textures (the fallback image is used)"},
    {"KHR_animation_pointer", "animations of anything but nodes"},
    {"KHR_materials_anisotropy", "anisotropic reflection"},
    {"KHR_materials_clearcoat", "the clear coat"},
    {"KHR_materials_diffuse_transmission", "light through thin surfaces"},
    {"KHR_materials_dispersion", "dispersion"},
    {"KHR_materials_iridescence", "thin-film colours"},
    {"KHR_materials_sheen", "the sheen of cloth"},
    {"KHR_materials_transmission", "transparency by transmission"},
    {"KHR_materials_variants", "other variants of the materials"},
    {"KHR_materials_volume", "what is inside of transparent bodies"},
    {"KHR_node_visibility", "hidden nodes"},
    {"KHR_texture_basisu", "KTX2 textures (the fallback image is used)"},
    {"MSFT_lod", "levels of detail below the first"},
    {"MSFT_texture_dds", "DDS textures (the fallback image is used)"},
    {"KHR_xmp", ""},
    {"KHR_xmp_json_ld", ""},
};

static const extension_note *find_note(const char *name)
{
    for (size_t i = 0; i < sizeof known_extensions / sizeof *known_extensions; i++)
        if (strcmp(known_extensions[i].name, name) == 0)
            return &known_extensions[i];
    return NULL;
}

static calo_status check_required(const calo_gltf_record *root, const char *name)
{
    const extension_note *note = find_note(name);
    if (!note)
        return calo_gltf_fail(root, CALO_ERROR_UNSUPPORTED,
                              "the file requires the extension %s, which calotype does not know: export it without",
                              name);
    if (note->ignored && note->ignored[0])
        return calo_gltf_fail(root, CALO_ERROR_UNSUPPORTED,
                              "the file requires the extension %s, and calotype cannot read %s: export it without",
                              name, note->ignored);
    return CALO_OK;
}

static void check_used(const calo_gltf_record *root, const char *name)
{
    const extension_note *note = find_note(name);
    if (!note)
        calo_scene_warn(root->gltf->scene, "unknown-extension", "the extension %s is not known and left out", name);
    else if (note->ignored && note->ignored[0])
        calo_scene_warn(root->gltf->scene, "unsupported-extension", "the extension %s is left out, and with it %s",
                        name, note->ignored);
}

calo_status calo_gltf_check_extensions(calo_gltf *gltf, const calo_gltf_record *root)
{
    size_t required_count, used_count;
    json_t *required = calo_gltf_list(root, "extensionsRequired", &required_count);
    json_t *used = calo_gltf_list(root, "extensionsUsed", &used_count);
    for (size_t i = 0; i < required_count && gltf->status == CALO_OK; i++) {
        const char *name = json_string_value(json_array_get(required, i));
        if (name)
            check_required(root, name);
    }
    for (size_t i = 0; i < used_count && gltf->status == CALO_OK; i++) {
        const char *name = json_string_value(json_array_get(used, i));
        if (name)
            check_used(root, name);
    }
    return gltf->status;
}
