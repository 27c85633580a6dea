/* Where an object's files go: a folder or a zip, whole or not at all. */
#ifndef CALO_STORE_STORE_H
#define CALO_STORE_STORE_H

#include <calotype/view.h>

#include "encode/file_names.h"

/* An object being written under a temporary name. One thread at a time. */
typedef struct calo_store calo_store;

/* `folder`/`name`/ with the files in it. An earlier result of calotype (it has a metadata.json)
 * is replaced on commit; anything else of that name is an error. */
calo_status calo_store_open_folder(const char *folder, const char *name, calo_store **store, calo_error *err);

/* `folder`/`name`.zip with `name`/ inside. Stored files have a fixed time, so same input, same bytes. */
calo_status calo_store_open_zip(const char *folder, const char *name, calo_store **store, calo_error *err);

/* `folder`/`name`.tar: each file is `name`.FILE, and metadata.json is `name`.json (WebDataset). */
calo_status calo_store_open_webdataset(const char *folder, const char *name, calo_store **store, calo_error *err);

/* What the files of an object will be, for packages that keep arrays over all views. Borrowed as long as the store lives. */
typedef struct calo_store_views {
    const calo_view *views; /* of one size, without lenses */
    size_t count;
    uint32_t channels; /* bits; put for each view in their order, then metadata.json */
    calo_pixel_format color_format;
    float background_depth;
    const calo_file_layout *layout;
} calo_store_views;

/* `folder`/`name`.torch, for torch.load; `staged`: `folder`/`name`.safetensors that calo_package_join makes torch packages of.
 * Colour is put as PNG, all else as npy. */
calo_status calo_store_open_torch(const char *folder, const char *name, const calo_store_views *views, bool staged,
                                  calo_store **store, calo_error *err);

/* `folder`/`name`.safetensors. All is put as npy. */
calo_status calo_store_open_safetensors(const char *folder, const char *name, const calo_store_views *views,
                                        calo_store **store, calo_error *err);

calo_status calo_store_put(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err);

/* Makes the object visible under its name, in one step. */
calo_status calo_store_commit(calo_store *store, calo_error *err);

/* Frees the store; what was not committed is removed. NULL is allowed. */
void calo_store_destroy(calo_store *store);

/* The path that the object has once committed. Owned by the store. */
const char *calo_store_path(const calo_store *store);

#endif
