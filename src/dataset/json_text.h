/* JSON in memory, read piece by piece without a tree, and texts written so that no byte is lost: what is not UTF-8 (a file
 * name on disk may be anything) stands as a lone surrogate \udc80..\udcff, as Python's "surrogateescape" has it. */
#ifndef CALO_DATASET_JSON_TEXT_H
#define CALO_DATASET_JSON_TEXT_H

#include "base/blob.h"

/* Bytes of the text that is scanned: of a string what stands between its quotes, escapes as they are. All-zero: none. */
typedef struct calo_slice {
    const char *start;
    size_t size;
} calo_slice;

/* One value after the other. The first fault sets `failed`, after which nothing is found any more. */
typedef struct calo_scan {
    const char *at, *end;
    bool failed, fresh; /* fresh: just behind an opening bracket */
} calo_scan;

calo_scan calo_scan_start(const char *text, size_t size);
/* The first character of the next value, or 0. */
char calo_scan_peek(calo_scan *scan);
/* Enters '{' or '['. Then calo_scan_key (or calo_scan_item) is true before each value, and false behind the last. */
bool calo_scan_enter(calo_scan *scan, char bracket);
bool calo_scan_key(calo_scan *scan, calo_slice *key);
bool calo_scan_item(calo_scan *scan);
bool calo_scan_string(calo_scan *scan, calo_slice *string);
bool calo_scan_number(calo_scan *scan, double *value);
bool calo_scan_unsigned(calo_scan *scan, uint64_t *value);
/* Any value, at most 32 levels deep; `raw` is all of it. */
bool calo_scan_skip(calo_scan *scan, calo_slice *raw);
/* Nothing but blanks is left, and nothing was wrong. */
bool calo_scan_ended(calo_scan *scan);

bool calo_slice_is(calo_slice slice, const char *text);
/* The text of a string, NUL-terminated, into slice.size + 1 bytes; returns its length. U+0000 becomes U+FFFD. */
size_t calo_slice_decode(calo_slice slice, char *to);
/* The same, malloc'ed; NULL when there is no memory. */
char *calo_slice_text(calo_slice slice);

/* Appends `text` with its quotes. */
calo_status calo_json_put_text(calo_blob *blob, const char *text, calo_error *err);

#endif
