/* src/dataset/fetch.h for tests in Python: fetch_tool [--OPTION VALUE]... OBJECT... fetches objects, which are lines of JSON as
 * in a list, and prints a line of JSON for each result, in the order of the objects: what was fetched, which files lay beside
 * it, and what was left of it after its release. */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "dataset/fetch.h"
#include "dataset/object_json.h"

static bool set_option(calo_fetch_options *options, const char *name, const char *value)
{
    static const char *const formats[] = {"delete", "zip", "tar", "tar.gz", "files"};
    if (strcmp(name, "--scratch") == 0)
        options->scratch_folder = value;
    else if (strcmp(name, "--download-dir") == 0)
        options->download_folder = value;
    else if (strcmp(name, "--threads") == 0)
        options->threads = (uint32_t)atoi(value);
    else if (strcmp(name, "--timeout") == 0)
        options->timeout_seconds = atof(value);
    else if (strcmp(name, "--max-bytes") == 0)
        options->max_bytes = strtoull(value, NULL, 10);
    else if (strcmp(name, "--accept-modified") == 0)
        options->accept_modified = atoi(value) != 0;
    else if (strcmp(name, "--tries") == 0)
        options->transfer.tries = (uint32_t)atoi(value);
    else if (strcmp(name, "--endpoint") == 0)
        options->transfer.s3_endpoint = value;
    else if (strcmp(name, "--save-repo-format") == 0)
        for (int i = 0; i < 5; i++)
            options->repository_format = strcmp(value, formats[i]) == 0 ? (calo_repository_format)i
                                                                       : options->repository_format;
    else
        return false;
    return true;
}

static void print_beside(calo_json_writer *json, const char *path)
{
    struct dirent **entries = NULL;
    char *folder = strndup(path, calo_path_folder_length(path));
    int count = scandir(folder, &entries, NULL, alphasort);
    calo_json_open(json, "beside", '[');
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            calo_json_text(json, NULL, entries[i]->d_name);
        free(entries[i]);
    }
    calo_json_close(json, ']');
    free(entries);
    free(folder);
}

static void print_result(calo_json_writer *json, calo_fetcher *fetcher, calo_fetched *fetched)
{
    char *path = fetched->path ? strdup(fetched->path) : NULL;
    calo_json_open(json, NULL, '{');
    calo_json_unsigned(json, "ticket", fetched->ticket);
    calo_json_text(json, "reason", calo_reason_name(fetched->reason));
    calo_json_boolean(json, "stop", fetched->stop);
    calo_json_text(json, "message", fetched->message);
    calo_json_text(json, "verdict", calo_verdict_name(fetched->verdict));
    calo_json_text(json, "sha256", fetched->sha256);
    calo_json_text(json, "path", path);
    calo_json_unsigned(json, "bytes", fetched->bytes);
    calo_json_boolean(json, "there", path && access(path, R_OK) == 0);
    if (path)
        print_beside(json, path);
    calo_fetch_release(fetcher, fetched);
    calo_json_boolean(json, "left", path && access(path, F_OK) == 0);
    calo_json_close(json, '}');
    free(path);
}

static bool start(calo_fetcher *fetcher, uint64_t ticket, const char *text)
{
    calo_object object = {0};
    json_t *value = json_loads(text, 0, NULL);
    bool good = value && calo_object_read_json(value, &object, NULL) == CALO_OK &&
                calo_fetch(fetcher, ticket, &object, NULL) == CALO_OK;
    json_decref(value);
    calo_object_finish(&object);
    return good;
}

/* Results come in any order; they are all held until the last one is there, and released in order. */
static bool fetch_all(calo_fetcher *fetcher, char **texts, size_t count)
{
    calo_fetched *all = calloc(count, sizeof *all), fetched;
    bool good = all != NULL;
    for (size_t i = 0; good && i < count; i++)
        good = start(fetcher, i, texts[i]);
    for (size_t taken = 0; good && taken < count;) {
        struct pollfd event = {.fd = calo_fetcher_event(fetcher), .events = POLLIN};
        good = poll(&event, 1, 100000) == 1;
        for (; good && calo_fetcher_take(fetcher, &fetched); taken++)
            all[fetched.ticket] = fetched;
    }
    for (size_t i = 0; good && i < count; i++) {
        calo_blob line = {0};
        calo_json_writer json = calo_json_start_line(&line, NULL);
        print_result(&json, fetcher, &all[i]);
        good = json.status == CALO_OK && printf("%.*s\n", (int)line.size, (const char *)line.bytes) > 0;
        calo_blob_finish(&line);
    }
    free(all);
    return good;
}

int main(int count, char **words)
{
    calo_fetch_options options = {0};
    calo_error err = {0};
    calo_fetcher *fetcher = NULL;
    int at = 1;
    for (; at + 1 < count && strncmp(words[at], "--", 2) == 0; at += 2)
        if (!set_option(&options, words[at], words[at + 1]))
            return 2;
    if (calo_fetcher_create(&options, &fetcher, &err) != CALO_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    bool good = fetch_all(fetcher, words + at, (size_t)(count - at));
    calo_fetcher_destroy(fetcher);
    return good ? 0 : 1;
}
