/* What a worker process does: renders one sample after another for the pool that started it. */
#ifndef CALO_DATASET_WORKER_H
#define CALO_DATASET_WORKER_H

#include <calotype/job.h>

enum { CALO_WORKER_FD = 3 }; /* the worker's end of the socket, where the pool leaves it */

/* Serves until the supervisor closes its end or dies. Options of `item` that are of one sample are not read. */
calo_status calo_worker_run(calo_renderer *renderer, const calo_item_options *item, calo_error *err);

#endif
