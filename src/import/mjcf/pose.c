/* A state of MuJoCo's as transforms of the scene's nodes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "import/mjcf/library.h"
#include "import/mjcf/model.h"

/* ---- transforms ---- */

calo_mat4 calo_mjcf_place(const double position[3], const double quaternion[4])
{
    static const double one[3] = {1, 1, 1};
    double length = sqrt(quaternion[0] * quaternion[0] + quaternion[1] * quaternion[1] + quaternion[2] * quaternion[2] +
                         quaternion[3] * quaternion[3]);
    double xyzw[4] = {0, 0, 0, 1};
    for (int i = 0; i < 4 && length > 0; i++)
        xyzw[i] = quaternion[(i + 1) % 4] / length;
    return calo_mat4_from_trs(position, xyzw, one);
}

/* Columns x, y, z and a position. */
static calo_mat4 frame(const double x[3], const double y[3], const double z[3], const double position[3])
{
    calo_mat4 m = calo_mat4_identity();
    for (int r = 0; r < 3; r++) {
        m.m[r][0] = x[r];
        m.m[r][1] = y[r];
        m.m[r][2] = z[r];
        m.m[r][3] = position[r];
    }
    return m;
}

/* Unit vectors at right angles to unit `z` and to each other. */
static void complete_axes(const double z[3], double x[3], double y[3])
{
    const double helper[3] = {fabs(z[0]) < 0.5 ? 1 : 0, fabs(z[0]) < 0.5 ? 0 : 1, 0};
    calo_cross3(helper, z, x);
    double length = sqrt(calo_dot3(x, x));
    for (int i = 0; i < 3; i++)
        x[i] /= length;
    calo_cross3(z, x, y);
}

calo_mat4 calo_mjcf_aim(const double position[3], const double direction[3])
{
    double length = sqrt(calo_dot3(direction, direction)), x[3], y[3], z[3] = {0, 0, 1};
    for (int i = 0; i < 3 && length > 0 && isfinite(length); i++)
        z[i] = -direction[i] / length;
    complete_axes(z, x, y);
    return frame(x, y, z, position);
}

/* `world`, told from the frame `parent`; both are rigid. */
static calo_mat4 relative(const calo_mat4 *parent, const calo_mat4 *world)
{
    calo_mat4 local = calo_mat4_identity();
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++)
            local.m[r][c] =
                parent->m[0][r] * world->m[0][c] + parent->m[1][r] * world->m[1][c] + parent->m[2][r] * world->m[2][c];
        local.m[r][3] = parent->m[0][r] * (world->m[0][3] - parent->m[0][3]) +
                        parent->m[1][r] * (world->m[1][3] - parent->m[1][3]) +
                        parent->m[2][r] * (world->m[2][3] - parent->m[2][3]);
    }
    return local;
}

/* ---- one kind of thing after the other ---- */

typedef struct mover {
    const calo_mujoco_model *model;
    const calo_mujoco_state *state;
    calo_mat4 *bodies; /* in the world */
    calo_node_override *overrides;
    uint32_t count;
} mover;

static void move(mover *m, uint32_t node, const calo_mat4 *local)
{
    m->overrides[m->count++] = (calo_node_override){.node = node, .local = *local};
}

static void move_bodies(mover *m)
{
    uint32_t count = m->model->things[CALO_MUJOCO_BODY].count;
    m->bodies[0] = calo_mat4_identity();
    for (uint32_t b = 1; b < count; b++) {
        m->bodies[b] = calo_mjcf_place(m->state->xpos + 3 * (size_t)b, m->state->xquat + 4 * (size_t)b);
        calo_mat4 local = relative(&m->bodies[m->model->body_parents[b]], &m->bodies[b]);
        move(m, b, &local);
    }
}

static void move_cameras(mover *m)
{
    const calo_mjcf_things *cameras = &m->model->things[CALO_MUJOCO_CAMERA];
    if (!m->state->cam_xpos || !m->state->cam_xmat)
        return;
    for (uint32_t i = 0; i < cameras->count; i++) {
        const double *axes = m->state->cam_xmat + 9 * (size_t)i;
        const double x[3] = {axes[0], axes[3], axes[6]}, y[3] = {axes[1], axes[4], axes[7]};
        const double z[3] = {axes[2], axes[5], axes[8]};
        calo_mat4 world = frame(x, y, z, m->state->cam_xpos + 3 * (size_t)i);
        calo_mat4 local = relative(&m->bodies[m->model->camera_bodies[i]], &world);
        move(m, cameras->first_node + i, &local);
    }
}

static void move_lights(mover *m)
{
    const calo_mjcf_things *lights = &m->model->things[CALO_MUJOCO_LIGHT];
    if (!m->state->light_xpos || !m->state->light_xdir)
        return;
    for (uint32_t i = 0; i < lights->count; i++) {
        calo_mat4 world = calo_mjcf_aim(m->state->light_xpos + 3 * (size_t)i, m->state->light_xdir + 3 * (size_t)i);
        calo_mat4 local = relative(&m->bodies[m->model->light_bodies[i]], &world);
        move(m, lights->first_node + i, &local);
    }
}

/* ---- tendons: a ball at each point, a rod between two ---- */

enum { PULLEY = -2 }; /* in wrap_obj: the path ends here and goes on elsewhere */

static void move_ball(mover *m, uint32_t node, const double *point, double radius)
{
    const double x[3] = {radius, 0, 0}, y[3] = {0, radius, 0}, z[3] = {0, 0, radius};
    calo_mat4 local = frame(x, y, z, point);
    move(m, node, &local);
}

/* Shrunk to nothing, too: who shows the nodes of a tendon does not know which of them this state leaves out. */
static void hide(mover *m, uint32_t node, const double *point)
{
    move_ball(m, node, point, 0);
    m->overrides[m->count - 1].visibility = CALO_OFF;
}

/* False when it has no length. */
static bool move_rod(mover *m, uint32_t node, const double *from, const double *to, double radius)
{
    double along[3], unit[3], x[3], y[3], middle[3];
    for (int i = 0; i < 3; i++) {
        along[i] = to[i] - from[i];
        middle[i] = (from[i] + to[i]) / 2;
    }
    double length = sqrt(calo_dot3(along, along));
    if (!(length > 0))
        return false;
    for (int i = 0; i < 3; i++)
        unit[i] = along[i] / length;
    complete_axes(unit, x, y);
    for (int i = 0; i < 3; i++) {
        x[i] *= radius;
        y[i] *= radius;
    }
    calo_mat4 local = frame(x, y, along, middle);
    move(m, node, &local);
    return true;
}

/* What goes from point i to the next; 0: nothing. Around a geom a tendon is drawn half as wide, as MuJoCo does it. */
static double segment_radius(const calo_mjcf_tendon *tendon, const int32_t *objects, uint32_t i)
{
    if (objects[i] == PULLEY || objects[i + 1] == PULLEY)
        return 0;
    return objects[i] >= 0 && objects[i + 1] >= 0 ? tendon->width / 2 : tendon->width;
}

static void move_tendon(mover *m, const calo_mjcf_tendon *tendon, uint32_t first_point, uint32_t point_count)
{
    const int32_t *objects = m->state->wrap_obj + first_point;
    const double *points = m->state->wrap_xpos + 3 * (size_t)first_point;
    const double none[3] = {0}, *somewhere = point_count ? points : none;
    double before = 0; /* radius of the segment that ends at the point */
    for (uint32_t i = 0; i < tendon->point_count; i++) {
        uint32_t ball = tendon->first_node + i, rod = ball + tendon->point_count;
        double after = i + 1 < point_count ? segment_radius(tendon, objects, i) : 0;
        double radius = i < point_count ? fmax(before, after) : 0;
        if (radius > 0)
            move_ball(m, ball, points + 3 * (size_t)i, radius);
        else
            hide(m, ball, somewhere);
        if (i + 1 < tendon->point_count &&
            !(after > 0 && move_rod(m, rod, points + 3 * (size_t)i, points + 3 * (size_t)i + 3, after)))
            hide(m, rod, somewhere);
        before = after;
    }
}

static calo_status move_tendons(mover *m, calo_error *err)
{
    const calo_mujoco_state *state = m->state;
    if (!state->ten_wrapadr || !state->ten_wrapnum || !state->wrap_obj || !state->wrap_xpos)
        return CALO_OK;
    for (uint32_t t = 0; t < m->model->things[CALO_MUJOCO_TENDON].count; t++) {
        const calo_mjcf_tendon *tendon = &m->model->tendons[t];
        int64_t first = state->ten_wrapadr[t], count = state->ten_wrapnum[t];
        if (!tendon->node_count)
            continue;
        if (first < 0 || count < 0 || count > tendon->point_count || first + count > m->model->wrap_point_count)
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "tendon %u of a state has %lld points from %lld on, but there are %u points in all and %u "
                             "at most of this tendon's: the state is not of this model",
                             t, (long long)count, (long long)first, m->model->wrap_point_count, tendon->point_count);
        move_tendon(m, tendon, (uint32_t)first, (uint32_t)count);
    }
    return CALO_OK;
}

/* ---- the whole ---- */

uint32_t calo_mjcf_override_capacity(const calo_mujoco_model *model)
{
    uint32_t count = model->things[CALO_MUJOCO_BODY].count + model->things[CALO_MUJOCO_CAMERA].count +
                     model->things[CALO_MUJOCO_LIGHT].count;
    for (uint32_t t = 0; t < model->things[CALO_MUJOCO_TENDON].count; t++)
        count += model->tendons[t].node_count;
    return count;
}

calo_status calo_mjcf_overrides(const calo_mujoco_model *model, const calo_mujoco_state *state,
                                calo_node_override *overrides, uint32_t *count, calo_error *err)
{
    uint32_t body_count = model->things[CALO_MUJOCO_BODY].count;
    mover m = {.model = model, .state = state, .overrides = overrides};
    m.bodies = malloc(body_count * sizeof *m.bodies);
    if (!m.bodies)
        return calo_fail_memory(err, "a pose", body_count * sizeof *m.bodies);
    move_bodies(&m);
    move_cameras(&m);
    move_lights(&m);
    calo_status status = move_tendons(&m, err);
    free(m.bodies);
    *count = m.count;
    return status;
}

static calo_status check_state(const calo_mujoco_model *model, const calo_mujoco_state *state, calo_error *err)
{
    const struct {
        const char *name;
        const double *values;
        size_t count;
    } arrays[] = {
        {"xpos", state->xpos, 3 * (size_t)model->things[CALO_MUJOCO_BODY].count},
        {"xquat", state->xquat, 4 * (size_t)model->things[CALO_MUJOCO_BODY].count},
        {"cam_xpos", state->cam_xpos, 3 * (size_t)model->things[CALO_MUJOCO_CAMERA].count},
        {"cam_xmat", state->cam_xmat, 9 * (size_t)model->things[CALO_MUJOCO_CAMERA].count},
        {"light_xpos", state->light_xpos, 3 * (size_t)model->things[CALO_MUJOCO_LIGHT].count},
        {"light_xdir", state->light_xdir, 3 * (size_t)model->things[CALO_MUJOCO_LIGHT].count},
    };
    if (!state->xpos || !state->xquat)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a state needs xpos and xquat: one of them is NULL");
    for (size_t a = 0; a < sizeof arrays / sizeof arrays[0]; a++)
        for (size_t i = 0; arrays[a].values && i < arrays[a].count; i++)
            if (!isfinite(arrays[a].values[i]))
                return calo_fail(err, CALO_ERROR_ARGUMENT, "%s[%zu] of a state is %g: a pose needs finite numbers",
                                 arrays[a].name, i, arrays[a].values[i]);
    return CALO_OK;
}

/* The state's overrides, and behind them the caller's, which count more. */
static calo_status make_pose(const calo_mujoco_model *model, const calo_mujoco_state *state,
                             const calo_pose_options *options, calo_pose **pose, calo_error *err)
{
    calo_pose_options own = options ? *options : (calo_pose_options){0};
    uint32_t capacity = calo_mjcf_override_capacity(model), count;
    if (own.override_count && !own.overrides)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u node transforms are said to be there, but overrides is NULL",
                         own.override_count);
    if (__builtin_add_overflow(capacity, own.override_count, &capacity))
        return calo_fail(err, CALO_ERROR_LIMIT, "%u node overrides are more than a pose can have", own.override_count);
    calo_node_override *overrides = malloc(capacity * sizeof *overrides);
    if (!overrides)
        return calo_fail_memory(err, "a pose", capacity * sizeof *overrides);
    calo_status status = calo_mjcf_overrides(model, state, overrides, &count, err);
    if (status == CALO_OK) {
        if (own.override_count)
            memcpy(overrides + count, own.overrides, own.override_count * sizeof *overrides);
        own.overrides = overrides;
        own.override_count += count;
        status = calo_pose_create(model->scene, &own, pose, err);
    }
    free(overrides);
    return status;
}

calo_status calo_mujoco_state_pose(const calo_mujoco_model *model, const calo_mujoco_state *state,
                                   const calo_pose_options *options, calo_pose **pose, calo_error *err)
{
    *pose = NULL;
    calo_status status = check_state(model, state, err);
    return status == CALO_OK ? make_pose(model, state, options, pose, err) : status;
}

static calo_status check_positions(const calo_mujoco_model *model, const double *qpos, size_t count, calo_error *err)
{
    const calo_mjcf_things *joints = &model->things[CALO_MUJOCO_JOINT];
    if (count != model->rest_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s has %u joint positions (qpos), but %zu were given",
                         model->scene->path, model->rest_count, count);
    if (count && !qpos)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%zu joint positions are said to be there, but qpos is NULL", count);
    for (size_t i = 0; i < count; i++) {
        if (isfinite(qpos[i]))
            continue;
        uint32_t joint = 0; /* whose value it is: the last one that begins at or before it */
        for (uint32_t j = 0; j < joints->count; j++)
            if (model->joints[j].qpos_address <= i &&
                model->joints[j].qpos_address >= model->joints[joint].qpos_address)
                joint = j;
        return calo_fail(err, CALO_ERROR_ARGUMENT, "qpos[%zu] (joint \"%s\") is %g: joint positions must be finite", i,
                         joints->count ? joints->names[joint] : "", qpos[i]);
    }
    return CALO_OK;
}

calo_status calo_mujoco_pose(const calo_mujoco_model *model, const double *qpos, size_t count,
                             const calo_pose_options *options, calo_pose **pose, calo_error *err)
{
    *pose = NULL;
    if (!model->library)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%s was made from arrays: its joints cannot be moved by calotype, only by who made the arrays "
                         "(give the state with calo_mujoco_state_pose)",
                         model->scene->path);
    calo_status status = check_positions(model, qpos, count, err);
    if (status != CALO_OK)
        return status;
    calo_mujoco_state state;
    void *data = NULL;
    status = calo_mjcf_library_move(model->library, qpos, &state, &data, err);
    if (status == CALO_OK)
        status = calo_mujoco_state_pose(model, &state, options, pose, err);
    calo_mjcf_library_done(model->library, data);
    return status;
}
