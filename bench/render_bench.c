/* render_bench [options] FILE CASE...: a CASE is SIZExSAMPLES. Prints a line of JSON for each.
 *   --views N       cameras (32)
 *   --rounds N      at most, each measuring all contenders one after the other (5)
 *   --seconds N     for a case; no new round is begun later (6)
 *   --peers LIST    with commas between; default: all there are
 *   --pictures DIR  also write calotype's and each peer's colour, side by side
 * Contenders run on the thread and core that the caller gave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agreement.h"
#include "base/clock.h"
#include "base/file.h"
#include "measure.h"
#include "render/stages.h"

enum { ROUNDS_MAX = 32, PEERS_MAX = 2, ROUND_MILLISECONDS = 15, COMPARED_VIEWS = 4 };

static const char *const stage_names[CALO_STAGE_COUNT] = {"cull_us", "transform_us", "setup_us", "raster_us",
                                                          "shade_us"};
static const uint32_t channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
                                 CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL) | CALO_CHANNEL_BIT(CALO_CHANNEL_MASK) |
                                 CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID);

typedef struct bench_options {
    uint32_t views, rounds, seconds;
    const char *peers, *pictures, *path;
    float lod_pixels;
} bench_options;

/* An opened peer. */
typedef struct bench_rival {
    const bench_peer *peer;
    void *self;
    bool runs; /* this case */
    bench_agreement agreement;
} bench_rival;

typedef struct bench_state {
    bench_options options;
    bench_input input;
    calo_renderer *renderer;
    calo_prepared *prepared;
    calo_view_set views;
    calo_render_options render;
    uint32_t rival_count;
    bench_rival rivals[PEERS_MAX];
} bench_state;

/* CPU seconds a view; one list for each stage to stop after, one for each rival. */
typedef struct bench_timings {
    uint32_t rounds;
    double stages[CALO_STAGE_COUNT][ROUNDS_MAX], rivals[PEERS_MAX][ROUNDS_MAX];
} bench_timings;

/* ---- one round ---- */

/* Draws all views with the renderer or, when `rival` is given, with that one. */
static calo_status draw_all(bench_state *bench, const bench_rival *rival, calo_error *err)
{
    if (!rival)
        return calo_renderer_render(bench->renderer, bench->prepared, &bench->render, bench->views.views,
                                    bench->views.count, NULL, bench_drop_frame, NULL, err);
    for (size_t v = 0; v < bench->views.count; v++)
        rival->peer->draw(rival->self, &bench->views.views[v]);
    return CALO_OK;
}

/* CPU seconds a view; small pictures are drawn again until the clock can tell. */
static calo_status time_views(bench_state *bench, const bench_rival *rival, double *seconds, calo_error *err)
{
    double start = bench_cpu_seconds(), spent = 0;
    uint32_t passes = 0;
    calo_status status = CALO_OK;
    for (; status == CALO_OK && spent * 1e3 < ROUND_MILLISECONDS; passes++) {
        status = draw_all(bench, rival, err);
        spent = bench_cpu_seconds() - start;
    }
    *seconds = spent / passes / (double)bench->views.count;
    return status;
}

static calo_status run_round(bench_state *bench, bench_timings *timings, uint32_t round, calo_error *err)
{
    calo_status status = CALO_OK;
    for (int stage = 0; status == CALO_OK && stage < CALO_STAGE_COUNT; stage++) {
        calo_renderer_stop_after(bench->renderer, stage);
        status = time_views(bench, NULL, &timings->stages[stage][round], err);
    }
    for (uint32_t r = 0; status == CALO_OK && r < bench->rival_count; r++)
        if (bench->rivals[r].runs)
            status = time_views(bench, &bench->rivals[r], &timings->rivals[r][round], err);
    timings->rounds = round + 1;
    return status;
}

/* ---- do they draw the same? (it warms them up, too) ---- */

static calo_status save_pair(const bench_state *bench, const bench_rival *rival, const calo_frame *frame,
                             const bench_picture *picture, calo_error *err)
{
    char *path = calo_text_format("%s/%s-%ux%u-%s.png", bench->options.pictures, calo_path_name(bench->options.path),
                                  frame->width, bench->render.samples, rival->peer->name);
    calo_status status = path ? agreement_save(path, frame, picture, err) : CALO_ERROR_MEMORY;
    free(path);
    return status;
}

static calo_status compare(bench_state *bench, calo_error *err)
{
    calo_frame frame;
    uint32_t size = bench->views.views[0].width;
    calo_status status = calo_frame_init(&frame, size, size, channels, CALO_PIXEL_RGBA8, err);
    calo_renderer_stop_after(bench->renderer, CALO_STAGE_SHADE);
    for (size_t v = 0; status == CALO_OK && v < bench->views.count && v < COMPARED_VIEWS; v++) {
        const calo_view *view = &bench->views.views[v];
        status = calo_renderer_render(bench->renderer, bench->prepared, &bench->render, view, 1, &frame, NULL, NULL,
                                      err);
        for (uint32_t r = 0; status == CALO_OK && r < bench->rival_count; r++) {
            bench_rival *rival = &bench->rivals[r];
            bench_picture picture;
            if (!rival->runs)
                continue;
            rival->peer->draw(rival->self, view);
            rival->peer->picture(rival->self, &picture);
            agreement_add(&rival->agreement, &frame, &picture);
            if (bench->options.pictures && v == 0)
                status = save_pair(bench, rival, &frame, &picture, err);
        }
    }
    calo_frame_finish(&frame);
    return status;
}

/* ---- one case ---- */

static void print_agreement(const bench_agreement *sum)
{
    double both = sum->both ? (double)sum->both : 1, same = sum->same_id ? (double)sum->same_id : 1;
    printf("\"mask\": %.6f, \"ids\": %.6f, \"color_levels\": %.3f, \"depth\": %.2e, \"normal_degrees\": %.3f",
           sum->either ? (double)sum->both / (double)sum->either : 1, (double)sum->same_id / both, sum->color / same,
           sum->depth / same, sum->normal_degrees / same);
}

/* A stage's time is what it adds to the ones before. */
static void print_case(bench_state *bench, bench_timings *timings, uint32_t size)
{
    double before = 0, us = 0;
    printf("{\"mesh\": \"%s\", \"triangles\": %llu, \"size\": %u, \"samples\": %u, \"views\": %zu, \"rounds\": %u",
           calo_path_name(bench->options.path), (unsigned long long)bench->input.triangle_count, size,
           bench->render.samples, bench->views.count, timings->rounds);
    for (int stage = 0; stage < CALO_STAGE_COUNT; stage++) {
        us = 1e6 * bench_median(timings->stages[stage], timings->rounds);
        printf(", \"%s\": %.2f", stage_names[stage], us > before ? us - before : 0);
        before = us;
    }
    printf(", \"calotype_us\": %.2f, \"peers\": [", us);
    const char *comma = "";
    for (uint32_t r = 0; r < bench->rival_count; r++) {
        if (!bench->rivals[r].runs)
            continue;
        double peer_us = 1e6 * bench_median(timings->rivals[r], timings->rounds);
        printf("%s{\"peer\": \"%s\", \"peer_us\": %.2f, \"ratio\": %.3f, \"agreement\": {", comma,
               bench->rivals[r].peer->name, peer_us, peer_us / us);
        print_agreement(&bench->rivals[r].agreement);
        printf("}}");
        comma = ", ";
    }
    printf("]}\n");
    fflush(stdout);
}

static calo_status run_case(bench_state *bench, uint32_t size, uint32_t samples, calo_error *err)
{
    bench_timings timings = {0};
    calo_view_set_finish(&bench->views);
    calo_status status = bench_views_make(size, bench->options.views, &bench->views, err);
    if (status != CALO_OK)
        return status;
    bench->render = (calo_render_options){.channels = channels, .samples = samples};
    for (uint32_t r = 0; r < bench->rival_count; r++) {
        bench_rival *rival = &bench->rivals[r];
        rival->runs = rival->peer->resize(rival->self, size, samples);
        memset(&rival->agreement, 0, sizeof rival->agreement);
    }
    double start = calo_clock_seconds();
    status = compare(bench, err);
    for (uint32_t round = 0; status == CALO_OK && round < bench->options.rounds; round++) {
        if (round > 0 && calo_clock_seconds() - start > bench->options.seconds)
            break;
        status = run_round(bench, &timings, round, err);
    }
    if (status == CALO_OK)
        print_case(bench, &timings, size);
    return status;
}

/* ---- all of it ---- */

static void open_rivals(bench_state *bench)
{
    static const bench_peer *const known[] = {
#ifdef BENCH_OSMESA
        &osmesa_peer,
#endif
#ifdef BENCH_EMBREE
        &embree_peer,
#endif
        NULL};
    for (size_t i = 0; known[i]; i++) {
        if (bench->options.peers && !strstr(bench->options.peers, known[i]->name))
            continue;
        void *self = known[i]->open(&bench->input);
        if (self)
            bench->rivals[bench->rival_count++] = (bench_rival){.peer = known[i], .self = self};
        else
            fprintf(stderr, "render_bench: %s does not start here\n", known[i]->name);
    }
}

static calo_status open_bench(bench_state *bench, calo_error *err)
{
    calo_status status = bench_input_load(bench->options.path, &bench->input, err);
    if (status == CALO_OK)
        status = calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1,
                                                               .lod_pixels = bench->options.lod_pixels},
                                      &bench->renderer, err);
    if (status == CALO_OK)
        status = calo_renderer_prepare(bench->renderer, bench->input.pose,
                                       &(calo_prepare_options){.lighting = &bench->input.lighting}, &bench->prepared,
                                       err);
    if (status == CALO_OK)
        open_rivals(bench);
    return status;
}

static void close_bench(bench_state *bench)
{
    for (uint32_t r = 0; r < bench->rival_count; r++)
        bench->rivals[r].peer->close(bench->rivals[r].self);
    calo_view_set_finish(&bench->views);
    calo_prepared_destroy(bench->prepared);
    calo_renderer_destroy(bench->renderer);
    bench_input_finish(&bench->input);
}

/* The index of the first argument that is no option; 0 when the line is wrong. */
static int parse_options(int argc, char **argv, bench_options *options)
{
    int i = 1;
    *options = (bench_options){.views = 32, .rounds = 5, .seconds = 6};
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--views") == 0)
            options->views = (uint32_t)atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--rounds") == 0)
            options->rounds = (uint32_t)atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--seconds") == 0)
            options->seconds = (uint32_t)atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--peers") == 0)
            options->peers = argv[i + 1];
        else if (strcmp(argv[i], "--lod") == 0)
            options->lod_pixels = strtof(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--pictures") == 0)
            options->pictures = argv[i + 1];
        else
            return 0;
    }
    if (options->rounds < 1 || options->rounds > ROUNDS_MAX || options->views < 1 || i + 2 > argc)
        return 0;
    options->path = argv[i];
    return i + 1;
}

int main(int argc, char **argv)
{
    bench_state bench = {0};
    calo_error err = {0};
    int argument = parse_options(argc, argv, &bench.options);
    if (!argument) {
        fprintf(stderr, "usage: render_bench [--views N] [--rounds N] [--seconds N] [--peers LIST] [--pictures DIR] "
                        "[--lod PIXELS] FILE SIZExSAMPLES...\n");
        return 2;
    }
    calo_status status = open_bench(&bench, &err);
    for (; status == CALO_OK && argument < argc; argument++) {
        uint32_t size, samples;
        if (sscanf(argv[argument], "%ux%u", &size, &samples) != 2 || size == 0 || size % 4) {
            status = CALO_ERROR_ARGUMENT;
            snprintf(err.message, sizeof err.message, "%s is no case such as 256x4 (sizes are multiples of 4)",
                     argv[argument]);
        } else {
            status = run_case(&bench, size, samples, &err);
        }
    }
    if (status != CALO_OK)
        fprintf(stderr, "render_bench: %s\n", err.message);
    close_bench(&bench);
    return status == CALO_OK ? 0 : 1;
}
