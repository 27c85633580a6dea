#include "transfer/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

enum { MAX_TAG_BYTES = 1024, BOOT_ID_LENGTH = 36 };

static calo_status fail_errno(calo_error *err, const char *path, int number)
{
    const char *advice = number == ENOSPC || number == EDQUOT ? ": free some space, or choose another folder" : "";
    return calo_fail(err, CALO_ERROR_IO, "%s: cannot write the download: %s%s", path, strerror(number), advice);
}

/* ---- the tag: start of the machine, source, validator; a line each ---- */

/* Another one after each start of the machine; empty where the kernel does not tell. */
static void read_boot_id(char id[BOOT_ID_LENGTH + 1])
{
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = file >= 0 ? read(file, id, BOOT_ID_LENGTH) : 0;
    id[got > 0 ? got : 0] = '\0';
    if (file >= 0)
        close(file);
}

static char *print_tag(const calo_part_file *part, const char *validator)
{
    char boot[BOOT_ID_LENGTH + 1];
    read_boot_id(boot);
    return boot[0] ? calo_text_format("%s\n%s\n%s\n", boot, part->source, validator) : NULL;
}

/* The validator of the tag, if the tag is of this source and this start. */
static void read_tag(calo_part_file *part)
{
    calo_file file = {0};
    char *expected = print_tag(part, "");
    if (expected && calo_file_read(part->tag_path, MAX_TAG_BYTES, &file, NULL) == CALO_OK) {
        size_t head = strlen(expected) - 1, length = file.size > head ? file.size - head : 0;
        if (length > 1 && length <= sizeof part->validator && memcmp(file.bytes, expected, head) == 0 &&
            memchr(file.bytes + head, '\n', length) == file.bytes + file.size - 1) {
            memcpy(part->validator, file.bytes + head, length - 1);
            part->validator[length - 1] = '\0';
            part->has_tag = true;
        }
    }
    calo_file_finish(&file);
    free(expected);
}

static calo_status write_tag(calo_part_file *part, calo_error *err)
{
    char *tag = print_tag(part, part->validator);
    if (!tag)
        return CALO_OK; /* then this file begins anew */
    calo_status status = calo_file_write(part->tag_path, tag, strlen(tag), err);
    part->has_tag = status == CALO_OK;
    free(tag);
    return status;
}

static void drop_tag(calo_part_file *part)
{
    unlink(part->tag_path);
    part->has_tag = false;
}

/* ---- the file ---- */

calo_status calo_part_file_open(const char *path, const char *url, calo_part_file *part, calo_error *err)
{
    *part = (calo_part_file){.path = path, .file = -1, .part_path = calo_text_format("%s.part", path),
                             .tag_path = calo_text_format("%s.part.tag", path)};
    if (!part->part_path || !part->tag_path)
        return calo_fail_memory(err, "a path", strlen(path));
    calo_sha256 hash = calo_sha256_of(url, strlen(url));
    calo_sha256_text(&hash, part->source);
    part->file = open(part->part_path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    struct stat about;
    if (part->file < 0 || fstat(part->file, &about) != 0)
        return fail_errno(err, path, errno);
    if (about.st_size > 0)
        read_tag(part);
    if (about.st_size == 0 || !part->has_tag)
        return calo_part_file_restart(part, "", false, err);
    part->bytes = (uint64_t)about.st_size;
    return lseek(part->file, 0, SEEK_END) < 0 ? fail_errno(err, path, errno) : CALO_OK;
}

/* In this order, so that a tag never stands beside bytes of something else. */
calo_status calo_part_file_restart(calo_part_file *part, const char *validator, bool keep, calo_error *err)
{
    if (part->has_tag)
        drop_tag(part);
    if (ftruncate(part->file, 0) != 0 || lseek(part->file, 0, SEEK_SET) < 0)
        return fail_errno(err, part->path, errno);
    part->bytes = 0;
    snprintf(part->validator, sizeof part->validator, "%s", validator);
    return keep && validator[0] ? write_tag(part, err) : CALO_OK;
}

calo_status calo_part_file_add(calo_part_file *part, const void *bytes, size_t size, calo_error *err)
{
    int failed = calo_file_write_all(part->file, bytes, size);
    if (failed)
        return fail_errno(err, part->path, failed);
    part->bytes += size;
    return CALO_OK;
}

calo_status calo_part_file_finish(calo_part_file *part, calo_error *err)
{
    int file = part->file;
    part->file = -1;
    if (close(file) != 0 || rename(part->part_path, part->path) != 0)
        return fail_errno(err, part->path, errno);
    return CALO_OK;
}

void calo_part_file_close(calo_part_file *part, bool keep)
{
    if (part->file >= 0)
        close(part->file);
    keep = keep && part->has_tag && part->bytes > 0;
    if (!keep && part->part_path)
        unlink(part->part_path);
    if (!keep && part->has_tag)
        drop_tag(part);
    free(part->part_path);
    free(part->tag_path);
    *part = (calo_part_file){.file = -1};
}
