/* threads_bench FILE...: wall and CPU time of batches on one thread and on two, a line of JSON for each
 * file and batch. The best of several rounds: another process on one of the cores spoils a wall time.
 * scaling_by_cpu is what the threads' CPU time allows on two free cores. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "input.h"
#include "measure.h"

enum { ROUNDS = 9, ROUNDS_OF_LARGE = 3, LARGE_SIZE = 4096, PASS_MILLISECONDS = 60 };

/* Many views; one more than goes evenly; fewer than threads, from small to large. */
static const struct {
    uint32_t views, size;
} batches[] = {{32, 256}, {33, 256}, {3, 256}, {1, 256}, {1, 1024}, {1, 2048}, {1, 4096}};

/* Lowers the two times, in seconds a view, where this round was better. */
static calo_status run_round(calo_renderer *renderer, const calo_prepared *prepared, const calo_view_set *views,
                             double *wall, double *cpu, calo_error *err)
{
    const calo_render_options options = {
        .channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
                    CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL) | CALO_CHANNEL_BIT(CALO_CHANNEL_MASK) |
                    CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID),
        .samples = 1};
    double wall_start = calo_clock_seconds(), cpu_start = bench_cpu_seconds(), spent = 0;
    size_t count = 0;
    calo_status status = CALO_OK;
    for (; status == CALO_OK && spent * 1e3 < PASS_MILLISECONDS; count += views->count) {
        status = calo_renderer_render(renderer, prepared, &options, views->views, views->count, NULL, bench_drop_frame, NULL,
                                      err);
        spent = calo_clock_seconds() - wall_start;
    }
    *wall = fmin(*wall, spent / (double)count);
    *cpu = fmin(*cpu, (bench_cpu_seconds() - cpu_start) / (double)count);
    return status;
}

/* One batch, on renderers of one and of two threads by turns. */
static calo_status measure_batch(calo_renderer *const renderers[2], const calo_prepared *prepared, uint32_t count,
                                 uint32_t size, calo_error *err)
{
    calo_view_set views = {0};
    double wall[2] = {INFINITY, INFINITY}, cpu[2] = {INFINITY, INFINITY};
    calo_status status = bench_views_make(size, count, &views, err);
    int rounds = size < LARGE_SIZE ? ROUNDS : ROUNDS_OF_LARGE;
    for (int round = 0; status == CALO_OK && round < rounds; round++)
        for (int i = 0; status == CALO_OK && i < 2; i++)
            status = run_round(renderers[i], prepared, &views, &wall[i], &cpu[i], err);
    if (status == CALO_OK)
        printf("{\"views\": %u, \"size\": %u, \"one_wall_us\": %.2f, \"two_wall_us\": %.2f, \"scaling\": %.3f, "
               "\"scaling_by_cpu\": %.3f}\n",
               count, size, wall[0] * 1e6, wall[1] * 1e6, wall[0] / wall[1], 2 * cpu[0] / cpu[1]);
    fflush(stdout);
    calo_view_set_finish(&views);
    return status;
}

static calo_status measure(const char *path, calo_error *err)
{
    bench_input input;
    calo_renderer *renderers[2] = {NULL};
    calo_prepared *prepared = NULL;
    calo_status status = bench_input_load(path, &input, err);
    for (uint32_t i = 0; status == CALO_OK && i < 2; i++)
        status = calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = i + 1}, &renderers[i], err);
    if (status == CALO_OK)
        status = calo_renderer_prepare(renderers[0], input.pose,
                                       &(calo_prepare_options){.lighting = &input.lighting}, &prepared, err);
    for (size_t i = 0; status == CALO_OK && i < sizeof batches / sizeof batches[0]; i++)
        status = measure_batch(renderers, prepared, batches[i].views, batches[i].size, err);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderers[0]);
    calo_renderer_destroy(renderers[1]);
    bench_input_finish(&input);
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    for (int i = 1; i < argc; i++)
        if (measure(argv[i], &err) != CALO_OK) {
            fprintf(stderr, "threads_bench: %s\n", err.message);
            return 1;
        }
    return 0;
}
