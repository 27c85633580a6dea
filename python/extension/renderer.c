/* Renderers and prepared scenes. Rendering runs without the GIL; a lock keeps a renderer to one call at a time. */
#include "extension.h"

#include <stdlib.h>
#include <string.h>

typedef struct prepared_object {
    PyObject_HEAD
    calo_prepared *prepared;
    PyObject *scene, *environment; /* borrowed from by `prepared` */
    calo_image *picture;           /* the environment's pixels as `prepared` sees them */
} prepared_object;

typedef struct renderer_object {
    PyObject_HEAD
    calo_renderer *renderer; /* NULL: closed */
    call_turn turn;
} renderer_object;

/* ---- one call at a time ---- */

static bool enter(renderer_object *object)
{
    if (turn_is_own(&object->turn)) {
        raise_argument("this renderer is in the middle of a call on this thread: a progress function must not use it");
        return false;
    }
    if (object->renderer && !turn_take(&object->turn, "this renderer"))
        return false;
    if (object->renderer)
        return true;
    if (turn_is_own(&object->turn))
        turn_leave(&object->turn); /* another thread closed it meanwhile */
    raise_argument("this renderer is closed");
    return false;
}

/* ---- prepared scenes ---- */

/* OpenGL backends wait for their thread here, and that may wait for a call whose poll waits for the GIL. */
static void destroy_prepared(calo_prepared *prepared)
{
    Py_BEGIN_ALLOW_THREADS
    calo_prepared_destroy(prepared);
    Py_END_ALLOW_THREADS
}

static void destroy_renderer(calo_renderer *renderer)
{
    Py_BEGIN_ALLOW_THREADS
    calo_renderer_destroy(renderer);
    Py_END_ALLOW_THREADS
}

static void prepared_dealloc(PyObject *self)
{
    prepared_object *object = (prepared_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    destroy_prepared(object->prepared);
    Py_XDECREF(object->scene);
    Py_XDECREF(object->environment);
    free(object->picture);
    PyObject_Free(self);
    Py_DECREF(type);
}

static const calo_prepared *prepared_of(PyObject *object)
{
    if (Py_TYPE(object) != extension()->prepared_type || !((prepared_object *)object)->prepared) {
        raise_argument("a prepared scene is needed: Renderer.prepare makes one");
        return NULL;
    }
    return ((prepared_object *)object)->prepared;
}

static PyType_Slot prepared_slots[] = {{Py_tp_dealloc, prepared_dealloc}, {0, NULL}};

PyType_Spec prepared_spec = {"calotype._calotype.Prepared", sizeof(prepared_object), 0, Py_TPFLAGS_DEFAULT,
                             prepared_slots};

static bool read_lights(PyObject *tuples, prepare_call *call)
{
    Py_ssize_t count = PyTuple_Size(tuples);
    call->lights = calloc((size_t)count + 1, sizeof *call->lights);
    if (!call->lights) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        calo_scene_light *light = &call->lights[i];
        calo_light *l = &light->light;
        double *at = light->position, *to = light->direction;
        int kind;
        if (!parse(PyTuple_GetItem(tuples, i), "i(fff)ffff(ddd)(ddd)", &kind, &l->color[0], &l->color[1],
                              &l->color[2], &l->intensity, &l->range_metres, &l->inner_cone_radians,
                              &l->outer_cone_radians, &at[0], &at[1], &at[2], &to[0], &to[1], &to[2]))
            return false;
        l->kind = (calo_light_kind)kind;
        l->name = "";
    }
    call->lighting.lights = call->lights;
    call->lighting.light_count = (uint32_t)count;
    return true;
}

static bool read_environment(PyObject *object, prepare_call *call)
{
    const Py_ssize_t shape[3] = {-1, -1, 4};
    array_view view;
    if (Py_TYPE(object) == extension()->mujoco_type) {
        call->lighting.environment = calo_mujoco_sky(mujoco_of(object));
        call->lighting.no_environment |= !call->lighting.environment;
        return true;
    }
    if (!array_read_optional(object, "the environment", "<f4", 3, shape, &view))
        return false;
    if (!view.data)
        return true;
    if (view.shape[0] < 1 || view.shape[1] < 1 || view.shape[0] > CALO_FRAME_MAX_SIDE ||
        view.shape[1] > CALO_FRAME_MAX_SIDE || !array_is_finite(&view, "the environment")) {
        raise_argument("an environment of %zd x %zd pixels: a side must have 1 to %u", view.shape[1], view.shape[0],
                       CALO_FRAME_MAX_SIDE);
        return false;
    }
    call->picture = malloc(sizeof *call->picture);
    if (!call->picture) {
        PyErr_NoMemory();
        return false;
    }
    *call->picture = (calo_image){(uint32_t)view.shape[1], (uint32_t)view.shape[0], CALO_PIXEL_RGBA32F,
                                  (size_t)view.shape[1] * 16, view.data};
    call->lighting.environment = call->picture;
    return true;
}

/* Every material hides what is behind it. */
static bool make_opaque(const calo_scene *scene, prepare_call *call)
{
    if (!call->opaque)
        return true;
    call->materials = malloc((scene->material_count + (size_t)1) * sizeof *call->materials);
    if (!call->materials) {
        PyErr_NoMemory();
        return false;
    }
    for (uint32_t i = 0; i < scene->material_count; i++) {
        call->materials[i] = scene->materials[i];
        call->materials[i].alpha_mode = CALO_ALPHA_OPAQUE;
    }
    call->options.materials = call->materials;
    return true;
}

bool prepare_read(PyObject *lighting, PyObject *settings, const calo_scene *scene, prepare_call *call)
{
    PyObject *lights;
    calo_lighting *l = &call->lighting;
    calo_prepare_options *o = &call->options;
    float *color = l->environment_color, *ambient = l->ambient_color;
    int dark, scene_lights, fill, flat, shading, opaque;
    *call = (prepare_call){0};
    if (!parse(lighting, "p(fff)ffOpO!II(fff)", &dark, &color[0], &color[1], &color[2],
                          &l->environment_strength, &l->environment_rotation_degrees, &call->environment, &scene_lights,
                          &PyTuple_Type, &lights, &l->shadows, &l->shadow_map_size, &ambient[0], &ambient[1],
                          &ambient[2]) ||
        !parse(settings, "ipIfip", &fill, &flat, &o->normal_lines, &o->normal_length, &shading, &opaque))
        return false;
    l->no_environment = dark;
    l->use_scene_lights = scene_lights;
    o->fill = (calo_fill)fill;
    o->flat = flat;
    o->shading = (calo_shading)shading;
    o->lighting = l;
    call->opaque = opaque;
    return read_environment(call->environment, call) && read_lights(lights, call) && make_opaque(scene, call);
}

void prepare_finish(prepare_call *call)
{
    free(call->lights);
    free(call->picture);
    free(call->materials);
}

static PyObject *wrap_prepared(calo_prepared *prepared, PyObject *scene, prepare_call *call)
{
    prepared_object *object = PyObject_New(prepared_object, extension()->prepared_type);
    if (!object) {
        destroy_prepared(prepared);
        return NULL;
    }
    Py_INCREF(scene);
    Py_INCREF(call->environment);
    object->prepared = prepared;
    object->scene = scene;
    object->environment = call->environment;
    object->picture = call->picture;
    call->picture = NULL;
    return (PyObject *)object;
}

static PyObject *prepare_pose(renderer_object *renderer, PyObject *scene, const calo_pose *pose, prepare_call *call)
{
    calo_prepared *prepared = NULL;
    calo_error err = {0};
    calo_status status;
    if (!enter(renderer))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = calo_renderer_prepare(renderer->renderer, pose, &call->options, &prepared, &err);
    Py_END_ALLOW_THREADS
    turn_leave(&renderer->turn);
    return status == CALO_OK ? wrap_prepared(prepared, scene, call) : raise_error(&err);
}

/* prepare(scene, pose, lighting, options, reuse or None): the tuples of lighting.py and rendering.py. */
static PyObject *renderer_prepare(PyObject *self, PyObject *arguments)
{
    PyObject *scene_argument, *pose_tuple, *lighting, *settings, *reuse, *out = NULL;
    prepare_call call;
    if (!parse(arguments, "OOO!O!O", &scene_argument, &pose_tuple, &PyTuple_Type, &lighting, &PyTuple_Type,
                          &settings, &reuse))
        return NULL;
    calo_scene *scene = scene_of(scene_argument);
    if (!scene)
        return NULL;
    if (prepare_read(lighting, settings, scene, &call) &&
        (reuse == Py_None || (call.options.reuse = prepared_of(reuse)))) {
        calo_pose *pose = pose_make(scene, pose_tuple);
        if (pose)
            out = prepare_pose((renderer_object *)self, scene_argument, pose, &call);
        calo_pose_destroy(pose);
    }
    prepare_finish(&call);
    return out;
}

/* ---- rendering ---- */

/* What a call of render is made of. */
typedef struct render_call {
    calo_render_options options;
    calo_view *views;
    const calo_prepared **prepared;
    calo_frame *frames;
    calo_node_color *node_colors;
    size_t count;
    python_call python;
} render_call;

static void finish_call(render_call *call)
{
    free(call->views);
    free(call->prepared);
    free(call->frames);
    free(call->node_colors);
}

bool render_options_read(PyObject *tuple, calo_render_options *o)
{
    int color_format, background, cull, world_normals, ray_depth, energy, occlusion;
    float *color = o->background_color;
    if (!parse(tuple, "IiIi(fff)fippfiiff", &o->channels, &color_format, &o->samples, &background, &color[0],
                          &color[1], &color[2], &o->background_transparency, &cull, &world_normals, &ray_depth,
                          &o->background_depth, &energy, &occlusion, &o->point_size_pixels, &o->line_width_pixels))
        return false;
    o->color_format = (calo_pixel_format)color_format;
    o->background = (calo_background)background;
    o->cull = (calo_cull)cull;
    o->world_space_normals = world_normals;
    o->ray_depth = ray_depth;
    o->energy_compensation = (calo_switch)energy;
    o->occlusion_maps = (calo_switch)occlusion;
    return true;
}

/* One prepared scene for all views, or a tuple with one a view. */
static bool read_prepared(PyObject *object, render_call *call)
{
    bool each = PyTuple_Check(object);
    if (each && (size_t)PyTuple_Size(object) != call->count) {
        raise_argument("%zd scenes for %zu views: one for all or one a view is needed", PyTuple_Size(object), call->count);
        return false;
    }
    call->prepared = calloc(call->count + 1, sizeof(void *));
    if (!call->prepared) {
        PyErr_NoMemory();
        return false;
    }
    for (size_t i = 0; i < call->count; i++)
        if (!(call->prepared[i] = prepared_of(each ? PyTuple_GetItem(object, (Py_ssize_t)i) : object)))
            return false;
    return true;
}

/* Rows of (node, red, green, blue), or None. */
static bool read_node_colors(PyObject *object, render_call *call)
{
    const Py_ssize_t shape[2] = {-1, 4};
    array_view rows;
    if (!array_read_optional(object, "node colors", "<u4", 2, shape, &rows) || !rows.data)
        return !PyErr_Occurred();
    if (rows.shape[0] > INT32_MAX) {
        raise_argument("%zd node colors: up to %d are possible", rows.shape[0], INT32_MAX);
        return false;
    }
    call->node_colors = calloc((size_t)rows.shape[0] + 1, sizeof *call->node_colors);
    if (!call->node_colors) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < rows.shape[0]; i++) {
        const uint32_t *row = (const uint32_t *)rows.data + 4 * i;
        call->node_colors[i] = (calo_node_color){row[0], {(uint8_t)row[1], (uint8_t)row[2], (uint8_t)row[3]}};
    }
    call->options.node_colors = call->node_colors;
    call->options.node_color_count = (uint32_t)rows.shape[0];
    return true;
}

const char *typestr_of(calo_pixel_format format)
{
    switch (format) {
    case CALO_PIXEL_R8:
    case CALO_PIXEL_RGB8:
    case CALO_PIXEL_RGBA8: return "|u1";
    case CALO_PIXEL_R32U: return "<u4";
    default: return "<f4";
    }
}

/* An array (views, height, width, components) becomes a plane of each frame. */
static bool read_output(PyObject *object, calo_channel channel, render_call *call)
{
    calo_pixel_format format = calo_channel_format(channel, call->options.color_format);
    uint32_t width = call->views[0].width, height = call->views[0].height;
    const Py_ssize_t shape[4] = {(Py_ssize_t)call->count, height, width, calo_pixel_components(format)};
    size_t row_bytes = (size_t)width * calo_pixel_bytes(format);
    array_view view;
    if (!array_read(object, calo_channel_name(channel), typestr_of(format), 4, shape, &view) ||
        !array_is_writable(&view, calo_channel_name(channel)))
        return false;
    for (size_t i = 0; i < call->count; i++)
        call->frames[i].planes[channel] =
            (calo_image){width, height, format, row_bytes, (char *)view.data + i * height * row_bytes};
    return true;
}

/* `outputs`: an array or None a channel. */
static bool read_outputs(PyObject *outputs, render_call *call)
{
    if (PyTuple_Size(outputs) != CALO_CHANNEL_COUNT) {
        raise_argument("%d arrays or None are needed", CALO_CHANNEL_COUNT);
        return false;
    }
    call->frames = calloc(call->count + 1, sizeof *call->frames);
    if (!call->frames) {
        PyErr_NoMemory();
        return false;
    }
    for (size_t i = 0; i < call->count; i++) {
        calo_frame *frame = &call->frames[i];
        frame->width = call->views[i].width;
        frame->height = call->views[i].height;
        if (frame->width != call->views[0].width || frame->height != call->views[0].height) {
            raise_argument("views of different sizes cannot be rendered in one call: view 0 is %u x %u, view %zu is %u x %u",
                           call->views[0].width, call->views[0].height, i, frame->width, frame->height);
            return false;
        }
    }
    for (int channel = 0; channel < CALO_CHANNEL_COUNT; channel++)
        if ((call->options.channels & CALO_CHANNEL_BIT(channel)) &&
            !read_output(PyTuple_GetItem(outputs, channel), (calo_channel)channel, call))
            return false;
    return true;
}

static calo_status count_frame(void *user, size_t view_index, calo_frame *frame, calo_error *err)
{
    python_call *call = user;
    (void)view_index;
    (void)frame;
    (void)err;
    atomic_fetch_add_explicit(&call->done, 1, memory_order_relaxed);
    return CALO_OK;
}

static bool run(renderer_object *renderer, render_call *call)
{
    calo_error err = {0};
    call->options.poll = call_poll;
    call->options.poll_user = &call->python;
    call->python.count = call->count;
    if (!enter(renderer))
        return false;
    call->python.thread = PyEval_SaveThread();
    calo_status status =
        calo_renderer_render_scenes(renderer->renderer, call->prepared, &call->options, call->views, call->count,
                                    call->frames, call->python.progress ? count_frame : NULL, &call->python, &err);
    PyEval_RestoreThread(call->python.thread);
    turn_leave(&renderer->turn);
    if (status != CALO_OK)
        raise_error(&err);
    /* A last poll may have raised when nothing was left to be stopped. */
    return !PyErr_Occurred() && call_report(&call->python);
}

/* render(prepared, views, options, outputs, node_colors, progress): the tuples of rendering.py. */
static PyObject *renderer_render(PyObject *self, PyObject *arguments)
{
    PyObject *prepared, *views, *options, *outputs, *node_colors, *progress;
    render_call call = {0};
    if (!parse(arguments, "OOO!O!OO", &prepared, &views, &PyTuple_Type, &options, &PyTuple_Type, &outputs,
                          &node_colors, &progress) ||
        !render_options_read(options, &call.options))
        return NULL;
    if (!call_listens(&call.python, progress))
        return NULL;
    call.views = views_read(views, &call.count);
    bool done = call.views && read_prepared(prepared, &call) && read_node_colors(node_colors, &call) &&
                (call.count == 0 || (read_outputs(outputs, &call) && run((renderer_object *)self, &call)));
    finish_call(&call);
    if (!done)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- the object ---- */

PyObject *renderer_create(PyObject *module, PyObject *arguments)
{
    (void)module;
    calo_renderer_options options = {0};
    calo_renderer *renderer = NULL;
    calo_error err = {0};
    calo_status status;
    if (!parse(arguments, "zIf", &options.backend, &options.threads, &options.lod_pixels))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = calo_renderer_create(&options, &renderer, &err);
    Py_END_ALLOW_THREADS
    if (status != CALO_OK)
        return raise_error(&err);
    renderer_object *object = PyObject_New(renderer_object, extension()->renderer_type);
    if (!object) {
        destroy_renderer(renderer);
        return NULL;
    }
    object->renderer = renderer;
    if (turn_start(&object->turn))
        return (PyObject *)object;
    Py_DECREF(object);
    return NULL;
}

static void destroy(renderer_object *object)
{
    calo_renderer *renderer = object->renderer;
    object->renderer = NULL;
    destroy_renderer(renderer);
}

/* Waits for a call on another thread. Closing twice is fine. */
static PyObject *renderer_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    renderer_object *object = (renderer_object *)self;
    if (!object->renderer)
        Py_RETURN_NONE;
    if (!enter(object))
        return NULL;
    destroy(object);
    turn_leave(&object->turn);
    Py_RETURN_NONE;
}

static void renderer_dealloc(PyObject *self)
{
    renderer_object *object = (renderer_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    /* A fork left the call of a thread that is not here unfinished in it: nothing of it can be taken apart. */
    if (object->renderer && !turn_is_stuck(&object->turn))
        destroy(object);
    turn_finish(&object->turn);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* (backend, threads) */
static PyObject *renderer_describe(PyObject *self, PyObject *unused)
{
    (void)unused;
    renderer_object *object = (renderer_object *)self;
    if (!object->renderer)
        return raise_argument("this renderer is closed");
    return Py_BuildValue("(sI)", calo_renderer_backend(object->renderer), calo_renderer_threads(object->renderer));
}

static PyMethodDef renderer_methods[] = {
    {"prepare", renderer_prepare, METH_VARARGS, "prepare(scene, pose, lighting, options, reuse) -> Prepared"},
    {"render", renderer_render, METH_VARARGS, "render(prepared, views, options, outputs, node_colors, progress)"},
    {"close", renderer_close, METH_NOARGS, "close()"},
    {"describe", renderer_describe, METH_NOARGS, "describe() -> (backend, threads)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot renderer_slots[] = {
    {Py_tp_dealloc, renderer_dealloc},
    {Py_tp_methods, renderer_methods},
    {0, NULL},
};

PyType_Spec renderer_spec = {"calotype._calotype.Renderer", sizeof(renderer_object), 0, Py_TPFLAGS_DEFAULT,
                             renderer_slots};

/* (index, drawn by the CPU, CUDA ordinal or -1, device file or "") */
static PyObject *describe_egl_device(const void *devices, size_t i)
{
    const calo_gl_device *device = (const calo_gl_device *)devices + i;
    return Py_BuildValue("(iOis)", device->index, device->software ? Py_True : Py_False, device->cuda_device,
                         device->node);
}

/* No driver is opened. */
PyObject *renderer_egl_devices(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    calo_gl_device devices[64];
    size_t capacity = sizeof devices / sizeof devices[0], count;
    Py_BEGIN_ALLOW_THREADS
    count = calo_gl_device_list(devices, capacity);
    Py_END_ALLOW_THREADS
    return list_of(devices, count < capacity ? count : capacity, describe_egl_device);
}

static PyObject *describe_backend(const void *infos, size_t i)
{
    const calo_backend_info *info = (const calo_backend_info *)infos + i;
    return Py_BuildValue("(sOsOsss)", info->name, info->available ? Py_True : Py_False, info->detail,
                         info->software ? Py_True : Py_False, info->vendor, info->renderer, info->version);
}

PyObject *renderer_backends(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    calo_backend_info infos[16];
    size_t capacity = sizeof infos / sizeof infos[0], count;
    Py_BEGIN_ALLOW_THREADS
    count = calo_backend_list(infos, capacity);
    Py_END_ALLOW_THREADS
    return list_of(infos, count < capacity ? count : capacity, describe_backend);
}
