#include "dataset/csv_log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/journal_read.h"

typedef enum csv_kind { CSV_SUCCESS = 0, CSV_FAILED, CSV_FOUND, CSV_MODIFIED, CSV_MISSING, CSV_NEW, CSV_COUNT } csv_kind;
static const char *const csv_names[CSV_COUNT] = {"success", "failed", "found", "modified", "missing", "new"};

/* A sample's objects, from their OBJECT or STAGED events until the part is there. Rows are a reason, a csv_kind for the
 * verdict (a byte each), and "file_identifier,sha256" with a NUL. */
typedef struct held_sample {
    uint64_t part, sample;
    bool staged;
    calo_blob rows;  /* once it is staged */
    calo_blob fresh; /* of OBJECT events since */
    struct held_sample *next;
} held_sample;

struct calo_csv_log {
    FILE *files[CSV_COUNT];
    bool dirty[CSV_COUNT];
    char *paths[CSV_COUNT];
    held_sample **buckets; /* by part */
    size_t bucket_count, held_count;
};

/* ---- held samples ---- */

static held_sample **bucket_of(const calo_csv_log *log, uint64_t part)
{
    return &log->buckets[(part * 0x9e3779b97f4a7c15u >> 32) & (log->bucket_count - 1)];
}

static void free_held(held_sample *held)
{
    calo_blob_finish(&held->rows);
    calo_blob_finish(&held->fresh);
    free(held);
}

static calo_status grow_buckets(calo_csv_log *log, calo_error *err)
{
    calo_csv_log larger = *log;
    larger.bucket_count = log->bucket_count ? 2 * log->bucket_count : 64;
    larger.buckets = calloc(larger.bucket_count, sizeof *larger.buckets);
    if (!larger.buckets)
        return calo_fail_memory(err, "the CSV logs", larger.bucket_count * sizeof *larger.buckets);
    for (size_t i = 0; i < log->bucket_count; i++)
        for (held_sample *held = log->buckets[i], *next; held; held = next) {
            next = held->next;
            held_sample **bucket = bucket_of(&larger, held->part);
            held->next = *bucket;
            *bucket = held;
        }
    free(log->buckets);
    *log = larger;
    return CALO_OK;
}

static calo_status take_held(calo_csv_log *log, const calo_event *event, held_sample **held, calo_error *err)
{
    calo_status status = log->held_count >= log->bucket_count ? grow_buckets(log, err) : CALO_OK;
    if (status != CALO_OK)
        return status;
    held_sample **bucket = bucket_of(log, event->part);
    for (*held = *bucket; *held; *held = (*held)->next)
        if ((*held)->part == event->part && (*held)->sample == event->sample)
            return CALO_OK;
    *held = calloc(1, sizeof **held);
    if (!*held)
        return calo_fail_memory(err, "the CSV logs", sizeof **held);
    **held = (held_sample){.part = event->part, .sample = event->sample, .next = *bucket};
    *bucket = *held;
    log->held_count++;
    return CALO_OK;
}

/* Takes out all of a part, or of all parts those that are not staged (`part` NULL), as a list. */
static held_sample *take_out(calo_csv_log *log, held_sample **bucket, const uint64_t *part)
{
    held_sample *taken = NULL;
    while (*bucket) {
        held_sample *held = *bucket;
        if (part ? held->part != *part : held->staged) {
            bucket = &held->next;
            continue;
        }
        *bucket = held->next;
        held->next = taken;
        taken = held;
        log->held_count--;
    }
    return taken;
}

static void free_list(held_sample *held)
{
    for (held_sample *next; held; held = next) {
        next = held->next;
        free_held(held);
    }
}

/* What a killed supervisor noted of objects whose samples it did not end is noted again. */
static void forget_unfinished(calo_csv_log *log)
{
    for (size_t i = 0; i < log->bucket_count; i++) {
        free_list(take_out(log, &log->buckets[i], NULL));
        for (held_sample *held = log->buckets[i]; held; held = held->next)
            held->fresh.size = 0;
    }
}

/* ---- rows ---- */

static calo_status put_field(calo_blob *blob, const char *text, calo_error *err)
{
    bool plain = !strpbrk(text, ",\"\r\n");
    calo_status status = plain ? calo_blob_append(blob, text, strlen(text), err) : calo_blob_append(blob, "\"", 1, err);
    for (const char *at = text; !plain && *at && status == CALO_OK; at++)
        status = calo_blob_append(blob, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1, err);
    return plain || status != CALO_OK ? status : calo_blob_append(blob, "\"", 1, err);
}

static csv_kind verdict_of(const calo_event *event)
{
    for (int i = CSV_FOUND; event->verdict && i < CSV_COUNT; i++)
        if (strcmp(event->verdict, csv_names[i]) == 0)
            return (csv_kind)i;
    return CSV_COUNT;
}

static calo_status put_row(calo_blob *rows, const calo_event *event, calo_reason reason, calo_error *err)
{
    const uint8_t head[2] = {(uint8_t)reason, (uint8_t)verdict_of(event)};
    calo_status status = calo_blob_append(rows, head, sizeof head, err);
    if (status == CALO_OK)
        status = put_field(rows, event->file_identifier ? event->file_identifier : "", err);
    if (status == CALO_OK)
        status = calo_blob_append(rows, ",", 1, err);
    if (status == CALO_OK)
        status = put_field(rows, event->sha256 ? event->sha256 : "", err);
    return status == CALO_OK ? calo_blob_append(rows, "", 1, err) : status;
}

static calo_status write_line(calo_csv_log *log, csv_kind kind, double unix_seconds, const char *row, calo_reason reason,
                              calo_error *err)
{
    long long micros = llround(unix_seconds * 1e6);
    FILE *file = log->files[kind];
    log->dirty[kind] = true;
    int put = fprintf(file, "%lld.%06lld,%s%s%s\n", micros / 1000000, micros % 1000000, row, reason ? "," : "",
                      calo_reason_name(reason));
    return put < 0 ? calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", log->paths[kind], strerror(errno)) : CALO_OK;
}

/* Which lines are written of rows: those of verdicts, or those of what became of them. */
typedef enum row_aspect { OF_VERDICT, OF_SUCCESS, OF_FAILURE } row_aspect;

static calo_status write_rows(calo_csv_log *log, const calo_blob *rows, row_aspect aspect, const calo_event *event, calo_error *err)
{
    calo_status status = CALO_OK;
    const char *at = (const char *)rows->bytes, *end = at + rows->size;
    for (; at < end && status == CALO_OK; at += 2 + strlen(at + 2) + 1) {
        calo_reason own = (calo_reason)at[0];
        csv_kind verdict = (csv_kind)at[1];
        if (aspect == OF_VERDICT && verdict != CSV_COUNT)
            status = write_line(log, verdict, event->unix_seconds, at + 2, CALO_REASON_NONE, err);
        else if (aspect == OF_SUCCESS && own == CALO_REASON_NONE)
            status = write_line(log, CSV_SUCCESS, event->unix_seconds, at + 2, own, err);
        else if (aspect != OF_VERDICT) /* also an object that its scene does without */
            status = write_line(log, CSV_FAILED, event->unix_seconds, at + 2, own ? own : event->reason, err);
    }
    return status;
}

/* ---- events ---- */

/* A sample's rows become those of its OBJECT events, or where it has none, of its one object. */
static calo_status settle_rows(held_sample *held, const calo_event *event, calo_error *err)
{
    calo_blob unused = held->rows;
    held->rows = held->fresh;
    held->fresh = unused;
    held->fresh.size = 0;
    return held->rows.size > 0 ? CALO_OK : put_row(&held->rows, event, CALO_REASON_NONE, err);
}

static void drop_sample(calo_csv_log *log, const held_sample *dropped)
{
    held_sample **at = bucket_of(log, dropped->part);
    while (*at != dropped)
        at = &(*at)->next;
    held_sample *held = *at;
    *at = held->next;
    log->held_count--;
    free_held(held);
}

static calo_status end_sample(calo_csv_log *log, const calo_event *event, calo_error *err)
{
    held_sample *held;
    calo_status status = take_held(log, event, &held, err);
    if (status != CALO_OK)
        return status;
    bool again = held->staged; /* what was staged was lost, and made anew */
    status = settle_rows(held, event, err);
    if (status == CALO_OK && !again)
        status = write_rows(log, &held->rows, OF_VERDICT, event, err);
    held->staged = true;
    if (event->kind == CALO_EVENT_STAGED)
        return status;
    if (status == CALO_OK)
        status = write_rows(log, &held->rows, OF_FAILURE, event, err);
    drop_sample(log, held);
    return status;
}

static int compare_samples(const void *a, const void *b)
{
    const held_sample *first = *(held_sample *const *)a, *second = *(held_sample *const *)b;
    return (first->sample > second->sample) - (first->sample < second->sample);
}

static calo_status end_part(calo_csv_log *log, const calo_event *event, calo_error *err)
{
    held_sample *list = log->bucket_count ? take_out(log, bucket_of(log, event->part), &event->part) : NULL;
    size_t count = 0;
    for (held_sample *held = list; held; held = held->next)
        count++;
    held_sample **sorted = calloc(count + 1, sizeof *sorted);
    calo_status status = sorted ? CALO_OK : calo_fail_memory(err, "the CSV logs", count * sizeof *sorted);
    if (sorted) {
        count = 0;
        for (held_sample *held = list; held; held = held->next)
            sorted[count++] = held;
        qsort(sorted, count, sizeof *sorted, compare_samples);
    }
    for (size_t i = 0; status == CALO_OK && i < count; i++)
        if (sorted[i]->staged)
            status = write_rows(log, &sorted[i]->rows, OF_SUCCESS, event, err);
    free(sorted);
    free_list(list);
    return status;
}

static calo_status take_object(calo_csv_log *log, const calo_event *event, calo_error *err)
{
    held_sample *held;
    calo_status status = take_held(log, event, &held, err);
    return status == CALO_OK ? put_row(&held->fresh, event, event->reason, err) : status;
}

static calo_status take_event(calo_csv_log *log, const calo_event *event, calo_error *err)
{
    switch (event->kind) {
    case CALO_EVENT_START:
        forget_unfinished(log);
        return CALO_OK;
    case CALO_EVENT_OBJECT:
        return take_object(log, event, err);
    case CALO_EVENT_STAGED:
    case CALO_EVENT_FAILED:
        return end_sample(log, event, err);
    case CALO_EVENT_PART:
        return end_part(log, event, err);
    case CALO_EVENT_STOP:
        break;
    }
    return CALO_OK;
}

static calo_status flush(calo_csv_log *log, calo_error *err)
{
    for (int i = 0; i < CSV_COUNT; i++) {
        if (log->dirty[i] && fflush(log->files[i]) != 0)
            return calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s: make room, then --resume", log->paths[i], strerror(errno));
        log->dirty[i] = false;
    }
    return CALO_OK;
}

calo_status calo_csv_log_event(calo_csv_log *log, const calo_event *event, calo_error *err)
{
    calo_event timed = *event;
    if (timed.unix_seconds == 0)
        timed.unix_seconds = calo_unix_seconds();
    calo_status status = take_event(log, &timed, err);
    return status == CALO_OK ? flush(log, err) : status;
}

/* ---- from the journal ---- */

/* An event that another one has replaced still ends what its OBJECT events have begun. */
static void forget_objects(calo_csv_log *log, const calo_event *event)
{
    held_sample *held = log->bucket_count ? *bucket_of(log, event->part) : NULL;
    for (; held; held = held->next)
        if (held->part == event->part && held->sample == event->sample)
            held->fresh.size = 0;
}

static calo_status replay_event(calo_csv_log *log, const calo_history *history, const calo_event *event, uint64_t offset,
                                bool retry_failed, calo_error *err)
{
    bool retried = retry_failed && event->kind == CALO_EVENT_FAILED &&
                   (!calo_history_part_done(history, event->part) || calo_history_part_empty(history, event->part));
    if (calo_history_counts(history, event, offset) && !retried)
        return take_event(log, event, err);
    if (event->kind == CALO_EVENT_STAGED || event->kind == CALO_EVENT_FAILED)
        forget_objects(log, event);
    return CALO_OK;
}

static calo_status replay(calo_csv_log *log, const char *run_folder, const calo_history *history, bool retry_failed, calo_error *err)
{
    char *path = calo_journal_path(run_folder);
    calo_journal_reader *reader = NULL;
    calo_line line;
    bool found = path && access(path, F_OK) == 0;
    calo_status status = path ? CALO_OK : calo_fail_memory(err, "a path", strlen(run_folder));
    if (found)
        status = calo_journal_reader_open(path, &reader, err);
    while (status == CALO_OK && found) {
        calo_event_copy copy = {0};
        status = calo_journal_reader_next(reader, &line, &found, err);
        if (status == CALO_OK && found)
            status = calo_line_copy(&line, &copy, err);
        if (status == CALO_OK && found)
            status = replay_event(log, history, &copy.event, calo_journal_reader_offset(reader), retry_failed, err);
        calo_event_copy_finish(&copy);
    }
    calo_journal_reader_close(reader);
    free(path);
    return status;
}

/* ---- files ---- */

static calo_status open_files(calo_csv_log *log, const char *run_folder, const char *name, calo_error *err)
{
    for (int i = 0; i < CSV_COUNT; i++) {
        log->paths[i] = calo_text_format("%s/render-%s-%s.csv", run_folder, name, csv_names[i]);
        char *path = log->paths[i] ? calo_text_format("%s.new", log->paths[i]) : NULL;
        if (!path)
            return calo_fail_memory(err, "a path", strlen(run_folder));
        log->files[i] = fopen(path, "we");
        int failed = log->files[i] ? 0 : errno;
        free(path);
        if (failed)
            return calo_fail(err, CALO_ERROR_IO, "%s.new: cannot write: %s", log->paths[i], strerror(failed));
    }
    return CALO_OK;
}

static calo_status replace_files(calo_csv_log *log, calo_error *err)
{
    calo_status status = flush(log, err);
    for (int i = 0; i < CSV_COUNT && status == CALO_OK; i++) {
        char *path = calo_text_format("%s.new", log->paths[i]);
        if (!path)
            return calo_fail_memory(err, "a path", strlen(log->paths[i]));
        if (rename(path, log->paths[i]) != 0)
            status = calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", log->paths[i], strerror(errno));
        free(path);
    }
    return status;
}

calo_status calo_csv_log_open(const char *run_folder, const char *name, const calo_history *history, bool retry_failed,
                              calo_csv_log **log, calo_error *err)
{
    *log = NULL;
    if (!name[0] || strchr(name, '/'))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "the run's name \"%s\" cannot be a part of a file name", name);
    calo_csv_log *l = calloc(1, sizeof *l);
    if (!l)
        return calo_fail_memory(err, "the CSV logs", sizeof *l);
    calo_status status = open_files(l, run_folder, name, err);
    if (status == CALO_OK)
        status = replay(l, run_folder, history, retry_failed, err);
    if (status == CALO_OK)
        status = replace_files(l, err);
    if (status == CALO_OK)
        *log = l;
    else
        calo_csv_log_close(l);
    return status;
}

void calo_csv_log_close(calo_csv_log *log)
{
    if (!log)
        return;
    for (int i = 0; i < CSV_COUNT; i++) {
        if (log->files[i])
            fclose(log->files[i]);
        free(log->paths[i]);
    }
    for (size_t i = 0; i < log->bucket_count; i++)
        free_list(log->buckets[i]);
    free(log->buckets);
    free(log);
}
