/* Objects to files on this machine: threads that fetch ahead of the workers. */
#ifndef CALO_DATASET_FETCH_H
#define CALO_DATASET_FETCH_H

#include "dataset/part.h"
#include "dataset/reason.h"
#include "transfer/transfer.h"

typedef enum calo_repository_format { /* --save-repo-format */
    CALO_REPOSITORY_DELETE = 0, CALO_REPOSITORY_ZIP, CALO_REPOSITORY_TAR, CALO_REPOSITORY_TAR_GZ, CALO_REPOSITORY_FILES,
} calo_repository_format;

/* Texts are borrowed for as long as the fetcher lives. Of `transfer` only s3, region, tries and stall are read. */
typedef struct calo_fetch_options {
    const char *scratch_folder;   /* for what is deleted after rendering */
    const char *download_folder;  /* NULL: nothing is kept. Kept files are found there again, if their SHA-256 is right */
    calo_repository_format repository_format;
    uint32_t threads;             /* 0: 8 */
    double timeout_seconds;       /* of one object; 0: 300 */
    uint64_t max_bytes;           /* of one object; 0: calo_limits' */
    bool accept_modified;         /* render them all the same */
    calo_transfer_options transfer;
} calo_fetch_options;

/* How the file's SHA-256 stands to the list's. */
typedef enum calo_verdict { CALO_VERDICT_FOUND = 0, CALO_VERDICT_MODIFIED, CALO_VERDICT_MISSING, CALO_VERDICT_NEW } calo_verdict;
const char *calo_verdict_name(calo_verdict verdict);

typedef struct calo_fetched {
    uint64_t ticket;
    calo_reason reason;    /* NONE: `path` is there */
    bool stop;             /* not the object's fault (a full disk): the run must stop, with `message` */
    char message[512];     /* the sentence of the reason */
    calo_verdict verdict;  /* MISSING of all that could not be fetched */
    char sha256[65];       /* of the file; "" when there is none */
    char *path;            /* the object's file; beside it lie the files that it may need */
    uint64_t bytes;
    double seconds;
    void *hold;            /* what calo_fetch_release gives back */
} calo_fetched;

typedef struct calo_fetcher calo_fetcher;

calo_status calo_fetcher_create(const calo_fetch_options *options, calo_fetcher **fetcher, calo_error *err);
/* Stops what is under way (within a second), and waits. */
void calo_fetcher_destroy(calo_fetcher *fetcher);
/* Readable while results wait. */
int calo_fetcher_event(const calo_fetcher *fetcher);
/* Queues an object, which is copied. Files that are there already are not copied, only hashed. */
calo_status calo_fetch(calo_fetcher *fetcher, uint64_t ticket, const calo_object *object, calo_error *err);
/* The next result, if there is one. */
bool calo_fetcher_take(calo_fetcher *fetcher, calo_fetched *fetched);
/* Deletes what was fetched, unless it is kept, and frees the texts. */
void calo_fetch_release(calo_fetcher *fetcher, calo_fetched *fetched);

#endif
