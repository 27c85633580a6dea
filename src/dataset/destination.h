/* Where finished parts stand: a folder, or a prefix of an S3 bucket. A part is there whole, or not at all. */
#ifndef CALO_DATASET_DESTINATION_H
#define CALO_DATASET_DESTINATION_H

#include "transfer/transfer.h"

typedef struct calo_destination calo_destination; /* one thread at a time; several may have one each */

/* `place`: a folder, which is made, or s3://bucket/prefix. Writes nothing to s3 yet. */
calo_status calo_destination_open(const char *place, const calo_transfer_options *options, calo_destination **destination,
                                  calo_error *err);
void calo_destination_close(calo_destination *destination);

/* Moves a staged file, or a folder of files, to `name` ("train/000003.torch"), and sees that it is on the disk. What stands
 * there already must be calotype's earlier result (see store/landing.h; in s3: have a SHA-256 kept beside it) and is replaced.
 * Across file systems it is copied under a hidden name first, ".NAME.part"; who comes second with the same name waits. To s3,
 * a folder's metadata.json comes last; a folder there with files that the new one has not is an error, as nothing is deleted in
 * buckets. `sha256`: of a file, or NULL. A full disk is CALO_ERROR_IO. */
calo_status calo_destination_put(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                                 calo_error *err);
/* The same of what is on the disk already, with a name at the top that may be lost in a power cut before calo_destination_sync:
 * one sync for many. */
calo_status calo_destination_move(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                                  calo_error *err);
calo_status calo_destination_sync(calo_destination *destination, calo_error *err);
/* Whether `name` is there with these bytes (a folder: with files of this hash, see calo_path_sha256). In s3 the kept SHA-256
 * counts; in a folder, what the file has. */
calo_status calo_destination_has(calo_destination *destination, const char *name, uint64_t bytes, const char *sha256, bool *there,
                                 calo_error *err);
calo_status calo_destination_get_bytes(calo_destination *destination, const char *name, uint64_t max_bytes, void **bytes,
                                       size_t *size, calo_error *err);
/* The names of the files in a folder of the destination ("" or "index/"), in order; not those in folders in it, nor hidden ones.
 * None where there is no such folder. */
calo_status calo_destination_list(calo_destination *destination, const char *folder, void (*visit)(void *user, const char *name),
                                  void *user, calo_error *err);

/* The size and SHA-256 of a file; of a folder: the sum, and the SHA-256 of lines "<sha256>  <name>\n" of its files in the
 * order of their names (what `sha256sum *` prints). Streams: a file need not fit into memory. */
calo_status calo_path_sha256(const char *path, uint64_t *bytes, char sha256[65], calo_error *err);

#endif
