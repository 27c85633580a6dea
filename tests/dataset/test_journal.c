/* The journal: what is written is read, what a crash leaves is cut off, what is damaged is named, one supervisor alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../resident.h"
#include "base/clock.h"
#include "base/file.h"
#include "dataset/history.h"
#include "dataset/journal_read.h"
#include "dataset/run_file.h"
#include "dataset/run_lock.h"

static char folder[64], journal_file[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/calotype-journal-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(journal_file, sizeof journal_file, "%s/journal.jsonl", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

static const char hostile[] = "a\"b\\c\n\x01\xff\xfe\xe2\x82 <x>,\xc3\xbc.glb";

static calo_event staged(uint64_t part, uint64_t sample)
{
    return (calo_event){
        .kind = CALO_EVENT_STAGED, .part = part, .sample = sample, .unix_seconds = 1732233166.25, .name = "uid", .path = "staged/x",
        .file_identifier = hostile, .sha256 = "00ff", .bytes = 7, .seconds = 0.5,
        .facts = "{\"views\": 32, \"quality\": {\"blank\": [1, 2, -3.5e2]}, \"t\": \"\\u00e9\\\\\", \"n\": null}",
    };
}

static calo_event failed(uint64_t part, uint64_t sample)
{
    return (calo_event){.kind = CALO_EVENT_FAILED, .part = part, .sample = sample, .reason = CALO_REASON_UNSUPPORTED_FORMAT,
                        .file_identifier = "b", .message = "no such format"};
}

static calo_event part_done(uint64_t part)
{
    return (calo_event){.kind = CALO_EVENT_PART, .part = part, .path = "000.tar", .bytes = 1u << 31, .part_sha256 = "aa"};
}

static calo_journal *open_journal(void)
{
    calo_journal *journal;
    calo_error err = {0};
    if (calo_journal_open(folder, &journal, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return journal;
}

static void add(calo_journal *journal, calo_event event)
{
    calo_error err = {0};
    if (calo_journal_add(journal, &event, &err) != CALO_OK)
        fail_msg("%s", err.message);
}

static calo_history *read_history(void)
{
    calo_history *history;
    calo_error err = {0};
    if (calo_history_read(folder, 0, 0, &history, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return history;
}

static calo_file read_journal(void)
{
    calo_file file;
    assert_int_equal(calo_file_read(journal_file, 1 << 20, &file, NULL), CALO_OK);
    return file;
}

static void write_journal(const void *bytes, size_t size)
{
    assert_int_equal(calo_file_write(journal_file, bytes, size, NULL), CALO_OK);
}

/* Four lines: staged 0, failed 1, part 0, staged 2; everything up to the third is synced before the fourth. */
static void write_four(void)
{
    calo_journal *journal = open_journal();
    add(journal, staged(0, 0));
    add(journal, failed(0, 1));
    add(journal, part_done(0));
    assert_int_equal(calo_journal_sync(journal, NULL), CALO_OK);
    add(journal, staged(1, 2));
    calo_journal_close(journal);
}

static void test_round_trip(void **state)
{
    (void)state;
    write_four();
    calo_history *history = read_history();
    assert_int_equal(calo_history_sample(history, 0), CALO_SAMPLE_DONE);
    assert_int_equal(calo_history_sample(history, 1), CALO_SAMPLE_FAILED);
    assert_int_equal(calo_history_sample(history, 2), CALO_SAMPLE_STAGED);
    assert_int_equal(calo_history_sample(history, 3), CALO_SAMPLE_OPEN);
    assert_int_equal(calo_history_sample(history, UINT64_MAX), CALO_SAMPLE_OPEN);
    assert_true(calo_history_part_done(history, 0));
    assert_false(calo_history_part_done(history, 1));
    assert_int_equal(calo_history_parts_done(history), 1);

    calo_event_copy copy;
    const calo_event expected = staged(1, 2);
    assert_int_equal(calo_history_staged(history, 2, &copy, NULL), CALO_OK);
    assert_int_equal(copy.event.kind, CALO_EVENT_STAGED);
    assert_int_equal(copy.event.part, 1);
    assert_int_equal(copy.event.sample, 2);
    assert_int_equal(copy.event.bytes, 7);
    assert_true(copy.event.seconds == 0.5 && copy.event.unix_seconds == 1732233166.25);
    assert_string_equal(copy.event.file_identifier, hostile);
    assert_string_equal(copy.event.name, "uid");
    assert_string_equal(copy.event.path, "staged/x");
    assert_string_equal(copy.event.facts, expected.facts);
    assert_null(copy.event.message);
    calo_event_copy_finish(&copy);

    assert_int_equal(calo_history_failed(history, 1, &copy, NULL), CALO_OK);
    assert_int_equal(copy.event.reason, CALO_REASON_UNSUPPORTED_FORMAT);
    assert_string_equal(copy.event.message, "no such format");
    calo_event_copy_finish(&copy);
    assert_int_equal(calo_history_part(history, 0, &copy, NULL), CALO_OK);
    assert_string_equal(copy.event.part_sha256, "aa");
    assert_int_equal(copy.event.bytes, 1u << 31);
    calo_event_copy_finish(&copy);

    calo_error err = {0};
    assert_int_equal(calo_history_staged(history, 1, &copy, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "sample 1 has not been staged"));
    assert_int_equal(calo_history_part(history, 1, &copy, &err), CALO_ERROR_ARGUMENT);
    calo_history_destroy(history);
}

/* What is in the destination is final; what failed may be tried again. */
static void test_last_event_counts(void **state)
{
    (void)state;
    calo_event empty = part_done(1), second = part_done(0), third = part_done(1);
    empty.path = NULL;
    second.path = "second.tar";
    third.path = "third.tar";
    write_four();
    calo_journal *journal = open_journal();
    add(journal, staged(0, 1));
    add(journal, failed(0, 0));
    add(journal, second);
    add(journal, failed(1, 2));
    add(journal, empty);
    calo_history *history = read_history();
    assert_int_equal(calo_history_sample(history, 0), CALO_SAMPLE_DONE);
    assert_int_equal(calo_history_sample(history, 1), CALO_SAMPLE_FAILED);
    assert_int_equal(calo_history_sample(history, 2), CALO_SAMPLE_FAILED);
    assert_int_equal(calo_history_parts_done(history), 2);
    assert_true(calo_history_part_done(history, 1) && calo_history_part_empty(history, 1));
    assert_false(calo_history_part_empty(history, 0) || calo_history_part_empty(history, 2));
    calo_event_copy copy;
    assert_int_equal(calo_history_part(history, 0, &copy, NULL), CALO_OK);
    assert_string_equal(copy.event.path, "000.tar");
    calo_event_copy_finish(&copy);
    calo_history_destroy(history);

    add(journal, staged(1, 2));
    history = read_history();
    assert_int_equal(calo_history_sample(history, 2), CALO_SAMPLE_STAGED);
    assert_false(calo_history_part_done(history, 1) || calo_history_part_empty(history, 1));
    assert_int_equal(calo_history_parts_done(history), 1);
    calo_history_destroy(history);

    add(journal, third);
    calo_journal_close(journal);
    history = read_history();
    assert_int_equal(calo_history_sample(history, 2), CALO_SAMPLE_DONE);
    assert_int_equal(calo_history_part(history, 1, &copy, NULL), CALO_OK);
    assert_string_equal(copy.event.path, "third.tar");
    assert_true(calo_history_counts(history, &copy.event, 0) == false);
    calo_event_copy_finish(&copy);
    calo_history_destroy(history);
}

static void test_other_list(void **state)
{
    (void)state;
    write_four();
    calo_history *history;
    calo_error err = {0};
    assert_int_equal(calo_history_read(folder, 3, 2, &history, &err), CALO_OK);
    calo_history_destroy(history);
    assert_int_equal(calo_history_read(folder, 2, 2, &history, &err), CALO_ERROR_ARGUMENT);
    assert_null(history);
    assert_non_null(strstr(err.message, "not of this list"));
    assert_int_equal(calo_history_read(folder, 3, 1, &history, &err), CALO_ERROR_ARGUMENT);
}

static void test_no_journal(void **state)
{
    (void)state;
    calo_history *history = read_history();
    assert_int_equal(calo_history_sample(history, 0), CALO_SAMPLE_OPEN);
    calo_history_destroy(history);
}

/* How many whole lines there are in the first `size` bytes. */
static size_t lines_in(const calo_file *file, size_t size, size_t *end)
{
    size_t count = 0;
    *end = 0;
    for (size_t i = 0; i < size; i++)
        if (file->bytes[i] == '\n') {
            count++;
            *end = i + 1;
        }
    return count;
}

/* Cut at any byte, with garbage of several kinds behind: whole lines stay, the rest goes, and writing goes on. */
static void test_torn_at_every_byte(void **state)
{
    (void)state;
    static const char *const tails[] = {"", "{\"event\":", " \n\n", "garbage\n{}\n"};
    write_four();
    calo_file file = read_journal();
    uint8_t *bytes = malloc(file.size + 8192);
    for (size_t cut = 0; cut <= file.size; cut++) {
        size_t end, kind = cut % 5;
        size_t lines = lines_in(&file, cut, &end);
        size_t tail = kind == 4 ? 4096 : strlen(tails[kind]);
        memcpy(bytes, file.bytes, cut);
        if (kind == 4)
            memset(bytes + cut, 0, tail);
        else
            memcpy(bytes + cut, tails[kind], tail);
        write_journal(bytes, cut + tail);
        calo_journal *journal = open_journal();
        assert_int_equal(calo_journal_cut_bytes(journal), cut + tail - end);
        add(journal, failed(3, 9));
        calo_journal_close(journal);
        calo_history *history = read_history();
        assert_int_equal(calo_history_sample(history, 9), CALO_SAMPLE_FAILED);
        assert_int_equal(calo_history_sample(history, 1), lines >= 2 ? CALO_SAMPLE_FAILED : CALO_SAMPLE_OPEN);
        assert_int_equal(calo_history_part_done(history, 0), lines >= 3);
        assert_int_equal(calo_history_sample(history, 2), lines >= 4 ? CALO_SAMPLE_STAGED : CALO_SAMPLE_OPEN);
        calo_history_destroy(history);
    }
    free(bytes);
    calo_file_finish(&file);
}

/* Whatever bit of the file changes: what was synced before later lines is an error that names the line; the last lines,
 * which no later line vouches for, are a torn tail. Never is a changed line believed. */
static void test_every_bit(void **state)
{
    (void)state;
    write_four();
    calo_file file = read_journal();
    size_t third_end = file.size - 1, third_start, ignored;
    while (file.bytes[third_end - 1] != '\n')
        third_end--;
    for (third_start = third_end - 1; file.bytes[third_start - 1] != '\n';)
        third_start--;
    for (size_t at = 0; at < file.size; at++) {
        file.bytes[at] ^= (uint8_t)(1u << at % 8);
        write_journal(file.bytes, file.size);
        calo_journal *journal = NULL;
        calo_error err = {0};
        calo_status status = calo_journal_open(folder, &journal, &err);
        file.bytes[at] ^= (uint8_t)(1u << at % 8);
        if (at < third_end - 1) {
            char line[40];
            snprintf(line, sizeof line, "line %zu ", lines_in(&file, at, &ignored) + 1);
            assert_int_equal(status, CALO_ERROR_FORMAT);
            assert_non_null(strstr(err.message, line));
        } else {
            assert_int_equal(status, CALO_OK);
            /* Without the line end before it, the last line goes with the third. */
            assert_int_equal(calo_journal_cut_bytes(journal), file.size - (at < third_end ? third_start : third_end));
        }
        calo_journal_close(journal);
    }
    calo_file_finish(&file);
}

/* After a power cut, blocks that were not synced may be zeros though later ones are there. */
static void test_hole_in_unsynced_lines(void **state)
{
    (void)state;
    calo_journal *journal = open_journal();
    add(journal, staged(0, 0));
    assert_int_equal(calo_journal_sync(journal, NULL), CALO_OK);
    calo_file before = read_journal();
    for (uint64_t i = 1; i < 30; i++)
        add(journal, staged(0, i));
    calo_journal_close(journal);
    calo_file file = read_journal();
    memset(file.bytes + before.size + 10, 0, 1000);
    write_journal(file.bytes, file.size);
    journal = open_journal();
    assert_int_equal(calo_journal_cut_bytes(journal), file.size - before.size);
    calo_journal_close(journal);
    calo_history *history = read_history();
    assert_int_equal(calo_history_sample(history, 0), CALO_SAMPLE_STAGED);
    assert_int_equal(calo_history_sample(history, 29), CALO_SAMPLE_OPEN);
    calo_history_destroy(history);
    calo_file_finish(&file);
    calo_file_finish(&before);
}

/* Twenty million zeros: a tail like any other, without taking memory for a line of that length. */
static void test_long_tail(void **state)
{
    (void)state;
    write_four();
    calo_file file = read_journal();
    assert_int_equal(truncate(journal_file, 100 << 20), 0);
    calo_journal *journal = open_journal();
    assert_int_equal(calo_journal_cut_bytes(journal), (100 << 20) - file.size);
    calo_journal_close(journal);
    calo_file_finish(&file);
}

static void test_bad_events(void **state)
{
    (void)state;
    static const char *const facts[] = {"", "[]", "{", "{}}", "{\"a\":1,}", "{\n}", "{\"a\":\"\\ud\"}", "{\"a\":01}", "nul"};
    calo_journal *journal = open_journal();
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        calo_error err = {0};
        calo_event event = staged(0, 0);
        event.facts = facts[i];
        assert_int_equal(calo_journal_add(journal, &event, &err), CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, "facts"));
    }
    calo_event event = staged(0, 0);
    char *deep = malloc(2001);
    memset(deep, '[', 2000);
    deep[2000] = '\0';
    event.facts = deep;
    assert_int_equal(calo_journal_add(journal, &event, NULL), CALO_ERROR_ARGUMENT);
    free(deep);
    calo_journal_close(journal);
    struct stat about;
    assert_int_equal(stat(journal_file, &about), 0);
    assert_int_equal(about.st_size, 0);
}

/* A full disk, played by the limit of a file's size: the event is not there, not even a half, and the next one is. */
static void test_full_disk(void **state)
{
    (void)state;
    write_four();
    calo_file file = read_journal();
    pid_t child = fork();
    if (child == 0) {
        calo_journal *journal;
        calo_error err = {0};
        const struct rlimit small = {file.size + 40, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};
        const calo_event event = failed(4, 4);
        signal(SIGXFSZ, SIG_IGN);
        bool fine = calo_journal_open(folder, &journal, NULL) == CALO_OK && setrlimit(RLIMIT_FSIZE, &small) == 0;
        fine = fine && calo_journal_add(journal, &event, &err) == CALO_ERROR_IO && strstr(err.message, "journal.jsonl");
        struct stat about;
        fine = fine && stat(journal_file, &about) == 0 && (size_t)about.st_size == file.size;
        fine = fine && setrlimit(RLIMIT_FSIZE, &large) == 0 && calo_journal_add(journal, &event, &err) == CALO_OK;
        _exit(fine ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    calo_history *history = read_history();
    assert_int_equal(calo_history_sample(history, 4), CALO_SAMPLE_FAILED);
    calo_history_destroy(history);
    calo_file_finish(&file);
}

static void test_two_supervisors(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        calo_journal *journal;
        bool fine = calo_journal_open(folder, &journal, NULL) == CALO_OK && write(ready[1], "x", 1) == 1;
        if (fine)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    calo_journal *journal;
    calo_error err = {0};
    calo_run_holder holder;
    char process[40];
    snprintf(process, sizeof process, "process %ld on ", (long)child);
    assert_int_equal(calo_journal_open(folder, &journal, &err), CALO_ERROR_IO);
    assert_null(journal);
    assert_non_null(strstr(err.message, process));
    assert_int_equal(calo_run_probe(folder, &holder, NULL), CALO_OK);
    assert_true(holder.alive);
    assert_int_equal(holder.process, child);

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    assert_int_equal(calo_run_probe(folder, &holder, NULL), CALO_OK);
    assert_false(holder.alive);
    calo_journal_close(open_journal());
    assert_int_equal(calo_journal_open(folder, &journal, NULL), CALO_OK);
    assert_int_equal(calo_run_probe(folder, &holder, NULL), CALO_OK);
    assert_true(holder.alive); /* also of our own process */
    calo_journal_close(journal);
}

/* Half a line is no error while it is being written: the rest comes. */
static void test_reading_along(void **state)
{
    (void)state;
    write_four();
    calo_file file = read_journal();
    calo_journal_reader *reader;
    calo_line line;
    bool found;
    size_t count = 0;
    write_journal("", 0);
    assert_int_equal(calo_journal_reader_open(journal_file, &reader, NULL), CALO_OK);
    int fd = open(journal_file, O_WRONLY | O_APPEND);
    for (size_t i = 0; i < file.size; i++) {
        assert_int_equal(write(fd, file.bytes + i, 1), 1);
        assert_int_equal(calo_journal_reader_next(reader, &line, &found, NULL), CALO_OK);
        assert_int_equal(found, file.bytes[i] == '\n');
        count += found;
    }
    assert_int_equal(count, 4);
    assert_int_equal(calo_journal_reader_end(reader), file.size);
    close(fd);
    calo_journal_reader_close(reader);
    calo_file_finish(&file);
}

static void test_run_file(void **state)
{
    (void)state;
    const char *const words[] = {"a b.glb", hostile, "--zip", ""};
    const calo_run_file run = {.name = "run", .destination = "s3://x/y", .package = "zip", .version = "0.1.0", .options_hash = "ff",
                               .words = words, .word_count = 4, .objects = 12, .samples = 6, .parts = 5,
                               .objects_per_sample = 2, .started_unix_seconds = 1732233166};
    calo_run_file read;
    calo_error err = {0};
    assert_int_equal(calo_run_file_read(folder, &read, &err), CALO_ERROR_NOT_FOUND);
    assert_non_null(strstr(err.message, "no run.json"));
    assert_int_equal(calo_run_file_write(folder, &run, NULL), CALO_OK);
    assert_int_equal(calo_run_file_read(folder, &read, NULL), CALO_OK);
    assert_int_equal(read.word_count, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(read.words[i], words[i]);
    assert_string_equal(read.destination, "s3://x/y");
    assert_string_equal(read.options_hash, "ff");
    assert_null(read.list_sha256);
    assert_true(read.objects == 12 && read.samples == 6 && read.parts == 5 && read.objects_per_sample == 2);
    assert_true(read.started_unix_seconds == 1732233166);
    calo_run_file_finish(&read);

    static const char *const bad[] = {"", "{}", "[]", "{\"words\":[1]}", "{\"words\":{}}", "{\"format\":1,\"words\":[],\"words\":[]}",
                                      "{\"format\":1,\"name\":\"a\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(calo_run_file_parse(bad[i], strlen(bad[i]), "x", &read, NULL), CALO_ERROR_FORMAT);
    const char *newer = "{\"format\":2,\"name\":\"\",\"destination\":\"\",\"package\":\"\",\"options_hash\":\"\",\"words\":[\"a\"]}";
    assert_int_equal(calo_run_file_parse(newer, strlen(newer), "x", &read, &err), CALO_ERROR_UNSUPPORTED);
    for (size_t size = 0; size < strlen(newer); size++)
        assert_int_equal(calo_run_file_parse(newer, size, "x", &read, NULL), CALO_ERROR_FORMAT);
}

/* A hundred thousand objects: written, and read again, in memory that their number hardly touches. */
static void test_many(void **state)
{
    (void)state;
    enum { SAMPLES = 100000, EACH = 100 };
    double start = calo_clock_seconds();
    calo_journal *journal = open_journal();
    long before = 0;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        add(journal, i % 10 ? staged(i / EACH, i) : failed(i / EACH, i));
        if (i % EACH == EACH - 1)
            add(journal, part_done(i / EACH));
        if (i == 1000)
            before = test_resident_kib();
    }
    assert_int_equal(calo_journal_sync(journal, NULL), CALO_OK);
    calo_journal_close(journal);
    double written = calo_clock_seconds();
    calo_history *history = read_history();
    double read = calo_clock_seconds();
    print_message("%d samples: written in %.2f s, read in %.2f s, %ld kB more\n", SAMPLES, written - start, read - written,
                  test_resident_kib() - before);
    if (!TEST_SANITIZED)
        assert_true(test_resident_kib() - before < 8 << 10);
    for (uint64_t i = 0; i < SAMPLES; i++)
        assert_int_equal(calo_history_sample(history, i), i % 10 ? CALO_SAMPLE_DONE : CALO_SAMPLE_FAILED);
    assert_int_equal(calo_history_parts_done(history), SAMPLES / EACH);
    calo_history_destroy(history);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip), CASE(test_last_event_counts), CASE(test_other_list), CASE(test_no_journal),
        CASE(test_torn_at_every_byte), CASE(test_every_bit), CASE(test_hole_in_unsynced_lines), CASE(test_long_tail),
        CASE(test_bad_events), CASE(test_full_disk), CASE(test_two_supervisors), CASE(test_reading_along), CASE(test_run_file), CASE(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
