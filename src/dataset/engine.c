/* The run's loop: parts -> fetch -> render -> stage -> commit -> journal. */
#include "dataset/engine.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "dataset/engine_state.h"
#include "dataset/report.h"

enum { WAIT_MS = 200, BUSY_WAIT_MS = 20 };
static const double default_grace_seconds = 30, keep_seconds = 0.2;

/* ---- one turn ---- */

static calo_status take_results(calo_engine *engine, calo_error *err)
{
    calo_status status = calo_engine_take_committed(engine, err);
    if (status == CALO_OK)
        status = calo_engine_take_rendered(engine, err);
    if (status == CALO_OK)
        status = calo_engine_take_fetched(engine, err);
    return status;
}

static calo_status begin_more(calo_engine *engine, calo_error *err)
{
    calo_status status = CALO_OK;
    if (!engine->stopping)
        status = calo_engine_take_parts(engine, err);
    if (status == CALO_OK && !engine->stopping)
        status = calo_engine_begin_samples(engine, err);
    return status == CALO_OK ? calo_engine_give_work(engine, err) : status;
}

static calo_status keep_queue(calo_engine *engine, calo_error *err)
{
    double now = calo_clock_seconds();
    if (now - engine->kept_time < keep_seconds)
        return CALO_OK;
    engine->kept_time = now;
    return calo_queue_keep(engine->queue, err);
}

static calo_status wait_for_news(calo_engine *engine, calo_error *err)
{
    int files[] = {calo_fetcher_event(engine->fetcher), calo_committer_event(engine->committer)};
    return calo_pool_wait(engine->pool, files, 2, engine->unsynced > 0 ? BUSY_WAIT_MS : WAIT_MS, err);
}

static calo_status turn(calo_engine *engine, calo_error *err)
{
    calo_status status = begin_more(engine, err);
    if (status == CALO_OK)
        status = wait_for_news(engine, err);
    if (status == CALO_OK)
        status = take_results(engine, err);
    if (status == CALO_OK)
        status = calo_engine_sync(engine, false, err);
    if (status == CALO_OK)
        status = keep_queue(engine, err);
    calo_engine_show(engine);
    return status;
}

/* ---- the end ---- */

static void stop(calo_engine *engine)
{
    engine->stopping = true;
    engine->stop_time = calo_clock_seconds();
}

/* After the first failure of the machine nothing more is begun. */
static void note_failure(calo_engine *engine, const calo_error *err)
{
    if (engine->failure == CALO_OK) {
        engine->failure = calo_failed(err);
        engine->failure_error = *err;
    }
    if (!engine->stopping)
        stop(engine);
}

/* Who is told to stop ends what is under way for a while; after a failure of the machine --resume does that anew. Parts that
 * are being committed are waited for in any case, but not their uploads. */
static bool is_over(calo_engine *engine)
{
    double grace = engine->options->grace_seconds > 0 ? engine->options->grace_seconds : default_grace_seconds;
    if (!engine->stopping)
        return engine->no_more_parts && !engine->parts;
    engine->abandoned = engine->failure != CALO_OK || calo_clock_seconds() - engine->stop_time > grace;
    if (calo_committer_load(engine->committer) > 0)
        return false;
    return engine->abandoned || (engine->rendering == 0 && engine->unsynced == 0);
}

static calo_status note_stop(calo_engine *engine, calo_error *err)
{
    char facts[64];
    snprintf(facts, sizeof facts, "{\"restarts\":%llu,\"complete\":%d}", (unsigned long long)calo_pool_restarts(engine->pool),
             !engine->stopping);
    calo_event event = {.kind = CALO_EVENT_STOP, .facts = facts};
    calo_status status = calo_engine_note(engine, &event, err);
    return status == CALO_OK ? calo_journal_sync(engine->journal, err) : status;
}

static calo_status end_run(calo_engine *engine, calo_error *err)
{
    calo_status status = calo_engine_sync(engine, true, err);
    engine->summary->interrupted = engine->stopping && engine->failure == CALO_OK;
    if (status == CALO_OK)
        status = engine->stopping ? calo_engine_give_back(engine, err) : calo_engine_write_index(engine, err);
    return status == CALO_OK ? note_stop(engine, err) : status;
}

static calo_status loop(calo_engine *engine, calo_error *err)
{
    while (!is_over(engine)) {
        calo_error trouble = {0};
        if (turn(engine, &trouble) != CALO_OK)
            note_failure(engine, &trouble);
        if (*engine->options->interrupted && !engine->stopping)
            stop(engine);
    }
    calo_error trouble = {0};
    if (end_run(engine, &trouble) != CALO_OK)
        note_failure(engine, &trouble);
    if (engine->failure != CALO_OK && err)
        *err = engine->failure_error;
    return engine->failure;
}

calo_status calo_dataset_run(const calo_dataset_options *options, calo_dataset_summary *summary, calo_error *err)
{
    double start = calo_clock_seconds();
    calo_engine engine = {.options = options, .summary = summary};
    *summary = (calo_dataset_summary){0};
    calo_error trouble;
    calo_status status = calo_engine_open(&engine, err);
    bool opened = status == CALO_OK;
    if (opened)
        status = loop(&engine, err);
    calo_engine_close(&engine);
    summary->seconds = calo_clock_seconds() - start;
    /* Of a run that nobody works on any more. One that the machine has ended has said so already. */
    if (opened && calo_report_write(options->run_folder, &trouble) != CALO_OK && status == CALO_OK)
        status = calo_fail(err, trouble.status, "%s", trouble.message);
    return status;
}
