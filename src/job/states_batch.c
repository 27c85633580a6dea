/* Before anything is drawn: looks, poses, prepared scenes and views, state by state. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "job/states.h"

/* ORRB's cameras, unless a component says something else. */
static const double ORRB_NEAR_METRES = 0.1, ORRB_FAR_METRES = 20;

/* ---- memory ---- */

static calo_status grow_looks(calo_states *states, size_t count, calo_error *err)
{
    if (!states->subject.randomizer || count <= states->look_count)
        return CALO_OK;
    calo_look **looks = realloc(states->looks, count * sizeof *looks);
    if (!looks)
        return calo_fail_memory(err, "looks", count * sizeof *looks);
    states->looks = looks;
    for (; states->look_count < count; states->look_count++) {
        calo_status status = calo_look_create(states->subject.randomizer, &looks[states->look_count], err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

static calo_status find_cameras(calo_state_batch *batch, calo_error *err)
{
    const calo_states *states = batch->states;
    const calo_states_request *request = batch->request;
    batch->camera_nodes = calloc(batch->cameras, sizeof *batch->camera_nodes);
    if (!batch->camera_nodes)
        return calo_fail_memory(err, "cameras", batch->cameras * sizeof *batch->camera_nodes);
    for (size_t i = 0; i < batch->cameras; i++) {
        size_t c = 0;
        while (strcmp(states->cameras[c].name, request->cameras[i]) != 0)
            c++;
        batch->camera_nodes[i] = states->cameras[c].node;
    }
    return CALO_OK;
}

calo_status calo_state_batch_init(calo_state_batch *batch, calo_states *states, const calo_states_request *request,
                                  size_t capacity, calo_error *err)
{
    *batch = (calo_state_batch){.states = states, .request = request};
    batch->cameras = request->views ? request->view_count : request->camera_count;
    size_t views = capacity * batch->cameras, qpos_count = calo_states_qpos_count(states);
    batch->poses = calloc(capacity, sizeof *batch->poses);
    batch->prepared = calloc(capacity, sizeof *batch->prepared);
    batch->view_prepared = calloc(views, sizeof *batch->view_prepared);
    batch->views = calloc(views, sizeof *batch->views);
    batch->color_views = calloc(views, sizeof *batch->color_views);
    batch->qpos = calloc(qpos_count + 1, sizeof *batch->qpos);
    if (!batch->poses || !batch->prepared || !batch->view_prepared || !batch->views || !batch->color_views || !batch->qpos)
        return calo_fail_memory(err, "a batch of states", views * 2 * sizeof *batch->views);
    calo_status status = grow_looks(states, capacity, err);
    return status == CALO_OK && !request->views ? find_cameras(batch, err) : status;
}

/* What belongs to the states of the last fill. */
static void empty(calo_state_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        calo_prepared_destroy(batch->prepared[i]);
        calo_pose_destroy(batch->poses[i]);
        batch->prepared[i] = NULL;
        batch->poses[i] = NULL;
    }
    batch->count = 0;
}

void calo_state_batch_finish(calo_state_batch *batch)
{
    empty(batch);
    free(batch->poses);
    free(batch->prepared);
    free(batch->view_prepared);
    free(batch->views);
    free(batch->color_views);
    free(batch->qpos);
    free(batch->camera_nodes);
    *batch = (calo_state_batch){0};
}

/* ---- a state ---- */

/* The state's joint positions, by the mapping or as they are; those of the rest pose when none are given. */
static calo_status take_qpos(calo_state_batch *batch, size_t state, calo_error *err)
{
    const calo_states_request *request = batch->request;
    const calo_mujoco_model *model = batch->states->subject.model;
    if (!model)
        return CALO_OK;
    const double *row = request->qpos ? request->qpos + state * request->qpos_count : NULL;
    if (row && request->mapping)
        return calo_mujoco_mapping_apply(request->mapping, row, request->qpos_count, batch->qpos, err);
    uint32_t count = 0;
    const double *rest = calo_mujoco_rest(model, &count);
    memcpy(batch->qpos, row ? row : rest, count * sizeof *rest);
    return CALO_OK;
}

static calo_status make_pose(calo_state_batch *batch, size_t slot, const calo_look *look, calo_error *err)
{
    const calo_states *states = batch->states;
    const calo_states_request *request = batch->request;
    const calo_mujoco_model *model = states->subject.model;
    calo_pose_options options = {0};
    if (look) {
        options.overrides = look->overrides;
        options.override_count = look->override_count;
    }
    if (!model)
        return calo_pose_create(states->scene, &options, &batch->poses[slot], err);
    if (request->mujoco_states)
        return calo_mujoco_state_pose(model, &request->mujoco_states[batch->first + slot], &options, &batch->poses[slot], err);
    return calo_mujoco_pose(model, batch->qpos, calo_states_qpos_count(states), &options, &batch->poses[slot], err);
}

static calo_status prepare(calo_state_batch *batch, size_t slot, const calo_look *look, calo_error *err)
{
    static const calo_lighting dark = {.no_environment = true};
    const calo_states *states = batch->states;
    calo_prepare_options options = states->options.prepare;
    calo_lighting lighting;
    options.reuse = states->base;
    if (look) {
        lighting = calo_look_lighting(options.lighting, look);
        options.lighting = &lighting;
        options.materials = look->materials;
    }
    if (!(calo_state_channels(batch->request) & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR)))
        options.lighting = &dark; /* nobody sees the light, and shadows take long */
    return calo_renderer_prepare(states->renderer, batch->poses[slot], &options, &batch->prepared[slot], err);
}

/* ---- views ---- */

static const calo_look_camera *look_camera(const calo_look *look, uint32_t node)
{
    for (uint32_t i = 0; look && i < look->camera_count; i++)
        if (look->cameras[i].node == node)
            return &look->cameras[i];
    return NULL;
}

/* What a look does to a camera's lens: of all pictures, and of the colour picture. */
static void change_lens(const calo_look_camera *change, calo_view *view, calo_view *color_view)
{
    *color_view = *view;
    if (!change)
        return;
    view->near_metres = change->near_metres != 0 ? change->near_metres : view->near_metres;
    view->far_metres = change->far_metres != 0 ? change->far_metres : view->far_metres;
    if (change->fov_y_radians != 0 && !view->orthographic)
        calo_view_set_fov(view, change->fov_y_radians);
    *color_view = *view;
    if (change->color_fov_y_radians != 0 && !view->orthographic)
        calo_view_set_fov(color_view, change->color_fov_y_radians);
}

static calo_status make_view(const calo_state_batch *batch, size_t slot, uint32_t node, const calo_look *look,
                             calo_view *view, calo_view *color_view, calo_error *err)
{
    const calo_states_request *request = batch->request;
    calo_status status = calo_view_of_node(batch->poses[slot], node, 1, request->width, request->height, view, err);
    if (request->orrb_cameras) {
        view->near_metres = ORRB_NEAR_METRES;
        view->far_metres = ORRB_FAR_METRES;
    }
    change_lens(look_camera(look, node), view, color_view);
    return status;
}

static uint32_t seed_of(const calo_states_request *request, size_t state)
{
    return request->seeds ? request->seeds[state] : request->first_seed + (uint32_t)state;
}

/* One of the request's own views, as the state's look has it. */
static calo_view given_view(const calo_state_batch *batch, size_t slot, size_t index)
{
    const calo_states *states = batch->states;
    calo_view view = batch->request->views[index];
    if (states->subject.randomizer)
        calo_randomizer_change_view(states->subject.randomizer, seed_of(batch->request, batch->first + slot),
                                    (uint32_t)index, states->middle, states->radius, &view);
    return view;
}

static calo_status make_views(calo_state_batch *batch, size_t slot, const calo_look *look, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t c = 0; status == CALO_OK && c < batch->cameras; c++) {
        size_t index = slot * batch->cameras + c;
        calo_view *view = &batch->views[index], *color_view = &batch->color_views[index];
        batch->view_prepared[index] = batch->prepared[slot];
        if (batch->request->views)
            *view = *color_view = given_view(batch, slot, c);
        else
            status = make_view(batch, slot, batch->camera_nodes[c], look, view, color_view, err);
        batch->color_apart |= view->focal_y != color_view->focal_y;
    }
    return status;
}

/* ---- looks ---- */

/* Trackers see with all cameras of the scene, whichever are asked for. */
static calo_status track(const calo_state_batch *batch, size_t slot, calo_look *look, calo_error *err)
{
    const calo_states *states = batch->states;
    calo_view *views = calloc(states->camera_count + 1, sizeof *views), unused;
    if (!views)
        return calo_fail_memory(err, "views", states->camera_count * sizeof *views);
    calo_status status = CALO_OK;
    for (size_t c = 0; status == CALO_OK && c < states->camera_count; c++)
        status = make_view(batch, slot, states->cameras[c].node, look, &unused, &views[c], err);
    if (status == CALO_OK)
        status = calo_randomizer_track(states->subject.randomizer, batch->poses[slot], views, states->camera_count, look,
                                       err);
    free(views);
    return status;
}

static calo_status draw_look(const calo_state_batch *batch, size_t slot, calo_look **look, calo_error *err)
{
    const calo_states *states = batch->states;
    const calo_states_request *request = batch->request;
    size_t state = batch->first + slot;
    *look = NULL;
    if (!states->subject.randomizer)
        return CALO_OK;
    *look = states->looks[slot];
    uint32_t seed = seed_of(request, state);
    double *qpos = states->subject.model && !request->mujoco_states ? batch->qpos : NULL;
    return calo_randomizer_draw(states->subject.randomizer, seed, qpos, *look, err);
}

static calo_status fill_state(calo_state_batch *batch, size_t slot, calo_error *err)
{
    const calo_states_request *request = batch->request;
    size_t state = batch->first + slot, value_count = calo_states_value_count(batch->states);
    calo_look *look = NULL;
    calo_status status = take_qpos(batch, state, err);
    if (status == CALO_OK)
        status = draw_look(batch, slot, &look, err);
    if (status == CALO_OK)
        status = make_pose(batch, slot, look, err);
    if (status == CALO_OK)
        status = prepare(batch, slot, look, err);
    if (status == CALO_OK)
        status = make_views(batch, slot, look, err);
    if (status == CALO_OK && look && request->values) {
        status = track(batch, slot, look, err);
        memcpy(request->values + state * value_count, look->values, value_count * sizeof *look->values);
    }
    return status == CALO_OK ? status : calo_fail_within(err, status, "state %zu", state);
}

calo_status calo_state_batch_fill(calo_state_batch *batch, size_t first, size_t count, calo_error *err)
{
    const calo_states_request *request = batch->request;
    empty(batch);
    batch->first = first;
    batch->color_apart = false;
    calo_status status = CALO_OK;
    while (status == CALO_OK && batch->count < count) {
        if (request->poll)
            status = request->poll(request->poll_user, err);
        if (status == CALO_OK)
            status = fill_state(batch, batch->count++, err);
    }
    return status;
}
