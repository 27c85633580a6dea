/* What a worker process does: renders one sample after another for the pool that started it. */
#ifndef CALO_DATASET_WORKER_H
#define CALO_DATASET_WORKER_H

#include <calotype/job.h>

enum { CALO_WORKER_FD = 3 }; /* the worker's end of the socket, where the pool leaves it */

typedef struct calo_worker calo_worker; /* one a process, used by its first thread before there are others */

/* Hears from the pool what it is to be, and becomes it (worker_process.h). */
calo_status calo_worker_open(calo_worker **worker, calo_error *err);

/* Shuts itself in, opens the renderer and serves until the pool closes its end or dies. Options of `item` that are of one
 * sample are not read; paths in it are absolute, since the worker goes into each object's folder. `cache_folder`: that may be
 * written to beside the scratch folder; or NULL. */
calo_status calo_worker_run(calo_worker *worker, const calo_renderer_options *renderer, const calo_item_options *item,
                            const char *cache_folder, calo_error *err);

/* Tells the pool of a failure (`why` not NULL) and frees the worker. NULL is allowed. */
void calo_worker_close(calo_worker *worker, const calo_error *why);

#endif
