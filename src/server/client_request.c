#include "server/client_request.h"

#include <stdlib.h>
#include <string.h>

#include <calotype/image.h>
#include <orrb.pb-c.h>

#include "base/error.h"

typedef Orrb__RenderBatchRequest__BatchRequestEntry request_entry;

/* ORRB's messages hold int32, and no machine renders as much at once. */
enum { MAX_STATES = 1 << 20, MAX_QPOS = 1 << 20, MAX_NAMES = 4096 };

static calo_status check_names(const char *const *names, uint32_t count, const char *what, calo_error *err)
{
    if (count > MAX_NAMES)
        return calo_fail(err, CALO_ERROR_LIMIT, "%u %ss are asked for: up to %d are possible", count, what, MAX_NAMES);
    for (uint32_t i = 0; i < count; i++) {
        if (!names[i] || !names[i][0])
            return calo_fail(err, CALO_ERROR_ARGUMENT, "%s %u has no name", what, i);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return calo_fail(err, CALO_ERROR_ARGUMENT, "%s '%s' is asked for twice", what, names[i]);
    }
    return CALO_OK;
}

calo_status calo_batch_request_check(const calo_batch_request *r, calo_error *err)
{
    if (!r->count || r->count > MAX_STATES || r->qpos_length > MAX_QPOS || (r->qpos_length && !r->qpos))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a batch of %u states of %u numbers: 1 to %d states of up to %d are "
                         "possible", r->count, r->qpos_length, MAX_STATES, MAX_QPOS);
    if (!r->width || !r->height || r->width > CALO_FRAME_MAX_SIDE || r->height > CALO_FRAME_MAX_SIDE)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "pictures of %u x %u pixels: a side must have 1 to %u", r->width,
                         r->height, CALO_FRAME_MAX_SIDE);
    if (!r->camera_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "no camera is asked for: name one of the model's");
    if (r->png && r->memory == CALO_CLIENT_MEMORY_SHARED)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "pictures in shared memory are not packed: leave out PNG, or it");
    calo_status status = check_names(r->camera_names, r->camera_count, "camera", err);
    return status != CALO_OK ? status : check_names(r->channels, r->channel_count, "channel", err);
}

static void describe(const calo_batch_request *r, bool shared_memory, Orrb__RenderBatchRequest *message)
{
    message->width = (int32_t)r->width;
    message->height = (int32_t)r->height;
    message->camera_names = (char **)r->camera_names;
    message->n_camera_names = r->camera_count;
    message->batch_seed = r->batch_seed;
    message->use_entry_seeds = r->seeds != NULL;
    message->render_alpha = r->render_alpha;
    message->render_depth = r->render_depth;
    message->render_normals = r->render_normals;
    message->render_segmentation = r->render_segmentation;
    message->channels = (char **)r->channels;
    message->n_channels = r->channel_count;
    message->rows_top_down = r->rows_top_down;
    message->encoding = r->png ? ORRB__RENDER_BATCH_REQUEST__ENCODING__PNG : ORRB__RENDER_BATCH_REQUEST__ENCODING__RAW;
    message->shared_memory = shared_memory;
    message->drawn_values = r->drawn_values;
}

static calo_status pack(const Orrb__RenderBatchRequest *message, calo_blob *blob, calo_error *err)
{
    uint8_t *out = calo_blob_reserve(blob, orrb__render_batch_request__get_packed_size(message), err);
    if (!out)
        return calo_failed(err);
    blob->size += orrb__render_batch_request__pack(message, out);
    return CALO_OK;
}

calo_status calo_batch_request_pack(const calo_batch_request *r, bool shared_memory, calo_blob *blob, calo_error *err)
{
    Orrb__RenderBatchRequest message = ORRB__RENDER_BATCH_REQUEST__INIT;
    request_entry *entries = calloc(r->count, sizeof *entries);
    request_entry **pointers = calloc(r->count, sizeof(void *));
    calo_status status = entries && pointers ? CALO_OK : calo_fail_memory(err, "a batch", r->count * sizeof *entries);
    for (uint32_t i = 0; status == CALO_OK && i < r->count; i++) {
        orrb__render_batch_request__batch_request_entry__init(&entries[i]);
        entries[i].qpos = (float *)r->qpos + (size_t)i * r->qpos_length;
        entries[i].n_qpos = r->qpos_length;
        entries[i].seed = r->seeds ? r->seeds[i] : 0;
        pointers[i] = &entries[i];
    }
    message.entries = pointers;
    message.n_entries = r->count;
    describe(r, shared_memory, &message);
    if (status == CALO_OK)
        status = pack(&message, blob, err);
    free(entries);
    free(pointers);
    return status;
}
