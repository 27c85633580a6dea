/* What the making of clusters is put together from. */
#ifndef CALO_RENDER_CPU_CLUSTERS_H
#define CALO_RENDER_CPU_CLUSTERS_H

#include <meshoptimizer.h>

#include "render/cpu/scene.h"

/* order.c: whether runs of the file's order reach too far to be good clusters. */
bool calo_cpu_order_is_poor(const calo_cpu_draw *draw, const struct meshopt_Meshlet *meshlets,
                            const uint32_t *meshlet_vertices, uint32_t count);
/* The draw's triangles anew, neighbours together. */
calo_status calo_cpu_sort_triangles(const calo_cpu_draw *draw, calo_arena *arena, const uint32_t **indices,
                                    calo_error *err);

#endif
