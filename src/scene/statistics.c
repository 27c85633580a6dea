/* Counts as Blender gives them for the imported file, without what upstream's scripts add. */
#include <stdlib.h>

#include "base/error.h"
#include "scene/build.h"
#include "scene/pose.h"

typedef struct mesh_counts {
    uint64_t polygons, vertices, edges, triangles;
} mesh_counts;

/* Edges by their lower vertex: one after the other in `highs`, those of vertex v from starts[v] on. */
typedef struct edge_table {
    size_t vertex_count;
    size_t *starts;
    uint32_t *highs, *last_lows;
} edge_table;

typedef void (*edge_visitor)(edge_table *table, uint32_t low, uint32_t high);

/* Ahead of its edges by one vertex, so that add_edge leaves starts[v] where v's edges begin. */
static inline void count_edge(edge_table *table, uint32_t low, uint32_t high)
{
    (void)high;
    table->starts[low + (size_t)2]++;
}

static inline void add_edge(edge_table *table, uint32_t low, uint32_t high)
{
    table->highs[table->starts[low + (size_t)1]++] = high;
}

static inline void visit_edge(edge_table *table, const uint32_t *source, uint32_t a, uint32_t b, edge_visitor visit)
{
    a = source ? source[a] : a;
    b = source ? source[b] : b;
    if (a != b)
        visit(table, a < b ? a : b, a < b ? b : a);
}

static inline void visit_edges(edge_table *table, const calo_primitive *primitive, edge_visitor visit)
{
    const uint32_t *source = primitive->source_vertices, *end = primitive->indices + primitive->index_count;
    const uint8_t *flags = primitive->edge_flags;
    if (primitive->topology == CALO_LINES)
        for (const uint32_t *line = primitive->indices; line < end; line += 2)
            visit_edge(table, source, line[0], line[1], visit);
    if (primitive->topology == CALO_TRIANGLES)
        for (const uint32_t *corners = primitive->indices; corners < end; corners += 3) {
            unsigned wanted = flags ? *flags++ : 7;
            for (int i = 0; i < 3; i++)
                if (wanted >> i & 1)
                    visit_edge(table, source, corners[i], corners[(i + 1) % 3], visit);
        }
}

static void sort_edges(edge_table *table, const calo_primitive *primitives, uint32_t primitive_count)
{
    for (uint32_t p = 0; p < primitive_count; p++)
        visit_edges(table, &primitives[p], count_edge);
    for (size_t v = 2; v < table->vertex_count + 2; v++)
        table->starts[v] += table->starts[v - 1];
    for (uint32_t p = 0; p < primitive_count; p++)
        visit_edges(table, &primitives[p], add_edge);
}

static size_t count_different(const edge_table *table)
{
    size_t different = 0;
    for (size_t low = 0; low < table->vertex_count; low++)
        for (size_t e = table->starts[low]; e < table->starts[low + 1]; e++) {
            uint32_t *last = &table->last_lows[table->highs[e]];
            different += *last != low + 1;
            *last = (uint32_t)(low + 1);
        }
    return different;
}

/* The edges that `primitives`, which number their vertices below vertex_count, have together, each once. */
static calo_status count_edges(const calo_primitive *primitives, uint32_t primitive_count, size_t vertex_count,
                               uint64_t *edges, calo_error *err)
{
    size_t most = 0;
    for (uint32_t p = 0; p < primitive_count; p++)
        most += primitives[p].topology == CALO_POINTS ? 0 : primitives[p].index_count;
    if (most == 0)
        return CALO_OK;
    edge_table table = {.vertex_count = vertex_count};
    calo_status status = CALO_OK;
    table.starts = calloc(table.vertex_count + 2, sizeof *table.starts);
    table.last_lows = calloc(table.vertex_count, sizeof *table.last_lows);
    table.highs = malloc(most * sizeof *table.highs);
    if (table.starts && table.last_lows && table.highs) {
        sort_edges(&table, primitives, primitive_count);
        *edges += count_different(&table);
    } else {
        status = calo_fail_memory(err, "counting edges", table.vertex_count * 12 + most * 4);
    }
    free(table.starts);
    free(table.last_lows);
    free(table.highs);
    return status;
}

static calo_status count_mesh(const calo_mesh *mesh, mesh_counts *counts, calo_error *err)
{
    for (uint32_t p = 0; p < mesh->primitive_count; p++) {
        const calo_primitive *primitive = &mesh->primitives[p];
        uint32_t triangles = primitive->topology == CALO_TRIANGLES ? primitive->index_count / 3 : 0;
        counts->triangles += triangles;
        counts->polygons += primitive->polygon_count ? primitive->polygon_count : triangles;
        counts->vertices += primitive->source_vertex_count ? primitive->source_vertex_count : primitive->vertex_count;
    }
    if (mesh->source_vertex_count) {
        counts->vertices = mesh->source_vertex_count;
        return count_edges(mesh->primitives, mesh->primitive_count, mesh->source_vertex_count, &counts->edges, err);
    }
    for (uint32_t p = 0; p < mesh->primitive_count; p++) {
        const calo_primitive *primitive = &mesh->primitives[p];
        size_t vertex_count = primitive->source_vertices ? primitive->source_vertex_count : primitive->vertex_count;
        calo_status status = count_edges(primitive, 1, vertex_count, &counts->edges, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

static void add_mesh(calo_scene_statistics *statistics, const mesh_counts *counts, uint64_t copies)
{
    statistics->polygon_count += copies * counts->polygons;
    statistics->vertex_count += copies * counts->vertices;
    statistics->edge_count += copies * counts->edges;
    statistics->triangle_count += copies * counts->triangles;
}

/* Joints are bones of an armature, not objects, unless they carry something. */
static void add_node(calo_scene_statistics *statistics, const calo_scene *scene, const calo_node *node, bool is_joint,
                     const mesh_counts *counts)
{
    bool carries = node->mesh >= 0 || node->camera >= 0 || node->light >= 0;
    statistics->object_count += carries || !is_joint;
    statistics->camera_count += node->camera >= 0;
    statistics->light_count += node->light >= 0;
    if (node->mesh < 0)
        return;
    statistics->mesh_count++;
    statistics->shape_key_count += calo_mesh_morph_count(&scene->meshes[node->mesh]);
    add_mesh(statistics, &counts[node->mesh], node->instance_count ? node->instance_count : 1);
}

static void count_nodes(const calo_scene *scene, const uint8_t *is_joint, const mesh_counts *counts,
                        calo_scene_statistics *statistics)
{
    for (uint32_t n = 0; n < scene->node_count; n++)
        if (scene->nodes[n].visible)
            add_node(statistics, scene, &scene->nodes[n], is_joint[n], counts);
    statistics->material_count = scene->material_count;
    statistics->animation_count = scene->animation_count;
    statistics->armature_count = scene->skin_count;
    statistics->object_count += scene->skin_count;
    statistics->texture_count = scene->image_count;
    for (uint32_t i = 0; i < scene->image_count; i++)
        statistics->missing_texture_count += scene->images[i].missing;
}

static calo_status count_bounds(const calo_scene *scene, calo_scene_statistics *statistics, calo_error *err)
{
    calo_pose *pose = NULL;
    calo_status status = calo_pose_create(scene, NULL, &pose, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(pose, statistics->bounds_min, statistics->bounds_max, err);
    calo_pose_destroy(pose);
    return status;
}

calo_status calo_scene_count(const calo_scene *scene, calo_scene_statistics *statistics, calo_error *err)
{
    *statistics = (calo_scene_statistics){0};
    calo_status status = CALO_OK;
    mesh_counts *counts = calloc((size_t)scene->mesh_count + 1, sizeof *counts);
    uint8_t *is_joint = calloc((size_t)scene->node_count + 1, sizeof *is_joint);
    if (!counts || !is_joint)
        status = calo_fail_memory(err, "the statistics", scene->mesh_count * sizeof *counts + scene->node_count);
    for (uint32_t s = 0; status == CALO_OK && s < scene->skin_count; s++)
        for (uint32_t j = 0; j < scene->skins[s].joint_count; j++)
            is_joint[scene->skins[s].joints[j]] = 1;
    for (uint32_t m = 0; status == CALO_OK && m < scene->mesh_count; m++)
        status = count_mesh(&scene->meshes[m], &counts[m], err);
    if (status == CALO_OK) {
        count_nodes(scene, is_joint, counts, statistics);
        status = count_bounds(scene, statistics, err);
    }
    free(is_joint);
    free(counts);
    return status;
}
