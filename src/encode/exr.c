/* One multi-channel OpenEXR file a view, by OpenEXRCore into memory. */
#include "base/error.h"
#include "encode/encode.h"

#ifdef CALO_HAVE_EXR

#include <math.h>
#include <openexr.h>
#include <stdlib.h>
#include <string.h>

#include "image/color.h"

enum { CHANNELS_MAX = 32, ZIP_LEVEL = 1 /* the default, 4, takes twice the time for 2 % */ };

/* One channel of the file: where its first value stands and how far the next ones are. */
typedef struct exr_plane {
    const char *name;
    exr_pixel_type_t type; /* in the file */
    const uint8_t *data;
    size_t pixel_bytes, row_bytes;
    bool is_float;         /* in memory; else unsigned integers */
} exr_plane;

typedef struct exr_planes {
    exr_plane planes[CHANNELS_MAX];
    int count;
    float *color; /* linear, associated alpha: made here */
    uint32_t *mask;
} exr_planes;

/* The file's names of each channel's components. */
static const char *const component_names[CALO_CHANNEL_COUNT][4] = {
    [CALO_CHANNEL_COLOR] = {"R", "G", "B", "A"},
    [CALO_CHANNEL_DEPTH] = {"Z"},
    [CALO_CHANNEL_NORMAL] = {"N.X", "N.Y", "N.Z"},
    [CALO_CHANNEL_GEOMETRIC_NORMAL] = {"NG.X", "NG.Y", "NG.Z"},
    [CALO_CHANNEL_MASK] = {"mask"},
    [CALO_CHANNEL_INSTANCE_ID] = {"instance_id"},
    [CALO_CHANNEL_MATERIAL_ID] = {"material_id"},
    [CALO_CHANNEL_POSITION] = {"P.X", "P.Y", "P.Z"},
    [CALO_CHANNEL_UV] = {"UV.U", "UV.V"},
    [CALO_CHANNEL_ALBEDO] = {"albedo.R", "albedo.G", "albedo.B"},
    [CALO_CHANNEL_METAL_ROUGHNESS] = {"metallic", "roughness"},
};

/* EXR holds linear light times alpha. */
static calo_status make_color(const calo_image *image, exr_planes *planes, calo_error *err)
{
    size_t pixels = (size_t)image->width * image->height;
    bool is_float = image->format == CALO_PIXEL_RGBA32F, has_alpha = image->format != CALO_PIXEL_RGB8;
    planes->color = malloc(pixels * 4 * sizeof *planes->color);
    if (!planes->color)
        return calo_fail_memory(err, "an EXR file", pixels * 4 * sizeof *planes->color);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = (const uint8_t *)image->data + y * image->row_bytes;
        float *to = planes->color + 4 * (size_t)y * image->width;
        for (uint32_t x = 0; x < image->width; x++, to += 4) {
            const uint8_t *bytes = row + (size_t)x * calo_pixel_bytes(image->format);
            float straight[4] = {0, 0, 0, 1};
            if (is_float)
                memcpy(straight, bytes, sizeof straight);
            for (int c = 0; !is_float && c < 3; c++)
                straight[c] = calo_linear_from_srgb(bytes[c]);
            if (!is_float && has_alpha)
                straight[3] = (float)bytes[3] * (1.0f / 255);
            for (int c = 0; c < 3; c++)
                to[c] = straight[c] * straight[3];
            to[3] = straight[3];
        }
    }
    exr_pixel_type_t type = is_float ? EXR_PIXEL_FLOAT : EXR_PIXEL_HALF;
    for (int c = 0; c < (has_alpha ? 4 : 3); c++)
        planes->planes[planes->count++] = (exr_plane){
            component_names[CALO_CHANNEL_COLOR][c], type, (const uint8_t *)(planes->color + c), 16,
            16 * (size_t)image->width, true};
    return CALO_OK;
}

/* EXR has no 8-bit numbers: the mask goes as unsigned integers. */
static calo_status make_mask(const calo_image *image, exr_planes *planes, calo_error *err)
{
    size_t pixels = (size_t)image->width * image->height;
    planes->mask = malloc(pixels * sizeof *planes->mask);
    if (!planes->mask)
        return calo_fail_memory(err, "an EXR file", pixels * sizeof *planes->mask);
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++)
            planes->mask[(size_t)y * image->width + x] = ((const uint8_t *)image->data)[y * image->row_bytes + x];
    planes->planes[planes->count++] =
        (exr_plane){component_names[CALO_CHANNEL_MASK][0], EXR_PIXEL_UINT, (const uint8_t *)planes->mask, 4,
                    4 * (size_t)image->width, false};
    return CALO_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const exr_plane *)left)->name, ((const exr_plane *)right)->name);
}

static calo_status list_planes(const calo_frame *frame, exr_planes *planes, calo_error *err)
{
    for (int channel = 0; channel < CALO_CHANNEL_COUNT; channel++) {
        const calo_image *image = &frame->planes[channel];
        calo_status status = CALO_OK;
        if (!image->data)
            continue;
        if (channel == CALO_CHANNEL_COLOR)
            status = make_color(image, planes, err);
        else if (channel == CALO_CHANNEL_MASK)
            status = make_mask(image, planes, err);
        else
            for (uint32_t c = 0; c < calo_pixel_components(image->format); c++)
                planes->planes[planes->count++] = (exr_plane){
                    component_names[channel][c], image->format == CALO_PIXEL_R32U ? EXR_PIXEL_UINT : EXR_PIXEL_FLOAT,
                    (const uint8_t *)image->data + 4 * c, calo_pixel_bytes(image->format), image->row_bytes,
                    image->format != CALO_PIXEL_R32U};
        if (status != CALO_OK)
            return status;
    }
    if (planes->count == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "an EXR file of a frame without channels would be empty");
    /* The library sorts channels by name; ours stand in the same order then. */
    qsort(planes->planes, (size_t)planes->count, sizeof planes->planes[0], compare_names);
    return CALO_OK;
}

/* Where the file grows. */
typedef struct exr_stream {
    calo_blob *blob;
    size_t start;
    calo_status status;
    calo_error *err;
} exr_stream;

static int64_t write_memory(exr_const_context_t context, void *user, const void *buffer, uint64_t count,
                            uint64_t offset, exr_stream_error_func_ptr_t error)
{
    exr_stream *stream = user;
    (void)context;
    (void)error;
    size_t end = stream->start + offset + count;
    if (end > stream->blob->size) {
        if (!calo_blob_reserve(stream->blob, end - stream->blob->size, stream->err)) {
            stream->status = CALO_ERROR_MEMORY;
            return -1;
        }
        stream->blob->size = end;
    }
    memcpy(stream->blob->bytes + stream->start + offset, buffer, count);
    return (int64_t)count;
}

static void ignore_message(exr_const_context_t context, exr_result_t code, const char *message)
{
    (void)context;
    (void)code;
    (void)message;
}

static exr_result_t write_header(exr_context_t context, const calo_frame *frame, const exr_planes *planes)
{
    int part = 0;
    exr_result_t code = exr_add_part(context, "view", EXR_STORAGE_SCANLINE, &part);
    if (code == EXR_ERR_SUCCESS)
        code = exr_initialize_required_attr_simple(context, part, (int32_t)frame->width, (int32_t)frame->height,
                                                   EXR_COMPRESSION_ZIP);
    for (int i = 0; code == EXR_ERR_SUCCESS && i < planes->count; i++)
        code = exr_add_channel(context, part, planes->planes[i].name, planes->planes[i].type,
                               EXR_PERCEPTUALLY_LINEAR, 1, 1);
    return code == EXR_ERR_SUCCESS ? exr_write_header(context) : code;
}

static exr_result_t place_chunk(exr_encode_pipeline_t *pipeline, const exr_planes *planes, int32_t y)
{
    if (pipeline->channel_count != planes->count)
        return EXR_ERR_INCORRECT_PART;
    for (int c = 0; c < planes->count; c++) {
        const exr_plane *plane = &planes->planes[c];
        exr_coding_channel_info_t *channel = &pipeline->channels[c];
        channel->encode_from_ptr = plane->data + (size_t)y * plane->row_bytes;
        channel->user_pixel_stride = (int32_t)plane->pixel_bytes;
        channel->user_line_stride = (int32_t)plane->row_bytes;
        channel->user_bytes_per_element = 4;
        channel->user_data_type = plane->is_float ? EXR_PIXEL_FLOAT : EXR_PIXEL_UINT;
    }
    return EXR_ERR_SUCCESS;
}

static exr_result_t write_scanlines(exr_context_t context, const calo_frame *frame, const exr_planes *planes)
{
    exr_encode_pipeline_t pipeline = EXR_ENCODE_PIPELINE_INITIALIZER;
    int32_t step = 1;
    exr_result_t code = exr_get_scanlines_per_chunk(context, 0, &step);
    for (int32_t y = 0; code == EXR_ERR_SUCCESS && y < (int32_t)frame->height; y += step) {
        exr_chunk_info_t chunk;
        code = exr_write_scanline_chunk_info(context, 0, y, &chunk);
        if (code == EXR_ERR_SUCCESS)
            code = y == 0 ? exr_encoding_initialize(context, 0, &chunk, &pipeline)
                          : exr_encoding_update(context, 0, &chunk, &pipeline);
        if (code == EXR_ERR_SUCCESS)
            code = place_chunk(&pipeline, planes, y);
        if (code == EXR_ERR_SUCCESS && y == 0)
            code = exr_encoding_choose_default_routines(context, 0, &pipeline);
        if (code == EXR_ERR_SUCCESS)
            code = exr_encoding_run(context, 0, &pipeline);
    }
    exr_encoding_destroy(context, &pipeline);
    return code;
}

static calo_status write_file(const calo_frame *frame, const exr_planes *planes, calo_blob *blob, calo_error *err)
{
    exr_context_initializer_t initializer = EXR_DEFAULT_CONTEXT_INITIALIZER;
    exr_stream stream = {.blob = blob, .start = blob->size, .err = err};
    exr_context_t context = NULL;
    initializer.user_data = &stream;
    initializer.zip_level = ZIP_LEVEL;
    initializer.write_fn = write_memory;
    initializer.error_handler_fn = ignore_message;
    exr_result_t code = exr_start_write(&context, "view.exr", EXR_WRITE_FILE_DIRECTLY, &initializer);
    if (code == EXR_ERR_SUCCESS)
        code = write_header(context, frame, planes);
    if (code == EXR_ERR_SUCCESS)
        code = write_scanlines(context, frame, planes);
    if (context) {
        exr_result_t closed = exr_finish(&context);
        code = code == EXR_ERR_SUCCESS ? closed : code;
    }
    if (code == EXR_ERR_SUCCESS)
        return CALO_OK;
    blob->size = stream.start;
    return stream.status != CALO_OK ? stream.status
                                    : calo_fail(err, CALO_ERROR_IO, "the EXR file could not be made: %s",
                                                exr_get_default_error_message(code));
}

calo_status calo_encode_exr(const calo_frame *frame, calo_blob *blob, calo_error *err)
{
    exr_planes planes = {.count = 0};
    calo_status status = list_planes(frame, &planes, err);
    if (status == CALO_OK)
        status = write_file(frame, &planes, blob, err);
    free(planes.color);
    free(planes.mask);
    return status;
}

#else

calo_status calo_encode_exr(const calo_frame *frame, calo_blob *blob, calo_error *err)
{
    (void)frame;
    (void)blob;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                     "this build of calotype writes no OpenEXR (option exr is off): use --image-format png");
}

#endif
