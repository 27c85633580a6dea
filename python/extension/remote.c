/* The module calotype._remote: calotype/client.h. Calls run without the GIL; several threads may use one client. */
#include "extension.h"

#include <stdlib.h>
#include <string.h>

#include <calotype/client.h>

static struct PyModuleDef definition; /* at the end */

const extension_state *extension(void)
{
    static const extension_state none = {0};
    PyObject *module = PyState_FindModule(&definition);
    return module ? PyModule_GetState(module) : &none;
}

/* ---- calls ---- */

typedef struct remote_call {
    calo_client_call call;
    python_call python;
} remote_call;

static bool call_begin(remote_call *call, unsigned int deadline_ms, PyObject *poll_function)
{
    *call = (remote_call){.call = {.deadline_ms = deadline_ms, .poll = call_poll, .poll_user = &call->python}};
    if (!call_listens(&call->python, poll_function))
        return false;
    call->python.thread = PyEval_SaveThread();
    return true;
}

/* Raises where the call failed: calotype.Error with gRPC's status code in `grpc_status`. */
static bool call_end(remote_call *call, calo_status status, const calo_error *err)
{
    PyObject *type, *value, *traceback;
    PyEval_RestoreThread(call->python.thread);
    if (status == CALO_OK || PyErr_Occurred())
        return !PyErr_Occurred();
    raise_error(err);
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *code = PyLong_FromLong(call->call.grpc_status);
    if (!code || !value || PyObject_SetAttrString(value, "grpc_status", code) != 0)
        PyErr_Clear(); /* the failure itself is what counts */
    Py_XDECREF(code);
    PyErr_Restore(type, value, traceback);
    return false;
}

/* ---- replies ---- */

typedef struct reply_object {
    PyObject_HEAD
    calo_batch_reply *reply;
} reply_object;

static void reply_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    calo_batch_reply_destroy(((reply_object *)self)->reply);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot reply_slots[] = {{Py_tp_dealloc, reply_dealloc}, {0, NULL}};
static PyType_Spec reply_spec = {"calotype._remote.Reply", sizeof(reply_object), 0, Py_TPFLAGS_DEFAULT, reply_slots};

/* One array of a reply: its memory goes when nobody sees it any more, whatever becomes of the others. */
typedef struct array_object {
    PyObject_HEAD
    PyObject *reply;
    uint32_t index;
} array_object;

static const calo_batch_array *array_of(PyObject *self)
{
    array_object *object = (array_object *)self;
    return &((reply_object *)object->reply)->reply->arrays[object->index];
}

static void array_dealloc(PyObject *self)
{
    array_object *object = (array_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    calo_batch_reply_release(((reply_object *)object->reply)->reply, object->index);
    Py_DECREF(object->reply);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *array_interface(PyObject *self, void *unused)
{
    (void)unused;
    const calo_batch_array *array = array_of(self);
    PyObject *shape = PyTuple_New((Py_ssize_t)array->dimensions);
    for (uint32_t i = 0; shape && i < array->dimensions; i++) {
        PyObject *length = PyLong_FromUnsignedLongLong(array->shape[i]);
        if (!length)
            Py_CLEAR(shape);
        else
            PyTuple_SetItem(shape, (Py_ssize_t)i, length); /* steals */
    }
    PyObject *address = shape ? PyLong_FromVoidPtr(array->data) : NULL;
    if (!address) {
        Py_XDECREF(shape);
        return NULL;
    }
    return Py_BuildValue("{s(NO)sNsssi}", "data", address, Py_False, "shape", shape, "typestr", array->type, "version", 3);
}

static PyGetSetDef array_members[] = {
    {"__array_interface__", array_interface, NULL, "What numpy makes an array of, that keeps this object", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot array_slots[] = {{Py_tp_dealloc, array_dealloc}, {Py_tp_getset, array_members}, {0, NULL}};
static PyType_Spec array_spec = {"calotype._remote.Array", sizeof(array_object), 0, Py_TPFLAGS_DEFAULT, array_slots};

/* (name, Array) */
static PyObject *describe_array(const void *reply, size_t i)
{
    PyObject *owner = (PyObject *)reply;
    array_object *object = PyObject_New(array_object, extension()->array_view_type);
    if (!object)
        return NULL;
    Py_INCREF(owner);
    object->reply = owner;
    object->index = (uint32_t)i;
    const char *name = array_of((PyObject *)object)->name;
    return Py_BuildValue("(NN)", PyUnicode_DecodeUTF8(name, (Py_ssize_t)strlen(name), "replace"), object);
}

/* Takes over `reply`. */
static PyObject *wrap_reply(calo_batch_reply *reply)
{
    reply_object *object = PyObject_New(reply_object, extension()->reply_type);
    if (!object) {
        calo_batch_reply_destroy(reply);
        return NULL;
    }
    object->reply = reply;
    PyObject *list = list_of(object, reply->array_count, describe_array);
    Py_DECREF(object);
    return list;
}

/* ---- clients ---- */

typedef struct client_object {
    PyObject_HEAD
    calo_client *client;
} client_object;

static void client_dealloc(PyObject *self)
{
    calo_client *client = ((client_object *)self)->client;
    PyTypeObject *type = Py_TYPE(self);
    Py_BEGIN_ALLOW_THREADS
    calo_client_destroy(client);
    Py_END_ALLOW_THREADS
    PyObject_Free(self);
    Py_DECREF(type);
}

/* The strings of a tuple, borrowed from it; NULL with an exception set. */
static const char **read_names(PyObject *tuple, uint32_t *count)
{
    Py_ssize_t length = PyTuple_Size(tuple);
    const char **names = calloc((size_t)length + 1, sizeof *names);
    if (!names) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < length; i++) {
        if (PyArg_Parse(PyTuple_GetItem(tuple, i), "s", &names[i]))
            continue;
        PyErr_Clear();
        raise_argument("the name of a camera or channel must be a str: number %zd is none", i);
        free(names);
        return NULL;
    }
    *count = (uint32_t)length;
    return names;
}

static bool read_states(PyObject *qpos, PyObject *seeds, calo_batch_request *request)
{
    const Py_ssize_t any[2] = {-1, -1};
    array_view rows, numbers;
    if (!array_read(qpos, "qpos", "<f4", 2, any, &rows) || !array_read_optional(seeds, "seeds", "<i4", 1, any, &numbers))
        return false;
    if (rows.shape[0] > INT32_MAX || rows.shape[1] > INT32_MAX || (numbers.data && numbers.shape[0] != rows.shape[0])) {
        raise_argument("%zd seeds for %zd states: one a state is needed", numbers.shape[0], rows.shape[0]);
        return false;
    }
    request->qpos = rows.data;
    request->count = (uint32_t)rows.shape[0];
    request->qpos_length = (uint32_t)rows.shape[1];
    request->seeds = numbers.data;
    return true;
}

/* The tuple of worker.py: (qpos, seeds or None, batch_seed, width, height, cameras, channels, alpha, depth, normals,
 * segmentation, rows_top_down, drawn_values, png, memory). What `request` points to is borrowed but for the names. */
static bool read_request(PyObject *tuple, calo_batch_request *request)
{
    PyObject *qpos, *seeds, *cameras, *channels;
    int alpha, depth, normals, segmentation, top_down, drawn, png, memory;
    if (!parse(tuple, "OOiIIO!O!pppppppi", &qpos, &seeds, &request->batch_seed, &request->width, &request->height,
               &PyTuple_Type, &cameras, &PyTuple_Type, &channels, &alpha, &depth, &normals, &segmentation, &top_down,
               &drawn, &png, &memory) ||
        !read_states(qpos, seeds, request))
        return false;
    request->render_alpha = alpha;
    request->render_depth = depth;
    request->render_normals = normals;
    request->render_segmentation = segmentation;
    request->rows_top_down = top_down;
    request->drawn_values = drawn;
    request->png = png;
    request->memory = (calo_client_memory)memory;
    request->camera_names = read_names(cameras, &request->camera_count);
    request->channels = request->camera_names ? read_names(channels, &request->channel_count) : NULL;
    return request->channels != NULL;
}

static PyObject *client_render(PyObject *self, PyObject *arguments)
{
    PyObject *tuple, *poll_function, *out = NULL;
    unsigned int deadline_ms;
    calo_batch_request request = {0};
    calo_batch_reply *reply = NULL;
    calo_error err = {0};
    remote_call call;
    if (!parse(arguments, "O!IO", &PyTuple_Type, &tuple, &deadline_ms, &poll_function))
        return NULL;
    if (read_request(tuple, &request) && call_begin(&call, deadline_ms, poll_function)) {
        calo_status status = calo_client_render(((client_object *)self)->client, &request, &call.call, &reply, &err);
        if (call_end(&call, status, &err))
            out = wrap_reply(reply);
        else
            calo_batch_reply_destroy(reply);
    }
    free((void *)request.camera_names);
    free((void *)request.channels);
    return out;
}

static PyObject *client_update(PyObject *self, PyObject *arguments)
{
    PyObject *message, *poll_function;
    unsigned int deadline_ms;
    calo_error err = {0};
    remote_call call;
    if (!parse(arguments, "SIO", &message, &deadline_ms, &poll_function))
        return NULL;
    const char *bytes = PyBytes_AsString(message);
    size_t size = (size_t)PyBytes_Size(message);
    if (!call_begin(&call, deadline_ms, poll_function))
        return NULL;
    calo_status status = calo_client_update(((client_object *)self)->client, bytes, size, &call.call, &err);
    if (!call_end(&call, status, &err))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *client_health(PyObject *self, PyObject *arguments)
{
    PyObject *poll_function;
    unsigned int deadline_ms;
    bool serving = false;
    calo_error err = {0};
    remote_call call;
    if (!parse(arguments, "IO", &deadline_ms, &poll_function) || !call_begin(&call, deadline_ms, poll_function))
        return NULL;
    calo_status status = calo_client_health(((client_object *)self)->client, &call.call, &serving, &err);
    return call_end(&call, status, &err) ? PyBool_FromLong(serving) : NULL;
}

static PyMethodDef client_methods[] = {
    {"render", client_render, METH_VARARGS, "render(request, deadline_ms, poll or None) -> [(name, Array)]"},
    {"update", client_update, METH_VARARGS, "update(message, deadline_ms, poll or None)"},
    {"health", client_health, METH_VARARGS, "health(deadline_ms, poll or None) -> bool"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot client_slots[] = {{Py_tp_dealloc, client_dealloc}, {Py_tp_methods, client_methods}, {0, NULL}};
static PyType_Spec client_spec = {"calotype._remote.Client", sizeof(client_object), 0, Py_TPFLAGS_DEFAULT, client_slots};

/* connect((address, token, tls, roots, server name, max_reply_bytes), deadline_ms, poll or None) */
static PyObject *connect_client(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *tuple, *poll_function;
    unsigned int deadline_ms;
    unsigned long long max_reply_bytes;
    int tls;
    calo_client_options options = {0};
    calo_client *client = NULL;
    calo_error err = {0};
    remote_call call;
    if (!parse(arguments, "O!IO", &PyTuple_Type, &tuple, &deadline_ms, &poll_function) ||
        !parse(tuple, "szpzzK", &options.address, &options.token, &tls, &options.tls_roots, &options.tls_server_name,
               &max_reply_bytes))
        return NULL;
    options.tls = tls;
    options.max_reply_bytes = max_reply_bytes;
    if (!call_begin(&call, deadline_ms, poll_function))
        return NULL;
    calo_status status = calo_client_connect(&options, &call.call, &client, &err);
    client_object *object = call_end(&call, status, &err) ? PyObject_New(client_object, extension()->client_type) : NULL;
    if (object)
        object->client = client;
    else
        calo_client_destroy(client);
    return (PyObject *)object;
}

static PyMethodDef functions[] = {
    {"connect", connect_client, METH_VARARGS, "connect(options, deadline_ms, poll or None) -> Client"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_remote",
    .m_doc = "The client of render servers; use the package calotype.orrb.",
    .m_size = sizeof(extension_state),
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__remote(void);
PyMODINIT_FUNC PyInit__remote(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (!module)
        return NULL;
    extension_state *state = PyModule_GetState(module);
    state->array_type = import_attribute("numpy", "ndarray");
    state->make_error = state->array_type ? import_attribute("calotype.errors", "make_error") : NULL;
    if (state->make_error && (state->client_type = add_type(module, "Client", &client_spec)) &&
        (state->reply_type = add_type(module, "Reply", &reply_spec)) &&
        (state->array_view_type = add_type(module, "Array", &array_spec)))
        return module;
    Py_DECREF(module);
    return NULL;
}
