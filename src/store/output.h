/* A file that is being written from front to back, and pieces of other files that go into it. */
#ifndef CALO_STORE_OUTPUT_H
#define CALO_STORE_OUTPUT_H

#include <calotype/status.h>

typedef struct calo_output {
    int file;
    const char *path;   /* for sentences */
    uint64_t written;
} calo_output;

calo_status calo_output_write(calo_output *output, const void *bytes, size_t size, calo_error *err);
calo_status calo_output_zeros(calo_output *output, size_t count, calo_error *err);

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

/* Copies `size` bytes, piece by piece; `change` (or NULL) is called with each piece before it is written. Pieces are of a
 * multiple of 64 bytes, but the last. */
typedef void (*calo_output_change)(void *user, uint8_t *bytes, size_t size);
calo_status calo_output_copy(calo_output *output, const calo_input *input, uint64_t offset, uint64_t size,
                             calo_output_change change, void *user, calo_error *err);

#endif
