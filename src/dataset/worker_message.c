#include "dataset/worker_message.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "encode/json_writer.h"

typedef enum field_type { TEXT = 0, NUMBER, SWITCH } field_type;

typedef struct field {
    const char *name; /* NULL ends a list */
    field_type type;
    size_t offset;
} field;

#define FIELD(type, name) {#name, type, offsetof(calo_message, name)}

static const struct {
    const char *name;
    field fields[8];
} kinds[CALO_MESSAGE_KINDS] = {
    [CALO_MESSAGE_SETUP] = {"setup",
                            {FIELD(TEXT, scratch_folder), FIELD(NUMBER, threads), FIELD(NUMBER, memory_bytes),
                             FIELD(NUMBER, parent), FIELD(SWITCH, sandbox), FIELD(SWITCH, require_sandbox)}},
    [CALO_MESSAGE_TASK] = {"task",
                           {FIELD(NUMBER, ticket), FIELD(NUMBER, number), FIELD(TEXT, name), FIELD(SWITCH, thumbnail)}},
    [CALO_MESSAGE_READY] = {"ready", {FIELD(TEXT, words)}},
    [CALO_MESSAGE_REFUSED] = {"refused", {FIELD(NUMBER, status), FIELD(TEXT, words)}},
    [CALO_MESSAGE_RESULT] = {"result",
                             {FIELD(NUMBER, ticket), FIELD(NUMBER, reason), FIELD(SWITCH, stop), FIELD(SWITCH, retire),
                              FIELD(SWITCH, thumbnail), FIELD(TEXT, file), FIELD(TEXT, facts), FIELD(TEXT, words)}},
};
enum { FIELDS_MAX = sizeof kinds[0].fields / sizeof kinds[0].fields[0], LENGTH_BYTES = 4 };

/* ---- writing ---- */

static void print_field(calo_json_writer *json, const field *f, const calo_message *message)
{
    const char *at = (const char *)message + f->offset;
    if (f->type == TEXT) {
        const char *text = *(const char *const *)at;
        calo_json_text(json, f->name, text ? text : "");
    } else if (f->type == NUMBER) {
        calo_json_unsigned(json, f->name, *(const uint64_t *)at);
    } else {
        calo_json_boolean(json, f->name, *(const bool *)at);
    }
}

static void print_objects(calo_json_writer *json, const calo_message *message)
{
    calo_json_open(json, "objects", '[');
    for (size_t i = 0; i < message->object_count; i++) {
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "identifier", message->objects[i].identifier);
        calo_json_text(json, "path", message->objects[i].path);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

calo_status calo_message_print(const calo_message *message, calo_blob *blob, calo_error *err)
{
    size_t start = blob->size;
    uint8_t length[LENGTH_BYTES] = {0};
    calo_status status = calo_blob_append(blob, length, sizeof length, err);
    if (status != CALO_OK)
        return status;
    calo_json_writer json = calo_json_start_line(blob, err);
    const field *fields = kinds[message->kind].fields;
    calo_json_open(&json, NULL, '{');
    calo_json_text(&json, "kind", kinds[message->kind].name);
    for (size_t i = 0; i < FIELDS_MAX && fields[i].name; i++)
        print_field(&json, &fields[i], message);
    if (message->kind == CALO_MESSAGE_TASK)
        print_objects(&json, message);
    calo_json_close(&json, '}');
    if (json.status != CALO_OK)
        return json.status;
    size_t size = blob->size - start - LENGTH_BYTES;
    if (size > CALO_MESSAGE_MAX_BYTES)
        return calo_fail(err, CALO_ERROR_LIMIT, "a message to or from a worker has %zu bytes, more than %d", size,
                         CALO_MESSAGE_MAX_BYTES);
    for (int i = 0; i < LENGTH_BYTES; i++)
        blob->bytes[start + (size_t)i] = (uint8_t)(size >> 8 * i);
    return CALO_OK;
}

/* ---- reading ---- */

static calo_status fail_field(calo_error *err, const char *name, const char *what)
{
    return calo_fail(err, CALO_ERROR_FORMAT, "a message to or from a worker has no usable \"%s\": it is %s", name, what);
}

static calo_status parse_field(const json_t *root, const field *f, calo_message *message, calo_error *err)
{
    char *at = (char *)message + f->offset;
    const json_t *value = json_object_get(root, f->name);
    if (f->type == TEXT) {
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
            return fail_field(err, f->name, "no text");
        *(const char **)at = json_string_value(value);
    } else if (f->type == NUMBER) {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return fail_field(err, f->name, "no whole number");
        *(uint64_t *)at = (uint64_t)json_integer_value(value);
    } else {
        if (!json_is_boolean(value))
            return fail_field(err, f->name, "neither true nor false");
        *(bool *)at = json_is_true(value);
    }
    return CALO_OK;
}

static calo_status parse_objects(const json_t *root, calo_message *message, calo_error *err)
{
    const json_t *list = json_object_get(root, "objects");
    size_t count = json_array_size(list);
    if (count < 1 || count > CALO_MESSAGE_MAX_OBJECTS)
        return fail_field(err, "objects", "no list of a fitting length");
    message->objects = calloc(count, sizeof *message->objects);
    if (!message->objects)
        return calo_fail_memory(err, "objects", count * sizeof *message->objects);
    message->object_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(list, i), *path = json_object_get(object, "path");
        const char *identifier = json_string_value(json_object_get(object, "identifier"));
        if (!identifier || (!json_is_string(path) && !json_is_null(path)))
            return fail_field(err, "objects", "not a list of identifiers and paths");
        message->objects[i] = (calo_message_object){identifier, json_string_value(path)};
    }
    return CALO_OK;
}

static bool find_kind(const char *name, calo_message_kind *kind)
{
    for (int k = 0; name && k < CALO_MESSAGE_KINDS; k++)
        if (strcmp(name, kinds[k].name) == 0) {
            *kind = (calo_message_kind)k;
            return true;
        }
    return false;
}

static calo_status parse_root(const json_t *root, calo_message *message, calo_error *err)
{
    if (!find_kind(json_string_value(json_object_get(root, "kind")), &message->kind))
        return fail_field(err, "kind", "not one of those that there are");
    const field *fields = kinds[message->kind].fields;
    calo_status status = CALO_OK;
    for (size_t i = 0; i < FIELDS_MAX && fields[i].name && status == CALO_OK; i++)
        status = parse_field(root, &fields[i], message, err);
    return status == CALO_OK && message->kind == CALO_MESSAGE_TASK ? parse_objects(root, message, err) : status;
}

calo_status calo_message_parse(const void *text, size_t size, calo_message *message, calo_error *err)
{
    json_error_t why;
    *message = (calo_message){0};
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return calo_fail(err, CALO_ERROR_FORMAT, "a message to or from a worker is not JSON: %s", why.text);
    message->memory = root;
    calo_status status = parse_root(root, message, err);
    if (status != CALO_OK)
        calo_message_finish(message);
    return status;
}

void calo_message_finish(calo_message *message)
{
    free(message->objects);
    json_decref(message->memory);
    *message = (calo_message){0};
}

bool calo_message_is_json_line(const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(root) && !strpbrk(text, "\r\n");
    json_decref(root);
    return good;
}

/* ---- the socket ---- */

calo_status calo_inbox_read(calo_inbox *inbox, int fd, calo_error *err)
{
    enum { AT_ONCE = 1 << 16 };
    uint8_t *to = calo_blob_reserve(&inbox->bytes, AT_ONCE, err);
    if (!to)
        return calo_failed(err);
    ssize_t count = read(fd, to, AT_ONCE);
    if (count > 0)
        inbox->bytes.size += (size_t)count;
    else if (count == 0 || errno == ECONNRESET)
        inbox->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        return calo_fail(err, CALO_ERROR_IO, "the socket of a worker cannot be read: %s", strerror(errno));
    return CALO_OK;
}

calo_status calo_inbox_take(calo_inbox *inbox, calo_message *message, bool *there, calo_error *err)
{
    calo_blob *bytes = &inbox->bytes;
    size_t length = 0, most = inbox->max_bytes ? inbox->max_bytes : CALO_MESSAGE_MAX_BYTES;
    *there = false;
    if (bytes->size < LENGTH_BYTES)
        return CALO_OK;
    for (int i = 0; i < LENGTH_BYTES; i++)
        length |= (size_t)bytes->bytes[i] << 8 * i;
    if (length > most)
        return calo_fail(err, CALO_ERROR_FORMAT, "a message to or from a worker claims %zu bytes, more than %zu", length,
                         most);
    if (bytes->size - LENGTH_BYTES < length)
        return CALO_OK;
    calo_status status = calo_message_parse(bytes->bytes + LENGTH_BYTES, length, message, err);
    size_t used = LENGTH_BYTES + length;
    memmove(bytes->bytes, bytes->bytes + used, bytes->size - used);
    bytes->size -= used;
    *there = status == CALO_OK;
    return status;
}

void calo_inbox_finish(calo_inbox *inbox)
{
    calo_blob_finish(&inbox->bytes);
    *inbox = (calo_inbox){0};
}
