/* Objects as folders: filled under a hidden name beside the final one, then renamed. */
#include <dirent.h>
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

enum { MAX_METADATA_BYTES = 1 << 30 };

/* ---- what stands under the final name already ---- */

typedef enum occupant { OCCUPANT_NONE, OCCUPANT_OURS, OCCUPANT_EMPTY, OCCUPANT_OTHER } occupant;

static bool is_empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(folder));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return empty;
}

/* An earlier result has a metadata.json with calotype's engine in it; other programs use that name, too. */
static bool is_earlier_result(const char *path)
{
    static const char mark[] = "\"CALOTYPE_";
    char *metadata = calo_text_format("%s/metadata.json", path);
    calo_file file = {0};
    bool found = false;
    if (metadata && calo_file_read(metadata, MAX_METADATA_BYTES, &file, NULL) == CALO_OK)
        found = memmem(file.bytes, file.size, mark, sizeof mark - 1) != NULL;
    calo_file_finish(&file);
    free(metadata);
    return found;
}

static occupant find_occupant(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return OCCUPANT_NONE;
    if (!S_ISDIR(about.st_mode))
        return OCCUPANT_OTHER;
    if (is_empty_folder(path))
        return OCCUPANT_EMPTY;
    return is_earlier_result(path) ? OCCUPANT_OURS : OCCUPANT_OTHER;
}

static calo_status check_occupant(const calo_store *store, occupant *found, calo_error *err)
{
    *found = find_occupant(store->path);
    if (*found != OCCUPANT_OTHER)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO,
                     "%s is there already and is not an earlier result of calotype (it has no metadata.json of "
                     "calotype): move it away or choose another output folder", store->path);
}

/* ---- the table's functions ---- */

static int make_folder(calo_store *store, const char *path)
{
    (void)store;
    return mkdir(path, 0777);
}

static calo_status open_folder(calo_store *store, calo_error *err)
{
    occupant found;
    calo_status status = check_occupant(store, &found, err);
    return status == CALO_OK ? calo_store_make_temporary(store, make_folder, err) : status;
}

static calo_status put_file(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    char *path = calo_text_format("%s/%s", store->temporary_path, file_name);
    char *final_path = calo_text_format("%s/%s", store->path, file_name); /* for sentences */
    calo_status status = CALO_OK;
    if (!path || !final_path) {
        status = calo_fail_memory(err, "a path", strlen(store->path));
        goto done;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        status = calo_store_fail(err, final_path, "write", errno);
        goto done;
    }
    status = calo_store_write(file, final_path, bytes, size, err);
    if (close(file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, final_path, "write", errno);
done:
    free(path);
    free(final_path);
    return status;
}

/* For file systems that cannot exchange names: for a moment, nothing stands under the final one. */
static int swap_by_renaming(const char *path, const char *temporary_path, char *old_path)
{
    if (rename(path, old_path) != 0)
        return -1;
    if (rename(temporary_path, path) == 0)
        return 0;
    int number = errno;
    rename(old_path, path);
    errno = number;
    return -1;
}

/* Puts the new folder in the earlier one's place and removes the earlier one. */
static calo_status replace(calo_store *store, calo_error *err)
{
    if (renameat2(AT_FDCWD, store->temporary_path, AT_FDCWD, store->path, RENAME_EXCHANGE) == 0) {
        calo_folder_remove(store->temporary_path);
        return CALO_OK;
    }
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return calo_store_fail(err, store->path, "replace the earlier result", errno);
    char *old_path = calo_text_format("%s.old", store->temporary_path);
    if (!old_path)
        return calo_fail_memory(err, "a path", strlen(store->path));
    calo_status status = CALO_OK;
    if (swap_by_renaming(store->path, store->temporary_path, old_path) != 0)
        status = calo_store_fail(err, store->path, "replace the earlier result", errno);
    else
        calo_folder_remove(old_path);
    free(old_path);
    return status;
}

static calo_status commit_folder(calo_store *store, calo_error *err)
{
    occupant found;
    calo_status status = check_occupant(store, &found, err);
    if (status != CALO_OK)
        return status;
    if (found == OCCUPANT_OURS)
        status = replace(store, err);
    else if (rename(store->temporary_path, store->path) != 0)
        status = calo_store_fail(err, store->path, "give the result its name", errno);
    if (status == CALO_OK)
        store->has_temporary = false;
    return status;
}

static void destroy_folder(calo_store *store)
{
    if (store->has_temporary)
        calo_folder_remove(store->temporary_path);
}

const calo_store_kind calo_store_kind_folder = {
    .package = CALO_PACKAGE_FILES, .open = open_folder, .put = put_file, .commit = commit_folder, .destroy = destroy_folder,
};
