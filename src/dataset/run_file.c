#include "dataset/run_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/json_text.h"

enum { MAX_BYTES = 64 << 20, FORMAT = 1 };

static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"version", offsetof(calo_run_file, version)},
    {"name", offsetof(calo_run_file, name)},
    {"destination", offsetof(calo_run_file, destination)},
    {"package", offsetof(calo_run_file, package)},
    {"list_sha256", offsetof(calo_run_file, list_sha256)},
    {"options_hash", offsetof(calo_run_file, options_hash)},
};
enum { TEXT_COUNT = sizeof texts / sizeof texts[0] };

static const char **text_at(calo_run_file *run, size_t i) { return (const char **)((char *)run + texts[i].offset); }

/* ---- writing ---- */

static calo_status print_words(calo_blob *blob, const calo_run_file *run, calo_error *err)
{
    calo_status status = calo_blob_print(blob, err, "  \"words\": [");
    for (size_t i = 0; i < run->word_count && status == CALO_OK; i++) {
        if (i > 0)
            status = calo_blob_print(blob, err, ", ");
        if (status == CALO_OK)
            status = calo_json_put_text(blob, run->words[i], err);
    }
    return status == CALO_OK ? calo_blob_print(blob, err, "],\n") : status;
}

static calo_status print_run(calo_blob *blob, const calo_run_file *run, calo_error *err)
{
    calo_run_file copy = *run;
    calo_status status = calo_blob_print(blob, err, "{\n  \"format\": %d,\n", FORMAT);
    for (size_t i = 0; i < TEXT_COUNT && status == CALO_OK; i++) {
        const char *text = *text_at(&copy, i);
        if (!text)
            continue;
        status = calo_blob_print(blob, err, "  \"%s\": ", texts[i].key);
        if (status == CALO_OK)
            status = calo_json_put_text(blob, text, err);
        if (status == CALO_OK)
            status = calo_blob_print(blob, err, ",\n");
    }
    if (status == CALO_OK)
        status = print_words(blob, run, err);
    if (status == CALO_OK)
        status = calo_blob_print(blob, err,
                                 "  \"objects\": %llu,\n  \"samples\": %llu,\n  \"parts\": %llu,\n"
                                 "  \"objects_per_sample\": %u,\n  \"started\": %lld\n}\n",
                                 (unsigned long long)run->objects, (unsigned long long)run->samples,
                                 (unsigned long long)run->parts, run->objects_per_sample,
                                 llround(run->started_unix_seconds));
    return status;
}

calo_status calo_run_file_write(const char *run_folder, const calo_run_file *run, calo_error *err)
{
    calo_blob blob = {0};
    char *path = calo_text_format("%s/run.json", run_folder);
    calo_status status = path ? print_run(&blob, run, err) : calo_fail_memory(err, "a path", strlen(run_folder));
    if (status == CALO_OK)
        status = calo_file_write(path, blob.bytes, blob.size, err);
    if (status == CALO_OK)
        status = calo_path_sync(path, err);
    if (status == CALO_OK)
        status = calo_path_sync(run_folder, err);
    free(path);
    calo_blob_finish(&blob);
    return status;
}

/* ---- reading ---- */

/* Texts and words lie one behind the other in `memory`, which is large enough: none is longer than it was in the file. */
typedef struct run_reader {
    calo_scan scan;
    calo_run_file *run;
    char *to;
    uint64_t format;
} run_reader;

static const char *put_text(run_reader *reader, calo_slice slice)
{
    const char *text = reader->to;
    reader->to += calo_slice_decode(slice, reader->to) + 1;
    return text;
}

/* Counts the words first, since their pointers stand together. */
static bool take_words(run_reader *reader)
{
    calo_scan ahead = reader->scan;
    calo_slice word;
    size_t count = 0;
    calo_scan_enter(&ahead, '[');
    while (calo_scan_item(&ahead) && calo_scan_string(&ahead, &word))
        count++;
    if (ahead.failed || reader->run->words)
        return false;
    const char **words = calloc(count + 1, sizeof *words);
    reader->run->words = words;
    calo_scan_enter(&reader->scan, '[');
    for (size_t i = 0; words && i < count; i++) {
        calo_scan_item(&reader->scan);
        calo_scan_string(&reader->scan, &word);
        words[i] = put_text(reader, word);
    }
    reader->run->word_count = words ? count : 0;
    return words && !calo_scan_item(&reader->scan) && !reader->scan.failed;
}

static bool take_count(calo_scan *scan, uint32_t *count)
{
    uint64_t value;
    if (!calo_scan_unsigned(scan, &value) || value > UINT32_MAX)
        return false;
    *count = (uint32_t)value;
    return true;
}

static bool take_member(run_reader *reader, calo_slice key)
{
    calo_run_file *run = reader->run;
    calo_slice slice;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (calo_slice_is(key, texts[i].key)) {
            if (!calo_scan_string(&reader->scan, &slice))
                return false;
            *text_at(run, i) = put_text(reader, slice);
            return true;
        }
    if (calo_slice_is(key, "words"))
        return take_words(reader);
    if (calo_slice_is(key, "objects"))
        return calo_scan_unsigned(&reader->scan, &run->objects);
    if (calo_slice_is(key, "samples"))
        return calo_scan_unsigned(&reader->scan, &run->samples);
    if (calo_slice_is(key, "parts"))
        return calo_scan_unsigned(&reader->scan, &run->parts);
    if (calo_slice_is(key, "objects_per_sample"))
        return take_count(&reader->scan, &run->objects_per_sample);
    if (calo_slice_is(key, "started"))
        return calo_scan_number(&reader->scan, &run->started_unix_seconds);
    if (calo_slice_is(key, "format"))
        return calo_scan_unsigned(&reader->scan, &reader->format);
    return calo_scan_skip(&reader->scan, &slice);
}

calo_status calo_run_file_parse(const char *text, size_t size, const char *where, calo_run_file *run, calo_error *err)
{
    *run = (calo_run_file){.memory = malloc(size + 1)};
    run_reader reader = {.scan = calo_scan_start(text, size), .run = run, .to = run->memory};
    calo_slice key;
    if (!run->memory)
        return calo_fail_memory(err, where, size);
    bool fine = calo_scan_enter(&reader.scan, '{');
    while (fine && calo_scan_key(&reader.scan, &key))
        fine = take_member(&reader, key);
    fine = fine && calo_scan_ended(&reader.scan) && run->name && run->destination && run->package && run->options_hash && run->words;
    if (fine && reader.format == FORMAT)
        return CALO_OK;
    calo_run_file_finish(run);
    if (fine)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s has the format %llu, and this calotype reads %d: use the one that began "
                         "the run", where, (unsigned long long)reader.format, FORMAT);
    return calo_fail(err, CALO_ERROR_FORMAT, "%s is not what `calotype dataset` writes there: repeat the run's whole command "
                     "line in another --run folder", where);
}

calo_status calo_run_file_read(const char *run_folder, calo_run_file *run, calo_error *err)
{
    *run = (calo_run_file){0};
    calo_file file = {0};
    char *path = calo_text_format("%s/run.json", run_folder);
    if (!path)
        return calo_fail_memory(err, "a path", strlen(run_folder));
    calo_status status = calo_file_read(path, MAX_BYTES, &file, err);
    if (status == CALO_ERROR_NOT_FOUND)
        calo_fail(err, status, "%s is no folder of a run of `calotype dataset`: there is no run.json in it", run_folder);
    if (status == CALO_OK)
        status = calo_run_file_parse((const char *)file.bytes, file.size, path, run, err);
    calo_file_finish(&file);
    free(path);
    return status;
}

void calo_run_file_finish(calo_run_file *run)
{
    free(run->memory);
    free((void *)run->words);
    *run = (calo_run_file){0};
}
