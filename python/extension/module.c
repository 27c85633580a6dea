/* The module calotype._calotype: its functions and its types. */
#include "extension.h"

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
