/* CameraCalibrator: moves, turns and zooms one camera from where the file has it. */
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "randomize/orrb_components.h"
#include "randomize/orrb_scene.h"

typedef struct parameters {
    char *camera_name;
    float local_position_delta[3], local_rotation_delta[4], fov_delta;
    char *mujoco_position, *mujoco_rotation, *mujoco_fov, *dactyl_camera_setup; /* ORRB writes these, for people */
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(camera_name, ""),
    CALO_VECTOR(local_position_delta, CALO_PROPERTY_VECTOR3, 0, 0, 0),
    CALO_VECTOR(local_rotation_delta, CALO_PROPERTY_QUATERNION, 0, 0, 0, 1),
    CALO_NUMBER(fov_delta, 0, 0, 0),
    CALO_STRING(mujoco_position, ""),
    CALO_STRING(mujoco_rotation, ""),
    CALO_STRING(mujoco_fov, ""),
    CALO_STRING(dactyl_camera_setup, ""),
};

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    calo_status status = calo_orrb_list_cameras(randomizer, component, err);
    if (status)
        return status;
    calo_index_list *cameras = component->bound;
    uint32_t kept = 0; /* the last of that name, as in ORRB */
    for (uint32_t i = 0; i < cameras->count; i++)
        if (strcmp(randomizer->scene->nodes[randomizer->subject.cameras[cameras->at[i]]].name, p->camera_name) == 0) {
            cameras->at[0] = cameras->at[i];
            kept = 1;
        }
    cameras->count = kept;
    if (!kept && p->camera_name[0])
        return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s: component \"%s\": the scene has no camera \"%.80s\"",
                         randomizer->name, component->name, p->camera_name);
    return calo_orrb_check_rotation(randomizer, component, p->local_rotation_delta, err);
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    (void)err;
    const calo_index_list *cameras = component->bound;
    if (cameras->count)
        calo_link_node(linker, calo_link_owner(linker)->subject.cameras[cameras->at[0]]);
    return CALO_OK;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_index_list *cameras = component->bound;
    const calo_subject *subject = &draw->randomizer->subject;
    if (!cameras->count)
        return;
    calo_look_camera *camera = &draw->look->cameras[cameras->at[0]];
    const calo_camera *lens = &subject->scene->cameras[subject->scene->nodes[camera->node].camera];
    double unity[4], turn[4], delta[3];
    calo_orrb_unit_rotation(p->local_rotation_delta, unity);
    calo_orrb_camera_turn(unity, true, turn);
    calo_mat4 turned = calo_mat4_from_trs((double[3]){0}, turn, (double[3]){1, 1, 1});
    calo_mat4 world = calo_mat4_multiply(&subject->rest->node_to_world[camera->node], &turned);
    calo_orrb_to_world((double[3]){p->local_position_delta[0], p->local_position_delta[1], p->local_position_delta[2]},
                       delta);
    for (int i = 0; i < 3; i++)
        world.m[i][3] += delta[i];
    calo_mat4 local = calo_subject_local_from_world(subject, camera->node, &world);
    calo_draw_place(draw, camera->node, &local);
    if (!lens->orthographic)
        camera->fov_y_radians = camera->color_fov_y_radians =
            calo_orrb_fov(lens->fov_y_radians + calo_radians(p->fov_delta));
}

const calo_component_type calo_orrb_camera_calibrator = {
    .name = "CameraCalibrator",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .link = link,
    .draw = draw,
    .release = calo_orrb_release,
};
