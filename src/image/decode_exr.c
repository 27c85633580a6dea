/* OpenEXR scanline pictures with R, G, B, A or Y to RGBA32F, by OpenEXRCore from memory. */
#include "image/decode.h"

#ifdef CALO_HAVE_EXR

#include <openexr.h>
#include <string.h>

#include "base/error.h"

enum { DEFLATE_MAX_RATIO = 1032 };

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
    bool has_alpha, is_grey;
} exr_header;

static calo_status read_header(exr_context_t context, const calo_image_source *source, exr_header *header,
                               calo_error *err)
{
    exr_storage_t storage = EXR_STORAGE_DEEP_SCANLINE;
    const exr_attr_chlist_t *channels = NULL;
    bool found[5] = {false};
    exr_result_t code = exr_get_data_window(context, 0, &header->window);
    if (code == EXR_ERR_SUCCESS)
        code = exr_get_storage(context, 0, &storage);
    if (code == EXR_ERR_SUCCESS)
        code = exr_get_channels(context, 0, &channels);
    if (code != EXR_ERR_SUCCESS)
        return fail_exr(source, code, err);
    if (storage != EXR_STORAGE_SCANLINE)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is a tiled or deep OpenEXR picture: save it with scanlines",
                         source->name);
    for (int i = 0; i < channels->num_channels; i++) {
        int component = component_of(channels->entries[i].name.str);
        if (component >= 0)
            found[component] = true;
    }
    bool has_color = found[0] && found[1] && found[2];
    if (!has_color && !found[4])
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is an OpenEXR picture without channels named R, G, B or Y",
                         source->name);
    header->has_alpha = found[3];
    header->is_grey = !has_color;
    return CALO_OK;
}

/* Points the wanted channels of a chunk into the picture; the library converts to float. */
static exr_result_t place_chunk(const exr_chunk_info_t *chunk, exr_decode_pipeline_t *pipeline, calo_image *image,
                                const exr_header *header)
{
    int64_t row = (int64_t)chunk->start_y - header->window.min.y;
    if (row < 0 || row + chunk->height > (int64_t)image->height || chunk->width != (int32_t)image->width)
        return EXR_ERR_BAD_CHUNK_LEADER;
    for (int16_t c = 0; c < pipeline->channel_count; c++) {
        exr_coding_channel_info_t *channel = &pipeline->channels[c];
        int component = component_of(channel->channel_name);
        channel->decode_to_ptr = NULL;
        /* Subsampled chroma, and grey beside colour, are not read. */
        if (component < 0 || channel->width != chunk->width || channel->height != chunk->height ||
            (component == 4 && !header->is_grey))
            continue;
        channel->decode_to_ptr = (uint8_t *)image->data + (size_t)row * image->row_bytes +
                                 sizeof(float) * (size_t)(component == 4 ? 0 : component);
        channel->user_bytes_per_element = sizeof(float);
        channel->user_data_type = EXR_PIXEL_FLOAT;
        channel->user_pixel_stride = 4 * sizeof(float);
        channel->user_line_stride = (int32_t)image->row_bytes;
    }
    return EXR_ERR_SUCCESS;
}

static exr_result_t read_scanlines(exr_context_t context, const exr_header *header, calo_image *image)
{
    exr_decode_pipeline_t pipeline = EXR_DECODE_PIPELINE_INITIALIZER;
    int32_t step = 1;
    exr_result_t code = exr_get_scanlines_per_chunk(context, 0, &step);
    for (int64_t y = header->window.min.y; code == EXR_ERR_SUCCESS && y <= header->window.max.y; y += step) {
        bool first = y == header->window.min.y;
        exr_chunk_info_t chunk;
        code = exr_read_scanline_chunk_info(context, 0, (int)y, &chunk);
        if (code == EXR_ERR_SUCCESS)
            code = first ? exr_decoding_initialize(context, 0, &chunk, &pipeline)
                         : exr_decoding_update(context, 0, &chunk, &pipeline);
        if (code == EXR_ERR_SUCCESS)
            code = place_chunk(&chunk, &pipeline, image, header);
        if (code == EXR_ERR_SUCCESS && first)
            code = exr_decoding_choose_default_routines(context, 0, &pipeline);
        if (code == EXR_ERR_SUCCESS)
            code = exr_decoding_run(context, 0, &pipeline);
    }
    exr_decoding_destroy(context, &pipeline);
    return code;
}

/* Alpha 1 where the file has none, and grey in all three components. */
static void complete_components(calo_image *image, const exr_header *header)
{
    for (size_t i = 0, count = (size_t)image->width * image->height; i < count; i++) {
        float *p = (float *)image->data + 4 * i;
        if (!header->has_alpha)
            p[3] = 1;
        if (header->is_grey)
            p[1] = p[2] = p[0];
    }
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
    /* The table of chunks alone takes 8 bytes for every 256 rows at most. */
    uint64_t least = width < 65536 && height < 65536 ? width * height * 2 / DEFLATE_MAX_RATIO / 16 : 0;
    status = calo_image_init_claimed(source, width, height, CALO_PIXEL_RGBA32F, least, image, err);
    if (status != CALO_OK)
        return status;
    exr_result_t code = read_scanlines(context, &header, image);
    if (code != EXR_ERR_SUCCESS)
        return fail_exr(source, code, err);
    complete_components(image, &header);
    return CALO_OK;
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
