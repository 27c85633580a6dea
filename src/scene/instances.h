/* How instance ids are given out: from 1, in the file's order, one a node (or GPU instance) that draws something. Nodes
 * that the scene hides, which only a pose can show, have theirs after all others. A pose changes no ids. */
#ifndef CALO_SCENE_INSTANCES_H
#define CALO_SCENE_INSTANCES_H

#include <calotype/scene.h>

/* The copies of a node's mesh, each with an id of its own, if it is drawn. */
static inline uint32_t calo_node_copy_count(const calo_node *node)
{
    if (node->mesh < 0)
        return 0;
    return node->instance_count ? node->instance_count : 1;
}

/* The ids of the nodes that the scene shows. */
static inline uint32_t calo_node_instance_count(const calo_node *node)
{
    return node->visible ? calo_node_copy_count(node) : 0;
}

/* Goes through all nodes in the file's order: the next node's first id. Begin with calo_instance_ids_start. */
typedef struct calo_instance_ids {
    uint64_t next_shown, next_hidden;
} calo_instance_ids;

static inline calo_instance_ids calo_instance_ids_start(const calo_scene *scene)
{
    calo_instance_ids ids = {1, 1};
    for (uint32_t n = 0; n < scene->node_count; n++)
        ids.next_hidden += calo_node_instance_count(&scene->nodes[n]);
    return ids;
}

static inline uint64_t calo_instance_ids_take(calo_instance_ids *ids, const calo_node *node)
{
    uint64_t *next = node->visible ? &ids->next_shown : &ids->next_hidden, first = *next;
    *next += calo_node_copy_count(node);
    return first;
}

#endif
