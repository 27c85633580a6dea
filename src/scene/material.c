#include <calotype/scene.h>

calo_material calo_material_default(void)
{
    calo_material material = {
        .name = "",
        .base_color = {1, 1, 1, 1},
        .metallic = 1,
        .roughness = 1,
        .ior = 1.5f,
        .specular = 1,
        .specular_color = {1, 1, 1},
        .normal_scale = 1,
        .occlusion_strength = 1,
        .alpha_cutoff = 0.5f,
    };
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++)
        material.slots[slot] = (calo_texture_use){.texture = -1, .transform = {1, 0, 0, 0, 1, 0}};
    return material;
}

calo_material calo_material_plain(bool has_colors)
{
    calo_material material = calo_material_default();
    material.name = "plain";
    material.metallic = 0;
    material.roughness = 0.5f;
    for (int i = 0; i < 3 && !has_colors; i++)
        material.base_color[i] = 0.8f;
    return material;
}
