/* ORRB's components, a file each. */
#ifndef CALO_RANDOMIZE_ORRB_COMPONENTS_H
#define CALO_RANDOMIZE_ORRB_COMPONENTS_H

#include "randomize/component.h"

extern const calo_component_type calo_orrb_camera_calibrator, calo_orrb_camera_properties, calo_orrb_camera_randomizer,
    calo_orrb_hide, calo_orrb_joint_randomizer, calo_orrb_light_randomizer, calo_orrb_lighting_rig, calo_orrb_look_at,
    calo_orrb_material_fixed_hue_randomizer, calo_orrb_material_randomizer, calo_orrb_post_processing_randomizer,
    calo_orrb_tracker, calo_orrb_translate_rotate_scale;

/* Where a LightingRig's lights stand among the look's, and when it was built. */
typedef struct calo_lighting_rig_lights {
    uint32_t first, count, built;
} calo_lighting_rig_lights;

/* Lists of a component's own that are made once: `count` of them. malloc'ed in one piece. */
typedef struct calo_index_list {
    uint32_t count;
    uint32_t at[];
} calo_index_list;

/* The look's cameras (indices) below the component's node, in ORRB's order. */
calo_status calo_orrb_list_cameras(const calo_randomizer *randomizer, calo_component *component, calo_error *err);

/* `bound` is freed as a whole. */
void calo_orrb_release(calo_component *component);

/* Parts below the component's node whose materials are wanted and that are shown: `at` has two entries a part, its
 * index and how many times its numbers are drawn. `times` says how often a material of that name is wanted. */
typedef uint32_t (*calo_orrb_times)(const calo_component *component, const char *material_name);
calo_status calo_orrb_list_parts(const calo_randomizer *randomizer, calo_component *component, calo_orrb_times times,
                                 calo_index_list **list, calo_error *err);

/* Adds a stream for each listed part, "component/NODE/what". */
calo_status calo_orrb_link_parts(calo_linker *linker, calo_component *component, const calo_index_list *list,
                                 calo_stream_kind kind, uint32_t count, const char *what, calo_error *err);

/* What a part's materials in the look become. */
typedef struct calo_orrb_coat {
    const float *rgb;                /* as displayed */
    float metallic, glossiness;
    const float *emission;           /* linear, or NULL: left alone */
    const calo_texture_use *texture; /* or NULL: left alone */
} calo_orrb_coat;
void calo_orrb_paint_part(calo_draw *draw, uint32_t part, const calo_orrb_coat *coat);

/* Unity's camera looks along +z with y up and x right, left-handed, and ORRB's robot is mirrored in the world. A turn
 * (xyzw) on top of a camera's rotation in its parent, or in Unity's world, as a turn of calotype's camera. */
static inline void calo_orrb_camera_turn(const double unity[4], bool in_world, double turn[4])
{
    turn[0] = -unity[0];
    turn[1] = in_world ? -unity[1] : unity[1];
    turn[2] = in_world ? unity[2] : -unity[2];
    turn[3] = unity[3];
}

/* Quaternions of users need not have unit length, but some. */
calo_status calo_orrb_check_rotation(const calo_randomizer *randomizer, const calo_component *component,
                                     const float rotation[4], calo_error *err);
void calo_orrb_unit_rotation(const float rotation[4], double unit[4]);

/* That the component has a path, and that no joint moves what is there: `verb` is "turns". */
calo_status calo_orrb_check_place(const calo_randomizer *randomizer, const calo_component *component, const char *verb,
                                  calo_error *err);

/* A camera's field of view as Unity takes it: within 0.001 and 179 degrees. */
double calo_orrb_fov(double radians);

#endif
