/* Cameras from files: one pose in every format, and what must be refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/camera_file.h"

/* A camera at (3, 0, 0) that looks at the origin. */
#define LOOK "[[0,0,1,3],[1,0,0,0],[0,1,0,0],[0,0,0,1]]"

static calo_error err;

static calo_status load(const char *text, uint32_t width, uint32_t height, calo_view_set *set)
{
    err = (calo_error){0};
    return calo_view_set_load_memory(text, strlen(text), "cameras.json", width, height, set, &err);
}

static void assert_camera(const calo_view *view, double focal, uint32_t width, uint32_t height)
{
    static const double pose[4][4] = {{0, 0, 1, 3}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 0, 1}};
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
            assert_true(fabs(view->camera_to_world.m[r][c] - pose[r][c]) < 1e-12);
    assert_true(fabs(view->focal_x - focal) < 1e-9 && fabs(view->focal_y - focal) < 1e-9);
    assert_int_equal(view->width, width);
    assert_int_equal(view->height, height);
    assert_true(fabs(view->radius - 3) < 1e-12 && fabs(view->azimuth_degrees) < 1e-12);
    assert_string_equal(view->name, "000");
}

static void every_format_gives_the_same_camera(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{\"views\":[{\"camera_to_world\":" LOOK ",\"intrinsics\":[[200,0,50],[0,200,40],[0,0,1]],"
        "\"width\":100,\"height\":80}]}",
        "{\"views\":[{\"camera_to_world\":" LOOK ",\"intrinsics\":[[200,0,50],[0,200,40],[0,0,1]]}]}",
        "{\"w\":100,\"h\":80,\"fl_x\":200,\"fl_y\":200,\"cx\":50,\"cy\":40,\"camera_model\":\"OPENCV\",\"k1\":0,"
        "\"frames\":[{\"transform_matrix\":" LOOK "}]}",
        "{\"w\":10,\"fl_x\":7,\"frames\":[{\"transform_matrix\":" LOOK
        ",\"w\":100.0,\"h\":80,\"fl_x\":200,\"cx\":50,\"cy\":40}]}",
        "{\"camera_angle_x\":0.48995732625372834,\"w\":100,\"h\":80,\"frames\":[{\"transform_matrix\":" LOOK "}]}",
        "{\"cameras\":[{\"K\":[[200,0,50],[0,200,40],[0,0,1]],\"R\":[[0,1,0],[0,0,-1],[-1,0,0]],\"t\":[0,0,3],"
        "\"width\":100,\"height\":80,\"dist\":[0,0,0,0,0]}]}",
        "{\"K\":[200,0,50,0,200,40,0,0,1],\"width\":100,\"height\":80,\"cameras\":[{\"tvec\":[[0],[0],[3]],"
        "\"rvec\":[1.2091995761561452,1.2091995761561452,-1.2091995761561452]}]}",
        "{\"cameras\":[{\"camera_matrix\":[[200,0,50],[0,200,40],[0,0,1]],\"width\":100,\"height\":80,"
        "\"world_to_camera\":[[0,1,0,0],[0,0,-1,0],[-1,0,0,3],[0,0,0,1]]}]}",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        calo_view_set set;
        if (load(files[i], 0, 0, &set) != CALO_OK)
            fail_msg("file %zu: %s", i, err.message);
        assert_int_equal(set.count, 1);
        assert_string_equal(set.protocol, "file");
        assert_int_equal(set.fit, CALO_FIT_UNIT_CUBE);
        if (i == 6) /* a third of a turn about (1, 1, -1) is another pose */
            assert_true(fabs(set.views[0].radius - 3) < 1e-12);
        else
            assert_camera(&set.views[0], 200, 100, 80);
        calo_view_set_finish(&set);
    }
}

/* OpenCV's Rodrigues vector for half a turn about x: y and z change sign. */
static void rodrigues_vectors_turn(void **state)
{
    (void)state;
    calo_view_set set;
    assert_int_equal(load("{\"cameras\":[{\"K\":[[9,0,5],[0,9,5],[0,0,1]],\"width\":10,\"height\":10,"
                          "\"rvec\":[3.14159265358979323846,0,0],\"tvec\":[0,0,4]}]}",
                          0, 0, &set),
                     CALO_OK);
    static const double pose[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 4}, {0, 0, 0, 1}};
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
            assert_true(fabs(set.views[0].camera_to_world.m[r][c] - pose[r][c]) < 1e-12);
    calo_view_set_finish(&set);
}

static void size_scales_intrinsics(void **state)
{
    (void)state;
    static const char file[] = "{\"w\":100,\"h\":80,\"fl_x\":200,\"frames\":[{\"transform_matrix\":" LOOK "}]}";
    calo_view_set set;
    assert_int_equal(load(file, 50, 0, &set), CALO_OK);
    assert_camera(&set.views[0], 100, 50, 40);
    assert_true(set.views[0].center_x == 25 && set.views[0].center_y == 20);
    calo_view_set_finish(&set);
    assert_int_equal(load(file, 100, 160, &set), CALO_OK);
    assert_true(set.views[0].focal_x == 200 && set.views[0].focal_y == 400 && set.views[0].center_y == 80);
    calo_view_set_finish(&set);
    assert_int_equal(load(file, 100000, 0, &set), CALO_ERROR_ARGUMENT);
    /* NeRF's synthetic scenes say no size. */
    static const char synthetic[] = "{\"camera_angle_x\":1.0,\"frames\":[{\"transform_matrix\":" LOOK "}]}";
    assert_int_equal(load(synthetic, 0, 0, &set), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "--size"));
    assert_int_equal(load(synthetic, 64, 0, &set), CALO_OK);
    assert_true(fabs(set.views[0].focal_x - 32 / tan(0.5)) < 1e-9);
    calo_view_set_finish(&set);
}

#define OPENCV(rest)                                                                                                   \
    "{\"cameras\":[{" rest ",\"K\":[[9,0,5],[0,9,5],[0,0,1]],\"R\":[[1,0,0],[0,1,0],[0,0,1]],\"t\":[0,0,0],"             \
    "\"width\":9,\"height\":9}]}"
#define NERF(rest) "{\"w\":10,\"h\":10,\"fl_x\":9," rest ",\"frames\":[{\"transform_matrix\":" LOOK "}]}"
#define OWN(rest)                                                                                                      \
    "{\"views\":[{\"camera_to_world\":" LOOK ",\"intrinsics\":[[9,0,5],[0,9,5],[0,0,1]],\"width\":9,\"height\":9," rest "}]}"

static void lenses_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        calo_lens_kind lens;
        double k[12];
    } files[] = {
        {OPENCV("\"dist\":[0.1,-0.2]"), CALO_LENS_OPENCV, {0.1, -0.2}},
        {OPENCV("\"dist_coeffs\":[[0.1,-0.2,0.3,0.4,0.5]]"), CALO_LENS_OPENCV, {0.1, -0.2, 0.3, 0.4, 0.5}},
        {OPENCV("\"distortion\":[[0.1],[2],[3],[4],[5],[6],[7],[8],[9],[10],[11],[12],[0],[0]]"), CALO_LENS_OPENCV,
         {0.1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {OPENCV("\"distCoeffs\":[0,0,0,0]"), CALO_LENS_PINHOLE, {0}},
        {OPENCV("\"dist\":[0.1,-0.2,0.3,0.4],\"fisheye\":true"), CALO_LENS_FISHEYE, {0.1, -0.2, 0.3, 0.4}},
        {OPENCV("\"fisheye\":true"), CALO_LENS_FISHEYE, {0}},
        {OPENCV("\"dist\":[0.1],\"fisheye\":false"), CALO_LENS_OPENCV, {0.1}},
        {NERF("\"k1\":0.1,\"k2\":0.2,\"p1\":0.3,\"p2\":0.4,\"camera_model\":\"OPENCV\""), CALO_LENS_OPENCV,
         {0.1, 0.2, 0.3, 0.4}},
        {NERF("\"k1\":0.1,\"k2\":0.2,\"k3\":0.5,\"k4\":0"), CALO_LENS_OPENCV, {0.1, 0.2, 0, 0, 0.5}},
        {NERF("\"k3\":0.1,\"k4\":0.2,\"k5\":0.5,\"k6\":0.6,\"camera_model\":\"OPENCV\""), CALO_LENS_OPENCV,
         {0, 0, 0, 0, 0.1, 0.2, 0.5, 0.6}},
        {NERF("\"k4\":0.2,\"camera_model\":\"FULL_OPENCV\""), CALO_LENS_OPENCV, {0, 0, 0, 0, 0, 0.2}},
        {NERF("\"k1\":0,\"p1\":0,\"camera_model\":\"OPENCV\""), CALO_LENS_PINHOLE, {0}},
        {NERF("\"k1\":0.1,\"k2\":0.2,\"k3\":0.5,\"k4\":0.6,\"camera_model\":\"OPENCV_FISHEYE\""), CALO_LENS_FISHEYE,
         {0.1, 0.2, 0.5, 0.6}},
        {NERF("\"camera_model\":\"OPENCV_FISHEYE\""), CALO_LENS_FISHEYE, {0}},
        {NERF("\"k4\":0.1,\"is_fisheye\":true"), CALO_LENS_FISHEYE, {0, 0, 0, 0.1}},
        {OWN("\"lens\":\"opencv\",\"lens_coefficients\":[0.1,2,3,4,5,6,7,8,9,10,11,12]"), CALO_LENS_OPENCV,
         {0.1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {OWN("\"lens\":\"fisheye\",\"lens_coefficients\":[0,0,0,0]"), CALO_LENS_FISHEYE, {0}},
        {OWN("\"lens\":\"pinhole\""), CALO_LENS_PINHOLE, {0}},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        calo_view_set set;
        if (load(files[i].text, 0, 0, &set) != CALO_OK)
            fail_msg("file %zu: %s", i, err.message);
        assert_int_equal(set.views[0].lens, files[i].lens);
        assert_memory_equal(set.views[0].lens_coefficients, files[i].k, sizeof files[i].k);
        assert_true(isnan(set.views[0].fov_degrees) == (files[i].lens != CALO_LENS_PINHOLE));
        calo_view_set_finish(&set);
    }
}

static void our_metadata_keeps_its_fit(void **state)
{
    (void)state;
    calo_view_set set;
    assert_int_equal(load("{\"normalization\":{\"fit\":\"half\"},\"seed\":18446744073709551615,\"views\":["
                          "{\"camera_to_world\":" LOOK ",\"intrinsics\":[[1,0,5],[0,1,5],[0,0,1]]}]}",
                          0, 0, &set),
                     CALO_OK);
    assert_int_equal(set.fit, CALO_FIT_HALF_CUBE);
    calo_view_set_finish(&set);
}

static void bad_files_are_told(void **state)
{
    (void)state;
#define FRAME(rest) "{\"w\":10,\"h\":10,\"fl_x\":9,\"frames\":[{" rest "}]}"
#define POSE(matrix) FRAME("\"transform_matrix\":" matrix)
    static const struct {
        const char *text;
        calo_status status;
        const char *word;
    } bad[] = {
        {"", CALO_ERROR_FORMAT, "JSON"},
        {"{", CALO_ERROR_FORMAT, "JSON"},
        {"[]", CALO_ERROR_FORMAT, "frames"},
        {"{}", CALO_ERROR_FORMAT, "transforms.json"},
        {"{\"frames\":[]}", CALO_ERROR_FORMAT, "frames"},
        {"{\"frames\":{}}", CALO_ERROR_FORMAT, "frames"},
        {"{\"views\":[\"...\"]}", CALO_ERROR_FORMAT, "views[0]"},
        {FRAME("\"a\":1"), CALO_ERROR_FORMAT, "transform_matrix"},
        {POSE("[[1,0],[0,1]]"), CALO_ERROR_FORMAT, "4 x 4"},
        {POSE("[[1,0,0,\"x\"],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"), CALO_ERROR_FORMAT, "frames[0]"},
        {POSE("[[1,0,0,NaN],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"), CALO_ERROR_FORMAT, "JSON"},
        {POSE("[[1,0,0,1e999],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"), CALO_ERROR_FORMAT, "JSON"},
        {POSE("[[2,0,0,0],[0,2,0,0],[0,0,2,0],[0,0,0,1]]"), CALO_ERROR_FORMAT, "unit length"},
        {POSE("[[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,1]]"), CALO_ERROR_FORMAT, "unit length"},
        {POSE("[[-1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"), CALO_ERROR_FORMAT, "mirror"},
        {POSE("[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,1,1]]"), CALO_ERROR_FORMAT, "last row"},
        {FRAME("\"k1\":0.1,\"camera_model\":\"PINHOLE\",\"transform_matrix\":" LOOK), CALO_ERROR_UNSUPPORTED, "k1"},
        {FRAME("\"k4\":0.1,\"camera_model\":\"OPENCV\",\"transform_matrix\":" LOOK), CALO_ERROR_UNSUPPORTED, "k4"},
        {FRAME("\"k2\":\"big\",\"transform_matrix\":" LOOK), CALO_ERROR_FORMAT, "k2"},
        {FRAME("\"p1\":0.1,\"camera_model\":\"OPENCV_FISHEYE\",\"transform_matrix\":" LOOK), CALO_ERROR_UNSUPPORTED, "p1"},
        {FRAME("\"camera_model\":\"THIN_PRISM_FISHEYE\",\"transform_matrix\":" LOOK), CALO_ERROR_UNSUPPORTED,
         "THIN_PRISM_FISHEYE"},
        {FRAME("\"fl_x\":-3,\"transform_matrix\":" LOOK), CALO_ERROR_FORMAT, "positive"},
        {FRAME("\"w\":10.5,\"transform_matrix\":" LOOK), CALO_ERROR_FORMAT, "whole number"},
        {"{\"w\":9,\"h\":9,\"frames\":[{\"transform_matrix\":" LOOK "}]}", CALO_ERROR_FORMAT, "camera_angle_x"},
        {"{\"camera_angle_x\":4,\"w\":9,\"h\":9,\"frames\":[{\"transform_matrix\":" LOOK "}]}", CALO_ERROR_FORMAT,
         "camera_angle_x"},
        {"{\"cameras\":[{\"K\":[[9,1,5],[0,9,5],[0,0,1]],\"R\":[[1,0,0],[0,1,0],[0,0,1]],\"t\":[0,0,0],"
         "\"width\":9,\"height\":9}]}",
         CALO_ERROR_UNSUPPORTED, "skew"},
        {OPENCV("\"dist\":[0.1,0,0,0,0,0,0,0,0,0,0,0,0.01,0]"), CALO_ERROR_UNSUPPORTED, "14 coefficients"},
        {OPENCV("\"dist\":[0.1,0,0,0,0.5],\"fisheye\":true"), CALO_ERROR_UNSUPPORTED, "a fisheye the first 4"},
        {OPENCV("\"dist\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"), CALO_ERROR_FORMAT, "up to 14 numbers"},
        {OPENCV("\"dist\":[0.1,\"x\"]"), CALO_ERROR_FORMAT, "dist[1]"},
        {OPENCV("\"dist\":0.1"), CALO_ERROR_FORMAT, "not a list"},
        {OPENCV("\"fisheye\":1"), CALO_ERROR_FORMAT, "neither true nor false"},
        {"{\"views\":[{\"camera_to_world\":" LOOK ",\"intrinsics\":[[9,0,5],[0,9,5],[0,0,1]],\"lens\":\"mirror\"}]}",
         CALO_ERROR_UNSUPPORTED, "mirror"},
        {"{\"views\":[{\"camera_to_world\":" LOOK ",\"intrinsics\":[[9,0,5],[0,9,5],[0,0,1]],\"lens\":\"fisheye\"}]}",
         CALO_ERROR_FORMAT, "lens_coefficients"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        calo_view_set set;
        calo_status status = load(bad[i].text, 0, 0, &set);
        if (status != bad[i].status || !strstr(err.message, bad[i].word) || !strstr(err.message, "cameras.json"))
            fail_msg("file %zu: status %d: %s", i, (int)status, err.message);
        assert_null(set.views);
    }
    calo_view_set set;
    assert_int_equal(calo_view_set_load("/nowhere/cameras.json", 0, 0, &set, &err), CALO_ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_same_camera),
        cmocka_unit_test(rodrigues_vectors_turn),
        cmocka_unit_test(size_scales_intrinsics),
        cmocka_unit_test(lenses_are_read),
        cmocka_unit_test(our_metadata_keeps_its_fit),
        cmocka_unit_test(bad_files_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
