/* Material libraries: where they are looked for, and what their values and maps become. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "import_sample.h"

static char folder[] = "calotype-test-mtl-XXXXXX";

static void put_file(const char *name, const void *bytes, size_t size)
{
    char *path = calo_text_format("%s/%s", folder, name);
    calo_error err = {0};
    if (calo_file_write(path, bytes, size, &err) != CALO_OK)
        fail_msg("%s", err.message);
    free(path);
}

static void put_string(const char *name, const char *text) { put_file(name, text, strlen(text)); }

/* 2 x 2 texels: (255, 0, 0, 255) (0, 255, 0, 128) / (0, 0, 255, 0) (255, 255, 255, 255). */
static const uint8_t color_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00, 0x00, 0x72, 0xb6, 0x0d,
    0x24, 0x00, 0x00, 0x00, 0x14, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xf8, 0xcf, 0xc0, 0xf0,
    0x1f, 0x08, 0x1b, 0x18, 0xc0, 0x34, 0x10, 0x00, 0x00, 0x3f, 0xd7, 0x08, 0x79, 0x5f, 0xc7, 0x6d,
    0xb1, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
static const uint8_t color_texels[16] = {255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 0, 255, 255, 255, 255};
/* 2 x 2 texels in gray: 16 128 / 192 255. */
static const uint8_t gray_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
    0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00, 0x00, 0x00, 0x57, 0xdd, 0x52, 0xf8, 0x00, 0x00, 0x00,
    0x0e, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x10, 0x68, 0x60, 0x38, 0xf0, 0x1f, 0x00, 0x04, 0xd5, 0x02,
    0x50, 0x37, 0x63, 0xf4, 0x44, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

static int make_folder(void **state)
{
    (void)state;
    calo_error err = {0};
    if (!mkdtemp(folder))
        return -1;
    char *sub = calo_text_format("%s/sub", folder);
    calo_status status = calo_folder_create(sub, &err);
    free(sub);
    put_file("color.png", color_png, sizeof color_png);
    put_file("two words.png", color_png, sizeof color_png);
    put_file("gray.png", gray_png, sizeof gray_png);
    put_file("sub/gray.png", gray_png, sizeof gray_png);
    return status == CALO_OK ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

static const char triangle[] = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n";

/* The file "model.obj" in the folder. */
static calo_scene *load_object(const char *head, const char *faces)
{
    char *text = calo_text_format("%s%s%s", head, triangle, faces), *path = calo_text_format("%s/model.obj", folder);
    calo_scene *scene = load_text(text, path);
    free(text);
    free(path);
    return scene;
}

/* One triangle that wears the material "m" of a library. */
static calo_scene *load_material(const char *library)
{
    char *text = calo_text_format("newmtl m\n%s", library);
    put_string("m.mtl", text);
    free(text);
    return load_object("mtllib m.mtl\n", "usemtl m\nf 1/1 2/2 3/3\n");
}

static void assert_near(float value, float expected)
{
    if (!(fabsf(value - expected) <= 1e-6f))
        fail_msg("%.9g is not %.9g", (double)value, (double)expected);
}

static void assert_color(const float *color, float r, float g, float b)
{
    assert_near(color[0], r);
    assert_near(color[1], g);
    assert_near(color[2], b);
}

static bool has_warning(const calo_scene *scene, const char *id)
{
    for (uint32_t i = 0; i < scene->warning_count; i++)
        if (strcmp(scene->warnings[i].id, id) == 0)
            return true;
    return false;
}

static void assert_warns(const char *library, const char *id)
{
    calo_scene *scene = load_material(library);
    if (!has_warning(scene, id))
        fail_msg("no warning %s for:\n%s", id, library);
    calo_scene_destroy(scene);
}

static const calo_scene_image *image_of(const calo_scene *scene, calo_material_slot slot)
{
    int32_t texture = scene->materials[0].slots[slot].texture;
    assert_true(texture >= 0);
    return &scene->images[scene->textures[texture].image];
}

static void assert_texels(const calo_scene_image *image, const uint8_t expected[16])
{
    assert_int_equal(image->width, 2);
    assert_int_equal(image->height, 2);
    assert_memory_equal(image->pixels, expected, 16);
}

/* ---- values ---- */

static void test_values_as_blender_reads_them(void **state)
{
    (void)state;
    calo_scene *scene = load_material("Kd 0.8 0.2 0.1\nKs 0.25 0.25 0.25\nNs 250\nKe 0 2 0\nNi 1.45\nd 1\nillum 2\n");
    const calo_material *material = &scene->materials[0];
    assert_int_equal(scene->material_count, 1);
    assert_string_equal(material->name, "m");
    assert_color(material->base_color, 0.8f, 0.2f, 0.1f);
    assert_near(material->base_color[3], 1);
    assert_near(material->roughness, 0.5f); /* 1 - sqrt(250 / 1000) */
    assert_near(material->metallic, 0);
    assert_near(material->specular, 0.5f); /* twice Blender's */
    assert_color(material->specular_color, 1, 1, 1);
    assert_color(material->emissive, 0, 2, 0);
    assert_near(material->ior, 1.5f);
    assert_int_equal(material->alpha_mode, CALO_ALPHA_OPAQUE);
    assert_true(material->double_sided);
    assert_int_equal(scene->warning_count, 0);
    assert_int_equal(scene->linked_file_count, 1);
    assert_string_equal(scene->linked_files[0], "m.mtl");
    calo_scene_destroy(scene);
}

static void test_values_not_given(void **state)
{
    (void)state;
    calo_scene *scene = load_material("# nothing\n");
    assert_color(scene->materials[0].base_color, 0.8f, 0.8f, 0.8f);
    assert_near(scene->materials[0].roughness, 1);
    assert_near(scene->materials[0].specular, 0);
    calo_scene_destroy(scene);
    scene = load_material("illum 2\n");
    assert_near(scene->materials[0].roughness, 0);
    assert_near(scene->materials[0].specular, 1);
    assert_color(scene->materials[0].specular_color, 2, 2, 2);
    calo_scene_destroy(scene);
}

static void test_metals(void **state)
{
    (void)state;
    static const struct {
        const char *library;
        float metallic, roughness;
    } cases[] = {
        {"illum 3\nNs 1000\n", 1, 0}, {"illum 3\nKa 0.5 0.5 0.5\nNs 0\n", 0.5f, 1},
        {"illum 6\n", 1, 1},          {"illum 2\nKa 1 1 1\nNs 10\n", 0, 0.9f},
        {"illum 9\nNs 0\n", 0, 1},    {"illum 2\nPm 0.75\nPr 0.25\nNs 0\n", 0.75f, 0.25f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_scene *scene = load_material(cases[i].library);
        assert_near(scene->materials[0].metallic, cases[i].metallic);
        assert_near(scene->materials[0].roughness, cases[i].roughness);
        calo_scene_destroy(scene);
    }
}

static void test_opacity(void **state)
{
    (void)state;
    static const struct {
        const char *library;
        float alpha;
        calo_alpha_mode mode;
    } cases[] = {
        {"d 1\n", 1, CALO_ALPHA_OPAQUE},           {"d 0.25\n", 0.25f, CALO_ALPHA_BLEND},
        {"d -halo 0.5\n", 0.5f, CALO_ALPHA_BLEND}, {"Tr 0.25\n", 0.75f, CALO_ALPHA_BLEND},
        {"Tr 0\n", 1, CALO_ALPHA_OPAQUE},          {"Tr 0.5\nd 1\n", 1, CALO_ALPHA_OPAQUE},
        {"Tr 1\n", 1, CALO_ALPHA_OPAQUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_scene *scene = load_material(cases[i].library);
        assert_near(scene->materials[0].base_color[3], cases[i].alpha);
        assert_int_equal(scene->materials[0].alpha_mode, cases[i].mode);
        calo_scene_destroy(scene);
    }
    assert_warns("Tr 1\n", "ambiguous-transparency");
}

static void test_one_number_is_gray(void **state)
{
    (void)state;
    calo_scene *scene = load_material("Kd 0.3\n");
    assert_color(scene->materials[0].base_color, 0.3f, 0.3f, 0.3f);
    calo_scene_destroy(scene);
}

/* ---- maps ---- */

static void test_color_map(void **state)
{
    (void)state;
    calo_scene *scene = load_material("Kd 0 0 0\nmap_Kd -s 2 3 1 -o 0.25 0.5 0 -clamp on color.png\n");
    const calo_material *material = &scene->materials[0];
    const calo_texture_use *use = &material->slots[CALO_SLOT_BASE_COLOR];
    assert_color(material->base_color, 1, 1, 1);
    assert_texels(image_of(scene, CALO_SLOT_BASE_COLOR), color_texels);
    assert_int_equal(scene->textures[use->texture].wrap_u, CALO_WRAP_CLAMP);
    /* In the file's upward v: 3 v + 0.5; with v = 1 - V: V' = 3 V + 1 - 3 - 0.5. */
    const float expected[6] = {2, 0, 0.25f, 0, 3, -2.5f};
    for (int i = 0; i < 6; i++)
        assert_near(use->transform[i], expected[i]);
    assert_int_equal(material->alpha_mode, CALO_ALPHA_OPAQUE);
    assert_int_equal(scene->image_count, 1);
    calo_scene_destroy(scene);
}

static void test_names_with_blanks_and_folders(void **state)
{
    (void)state;
    static const char *const libraries[] = {"map_Kd two words.png\n", "map_Kd\t\"two words.png\"  \r\n",
                                            "map_Kd -blendu on -bm 1 two words.png\n"};
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        calo_scene *scene = load_material(libraries[i]);
        assert_false(image_of(scene, CALO_SLOT_BASE_COLOR)->missing);
        assert_int_equal(scene->warning_count, 0);
        calo_scene_destroy(scene);
    }
    /* Relative to the library first, then to the OBJ file. */
    put_string("sub/s.mtl", "newmtl a\nmap_Kd gray.png\nnewmtl b\nmap_Kd color.png\n");
    calo_scene *scene = load_object("mtllib sub\\s.mtl\n", "usemtl a\nf 1/1 2/2 3/3\nusemtl b\nf 3/3 2/2 1/1\n");
    assert_string_equal(scene->images[0].name, "sub\\gray.png");
    assert_string_equal(scene->images[1].name, "color.png");
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
}

static void test_path_of_another_machine(void **state)
{
    (void)state;
    calo_scene *scene = load_material("map_Kd C:\\textures\\color.png\n");
    assert_texels(image_of(scene, CALO_SLOT_BASE_COLOR), color_texels);
    assert_only_warning(scene, "moved-texture");
    calo_scene_destroy(scene);
}

static void test_missing_map_leaves_the_value(void **state)
{
    (void)state;
    calo_scene *scene = load_material("Kd 0.5 0.25 0\nmap_Kd nowhere.png\nmap_d nowhere.png\n");
    assert_color(scene->materials[0].base_color, 0.5f, 0.25f, 0);
    assert_int_equal(scene->materials[0].slots[CALO_SLOT_BASE_COLOR].texture, -1);
    assert_int_equal(scene->materials[0].alpha_mode, CALO_ALPHA_OPAQUE);
    assert_only_warning(scene, "missing-texture");
    assert_int_equal(count_scene(scene).missing_texture_count, 1);
    calo_scene_destroy(scene);
}

static void test_opacity_maps(void **state)
{
    (void)state;
    /* The same image: its own alpha. */
    calo_scene *scene = load_material("map_Kd color.png\nmap_d color.png\n");
    assert_texels(image_of(scene, CALO_SLOT_BASE_COLOR), color_texels);
    assert_int_equal(scene->materials[0].alpha_mode, CALO_ALPHA_BLEND);
    assert_int_equal(scene->image_count, 1);
    calo_scene_destroy(scene);
    /* An opaque one: its brightness. */
    scene = load_material("d 0.5\nmap_Kd color.png\nmap_d gray.png\n");
    assert_texels(image_of(scene, CALO_SLOT_BASE_COLOR),
                  (uint8_t[]){255, 0, 0, 16, 0, 255, 0, 128, 0, 0, 255, 192, 255, 255, 255, 255});
    assert_near(scene->materials[0].base_color[3], 1);
    calo_scene_destroy(scene);
    /* Without a color map, and one channel by name. */
    scene = load_material("Kd 0.5 0.5 0.5\nmap_d -imfchan g color.png\n");
    assert_texels(image_of(scene, CALO_SLOT_BASE_COLOR),
                  (uint8_t[]){255, 255, 255, 0, 255, 255, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255});
    assert_color(scene->materials[0].base_color, 0.5f, 0.5f, 0.5f);
    calo_scene_destroy(scene);
    /* d alone: the color's alpha has no say. */
    scene = load_material("d 0.5\nmap_Kd color.png\n");
    assert_texels(image_of(scene, CALO_SLOT_BASE_COLOR),
                  (uint8_t[]){255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255});
    assert_near(scene->materials[0].base_color[3], 0.5f);
    calo_scene_destroy(scene);
}

static void test_metal_and_roughness_maps(void **state)
{
    (void)state;
    calo_scene *scene = load_material("Pr 0.1\nPm 0.2\nmap_Pr gray.png\nmap_Pm -imfchan r color.png\n");
    assert_texels(image_of(scene, CALO_SLOT_METALLIC_ROUGHNESS),
                  (uint8_t[]){255, 16, 255, 255, 255, 128, 0, 255, 255, 192, 0, 255, 255, 255, 255, 255});
    assert_near(scene->materials[0].roughness, 1);
    assert_near(scene->materials[0].metallic, 1);
    calo_scene_destroy(scene);
    /* One of them: the other value stays. map_Ns is a roughness, as Blender writes it. */
    scene = load_material("Pm 0.25\nmap_Ns gray.png\n");
    assert_texels(image_of(scene, CALO_SLOT_METALLIC_ROUGHNESS),
                  (uint8_t[]){255, 16, 255, 255, 255, 128, 255, 255, 255, 192, 255, 255, 255, 255, 255, 255});
    assert_near(scene->materials[0].metallic, 0.25f);
    calo_scene_destroy(scene);
}

static void test_specular_and_emissive_maps(void **state)
{
    (void)state;
    calo_scene *scene = load_material("Ks 0 0 0\nmap_Ks gray.png\nKe 0 0 0\nmap_Ke color.png\n");
    assert_texels(image_of(scene, CALO_SLOT_SPECULAR),
                  (uint8_t[]){255, 255, 255, 16, 255, 255, 255, 128, 255, 255, 255, 192, 255, 255, 255, 255});
    assert_near(scene->materials[0].specular, 1);
    assert_color(scene->materials[0].specular_color, 2, 2, 2);
    assert_texels(image_of(scene, CALO_SLOT_EMISSIVE), color_texels);
    assert_color(scene->materials[0].emissive, 1, 1, 1);
    calo_scene_destroy(scene);
}

static void test_normal_map(void **state)
{
    (void)state;
    static const char *const words[] = {"map_Bump", "map_bump", "bump", "norm"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char *library = calo_text_format("%s -bm 0.5 color.png\n", words[i]);
        calo_scene *scene = load_material(library);
        assert_texels(image_of(scene, CALO_SLOT_NORMAL), color_texels);
        assert_near(scene->materials[0].normal_scale, 0.5f);
        calo_scene_destroy(scene);
        free(library);
    }
    calo_scene *heights = load_material("map_Bump gray.png\n");
    assert_int_equal(heights->materials[0].slots[CALO_SLOT_NORMAL].texture, -1);
    assert_only_warning(heights, "height-map");
    calo_scene_destroy(heights);
}

static void test_one_image_for_many_materials(void **state)
{
    (void)state;
    put_string("m.mtl", "newmtl a\nmap_Kd color.png\nmap_d gray.png\nnewmtl b\nmap_Kd color.png\nmap_d gray.png\n");
    calo_scene *scene = load_object("mtllib m.mtl\n", "usemtl a\nf 1/1 2/2 3/3\nusemtl b\nf 3/3 2/2 1/1\n");
    assert_int_equal(scene->image_count, 3); /* two files and what is made of them */
    assert_int_equal(scene->texture_count, 1);
    calo_scene_destroy(scene);
}

static void test_warnings(void **state)
{
    (void)state;
    assert_warns("disp gray.png\n", "unsupported-map");
    assert_warns("map_Kd -mm 0.1 2 color.png\n", "unsupported-map-option");
    assert_warns("Kd spectral a.rfl\n", "bad-material-value");
    assert_warns("Ns x\n", "bad-material-value");
    assert_warns("bla 1\n", "unknown-statement");
    assert_warns("newmtl m\n", "duplicate-material");
    assert_warns("map_Kd color.png\nmap_d -s 2 2 2 gray.png\n", "map-placement");
    assert_warns("map_Kd ../../nowhere/none.png\n", "outside-path");
}

/* ---- libraries ---- */

static void test_library_names(void **state)
{
    (void)state;
    put_string("red.mtl", "newmtl red\nKd 1 0 0\n");
    put_string("my blue.mtl", "newmtl blue\nKd 0 0 1\n");
    static const char *const heads[] = {
        "mtllib red.mtl my blue.mtl\n",
        "mtllib my blue.mtl red.mtl \n",
        "mtllib red.mtl\nmtllib \"my blue.mtl\"\nmtllib red.mtl\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        calo_scene *scene = load_object(heads[i], "usemtl red\nf 1 2 3\nusemtl blue\nf 3 2 1\nusemtl unused\n");
        assert_int_equal(scene->material_count, 2);
        assert_color(scene->materials[0].base_color, 1, 0, 0);
        assert_color(scene->materials[1].base_color, 0, 0, 1);
        assert_int_equal(scene->warning_count, 0);
        calo_scene_destroy(scene);
    }
}

static void test_library_of_the_same_name(void **state)
{
    (void)state;
    put_string("model.mtl", "newmtl green\nKd 0 1 0\n");
    calo_scene *scene = load_object("", "usemtl green\nf 1 2 3\n");
    assert_color(scene->materials[0].base_color, 0, 1, 0);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
}

static void test_library_from_memory(void **state)
{
    (void)state;
    calo_scene *scene = load_text("mtllib m.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl m\nf 1 2 3\n", NULL);
    assert_int_equal(scene->warning_count, 2);
    assert_string_equal(scene->warnings[0].id, "missing-material-library");
    assert_string_equal(scene->warnings[1].id, "missing-material");
    assert_color(scene->materials[0].base_color, 0.8f, 0.8f, 0.8f);
    assert_near(scene->materials[0].metallic, 0);
    calo_scene_destroy(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_as_blender_reads_them),
        cmocka_unit_test(test_values_not_given),
        cmocka_unit_test(test_metals),
        cmocka_unit_test(test_opacity),
        cmocka_unit_test(test_one_number_is_gray),
        cmocka_unit_test(test_color_map),
        cmocka_unit_test(test_names_with_blanks_and_folders),
        cmocka_unit_test(test_path_of_another_machine),
        cmocka_unit_test(test_missing_map_leaves_the_value),
        cmocka_unit_test(test_opacity_maps),
        cmocka_unit_test(test_metal_and_roughness_maps),
        cmocka_unit_test(test_specular_and_emissive_maps),
        cmocka_unit_test(test_normal_map),
        cmocka_unit_test(test_one_image_for_many_materials),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_library_names),
        cmocka_unit_test(test_library_of_the_same_name),
        cmocka_unit_test(test_library_from_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
