/* Status, report and live display: the numbers of a run, hostile names in it, terminals and what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "dataset/live.h"
#include "dataset/machine.h"
#include "dataset/report.h"
#include "dataset/report_data.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/calotype-report-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

static const char hostile[] = "</td><script>alert('1')</script>&\"\x1b[31m\xff.glb";

static void write_run(uint64_t samples)
{
    const char *const words[] = {"<list>.txt", "-o", "out"};
    const calo_run_file run = {.name = "a<b", .destination = "out", .package = "webdataset", .version = "0.1.0", .options_hash = "ff",
                               .words = words, .word_count = 3, .objects = samples, .samples = samples, .parts = samples / 2,
                               .objects_per_sample = 1};
    assert_int_equal(calo_run_file_write(folder, &run, NULL), CALO_OK);
}

static void add(calo_journal *journal, calo_event event)
{
    calo_error err = {0};
    if (calo_journal_add(journal, &event, &err) != CALO_OK)
        fail_msg("%s", err.message);
}

/* Ten samples in parts of two at a sample a second: 3 and 7 fail, part 4 is not there yet; resumed after the sixth. */
static void write_events(void)
{
    calo_journal *journal;
    double time = 1e9;
    assert_int_equal(calo_journal_open(folder, &journal, NULL), CALO_OK);
    add(journal, (calo_event){.kind = CALO_EVENT_START, .unix_seconds = time, .facts = "{\"machine\":\"<m>\",\"cores\":2,\"x\":[1]}"});
    for (uint64_t i = 0; i < 10; i++) {
        bool fails = i % 4 == 3;
        time += 1;
        add(journal, (calo_event){
                         .kind = fails ? CALO_EVENT_FAILED : CALO_EVENT_STAGED, .unix_seconds = time, .sample = i, .part = i / 2,
                         .name = i == 4 ? "four" : "other", .file_identifier = hostile, .verdict = "new", .seconds = 0.5, .fetch_seconds = 0.25,
                         .reason = fails ? CALO_REASON_CRASH : CALO_REASON_NONE, .message = fails ? hostile : NULL,
                         .facts = fails ? NULL : "{\"views\":4,\"load_seconds\":0.25,\"render_seconds\":0.5,\"x_seconds\":[],"
                                                 "\"warnings\":[{\"id\":\"w1\"},{\"id\":\"w1\"}],\"quality\":{\"flags\":[\"<blank>\"]}}"});
        if (i % 2 && i < 9)
            add(journal, (calo_event){.kind = CALO_EVENT_PART, .unix_seconds = time, .part = i / 2, .path = "x.tar", .bytes = 100,
                                      .seconds = 0.125});
        if (i == 5) {
            time += 1000;
            add(journal, (calo_event){.kind = CALO_EVENT_START, .unix_seconds = time});
        }
    }
    add(journal, (calo_event){.kind = CALO_EVENT_STOP, .unix_seconds = time, .facts = "{\"restarts\":2}"});
    calo_journal_close(journal);
}

static void open_status(calo_run_status *status)
{
    calo_error err = {0};
    if (calo_run_status_open(folder, status, &err) != CALO_OK)
        fail_msg("%s", err.message);
}

static void test_numbers(void **state)
{
    (void)state;
    calo_run_status s;
    write_run(12);
    write_events();
    open_status(&s);
    const calo_tally *t = &s.tally;
    assert_true(t->done == 6 && t->staged == 2 && t->failed == 2 && t->failed_by[CALO_REASON_CRASH] == 2);
    assert_true(t->parts == 4 && t->empty_parts == 0 && t->bytes == 400 && t->views == 32 && t->verdicts[3] == 10);
    assert_true(t->sessions == 2 && t->restarts == 2);
    assert_true(calo_tally_alive_seconds(t, 0) == 10 && t->settled == 10);
    assert_true(calo_tally_rate(t, 0) == 1 && calo_tally_recent_rate(t, 0, 5) == 1);
    assert_true(t->stages.count == 2 && t->stages.names[1].sum == 4 && t->flags.names[0].count == 8 && t->warnings.count == 1 && t->warnings.names[0].count == 8 &&
                t->fetch_seconds == 2.5);
    assert_int_equal(calo_run_status_open_samples(&s), 2);
    assert_true(calo_run_status_seconds_left(&s) == 2);
    assert_string_equal(calo_run_status_state(&s), "stopped");
    assert_false(s.holder.alive);

    calo_blob text = {0};
    assert_int_equal(calo_run_status_text(&s, &text, NULL), CALO_OK);
    assert_int_equal(calo_blob_append(&text, "", 1, NULL), CALO_OK);
    assert_non_null(strstr((char *)text.bytes, "stopped; `calotype dataset --resume"));
    assert_non_null(strstr((char *)text.bytes, "    crash                               2\n"));
    text.size = 0;
    assert_int_equal(calo_run_status_sentence(&s, &text, NULL), CALO_OK);
    assert_int_equal(calo_blob_append(&text, "", 1, NULL), CALO_OK);
    assert_string_equal((char *)text.bytes, "6 objects done, 2 failed (2 crash), 4 left, in 10 s of work, 1.00 a second");
    calo_blob_finish(&text);
    calo_run_status_close(&s);
}

/* What is tried again is counted where it ends. */
static void test_retried(void **state)
{
    (void)state;
    calo_run_status s;
    calo_journal *journal;
    const calo_event failure = {.kind = CALO_EVENT_FAILED, .reason = CALO_REASON_TIMEOUT}, empty = {.kind = CALO_EVENT_PART};
    write_run(1);
    assert_int_equal(calo_journal_open(folder, &journal, NULL), CALO_OK);
    add(journal, failure);
    add(journal, empty);
    calo_journal_sync(journal, NULL);
    open_status(&s);
    assert_true(s.tally.failed == 1 && s.tally.parts == 1 && s.tally.empty_parts == 1 && s.holder.alive);
    assert_int_equal(s.holder.process, getpid());
    assert_string_equal(calo_run_status_state(&s), "running");
    add(journal, (calo_event){.kind = CALO_EVENT_STAGED});
    assert_int_equal(calo_run_status_refresh(&s, NULL), CALO_OK);
    assert_true(s.tally.failed == 0 && s.tally.failed_by[CALO_REASON_TIMEOUT] == 0 && s.tally.staged == 1 && s.tally.parts == 0);
    add(journal, (calo_event){.kind = CALO_EVENT_STAGED}); /* it was lost, and made anew */
    add(journal, (calo_event){.kind = CALO_EVENT_PART, .path = "x"});
    add(journal, failure); /* what is in the destination is final */
    calo_journal_close(journal);
    assert_int_equal(calo_run_status_refresh(&s, NULL), CALO_OK);
    assert_true(s.tally.failed == 0 && s.tally.done == 1 && s.tally.staged == 0 && s.tally.parts == 1 && s.tally.empty_parts == 0);
    assert_string_equal(calo_run_status_state(&s), "finished");
    calo_run_status_close(&s);
}

static void test_no_run(void **state)
{
    (void)state;
    calo_run_status s;
    calo_error err = {0};
    assert_int_equal(calo_run_status_open(folder, &s, &err), CALO_ERROR_NOT_FOUND);
    assert_non_null(strstr(err.message, "no run.json"));
    calo_run_status_close(&s);
    write_run(3); /* before its journal is there */
    open_status(&s);
    assert_true(s.tally.done == 0 && calo_run_status_open_samples(&s) == 3);
    calo_run_status_close(&s);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(calo_file_write(path, bytes, size, NULL), CALO_OK);
}

static calo_file read_file(const char *name)
{
    char path[128];
    calo_file file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(calo_file_read(path, 1 << 24, &file, NULL), CALO_OK);
    return file;
}

static void test_report(void **state)
{
    (void)state;
    char path[128];
    write_run(12);
    write_events();
    snprintf(path, sizeof path, "%s/pictures", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    write_file("pictures/four.png", "\x89PNG\r\n\x1a\n", 8);
    write_file("pictures/no.png", "<script>", 8);
    assert_int_equal(calo_report_write(folder, NULL), CALO_OK);
    calo_file html = read_file("report.html"), json = read_file("report.json");
    const char *page = (const char *)html.bytes;
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "\x1b"));
    assert_null(strstr(page, "\xff"));
    assert_non_null(strstr(page, "&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;&#34;\xef\xbf\xbd[31m\xef\xbf\xbd.glb"));
    assert_non_null(strstr(page, "<title>a&#60;b - calotype dataset</title>"));
    assert_non_null(strstr(page, "data:image/png;base64,iVBORw0KGgo=\""));
    assert_non_null(strstr(page, "&#60;blank&#62;"));
    assert_non_null(strstr(page, "&#60;m&#62;"));
    assert_non_null(strstr(page, "&#60;list&#62;.txt"));
    assert_null(strstr(page, "://")); /* nothing from elsewhere */

    calo_scan scan = calo_scan_start((const char *)json.bytes, json.size);
    calo_slice raw;
    assert_true(calo_scan_skip(&scan, &raw) && calo_scan_ended(&scan));
    assert_non_null(strstr((char *)json.bytes, "\"reason\": \"crash\",\n      \"count\": 2"));
    assert_non_null(strstr((char *)json.bytes, "\"<blank>\": 8"));
    assert_non_null(strstr((char *)json.bytes, "\"rendered\": [0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]"));
    calo_file_finish(&html);
    calo_file_finish(&json);
}

/* 100,000 samples over 28 hours: few stretches, all in them, and examples that do not grow. */
static void test_long_report(void **state)
{
    (void)state;
    enum { SAMPLES = 100000 };
    calo_journal *journal;
    calo_report_data *data = malloc(sizeof *data);
    uint64_t rendered = 0, failed = 0;
    write_run(SAMPLES);
    assert_int_equal(calo_journal_open(folder, &journal, NULL), CALO_OK);
    for (uint64_t i = 0; i < SAMPLES; i++)
        add(journal, (calo_event){.kind = i % 5 ? CALO_EVENT_STAGED : CALO_EVENT_FAILED, .unix_seconds = 1e9 + (double)i, .sample = i,
                                  .part = i / 1000, .reason = i % 5 ? CALO_REASON_NONE : CALO_REASON_MISSING, .file_identifier = "f"});
    calo_journal_close(journal);
    assert_int_equal(calo_report_collect(folder, data, NULL), CALO_OK);
    const calo_tally *t = &data->status.tally;
    for (size_t i = 0; i < CALO_TALLY_BUCKETS; i++) {
        rendered += t->buckets[i].rendered;
        failed += t->buckets[i].failed;
    }
    assert_true(t->bucket_seconds == 512 && rendered == SAMPLES / 5 * 4 && failed == SAMPLES / 5);
    assert_int_equal(data->example_counts[CALO_REASON_MISSING], CALO_REPORT_EXAMPLES);
    calo_report_finish(data);
    free(data);
}

static void test_machine(void **state)
{
    (void)state;
    calo_blob facts = {0};
    assert_int_equal(calo_machine_facts(&facts, 3, "landlock", NULL), CALO_OK);
    assert_int_equal(calo_blob_append(&facts, "", 1, NULL), CALO_OK);
    assert_true(calo_facts_are_valid((char *)facts.bytes));
    calo_blob_finish(&facts);
}

/* ---- the live display ---- */

static const calo_live_worker workers[] = {{"chair\x1b[2J.glb", 1.5}, {NULL, 0}};
static const calo_live_numbers numbers = {.total = 1000, .done = 400, .staged = 100, .failed = 10, .before = 10, .fetching = 3,
                                          .rendering = 1, .restarts = 2, .workers = workers, .worker_count = 2};

static void test_live_without_terminal(void **state)
{
    (void)state;
    char text[4096] = "", path[128];
    FILE *file = tmpfile();
    calo_live *live = calo_live_create(folder, file, false);
    calo_live_failure(live, "x", CALO_REASON_CRASH);
    calo_live_show(live, &numbers, 1e6);
    calo_live_show(live, &numbers, 1e6 + 1);
    calo_live_say(live, "a sentence");
    snprintf(path, sizeof path, "%s/live.json", folder);
    assert_int_equal(access(path, F_OK), 0);
    calo_file json = read_file("live.json");
    assert_non_null(strstr((char *)json.bytes, "\"restarts\": 2"));
    calo_file_finish(&json);
    calo_live_destroy(live);
    assert_int_not_equal(access(path, F_OK), 0);
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "calotype: 500 of 1,000 done (51.0 %), 10 failed"));
    assert_non_null(strstr(text, "calotype: a sentence\n"));
    assert_null(strstr(strstr(text, " done") + 5, " done")); /* one line in half a minute */
    fclose(file);
}

/* What a terminal of these sizes gets. */
static void draw_on_terminal(int columns, int rows, char *text, size_t size)
{
    int master, slave;
    struct winsize window = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &window), 0);
    FILE *to = fdopen(slave, "w");
    setenv("TERM", "xterm", 1);
    calo_live *live = calo_live_create(NULL, to, false);
    calo_live_failure(live, "a\nb", CALO_REASON_TIMEOUT);
    calo_live_show(live, &numbers, 10);
    calo_live_show(live, &numbers, 10.1); /* too soon */
    window.ws_col = (unsigned short)(columns / 2 + 2);
    ioctl(master, TIOCSWINSZ, &window);
    calo_live_show(live, &numbers, 11);
    calo_live_destroy(live);
    fcntl(master, F_SETFL, O_NONBLOCK);
    size_t length = 0;
    for (ssize_t got; length < size - 1 && (got = read(master, text + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    fclose(to);
    close(master);
}

static void test_live_on_terminal(void **state)
{
    (void)state;
    char text[16384];
    draw_on_terminal(80, 24, text, sizeof text);
    assert_non_null(strstr(text, "500 of 1,000 done (51.0 %)"));
    assert_non_null(strstr(text, "chair?[2J.glb"));
    assert_non_null(strstr(text, "failed: timeout: a?b"));
    assert_non_null(strstr(text, "##############"));
    int up = 0;
    for (const char *at = text; (at = strstr(at, "A\r\x1b[J")); at++)
        up++;
    assert_int_equal(up, 2); /* drawn twice, taken off twice */
    draw_on_terminal(20, 5, text, sizeof text);
    for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n"))
        assert_true(strlen(line) < 40);
    draw_on_terminal(1, 1, text, sizeof text);
}

static void test_terminal_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
        const char *expected;
    } cases[] = {
        {"plain", 10, "plain"}, {"abcdefghij", 10, "abcdefghij"}, {"abcdefghijkl", 10, "abcd..jkl"}, {"\x1b\x9b\xc2\x9bx", 9, "???x"},
        {"a\xe2\x80\xae" "b", 9, "a?b"}, {"", 2, ""}, {"abcdefg", 2, ".."}, {"\xc3\xbc\xff", 9, "\xc3\xbc?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = calo_terminal_text(cases[i].text, cases[i].columns);
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
    char text[32];
    assert_string_equal(calo_duration_text(7.24, text), "7.2 s");
    assert_string_equal(calo_duration_text(59.6, text), "1 min 00 s");
    assert_string_equal(calo_duration_text(7500, text), "2 h 05 min");
    assert_string_equal(calo_duration_text(200000, text), "2 days 7 h");
    assert_string_equal(calo_count_text(0, text), "0");
    assert_string_equal(calo_count_text(1234567, text), "1,234,567");
    assert_string_equal(calo_count_text(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(test_numbers), CASE(test_retried), CASE(test_no_run), CASE(test_report), CASE(test_long_report), CASE(test_machine),
        CASE(test_live_without_terminal), CASE(test_live_on_terminal), CASE(test_terminal_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
