#include "dataset/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "dataset/history.h"

const char *const calo_tally_verdicts[CALO_TALLY_VERDICTS] = {"found", "modified", "missing", "new"};

typedef struct sample_item {
    uint8_t state, reason;
} sample_item;

typedef struct part_item {
    uint32_t staged;
    bool done, filled;
} part_item;

void calo_tally_init(calo_tally *tally)
{
    *tally = (calo_tally){.bucket_seconds = 1, .samples.item_bytes = sizeof(sample_item),
                          .part_states.item_bytes = sizeof(part_item)};
}

void calo_tally_finish(calo_tally *tally)
{
    calo_pages_finish(&tally->samples);
    calo_pages_finish(&tally->part_states);
    free(tally->start_facts);
    tally->start_facts = NULL;
}

/* ---- time ---- */

double calo_tally_alive_seconds(const calo_tally *tally, double now)
{
    double end = now > tally->last_time ? now : tally->last_time;
    return tally->alive_before + (tally->in_session && end > tally->session_start ? end - tally->session_start : 0);
}

double calo_tally_rate(const calo_tally *tally, double now)
{
    double seconds = calo_tally_alive_seconds(tally, now);
    return seconds > 0 ? (double)tally->settled / seconds : 0;
}

double calo_tally_recent_rate(const calo_tally *tally, double now, double seconds)
{
    double alive = calo_tally_alive_seconds(tally, now), span = alive < seconds ? alive : seconds;
    uint64_t count = 0;
    for (size_t i = 0; i < CALO_TALLY_RECENT; i++)
        if ((double)tally->recent[i].second > alive - seconds)
            count += tally->recent[i].count;
    return span > 0 ? (double)count / span : 0;
}

static void end_session(calo_tally *tally)
{
    tally->alive_before = calo_tally_alive_seconds(tally, 0);
    tally->in_session = false;
}

static void begin_session(calo_tally *tally, double time)
{
    end_session(tally);
    tally->in_session = true;
    tally->complete = false;
    tally->session_start = tally->last_time = time;
    if (tally->sessions == 0)
        tally->first_time = time;
    if (tally->sessions < CALO_TALLY_MARKS)
        tally->session_marks[tally->sessions] = tally->alive_before;
    tally->sessions++;
}

/* Twice as long each, half as many. */
static void merge_buckets(calo_tally *tally)
{
    for (size_t i = 0; i < CALO_TALLY_BUCKETS; i++) {
        calo_bucket merged = {0};
        for (size_t j = 2 * i; j < 2 * i + 2 && j < CALO_TALLY_BUCKETS; j++) {
            merged.rendered += tally->buckets[j].rendered;
            merged.failed += tally->buckets[j].failed;
        }
        tally->buckets[i] = merged;
    }
    tally->bucket_seconds *= 2;
}

static void count_settled(calo_tally *tally, bool failed)
{
    double alive = calo_tally_alive_seconds(tally, 0);
    while (alive >= tally->bucket_seconds * CALO_TALLY_BUCKETS)
        merge_buckets(tally);
    calo_bucket *bucket = &tally->buckets[(size_t)(alive / tally->bucket_seconds)];
    bucket->rendered += !failed;
    bucket->failed += failed;
    tally->settled++;
    int64_t second = (int64_t)alive;
    size_t slot = (size_t)second % CALO_TALLY_RECENT;
    if (tally->recent[slot].second != second) {
        tally->recent[slot].second = second;
        tally->recent[slot].count = 0;
    }
    tally->recent[slot].count++;
}

/* ---- facts ---- */

static void count_name(calo_name_counts *counts, calo_slice name, double sum, uint64_t sample)
{
    char text[256];
    if (name.size >= sizeof text)
        return;
    calo_slice_decode(name, text);
    size_t i = 0;
    while (i < counts->count && strncmp(counts->names[i].name, text, sizeof counts->names[i].name - 1) != 0)
        i++;
    if (i == CALO_TALLY_NAMES)
        return;
    if (i == counts->count) {
        size_t length = strnlen(text, sizeof counts->names[i].name - 1);
        memcpy(counts->names[i].name, text, length);
        counts->names[i].name[length] = '\0';
        counts->count++;
    }
    counts->names[i].count += counts->names[i].last != sample;
    counts->names[i].last = sample;
    counts->names[i].sum += sum;
}

/* The "id" of {"id": ..., ...}. */
static void take_id(calo_scan *scan, calo_name_counts *counts, uint64_t sample)
{
    calo_slice key, value;
    calo_scan_enter(scan, '{');
    while (calo_scan_key(scan, &key))
        if (calo_slice_is(key, "id") && calo_scan_peek(scan) == '"' && calo_scan_string(scan, &value))
            count_name(counts, value, 0, sample);
        else
            calo_scan_skip(scan, &value);
}

/* ["blank", ...], or of objects with an id each. */
static void take_names(calo_scan *scan, calo_name_counts *counts, uint64_t sample)
{
    calo_slice value;
    if (calo_scan_peek(scan) != '[') {
        calo_scan_skip(scan, &value);
        return;
    }
    calo_scan_enter(scan, '[');
    while (calo_scan_item(scan)) {
        char first = calo_scan_peek(scan);
        if (first == '"' && calo_scan_string(scan, &value))
            count_name(counts, value, 0, sample);
        else if (first == '{')
            take_id(scan, counts, sample);
        else
            calo_scan_skip(scan, &value);
    }
}

static void take_quality(calo_scan *scan, calo_tally *tally)
{
    calo_slice key, skipped;
    if (calo_scan_peek(scan) != '{') {
        calo_scan_skip(scan, &skipped);
        return;
    }
    calo_scan_enter(scan, '{');
    while (calo_scan_key(scan, &key))
        if (calo_slice_is(key, "flags"))
            take_names(scan, &tally->flags, tally->settled);
        else
            calo_scan_skip(scan, &skipped);
}

/* "load" of "load_seconds". */
static bool is_stage(calo_slice key, calo_slice *stage)
{
    static const char ending[] = "_seconds";
    size_t length = sizeof ending - 1;
    *stage = (calo_slice){key.start, key.size > length ? key.size - length : 0};
    return stage->size > 0 && memcmp(key.start + stage->size, ending, length) == 0;
}

/* Facts may hold anything; what is not of the expected kind is passed over. */
static void take_facts(calo_tally *tally, calo_slice facts)
{
    calo_scan scan = calo_scan_start(facts.start, facts.size);
    calo_slice key, stage, skipped;
    uint64_t views;
    double seconds;
    calo_scan_enter(&scan, '{');
    while (calo_scan_key(&scan, &key)) {
        char first = calo_scan_peek(&scan);
        bool number = first >= '0' && first <= '9';
        if (calo_slice_is(key, "quality"))
            take_quality(&scan, tally);
        else if (calo_slice_is(key, "warnings"))
            take_names(&scan, &tally->warnings, tally->settled);
        else if (number && calo_slice_is(key, "views") && calo_scan_unsigned(&scan, &views))
            tally->views += views;
        else if (number && is_stage(key, &stage) && calo_scan_number(&scan, &seconds))
            count_name(&tally->stages, stage, seconds < 1e12 ? seconds : 0, tally->settled);
        else
            calo_scan_skip(&scan, &skipped);
    }
}

/* ---- events ---- */

static void count_verdict(calo_tally *tally, calo_slice verdict)
{
    for (size_t i = 0; verdict.start && i < CALO_TALLY_VERDICTS; i++)
        tally->verdicts[i] += calo_slice_is(verdict, calo_tally_verdicts[i]);
}

static void leave_state(calo_tally *tally, const sample_item *sample, part_item *part)
{
    if (sample->state == CALO_SAMPLE_STAGED) {
        tally->staged--;
        part->staged--;
    } else if (sample->state == CALO_SAMPLE_FAILED) {
        tally->failed--;
        tally->failed_by[sample->reason]--;
    }
}

static void enter_state(calo_tally *tally, sample_item *sample, part_item *part, const calo_line *line)
{
    bool failed = line->kind == CALO_EVENT_FAILED;
    sample->state = failed ? CALO_SAMPLE_FAILED : CALO_SAMPLE_STAGED;
    sample->reason = (uint8_t)line->reason;
    tally->failed += failed;
    tally->failed_by[line->reason] += failed;
    tally->staged += !failed;
    part->staged += !failed;
    if (failed || !part->done)
        return;
    part->done = false; /* nothing was left of it, and now there is something */
    tally->parts--;
    tally->empty_parts--;
}

static calo_status take_sample(calo_tally *tally, const calo_line *line, calo_error *err)
{
    void *sample, *part;
    calo_status status = calo_pages_take(&tally->samples, line->sample, &sample, err);
    if (status == CALO_OK)
        status = calo_pages_take(&tally->part_states, line->part, &part, err);
    if (status != CALO_OK || ((part_item *)part)->filled)
        return status;
    bool again = ((sample_item *)sample)->state == CALO_SAMPLE_STAGED && line->kind == CALO_EVENT_STAGED;
    tally->render_seconds += line->seconds;
    tally->fetch_seconds += line->fetch_seconds;
    count_verdict(tally, line->verdict);
    leave_state(tally, sample, part);
    enter_state(tally, sample, part, line);
    if (again)
        return CALO_OK; /* what was staged was lost, and made anew */
    count_settled(tally, line->kind == CALO_EVENT_FAILED);
    if (line->kind == CALO_EVENT_STAGED && line->facts.start)
        take_facts(tally, line->facts);
    return CALO_OK;
}

static calo_status take_part(calo_tally *tally, const calo_line *line, calo_error *err)
{
    void *item;
    calo_status status = calo_pages_take(&tally->part_states, line->part, &item, err);
    part_item *part = item;
    if (status != CALO_OK || part->filled)
        return status;
    tally->parts += !part->done;
    tally->empty_parts += !part->done;
    part->done = true;
    tally->write_seconds += line->seconds;
    if (!line->path.start)
        return CALO_OK;
    part->filled = true;
    tally->empty_parts--;
    tally->bytes += line->bytes;
    tally->done += part->staged;
    tally->staged -= part->staged;
    return CALO_OK;
}

static void take_stop(calo_tally *tally, calo_slice facts)
{
    calo_scan scan = calo_scan_start(facts.start, facts.size);
    calo_slice key, skipped;
    uint64_t number;
    calo_scan_enter(&scan, '{');
    while (calo_scan_key(&scan, &key)) {
        char first = calo_scan_peek(&scan);
        if (first < '0' || first > '9' || !calo_scan_unsigned(&scan, &number))
            calo_scan_skip(&scan, &skipped);
        else if (calo_slice_is(key, "restarts"))
            tally->restarts += number;
        else if (calo_slice_is(key, "complete"))
            tally->complete = number > 0;
    }
}

static calo_status take_start(calo_tally *tally, const calo_line *line, calo_error *err)
{
    begin_session(tally, line->unix_seconds);
    if (!line->facts.start)
        return CALO_OK;
    free(tally->start_facts);
    tally->start_facts = strndup(line->facts.start, line->facts.size);
    return tally->start_facts ? CALO_OK : calo_fail_memory(err, "a run's facts", line->facts.size);
}

calo_status calo_tally_line(calo_tally *tally, const calo_line *line, calo_error *err)
{
    if (line->kind == CALO_EVENT_START)
        return take_start(tally, line, err);
    if (!tally->in_session)
        begin_session(tally, line->unix_seconds);
    if (line->unix_seconds > tally->last_time)
        tally->last_time = line->unix_seconds;
    switch (line->kind) {
    case CALO_EVENT_STAGED:
    case CALO_EVENT_FAILED:
        return take_sample(tally, line, err);
    case CALO_EVENT_PART:
        return take_part(tally, line, err);
    case CALO_EVENT_OBJECT:
        count_verdict(tally, line->verdict);
        tally->fetch_seconds += line->fetch_seconds;
        tally->left_out += line->reason != CALO_REASON_NONE;
        break;
    case CALO_EVENT_STOP:
        if (line->facts.start)
            take_stop(tally, line->facts);
        end_session(tally);
        break;
    case CALO_EVENT_START:
        break;
    }
    return CALO_OK;
}
