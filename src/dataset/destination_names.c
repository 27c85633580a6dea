#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/file.h"
#include "dataset/destination_kind.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

calo_status calo_names_add(calo_names *names, const char *name, calo_error *err)
{
    if (names->count == names->capacity) {
        size_t more = names->capacity ? names->capacity * 2 : 64;
        char **grown = realloc(names->names, more * sizeof *grown);
        if (!grown)
            return calo_fail_memory(err, "names of files", more * sizeof *grown);
        names->names = grown;
        names->capacity = more;
    }
    names->names[names->count] = strdup(name);
    if (!names->names[names->count])
        return calo_fail_memory(err, "names of files", strlen(name));
    names->count++;
    return CALO_OK;
}

void calo_names_sort(calo_names *names)
{
    if (names->count > 0)
        qsort(names->names, names->count, sizeof *names->names, compare_names);
}

static calo_status add_entry(DIR *folder, const char *path, const char *name, bool is_flat, calo_names *names,
                             calo_error *err)
{
    struct stat about;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (!is_flat && name[0] == '.'))
        return CALO_OK;
    if (fstatat(dirfd(folder), name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return calo_fail(err, CALO_ERROR_IO, "%s/%s: cannot look at it: %s", path, name, strerror(errno));
    if (S_ISREG(about.st_mode))
        return calo_names_add(names, name, err);
    return is_flat ? calo_fail(err, CALO_ERROR_FORMAT, "%s/%s is not a regular file: a sample has no others", path, name)
                   : CALO_OK;
}

calo_status calo_names_read(const char *folder, bool is_flat, calo_names *names, calo_error *err)
{
    calo_status status = CALO_OK;
    *names = (calo_names){0};
    DIR *open_folder = opendir(folder);
    if (!open_folder)
        return calo_fail(err, errno == ENOENT ? CALO_ERROR_NOT_FOUND : CALO_ERROR_IO, "%s: cannot open the folder: %s",
                         folder, strerror(errno));
    for (struct dirent *entry; status == CALO_OK && (entry = readdir(open_folder));)
        status = add_entry(open_folder, folder, entry->d_name, is_flat, names, err);
    closedir(open_folder);
    calo_names_sort(names);
    return status;
}

void calo_names_finish(calo_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (calo_names){0};
}

/* ---- hashes ---- */

static calo_status add_file(const char *folder, const char *name, calo_sha256_run *run, uint64_t *bytes, calo_error *err)
{
    calo_sha256 hash;
    uint64_t size = 0;
    char digits[65];
    char *path = calo_text_format("%s/%s", folder, name);
    calo_status status = path ? calo_file_sha256(path, &size, &hash, err) : calo_fail_memory(err, "a path", strlen(folder));
    free(path);
    if (status != CALO_OK)
        return status;
    calo_sha256_text(&hash, digits);
    calo_sha256_line(run, digits, name);
    *bytes += size;
    return CALO_OK;
}

static calo_status hash_folder(const char *path, uint64_t *bytes, calo_sha256 *hash, calo_error *err)
{
    calo_sha256_run run;
    calo_names names;
    calo_status status = calo_names_read(path, true, &names, err);
    calo_sha256_begin(&run);
    for (size_t i = 0; i < names.count && status == CALO_OK; i++)
        status = add_file(path, names.names[i], &run, bytes, err);
    *hash = calo_sha256_end(&run);
    calo_names_finish(&names);
    return status;
}

void calo_sha256_line(calo_sha256_run *run, const char digits[65], const char *name)
{
    calo_sha256_add(run, digits, 64);
    calo_sha256_add(run, "  ", 2);
    calo_sha256_add(run, name, strlen(name));
    calo_sha256_add(run, "\n", 1);
}

calo_status calo_path_sha256(const char *path, uint64_t *bytes, char sha256[65], calo_error *err)
{
    struct stat about;
    calo_sha256 hash;
    *bytes = 0;
    bool is_there = lstat(path, &about) == 0, is_folder = is_there && S_ISDIR(about.st_mode);
    if (is_there && S_ISLNK(about.st_mode)) /* what workers leave is not trusted */
        return calo_fail(err, CALO_ERROR_FORMAT, "%s is a link, not a file or folder", path);
    calo_status status = is_folder ? hash_folder(path, bytes, &hash, err) : calo_file_sha256(path, bytes, &hash, err);
    if (status == CALO_OK)
        calo_sha256_text(&hash, sha256);
    return status;
}
