/* What a worker does to its own process: it dies with the supervisor, outlives signals to the terminal, and has limits. */
#ifndef CALO_DATASET_WORKER_PROCESS_H
#define CALO_DATASET_WORKER_PROCESS_H

#include <calotype/status.h>

/* Ends with process `parent`, which started it; closes all files but 0 to `last_file`; ignores what terminals and schedulers
 * send to whole groups, since the supervisor says when it is over; comes first when the machine is out of memory; leaves no
 * core. Fails when `parent` is gone. */
calo_status calo_worker_process_start(uint64_t parent, int last_file, calo_error *err);

/* Bounds the address space to what it is now and `memory_bytes` more, with what `threads` more threads take of it, so that
 * what is too large is refused at once. */
calo_status calo_worker_process_limit(uint64_t memory_bytes, uint32_t threads, calo_error *err);

#endif
