/* Writes one file of each pixel format into FOLDER and into FOLDER/samples.zip, for test_samples.py to read. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "encode/encode.h"
#include "store/store.h"

enum { WIDTH = 37, HEIGHT = 23, BALL_WIDTH = 700, BALL_HEIGHT = 650 };

/* test_samples.py knows the same formulas. */
static void fill(calo_image *image)
{
    uint32_t components = calo_pixel_components(image->format);
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t i = 0; i < image->width * components; i++) {
            uint32_t x = i / components, c = i % components, number = x * 1000 + y;
            float value = (float)x + (float)y / 4 - (float)c / 16;
            uint8_t *row = (uint8_t *)image->data + y * image->row_bytes;
            if (calo_pixel_bytes(image->format) == components)
                row[i] = (uint8_t)(x * 7 + y * 13 + c * 31);
            else
                memcpy(row + 4 * i, image->format == CALO_PIXEL_R32U ? (const void *)&number : &value, 4);
        }
}

/* A shaded ball with some grain on nothing, as renders are. test_samples.py knows it, too. */
static void fill_ball(calo_image *image)
{
    for (int y = 0; y < BALL_HEIGHT; y++)
        for (int x = 0; x < BALL_WIDTH; x++) {
            int dx = x - BALL_WIDTH / 2, dy = y - BALL_HEIGHT / 2, far = dx * dx + dy * dy;
            uint8_t *pixel = (uint8_t *)image->data + (size_t)y * image->row_bytes + 4 * (size_t)x;
            for (int c = 0; c < 4 && far < 90000; c++) {
                int64_t number = x + BALL_WIDTH * (y + BALL_HEIGHT * c), grain = number * number % 65521 % 4;
                pixel[c] = (uint8_t)(c == 3 ? 255 : 220 - far / 500 - 10 * c + grain);
            }
        }
}

static calo_status write_sample(const char *folder, calo_store *store, const char *name, const calo_image *image,
                                calo_error *err)
{
    char path[1024];
    calo_blob blob = {0};
    calo_status status = strstr(name, ".png") ? calo_encode_png(image, &blob, err) : calo_encode_npy(image, &blob, err);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (status == CALO_OK)
        status = calo_file_write(path, blob.bytes, blob.size, err);
    if (status == CALO_OK)
        status = calo_store_put(store, name, blob.bytes, blob.size, err);
    calo_blob_finish(&blob);
    return status;
}

static calo_status write_ball(const char *folder, calo_store *store, calo_error *err)
{
    calo_image image;
    calo_status status = calo_image_init(&image, BALL_WIDTH, BALL_HEIGHT, CALO_PIXEL_RGBA8, err);
    if (status != CALO_OK)
        return status;
    fill_ball(&image);
    status = write_sample(folder, store, "ball.png", &image, err);
    calo_image_finish(&image);
    return status;
}

static calo_status write_all(const char *folder, calo_store *store, calo_error *err)
{
    static const struct {
        const char *name;
        calo_pixel_format format;
    } samples[] = {
        {"r8.npy", CALO_PIXEL_R8},        {"rgb8.npy", CALO_PIXEL_RGB8},      {"rgba8.npy", CALO_PIXEL_RGBA8},
        {"r32u.npy", CALO_PIXEL_R32U},    {"r32f.npy", CALO_PIXEL_R32F},      {"rg32f.npy", CALO_PIXEL_RG32F},
        {"rgb32f.npy", CALO_PIXEL_RGB32F}, {"rgba32f.npy", CALO_PIXEL_RGBA32F}, {"r8.png", CALO_PIXEL_R8},
        {"rgb8.png", CALO_PIXEL_RGB8},    {"rgba8.png", CALO_PIXEL_RGBA8},    {"r32u.png", CALO_PIXEL_R32U},
    };
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < sizeof samples / sizeof samples[0]; i++) {
        calo_image image;
        status = calo_image_init(&image, WIDTH, HEIGHT, samples[i].format, err);
        if (status != CALO_OK)
            break;
        fill(&image);
        status = write_sample(folder, store, samples[i].name, &image, err);
        calo_image_finish(&image);
    }
    if (status == CALO_OK)
        status = write_ball(folder, store, err);
    return status == CALO_OK ? calo_store_commit(store, err) : status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    calo_store *store = NULL;
    calo_status status =
        argc == 2 ? calo_store_open_zip(argv[1], "samples", &store, &err) : CALO_ERROR_ARGUMENT;
    if (status == CALO_OK)
        status = write_all(argv[1], store, &err);
    calo_store_destroy(store);
    if (status != CALO_OK)
        fprintf(stderr, "encode_samples: %s\n", argc == 2 ? err.message : "name a folder");
    return (int)status;
}
