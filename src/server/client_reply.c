#include "server/client_reply.h"

#include <stdlib.h>
#include <string.h>

#include <calotype/image.h>

#include "base/error.h"
#include "server/client_arrays.h"

/* Numbers of fields in orrb.proto. */
enum {
    REPLY_STREAMS = 1,
    REPLY_BOOL_STREAMS = 2,
    REPLY_INT_STREAMS = 3,
    REPLY_FLOAT_STREAMS = 4,
    REPLY_SHARED_MEMORY = 100,
    NAMED_NAME = 1, /* of every stream and plane, and of shared memory */
    STREAM_ENTRIES = 2,
    STREAM_DATA = 2,
    ENTRY_FIRST_DATA = 1, /* image, depth, normals, segmentation */
    ENTRY_PLANES = 100,
    ENTRY_FIRST_OFFSET = 101,
    PLANE_DTYPE = 2,
    PLANE_SHAPE = 3,
    PLANE_DATA = 4,
    PLANE_OFFSET = 5,
    MEMORY_SIZE = 2,
};

static calo_status malformed(calo_error *err, const char *what)
{
    return calo_fail(err, CALO_ERROR_FORMAT, "the server's reply is malformed in %s: is it a render server at all?", what);
}

/* Copies a text into `out` of `capacity` bytes. */
static calo_status read_text(const calo_wire *bytes, char *out, size_t capacity, const char *what, calo_error *err)
{
    if (bytes->remaining >= capacity)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s in the server's reply has %llu bytes: up to %zu are read", what,
                         (unsigned long long)bytes->remaining, capacity - 1);
    calo_wire_copy(bytes, out);
    out[bytes->remaining] = '\0';
    if (strlen(out) != bytes->remaining)
        return malformed(err, what);
    return CALO_OK;
}

/* The text of field 1, which need not come first. */
static calo_status read_name(calo_wire message, char out[CALO_BATCH_MAX_NAME], const char *what, calo_error *err)
{
    calo_wire_field field;
    out[0] = '\0';
    while (calo_wire_next(&message, &field))
        if (field.number == NAMED_NAME && field.type == CALO_WIRE_BYTES)
            CALO_BATCH_TRY(read_text(&field.bytes, out, CALO_BATCH_MAX_NAME, what, err));
    return message.remaining ? malformed(err, what) : CALO_OK;
}

/* ---- pictures ---- */

static calo_status add_dimension(calo_batch_plane *plane, uint64_t length, calo_error *err)
{
    if (plane->dimensions == CALO_BATCH_PLANE_DIMENSIONS)
        return malformed(err, "the shape of a plane");
    plane->shape[plane->dimensions++] = length;
    return CALO_OK;
}

static calo_status read_plane_field(calo_batch_plane *plane, const calo_wire_field *field, calo_error *err)
{
    uint64_t length;
    calo_wire packed = field->bytes;
    if (field->type == CALO_WIRE_VARINT && field->number == PLANE_OFFSET)
        plane->offset = field->value;
    if (field->type == CALO_WIRE_VARINT && field->number == PLANE_SHAPE)
        return add_dimension(plane, field->value, err);
    if (field->type != CALO_WIRE_BYTES)
        return CALO_OK;
    switch (field->number) {
    case PLANE_DTYPE: return read_text(&field->bytes, plane->type, sizeof plane->type, "the type of a plane", err);
    case PLANE_DATA: plane->data = field->bytes; break;
    case PLANE_SHAPE:
        while (calo_wire_number(&packed, CALO_WIRE_VARINT, &length))
            CALO_BATCH_TRY(add_dimension(plane, length, err));
        return packed.remaining ? malformed(err, "the shape of a plane") : CALO_OK;
    default: break;
    }
    return CALO_OK;
}

static calo_status read_plane(calo_batch *batch, uint32_t camera, uint32_t entry, calo_wire message, calo_error *err)
{
    char name[CALO_BATCH_MAX_NAME];
    calo_batch_plane plane = {0};
    calo_wire_field field;
    CALO_BATCH_TRY(read_name(message, name, "a plane", err));
    calo_batch_slot *slot = calo_batch_channel(batch, camera, name);
    if (!slot)
        return CALO_OK;
    while (calo_wire_next(&message, &field))
        CALO_BATCH_TRY(read_plane_field(&plane, &field, err));
    if (message.remaining)
        return malformed(err, "a plane");
    return calo_batch_put(batch, slot, entry, &plane, err);
}

/* The four pictures that ORRB has have no type and shape on the wire. */
static calo_status read_picture(calo_batch *batch, uint32_t camera, uint32_t entry, const calo_wire_field *field,
                                calo_error *err)
{
    uint32_t first = field->type == CALO_WIRE_BYTES ? ENTRY_FIRST_DATA : ENTRY_FIRST_OFFSET;
    if (field->number < first || field->number >= first + CALO_BATCH_PICTURES)
        return CALO_OK;
    calo_batch_slot *slot = calo_batch_picture(batch, camera, field->number - first);
    calo_batch_plane plane = {.data = field->bytes, .offset = field->value};
    if (!slot || (!plane.data.remaining && !plane.offset))
        return CALO_OK;
    calo_batch_picture_shape(batch, field->number - first, &plane);
    return calo_batch_put(batch, slot, entry, &plane, err);
}

static calo_status read_entry(calo_batch *batch, uint32_t camera, uint32_t entry, calo_wire message, calo_error *err)
{
    calo_wire_field field;
    while (calo_wire_next(&message, &field)) {
        if (field.number == ENTRY_PLANES && field.type == CALO_WIRE_BYTES)
            CALO_BATCH_TRY(read_plane(batch, camera, entry, field.bytes, err));
        else if (field.type == CALO_WIRE_BYTES || field.type == CALO_WIRE_VARINT)
            CALO_BATCH_TRY(read_picture(batch, camera, entry, &field, err));
    }
    return message.remaining ? malformed(err, "an entry") : CALO_OK;
}

/* A camera's pictures. */
static calo_status read_stream(calo_batch *batch, calo_wire message, calo_error *err)
{
    char name[CALO_BATCH_MAX_NAME];
    uint32_t camera, entries = 0;
    calo_wire_field field;
    CALO_BATCH_TRY(read_name(message, name, "a stream", err));
    CALO_BATCH_TRY(calo_batch_camera(batch, name, &camera, err));
    while (calo_wire_next(&message, &field)) {
        if (field.number != STREAM_ENTRIES || field.type != CALO_WIRE_BYTES)
            continue;
        if (entries == batch->request->count)
            return calo_fail(err, CALO_ERROR_FORMAT, "the server sent more than the %u pictures of camera '%s' asked for",
                             batch->request->count, name);
        CALO_BATCH_TRY(read_entry(batch, camera, entries++, field.bytes, err));
    }
    return message.remaining ? malformed(err, "a stream") : CALO_OK;
}

/* ---- auxiliary streams ---- */

typedef struct value_type {
    const char *type;
    calo_wire_type wire;
    size_t bytes;
} value_type;

static const value_type value_types[] = {
    [REPLY_BOOL_STREAMS] = {"|b1", CALO_WIRE_VARINT, 1},
    [REPLY_INT_STREAMS] = {"<i4", CALO_WIRE_VARINT, 4},
    [REPLY_FLOAT_STREAMS] = {"<f4", CALO_WIRE_FIXED32, 4},
};

/* Writes the values of a field, packed or not, to `out` where there is one. */
static calo_status read_values(const value_type *type, const calo_wire_field *field, char *out, uint64_t *count,
                               calo_error *err)
{
    calo_wire packed = field->bytes;
    uint64_t value = field->value;
    bool is_packed = field->type == CALO_WIRE_BYTES;
    if (!is_packed && field->type != type->wire)
        return malformed(err, "the values of an auxiliary stream");
    while (!is_packed || calo_wire_number(&packed, type->wire, &value)) {
        uint32_t bits = (uint32_t)value;
        if (type->bytes == 1)
            bits = value != 0;
        if (out && type->bytes == 1)
            out[*count] = (char)bits;
        else if (out)
            memcpy(out + 4 * *count, &bits, 4);
        ++*count;
        if (!is_packed)
            break;
    }
    return packed.remaining ? malformed(err, "the values of an auxiliary stream") : CALO_OK;
}

static calo_status read_all_values(const value_type *type, calo_wire message, char *out, uint64_t *count,
                                   calo_error *err)
{
    calo_wire_field field;
    *count = 0;
    while (calo_wire_next(&message, &field))
        if (field.number == STREAM_DATA)
            CALO_BATCH_TRY(read_values(type, &field, out, count, err));
    return message.remaining ? malformed(err, "an auxiliary stream") : CALO_OK;
}

static calo_status read_values_stream(calo_batch *batch, uint32_t kind, calo_wire message, calo_error *err)
{
    const value_type *type = &value_types[kind];
    char name[CALO_BATCH_MAX_NAME];
    uint64_t count;
    void *values;
    CALO_BATCH_TRY(read_name(message, name, "an auxiliary stream", err));
    CALO_BATCH_TRY(read_all_values(type, message, NULL, &count, err));
    CALO_BATCH_TRY(calo_batch_add_stream(batch, name, type->type, count, type->bytes, &values, err));
    return read_all_values(type, message, values, &count, err);
}

/* ---- the message ---- */

static calo_status read_shared_memory(calo_batch *batch, calo_wire message, calo_error *err)
{
    char name[CALO_BATCH_MAX_NAME];
    uint64_t size = 0;
    calo_wire_field field;
    CALO_BATCH_TRY(read_name(message, name, "shared memory", err));
    while (calo_wire_next(&message, &field))
        if (field.number == MEMORY_SIZE && field.type == CALO_WIRE_VARINT)
            size = field.value;
    if (message.remaining)
        return malformed(err, "shared memory");
    return calo_batch_map(batch, name, size, err);
}

static calo_status read_message(calo_batch *batch, calo_wire message, calo_error *err)
{
    calo_wire_field field;
    while (calo_wire_next(&message, &field)) {
        if (field.type != CALO_WIRE_BYTES)
            continue;
        if (field.number == REPLY_STREAMS)
            CALO_BATCH_TRY(read_stream(batch, field.bytes, err));
        else if (field.number >= REPLY_BOOL_STREAMS && field.number <= REPLY_FLOAT_STREAMS)
            CALO_BATCH_TRY(read_values_stream(batch, field.number, field.bytes, err));
        else if (field.number == REPLY_SHARED_MEMORY)
            CALO_BATCH_TRY(read_shared_memory(batch, field.bytes, err));
    }
    return message.remaining ? malformed(err, "the message") : CALO_OK;
}

calo_status calo_batch_reply_read(const calo_batch_request *request, calo_wire message, calo_batch_reply **reply,
                                  calo_error *err)
{
    calo_batch *batch;
    *reply = NULL;
    CALO_BATCH_TRY(calo_batch_create(request, &batch, err));
    calo_status status = read_message(batch, message, err);
    if (status == CALO_OK)
        status = calo_batch_complete(batch, err);
    if (status != CALO_OK) {
        calo_batch_reply_destroy(&batch->reply);
        return status;
    }
    *reply = &batch->reply;
    return CALO_OK;
}
