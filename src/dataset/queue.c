#include "dataset/queue_kind.h"

void calo_queue_close(calo_queue *queue)
{
    if (queue)
        queue->kind->close(queue);
}

calo_status calo_queue_take(calo_queue *queue, calo_part *part, calo_queue_state *state, calo_error *err)
{
    return queue->kind->take(queue, part, state, err);
}

calo_status calo_queue_done(calo_queue *queue, const calo_queue_result *result, bool *first, calo_error *err)
{
    return queue->kind->done(queue, result, first, err);
}

calo_status calo_queue_give_back(calo_queue *queue, uint64_t part, calo_error *err)
{
    return queue->kind->give_back(queue, part, err);
}

calo_status calo_queue_keep(calo_queue *queue, calo_error *err)
{
    return queue->kind->keep ? queue->kind->keep(queue, err) : CALO_OK;
}

void calo_queue_counts(const calo_queue *queue, uint64_t *parts, uint64_t *done)
{
    queue->kind->counts(queue, parts, done);
}

const char *calo_queue_trouble(const calo_queue *queue)
{
    return queue->kind->trouble ? queue->kind->trouble(queue) : NULL;
}

calo_status calo_queue_results(calo_queue *queue, void (*visit)(void *user, const calo_queue_result *result), void *user,
                               calo_error *err)
{
    return queue->kind->results ? queue->kind->results(queue, visit, user, err) : CALO_OK;
}
