/* ORRB's own pictures of its dactyl scene against ours: depth, normals and segmentation of all cameras. Its rule is a
 * mean difference below 5 and a 90th percentile below 15, of 255; this one is stricter. */
#include <calotype/calotype.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { STATES = 3, CAMERAS = 3, SIDE = 200, PIXELS = SIDE * SIDE, ROW = 38, CATEGORIES = 2 };

static const char *const cameras[CAMERAS] = {"vision_cam_left", "vision_cam_top", "vision_cam_right"};

/* What all tests look at: rendered once. */
typedef struct pictures {
    bool ready;
    float *depth, *normals;
    uint8_t *segmentation;
    char folder[4096];
} pictures;

static const char *assets_folder(char folder[4096])
{
    const char *named = getenv("CALOTYPE_ASSETS"), *root = getenv("CALOTYPE_SOURCE_ROOT");
    snprintf(folder, 4096, "%s%s/orrb", named ? named : root ? root : ".", named ? "" : "/../shared/assets");
    return folder;
}

static void read_states(const char *folder, double rows[STATES][ROW])
{
    char path[4200];
    snprintf(path, sizeof path, "%s/states/qpos.csv", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int s = 0; s < STATES; s++)
        for (int i = 0; i < ROW; i++)
            assert_int_equal(fscanf(file, i + 1 < ROW ? "%lf ," : "%lf", &rows[s][i]), 1);
    fclose(file);
}

#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        calo_error err = {0};                                                                                          \
        if ((call) != CALO_OK)                                                                                         \
            fail_msg("%s", err.message);                                                                               \
    } while (0)

static void render(pictures *p, const calo_mujoco_mapping *mapping, calo_states *states)
{
    double rows[STATES][ROW];
    read_states(p->folder, rows);
    const calo_output outputs[] = {
        {CALO_OUTPUT_ORRB_DEPTH, p->depth, CAMERAS * PIXELS * sizeof(float), PIXELS * sizeof(float)},
        {CALO_OUTPUT_ORRB_NORMALS, p->normals, CAMERAS * PIXELS * 3 * sizeof(float), PIXELS * 3 * sizeof(float)},
        {CALO_OUTPUT_ORRB_SEGMENTATION, p->segmentation, CAMERAS * PIXELS, PIXELS},
    };
    const calo_states_request request = {
        .state_count = STATES, .qpos = rows[0], .qpos_count = ROW, .mapping = mapping, .cameras = cameras,
        .camera_count = CAMERAS, .width = SIDE, .height = SIDE, .orrb_cameras = true, .rows_bottom_up = true,
        .outputs = outputs, .output_count = 3,
    };
    CHECK(calo_states_render(states, &request, &err));
}

static int draw_all(void **state)
{
    static pictures p;
    char path[4200];
    *state = &p;
    snprintf(path, sizeof path, "%s/dactyl.xml", assets_folder(p.folder));
    FILE *there = fopen(path, "r");
    if (!there || !calo_mujoco_available()) {
        print_message("no ORRB assets in %s (set CALOTYPE_ASSETS), or no libmujoco: not compared\n", p.folder);
        if (there)
            fclose(there);
        return 0;
    }
    fclose(there);
    p.depth = calloc(STATES * CAMERAS * PIXELS, sizeof(float));
    p.normals = calloc(STATES * CAMERAS * PIXELS * 3, sizeof(float));
    p.segmentation = calloc(STATES * CAMERAS * PIXELS, 1);
    calo_mujoco_model *model;
    calo_mujoco_mapping *mapping;
    calo_randomizer *randomizer;
    calo_states *states;
    const calo_mujoco_options options = {.own_materials = true};
    CHECK(calo_mujoco_load(path, &options, NULL, &model, &err));
    snprintf(path, sizeof path, "%s/dactyl.mapping", p.folder);
    CHECK(calo_mujoco_mapping_load(model, path, NULL, &mapping, &err));
    snprintf(path, sizeof path, "%s/dactyl.renderer_config.json", p.folder);
    const calo_randomize_subject subject = calo_mujoco_subject(model);
    CHECK(calo_randomizer_load(&subject, path, NULL, &randomizer, &err));
    const calo_states_subject shown = {.model = model, .randomizer = randomizer};
    CHECK(calo_states_create(&shown, NULL, &states, &err));
    render(&p, mapping, states);
    calo_states_destroy(states);
    calo_randomizer_destroy(randomizer);
    calo_mujoco_mapping_destroy(mapping);
    calo_mujoco_destroy(model);
    p.ready = true;
    return 0;
}

static int free_all(void **state)
{
    pictures *p = *state;
    free(p->depth);
    free(p->normals);
    free(p->segmentation);
    return 0;
}

/* Three bytes a pixel; PNGs' first row is the picture's bottom row, as in what we render. */
static uint8_t *golden(const pictures *p, int camera, const char *kind, int state)
{
    char path[4300];
    snprintf(path, sizeof path, "%s/test_images/test_remote_renderer_%s_%s%d.png", p->folder, cameras[camera], kind, state);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static uint8_t bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    calo_image image;
    CHECK(calo_image_decode(bytes, size, path, NULL, &image, &err));
    assert_int_equal(image.width, SIDE);
    assert_int_equal(image.height, SIDE);
    uint8_t *pixels = malloc(PIXELS * 3);
    for (int i = 0; i < PIXELS; i++)
        memcpy(pixels + 3 * i, (uint8_t *)image.data + (size_t)(i / SIDE) * image.row_bytes + 4 * (size_t)(i % SIDE), 3);
    calo_image_finish(&image);
    return pixels;
}

/* Depths are stored modulo 1, in 255ths: 0.25 % may differ at all, 0.05 % by more than one step (4 mm). */
static void test_depth(void **state)
{
    const pictures *p = *state;
    if (!p->ready)
        skip();
    for (int s = 0; s < STATES; s++)
        for (int c = 0; c < CAMERAS; c++) {
            uint8_t *wanted = golden(p, c, "depth_", s);
            const float *ours = p->depth + (s * CAMERAS + c) * PIXELS;
            int far = 0, other = 0;
            for (int i = 0; i < PIXELS; i++) {
                int difference = abs((int)(ours[i] * 255) % 256 - wanted[3 * i]);
                difference = difference > 128 ? 256 - difference : difference;
                other += difference > 0;
                far += difference > 1;
            }
            free(wanted);
            print_message("depth %s %d: %d of 40000 differ, %d by more than one step\n", cameras[c], s, other, far);
            assert_in_range(far, 0, PIXELS / 2000);
            assert_in_range(other, 0, PIXELS / 400);
        }
}

static void test_segmentation(void **state)
{
    const pictures *p = *state;
    if (!p->ready)
        skip();
    for (int s = 0; s < STATES; s++)
        for (int c = 0; c < CAMERAS; c++) {
            uint8_t *wanted = golden(p, c, "segmentation_", s);
            const uint8_t *ours = p->segmentation + (s * CAMERAS + c) * PIXELS;
            int both[CATEGORIES + 1] = {0}, any[CATEGORIES + 1] = {0};
            for (int i = 0; i < PIXELS; i++) {
                int category = (wanted[3 * i] > 127) + 2 * (wanted[3 * i + 1] > 127) + 4 * (wanted[3 * i + 2] > 127);
                for (int k = 0; k <= CATEGORIES; k++) {
                    both[k] += category == k && ours[i] == k;
                    any[k] += category == k || ours[i] == k;
                }
            }
            free(wanted);
            for (int k = 0; k <= CATEGORIES; k++) {
                double share = (double)both[k] / any[k];
                print_message("segmentation %s %d, category %d: IoU %.5f\n", cameras[c], s, k, share);
                assert_true(any[k] > 0 && share >= 0.998);
            }
        }
}

/* The angle between two normals of which one was stored in bytes. */
static double degrees_between(const float ours[3], const uint8_t wanted[3])
{
    double dot = 0, a = 0, b = 0;
    for (int i = 0; i < 3; i++) {
        double x = 2.0 * ours[i] - 1, y = 2 * (wanted[i] + 0.5) / 255 - 1;
        dot += x * y;
        a += x * x;
        b += y * y;
    }
    return acos(fmin(dot / sqrt(a * b), 1)) * 57.29577951308232;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_normals(void **state)
{
    const pictures *p = *state;
    static double degrees[PIXELS];
    if (!p->ready)
        skip();
    for (int s = 0; s < STATES; s++)
        for (int c = 0; c < CAMERAS; c++) {
            uint8_t *wanted = golden(p, c, "normals_", s);
            const float *ours = p->normals + 3 * (s * CAMERAS + c) * PIXELS;
            double sum = 0;
            for (int i = 0; i < PIXELS; i++)
                sum += degrees[i] = degrees_between(ours + 3 * i, wanted + 3 * i);
            free(wanted);
            qsort(degrees, PIXELS, sizeof *degrees, by_value);
            print_message("normals %s %d: mean %.3f degrees, median %.3f, 95 %% %.3f, 99 %% %.3f\n", cameras[c], s,
                          sum / PIXELS, degrees[PIXELS / 2], degrees[PIXELS * 95 / 100], degrees[PIXELS * 99 / 100]);
            assert_true(sum / PIXELS < 1);
            assert_true(degrees[PIXELS / 2] < 0.5);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_segmentation),
        cmocka_unit_test(test_normals),
    };
    return cmocka_run_group_tests_name("orrb golden", tests, draw_all, free_all);
}
