/* EXT_meshopt_compression and KHR_draco_mesh_compression: what was packed comes out again. */
#include "gltf_sample.h"

#include <math.h>
#include <meshoptimizer.h>
#include <stdio.h>
#include <string.h>

#include "draco_sample.h"

enum { GRID = 20, VERTICES = GRID * GRID, TRIANGLES = (GRID - 1) * (GRID - 1) * 2 };

typedef struct grid_mesh {
    float positions[VERTICES][3];
    uint32_t indices[TRIANGLES * 3];
} grid_mesh;

static grid_mesh make_grid(void)
{
    grid_mesh made;
    uint32_t *index = made.indices;
    for (uint32_t y = 0; y < GRID; y++)
        for (uint32_t x = 0; x < GRID; x++) {
            uint32_t v = y * GRID + x;
            made.positions[v][0] = (float)x * 0.25f;
            made.positions[v][1] = (float)y * 0.5f;
            made.positions[v][2] = (float)(x * y % 7);
            if (x + 1 == GRID || y + 1 == GRID)
                continue;
            const uint32_t corners[6] = {v, v + 1, v + GRID, v + 1, v + GRID + 1, v + GRID};
            memcpy(index, corners, sizeof corners);
            index += 6;
        }
    return made;
}

/* A view that meshopt has packed: `size` bytes that become count * stride. */
static int add_packed(gltf_sample *sample, const uint8_t *bytes, size_t size, size_t count, size_t stride,
                      const char *mode, const char *more)
{
    char extension[512];
    size_t offset = (sample->binary.size + 3) / 4 * 4;
    snprintf(extension, sizeof extension,
             ",'byteStride':%zu,'extensions':{'EXT_meshopt_compression':{'buffer':0,'byteOffset':%zu,'byteLength':%zu,"
             "'byteStride':%zu,'count':%zu,'mode':'%s'%s}}", stride, offset, size, stride, count, mode, more);
    return sample_view(sample, bytes, size, extension);
}

static void test_meshopt_grid(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        grid_mesh grid = make_grid();
        static uint8_t packed[65536];
        gltf_sample sample = {0};
        size_t size = meshopt_encodeVertexBuffer(packed, sizeof packed, grid.positions, VERTICES, 12);
        add_packed(&sample, packed, size, VERTICES, 12, "ATTRIBUTES", ",'filter':'NONE'");
        size = wide ? meshopt_encodeIndexSequence(packed, sizeof packed, grid.indices, TRIANGLES * 3)
                    : meshopt_encodeIndexBuffer(packed, sizeof packed, grid.indices, TRIANGLES * 3);
        add_packed(&sample, packed, size, TRIANGLES * 3, wide ? 4 : 2, wide ? "INDICES" : "TRIANGLES", "");
        sample_accessor(&sample, "'bufferView':0,'componentType':5126,'type':'VEC3','count':%d", VERTICES);
        sample_accessor(&sample, "'bufferView':1,'componentType':%d,'type':'SCALAR','count':%d", wide ? 5125 : 5123,
                        TRIANGLES * 3);
        calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0},'indices':1");
        assert_loaded(scene, &sample);
        const calo_primitive *primitive = &scene->meshes[0].primitives[0];
        assert_int_equal(primitive->vertex_count, VERTICES);
        assert_int_equal(primitive->index_count, TRIANGLES * 3);
        assert_memory_equal(primitive->positions, grid.positions, sizeof grid.positions);
        for (uint32_t t = 0; t < TRIANGLES; t++) {
            /* The triangle codec may turn a triangle's corners round. */
            const uint32_t *got = primitive->indices + 3 * t, *want = grid.indices + 3 * t;
            int turn = got[0] == want[0] ? 0 : got[0] == want[1] ? 1 : 2;
            for (int k = 0; k < 3; k++)
                assert_int_equal(got[k], want[(turn + k) % 3]);
        }
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void assert_near(float value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not within %g of %.9g", (double)value, tolerance, expected);
}

/* Octahedral normals and exponential positions. */
static void test_meshopt_filters(void **state)
{
    (void)state;
    static const float normals[16] = {0, 0, 1, 0, 0.6f, 0.8f, 0, 0, -0.48f, 0.6f, -0.64f, 0, 0, -1, 0, 0};
    static const float positions[12] = {0, 0, 0, 1.5f, 0, 0, 0, 100, 0.125f, -3, 4, 5};
    uint8_t filtered[64], packed[512];
    gltf_sample sample = {0};
    meshopt_encodeFilterExp(filtered, 4, 12, 24, positions);
    size_t size = meshopt_encodeVertexBuffer(packed, sizeof packed, filtered, 4, 12);
    add_packed(&sample, packed, size, 4, 12, "ATTRIBUTES", ",'filter':'EXPONENTIAL'");
    meshopt_encodeFilterOct(filtered, 4, 8, 16, normals);
    size = meshopt_encodeVertexBuffer(packed, sizeof packed, filtered, 4, 8);
    add_packed(&sample, packed, size, 4, 8, "ATTRIBUTES", ",'filter':'OCTAHEDRAL'");
    sample_accessor(&sample, "'bufferView':0,'componentType':5126,'type':'VEC3','count':4");
    sample_accessor(&sample, "'bufferView':1,'componentType':5122,'normalized':true,'type':'VEC3','count':4");
    calo_scene *scene = sample_load_primitive(&sample, "'attributes':{'POSITION':0,'NORMAL':1},'mode':5");
    assert_loaded(scene, &sample);
    const calo_primitive *primitive = &scene->meshes[0].primitives[0];
    for (int i = 0; i < 12; i++) {
        assert_near(primitive->positions[i], positions[i], 1e-4);
        assert_near(primitive->normals[i], normals[i / 3 * 4 + i % 3], 1e-3);
    }
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* Quaternions turn instances; the fallback buffer has no bytes. */
static void test_meshopt_quaternions_and_fallback(void **state)
{
    (void)state;
    static const float rotations[8] = {0, 0, 0, 1, 1, 0, 0, 0};
    uint8_t filtered[16], packed[256];
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    meshopt_encodeFilterQuat(filtered, 2, 8, 16, rotations);
    size_t size = meshopt_encodeVertexBuffer(packed, sizeof packed, filtered, 2, 8);
    /* As gltfpack writes it: the plain view names a buffer of which only the length is given. */
    sample.fallback = 1;
    add_packed(&sample, packed, size, 2, 8, "ATTRIBUTES", ",'filter':'QUATERNION'");
    sample_accessor(&sample, "'bufferView':1,'componentType':5122,'normalized':true,'type':'VEC4','count':2");
    calo_scene *scene = sample_load(&sample, "'meshes':[{'primitives':[{'attributes':{'POSITION':0}}]}],'nodes':["
                                             "{'mesh':0,'extensions':{'EXT_mesh_gpu_instancing':{'attributes':"
                                             "{'ROTATION':1}}}}]");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->nodes[0].instance_count, 2);
    assert_near((float)scene->nodes[0].instances[0].m[1][1], 1, 1e-3);
    assert_near((float)scene->nodes[0].instances[1].m[1][1], -1, 1e-3);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void check_meshopt_refused(size_t count, size_t stride, const char *mode, const char *more, calo_status status,
                                  const char *words)
{
    static const uint8_t rubbish[32] = {0xa0, 1, 2, 3};
    gltf_sample sample = {0};
    add_packed(&sample, rubbish, sizeof rubbish, count, stride, mode, more);
    sample_accessor(&sample, "'bufferView':0,'componentType':5126,'type':'VEC3','count':1");
    assert_refused(sample_load_primitive(&sample, "'attributes':{'POSITION':0}"), &sample, status, words);
    sample_finish(&sample);
}

static void test_bad_meshopt(void **state)
{
    (void)state;
    check_meshopt_refused(1000, 12, "ATTRIBUTES", "", CALO_ERROR_FORMAT, "1000 elements cannot be in 32 compressed");
    check_meshopt_refused(100, 12, "ATTRIBUTES", "", CALO_ERROR_FORMAT, "the compressed data is broken");
    check_meshopt_refused(3, 13, "ATTRIBUTES", "", CALO_ERROR_FORMAT, "byteStride 13 does not fit");
    check_meshopt_refused(3, 260, "ATTRIBUTES", "", CALO_ERROR_FORMAT, "byteStride 260 does not fit");
    check_meshopt_refused(3, 0, "ATTRIBUTES", "", CALO_ERROR_FORMAT, "byteStride 0 does not fit");
    check_meshopt_refused(4, 2, "TRIANGLES", "", CALO_ERROR_FORMAT, "byteStride 2 does not fit");
    check_meshopt_refused(3, 12, "INDICES", "", CALO_ERROR_FORMAT, "byteStride 12 does not fit");
    check_meshopt_refused(3, 12, "ATTRIBUTES", ",'filter':'OCTAHEDRAL'", CALO_ERROR_FORMAT, "does not fit");
    check_meshopt_refused(3, 4, "SPIRAL", "", CALO_ERROR_UNSUPPORTED, "mode \"SPIRAL\" is not");
    check_meshopt_refused(33, 4, "INDICES", "", CALO_ERROR_FORMAT, "33 elements cannot be in 32");
}

#define DRACO_PRIMITIVE(attributes) \
    "'attributes':{'POSITION':0,'COLOR_0':1},'indices':2,'extensions':{'KHR_draco_mesh_compression':{" \
    "'bufferView':0,'attributes':{" attributes "}}}"

static void add_draco(gltf_sample *sample, const uint8_t *bytes, size_t size)
{
    sample_view(sample, bytes, size, "");
    sample_accessor(sample, "'componentType':5126,'type':'VEC3','count':4");
    sample_accessor(sample, "'componentType':5121,'normalized':true,'type':'VEC4','count':4");
    sample_accessor(sample, "'componentType':5123,'type':'SCALAR','count':6");
}

#ifdef CALO_HAVE_DRACO

static void test_draco(void **state)
{
    (void)state;
    for (int edgebreaker = 0; edgebreaker < 2; edgebreaker++) {
        uint8_t bytes[4096];
        size_t size = draco_sample_write(edgebreaker, bytes, sizeof bytes);
        assert_true(size > 0);
        gltf_sample sample = {0};
        add_draco(&sample, bytes, size);
        calo_scene *scene = sample_load_primitive(&sample, DRACO_PRIMITIVE("'POSITION':3,'COLOR_0':7"));
        assert_loaded(scene, &sample);
        const calo_primitive *primitive = &scene->meshes[0].primitives[0];
        assert_int_equal(primitive->vertex_count, 4);
        assert_int_equal(primitive->index_count, 6);
        assert_int_equal(primitive->polygon_count, 2);
        double area = 0;
        for (int i = 0; i < 6; i += 3) {
            const float *p[3];
            for (int k = 0; k < 3; k++)
                p[k] = primitive->positions + 3 * primitive->indices[i + k];
            area += ((p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1])) / 2.0;
        }
        assert_true(area == 1);
        for (int v = 0; v < 4; v++) {
            const float *position = primitive->positions + 3 * v, *color = primitive->colors + 4 * v;
            assert_true(color[0] == position[0] && color[1] == position[1]);
            assert_true(color[2] == 51 / 255.0f && color[3] == 1);
        }
        calo_scene_destroy(scene);
        sample_finish(&sample);
    }
}

static void test_bad_draco(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t size = draco_sample_write(1, bytes, sizeof bytes);
    gltf_sample sample = {0};
    add_draco(&sample, bytes, size);
    assert_refused(sample_load_primitive(&sample, DRACO_PRIMITIVE("'POSITION':5")), &sample, CALO_ERROR_FORMAT,
                   "the Draco data has no attribute 5 of 1 to 4 components for POSITION");
    sample_finish(&sample);
    for (size_t cut = 1; cut < size; cut++) {
        add_draco(&sample, bytes, cut);
        calo_scene *scene = sample_load_primitive(&sample, DRACO_PRIMITIVE("'POSITION':3,'COLOR_0':7"));
        assert_refused(scene, &sample, CALO_ERROR_FORMAT, "the Draco data");
        sample_finish(&sample);
    }
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            add_draco(&sample, bytes, size);
            calo_scene_destroy(sample_load_primitive(&sample, DRACO_PRIMITIVE("'POSITION':3,'COLOR_0':7")));
            sample_finish(&sample);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
}

/* A header that claims a hundred million triangles. */
static void test_draco_claims(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {'D', 'R', 'A', 'C', 'O', 2, 2, 1, 1, 0, 0, 0, 100, 0x80, 0xc2, 0xd7, 0x2f, 0, 0};
    gltf_sample sample = {0};
    add_draco(&sample, bytes, sizeof bytes);
    assert_refused(sample_load_primitive(&sample, DRACO_PRIMITIVE("'POSITION':3")), &sample, CALO_ERROR_LIMIT,
                   "triangles: 100000000 elements are claimed");
    sample_finish(&sample);
}

#else

static void test_without_draco(void **state)
{
    (void)state;
    static const uint8_t bytes[4] = {0};
    gltf_sample sample = {0};
    add_draco(&sample, bytes, sizeof bytes);
    assert_refused(sample_load_primitive(&sample, DRACO_PRIMITIVE("'POSITION':3")), &sample, CALO_ERROR_UNSUPPORTED,
                   "meshes[0].primitives[0]: it is compressed with Draco, and this calotype was built without");
    sample_finish(&sample);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meshopt_grid),
        cmocka_unit_test(test_meshopt_filters),
        cmocka_unit_test(test_meshopt_quaternions_and_fallback),
        cmocka_unit_test(test_bad_meshopt),
#ifdef CALO_HAVE_DRACO
        cmocka_unit_test(test_draco),
        cmocka_unit_test(test_bad_draco),
        cmocka_unit_test(test_draco_claims),
#else
        cmocka_unit_test(test_without_draco),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
