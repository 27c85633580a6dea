/* Objects as zip files (PKWARE's APPNOTE 6.3): written under a hidden name beside the final one, then renamed. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "store/kind.h"
#include "store/runs.h"

enum { COMPRESSION_LEVEL = 1 };

/* An earlier result begins with a file in the folder NAME/. */
static bool is_earlier_result(const calo_store *store, const uint8_t *start, size_t size)
{
    size_t length = strlen(store->name), head = CALO_ZIP_LOCAL_BYTES + length + 1;
    return size >= head && memcmp(start, "PK\3\4", 4) == 0 &&
           memcmp(start + CALO_ZIP_LOCAL_BYTES, store->name, length) == 0 && start[head - 1] == '/';
}

static calo_status open_zip(calo_store *store, calo_error *err)
{
    store->compressor = libdeflate_alloc_compressor(COMPRESSION_LEVEL);
    if (!store->compressor)
        return calo_fail_memory(err, "a zip", 0);
    return calo_store_open_file(store, err);
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
static void pack(calo_store *store, calo_zip_entry *entry, const char *file_name, const void *bytes, uint8_t *room)
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
    entry->method = CALO_ZIP_DEFLATED;
    entry->packed_size = (uint32_t)packed;
}

/* The local header, the name, and the content: all at once if it was packed behind the name. */
static calo_status write_entry(calo_store *store, const calo_zip_entry *entry, const void *bytes, calo_error *err)
{
    uint8_t *start = store->record.bytes;
    size_t head = calo_zip_local(entry, start);
    if (entry->method == CALO_ZIP_DEFLATED)
        return calo_out_write(&store->output, start, head + entry->packed_size, err);
    calo_status status = calo_out_write(&store->output, start, head, err);
    return status == CALO_OK ? calo_out_write(&store->output, bytes, entry->size, err) : status;
}

static calo_status put_entry(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    if (size >= UINT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: \"%s\" of %zu bytes is too large for a zip: write files instead",
                         store->path, file_name, size);
    calo_zip_entry entry = {.checksum = libdeflate_crc32(0, bytes, size), .packed_size = (uint32_t)size,
                       .size = (uint32_t)size, .offset = store->output.written};
    entry.name = calo_text_format("%s/%s", store->name, file_name);
    if (!entry.name)
        return calo_fail_memory(err, "a zip", 0);
    calo_status status = CALO_OK;
    size_t head = CALO_ZIP_LOCAL_BYTES + strlen(entry.name);
    if (!calo_blob_reserve(&store->record, head + calo_runs_bound(size), err))
        status = calo_failed(err);
    if (status == CALO_OK) {
        pack(store, &entry, file_name, bytes, store->record.bytes + head);
        status = write_entry(store, &entry, bytes, err);
    }
    if (status == CALO_OK)
        status = calo_zip_directory_add(&store->directory, &entry, err);
    free(entry.name);
    return status;
}

static calo_status commit_zip(calo_store *store, calo_error *err)
{
    calo_status status = calo_zip_directory_write(&store->directory, &store->output, err);
    return status == CALO_OK ? calo_store_commit_file(store, err) : status;
}

static void destroy_zip(calo_store *store)
{
    libdeflate_free_compressor(store->compressor);
    calo_zip_directory_finish(&store->directory);
    calo_store_destroy_file(store);
}

const calo_store_kind calo_store_kind_zip = {
    .package = CALO_PACKAGE_ZIP, .is_earlier = is_earlier_result, .open = open_zip, .put = put_entry, .commit = commit_zip,
    .destroy = destroy_zip,
};
