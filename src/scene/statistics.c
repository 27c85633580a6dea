/* Counts as Blender gives them for the imported file, without what upstream's scripts add. */
#include <stdlib.h>

#include "base/error.h"
#include "scene/build.h"
#include "scene/pose.h"

typedef struct mesh_counts {
    uint64_t polygons, vertices, edges, triangles;
} mesh_counts;

typedef struct edge {
    uint32_t low, high;
} edge;

typedef struct edge_list {
    edge *edges;
    size_t count;
} edge_list;

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

static uint64_t edge_number(edge e) { return (uint64_t)e.low << 32 | e.high; }

static void add_edge(edge_list *list, uint32_t a, uint32_t b)
{
    if (a != b)
        list->edges[list->count++] = a < b ? (edge){a, b} : (edge){b, a};
}

static void add_edges(edge_list *list, const calo_primitive *primitive)
{
    const uint32_t *indices = primitive->indices, *source = primitive->source_vertices;
    uint32_t corners = primitive->topology == CALO_TRIANGLES ? 3 : 2, sides = corners == 3 ? 3 : 1;
    if (primitive->topology == CALO_POINTS)
        return;
    for (size_t first = 0, element = 0; first < primitive->index_count; first += corners, element++)
        for (uint32_t i = 0; i < sides; i++) {
            if (sides == 3 && primitive->edge_flags && !(primitive->edge_flags[element] >> i & 1))
                continue;
            uint32_t a = indices[first + i], b = indices[first + (i + 1) % corners];
            add_edge(list, source ? source[a] : a, source ? source[b] : b);
        }
}

/* One stable pass of a radix sort by a digit of both ends taken as one number. */
static void sort_by_digit(const edge *from, edge *to, size_t count, uint32_t shift)
{
    size_t starts[DIGITS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        starts[(edge_number(from[i]) >> shift) % DIGITS + 1]++;
    for (size_t digit = 0; digit < DIGITS; digit++)
        starts[digit + 1] += starts[digit];
    for (size_t i = 0; i < count; i++)
        to[starts[(edge_number(from[i]) >> shift) % DIGITS]++] = from[i];
}

/* Digits above the largest vertex number are all zero and left out. Returns where the result is. */
static const edge *sort_edges(edge *edges, edge *scratch, size_t count)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = edges[i].high > largest ? edges[i].high : largest;
    for (uint32_t end = 0; end < 64; end += 32)
        for (uint32_t shift = 0; shift < 32 && largest >> shift; shift += DIGIT_BITS) {
            sort_by_digit(edges, scratch, count, end + shift);
            edge *swap = edges;
            edges = scratch;
            scratch = swap;
        }
    return edges;
}

static size_t count_different(const edge *edges, size_t count)
{
    size_t different = 0;
    for (size_t i = 0; i < count; i++)
        different += i == 0 || edges[i].low != edges[i - 1].low || edges[i].high != edges[i - 1].high;
    return different;
}

/* The edges that `primitives` have together, each once. */
static calo_status count_edges(const calo_primitive *primitives, uint32_t primitive_count, uint64_t *edges,
                               calo_error *err)
{
    size_t most = 0;
    for (uint32_t p = 0; p < primitive_count; p++)
        most += primitives[p].topology == CALO_POINTS ? 0 : primitives[p].index_count;
    if (most == 0)
        return CALO_OK;
    edge_list list = {malloc(most * sizeof *list.edges), 0};
    edge *scratch = malloc(most * sizeof *scratch);
    calo_status status = CALO_OK;
    if (list.edges && scratch) {
        for (uint32_t p = 0; p < primitive_count; p++)
            add_edges(&list, &primitives[p]);
        *edges += count_different(sort_edges(list.edges, scratch, list.count), list.count);
    } else {
        status = calo_fail_memory(err, "counting edges", 2 * most * sizeof *scratch);
    }
    free(scratch);
    free(list.edges);
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
        return count_edges(mesh->primitives, mesh->primitive_count, &counts->edges, err);
    }
    for (uint32_t p = 0; p < mesh->primitive_count; p++) {
        calo_status status = count_edges(&mesh->primitives[p], 1, &counts->edges, err);
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
