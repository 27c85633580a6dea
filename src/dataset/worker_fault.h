/* Faults on purpose, for tests of the pool. */
#ifndef CALO_DATASET_WORKER_FAULT_H
#define CALO_DATASET_WORKER_FAULT_H

#include <calotype/status.h>

/* Does what the environment variable CALOTYPE_TEST_FAULT says of a file with this plain name, "KIND:NAME" with commas between:
 * hang, segfault, abort, exit, garbage (on the socket), allocate=BYTES, fill (the scratch folder's disk, up to 1 GiB),
 * escape (tries what the sandbox forbids; a failure names what worked). Without the variable it does nothing. */
calo_status calo_worker_fault(const char *name, const char *scratch_folder, calo_error *err);

#endif
