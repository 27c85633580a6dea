#include "dataset/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static int open_lock(const char *run_folder, int flags, calo_error *err)
{
    char *path = calo_text_format("%s/lock", run_folder);
    if (!path) {
        calo_fail_memory(err, "a path", strlen(run_folder));
        return -1;
    }
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        calo_fail(err, errno == ENOENT || errno == ENOTDIR ? CALO_ERROR_NOT_FOUND : CALO_ERROR_IO,
                  "%s cannot be opened: %s: name the folder of a run of `calotype dataset`", path, strerror(errno));
    free(path);
    return fd;
}

/* "process 123 on machine-name\n" */
static void read_holder(int fd, calo_run_holder *holder)
{
    char text[320];
    unsigned long long process = 0;
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    if (sscanf(text, "process %llu on %255[^\n]", &process, holder->machine) < 1)
        process = 0;
    holder->process = process;
}

static calo_status write_holder(int fd, calo_error *err)
{
    char machine[256] = "", text[320];
    gethostname(machine, sizeof machine - 1);
    int length = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), machine[0] ? machine : "this machine");
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        return calo_fail(err, CALO_ERROR_IO, "the run's lock file cannot be written: %s", strerror(errno));
    return CALO_OK;
}

calo_status calo_run_lock(const char *run_folder, int *fd, calo_error *err)
{
    /* Of the open file, not of the process: it goes with the descriptor, and NFS knows it. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *fd = open_lock(run_folder, O_RDWR | O_CREAT, err);
    if (*fd < 0)
        return calo_failed(err);
    calo_status status;
    if (fcntl(*fd, F_OFD_SETLK, &lock) == 0) {
        status = write_holder(*fd, err);
    } else if (errno == EAGAIN || errno == EACCES) {
        calo_run_holder holder = {0};
        read_holder(*fd, &holder);
        status = calo_fail(err, CALO_ERROR_IO,
                           "%s: process %llu on %s works on this run: wait for it or end it (it loses nothing), or choose "
                           "another --run",
                           run_folder, (unsigned long long)holder.process, holder.machine);
    } else {
        status = calo_fail(err, CALO_ERROR_IO, "%s/lock cannot be locked: %s: put the run's folder (--run) on a local disk",
                           run_folder, strerror(errno));
    }
    if (status != CALO_OK) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

calo_status calo_run_probe(const char *run_folder, calo_run_holder *holder, calo_error *err)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    *holder = (calo_run_holder){0};
    int fd = open_lock(run_folder, O_RDONLY, err);
    if (fd < 0)
        return calo_failed(err);
    read_holder(fd, holder);
    holder->alive = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return CALO_OK;
}
