#include "server/client_arrays.h"

#include <stdlib.h>
#include <string.h>

#include <calotype/image.h>

#include "base/error.h"
#include "base/file.h"
#include "base/large.h"

enum { MAX_ARRAYS = 65536 };

static const char *const picture_suffixes[CALO_BATCH_PICTURES] = {"", "_depth", "_normals", "_segmentation"};

/* ---- slots ---- */

static void destroy_slot(calo_batch_slot *slot)
{
    if (slot->owned)
        free(slot->array.data);
    free((char *)slot->array.name);
    free(slot->offsets);
    free(slot);
}

/* Room for `count` more. */
static calo_status reserve_slots(calo_batch *batch, uint64_t count, calo_error *err)
{
    uint64_t needed = batch->count + count;
    if (needed > MAX_ARRAYS)
        return calo_fail(err, CALO_ERROR_LIMIT, "a reply of %llu arrays: up to %d are possible; ask for fewer cameras, "
                         "channels or streams", (unsigned long long)needed, MAX_ARRAYS);
    if (needed <= batch->capacity)
        return CALO_OK;
    uint64_t capacity = needed < 2 * (uint64_t)batch->capacity ? 2 * (uint64_t)batch->capacity : needed;
    calo_batch_slot **slots = realloc(batch->slots, capacity * sizeof(void *));
    if (!slots)
        return calo_fail_memory(err, "a reply", capacity * sizeof(void *));
    batch->slots = slots;
    batch->capacity = (uint32_t)capacity;
    return CALO_OK;
}

/* Takes over `name`; NULL when there is no memory. */
static calo_batch_slot *add_slot(calo_batch *batch, char *name, bool wanted, calo_error *err)
{
    calo_batch_slot *slot = name ? calloc(1, sizeof *slot) : NULL;
    if (!slot) {
        free(name);
        calo_fail_memory(err, "a reply", sizeof *slot);
        return NULL;
    }
    slot->array.name = name;
    slot->wanted = wanted;
    batch->slots[batch->count++] = slot;
    return slot;
}

static calo_status add_camera(calo_batch *batch, const char *camera, calo_error *err)
{
    const calo_batch_request *r = batch->request;
    const bool wanted[CALO_BATCH_PICTURES] = {true, r->render_depth, r->render_normals, r->render_segmentation};
    for (int i = 0; i < CALO_BATCH_PICTURES; i++)
        if (!add_slot(batch, calo_text_format("%s%s", camera, picture_suffixes[i]), wanted[i], err))
            return CALO_ERROR_MEMORY;
    for (uint32_t i = 0; i < r->channel_count; i++)
        if (!add_slot(batch, calo_text_format("%s_%s", camera, r->channels[i]), true, err))
            return CALO_ERROR_MEMORY;
    return CALO_OK;
}

static uint64_t camera_slots(const calo_batch *batch)
{
    return CALO_BATCH_PICTURES + (uint64_t)batch->request->channel_count;
}

static calo_status add_cameras(calo_batch *batch, calo_error *err)
{
    const calo_batch_request *r = batch->request;
    CALO_BATCH_TRY(reserve_slots(batch, r->camera_count * camera_slots(batch), err));
    batch->cameras_seen = calloc((size_t)r->camera_count + 1, 1);
    if (!batch->cameras_seen)
        return calo_fail_memory(err, "a reply", r->camera_count);
    for (uint32_t i = 0; i < r->camera_count; i++)
        CALO_BATCH_TRY(add_camera(batch, r->camera_names[i], err));
    return CALO_OK;
}

calo_status calo_batch_create(const calo_batch_request *request, calo_batch **batch, calo_error *err)
{
    *batch = calloc(1, sizeof **batch);
    if (!*batch)
        return calo_fail_memory(err, "a reply", sizeof **batch);
    (*batch)->request = request;
    calo_status status = add_cameras(*batch, err);
    if (status != CALO_OK) {
        calo_batch_reply_destroy(&(*batch)->reply);
        *batch = NULL;
    }
    return status;
}

calo_status calo_batch_camera(calo_batch *batch, const char *name, uint32_t *camera, calo_error *err)
{
    const calo_batch_request *r = batch->request;
    uint32_t i = 0;
    while (i < r->camera_count && strcmp(r->camera_names[i], name) != 0)
        i++;
    if (i == r->camera_count)
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent pictures of camera '%s', which was not asked for", name);
    if (batch->cameras_seen[i])
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent pictures of camera '%s' twice", name);
    batch->cameras_seen[i] = true;
    *camera = i;
    return CALO_OK;
}

calo_batch_slot *calo_batch_picture(calo_batch *batch, uint32_t camera, uint32_t picture)
{
    calo_batch_slot *slot = batch->slots[camera * camera_slots(batch) + picture];
    return slot->wanted ? slot : NULL;
}

calo_batch_slot *calo_batch_channel(calo_batch *batch, uint32_t camera, const char *name)
{
    const calo_batch_request *r = batch->request;
    for (uint32_t i = 0; i < r->channel_count; i++)
        if (strcmp(r->channels[i], name) == 0)
            return batch->slots[camera * camera_slots(batch) + CALO_BATCH_PICTURES + i];
    return NULL;
}

void calo_batch_picture_shape(const calo_batch *batch, uint32_t picture, calo_batch_plane *plane)
{
    const calo_batch_request *r = batch->request;
    const uint32_t components[CALO_BATCH_PICTURES] = {r->render_alpha ? 4 : 3, 1, 3, 1};
    strcpy(plane->type, picture == 1 || picture == 2 ? "<f4" : "|u1");
    plane->dimensions = components[picture] == 1 ? 2 : 3;
    plane->shape[0] = r->height;
    plane->shape[1] = r->width;
    plane->shape[2] = components[picture];
}

/* ---- pictures ---- */

/* The size of a plane whose shape may be anything; 0 where it is not that of a picture asked for. */
static uint64_t plane_size(const calo_batch_request *request, const calo_batch_plane *plane)
{
    enum { MAX_COMPONENTS = 16 };
    bool small = strcmp(plane->type, "|u1") == 0;
    if (!small && strcmp(plane->type, "<f4") != 0 && strcmp(plane->type, "<u4") != 0)
        return 0;
    uint64_t components = plane->dimensions == 3 ? plane->shape[2] : 1;
    if (plane->dimensions < 2 || plane->shape[0] != request->height || plane->shape[1] != request->width ||
        !components || components > MAX_COMPONENTS)
        return 0;
    return (uint64_t)request->height * request->width * components * (small ? 1 : 4); /* below 2^64: sides are checked */
}

static calo_status settle_shape(calo_batch *batch, calo_batch_slot *slot, const calo_batch_plane *plane, calo_error *err)
{
    calo_batch_array *array = &slot->array;
    slot->plane_bytes = plane_size(batch->request, plane);
    if (!slot->plane_bytes || __builtin_mul_overflow(slot->plane_bytes, batch->request->count, &array->bytes) ||
        array->bytes > PTRDIFF_MAX)
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent '%s' in a shape or type that is none of a %u x %u picture",
                         array->name, batch->request->width, batch->request->height);
    memcpy(slot->type, plane->type, sizeof slot->type);
    array->type = slot->type;
    array->dimensions = plane->dimensions + 1;
    array->shape[0] = batch->request->count;
    memcpy(array->shape + 1, plane->shape, sizeof plane->shape);
    return CALO_OK;
}

static calo_status check_shape(const calo_batch_slot *slot, uint32_t entry, const calo_batch_plane *plane, calo_error *err)
{
    if (slot->entries != entry)
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent '%s' %s", slot->array.name,
                         slot->entries > entry ? "twice for one state" : "for some states only");
    if (entry && (strcmp(slot->type, plane->type) != 0 || slot->array.dimensions != plane->dimensions + 1 ||
                  memcmp(slot->array.shape + 1, plane->shape, sizeof plane->shape) != 0))
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent '%s' in different shapes for different states",
                         slot->array.name);
    return CALO_OK;
}

static calo_status own_data(calo_batch_slot *slot, calo_error *err)
{
    if (slot->owned)
        return CALO_OK;
    slot->array.data = calo_large_alloc(slot->array.bytes ? (size_t)slot->array.bytes : 1);
    if (!slot->array.data)
        return calo_fail_memory(err, slot->array.name, (size_t)slot->array.bytes);
    slot->owned = true;
    return CALO_OK;
}

static calo_status put_offset(calo_batch *batch, calo_batch_slot *slot, uint32_t entry, uint64_t offset, calo_error *err)
{
    size_t bytes = batch->request->count * sizeof *slot->offsets;
    if (!slot->offsets)
        slot->offsets = malloc(bytes);
    if (!slot->offsets)
        return calo_fail_memory(err, "a reply", bytes);
    slot->offsets[entry] = offset;
    return CALO_OK;
}

/* The first components of RGBA8 are what the array has. */
static void narrow(const calo_image *image, uint64_t components, uint8_t *out)
{
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *pixel = (const uint8_t *)image->data + y * image->row_bytes;
        for (uint32_t x = 0; x < image->width; x++, pixel += 4, out += components)
            memcpy(out, pixel, components);
    }
}

static calo_status unpack(const calo_batch_slot *slot, const uint8_t *bytes, uint64_t size, uint8_t *out, calo_error *err)
{
    const uint64_t height = slot->array.shape[1], width = slot->array.shape[2];
    const uint64_t components = slot->array.dimensions == 4 ? slot->array.shape[3] : 1;
    const calo_limits limits = {.max_texture_pixels = (uint32_t)(height > width ? height : width),
                                .max_memory_bytes = height * width * 64 + (1 << 20)};
    calo_image image = {0};
    calo_status status = calo_image_decode(bytes, (size_t)size, slot->array.name, &limits, &image, err);
    if (status == CALO_OK && (image.format != CALO_PIXEL_RGBA8 || image.width != width || image.height != height ||
                              components > 4))
        status = calo_fail(err, CALO_ERROR_FORMAT, "the server sent '%s' as a packed picture of another size or kind",
                           slot->array.name);
    if (status == CALO_OK)
        narrow(&image, components, out);
    calo_image_finish(&image);
    return status;
}

static calo_status put_packed(const calo_batch_slot *slot, const calo_wire *data, uint8_t *out, calo_error *err)
{
    uint8_t *bytes = malloc((size_t)data->remaining);
    if (!bytes)
        return calo_fail_memory(err, slot->array.name, (size_t)data->remaining);
    calo_wire_copy(data, bytes);
    calo_status status = unpack(slot, bytes, data->remaining, out, err);
    free(bytes);
    return status;
}

static calo_status put_bytes(calo_batch *batch, calo_batch_slot *slot, uint32_t entry, const calo_wire *data,
                             calo_error *err)
{
    CALO_BATCH_TRY(own_data(slot, err));
    uint8_t *out = (uint8_t *)slot->array.data + entry * slot->plane_bytes;
    if (batch->request->png && strcmp(slot->type, "|u1") == 0)
        return put_packed(slot, data, out, err);
    if (data->remaining != slot->plane_bytes)
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent %llu bytes of '%s' for state %u, %llu are right",
                         (unsigned long long)data->remaining, slot->array.name, entry,
                         (unsigned long long)slot->plane_bytes);
    calo_wire_copy(data, out);
    return CALO_OK;
}

calo_status calo_batch_put(calo_batch *batch, calo_batch_slot *slot, uint32_t entry, const calo_batch_plane *plane,
                           calo_error *err)
{
    CALO_BATCH_TRY(check_shape(slot, entry, plane, err));
    if (entry == 0)
        CALO_BATCH_TRY(settle_shape(batch, slot, plane, err));
    bool apart = plane->data.remaining == 0;
    if (entry && apart != (slot->offsets != NULL))
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent some pictures of '%s' in shared memory, some not",
                         slot->array.name);
    slot->entries = entry + 1;
    return apart ? put_offset(batch, slot, entry, plane->offset, err) : put_bytes(batch, slot, entry, &plane->data, err);
}

/* ---- streams ---- */

calo_status calo_batch_add_stream(calo_batch *batch, const char *name, const char *type, uint64_t count,
                                  size_t value_bytes, void **values, calo_error *err)
{
    uint64_t states = batch->request->count;
    CALO_BATCH_TRY(reserve_slots(batch, 1, err));
    calo_batch_slot *slot = add_slot(batch, calo_text_format("%s", name), true, err);
    if (!slot)
        return CALO_ERROR_MEMORY;
    bool even = count % states == 0;
    slot->array.type = type;
    slot->array.dimensions = even ? 2 : 1;
    slot->array.shape[0] = even ? states : count;
    slot->array.shape[1] = even ? count / states : 0;
    slot->array.bytes = count * value_bytes; /* at most four times what was received */
    CALO_BATCH_TRY(own_data(slot, err));
    *values = slot->array.data;
    return CALO_OK;
}

/* ---- shared memory ---- */

calo_status calo_batch_map(calo_batch *batch, const char *name, uint64_t size, calo_error *err)
{
    if (batch->mapping.bytes)
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent shared memory twice");
    return calo_client_mapping_open(name, size, &batch->mapping, err);
}

/* Whether the states lie one behind the other, each whole and where its items may be read. */
static bool is_one_run(const calo_batch *batch, const calo_batch_slot *slot)
{
    for (uint32_t i = 1; i < batch->request->count; i++)
        if (slot->offsets[i] - slot->offsets[i - 1] != slot->plane_bytes)
            return false;
    return slot->offsets[0] % 4 == 0;
}

static calo_status find_shared(calo_batch *batch, calo_batch_slot *slot, calo_error *err)
{
    const calo_client_mapping *mapping = &batch->mapping;
    for (uint32_t i = 0; i < batch->request->count; i++)
        if (slot->offsets[i] > mapping->size || mapping->size - slot->offsets[i] < slot->plane_bytes)
            return calo_fail(err, CALO_ERROR_FORMAT, "the server sent '%s' for state %u outside its shared memory",
                             slot->array.name, i);
    if (is_one_run(batch, slot)) {
        slot->array.data = mapping->bytes + slot->offsets[0];
        return CALO_OK;
    }
    CALO_BATCH_TRY(own_data(slot, err));
    for (uint32_t i = 0; i < batch->request->count; i++)
        memcpy((char *)slot->array.data + i * slot->plane_bytes, mapping->bytes + slot->offsets[i], slot->plane_bytes);
    return CALO_OK;
}

/* ---- the whole ---- */

static calo_status check_slot(calo_batch *batch, calo_batch_slot *slot, uint32_t index, calo_error *err)
{
    const calo_batch_request *r = batch->request;
    if (index >= r->camera_count * camera_slots(batch) || !slot->wanted)
        return CALO_OK;
    bool extension = index % camera_slots(batch) >= CALO_BATCH_PICTURES;
    if (slot->entries == 0 && extension)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "the server left out '%s': it may be one of ORRB's, which knows no "
                         "further channels", slot->array.name);
    if (slot->entries != r->count)
        return calo_fail(err, CALO_ERROR_FORMAT, "the server sent '%s' for %u of %u states", slot->array.name,
                         slot->entries, r->count);
    return slot->offsets ? find_shared(batch, slot, err) : CALO_OK;
}

/* Keeps what was asked for. */
static calo_status publish(calo_batch *batch, calo_error *err)
{
    calo_batch_array *arrays = calloc((size_t)batch->count + 1, sizeof *arrays);
    uint32_t kept = 0;
    if (!arrays)
        return calo_fail_memory(err, "a reply", (batch->count + 1) * sizeof *arrays);
    for (uint32_t i = 0; i < batch->count; i++) {
        calo_batch_slot *slot = batch->slots[i];
        if (!slot->wanted) {
            destroy_slot(slot);
            continue;
        }
        batch->slots[kept] = slot;
        arrays[kept++] = slot->array;
    }
    batch->count = kept;
    batch->request = NULL;
    batch->reply = (calo_batch_reply){arrays, kept};
    return CALO_OK;
}

calo_status calo_batch_complete(calo_batch *batch, calo_error *err)
{
    for (uint32_t i = 0; i < batch->count; i++)
        CALO_BATCH_TRY(check_slot(batch, batch->slots[i], i, err));
    return publish(batch, err);
}

void calo_batch_reply_release(calo_batch_reply *reply, uint32_t array)
{
    calo_batch *batch = (calo_batch *)reply;
    if (array >= batch->count || !batch->slots[array]->array.data)
        return;
    calo_batch_slot *slot = batch->slots[array];
    if (slot->owned)
        free(slot->array.data);
    else
        calo_client_mapping_release(&batch->mapping, slot->array.data, slot->array.bytes);
    slot->array.data = NULL;
    ((calo_batch_array *)reply->arrays)[array].data = NULL;
}

void calo_batch_reply_destroy(calo_batch_reply *reply)
{
    calo_batch *batch = (calo_batch *)reply;
    if (!batch)
        return;
    for (uint32_t i = 0; i < batch->count; i++)
        destroy_slot(batch->slots[i]);
    calo_client_mapping_close(&batch->mapping);
    free((calo_batch_array *)reply->arrays);
    free(batch->slots);
    free(batch->cameras_seen);
    free(batch);
}
