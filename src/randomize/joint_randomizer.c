/* JointRandomizer: balls turned any way, hinges anywhere within their range. */
#include "randomize/orrb_components.h"

static bool is_drawn(const calo_joint *joint)
{
    return joint->kind == CALO_JOINT_BALL || (joint->kind == CALO_JOINT_HINGE && joint->limited);
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const calo_randomizer *randomizer = calo_link_owner(linker);
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < randomizer->joint_count && status == CALO_OK; i++)
        if (is_drawn(&randomizer->joints[i]))
            status = calo_link_stream(linker, component, CALO_STREAM_FLOAT,
                                      randomizer->joints[i].kind == CALO_JOINT_BALL ? 4 : 1, err, "%s",
                                      randomizer->subject.joint_names[i]);
    return status;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    (void)component;
    for (uint32_t i = 0; i < draw->randomizer->joint_count; i++) {
        const calo_joint *joint = &draw->randomizer->joints[i];
        if (!is_drawn(joint))
            continue;
        double unused[4], rotation[4], *qpos = draw->qpos ? draw->qpos + joint->qpos_address : unused;
        if (joint->kind == CALO_JOINT_BALL) {
            calo_unity_random_rotation(&draw->unity, rotation);
            qpos[0] = rotation[3];
            for (int k = 0; k < 3; k++)
                qpos[1 + k] = rotation[k];
        } else
            qpos[0] = calo_unity_random_range(&draw->unity, (float)joint->range[0], (float)joint->range[1]);
        for (int k = 0; k < (joint->kind == CALO_JOINT_BALL ? 4 : 1); k++)
            calo_draw_value(draw, qpos[k]);
    }
}

const calo_component_type calo_orrb_joint_randomizer = {
    .name = "JointRandomizer",
    .link = link,
    .draw = draw,
};
