#include "agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/file.h"
#include "encode/encode.h"

static const void *row_of(const calo_frame *frame, calo_channel channel, uint32_t y)
{
    return (const uint8_t *)frame->planes[channel].data + y * frame->planes[channel].row_bytes;
}

static double angle_degrees(const float a[3], const float b[3])
{
    double cosine = (double)a[0] * b[0] + (double)a[1] * b[1] + (double)a[2] * b[2];
    return acos(fmin(1, fmax(-1, cosine))) * 57.29577951308232;
}

void agreement_add(bench_agreement *sum, const calo_frame *frame, const bench_picture *picture)
{
    for (uint32_t y = 0; y < frame->height; y++) {
        const uint8_t *color = row_of(frame, CALO_CHANNEL_COLOR, y), *mask = row_of(frame, CALO_CHANNEL_MASK, y);
        const float *depth = row_of(frame, CALO_CHANNEL_DEPTH, y), *normal = row_of(frame, CALO_CHANNEL_NORMAL, y);
        const uint32_t *ids = row_of(frame, CALO_CHANNEL_INSTANCE_ID, y);
        for (uint32_t x = 0; x < frame->width; x++) {
            size_t at = (size_t)y * frame->width + x;
            bool theirs = picture->ids[at] != 0;
            sum->either += mask[x] || theirs;
            if (!mask[x] || !theirs)
                continue;
            sum->both++;
            if (picture->ids[at] != ids[x])
                continue;
            sum->same_id++;
            for (int c = 0; c < 3; c++)
                sum->color += abs(color[4 * x + (uint32_t)c] - picture->color[4 * at + (uint32_t)c]) / 3.0;
            sum->depth += fabs((double)depth[x] - (double)picture->depth[at * picture->depth_stride]);
            sum->normal_degrees += angle_degrees(normal + 3 * x, picture->normal + at * picture->normal_stride);
        }
    }
}

calo_status agreement_save(const char *path, const calo_frame *frame, const bench_picture *picture, calo_error *err)
{
    calo_blob blob = {0};
    calo_image both;
    calo_status status = calo_image_init(&both, 2 * frame->width, frame->height, CALO_PIXEL_RGBA8, err);
    if (status != CALO_OK)
        return status;
    size_t bytes = (size_t)4 * frame->width;
    for (uint32_t y = 0; y < frame->height; y++) {
        uint8_t *row = (uint8_t *)both.data + y * both.row_bytes;
        memcpy(row, row_of(frame, CALO_CHANNEL_COLOR, y), bytes);
        memcpy(row + bytes, picture->color + y * bytes, bytes);
    }
    status = calo_encode_png(&both, &blob, err);
    if (status == CALO_OK)
        status = calo_file_write(path, blob.bytes, blob.size, err);
    calo_blob_finish(&blob);
    calo_image_finish(&both);
    return status;
}
