/* A scene's nodes at one moment: the tuples of pose.py. */
#include "extension.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Node transforms, weights and visibilities that replace the scene's: rows side by side. */
typedef struct overrides {
    calo_node_override *items;
    uint32_t count;
} overrides;

static uint32_t morph_count(const calo_scene *scene, uint32_t node)
{
    uint32_t count = 0;
    if (node >= scene->node_count || scene->nodes[node].mesh < 0)
        return 0;
    const calo_mesh *mesh = &scene->meshes[scene->nodes[node].mesh];
    for (uint32_t p = 0; p < mesh->primitive_count; p++)
        if (mesh->primitives[p].morph_target_count > count)
            count = mesh->primitives[p].morph_target_count;
    return count;
}

/* `weights`: None, or a tuple of an array or None a node. */
static bool read_weights(const calo_scene *scene, PyObject *weights, overrides *out)
{
    if (weights == Py_None)
        return true;
    if (!PyTuple_Check(weights) || PyTuple_Size(weights) != (Py_ssize_t)out->count) {
        raise_argument("a pose needs as many sets of weights as nodes that it moves");
        return false;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        uint32_t node = out->items[i].node;
        const Py_ssize_t shape[1] = {morph_count(scene, node)};
        array_view view;
        if (!array_read_optional(PyTuple_GetItem(weights, i), "a pose's morph weights", "<f4", 1, shape, &view))
            return false;
        out->items[i].weights = view.data;
    }
    return true;
}

/* `visibilities`: None, or a calo_switch a node. */
static bool read_visibilities(PyObject *visibilities, overrides *out)
{
    const Py_ssize_t shape[1] = {out->count};
    array_view view;
    if (!array_read_optional(visibilities, "a pose's visibilities", "|u1", 1, shape, &view))
        return false;
    for (uint32_t i = 0; view.data && i < out->count; i++) {
        uint8_t visibility = ((const uint8_t *)view.data)[i];
        if (visibility > CALO_OFF) {
            raise_argument("a pose's visibilities are 0, 1 or 2, not %d", visibility);
            return false;
        }
        out->items[i].visibility = (calo_switch)visibility;
    }
    return true;
}

static bool read_overrides(const calo_scene *scene, PyObject *nodes, PyObject *matrices, PyObject *weights,
                           PyObject *visibilities, overrides *out)
{
    const Py_ssize_t any[1] = {-1};
    array_view indices, locals;
    *out = (overrides){0};
    if (!array_read_optional(nodes, "a pose's nodes", "<u4", 1, any, &indices))
        return false;
    if (!indices.data)
        return true;
    const Py_ssize_t shape[3] = {indices.count, 4, 4};
    if (indices.count > INT32_MAX) {
        raise_argument("a pose moves %zd nodes: up to %d are possible", indices.count, INT32_MAX);
        return false;
    }
    if (!array_read(matrices, "a pose's matrices", "<f8", 3, shape, &locals))
        return false;
    out->items = calloc((size_t)indices.count + 1, sizeof *out->items);
    if (!out->items) {
        PyErr_NoMemory();
        return false;
    }
    out->count = (uint32_t)indices.count;
    for (uint32_t i = 0; i < out->count; i++) {
        out->items[i].node = ((const uint32_t *)indices.data)[i];
        memcpy(&out->items[i].local, (const calo_mat4 *)locals.data + i, sizeof out->items[i].local);
        out->items[i].keeps_place = isnan(out->items[i].local.m[0][0]);
    }
    return read_weights(scene, weights, out) && read_visibilities(visibilities, out);
}

/* The box of the pose without it decides how the pose is moved into the box asked for. */
static calo_status fit_root(const calo_scene *scene, const pose_source *source, const calo_pose_options *options,
                            calo_fit fit, calo_mat4 *root, calo_error *err)
{
    calo_pose *measured = NULL;
    double low[3], high[3], scale, translation[3];
    calo_status status = pose_source_pose(source, scene, options, &measured, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(measured, low, high, err);
    calo_pose_destroy(measured);
    if (status != CALO_OK)
        return status;
    calo_fit_normalization(fit, low, high, &scale, translation);
    *root = (calo_mat4){{{scale, 0, 0, translation[0]}, {0, scale, 0, translation[1]}, {0, 0, scale, translation[2]},
                         {0, 0, 0, 1}}};
    return CALO_OK;
}

static calo_pose *make(calo_scene *scene, const pose_source *source, calo_pose_options *options, calo_fit fit)
{
    calo_pose *pose = NULL;
    calo_mat4 fitted;
    calo_error err = {0};
    calo_status status = CALO_OK;
    Py_BEGIN_ALLOW_THREADS
    if (fit == CALO_FIT_UNIT_CUBE || fit == CALO_FIT_HALF_CUBE) {
        status = fit_root(scene, source, options, fit, &fitted, &err);
        options->root = &fitted;
    }
    if (status == CALO_OK)
        status = pose_source_pose(source, scene, options, &pose, &err);
    Py_END_ALLOW_THREADS
    if (status != CALO_OK)
        raise_error(&err);
    return pose;
}

calo_pose *pose_make(calo_scene *scene, PyObject *description)
{
    PyObject *root, *nodes, *matrices, *weights, *visibilities, *source_tuple;
    pose_source source = {0};
    calo_pose_options options = {0};
    overrides moved = {0};
    array_view matrix;
    int fit;
    const Py_ssize_t shape[2] = {4, 4};
    if (!PyTuple_Check(description)) {
        raise_argument("a pose is needed");
        return NULL;
    }
    if (!parse(description, "idiOOOOOO", &options.animation, &options.time_seconds, &fit, &root, &nodes,
                          &matrices, &weights, &visibilities, &source_tuple) ||
        !array_read_optional(root, "a pose's root", "<f8", 2, shape, &matrix))
        return NULL;
    calo_mat4 root_matrix;
    if (matrix.data) {
        memcpy(&root_matrix, matrix.data, sizeof root_matrix);
        options.root = &root_matrix;
    }
    calo_pose *pose = NULL;
    if (read_overrides(scene, nodes, matrices, weights, visibilities, &moved) &&
        pose_source_read(source_tuple, scene, &source)) {
        options.overrides = moved.items;
        options.override_count = moved.count;
        pose = make(scene, &source, &options, (calo_fit)fit);
    }
    pose_source_finish(&source);
    free(moved.items);
    return pose;
}

PyObject *pose_bounds(PyObject *self, PyObject *arguments)
{
    PyObject *description;
    double low[3], high[3];
    calo_error err = {0};
    calo_scene *scene = scene_of(self);
    if (!scene || !parse(arguments, "O", &description))
        return NULL;
    calo_pose *pose = pose_make(scene, description);
    if (!pose)
        return NULL;
    calo_status status;
    Py_BEGIN_ALLOW_THREADS
    status = calo_pose_bounds(pose, low, high, &err);
    Py_END_ALLOW_THREADS
    calo_pose_destroy(pose);
    if (status != CALO_OK)
        return raise_error(&err);
    return Py_BuildValue("(ddd)(ddd)", low[0], low[1], low[2], high[0], high[1], high[2]);
}

/* Fills an array (nodes, 4, 4) of the caller. */
PyObject *pose_node_to_world(PyObject *self, PyObject *arguments)
{
    PyObject *description, *out;
    array_view view;
    calo_scene *scene = scene_of(self);
    if (!scene || !parse(arguments, "OO", &description, &out))
        return NULL;
    const Py_ssize_t shape[3] = {scene->node_count, 4, 4};
    if (!array_read(out, "out", "<f8", 3, shape, &view) || !array_is_writable(&view, "out"))
        return NULL;
    calo_pose *pose = pose_make(scene, description);
    if (!pose)
        return NULL;
    memcpy(view.data, pose->node_to_world, scene->node_count * sizeof *pose->node_to_world);
    calo_pose_destroy(pose);
    Py_RETURN_NONE;
}
