/* An object as JSON: in the run's list, in parts, and in lists that users write. */
#ifndef CALO_DATASET_OBJECT_JSON_H
#define CALO_DATASET_OBJECT_JSON_H

#include <jansson.h>

#include "dataset/part.h"
#include "encode/json_writer.h"

enum { CALO_IDENTIFIER_BYTES_MAX = 8192 };

/* What is wrong with an identifier or a location, to stand behind it in a sentence ("is empty"); NULL: nothing. They are
 * UTF-8 without control characters, so that they can stand in a line of any log. */
const char *calo_identifier_fault(const char *text);

/* 64 hexadecimal digits to lower case; false if it is something else. */
bool calo_sha256_normalize(const char *text, char sha256[65]);

/* As an element of a list, or at the root. */
void calo_object_write_json(calo_json_writer *json, const calo_object *object);

/* Of the keys "file_identifier" (or "fileIdentifier"), "location" and "sha256"; others are not looked at. The identifier
 * itself is not checked but for its type; an empty sha256 is none. */
calo_status calo_object_read_json(const json_t *value, calo_object *object, calo_error *err);

#endif
