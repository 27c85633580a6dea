/* The two kinds of destinations, as tables of functions. */
#ifndef CALO_DATASET_DESTINATION_KIND_H
#define CALO_DATASET_DESTINATION_KIND_H

#include "base/hash.h"
#include "dataset/destination.h"

/* Names were checked. */
typedef struct calo_destination_kind {
    calo_status (*put)(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                       calo_error *err);
    /* As calo_destination_move and _sync; NULL: as put, and nothing to do. */
    calo_status (*move)(calo_destination *destination, const char *staged_path, const char *name, calo_error *err);
    calo_status (*sync)(calo_destination *destination, calo_error *err);
    calo_status (*has)(calo_destination *destination, const char *name, uint64_t bytes, const char *sha256, bool *there,
                       calo_error *err);
    calo_status (*get_bytes)(calo_destination *destination, const char *name, uint64_t max_bytes, void **bytes,
                             size_t *size, calo_error *err);
    calo_status (*list)(calo_destination *destination, const char *folder, void (*visit)(void *user, const char *name),
                        void *user, calo_error *err);
} calo_destination_kind;

struct calo_destination {
    const calo_destination_kind *kind;
    char *place;             /* no slash at its end */
    calo_transfer *transfer; /* s3 alone */
    bool (*cancelled)(void *user); /* NULL: never */
    void *user;
};

extern const calo_destination_kind calo_destination_kind_folder;
extern const calo_destination_kind calo_destination_kind_s3;

/* Names of files. All-zero is empty. */
typedef struct calo_names {
    char **names;
    size_t count, capacity;
} calo_names;

calo_status calo_names_add(calo_names *names, const char *name, calo_error *err);
/* By their bytes. */
void calo_names_sort(calo_names *names);
/* Those of regular files in a folder, sorted. `is_flat`: anything else in it is an error; otherwise that is left out, and hidden
 * files are. */
calo_status calo_names_read(const char *folder, bool is_flat, calo_names *names, calo_error *err);
void calo_names_finish(calo_names *names);

/* Adds a file's line to the hash of a folder; see calo_path_sha256. */
void calo_sha256_line(calo_sha256_run *run, const char digits[65], const char *name);

#endif
