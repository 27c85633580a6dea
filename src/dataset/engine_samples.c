/* Samples: fetched, rendered by a worker, staged. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "dataset/engine_state.h"
#include "dataset/journal_line.h"

/* A ticket of workers and the committer is the sample's slot, since a queue could have a number twice; one of the fetcher is
 * slot * OBJECTS_MAX + object. */
enum { OBJECTS_MAX = 1024 };

/* ---- the journal's lines ---- */

/* Which of the sample's objects a line is about. */
static void describe_object(const calo_engine_sample *sample, size_t index, calo_event *event)
{
    const calo_fetched *fetched = &sample->fetched[index];
    event->sample = sample->sample->number;
    event->part = sample->part->part.number;
    event->name = sample->sample->name;
    event->file_identifier = sample->sample->objects[index].file_identifier;
    event->sha256 = fetched->sha256[0] ? fetched->sha256 : sample->sample->objects[index].sha256;
    event->verdict = calo_verdict_name(fetched->verdict);
    event->fetch_seconds = fetched->seconds;
}

/* A worker may have been taken over by an object: what it tells is kept only if it is what it should be. */
static const char *facts_of(const calo_engine_sample *sample)
{
    const char *facts = sample->result.facts;
    return facts && calo_facts_are_valid(facts) ? facts : NULL;
}

/* Of scenes of several objects: a line each. */
static calo_status note_objects(calo_engine *engine, const calo_engine_sample *sample, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && sample->sample->object_count > 1 && i < sample->sample->object_count; i++) {
        calo_event event = {.kind = CALO_EVENT_OBJECT, .reason = sample->fetched[i].reason,
                            .message = sample->fetched[i].reason ? sample->fetched[i].message : NULL};
        describe_object(sample, i, &event);
        status = calo_engine_note(engine, &event, err);
    }
    return status;
}

/* ---- ends ---- */

/* Downloads may go; what is said of them stays. */
static void release_files(calo_engine *engine, calo_engine_sample *sample)
{
    for (size_t i = 0; sample->fetched && i < sample->sample->object_count; i++) {
        calo_fetched files = sample->fetched[i];
        if (files.hold || files.path)
            calo_fetch_release(engine->fetcher, &files);
        sample->fetched[i].hold = sample->fetched[i].path = NULL;
    }
}

static void release_objects(calo_engine *engine, calo_engine_sample *sample)
{
    release_files(engine, sample);
    free(sample->fetched);
    sample->fetched = NULL;
}

static void leave_slot(calo_engine *engine, calo_engine_sample *sample)
{
    release_objects(engine, sample);
    engine->slots[sample->slot] = NULL;
    engine->slots_used--;
    engine->syncing -= sample->stage == CALO_STAGE_SYNCING;
}

void calo_engine_sample_finish(calo_engine *engine, calo_engine_sample *sample)
{
    if (sample->fetched)
        leave_slot(engine, sample);
    calo_task_result_finish(&sample->result);
    free(sample->staged_path);
}

static calo_status fail_sample(calo_engine *engine, calo_engine_sample *sample, size_t object, calo_reason reason,
                               const char *message, calo_error *err)
{
    calo_event event = {.kind = CALO_EVENT_FAILED, .reason = reason, .message = message, .seconds = sample->result.seconds,
                        .facts = facts_of(sample)};
    describe_object(sample, object, &event);
    calo_status status = note_objects(engine, sample, err);
    if (status == CALO_OK)
        status = calo_engine_note(engine, &event, err);
    calo_live_failure(engine->live, event.file_identifier, reason);
    sample->stage = CALO_STAGE_FAILED;
    engine->summary->failed++;
    leave_slot(engine, sample);
    sample->part->open--;
    return status == CALO_OK ? calo_engine_part_progress(engine, sample->part, err) : status;
}

/* ---- fetching ---- */

static calo_status begin_sample(calo_engine *engine, calo_engine_sample *sample, size_t slot, calo_error *err)
{
    size_t count = sample->sample->object_count;
    calo_status status = CALO_OK;
    sample->fetched = calloc(count, sizeof *sample->fetched);
    if (!sample->fetched)
        return calo_fail_memory(err, "a sample", count * sizeof *sample->fetched);
    sample->slot = slot;
    sample->stage = CALO_STAGE_FETCHING;
    engine->slots[slot] = sample;
    engine->slots_used++;
    engine->waiting--;
    for (size_t i = 0; status == CALO_OK && i < count; i++) {
        status = calo_fetch(engine->fetcher, slot * OBJECTS_MAX + i, &sample->sample->objects[i], err);
        sample->fetches_left += status == CALO_OK;
    }
    return status;
}

static calo_engine_sample *next_waiting(calo_engine *engine)
{
    for (calo_engine_part *part = engine->parts; part; part = part->next_part)
        while (part->next < part->part.sample_count) {
            calo_engine_sample *sample = &part->samples[part->next++];
            if (sample->stage == CALO_STAGE_WAITING)
                return sample;
        }
    return NULL;
}

static bool is_room(const calo_engine *engine)
{
    return engine->slots_used - engine->syncing < engine->ahead && engine->slots_used < engine->slot_count &&
           calo_committer_load(engine->committer) < CALO_ENGINE_WRITING_MAX;
}

calo_status calo_engine_begin_samples(calo_engine *engine, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t slot = 0; status == CALO_OK && engine->waiting > 0 && is_room(engine); slot++) {
        if (engine->slots[slot])
            continue;
        calo_engine_sample *sample = next_waiting(engine);
        if (!sample)
            break;
        status = begin_sample(engine, sample, slot, err);
    }
    return status;
}

/* All of the sample's objects have come, or will not. */
static calo_status end_fetching(calo_engine *engine, calo_engine_sample *sample, calo_error *err)
{
    for (size_t i = 0; i < sample->sample->object_count; i++)
        if (sample->fetched[i].reason == CALO_REASON_NONE) {
            sample->stage = CALO_STAGE_READY;
            engine->ready[(engine->ready_first + engine->ready_count++) % engine->slot_count] = sample;
            return CALO_OK;
        }
    return fail_sample(engine, sample, 0, sample->fetched[0].reason, sample->fetched[0].message, err);
}

calo_status calo_engine_take_fetched(calo_engine *engine, calo_error *err)
{
    calo_fetched fetched;
    calo_status status = CALO_OK;
    while (status == CALO_OK && calo_fetcher_take(engine->fetcher, &fetched)) {
        calo_engine_sample *sample = engine->slots[fetched.ticket / OBJECTS_MAX];
        if (fetched.stop) {
            status = calo_fail(err, CALO_ERROR_IO, "%s", fetched.message);
            calo_fetch_release(engine->fetcher, &fetched);
            break;
        }
        sample->fetched[fetched.ticket % OBJECTS_MAX] = fetched;
        if (--sample->fetches_left == 0)
            status = end_fetching(engine, sample, err);
    }
    return status;
}

/* ---- rendering ---- */

calo_status calo_engine_give_work(calo_engine *engine, calo_error *err)
{
    calo_status status = CALO_OK;
    const char *paths[OBJECTS_MAX];
    while (status == CALO_OK && !engine->stopping && engine->ready_count > 0 && calo_pool_idle(engine->pool) > 0) {
        calo_engine_sample *sample = engine->ready[engine->ready_first];
        uint64_t number = sample->sample->number;
        engine->ready_first = (engine->ready_first + 1) % engine->slot_count;
        engine->ready_count--;
        for (size_t i = 0; i < sample->sample->object_count; i++)
            paths[i] = sample->fetched[i].reason == CALO_REASON_NONE ? sample->fetched[i].path : NULL;
        calo_task task = {.ticket = sample->slot, .sample = sample->sample, .paths = paths,
                          .thumbnail = engine->picture_stride > 0 && number % engine->picture_stride == 0};
        sample->stage = CALO_STAGE_RENDERING;
        sample->given_time = calo_clock_seconds();
        engine->rendering++;
        status = calo_pool_give(engine->pool, &task, err);
    }
    return status;
}

/* Into the run's pictures, where the report finds it by the sample's name. */
static void keep_picture(const calo_engine *engine, const calo_engine_sample *sample)
{
    if (!sample->result.thumbnail_path)
        return;
    char *path = calo_text_format("%s/%s.png", engine->picture_folder, sample->sample->name);
    if (!path || rename(sample->result.thumbnail_path, path) != 0)
        remove(sample->result.thumbnail_path); /* the report lacks a picture, no more */
    free(path);
}

/* The first object that was there: others have a line of their own. */
static size_t first_object(const calo_engine_sample *sample)
{
    size_t object = 0;
    while (sample->fetched[object].reason != CALO_REASON_NONE)
        object++;
    return object;
}

static calo_status end_rendering(calo_engine *engine, calo_engine_sample *sample, calo_error *err)
{
    calo_task_result *result = &sample->result;
    if (result->stop)
        return calo_fail(err, CALO_ERROR_IO, "%s", result->message);
    if (result->reason != CALO_REASON_NONE)
        return fail_sample(engine, sample, first_object(sample), result->reason, result->message, err);
    keep_picture(engine, sample);
    sample->staged_path = result->staged_path;
    result->staged_path = NULL;
    sample->stage = CALO_STAGE_SYNCING;
    engine->syncing++;
    release_files(engine, sample);
    return calo_commit_stage(engine->committer, sample->slot, sample->staged_path, err);
}

calo_status calo_engine_take_rendered(calo_engine *engine, calo_error *err)
{
    calo_task_result result;
    calo_status status = CALO_OK;
    while (status == CALO_OK && calo_pool_take(engine->pool, &result)) {
        calo_engine_sample *sample = engine->slots[result.ticket];
        sample->result = result;
        engine->rendering--;
        status = end_rendering(engine, sample, err);
    }
    return status;
}

/* ---- staged ---- */

/* Objects of a scene that the worker could not read, by its facts: failed, though the sample is not. */
static void note_left_out(calo_engine_sample *sample)
{
    size_t i;
    json_t *left_out, *facts = sample->result.facts ? json_loads(sample->result.facts, 0, NULL) : NULL, *one;
    left_out = json_object_get(facts, "left_out");
    json_array_foreach(left_out, i, one) {
        const char *identifier = json_string_value(json_object_get(one, "file_identifier"));
        const char *name = json_string_value(json_object_get(one, "reason")), *message = json_string_value(json_object_get(one, "message"));
        calo_reason reason;
        for (size_t k = 0; identifier && name && calo_reason_find(name, &reason) && k < sample->sample->object_count; k++) {
            calo_fetched *fetched = &sample->fetched[k];
            if (fetched->reason != CALO_REASON_NONE || strcmp(sample->sample->objects[k].file_identifier, identifier) != 0)
                continue;
            fetched->reason = reason;
            snprintf(fetched->message, sizeof fetched->message, "%s", message ? message : "");
        }
    }
    json_decref(facts);
}

calo_status calo_engine_sample_staged(calo_engine *engine, const calo_committed *committed, calo_error *err)
{
    calo_engine_sample *sample = engine->slots[committed->ticket];
    calo_event event = {.kind = CALO_EVENT_STAGED, .path = sample->staged_path + strlen(engine->run_folder) + 1,
                        .bytes = committed->bytes,
                        .part_sha256 = committed->sha256, .seconds = sample->result.seconds, .facts = facts_of(sample)};
    describe_object(sample, 0, &event);
    memcpy(sample->sha256, committed->sha256, sizeof sample->sha256);
    sample->commit = (calo_commit_sample){sample->staged_path, committed->bytes, sample->sha256};
    note_left_out(sample);
    calo_status status = note_objects(engine, sample, err);
    if (status == CALO_OK)
        status = calo_engine_note(engine, &event, err);
    leave_slot(engine, sample);
    sample->stage = CALO_STAGE_DONE;
    calo_task_result_finish(&sample->result);
    sample->part->open--;
    return status == CALO_OK ? calo_engine_part_progress(engine, sample->part, err) : status;
}

calo_status calo_engine_sample_spoiled(calo_engine *engine, const calo_committed *committed, calo_error *err)
{
    calo_engine_sample *sample = engine->slots[committed->ticket];
    return fail_sample(engine, sample, first_object(sample), CALO_REASON_CRASH, committed->err.message, err);
}
