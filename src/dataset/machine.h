/* Where a run works, for its journal and report. */
#ifndef CALO_DATASET_MACHINE_H
#define CALO_DATASET_MACHINE_H

#include "base/blob.h"

/* Appends one line of JSON (no newline): the facts of a START event. `sandbox`: how workers are held, in words; or NULL. */
calo_status calo_machine_facts(calo_blob *blob, uint32_t workers, const char *sandbox, calo_error *err);

#endif
