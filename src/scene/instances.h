/* How instance ids are given out: from 1, in the file's order, one a node (or GPU instance) that draws something. */
#ifndef CALO_SCENE_INSTANCES_H
#define CALO_SCENE_INSTANCES_H

#include <calotype/scene.h>

/* The ids that a node takes. */
static inline uint32_t calo_node_instance_count(const calo_node *node)
{
    if (!node->visible || node->mesh < 0)
        return 0;
    return node->instance_count ? node->instance_count : 1;
}

#endif
