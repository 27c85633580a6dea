/* Colour pictures that show which node is where: SEG. Whatever the backend, they are made from the instance ids. */
#ifndef CALO_RENDER_NODE_COLORS_H
#define CALO_RENDER_NODE_COLORS_H

#include "render/crew.h"

calo_status calo_node_ids_make(const calo_scene *scene, calo_node_ids *ids, calo_error *err);
void calo_node_ids_finish(calo_node_ids *ids);

/* calo_lens_run with node colours, which `batch` has. */
calo_status calo_node_colors_run(calo_crew *crew, const calo_batch *batch, calo_error *err);

#endif
