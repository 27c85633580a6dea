#include "scene_sample.h"

/* A cube of six quads. Corner i stands at the bits of i; each face has corners of its own, as a
 * file with normals has them, that name the file's eight. */
static const uint32_t cube_faces[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4},
                                          {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
static float cube_positions[72];
static uint32_t cube_sources[24], cube_indices[36];
static uint8_t cube_flags[12];

static calo_primitive cube(void)
{
    for (uint32_t f = 0; f < 6; f++) {
        const uint32_t triangles[6] = {0, 1, 2, 0, 2, 3};
        for (uint32_t i = 0; i < 4; i++) {
            cube_sources[4 * f + i] = cube_faces[f][i];
            for (uint32_t axis = 0; axis < 3; axis++)
                cube_positions[3 * (4 * f + i) + axis] = (float)(cube_faces[f][i] >> axis & 1);
        }
        for (uint32_t i = 0; i < 6; i++)
            cube_indices[6 * f + i] = 4 * f + triangles[i];
        cube_flags[2 * f] = 1 | 2;     /* 0-1, 1-2; 2-0 is the diagonal */
        cube_flags[2 * f + 1] = 2 | 4; /* 2-3, 3-0 */
    }
    return (calo_primitive){.vertex_count = 24,
                            .index_count = 36,
                            .indices = cube_indices,
                            .positions = cube_positions,
                            .material = -1,
                            .polygon_count = 6,
                            .source_vertex_count = 8,
                            .source_vertices = cube_sources,
                            .edge_flags = cube_flags};
}

static calo_scene_statistics count(const calo_scene *scene)
{
    calo_scene_statistics statistics;
    calo_error err = {0};
    if (calo_scene_count(scene, &statistics, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return statistics;
}

static void assert_counts(const calo_scene *scene, uint64_t polygons, uint64_t edges, uint64_t vertices,
                          uint64_t triangles)
{
    calo_scene_statistics found = count(scene);
    assert_int_equal(found.polygon_count, polygons);
    assert_int_equal(found.edge_count, edges);
    assert_int_equal(found.vertex_count, vertices);
    assert_int_equal(found.triangle_count, triangles);
}

static void test_a_cube_of_quads(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_primitive primitive = cube();
    sample_node(scene, -1, sample_mesh(scene, "cube", &primitive));
    assert_sealed(scene);
    assert_counts(scene, 6, 12, 8, 12);
    calo_scene_statistics found = count(scene);
    assert_point(found.bounds_min, 0, 0, 0);
    assert_point(found.bounds_max, 1, 1, 1);
    calo_scene_destroy(scene);
}

static void test_without_sources_and_flags_all_counts(void **state)
{
    (void)state;
    calo_scene *scene = sample_scene(NULL);
    calo_primitive primitive = cube();
    primitive.polygon_count = primitive.source_vertex_count = 0;
    primitive.source_vertices = NULL;
    primitive.edge_flags = NULL;
    sample_node(scene, -1, sample_mesh(scene, "cube", &primitive));
    assert_counts(scene, 12, 30, 24, 12);
    calo_scene_destroy(scene);
}

static void test_instances_multiply(void **state)
{
    (void)state;
    const calo_mat4 copies[3] = {calo_mat4_identity(), calo_mat4_identity(), calo_mat4_identity()};
    calo_scene *scene = sample_scene(NULL);
    calo_primitive primitive = cube();
    int32_t mesh = sample_mesh(scene, "cube", &primitive);
    sample_node(scene, -1, mesh);
    sample_node(scene, -1, mesh);
    int32_t hidden = sample_node(scene, -1, mesh);
    scene->nodes[hidden].visible = false;
    scene->nodes[1].instance_count = 3;
    scene->nodes[1].instances = copies;
    assert_counts(scene, 24, 48, 32, 48);
    assert_int_equal(count(scene).mesh_count, 2);
    calo_scene_destroy(scene);
}

/* Two primitives of one mesh, one material each, that share the file's vertices and an edge. */
static void test_a_common_numbering_counts_shared_edges_once(void **state)
{
    (void)state;
    static const uint32_t first[3] = {0, 1, 2}, second[3] = {2, 1, 3};
    calo_primitive primitives[2] = {sample_triangle(), sample_triangle()};
    primitives[0].source_vertices = first;
    primitives[1].source_vertices = second;
    primitives[0].source_vertex_count = primitives[1].source_vertex_count = 4;
    calo_mesh mesh = {.name = "two", .primitive_count = 2, .primitives = primitives, .source_vertex_count = 4};
    calo_scene *scene = sample_scene(NULL);
    sample_node(scene, -1, calo_scene_add_mesh(scene, &mesh, NULL));
    assert_sealed(scene);
    assert_counts(scene, 2, 5, 4, 2);
    scene->meshes[0].source_vertex_count = 0;
    assert_counts(scene, 2, 6, 8, 2);
    calo_scene_destroy(scene);
}

static void test_lines_are_loose_edges_and_points_are_none(void **state)
{
    (void)state;
    static const uint32_t lines[6] = {0, 1, 1, 0, 1, 2};
    calo_primitive primitive = sample_triangle();
    primitive.topology = CALO_LINES;
    primitive.indices = lines;
    primitive.index_count = 6;
    calo_scene *scene = sample_scene(NULL);
    sample_node(scene, -1, sample_mesh(scene, "lines", &primitive));
    assert_counts(scene, 0, 2, 3, 0);
    calo_scene_destroy(scene);
    primitive.topology = CALO_POINTS;
    scene = sample_scene(NULL);
    sample_node(scene, -1, sample_mesh(scene, "points", &primitive));
    assert_counts(scene, 0, 0, 3, 0);
    calo_scene_destroy(scene);
}

static void test_objects_are_counted_like_blenders(void **state)
{
    (void)state;
    static const int32_t joints[2] = {1, 2};
    const calo_mat4 inverse_bind[2] = {calo_mat4_identity(), calo_mat4_identity()};
    const calo_morph_target targets[3] = {{0}};
    const calo_skin skin = {.joint_count = 2, .joints = joints, .inverse_bind = inverse_bind};
    const calo_camera camera = {.fov_y_radians = 1};
    const calo_light light = {.intensity = 1};
    calo_primitive primitive = cube();
    primitive.morph_target_count = 3;
    primitive.morph_targets = targets;
    calo_scene *scene = sample_scene(NULL);
    sample_node(scene, -1, sample_mesh(scene, "cube", &primitive)); /* a mesh object */
    sample_node(scene, -1, -1);                                     /* a bone */
    sample_node(scene, 1, -1);                                      /* a bone that carries a light: an object */
    sample_node(scene, -1, -1);                                     /* a camera */
    sample_node(scene, -1, -1);                                     /* an empty */
    scene->nodes[0].skin = calo_scene_add_skin(scene, &skin, NULL);
    scene->nodes[2].light = calo_scene_add_light(scene, &light, NULL);
    scene->nodes[3].camera = calo_scene_add_camera(scene, &camera, NULL);
    const calo_scene_image image = {.width = 1, .height = 1, .missing = true};
    calo_scene_add_image(scene, &image, NULL);
    calo_scene_statistics found = count(scene);
    assert_int_equal(found.object_count, 5); /* and one armature */
    assert_int_equal(found.armature_count, 1);
    assert_int_equal(found.camera_count, 1);
    assert_int_equal(found.light_count, 1);
    assert_int_equal(found.mesh_count, 1);
    assert_int_equal(found.shape_key_count, 3);
    assert_int_equal(found.texture_count, 1);
    assert_int_equal(found.missing_texture_count, 1);
    calo_scene_destroy(scene);
}

/* Random triangles and lines with and without flags and a numbering: as many edges as pairs that were seen. */
static void test_edges_are_counted_as_pairs(void **state)
{
    (void)state;
    enum { VERTICES = 60, SOURCES = 40, ELEMENTS = 150, ROUNDS = 40 };
    static float positions[3 * VERTICES];
    uint32_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t indices[3 * ELEMENTS], sources[VERTICES], corners = round % 3 == 0 ? 2 : 3;
        uint8_t flags[ELEMENTS];
        bool seen[VERTICES][VERTICES] = {{false}}, with_flags = round % 2 == 0, with_sources = round % 5 < 2;
        uint64_t pairs = 0;
#define RANDOM(limit) ((random = random * 1664525 + 1013904223) >> 8) % (limit)
        for (int v = 0; v < VERTICES; v++)
            sources[v] = RANDOM(SOURCES);
        for (int e = 0; e < ELEMENTS; e++) {
            flags[e] = (uint8_t)(RANDOM(8));
            for (uint32_t i = 0; i < corners; i++)
                indices[corners * (uint32_t)e + i] = RANDOM(VERTICES);
        }
#undef RANDOM
        for (uint32_t e = 0; e < ELEMENTS; e++)
            for (uint32_t i = 0; i < (corners == 3 ? 3 : 1); i++) {
                uint32_t a = indices[corners * e + i], b = indices[corners * e + (i + 1) % corners];
                a = with_sources ? sources[a] : a;
                b = with_sources ? sources[b] : b;
                if (a == b || (corners == 3 && with_flags && !(flags[e] >> i & 1)))
                    continue;
                pairs += !seen[a][b];
                seen[a][b] = seen[b][a] = true;
            }
        calo_primitive primitive = {.topology = corners == 3 ? CALO_TRIANGLES : CALO_LINES,
                                    .vertex_count = VERTICES,
                                    .index_count = corners * ELEMENTS,
                                    .indices = indices,
                                    .positions = positions,
                                    .material = -1,
                                    .source_vertex_count = with_sources ? SOURCES : 0,
                                    .source_vertices = with_sources ? sources : NULL,
                                    .edge_flags = with_flags ? flags : NULL};
        calo_scene *scene = sample_scene(NULL);
        sample_node(scene, -1, sample_mesh(scene, "random", &primitive));
        assert_int_equal(count(scene).edge_count, pairs);
        calo_scene_destroy(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cube_of_quads),
        cmocka_unit_test(test_without_sources_and_flags_all_counts),
        cmocka_unit_test(test_instances_multiply),
        cmocka_unit_test(test_a_common_numbering_counts_shared_edges_once),
        cmocka_unit_test(test_lines_are_loose_edges_and_points_are_none),
        cmocka_unit_test(test_edges_are_counted_as_pairs),
        cmocka_unit_test(test_objects_are_counted_like_blenders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
