/* Reading requests and laying replies out, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <orrb.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "server/batch.h"

static const calo_batch_limits limits = {
    .max_message_bytes = 1 << 20, .max_pixels = 1 << 20, .max_shared_bytes = 1 << 20, .max_states = 1000};

/* ---- a request of `count` states and two cameras ---- */

static uint8_t *pack_request(uint32_t count, bool shared, bool png, size_t *size)
{
    float qpos[3] = {1, 2, 3};
    char *cameras[2] = {"a", "bb"}, *channels[1] = {"depth"};
    Orrb__RenderBatchRequest request = ORRB__RENDER_BATCH_REQUEST__INIT;
    Orrb__RenderBatchRequest__BatchRequestEntry entry = ORRB__RENDER_BATCH_REQUEST__BATCH_REQUEST_ENTRY__INIT;
    Orrb__RenderBatchRequest__BatchRequestEntry **entries = malloc(count * sizeof *entries);
    entry.n_qpos = 3;
    entry.qpos = qpos;
    for (uint32_t i = 0; i < count; i++)
        entries[i] = &entry;
    request.n_entries = count;
    request.entries = entries;
    request.width = 5;
    request.height = 3;
    request.n_camera_names = 2;
    request.camera_names = cameras;
    request.n_channels = 1;
    request.channels = channels;
    request.render_segmentation = 1;
    request.shared_memory = shared;
    request.encoding = png ? ORRB__RENDER_BATCH_REQUEST__ENCODING__PNG : ORRB__RENDER_BATCH_REQUEST__ENCODING__RAW;
    *size = orrb__render_batch_request__get_packed_size(&request);
    uint8_t *bytes = malloc(*size);
    orrb__render_batch_request__pack(&request, bytes);
    free(entries);
    return bytes;
}

static void test_places(void **state)
{
    (void)state;
    size_t size;
    calo_batch batch;
    calo_error err = {0};
    uint8_t *bytes = pack_request(4, false, false, &size);
    assert_int_equal(calo_batch_read(bytes, size, &limits, &batch, &err), CALO_OK);
    assert_int_equal(batch.picture_count, 3);
    /* rgb, segmentation, depth; each begins at a multiple of 64. */
    assert_int_equal(batch.pictures[0].offset, 0);
    assert_int_equal(batch.pictures[0].bytes, 45);
    assert_int_equal(batch.pictures[1].offset, 384); /* 8 pictures of 45 */
    assert_int_equal(batch.pictures[1].bytes, 15);
    assert_int_equal(batch.pictures[2].offset, 512); /* 8 of 15 */
    assert_int_equal(batch.pictures[2].bytes, 60);
    assert_int_equal(batch.block_bytes, 1024);
    assert_int_equal(batch.seeds[3], 3);
    assert_true(batch.request.rows_bottom_up);
    static uint8_t block[1024];
    calo_batch_place(&batch, block);
    assert_ptr_equal(batch.outputs[1].data, block + 384);
    assert_int_equal(batch.outputs[1].state_stride, 15);
    assert_int_equal(batch.outputs[1].camera_stride, 60);
    calo_batch_finish(&batch);
    free(bytes);
}

/* Every byte cut off, and every bit turned: a sentence or a batch, never more memory than is in proportion. */
static void test_damage(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = pack_request(3, true, false, &size);
    for (size_t cut = 0; cut < 9 * size; cut++) {
        calo_batch batch;
        calo_error err = {0};
        size_t length = cut < size ? cut : size;
        uint8_t *copy = malloc(length + 1);
        memcpy(copy, bytes, length);
        if (cut >= size)
            copy[(cut - size) / 8] ^= (uint8_t)(1u << (cut - size) % 8);
        calo_status status = calo_batch_read(copy, length, &limits, &batch, &err);
        assert_true(status == CALO_OK || err.message[0]);
        calo_batch_finish(&batch);
        free(copy);
    }
    free(bytes);
}

/* The bytes of the message, put together as gRPC sends them. */
static uint8_t *flatten(const calo_reply *reply)
{
    uint8_t *bytes = malloc(reply->size + 1), *at = bytes;
    for (size_t i = 0; i < reply->part_count; i++) {
        const calo_reply_part *part = &reply->parts[i];
        memcpy(at, (part->of_block ? reply->block->bytes : reply->headers.bytes) + part->offset, part->size);
        at += part->size;
    }
    assert_int_equal(at - bytes, reply->size);
    return bytes;
}

static Orrb__RenderBatchResponse *make_reply(bool shared, bool png, calo_batch *batch, calo_reply *reply)
{
    size_t size, *sizes = NULL;
    calo_error err = {0};
    calo_blocks *blocks = NULL;
    calo_block *block = NULL;
    const calo_service service = {0};
    uint8_t *bytes = pack_request(4, shared, png, &size);
    assert_int_equal(calo_batch_read(bytes, size, &limits, batch, &err), CALO_OK);
    assert_int_equal(calo_blocks_create(1 << 20, 1 << 20, &blocks, &err), CALO_OK);
    assert_int_equal(calo_block_take(blocks, batch->block_bytes, &block, &err), CALO_OK);
    for (size_t i = 0; i < batch->block_bytes; i++)
        block->bytes[i] = (uint8_t)(i * 7);
    if (png)
        assert_int_equal(calo_batch_encode(batch, block->bytes, &sizes, &err), CALO_OK);
    assert_int_equal(calo_batch_reply(batch, &service, block, shared ? "/name" : NULL, sizes, reply, &err), CALO_OK);
    assert_true(reply->size <= calo_batch_reply_bytes(batch));
    calo_blocks_destroy(blocks);
    uint8_t *flat = flatten(reply);
    Orrb__RenderBatchResponse *response = orrb__render_batch_response__unpack(NULL, reply->size, flat);
    assert_non_null(response);
    free(flat);
    free(bytes);
    free(sizes);
    return response;
}

static void test_reply(void **state)
{
    (void)state;
    calo_batch batch;
    calo_reply reply = {0};
    Orrb__RenderBatchResponse *response = make_reply(false, false, &batch, &reply);
    assert_int_equal(response->n_streams, 2);
    assert_string_equal(response->streams[1]->name, "bb");
    assert_int_equal(response->streams[1]->n_entries, 4);
    const Orrb__RenderBatchResponse__StreamEntry__BatchResponseEntry *entry = response->streams[1]->entries[2];
    size_t place = 45 * (4 + 2);
    assert_int_equal(entry->image_data.len, 45);
    assert_int_equal(entry->image_data.data[1], (uint8_t)((place + 1) * 7));
    assert_int_equal(entry->segmentation_data.len, 15);
    assert_int_equal(entry->segmentation_data.data[0], (uint8_t)((384 + 15 * 6) * 7));
    assert_int_equal(entry->n_planes, 1);
    assert_string_equal(entry->planes[0]->name, "depth");
    assert_int_equal(entry->planes[0]->data.data[0], (uint8_t)((512 + 60 * 6) * 7));
    assert_null(response->shared_memory);
    orrb__render_batch_response__free_unpacked(response, NULL);
    /* Nothing of the pictures is among the headers. */
    assert_true(reply.headers.size < 8 * 64);
    calo_reply_finish(&reply);
    calo_batch_finish(&batch);
}

static void test_shared_reply(void **state)
{
    (void)state;
    calo_batch batch;
    calo_reply reply = {0};
    Orrb__RenderBatchResponse *response = make_reply(true, false, &batch, &reply);
    assert_null(reply.block);
    assert_string_equal(response->shared_memory->name, "/name");
    assert_int_equal(response->shared_memory->size, batch.block_bytes);
    assert_int_equal(response->streams[0]->entries[0]->image_offset, 64);
    assert_int_equal(response->streams[1]->entries[3]->image_offset, 64 + 45 * 7);
    assert_int_equal(response->streams[0]->entries[0]->planes[0]->offset, batch.pictures[2].offset);
    assert_int_equal(response->streams[0]->entries[0]->image_data.len, 0);
    orrb__render_batch_response__free_unpacked(response, NULL);
    calo_reply_finish(&reply);
    calo_batch_finish(&batch);
}

static void test_png_reply(void **state)
{
    (void)state;
    calo_batch batch;
    calo_reply reply = {0};
    Orrb__RenderBatchResponse *response = make_reply(false, true, &batch, &reply);
    const Orrb__RenderBatchResponse__StreamEntry__BatchResponseEntry *entry = response->streams[1]->entries[3];
    assert_memory_equal(entry->image_data.data, "\x89PNG", 4);
    assert_memory_equal(entry->image_data.data + entry->image_data.len - 8, "IEND", 4);
    assert_memory_equal(entry->segmentation_data.data, "\x89PNG", 4);
    assert_int_equal(entry->planes[0]->data.len, 60); /* floats stay raw */
    orrb__render_batch_response__free_unpacked(response, NULL);
    calo_reply_finish(&reply);
    calo_batch_finish(&batch);
}

/* Blocks are counted until their last owner lets go, also when the server is gone before. */
static void test_blocks(void **state)
{
    (void)state;
    calo_blocks *blocks;
    calo_block *first, *second;
    assert_int_equal(calo_blocks_create(1000, 1000, &blocks, NULL), CALO_OK);
    assert_true(calo_blocks_have_room(blocks, 1000, false));
    assert_false(calo_blocks_have_room(blocks, 1001, false));
    assert_int_equal(calo_block_take(blocks, 600, &first, NULL), CALO_OK);
    assert_false(calo_blocks_have_room(blocks, 401, false));
    assert_true(calo_blocks_have_room(blocks, 400, false));
    uint8_t *bytes = first->bytes;
    calo_block_release(first);
    assert_true(calo_blocks_have_room(blocks, 1000, false));
    assert_int_equal(calo_block_take(blocks, 500, &second, NULL), CALO_OK);
    assert_ptr_equal(second->bytes, bytes); /* its pages are there already */
    calo_blocks_destroy(blocks);
    memset(second->bytes, 1, 500);
    calo_block_release(second);
}

/* However small they are: a segment each would be looked for again and again. */
static void test_many_segments(void **state)
{
    (void)state;
    calo_blocks *blocks;
    char name[64];
    size_t count = 0;
    assert_int_equal(calo_blocks_create(1 << 20, 1 << 20, &blocks, NULL), CALO_OK);
    for (calo_block *block; count < 5000 && calo_blocks_have_room(blocks, 16, true); count++) {
        assert_int_equal(calo_block_take_shared(blocks, 16, 60, &block, name, NULL), CALO_OK);
        calo_block_release(block);
    }
    assert_int_equal(count, 1024);
    calo_block_forget(blocks, name);
    assert_true(calo_blocks_have_room(blocks, 16, true));
    assert_false(calo_blocks_have_room(blocks, 1 << 20, true));
    calo_blocks_destroy(blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),       cmocka_unit_test(test_damage),    cmocka_unit_test(test_reply),
        cmocka_unit_test(test_shared_reply), cmocka_unit_test(test_png_reply), cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_many_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
