/* Textures, materials, the sky, and what geoms share. */
#include "mjcf_sample.h"

#include "image/color.h"

enum { TEXTURES = 5, MATERIALS = 5, GEOMS = 8, SIDE = 2 };
enum { CHECKER, PAINTED, PLAIN, SKY, ENCODED };

/* One model with some of everything. */
typedef struct world {
    sample s;
    int32_t tex_type[TEXTURES], tex_width[TEXTURES], tex_height[TEXTURES], tex_nchannel[TEXTURES];
    int32_t tex_colorspace[TEXTURES];
    int64_t tex_adr[TEXTURES];
    uint8_t texels[512];
    int32_t mat_texid[MATERIALS];
    float mat_texrepeat[2 * MATERIALS], mat_numbers[4][MATERIALS], mat_rgba[4 * MATERIALS];
    uint8_t mat_texuniform[MATERIALS];
    int32_t zeros[GEOMS], geom_type[GEOMS], geom_dataid[GEOMS], geom_matid[GEOMS];
    double geom_size[3 * GEOMS];
    float geom_rgba[4 * GEOMS];
} world;

static void put_texture(world *w, int t, int type, int width, int height, int channels, int64_t *end)
{
    w->tex_type[t] = type;
    w->tex_width[t] = width;
    w->tex_height[t] = height;
    w->tex_nchannel[t] = channels;
    w->tex_adr[t] = *end;
    *end += (int64_t)width * height * channels;
    assert_true(*end <= (int64_t)sizeof w->texels);
}

/* Faces of the cube and of the sky have the colours (10 (face + 1), 0, 0); a corner of face 3 of the cube is marked. */
static void fill_textures(world *w)
{
    int64_t end = 0;
    put_texture(w, CHECKER, CALO_MJCF_TEXTURE_2D, 2, 2, 3, &end);
    put_texture(w, PAINTED, CALO_MJCF_TEXTURE_CUBE, SIDE, 6 * SIDE, 3, &end);
    put_texture(w, PLAIN, CALO_MJCF_TEXTURE_CUBE, SIDE, 6 * SIDE, 3, &end);
    put_texture(w, SKY, CALO_MJCF_TEXTURE_SKYBOX, SIDE, 6 * SIDE, 3, &end);
    put_texture(w, ENCODED, CALO_MJCF_TEXTURE_2D, 1, 1, 4, &end);
    w->tex_colorspace[ENCODED] = 2;
    for (int i = 0; i < 12; i++)
        w->texels[i] = (uint8_t)(20 * i);
    for (int i = 0; i < 6 * SIDE * SIDE; i++) {
        uint8_t code = (uint8_t)(10 * (i / (SIDE * SIDE) + 1));
        w->texels[w->tex_adr[PAINTED] + 3 * i] = w->texels[w->tex_adr[SKY] + 3 * i] = code;
        memset(w->texels + w->tex_adr[PLAIN] + 3 * i, 128, 3);
    }
    w->texels[w->tex_adr[PAINTED] + 3 * (3 * SIDE * SIDE)] = 255;
    memset(w->texels + w->tex_adr[PAINTED], 20, 3 * SIDE * SIDE); /* face 0 is like no other, of one colour */
    w->texels[w->tex_adr[ENCODED]] = w->texels[w->tex_adr[ENCODED] + 3] = 128;
}

static void begin_world(world *w)
{
    *w = (world){0};
    fill_textures(w);
    const int32_t textures[MATERIALS] = {CHECKER, PAINTED, PLAIN, -1, ENCODED};
    for (int m = 0; m < MATERIALS; m++) {
        w->mat_texid[m] = textures[m];
        w->mat_texrepeat[2 * m] = w->mat_texrepeat[2 * m + 1] = 1;
        w->mat_numbers[0][m] = w->mat_numbers[1][m] = 0.5f;
        for (int i = 0; i < 4; i++)
            w->mat_rgba[4 * m + i] = i == 3 ? 1 : 0.8f;
    }
    w->mat_numbers[2][3] = 0.5f; /* emission */
    w->mat_rgba[4 * 3 + 3] = 0.4f;
    for (int g = 0; g < GEOMS; g++) {
        w->geom_type[g] = CALO_MJCF_BOX;
        w->geom_dataid[g] = w->geom_matid[g] = -1;
        for (int i = 0; i < 3; i++)
            w->geom_size[3 * g + i] = 0.1 * (i + 1);
        for (int i = 0; i < 4; i++)
            w->geom_rgba[4 * g + i] = i == 3 ? 1 : 0.5f;
    }
    calo_mujoco_arrays *a = &w->s.arrays;
    a->ntex = TEXTURES, a->nmat = MATERIALS, a->ngeom = GEOMS, a->nnames = 1, a->ntexrole = 1;
    a->names = "";
    a->name_texadr = a->name_matadr = a->name_geomadr = w->zeros;
    a->tex_type = w->tex_type, a->tex_width = w->tex_width, a->tex_height = w->tex_height;
    a->tex_nchannel = w->tex_nchannel, a->tex_colorspace = w->tex_colorspace, a->tex_adr = w->tex_adr;
    a->tex_data = w->texels;
    a->mat_texid = w->mat_texid, a->mat_texrepeat = w->mat_texrepeat, a->mat_texuniform = w->mat_texuniform;
    a->mat_specular = w->mat_numbers[0], a->mat_shininess = w->mat_numbers[1];
    a->mat_emission = w->mat_numbers[2], a->mat_reflectance = w->mat_numbers[3], a->mat_rgba = w->mat_rgba;
    a->geom_type = w->geom_type, a->geom_dataid = w->geom_dataid, a->geom_matid = w->geom_matid;
    a->geom_size = w->geom_size, a->geom_rgba = w->geom_rgba;
}

static const calo_mesh *mesh_of(world *w, uint32_t geom)
{
    int32_t mesh;
    calo_error err = {0};
    assert_int_equal(calo_mjcf_geom_mesh(&w->s.builder, geom, &mesh, &err), CALO_OK);
    return mesh < 0 ? NULL : &w->s.builder.scene->meshes[mesh];
}

static const calo_material *material_of(const world *w, const calo_mesh *mesh, uint32_t primitive)
{
    return &w->s.builder.scene->materials[mesh->primitives[primitive].material];
}

static void test_textures(void **state)
{
    (void)state;
    world w;
    begin_world(&w);
    begin_sample(&w.s);
    const calo_scene *scene = w.s.builder.scene;
    const calo_mjcf_texture *textures = w.s.builder.looks->textures;
    const calo_texture *checker = &scene->textures[textures[CHECKER].textures[0]];
    assert_int_equal(textures[CHECKER].kind, CALO_MJCF_FLAT);
    assert_true(checker->wrap_u == CALO_WRAP_REPEAT && checker->wrap_v == CALO_WRAP_REPEAT);
    static const uint8_t expected[16] = {0, 20, 40, 255, 60, 80, 100, 255, 120, 140, 160, 255, 180, 200, 220, 255};
    assert_memory_equal(scene->images[checker->image].pixels, expected, 16);
    assert_int_equal(textures[PAINTED].kind, CALO_MJCF_CUBED);
    for (int f = 0; f < 6; f++) /* only the marked face is more than a colour */
        assert_true((textures[PAINTED].textures[f] >= 0) == (f == 3));
    const calo_texture *marked = &scene->textures[textures[PAINTED].textures[3]];
    assert_true(marked->wrap_u == CALO_WRAP_CLAMP);
    assert_int_equal(scene->images[marked->image].pixels[0], 255);
    assert_int_equal(scene->images[marked->image].pixels[4], 40);
    assert_true(fabsf(textures[PAINTED].tints[5][0] * 255 - 60) < 1e-3f);
    assert_int_equal(textures[PLAIN].kind, CALO_MJCF_TINTED);
    assert_int_equal(textures[SKY].kind, CALO_MJCF_UNTEXTURED); /* no material uses it */
    const calo_scene_image *encoded = &scene->images[scene->textures[textures[ENCODED].textures[0]].image];
    assert_int_equal(encoded->pixels[0], (int)(calo_linear_from_srgb(128) * 255 + 0.5f));
    assert_int_equal(encoded->pixels[3], 128);
    end_sample(&w.s);
}

static void test_large_texture(void **state)
{
    (void)state;
    world w;
    begin_world(&w);
    const calo_limits limits = {.max_texture_pixels = 1};
    begin_sample_within(&w.s, &limits);
    const calo_scene *scene = w.s.builder.scene;
    int32_t texture = w.s.builder.looks->textures[CHECKER].textures[0];
    const calo_scene_image *checker = &scene->images[scene->textures[texture].image];
    assert_true(checker->width == 1 && checker->height == 1);
    assert_int_equal(checker->pixels[0], (0 + 60 + 120 + 180 + 2) / 4);
    assert_string_equal(scene->warnings[0].id, "large-texture");
    end_sample(&w.s);
}

/* Nothing is looked up for white; the image stays and says what is missing. */
static void test_missing_texture(void **state)
{
    (void)state;
    static const bool missing[TEXTURES] = {[PAINTED] = true};
    world w;
    begin_world(&w);
    w.s.builder.missing_textures = missing;
    begin_sample(&w.s);
    w.geom_matid[0] = 1;
    const calo_material *material = material_of(&w, mesh_of(&w, 0), 0);
    const calo_scene *scene = w.s.builder.scene;
    assert_int_equal(material->slots[CALO_SLOT_BASE_COLOR].texture, -1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->image_count; i++) {
        const calo_scene_image *image = &scene->images[i];
        assert_true(!image->missing || (image->width == 1 && image->height == 1 && image->pixels[0] == 255));
        count += image->missing;
    }
    assert_int_equal(count, 1);
    end_sample(&w.s);
}

static void test_materials(void **state)
{
    (void)state;
    world w;
    begin_world(&w);
    begin_sample(&w.s);
    const calo_scene *scene = w.s.builder.scene;
    assert_int_equal(scene->material_count, MATERIALS);
    for (int code = 0; code < 256; code++)
        assert_int_equal(calo_srgb_from_linear(calo_mjcf_linear((float)code / 255)), code);
    const calo_material *glowing = &scene->materials[3];
    assert_true(glowing->phong.given && glowing->phong.emission == 0.5f && glowing->phong.specular == 0.5f);
    assert_true(glowing->emissive[0] == calo_mjcf_linear(0.4f));
    assert_int_equal(glowing->alpha_mode, CALO_ALPHA_BLEND);
    assert_true(glowing->base_color[3] == 0.4f && glowing->base_color[0] == calo_mjcf_linear(0.8f));
    assert_true(glowing->metallic == 0 && fabsf(glowing->roughness - sqrtf(sqrtf(2.0f / 66))) < 1e-6f);
    assert_true(fabsf(scene->materials[2].base_color[1] - calo_mjcf_linear(0.8f * 128 / 255)) < 1e-6f);
    assert_int_equal(scene->materials[2].slots[CALO_SLOT_BASE_COLOR].texture, -1);
    assert_true(scene->materials[0].slots[CALO_SLOT_BASE_COLOR].texture >= 0);
    end_sample(&w.s);
}

static void test_colors_and_sharing(void **state)
{
    (void)state;
    world w;
    begin_world(&w);
    begin_sample(&w.s);
    w.geom_matid[0] = w.geom_matid[1] = w.geom_matid[2] = 3;
    w.geom_rgba[4 * 2] = 0.25f; /* a colour of its own counts more than the material's */
    w.geom_rgba[4 * 3 + 3] = 0; /* cannot be seen */
    w.geom_size[3 * 4] = -1;
    w.geom_size[3 * 5 + 1] = NAN;
    const calo_mesh *first = mesh_of(&w, 0), *second = mesh_of(&w, 1), *third = mesh_of(&w, 2);
    first = mesh_of(&w, 0); /* adding meshes moves them */
    assert_ptr_equal(first, mesh_of(&w, 1));
    assert_true(second != third && first->primitives[0].identity == third->primitives[0].identity);
    assert_true(first->primitives[0].identity != 0);
    assert_ptr_equal(first->primitives[0].positions, third->primitives[0].positions);
    assert_int_equal(first->primitives[0].material, 3);
    assert_true(material_of(&w, third, 0)->base_color[0] == calo_mjcf_linear(0.25f));
    assert_true(material_of(&w, third, 0)->phong.emission == 0.5f);
    assert_int_equal(material_of(&w, third, 0)->alpha_mode, CALO_ALPHA_OPAQUE);
    assert_null(mesh_of(&w, 3));
    assert_int_equal(w.s.builder.scene->warning_count, 0);
    assert_null(mesh_of(&w, 4));
    assert_null(mesh_of(&w, 5));
    assert_int_equal(w.s.builder.scene->warning_count, 2);
    assert_string_equal(w.s.builder.scene->warnings[0].id, "unusable-size");
    end_sample(&w.s);
}

static void test_cube_material(void **state)
{
    (void)state;
    world w;
    begin_world(&w);
    begin_sample(&w.s);
    w.geom_matid[0] = 1;
    const calo_mesh *mesh = mesh_of(&w, 0);
    assert_int_equal(mesh->primitive_count, 6);
    for (uint32_t p = 0; p < 6; p++) {
        const calo_primitive *primitive = &mesh->primitives[p];
        const calo_material *material = material_of(&w, mesh, p);
        assert_true(primitive->normals[p / 2] == (p % 2 ? -1 : 1));
        assert_true((material->slots[CALO_SLOT_BASE_COLOR].texture >= 0) == (p == 3));
        float red = p == 0 ? 20 : p == 3 ? 255 : 10 * (float)(p + 1);
        assert_true(fabsf(material->base_color[0] - calo_mjcf_linear(0.8f * red / 255)) < 1e-6f);
    }
    end_sample(&w.s);
}

static void test_sky(void **state)
{
    (void)state;
    world w;
    begin_world(&w);
    begin_sample(&w.s);
    calo_image sky;
    assert_int_equal(calo_mjcf_sky(&w.s.builder, &sky, NULL), CALO_OK);
    assert_true(sky.width == 16 && sky.height == 8 && sky.format == CALO_PIXEL_RGBA32F);
    /* The middle of what looks along +x, -x, +z, -z, -y, +y: faces 0 to 5. */
    static const uint32_t places[6][2] = {{8, 3}, {0, 3}, {8, 0}, {8, 7}, {12, 3}, {4, 3}};
    for (int f = 0; f < 6; f++) {
        const float *row = (const float *)((const uint8_t *)sky.data + places[f][1] * sky.row_bytes);
        const float *texel = row + 4 * places[f][0];
        assert_true(fabsf(texel[0] - calo_linear_from_srgb((uint8_t)(10 * (f + 1)))) < 1e-6f);
        assert_true(texel[1] == 0 && texel[3] == 1);
    }
    calo_image_finish(&sky);
    w.tex_type[SKY] = CALO_MJCF_TEXTURE_CUBE;
    assert_int_equal(calo_mjcf_sky(&w.s.builder, &sky, NULL), CALO_OK);
    assert_null(sky.data);
    end_sample(&w.s);
}

static void test_tendon(void **state)
{
    (void)state;
    static const double widths[2] = {0.01, 0};
    static const float rgba[8] = {1, 0, 0, 1, 1, 0, 0, 1};
    static const int32_t material[2] = {-1, -1};
    world w;
    begin_world(&w);
    w.s.arrays.tendon_width = widths;
    w.s.arrays.tendon_rgba = rgba;
    w.s.arrays.tendon_matid = material;
    w.s.arrays.name_tendonadr = w.zeros;
    begin_sample(&w.s);
    int32_t rod, ball, rod_again, ball_again;
    assert_int_equal(calo_mjcf_tendon_mesh(&w.s.builder, 0, &rod, &ball, NULL), CALO_OK);
    assert_true(rod >= 0 && ball >= 0 && rod != ball);
    const calo_mesh *meshes = w.s.builder.scene->meshes;
    assert_int_equal(meshes[rod].primitives[0].material, meshes[ball].primitives[0].material);
    assert_true(material_of(&w, &meshes[rod], 0)->base_color[0] == 1);
    assert_int_equal(calo_mjcf_tendon_mesh(&w.s.builder, 0, &rod_again, &ball_again, NULL), CALO_OK);
    assert_true(rod_again == rod && ball_again == ball);
    assert_int_equal(calo_mjcf_tendon_mesh(&w.s.builder, 1, &rod, &ball, NULL), CALO_OK);
    assert_true(rod == -1 && ball == -1);
    end_sample(&w.s);
}

/* Many different keys: found again, each with its own value. */
static void test_table(void **state)
{
    (void)state;
    calo_mjcf_table table = {.key_bytes = sizeof(int32_t)};
    for (int round = 0; round < 2; round++)
        for (int32_t key = 0; key < 5000; key++) {
            int32_t *value = calo_mjcf_table_find(&table, &key, NULL);
            assert_int_equal(*value, round ? key * 3 : -1);
            *value = key * 3;
        }
    calo_mjcf_table_finish(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_textures), cmocka_unit_test(test_large_texture), cmocka_unit_test(test_missing_texture),
        cmocka_unit_test(test_materials),
        cmocka_unit_test(test_colors_and_sharing), cmocka_unit_test(test_cube_material), cmocka_unit_test(test_sky),
        cmocka_unit_test(test_tendon), cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
