/* png_bench FILE...: what writing 32 renders of 256x256 RGBA as PNG costs: calotype's encoder beside
 * libpng at its defaults, a line of JSON for each file. */
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "base/blob.h"
#include "encode/encode.h"
#include "input.h"
#include "measure.h"

enum { ROUNDS = 5, VIEWS = 32, SIZE = 256 };

typedef struct written_pictures {
    double seconds[ROUNDS];
    size_t bytes;
} written_pictures;

static void append(png_structp png, png_bytep bytes, png_size_t count)
{
    calo_error err;
    if (calo_blob_append(png_get_io_ptr(png), bytes, count, &err) != CALO_OK)
        png_error(png, err.message);
}

static void flush(png_structp png) { (void)png; }

/* Frees nothing on libpng's own errors: this is a benchmark, they end it. */
static calo_status encode_libpng(const calo_image *image, calo_blob *blob, calo_error *err)
{
    (void)err;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, blob, append, flush);
    png_set_IHDR(png, info, image->width, image->height, 8, PNG_COLOR_TYPE_RGB_ALPHA, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < image->height; y++)
        png_write_row(png, (uint8_t *)image->data + y * image->row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return CALO_OK;
}

static calo_status encode_all(calo_status (*encode)(const calo_image *, calo_blob *, calo_error *),
                              const calo_frame *frames, int round, written_pictures *out, calo_error *err)
{
    calo_blob blob = {0};
    calo_status status = CALO_OK;
    double start = bench_cpu_seconds();
    out->bytes = 0;
    for (int i = 0; status == CALO_OK && i < VIEWS; i++) {
        blob.size = 0;
        status = encode(&frames[i].planes[CALO_CHANNEL_COLOR], &blob, err);
        out->bytes += blob.size;
    }
    out->seconds[round] = bench_cpu_seconds() - start;
    calo_blob_finish(&blob);
    return status;
}

static calo_status render(const char *path, calo_frame *frames, calo_error *err)
{
    bench_input input;
    calo_view_set views = {0};
    calo_renderer *renderer = NULL;
    calo_prepared *prepared = NULL;
    const calo_render_options options = {.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR), .samples = 4};
    calo_status status = bench_input_load(path, &input, err);
    if (status == CALO_OK)
        status = bench_views_make(SIZE, VIEWS, &views, err);
    if (status == CALO_OK)
        status = calo_renderer_create(&(calo_renderer_options){.backend = "cpu", .threads = 1}, &renderer, err);
    if (status == CALO_OK)
        status = calo_renderer_prepare(renderer, input.pose, &(calo_prepare_options){.lighting = &input.lighting},
                                       &prepared, err);
    for (int i = 0; status == CALO_OK && i < VIEWS; i++)
        status = calo_frame_init(&frames[i], SIZE, SIZE, options.channels, CALO_PIXEL_RGBA8, err);
    if (status == CALO_OK)
        status = calo_renderer_render(renderer, prepared, &options, views.views, views.count, frames, NULL, NULL, err);
    calo_prepared_destroy(prepared);
    calo_renderer_destroy(renderer);
    calo_view_set_finish(&views);
    bench_input_finish(&input);
    return status;
}

static calo_status measure(const char *path, calo_error *err)
{
    calo_frame frames[VIEWS] = {0};
    written_pictures ours, theirs;
    calo_status status = render(path, frames, err);
    for (int round = 0; status == CALO_OK && round < ROUNDS; round++) {
        status = encode_all(calo_encode_png, frames, round, &ours, err);
        if (status == CALO_OK)
            status = encode_all(encode_libpng, frames, round, &theirs, err);
    }
    if (status == CALO_OK) {
        double us = 1e6 * bench_median(ours.seconds, ROUNDS) / VIEWS;
        double peer_us = 1e6 * bench_median(theirs.seconds, ROUNDS) / VIEWS;
        printf("{\"calotype_us\": %.2f, \"calotype_bytes\": %zu, \"libpng_us\": %.2f, \"libpng_bytes\": %zu, "
               "\"ratio\": %.3f, \"size_ratio\": %.4f}\n",
               us, ours.bytes / VIEWS, peer_us, theirs.bytes / VIEWS, peer_us / us,
               (double)ours.bytes / (double)theirs.bytes);
        fflush(stdout);
    }
    for (int i = 0; i < VIEWS; i++)
        calo_frame_finish(&frames[i]);
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    for (int i = 1; i < argc; i++)
        if (measure(argv[i], &err) != CALO_OK) {
            fprintf(stderr, "png_bench: %s\n", err.message);
            return 1;
        }
    return 0;
}
