#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/batch.h"
#include "server/server.h"

static const calo_batch_limits limits = {
    .max_message_bytes = 1 << 20, .max_pixels = 1 << 16, .max_shared_bytes = 1 << 20, .max_states = 256};

/* Everything that a reply refers to lies in its block. */
static void check_reply(const calo_batch *batch)
{
    calo_blocks *blocks = NULL;
    calo_block *block = NULL;
    calo_reply reply = {0};
    const calo_service service = {0};
    fuzz_check(calo_blocks_create(1 << 24, 1 << 24, &blocks, NULL) == CALO_OK, "blocks can be made");
    fuzz_check(calo_block_take(blocks, batch->block_bytes, &block, NULL) == CALO_OK, "a block can be had");
    memset(block->bytes, 0, batch->block_bytes);
    const char *name = batch->shared_memory ? "/fuzz" : NULL;
    fuzz_check(calo_batch_reply(batch, &service, block, name, NULL, &reply, NULL) == CALO_OK, "a reply can be made");
    fuzz_check(reply.size <= limits.max_message_bytes, "a reply is not too large");
    size_t total = 0;
    for (size_t i = 0; i < reply.part_count; i++) {
        const calo_reply_part *part = &reply.parts[i];
        size_t room = part->of_block ? batch->block_bytes : reply.headers.size;
        fuzz_check(part->offset <= room && part->size <= room - part->offset, "a part lies in its memory");
        total += part->size;
    }
    fuzz_check(total == reply.size, "a reply has the size of its parts");
    calo_reply_finish(&reply);
    calo_blocks_destroy(blocks);
}

static void use_batch(const uint8_t *data, size_t size)
{
    calo_error err = {0};
    calo_batch batch;
    calo_status status = calo_batch_read(data, size, &limits, &batch, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    if (status == CALO_OK) {
        const calo_states_request *request = &batch.request;
        fuzz_check(request->state_count <= limits.max_states && request->camera_count, "a batch has states and cameras");
        for (size_t i = 0; i < request->state_count * request->qpos_count; i++)
            fuzz_check(isfinite(request->qpos[i]), "joints are finite");
        check_reply(&batch);
    }
    calo_batch_finish(&batch);
}

static void use_update(const uint8_t *data, size_t size)
{
    size_t count = 0;
    calo_error err = {0};
    calo_update *update = NULL;
    calo_status status = calo_update_read(data, size, &update, &err);
    fuzz_check(status == CALO_OK ? update != NULL : err.message[0] != '\0', "a failure gives a sentence");
    const calo_component_update *components = update ? calo_update_components(update, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        for (uint32_t p = 0; p < components[i].property_count; p++)
            fuzz_check(components[i].properties[p].name && isfinite(components[i].properties[p].numbers[3]),
                       "properties have names and finite numbers");
    calo_update_destroy(update);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    use_batch(data, size);
    use_update(data, size);
    return 0;
}
