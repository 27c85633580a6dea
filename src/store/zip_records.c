#include "store/zip_records.h"

#include <string.h>

#include "base/text.h"

enum {
    UTF8_NAMES = 1 << 11, /* flag */
    VERSION = 20, VERSION_ZIP64 = 45,
    MADE_ON_UNIX = 3 << 8,
    FIXED_DATE = 1 << 5 | 1, /* 1980-01-01, 00:00 */
    PADDING_ID = 0x4246,     /* as PyTorch calls it */
};

static const uint32_t file_mode = 0100644u << 16, is_in_zip64 = UINT32_MAX;

/* Records are little-endian numbers one after the other. */
static uint8_t *put_number(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

/* The part that the local header and the directory share. */
static uint8_t *put_facts(uint8_t *at, const calo_zip_entry *entry, uint16_t version)
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

size_t calo_zip_local(const calo_zip_entry *entry, uint8_t *to)
{
    size_t name_length = strlen(entry->name);
    uint8_t *at = put_facts(put_number(to, 0x04034b50, 4), entry, VERSION);
    at = put_number(at, entry->padding, 2);
    memcpy(at, entry->name, name_length);
    at += name_length;
    if (entry->padding) {
        at = put_number(put_number(at, PADDING_ID, 2), entry->padding - 4u, 2);
        memset(at, 0, entry->padding - 4u);
        at += entry->padding - 4u;
    }
    return (size_t)(at - to);
}

calo_status calo_zip_directory_add(calo_zip_directory *directory, const calo_zip_entry *entry, calo_error *err)
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
    calo_status status = calo_blob_append(&directory->records, record, sizeof record, err);
    if (status == CALO_OK)
        status = calo_blob_append(&directory->records, entry->name, strlen(entry->name), err);
    if (status == CALO_OK && is_far)
        status = calo_blob_append(&directory->records, extra, sizeof extra, err);
    directory->count++;
    return status;
}

calo_status calo_zip_directory_write(const calo_zip_directory *directory, calo_out_file *output, calo_error *err)
{
    uint8_t end[56 + 20 + 22], *at = end;
    uint64_t start = output->written, size = directory->records.size, count = directory->count;
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
    calo_status status = calo_out_write(output, directory->records.bytes, directory->records.size, err);
    return status == CALO_OK ? calo_out_write(output, end, (size_t)(at - end), err) : status;
}

void calo_zip_directory_finish(calo_zip_directory *directory)
{
    calo_blob_finish(&directory->records);
}
