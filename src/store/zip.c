/* Objects as zip files (PKWARE's APPNOTE 6.3): written under a hidden name beside the final one, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "store/kind.h"
#include "store/runs.h"

enum {
    COMPRESSION_LEVEL = 1,
    LOCAL_HEADER_BYTES = 30,
    UTF8_NAMES = 1 << 11, /* flag */
    STORED = 0, DEFLATED = 8,
    VERSION = 20, VERSION_ZIP64 = 45,
    MADE_ON_UNIX = 3 << 8,
    FIXED_DATE = 1 << 5 | 1, /* 1980-01-01, 00:00 */
    MAX_NAME_BYTES = 65535,
};

static const uint32_t file_mode = 0100644u << 16, is_in_zip64 = UINT32_MAX;

/* A file in the zip. */
typedef struct zip_entry {
    char *name; /* with the object's folder */
    uint16_t method;
    uint32_t checksum, packed_size, size;
    uint64_t offset;
} zip_entry;

/* ---- what stands under the final name already ---- */

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

/* ---- records: little-endian numbers one after the other ---- */

static uint8_t *put_number(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

/* The part that the local header and the directory share. */
static uint8_t *put_facts(uint8_t *at, const zip_entry *entry, uint16_t version)
{
    at = put_number(at, version, 2);
    /* Names that are not UTF-8 are left to the reader's guess. */
    at = put_number(at, calo_text_is_utf8(entry->name) ? UTF8_NAMES : 0, 2);
    at = put_number(at, entry->method, 2);
    at = put_number(at, 0, 2);
    at = put_number(at, FIXED_DATE, 2);
    at = put_number(at, entry->checksum, 4);
    at = put_number(at, entry->packed_size, 4);
    at = put_number(at, entry->size, 4);
    return put_number(at, strlen(entry->name), 2);
}

static calo_status write_out(calo_store *store, const void *bytes, size_t size, calo_error *err)
{
    store->written += size;
    return calo_store_write(store->file, store->path, bytes, size, err);
}

/* The directory stands at the end of the file; until then it grows in memory. */
static calo_status add_to_directory(calo_store *store, const zip_entry *entry, calo_error *err)
{
    bool is_far = entry->offset >= is_in_zip64;
    uint8_t record[46], extra[12], *at = put_number(record, 0x02014b50, 4);
    at = put_number(at, MADE_ON_UNIX | VERSION_ZIP64, 2);
    at = put_facts(at, entry, is_far ? VERSION_ZIP64 : VERSION);
    at = put_number(at, is_far ? sizeof extra : 0, 2);
    at = put_number(at, 0, 6); /* no comment; disk 0; not text */
    at = put_number(at, file_mode, 4);
    put_number(at, is_far ? is_in_zip64 : entry->offset, 4);
    put_number(put_number(put_number(extra, 1, 2), 8, 2), entry->offset, 8);
    calo_status status = calo_blob_append(&store->directory, record, sizeof record, err);
    if (status == CALO_OK)
        status = calo_blob_append(&store->directory, entry->name, strlen(entry->name), err);
    if (status == CALO_OK && is_far)
        status = calo_blob_append(&store->directory, extra, sizeof extra, err);
    store->entry_count++;
    return status;
}

static calo_status write_end(calo_store *store, calo_error *err)
{
    uint8_t end[56 + 20 + 22], *at = end;
    uint64_t start = store->written, size = store->directory.size, count = store->entry_count;
    if (count >= UINT16_MAX || start >= is_in_zip64 || size >= is_in_zip64) {
        at = put_number(at, 0x06064b50, 4);
        at = put_number(at, 44, 8); /* bytes that follow */
        at = put_number(at, MADE_ON_UNIX | VERSION_ZIP64, 2);
        at = put_number(at, VERSION_ZIP64, 2);
        at = put_number(at, 0, 8); /* this disk; the directory's */
        at = put_number(at, count, 8);
        at = put_number(at, count, 8);
        at = put_number(at, size, 8);
        at = put_number(at, start, 8);
        at = put_number(at, 0x07064b50, 4); /* where that record is */
        at = put_number(at, 0, 4);
        at = put_number(at, start + size, 8);
        at = put_number(at, 1, 4);
    }
    at = put_number(at, 0x06054b50, 4);
    at = put_number(at, 0, 4);
    at = put_number(at, count >= UINT16_MAX ? UINT16_MAX : count, 2);
    at = put_number(at, count >= UINT16_MAX ? UINT16_MAX : count, 2);
    at = put_number(at, size >= is_in_zip64 ? is_in_zip64 : size, 4);
    at = put_number(at, start >= is_in_zip64 ? is_in_zip64 : start, 4);
    at = put_number(at, 0, 2);
    calo_status status = write_out(store, store->directory.bytes, store->directory.size, err);
    return status == CALO_OK ? write_out(store, end, (size_t)(at - end), err) : status;
}

/* ---- the table's functions ---- */

static int create_file(calo_store *store, const char *path)
{
    store->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return store->file < 0 ? -1 : 0;
}

static calo_status open_zip(calo_store *store, calo_error *err)
{
    store->compressor = libdeflate_alloc_compressor(COMPRESSION_LEVEL);
    if (!store->compressor)
        return calo_fail_memory(err, "a zip", 0);
    calo_status status = check_occupant(store, err);
    return status == CALO_OK ? calo_store_make_temporary(store, create_file, err) : status;
}

static bool has_ending(const char *file_name, const char *ending)
{
    const char *found = strrchr(file_name, '.');
    return found && strcmp(found, ending) == 0;
}

/* PNG and EXR are compressed already. */
static bool is_compressed(const char *file_name)
{
    return has_ending(file_name, ".png") || has_ending(file_name, ".exr");
}

/* Deflates to `room`, which holds calo_runs_bound(entry->size) bytes, if that makes it smaller. */
static void pack(calo_store *store, zip_entry *entry, const char *file_name, const void *bytes, uint8_t *room)
{
    size_t packed;
    if (is_compressed(file_name) || entry->size == 0)
        return;
    if (has_ending(file_name, ".npy"))
        packed = calo_runs_pack(bytes, entry->size, room);
    else
        packed = libdeflate_deflate_compress(store->compressor, bytes, entry->size, room, entry->size);
    if (packed == 0 || packed >= entry->size)
        return;
    entry->method = DEFLATED;
    entry->packed_size = (uint32_t)packed;
}

/* The local header, the name, and the content: all at once if it was packed behind the name. */
static calo_status write_entry(calo_store *store, const zip_entry *entry, const void *bytes, calo_error *err)
{
    size_t name_length = strlen(entry->name), head = LOCAL_HEADER_BYTES + name_length;
    uint8_t *start = store->record.bytes, *at = put_number(start, 0x04034b50, 4);
    at = put_facts(at, entry, VERSION);
    at = put_number(at, 0, 2);
    memcpy(at, entry->name, name_length);
    if (entry->method == DEFLATED)
        return write_out(store, start, head + entry->packed_size, err);
    calo_status status = write_out(store, start, head, err);
    return status == CALO_OK ? write_out(store, bytes, entry->size, err) : status;
}

static calo_status put_entry(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    if (size >= is_in_zip64)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: \"%s\" of %zu bytes is too large for a zip: write files instead",
                         store->path, file_name, size);
    zip_entry entry = {.checksum = libdeflate_crc32(0, bytes, size), .packed_size = (uint32_t)size,
                       .size = (uint32_t)size, .offset = store->written};
    entry.name = calo_text_format("%s/%s", store->name, file_name);
    if (!entry.name)
        return calo_fail_memory(err, "a zip", 0);
    calo_status status = CALO_OK;
    size_t head = LOCAL_HEADER_BYTES + strlen(entry.name);
    if (strlen(entry.name) > MAX_NAME_BYTES)
        status = calo_fail(err, CALO_ERROR_LIMIT, "%s: \"%s\" is too long a name for a zip", store->path, file_name);
    else if (!calo_blob_reserve(&store->record, head + calo_runs_bound(size), err))
        status = calo_failed(err);
    if (status == CALO_OK) {
        pack(store, &entry, file_name, bytes, store->record.bytes + head);
        status = write_entry(store, &entry, bytes, err);
    }
    if (status == CALO_OK)
        status = add_to_directory(store, &entry, err);
    free(entry.name);
    return status;
}

static calo_status commit_zip(calo_store *store, calo_error *err)
{
    calo_status status = write_end(store, err);
    int file = store->file;
    store->file = -1;
    if (close(file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, store->path, "write", errno);
    if (status == CALO_OK)
        status = check_occupant(store, err);
    if (status == CALO_OK && rename(store->temporary_path, store->path) != 0)
        status = calo_store_fail(err, store->path, "give the result its name", errno);
    if (status == CALO_OK)
        store->has_temporary = false;
    return status;
}

static void destroy_zip(calo_store *store)
{
    libdeflate_free_compressor(store->compressor);
    calo_blob_finish(&store->directory);
    calo_blob_finish(&store->record);
    if (store->file >= 0)
        close(store->file);
    if (store->has_temporary)
        unlink(store->temporary_path);
}

const calo_store_kind calo_store_kind_zip = {
    .ending = ".zip", .open = open_zip, .put = put_entry, .commit = commit_zip, .destroy = destroy_zip,
};
