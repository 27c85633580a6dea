/* The components there are. */
#include <string.h>

#include "randomize/component.h"
#include "randomize/orrb_components.h"
#include "randomize/own_common.h"

static const calo_component_type *const orrb_types[] = {
    &calo_orrb_camera_calibrator,
    &calo_orrb_camera_properties,
    &calo_orrb_camera_randomizer,
    &calo_orrb_hide,
    &calo_orrb_joint_randomizer,
    &calo_orrb_light_randomizer,
    &calo_orrb_lighting_rig,
    &calo_orrb_look_at,
    &calo_orrb_material_fixed_hue_randomizer,
    &calo_orrb_material_randomizer,
    &calo_orrb_post_processing_randomizer,
    &calo_orrb_tracker,
    &calo_orrb_translate_rotate_scale,
    NULL,
};

static const calo_component_type *const own_types[] = {
    &calo_own_background,
    &calo_own_camera,
    &calo_own_distractors,
    &calo_own_environment,
    &calo_own_light,
    &calo_own_material,
    &calo_own_post_processing,
    &calo_own_texture,
    NULL,
};

const calo_component_type *const *calo_component_types(calo_config_form form)
{
    return form == CALO_CONFIG_ORRB ? orrb_types : own_types;
}

const calo_component_type *calo_component_find(calo_config_form form, const char *type)
{
    for (const calo_component_type *const *at = calo_component_types(form); *at; at++)
        if (strcmp((*at)->name, type) == 0)
            return *at;
    return NULL;
}
