#include "dataset/list_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "dataset/name_set.h"
#include "dataset/object_json.h"
#include "dataset/uid_paths.h"

/* What is warned of once for all. */
typedef struct note {
    uint64_t count;
    char *first; /* the first one and where it stood */
} note;

/* A file that is written under another name first. */
typedef struct new_file {
    char *path, *temporary;
    FILE *file;
} new_file;

struct calo_list_writer {
    const calo_list_options *options;
    calo_list_warning warn;
    void *user;
    new_file lines, index;
    calo_sha256_run hash;
    calo_blob line;
    calo_name_set seen;
    char *current_folder, *uid_base;
    char *uid_file; /* that uid_paths were read from */
    calo_uid_paths *uid_paths;
    uint64_t offset, count, skipped;
    note twice, unusable, unknown_uids;
};

const char *calo_list_place_text(calo_list_place place, char text[CALO_LIST_PLACE_BYTES])
{
    if (place.line > 0)
        snprintf(text, CALO_LIST_PLACE_BYTES, "%.340s, line %llu", place.file, (unsigned long long)place.line);
    else
        snprintf(text, CALO_LIST_PLACE_BYTES, "%.340s", place.file);
    return text;
}

static calo_status open_new(new_file *file, const char *folder, const char *name, calo_error *err)
{
    file->path = calo_text_format("%s/%s", folder, name);
    file->temporary = calo_text_format("%s/%s.tmp", folder, name);
    if (!file->path || !file->temporary)
        return calo_fail_memory(err, "a path", strlen(folder));
    file->file = fopen(file->temporary, "wbe");
    return file->file ? CALO_OK
                      : calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", file->temporary, strerror(errno));
}

static calo_status put_new(const new_file *file, const void *bytes, size_t size, calo_error *err)
{
    if (fwrite(bytes, 1, size, file->file) == size)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", file->temporary, strerror(errno));
}

static calo_status end_new(new_file *file, calo_error *err)
{
    bool good = fflush(file->file) == 0 && fsync(fileno(file->file)) == 0;
    if (good && rename(file->temporary, file->path) == 0)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", file->path, strerror(errno));
}

static void finish_new(new_file *file)
{
    if (file->file) {
        fclose(file->file);
        unlink(file->temporary); /* not there any more when all went well */
    }
    free(file->path);
    free(file->temporary);
}

/* A path as it is seen from the root; malloc'ed. */
static char *make_absolute(const calo_list_writer *writer, const char *path)
{
    if (path[0] == '/')
        return strdup(path);
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return calo_text_format("%s/%s", writer->current_folder, path);
}

static bool has_scheme(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    return length > 0 && strncmp(text + length, "://", 3) == 0;
}

static calo_status find_uid_base(calo_list_writer *writer, calo_error *err)
{
    const char *base = writer->options->uid_base ? writer->options->uid_base : CALO_OBJAVERSE_URL;
    char *absolute = has_scheme(base) ? strdup(base) : make_absolute(writer, base);
    size_t length = absolute ? strlen(absolute) : 0;
    writer->uid_base = absolute
        ? calo_text_format("%s%s", absolute, length > 0 && absolute[length - 1] == '/' ? "" : "/")
        : NULL;
    free(absolute);
    return writer->uid_base ? CALO_OK : calo_fail_memory(err, "a path", strlen(base));
}

calo_status calo_list_writer_create(const calo_list_options *options, const char *folder, calo_list_warning warn, void *user,
                                    calo_list_writer **writer, calo_error *err)
{
    calo_list_index index = {0};
    *writer = NULL;
    calo_list_writer *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "a list", sizeof *made);
    made->options = options;
    made->warn = warn;
    made->user = user;
    calo_sha256_begin(&made->hash);
    made->current_folder = getcwd(NULL, 0);
    calo_status status = made->current_folder
        ? find_uid_base(made, err)
        : calo_fail(err, CALO_ERROR_IO, "the current folder has no path: %s", strerror(errno));
    if (status == CALO_OK)
        status = open_new(&made->lines, folder, CALO_LIST_FILE, err);
    if (status == CALO_OK)
        status = open_new(&made->index, folder, CALO_LIST_INDEX_FILE, err);
    if (status == CALO_OK)
        status = put_new(&made->index, &index, sizeof index, err); /* filled in at the end */
    if (status == CALO_OK)
        *writer = made;
    else
        calo_list_writer_destroy(made);
    return status;
}

void calo_list_writer_destroy(calo_list_writer *writer)
{
    if (!writer)
        return;
    finish_new(&writer->lines);
    finish_new(&writer->index);
    calo_blob_finish(&writer->line);
    calo_name_set_finish(&writer->seen);
    calo_uid_paths_destroy(writer->uid_paths);
    free(writer->current_folder);
    free(writer->uid_base);
    free(writer->uid_file);
    free(writer->twice.first);
    free(writer->unusable.first);
    free(writer->unknown_uids.first);
    free(writer);
}

static void take_note(note *kept, const char *what, calo_list_place place)
{
    char text[CALO_LIST_PLACE_BYTES];
    if (kept->count++ == 0)
        kept->first = calo_text_format("\"%.200s\" (%s)", what, calo_list_place_text(place, text));
}

/* The map is read when the first uid comes. */
static calo_status load_uid_paths(calo_list_writer *writer, const char *uid, calo_list_place place, calo_error *err)
{
    char text[CALO_LIST_PLACE_BYTES];
    char *cache = calo_objaverse_cache();
    writer->uid_file = writer->options->uid_paths ? strdup(writer->options->uid_paths)
                                                  : calo_text_format("%s/object-paths.json.gz", cache ? cache : "~");
    free(cache);
    if (!writer->uid_file)
        return calo_fail_memory(err, "a path", 64);
    if (!writer->options->uid_paths && access(writer->uid_file, R_OK) != 0)
        return calo_fail(err, CALO_ERROR_NOT_FOUND,
                         "%s is an Objaverse uid (%s), and %.200s is not there, which says where its file is: get "
                         CALO_OBJAVERSE_URL "object-paths.json.gz and name it with --uid-paths", uid,
                         calo_list_place_text(place, text), writer->uid_file);
    return calo_uid_paths_load(writer->uid_file, &writer->uid_paths, err);
}

static calo_status locate_uid(calo_list_writer *writer, const char *uid, calo_list_place place, char **location,
                              calo_error *err)
{
    if (!writer->uid_paths) {
        calo_status status = load_uid_paths(writer, uid, place, err);
        if (status != CALO_OK)
            return status;
    }
    const char *path = calo_uid_paths_find(writer->uid_paths, uid);
    if (!path) {
        take_note(&writer->unknown_uids, uid, place);
        return CALO_OK;
    }
    *location = calo_text_format("%s%s", writer->uid_base, path);
    return *location ? CALO_OK : calo_fail_memory(err, "a path", strlen(path));
}

/* Where to fetch the object; NULL where its identifier says so itself. */
static calo_status locate(calo_list_writer *writer, const calo_object *object, calo_list_place place, char **location,
                          calo_error *err)
{
    const char *named = object->location ? object->location : object->file_identifier;
    *location = NULL;
    if (calo_is_uid(named))
        return locate_uid(writer, named, place, location, err);
    if (!object->location && (has_scheme(named) || named[0] == '/'))
        return CALO_OK;
    *location = has_scheme(named) ? strdup(named) : make_absolute(writer, named);
    return *location ? CALO_OK : calo_fail_memory(err, "a path", strlen(named));
}

static calo_status write_line(calo_list_writer *writer, const calo_object *object, calo_error *err)
{
    writer->line.size = 0;
    calo_json_writer json = calo_json_start_line(&writer->line, err);
    calo_object_write_json(&json, object);
    calo_status status = json.status;
    if (status == CALO_OK)
        status = calo_blob_append(&writer->line, "\n", 1, err);
    if (status == CALO_OK)
        status = put_new(&writer->index, &writer->offset, sizeof writer->offset, err);
    if (status == CALO_OK)
        status = put_new(&writer->lines, writer->line.bytes, writer->line.size, err);
    if (status != CALO_OK)
        return status;
    calo_sha256_add(&writer->hash, writer->line.bytes, writer->line.size);
    writer->offset += writer->line.size;
    writer->count++;
    return CALO_OK;
}

static calo_status write_located(calo_list_writer *writer, const calo_object *object, calo_list_place place, calo_error *err)
{
    calo_object located = *object;
    calo_status status = locate(writer, object, place, &located.location, err);
    if (status == CALO_OK)
        status = write_line(writer, &located, err);
    free(located.location);
    return status;
}

calo_status calo_list_writer_add(calo_list_writer *writer, const calo_object *object, calo_list_place place, calo_error *err)
{
    bool known = false;
    if (writer->options->limit > 0 && writer->count == writer->options->limit)
        return CALO_ERROR_CANCELLED;
    const char *fault = calo_identifier_fault(object->file_identifier);
    if (!fault && object->location)
        fault = calo_identifier_fault(object->location);
    if (fault) {
        take_note(&writer->unusable, fault, place);
        return CALO_OK;
    }
    calo_status status = calo_name_set_add(&writer->seen, object->file_identifier, strlen(object->file_identifier), &known,
                                           err);
    if (status == CALO_OK && known)
        take_note(&writer->twice, object->file_identifier, place);
    if (status != CALO_OK || known)
        return status;
    if (writer->skipped < writer->options->skip) {
        writer->skipped++;
        return CALO_OK;
    }
    return write_located(writer, object, place, err);
}

static void warn_of(const calo_list_writer *writer, const note *kept, const char *what)
{
    char sentence[1024];
    if (kept->count == 0 || !writer->warn)
        return;
    snprintf(sentence, sizeof sentence, "%llu %s %s; the first is %s", (unsigned long long)kept->count,
             kept->count == 1 ? "object" : "objects", what, kept->first ? kept->first : "not known");
    writer->warn(writer->user, sentence);
}

calo_status calo_list_writer_end(calo_list_writer *writer, calo_error *err)
{
    calo_list_index index = {.magic = CALO_LIST_MAGIC, .count = writer->count};
    warn_of(writer, &writer->twice, "named again were left out");
    warn_of(writer, &writer->unusable, "with unusable names were left out");
    warn_of(writer, &writer->unknown_uids, "by uids that Objaverse's list of paths lacks will be missing");
    if (writer->count == 0)
        return calo_fail(err, CALO_ERROR_EMPTY, "no object is named: give files, folders, URLs or lists with objects");
    calo_sha256 hash = calo_sha256_end(&writer->hash);
    calo_sha256_text(&hash, index.sha256);
    calo_status status = put_new(&writer->index, &writer->offset, sizeof writer->offset, err);
    if (status == CALO_OK && fseek(writer->index.file, 0, SEEK_SET) != 0)
        status = calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", writer->index.path, strerror(errno));
    if (status == CALO_OK)
        status = put_new(&writer->index, &index, sizeof index, err);
    /* The index comes first: objects.jsonl says that the list is whole. */
    if (status == CALO_OK)
        status = end_new(&writer->index, err);
    return status == CALO_OK ? end_new(&writer->lines, err) : status;
}
