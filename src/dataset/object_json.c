#include "dataset/object_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

const char *calo_identifier_fault(const char *text)
{
    if (!*text)
        return "is empty";
    if (strlen(text) > CALO_IDENTIFIER_BYTES_MAX)
        return "has more than 8192 bytes";
    if (!calo_text_is_utf8(text))
        return "is not UTF-8";
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return "holds a control character";
    return NULL;
}

bool calo_sha256_normalize(const char *text, char sha256[65])
{
    size_t length = strnlen(text, 65);
    if (length != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
        return false;
    for (size_t i = 0; i < 64; i++)
        sha256[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
    sha256[64] = '\0';
    return true;
}

void calo_object_write_json(calo_json_writer *json, const calo_object *object)
{
    calo_json_open(json, NULL, '{');
    calo_json_text(json, "file_identifier", object->file_identifier);
    if (object->location)
        calo_json_text(json, "location", object->location);
    if (object->sha256)
        calo_json_text(json, "sha256", object->sha256);
    calo_json_close(json, '}');
}

/* A text that may be missing or null. */
static calo_status read_text(const json_t *value, const char *key, char **text, calo_error *err)
{
    const json_t *member = json_object_get(value, key);
    if (!member || json_is_null(member))
        return CALO_OK;
    if (!json_is_string(member))
        return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" is not a text: put it between quotes", key);
    *text = strdup(json_string_value(member));
    return *text ? CALO_OK : calo_fail_memory(err, "an object", json_string_length(member));
}

static calo_status read_sha256(const json_t *value, char **sha256, calo_error *err)
{
    char lower[65];
    calo_status status = read_text(value, "sha256", sha256, err);
    if (status != CALO_OK || !*sha256)
        return status;
    if (!**sha256) {
        free(*sha256);
        *sha256 = NULL;
        return CALO_OK;
    }
    if (!calo_sha256_normalize(*sha256, lower))
        return calo_fail(err, CALO_ERROR_FORMAT, "the SHA-256 \"%.80s\" is not 64 hexadecimal digits", *sha256);
    memcpy(*sha256, lower, sizeof lower);
    return CALO_OK;
}

calo_status calo_object_read_json(const json_t *value, calo_object *object, calo_error *err)
{
    *object = (calo_object){0};
    if (!json_is_object(value))
        return calo_fail(err, CALO_ERROR_FORMAT, "it is not a JSON object such as {\"file_identifier\": \"a.glb\"}");
    calo_status status = read_text(value, "file_identifier", &object->file_identifier, err);
    if (status == CALO_OK && !object->file_identifier)
        status = read_text(value, "fileIdentifier", &object->file_identifier, err);
    if (status == CALO_OK && !object->file_identifier)
        status = calo_fail(err, CALO_ERROR_FORMAT, "\"file_identifier\" is missing");
    if (status == CALO_OK)
        status = read_text(value, "location", &object->location, err);
    if (status == CALO_OK)
        status = read_sha256(value, &object->sha256, err);
    if (status != CALO_OK)
        calo_object_finish(object);
    return status;
}
