/* What components see of the scene: nodes in ORRB's order, what can be painted, cameras. */
#ifndef CALO_RANDOMIZE_SUBJECT_H
#define CALO_RANDOMIZE_SUBJECT_H

#include <calotype/randomize.h>

/* Something with a look of its own: a geom or site of a simulator, or one of a node's primitives in other scenes. ORRB
 * draws numbers for each. */
typedef struct calo_subject_part {
    uint32_t node;
    const calo_primitive *primitives; /* what is painted, all alike */
    uint32_t primitive_count;         /* 0: the scene does not draw it */
    uint32_t repeats; /* as many times its numbers are drawn; the last ones count */
} calo_subject_part;

/* The first of the materials that it is painted with, or NULL. */
const calo_material *calo_subject_material(const calo_subject_part *part, const calo_scene *scene);

typedef struct calo_subject {
    const calo_scene *scene;
    calo_pose *rest;          /* nobody moved */
    calo_subject_kind *kinds; /* node_count */
    const char **aliases;     /* node_count: as ORRB's components call it */
    uint32_t *order;          /* nodes as ORRB's hierarchy has them: geoms, cameras, sites, bodies of a body */
    uint32_t *last;           /* node_count: in `order`, the place after a node's subtree */
    uint32_t *place;          /* node_count: where it is in `order` */
    uint32_t *body_numbers;   /* node_count: bodies before it in `order` */
    calo_subject_part *parts; /* in that order */
    uint32_t part_count;
    uint32_t *cameras;        /* camera nodes, in the nodes' order */
    uint32_t camera_count;
    char **joint_names;       /* for paths */
    uint32_t joint_count;
} calo_subject;

calo_status calo_subject_init(calo_subject *subject, const calo_randomize_subject *given, calo_error *err);
void calo_subject_finish(calo_subject *subject);

/* Where a path of ORRB's ("robot/part_0/hand/camera") leads, or the only node of that name; -1: nowhere. */
int32_t calo_subject_find(const calo_subject *subject, const char *path);

/* Whether the node is `root` or below it; everything is below -1. */
bool calo_subject_contains(const calo_subject *subject, int32_t root, uint32_t node);

/* The node's own transform, and that of the space it is in, nobody moved. */
calo_mat4 calo_subject_local(const calo_subject *subject, uint32_t node);
calo_mat4 calo_subject_parent_to_world(const calo_subject *subject, uint32_t node);

/* The node's transform, from what it should be in the world while nobody moved. */
calo_mat4 calo_subject_local_from_world(const calo_subject *subject, uint32_t node, const calo_mat4 *to_world);

#endif
