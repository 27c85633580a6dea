/* A file that is being downloaded: PATH.part, and beside it what tells whether it can be gone on with. */
#ifndef CALO_TRANSFER_PART_H
#define CALO_TRANSFER_PART_H

#include <calotype/status.h>

typedef struct calo_part_file {
    const char *path;            /* of the finished file; borrowed */
    char *part_path, *tag_path;
    char source[65];             /* SHA-256 of the URL */
    int file;
    uint64_t bytes;              /* that are there already */
    char validator[256];         /* ETag or date of what is there; "": it cannot be gone on with */
    bool has_tag;
} calo_part_file;

/* Opens what an earlier call left, if that is of the same URL and of this start of the machine; else an empty one. The caller
 * closes it, whatever comes back. */
calo_status calo_part_file_open(const char *path, const char *url, calo_part_file *part, calo_error *err);
/* Begins anew. `validator`: "" for none; `keep`: a later call shall be able to go on. */
calo_status calo_part_file_restart(calo_part_file *part, const char *validator, bool keep, calo_error *err);
calo_status calo_part_file_add(calo_part_file *part, const void *bytes, size_t size, calo_error *err);
/* Gives the file its name. */
calo_status calo_part_file_finish(calo_part_file *part, calo_error *err);
/* Closes it; without `keep` (or where nobody could go on) it is deleted. */
void calo_part_file_close(calo_part_file *part, bool keep);

#endif
