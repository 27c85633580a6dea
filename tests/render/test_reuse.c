/* calo_prepare_options.reuse: pictures are the same with and without it, things are shared, nothing is kept too long or
 * let go too early. */
#include "every_path.h"
#include "../resident.h"

#include <pthread.h>

#include "render/backend.h"
#include "render/cpu/scene.h"

enum { SIZE = 72, VIEWS = 2 };

/* ---- comparing ---- */

/* A series of prepared scenes, each of which reuses the one before. */
typedef struct series {
    calo_renderer *renderer;
    calo_prepared *last;
    calo_prepare_options options;
    calo_render_options drawing;
    bool is_cpu;
    int step;
} series;

static series open_series(const char *backend, float lod_pixels)
{
    series s = {0};
    calo_error err = {0};
    calo_renderer_options options = {.backend = backend, .threads = 2, .lod_pixels = lod_pixels};
    if (calo_renderer_create(&options, &s.renderer, &err) != CALO_OK)
        fail_msg("%s", err.message);
    s.is_cpu = strcmp(backend, "cpu") == 0;
    /* A software driver takes its time for each program: OpenGL draws with few. */
    s.drawing = (calo_render_options){.background = CALO_BACKGROUND_ENVIRONMENT, .samples = s.is_cpu ? 4 : 1};
    s.drawing.channels = s.is_cpu ? (1u << CALO_CHANNEL_COUNT) - 1 : TEST_BIT(COLOR) | TEST_BIT(DEPTH);
    return s;
}

static void close_series(series *s)
{
    calo_prepared_destroy(s->last);
    calo_renderer_destroy(s->renderer);
}

static calo_prepared *prepare(const series *s, const calo_pose *pose, const calo_prepared *reuse)
{
    calo_error err = {0};
    calo_prepared *prepared = NULL;
    calo_prepare_options options = s->options;
    options.reuse = reuse;
    if (calo_renderer_prepare(s->renderer, pose, &options, &prepared, &err) != CALO_OK)
        fail_msg("step %d: %s", s->step, err.message);
    return prepared;
}

static uint64_t hash_views(const series *s, const calo_prepared *prepared)
{
    calo_error err = {0};
    calo_frame frames[VIEWS];
    calo_view views[VIEWS];
    uint64_t hash = 0;
    for (int i = 0; i < VIEWS; i++) {
        views[i] = test_view(SIZE, 60, (double[3]){1.3 - 2 * i, -3, 1.4 + i}, (double[3]){0, 0, 0});
        assert_int_equal(calo_frame_init(&frames[i], SIZE, SIZE, s->drawing.channels, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    }
    if (calo_renderer_render(s->renderer, prepared, &s->drawing, views, VIEWS, frames, NULL, NULL, &err) != CALO_OK)
        fail_msg("step %d: %s", s->step, err.message);
    for (int i = 0; i < VIEWS; i++) {
        hash = hash * 31 + test_hash_frame(&frames[i]);
        calo_frame_finish(&frames[i]);
    }
    return hash;
}

/* Prepares the scene with what the last step had, which then goes, and compares with a fresh one. */
static uint64_t next_step(series *s, const calo_scene *scene, const calo_pose_options *posing)
{
    calo_error err = {0};
    calo_pose *pose = NULL;
    if (calo_pose_create(scene, posing, &pose, &err) != CALO_OK)
        fail_msg("%s", err.message);
    calo_prepared *reused = prepare(s, pose, s->last);
    calo_prepared_destroy(s->last);
    s->last = reused;
    calo_prepared *fresh = prepare(s, pose, NULL);
    calo_pose_destroy(pose);
    uint64_t hash = hash_views(s, fresh);
    if (hash_views(s, reused) != hash)
        fail_msg("%s: step %d differs from what a fresh scene shows", calo_renderer_backend(s->renderer), s->step);
    calo_prepared_destroy(fresh);
    s->step++;
    return hash;
}

static void on_backends(void (*check)(series *s))
{
    calo_backend_info infos[8];
    size_t count = calo_backend_list(infos, 8);
    for (size_t i = 0; i < count && i < 8; i++) {
        if (!infos[i].available)
            continue;
        series s = open_series(infos[i].name, 0);
        check(&s);
        close_series(&s);
    }
}

/* ---- scenes ---- */

enum { /* what is different */
    LESS_NODES = 1, OTHER_TEXTURE = 2, BLENDED = 4, EDGES = 8, NO_NORMAL_MAP = 16, OTHER_BALL = 32, OTHER_FILTER = 64,
    VARIANTS = 128,
};

static int32_t add_texture(test_scene *s, uint64_t identity, calo_texture sampler)
{
    int32_t texture = noise_texture(s, sampler);
    calo_scene_image *image = &s->scene->images[s->scene->textures[texture].image];
    image->identity = identity;
    if (identity == 22)
        for (uint32_t i = 0; i < 400; i++)
            ((uint8_t *)image->pixels)[i * 4] = (uint8_t)(i * 9);
    return texture;
}

static calo_primitive number(calo_primitive primitive, uint64_t identity)
{
    primitive.identity = identity;
    return primitive;
}

/* All arrays are the scene's own and go with it; what is the same in two scenes has the same number. */
static calo_scene *make_scene(uint32_t variant)
{
    static const float floor_corners[12] = {-3, -3, -1, 3, -3, -1, 3, 3, -1, -3, 3, -1};
    test_scene s = test_scene_start();
    calo_texture sampler = {.magnify = variant & OTHER_FILTER ? CALO_FILTER_NEAREST : CALO_FILTER_LINEAR};
    calo_material bumpy = calo_material_default(), plain = calo_material_default();
    test_use_texture(&bumpy, CALO_SLOT_BASE_COLOR, add_texture(&s, variant & OTHER_TEXTURE ? 22 : 21, sampler));
    if (!(variant & NO_NORMAL_MAP))
        test_use_texture(&bumpy, CALO_SLOT_NORMAL, add_texture(&s, 21, (calo_texture){0}));
    bumpy.wireframe = variant & EDGES;
    plain.alpha_mode = variant & BLENDED ? CALO_ALPHA_BLEND : CALO_ALPHA_OPAQUE;
    plain.base_color[3] = 0.5f;
    calo_mat4 places[3] = {moved(-0.8, 0, 0, 0.8), moved(0.8, 0, 0, 0.8), moved(0, 1.4, 0.4, 0.7)};
    calo_primitive bumpy_ball = number(test_sphere(&s, 24, test_material(&s, &bumpy)), 11);
    bool other = variant & OTHER_BALL;
    calo_primitive plain_ball = number(test_sphere(&s, other ? 9 : 30, test_material(&s, &plain)), other ? 13 : 12);
    calo_primitive ground = number(test_quad(&s, floor_corners, -1), 14);
    if (!(variant & LESS_NODES))
        test_node(&s, &ground, NULL);
    test_node(&s, &bumpy_ball, &places[0]);
    test_node(&s, &plain_ball, &places[1]);
    test_node(&s, &bumpy_ball, &places[2]);
    test_seal(&s);
    return s.scene;
}

/* ---- poses, lights and options of one scene ---- */

static calo_image make_picture(void)
{
    calo_image image;
    assert_int_equal(calo_image_init(&image, 16, 8, CALO_PIXEL_RGBA32F, NULL), CALO_OK);
    for (uint32_t i = 0; i < 16 * 8 * 4; i++)
        ((float *)image.data)[i] = 0.1f + 0.01f * (float)(i * 7 % 50);
    return image;
}

static void move_nodes(series *s)
{
    calo_scene *scene = s->is_cpu ? test_every_path() : make_scene(0);
    uint64_t hashes[5];
    for (int i = 0; i < 5; i++) {
        calo_node_override overrides[2] = {{.node = 1, .local = moved(0.2 * i, 0, 0.3, 0.5)},
                                           {.node = 3, .local = moved(-0.4, 0.1 * i, 0.1, 0.7)}};
        overrides[0].local.m[0][0] *= i == 2 ? -1 : 1; /* mirrored */
        overrides[1].local.m[2][2] *= i == 3 ? 4 : 1;  /* stretched */
        hashes[i] = next_step(s, scene, &(calo_pose_options){.overrides = overrides, .override_count = 2});
        assert_true(i == 0 || hashes[i] != hashes[i - 1]);
    }
    calo_prepared_destroy(s->last);
    s->last = NULL;
    calo_scene_destroy(scene);
}

static void moved_nodes_look_the_same(void **state)
{
    (void)state;
    on_backends(move_nodes);
}

/* Every option once, with what the options before had. */
static void change_options(series *s)
{
    calo_scene *scene = s->is_cpu ? test_every_path() : make_scene(0);
    calo_image picture = make_picture(), other = make_picture();
    calo_lighting dark = {.no_environment = true}, lamps = test_every_light(), shadows = test_every_shadow();
    calo_lighting pictures[4] = {{.environment = &picture}, {.environment = &picture, .environment_rotation_degrees = 70},
                                 {.environment = &picture, .environment_strength = 2}, {.environment = &other}};
    ((float *)other.data)[5] = 40;
    const calo_prepare_options all[] = {
        {0}, {.lighting = &dark}, {.lighting = &lamps}, {.lighting = &shadows}, {.lighting = &lamps, .flat = true},
        {.lighting = &pictures[0]}, {.lighting = &pictures[1]}, {.lighting = &pictures[2]}, {.lighting = &pictures[3]},
        {.lighting = &pictures[0]}, {.fill = CALO_FILL_FLIPPED}, {.fill = CALO_FILL_SOLID}, {.fill = CALO_FILL_WIREFRAME},
        {.normal_lines = CALO_NORMAL_LINES_VERTEX | CALO_NORMAL_LINES_FACE}, {.lighting = &shadows},
    };
    for (size_t i = s->is_cpu ? 0 : 5; i < sizeof all / sizeof all[0]; i++) {
        s->options = all[i];
        next_step(s, scene, NULL);
    }
    calo_prepared_destroy(s->last);
    s->last = NULL;
    calo_image_finish(&picture);
    calo_image_finish(&other);
    calo_scene_destroy(scene);
}

static void changed_options_look_the_same(void **state)
{
    (void)state;
    on_backends(change_options);
    series s = open_series("cpu", 2);
    change_options(&s);
    close_series(&s);
}

/* ---- scenes made anew ---- */

static void change_scenes(series *s)
{
    calo_scene *before = NULL;
    for (uint32_t i = 0; i < (s->is_cpu ? 24 : 10); i++) {
        uint32_t variant = i < 8 ? 1u << i >> 1 : i * 37 % VARIANTS;
        calo_scene *scene = make_scene(variant);
        next_step(s, scene, NULL);
        calo_scene_destroy(before); /* what is shared must not need it */
        if (before)
            hash_views(s, s->last);
        before = scene;
    }
    calo_prepared_destroy(s->last);
    s->last = NULL;
    calo_scene_destroy(before);
}

static void changed_scenes_look_the_same(void **state)
{
    (void)state;
    on_backends(change_scenes);
    series s = open_series("cpu", 2);
    change_scenes(&s);
    close_series(&s);
}

/* ---- what is shared ---- */

static const calo_cpu_scene *inside(const calo_prepared *prepared) { return prepared->scene; }

static const void *vertices_of(const calo_prepared *prepared, uint32_t draw)
{
    return inside(prepared)->draws[draw].geometry->vertices;
}

static const void *texels_of(const calo_prepared *prepared, uint32_t texture)
{
    return inside(prepared)->textures[texture].texels;
}

static calo_prepared *prepare_scene(const series *s, const calo_scene *scene, const calo_prepared *reuse)
{
    calo_pose *pose = NULL;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    calo_prepared *prepared = prepare(s, pose, reuse);
    calo_pose_destroy(pose);
    return prepared;
}

static void only_what_is_the_same_is_shared(void **state)
{
    (void)state;
    series s = open_series("cpu", 0);
    calo_scene *first_scene = make_scene(0), *second_scene = make_scene(OTHER_BALL | OTHER_TEXTURE);
    calo_prepared *first = prepare_scene(&s, first_scene, NULL), *again = prepare_scene(&s, first_scene, first);
    calo_prepared *second = prepare_scene(&s, second_scene, again);
    for (uint32_t d = 0; d < 4; d++)
        assert_ptr_equal(vertices_of(first, d), vertices_of(again, d));
    assert_ptr_equal(vertices_of(first, 1), vertices_of(first, 3)); /* two nodes of one ball */
    assert_ptr_equal(vertices_of(first, 0), vertices_of(second, 0));
    assert_ptr_equal(vertices_of(first, 1), vertices_of(second, 1));
    assert_ptr_not_equal(vertices_of(first, 2), vertices_of(second, 2));
    assert_ptr_not_equal(texels_of(first, 0), texels_of(second, 0));
    assert_ptr_equal(texels_of(first, 1), texels_of(second, 1));
    assert_ptr_equal(inside(first)->srgb_table, inside(second)->srgb_table);
    assert_ptr_equal(inside(first)->draw_of_block, inside(again)->draw_of_block);
    calo_prepared_destroy(first);
    calo_prepared_destroy(again);
    calo_scene_destroy(first_scene);
    hash_views(&s, second);
    calo_prepared_destroy(second);
    calo_scene_destroy(second_scene);
    close_series(&s);
}

/* Without numbers only a scene's own things are the same; and a number that lies about sizes is no harm. */
static void other_scenes_are_other_scenes(void **state)
{
    (void)state;
    series s = open_series("cpu", 0);
    calo_scene *scenes[2] = {make_scene(0), make_scene(OTHER_BALL)};
    calo_primitive *balls[2] = {(calo_primitive *)scenes[0]->meshes[2].primitives,
                                (calo_primitive *)scenes[1]->meshes[2].primitives};
    balls[1]->identity = balls[0]->identity;
    ((calo_primitive *)scenes[0]->meshes[0].primitives)->identity = 0;
    ((calo_primitive *)scenes[1]->meshes[0].primitives)->identity = 0;
    calo_prepared *first = prepare_scene(&s, scenes[0], NULL), *second = prepare_scene(&s, scenes[1], first);
    assert_ptr_not_equal(vertices_of(first, 0), vertices_of(second, 0));
    assert_ptr_not_equal(vertices_of(first, 2), vertices_of(second, 2));
    calo_prepared_destroy(first);
    calo_prepared_destroy(second);
    calo_scene_destroy(scenes[0]);
    calo_scene_destroy(scenes[1]);
    close_series(&s);
}

static void limits_hold_for_what_is_shared(void **state)
{
    (void)state;
    series s = open_series("cpu", 0);
    calo_scene *scene = make_scene(0);
    calo_pose *pose = NULL;
    calo_error err = {0};
    calo_prepared *first = prepare_scene(&s, scene, NULL), *second = NULL;
    calo_limits tight = {.max_memory_bytes = inside(first)->arena.used_bytes - 1};
    calo_prepare_options options = {.limits = &tight, .reuse = first};
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    for (int reuses = 0; reuses < 2; reuses++) {
        options.reuse = reuses ? first : NULL;
        tight.max_memory_bytes = inside(first)->arena.used_bytes - 1;
        assert_int_equal(calo_renderer_prepare(s.renderer, pose, &options, &second, &err), CALO_ERROR_LIMIT);
        assert_null(second);
        tight.max_memory_bytes++;
        assert_int_equal(calo_renderer_prepare(s.renderer, pose, &options, &second, &err), CALO_OK);
        calo_prepared_destroy(second);
    }
    calo_pose_destroy(pose);
    calo_prepared_destroy(first);
    calo_scene_destroy(scene);
    close_series(&s);
}

static void refuse_foreign(series *s)
{
    if (s->is_cpu)
        return;
    series cpu = open_series("cpu", 0);
    calo_scene *scene = make_scene(0);
    calo_pose *pose = NULL;
    calo_error err = {0};
    calo_prepared *first = prepare_scene(&cpu, scene, NULL), *second = NULL;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_int_equal(calo_renderer_prepare(s->renderer, pose, &(calo_prepare_options){.reuse = first}, &second, &err),
                     CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "cpu"));
    calo_pose_destroy(pose);
    calo_prepared_destroy(first);
    calo_scene_destroy(scene);
    close_series(&cpu);
}

static void scenes_of_another_backend_are_refused(void **state)
{
    (void)state;
    on_backends(refuse_foreign);
}

/* ---- several threads ---- */

enum { THREADS = 4, THREAD_FRAMES = 40 };

typedef struct sharer {
    pthread_t thread;
    const calo_scene *scene;
    const calo_prepared *first;
    uint64_t hash;
} sharer;

/* A renderer of its own, poses of its own, and the things of all. */
static void *share(void *argument)
{
    sharer *own = argument;
    series s = open_series("cpu", 0);
    for (int i = 0; i < THREAD_FRAMES; i++) {
        calo_prepared *next = prepare_scene(&s, own->scene, i % 3 && s.last ? s.last : own->first);
        calo_prepared_destroy(s.last);
        s.last = next;
    }
    own->hash = hash_views(&s, s.last);
    close_series(&s);
    return NULL;
}

static void threads_share_at_the_same_time(void **state)
{
    (void)state;
    series s = open_series("cpu", 0);
    calo_scene *scene = make_scene(0);
    calo_prepared *first = prepare_scene(&s, scene, NULL);
    sharer sharers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        sharers[i] = (sharer){.scene = scene, .first = first};
        assert_int_equal(pthread_create(&sharers[i].thread, NULL, share, &sharers[i]), 0);
    }
    uint64_t hash = hash_views(&s, first);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(sharers[i].thread, NULL);
        assert_true(sharers[i].hash == hash);
    }
    const calo_shared_list *list = &inside(first)->shared;
    for (uint32_t i = 0; i < list->count; i++)
        assert_int_equal(list->things[i]->holders, 1);
    calo_prepared_destroy(first);
    calo_scene_destroy(scene);
    close_series(&s);
}

/* ---- many frames ---- */

static void run_frames(series *s, int count)
{
    calo_scene *scene = make_scene(0);
    for (int i = 0; i < count; i++) {
        calo_mat4 root = moved(0.001 * i, 0, 0, 1);
        calo_pose *pose = NULL;
        assert_int_equal(calo_pose_create(scene, &(calo_pose_options){.root = &root}, &pose, NULL), CALO_OK);
        calo_prepared *next = prepare(s, pose, s->last);
        calo_prepared_destroy(s->last);
        s->last = next;
        calo_pose_destroy(pose);
    }
    calo_prepared_destroy(s->last);
    s->last = NULL;
    calo_scene_destroy(scene);
}

/* Frames that each reuse the one before, and scenes by the hundred. */
static void keep_memory_flat(series *s)
{
    enum { ALLOWED_KIB = 1024 };
    int frames = s->is_cpu ? 30000 : 1000;
    frames /= TEST_SANITIZED ? 20 : 1;
    run_frames(s, frames / 4);
    long before = test_resident_kib();
    run_frames(s, frames);
    for (int i = 0; i < 50; i++)
        run_frames(s, 2);
    long grown = test_resident_kib() - before;
    if (!TEST_SANITIZED && grown > ALLOWED_KIB)
        fail_msg("%s: %d frames left %ld KiB behind", calo_renderer_backend(s->renderer), frames, grown);
}

static void memory_stays_flat(void **state)
{
    (void)state;
    on_backends(keep_memory_flat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_nodes_look_the_same),
        cmocka_unit_test(changed_options_look_the_same),
        cmocka_unit_test(changed_scenes_look_the_same),
        cmocka_unit_test(only_what_is_the_same_is_shared),
        cmocka_unit_test(other_scenes_are_other_scenes),
        cmocka_unit_test(limits_hold_for_what_is_shared),
        cmocka_unit_test(scenes_of_another_backend_are_refused),
        cmocka_unit_test(threads_share_at_the_same_time),
        cmocka_unit_test(memory_stays_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
