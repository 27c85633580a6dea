/* Views as rows of an array of float64: see the columns in cameras.py. */
#include "extension.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns. */
enum {
    MATRIX = 0,
    ORTHOGRAPHIC = 16,
    FOCAL_X, FOCAL_Y, CENTER_X, CENTER_Y, WIDTH, HEIGHT, NEAR, FAR,
    LENS,
    COEFFICIENTS,
    AZIMUTH = COEFFICIENTS + 12,
    ELEVATION, RADIUS, FOV,
};
_Static_assert(FOV + 1 == VIEW_NUMBERS, "all columns are named");

static bool read_side(double value, uint32_t *side)
{
    if (!(value >= 1 && value <= CALO_FRAME_MAX_SIDE)) {
        raise_argument("a view of %g pixels: its width and height must be from 1 to %u", value, CALO_FRAME_MAX_SIDE);
        return false;
    }
    *side = (uint32_t)value;
    return true;
}

static bool read_row(const double *row, calo_view *view)
{
    *view = (calo_view){0};
    memcpy(&view->camera_to_world, row + MATRIX, sizeof view->camera_to_world);
    view->orthographic = row[ORTHOGRAPHIC] != 0;
    view->focal_x = row[FOCAL_X];
    view->focal_y = row[FOCAL_Y];
    view->center_x = row[CENTER_X];
    view->center_y = row[CENTER_Y];
    view->near_metres = row[NEAR];
    view->far_metres = row[FAR];
    if (!(row[LENS] >= CALO_LENS_PINHOLE && row[LENS] <= CALO_LENS_FISHEYE)) {
        raise_argument("a view has the lens %g, which there is not", row[LENS]);
        return false;
    }
    view->lens = (calo_lens_kind)row[LENS];
    memcpy(view->lens_coefficients, row + COEFFICIENTS, sizeof view->lens_coefficients);
    return read_side(row[WIDTH], &view->width) && read_side(row[HEIGHT], &view->height);
}

calo_view *views_read(PyObject *object, size_t *count)
{
    const Py_ssize_t shape[2] = {-1, VIEW_NUMBERS};
    array_view rows;
    if (!array_read(object, "views", "<f8", 2, shape, &rows))
        return NULL;
    *count = (size_t)rows.shape[0];
    calo_view *views = calloc(*count + 1, sizeof *views);
    if (!views) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        if (!read_row((const double *)rows.data + i * VIEW_NUMBERS, &views[i])) {
            free(views);
            return NULL;
        }
    return views;
}

static void write_row(const calo_view *view, double *row)
{
    memset(row, 0, VIEW_NUMBERS * sizeof *row);
    memcpy(row + MATRIX, &view->camera_to_world, sizeof view->camera_to_world);
    row[ORTHOGRAPHIC] = view->orthographic;
    row[FOCAL_X] = view->focal_x;
    row[FOCAL_Y] = view->focal_y;
    row[CENTER_X] = view->center_x;
    row[CENTER_Y] = view->center_y;
    row[WIDTH] = view->width;
    row[HEIGHT] = view->height;
    row[NEAR] = view->near_metres;
    row[FAR] = view->far_metres;
    row[LENS] = view->lens;
    memcpy(row + COEFFICIENTS, view->lens_coefficients, sizeof view->lens_coefficients);
    row[AZIMUTH] = view->azimuth_degrees;
    row[ELEVATION] = view->elevation_degrees;
    row[RADIUS] = view->radius;
    row[FOV] = view->fov_degrees;
}

/* (protocol, fit, rows as bytes); the set stays the caller's. */
PyObject *views_write(const calo_view_set *set)
{
    size_t row_bytes = VIEW_NUMBERS * sizeof(double);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(set->count * row_bytes));
    if (!bytes)
        return NULL;
    for (size_t i = 0; i < set->count; i++)
        write_row(&set->views[i], (double *)(void *)(PyBytes_AsString(bytes) + i * row_bytes));
    return Py_BuildValue("(siN)", set->protocol, (int)set->fit, bytes);
}

static PyObject *write_and_finish(calo_status status, calo_view_set *set, const calo_error *err)
{
    PyObject *out = status == CALO_OK ? views_write(set) : raise_error(err);
    if (status == CALO_OK)
        calo_view_set_finish(set);
    return out;
}

/* A pair of numbers, or None for the preset's own. */
static bool read_range(PyObject *pair, bool *given, double *low, double *high)
{
    *given = pair != Py_None;
    if (!*given)
        return true;
    if (!PyTuple_Check(pair)) {
        raise_argument("a range is a pair of numbers");
        return false;
    }
    return parse(pair, "dd", low, high);
}

PyObject *views_preset(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *radius, *elevation, *fov;
    unsigned long long seed;
    int northern;
    calo_view_options o = {0};
    calo_view_set set = {0};
    calo_error err = {0};
    if (!parse(arguments, "sIIIKpOOO", &o.preset, &o.count, &o.width, &o.height, &seed, &northern, &radius,
                          &elevation, &fov) ||
        !read_range(radius, &o.override_radius, &o.radius_min, &o.radius_max) ||
        !read_range(elevation, &o.override_elevation, &o.elevation_min_degrees, &o.elevation_max_degrees) ||
        !read_range(fov, &o.override_fov, &o.fov_min_degrees, &o.fov_max_degrees))
        return NULL;
    o.seed = seed;
    o.only_northern_hemisphere = northern;
    return write_and_finish(calo_view_set_make(&o, &set, &err), &set, &err);
}

static PyObject *describe_preset(const void *presets, size_t i)
{
    const calo_view_preset *preset = (const calo_view_preset *)presets + i;
    return Py_BuildValue("(ssIIi)", preset->name, preset->description, preset->count, preset->size, (int)preset->fit);
}

PyObject *views_presets(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    size_t count;
    const calo_view_preset *presets = calo_view_presets(&count);
    return list_of(presets, count, describe_preset);
}

PyObject *views_load(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *path = NULL;
    unsigned width, height;
    calo_view_set set = {0};
    calo_error err = {0};
    if (!parse(arguments, "O&II", PyUnicode_FSConverter, &path, &width, &height))
        return NULL;
    const char *name = PyBytes_AsString(path);
    calo_status status;
    Py_BEGIN_ALLOW_THREADS
    status = calo_view_set_load(name, width, height, &set, &err);
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    return write_and_finish(status, &set, &err);
}

PyObject *views_of_scene(PyObject *self, PyObject *arguments)
{
    PyObject *description;
    const char *wanted;
    unsigned width, height;
    double scale;
    calo_view_set set = {0};
    calo_error err = {0};
    calo_scene *scene = scene_of(self);
    if (!scene || !parse(arguments, "OsdII", &description, &wanted, &scale, &width, &height))
        return NULL;
    calo_pose *pose = pose_make(scene, description);
    if (!pose)
        return NULL;
    calo_status status = calo_view_set_of_scene(pose, wanted, scale, width, height, &set, &err);
    calo_pose_destroy(pose);
    return write_and_finish(status, &set, &err);
}

PyObject *views_look_at(PyObject *module, PyObject *arguments)
{
    (void)module;
    double position[3], target[3];
    if (!parse(arguments, "(ddd)(ddd)", &position[0], &position[1], &position[2], &target[0], &target[1],
                          &target[2]))
        return NULL;
    calo_mat4 matrix = calo_look_at(position, target);
    return PyBytes_FromStringAndSize((const char *)&matrix, sizeof matrix);
}
