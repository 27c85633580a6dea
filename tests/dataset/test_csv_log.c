/* The CSV files: every object once, whatever was killed and resumed; what is written along is what the journal gives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "dataset/csv_log.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/calotype-csv-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

static calo_file read_csv(const char *kind)
{
    calo_file file;
    char path[160];
    snprintf(path, sizeof path, "%s/render-run-%s.csv", folder, kind);
    assert_int_equal(calo_file_read(path, 1 << 20, &file, NULL), CALO_OK);
    return file;
}

static void assert_csv(const char *kind, const char *expected)
{
    calo_file file = read_csv(kind);
    assert_string_equal((const char *)file.bytes, expected);
    calo_file_finish(&file);
}

/* ---- a supervisor ---- */

typedef struct supervisor {
    calo_journal *journal;
    calo_history *history;
    calo_csv_log *csv;
    double time;
    int events_left; /* until it is killed */
} supervisor;

static void begin(supervisor *s, bool retry_failed)
{
    assert_int_equal(calo_journal_open(folder, &s->journal, NULL), CALO_OK);
    assert_int_equal(calo_history_read(folder, 0, 0, &s->history, NULL), CALO_OK);
    assert_int_equal(calo_csv_log_open(folder, "run", s->history, retry_failed, &s->csv, NULL), CALO_OK);
}

static void end(supervisor *s)
{
    calo_journal_close(s->journal);
    calo_history_destroy(s->history);
    calo_csv_log_close(s->csv);
}

/* False when it was killed before. */
static bool note(supervisor *s, calo_event event)
{
    calo_error err = {0};
    if (s->events_left-- <= 0)
        return false;
    event.unix_seconds = s->time += 0.25;
    if (calo_journal_add(s->journal, &event, &err) != CALO_OK || calo_csv_log_event(s->csv, &event, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return true;
}

static void test_lines(void **state)
{
    (void)state;
    supervisor s = {.time = 1732233165.75, .events_left = 100};
    begin(&s, false);
    assert_csv("success", "");
    assert_csv("failed", "");
    note(&s, (calo_event){.kind = CALO_EVENT_START});
    note(&s, (calo_event){.kind = CALO_EVENT_STAGED, .sample = 1, .file_identifier = "b,\"x\"\n.glb", .sha256 = "02", .verdict = "new"});
    note(&s, (calo_event){.kind = CALO_EVENT_STAGED, .sample = 0, .file_identifier = "a\xff.glb", .sha256 = "01", .verdict = "found"});
    note(&s, (calo_event){.kind = CALO_EVENT_FAILED, .sample = 2, .file_identifier = "c", .verdict = "missing",
                          .reason = CALO_REASON_MISSING});
    assert_csv("success", ""); /* not before the part is there */
    note(&s, (calo_event){.kind = CALO_EVENT_PART, .path = "0.tar"});
    const char *success = "1732233167.000000,a\xff.glb,01\n1732233167.000000,\"b,\"\"x\"\"\n.glb\",02\n";
    assert_csv("success", success);
    assert_csv("failed", "1732233166.750000,c,,missing\n");
    assert_csv("new", "1732233166.250000,\"b,\"\"x\"\"\n.glb\",02\n");
    assert_csv("found", "1732233166.500000,a\xff.glb,01\n");
    assert_csv("missing", "1732233166.750000,c,\n");
    assert_csv("modified", "");
    end(&s);
    begin(&s, false);
    assert_csv("success", success);
    assert_csv("failed", "1732233166.750000,c,,missing\n");
    assert_csv("new", "1732233166.250000,\"b,\"\"x\"\"\n.glb\",02\n");
    end(&s);
}

static calo_event object(uint64_t sample, const char *identifier, calo_reason reason)
{
    return (calo_event){.kind = CALO_EVENT_OBJECT, .sample = sample, .file_identifier = identifier, .sha256 = "0a",
                        .verdict = reason ? "missing" : "found", .reason = reason};
}

/* Of a scene of several objects each has its lines, also the one that the scene does without. */
static void test_scenes(void **state)
{
    (void)state;
    supervisor s = {.time = 0, .events_left = 100};
    begin(&s, false);
    note(&s, object(0, "a", CALO_REASON_NONE));
    note(&s, object(0, "b", CALO_REASON_MISSING));
    end(&s); /* killed: both are noted again */
    begin(&s, false);
    note(&s, (calo_event){.kind = CALO_EVENT_START});
    note(&s, object(0, "a", CALO_REASON_NONE));
    note(&s, object(0, "b", CALO_REASON_MISSING));
    note(&s, (calo_event){.kind = CALO_EVENT_STAGED, .file_identifier = "a"});
    note(&s, object(1, "c", CALO_REASON_NONE));
    note(&s, object(1, "d", CALO_REASON_FETCH_FAILED));
    note(&s, (calo_event){.kind = CALO_EVENT_FAILED, .sample = 1, .file_identifier = "c", .reason = CALO_REASON_CRASH});
    note(&s, (calo_event){.kind = CALO_EVENT_PART, .path = "x"});
    assert_csv("success", "2.500000,a,0a\n");
    assert_csv("failed", "2.250000,c,0a,crash\n2.250000,d,0a,fetch failed\n2.500000,b,0a,missing\n");
    assert_csv("found", "1.500000,a,0a\n2.250000,c,0a\n");
    assert_csv("missing", "1.500000,b,0a\n2.250000,d,0a\n");
    end(&s);
}

/* What failed and is tried again stands once, where it ends. */
static void test_retry(void **state)
{
    (void)state;
    const calo_event failure = {.kind = CALO_EVENT_FAILED, .file_identifier = "a", .verdict = "found", .reason = CALO_REASON_TIMEOUT};
    supervisor s = {.time = 0, .events_left = 100};
    begin(&s, false);
    note(&s, failure);
    note(&s, (calo_event){.kind = CALO_EVENT_PART}); /* nothing was left of it */
    end(&s);
    begin(&s, true);
    assert_csv("failed", "");
    assert_csv("found", "");
    end(&s); /* killed before it was tried */
    begin(&s, false);
    assert_csv("failed", "0.250000,a,,timeout\n");
    end(&s);
    begin(&s, true);
    note(&s, (calo_event){.kind = CALO_EVENT_STAGED, .file_identifier = "a", .verdict = "found"});
    note(&s, (calo_event){.kind = CALO_EVENT_PART, .path = "x"});
    for (int i = 0; i < 2; i++) {
        assert_csv("failed", "");
        assert_csv("success", "1.000000,a,\n");
        assert_csv("found", "0.750000,a,\n");
        end(&s);
        begin(&s, true);
    }
    end(&s);
}

/* ---- kills ---- */

enum { PARTS = 40, EACH = 3 };

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Two objects of the scene, or one alone; every fifth scene fails, every seventh second object is left out. */
static bool make_sample(supervisor *s, uint64_t part, uint64_t sample)
{
    char first[32], second[32];
    bool scene = sample % 2, fails = sample % 5 == 0;
    snprintf(first, sizeof first, "%llu", (unsigned long long)(2 * sample));
    snprintf(second, sizeof second, "%llu", (unsigned long long)(2 * sample + 1));
    calo_event a = object(sample, first, CALO_REASON_NONE);
    calo_event b = object(sample, second, sample % 7 ? CALO_REASON_NONE : CALO_REASON_MODIFIED);
    calo_event result = {.kind = fails ? CALO_EVENT_FAILED : CALO_EVENT_STAGED, .part = part, .sample = sample,
                         .file_identifier = first, .sha256 = "0a", .verdict = scene ? NULL : "found",
                         .reason = fails ? CALO_REASON_BROKEN_FILE : CALO_REASON_NONE};
    a.part = b.part = part;
    return (!scene || (note(s, a) && note(s, b))) && note(s, result);
}

/* Goes on where the journal ends; true when everything is done. */
static bool work(supervisor *s, uint32_t *seed)
{
    if (!note(s, (calo_event){.kind = CALO_EVENT_START}))
        return false;
    for (uint64_t part = 0; part < PARTS; part++) {
        if (calo_history_part_done(s->history, part))
            continue;
        for (uint64_t sample = part * EACH; sample < (part + 1) * EACH; sample++) {
            /* Now and then what was staged has been lost. */
            bool lost = calo_history_sample(s->history, sample) == CALO_SAMPLE_STAGED && draw(seed) % 4 == 0;
            if ((lost || calo_history_sample(s->history, sample) == CALO_SAMPLE_OPEN) && !make_sample(s, part, sample))
                return false;
        }
        if (!note(s, (calo_event){.kind = CALO_EVENT_PART, .part = part, .path = "x"}))
            return false;
    }
    return true;
}

static int count_identifier(const char *kind, uint64_t identifier)
{
    char wanted[40];
    calo_file file = read_csv(kind);
    int count = 0;
    snprintf(wanted, sizeof wanted, ",%llu,0a", (unsigned long long)identifier);
    for (const char *at = (const char *)file.bytes; (at = strstr(at, wanted)); at++)
        count++;
    calo_file_finish(&file);
    return count;
}

static void assert_each_once(void)
{
    for (uint64_t sample = 0; sample < PARTS * EACH; sample++)
        for (uint64_t i = 0; i < 2; i++) {
            bool there = i == 0 || sample % 2, left_out = i == 1 && sample % 7 == 0;
            bool fails = sample % 5 == 0 || left_out;
            assert_int_equal(count_identifier("success", 2 * sample + i), there && !fails);
            assert_int_equal(count_identifier("failed", 2 * sample + i), there && fails);
            assert_int_equal(count_identifier("found", 2 * sample + i), there && !left_out);
            assert_int_equal(count_identifier("missing", 2 * sample + i), there && left_out);
        }
}

static void test_kills(void **state)
{
    (void)state;
    static const char *const kinds[] = {"success", "failed"}; /* verdicts get the time of what was staged last */
    for (uint32_t round = 0; round < 20; round++) {
        supervisor s = {.time = 1000};
        uint32_t seed = round;
        calo_file before[2] = {{0}};
        for (bool done = false; !done;) {
            s.events_left = (int)(draw(&seed) % 60);
            begin(&s, false);
            for (int i = 0; i < 2; i++) {
                calo_file now = read_csv(kinds[i]);
                if (before[i].bytes)
                    assert_string_equal((const char *)now.bytes, (const char *)before[i].bytes);
                calo_file_finish(&now);
                calo_file_finish(&before[i]);
            }
            done = work(&s, &seed);
            end(&s);
            for (int i = 0; i < 2; i++)
                before[i] = read_csv(kinds[i]);
        }
        for (int i = 0; i < 2; i++)
            calo_file_finish(&before[i]);
        assert_each_once();
        calo_folder_remove(folder);
        make_folder(NULL);
    }
}

static void test_bad_name(void **state)
{
    (void)state;
    calo_history *history;
    calo_csv_log *log;
    calo_error err = {0};
    assert_int_equal(calo_history_read(folder, 0, 0, &history, NULL), CALO_OK);
    assert_int_equal(calo_csv_log_open(folder, "a/b", history, false, &log, &err), CALO_ERROR_ARGUMENT);
    assert_null(log);
    assert_non_null(strstr(err.message, "a/b"));
    calo_history_destroy(history);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {CASE(test_lines), CASE(test_scenes), CASE(test_retry), CASE(test_kills), CASE(test_bad_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
