/* Mip chains from the cache: the same pictures, and no harm from forged ones. */
#include "scenes.h"

#include <dirent.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"

enum { SIDE = 200, SIZE = 64 };

static char folder[64];
static calo_cache *cache;

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/calotype-mips-XXXXXX");
    return mkdtemp(folder) && calo_cache_open(folder, 0, &cache, NULL) == CALO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    calo_cache_close(cache);
    calo_folder_remove(folder);
    return 0;
}

/* A sphere with one picture as colour, normals and roughness; wrap and mip maps as asked for. */
static calo_scene *make_scene(calo_texture sampler, uint8_t shade, bool keyed)
{
    static uint8_t texels[4 * SIDE * SIDE];
    static const uint8_t keys[2][32] = {"picture one", "picture two"};
    for (size_t i = 0; i < sizeof texels; i++)
        texels[i] = (uint8_t)(i % 4 == 3 ? 255 : (i * i >> 9) + shade);
    test_scene s = test_scene_start();
    int32_t texture = test_texture(&s, SIDE, SIDE, texels, sampler);
    s.scene->images[0].content_key = keyed ? keys[shade != 0] : NULL;
    calo_material material = calo_material_default();
    test_use_texture(&material, CALO_SLOT_BASE_COLOR, texture);
    test_use_texture(&material, CALO_SLOT_NORMAL, texture);
    test_use_texture(&material, CALO_SLOT_METALLIC_ROUGHNESS, texture);
    calo_primitive sphere = test_sphere(&s, 12, test_material(&s, &material));
    test_node(&s, &sphere, NULL);
    test_seal(&s);
    return s.scene;
}

static calo_frame render(const calo_scene *scene, calo_cache *with)
{
    const calo_render_options options = {.channels = TEST_BIT(COLOR) | TEST_BIT(NORMAL) | TEST_BIT(METAL_ROUGHNESS),
                                         .samples = 4};
    const calo_renderer_options on = {.backend = "cpu", .threads = 1, .cache = with};
    calo_view view = test_view(SIZE, 60, (double[3]){2, -1, 0.5}, (double[3]){0, 0, 0});
    calo_error err = {0};
    calo_pose *pose = NULL;
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    calo_frame frame = {0};
    if (calo_pose_create(scene, NULL, &pose, &err) != CALO_OK ||
        calo_renderer_create(&on, &renderer, &err) != CALO_OK ||
        calo_renderer_prepare(renderer, pose, NULL, &prepared, &err) != CALO_OK ||
        calo_frame_init(&frame, SIZE, SIZE, options.channels, CALO_PIXEL_RGBA8, &err) != CALO_OK ||
        calo_renderer_render(renderer, prepared, &options, &view, 1, &frame, NULL, NULL, &err) != CALO_OK)
        fail_msg("%s", err.message);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_pose_destroy(pose);
    return frame;
}

static bool same(const calo_frame *a, const calo_frame *b)
{
    bool equal = true;
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (a->planes[c].data)
            equal &= memcmp(a->planes[c].data, b->planes[c].data, a->planes[c].row_bytes * SIZE) == 0;
    return equal;
}

static bool renders_as(const calo_scene *scene, const calo_frame *expected)
{
    calo_frame frame = render(scene, cache);
    bool equal = same(&frame, expected);
    calo_frame_finish(&frame);
    return equal;
}

static size_t entry_count(void)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *item; (item = readdir(dir));)
        count += strstr(item->d_name, ".calo") != NULL;
    closedir(dir);
    return count;
}

static void pictures_are_the_same(void **state)
{
    (void)state;
    static const calo_texture samplers[] = {
        {0},
        {.wrap_u = CALO_WRAP_CLAMP},
        {.wrap_v = CALO_WRAP_MIRROR},
        {.no_mipmaps = true},
        {.minify = CALO_FILTER_NEAREST, .magnify = CALO_FILTER_NEAREST}, /* of the look-up: the same chain as {0} */
    };
    calo_scene *scenes[10];
    calo_frame plain[10];
    for (int i = 0; i < 10; i++) {
        scenes[i] = make_scene(samplers[i % 5], i < 5 ? 0 : 90, true);
        plain[i] = render(scenes[i], NULL);
    }
    assert_false(same(&plain[0], &plain[5]));
    assert_false(same(&plain[0], &plain[3]));
    assert_int_equal(entry_count(), 0);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 10; i++)
            assert_true(renders_as(scenes[i], &plain[i]));
    assert_int_equal(entry_count(), 2 * 4 * 2); /* pictures, chains, linear and as colour */
    for (int i = 0; i < 10; i++) {
        calo_frame_finish(&plain[i]);
        calo_scene_destroy(scenes[i]);
    }
}

static void an_unknown_picture_is_not_kept(void **state)
{
    (void)state;
    calo_scene *scene = make_scene((calo_texture){0}, 0, false);
    calo_frame plain = render(scene, NULL);
    assert_true(renders_as(scene, &plain));
    assert_int_equal(entry_count(), 0);
    calo_frame_finish(&plain);
    calo_scene_destroy(scene);
}

/* Puts other content under the keys of all entries. `bytes_more` is added to the size. */
static void forge(uint32_t seed, int bytes_more)
{
    calo_random random = {seed};
    DIR *dir = opendir(folder);
    for (struct dirent *item; (item = readdir(dir));) {
        calo_sha256 key;
        if (!strstr(item->d_name, ".calo"))
            continue;
        for (int i = 0; i < 32; i++)
            sscanf(item->d_name + 2 * i, "%2hhx", &key.bytes[i]);
        calo_cache_entry entry;
        assert_true(calo_cache_find(cache, &key, &entry));
        size_t size = entry.size + (size_t)bytes_more;
        calo_cache_entry_finish(&entry);
        uint8_t *texels = malloc(size);
        for (size_t i = 0; i < size; i++)
            texels[i] = (uint8_t)(seed ? calo_random_next(&random) : 255);
        calo_cache_put(cache, &key, &(calo_cache_part){texels, size}, 1);
        free(texels);
    }
    closedir(dir);
}

static void forged_texels_do_no_harm(void **state)
{
    (void)state;
    calo_scene *scene = make_scene((calo_texture){0}, 0, true);
    calo_frame plain = render(scene, NULL);
    assert_true(renders_as(scene, &plain));
    assert_int_equal(entry_count(), 2);
    for (int more = -64; more <= 64; more += 128) {
        forge(1, more);
        assert_true(renders_as(scene, &plain)); /* of another size: not taken, and replaced */
    }
    for (uint32_t seed = 0; seed < 4; seed++) {
        forge(seed, 0);
        assert_false(renders_as(scene, &plain)); /* taken: the chain was not made again */
    }
    calo_frame_finish(&plain);
    calo_scene_destroy(scene);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(pictures_are_the_same),
        TEST(an_unknown_picture_is_not_kept),
        TEST(forged_texels_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
