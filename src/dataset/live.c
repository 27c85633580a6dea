#include "dataset/live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "encode/json_writer.h"

enum { MAX_FAILURES = 3, MAX_WORKER_LINES = 8, MAX_HISTORY = 64, MAX_JSON_WORKERS = 64, MAX_LINES = 32, SENTENCE_COLUMNS = 2000 };
static const double draw_seconds = 0.2, line_seconds = 30, file_seconds = 2, history_seconds = 1;

typedef struct failure {
    char *object;
    calo_reason reason;
} failure;

struct calo_live {
    FILE *to;
    bool quiet, terminal;
    char *path; /* of live.json; NULL: none */
    double start, shown, drawn, lined, filed;
    bool begun;
    size_t drawn_lines, drawn_columns[MAX_LINES];
    failure failures[MAX_FAILURES]; /* the newest first */
    struct {
        double time;
        uint64_t ended;
    } history[MAX_HISTORY]; /* a ring: samples ended until then, of the last minute */
    size_t history_count;
};

calo_live *calo_live_create(const char *run_folder, FILE *to, bool quiet)
{
    calo_live *live = calloc(1, sizeof *live);
    if (!live)
        return NULL;
    const char *term = getenv("TERM");
    *live = (calo_live){.to = to, .quiet = quiet, .start = calo_clock_seconds()};
    live->terminal = isatty(fileno(to)) && term && strcmp(term, "dumb") != 0;
    live->lined = live->start;
    live->path = run_folder ? calo_text_format("%s/live.json", run_folder) : NULL;
    if (!run_folder || live->path)
        return live;
    free(live);
    return NULL;
}

static size_t terminal_size(const calo_live *live, size_t *rows)
{
    struct winsize size;
    bool known = ioctl(fileno(live->to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *rows = known ? size.ws_row : 24;
    return known ? size.ws_col : 80;
}

/* Lines that were drawn on a wider terminal have become several by now. */
static void take_off(calo_live *live)
{
    size_t rows, columns = terminal_size(live, &rows), count = 0;
    for (size_t i = 0; i < live->drawn_lines; i++)
        count += live->drawn_columns[i] > columns ? (live->drawn_columns[i] + columns - 1) / columns : 1;
    if (count > 0)
        fprintf(live->to, "\033[%zuA\r\033[J", count);
    live->drawn_lines = 0;
}

void calo_live_destroy(calo_live *live)
{
    if (!live)
        return;
    take_off(live);
    fflush(live->to);
    if (live->path)
        unlink(live->path);
    for (size_t i = 0; i < MAX_FAILURES; i++)
        free(live->failures[i].object);
    free(live->path);
    free(live);
}

void calo_live_failure(calo_live *live, const char *object, calo_reason reason)
{
    char *copy = strdup(object);
    if (!copy)
        return; /* one line less on the screen */
    free(live->failures[MAX_FAILURES - 1].object);
    memmove(live->failures + 1, live->failures, (MAX_FAILURES - 1) * sizeof *live->failures);
    live->failures[0] = (failure){copy, reason};
}

void calo_live_say(calo_live *live, const char *sentence)
{
    if (live->quiet)
        return;
    char *text = calo_terminal_text(sentence, SENTENCE_COLUMNS);
    take_off(live);
    fprintf(live->to, "calotype: %s\n", text ? text : "");
    free(text);
    fflush(live->to);
    live->drawn = 0;
}

/* ---- rates ---- */

static uint64_t ended_of(const calo_live_numbers *numbers)
{
    uint64_t ended = numbers->done + numbers->failed + numbers->staged;
    return ended > numbers->before ? ended - numbers->before : 0;
}

static void keep_history(calo_live *live, const calo_live_numbers *numbers, double now)
{
    size_t last = (live->history_count + MAX_HISTORY - 1) % MAX_HISTORY;
    if (live->history_count > 0 && now - live->history[last].time < history_seconds)
        return;
    live->history[live->history_count % MAX_HISTORY].time = now;
    live->history[live->history_count % MAX_HISTORY].ended = ended_of(numbers);
    live->history_count++;
}

/* Samples a second of the last minute, or of the time since the start. */
static double recent_rate(const calo_live *live, const calo_live_numbers *numbers, double now)
{
    size_t oldest = live->history_count > MAX_HISTORY ? live->history_count % MAX_HISTORY : 0;
    double since = live->history_count > MAX_HISTORY ? live->history[oldest].time : live->start;
    uint64_t before = live->history_count > MAX_HISTORY ? live->history[oldest].ended : 0, ended = ended_of(numbers);
    return now > since && ended > before ? (double)(ended - before) / (now - since) : 0;
}

static double seconds_left(const calo_live_numbers *numbers, double rate)
{
    uint64_t ended = numbers->done + numbers->failed + numbers->staged;
    if (numbers->total == 0 || rate <= 0)
        return -1;
    return numbers->total > ended ? (double)(numbers->total - ended) / rate : 0;
}

/* ---- lines ---- */

static char *summary_text(const calo_live *live, const calo_live_numbers *numbers, double now)
{
    char done[32], total[32], failed[32], left[32];
    double rate = recent_rate(live, numbers, now), seconds = seconds_left(numbers, rate);
    uint64_t ended = numbers->done + numbers->failed + numbers->staged;
    char percent[16] = "", more[64] = "";
    if (numbers->total > 0)
        snprintf(percent, sizeof percent, " (%.1f %%)", 100.0 * (double)ended / (double)numbers->total);
    if (seconds >= 0)
        snprintf(more, sizeof more, ", %s left", calo_duration_text(seconds, left));
    return calo_text_format("%s of %s done%s, %s failed, %.*f a second%s", calo_count_text(numbers->done + numbers->staged, done),
                            numbers->total ? calo_count_text(numbers->total, total) : "?", percent,
                            calo_count_text(numbers->failed, failed), rate < 10 ? 2 : 0, rate, more);
}

static void draw_line(calo_live *live, size_t columns, char *text)
{
    char *line = text ? calo_terminal_text(text, columns > 3 ? columns - 1 : 2) : NULL;
    if (live->drawn_lines < MAX_LINES) {
        fprintf(live->to, "%s\033[K\n", line ? line : "");
        live->drawn_columns[live->drawn_lines++] = line ? strlen(line) : 0; /* columns are no more than bytes */
    }
    free(line);
    free(text);
}

static void draw_bar(calo_live *live, size_t columns, const calo_live_numbers *numbers)
{
    enum { MOST = 60 };
    size_t width = columns > MOST + 4 ? MOST : columns > 8 ? columns - 4 : 4;
    uint64_t total = numbers->total > 0 ? numbers->total : 1;
    double good = (double)(numbers->done + numbers->staged) / (double)total, bad = (double)numbers->failed / (double)total;
    char bar[MOST + 1];
    size_t filled = (size_t)(good * (double)width), marked = (size_t)((good + bad) * (double)width);
    for (size_t i = 0; i < width; i++)
        bar[i] = i < filled ? '#' : i < marked ? 'x' : '.';
    bar[width] = '\0';
    draw_line(live, columns, calo_text_format("[%s]", bar));
}

static void draw_workers(calo_live *live, size_t columns, size_t most, const calo_live_numbers *numbers)
{
    size_t shown = numbers->worker_count < most ? numbers->worker_count : most;
    for (size_t i = 0; i < shown; i++) {
        const calo_live_worker *worker = &numbers->workers[i];
        if (i + 1 == shown && numbers->worker_count > shown)
            draw_line(live, columns, calo_text_format("  and %zu workers more", numbers->worker_count - i));
        else if (worker->object)
            draw_line(live, columns, calo_text_format("  %5.1f s  %s", worker->seconds, worker->object));
        else
            draw_line(live, columns, calo_text_format("        -  "));
    }
}

static void draw(calo_live *live, const calo_live_numbers *numbers, double now)
{
    size_t rows, columns = terminal_size(live, &rows);
    size_t failures = 0, room = rows > 10 ? rows - 10 : 0;
    take_off(live);
    draw_line(live, columns, summary_text(live, numbers, now));
    if (rows < 8)
        return;
    if (numbers->total > 0)
        draw_bar(live, columns, numbers);
    draw_line(live, columns, calo_text_format("fetching %llu, ready %llu, rendering %llu, writing %llu; %llu workers replaced",
                                              (unsigned long long)numbers->fetching, (unsigned long long)numbers->ready,
                                              (unsigned long long)numbers->rendering, (unsigned long long)numbers->writing,
                                              (unsigned long long)numbers->restarts));
    draw_workers(live, columns, room < MAX_WORKER_LINES ? room : MAX_WORKER_LINES, numbers);
    while (failures < MAX_FAILURES && live->failures[failures].object)
        failures++;
    for (size_t i = 0; i < failures && rows > 10 + MAX_FAILURES; i++)
        draw_line(live, columns, calo_text_format("%s %s: %s", i == 0 ? "failed:" : "       ",
                                                  calo_reason_name(live->failures[i].reason), live->failures[i].object));
    if (numbers->trouble)
        draw_line(live, columns, strdup(numbers->trouble));
}

/* ---- live.json ---- */

static void write_file(calo_live *live, const calo_live_numbers *numbers)
{
    calo_blob blob = {0};
    calo_json_writer json = calo_json_start(&blob, NULL);
    calo_json_open(&json, NULL, '{');
    calo_json_unsigned(&json, "process", (uint64_t)getpid());
    calo_json_unsigned(&json, "fetching", numbers->fetching);
    calo_json_unsigned(&json, "ready", numbers->ready);
    calo_json_unsigned(&json, "rendering", numbers->rendering);
    calo_json_unsigned(&json, "writing", numbers->writing);
    calo_json_unsigned(&json, "restarts", numbers->restarts);
    calo_json_text(&json, "trouble", numbers->trouble);
    calo_json_open(&json, "workers", '[');
    for (size_t i = 0; i < numbers->worker_count && i < MAX_JSON_WORKERS; i++) {
        calo_json_open(&json, NULL, '{');
        calo_json_text(&json, "object", numbers->workers[i].object);
        calo_json_number(&json, "seconds", numbers->workers[i].seconds);
        calo_json_close(&json, '}');
    }
    calo_json_close(&json, ']');
    calo_json_close(&json, '}');
    /* Only to be looked at: a disk that is full stops the run elsewhere. */
    if (json.status == CALO_OK)
        calo_file_write(live->path, blob.bytes, blob.size, NULL);
    calo_blob_finish(&blob);
}

/* ---- now and then ---- */

static bool is_due(const calo_live *live, double *last, double every, double now)
{
    if (live->begun && now - *last < every)
        return false;
    *last = now;
    return true;
}

bool calo_live_is_due(const calo_live *live, double now)
{
    return !live->begun || now - live->shown >= draw_seconds;
}

void calo_live_show(calo_live *live, const calo_live_numbers *numbers, double now)
{
    live->shown = now;
    keep_history(live, numbers, now);
    if (live->path && is_due(live, &live->filed, file_seconds, now))
        write_file(live, numbers);
    if (!live->quiet && live->terminal && is_due(live, &live->drawn, draw_seconds, now)) {
        draw(live, numbers, now);
        fflush(live->to);
    } else if (!live->quiet && !live->terminal && now - live->lined >= line_seconds) {
        char *text = summary_text(live, numbers, now);
        fprintf(live->to, "calotype: %s\n", text ? text : "");
        fflush(live->to);
        free(text);
        live->lined = now;
    }
    live->begun = true;
}
