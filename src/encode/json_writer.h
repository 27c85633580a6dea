/* JSON as text, two blanks a level or all in one line, the same bytes for the same values in every locale. */
#ifndef CALO_ENCODE_JSON_WRITER_H
#define CALO_ENCODE_JSON_WRITER_H

#include "base/blob.h"

/* Appends to `blob`. The first failure (memory) is kept in `status`, and everything after it does
 * nothing. `key` is NULL inside arrays and for the root. One thread at a time. */
typedef struct calo_json_writer {
    calo_blob *blob;
    calo_error *err;
    calo_status status;
    uint32_t depth;
    bool needs_comma, one_line;
} calo_json_writer;

calo_json_writer calo_json_start(calo_blob *blob, calo_error *err);
/* In one line, without a line end behind it: for files of lines. */
calo_json_writer calo_json_start_line(calo_blob *blob, calo_error *err);
void calo_json_open(calo_json_writer *json, const char *key, char bracket); /* '{' or '[' */
void calo_json_close(calo_json_writer *json, char bracket);
/* NULL is written as null; bytes that are not UTF-8 become U+FFFD. */
void calo_json_text(calo_json_writer *json, const char *key, const char *text);
/* The shortest text that reads back as the same value; NaN and infinity become null. */
void calo_json_number(calo_json_writer *json, const char *key, double value);
void calo_json_unsigned(calo_json_writer *json, const char *key, uint64_t value);
void calo_json_boolean(calo_json_writer *json, const char *key, bool value);
/* A list of numbers in one line. */
void calo_json_numbers(calo_json_writer *json, const char *key, const double *values, size_t count);

#endif
