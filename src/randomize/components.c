/* The components there are. */
#include <string.h>

#include "randomize/component.h"
#include "randomize/orrb_components.h"

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
    NULL,
};

const calo_component_type *calo_component_find(calo_config_form form, const char *type)
{
    for (const calo_component_type *const *at = form == CALO_CONFIG_ORRB ? orrb_types : own_types; *at; at++)
        if (strcmp((*at)->name, type) == 0)
            return *at;
    return NULL;
}
