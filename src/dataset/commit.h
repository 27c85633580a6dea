/* Staged samples to parts in the destination: synced, checksummed, joined, moved or uploaded, by threads of their own. */
#ifndef CALO_DATASET_COMMIT_H
#define CALO_DATASET_COMMIT_H

#include <calotype/package.h>

#include "dataset/part.h"
#include "transfer/transfer.h"

typedef struct calo_commit_options {
    calo_package package;
    const char *destination;    /* a folder, or s3://bucket/prefix */
    const char *scratch_folder; /* on a disk, for parts that are being joined */
    calo_transfer_options transfer;
    uint32_t threads;           /* 0: 2; uploads go side by side */
} calo_commit_options;

typedef enum calo_commit_kind {
    CALO_COMMIT_STAGE = 0, /* a sample: its files are on the disk now */
    CALO_COMMIT_PART,      /* a part: it is in the destination now */
} calo_commit_kind;

typedef struct calo_committed {
    calo_commit_kind kind;
    uint64_t ticket;        /* of calo_commit_stage; the part's number */
    calo_status status;     /* of a failure: the run must stop */
    calo_error err;
    char *path;             /* of a part: relative to the destination; NULL: no sample was left, so there is none */
    uint64_t bytes;
    char sha256[65];
    bool was_there;         /* the part had been committed before a crash: nothing was written */
    double seconds;
} calo_committed;
void calo_committed_finish(calo_committed *committed);

/* A sample of a part. */
typedef struct calo_commit_sample {
    const char *staged_path; /* NULL: it failed */
    uint64_t bytes;          /* as its calo_committed has it */
    const char *sha256;
} calo_commit_sample;

/* One thread uses it. Folders must exist. */
typedef struct calo_committer calo_committer;

calo_status calo_committer_create(const calo_commit_options *options, calo_committer **committer, calo_error *err);
/* Finishes what was started. */
void calo_committer_destroy(calo_committer *committer);
/* Readable while results wait. */
int calo_committer_event(const calo_committer *committer);
/* Sees that a staged sample is on the disk. `staged_path` must stay until the result is taken. */
calo_status calo_commit_stage(calo_committer *committer, uint64_t ticket, const char *staged_path, calo_error *err);
/* Makes a part of its samples, one of `samples` each. Part and samples must stay until the result is taken. The staged files
 * of a joined part are left: they may go when the journal has the part. */
calo_status calo_commit_part(calo_committer *committer, const calo_part *part, const calo_commit_sample *samples, calo_error *err);
bool calo_committer_take(calo_committer *committer, calo_committed *committed);
/* How many are waiting or under way. */
size_t calo_committer_load(const calo_committer *committer);

#endif
