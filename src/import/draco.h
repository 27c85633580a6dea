/* Draco's decoder behind a C interface. */
#ifndef CALO_IMPORT_DRACO_H
#define CALO_IMPORT_DRACO_H

#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct calo_draco_mesh calo_draco_mesh;

/* How many vertices and triangles the header claims, before anything is allocated for them. */
calo_status calo_draco_peek(const void *bytes, size_t size, uint32_t *vertex_count, uint32_t *triangle_count,
                            calo_error *err);

/* The caller destroys the mesh; NULL is allowed. */
calo_status calo_draco_decode(const void *bytes, size_t size, calo_draco_mesh **mesh, calo_error *err);
void calo_draco_destroy(calo_draco_mesh *mesh);

uint32_t calo_draco_vertex_count(const calo_draco_mesh *mesh);
uint32_t calo_draco_triangle_count(const calo_draco_mesh *mesh);

/* Three indices a triangle. */
void calo_draco_copy_indices(const calo_draco_mesh *mesh, uint32_t *indices);

/* An attribute's layout by Draco's unique id: the component type by glTF's number. False when there
 * is no such attribute of 1 to 4 components. */
bool calo_draco_find_attribute(const calo_draco_mesh *mesh, uint32_t id, uint32_t *component_type,
                               uint32_t *components);

/* Its values a vertex, one after the other, in that layout. */
void calo_draco_copy_attribute(const calo_draco_mesh *mesh, uint32_t id, void *values);

#ifdef __cplusplus
}
#endif
#endif
