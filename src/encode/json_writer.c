#include "encode/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

calo_json_writer calo_json_start(calo_blob *blob, calo_error *err)
{
    return (calo_json_writer){.blob = blob, .err = err};
}

calo_json_writer calo_json_start_line(calo_blob *blob, calo_error *err)
{
    return (calo_json_writer){.blob = blob, .err = err, .one_line = true};
}

static void put(calo_json_writer *json, const char *text, size_t length)
{
    if (json->status == CALO_OK)
        json->status = calo_blob_append(json->blob, text, length, json->err);
}

static void put_text(calo_json_writer *json, const char *text) { put(json, text, strlen(text)); }

static void put_line_start(calo_json_writer *json)
{
    if (json->one_line)
        return;
    put_text(json, "\n");
    for (uint32_t i = 0; i < json->depth; i++)
        put_text(json, "  ");
}

static void put_string(calo_json_writer *json, const char *string)
{
    char escape[8];
    put_text(json, "\"");
    for (const uint8_t *at = (const uint8_t *)string; *at;) {
        size_t length = calo_utf8_length((const char *)at);
        if (length == 0) {
            put_text(json, "\xef\xbf\xbd");
            at++;
            continue;
        }
        if (*at == '"' || *at == '\\') {
            put_text(json, "\\");
            put(json, (const char *)at, 1);
        } else if (*at < 0x20 || *at == 0x7f) {
            snprintf(escape, sizeof escape, "\\u%04x", *at);
            put_text(json, escape);
        } else {
            put(json, (const char *)at, length);
        }
        at += length;
    }
    put_text(json, "\"");
}

static void start_value(calo_json_writer *json, const char *key)
{
    if (json->needs_comma)
        put_text(json, json->one_line ? ", " : ",");
    if (json->depth > 0)
        put_line_start(json);
    if (key) {
        put_string(json, key);
        put_text(json, ": ");
    }
    json->needs_comma = true;
}

void calo_json_open(calo_json_writer *json, const char *key, char bracket)
{
    start_value(json, key);
    put(json, &bracket, 1);
    json->depth++;
    json->needs_comma = false;
}

void calo_json_close(calo_json_writer *json, char bracket)
{
    json->depth--;
    if (json->needs_comma)
        put_line_start(json);
    put(json, &bracket, 1);
    json->needs_comma = true;
    if (json->depth == 0)
        put_text(json, json->one_line ? "" : "\n");
}

void calo_json_text(calo_json_writer *json, const char *key, const char *text)
{
    start_value(json, key);
    if (text)
        put_string(json, text);
    else
        put_text(json, "null");
}

static void put_number(calo_json_writer *json, double value)
{
    char text[40];
    if (!isfinite(value)) {
        put_text(json, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value == 0 ? 0.0 : value);
        if (strtod(text, NULL) == value)
            break;
    }
    /* The locale's decimal sign; and a real number stays one for readers that tell them apart. */
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
    if (!strpbrk(text, ".e"))
        strcat(text, ".0");
    put_text(json, text);
}

void calo_json_number(calo_json_writer *json, const char *key, double value)
{
    start_value(json, key);
    put_number(json, value);
}

void calo_json_unsigned(calo_json_writer *json, const char *key, uint64_t value)
{
    char text[24];
    start_value(json, key);
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    put_text(json, text);
}

void calo_json_boolean(calo_json_writer *json, const char *key, bool value)
{
    start_value(json, key);
    put_text(json, value ? "true" : "false");
}

void calo_json_numbers(calo_json_writer *json, const char *key, const double *values, size_t count)
{
    start_value(json, key);
    put_text(json, "[");
    for (size_t i = 0; i < count; i++) {
        put_text(json, i ? ", " : "");
        put_number(json, values[i]);
    }
    put_text(json, "]");
}
