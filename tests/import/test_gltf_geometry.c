/* Accessors and primitives: what the bytes say is what the scene holds, to the last bit. */
#include "gltf_sample.h"

#include <math.h>
#include <string.h>

#define FLOATS3 "'componentType':5126,'type':'VEC3','count':"

static const calo_primitive *first_primitive(const calo_scene *scene)
{
    assert_int_equal(scene->mesh_count, 1);
    assert_int_equal(scene->meshes[0].primitive_count, 1);
    return &scene->meshes[0].primitives[0];
}

static void assert_floats(const float *values, size_t count, const float *expected)
{
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        if (values[i] != expected[i])
            fail_msg("value %zu is %.9g, not %.9g", i, (double)values[i], (double)expected[i]);
}

static void assert_indices(const calo_primitive *primitive, uint32_t count, const uint32_t *expected)
{
    assert_int_equal(primitive->index_count, count);
    assert_memory_equal(primitive->indices, expected, count * sizeof *expected);
}

/* Five points and a mode; indices or none. */
static void check_mode(int mode, calo_topology topology, uint32_t count, const uint32_t *expected, uint32_t polygons)
{
    static const float points[15] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 2, 1, 0};
    static const uint8_t order[5] = {4, 3, 2, 1, 0};
    for (int indexed = 0; indexed < 2; indexed++) {
        gltf_sample sample = {0};
        sample_floats(&sample, 3, 5, points);
        sample_data(&sample, order, 5, "'componentType':5121,'type':'SCALAR','count':5");
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0},'mode':%d%s", mode,
                                                  indexed ? ",'indices':1" : "");
        assert_loaded(scene, &sample);
        const calo_primitive *primitive = first_primitive(scene);
        assert_int_equal(primitive->topology, topology);
        assert_int_equal(primitive->polygon_count, polygons);
        uint32_t turned[16];
        for (uint32_t i = 0; i < count; i++)
            turned[i] = indexed ? order[expected[i]] : expected[i];
        assert_indices(primitive, count, turned);
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void test_modes(void **state)
{
    (void)state;
    check_mode(0, CALO_POINTS, 5, (uint32_t[]){0, 1, 2, 3, 4}, 0);
    check_mode(1, CALO_LINES, 4, (uint32_t[]){0, 1, 2, 3}, 0);
    check_mode(2, CALO_LINES, 10, (uint32_t[]){0, 1, 1, 2, 2, 3, 3, 4, 4, 0}, 0);
    check_mode(3, CALO_LINES, 8, (uint32_t[]){0, 1, 1, 2, 2, 3, 3, 4}, 0);
    check_mode(4, CALO_TRIANGLES, 3, (uint32_t[]){0, 1, 2}, 1);
    check_mode(5, CALO_TRIANGLES, 9, (uint32_t[]){0, 1, 2, 1, 3, 2, 2, 3, 4}, 3);
    check_mode(6, CALO_TRIANGLES, 9, (uint32_t[]){1, 2, 0, 2, 3, 0, 3, 4, 0}, 3);
}

static void test_unknown_mode(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0},'mode':7"), &sample, CALO_ERROR_FORMAT,
                   "meshes[0].primitives[0]: mode 7 is not one of 0 to 6");
    sample_finish(&sample);
}

/* Strips are joined by triangles without area. */
static void test_strip_joints_are_dropped(void **state)
{
    (void)state;
    static const uint16_t strip[8] = {0, 1, 2, 2, 3, 3, 4, 5};
    float points[18] = {0};
    for (int i = 0; i < 18; i++)
        points[i] = (float)(i * i % 7);
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 6, points);
    sample_data(&sample, strip, sizeof strip, "'componentType':5123,'type':'SCALAR','count':8");
    calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0},'mode':5,'indices':1");
    assert_loaded(scene, &sample);
    assert_indices(first_primitive(scene), 6, (uint32_t[]){0, 1, 2, 3, 5, 4});
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_interleaved(void **state)
{
    (void)state;
    struct {
        float position[3];
        int8_t normal[4];
        uint16_t uv[2];
    } vertices[3];
    float positions[9], normals[9] = {0, 0, 1, 0, 1, 0, 1, 0, 0}, uvs[6] = {0, 1, 0.2f, 0.4f, 1, 0};
    memset(vertices, 0x55, sizeof vertices);
    for (int v = 0; v < 3; v++) {
        for (int c = 0; c < 3; c++) {
            positions[3 * v + c] = vertices[v].position[c] = (float)(v + 10 * c);
            vertices[v].normal[c] = (int8_t)(normals[3 * v + c] * 127);
        }
        for (int c = 0; c < 2; c++)
            vertices[v].uv[c] = (uint16_t)(uvs[2 * v + c] * 65535 + 0.5f);
    }
    for (int i = 0; i < 6; i++)
        uvs[i] = (float)vertices[i / 2].uv[i % 2] / 65535;
    gltf_sample sample = {0};
    sample_view(&sample, vertices, sizeof vertices, ",'byteStride':20");
    sample_accessor(&sample, "'bufferView':0," FLOATS3 "3");
    sample_accessor(&sample, "'bufferView':0,'byteOffset':12,'componentType':5120,'normalized':true,'type':'VEC3',"
                             "'count':3");
    sample_accessor(&sample, "'bufferView':0,'byteOffset':16,'componentType':5123,'normalized':true,'type':'VEC2',"
                             "'count':3.0");
    calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0,'NORMAL':1,'TEXCOORD_0':2}");
    assert_loaded(scene, &sample);
    const calo_primitive *primitive = first_primitive(scene);
    assert_floats(primitive->positions, 9, positions);
    assert_floats(primitive->normals, 9, normals);
    assert_floats(primitive->uvs[0], 6, uvs);
    assert_null(primitive->uvs[1]);
    assert_null(primitive->tangents);
    assert_null(primitive->colors);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* KHR_mesh_quantization: integers are positions as they are, or divided when normalized. */
static void test_quantized(void **state)
{
    (void)state;
    static const int16_t positions[12] = {-32768, 0, 32767, 0, 100, -100, 16384, 0, 1, 2, 3, 0};
    for (int normalized = 0; normalized < 2; normalized++) {
        gltf_sample sample = {0};
        sample_view(&sample, positions, sizeof positions, ",'byteStride':8");
        sample_accessor(&sample, "'bufferView':0,'componentType':5122,'type':'VEC3','count':3%s",
                        normalized ? ",'normalized':true" : "");
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0}");
        assert_loaded(scene, &sample);
        float expected[9];
        for (int i = 0; i < 9; i++) {
            float value = positions[i / 3 * 4 + i % 3];
            expected[i] = normalized ? fmaxf(value / 32767, -1) : value;
        }
        assert_floats(first_primitive(scene)->positions, 9, expected);
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void test_sparse(void **state)
{
    (void)state;
    static const uint16_t indices[2] = {2, 0};
    static const float values[6] = {7, 8, 9, 4, 5, 6};
    for (int with_base = 0; with_base < 2; with_base++) {
        gltf_sample sample = {0};
        sample_view(&sample, sample_triangle, sizeof sample_triangle, "");
        sample_view(&sample, indices, sizeof indices, "");
        sample_view(&sample, values, sizeof values, "");
        sample_accessor(&sample, "%s" FLOATS3 "3,'sparse':{'count':2,'indices':{'bufferView':1,'componentType':5123},"
                                 "'values':{'bufferView':2}}", with_base ? "'bufferView':0," : "");
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0}");
        assert_loaded(scene, &sample);
        const float expected[9] = {4, 5, 6, (float)with_base, 0, 0, 7, 8, 9};
        assert_floats(first_primitive(scene)->positions, 9, expected);
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void test_sparse_outside(void **state)
{
    (void)state;
    static const uint32_t index = 3;
    static const float value[3] = {1, 1, 1};
    gltf_sample sample = {0};
    sample_view(&sample, &index, sizeof index, "");
    sample_view(&sample, value, sizeof value, "");
    sample_accessor(&sample, FLOATS3 "3,'sparse':{'count':1,'indices':{'bufferView':0,'componentType':5125},"
                             "'values':{'bufferView':1}}");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0}"), &sample, CALO_ERROR_FORMAT,
                   "accessors[0]: its sparse part replaces element 3, but it has only 3");
    sample_finish(&sample);
}

/* RGB gets alpha 1; every type that glTF allows. */
static void test_colors(void **state)
{
    (void)state;
    static const float rgb[9] = {1, 0, 0, 0, 0.5f, 0, 0, 0, 0.25f};
    static const uint8_t bytes[12] = {255, 0, 0, 51, 0, 51, 0, 102, 0, 0, 255, 255};
    static const uint16_t shorts[12] = {65535, 0, 0, 13107, 0, 13107, 0, 26214, 0, 0, 65535, 65535};
    static const float expected_rgb[12] = {1, 0, 0, 1, 0, 0.5f, 0, 1, 0, 0, 0.25f, 1};
    float expected[12];
    for (int i = 0; i < 12; i++)
        expected[i] = (float)bytes[i] / 255;
    for (int kind = 0; kind < 3; kind++) {
        gltf_sample sample = {0};
        sample_floats(&sample, 3, 3, sample_triangle);
        if (kind == 0)
            sample_floats(&sample, 3, 3, rgb);
        else if (kind == 1)
            sample_data(&sample, bytes, sizeof bytes, "'componentType':5121,'normalized':true,'type':'VEC4','count':3");
        else
            sample_data(&sample, shorts, sizeof shorts,
                        "'componentType':5123,'normalized':true,'type':'VEC4','count':3");
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0,'COLOR_0':1}");
        assert_loaded(scene, &sample);
        assert_floats(first_primitive(scene)->colors, 12, kind == 0 ? expected_rgb : expected);
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void test_two_uv_sets_and_tangents(void **state)
{
    (void)state;
    static const float uvs[2][6] = {{0, 0, 1, 0, 0, 1}, {0.5f, 0, 2, -3, NAN, 1}};
    static const float tangents[12] = {2, 0, 0, 1, 0, 3, 0, -1, 0, 0, -1, -0.5f};
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_floats(&sample, 2, 3, uvs[0]);
    sample_floats(&sample, 2, 3, uvs[1]);
    sample_floats(&sample, 4, 3, tangents);
    calo_scene *scene = sample_load_primitive(&sample,
                                              "'attributes':{'POSITION':0,'TEXCOORD_0':1,'TEXCOORD_1':2,'TANGENT':3}");
    assert_loaded(scene, &sample);
    const calo_primitive *primitive = first_primitive(scene);
    assert_floats(primitive->uvs[0], 6, uvs[0]);
    assert_floats(primitive->uvs[1], 6, (float[]){0.5f, 0, 2, -3, 0, 1});
    assert_floats(primitive->tangents, 12, (float[]){1, 0, 0, 1, 0, 1, 0, -1, 0, 0, -1, -1});
    assert_int_equal(has_warning(scene, "bad-uvs"), 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* One normal of four is bad: it becomes its triangles' own; all are bad: none are kept. */
static void test_bad_normals(void **state)
{
    (void)state;
    static const float points[12] = {0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 3};
    static const uint8_t indices[6] = {0, 1, 2, 0, 1, 3};
    float normals[12] = {0, 0, 0, 0, 0, 2, 0, 0, 1, 1, 0, 0};
    for (int all = 0; all < 2; all++) {
        gltf_sample sample = {0};
        for (int i = 0; all && i < 12; i++)
            normals[i] = i % 2 ? NAN : 0;
        sample_floats(&sample, 3, 4, points);
        sample_floats(&sample, 3, 4, normals);
        sample_data(&sample, indices, sizeof indices, "'componentType':5121,'type':'SCALAR','count':6");
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0,'NORMAL':1},'indices':2");
        assert_loaded(scene, &sample);
        assert_int_equal(has_warning(scene, "bad-normals"), 1);
        const calo_primitive *primitive = first_primitive(scene);
        if (all)
            assert_null(primitive->normals);
        else
            assert_floats(primitive->normals, 12, (float[]){0, -1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0});
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void test_bad_tangents(void **state)
{
    (void)state;
    static const float tangents[12] = {1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1};
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_floats(&sample, 4, 3, tangents);
    calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0,'TANGENT':1}");
    assert_loaded(scene, &sample);
    assert_null(first_primitive(scene)->tangents);
    assert_int_equal(has_warning(scene, "bad-tangents"), 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_nan_position(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        float points[9];
        memcpy(points, sample_triangle, sizeof points);
        points[4] = kind ? INFINITY : NAN;
        gltf_sample sample = {0};
        sample_floats(&sample, 3, 3, points);
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0}");
        assert_null(scene);
        assert_int_equal(sample.error.status, CALO_ERROR_FORMAT);
        assert_non_null(strstr(sample.error.message, "sample.glb"));
        sample_finish(&sample);
    }
}

static void test_index_outside(void **state)
{
    (void)state;
    static const uint32_t indices[3] = {0, 1, 70000};
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_data(&sample, indices, sizeof indices, "'componentType':5125,'type':'SCALAR','count':3");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0},'indices':1"), &sample,
                   CALO_ERROR_FORMAT,
                   "sample.glb: meshes[0].primitives[0]: its indices reach 70000, but it has 3 vertices");
    sample_finish(&sample);
}

static void test_accessor_past_its_buffer(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_view(&sample, sample_triangle, sizeof sample_triangle, "");
    sample_accessor(&sample, "'bufferView':0," FLOATS3 "4");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0}"), &sample, CALO_ERROR_FORMAT,
                   "accessors[0]: 4 elements of 12 bytes from byte 0 on, 12 apart, do not fit into bufferViews[0], "
                   "which has 36 bytes");
    sample_finish(&sample);
    sample_view(&sample, sample_triangle, sizeof sample_triangle, "");
    sample_accessor(&sample, "'bufferView':0,'byteOffset':9223372036854775807," FLOATS3 "3");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0}"), &sample, CALO_ERROR_FORMAT,
                   "do not fit");
    sample_finish(&sample);
}

static void test_view_past_its_buffer(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_view(&sample, sample_triangle, sizeof sample_triangle, ",'byteLength':37");
    sample_accessor(&sample, "'bufferView':0," FLOATS3 "3");
    calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0}");
    assert_refused(scene, &sample, CALO_ERROR_FORMAT,
                   "bufferViews[0]: bytes 0 to 37 are outside buffers[0], which has 36");
    sample_finish(&sample);
}

static void test_count_mismatch(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_floats(&sample, 3, 2, sample_triangle);
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0,'NORMAL':1}"), &sample,
                   CALO_ERROR_FORMAT, "NORMAL has 2 elements, but POSITION has 3");
    sample_finish(&sample);
}

/* Ten million vertices in a file of some hundred bytes, with and without a sparse part. */
static void test_claims_without_bytes(void **state)
{
    (void)state;
    static const uint8_t nothing[16] = {0};
    gltf_sample sample = {0};
    sample_accessor(&sample, FLOATS3 "10000000");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0}"), &sample, CALO_ERROR_LIMIT,
                   "it has no bufferView");
    sample_finish(&sample);
    sample_view(&sample, nothing, sizeof nothing, "");
    sample_accessor(&sample, FLOATS3 "10000000,'sparse':{'count':1,'indices':{'bufferView':0,'componentType':5121},"
                             "'values':{'bufferView':0}}");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0}"), &sample, CALO_ERROR_LIMIT,
                   "10000000 elements are claimed");
    sample_finish(&sample);
}

/* Many primitives that each use a little of one large array keep only that little. */
static void test_unused_vertices(void **state)
{
    (void)state;
    float points[300], uvs[200];
    for (int i = 0; i < 300; i++)
        points[i] = (float)i;
    for (int i = 0; i < 200; i++)
        uvs[i] = (float)i / 200;
    static const uint8_t indices[6] = {90, 10, 50, 10, 90, 51};
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 100, points);
    sample_floats(&sample, 2, 100, uvs);
    sample_data(&sample, indices, sizeof indices, "'componentType':5121,'type':'SCALAR','count':6");
    calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0,'TEXCOORD_0':1},'indices':2");
    assert_loaded(scene, &sample);
    const calo_primitive *primitive = first_primitive(scene);
    assert_int_equal(primitive->vertex_count, 4);
    assert_int_equal(primitive->source_vertex_count, 4);
    assert_indices(primitive, 6, (uint32_t[]){0, 1, 2, 1, 0, 3});
    assert_floats(primitive->positions, 12, (float[]){270, 271, 272, 30, 31, 32, 150, 151, 152, 153, 154, 155});
    assert_floats(primitive->uvs[0], 8, (float[]){uvs[180], uvs[181], uvs[20], uvs[21], uvs[100], uvs[101], uvs[102],
                                                  uvs[103]});
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* Two primitives on the same accessors share their arrays. */
static void test_shared_vertices(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    calo_scene *scene = sample_load(&sample, "'materials':[{},{}],'meshes':[{'primitives':[{'attributes':{'POSITION':0"
                                             "},'material':1},{'attributes':{'POSITION':0},'mode':0}]}],"
                                             "'nodes':[{'mesh':0}]");
    assert_loaded(scene, &sample);
    const calo_primitive *primitives = scene->meshes[0].primitives;
    assert_int_equal(scene->meshes[0].primitive_count, 2);
    assert_ptr_equal(primitives[0].positions, primitives[1].positions);
    assert_ptr_equal(primitives[0].indices, primitives[1].indices);
    assert_int_equal(primitives[0].material, 1);
    assert_int_equal(primitives[1].material, -1);
    assert_int_equal(primitives[1].topology, CALO_POINTS);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_skinned(void **state)
{
    (void)state;
    static const uint8_t joints0[12] = {0, 1, 0, 9, 1, 0, 0, 0, 1, 0, 0, 0};
    static const uint16_t joints1[12] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const float weights0[12] = {1, 1, 0, 0, 0.5f, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t weights1[12] = {255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint16_t expected_joints[24] = {0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_data(&sample, joints0, sizeof joints0, "'componentType':5121,'type':'VEC4','count':3");
    sample_data(&sample, joints1, sizeof joints1, "'componentType':5123,'type':'VEC4','count':2");
    sample_accessor(&sample, "'bufferView':2,'componentType':5121,'type':'VEC4','count':3");
    sample_floats(&sample, 4, 3, weights0);
    sample_data(&sample, weights1, sizeof weights1, "'componentType':5121,'normalized':true,'type':'VEC4','count':3");
    calo_scene *scene = sample_load(&sample,
                                    "'meshes':[{'primitives':[{'attributes':{'POSITION':0,'JOINTS_0':1,'WEIGHTS_0':4,"
                                    "'JOINTS_1':3,'WEIGHTS_1':5}}]}],'skins':[{'joints':[0,1]}],"
                                    "'nodes':[{'mesh':0,'skin':0},{}]");
    assert_loaded(scene, &sample);
    const calo_primitive *primitive = first_primitive(scene);
    const float third = (float)(1.0 / 3);
    assert_int_equal(primitive->influences, 8);
    assert_memory_equal(primitive->joints, expected_joints, sizeof expected_joints);
    assert_floats(primitive->weights, 24,
                  (float[24]){third, third, 0, 0, third, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1});
    assert_int_equal(has_warning(scene, "bad-weights"), 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_morph_targets(void **state)
{
    (void)state;
    static const float deltas[9] = {0, 0, 1, 0, 0, 2, 0, INFINITY, 3};
    static const int8_t quantized[12] = {0, 0, 127, 0, 0, 0, -127, 0, 0, 0, 0, 0};
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_floats(&sample, 3, 3, deltas);
    sample_view(&sample, quantized, sizeof quantized, ",'byteStride':4");
    sample_accessor(&sample, "'bufferView':2,'componentType':5120,'normalized':true,'type':'VEC3','count':3");
    sample_accessor(&sample, FLOATS3 "3");
    calo_scene *scene = sample_load(&sample,
                                    "'meshes':[{'weights':[0.25,1],'primitives':[{'attributes':{'POSITION':0},"
                                    "'targets':[{'POSITION':1},{'POSITION':2}]},{'attributes':{'POSITION':0},"
                                    "'targets':[{'POSITION':3}]}]}],'nodes':[{'mesh':0,'weights':[0.5,0.75]}]");
    assert_loaded(scene, &sample);
    const calo_mesh *mesh = &scene->meshes[0];
    const calo_primitive *primitives = mesh->primitives;
    assert_int_equal(mesh->weight_count, 2);
    assert_floats(mesh->weights, 2, (float[]){0.25f, 1});
    assert_floats(scene->nodes[0].weights, 2, (float[]){0.5f, 0.75f});
    assert_int_equal(primitives[0].morph_target_count, 2);
    assert_floats(primitives[0].morph_targets[0].positions, 9, (float[]){0, 0, 1, 0, 0, 2, 0, 0, 3});
    assert_floats(primitives[0].morph_targets[1].positions, 9, (float[]){0, 0, 1, 0, 0, -1, 0, 0, 0});
    assert_null(primitives[0].morph_targets[0].normals);
    /* The other primitive has fewer targets, and zeros move nothing. */
    assert_int_equal(primitives[1].morph_target_count, 2);
    assert_null(primitives[1].morph_targets[0].positions);
    assert_null(primitives[1].morph_targets[1].positions);
    assert_int_equal(has_warning(scene, "uneven-morph-targets"), 1);
    assert_int_equal(has_warning(scene, "bad-morph-target"), 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_primitives_without_elements(void **state)
{
    (void)state;
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    calo_scene *scene = sample_load(&sample, "'meshes':[{'primitives':[{'attributes':{}},{'attributes':{'POSITION':0}},"
                                             "{'attributes':{'NORMAL':0}}]}],'nodes':[{'mesh':0}]");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->meshes[0].primitive_count, 1);
    assert_int_equal(has_warning(scene, "empty-primitive"), 2);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_unknown_mode),
        cmocka_unit_test(test_strip_joints_are_dropped),
        cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_quantized),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_sparse_outside),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_two_uv_sets_and_tangents),
        cmocka_unit_test(test_bad_normals),
        cmocka_unit_test(test_bad_tangents),
        cmocka_unit_test(test_nan_position),
        cmocka_unit_test(test_index_outside),
        cmocka_unit_test(test_accessor_past_its_buffer),
        cmocka_unit_test(test_view_past_its_buffer),
        cmocka_unit_test(test_count_mismatch),
        cmocka_unit_test(test_claims_without_bytes),
        cmocka_unit_test(test_unused_vertices),
        cmocka_unit_test(test_shared_vertices),
        cmocka_unit_test(test_skinned),
        cmocka_unit_test(test_morph_targets),
        cmocka_unit_test(test_primitives_without_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
