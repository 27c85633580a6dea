/* The records of zip files (PKWARE's APPNOTE 6.3), with the same time and mode for all: same input, same bytes. */
#ifndef CALO_STORE_ZIP_RECORDS_H
#define CALO_STORE_ZIP_RECORDS_H

#include "base/blob.h"
#include "store/output.h"

enum { CALO_ZIP_STORED = 0, CALO_ZIP_DEFLATED = 8, CALO_ZIP_LOCAL_BYTES = 30 };

/* A file in the zip; less than 4 GiB. */
typedef struct calo_zip_entry {
    char *name;
    uint16_t method, padding; /* padding: 0, or 4 and more bytes that stand between header and content */
    uint32_t checksum, packed_size, size;
    uint64_t offset;
} calo_zip_entry;

/* Writes the header in front of the content: CALO_ZIP_LOCAL_BYTES, the name and the padding. Returns its size. */
size_t calo_zip_local(const calo_zip_entry *entry, uint8_t *to);

/* The directory stands at the end of the file; until then it grows in memory. All zero is empty. */
typedef struct calo_zip_directory {
    calo_blob records;
    uint64_t count;
} calo_zip_directory;

calo_status calo_zip_directory_add(calo_zip_directory *directory, const calo_zip_entry *entry, calo_error *err);
/* Writes it, and the file's end. */
calo_status calo_zip_directory_write(const calo_zip_directory *directory, calo_out_file *output, calo_error *err);
void calo_zip_directory_finish(calo_zip_directory *directory);

#endif
