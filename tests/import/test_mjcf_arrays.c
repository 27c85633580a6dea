/* MuJoCo models from arrays that somebody else holds: no libmujoco is needed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <calotype/mujoco.h>

/* world - arm (hinge, at z = 1) - hand (free of joints, 1 m further along x). */
static const char names[] = "\0arm\0hand\0swing\0box\0ball\0hidden\0tip\0eye\0lamp\0rope\0red";
enum {
    ARM = 1,
    HAND = 5,
    SWING = 10,
    BOX = 16,
    BALL = 20,
    HIDDEN = 25,
    TIP = 32,
    EYE = 36,
    LAMP = 40,
    ROPE = 45,
    RED = 50,
};

typedef struct fixture {
    calo_mujoco_arrays arrays;
    int32_t body_parentid[3], jnt_type[1], jnt_qposadr[1], jnt_bodyid[1], geom_type[3], geom_bodyid[3], geom_dataid[3];
    int32_t geom_matid[3], geom_group[3], site_type[2], site_bodyid[2], site_matid[2], site_group[2], cam_mode[1];
    int32_t cam_bodyid[1], light_mode[1], light_bodyid[1], light_type[1], mat_texid[1], tendon_adr[1], tendon_num[1];
    int32_t tendon_matid[1], tendon_group[1], wrap_type[2], name_bodyadr[3], name_jntadr[1], name_geomadr[3];
    int32_t name_siteadr[2], name_camadr[1], name_lightadr[1], name_matadr[1], name_tendonadr[1];
    uint8_t jnt_limited[1], light_castshadow[1], light_active[1], mat_texuniform[1];
    double qpos0[1], body_pos[9], body_quat[12], jnt_range[2], geom_size[9], geom_pos[9], geom_quat[12];
    double site_size[6], site_pos[6], site_quat[8], cam_pos[3], cam_quat[4], cam_fovy[1], light_pos[3], light_dir[3];
    double tendon_width[1];
    float geom_rgba[12], site_rgba[8], light_attenuation[3], light_cutoff[1], light_exponent[1], light_ambient[3];
    float light_diffuse[3], light_specular[3], mat_texrepeat[2], mat_emission[1], mat_specular[1], mat_shininess[1];
    float mat_reflectance[1], mat_rgba[4], tendon_rgba[4];
} fixture;

static const fixture values = {
    .arrays =
        {
            .nq = 1,
            .nbody = 3,
            .njnt = 1,
            .ngeom = 3,
            .nsite = 2,
            .ncam = 1,
            .nlight = 1,
            .nmat = 1,
            .ntendon = 1,
            .nwrap = 2,
            .nnames = sizeof names,
            .visual = {.headlight_active = 1,
                       .headlight_diffuse = {0.4f, 0.4f, 0.4f},
                       .map_znear = 0.01f,
                       .map_zfar = 50,
                       .stat_extent = 2},
        },
    .body_parentid = {0, 0, 1},
    .body_pos = {0, 0, 0, 0, 0, 1, 1, 0, 0},
    .body_quat = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},
    .jnt_type = {CALO_JOINT_HINGE},
    .jnt_bodyid = {1},
    .jnt_limited = {1},
    .jnt_range = {-1, 2},
    .qpos0 = {0.25},
    .geom_type = {6, 2, 2},
    .geom_bodyid = {1, 2, 2},
    .geom_dataid = {-1, -1, -1},
    .geom_matid = {0, -1, -1},
    .geom_group = {0, 2, 3},
    .geom_size = {0.1, 0.2, 0.3, 0.5, 0, 0, 0.5, 0, 0},
    .geom_pos = {0.5, 0, 0, 0, 0, 0, 0, 3, 0},
    .geom_quat = {1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0},
    .geom_rgba = {0.5f, 0.5f, 0.5f, 1, 0, 1, 0, 1, 0.5f, 0.5f, 0.5f, 1},
    .site_type = {2, 2},
    .site_bodyid = {0, 2},
    .site_matid = {-1, -1},
    .site_group = {4, 0},
    .site_size = {0.1, 0, 0, 0.1, 0, 0},
    .site_pos = {0, 0, 0, 0, 0, 0.5},
    .site_quat = {1, 0, 0, 0, 1, 0, 0, 0},
    .site_rgba = {1, 1, 1, 1, 1, 1, 1, 1},
    .cam_bodyid = {2},
    .cam_pos = {0, 0, 2},
    .cam_quat = {1, 0, 0, 0},
    .cam_fovy = {60},
    .light_bodyid = {0},
    .light_castshadow = {1},
    .light_active = {1},
    .light_pos = {0, 0, 4},
    .light_dir = {0, 3, 0},
    .light_attenuation = {1, 0.5f, 0},
    .light_cutoff = {30},
    .light_exponent = {10},
    .light_ambient = {0.1f, 0, 0},
    .light_diffuse = {0.7f, 0.6f, 0.5f},
    .light_specular = {0.3f, 0.3f, 0.3f},
    .mat_texid = {-1},
    .mat_texrepeat = {1, 1},
    .mat_rgba = {1, 0, 0, 1},
    .tendon_num = {2},
    .tendon_matid = {-1},
    .tendon_width = {0.02},
    .tendon_rgba = {1, 1, 0, 1},
    .wrap_type = {3, 3},
    .name_bodyadr = {0, ARM, HAND},
    .name_jntadr = {SWING},
    .name_geomadr = {BOX, BALL, HIDDEN},
    .name_siteadr = {0, TIP},
    .name_camadr = {EYE},
    .name_lightadr = {LAMP},
    .name_matadr = {RED},
    .name_tendonadr = {ROPE},
};

#define POINT(name) f->arrays.name = f->name

static void fill(fixture *f)
{
    *f = values;
    f->arrays.names = names;
    POINT(qpos0), POINT(body_parentid), POINT(body_pos), POINT(body_quat), POINT(jnt_type), POINT(jnt_qposadr);
    POINT(jnt_bodyid), POINT(jnt_limited), POINT(jnt_range), POINT(geom_type), POINT(geom_bodyid), POINT(geom_dataid);
    POINT(geom_matid), POINT(geom_group), POINT(geom_size), POINT(geom_pos), POINT(geom_quat), POINT(geom_rgba);
    POINT(site_type), POINT(site_bodyid), POINT(site_matid), POINT(site_group), POINT(site_size), POINT(site_pos);
    POINT(site_quat), POINT(site_rgba), POINT(cam_mode), POINT(cam_bodyid), POINT(cam_pos), POINT(cam_quat);
    POINT(cam_fovy), POINT(light_mode), POINT(light_bodyid), POINT(light_type), POINT(light_castshadow);
    POINT(light_active), POINT(light_pos), POINT(light_dir), POINT(light_attenuation), POINT(light_cutoff);
    POINT(light_exponent), POINT(light_ambient), POINT(light_diffuse), POINT(light_specular), POINT(mat_texid);
    POINT(mat_texuniform), POINT(mat_texrepeat), POINT(mat_emission), POINT(mat_specular), POINT(mat_shininess);
    POINT(mat_reflectance), POINT(mat_rgba), POINT(tendon_adr), POINT(tendon_num), POINT(tendon_matid);
    POINT(tendon_group), POINT(tendon_width), POINT(tendon_rgba), POINT(wrap_type), POINT(name_bodyadr);
    POINT(name_jntadr), POINT(name_geomadr), POINT(name_siteadr), POINT(name_camadr), POINT(name_lightadr);
    POINT(name_matadr), POINT(name_tendonadr);
}

static calo_mujoco_model *make(const fixture *f, const calo_mujoco_options *options)
{
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    if (calo_mujoco_create(&f->arrays, "sample.xml", options, NULL, &model, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return model;
}

static calo_pose *pose_of(const calo_mujoco_model *model, const calo_mujoco_state *state,
                          const calo_pose_options *options)
{
    calo_pose *pose = NULL;
    calo_error err = {0};
    if (calo_mujoco_state_pose(model, state, options, &pose, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return pose;
}

static void assert_column(const calo_mat4 *matrix, int column, double x, double y, double z)
{
    const double expected[3] = {x, y, z};
    for (int i = 0; i < 3; i++)
        if (!(fabs(matrix->m[i][column] - expected[i]) < 1e-6))
            fail_msg("column %d, row %d is %.9g, not %.9g", column, i, matrix->m[i][column], expected[i]);
}

/* ---- the tree ---- */

static void test_nodes_and_names(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    const calo_scene *scene = calo_mujoco_scene(model);
    static const struct {
        calo_mujoco_kind kind;
        const char *name;
        int32_t id, node, parent;
    } things[] = {
        {CALO_MUJOCO_BODY, "", 0, 0, -1},       {CALO_MUJOCO_BODY, "arm", 1, 1, 0},
        {CALO_MUJOCO_BODY, "hand", 2, 2, 1},    {CALO_MUJOCO_GEOM, "box", 0, 3, 1},
        {CALO_MUJOCO_GEOM, "ball", 1, 4, 2},    {CALO_MUJOCO_GEOM, "hidden", 2, 5, 2},
        {CALO_MUJOCO_SITE, "", 0, 6, 0},        {CALO_MUJOCO_SITE, "tip", 1, 7, 2},
        {CALO_MUJOCO_CAMERA, "eye", 0, 8, 2},   {CALO_MUJOCO_LIGHT, "lamp", 0, 9, 0},
        {CALO_MUJOCO_TENDON, "rope", 0, 10, 0},
    };
    assert_int_equal(scene->node_count, 10 + 7 + 1); /* the rope's four points and three rods, the headlight */
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++) {
        calo_mujoco_kind kind;
        int32_t id;
        assert_int_equal(calo_mujoco_find(model, things[i].kind, things[i].name), things[i].id);
        assert_string_equal(calo_mujoco_name(model, things[i].kind, things[i].id), things[i].name);
        assert_int_equal(calo_mujoco_node(model, things[i].kind, things[i].id), things[i].node);
        assert_true(calo_mujoco_object(model, (uint32_t)things[i].node, &kind, &id));
        assert_int_equal(kind, things[i].kind);
        assert_int_equal(id, things[i].id);
        assert_string_equal(scene->nodes[things[i].node].name, things[i].name);
        assert_int_equal(scene->nodes[things[i].node].parent, things[i].parent);
    }
    calo_mujoco_kind kind;
    int32_t id;
    assert_true(calo_mujoco_object(model, 16, &kind, &id)); /* the last one of the rope */
    assert_int_equal(kind, CALO_MUJOCO_TENDON);
    assert_false(calo_mujoco_object(model, 17, &kind, &id));
    assert_int_equal(kind, CALO_MUJOCO_NONE);
    assert_int_equal(id, -1);
    assert_false(calo_mujoco_object(model, 18, &kind, &id));
    assert_int_equal(calo_mujoco_find(model, CALO_MUJOCO_GEOM, "arm"), -1);
    assert_int_equal(calo_mujoco_find(model, CALO_MUJOCO_JOINT, "swing"), 0);
    assert_int_equal(calo_mujoco_node(model, CALO_MUJOCO_JOINT, 0), -1);
    assert_int_equal(calo_mujoco_node(model, CALO_MUJOCO_GEOM, 3), -1);
    assert_int_equal(calo_mujoco_find(model, (calo_mujoco_kind)99, "arm"), -1);
    assert_null(calo_mujoco_name(model, CALO_MUJOCO_SITE, 2));
    calo_mujoco_destroy(model);
}

static void test_joints(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    uint32_t count, rest_count;
    const calo_joint *joints = calo_mujoco_joints(model, &count);
    const double *rest = calo_mujoco_rest(model, &rest_count);
    assert_int_equal(count, 1);
    assert_string_equal(joints[0].name, "swing");
    assert_int_equal(joints[0].kind, CALO_JOINT_HINGE);
    assert_int_equal(joints[0].qpos_address, 0);
    assert_true(joints[0].limited && joints[0].range[0] == -1 && joints[0].range[1] == 2);
    assert_int_equal(rest_count, 1);
    assert_true(rest[0] == 0.25);
    calo_mujoco_destroy(model);
}

static void test_groups(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    const calo_node *nodes = calo_mujoco_scene(model)->nodes;
    assert_true(nodes[3].visible && nodes[4].visible && !nodes[5].visible); /* groups 0, 2, 3 */
    assert_true(!nodes[6].visible && nodes[7].visible);                     /* 4, 0 */
    assert_true(nodes[10].visible);
    assert_true(nodes[5].mesh >= 0); /* to be shown by a pose */
    calo_mujoco_destroy(model);
    const calo_mujoco_options options = {
        .geom_groups = 1u << 3, .site_groups = CALO_MUJOCO_NO_GROUPS, .tendon_groups = 1u << 5};
    model = make(&f, &options);
    nodes = calo_mujoco_scene(model)->nodes;
    assert_true(!nodes[3].visible && !nodes[4].visible && nodes[5].visible);
    assert_true(!nodes[6].visible && !nodes[7].visible && !nodes[10].visible);
    calo_mujoco_destroy(model);
}

static void test_camera_and_lights(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    const calo_scene *scene = calo_mujoco_scene(model);
    const calo_camera *camera = &scene->cameras[0];
    assert_string_equal(camera->name, "eye");
    assert_true(fabs(camera->fov_y_radians - 3.14159265358979 / 3) < 1e-12);
    assert_true(fabs(camera->near_metres - 0.02) < 1e-8 && camera->far_metres == 100);
    const calo_light *light = &scene->lights[0];
    assert_int_equal(light->kind, CALO_LIGHT_SPOT);
    assert_true(fabsf(light->outer_cone_radians - 0.5235988f) < 1e-6f);
    assert_true(light->phong.given && light->phong.diffuse[1] == 0.6f && light->phong.exponent == 10);
    assert_true(light->phong.attenuation[1] == 0.5f && light->phong.ambient[0] == 0.1f);
    assert_false(light->no_shadow);
    assert_true(fabsf(light->intensity - 50.265482f) < 1e-3f); /* pi at 4 m from the middle */
    assert_true(scene->lights[1].headlight && scene->lights[1].phong.diffuse[0] == 0.4f);
    assert_int_equal(scene->nodes[17].light, 1);
    calo_pose *pose = NULL;
    assert_int_equal(calo_pose_create(scene, NULL, &pose, NULL), CALO_OK);
    assert_column(&pose->node_to_world[9], 2, 0, -1, 0); /* shines along -z: MuJoCo's +y */
    assert_column(&pose->node_to_world[9], 3, 0, 0, 4);
    assert_column(&pose->node_to_world[8], 3, 1, 0, 3);
    calo_pose_destroy(pose);
    calo_mujoco_destroy(model);
    f.light_type[0] = 1;
    f.arrays.visual.headlight_active = 0;
    model = make(&f, NULL);
    scene = calo_mujoco_scene(model);
    assert_int_equal(scene->light_count, 1);
    assert_int_equal(scene->lights[0].kind, CALO_LIGHT_DIRECTIONAL);
    assert_true(fabsf(scene->lights[0].intensity - 3.1415927f) < 1e-6f);
    calo_mujoco_destroy(model);
}

static void test_an_orthographic_camera(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    f.arrays.cam_projection = (const int32_t[]){1};
    f.cam_fovy[0] = 3;
    f.arrays.cam_sensorsize = (const float[]){0.02f, 0.01f};
    f.arrays.cam_intrinsic = (const float[]){1, 1, 0.002f, 0};
    calo_mujoco_model *model = make(&f, NULL);
    const calo_scene *scene = calo_mujoco_scene(model);
    assert_true(scene->cameras[0].orthographic && scene->cameras[0].y_magnitude == 1.5);
    assert_int_equal(scene->warning_count, 1);
    assert_string_equal(scene->warnings[0].id, "mjcf-camera");
    calo_mujoco_destroy(model);
}

/* ---- states ---- */

/* The arm a quarter turn about z, the hand where it takes it, turned by a half about x. */
static const double turned_xpos[9] = {0, 0, 0, 0, 0, 1, 0, 1, 1};
static const double turned_xquat[12] = {1, 0, 0, 0, 0.7071067811865476, 0, 0, 0.7071067811865476, 0, 2, 0, 0};

static void test_bodies_move(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    const calo_mujoco_state moved = {.xpos = turned_xpos, .xquat = turned_xquat};
    calo_pose *pose = pose_of(model, &moved, NULL);
    assert_column(&pose->node_to_world[1], 0, 0, 1, 0);
    assert_column(&pose->node_to_world[3], 3, 0, 0.5, 1); /* the box, half along the arm */
    assert_column(&pose->node_to_world[2], 3, 0, 1, 1);
    assert_column(&pose->node_to_world[2], 2, 0, 0, -1);
    assert_column(&pose->node_to_world[7], 3, 0, 1, 0.5); /* the site, 0.5 along the hand's z */
    assert_column(&pose->node_to_world[8], 3, 0, 1, -1);  /* the camera goes along */
    assert_column(&pose->node_to_world[9], 3, 0, 0, 4);   /* the lamp does not */
    calo_pose_destroy(pose);
    /* The caller's overrides count more, and its other options work. */
    const calo_mat4 away = {{{1, 0, 0, 7}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};
    const calo_node_override override = {.node = 1, .local = away};
    pose = pose_of(model, &moved, &(calo_pose_options){.root = &away, .overrides = &override, .override_count = 1});
    assert_column(&pose->node_to_world[1], 3, 14, 0, 0);
    calo_pose_destroy(pose);
    calo_mujoco_destroy(model);
}

static void test_cameras_and_lights_move(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    const calo_mujoco_state moved = {
        .xpos = turned_xpos,
        .xquat = turned_xquat,
        .cam_xpos = (const double[]){5, 6, 7},
        .cam_xmat = (const double[]){0, 0, 1, 1, 0, 0, 0, 1, 0},
        .light_xpos = (const double[]){1, 2, 3},
        .light_xdir = (const double[]){0, 0, -2},
    };
    calo_pose *pose = pose_of(model, &moved, NULL);
    assert_column(&pose->node_to_world[8], 3, 5, 6, 7);
    assert_column(&pose->node_to_world[8], 0, 0, 1, 0);
    assert_column(&pose->node_to_world[8], 2, 1, 0, 0);
    assert_column(&pose->node_to_world[9], 3, 1, 2, 3);
    assert_column(&pose->node_to_world[9], 2, 0, 0, 1);
    calo_pose_destroy(pose);
    calo_mujoco_destroy(model);
}

static void test_tendons_move(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    /* Site, around a geom, site: three segments, the middle one half as wide. Room for four points. */
    const double points[12] = {0, 0, 0, 1, 0, 0, 1, 2, 0, 1, 2, 4};
    const int32_t address = 0, count = 4, objects[4] = {-1, 7, 7, -1};
    calo_mujoco_state moved = {.xpos = turned_xpos,
                               .xquat = turned_xquat,
                               .ten_wrapadr = &address,
                               .ten_wrapnum = &count,
                               .wrap_obj = objects,
                               .wrap_xpos = points};
    calo_pose *pose = pose_of(model, &moved, NULL);
    assert_column(&pose->node_to_world[10], 3, 0, 0, 0);
    assert_column(&pose->node_to_world[10], 0, 0.02, 0, 0); /* a ball as wide as its wider rod */
    assert_column(&pose->node_to_world[12], 0, 0.02, 0, 0);
    assert_column(&pose->node_to_world[14], 2, 1, 0, 0); /* rods: their whole length along z */
    assert_column(&pose->node_to_world[14], 3, 0.5, 0, 0);
    assert_column(&pose->node_to_world[15], 2, 0, 2, 0);
    const calo_mat4 *middle = &pose->node_to_world[15];
    assert_true(fabs(sqrt(middle->m[0][0] * middle->m[0][0] + middle->m[1][0] * middle->m[1][0] +
                          middle->m[2][0] * middle->m[2][0]) -
                     0.01) < 1e-9);
    assert_column(&pose->node_to_world[16], 3, 1, 2, 2);
    calo_pose_destroy(pose);
    /* A pulley: nothing from the second point to the third. */
    const int32_t pulley[4] = {-1, -1, -2, -1}, shorter = 2;
    moved.wrap_obj = pulley;
    pose = pose_of(model, &moved, NULL);
    assert_column(&pose->node_to_world[15], 2, 0, 0, 0);
    assert_column(&pose->node_to_world[16], 2, 0, 0, 0);
    assert_column(&pose->node_to_world[12], 0, 0, 0, 0);
    assert_column(&pose->node_to_world[11], 0, 0.02, 0, 0);
    calo_pose_destroy(pose);
    moved.ten_wrapnum = &shorter;
    pose = pose_of(model, &moved, NULL);
    assert_column(&pose->node_to_world[14], 2, 1, 0, 0);
    assert_column(&pose->node_to_world[15], 2, 0, 0, 0);
    calo_pose_destroy(pose);
    const int32_t more = 5;
    calo_error err = {0};
    moved.ten_wrapnum = &more;
    assert_int_equal(calo_mujoco_state_pose(model, &moved, NULL, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message,
                        "tendon 0 of a state has 5 points from 0 on, but there are 4 points in all and 4 at "
                        "most of this tendon's: the state is not of this model");
    calo_mujoco_destroy(model);
}

static void test_wrong_states(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    calo_mujoco_model *model = make(&f, NULL);
    double broken[9];
    calo_pose *pose = NULL;
    calo_error err = {0};
    calo_mujoco_state moved = {.xpos = turned_xpos};
    assert_int_equal(calo_mujoco_state_pose(model, &moved, NULL, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "a state needs xpos and xquat: one of them is NULL");
    memcpy(broken, turned_xpos, sizeof broken);
    broken[4] = NAN;
    moved = (calo_mujoco_state){.xpos = broken, .xquat = turned_xquat};
    assert_int_equal(calo_mujoco_state_pose(model, &moved, NULL, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "xpos[4] of a state is nan: a pose needs finite numbers");
    assert_null(pose);
    const double position = 0;
    assert_int_equal(calo_mujoco_pose(model, &position, 1, NULL, &pose, &err), CALO_ERROR_UNSUPPORTED);
    assert_string_equal(err.message, "sample.xml was made from arrays: its joints cannot be moved by calotype, only by "
                                     "who made the arrays (give the state with calo_mujoco_state_pose)");
    calo_mujoco_destroy(model);
}

/* ---- arrays that do not fit together ---- */

static void assert_refused(const fixture *f, const char *message)
{
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    assert_int_equal(calo_mujoco_create(&f->arrays, "sample.xml", NULL, NULL, &model, &err), CALO_ERROR_ARGUMENT);
    assert_null(model);
    assert_string_equal(err.message, message);
}

static void test_sizes_and_missing_arrays(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    f.arrays.nbody = -1;
    assert_refused(&f, "sample.xml: the size nbody of a model is -1: it must be from 0 to 2147483647");
    fill(&f);
    f.arrays.nbody = 0;
    assert_refused(&f, "sample.xml: a model has at least the world body, but nbody is 0");
    fill(&f);
    f.arrays.geom_size = NULL;
    assert_refused(&f, "sample.xml: the array geom_size of a model is NULL, but ngeom is 3");
    fill(&f);
    f.arrays.nnames--;
    assert_refused(&f, "sample.xml: the names of a model do not end with a zero byte");
}

static void test_indices(void **state)
{
    (void)state;
    fixture f;
    static const struct {
        size_t offset; /* of an int32 in the fixture */
        int32_t value;
        const char *message;
    } cases[] = {
        {offsetof(fixture, body_parentid) + 4, 1,
         "body_parentid[0] of a model is 1: it must be at least 0 and below 1"},
        {offsetof(fixture, jnt_type), 4, "jnt_type[0] of a model is 4: it must be at least 0 and below 4"},
        {offsetof(fixture, jnt_type), 1,
         "jnt_qposadr[0] of a model is 0 with 4 items behind it, but there are 1 in all"},
        {offsetof(fixture, geom_type) + 4, 7, "geom_dataid[0] of a model is -1: it must be at least 0 and below 0"},
        {offsetof(fixture, geom_type) + 8, 9, "geom_type[2] of a model is 9: it must be at least 0 and below 9"},
        {offsetof(fixture, geom_matid) + 8, 1, "geom_matid[2] of a model is 1: it must be at least -1 and below 1"},
        {offsetof(fixture, site_type), 7, "site_dataid[0] of a model is -1: it must be at least 0 and below 0"},
        {offsetof(fixture, cam_bodyid), 3, "cam_bodyid[0] of a model is 3: it must be at least 0 and below 3"},
        {offsetof(fixture, mat_texid), 0, "mat_texid[0] of a model is 0: it must be at least -1 and below 0"},
        {offsetof(fixture, tendon_num), 3,
         "tendon_adr[0] of a model is 0 with 3 items behind it, but there are 2 in all"},
        {offsetof(fixture, name_geomadr), 54, "name_geomadr[0] of a model is 54: it must be at least 0 and below 54"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[256];
        fill(&f);
        memcpy((char *)&f + cases[i].offset, &cases[i].value, sizeof cases[i].value);
        snprintf(message, sizeof message, "sample.xml: %s", cases[i].message);
        assert_refused(&f, message);
    }
}

static void test_textures_that_do_not_fit(void **state)
{
    (void)state;
    fixture f;
    const uint8_t texels[18] = {0};
    const int64_t address = 1;
    fill(&f);
    f.arrays.ntex = 1;
    f.arrays.ntexdata = 18;
    f.arrays.tex_type = (const int32_t[]){1};
    f.arrays.tex_width = (const int32_t[]){1};
    f.arrays.tex_height = (const int32_t[]){5};
    f.arrays.tex_adr = &address;
    f.arrays.tex_data = texels;
    f.arrays.name_texadr = (const int32_t[]){0};
    assert_refused(&f, "sample.xml: tex_height[0] of a model is 5: it must be at least 6 and below 7");
    f.arrays.tex_height = (const int32_t[]){6};
    assert_refused(&f, "sample.xml: tex_adr[0] of a model is 1 with 18 items behind it, but there are 18 in all");
    f.arrays.tex_type = (const int32_t[]){0};
    f.arrays.tex_width = f.arrays.tex_height = (const int32_t[]){INT32_MAX - 1};
    assert_refused(&f, "sample.xml: tex_adr[0] of a model is 1 with 57 items behind it, but there are 18 in all");
}

static void test_numbers_that_are_not_finite(void **state)
{
    (void)state;
    fixture f;
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    fill(&f);
    f.geom_pos[4] = INFINITY;
    assert_int_equal(calo_mujoco_create(&f.arrays, "sample.xml", NULL, NULL, &model, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "sample.xml"));
    assert_null(model);
}

static void test_a_build_without_libmujoco_says_so(void **state)
{
    (void)state;
    char path[] = "/tmp/calotype_mjcf_XXXXXX";
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    if (calo_mujoco_available())
        skip();
    int file = mkstemp(path);
    assert_true(file >= 0);
    FILE *to = fdopen(file, "w");
    fputs("<mujoco/>", to);
    fclose(to);
    assert_int_equal(calo_mujoco_load(path, NULL, NULL, &model, &err), CALO_ERROR_UNSUPPORTED);
    assert_non_null(
        strstr(err.message, "MuJoCo models are read by libmujoco, which this build of calotype is without"));
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_and_names),
        cmocka_unit_test(test_joints),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_camera_and_lights),
        cmocka_unit_test(test_an_orthographic_camera),
        cmocka_unit_test(test_bodies_move),
        cmocka_unit_test(test_cameras_and_lights_move),
        cmocka_unit_test(test_tendons_move),
        cmocka_unit_test(test_wrong_states),
        cmocka_unit_test(test_sizes_and_missing_arrays),
        cmocka_unit_test(test_indices),
        cmocka_unit_test(test_textures_that_do_not_fit),
        cmocka_unit_test(test_numbers_that_are_not_finite),
        cmocka_unit_test(test_a_build_without_libmujoco_says_so),
    };
    return cmocka_run_group_tests_name("mjcf arrays", tests, NULL, NULL);
}
