/* render_bench FILE [size] [views] [samples]: user CPU time of calotype's cpu backend and, where
 * it was built with OSMesa, of Mesa's llvmpipe on the same views. Prints one JSON object. */
#include <calotype/calotype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "osmesa_peer.h"

enum { ROUNDS = 5, VIEWS_MAX = 256 };

static double user_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return values[count / 2];
}

static calo_status drop_frame(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    (void)user;
    (void)index;
    (void)frame;
    (void)err;
    return CALO_OK;
}

typedef struct bench_input {
    calo_scene *scene;
    calo_pose *pose;
    calo_view_set views;
    double load_seconds, prepare_seconds;
} bench_input;

static calo_status load(const char *path, uint32_t size, uint32_t views, bench_input *input, calo_error *err)
{
    double start = user_seconds(), low[3], high[3], scale, translation[3];
    calo_status status = calo_scene_load(path, NULL, &input->scene, err);
    input->load_seconds = user_seconds() - start;
    if (status == CALO_OK)
        status = calo_pose_create(input->scene, NULL, &input->pose, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(input->pose, low, high, err);
    if (status != CALO_OK)
        return status;
    calo_fit_normalization(CALO_FIT_UNIT_CUBE, low, high, &scale, translation);
    calo_mat4 root = {{{scale, 0, 0, translation[0]}, {0, scale, 0, translation[1]}, {0, 0, scale, translation[2]},
                       {0, 0, 0, 1}}};
    calo_pose_destroy(input->pose);
    input->pose = NULL;
    status = calo_pose_create(input->scene, &(calo_pose_options){.root = &root}, &input->pose, err);
    calo_view_options options = {.count = views, .width = size, .height = size, .seed = 1};
    return status == CALO_OK ? calo_view_set_make(&options, &input->views, err) : status;
}

/* Median seconds for all views, all channels, one thread. */
static calo_status measure_calotype(bench_input *input, uint32_t samples, double *seconds, calo_error *err)
{
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    double rounds[ROUNDS], start = user_seconds();
    calo_render_options options = {.channels = (1u << CALO_CHANNEL_COUNT) - 1, .samples = samples};
    calo_status status = calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1}, &renderer, err);
    if (status == CALO_OK)
        status = calo_renderer_prepare(renderer, input->pose, NULL, NULL, &prepared, err);
    input->prepare_seconds = user_seconds() - start;
    for (int i = -1; status == CALO_OK && i < ROUNDS; i++) {
        start = user_seconds();
        status = calo_renderer_render(renderer, prepared, &options, input->views.views, input->views.count, NULL,
                                      drop_frame, NULL, err);
        if (i >= 0) /* the first round warms up */
            rounds[i] = user_seconds() - start;
    }
    *seconds = status == CALO_OK ? median(rounds, ROUNDS) : 0;
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    return status;
}

static int measure_peer(const bench_input *input, double *seconds)
{
    double rounds[ROUNDS];
    osmesa_peer *peer = osmesa_peer_open(input->pose, input->views.views[0].width, input->views.views[0].height);
    if (!peer)
        return 0;
    for (int i = -1; i < ROUNDS; i++) {
        double start = user_seconds();
        for (size_t v = 0; v < input->views.count; v++)
            osmesa_peer_draw(peer, &input->views.views[v]);
        if (i >= 0)
            rounds[i] = user_seconds() - start;
    }
    *seconds = median(rounds, ROUNDS);
    if (getenv("CALOTYPE_BENCH_PICTURE"))
        osmesa_peer_save(peer, getenv("CALOTYPE_BENCH_PICTURE"));
    osmesa_peer_close(peer);
    return 1;
}

int main(int argc, char **argv)
{
    /* llvmpipe must not start threads: both are measured on one core. */
    setenv("LP_NUM_THREADS", "0", 1);
    if (argc < 2) {
        fprintf(stderr, "usage: render_bench FILE [size] [views] [samples]\n");
        return 2;
    }
    uint32_t size = argc > 2 ? (uint32_t)atoi(argv[2]) : 256, views = argc > 3 ? (uint32_t)atoi(argv[3]) : 32;
    uint32_t samples = argc > 4 ? (uint32_t)atoi(argv[4]) : 1;
    bench_input input = {0};
    calo_error err = {0};
    calo_scene_statistics statistics;
    double calotype = 0, peer = 0;
    if (load(argv[1], size, views, &input, &err) != CALO_OK ||
        calo_scene_count(input.scene, &statistics, &err) != CALO_OK ||
        measure_calotype(&input, samples, &calotype, &err) != CALO_OK) {
        fprintf(stderr, "render_bench: %s\n", err.message);
        return 1;
    }
    int has_peer = measure_peer(&input, &peer);
    printf("{\"triangles\": %llu, \"size\": %u, \"views\": %u, \"samples\": %u, \"load_ms\": %.3f, "
           "\"prepare_ms\": %.3f, \"render_ms_per_view\": %.4f, \"views_per_second\": %.1f",
           (unsigned long long)statistics.triangle_count, size, views, samples, input.load_seconds * 1e3,
           input.prepare_seconds * 1e3, calotype * 1e3 / views, views / calotype);
    if (has_peer)
        printf(", \"llvmpipe_ms_per_view\": %.4f, \"ratio_to_llvmpipe\": %.3f", peer * 1e3 / views, peer / calotype);
    printf("}\n");
    calo_view_set_finish(&input.views);
    calo_pose_destroy(input.pose);
    calo_scene_destroy(input.scene);
    return 0;
}
