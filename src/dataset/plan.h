/* Which objects become which samples and parts: numbers alone, the same for everybody who has list and options. */
#ifndef CALO_DATASET_PLAN_H
#define CALO_DATASET_PLAN_H

#include <calotype/job.h>

#include "dataset/object_list.h"

typedef struct calo_plan_options {
    calo_package package;
    calo_naming naming;           /* of samples; DEFAULT: by uid */
    uint32_t objects_per_sample;  /* --num-objects; 0 is 1 */
    uint32_t samples_per_part;    /* of webdataset and safetensors (0: 100) and torch (0: 10); others have 1 */
    double train_share;           /* of torch: the first so many of the shuffled samples are train, the rest test; 0 to 1 */
    uint64_t seed;                /* of what is drawn: which objects share a scene, the order of train and test */
} calo_plan_options;

typedef struct calo_plan calo_plan; /* small, whatever the list's length; used by one thread at a time, as the list is */

/* The list is borrowed for as long as the plan lives. Of two objects with the same name (by stem) both are named. */
calo_status calo_plan_create(const calo_plan_options *options, const calo_object_list *list, calo_plan **plan, calo_error *err);
void calo_plan_destroy(calo_plan *plan);
uint64_t calo_plan_sample_count(const calo_plan *plan);
uint64_t calo_plan_part_count(const calo_plan *plan);
/* How many samples a part has, without making it. */
size_t calo_plan_part_samples(const calo_plan *plan, uint64_t number);
calo_status calo_plan_part(const calo_plan *plan, uint64_t number, calo_part *part, calo_error *err);

#endif
