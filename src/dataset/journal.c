#include "dataset/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/journal_read.h"
#include "dataset/run_lock.h"

struct calo_journal {
    int fd, lock;
    char *path;
    calo_blob line;
    uint64_t size, synced; /* bytes of the file, and of those on the disk */
    uint64_t cut;
    bool broken; /* what is at the file's end is not known any more */
};

double calo_unix_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static calo_status fail_write(const calo_journal *journal, int number, calo_error *err)
{
    return calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s: make room or mend the disk, then --resume", journal->path,
                     strerror(number));
}

/* Where the last whole line ends, and how much follows it. */
static calo_status find_end(calo_journal *journal, calo_error *err)
{
    calo_journal_reader *reader;
    calo_line line;
    bool found = true;
    calo_status status = calo_journal_reader_open(journal->path, &reader, err);
    if (status != CALO_OK)
        return status;
    while (status == CALO_OK && found)
        status = calo_journal_reader_next(reader, &line, &found, err);
    journal->size = calo_journal_reader_end(reader);
    journal->cut = calo_journal_reader_tail(reader);
    calo_journal_reader_close(reader);
    return status;
}

static calo_status open_file(calo_journal *journal, const char *run_folder, calo_error *err)
{
    journal->fd = open(journal->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (journal->fd < 0)
        return calo_fail(err, CALO_ERROR_IO, "%s: cannot open: %s", journal->path, strerror(errno));
    calo_status status = find_end(journal, err);
    if (status != CALO_OK)
        return status;
    if (journal->cut > 0 && ftruncate(journal->fd, (off_t)journal->size) != 0)
        return fail_write(journal, errno, err);
    if (fdatasync(journal->fd) != 0)
        return fail_write(journal, errno, err);
    journal->synced = journal->size;
    return calo_path_sync(run_folder, err); /* a new file's name */
}

calo_status calo_journal_open(const char *run_folder, calo_journal **journal, calo_error *err)
{
    calo_journal *j = *journal = calloc(1, sizeof *j);
    if (!j)
        return calo_fail_memory(err, "the journal", sizeof *j);
    j->fd = j->lock = -1;
    j->path = calo_journal_path(run_folder);
    calo_status status = j->path ? calo_folder_create(run_folder, err) : calo_fail_memory(err, "a path", strlen(run_folder));
    if (status == CALO_OK)
        status = calo_run_lock(run_folder, &j->lock, err);
    if (status == CALO_OK)
        status = open_file(j, run_folder, err);
    if (status != CALO_OK) {
        calo_journal_close(j);
        *journal = NULL;
    }
    return status;
}

void calo_journal_close(calo_journal *journal)
{
    if (!journal)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->lock >= 0)
        close(journal->lock);
    calo_blob_finish(&journal->line);
    free(journal->path);
    free(journal);
}

uint64_t calo_journal_cut_bytes(const calo_journal *journal) { return journal->cut; }

calo_status calo_journal_add(calo_journal *journal, const calo_event *event, calo_error *err)
{
    calo_event timed = *event;
    if (timed.unix_seconds == 0)
        timed.unix_seconds = calo_unix_seconds();
    if (journal->broken)
        return calo_fail(err, CALO_ERROR_IO, "%s: an earlier write failed: end this run, then --resume", journal->path);
    journal->line.size = 0;
    calo_status status = calo_line_print(&journal->line, &timed, journal->synced, err);
    if (status != CALO_OK)
        return status;
    int failed = calo_file_write_all(journal->fd, journal->line.bytes, journal->line.size);
    if (failed) {
        journal->broken = ftruncate(journal->fd, (off_t)journal->size) != 0;
        return fail_write(journal, failed, err);
    }
    journal->size += journal->line.size;
    return CALO_OK;
}

const char *calo_journal_last(const calo_journal *journal, size_t *size)
{
    *size = journal->line.size;
    return (const char *)journal->line.bytes;
}

calo_status calo_journal_sync(calo_journal *journal, calo_error *err)
{
    if (journal->synced == journal->size)
        return CALO_OK;
    if (fdatasync(journal->fd) != 0) {
        journal->broken = true; /* the kernel may have dropped what it could not write */
        return fail_write(journal, errno, err);
    }
    journal->synced = journal->size;
    return CALO_OK;
}
