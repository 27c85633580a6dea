/* CameraRandomizer: jitters cameras, or lets them orbit a point. */
#include "base/exact_math.h"
#include "base/linear.h"
#include "randomize/orrb_components.h"
#include "randomize/orrb_scene.h"

enum { JITTER, ORBIT, BOTH };

typedef struct parameters {
    int32_t mode;
    float position_radius, fov_radius, quat_radius;
    float orbit_center[3];
} parameters;

static const calo_parameter table[] = {
    CALO_WORD(mode, "Jitter|Orbit|Both"),
    CALO_NUMBER(position_radius, 0, 1e6, 0.02),
    CALO_NUMBER(fov_radius, 0, 360, 1),
    CALO_NUMBER(quat_radius, 0, 100, 0.03),
    CALO_VECTOR(orbit_center, CALO_PROPERTY_VECTOR3, 0, 0, 0),
};

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    return calo_orrb_list_cameras(randomizer, component, err);
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    const calo_randomizer *randomizer = calo_link_owner(linker);
    const calo_index_list *cameras = component->bound;
    calo_status status = CALO_OK;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < cameras->count && status == CALO_OK; i++) {
            uint32_t node = randomizer->subject.cameras[cameras->at[i]];
            const char *name = randomizer->scene->nodes[node].name;
            calo_link_node(linker, node);
            if (pass == 0 && p->mode != ORBIT)
                status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, 8, err, "%s/jitter", name);
            else if (pass == 1 && p->mode != JITTER)
                status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, 1, err, "%s/orbit_degrees", name);
        }
    return status;
}

/* Half a radius to either side. */
static float within(calo_draw *draw, float radius)
{
    return calo_unity_random_range(&draw->unity, -radius / 2, radius / 2);
}

/* Field of view in degrees, position, axis of rotation in Unity's camera, angle in radians. */
static void jitter(calo_draw *draw, const parameters *p, calo_look_camera *camera)
{
    const calo_subject *subject = &draw->randomizer->subject;
    const calo_scene *scene = draw->randomizer->scene;
    calo_mat4 local = calo_subject_local(subject, camera->node);
    double fov_degrees = within(draw, p->fov_radius), rotation[4], axis[3], turn[4], sine, cosine;
    const calo_camera *lens = &scene->cameras[scene->nodes[camera->node].camera];
    if (!lens->orthographic)
        camera->color_fov_y_radians = calo_orrb_fov(lens->fov_y_radians + calo_radians(fov_degrees));
    calo_draw_value(draw, fov_degrees);
    for (int i = 0; i < 3; i++) {
        double offset = within(draw, p->position_radius);
        local.m[i][3] += offset;
        calo_draw_value(draw, offset);
    }
    /* Up, turned any way there is. */
    calo_unity_random_rotation(&draw->unity, rotation);
    double x = rotation[0], y = rotation[1], z = rotation[2], w = rotation[3];
    axis[0] = 2 * (x * y - w * z);
    axis[1] = 1 - 2 * (x * x + z * z);
    axis[2] = 2 * (y * z + w * x);
    double angle = within(draw, p->quat_radius);
    calo_sincos(angle / 2, &sine, &cosine);
    const double unity[4] = {axis[0] * sine, axis[1] * sine, axis[2] * sine, cosine};
    calo_orrb_camera_turn(unity, false, turn);
    calo_mat4 turned = calo_mat4_from_trs((double[3]){0}, turn, (double[3]){1, 1, 1});
    local = calo_mat4_multiply(&local, &turned);
    for (int i = 0; i < 3; i++)
        calo_draw_value(draw, axis[i]);
    calo_draw_value(draw, angle);
    calo_draw_place(draw, camera->node, &local);
}

/* Around the vertical line through the centre: from where the camera is, or was jittered to. */
static void orbit(calo_draw *draw, const parameters *p, uint32_t node)
{
    const calo_subject *subject = &draw->randomizer->subject;
    calo_mat4 local = calo_draw_local(draw, node), turn = calo_mat4_identity();
    calo_mat4 parent = calo_subject_parent_to_world(subject, node);
    double degrees = calo_unity_random_range(&draw->unity, 0, 360), sine, cosine, center[3];
    calo_orrb_to_world((double[3]){p->orbit_center[0], p->orbit_center[1], p->orbit_center[2]}, center);
    calo_sincos(-calo_radians(degrees), &sine, &cosine);
    turn.m[0][0] = turn.m[1][1] = cosine;
    turn.m[0][1] = -sine;
    turn.m[1][0] = sine;
    turn.m[0][3] = center[0] - cosine * center[0] + sine * center[1];
    turn.m[1][3] = center[1] - sine * center[0] - cosine * center[1];
    calo_mat4 world = calo_mat4_multiply(&parent, &local);
    world = calo_mat4_multiply(&turn, &world);
    local = calo_subject_local_from_world(subject, node, &world);
    calo_draw_place(draw, node, &local);
    calo_draw_value(draw, degrees);
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_index_list *cameras = component->bound;
    for (uint32_t i = 0; i < cameras->count && p->mode != ORBIT; i++)
        jitter(draw, p, &draw->look->cameras[cameras->at[i]]);
    for (uint32_t i = 0; i < cameras->count && p->mode != JITTER; i++)
        orbit(draw, p, draw->look->cameras[cameras->at[i]].node);
}

const calo_component_type calo_orrb_camera_randomizer = {
    .name = "CameraRandomizer",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
    .link = link,
    .draw = draw,
    .release = calo_orrb_release,
};
