/* Git repositories at a commit, fetched once for all objects in them that wait or are in use. */
#ifndef CALO_DATASET_REPOSITORY_H
#define CALO_DATASET_REPOSITORY_H

#include "dataset/fetch.h"

/* Where an object stands: https://github.com/OWNER/REPO/blob/COMMIT/PATH, https://HOST/GROUP/REPO/-/blob/COMMIT/PATH (GitLab),
 * or file:///FOLDER/blob/COMMIT/PATH. */
typedef struct calo_repository_place {
    char *url;    /* to fetch from */
    char *commit; /* or the name of a branch or tag */
    char *path;   /* of the file, as it stands there */
    char *decoded_path; /* the same with %20 and the like decoded, where that differs; else NULL */
} calo_repository_place;

/* False for what is no file in a repository, paths that would leave it included; frees nothing then. */
bool calo_repository_parse(const char *location, calo_repository_place *place);
void calo_repository_place_finish(calo_repository_place *place);

typedef struct calo_repositories calo_repositories;     /* any thread */
typedef struct calo_repository_use calo_repository_use; /* of one object; one thread at a time */

/* Of the options the folders, the format, max_bytes and the number of tries are read. */
calo_status calo_repositories_create(const calo_fetch_options *options, calo_repositories **repositories, calo_error *err);
/* After all uses have ended. */
void calo_repositories_destroy(calo_repositories *repositories);

/* Announces that an object of the repository will be needed; `*use` is NULL for what is no file in a repository. The
 * repository stays on the disk until the last use has ended. */
calo_status calo_repository_use_begin(calo_repositories *repositories, const char *location, calo_repository_use **use,
                                      calo_error *err);
void calo_repository_use_end(calo_repository_use *use);

/* How it went; the caller frees `path`. */
typedef struct calo_repository_outcome {
    calo_reason reason; /* NONE: the file is at `path`, and its folder's other files beside it */
    bool stop;
    char message[512];
    char *path;
} calo_repository_outcome;

/* Sees that the object's file is there. False: another thread fetches the repository, and it is to be asked again later. When
 * `is_over` says so, it ends within a second. */
bool calo_repository_get(calo_repository_use *use, bool (*is_over)(void *user), void *user, calo_repository_outcome *outcome);
/* Whether another thread is fetching it right now. */
bool calo_repository_is_busy(calo_repository_use *use);

#endif
