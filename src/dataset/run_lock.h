/* One supervisor a run: a lock of the system's, which ends with the process that holds it, however that ends. */
#ifndef CALO_DATASET_RUN_LOCK_H
#define CALO_DATASET_RUN_LOCK_H

#include <calotype/status.h>

/* Locks RUN/lock; the file tells who holds it. `fd` unlocks when it is closed. Held by another: CALO_ERROR_IO, which names
 * the process and its machine. */
calo_status calo_run_lock(const char *run_folder, int *fd, calo_error *err);

typedef struct calo_run_holder {
    bool alive;
    uint64_t process;
    char machine[256];
} calo_run_holder;
/* Whether somebody holds it, without disturbing anybody. */
calo_status calo_run_probe(const char *run_folder, calo_run_holder *holder, calo_error *err);

#endif
