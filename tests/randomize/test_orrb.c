/* ORRB's form: its generator, the order of its draws, its components, updates, and what is refused. The numbers of the
 * generator are computed from its definition by a program of their own; that the components draw as ORRB does is what
 * tests/job/test_orrb_golden.c sees in its pictures. */
#include <calotype/build.h>
#include <calotype/randomize.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exact_math.h"
#include "base/file.h"
#include "base/linear.h"
#include "randomize/colors.h"
#include "randomize/unity_random.h"

enum { WORLD, HAND, TIP_BODY, EYE, PALM, TIP, PAD, NODES };

static const float positions[] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};
static const uint32_t indices[] = {0, 1, 2, 0, 2, 3};
static const calo_subject_node kinds[NODES] = {
    [EYE] = {.kind = CALO_SUBJECT_OTHER},
    [PALM] = {.kind = CALO_SUBJECT_GEOM, .alias = "mesh:palm"},
    [TIP] = {.kind = CALO_SUBJECT_SITE},
    [PAD] = {.kind = CALO_SUBJECT_GEOM, .part_count = 3},
};
static const calo_joint joints[] = {
    {.name = "bend", .kind = CALO_JOINT_HINGE, .qpos_address = 0, .limited = true, .range = {-1, 1}, .node = HAND},
    {.name = "free spin", .kind = CALO_JOINT_HINGE, .qpos_address = 1, .node = HAND},
    {.name = "roll", .kind = CALO_JOINT_BALL, .qpos_address = 2, .node = TIP_BODY},
};

typedef struct table {
    calo_scene *scene;
    calo_randomizer *randomizer;
    calo_look *look;
    double qpos[6];
} table;

static calo_scene *make_scene(void)
{
    static calo_primitive parts[NODES];
    static const char *const names[NODES] = {"world", "hand", "tip", "eye", "hand:palm", "hand:tip", "hand:pad"};
    static const int32_t parents[NODES] = {-1, WORLD, HAND, WORLD, HAND, TIP_BODY, TIP_BODY};
    calo_scene *scene;
    assert_int_equal(calo_scene_create("hand", NULL, NULL, &scene, NULL), CALO_OK);
    for (int i = 0; i < NODES; i++) {
        calo_node node = calo_node_default();
        calo_material material = calo_material_default();
        node.name = names[i];
        node.parent = parents[i];
        node.translation[2] = i == EYE ? 5 : 0;
        node.translation[0] = i == HAND ? 1 : 0;
        node.visible = i != PAD;
        material.name = i == PALM ? "skin:palm" : i == TIP ? "led" : "skin:pad";
        material.base_color[1] = material.base_color[2] = i == PALM ? 0 : 1;
        material.phong = (calo_material_phong){.given = true, .specular = 0.5f, .shininess = 0.5f,
                                               .emission = i == TIP ? 4.0f : 0};
        if (i == EYE)
            node.camera = calo_scene_add_camera(scene, &(calo_camera){.name = "eye", .fov_y_radians = 1}, NULL);
        if (i >= PALM) {
            parts[i] = (calo_primitive){.vertex_count = 4, .index_count = 6, .indices = indices, .positions = positions,
                                        .material = calo_scene_add_material(scene, &material, NULL)};
            node.mesh = calo_scene_add_mesh(scene, &(calo_mesh){.primitive_count = 1, .primitives = &parts[i]}, NULL);
        }
        assert_int_equal(calo_scene_add_node(scene, &node, NULL), i);
    }
    assert_int_equal(calo_scene_seal(scene, NULL), CALO_OK);
    return scene;
}

static calo_status try_create(table *t, const char *json, bool lenient, calo_error *err)
{
    *t = (table){.scene = make_scene()};
    const calo_randomize_subject subject = {.scene = t->scene, .nodes = kinds, .joints = joints, .joint_count = 3,
                                            .qpos_count = 6};
    const calo_randomize_options options = {.lenient = lenient};
    return calo_randomizer_create(&subject, json, strlen(json), "test", &options, &t->randomizer, err);
}

static void set_up(table *t, const char *components)
{
    calo_error err = {0};
    char *json = calo_text_format("{\"components\": [%s]}", components);
    calo_status status = try_create(t, json, false, &err);
    free(json);
    if (status != CALO_OK)
        fail_msg("%s", err.message);
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
    const double start[6] = {0.5, 3, 1, 0, 0, 0};
    memcpy(t->qpos, start, sizeof start);
    assert_int_equal(calo_randomizer_draw(t->randomizer, seed, t->qpos, t->look, NULL), CALO_OK);
}

/* The stream's first value; the stream must be there. */
static const double *value(const table *t, const char *name, uint32_t count)
{
    size_t streams;
    const calo_stream *at = calo_randomizer_streams(t->randomizer, &streams);
    for (size_t i = 0; i < streams; i++)
        if (strcmp(at[i].name, name) == 0) {
            assert_int_equal(at[i].count, count);
            return t->look->values + at[i].first;
        }
    fail_msg("no stream \"%s\"", name);
    return NULL;
}

static void test_generator(void **state)
{
    (void)state;
    static const uint32_t wanted[3][4] = {
        {0x714ac516, 0x714ac336, 0x215638c0, 0x6621ce6},
        {0xdbfff5aa, 0x8be31b0a, 0xacd72a7a, 0x883af03a},
        {0x695a888, 0x56897250, 0x1235af23, 0xb976fa78},
    };
    static const uint32_t seeds[3] = {0, 1, 0xffffffff};
    for (int s = 0; s < 3; s++) {
        calo_unity_random random = calo_unity_random_seed(seeds[s]);
        for (int i = 0; i < 4; i++)
            assert_int_equal(calo_unity_random_next(&random), wanted[s][i]);
    }
    calo_unity_random random = calo_unity_random_seed(7);
    const float value_wanted = 0.4902098774909973f, range_wanted = 0.5489506125450134f;
    assert_float_equal(calo_unity_random_value(&random), value_wanted, 0);
    random = calo_unity_random_seed(7);
    assert_float_equal(calo_unity_random_range(&random, -2, 3), range_wanted, 1e-6);
    static const double turn[4] = {0.7057437108, 0.5749287171, -0.1100144629, -0.3990984876};
    double rotation[4];
    random = calo_unity_random_seed(3);
    calo_unity_random_rotation(&random, rotation);
    for (int i = 0; i < 4; i++)
        assert_float_equal(rotation[i], turn[i], 1e-6);
    static const float all[2] = {0, 1}, color[3] = {0.2257518093f, 0.6952192187f, 0.6676423580f};
    float rgb[3];
    random = calo_unity_random_seed(7);
    calo_unity_random_color(&random, all, all, all, rgb);
    for (int i = 0; i < 3; i++)
        assert_float_equal(rgb[i], color[i], 1e-6);
}

static void test_colors(void **state)
{
    (void)state;
    static const float colors[][3] = {{1, 0, 0}, {0.2f, 0.9f, 0.4f}, {0.1f, 0.1f, 0.7f}, {0.5f, 0.5f, 0.5f}, {0.9f, 0.1f, 0.6f}};
    float hsv[3], rgb[3];
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
        calo_hsv_from_rgb(colors[i], hsv);
        calo_rgb_from_hsv(hsv, rgb);
        for (int k = 0; k < 3; k++) {
            assert_float_equal(rgb[k], colors[i][k], 1e-6);
            assert_float_equal(calo_display_from_linear(calo_linear_from_display(rgb[k])), rgb[k], 1e-5);
        }
    }
    calo_hsv_from_rgb(colors[4], hsv);
    assert_float_equal(hsv[0], 0.8958333, 1e-6);
}

/* Eight draws a camera; then the materials, in ORRB's order: the palm, the pad (three times), the site. */
static void test_order(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"CameraRandomizer\", \"name\": \"c\"}, {\"type\": \"MaterialRandomizer\", \"name\": \"m\"}");
    draw(&t, 9);
    calo_unity_random random = calo_unity_random_seed(9);
    const double *jitter = value(&t, "c/eye/jitter", 8);
    assert_float_equal(jitter[0], calo_unity_random_range(&random, -0.5f, 0.5f), 0);
    for (int i = 0; i < 3; i++)
        assert_float_equal(jitter[1 + i], calo_unity_random_range(&random, -0.01f, 0.01f), 0);
    for (int i = 0; i < 3; i++)
        calo_unity_random_next(&random);
    assert_float_equal(jitter[7], calo_unity_random_range(&random, -0.015f, 0.015f), 0);
    assert_float_equal(t.look->cameras[0].color_fov_y_radians, 1 + calo_radians(jitter[0]), 1e-12);
    assert_float_equal(t.look->cameras[0].fov_y_radians, 0, 0);
    static const struct {
        const char *name;
        int times, material;
    } parts[] = {{"m/hand:palm/material", 1, 0}, {"m/hand:pad/material", 3, 2}, {"m/hand:tip/material", 1, 1}};
    static const float all[2] = {0, 1};
    for (int p = 0; p < 3; p++) {
        float rgb[3], metallic = 0, glossiness = 0;
        for (int i = 0; i < parts[p].times; i++) {
            calo_unity_random_color(&random, all, all, all, rgb);
            metallic = calo_unity_random_range(&random, 0.05f, 0.25f);
            glossiness = calo_unity_random_range(&random, 0, 1);
        }
        const double *drawn = value(&t, parts[p].name, 5);
        for (int k = 0; k < 3; k++)
            assert_float_equal(drawn[k], rgb[k], 0);
        assert_float_equal(t.look->materials[parts[p].material].metallic, metallic, 0);
        assert_float_equal(t.look->materials[parts[p].material].roughness, 1 - glossiness, 0);
        assert_float_equal(t.look->materials[parts[p].material].base_color[0], calo_linear_from_display(rgb[0]), 0);
    }
    tear_down(&t);
}

static void test_same_seed_same_look(void **state)
{
    (void)state;
    static const char *const components =
        "{\"type\": \"CameraRandomizer\", \"config\": {\"enumProperties\": {\"mode\": \"Both\"}}}, {\"type\": \"LightingRig\"},"
        "{\"type\": \"LightRandomizer\"}, {\"type\": \"MaterialRandomizer\"}, {\"type\": \"PostProcessingRandomizer\"}";
    table a, b;
    set_up(&a, components);
    set_up(&b, components);
    draw(&a, 1);
    draw(&a, 5);
    draw(&b, 5);
    assert_memory_equal(a.look->values, b.look->values, a.look->value_count * sizeof *a.look->values);
    assert_memory_equal(a.look->overrides[0].local.m, b.look->overrides[0].local.m, sizeof(calo_mat4));
    tear_down(&a);
    tear_down(&b);
}

/* Hinges within their ranges, balls anywhere, free hinges left alone; hinges that nothing draws are kept in range. */
static void test_joints(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"JointRandomizer\", \"name\": \"j\"}");
    for (uint32_t seed = 0; seed < 50; seed++) {
        draw(&t, seed);
        calo_unity_random random = calo_unity_random_seed(seed);
        assert_float_equal(t.qpos[0], calo_unity_random_range(&random, -1, 1), 0);
        assert_float_equal(t.qpos[1], 3, 0);
        double rotation[4];
        calo_unity_random_rotation(&random, rotation);
        assert_float_equal(t.qpos[2], rotation[3], 0);
        assert_float_equal(t.qpos[5], rotation[2], 0);
    }
    assert_int_equal(calo_randomizer_draw(t.randomizer, 1, NULL, t.look, NULL), CALO_OK);
    tear_down(&t);
    set_up(&t, "");
    memcpy(t.qpos, (double[6]){-7, -7, 1, 0, 0, 0}, sizeof t.qpos);
    assert_int_equal(calo_randomizer_draw(t.randomizer, 1, t.qpos, t.look, NULL), CALO_OK);
    assert_float_equal(t.qpos[0], -1, 0);
    assert_float_equal(t.qpos[1], -7, 0);
    tear_down(&t);
}

/* The rig's lights aim at the target and share the scene's intensity, whichever component stands first. */
static void test_lights(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"LightRandomizer\", \"name\": \"l\"}, {\"type\": \"LightingRig\", \"name\": \"r\", \"config\": "
               "{\"int_properties\": {\"light_head_count\": 2}, \"vector3Properties\": {\"target\": {\"x\": -1, \"y\": 2}}}}");
    draw(&t, 3);
    assert_int_equal(t.look->lighting.light_count, 2);
    double sum = value(&t, "l/r/light_0", 5)[4] + value(&t, "l/r/light_1", 5)[4];
    assert_float_equal(sum, value(&t, "l/scene_intensity", 1)[0], 1e-5);
    for (int i = 0; i < 2; i++) {
        const calo_scene_light *light = &t.look->lighting.lights[i];
        const double target[3] = {1, 0, 2};
        double way[3];
        for (int k = 0; k < 3; k++)
            way[k] = target[k] - light->position[k];
        calo_normalize3(way);
        for (int k = 0; k < 3; k++)
            assert_float_equal(light->direction[k], way[k], 1e-12);
        assert_true(light->light.kind == CALO_LIGHT_SPOT && light->light.intensity > 0);
    }
    tear_down(&t);
}

static const calo_node_override *override_of(const table *t, uint32_t node)
{
    for (uint32_t i = 0; i < t->look->override_count; i++)
        if (t->look->overrides[i].node == node)
            return &t->look->overrides[i];
    return NULL;
}

/* ORRB shows what the scene hides, and a mesh geom goes by its mesh's name. */
static void test_hide(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"Hide\", \"name\": \"h\", \"config\": {\"stringProperties\": {\"geom_prefix\": \"mesh:,other\"}}},"
               "{\"type\": \"MaterialRandomizer\", \"name\": \"m\"}");
    draw(&t, 0);
    assert_int_equal(override_of(&t, PALM)->visibility, CALO_OFF);
    assert_int_equal(override_of(&t, PAD)->visibility, CALO_ON);
    assert_null(override_of(&t, TIP));
    size_t count;
    calo_randomizer_streams(t.randomizer, &count);
    assert_int_equal(count, 2); /* nothing is drawn for what is hidden */
    const calo_property property = {.name = "body_prefix", .kind = CALO_PROPERTY_STRING, .text = "tip"};
    const calo_property nothing = {.name = "geom_prefix", .kind = CALO_PROPERTY_STRING, .text = ""};
    const calo_component_update updates[] = {{"h", &property, 1}, {"h", &nothing, 1}};
    assert_int_equal(calo_randomizer_update(t.randomizer, updates, 2, NULL), CALO_OK);
    draw(&t, 0);
    assert_null(override_of(&t, PALM));
    assert_int_equal(override_of(&t, TIP)->visibility, CALO_OFF);
    assert_null(override_of(&t, PAD));
    tear_down(&t);
}

/* Emission and hue come from the file, and only materials of the prefix are changed. */
static void test_fixed_hue(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"MaterialFixedHueRandomizer\", \"name\": \"f\", \"config\": {\"stringProperties\": "
               "{\"material_prefix\": \"led,skin:palm\"}, \"floatProperties\": {\"emission_probability\": 1, \"max_emission\": 5, "
               "\"emission_radius\": 0.5, \"hue_radius\": 0.01}}}");
    for (uint32_t seed = 0; seed < 20; seed++) {
        draw(&t, seed);
        float hsv[3], rgb[3];
        for (int k = 0; k < 3; k++)
            rgb[k] = (float)value(&t, "f/hand:palm/material", 8)[k];
        calo_hsv_from_rgb(rgb, hsv);
        assert_true(hsv[0] <= 0.0101f || hsv[0] >= 0.9899f);
        assert_true(hsv[1] >= 0.849f && hsv[2] >= 0.849f);
        const double *led = value(&t, "f/hand:tip/material", 8);
        double strength = fmax(led[5], fmax(led[6], led[7])); /* times a value of 0.85 to 1 */
        assert_true(strength >= 3.5 * 0.849 && strength <= 4.5001);
        assert_float_equal(t.look->materials[2].base_color[0], 1, 1e-5);
    }
    tear_down(&t);
}

/* Paths, with or without ORRB's robot and joints; the camera at (0, 0, 5) looks down. */
static void test_places(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"LookAt\", \"path\": \"robot/part_0/eye\", \"config\": {\"vector3Properties\": {\"target_offset\": "
               "{\"x\": -3, \"y\": 5}}}}, {\"type\": \"CameraProperties\", \"path\": \"eye\", \"config\": {\"floatProperties\": "
               "{\"near_clip\": 0.5, \"far_clip\": 9, \"field_of_view\": 30}}},"
               "{\"type\": \"TranslateRotateScale\", \"path\": \"robot/world/hand/bend/hand:palm\", \"config\": {\"vector3Properties\":"
               "{\"translate\": {\"x\": 1, \"z\": 2}, \"scale\": {\"x\": 2, \"y\": 2, \"z\": 2}}}}");
    draw(&t, 0);
    const calo_mat4 *eye = &override_of(&t, EYE)->local, *palm = &override_of(&t, PALM)->local;
    assert_float_equal(-eye->m[0][2], 1, 1e-12); /* to (3, 0, 5): along +x */
    assert_float_equal(eye->m[2][1], 1, 1e-12);
    assert_float_equal(eye->m[2][3], 5, 1e-12);
    assert_float_equal(t.look->cameras[0].near_metres, 0.5, 0);
    assert_float_equal(t.look->cameras[0].fov_y_radians, calo_radians(30), 1e-9);
    assert_float_equal(palm->m[0][3], 1, 0);
    assert_float_equal(palm->m[2][3], 2, 0);
    assert_float_equal(palm->m[1][1], 2, 1e-12);
    tear_down(&t);
}

/* Unity's axes in the world: x is -x, y is up, z is -y. A quarter turn about Unity's y turns the view to the right. */
static void test_calibrator(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"CameraCalibrator\", \"config\": {\"string_properties\": {\"camera_name\": \"eye\", \"mujoco_fov\": \"1\"},"
               "\"vector3_properties\": {\"local_position_delta\": {\"x\": 1, \"y\": 2, \"z\": 3}}, \"quaternion_properties\": "
               "{\"local_rotation_delta\": {\"y\": 1, \"w\": 1}}, \"float_properties\": {\"fov_delta\": 2}}}");
    draw(&t, 0);
    const calo_mat4 *eye = &override_of(&t, EYE)->local;
    const double place[3] = {-1, -3, 7};
    for (int i = 0; i < 3; i++)
        assert_float_equal(eye->m[i][3], place[i], 1e-12);
    assert_float_equal(-eye->m[0][2], 1, 1e-12); /* looked along -z, with +x at its right */
    assert_float_equal(t.look->cameras[0].fov_y_radians, 1 + calo_radians(2), 1e-9);
    tear_down(&t);
}

/* The palm's middle at (1, 0, 0) and its box from 0 to 2, seen from 5 metres above. */
static void test_tracker(void **state)
{
    (void)state;
    table t;
    set_up(&t, "{\"type\": \"Tracker\", \"config\": {\"stringProperties\": {\"camera_names\": \"eye\", \"tracked_object_names\": "
               "\"mesh:palm(primitive),tip\", \"tracked_object_aliases\": \"palm\"}}}");
    draw(&t, 0);
    calo_pose *pose;
    assert_int_equal(calo_pose_create(t.scene, NULL, &pose, NULL), CALO_OK);
    calo_view view = {.camera_to_world = pose->node_to_world[EYE], .focal_x = 100, .focal_y = 100, .center_x = 50,
                      .center_y = 50, .width = 100, .height = 100};
    assert_int_equal(calo_randomizer_track(t.randomizer, pose, &view, 2, t.look, NULL), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_randomizer_track(t.randomizer, pose, &view, 1, t.look, NULL), CALO_OK);
    const double *middle = value(&t, "tracker_palm_X_eye", 2), *box = value(&t, "tracker_palm_X_eye_bbox", 4);
    const double wanted[6] = {0.7, 0.5, 0.5, 0.9, 0.3, 0.7};
    for (int i = 0; i < 2; i++)
        assert_float_equal(middle[i], wanted[i], 1e-12);
    for (int i = 0; i < 4; i++)
        assert_float_equal(box[i], wanted[2 + i], 1e-12);
    value(&t, "tracker_tip_X_eye_bbox", 4); /* without an alias */
    calo_pose_destroy(pose);
    tear_down(&t);
}

static void expect_refusal(const char *json, const char *word)
{
    table t;
    calo_error err = {0};
    calo_status status = try_create(&t, json, false, &err);
    if (status == CALO_OK || !strstr(err.message, word))
        fail_msg("%s: \"%s\" does not say \"%s\"", json, err.message, word);
    calo_scene_destroy(t.scene);
}

#define ONE(type, config) "{\"components\": [{\"type\": \"" type "\", \"name\": \"n\", \"config\": {" config "}}]}"

static void test_refusals(void **state)
{
    (void)state;
    expect_refusal("[]", "object");
    expect_refusal("{\"components\": 3}", "list");
    expect_refusal("{\"component\": []}", "\"component\"");
    expect_refusal("{", "JSON");
    expect_refusal(ONE("Nothing", ""), "Nothing");
    expect_refusal(ONE("Hide", "\"floatProperties\": {\"nose\": 1}"), "nose");
    expect_refusal(ONE("LightRandomizer", "\"intProperties\": {\"min_scene_intensity\": 1}"), "float_properties");
    expect_refusal(ONE("LightRandomizer", "\"floatProperties\": {\"min_scene_intensity\": \"NaN\"}"), "min_scene_intensity");
    expect_refusal(ONE("LightRandomizer", "\"floatProperties\": {\"min_scene_intensity\": 16}"), "max_scene_intensity");
    expect_refusal(ONE("LightRandomizer", "\"floatProperties\": {\"min_scene_intensity\": -1}"), "-1");
    expect_refusal(ONE("LightingRig", "\"intProperties\": {\"light_head_count\": 1.5}"), "light_head_count");
    expect_refusal(ONE("LightingRig", "\"vector3Properties\": {\"target\": {\"q\": 1}}"), "\"q\"");
    expect_refusal(ONE("CameraRandomizer", "\"enumProperties\": {\"mode\": \"Sit\"}"), "Jitter|Orbit|Both");
    expect_refusal(ONE("CameraRandomizer", "\"properties\": {}"), "properties");
    expect_refusal(ONE("CameraProperties", ""), "path of a camera");
    expect_refusal(ONE("CameraCalibrator", "\"stringProperties\": {\"camera_name\": \"ear\"}"), "ear");
    expect_refusal("{\"components\": [{\"type\": \"Hide\", \"path\": \"robot/nowhere\"}]}", "robot/nowhere");
    expect_refusal("{\"components\": [{\"type\": \"LookAt\", \"path\": \"robot/part_0/hand\"}]}", "joints");
    expect_refusal("{\"components\": [{\"type\": \"Hide\", \"name\": \"a\"}, {\"type\": \"Hide\", \"name\": \"a\"}]}", "\"a\"");
}

static void test_lenient(void **state)
{
    (void)state;
    table t;
    size_t count;
    assert_int_equal(try_create(&t, "{\"extra\": 1, \"components\": [{\"type\": \"Nothing\"}, {\"type\": \"Hide\", \"config\": "
                                    "{\"floatProperties\": {\"nose\": 1}}}]}", true, NULL), CALO_OK);
    const calo_warning *warnings = calo_randomizer_warnings(t.randomizer, &count);
    assert_int_equal(count, 3);
    assert_string_equal(warnings[0].id, "randomizer-key");
    assert_string_equal(warnings[1].id, "randomizer-component");
    assert_string_equal(warnings[2].id, "randomizer-parameter");
    assert_non_null(strstr(warnings[2].message, "nose"));
    tear_down(&t);
}

/* All or nothing, and looks that were made before go on. */
static void test_updates(void **state)
{
    (void)state;
    table t;
    calo_error err = {0};
    set_up(&t, "{\"type\": \"LightingRig\", \"name\": \"r\"}, {\"type\": \"LightRandomizer\", \"name\": \"l\"}");
    draw(&t, 4);
    assert_int_equal(t.look->lighting.light_count, 6);
    double before = value(&t, "l/scene_intensity", 1)[0];
    const calo_property more = {.name = "light_head_count", .kind = CALO_PROPERTY_INT, .numbers = {9}};
    const calo_property bad = {.name = "max_scene_intensity", .kind = CALO_PROPERTY_FLOAT, .numbers = {0.5}};
    const calo_component_update updates[] = {{"r", &more, 1}, {"l", &bad, 1}, {"nobody", NULL, 0}};
    assert_int_equal(calo_randomizer_update(t.randomizer, updates, 2, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "max_scene_intensity"));
    assert_int_equal(calo_randomizer_update(t.randomizer, updates + 2, 1, &err), CALO_ERROR_NOT_FOUND);
    draw(&t, 4);
    assert_int_equal(t.look->lighting.light_count, 6);
    assert_float_equal(value(&t, "l/scene_intensity", 1)[0], before, 0);
    assert_int_equal(calo_randomizer_update(t.randomizer, updates, 1, &err), CALO_OK);
    draw(&t, 4);
    assert_int_equal(t.look->lighting.light_count, 9);
    value(&t, "l/r/light_8", 5);
    tear_down(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generator), cmocka_unit_test(test_colors),
        cmocka_unit_test(test_order),     cmocka_unit_test(test_same_seed_same_look),
        cmocka_unit_test(test_joints),    cmocka_unit_test(test_lights),
        cmocka_unit_test(test_hide),      cmocka_unit_test(test_fixed_hue),
        cmocka_unit_test(test_places),    cmocka_unit_test(test_calibrator),
        cmocka_unit_test(test_tracker),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lenient),   cmocka_unit_test(test_updates),
    };
    return cmocka_run_group_tests_name("orrb", tests, NULL, NULL);
}
