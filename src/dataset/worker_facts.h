/* What is told of a sample that was rendered. */
#ifndef CALO_DATASET_WORKER_FACTS_H
#define CALO_DATASET_WORKER_FACTS_H

#include <calotype/job.h>

#include "base/blob.h"
#include "dataset/reason.h"

/* An object of a scene that could not be used, while others made the sample. */
typedef struct calo_left_out {
    const char *identifier;
    calo_reason reason;
    const char *message;
} calo_left_out;

/* Appends one line of JSON with a NUL behind it; also of what was rejected. Of scenes "left_out" has what was left out:
 * "file_identifier", "reason", "message". */
calo_status calo_worker_print_facts(const calo_item_result *result, const calo_left_out *left_out, size_t left_out_count,
                                    calo_blob *facts, calo_error *err);

#endif
