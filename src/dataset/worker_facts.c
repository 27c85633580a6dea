#include "dataset/worker_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "encode/quality.h"

/* More would fill journals: all of them are in metadata.json. */
enum { WARNINGS_TOLD = 10, SENTENCE_BYTES = 300 };

/* Of a file, or of the files in a folder. */
static uint64_t count_bytes(const char *path)
{
    struct stat about;
    uint64_t bytes = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode))
            bytes += (uint64_t)about.st_size;
    closedir(folder);
    return bytes;
}

/* Its beginning. */
static void print_sentence(calo_json_writer *json, const char *key, const char *sentence)
{
    char text[SENTENCE_BYTES] = "";
    strncat(text, sentence, sizeof text - 1);
    calo_json_text(json, key, text);
}

static void print_warnings(calo_json_writer *json, const calo_item_result *result)
{
    calo_json_unsigned(json, "warning_count", result->warning_count);
    calo_json_open(json, "warnings", '[');
    for (size_t i = 0; i < result->warning_count && i < WARNINGS_TOLD; i++) {
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "id", result->warnings[i].id);
        print_sentence(json, "message", result->warnings[i].message);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

static void print_left_out(calo_json_writer *json, const calo_left_out *left_out, size_t count)
{
    calo_json_open(json, "left_out", '[');
    for (size_t i = 0; i < count; i++) {
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "file_identifier", left_out[i].identifier);
        calo_json_text(json, "reason", calo_reason_name(left_out[i].reason));
        print_sentence(json, "message", left_out[i].message);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

calo_status calo_worker_print_facts(const calo_item_result *result, const calo_left_out *left_out, size_t left_out_count,
                                    calo_blob *facts, calo_error *err)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)result->seed);
    calo_json_writer json = calo_json_start_line(facts, err);
    calo_json_open(&json, NULL, '{');
    calo_json_text(&json, "sha256", result->sha256);
    calo_json_text(&json, "seed", seed); /* 64 bits, which not all readers of JSON have for numbers */
    calo_json_unsigned(&json, "views", result->view_count);
    calo_json_unsigned(&json, "triangles", result->statistics.triangle_count);
    calo_json_unsigned(&json, "bytes", result->path ? count_bytes(result->path) : 0);
    calo_json_number(&json, "load_seconds", result->load_seconds);
    calo_json_number(&json, "render_seconds", result->render_seconds);
    calo_quality_write_object(&json, &result->quality);
    print_warnings(&json, result);
    if (result->objects)
        print_left_out(&json, left_out, left_out_count);
    calo_json_close(&json, '}');
    return json.status == CALO_OK ? calo_blob_append(facts, "", 1, err) : json.status;
}
