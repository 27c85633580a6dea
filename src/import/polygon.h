/* Polygons of more than three corners to triangles. */
#ifndef CALO_IMPORT_POLYGON_H
#define CALO_IMPORT_POLYGON_H

#include <calotype/status.h>

struct calo_polygon_corner;

/* All-zero to begin with; used for one polygon after the other of one file. One thread at a time. */
typedef struct calo_polygons {
    struct calo_polygon_corner *corners;
    uint32_t capacity;
    uint64_t work;      /* point tests so far: past a bound, concave polygons become fans */
    uint32_t fan_count; /* polygons for which that was too little: worth a warning */
} calo_polygons;

void calo_polygons_finish(calo_polygons *polygons);

/* Cuts a polygon of `count` >= 3 corners into count - 2 triangles that keep its direction. Corner i
 * stands at positions[3 * vertices[i]]; `triangles` gets 3 * (count - 2) corner numbers below `count`,
 * `edge_flags` (or NULL) calo_primitive's flags of each triangle. A fan from corner 0 where that
 * covers the polygon, else ears are cut off in the plane of its Newell normal. */
calo_status calo_polygon_triangulate(calo_polygons *polygons, const float *positions, const uint32_t *vertices,
                                     uint32_t count, uint32_t *triangles, uint8_t *edge_flags, calo_error *err);

#endif
