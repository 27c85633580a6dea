#include "base/error.h"
#include "image/decode.h"

#ifdef CALO_HAVE_EXR

#include <openexr.h>
#include <string.h>

/* OpenEXR reads through this. */
static int64_t read_memory(exr_const_context_t context, void *user, void *buffer, uint64_t count, uint64_t offset,
                           exr_stream_error_func_ptr_t error)
{
    const calo_decode_source *source = user;
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
    return (int64_t)((const calo_decode_source *)user)->size;
}

static void ignore_message(exr_const_context_t context, exr_result_t code, const char *message)
{
    (void)context;
    (void)code;
    (void)message;
}

/* R, G, B, A by name; a lone Y is grey. -1: not one of ours. */
static int component_of(const char *name)
{
    static const char names[] = "RGBAY";
    const char *found = name[0] && !name[1] ? strchr(names, name[0]) : NULL;
    return found ? (int)(found - names) : -1;
}

/* One chunk of scanlines, unpacked as floats straight into the picture. */
static exr_result_t read_chunk(exr_context_t context, const exr_chunk_info_t *chunk, exr_decode_pipeline_t *pipeline,
                               bool first, calo_image *image, int64_t top)
{
    exr_result_t result = first ? exr_decoding_initialize(context, 0, chunk, pipeline)
                                : exr_decoding_update(context, 0, chunk, pipeline);
    int64_t row = (int64_t)chunk->start_y - top;
    if (result != EXR_ERR_SUCCESS)
        return result;
    if (row < 0 || row + chunk->height > (int64_t)image->height || chunk->width != (int32_t)image->width)
        return EXR_ERR_BAD_CHUNK_LEADER;
    for (int16_t c = 0; c < pipeline->channel_count; c++) {
        exr_coding_channel_info_t *channel = &pipeline->channels[c];
        int component = component_of(channel->channel_name);
        channel->decode_to_ptr = NULL;
        if (component < 0 || channel->width != chunk->width || channel->height != chunk->height)
            continue;
        channel->decode_to_ptr = (uint8_t *)image->data + (size_t)row * image->row_bytes +
                                 sizeof(float) * (size_t)(component == 4 ? 0 : component);
        channel->user_bytes_per_element = sizeof(float);
        channel->user_data_type = EXR_PIXEL_FLOAT;
        channel->user_pixel_stride = 4 * sizeof(float);
        channel->user_line_stride = (int32_t)image->row_bytes;
    }
    if (first)
        result = exr_decoding_choose_default_routines(context, 0, pipeline);
    return result == EXR_ERR_SUCCESS ? exr_decoding_run(context, 0, pipeline) : result;
}

static exr_result_t read_scanlines(exr_context_t context, const exr_attr_box2i_t *window, calo_image *image)
{
    exr_decode_pipeline_t pipeline = EXR_DECODE_PIPELINE_INITIALIZER;
    int32_t step = 1;
    exr_result_t result = exr_get_scanlines_per_chunk(context, 0, &step);
    bool first = true;
    for (int64_t y = window->min.y; result == EXR_ERR_SUCCESS && y <= window->max.y; y += step) {
        exr_chunk_info_t chunk;
        result = exr_read_scanline_chunk_info(context, 0, (int)y, &chunk);
        if (result == EXR_ERR_SUCCESS)
            result = read_chunk(context, &chunk, &pipeline, first, image, window->min.y);
        first = false;
    }
    exr_decoding_destroy(context, &pipeline);
    return result;
}

/* Alpha 1 where the file has none, and grey spread over three components. */
static void complete_components(calo_image *image, bool has_alpha, bool grey)
{
    for (size_t i = 0, count = (size_t)image->width * image->height; i < count; i++) {
        float *p = (float *)image->data + 4 * i;
        if (!has_alpha)
            p[3] = 1;
        if (grey)
            p[1] = p[2] = p[0];
    }
}

calo_status calo_decode_exr(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    exr_context_initializer_t initializer = EXR_DEFAULT_CONTEXT_INITIALIZER;
    calo_decode_source stream = *source;
    initializer.user_data = &stream;
    initializer.read_fn = read_memory;
    initializer.size_fn = memory_size;
    initializer.error_handler_fn = ignore_message;
    exr_context_t context = NULL;
    exr_attr_box2i_t window;
    exr_storage_t storage;
    const exr_attr_chlist_t *channels = NULL;
    calo_status status = CALO_OK;
    exr_result_t result = exr_start_read(&context, source->name, &initializer);
    if (result == EXR_ERR_SUCCESS)
        result = exr_get_data_window(context, 0, &window);
    if (result == EXR_ERR_SUCCESS)
        result = exr_get_storage(context, 0, &storage);
    if (result == EXR_ERR_SUCCESS)
        result = exr_get_channels(context, 0, &channels);
    if (result != EXR_ERR_SUCCESS)
        goto done;
    if (storage != EXR_STORAGE_SCANLINE) {
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED,
                           "%s: the EXR picture is tiled or deep: save it with scanlines", source->name);
        goto done;
    }
    bool found[5] = {false};
    for (int i = 0; i < channels->num_channels; i++) {
        int component = component_of(channels->entries[i].name.str);
        if (component >= 0)
            found[component] = true;
    }
    bool grey = !found[0] && !found[1] && !found[2] && found[4];
    if (!grey && !(found[0] && found[1] && found[2])) {
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: the EXR picture has no channels R, G, B or Y",
                           source->name);
        goto done;
    }
    status = calo_decode_check(source, "EXR", (uint64_t)((int64_t)window.max.x - window.min.x + 1),
                               (uint64_t)((int64_t)window.max.y - window.min.y + 1), 16, 1032, err);
    if (status == CALO_OK)
        status = calo_image_init(image, (uint32_t)(window.max.x - window.min.x + 1),
                                 (uint32_t)(window.max.y - window.min.y + 1), CALO_PIXEL_RGBA32F, err);
    if (status != CALO_OK)
        goto done;
    result = read_scanlines(context, &window, image);
    complete_components(image, found[3], grey);
done:
    if (status == CALO_OK && result != EXR_ERR_SUCCESS)
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s: the EXR picture is broken: %s", source->name,
                           exr_get_default_error_message(result));
    if (context)
        exr_finish(&context);
    return status;
}

#else

calo_status calo_decode_exr(const calo_decode_source *source, calo_image *image, calo_error *err)
{
    (void)image;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: this build of calotype reads no OpenEXR (option exr is off)",
                     source->name);
}

#endif
