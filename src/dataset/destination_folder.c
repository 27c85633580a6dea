/* A folder as the destination: parts are renamed into it, or copied where it lies in another file system. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/destination_kind.h"
#include "store/landing.h"
#include "store/output.h"

static char *path_of(const calo_destination *destination, const char *name)
{
    size_t length = strlen(destination->place);
    return calo_text_format("%s%s%s", destination->place, destination->place[length - 1] == '/' ? "" : "/", name);
}

/* ---- to the disk ---- */

static calo_status sync_path(const char *path, calo_error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), failed = 0;
    if (file < 0 || fsync(file) != 0)
        failed = errno;
    if (file >= 0)
        close(file);
    return failed ? calo_store_fail(err, path, "bring to the disk", failed) : CALO_OK;
}

static calo_status sync_files(const char *folder, calo_error *err)
{
    calo_names names;
    calo_status status = calo_names_read(folder, true, &names, err);
    for (size_t i = 0; i < names.count && status == CALO_OK; i++) {
        char *path = calo_text_format("%s/%s", folder, names.names[i]);
        status = path ? sync_path(path, err) : calo_fail_memory(err, "a path", strlen(folder));
        free(path);
    }
    calo_names_finish(&names);
    return status == CALO_OK ? sync_path(folder, err) : status;
}

/* The folders of a name, from the innermost to the destination itself. */
static calo_status sync_folders(const calo_destination *destination, const char *path, calo_error *err)
{
    char *folder = strdup(path);
    calo_status status = folder ? CALO_OK : calo_fail_memory(err, "a path", strlen(path));
    size_t end = strlen(destination->place);
    while (status == CALO_OK && strlen(folder) > end) {
        char *slash = strrchr(folder, '/');
        slash[slash == folder] = '\0';
        status = sync_path(folder, err);
        if (slash == folder)
            break;
    }
    free(folder);
    return status;
}

/* ---- copies ---- */

/* A hidden file or folder that nobody else is writing; made where it is not there. Where somebody else writes it, it is waited
 * for: that one may have died, or have another machine's claim to the same part. Returns it open, or -1 with `err` filled. */
static int lock_hidden(const calo_destination *destination, const char *hidden, bool is_folder, calo_error *err)
{
    const struct timespec nap = {.tv_nsec = 100000000};
    for (;;) {
        struct stat opened, named;
        int file = -1;
        if (!is_folder)
            file = open(hidden, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        else if (mkdir(hidden, 0777) == 0 || errno == EEXIST)
            file = open(hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (file < 0 && errno != ENOENT) {
            calo_store_fail(err, hidden, "write", errno);
            return -1;
        }
        bool is_locked = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
        if (file >= 0 && !is_locked && errno != EWOULDBLOCK) {
            calo_store_fail(err, hidden, "lock", errno);
            close(file);
            return -1;
        }
        /* Who had it before may have given it its final name meanwhile. */
        if (is_locked && fstat(file, &opened) == 0 && lstat(hidden, &named) == 0 && opened.st_ino == named.st_ino)
            return file;
        if (file >= 0)
            close(file);
        if (destination->cancelled && destination->cancelled(destination->user)) {
            calo_fail(err, CALO_ERROR_CANCELLED, "%s: cancelled while another process writes it", hidden);
            return -1;
        }
        if (file >= 0 && !is_locked)
            nanosleep(&nap, NULL);
    }
}

static calo_status copy_bytes(const char *from, const char *to, int file, calo_error *err)
{
    calo_input input;
    calo_out_file output = {.file = file, .path = to};
    calo_status status = calo_input_open(from, &input, err);
    if (status != CALO_OK)
        return status;
    if (ftruncate(file, 0) != 0)
        status = calo_store_fail(err, to, "write", errno);
    if (status == CALO_OK)
        status = calo_out_copy(&output, &input, 0, input.size, err);
    if (status == CALO_OK && fsync(file) != 0)
        status = calo_store_fail(err, to, "bring to the disk", errno);
    calo_input_close(&input);
    return status;
}

static calo_status copy_into(const char *from_folder, const char *to_folder, const char *name, calo_error *err)
{
    char *from = calo_text_format("%s/%s", from_folder, name), *to = calo_text_format("%s/%s", to_folder, name);
    calo_status status = from && to ? CALO_OK : calo_fail_memory(err, "a path", strlen(name));
    int file = status == CALO_OK ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666) : -1;
    if (status == CALO_OK && file < 0)
        status = calo_store_fail(err, to, "write", errno);
    if (status == CALO_OK)
        status = copy_bytes(from, to, file, err);
    if (file >= 0 && close(file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, to, "write", errno);
    free(from);
    free(to);
    return status;
}

/* What a copy that was killed left in it goes. */
static calo_status empty_folder(const char *folder, calo_error *err)
{
    calo_names names;
    calo_status status = calo_names_read(folder, true, &names, err);
    for (size_t i = 0; i < names.count && status == CALO_OK; i++) {
        char *path = calo_text_format("%s/%s", folder, names.names[i]);
        if (!path)
            status = calo_fail_memory(err, "a path", strlen(folder));
        else if (unlink(path) != 0)
            status = calo_store_fail(err, path, "remove", errno);
        free(path);
    }
    calo_names_finish(&names);
    return status;
}

static calo_status copy_folder(const char *from, const char *to, int folder, calo_error *err)
{
    calo_names names = {0};
    calo_status status = empty_folder(to, err);
    if (status == CALO_OK)
        status = calo_names_read(from, true, &names, err);
    for (size_t i = 0; i < names.count && status == CALO_OK; i++)
        status = copy_into(from, to, names.names[i], err);
    if (status == CALO_OK && fsync(folder) != 0)
        status = calo_store_fail(err, to, "bring to the disk", errno);
    calo_names_finish(&names);
    return status;
}

static void remove_staged(const char *path, bool is_folder)
{
    if (is_folder)
        calo_folder_remove(path);
    else
        unlink(path);
}

static calo_status land(const char *staged_path, const char *path, bool is_folder, bool *is_elsewhere, calo_error *err)
{
    return is_folder ? calo_land_folder(staged_path, path, is_elsewhere, err)
                     : calo_land_file(staged_path, path, is_elsewhere, err);
}

/* From another file system: under a hidden name first, so that nothing half is seen. */
static calo_status put_copy(const calo_destination *destination, const char *staged_path, const char *path, bool is_folder,
                            calo_error *err)
{
    char *hidden = calo_text_format("%.*s.%s.part", (int)calo_path_folder_length(path), path, calo_path_name(path));
    if (!hidden)
        return calo_fail_memory(err, "a path", strlen(path));
    calo_status status = CALO_OK;
    int file = lock_hidden(destination, hidden, is_folder, err);
    if (file < 0) {
        status = calo_failed(err);
        goto done;
    }
    status = is_folder ? copy_folder(staged_path, hidden, file, err) : copy_bytes(staged_path, hidden, file, err);
    if (status == CALO_OK)
        status = land(hidden, path, is_folder, NULL, err);
    if (status == CALO_OK)
        remove_staged(staged_path, is_folder);
    else
        remove_staged(hidden, is_folder); /* a full disk is not left fuller */
    close(file);
done:
    free(hidden);
    return status;
}

/* ---- the table's functions ---- */

static calo_status make_parents(const char *path, calo_error *err)
{
    char *folder = strndup(path, calo_path_folder_length(path));
    calo_status status = folder ? calo_folder_create(folder, err) : calo_fail_memory(err, "a path", strlen(path));
    free(folder);
    return status;
}

static calo_status sync_staged(const char *staged_path, calo_error *err)
{
    struct stat about;
    if (lstat(staged_path, &about) != 0)
        return calo_store_fail(err, staged_path, "find the staged result", errno);
    return S_ISDIR(about.st_mode) ? sync_files(staged_path, err) : sync_path(staged_path, err);
}

static calo_status move_path(const calo_destination *destination, const char *staged_path, const char *path, calo_error *err)
{
    struct stat about;
    bool is_elsewhere = false;
    if (lstat(staged_path, &about) != 0)
        return calo_store_fail(err, staged_path, "find the staged result", errno);
    bool is_folder = S_ISDIR(about.st_mode);
    if (!is_folder && !S_ISREG(about.st_mode))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is neither a file nor a folder", staged_path);
    calo_status status = make_parents(path, err);
    if (status == CALO_OK)
        status = land(staged_path, path, is_folder, &is_elsewhere, err);
    if (status == CALO_OK && is_elsewhere)
        status = put_copy(destination, staged_path, path, is_folder, err);
    return status;
}

static calo_status move(calo_destination *destination, const char *staged_path, const char *name, calo_error *err)
{
    char *path = path_of(destination, name);
    calo_status status = path ? move_path(destination, staged_path, path, err)
                              : calo_fail_memory(err, "a path", strlen(name));
    free(path);
    return status;
}

static calo_status sync_place(calo_destination *destination, calo_error *err) { return sync_path(destination->place, err); }

static calo_status put(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                       calo_error *err)
{
    (void)sha256;
    char *path = path_of(destination, name);
    calo_status status = path ? sync_staged(staged_path, err) : calo_fail_memory(err, "a path", strlen(name));
    if (status == CALO_OK)
        status = move_path(destination, staged_path, path, err);
    if (status == CALO_OK)
        status = sync_folders(destination, path, err);
    free(path);
    return status;
}

/* A file of another size is not read. */
static bool may_be(const char *path, uint64_t bytes)
{
    struct stat about;
    return lstat(path, &about) == 0 &&
           (S_ISDIR(about.st_mode) || (S_ISREG(about.st_mode) && (uint64_t)about.st_size == bytes));
}

static calo_status has(calo_destination *destination, const char *name, uint64_t bytes, const char *sha256, bool *there,
                       calo_error *err)
{
    uint64_t found_bytes;
    char found[65];
    char *path = path_of(destination, name);
    calo_status status = path ? CALO_OK : calo_fail_memory(err, "a path", strlen(name));
    if (status == CALO_OK && may_be(path, bytes)) {
        status = calo_path_sha256(path, &found_bytes, found, err);
        *there = status == CALO_OK && found_bytes == bytes && strcmp(found, sha256) == 0;
        if (status == CALO_ERROR_FORMAT) /* a folder with other things in it is not the one asked for */
            status = CALO_OK;
    }
    free(path);
    return status;
}

static calo_status get_bytes(calo_destination *destination, const char *name, uint64_t max_bytes, void **bytes,
                             size_t *size, calo_error *err)
{
    calo_file file = {0};
    char *path = path_of(destination, name);
    calo_status status = path ? calo_file_read(path, max_bytes, &file, err) : calo_fail_memory(err, "a path", strlen(name));
    free(path);
    *bytes = file.bytes;
    *size = file.size;
    return status;
}

static calo_status list(calo_destination *destination, const char *folder, void (*visit)(void *user, const char *name),
                        void *user, calo_error *err)
{
    calo_names names = {0};
    char *path = path_of(destination, folder);
    calo_status status = path ? CALO_OK : calo_fail_memory(err, "a path", strlen(folder));
    if (status == CALO_OK && access(path, F_OK) == 0)
        status = calo_names_read(path, false, &names, err);
    for (size_t i = 0; i < names.count && status == CALO_OK; i++)
        visit(user, names.names[i]);
    calo_names_finish(&names);
    free(path);
    return status;
}

const calo_destination_kind calo_destination_kind_folder = {
    .put = put, .move = move, .sync = sync_place, .has = has, .get_bytes = get_bytes, .list = list,
};
