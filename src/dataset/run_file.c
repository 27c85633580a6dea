#include "dataset/run_file.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { MAX_BYTES = 64 << 20 };

static char *run_path(const char *run_folder) { return calo_text_format("%s/run.json", run_folder); }

/* ---- writing ---- */

static json_t *run_to_json(const calo_run_file *run)
{
    json_t *words = json_array();
    bool good = words != NULL;
    for (size_t i = 0; good && i < run->word_count; i++)
        good = json_array_append_new(words, json_string(run->words[i])) == 0;
    if (!good) {
        json_decref(words);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:o}", "version", run->version, "name", run->name,
                     "destination", run->destination, "package", run->package, "options_hash", run->options_hash, "list_sha256",
                     run->list_sha256, "objects", (json_int_t)run->objects, "samples", (json_int_t)run->samples, "parts",
                     (json_int_t)run->parts, "started", run->started, "words", words);
}

static calo_status sync_folder(const char *folder, calo_error *err)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = file >= 0 && syncfs(file) == 0;
    if (file >= 0)
        close(file);
    return synced ? CALO_OK : calo_fail(err, CALO_ERROR_IO, "%s: cannot be synced to the disk", folder);
}

calo_status calo_run_file_write(const char *run_folder, const calo_run_file *run, calo_error *err)
{
    char *path = run_path(run_folder), *text = NULL;
    json_t *object = run_to_json(run);
    calo_status status = CALO_OK;
    if (object)
        text = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    if (!object)
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the command line is not valid UTF-8, so it cannot be kept for --resume: "
                           "rename what is not", run_folder);
    else if (!path || !text)
        status = calo_fail_memory(err, "the run's file", 0);
    else
        status = calo_file_write(path, text, strlen(text), err);
    if (status == CALO_OK)
        status = sync_folder(run_folder, err);
    json_decref(object);
    free(text);
    free(path);
    return status;
}

/* ---- reading ---- */

static bool copy_text(const json_t *object, const char *key, char **text)
{
    const char *value = json_string_value(json_object_get(object, key));
    *text = value ? strdup(value) : NULL;
    return *text != NULL;
}

static bool copy_count(const json_t *object, const char *key, uint64_t *count)
{
    const json_t *value = json_object_get(object, key);
    *count = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool copy_words(const json_t *words, calo_run_file *run)
{
    run->words = calloc(json_array_size(words) + 1, sizeof *run->words);
    for (size_t i = 0; run->words && i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        run->words[i] = word ? strdup(word) : NULL;
        if (!run->words[i])
            return false;
        run->word_count++;
    }
    return run->words && json_is_array(words);
}

static bool json_to_run(const json_t *object, calo_run_file *run)
{
    run->started = json_number_value(json_object_get(object, "started"));
    return copy_text(object, "version", &run->version) && copy_text(object, "name", &run->name) &&
           copy_text(object, "destination", &run->destination) && copy_text(object, "package", &run->package) &&
           copy_text(object, "options_hash", &run->options_hash) && copy_text(object, "list_sha256", &run->list_sha256) &&
           copy_count(object, "objects", &run->objects) && copy_count(object, "samples", &run->samples) &&
           copy_count(object, "parts", &run->parts) && copy_words(json_object_get(object, "words"), run);
}

calo_status calo_run_file_read(const char *run_folder, calo_run_file *run, calo_error *err)
{
    char *path = run_path(run_folder);
    calo_file file = {0};
    json_t *object = NULL;
    *run = (calo_run_file){0};
    calo_status status = path ? CALO_OK : calo_fail_memory(err, "a path", 0);
    struct stat about;
    if (status == CALO_OK && stat(path, &about) != 0)
        status = calo_fail(err, CALO_ERROR_NOT_FOUND, "%s is not the folder of a run: it has no run.json", run_folder);
    if (status == CALO_OK)
        status = calo_file_read(path, MAX_BYTES, &file, err);
    if (status == CALO_OK) {
        object = json_loadb((const char *)file.bytes, file.size, JSON_REJECT_DUPLICATES, NULL);
        if (!json_to_run(object, run))
            status = calo_fail(err, CALO_ERROR_FORMAT, "%s is damaged: give the whole command line with another --run", path);
    }
    json_decref(object);
    calo_file_finish(&file);
    free(path);
    if (status != CALO_OK)
        calo_run_file_finish(run);
    return status;
}

void calo_run_file_finish(calo_run_file *run)
{
    for (size_t i = 0; i < run->word_count; i++)
        free(run->words[i]);
    free(run->words);
    free(run->version);
    free(run->name);
    free(run->destination);
    free(run->package);
    free(run->options_hash);
    free(run->list_sha256);
    *run = (calo_run_file){0};
}
