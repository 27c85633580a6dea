/* What a queue is inside: its kind's functions in front of its kind's state. */
#ifndef CALO_DATASET_QUEUE_KIND_H
#define CALO_DATASET_QUEUE_KIND_H

#include "dataset/queue.h"

/* As the functions of queue.h; NULL: nothing is to be done. */
typedef struct calo_queue_kind {
    void (*close)(calo_queue *queue);
    calo_status (*take)(calo_queue *queue, calo_part *part, calo_queue_state *state, calo_error *err);
    calo_status (*done)(calo_queue *queue, const calo_queue_result *result, bool *first, calo_error *err);
    calo_status (*give_back)(calo_queue *queue, uint64_t part, calo_error *err);
    calo_status (*keep)(calo_queue *queue, calo_error *err);
    void (*counts)(const calo_queue *queue, uint64_t *parts, uint64_t *done);
    const char *(*trouble)(const calo_queue *queue);
    calo_status (*results)(calo_queue *queue, void (*visit)(void *user, const calo_queue_result *result), void *user,
                           calo_error *err);
} calo_queue_kind;

/* The first member of every kind's own struct. */
struct calo_queue {
    const calo_queue_kind *kind;
};

#endif
