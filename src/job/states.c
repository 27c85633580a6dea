#include "job/states.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"

enum {
    /* Drawn in one go, at least and for each thread: enough to keep threads busy. Few, because every state has shadow
     * maps of its own, whose memory the next batch uses again. */
    BATCH_VIEWS = 16,
    BATCH_VIEWS_A_THREAD = 4,
    STATES_MAX = 1 << 20,
};

/* ---- making ---- */

static calo_status list_cameras(calo_states *states, calo_error *err)
{
    const calo_scene *scene = states->scene;
    states->cameras = calloc(scene->node_count + (size_t)1, sizeof *states->cameras);
    if (!states->cameras)
        return calo_fail_memory(err, "the list of cameras", scene->node_count * sizeof *states->cameras);
    for (uint32_t n = 0; n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        if (node->camera < 0)
            continue;
        const char *name = node->name[0] ? node->name : scene->cameras[node->camera].name;
        states->cameras[states->camera_count++] = (calo_state_camera){name, n};
    }
    return CALO_OK;
}

/* Some look, whose light the states can then share: filtering its environment takes longer than a batch. */
static calo_status draw_any_look(const calo_states *states, calo_look **look, calo_error *err)
{
    const calo_randomizer *randomizer = states->subject.randomizer;
    uint32_t count = 0;
    const double *rest = states->subject.model ? calo_mujoco_rest(states->subject.model, &count) : NULL;
    double *qpos = malloc((count + (size_t)1) * sizeof *qpos);
    if (!qpos)
        return calo_fail_memory(err, "joint positions", count * sizeof *qpos);
    if (count)
        memcpy(qpos, rest, count * sizeof *qpos);
    calo_status status = calo_look_create(randomizer, look, err);
    if (status == CALO_OK)
        status = calo_randomizer_draw(randomizer, 0, count ? qpos : NULL, *look, err);
    free(qpos);
    return status;
}

/* A scene that draws nothing has its middle at the origin. */
static void measure(calo_states *states, const calo_pose *pose)
{
    double low[3], high[3], half[3];
    states->radius = 1;
    if (calo_pose_bounds(pose, low, high, NULL) != CALO_OK)
        return;
    for (int i = 0; i < 3; i++) {
        states->middle[i] = (low[i] + high[i]) / 2;
        half[i] = (high[i] - low[i]) / 2;
    }
    states->radius = calo_length3(half);
}

static calo_status prepare_base(calo_states *states, calo_error *err)
{
    calo_pose *pose = NULL;
    calo_look *look = NULL;
    calo_prepare_options options = states->options.prepare;
    calo_status status = calo_pose_create(states->scene, NULL, &pose, err);
    if (status == CALO_OK && states->subject.randomizer)
        status = draw_any_look(states, &look, err);
    calo_lighting lighting;
    if (status == CALO_OK && look) {
        lighting = calo_look_lighting(options.lighting, look);
        options.lighting = &lighting;
    }
    if (status == CALO_OK)
        status = calo_renderer_prepare(states->renderer, pose, &options, &states->base, err);
    if (status == CALO_OK)
        measure(states, pose);
    calo_look_destroy(look);
    calo_pose_destroy(pose);
    return status;
}

static size_t count_values(const calo_randomizer *randomizer)
{
    size_t count = 0, stream_count = 0;
    const calo_stream *streams = randomizer ? calo_randomizer_streams(randomizer, &stream_count) : NULL;
    for (size_t i = 0; i < stream_count; i++)
        count += streams[i].count;
    return count;
}

calo_status calo_states_create(const calo_states_subject *subject, const calo_states_options *options,
                               calo_states **out, calo_error *err)
{
    *out = NULL;
    if (!subject->model == !subject->scene)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "states are of a MuJoCo model or of a scene: give one of them");
    calo_states *states = calloc(1, sizeof *states);
    if (!states)
        return calo_fail_memory(err, "an engine for states", sizeof *states);
    states->subject = *subject;
    states->scene = subject->model ? calo_mujoco_scene(subject->model) : subject->scene;
    states->options = options ? *options : (calo_states_options){0};
    states->options.prepare.reuse = NULL;
    states->options.prepare.materials = NULL;
    calo_status status = calo_renderer_create(&states->options.renderer, &states->renderer, err);
    if (status == CALO_OK)
        status = list_cameras(states, err);
    if (status == CALO_OK)
        status = calo_state_labels_init(&states->labels, subject, states->scene, err);
    if (status == CALO_OK)
        status = calo_state_post_create(&states->post, err);
    if (status == CALO_OK)
        status = prepare_base(states, err);
    if (status != CALO_OK) {
        calo_states_destroy(states);
        return status;
    }
    *out = states;
    return CALO_OK;
}

void calo_states_destroy(calo_states *states)
{
    if (!states)
        return;
    for (size_t i = 0; i < states->look_count; i++)
        calo_look_destroy(states->looks[i]);
    free(states->looks);
    calo_state_post_destroy(states->post);
    calo_prepared_destroy(states->base);
    calo_state_labels_finish(&states->labels);
    free(states->cameras);
    calo_renderer_destroy(states->renderer);
    free(states);
}

/* ---- what it knows ---- */

size_t calo_states_camera_count(const calo_states *states) { return states->camera_count; }

const char *calo_states_camera_name(const calo_states *states, size_t index)
{
    return index < states->camera_count ? states->cameras[index].name : NULL;
}

size_t calo_states_qpos_count(const calo_states *states)
{
    uint32_t count = 0;
    if (states->subject.model)
        calo_mujoco_rest(states->subject.model, &count);
    return count;
}

/* An update of the randomizer may change it. */
size_t calo_states_value_count(const calo_states *states)
{
    return count_values(states->subject.randomizer);
}

const char *const *calo_states_categories(const calo_states *states, size_t *count)
{
    *count = states->labels.category_count;
    return states->labels.names;
}

/* ---- rendering ---- */

/* The rest, in runs of states that fit into a batch. */
calo_status calo_states_render(calo_states *states, const calo_states_request *request, calo_error *err)
{
    calo_status status = calo_states_check(states, request, err);
    if (status != CALO_OK)
        return status;
    size_t cameras = request->views ? request->view_count : request->camera_count;
    size_t views = BATCH_VIEWS_A_THREAD * (size_t)calo_renderer_threads(states->renderer);
    size_t together = ((views > BATCH_VIEWS ? views : BATCH_VIEWS) + cameras - 1) / cameras;
    together = together > request->state_count ? request->state_count : together;
    calo_state_batch batch;
    status = calo_state_batch_init(&batch, states, request, together, err);
    for (size_t first = 0; status == CALO_OK && first < request->state_count; first += together) {
        size_t left = request->state_count - first;
        status = calo_state_batch_fill(&batch, first, left < together ? left : together, err);
        if (status == CALO_OK)
            status = calo_state_batch_render(&batch, err);
    }
    calo_state_batch_finish(&batch);
    return status;
}

/* ---- checking ---- */

static calo_status check_cameras(const calo_states *states, const calo_states_request *request, calo_error *err)
{
    if (request->views && request->camera_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "cameras by name, or views: give one of them");
    if (!(request->views ? request->view_count : request->camera_count))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "no camera is asked for: name at least one");
    for (size_t i = 0; i < request->camera_count; i++) {
        size_t c = 0;
        while (c < states->camera_count && strcmp(states->cameras[c].name, request->cameras[i]) != 0)
            c++;
        if (c < states->camera_count)
            continue;
        char known[600] = "it has none";
        for (size_t k = 0, used = 0; k < states->camera_count && used + 70 < sizeof known; k++)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%.60s\"", k ? ", " : "its cameras are ",
                                     states->cameras[k].name);
        return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s has no camera \"%.100s\": %s", states->scene->path,
                         request->cameras[i], known);
    }
    for (size_t i = 0; i < request->view_count; i++)
        if (request->views[i].width != request->views[0].width || request->views[i].height != request->views[0].height)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "view %zu is %u x %u pixels, the first one %u x %u: all views of a "
                             "call have one size", i, request->views[i].width, request->views[i].height,
                             request->views[0].width, request->views[0].height);
    uint32_t width = request->views ? request->views[0].width : request->width;
    uint32_t height = request->views ? request->views[0].height : request->height;
    if (width < 1 || height < 1 || width > CALO_FRAME_MAX_SIDE || height > CALO_FRAME_MAX_SIDE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "pictures of %u x %u pixels: a side must be 1 to %u", width, height,
                         CALO_FRAME_MAX_SIDE);
    return CALO_OK;
}

static calo_status check_row(const calo_states_request *request, size_t state, calo_error *err)
{
    const double *row = request->qpos + state * request->qpos_count;
    for (size_t i = 0; i < request->qpos_count; i++)
        if (!isfinite(row[i]))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "qpos of state %zu: value %zu is %g, which is not finite", state, i,
                             row[i]);
    return CALO_OK;
}

static calo_status check_qpos(const calo_states *states, const calo_states_request *request, calo_error *err)
{
    size_t needed = calo_states_qpos_count(states);
    if (request->state_count < 1 || request->state_count > STATES_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%zu states: a call takes 1 to %d", request->state_count, STATES_MAX);
    if (request->mujoco_states && (request->qpos || !states->subject.model))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "states of MuJoCo's data are for a model, and instead of qpos");
    if (!request->qpos)
        return CALO_OK;
    if (!states->subject.model)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s has no joints: leave qpos out", states->scene->path);
    if (!request->mapping && request->qpos_count != needed)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "qpos has %zu values a state, %s needs %zu", request->qpos_count,
                         states->scene->path, needed);
    double *mapped = calloc(needed + 1, sizeof *mapped);
    if (!mapped)
        return calo_fail_memory(err, "joint positions", needed * sizeof *mapped);
    calo_status status = CALO_OK;
    for (size_t s = 0; status == CALO_OK && s < request->state_count; s++) {
        status = check_row(request, s, err);
        if (status == CALO_OK && s == 0 && request->mapping)
            status = calo_mujoco_mapping_apply(request->mapping, request->qpos, request->qpos_count, mapped, err);
    }
    free(mapped);
    return status;
}

calo_status calo_states_check(const calo_states *states, const calo_states_request *request, calo_error *err)
{
    calo_status status = check_qpos(states, request, err);
    if (status == CALO_OK)
        status = check_cameras(states, request, err);
    if (status == CALO_OK)
        status = calo_state_outputs_check(states, request, err);
    if (status == CALO_OK && request->values && !states->subject.randomizer)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "values are what a randomizer draws: there is none");
    return status;
}
