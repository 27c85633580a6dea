#include "dataset/report.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/report_data.h"

/* ---- pictures ---- */

static bool is_picture(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && name[0] != '.' && (strcmp(name + length - 4, ".png") == 0 || strcmp(name + length - 4, ".jpg") == 0);
}

static int compare_pictures(const void *a, const void *b)
{
    return strcmp(((const calo_report_picture *)a)->name, ((const calo_report_picture *)b)->name);
}

static void free_picture(calo_report_picture *picture)
{
    free(picture->path);
    free(picture->name);
    free(picture->file_identifier);
}

/* Keeps the first by name when there are too many. */
static calo_status add_picture(calo_report_data *data, const char *folder, const char *file, calo_error *err)
{
    calo_report_picture picture = {.path = calo_text_format("%s/%s", folder, file), .name = strndup(file, strlen(file) - 4)};
    if (!picture.path || !picture.name) {
        free_picture(&picture);
        return calo_fail_memory(err, "a report", strlen(file));
    }
    if (data->picture_count < CALO_REPORT_PICTURES) {
        data->pictures[data->picture_count++] = picture;
        return CALO_OK;
    }
    calo_report_picture *last = &data->pictures[0];
    for (size_t i = 1; i < data->picture_count; i++)
        if (compare_pictures(last, &data->pictures[i]) < 0)
            last = &data->pictures[i];
    calo_report_picture unused = compare_pictures(&picture, last) < 0 ? *last : picture;
    if (compare_pictures(&picture, last) < 0)
        *last = picture;
    free_picture(&unused);
    return CALO_OK;
}

static calo_status find_pictures(calo_report_data *data, const char *run_folder, calo_error *err)
{
    calo_status status = CALO_OK;
    char *path = calo_text_format("%s/pictures", run_folder);
    DIR *folder = path ? opendir(path) : NULL;
    if (!path)
        return calo_fail_memory(err, "a path", strlen(run_folder));
    for (struct dirent *entry; folder && status == CALO_OK && (entry = readdir(folder));)
        if (is_picture(entry->d_name))
            status = add_picture(data, path, entry->d_name, err);
    if (folder)
        closedir(folder);
    qsort(data->pictures, data->picture_count, sizeof *data->pictures, compare_pictures);
    free(path);
    return status;
}

/* ---- what the journal says of single samples ---- */

static calo_status name_picture(calo_report_data *data, const calo_line *line, calo_error *err)
{
    char name[256];
    if (data->picture_count == 0 || !line->name.start || !line->file_identifier.start || line->name.size >= sizeof name)
        return CALO_OK;
    calo_slice_decode(line->name, name);
    const calo_report_picture wanted = {.name = name};
    calo_report_picture *picture =
        bsearch(&wanted, data->pictures, data->picture_count, sizeof *data->pictures, compare_pictures);
    if (!picture)
        return CALO_OK;
    free(picture->file_identifier);
    picture->seconds = line->seconds;
    picture->file_identifier = calo_slice_text(line->file_identifier);
    return picture->file_identifier ? CALO_OK : calo_fail_memory(err, "a report", line->file_identifier.size);
}

static calo_status add_example(calo_report_data *data, const calo_line *line, calo_error *err)
{
    size_t count = data->example_counts[line->reason];
    if (count == CALO_REPORT_EXAMPLES)
        return CALO_OK;
    calo_report_example *example = &data->examples[line->reason][count];
    calo_slice empty = {"", 0};
    example->file_identifier = calo_slice_text(line->file_identifier.start ? line->file_identifier : empty);
    example->message = calo_slice_text(line->message.start ? line->message : empty);
    data->example_counts[line->reason]++;
    if (!example->file_identifier || !example->message)
        return calo_fail_memory(err, "a report", line->message.size);
    return CALO_OK;
}

static calo_status take_line(calo_report_data *data, const calo_history *history, const calo_line *line, uint64_t offset,
                             calo_error *err)
{
    const calo_event event = {.kind = line->kind, .part = line->part, .sample = line->sample};
    bool failed = line->kind == CALO_EVENT_FAILED, staged = line->kind == CALO_EVENT_STAGED;
    if ((!failed && !staged) || !calo_history_counts(history, &event, offset))
        return CALO_OK;
    return failed ? add_example(data, line, err) : name_picture(data, line, err);
}

static calo_status read_samples(calo_report_data *data, const char *run_folder, calo_error *err)
{
    calo_history *history;
    calo_line line;
    bool found = data->status.reader != NULL;
    calo_status status = calo_history_read(run_folder, 0, 0, &history, err);
    if (found)
        calo_journal_reader_rewind(data->status.reader);
    while (status == CALO_OK && found) {
        status = calo_journal_reader_next(data->status.reader, &line, &found, err);
        if (status == CALO_OK && found)
            status = take_line(data, history, &line, calo_journal_reader_offset(data->status.reader), err);
    }
    calo_history_destroy(history);
    return status;
}

calo_status calo_report_collect(const char *run_folder, calo_report_data *data, calo_error *err)
{
    memset(data, 0, sizeof *data);
    calo_status status = calo_run_status_open(run_folder, &data->status, err);
    if (status == CALO_OK)
        status = find_pictures(data, run_folder, err);
    return status == CALO_OK ? read_samples(data, run_folder, err) : status;
}

void calo_report_finish(calo_report_data *data)
{
    calo_run_status_close(&data->status);
    for (size_t i = 0; i < CALO_REASON_COUNT; i++)
        for (size_t j = 0; j < data->example_counts[i]; j++) {
            free(data->examples[i][j].file_identifier);
            free(data->examples[i][j].message);
        }
    for (size_t i = 0; i < data->picture_count; i++)
        free_picture(&data->pictures[i]);
}

/* ---- facts ---- */

void calo_facts_visit(const char *facts, void (*visit)(void *user, const char *key, const char *text), void *user)
{
    calo_scan scan = calo_scan_start(facts, strlen(facts));
    calo_slice key, value;
    calo_scan_enter(&scan, '{');
    while (calo_scan_key(&scan, &key)) {
        char first = calo_scan_peek(&scan);
        bool text = first == '"', number = first == '-' || (first >= '0' && first <= '9');
        if (!(text ? calo_scan_string(&scan, &value) : calo_scan_skip(&scan, &value)) || (!text && !number))
            continue;
        char *name = calo_slice_text(key);
        char *word = text ? calo_slice_text(value) : strndup(value.start, value.size);
        if (name && word)
            visit(user, name, word);
        free(name);
        free(word);
    }
}

/* ---- files ---- */

static calo_status write_json(const calo_report_data *data, const char *run_folder, calo_error *err)
{
    calo_blob text = {0};
    char *path = calo_text_format("%s/report.json", run_folder);
    calo_status status = path ? calo_report_json(data, &text, err) : calo_fail_memory(err, "a path", strlen(run_folder));
    if (status == CALO_OK)
        status = calo_file_write(path, text.bytes, text.size, err);
    calo_blob_finish(&text);
    free(path);
    return status;
}

static calo_status write_html(const calo_report_data *data, const char *run_folder, calo_error *err)
{
    char *path = calo_text_format("%s/report.html", run_folder), *temporary = calo_text_format("%s/report.html.new", run_folder);
    FILE *file = path && temporary ? fopen(temporary, "we") : NULL;
    int failed = file ? 0 : path && temporary ? errno : ENOMEM;
    if (file) {
        calo_report_html(data, file);
        bool written = fflush(file) == 0 && !ferror(file);
        failed = written ? 0 : errno ? errno : EIO;
        if (fclose(file) != 0 && !failed)
            failed = errno;
        if (!failed && rename(temporary, path) != 0)
            failed = errno;
        if (failed)
            unlink(temporary);
    }
    calo_status status = failed ? calo_fail(err, CALO_ERROR_IO, "%s/report.html: cannot write: %s", run_folder, strerror(failed))
                                : CALO_OK;
    free(path);
    free(temporary);
    return status;
}

calo_status calo_report_write(const char *run_folder, calo_error *err)
{
    calo_report_data *data = malloc(sizeof *data);
    if (!data)
        return calo_fail_memory(err, "a report", sizeof *data);
    calo_status status = calo_report_collect(run_folder, data, err);
    if (status == CALO_OK)
        status = write_json(data, run_folder, err);
    if (status == CALO_OK)
        status = write_html(data, run_folder, err);
    calo_report_finish(data);
    free(data);
    return status;
}
