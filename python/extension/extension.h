/* The extension modules calotype._calotype and calotype._remote (remote.c, the client of render servers): the C library's
 * public headers as Python objects, nothing else. What they take is shaped by the modules beside them (tuples, contiguous
 * arrays of one type), which is where users' values are looked at; here they are checked only as far as memory safety
 * needs.
 *
 * CPython's limited API of 3.9, in which there is no Py_buffer: arrays are numpy's, seen through __array_interface__. */
#ifndef CALOTYPE_EXTENSION_H
#define CALOTYPE_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdatomic.h>
#include <sys/types.h>

#include <calotype/calotype.h>

/* ---- module.c, remote.c ---- */

/* What a module keeps for as long as it is loaded. */
typedef struct extension_state {
    PyObject *array_type;  /* numpy.ndarray */
    PyObject *make_error;  /* calotype.errors.make_error(code, sentence) */
    PyTypeObject *scene_type, *prepared_type, *renderer_type, *mujoco_type, *states_type; /* of calotype._calotype */
    PyTypeObject *client_type, *reply_type, *array_view_type; /* of calotype._remote */
} extension_state;

/* Of the module that calls. All NULL while the interpreter ends. */
const extension_state *extension(void);

/* ---- support.c ---- */

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

PyObject *import_attribute(const char *module_name, const char *name);

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
    bool borrowed;  /* the scene is part of what is kept */
    PyObject *kept; /* a list of the arrays that the scene borrows, or what owns the scene, or NULL */
} scene_object;

/* A new object that owns `scene`, which is destroyed when there is none. Steals nothing from `kept`. */
PyObject *scene_wrap(calo_scene *scene, PyObject *kept);
/* A new object for a scene that lives as long as `owner`. */
PyObject *scene_wrap_owned(const calo_scene *scene, PyObject *owner);
/* The scene of an object from Python; NULL with an exception set. */
calo_scene *scene_of(PyObject *object);
PyObject *build_scene(PyObject *module, PyObject *arguments);

/* ---- pose.c ---- */

/* Makes the pose that a tuple describes (see pose.py): (animation, time_seconds, fit, root or None, nodes, matrices,
 * weights, visibilities, source). NULL with an exception set. */
calo_pose *pose_make(calo_scene *scene, PyObject *description);
PyObject *pose_bounds(PyObject *self, PyObject *arguments);
PyObject *pose_node_to_world(PyObject *self, PyObject *arguments);

/* ---- mujoco.c ---- */

/* What makes a pose beside its options: nothing, or a state of a MuJoCo model. */
typedef struct pose_source {
    const calo_mujoco_model *model; /* NULL: nothing */
    const double *qpos;
    size_t qpos_count;
    calo_mujoco_state *state; /* malloc'ed; instead of qpos */
} pose_source;

/* None, or (model, qpos or None, arrays of the state or None). What it reads is borrowed. False with an exception set. */
bool pose_source_read(PyObject *tuple, const calo_scene *scene, pose_source *source);
void pose_source_finish(pose_source *source);
calo_status pose_source_pose(const pose_source *source, const calo_scene *scene, const calo_pose_options *options,
                             calo_pose **pose, calo_error *err);

extern PyType_Spec mujoco_spec;
/* The model of an object from Python; NULL with an exception set. */
calo_mujoco_model *mujoco_of(PyObject *object);
/* malloc'ed, `count` of them, from (xpos, xquat, cam_xpos, cam_xmat, light_xpos, light_xdir, ten_wrapadr, ten_wrapnum,
 * wrap_obj, wrap_xpos): flat arrays with the states one after the other, or None. NULL with an exception set. */
calo_mujoco_state *mujoco_states_read(PyObject *model, PyObject *arrays, size_t count);
PyObject *mujoco_fields(PyObject *module, PyObject *unused);
PyObject *mujoco_available(PyObject *module, PyObject *unused);
PyObject *mujoco_create(PyObject *module, PyObject *arguments);
PyObject *mujoco_load(PyObject *module, PyObject *arguments);

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

/* What a scene is prepared with: the tuples of lighting.py and rendering.py. */
typedef struct prepare_call {
    calo_prepare_options options;
    calo_lighting lighting;
    PyObject *environment; /* borrowed; `picture` is in it */
    calo_image *picture;
    calo_scene_light *lights;
    bool opaque;
    calo_material *materials;
} prepare_call;

/* False with an exception set. To be finished in any case. */
bool prepare_read(PyObject *lighting, PyObject *settings, const calo_scene *scene, prepare_call *call);
void prepare_finish(prepare_call *call);
/* How views are drawn: the tuple of rendering.py. */
bool render_options_read(PyObject *tuple, calo_render_options *options);
/* numpy's type of a channel's numbers. */
const char *typestr_of(calo_pixel_format format);

extern PyType_Spec scene_spec, prepared_spec, renderer_spec;
PyObject *renderer_create(PyObject *module, PyObject *arguments);
PyObject *renderer_egl_devices(PyObject *module, PyObject *unused);
PyObject *renderer_backends(PyObject *module, PyObject *arguments);

/* ---- states.c ---- */

extern PyType_Spec states_spec;
PyObject *states_create(PyObject *module, PyObject *arguments);

/* ---- scene.c ---- */

bool limits_read(PyObject *tuple, calo_limits *limits);
/* Copies the picture into the array that `allocate(height, width, components, is_float)` returns. */
PyObject *image_copy(const calo_image *image, PyObject *allocate);
PyObject *scene_load(PyObject *module, PyObject *arguments);
PyObject *scene_load_bytes(PyObject *module, PyObject *arguments);
PyObject *image_decode(PyObject *module, PyObject *arguments);

#endif
