/* A plan's parts, or a shard of them, for this machine alone. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "dataset/queue_kind.h"

/* Parts of a shard are counted by their turn: part = shard.index + turn * shard.count. */
typedef struct plan_queue {
    calo_queue base;
    const calo_plan *plan;
    calo_shard shard;
    uint64_t turns, next;   /* how many parts there are, and which comes next */
    uint64_t done_count;
    uint8_t *done;          /* a bit a turn */
    uint64_t *given_back;   /* turns */
    size_t given_back_count, given_back_room;
} plan_queue;

static bool is_done(const plan_queue *queue, uint64_t turn)
{
    return queue->done[turn / 8] >> turn % 8 & 1;
}

static calo_status turn_of(const plan_queue *queue, uint64_t part, uint64_t *turn, calo_error *err)
{
    *turn = part / queue->shard.count;
    if (part % queue->shard.count == queue->shard.index && *turn < queue->turns)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT,
                     "part %" PRIu64 " is not one of shard %u/%u of this plan (it ends after %" PRIu64
                     " parts): was the run begun with another --shard?",
                     part, queue->shard.index, queue->shard.count, queue->turns);
}

static void plan_close(calo_queue *base)
{
    plan_queue *queue = (plan_queue *)base;
    free(queue->done);
    free(queue->given_back);
    free(queue);
}

/* Those that were given back come first. */
static bool next_turn(plan_queue *queue, uint64_t *turn)
{
    while (queue->given_back_count) {
        *turn = queue->given_back[--queue->given_back_count];
        if (!is_done(queue, *turn))
            return true;
    }
    while (queue->next < queue->turns) {
        *turn = queue->next++;
        if (!is_done(queue, *turn))
            return true;
    }
    return false;
}

static calo_status plan_take(calo_queue *base, calo_part *part, calo_queue_state *state, calo_error *err)
{
    plan_queue *queue = (plan_queue *)base;
    uint64_t turn;
    *state = CALO_QUEUE_END;
    if (!next_turn(queue, &turn))
        return CALO_OK;
    *state = CALO_QUEUE_PART;
    return calo_plan_part(queue->plan, queue->shard.index + turn * queue->shard.count, part, err);
}

static calo_status plan_done(calo_queue *base, const calo_queue_result *result, bool *first, calo_error *err)
{
    plan_queue *queue = (plan_queue *)base;
    uint64_t turn;
    calo_status status = turn_of(queue, result->part, &turn, err);
    if (status)
        return status;
    *first = !is_done(queue, turn);
    queue->done_count += *first;
    queue->done[turn / 8] |= (uint8_t)(1u << turn % 8);
    return CALO_OK;
}

static calo_status plan_give_back(calo_queue *base, uint64_t part, calo_error *err)
{
    plan_queue *queue = (plan_queue *)base;
    uint64_t turn;
    calo_status status = turn_of(queue, part, &turn, err);
    if (status)
        return status;
    if (queue->given_back_count == queue->given_back_room) {
        size_t room = queue->given_back_room ? 2 * queue->given_back_room : 16;
        uint64_t *larger = realloc(queue->given_back, room * sizeof *larger);
        if (!larger)
            return calo_fail_memory(err, "parts that are given back", room * sizeof *larger);
        queue->given_back = larger;
        queue->given_back_room = room;
    }
    queue->given_back[queue->given_back_count++] = turn;
    return CALO_OK;
}

static void plan_counts(const calo_queue *base, uint64_t *parts, uint64_t *done)
{
    const plan_queue *queue = (const plan_queue *)base;
    *parts = queue->turns;
    *done = queue->done_count;
}

static const calo_queue_kind plan_kind = {
    .close = plan_close,
    .take = plan_take,
    .done = plan_done,
    .give_back = plan_give_back,
    .counts = plan_counts,
};

calo_status calo_queue_open_plan(const calo_plan *plan, calo_shard shard, calo_queue **opened, calo_error *err)
{
    if (!shard.count)
        shard.count = 1;
    uint64_t parts = calo_plan_part_count(plan);
    uint64_t turns = parts > shard.index ? (parts - shard.index - 1) / shard.count + 1 : 0;
    plan_queue *queue = calloc(1, sizeof *queue);
    if (queue)
        queue->done = calloc(turns / 8 + 1, 1);
    if (!queue || !queue->done) {
        free(queue);
        return calo_fail_memory(err, "the plan's queue", turns / 8 + 1);
    }
    queue->base.kind = &plan_kind;
    queue->plan = plan;
    queue->shard = shard;
    queue->turns = turns;
    *opened = &queue->base;
    return CALO_OK;
}
