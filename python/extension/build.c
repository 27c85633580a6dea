/* Scenes from arrays: the tuples of build.py become the scene's structs. Vertex arrays are borrowed; names and whatever
 * counts into other arrays are copied into the scene's memory. Each reader takes one tuple; its format is written
 * beside it in build.py. */
#include "extension.h"

#include <string.h>

typedef struct scene_build {
    calo_scene *scene;
    PyObject *kept; /* list: every array that the scene points into */
    calo_error err;
} scene_build;

typedef bool (*part_reader)(scene_build *build, PyObject *tuple);

static bool read_parts(scene_build *build, PyObject *parts, part_reader read)
{
    if (!PyTuple_Check(parts)) {
        raise_argument("a tuple of parts is needed");
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_Size(parts); i++)
        if (!read(build, PyTuple_GetItem(parts, i)))
            return false;
    return true;
}

static void *allocate(scene_build *build, Py_ssize_t count, size_t item_bytes)
{
    void *memory = calo_scene_allocate(build->scene, (uint64_t)count, item_bytes, &build->err);
    if (!memory)
        raise_error(&build->err);
    return memory;
}

/* Indices are copied before they are checked: a program that changes its array later would send the library astray. */
static bool copy_items(scene_build *build, const void *items, Py_ssize_t count, size_t item_bytes, void **copy)
{
    *copy = allocate(build, count, item_bytes);
    if (*copy && count)
        memcpy(*copy, items, (size_t)count * item_bytes);
    return *copy != NULL;
}

/* The index of what was added, as success. */
static bool added(scene_build *build, int32_t index)
{
    if (index < 0)
        raise_error(&build->err);
    return index >= 0;
}

static const char *copy_name(scene_build *build, const char *name)
{
    size_t bytes = strlen(name) + 1;
    char *copy = allocate(build, (Py_ssize_t)bytes, 1);
    return copy ? memcpy(copy, name, bytes) : NULL;
}

/* An array (or None) that the scene will point into. */
static bool borrow(scene_build *build, PyObject *object, const char *what, const char *type, int dimensions,
                   const Py_ssize_t *shape, array_view *view)
{
    return array_read_optional(object, what, type, dimensions, shape, view) &&
           (!view->data || PyList_Append(build->kept, object) == 0);
}

/* Floats of each vertex, finite, or None. */
static bool borrow_floats(scene_build *build, PyObject *object, const char *what, uint32_t vertices, int components,
                          const float **floats)
{
    const Py_ssize_t shape[2] = {vertices, components};
    array_view view;
    if (!borrow(build, object, what, "<f4", 2, shape, &view) || (view.data && !array_is_finite(&view, what)))
        return false;
    *floats = view.data;
    return true;
}

/* ---- meshes ---- */

static bool read_targets(scene_build *build, PyObject *tuples, calo_primitive *primitive)
{
    Py_ssize_t count = PyTuple_Size(tuples);
    calo_morph_target *targets = allocate(build, count, sizeof *targets);
    for (Py_ssize_t i = 0; targets && i < count; i++) {
        PyObject *positions, *normals, *tangents;
        if (!parse(PyTuple_GetItem(tuples, i), "OOO", &positions, &normals, &tangents) ||
            !borrow_floats(build, positions, "a morph target's positions", primitive->vertex_count, 3,
                           &targets[i].positions) ||
            !borrow_floats(build, normals, "a morph target's normals", primitive->vertex_count, 3, &targets[i].normals) ||
            !borrow_floats(build, tangents, "a morph target's tangents", primitive->vertex_count, 3,
                           &targets[i].tangents))
            return false;
    }
    primitive->morph_targets = targets;
    primitive->morph_target_count = (uint32_t)count;
    return targets != NULL;
}

static bool read_skinning(scene_build *build, PyObject *joints, PyObject *weights, calo_primitive *primitive)
{
    const Py_ssize_t shape[2] = {primitive->vertex_count, -1};
    array_view view;
    if (!array_read_optional(joints, "joints", "<u2", 2, shape, &view))
        return false;
    if (!view.data)
        return true;
    if (view.shape[1] > UINT16_MAX) {
        raise_argument("%zd joints a vertex: up to %d are possible", view.shape[1], UINT16_MAX);
        return false;
    }
    primitive->influences = (uint32_t)view.shape[1];
    return copy_items(build, view.data, view.count, sizeof *primitive->joints, (void **)&primitive->joints) &&
           borrow_floats(build, weights, "joint weights", primitive->vertex_count, (int)view.shape[1],
                         &primitive->weights);
}

static bool read_vertices(scene_build *build, PyObject *positions, PyObject *indices, calo_primitive *primitive)
{
    const Py_ssize_t rows_of_three[2] = {-1, 3}, any[1] = {-1};
    array_view vertices, elements;
    if (!borrow(build, positions, "positions", "<f4", 2, rows_of_three, &vertices) ||
        !array_read_optional(indices, "indices", "<u4", 1, any, &elements))
        return false;
    if (!vertices.data || !elements.data) {
        raise_argument("a primitive needs positions and indices");
        return false;
    }
    if (vertices.shape[0] > INT32_MAX || elements.count > INT32_MAX) {
        raise_argument("a primitive of %zd vertices and %zd indices: up to %d of each are possible; split it",
                       vertices.shape[0], elements.count, INT32_MAX);
        return false;
    }
    primitive->positions = vertices.data;
    primitive->vertex_count = (uint32_t)vertices.shape[0];
    primitive->index_count = (uint32_t)elements.count;
    return copy_items(build, elements.data, elements.count, sizeof *primitive->indices, (void **)&primitive->indices);
}

static bool read_primitive(scene_build *build, PyObject *tuple, calo_primitive *primitive)
{
    PyObject *positions, *indices, *normals, *tangents, *uvs[2], *colors, *joints, *weights, *targets;
    unsigned long long identity;
    int topology;
    *primitive = (calo_primitive){0};
    if (!parse(tuple, "iOOOOOOOOOO!iK", &topology, &positions, &indices, &normals, &tangents, &uvs[0],
                          &uvs[1], &colors, &joints, &weights, &PyTuple_Type, &targets, &primitive->material, &identity))
        return false;
    primitive->topology = (calo_topology)topology;
    primitive->identity = identity;
    if (!read_vertices(build, positions, indices, primitive))
        return false;
    uint32_t count = primitive->vertex_count;
    return borrow_floats(build, normals, "normals", count, 3, &primitive->normals) &&
           borrow_floats(build, tangents, "tangents", count, 4, &primitive->tangents) &&
           borrow_floats(build, uvs[0], "uvs", count, 2, &primitive->uvs[0]) &&
           borrow_floats(build, uvs[1], "the second uvs", count, 2, &primitive->uvs[1]) &&
           borrow_floats(build, colors, "vertex colors", count, 4, &primitive->colors) &&
           read_skinning(build, joints, weights, primitive) && read_targets(build, targets, primitive);
}

static bool read_mesh(scene_build *build, PyObject *tuple)
{
    PyObject *primitives, *weights;
    const char *name;
    const Py_ssize_t any[1] = {-1};
    array_view view;
    if (!parse(tuple, "sO!O", &name, &PyTuple_Type, &primitives, &weights))
        return false;
    Py_ssize_t count = PyTuple_Size(primitives);
    calo_primitive *items = allocate(build, count, sizeof *items);
    if (!items || !borrow(build, weights, "morph weights", "<f4", 1, any, &view) ||
        (view.data && !array_is_finite(&view, "morph weights")))
        return false;
    for (Py_ssize_t i = 0; i < count; i++)
        if (!read_primitive(build, PyTuple_GetItem(primitives, i), &items[i]))
            return false;
    calo_mesh mesh = {.name = copy_name(build, name), .primitive_count = (uint32_t)count, .primitives = items,
                      .weights = view.data, .weight_count = view.data ? (uint32_t)view.count : 0};
    return mesh.name && added(build, calo_scene_add_mesh(build->scene, &mesh, &build->err));
}

/* ---- materials ---- */

static bool read_image(scene_build *build, PyObject *tuple)
{
    PyObject *pixels;
    const char *name;
    unsigned long long identity;
    const Py_ssize_t shape[3] = {-1, -1, 4};
    array_view view;
    if (!parse(tuple, "sOK", &name, &pixels, &identity) ||
        !borrow(build, pixels, "a texture's pixels", "|u1", 3, shape, &view))
        return false;
    if (!view.data || view.shape[0] < 1 || view.shape[1] < 1 || view.shape[0] > CALO_FRAME_MAX_SIDE ||
        view.shape[1] > CALO_FRAME_MAX_SIDE) {
        raise_argument("the texture \"%s\" has %zd x %zd pixels: a side must have 1 to %u", name, view.shape[1],
                       view.shape[0], CALO_FRAME_MAX_SIDE);
        return false;
    }
    calo_scene_image image = {.name = copy_name(build, name), .width = (uint32_t)view.shape[1],
                              .height = (uint32_t)view.shape[0], .pixels = view.data, .identity = identity};
    return image.name && added(build, calo_scene_add_image(build->scene, &image, &build->err));
}

static bool read_texture(scene_build *build, PyObject *tuple)
{
    calo_texture texture = {0};
    int wrap_u, wrap_v, magnify, minify, no_mipmaps;
    if (!parse(tuple, "iiiiip", &texture.image, &wrap_u, &wrap_v, &magnify, &minify, &no_mipmaps))
        return false;
    texture.wrap_u = (calo_wrap)wrap_u;
    texture.wrap_v = (calo_wrap)wrap_v;
    texture.magnify = (calo_filter)magnify;
    texture.minify = (calo_filter)minify;
    texture.no_mipmaps = no_mipmaps;
    return added(build, calo_scene_add_texture(build->scene, &texture, &build->err));
}

static bool read_slots(PyObject *tuples, calo_material *material)
{
    for (Py_ssize_t i = 0; i < PyTuple_Size(tuples); i++) {
        calo_texture_use use;
        int slot;
        float *t = use.transform;
        if (!parse(PyTuple_GetItem(tuples, i), "iiI(ffffff)", &slot, &use.texture, &use.uv_set, &t[0], &t[1],
                              &t[2], &t[3], &t[4], &t[5]))
            return false;
        if (slot < 0 || slot >= CALO_SLOT_COUNT) {
            raise_argument("a material has no texture slot %d", slot);
            return false;
        }
        material->slots[slot] = use;
    }
    return true;
}

static bool read_material(scene_build *build, PyObject *tuple)
{
    PyObject *slots;
    const char *name;
    int specular_glossiness, alpha_mode, double_sided, unlit, wireframe;
    calo_material m = calo_material_default();
    float *base = m.base_color, *emissive = m.emissive, *specular = m.specular_color;
    if (!parse(tuple, "s(ffff)ff(fff)ff(fff)pffifpppO!", &name, &base[0], &base[1], &base[2], &base[3],
                          &m.metallic, &m.roughness, &emissive[0], &emissive[1], &emissive[2], &m.ior, &m.specular,
                          &specular[0], &specular[1], &specular[2], &specular_glossiness, &m.normal_scale,
                          &m.occlusion_strength, &alpha_mode, &m.alpha_cutoff, &double_sided, &unlit, &wireframe,
                          &PyTuple_Type, &slots) ||
        !read_slots(slots, &m))
        return false;
    m.name = copy_name(build, name);
    m.specular_glossiness = specular_glossiness;
    m.alpha_mode = (calo_alpha_mode)alpha_mode;
    m.double_sided = double_sided;
    m.unlit = unlit;
    m.wireframe = wireframe;
    return m.name && added(build, calo_scene_add_material(build->scene, &m, &build->err));
}

/* ---- nodes ---- */

static bool read_node(scene_build *build, PyObject *tuple)
{
    PyObject *matrix, *weights, *instances;
    const char *name;
    int visible;
    calo_node node = calo_node_default();
    const Py_ssize_t one_matrix[2] = {4, 4}, any[1] = {-1}, matrices[3] = {-1, 4, 4};
    array_view local, morph, copies;
    if (!parse(tuple, "sipOiiiiOO", &name, &node.parent, &visible, &matrix, &node.mesh, &node.skin,
                          &node.camera, &node.light, &weights, &instances) ||
        !array_read(matrix, "a node's matrix", "<f8", 2, one_matrix, &local) ||
        !borrow(build, weights, "a node's morph weights", "<f4", 1, any, &morph) ||
        !borrow(build, instances, "a node's instances", "<f8", 3, matrices, &copies))
        return false;
    node.name = copy_name(build, name);
    node.visible = visible && !(copies.data && copies.shape[0] == 0); /* no copies are nothing to be seen */
    node.has_matrix = true;
    memcpy(&node.matrix, local.data, sizeof node.matrix);
    node.weights = morph.data;
    node.weight_count = morph.data ? (uint32_t)morph.count : 0;
    node.instances = copies.data;
    node.instance_count = copies.data ? (uint32_t)copies.shape[0] : 0;
    return node.name && added(build, calo_scene_add_node(build->scene, &node, &build->err));
}

static bool read_skin(scene_build *build, PyObject *tuple)
{
    PyObject *joints, *inverse_bind;
    const char *name;
    const Py_ssize_t any[1] = {-1};
    array_view nodes, matrices;
    if (!parse(tuple, "sOO", &name, &joints, &inverse_bind) ||
        !array_read_optional(joints, "a skin's joints", "<i4", 1, any, &nodes))
        return false;
    const Py_ssize_t shape[3] = {nodes.data ? nodes.count : 0, 4, 4};
    if (!borrow(build, inverse_bind, "a skin's inverse bind matrices", "<f8", 3, shape, &matrices))
        return false;
    if (!nodes.data || !matrices.data) {
        raise_argument("a skin needs joints and inverse bind matrices");
        return false;
    }
    calo_skin skin = {.name = copy_name(build, name), .joint_count = (uint32_t)nodes.count,
                      .inverse_bind = matrices.data};
    return skin.name && copy_items(build, nodes.data, nodes.count, sizeof *skin.joints, (void **)&skin.joints) &&
           added(build, calo_scene_add_skin(build->scene, &skin, &build->err));
}

static bool read_camera(scene_build *build, PyObject *tuple)
{
    calo_camera camera = {0};
    const char *name;
    int orthographic;
    if (!parse(tuple, "spdddddd", &name, &orthographic, &camera.fov_y_radians, &camera.aspect_ratio,
                          &camera.x_magnitude, &camera.y_magnitude, &camera.near_metres, &camera.far_metres))
        return false;
    camera.name = copy_name(build, name);
    camera.orthographic = orthographic;
    return camera.name && added(build, calo_scene_add_camera(build->scene, &camera, &build->err));
}

static bool read_light(scene_build *build, PyObject *tuple)
{
    calo_light light = {0};
    const char *name;
    int kind;
    if (!parse(tuple, "si(fff)ffff", &name, &kind, &light.color[0], &light.color[1], &light.color[2],
                          &light.intensity, &light.range_metres, &light.inner_cone_radians, &light.outer_cone_radians))
        return false;
    light.name = copy_name(build, name);
    light.kind = (calo_light_kind)kind;
    return light.name && added(build, calo_scene_add_light(build->scene, &light, &build->err));
}

/* ---- all of it ---- */

static bool read_scene(scene_build *build, PyObject *parts)
{
    static const part_reader readers[] = {read_mesh,   read_image, read_texture, read_material,
                                          read_node, read_skin,  read_camera,  read_light};
    enum { KINDS = sizeof readers / sizeof readers[0] };
    if (!PyTuple_Check(parts) || PyTuple_Size(parts) != KINDS) {
        raise_argument("%d tuples of parts are needed", (int)KINDS);
        return false;
    }
    for (int i = 0; i < KINDS; i++)
        if (!read_parts(build, PyTuple_GetItem(parts, i), readers[i]))
            return false;
    calo_status status;
    Py_BEGIN_ALLOW_THREADS
    status = calo_scene_seal(build->scene, &build->err);
    Py_END_ALLOW_THREADS
    if (status != CALO_OK)
        raise_error(&build->err);
    return status == CALO_OK;
}

PyObject *build_scene(PyObject *module, PyObject *arguments)
{
    (void)module;
    static const calo_mat4 y_up_to_z_up = {{{1, 0, 0, 0}, {0, 0, -1, 0}, {0, 1, 0, 0}, {0, 0, 0, 1}}};
    PyObject *parts;
    const char *name;
    int y_up;
    scene_build build = {0};
    calo_limits limits = {0};
    unsigned long long memory_bytes, triangles;
    if (!parse(arguments, "sKKpO", &name, &memory_bytes, &triangles, &y_up, &parts))
        return NULL;
    limits.max_memory_bytes = memory_bytes;
    limits.max_triangles = triangles;
    if (calo_scene_create(name, "arrays", &limits, &build.scene, &build.err) != CALO_OK)
        return raise_error(&build.err);
    if (y_up)
        build.scene->source_to_world = y_up_to_z_up;
    build.kept = PyList_New(0);
    PyObject *object = NULL;
    if (build.kept && read_scene(&build, parts))
        object = scene_wrap(build.scene, build.kept);
    else
        calo_scene_destroy(build.scene);
    Py_XDECREF(build.kept);
    return object;
}
