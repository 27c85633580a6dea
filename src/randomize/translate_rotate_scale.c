/* TranslateRotateScale: moves, turns and stretches the thing at its path from where the file has it. */
#include "base/linear.h"
#include "randomize/orrb_components.h"

typedef struct parameters {
    float translate[3], rotate[4], scale[3];
} parameters;

static const calo_parameter table[] = {
    CALO_VECTOR(translate, CALO_PROPERTY_VECTOR3, 0, 0, 0),
    CALO_VECTOR(rotate, CALO_PROPERTY_QUATERNION, 0, 0, 0, 1),
    CALO_VECTOR(scale, CALO_PROPERTY_VECTOR3, 1, 1, 1),
};

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    calo_status status = calo_orrb_check_place(randomizer, component, "moves", err);
    return status ? status : calo_orrb_check_rotation(randomizer, component, p->rotate, err);
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    (void)err;
    calo_link_node(linker, (uint32_t)component->node);
    return CALO_OK;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_subject *subject = &draw->randomizer->subject;
    uint32_t node = (uint32_t)component->node;
    calo_mat4 local = calo_subject_local(subject, node);
    double unity[4], turn[4];
    calo_orrb_unit_rotation(p->rotate, unity);
    if (subject->scene->nodes[node].camera >= 0)
        calo_orrb_camera_turn(unity, false, turn);
    else
        for (int i = 0; i < 4; i++)
            turn[i] = unity[i];
    calo_mat4 change = calo_mat4_from_trs((double[3]){0}, turn, (double[3]){p->scale[0], p->scale[1], p->scale[2]});
    for (int i = 0; i < 3; i++)
        local.m[i][3] += p->translate[i];
    local = calo_mat4_multiply(&local, &change);
    calo_draw_place(draw, node, &local);
}

const calo_component_type calo_orrb_translate_rotate_scale = {
    .name = "TranslateRotateScale",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .link = link,
    .draw = draw,
};
