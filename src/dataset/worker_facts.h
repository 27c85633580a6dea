/* What is told of a sample that was rendered. */
#ifndef CALO_DATASET_WORKER_FACTS_H
#define CALO_DATASET_WORKER_FACTS_H

#include <calotype/job.h>

#include "base/blob.h"

/* Appends one line of JSON with a NUL behind it; also of what was rejected. */
calo_status calo_worker_print_facts(const calo_item_result *result, calo_blob *facts, calo_error *err);

#endif
