#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/large.h"

char *calo_text_format(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return length < 0 ? NULL : text;
}

static calo_status fail_errno(calo_error *err, const char *verb, const char *path, int number)
{
    calo_status status = number == ENOENT || number == ENOTDIR ? CALO_ERROR_NOT_FOUND : CALO_ERROR_IO;
    return calo_fail(err, status, "%s: cannot %s: %s", path, verb, strerror(number));
}

static calo_status read_all(int fd, const char *path, calo_file *file, size_t size, calo_error *err)
{
    file->bytes = calo_large_alloc(size + 1);
    if (!file->bytes)
        return calo_fail_memory(err, path, size + 1);
    while (file->size < size) {
        ssize_t got = read(fd, file->bytes + file->size, size - file->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, "read", path, errno);
        if (got == 0)
            break;
        file->size += (size_t)got;
    }
    file->bytes[file->size] = 0;
    return CALO_OK;
}

/* `fd` is -1 where there is nothing to close. */
static calo_status open_regular(const char *path, int *fd, struct stat *about, calo_error *err)
{
    /* Not blocking, so that a named pipe cannot hold us up before the check below refuses it. */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return fail_errno(err, "open", path, errno);
    if (fstat(*fd, about) != 0)
        return fail_errno(err, "read", path, errno);
    if (S_ISDIR(about->st_mode))
        return calo_fail(err, CALO_ERROR_IO, "%s is a folder, not a file: name the file in it", path);
    if (!S_ISREG(about->st_mode))
        return calo_fail(err, CALO_ERROR_IO, "%s is not a regular file: copy its content to one first", path);
    return CALO_OK;
}

calo_status calo_file_read(const char *path, uint64_t max_bytes, calo_file *file, calo_error *err)
{
    *file = (calo_file){0};
    struct stat about;
    int fd;
    calo_status status = open_regular(path, &fd, &about, err);
    if (status == CALO_OK && (uint64_t)about.st_size > max_bytes)
        status = calo_fail(err, CALO_ERROR_LIMIT, "%s has %lld bytes, over the limit of %llu bytes a file", path,
                           (long long)about.st_size, (unsigned long long)max_bytes);
    if (status == CALO_OK)
        status = read_all(fd, path, file, (size_t)about.st_size, err);
    if (fd >= 0)
        close(fd);
    if (status != CALO_OK)
        calo_file_finish(file);
    return status;
}

void calo_file_finish(calo_file *file)
{
    free(file->bytes);
    *file = (calo_file){0};
}

static calo_status hash_all(int fd, const char *path, uint64_t *bytes, calo_sha256 *hash, calo_error *err)
{
    enum { PIECE_BYTES = 1 << 18 };
    calo_sha256_run run;
    ssize_t got;
    uint8_t *piece = malloc(PIECE_BYTES);
    if (!piece)
        return calo_fail_memory(err, path, PIECE_BYTES);
    *bytes = 0;
    calo_sha256_begin(&run);
    while ((got = read(fd, piece, PIECE_BYTES)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        calo_sha256_add(&run, piece, (size_t)got);
        *bytes += (uint64_t)got;
    }
    *hash = calo_sha256_end(&run);
    free(piece);
    return got < 0 ? fail_errno(err, "read", path, errno) : CALO_OK;
}

calo_status calo_file_sha256(const char *path, uint64_t *bytes, calo_sha256 *hash, calo_error *err)
{
    int fd;
    calo_status status = open_regular(path, &fd, &(struct stat){0}, err);
    if (status == CALO_OK)
        status = hash_all(fd, path, bytes, hash, err);
    if (fd >= 0)
        close(fd);
    return status;
}

int calo_file_write_all(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t put = write(fd, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        at += put;
        size -= (size_t)put;
    }
    return 0;
}

calo_status calo_file_write(const char *path, const void *bytes, size_t size, calo_error *err)
{
    char *temporary = calo_text_format("%s.tmp-%ld", path, (long)getpid());
    if (!temporary)
        return calo_fail_memory(err, "a file name", strlen(path) + 16);
    calo_status status = CALO_OK;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        status = fail_errno(err, "write", path, errno);
        free(temporary);
        return status;
    }
    int failed = calo_file_write_all(fd, bytes, size);
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (!failed && rename(temporary, path) != 0)
        failed = errno;
    if (failed) {
        status = fail_errno(err, "write", path, failed);
        unlink(temporary);
    }
    free(temporary);
    return status;
}

calo_status calo_path_sync(const char *path, calo_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed ? fail_errno(err, "sync to the disk", path, failed) : CALO_OK;
}

calo_status calo_folder_create(const char *path, calo_error *err)
{
    char *partial = strdup(path);
    if (!partial)
        return calo_fail_memory(err, "a folder name", strlen(path));
    calo_status status = CALO_OK;
    for (char *at = partial + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST) {
            status = fail_errno(err, "create the folder", partial, errno);
            break;
        }
        *at = end;
        if (end == '\0')
            break;
    }
    struct stat about;
    if (status == CALO_OK && (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)))
        status = calo_fail(err, CALO_ERROR_IO, "%s is a file, not a folder: choose another folder", path);
    free(partial);
    return status;
}

/* The way down in a folder that is removed. What lies deeper than its end is moved up to the top first, so that folders in
 * folders without end take neither stack nor open files. */
typedef struct removal {
    int top, depth;
    unsigned long long moved;
} removal;
enum { REMOVAL_DEPTH = 32 };

static void remove_within(removal *way, int parent, const char *name);

static void move_up(removal *way, int parent, const char *name)
{
    char to[48];
    unsigned long long number = way->moved;
    do
        snprintf(to, sizeof to, ".calotype-removed-%llu", number++);
    while (faccessat(way->top, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    if (renameat(parent, name, way->top, to) == 0)
        way->moved = number;
}

static void remove_entries(removal *way, DIR *folder)
{
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_within(way, dirfd(folder), entry->d_name);
}

static void remove_within(removal *way, int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        unlinkat(parent, name, fd >= 0 ? AT_REMOVEDIR : 0);
        return;
    }
    if (way->depth == 0)
        way->top = fd;
    if (way->depth == REMOVAL_DEPTH) {
        move_up(way, parent, name);
    } else {
        way->depth++;
        remove_entries(way, folder);
        way->depth--;
    }
    closedir(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void calo_folder_remove(const char *path)
{
    removal way = {0};
    unsigned long long moved;
    do { /* again, for what was moved up */
        moved = way.moved;
        remove_within(&way, AT_FDCWD, path);
    } while (way.moved > moved);
}

const char *calo_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

size_t calo_path_folder_length(const char *path)
{
    return (size_t)(calo_path_name(path) - path);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Backslashes to slashes, and %20 and the like to what they stand for. */
static void normalize_link(char *text, bool uri)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        int high = uri && *from == '%' ? hex_value(from[1]) : -1;
        int low = high >= 0 ? hex_value(from[2]) : -1;
        if (low >= 0 && (high || low)) {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from == '\\' ? '/' : *from;
        }
    }
    *to = '\0';
}

static bool is_inside(const char *folder, const char *path)
{
    size_t length = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return true;
    return strncmp(folder, path, length) == 0 && path[length] == '/';
}

/* A real path as it is seen from `from`'s folder, so that sentences have no more of this machine in them than `from` has;
 * what lies elsewhere stays as it is. NULL when memory ends. */
static char *seen_from(const char *from, const char *real_folder, const char *real_path)
{
    if (!is_inside(real_folder, real_path))
        return strdup(real_path);
    size_t length = strcmp(real_folder, "/") == 0 ? 0 : strlen(real_folder);
    return calo_text_format("%.*s%s", (int)calo_path_folder_length(from), from, real_path + length + 1);
}

calo_status calo_path_resolve(const char *from, const char *link, bool uri, bool allow_outside, char **path,
                              calo_error *err)
{
    *path = NULL;
    char *name = strdup(link);
    char *folder = calo_text_format("%.*s.", (int)calo_path_folder_length(from), from);
    char *joined = NULL, *real_folder = NULL, *real_path = NULL;
    calo_status status = CALO_OK;
    if (!name || !folder) {
        status = calo_fail_memory(err, "a path", strlen(link));
        goto done;
    }
    normalize_link(name, uri);
    if (name[0] == '/' && !allow_outside) {
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED,
                           "the path \"%s\" is absolute; an asset may only name files in its own folder "
                           "(--allow-outside-paths lifts this)", link);
        goto done;
    }
    joined = name[0] == '/' ? strdup(name) : calo_text_format("%.*s%s", (int)calo_path_folder_length(from), from, name);
    if (!joined) {
        status = calo_fail_memory(err, "a path", strlen(link));
        goto done;
    }
    /* The real paths decide, so that neither ".." nor a symbolic link leads out. */
    real_folder = realpath(folder, NULL);
    real_path = realpath(joined, NULL);
    if (!real_folder || !real_path) {
        /* Of what lies outside, not even its existence is told. */
        bool climbs = strstr(name, "..") != NULL;
        status = climbs && !allow_outside
            ? calo_fail(err, CALO_ERROR_UNSUPPORTED,
                        "the path \"%s\" may leave the asset's folder (--allow-outside-paths lifts this)", link)
            : calo_fail(err, CALO_ERROR_NOT_FOUND, "\"%s\" is not there", link);
        goto done;
    }
    if (!allow_outside && !is_inside(real_folder, real_path)) {
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED,
                           "the path \"%s\" leaves the asset's folder (--allow-outside-paths lifts this)", link);
        goto done;
    }
    *path = seen_from(from, real_folder, real_path);
    if (!*path)
        status = calo_fail_memory(err, "a path", strlen(real_path));
done:
    free(name);
    free(folder);
    free(joined);
    free(real_folder);
    free(real_path);
    return status;
}
