/* Staged samples to parts in the destination: joined, checksummed, on the disk or uploaded, by a thread of its own. */
#ifndef CALO_DATASET_COMMIT_H
#define CALO_DATASET_COMMIT_H

#include <calotype/job.h>

#include "dataset/part.h"
#include "transfer/transfer.h"

typedef struct calo_commit_options {
    calo_package package;
    const char *destination;     /* a folder, or s3://bucket/prefix */
    const char *run_folder;
    calo_transfer_options transfer;
    uint32_t threads;            /* 0: 2; uploads go side by side */
} calo_commit_options;

typedef struct calo_commit {    /* a part to be committed */
    const calo_part *part;      /* borrowed until the result is taken */
    char **staged_paths;        /* one a sample, absolute; NULL: that sample failed. Borrowed as well */
} calo_commit;

typedef struct calo_committed {
    uint64_t part;
    calo_status status;         /* of a failure: the destination's, so the run must stop */
    calo_error err;
    char *path;                 /* relative to the destination; NULL: no sample was left, so there is no part */
    uint64_t bytes;
    char sha256[65];
    double seconds;
} calo_committed;
void calo_committed_finish(calo_committed *committed);

typedef struct calo_committer calo_committer;

calo_status calo_committer_create(const calo_commit_options *options, calo_committer **committer, calo_error *err);
/* Waits for what is under way. */
void calo_committer_destroy(calo_committer *committer);
int calo_committer_event(const calo_committer *committer);
calo_status calo_commit_start(calo_committer *committer, const calo_commit *commit, calo_error *err);
bool calo_committer_take(calo_committer *committer, calo_committed *committed);
/* Staged files are on the disk after this: before the journal says so. */
calo_status calo_commit_sync_staged(calo_committer *committer, calo_error *err);

#endif
