/* Meshes, as MuJoCo's renderer draws them: its normals, but the face's own where the vertex's lies far from it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "import/mjcf/looks.h"
#include "import/obj_table.h"

typedef struct mesh_source {
    uint32_t face_count, vertex_count, normal_count;
    const float *positions, *normals, *texcoords; /* texcoords: NULL where there are none */
    const int32_t *faces, *face_normals, *face_texcoords;
} mesh_source;

static mesh_source source_of(const calo_mujoco_arrays *a, uint32_t mesh)
{
    size_t vertex = (size_t)a->mesh_vertadr[mesh], normal = (size_t)a->mesh_normaladr[mesh],
           face = (size_t)a->mesh_faceadr[mesh];
    bool textured = a->mesh_texcoordadr[mesh] >= 0 && a->mesh_texcoordnum[mesh] > 0;
    return (mesh_source){
        .face_count = (uint32_t)a->mesh_facenum[mesh],
        .vertex_count = (uint32_t)a->mesh_vertnum[mesh],
        .normal_count = (uint32_t)a->mesh_normalnum[mesh],
        .positions = a->mesh_vert + 3 * vertex,
        .normals = a->mesh_normal + 3 * normal,
        .texcoords = textured ? a->mesh_texcoord + 2 * (size_t)a->mesh_texcoordadr[mesh] : NULL,
        .faces = a->mesh_face + 3 * face,
        .face_normals = a->mesh_facenormal + 3 * face,
        .face_texcoords = a->mesh_facetexcoord + 3 * face,
    };
}

/* Unit, or +z for a face without an area, as MuJoCo has it. */
static void face_normal(const mesh_source *source, uint32_t face, double normal[3])
{
    double edges[2][3];
    const float *first = source->positions + 3 * (size_t)source->faces[3 * (size_t)face];
    for (int i = 0; i < 2; i++) {
        const float *corner = source->positions + 3 * (size_t)source->faces[3 * (size_t)face + 1 + (size_t)i];
        for (int k = 0; k < 3; k++)
            edges[i][k] = (double)corner[k] - (double)first[k];
    }
    calo_cross3(edges[0], edges[1], normal);
    double length = calo_normalize3(normal);
    if (!(length > 0) || !isfinite(length)) {
        normal[0] = normal[1] = 0;
        normal[2] = 1;
    }
}

/* False where the file's normal is no direction, or where MuJoCo takes the face's. */
static bool corner_normal(const mesh_source *source, int32_t index, const double flat[3], double normal[3])
{
    for (int k = 0; k < 3; k++)
        normal[k] = source->normals[3 * (size_t)index + (size_t)k];
    bool far = !source->texcoords && !(calo_dot3(normal, flat) >= 0.8);
    double length = calo_normalize3(normal);
    return !far && length > 0 && isfinite(length);
}

static void fill_vertex(const mesh_source *source, calo_obj_corner corner, calo_mjcf_vertex *vertex)
{
    double normal[3];
    *vertex = (calo_mjcf_vertex){0};
    memcpy(vertex->position, source->positions + 3 * (size_t)corner.position, sizeof vertex->position);
    memcpy(vertex->object, vertex->position, sizeof vertex->object);
    if (corner.uv >= 0)
        memcpy(vertex->uv, source->texcoords + 2 * (size_t)corner.uv, sizeof vertex->uv);
    for (int k = 0; k < 2; k++)
        vertex->uv[k] = isfinite(vertex->uv[k]) ? vertex->uv[k] : 0;
    if ((uint32_t)corner.normal < source->normal_count)
        corner_normal(source, corner.normal, (const double[3]){0, 0, 0}, normal);
    else
        face_normal(source, (uint32_t)corner.normal - source->normal_count, normal);
    for (int k = 0; k < 3; k++)
        vertex->normal[k] = (float)normal[k];
}

/* A corner's normal is one of the file's, or after these the face's own. */
static calo_obj_corner corner_of(const mesh_source *source, uint32_t face, uint32_t corner, const double flat[3])
{
    double normal[3];
    size_t at = 3 * (size_t)face + corner;
    bool own = corner_normal(source, source->face_normals[at], flat, normal);
    return (calo_obj_corner){source->faces[at], source->texcoords ? source->face_texcoords[at] : -1,
                             own ? source->face_normals[at] : (int32_t)(source->normal_count + face)};
}

static calo_status number_corners(const mesh_source *source, calo_obj_table *table, calo_mjcf_shape *shape,
                                  calo_error *err)
{
    calo_status status = calo_obj_table_reset(table, 3 * (size_t)source->face_count, err);
    if (status == CALO_OK)
        status = calo_mjcf_shape_reserve(shape, 0, source->face_count, err);
    for (uint32_t f = 0; f < source->face_count && status == CALO_OK; f++) {
        uint32_t numbers[3];
        double flat[3];
        face_normal(source, f, flat);
        for (uint32_t c = 0; c < 3; c++)
            numbers[c] = calo_obj_table_number(table, corner_of(source, f, c, flat));
        calo_mjcf_shape_triangle(shape, numbers[0], numbers[1], numbers[2]);
    }
    return status;
}

calo_status calo_mjcf_make_mesh(const calo_mjcf_builder *builder, uint32_t mesh, calo_mjcf_shape *shape,
                                calo_error *err)
{
    mesh_source source = source_of(builder->arrays, mesh);
    calo_obj_table table = {0};
    if ((uint64_t)source.normal_count + source.face_count > INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: the mesh \"%s\" has %u faces, more than calotype draws",
                         builder->name, calo_mjcf_name(builder, builder->arrays->name_meshadr, mesh),
                         source.face_count);
    calo_status status = number_corners(&source, &table, shape, err);
    if (status == CALO_OK)
        status = calo_mjcf_shape_reserve(shape, table.count, 0, err);
    for (uint32_t v = 0; v < table.count && status == CALO_OK; v++) {
        calo_mjcf_vertex vertex;
        fill_vertex(&source, table.keys[v], &vertex);
        calo_mjcf_shape_vertex(shape, &vertex);
    }
    calo_obj_table_finish(&table);
    return status;
}
