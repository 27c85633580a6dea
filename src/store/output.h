/* A file that is being written from front to back, and pieces of other files that go into it. */
#ifndef CALO_STORE_OUTPUT_H
#define CALO_STORE_OUTPUT_H

#include <calotype/status.h>

typedef struct calo_out_file {
    int file;
    const char *path;   /* for sentences */
    uint64_t written;
    uint32_t checksum;  /* CRC-32 of what was written since somebody set it to 0 */
} calo_out_file;

calo_status calo_out_write(calo_out_file *output, const void *bytes, size_t size, calo_error *err);
/* Over what is there; what is written next goes on behind the last write all the same. Not a part of the checksum. */
calo_status calo_out_patch(const calo_out_file *output, uint64_t offset, const void *bytes, size_t size, calo_error *err);
calo_status calo_out_zeros(calo_out_file *output, size_t count, calo_error *err);

/* A staged file, opened for reading: never a link, a pipe or a device. */
typedef struct calo_input {
    int file;
    const char *path;
    uint64_t size;
} calo_input;

calo_status calo_input_open(const char *path, calo_input *input, calo_error *err);
void calo_input_close(calo_input *input);
/* Exactly so many bytes from there, or an error: CALO_ERROR_FORMAT where the file ends before. */
calo_status calo_input_read(const calo_input *input, uint64_t offset, void *bytes, size_t size, calo_error *err);

/* Copies `size` bytes, piece by piece. */
calo_status calo_out_copy(calo_out_file *output, const calo_input *input, uint64_t offset, uint64_t size, calo_error *err);

#endif
