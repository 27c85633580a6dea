#include "store/landing.h"

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

enum { MAX_METADATA_BYTES = 1 << 30, START_BYTES = 512 };

calo_status calo_store_fail(calo_error *err, const char *path, const char *verb, int number)
{
    const char *advice = "";
    if (number == ENOSPC || number == EDQUOT)
        advice = ": free some space or choose another output folder";
    else if (number == EACCES || number == EPERM || number == EROFS)
        advice = ": choose an output folder that you may write to";
    return calo_fail(err, CALO_ERROR_IO, "%s: cannot %s: %s%s", path, verb, strerror(number), advice);
}

/* ---- folders ---- */

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
static bool has_our_metadata(const char *path)
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

calo_occupant calo_find_folder(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return CALO_OCCUPANT_NONE;
    if (!S_ISDIR(about.st_mode))
        return CALO_OCCUPANT_OTHER;
    if (is_empty_folder(path))
        return CALO_OCCUPANT_EMPTY;
    return has_our_metadata(path) ? CALO_OCCUPANT_OURS : CALO_OCCUPANT_OTHER;
}

calo_status calo_check_folder(const char *path, calo_occupant *found, calo_error *err)
{
    *found = calo_find_folder(path);
    if (*found != CALO_OCCUPANT_OTHER)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO,
                     "%s is there already and is not an earlier result of calotype (it has no metadata.json of "
                     "calotype): move it away or choose another output folder", path);
}

/* For file systems that cannot exchange names: for a moment, nothing stands under the final one. */
static int swap_by_renaming(const char *path, const char *staged_path, const char *old_path)
{
    if (rename(path, old_path) != 0)
        return -1;
    if (rename(staged_path, path) == 0)
        return 0;
    int number = errno;
    rename(old_path, path);
    errno = number;
    return -1;
}

/* Puts the new folder in the earlier one's place and removes the earlier one. Returns 0 or an errno. */
static int replace(const char *staged_path, const char *path)
{
    if (renameat2(AT_FDCWD, staged_path, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
        calo_folder_remove(staged_path);
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return errno;
    char *old_path = calo_text_format("%s.old", staged_path);
    if (!old_path)
        return ENOMEM;
    int failed = swap_by_renaming(path, staged_path, old_path) == 0 ? 0 : errno;
    if (!failed)
        calo_folder_remove(old_path);
    free(old_path);
    return failed;
}

static calo_status tell(int failed, const char *path, const char *verb, bool *is_elsewhere, calo_error *err)
{
    if (is_elsewhere)
        *is_elsewhere = failed == EXDEV;
    return failed && !(is_elsewhere && failed == EXDEV) ? calo_store_fail(err, path, verb, failed) : CALO_OK;
}

calo_status calo_land_folder(const char *staged_path, const char *path, bool *is_elsewhere, calo_error *err)
{
    calo_occupant found;
    calo_status status = calo_check_folder(path, &found, err);
    if (status != CALO_OK)
        return status;
    if (found == CALO_OCCUPANT_OURS)
        return tell(replace(staged_path, path), path, "replace the earlier result", is_elsewhere, err);
    int failed = rename(staged_path, path) == 0 ? 0 : errno;
    return tell(failed, path, "give the result its name", is_elsewhere, err);
}

/* ---- files ---- */

static bool has(const uint8_t *start, size_t size, size_t at, const char *bytes, size_t count)
{
    return size >= at + count && memcmp(start + at, bytes, count) == 0;
}

/* Zips and torch's files: the first entry of 1980-01-01, 00:00. */
static bool is_our_zip(const uint8_t *start, size_t size)
{
    return has(start, size, 0, "PK\3\4", 4) && has(start, size, 10, "\0\0\x21\0", 4);
}

/* Nobody's, read and write for the owner, no time. */
static bool is_our_tar(const uint8_t *start, size_t size)
{
    return has(start, size, 257, "ustar", 6) && has(start, size, 100, "0000644\0000000000\0000000000", 24) &&
           has(start, size, 136, "00000000000", 12);
}

static bool is_safetensors(const uint8_t *start, size_t size)
{
    return has(start, size, 6, "\0\0{\"", 4);
}

/* JSON, or a line of sha256sum. */
static bool is_index(const uint8_t *start, size_t size)
{
    if (size == 0 || start[0] == '{')
        return true;
    for (size_t i = 0; i < 64; i++)
        if (i >= size || !strchr("0123456789abcdef", start[i]) || !start[i])
            return false;
    return has(start, size, 64, "  ", 2);
}

calo_occupant calo_find_file(const char *path)
{
    struct stat about;
    uint8_t start[START_BYTES];
    if (lstat(path, &about) != 0)
        return CALO_OCCUPANT_NONE;
    int file = S_ISREG(about.st_mode) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
    if (file < 0)
        return CALO_OCCUPANT_OTHER;
    ssize_t got = read(file, start, sizeof start);
    close(file);
    size_t size = got > 0 ? (size_t)got : 0;
    bool is_ours = got >= 0 && (is_our_zip(start, size) || is_our_tar(start, size) || is_safetensors(start, size) ||
                                is_index(start, size));
    return is_ours ? CALO_OCCUPANT_OURS : CALO_OCCUPANT_OTHER;
}

calo_status calo_check_file(const char *path, calo_error *err)
{
    if (calo_find_file(path) != CALO_OCCUPANT_OTHER)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO,
                     "%s is there already and does not look like an earlier result of calotype: move it away or choose "
                     "another output folder", path);
}

calo_status calo_land_file(const char *staged_path, const char *path, bool *is_elsewhere, calo_error *err)
{
    calo_status status = calo_check_file(path, err);
    if (status != CALO_OK)
        return status;
    int failed = rename(staged_path, path) == 0 ? 0 : errno;
    return tell(failed, path, "give the result its name", is_elsewhere, err);
}
