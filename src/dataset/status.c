#include "dataset/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/live.h"

enum { MAX_LIVE_BYTES = 1 << 20 };

/* ---- reading ---- */

static calo_status read_events(calo_run_status *s, calo_error *err)
{
    calo_line line;
    bool found = true;
    calo_status status = CALO_OK;
    if (!s->reader) {
        calo_error missing = {0};
        char *path = calo_journal_path(s->run_folder);
        if (!path)
            return calo_fail_memory(err, "a path", strlen(s->run_folder));
        status = calo_journal_reader_open(path, &s->reader, &missing);
        free(path);
        if (status == CALO_ERROR_NOT_FOUND)
            return CALO_OK; /* it has just begun */
        if (status != CALO_OK)
            return calo_fail(err, status, "%s", missing.message);
    }
    while (status == CALO_OK && found) {
        status = calo_journal_reader_next(s->reader, &line, &found, err);
        if (status == CALO_OK && found)
            status = calo_tally_line(&s->tally, &line, err);
    }
    return status;
}

static void read_live(calo_run_status *s)
{
    calo_file file = {0};
    char *path = s->holder.alive ? calo_text_format("%s/live.json", s->run_folder) : NULL;
    calo_slice raw;
    free(s->live);
    s->live = NULL;
    /* It comes and goes with the supervisor; without it some lines are missing. */
    if (path && calo_file_read(path, MAX_LIVE_BYTES, &file, NULL) == CALO_OK) {
        calo_scan scan = calo_scan_start((const char *)file.bytes, file.size);
        if (calo_scan_peek(&scan) == '{' && calo_scan_skip(&scan, &raw) && calo_scan_ended(&scan))
            s->live = strndup(raw.start, raw.size);
    }
    calo_file_finish(&file);
    free(path);
}

calo_status calo_run_status_refresh(calo_run_status *s, calo_error *err)
{
    calo_error ignored = {0};
    s->now = calo_unix_seconds();
    if (calo_run_probe(s->run_folder, &s->holder, &ignored) != CALO_OK && ignored.status != CALO_ERROR_NOT_FOUND)
        return calo_fail(err, ignored.status, "%s", ignored.message);
    read_live(s);
    return read_events(s, err);
}

calo_status calo_run_status_open(const char *run_folder, calo_run_status *s, calo_error *err)
{
    *s = (calo_run_status){.run_folder = strdup(run_folder)};
    calo_tally_init(&s->tally);
    if (!s->run_folder)
        return calo_fail_memory(err, "a path", strlen(run_folder));
    calo_status status = calo_run_file_read(run_folder, &s->run, err);
    return status == CALO_OK ? calo_run_status_refresh(s, err) : status;
}

void calo_run_status_close(calo_run_status *s)
{
    calo_journal_reader_close(s->reader);
    calo_run_file_finish(&s->run);
    calo_tally_finish(&s->tally);
    free(s->run_folder);
    free(s->live);
    *s = (calo_run_status){0};
}

/* ---- what follows from it ---- */

static double alive_until(const calo_run_status *s) { return s->holder.alive ? s->now : 0; }

uint64_t calo_run_status_open_samples(const calo_run_status *s)
{
    uint64_t ended = s->tally.done + s->tally.staged + s->tally.failed;
    return s->run.samples > ended ? s->run.samples - ended : 0;
}

double calo_run_status_seconds_left(const calo_run_status *s)
{
    double rate = calo_tally_recent_rate(&s->tally, alive_until(s), CALO_TALLY_RECENT);
    uint64_t open = calo_run_status_open_samples(s);
    if (s->run.samples == 0 || (open > 0 && rate <= 0))
        return -1;
    return open > 0 ? (double)open / rate : 0;
}

const char *calo_run_status_unit(const calo_run_status *s) { return s->run.objects_per_sample > 1 ? "scenes" : "objects"; }

const char *calo_run_status_state(const calo_run_status *s)
{
    if (s->holder.alive)
        return "running";
    if (s->tally.complete || (s->run.samples > 0 && calo_run_status_open_samples(s) == 0 && s->tally.staged == 0))
        return "finished";
    return s->tally.in_session ? "killed" : "stopped";
}

/* The number of a key of live.json; 0 where there is none. */
static uint64_t live_number(const calo_run_status *s, const char *name)
{
    calo_scan scan = s->live ? calo_scan_start(s->live, strlen(s->live)) : calo_scan_start("{}", 2);
    calo_slice key, skipped;
    uint64_t value = 0;
    calo_scan_enter(&scan, '{');
    while (calo_scan_key(&scan, &key))
        if (!calo_slice_is(key, name))
            calo_scan_skip(&scan, &skipped);
        else if (!calo_scan_unsigned(&scan, &value))
            value = 0;
    return value;
}

uint64_t calo_run_status_restarts(const calo_run_status *s) { return s->tally.restarts + live_number(s, "restarts"); }

/* ---- for people ---- */

static calo_status put_state(const calo_run_status *s, calo_blob *text, calo_error *err)
{
    const char *state = calo_run_status_state(s);
    if (s->holder.alive)
        return calo_blob_print(text, err, "%s: running (process %llu on %s)\n", s->run_folder,
                               (unsigned long long)s->holder.process, s->holder.machine);
    if (strcmp(state, "finished") == 0)
        return calo_blob_print(text, err, "%s: finished\n", s->run_folder);
    return calo_blob_print(text, err, "%s: %s; `calotype dataset --resume --run %s` goes on\n", s->run_folder, state, s->run_folder);
}

static calo_status put_count(calo_blob *text, const char *label, uint64_t count, calo_error *err)
{
    char number[32];
    return calo_blob_print(text, err, "  %-26s %12s\n", label, calo_count_text(count, number));
}

static calo_status put_counts(const calo_run_status *s, calo_blob *text, calo_error *err)
{
    const calo_tally *t = &s->tally;
    calo_status status = s->run.samples ? put_count(text, calo_run_status_unit(s), s->run.samples, err) : CALO_OK;
    if (status == CALO_OK)
        status = put_count(text, "done", t->done, err);
    if (status == CALO_OK && t->staged > 0)
        status = put_count(text, "rendered, not yet written", t->staged, err);
    if (status == CALO_OK && s->run.samples)
        status = put_count(text, "left", calo_run_status_open_samples(s), err);
    if (status == CALO_OK)
        status = put_count(text, "failed", t->failed, err);
    for (int i = 0; i < CALO_REASON_COUNT && status == CALO_OK; i++)
        if (t->failed_by[i] > 0) {
            char number[32];
            status = calo_blob_print(text, err, "    %-24s %12s\n", calo_reason_name((calo_reason)i),
                                     calo_count_text(t->failed_by[i], number));
        }
    if (status == CALO_OK && t->left_out > 0)
        status = put_count(text, "objects left out of scenes", t->left_out, err);
    if (status == CALO_OK)
        status = put_count(text, "parts in the destination", t->parts - t->empty_parts, err);
    return status;
}

static calo_status put_rates(const calo_run_status *s, calo_blob *text, calo_error *err)
{
    char time[32], left[32];
    double until = alive_until(s), seconds_left = calo_run_status_seconds_left(s);
    calo_status status = calo_blob_print(
        text, err, "  %.2f %s a second in %s of work (%llu %s)", calo_tally_rate(&s->tally, until), calo_run_status_unit(s),
        calo_duration_text(calo_tally_alive_seconds(&s->tally, until), time), (unsigned long long)s->tally.sessions,
        s->tally.sessions == 1 ? "session" : "sessions");
    if (status == CALO_OK && s->holder.alive)
        status = calo_blob_print(text, err, ", %.2f in the last minute", calo_tally_recent_rate(&s->tally, until, 60));
    if (status == CALO_OK && s->holder.alive && seconds_left >= 0)
        status = calo_blob_print(text, err, "; %s left", calo_duration_text(seconds_left, left));
    if (status == CALO_OK && calo_run_status_restarts(s) > 0)
        status = calo_blob_print(text, err, "\n  %llu workers were replaced", (unsigned long long)calo_run_status_restarts(s));
    return status == CALO_OK ? calo_blob_print(text, err, "\n") : status;
}

static calo_status put_worker(calo_scan *scan, calo_blob *text, calo_error *err)
{
    calo_slice key, object = {0}, skipped;
    double seconds = 0;
    calo_scan_enter(scan, '{');
    while (calo_scan_key(scan, &key)) {
        char first = calo_scan_peek(scan);
        if (calo_slice_is(key, "object") && first == '"')
            calo_scan_string(scan, &object);
        else if (calo_slice_is(key, "seconds") && first >= '0' && first <= '9')
            calo_scan_number(scan, &seconds);
        else
            calo_scan_skip(scan, &skipped);
    }
    if (!object.start || scan->failed)
        return CALO_OK;
    char *name = calo_slice_text(object), *shown = name ? calo_terminal_text(name, 64) : NULL;
    calo_status status = calo_blob_print(text, err, "  %8.1f s  %s\n", seconds, shown ? shown : "?");
    free(name);
    free(shown);
    return status;
}

static calo_status put_workers(const calo_run_status *s, calo_blob *text, calo_error *err)
{
    calo_scan scan = s->live ? calo_scan_start(s->live, strlen(s->live)) : calo_scan_start("{}", 2);
    calo_slice key, skipped;
    calo_status status = CALO_OK;
    calo_scan_enter(&scan, '{');
    while (status == CALO_OK && calo_scan_key(&scan, &key)) {
        if (!calo_slice_is(key, "workers") || calo_scan_peek(&scan) != '[') {
            calo_scan_skip(&scan, &skipped);
            continue;
        }
        calo_scan_enter(&scan, '[');
        while (status == CALO_OK && calo_scan_item(&scan))
            if (calo_scan_peek(&scan) == '{')
                status = put_worker(&scan, text, err);
            else
                calo_scan_skip(&scan, &skipped);
    }
    return status;
}

calo_status calo_run_status_text(const calo_run_status *s, calo_blob *text, calo_error *err)
{
    calo_status status = put_state(s, text, err);
    if (status == CALO_OK)
        status = put_counts(s, text, err);
    if (status == CALO_OK)
        status = put_rates(s, text, err);
    return status == CALO_OK ? put_workers(s, text, err) : status;
}

/* "(5 unsupported format, 1 crash)". */
static calo_status put_reasons(const calo_tally *t, calo_blob *text, calo_error *err)
{
    char number[32];
    calo_status status = CALO_OK;
    const char *between = " (";
    for (int i = 0; i < CALO_REASON_COUNT && status == CALO_OK; i++)
        if (t->failed_by[i] > 0) {
            status = calo_blob_print(text, err, "%s%s %s", between, calo_count_text(t->failed_by[i], number),
                                     calo_reason_name((calo_reason)i));
            between = ", ";
        }
    return status == CALO_OK && t->failed > 0 ? calo_blob_print(text, err, ")") : status;
}

calo_status calo_run_status_sentence(const calo_run_status *s, calo_blob *text, calo_error *err)
{
    const calo_tally *t = &s->tally;
    char done[32], failed[32], left[32], time[32];
    uint64_t open = calo_run_status_open_samples(s) + t->staged;
    calo_status status = calo_blob_print(text, err, "%s %s done, %s failed", calo_count_text(t->done, done),
                                         calo_run_status_unit(s), calo_count_text(t->failed, failed));
    if (status == CALO_OK)
        status = put_reasons(t, text, err);
    if (status == CALO_OK && open > 0)
        status = calo_blob_print(text, err, ", %s left", calo_count_text(open, left));
    if (status == CALO_OK)
        status = calo_blob_print(text, err, ", in %s of work, %.2f a second",
                                 calo_duration_text(calo_tally_alive_seconds(t, alive_until(s)), time),
                                 calo_tally_rate(t, alive_until(s)));
    return status;
}

/* ---- for programs ---- */

static void put_failures(calo_json_writer *json, const calo_tally *t)
{
    calo_json_open(json, "failed_by_reason", '{');
    for (int i = 0; i < CALO_REASON_COUNT; i++)
        if (t->failed_by[i] > 0)
            calo_json_unsigned(json, calo_reason_name((calo_reason)i), t->failed_by[i]);
    calo_json_close(json, '}');
}

static void put_maybe(calo_json_writer *json, const char *key, bool known, uint64_t value)
{
    if (known)
        calo_json_unsigned(json, key, value);
    else
        calo_json_text(json, key, NULL);
}

static void put_samples(calo_json_writer *json, const calo_run_status *s)
{
    const calo_tally *t = &s->tally;
    calo_json_unsigned(json, "objects", s->run.objects);
    calo_json_unsigned(json, "objects_per_sample", s->run.objects_per_sample ? s->run.objects_per_sample : 1);
    put_maybe(json, "samples", s->run.samples > 0, s->run.samples);
    calo_json_unsigned(json, "done", t->done);
    calo_json_unsigned(json, "staged", t->staged);
    calo_json_unsigned(json, "failed", t->failed);
    put_failures(json, t);
    put_maybe(json, "left", s->run.samples > 0, calo_run_status_open_samples(s));
    calo_json_unsigned(json, "objects_left_out", t->left_out);
    calo_json_open(json, "verdicts", '{');
    for (size_t i = 0; i < CALO_TALLY_VERDICTS; i++)
        calo_json_unsigned(json, calo_tally_verdicts[i], t->verdicts[i]);
    calo_json_close(json, '}');
    calo_json_unsigned(json, "parts", t->parts - t->empty_parts);
    calo_json_unsigned(json, "bytes", t->bytes);
    calo_json_unsigned(json, "views", t->views);
}

static void put_speed(calo_json_writer *json, const calo_run_status *s)
{
    double until = alive_until(s), left = calo_run_status_seconds_left(s);
    calo_json_unsigned(json, "sessions", s->tally.sessions);
    calo_json_number(json, "seconds_alive", calo_tally_alive_seconds(&s->tally, until));
    calo_json_number(json, "samples_per_second", calo_tally_rate(&s->tally, until));
    if (s->holder.alive)
        calo_json_number(json, "samples_per_second_last_minute", calo_tally_recent_rate(&s->tally, until, 60));
    if (s->holder.alive && left >= 0)
        calo_json_number(json, "seconds_left", left);
    calo_json_unsigned(json, "worker_restarts", calo_run_status_restarts(s));
}

void calo_run_status_members(const calo_run_status *s, calo_json_writer *json)
{
    static const char *const queues[] = {"fetching", "ready", "rendering", "writing"};
    calo_json_text(json, "run", s->run_folder);
    calo_json_text(json, "name", s->run.name);
    calo_json_text(json, "destination", s->run.destination);
    calo_json_text(json, "package", s->run.package);
    calo_json_text(json, "state", calo_run_status_state(s));
    if (s->holder.alive) {
        calo_json_unsigned(json, "process", s->holder.process);
        calo_json_text(json, "machine", s->holder.machine);
    }
    put_samples(json, s);
    put_speed(json, s);
    for (size_t i = 0; s->live && i < sizeof queues / sizeof queues[0]; i++)
        calo_json_unsigned(json, queues[i], live_number(s, queues[i]));
}
