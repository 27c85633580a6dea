#include "dataset/object_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/list_lines.h"
#include "dataset/list_walk.h"
#include "dataset/list_writer.h"
#include "dataset/object_json.h"

/* Both files stay open and are read where needed: no list is too long for that, and none that shrinks does harm. */
struct calo_object_list {
    char *path;
    int lines, index;
    calo_list_index header;
};

static calo_status add_path(void *user, const char *path, calo_error *err)
{
    calo_object object = {.file_identifier = (char *)path};
    return calo_list_writer_add(user, &object, (calo_list_place){"the inputs", 0}, err);
}

/* A glob without any match is a mistake; a path that is not there may be mended later, and is a missing object. */
typedef struct counter {
    calo_list_writer *writer;
    uint64_t count;
} counter;

static calo_status add_match(void *user, const char *path, calo_error *err)
{
    counter *c = user;
    c->count++;
    return add_path(c->writer, path, err);
}

static calo_status read_input(const char *input, calo_list_writer *writer, calo_error *err)
{
    struct stat about;
    counter matches = {.writer = writer};
    bool there = stat(input, &about) == 0;
    if (strcmp(input, "-") == 0 || (calo_is_list_name(input) && !strstr(input, "://")))
        return calo_list_read(input, writer, err);
    if (there && S_ISDIR(about.st_mode)) {
        calo_status status = calo_walk_folder(input, add_match, &matches, err);
        if (status != CALO_OK || matches.count > 0)
            return status;
        return calo_fail(err, CALO_ERROR_EMPTY, "%s: no file in this folder has the ending of a 3D format", input);
    }
    if (there || !calo_is_glob(input) || strstr(input, "://"))
        return add_path(writer, input, err);
    calo_status status = calo_walk_glob(input, add_match, &matches, err);
    if (status != CALO_OK || matches.count > 0)
        return status;
    return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s: no file matches", input);
}

static calo_status read_all(const calo_list_options *options, calo_list_writer *writer, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < options->input_count; i++)
        status = read_input(options->inputs[i], writer, err);
    for (size_t i = 0; status == CALO_OK && i < options->list_count; i++)
        status = calo_list_read(options->lists[i], writer, err);
    return status == CALO_ERROR_CANCELLED ? CALO_OK : status; /* the limit of objects */
}

calo_status calo_object_list_write(const calo_list_options *options, const char *folder, calo_list_warning warn, void *user,
                                   calo_error *err)
{
    calo_list_writer *writer = NULL;
    calo_status status = calo_list_writer_create(options, folder, warn, user, &writer, err);
    if (status == CALO_OK)
        status = read_all(options, writer, err);
    if (status == CALO_OK)
        status = calo_list_writer_end(writer, err);
    calo_list_writer_destroy(writer);
    return status;
}

static calo_status fail_changed(const calo_object_list *list, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "%s: the list of objects was changed or is cut off: put the run's folder back, or begin a new run",
                     list->path);
}

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, (char *)to + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static uint64_t index_offset(uint64_t line) { return sizeof(calo_list_index) + line * sizeof(uint64_t); }

static calo_status open_part(const char *folder, const char *name, int *fd, calo_error *err)
{
    char *path = calo_text_format("%s/%s", folder, name);
    if (!path)
        return calo_fail_memory(err, "a path", strlen(folder));
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    calo_status status = CALO_OK;
    if (*fd < 0)
        status = calo_fail(err, errno == ENOENT ? CALO_ERROR_NOT_FOUND : CALO_ERROR_IO, "%s: cannot open: %s", path,
                           strerror(errno));
    free(path);
    return status;
}

static calo_status check_index(calo_object_list *list, calo_error *err)
{
    struct stat lines, index;
    uint64_t last = 0, most = UINT64_MAX / 16;
    calo_list_index *header = &list->header;
    bool good = fstat(list->lines, &lines) == 0 && fstat(list->index, &index) == 0 &&
                read_at(list->index, header, sizeof *header, 0) &&
                memcmp(header->magic, CALO_LIST_MAGIC, sizeof header->magic) == 0 && header->sha256[64] == '\0' &&
                header->count < most && (uint64_t)index.st_size == index_offset(header->count + 1) &&
                read_at(list->index, &last, sizeof last, index_offset(header->count)) && last == (uint64_t)lines.st_size;
    return good ? CALO_OK : fail_changed(list, err);
}

calo_status calo_object_list_open(const char *folder, calo_object_list **list, calo_error *err)
{
    *list = NULL;
    calo_object_list *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "a list", sizeof *made);
    made->lines = made->index = -1;
    made->path = calo_text_format("%s/%s", folder, CALO_LIST_FILE);
    calo_status status = made->path ? CALO_OK : calo_fail_memory(err, "a path", strlen(folder));
    if (status == CALO_OK)
        status = open_part(folder, CALO_LIST_FILE, &made->lines, err);
    if (status == CALO_OK)
        status = open_part(folder, CALO_LIST_INDEX_FILE, &made->index, err);
    if (status == CALO_OK)
        status = check_index(made, err);
    if (status == CALO_OK)
        *list = made;
    else
        calo_object_list_close(made);
    return status;
}

void calo_object_list_close(calo_object_list *list)
{
    if (!list)
        return;
    if (list->lines >= 0)
        close(list->lines);
    if (list->index >= 0)
        close(list->index);
    free(list->path);
    free(list);
}

uint64_t calo_object_list_count(const calo_object_list *list) { return list->header.count; }

const char *calo_object_list_sha256(const calo_object_list *list) { return list->header.sha256; }

calo_status calo_object_list_get(const calo_object_list *list, uint64_t index, calo_object *object, calo_error *err)
{
    uint64_t bounds[2];
    json_error_t where;
    *object = (calo_object){0};
    if (index >= list->header.count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s has %llu objects: there is no number %llu", list->path,
                         (unsigned long long)list->header.count, (unsigned long long)index);
    if (!read_at(list->index, bounds, sizeof bounds, index_offset(index)) || bounds[1] <= bounds[0] ||
        bounds[1] - bounds[0] > CALO_LINE_BYTES_MAX)
        return fail_changed(list, err);
    size_t size = (size_t)(bounds[1] - bounds[0]);
    char *line = malloc(size);
    if (!line)
        return calo_fail_memory(err, "a line of the list", size);
    json_t *value = read_at(list->lines, line, size, bounds[0]) ? json_loadb(line, size, 0, &where) : NULL;
    free(line);
    if (!value)
        return fail_changed(list, err);
    calo_status status = calo_object_read_json(value, object, err);
    json_decref(value);
    return status == CALO_OK ? CALO_OK : calo_fail_within(err, status, "%s, line %llu", list->path,
                                                          (unsigned long long)index + 1);
}
