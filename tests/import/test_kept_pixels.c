/* Textures from the cache: the same scene and sentences as without, whatever lies in the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "encode/encode.h"
#include "import/kept_pixels.h"
#include "import/textures.h"
#include "same_pictures.h"
#include "scene/build.h"

enum { PICTURES = 4, SMALL = 0, HALVED = 2, BROKEN = 3, MAX_SIDE = 300 };
static const uint32_t sides[PICTURES] = {8, 200, 401, 200};

typedef struct fixture {
    char folder[64];
    calo_cache *cache;
    calo_blob files[PICTURES];
} fixture;

static fixture *make(void)
{
    fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/calotype-kept-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(calo_cache_open(f->folder, 0, &f->cache, NULL), CALO_OK);
    for (uint32_t i = 0; i < PICTURES; i++) {
        calo_image image;
        assert_int_equal(calo_image_init(&image, sides[i], sides[i], CALO_PIXEL_RGBA8, NULL), CALO_OK);
        for (size_t byte = 0; byte < 4 * (size_t)sides[i] * sides[i]; byte++)
            ((uint8_t *)image.data)[byte] = (uint8_t)(byte * byte * 7 + i);
        assert_int_equal(calo_encode_png(&image, &f->files[i], NULL), CALO_OK);
        calo_image_finish(&image);
    }
    f->files[BROKEN].bytes[60] ^= 0x55;
    return f;
}

static void finish(fixture *f)
{
    for (int i = 0; i < PICTURES; i++)
        calo_blob_finish(&f->files[i]);
    calo_cache_close(f->cache);
    calo_folder_remove(f->folder);
    free(f);
}

static calo_limits limits_of(uint32_t max_side, uint64_t max_memory_bytes)
{
    calo_limits limits = {.max_memory_bytes = max_memory_bytes, .max_texture_pixels = max_side};
    return calo_limits_resolve(&limits);
}

static calo_status load(const fixture *f, calo_cache *cache, const calo_limits *limits, uint32_t threads,
                        calo_scene **scene, calo_error *err)
{
    calo_texture_loader *loader = NULL;
    calo_import_source source = {.path = "asset.glb", .limits = *limits, .threads = threads, .cache = cache};
    assert_int_equal(calo_scene_create("asset.glb", "glb", limits, scene, err), CALO_OK);
    assert_int_equal(calo_texture_loader_create(&source, *scene, &loader, err), CALO_OK);
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(calo_texture_loader_add_bytes(loader, "picture", f->files[i].bytes, f->files[i].size, err), i);
    calo_status status = calo_texture_loader_decode(loader, err);
    calo_texture_loader_destroy(loader);
    return status;
}

static calo_scene *loaded(const fixture *f, calo_cache *cache, uint32_t max_side)
{
    calo_limits limits = limits_of(max_side, 0);
    calo_error err = {0};
    calo_scene *scene;
    if (load(f, cache, &limits, 2, &scene, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return scene;
}

static void assert_loads_as(const fixture *f, uint32_t max_side, const calo_scene *expected)
{
    calo_scene *scene = loaded(f, f->cache, max_side);
    assert_same_pictures(scene, expected);
    calo_scene_destroy(scene);
}

static void cold_and_warm_are_as_without(void **state)
{
    (void)state;
    fixture *f = make();
    calo_scene *plain = loaded(f, NULL, MAX_SIDE), *larger = loaded(f, NULL, 0);
    assert_int_equal(plain->warning_count, 2); /* the large one and the broken one */
    assert_int_equal(plain->images[HALVED].width, 200);
    assert_true(plain->images[BROKEN].missing);
    assert_null(plain->images[1].content_key);
    for (int round = 0; round < 3; round++) {
        assert_loads_as(f, MAX_SIDE, plain);
        assert_loads_as(f, 0, larger); /* the limits are part of the key */
    }
    calo_scene *scene = loaded(f, f->cache, MAX_SIDE);
    assert_non_null(scene->images[1].content_key);
    assert_null(scene->images[BROKEN].content_key);
    assert_memory_not_equal(scene->images[1].content_key, scene->images[2].content_key, 32);
    calo_scene_destroy(scene);
    calo_scene_destroy(plain);
    calo_scene_destroy(larger);
    finish(f);
}

/* Other texels under the picture's key are what is seen: it is not decoded. */
static void a_kept_picture_is_not_decoded(void **state)
{
    (void)state;
    fixture *f = make();
    calo_limits limits = limits_of(MAX_SIDE, 0);
    for (int i = 0; i < PICTURES; i++) {
        calo_image image;
        assert_int_equal(calo_image_init(&image, 200, 200, CALO_PIXEL_RGBA8, NULL), CALO_OK);
        memset(image.data, 17, 4 * 200 * 200);
        calo_sha256 key = calo_kept_pixels_key(f->files[i].bytes, f->files[i].size, &limits);
        calo_kept_pixels_put(f->cache, &key, i == HALVED ? 401 : 200, i == HALVED ? 401 : 200, &image);
        calo_image_finish(&image);
    }
    calo_scene *scene = loaded(f, f->cache, MAX_SIDE);
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(scene->images[i].pixels[4 * 200 * 200 - 1], 17);
    assert_int_equal(scene->warning_count, 1); /* the large one still is */
    calo_scene_destroy(scene);
    finish(f);
}

/* Entries whose size is not what they say are as good as none, and are replaced. */
static void forged_sizes_are_seen(void **state)
{
    (void)state;
    static const uint32_t forged[][2] = {{0, 0},     {200, 0},   {0, 200},           {200, 201},  {100, 400},
                                         {401, 401}, {199, 200}, {65536, 1},         {1, 65536},  {UINT32_MAX, UINT32_MAX},
                                         {1, 1},     {65535, 65535}};
    fixture *f = make();
    calo_limits limits = limits_of(MAX_SIDE, 0);
    calo_scene *plain = loaded(f, NULL, MAX_SIDE);
    calo_sha256 key = calo_kept_pixels_key(f->files[1].bytes, f->files[1].size, &limits);
    uint8_t *texels = calloc(1, 4 * 200 * 200);
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        calo_cache_part parts[2] = {{forged[i], sizeof forged[i]}, {texels, 4 * 200 * 200}};
        bool fits = forged[i][0] == 401; /* halved it is 200 x 200: a lie that nobody can see, and no harm */
        calo_cache_put(f->cache, &key, parts, 2);
        calo_kept_pixels kept;
        bool found = calo_kept_pixels_find(f->cache, &key, &limits, &kept);
        calo_cache_entry_finish(&kept.entry);
        assert_int_equal(found, fits);
        if (!fits)
            assert_loads_as(f, MAX_SIDE, plain);
    }
    calo_cache_part nothing = {texels, 0};
    calo_cache_put(f->cache, &key, &nothing, 1);
    assert_loads_as(f, MAX_SIDE, plain);
    free(texels);
    calo_scene_destroy(plain);
    finish(f);
}

static void the_memory_limit_is_the_same(void **state)
{
    (void)state;
    fixture *f = make();
    int failures = 0;
    for (uint64_t bytes = 100000; bytes < 1500000; bytes += 50000) {
        calo_limits limits = limits_of(MAX_SIDE, bytes);
        calo_error plain = {0}, cold = {0}, warm = {0};
        calo_scene *scenes[3];
        calo_status status = load(f, NULL, &limits, 1, &scenes[0], &plain);
        assert_int_equal(load(f, f->cache, &limits, 1, &scenes[1], &cold), status);
        assert_int_equal(load(f, f->cache, &limits, 1, &scenes[2], &warm), status);
        for (int i = 0; i < 3; i++)
            calo_scene_destroy(scenes[i]);
        assert_string_equal(cold.message, plain.message);
        assert_string_equal(warm.message, plain.message);
        failures += status == CALO_ERROR_LIMIT;
    }
    assert_in_range(failures, 5, 20);
    finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cold_and_warm_are_as_without),
        cmocka_unit_test(a_kept_picture_is_not_decoded),
        cmocka_unit_test(forged_sizes_are_seen),
        cmocka_unit_test(the_memory_limit_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
