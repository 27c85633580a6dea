/* The server over an engine whose pictures are known: fake_server [NAME=VALUE]...
 *
 * Names are those of calo_server_options. The port is printed; then commands are read, a line each: `drain`, `idle`,
 * and the end. Cameras are left, right and top, a state has four joints. The first joint is how many seconds rendering
 * takes; each byte of a picture is kind * 31 + camera * 7 + seed + offset + a parameter that Update changes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "server/service.h"

enum { JOINTS = 4, STREAMS = 4, VALUES = 4, MORE_MAX = 1000 };

typedef struct fake {
    unsigned offset;
    calo_stream streams[STREAMS]; /* the last one has as many values as Update says */
} fake;

static const char *const cameras[] = {"left", "right", "top"};
static const fake engine_at_first = {
    .streams =
        {
            {"tracker", CALO_STREAM_FLOAT, 2, 0, false},
            {"number", CALO_STREAM_INT, 1, 2, true},
            {"flag", CALO_STREAM_BOOL, 1, 3, true},
            {"more", CALO_STREAM_FLOAT, 0, VALUES, false},
        },
};

static const calo_stream *streams(void *user, size_t *count)
{
    *count = STREAMS;
    return ((const fake *)user)->streams;
}

static int camera_index(const char *name)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(cameras[i], name) == 0)
            return i;
    return -1;
}

static calo_status check(void *user, const calo_states_request *request, calo_error *err)
{
    (void)user;
    for (size_t c = 0; c < request->camera_count; c++)
        if (camera_index(request->cameras[c]) < 0)
            return calo_fail(err, CALO_ERROR_NOT_FOUND, "there is no camera \"%s\": choose from left, right, top",
                             request->cameras[c]);
    if (request->qpos_count != JOINTS)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "qpos has %zu values a state, and the model has %d",
                         request->qpos_count, JOINTS);
    return CALO_OK;
}

static calo_status wait(const calo_states_request *request, double seconds, calo_error *err)
{
    const struct timespec pause = {0, 5000000};
    calo_status status = CALO_OK;
    for (double end = calo_clock_seconds() + seconds; status == CALO_OK && calo_clock_seconds() < end;) {
        nanosleep(&pause, NULL);
        status = request->poll(request->poll_user, err);
    }
    return status;
}

static void draw(const fake *engine, const calo_states_request *request, const calo_output *output, size_t state,
                 size_t camera)
{
    uint8_t *at = (uint8_t *)output->data + state * output->state_stride + camera * output->camera_stride;
    size_t bytes = (size_t)request->width * request->height * calo_output_pixel_bytes(output->kind);
    unsigned first = output->kind * 31 + (unsigned)camera_index(request->cameras[camera]) * 7 + request->seeds[state] +
                     engine->offset + (request->rows_bottom_up ? 0 : 100);
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(first + i);
}

static calo_status render(void *user, const calo_states_request *request, calo_error *err)
{
    const fake *engine = user;
    calo_status status = CALO_OK;
    size_t more = engine->streams[STREAMS - 1].count;
    for (size_t s = 0; status == CALO_OK && s < request->state_count; s++) {
        status = wait(request, request->qpos[s * JOINTS], err);
        for (size_t c = 0; c < request->camera_count; c++)
            for (size_t o = 0; o < request->output_count; o++)
                draw(engine, request, &request->outputs[o], s, c);
        const double values[VALUES] = {0.25 * (double)s, request->qpos[s * JOINTS + 1], -5.0 - (double)s, s % 2};
        double *row = request->values + s * (VALUES + more);
        memcpy(row, values, sizeof values);
        for (size_t i = 0; i < more; i++)
            row[VALUES + i] = (double)(100 * s + i);
    }
    return status;
}

static calo_status update(void *user, const calo_component_update *updates, size_t count, calo_error *err)
{
    fake *engine = user;
    for (size_t i = 0; i < count; i++)
        if (strcmp(updates[i].name, "offset") != 0)
            return calo_fail(err, CALO_ERROR_NOT_FOUND, "there is no component \"%s\": there is offset",
                             updates[i].name);
    for (size_t i = 0; i < count; i++)
        for (uint32_t p = 0; p < updates[i].property_count; p++) {
            const calo_property *property = &updates[i].properties[p];
            if (property->kind == CALO_PROPERTY_INT)
                engine->offset = (unsigned)property->numbers[0];
            else if (property->kind == CALO_PROPERTY_FLOAT)
                engine->streams[STREAMS - 1].count = property->numbers[0] < MORE_MAX ? (uint32_t)property->numbers[0] : 0;
            else if (property->kind == CALO_PROPERTY_VECTOR3)
                engine->offset =
                    (unsigned)(property->numbers[0] + 10 * property->numbers[1] + 100 * property->numbers[2]);
            else if (property->kind == CALO_PROPERTY_ENUM)
                engine->offset = (unsigned)strlen(property->text);
        }
    return CALO_OK;
}

static void read_option(char *word, calo_server_options *options)
{
    char *value = strchr(word, '=');
    double number = 0;
    if (!value)
        exit(2);
    *value++ = '\0';
    calo_parse_double(value, &number);
#define IS(name) (strcmp(word, #name) == 0)
#define NUMBER(name)                                                                                                   \
    if (IS(name))                                                                                                      \
        options->name = (__typeof__(options->name))number;
#define TEXT(name)                                                                                                     \
    if (IS(name))                                                                                                      \
        options->name = value;
    NUMBER(port)
    NUMBER(queue) NUMBER(streams) NUMBER(max_message_bytes) NUMBER(max_pixels) NUMBER(max_states)
        NUMBER(max_reply_bytes) NUMBER(max_shared_bytes) NUMBER(shared_seconds) NUMBER(no_shared_memory)
            NUMBER(receive_seconds) NUMBER(idle_seconds) NUMBER(log_json) NUMBER(log_fd) TEXT(host) TEXT(token)
#undef IS
#undef NUMBER
#undef TEXT
                calo_file file;
    if (strcmp(word, "certificate") == 0 && calo_file_read(value, 1 << 20, &file, NULL) == CALO_OK)
        options->certificate = (const char *)file.bytes;
    if (strcmp(word, "key") == 0 && calo_file_read(value, 1 << 20, &file, NULL) == CALO_OK)
        options->key = (const char *)file.bytes;
}

static void obey(calo_server *server)
{
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "drain\n") == 0)
            calo_server_drain(server);
        printf("%s\n", calo_server_is_idle(server) ? "idle" : "busy");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    fake engine = engine_at_first;
    calo_error err = {0};
    calo_server *server = NULL;
    calo_server_options options = {.log_fd = 2};
    const calo_service service = {
        .user = &engine,
        .check = check,
        .render = render,
        .update = update,
        .qpos_count = JOINTS,
        .streams = streams,
    };
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++)
        read_option(argv[i], &options);
    calo_status status = calo_server_create(&service, &options, &server, &err);
    if (status == CALO_OK)
        printf("port %u\n", calo_server_port(server));
    else
        printf("%s\n", err.message);
    fflush(stdout);
    if (status == CALO_OK)
        obey(server);
    calo_server_destroy(server);
    free((char *)options.certificate);
    free((char *)options.key);
    return status == CALO_OK ? 0 : 1;
}
