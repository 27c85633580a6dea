/* Materials, textures and pictures of a glTF file. */
#include "gltf_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* 2 x 2: red, green; half-transparent blue, white. */
static const uint8_t png[77] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00, 0x00, 0x72, 0xb6, 0x0d,
    0x24, 0x00, 0x00, 0x00, 0x14, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xf8, 0xcf, 0xc0, 0xf0,
    0x1f, 0x0c, 0x81, 0x74, 0xc3, 0x7f, 0x20, 0x00, 0x00, 0x47, 0x4d, 0x09, 0x78, 0x79, 0xa8, 0xe8,
    0x4e, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
static const uint8_t pixels[16] = {255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 128, 255, 255, 255, 255};
static const uint8_t white[4] = {255, 255, 255, 255};

#define MESHES "'meshes':[{'primitives':[{'attributes':{'POSITION':0},'material':0}]}],'nodes':[{'mesh':0}]"

static gltf_sample make_sample(void)
{
    gltf_sample sample = {0};
    sample_floats(&sample, 3, 3, sample_triangle);
    sample_view(&sample, png, sizeof png, "");
    return sample;
}

/* The one material with these JSON members, in a file with one PNG picture and texture. */
static calo_scene *load_material(gltf_sample *sample, const char *material)
{
    calo_scene *scene = sample_load(sample, MESHES ",'materials':[{%s}],'textures':[{'source':0}],"
                                            "'images':[{'bufferView':1,'mimeType':'image/png'}]", material);
    return scene;
}

static void assert_float(float value, double expected)
{
    if (value != (float)expected)
        fail_msg("%.9g is not %.9g", (double)value, expected);
}

static void test_defaults(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = load_material(&sample, "");
    assert_loaded(scene, &sample);
    const calo_material *material = &scene->materials[0];
    for (int i = 0; i < 4; i++)
        assert_float(material->base_color[i], 1);
    assert_float(material->metallic, 1);
    assert_float(material->roughness, 1);
    assert_float(material->emissive[0], 0);
    assert_float(material->ior, 1.5);
    assert_float(material->specular, 1);
    assert_int_equal(material->alpha_mode, CALO_ALPHA_OPAQUE);
    assert_float(material->alpha_cutoff, 0.5);
    assert_false(material->double_sided || material->unlit || material->specular_glossiness);
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++)
        assert_int_equal(material->slots[slot].texture, -1);
    assert_int_equal(scene->texture_count, 0);
    assert_int_equal(scene->image_count, 0);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_metallic_roughness(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = load_material(
        &sample, "'name':'brass','doubleSided':true,'alphaMode':'MASK','alphaCutoff':0.25,'emissiveFactor':[0.5,1,0],"
                 "'normalTexture':{'index':0,'scale':2,'texCoord':1},'occlusionTexture':{'index':0,'strength':0.75},"
                 "'emissiveTexture':{'index':0},'pbrMetallicRoughness':{'baseColorFactor':[0.1,0.2,0.3,0.4],"
                 "'metallicFactor':0.5,'roughnessFactor':0.125,'baseColorTexture':{'index':0},"
                 "'metallicRoughnessTexture':{'index':0}},'extensions':{'KHR_materials_emissive_strength':"
                 "{'emissiveStrength':4},'KHR_materials_unlit':{},'KHR_materials_ior':{'ior':1.25},"
                 "'KHR_materials_specular':{'specularFactor':0.5,'specularColorFactor':[1,2,3],"
                 "'specularTexture':{'index':0},'specularColorTexture':{'index':0}}}");
    assert_loaded(scene, &sample);
    const calo_material *material = &scene->materials[0];
    assert_string_equal(material->name, "brass");
    assert_float(material->base_color[0], 0.1);
    assert_float(material->base_color[3], 0.4);
    assert_float(material->metallic, 0.5);
    assert_float(material->roughness, 0.125);
    assert_float(material->emissive[0], 2);
    assert_float(material->emissive[1], 4);
    assert_float(material->normal_scale, 2);
    assert_float(material->occlusion_strength, 0.75);
    assert_float(material->ior, 1.25);
    assert_float(material->specular, 0.5);
    assert_float(material->specular_color[2], 3);
    assert_int_equal(material->alpha_mode, CALO_ALPHA_MASK);
    assert_float(material->alpha_cutoff, 0.25);
    assert_true(material->double_sided && material->unlit);
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++)
        assert_int_equal(material->slots[slot].texture, slot == CALO_SLOT_SPECULAR_GLOSSINESS ? -1 : 0);
    assert_int_equal(material->slots[CALO_SLOT_NORMAL].uv_set, 1);
    assert_int_equal(material->slots[CALO_SLOT_BASE_COLOR].uv_set, 0);
    /* One picture, however often it is used. */
    assert_int_equal(scene->texture_count, 1);
    assert_int_equal(scene->image_count, 1);
    assert_int_equal(scene->images[0].width, 2);
    assert_int_equal(scene->images[0].height, 2);
    assert_false(scene->images[0].missing);
    assert_memory_equal(scene->images[0].pixels, pixels, sizeof pixels);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_specular_glossiness(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = load_material(
        &sample, "'pbrMetallicRoughness':{'metallicFactor':0.5,'baseColorFactor':[0,0,0,0]},'alphaMode':'BLEND',"
                 "'extensions':{'KHR_materials_pbrSpecularGlossiness':{'diffuseFactor':[0.5,0.25,0.125,0.75],"
                 "'specularFactor':[0.1,0.2,0.3],'glossinessFactor':0.75,'diffuseTexture':{'index':0},"
                 "'specularGlossinessTexture':{'index':0}}}");
    assert_loaded(scene, &sample);
    const calo_material *material = &scene->materials[0];
    assert_true(material->specular_glossiness);
    assert_float(material->base_color[1], 0.25);
    assert_float(material->base_color[3], 0.75);
    assert_float(material->specular_color[1], 0.2);
    assert_float(material->roughness, 0.25);
    assert_int_equal(material->alpha_mode, CALO_ALPHA_BLEND);
    assert_int_equal(material->slots[CALO_SLOT_BASE_COLOR].texture, 0);
    assert_int_equal(material->slots[CALO_SLOT_SPECULAR_GLOSSINESS].texture, 0);
    assert_int_equal(material->slots[CALO_SLOT_METALLIC_ROUGHNESS].texture, -1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* The extension's own example: the lower left quadrant of the picture, turned. */
static void test_texture_transform(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = load_material(
        &sample, "'emissiveTexture':{'index':0,'texCoord':0,'extensions':{'KHR_texture_transform':{'offset':[0,1],"
                 "'rotation':1.57079632679,'scale':[0.5,0.5],'texCoord':1}}},'normalTexture':{'index':0,'extensions':"
                 "{'KHR_texture_transform':{'offset':[0.25,0.5],'scale':[2,3]}}}");
    assert_loaded(scene, &sample);
    const calo_texture_use *use = &scene->materials[0].slots[CALO_SLOT_EMISSIVE];
    const double corners[4][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}}, expected[4][2] = {{0, 1}, {0, 0.5}, {0.5, 1},
                                                                                     {0.5, 0.5}};
    assert_int_equal(use->uv_set, 1);
    for (int i = 0; i < 4; i++) {
        const float *t = use->transform;
        double u = t[0] * corners[i][0] + t[1] * corners[i][1] + t[2];
        double v = t[3] * corners[i][0] + t[4] * corners[i][1] + t[5];
        assert_true(u > expected[i][0] - 1e-6 && u < expected[i][0] + 1e-6);
        assert_true(v > expected[i][1] - 1e-6 && v < expected[i][1] + 1e-6);
    }
    const float plain[6] = {2, 0, 0.25f, 0, 3, 0.5f};
    use = &scene->materials[0].slots[CALO_SLOT_NORMAL];
    assert_int_equal(use->uv_set, 0);
    for (int i = 0; i < 6; i++)
        assert_float(use->transform[i], plain[i]);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_odd_values(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = load_material(&sample, "'emissiveTexture':{'index':0,'texCoord':2},'pbrMetallicRoughness':{"
                                               "'metallicFactor':-1,'roughnessFactor':1e300}");
    assert_loaded(scene, &sample);
    assert_int_equal(has_warning(scene, "uv-set"), 1);
    assert_int_equal(has_warning(scene, "out-of-range"), 2);
    assert_int_equal(scene->materials[0].slots[CALO_SLOT_EMISSIVE].uv_set, 0);
    assert_float(scene->materials[0].metallic, 0);
    assert_float(scene->materials[0].roughness, 1);
    calo_scene_destroy(scene);
    assert_refused(load_material(&sample, "'alphaMode':'GLASS'"), &sample, CALO_ERROR_FORMAT,
                   "materials[0]: alphaMode \"GLASS\" is not OPAQUE, MASK or BLEND");
    assert_refused(load_material(&sample, "'normalTexture':{'index':1}"), &sample, CALO_ERROR_FORMAT,
                   "materials[0].normalTexture: \"index\" is 1, but the file has 1 of them");
    assert_refused(load_material(&sample, "'pbrMetallicRoughness':{'baseColorFactor':[1,1,1]}"), &sample,
                   CALO_ERROR_FORMAT, "\"baseColorFactor\" must be an array of 4 numbers");
    sample_finish(&sample);
}

static void test_samplers(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(
        &sample, MESHES ",'materials':[{'normalTexture':{'index':0},'emissiveTexture':{'index':1},"
                        "'occlusionTexture':{'index':2}}],'textures':[{'source':0,'sampler':0},"
                        "{'source':0,'sampler':1},{'source':0}],'samplers':[{'wrapS':33071,'wrapT':33648,"
                        "'magFilter':9728,'minFilter':9728},{'wrapS':10497,'wrapT':5,'magFilter':9729,"
                        "'minFilter':9986}],'images':[{'bufferView':1}]");
    assert_loaded(scene, &sample);
    const calo_material *material = &scene->materials[0];
    const calo_texture *first = &scene->textures[material->slots[CALO_SLOT_NORMAL].texture];
    const calo_texture *second = &scene->textures[material->slots[CALO_SLOT_EMISSIVE].texture];
    const calo_texture *third = &scene->textures[material->slots[CALO_SLOT_OCCLUSION].texture];
    assert_int_equal(first->wrap_u, CALO_WRAP_CLAMP);
    assert_int_equal(first->wrap_v, CALO_WRAP_MIRROR);
    assert_int_equal(first->magnify, CALO_FILTER_NEAREST);
    assert_int_equal(first->minify, CALO_FILTER_NEAREST);
    assert_true(first->no_mipmaps);
    assert_int_equal(second->wrap_u, CALO_WRAP_REPEAT);
    assert_int_equal(second->wrap_v, CALO_WRAP_REPEAT);
    assert_int_equal(second->magnify, CALO_FILTER_LINEAR);
    assert_int_equal(second->minify, CALO_FILTER_NEAREST);
    assert_false(second->no_mipmaps);
    assert_int_equal(third->minify, CALO_FILTER_LINEAR);
    assert_false(third->no_mipmaps);
    assert_int_equal(has_warning(scene, "bad-sampler"), 1);
    assert_int_equal(scene->image_count, 1);
    assert_int_equal(scene->texture_count, 3);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* An image that cannot be had is one white texel and a warning. */
static void check_placeholder(const char *textures, const char *images, const char *warning)
{
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(&sample, MESHES ",'materials':[{'emissiveTexture':{'index':0}}],'textures':[%s],"
                                                    "'images':[%s]", textures, images);
    assert_loaded(scene, &sample);
    assert_int_equal(has_warning(scene, warning), 1);
    assert_int_equal(scene->warning_count, 1);
    const calo_scene_image *image = &scene->images[scene->textures[0].image];
    assert_true(image->missing);
    assert_int_equal(image->width, 1);
    assert_int_equal(image->height, 1);
    assert_memory_equal(image->pixels, white, 4);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

static void test_placeholders(void **state)
{
    (void)state;
    check_placeholder("{'source':0}", "{'uri':'none.png'}", "missing-texture");
    check_placeholder("{}", "", "missing-texture");
    check_placeholder("{'source':0}", "{}", "missing-texture");
    check_placeholder("{'source':0}", "{'bufferView':0}", "bad-texture");
    check_placeholder("{'source':0}", "{'uri':'data:image/png;base64,AAAA'}", "bad-texture");
}

static void test_linked_picture(void **state)
{
    (void)state;
    char folder[] = "/tmp/calotype-test-XXXXXX", path[96], json[1024];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/my picture.png", folder);
    assert_int_equal(calo_file_write(path, png, sizeof png, NULL), CALO_OK);
    snprintf(path, sizeof path, "%s/a.gltf", folder);
    snprintf(json, sizeof json,
             "{\"asset\":{\"version\":\"2.0\"},\"accessors\":[{\"componentType\":5126,\"type\":\"VEC3\",\"count\":3}],"
             "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"material\":0}]}],"
             "\"nodes\":[{\"mesh\":0}],"
             "\"materials\":[{\"normalTexture\":{\"index\":0},\"emissiveTexture\":{\"index\":1},"
             "\"occlusionTexture\":{\"index\":2}}],"
             "\"textures\":[{\"source\":0},{\"source\":1},{\"source\":2}],\"images\":[{\"uri\":\"my%%20picture.png\"},"
             "{\"uri\":\"my%%20picture.png\"},{\"uri\":\"../secret.png\"}]}");
    gltf_sample sample = {0};
    calo_scene *scene = sample_load_bytes(&sample, json, strlen(json), path);
    assert_loaded(scene, &sample);
    assert_int_equal(scene->image_count, 2);
    assert_memory_equal(scene->images[0].pixels, pixels, sizeof pixels);
    assert_true(scene->images[1].missing);
    assert_int_equal(has_warning(scene, "outside-path"), 1);
    assert_int_equal(scene->linked_file_count, 1);
    assert_string_equal(scene->linked_files[0], "my%20picture.png");
    calo_scene_destroy(scene);
    calo_folder_remove(folder);
}

/* EXT_texture_webp: its image goes before the fallback where WebP can be read. */
static void test_webp_source(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(
        &sample, MESHES ",'materials':[{'normalTexture':{'index':0},'emissiveTexture':{'index':1}}],'textures':["
                        "{'source':0,'extensions':{'EXT_texture_webp':{'source':1}}},"
                        "{'extensions':{'EXT_texture_webp':{'source':1}}}],"
                        "'images':[{'bufferView':1,'name':'plain'},{'bufferView':1,'name':'webp'}]");
    assert_loaded(scene, &sample);
#ifdef CALO_HAVE_WEBP
    const char *expected = "webp";
#else
    const char *expected = "plain";
#endif
    const calo_material *material = &scene->materials[0];
    const calo_texture *first = &scene->textures[material->slots[CALO_SLOT_NORMAL].texture];
    const calo_texture *second = &scene->textures[material->slots[CALO_SLOT_EMISSIVE].texture];
    assert_string_equal(scene->images[first->image].name, expected);
    assert_string_equal(scene->images[second->image].name, "webp");
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* Over the limit a picture is halved: the mean of the four texels. */
static void test_large_picture(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    sample.limits.max_texture_pixels = 1;
    calo_scene *scene = load_material(&sample, "'normalTexture':{'index':0}");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->images[0].width, 1);
    assert_int_equal(scene->images[0].height, 1);
    assert_memory_equal(scene->images[0].pixels, ((uint8_t[]){128, 128, 128, 223}), 4);
    assert_int_equal(has_warning(scene, "large-texture"), 1);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

/* Pictures of materials that nothing wears are not read. */
static void test_unused_material(void **state)
{
    (void)state;
    gltf_sample sample = make_sample();
    calo_scene *scene = sample_load(&sample, MESHES ",'materials':[{},{'name':'spare','normalTexture':{'index':0}}],"
                                                    "'textures':[{'source':0}],'images':[{'bufferView':0}]");
    assert_loaded(scene, &sample);
    assert_int_equal(scene->material_count, 2);
    assert_string_equal(scene->materials[1].name, "spare");
    assert_int_equal(scene->image_count, 0);
    assert_int_equal(scene->warning_count, 0);
    calo_scene_destroy(scene);
    sample_finish(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_metallic_roughness),
        cmocka_unit_test(test_specular_glossiness),
        cmocka_unit_test(test_texture_transform),
        cmocka_unit_test(test_odd_values),
        cmocka_unit_test(test_samplers),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_linked_picture),
        cmocka_unit_test(test_webp_source),
        cmocka_unit_test(test_large_picture),
        cmocka_unit_test(test_unused_material),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
