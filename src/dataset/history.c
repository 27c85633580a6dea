#include "dataset/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "dataset/journal_read.h"
#include "dataset/pages.h"

/* Where a sample's last event begins in the journal, in 48 bits. */
typedef struct sample_entry {
    uint32_t offset_low;
    uint16_t offset_high;
    uint8_t state;
    uint32_t part;
} sample_entry;

typedef struct part_entry {
    uint64_t offset : 62;
    uint64_t done : 1;
    uint64_t filled : 1; /* with something in the destination */
} part_entry;

struct calo_history {
    calo_pages samples; /* of sample_entry */
    calo_pages parts;   /* of part_entry */
    uint64_t sample_limit, part_limit, parts_done;
    char *path;
    calo_journal_reader *reader; /* for single events; NULL: there is no journal */
};

static calo_status check_numbers(const calo_history *history, const calo_line *line, calo_error *err)
{
    bool has_sample = line->kind != CALO_EVENT_PART;
    if (line->part < history->part_limit && (!has_sample || line->sample < history->sample_limit))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT,
                     "%s is not of this list: it has the sample %llu of the part %llu, and there are %llu and %llu: resume "
                     "with the list and options of the run, or choose another --run",
                     history->path, (unsigned long long)line->sample, (unsigned long long)line->part,
                     (unsigned long long)history->sample_limit, (unsigned long long)history->part_limit);
}

static calo_status take_part(calo_history *history, const calo_line *line, uint64_t offset, calo_error *err)
{
    void *item;
    calo_status status = calo_pages_take(&history->parts, line->part, &item, err);
    if (status != CALO_OK)
        return status;
    part_entry *entry = item;
    if (entry->filled)
        return CALO_OK;
    history->parts_done += !entry->done;
    *entry = (part_entry){.offset = offset, .done = true, .filled = line->path.start != NULL};
    return CALO_OK;
}

/* A part of which nothing was left is to be made after all. */
static void reopen_part(calo_history *history, uint64_t part)
{
    part_entry *entry = calo_pages_find(&history->parts, part);
    if (!entry || !entry->done)
        return;
    *entry = (part_entry){0};
    history->parts_done--;
}

static bool is_filled(const calo_history *history, uint64_t part)
{
    const part_entry *entry = calo_pages_find(&history->parts, part);
    return entry && entry->filled;
}

static calo_status take_sample(calo_history *history, const calo_line *line, uint64_t offset, calo_error *err)
{
    void *item;
    if (is_filled(history, line->part))
        return CALO_OK;
    if (offset >> 48 || line->part > UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s is over the limits of a journal", history->path);
    calo_status status = calo_pages_take(&history->samples, line->sample, &item, err);
    if (status != CALO_OK)
        return status;
    sample_entry *entry = item;
    *entry = (sample_entry){
        .offset_low = (uint32_t)offset, .offset_high = (uint16_t)(offset >> 32), .part = (uint32_t)line->part,
        .state = line->kind == CALO_EVENT_FAILED ? CALO_SAMPLE_FAILED : CALO_SAMPLE_STAGED,
    };
    if (line->kind == CALO_EVENT_STAGED)
        reopen_part(history, line->part);
    return CALO_OK;
}

static calo_status take_line(calo_history *history, const calo_line *line, uint64_t offset, calo_error *err)
{
    if (line->kind != CALO_EVENT_PART && line->kind != CALO_EVENT_STAGED && line->kind != CALO_EVENT_FAILED)
        return CALO_OK;
    calo_status status = check_numbers(history, line, err);
    if (status != CALO_OK)
        return status;
    return line->kind == CALO_EVENT_PART ? take_part(history, line, offset, err) : take_sample(history, line, offset, err);
}

static calo_status read_all(calo_history *history, calo_error *err)
{
    calo_line line;
    bool found = true;
    if (access(history->path, F_OK) != 0 && errno == ENOENT)
        return CALO_OK;
    calo_status status = calo_journal_reader_open(history->path, &history->reader, err);
    while (status == CALO_OK && found) {
        status = calo_journal_reader_next(history->reader, &line, &found, err);
        if (status == CALO_OK && found)
            status = take_line(history, &line, calo_journal_reader_offset(history->reader), err);
    }
    return status;
}

calo_status calo_history_read(const char *run_folder, uint64_t samples, uint64_t parts, calo_history **history, calo_error *err)
{
    calo_history *h = *history = calloc(1, sizeof *h);
    if (!h)
        return calo_fail_memory(err, "the history of a run", sizeof *h);
    h->samples.item_bytes = sizeof(sample_entry);
    h->parts.item_bytes = sizeof(part_entry);
    h->sample_limit = samples ? samples : UINT64_MAX;
    h->part_limit = parts ? parts : UINT64_MAX;
    h->path = calo_journal_path(run_folder);
    calo_status status = h->path ? read_all(h, err) : calo_fail_memory(err, "a path", strlen(run_folder));
    if (status != CALO_OK) {
        calo_history_destroy(h);
        *history = NULL;
    }
    return status;
}

void calo_history_destroy(calo_history *history)
{
    if (!history)
        return;
    calo_pages_finish(&history->samples);
    calo_pages_finish(&history->parts);
    calo_journal_reader_close(history->reader);
    free(history->path);
    free(history);
}

bool calo_history_part_done(const calo_history *history, uint64_t part)
{
    const part_entry *entry = calo_pages_find(&history->parts, part);
    return entry && entry->done;
}

bool calo_history_part_empty(const calo_history *history, uint64_t part)
{
    return calo_history_part_done(history, part) && !is_filled(history, part);
}

uint64_t calo_history_parts_done(const calo_history *history) { return history->parts_done; }

calo_sample_state calo_history_sample(const calo_history *history, uint64_t sample)
{
    const sample_entry *entry = calo_pages_find(&history->samples, sample);
    if (!entry || entry->state != CALO_SAMPLE_STAGED)
        return entry ? (calo_sample_state)entry->state : CALO_SAMPLE_OPEN;
    return calo_history_part_done(history, entry->part) ? CALO_SAMPLE_DONE : CALO_SAMPLE_STAGED;
}

/* Reads one line. */
static calo_status read_event(const calo_history *history, uint64_t offset, calo_event_copy *copy, calo_error *err)
{
    calo_line line;
    bool found;
    calo_journal_reader_seek(history->reader, offset);
    calo_status status = calo_journal_reader_next(history->reader, &line, &found, err);
    if (status == CALO_OK && !found)
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s has changed since it was read: it has no event at byte %llu",
                           history->path, (unsigned long long)offset);
    return status == CALO_OK ? calo_line_copy(&line, copy, err) : status;
}

static uint64_t offset_of(const sample_entry *entry) { return (uint64_t)entry->offset_high << 32 | entry->offset_low; }

static calo_status copy_event(const calo_history *history, uint64_t sample, bool failed, calo_event_copy *copy, calo_error *err)
{
    const sample_entry *entry = calo_pages_find(&history->samples, sample);
    *copy = (calo_event_copy){0};
    if (!entry || !entry->state || (entry->state == CALO_SAMPLE_FAILED) != failed)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the sample %llu has not %s", history->path, (unsigned long long)sample,
                         failed ? "failed" : "been staged");
    return read_event(history, offset_of(entry), copy, err);
}

calo_status calo_history_staged(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err)
{
    return copy_event(history, sample, false, copy, err);
}

calo_status calo_history_failed(const calo_history *history, uint64_t sample, calo_event_copy *copy, calo_error *err)
{
    return copy_event(history, sample, true, copy, err);
}

calo_status calo_history_part(const calo_history *history, uint64_t part, calo_event_copy *copy, calo_error *err)
{
    const part_entry *entry = calo_pages_find(&history->parts, part);
    *copy = (calo_event_copy){0};
    if (!entry || !entry->done)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the part %llu is not done", history->path, (unsigned long long)part);
    return read_event(history, entry->offset, copy, err);
}

bool calo_history_counts(const calo_history *history, const calo_event *event, uint64_t offset)
{
    const part_entry *part = calo_pages_find(&history->parts, event->part);
    const sample_entry *sample = calo_pages_find(&history->samples, event->sample);
    if (event->kind == CALO_EVENT_PART)
        return part && part->done && part->offset == offset;
    if (event->kind == CALO_EVENT_STAGED || event->kind == CALO_EVENT_FAILED)
        return sample && sample->state && offset_of(sample) == offset;
    return true;
}
