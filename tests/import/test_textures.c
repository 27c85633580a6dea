/* The texture loader: the same scene, warnings and sentences whichever thread is first, within the memory limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "encode/encode.h"
#include "import/textures.h"
#include "same_pictures.h"
#include "scene/build.h"

enum { PICTURES = 12, BROKEN = 5, LARGE = 8, LARGE_SIDE = 96, MAX_SIDE = 64 };

typedef struct pictures {
    calo_blob files[PICTURES];
    size_t texel_bytes; /* of those that are good, after halving */
} pictures;

static uint32_t side_of(int index) { return index == LARGE ? LARGE_SIDE : 10u + 4u * (uint32_t)index; }

static pictures make_pictures(void)
{
    pictures made = {0};
    for (int i = 0; i < PICTURES; i++) {
        calo_image image;
        uint32_t side = side_of(i);
        assert_int_equal(calo_image_init(&image, side, side, CALO_PIXEL_RGBA8, NULL), CALO_OK);
        for (size_t byte = 0; byte < 4 * (size_t)side * side; byte++)
            ((uint8_t *)image.data)[byte] = (uint8_t)(byte * byte * 7 + (size_t)i);
        assert_int_equal(calo_encode_png(&image, &made.files[i], NULL), CALO_OK);
        calo_image_finish(&image);
        uint32_t kept = side > MAX_SIDE ? side / 2 : side;
        made.texel_bytes += i == BROKEN ? 0 : 4 * (size_t)kept * kept;
    }
    made.files[BROKEN].bytes[60] ^= 0x55;
    return made;
}

static void finish_pictures(pictures *made)
{
    for (int i = 0; i < PICTURES; i++)
        calo_blob_finish(&made->files[i]);
}

static calo_status load(const pictures *made, uint32_t threads, uint64_t max_memory_bytes, calo_scene **scene,
                        calo_error *err)
{
    calo_texture_loader *loader = NULL;
    calo_limits limits = {.max_memory_bytes = max_memory_bytes, .max_texture_pixels = MAX_SIDE};
    calo_import_source source = {.path = "asset.glb", .limits = calo_limits_resolve(&limits), .threads = threads};
    assert_int_equal(calo_scene_create("asset.glb", "glb", &limits, scene, err), CALO_OK);
    assert_int_equal(calo_texture_loader_create(&source, *scene, &loader, err), CALO_OK);
    for (int i = 0; i < PICTURES; i++) {
        char name[] = "picture a";
        name[8] = (char)('a' + i);
        assert_int_equal(calo_texture_loader_add_bytes(loader, name, made->files[i].bytes, made->files[i].size, err),
                         i);
    }
    calo_status status = calo_texture_loader_decode(loader, err);
    calo_texture_loader_destroy(loader);
    return status;
}

static void any_number_of_threads_gives_the_same(void **state)
{
    (void)state;
    pictures made = make_pictures();
    calo_scene *expected;
    calo_error err = {0};
    assert_int_equal(load(&made, 1, 0, &expected, &err), CALO_OK);
    assert_int_equal(expected->warning_count, 2);
    assert_string_equal(expected->warnings[0].id, "bad-texture");
    assert_non_null(strstr(expected->warnings[0].message, "picture f"));
    assert_string_equal(expected->warnings[1].id, "large-texture");
    assert_true(expected->images[BROKEN].missing);
    assert_int_equal(expected->images[BROKEN].width, 1);
    assert_int_equal(expected->images[LARGE].width, LARGE_SIDE / 2);
    assert_int_equal(expected->images[0].pixels[5], (uint8_t)(5 * 5 * 7));
    for (uint32_t threads = 2; threads < 9; threads += 3)
        for (int round = 0; round < 5; round++) {
            calo_scene *scene;
            assert_int_equal(load(&made, threads, 0, &scene, &err), CALO_OK);
            assert_same_pictures(scene, expected);
            calo_scene_destroy(scene);
        }
    calo_scene_destroy(expected);
    finish_pictures(&made);
}

/* The pictures count together, before they are decoded; what a broken or halved one took is given back. */
static void the_sum_keeps_the_memory_limit(void **state)
{
    (void)state;
    enum { SCENE_BYTES = 20000, RECORD_BYTES = 1000 };
    pictures made = make_pictures();
    calo_scene *scene;
    calo_error err = {0};
    uint64_t most = made.texel_bytes + 4 * LARGE_SIDE * LARGE_SIDE + SCENE_BYTES;
    assert_int_equal(load(&made, 1, most, &scene, &err), CALO_OK);
    assert_true(calo_scene_arena(scene)->used_bytes >= made.texel_bytes);
    assert_true(calo_scene_arena(scene)->used_bytes < made.texel_bytes + SCENE_BYTES);
    calo_scene_destroy(scene);
    for (uint32_t threads = 1; threads < 4; threads++) {
        assert_int_equal(load(&made, threads, made.texel_bytes + RECORD_BYTES, &scene, &err), CALO_ERROR_LIMIT);
        char expected[200];
        snprintf(expected, sizeof expected,
                 "asset.glb: its textures pass the memory limit of %zu bytes: raise it with --max-memory",
                 made.texel_bytes + RECORD_BYTES);
        assert_string_equal(err.message, expected);
        calo_scene_destroy(scene);
    }
    finish_pictures(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(the_sum_keeps_the_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
