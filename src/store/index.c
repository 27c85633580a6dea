#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "encode/json_writer.h"
#include "store/kind.h"
#include "store/package.h"

enum { MAX_FILES = 3 };

typedef struct index_file {
    const char *name; /* relative to the destination */
    const char *start, *end;
    char *path;
    FILE *file;
    bool has_lines;
} index_file;

struct calo_index {
    calo_package package;
    index_file files[MAX_FILES];
    size_t file_count;
    calo_blob line;
};

static const char sums[] = "sha256sums.txt";

/* What stands in which file before and behind its lines. WebDataset's index is read by its library wids. */
static const struct {
    calo_package package;
    const char *name, *start, *end;
} layouts[] = {
    {CALO_PACKAGE_FILES, "index.jsonl", "", ""},
    {CALO_PACKAGE_ZIP, "index.jsonl", "", ""},
    {CALO_PACKAGE_WEBDATASET, "index.json", "{\"__kind__\": \"wids-shard-index-v1\", \"wids_version\": 1, \"shardlist\": [",
     "\n]}\n"},
    {CALO_PACKAGE_WEBDATASET, sums, "", ""},
    {CALO_PACKAGE_TORCH, "train/index.json", "{", "\n}\n"},
    {CALO_PACKAGE_TORCH, "test/index.json", "{", "\n}\n"},
    {CALO_PACKAGE_TORCH, sums, "", ""},
    {CALO_PACKAGE_SAFETENSORS, "index.json", "{\"samples\": {", "\n}}\n"},
    {CALO_PACKAGE_SAFETENSORS, sums, "", ""},
};

/* ---- lines ---- */

static calo_status append(calo_index *index, const char *text, calo_error *err)
{
    return calo_blob_append(&index->line, text, strlen(text), err);
}

static calo_status append_quoted(calo_index *index, const char *text, calo_error *err)
{
    calo_json_writer json = calo_json_start(&index->line, err);
    calo_json_text(&json, NULL, text);
    return json.status;
}

/* Writes text to a file and checks it there and then: a full disk shows itself here. */
static calo_status write_text(index_file *file, const void *text, size_t size, calo_error *err)
{
    if (fwrite(text, 1, size, file->file) == size)
        return CALO_OK;
    return calo_store_fail(err, file->path, "write", errno);
}

static calo_status write_line(calo_index *index, index_file *file, calo_error *err)
{
    calo_status status = write_text(file, index->line.bytes, index->line.size, err);
    index->line.size = 0;
    file->has_lines = true;
    return status;
}

/* The comma and the line end in front of an entry. */
static const char *separator(const index_file *file) { return file->has_lines ? ",\n" : "\n"; }

static calo_status add_sample_line(calo_index *index, index_file *file, const calo_index_part *part, calo_error *err)
{
    calo_status status = append(index, "{\"name\": ", err);
    if (status == CALO_OK)
        status = append_quoted(index, part->names[0], err);
    if (status == CALO_OK)
        status = append(index, ", \"path\": ", err);
    if (status == CALO_OK)
        status = append_quoted(index, part->path, err);
    if (status == CALO_OK)
        status = calo_blob_print(&index->line, err, ", \"bytes\": %llu, \"sha256\": \"%s\"}\n",
                                 (unsigned long long)part->bytes, part->sha256);
    return status == CALO_OK ? write_line(index, file, err) : status;
}

static calo_status add_shard(calo_index *index, index_file *file, const calo_index_part *part, calo_error *err)
{
    calo_status status = append(index, separator(file), err);
    if (status == CALO_OK)
        status = append(index, "{\"url\": ", err);
    if (status == CALO_OK)
        status = append_quoted(index, part->path, err);
    if (status == CALO_OK)
        status = calo_blob_print(&index->line, err, ", \"nsamples\": %zu, \"filesize\": %llu, \"sha256\": \"%s\"}",
                                 part->name_count, (unsigned long long)part->bytes, part->sha256);
    return status == CALO_OK ? write_line(index, file, err) : status;
}

/* "key": "000000.torch" for each sample. */
static calo_status add_keys(calo_index *index, index_file *file, const calo_index_part *part, const char *path,
                            calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < part->name_count; i++) {
        status = append(index, separator(file), err);
        if (status == CALO_OK)
            status = append_quoted(index, part->names[i], err);
        if (status == CALO_OK)
            status = append(index, ": ", err);
        if (status == CALO_OK)
            status = append_quoted(index, path, err);
        if (status == CALO_OK)
            status = write_line(index, file, err);
    }
    return status;
}

static calo_status add_sum(calo_index *index, index_file *file, const calo_index_part *part, calo_error *err)
{
    calo_status status = calo_blob_print(&index->line, err, "%s  %s\n", part->sha256, part->path);
    return status == CALO_OK ? write_line(index, file, err) : status;
}

/* A torch data set has two folders with an index each, in which paths begin at the folder. */
static calo_status add_to_folder(calo_index *index, const calo_index_part *part, calo_error *err)
{
    for (size_t i = 0; i < 2; i++) {
        size_t length = calo_path_folder_length(index->files[i].name);
        if (strncmp(part->path, index->files[i].name, length) == 0)
            return add_keys(index, &index->files[i], part, part->path + length, err);
    }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a part of a torch data set is in train/ or test/", part->path);
}

calo_status calo_index_add(calo_index *index, const calo_index_part *part, calo_error *err)
{
    calo_status status;
    index->line.size = 0;
    if (part->name_count == 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a part without samples has no place in an index", part->path);
    switch (index->package) {
    case CALO_PACKAGE_WEBDATASET: status = add_shard(index, &index->files[0], part, err); break;
    case CALO_PACKAGE_TORCH: status = add_to_folder(index, part, err); break;
    case CALO_PACKAGE_SAFETENSORS: status = add_keys(index, &index->files[0], part, part->path, err); break;
    default: return add_sample_line(index, &index->files[0], part, err);
    }
    return status == CALO_OK ? add_sum(index, &index->files[index->file_count - 1], part, err) : status;
}

/* ---- files ---- */

static calo_status open_file(index_file *file, const char *folder, calo_error *err)
{
    file->path = calo_text_format("%s/%s", folder, file->name);
    if (!file->path)
        return calo_fail_memory(err, "a path", strlen(folder));
    char *own_folder = strndup(file->path, calo_path_folder_length(file->path) - 1);
    calo_status status = own_folder ? calo_folder_create(own_folder, err) : calo_fail_memory(err, "a path", strlen(folder));
    free(own_folder);
    if (status != CALO_OK)
        return status;
    file->file = fopen(file->path, "we");
    return file->file ? write_text(file, file->start, strlen(file->start), err)
                      : calo_store_fail(err, file->path, "write", errno);
}

calo_status calo_index_create(calo_package package, const char *folder, calo_index **index, calo_error *err)
{
    *index = calloc(1, sizeof **index);
    if (!*index)
        return calo_fail_memory(err, "an index", sizeof **index);
    (*index)->package = package;
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].package != package)
            continue;
        index_file *file = &(*index)->files[(*index)->file_count++];
        *file = (index_file){.name = layouts[i].name, .start = layouts[i].start, .end = layouts[i].end};
        status = open_file(file, folder, err);
    }
    if (status != CALO_OK) {
        calo_index_destroy(*index);
        *index = NULL;
    }
    return status;
}

static calo_status end_file(index_file *file, calo_error *err)
{
    calo_status status = write_text(file, file->end, strlen(file->end), err);
    if (status == CALO_OK && (fflush(file->file) != 0 || fsync(fileno(file->file)) != 0))
        status = calo_store_fail(err, file->path, "write", errno);
    if (fclose(file->file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, file->path, "write", errno);
    file->file = NULL;
    return status;
}

calo_status calo_index_end(calo_index *index,
                           calo_status (*visit)(void *user, const char *name, const char *path, calo_error *err), void *user,
                           calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < index->file_count; i++)
        status = end_file(&index->files[i], err);
    for (size_t i = 0; status == CALO_OK && i < index->file_count; i++)
        status = visit(user, index->files[i].name, index->files[i].path, err);
    return status;
}

void calo_index_destroy(calo_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->file_count; i++) {
        if (index->files[i].file)
            fclose(index->files[i].file);
        free(index->files[i].path);
    }
    calo_blob_finish(&index->line);
    free(index);
}
