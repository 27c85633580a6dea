/* Meshes, height fields, skins, and how textures lie on shapes. */
#include "mjcf_sample.h"

/* ---- meshes ---- */

/* A cube around the origin of side 2, its corners' normals pointing away from the middle. */
static const float cube_corners[8 * 3] = {-1, -1, -1, 1, -1, -1, -1, 1, -1, 1, 1, -1,
                                          -1, -1, 1,  1, -1, 1,  -1, 1, 1,  1, 1, 1};
static const int32_t cube_faces[12 * 3] = {0, 2, 3, 0, 3, 1, 4, 5, 7, 4, 7, 6, 0, 1, 5, 0, 5, 4,
                                           2, 6, 7, 2, 7, 3, 0, 4, 6, 0, 6, 2, 1, 3, 7, 1, 7, 5};
static const int32_t zero = 0, eight = 8, twelve = 12, none = -1;

static void fill_cube(sample *s, float normals[24])
{
    for (int i = 0; i < 24; i++)
        normals[i] = cube_corners[i] * 0.577350269f;
    s->arrays.nmesh = 1;
    s->arrays.nmeshvert = s->arrays.nmeshnormal = 8;
    s->arrays.nmeshface = 12;
    s->arrays.mesh_vertadr = s->arrays.mesh_faceadr = s->arrays.mesh_normaladr = &zero;
    s->arrays.mesh_vertnum = s->arrays.mesh_normalnum = &eight;
    s->arrays.mesh_facenum = &twelve;
    s->arrays.mesh_vert = cube_corners;
    s->arrays.mesh_normal = normals;
    s->arrays.mesh_face = s->arrays.mesh_facenormal = s->arrays.mesh_facetexcoord = cube_faces;
    s->arrays.mesh_texcoordadr = s->arrays.mesh_texcoordnum = &none;
}

static void test_mesh_with_sharp_edges(void **state)
{
    (void)state;
    sample s = {0};
    float normals[24];
    fill_cube(&s, normals);
    s.builder.arrays = &s.arrays;
    calo_mjcf_shape shape = {0};
    assert_int_equal(calo_mjcf_make_mesh(&s.builder, 0, &shape, NULL), CALO_OK);
    /* 1 / sqrt(3) is below 0.8: faces have their own normals, so that no corner is shared. */
    assert_int_equal(shape.vertex_count, 36);
    for (uint32_t i = 0; i < 36; i++) {
        const float *n = shape.vertices[shape.indices[i]].normal, *p = shape.vertices[shape.indices[i]].position;
        assert_true(fabsf(n[0]) + fabsf(n[1]) + fabsf(n[2]) == 1);
        assert_true(n[0] * p[0] + n[1] * p[1] + n[2] * p[2] == 1);
    }
    assert_true(is_closed(&shape));
    calo_mjcf_shape_finish(&shape);
}

static void test_mesh_with_texture_coordinates(void **state)
{
    (void)state;
    sample s = {0};
    float normals[24], texcoords[16];
    fill_cube(&s, normals);
    for (int i = 0; i < 16; i++)
        texcoords[i] = (float)i / 16;
    texcoords[3] = NAN;
    s.arrays.nmeshtexcoord = 8;
    s.arrays.mesh_texcoordadr = &zero;
    s.arrays.mesh_texcoordnum = &eight;
    s.arrays.mesh_texcoord = texcoords;
    s.builder.arrays = &s.arrays;
    calo_mjcf_shape shape = {0};
    assert_int_equal(calo_mjcf_make_mesh(&s.builder, 0, &shape, NULL), CALO_OK);
    /* Then MuJoCo takes the file's normals as they are, and corners are shared. */
    assert_int_equal(shape.vertex_count, 8);
    for (uint32_t v = 0; v < 8; v++) {
        const calo_mjcf_vertex *at = &shape.vertices[v];
        for (int k = 0; k < 3; k++)
            assert_true(fabsf(at->normal[k] - at->position[k] * 0.577350269f) < 1e-6f);
        assert_true(isfinite(at->uv[0]) && isfinite(at->uv[1]));
    }
    calo_mjcf_shape_finish(&shape);
}

static void test_mesh_without_normals(void **state)
{
    (void)state;
    sample s = {0};
    float normals[24];
    fill_cube(&s, normals);
    for (int i = 0; i < 24; i++)
        normals[i] = i % 2 ? 0 : NAN;
    s.builder.arrays = &s.arrays;
    calo_mjcf_shape shape = {0};
    assert_int_equal(calo_mjcf_make_mesh(&s.builder, 0, &shape, NULL), CALO_OK);
    for (uint32_t v = 0; v < shape.vertex_count; v++) {
        const float *n = shape.vertices[v].normal;
        assert_true(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] == 1);
    }
    calo_mjcf_shape_finish(&shape);
}

/* ---- height fields ---- */

static void test_heightfield(void **state)
{
    (void)state;
    static const float heights[2 * 3] = {0, 1, 0.5f, 0.25f, 0.75f, 0};
    static const double size[4] = {2, 1, 0.4, 0.1};
    static const int32_t rows = 2, columns = 3;
    sample s = {0};
    s.arrays.nhfield = 1;
    s.arrays.nhfielddata = 6;
    s.arrays.hfield_size = size;
    s.arrays.hfield_nrow = &rows;
    s.arrays.hfield_ncol = &columns;
    s.arrays.hfield_adr = &zero;
    s.arrays.hfield_data = heights;
    s.builder.arrays = &s.arrays;
    calo_mjcf_shape shape = {0};
    double area, volume;
    assert_int_equal(calo_mjcf_make_heightfield(&s.builder, 0, &shape, NULL), CALO_OK);
    measure(&shape, &area, &volume);
    /* Triangles of two cells, each half of 2 x 2 metres: near, far + 1, far and near, near + 1, far + 1. */
    double sum = (0 + 0.75 + 0.25) + (0 + 1 + 0.75) + (1 + 0 + 0.75) + (1 + 0.5 + 0);
    assert_true(fabs(volume - (2 * sum / 3 * 0.4 + 8 * 0.1)) < 1e-6);
    assert_true(shape.faceted);
    assert_int_equal(shape.index_count, 3 * (4 + 2 * (2 + 2 + 1 + 1) + 2));
    assert_true(shape.vertices[4].position[0] == 0 && shape.vertices[4].position[1] == 1);
    assert_true(fabsf(shape.vertices[4].position[2] - 0.3f) < 1e-7f);
    calo_mjcf_shape_finish(&shape);
}

/* ---- mappings ---- */

static void test_mapping_of_planes(void **state)
{
    (void)state;
    static const float repeat[2] = {2, 3};
    static const uint8_t uniform = 0;
    static const int32_t texture = -1;
    sample s = {0};
    s.arrays.nmat = 1;
    s.arrays.ntexrole = 1;
    s.arrays.mat_texid = &texture;
    s.arrays.mat_texrepeat = repeat;
    s.arrays.mat_texuniform = &uniform;
    s.builder.arrays = &s.arrays;
    const calo_mjcf_wearer plane = {.type = CALO_MJCF_PLANE, .size = {4, 5}, .from_data = true};
    const calo_mjcf_wearer endless = {.type = CALO_MJCF_PLANE, .from_data = true};
    const struct {
        int32_t version;
        const calo_mjcf_wearer *wearer;
        float low[2], high[2]; /* at -x -y and x y */
    } cases[] = {
        {0, &plane, {0, 3}, {2, 0}},                /* from one corner, since MuJoCo 3.12 */
        {3012000, &plane, {0, 3}, {2, 0}},
        {3011000, &plane, {-1.5f, 1}, {0.5f, -2}},  /* from the middle */
        {222, &plane, {-1.5f, 1}, {0.5f, -2}},
        {0, &endless, {-10.5f, 14.5f}, {9.5f, -15.5f}}, /* a repeat is 2 metres divided by texrepeat */
        {331, &endless, {-10.5f, 14.5f}, {9.5f, -15.5f}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_mjcf_shape shape = {0};
        s.arrays.version = cases[i].version;
        calo_mjcf_mapping mapping = calo_mjcf_mapping_of(&s.builder, 0, cases[i].wearer);
        assert_int_equal(calo_mjcf_make_plane(cases[i].wearer->size, 10, &shape, NULL), CALO_OK);
        calo_mjcf_map(&mapping, &shape);
        for (int k = 0; k < 2; k++) {
            assert_true(fabsf(shape.vertices[0].uv[k] - cases[i].low[k]) < 1e-5f);
            assert_true(fabsf(shape.vertices[2].uv[k] - cases[i].high[k]) < 1e-5f);
        }
        calo_mjcf_shape_finish(&shape);
    }
}

static void test_mapping_of_meshes(void **state)
{
    (void)state;
    static const float repeat[2] = {2, 3};
    static const uint8_t uniform = 0;
    static const int32_t texture = -1;
    sample s = {.arrays = {.nmat = 1, .ntexrole = 1, .mat_texid = &texture, .mat_texrepeat = repeat,
                           .mat_texuniform = &uniform}};
    s.builder.arrays = &s.arrays;
    calo_mjcf_wearer mesh = {.type = CALO_MJCF_MESH, .size = {4, 5, 6}, .from_data = true, .has_texcoords = true};
    calo_mjcf_mapping now = calo_mjcf_mapping_of(&s.builder, 0, &mesh);
    s.arrays.version = 3011000;
    calo_mjcf_mapping before = calo_mjcf_mapping_of(&s.builder, 0, &mesh);
    mesh.has_texcoords = false;
    calo_mjcf_mapping projected = calo_mjcf_mapping_of(&s.builder, 0, &mesh);
    assert_true(now.kind == CALO_MJCF_MAPPED && now.scale[0] == 2 && now.scale[1] == 3 && now.offset[0] == 0);
    assert_true(before.kind == CALO_MJCF_MAPPED && before.scale[0] == 1 && before.scale[1] == 1);
    assert_true(projected.kind == CALO_MJCF_PROJECTED && projected.scale[0] == 0.5f && projected.offset[0] == -0.5f);
    assert_true(fabsf(projected.scale[1] - 0.6f) < 1e-6f);
}

/* ---- cube textures ---- */

static calo_mjcf_mapping six_faces(void)
{
    return (calo_mjcf_mapping){.kind = CALO_MJCF_MAPPED_CUBE, .scale = {1, 1, 1}, .alike = {0, 1, 2, 3, 4, 5}};
}

static void test_cube_on_box(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0}, parts[CALO_MJCF_CUBE_FACES] = {0};
    calo_mjcf_mapping mapping = six_faces();
    const double size[3] = {0.1, 0.2, 0.3};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_BOX, size, 0, &shape, NULL), CALO_OK);
    assert_int_equal(calo_mjcf_cut_cube(&mapping, &shape, parts, NULL), CALO_OK);
    /* The picture's top left corner (u 0, v 0) on each side, in OpenGL's order of faces. */
    static const float top_left[CALO_MJCF_CUBE_FACES][3] = {
        {1, 1, 1}, {-1, 1, -1}, {-1, 1, -1}, {-1, -1, 1}, {-1, 1, 1}, {1, 1, -1},
    };
    for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++) {
        assert_int_equal(parts[f].index_count, 6);
        assert_int_equal(parts[f].vertex_count, 4);
        bool found = false;
        for (uint32_t v = 0; v < 4; v++) {
            const calo_mjcf_vertex *at = &parts[f].vertices[v];
            assert_true(at->normal[f / 2] == (f % 2 ? -1 : 1));
            if (at->uv[0] == 0 && at->uv[1] == 0)
                found = memcmp(at->object, top_left[f], sizeof at->object) == 0;
        }
        assert_true(found);
        calo_mjcf_shape_finish(&parts[f]);
    }
    calo_mjcf_shape_finish(&shape);
}

/* Parts cover the whole, texture coordinates are near the true ones inside of triangles, too. */
static void assert_cut(const calo_mjcf_mapping *mapping, const calo_mjcf_shape *shape)
{
    calo_mjcf_shape parts[CALO_MJCF_CUBE_FACES] = {0};
    double whole, volume, sum = 0;
    assert_int_equal(calo_mjcf_cut_cube(mapping, shape, parts, NULL), CALO_OK);
    measure(shape, &whole, &volume);
    for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++) {
        double area, ignored;
        measure(&parts[f], &area, &ignored);
        sum += area;
        for (uint32_t i = 0; i < parts[f].index_count; i += 3) {
            float direction[3] = {0}, uv[2] = {0}, truth[2];
            for (uint32_t k = 0; k < 3; k++) {
                const calo_mjcf_vertex *at = &parts[f].vertices[parts[f].indices[i + k]];
                for (int d = 0; d < 3; d++)
                    direction[d] += at->object[d] * mapping->scale[d] / 3;
                for (int d = 0; d < 2; d++)
                    uv[d] += at->uv[d] / 3;
            }
            calo_mjcf_cube_uv(f, direction, truth);
            assert_true(fabsf(uv[0] - truth[0]) < 0.004f && fabsf(uv[1] - truth[1]) < 0.004f);
        }
        calo_mjcf_shape_finish(&parts[f]);
    }
    assert_true(fabs(sum / whole - 1) < 1e-5);
}

static void test_cube_on_other_shapes(void **state)
{
    (void)state;
    const double size[3] = {0.1, 0.2, 0.6};
    for (int type = CALO_MJCF_SPHERE; type <= CALO_MJCF_BOX; type++) {
        calo_mjcf_shape shape = {0};
        calo_mjcf_mapping mapping = six_faces();
        assert_int_equal(calo_mjcf_make_solid(type, size, 0, &shape, NULL), CALO_OK);
        assert_cut(&mapping, &shape);
        for (int k = 0; k < 3; k++) /* texuniform */
            mapping.scale[k] = (float)size[k];
        assert_cut(&mapping, &shape);
        calo_mjcf_shape_finish(&shape);
    }
}

static void test_cube_with_like_faces(void **state)
{
    (void)state;
    calo_mjcf_shape shape = {0}, parts[CALO_MJCF_CUBE_FACES] = {0};
    calo_mjcf_mapping mapping = {.kind = CALO_MJCF_MAPPED_CUBE, .scale = {1, 1, 1}};
    const double size[3] = {1, 1, 1};
    assert_int_equal(calo_mjcf_make_solid(CALO_MJCF_BOX, size, 0, &shape, NULL), CALO_OK);
    assert_int_equal(calo_mjcf_cut_cube(&mapping, &shape, parts, NULL), CALO_OK);
    assert_int_equal(parts[0].index_count, 36);
    for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++) {
        assert_true(f == 0 || parts[f].index_count == 0);
        calo_mjcf_shape_finish(&parts[f]);
    }
    calo_mjcf_shape_finish(&shape);
}

/* A sheet through the middle has directions of no length; one in the plane between two faces belongs to one of them. */
static void test_cube_on_odd_sheets(void **state)
{
    (void)state;
    static const float corners[2][4][3] = {{{-1, -1, 0}, {1, -1, 0}, {1, 1, 0}, {-1, 1, 0}},
                                           {{-1, -1, -1}, {1, 1, -1}, {1, 1, 1}, {-1, -1, 1}}};
    for (int i = 0; i < 2; i++) {
        calo_mjcf_shape sheet = {0}, parts[CALO_MJCF_CUBE_FACES] = {0};
        calo_mjcf_mapping mapping = six_faces();
        assert_int_equal(calo_mjcf_shape_reserve(&sheet, 4, 2, NULL), CALO_OK);
        for (int v = 0; v < 4; v++) {
            calo_mjcf_vertex vertex = {.normal = {0, 0, 1}};
            memcpy(vertex.position, corners[i][v], sizeof vertex.position);
            memcpy(vertex.object, corners[i][v], sizeof vertex.object);
            calo_mjcf_shape_vertex(&sheet, &vertex);
        }
        calo_mjcf_shape_triangle(&sheet, 0, 1, 2);
        calo_mjcf_shape_triangle(&sheet, 0, 2, 3);
        double whole, area, volume, sum = 0;
        measure(&sheet, &whole, &volume);
        assert_int_equal(calo_mjcf_cut_cube(&mapping, &sheet, parts, NULL), CALO_OK);
        for (int f = 0; f < CALO_MJCF_CUBE_FACES; f++) {
            measure(&parts[f], &area, &volume);
            sum += area;
            for (uint32_t v = 0; v < parts[f].vertex_count; v++)
                for (int k = 0; k < 2; k++)
                    assert_true(parts[f].vertices[v].uv[k] >= 0 && parts[f].vertices[v].uv[k] <= 1);
            calo_mjcf_shape_finish(&parts[f]);
        }
        assert_true(fabs(sum / whole - 1) < 1e-5);
        calo_mjcf_shape_finish(&sheet);
    }
}

/* ---- skins ---- */

static void test_skin(void **state)
{
    (void)state;
    /* A square of two triangles; one vertex follows five bones. */
    static const float corners[] = {0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0}, rgba[] = {1, 0, 0, 1}, inflate = 0.25f;
    static const int32_t faces[] = {0, 1, 2, 0, 2, 3}, four = 4, two = 2, five = 5, bone_first[] = {0, 4, 5, 6, 7},
                         bone_count[] = {4, 1, 1, 1, 1}, vertices[] = {0, 1, 2, 3, 2, 2, 2, 2}, name = 0;
    static const float weights[] = {1, 1, 0.5f, 1, 0.2f, 0.1f, 0.1f, 0.1f};
    sample s = {0};
    s.arrays.nskin = 1;
    s.arrays.nnames = 1;
    s.arrays.names = "";
    s.arrays.name_skinadr = &name;
    s.arrays.skin_matid = s.arrays.skin_texcoordadr = &none;
    s.arrays.skin_rgba = rgba;
    s.arrays.skin_inflate = &inflate;
    s.arrays.skin_vertadr = s.arrays.skin_faceadr = s.arrays.skin_boneadr = &zero;
    s.arrays.skin_vertnum = &four;
    s.arrays.skin_facenum = &two;
    s.arrays.skin_bonenum = &five;
    s.arrays.skin_vert = corners;
    s.arrays.skin_face = faces;
    s.arrays.skin_bonevertadr = bone_first;
    s.arrays.skin_bonevertnum = bone_count;
    s.arrays.skin_bonevertid = vertices;
    s.arrays.skin_bonevertweight = weights;
    begin_sample(&s);
    int32_t mesh;
    assert_int_equal(calo_mjcf_skin_mesh(&s.builder, 0, &mesh, NULL), CALO_OK);
    const calo_primitive *primitive = s.builder.scene->meshes[mesh].primitives;
    assert_int_equal(primitive->influences, 8);
    assert_int_equal(primitive->vertex_count, 4);
    for (int v = 0; v < 4; v++) {
        assert_true(primitive->positions[3 * v + 2] == 0.25f && primitive->normals[3 * v + 2] == 1);
        float sum = 0;
        for (int i = 0; i < 8; i++)
            sum += primitive->weights[8 * v + i];
        assert_true(fabsf(sum - 1) < 1e-6f);
    }
    assert_int_equal(primitive->joints[8 * 2 + 1], 1);
    assert_true(primitive->weights[8 * 2 + 1] == 0.2f);
    assert_true(primitive->weights[8 * 1 + 1] == 0);
    end_sample(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mesh_with_sharp_edges), cmocka_unit_test(test_mesh_with_texture_coordinates),
        cmocka_unit_test(test_mesh_without_normals), cmocka_unit_test(test_heightfield),
        cmocka_unit_test(test_mapping_of_planes), cmocka_unit_test(test_mapping_of_meshes),
        cmocka_unit_test(test_cube_on_box),
        cmocka_unit_test(test_cube_on_other_shapes), cmocka_unit_test(test_cube_with_like_faces),
        cmocka_unit_test(test_cube_on_odd_sheets), cmocka_unit_test(test_skin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
