/* LookAt: turns the thing at its path towards a point. */
#include "base/linear.h"
#include "randomize/orrb_components.h"
#include "randomize/orrb_scene.h"

typedef struct parameters {
    float target_offset[3];
} parameters;

static const calo_parameter table[] = {
    CALO_VECTOR(target_offset, CALO_PROPERTY_VECTOR3, 0, 0, 0),
};

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    return calo_orrb_check_place(randomizer, component, "turns", err);
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    (void)err;
    calo_link_node(linker, (uint32_t)component->node);
    return CALO_OK;
}

/* A camera looks along its -z; of anything else +z is the front. Scale is kept. */
static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_subject *subject = &draw->randomizer->subject;
    uint32_t node = (uint32_t)component->node;
    calo_mat4 parent = calo_subject_parent_to_world(subject, node), local = calo_draw_local(draw, node);
    calo_mat4 world = calo_mat4_multiply(&parent, &local);
    double target[3], position[3], sizes[3], axes[3][3], front = subject->scene->nodes[node].camera >= 0 ? -1 : 1;
    calo_orrb_to_world((double[3]){p->target_offset[0], p->target_offset[1], p->target_offset[2]}, target);
    for (int i = 0; i < 3; i++) {
        position[i] = world.m[i][3];
        axes[2][i] = front * (target[i] - position[i]);
        sizes[i] = calo_length3((double[3]){world.m[0][i], world.m[1][i], world.m[2][i]});
    }
    if (!(calo_normalize3(axes[2]) > 0))
        return;
    calo_cross3((double[3]){0, 0, 1}, axes[2], axes[0]);
    if (!(calo_normalize3(axes[0]) > 1e-9)) /* straight up or down */
        axes[0][0] = 1;
    calo_cross3(axes[2], axes[0], axes[1]);
    for (int column = 0; column < 3; column++)
        for (int i = 0; i < 3; i++)
            world.m[i][column] = axes[column][i] * sizes[column];
    local = calo_subject_local_from_world(subject, node, &world);
    calo_draw_place(draw, node, &local);
}

const calo_component_type calo_orrb_look_at = {
    .name = "LookAt",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .link = link,
    .draw = draw,
};
