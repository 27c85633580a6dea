/* Numbers in text, read the same way in every locale, and bounded. */
#ifndef CALO_BASE_TEXT_H
#define CALO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of bytes that is being read; `at` moves towards `end`. */
typedef struct calo_text {
    const char *at, *end;
} calo_text;

/* Skips spaces and tabs (not line ends). */
void calo_text_skip_blanks(calo_text *text);

/* The next word up to a blank or line end; length 0 at the end of the line. */
size_t calo_text_word(calo_text *text, const char **word);

/* Cuts the next line off (without its line end; \n, \r\n or \r); false at the end of the text. */
bool calo_text_line(calo_text *text, calo_text *line);

/* A decimal number, "inf" and "nan" in any case included; false (nothing consumed) if there is none. */
bool calo_text_double(calo_text *text, double *value);
bool calo_text_float(calo_text *text, float *value);

/* A decimal integer with optional sign; false if there is none or it does not fit. */
bool calo_text_integer(calo_text *text, int64_t *value);

/* True if the whole NUL-terminated string is one number. For command line values. */
bool calo_parse_double(const char *string, double *value);
bool calo_parse_integer(const char *string, int64_t *value);

/* The length of the valid UTF-8 sequence that NUL-terminated text begins with, or 0. */
size_t calo_utf8_length(const char *text);
/* All of it is valid UTF-8. */
bool calo_text_is_utf8(const char *text);

#endif
