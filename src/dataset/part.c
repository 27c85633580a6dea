#include "dataset/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "dataset/object_json.h"

enum {
    PART_BYTES_MAX = 64 << 20,
    SAMPLES_MAX = 100000,
    OBJECTS_MAX = 1000, /* of a sample */
    NAME_BYTES_MAX = 200,
};

void calo_object_finish(calo_object *object)
{
    free(object->file_identifier);
    free(object->location);
    free(object->sha256);
    *object = (calo_object){0};
}

static void finish_sample(calo_sample *sample)
{
    for (size_t i = 0; i < sample->object_count; i++)
        calo_object_finish(&sample->objects[i]);
    free(sample->objects);
    free(sample->name);
}

void calo_part_finish(calo_part *part)
{
    for (size_t i = 0; i < part->sample_count; i++)
        finish_sample(&part->samples[i]);
    free(part->samples);
    free(part->name);
    *part = (calo_part){0};
}

static void print_sample(calo_json_writer *json, const calo_sample *sample)
{
    calo_json_open(json, NULL, '{');
    calo_json_unsigned(json, "number", sample->number);
    calo_json_text(json, "name", sample->name);
    calo_json_open(json, "objects", '[');
    for (size_t i = 0; i < sample->object_count; i++)
        calo_object_write_json(json, &sample->objects[i]);
    calo_json_close(json, ']');
    calo_json_close(json, '}');
}

calo_status calo_part_print(const calo_part *part, char **text, calo_error *err)
{
    calo_blob blob = {0};
    calo_json_writer json = calo_json_start_line(&blob, err);
    calo_json_open(&json, NULL, '{');
    calo_json_unsigned(&json, "number", part->number);
    calo_json_text(&json, "name", part->name);
    calo_json_open(&json, "samples", '[');
    for (size_t i = 0; i < part->sample_count; i++)
        print_sample(&json, &part->samples[i]);
    calo_json_close(&json, ']');
    calo_json_close(&json, '}');
    calo_status status = json.status;
    if (status == CALO_OK)
        status = calo_blob_append(&blob, "", 1, err);
    if (status != CALO_OK) {
        calo_blob_finish(&blob);
        *text = NULL;
        return status;
    }
    *text = (char *)blob.bytes;
    return CALO_OK;
}

bool calo_name_is_plain(const char *name)
{
    return name[0] != '.' && strlen(name) <= NAME_BYTES_MAX && !strpbrk(name, "/\\") && !calo_identifier_fault(name);
}

bool calo_name_is_single(const char *name)
{
    return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* A part's name may stand in one folder: "train/000003". */
static bool is_part_name(const char *name)
{
    char folder[NAME_BYTES_MAX + 1];
    const char *slash = strchr(name, '/');
    if (!slash)
        return calo_name_is_plain(name);
    if (slash - name > NAME_BYTES_MAX)
        return false;
    memcpy(folder, name, (size_t)(slash - name));
    folder[slash - name] = '\0';
    return calo_name_is_plain(folder) && calo_name_is_plain(slash + 1);
}

static calo_status read_number(const json_t *value, uint64_t *number, calo_error *err)
{
    const json_t *member = json_object_get(value, "number");
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "\"number\" is not a whole number from 0");
    *number = (uint64_t)json_integer_value(member);
    return CALO_OK;
}

static calo_status read_name(const json_t *value, bool of_part, char **name, calo_error *err)
{
    const char *text = json_string_value(json_object_get(value, "name"));
    if (!text || !(of_part ? is_part_name(text) : calo_name_is_plain(text)))
        return calo_fail(err, CALO_ERROR_FORMAT, "the name \"%.80s\" is not a plain file name", text ? text : "");
    *name = strdup(text);
    return *name ? CALO_OK : calo_fail_memory(err, "a name", strlen(text));
}

static calo_status read_list(const json_t *value, const char *key, size_t most, const json_t **list, calo_error *err)
{
    *list = json_object_get(value, key);
    if (!json_is_array(*list))
        return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" is not a list", key);
    size_t count = json_array_size(*list);
    if (count == 0 || count > most)
        return calo_fail(err, CALO_ERROR_LIMIT, "\"%s\" has %zu entries; there may be 1 to %zu", key, count, most);
    return CALO_OK;
}

static calo_status read_object(const json_t *value, calo_object *object, calo_error *err)
{
    calo_status status = calo_object_read_json(value, object, err);
    if (status != CALO_OK)
        return status;
    const char *fault = calo_identifier_fault(object->file_identifier);
    if (!fault && object->location)
        fault = calo_identifier_fault(object->location);
    return fault ? calo_fail(err, CALO_ERROR_FORMAT, "the object \"%.80s\" or its location %s", object->file_identifier,
                             fault)
                 : CALO_OK;
}

static calo_status read_sample(const json_t *value, calo_sample *sample, calo_error *err)
{
    const json_t *list = NULL;
    calo_status status = read_number(value, &sample->number, err);
    if (status == CALO_OK)
        status = read_name(value, false, &sample->name, err);
    if (status == CALO_OK)
        status = read_list(value, "objects", OBJECTS_MAX, &list, err);
    if (status != CALO_OK)
        return status;
    size_t count = json_array_size(list);
    sample->objects = calloc(count, sizeof *sample->objects);
    if (!sample->objects)
        return calo_fail_memory(err, "a sample's objects", count * sizeof *sample->objects);
    sample->object_count = count;
    for (size_t i = 0; i < count; i++) {
        status = read_object(json_array_get(list, i), &sample->objects[i], err);
        if (status != CALO_OK)
            return calo_fail_within(err, status, "objects[%zu]", i);
    }
    return CALO_OK;
}

static calo_status read_part(const json_t *value, calo_part *part, calo_error *err)
{
    const json_t *list = NULL;
    calo_status status = read_number(value, &part->number, err);
    if (status == CALO_OK)
        status = read_name(value, true, &part->name, err);
    if (status == CALO_OK)
        status = read_list(value, "samples", SAMPLES_MAX, &list, err);
    if (status != CALO_OK)
        return status;
    size_t count = json_array_size(list);
    part->samples = calloc(count, sizeof *part->samples);
    if (!part->samples)
        return calo_fail_memory(err, "a part's samples", count * sizeof *part->samples);
    part->sample_count = count;
    for (size_t i = 0; i < count; i++) {
        status = read_sample(json_array_get(list, i), &part->samples[i], err);
        if (status != CALO_OK)
            return calo_fail_within(err, status, "samples[%zu]", i);
    }
    return CALO_OK;
}

calo_status calo_part_parse(const char *text, size_t size, calo_part *part, calo_error *err)
{
    json_error_t where;
    *part = (calo_part){0};
    if (size > PART_BYTES_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "a part of a data set has %zu bytes of JSON; there may be %d", size,
                         PART_BYTES_MAX);
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (!value)
        return calo_fail(err, CALO_ERROR_FORMAT, "a part of a data set is not JSON: %s, at byte %d", where.text,
                         where.position);
    calo_status status = read_part(value, part, err);
    json_decref(value);
    if (status != CALO_OK) {
        calo_part_finish(part);
        calo_fail_within(err, status, "a part of a data set cannot be read");
    }
    return status;
}
