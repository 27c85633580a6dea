/* Objects as zip files: written under a hidden name beside the final one, then renamed. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "store/kind.h"

/* 1980-01-01 12:00 UTC: zip's first day in every time zone. */
enum { FIXED_TIME = 315576000, FILE_MODE = 0644, LOCAL_HEADER_BYTES = 30 };

/* An earlier result begins with a file in the folder NAME/. Nothing else is replaced. */
static bool is_earlier_result(const calo_store *store)
{
    size_t length = strlen(store->name);
    uint8_t header[LOCAL_HEADER_BYTES + 256];
    int file = open(store->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0 || length + 1 > 256) {
        if (file >= 0)
            close(file);
        return false;
    }
    ssize_t got = read(file, header, LOCAL_HEADER_BYTES + length + 1);
    close(file);
    return got == (ssize_t)(LOCAL_HEADER_BYTES + length + 1) && memcmp(header, "PK\3\4", 4) == 0 &&
           memcmp(header + LOCAL_HEADER_BYTES, store->name, length) == 0 && header[LOCAL_HEADER_BYTES + length] == '/';
}

static calo_status check_occupant(const calo_store *store, calo_error *err)
{
    struct stat about;
    if (lstat(store->path, &about) != 0 || (S_ISREG(about.st_mode) && is_earlier_result(store)))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO,
                     "%s is there already and is not an earlier result of calotype (a zip with %s/ in it): move it "
                     "away or choose another output folder", store->path, store->name);
}

static int create_file(calo_store *store, const char *path)
{
    store->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return store->file < 0 ? -1 : 0;
}

/* Writes for libarchive, and keeps a failure to itself: libarchive 3.6 loses memory when its
 * writer fails. */
static la_ssize_t write_bytes(struct archive *archive, void *user, const void *bytes, size_t size)
{
    calo_store *store = user;
    (void)archive;
    for (size_t done = 0; done < size && !store->write_error;) {
        ssize_t put = write(store->file, (const char *)bytes + done, size - done);
        if (put >= 0)
            done += (size_t)put;
        else if (errno != EINTR)
            store->write_error = errno;
    }
    return (la_ssize_t)size;
}

static calo_status fail_archive(const calo_store *store, calo_error *err)
{
    if (store->write_error)
        return calo_store_fail(err, store->path, "write", store->write_error);
    const char *reason = archive_error_string(store->archive);
    return calo_fail(err, CALO_ERROR_IO, "%s: cannot write: %s", store->path, reason ? reason : "unknown reason");
}

static calo_status open_zip(calo_store *store, calo_error *err)
{
    calo_status status = check_occupant(store, err);
    if (status == CALO_OK)
        status = calo_store_make_temporary(store, create_file, err);
    if (status != CALO_OK)
        return status;
    store->archive = archive_write_new();
    if (!store->archive)
        return calo_fail_memory(err, "a zip", 0);
    if (archive_write_set_format_zip(store->archive) != ARCHIVE_OK ||
        archive_write_set_format_option(store->archive, "zip", "compression-level", "1") != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(store->archive, 1) != ARCHIVE_OK ||
        archive_write_open(store->archive, store, NULL, write_bytes, NULL) != ARCHIVE_OK)
        return fail_archive(store, err);
    return CALO_OK;
}

/* PNG and EXR are compressed already. */
static bool is_compressed(const char *file_name)
{
    const char *ending = strrchr(file_name, '.');
    return ending && (strcmp(ending, ".png") == 0 || strcmp(ending, ".exr") == 0);
}

static calo_status write_entry(calo_store *store, struct archive_entry *entry, const void *bytes, size_t size,
                               calo_error *err)
{
    if (archive_write_header(store->archive, entry) != ARCHIVE_OK)
        return fail_archive(store, err);
    const uint8_t *at = bytes;
    while (size > 0) {
        la_ssize_t put = archive_write_data(store->archive, at, size);
        if (put <= 0)
            return fail_archive(store, err);
        at += put;
        size -= (size_t)put;
    }
    bool good = archive_write_finish_entry(store->archive) == ARCHIVE_OK && !store->write_error;
    return good ? CALO_OK : fail_archive(store, err);
}

static calo_status put_entry(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    char *inside = calo_text_format("%s/%s", store->name, file_name);
    struct archive_entry *entry = archive_entry_new();
    calo_status status = CALO_OK;
    if (!inside || !entry) {
        status = calo_fail_memory(err, "a zip", 0);
        goto done;
    }
    archive_entry_set_pathname(entry, inside);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, FILE_MODE);
    archive_entry_set_mtime(entry, FIXED_TIME, 0);
    if (is_compressed(file_name))
        archive_write_zip_set_compression_store(store->archive);
    else
        archive_write_zip_set_compression_deflate(store->archive);
    status = write_entry(store, entry, bytes, size, err);
done:
    archive_entry_free(entry);
    free(inside);
    return status;
}

static calo_status commit_zip(calo_store *store, calo_error *err)
{
    if (archive_write_close(store->archive) != ARCHIVE_OK || store->write_error)
        return fail_archive(store, err);
    int file = store->file;
    store->file = -1;
    if (close(file) != 0)
        return calo_store_fail(err, store->path, "write", errno);
    calo_status status = check_occupant(store, err);
    if (status == CALO_OK && rename(store->temporary_path, store->path) != 0)
        status = calo_store_fail(err, store->path, "give the result its name", errno);
    if (status == CALO_OK)
        store->has_temporary = false;
    return status;
}

static void destroy_zip(calo_store *store)
{
    /* Not committed, this writes the zip's end into a file that is removed below: told to fail
     * instead, libarchive 3.6 would lose memory. */
    archive_write_free(store->archive);
    if (store->file >= 0)
        close(store->file);
    if (store->has_temporary)
        unlink(store->temporary_path);
}

const calo_store_kind calo_store_kind_zip = {
    .ending = ".zip", .open = open_zip, .put = put_entry, .commit = commit_zip, .destroy = destroy_zip,
};
