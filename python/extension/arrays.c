/* numpy's arrays, without numpy's headers. */
#include "extension.h"

#include <math.h>
#include <string.h>

static bool read_shape(PyObject *tuple, const char *what, int dimensions, const Py_ssize_t *shape, array_view *view)
{
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != dimensions) {
        raise_argument("%s: an array of %d dimensions is needed, not of %zd", what, dimensions,
                       PyTuple_Check(tuple) ? PyTuple_Size(tuple) : 0);
        return false;
    }
    view->dimensions = dimensions;
    view->count = 1;
    for (int i = 0; i < dimensions; i++) {
        view->shape[i] = PyLong_AsSsize_t(PyTuple_GetItem(tuple, i));
        if (view->shape[i] < 0)
            return false;
        if (shape[i] >= 0 && view->shape[i] != shape[i]) {
            raise_argument("%s: its dimension %d has the length %zd, %zd is needed", what, i, view->shape[i], shape[i]);
            return false;
        }
        view->count *= view->shape[i];
    }
    return true;
}

static bool read_interface(PyObject *interface, const char *what, const char *type, int dimensions,
                           const Py_ssize_t *shape, array_view *view)
{
    PyObject *data = PyDict_GetItemString(interface, "data"), *typestr = PyDict_GetItemString(interface, "typestr");
    PyObject *sizes = PyDict_GetItemString(interface, "shape"), *strides = PyDict_GetItemString(interface, "strides");
    PyObject *address;
    int read_only;
    if (!data || !typestr || !sizes || !parse(data, "Op", &address, &read_only)) {
        if (!PyErr_Occurred())
            raise_argument("%s: this array does not tell where its data is", what);
        return false;
    }
    if (PyUnicode_CompareWithASCIIString(typestr, type) != 0) {
        PyObject *name = PyUnicode_AsUTF8String(typestr);
        raise_argument("%s: its items have the type %s, %s is needed", what, name ? PyBytes_AsString(name) : "?", type);
        Py_XDECREF(name);
        return false;
    }
    if (strides && strides != Py_None) {
        raise_argument("%s: the array is not C-contiguous: numpy.ascontiguousarray makes one that is", what);
        return false;
    }
    view->data = PyLong_AsVoidPtr(address);
    view->writable = !read_only;
    if ((uintptr_t)view->data % (uintptr_t)(type[2] - '0')) { /* C reads whole items only */
        raise_argument("%s: the array is not aligned: copy() makes one that is", what);
        return false;
    }
    return !PyErr_Occurred() && read_shape(sizes, what, dimensions, shape, view);
}

bool array_read(PyObject *object, const char *what, const char *type, int dimensions, const Py_ssize_t *shape,
                array_view *view)
{
    memset(view, 0, sizeof *view);
    /* Exactly this type: a subclass could tell any address. */
    if ((PyObject *)Py_TYPE(object) != extension()->array_type) {
        raise_argument("%s: a numpy.ndarray is needed", what);
        return false;
    }
    PyObject *interface = PyObject_GetAttrString(object, "__array_interface__");
    bool read = interface && read_interface(interface, what, type, dimensions, shape, view);
    Py_XDECREF(interface);
    return read;
}

bool array_read_optional(PyObject *object, const char *what, const char *type, int dimensions,
                         const Py_ssize_t *shape, array_view *view)
{
    memset(view, 0, sizeof *view);
    return object == Py_None || array_read(object, what, type, dimensions, shape, view);
}

bool array_is_writable(const array_view *view, const char *what)
{
    if (!view->writable)
        raise_argument("%s: the array may only be read", what);
    return view->writable;
}

bool array_is_finite(const array_view *floats, const char *what)
{
    const float *values = floats->data;
    float sum = 0;
    for (Py_ssize_t i = 0; i < floats->count; i++)
        sum += values[i] * 0; /* NaN as soon as one is not finite */
    if (sum == 0)
        return true;
    raise_argument("%s: a value is not finite", what);
    return false;
}
