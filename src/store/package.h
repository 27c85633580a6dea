/* Samples to parts: how staged samples (what calo_item_run leaves in this package) become one file, and the index beside. */
#ifndef CALO_STORE_PACKAGE_H
#define CALO_STORE_PACKAGE_H

#include <calotype/package.h>
#include <calotype/status.h>

/* ".zip", ".tar", ".torch", ".safetensors"; "" of files. */
const char *calo_package_ending(calo_package package);
/* Whether a part holds several samples. */
bool calo_package_joins(calo_package package);

typedef struct calo_staged_sample {
    const char *name; /* its key in the part */
    const char *path; /* what calo_item_run made of it; not trusted */
} calo_staged_sample;

/* Writes a part of the samples, in this order, to `path` (a new file, synced to the disk). The same samples give the same
 * bytes. Memory stays small: samples are streamed. `bytes`, `sha256`: of the file. */
calo_status calo_package_join(calo_package package, const calo_staged_sample *samples, size_t count, const char *path,
                              uint64_t *bytes, char sha256[65], calo_error *err);

/* The files that stand beside a data set's parts, by package: torch: train/index.json and test/index.json, from key to chunk
 * (DepthSplat's layout); webdataset: index.json (shards with names, bytes, SHA-256 and numbers of samples) and sha256sums.txt;
 * safetensors: index.json in Hugging Face's form (weight_map) and sha256sums.txt; files and zip: index.jsonl (a line a sample:
 * name, path, bytes, SHA-256). Written as parts are added, in their order, into `folder`: memory stays flat. */
typedef struct calo_index calo_index;
typedef struct calo_index_part {
    const char *path, *sha256; /* relative to the destination */
    uint64_t bytes;
    const char *const *names;  /* of the samples in it */
    size_t name_count;
} calo_index_part;
calo_status calo_index_create(calo_package package, const char *folder, calo_index **index, calo_error *err);
calo_status calo_index_add(calo_index *index, const calo_index_part *part, calo_error *err);
/* Ends the files (synced) and calls `visit` for each: its name relative to the destination, its path in `folder`. */
calo_status calo_index_end(calo_index *index,
                           calo_status (*visit)(void *user, const char *name, const char *path, calo_error *err), void *user,
                           calo_error *err);
void calo_index_destroy(calo_index *index);

#endif
