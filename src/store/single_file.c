/* Objects that are one file: written under a hidden name beside the final one, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "store/kind.h"

enum { START_BYTES = 8192 };

static bool is_earlier_result(const calo_store *store)
{
    uint8_t start[START_BYTES];
    int file = open(store->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0)
        return false;
    ssize_t got = read(file, start, sizeof start);
    close(file);
    return got > 0 && store->kind->is_earlier(store, start, (size_t)got);
}

static calo_status check_occupant(const calo_store *store, calo_error *err)
{
    struct stat about;
    if (lstat(store->path, &about) != 0 || (S_ISREG(about.st_mode) && is_earlier_result(store)))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO,
                     "%s is there already and is not an earlier result of calotype (one with %s in it): move it "
                     "away or choose another output folder", store->path, store->name);
}

static int create_file(calo_store *store, const char *path)
{
    store->output.file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return store->output.file < 0 ? -1 : 0;
}

calo_status calo_store_open_file(calo_store *store, calo_error *err)
{
    store->output.path = store->path;
    calo_status status = check_occupant(store, err);
    return status == CALO_OK ? calo_store_make_temporary(store, create_file, err) : status;
}

calo_status calo_store_commit_file(calo_store *store, calo_error *err)
{
    calo_status status = CALO_OK;
    int file = store->output.file;
    store->output.file = -1;
    if (close(file) != 0)
        status = calo_store_fail(err, store->path, "write", errno);
    if (status == CALO_OK)
        status = check_occupant(store, err);
    if (status == CALO_OK && rename(store->temporary_path, store->path) != 0)
        status = calo_store_fail(err, store->path, "give the result its name", errno);
    if (status == CALO_OK)
        store->has_temporary = false;
    return status;
}

void calo_store_destroy_file(calo_store *store)
{
    calo_blob_finish(&store->record);
    if (store->output.file >= 0)
        close(store->output.file);
    if (store->has_temporary)
        unlink(store->temporary_path);
}
