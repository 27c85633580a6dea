#include "import/gltf.h"

#include <math.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/build.h"

/* The tree as plain arrays: children of a node stand in `links` from first[i] to first[i + 1]. */
typedef struct node_tree {
    size_t count;
    size_t *first;
    int32_t *links, *parents, *order;
    uint32_t *depths;
    bool *visible;
} node_tree;

static void *scratch(calo_gltf *gltf, size_t count, size_t item_bytes)
{
    void *memory = calo_arena_take(&gltf->scratch, count, item_bytes, "nodes", gltf->err);
    if (!memory)
        calo_gltf_broken(gltf);
    return memory;
}

static calo_status make_tree_arrays(calo_gltf *gltf, node_tree *tree)
{
    size_t count = gltf->counts[CALO_GLTF_NODES], links = 0;
    tree->count = count;
    tree->first = scratch(gltf, count + 1, sizeof *tree->first);
    tree->parents = scratch(gltf, count, sizeof *tree->parents);
    tree->order = scratch(gltf, count, sizeof *tree->order);
    tree->depths = scratch(gltf, count, sizeof *tree->depths);
    tree->visible = scratch(gltf, count, sizeof *tree->visible);
    if (gltf->status != CALO_OK)
        return gltf->status;
    for (size_t i = 0; i < count; i++) {
        calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_NODES, i);
        size_t child_count;
        calo_gltf_list(&record, "children", &child_count);
        tree->first[i] = links;
        tree->parents[i] = -1;
        links += child_count;
    }
    tree->first[count] = links;
    tree->links = scratch(gltf, links, sizeof *tree->links);
    return gltf->status;
}

static calo_status link_children(calo_gltf *gltf, node_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_NODES, i);
        const json_t *children = json_object_get(record.object, "children");
        for (size_t c = 0; c < json_array_size(children); c++) {
            int32_t child = calo_gltf_index_of(&record, "children", json_array_get(children, c), tree->count);
            if (child < 0)
                return gltf->status;
            if (tree->parents[child] >= 0)
                return calo_gltf_fail(&record, CALO_ERROR_FORMAT,
                                      "its child, node %d, already is a child of nodes[%d]; a node has one parent",
                                      child, tree->parents[child]);
            tree->parents[child] = (int32_t)i;
            tree->links[tree->first[i] + c] = child;
        }
    }
    return CALO_OK;
}

/* Breadth first from the roots, so that parents come before children. Nodes that are not reached
 * are their own ancestors. */
static calo_status order_nodes(calo_gltf *gltf, node_tree *tree)
{
    size_t filled = 0;
    for (size_t i = 0; i < tree->count; i++)
        if (tree->parents[i] < 0)
            tree->order[filled++] = (int32_t)i;
    for (size_t next = 0; next < filled; next++) {
        int32_t node = tree->order[next];
        for (size_t l = tree->first[node]; l < tree->first[node + 1]; l++) {
            tree->depths[tree->links[l]] = tree->depths[node] + 1;
            tree->order[filled++] = tree->links[l];
        }
        if (tree->depths[node] >= gltf->source->limits.max_nesting) {
            calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_NODES, (size_t)node);
            return calo_gltf_fail(&record, CALO_ERROR_LIMIT, "it stands more than %u nodes deep in the tree",
                                  gltf->source->limits.max_nesting);
        }
    }
    for (size_t i = 0; i < tree->count; i++)
        gltf->node_indices[i] = -1;
    for (size_t i = 0; i < filled; i++)
        gltf->node_indices[tree->order[i]] = (int32_t)i;
    for (size_t i = 0; i < tree->count; i++) {
        calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_NODES, i);
        if (gltf->node_indices[i] < 0)
            return calo_gltf_fail(&record, CALO_ERROR_FORMAT, "the node is among its own ancestors");
    }
    return CALO_OK;
}

/* The active scene's nodes and all below them; without any scene, everything. */
static calo_status find_visible(calo_gltf *gltf, node_tree *tree)
{
    calo_gltf_record root = {gltf, NULL, NULL, -1, gltf->root};
    int32_t scene_index = calo_gltf_index(&root, "scene", CALO_GLTF_SCENES);
    size_t scene_count = gltf->counts[CALO_GLTF_SCENES], count = 0;
    if (gltf->status != CALO_OK)
        return gltf->status;
    for (size_t i = 0; i < tree->count; i++)
        tree->visible[i] = scene_count == 0;
    if (scene_count > 0) {
        calo_gltf_record scene = calo_gltf_item(gltf, CALO_GLTF_SCENES, scene_index < 0 ? 0 : (size_t)scene_index);
        json_t *nodes = calo_gltf_list(&scene, "nodes", &count);
        for (size_t i = 0; i < count; i++) {
            int32_t node = calo_gltf_index_of(&scene, "nodes", json_array_get(nodes, i), tree->count);
            if (node < 0)
                return gltf->status;
            tree->visible[node] = true;
        }
    }
    for (size_t i = 0; i < tree->count; i++) {
        int32_t node = tree->order[i], parent = tree->parents[node];
        tree->visible[node] |= parent >= 0 && tree->visible[parent];
    }
    return CALO_OK;
}

static void warn_node(const calo_gltf_record *record, const char *id, const char *sentence)
{
    calo_scene_warn(record->gltf->scene, id, "nodes[%lld]: %s", (long long)record->index, sentence);
}

static void read_transform(const calo_gltf_record *record, calo_node *node)
{
    double columns[16];
    if (calo_gltf_numbers(record, "matrix", 16, columns)) {
        node->has_matrix = true;
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++)
                node->matrix.m[r][c] = columns[4 * c + r];
        if (columns[3] != 0 || columns[7] != 0 || columns[11] != 0 || columns[15] != 1)
            warn_node(record, "bad-matrix", "the last row of its matrix is not 0 0 0 1, and is taken as if it were");
        return;
    }
    calo_gltf_numbers(record, "translation", 3, node->translation);
    calo_gltf_numbers(record, "scale", 3, node->scale);
    double q[4];
    if (!calo_gltf_numbers(record, "rotation", 4, q))
        return;
    double squared = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if (!(squared > 1e-12) || !isfinite(squared)) {
        warn_node(record, "bad-rotation", "its rotation has no direction: no rotation is used");
        return;
    }
    for (int i = 0; i < 4; i++)
        node->rotation[i] = q[i] / sqrt(squared);
}

/* EXT_mesh_gpu_instancing: one of TRANSLATION, ROTATION, SCALE, `components` floats an instance. */
static calo_status read_instance_attribute(const calo_gltf_record *attributes, const char *name, uint32_t components,
                                           calo_gltf_floats *floats, uint32_t *count)
{
    calo_gltf *gltf = attributes->gltf;
    int32_t index = calo_gltf_index(attributes, name, CALO_GLTF_ACCESSORS);
    *floats = (calo_gltf_floats){0};
    if (gltf->status != CALO_OK || index < 0 ||
        calo_gltf_floats_of(attributes, index, components, floats) != CALO_OK)
        return gltf->status;
    if (*count != UINT32_MAX && floats->count != *count)
        return calo_gltf_fail(attributes, CALO_ERROR_FORMAT, "%s has %u instances, but another attribute has %u", name,
                              floats->count, *count);
    *count = floats->count;
    return CALO_OK;
}

static calo_mat4 instance_matrix(const calo_gltf_floats *translations, const calo_gltf_floats *rotations,
                                 const calo_gltf_floats *scales, size_t i)
{
    double t[3] = {0, 0, 0}, q[4] = {0, 0, 0, 1}, s[3] = {1, 1, 1}, squared = 0;
    for (int c = 0; c < 3; c++) {
        t[c] = translations->values ? translations->values[3 * i + c] : 0;
        s[c] = scales->values ? scales->values[3 * i + c] : 1;
    }
    for (int c = 0; rotations->values && c < 4; c++)
        squared += (double)rotations->values[4 * i + c] * rotations->values[4 * i + c];
    for (int c = 0; squared > 1e-12 && isfinite(squared) && c < 4; c++)
        q[c] = rotations->values[4 * i + c] / sqrt(squared);
    return calo_mat4_from_trs(t, q, s);
}

static calo_status read_instances(const calo_gltf_record *record, calo_node *node)
{
    calo_gltf *gltf = record->gltf;
    calo_gltf_record extension = calo_gltf_extension(record, "EXT_mesh_gpu_instancing");
    calo_gltf_record attributes = calo_gltf_enter(&extension, "attributes");
    calo_gltf_floats translations, rotations, scales;
    uint32_t count = UINT32_MAX;
    if (!attributes.object || node->mesh < 0)
        return gltf->status;
    if (read_instance_attribute(&attributes, "TRANSLATION", 3, &translations, &count) != CALO_OK ||
        read_instance_attribute(&attributes, "ROTATION", 4, &rotations, &count) != CALO_OK ||
        read_instance_attribute(&attributes, "SCALE", 3, &scales, &count) != CALO_OK)
        return gltf->status;
    if (count == UINT32_MAX)
        return CALO_OK;
    if (count == 0) {
        warn_node(record, "no-instances", "it has zero instances: its mesh is not drawn");
        node->mesh = -1;
        return CALO_OK;
    }
    calo_mat4 *instances = calo_gltf_take(record, count, sizeof *instances, "instances");
    for (size_t i = 0; instances && i < count; i++)
        instances[i] = instance_matrix(&translations, &rotations, &scales, i);
    node->instance_count = instances ? count : 0;
    node->instances = instances;
    return gltf->status;
}

static calo_status read_links(const calo_gltf_record *record, calo_node *node)
{
    calo_gltf *gltf = record->gltf;
    calo_gltf_record punctual = calo_gltf_extension(record, "KHR_lights_punctual");
    node->mesh = calo_gltf_index(record, "mesh", CALO_GLTF_MESHES);
    node->skin = calo_gltf_index(record, "skin", CALO_GLTF_SKINS);
    node->camera = calo_gltf_index(record, "camera", CALO_GLTF_CAMERAS);
    const json_t *light = json_object_get(punctual.object, "light");
    if (light)
        node->light = calo_gltf_index_of(&punctual, "light", light, gltf->scene->light_count);
    if (gltf->status != CALO_OK || node->mesh < 0)
        return gltf->status;
    if (json_object_get(record->object, "weights")) {
        node->weight_count = gltf->scene->meshes[node->mesh].weight_count;
        calo_gltf_load_weights(record, node->weight_count, &node->weights);
    }
    return gltf->status;
}

static calo_status load_node(calo_gltf *gltf, const node_tree *tree, int32_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_NODES, (size_t)index);
    calo_node node = calo_node_default();
    int32_t parent = tree->parents[index];
    node.name = calo_gltf_name(&record);
    node.parent = parent < 0 ? -1 : gltf->node_indices[parent];
    node.visible = tree->visible[index];
    read_transform(&record, &node);
    if (gltf->status != CALO_OK || read_links(&record, &node) != CALO_OK || read_instances(&record, &node) != CALO_OK)
        return gltf->status;
    return calo_scene_add_node(gltf->scene, &node, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_nodes(calo_gltf *gltf)
{
    node_tree tree = {0};
    if (make_tree_arrays(gltf, &tree) != CALO_OK || link_children(gltf, &tree) != CALO_OK ||
        order_nodes(gltf, &tree) != CALO_OK || find_visible(gltf, &tree) != CALO_OK)
        return gltf->status;
    for (size_t i = 0; i < tree.count; i++)
        if (load_node(gltf, &tree, tree.order[i]) != CALO_OK)
            return gltf->status;
    return CALO_OK;
}
