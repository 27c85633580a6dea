/* camera: where cameras stand, what they look at, how wide they see. For the scene's own cameras by overrides; for
 * views that come from elsewhere see calo_randomizer_change_view. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "randomize/own_common.h"

typedef struct parameters {
    char *names, *except;
    float position_jitter[2], rotation_jitter_degrees[2];
    float azimuth_degrees[2], elevation_degrees[2], distance_scale[2], roll_degrees[2], fov_scale[2];
    float target[3], target_jitter[2];
    bool look_at;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(names, ""),
    CALO_STRING(except, ""),
    CALO_OWN_RANGE(position_jitter, 0, 1e6, 0, 0),
    CALO_OWN_RANGE(rotation_jitter_degrees, 0, 180, 0, 0),
    CALO_OWN_RANGE(azimuth_degrees, -3600, 3600, 0, 0),
    CALO_OWN_RANGE(elevation_degrees, -180, 180, 0, 0),
    CALO_OWN_RANGE(distance_scale, 0.001, 1000, 1, 1),
    CALO_OWN_RANGE(roll_degrees, -3600, 3600, 0, 0),
    CALO_OWN_RANGE(fov_scale, 0.01, 10, 1, 1),
    CALO_VECTOR(target, CALO_PROPERTY_VECTOR3, 0),
    CALO_OWN_RANGE(target_jitter, 0, 1e6, 0, 0),
    CALO_FLAG(look_at, 0),
};

/* The look's cameras (indices) that are changed, and the middle of the scene. */
typedef struct cameras {
    double middle[3], radius;
    uint32_t count;
    uint32_t at[];
} cameras;

static void release(calo_component *component)
{
    free(component->bound);
    component->bound = NULL;
}

enum { VALUES = 14 };

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    const calo_subject *subject = &calo_link_owner(linker)->subject;
    release(component);
    cameras *bound = calloc(1, sizeof *bound + subject->camera_count * sizeof *bound->at);
    if (!bound)
        return calo_fail_memory(err, "cameras", subject->camera_count * sizeof *bound->at);
    component->bound = bound;
    calo_own_box box;
    calo_own_find_box(calo_link_owner(linker), &box);
    for (int i = 0; i < 3; i++)
        bound->middle[i] = box.middle[i];
    bound->radius = box.radius;
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < subject->camera_count && status == CALO_OK; i++) {
        uint32_t node = subject->cameras[i];
        const char *name = subject->scene->nodes[node].name;
        if (!calo_own_wanted(name, p->names, p->except) || !calo_subject_contains(subject, component->node, node))
            continue;
        calo_link_node(linker, node);
        bound->at[bound->count++] = i;
        status = calo_link_stream(linker, component, CALO_STREAM_FLOAT, VALUES, err, "%u:%.200s", node, name);
    }
    return status;
}

/* A turn about a unit axis, as a matrix that turns points. */
static calo_mat4 turn_about(const double axis[3], double degrees)
{
    double sine, cosine, q[4];
    const double still[3] = {0}, same[3] = {1, 1, 1};
    calo_sincos(calo_radians(degrees) / 2, &sine, &cosine);
    for (int i = 0; i < 3; i++)
        q[i] = axis[i] * sine;
    q[3] = cosine;
    return calo_mat4_from_trs(still, q, same);
}

/* Uniform on the sphere. */
static void draw_axis(calo_draw *draw, double axis[3])
{
    double height = calo_random_range(&draw->own, -1, 1), sine, cosine;
    calo_sincos(calo_random_range(&draw->own, 0, 2 * CALO_PI), &sine, &cosine);
    double flat = sqrt(fmax(0, 1 - height * height));
    axis[0] = cosine * flat;
    axis[1] = sine * flat;
    axis[2] = height;
    for (int i = 0; i < 3; i++)
        calo_draw_value(draw, axis[i]);
}

/* Turns camera and all about the target: by azimuth about +z, by elevation about the camera's right, and farther away.
 */
static void orbit(calo_draw *draw, const parameters *p, const double target[3], calo_mat4 *camera)
{
    const double up[3] = {0, 0, 1};
    double right[3] = {camera->m[0][0], camera->m[1][0], camera->m[2][0]};
    calo_normalize3(right);
    calo_mat4 around = turn_about(up, calo_own_value(draw, p->azimuth_degrees));
    calo_mat4 over = turn_about(right, -calo_own_value(draw, p->elevation_degrees));
    calo_mat4 turn = calo_mat4_multiply(&around, &over);
    double scale = calo_own_value(draw, p->distance_scale), offset[3];
    for (int i = 0; i < 3; i++)
        offset[i] = (camera->m[i][3] - target[i]) * scale;
    calo_mat4 still = *camera;
    for (int i = 0; i < 3; i++)
        still.m[i][3] = offset[i];
    *camera = calo_mat4_multiply(&turn, &still);
    for (int i = 0; i < 3; i++)
        camera->m[i][3] += target[i];
}

/* Moves a camera (camera to world) in the world, whose middle is given; returns the factor of its field of view.
 * Lengths are parts of `unit`. */
static double move(calo_draw *draw, const parameters *p, const double middle[3], double unit, calo_mat4 *camera)
{
    double target[3], axis[3];
    draw_axis(draw, axis);
    double far = calo_own_value(draw, p->target_jitter) * unit;
    for (int i = 0; i < 3; i++)
        target[i] = middle[i] + (double)p->target[i] * unit + axis[i] * far;
    orbit(draw, p, target, camera);
    draw_axis(draw, axis);
    far = calo_own_value(draw, p->position_jitter) * unit;
    for (int i = 0; i < 3; i++)
        camera->m[i][3] += axis[i] * far;
    if (p->look_at) {
        double position[3] = {camera->m[0][3], camera->m[1][3], camera->m[2][3]};
        *camera = calo_look_at(position, target);
    }
    /* Of the jitter's axis and of the roll about the view both stand in the camera's own frame. */
    double height = calo_random_range(&draw->own, 0, 2 * CALO_PI), sine, cosine;
    calo_sincos(height, &sine, &cosine);
    const double tilt[3] = {cosine, sine, 0}, back[3] = {0, 0, 1};
    calo_mat4 jitter = turn_about(tilt, calo_own_value(draw, p->rotation_jitter_degrees));
    calo_mat4 roll = turn_about(back, calo_own_value(draw, p->roll_degrees));
    *camera = calo_mat4_multiply(camera, &jitter);
    *camera = calo_mat4_multiply(camera, &roll);
    return calo_own_value(draw, p->fov_scale);
}

static double clamp_fov(double radians) { return fmin(fmax(radians, 1e-3), 3.1); }

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const cameras *bound = component->bound;
    const calo_subject *subject = &draw->randomizer->subject;
    for (uint32_t i = 0; i < bound->count; i++) {
        calo_look_camera *camera = &draw->look->cameras[bound->at[i]];
        const calo_camera *lens = &subject->scene->cameras[subject->scene->nodes[camera->node].camera];
        calo_mat4 parent = calo_subject_parent_to_world(subject, camera->node);
        calo_mat4 local = calo_draw_local(draw, camera->node), world = calo_mat4_multiply(&parent, &local);
        double scale = move(draw, p, bound->middle, bound->radius, &world);
        if (scale != 1 && !lens->orthographic)
            camera->fov_y_radians =
                clamp_fov((camera->fov_y_radians > 0 ? camera->fov_y_radians : lens->fov_y_radians) * scale);
        local = calo_subject_local_from_world(subject, camera->node, &world);
        calo_draw_place(draw, camera->node, &local);
    }
}

const calo_component_type calo_own_camera = {
    .name = "camera", CALO_OWN_TABLE(table), .link = link, .draw = draw, .release = release};

void calo_own_change_view(calo_draw *draw, const calo_component *component, const double middle[3], double unit,
                          calo_view *view)
{
    const parameters *p = component->parameters;
    if (component->type != &calo_own_camera || !calo_own_wanted(view->name, p->names, p->except))
        return;
    double scale = move(draw, p, middle, unit, &view->camera_to_world);
    if (scale == 1 || view->orthographic)
        return;
    /* Both focal lengths by the same factor: pixels keep their shape. */
    double half = calo_atan2((double)view->height / 2, view->focal_y);
    double factor = (double)view->height / 2 / calo_tan(clamp_fov(half * 2 * scale) / 2) / view->focal_y;
    view->focal_x *= factor;
    view->focal_y *= factor;
}
