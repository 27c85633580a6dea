/* Files that are on this machine, and what their hashes say. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "dataset/fetch_inside.h"

enum { PIECE_BYTES = 1 << 20 };

static void fail_errno(calo_fetch_worker *worker, const char *path, int number)
{
    bool missing = number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG || number == ELOOP;
    calo_fetch_fail(worker, missing ? CALO_REASON_MISSING : CALO_REASON_FETCH_FAILED, "%.380s: cannot open: %s", path,
                    strerror(number));
}

/* Not blocking, so that a named pipe cannot hold us up. */
static int open_file(calo_fetch_worker *worker, const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        fail_errno(worker, path, errno);
    } else if (!S_ISREG(about.st_mode)) {
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "%.380s is %s, not a file", path,
                        S_ISDIR(about.st_mode) ? "a folder" : "a device or pipe");
    } else if ((uint64_t)about.st_size > worker->fetcher->options.max_bytes) {
        calo_fetch_fail(worker, CALO_REASON_TOO_LARGE, "%.380s has %lld bytes, over the limit of %llu", path,
                        (long long)about.st_size, (unsigned long long)worker->fetcher->options.max_bytes);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* False after a failure, which is told. */
static bool hash_file(calo_fetch_worker *worker, int fd, const char *path)
{
    calo_sha256_run run;
    ssize_t got = 0;
    uint8_t *piece = malloc(PIECE_BYTES);
    calo_sha256_begin(&run);
    while (piece && !calo_fetch_is_over(worker)) {
        got = read(fd, piece, PIECE_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        calo_sha256_add(&run, piece, (size_t)got);
        worker->fetched->bytes += (uint64_t)got;
    }
    int number = errno;
    free(piece);
    if (!piece)
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "there is no memory to read %.300s", path);
    else if (got < 0)
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "%.380s: cannot read: %s", path, strerror(number));
    else if (got > 0 || (worker->fetched->bytes == 0 && calo_fetch_is_over(worker)))
        calo_fetch_fail_over(worker);
    if (!piece || got != 0 || worker->fetched->reason)
        return false;
    calo_sha256 hash = calo_sha256_end(&run);
    calo_sha256_text(&hash, worker->fetched->sha256);
    return true;
}

static void judge(calo_fetch_worker *worker)
{
    calo_fetched *fetched = worker->fetched;
    const calo_object *object = worker->object;
    if (!object->sha256) {
        fetched->verdict = CALO_VERDICT_NEW;
    } else if (strcmp(object->sha256, fetched->sha256) == 0) {
        fetched->verdict = CALO_VERDICT_FOUND;
    } else {
        if (!worker->fetcher->options.accept_modified)
            calo_fetch_fail(worker, CALO_REASON_MODIFIED, "%.200s: its SHA-256 is %s, in the list it is %s",
                            object->file_identifier, fetched->sha256, object->sha256);
        fetched->verdict = CALO_VERDICT_MODIFIED;
    }
}

void calo_fetch_file(calo_fetch_worker *worker, const char *path)
{
    worker->fetched->bytes = 0;
    int fd = open_file(worker, path);
    if (fd < 0)
        return;
    bool hashed = hash_file(worker, fd, path);
    close(fd);
    if (!hashed)
        return;
    worker->fetched->path = strdup(path);
    if (worker->fetched->path)
        judge(worker);
    else
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "there is no memory to fetch it");
}
