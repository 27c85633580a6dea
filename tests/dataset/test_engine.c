/* The engine's ends that runs of the program do not show: journals that were edited, and beginnings that fail half-way. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "dataset/engine_state.h"

/* What lies there is moved into the destination, and its folder removed. */
static void only_places_of_workers_are_believed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "scratch/workers/staged/000007", "scratch/workers/staged/000007/", "scratch/workers/staged/000007/..",
        "scratch/workers/staged/000007/.", "scratch/workers/staged/000007/a/b", "scratch/workers/staged/000008/a.zip",
        "scratch/workers/staged/../../../a.zip", "../precious/a.zip", "/etc/passwd",
    };
    calo_engine engine = {.run_folder = (char *)"/run"};
    char *path = calo_engine_staged_path(&engine, &(calo_event){.sample = 7, .path = "scratch/workers/staged/000007/a.zip"});
    assert_string_equal(path, "/run/scratch/workers/staged/000007/a.zip");
    free(path);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_null(calo_engine_staged_path(&engine, &(calo_event){.sample = 7, .path = wrong[i]}));
    assert_null(calo_engine_staged_path(&engine, &(calo_event){.sample = 7}));
}

/* Each fails a step later than the one before it, and all that was opened is closed. */
static void beginnings_that_fail_leave_nothing(void **state)
{
    (void)state;
    char folder[] = "/tmp/calotype-engine-XXXXXX", run[64], model[64], blocked[64];
    volatile sig_atomic_t interrupted = 0;
    const char *input = model;
    calo_dataset_summary summary;
    calo_error err;
    assert_non_null(mkdtemp(folder));
    snprintf(run, sizeof run, "%s/run", folder);
    snprintf(model, sizeof model, "%s/a.obj", folder);
    snprintf(blocked, sizeof blocked, "%s/a.obj/run", folder);
    assert_int_equal(calo_file_write(model, "v 0 0 0\n", 8, NULL), CALO_OK);
    calo_dataset_options options = {.destination = "/nowhere", .run_folder = blocked, .name = "t", .options_hash = "0",
                                    .shard = "x", .events = -1, .quiet = true, .interrupted = &interrupted,
                                    .pool = {.program = "/nothing/there", .workers = 1}};
    assert_int_not_equal(calo_dataset_run(&options, &summary, &err), CALO_OK); /* its folder is a file's */
    options.run_folder = run;
    assert_int_equal(calo_dataset_run(&options, &summary, &err), CALO_ERROR_ARGUMENT); /* the shard */
    options.shard = NULL;
    assert_int_equal(calo_dataset_run(&options, &summary, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "which objects"));
    options.list.inputs = &input;
    options.list.input_count = 1;
    options.queue_url = "http://no.redis";
    assert_int_not_equal(calo_dataset_run(&options, &summary, &err), CALO_OK);
    options.queue_url = NULL;
    options.resume = true;
    assert_int_not_equal(calo_dataset_run(&options, &summary, &err), CALO_OK); /* no worker can be started */
    assert_non_null(strstr(err.message, "/nothing/there"));
    calo_folder_remove(folder);
}

/* A sample that could not be joined is found when it is staged, while it can still fail alone. */
static void what_is_no_sample_is_not_staged(void **state)
{
    (void)state;
    static const calo_package packages[] = {CALO_PACKAGE_WEBDATASET, CALO_PACKAGE_TORCH, CALO_PACKAGE_SAFETENSORS,
                                            CALO_PACKAGE_FILES};
    char folder[] = "/tmp/calotype-engine-XXXXXX", garbage[64], linked[64];
    assert_non_null(mkdtemp(folder));
    snprintf(garbage, sizeof garbage, "%s/garbage", folder);
    snprintf(linked, sizeof linked, "%s/linked", folder);
    assert_int_equal(calo_file_write(garbage, "no sample", 9, NULL), CALO_OK);
    assert_int_equal(symlink(garbage, linked), 0);
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++) {
        const calo_commit_options options = {.package = packages[i], .destination = "/nowhere", .scratch_folder = folder};
        calo_committer *committer;
        calo_committed committed;
        assert_int_equal(calo_committer_create(&options, &committer, NULL), CALO_OK);
        assert_int_equal(calo_commit_stage(committer, 7, packages[i] == CALO_PACKAGE_FILES ? linked : garbage, NULL), CALO_OK);
        while (!calo_committer_take(committer, &committed))
            poll(&(struct pollfd){.fd = calo_committer_event(committer), .events = POLLIN}, 1, -1);
        assert_int_equal(committed.ticket, 7);
        assert_int_equal(committed.status, CALO_ERROR_FORMAT);
        calo_committed_finish(&committed);
        calo_committer_destroy(committer);
    }
    calo_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_places_of_workers_are_believed),
        cmocka_unit_test(what_is_no_sample_is_not_staged),
        cmocka_unit_test(beginnings_that_fail_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
