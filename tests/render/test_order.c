/* Meshes whose triangles lie in disorder are sorted, others are left alone; nobody sees a difference. */
#include "scenes.h"

#include "render/cpu/scene.h"

enum { RINGS = 120 };

static void swap_triangles(uint32_t *a, uint32_t *b)
{
    for (int k = 0; k < 3; k++) {
        uint32_t held = a[k];
        a[k] = b[k];
        b[k] = held;
    }
}

/* A sphere, its triangles in rows or in random order. */
static calo_scene *make_scene(bool shuffled, calo_alpha_mode alpha_mode)
{
    test_scene s = test_scene_start();
    calo_material material = calo_material_default();
    material.alpha_mode = alpha_mode;
    material.base_color[3] = 0.6f;
    calo_primitive sphere = test_sphere(&s, RINGS, test_material(&s, &material));
    uint32_t *indices = test_copy(&s, sphere.indices, sphere.index_count * sizeof *indices);
    calo_random random = {7};
    for (uint64_t last = sphere.index_count / 3; shuffled && last > 1; last--)
        swap_triangles(indices + 3 * (last - 1), indices + 3 * (calo_random_next(&random) % last));
    sphere.indices = indices;
    test_node(&s, &sphere, NULL);
    test_seal(&s);
    return s.scene;
}

/* How many triangles the renderer has moved. */
static uint32_t count_moved(const calo_scene *scene)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    void *pointer = NULL;
    calo_limits limits = calo_limits_resolve(NULL);
    calo_lighting lighting = {.environment_strength = 1, .environment_color = {1, 1, 1}};
    uint32_t moved = 0;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, &err), CALO_OK);
    calo_prepare_options prepare = {.lighting = &lighting, .limits = &limits};
    calo_backend_options options = {.threads = 1};
    assert_int_equal(calo_cpu_scene_prepare(pose, &prepare, &options, NULL, &pointer, &err), CALO_OK);
    const calo_cpu_draw *draw = &((const calo_cpu_scene *)pointer)->draws[0];
    for (uint32_t t = 0; t < draw->element_count; t++)
        moved += memcmp(draw->geometry->indices + 3 * t, draw->shared.primitive->indices + 3 * t, 12) != 0;
    calo_cpu_scene_release(pointer);
    calo_pose_destroy(pose);
    return moved;
}

static void only_disorder_is_sorted(void **state)
{
    (void)state;
    calo_scene *tidy = make_scene(false, CALO_ALPHA_OPAQUE), *untidy = make_scene(true, CALO_ALPHA_OPAQUE);
    calo_scene *layers = make_scene(true, CALO_ALPHA_BLEND);
    assert_int_equal(count_moved(tidy), 0);
    assert_true(count_moved(untidy) > RINGS * RINGS * 3);
    /* Layers of equal depth are laid over one another in the file's order. */
    assert_int_equal(count_moved(layers), 0);
    calo_scene_destroy(tidy);
    calo_scene_destroy(untidy);
    calo_scene_destroy(layers);
}

static void order_does_not_show(void **state)
{
    (void)state;
    calo_scene *scenes[2] = {make_scene(false, CALO_ALPHA_OPAQUE), make_scene(true, CALO_ALPHA_OPAQUE)};
    for (uint32_t samples = 1; samples <= 4; samples += 3)
        for (int v = 0; v < 4; v++) {
            const double position[3] = {2.5 - v, 1.9 * v - 2, 0.4 + 0.7 * v};
            calo_view view = test_view(150, v == 3 ? 15 : 50, position, (double[3]){0, 0, 0});
            calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = samples};
            calo_frame frames[2];
            for (int i = 0; i < 2; i++)
                frames[i] = test_render(scenes[i], NULL, &options, &view);
            for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
                const calo_image *a = &frames[0].planes[c], *b = &frames[1].planes[c];
                for (uint32_t y = 0; y < a->height; y++)
                    assert_memory_equal((const char *)a->data + y * a->row_bytes, (const char *)b->data + y * b->row_bytes,
                                        a->width * calo_pixel_bytes(a->format));
            }
            calo_frame_finish(&frames[0]);
            calo_frame_finish(&frames[1]);
        }
    calo_scene_destroy(scenes[0]);
    calo_scene_destroy(scenes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_disorder_is_sorted),
        cmocka_unit_test(order_does_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
