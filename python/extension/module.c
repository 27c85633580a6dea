/* The module: its functions, its types, and how failures become exceptions. */
#include "extension.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static PyMethodDef functions[] = {
    {"load", scene_load, METH_VARARGS, "load(path, threads, limits, cache_folder) -> Scene"},
    {"load_bytes", scene_load_bytes, METH_VARARGS, "load_bytes(bytes, path or None, threads, limits) -> Scene"},
    {"build", build_scene, METH_VARARGS, "build(name, limits, y_up, parts) -> Scene"},
    {"decode_image", image_decode, METH_VARARGS, "decode_image(bytes, name, allocate) -> array"},
    {"renderer", renderer_create, METH_VARARGS, "renderer(backend, threads, lod_pixels) -> Renderer"},
    {"egl_devices", renderer_egl_devices, METH_NOARGS, "egl_devices() -> list of tuples"},
    {"backends", renderer_backends, METH_NOARGS, "backends() -> list of tuples"},
    {"preset_views", views_preset, METH_VARARGS, "preset_views(...) -> (protocol, fit, rows)"},
    {"presets", views_presets, METH_NOARGS, "presets() -> list of tuples"},
    {"load_views", views_load, METH_VARARGS, "load_views(path, width, height) -> (protocol, fit, rows)"},
    {"mujoco_fields", mujoco_fields, METH_NOARGS, "mujoco_fields() -> (sizes, arrays, numbers)"},
    {"mujoco_available", mujoco_available, METH_NOARGS, "mujoco_available() -> bool"},
    {"mujoco_create", mujoco_create, METH_VARARGS, "mujoco_create(name, arrays, ...) -> MujocoModel"},
    {"mujoco_load", mujoco_load, METH_VARARGS, "mujoco_load(path, groups, limits) -> MujocoModel"},
    {"states", states_create, METH_VARARGS, "states(subject, randomize, options) -> States"},
    {"look_at", views_look_at, METH_VARARGS, "look_at(position, target) -> 16 numbers"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_calotype",
    .m_doc = "The C library; use the package calotype.",
    .m_size = sizeof(extension_state),
    .m_methods = functions,
};

const extension_state *extension(void)
{
    static const extension_state none = {0};
    PyObject *module = PyState_FindModule(&definition);
    return module ? PyModule_GetState(module) : &none;
}

PyObject *raise_error(const calo_error *err)
{
    if (PyErr_Occurred())
        return NULL;
    if (!extension()->make_error) {
        PyErr_SetString(PyExc_RuntimeError, "calotype is used while the interpreter ends");
        return NULL;
    }
    /* A sentence may quote a file's bytes, and may be cut in the middle of a character. */
    PyObject *sentence = PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace");
    PyObject *exception = PyObject_CallFunction(extension()->make_error, "sN", calo_status_name(err->status), sentence);
    if (exception)
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_XDECREF(exception);
    return NULL;
}

PyObject *raise_argument(const char *format, ...)
{
    calo_error err = {.status = CALO_ERROR_ARGUMENT};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err.message, sizeof err.message, format, arguments);
    va_end(arguments);
    return raise_error(&err);
}

/* Turns the exception that is set into calotype.Error, where it is one of those that conversions raise. */
static void adopt_exception(void)
{
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError) &&
        !PyErr_ExceptionMatches(PyExc_OverflowError))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *sentence = value ? PyObject_Str(value) : NULL;
    PyObject *bytes = sentence ? PyUnicode_AsEncodedString(sentence, "utf-8", "replace") : NULL;
    PyErr_Clear();
    raise_argument("%s", bytes ? PyBytes_AsString(bytes) : "an argument has the wrong type");
    Py_XDECREF(bytes);
    Py_XDECREF(sentence);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

bool parse(PyObject *tuple, const char *format, ...)
{
    if (!PyTuple_Check(tuple)) {
        raise_argument("a tuple is needed here");
        return false;
    }
    va_list targets;
    va_start(targets, format);
    bool parsed = PyArg_VaParse(tuple, format, targets);
    va_end(targets);
    if (!parsed)
        adopt_exception();
    return parsed;
}

PyObject *list_of(const void *items, size_t count, PyObject *(*make)(const void *items, size_t index))
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list && i < count; i++) {
        PyObject *item = make(items, i);
        if (!item) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SetItem(list, (Py_ssize_t)i, item); /* steals */
    }
    return list;
}

PyTypeObject *add_type(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    if (!type)
        return NULL;
    Py_INCREF(type); /* one for the module, one for its state */
    if (PyModule_AddObject(module, name, type) == 0)
        return (PyTypeObject *)type;
    Py_DECREF(type);
    Py_DECREF(type);
    return NULL;
}

static PyObject *import_attribute(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *attribute = module ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    return attribute;
}

PyMODINIT_FUNC PyInit__calotype(void);
PyMODINIT_FUNC PyInit__calotype(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (!module)
        return NULL;
    extension_state *state = PyModule_GetState(module);
    state->array_type = import_attribute("numpy", "ndarray");
    state->make_error = state->array_type ? import_attribute("calotype.errors", "make_error") : NULL;
    if (state->make_error && (state->scene_type = add_type(module, "Scene", &scene_spec)) &&
        (state->prepared_type = add_type(module, "Prepared", &prepared_spec)) &&
        (state->renderer_type = add_type(module, "Renderer", &renderer_spec)) &&
        (state->mujoco_type = add_type(module, "MujocoModel", &mujoco_spec)) &&
        (state->states_type = add_type(module, "States", &states_spec)) &&
        PyModule_AddStringConstant(module, "version", calo_version()) == 0)
        return module;
    Py_DECREF(module);
    return NULL;
}
