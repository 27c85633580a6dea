#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void fuzz_check(bool promise, const char *what)
{
    if (promise)
        return;
    fprintf(stderr, "fuzz: broken promise: %s\n", what);
    abort();
}

calo_limits fuzz_limits(void)
{
    return (calo_limits){
        .max_file_bytes = 16 << 20,
        .max_memory_bytes = 256 << 20,
        .max_triangles = 1000000,
        .max_texture_pixels = 1024,
        .max_nesting = 64,
    };
}

enum { SIDE = 16, VIEWS = 2 };

static calo_view view_from(double x, double y, double z)
{
    return (calo_view){
        .camera_to_world = calo_look_at((double[3]){x, y, z}, (double[3]){0, 0, 0}),
        .focal_x = SIDE,
        .focal_y = SIDE,
        .center_x = SIDE / 2,
        .center_y = SIDE / 2,
        .width = SIDE,
        .height = SIDE,
    };
}

static void check_floats(const calo_frame *frame)
{
    for (int channel = 0; channel < CALO_CHANNEL_COUNT; channel++) {
        const calo_image *plane = &frame->planes[channel];
        if (plane->format == CALO_PIXEL_R32U ||
            calo_pixel_bytes(plane->format) != 4 * calo_pixel_components(plane->format))
            continue;
        const float *values = plane->data; /* rows of a small frame of our own have no gaps */
        for (size_t i = 0; i < (size_t)SIDE * SIDE * calo_pixel_components(plane->format); i++)
            fuzz_check(isfinite(values[i]), calo_channel_name((calo_channel)channel));
    }
}

/* From outside, and from among the triangles, where they are cut. */
static void draw(const calo_pose *pose)
{
    static calo_renderer *renderer; /* one for all inputs: libFuzzer has one thread */
    const calo_renderer_options options = {.backend = "cpu", .threads = 1};
    const calo_limits limits = fuzz_limits();
    const calo_lighting lighting = {.use_scene_lights = true};
    const calo_view views[VIEWS] = {view_from(1.5, -1.5, 1.5), view_from(0.1, -0.2, 0.05)};
    uint32_t channels = (1u << CALO_CHANNEL_COUNT) - 1;
    const calo_prepare_options preparing = {.lighting = &lighting, .limits = &limits};
    const calo_render_options drawing = {.channels = channels, .samples = 4};
    calo_prepared *prepared = NULL;
    calo_frame frames[VIEWS] = {0};
    if (!renderer)
        fuzz_check(calo_renderer_create(&options, &renderer, NULL) == CALO_OK, "a renderer can be made");
    for (int i = 0; i < VIEWS; i++)
        fuzz_check(calo_frame_init(&frames[i], SIDE, SIDE, channels, CALO_PIXEL_RGBA8, NULL) == CALO_OK,
                   "a small frame can be made");
    if (calo_renderer_prepare(renderer, pose, &preparing, &prepared, NULL) == CALO_OK &&
        calo_renderer_render(renderer, prepared, &drawing, views, VIEWS, frames, NULL, NULL, NULL) == CALO_OK)
        for (int i = 0; i < VIEWS; i++)
            check_floats(&frames[i]);
    calo_prepared_destroy(prepared);
    for (int i = 0; i < VIEWS; i++)
        calo_frame_finish(&frames[i]);
}

/* The same way as a job: fitted into the cube that the camera looks at. */
static void pose_and_draw(const calo_scene *scene, int32_t animation)
{
    double low[3], high[3], scale, translation[3];
    calo_pose *pose = NULL, *fitted = NULL;
    calo_pose_options options = {.animation = animation, .time_seconds = 0.3};
    if (calo_pose_create(scene, &options, &pose, NULL) != CALO_OK)
        return;
    if (calo_pose_bounds(pose, low, high, NULL) == CALO_OK) {
        for (int i = 0; i < 3; i++)
            fuzz_check(isfinite(low[i]) && isfinite(high[i]) && low[i] <= high[i], "bounds are finite and in order");
        calo_fit_normalization(CALO_FIT_UNIT_CUBE, low, high, &scale, translation);
        calo_mat4 root = {{{scale, 0, 0, translation[0]},
                           {0, scale, 0, translation[1]},
                           {0, 0, scale, translation[2]},
                           {0, 0, 0, 1}}};
        options.root = &root;
        if (calo_pose_create(scene, &options, &fitted, NULL) == CALO_OK)
            draw(fitted);
    }
    calo_pose_destroy(fitted);
    calo_pose_destroy(pose);
}

void fuzz_use_scene(calo_scene *scene)
{
    calo_scene_statistics statistics;
    calo_scene_count(scene, &statistics, NULL);
    pose_and_draw(scene, 0);
    if (scene->animation_count)
        pose_and_draw(scene, 1);
    calo_scene_destroy(scene);
}

void fuzz_importer(const calo_importer *importer, const uint8_t *data, size_t size)
{
    calo_error err = {0};
    calo_scene *scene = NULL;
    const calo_import_source source = {.path = "fuzz", .bytes = data, .size = size, .limits = fuzz_limits()};
    importer->probe(data, size);
    if (size == 0)
        return; /* refused before any importer */
    calo_status status = importer->load(&source, &scene, &err);
    fuzz_check(status != CALO_OK || scene, "a success gives a scene");
    fuzz_check(status == CALO_OK || (!scene && err.message[0]), "a failure gives a sentence and no scene");
    if (scene)
        fuzz_use_scene(scene);
}
