/* The run's numbers for the display. */
#include "base/clock.h"
#include "dataset/engine_state.h"

static void count_sample(calo_engine *engine, const calo_engine_sample *sample, double now, calo_live_numbers *numbers)
{
    numbers->fetching += sample->stage == CALO_STAGE_FETCHING;
    numbers->ready += sample->stage == CALO_STAGE_READY;
    numbers->writing += sample->stage == CALO_STAGE_SYNCING;
    if (sample->stage != CALO_STAGE_RENDERING || numbers->rendering == engine->worker_count)
        return;
    engine->live_workers[numbers->rendering++] =
        (calo_live_worker){sample->sample->objects[0].file_identifier, now - sample->given_time};
}

void calo_engine_show(calo_engine *engine)
{
    const calo_dataset_summary *summary = engine->summary;
    double now = calo_clock_seconds();
    if (!calo_live_is_due(engine->live, now))
        return;
    calo_live_numbers numbers = {
        .total = summary->samples, .done = summary->done, .failed = summary->failed,
        .before = summary->done_before + engine->failed_before, .restarts = calo_pool_restarts(engine->pool),
        .workers = engine->live_workers, .worker_count = engine->worker_count, .trouble = calo_queue_trouble(engine->queue),
    };
    for (size_t i = 0; i < engine->slot_count; i++)
        if (engine->slots[i])
            count_sample(engine, engine->slots[i], now, &numbers);
    for (size_t i = numbers.rendering; i < engine->worker_count; i++)
        engine->live_workers[i] = (calo_live_worker){0};
    for (const calo_engine_part *part = engine->parts; part; part = part->next_part)
        for (size_t i = 0; !part->committed && i < part->part.sample_count; i++)
            numbers.staged += part->samples[i].stage == CALO_STAGE_DONE;
    calo_live_show(engine->live, &numbers, now);
}
