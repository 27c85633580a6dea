/* The lists of an OBJ file into meshes: an object each, a primitive for each material in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "import/obj_table.h"
#include "import/polygon.h"
#include "scene/build.h"

enum { TOPOLOGIES = 3 };

/* The runs of an object that become one primitive, chained by `next`. */
typedef struct run_group {
    uint32_t first_run, last_run;
    size_t element_count, corner_count;
    uint32_t most_corners; /* of an element */
} run_group;

typedef struct builder {
    calo_obj *obj;
    calo_arena *arena;
    calo_obj_table table;
    calo_polygons polygons;
    calo_obj_array groups;                     /* run_group: of the object at hand */
    uint32_t *slot_objects, *slot_groups;      /* for each material and topology: the object that last used it + 1 */
    uint32_t *vertex_objects, *vertex_numbers; /* for each position: the same, and its number in that object */
    uint32_t object_vertex_count;
    uint32_t *face_positions, *face_vertices; /* of the face at hand */
    size_t face_capacity;
} builder;

static calo_obj_run *run_at(const builder *b, size_t run) { return (calo_obj_run *)b->obj->runs.items + run; }

/* ---- which runs belong together ---- */

static run_group *group_of(builder *b, uint32_t run_index)
{
    const calo_obj_run *run = run_at(b, run_index);
    size_t slot = (size_t)(run->material + 1) * TOPOLOGIES + (size_t)run->topology;
    if (b->slot_objects[slot] == run->object + 1)
        return (run_group *)b->groups.items + b->slot_groups[slot];
    run_group *group = calo_obj_push(b->obj, &b->groups, sizeof *group);
    if (!group)
        return NULL;
    b->slot_objects[slot] = run->object + 1;
    b->slot_groups[slot] = (uint32_t)b->groups.count - 1;
    *group = (run_group){.first_run = run_index, .last_run = run_index};
    return group;
}

/* Sorts the object's runs into `groups`, in the order in which their materials first appear. */
static calo_status group_runs(builder *b, size_t first_run, size_t end_run)
{
    const uint32_t *elements = b->obj->elements.items;
    b->groups.count = 0;
    for (size_t r = first_run; r < end_run; r++) {
        run_group *group = group_of(b, (uint32_t)r);
        if (!group)
            return CALO_ERROR_MEMORY;
        uint32_t end = calo_obj_run_end(b->obj, r);
        for (uint32_t e = run_at(b, r)->first_element; e < end; e++) {
            uint32_t corners = calo_obj_element_end(b->obj, e) - elements[e];
            group->corner_count += corners;
            group->most_corners = corners > group->most_corners ? corners : group->most_corners;
        }
        group->element_count += end - run_at(b, r)->first_element;
        if (group->last_run != r)
            run_at(b, group->last_run)->next = (uint32_t)r;
        group->last_run = (uint32_t)r;
    }
    return CALO_OK;
}

/* ---- normals of flat faces beside smooth ones ---- */

static bool any_normal(const builder *b, const run_group *group)
{
    const calo_obj_corner *corners = b->obj->corners.items;
    const uint32_t *elements = b->obj->elements.items;
    for (uint32_t r = group->first_run; r != UINT32_MAX; r = run_at(b, r)->next) {
        uint32_t end = calo_obj_element_end(b->obj, calo_obj_run_end(b->obj, r) - 1);
        for (uint32_t c = elements[run_at(b, r)->first_element]; c < end; c++)
            if (corners[c].normal >= 0)
                return true;
    }
    return false;
}

/* Corners without a normal get the face's own. */
static calo_status fill_face_normal(calo_obj *obj, calo_obj_corner *corners, uint32_t count)
{
    uint32_t first = 0;
    while (first < count && corners[first].normal >= 0)
        first++;
    if (first == count)
        return CALO_OK;
    double normal[3];
    calo_obj_face_normal(obj, corners, count, normal);
    int32_t number = calo_obj_add_normal(obj, normal);
    if (number < 0)
        return CALO_ERROR_LIMIT;
    for (uint32_t c = first; c < count; c++)
        if (corners[c].normal < 0)
            corners[c].normal = number;
    return CALO_OK;
}

/* A primitive is flat as a whole (and needs no normals), or every corner has one. */
static calo_status fill_flat_normals(builder *b, const run_group *group)
{
    calo_obj_corner *corners = b->obj->corners.items;
    const uint32_t *elements = b->obj->elements.items;
    calo_status status = CALO_OK;
    if (!any_normal(b, group))
        return CALO_OK;
    for (uint32_t r = group->first_run; r != UINT32_MAX && status == CALO_OK; r = run_at(b, r)->next)
        for (uint32_t e = run_at(b, r)->first_element; e < calo_obj_run_end(b->obj, r) && status == CALO_OK; e++)
            status = fill_face_normal(b->obj, corners + elements[e], calo_obj_element_end(b->obj, e) - elements[e]);
    return status;
}

/* ---- indices ---- */

static calo_status add_face(builder *b, const calo_obj_corner *corners, uint32_t count, uint32_t *triangles,
                            uint8_t *edge_flags)
{
    for (uint32_t i = 0; i < count; i++) {
        b->face_positions[i] = (uint32_t)corners[i].position;
        b->face_vertices[i] = calo_obj_table_number(&b->table, corners[i]);
    }
    calo_status status = calo_polygon_triangulate(&b->polygons, b->obj->positions.items, b->face_positions, count,
                                                  triangles, edge_flags, b->obj->err);
    if (status != CALO_OK)
        return status;
    for (size_t i = 0; i < 3 * ((size_t)count - 2); i++)
        triangles[i] = b->face_vertices[triangles[i]];
    return CALO_OK;
}

static void add_strip(builder *b, const calo_obj_corner *corners, uint32_t count, uint32_t *indices)
{
    uint32_t before = calo_obj_table_number(&b->table, corners[0]);
    for (uint32_t i = 1; i < count; i++) {
        indices[2 * (size_t)i - 2] = before;
        before = indices[2 * (size_t)i - 1] = calo_obj_table_number(&b->table, corners[i]);
    }
}

static calo_status face_room(builder *b, size_t count)
{
    if (count <= b->face_capacity)
        return CALO_OK;
    free(b->face_positions);
    free(b->face_vertices);
    b->face_positions = malloc(count * sizeof *b->face_positions);
    b->face_vertices = malloc(count * sizeof *b->face_vertices);
    b->face_capacity = b->face_positions && b->face_vertices ? count : 0;
    return b->face_capacity ? CALO_OK : calo_fail_memory(b->obj->err, "a face", count * sizeof *b->face_vertices);
}

static size_t index_count(const run_group *group, calo_topology topology)
{
    if (topology == CALO_TRIANGLES)
        return 3 * (group->corner_count - 2 * group->element_count);
    if (topology == CALO_LINES)
        return 2 * (group->corner_count - group->element_count);
    return group->corner_count;
}

/* Writes the element's indices and returns how many; 0 after a failure. */
static size_t add_element(builder *b, uint32_t element, calo_topology topology, uint32_t *indices, uint8_t *edge_flags)
{
    const calo_obj_corner *corners = (const calo_obj_corner *)b->obj->corners.items;
    uint32_t first = ((const uint32_t *)b->obj->elements.items)[element];
    uint32_t count = calo_obj_element_end(b->obj, element) - first;
    if (topology == CALO_TRIANGLES)
        return add_face(b, corners + first, count, indices, edge_flags) == CALO_OK ? 3 * ((size_t)count - 2) : 0;
    if (topology == CALO_LINES) {
        add_strip(b, corners + first, count, indices);
        return 2 * ((size_t)count - 1);
    }
    for (uint32_t i = 0; i < count; i++)
        indices[i] = calo_obj_table_number(&b->table, corners[first + i]);
    return count;
}

static calo_status add_elements(builder *b, const run_group *group, calo_topology topology, uint32_t *indices,
                                uint8_t *edge_flags)
{
    for (uint32_t r = group->first_run; r != UINT32_MAX; r = run_at(b, r)->next)
        for (uint32_t e = run_at(b, r)->first_element; e < calo_obj_run_end(b->obj, r); e++) {
            size_t added = add_element(b, e, topology, indices, edge_flags);
            if (added == 0)
                return CALO_ERROR_MEMORY;
            indices += added;
            if (edge_flags)
                edge_flags += added / 3;
        }
    return CALO_OK;
}

static calo_status build_indices(builder *b, const run_group *group, calo_primitive *out)
{
    size_t count = index_count(group, out->topology);
    if (count > UINT32_MAX)
        return calo_fail(b->obj->err, CALO_ERROR_LIMIT, "%s: %zu indices of one material are too many: split the file",
                         b->obj->source->path, count);
    calo_status status = calo_obj_table_reset(&b->table, group->corner_count, b->obj->err);
    if (status == CALO_OK)
        status = face_room(b, group->most_corners);
    if (status != CALO_OK)
        return status;
    uint32_t *indices = CALO_ARENA_TAKE(b->arena, uint32_t, count, "the faces of an OBJ file", b->obj->err);
    if (!indices)
        return CALO_ERROR_LIMIT;
    uint8_t *edge_flags = NULL;
    if (out->topology == CALO_TRIANGLES && group->most_corners > 3) {
        edge_flags = CALO_ARENA_TAKE(b->arena, uint8_t, count / 3, "the faces of an OBJ file", b->obj->err);
        if (!edge_flags)
            return CALO_ERROR_LIMIT;
    }
    out->indices = indices;
    out->index_count = (uint32_t)count;
    out->edge_flags = edge_flags;
    out->polygon_count = out->topology == CALO_TRIANGLES ? (uint32_t)group->element_count : 0;
    return add_elements(b, group, out->topology, indices, edge_flags);
}

/* ---- vertices ---- */

static float *take_floats(builder *b, size_t count, uint32_t components)
{
    return calo_arena_take(b->arena, count, components * sizeof(float), "the vertices of an OBJ file", b->obj->err);
}

/* `components` floats of `list` for each vertex; what a corner does not name stays 0. */
static const float *gather(builder *b, const calo_obj_array *list, uint32_t components, size_t part_offset)
{
    float *values = take_floats(b, b->table.count, components);
    for (uint32_t v = 0; values && v < b->table.count; v++) {
        int32_t number;
        memcpy(&number, (const char *)&b->table.keys[v] + part_offset, sizeof number);
        if (number >= 0)
            memcpy(values + (size_t)v * components, (const float *)list->items + (size_t)number * components,
                   components * sizeof *values);
    }
    return values;
}

static float linear_from_srgb(float s)
{
    if (!(s > 0.04045f))
        return s > 0 ? s / 12.92f : 0;
    return calo_powf((s + 0.055f) / 1.055f, 2.4f);
}

/* Like Blender: colors in the file are sRGB. White where the file gives none. */
static calo_status gather_colors(builder *b, calo_primitive *out)
{
    const float *colors = b->obj->colors.items;
    bool any = false;
    for (uint32_t v = 0; b->obj->colors.count && v < b->table.count && !any; v++)
        any = !isnan(colors[3 * (size_t)b->table.keys[v].position]);
    if (!any)
        return CALO_OK;
    float *values = take_floats(b, b->table.count, 4);
    if (!values)
        return CALO_ERROR_LIMIT;
    for (uint32_t v = 0; v < b->table.count; v++) {
        const float *from = colors + 3 * (size_t)b->table.keys[v].position;
        for (int i = 0; i < 4; i++)
            values[4 * (size_t)v + i] = i == 3 || isnan(from[i]) ? 1 : linear_from_srgb(from[i]);
    }
    out->colors = values;
    return CALO_OK;
}

/* Numbers of the object's own vertices, those that its elements use. */
static calo_status gather_sources(builder *b, uint32_t object, calo_primitive *out)
{
    uint32_t *sources = CALO_ARENA_TAKE(b->arena, uint32_t, b->table.count, "the vertices of an OBJ file", b->obj->err);
    if (!sources)
        return CALO_ERROR_LIMIT;
    for (uint32_t v = 0; v < b->table.count; v++) {
        int32_t position = b->table.keys[v].position;
        if (b->vertex_objects[position] != object + 1) {
            b->vertex_objects[position] = object + 1;
            b->vertex_numbers[position] = b->object_vertex_count++;
        }
        sources[v] = b->vertex_numbers[position];
    }
    out->source_vertices = sources;
    out->source_vertex_count = b->table.count;
    return CALO_OK;
}

static calo_status build_vertices(builder *b, uint32_t object, calo_primitive *out)
{
    const calo_obj *obj = b->obj;
    bool uvs = false, normals = false;
    for (uint32_t v = 0; v < b->table.count; v++) {
        uvs |= b->table.keys[v].uv >= 0;
        normals |= b->table.keys[v].normal >= 0;
    }
    out->vertex_count = b->table.count;
    out->positions = gather(b, &obj->positions, 3, offsetof(calo_obj_corner, position));
    if (uvs)
        out->uvs[0] = gather(b, &obj->uvs, 2, offsetof(calo_obj_corner, uv));
    if (normals)
        out->normals = gather(b, &obj->normals, 3, offsetof(calo_obj_corner, normal));
    if (!out->positions || (uvs && !out->uvs[0]) || (normals && !out->normals))
        return CALO_ERROR_LIMIT;
    calo_status status = gather_colors(b, out);
    return status == CALO_OK ? gather_sources(b, object, out) : status;
}

/* ---- objects ---- */

static calo_status build_primitive(builder *b, const run_group *group, calo_primitive *out)
{
    const calo_obj_run *run = run_at(b, group->first_run);
    out->topology = run->topology;
    out->material = run->material < 0 ? -1 : b->obj->scene_materials[run->material];
    calo_status status = run->topology == CALO_TRIANGLES ? fill_flat_normals(b, group) : CALO_OK;
    if (status == CALO_OK)
        status = build_indices(b, group, out);
    if (status == CALO_OK)
        status = build_vertices(b, run->object, out);
    return status;
}

static calo_status build_object(builder *b, size_t first_run, size_t end_run)
{
    calo_obj *obj = b->obj;
    calo_status status = calo_obj_smooth_normals(obj, first_run, end_run);
    if (status == CALO_OK)
        status = group_runs(b, first_run, end_run);
    if (status != CALO_OK)
        return status;
    uint32_t object = run_at(b, first_run)->object, count = (uint32_t)b->groups.count;
    calo_primitive *primitives = CALO_ARENA_TAKE(b->arena, calo_primitive, count, "an object of an OBJ file", obj->err);
    const char *name = calo_scene_text(obj->scene, ((const char **)obj->objects.items)[object], obj->err);
    if (!primitives || !name)
        return CALO_ERROR_LIMIT;
    b->object_vertex_count = 0;
    for (uint32_t i = 0; i < count && status == CALO_OK; i++)
        status = build_primitive(b, (run_group *)b->groups.items + i, &primitives[i]);
    if (status != CALO_OK)
        return status;
    calo_mesh mesh = {.name = name,
                      .primitive_count = count,
                      .primitives = primitives,
                      .source_vertex_count = b->object_vertex_count};
    calo_node node = calo_node_default();
    node.name = name;
    node.mesh = calo_scene_add_mesh(obj->scene, &mesh, obj->err);
    return node.mesh >= 0 && calo_scene_add_node(obj->scene, &node, obj->err) >= 0 ? CALO_OK : CALO_ERROR_LIMIT;
}

static calo_status make_tables(builder *b)
{
    size_t slots = ((size_t)b->obj->materials.count + 1) * TOPOLOGIES, positions = b->obj->positions.count + 1;
    b->slot_objects = calloc(slots, sizeof *b->slot_objects);
    b->slot_groups = calloc(slots, sizeof *b->slot_groups);
    b->vertex_objects = calloc(positions, sizeof *b->vertex_objects);
    b->vertex_numbers = calloc(positions, sizeof *b->vertex_numbers);
    b->table.recent = calloc(positions, sizeof *b->table.recent);
    if (b->slot_objects && b->slot_groups && b->vertex_objects && b->vertex_numbers && b->table.recent)
        return CALO_OK;
    return calo_fail_memory(b->obj->err, b->obj->source->path, (2 * slots + 3 * positions) * sizeof(uint32_t));
}

static void finish(builder *b)
{
    calo_obj_table_finish(&b->table);
    calo_polygons_finish(&b->polygons);
    free(b->groups.items);
    free(b->slot_objects);
    free(b->slot_groups);
    free(b->vertex_objects);
    free(b->vertex_numbers);
    free(b->face_positions);
    free(b->face_vertices);
}

calo_status calo_obj_build_meshes(calo_obj *obj)
{
    builder b = {.obj = obj, .arena = calo_scene_arena(obj->scene)};
    calo_status status = make_tables(&b);
    for (size_t first = 0, end; status == CALO_OK && first < obj->runs.count; first = end) {
        for (end = first + 1; end < obj->runs.count && run_at(&b, end)->object == run_at(&b, first)->object;)
            end++;
        status = build_object(&b, first, end);
    }
    if (b.polygons.fan_count)
        calo_scene_warn(obj->scene, "large-polygons",
                        "%u concave polygons have too many corners to cut them well: they are drawn as fans",
                        b.polygons.fan_count);
    finish(&b);
    return status;
}
