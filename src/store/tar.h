/* Tar as WebDataset reads it (POSIX.1-2001: ustar, and pax where a name needs it): members KEY.ENDING, those of a sample
 * one after another. */
#ifndef CALO_STORE_TAR_H
#define CALO_STORE_TAR_H

#include "base/blob.h"
#include "store/output.h"
#include "store/package.h"

enum { CALO_TAR_BLOCK = 512, CALO_TAR_ENDING_BYTES = 128 };

/* Appends the header of a regular file of a fixed time and owner: one block, or three and more. */
calo_status calo_tar_header(const char *name, uint64_t size, calo_blob *blob, calo_error *err);
/* How many zeros follow a member of this size, and an archive of this size (which has a record of 20 blocks at least). */
size_t calo_tar_padding(uint64_t size);
size_t calo_tar_end_padding(uint64_t size);

/* A member of a staged sample. */
typedef struct calo_tar_member {
    char ending[CALO_TAR_ENDING_BYTES]; /* "000_depth.npy" */
    uint64_t offset, size;              /* of its bytes */
} calo_tar_member;

/* The members of a tar of one sample, in their order; what does not look as this program writes it is an error. The
 * caller frees them. */
calo_status calo_tar_read(const calo_input *input, calo_tar_member **members, size_t *count, calo_error *err);

calo_status calo_tar_join(const calo_staged_sample *samples, size_t count, calo_out_file *output, calo_error *err);

#endif
