/* --shard: as it is written, and as launchers' variables have it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataset/queue.h"

/* NAME=VALUE words, separated by spaces. */
static void set_environment(const char *words)
{
    char text[512];
    clearenv();
    snprintf(text, sizeof text, "%s", words);
    for (char *rest = text, *word; (word = strsep(&rest, " "));) {
        char *value = strchr(word, '=');
        if (!value)
            continue;
        *value++ = '\0';
        setenv(word, value, 1);
    }
}

static void expect(const char *text, uint32_t index, uint32_t count, const char *name)
{
    calo_shard shard;
    calo_error err = {0};
    const char *found = NULL;
    if (calo_shard_parse(text, &shard, &found, &err))
        fail_msg("%s: %s", text, err.message);
    if (shard.index != index || shard.count != count)
        fail_msg("%s is %u of %u, not %u of %u", text, shard.index, shard.count, index, count);
    assert_string_equal(found, name);
}

static void expect_auto(const char *words, uint32_t index, uint32_t count, const char *name)
{
    set_environment(words);
    expect("auto", index, count, name);
}

/* The sentence names both. */
static void refuse(const char *text, const char *one, const char *other)
{
    calo_shard shard;
    calo_error err = {0};
    const char *found = NULL;
    if (!calo_shard_parse(text, &shard, &found, &err))
        fail_msg("%s is %u of %u, not refused", text, shard.index, shard.count);
    assert_int_equal(err.status, CALO_ERROR_ARGUMENT);
    if (!strstr(err.message, one) || !strstr(err.message, other))
        fail_msg("\"%s\" lacks %s or %s", err.message, one, other);
}

static void refuse_auto(const char *words, const char *one, const char *other)
{
    set_environment(words);
    refuse("auto", one, other);
}

static void written_shards(void **state)
{
    (void)state;
    expect("0/1", 0, 1, "--shard");
    expect("0/4", 0, 4, "--shard");
    expect("3/4", 3, 4, "--shard");
    expect("999999/1000000", 999999, 1000000, "--shard");
    const char *const wrong[] = {"", "4", "4/4", "-1/4", "0/0", "1/-2", "a/4", "1/b", "1/4x", "/4", "1/", "1/4/2",
                                 "0/1000001", "99999999999999999999/3", "Auto"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse(wrong[i], "--shard", "");
}

static void one_launcher(void **state)
{
    (void)state;
    expect_auto("SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=2", 2, 3,
                "Slurm array");
    expect_auto("SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=3", 0, 3,
                "Slurm array");
    expect_auto("SLURM_ARRAY_TASK_ID=30 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_MAX=40 "
                "SLURM_ARRAY_TASK_STEP=10",
                2, 4, "Slurm array");
    expect_auto("SLURM_ARRAY_TASK_ID=40 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_MAX=47 "
                "SLURM_ARRAY_TASK_STEP=10",
                3, 4, "Slurm array");
    expect_auto("SLURM_STEP_ID=0 SLURM_PROCID=5 SLURM_STEP_NUM_TASKS=8 SLURM_NTASKS=16", 5, 8, "Slurm step");
    expect_auto("SLURM_STEP_ID=0 SLURM_PROCID=5 SLURM_NTASKS=16", 5, 16, "Slurm step");
    expect_auto("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 PMIX_RANK=1", 1, 2, "Open MPI");
    expect_auto("PMI_RANK=6 PMI_SIZE=7", 6, 7, "PMI");
    expect_auto("JOB_COMPLETION_INDEX=4 JOB_COMPLETIONS=10", 4, 10, "Kubernetes indexed job");
    expect_auto("RANK=0 WORLD_SIZE=3", 0, 3, "torchrun");
    expect_auto("RANK=0 WORLD_SIZE=1", 0, 1, "torchrun");
}

static void several_launchers(void **state)
{
    (void)state;
    const char *const array_2_of_3 = "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=0 ";
    char words[512];
    /* The same from two, or one of them with one process alone. */
    expect_auto("SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=4 PMI_RANK=1 PMI_SIZE=4 PMIX_RANK=1", 1, 4, "Slurm step");
    expect_auto("SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=1 RANK=2 WORLD_SIZE=4", 2, 4, "torchrun");
    expect_auto("SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=1 PMIX_RANK=0", 0, 1, "Slurm step");
    expect_auto("JOB_COMPLETION_INDEX=2 RANK=2 WORLD_SIZE=4", 2, 4, "torchrun");
    expect_auto("SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=1 SLURM_ARRAY_TASK_MIN=7 PMI_RANK=1 PMI_SIZE=2", 1, 2, "PMI");
    /* An array of 3 whose tasks have 4 processes each. */
    snprintf(words, sizeof words, "%sSLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=4", array_2_of_3);
    expect_auto(words, 9, 12, "Slurm array and the processes of each task");
    snprintf(words, sizeof words, "%sOMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2", array_2_of_3);
    expect_auto(words, 4, 6, "Slurm array and the processes of each task");
    snprintf(words, sizeof words, "%sSLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=1 PMIX_RANK=0", array_2_of_3);
    expect_auto(words, 2, 3, "Slurm array");
    /* The batch script of an array: SLURM_NTASKS is not the number of its processes. */
    snprintf(words, sizeof words, "%sSLURM_JOB_ID=9 SLURM_PROCID=0 SLURM_NTASKS=4", array_2_of_3);
    expect_auto(words, 2, 3, "Slurm array");
    snprintf(words, sizeof words, "%sRANK=2 WORLD_SIZE=3", array_2_of_3);
    expect_auto(words, 2, 3, "Slurm array");
}

static void contradictions(void **state)
{
    (void)state;
    const char *const array_2_of_3 = "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=0 ";
    char words[512];
    refuse_auto("SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=2 RANK=5 WORLD_SIZE=8", "SLURM_PROCID) says 1 of 2",
                "RANK) says 5 of 8");
    refuse_auto("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 PMIX_RANK=0", "OMPI_COMM_WORLD_RANK) says 1 of 2",
                "PMIX_RANK) says 0");
    refuse_auto("JOB_COMPLETION_INDEX=1 RANK=2 WORLD_SIZE=4", "JOB_COMPLETION_INDEX) says 1", "RANK) says 2 of 4");
    refuse_auto("JOB_COMPLETION_INDEX=1 JOB_COMPLETIONS=2 RANK=3 WORLD_SIZE=4", "JOB_COMPLETION_INDEX) says 1 of 2",
                "RANK) says 3 of 4");
    snprintf(words, sizeof words, "%sRANK=0 WORLD_SIZE=2", array_2_of_3);
    refuse_auto(words, "SLURM_ARRAY_TASK_ID) says 2 of 3", "RANK) says 0 of 2");
    snprintf(words, sizeof words, "%sRANK=2 WORLD_SIZE=3 PMI_RANK=0 PMI_SIZE=2", array_2_of_3);
    refuse_auto(words, "PMI_RANK) says 0 of 2", "RANK) says 2 of 3");
}

/* No word of a launcher, or half of one: never silently all of it. */
static void incomplete_environments(void **state)
{
    (void)state;
    refuse_auto("", "Slurm", "torchrun");
    refuse_auto("SLURM_JOB_ID=9 SLURM_PROCID=0 SLURM_NTASKS=4", "srun", "");
    refuse_auto("JOB_COMPLETION_INDEX=1", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS");
    refuse_auto("JOB_COMPLETION_INDEX=0 RANK=0 WORLD_SIZE=1", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS");
    refuse_auto("PMIX_RANK=1", "PMIX_RANK", "$PMIX_RANK/n");
    refuse_auto("RANK=1", "RANK", "WORLD_SIZE");
    refuse_auto("SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT");
    refuse_auto("RANK=x WORLD_SIZE=4", "RANK", "\"x\"");
    refuse_auto("RANK=-1 WORLD_SIZE=4", "RANK", "-1");
    refuse_auto("RANK=4 WORLD_SIZE=4", "RANK", "4 of 4");
    refuse_auto("RANK=0 WORLD_SIZE=0", "WORLD_SIZE", "");
    refuse_auto("RANK=0 WORLD_SIZE=99999999999999999999", "WORLD_SIZE", "");
    /* --array=0,1,5 and a task of it that was submitted alone. */
    refuse_auto("SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=5 "
                "SLURM_ARRAY_TASK_STEP=1",
                "3 tasks", "gaps");
    refuse_auto("SLURM_ARRAY_TASK_ID=11 SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_MAX=20 "
                "SLURM_ARRAY_TASK_STEP=10",
                "2 tasks", "gaps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_shards),    cmocka_unit_test(one_launcher),
        cmocka_unit_test(several_launchers), cmocka_unit_test(contradictions),
        cmocka_unit_test(incomplete_environments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
