/* A git repository on this machine: what repository.c keeps and repository_git.c fills. */
#ifndef CALO_DATASET_REPOSITORY_INSIDE_H
#define CALO_DATASET_REPOSITORY_INSIDE_H

#include <pthread.h>

#include "dataset/git.h"
#include "dataset/repository.h"

typedef enum calo_repository_state { CALO_REPOSITORY_NEW = 0, CALO_REPOSITORY_BUSY, CALO_REPOSITORY_READY, CALO_REPOSITORY_LOST } calo_repository_state;

typedef struct calo_repository {
    struct calo_repository *next;
    char *url, *commit;
    uint64_t users;
    calo_repository_state state;
    pthread_mutex_t checkout;        /* held by the thread that runs git in it once it is READY */
    char *folder;                    /* in the scratch folder: "git" and, unless it is kept, "tree" */
    char *git_folder, *tree;
    bool found;                      /* the tree was kept by an earlier run, all of it: there is no git folder */
    calo_repository_outcome outcome; /* of LOST: why */
} calo_repository;

struct calo_repositories {
    calo_fetch_options options;
    pthread_mutex_t mutex;
    calo_repository *first;
    uint64_t folders; /* made so far */
};

struct calo_repository_use {
    calo_repositories *repositories;
    calo_repository *repository;
    calo_repository_place place;
};

/* One piece of work on a repository: git as it is to be run, and where failures are told. */
typedef struct calo_repository_work {
    const calo_repositories *repositories;
    calo_repository *repository;
    calo_git git;
    calo_git_output output;
    calo_repository_outcome *outcome;
} calo_repository_work;

void calo_repository_fail(calo_repository_work *work, calo_reason reason, const char *format, ...) CALO_PRINTF(3, 4);

/* repository_git.c. Each tells its failure in the outcome and returns false. */
/* Fetches the commit, and keeps it as the options say. */
bool calo_repository_fetch(calo_repository_work *work);
/* Puts the folder that the file stands in into the tree; `*there` false: no such file in the commit. */
bool calo_repository_check_out(calo_repository_work *work, const char *path, bool *there);

/* repository_keep.c: where --download-dir keeps it, with `ending` behind; malloc'ed, NULL when memory ends. */
char *calo_repository_kept_path(const calo_repositories *repositories, const calo_repository *repository, const char *ending);
bool calo_repository_keep(calo_repository_work *work);

#endif
