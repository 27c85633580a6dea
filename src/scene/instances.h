/* How instance ids are given out: from 1, in the file's order, one a node (or GPU instance) that draws something. Nodes
 * that the scene hides, which only a pose can show, have theirs after all others. A pose changes no ids. Where nodes have
 * ids of their own, several nodes and all their copies may share one, and the others begin behind the largest. */
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

/* The copies that the scene shows. */
static inline uint32_t calo_node_instance_count(const calo_node *node)
{
    return node->visible ? calo_node_copy_count(node) : 0;
}

/* From one copy's id to the next one's. */
static inline uint32_t calo_node_id_step(const calo_node *node) { return node->instance_id == 0; }

/* How many ids its copies have together. */
static inline uint32_t calo_node_id_count(const calo_node *node)
{
    uint32_t copies = calo_node_copy_count(node);
    return copies && node->instance_id ? 1 : copies;
}

/* Goes through all nodes in the file's order: the next node's first id. Begin with calo_instance_ids_start. */
typedef struct calo_instance_ids {
    uint64_t next_shown, next_hidden;
} calo_instance_ids;

static inline calo_instance_ids calo_instance_ids_start(const calo_scene *scene)
{
    uint64_t shown = 0, given = 0;
    for (uint32_t n = 0; n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        given = node->instance_id > given ? node->instance_id : given;
        shown += node->instance_id ? 0 : calo_node_instance_count(node);
    }
    return (calo_instance_ids){given + 1, given + 1 + shown};
}

static inline uint64_t calo_instance_ids_take(calo_instance_ids *ids, const calo_node *node)
{
    uint64_t *next = node->visible ? &ids->next_shown : &ids->next_hidden, first = *next;
    if (node->instance_id)
        return node->instance_id;
    *next += calo_node_copy_count(node);
    return first;
}

/* One more than the largest id, of what the scene hides as well. */
static inline uint64_t calo_instance_ids_end(const calo_scene *scene)
{
    calo_instance_ids ids = calo_instance_ids_start(scene);
    for (uint32_t n = 0; n < scene->node_count; n++)
        calo_instance_ids_take(&ids, &scene->nodes[n]);
    return ids.next_hidden;
}

#endif
