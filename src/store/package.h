/* Samples to parts: how staged samples (what calo_item_run leaves in this package) become one file, and the index beside. */
#ifndef CALO_STORE_PACKAGE_H
#define CALO_STORE_PACKAGE_H

#include <calotype/package.h>
#include <calotype/status.h>

/* ".zip", ".tar", ".torch", ".safetensors"; "" of files. */
const char *calo_package_ending(calo_package package);
/* Whether a part holds several samples. */
bool calo_package_joins(calo_package package);
/* Whether samples of this package may have this name: a plain file name everywhere; UTF-8 where it becomes a key, and
 * without dots in webdataset, whose readers end keys there. */
calo_status calo_package_check_name(calo_package package, const char *name, calo_error *err);

typedef struct calo_staged_sample {
    const char *name; /* its key in the part, whatever its file calls it */
    const char *path; /* what calo_item_run made of it, with `staged`; not trusted */
} calo_staged_sample;

/* Whether a staged sample is one that can be joined: CALO_ERROR_FORMAT where it is not. Others than those that are joined are not looked into. */
calo_status calo_package_check_staged(calo_package package, const char *path, calo_error *err);

/* Writes a part of the samples, in this order, to `path`, in place of what may stand there, and syncs it to the disk. The
 * same samples give the same bytes. Memory stays small: samples are streamed. After a failure there is no file.
 * `bytes`, `sha256`: of the file. What is wrong with a sample is CALO_ERROR_FORMAT and names its path; a disk that is full
 * is CALO_ERROR_IO. */
calo_status calo_package_join(calo_package package, const calo_staged_sample *samples, size_t count, const char *path,
                              uint64_t *bytes, char sha256[65], calo_error *err);

/* The files that stand beside a data set's parts (docs/dataset-packages.md): torch: train/index.json and test/index.json, from
 * key to chunk (DepthSplat's layout), though one be empty; webdataset: index.json as wids reads it; safetensors: index.json,
 * from key to file; all three: sha256sums.txt; files and zip: index.jsonl, a line a sample. Written as parts are added, in
 * their order, into `folder`, which is made: memory stays flat. One thread at a time. */
typedef struct calo_index calo_index;
typedef struct calo_index_part {
    const char *path, *sha256; /* relative to the destination */
    uint64_t bytes;
    const char *const *names;  /* of the samples in it */
    size_t name_count;
} calo_index_part;
calo_status calo_index_create(calo_package package, const char *folder, calo_index **index, calo_error *err);
calo_status calo_index_add(calo_index *index, const calo_index_part *part, calo_error *err);
/* Ends the files (synced), once, and calls `visit` for each: its name relative to the destination, its path in `folder`. */
calo_status calo_index_end(calo_index *index,
                           calo_status (*visit)(void *user, const char *name, const char *path, calo_error *err), void *user,
                           calo_error *err);
void calo_index_destroy(calo_index *index);

#endif
