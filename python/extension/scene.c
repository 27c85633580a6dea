/* Scenes from files, what is in them, and pictures from bytes. */
#include "extension.h"

#include <string.h>

/* ---- the object ---- */

static PyObject *wrap(const calo_scene *scene, PyObject *kept, bool borrowed)
{
    scene_object *object = PyObject_New(scene_object, extension()->scene_type);
    if (!object)
        return NULL;
    object->scene = (calo_scene *)scene; /* nothing here writes to it */
    object->borrowed = borrowed;
    object->kept = kept;
    Py_XINCREF(kept);
    return (PyObject *)object;
}

PyObject *scene_wrap(calo_scene *scene, PyObject *kept)
{
    PyObject *object = wrap(scene, kept, false);
    if (!object)
        calo_scene_destroy(scene);
    return object;
}

PyObject *scene_wrap_owned(const calo_scene *scene, PyObject *owner) { return wrap(scene, owner, true); }

static void scene_dealloc(PyObject *self)
{
    scene_object *object = (scene_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (!object->borrowed)
        calo_scene_destroy(object->scene);
    Py_XDECREF(object->kept);
    PyObject_Free(self);
    Py_DECREF(type); /* instances of heap types hold their type */
}

calo_scene *scene_of(PyObject *object)
{
    if (Py_TYPE(object) != extension()->scene_type || !((scene_object *)object)->scene) {
        raise_argument("a scene is needed: calotype.Scene.load makes one");
        return NULL;
    }
    return ((scene_object *)object)->scene;
}

/* ---- loading ---- */

bool limits_read(PyObject *tuple, calo_limits *limits)
{
    unsigned long long file_bytes, memory_bytes, triangles;
    int outside;
    *limits = (calo_limits){0};
    if (!parse(tuple, "KKKIIp", &file_bytes, &memory_bytes, &triangles, &limits->max_texture_pixels,
                          &limits->max_nesting, &outside))
        return false;
    limits->max_file_bytes = file_bytes;
    limits->max_memory_bytes = memory_bytes;
    limits->max_triangles = triangles;
    limits->allow_outside_paths = outside;
    return true;
}

static PyObject *wrap_loaded(calo_status status, calo_scene *scene, const calo_error *err)
{
    return status == CALO_OK ? scene_wrap(scene, NULL) : raise_error(err);
}

PyObject *scene_load(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *path = NULL, *limits;
    calo_import_options options = {0};
    calo_scene *scene = NULL;
    calo_error err = {0};
    calo_status status;
    if (!parse(arguments, "O&IO", PyUnicode_FSConverter, &path, &options.threads, &limits))
        return NULL;
    if (!limits_read(limits, &options.limits)) {
        Py_DECREF(path);
        return NULL;
    }
    const char *name = PyBytes_AsString(path);
    Py_BEGIN_ALLOW_THREADS
    status = calo_scene_load(name, &options, &scene, &err);
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    return wrap_loaded(status, scene, &err);
}

PyObject *scene_load_bytes(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *bytes, *limits;
    const char *path;
    calo_import_options options = {0};
    calo_scene *scene = NULL;
    calo_error err = {0};
    calo_status status;
    if (!parse(arguments, "SzIO", &bytes, &path, &options.threads, &limits) ||
        !limits_read(limits, &options.limits))
        return NULL;
    const char *data = PyBytes_AsString(bytes);
    size_t size = (size_t)PyBytes_Size(bytes);
    Py_BEGIN_ALLOW_THREADS
    status = calo_scene_load_memory(data, size, path, &options, &scene, &err);
    Py_END_ALLOW_THREADS
    return wrap_loaded(status, scene, &err);
}

/* ---- what is in it ---- */

/* Names come from files: what is no UTF-8 is replaced. */
static PyObject *text(const char *bytes) { return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace"); }

static PyObject *describe_node(const void *scene_items, size_t i)
{
    const calo_scene *scene = scene_items;
    const calo_node *node = &scene->nodes[i];
    return Py_BuildValue("(NiOiiii)", text(node->name), node->parent, node->visible ? Py_True : Py_False, node->mesh,
                         node->skin, node->camera, node->light);
}

static PyObject *describe_material(const void *scene_items, size_t i)
{
    const calo_scene *scene = scene_items;
    const calo_material *m = &scene->materials[i];
    return Py_BuildValue("(N(ffff)ff(fff)ifOO)", text(m->name), m->base_color[0], m->base_color[1], m->base_color[2],
                         m->base_color[3], m->metallic, m->roughness, m->emissive[0], m->emissive[1], m->emissive[2],
                         (int)m->alpha_mode, m->alpha_cutoff, m->double_sided ? Py_True : Py_False,
                         m->unlit ? Py_True : Py_False);
}

static PyObject *describe_animation(const void *scene_items, size_t i)
{
    const calo_scene *scene = scene_items;
    return Py_BuildValue("(Nf)", text(scene->animations[i].name), scene->animations[i].duration_seconds);
}

static PyObject *describe_camera(const void *scene_items, size_t i)
{
    const calo_scene *scene = scene_items;
    return text(scene->cameras[i].name);
}

static PyObject *describe_mesh(const void *scene_items, size_t i)
{
    const calo_scene *scene = scene_items;
    uint64_t elements = 0, vertices = 0;
    for (uint32_t p = 0; p < scene->meshes[i].primitive_count; p++) {
        elements += scene->meshes[i].primitives[p].index_count;
        vertices += scene->meshes[i].primitives[p].vertex_count;
    }
    return Py_BuildValue("(NIKK)", text(scene->meshes[i].name), scene->meshes[i].primitive_count,
                         (unsigned long long)vertices, (unsigned long long)elements);
}

static PyObject *describe_warning(const void *scene_items, size_t i)
{
    const calo_scene *scene = scene_items;
    return Py_BuildValue("(sN)", scene->warnings[i].id, text(scene->warnings[i].message));
}

/* (path, format, nodes, materials, meshes, animations, cameras, warnings): see scene.py. */
static PyObject *scene_describe(PyObject *self, PyObject *unused)
{
    (void)unused;
    const calo_scene *scene = scene_of(self);
    if (!scene)
        return NULL;
    return Py_BuildValue("(NsNNNNNN)", text(scene->path), scene->format,
                         list_of(scene, scene->node_count, describe_node),
                         list_of(scene, scene->material_count, describe_material),
                         list_of(scene, scene->mesh_count, describe_mesh),
                         list_of(scene, scene->animation_count, describe_animation),
                         list_of(scene, scene->camera_count, describe_camera),
                         list_of(scene, scene->warning_count, describe_warning));
}

static PyObject *scene_statistics(PyObject *self, PyObject *unused)
{
    (void)unused;
    const calo_scene *scene = scene_of(self);
    calo_scene_statistics s;
    calo_error err = {0};
    if (!scene)
        return NULL;
    calo_status status;
    Py_BEGIN_ALLOW_THREADS
    status = calo_scene_count(scene, &s, &err);
    Py_END_ALLOW_THREADS
    if (status != CALO_OK)
        return raise_error(&err);
    return Py_BuildValue("{sK,sK,sK,sK,sI,sI,sI,sI,sI,sI,sI,sI,sI,sI}", "polygon_count",
                         (unsigned long long)s.polygon_count, "vertex_count", (unsigned long long)s.vertex_count,
                         "edge_count", (unsigned long long)s.edge_count, "triangle_count",
                         (unsigned long long)s.triangle_count, "mesh_count", s.mesh_count, "light_count", s.light_count,
                         "object_count", s.object_count, "material_count", s.material_count, "animation_count",
                         s.animation_count, "armature_count", s.armature_count, "shape_key_count", s.shape_key_count,
                         "camera_count", s.camera_count, "texture_count", s.texture_count, "missing_texture_count",
                         s.missing_texture_count);
}

static PyMethodDef scene_methods[] = {
    {"describe", scene_describe, METH_NOARGS, "describe() -> tuple"},
    {"statistics", scene_statistics, METH_NOARGS, "statistics() -> dict"},
    {"bounds", pose_bounds, METH_VARARGS, "bounds(pose) -> 6 numbers"},
    {"node_to_world", pose_node_to_world, METH_VARARGS, "node_to_world(pose, out)"},
    {"camera_views", views_of_scene, METH_VARARGS, "camera_views(pose, wanted, scale, width, height) -> rows"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot scene_slots[] = {
    {Py_tp_dealloc, scene_dealloc},
    {Py_tp_methods, scene_methods},
    {0, NULL},
};

PyType_Spec scene_spec = {"calotype._calotype.Scene", sizeof(scene_object), 0, Py_TPFLAGS_DEFAULT, scene_slots};

/* ---- pictures ---- */

PyObject *image_copy(const calo_image *image, PyObject *allocate)
{
    int components = (int)calo_pixel_components(image->format);
    bool is_float = image->format == CALO_PIXEL_RGBA32F;
    PyObject *out = PyObject_CallFunction(allocate, "IIiO", image->height, image->width, components,
                                          is_float ? Py_True : Py_False);
    const Py_ssize_t shape[3] = {image->height, image->width, components};
    array_view view;
    if (!out || !array_read(out, "a picture", is_float ? "<f4" : "|u1", 3, shape, &view) ||
        !array_is_writable(&view, "a picture")) {
        Py_XDECREF(out);
        return NULL;
    }
    size_t row_bytes = (size_t)image->width * calo_pixel_bytes(image->format);
    for (uint32_t y = 0; y < image->height; y++)
        memcpy((char *)view.data + y * row_bytes, (const char *)image->data + y * image->row_bytes, row_bytes);
    return out;
}

PyObject *image_decode(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *bytes, *allocate;
    const char *name;
    calo_image image = {0};
    calo_error err = {0};
    calo_status status;
    if (!parse(arguments, "SsO", &bytes, &name, &allocate))
        return NULL;
    const char *data = PyBytes_AsString(bytes);
    size_t size = (size_t)PyBytes_Size(bytes);
    Py_BEGIN_ALLOW_THREADS
    status = calo_image_decode(data, size, name, NULL, &image, &err);
    Py_END_ALLOW_THREADS
    PyObject *out = status == CALO_OK ? image_copy(&image, allocate) : raise_error(&err);
    calo_image_finish(&image);
    return out;
}
