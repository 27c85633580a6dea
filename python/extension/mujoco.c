/* MuJoCo's models and states: arrays by MuJoCo's names, in and out (see calotype/mujoco/). */
#include "extension.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct model_object {
    PyObject_HEAD
    calo_mujoco_model *model;
    Py_ssize_t body_count, camera_count, light_count, tendon_count;
} model_object;

/* ---- the names of what a model is made of ---- */

#define SIZE_NAME(name) #name,
static const char *const size_names[] = {CALO_MUJOCO_SIZES(SIZE_NAME)};
#undef SIZE_NAME
enum { SIZE_COUNT = sizeof size_names / sizeof size_names[0] };
_Static_assert(offsetof(calo_mujoco_arrays, nq) == 0, "the sizes stand first");

typedef struct array_field {
    const char *name, *type, *rows;
    int columns; /* 0: ntexrole */
    bool needed;
    size_t offset;
} array_field;

/* numpy's. Text comes as bytes. */
#define TYPE_OF(type) \
    _Generic((type){0}, double: "<f8", float: "<f4", int64_t: "<i8", int32_t: "<i4", uint8_t: "|u1", char: "|u1")
#define ARRAY_FIELD(type, name, rows, columns, needed) \
    {#name, TYPE_OF(type), #rows, columns, needed, offsetof(calo_mujoco_arrays, name)},
static const array_field array_fields[] = {CALO_MUJOCO_ARRAYS(ARRAY_FIELD)};
#undef ARRAY_FIELD

/* A number, or numbers, of `calo_mujoco_visual`. */
typedef struct visual_field {
    const char *name;
    char type; /* f, d or i */
    int count;
    size_t offset;
} visual_field;

#define VISUAL(name, type, count) {#name, type, count, offsetof(calo_mujoco_visual, name)}
static const visual_field visual_fields[] = {
    VISUAL(global_fovy, 'f', 1), VISUAL(global_azimuth, 'f', 1), VISUAL(global_elevation, 'f', 1),
    VISUAL(global_orthographic, 'i', 1), VISUAL(global_offwidth, 'i', 1), VISUAL(global_offheight, 'i', 1),
    VISUAL(headlight_ambient, 'f', 3), VISUAL(headlight_diffuse, 'f', 3), VISUAL(headlight_specular, 'f', 3),
    VISUAL(headlight_active, 'i', 1), VISUAL(map_alpha, 'f', 1), VISUAL(map_fogstart, 'f', 1),
    VISUAL(map_fogend, 'f', 1), VISUAL(map_znear, 'f', 1), VISUAL(map_zfar, 'f', 1), VISUAL(map_haze, 'f', 1),
    VISUAL(map_shadowclip, 'f', 1), VISUAL(map_shadowscale, 'f', 1), VISUAL(rgba_fog, 'f', 4),
    VISUAL(rgba_haze, 'f', 4), VISUAL(stat_extent, 'd', 1), VISUAL(stat_center, 'd', 3),
};
#undef VISUAL
enum { VISUAL_COUNT = sizeof visual_fields / sizeof visual_fields[0] };

static PyObject *describe_size(const void *items, size_t i)
{
    (void)items;
    return PyUnicode_FromString(size_names[i]);
}

static PyObject *describe_field(const void *items, size_t i)
{
    const array_field *field = (const array_field *)items + i;
    return Py_BuildValue("(sssiO)", field->name, field->type, field->rows, field->columns,
                         field->needed ? Py_True : Py_False);
}

static PyObject *describe_visual(const void *items, size_t i)
{
    const visual_field *field = (const visual_field *)items + i;
    return Py_BuildValue("(si)", field->name, field->count);
}

/* ([size], [(array, dtype, rows, columns, needed)], [(number of vis or stat, how many)]) */
PyObject *mujoco_fields(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    size_t count = sizeof array_fields / sizeof array_fields[0];
    return Py_BuildValue("(NNN)", list_of(NULL, SIZE_COUNT, describe_size), list_of(array_fields, count, describe_field),
                         list_of(visual_fields, VISUAL_COUNT, describe_visual));
}

/* ---- models from arrays ---- */

static int64_t *size_of(calo_mujoco_arrays *arrays, const char *name)
{
    for (size_t i = 0; i < SIZE_COUNT; i++)
        if (strcmp(size_names[i], name) == 0)
            return (int64_t *)arrays + i;
    return NULL;
}

static bool read_sizes(PyObject *dictionary, calo_mujoco_arrays *arrays)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        PyObject *item = PyDict_GetItemString(dictionary, size_names[i]);
        long long size = item ? PyLong_AsLongLong(item) : 0;
        if (size < 0 || size > INT32_MAX) {
            if (!PyErr_Occurred())
                raise_argument("a MuJoCo model's %s is %lld: from 0 to %d is possible", size_names[i], size, INT32_MAX);
            return false;
        }
        ((int64_t *)arrays)[i] = size;
    }
    return true;
}

/* Arrays come with one dimension. */
static bool read_arrays(PyObject *dictionary, calo_mujoco_arrays *arrays)
{
    for (size_t i = 0; i < sizeof array_fields / sizeof array_fields[0]; i++) {
        const array_field *field = &array_fields[i];
        PyObject *item = PyDict_GetItemString(dictionary, field->name);
        int64_t columns = field->columns ? field->columns : arrays->ntexrole ? arrays->ntexrole : 1;
        const Py_ssize_t shape[1] = {(Py_ssize_t)(*size_of(arrays, field->rows) * columns)};
        array_view view;
        if (item && !array_read(item, field->name, field->type, 1, shape, &view))
            return false;
        if (item)
            memcpy((char *)arrays + field->offset, &view.data, sizeof view.data);
    }
    return true;
}

/* One after the other, as visual_fields has them. */
static bool read_visual(PyObject *numbers, calo_mujoco_visual *visual)
{
    Py_ssize_t total = 0;
    for (size_t i = 0; i < VISUAL_COUNT; i++)
        total += visual_fields[i].count;
    array_view view;
    if (!array_read(numbers, "a MuJoCo model's visual numbers", "<f8", 1, &total, &view))
        return false;
    const double *next = view.data;
    for (size_t i = 0; i < VISUAL_COUNT; i++) {
        char *place = (char *)visual + visual_fields[i].offset;
        for (int k = 0; k < visual_fields[i].count; k++, next++) {
            if (visual_fields[i].type == 'd')
                ((double *)(void *)place)[k] = *next;
            else if (visual_fields[i].type == 'f')
                ((float *)(void *)place)[k] = (float)*next;
            else
                ((int32_t *)(void *)place)[k] = (int32_t)*next;
        }
    }
    return true;
}

static bool read_groups(PyObject *tuple, calo_mujoco_options *options)
{
    return parse(tuple, "IIII", &options->geom_groups, &options->site_groups, &options->tendon_groups,
                 &options->skin_groups);
}

static Py_ssize_t count_of(const calo_mujoco_model *model, calo_mujoco_kind kind)
{
    int32_t count = 0;
    while (calo_mujoco_name(model, kind, count))
        count++;
    return count;
}

static PyObject *wrap_model(calo_status status, calo_mujoco_model *model, const calo_error *err)
{
    if (status != CALO_OK)
        return raise_error(err);
    model_object *object = PyObject_New(model_object, extension()->mujoco_type);
    if (!object) {
        calo_mujoco_destroy(model);
        return NULL;
    }
    object->model = model;
    object->body_count = count_of(model, CALO_MUJOCO_BODY);
    object->camera_count = count_of(model, CALO_MUJOCO_CAMERA);
    object->light_count = count_of(model, CALO_MUJOCO_LIGHT);
    object->tendon_count = count_of(model, CALO_MUJOCO_TENDON);
    return (PyObject *)object;
}

/* mujoco_create(name, {size or array by name}, visual numbers, version, groups, limits) */
PyObject *mujoco_create(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *name;
    PyObject *dictionary, *numbers, *groups, *limits_tuple;
    calo_mujoco_arrays arrays = {0};
    calo_mujoco_options options = {.own_materials = true}; /* a randomizer may be given later */
    calo_limits limits;
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    calo_status status;
    if (!parse(arguments, "sO!OiOO", &name, &PyDict_Type, &dictionary, &numbers, &arrays.version, &groups,
               &limits_tuple) ||
        !read_sizes(dictionary, &arrays) || !read_arrays(dictionary, &arrays) ||
        !read_visual(numbers, &arrays.visual) || !read_groups(groups, &options) || !limits_read(limits_tuple, &limits))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = calo_mujoco_create(&arrays, name, &options, &limits, &model, &err);
    Py_END_ALLOW_THREADS
    return wrap_model(status, model, &err);
}

/* mujoco_load(path, groups, limits) */
PyObject *mujoco_load(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *path = NULL, *groups, *limits_tuple;
    calo_mujoco_options options = {.own_materials = true}; /* a randomizer may be given later */
    calo_limits limits;
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    calo_status status;
    if (!parse(arguments, "O&OO", PyUnicode_FSConverter, &path, &groups, &limits_tuple))
        return NULL;
    if (!read_groups(groups, &options) || !limits_read(limits_tuple, &limits)) {
        Py_DECREF(path);
        return NULL;
    }
    const char *name = PyBytes_AsString(path);
    Py_BEGIN_ALLOW_THREADS
    status = calo_mujoco_load(name, &options, &limits, &model, &err);
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    return wrap_model(status, model, &err);
}

PyObject *mujoco_available(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyBool_FromLong(calo_mujoco_available());
}

/* ---- what is in them ---- */

calo_mujoco_model *mujoco_of(PyObject *object)
{
    if (Py_TYPE(object) != extension()->mujoco_type) {
        raise_argument("a MuJoCo model is needed: calotype.mujoco.Model makes one");
        return NULL;
    }
    return ((model_object *)object)->model;
}

static void model_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    calo_mujoco_destroy(((model_object *)self)->model);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* Names come from files: what is no UTF-8 is replaced. */
static PyObject *text(const char *bytes) { return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace"); }

/* A model, and the kind of things that are listed. */
typedef struct kind_list {
    const calo_mujoco_model *model;
    calo_mujoco_kind kind;
} kind_list;

static PyObject *describe_name(const void *items, size_t i)
{
    const kind_list *list = items;
    return text(calo_mujoco_name(list->model, list->kind, (int32_t)i));
}

static PyObject *names_of(const calo_mujoco_model *model, calo_mujoco_kind kind)
{
    const kind_list list = {model, kind};
    return list_of(&list, (size_t)count_of(model, kind), describe_name);
}

static PyObject *describe_joint(const void *items, size_t i)
{
    const calo_joint *joint = (const calo_joint *)items + i;
    return Py_BuildValue("(NiIO(dd))", text(joint->name), (int)joint->kind, joint->qpos_address,
                         joint->limited ? Py_True : Py_False, joint->range[0], joint->range[1]);
}

static PyObject *describe_object(const void *items, size_t node)
{
    calo_mujoco_kind kind = CALO_MUJOCO_NONE;
    int32_t id = -1;
    calo_mujoco_object(items, (uint32_t)node, &kind, &id);
    return Py_BuildValue("(ii)", (int)kind, id);
}

static PyObject *describe_rest(const void *items, size_t i)
{
    return PyFloat_FromDouble(((const double *)items)[i]);
}

static PyObject *describe_visual_value(const void *items, size_t i)
{
    const char *place = (const char *)items + visual_fields[i].offset;
    PyObject *tuple = PyTuple_New(visual_fields[i].count);
    for (int k = 0; tuple && k < visual_fields[i].count; k++) {
        double value = visual_fields[i].type == 'd'   ? ((const double *)(const void *)place)[k]
                       : visual_fields[i].type == 'f' ? ((const float *)(const void *)place)[k]
                                                      : ((const int32_t *)(const void *)place)[k];
        PyTuple_SetItem(tuple, k, PyFloat_FromDouble(value)); /* steals */
    }
    return tuple;
}

/* ({kind: [name]}, [joint], [qpos0], [(kind, id) of a node], [numbers]) */
static PyObject *model_describe(PyObject *self, PyObject *unused)
{
    (void)unused;
    const calo_mujoco_model *model = mujoco_of(self);
    if (!model)
        return NULL;
    uint32_t joint_count, qpos_count;
    const calo_joint *joints = calo_mujoco_joints(model, &joint_count);
    const double *rest = calo_mujoco_rest(model, &qpos_count);
    return Py_BuildValue("({i:N,i:N,i:N,i:N,i:N,i:N,i:N}NNNN)", CALO_MUJOCO_BODY, names_of(model, CALO_MUJOCO_BODY),
                         CALO_MUJOCO_GEOM, names_of(model, CALO_MUJOCO_GEOM), CALO_MUJOCO_SITE,
                         names_of(model, CALO_MUJOCO_SITE), CALO_MUJOCO_CAMERA, names_of(model, CALO_MUJOCO_CAMERA),
                         CALO_MUJOCO_LIGHT, names_of(model, CALO_MUJOCO_LIGHT), CALO_MUJOCO_SKIN,
                         names_of(model, CALO_MUJOCO_SKIN), CALO_MUJOCO_TENDON, names_of(model, CALO_MUJOCO_TENDON),
                         list_of(joints, joint_count, describe_joint), list_of(rest, qpos_count, describe_rest),
                         list_of(model, calo_mujoco_scene(model)->node_count, describe_object),
                         list_of(calo_mujoco_visual_of(model), VISUAL_COUNT, describe_visual_value));
}

static PyObject *model_scene(PyObject *self, PyObject *unused)
{
    (void)unused;
    const calo_mujoco_model *model = mujoco_of(self);
    return model ? scene_wrap_owned(calo_mujoco_scene(model), self) : NULL;
}

/* sky(allocate) -> array or None */
static PyObject *model_sky(PyObject *self, PyObject *arguments)
{
    PyObject *allocate;
    const calo_mujoco_model *model = mujoco_of(self);
    if (!model || !parse(arguments, "O", &allocate))
        return NULL;
    const calo_image *sky = calo_mujoco_sky(model);
    if (!sky)
        Py_RETURN_NONE;
    return image_copy(sky, allocate);
}

static PyMethodDef model_methods[] = {
    {"describe", model_describe, METH_NOARGS, "describe() -> tuple"},
    {"scene", model_scene, METH_NOARGS, "scene() -> Scene"},
    {"sky", model_sky, METH_VARARGS, "sky(allocate) -> array or None"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot model_slots[] = {
    {Py_tp_dealloc, model_dealloc},
    {Py_tp_methods, model_methods},
    {0, NULL},
};

PyType_Spec mujoco_spec = {"calotype._calotype.MujocoModel", sizeof(model_object), 0, Py_TPFLAGS_DEFAULT, model_slots};

/* ---- states ---- */

/* Rows of `columns` numbers, one a state, flat; None gives NULL. */
static bool read_rows(PyObject *tuple, int index, const char *what, const char *type, Py_ssize_t count, array_view *view)
{
    return array_read_optional(PyTuple_GetItem(tuple, index), what, type, 1, &count, view);
}

/* The wraps of every tendon lie in the arrays of points. */
static bool wraps_fit(const array_view *address, const array_view *number, Py_ssize_t points)
{
    const int32_t *first = address->data, *many = number->data;
    for (Py_ssize_t i = 0; i < address->count; i++)
        if (first[i] < 0 || many[i] < 0 || (Py_ssize_t)first[i] + many[i] > points) {
            raise_argument("a state's tendons have points from %d to %lld, but there are %zd", first[i],
                           (long long)first[i] + many[i], points);
            return false;
        }
    return true;
}

static bool read_wraps(PyObject *tuple, const model_object *object, Py_ssize_t count, calo_mujoco_state *states)
{
    array_view address, number, objects, points;
    Py_ssize_t any = -1, tendons = object->tendon_count;
    if (PyTuple_GetItem(tuple, 6) == Py_None)
        return true;
    if (!array_read(PyTuple_GetItem(tuple, 6), "ten_wrapadr", "<i4", 1, &(Py_ssize_t){count * tendons}, &address) ||
        !array_read(PyTuple_GetItem(tuple, 7), "ten_wrapnum", "<i4", 1, &(Py_ssize_t){count * tendons}, &number) ||
        !array_read(PyTuple_GetItem(tuple, 8), "wrap_obj", "<i4", 1, &any, &objects) ||
        !array_read(PyTuple_GetItem(tuple, 9), "wrap_xpos", "<f8", 1, &(Py_ssize_t){objects.count * 3}, &points))
        return false;
    Py_ssize_t each = objects.count / count;
    if (each * count != objects.count || !wraps_fit(&address, &number, each)) {
        if (!PyErr_Occurred())
            raise_argument("wrap_obj: %zd items cannot be those of %zd states", objects.count, count);
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        states[i].ten_wrapadr = (const int32_t *)address.data + i * tendons;
        states[i].ten_wrapnum = (const int32_t *)number.data + i * tendons;
        states[i].wrap_obj = (const int32_t *)objects.data + i * each;
        states[i].wrap_xpos = (const double *)points.data + i * each * 3;
    }
    return true;
}

calo_mujoco_state *mujoco_states_read(PyObject *model, PyObject *tuple, size_t count)
{
    const model_object *object = (const model_object *)model;
    array_view views[6];
    static const char *const names[6] = {"xpos", "xquat", "cam_xpos", "cam_xmat", "light_xpos", "light_xdir"};
    const Py_ssize_t columns[6] = {object->body_count * 3,   object->body_count * 4,  object->camera_count * 3,
                                   object->camera_count * 9, object->light_count * 3, object->light_count * 3};
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 10 || count == 0) {
        raise_argument("the arrays of one state at least are needed");
        return NULL;
    }
    for (int k = 0; k < 6; k++)
        if (!read_rows(tuple, k, names[k], "<f8", (Py_ssize_t)count * columns[k], &views[k]))
            return NULL;
    calo_mujoco_state *states = calloc(count, sizeof *states);
    if (!states) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const double **members[6] = {&states[i].xpos,     &states[i].xquat,      &states[i].cam_xpos,
                                     &states[i].cam_xmat, &states[i].light_xpos, &states[i].light_xdir};
        for (int k = 0; k < 6; k++)
            *members[k] = views[k].data ? (const double *)views[k].data + (Py_ssize_t)i * columns[k] : NULL;
    }
    if (read_wraps(tuple, object, (Py_ssize_t)count, states))
        return states;
    free(states);
    return NULL;
}

bool pose_source_read(PyObject *tuple, const calo_scene *scene, pose_source *source)
{
    PyObject *model, *qpos, *state;
    const Py_ssize_t any = -1;
    array_view numbers;
    *source = (pose_source){0};
    if (tuple == Py_None)
        return true;
    if (!parse(tuple, "OOO", &model, &qpos, &state) || !(source->model = mujoco_of(model)))
        return false;
    if (calo_mujoco_scene(source->model) != scene) {
        raise_argument("this pose is of another MuJoCo model than the scene");
        return false;
    }
    if (state != Py_None)
        return (source->state = mujoco_states_read(model, state, 1)) != NULL;
    if (!array_read(qpos, "qpos", "<f8", 1, &any, &numbers))
        return false;
    source->qpos = numbers.data;
    source->qpos_count = (size_t)numbers.count;
    return true;
}

void pose_source_finish(pose_source *source) { free(source->state); }

calo_status pose_source_pose(const pose_source *source, const calo_scene *scene, const calo_pose_options *options,
                             calo_pose **pose, calo_error *err)
{
    if (source->state)
        return calo_mujoco_state_pose(source->model, source->state, options, pose, err);
    if (source->model)
        return calo_mujoco_pose(source->model, source->qpos, source->qpos_count, options, pose, err);
    return calo_pose_create(scene, options, pose, err);
}
