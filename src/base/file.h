/* Whole files in, whole files out, and paths that stay where they belong. */
#ifndef CALO_BASE_FILE_H
#define CALO_BASE_FILE_H

#include <calotype/status.h>

#include "base/hash.h"

/* A file's bytes: read into memory, with a NUL behind the last one. */
typedef struct calo_file {
    uint8_t *bytes;
    size_t size;
} calo_file;

/* Reads a regular file of at most max_bytes. The caller finishes it. */
calo_status calo_file_read(const char *path, uint64_t max_bytes, calo_file *file, calo_error *err);
void calo_file_finish(calo_file *file);

/* The size and SHA-256 of a regular file, which is read piece by piece. */
calo_status calo_file_sha256(const char *path, uint64_t *bytes, calo_sha256 *hash, calo_error *err);

/* Writes to a temporary name in the same folder and renames it when whole. */
calo_status calo_file_write(const char *path, const void *bytes, size_t size, calo_error *err);

/* Writes all of it to an open file. Returns 0, or the errno of what went wrong. */
int calo_file_write_all(int fd, const void *bytes, size_t size);

/* Waits until a file's bytes, or a folder's names, are on the disk. */
calo_status calo_path_sync(const char *path, calo_error *err);

/* mkdir -p. */
calo_status calo_folder_create(const char *path, calo_error *err);

/* Removes a folder and everything in it; nothing is followed out of it. Used for our own
 * temporary folders only. */
void calo_folder_remove(const char *path);

/* The last part of a path, and the length of the folder part (with its slash). */
const char *calo_path_name(const char *path);
size_t calo_path_folder_length(const char *path);

/* Joins the folder of `from` and the relative path `link` as an asset names it (either slash,
 * percent-encoded where `uri`). Refuses absolute paths and paths that leave the folder of `from`
 * (by ".." or by a symbolic link) unless `allow_outside`. A link that does not exist is
 * CALO_ERROR_NOT_FOUND. The result is malloc'ed; relative if `from` is and it does not leave its
 * folder. */
calo_status calo_path_resolve(const char *from, const char *link, bool uri, bool allow_outside, char **path,
                              calo_error *err);

/* printf into malloc'ed memory; NULL when there is none. */
char *calo_text_format(const char *format, ...) CALO_PRINTF(1, 2);

#endif
