/* backends_bench FILE CASE...: the same views by every backend that is here; a CASE is SIZExSAMPLES. Prints a line of
 * JSON for each backend and case. Microseconds a view by wall clock and by the process's CPU time: a GPU works while
 * the process sleeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "input.h"
#include "measure.h"

enum { BACKENDS_MAX = 8, ROUNDS = 5, VIEWS = 32, SECONDS_MAX = 6, ROUND_MILLISECONDS = 1000 };

static const uint32_t channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
                                 CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL) | CALO_CHANNEL_BIT(CALO_CHANNEL_MASK) |
                                 CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID);

typedef struct contender {
    calo_backend_info info;
    calo_renderer *renderer;
    calo_prepared *prepared;
    double open_ms, prepare_ms, first_ms;
    size_t views; /* of a round */
    uint32_t rounds;
    double wall_us[ROUNDS], cpu_us[ROUNDS];
} contender;

static double milliseconds_since(double start)
{
    return 1e3 * (calo_clock_seconds() - start);
}

static calo_status open_contender(contender *c, const bench_input *input, calo_error *err)
{
    double start = calo_clock_seconds();
    calo_renderer_options options = {.backend = c->info.name, .threads = 1};
    calo_status status = calo_renderer_create(&options, &c->renderer, err);
    c->open_ms = milliseconds_since(start);
    if (status != CALO_OK)
        return status;
    start = calo_clock_seconds();
    calo_prepare_options prepare = {.lighting = &input->lighting};
    status = calo_renderer_prepare(c->renderer, input->pose, &prepare, &c->prepared, err);
    c->prepare_ms = milliseconds_since(start);
    return status;
}

/* The contender's views once; microseconds of each clock a view. */
static calo_status draw_views(const contender *c, const calo_render_options *options, const calo_view_set *views,
                              double *wall_us, double *cpu_us, calo_error *err)
{
    double cpu = bench_cpu_seconds(), wall = calo_clock_seconds(), count = (double)c->views;
    calo_status status = calo_renderer_render(c->renderer, c->prepared, options, views->views, c->views, NULL,
                                              bench_drop_frame, NULL, err);
    *wall_us = 1e6 * (calo_clock_seconds() - wall) / count;
    *cpu_us = 1e6 * (bench_cpu_seconds() - cpu) / count;
    return status;
}

/* The first picture, shaders and all; then another one, to see how many views a round may have. */
static calo_status warm_up(contender *c, const calo_render_options *options, const calo_view_set *views,
                           calo_error *err)
{
    double wall_us = 0, cpu_us;
    c->rounds = 0;
    c->views = 1;
    calo_status status = draw_views(c, options, views, &wall_us, &cpu_us, err);
    c->first_ms = 1e-3 * wall_us;
    if (status == CALO_OK)
        status = draw_views(c, options, views, &wall_us, &cpu_us, err);
    double fit = 1e3 * ROUND_MILLISECONDS / (wall_us > 1 ? wall_us : 1);
    c->views = fit < 1 ? 1 : fit < (double)views->count ? (size_t)fit : views->count;
    return status;
}

static void print_case(contender *c, const bench_input *input, const char *path, uint32_t size, uint32_t samples)
{
    printf("{\"mesh\": \"%s\", \"triangles\": %llu, \"size\": %u, \"samples\": %u, \"backend\": \"%s\", \"renderer\": "
           "\"%s\", \"open_ms\": %.2f, \"prepare_ms\": %.2f, \"first_ms\": %.2f, \"wall_us\": %.1f, \"cpu_us\": %.1f}\n",
           calo_path_name(path), (unsigned long long)input->triangle_count, size, samples, c->info.name,
           c->info.renderer[0] ? c->info.renderer : c->info.detail, c->open_ms, c->prepare_ms, c->first_ms,
           bench_median(c->wall_us, c->rounds), bench_median(c->cpu_us, c->rounds));
    fflush(stdout);
}

/* Contenders take turns, so that a noisy minute is everybody's. */
static calo_status run_case(contender *contenders, size_t count, const bench_input *input, const char *path,
                            uint32_t size, uint32_t samples, calo_error *err)
{
    calo_view_set views = {0};
    calo_render_options options = {.channels = channels, .samples = samples};
    calo_status status = bench_views_make(size, VIEWS, &views, err);
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        status = warm_up(&contenders[i], &options, &views, err);
    double start = calo_clock_seconds();
    for (int round = 0; status == CALO_OK && round < ROUNDS; round++) {
        if (round > 0 && calo_clock_seconds() - start > SECONDS_MAX)
            break;
        for (size_t i = 0; status == CALO_OK && i < count; i++, contenders[i - 1].rounds++)
            status = draw_views(&contenders[i], &options, &views, &contenders[i].wall_us[round],
                                &contenders[i].cpu_us[round], err);
    }
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        print_case(&contenders[i], input, path, size, samples);
    calo_view_set_finish(&views);
    return status;
}

/* The available ones. */
static size_t find_contenders(contender *contenders)
{
    calo_backend_info infos[BACKENDS_MAX];
    size_t count = calo_backend_list(infos, BACKENDS_MAX), found = 0;
    for (size_t i = 0; i < count && i < BACKENDS_MAX; i++)
        if (infos[i].available)
            contenders[found++].info = infos[i];
    return found;
}

static calo_status run(int argc, char **argv, calo_error *err)
{
    contender contenders[BACKENDS_MAX] = {0};
    bench_input input = {0};
    size_t count = find_contenders(contenders);
    calo_status status = bench_input_load(argv[1], &input, err);
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        status = open_contender(&contenders[i], &input, err);
    for (int i = 2; status == CALO_OK && i < argc; i++) {
        uint32_t size, samples;
        if (sscanf(argv[i], "%ux%u", &size, &samples) != 2)
            status = calo_fail(err, CALO_ERROR_ARGUMENT, "%s is no case such as 256x4", argv[i]);
        else
            status = run_case(contenders, count, &input, argv[1], size, samples, err);
    }
    for (size_t i = 0; i < count; i++) {
        calo_prepared_destroy(contenders[i].prepared);
        calo_renderer_destroy(contenders[i].renderer);
    }
    bench_input_finish(&input);
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: backends_bench FILE SIZExSAMPLES...\n");
        return 2;
    }
    if (run(argc, argv, &err) == CALO_OK)
        return 0;
    fprintf(stderr, "backends_bench: %s\n", err.message);
    return 1;
}
