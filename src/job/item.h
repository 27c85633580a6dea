/* One file on its way through the job: the steps of run_item.c and what they hand on. */
#ifndef CALO_JOB_ITEM_H
#define CALO_JOB_ITEM_H

#include <calotype/job.h>

#include "base/blob.h"
#include "base/hash.h"
#include "encode/file_names.h"
#include "store/store.h"

typedef struct calo_item {
    calo_renderer *renderer;
    const char *path;
    const calo_item_options *options;
    calo_item_result *result;
    calo_sha256 hash;
    calo_scene *scene;
    int32_t animation; /* index, or -1 */
    calo_view_set views;
    calo_pose *pose; /* normalized */
    double scale, translation[3];
    calo_render_options render; /* resolved */
    calo_file_layout layout;
    calo_blob metadata; /* metadata.json */
    calo_store *store;
    bool sheet_uncommitted; /* written, and to be taken back if the rest fails */
} calo_item;

/* load.c: a scene and the SHA-256 of its file, read once. */
calo_status calo_scene_load_hashed(const char *path, const calo_import_options *options, calo_scene **scene,
                                   calo_sha256 *hash, calo_error *err);
/* The item's scene and its hash; refuses what could not be written later. */
calo_status calo_item_load(calo_item *item, calo_error *err);
/* cameras.c: the pose, its normalization and the views. */
calo_status calo_item_make_views(calo_item *item, calo_error *err);
/* outputs.c: opens the store; describes, renders, encodes and puts each view into it in order. */
calo_status calo_item_open_store(calo_item *item, calo_error *err);
calo_status calo_item_render(calo_item *item, calo_error *err);
/* describe.c: makes metadata.json with the scene's statistics, and puts it into the store. */
calo_status calo_item_describe(calo_item *item, calo_error *err);
calo_status calo_item_write_metadata(calo_item *item, calo_error *err);

#endif
