/* One page without scripts or other files: pictures are inside. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "dataset/live.h"
#include "dataset/report_data.h"
#include "dataset/report_style.h"

enum { MAX_PICTURE_BYTES = 512 << 10 };

void calo_html_text(FILE *to, const char *text)
{
    bool shown;
    for (size_t length; *text; text += length) {
        length = calo_shown_character(text, &shown);
        if (!shown)
            fputs("\xef\xbf\xbd", to);
        else if (strchr("&<>\"'", *text))
            fprintf(to, "&#%d;", *text);
        else
            fwrite(text, 1, length, to);
    }
}

static void put_count(FILE *to, uint64_t count)
{
    char text[32];
    fputs(calo_count_text(count, text), to);
}

static void put_bytes(FILE *to, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1000 && unit < 6; unit++)
        value /= 1000;
    fprintf(to, "%.*f %s", unit == 0 || value >= 100 ? 0 : 1, value, units[unit]);
}

static void put_name(FILE *to, const char *class, const char *text)
{
    fprintf(to, "<span class=\"%s\">", class);
    calo_html_text(to, text);
    fputs("</span>", to);
}

static void put_bar_cell(FILE *to, const char *class, double share)
{
    fprintf(to, "<td class=\"bar\"><i class=\"%s\" style=\"width:%.1f%%\"></i></td>", class, 100 * share);
}

/* ---- the top ---- */

static void put_tile_end(FILE *to, const char *label) { fprintf(to, "</b><span>%s</span></div>\n", label); }

static void put_tiles(const calo_report_data *data, FILE *to)
{
    const calo_tally *t = &data->status.tally;
    double alive = calo_tally_alive_seconds(t, 0);
    char text[32];
    fputs("<div class=\"tiles\">\n<div><b>", to);
    put_count(to, data->status.run.samples ? data->status.run.samples : t->done + t->staged + t->failed);
    put_tile_end(to, calo_run_status_unit(&data->status));
    fputs("<div><b>", to);
    put_count(to, t->done);
    put_tile_end(to, "done");
    if (t->staged > 0) {
        fputs("<div><b>", to);
        put_count(to, t->staged);
        put_tile_end(to, "rendered, not yet written");
    }
    fputs("<div><b>", to);
    put_count(to, t->failed);
    put_tile_end(to, "failed");
    fputs("<div><b>", to);
    put_count(to, t->views);
    put_tile_end(to, "views");
    fputs("<div><b>", to);
    put_bytes(to, t->bytes);
    put_tile_end(to, "in the destination");
    fprintf(to, "<div><b>%.2f", alive > 0 ? (double)t->settled / alive : 0);
    put_tile_end(to, strcmp(calo_run_status_unit(&data->status), "scenes") == 0 ? "scenes a second" : "objects a second");
    fprintf(to, "<div><b>%s", calo_duration_text(alive, text));
    put_tile_end(to, "of work");
    fputs("</div>\n", to);
}

static void put_shares(const calo_report_data *data, FILE *to)
{
    const calo_tally *t = &data->status.tally;
    uint64_t ended = t->done + t->staged + t->failed, total = data->status.run.samples > ended ? data->status.run.samples : ended;
    if (total == 0)
        return;
    fprintf(to, "<div class=\"share\"><div class=\"done\" style=\"width:%.2f%%\"></div><div class=\"staged\" style=\"width:%.2f%%\"></div>"
                "<div class=\"failed\" style=\"width:%.2f%%\"></div></div>\n",
            100.0 * (double)t->done / (double)total, 100.0 * (double)t->staged / (double)total,
            100.0 * (double)t->failed / (double)total);
}

static void put_top(const calo_report_data *data, FILE *to)
{
    const calo_run_status *s = &data->status;
    fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
          to);
    calo_html_text(to, s->run.name);
    fputs(" - calotype dataset</title>\n<style>\n" CALO_REPORT_STYLE "</style>\n</head>\n<body>\n<main>\n<header>\n<h1>", to);
    calo_html_text(to, s->run.name);
    fprintf(to, "</h1>\n<p>%s; package ", calo_run_status_state(s));
    calo_html_text(to, s->run.package);
    fputs(", to ", to);
    put_name(to, "name", s->run.destination);
    fputs("</p>\n</header>\n", to);
    put_tiles(data, to);
    put_shares(data, to);
}

/* ---- failures ---- */

static void put_examples(const calo_report_data *data, int reason, FILE *to)
{
    size_t count = data->example_counts[reason];
    fputs("<ul>\n", to);
    for (size_t i = 0; i < count; i++) {
        fputs("<li>", to);
        put_name(to, "name", data->examples[reason][i].file_identifier);
        fputs("<br>", to);
        put_name(to, "text", data->examples[reason][i].message);
        fputs("</li>\n", to);
    }
    if (data->status.tally.failed_by[reason] > count) {
        char number[32];
        fprintf(to, "<li class=\"soft\">and %s more: render-", calo_count_text(data->status.tally.failed_by[reason] - count, number));
        calo_html_text(to, data->status.run.name);
        fputs("-failed.csv has all</li>\n", to);
    }
    fputs("</ul>", to);
}

static void put_reason(const calo_report_data *data, int reason, uint64_t most, FILE *to)
{
    const calo_tally *t = &data->status.tally;
    char count[32];
    fprintf(to, "<details><summary><span>%s</span><span class=\"number\">%s</span><span class=\"number soft\">%.1f %%</span>"
                "<span class=\"bar\"><i class=\"failed\" style=\"width:%.1f%%\"></i></span></summary>",
            calo_reason_name((calo_reason)reason), calo_count_text(t->failed_by[reason], count),
            100.0 * (double)t->failed_by[reason] / (double)t->failed, 100.0 * (double)t->failed_by[reason] / (double)most);
    put_examples(data, reason, to);
    fputs("</details>\n", to);
}

/* The most frequent reason that was not shown; NONE behind the last. */
static calo_reason next_reason(const calo_tally *t, const bool *shown)
{
    calo_reason next = CALO_REASON_NONE;
    for (int i = CALO_REASON_NONE + 1; i < CALO_REASON_COUNT; i++)
        if (!shown[i] && t->failed_by[i] > 0 && (next == CALO_REASON_NONE || t->failed_by[i] > t->failed_by[next]))
            next = (calo_reason)i;
    return next;
}

static void put_failures(const calo_report_data *data, FILE *to)
{
    const calo_tally *t = &data->status.tally;
    bool shown[CALO_REASON_COUNT] = {false};
    fputs("<section><h2>Failures by reason</h2>\n", to);
    calo_reason reason = next_reason(t, shown);
    uint64_t most = t->failed_by[reason];
    if (reason == CALO_REASON_NONE)
        fputs("<p class=\"soft\">Nothing failed.</p>\n", to);
    for (; reason != CALO_REASON_NONE; reason = next_reason(t, shown)) {
        put_reason(data, (int)reason, most, to);
        shown[reason] = true;
    }
    fputs("</section>\n", to);
}

/* ---- tables of names ---- */

static int compare_counts(const void *a, const void *b)
{
    const calo_name_count *first = a, *second = b;
    if (first->count != second->count)
        return first->count < second->count ? 1 : -1;
    return strcmp(first->name, second->name);
}

static void put_counts(const char *title, const char *unit, const calo_name_counts *counts, uint64_t total, FILE *to)
{
    calo_name_counts sorted = *counts;
    qsort(sorted.names, sorted.count, sizeof *sorted.names, compare_counts);
    if (sorted.count == 0)
        return;
    fprintf(to, "<section><h2>%s</h2>\n<table><tr><th></th><th class=\"number\">%s</th><th></th></tr>\n", title, unit);
    for (size_t i = 0; i < sorted.count; i++) {
        fputs("<tr><td>", to);
        put_name(to, "name", sorted.names[i].name);
        fputs("</td><td class=\"number\">", to);
        put_count(to, sorted.names[i].count);
        fputs("</td>", to);
        put_bar_cell(to, "staged", total > 0 && sorted.names[i].count < total ? (double)sorted.names[i].count / (double)total : 1);
        fputs("</tr>\n", to);
    }
    fputs("</table></section>\n", to);
}

static void put_stage(const calo_tally *t, const char *name, double sum, double total, FILE *to)
{
    char text[32];
    fputs("<tr><td>", to);
    calo_html_text(to, name);
    fprintf(to, "</td><td class=\"number\">%s</td><td class=\"number\">%.1f ms</td>", calo_duration_text(sum, text),
            t->settled > 0 ? 1000 * sum / (double)t->settled : 0);
    put_bar_cell(to, "done", sum / total);
    fputs("</tr>\n", to);
}

static void put_stages(const calo_tally *t, FILE *to)
{
    double total = t->fetch_seconds + t->write_seconds;
    for (size_t i = 0; i < t->stages.count; i++)
        total += t->stages.names[i].sum;
    if (total <= 0)
        return;
    fputs("<section><h2>Where the time went</h2>\n<table><tr><th>stage</th><th class=\"number\">time</th><th class=\"number\">an object"
          "</th><th></th></tr>\n", to);
    put_stage(t, "fetch", t->fetch_seconds, total, to);
    for (size_t i = 0; i < t->stages.count; i++)
        put_stage(t, t->stages.names[i].name, t->stages.names[i].sum, total, to);
    put_stage(t, "write", t->write_seconds, total, to);
    fputs("</table><p class=\"soft\">Seconds of all threads and workers together: stages overlap.</p></section>\n", to);
}

/* ---- pictures ---- */

static void put_base64(FILE *to, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= i + 2 < size ? bytes[i + 2] : 0;
        fputc(digits[bits >> 18], to);
        fputc(digits[bits >> 12 & 63], to);
        fputc(i + 1 < size ? digits[bits >> 6 & 63] : '=', to);
        fputc(i + 2 < size ? digits[bits & 63] : '=', to);
    }
}

static void put_picture(const calo_report_picture *picture, FILE *to)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xff, 0xd8, 0xff};
    calo_file file = {0};
    char text[32];
    if (calo_file_read(picture->path, MAX_PICTURE_BYTES, &file, NULL) != CALO_OK)
        return; /* gone since, or no thumbnail */
    bool is_png = file.size > sizeof png && memcmp(file.bytes, png, sizeof png) == 0;
    bool is_jpeg = file.size > sizeof jpeg && memcmp(file.bytes, jpeg, sizeof jpeg) == 0;
    if (is_png || is_jpeg) {
        const char *name = picture->file_identifier ? picture->file_identifier : picture->name;
        fprintf(to, "<figure><img alt=\"\" src=\"data:image/%s;base64,", is_png ? "png" : "jpeg");
        put_base64(to, file.bytes, file.size);
        fputs("\"><figcaption title=\"", to);
        calo_html_text(to, name);
        fputs("\">", to);
        put_name(to, "name", calo_path_name(name)[0] ? calo_path_name(name) : name);
        if (picture->seconds > 0)
            fprintf(to, "<br>%s", calo_duration_text(picture->seconds, text));
        fputs("</figcaption></figure>\n", to);
    }
    calo_file_finish(&file);
}

static void put_pictures(const calo_report_data *data, FILE *to)
{
    if (data->picture_count == 0)
        return;
    fprintf(to, "<section><h2>Pictures of some %s</h2>\n<div class=\"pictures\">\n", calo_run_status_unit(&data->status));
    for (size_t i = 0; i < data->picture_count; i++)
        put_picture(&data->pictures[i], to);
    fputs("</div></section>\n", to);
}

/* ---- the run ---- */

static void put_row(void *user, const char *key, const char *text)
{
    FILE *to = user;
    fputs("<tr><td class=\"soft\">", to);
    calo_html_text(to, key);
    fputs("</td><td>", to);
    put_name(to, "name", text);
    fputs("</td></tr>\n", to);
}

static void put_words(const calo_run_file *run, FILE *to)
{
    fputs("<tr><td class=\"soft\">command</td><td><span class=\"name\">calotype dataset", to);
    for (size_t i = 0; i < run->word_count && i < 200; i++) {
        fputc(' ', to);
        calo_html_text(to, run->words[i]);
    }
    fputs(run->word_count > 200 ? " ...</span></td></tr>\n" : "</span></td></tr>\n", to);
}

static void put_number_row(FILE *to, const char *key, uint64_t number)
{
    char text[32];
    put_row(to, key, calo_count_text(number, text));
}

static void put_run(const calo_report_data *data, FILE *to)
{
    const calo_run_status *s = &data->status;
    fputs("<section><h2>The run</h2>\n<table>\n", to);
    put_words(&s->run, to);
    put_row(to, "folder", s->run_folder);
    put_number_row(to, "parts in the destination", s->tally.parts - s->tally.empty_parts);
    put_number_row(to, "sessions", s->tally.sessions);
    put_number_row(to, "workers replaced", calo_run_status_restarts(s));
    for (size_t i = 0; i < CALO_TALLY_VERDICTS; i++)
        if (s->tally.verdicts[i] > 0)
            put_number_row(to, calo_tally_verdicts[i], s->tally.verdicts[i]);
    if (s->tally.left_out > 0)
        put_number_row(to, "objects left out of scenes", s->tally.left_out);
    if (s->run.list_sha256)
        put_row(to, "list (SHA-256)", s->run.list_sha256);
    if (s->tally.start_facts)
        calo_facts_visit(s->tally.start_facts, put_row, to);
    fputs("</table></section>\n", to);
}

void calo_report_html(const calo_report_data *data, FILE *to)
{
    const calo_tally *t = &data->status.tally;
    put_top(data, to);
    fputs("<section><h2>Speed</h2>\n", to);
    calo_report_chart(t, calo_run_status_unit(&data->status), to);
    fputs("</section>\n", to);
    put_failures(data, to);
    put_pictures(data, to);
    fputs("<div class=\"columns\">\n", to);
    put_stages(t, to);
    put_counts("Quality flags", calo_run_status_unit(&data->status), &t->flags, t->done + t->staged, to);
    put_counts("Warnings", calo_run_status_unit(&data->status), &t->warnings, t->done + t->staged, to);
    fputs("</div>\n", to);
    put_run(data, to);
    fprintf(to, "<p><small>calotype %s</small></p>\n</main>\n</body>\n</html>\n", calo_version());
}
