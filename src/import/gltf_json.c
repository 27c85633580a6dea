#include "import/gltf.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "scene/build.h"

/* What a load may make of a file: compressed meshes grow a hundredfold, lies grow without end. */
static const uint64_t free_bytes = 32u << 20, bytes_a_byte = 128;

static const char *const kind_names[CALO_GLTF_KIND_COUNT] = {
    "accessors", "animations", "buffers", "bufferViews", "cameras", "images", "materials",
    "meshes", "nodes", "samplers", "scenes", "skins", "textures",
};

void calo_gltf_place(const calo_gltf_record *record, char *text, size_t size)
{
    text[0] = '\0';
    if (!record || !record->key)
        return;
    if (record->parent)
        calo_gltf_place(record->parent, text, size);
    size_t length = strlen(text);
    const char *dot = length > 0 ? "." : "";
    if (record->index >= 0)
        snprintf(text + length, size - length, "%s%s[%lld]", dot, record->key, (long long)record->index);
    else
        snprintf(text + length, size - length, "%s%s", dot, record->key);
}

calo_status calo_gltf_fail_at(const calo_gltf_record *record, calo_status status, const char *source_file,
                              int source_line, const char *format, ...)
{
    calo_gltf *gltf = record->gltf;
    if (gltf->status != CALO_OK)
        return gltf->status;
    char sentence[sizeof gltf->err->message], place[CALO_GLTF_PLACE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    calo_gltf_place(record, place, sizeof place);
    gltf->status = status;
    return calo_fail_at(gltf->err, status, source_file, source_line, "%s: %s%s%s", gltf->source->path, place,
                        place[0] ? ": " : "", sentence);
}

calo_status calo_gltf_broken(calo_gltf *gltf)
{
    if (gltf->status == CALO_OK) {
        gltf->status = gltf->err->status;
        calo_fail_within(gltf->err, gltf->status, "%s", gltf->source->path);
    }
    return gltf->status;
}

calo_status calo_gltf_charge(const calo_gltf_record *record, uint64_t count, size_t item_bytes, const char *what)
{
    calo_gltf *gltf = record->gltf;
    uint64_t bytes, limit = free_bytes + bytes_a_byte * gltf->present_bytes;
    if (__builtin_mul_overflow(count, (uint64_t)item_bytes, &bytes) || bytes > limit ||
        gltf->claimed_bytes > limit - bytes)
        return calo_gltf_fail(record, CALO_ERROR_LIMIT,
                              "%s: %llu elements are claimed, but the file's %llu bytes cannot hold that much: it is "
                              "broken, or made to fill the memory",
                              what, (unsigned long long)count, (unsigned long long)gltf->present_bytes);
    gltf->claimed_bytes += bytes;
    return CALO_OK;
}

void *calo_gltf_take(const calo_gltf_record *record, uint64_t count, size_t item_bytes, const char *what)
{
    calo_gltf *gltf = record->gltf;
    if (calo_gltf_charge(record, count, item_bytes, what) != CALO_OK)
        return NULL;
    void *memory = calo_arena_take(calo_scene_arena(gltf->scene), count, item_bytes, what, gltf->err);
    if (!memory)
        calo_gltf_broken(gltf);
    return memory;
}

/* An object, or a failure when something else stands there. */
static calo_gltf_record make_record(calo_gltf *gltf, const calo_gltf_record *parent, const char *key, int64_t index,
                                    json_t *object)
{
    calo_gltf_record record = {gltf, parent, key, index, object};
    if (object && !json_is_object(object)) {
        calo_gltf_fail(&record, CALO_ERROR_FORMAT, "must be a JSON object");
        record.object = NULL;
    }
    return record;
}

calo_gltf_record calo_gltf_item(calo_gltf *gltf, calo_gltf_kind kind, size_t index)
{
    return make_record(gltf, NULL, kind_names[kind], (int64_t)index, json_array_get(gltf->arrays[kind], index));
}

calo_gltf_record calo_gltf_enter(const calo_gltf_record *parent, const char *key)
{
    return make_record(parent->gltf, parent, key, -1, json_object_get(parent->object, key));
}

calo_gltf_record calo_gltf_extension(const calo_gltf_record *parent, const char *name)
{
    json_t *extensions = json_object_get(parent->object, "extensions");
    return make_record(parent->gltf, parent, name, -1, json_object_get(extensions, name));
}

json_t *calo_gltf_list(const calo_gltf_record *record, const char *key, size_t *count)
{
    json_t *list = json_object_get(record->object, key);
    if (list && !json_is_array(list)) {
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be an array", key);
        list = NULL;
    }
    *count = json_array_size(list);
    return list;
}

calo_gltf_record calo_gltf_list_item(const calo_gltf_record *record, const char *key, json_t *list, size_t index)
{
    return make_record(record->gltf, record, key, (int64_t)index, json_array_get(list, index));
}

double calo_gltf_number(const calo_gltf_record *record, const char *key, double standard)
{
    const json_t *value = json_object_get(record->object, key);
    if (!value)
        return standard;
    if (!json_is_number(value)) {
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be a number", key);
        return standard;
    }
    return json_number_value(value);
}

float calo_gltf_to_float(double value)
{
    return (float)(value > FLT_MAX ? FLT_MAX : value < -FLT_MAX ? -FLT_MAX : value);
}

float calo_gltf_float(const calo_gltf_record *record, const char *key, double standard)
{
    return calo_gltf_to_float(calo_gltf_number(record, key, standard));
}

/* Whole numbers may be written as 1.0. */
static bool whole_number(const json_t *value, int64_t *whole)
{
    double real = json_number_value(value);
    if (json_is_integer(value))
        *whole = json_integer_value(value);
    else if (json_is_real(value) && fabs(real) <= 0x1p53 && real == floor(real))
        *whole = (int64_t)real;
    else
        return false;
    return true;
}

uint64_t calo_gltf_unsigned(const calo_gltf_record *record, const char *key, uint64_t standard)
{
    const json_t *value = json_object_get(record->object, key);
    int64_t whole;
    if (!value)
        return standard;
    if (!whole_number(value, &whole) || whole < 0) {
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be a whole number of at least 0", key);
        return standard;
    }
    return (uint64_t)whole;
}

bool calo_gltf_boolean(const calo_gltf_record *record, const char *key)
{
    const json_t *value = json_object_get(record->object, key);
    if (value && !json_is_boolean(value))
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be true or false", key);
    return json_is_true(value);
}

const char *calo_gltf_string(const calo_gltf_record *record, const char *key)
{
    const json_t *value = json_object_get(record->object, key);
    if (!value)
        return NULL;
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value)) {
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be a text without NUL characters", key);
        return NULL;
    }
    return json_string_value(value);
}

int32_t calo_gltf_index_of(const calo_gltf_record *record, const char *what, const json_t *value, size_t limit)
{
    int64_t whole;
    if (!whole_number(value, &whole)) {
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be a whole number", what);
        return -1;
    }
    if (whole < 0 || (uint64_t)whole >= limit || whole > INT32_MAX) {
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" is %lld, but the file has %zu of them (counted from 0)",
                       what, (long long)whole, limit);
        return -1;
    }
    return (int32_t)whole;
}

int32_t calo_gltf_index(const calo_gltf_record *record, const char *key, calo_gltf_kind kind)
{
    const json_t *value = json_object_get(record->object, key);
    return value ? calo_gltf_index_of(record, key, value, record->gltf->counts[kind]) : -1;
}

bool calo_gltf_numbers(const calo_gltf_record *record, const char *key, size_t count, double *values)
{
    const json_t *list = json_object_get(record->object, key);
    if (!list)
        return false;
    bool fits = json_is_array(list) && json_array_size(list) == count;
    for (size_t i = 0; fits && i < count; i++) {
        const json_t *value = json_array_get(list, i);
        fits = json_is_number(value);
        values[i] = json_number_value(value);
    }
    if (!fits)
        calo_gltf_fail(record, CALO_ERROR_FORMAT, "\"%s\" must be an array of %zu numbers", key, count);
    return fits;
}

bool calo_gltf_float_list(const calo_gltf_record *record, const char *key, size_t count, float *values)
{
    double numbers[16];
    if (!calo_gltf_numbers(record, key, count, numbers))
        return false;
    for (size_t i = 0; i < count; i++)
        values[i] = calo_gltf_to_float(numbers[i]);
    return true;
}

const char *calo_gltf_name(const calo_gltf_record *record)
{
    const char *name = json_string_value(json_object_get(record->object, "name"));
    if (!name || !name[0])
        return "";
    const char *kept = calo_scene_text(record->gltf->scene, name, record->gltf->err);
    if (!kept)
        calo_gltf_broken(record->gltf);
    return kept;
}
