#include "dataset/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "dataset/name_set.h"
#include "dataset/permutation.h"

enum { OBJECTS_PER_SAMPLE_MAX = 1000, SAMPLES_PER_PART_MAX = 100000 };

struct calo_plan {
    const calo_object_list *list;
    calo_item_options naming; /* for calo_item_name */
    calo_package package;
    uint32_t objects_per_sample, samples_per_part;
    uint64_t object_count, sample_count;
    uint64_t train_samples, train_parts, part_count; /* without a split all is train */
    calo_permutation objects; /* which stand in one scene together */
    calo_permutation samples; /* of torch: train's first, then test's */
};

static calo_status check_options(const calo_plan_options *options, calo_error *err)
{
    if (options->objects_per_sample > OBJECTS_PER_SAMPLE_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u objects a scene are too many: there may be up to %d",
                         options->objects_per_sample, OBJECTS_PER_SAMPLE_MAX);
    if (options->samples_per_part > SAMPLES_PER_PART_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%u samples a shard or chunk are too many: there may be up to %d",
                         options->samples_per_part, SAMPLES_PER_PART_MAX);
    if (!(options->train_share >= 0 && options->train_share <= 1))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%g is no share for train: it is a number from 0 to 1",
                         options->train_share);
    return CALO_OK;
}

static uint32_t default_samples_per_part(calo_package package)
{
    switch (package) {
    case CALO_PACKAGE_WEBDATASET:
    case CALO_PACKAGE_SAFETENSORS: return 100;
    case CALO_PACKAGE_TORCH: return 10;
    case CALO_PACKAGE_FILES:
    case CALO_PACKAGE_ZIP: break;
    }
    return 1;
}

static uint64_t divide_up(uint64_t count, uint64_t by) { return count / by + (count % by != 0); }

/* As int(count * share), but 0.9 of ten is nine, however 0.9 is rounded. */
static uint64_t share_of(uint64_t count, double share)
{
    uint64_t part = (uint64_t)((double)count * share + 1e-6);
    return part < count ? part : count;
}

static void count_parts(calo_plan *plan, const calo_plan_options *options)
{
    uint32_t fixed = default_samples_per_part(options->package);
    plan->objects_per_sample = options->objects_per_sample ? options->objects_per_sample : 1;
    plan->samples_per_part = fixed > 1 && options->samples_per_part ? options->samples_per_part : fixed;
    plan->sample_count = divide_up(plan->object_count, plan->objects_per_sample);
    plan->train_samples = plan->package == CALO_PACKAGE_TORCH ? share_of(plan->sample_count, options->train_share)
                                                              : plan->sample_count;
    plan->train_parts = divide_up(plan->train_samples, plan->samples_per_part);
    plan->part_count = plan->train_parts +
                       divide_up(plan->sample_count - plan->train_samples, plan->samples_per_part);
}

/* Only the name depends on these; the caller frees the name. */
static calo_status name_object(const calo_plan *plan, const char *file_identifier, char **name, calo_error *err)
{
    calo_status status = calo_item_name(file_identifier, &plan->naming, name, err);
    if (status != CALO_OK || calo_name_is_plain(*name))
        return status;
    free(*name);
    *name = NULL;
    return calo_fail(err, CALO_ERROR_ARGUMENT,
                     "the stem of the object \"%.300s\" cannot be the name of its result: name results by uid instead",
                     file_identifier);
}

static calo_status name_of_index(const calo_plan *plan, uint64_t index, calo_object *object, char **name,
                                 calo_error *err)
{
    *name = NULL;
    calo_status status = calo_object_list_get(plan->list, index, object, err);
    return status == CALO_OK ? name_object(plan, object->file_identifier, name, err) : status;
}

/* Says which object had the name of the one at `second` before. */
static calo_status fail_collision(const calo_plan *plan, uint64_t second, const calo_object *object, const char *name,
                                  calo_error *err)
{
    for (uint64_t first = 0; first < second; first++) {
        calo_object other = {0};
        char *other_name = NULL;
        calo_status status = name_of_index(plan, first, &other, &other_name, err);
        bool same = status == CALO_OK && strcmp(name, other_name) == 0;
        if (same)
            status = calo_fail(err, CALO_ERROR_ARGUMENT,
                               "two objects would have the same name \"%.100s\": %.350s and %.350s; name results by "
                               "uid, or rename one", name, other.file_identifier, object->file_identifier);
        free(other_name);
        calo_object_finish(&other);
        if (status != CALO_OK)
            return status;
    }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "two objects would have the same name \"%.100s\"", name);
}

/* UUIDs of different identifiers differ; stems need not. */
static calo_status check_names(const calo_plan *plan, calo_error *err)
{
    calo_name_set seen = {0};
    calo_status status = CALO_OK;
    for (uint64_t i = 0; status == CALO_OK && i < plan->object_count; i++) {
        calo_object object = {0};
        char *name = NULL;
        bool known = false;
        status = name_of_index(plan, i, &object, &name, err);
        if (status == CALO_OK)
            status = calo_name_set_add(&seen, name, strlen(name), &known, err);
        if (status == CALO_OK && known)
            status = fail_collision(plan, i, &object, name, err);
        free(name);
        calo_object_finish(&object);
    }
    calo_name_set_finish(&seen);
    return status;
}

calo_status calo_plan_create(const calo_plan_options *options, const calo_object_list *list, calo_plan **plan,
                             calo_error *err)
{
    *plan = NULL;
    calo_status status = check_options(options, err);
    if (status != CALO_OK)
        return status;
    calo_plan *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "a plan", sizeof *made);
    made->list = list;
    made->package = options->package;
    made->naming.naming = options->naming == CALO_NAME_STEM ? CALO_NAME_STEM : CALO_NAME_UID;
    made->object_count = calo_object_list_count(list);
    count_parts(made, options);
    calo_random random = {options->seed};
    made->objects = calo_permutation_make(made->object_count, calo_random_next(&random));
    made->samples = calo_permutation_make(made->sample_count, calo_random_next(&random));
    if (made->naming.naming == CALO_NAME_STEM && made->objects_per_sample == 1)
        status = check_names(made, err);
    if (status == CALO_OK)
        *plan = made;
    else
        calo_plan_destroy(made);
    return status;
}

void calo_plan_destroy(calo_plan *plan) { free(plan); }

uint64_t calo_plan_sample_count(const calo_plan *plan) { return plan->sample_count; }

uint64_t calo_plan_part_count(const calo_plan *plan) { return plan->part_count; }

static calo_status fill_sample(const calo_plan *plan, uint64_t number, calo_sample *sample, calo_error *err)
{
    uint64_t first = number * plan->objects_per_sample, left = plan->object_count - first;
    size_t count = left < plan->objects_per_sample ? (size_t)left : plan->objects_per_sample;
    bool alone = plan->objects_per_sample == 1;
    sample->number = number;
    sample->objects = calloc(count, sizeof *sample->objects);
    if (!sample->objects)
        return calo_fail_memory(err, "a sample's objects", count * sizeof *sample->objects);
    sample->object_count = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t index = alone ? number : calo_permutation_at(&plan->objects, first + i);
        calo_status status = calo_object_list_get(plan->list, index, &sample->objects[i], err);
        if (status != CALO_OK)
            return status;
    }
    if (alone)
        return name_object(plan, sample->objects[0].file_identifier, &sample->name, err);
    sample->name = calo_text_format("scene-%06llu", (unsigned long long)number);
    return sample->name ? CALO_OK : calo_fail_memory(err, "a name", 32);
}

static calo_status name_part(const calo_plan *plan, calo_part *part, calo_error *err)
{
    bool train = part->number < plan->train_parts;
    unsigned long long number = train ? part->number : part->number - plan->train_parts;
    if (default_samples_per_part(plan->package) == 1)
        part->name = strdup(part->samples[0].name);
    else if (plan->package == CALO_PACKAGE_TORCH)
        part->name = calo_text_format("%s/%06llu", train ? "train" : "test", number);
    else
        part->name = calo_text_format("shard-%06llu", number);
    return part->name ? CALO_OK : calo_fail_memory(err, "a name", 32);
}

/* The part's samples in the order of the plan: the first one's place, and how many. */
static uint64_t part_range(const calo_plan *plan, uint64_t number, size_t *count)
{
    bool train = number < plan->train_parts;
    uint64_t first = train ? number * plan->samples_per_part
                           : plan->train_samples + (number - plan->train_parts) * plan->samples_per_part;
    uint64_t left = (train ? plan->train_samples : plan->sample_count) - first;
    *count = left < plan->samples_per_part ? (size_t)left : plan->samples_per_part;
    return first;
}

size_t calo_plan_part_samples(const calo_plan *plan, uint64_t number)
{
    size_t count;
    part_range(plan, number, &count);
    return count;
}

calo_status calo_plan_part(const calo_plan *plan, uint64_t number, calo_part *part, calo_error *err)
{
    *part = (calo_part){.number = number};
    if (number >= plan->part_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "there is no part %llu: the plan has %llu",
                         (unsigned long long)number, (unsigned long long)plan->part_count);
    size_t count;
    uint64_t first = part_range(plan, number, &count);
    calo_status status = CALO_OK;
    part->samples = calloc(count, sizeof *part->samples);
    if (!part->samples)
        return calo_fail_memory(err, "a part's samples", count * sizeof *part->samples);
    part->sample_count = count;
    for (size_t i = 0; i < count && status == CALO_OK; i++) {
        uint64_t at = first + i;
        uint64_t sample = plan->package == CALO_PACKAGE_TORCH ? calo_permutation_at(&plan->samples, at) : at;
        status = fill_sample(plan, sample, &part->samples[i], err);
    }
    if (status == CALO_OK)
        status = name_part(plan, part, err);
    if (status != CALO_OK)
        calo_part_finish(part);
    return status;
}
