/* calotype's own components: what they draw is within their ranges, is kept, and depends on nothing but seed and name.
 */
#include <calotype/build.h>
#include <calotype/randomize.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/linear.h"
#include "randomize/component.h"

/* A square of two by two metres at the height of one, with texture coordinates on one half. */
static const float positions[] = {-1, -1, 1, 1, -1, 1, 1, 1, 1, -1, 1, 1};
static const float uvs[] = {0, 0, 1, 0, 1, 1, 0, 1};
static const uint32_t indices[] = {0, 1, 2, 0, 2, 3};

static calo_scene *make_scene(void)
{
    calo_scene *scene;
    assert_int_equal(calo_scene_create("square", NULL, NULL, &scene, NULL), CALO_OK);
    calo_material paint = calo_material_default(), plain = calo_material_default();
    paint.name = "red paint";
    plain.name = "plain";
    for (int c = 1; c < 3; c++)
        paint.base_color[c] = 0;
    static calo_primitive parts[2];
    parts[0] = (calo_primitive){.vertex_count = 4,
                                .index_count = 6,
                                .indices = indices,
                                .positions = positions,
                                .uvs = {uvs, NULL},
                                .material = calo_scene_add_material(scene, &paint, NULL)};
    parts[1] = parts[0];
    parts[1].uvs[0] = NULL;
    parts[1].material = calo_scene_add_material(scene, &plain, NULL);
    calo_node node = calo_node_default(), eye = calo_node_default();
    node.name = "square";
    node.mesh =
        calo_scene_add_mesh(scene, &(calo_mesh){.name = "square", .primitive_count = 2, .primitives = parts}, NULL);
    assert_true(calo_scene_add_node(scene, &node, NULL) >= 0);
    eye.name = "eye";
    eye.translation[2] = 5;
    eye.camera = calo_scene_add_camera(scene, &(calo_camera){.name = "eye", .fov_y_radians = 1}, NULL);
    assert_true(calo_scene_add_node(scene, &eye, NULL) >= 0);
    assert_int_equal(calo_scene_seal(scene, NULL), CALO_OK);
    return scene;
}

typedef struct table {
    calo_scene *scene;
    calo_randomizer *randomizer;
    calo_look *look;
} table;

static calo_status try_create(table *t, const char *components, bool lenient, calo_error *err)
{
    char *json = calo_text_format("{\"calotype\": 1, \"components\": [%s]}", components);
    t->scene = make_scene();
    t->look = NULL;
    calo_randomize_subject subject = {.scene = t->scene, .additions = t->scene};
    calo_randomize_options options = {.lenient = lenient, .folder = getenv("CALOTYPE_SOURCE_ROOT")};
    calo_status status = calo_randomizer_create(&subject, json, strlen(json), "test", &options, &t->randomizer, err);
    free(json);
    return status;
}

static void set_up(table *t, const char *components)
{
    calo_error err = {0};
    calo_status status = try_create(t, components, false, &err);
    if (status != CALO_OK)
        print_error("%s\n", err.message);
    assert_int_equal(status, CALO_OK);
    assert_int_equal(calo_look_create(t->randomizer, &t->look, NULL), CALO_OK);
}

static void tear_down(table *t)
{
    calo_look_destroy(t->look);
    calo_randomizer_destroy(t->randomizer);
    calo_scene_destroy(t->scene);
}

static void draw(table *t, uint32_t seed)
{
    assert_int_equal(calo_randomizer_draw(t->randomizer, seed, NULL, t->look, NULL), CALO_OK);
}

/* The numbers of a stream in the look. */
static const double *values_of(const table *t, const char *name, uint32_t *length)
{
    size_t count;
    const calo_stream *streams = calo_randomizer_streams(t->randomizer, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(streams[i].name, name) == 0) {
            if (length)
                *length = streams[i].count;
            return t->look->values + streams[i].first;
        }
    fail_msg("there is no stream \"%s\"", name);
    return NULL;
}

static void numbers_depend_on_seed_and_name_alone(void **state)
{
    (void)state;
    table alone, crowd;
    set_up(&alone, "{\"type\": \"background\", \"name\": \"b\"}");
    set_up(&crowd, "{\"type\": \"light\", \"count\": [0, 9]}, {\"type\": \"background\", \"name\": \"b\"}, {\"type\": "
                   "\"camera\"}");
    double before = -1;
    for (uint32_t seed = 0; seed < 50; seed++) {
        draw(&alone, seed);
        draw(&crowd, seed);
        assert_true(*values_of(&alone, "b/cells", NULL) == *values_of(&crowd, "b/cells", NULL));
        assert_memory_equal(&alone.look->post.background, &crowd.look->post.background, sizeof(calo_post_background));
        assert_true(*values_of(&alone, "b/cells", NULL) != before);
        before = *values_of(&alone, "b/cells", NULL);
    }
    draw(&alone, 7);
    double again = *values_of(&alone, "b/cells", NULL);
    draw(&alone, 8);
    draw(&alone, 7);
    assert_true(*values_of(&alone, "b/cells", NULL) == again);
    tear_down(&alone);
    tear_down(&crowd);
}

static void materials_are_changed_by_name(void **state)
{
    (void)state;
    table t;
    set_up(&t,
           "{\"type\": \"material\", \"name\": \"m\", \"names\": [\"red*\"], \"hue\": [0.3, 0.4], \"saturation\": 1, "
           "\"value\": [0.5, 1], \"roughness\": [0.2, 0.4], \"emission\": 2}");
    for (uint32_t seed = 0; seed < 40; seed++) {
        draw(&t, seed);
        const calo_material *paint = &t.look->materials[0];
        /* Hues from 0.3 to 0.4 are greens: most green, no red or no blue. */
        assert_true(paint->base_color[1] > paint->base_color[0] && paint->base_color[1] > paint->base_color[2]);
        assert_true(fminf(paint->base_color[0], paint->base_color[2]) < 1e-6f);
        assert_true(paint->roughness >= 0.2f && paint->roughness <= 0.4f && paint->metallic == 1);
        assert_true(fabsf(paint->emissive[1] - 2 * paint->base_color[1]) < 1e-6f);
        const double *kept = values_of(&t, "m/0:red paint/color", NULL);
        for (int c = 0; c < 3; c++)
            assert_true((float)kept[c] == paint->base_color[c]);
        assert_memory_equal(&t.look->materials[1], &t.scene->materials[1], sizeof(calo_material));
    }
    tear_down(&t);
    /* What is not given stays: red shifted by a third of the circle is green. */
    set_up(&t, "{\"type\": \"material\", \"names\": \"red paint\", \"hue_shift\": 0.33333333}");
    draw(&t, 1);
    assert_true(t.look->materials[0].base_color[1] > 0.999f && t.look->materials[0].base_color[0] < 1e-5f);
    assert_true(t.look->materials[0].roughness == t.scene->materials[0].roughness);
    tear_down(&t);
}

static void textures_lie_where_coordinates_are(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"texture\", \"name\": \"t\", \"patterns\": [\"checker\", \"noise\"], \"patterns_each\": 3, "
               "\"size\": 32, \"repeat\": 2, \"rotation_degrees\": 90}");
    assert_int_equal(t.scene->texture_count, 6);
    assert_int_equal(t.scene->images[0].width, 32);
    bool seen[6] = {false};
    for (uint32_t seed = 0; seed < 60; seed++) {
        draw(&t, seed);
        const calo_texture_use *use = &t.look->materials[0].slots[CALO_SLOT_BASE_COLOR];
        assert_in_range(use->texture, 0, 5);
        seen[use->texture] = true;
        assert_true(*values_of(&t, "t/0:red paint/texture", NULL) == use->texture);
        const double turned[6] = {0, -2, 0, 2, 0, 0};
        for (int i = 0; i < 6; i++)
            assert_true(fabs((double)use->transform[i] - turned[i]) < 1e-6);
        assert_true(t.look->materials[0].base_color[1] == 1);
        assert_int_equal(t.look->materials[1].slots[CALO_SLOT_BASE_COLOR].texture, -1);
    }
    for (int i = 0; i < 6; i++)
        assert_true(seen[i]);
    size_t count;
    const calo_warning *warnings = calo_randomizer_warnings(t.randomizer, &count);
    assert_int_equal(count, 1);
    assert_string_equal(warnings[0].id, "randomizer-no-uvs");
    tear_down(&t);
}

static void lamps_stand_around(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"light\", \"name\": \"l\", \"kind\": \"point\", \"count\": [1, 4], \"elevation_degrees\": "
               "[30, 60], "
               "\"distance\": 3, \"irradiance\": 2, \"saturation\": 0, \"shadow\": 0.5}");
    bool counts[5] = {false}, shadows = false, none = false;
    const double radius = sqrt(2);
    for (uint32_t seed = 0; seed < 60; seed++) {
        draw(&t, seed);
        const calo_lighting *lighting = &t.look->lighting;
        assert_in_range(lighting->light_count, 1, 4);
        counts[lighting->light_count] = true;
        assert_true(*values_of(&t, "l/count", NULL) == lighting->light_count);
        bool casts = false;
        for (uint32_t i = 0; i < lighting->light_count; i++) {
            const calo_scene_light *lamp = &lighting->lights[i];
            double from[3] = {lamp->position[0], lamp->position[1], lamp->position[2] - 1};
            assert_true(fabs(calo_length3(from) - 3 * radius) < 1e-9);
            assert_true(from[2] > 1.49 * radius && from[2] < 2.6 * radius);
            assert_true(fabs((double)lamp->light.intensity - 2 * 9 * 2) < 1e-4);
            assert_true(fabs(calo_dot3(from, lamp->direction) + 3 * radius) < 1e-9);
            casts |= !lamp->light.no_shadow;
        }
        assert_int_equal(lighting->shadows, casts ? CALO_SHADOWS_POINT : 0);
        shadows |= casts;
        none |= !casts;
        assert_false(lighting->use_scene_lights);
    }
    assert_true(counts[1] && counts[2] && counts[3] && counts[4] && shadows && none);
    tear_down(&t);
}

/* The box of a distractor's vertices is clear of the subject's box, and the balls of all of each other. */
static void distractors_touch_nothing(void **state)
{
    (void)state;
    table t;
    set_up(
        &t,
        "{\"type\": \"distractors\", \"name\": \"d\", \"count\": [0, 8], \"size\": [0.1, 0.6], \"distance\": [0, 1], "
        "\"elevation_degrees\": [-90, 90]}");
    assert_int_equal(t.scene->node_count, 2 + 8 * 4);
    uint32_t most = 0;
    for (uint32_t seed = 0; seed < 100; seed++) {
        double balls[8][4];
        uint32_t shown = 0;
        draw(&t, seed);
        for (uint32_t i = 0; i < t.look->override_count; i++) {
            const calo_node_override *override = &t.look->overrides[i];
            if (override->visibility != CALO_ON)
                continue;
            const calo_mat4 *m = &override->local;
            double *ball = balls[shown++], nearest = 0;
            for (int k = 0; k < 3; k++)
                ball[k] = m->m[k][3];
            ball[3] = cbrt(calo_mat4_determinant3(m));
            assert_true(ball[3] >= 0.0999 * sqrt(2) && ball[3] <= 0.6001 * sqrt(2));
            const double low[3] = {-1, -1, 1}, high[3] = {1, 1, 1};
            for (int k = 0; k < 3; k++)
                nearest += pow(fmax(fmax(low[k] - ball[k], ball[k] - high[k]), 0), 2);
            assert_true(sqrt(nearest) >= ball[3] - 1e-9);
            for (uint32_t j = 0; j + 1 < shown; j++)
                assert_true(sqrt(pow(ball[0] - balls[j][0], 2) + pow(ball[1] - balls[j][1], 2) +
                                 pow(ball[2] - balls[j][2], 2)) >= ball[3] + balls[j][3] - 1e-9);
        }
        assert_true(shown <= *values_of(&t, "d/count", NULL));
        most = shown > most ? shown : most;
    }
    assert_true(most >= 6);
    tear_down(&t);
}

/* On the floor every shape's lowest vertex is as low as the subject. */
static void distractors_stand_on_the_floor(void **state)
{
    (void)state;
    table t;
    uint32_t shown = 0;
    set_up(&t, "{\"type\": \"distractors\", \"count\": 6, \"on_floor\": true}");
    for (uint32_t seed = 0; seed < 20; seed++) {
        draw(&t, seed);
        for (uint32_t i = 0; i < t.look->override_count; i++) {
            const calo_node_override *override = &t.look->overrides[i];
            if (override->visibility != CALO_ON)
                continue;
            const calo_primitive *shape = t.scene->meshes[t.scene->nodes[override->node].mesh].primitives;
            double lowest = INFINITY;
            for (uint32_t v = 0; v < shape->vertex_count; v++) {
                double p[3] = {(double)shape->positions[3 * v], (double)shape->positions[3 * v + 1],
                               (double)shape->positions[3 * v + 2]};
                calo_mat4_point(&override->local, p, p);
                lowest = fmin(lowest, p[2]);
            }
            assert_true(fabs(lowest - 1) < 1e-6);
            shown++;
        }
    }
    assert_true(shown > 60);
    tear_down(&t);
}

/* Every vertex of a shape is within the unit ball, some touch it, and faces look outward. */
static void shapes_fill_their_ball(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"distractors\", \"count\": 1}");
    for (uint32_t m = 1; m < t.scene->mesh_count; m++) {
        const calo_primitive *shape = t.scene->meshes[m].primitives;
        double farthest = 0, volume = 0;
        for (uint32_t v = 0; v < shape->vertex_count; v++) {
            const float *p = shape->positions + 3 * v;
            farthest = fmax(farthest, sqrt((double)(p[0] * p[0] + p[1] * p[1] + p[2] * p[2])));
        }
        for (uint32_t i = 0; i < shape->index_count; i += 3) {
            double p[3][3], side[3], normal[3];
            for (int k = 0; k < 9; k++)
                p[k / 3][k % 3] =
                    (double)shape->positions[3 * shape->indices[i + (uint32_t)(k / 3)] + (uint32_t)(k % 3)];
            calo_cross3(p[1], p[2], normal);
            volume += calo_dot3(p[0], normal) / 6;
            for (int k = 0; k < 3; k++) {
                side[k] = p[1][k] - p[0][k];
                p[2][k] -= p[0][k];
            }
            calo_cross3(side, p[2], normal);
            const float *n = shape->normals + 3 * shape->indices[i];
            assert_true(normal[0] * (double)n[0] + normal[1] * (double)n[1] + normal[2] * (double)n[2] > 0);
        }
        assert_true(fabs(farthest - 1) < 1e-6);
        assert_true(volume > 0.9); /* box 1.54, sphere 4.19, cylinder 2.22, cone 1.18, less for their segments */
    }
    tear_down(&t);
}

static void cameras_turn_about_the_middle(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"camera\", \"elevation_degrees\": [-40, -20], \"azimuth_degrees\": [0, 360], "
               "\"distance_scale\": [1.5, 2], "
               "\"fov_scale\": 0.5, \"look_at\": true}");
    for (uint32_t seed = 0; seed < 30; seed++) {
        draw(&t, seed);
        assert_int_equal(t.look->override_count, 1);
        const calo_mat4 *m = &t.look->overrides[0].local;
        /* It stood 4 m above the middle, which is at (0, 0, 1). */
        double offset[3] = {m->m[0][3], m->m[1][3], m->m[2][3] - 1}, distance = calo_length3(offset);
        assert_true(distance >= 6 - 1e-9 && distance <= 8 + 1e-9);
        double tilt = acos(offset[2] / distance) * 180 / 3.14159265358979;
        assert_true(tilt >= 20 - 1e-6 && tilt <= 40 + 1e-6);
        for (int k = 0; k < 3; k++)
            assert_true(fabs(m->m[k][2] - offset[k] / distance) < 1e-9);
        assert_true(fabs(t.look->cameras[0].fov_y_radians - 0.5) < 1e-12);
    }
    tear_down(&t);
    /* Views from elsewhere: the same seed and number, the same view; others differ. */
    set_up(
        &t,
        "{\"type\": \"camera\", \"position_jitter\": [0.1, 0.2], \"roll_degrees\": [-9, 9], \"fov_scale\": [0.5, 2]}");
    const double middle[3] = {0, 0, 0}, position[3] = {2, 1, 1};
    calo_view start = {
        .camera_to_world = calo_look_at(position, middle), .width = 64, .height = 64, .focal_x = 80, .focal_y = 80};
    calo_view views[3] = {start, start, start};
    calo_randomizer_change_view(t.randomizer, 5, 0, middle, 1, &views[0]);
    calo_randomizer_change_view(t.randomizer, 5, 0, middle, 1, &views[1]);
    calo_randomizer_change_view(t.randomizer, 5, 1, middle, 1, &views[2]);
    assert_memory_equal(&views[0], &views[1], sizeof views[0]);
    assert_memory_not_equal(&views[0], &views[2], sizeof views[0]);
    double moved = 0;
    for (int k = 0; k < 3; k++)
        moved += pow(views[0].camera_to_world.m[k][3] - position[k], 2);
    assert_true(sqrt(moved) >= 0.1 - 1e-6 && sqrt(moved) <= 0.2 + 1e-6 && views[0].focal_x != 80);
    tear_down(&t);
}

static void post_processing_is_within_its_ranges(void **state)
{
    (void)state;
    table t;
    set_up(&t,
           "{\"type\": \"post_processing\", \"name\": \"p\", \"saturation\": [-100, 100], \"bloom_intensity\": [1, 2], "
           "\"tone_mapping\": \"aces\", \"grain_intensity\": [0, 1], \"grain_colored\": 1}");
    for (uint32_t seed = 0; seed < 50; seed++) {
        draw(&t, seed);
        assert_true(t.look->has_post);
        assert_int_equal(calo_post_check(&t.look->post, NULL), CALO_OK);
        assert_true(t.look->post.saturation == (float)*values_of(&t, "p/saturation", NULL));
        assert_true(t.look->post.bloom_intensity >= 1 && t.look->post.bloom_intensity <= 2 &&
                    t.look->post.contrast == 0);
        assert_int_equal(t.look->post.tone_mapping, CALO_TONE_ACES);
        assert_true(t.look->post.grain_colored);
    }
    tear_down(&t);
}

static void environments_and_backgrounds(void **state)
{
    (void)state;
    table t;
    set_up(
        &t,
        "{\"type\": \"environment\", \"name\": \"e\", \"strength\": [0.5, 2], \"saturation\": [0.5, 1], \"off\": 0.3}, "
        "{\"type\": \"background\", \"name\": \"b\", \"kinds\": [\"color\", \"keep\"], \"value\": 0}");
    bool kept = false, colored = false, off = false;
    for (uint32_t seed = 0; seed < 50; seed++) {
        draw(&t, seed);
        const calo_lighting *lighting = &t.look->lighting;
        off |= lighting->no_environment;
        assert_true(lighting->no_environment == (*values_of(&t, "e/off", NULL) != 0));
        assert_true(lighting->environment_strength >= 0.5f && lighting->environment_strength <= 2);
        assert_int_equal(calo_post_check(&t.look->post, NULL), CALO_OK);
        kept |= t.look->post.background.kind == CALO_POST_BACKGROUND_KEEP;
        colored |= t.look->post.background.kind == CALO_POST_BACKGROUND_COLOR;
        assert_true(t.look->post.background.colors[0][1] == 0);
    }
    assert_true(kept && colored && off);
    tear_down(&t);
}

static void assert_refused(const char *component, const char *words)
{
    table t;
    calo_error err = {0};
    assert_int_not_equal(try_create(&t, component, false, &err), CALO_OK);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    assert_null(t.randomizer);
    calo_scene_destroy(t.scene);
}

static calo_status set_word(table *t, const char *component, const char *name, const char *text, calo_error *err)
{
    const calo_property property = {.name = name, .kind = CALO_PROPERTY_STRING, .text = text};
    const calo_component_update update = {component, &property, 1};
    return calo_randomizer_update(t->randomizer, &update, 1, err);
}

/* They may come from a client, which must not choose what the server reads. */
static void updates_name_no_files(void **state)
{
    (void)state;
    static const char *const types[] = {"background", "environment", "texture"};
    for (size_t i = 0; i < 3; i++) {
        table t;
        calo_error err = {0};
        char *json = calo_text_format("{\"type\": \"%s\", \"name\": \"it\"}", types[i]);
        set_up(&t, json);
        assert_int_equal(set_word(&t, "it", "pictures", "/dev/null", &err), CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, "component \"it\": \"pictures\" are files"));
        draw(&t, 1);
        tear_down(&t);
        free(json);
    }
}

/* Prepared scenes find what they have made of an environment by where its pixels lie. */
static void updates_leave_environments_where_they_are(void **state)
{
    (void)state;
    static const char picture[] = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n\x80\x40\x20\x81\x10\x80\x40\x81";
    char path[] = "/tmp/calotype-test-XXXXXX.hdr";
    int file = mkstemps(path, 4);
    assert_true(file >= 0 && write(file, picture, sizeof picture - 1) == sizeof picture - 1);
    close(file);
    table t;
    char *json = calo_text_format("{\"type\": \"environment\", \"pictures\": [\"%s\", \"%s\"]}", path, path);
    set_up(&t, json);
    draw(&t, 1);
    const calo_image *before = t.look->lighting.environment;
    const void *pixels = before->data;
    unlink(path);
    const calo_property property = {.name = "strength", .kind = CALO_PROPERTY_FLOAT, .numbers = {3}};
    const calo_component_update update = {"environment_0", &property, 1};
    assert_int_equal(calo_randomizer_update(t.randomizer, &update, 1, NULL), CALO_OK);
    draw(&t, 1);
    assert_true(t.look->lighting.environment_strength == 3);
    assert_ptr_equal(t.look->lighting.environment, before);
    assert_ptr_equal(t.look->lighting.environment->data, pixels);
    tear_down(&t);
    free(json);
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"type\": \"lamp\"}",
                   "there is no component of type \"lamp\"; there are background, camera, distractors");
    assert_refused("{\"type\": \"light\", \"cuont\": 2}",
                   "light has no parameter \"cuont\"; it has count, kind, azimuth_degrees");
    char *long_name = calo_text_format("{\"type\": \"light\", \"name\": \"%0250d\"}", 0);
    assert_refused(long_name, "more than 199 bytes");
    free(long_name);
    assert_refused("{\"type\": \"light\", \"count\": [3, 1]}", "\"count\" is a range from 3 down to 1");
    assert_refused("{\"type\": \"light\", \"count\": 65}", "\"count\" is 65; it must be from 0 to 64");
    assert_refused("{\"type\": \"light\", \"kind\": \"laser\"}", "must be one of directional|point|spot");
    assert_refused("{\"type\": \"texture\", \"patterns\": [\"stripes\"]}", "there is no pattern \"stripes\"");
    assert_refused("{\"type\": \"distractors\", \"shapes\": [\"duck\"]}", "there is no shape \"duck\"");
    assert_refused("{\"type\": \"background\", \"kinds\": \"picture\"}", "\"pictures\"");
    assert_refused("{\"type\": \"background\", \"pictures\": [\"not-there.png\"]}", "not-there.png");
    assert_refused("{\"type\": \"material\", \"names\": \"glass\"}", "no material of the scene fits");
    table t;
    calo_error err = {0};
    assert_int_equal(try_create(&t, "{\"type\": \"lamp\"}, {\"type\": \"light\", \"cuont\": 2}", true, &err), CALO_OK);
    size_t count;
    calo_randomizer_warnings(t.randomizer, &count);
    assert_int_equal(count, 2);
    tear_down(&t);
}

/* The example draws on any scene; its numbers are those that are written here once. */
static void the_example_draws(void **state)
{
    (void)state;
    const char *root = getenv("CALOTYPE_SOURCE_ROOT");
    if (!root)
        skip();
    char *path = calo_text_format("%s/examples/looks.json", root);
    table t = {.scene = make_scene()};
    calo_error err = {0};
    calo_randomize_subject subject = {.scene = t.scene, .additions = t.scene};
    calo_status status = calo_randomizer_load(&subject, path, NULL, &t.randomizer, &err);
    if (status != CALO_OK)
        fail_msg("%s", err.message);
    assert_int_equal(calo_look_create(t.randomizer, &t.look, NULL), CALO_OK);
    for (uint32_t seed = 0; seed < 20; seed++) {
        draw(&t, seed);
        assert_int_equal(calo_post_check(&t.look->post, NULL), CALO_OK);
    }
    free(path);
    tear_down(&t);
}

/* docs/randomize.md has a row for each parameter: | `name` | what it takes | default | */
static void every_parameter_is_documented(void **state)
{
    (void)state;
    const char *root = getenv("CALOTYPE_SOURCE_ROOT");
    if (!root)
        skip();
    char *path = calo_text_format("%s/docs/randomize.md", root);
    calo_file file;
    assert_int_equal(calo_file_read(path, 1 << 20, &file, NULL), CALO_OK);
    const calo_component_type *const *types = calo_component_types(CALO_CONFIG_OWN);
    for (size_t i = 0; types[i]; i++) {
        char *heading = calo_text_format("\n### %s\n", types[i]->name);
        const char *section = strstr((const char *)file.bytes, heading);
        if (!section)
            fail_msg("docs/randomize.md has no section \"%s\"", types[i]->name);
        const char *end = strstr(section + 1, "\n### "), *chapter_end = strstr(section + 1, "\n## ");
        if (!end || (chapter_end && chapter_end < end))
            end = chapter_end;
        size_t rows = 0;
        for (const char *at = section; (at = strstr(at, "\n| `")) != NULL && (!end || at < end); at++)
            rows++;
        assert_int_equal(rows, types[i]->parameter_count);
        for (size_t p = 0; p < types[i]->parameter_count; p++) {
            const calo_parameter *parameter = &types[i]->parameters[p];
            char *row = calo_text_format("\n| `%s` | ", parameter->name);
            const char *found = strstr(section, row);
            if (!found || (end && found > end))
                fail_msg("docs/randomize.md: %s has no row for \"%s\"", types[i]->name, parameter->name);
            char number[64] = "";
            if (parameter->kind == CALO_PROPERTY_VECTOR2 && parameter->numbers[0] >= 0 &&
                parameter->numbers[0] != parameter->numbers[1])
                snprintf(number, sizeof number, "| [%g, %g] |", parameter->numbers[0], parameter->numbers[1]);
            else if (parameter->kind == CALO_PROPERTY_FLOAT || parameter->kind == CALO_PROPERTY_INT ||
                     (parameter->kind == CALO_PROPERTY_VECTOR2 && parameter->numbers[0] == parameter->numbers[1] &&
                      !(parameter->low == -1 && parameter->numbers[0] == -1)))
                snprintf(number, sizeof number, "| %g |", parameter->numbers[0]);
            const char *line_end = strchr(found + 1, '\n'), *there = strstr(found, number);
            if (!there || there > line_end)
                fail_msg("docs/randomize.md: the default of %s's \"%s\" is not %s", types[i]->name, parameter->name,
                         number);
            free(row);
        }
        free(heading);
    }
    free(path);
    calo_file_finish(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_depend_on_seed_and_name_alone),
        cmocka_unit_test(materials_are_changed_by_name),
        cmocka_unit_test(textures_lie_where_coordinates_are),
        cmocka_unit_test(lamps_stand_around),
        cmocka_unit_test(distractors_touch_nothing),
        cmocka_unit_test(distractors_stand_on_the_floor),
        cmocka_unit_test(shapes_fill_their_ball),
        cmocka_unit_test(cameras_turn_about_the_middle),
        cmocka_unit_test(post_processing_is_within_its_ranges),
        cmocka_unit_test(environments_and_backgrounds),
        cmocka_unit_test(updates_name_no_files),
        cmocka_unit_test(updates_leave_environments_where_they_are),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(the_example_draws),
        cmocka_unit_test(every_parameter_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
