/* A RenderBatchRequest: read from bytes, checked, and laid out in memory. Knows nothing of gRPC. */
#ifndef CALO_SERVER_BATCH_H
#define CALO_SERVER_BATCH_H

#include <calotype/states.h>

#include "server/reply.h"
#include "server/service.h"

/* A kind of picture of the reply. */
typedef struct calo_batch_picture {
    const char *name;  /* of a plane */
    const char *dtype; /* as numpy writes it */
    uint32_t components;
    uint32_t field; /* of BatchResponseEntry: 1 to 4 as ORRB has them, or CALO_BATCH_PLANES */
    uint32_t kind;  /* of calo_output */
    size_t bytes;   /* of one picture */
    size_t stride;  /* from one picture to the next: the same, or more where PNG could be larger */
    size_t offset;  /* in the block; camera after camera, of each state after state */
} calo_batch_picture;

enum {
    CALO_BATCH_PLANES = 100,
    CALO_BATCH_OFFSETS = 101, /* image_offset; the other three follow */
    CALO_BATCH_PICTURES_MAX = 32,
};

typedef struct calo_batch_limits {
    uint64_t max_message_bytes, max_pixels, max_shared_bytes;
    uint32_t max_states;
} calo_batch_limits;

typedef struct calo_batch {
    calo_states_request request; /* `outputs` point nowhere until calo_batch_place */
    calo_output outputs[CALO_BATCH_PICTURES_MAX];
    calo_batch_picture pictures[CALO_BATCH_PICTURES_MAX];
    size_t picture_count;
    size_t block_bytes; /* room for all pictures */
    bool png, shared_memory, drawn_values;
    double *qpos, *values;
    size_t value_count; /* of `values`, a state */
    uint32_t *seeds;
    char **cameras;
} calo_batch;

/* Reads and checks all that does not need the scene. The caller finishes the batch, also after a failure. */
calo_status calo_batch_read(const uint8_t *bytes, size_t size, const calo_batch_limits *limits, calo_batch *batch,
                            calo_error *err);
/* Fits the batch to the service: mapping, joints; then the service's own check. */
calo_status calo_batch_check(calo_batch *batch, const calo_service *service, calo_error *err);
/* Room for the values of the service's streams. On the thread that renders, right before it does: an update that came
 * in between may have changed how many there are. */
calo_status calo_batch_reserve_values(calo_batch *batch, const calo_service *service, uint64_t max_message_bytes,
                                      calo_error *err);
void calo_batch_finish(calo_batch *batch);

/* The pictures are rendered into `block` from here on. */
void calo_batch_place(calo_batch *batch, uint8_t *block);

/* The message's size, within some bytes, before anything is rendered. */
uint64_t calo_batch_reply_bytes(const calo_batch *batch);

/* Makes the pictures of 8 bits in the block PNG files, in their places; any thread asks the request's poll. `*sizes` gets
 * the bytes of each picture then: see calo_batch_index. malloc'ed. */
calo_status calo_batch_encode(const calo_batch *batch, uint8_t *block, size_t **sizes, calo_error *err);
static inline size_t calo_batch_index(const calo_batch *batch, size_t picture, size_t camera, size_t state)
{
    return (picture * batch->request.camera_count + camera) * batch->request.state_count + state;
}

/* The reply's message: pictures of the block, which it holds as far as it refers to it; or, with the `shared_name` of
 * the block, where in it they are. `sizes` may be NULL: pictures are raw. */
calo_status calo_batch_reply(const calo_batch *batch, const calo_service *service, calo_block *block,
                             const char *shared_name, const size_t *sizes, calo_reply *reply, calo_error *err);

#endif
