#include "dataset/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { BLOCK_BYTES = 1 << 20, SINGLE_BYTES = 4096 };

struct calo_journal_reader {
    int fd;
    char *path;
    char *buffer;
    size_t capacity, block; /* block: how much is read at once */
    size_t start, used;    /* of the buffer: what is not yet taken */
    uint64_t file_offset;  /* of buffer[start] */
    uint64_t line_offset;  /* of the event found last */
    uint64_t line_number;  /* of buffer[start], from 1 */
    uint64_t tail;
};

char *calo_journal_path(const char *run_folder) { return calo_text_format("%s/journal.jsonl", run_folder); }

calo_status calo_journal_reader_open(const char *path, calo_journal_reader **reader, calo_error *err)
{
    calo_journal_reader *r = *reader = calloc(1, sizeof *r);
    if (!r)
        return calo_fail_memory(err, "the journal's reader", sizeof *r);
    r->line_number = 1;
    r->path = strdup(path);
    r->capacity = r->block = BLOCK_BYTES;
    r->buffer = malloc(r->capacity);
    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    calo_status status = CALO_OK;
    if (!r->path || !r->buffer)
        status = calo_fail_memory(err, "the journal's reader", r->capacity);
    else if (r->fd < 0)
        status = calo_fail(err, errno == ENOENT || errno == ENOTDIR ? CALO_ERROR_NOT_FOUND : CALO_ERROR_IO,
                           "%s cannot be opened: %s: name the folder of a run of `calotype dataset`", path, strerror(errno));
    else if (fstat(r->fd, &about) != 0 || !S_ISREG(about.st_mode))
        status = calo_fail(err, CALO_ERROR_IO, "%s is not a regular file: name the folder of a run", path);
    if (status != CALO_OK) {
        calo_journal_reader_close(r);
        *reader = NULL;
    }
    return status;
}

void calo_journal_reader_close(calo_journal_reader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->path);
    free(reader->buffer);
    free(reader);
}

uint64_t calo_journal_reader_offset(const calo_journal_reader *reader) { return reader->line_offset; }
uint64_t calo_journal_reader_end(const calo_journal_reader *reader) { return reader->file_offset; }
uint64_t calo_journal_reader_tail(const calo_journal_reader *reader) { return reader->tail; }

void calo_journal_reader_seek(calo_journal_reader *reader, uint64_t offset)
{
    reader->start = reader->used = 0;
    reader->file_offset = offset;
    reader->block = SINGLE_BYTES;
}

void calo_journal_reader_rewind(calo_journal_reader *reader)
{
    calo_journal_reader_seek(reader, 0);
    reader->block = BLOCK_BYTES;
    reader->line_number = 1;
}

/* Reads more behind what is in the buffer; `got` 0 at the end of the file. */
static calo_status fill(calo_journal_reader *r, size_t *got, calo_error *err)
{
    if (r->start > 0) {
        memmove(r->buffer, r->buffer + r->start, r->used - r->start);
        r->used -= r->start;
        r->start = 0;
    }
    if (r->used == r->capacity) {
        char *larger = realloc(r->buffer, 2 * r->capacity);
        if (!larger)
            return calo_fail_memory(err, "a line of the journal", 2 * r->capacity);
        r->buffer = larger;
        r->capacity *= 2;
    }
    size_t room = r->capacity - r->used;
    ssize_t count;
    do
        count = pread(r->fd, r->buffer + r->used, room < r->block ? room : r->block, (off_t)(r->file_offset + r->used));
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return calo_fail(err, CALO_ERROR_IO, "%s: cannot read: %s", r->path, strerror(errno));
    *got = (size_t)count;
    r->used += (size_t)count;
    return CALO_OK;
}

/* The length of the line at the start of the buffer, with its newline. 0: the file ends within it, or no line is so long. */
static calo_status find_line(calo_journal_reader *r, size_t *length, calo_error *err)
{
    size_t searched = 0, got = 1;
    *length = 0;
    while (got > 0 && searched <= CALO_LINE_MAX_BYTES) {
        char *newline = memchr(r->buffer + r->start + searched, '\n', r->used - r->start - searched);
        if (newline) {
            *length = (size_t)(newline + 1 - (r->buffer + r->start));
            return CALO_OK;
        }
        searched = r->used - r->start;
        calo_status status = fill(r, &got, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

static void advance(calo_journal_reader *r, size_t bytes)
{
    r->start += bytes;
    r->file_offset += bytes;
}

/* Skips a line that is too long to be one of ours, but not its newline. */
static void skip_overlong(calo_journal_reader *r) { advance(r, r->used - r->start); }

/* Looks for a whole line behind the damaged one that was written when the damaged one was on the disk already: then it is
 * not what a crash leaves. Moves the reader. */
static calo_status find_witness(calo_journal_reader *r, uint64_t damaged, bool *found, calo_error *err)
{
    calo_line line;
    const char *fault;
    *found = false;
    for (;;) {
        size_t length;
        calo_status status = find_line(r, &length, err);
        if (status != CALO_OK)
            return status;
        if (length == 0 && r->used - r->start <= CALO_LINE_MAX_BYTES) {
            r->tail = r->file_offset + (r->used - r->start) - damaged;
            return CALO_OK;
        }
        if (length == 0) {
            skip_overlong(r);
            continue;
        }
        if (calo_line_parse(r->buffer + r->start, length - 1, &line, &fault) && line.synced > damaged) {
            *found = true;
            return CALO_OK;
        }
        advance(r, length);
    }
}

static calo_status judge_damage(calo_journal_reader *r, const char *fault, calo_error *err)
{
    uint64_t damaged = r->file_offset;
    bool in_the_middle;
    calo_status status = find_witness(r, damaged, &in_the_middle, err);
    r->start = r->used = 0; /* the next call reads on from the damaged line: a live one may be whole by then */
    r->file_offset = damaged;
    if (status == CALO_OK && in_the_middle)
        status = calo_fail(err, CALO_ERROR_FORMAT,
                           "%s line %llu (from byte %llu) is damaged: %s, though it was on the disk before later lines: "
                           "restore the file from a copy, or begin a new run in another folder",
                           r->path, (unsigned long long)r->line_number, (unsigned long long)damaged, fault);
    return status;
}

calo_status calo_journal_reader_next(calo_journal_reader *r, calo_line *line, bool *found, calo_error *err)
{
    size_t length;
    const char *fault = "it is too long";
    *found = false;
    r->tail = 0;
    calo_status status = find_line(r, &length, err);
    if (status != CALO_OK)
        return status;
    if (length == 0 && r->used - r->start <= CALO_LINE_MAX_BYTES) {
        r->tail = r->used - r->start;
        r->used = r->start; /* read again by the next call */
        return CALO_OK;
    }
    if (length == 0 || !calo_line_parse(r->buffer + r->start, length - 1, line, &fault))
        return judge_damage(r, fault, err);
    r->line_offset = r->file_offset;
    r->line_number++;
    advance(r, length);
    *found = true;
    return CALO_OK;
}
