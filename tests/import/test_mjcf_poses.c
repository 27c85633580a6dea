/* Poses from joint positions, against the numbers of MuJoCo's own mjData. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <calotype/mujoco.h>
#include <mujoco/mujoco.h>

#include "base/random.h"
#include "scene/deform.h"

/* Every kind of joint, of camera and of light; a rope around a cylinder and over a pulley; no two things alike. */
static const char text[] =
    "<mujoco><worldbody>"
    "<light name='fixed' pos='0 0 3' dir='0.2 0 -1'/>"
    "<light name='aimed' mode='targetbody' target='free' pos='1 2 3' directional='true'/>"
    "<geom name='floor' type='plane' size='2 2 .1'/>"
    "<camera name='still' pos='0 -3 1' euler='80 0 10'/>"
    "<site name='anchor' pos='0 0 1.2'/><site name='peg side' pos='.17 0 1.07'/>"
    "<geom name='peg' type='cylinder' size='.05 .2' pos='.1 0 1' euler='90 0 0'/>"
    "<site name='over' pos='.2 0 .9'/><site name='pulley' pos='.5 .1 1'/>"
    "<body name='arm' pos='.1 .2 .5' euler='10 20 30'>"
    "  <joint name='hinge' axis='0 1 .3' pos='.02 0 .01' range='-90 90' limited='true'/>"
    "  <geom name='upper' type='capsule' size='.03' fromto='0 0 0 .3 0 0'/>"
    "  <camera name='along' pos='0 0 .2' mode='track'/>"
    "  <camera name='middle' pos='0 0 .3' mode='trackcom'/>"
    "  <light name='carried' pos='0 .1 0' dir='1 1 0' mode='trackcom'/>"
    "  <body name='slider' pos='.3 0 0' quat='.9 .1 .2 .3'>"
    "    <joint name='slide' type='slide' axis='1 0 1'/>"
    "    <joint name='ball' type='ball'/>"
    "    <geom name='block' type='box' size='.02 .03 .04' pos='.01 .02 .03' euler='5 6 7'/>"
    "    <site name='tip' pos='.05 0 0' euler='1 2 3'/>"
    "    <camera name='looking' pos='.1 0 0' mode='targetbody' target='free'/>"
    "    <camera name='looking at all' pos='.1 .1 0' mode='targetbodycom' target='arm'/>"
    "  </body>"
    "</body>"
    "<body name='free' pos='1 1 1'><freejoint name='float'/><geom name='egg' type='ellipsoid' size='.1 .2 .3'/></body>"
    "<body name='mocap' mocap='true' pos='-1 0 0'><geom name='marker' size='.1'/></body>"
    "</worldbody>"
    "<tendon><spatial name='rope' width='.01'>"
    "  <site site='anchor'/><geom geom='peg' sidesite='peg side'/><site site='over'/><pulley divisor='2'/>"
    "  <site site='pulley'/><site site='tip'/>"
    "</spatial><fixed name='sum'><joint joint='hinge' coef='1'/><joint joint='slide' coef='2'/></fixed></tendon>"
    "<%s><skin name='cloth' vertex='0 0 0  .1 0 0  0 .1 0' face='0 1 2'>"
    "  <bone body='arm' bindpos='.1 0 0' bindquat='1 0 0 0' vertid='0 1' vertweight='1 .5'/>"
    "  <bone body='slider' bindpos='0 .2 0' bindquat='.8 .6 0 0' vertid='1 2' vertweight='.5 1'/>"
    "</skin></%s>"
    "<actuator><motor joint='hinge'/></actuator>"
    "</mujoco>";

typedef struct fixture {
    char path[64];
    calo_mujoco_model *model;
    mjModel *peer;
    mjData *data;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    char complaint[1000] = "";
    calo_error err = {0};
    const char *section = mj_version() < 300 ? "asset" : "deformable";
    strcpy(f->path, "/tmp/calotype_mjcf_XXXXXX.xml");
    int file = mkstemps(f->path, 4);
    assert_true(file >= 0);
    assert_true(dprintf(file, text, section, section) > 0);
    close(file);
    f->peer = mj_loadXML(f->path, NULL, complaint, sizeof complaint);
    if (!f->peer)
        fail_msg("%s", complaint);
    f->data = mj_makeData(f->peer);
    if (calo_mujoco_load(f->path, NULL, NULL, &f->model, &err) != CALO_OK)
        fail_msg("%s", err.message);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    calo_mujoco_destroy(f->model);
    mj_deleteData(f->data);
    mj_deleteModel(f->peer);
    remove(f->path);
    free(f);
    return 0;
}

/* State `n`: any numbers; quaternions of any length. */
static void draw_positions(const fixture *f, uint64_t n, double *qpos)
{
    calo_random random = {n};
    for (int i = 0; i < f->peer->nq; i++)
        qpos[i] = calo_random_range(&random, -1, 1);
}

static void move_peer(fixture *f, const double *qpos)
{
    memcpy(f->data->qpos, qpos, (size_t)f->peer->nq * sizeof *qpos);
    mj_kinematics(f->peer, f->data);
    mj_comPos(f->peer, f->data);
    mj_camlight(f->peer, f->data);
    mj_tendon(f->peer, f->data);
}

static calo_pose *pose_of(const fixture *f, const double *qpos)
{
    calo_pose *pose = NULL;
    calo_error err = {0};
    if (calo_mujoco_pose(f->model, qpos, (size_t)f->peer->nq, NULL, &pose, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return pose;
}

static void assert_near(double value, double expected, const char *what, int id)
{
    if (!(fabs(value - expected) < 1e-9))
        fail_msg("%s %d is at %.12g, MuJoCo says %.12g", what, id, value, expected);
}

static const calo_mat4 *place_of(const fixture *f, const calo_pose *pose, calo_mujoco_kind kind, int id)
{
    int32_t node = calo_mujoco_node(f->model, kind, id);
    assert_true(node >= 0);
    return &pose->node_to_world[node];
}

static void assert_places(const fixture *f, const calo_pose *pose, calo_mujoco_kind kind, int count, const double *xpos,
                          const double *xmat, const char *what)
{
    for (int i = 0; i < count; i++) {
        const calo_mat4 *place = place_of(f, pose, kind, i);
        for (int r = 0; r < 3; r++) {
            assert_near(place->m[r][3], xpos[3 * i + r], what, i);
            for (int c = 0; c < 3; c++)
                assert_near(place->m[r][c], xmat[9 * i + 3 * r + c], what, i);
        }
    }
}

static void assert_lights(const fixture *f, const calo_pose *pose)
{
    for (int i = 0; i < f->peer->nlight; i++) {
        const calo_mat4 *place = place_of(f, pose, CALO_MUJOCO_LIGHT, i);
        double length = mju_norm3(f->data->light_xdir + 3 * i);
        for (int r = 0; r < 3; r++) {
            assert_near(place->m[r][3], f->data->light_xpos[3 * i + r], "light", i);
            assert_near(-place->m[r][2], f->data->light_xdir[3 * i + r] / length, "light's direction", i);
        }
    }
}

/* Returns how many segments the rope has. */
static int assert_rope(const fixture *f, const calo_pose *pose)
{
    const mjData *d = f->data;
    int first = d->ten_wrapadr[0], count = d->ten_wrapnum[0], room = 2 * f->peer->tendon_num[0], segments = 0;
    int32_t node = calo_mujoco_node(f->model, CALO_MUJOCO_TENDON, 0);
    for (int i = 0; i + 1 < count; i++) {
        const calo_mat4 *rod = &pose->node_to_world[node + room + i];
        const double *from = d->wrap_xpos + 3 * (first + i), *to = from + 3;
        if (d->wrap_obj[first + i] == -2 || d->wrap_obj[first + i + 1] == -2 || mju_dist3(from, to) == 0)
            continue; /* to a pulley, or around nothing */
        segments++;
        for (int r = 0; r < 3; r++) {
            assert_near(rod->m[r][3] - rod->m[r][2] / 2, from[r], "rod", i);
            assert_near(rod->m[r][3] + rod->m[r][2] / 2, to[r], "rod", i);
            assert_near(pose->node_to_world[node + i].m[r][3], from[r], "ball", i);
        }
    }
    return segments;
}

static void assert_as_mujoco(const fixture *f, const calo_pose *pose)
{
    const mjModel *m = f->peer;
    const mjData *d = f->data;
    assert_places(f, pose, CALO_MUJOCO_BODY, (int)m->nbody, d->xpos, d->xmat, "body");
    assert_places(f, pose, CALO_MUJOCO_GEOM, (int)m->ngeom, d->geom_xpos, d->geom_xmat, "geom");
    assert_places(f, pose, CALO_MUJOCO_SITE, (int)m->nsite, d->site_xpos, d->site_xmat, "site");
    assert_places(f, pose, CALO_MUJOCO_CAMERA, (int)m->ncam, d->cam_xpos, d->cam_xmat, "camera");
    assert_lights(f, pose);
}

static void test_the_rest_pose(void **state)
{
    fixture *f = *state;
    calo_pose *pose = NULL;
    move_peer(f, f->peer->qpos0);
    assert_int_equal(calo_pose_create(calo_mujoco_scene(f->model), NULL, &pose, NULL), CALO_OK);
    assert_as_mujoco(f, pose);
    assert_true(assert_rope(f, pose) >= 4);
    calo_pose_destroy(pose);
}

static void test_any_pose(void **state)
{
    fixture *f = *state;
    double qpos[32];
    int around = 0; /* states in which the rope lies on the peg */
    for (uint64_t n = 0; n < 50; n++) {
        draw_positions(f, n, qpos);
        move_peer(f, qpos);
        calo_pose *pose = pose_of(f, qpos);
        assert_as_mujoco(f, pose);
        around += assert_rope(f, pose) > 3;
        calo_pose_destroy(pose);
    }
    assert_true(around > 0);
}

static void test_a_state_is_its_positions(void **state)
{
    fixture *f = *state;
    double qpos[32];
    calo_pose *pose = NULL;
    draw_positions(f, 7, qpos);
    move_peer(f, qpos);
    const mjData *d = f->data;
    const calo_mujoco_state moved = {d->xpos,       d->xquat,       d->cam_xpos,    d->cam_xmat, d->light_xpos,
                                     d->light_xdir, d->ten_wrapadr, d->ten_wrapnum, d->wrap_obj, d->wrap_xpos};
    assert_int_equal(calo_mujoco_state_pose(f->model, &moved, NULL, &pose, NULL), CALO_OK);
    calo_pose *own = pose_of(f, qpos);
    assert_memory_equal(own->node_to_world, pose->node_to_world,
                        calo_mujoco_scene(f->model)->node_count * sizeof *pose->node_to_world);
    calo_pose_destroy(own);
    calo_pose_destroy(pose);
}

/* Where a vertex of the text's skin is: each bone takes along what is bound to it. */
static void expect_vertex(const fixture *f, int vertex, double expected[3])
{
    static const double vertices[3][3] = {{0, 0, 0}, {0.1, 0, 0}, {0, 0.1, 0}};
    static const double weights[3][2] = {{1, 0}, {0.5, 0.5}, {0, 1}};
    static const char *const bodies[2] = {"arm", "slider"};
    static const double positions[2][3] = {{0.1, 0, 0}, {0, 0.2, 0}}, turns[2][4] = {{1, 0, 0, 0}, {0.8, 0.6, 0, 0}};
    memset(expected, 0, 3 * sizeof *expected);
    for (int b = 0; b < 2; b++) {
        int body = mj_name2id(f->peer, mjOBJ_BODY, bodies[b]);
        double back[4], turn[4], from[3], moved[3];
        mju_negQuat(back, turns[b]);
        mju_mulQuat(turn, f->data->xquat + 4 * body, back);
        mju_sub3(from, vertices[vertex], positions[b]);
        mju_rotVecQuat(moved, from, turn);
        mju_addTo3(moved, f->data->xpos + 3 * body);
        mju_addToScl3(expected, moved, weights[vertex][b]);
    }
}

static void test_skins_follow_bodies(void **state)
{
    fixture *f = *state;
    double qpos[32];
    float positions[9];
    int32_t node = calo_mujoco_node(f->model, CALO_MUJOCO_SKIN, 0);
    const calo_scene *scene = calo_mujoco_scene(f->model);
    assert_true(scene->nodes[node].mesh >= 0 && scene->nodes[node].skin >= 0);
    const calo_primitive *primitive = &scene->meshes[scene->nodes[node].mesh].primitives[0];
    assert_int_equal(primitive->vertex_count, 3);
    for (uint64_t n = 100; n < 110; n++) {
        draw_positions(f, n, qpos);
        move_peer(f, qpos);
        calo_pose *pose = pose_of(f, qpos);
        assert_int_equal(calo_deform_primitive(pose, node, primitive, positions, NULL, NULL, NULL), CALO_OK);
        for (int v = 0; v < 3; v++) {
            double expected[3];
            expect_vertex(f, v, expected);
            for (int r = 0; r < 3; r++)
                if (!(fabs((double)positions[3 * v + r] - expected[r]) < 1e-6))
                    fail_msg("vertex %d is at %.9g, not at %.9g", v, (double)positions[3 * v + r], expected[r]);
        }
        calo_pose_destroy(pose);
    }
}

static void test_wrong_positions(void **state)
{
    fixture *f = *state;
    double qpos[32] = {0};
    char message[256];
    size_t count = (size_t)f->peer->nq;
    calo_pose *pose = NULL;
    calo_error err = {0};
    assert_int_equal(calo_mujoco_pose(f->model, qpos, count - 1, NULL, &pose, &err), CALO_ERROR_ARGUMENT);
    snprintf(message, sizeof message, "%s has 13 joint positions (qpos), but 12 were given", f->path);
    assert_string_equal(err.message, message);
    qpos[4] = INFINITY;
    assert_int_equal(calo_mujoco_pose(f->model, qpos, count, NULL, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "qpos[4] (joint \"ball\") is inf: joint positions must be finite");
    qpos[4] = 0;
    assert_int_equal(calo_mujoco_pose(f->model, NULL, count, NULL, &pose, &err), CALO_ERROR_ARGUMENT);
    assert_null(pose);
    /* Quaternions of length zero are no rotation, as in MuJoCo. */
    calo_pose_destroy(pose_of(f, qpos));
}

enum { THREADS = 4, STATES = 200 };

typedef struct worker {
    const fixture *f;
    calo_mat4 places[STATES];
} worker;

static void *pose_states(void *user)
{
    worker *w = user;
    double qpos[32];
    for (uint64_t n = 0; n < STATES; n++) {
        draw_positions(w->f, n, qpos);
        calo_pose *pose = pose_of(w->f, qpos);
        w->places[n] = *place_of(w->f, pose, CALO_MUJOCO_SITE, 4);
        calo_pose_destroy(pose);
    }
    return NULL;
}

static void test_threads_do_not_meet(void **state)
{
    pthread_t threads[THREADS];
    worker *workers = calloc(THREADS, sizeof *workers);
    assert_non_null(workers);
    for (int t = 0; t < THREADS; t++) {
        workers[t].f = *state;
        assert_int_equal(pthread_create(&threads[t], NULL, pose_states, &workers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 1; t < THREADS; t++)
        assert_memory_equal(workers[t].places, workers[0].places, sizeof workers[0].places);
    free(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rest_pose),
        cmocka_unit_test(test_any_pose),
        cmocka_unit_test(test_a_state_is_its_positions),
        cmocka_unit_test(test_skins_follow_bodies),
        cmocka_unit_test(test_wrong_positions),
        cmocka_unit_test(test_threads_do_not_meet),
    };
    return cmocka_run_group_tests_name("mjcf poses", tests, setup, teardown);
}
