/* Parts: taken, committed, ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "dataset/destination.h"
#include "dataset/engine_state.h"

enum { SYNC_LINES = 256 };
static const double sync_seconds = 0.25;

/* ---- taking ---- */

/* Only paths such as workers get are believed, SCRATCH/staged/NUMBER/NAME: what lies there is moved, and its folder removed. */
static bool is_staged_path(const char *path, uint64_t number)
{
    char start[64];
    int length = snprintf(start, sizeof start, "scratch/workers/staged/%06llu/", (unsigned long long)number);
    return strncmp(path, start, (size_t)length) == 0 && calo_name_is_single(path + length);
}

char *calo_engine_staged_path(const calo_engine *engine, const calo_event *event)
{
    return event->path && is_staged_path(event->path, event->sample) ? calo_text_format("%s/%s", engine->run_folder, event->path)
                                                                     : NULL;
}

/* What an earlier run staged is taken up, if it is still there as the journal says. */
static calo_status take_up_sample(calo_engine *engine, calo_engine_sample *sample, calo_error *err)
{
    calo_event_copy staged;
    uint64_t bytes;
    calo_status status = calo_history_staged(engine->history, sample->sample->number, &staged, err);
    if (status != CALO_OK)
        return status;
    const calo_event *event = &staged.event;
    char *path = calo_engine_staged_path(engine, event);
    bool whole = path && event->part_sha256 && calo_path_sha256(path, &bytes, sample->sha256, NULL) == CALO_OK &&
                 bytes == event->bytes && strcmp(sample->sha256, event->part_sha256) == 0;
    if (whole) {
        sample->commit = (calo_commit_sample){path, bytes, sample->sha256};
        sample->staged_path = path;
        sample->stage = CALO_STAGE_DONE;
    } else {
        free(path);
    }
    calo_event_copy_finish(&staged);
    return status;
}

static calo_status take_up_samples(calo_engine *engine, calo_engine_part *part, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < part->part.sample_count; i++) {
        calo_engine_sample *sample = &part->samples[i];
        calo_sample_state state = calo_history_sample(engine->history, sample->sample->number);
        if (state == CALO_SAMPLE_STAGED || state == CALO_SAMPLE_DONE)
            status = take_up_sample(engine, sample, err);
        else if (state == CALO_SAMPLE_FAILED && !engine->options->retry_failed)
            sample->stage = CALO_STAGE_FAILED;
        if (sample->stage != CALO_STAGE_WAITING)
            part->open--;
    }
    return status;
}

static void free_part(calo_engine *engine, calo_engine_part *part)
{
    for (size_t i = 0; part->samples && i < part->part.sample_count; i++)
        calo_engine_sample_finish(engine, &part->samples[i]);
    free(part->samples);
    free(part->commit);
    free(part->line);
    calo_part_finish(&part->part);
    free(part);
}

/* Machines that took the part fell silent, one after the other: it is not made. */
static calo_status fail_part(calo_engine *engine, calo_engine_part *part, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < part->part.sample_count; i++) {
        const calo_sample *sample = part->samples[i].sample;
        calo_event event = {.kind = CALO_EVENT_FAILED, .part = part->part.number, .sample = sample->number, .name = sample->name,
                            .file_identifier = sample->objects[0].file_identifier, .sha256 = sample->objects[0].sha256,
                            .reason = CALO_REASON_CRASH,
                            .message = "every machine that took it from the queue fell silent: try it alone, on one machine"};
        part->samples[i].stage = CALO_STAGE_FAILED;
        engine->summary->failed++;
        status = calo_engine_note(engine, &event, err);
    }
    part->open = 0;
    return status;
}

/* Takes what `taken` holds, also when it fails. */
static calo_status add_part(calo_engine *engine, const calo_part *taken, bool spoiled, calo_error *err)
{
    calo_part left = *taken;
    calo_engine_part *part = calloc(1, sizeof *part);
    if (!part) {
        calo_part_finish(&left);
        return calo_fail_memory(err, "a part", sizeof *part);
    }
    part->part = left;
    part->open = left.sample_count;
    part->samples = calloc(left.sample_count, sizeof *part->samples);
    part->commit = calloc(left.sample_count, sizeof *part->commit);
    if (!part->samples || !part->commit) {
        free_part(engine, part);
        return calo_fail_memory(err, "a part", left.sample_count * sizeof *part->samples);
    }
    for (size_t i = 0; i < left.sample_count; i++)
        part->samples[i] = (calo_engine_sample){.part = part, .sample = &part->part.samples[i]};
    *engine->last_part = part;
    engine->last_part = &part->next_part;
    calo_status status = spoiled ? fail_part(engine, part, err) : take_up_samples(engine, part, err);
    engine->waiting += part->open;
    return status == CALO_OK ? calo_engine_part_progress(engine, part, err) : status;
}

calo_status calo_engine_tell_again(calo_engine *engine, uint64_t part, calo_error *err)
{
    calo_event_copy copy;
    bool first;
    calo_status status = calo_history_part(engine->history, part, &copy, err);
    if (status != CALO_OK)
        return status;
    calo_queue_result result = {.part = part, .json = copy.event.facts ? copy.event.facts : "{}"};
    status = calo_queue_done(engine->queue, &result, &first, err);
    calo_event_copy_finish(&copy);
    return status;
}

/* The next part that an earlier run has not ended. */
static calo_status take_part(calo_engine *engine, calo_queue_state *state, calo_error *err)
{
    calo_part part;
    calo_status status = calo_queue_take(engine->queue, &part, state, err);
    if (status != CALO_OK || *state == CALO_QUEUE_LATER || *state == CALO_QUEUE_END)
        return status;
    bool again = engine->options->retry_failed && calo_history_part_empty(engine->history, part.number);
    if (again || !calo_history_part_done(engine->history, part.number))
        return add_part(engine, &part, *state == CALO_QUEUE_SPOILED, err);
    if (engine->options->queue_url)
        status = calo_engine_tell_again(engine, part.number, err);
    calo_part_finish(&part);
    return status;
}

calo_status calo_engine_take_parts(calo_engine *engine, calo_error *err)
{
    calo_queue_state state = CALO_QUEUE_PART;
    calo_status status = CALO_OK;
    while (status == CALO_OK && state != CALO_QUEUE_LATER && !engine->stopping && !engine->no_more_parts &&
           engine->waiting < engine->ahead) {
        status = take_part(engine, &state, err);
        engine->no_more_parts |= status == CALO_OK && state == CALO_QUEUE_END;
    }
    return status;
}

/* ---- committing ---- */

calo_status calo_engine_part_progress(calo_engine *engine, calo_engine_part *part, calo_error *err)
{
    if (part->open > 0 || part->committing)
        return CALO_OK;
    for (size_t i = 0; i < part->part.sample_count; i++)
        if (part->samples[i].stage == CALO_STAGE_DONE)
            part->commit[i] = part->samples[i].commit;
    part->committing = true;
    return calo_commit_part(engine->committer, &part->part, part->commit, err);
}

static calo_status end_part(calo_engine *engine, const calo_committed *committed, calo_error *err)
{
    calo_engine_part *part = engine->parts;
    while (part->part.number != committed->ticket)
        part = part->next_part;
    calo_event event = {.kind = CALO_EVENT_PART, .part = part->part.number, .sample = part->part.samples[0].number,
                        .name = part->part.name, .path = committed->path, .bytes = committed->bytes,
                        .part_sha256 = committed->path ? committed->sha256 : NULL, .seconds = committed->seconds};
    part->committed = true;
    part->line = calo_engine_part_line(part, committed);
    if (!part->line)
        return calo_fail_memory(err, "a line", 0);
    event.facts = part->line;
    for (size_t i = 0; i < part->part.sample_count; i++)
        engine->summary->done += part->samples[i].stage == CALO_STAGE_DONE;
    return calo_engine_note(engine, &event, err);
}

calo_status calo_engine_take_committed(calo_engine *engine, calo_error *err)
{
    calo_committed committed;
    calo_status status = CALO_OK;
    while (status == CALO_OK && calo_committer_take(engine->committer, &committed)) {
        bool spoiled = committed.status == CALO_ERROR_FORMAT || committed.status == CALO_ERROR_NOT_FOUND;
        if (committed.kind == CALO_COMMIT_STAGE && spoiled)
            status = calo_engine_sample_spoiled(engine, &committed, err);
        else if (committed.status != CALO_OK)
            status = calo_fail(err, committed.status, "%s", committed.err.message);
        else if (committed.kind == CALO_COMMIT_STAGE)
            status = calo_engine_sample_staged(engine, &committed, err);
        else
            status = end_part(engine, &committed, err);
        calo_committed_finish(&committed);
    }
    return status;
}

/* ---- ending ---- */

/* What was staged may go: the part is in the destination, and the journal has it. */
static void remove_staged(const calo_engine_part *part)
{
    for (size_t i = 0; i < part->part.sample_count; i++) {
        const char *path = part->samples[i].staged_path;
        char *folder = path ? strndup(path, calo_path_folder_length(path) - 1) : NULL;
        if (folder)
            calo_folder_remove(folder);
        free(folder);
    }
}

static calo_status let_go(calo_engine *engine, calo_engine_part *part, calo_error *err)
{
    bool first;
    calo_queue_result result = {.part = part->part.number, .json = part->line};
    calo_status status = calo_queue_done(engine->queue, &result, &first, err);
    if (status == CALO_OK)
        remove_staged(part);
    return status;
}

static calo_status let_go_of_committed(calo_engine *engine, calo_error *err)
{
    calo_status status = CALO_OK;
    calo_engine_part **at = &engine->parts;
    while (*at && status == CALO_OK) {
        calo_engine_part *part = *at;
        if (!part->committed) {
            at = &part->next_part;
            continue;
        }
        status = let_go(engine, part, err);
        if (status != CALO_OK)
            break;
        *at = part->next_part;
        free_part(engine, part);
    }
    for (engine->last_part = &engine->parts; *engine->last_part;)
        engine->last_part = &(*engine->last_part)->next_part;
    return status;
}

/* Who started the run may follow it. When nobody reads any more, nothing is lost. */
static void tell(const calo_engine *engine)
{
    size_t size;
    const char *line = calo_journal_last(engine->journal, &size);
    if (engine->options->events >= 0)
        calo_file_write_all(engine->options->events, line, size);
}

calo_status calo_engine_note(calo_engine *engine, const calo_event *event, calo_error *err)
{
    calo_event timed = *event;
    timed.unix_seconds = calo_unix_seconds();
    calo_status status = calo_journal_add(engine->journal, &timed, err);
    if (status != CALO_OK)
        return status;
    engine->unsynced++;
    tell(engine);
    return calo_csv_log_event(engine->log, &timed, err);
}

calo_status calo_engine_sync(calo_engine *engine, bool now, calo_error *err)
{
    double time = calo_clock_seconds();
    if (engine->unsynced == 0 || (!now && engine->unsynced < SYNC_LINES && time - engine->synced_time < sync_seconds))
        return CALO_OK;
    calo_status status = calo_journal_sync(engine->journal, err);
    engine->unsynced = 0;
    engine->synced_time = time;
    return status == CALO_OK ? let_go_of_committed(engine, err) : status;
}

calo_status calo_engine_give_back(calo_engine *engine, calo_error *err)
{
    calo_status status = CALO_OK;
    while (engine->parts) {
        calo_engine_part *part = engine->parts;
        if (status == CALO_OK)
            status = calo_queue_give_back(engine->queue, part->part.number, err);
        engine->parts = part->next_part;
        free_part(engine, part);
    }
    engine->last_part = &engine->parts;
    return status;
}
