/* MJCF files: what is mended, what is refused, and with which words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <calotype/import.h>
#include <calotype/mujoco.h>

#include "base/file.h"
#include "base/thread.h"
#include "import/mjcf/library.h"

/* ---- a folder of files ---- */

typedef struct fixture {
    char folder[64], model[128]; /* folder/scene/model.xml */
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/calotype_mjcf_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->model, sizeof f->model, "%s/scene/model.xml", f->folder);
    char path[128];
    snprintf(path, sizeof path, "%s/scene/parts", f->folder);
    assert_int_equal(calo_folder_create(path, NULL), CALO_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    calo_folder_remove(f->folder);
    free(f);
    return 0;
}

static void write_bytes(const fixture *f, const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/scene/%s", f->folder, name);
    assert_int_equal(calo_file_write(path, bytes, size, NULL), CALO_OK);
}

static void write_text(const fixture *f, const char *name, const char *text)
{
    write_bytes(f, name, text, strlen(text));
}

static calo_mujoco_model *load(const fixture *f, const char *text)
{
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    write_text(f, "model.xml", text);
    if (calo_mujoco_load(f->model, NULL, NULL, &model, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return model;
}

/* `message` with FOLDER in place of the folder's path; an ending "..." allows any end. */
static void assert_refused_with(const fixture *f, const calo_limits *limits, const char *text, calo_status status,
                                const char *message)
{
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    char told[1024] = "";
    write_text(f, "model.xml", text);
    assert_int_equal(calo_mujoco_load(f->model, NULL, limits, &model, &err), status);
    assert_null(model);
    assert_int_equal(err.status, status);
    size_t prefix = strlen(f->folder), length = strlen(message);
    for (const char *at = err.message, *found; *at; at = found + prefix) {
        found = strstr(at, f->folder);
        if (!found) {
            strcat(told, at);
            break;
        }
        strncat(told, at, (size_t)(found - at));
        strcat(told, "FOLDER");
    }
    if (length > 3 && strcmp(message + length - 3, "...") == 0)
        told[length - 3 < strlen(told) ? length - 3 : strlen(told)] = 0, length -= 3;
    char expected[1024];
    snprintf(expected, sizeof expected, "%.*s", (int)length, message);
    assert_string_equal(told, expected);
}

static void assert_refused(const fixture *f, const char *text, calo_status status, const char *message)
{
    assert_refused_with(f, NULL, text, status, message);
}

static uint32_t count_warnings(const calo_mujoco_model *model, const char *id)
{
    const calo_scene *scene = calo_mujoco_scene(model);
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->warning_count; i++)
        count += strcmp(scene->warnings[i].id, id) == 0;
    return count;
}

#define BALL "<geom name='ball' size='.1'/>"
#define WORLD(content) "<worldbody>" content "</worldbody>"

static const uint8_t png[] = {
    /* 1 x 1, red */
    0x89, 'P',  'N',  'G', 13,  10, 26,   10,   0,    0,    0,    13,   'I',  'H',  'D',  'R', 0, 0,
    0,    1,    0,    0,   0,   1,  8,    2,    0,    0,    0,    0x90, 0x77, 0x53, 0xde, 0,   0, 0,
    12,   'I',  'D',  'A', 'T', 8,  0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0,    0,    3,    1,    1,   0, 0x18,
    0xdd, 0x8d, 0xb0, 0,   0,   0,  0,    'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82,
};

/* ---- what is mended ---- */

static void test_missing_textures(void **state)
{
    const fixture *f = *state;
    write_bytes(f, "here.png", png, sizeof png);
    calo_mujoco_model *model = load(
        f, "<mujoco><asset>"
           "<texture name='a' type='2d' file='gone.png'/><texture name='b' type='cube' file='gone.png' gridsize='3 4' "
           "gridlayout='.U..LFRB.D..'/><texture type='2d' file='here.png'/>"
           "<texture name='c' type='cube' fileright='gone.png' fileleft='gone.png'/>"
           "<material name='red' texture='here'/><material name='a' texture='a'/><material name='b' texture='b'/>"
           "</asset>" WORLD("<geom size='.1' material='a'/><geom size='.2' material='b'/><geom size='.3' "
                            "material='red'/>") "</mujoco>");
    const calo_scene *scene = calo_mujoco_scene(model);
    uint32_t missing = 0;
    for (uint32_t i = 0; i < scene->image_count; i++)
        missing += scene->images[i].missing;
    assert_int_equal(missing, 2);
    assert_int_equal(count_warnings(model, "missing-texture"), 1); /* one of a file */
    assert_int_equal(scene->warning_count, 1);
    calo_mujoco_destroy(model);
}

static void test_a_model_with_a_texture(void **state)
{
    const fixture *f = *state;
    write_bytes(f, "parts/here.png", png, sizeof png);
    write_text(f, "parts/text.png", "no picture at all, but longer than a header");
    calo_mujoco_model *model =
        load(f, "<mujoco><compiler texturedir='parts'/><asset>"
                "<texture type='2d' file='here.png'/><texture name='bad' type='2d' file='text.png'/>"
                "<texture name='out' type='2d' file='../../out.png'/>"
                "<material name='red' texture='here'/></asset>" WORLD("<geom size='.1' material='red'/>") "</mujoco>");
    const calo_scene *scene = calo_mujoco_scene(model);
    assert_int_equal(count_warnings(model, "missing-texture"), 0);
    assert_int_equal(count_warnings(model, "bad-texture"), 1);
    assert_int_equal(count_warnings(model, "outside-path"), 1);
    assert_int_equal(scene->linked_file_count, 1);
    assert_string_equal(scene->linked_files[0], "here.png");
    calo_mujoco_destroy(model);
}

static void test_a_long_gridlayout(void **state)
{
    const fixture *f = *state;
    calo_mujoco_model *model = load(
        f, "<mujoco><asset>"
           "<texture name='a' type='cube' file='gone.png' gridsize='6 1' gridlayout='UDLRFB......'/></asset>" WORLD(
               BALL) "</mujoco>");
    assert_int_equal(count_warnings(model, "mjcf-gridlayout"), 1);
    assert_string_equal(calo_mujoco_scene(model)->warnings[0].message,
                        "a gridlayout of \"UDLRFB......\" is too long for a grid of 6 x 1: \"UDLRFB\" is used");
    calo_mujoco_destroy(model);
}

static void test_inertias(void **state)
{
    const fixture *f = *state;
    static const char *const inertials[] = {
        "<inertial pos='0 0 0' mass='1' diaginertia='1 1 3'/>",
        "<inertial pos='0 0 0' mass='0' diaginertia='0 0 0'/>",
    };
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        snprintf(text, sizeof text, "<mujoco>" WORLD("<body><joint/>%s" BALL "</body>") "</mujoco>", inertials[i]);
        calo_mujoco_model *model = load(f, text);
        assert_int_equal(count_warnings(model, "mjcf-inertia"), 1);
        assert_int_equal(calo_mujoco_scene(model)->warning_count, 1);
        calo_mujoco_destroy(model);
    }
}

/* As newer versions of MuJoCo have it, in a file that says nothing about it. */
static void test_a_range_is_a_limit(void **state)
{
    const fixture *f = *state;
    calo_mujoco_model *model =
        load(f, "<mujoco>" WORLD("<body><joint name='a' range='-10 20'/><joint name='b' axis='1 0 0' limited='false' "
                                 "range='-1 1'/><joint name='c' axis='0 1 0'/>" BALL "</body>") "</mujoco>");
    uint32_t count;
    const calo_joint *joints = calo_mujoco_joints(model, &count);
    assert_int_equal(count, 3);
    assert_true(joints[0].limited);
    assert_false(joints[1].limited);
    assert_false(joints[2].limited);
    assert_int_equal(calo_mujoco_scene(model)->warning_count, 0);
    calo_mujoco_destroy(model);
}

static void test_unknown_attributes(void **state)
{
    const fixture *f = *state;
    calo_mujoco_model *model = load(f, "<mujoco>" WORLD("<geom size='.1' sparkle='3'/><geom size='.2' sparkle='4'/>"
                                                        "<site name='s' glitter='1'/>") "</mujoco>");
    assert_int_equal(count_warnings(model, "mjcf-attribute"), 2);
    assert_string_equal(calo_mujoco_scene(model)->warnings[0].message,
                        "this version of MuJoCo does not know the attribute \"sparkle\" of <geom>: it is left out");
    calo_mujoco_destroy(model);
}

static void test_what_is_not_needed(void **state)
{
    const fixture *f = *state;
    calo_mujoco_model *model =
        load(f, "<!-- two -- dashes --><mujoco><option apirate='3'/><size nstack='99999999999'/>" WORLD(
                    "<body><joint name='j'/>" BALL
                    "</body>") "<actuator><motor joint='nobody'/></actuator>"
                               "<sensor><jointpos joint='nobody'/></sensor><keyframe><key qpos='1 2 3'/></keyframe>"
                               "<equality><joint joint1='nobody'/></equality></mujoco>");
    assert_int_equal(calo_mujoco_scene(model)->warning_count, 0);
    assert_int_equal(calo_mujoco_find(model, CALO_MUJOCO_JOINT, "j"), 0);
    calo_mujoco_destroy(model);
}

static void test_nothing_collides(void **state)
{
    const fixture *f = *state;
    calo_mujoco_model *model = load(f, "<mujoco><worldbody><geom type='cylinder' size='.05 .2'/><body><joint/>"
                                       "<geom type='capsule' size='.03' fromto='-1e30 0 0 .3 0 0'/></body></worldbody>"
                                       "</mujoco>");
    assert_int_equal(count_warnings(model, "unusable-size"), 1);
    assert_int_equal(calo_mujoco_scene(model)->warning_count, 1);
    calo_mujoco_destroy(model);
}

static void test_names_keep_their_letters(void **state)
{
    const fixture *f = *state;
    calo_mujoco_model *model =
        load(f, "<mujoco>" WORLD("<geom name='a &lt;&quot;b&quot;&gt; &amp; \xc3\xa4' size='.1'/>") "</mujoco>");
    assert_int_equal(calo_mujoco_find(model, CALO_MUJOCO_GEOM, "a <\"b\"> & \xc3\xa4"), 0);
    calo_mujoco_destroy(model);
}

/* ---- included files ---- */

static void test_includes(void **state)
{
    const fixture *f = *state;
    write_text(f, "parts/arm.xml",
               "<mujocoinclude><body name='arm'><geom size='.1'/><include file='hand.xml'/></body>"
               "<body name='leg'><geom size='.1'/></body></mujocoinclude>");
    write_text(f, "parts/hand.xml", "<x><body name='hand'><geom size='.1'/></body></x>");
    write_text(f, "empty.xml", "<mujocoinclude/>");
    calo_mujoco_model *model =
        load(f, "<mujoco>" WORLD("<body name='first'>" BALL "</body><Include file='parts/arm.xml'/>"
                                 "<body name='last'><geom size='.1'/></body>"
                                 "<include file='empty.xml'/>") "</mujoco>");
    static const char *const bodies[] = {"", "first", "arm", "hand", "leg", "last"};
    for (int32_t i = 1; i < 6; i++)
        assert_string_equal(calo_mujoco_name(model, CALO_MUJOCO_BODY, i), bodies[i]);
    assert_null(calo_mujoco_name(model, CALO_MUJOCO_BODY, 6));
    assert_int_equal(calo_mujoco_scene(model)->nodes[3].parent, 2);
    assert_int_equal(calo_mujoco_scene(model)->linked_file_count, 3);
    calo_mujoco_destroy(model);
}

static void test_wrong_includes(void **state)
{
    const fixture *f = *state;
    write_text(f, "self.xml", "<x><include file='self.xml'/></x>");
    assert_refused(f, "<mujoco>\n<include file='self.xml'/></mujoco>", CALO_ERROR_FORMAT,
                   "FOLDER/scene/self.xml: line 1: \"self.xml\" is included for the second time");
    assert_refused(f, "<mujoco>\n<include file='none.xml'/></mujoco>", CALO_ERROR_NOT_FOUND,
                   "FOLDER/scene/model.xml: line 2, <include>: \"none.xml\" is not there");
    assert_refused(f, "<mujoco>\n<include/></mujoco>", CALO_ERROR_FORMAT,
                   "FOLDER/scene/model.xml: line 2: <include> needs the attribute file");
    assert_refused(f, "<mujoco><include file='self.xml'><body/></include></mujoco>", CALO_ERROR_FORMAT,
                   "FOLDER/scene/model.xml: line 1: <include> may not have children");
    assert_refused(f, "<mujoco><include file='../../etc/passwd'/></mujoco>", CALO_ERROR_UNSUPPORTED,
                   "FOLDER/scene/model.xml: line 1, <include>: the path \"../../etc/passwd\" ...");
}

/* ---- what is refused ---- */

static void test_text_that_is_no_model(void **state)
{
    const fixture *f = *state;
    assert_refused(f, "<mujoco><worldbody></mujoco>", CALO_ERROR_FORMAT,
                   "FOLDER/scene/model.xml: line 1, column 22: not valid XML: mismatched tag");
    assert_refused(f, "<robot/>", CALO_ERROR_UNSUPPORTED,
                   "FOLDER/scene/model.xml: this is a URDF file; calotype reads MJCF: convert it with MuJoCo's compile "
                   "tool first");
    assert_refused(f, "<other/>", CALO_ERROR_FORMAT,
                   "FOLDER/scene/model.xml: the root element of an MJCF file is <mujoco>, not <other>");
    assert_refused(f, "<!DOCTYPE mujoco [<!ENTITY a 'b'>]><mujoco/>", CALO_ERROR_UNSUPPORTED,
                   "FOLDER/scene/model.xml: line 1: the XML entity \"a\" is declared; entities are not read: write its "
                   "text instead");
}

static void test_models_that_mujoco_refuses(void **state)
{
    const fixture *f = *state;
    assert_refused(f, "<mujoco>\n\n" WORLD("<geom type='ball' size='.1'/>") "</mujoco>", CALO_ERROR_FORMAT,
                   "FOLDER/scene/model.xml: MuJoCo ...");
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    assert_int_equal(calo_mujoco_load(f->model, NULL, NULL, &model, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "invalid keyword"));
    assert_non_null(strstr(err.message, "line 3"));
    assert_int_equal(calo_mujoco_load("/nowhere/model.xml", NULL, NULL, &model, &err), CALO_ERROR_NOT_FOUND);
}

static void test_files_that_are_not_there(void **state)
{
    const fixture *f = *state;
    assert_refused(f, "<mujoco><compiler meshdir='parts'/><asset>\n<mesh file='gone.stl'/></asset></mujoco>",
                   CALO_ERROR_NOT_FOUND, "FOLDER/scene/model.xml: line 2, <mesh>: \"parts/gone.stl\" is not there");
    assert_refused(f, "<mujoco><asset><mesh file='/etc/passwd'/></asset></mujoco>", CALO_ERROR_UNSUPPORTED,
                   "FOLDER/scene/model.xml: line 1, <mesh>: the path \"/etc/passwd\" is absolute; ...");
    assert_refused(f, "<mujoco><asset><model name='m' file='other.xml'/></asset></mujoco>", CALO_ERROR_UNSUPPORTED,
                   "FOLDER/scene/model.xml: line 1: models within models are not read: include the file instead");
}

static void test_from_memory(void **state)
{
    (void)state;
    calo_scene *scene = NULL;
    calo_error err = {0};
    const char plain[] = "<?xml version='1.0'?>\n<mujoco>" WORLD(BALL) "</mujoco>";
    const char linked[] = "<mujoco><asset><mesh file='a.stl'/></asset></mujoco>";
    assert_int_equal(calo_scene_load_memory(plain, strlen(plain), NULL, NULL, &scene, &err), CALO_OK);
    assert_string_equal(scene->format, "mjcf");
    calo_scene_destroy(scene);
    assert_int_equal(calo_scene_load_memory(linked, strlen(linked), NULL, NULL, &scene, &err), CALO_ERROR_UNSUPPORTED);
    assert_string_equal(err.message, "(memory): line 1, <mesh>: the file \"a.stl\" cannot be looked for: the model was "
                                     "loaded from memory");
}

static void test_small_files_with_large_wishes(void **state)
{
    const fixture *f = *state;
    const calo_limits small = {.max_triangles = 1000, .max_texture_pixels = 64};
    assert_refused(
        f,
        "<mujoco>" WORLD("<replicate count='1000'><replicate count='1001'>" BALL
                         "</replicate></replicate>") "</mujoco>",
        CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1: <replicate> asks for too many copies, more than the limit of 1000000");
    assert_refused(
        f, "<mujoco>" WORLD("<body><composite type='grid' count='100 100 101' spacing='1'/></body>") "</mujoco>",
        CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1: <composite> asks for too many copies, more than the limit of 1000000");
    assert_refused(f, "<mujoco><size nuser_geom='100000000'/></mujoco>", CALO_ERROR_LIMIT,
                   "FOLDER/scene/model.xml: line 1: <size> asks for nuser_geom, more than the limit of 10000");
    assert_refused_with(
        f, &small, "<mujoco><asset><hfield name='h' nrow='100' ncol='100' size='1 1 1 1'/></asset></mujoco>",
        CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1: <hfield> asks for too many points, more than the limit of 500");
    assert_refused_with(
        f, &small, "<mujoco><asset><texture type='2d' builtin='flat' width='65' height='9'/></asset></mujoco>",
        CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1: a texture of 65 x 9 texels is over the limit of 64 a side: raise "
        "it with --max-texture or shrink the texture");
    assert_refused_with(
        f, &small, "<mujoco><asset><mesh name='m' builtin='plate' params='40 40'/></asset></mujoco>", CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1: <mesh> asks for too many triangles, more than the limit of 1000");
    assert_refused(f,
                   "<mujoco><asset><texture type='2d' name='a' builtin='flat' width='16384' height='16384'/>"
                   "<texture type='2d' name='b' builtin='flat' width='16384' height='16384'/>"
                   "<texture type='2d' name='c' builtin='flat' width='16384' height='16384'/></asset></mujoco>",
                   CALO_ERROR_LIMIT,
                   "FOLDER/scene/model.xml: line 1: the textures up to this one take 2415919104 bytes, more than is "
                   "allowed");
}

static void test_pictures_of_heights(void **state)
{
    const fixture *f = *state;
    const calo_limits small = {.max_texture_pixels = 64};
    uint8_t large[sizeof png];
    memcpy(large, png, sizeof png);
    large[18] = 1; /* 257 texels wide, it says */
    write_bytes(f, "large.png", large, sizeof large);
    write_text(f, "text.png", "no picture at all, but longer than a header");
    static const char text[] = "<mujoco><asset><hfield name='h' file='%s' size='1 1 1 1'/></asset></mujoco>";
    char model[256];
    snprintf(model, sizeof model, text, "large.png");
    assert_refused_with(
        f, &small, model, CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1, <hfield>: FOLDER/scene/model.xml: line 1: a texture of 257 x 1 "
        "texels is over the limit of 64 a side: ...");
    snprintf(model, sizeof model, text, "text.png");
    assert_refused(f, model, CALO_ERROR_FORMAT,
                   "FOLDER/scene/model.xml: line 1, <hfield>: FOLDER/scene/text.png: this is not a PNG file");
    const calo_limits tiny = {.max_file_bytes = 66};
    write_bytes(f, "a.stl", large, sizeof large);
    assert_refused_with(
        f, &tiny, "<mujoco><asset><mesh file='a.stl'/></asset></mujoco>", CALO_ERROR_LIMIT,
        "FOLDER/scene/model.xml: line 1, <mesh>: FOLDER/scene/a.stl has 69 bytes, more than the limit of "
        "66");
}

static void test_deep_files(void **state)
{
    const fixture *f = *state;
    enum { DEPTH = 600 };
    char *text = calloc(DEPTH, 16), *at = text;
    at += sprintf(at, "<mujoco><worldbody>");
    for (int i = 0; i < DEPTH; i++)
        at += sprintf(at, "<body>");
    assert_refused(f, text, CALO_ERROR_LIMIT,
                   "FOLDER/scene/model.xml: line 1: elements stand more than 500 deep in each other");
    free(text);
}

/* ---- mappings ---- */

static const char joints[] =
    "<mujoco>" WORLD("<body><joint name='a, b'/>" BALL "</body>"
                     "<body><joint name='ball' type='ball'/><geom size='.1'/></body>"
                     "<body pos='1 2 3'><freejoint name='free'/><geom size='.1'/></body>") "</mujoco>";

static void test_a_mapping(void **state)
{
    const fixture *f = *state;
    char path[128];
    double qpos[12], row[10];
    calo_mujoco_mapping *mapping = NULL;
    calo_error err = {0};
    calo_mujoco_model *model = load(f, joints);
    write_text(f, "state.mapping", "a, b, 9\r\n\nball ,4\n");
    snprintf(path, sizeof path, "%s/scene/state.mapping", f->folder);
    assert_int_equal(calo_mujoco_mapping_load(model, path, NULL, &mapping, &err), CALO_OK);
    for (int i = 0; i < 10; i++)
        row[i] = 10 + i;
    assert_int_equal(calo_mujoco_mapping_apply(mapping, row, 10, qpos, &err), CALO_OK);
    static const double expected[12] = {19, 14, 15, 16, 17, 1, 2, 3, 1, 0, 0, 0};
    assert_memory_equal(qpos, expected, sizeof qpos);
    assert_int_equal(calo_mujoco_mapping_apply(mapping, row, 9, qpos, &err), CALO_ERROR_ARGUMENT);
    assert_string_equal(err.message, "a state has 9 values, but the mapping reads 10");
    calo_mujoco_mapping_destroy(mapping);
    write_text(f, "state.mapping", "free, 0\n");
    assert_int_equal(calo_mujoco_mapping_load(model, path, NULL, &mapping, &err), CALO_OK);
    assert_int_equal(calo_mujoco_mapping_apply(mapping, row, 7, qpos, &err), CALO_OK);
    assert_memory_equal(qpos + 5, row, 7 * sizeof *row);
    calo_mujoco_mapping_destroy(mapping);
    calo_mujoco_destroy(model);
}

static void test_wrong_mappings(void **state)
{
    const fixture *f = *state;
    static const char *const lines[] = {"ball", "ball,", "ball, x", "ball, -1", "ball, 1 2", "ball, 99999999"};
    char path[128], message[512];
    calo_mujoco_mapping *mapping = NULL;
    calo_error err = {0};
    calo_mujoco_model *model = load(f, joints);
    snprintf(path, sizeof path, "%s/scene/state.mapping", f->folder);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        write_text(f, "state.mapping", lines[i]);
        assert_int_equal(calo_mujoco_mapping_load(model, path, NULL, &mapping, &err), CALO_ERROR_FORMAT);
        snprintf(message, sizeof message,
                 "%s: line 1: a mapping has a joint's name, a comma and the index of its first value a line", path);
        assert_string_equal(err.message, message);
        assert_null(mapping);
    }
    write_text(f, "state.mapping", "ball, 1\nnobody, 2");
    assert_int_equal(calo_mujoco_mapping_load(model, path, NULL, &mapping, &err), CALO_ERROR_NOT_FOUND);
    snprintf(message, sizeof message, "%s: line 2: %s has no joint \"nobody\"", path, f->model);
    assert_string_equal(err.message, message);
    calo_mujoco_destroy(model);
}

/* ---- side by side ---- */

static calo_status load_again(void *user, uint32_t worker, size_t index, calo_error *err)
{
    const fixture *f = user;
    calo_mujoco_model *model = NULL;
    (void)worker, (void)index;
    calo_status status = calo_mujoco_load(f->model, NULL, NULL, &model, err);
    calo_mujoco_destroy(model);
    return status;
}

static void test_loading_side_by_side(void **state)
{
    fixture *f = *state;
    calo_error err = {0};
    write_text(f, "model.xml", joints);
    assert_int_equal(calo_thread_for(4, 40, load_again, f, &err), CALO_OK);
}

/* ---- ORRB's scene ---- */

static bool find_asset(const char *name, char *path, size_t size)
{
    const char *named = getenv("CALOTYPE_ASSETS"), *root = getenv("CALOTYPE_SOURCE_ROOT");
    struct stat info;
    if (named)
        snprintf(path, size, "%s/%s", named, name);
    else
        snprintf(path, size, "%s/../shared/assets/%s", root ? root : ".", name);
    return stat(path, &info) == 0;
}

static void test_dactyl(void **state)
{
    (void)state;
    char path[512];
    calo_mujoco_model *model = NULL;
    calo_error err = {0};
    if (!find_asset("orrb/dactyl.xml", path, sizeof path)) {
        print_message("no %s: set CALOTYPE_ASSETS\n", path);
        skip();
    }
    if (calo_mujoco_load(path, NULL, NULL, &model, &err) != CALO_OK)
        fail_msg("%s", err.message);
    const calo_scene *scene = calo_mujoco_scene(model);
    assert_int_equal(scene->warning_count, 3);
    assert_int_equal(count_warnings(model, "missing-texture"), 1);
    assert_int_equal(count_warnings(model, "mjcf-gridlayout"), 1);
    assert_int_equal(count_warnings(model, "mjcf-inertia"), 1);
    uint32_t count, triangles = 0, body_count = 0;
    calo_mujoco_joints(model, &count);
    assert_int_equal(count, 28);
    calo_mujoco_rest(model, &count);
    assert_int_equal(count, 31);
    assert_int_equal(scene->camera_count, 3);
    while (calo_mujoco_name(model, CALO_MUJOCO_BODY, (int32_t)body_count))
        body_count++;
    assert_int_equal(body_count, 36);
    calo_arena arena = {0};
    calo_mujoco_arrays arrays;
    assert_int_equal(calo_mjcf_library_arrays(model->library, &arena, &arrays, &err), CALO_OK);
    for (int32_t g = 0; g < arrays.ngeom; g++) {
        const calo_node *node = &scene->nodes[calo_mujoco_node(model, CALO_MUJOCO_GEOM, g)];
        if (arrays.geom_type[g] != CALO_MJCF_MESH)
            continue;
        assert_true(node->visible && node->mesh >= 0);
        assert_int_equal(scene->meshes[node->mesh].primitives[0].index_count,
                         3 * arrays.mesh_facenum[arrays.geom_dataid[g]]);
        triangles += scene->meshes[node->mesh].primitives[0].index_count / 3;
    }
    calo_arena_finish(&arena);
    assert_int_equal(triangles, 41580);
    calo_mujoco_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing_textures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_model_with_a_texture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_gridlayout, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inertias, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_range_is_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_collides, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_keep_their_letters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_includes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_includes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_that_is_no_model, setup, teardown),
        cmocka_unit_test_setup_teardown(test_models_that_mujoco_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_not_there, setup, teardown),
        cmocka_unit_test(test_from_memory),
        cmocka_unit_test_setup_teardown(test_small_files_with_large_wishes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pictures_of_heights, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deep_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_mapping, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_mappings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loading_side_by_side, setup, teardown),
        cmocka_unit_test(test_dactyl),
    };
    return cmocka_run_group_tests_name("mjcf files", tests, NULL, NULL);
}
