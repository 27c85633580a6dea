#include "dataset/list_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"

enum { BUFFER_BYTES = 256 << 10 };

struct calo_lines {
    const char *name;
    gzFile file;
    uint8_t *buffer;
    size_t at, size;
    bool ended;
    uint64_t read_lines, first_line;
    calo_blob line;
};

/* The descriptor belongs to the gzFile afterwards. */
static calo_status open_file(const char *path, gzFile *file, calo_error *err)
{
    struct stat about;
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        calo_status status = errno == ENOENT || errno == ENOTDIR ? CALO_ERROR_NOT_FOUND : CALO_ERROR_IO;
        calo_fail(err, status, "%s: cannot open the list: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return status;
    }
    if (S_ISDIR(about.st_mode)) {
        close(fd);
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s is a folder, not a list of objects", path);
    }
    *file = gzdopen(fd, "rb");
    if (!*file) {
        close(fd);
        return calo_fail_memory(err, path, BUFFER_BYTES);
    }
    gzbuffer(*file, BUFFER_BYTES);
    return CALO_OK;
}

static calo_status fill(calo_lines *lines, calo_error *err)
{
    int number = Z_OK, got = gzread(lines->file, lines->buffer, BUFFER_BYTES);
    const char *why = gzerror(lines->file, &number);
    if (got < 0 || (number != Z_OK && number != Z_STREAM_END))
        return calo_fail(err, number == Z_ERRNO ? CALO_ERROR_IO : CALO_ERROR_FORMAT,
                         "%s: it cannot be read on behind line %llu: %s", lines->name,
                         (unsigned long long)lines->read_lines,
                         number == Z_ERRNO     ? strerror(errno)
                         : number == Z_BUF_ERROR ? "the gzip file is cut off"
                                                 : why);
    lines->at = 0;
    lines->size = (size_t)got;
    lines->ended = got == 0;
    return CALO_OK;
}

static calo_status skip_mark(calo_lines *lines, calo_error *err)
{
    calo_status status = fill(lines, err);
    if (status != CALO_OK)
        return status;
    if (lines->size >= 2 && (memcmp(lines->buffer, "\xff\xfe", 2) == 0 || memcmp(lines->buffer, "\xfe\xff", 2) == 0))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s is UTF-16 text: save it as UTF-8", lines->name);
    if (lines->size >= 3 && memcmp(lines->buffer, "\xef\xbb\xbf", 3) == 0)
        lines->at = 3;
    return CALO_OK;
}

calo_status calo_lines_open(const char *path, calo_lines **lines, calo_error *err)
{
    *lines = NULL;
    calo_lines *made = calloc(1, sizeof *made);
    uint8_t *buffer = malloc(BUFFER_BYTES);
    if (!made || !buffer) {
        free(made);
        free(buffer);
        return calo_fail_memory(err, path, BUFFER_BYTES);
    }
    made->name = strcmp(path, "-") == 0 ? "standard input" : path;
    made->buffer = buffer;
    calo_status status = open_file(path, &made->file, err);
    if (status == CALO_OK)
        status = skip_mark(made, err);
    if (status == CALO_OK)
        *lines = made;
    else
        calo_lines_close(made);
    return status;
}

void calo_lines_close(calo_lines *lines)
{
    if (!lines)
        return;
    if (lines->file)
        gzclose_r(lines->file);
    calo_blob_finish(&lines->line);
    free(lines->buffer);
    free(lines);
}

/* Appends the rest of a line to `lines->line`. */
static calo_status read_line(calo_lines *lines, bool *found, calo_error *err)
{
    *found = false;
    for (;;) {
        if (lines->at == lines->size) {
            calo_status status = lines->ended ? CALO_OK : fill(lines, err);
            if (status != CALO_OK || lines->ended)
                return status;
        }
        *found = true;
        uint8_t *start = lines->buffer + lines->at, *end = memchr(start, '\n', lines->size - lines->at);
        size_t count = end ? (size_t)(end - start) : lines->size - lines->at;
        if (lines->line.size + count > CALO_LINE_BYTES_MAX)
            return calo_fail(err, CALO_ERROR_LIMIT, "%s: line %llu has more than %d bytes: it is no list of objects",
                             lines->name, (unsigned long long)lines->first_line, CALO_LINE_BYTES_MAX);
        calo_status status = calo_blob_append(&lines->line, start, count, err);
        lines->at += count + (end != NULL);
        if (status != CALO_OK || end)
            return status;
    }
}

static calo_status end_line(calo_lines *lines, size_t start, char **line, calo_error *err)
{
    lines->read_lines++;
    calo_blob *blob = &lines->line;
    if (memchr(blob->bytes + start, '\0', blob->size - start))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: line %llu holds a NUL byte: it is no text", lines->name,
                         (unsigned long long)lines->read_lines);
    if (blob->size > start && blob->bytes[blob->size - 1] == '\r')
        blob->size--;
    calo_status status = calo_blob_append(blob, "", 1, err);
    if (status != CALO_OK)
        return status;
    blob->size--; /* the NUL is behind it */
    *line = (char *)blob->bytes;
    return CALO_OK;
}

calo_status calo_lines_next(calo_lines *lines, char **line, calo_error *err)
{
    bool found;
    *line = NULL;
    lines->line.size = 0;
    lines->first_line = lines->read_lines + 1;
    /* Room from the start, so that an empty first line has an address. */
    if (!calo_blob_reserve(&lines->line, 256, err))
        return calo_failed(err);
    calo_status status = read_line(lines, &found, err);
    return status == CALO_OK && found ? end_line(lines, 0, line, err) : status;
}

calo_status calo_lines_extend(calo_lines *lines, char **line, calo_error *err)
{
    bool found;
    *line = NULL;
    calo_status status = calo_blob_append(&lines->line, "\n", 1, err);
    size_t start = lines->line.size;
    if (status == CALO_OK)
        status = read_line(lines, &found, err);
    return status == CALO_OK && found ? end_line(lines, start, line, err) : status;
}

int calo_lines_byte(calo_lines *lines, calo_error *err)
{
    if (lines->at == lines->size) {
        if (!lines->ended && fill(lines, err) != CALO_OK)
            return -2;
        if (lines->ended)
            return -1;
    }
    return lines->buffer[lines->at++];
}

const char *calo_lines_name(const calo_lines *lines) { return lines->name; }

uint64_t calo_lines_number(const calo_lines *lines) { return lines->first_line; }
