/* The extension module calotype._calotype: the C library's public headers as Python objects, nothing else. What it takes
 * is shaped by the modules beside it (tuples, contiguous arrays of one type), which is where users' values are looked
 * at; here they are checked only as far as memory safety needs.
 *
 * CPython's limited API of 3.9, in which there is no Py_buffer: arrays are numpy's, seen through __array_interface__. */
#ifndef CALOTYPE_EXTENSION_H
#define CALOTYPE_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdatomic.h>
#include <sys/types.h>

#include <calotype/calotype.h>

/* ---- module.c ---- */

/* What the module keeps for as long as it is loaded. */
typedef struct extension_state {
    PyObject *array_type;  /* numpy.ndarray */
    PyObject *make_error;  /* calotype.errors.make_error(code, sentence) */
    PyTypeObject *scene_type, *prepared_type, *renderer_type;
} extension_state;

/* All NULL while the interpreter ends. */
const extension_state *extension(void);

/* Raises calotype.Error of the status; returns NULL. An exception that is on its way already is left alone. */
PyObject *raise_error(const calo_error *err);
PyObject *raise_argument(const char *format, ...) CALO_PRINTF(1, 2);

/* PyArg_ParseTuple, but what does not fit raises calotype.Error. What it returns is borrowed from the tuple, which nobody
 * can change: that is why there are no lists in what this module takes. */
bool parse(PyObject *tuple, const char *format, ...);

/* A list of `count` objects from make(items, index); NULL with an exception set. */
PyObject *list_of(const void *items, size_t count, PyObject *(*make)(const void *items, size_t index));

/* A heap type without a constructor that Python code could call. */
PyTypeObject *add_type(PyObject *module, const char *name, PyType_Spec *spec);

/* ---- arrays.c ---- */

/* A C-contiguous numpy array. Borrowed: whoever keeps the address keeps the object. */
typedef struct array_view {
    void *data;
    int dimensions;
    Py_ssize_t shape[4];
    Py_ssize_t count; /* of items */
    bool writable;
} array_view;

/* `type` as numpy's typestr ("<f4"). `shape`: -1 is any length. False with an exception set. */
bool array_read(PyObject *object, const char *what, const char *type, int dimensions, const Py_ssize_t *shape,
                array_view *view);
/* None gives data NULL. */
bool array_read_optional(PyObject *object, const char *what, const char *type, int dimensions,
                         const Py_ssize_t *shape, array_view *view);
bool array_is_writable(const array_view *view, const char *what);
bool array_is_finite(const array_view *floats, const char *what);

/* ---- turn.c ---- */

/* Keeps an object to one call at a time; others wait. */
typedef struct call_turn {
    PyThread_type_lock lock;
    unsigned long owner; /* the thread that holds the lock, or 0 */
    pid_t process;       /* that took the lock last */
} call_turn;

bool turn_start(call_turn *turn);
void turn_finish(call_turn *turn);
/* A fork left the call of a thread that is not here unfinished. */
bool turn_is_stuck(const call_turn *turn);
/* This thread is in the middle of a call. */
bool turn_is_own(const call_turn *turn);
/* Waits, with an eye on Ctrl-C. False with an exception set. `what` begins its sentence. */
bool turn_take(call_turn *turn, const char *what);
void turn_leave(call_turn *turn);

/* What a call asks Python while it runs without the GIL. */
typedef struct python_call {
    PyObject *progress;    /* called with (done, total), or NULL. Borrowed */
    PyThreadState *thread; /* while the GIL is released */
    atomic_size_t done;
    size_t count;
} python_call;

/* `progress` is a function or None. False with an exception set. */
bool call_listens(python_call *call, PyObject *progress);
/* Calls `progress`. False when it raised. */
bool call_report(python_call *call);
/* A calo_poll whose user is a python_call, on the thread that released the GIL: signals (Ctrl-C) and progress, either of
 * which may stop the call by an exception. */
calo_status call_poll(void *user, calo_error *err);

/* ---- scene.c, build.c ---- */

typedef struct scene_object {
    PyObject_HEAD
    calo_scene *scene;
    PyObject *kept; /* a list of the arrays that the scene borrows, or NULL */
} scene_object;

/* A new object that owns `scene`, which is destroyed when there is none. Steals nothing from `kept`. */
PyObject *scene_wrap(calo_scene *scene, PyObject *kept);
/* The scene of an object from Python; NULL with an exception set. */
calo_scene *scene_of(PyObject *object);
PyObject *build_scene(PyObject *module, PyObject *arguments);

/* ---- pose.c ---- */

/* Makes the pose that a tuple describes (see pose.py): (animation, time_seconds, fit, root or None, nodes, matrices,
 * weights). NULL with an exception set. */
calo_pose *pose_make(calo_scene *scene, PyObject *description);
PyObject *pose_bounds(PyObject *self, PyObject *arguments);
PyObject *pose_node_to_world(PyObject *self, PyObject *arguments);

/* ---- views.c ---- */

enum { VIEW_NUMBERS = 42 }; /* a row of views; see cameras.py */

/* malloc'ed, one a row of the array; NULL with an exception set. */
calo_view *views_read(PyObject *object, size_t *count);
PyObject *views_write(const calo_view_set *set);
PyObject *views_preset(PyObject *module, PyObject *arguments);
PyObject *views_presets(PyObject *module, PyObject *arguments);
PyObject *views_load(PyObject *module, PyObject *arguments);
PyObject *views_of_scene(PyObject *self, PyObject *arguments);
PyObject *views_look_at(PyObject *module, PyObject *arguments);

/* ---- renderer.c ---- */

extern PyType_Spec scene_spec, prepared_spec, renderer_spec;
PyObject *renderer_create(PyObject *module, PyObject *arguments);
PyObject *renderer_egl_devices(PyObject *module, PyObject *unused);
PyObject *renderer_backends(PyObject *module, PyObject *arguments);

/* ---- scene.c ---- */

PyObject *scene_load(PyObject *module, PyObject *arguments);
PyObject *scene_load_bytes(PyObject *module, PyObject *arguments);
PyObject *image_decode(PyObject *module, PyObject *arguments);

#endif
