/* Work shared by threads. */
#ifndef CALO_BASE_THREAD_H
#define CALO_BASE_THREAD_H

#include <calotype/status.h>

/* The cores that this process may run on (its affinity mask, at least 1). */
uint32_t calo_thread_cores(void);

/* Called for each index in [0, count), in any order; `worker` is below the number of threads and
 * no two calls with the same worker run at once. Anything but CALO_OK stops the rest. */
typedef calo_status (*calo_thread_task)(void *user, uint32_t worker, size_t index, calo_error *err);

/* Runs the task on up to `threads` threads (0: one a core), this one among them, and waits for
 * all. Returns the failure with the lowest index seen. */
calo_status calo_thread_for(uint32_t threads, size_t count, calo_thread_task task, void *user, calo_error *err);

#endif
