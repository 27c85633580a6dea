/* States: one scene, many poses and looks, drawn in one call without the GIL. */
#include "extension.h"

#include <stdlib.h>
#include <string.h>

typedef struct states_object {
    PyObject_HEAD
    calo_states *states;        /* NULL: closed */
    calo_randomizer *randomizer; /* or NULL */
    calo_mujoco_mapping *mapping; /* or NULL */
    PyObject *subject;          /* the scene or the model; borrowed from by all of them */
    PyObject *environment;
    prepare_call prepare;
    bool is_model;
    call_turn turn;
} states_object;

/* ---- making ---- */

/* None, or (path or None, JSON or None, name, folder or None, lenient). */
static bool read_randomizer(PyObject *tuple, states_object *object, const calo_states_subject *shown)
{
    PyObject *path = NULL, *given, *json;
    const char *name;
    int lenient;
    calo_randomize_subject subject = {.scene = shown->scene};
    calo_randomize_options options = {0};
    calo_error err = {0};
    calo_status status;
    if (tuple == Py_None)
        return true;
    if (!parse(tuple, "OOszp", &given, &json, &name, &options.folder, &lenient))
        return false;
    if (given == Py_None && !PyBytes_Check(json)) {
        raise_argument("a randomizer is JSON as bytes, or a path");
        return false;
    }
    options.lenient = lenient;
    if (shown->model)
        subject = calo_mujoco_subject(shown->model);
    if (given != Py_None) {
        if (!PyUnicode_FSConverter(given, &path))
            return false;
        status = calo_randomizer_load(&subject, PyBytes_AsString(path), &options, &object->randomizer, &err);
        Py_DECREF(path);
    } else {
        status = calo_randomizer_create(&subject, PyBytes_AsString(json), (size_t)PyBytes_Size(json), name, &options,
                                        &object->randomizer, &err);
    }
    if (status != CALO_OK)
        raise_error(&err);
    return status == CALO_OK;
}

static bool read_mapping(PyObject *given, states_object *object, const calo_mujoco_model *model)
{
    PyObject *path = NULL;
    calo_error err = {0};
    if (given == Py_None)
        return true;
    if (!model) {
        raise_argument("a mapping of joints is for MuJoCo models, not for other scenes");
        return false;
    }
    if (!PyUnicode_FSConverter(given, &path))
        return false;
    calo_status status = calo_mujoco_mapping_load(model, PyBytes_AsString(path), NULL, &object->mapping, &err);
    Py_DECREF(path);
    if (status != CALO_OK)
        raise_error(&err);
    return status == CALO_OK;
}

/* `drawn`: ((backend, threads, lod_pixels), lighting, settings, render options, samples of the look). */
static bool create_engine(states_object *object, const calo_states_subject *subject, PyObject *drawn)
{
    PyObject *renderer, *lighting, *settings, *options;
    calo_states_options o = {0};
    calo_error err = {0};
    calo_status status;
    const calo_scene *scene = subject->model ? calo_mujoco_scene(subject->model) : subject->scene;
    if (!parse(drawn, "OO!O!OI", &renderer, &PyTuple_Type, &lighting, &PyTuple_Type, &settings, &options,
               &o.look_samples) ||
        !parse(renderer, "zIf", &o.renderer.backend, &o.renderer.threads, &o.renderer.lod_pixels) ||
        !prepare_read(lighting, settings, scene, &object->prepare) || !render_options_read(options, &o.render))
        return false;
    object->environment = object->prepare.environment;
    Py_XINCREF(object->environment);
    o.prepare = object->prepare.options;
    Py_BEGIN_ALLOW_THREADS
    status = calo_states_create(subject, &o, &object->states, &err);
    Py_END_ALLOW_THREADS
    if (status != CALO_OK)
        raise_error(&err);
    return status == CALO_OK;
}

static bool read_subject(PyObject *given, states_object *object, calo_states_subject *subject)
{
    object->is_model = Py_TYPE(given) == extension()->mujoco_type;
    if (object->is_model)
        subject->model = mujoco_of(given);
    else
        subject->scene = scene_of(given);
    return subject->model || subject->scene;
}

/* states(scene or model, randomizer, mapping, how it is drawn) */
PyObject *states_create(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *given, *randomizer, *mapping, *drawn;
    calo_states_subject subject = {0};
    if (!parse(arguments, "OOOO", &given, &randomizer, &mapping, &drawn))
        return NULL;
    states_object *object = PyObject_New(states_object, extension()->states_type);
    if (!object)
        return NULL;
    memset((char *)object + sizeof(PyObject), 0, sizeof *object - sizeof(PyObject));
    Py_INCREF(given);
    object->subject = given;
    if (turn_start(&object->turn) && read_subject(given, object, &subject) &&
        read_randomizer(randomizer, object, &subject) && read_mapping(mapping, object, subject.model)) {
        subject.randomizer = object->randomizer;
        if (create_engine(object, &subject, drawn))
            return (PyObject *)object;
    }
    Py_DECREF(object);
    return NULL;
}

static void finish_engine(states_object *object)
{
    calo_states *states = object->states;
    object->states = NULL;
    Py_BEGIN_ALLOW_THREADS
    calo_states_destroy(states);
    Py_END_ALLOW_THREADS
}

static void states_dealloc(PyObject *self)
{
    states_object *object = (states_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    /* A fork left the call of a thread that is not here unfinished in it: nothing of it can be taken apart. */
    if (!turn_is_stuck(&object->turn)) {
        finish_engine(object);
        calo_mujoco_mapping_destroy(object->mapping);
        calo_randomizer_destroy(object->randomizer);
        prepare_finish(&object->prepare);
        Py_XDECREF(object->environment);
        Py_XDECREF(object->subject);
    }
    turn_finish(&object->turn);
    PyObject_Free(self);
    Py_DECREF(type);
}

static bool enter(states_object *object)
{
    if (turn_is_own(&object->turn)) {
        raise_argument("these states are in the middle of a call on this thread: a progress function must not use them");
        return false;
    }
    if (object->states && !turn_take(&object->turn, "these states' engine"))
        return false;
    if (object->states)
        return true;
    if (turn_is_own(&object->turn))
        turn_leave(&object->turn); /* another thread closed it meanwhile */
    raise_argument("these states are closed");
    return false;
}

static PyObject *states_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    states_object *object = (states_object *)self;
    if (!object->states)
        Py_RETURN_NONE;
    if (!enter(object))
        return NULL;
    finish_engine(object);
    turn_leave(&object->turn);
    Py_RETURN_NONE;
}

/* ---- what is known of them ---- */

static PyObject *describe_camera(const void *states, size_t i)
{
    const char *name = calo_states_camera_name(states, i);
    return PyUnicode_DecodeUTF8(name, (Py_ssize_t)strlen(name), "replace");
}

static PyObject *describe_category(const void *names, size_t i)
{
    const char *name = ((const char *const *)names)[i];
    return PyUnicode_DecodeUTF8(name, (Py_ssize_t)strlen(name), "replace");
}

static PyObject *describe_stream(const void *streams, size_t i)
{
    const calo_stream *stream = (const calo_stream *)streams + i;
    return Py_BuildValue("(siIIO)", stream->name, (int)stream->kind, stream->count, stream->first,
                         stream->drawn ? Py_True : Py_False);
}

static PyObject *describe_warning(const void *warnings, size_t i)
{
    const calo_warning *warning = (const calo_warning *)warnings + i;
    return Py_BuildValue("(ss)", warning->id, warning->message);
}

/* ([camera], [category], values a state of qpos, [stream], values a state, [warning]) */
static PyObject *states_describe(PyObject *self, PyObject *unused)
{
    (void)unused;
    const states_object *object = (const states_object *)self;
    size_t categories = 0, streams = 0, warnings = 0;
    if (!object->states)
        return raise_argument("these states are closed");
    const char *const *names = calo_states_categories(object->states, &categories);
    const calo_stream *drawn = object->randomizer ? calo_randomizer_streams(object->randomizer, &streams) : NULL;
    const calo_warning *odd = object->randomizer ? calo_randomizer_warnings(object->randomizer, &warnings) : NULL;
    return Py_BuildValue("(NNnNnN)", list_of(object->states, calo_states_camera_count(object->states), describe_camera),
                         list_of(names, categories, describe_category),
                         (Py_ssize_t)calo_states_qpos_count(object->states), list_of(drawn, streams, describe_stream),
                         (Py_ssize_t)calo_states_value_count(object->states),
                         list_of(odd, warnings, describe_warning));
}

/* ---- rendering ---- */

/* What a call of render is made of. */
typedef struct states_call {
    calo_states_request request;
    calo_mujoco_state *states;
    const char **cameras;
    calo_view *views;
    calo_output *outputs;
    python_call python;
} states_call;

static void finish_call(states_call *call)
{
    free(call->states);
    free(call->cameras);
    free(call->views);
    free(call->outputs);
}

/* The arrays (count, columns) of joint positions, or what mujoco_states_read takes, or neither. */
static bool read_states(const states_object *object, PyObject *qpos, PyObject *states, PyObject *seeds, states_call *call)
{
    const Py_ssize_t shape[2] = {(Py_ssize_t)call->request.state_count, -1};
    array_view rows, numbers;
    if (!array_read_optional(qpos, "qpos", "<f8", 2, shape, &rows) ||
        !array_read_optional(seeds, "seeds", "<u4", 1, shape, &numbers))
        return false;
    call->request.qpos = rows.data;
    call->request.qpos_count = rows.data ? (size_t)rows.shape[1] : 0;
    call->request.mapping = rows.data ? object->mapping : NULL;
    call->request.seeds = numbers.data;
    if (states == Py_None)
        return true;
    if (!object->is_model) {
        raise_argument("states of MuJoCo are for a MuJoCo model");
        return false;
    }
    call->states = mujoco_states_read(object->subject, states, call->request.state_count);
    call->request.mujoco_states = call->states;
    return call->states != NULL;
}

/* A tuple of names as bytes. */
static bool read_cameras(PyObject *names, states_call *call)
{
    Py_ssize_t count = PyTuple_Size(names);
    call->cameras = calloc((size_t)count + 1, sizeof *call->cameras);
    if (!call->cameras) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *name = PyTuple_GetItem(names, i);
        if (!PyBytes_Check(name)) {
            raise_argument("a camera's name is needed as bytes");
            return false;
        }
        call->cameras[i] = PyBytes_AsString(name);
    }
    call->request.cameras = call->cameras;
    call->request.camera_count = (size_t)count;
    return true;
}

static const char *output_type(uint32_t kind)
{
    switch (kind) {
    case CALO_OUTPUT_RGB:
    case CALO_OUTPUT_ORRB_SEGMENTATION: return "|u1";
    case CALO_OUTPUT_SEMANTIC: return "<u4";
    case CALO_OUTPUT_MUJOCO_SEGMENTATION: return "<i4";
    case CALO_OUTPUT_ORRB_DEPTH:
    case CALO_OUTPUT_ORRB_NORMALS: return "<f4";
    default: return typestr_of(calo_channel_format((calo_channel)kind, CALO_PIXEL_RGBA8));
    }
}

/* Flat arrays, each of the pictures of all states and cameras. */
static bool read_outputs(PyObject *tuples, states_call *call)
{
    calo_states_request *request = &call->request;
    Py_ssize_t count = PyTuple_Size(tuples);
    size_t cameras = call->views ? request->view_count : request->camera_count;
    uint32_t width = call->views && cameras ? call->views[0].width : request->width;
    uint32_t height = call->views && cameras ? call->views[0].height : request->height;
    call->outputs = calloc((size_t)count + 1, sizeof *call->outputs);
    if (!call->outputs) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        calo_output *output = &call->outputs[i];
        PyObject *array;
        array_view view;
        if (!parse(PyTuple_GetItem(tuples, i), "IO", &output->kind, &array))
            return false;
        size_t pixel = calo_output_pixel_bytes(output->kind), picture;
        if (!pixel || __builtin_mul_overflow((size_t)width * height, pixel, &picture) ||
            __builtin_mul_overflow(picture, cameras, &output->state_stride)) {
            raise_argument("there is no output of the kind %u, or its pictures are too large", output->kind);
            return false;
        }
        const char *type = output_type(output->kind);
        Py_ssize_t items;
        if (__builtin_mul_overflow(output->state_stride / (size_t)(type[2] - '0'), request->state_count, &items)) {
            raise_argument("%zu states: their pictures are too large", request->state_count);
            return false;
        }
        if (!array_read(array, "an output", type, 1, &items, &view) || !array_is_writable(&view, "an output"))
            return false;
        output->camera_stride = picture;
        output->data = view.data;
    }
    request->outputs = call->outputs;
    request->output_count = (size_t)count;
    return true;
}

static bool read_values(const states_object *object, PyObject *values, states_call *call)
{
    const Py_ssize_t shape[2] = {(Py_ssize_t)call->request.state_count,
                                 (Py_ssize_t)calo_states_value_count(object->states)};
    array_view view;
    if (!array_read_optional(values, "values", "<f8", 2, shape, &view))
        return false;
    call->request.values = view.data;
    return !view.data || array_is_writable(&view, "values");
}

static bool run(states_object *object, states_call *call)
{
    calo_error err = {0};
    call->request.poll = call_poll;
    call->request.poll_user = &call->python;
    call->python.thread = PyEval_SaveThread();
    calo_status status = calo_states_render(object->states, &call->request, &err);
    PyEval_RestoreThread(call->python.thread);
    if (status != CALO_OK)
        raise_error(&err);
    return !PyErr_Occurred();
}

/* render(count, qpos, states, seeds, first_seed, cameras, views, (width, height), bottom_up, ORRB's cameras, outputs,
 * values) */
static PyObject *states_render(PyObject *self, PyObject *arguments)
{
    states_object *object = (states_object *)self;
    PyObject *qpos, *states, *seeds, *cameras, *views, *outputs, *values;
    Py_ssize_t count;
    int bottom_up, orrb_cameras;
    states_call call = {0};
    calo_states_request *request = &call.request;
    if (!parse(arguments, "nOOOIO!O(II)ppO!O", &count, &qpos, &states, &seeds, &request->first_seed, &PyTuple_Type,
               &cameras, &views, &request->width, &request->height, &bottom_up, &orrb_cameras, &PyTuple_Type, &outputs,
               &values))
        return NULL;
    if (count < 0)
        return raise_argument("%zd states: there cannot be less than none", count);
    request->state_count = (size_t)count;
    request->rows_bottom_up = bottom_up;
    request->orrb_cameras = orrb_cameras;
    if (!enter(object))
        return NULL;
    bool done = read_states(object, qpos, states, seeds, &call) && read_cameras(cameras, &call) &&
                (views == Py_None || (call.views = views_read(views, &request->view_count)));
    request->views = call.views;
    done = done && read_outputs(outputs, &call) && read_values(object, values, &call) && run(object, &call);
    turn_leave(&object->turn);
    finish_call(&call);
    if (!done)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef states_methods[] = {
    {"describe", states_describe, METH_NOARGS, "describe() -> tuple"},
    {"render", states_render, METH_VARARGS, "render(...)"},
    {"close", states_close, METH_NOARGS, "close()"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot states_slots[] = {
    {Py_tp_dealloc, states_dealloc},
    {Py_tp_methods, states_methods},
    {0, NULL},
};

PyType_Spec states_spec = {"calotype._calotype.States", sizeof(states_object), 0, Py_TPFLAGS_DEFAULT, states_slots};
