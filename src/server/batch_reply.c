#include <orrb.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "encode/encode.h"
#include "server/batch.h"

/* Of BatchResponseEntry, StreamEntry, Plane and RenderBatchResponse. */
enum {
    STREAM = 1,
    STREAM_NAME = 1,
    STREAM_ENTRIES = 2,
    PLANE_NAME = 1,
    PLANE_DTYPE = 2,
    PLANE_SHAPE = 3,
    PLANE_DATA = 4,
    PLANE_OFFSET = 5,
};

/* A reply while it is made. */
typedef struct maker {
    const calo_batch *batch;
    const size_t *sizes;
    bool shared;
    calo_blob heads[CALO_BATCH_PICTURES_MAX]; /* of planes: what is the same in all of them */
    calo_reply *reply;
    calo_error *err;
    calo_status status; /* the first failure; then nothing more is done */
} maker;

/* ---- sizes, from the inside out ---- */

static size_t picture_size(const maker *m, size_t picture, size_t camera, size_t state)
{
    return m->sizes ? m->sizes[calo_batch_index(m->batch, picture, camera, state)] : m->batch->pictures[picture].bytes;
}

static size_t picture_offset(const maker *m, size_t picture, size_t camera, size_t state)
{
    const calo_batch_picture *p = &m->batch->pictures[picture];
    return p->offset + (camera * m->batch->request.state_count + state) * p->stride;
}

static size_t plane_size(const maker *m, size_t picture, size_t camera, size_t state)
{
    size_t size = m->heads[picture].size;
    if (m->shared)
        return size + calo_wire_number_size(PLANE_OFFSET, picture_offset(m, picture, camera, state));
    return size + calo_wire_field_size(PLANE_DATA, picture_size(m, picture, camera, state));
}

static size_t entry_size(const maker *m, size_t camera, size_t state)
{
    size_t size = 0;
    for (size_t p = 0; p < m->batch->picture_count; p++) {
        uint32_t field = m->batch->pictures[p].field;
        if (field == CALO_BATCH_PLANES)
            size += calo_wire_field_size(field, plane_size(m, p, camera, state));
        else if (m->shared)
            size += calo_wire_number_size(CALO_BATCH_OFFSETS + field - 1, picture_offset(m, p, camera, state));
        else
            size += calo_wire_field_size(field, picture_size(m, p, camera, state));
    }
    return size;
}

static size_t stream_size(const maker *m, size_t camera)
{
    size_t size = calo_wire_field_size(STREAM_NAME, strlen(m->batch->cameras[camera]));
    for (size_t s = 0; s < m->batch->request.state_count; s++)
        size += calo_wire_field_size(STREAM_ENTRIES, entry_size(m, camera, s));
    return size;
}

uint64_t calo_batch_reply_bytes(const calo_batch *batch)
{
    enum { AROUND = 128 }; /* keys, lengths, a plane's name and shape */
    uint64_t size = 4096, frames = (uint64_t)batch->request.state_count * batch->request.camera_count;
    for (size_t p = 0; p < batch->picture_count; p++)
        size += frames * (AROUND + (batch->shared_memory ? 0 : batch->pictures[p].stride));
    return size;
}

/* ---- writing ---- */

static void write_header(maker *m, uint32_t field, size_t size)
{
    if (m->status == CALO_OK)
        m->status = calo_reply_write_header(m->reply, field, size, m->err);
}

static void write_number(maker *m, uint32_t field, uint64_t value)
{
    if (m->status == CALO_OK)
        m->status = calo_reply_write_number(m->reply, field, value, m->err);
}

static void write_bytes(maker *m, const void *bytes, size_t size)
{
    if (m->status == CALO_OK)
        m->status = calo_reply_write(m->reply, bytes, size, m->err);
}

static void write_picture(maker *m, uint32_t field, size_t picture, size_t camera, size_t state)
{
    size_t size = picture_size(m, picture, camera, state);
    write_header(m, field, size);
    if (m->status == CALO_OK)
        m->status = calo_reply_refer(m->reply, picture_offset(m, picture, camera, state), size, m->err);
}

static void write_plane(maker *m, size_t picture, size_t camera, size_t state)
{
    write_header(m, CALO_BATCH_PLANES, plane_size(m, picture, camera, state));
    write_bytes(m, m->heads[picture].bytes, m->heads[picture].size);
    if (m->shared)
        write_number(m, PLANE_OFFSET, picture_offset(m, picture, camera, state));
    else
        write_picture(m, PLANE_DATA, picture, camera, state);
}

static void write_entry(maker *m, size_t camera, size_t state)
{
    write_header(m, STREAM_ENTRIES, entry_size(m, camera, state));
    for (size_t p = 0; p < m->batch->picture_count; p++) {
        uint32_t field = m->batch->pictures[p].field;
        if (field == CALO_BATCH_PLANES)
            write_plane(m, p, camera, state);
        else if (m->shared)
            write_number(m, CALO_BATCH_OFFSETS + field - 1, picture_offset(m, p, camera, state));
        else
            write_picture(m, field, p, camera, state);
    }
}

static void write_stream(maker *m, size_t camera)
{
    const char *name = m->batch->cameras[camera];
    write_header(m, STREAM, stream_size(m, camera));
    write_header(m, STREAM_NAME, strlen(name));
    write_bytes(m, name, strlen(name));
    for (size_t s = 0; s < m->batch->request.state_count && m->status == CALO_OK; s++)
        write_entry(m, camera, s);
}

/* A plane's name, dtype and shape. */
static calo_status make_head(const calo_batch *batch, size_t picture, calo_blob *head, calo_error *err)
{
    const calo_batch_picture *p = &batch->pictures[picture];
    uint32_t shape[3] = {batch->request.height, batch->request.width, p->components};
    Orrb__Plane plane = ORRB__PLANE__INIT;
    plane.name = (char *)p->name;
    plane.dtype = (char *)p->dtype;
    plane.shape = shape;
    plane.n_shape = p->components > 1 ? 3 : 2;
    size_t size = orrb__plane__get_packed_size(&plane);
    uint8_t *bytes = calo_blob_reserve(head, size, err);
    if (!bytes)
        return calo_failed(err);
    head->size += orrb__plane__pack(&plane, bytes);
    return CALO_OK;
}

/* ---- auxiliary streams: a name and a number for each state and column ---- */

static double value_of(const maker *m, const calo_stream *stream, size_t index)
{
    size_t state = index / stream->count, column = index % stream->count;
    return m->batch->values[state * m->batch->value_count + stream->first + column];
}

static void write_values(maker *m, const calo_stream *stream)
{
    static const uint32_t fields[] = {[CALO_STREAM_BOOL] = 2, [CALO_STREAM_INT] = 3, [CALO_STREAM_FLOAT] = 4};
    size_t count = (size_t)stream->count * m->batch->request.state_count;
    calo_blob data = {0};
    for (size_t i = 0; i < count && m->status == CALO_OK; i++) {
        double value = value_of(m, stream, i);
        float number = (float)value;
        uint8_t varint[10];
        size_t size = 0;
        /* Negative numbers of an int32 have ten bytes, as protobuf has it. */
        uint64_t whole = stream->kind == CALO_STREAM_INT ? (uint64_t)(int64_t)(int32_t)value : value != 0;
        for (; whole >= 0x80; whole >>= 7)
            varint[size++] = (uint8_t)(whole | 0x80);
        varint[size++] = (uint8_t)whole;
        m->status = stream->kind == CALO_STREAM_FLOAT ? calo_blob_append(&data, &number, sizeof number, m->err)
                                                      : calo_blob_append(&data, varint, size, m->err);
    }
    size_t name = strlen(stream->name);
    write_header(m, fields[stream->kind], calo_wire_field_size(1, name) + calo_wire_field_size(2, data.size));
    write_header(m, 1, name);
    write_bytes(m, stream->name, name);
    write_header(m, 2, data.size);
    write_bytes(m, data.bytes, data.size);
    calo_blob_finish(&data);
}

static void write_auxiliary(maker *m, const calo_service *service)
{
    static const calo_stream_kind order[] = {CALO_STREAM_BOOL, CALO_STREAM_INT, CALO_STREAM_FLOAT};
    size_t count = 0;
    const calo_stream *streams = m->batch->values && service->streams ? service->streams(service->user, &count) : NULL;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < count; i++) {
            const calo_stream *stream = &streams[i];
            if (stream->kind == order[k] && stream->count && (!stream->drawn || m->batch->drawn_values))
                write_values(m, stream);
        }
}

static void write_shared(maker *m, const char *name, uint64_t size)
{
    enum { SHARED_MEMORY = 100, NAME = 1, SIZE = 2 };
    write_header(m, SHARED_MEMORY, calo_wire_field_size(NAME, strlen(name)) + calo_wire_number_size(SIZE, size));
    write_header(m, NAME, strlen(name));
    write_bytes(m, name, strlen(name));
    write_number(m, SIZE, size);
}

calo_status calo_batch_reply(const calo_batch *batch, const calo_service *service, calo_block *block,
                             const char *shared_name, const size_t *sizes, calo_reply *reply, calo_error *err)
{
    maker m = {.batch = batch, .sizes = sizes, .shared = shared_name != NULL, .reply = reply, .err = err};
    for (size_t p = 0; p < batch->picture_count && m.status == CALO_OK; p++)
        if (batch->pictures[p].field == CALO_BATCH_PLANES)
            m.status = make_head(batch, p, &m.heads[p], err);
    for (size_t c = 0; c < batch->request.camera_count && m.status == CALO_OK; c++)
        write_stream(&m, c);
    write_auxiliary(&m, service);
    if (shared_name)
        write_shared(&m, shared_name, batch->block_bytes);
    for (size_t p = 0; p < batch->picture_count; p++)
        calo_blob_finish(&m.heads[p]);
    if (m.status == CALO_OK && !shared_name)
        reply->block = block;
    else
        calo_block_release(block);
    if (m.status != CALO_OK)
        calo_reply_finish(reply);
    return m.status;
}

/* ---- PNG ---- */

typedef struct encoder {
    const calo_batch *batch;
    uint8_t *block;
    size_t *sizes;
} encoder;

static calo_status encode_picture(void *user, uint32_t worker, size_t index, calo_error *err)
{
    static const calo_pixel_format formats[] = {[1] = CALO_PIXEL_R8, [3] = CALO_PIXEL_RGB8, [4] = CALO_PIXEL_RGBA8};
    const encoder *e = user;
    size_t frames = e->batch->request.state_count * e->batch->request.camera_count;
    const calo_batch_picture *picture = &e->batch->pictures[index / frames];
    uint8_t *place = e->block + picture->offset + index % frames * picture->stride;
    calo_blob png = {0};
    (void)worker;
    e->sizes[index] = picture->bytes;
    if (strcmp(picture->dtype, "|u1") != 0)
        return CALO_OK;
    const calo_image image = {
        .width = e->batch->request.width,
        .height = e->batch->request.height,
        .format = formats[picture->components],
        .row_bytes = (size_t)e->batch->request.width * picture->components,
        .data = place,
    };
    const calo_states_request *request = &e->batch->request;
    calo_status status = request->poll ? request->poll(request->poll_user, err) : CALO_OK;
    if (status == CALO_OK)
        status = calo_encode_png(&image, &png, err);
    if (status == CALO_OK && png.size > picture->stride)
        status = calo_fail(err, CALO_ERROR_LIMIT, "a picture has %zu bytes as PNG, more than expected: ask for RAW",
                           png.size);
    if (status == CALO_OK) {
        memcpy(place, png.bytes, png.size);
        e->sizes[index] = png.size;
    }
    calo_blob_finish(&png);
    return status;
}

calo_status calo_batch_encode(const calo_batch *batch, uint8_t *block, size_t **sizes, calo_error *err)
{
    size_t count = batch->picture_count * batch->request.state_count * batch->request.camera_count;
    *sizes = malloc((count ? count : 1) * sizeof **sizes);
    if (!*sizes)
        return calo_fail_memory(err, "the sizes of pictures", count * sizeof **sizes);
    encoder e = {batch, block, *sizes};
    return calo_thread_for(0, count, encode_picture, &e, err);
}
