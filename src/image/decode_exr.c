/* OpenEXR pictures with R, G, B, A or Y, in scanlines or tiles, to RGBA32F, by OpenEXRCore from memory. */
#include "image/decode.h"

#ifdef CALO_HAVE_EXR

#include <openexr.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { DEFLATE_MAX_RATIO = 1032, COMPONENTS = 4 };

static int64_t read_memory(exr_const_context_t context, void *user, void *buffer, uint64_t count, uint64_t offset,
                           exr_stream_error_func_ptr_t error)
{
    const calo_image_source *source = user;
    (void)context;
    (void)error;
    if (offset >= source->size)
        return 0;
    uint64_t left = source->size - offset;
    count = count < left ? count : left;
    memcpy(buffer, source->bytes + offset, count);
    return (int64_t)count;
}

static int64_t memory_size(exr_const_context_t context, void *user)
{
    (void)context;
    return (int64_t)((const calo_image_source *)user)->size;
}

/* Our own sentence says it; the library would print. */
static void ignore_message(exr_const_context_t context, exr_result_t code, const char *message)
{
    (void)context;
    (void)code;
    (void)message;
}

static calo_status fail_exr(const calo_image_source *source, exr_result_t code, calo_error *err)
{
    if (code == EXR_ERR_OUT_OF_MEMORY)
        return calo_fail_memory(err, source->name, 0);
    if (code == EXR_ERR_FEATURE_NOT_IMPLEMENTED)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is an OpenEXR picture in a compression (DWA) that cannot be "
                         "read: save it with ZIP or PIZ", source->name);
    return calo_fail(err, CALO_ERROR_FORMAT, "%s is a damaged OpenEXR picture (%s): save it again from its source",
                     source->name, exr_get_default_error_message(code));
}

/* 0 to 3 for R, G, B, A; 4 for Y, grey; -1: not one of ours. */
static int component_of(const char *name)
{
    static const char names[] = "RGBAY";
    const char *found = name[0] && !name[1] ? strchr(names, name[0]) : NULL;
    return found ? (int)(found - names) : -1;
}

/* What the header says about the picture. */
typedef struct exr_header {
    exr_attr_box2i_t window;
    bool has_alpha, is_grey, is_tiled;
} exr_header;

static bool is_wanted(const char *name, const exr_header *header)
{
    int component = component_of(name);
    return header->is_grey ? component >= 3 : component >= 0 && component < 4;
}

/* Grey takes red's place; behind alpha is a plane for what nobody wants. */
static int plane_of(const char *name, const exr_header *header)
{
    return is_wanted(name, header) ? component_of(name) % COMPONENTS : COMPONENTS;
}

static calo_status check_channels(const exr_attr_chlist_t *channels, const calo_image_source *source,
                                  exr_header *header, calo_error *err)
{
    bool found[5] = {false};
    for (int i = 0; i < channels->num_channels; i++) {
        int component = component_of(channels->entries[i].name.str);
        if (component >= 0)
            found[component] = true;
    }
    bool has_color = found[0] && found[1] && found[2];
    if (!has_color && !found[4])
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is an OpenEXR picture without channels named R, G, B or Y: "
                         "save one layer of it under these names", source->name);
    header->has_alpha = found[3];
    header->is_grey = !has_color;
    /* Unwanted ones, too: OpenEXRCore 3.1 crashes when it is to skip a channel. */
    for (int i = 0; i < channels->num_channels; i++) {
        const exr_attr_chlist_entry_t *entry = &channels->entries[i];
        if (entry->x_sampling != 1 || entry->y_sampling != 1)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is an OpenEXR picture whose channel %s is subsampled: "
                             "save it with full resolution", source->name, entry->name.str);
    }
    return CALO_OK;
}

static calo_status read_header(exr_context_t context, const calo_image_source *source, exr_header *header,
                               calo_error *err)
{
    exr_storage_t storage = EXR_STORAGE_DEEP_SCANLINE;
    const exr_attr_chlist_t *channels = NULL;
    exr_result_t code = exr_get_data_window(context, 0, &header->window);
    if (code == EXR_ERR_SUCCESS)
        code = exr_get_storage(context, 0, &storage);
    if (code == EXR_ERR_SUCCESS)
        code = exr_get_channels(context, 0, &channels);
    if (code != EXR_ERR_SUCCESS)
        return fail_exr(source, code, err);
    if (storage != EXR_STORAGE_SCANLINE && storage != EXR_STORAGE_TILED)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is a deep OpenEXR picture: save it flat", source->name);
    header->is_tiled = storage == EXR_STORAGE_TILED;
    return check_channels(channels, source, header, err);
}

/* A file being read, one chunk (a few rows, or a tile) after the other. */
typedef struct exr_run {
    exr_context_t context;
    const exr_header *header;
    calo_image *image;
    exr_decode_pipeline_t pipeline;
    bool started;
    float *planes; /* a chunk, each component by itself */
    size_t plane_capacity;
} exr_run;

static exr_result_t reserve_planes(exr_run *run, size_t pixels)
{
    if (pixels <= run->plane_capacity)
        return EXR_ERR_SUCCESS;
    free(run->planes);
    run->planes = malloc(pixels * (COMPONENTS + 1) * sizeof *run->planes);
    run->plane_capacity = run->planes ? pixels : 0;
    return run->planes ? EXR_ERR_SUCCESS : EXR_ERR_OUT_OF_MEMORY;
}

/* Points the channels of a chunk to our planes; the library converts to float. Plane by plane, because
 * OpenEXRCore 3.1 mixes the channels up when it interleaves half RGBA itself; and unwanted ones, too, because
 * it crashes when it is to skip some of four half channels. */
static exr_result_t place_chunk(exr_run *run, const exr_chunk_info_t *chunk)
{
    size_t pixels = (size_t)chunk->width * (size_t)chunk->height;
    exr_result_t code = reserve_planes(run, pixels);
    for (int16_t c = 0; code == EXR_ERR_SUCCESS && c < run->pipeline.channel_count; c++) {
        exr_coding_channel_info_t *channel = &run->pipeline.channels[c];
        channel->decode_to_ptr =
            (uint8_t *)(run->planes + pixels * (size_t)plane_of(channel->channel_name, run->header));
        channel->user_bytes_per_element = sizeof(float);
        channel->user_data_type = EXR_PIXEL_FLOAT;
        channel->user_pixel_stride = sizeof(float);
        channel->user_line_stride = chunk->width * (int32_t)sizeof(float);
    }
    return code;
}

/* Grey goes to all three components. The file's light is associated with alpha, ours is straight. */
static void copy_chunk(const exr_run *run, const exr_chunk_info_t *chunk, uint64_t left, uint64_t top)
{
    size_t pixels = (size_t)chunk->width * (size_t)chunk->height, at = 0;
    const float *red = run->planes, *green = red + (run->header->is_grey ? 0 : pixels);
    const float *blue = red + (run->header->is_grey ? 0 : 2 * pixels), *alpha = red + 3 * pixels;
    for (uint64_t y = 0; y < (uint64_t)chunk->height; y++) {
        uint8_t *row = (uint8_t *)run->image->data + (top + y) * run->image->row_bytes;
        float *to = (float *)(void *)row + 4 * left;
        for (int32_t x = 0; x < chunk->width; x++, at++, to += 4) {
            float a = run->header->has_alpha ? alpha[at] : 1, scale = a > 0 ? a : 1;
            to[0] = red[at] / scale;
            to[1] = green[at] / scale;
            to[2] = blue[at] / scale;
            to[3] = a;
        }
    }
}

static exr_result_t read_chunk(exr_run *run, const exr_chunk_info_t *chunk, uint64_t left, uint64_t top)
{
    if (chunk->width <= 0 || chunk->height <= 0 || left + (uint64_t)chunk->width > run->image->width ||
        top + (uint64_t)chunk->height > run->image->height)
        return EXR_ERR_BAD_CHUNK_LEADER;
    exr_result_t code = run->started ? exr_decoding_update(run->context, 0, chunk, &run->pipeline)
                                     : exr_decoding_initialize(run->context, 0, chunk, &run->pipeline);
    if (code == EXR_ERR_SUCCESS)
        code = place_chunk(run, chunk);
    if (code == EXR_ERR_SUCCESS && !run->started)
        code = exr_decoding_choose_default_routines(run->context, 0, &run->pipeline);
    run->started = true;
    if (code == EXR_ERR_SUCCESS)
        code = exr_decoding_run(run->context, 0, &run->pipeline);
    if (code == EXR_ERR_SUCCESS)
        copy_chunk(run, chunk, left, top);
    return code;
}

static exr_result_t read_scanlines(exr_run *run)
{
    int32_t step = 1;
    exr_result_t code = exr_get_scanlines_per_chunk(run->context, 0, &step);
    for (int64_t row = 0; code == EXR_ERR_SUCCESS && row < (int64_t)run->image->height; row += step) {
        exr_chunk_info_t chunk;
        code = exr_read_scanline_chunk_info(run->context, 0, (int)(run->header->window.min.y + row), &chunk);
        if (code == EXR_ERR_SUCCESS)
            code = read_chunk(run, &chunk, 0, (uint64_t)row);
    }
    return code;
}

/* The picture in full resolution only: level 0. */
static exr_result_t read_tiles(exr_run *run)
{
    int32_t width = 1, height = 1;
    exr_result_t code = exr_get_tile_sizes(run->context, 0, 0, 0, &width, &height);
    if (code == EXR_ERR_SUCCESS && (width <= 0 || height <= 0))
        return EXR_ERR_INVALID_ATTR;
    for (int64_t top = 0; top < (int64_t)run->image->height; top += height)
        for (int64_t left = 0; code == EXR_ERR_SUCCESS && left < (int64_t)run->image->width; left += width) {
            exr_chunk_info_t chunk;
            code = exr_read_tile_chunk_info(run->context, 0, (int)(left / width), (int)(top / height), 0, 0, &chunk);
            if (code == EXR_ERR_SUCCESS)
                code = read_chunk(run, &chunk, (uint64_t)left, (uint64_t)top);
        }
    return code;
}

static exr_result_t read_pixels(exr_context_t context, const exr_header *header, calo_image *image)
{
    exr_run run = {.context = context, .header = header, .image = image};
    exr_result_t code = header->is_tiled ? read_tiles(&run) : read_scanlines(&run);
    if (run.started)
        exr_decoding_destroy(context, &run.pipeline);
    free(run.planes);
    return code;
}

static calo_status decode(exr_context_t context, const calo_image_source *source, calo_image *image, calo_error *err)
{
    exr_header header;
    calo_status status = read_header(context, source, &header, err);
    if (status != CALO_OK)
        return status;
    /* A wrong window is negative or huge: as unsigned numbers both pass every limit. */
    uint64_t width = (uint64_t)((int64_t)header.window.max.x - header.window.min.x + 1);
    uint64_t height = (uint64_t)((int64_t)header.window.max.y - header.window.min.y + 1);
    /* PIZ and DWA may pack constant pictures more densely than deflate; 16 times as much is a rule of ours. */
    uint64_t least = width < 65536 && height < 65536 ? width * height * 2 / DEFLATE_MAX_RATIO / 16 : 0;
    status = calo_image_init_claimed(source, width, height, CALO_PIXEL_RGBA32F, least, image, err);
    if (status != CALO_OK)
        return status;
    exr_result_t code = read_pixels(context, &header, image);
    return code == EXR_ERR_SUCCESS ? CALO_OK : fail_exr(source, code, err);
}

calo_status calo_decode_exr(const calo_image_source *source, calo_image *image, calo_error *err)
{
    exr_context_initializer_t initializer = EXR_DEFAULT_CONTEXT_INITIALIZER;
    calo_image_source stream = *source;
    exr_context_t context = NULL;
    initializer.user_data = &stream;
    initializer.read_fn = read_memory;
    initializer.size_fn = memory_size;
    initializer.error_handler_fn = ignore_message;
    initializer.flags = EXR_CONTEXT_FLAG_DISABLE_CHUNK_RECONSTRUCTION; /* it reads the file once for each lost chunk */
    exr_result_t code = exr_start_read(&context, source->name, &initializer);
    if (code != EXR_ERR_SUCCESS)
        return fail_exr(source, code, err);
    calo_status status = decode(context, source, image, err);
    exr_finish(&context);
    if (status != CALO_OK)
        calo_image_finish(image);
    return status;
}

#else

/* Nothing here: decode.c says that this build reads no OpenEXR. */
typedef int calo_decode_exr_is_off;

#endif
