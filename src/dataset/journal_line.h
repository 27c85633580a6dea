/* A line of the journal: an event and its checksum. docs/dataset-runs.md has the format. */
#ifndef CALO_DATASET_JOURNAL_LINE_H
#define CALO_DATASET_JOURNAL_LINE_H

#include "dataset/journal.h"
#include "dataset/json_text.h"

enum { CALO_LINE_MAX_BYTES = 16 << 20 };

/* An event as it stands in its line: texts are slices of it, not decoded yet. */
typedef struct calo_line {
    calo_event_kind kind;
    double unix_seconds, seconds, fetch_seconds;
    uint64_t part, sample, bytes;
    uint64_t synced; /* so much of the journal was on the disk before this line was written */
    calo_reason reason;
    calo_slice name, file_identifier, sha256, verdict, message, path, part_sha256;
    calo_slice facts; /* JSON */
} calo_line;

/* Appends the line with its newline. `event->unix_seconds` counts as it is. */
calo_status calo_line_print(calo_blob *blob, const calo_event *event, uint64_t synced, calo_error *err);

/* `text` without its newline. False with the fault in words (static) when it is not such a line, whole and as it was written. */
bool calo_line_parse(const char *text, size_t size, calo_line *line, const char **fault);

/* The event with texts of its own. */
calo_status calo_line_copy(const calo_line *line, calo_event_copy *copy, calo_error *err);

/* Whether a text is what an event's facts may be: one line, a JSON object. */
bool calo_facts_are_valid(const char *facts);

#endif
