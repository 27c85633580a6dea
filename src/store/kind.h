/* What the kinds of stores have in common: a table of functions, a temporary name, a final one. */
#ifndef CALO_STORE_KIND_H
#define CALO_STORE_KIND_H

#include "base/blob.h"
#include "store/landing.h"
#include "store/output.h"
#include "store/package.h"
#include "store/store.h"
#include "store/zip_records.h"

/* `destroy` removes what was not committed; the shared parts are freed by calo_store_destroy. */
typedef struct calo_store_kind {
    calo_package package; /* whose ending the object's name has */
    /* Of kinds that are one file: whether it is an earlier result, by its first bytes. Nothing else is replaced. */
    bool (*is_earlier)(const calo_store *store, const uint8_t *start, size_t size);
    calo_status (*open)(calo_store *store, calo_error *err);
    calo_status (*put)(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err);
    calo_status (*commit)(calo_store *store, calo_error *err);
    void (*destroy)(calo_store *store);
} calo_store_kind;

typedef struct calo_tensor_sink calo_tensor_sink;

struct calo_store {
    const calo_store_kind *kind;
    char *folder, *name;   /* of the object, as the caller gave them */
    char *path;            /* folder/name + ending */
    char *temporary_path;  /* folder/.name.tmp-PID-N + ending */
    size_t existing_folder_length; /* the part of `folder` that was there before */
    bool committed, failed;
    bool has_temporary; /* temporary_path exists */
    calo_out_file output; /* of kinds that are one file; -1: not open */
    calo_blob record;   /* memory for a header, or a packed file */
    /* A zip's. */
    calo_zip_directory directory;
    struct libdeflate_compressor *compressor;
    /* Of tensors: what they are made of, and what is there so far. */
    const calo_store_views *views;
    calo_tensor_sink *sink;
};

extern const calo_store_kind calo_store_kind_folder;
extern const calo_store_kind calo_store_kind_zip;
extern const calo_store_kind calo_store_kind_webdataset;
extern const calo_store_kind calo_store_kind_torch;
extern const calo_store_kind calo_store_kind_staged_torch;
extern const calo_store_kind calo_store_kind_safetensors;

/* single_file.c: what kinds that are one file have in common. */
calo_status calo_store_open_file(calo_store *store, calo_error *err);
calo_status calo_store_commit_file(calo_store *store, calo_error *err);
void calo_store_destroy_file(calo_store *store);

/* Writes everything; `path` names the file in the sentence. */
calo_status calo_store_write(int file, const char *path, const void *bytes, size_t size, calo_error *err);

/* Sets temporary_path to the next free name: `create` makes it (0) or fails with errno. */
calo_status calo_store_make_temporary(calo_store *store, int (*create)(calo_store *store, const char *path),
                                      calo_error *err);

#endif
