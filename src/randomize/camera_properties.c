/* CameraProperties: near and far plane and field of view of the camera at its path. */
#include "base/error.h"
#include "base/exact_math.h"
#include "randomize/orrb_components.h"

typedef struct parameters {
    float near_clip, far_clip, field_of_view;
} parameters;

static const calo_parameter table[] = {
    CALO_NUMBER(near_clip, 1e-6, 1e9, 0.1),
    CALO_NUMBER(far_clip, 1e-6, 1e9, 20),
    CALO_NUMBER(field_of_view, 0.001, 179, 20),
};

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    if (component->node < 0 || randomizer->scene->nodes[component->node].camera < 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: component \"%s\": CameraProperties needs the path of a camera",
                         randomizer->name, component->name);
    if (!(p->near_clip < p->far_clip))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: component \"%s\": near_clip %g is not below far_clip %g",
                         randomizer->name, component->name, (double)p->near_clip, (double)p->far_clip);
    return CALO_OK;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    for (uint32_t i = 0; i < draw->look->camera_count; i++) {
        calo_look_camera *camera = &draw->look->cameras[i];
        if ((int32_t)camera->node != component->node)
            continue;
        camera->near_metres = p->near_clip;
        camera->far_metres = p->far_clip;
        camera->fov_y_radians = camera->color_fov_y_radians = calo_radians(p->field_of_view);
    }
}

const calo_component_type calo_orrb_camera_properties = {
    .name = "CameraProperties",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .draw = draw,
};
