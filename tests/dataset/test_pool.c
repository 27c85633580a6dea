/* Workers that are well, broken, stuck, too large, killed: what becomes of their tasks. test_dataset_pool PROGRAM, the
 * calotype-dataset that workers are started from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "dataset/pool.h"

static const char *program;

typedef struct fixture {
    char folder[64], scratch[96], model[96];
    calo_pool *pool;
    uint64_t next_ticket;
    calo_error err;
} fixture;

static const char *const usual_words[] = {"worker", "--views", "2", "--size", "16", "--threads", "1", "--package", "zip"};
enum { USUAL_WORDS = sizeof usual_words / sizeof usual_words[0] };

static const char triangle[] =
    "{\"asset\":{\"version\":\"2.0\"},\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0}}]}],"
    "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}],"
    "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36}],\"buffers\":[{\"byteLength\":36,\"uri\":"
    "\"data:;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA\"}],\"nodes\":[{\"mesh\":0}],"
    "\"scenes\":[{\"nodes\":[0]}]}";

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.folder = "/tmp/calotype-pool-XXXXXX"};
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.scratch, sizeof f.scratch, "%s/run/scratch", f.folder);
    snprintf(f.model, sizeof f.model, "%s/leaf.gltf", f.folder);
    *state = &f;
    unsetenv("CALOTYPE_TEST_FAULT");
    return calo_file_write(f.model, triangle, strlen(triangle), NULL) == CALO_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    calo_pool_destroy(f->pool);
    f->pool = NULL;
    calo_folder_remove(f->folder);
    return 0;
}

static calo_pool_options usual_options(const fixture *f)
{
    return (calo_pool_options){
        .program = program,
        .words = usual_words,
        .word_count = USUAL_WORDS,
        .workers = 2,
        .threads_each = 1,
        .timeout_seconds = 120,
        .memory_bytes = 512 << 20,
        .scratch_folder = f->scratch,
    };
}

static void start_with(fixture *f, const calo_pool_options *options)
{
    calo_status status = calo_pool_create(options, &f->pool, &f->err);
    if (status != CALO_OK)
        fail_msg("%s", f->err.message);
}

static void start(fixture *f)
{
    const calo_pool_options options = usual_options(f);
    start_with(f, &options);
}

static uint64_t give(fixture *f, const char *path)
{
    uint64_t ticket = f->next_ticket++;
    char name[32];
    snprintf(name, sizeof name, "sample-%u", (unsigned)ticket);
    calo_object object = {.file_identifier = (char *)"https://host/leaf.gltf"};
    const calo_sample sample = {ticket, name, &object, 1};
    const calo_task task = {ticket, &sample, &path, true};
    calo_status status = calo_pool_give(f->pool, &task, &f->err);
    if (status != CALO_OK)
        fail_msg("%s", f->err.message);
    return ticket;
}

static calo_task_result wait_for_one(fixture *f)
{
    calo_task_result result = {0};
    for (double end = calo_clock_seconds() + 300; !calo_pool_take(f->pool, &result);) {
        calo_status status = calo_pool_wait(f->pool, NULL, 0, 1000, &f->err);
        if (status != CALO_OK)
            fail_msg("%s", f->err.message);
        assert_true(calo_clock_seconds() < end);
    }
    return result;
}

static calo_task_result run_one(fixture *f, const char *path)
{
    uint64_t ticket = give(f, path);
    calo_task_result result = wait_for_one(f);
    assert_int_equal(result.ticket, ticket);
    return result;
}

static void expect_reason(fixture *f, const char *path, calo_reason reason, const char *words)
{
    calo_task_result result = run_one(f, path);
    if (result.reason != reason || !strstr(result.message, words))
        fail_msg("%s: %s: %s", path ? path : "", calo_reason_name(result.reason), result.message);
    assert_null(result.staged_path);
    assert_false(result.stop);
    calo_task_result_finish(&result);
}

static void expect_done(fixture *f, const char *path)
{
    calo_task_result result = run_one(f, path);
    if (result.reason != CALO_REASON_NONE)
        fail_msg("%s: %s: %s", path ? path : "", calo_reason_name(result.reason), result.message);
    assert_int_equal(access(result.staged_path, R_OK), 0);
    calo_task_result_finish(&result);
}

static void good_files_are_staged(void **state)
{
    fixture *f = *state;
    char path[256];
    start(f);
    assert_int_equal(calo_pool_idle(f->pool), 2);
    give(f, f->model);
    give(f, f->model);
    assert_int_equal(calo_pool_idle(f->pool), 0);
    for (int i = 0; i < 2; i++) {
        calo_task_result result = wait_for_one(f);
        assert_int_equal(result.reason, CALO_REASON_NONE);
        snprintf(path, sizeof path, "%s/staged/%06u/sample-%u.zip", f->scratch, (unsigned)result.ticket,
                 (unsigned)result.ticket);
        assert_string_equal(result.staged_path, path);
        assert_int_equal(access(path, R_OK), 0);
        assert_int_equal(access(result.thumbnail_path, R_OK), 0);
        if (!strstr(result.facts, "\"views\": 2"))
            fail_msg("%s", result.facts);
        assert_non_null(strstr(result.facts, "\"triangles\": 1"));
        calo_task_result_finish(&result);
    }
    assert_int_equal(calo_pool_idle(f->pool), 2);
    assert_int_equal(calo_pool_restarts(f->pool), 0);
}

/* Five objects: of the first the supervisor knows why it is not there, two can be used. */
static calo_task_result run_scene(fixture *f, const char *const paths[5])
{
    static const char *const identifiers[5] = {"a.glb", "b.glb", "c.glb", "d.glb", "e.glb"};
    calo_object objects[5] = {{0}};
    for (int i = 0; i < 5; i++)
        objects[i].file_identifier = (char *)identifiers[i];
    const calo_sample sample = {7, (char *)"scene-000007", objects, 5};
    const calo_task task = {f->next_ticket++, &sample, paths, false};
    assert_int_equal(calo_pool_give(f->pool, &task, &f->err), CALO_OK);
    return wait_for_one(f);
}

static void scenes_leave_out_what_is_broken(void **state)
{
    fixture *f = *state;
    char broken[128], text[128];
    const char *const paths[5] = {NULL, f->model, broken, f->model, text};
    const char *const bad[5] = {NULL, text, broken, text, broken}, *const none[5] = {NULL};
    snprintf(broken, sizeof broken, "%s/broken.glb", f->folder);
    snprintf(text, sizeof text, "%s/readme.txt", f->folder);
    assert_int_equal(calo_file_write(broken, "glTF", 4, NULL), CALO_OK);
    assert_int_equal(calo_file_write(text, "hello", 5, NULL), CALO_OK);
    start(f);
    calo_task_result result = run_scene(f, paths);
    if (result.reason != CALO_REASON_NONE)
        fail_msg("%s: %s", calo_reason_name(result.reason), result.message);
    assert_non_null(strstr(result.staged_path, "/scene-000007.zip"));
    assert_non_null(strstr(result.facts, "\"triangles\": 2"));
    assert_null(strstr(result.facts, "\"a.glb\""));
    assert_non_null(strstr(result.facts, "{\"file_identifier\": \"c.glb\", \"reason\": \"broken file\""));
    assert_non_null(strstr(result.facts, "{\"file_identifier\": \"e.glb\", \"reason\": \"unsupported format\""));
    calo_task_result_finish(&result);
    result = run_scene(f, bad);
    assert_int_equal(result.reason, CALO_REASON_UNSUPPORTED_FORMAT);
    assert_null(result.staged_path);
    calo_task_result_finish(&result);
    result = run_scene(f, none);
    assert_int_equal(result.reason, CALO_REASON_MISSING);
    calo_task_result_finish(&result);
    assert_int_equal(calo_pool_restarts(f->pool), 0);
}

static void what_is_rejected_has_facts(void **state)
{
    fixture *f = *state;
    static const char *const words[] = {"worker", "--views", "2", "--size", "16", "--reject", "flat_box"};
    calo_pool_options options = usual_options(f);
    options.words = words;
    options.word_count = 7;
    start_with(f, &options);
    calo_task_result result = run_one(f, f->model);
    assert_int_equal(result.reason, CALO_REASON_REJECTED);
    assert_non_null(strstr(result.message, "flat_box"));
    assert_non_null(strstr(result.facts, "\"flat_box\""));
    assert_null(result.staged_path);
    calo_task_result_finish(&result);
}

static void failures_have_their_reasons(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *name, *content;
        calo_reason reason;
        const char *words;
    } cases[] = {
        {"broken.gltf", "{\"asset\":", CALO_REASON_BROKEN_FILE, "broken.gltf"},
        {"empty.glb", "", CALO_REASON_BROKEN_FILE, "0 bytes"},
        {"notes.docx", "nothing that is known", CALO_REASON_UNSUPPORTED_FORMAT, "notes.docx"},
        {"bare.obj", "# nothing\n", CALO_REASON_EMPTY_SCENE, "bare.obj"},
        {"lost.gltf",
         "{\"asset\":{\"version\":\"2.0\"},\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0}}]}],"
         "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}],"
         "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36}],\"buffers\":[{\"byteLength\":36,\"uri\":\"lost.bin\"}],"
         "\"nodes\":[{\"mesh\":0}],\"scenes\":[{\"nodes\":[0]}]}",
         CALO_REASON_MISSING_FILE, "lost.bin"},
    };
    char path[160];
    start(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", f->folder, cases[i].name);
        assert_int_equal(calo_file_write(path, cases[i].content, strlen(cases[i].content), NULL), CALO_OK);
        expect_reason(f, path, cases[i].reason, cases[i].words);
    }
    snprintf(path, sizeof path, "%s/nothing.glb", f->folder);
    expect_reason(f, path, CALO_REASON_MISSING, "nothing.glb");
    expect_reason(f, NULL, CALO_REASON_MISSING, "no object is left");
    expect_done(f, f->model);
    assert_int_equal(calo_pool_restarts(f->pool), 0);
}

static void faults_end_the_worker_alone(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT",
           "segfault:segfault.gltf,abort:abort.gltf,exit:exit.gltf,garbage:garbage.gltf,allocate=30000000000:30g.gltf", 1);
    static const struct {
        const char *name;
        calo_reason reason;
        const char *words;
    } cases[] = {
        {"segfault.gltf", CALO_REASON_CRASH, "SIGSEGV"}, {"abort.gltf", CALO_REASON_CRASH, "a library's last words"},
        {"exit.gltf", CALO_REASON_CRASH, "code 3"},      {"garbage.gltf", CALO_REASON_CRASH, "nonsense"},
        {"30g.gltf", CALO_REASON_OUT_OF_MEMORY, ""},
    };
    char path[160];
    start(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", f->folder, cases[i].name);
        assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
        expect_reason(f, path, cases[i].reason, cases[i].words);
        expect_done(f, f->model);
    }
}

static void a_worker_that_hangs_is_ended_in_time(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT", "hang:stuck.gltf", 1);
    char path[160];
    snprintf(path, sizeof path, "%s/stuck.gltf", f->folder);
    assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
    calo_pool_options options = usual_options(f);
    options.timeout_seconds = 2;
    options.workers = 1;
    start_with(f, &options);
    expect_reason(f, path, CALO_REASON_TIMEOUT, "2 s");
    assert_int_equal(calo_pool_restarts(f->pool), 0); /* until somebody needs it */
    options.timeout_seconds = 120;
    calo_pool_destroy(f->pool);
    start_with(f, &options);
    expect_done(f, f->model);
}

/* Memory below what the address space allows: the supervisor's own look. */
static void a_worker_that_bloats_is_ended(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT", "allocate=300000000:bloated.gltf", 1);
    char path[160];
    snprintf(path, sizeof path, "%s/bloated.gltf", f->folder);
    assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
    calo_pool_options options = usual_options(f);
    const char *words[USUAL_WORDS];
    memcpy(words, usual_words, sizeof words);
    words[6] = "4"; /* threads, each with addresses to spare */
    options.words = words;
    options.memory_bytes = 100 << 20;
    start_with(f, &options);
    expect_reason(f, path, CALO_REASON_OUT_OF_MEMORY, "100 MiB");
    expect_done(f, f->model);
}

/* The processes whose parent is `parent`: how many; the last one in `child`. */
static int count_children(pid_t parent, pid_t *child)
{
    char name[300], line[512], program_name[64];
    int count = 0;
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(folder));) {
        long pid, above;
        snprintf(name, sizeof name, "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(name, "re") : NULL;
        if (!file)
            continue;
        if (fgets(line, sizeof line, file) && sscanf(line, "%ld (%63[^)]) %*c %ld", &pid, program_name, &above) == 3 &&
            above == parent) {
            count++;
            *child = (pid_t)pid;
        }
        fclose(file);
    }
    closedir(folder);
    return count;
}

/* A few at random moments: nobody's fault, so the object is done all the same. */
static void workers_killed_from_outside_cost_nothing(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT", "hang:slow.gltf", 1);
    char path[160];
    pid_t worker = 0;
    calo_task_result result;
    calo_pool_options options = usual_options(f);
    options.workers = 1;
    start_with(f, &options);
    assert_int_equal(count_children(getpid(), &worker), 1);
    kill(worker, SIGKILL); /* while it waits */
    expect_done(f, f->model);
    /* While it works: three times, then the object is suspicious. */
    snprintf(path, sizeof path, "%s/slow.gltf", f->folder);
    assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
    give(f, path);
    for (int i = 0; !calo_pool_take(f->pool, &result); i++) {
        assert_true(i < 1000);
        assert_int_equal(calo_pool_wait(f->pool, NULL, 0, 50, &f->err), CALO_OK);
        if (i % 10 == 9 && count_children(getpid(), &worker) == 1)
            kill(worker, SIGKILL);
    }
    assert_int_equal(result.reason, CALO_REASON_CRASH);
    assert_non_null(strstr(result.message, "SIGKILL"));
    calo_task_result_finish(&result);
    assert_true(calo_pool_restarts(f->pool) >= 3);
    expect_done(f, f->model);
}

/* Its workers hang, and must not live on. */
static void workers_die_with_their_supervisor(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT", "hang:leaf.gltf", 1);
    int ready[2];
    char byte;
    pid_t workers[2] = {0};
    assert_int_equal(pipe2(ready, 0), 0);
    fflush(NULL);
    pid_t supervisor = fork();
    if (supervisor == 0) {
        const calo_pool_options options = usual_options(f);
        if (calo_pool_create(&options, &f->pool, &f->err) != CALO_OK)
            _exit(1);
        give(f, f->model);
        give(f, f->model);
        for (int i = 0; i < 5; i++)
            calo_pool_wait(f->pool, NULL, 0, 100, &f->err);
        (void)!write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(count_children(supervisor, &workers[0]), 2);
    kill(supervisor, SIGKILL);
    waitpid(supervisor, NULL, 0);
    for (int i = 0; kill(workers[0], 0) == 0; i++) {
        char name[64], line[256] = "";
        snprintf(name, sizeof name, "/proc/%ld/stat", (long)workers[0]);
        FILE *file = fopen(name, "re");
        bool gone = !file || !fgets(line, sizeof line, file) || strstr(line, ") Z ");
        if (file)
            fclose(file);
        if (gone)
            break; /* nobody has waited for it yet, but it is dead */
        assert_true(i < 600);
        usleep(100000);
    }
    close(ready[0]);
    close(ready[1]);
}

/* A disk of its own, a small one; skipped where nothing may be mounted. */
static void a_full_disk_stops_the_run(void **state)
{
    fixture *f = *state;
    char disk[96];
    setenv("CALOTYPE_TEST_FAULT", "fill:full.gltf", 1);
    snprintf(disk, sizeof disk, "%s/disk", f->folder);
    assert_int_equal(mkdir(disk, 0700), 0);
    if (mount("calotype-test", disk, "tmpfs", 0, "size=4m") != 0) {
        print_message("skipped: no disk can be mounted: %s\n", strerror(errno));
        skip();
    }
    snprintf(f->scratch, sizeof f->scratch, "%s", disk);
    char path[160];
    snprintf(path, sizeof path, "%s/full.gltf", f->folder);
    assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
    start(f);
    calo_task_result result = run_one(f, path);
    calo_pool_destroy(f->pool);
    f->pool = NULL;
    umount2(disk, MNT_DETACH);
    if (!result.stop)
        fail_msg("%s", result.message);
    assert_non_null(strstr(result.message, "No space left on device"));
    calo_task_result_finish(&result);
}

static void what_is_hostile_gets_nowhere(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT", "escape:hostile.gltf", 1);
    char path[160];
    snprintf(path, sizeof path, "%s/hostile.gltf", f->folder);
    assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
    start(f);
    if (!strstr(calo_pool_sandbox(f->pool), "seccomp") || !strstr(calo_pool_sandbox(f->pool), "Landlock")) {
        print_message("skipped: %s\n", calo_pool_sandbox(f->pool));
        skip();
    }
    expect_done(f, path); /* it tried, was refused, and went on */
    calo_pool_destroy(f->pool);
    calo_pool_options options = usual_options(f);
    options.no_sandbox = true;
    start_with(f, &options);
    assert_string_equal(calo_pool_sandbox(f->pool), "none");
    calo_task_result result = run_one(f, path); /* becomes /bin/true */
    assert_int_equal(result.reason, CALO_REASON_CRASH);
    assert_non_null(strstr(result.message, "code 0"));
    calo_task_result_finish(&result);
}

/* The supervisor would move and remove what they lead to. */
static void links_are_not_followed(void **state)
{
    fixture *f = *state;
    setenv("CALOTYPE_TEST_FAULT", "links:linked.gltf", 1);
    char path[160], there[160];
    snprintf(path, sizeof path, "%s/linked.gltf", f->folder);
    assert_int_equal(calo_file_write(path, triangle, strlen(triangle), NULL), CALO_OK);
    calo_pool_options options = usual_options(f);
    options.no_sandbox = true;
    start_with(f, &options);
    calo_task_result result = run_one(f, path);
    assert_int_equal(result.reason, CALO_REASON_CRASH);
    assert_null(result.staged_path);
    assert_non_null(strstr(result.message, "nothing that can be used"));
    calo_task_result_finish(&result);
    /* The link is gone, and what it led to is not. */
    snprintf(there, sizeof there, "%s/000000", f->scratch);
    assert_int_equal(access(there, F_OK), 0);
    snprintf(there, sizeof there, "%s/staged/000000", f->scratch);
    assert_int_equal(access(there, F_OK), -1);
}

static void workers_that_cannot_start_are_told_of(void **state)
{
    fixture *f = *state;
    static const char *const words[] = {"worker", "--preset", "nothing-like-it"};
    calo_pool_options options = usual_options(f);
    options.words = words;
    options.word_count = 3;
    assert_int_equal(calo_pool_create(&options, &f->pool, &f->err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(f->err.message, "nothing-like-it"));
    options = usual_options(f);
    options.program = "/bin/false";
    assert_int_equal(calo_pool_create(&options, &f->pool, &f->err), CALO_ERROR_BACKEND);
    assert_non_null(strstr(f->err.message, "code 1"));
    options.program = "/nothing/there";
    assert_int_equal(calo_pool_create(&options, &f->pool, &f->err), CALO_ERROR_IO);
    options = usual_options(f);
    options.scratch_folder = "relative";
    assert_int_equal(calo_pool_create(&options, &f->pool, &f->err), CALO_ERROR_ARGUMENT);
}

/* The caller's files end the waiting. */
static void waiting_ends_for_other_files_too(void **state)
{
    fixture *f = *state;
    int files[2];
    start(f);
    for (int i = 0; i < 10; i++) /* both workers have come */
        assert_int_equal(calo_pool_wait(f->pool, NULL, 0, 20, &f->err), CALO_OK);
    assert_int_equal(pipe2(files, 0), 0);
    assert_int_equal(write(files[1], "x", 1), 1);
    double start_seconds = calo_clock_seconds();
    assert_int_equal(calo_pool_wait(f->pool, files, 1, 600000, &f->err), CALO_OK);
    assert_true(calo_clock_seconds() - start_seconds < 300);
    close(files[0]);
    close(files[1]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_files_are_staged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scenes_leave_out_what_is_broken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_rejected_has_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_have_their_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_end_the_worker_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_worker_that_hangs_is_ended_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_worker_that_bloats_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(workers_killed_from_outside_cost_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(workers_die_with_their_supervisor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_stops_the_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_hostile_gets_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(workers_that_cannot_start_are_told_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_ends_for_other_files_too, set_up, tear_down),
    };
    if (argc < 2)
        return 77;
    program = argv[1];
    signal(SIGPIPE, SIG_IGN);
    /* Workers that are built with sanitizers are to die as others do. */
    setenv("ASAN_OPTIONS", "handle_segv=0:handle_abort=0:allocator_may_return_null=1:detect_leaks=0", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
