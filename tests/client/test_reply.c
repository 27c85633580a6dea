/* What becomes of a server's reply: right ones in whatever pieces they come, and wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <orrb.pb-c.h>

#include "base/error.h"
#include "server/client_reply.h"
#include "server/client_request.h"

typedef Orrb__RenderBatchResponse response;
typedef Orrb__RenderBatchResponse__StreamEntry stream_message;
typedef Orrb__RenderBatchResponse__StreamEntry__BatchResponseEntry entry_message;

enum { WIDTH = 3, HEIGHT = 2, PIXELS = WIDTH * HEIGHT, STATES = 2, CAMERAS = 2 };

static const char *const cameras[CAMERAS] = {"left", "right"};
static const char *const channels[1] = {"normal"};

static calo_batch_request request_of(void)
{
    static const float qpos[STATES * 2] = {1, 2, 3, 4};
    return (calo_batch_request){.qpos = qpos, .count = STATES, .qpos_length = 2, .width = WIDTH, .height = HEIGHT,
                                .camera_names = cameras, .camera_count = CAMERAS, .render_depth = true,
                                .channels = channels, .channel_count = 1};
}

/* A reply that can be bent before it is packed. */
typedef struct sample {
    response message;
    stream_message streams[CAMERAS], *stream_pointers[CAMERAS];
    entry_message entries[CAMERAS][STATES], *entry_pointers[CAMERAS][STATES];
    Orrb__Plane planes[CAMERAS][STATES], *plane_pointers[CAMERAS][STATES];
    uint8_t color[CAMERAS][STATES][PIXELS * 3];
    float depth[CAMERAS][STATES][PIXELS], normal[CAMERAS][STATES][PIXELS * 3];
    uint32_t shape[3];
    Orrb__RenderBatchResponse__AuxiliaryIntStreamEntry ints, *ints_pointer;
    int32_t int_values[2 * STATES];
    Orrb__SharedMemory memory;
} sample;

static ProtobufCBinaryData bytes_of(void *data, size_t size) { return (ProtobufCBinaryData){size, data}; }

static void fill_entry(sample *s, int camera, int state)
{
    entry_message *entry = s->entry_pointers[camera][state] = &s->entries[camera][state];
    Orrb__Plane *plane = s->plane_pointers[camera][state] = &s->planes[camera][state];
    int base = 100 * camera + 50 * state;
    for (int i = 0; i < PIXELS * 3; i++) {
        s->color[camera][state][i] = (uint8_t)(base + i);
        s->normal[camera][state][i] = (float)(base - i);
    }
    for (int i = 0; i < PIXELS; i++)
        s->depth[camera][state][i] = (float)base + 0.5f * (float)i;
    orrb__render_batch_response__stream_entry__batch_response_entry__init(entry);
    orrb__plane__init(plane);
    entry->image_data = bytes_of(s->color[camera][state], PIXELS * 3);
    entry->depth_data = bytes_of(s->depth[camera][state], PIXELS * 4);
    plane->name = "normal";
    plane->dtype = "<f4";
    plane->shape = s->shape;
    plane->n_shape = 3;
    plane->data = bytes_of(s->normal[camera][state], PIXELS * 12);
    entry->planes = &s->plane_pointers[camera][state];
    entry->n_planes = 1;
}

static sample *sample_create(void)
{
    sample *s = calloc(1, sizeof *s);
    memcpy(s->shape, (uint32_t[3]){HEIGHT, WIDTH, 3}, sizeof s->shape);
    orrb__render_batch_response__init(&s->message);
    for (int c = 0; c < CAMERAS; c++) {
        stream_message *stream = s->stream_pointers[c] = &s->streams[c];
        orrb__render_batch_response__stream_entry__init(stream);
        for (int i = 0; i < STATES; i++)
            fill_entry(s, c, i);
        stream->name = (char *)cameras[c];
        stream->entries = s->entry_pointers[c];
        stream->n_entries = STATES;
    }
    s->message.streams = s->stream_pointers;
    s->message.n_streams = CAMERAS;
    orrb__render_batch_response__auxiliary_int_stream_entry__init(&s->ints);
    memcpy(s->int_values, (int32_t[]){-1, 2, 300, INT32_MIN}, sizeof s->int_values);
    s->ints = (Orrb__RenderBatchResponse__AuxiliaryIntStreamEntry){s->ints.base, "drawn", 2 * STATES, s->int_values};
    s->ints_pointer = &s->ints;
    s->message.auxiliary_int_streams = &s->ints_pointer;
    s->message.n_auxiliary_int_streams = 1;
    orrb__shared_memory__init(&s->memory);
    return s;
}

static uint8_t *pack(const sample *s, size_t *size)
{
    *size = orrb__render_batch_response__get_packed_size(&s->message);
    uint8_t *bytes = malloc(*size);
    orrb__render_batch_response__pack(&s->message, bytes);
    return bytes;
}

/* Reads the bytes in pieces of that length, each a block of its own so that sanitizers see a step too far. */
static calo_status read_pieces(const calo_batch_request *request, const uint8_t *bytes, size_t size, size_t piece,
                               calo_batch_reply **reply, calo_error *err)
{
    size_t count = (size + piece - 1) / piece;
    calo_wire_chunk *chunks = calloc(count + 1, sizeof *chunks);
    for (size_t i = 0; i < count; i++) {
        size_t length = size - i * piece < piece ? size - i * piece : piece;
        uint8_t *copy = malloc(length);
        memcpy(copy, bytes + i * piece, length);
        chunks[i] = (calo_wire_chunk){copy, length};
    }
    calo_status status = calo_batch_reply_read(request, calo_wire_open(chunks, count), reply, err);
    for (size_t i = 0; i < count; i++)
        free((uint8_t *)chunks[i].bytes);
    free(chunks);
    return status;
}

static calo_status read_sample(const sample *s, const calo_batch_request *request, calo_batch_reply **reply,
                               calo_error *err)
{
    size_t size;
    uint8_t *bytes = pack(s, &size);
    calo_status status = read_pieces(request, bytes, size, size, reply, err);
    free(bytes);
    return status;
}

static void check_fails(sample *s, calo_status wanted, const char *words)
{
    calo_batch_request request = request_of();
    calo_batch_reply *reply;
    calo_error err = {0};
    assert_int_equal(read_sample(s, &request, &reply, &err), wanted);
    assert_null(reply);
    assert_int_equal(err.status, wanted);
    if (!strstr(err.message, words))
        fail_msg("'%s' is not in: %s", words, err.message);
    free(s);
}

static void check_arrays(const sample *s, const calo_batch_reply *reply)
{
    const calo_batch_array *a = reply->arrays;
    assert_int_equal(reply->array_count, 7);
    assert_string_equal(a[0].name, "left");
    assert_string_equal(a[1].name, "left_depth");
    assert_string_equal(a[2].name, "left_normal");
    assert_string_equal(a[3].name, "right");
    assert_string_equal(a[6].name, "drawn");
    assert_string_equal(a[0].type, "|u1");
    assert_string_equal(a[1].type, "<f4");
    assert_int_equal(a[0].dimensions, 4);
    assert_memory_equal(a[0].shape, ((uint64_t[4]){STATES, HEIGHT, WIDTH, 3}), sizeof a[0].shape);
    assert_int_equal(a[1].dimensions, 3);
    assert_memory_equal(a[1].shape, ((uint64_t[3]){STATES, HEIGHT, WIDTH}), 3 * sizeof(uint64_t));
    for (int c = 0; c < CAMERAS; c++) {
        assert_int_equal(a[3 * c].bytes, sizeof s->color[c]);
        assert_memory_equal(a[3 * c].data, s->color[c], sizeof s->color[c]);
        assert_memory_equal(a[3 * c + 1].data, s->depth[c], sizeof s->depth[c]);
        assert_memory_equal(a[3 * c + 2].data, s->normal[c], sizeof s->normal[c]);
    }
    assert_int_equal(a[6].dimensions, 2);
    assert_int_equal(a[6].shape[1], 2);
    assert_memory_equal(a[6].data, s->int_values, sizeof s->int_values);
}

static void test_pieces(void **state)
{
    (void)state;
    calo_batch_request request = request_of();
    sample *s = sample_create();
    size_t size;
    uint8_t *bytes = pack(s, &size);
    for (size_t piece = 1; piece <= size; piece += piece < 20 ? 1 : 37) {
        calo_batch_reply *reply;
        calo_error err = {0};
        assert_int_equal(read_pieces(&request, bytes, size, piece, &reply, &err), CALO_OK);
        check_arrays(s, reply);
        calo_batch_reply_destroy(reply);
    }
    free(bytes);
    free(s);
}

/* Whatever a byte is, and wherever the message ends: a reply, or a sentence. */
static void test_damage(void **state)
{
    (void)state;
    calo_batch_request request = request_of();
    sample *s = sample_create();
    size_t size;
    uint8_t *bytes = pack(s, &size);
    for (size_t at = 0; at < size; at++) {
        for (int kind = 0; kind < 5; kind++) {
            calo_batch_reply *reply = NULL;
            calo_error err = {0};
            uint8_t kept = bytes[at];
            bytes[at] = kind == 0 ? kept : kind == 1 ? 0xff : kind == 2 ? 0 : (uint8_t)(kept + 2 * kind - 7);
            calo_status status = read_pieces(&request, bytes, kind == 0 ? at : size, 64, &reply, &err);
            assert_true((status == CALO_OK) == (reply != NULL));
            assert_true(status == CALO_OK || err.message[0]);
            calo_batch_reply_destroy(reply);
            bytes[at] = kept;
        }
    }
    free(bytes);
    free(s);
}

static void test_lies(void **state)
{
    (void)state;
    sample *s = sample_create();
    s->streams[1].n_entries = 1;
    check_fails(s, CALO_ERROR_FORMAT, "'right' for 1 of 2 states");
    s = sample_create();
    s->entries[0][1].depth_data.len = 0;
    check_fails(s, CALO_ERROR_FORMAT, "'left_depth' for 1 of 2 states");
    s = sample_create();
    s->entries[0][0].image_data.len--;
    check_fails(s, CALO_ERROR_FORMAT, "17 bytes of 'left' for state 0, 18 are right");
    s = sample_create();
    s->streams[1].name = "top";
    check_fails(s, CALO_ERROR_FORMAT, "camera 'top', which was not asked for");
    s = sample_create();
    s->streams[1].name = "left";
    check_fails(s, CALO_ERROR_FORMAT, "camera 'left' twice");
    s = sample_create();
    s->message.n_streams = 1;
    check_fails(s, CALO_ERROR_FORMAT, "'right' for 0 of 2 states");
    s = sample_create();
    s->planes[0][0].name = s->planes[0][1].name = "uv";
    check_fails(s, CALO_ERROR_UNSUPPORTED, "'left_normal'");
    s = sample_create();
    s->planes[0][1].dtype = "<u4";
    check_fails(s, CALO_ERROR_FORMAT, "'left_normal' in different shapes");
    s = sample_create();
    s->planes[0][0].dtype = "<f8";
    check_fails(s, CALO_ERROR_FORMAT, "shape or type that is none");
    s = sample_create();
    s->shape[2] = UINT32_MAX;
    check_fails(s, CALO_ERROR_FORMAT, "shape or type that is none");
    s = sample_create();
    s->entries[0][0].image_data.len = 0;
    s->entries[0][0].image_offset = 64;
    check_fails(s, CALO_ERROR_FORMAT, "some pictures of 'left' in shared memory");
}

static void test_streams(void **state)
{
    (void)state;
    calo_batch_request request = request_of();
    sample *s = sample_create();
    calo_batch_reply *reply;
    calo_error err = {0};
    s->ints.n_data = 3; /* not as many for each state */
    assert_int_equal(read_sample(s, &request, &reply, &err), CALO_OK);
    assert_int_equal(reply->arrays[6].dimensions, 1);
    assert_int_equal(reply->arrays[6].shape[0], 3);
    calo_batch_reply_destroy(reply);
    /* Values need not be packed. */
    static const uint8_t loose[] = {0x12, 0x07, 0x0a, 0x01, 'b', 0x10, 0x01, 0x10, 0x00,
                                    0x22, 0x0d, 0x0a, 0x01, 'f', 0x15, 0, 0, 0x80, 0x3f, 0x15, 0, 0, 0, 0x40};
    size_t size;
    s->message.n_auxiliary_int_streams = 0;
    uint8_t *bytes = pack(s, &size);
    bytes = realloc(bytes, size + sizeof loose);
    memcpy(bytes + size, loose, sizeof loose);
    assert_int_equal(read_pieces(&request, bytes, size + sizeof loose, 5, &reply, &err), CALO_OK);
    assert_int_equal(reply->array_count, 8);
    assert_string_equal(reply->arrays[6].type, "|b1");
    assert_memory_equal(reply->arrays[6].data, "\1\0", 2);
    assert_string_equal(reply->arrays[7].name, "f");
    assert_memory_equal(reply->arrays[7].data, ((float[]){1, 2}), 8);
    calo_batch_reply_destroy(reply);
    free(bytes);
    free(s);
}

/* ---- shared memory ---- */

enum { SHARED_START = 64, SHARED_BYTES = 4096 };

static char *share(sample *s, const char *name, bool in_one_run)
{
    int file = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, SHARED_BYTES), 0);
    char *bytes = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    uint64_t at = SHARED_START;
    for (int c = 0; c < CAMERAS; c++)
        for (int kind = 0; kind < 3; kind++)
            for (int i = 0; i < STATES; i++) {
                ProtobufCBinaryData *data = kind == 0   ? &s->entries[c][i].image_data
                                            : kind == 1 ? &s->entries[c][i].depth_data
                                                        : &s->planes[c][i].data;
                uint64_t *offset = kind == 0   ? &s->entries[c][i].image_offset
                                   : kind == 1 ? &s->entries[c][i].depth_offset
                                               : &s->planes[c][i].offset;
                memcpy(bytes + at, data->data, data->len);
                *offset = at;
                at += data->len + (in_one_run && i == 0 ? 0 : 64 - data->len % 64);
                data->len = 0;
            }
    s->memory.name = (char *)name;
    s->memory.size = SHARED_BYTES;
    s->message.shared_memory = &s->memory;
    return bytes;
}

static bool exists(const char *name)
{
    int file = shm_open(name, O_RDONLY, 0);
    if (file >= 0)
        close(file);
    return file >= 0;
}

static void test_shared_memory(void **state)
{
    (void)state;
    calo_batch_request request = request_of();
    for (int in_one_run = 0; in_one_run < 2; in_one_run++) {
        sample *s = sample_create();
        char name[64];
        snprintf(name, sizeof name, "/calotype-test-%d-%d", (int)getpid(), in_one_run);
        char *ours = share(s, name, in_one_run);
        calo_batch_reply *reply;
        calo_error err = {0};
        assert_int_equal(read_sample(s, &request, &reply, &err), CALO_OK);
        assert_false(exists(name));
        check_arrays(s, reply);
        ours[SHARED_START] = 77; /* seen where nothing was copied */
        assert_int_equal(*(uint8_t *)reply->arrays[0].data == 77, in_one_run);
        calo_batch_reply_release(reply, 0);
        calo_batch_reply_release(reply, 0);
        assert_null(reply->arrays[0].data);
        assert_memory_equal(reply->arrays[1].data, s->depth[0], sizeof s->depth[0]);
        calo_batch_reply_destroy(reply);
        munmap(ours, SHARED_BYTES);
        free(s);
    }
}

static void test_shared_lies(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "/calotype-test-%d", (int)getpid());
    sample *s = sample_create();
    munmap(share(s, name, true), SHARED_BYTES);
    s->entries[1][1].depth_offset = SHARED_BYTES - PIXELS * 4 + 1;
    check_fails(s, CALO_ERROR_FORMAT, "'right_depth' for state 1 outside");
    assert_false(exists(name));
    s = sample_create();
    munmap(share(s, name, true), SHARED_BYTES);
    s->memory.size = SHARED_BYTES + 1;
    check_fails(s, CALO_ERROR_FORMAT, "has 4096 bytes, the server said 4097");
    assert_true(exists(name));
    s = sample_create();
    s->message.shared_memory = &s->memory;
    s->memory.size = SHARED_BYTES;
    s->memory.name = "/calotype-../passwd";
    check_fails(s, CALO_ERROR_FORMAT, "none of a render server's");
    s = sample_create();
    s->message.shared_memory = &s->memory;
    s->memory.name = "/calotype-nowhere";
    check_fails(s, CALO_ERROR_NOT_FOUND, "No such file");
    shm_unlink(name);
    /* Other programs' memory is neither opened nor unlinked. */
    snprintf(name, sizeof name, "/other-test-%d", (int)getpid());
    s = sample_create();
    munmap(share(s, name, true), SHARED_BYTES);
    check_fails(s, CALO_ERROR_FORMAT, "none of a render server's");
    assert_true(exists(name));
    shm_unlink(name);
}

/* ---- requests ---- */

static void test_request(void **state)
{
    (void)state;
    calo_batch_request request = request_of();
    const int32_t seeds[STATES] = {-5, 7};
    calo_blob blob = {0};
    request.seeds = seeds;
    request.rows_top_down = true;
    assert_int_equal(calo_batch_request_pack(&request, true, &blob, NULL), CALO_OK);
    Orrb__RenderBatchRequest *m = orrb__render_batch_request__unpack(NULL, blob.size, blob.bytes);
    assert_non_null(m);
    assert_int_equal(m->n_entries, STATES);
    assert_int_equal(m->entries[0]->seed, -5);
    assert_int_equal(m->entries[1]->n_qpos, 2);
    assert_true(m->entries[1]->qpos[1] == 4.0f);
    assert_true(m->use_entry_seeds && m->render_depth && m->shared_memory && m->rows_top_down && !m->render_normals);
    assert_string_equal(m->camera_names[1], "right");
    assert_string_equal(m->channels[0], "normal");
    orrb__render_batch_request__free_unpacked(m, NULL);
    calo_blob_finish(&blob);
}

static void check_refused(const calo_batch_request *request, const char *words)
{
    calo_error err = {0};
    assert_int_equal(calo_batch_request_check(request, &err), CALO_ERROR_ARGUMENT);
    if (!strstr(err.message, words))
        fail_msg("'%s' is not in: %s", words, err.message);
}

static void test_bad_requests(void **state)
{
    (void)state;
    const char *const twice[2] = {"a", "a"};
    calo_batch_request request = request_of();
    assert_int_equal(calo_batch_request_check(&request, NULL), CALO_OK);
    request.count = 0;
    check_refused(&request, "a batch of 0 states");
    request = request_of();
    request.width = 16385;
    check_refused(&request, "16385 x 2 pixels");
    request = request_of();
    request.camera_count = 0;
    check_refused(&request, "no camera");
    request = request_of();
    request.camera_names = twice;
    check_refused(&request, "camera 'a' is asked for twice");
    request = request_of();
    request.png = true;
    request.memory = CALO_CLIENT_MEMORY_SHARED;
    check_refused(&request, "PNG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_damage),       cmocka_unit_test(test_lies),
        cmocka_unit_test(test_streams),       cmocka_unit_test(test_shared_memory), cmocka_unit_test(test_shared_lies),
        cmocka_unit_test(test_request),       cmocka_unit_test(test_bad_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
