/* Which of n machines this is: as it was told, or as the launcher's environment variables have it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "dataset/queue.h"

enum { MAX_SHARDS = 1000000, NAME_SIZE = 96 };

/* A launcher's word: where it says the index of a process, and where their number. */
typedef struct launcher {
    const char *name;
    const char *index, *count;      /* variables; count NULL: it gives none */
    const char *other_count;        /* where `count` is not set; or NULL */
    const char *only_with;          /* it counts only where this one is set as well; or NULL */
} launcher;

/* Slurm sets SLURM_PROCID and SLURM_NTASKS in the batch script as well, where there is one process and not SLURM_NTASKS of
 * them: only what srun started is a step. */
static const launcher launchers[] = {
    {"Slurm step", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_STEP_ID"},
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL, NULL},
    {"PMI", "PMI_RANK", "PMI_SIZE", NULL, NULL},
    {"PMIx", "PMIX_RANK", NULL, NULL, NULL},
    {"Kubernetes indexed job", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", NULL, NULL},
    {"torchrun", "RANK", "WORLD_SIZE", NULL, NULL},
};
enum { LAUNCHER_COUNT = sizeof launchers / sizeof *launchers, FIRST_OUTSIDE = 4 /* from here on they know nothing of Slurm */ };

/* What a launcher says. */
typedef struct claim {
    const char *name;     /* NULL: nothing */
    const char *variable; /* of the index */
    calo_shard shard;     /* count 0: it does not say */
} claim;

static bool set(const char *variable)
{
    const char *value = variable ? getenv(variable) : NULL;
    return value && *value;
}

static calo_status number(const char *variable, int64_t minimum, int64_t *value, calo_error *err)
{
    const char *text = getenv(variable);
    if (calo_parse_integer(text, value) && *value >= minimum && *value <= INT32_MAX)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--shard auto: %s is \"%.40s\", not a number from %d on: write --shard i/n",
                     variable, text, (int)minimum);
}

static calo_status check_range(const char *who, int64_t index, int64_t count, calo_shard *shard, calo_error *err)
{
    if (count < 1 || count > MAX_SHARDS || index < 0 || index >= count)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%s: number %lld of %lld: numbers go from 0 to one less than how many there are (at most %d)", who,
                         (long long)index, (long long)count, MAX_SHARDS);
    *shard = (calo_shard){(uint32_t)index, (uint32_t)count};
    return CALO_OK;
}

/* ---- each launcher ---- */

static calo_status ask_launcher(const launcher *of, claim *said, calo_error *err)
{
    if (!set(of->index) || (of->only_with && !set(of->only_with)))
        return CALO_OK;
    const char *counting = set(of->count) ? of->count : set(of->other_count) ? of->other_count : NULL;
    int64_t index, count;
    calo_status status = number(of->index, 0, &index, err);
    said->name = of->name;
    said->variable = of->index;
    said->shard = (calo_shard){(uint32_t)index, 0};
    if (status || !counting)
        return status;
    status = number(counting, 1, &count, err);
    return status ? status : check_range(of->index, index, count, &said->shard, err);
}

/* An array's numbers may begin anywhere and have a step, as in --array=10-40:10. */
static calo_status ask_array(claim *said, calo_error *err)
{
    int64_t id, count, first = 0, last = -1, step = 1;
    if (!set("SLURM_ARRAY_TASK_ID"))
        return CALO_OK;
    if (!set("SLURM_ARRAY_TASK_COUNT"))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--shard auto: SLURM_ARRAY_TASK_ID is set, but SLURM_ARRAY_TASK_COUNT is not: write --shard i/n");
    calo_status status = number("SLURM_ARRAY_TASK_ID", 0, &id, err);
    if (!status)
        status = number("SLURM_ARRAY_TASK_COUNT", 1, &count, err);
    if (!status && set("SLURM_ARRAY_TASK_MIN"))
        status = number("SLURM_ARRAY_TASK_MIN", 0, &first, err);
    if (!status && set("SLURM_ARRAY_TASK_STEP"))
        status = number("SLURM_ARRAY_TASK_STEP", 1, &step, err);
    if (!status && set("SLURM_ARRAY_TASK_MAX"))
        status = number("SLURM_ARRAY_TASK_MAX", 0, &last, err);
    if (status)
        return status;
    bool regular = id >= first && (id - first) % step == 0 && (last < 0 || (last - first) / step + 1 == count);
    if (!regular)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--shard auto: the Slurm array has %lld tasks, but their numbers (from %lld in steps of %lld; this "
                         "is %lld) have gaps: use an array such as 0-%lld, or write --shard i/n",
                         (long long)count, (long long)first, (long long)step, (long long)id, (long long)count - 1);
    said->name = "Slurm array";
    said->variable = "SLURM_ARRAY_TASK_ID";
    return check_range(said->variable, (id - first) / step, count, &said->shard, err);
}

/* ---- all together ---- */

static calo_status contradiction(const claim *a, const claim *b, calo_error *err)
{
    char said[2][NAME_SIZE];
    const claim *both[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const claim *of = both[i];
        if (of->shard.count)
            snprintf(said[i], sizeof said[i], "%s (%s) says %u of %u", of->name, of->variable, of->shard.index, of->shard.count);
        else
            snprintf(said[i], sizeof said[i], "%s (%s) says %u", of->name, of->variable, of->shard.index);
    }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--shard auto: %s, but %s: write --shard i/n", said[0], said[1]);
}

static bool same(calo_shard a, calo_shard b)
{
    return a.index == b.index && a.count == b.count;
}

/* A rank without a count, as PMIx has it: good where another launcher gives both. One that started one process alone vouches
 * for PMIx only, since Kubernetes' pods are not its processes. */
static calo_status check_uncounted(const claim *uncounted, bool of_launcher, const claim *all, calo_error *err)
{
    if (!all->name || (all->shard.count == 1 && !of_launcher))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--shard auto: %s is set (%s), but not of how many it is: %swrite --shard $%s/n", uncounted->variable,
                         uncounted->name,
                         of_launcher ? "" : "set JOB_COMPLETIONS or WORLD_SIZE to that, or ", uncounted->variable);
    return uncounted->shard.index == all->shard.index ? CALO_OK : contradiction(all, uncounted, err);
}

/* The launchers first..end: one of them, and none that says otherwise. One that started one process alone leaves the word to
 * another. */
static calo_status agree(const claim *claims, size_t first, size_t end, claim *all, calo_error *err)
{
    for (size_t i = first; i < end; i++) {
        if (!claims[i].name || !claims[i].shard.count)
            continue;
        if (!all->name || all->shard.count == 1)
            *all = claims[i];
        else if (claims[i].shard.count > 1 && !same(claims[i].shard, all->shard))
            return contradiction(all, &claims[i], err);
    }
    for (size_t i = first; i < end; i++) {
        if (!claims[i].name || claims[i].shard.count)
            continue;
        calo_status status = check_uncounted(&claims[i], i < FIRST_OUTSIDE, all, err);
        if (status)
            return status;
    }
    return CALO_OK;
}

/* Each task of an array may be several processes: srun's or mpirun's, which know nothing of the array. */
static calo_status combine(const claim *array, const claim *inside, const claim *outside, calo_shard *shard, const char **found,
                           calo_error *err)
{
    bool several_inside = inside->name && inside->shard.count > 1;
    if (outside->name && outside->shard.count > 1 && (several_inside || !same(outside->shard, array->shard)))
        return contradiction(several_inside ? inside : array, outside, err);
    *found = several_inside ? "Slurm array and the processes of each task" : array->name;
    *shard = array->shard;
    if (!several_inside)
        return CALO_OK;
    return check_range("--shard auto: array times processes",
                       (int64_t)array->shard.index * inside->shard.count + inside->shard.index,
                       (int64_t)array->shard.count * inside->shard.count, shard, err);
}

static calo_status find_shard(calo_shard *shard, const char **found, calo_error *err)
{
    claim array = {0}, claims[LAUNCHER_COUNT] = {{0}}, all = {0}, inside = {0}, outside = {0};
    calo_status status = ask_array(&array, err);
    for (size_t i = 0; !status && i < LAUNCHER_COUNT; i++)
        status = ask_launcher(&launchers[i], &claims[i], err);
    if (status)
        return status;
    if (array.name && array.shard.count > 1) {
        status = agree(claims, 0, FIRST_OUTSIDE, &inside, err);
        if (!status)
            status = agree(claims, FIRST_OUTSIDE, LAUNCHER_COUNT, &outside, err);
        return status ? status : combine(&array, &inside, &outside, shard, found, err);
    }
    status = agree(claims, 0, LAUNCHER_COUNT, &all, err);
    if (status)
        return status;
    if (!all.name)
        all = array;
    if (!all.name)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--shard auto: no variable of Slurm (an array, or srun), MPI, a Kubernetes indexed job or torchrun is "
                         "set%s: write --shard i/n",
                         set("SLURM_JOB_ID") ? ", as in a batch script that does not use srun" : "");
    *shard = all.shard;
    *found = all.name;
    return CALO_OK;
}

calo_status calo_shard_parse(const char *text, calo_shard *shard, const char **found, calo_error *err)
{
    if (strcmp(text, "auto") == 0)
        return find_shard(shard, found, err);
    const char *slash = strchr(text, '/');
    char index_text[16] = "";
    int64_t index, count;
    if (slash && (size_t)(slash - text) < sizeof index_text)
        memcpy(index_text, text, (size_t)(slash - text));
    if (!slash || !calo_parse_integer(index_text, &index) || !calo_parse_integer(slash + 1, &count))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--shard %.60s: write i/n, such as 0/4, or auto", text);
    *found = "--shard";
    return check_range("--shard", index, count, shard, err);
}
