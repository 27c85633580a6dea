/* The arrays of a reply while they are filled: what is asked for, in what shape, and what has come of it. */
#ifndef CALO_SERVER_CLIENT_ARRAYS_H
#define CALO_SERVER_CLIENT_ARRAYS_H

#include <calotype/client.h>

#include "server/client_memory.h"
#include "server/client_wire.h"

#define CALO_BATCH_TRY(call)                 \
    do {                                     \
        calo_status try_status = (call);     \
        if (try_status != CALO_OK)           \
            return try_status;               \
    } while (0)

enum {
    CALO_BATCH_MAX_NAME = 512,
    CALO_BATCH_PICTURES = 4, /* colour, depth, normals, segmentation: in this order on the wire */
    CALO_BATCH_PLANE_DIMENSIONS = 3,
};

/* One picture as it comes: its bytes, or where they begin in shared memory. */
typedef struct calo_batch_plane {
    char type[8];
    uint32_t dimensions;
    uint64_t shape[CALO_BATCH_PLANE_DIMENSIONS];
    calo_wire data;
    uint64_t offset;
} calo_batch_plane;

/* One array, and how many states it has so far. */
typedef struct calo_batch_slot {
    calo_batch_array array; /* its name is malloc'ed */
    char type[8];
    bool wanted;
    bool owned; /* its data is malloc'ed, not in shared memory */
    uint32_t entries;
    uint64_t plane_bytes;
    uint64_t *offsets; /* one a state where they are in shared memory */
} calo_batch_slot;

/* A reply, and what it is made of. */
typedef struct calo_batch {
    calo_batch_reply reply;            /* first: it is what users destroy */
    const calo_batch_request *request; /* until it is complete */
    calo_batch_slot **slots;           /* CALO_BATCH_PICTURES and the channels of each camera, then streams */
    uint32_t count, capacity;
    bool *cameras_seen;
    calo_client_mapping mapping;
} calo_batch;

calo_status calo_batch_create(const calo_batch_request *request, calo_batch **batch, calo_error *err);

/* Which camera a stream belongs to; each comes once. */
calo_status calo_batch_camera(calo_batch *batch, const char *name, uint32_t *camera, calo_error *err);
/* NULL: not asked for. */
calo_batch_slot *calo_batch_picture(calo_batch *batch, uint32_t camera, uint32_t picture);
calo_batch_slot *calo_batch_channel(calo_batch *batch, uint32_t camera, const char *name);
void calo_batch_picture_shape(const calo_batch *batch, uint32_t picture, calo_batch_plane *plane);
calo_status calo_batch_put(calo_batch *batch, calo_batch_slot *slot, uint32_t entry, const calo_batch_plane *plane,
                           calo_error *err);

/* `values`: room for `count` values. */
calo_status calo_batch_add_stream(calo_batch *batch, const char *name, const char *type, uint64_t count,
                                  size_t value_bytes, void **values, calo_error *err);
calo_status calo_batch_map(calo_batch *batch, const char *name, uint64_t size, calo_error *err);

/* Everything that was asked for must have come; what was not is gone from the reply. */
calo_status calo_batch_complete(calo_batch *batch, calo_error *err);

#endif
