/* A render server's reply, as a client reads it: in pieces, after a request of which the first bytes tell. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/client_reply.h"

enum { HEAD = 4, MAX_CHUNKS = 64 };

static volatile unsigned sink;

static void use(const calo_batch_reply *reply)
{
    unsigned sum = 0;
    for (uint32_t i = 0; i < reply->array_count; i++) {
        const calo_batch_array *array = &reply->arrays[i];
        fuzz_check(array->name && array->type && array->dimensions >= 1 && array->dimensions <= 4, "an array is described");
        for (uint64_t at = 0; at < array->bytes; at++)
            sum += ((const uint8_t *)array->data)[at];
    }
    sink = sum; /* so that they are read */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const cameras[] = {"a", "b"}, *const channels[] = {"normal", "mask"};
    static const float qpos[4];
    if (size < HEAD)
        return 0;
    const calo_batch_request request = {
        .qpos = qpos, .count = 1 + data[0] % 4, .qpos_length = 1, .width = 1 + data[1] % 8, .height = 1 + data[1] / 64,
        .camera_names = cameras, .camera_count = 1 + data[2] % 2, .channels = channels, .channel_count = data[2] / 2 % 3,
        .render_alpha = data[2] & 16, .render_depth = data[2] & 32, .render_normals = data[2] & 64,
        .render_segmentation = data[2] & 128, .png = data[3] & 128,
    };
    size_t piece = 1 + data[3] % 128, count = 0;
    calo_wire_chunk chunks[MAX_CHUNKS];
    for (size_t at = HEAD; at < size; at += chunks[count++].size) {
        size_t left = size - at;
        size_t length = count == MAX_CHUNKS - 1 || left < piece ? left : piece;
        uint8_t *copy = malloc(length);
        memcpy(copy, data + at, length);
        chunks[count] = (calo_wire_chunk){copy, length};
    }
    calo_batch_reply *reply;
    calo_error err = {0};
    calo_status status = calo_batch_reply_read(&request, calo_wire_open(chunks, count), &reply, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    for (size_t i = 0; i < count; i++)
        free((uint8_t *)chunks[i].bytes);
    if (reply)
        use(reply);
    calo_batch_reply_destroy(reply);
    return 0;
}
