#include "dataset/journal_line.h"

#include <libdeflate.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ,"check":"01234567"} */
#define CHECK_START ",\"check\":\""
enum { CHECK_SIZE = 20, CHECK_DIGITS = 10 };

static const char *const kind_names[] = {"start", "object", "staged", "failed", "part", "stop"};
enum { KIND_COUNT = sizeof kind_names / sizeof kind_names[0] };

/* The texts of an event and where they are in a line, in the order of the line. */
static const struct {
    const char *key;
    size_t event_offset, line_offset;
} texts[] = {
    {"name", offsetof(calo_event, name), offsetof(calo_line, name)},
    {"file_identifier", offsetof(calo_event, file_identifier), offsetof(calo_line, file_identifier)},
    {"sha256", offsetof(calo_event, sha256), offsetof(calo_line, sha256)},
    {"verdict", offsetof(calo_event, verdict), offsetof(calo_line, verdict)},
    {"message", offsetof(calo_event, message), offsetof(calo_line, message)},
    {"path", offsetof(calo_event, path), offsetof(calo_line, path)},
    {"part_sha256", offsetof(calo_event, part_sha256), offsetof(calo_line, part_sha256)},
};
enum { TEXT_COUNT = sizeof texts / sizeof texts[0] };

static const char *text_of(const calo_event *event, size_t i)
{
    return *(const char *const *)((const char *)event + texts[i].event_offset);
}

/* ---- writing ---- */

/* Microseconds, and no decimal sign of a locale. */
static calo_status put_seconds(calo_blob *blob, const char *key, double seconds, calo_error *err)
{
    if (!(seconds >= 0 && seconds < 1e12)) /* NaN as well */
        return calo_fail(err, CALO_ERROR_ARGUMENT, "an event of the journal with a %s of %g seconds", key, seconds);
    long long micros = llround(seconds * 1e6);
    return calo_blob_print(blob, err, ",\"%s\":%lld.%06lld", key, micros / 1000000, micros % 1000000);
}

static calo_status put_unsigned(calo_blob *blob, const char *key, uint64_t value, calo_error *err)
{
    return calo_blob_print(blob, err, ",\"%s\":%llu", key, (unsigned long long)value);
}

static calo_status put_texts(calo_blob *blob, const calo_event *event, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; i < TEXT_COUNT && status == CALO_OK; i++) {
        const char *text = text_of(event, i);
        if (!text)
            continue;
        status = calo_blob_print(blob, err, ",\"%s\":", texts[i].key);
        if (status == CALO_OK)
            status = calo_json_put_text(blob, text, err);
    }
    return status;
}

static calo_status put_members(calo_blob *blob, const calo_event *event, calo_error *err)
{
    bool has_part = event->kind != CALO_EVENT_START && event->kind != CALO_EVENT_STOP;
    bool has_sample = has_part && event->kind != CALO_EVENT_PART;
    calo_status status = calo_blob_print(blob, err, "{\"event\":\"%s\"", kind_names[event->kind]);
    if (status == CALO_OK)
        status = put_seconds(blob, "time", event->unix_seconds, err);
    if (status == CALO_OK && has_part)
        status = put_unsigned(blob, "part", event->part, err);
    if (status == CALO_OK && has_sample)
        status = put_unsigned(blob, "sample", event->sample, err);
    if (status == CALO_OK && event->reason != CALO_REASON_NONE)
        status = calo_blob_print(blob, err, ",\"reason\":\"%s\"", calo_reason_name(event->reason));
    if (status == CALO_OK)
        status = put_texts(blob, event, err);
    if (status == CALO_OK && event->bytes)
        status = put_unsigned(blob, "bytes", event->bytes, err);
    if (status == CALO_OK && event->seconds != 0)
        status = put_seconds(blob, "seconds", event->seconds, err);
    if (status == CALO_OK && event->fetch_seconds != 0)
        status = put_seconds(blob, "fetch_seconds", event->fetch_seconds, err);
    if (status == CALO_OK && event->facts)
        status = calo_blob_print(blob, err, ",\"facts\":%s", event->facts);
    return status;
}

bool calo_facts_are_valid(const char *facts)
{
    calo_slice raw;
    calo_scan scan = calo_scan_start(facts, strlen(facts));
    return *facts == '{' && !strchr(facts, '\n') && calo_scan_skip(&scan, &raw) && calo_scan_ended(&scan);
}

static calo_status check_event(const calo_event *event, calo_error *err)
{
    if ((unsigned)event->kind >= KIND_COUNT || (unsigned)event->reason >= CALO_REASON_COUNT)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "an event of the journal has the unknown kind %d or reason %d",
                         (int)event->kind, (int)event->reason);
    if (event->facts && !calo_facts_are_valid(event->facts))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the facts of \"%s\" are not one line of JSON: %.100s",
                         event->name ? event->name : "an event", event->facts);
    return CALO_OK;
}

calo_status calo_line_print(calo_blob *blob, const calo_event *event, uint64_t synced, calo_error *err)
{
    size_t start = blob->size;
    calo_status status = check_event(event, err);
    if (status == CALO_OK)
        status = put_members(blob, event, err);
    if (status == CALO_OK)
        status = put_unsigned(blob, "synced", synced, err);
    if (status == CALO_OK && blob->size - start > CALO_LINE_MAX_BYTES - CHECK_SIZE)
        status = calo_fail(err, CALO_ERROR_LIMIT, "the journal's line of \"%s\" has %zu bytes, over the limit of %d",
                           event->name ? event->name : "an event", blob->size - start, (int)CALO_LINE_MAX_BYTES);
    if (status == CALO_OK)
        status = calo_blob_print(blob, err, CHECK_START "%08x\"}\n",
                                 (unsigned)libdeflate_crc32(0, blob->bytes + start, blob->size - start));
    if (status != CALO_OK)
        blob->size = start;
    return status;
}

/* ---- reading ---- */

static bool check_is_right(const char *text, size_t size)
{
    char expected[CHECK_SIZE + 2];
    if (size < CHECK_SIZE)
        return false;
    size_t covered = size - CHECK_SIZE;
    snprintf(expected, sizeof expected, CHECK_START "%08x\"}", (unsigned)libdeflate_crc32(0, text, covered));
    return memcmp(text + covered, expected, CHECK_SIZE) == 0;
}

static bool take_kind(calo_scan *scan, calo_event_kind *kind)
{
    calo_slice name;
    if (!calo_scan_string(scan, &name))
        return false;
    for (int i = 0; i < KIND_COUNT; i++)
        if (calo_slice_is(name, kind_names[i])) {
            *kind = (calo_event_kind)i;
            return true;
        }
    return false;
}

static bool take_reason(calo_scan *scan, calo_reason *reason)
{
    calo_slice name;
    char text[64];
    if (!calo_scan_string(scan, &name) || name.size >= sizeof text)
        return false;
    calo_slice_decode(name, text);
    return calo_reason_find(text, reason);
}

/* A member that has a text, or is not known (of a later version) and skipped. */
static bool take_text(calo_scan *scan, calo_slice key, calo_line *line)
{
    calo_slice skipped;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (calo_slice_is(key, texts[i].key))
            return calo_scan_string(scan, (calo_slice *)((char *)line + texts[i].line_offset));
    return calo_scan_skip(scan, &skipped);
}

/* As put_seconds writes them: finite and not negative. */
static bool take_seconds(calo_scan *scan, double *seconds)
{
    return calo_scan_number(scan, seconds) && *seconds >= 0 && *seconds < 1e12;
}

static bool take_member(calo_scan *scan, calo_slice key, calo_line *line)
{
    if (calo_slice_is(key, "time"))
        return take_seconds(scan, &line->unix_seconds);
    if (calo_slice_is(key, "part"))
        return calo_scan_unsigned(scan, &line->part);
    if (calo_slice_is(key, "sample"))
        return calo_scan_unsigned(scan, &line->sample);
    if (calo_slice_is(key, "reason"))
        return take_reason(scan, &line->reason);
    if (calo_slice_is(key, "bytes"))
        return calo_scan_unsigned(scan, &line->bytes);
    if (calo_slice_is(key, "seconds"))
        return take_seconds(scan, &line->seconds);
    if (calo_slice_is(key, "fetch_seconds"))
        return take_seconds(scan, &line->fetch_seconds);
    if (calo_slice_is(key, "facts"))
        return calo_scan_peek(scan) == '{' && calo_scan_skip(scan, &line->facts);
    if (calo_slice_is(key, "synced"))
        return calo_scan_unsigned(scan, &line->synced);
    return take_text(scan, key, line);
}

bool calo_line_parse(const char *text, size_t size, calo_line *line, const char **fault)
{
    calo_scan scan = calo_scan_start(text, size);
    calo_slice key;
    *line = (calo_line){0};
    *fault = "its checksum is wrong";
    if (!check_is_right(text, size))
        return false;
    *fault = "it begins with no event that this calotype knows: a newer one wrote it";
    if (!calo_scan_enter(&scan, '{') || !calo_scan_key(&scan, &key) || !calo_slice_is(key, "event") ||
        !take_kind(&scan, &line->kind))
        return false;
    *fault = "one of its values is none that this calotype knows: a newer one wrote it";
    while (calo_scan_key(&scan, &key))
        if (!take_member(&scan, key, line))
            return false;
    return calo_scan_ended(&scan);
}

calo_status calo_line_copy(const calo_line *line, calo_event_copy *copy, calo_error *err)
{
    size_t total = line->facts.size + 1;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        total += ((const calo_slice *)((const char *)line + texts[i].line_offset))->size + 1;
    *copy = (calo_event_copy){
        .memory = malloc(total),
        .event = {.kind = line->kind, .unix_seconds = line->unix_seconds, .part = line->part, .sample = line->sample,
                  .reason = line->reason, .bytes = line->bytes, .seconds = line->seconds,
                  .fetch_seconds = line->fetch_seconds},
    };
    if (!copy->memory)
        return calo_fail_memory(err, "an event of the journal", total);
    char *to = copy->memory;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        calo_slice slice = *(const calo_slice *)((const char *)line + texts[i].line_offset);
        if (!slice.start)
            continue;
        *(const char **)((char *)&copy->event + texts[i].event_offset) = to;
        to += calo_slice_decode(slice, to) + 1;
    }
    if (line->facts.start) {
        copy->event.facts = to;
        memcpy(to, line->facts.start, line->facts.size);
        to[line->facts.size] = '\0';
    }
    return CALO_OK;
}

void calo_event_copy_finish(calo_event_copy *copy)
{
    free(copy->memory);
    *copy = (calo_event_copy){0};
}
