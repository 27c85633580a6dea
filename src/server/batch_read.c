#include <math.h>
#include <orrb.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "server/batch.h"
#include "server/budget.h"

enum {
    CAMERAS_MAX = 1024,
    FIELDS_MAX = 4096, /* beside entries */
    SHARED_HEAD = 64,  /* so that no picture begins at 0, which means: not there */
    PLACE = 64,
};

/* ---- how many fields there are, before memory is taken for them ---- */

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool skip_value(const uint8_t **at, const uint8_t *end, unsigned wire)
{
    uint64_t size = 0;
    switch (wire) {
    case 0: return read_varint(at, end, &size);
    case 1: size = 8; break;
    case 2:
        if (!read_varint(at, end, &size))
            return false;
        break;
    case 5: size = 4; break;
    default: return false;
    }
    if (size > (uint64_t)(end - *at))
        return false;
    *at += size;
    return true;
}

static bool count_fields(const uint8_t *bytes, size_t size, uint64_t *entries, uint64_t *others)
{
    const uint8_t *at = bytes, *end = bytes + size;
    *entries = *others = 0;
    while (at < end) {
        uint64_t key;
        if (!read_varint(&at, end, &key) || !skip_value(&at, end, (unsigned)(key & 7)))
            return false;
        ++*(key >> 3 == 1 ? entries : others);
    }
    return true;
}

static calo_status unpack(const uint8_t *bytes, size_t size, const calo_batch_limits *limits, calo_budget *budget,
                          Orrb__RenderBatchRequest **message, calo_error *err)
{
    uint64_t entries, others;
    ProtobufCAllocator allocator = calo_budget_allocator(budget);
    if (!count_fields(bytes, size, &entries, &others))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the message is not an orrb.RenderBatchRequest: its %zu bytes are "
                         "damaged, or of another message",
                         size);
    if (entries > limits->max_states)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the batch has %llu entries: at most %u are rendered in one request",
                         (unsigned long long)entries, limits->max_states);
    if (others > FIELDS_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the request has %llu fields beside its entries: at most %d are read",
                         (unsigned long long)others, FIELDS_MAX);
    /* Numbers may be written one by one; then each takes memory of its own while it is read. */
    size_t plain = 3 * size + (64u << 20), scattered = 12 * size;
    budget->left = (1u << 20) + (size_t)entries * 256 + (plain < scattered ? plain : scattered);
    *message = orrb__render_batch_request__unpack(&allocator, size, bytes);
    if (*message)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT,
                     "the message is not an orrb.RenderBatchRequest: its %zu bytes are "
                     "damaged, of another message, or take too much memory",
                     size);
}

/* ---- which pictures ---- */

typedef struct channel {
    const char *name, *dtype;
    uint32_t components, kind;
} channel;

static const channel more_channels[] = {
    {"rgb", "|u1", 3, CALO_OUTPUT_RGB},
    {"semantic", "<u4", 1, CALO_OUTPUT_SEMANTIC},
    {"mujoco_segmentation", "<i4", 2, CALO_OUTPUT_MUJOCO_SEGMENTATION},
};
enum { MORE_CHANNELS = sizeof more_channels / sizeof more_channels[0] };

/* Channel number `index` of all that can be asked for. */
static bool channel_at(size_t index, channel *found)
{
    if (index >= CALO_CHANNEL_COUNT) {
        if (index - CALO_CHANNEL_COUNT >= MORE_CHANNELS)
            return false;
        *found = more_channels[index - CALO_CHANNEL_COUNT];
        return true;
    }
    calo_pixel_format format = calo_channel_format((calo_channel)index, CALO_PIXEL_RGBA8);
    uint32_t components = calo_pixel_components(format), bytes = calo_pixel_bytes(format);
    const char *dtype = bytes == components ? "|u1" : format == CALO_PIXEL_R32U ? "<u4" : "<f4";
    *found = (channel){calo_channel_name((calo_channel)index), dtype, components, (uint32_t)index};
    return true;
}

static calo_status fail_channel(const char *name, calo_error *err)
{
    char known[512] = "";
    channel candidate;
    for (size_t i = 0, length = 0; channel_at(i, &candidate) && length < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", candidate.name);
    return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no channel \"%.64s\": choose from %s", name, known);
}

static void add_picture(calo_batch *batch, const channel *what, uint32_t field)
{
    batch->pictures[batch->picture_count++] = (calo_batch_picture){
        .name = what->name, .dtype = what->dtype, .components = what->components, .field = field, .kind = what->kind};
}

static calo_status add_planes(calo_batch *batch, const Orrb__RenderBatchRequest *message, calo_error *err)
{
    size_t first = batch->picture_count;
    for (size_t i = 0; i < message->n_channels; i++) {
        size_t index = 0;
        channel found = {0};
        while (channel_at(index, &found) && strcmp(found.name, message->channels[i]) != 0)
            index++;
        if (!channel_at(index, &found))
            return fail_channel(message->channels[i], err);
        for (size_t k = first; k < batch->picture_count; k++)
            if (batch->pictures[k].kind == found.kind)
                return calo_fail(err, CALO_ERROR_ARGUMENT, "the channel \"%s\" is asked for twice: name it once",
                                 found.name);
        add_picture(batch, &found, CALO_BATCH_PLANES);
    }
    return CALO_OK;
}

static calo_status choose_pictures(calo_batch *batch, const Orrb__RenderBatchRequest *message, calo_error *err)
{
    static const channel rgb = {"image", "|u1", 3, CALO_OUTPUT_RGB}, rgba = {"image", "|u1", 4, CALO_CHANNEL_COLOR},
                         depth = {"depth", "<f4", 1, CALO_OUTPUT_ORRB_DEPTH},
                         normals = {"normals", "<f4", 3, CALO_OUTPUT_ORRB_NORMALS},
                         segmentation = {"segmentation", "|u1", 1, CALO_OUTPUT_ORRB_SEGMENTATION};
    add_picture(batch, message->render_alpha ? &rgba : &rgb, 1);
    if (message->render_depth)
        add_picture(batch, &depth, 2);
    if (message->render_normals)
        add_picture(batch, &normals, 3);
    if (message->render_segmentation)
        add_picture(batch, &segmentation, 4);
    if (message->encoding != ORRB__RENDER_BATCH_REQUEST__ENCODING__RAW &&
        message->encoding != ORRB__RENDER_BATCH_REQUEST__ENCODING__PNG)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no encoding %d: 0 is RAW, 1 is PNG",
                         (int)message->encoding);
    batch->png = message->encoding == ORRB__RENDER_BATCH_REQUEST__ENCODING__PNG;
    batch->shared_memory = message->shared_memory;
    batch->drawn_values = message->drawn_values;
    batch->request.rows_bottom_up = !message->rows_top_down;
    batch->request.orrb_cameras = true;
    if (batch->png && batch->shared_memory)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "pictures in shared memory are raw: ask for encoding PNG or for shared_memory, not for both");
    return add_planes(batch, message, err);
}

/* ---- of what ---- */

static calo_status read_states(calo_batch *batch, const Orrb__RenderBatchRequest *message, calo_error *err)
{
    size_t count = message->n_entries, columns = count ? message->entries[0]->n_qpos : 0;
    if (count == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the batch is empty: give at least one entry");
    batch->qpos = malloc((count * columns + 1) * sizeof *batch->qpos);
    batch->seeds = malloc(count * sizeof *batch->seeds);
    if (!batch->qpos || !batch->seeds)
        return calo_fail_memory(err, "joint positions", count * columns * sizeof *batch->qpos);
    for (size_t s = 0; s < count; s++) {
        const Orrb__RenderBatchRequest__BatchRequestEntry *entry = message->entries[s];
        if (entry->n_qpos != columns)
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "entry %zu has %zu values of qpos and entry 0 has %zu: give each entry as many", s,
                             entry->n_qpos, columns);
        for (size_t i = 0; i < columns; i++) {
            if (!isfinite(entry->qpos[i]))
                return calo_fail(err, CALO_ERROR_ARGUMENT, "entry %zu: qpos[%zu] is not a finite number", s, i);
            batch->qpos[s * columns + i] = entry->qpos[i];
        }
        batch->seeds[s] =
            message->use_entry_seeds ? (uint32_t)entry->seed : (uint32_t)message->batch_seed + (uint32_t)s;
    }
    batch->request.state_count = count;
    batch->request.qpos = batch->qpos;
    batch->request.qpos_count = columns;
    batch->request.seeds = batch->seeds;
    return CALO_OK;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* A reply has a stream a camera by name. */
static calo_status check_twice(const calo_batch *batch, calo_error *err)
{
    size_t count = batch->request.camera_count;
    char **sorted = malloc(count * sizeof *sorted);
    calo_status status = CALO_OK;
    if (!sorted)
        return calo_fail_memory(err, "camera names", count * sizeof *sorted);
    memcpy(sorted, batch->cameras, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 1; status == CALO_OK && i < count; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = calo_fail(err, CALO_ERROR_ARGUMENT, "the camera \"%.200s\" is asked for twice: name it once",
                               sorted[i]);
    free(sorted);
    return status;
}

static calo_status read_cameras(calo_batch *batch, const Orrb__RenderBatchRequest *message, calo_error *err)
{
    size_t count = message->n_camera_names;
    if (count == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "no camera is asked for: give camera_names");
    if (count > CAMERAS_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%zu cameras are asked for: at most %d are rendered in one request",
                         count, CAMERAS_MAX);
    batch->cameras = calloc(count, sizeof *batch->cameras);
    if (!batch->cameras)
        return calo_fail_memory(err, "camera names", count * sizeof *batch->cameras);
    batch->request.cameras = (const char *const *)batch->cameras;
    for (; batch->request.camera_count < count; batch->request.camera_count++) {
        size_t i = batch->request.camera_count;
        if (!calo_text_is_utf8(message->camera_names[i]))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "camera_names[%zu] is not UTF-8 text", i);
        batch->cameras[i] = strdup(message->camera_names[i]);
        if (!batch->cameras[i])
            return calo_fail_memory(err, "camera names", strlen(message->camera_names[i]) + 1);
    }
    return check_twice(batch, err);
}

/* ---- how much of it ---- */

static calo_status read_size(calo_batch *batch, const Orrb__RenderBatchRequest *message,
                             const calo_batch_limits *limits, calo_error *err)
{
    int width = message->width, height = message->height, most = (int)CALO_FRAME_MAX_SIDE;
    uint64_t pictures = (uint64_t)message->n_entries * message->n_camera_names, pixels;
    if (message->scene_id != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no scene %d: this server has one, which is 0",
                         (int)message->scene_id);
    if (width < 1 || height < 1 || width > most || height > most)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "width %d and height %d: give sides from 1 to %d pixels", width,
                         height, most);
    pixels = (uint64_t)width * (uint64_t)height;
    if (pictures > limits->max_pixels / pixels)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%zu states of %zu cameras at %d x %d are more than %llu pixels: ask for fewer in one request",
                         message->n_entries, message->n_camera_names, width, height,
                         (unsigned long long)limits->max_pixels);
    batch->request.width = (uint32_t)width;
    batch->request.height = (uint32_t)height;
    return CALO_OK;
}

/* No PNG of so many bytes in rows is larger: filters, stored blocks, chunks. */
static size_t png_bound(size_t bytes, uint32_t height) { return bytes + height + bytes / 4096 + 2048; }

static calo_status lay_out(calo_batch *batch, const calo_batch_limits *limits, calo_error *err)
{
    const calo_states_request *request = &batch->request;
    uint64_t at = batch->shared_memory ? SHARED_HEAD : 0, most = limits->max_message_bytes;
    uint64_t pixels = (uint64_t)request->width * request->height, message = 0;
    for (size_t p = 0; p < batch->picture_count; p++) {
        calo_batch_picture *picture = &batch->pictures[p];
        bool encoded = batch->png && strcmp(picture->dtype, "|u1") == 0;
        picture->bytes = pixels * calo_output_pixel_bytes(picture->kind);
        picture->stride = encoded ? png_bound(picture->bytes, request->height) : picture->bytes;
        picture->offset = at;
        /* Below 2^64: at most 2^28 pixels of 16 bytes, 32 times. */
        at += (uint64_t)picture->stride * request->state_count * request->camera_count;
        at = (at + PLACE - 1) / PLACE * PLACE;
    }
    batch->block_bytes = at;
    message = calo_batch_reply_bytes(batch);
    if (batch->shared_memory && at > limits->max_shared_bytes)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the pictures would take %llu bytes of shared memory, and %llu are allowed: ask for fewer in "
                         "one request",
                         (unsigned long long)at, (unsigned long long)limits->max_shared_bytes);
    if (message > most)
        return calo_fail(
            err, CALO_ERROR_ARGUMENT,
            "the reply would have %llu bytes, and messages may have %llu: ask for fewer states, cameras or "
            "channels in one request%s",
            (unsigned long long)message, (unsigned long long)most,
            batch->shared_memory ? "" : ", or for shared_memory");
    return CALO_OK;
}

calo_status calo_batch_read(const uint8_t *bytes, size_t size, const calo_batch_limits *limits, calo_batch *batch,
                            calo_error *err)
{
    calo_budget budget = {0};
    ProtobufCAllocator allocator = calo_budget_allocator(&budget);
    Orrb__RenderBatchRequest *message = NULL;
    *batch = (calo_batch){0};
    calo_status status = unpack(bytes, size, limits, &budget, &message, err);
    if (status == CALO_OK)
        status = read_states(batch, message, err);
    if (status == CALO_OK)
        status = read_cameras(batch, message, err);
    if (status == CALO_OK)
        status = choose_pictures(batch, message, err);
    if (status == CALO_OK)
        status = read_size(batch, message, limits, err);
    if (status == CALO_OK)
        status = lay_out(batch, limits, err);
    if (message)
        orrb__render_batch_request__free_unpacked(message, &allocator);
    return status;
}

calo_status calo_batch_check(calo_batch *batch, const calo_service *service, calo_error *err)
{
    calo_states_request *request = &batch->request;
    request->mapping = service->mapping;
    if (service->qpos_count == 0 && request->qpos_count == 0)
        request->qpos = NULL;
    calo_batch_place(batch, NULL);
    return service->check(service->user, request, err);
}

calo_status calo_batch_reserve_values(calo_batch *batch, const calo_service *service, uint64_t max_message_bytes,
                                      calo_error *err)
{
    enum { VALUE_BYTES = 10 }; /* of a number in a message, at most */
    calo_states_request *request = &batch->request;
    size_t count = 0;
    uint64_t pictures = calo_batch_reply_bytes(batch);
    const calo_stream *streams = service->streams ? service->streams(service->user, &count) : NULL;
    batch->value_count = 0;
    for (size_t i = 0; i < count; i++)
        batch->value_count += streams[i].count;
    if (!batch->value_count)
        return CALO_OK;
    uint64_t room = max_message_bytes > pictures ? max_message_bytes - pictures : 0;
    if (batch->value_count > room / VALUE_BYTES / request->state_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%zu states with %zu values each, drawn or tracked, do not fit into a message of %llu bytes "
                         "beside their pictures: ask for fewer states in one request",
                         request->state_count, batch->value_count, (unsigned long long)max_message_bytes);
    batch->values = calloc(request->state_count, batch->value_count * sizeof *batch->values);
    if (!batch->values)
        return calo_fail_memory(err, "drawn values", request->state_count * batch->value_count * sizeof *batch->values);
    request->values = batch->values;
    return CALO_OK;
}

void calo_batch_place(calo_batch *batch, uint8_t *block)
{
    calo_states_request *request = &batch->request;
    for (size_t p = 0; p < batch->picture_count; p++) {
        const calo_batch_picture *picture = &batch->pictures[p];
        batch->outputs[p] = (calo_output){
            .kind = picture->kind,
            .data = block ? block + picture->offset : NULL,
            .state_stride = picture->stride,
            .camera_stride = picture->stride * request->state_count,
        };
    }
    request->outputs = batch->outputs;
    request->output_count = batch->picture_count;
}

void calo_batch_finish(calo_batch *batch)
{
    for (size_t i = 0; i < batch->request.camera_count; i++)
        free(batch->cameras[i]);
    free(batch->cameras);
    free(batch->qpos);
    free(batch->values);
    free(batch->seeds);
    *batch = (calo_batch){0};
}
