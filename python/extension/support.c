/* What the modules share: how failures become exceptions, arguments, lists, types. */
#include "extension.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

PyObject *import_attribute(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *attribute = module ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    return attribute;
}
