#include "store/tar.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum {
    RECORD_BYTES = 20 * CALO_TAR_BLOCK,
    NAME_BYTES = 100, SIZE_AT = 124, CHECKSUM_AT = 148, CHECKSUM_BYTES = 8,
};

static const uint64_t size_end = 1ull << 33; /* eleven octal digits */

/* Names are ASCII in ustar; all others, and long ones, stand in a header of their own in front. */
static bool needs_pax(const char *name)
{
    bool is_plain = strlen(name) <= NAME_BYTES;
    for (const char *at = name; *at; at++)
        is_plain = is_plain && *at >= ' ' && *at < 0x7f;
    return !is_plain;
}

static void fill_block(uint8_t block[CALO_TAR_BLOCK], const char *name, uint64_t size, char type)
{
    char *text = (char *)block;
    unsigned checksum = 0;
    memset(block, 0, CALO_TAR_BLOCK);
    memcpy(text, name, strnlen(name, NAME_BYTES));
    memcpy(text + 100, "0000644", 8);
    memcpy(text + 108, "0000000", 8); /* owner and group */
    memcpy(text + 116, "0000000", 8);
    snprintf(text + SIZE_AT, 12, "%011llo", (unsigned long long)size);
    memcpy(text + 136, "00000000000", 12); /* the time: always the same */
    memset(text + CHECKSUM_AT, ' ', CHECKSUM_BYTES);
    text[156] = type;
    memcpy(text + 257, "ustar\0" "00", 8);
    memcpy(text + 329, "0000000", 8); /* no device */
    memcpy(text + 337, "0000000", 8);
    for (int i = 0; i < CALO_TAR_BLOCK; i++)
        checksum += block[i];
    snprintf(text + CHECKSUM_AT, 7, "%06o", checksum);
}

static calo_status append_block(const char *name, uint64_t size, char type, calo_blob *blob, calo_error *err)
{
    uint8_t block[CALO_TAR_BLOCK];
    fill_block(block, name, size, type);
    return calo_blob_append(blob, block, sizeof block, err);
}

/* "LENGTH path=NAME\n", where LENGTH counts its own digits. */
static calo_status append_pax(const char *name, calo_blob *blob, calo_error *err)
{
    size_t rest = strlen(" path=\n") + strlen(name), length = rest + 1, start;
    while (length != rest + (size_t)snprintf(NULL, 0, "%zu", length))
        length++;
    calo_status status = append_block("././@PaxHeader", length, 'x', blob, err);
    start = blob->size;
    if (status == CALO_OK)
        status = calo_blob_print(blob, err, "%zu path=%s\n", length, name);
    while (status == CALO_OK && (blob->size - start) % CALO_TAR_BLOCK)
        status = calo_blob_append(blob, "", 1, err);
    return status;
}

calo_status calo_tar_header(const char *name, uint64_t size, calo_blob *blob, calo_error *err)
{
    calo_status status = CALO_OK;
    if (size >= size_end)
        return calo_fail(err, CALO_ERROR_LIMIT, "\"%s\" of %llu bytes is too large for a tar: write files instead", name,
                         (unsigned long long)size);
    if (needs_pax(name))
        status = append_pax(name, blob, err);
    return status == CALO_OK ? append_block(name, size, '0', blob, err) : status;
}

size_t calo_tar_padding(uint64_t size)
{
    return (size_t)(-size % CALO_TAR_BLOCK);
}

/* Two blocks of zeros end an archive. */
size_t calo_tar_end_padding(uint64_t size)
{
    size_t last_record = (size_t)((size + 2 * CALO_TAR_BLOCK) % RECORD_BYTES);
    return 2 * CALO_TAR_BLOCK + (RECORD_BYTES - last_record) % RECORD_BYTES;
}
