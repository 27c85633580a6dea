#include <calotype/build.h>
#include <calotype/randomize.h>

#include "fuzz.h"

/* A triangle to randomize, with a material and a camera. */
static calo_scene *make_scene(void)
{
    static const float positions[] = {0, 0, 0, 1, 0, 0, 0, 1, 0}, uvs[] = {0, 0, 1, 0, 0, 1};
    static const uint32_t indices[] = {0, 1, 2};
    static calo_primitive triangle;
    calo_scene *scene = NULL;
    if (calo_scene_create("fuzz", NULL, &(calo_limits){.max_memory_bytes = 256u << 20}, &scene, NULL) != CALO_OK)
        return NULL;
    calo_material material = calo_material_default();
    material.name = "paint";
    triangle = (calo_primitive){.vertex_count = 3,
                                .index_count = 3,
                                .indices = indices,
                                .positions = positions,
                                .uvs = {uvs, NULL},
                                .material = calo_scene_add_material(scene, &material, NULL)};
    calo_node node = calo_node_default();
    node.name = "triangle";
    node.mesh = calo_scene_add_mesh(scene, &(calo_mesh){.primitive_count = 1, .primitives = &triangle}, NULL);
    calo_scene_add_node(scene, &node, NULL);
    node = calo_node_default();
    node.name = "eye";
    node.camera = calo_scene_add_camera(scene, &(calo_camera){.fov_y_radians = 1}, NULL);
    calo_scene_add_node(scene, &node, NULL);
    fuzz_check(calo_scene_seal(scene, NULL) == CALO_OK, "a triangle is a scene");
    return scene;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int lenient = 0; lenient < 2; lenient++) {
        calo_scene *scene = make_scene();
        calo_limits limits = {.max_file_bytes = 1 << 20, .max_memory_bytes = 256u << 20};
        /* Pictures are not read: no file stands in this folder. */
        calo_randomize_options options = {.lenient = lenient, .folder = "/nonexistent", .limits = &limits};
        calo_randomize_subject subject = {.scene = scene, .additions = scene};
        calo_randomizer *randomizer = NULL;
        calo_look *look = NULL;
        calo_error err = {0};
        if (!scene)
            return 0;
        calo_status status =
            calo_randomizer_create(&subject, (const char *)data, size, "fuzz", &options, &randomizer, &err);
        fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
        if (status == CALO_OK && calo_look_create(randomizer, &look, NULL) == CALO_OK)
            for (uint32_t seed = 0; seed < 2; seed++)
                if (calo_randomizer_draw(randomizer, seed, NULL, look, NULL) == CALO_OK && look->has_post)
                    fuzz_check(calo_post_check(&look->post, NULL) == CALO_OK, "what is drawn can be done");
        calo_look_destroy(look);
        calo_randomizer_destroy(randomizer);
        calo_scene_destroy(scene);
    }
    return 0;
}
